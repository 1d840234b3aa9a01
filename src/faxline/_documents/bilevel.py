"""Grey to one bit.

A threshold by default: a fax is text. Error diffusion is nowhere: its scattered dots defeat every fax coding
and multiply the time on the line. Pictures get clustered dots where they are asked for.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

_HALF = 129  # half-way grey is black: a line one row high stays when rows are merged in pairs
_CLEAN = 160  # on paper that is white throughout: keeps hairlines and grey text, drops light shading
_CLEAN_PAPER = 250
_THIN = 178  # of black and white that was reduced: less than a third of a pixel is ink enough

_CONTRAST_MIN = 40  # between ink and paper; with less there is only one of them
_LEVELS = (64, 215)


def by_threshold(grey: Image.Image, *, bilevel: bool, reduction: float) -> Image.Image:
    """In one bit by one level for the page. bilevel: the source was black and white. reduction: by how much
    it was made smaller."""
    if bilevel:
        level = _THIN if reduction > 1.2 else _HALF
    else:
        histogram = grey.histogram()
        paper = None if _is_clean(histogram) else _uneven_paper(grey)
        if paper is not None:
            from PIL import ImageChops

            return ImageChops.subtract(paper, grey).point([255] + [0] * 255, "1")
        level = _level(histogram)
    return grey.point([0] * level + [255] * (256 - level), "1")


def _is_clean(histogram: list[int]) -> bool:
    return sum(histogram[_CLEAN_PAPER:]) * 2 >= sum(histogram)


def _level(histogram: list[int]) -> int:
    """The first grey that is white."""
    if _is_clean(histogram):
        return _CLEAN
    ink, paper, level = _otsu(histogram)
    if paper - ink < _CONTRAST_MIN:
        return _HALF
    level = round(level + 0.15 * (paper - level))  # thin strokes are greyer than the thick ones
    return min(max(level, _LEVELS[0]), _LEVELS[1])


# ---- photographs of paper: light that is uneven ----

_CELL_PX = 8
_NEAR = 5, 3  # a window of cells, and how often: half an inch in all, wider than writing
_INK_SHARE = 0.74  # of the paper around it; what is lighter is white
_DARKEST = 0.33  # of the lightest paper: what is darker is no paper in a shadow, but ink
_UNEVEN = 0.8
_BETWEEN = 0.1


def _uneven_paper(grey: Image.Image) -> Image.Image | None:
    """What the paper would have to be darker than at each place to be ink, when the light falls unevenly;
    None for a page in even light, and for one that has grey areas with edges rather than shadows."""
    from PIL import Image, ImageFilter

    if min(grey.size) < 16 * _CELL_PX:
        return None
    paper = grey.reduce(_CELL_PX)
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

_CELL = 8  # pixels across, two dots on its diagonal


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
    height = max(2, 2 * round(_CELL * y_dpi / x_dpi / 2))
    screen = Image.new("L", grey.size)
    cell = Image.new("L", (_CELL, height))
    cell.putdata(_cell(_CELL, height))
    screen.paste(cell, (0, 0))
    # Doubled until it covers the page.
    across, down = _CELL, height
    while across < grey.width:
        screen.paste(screen.crop((0, 0, across, down)), (across, 0))
        across *= 2
    while down < grey.height:
        screen.paste(screen.crop((0, 0, grey.width, down)), (0, down))
        down *= 2
    return ImageChops.subtract(screen, grey).point([255] + [0] * 255, "1")
