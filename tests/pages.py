"""Pages and TIFF files for tests."""

import struct
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from faxline._documents.pages import FaxPage
from faxline._engine.binding import ffi, lib
from faxline.document import FaxToSend


def fax_page(number: int = 1, width: int = 1728, height: int = 240) -> Image.Image:
    """A page in one bit with something to code on it: bars, a circle, a diagonal, its number."""
    page = Image.new("1", (width, height), 1)
    draw = ImageDraw.Draw(page)
    for bar in range(number):
        draw.rectangle((40 + 60 * bar, 20, 70 + 60 * bar, height - 20), fill=0)
    draw.ellipse((width // 2 - 90, 20, width // 2 + 90, height - 20), outline=0, width=3)
    draw.line((0, 0, width - 1, height - 1), fill=0)
    draw.text((width - 200, height // 2), f"page {number}", fill=0)
    return page


def save_fax(
    path: Path,
    count: int,
    *,
    width: int = 1728,
    height: int = 240,
    dpi: tuple[float, float] = (204, 196),
    compression: str = "group4",
) -> list[Image.Image]:
    """Writes a TIFF of fax pages and returns them."""
    made = [fax_page(number, width, height) for number in range(1, count + 1)]
    made[0].save(path, save_all=True, append_images=made[1:], compression=compression, dpi=dpi)
    return made


def rows(image: Image.Image) -> bytes:
    """A page of mode "1" as the engine has it: packed, 1 = black."""
    assert image.mode == "1"
    return image.tobytes("raw", "1;I")


def all_rows(path: Path) -> list[bytes]:
    """Every page of a file, through Pillow."""
    with Image.open(path) as image:
        found = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            found.append(rows(image))
        return found


def whole(page: FaxPage) -> FaxPage:
    """A page as rows."""
    return page if page.decode is None else page.decode()


def converted(*names: Path | str, high_res: bool | None = None) -> list[Image.Image]:
    """The fax pages of a document as images, their resolution in info["dpi"]."""
    found = []
    for page in map(whole, FaxToSend(list(map(str, names))).pages(high_res=high_res)):
        image = Image.frombytes("1", (page.width_px, page.row_count), page.rows, "raw", "1;I")
        image.info["dpi"] = (page.x_dpi, page.y_dpi)
        found.append(image)
    return found


def encode(image: Image.Image, coding: int, *, msb_first: bool) -> bytes:
    """A page in T.4 or T.6 code by the engine's codec (0 MH, 1 MR, 2 MMR)."""
    content = rows(image)
    out = ffi.new("uint8_t[]", len(content) * 4 + 1000)
    size = lib.fl_t4_encode_page(coding, 4, msb_first, image.width, 0, content, image.height, out, len(out))
    assert size > 0
    return bytes(ffi.buffer(out, size))


# ---- TIFF by hand, for what Pillow does not write ----

SHORT, LONG, RATIONAL = 3, 4, 5
Tag = tuple[int, int, Sequence[int]]


def tiff(tags: Sequence[Tag], data: bytes = b"", *, next_directory: int = 0, order: str = "<") -> bytes:
    """A TIFF of one directory. The data stands at offset 8: that is what a StripOffsets of 8 names."""
    directory_at = 8 + len(data) + len(data) % 2
    values_at = directory_at + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag, kind, numbers in sorted(tags):
        code = {SHORT: "H", LONG: "I", RATIONAL: "I"}[kind]
        content = struct.pack(f"{order}{len(numbers)}{code}", *numbers)
        count = len(numbers) // 2 if kind == RATIONAL else len(numbers)
        if len(content) <= 4:
            entries += struct.pack(f"{order}HHI", tag, kind, count) + content.ljust(4, b"\0")
        else:
            entries += struct.pack(f"{order}HHII", tag, kind, count, values_at + len(values))
            values += content + bytes(len(content) % 2)
    header = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, directory_at)
    directory = struct.pack(f"{order}H", len(tags)) + entries + struct.pack(f"{order}I", next_directory)
    return header + data + bytes(len(data) % 2) + directory + values


def bilevel_tags(
    width: int,
    height: int,
    size: int,
    *,
    compression: int = 1,
    photometric: int = 0,
    fill_order: int = 1,
    dpi: tuple[int, int] = (204, 196),
) -> list[Tag]:
    """The tags of a page of one strip."""
    return [
        (256, LONG, [width]),
        (257, LONG, [height]),
        (258, SHORT, [1]),
        (259, SHORT, [compression]),
        (262, SHORT, [photometric]),
        (266, SHORT, [fill_order]),
        (273, LONG, [8]),
        (277, SHORT, [1]),
        (278, LONG, [height]),
        (279, LONG, [size]),
        (282, RATIONAL, [dpi[0], 1]),
        (283, RATIONAL, [dpi[1], 1]),
        (296, SHORT, [2]),
    ]
