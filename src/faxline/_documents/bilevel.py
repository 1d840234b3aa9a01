"""Grey to one bit.

A threshold by default: a fax is text. Error diffusion is nowhere: its scattered dots defeat every fax coding
and multiply the time on the line. Pictures get clustered dots where they are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, reduce
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

_HALF = 129  # half-way grey is black: a line one row high stays when rows are merged in pairs
_CLEAN = 160  # on paper that is white throughout: keeps hairlines and grey text, drops light shading
_CLEAN_PAPER = 250
_FAINT = 48  # lines and letters on it that are darker than the paper by so much stay, unlike areas
_DARK = 120  # beside what is darker, grey is the edge of a letter
_THIN = 178  # of black and white that was reduced: less than a third of a pixel is ink enough

_CONTRAST_MIN = 40  # between ink and paper; with less there is only one of them
_LEVELS = (64, 215)


def by_threshold(grey: Image.Image, x_dpi: int, *, bilevel: bool, reduction: float) -> Image.Image:
    """In one bit by one level for the page. bilevel: the source was black and white. reduction: by how much
    it was made smaller."""
    if bilevel:
        level = _THIN if reduction > 1.2 else _HALF
    else:
        histogram = grey.histogram()
        if _is_clean(histogram):
            return _on_white(grey, x_dpi)
        paper = _uneven_paper(grey, x_dpi)
        if paper is not None:
            from PIL import ImageChops

            return ImageChops.subtract(paper, grey).point([255] + [0] * 255, "1")
        level = _level(histogram)
    return _at_level(grey, level)


def _at_level(grey: Image.Image, level: int) -> Image.Image:
    return grey.point([0] * level + [255] * (256 - level), "1")


def _is_clean(histogram: list[int]) -> bool:
    return sum(histogram[_CLEAN_PAPER:]) * 2 >= sum(histogram)


def _level(histogram: list[int]) -> int:
    """The first grey that is white."""
    ink, paper, level = _otsu(histogram)
    if paper - ink < _CONTRAST_MIN:
        return _HALF
    level = round(level + 0.15 * (paper - level))  # thin strokes are greyer than the thick ones
    return min(max(level, _LEVELS[0]), _LEVELS[1])


# ---- white paper: coloured and light grey letters ----

_STROKE_INCH = 0.12  # what is wider is an area
_FEW = 8  # pixels of half the size: dust


def _on_white(grey: Image.Image, x_dpi: int) -> Image.Image:
    """By the level, and with it the lines and letters that are lighter: a text in orange would be lost, and
    a light area must not become black."""
    from PIL import Image, ImageChops

    bits = _at_level(grey, _CLEAN)
    if min(grey.size) < 2:
        return bits
    small = _darkest_of_four(grey)
    dark = _window(small, 3, ImageChops.darker).point([255] * _DARK + [0] * (256 - _DARK))
    faint = ImageChops.lighter(small.point([0] * (256 - _FAINT) + [255] * _FAINT), dark)
    if faint.histogram()[0] < _FEW:
        return bits
    # Closing: lines and letters are filled with the paper around them, areas stay. In half the size, where it
    # takes a quarter of the time.
    whole = (0, 0, 2 * small.width, 2 * small.height)
    across = 1 + 2 * round(_STROKE_INCH * x_dpi / 4)  # odd: it has a middle
    paper = grey.reduce(2, whole)
    paper = _window(_window(paper, across, ImageChops.lighter), across, ImageChops.darker)
    paper = ImageChops.subtract(paper, dark).resize(whole[2:], Image.Resampling.NEAREST)
    ink = ImageChops.subtract(paper, grey.crop(whole)).point([0] * _FAINT + [255] * (256 - _FAINT), "1")
    bits.paste(0, whole, ink)
    return bits


def _darkest_of_four(grey: Image.Image) -> Image.Image:
    """In half the size, each pixel the darkest of its four."""
    from PIL import Image, ImageChops

    size = (grey.width // 2, grey.height // 2)
    quarters = [
        grey.transform(size, Image.Transform.AFFINE, (2, 0, x - 0.5, 0, 2, y - 0.5))
        for x in (0, 1)
        for y in (0, 1)
    ]
    return reduce(ImageChops.darker, quarters)


def _window(
    grey: Image.Image, across: int, take: Callable[[Image.Image, Image.Image], Image.Image]
) -> Image.Image:
    """The lightest or the darkest in a square around each pixel: by doubling, a large one is cheap."""
    from PIL import ImageChops

    for x, y in ((1, 0), (0, 1)):
        done = 1
        while done < across:
            step = min(done, across - done)
            grey = take(grey, ImageChops.offset(grey, step * x, step * y))
            done += step
        grey = ImageChops.offset(grey, -(across // 2) * x, -(across // 2) * y)
    return grey


# ---- photographs of paper: light that is uneven ----

_CELL_PX = 8  # at 204 dpi
_NEAR = 5, 3  # a window of cells, and how often: half an inch in all, wider than writing
_INK_SHARE = 0.74  # of the paper around it; what is lighter is white
_DARKEST = 0.33  # of the lightest paper: what is darker is no paper in a shadow, but ink
_UNEVEN = 0.8
_BETWEEN = 0.1


def _uneven_paper(grey: Image.Image, x_dpi: int) -> Image.Image | None:
    """What the paper would have to be darker than at each place to be ink, when the light falls unevenly;
    None for a page in even light, and for one that has grey areas with edges rather than shadows."""
    from PIL import Image, ImageFilter

    cell = _CELL_PX * _finer(x_dpi)
    if min(grey.size) < 16 * cell:
        return None
    paper = grey.reduce(cell)
    for _ in range(_NEAR[1]):
        paper = paper.filter(ImageFilter.MaxFilter(_NEAR[0]))
    histogram = paper.histogram()
    dark, light = _quantile(histogram, 0.03), _quantile(histogram, 0.97)
    if dark >= _UNEVEN * light:
        return None
    low, high = dark + (light - dark) // 5, light - (light - dark) // 5
    if sum(histogram[low:high]) < _BETWEEN * sum(histogram):
        return None
    least = round(light * _DARKEST)
    paper = paper.filter(ImageFilter.GaussianBlur(3))
    paper = paper.point([round(max(least, level) * _INK_SHARE) for level in range(256)])
    return paper.resize(grey.size, Image.Resampling.BILINEAR)


def _quantile(histogram: list[int], share: float) -> int:
    left = sum(histogram) * share
    for level, count in enumerate(histogram):
        left -= count
        if left < 0:
            return level
    return 255


def _otsu(histogram: list[int]) -> tuple[float, float, int]:
    """Mean of the dark part, mean of the light part, and the level between them (N. Otsu 1979: the one that
    parts them best)."""
    total, moment = sum(histogram), sum(grey * count for grey, count in enumerate(histogram))
    best, result = -1.0, (0.0, 255.0, _HALF)
    dark = dark_moment = 0
    for grey, count in enumerate(histogram[:-1]):
        dark += count
        dark_moment += grey * count
        if dark == 0:
            continue
        if dark == total:
            break
        ink, paper = dark_moment / dark, (moment - dark_moment) / (total - dark)
        between = dark * (total - dark) * (paper - ink) ** 2
        if between > best:
            best = between
            # Where nothing lies between the two, half-way.
            result = (ink, paper, (grey + _next(histogram, grey + 1)) // 2 + 1)
    return result


def _next(histogram: list[int], grey: int) -> int:
    while grey < 255 and histogram[grey] == 0:
        grey += 1
    return grey


# ---- clustered dots ----

_CELL = 8  # pixels across at 204 dpi, two dots on its diagonal


def _finer(x_dpi: int) -> int:
    """How many times 204 dpi."""
    return max(1, round(x_dpi / 204))


@lru_cache(maxsize=4)
def _cell(width: int, height: int) -> tuple[int, ...]:
    """Thresholds of a cell of dots at 45 degrees: as it gets darker the dots grow from two points."""

    def height_at(x: int, y: int) -> float:
        across, down = 2 * math.pi * (x + 0.5) / width, 2 * math.pi * (y + 0.5) / height
        return math.cos(across) * math.cos(down) + 1e-6 * (x + y * width)  # no two alike

    places = sorted((height_at(x, y), x, y) for y in range(height) for x in range(width))
    cell = [0] * (width * height)
    for rank, (_, x, y) in enumerate(places):
        cell[y * width + x] = 1 + round(253 * (rank + 0.5) / len(places))
    return tuple(cell)


def by_dots(grey: Image.Image, x_dpi: int, y_dpi: int) -> Image.Image:
    """In one bit by clustered dots, some 36 lines to the inch: few and long runs, so it codes well."""
    from PIL import Image, ImageChops, ImageOps

    grey = ImageOps.autocontrast(grey, cutoff=1)
    width = _CELL * _finer(x_dpi)
    height = max(2, 2 * round(width * y_dpi / x_dpi / 2))
    screen = Image.new("L", grey.size)
    cell = Image.new("L", (width, height))
    cell.putdata(_cell(width, height))
    screen.paste(cell, (0, 0))
    # Doubled until it covers the page.
    across, down = width, height
    while across < grey.width:
        screen.paste(screen.crop((0, 0, across, down)), (across, 0))
        across *= 2
    while down < grey.height:
        screen.paste(screen.crop((0, 0, grey.width, down)), (0, down))
        down *= 2
    return ImageChops.subtract(screen, grey).point([255] + [0] * 255, "1")
