"""Grey to one bit: what the engine's raster room is told to do with a picture.

A threshold by default: a fax is text. Error diffusion is nowhere: its scattered dots defeat every fax coding
and multiply the time on the line. Pictures get clustered dots where they are asked for.
"""

from __future__ import annotations

import math
from functools import lru_cache

from faxline._pixels import Screen

_CELL = 8  # pixels across at 204 dpi, two dots on its diagonal


@lru_cache(maxsize=4)
def screen(x_dpi: int, y_dpi: int) -> Screen:
    """Thresholds of a cell of dots at 45 degrees, some 36 lines to the inch: as it gets darker the dots grow
    from two points. Few and long runs, so it codes well."""
    width = _CELL * max(1, round(x_dpi / 204))
    height = max(2, 2 * round(width * y_dpi / x_dpi / 2))

    def height_at(x: int, y: int) -> float:
        across, down = 2 * math.pi * (x + 0.5) / width, 2 * math.pi * (y + 0.5) / height
        return math.cos(across) * math.cos(down) + 1e-6 * (x + y * width)  # no two alike

    places = sorted((height_at(x, y), x, y) for y in range(height) for x in range(width))
    levels = bytearray(width * height)
    for rank, (_, x, y) in enumerate(places):
        levels[y * width + x] = 1 + round(253 * (rank + 0.5) / len(places))
    return Screen(width, height, bytes(levels))
