"""TIFF with all its pages, and still images: whatever Pillow reads. Sizes are checked before pixels are
decoded, and nothing global in Pillow is touched."""

from __future__ import annotations

import os
from typing import BinaryIO

from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from faxline._documents import ccitt, raster
from faxline._documents.pages import FaxPage, ReadCoded
from faxline._documents.raster import Wish
from faxline._documents.source import DocumentError, place
from faxline.limits import Limits

# TIFF 6.0 tags, and T.6 as a value of Compression.
_COMPRESSION, _ORIENTATION, _STRIP_COUNTS = 259, 274, 279
_T6 = 4

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


def is_class_f(name: str, file: BinaryIO, limits: Limits) -> bool:
    """Whether every page of the file is one strip of MMR that is its own, as a PDF can take it without
    decoding. Raises DocumentError, and whatever Pillow raises for broken tags."""
    size = os.fstat(file.fileno()).st_size
    try:
        image = Image.open(file, formats=(TiffImagePlugin.TiffImageFile.format,))
    except UnidentifiedImageError:
        return False
    number = coded = 0
    while True:
        tags = image.tag_v2  # type: ignore[attr-defined]
        counts = tags.get(_STRIP_COUNTS, ())
        if tags.get(_COMPRESSION) != _T6 or len(counts) != 1 or tags.get(_ORIENTATION, 1) != 1:
            return False
        # Directories that share one strip would become a PDF of any size.
        coded += counts[0]
        if "dpi" not in image.info or coded > size:
            return False
        number += 1
        if limits.pages and number > limits.pages:
            raise DocumentError(f"{name}: more than {limits.pages} pages (Limits.pages)")
        try:
            image.seek(number)
        except EOFError:
            return True


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
            made = raster.convert(image, wish)
            made.note = ccitt.surplus(image)
            return made
        notes = [raster.mend_resolution(image)]
        code = None if wish.decoded else ccitt.code_of(image)
        page = None if code is None else raster.as_coded(image, code, wish)
        if page is None:
            picture = ccitt.picture(image, self._read_coded, damaged=wish.damaged)
            page = raster.convert(picture.image, wish)
            notes.append(picture.note)
        page.note = "; ".join(filter(None, notes))
        return page
