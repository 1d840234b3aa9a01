"""An image as a fax page: one bit a pixel, a width and a resolution that fax machines have (T.30, ITU-T T.4
2.1).

A page that is one already is left as it is, to the bit. Any other is brought to 204 dpi across and 196
(fine) or 98 (standard) lines per inch, or to 408 x 391 (superfine) where that is wanted, without
distorting it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import log
from typing import Any

from PIL import Image, ImageChops, ImageOps

from faxline import _pixels
from faxline._documents.bilevel import screen
from faxline._documents.pages import Code, FaxPage, PageError
from faxline._documents.paper import Paper
from faxline._pixels import Kind

# Widths in pixels for A4 or letter, B4 and A3, by dots per inch across.
_WIDTHS = {
    200: (1728, 2048, 2432),
    204: (1728, 2048, 2432),
    300: (2592, 3072, 3648),
    400: (3456, 4096, 4864),
    408: (3456, 4096, 4864),
}
_RESOLUTIONS = (
    *((204, 98), (204, 196), (204, 391), (408, 391)),
    *((200, 100), (200, 200), (200, 400), (300, 300), (400, 400)),
)
_SAME_RESOLUTION = 0.015  # tags come rounded, or in lines per centimetre (77 is 195.58 dpi)
_ABOUT_THE_RESOLUTION = 0.05
_SAME_WIDTH = 1.02  # letter paper is 0.4 % wider than a fax page

_SUPERFINE, _FINE, _STANDARD = 391, 196, 98
_FINE_FROM_DPI = 150  # a document with fewer lines per inch gains nothing by fine
_SUPERFINE_FROM_DPI = 250
_SCAN_FROM_DPI = 150  # a tag below that is a screen's, and says nothing about paper
_SIDEWAYS_MAX = 1.8  # wider than any paper on its side is a banner, which stays as it is
_A4_INCH, _LEGAL_INCH = 297 / 25.4, 14.0
_LENGTH_MAX_INCH = 4 * 16.54  # four times A3
_SIDE_MAX_PX = 65_535

_ORIENTATION = 0x0112  # TIFF 6.0 tag 274, also in EXIF
_PHOTOMETRIC, _X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 262, 282, 283, 296
_UNITS = {2: 1.0, 3: 2.54}  # ResolutionUnit, in inches


@dataclass(frozen=True, slots=True)
class Wish:
    """How a document is to become a fax."""

    high_res: bool | None = None
    """True fine, False standard, None as the document has it."""
    photo: bool | None = None
    """Clustered dots for what is neither black nor white; None where the picture is of continuous tone."""
    superfine: bool = False
    """408 x 391 dpi instead of fine, for what has so much to show."""
    decoded: bool = False
    """Rows are wanted even where code would do."""
    invert: bool = False
    """Black for white."""
    damaged: bool = False
    """Of a page whose code is damaged, what can be read."""


def as_coded(image: Image.Image, code: Code, wish: Wish) -> FaxPage | None:
    """An image that is a fax page already, as the code that its file has; None of any other."""
    fax = _fax_resolution(image, _resolution(image), wish.high_res)
    if fax is None or image.height > _LENGTH_MAX_INCH * fax[1]:
        return None
    if wish.invert:
        code = replace(code, inverted=not code.inverted)
    return FaxPage(image.width, *fax, image.height, b"", code)


def convert(image: Image.Image, wish: Wish) -> FaxPage:
    """Brings an image to a fax page. Raises PageError, and whatever Pillow raises for broken pixels."""
    width, height = image.size
    if not width or not height:
        raise PageError("it has no pixels")
    if max(width, height) > _SIDE_MAX_PX:
        raise PageError(f"{width} x {height} pixels, and a side has {_SIDE_MAX_PX} at most")
    resolution = _resolution(image)
    fax = _fax_resolution(image, resolution, wish.high_res)
    if fax is None:
        fax = _nearly_fax_resolution(image, resolution, wish.high_res)
    if fax is None:
        return _scaled(image, resolution, wish)
    image.load()
    if wish.invert:
        image = ImageChops.invert(image)
    page = _centred(image, _WIDTHS[fax[0]][0]) if image.width not in _WIDTHS[fax[0]] else image
    if page.height > _LENGTH_MAX_INCH * fax[1]:
        raise _too_long(page.height / fax[1])
    return FaxPage(page.width, *fax, page.height, page.tobytes("raw", "1;I"))


_FINER = 2  # times as fine as it will be, a page is drawn


def blank(paper: Paper, wish: Wish) -> tuple[Image.Image, int]:
    """White paper to draw on, in grey, and how many pixels it has to the inch."""
    dpi = whole(paper, wish).x_dpi * _FINER
    return Image.new("L", (round(paper.width_inch * dpi), round(paper.height_inch * dpi)), 255), dpi


def drawn(page: Image.Image, paper: Paper, wish: Wish) -> FaxPage:
    """What was drawn on it, as a fax page."""
    return as_page(_bands(page), page.size, whole(paper, wish), wish, Kind.DRAWN)


def whole(paper: Paper, wish: Wish) -> Layout:
    """A page of this paper; fine unless standard is wanted."""
    fine = wish.high_res is not False
    return layout(paper.width_inch, paper.height_inch, (1.0, 1.0), fine, superfine=wish.superfine)


def _too_long(inches: float) -> PageError:
    return PageError(f"it is {inches:.0f} inches long, and a fax page {_LENGTH_MAX_INCH:.0f} at most")


def _centred(image: Image.Image, paper: int) -> Image.Image:
    page = Image.new("1", (paper, image.height), 255)
    page.paste(image, ((paper - image.width) // 2, 0))
    return page


def _resolution(image: Image.Image) -> tuple[float, float] | None:
    """Dots per inch by the tags, or None without credible ones."""
    try:
        x_dpi, y_dpi = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not (10 <= x_dpi <= 10_000 and 10 <= y_dpi <= 10_000 and 1 / 8 <= x_dpi / y_dpi <= 8):
        return None
    return x_dpi, y_dpi


def _fax_resolution(
    image: Image.Image, resolution: tuple[float, float] | None, high_res: bool | None
) -> tuple[int, int] | None:
    """The resolution of an image that is a fax page already, None of any other."""
    if image.mode != "1" or image.getexif().get(_ORIENTATION, 1) != 1:
        return None
    if resolution is None:
        fax = (204, _STANDARD if high_res is False else _FINE)
    else:
        x_dpi, y_dpi = resolution
        difference, fax = min((max(abs(x_dpi / x - 1), abs(y_dpi / y - 1)), (x, y)) for x, y in _RESOLUTIONS)
        if difference > _SAME_RESOLUTION:
            return None
    if image.width not in _WIDTHS[fax[0]] or (high_res is not None and high_res != (fax[1] > 100)):
        return None
    return fax


def mend_resolution(image: Image.Image) -> str:
    """Of a TIFF in a coding of fax, as wide as a fax page, whose tags tell a resolution that no such page
    has: one of them is wrong, and the nearest that such a page has goes to info["dpi"]. Returns what was
    mended; '' when nothing was. What has square pixels of another size is a scan, and is left alone."""
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    x, y = (_number(tags.get(tag)) for tag in (_X_RESOLUTION, _Y_RESOLUTION))
    fits = [fax for fax in _RESOLUTIONS if image.width in _WIDTHS[fax[0]]]
    if not fits or x == y == 0:
        return ""
    unit = _UNITS.get(tags.get(_RESOLUTION_UNIT, 2), 0.0)

    def near(value: float, wanted: int, tolerance: float = _SAME_RESOLUTION) -> bool:
        return abs(value / wanted - 1) <= tolerance

    def far(value: float, wanted: int) -> float:
        return abs(log(value / wanted)) if value else float(wanted != _FINE)

    units = dict.fromkeys((unit or 1.0, 1.0, 2.54))
    both = [
        (fax, size) for size in units for fax in fits if near(x * size, fax[0]) and near(y * size, fax[1])
    ]
    if both and both[0][1] == unit:
        return ""
    one = [(fax, size) for size in units for fax in fits if near(x * size, fax[0])]
    if not one:
        one = [(fax, size) for size in units for fax in fits if near(x * size, fax[0], _ABOUT_THE_RESOLUTION)]
    if not one and x != y:
        one = [(fax, size) for size in units for fax in fits if near(y * size, fax[1])]
    if not both and not one:
        return ""
    fax, _ = both[0] if both else min(one, key=lambda found: far(y * found[1], found[0][1]))
    image.info["dpi"] = fax
    per = {1.0: " to the inch", 2.54: " to the centimetre"}.get(unit, "")
    told = f"its tags say {x:g} x {y:g} dots{per}"
    return f"{told}, which no fax page of {image.width} pixels has; taken for {fax[0]} x {fax[1]} dpi"


def _number(value: object) -> float:
    """Of a tag; 0 when it is none that can be."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return 0.0
    return number if 0 < number < float("inf") else 0.0


def _nearly_fax_resolution(
    image: Image.Image, resolution: tuple[float, float] | None, high_res: bool | None
) -> tuple[int, int] | None:
    """The resolution of a scan in one bit that only needs white at its sides: A4 or letter as scanners cut
    it (1654 or 1700 pixels at 200 dpi)."""
    if image.mode != "1" or resolution is None or image.getexif().get(_ORIENTATION, 1) != 1:
        return None
    x_dpi, y_dpi = resolution
    for fax in _RESOLUTIONS:
        same = max(abs(x_dpi / fax[0] - 1), abs(y_dpi / fax[1] - 1)) <= 0.003
        paper = _WIDTHS[fax[0]][0]
        if same and fax[0] < 300 and 0.85 * paper <= image.width <= paper <= image.height * fax[0] / fax[1]:
            return fax if high_res is None or high_res == (fax[1] > 100) else None
    return None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a picture comes to lie on a fax page."""

    paper: int
    """The page's width in pixels."""
    width: int
    height: int
    """The picture's, in pixels; it stands in the middle, at the top."""
    x_dpi: int
    y_dpi: int
    turned: bool
    """Anticlockwise by a quarter first: it was wider than the paper, and no banner."""

    @property
    def left(self) -> int:
        return (self.paper - self.width) // 2


def layout(
    width: float,
    height: float,
    resolution: tuple[float, float] | None,
    high_res: bool | None,
    *,
    scan: bool = False,
    superfine: bool = False,
) -> Layout:
    """A place for a picture of so many pixels, at a resolution if one is known. True to size where it fits;
    scan: wider paper where it does not. superfine: where it is to be fine. Raises PageError."""
    x_in, y_in = resolution or (1.0, 1.0)
    inches = (width / x_in, height / y_in)
    a4, b4, a3 = (paper / 204 * _SAME_WIDTH for paper in _WIDTHS[204])
    paper = _WIDTHS[204][0]
    turned = 1.0 < inches[0] / inches[1] <= _SIDEWAYS_MAX and (
        inches[0] > a4 if resolution else inches[0] > 1.2 * inches[1]
    )
    if turned:
        inches = (inches[1], inches[0])
        y_in = x_in
    if scan and a4 < inches[0] <= a3:
        paper = _WIDTHS[204][1] if inches[0] <= b4 else _WIDTHS[204][2]
    true_width = inches[0] * 204
    across = paper / true_width if resolution is None or true_width > paper else 1.0
    # Letter is wider than a fax page by a hair: it keeps its length.
    factor = 1.0 if resolution and across >= 1 / _SAME_WIDTH else across
    # What is not as it was on its paper anyhow comes onto one sheet of A4.
    if (turned or factor != 1.0) and inches[1] <= inches[0] * _SIDEWAYS_MAX:
        true_length = inches[1] * factor
        if true_length > _A4_INCH * 1.01 and abs(true_length - _LEGAL_INCH) > 0.1:
            across = factor = _A4_INCH / inches[1]
    if high_res is None:
        high_res = resolution is None or y_in / factor >= _FINE_FROM_DPI
    finer = 2 if superfine and high_res else 1
    y_dpi = _SUPERFINE if finer == 2 else _FINE if high_res else _STANDARD
    length = inches[1] * factor
    if length > _LENGTH_MAX_INCH:
        raise _too_long(length)
    paper *= finer
    return Layout(
        paper,
        max(1, min(paper, round(true_width * across * finer))),
        max(1, round(length * y_dpi)),
        204 * finer,
        y_dpi,
        turned,
    )


def as_page(
    bands: Iterable[Any], size: tuple[int, int], place: Layout, wish: Wish, kind: Kind, stride: int = 0
) -> FaxPage:
    """A grey picture at its place on white paper, in one bit. bands, stride: as for _pixels.rows(); size: the
    picture's, as it comes."""
    grey = kind is Kind.GREY
    sheet = _pixels.Sheet(
        *size,
        place.width,
        place.height,
        place.paper,
        place.x_dpi,
        Kind.DOTS if grey and wish.photo else kind,
        wish.invert,
        screen(place.x_dpi, place.y_dpi) if grey and wish.photo is not False else None,
    )
    rows, dots = _pixels.rows(sheet, bands, stride)
    return FaxPage(place.paper, place.x_dpi, place.y_dpi, place.height, rows, dots=dots)


def _scaled(image: Image.Image, resolution: tuple[float, float] | None, wish: Wish) -> FaxPage:
    """The image on white paper of a fax width."""
    # Pillow turns a TIFF upright as it loads, and leaves other formats to us.
    exif = image.getexif().get(_ORIENTATION, 1)
    kind = Kind.BILEVEL if image.mode == "1" else Kind.GREY
    image.load()
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _deep_grey(image)
    elif image.format != "TIFF" and exif != 1:
        image = _grey(image)
        image.getexif()[_ORIENTATION] = exif
        image = ImageOps.exif_transpose(image)
    if resolution is not None and exif in (5, 6, 7, 8):
        resolution = (resolution[1], resolution[0])
    scan = resolution is not None and min(resolution) >= _SCAN_FROM_DPI
    place = layout(*image.size, resolution, wish.high_res, scan=scan)
    across = image.height if place.turned else image.width
    if wish.superfine and across / place.width * place.x_dpi >= _SUPERFINE_FROM_DPI:
        place = layout(*image.size, resolution, wish.high_res, scan=scan, superfine=True)
    if place.turned:
        image = _grey(image).transpose(Image.Transpose.ROTATE_90)
    return as_page(_bands(image), image.size, place, wish, kind)


_BAND_PX = 1 << 18


def _bands(image: Image.Image) -> Iterator[bytes]:
    """The image in 8-bit grey, some rows at a time: a copy of all of it would be many megabytes."""
    rows = max(1, _BAND_PX // image.width)
    for top in range(0, image.height, rows):
        yield _grey(image.crop((0, top, image.width, min(top + rows, image.height)))).tobytes()


def _grey(image: Image.Image) -> Image.Image:
    """An image of no more than 8 bits in grey, transparency over white."""
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        over = image.convert("RGBA")
        white = Image.new("RGBA", over.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, over).convert("L")
    if image.mode == "L":
        return image
    if image.mode in ("1", "RGB"):
        return image.convert("L")
    return image.convert("RGB").convert("L")


def _deep_grey(image: Image.Image) -> Image.Image:
    """16 bits, 32 bits or floating point: scaled to 8 bits by the range that the pixels show."""
    deep = image.convert("F")
    extrema = deep.getextrema()
    low, high = (float(value) for value in extrema if not isinstance(value, tuple))
    if image.mode.startswith("I;16"):
        full = 65_535.0
    else:
        full = next(limit for limit in (1.0, 255.0, 65_535.0, float("inf")) if high <= limit)
        full = max(high, 1.0) if full == float("inf") else full
    if low < 0:
        deep = deep.point(lambda value: value * 1.0 - low)
        full = max(high - low, 1e-9)
    grey = deep.point(lambda value: value * (255.0 / full) + 0.0).convert("L")
    inverted = image.format == "TIFF" and getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 0
    return ImageOps.invert(grey) if inverted else grey
