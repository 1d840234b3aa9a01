"""TIFF with all its pages, and still images: whatever Pillow reads. Sizes are checked before pixels are
decoded, and nothing global in Pillow is touched."""

from __future__ import annotations

from typing import BinaryIO

from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from faxline._documents import ccitt, raster
from faxline._documents.pages import FaxPage, ReadCoded
from faxline._documents.raster import Wish
from faxline._documents.source import DocumentError, place
from faxline.limits import Limits

_COMMON = (TiffImagePlugin.TiffImageFile.format, "PNG", "JPEG")


def _image(file: BinaryIO) -> Image.Image:
    """Opened, as one of the common kinds where it is one: to import the readers of all others takes longer
    than a fax page. All but PostScript, which Pillow hands to Ghostscript: there a stranger's program would
    run, for as long as it likes."""
    Image.preinit()
    try:
        return Image.open(file, formats=_COMMON)
    except UnidentifiedImageError:
        pass
    file.seek(0)
    Image.init()
    return Image.open(file, formats=tuple(kind for kind in Image.ID if kind != "EPS"))


class ImageSource:
    def __init__(self, name: str, file: BinaryIO, read_coded: ReadCoded, limits: Limits) -> None:
        """Takes the file over, but not when it raises."""
        self._name = name
        self._read_coded = read_coded
        self._limits = limits
        self._image = _image(file)
        self._file = file

    def page(self, number: int) -> ImageLeaf | None:
        # Frames of other formats are an animation, or layers that lie on each other, not pages.
        if self._image.format != "TIFF":
            if number > 1:
                return None
        else:
            try:
                if number != self._image.tell() + 1:
                    self._image.seek(number - 1)
            except EOFError:
                return None
        width, height = self._image.size
        most = self._limits.pixels
        if most and width * height > most:
            raise DocumentError(
                f"{place(self._name, number)}: {width} x {height} pixels are too many, {most} at most "
                "(Limits.pixels)"
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
