"""TIFF pages whose tags do not fit their code: the code decides, or the page is refused; never a page that
nobody drew. Strips are coded by libtiff (through Pillow) or by our codec, their tags written by hand."""

import logging
import random
import struct
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pages import LONG, RATIONAL, SHORT, Tag, encode, fax_page, rows, tiff
from PIL import Image

from faxline import CallChannel, FaxToSend
from faxline.causes import FaxCause
from faxline.cli import main
from faxline.document import DocumentError
from faxline.preview import Preview, image_of

HEIGHT = 200
STRIPS = 4
MH, MR, MMR = 0, 1, 2
EOFB = 3  # octets

PAGE = fax_page(3, height=HEIGHT)


def parts(image: Image.Image, count: int = STRIPS) -> list[Image.Image]:
    """A page cut into so many strips, the last one shorter."""
    each = -(-image.height // count)
    return [
        image.crop((0, at, image.width, min(at + each, image.height))) for at in range(0, image.height, each)
    ]


def negative(image: Image.Image) -> Image.Image:
    return Image.frombytes("1", image.size, rows(image))


def libtiff_strip(image: Image.Image, compression: str) -> bytes:
    """One strip as libtiff codes it. Pillow hands pixels over as they are, and libtiff codes a 1 as black."""
    file = BytesIO()
    negative(image).save(file, "TIFF", compression=compression)
    with Image.open(file) as saved:
        tags = saved.tag_v2  # type: ignore[attr-defined]
        assert len(tags[273]) == 1
        return file.getvalue()[tags[273][0] : tags[273][0] + tags[279][0]]


def reversed_bits(code: bytes) -> bytes:
    return code.translate(bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256)))


def coded(
    strips: Sequence[bytes],
    compression: int,
    *,
    without: Sequence[int] = (),
    **changed: int | Sequence[int],
) -> bytes:
    """A TIFF of these strips. changed: tags by 't' and their number, 'r' for a rational."""
    offsets = [8 + sum(map(len, strips[:index])) for index in range(len(strips))]
    values: dict[int, tuple[int, Sequence[int]]] = {
        256: (LONG, [1728]),
        257: (LONG, [HEIGHT]),
        258: (SHORT, [1]),
        259: (SHORT, [compression]),
        262: (SHORT, [0]),
        273: (LONG, offsets),
        277: (SHORT, [1]),
        278: (LONG, [-(-HEIGHT // len(strips))]),
        279: (LONG, list(map(len, strips))),
        282: (RATIONAL, [204, 1]),
        283: (RATIONAL, [196, 1]),
        296: (SHORT, [2]),
    }
    for name, value in changed.items():
        kind = RATIONAL if name.startswith("r") else LONG
        values[int(name[1:])] = (kind, [value] if isinstance(value, int) else value)
    tags: list[Tag] = [(tag, *value) for tag, value in values.items() if tag not in without]
    return tiff(tags, b"".join(strips))


def sent(content: bytes, folder: Path, **wanted: bool) -> tuple[bytes, list[str]]:
    """The rows of a one-page document as they go out, and the warnings."""
    path = folder / "page.tif"
    path.write_bytes(content)
    preview = Preview(FaxToSend(path, **wanted))
    assert len(preview.pages) == 1
    return rows(image_of(preview.pages[0])), preview.warnings


G4 = [libtiff_strip(part, "group4") for part in parts(PAGE)]
WHOLE_G4 = [libtiff_strip(PAGE, "group4")]
MH_STRIPS = [encode(part, MH, msb_first=True) for part in parts(PAGE)]
MR_STRIPS = [encode(part, MR, msb_first=True) for part in parts(PAGE)]
LIBTIFF_MH = [libtiff_strip(part, "group3") for part in parts(PAGE)]
RLE = [libtiff_strip(part, "tiff_ccitt") for part in parts(PAGE)]

RIGHT = [(G4, 4, 0), (MH_STRIPS, 3, 0), (MR_STRIPS, 3, 1), (RLE, 2, 0)]
"""Strips, Compression, T4Options."""

WRONG: dict[str, tuple[bytes, str]] = {
    "RowsPerStrip missing": (coded(G4, 4, without=[278]), "RowsPerStrip is missing"),
    "RowsPerStrip too small": (coded(G4, 4, t278=10), ""),
    "RowsPerStrip too large": (coded(G4, 4, t278=HEIGHT), ""),
    "Photometric missing": (coded(G4, 4, without=[262]), "PhotometricInterpretation is missing"),
    "1-D for 2-D": (coded(MR_STRIPS, 3, t292=0), "its code is MR"),
    "2-D for 1-D": (coded(MH_STRIPS, 3, t292=1), "its code is MH"),
    "2-D for 1-D without RTC": (coded(LIBTIFF_MH, 3, t292=1), "its code is MH"),
    "T.4 for T.6": (coded(G4, 3), "its code is MMR"),
    "T.6 for T.4": (coded(MH_STRIPS, 4), "its code is MH"),
    "T.6 for 2-D": (coded(MR_STRIPS, 4), "its code is MR"),
    "T.4 for MH without EOLs": (coded(RLE, 3), "its code is MH, without EOL"),
    "T.6 for MH without EOLs": (coded(RLE, 4), "its code is MH, without EOL"),
    "MH without EOLs for T.4": (coded(MH_STRIPS, 2), "its code is MH, fill order 1"),
    "fill order": (coded(G4, 4, t266=2), "fill order 1"),
    "the other fill order": (coded(list(map(reversed_bits, G4)), 4), "fill order 2"),
    "more rows told than there are": (coded(G4, 4, t257=2 * HEIGHT), f"there are {HEIGHT}"),
    "fewer rows told than there are": (
        coded([libtiff_strip(PAGE, "group4")], 4, t257=50, t278=50),
        "there are 200",
    ),
    "the width": (coded(G4, 4, t256=2048), "1728 pixels wide"),
    "StripByteCounts missing": (coded(G4, 4, without=[279]), ""),
    "StripByteCounts too small": (coded(G4, 4, t279=[len(strip) - 20 for strip in G4]), "StripByteCounts"),
    "StripByteCounts too large": (coded(G4[:1], 4, t279=[100_000], t257=50, t278=50), ""),
}


@pytest.mark.parametrize("what", WRONG)
def test_the_code_decides(tmp_path: Path, what: str, capfd: pytest.CaptureFixture[str]) -> None:
    content, mended = WRONG[what]
    expected = rows(parts(PAGE)[0]) if what.endswith("too large") and "Counts" in what else rows(PAGE)
    page, warnings = sent(content, tmp_path)
    assert page == expected
    assert mended in " ".join(warnings)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("strips", "compression", "options"), RIGHT)
def test_right_tags_are_no_news(tmp_path: Path, strips: list[bytes], compression: int, options: int) -> None:
    assert sent(coded(strips, compression, t292=options), tmp_path) == (rows(PAGE), [])


def test_a_missing_photometric_is_told_by_the_paper(tmp_path: Path) -> None:
    """Class F has white as 0; a page that would be black then was coded the other way."""
    black = [libtiff_strip(negative(part), "group4") for part in parts(PAGE)]
    assert sent(coded(black, 4, without=[262]), tmp_path)[0] == rows(PAGE)


def test_what_is_not_of_a_fax_width_is_read_the_same_way(tmp_path: Path) -> None:
    image = fax_page(2, width=1100, height=HEIGHT)
    strips = [libtiff_strip(part, "group4") for part in parts(image)]
    right, warnings = sent(coded(strips, 4, t256=1100), tmp_path)
    assert warnings == []
    wrong, warnings = sent(coded(strips, 3, t256=1100), tmp_path)
    assert wrong == right
    assert "its code is MMR" in warnings[0]


@pytest.mark.parametrize(
    ("x", "y", "unit", "expected"),
    [
        ([204, 1], [196, 1], 2, (204, 196)),
        ([80, 1], [77, 1], 3, (204, 196)),  # lines per centimetre, rounded
        ([204, 1], [76, 1], 2, (204, 98)),
        ([204, 1], [65_000, 1], 2, (204, 391)),
        ([204, 1], [204, 1], 2, (204, 196)),
        ([204, 0], [98, 1], 2, (204, 98)),
        ([204, 1], [98, 0], 2, (204, 196)),  # its y could be anything: fine, as without tags
        ([7, 1], [98, 1], 2, (204, 98)),
        ([196, 1], [196, 1], 2, (204, 196)),
        ([204, 1], [98, 1], 3, (204, 98)),
        ([204, 1], [98, 1], 1, (204, 98)),
        ([80, 1], [77, 1], 2, (204, 196)),
    ],
)
def test_a_resolution_that_no_fax_page_has(
    tmp_path: Path, x: list[int], y: list[int], unit: int, expected: tuple[int, int]
) -> None:
    """The page stays as it is, to the bit; its sender is told unless the tags are right."""
    (tmp_path / "page.tif").write_bytes(coded(G4, 4, r282=x, r283=y, t296=unit))
    preview = Preview(FaxToSend(tmp_path / "page.tif"))
    (page,) = preview.pages
    assert rows(image_of(page)) == rows(PAGE)
    assert (page.x_dpi, page.y_dpi) == expected
    right = (x, y, unit) in (([204, 1], [196, 1], 2), ([80, 1], [77, 1], 3))
    assert [f"taken for {expected[0]} x {expected[1]} dpi" in warning for warning in preview.warnings] == (
        [] if right else [True]
    )


@pytest.mark.parametrize("dpi", [300, 400])
def test_a_scan_as_wide_as_a_fax_page_is_a_scan(tmp_path: Path, dpi: int) -> None:
    """The same both ways: it is brought to a fax page of its size."""
    (tmp_path / "page.tif").write_bytes(coded(G4, 4, r282=[dpi, 1], r283=[dpi, 1]))
    preview = Preview(FaxToSend(tmp_path / "page.tif"))
    assert preview.warnings == []
    assert preview.pages[0].rows == round(HEIGHT / dpi * 196)


def test_a_tag_of_another_type(tmp_path: Path) -> None:
    """RowsPerStrip as a floating point number: a TypeError came out of it."""
    content = coded(G4, 4)
    entry = content.index(struct.pack("<HHI", 278, LONG, 1))
    page, _ = sent(content[: entry + 2] + struct.pack("<H", 11) + content[entry + 4 :], tmp_path)
    assert page == rows(PAGE)


def damaged(strips: list[bytes], seed: int = 4) -> list[bytes]:
    """Some octets in the middle of the second strip are others."""
    random_octets = random.Random(seed)
    second = bytearray(strips[1])
    middle = len(second) // 2
    second[middle : middle + 6] = random_octets.randbytes(6)
    return [strips[0], bytes(second), *strips[2:]]


@pytest.mark.parametrize(("strips", "compression", "options"), RIGHT)
def test_a_damaged_page_is_refused(
    tmp_path: Path, connected: CallChannel, strips: list[bytes], compression: int, options: int
) -> None:
    path = tmp_path / "page.tif"
    path.write_bytes(coded(damaged(strips), compression, t292=options))
    assert connected.FaxSender.send(FaxToSend(path)) is FaxCause.ERROR
    details = connected.FaxSender.Details
    assert details.raw_cause == "local.document"
    assert f"page 1 of {path}" in details.raw_cause_text
    assert "row" in details.raw_cause_text


@pytest.mark.parametrize(("strips", "compression"), [(G4, 4), (MH_STRIPS, 3)])
def test_a_damaged_page_is_sent_when_that_is_wanted(
    tmp_path: Path, strips: list[bytes], compression: int
) -> None:
    page, warnings = sent(coded(damaged(strips), compression), tmp_path, damaged=True)
    row = 1728 // 8
    assert page[: 50 * row] == rows(PAGE)[: 50 * row]  # the first strip
    assert page[-50 * row :] == rows(PAGE)[-50 * row :]
    assert "rows cannot be read, the first is row" in warnings[0]


@pytest.mark.parametrize("what", ["MMR without EOFB", "the file ends within MH"])
def test_code_that_is_cut_between_two_rows(tmp_path: Path, what: str) -> None:
    """Every row is good, and there are more; half a page would go out."""
    half = PAGE.crop((0, 0, 1728, HEIGHT // 2))
    if what == "MMR without EOFB":
        content = coded([libtiff_strip(half, "group4")[:-EOFB]], 4)
    else:  # its only strip is the last thing in the file
        strip = libtiff_strip(half, "group3")
        directory = coded([b""], 3)
        content = coded([b""], 3, t273=len(directory), t279=2 * len(strip)) + strip
    with pytest.raises(
        DocumentError, match=rf"it ends with row {HEIGHT // 2}, and ImageLength says {HEIGHT}"
    ):
        sent(content, tmp_path)
    page, warnings = sent(content, tmp_path, damaged=True)
    assert page == rows(half)
    assert f"cut short: it ends with row {HEIGHT // 2}" in warnings[0]


def test_nothing_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "page.tif"
    path.write_bytes(coded([bytes(500)], 4))
    with pytest.raises(DocumentError, match="its code is damaged, and no row of it can"):
        Preview(FaxToSend(path, damaged=True))


def test_blank_and_black_pages(
    tmp_path: Path,
    connected: CallChannel,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    blank, dark, path = tmp_path / "blank.png", tmp_path / "dark.png", tmp_path / "page.tif"
    Image.new("1", (1728, 300), 1).save(blank)
    screen = Image.new("L", (1000, 1400), 20)
    screen.paste(240, (100, 100, 500, 300))
    screen.save(dark)
    path.write_bytes(coded(G4, 3))
    fax = FaxToSend([blank, dark, path])
    told = fax.prepare()
    assert len(told) == 3
    assert told[0].startswith(f"page 1 of {blank}: it is blank")
    assert "--pages" in told[0]
    assert "--photo" in told[0]
    assert told[1].startswith(f"page 1 of {dark}: 93% of it is black")
    assert "--invert" in told[1]
    assert "its code is MMR" in told[2]
    with caplog.at_level(logging.WARNING):
        assert connected.FaxSender.send(FaxToSend([blank, dark, path])) is FaxCause.NORMAL
    assert [record.getMessage().split(": ", 1)[1] for record in caplog.records] == told
    for command in (["preview"], ["send", "5550100", "--device", "sim:"]):
        assert main([*command, str(blank), str(dark), str(path)]) == 0
        output = capsys.readouterr()
        assert [line for line in (output.out + output.err).splitlines() if "warning" in line] == [
            f"warning: {warning}" for warning in told
        ]


def test_inverted(tmp_path: Path) -> None:
    path = tmp_path / "page.tif"
    path.write_bytes(coded(G4, 4))
    plain, inverted = (Preview(FaxToSend(path, invert=invert)) for invert in (False, True))
    assert rows(image_of(inverted.pages[0])) == bytes(255 - octet for octet in rows(image_of(plain.pages[0])))
    dark = tmp_path / "dark.png"
    screen = Image.new("L", (1000, 1400), 20)
    screen.paste(240, (100, 100, 500, 300))
    screen.save(dark)
    assert FaxToSend(dark, invert=True).prepare() == []


def test_prepared_pages_are_not_converted_again(tmp_path: Path, connected: CallChannel) -> None:
    path = tmp_path / "page.tif"
    path.write_bytes(coded(MH_STRIPS, 3))
    fax = FaxToSend(path)
    assert fax.prepare() == []
    path.unlink()
    assert connected.FaxSender.send(fax) is FaxCause.NORMAL
    fax.add_content(path)
    with pytest.raises(DocumentError):
        fax.prepare()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("strips", "compression", "options"), RIGHT[:2])
def test_every_octet_of_the_tags(tmp_path: Path, strips: list[bytes], compression: int, options: int) -> None:
    """As another one: the page is right, or refused, or its sender is told."""
    right = coded(strips, compression, t292=options)
    code_end = 8 + sum(map(len, strips))
    outcomes = set()
    for at in (*range(8), *range(code_end, len(right))):
        for other in {0, right[at] ^ 1, right[at] ^ 0x80, (right[at] + 7) & 0xFF} - {right[at]}:
            content = right[:at] + bytes([other]) + right[at + 1 :]
            try:
                page, warnings = sent(content, tmp_path)
            except DocumentError:
                outcomes.add("refused")
                continue
            assert page == rows(PAGE) or warnings, (at - code_end, other)
            outcomes.add("right" if page == rows(PAGE) else "told")
    assert outcomes == {"refused", "right", "told"}


@pytest.mark.parametrize("changed", [{"without": [259]}, {"t259": 1}])
def test_code_that_is_taken_for_rows(tmp_path: Path, changed: dict[str, Any]) -> None:
    """Compression is missing, or says none: the code of a page in dots is longer than its rows are, and so it
    makes a whole page, of noise."""
    noise = Image.frombytes("1", (1728, HEIGHT), random.Random(7).randbytes(216 * HEIGHT))
    strips = [encode(part, MH, msb_first=True) for part in parts(noise)]
    page, warnings = sent(coded(strips, 3, **changed), tmp_path)
    assert page != rows(noise)
    assert "200 rows without compression take 43200: is it coded" in warnings[0]


@pytest.mark.parametrize(("spare", "told"), [(0, False), (215, False), (216, True)])
def test_rows_without_compression(tmp_path: Path, spare: int, told: bool) -> None:
    page, warnings = sent(coded([rows(PAGE) + bytes(spare)], 1), tmp_path)
    assert page == rows(PAGE)
    assert bool(warnings) == told


def test_a_last_strip_that_is_filled_up(tmp_path: Path) -> None:
    """As some writers do."""
    each = 60
    strips = [rows(PAGE)[at : at + 216 * each].ljust(216 * each) for at in range(0, 216 * HEIGHT, 216 * each)]
    assert sent(coded(strips, 1, t278=each), tmp_path) == (rows(PAGE), [])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_right_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    """Any octet of directory or code becomes another: the page is right, or refused, or it is told of; but
    code can become other code that is whole, which no check can see."""
    strips, compression, options = data.draw(
        st.sampled_from([(G4, 4, 0), (MH_STRIPS, 3, 0), (MR_STRIPS, 3, 1), (RLE, 2, 0)])
    )
    content = bytearray(coded(strips, compression, t292=options))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255))
    try:
        page, warnings = sent(bytes(content), tmp_path)
    except DocumentError:
        return
    if page == rows(PAGE):
        return
    assert warnings or at < 8 + sum(map(len, strips)), (at, content[at])
