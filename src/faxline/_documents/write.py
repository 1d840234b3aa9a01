"""Pages to files that appear whole or not at all: TIFF of class F, and PDF by img2pdf (the extra [pdf])."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from faxline._documents.pages import Page
from faxline._documents.tiff import TiffWriter, rename, sync_directory

if TYPE_CHECKING:
    from types import ModuleType


FORMATS = (".tif", ".tiff", ".pdf", ".png")


class PdfError(Exception):
    """A PDF cannot be written; the message is a sentence."""


def format_of(path: Path) -> str:
    """The format of a file to be written: its extension, one of FORMATS. Raises ValueError."""
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise ValueError(f"{path}: the extension says the format, and is one of {' '.join(FORMATS)}")
    return kind


def write_tiff(pages: Iterable[Page], path: Path, *, replace: bool = False) -> None:
    """Coded pages as a TIFF of class F, which appears complete or not at all. Raises OSError."""
    temporary = _temporary(path)
    try:
        with TiffWriter(temporary) as writer:
            for page in pages:
                writer.add_page(page)
        _place(temporary, path, replace)
    finally:
        temporary.unlink(missing_ok=True)


def write_pdf(pages: Iterable[Page], path: Path, *, replace: bool = False) -> None:
    """Coded pages as a PDF. Raises PdfError, OSError."""
    check()
    with tempfile.TemporaryDirectory() as folder:
        tiff = Path(folder, "fax.tif")
        write_tiff(pages, tiff)
        wrap(tiff, path, replace=replace)


def wrap(tiff: Path, pdf: Path, *, replace: bool = False) -> None:
    """Puts the pages of a TIFF of class F into a PDF, which appears complete or not at all. Raises PdfError,
    OSError."""
    img2pdf = _img2pdf()
    with new_file(pdf, replace) as file:
        try:
            img2pdf.convert(
                os.fspath(tiff), engine=img2pdf.Engine.internal, outputstream=file, producer="faxline"
            )
        except OSError:
            raise
        except Exception as error:  # img2pdf and Pillow raise almost anything
            raise PdfError(f"{pdf}: {tiff} does not become a PDF: {error}") from error


def check() -> None:
    """Whether PDF can be written here. Raises PdfError."""
    _img2pdf()


def _img2pdf() -> ModuleType:
    try:
        import img2pdf
    except ImportError:
        raise PdfError(
            "writing PDF needs the package img2pdf: install it with pip install 'faxline[pdf]'"
        ) from None
    module: ModuleType = img2pdf
    return module


class new_file:
    """A file that takes its name once it is complete and on the disk, as a context manager. Raises
    OSError."""

    def __init__(self, path: Path, replace: bool) -> None:
        self._path = path
        self._replace = replace
        self._temporary = _temporary(path)

    def __enter__(self) -> IO[bytes]:
        if not self._replace and os.path.lexists(self._path):
            raise FileExistsError(17, "the file exists already", str(self._path))
        self._file = open(self._temporary, "xb")
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
            self._file.close()
            if kind is None:
                _place(self._temporary, self._path, self._replace)
        finally:
            with suppress(OSError):
                self._file.close()
            self._temporary.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _place(temporary: Path, path: Path, replace: bool) -> None:
    if replace:
        os.replace(temporary, path)
    else:
        rename(temporary, path)
    sync_directory(path)
