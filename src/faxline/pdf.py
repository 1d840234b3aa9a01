"""Faxes as PDF, and convert(): a fax from one file format to another.

A page of a TIFF of class F is MMR, and so is a CCITTFaxDecode image of a PDF: img2pdf (the extra [pdf]) puts
the same bits into the PDF, nothing is coded anew, and each page has its true size.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from faxline._documents.source import DocumentError, reading

if TYPE_CHECKING:
    from types import ModuleType

    from faxline._engine.lib import Page

FORMATS = (".tif", ".tiff", ".pdf", ".png")


class PdfError(Exception):
    """A PDF cannot be written; the message is a sentence."""


def convert(
    source: str | os.PathLike[str], target: str | os.PathLike[str], *, replace: bool = False
) -> list[Path]:
    """A received fax (or any document that a fax can be made of) as another file: PDF, TIFF or PNG by the
    target's extension (.pdf .tif .tiff .png). Returns the files written: of PNG there is one for each page.

    A TIFF as FaxToReceive writes it becomes a PDF with the same coded bits in it. Any other document becomes
    what a fax of it would be. Raises DocumentError for the source; PdfError, FileExistsError (a target that
    is there, without replace) and other OSError for the target, ValueError for another extension.
    """
    source, target = Path(os.fsdecode(source)), Path(os.fsdecode(target))
    kind = target.suffix.lower()
    if kind not in FORMATS:
        raise ValueError(f"{target}: the extension says the format, and is one of {' '.join(FORMATS)}")
    if kind == ".pdf" and is_class_f(source):
        wrap(source, target, replace=replace)
        return [target]
    from faxline.document import FaxToSend
    from faxline.preview import Preview

    return Preview(FaxToSend(source)).save(target, replace=replace)


def is_class_f(path: Path) -> bool:
    """Whether every page of the file is one strip of MMR, as a PDF can take it. Raises DocumentError."""
    from PIL import Image, UnidentifiedImageError

    with reading(str(path), None):
        try:
            image = Image.open(path)
        except UnidentifiedImageError:
            return False
        except OSError as error:
            raise DocumentError(f"{path}: {error.strerror or error}") from None
        with image:
            if image.format != "TIFF":
                return False
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                tags = image.tag_v2  # type: ignore[attr-defined]
                if tags.get(259) != 4 or len(tags.get(273, ())) != 1 or tags.get(274, 1) != 1:
                    return False
                if "dpi" not in image.info:
                    return False
    return True


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


def write_tiff(pages: Iterable[Page], path: Path, *, replace: bool = False) -> None:
    """Coded pages as a TIFF of class F, which appears complete or not at all. Raises OSError."""
    from faxline._documents.tiff import TiffWriter

    temporary = _temporary(path)
    try:
        with TiffWriter(temporary) as writer:
            for page in pages:
                writer.add_page(
                    page.code, page.width_px, page.rows, page.x_dpi, page.y_dpi, description=page.remote_id
                )
        _place(temporary, path, replace)
    finally:
        temporary.unlink(missing_ok=True)


def write_pdf(pages: Iterable[Page], path: Path, *, replace: bool = False) -> None:
    """Coded pages as a PDF. Raises PdfError, OSError."""
    import tempfile

    check()
    with tempfile.TemporaryDirectory() as folder:
        tiff = Path(folder, "fax.tif")
        write_tiff(pages, tiff)
        wrap(tiff, path, replace=replace)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _place(temporary: Path, path: Path, replace: bool) -> None:
    from faxline._documents.tiff import rename

    if replace:
        os.replace(temporary, path)
    else:
        rename(temporary, path)
    folder = os.open(path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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
