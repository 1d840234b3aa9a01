"""FaxToSend: the document of a fax, read page by page when the fax starts.

TIFF of every kind, still images, PDF and plain text, with a cover page before them (cover.py). Files may come
from strangers: they are read in a process of their own (_workers/, and _documents/ has the readers), and
whatever is wrong with one is a DocumentError that names file, page and reason.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO

from faxline._documents import selection
from faxline._documents.pages import Code, Coding, FaxPage, Page, Strip
from faxline._documents.paper import Paper, paper_named
from faxline._documents.selection import Selection
from faxline._documents.source import DocumentError
from faxline._workers import pool
from faxline._workers.pool import Worker
from faxline.causes import FaxCause
from faxline.errors import Error
from faxline.limits import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from faxline._documents.fields import Facts
    from faxline._documents.header_line import HeaderLine
    from faxline._engine.document import Document
    from faxline.cover import Cover

__all__ = ["DocumentError", "FaxToSend", "Limits", "add_page"]

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class _Content:
    """A file, or some of its pages."""

    name: str
    selection: Selection
    photo: bool | None
    superfine: bool
    paper: Paper
    invert: bool
    damaged: bool
    separate: bool

    def question(self) -> dict[str, Any]:
        """What a worker is told of it."""
        return {"name": self.name, "ranges": self.selection.ranges, "paper": self.paper.size}

    def wish(self, high_res: bool | None) -> dict[str, Any]:
        """How its pages are wanted: a Wish."""
        return {
            "high_res": high_res,
            "photo": self.photo,
            "superfine": self.superfine,
            "invert": self.invert,
            "damaged": self.damaged,
        }


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The pages of the files, converted before the call."""

    high_res: bool | None
    pages: tuple[FaxPage, ...]


class FaxToSend:
    """A document for CallFaxSender: one file or several, which form one fax. TIFF, PNG, JPEG and other
    images; PDF (with the extra `faxline[pdf]`); plain text (.txt .text .log .asc .md .csv).

    Nothing is opened before the fax starts, unless prepare() is called; what is wrong with a file appears
    then, as Cause.ERROR with a sentence in Details.raw_cause_text. The fax begins with the first two pages;
    the others are read while it goes on. An object may be sent any number of times.
    """

    limits: Limits = Limits()
    """What its files may take; set on the class, those of every document."""

    def __init__(
        self,
        filename: str | os.PathLike[str] | list[str | os.PathLike[str]] | list[str] | None = None,
        *,
        pages: str = "",
        photo: bool | None = None,
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
        photo: bool | None = None,
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
        photo: bool | None = None,
        superfine: bool = False,
        paper: str = "a4",
        invert: bool = False,
        damaged: bool = False,
        separate: bool = False,
    ) -> None:
        """Names one more file, behind those named before.

        pages: which of its pages, in this order, as in '1-3,5,8-'; '' all. photo: by itself (None) what is
        of continuous tone, a photograph or a part of the page, becomes clustered dots, which take longer on
        the line, and all else black and white by a threshold; True: all of it dots, False: nothing.
        superfine: PDF, text and detailed images are drawn at 408 x 391 dpi, not 204 x 196; a far end that
        cannot print so gets less; it takes some twice as long on the line. paper: 'a4', 'letter' or
        'legal', for plain text. invert: black becomes white and white black, for dark screenshots and
        negatives. damaged: of a TIFF page whose code is damaged, what can be read is sent, bad rows as the
        row above; otherwise such a page is refused. separate: the file begins another document of the same
        call (EOM ends the one before), so that the far end can file them apart; a header line counts its
        pages by themselves. Raises ValueError, TypeError.
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
        pool.warm()

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
        with Worker(self.limits, names=self.names) as worker:
            for document, content in self._documents():
                counts += [0] * (document - len(counts))
                with _opened(content.name, self.limits) as file:
                    question = {"do": "count", **content.question()}
                    for answer, _ in worker.ask(content.name, question, file.fileno()):
                        counts[-1] += int(answer["count"])
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
        warnings: list[str] = []
        with Worker(self.limits, names=self.names) as worker:
            if header_line:
                question = {"do": "header", "header": _header(HeaderLine(header_line, facts))}
                for answer, _ in worker.ask("the header line", question):
                    warnings += map(str, answer["warnings"])
            cover = self._cover_page(worker, high_res, facts, None)
            for page in chain(cover, self._converted(worker, high_res, None, None)):
                made = Document()
                try:
                    warnings += add_page(made, page)
                finally:
                    made.close()
                kept.append(page)
        self._prepared = _Prepared(high_res, tuple(kept[self._cover is not None :]))
        return warnings

    def pages(
        self,
        *,
        high_res: bool | None = None,
        facts: Facts | None = None,
        header: HeaderLine | None = None,
        check: Callable[[], None] | None = None,
    ) -> Iterator[FaxPage]:
        """Every page as a fax page, coded, one at a time. high_res: the option HighRes. facts: for the cover.
        header: for the top of each. check: is called again and again while a page takes its time, and ends
        the wait by what it raises. Raises DocumentError."""
        prepared, last = self._prepared, None
        if prepared is not None and prepared.high_res != high_res:
            prepared = None
        with Worker(self.limits, names=self.names if prepared is None else (), check=check) as worker:
            for last in self._cover_page(worker, high_res, facts, header):
                yield last
            if prepared is None:
                following = self._converted(worker, high_res, header, last)
            else:
                following = self._again(worker, prepared.pages, header, last)
            for last in following:
                yield last
        if last is None:
            raise DocumentError(f"{', '.join(self.names)}: no pages")

    def _cover_page(
        self, worker: Worker, high_res: bool | None, facts: Facts | None, header: HeaderLine | None
    ) -> Iterator[FaxPage]:
        """The cover, where there is one."""
        superfine = any(content.superfine for content in self._named())
        if self._cover is None:
            return
        question = {
            "do": "cover",
            "cover": self._cover.state(),
            "facts": facts and _facts(facts),
            "wish": {"high_res": high_res, "superfine": superfine},
            "header": _header(header),
        }
        for answer in worker.ask("the cover page", question):
            yield _page(*answer)

    def _converted(
        self, worker: Worker, high_res: bool | None, header: HeaderLine | None, last: FaxPage | None
    ) -> Iterator[FaxPage]:
        """The pages of the files, one at a time. last: the page before them."""
        for document, content in self._documents():
            number = last.number if last is not None and last.document == document else 0
            with _opened(content.name, self.limits) as file:
                question = {
                    "do": "pages",
                    **content.question(),
                    "wish": content.wish(high_res),
                    "header": _header(header),
                    "document": document,
                    "number": number + 1,
                }
                for answer in worker.ask(content.name, question, file.fileno()):
                    number += 1
                    last = replace(_page(*answer), document=document, number=number)
                    yield last

    def _again(
        self, worker: Worker, pages: tuple[FaxPage, ...], header: HeaderLine | None, last: FaxPage | None
    ) -> Iterator[FaxPage]:
        """Prepared pages, with a header line. last: the page before them."""
        for kept in pages:
            same = last is not None and last.document == kept.document
            last = replace(kept, number=last.number + 1 if last is not None and same else 1)
            if header is not None:
                question = {
                    "do": "strips",
                    "name": last.place,
                    "header": _header(header),
                    "document": last.document,
                    "number": last.number,
                    "x_dpi": last.x_dpi,
                    "y_dpi": last.y_dpi,
                }
                for answer, octets in worker.ask(last.place, question):
                    last = replace(last, strips=_strips(answer, octets), header_note=_header_note(answer))
            yield last

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


def is_class_f(path: Path) -> bool:
    """Whether every page of the file is one strip of MMR, as a PDF can take it. Raises DocumentError."""
    name, limits = str(path), FaxToSend.limits
    with Worker(limits) as worker, _opened(name, limits) as file:
        answers = list(worker.ask(name, {"do": "class_f", "name": name}, file.fileno()))
    return any(bool(answer["class_f"]) for answer, _ in answers)


def add_page(pages: Document, page: FaxPage) -> list[str]:
    """Hands a page to the engine: its code where it has one, rows otherwise; with its header line.

    Returns what its sender should know before it goes out, as sentences: what was mended in its file, which
    characters no font has, and that it is empty, or nearly black. Raises DocumentError.
    """
    from faxline._engine.document import PageRefused

    pages.begin_page(page.document)
    try:
        if page.code is None:
            pages.add_page(page.width_px, page.x_dpi, page.y_dpi, page.rows, page.row_count)
        elif not pages.add_coded(page, page.code):
            raise DocumentError(f"{page.place}: its reader gave no fax page")
        for strip in page.strips:
            pages.add_header(strip)
    except PageRefused as error:
        raise DocumentError(f"{page.place}: {error}") from None
    share = pages.black_share(len(pages) - 1)
    return [f"{page.place}: {text}" for text in (page.note, _ink(share)) if text] + list(page.header_note)


_MOSTLY_BLACK = 0.8


def _ink(share: float) -> str:
    """What is remarkable about the share of a page that is black, or ''."""
    if share == 0:
        others = "--pages leaves it out, --photo FILE (photo=True) keeps what is pale"
        return f"it is blank: an empty back, or a pale picture? {others}"
    if share > _MOSTLY_BLACK:
        inverted = "--invert (invert=True) sends it inverted"
        return f"{share:.0%} of it is black: a dark screenshot, or a negative? {inverted}"
    return ""


# ---- what a worker is asked, and answers ----


@contextmanager
def _opened(name: str, limits: Limits) -> Iterator[BinaryIO]:
    try:
        file = open(name, "rb", buffering=0)  # noqa: SIM115 - closed below
    except (OSError, ValueError) as error:
        raise DocumentError(f"{name}: {getattr(error, 'strerror', None) or error}") from None
    with file:
        about = os.fstat(file.fileno())
        if limits.file_mib and stat.S_ISREG(about.st_mode) and about.st_size > limits.file_mib * _MIB:
            raise DocumentError(
                f"{name}: a file of {-(-about.st_size // _MIB)} MiB, {limits.file_mib} at most "
                "(Limits.file_mib)"
            )
        yield file


def _page(answer: Mapping[str, Any], octets: bytes) -> FaxPage:
    """A page as a worker gave it."""
    length = int(answer["code"])
    width_px, x_dpi, y_dpi = int(answer["width_px"]), int(answer["x_dpi"]), int(answer["y_dpi"])
    rows = int(answer["rows"])
    code = Code(Coding.MMR, msb_first=True, inverted=False, rows_per_strip=rows, strips=[octets[:length]])
    page = FaxPage(width_px, x_dpi, y_dpi, rows, b"", code, str(answer["place"]), note=str(answer["note"]))
    page.strips, page.header_note = _strips(answer, octets[length:]), _header_note(answer)
    page.decode, page.dots = partial(_decoded, page), bool(answer["dots"])
    return page


def _strips(answer: Mapping[str, Any], octets: bytes) -> tuple[Strip, ...]:
    made = []
    for x_dpi, y_dpi, width_px, row_count in answer["strips"]:
        size = (width_px + 7) // 8 * row_count
        made.append(Strip(x_dpi, y_dpi, width_px, row_count, octets[:size]))
        octets = octets[size:]
    return tuple(made)


def _header_note(answer: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(map(str, answer["warnings"]))


def _decoded(page: FaxPage) -> FaxPage:
    """The page as rows."""
    from faxline._engine.document import decode_page

    assert page.code is not None
    coded = Page(page.code.strips[0], page.width_px, page.x_dpi, page.y_dpi, page.row_count, 0, 1, "")
    return replace(page, rows=decode_page(coded), code=None, decode=None)


def _header(header: HeaderLine | None) -> dict[str, Any] | None:
    if header is None:
        return None
    return {"template": header.template, "facts": _facts(header.facts), "documents": header.documents}


def _facts(facts: Facts) -> dict[str, Any]:
    return asdict(facts) | {"now": facts.now.isoformat()}
