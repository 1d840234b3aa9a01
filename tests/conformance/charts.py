"""The test charts of ETS 300 242 and TSB-85, by the names that cases give them: A4, 204 x 98 dpi."""

import re
from functools import cache

from peer.t4 import Page, Row

WIDTH = 1728


def white() -> Page:
    return [[] for _ in range(1100)]


def stairstep() -> Page:
    """A black dash of 64 pixels in each row, one step further to the right."""
    return [[64 * step, 64 * step + 64] for step in range(27)] * 64


def _diagonal(first: int) -> Page:
    """Black from the diagonal on; a black row closes it."""
    return [[first + y] for y in range(1001)] + [[0]]


def duration() -> Page:
    """One row of pixels black and white in turn, between black rows, in the middle of a white page."""
    half: Page = [[0], *([[]] * 116), [0]]
    return [*half, list(range(1, WIDTH)), *reversed(half)]


DURATION_ROW = 118
"""Whose code takes the time that the chart is for."""


def error() -> Page:
    """Ten flights of stairs; rows of it are damaged on their way."""
    edge: Page = [*([[]] * 68), [0], []]
    flight: Page = [[start, start + 64] for start in range(16, 1617, 64)]
    return [*edge, *(flight * 10), *reversed(edge)]


# What is black in IMPRESS: first and last row, by so many; columns likewise; 0 erases. Rows from 1 on.
_IMPRESS = """
1 1 1 1 0 1727 1|2 78 1 1 850 877 1|2 78 1 1 1622 1648 1|80 117 1 2 0 1727 1|118 155 1 2 1 1727 1
194 231 2 1 0 1727 1|270 276 1 1 60 1667 1|315 315 1 27 0 1727 1|354 480 1 1 209 768 1|358 476 1 1 488 489 0
417 417 1 1 217 760 0|354 357 1 1 962 1521 1|477 480 1 1 962 1521 1|358 476 1 1 962 969 1
358 476 1 1 1514 1521 1|358 476 1 1 1241 1241 1|417 417 1 1 970 1513 1|354 1079 1 1 864 864 1
157 926 1 1 884 899 1
"""


def impress() -> Page:
    rows = [bytearray(WIDTH) for _ in range(1079)]
    for area in re.split(r"[|\n]", _IMPRESS.strip()):
        top, bottom, down, across, left, right, colour = map(int, area.split())
        for y in range(top - 1, bottom, down):
            for x in range(left, right + 1, across):
                rows[y][x] = colour
    return [_changes(row) for row in rows]


def _changes(pixels: bytearray) -> Row:
    return [x for x, pixel in enumerate(pixels) if pixel != (pixels[x - 1] if x else 0)]


_CHARTS = {
    "white": lambda: [white()],
    "white_2p": lambda: [white(), white()],
    "stairstep": lambda: [stairstep()],
    "diago1": lambda: [_diagonal(0)],
    "diago2": lambda: [_diagonal(728)],
    "duration1": lambda: [duration()],
    "duration2": lambda: [duration()],
    "error": lambda: [error()],
    "impress": lambda: [impress()],
    "impress_white": lambda: [impress(), white()],
}


@cache
def chart(file: str) -> list[Page]:
    """The pages of a chart. file: its name in a case, with or without what stands around it."""
    pages = _CHARTS[file.removesuffix(".tif").rpartition("a4_")[2]]()
    return [[[edge for edge in row if edge < WIDTH] for row in page] for page in pages]
