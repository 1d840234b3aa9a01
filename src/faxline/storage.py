"""FaxToReceive: where a fax is written, page by page as they come.

The file is a TIFF of class F (tiff.py): complete and readable from its first page on, and a page is on the
disk before it is confirmed to the sender.
"""

import os
from pathlib import Path

from faxline._lib import Page
from faxline.tiff import TiffWriter


class StorageError(Exception):
    """A fax cannot be stored; the message is a sentence that names the file and the reason."""


class FaxToReceive:
    """The TIFF that a CallFaxReceiver writes.

    The file appears with its first page, and never without one; no other file is replaced. A subclass that
    overrides path() can name it by who sends.
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
        if os.path.lexists(self._path):
            raise StorageError(f"{self._path}: the file exists already")
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
        self._path: Path | None = None

    def add_page(self, page: Page) -> None:
        """The page is on the disk when this returns. Raises StorageError."""
        writer = self._writer
        if writer is None:
            self._path = self._document.path(page.remote_id)
            writer = self._writer = TiffWriter(self._path, replace=False)
        try:
            writer.add_page(
                page.code, page.width_px, page.rows, page.x_dpi, page.y_dpi, description=page.remote_id
            )
        except FileExistsError:
            raise StorageError(f"{self._path}: the file exists already") from None
        except (OSError, ValueError) as error:
            raise StorageError(
                f"page {page.number} cannot be written to {self._path}: {_reason(error)}"
            ) from None

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
