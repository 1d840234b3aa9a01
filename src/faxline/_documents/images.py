"""TIFF with all its pages, and still images: whatever Pillow reads. Sizes are checked before pixels are
decoded, and nothing global in Pillow is touched."""

from __future__ import annotations

from typing import BinaryIO

from PIL import Image

from faxline._documents import ccitt, raster
from faxline._documents.pages import FaxPage, ReadCoded
from faxline._documents.raster import Wish
from faxline._documents.source import PAGES_MAX, PIXELS_MAX, DocumentError, place


def _formats() -> tuple[str, ...]:
    """What Pillow may open: all but PostScript, which it hands to Ghostscript: there a stranger's program
    would run, for as long as it likes."""
    Image.init()
    return tuple(kind for kind in Image.ID if kind != "EPS")


class ImageSource:
    def __init__(self, name: str, file: BinaryIO, read_coded: ReadCoded) -> None:
        """Takes the file over, but not when it raises."""
        self._name = name
        self._read_coded = read_coded
        self._image = Image.open(file, formats=_formats())
        self._file = file

    def page(self, number: int) -> ImageLeaf | None:
        # Frames of other formats are an animation, or layers that lie on each other, not pages.
        if self._image.format != "TIFF":
            if number > 1:
                return None
        elif number > PAGES_MAX:
            raise DocumentError(f"{self._name}: more than {PAGES_MAX} pages")
        else:
            try:
                if number != self._image.tell() + 1:
                    self._image.seek(number - 1)
            except EOFError:
                return None
        width, height = self._image.size
        if width * height > PIXELS_MAX:
            raise DocumentError(
                f"{place(self._name, number)}: {width} x {height} pixels are too many, {PIXELS_MAX} at most"
            )
        return ImageLeaf(self._image, self._read_coded)

    def close(self) -> None:
        self._file.close()


class ImageLeaf:
    def __init__(self, image: Image.Image, read_coded: ReadCoded) -> None:
        self._image = image
        self._read_coded = read_coded

    def convert(self, wish: Wish) -> FaxPage:
        image = self._image
        if not ccitt.is_coded(image):
            return raster.convert(image, wish)
        notes = [raster.mend_resolution(image)]
        code = None if wish.decoded else ccitt.code_of(image)
        page = None if code is None else raster.as_coded(image, code, wish)
        if page is None:
            picture = ccitt.picture(image, self._read_coded, damaged=wish.damaged)
            page = raster.convert(picture.image, wish)
            notes.append(picture.note)
        page.note = "; ".join(filter(None, notes))
        return page
