"""FaxToReceive: where a fax is written, page by page as they come.

The file is a TIFF of class F (tiff.py): complete and readable from its first page on, and a page is on the
disk before it is confirmed to the sender. A PDF cannot be added to so safely: it is made at the end, from
such a TIFF beside it, which is then removed.
"""

import os
from pathlib import Path

from faxline._documents.pages import Page
from faxline._documents.tiff import TiffWriter
from faxline._documents.write import PdfError, check, wrap
from faxline._guarded import log


class StorageError(Exception):
    """A fax cannot be stored; the message is a sentence that names the file and the reason."""


class _NameTaken(StorageError):
    """There is a file of that name already."""


class FaxToReceive:
    """The file that a CallFaxReceiver writes: a TIFF, or a PDF when its name ends with .pdf (that needs the
    extra `faxline[pdf]`).

    A TIFF appears with its first page, and never without one; no other file is replaced. A subclass that
    overrides path() can name it by who sends.

    Of a PDF x.pdf the pages are in x.pdf.tif while they come: a TIFF that is complete after each page, as
    always. When the fax is over, however it ended, the PDF is made of it, with the same bits, and the TIFF is
    removed. What a crash or a fault leaves is x.pdf.tif, with every confirmed page; `faxline convert
    x.pdf.tif x.pdf` makes the PDF.

    With separate=True each document of a call gets a file of its own, as its sender parts them (EOM): x.tif,
    then x-2.tif, x-3.tif ... A sender ends a document with EOM also where the next page has another format,
    and tells no difference.
    """

    def __init__(self, filename: str | os.PathLike[str], *, separate: bool = False) -> None:
        """filename: in a directory that exists; no file of that name may. Checked when the fax starts.
        Raises TypeError."""
        self._path = Path(os.fsdecode(filename)).absolute()
        self.separate = separate
        """Whether each document of a call gets a file of its own."""
        self.filenames: list[str] = []
        """The files that have been begun, in the order of their documents."""

    @property
    def filename(self) -> str:
        """The file."""
        return str(self._path)

    def path(self, remote_id: str) -> Path:
        """The file to write, asked for when the first page is there, and once more where the name is taken:
        another one then. remote_id: what the far end calls itself: up to 20 characters that it chose freely,
        printable ASCII, a / among them perhaps."""
        return self._path

    def document_path(self, remote_id: str, document: int) -> Path:
        """The file of a later document, from 2 on, with separate=True: the first one's name with the number
        behind it."""
        first = Path(self.filenames[0]) if self.filenames else self.path(remote_id)
        return first.with_name(f"{first.stem}-{document}{first.suffix}")

    def check(self) -> None:
        """Whether a file can be created there. Raises StorageError."""
        for path in {self._path, _journal(self._path)}:
            if os.path.lexists(path):
                left = path != self._path and "; the pages of a fax whose PDF was not made: faxline convert"
                raise StorageError(f"{path}: the file exists already{left or ''}")
        if _is_pdf(self._path):
            try:
                check()
            except PdfError as error:
                raise StorageError(f"{self._path}: {error}") from None
        try:
            TiffWriter(self._path).probe()
        except (OSError, ValueError) as error:
            raise StorageError(f"{self._path}: cannot be written: {_reason(error)}") from None

    def open_store(self) -> "Store":
        """For a receiver."""
        return Store(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.filename!r})"


class Store:
    """The pages of one fax on their way to the disk. By one thread at a time."""

    def __init__(self, document: FaxToReceive) -> None:
        self._document = document
        document.filenames = []
        self._files: list[_File] = []
        self._number = 0
        """Of the document in the last file."""

    def add_page(self, page: Page) -> None:
        """The page is on the disk when this returns. Raises StorageError."""
        number = page.document if self._document.separate else 1
        if number == self._number:
            self._files[-1].add_page(page)
        else:
            self._begin(page, number)

    def _begin(self, page: Page, number: int) -> None:
        """The first page of a document makes its file. Where the name is taken, also just now by another
        receiver, the document is asked for another one, until it repeats itself."""
        if self._files:
            self._files[-1].complete()
        taken: set[Path] = set()
        while True:
            path = self._named(page.remote_id, number)
            file = _File(path)
            try:
                file.add_page(page)
                break
            except StorageError as error:
                file.close()
                if not isinstance(error, _NameTaken) or path in taken:
                    raise
                taken.add(path)
        self._files.append(file)
        self._number = number
        self._document.filenames.append(str(path))

    def _named(self, remote_id: str, number: int) -> Path:
        """What the application's path() or document_path() says; the plain name where that raises or says
        what is no path: no page is lost by it."""
        document = self._document
        try:
            path = document.document_path(remote_id, number) if self._files else document.path(remote_id)
            return Path(os.fsdecode(path)).absolute()
        except BaseException as error:  # SystemExit, too: this is no thread of the application's
            if self._files:
                plain = FaxToReceive.document_path(document, remote_id, number)
            else:
                plain = FaxToReceive.path(document, remote_id)
            what = f"path() of {type(document).__name__} raised {type(error).__name__}: {error}"
            log.exception("%s; the fax goes to %s", what, plain)
            return plain

    def close(self) -> str:
        """The fax is over. Of PDFs, this makes them; returns a sentence when that went wrong, else ''. A
        second call does nothing."""
        files, self._files = self._files, []
        self._number = 0
        return "; ".join(filter(None, [file.close() for file in files]))


class _File:
    """One of the files of a fax."""

    def __init__(self, path: Path) -> None:
        self._path, self._journal = path, _journal(path)
        self._writer = TiffWriter(self._journal, replace=False)

    def add_page(self, page: Page) -> None:
        writer = self._writer
        try:
            if not writer.pages and os.path.lexists(self._path):
                raise _NameTaken(f"{self._path}: the file exists already")
            writer.add_page(page)
        except FileExistsError:
            raise _NameTaken(f"{self._journal}: the file exists already") from None
        except (OSError, ValueError) as error:
            raise StorageError(
                f"page {page.number} cannot be written to {self._journal}: {_reason(error)}"
            ) from None

    def complete(self) -> None:
        """No more pages come to it."""
        self._writer.close()

    def close(self) -> str:
        writer = self._writer
        writer.close()
        if self._journal == self._path or not writer.pages:
            return ""
        try:
            wrap(self._journal, self._path)
            self._journal.unlink()
        except (OSError, PdfError) as error:
            return f"{self._path} was not made, the pages are in {self._journal}: {_reason(error)}"
        return ""


def _is_pdf(path: Path) -> bool:
    return path.suffix.lower() == ".pdf"


def _journal(path: Path) -> Path:
    """The TIFF that the pages are written to."""
    return path.with_name(path.name + ".tif") if _is_pdf(path) else path


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
