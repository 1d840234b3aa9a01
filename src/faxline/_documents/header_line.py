"""The HeaderLine option: a line of text with fields in braces at the top of each page.

The text is drawn here, by Pillow, once for each resolution that the page may go out at; the engine
(csrc/page/header.h) puts the right one before the page's rows when it codes them for the line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from faxline._documents import fields
from faxline._documents.fields import FIELDS, Facts
from faxline._documents.pages import Strip

LENGTH_MAX = 200

# Heights and places in 1/100 inch: the strip, the letters in it, the space to its left and right.
_STRIP, _TEXT, _LEFT = 16, 11, 25
_TEXT_MIN = 6
_FINER = 4  # times as large as it will be, then reduced

# For each grid of the engine its resolution, with the width of A4.
GRIDS = ((204, 98, 1728), (204, 196, 1728), (204, 391, 1728), (300, 300, 2592), (408, 391, 3456))


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """A header as it is for one fax."""

    template: str
    facts: Facts
    documents: tuple[int, ...] = ()
    """The pages of each document, where the fax consists of several."""

    def text(self, page: int, document: int = 1) -> str:
        """The line of a page of a document (both from 1)."""
        pages = self.documents[document - 1] if self.documents else self.facts.pages
        return fields.fill(self.template, replace(self.facts, pages=pages).values(page))

    def warnings(self) -> list[str]:
        """What the sender should know of its letters, a sentence each."""
        from faxline._documents import fonts

        warning = fonts.warning(self.text(1))
        return [f"the header line: {warning}"] if warning else []

    def strips(self, page: int, x_dpi: int, y_dpi: int, document: int = 1) -> list[Strip]:
        """The line of a page of this resolution, for it and for every coarser one."""
        text = self.text(page, document)
        return [
            draw(text, *grid)
            for grid in GRIDS
            if grid[0] <= x_dpi * 1.03 and grid[1] <= y_dpi * 1.03 and text.strip()
        ]


def template_fault(template: str) -> str | None:
    """What is wrong with a template, or None. A brace is {{ or }}."""
    if len(template) > LENGTH_MAX or not template.isprintable():
        return f"a line of up to {LENGTH_MAX} printable characters"
    return fields.template_fault(template, FIELDS)


@lru_cache(maxsize=16)
def draw(text: str, x_dpi: int, y_dpi: int, width_px: int) -> Strip:
    """A line of text in its strip: smaller where it is too long, and cut where that does not help."""
    from PIL import Image, ImageDraw

    from faxline._documents import fonts

    text = "".join(letter for letter in text if letter.isprintable())
    scale = x_dpi * _FINER / 100  # square pixels first: fax pixels are up to twice as high as wide
    room = width_px * _FINER - 2 * _LEFT * scale
    size = _TEXT * scale
    letters = fonts.Type(round(size))
    length = letters.getlength(text)
    if length > room:
        size = max(_TEXT_MIN * scale, size * room / length)
        letters = fonts.Type(int(size))
        while text and letters.getlength(text) > room:
            text = text[:-1]
    width = min(width_px, round(_LEFT * x_dpi / 100 + letters.getlength(text) / _FINER) + 4)
    large = Image.new("L", (width * _FINER, round(_STRIP * scale)), 255)
    top = (large.height - (letters.ascent + letters.descent)) / 2
    letters.draw(ImageDraw.Draw(large), (_LEFT * scale, top), text)
    row_count = max(1, y_dpi * _STRIP // 100)
    strip = large.resize((width, row_count), Image.Resampling.BOX).point([0] * 150 + [255] * 106, "1")
    return Strip(x_dpi, y_dpi, width, row_count, strip.tobytes("raw", "1;I"))
