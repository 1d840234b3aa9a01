"""Documents that are small and take all there is: one maker for each kind."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pages


def pdf(path: Path, objects: list[bytes]) -> None:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    content, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count, start = len(objects) + 1, len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    path.write_bytes(content + b"trailer <</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, start))


def stream(fields: bytes, content: bytes) -> bytes:
    return b"<<%s /Length %d>> stream\n%s\nendstream" % (fields, len(content), content)


def page(content: int, resources: bytes, box: bytes = b"0 0 595 842") -> list[bytes]:
    """The objects 1 to 3 of a document of one page, whose content is this object."""
    leaf = b"<</Type /Page /Parent 2 0 R /MediaBox [%s] /Contents %d 0 R /Resources <<%s>>>>"
    return [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        leaf % (box, content, resources),
    ]


def forms(path: Path) -> None:
    """Forms that draw forms: each ten times the next, eleven deep."""
    depth, objects = 11, page(4, b"/XObject <</F 5 0 R>>")
    objects.append(stream(b"", b"/F Do " * 10))
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]"
    for number in range(5, 5 + depth):
        following = b"/Resources <</XObject <</F %d 0 R>>>>" % (number + 1)
        objects.append(stream(form + following, b"/F Do " * 10))
    objects.append(stream(form, b"0 0 595 842 re f " * 10))
    pdf(path, objects)


def image_in_pdf(path: Path, fields: bytes, content: bytes) -> None:
    objects = page(4, b"/XObject <</I 5 0 R>>")
    objects.append(stream(b"", b"595 0 0 842 0 0 cm /I Do"))
    objects.append(stream(b"/Type /XObject /Subtype /Image " + fields, content))
    pdf(path, objects)


def jbig2(path: Path) -> None:
    """A page of 65535 x 65535 by JBIG2, of a few octets."""
    side = 65_535
    page_info = struct.pack(">IBBBI", 0, 48, 0, 1, 19) + struct.pack(">IIIIBH", side, side, 0, 0, 0, 0)
    region = struct.pack(">IIIIB", side, side, 0, 0, 0) + b"\x01" + bytes(4) + bytes(8)
    segment = struct.pack(">IBBBI", 1, 38, 0, 1, len(region)) + region
    fields = b"/Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /JBIG2Decode"
    image_in_pdf(path, fields % (side, side), page_info + segment)


def flate_in_pdf(path: Path) -> None:
    """An image of 12000 x 8000 in colour, twice compressed: 288 MB of it."""
    packer, zeros = zlib.compressobj(1), bytes(12_000 * 3 * 100)
    once = b"".join(packer.compress(zeros) for _ in range(80)) + packer.flush()
    fields = b"/Width 12000 /Height 8000 /ColorSpace /DeviceRGB /BitsPerComponent 8"
    image_in_pdf(path, fields + b" /Filter [/FlateDecode /FlateDecode]", zlib.compress(once, 9))


def huge_page(path: Path) -> None:
    """A page as wide as PDF allows none to be, and very low."""
    objects = page(4, b"", b"0 0 90000 2")
    pdf(path, [*objects, stream(b"", b"0 0 90000 2 re f")])


def png(width: int, height: int, depth: int, kind: int, channels: int) -> Callable[[Path], None]:
    """All zeros."""

    def make(path: Path) -> None:
        def chunk(name: bytes, content: bytes) -> bytes:
            whole = name + content
            return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))

        row = bytes(1 + width * channels * depth // 8)
        packer = zlib.compressobj(1)
        packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
        header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
        )

    return make


def deflated_tiff(path: Path) -> None:
    """A strip of 40000 x 40000 pixels."""
    data = zlib.compress(bytes(1 << 20), 9)
    path.write_bytes(pages.tiff(pages.bilevel_tags(40_000, 40_000, len(data), compression=8), data))


def cyclic_tiff(path: Path) -> None:
    """Two directories, each of which is behind the other."""
    data = pages.rows(pages.fax_page(height=60))
    tags = sorted(pages.bilevel_tags(1728, 60, len(data)))
    first = pages.tiff(tags, data)
    second_at = len(first) + len(first) % 2
    link = 8 + len(data) + len(data) % 2 + 2 + 12 * len(tags)
    directory = first[link - 2 - 12 * len(tags) : link]
    content = first[:link] + struct.pack("<I", second_at) + first[link + 4 :]
    content = content.ljust(second_at, b"\0") + directory + struct.pack("<I", 8 + len(data) + len(data) % 2)
    path.write_bytes(content)


def many_directories(path: Path) -> None:
    """65 535 pages, each a directory of 42 octets with the same strip."""
    tags = [(256, 1728), (257, 60), (259, 1), (262, 0), (273, 8), (278, 60), (279, 12_960)]
    size, start = 2 + 12 * len(tags) + 4, 8 + 12_960
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    body = struct.pack("<H", len(tags)) + entries
    count = 65_535
    links = [start + (number + 1) * size if number < count - 1 else 0 for number in range(count)]
    directories = b"".join(body + struct.pack("<I", link) for link in links)
    path.write_bytes(b"II*\0" + struct.pack("<I", start) + bytes(12_960) + directories)


def svg(path: Path) -> None:
    """Text that names itself over and over, for a reader of XML."""
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    path.write_text(f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a0 "ha">{entities}]><svg>&a11;</svg>')


def form_feeds(path: Path) -> None:
    """A text of many pages."""
    path.write_bytes(b"\f" * 65_535)


LIMIT = r"\(Limits\.\w+\)"

BOMBS: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "forms": ("a.pdf", forms, LIMIT),
    "JBIG2": ("a.pdf", jbig2, ""),
    "Flate twice": ("a.pdf", flate_in_pdf, ""),
    "huge page": ("a.pdf", huge_page, ""),
    "PNG": ("a.png", png(10_000, 10_000, 8, 0, 1), r"Limits\.pixels"),
    "PNG with transparency": ("a.png", png(9_000, 9_000, 8, 6, 4), LIMIT),
    "TIFF": ("a.tif", deflated_tiff, r"Limits\.pixels"),
    "cyclic TIFF": ("a.tif", cyclic_tiff, ""),
    "65535 pages": ("a.tif", many_directories, r"Limits\.pages"),
    "SVG": ("a.svg", svg, "no TIFF, image, PDF or text"),
    "form feeds": ("a.txt", form_feeds, "more than 2000 pages"),
}
"""For each the file's name, what makes it, and what the sentence says; '' where it may be a page, too."""
