"""A coded fax page in a TIFF of its own, as other fax programs take it."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageSequence

from faxline._faxline import ffi, lib

CODINGS = {"MH": 0, "MR": 1, "MMR": 2}
"""The engine's numbers."""
FINE_K = 4
MSB_FIRST = 1


def pages_of(fax: Path) -> Iterator[tuple[Image.Image, tuple[float, float]]]:
    """The pages of a TIFF, in one bit, and their resolution."""
    with Image.open(fax) as image:
        for page in ImageSequence.Iterator(image):
            yield page.convert("1"), page.info.get("dpi", (204, 196))


def write(path: Path, page: Image.Image, dpi: tuple[float, float], coding: str) -> None:
    """One strip; MH and MR with the RTC, of which Pillow writes none: without it efax makes up rows, and
    HylaFAX loses one."""
    rows = page.tobytes("raw", "1;I")
    room = len(rows) * 8 + 65536
    code = ffi.new("uint8_t[]", room)
    length = lib.fl_t4_encode_page(
        CODINGS[coding], FINE_K, MSB_FIRST, page.width, 0, rows, page.height, code, room
    )
    assert length > 0
    path.write_bytes(_tiff(page, dpi, coding, bytes(ffi.buffer(code, length))))


def _tiff(page: Image.Image, dpi: tuple[float, float], coding: str, code: bytes) -> bytes:
    """By hand: Pillow codes a page itself or not at all."""
    entries = [
        (256, 4, page.width),
        (257, 4, page.height),
        (258, 3, 1),
        (259, 3, 4 if coding == "MMR" else 3),  # Compression: T.6, T.4
        (262, 3, 0),
        (266, 3, 1),  # FillOrder: most significant bit first
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, page.height),
        (279, 4, len(code)),
        (282, 5, round(dpi[0])),
        (283, 5, round(dpi[1])),
        (292, 4, int(coding == "MR")),  # T4Options: two dimensions
        (296, 3, 2),
    ]
    at = 8 + len(code) + len(code) % 2
    values_at = at + 2 + 12 * len(entries) + 4
    directory, values = len(entries).to_bytes(2, "little"), b""
    for tag, kind, value in entries:
        directory += tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little")
        if kind == 5:
            directory += (values_at + len(values)).to_bytes(4, "little")
            values += value.to_bytes(4, "little") + (1).to_bytes(4, "little")
        else:
            directory += value.to_bytes(4, "little")
    header = b"II*\0" + at.to_bytes(4, "little")
    return header + code + bytes(len(code) % 2) + directory + bytes(4) + values
