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


class StorageError(Exception):
    """A fax cannot be stored; the message is a sentence that names the file and the reason."""


class FaxToReceive:
    """The file that a CallFaxReceiver writes: a TIFF, or a PDF when its name ends with .pdf (that needs the
    extra `faxline[pdf]`).

    A TIFF appears with its first page, and never without one; no other file is replaced. A subclass that
    overrides path() can name it by who sends.

    Of a PDF x.pdf the pages are in x.pdf.tif while they come: a TIFF that is complete after each page, as
    always. When the fax is over, however it ended, the PDF is made of it, with the same bits, and the TIFF is
    removed. What a crash or a fault leaves is x.pdf.tif, with every confirmed page; `faxline convert
    x.pdf.tif x.pdf` makes the PDF.
    """

    def __init__(self, filename: str | os.PathLike[str]) -> None:
        """filename: in a directory that exists; no file of that name may. Checked when the fax starts.
        Raises TypeError."""
        self._path = Path(os.fsdecode(filename)).absolute()

    @property
    def filename(self) -> str:
        """The file."""
        return str(self._path)

    def path(self, remote_id: str) -> Path:
        """The file to write, asked for when the first page is there. remote_id: what the far end calls
        itself: up to 20 characters that it chose freely, printable ASCII, a / among them perhaps."""
        return self._path

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
        self._writer: TiffWriter | None = None
        self._path = self._journal = Path()

    def add_page(self, page: Page) -> None:
        """The page is on the disk when this returns. Raises StorageError."""
        writer = self._writer
        if writer is None:
            self._path = self._document.path(page.remote_id)
            if os.path.lexists(self._path):
                raise StorageError(f"{self._path}: the file exists already")
            self._journal = _journal(self._path)
            writer = self._writer = TiffWriter(self._journal, replace=False)
        try:
            writer.add_page(page)
        except FileExistsError:
            raise StorageError(f"{self._journal}: the file exists already") from None
        except (OSError, ValueError) as error:
            raise StorageError(
                f"page {page.number} cannot be written to {self._journal}: {_reason(error)}"
            ) from None

    def close(self) -> str:
        """The fax is over. Of a PDF, this makes it; returns a sentence when that went wrong, else ''. A
        second call does nothing."""
        writer, self._writer = self._writer, None
        if writer is None:
            return ""
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
