"""Plain text on paper: a monospace font, 80 columns, six lines to the inch, a form feed ends a page."""

from __future__ import annotations

import unicodedata
from array import array
from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image, ImageDraw

from faxline._documents import fonts, raster
from faxline._documents.pages import FaxPage
from faxline._documents.paper import Paper
from faxline._documents.raster import Layout, Wish
from faxline._documents.source import PAGES_MAX, DocumentError
from faxline._pixels import Glyphs, Kind, Sheet, rows

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
        self._sheets: dict[Layout, Letters] = {}
        self._pages = list(paginate(text, lines_on(paper), PAGES_MAX + 1))
        if len(self._pages) > PAGES_MAX:
            raise DocumentError(f"{name}: more than {PAGES_MAX} pages")
        file.close()

    def page(self, number: int) -> TextLeaf | None:
        if number > len(self._pages):
            return None
        return TextLeaf(self._pages[number - 1], self._paper, self._sheets)

    def close(self) -> None:
        pass


class TextLeaf:
    def __init__(self, lines: list[str], paper: Paper, sheets: dict[Layout, Letters]) -> None:
        self._lines = lines
        self._paper = paper
        self._sheets = sheets

    def convert(self, wish: Wish) -> FaxPage:
        place = raster.whole(self._paper, wish)
        if place not in self._sheets:
            self._sheets[place] = Letters(place, self._paper)
        rows = self._sheets[place].page(self._lines)
        if wish.invert:
            rows = rows.translate(_INVERTED)
        note = fonts.warning("".join(self._lines), mono=True)
        return FaxPage(place.paper, place.x_dpi, place.y_dpi, place.height, rows, note=note)


_INVERTED = bytes(octet ^ 255 for octet in range(256))
_FINER = 2  # times as fine as it will be, a letter is drawn
_AROUND_CELLS = 1  # on each side of a letter there is room for so many

_KEPT = 10_000  # letters, with and without marks; a text may have any number


class Letters:
    """The letters of a text on one kind of page, each drawn once, in black and white."""

    def __init__(self, place: Layout, paper: Paper) -> None:
        self._place = place
        pitch = (paper.width_inch - 2 * _MARGIN_INCH) / COLUMNS
        across = place.width / paper.width_inch
        self._x = [round(place.left + (_MARGIN_INCH + cell * pitch) * across) for cell in range(COLUMNS)]
        self._y = [
            round((_MARGIN_INCH + line / _LINES_PER_INCH) * place.y_dpi) for line in range(lines_on(paper))
        ]
        self._cell = pitch * place.x_dpi
        self._type = fonts.Type(round(self._cell * _FINER / 0.602), mono=True)
        self._forget()

    def _forget(self) -> None:
        self._glyphs = Glyphs()
        self._numbers = {" ": 0}

    def page(self, lines: list[str]) -> bytes:
        """The rows of a page with these lines."""
        if len(self._numbers) > _KEPT:
            self._forget()
        cells = array("H")
        for line in lines:
            if line.isascii():
                numbers = [self._number(letter, 1) for letter in line]
            else:
                numbers = []
                for cluster, width in _clusters(line):
                    numbers += [self._number(cluster, width), *[0] * (width - 1)]
            cells.extend(numbers[:COLUMNS] + [0] * (COLUMNS - len(numbers)))
        return self._glyphs.page(self._place.paper, self._place.height, cells, self._x, self._y)

    def _number(self, cluster: str, width: int) -> int:
        """Of its glyph."""
        number = self._numbers.get(cluster)
        if number is None:
            number = self._numbers[cluster] = self._draw(cluster, width)
        return number

    def _draw(self, cluster: str, width: int) -> int:
        """A letter into the middle of three lines, with room on each side."""
        place = self._place
        left, top = round(_AROUND_CELLS * self._cell), place.y_dpi // _LINES_PER_INCH
        size = round((width + 2 * _AROUND_CELLS) * self._cell), 3 * top
        down = place.x_dpi * _FINER / place.y_dpi
        page = Image.new("L", (size[0] * _FINER, round(size[1] * down)), 255)
        self._type.draw(ImageDraw.Draw(page), (left * _FINER, top * down), cluster)
        sheet = Sheet(*page.size, *size, size[0], place.x_dpi, Kind.DRAWN)
        ink, _ = rows(sheet, [page.tobytes()])
        return self._glyphs.add(size[0], -left, -top, ink)


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
        if cells and width:
            yield cluster, cells
            cluster, cells = "", 0
        cluster += letter
        cells += width
    if cluster:
        yield cluster, cells


def wrap(line: str) -> Iterator[str]:
    """A line as lines of at most 80 cells, broken at spaces where there are any."""
    if len(line) <= COLUMNS and line.isascii():
        yield line
        return
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
            line = raw.expandtabs(TAB)
            if not line.isprintable():
                line = "".join(letter for letter in line if letter.isprintable())
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
