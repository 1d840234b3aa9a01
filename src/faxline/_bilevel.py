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
    level = (_THIN if reduction > 1.2 else _HALF) if bilevel else _level(grey.histogram())
    return grey.point([0] * level + [255] * (256 - level), "1")


def _level(histogram: list[int]) -> int:
    """The first grey that is white."""
    total = sum(histogram)
    if sum(histogram[_CLEAN_PAPER:]) * 2 >= total:
        return _CLEAN
    ink, paper, level = _otsu(histogram)
    if paper - ink < _CONTRAST_MIN:
        return _HALF
    level = round(level + 0.15 * (paper - level))  # thin strokes are greyer than the thick ones
    return min(max(level, _LEVELS[0]), _LEVELS[1])


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
