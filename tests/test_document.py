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
from PIL import Image, ImageDraw, ImageFile

from faxline import CallChannel, FaxToSend, sim
from faxline._workers import pool
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
    "noise": (
        lambda path: path.write_bytes(random.Random(1).randbytes(5000)),
        "no TIFF, image, PDF or text file",
    ),
    "text": (lambda path: path.write_text("Dear Sir or Madam"), "no TIFF, image, PDF or text file"),
    "pdf": (lambda path: path.write_bytes(b"%PDF-1.7\n"), "the PDF is broken or cut short"),
    "cut": (lambda path: (pages.save_fax(path, 1), os.truncate(path, 40)), "bad.tif"),
    "cut raw": (lambda path: (pages.fax_page().save(path, "PNG"), os.truncate(path, 300)), "page 1"),
    "third page broken": (broken_third, "page 3"),
    "header only": (lambda path: path.write_bytes(b"II*\0\x08\0\0\0"), "bad.tif"),
    "ten bits": (
        lambda path: path.write_bytes(
            pages.tiff(
                [
                    tag if tag[0] != 258 else (258, pages.SHORT, [10])
                    for tag in pages.bilevel_tags(64, 8, 640)
                ],
                bytes(640),
            )
        ),
        "a TIFF that is broken, cut short or of a kind that cannot be read",
    ),
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
    pool.close()
    handles = len(os.listdir("/proc/self/fd"))
    assert sender.start(FaxToSend(path)) is False
    assert (sender.cause(), sender.state()) == (sender.Cause.ERROR, sender.State.ERROR)
    details = sender.Details
    assert details.raw_cause == "local.document"
    assert "bad.tif" in details.raw_cause_text
    assert words in details.raw_cause_text
    assert details.last_page is True
    pool.close()
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


# ---- which pages ----


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ("", [1, 2, 3]),
        ("2", [2]),
        ("3,1", [3, 1]),
        ("2-", [2, 3]),
        (" 1 - 2 , 2-3", [1, 2, 2, 3]),
        ("3-", [3]),
    ],
)
def test_page_ranges(tmp_path: Path, ranges: str, expected: list[int]) -> None:
    made = pages.save_fax(tmp_path / "a.tif", 3)
    fax = FaxToSend(tmp_path / "a.tif", pages=ranges)
    assert fax.count_pages() == len(expected)
    got = []
    for page in fax.pages():
        assert page.decode is not None
        got.append(page.decode().rows)
    assert got == [pages.rows(made[number - 1]) for number in expected]


@pytest.mark.parametrize("ranges", ["4", "2-4", "9-", "1,4"])
def test_pages_that_are_not_there(tmp_path: Path, connected: CallChannel, ranges: str) -> None:
    pages.save_fax(tmp_path / "a.tif", 3)
    assert connected.FaxSender.send(FaxToSend(tmp_path / "a.tif", pages=ranges)) == "ERROR"
    assert "a.tif: it has no page" in connected.FaxSender.Details.raw_cause_text


@pytest.mark.parametrize("ranges", ["0", "3-1", "a", "1,,2", "-3", "1-2-3", "999999", "\uff11"])
def test_ranges_that_are_none(ranges: str) -> None:
    fax = FaxToSend("before.tif")
    with pytest.raises(ValueError, match="pages"):
        fax.set_content("a.tif", pages=ranges)
    assert fax.names == ("before.tif",)


@given(st.text(alphabet="0123456789-, a", max_size=12))
def test_any_range_is_pages_or_a_sentence(text: str) -> None:
    with suppress(ValueError):
        FaxToSend("a.tif", pages=text)


def test_several_files_each_in_its_way(tmp_path: Path) -> None:
    made = pages.save_fax(tmp_path / "a.tif", 3)
    Image.new("L", (600, 800), 128).save(tmp_path / "b.png")
    (tmp_path / "c.txt").write_text("Dear Sir")
    fax = FaxToSend(tmp_path / "a.tif", pages="3")
    fax.add_content(tmp_path / "b.png", photo=True)
    fax.add_content(tmp_path / "b.png")
    fax.add_content(tmp_path / "c.txt", paper="letter")
    found = []
    for page in fax.pages():  # a coded page is decoded while its file is open
        found.append(page.decode() if page.code is not None and page.decode is not None else page)
    first, dots, solid, text = found
    assert first.rows == pages.rows(made[2])
    black = [sum(octet.bit_count() for octet in page.rows) / (8 * len(page.rows)) for page in (dots, solid)]
    assert black[0] == pytest.approx(0.5, abs=0.05)
    assert black[1] in (0, 1)
    assert (text.row_count, text.place) == (11 * 196, f"page 1 of {tmp_path / 'c.txt'}")


def test_layers_are_no_pages(tmp_path: Path) -> None:
    """Pillow counts a PSD's pictures from 1, and a fax of one had no pages."""
    header = b"8BPS\0\x01" + bytes(6) + struct.pack(">HIIHH", 1, 300, 400, 8, 1)
    (tmp_path / "a.psd").write_bytes(header + bytes(4 + 4 + 4) + b"\0\0" + bytes(300 * 400))
    fax = FaxToSend(tmp_path / "a.psd")
    assert fax.count_pages() == 1
    assert len(list(fax.pages())) == 1


def test_postscript_is_not_run(tmp_path: Path) -> None:
    """Pillow would give it to Ghostscript, and this program never ends."""
    (tmp_path / "a.eps").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n{ } loop\n"
    )
    with pytest.raises(DocumentError, match="ps2pdf"):
        list(FaxToSend(tmp_path / "a.eps").pages())


def test_what_is_prepared_is_what_goes_out(tmp_path: Path) -> None:
    """Its pages were converted before the call, and are sent by their code."""
    picture = Image.new("L", (850, 1100), 255)
    ImageDraw.Draw(picture).polygon([(100, 100), (700, 300), (200, 900)], fill=0)
    picture.save(tmp_path / "a.png", dpi=(100, 100))
    for name in ("prepared", "not"):
        fax = FaxToSend(tmp_path / "a.png")
        if name == "prepared":
            fax.prepare()
        with CallChannel(f"sim:?save={tmp_path / name}.tif") as channel:
            channel.call("5550100")
            assert channel.FaxSender.send(fax) == "NORMAL"
    sent = pages.all_rows(tmp_path / "prepared.tif")
    assert sent == pages.all_rows(tmp_path / "not.tif")
    assert any(sent[0])
