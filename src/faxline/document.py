"""FaxToSend: the document of a fax, read page by page when the fax starts.

TIFF of every kind, still images, PDF and plain text (the reader of each, and what becomes of a page, are in
_documents/), with a cover page before them (cover.py). Files may come from strangers: whatever is wrong with
one is a DocumentError that names file, page and reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from faxline._documents import selection
from faxline._documents.paper import Paper, paper_named
from faxline._documents.selection import Selection
from faxline._documents.source import PAGES_MAX, PIXELS_MAX, DocumentError, Leaf, Source, place, reading
from faxline.causes import FaxCause
from faxline.errors import Error

if TYPE_CHECKING:
    from faxline._documents.fields import Facts
    from faxline._documents.header_line import HeaderLine
    from faxline._documents.pages import FaxPage, Page
    from faxline._documents.raster import Wish
    from faxline._engine.document import Document
    from faxline.cover import Cover

__all__ = ["PAGES_MAX", "PIXELS_MAX", "DocumentError", "FaxToSend", "add_page"]

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_TEXT_EXTENSIONS = (".txt", ".text", ".log", ".asc", ".md", ".csv")
_PDF_MARK, _PDF_START = b"%PDF-", 1024  # readers of PDF look for its mark so far into the file


@dataclass(frozen=True, slots=True)
class _Content:
    """A file, or some of its pages."""

    name: str
    selection: Selection
    photo: bool
    superfine: bool
    paper: Paper
    invert: bool
    damaged: bool
    separate: bool


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The pages of the files, converted before the call."""

    high_res: bool | None
    pages: tuple[FaxPage, ...]


class FaxToSend:
    """A document for CallFaxSender: one file or several, which form one fax. TIFF, PNG, JPEG and other
    images; PDF (with the extra `faxline[pdf]`); plain text (.txt .text .log .asc .md .csv).

    Nothing is opened before the fax starts, unless prepare() is called; what is wrong with a file appears then,
    as Cause.ERROR with a sentence in Details.raw_cause_text. The fax begins with the first two pages, and the
    others are read while it goes on. An object may be sent any number of times.
    """

    def __init__(
        self,
        filename: str | os.PathLike[str] | list[str | os.PathLike[str]] | list[str] | None = None,
        *,
        pages: str = "",
        photo: bool = False,
        superfine: bool = False,
        paper: str = "a4",
        invert: bool = False,
        damaged: bool = False,
        separate: bool = False,
    ) -> None:
        """filename: a file, or a list of them in the order of their pages. The others as add_content().
        Raises TypeError, ValueError."""
        self._contents: tuple[_Content, ...] = ()
        self._prepared: _Prepared | None = None
        self._cover: Cover | None = None
        if isinstance(filename, (list, tuple)):
            names = tuple(filename)
        else:
            names = () if filename is None else (filename,)
        self.set_content(
            *names,
            pages=pages,
            photo=photo,
            superfine=superfine,
            paper=paper,
            invert=invert,
            damaged=damaged,
            separate=separate,
        )

    def set_content(
        self,
        *filenames: str | os.PathLike[str],
        pages: str = "",
        photo: bool = False,
        superfine: bool = False,
        paper: str = "a4",
        invert: bool = False,
        damaged: bool = False,
        separate: bool = False,
    ) -> None:
        """Names the file, or the files in the order of their pages; replaces what was named before. The
        others as add_content()."""
        before, self._contents = self._contents, ()
        self._prepared = None
        try:
            for filename in filenames:
                self.add_content(
                    filename,
                    pages=pages,
                    photo=photo,
                    superfine=superfine,
                    paper=paper,
                    invert=invert,
                    damaged=damaged,
                    separate=separate,
                )
        except BaseException:
            self._contents = before
            raise

    def add_content(
        self,
        filename: str | os.PathLike[str],
        *,
        pages: str = "",
        photo: bool = False,
        superfine: bool = False,
        paper: str = "a4",
        invert: bool = False,
        damaged: bool = False,
        separate: bool = False,
    ) -> None:
        """Names one more file, behind those named before.

        pages: which of its pages, in this order, as in '1-3,5,8-'; '' all. photo: clustered dots for what is
        neither black nor white, where a threshold would leave black or white only; for pictures, it takes
        some two to five times as long on the line. superfine: PDF, text and detailed images are
        drawn at 408 x 391 dpi, not 204 x 196; a far end that cannot print so gets less; it takes some twice
        as long on the line. paper: 'a4', 'letter' or 'legal', for plain text. invert: black becomes white and
        white black, for dark screenshots and negatives. damaged: of a TIFF page whose code is damaged, what
        can be read is sent, bad rows as the row above; otherwise such a page is refused. separate: the file
        begins another document of the same call (EOM ends the one before), so that the far end can file them
        apart; a header line counts its pages by themselves. Raises ValueError, TypeError.
        """
        content = _Content(
            os.fsdecode(filename),
            selection.parse(pages),
            photo,
            superfine,
            paper_named(paper),
            invert,
            damaged,
            separate,
        )
        self._contents += (content,)
        self._prepared = None

    def set_cover(self, cover: Cover | None) -> None:
        """A page before all others; None: no such page."""
        self._cover = cover

    @property
    def cover(self) -> Cover | None:
        """The cover page."""
        return self._cover

    @property
    def names(self) -> tuple[str, ...]:
        """The files."""
        return tuple(content.name for content in self._contents)

    def __repr__(self) -> str:
        return f"FaxToSend({list(self.names)!r})"

    def count_pages(self) -> int:
        """How many pages there are, the cover included, without decoding them. Raises DocumentError."""
        return sum(self.count_documents())

    def count_documents(self) -> tuple[int, ...]:
        """How many pages each document has (see separate of add_content()), the cover in the first. Raises
        DocumentError."""
        counts = [int(self._cover is not None)]
        for document, content in self._documents():
            counts += [0] * (document - len(counts))
            counts[-1] += sum(1 for _ in _leaves(content))
        return tuple(counts)

    def prepare(
        self,
        fax_options: Mapping[str, object] | None = None,
        *,
        to: str = "",
        subscriber_name: str = "",
    ) -> list[str]:
        """Converts every page now and keeps it coded, some 50 kB each: before the call, where it costs no
        line time. Files that change later are not read again; set_content() and add_content() forget what
        was prepared. fax_options: as for the fax; with another HighRes pages are converted again. to, the
        number to be called, and subscriber_name: for header line and cover, which are tried here and drawn
        when the fax starts.

        Returns what the sender should know before dialling, a sentence each: pages that are blank or nearly
        black, characters that no font has, and what was mended in a file. Raises DocumentError, and Error for
        options.
        """
        from faxline import options
        from faxline._documents.fields import Facts
        from faxline._documents.header_line import HeaderLine
        from faxline._engine.document import Document

        checked = options.check(dict(fax_options or {}))
        if checked.cause is not FaxCause.NONE:
            raise Error(checked.text)
        high_res = options.for_engine(checked.effective).high_res
        header_line = checked.effective["HeaderLine"]
        facts = Facts(
            to=to,
            subscriber_id=checked.effective["SubscriberId"],
            name=subscriber_name,
            pages=self.count_pages() if header_line or self._cover else 0,
            now=datetime.now().astimezone(),
        )
        kept: list[FaxPage] = []
        warnings = HeaderLine(header_line, facts).warnings() if header_line else []
        for page in chain(self._cover_page(high_res, facts), self._converted(high_res)):
            made = Document()
            try:
                warnings += add_page(made, page)
                kept.append(_kept(page, made.page(0)))
            finally:
                made.close()
        self._prepared = _Prepared(high_res, tuple(kept[self._cover is not None :]))
        return warnings

    def pages(self, *, high_res: bool | None = None, facts: Facts | None = None) -> Iterator[FaxPage]:
        """Every page as a fax page, one at a time. high_res: the option HighRes. facts: for the cover. Raises
        DocumentError."""
        number, document = 0, 1
        for page in self._cover_page(high_res, facts):
            number += 1
            yield page
        prepared = self._prepared
        ready = prepared is not None and prepared.high_res == high_res
        for page in prepared.pages if prepared is not None and ready else self._converted(high_res):
            number = number + 1 if page.document == document else 1
            document = page.document
            yield replace(page, number=number)
        if not number:
            raise DocumentError(f"{', '.join(self.names)}: no pages")

    def _cover_page(self, high_res: bool | None, facts: Facts | None) -> Iterator[FaxPage]:
        """The cover, where there is one."""
        from faxline._documents.raster import Wish

        superfine = any(content.superfine for content in self._named())
        if self._cover is not None:
            with reading("the cover page", None):
                yield self._cover.convert(facts, Wish(high_res, superfine=superfine))

    def _converted(self, high_res: bool | None) -> Iterator[FaxPage]:
        """The pages of the files, one at a time."""
        from faxline._documents.raster import Wish

        for document, content in self._documents():
            wish = Wish(
                high_res, content.photo, content.superfine, invert=content.invert, damaged=content.damaged
            )
            for number, leaf in _leaves(content):
                yield replace(_page(content.name, number, leaf, wish), document=document)

    def _documents(self) -> Iterator[tuple[int, _Content]]:
        """The files, with the number of the document that each belongs to."""
        document = 1
        for index, content in enumerate(self._named()):
            document += content.separate and index > 0
            yield document, content

    def _named(self) -> tuple[_Content, ...]:
        if not self._contents and self._cover is None:
            raise DocumentError("no document: set_content() has named no file")
        return self._contents


def add_page(pages: Document, page: FaxPage, header: HeaderLine | None = None) -> list[str]:
    """Hands a page to the engine: as its file has it where that is whole, as rows otherwise. header: for its
    top.

    Returns what its sender should know before it goes out, as sentences: what was mended in its file, which
    characters no font has, and that it is empty, or nearly black. Raises DocumentError.
    """
    from faxline._engine.document import PageRefused

    code, number, document = page.code, page.number, page.document
    pages.begin_page(document)
    try:
        if code is None or not pages.add_coded(page, code):
            if page.decode is not None:
                page = page.decode()
            pages.add_page(page.width_px, page.x_dpi, page.y_dpi, page.rows, page.row_count)
        if header is not None:
            with reading(page.place, None):
                strips = header.strips(number, page.x_dpi, page.y_dpi, document)
            for strip in strips:
                pages.add_header(strip)
    except PageRefused as error:
        raise DocumentError(f"{page.place}: {error}") from None
    share = pages.black_share(len(pages) - 1)
    warnings = [f"{page.place}: {text}" for text in (page.note, _ink(share)) if text]
    if header is not None and number == document == 1:
        warnings += header.warnings()
    return warnings


def _kept(page: FaxPage, made: Page) -> FaxPage:
    """A converted page as its code alone, its place with it."""
    from faxline._documents.pages import Code, Coding, FaxPage

    code = Code(Coding.MMR, msb_first=True, inverted=False, rows_per_strip=made.rows, strips=[made.code])
    x_dpi, y_dpi = made.x_dpi, made.y_dpi
    return FaxPage(made.width_px, x_dpi, y_dpi, made.rows, b"", code, page.place, document=page.document)


_MOSTLY_BLACK = 0.8


def _ink(share: float) -> str:
    """What is remarkable about the share of a page that is black, or ''."""
    if share == 0:
        others = "--pages leaves it out, --photo (photo=True) keeps what is pale"
        return f"it is blank: an empty back, or a pale picture? {others}"
    if share > _MOSTLY_BLACK:
        inverted = "--invert (invert=True) sends it inverted"
        return f"{share:.0%} of it is black: a dark screenshot, or a negative? {inverted}"
    return ""


def _page(name: str, number: int, leaf: Leaf, wish: Wish) -> FaxPage:
    with reading(name, number):
        page = leaf.convert(wish)
    page.place = place(name, number)
    if page.code is not None:
        page.decode = partial(_page, name, number, leaf, replace(wish, decoded=True))
    return page


def _leaves(content: _Content) -> Iterator[tuple[int, Leaf]]:
    """The pages of a file that are wanted, with their numbers. The file is closed at the end in any case."""
    name, ranges = content.name, content.selection.ranges
    with _opened(content) as source:
        for first, last in ranges or ((1, None),):
            number = first
            while last is None or number <= last:
                with reading(name, number):
                    leaf = source.page(number)
                if leaf is None:
                    if ranges and (last is not None or number == first):
                        raise DocumentError(f"{name}: it has no page {number}")
                    break
                yield number, leaf
                number += 1


@contextmanager
def _opened(content: _Content) -> Iterator[Source]:
    name = content.name
    try:
        file = open(name, "rb")  # noqa: SIM115 - closed below
    except (OSError, ValueError) as error:
        raise DocumentError(f"{name}: {getattr(error, 'strerror', None) or error}") from None
    with file:
        with reading(name, None):
            source = _source(content, file)
        try:
            yield source
        finally:
            source.close()


def _source(content: _Content, file: BinaryIO) -> Source:
    name = content.name
    start = file.read(_PDF_START)
    file.seek(0)
    if not start:
        raise DocumentError(f"{name}: the file is empty")
    if start.startswith(_PDF_MARK):
        return _pdf(name, file)
    if name.lower().endswith(_TEXT_EXTENSIONS):
        from faxline._documents.text import TextSource

        return TextSource(name, file, content.paper)
    from PIL import UnidentifiedImageError

    from faxline._documents.images import ImageSource
    from faxline._engine.document import read_coded

    try:
        return ImageSource(name, file, read_coded)
    except UnidentifiedImageError:
        if _PDF_MARK in start:
            return _pdf(name, file)
        if start[:4] in _TIFF_STARTS:
            raise DocumentError(
                f"{name}: a TIFF that is broken, cut short or of a kind that cannot be read"
            ) from None
        raise


def _pdf(name: str, file: BinaryIO) -> Source:
    from faxline._documents.pdf import PdfSource

    file.seek(0)
    return PdfSource(name, file)
