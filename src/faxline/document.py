"""FaxToSend: the document of a fax, read page by page when the fax starts.

Any TIFF that Pillow reads, with all its pages, and any still image. What becomes of a page is in
_raster.py. Files may come from strangers: whatever is wrong with one is a DocumentError that names file,
page and reason, sizes are checked before pixels are decoded, and nothing global in Pillow is touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from faxline._header_line import HeaderLine
    from faxline._lib import Document
    from faxline._raster import FaxPage

PAGES_MAX = 2000  # more in one file is a loop of directories, or not a fax
PIXELS_MAX = (
    89_478_485  # of one page before conversion: where Pillow starts to warn; A3 at 600 dpi has 70 million
)


class DocumentError(Exception):
    """A document cannot be sent; the message is a sentence that names file, page and reason."""


class FaxToSend:
    """A document for CallFaxSender: one file or several, which form one fax.

    Nothing is opened before the fax starts; what is wrong with a file appears then, as Cause.ERROR with a
    sentence in Details.raw_cause_text. An object may be sent any number of times.
    """

    def __init__(
        self, filename: str | os.PathLike[str] | list[str | os.PathLike[str]] | list[str] | None = None
    ) -> None:
        """filename: a TIFF or image file, or a list of them in the order of their pages. Raises TypeError."""
        self._names: tuple[str, ...] = ()
        if isinstance(filename, (list, tuple)):
            self.set_content(*filename)
        elif filename is not None:
            self.set_content(filename)

    def set_content(self, *filenames: str | os.PathLike[str]) -> None:
        """Names the file, or the files in the order of their pages; replaces what was named before."""
        self._names = tuple(os.fsdecode(name) for name in filenames)

    @property
    def names(self) -> tuple[str, ...]:
        """The files."""
        return self._names

    def __repr__(self) -> str:
        return f"FaxToSend({list(self._names)!r})"

    def count_pages(self) -> int:
        """How many pages there are, without decoding them. Raises DocumentError."""
        return sum(1 for name in self._existing_names() for _ in _images(name))

    def pages(self, *, high_res: bool | None = None, header: HeaderLine | None = None) -> Iterator[FaxPage]:
        """Every page as a fax page, one at a time. high_res: the option HighRes. Raises DocumentError."""
        from faxline import _raster

        total = 0
        for name in self._existing_names():
            for number, image in _images(name):
                total += 1
                with _reading(name, number):
                    page = _raster.convert(image, high_res, header.text(total) if header else "")
                page.place = _place(name, number)
                page.decode = partial(_decode, name, number, image, high_res)
                yield page

    def _existing_names(self) -> tuple[str, ...]:
        if not self._names:
            raise DocumentError("no document: set_content() has named no file")
        return self._names


def add_page(pages: Document, page: FaxPage) -> None:
    """Hands a page to the engine: as its file has it where that is whole, as rows otherwise.

    Raises DocumentError.
    """
    from faxline._lib import PageRefused

    code = page.code
    if code is not None:
        if pages.add_coded(page, code):
            return
        assert page.decode is not None
        page = page.decode()
    try:
        pages.add_page(page.width_px, page.x_dpi, page.y_dpi, page.rows, page.row_count)
    except PageRefused as error:
        raise DocumentError(f"{page.place}: {error}") from None


def _decode(name: str, number: int, image: Image.Image, high_res: bool | None) -> FaxPage:
    from faxline import _raster

    with _reading(name, number):
        page = _raster.convert(image, high_res, "", decoded=True)
    page.place = _place(name, number)
    return page


def _images(name: str) -> Iterator[tuple[int, Image.Image]]:
    """The pages of a file, from 1, their pixels not decoded yet. The file is closed at the end in any
    case."""
    from PIL import Image

    try:
        file = open(name, "rb")  # noqa: SIM115 - closed below
    except (OSError, ValueError) as error:
        raise DocumentError(f"{name}: {getattr(error, 'strerror', None) or error}") from None
    with file:
        with _reading(name, None):
            start = file.read(5)
            if not start:
                raise DocumentError(f"{name}: the file is empty")
            if start == b"%PDF-":
                raise DocumentError(f"{name}: PDF documents cannot be read yet; convert it to TIFF")
            file.seek(0)
            image = Image.open(file)
        # Frames of other formats are an animation, not pages.
        pages_max = PAGES_MAX if image.format == "TIFF" else 1
        number = 0
        while True:
            number += 1
            with _reading(name, number):
                if number > 1:
                    try:
                        image.seek(number - 1)
                    except EOFError:
                        return
                if number > PAGES_MAX:
                    raise DocumentError(f"{name}: more than {PAGES_MAX} pages")
                width, height = image.size
                if width * height > PIXELS_MAX:
                    raise DocumentError(
                        f"{_place(name, number)}: {width} x {height} pixels are too many, "
                        f"{PIXELS_MAX} at most"
                    )
            yield number, image
            if number == pages_max == 1:
                return


def _place(name: str, number: int | None) -> str:
    return name if number is None else f"page {number} of {name}"


@contextmanager
def _reading(name: str, number: int | None) -> Iterator[None]:
    """Turns whatever goes wrong with a file into a DocumentError. A broken file makes Pillow raise almost
    anything (OSError, SyntaxError, struct.error, KeyError, OverflowError ...), hence the wide net."""
    from PIL import Image, UnidentifiedImageError

    from faxline._raster import PageError

    try:
        yield
    except DocumentError:
        raise
    except PageError as error:
        raise DocumentError(f"{_place(name, number)}: {error}") from None
    except UnidentifiedImageError:
        raise DocumentError(f"{name}: neither a TIFF nor an image of a known kind") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DocumentError(f"{_place(name, number)}: too many pixels ({PIXELS_MAX} at most)") from None
    except MemoryError:
        raise DocumentError(f"{_place(name, number)}: not enough memory for this page") from None
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise DocumentError(
            f"{_place(name, number)}: cannot be read, broken or cut short ({reason})"
        ) from error
