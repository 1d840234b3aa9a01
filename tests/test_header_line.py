"""The header line: drawn at every resolution, on the page or above it, never on its ink, never with a
coding error."""

import dataclasses
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pages
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from faxline import CallChannel, FaxToSend, sim
from faxline._documents import header_line
from faxline._documents.fields import Facts, fill, template_fault, zone_name
from faxline._documents.header_line import GRIDS, HeaderLine, Strip, draw
from faxline._engine.binding import ffi, lib
from faxline._engine.document import Document, PageRefused
from faxline._engine.tables import CODINGS
from faxline.preview import Preview

NOW = datetime(2026, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))
FACTS = Facts(to="5550100", subscriber_id="+1 555 000", name="Ärzte & Söhne", pages=12, now=NOW)

FORMATS = [
    (1728, 204, 98),
    (1728, 204, 196),
    (1728, 204, 391),
    (2048, 204, 196),
    (2432, 204, 98),
    (3456, 408, 391),
    (1728, 200, 100),
    (1728, 200, 200),
    (1728, 200, 400),
    (2592, 300, 300),
    (3456, 400, 400),
]


def coded(document: Document, page: int, width: int, x_dpi: int, y_dpi: int, coding: str) -> bytes:
    """The rows of a page that went through a coding; that it decodes without a bad row is asserted."""
    made = document.coded_page(page, width, x_dpi, y_dpi, coding)
    rows = ffi.new("uint8_t[]", (width + 7) // 8 * (made.rows + 10))
    bad, ended = ffi.new("int64_t *"), ffi.new("int32_t *")
    code = ffi.from_buffer("uint8_t[]", made.code)
    count = lib.fl_t4_decode_page(
        CODINGS.index(coding), 1, width, code, len(made.code), rows, made.rows + 10, bad, ended
    )
    assert (count, bad[0], ended[0]) == (made.rows, 0, 1)
    return bytes(ffi.buffer(rows, (width + 7) // 8 * made.rows))


def document_of(content: bytes, width: int, x_dpi: int, y_dpi: int, strips: list[Strip]) -> Document:
    document = Document()
    document.add_page(width, x_dpi, y_dpi, content, len(content) // ((width + 7) // 8))
    for strip in strips:
        document.add_header(strip)
    return document


def widened(strip: Strip, width: int) -> bytes:
    """The rows of a strip on a page of this width."""
    image = Image.frombytes("1", (strip.width_px, strip.row_count), strip.rows, "raw", "1;I")
    page = Image.new("1", (width, strip.row_count), 1)
    page.paste(image, (0, 0))
    return pages.rows(page)


@pytest.mark.parametrize(("width", "x_dpi", "y_dpi"), FORMATS)
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("white", [0, 1, 7, 1000])
def test_every_format_and_coding(width: int, x_dpi: int, y_dpi: int, coding: str, white: int) -> None:
    """The strip stands for white rows at the top; what has ink comes after it, to the bit."""
    header = HeaderLine("{date} {time} {zone} {name} {id} -> {to} {page}/{pages}", FACTS)
    strips = header.strips(3, x_dpi, y_dpi)
    (own,) = [strip for strip in strips if (strip.y_dpi > y_dpi * 0.9 and strip.x_dpi > x_dpi * 0.9)]
    row = (width + 7) // 8
    below = pages.rows(pages.fax_page(2, width, 300))
    document = document_of(bytes(row * white) + below, width, x_dpi, y_dpi, strips)
    got = coded(document, 0, width, x_dpi, y_dpi, coding)
    assert got[: row * own.row_count] == widened(own, width)
    spared = max(0, white - own.row_count)
    assert got[row * own.row_count :] == bytes(row * spared) + below
    document.close()


@settings(max_examples=80)
@given(
    white=st.integers(0, 60),
    ink=st.integers(0, 40),
    strip_rows=st.integers(1, 128),
    strip_width=st.integers(1, 1728),
    seed=st.randoms(use_true_random=False),
    coding=st.sampled_from(CODINGS),
)
def test_any_strip_on_any_page(
    white: int, ink: int, strip_rows: int, strip_width: int, seed: object, coding: str
) -> None:
    """Also pages that are shorter than the strip, and all white."""
    if white + ink == 0:
        return
    content = bytes(216 * white) + seed.randbytes(216 * ink)  # type: ignore[attr-defined]
    octets = (strip_width + 7) // 8
    unused = 0xFF << (-strip_width % 8) & 0xFF
    made = bytearray(seed.randbytes(octets * strip_rows))  # type: ignore[attr-defined]
    for row in range(strip_rows):
        made[(row + 1) * octets - 1] &= unused
    strip = Strip(204, 196, strip_width, strip_rows, bytes(made))
    document = document_of(content, 1728, 204, 196, [strip])
    lead = len(content) - len(content.lstrip(b"\0"))
    dropped = min(lead // 216, strip_rows)
    expected = widened(strip, 1728) + content[216 * dropped :]
    assert coded(document, 0, 1728, 204, 196, coding) == expected
    assert document.coded_size(0, coding) == len(document.coded_page(0, 1728, 204, 196, coding).code)
    document.close()


def test_bits_beyond_the_strip_stay_white() -> None:
    document = document_of(bytes(216 * 50), 1728, 204, 196, [Strip(204, 196, 3, 2, b"\xff\xff")])
    got = coded(document, 0, 1728, 204, 196, "MMR")
    assert got == (b"\xe0" + bytes(215)) * 2 + bytes(216 * 48)
    document.close()


@pytest.mark.parametrize(
    "strip",
    [
        Strip(204, 196, 0, 1, b""),
        Strip(204, 196, 1729, 1, bytes(217)),
        Strip(204, 196, 8, 0, b""),
        Strip(204, 196, 8, 129, bytes(129)),
        Strip(210, 196, 8, 1, b"\0"),
    ],
)
def test_strips_that_are_none(strip: Strip) -> None:
    document = document_of(bytes(216), 1728, 204, 196, [])
    with pytest.raises(PageRefused):
        document.add_header(strip)
    document.close()
    empty = Document()
    with pytest.raises(PageRefused):
        empty.add_header(Strip(204, 196, 8, 1, b"\xff"))
    empty.close()


@pytest.mark.parametrize("wanted", [(1728, 204, 391), (2048, 204, 196), (3456, 408, 391), (1000, 204, 196)])
def test_no_page_becomes_finer(wanted: tuple[int, int, int]) -> None:
    document = document_of(bytes(216 * 10), 1728, 204, 196, [])
    with pytest.raises(PageRefused):
        document.coded_page(0, *wanted)
    with pytest.raises(PageRefused):
        document.coded_page(1, 1728, 204, 196)
    document.close()


# ---- on the line ----

LINE = {"HeaderLine": "{date} {time} {zone}  {name} {id} → {to}  {page}/{pages}"}


@pytest.mark.parametrize(("width", "x_dpi", "y_dpi"), FORMATS)
@pytest.mark.parametrize("number", ["5550100", "5550104", "5550105"])
def test_every_page_to_every_machine(
    tmp_path: Path, saved: Path, width: int, x_dpi: int, y_dpi: int, number: str
) -> None:
    """What the far end gets with a header is the header at its resolution, and below it what it gets
    without one."""
    name = tmp_path / "a.tif"
    made = [pages.fax_page(number, width, 240) for number in (1, 2)]
    for page in made:
        page.paste(1, (0, 0, width, 90))  # more than any strip at this resolution
    made[0].save(name, save_all=True, append_images=made[1:], compression="group4", dpi=(x_dpi, y_dpi))
    received: list[list[Image.Image]] = []
    for options in ({}, LINE):
        with CallChannel(sim.address(save=saved), subscriber_id="+1 555 000") as channel:
            channel.call(number)
            assert channel.FaxSender.send(FaxToSend(name), options) == "NORMAL"
            assert channel.FaxSender.Details.pages == 2
        with Image.open(saved) as image:
            found = []
            for page in range(2):
                image.seek(page)
                found.append(image.copy())
            received.append(found)
        saved.unlink()
    for plain, headed in zip(*received, strict=True):
        assert plain.size == headed.size
        rows = headed.info["dpi"][1] * 16 // 100
        assert plain.crop((0, rows, *plain.size)).tobytes() == headed.crop((0, rows, *plain.size)).tobytes()
        assert headed.crop((0, 0, headed.width, rows)).convert("L").histogram()[0] > 200
    heads = [page.crop((0, 0, page.width, page.info["dpi"][1] * 16 // 100)) for page in received[1]]
    assert ImageChops.difference(*(head.convert("L") for head in heads)).getbbox() is not None


def test_a_page_with_ink_at_its_top_loses_none(tmp_path: Path, saved: Path) -> None:
    made = pages.save_fax(tmp_path / "a.tif", 1)  # its diagonal begins in the first row
    with CallChannel(sim.address(save=saved)) as channel:
        channel.call("5550100")
        assert (
            channel.FaxSender.send(FaxToSend(tmp_path / "a.tif"), {"HeaderLine": "page {page}"}) == "NORMAL"
        )
    (received,) = pages.all_rows(saved)
    strip = 216 * (196 * 16 // 100)
    assert received[strip:] == pages.rows(made[0])
    assert any(received[:strip])


def test_off_by_default_is_bit_for_bit(tmp_path: Path, saved: Path) -> None:
    made = pages.save_fax(tmp_path / "a.tif", 2)
    with CallChannel(sim.address(save=saved), subscriber_id="123", subscriber_name="Me") as channel:
        channel.call("5550100")
        assert channel.FaxSender.send(FaxToSend(tmp_path / "a.tif"), {"HeaderLine": ""}) == "NORMAL"
    assert pages.all_rows(saved) == list(map(pages.rows, made))


# ---- text ----


def test_fields() -> None:
    header = HeaderLine("{date}|{time}|{zone}|{name}|{id}|{to}|{page}|{pages}|{{}}", FACTS)
    assert header.text(3) == "2026-02-03|04:05|UTC+05:30|Ärzte & Söhne|+1 555 000|5550100|3|12|{}"


def test_a_value_with_braces_is_text() -> None:
    facts = dataclasses.replace(FACTS, name="{id} {")
    assert HeaderLine("{name}!", facts).text(1) == "{id} {!"


@pytest.mark.parametrize(("hours", "name"), [(0, "UTC"), (2, "UTC+02:00"), (-3.5, "UTC-03:30"), (None, "")])
def test_zones(hours: float | None, name: str) -> None:
    zone = None if hours is None else timezone(timedelta(hours=hours))
    assert zone_name(datetime(2026, 1, 1, tzinfo=zone)) == name


@pytest.mark.parametrize(
    "template", ["{", "}", "{nobody}", "{}", "{0}", "{page!r}", "{page:3}", "{page.real}", "a\nb"]
)
def test_bad_templates(template: str) -> None:
    assert header_line.template_fault(template) is not None


@given(st.text(max_size=40))
def test_every_good_template_can_be_filled(template: str) -> None:
    if template_fault(template, ("to",)) is None:
        fill(template, {"to": "123"})


def ink(strip: Strip) -> int:
    return Image.frombytes("1", (strip.width_px, strip.row_count), strip.rows, "raw", "1").histogram()[255]


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize(
    "text", ["x", "Fax 123", "Müller, Čapek, Σωκράτης, Иван", "W" * 200, "\u202e\u0301\ufffd", "🖷" * 30]
)
def test_any_text_at_any_resolution(grid: tuple[int, int, int], text: str) -> None:
    strip = draw(text, *grid)
    assert (strip.x_dpi, strip.y_dpi) == grid[:2]
    assert 0 < strip.width_px <= grid[2]
    assert strip.row_count == grid[1] * 16 // 100
    assert len(strip.rows) == (strip.width_px + 7) // 8 * strip.row_count
    assert ink(strip) > 0


def test_a_long_line_is_made_smaller_and_stays_on_the_page() -> None:
    short, long = draw("W" * 60, *GRIDS[1]), draw("W" * 110, *GRIDS[1])
    assert short.width_px <= 1728 - 40
    assert long.width_px <= 1728 - 40
    assert long.width_px > 1600


def test_a_preview_shows_it(tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "a.tif", 1)
    preview = Preview(FaxToSend(tmp_path / "a.tif"), LINE, to="5550100", subscriber_name="Me")
    assert preview.image(1).height == 240 + 31
