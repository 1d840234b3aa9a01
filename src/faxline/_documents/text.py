"""Plain text on paper: a monospace font, 80 columns, six lines to the inch, a form feed ends a page."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import BinaryIO

from PIL import ImageDraw

from faxline._documents import fonts, raster
from faxline._documents.pages import FaxPage
from faxline._documents.paper import Paper
from faxline._documents.raster import Wish
from faxline._documents.source import PAGES_MAX, DocumentError

SIZE_MAX = 16 << 20

COLUMNS, TAB = 80, 8
_LINES_PER_INCH = 6
_MARGIN_INCH = 0.75


def lines_on(paper: Paper) -> int:
    """How many lines of text a page has."""
    return int((paper.height_inch - 2 * _MARGIN_INCH) * _LINES_PER_INCH)


class TextSource:
    def __init__(self, name: str, file: BinaryIO, paper: Paper) -> None:
        """Reads the file, and takes it over, but not when it raises."""
        content = file.read(SIZE_MAX + 1)
        if len(content) > SIZE_MAX:
            raise DocumentError(f"{name}: more than {SIZE_MAX >> 20} MiB of text")
        text = decode(content)
        if text is None:
            raise DocumentError(f"{name}: not a text: it has bytes that no text has")
        self._paper = paper
        self._pages = list(paginate(text, lines_on(paper), PAGES_MAX + 1))
        if len(self._pages) > PAGES_MAX:
            raise DocumentError(f"{name}: more than {PAGES_MAX} pages")
        file.close()

    def page(self, number: int) -> TextLeaf | None:
        return TextLeaf(self._pages[number - 1], self._paper) if number <= len(self._pages) else None

    def close(self) -> None:
        pass


class TextLeaf:
    def __init__(self, lines: list[str], paper: Paper) -> None:
        self._lines = lines
        self._paper = paper

    def convert(self, wish: Wish) -> FaxPage:
        page, dpi = raster.blank(self._paper, wish)
        draw = ImageDraw.Draw(page)
        column = (page.width - 2 * _MARGIN_INCH * dpi) / COLUMNS
        letters = fonts.Type(round(column / 0.602), mono=True)
        for number, line in enumerate(self._lines):
            y = _MARGIN_INCH * dpi + number * dpi / _LINES_PER_INCH
            draw_line(draw, letters, line, _MARGIN_INCH * dpi, y, column)
        made = raster.drawn(page, self._paper, wish)
        made.note = fonts.warning("".join(self._lines), mono=True)
        return made


def draw_line(
    draw: ImageDraw.ImageDraw, letters: fonts.Type, line: str, x: float, y: float, column: float
) -> None:
    """A line of text in cells: plain stretches at once, letters of other widths one by one."""
    font = letters.font
    if abs(font.getlength("M") - font.getlength("i")) < 0.5 and line.isascii():
        # The font's own pitch is near the column's, not equal to it.
        for start in range(0, len(line), 8):
            draw.text((x + start * column, y), line[start : start + 8], fill=0, font=font)
        return
    cell = 0
    for cluster, cells in _clusters(line):
        letters.draw(draw, (x + cell * column, y), cluster)
        cell += cells


def decode(content: bytes) -> str | None:
    """By its mark (UTF-8, UTF-16, UTF-32), as UTF-8, else as Windows-1252; None of what is no text."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _cells(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _clusters(text: str) -> Iterator[tuple[str, int]]:
    """Letters with the marks that go onto them, and the cells that they take."""
    cluster, cells = "", 0
    for letter in text:
        width = _cells(letter)
        if cluster and width:
            yield cluster, cells
            cluster, cells = "", 0
        cluster += letter
        cells += width
    if cluster:
        yield cluster, cells


def wrap(line: str) -> Iterator[str]:
    """A line as lines of at most 80 cells, broken at spaces where there are any."""
    row, cells, space, full = "", 0, -1, False
    for cluster, width in _clusters(line):
        if full:  # and broken at a space; those that follow it go with it
            if cluster == " ":
                continue
            yield row.rstrip()
            row, cells, space, full = "", 0, -1, False
        if cells + width > COLUMNS:
            if cluster == " ":
                full = True
                continue
            if space > 0:
                row, rest = row[:space], row[space + 1 :]
                yield row.rstrip()
                row, cells = rest, sum(map(_cells, rest))
            else:
                yield row
                row, cells = "", 0
            space = -1
        if cluster == " ":
            space = len(row)
        row += cluster
        cells += width
    yield row


def paginate(text: str, lines: int, pages_max: int) -> Iterator[list[str]]:
    """The text as pages of lines; at least one page."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n").removesuffix("\n")
    made = 0
    for part in text.removesuffix("\f").split("\f"):
        page: list[str] = []
        for raw in part.split("\n"):
            line = "".join(letter for letter in raw.expandtabs(TAB) if letter == " " or letter.isprintable())
            for row in wrap(line):
                if len(page) == lines:
                    yield page
                    made += 1
                    if made >= pages_max:
                        return
                    page = []
                page.append(row)
        yield page
        made += 1
        if made >= pages_max:
            return
