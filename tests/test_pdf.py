"""PDF in, by PDFium, and PDF out, with the bits of the fax in it."""

import json
import os
import random
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pages
import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from faxline import CallChannel, FaxToReceive, FaxToSend, Preview, pdf, sim, storage
from faxline._documents.pdf import PdfSource
from faxline._workers import pool
from faxline.cli import main
from faxline.document import DocumentError
from faxline.limits import Limits

ROOT = Path(__file__).resolve().parent.parent


def page_pdf(
    path: Path, sizes: list[tuple[float, float]], content: str = "", extra: str = "", **save: Any
) -> Path:
    """A PDF of pages of these sizes in points, each with this content."""
    made = pikepdf.new()
    for width, height in sizes:
        made.add_blank_page(page_size=(width, height))
        page = made.pages[-1]
        page.Contents = made.make_stream(content.encode())
        if extra:
            name, value = extra.split()
            page[name] = int(value)
    made.save(path, **save)
    return path


BOX = "0 g 72 72 144 72 re f"  # two inches wide, one high, an inch from the left and from the bottom


def box(page: Image.Image) -> tuple[float, float, float, float]:
    """Where the ink is, in inches from the left and the top."""
    found = page.convert("L").point(lambda value: 255 - value).getbbox()
    assert found is not None
    x_dpi, y_dpi = page.info["dpi"]
    return found[0] / x_dpi, found[1] / y_dpi, found[2] / x_dpi, found[3] / y_dpi


def only(path: Path, **keywords: bool | None) -> Image.Image:
    (page,) = pages.converted(path, **keywords)
    return page


# ---- in ----


@pytest.mark.parametrize(
    ("size", "inches"),
    [
        ((595.28, 841.89), (8.268, 11.693)),
        ((612, 792), (8.471, 11.0)),  # letter is wider than a fax by 0.03 inch, and keeps its length
        ((612, 1008), (8.471, 14.0)),
        ((297.64, 419.53), (4.134, 5.827)),
    ],
)
@pytest.mark.parametrize("high_res", [None, True, False])
def test_paper_keeps_its_size(
    tmp_path: Path, size: tuple[float, float], inches: tuple[float, float], high_res: bool | None
) -> None:
    page = only(page_pdf(tmp_path / "a.pdf", [size], BOX), high_res=high_res)
    lines = 98 if high_res is False else 196
    assert page.info["dpi"] == (204, lines)
    assert page.width == 1728
    assert page.height == pytest.approx(inches[1] * lines, abs=1)
    left = (1728 / 204 - inches[0]) / 2
    bottom = inches[1]
    assert box(page) == pytest.approx((left + 1, bottom - 2, left + 3, bottom - 1), abs=0.02)


def test_a_larger_paper_is_made_smaller(tmp_path: Path) -> None:
    page = only(page_pdf(tmp_path / "a.pdf", [(842, 1191)], BOX))
    factor = 297 / 420  # A4 of A3: across the whole width it would not be one sheet
    left, top, right, bottom = box(page)
    assert (right - left, bottom - top) == pytest.approx((2 * factor, factor), abs=0.02)


@pytest.mark.parametrize(("size", "extra"), [((842, 595), ""), ((595, 842), "/Rotate 90")])
def test_a_page_on_its_side_is_turned(tmp_path: Path, size: tuple[float, float], extra: str) -> None:
    page = only(page_pdf(tmp_path / "a.pdf", [size], BOX, extra))
    assert (page.width, page.height) == (1728, pytest.approx(842 / 72 * 196, abs=1))
    left, top, right, bottom = box(page)
    # The page's own left edge is at the bottom, or, turned by its file, at the top before.
    wide = not extra
    assert (right - left, bottom - top) == pytest.approx((1, 2) if wide else (2, 1), abs=0.02)


def test_hairlines_grey_letters_and_light_shading(tmp_path: Path) -> None:
    content = "0 0 1 RG 0.05 w 72 700 m 500 700 l S 0.55 g 72 600 20 20 re f 0.7 g 200 600 20 20 re f"
    page = only(page_pdf(tmp_path / "a.pdf", [(595, 842)], content))
    left, _, right, _ = box(page)
    assert right - left == pytest.approx(428 / 72, abs=0.02)
    row = page.crop((0, round(142 / 72 * 196) - 3, 1728, round(142 / 72 * 196) + 4)).convert("L")
    across = row.resize((1728, 1), Image.Resampling.BOX).point(lambda value: 255 * (value < 255))
    assert across.histogram()[255] > 428 / 72 * 204 - 3  # without a gap
    y = round((842 - 610) / 72 * 196)
    shift = (1728 - round(595 / 72 * 204)) // 2
    assert page.getpixel((shift + round(82 / 72 * 204), y)) == 0
    assert page.getpixel((shift + round(210 / 72 * 204), y)) == 255


def test_pages_of_mixed_sizes_and_a_selection(tmp_path: Path) -> None:
    path = page_pdf(tmp_path / "a.pdf", [(595, 842 - 72 * number) for number in range(5)], BOX)
    heights = [round((842 - 72 * number) / 72 * 196) for number in range(5)]
    assert [page.height for page in pages.converted(path)] == pytest.approx(heights, abs=1)
    fax = FaxToSend(path, pages="4-,2")
    assert fax.count_pages() == 3
    got = [page.row_count for page in fax.pages()]
    assert got == pytest.approx([heights[3], heights[4], heights[1]], abs=1)


def test_form_fields_and_annotations_are_there(tmp_path: Path) -> None:
    made = pikepdf.new()
    made.add_blank_page(page_size=(595, 842))
    appearance = made.make_stream(b"0 g 0 0 72 72 re f")
    appearance.stream_dict = pikepdf.Dictionary(
        Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 72, 72]
    )
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Stamp,
        Rect=[72, 72, 144, 144],
        F=4,
        AP=pikepdf.Dictionary(N=appearance),
    )
    made.pages[0].Annots = made.make_indirect(pikepdf.Array([made.make_indirect(note)]))
    made.save(tmp_path / "a.pdf")
    left, top, right, bottom = box(only(tmp_path / "a.pdf"))
    assert (right - left, bottom - top) == pytest.approx((1, 1), abs=0.02)


def test_dots_for_pictures(tmp_path: Path) -> None:
    """Grey keeps its share of black; black and white stay what they are."""
    path = page_pdf(tmp_path / "a.pdf", [(595, 842)], "0.5 g 0 0 595 421 re f 0 g 100 600 200 200 re f")
    (page,) = map(pages.whole, FaxToSend(path, photo=True).pages())
    image = Image.frombytes("1", (page.width_px, page.row_count), page.rows, "raw", "1;I")
    grey = image.crop((200, 1300, 1500, 2200)).convert("L")
    assert grey.histogram()[0] / (grey.width * grey.height) == pytest.approx(0.5, abs=0.05)
    assert image.crop((400, 200, 700, 500)).getextrema() == (0, 0)
    assert image.crop((1100, 100, 1600, 500)).getextrema() == (255, 255)


def zero_pages(path: Path) -> None:
    pikepdf.new().save(path)


def cut_short(path: Path) -> None:
    page_pdf(path, [(595, 842)] * 3, BOX)
    os.truncate(path, path.stat().st_size // 3)


BAD = {
    "zero pages": (zero_pages, "no pages"),
    "encrypted": (
        lambda path: page_pdf(
            path,
            [(595, 842)],
            encryption=pikepdf.Encryption(owner="a", user="b", allow=pikepdf.Permissions()),
        ),
        "password",
    ),
    "cut": (cut_short, "broken or cut short"),
    "mark only": (lambda path: path.write_bytes(b"%PDF-1.7\n"), "broken or cut short"),
    "noise": (lambda path: path.write_bytes(b"%PDF-1.7\n" + random.Random(1).randbytes(9000)), "broken"),
    "a banner": (lambda path: page_pdf(path, [(72, 14000)]), "page 1 of"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_pdfs(tmp_path: Path, connected: CallChannel, what: str) -> None:
    make, words = BAD[what]
    make(tmp_path / "bad.pdf")
    pool.close()
    handles = len(os.listdir("/proc/self/fd"))
    sender = connected.FaxSender
    assert sender.start(FaxToSend(tmp_path / "bad.pdf")) is False
    assert (sender.cause(), sender.Details.raw_cause) == ("ERROR", "local.document")
    assert "bad.pdf" in sender.Details.raw_cause_text
    assert words in sender.Details.raw_cause_text
    pool.close()
    assert len(os.listdir("/proc/self/fd")) == handles


def test_a_mark_that_comes_late(tmp_path: Path) -> None:
    """As some mail programs leave it; and a text that only speaks of PDF."""
    content = page_pdf(tmp_path / "a.pdf", [(595, 842)], BOX).read_bytes()
    (tmp_path / "b.pdf").write_bytes(b"\r\n\r\n" + content)
    assert box(only(tmp_path / "b.pdf"))
    (tmp_path / "c.txt").write_text("A PDF begins with %PDF-1.4\n")
    assert box(only(tmp_path / "c.txt"))


def test_encrypted_without_a_password_opens(tmp_path: Path) -> None:
    """As programs write them that only forbid copying."""
    page_pdf(tmp_path / "a.pdf", [(595, 842)], BOX, encryption=pikepdf.Encryption(owner="a", user=""))
    assert box(only(tmp_path / "a.pdf"))


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_damaged_pdfs_are_pages_or_a_sentence(tmp_path: Path, seed: int) -> None:
    path = page_pdf(tmp_path / "a.pdf", [(200, 200)] * 2, BOX)
    content = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 30)):
        content[chance.randrange(5, len(content))] = chance.randrange(256)
    path.write_bytes(content[: chance.randint(len(content) // 2, len(content))])
    with suppress(DocumentError):  # and nothing else
        pages.converted(path)


def test_threads_may_read_pdfs_at_once(tmp_path: Path) -> None:
    """PDFium itself allows one thread at a time."""
    path = page_pdf(tmp_path / "a.pdf", [(595, 842)] * 4, BOX)
    expected = [pages.rows(page) for page in pages.converted(path)]
    got: list[list[bytes]] = []

    def read() -> None:
        got.append([pages.rows(page) for page in pages.converted(path)])

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [expected] * 6


def test_a_hundred_pages_stream(tmp_path: Path) -> None:
    """Below 150 MiB at the peak, from an empty interpreter to the coded document."""
    subprocess.run(
        [sys.executable, ROOT / "examples" / "sample_pdf.py", tmp_path / "a.pdf", "100"], check=True
    )
    bench = [sys.executable, ROOT / "bench" / "documents.py", "--json", tmp_path / "a.pdf"]
    found = subprocess.run(bench, check=True, capture_output=True, text=True).stdout
    (row,) = json.loads(found)
    assert row["pages"] == 100
    assert row["peak_mib"] < 150


# ---- out ----


@pytest.mark.parametrize(
    ("width", "dpi"), [(1728, (204, 98)), (1728, (204, 196)), (2432, (204, 391)), (3456, (408, 391))]
)
def test_a_fax_becomes_a_pdf_with_the_same_bits(tmp_path: Path, width: int, dpi: tuple[int, int]) -> None:
    made = pages.save_fax(tmp_path / "sent.tif", 3, width=width, dpi=dpi)
    Preview(FaxToSend(tmp_path / "sent.tif")).save(tmp_path / "a.tif")
    assert pdf.convert(tmp_path / "a.tif", tmp_path / "a.pdf") == [tmp_path / "a.pdf"]
    with pikepdf.open(tmp_path / "a.pdf") as document, Image.open(tmp_path / "a.tif") as image:
        assert len(document.pages) == 3
        for number, page in enumerate(document.pages):
            image.seek(number)
            (picture,) = page.Resources.XObject.values()
            assert picture.Filter in ("/CCITTFaxDecode", pikepdf.Array([pikepdf.Name.CCITTFaxDecode]))
            offset, size = image.tag_v2[273][0], image.tag_v2[279][0]  # type: ignore[attr-defined]
            code = (tmp_path / "a.tif").read_bytes()[offset : offset + size]
            assert picture.read_raw_bytes() == code
            inches = [float(side) / 72 for side in page.mediabox[2:]]
            assert inches == pytest.approx((width / dpi[0], 240 / dpi[1]), abs=0.01)
    # Drawn, it is the page: black where the fax is black.
    drawn = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    bitmap = drawn[0].render(scale=dpi[0] / 72).to_pil().convert("L")
    drawn.close()
    small = made[0].convert("L").resize((54, 30), Image.Resampling.BOX)
    again = bitmap.resize((54, 30), Image.Resampling.BOX)
    differences = [abs(a - b) for a, b in zip(small.tobytes(), again.tobytes(), strict=True)]
    assert max(differences) < 80
    assert sum(differences) / len(differences) < 6


def test_a_pdf_of_a_fax_is_sent_bit_for_bit(tmp_path: Path) -> None:
    """Its picture has the fax's own resolution, so nothing is scaled."""
    made = [pages.fax_page(number, height=2292) for number in (1, 2)]
    made[0].save(
        tmp_path / "a.tif", save_all=True, append_images=made[1:], compression="group4", dpi=(204, 196)
    )
    pdf.convert(tmp_path / "a.tif", tmp_path / "a.pdf")
    assert [pages.rows(page) for page in pages.converted(tmp_path / "a.pdf")] == list(map(pages.rows, made))


@pytest.mark.parametrize("extension", [".pdf", ".tif", ".png"])
def test_convert_anything(tmp_path: Path, extension: str) -> None:
    (tmp_path / "a.txt").write_text("Dear Sir\n\f\nP. S.")
    written = pdf.convert(tmp_path / "a.txt", tmp_path / f"b{extension}")
    assert all(path.exists() for path in written)
    assert len(written) == (2 if extension == ".png" else 1)
    with pytest.raises(FileExistsError):
        pdf.convert(tmp_path / "a.txt", tmp_path / f"b{extension}")
    pdf.convert(tmp_path / "a.txt", tmp_path / f"b{extension}", replace=True)
    assert sorted(os.listdir(tmp_path)) == sorted(["a.txt", *(path.name for path in written)])


@pytest.mark.parametrize("compression", ["group3", "raw", "tiff_lzw"])
def test_other_tiffs_become_pdf_too(tmp_path: Path, compression: str) -> None:
    made = pages.save_fax(tmp_path / "a.tif", 2, compression=compression)
    pdf.convert(tmp_path / "a.tif", tmp_path / "a.pdf")
    assert [pages.rows(page) for page in pages.converted(tmp_path / "a.pdf")] == list(map(pages.rows, made))


def test_convert_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="extension"):
        pdf.convert("a.tif", "a.doc")
    with pytest.raises(DocumentError, match=r"nowhere\.tif: No such file"):
        pdf.convert(tmp_path / "nowhere.tif", tmp_path / "a.pdf")
    (tmp_path / "a.tif").write_bytes(b"II*\0\x08\0\0\0")
    with pytest.raises(DocumentError, match=r"a\.tif"):
        pdf.convert(tmp_path / "a.tif", tmp_path / "a.pdf")
    assert os.listdir(tmp_path) == ["a.tif"]


# ---- receiving into a PDF ----


def receive(fax: Path, target: Path, faults: tuple[object, ...] = ()) -> tuple[str, int, str]:
    with CallChannel(sim.address("5550001", incoming=fax, faults=faults)) as channel:  # type: ignore[arg-type]
        channel.wait_for_call()
        channel.answer()
        receiver = channel.FaxReceiver
        cause = receiver.receive(FaxToReceive(target))
        return cause, receiver.Details.pages, receiver.Details.raw_cause_text


def test_receive_a_pdf(tmp_path: Path, fax: str) -> None:
    assert receive(Path(fax), tmp_path / "got.pdf")[:2] == ("NORMAL", 3)
    assert sorted(os.listdir(tmp_path)) == ["fax.tif", "got.pdf"]
    with pikepdf.open(tmp_path / "got.pdf") as document:
        codes = [
            picture.read_raw_bytes() for page in document.pages for picture in page.Resources.XObject.values()
        ]
    assert receive(Path(fax), tmp_path / "got.tif")[:2] == ("NORMAL", 3)
    content = (tmp_path / "got.tif").read_bytes()
    assert len(codes) == 3
    assert all(code in content for code in codes)


def test_a_call_that_breaks_leaves_a_pdf_of_what_was_confirmed(tmp_path: Path, fax: str) -> None:
    assert receive(Path(fax), tmp_path / "got.pdf", (sim.fault("hangup", 10),))[:2] == ("HANGUP", 1)
    assert sorted(os.listdir(tmp_path)) == ["fax.tif", "got.pdf"]
    with pikepdf.open(tmp_path / "got.pdf") as document:
        assert len(document.pages) == 1


def test_a_channel_that_is_closed_leaves_a_pdf_of_what_was_confirmed(tmp_path: Path, fax: str) -> None:
    with CallChannel(sim.address("5550001", incoming=fax)) as channel:
        channel.wait_for_call()
        channel.answer()
        assert channel.FaxReceiver.start(FaxToReceive(tmp_path / "got.pdf"))
        confirmed = channel.FaxReceiver.wait_for_next_page()
    assert confirmed >= 1
    assert sorted(os.listdir(tmp_path)) == ["fax.tif", "got.pdf"]
    with pikepdf.open(tmp_path / "got.pdf") as document:
        assert len(document.pages) >= confirmed


def test_a_pdf_that_cannot_be_made_leaves_the_tiff(
    tmp_path: Path, fax: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "wrap", broken)
    cause, count, text = receive(Path(fax), tmp_path / "got.pdf")
    assert (cause, count) == ("ERROR", 3)
    assert "got.pdf.tif: No space left on device" in text
    assert len(pages.all_rows(tmp_path / "got.pdf.tif")) == 3
    monkeypatch.undo()
    pdf.convert(tmp_path / "got.pdf.tif", tmp_path / "got.pdf")


@pytest.mark.parametrize("name", ["got.pdf", "got.pdf.tif"])
def test_nothing_is_overwritten(tmp_path: Path, fax: str, name: str) -> None:
    (tmp_path / name).write_text("mine")
    cause, _, text = receive(Path(fax), tmp_path / "got.pdf")
    assert (cause, "exists already" in text) == ("ERROR", True)
    assert (tmp_path / name).read_text() == "mine"


KILLED = """
import os, signal, sys
from faxline import CallChannel, FaxToReceive, sim, storage

storage.Store.close = lambda self: os.kill(os.getpid(), signal.SIGKILL)
with CallChannel(sim.address("5550001", incoming=sys.argv[1])) as channel:
    channel.wait_for_call()
    channel.answer()
    channel.FaxReceiver.receive(FaxToReceive(sys.argv[2]))
"""


def test_kill_9_before_the_pdf_is_made_loses_no_confirmed_page(tmp_path: Path, fax: str) -> None:
    target = tmp_path / "got.pdf"
    killed = subprocess.run([sys.executable, "-c", KILLED, fax, target], check=False)
    assert killed.returncode == -9
    assert sorted(os.listdir(tmp_path)) == ["fax.tif", "got.pdf.tif"]
    pdf.convert(tmp_path / "got.pdf.tif", target)
    with pikepdf.open(target) as document:
        assert len(document.pages) == 3


def test_reading_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page_pdf(tmp_path / "a.pdf", [(595, 842)])
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with (
        open(tmp_path / "a.pdf", "rb") as file,
        pytest.raises(DocumentError, match=r"a\.pdf: PDF needs the package pypdfium2.*faxline\[pdf\]"),
    ):
        PdfSource("a.pdf", file, Limits())


def test_writing_without_the_extra(tmp_path: Path, fax: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "img2pdf", None)
    with pytest.raises(pdf.PdfError, match=r"needs the package img2pdf.*faxline\[pdf\]"):
        pdf.convert(fax, tmp_path / "b.pdf")
    assert receive(Path(fax), tmp_path / "got.pdf")[0] == "ERROR"  # before a page is taken
    assert sorted(os.listdir(tmp_path)) == ["fax.tif"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["receive", "--once", "--format", "pdf", "--output", ".", "--device", "sim:?incoming=fax.tif"],
        ["send", "5550100", "fax.tif", "--confirmation", "sent.pdf", "--device", "sim:"],
        ["preview", "fax.tif", "--pdf"],
        ["convert", "fax.tif", "b.pdf"],
    ],
)
def test_commands_without_the_extra(
    tmp_path: Path,
    fax: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "img2pdf", None)
    assert main(arguments) == 1
    told = capsys.readouterr()
    assert (told.out, "faxline[pdf]" in told.err) == ("", True)


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_tiff_that_is_turned_becomes_an_upright_pdf(tmp_path: Path, orientation: int) -> None:
    """Its coded bits are turned: they are not taken as they are."""
    page = pages.fax_page(2, height=1000)
    page.save(
        tmp_path / "a.tif", compression="group4", dpi=(204, 196), tiffinfo={274: orientation, 278: 1000}
    )
    pdf.convert(tmp_path / "a.tif", tmp_path / "a.pdf")
    pdf.convert(tmp_path / "a.tif", tmp_path / "a.png")
    document = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    shown = document[0].render(scale=0.5).to_pil().convert("L")
    document.close()
    with Image.open(tmp_path / "a.png") as upright:
        small = upright.convert("L").resize(shown.size, Image.Resampling.BOX)
    differing = ImageChops.difference(shown, small).point(lambda value: 255 * (value > 128))
    assert differing.histogram()[255] < 0.01 * shown.width * shown.height
