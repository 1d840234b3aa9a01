"""The HeaderLine option: a line of text with fields in braces, drawn on a white strip at the top of each
page."""

from __future__ import annotations

import string
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

FIELDS = ("date", "time", "id", "to", "page", "pages")
LENGTH_MAX = 200

# Heights in 1/100 inch: the strip and the text within it.
_STRIP, _TEXT = 16, 12


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """A header as it is for one job. Times are local."""

    template: str
    subscriber_id: str
    to: str
    pages: int
    """Pages of the document."""
    now: datetime

    def text(self, page: int) -> str:
        """The line of a page (from 1)."""
        return self.template.format_map(
            {
                "date": f"{self.now:%Y-%m-%d}",
                "time": f"{self.now:%H:%M}",
                "id": self.subscriber_id,
                "to": self.to,
                "page": str(page),
                "pages": str(self.pages),
            }
        )


def template_fault(template: str) -> str | None:
    """What is wrong with a template, or None. A field is {date} {time} {id} {to} {page} {pages}, a brace {{
    or }}."""
    if len(template) > LENGTH_MAX or not (template.isprintable()):
        return f"a line of up to {LENGTH_MAX} printable characters"
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        return str(error)
    for _, field, spec, conversion in parts:
        if field is not None and (field not in FIELDS or spec or conversion):
            return f"no field {field!r}"
    return None


def draw(page: Image.Image, text: str, x_dpi: int, y_dpi: int) -> None:
    """Draws a line of text over the top of a page of mode "1". The strip is white, the page keeps its
    length."""
    from PIL import Image, ImageDraw, ImageFont

    # Pillow's own font has ASCII only: accents are dropped, and what is left beyond becomes a question mark.
    text = "".join(
        letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)
    )
    text = text.encode("ascii", "replace").decode("ascii")
    # Drawn with square pixels first: fax pixels are up to twice as high as wide.
    strip = Image.new("L", (page.width, max(1, x_dpi * _STRIP // 100)), 255)
    font = ImageFont.load_default(size=x_dpi * _TEXT // 100)
    ImageDraw.Draw(strip).text((x_dpi // 4, 0), text, fill=0, font=font)
    height = min(page.height, max(1, y_dpi * _STRIP // 100))
    strip = strip.resize((page.width, height), Image.Resampling.BOX)
    page.paste(strip.point([0] * 160 + [255] * 96, "1"), (0, 0))
