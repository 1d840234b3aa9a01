"""Which characters a font file has: its table cmap, in formats 4 and 12. OpenType specification, "cmap"."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

_STARTS = (b"\0\1\0\0", b"OTTO", b"true")
_COLLECTION = b"ttcf"
_TABLES_MAX, _TABLE_MAX = 200, 4 << 20

# By (platform, encoding): Unicode in full, and its first 65536 characters.
_UNICODE = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0))


@dataclass(frozen=True, slots=True)
class Characters:
    """A set of characters, as ranges in order that do not touch."""

    firsts: tuple[int, ...]
    lasts: tuple[int, ...]

    def __contains__(self, letter: str) -> bool:
        index = bisect_right(self.firsts, ord(letter)) - 1
        return index >= 0 and ord(letter) <= self.lasts[index]


@lru_cache(maxsize=1024)
def characters_of(path: Path) -> Characters | None:
    """Those of the first font in a file; None of a file that is no TrueType or OpenType font."""
    try:
        with open(path, "rb") as file:
            return _ranged(_read(_table(file)))
    except (OSError, ValueError, struct.error, IndexError):
        return None


def _table(file: BinaryIO) -> bytes:
    """The table cmap. Raises ValueError."""
    start = file.read(16)
    if start[:4] == _COLLECTION:
        file.seek(struct.unpack(">I", start[12:])[0])
        start = file.read(16)
    if start[:4] not in _STARTS:
        raise ValueError("no font")
    file.seek(-4, 1)
    for _ in range(min(struct.unpack(">H", start[4:6])[0], _TABLES_MAX)):
        tag, _, at, length = struct.unpack(">4sIII", file.read(16))
        if tag == b"cmap":
            file.seek(at)
            return file.read(min(length, _TABLE_MAX))
    raise ValueError("no cmap")


def _read(table: bytes) -> list[tuple[int, int]]:
    """Ranges of characters that have a glyph. Raises ValueError, struct.error, IndexError."""
    (count,) = struct.unpack_from(">H", table, 2)
    found = {}
    for number in range(count):
        platform, encoding, at = struct.unpack_from(">HHI", table, 4 + 8 * number)
        found[platform, encoding] = at
    for kind in _UNICODE:
        if kind in found:
            part = table[found[kind] :]
            match struct.unpack_from(">H", part)[0]:
                case 4:
                    return _format_4(part)
                case 12:
                    return _format_12(part)
    raise ValueError("no cmap of Unicode")


def _format_4(part: bytes) -> list[tuple[int, int]]:
    """Segments of the first 65536 characters: a shift, or a place in a list of glyphs."""
    segments = struct.unpack_from(">H", part, 6)[0] // 2
    words = array("H", part[: len(part) & ~1])
    if struct.pack("=H", 1) != struct.pack(">H", 1):
        words.byteswap()
    ends, starts = 7, 8 + segments
    ranges = []
    for number in range(segments):
        first, last = words[starts + number], words[ends + number]
        shift = words[starts + segments + number]
        at = starts + 2 * segments + number
        if words[at] == 0:
            # The one character that the shift takes to glyph 0 has none.
            none = -shift & 0xFFFF
            ranges += [(first, min(last, none - 1)), (max(first, none + 1), last)]
            continue
        glyphs = words[at + words[at] // 2 :][: last - first + 1]
        ranges += [(code, code) for code, glyph in enumerate(glyphs, first) if glyph]
    return ranges


def _format_12(part: bytes) -> list[tuple[int, int]]:
    """Groups of characters whose glyphs follow each other."""
    (count,) = struct.unpack_from(">I", part, 12)
    groups = struct.iter_unpack(">III", part[16 : 16 + 12 * count])
    return [(first + (glyph == 0), min(last, 0x10FFFF)) for first, last, glyph in groups]


def _ranged(ranges: list[tuple[int, int]]) -> Characters:
    """In order, those that touch as one."""
    firsts: list[int] = []
    lasts: list[int] = []
    for first, last in sorted(ranges):
        if first > last:
            continue
        if lasts and first <= lasts[-1] + 1:
            lasts[-1] = max(lasts[-1], last)
        else:
            firsts.append(first)
            lasts.append(last)
    return Characters(tuple(firsts), tuple(lasts))
