"""Cover: a cover page from a template, which is a plain text file.

    # text          a heading
    ## text         a smaller one
    ---             a rule across the page
    Label:<tab>text the text behind a tab stands in a column of its own
    {field}         one of the fields of a header line but {page}, or one that the program gives

Everything else is text, wrapped at the edge of the page. A line whose fields are all empty is left out.
"""

from __future__ import annotations

import os
import string
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from faxline._documents.fields import FIELDS as ALL_FIELDS
from faxline._documents.fields import Facts, fill, template_fault
from faxline._documents.pages import FaxPage, PageError
from faxline._documents.paper import Paper, paper_named

if TYPE_CHECKING:
    from PIL import Image

    from faxline._documents.fonts import Type
    from faxline._documents.raster import Wish

TEMPLATE = """\
# Fax

To:\t{to_name}
Number:\t{to}
From:\t{name}
Number:\t{id}
Date:\t{date} {time} {zone}
Pages:\t{pages}, this one included
Subject:\t{subject}

---

{message}
"""

SIZE_MAX = 64 << 10
FIELDS = tuple(field for field in ALL_FIELDS if field != "page")
OWN_FIELDS = ("to_name", "subject", "message")
"""Of the template above; others may be given to a template that has them."""

_MARGIN_INCH = 0.9
_COLUMN_INCH = 1.3
_SIZES = {"# ": 0.42, "## ": 0.24, "": 0.165}  # of letters, in inches, by how the line begins


class Cover:
    """A cover page, for FaxToSend.set_cover()."""

    def __init__(
        self, template: str | os.PathLike[str] | None = None, *, paper: str = "a4", **fields: str
    ) -> None:
        """template: a file; None takes Cover.TEMPLATE, with the fields to_name, subject and message. fields:
        values for the template's own fields. Raises OSError for the file, ValueError for what is wrong in it
        and for a field that it does not have."""
        self._paper = paper_named(paper)
        self._name = "the cover page" if template is None else os.fsdecode(template)
        if template is None:
            text = TEMPLATE
        else:
            with open(template, "rb") as file:
                content = file.read(SIZE_MAX + 1)
            if len(content) > SIZE_MAX:
                raise ValueError(f"{self._name}: more than {SIZE_MAX >> 10} KiB are no cover page")
            try:
                text = content.decode("utf-8-sig")
            except UnicodeDecodeError:
                raise ValueError(f"{self._name}: not a text in UTF-8") from None
        self._lines = text.splitlines()
        known: set[str] = set()
        for number, line in enumerate(self._lines, 1):
            fault = template_fault(line, None)
            if fault is not None:
                raise ValueError(f"{self._name}, line {number}: {fault}")
            known.update(_names(line))
        unknown = [name for name in fields if name not in known or name in FIELDS]
        if unknown:
            has = ", ".join(sorted(known - set(FIELDS))) or "none"
            raise ValueError(f"{self._name} has no field {', '.join(unknown)} to be given; it has: {has}")
        missing = sorted(known - set(FIELDS) - set(OWN_FIELDS) - set(fields))
        if missing:
            raise ValueError(f"{self._name}: no value is given for {', '.join(missing)}")
        self._values = dict(fields)

    def state(self) -> dict[str, Any]:
        """What restored() makes the same cover of, for JSON."""
        return {"name": self._name, "lines": self._lines, "values": self._values, "paper": self._paper.size}

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Self:
        """For a worker: see _workers/."""
        made = cls.__new__(cls)
        made._name, made._lines, made._values = state["name"], state["lines"], state["values"]
        made._paper = Paper(*state["paper"])
        return made

    def convert(self, facts: Facts | None, wish: Wish) -> FaxPage:
        """As a fax page. Raises PageError. For FaxToSend."""
        from faxline._documents import fonts, raster

        facts = facts or Facts("", "", "", 0, datetime.now().astimezone())
        page, dpi = raster.blank(self._paper, wish)
        lines = list(self._filled(facts.values(1) | self._values))
        self._draw(page, dpi, lines)
        made = raster.drawn(page, self._paper, wish)
        made.place = self._name
        made.note = fonts.warning("".join(line for _, line in lines))
        return made

    def _filled(self, values: dict[str, str]) -> Iterator[tuple[str, str]]:
        """Every line with how it begins; the lines of a value that has several are lines, too."""
        for line in self._lines:
            names = _names(line)
            if names and not any(values.get(name, "").strip() for name in names):
                continue
            start = next((start for start in ("# ", "## ") if line.startswith(start)), "")
            if line.rstrip() == "---":
                yield "---", ""
                continue
            for part in fill(line.removeprefix(start), values).splitlines() or [""]:
                yield start, part

    def _draw(self, page: Image.Image, dpi: int, lines: list[tuple[str, str]]) -> None:
        from PIL import ImageDraw

        from faxline._documents import fonts

        draw = ImageDraw.Draw(page)
        left, right = _MARGIN_INCH * dpi, page.width - _MARGIN_INCH * dpi
        y = _MARGIN_INCH * dpi
        for start, line in lines:
            if start == "---":
                y += 0.06 * dpi
                draw.line((left, y, right, y), fill=0, width=round(0.015 * dpi))
                y += 0.08 * dpi
                continue
            size = _SIZES[start] * dpi
            x = left
            columns = line.split("\t")
            for number, column in enumerate(columns):
                text = "".join(letter for letter in column if letter.isprintable())
                letters = fonts.Type(round(size))
                last = number == len(columns) - 1
                for row in wrapped(text, letters, right - x) if last else [text]:
                    if y + size > page.height - 0.5 * _MARGIN_INCH * dpi:
                        raise PageError("its text is longer than a page")
                    letters.draw(draw, (x, y), row)
                    if last:
                        y += 1.4 * size
                x = max(left + (number + 1) * _COLUMN_INCH * dpi, x + letters.getlength(text) + size / 2)

    def __repr__(self) -> str:
        return f"Cover({self._name!r})"


def _names(line: str) -> list[str]:
    return [field for _, field, _, _ in string.Formatter().parse(line) if field is not None]


def wrapped(text: str, letters: Type, width: float) -> Iterator[str]:
    """A text as lines that fit, broken at spaces where there are any."""
    row = ""
    for word in text.split(" "):
        longer = f"{row} {word}" if row else word
        if letters.getlength(longer) <= width or not row:
            row = longer
        else:
            yield row
            row = word
        while letters.getlength(row) > width and len(row) > 1:
            cut = len(row) - 1
            while cut > 1 and letters.getlength(row[:cut]) > width:
                cut -= 1
            yield row[:cut]
            row = row[cut:]
    yield row
