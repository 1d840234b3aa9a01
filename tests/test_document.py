"""FaxToSend: what becomes of a document, good or bad."""

import os
import random
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pages
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from faxline import CallChannel, FaxToSend, sim
from faxline.document import DocumentError


def only(path: Path, **keywords: bool | None) -> Image.Image:
    (page,) = pages.converted(path, **keywords)
    return page


# ---- a fax page passes through, to the bit ----


@pytest.mark.parametrize(
    "compression", ["raw", "group3", "group4", "tiff_lzw", "tiff_adobe_deflate", "packbits"]
)
def test_compressions_pass_through(tmp_path: Path, compression: str) -> None:
    made = pages.save_fax(tmp_path / "a.tif", 3, compression=compression)
    assert [pages.rows(page) for page in pages.converted(tmp_path / "a.tif")] == list(map(pages.rows, made))


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("fill_order", [1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
def test_photometrics_fill_orders_and_byte_orders(
    tmp_path: Path, photometric: int, fill_order: int, order: str
) -> None:
    page = pages.fax_page()
    data = pages.rows(page)
    if photometric == 1:
        data = bytes(octet ^ 0xFF for octet in data)
    if fill_order == 2:
        data = bytes(int(f"{octet:08b}"[::-1], 2) for octet in data)
    tags = pages.bilevel_tags(1728, 240, len(data), photometric=photometric, fill_order=fill_order)
    (tmp_path / "a.tif").write_bytes(pages.tiff(tags, data, order=order))
    assert pages.rows(only(tmp_path / "a.tif")) == pages.rows(page)


@pytest.mark.parametrize(("coding", "compression"), [(0, 3), (2, 4)])
@pytest.mark.parametrize("fill_order", [1, 2])
def test_coded_fill_orders(tmp_path: Path, coding: int, compression: int, fill_order: int) -> None:
    page = pages.fax_page()
    code = pages.encode(page, coding, msb_first=fill_order == 1)
    tags = pages.bilevel_tags(1728, 240, len(code), compression=compression, fill_order=fill_order)
    (tmp_path / "a.tif").write_bytes(pages.tiff(tags, code))
    assert pages.rows(only(tmp_path / "a.tif")) == pages.rows(page)


def test_tiles(tmp_path: Path) -> None:
    page = pages.fax_page(height=128)
    tiles = [page.crop((x, y, x + 64, y + 64)) for y in (0, 64) for x in range(0, 1728, 64)]
    data = b"".join(map(pages.rows, tiles))
    gone = (273, 278, 279)
    tags = [tag for tag in pages.bilevel_tags(1728, 128, 0) if tag[0] not in gone]
    tags += [
        (322, pages.SHORT, [64]),
        (323, pages.SHORT, [64]),
        (324, pages.LONG, [8 + 512 * number for number in range(len(tiles))]),
        (325, pages.LONG, [512] * len(tiles)),
    ]
    (tmp_path / "a.tif").write_bytes(pages.tiff(tags, data))
    assert pages.rows(only(tmp_path / "a.tif")) == pages.rows(page)


FAX_PAGES = [
    (1728, (204, 98), (204, 98)),
    (1728, (204, 196), (204, 196)),
    (1728, (203, 195.58), (204, 196)),
    (1728, (204, 391), (204, 391)),
    (1728, (200, 200), (200, 200)),
    (1728, (200, 100), (200, 100)),
    (2048, (204, 196), (204, 196)),
    (2432, (204, 196), (204, 196)),
    (2592, (300, 300), (300, 300)),
    (3456, (400, 400), (400, 400)),
    (3456, (408, 391), (408, 391)),
]


@pytest.mark.parametrize(("width", "dpi", "fax"), FAX_PAGES)
def test_widths_and_resolutions_pass_through(
    tmp_path: Path, width: int, dpi: tuple[float, float], fax: tuple[int, int]
) -> None:
    (made,) = pages.save_fax(tmp_path / "a.tif", 1, width=width, dpi=dpi)
    page = only(tmp_path / "a.tif")
    assert (pages.rows(page), page.info["dpi"]) == (pages.rows(made), fax)


def test_no_resolution_means_fine(tmp_path: Path) -> None:
    made = pages.fax_page()
    made.save(tmp_path / "a.tif", compression="group4")
    page = only(tmp_path / "a.tif")
    assert (pages.rows(page), page.info["dpi"]) == (pages.rows(made), (204, 196))


def test_lines_per_centimetre(tmp_path: Path) -> None:
    made = pages.fax_page()
    made.save(
        tmp_path / "a.tif", compression="group4", resolution_unit="cm", x_resolution=80.4, y_resolution=38.5
    )
    page = only(tmp_path / "a.tif")
    assert (pages.rows(page), page.info["dpi"]) == (pages.rows(made), (204, 98))


@pytest.mark.parametrize("compression", ["raw", "group3", "group4", "tiff_lzw"])
def test_bit_for_bit_through_the_line(tmp_path: Path, saved: Path, compression: str) -> None:
    made = pages.save_fax(tmp_path / "a.tif", 3, compression=compression)
    with CallChannel(sim.address(save=saved)) as channel:
        channel.call("5550100")
        assert channel.FaxSender.send(FaxToSend(tmp_path / "a.tif")) == channel.FaxSender.Cause.NORMAL
    assert pages.all_rows(saved) == list(map(pages.rows, made))


@pytest.mark.parametrize(("width", "dpi", "fax"), FAX_PAGES)
def test_every_fax_page_through_the_line(
    tmp_path: Path, saved: Path, width: int, dpi: tuple[float, float], fax: tuple[int, int]
) -> None:
    made = pages.save_fax(tmp_path / "a.tif", 2, width=width, dpi=dpi)
    with CallChannel(sim.address(save=saved)) as channel:
        channel.call("5550100")
        assert channel.FaxSender.send(FaxToSend(tmp_path / "a.tif")) == "NORMAL"
        negotiated = channel.FaxSender.Details.negotiated
        assert (negotiated["PageWidth"], negotiated["Resolution"]) == (str(width), f"{fax[0]}x{fax[1]}")
    assert pages.all_rows(saved) == list(map(pages.rows, made))
    with Image.open(saved) as image:
        assert image.info["dpi"] == fax


@pytest.mark.parametrize(("width", "dpi", "fax"), FAX_PAGES)
@pytest.mark.parametrize("number", ["5550104", "5550105"])
def test_every_fax_page_to_a_lesser_machine(
    tmp_path: Path, saved: Path, width: int, dpi: tuple[float, float], fax: tuple[int, int], number: str
) -> None:
    """Scaled by the engine. Rows of 200 and of 204 x 196 dpi stand for each other, as on every fax machine:
    4 %."""
    pages.save_fax(tmp_path / "a.tif", 1, width=width, dpi=dpi)
    with CallChannel(sim.address(save=saved)) as channel:
        channel.call(number)
        assert channel.FaxSender.send(FaxToSend(tmp_path / "a.tif")) == "NORMAL"
    with Image.open(saved) as image:
        assert image.width == 1728
        assert image.height / image.info["dpi"][1] == pytest.approx(
            240 / fax[1] * min(1, 1728 / 204 * fax[0] / width), rel=0.05
        )


def test_several_files_form_one_fax(tmp_path: Path, saved: Path) -> None:
    first = pages.save_fax(tmp_path / "a.tif", 2)
    second = pages.fax_page(7)
    second.save(tmp_path / "b.png", dpi=(204, 196))
    fax = FaxToSend([tmp_path / "a.tif", tmp_path / "b.png"])
    assert fax.names == (str(tmp_path / "a.tif"), str(tmp_path / "b.png"))
    with CallChannel(sim.address(save=saved)) as channel:
        channel.call("5550100")
        assert channel.FaxSender.send(fax) == "NORMAL"
        assert channel.FaxSender.Details.pages == 3
    assert pages.all_rows(saved)[:2] == list(map(pages.rows, first))


# ---- other pages are brought to one ----


def ring_box(page: Image.Image) -> tuple[float, float]:
    """Width and height of what is black, in inches."""
    box = page.convert("L").point(lambda value: 255 - value).getbbox()
    assert box is not None
    x_dpi, y_dpi = page.info["dpi"]
    return (box[2] - box[0]) / x_dpi, (box[3] - box[1]) / y_dpi


@pytest.mark.parametrize("dpi", [(204, 98), (100, 100), (300, 300), (200, 400), (600, 300), (150, 75)])
@pytest.mark.parametrize("high_res", [None, True, False])
def test_a_square_stays_square(tmp_path: Path, dpi: tuple[int, int], high_res: bool | None) -> None:
    image = Image.new("L", (6 * dpi[0], 8 * dpi[1]), 255)
    image.paste(0, (dpi[0], 2 * dpi[1], 4 * dpi[0], 5 * dpi[1]))
    image.save(tmp_path / "a.tif", dpi=dpi)
    page = only(tmp_path / "a.tif", high_res=high_res)
    assert page.width == 1728
    assert page.info["dpi"][0] == 204
    assert ring_box(page) == pytest.approx((3, 3), abs=0.03)


@pytest.mark.parametrize(
    ("dpi", "high_res", "lines"),
    [
        ((200, 200), None, 196),
        ((300, 150), None, 196),
        ((300, 149), None, 98),
        ((72, 72), None, 98),
        (None, None, 196),
        ((300, 300), False, 98),
        ((72, 72), True, 196),
    ],
)
def test_lines_per_inch(
    tmp_path: Path, dpi: tuple[int, int] | None, high_res: bool | None, lines: int
) -> None:
    image = Image.new("L", (600, 800), 0)
    image.save(tmp_path / "a.png", **({"dpi": dpi} if dpi else {}))
    assert only(tmp_path / "a.png", high_res=high_res).info["dpi"] == (204, lines)


def test_no_resolution_fits_the_page(tmp_path: Path) -> None:
    Image.new("L", (500, 600), 0).save(tmp_path / "a.png")
    page = only(tmp_path / "a.png")
    assert page.size == (1728, round(600 / 500 * 1728 * 196 / 204))
    assert page.getextrema() == (0, 0)


def test_a_wide_page_lies_on_its_side(tmp_path: Path) -> None:
    image = Image.new("L", (int(11.69 * 200), int(8.27 * 200)), 255)
    image.paste(0, (0, 0, 200, 200))  # top left goes to bottom left, anticlockwise
    image.save(tmp_path / "a.tif", dpi=(200, 200))
    page = only(tmp_path / "a.tif")
    assert (page.width, page.height) == (1728, pytest.approx(11.69 * 196, abs=2))
    assert ring_box(page) == pytest.approx((1, 1), abs=0.02)


@pytest.mark.parametrize(
    ("inches", "width"), [(8.5, 1728), (8.27, 1728), (10.0, 2048), (11.69, 2432), (20.0, 1728)]
)
def test_paper_for_scans(tmp_path: Path, inches: float, width: int) -> None:
    Image.new("1", (int(inches * 300), int(inches * 1.4 * 300)), 1).save(tmp_path / "a.tif", dpi=(300, 300))
    assert only(tmp_path / "a.tif").width == width


def test_a_screen_resolution_is_no_paper(tmp_path: Path) -> None:
    Image.new("L", (800, 1000), 0).save(tmp_path / "a.png", dpi=(72, 72))
    assert only(tmp_path / "a.png").width == 1728


def test_doubling_the_lines_repeats_them(tmp_path: Path) -> None:
    (made,) = pages.save_fax(tmp_path / "a.tif", 1, dpi=(204, 98))
    page = only(tmp_path / "a.tif", high_res=True)
    assert pages.rows(page) == pages.rows(made.resize((1728, 480), Image.Resampling.NEAREST))


def test_merging_lines_keeps_thin_ones(tmp_path: Path) -> None:
    image = Image.new("1", (1728, 200), 1)
    image.paste(0, (100, 50, 1600, 51))
    image.save(tmp_path / "a.tif", dpi=(204, 196), compression="group4")
    page = only(tmp_path / "a.tif", high_res=False)
    assert page.size == (1728, 100)
    assert ring_box(page) == pytest.approx((1500 / 204, 1 / 98))


# ---- kinds of pixels: dark left half, light right half ----


def halves(mode: str, dark: object, light: object) -> Image.Image:
    image = Image.new(mode, (864, 100), light)  # type: ignore[arg-type]
    image.paste(dark, (0, 0, 432, 100))  # type: ignore[arg-type]
    return image


def deep_tiff(bits: int, dark: int, light: int, photometric: int) -> bytes:
    code = {16: "H", 32: "I"}[bits]
    data = struct.pack(f"<864{code}", *([dark] * 432 + [light] * 432)) * 100
    gone = (258, 282, 283)  # without a resolution it fits the page
    tags = [
        tag for tag in pages.bilevel_tags(864, 100, len(data), photometric=photometric) if tag[0] not in gone
    ]
    return pages.tiff([*tags, (258, pages.SHORT, [bits])], data)


KINDS: dict[str, Callable[[Path], object]] = {
    "grey": lambda path: halves("L", 100, 150).save(path, "TIFF"),
    "colour": lambda path: halves("RGB", (90, 20, 20), (250, 240, 90)).save(path, "TIFF"),
    "palette": lambda path: halves("RGB", (90, 20, 20), (250, 240, 90)).quantize(4).save(path, "TIFF"),
    "cmyk": lambda path: halves("CMYK", (200, 200, 200, 90), (10, 10, 60, 0)).save(path, "TIFF"),
    "cmyk jpeg": lambda path: halves("CMYK", (200, 200, 200, 90), (10, 10, 60, 0)).save(path, "JPEG"),
    "lab": lambda path: halves("LAB", (40, 128, 128), (220, 128, 128)).save(path, "TIFF"),
    "ycbcr": lambda path: halves("YCbCr", (40, 128, 128), (220, 128, 128)).save(
        path, "TIFF", compression="jpeg"
    ),
    "transparent": lambda path: halves("RGBA", (0, 0, 0, 255), (0, 0, 0, 0)).save(path, "PNG"),
    "grey, transparent": lambda path: halves("LA", (0, 255), (0, 20)).save(path, "PNG"),
    "palette, transparent": lambda path: halves("L", 0, 1).convert("P").save(path, "PNG", transparency=1),
    "jpeg": lambda path: halves("L", 60, 200).save(path, "JPEG"),
    "gif": lambda path: halves("L", 60, 200).save(path, "GIF"),
    "bmp": lambda path: halves("RGB", (90, 20, 20), (250, 240, 90)).save(path, "BMP"),
    "16 bits": lambda path: path.write_bytes(deep_tiff(16, 25_000, 45_000, 1)),
    "16 bits, 0 is white": lambda path: path.write_bytes(deep_tiff(16, 45_000, 25_000, 0)),
    "16 bits png": lambda path: Image.frombytes(
        "I;16", (864, 100), struct.pack("<864H", *([25_000] * 432 + [45_000] * 432)) * 100
    ).save(path, "PNG"),
    "floating point": lambda path: halves("F", 0.2, 1.0).save(path, "TIFF"),
    "32 bits": lambda path: halves("I", 25_000, 65_000).save(path, "TIFF"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_pixels(tmp_path: Path, kind: str) -> None:
    KINDS[kind](tmp_path / "a")
    page = only(tmp_path / "a")
    middle = page.height // 2
    assert [page.getpixel((x, middle)) for x in (300, 1400)] == [0, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
def test_orientation(tmp_path: Path, orientation: int, kind: str) -> None:
    """The same upright page however it lies in the file: black top left."""
    upright = Image.new("L", (400, 560), 255)
    upright.paste(0, (0, 0, 100, 200))
    into = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if into is None else upright.transpose(into)
    dpi = (100, 50) if orientation < 5 else (50, 100)
    if kind == "TIFF":
        stored.save(tmp_path / "a", kind, dpi=dpi, tiffinfo={274: orientation})
    else:
        exif = Image.Exif()
        exif[274] = orientation
        stored.save(tmp_path / "a", kind, dpi=dpi, exif=exif)
    page = only(tmp_path / "a")
    box = page.convert("L").point(lambda value: 255 - value).getbbox()
    assert page.height == pytest.approx(560 / 50 * page.info["dpi"][1], abs=2)
    assert box is not None
    assert box[1] <= 2
    assert ring_box(page) == pytest.approx((1, 4), abs=0.05)


# ---- what cannot be sent ----


def chained(path: Path) -> None:
    """A directory whose next is itself."""
    data = pages.rows(pages.fax_page(height=60))
    tags = pages.bilevel_tags(1728, 60, len(data))
    path.write_bytes(pages.tiff(tags, data, next_directory=8 + len(data)))


def broken_third(path: Path) -> None:
    pages.save_fax(path, 3, compression="tiff_lzw")
    content = path.read_bytes()
    with Image.open(path) as image:
        image.seek(2)
        offset = image.tag_v2[273][0]
    path.write_bytes(content[:offset] + b"\xff" * 40 + content[offset + 40 :])


def with_size(width: int, height: int) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(pages.tiff(pages.bilevel_tags(width, height, 10), bytes(10)))


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "No such file"),
    "directory": (lambda path: path.mkdir(), "directory"),
    "empty": (lambda path: path.write_bytes(b""), "empty"),
    "noise": (lambda path: path.write_bytes(random.Random(1).randbytes(5000)), "neither a TIFF nor an image"),
    "text": (lambda path: path.write_text("Dear Sir or Madam"), "neither a TIFF nor an image"),
    "pdf": (lambda path: path.write_bytes(b"%PDF-1.7\n"), "PDF"),
    "cut": (lambda path: (pages.save_fax(path, 1), os.truncate(path, 40)), "bad.tif"),
    "cut raw": (lambda path: (pages.fax_page().save(path, "PNG"), os.truncate(path, 300)), "page 1"),
    "third page broken": (broken_third, "page 3"),
    "header only": (lambda path: path.write_bytes(b"II*\0\x08\0\0\0"), "bad.tif"),
    "no directory": (lambda path: path.write_bytes(b"II*\0\0\0\0\0"), "bad.tif"),
    "bomb": (with_size(60_000, 60_000), "too many pixels"),
    "wide": (with_size(100_000, 10), "100000 x 10"),
    "long": (with_size(1728, 65_000), "long"),
    "no width": (with_size(0, 100), "bad.tif"),
    "no height": (with_size(1728, 0), "bad.tif"),
    "too little data": (with_size(1728, 100), "page 1"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_documents(tmp_path: Path, connected: CallChannel, fax: str, what: str) -> None:
    make, words = BAD[what]
    path = tmp_path / "bad.tif"
    make(path)
    sender = connected.FaxSender
    handles = len(os.listdir("/proc/self/fd"))
    assert sender.start(FaxToSend(path)) is False
    assert (sender.cause(), sender.state()) == (sender.Cause.ERROR, sender.State.ERROR)
    details = sender.Details
    assert details.raw_cause == "local.document"
    assert "bad.tif" in details.raw_cause_text
    assert words in details.raw_cause_text
    assert details.last_page is True
    assert len(os.listdir("/proc/self/fd")) == handles
    # The channel is as good as before.
    assert sender.send(FaxToSend(fax)) == sender.Cause.NORMAL


def test_a_loop_of_directories_ends(tmp_path: Path) -> None:
    chained(tmp_path / "a.tif")
    assert len(pages.converted(tmp_path / "a.tif")) == 1


def test_no_document_named(connected: CallChannel) -> None:
    assert connected.FaxSender.send(FaxToSend()) == "ERROR"
    assert "set_content" in connected.FaxSender.Details.raw_cause_text


def test_nothing_is_opened_early(tmp_path: Path) -> None:
    fax = FaxToSend(tmp_path / "later.tif")
    fax.set_content(tmp_path / "even later.tif")
    assert fax.names == (str(tmp_path / "even later.tif"),)
    with pytest.raises(TypeError):
        FaxToSend(3)  # type: ignore[arg-type]


def test_an_animation_is_its_first_picture(tmp_path: Path) -> None:
    frames = [Image.new("L", (300, 300), 90 * number) for number in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert len(pages.converted(tmp_path / "a.gif")) == 1


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), compression=st.sampled_from(["raw", "group4", "group3", "tiff_lzw"]))
def test_damaged_files_are_a_page_or_a_sentence(tmp_path: Path, seed: int, compression: str) -> None:
    path = tmp_path / "a.tif"
    pages.save_fax(path, 2, height=40, compression=compression)
    content = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 6)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(content[: chance.randint(len(content) // 2, len(content))])
    with suppress(DocumentError):  # and nothing else
        pages.converted(path)


def test_pillow_is_left_alone(tmp_path: Path) -> None:
    def state() -> tuple[object, object]:
        return Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES

    before = state()
    pages.save_fax(tmp_path / "a.tif", 1)
    pages.converted(tmp_path / "a.tif")
    assert state() == before


def test_pillow_is_not_imported_before_a_document_is_opened() -> None:
    code = "import faxline, sys; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---- header line ----


def test_header_line_takes_the_top_and_nothing_else(tmp_path: Path, saved: Path) -> None:
    made = pages.save_fax(tmp_path / "a.tif", 2)
    with CallChannel(sim.address(save=saved), subscriber_id="+1 555 000") as channel:
        channel.call("5550100")
        header = {"HeaderLine": "{date} {time} from {id} to {to}, page {page} of {pages}"}
        assert channel.FaxSender.send(FaxToSend(tmp_path / "a.tif"), header) == "NORMAL"
    received = pages.all_rows(saved)
    strip = 1728 // 8 * (196 * 16 // 100)
    for got, sent in zip(received, map(pages.rows, made), strict=True):
        assert got[strip:] == sent[strip:]
        assert got[:strip] != sent[:strip]
        assert any(got[:strip])
    assert received[0][:strip] != received[1][:strip]
