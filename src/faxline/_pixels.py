"""Grey pixels to the rows of a fax page, by the C engine (csrc/raster/)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from faxline._faxline import ffi, lib


class Kind(IntEnum):
    """What becomes of a picture's greys."""

    GREY = lib.FL_PICTURE_GREY
    """Black and white by levels that are found on the page."""
    BILEVEL = lib.FL_PICTURE_BILEVEL
    """It was black and white: where it gets smaller, less than half of a pixel is ink enough."""
    DRAWN = lib.FL_PICTURE_DRAWN
    """It was drawn in black on white, finer than it will be: half is ink."""
    DOTS = lib.FL_PICTURE_DOTS
    """Clustered dots."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A cell of dots: thresholds from the top, as they repeat across and down."""

    width: int
    height: int
    levels: bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture on its page, in pixels: as large as it comes, as it will be, and the paper in whose middle it
    stands, at the top."""

    from_width: int
    from_height: int
    width: int
    height: int
    paper: int
    x_dpi: int
    kind: Kind
    invert: bool = False
    screen: Screen | None = None


def rows(sheet: Sheet, bands: Iterable[Any], stride: int = 0) -> tuple[bytes, bool]:
    """The page's rows: packed, most significant bit leftmost, 1 = black; and whether there are dots on it.
    bands: the picture from its top in pieces of whole rows, as buffers of grey pixels, 0 black. stride:
    octets from a row to the next, where that is not the width. Raises ValueError for a sheet that cannot
    be, and for more or fewer rows than it has."""
    screen = sheet.screen
    levels = ffi.NULL if screen is None else ffi.from_buffer("uint8_t[]", screen.levels)
    asked = ffi.new(
        "struct fl_sheet *",
        {
            "from_width_px": sheet.from_width,
            "from_height_px": sheet.from_height,
            "width_px": sheet.width,
            "height_px": sheet.height,
            "paper_px": sheet.paper,
            "x_dpi": sheet.x_dpi,
            "kind": sheet.kind,
            "invert": sheet.invert,
            "screen": levels,
            "screen_width": 0 if screen is None else screen.width,
            "screen_height": 0 if screen is None else screen.height,
        },
    )
    made = ffi.new("struct fl_raster **")
    _check(lib.fl_raster_new(asked, made))
    try:
        for band in bands:
            # The last one stays until the page is there: it may be the picture.
            grey = ffi.from_buffer("uint8_t[]", band)
            _check(lib.fl_raster_feed(made[0], grey, len(grey), stride or sheet.from_width))
        packed = bytearray((sheet.paper + 7) // 8 * sheet.height)
        dots = lib.fl_raster_page(made[0], ffi.from_buffer("uint8_t[]", packed), len(packed))
        _check(dots)
    finally:
        lib.fl_raster_free(made[0])
    return bytes(packed), bool(dots)


class Glyphs:
    """The pictures of letters, each once, and what is written with them."""

    def __init__(self) -> None:
        self._bits = bytearray()
        self._glyphs: list[tuple[int, int, int, int, int]] = []

    def add(self, width: int, left: int, top: int, rows: bytes) -> int:
        """A picture, packed as a page is; left, top: from the place of its cell. Returns its number, from 1;
        0 for one without ink."""
        octets = (width + 7) // 8
        while rows[:octets] and not any(rows[:octets]):
            rows, top = rows[octets:], top + 1
        rows = rows[: -(-len(rows.rstrip(b"\0")) // octets) * octets]
        if rows:
            self._glyphs.append((width, len(rows) // octets, left, top, len(self._bits)))
            self._bits += rows
        return len(self._glyphs) if rows else 0

    def page(
        self, width: int, row_count: int, cells: array[int], x: Sequence[int], y: Sequence[int]
    ) -> bytes:
        """The rows of a page. cells: line by line the numbers of glyphs; x, y: where each column and each
        line begins. Raises ValueError for numbers that are not there."""
        packed = bytearray((width + 7) // 8 * row_count)
        glyphs = ffi.new("struct fl_glyph[]", self._glyphs)
        columns, lines = ffi.new("int32_t[]", list(x)), ffi.new("int32_t[]", list(y))
        bits, numbers = ffi.from_buffer("uint8_t[]", self._bits), ffi.from_buffer("uint16_t[]", cells)
        text = ffi.new(
            "struct fl_text *",
            {
                "width_px": width,
                "row_count": row_count,
                "bits": bits,
                "length": len(self._bits),
                "glyphs": glyphs,
                "glyph_count": len(self._glyphs),
                "column_count": len(x),
                "line_count": len(cells) // len(x),
                "cells": numbers,
                "x": columns,
                "y": lines,
            },
        )
        if len(y) < len(cells) // len(x):
            raise ValueError("fewer places than lines")
        _check(lib.fl_raster_text(text, ffi.from_buffer("uint8_t[]", packed), len(packed)))
        return bytes(packed)


def _check(outcome: int) -> None:
    if outcome == lib.FL_E_MEMORY:
        raise MemoryError
    if outcome < 0:
        raise ValueError("no such picture on a fax page")
