"""What a page is: one that is ready for the engine, and one that came out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

REVERSED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))
"""For bytes.translate(): octets with their bits in the other order."""


class PageError(Exception):
    """The image can be read but is no page for a fax."""


class Coding(IntEnum):
    """T.4 and T.6 codings by the engine's numbers."""

    MH = 0
    MR = 1
    MMR = 2


@dataclass(slots=True)
class Code:
    """A coded page: the strips of a TIFF."""

    coding: Coding
    msb_first: bool
    inverted: bool
    """White is coded as black: photometric 1."""
    rows_per_strip: int
    strips: list[bytes]
    aligned: int = 0
    """MH without EOLs: each line begins at a multiple of so many octets of its strip; 0 anywhere."""


@dataclass(frozen=True, slots=True)
class CodedRows:
    """What reading code gave."""

    rows: int
    bad_rows: int
    first_bad_row: int
    """From 1; 0 none."""
    ended: bool
    """The last strip ended with RTC or EOFB."""


ReadCoded = Callable[[Code, int, int, int], tuple[bytes, CodedRows]]
"""The engine's decoder, read_coded() of _engine/document.py, handed down to who reads files."""


@dataclass(slots=True)
class FaxPage:
    """A page ready for the engine."""

    width_px: int
    x_dpi: int
    y_dpi: int
    row_count: int
    rows: bytes
    """Packed, most significant bit leftmost, 1 = black. Empty when there is code."""
    code: Code | None = None
    """The page as its file has it, where the engine may read that itself."""
    place: str = ""
    """Where it comes from, for messages."""
    number: int = 1
    """In its document, from 1."""
    document: int = 1
    """Of those that the fax consists of, from 1."""
    decode: Callable[[], FaxPage] | None = None
    """Gives the same page with rows, should the engine find its code damaged; while the file is open."""
    dots: bool = False
    """There is a picture on it, in clustered dots."""
    note: str = ""
    """What in its file was mended, or cannot be read: for the log."""
    strips: tuple[Strip, ...] = ()
    """Its header line, for each resolution that it may go out at."""
    header_note: tuple[str, ...] = ()
    """What the sender should know of the letters in it, sentences: with the first page of a fax."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A header line as rows: packed, most significant bit leftmost, 1 = black."""

    x_dpi: int
    y_dpi: int
    width_px: int
    row_count: int
    rows: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was received, by us or by a simulated far machine: in MMR, most significant bit first."""

    code: bytes
    width_px: int
    x_dpi: int
    y_dpi: int
    rows: int
    bad_rows: int
    number: int
    """From 1 in its call."""
    remote_id: str
    document: int = 1
    """Received by us: of those in its call, from 1; EOM ends each but the last."""
