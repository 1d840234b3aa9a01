"""What can be seen before the call and after it: preview, estimate, cover page, confirmation."""

import json
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import pages
import pytest
from PIL import Image, ImageChops

from faxline import CallChannel, Confirmation, Cover, Error, FaxToSend, Preview, sim
from faxline._documents.fields import Facts
from faxline._documents.raster import Wish
from faxline.cli import main
from faxline.document import DocumentError
from faxline.preview import clock


def send(
    number: str, fax: FaxToSend, saved: Path | None = None, **options: str
) -> tuple[str, float, Confirmation]:
    """The cause, the seconds of line time, the confirmation."""
    address = sim.address(save=saved, seed=1)
    with CallChannel(address, subscriber_id="+1 555 000", subscriber_name="Ärzte & Söhne") as channel:
        cause = "not answered"
        if channel.call(number) == channel.State.ANSWERED:
            cause = channel.FaxSender.send(fax, options)
        return cause, channel.FaxSender.Details.seconds, Confirmation.of(channel, fax)


# ---- preview ----


@pytest.mark.parametrize(
    "options", [{}, {"HighRes": "NO"}, {"HeaderLine": "from {name}, {id} to {to} {page}/{pages}"}]
)
def test_the_pages_arrive_as_the_preview_shows_them(
    tmp_path: Path, saved: Path, options: dict[str, str]
) -> None:
    (tmp_path / "a.txt").write_text("Dear Sir\n\f\nP. S.")
    pages.save_fax(tmp_path / "b.tif", 1)
    fax = FaxToSend([tmp_path / "a.txt", tmp_path / "b.tif"])
    fax.set_cover(Cover(subject="a preview"))
    if "HeaderLine" not in options:  # a time of day would be in both
        fax.set_cover(None)
    preview = Preview(fax, options, to="5550100", subscriber_id="+1 555 000", subscriber_name="Ärzte & Söhne")
    assert send("5550100", fax, saved, **options)[0] == "NORMAL"
    received = pages.all_rows(saved)
    shown = [pages.rows(preview.image(number + 1)) for number in range(len(received))]
    first = 1 if fax.cover else 0  # the cover has the minute on it
    assert shown[first:] == received[first:]
    assert len(preview.pages) == len(received)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"Compression": "MH", "ECM": "NO"},
        {"Compression": "MR", "ECM": "NO"},
        {"MaxDataRate": "9600"},
        {"MaxDataRate": "4800", "Compression": "MH", "ECM": "NO"},
    ],
)
def test_the_estimate_is_what_the_line_takes(tmp_path: Path, count: int, options: dict[str, str]) -> None:
    made = [pages.fax_page(number + 1, height=2200) for number in range(count)]
    made[0].save(
        tmp_path / "a.tif", save_all=True, append_images=made[1:], compression="group4", dpi=(204, 196)
    )
    fax = FaxToSend(tmp_path / "a.tif")
    estimate = Preview(fax, rate_bps=int(options.get("MaxDataRate", 14400))).estimate
    cause, seconds, _ = send("5550100", fax, **options)
    assert cause == "NORMAL"
    assert estimate.pages == count
    assert estimate.seconds[options.get("Compression", "MMR")] == pytest.approx(seconds, rel=0.15)
    assert estimate.coding == "MMR"
    assert estimate.minutes == estimate.seconds["MMR"] / 60


def test_octets_are_those_of_the_codings(tmp_path: Path) -> None:
    made = pages.save_fax(tmp_path / "a.tif", 2)
    octets = Preview(FaxToSend(tmp_path / "a.tif")).estimate.octets
    for number, coding in enumerate(("MH", "MR", "MMR")):
        assert octets[coding] == sum(len(pages.encode(page, number, msb_first=True)) for page in made)


def test_clock() -> None:
    assert [clock(seconds) for seconds in (0, 59.4, 59.6, 3725)] == [
        "0 s",
        "59 s",
        "1 min 00 s",
        "62 min 05 s",
    ]


@pytest.mark.parametrize(
    ("name", "dpi"), [("a.png", (204, 196)), ("a.tif", (204, 98)), ("a.pdf", (204, 196))]
)
def test_save(tmp_path: Path, name: str, dpi: tuple[int, int]) -> None:
    (made,) = pages.save_fax(tmp_path / "fax.tif", 1, dpi=(204, 98))
    (path,) = Preview(FaxToSend(tmp_path / "fax.tif")).save(tmp_path / name)
    if name != "a.pdf":
        with Image.open(path) as image:
            assert image.info["dpi"] == pytest.approx(dpi, abs=0.02)
            assert image.size == (1728, 480 if name == "a.png" else 240)  # square on a screen
    else:
        (page,) = pages.converted(path, high_res=False)
        assert pages.rows(page) == pages.rows(made)


def test_pages_of_png_are_numbered_in_order(tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "fax.tif", 11, height=60)
    written = Preview(FaxToSend(tmp_path / "fax.tif")).save(tmp_path / "a.png")
    assert [path.name for path in written] == [f"a-{number:02}.png" for number in range(1, 12)]
    with pytest.raises(ValueError, match="extension"):
        Preview(FaxToSend(tmp_path / "fax.tif")).save(tmp_path / "a.doc")


def test_refused_options(fax: str) -> None:
    with pytest.raises(Error, match="unknown option"):
        Preview(FaxToSend(fax), {"Speed": "1"})


# ---- cover ----


def test_a_cover_is_page_one(tmp_path: Path, saved: Path) -> None:
    made = pages.save_fax(tmp_path / "a.tif", 2)
    fax = FaxToSend(tmp_path / "a.tif")
    fax.set_cover(Cover(to_name="Dr. Иван", subject="Order", message="Two lines\nof a message."))
    assert fax.count_pages() == 3
    assert send("5550100", fax, saved)[0] == "NORMAL"
    received = pages.all_rows(saved)
    assert received[1:] == list(map(pages.rows, made))
    with Image.open(saved) as image:
        assert image.size == (1728, 2292)
        assert image.convert("L").histogram()[0] > 8000


def test_a_cover_alone_is_a_fax(saved: Path) -> None:
    fax = FaxToSend()
    fax.set_cover(Cover(message="That is all."))
    assert send("5550100", fax, saved)[0] == "NORMAL"
    assert len(pages.all_rows(saved)) == 1


def ink_of(cover: Cover) -> int:
    fax = FaxToSend()
    fax.set_cover(cover)
    (page,) = map(pages.whole, fax.pages())
    return sum(octet.bit_count() for octet in page.rows)


def test_a_template(tmp_path: Path) -> None:
    template = tmp_path / "cover.txt"
    template.write_text("# {title}\n---\nRef:\t{ref}\n{{braces}}\n{note}\n", encoding="utf-8")
    with_note = ink_of(Cover(template, title="Title", ref="12", note="A note"))
    without = ink_of(Cover(template, title="Title", ref="12", note=""))
    assert with_note > without > ink_of(Cover(template, title="Title", ref="", note="")) > 0


@pytest.mark.parametrize(
    ("text", "fields", "words"),
    [
        ("{", {}, "line 1"),
        ("ok\n{to.name}", {}, "line 2"),
        ("{ref}", {}, "no value is given for ref"),
        ("{ref}", {"ref": "1", "more": "2"}, "no field more"),
        ("{to}", {"to": "1"}, "no field to"),
        ("{page}", {}, "no value is given for page"),
    ],
)
def test_bad_templates(tmp_path: Path, text: str, fields: dict[str, str], words: str) -> None:
    (tmp_path / "cover.txt").write_text(text)
    with pytest.raises(ValueError, match=words):
        Cover(tmp_path / "cover.txt", **fields)


def test_bad_template_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Cover(tmp_path / "nowhere")
    (tmp_path / "a").write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(ValueError, match="UTF-8"):
        Cover(tmp_path / "a")
    (tmp_path / "a").write_bytes(b"x" * 70_000)
    with pytest.raises(ValueError, match="KiB"):
        Cover(tmp_path / "a")


def test_a_cover_that_is_too_long_is_no_cover(connected: CallChannel) -> None:
    fax = FaxToSend()
    fax.set_cover(Cover(message="word " * 3000))
    assert connected.FaxSender.send(fax) == "ERROR"
    assert "longer than a page" in connected.FaxSender.Details.raw_cause_text


# ---- confirmation ----


@pytest.mark.parametrize(
    ("number", "good", "says"),
    [
        ("5550100", True, {"Result": "NORMAL", "Pages": "3 of 3 confirmed by the far end", "To": "5550100"}),
        ("5550107", False, {"Result": "HANGUP (far.line-down)", "Pages": "1 of 3 confirmed by the far end"}),
        ("5550106", False, {"Result": "PAGEQUALITY (far.D.rejected)"}),
        ("5550101", False, {"Result": "BUSY, not answered", "Pages": "0 of 3 confirmed by the far end"}),
    ],
)
def test_confirmation(fax: str, number: str, good: bool, says: dict[str, str]) -> None:
    cause, seconds, confirmation = send(number, FaxToSend(fax))
    assert confirmation.good is good
    lines = dict(confirmation.lines())
    assert {label: lines[label] for label in says} == says
    assert lines["Document"] == "fax.tif"
    assert confirmation.first_page is not None
    if cause != "not answered":
        assert "bit/s" in lines["Settings"]
        assert lines["From"] == "Ärzte & Söhne +1 555 000"
        assert lines["Duration"] == f"{int(seconds) // 60}:{int(seconds) % 60:02} minutes"
        assert seconds > 5
        assert confirmation.started is not None
        assert confirmation.started.tzinfo is not None


def test_a_fax_of_an_earlier_call_is_not_confirmed_again(fax: str) -> None:
    document = FaxToSend(fax)
    with CallChannel("sim:") as channel:
        channel.call("5550100")
        assert channel.FaxSender.send(document) == "NORMAL"
        channel.hang_up()
        channel.call("5550101")
        confirmation = Confirmation.of(channel, document)
    assert (confirmation.good, confirmation.number, confirmation.pages) == (False, "5550101", 0)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pdf"])
def test_the_confirmation_is_one_page_with_a_picture(tmp_path: Path, fax: str, name: str) -> None:
    confirmation = send("5550100", FaxToSend(fax))[2]
    path = confirmation.save(tmp_path / name)
    (page,) = pages.converted(path)
    assert page.width == 1728
    assert page.height / page.info["dpi"][1] == pytest.approx(297 / 25.4, abs=0.05)
    without = Confirmation(confirmation.result, True, "5550100")
    assert (
        confirmation.image().convert("L").histogram()[0] > without.image().convert("L").histogram()[0] + 2000
    )
    with pytest.raises(FileExistsError):
        confirmation.save(path)
    with pytest.raises(ValueError, match="extension"):
        confirmation.save(tmp_path / "a.doc")


def test_a_document_that_is_gone_is_confirmed_without_a_picture(tmp_path: Path) -> None:
    confirmation = send("5550100", FaxToSend(tmp_path / "nowhere.tif"))[2]
    assert confirmation.first_page is None
    assert dict(confirmation.lines())["Result"] == "ERROR (local.document)"
    confirmation.save(tmp_path / "a.png")


# ---- the commands ----


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_preview_command(tmp_path: Path, fax: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    status, out, _ = run(
        capsys, "preview", fax, "--pages", "2-", "--output", folder, "--pdf", "--tiff", "--json"
    )
    found = json.loads(out)
    assert (status, found["pages"], sorted(found["octets"])) == (0, 2, ["MH", "MMR", "MR"])
    assert [Path(name).name for name in found["files"]] == ["preview.pdf", "preview.tif"]
    assert len(pages.all_rows(folder / "preview.tif")) == 2
    status, out, _ = run(
        capsys, "preview", fax, "--cover", "standard", "--field", "subject=x", "--output", folder
    )
    assert (status, out.startswith("4 pages: MH ")) == (0, True)
    assert len(list(folder.glob("preview-*.png"))) == 4


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["nowhere.tif"], 1, "nowhere.tif: No such file"),
        (["FAX", "--pages", "9"], 1, "it has no page 9"),
        (["FAX", "--pages", "3-1"], 1, "goes from a page to a later one"),
        (["FAX", "FAX", "--pages", "1"], 1, "exactly one FILE"),
        (["FAX", "--field", "a=b"], 1, "--field needs --cover"),
        (["FAX", "--cover", "nowhere"], 1, "nowhere: No such file"),
        (["FAX", "--cover", "standard", "--field", "a=b"], 1, "no field a"),
        (["FAX", "--option", "HighRes=1"], 8, "HighRes"),
        (["FAX", "--output", "nowhere"], 1, "no such directory: make it first"),
    ],
)
def test_preview_complains(
    fax: str, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str
) -> None:
    got, _, err = run(capsys, "preview", *(fax if word == "FAX" else word for word in arguments))
    assert (got, words in err) == (status, True)


def test_convert_command(tmp_path: Path, fax: str, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "a.pdf"
    assert run(capsys, "convert", fax, target)[:2] == (0, f"{target}\n")
    status, _, err = run(capsys, "convert", fax, target)
    assert (status, "--force" in err) == (1, True)
    status, out, _ = run(capsys, "convert", fax, target, "--force", "--json")
    assert (status, json.loads(out)) == (0, {"files": [str(target)]})
    assert run(capsys, "convert", fax, tmp_path / "a.doc")[0] == 1
    assert run(capsys, "convert", tmp_path / "nowhere", target)[0] == 1


def test_the_picture_of_a_confirmation_is_whole_and_in_proportion(fax: str) -> None:
    made = send("5550100", FaxToSend(fax))[2]
    whole, without = made.image(), Confirmation(**_without_picture(made)).image()
    box = ImageChops.difference(whole.convert("L"), without.convert("L")).getbbox()
    assert box is not None
    left, top, right, bottom = box
    width, height = right - left - 4, bottom - top - 4  # its frame
    assert made.first_page is not None
    page = made.first_page
    assert width / height == pytest.approx(page.width_px / page.x_dpi * page.y_dpi / page.rows, rel=0.03)
    margin = round(0.7 * 204)
    assert min(left, whole.width - right) >= margin
    assert whole.height - bottom >= margin
    assert left == pytest.approx(whole.width - right, abs=1)


@pytest.mark.parametrize("rows", [40, 1100, 2300, 6000])
def test_a_picture_of_a_page_of_any_length(tmp_path: Path, rows: int) -> None:
    pages.save_fax(tmp_path / "a.tif", 1, height=rows)
    made = send("5550100", FaxToSend(tmp_path / "a.tif"))[2]
    whole, without = made.image(), Confirmation(**_without_picture(made)).image()
    box = ImageChops.difference(whole.convert("L"), without.convert("L")).getbbox()
    assert box is not None
    assert box[3] - box[1] - 4 == pytest.approx(
        (box[2] - box[0] - 4) * rows / 196 / (1728 / 204), rel=0.03, abs=2
    )
    assert box[3] <= whole.height - round(0.7 * 204)


def _without_picture(made: Confirmation) -> dict[str, Any]:
    return {**{field.name: getattr(made, field.name) for field in fields(made)}, "first_page": None}


@pytest.mark.parametrize(("number", "status"), [("5550100", 0), ("5550101", 20), ("5550106", 12)])
def test_send_with_cover_and_confirmation(
    tmp_path: Path, fax: str, capsys: pytest.CaptureFixture[str], number: str, status: int
) -> None:
    (tmp_path / "cover.txt").write_text("# {title}\n{message}\n")
    arguments = ["--cover", tmp_path / "cover.txt", "--field", "title=T", "--field", r"message=a\nb"]
    arguments += ["--confirmation", tmp_path / "sent.png", "--name", "Me", "--device", "sim:"]
    assert run(capsys, "send", number, fax, *arguments)[0] == status
    with Image.open(tmp_path / "sent.png") as image:
        assert image.width / image.height == pytest.approx(210 / 297, rel=0.01)


@pytest.mark.parametrize("name", ["a.doc", "nowhere/a.pdf"])
def test_a_bad_confirmation_costs_no_call(
    tmp_path: Path, fax: str, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    status, out, err = run(
        capsys, "send", "5550100", fax, "--confirmation", tmp_path / name, "--device", "sim:"
    )
    assert (status, out, "--confirmation" in err) == (1, "", True)


def test_receive_command_writes_pdf(tmp_path: Path, fax: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    device = f"sim:5550001?incoming={fax}"
    assert run(capsys, "receive", "--device", device, "--output", folder, "--once", "--format", "pdf")[0] == 0
    (path,) = folder.iterdir()
    assert path.suffix == ".pdf"
    assert len(pages.converted(path)) == 3


def test_a_document_error_is_a_document_error(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="No such file"):
        Preview(FaxToSend(tmp_path / "nowhere.tif"))


def test_a_rule_of_a_cover_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "cover.txt").write_text("---\n")
    facts = Facts("", "", "", 0, datetime.now().astimezone())
    made = Cover(tmp_path / "cover.txt").convert(facts, Wish())
    page = Image.frombytes("1", (made.width_px, made.row_count), made.rows, "raw", "1;I")
    ink = page.convert("L").point(lambda value: 255 - value).getbbox()
    assert ink is not None
    assert ink[3] - ink[1] <= 6
    assert ink[2] - ink[0] > 1000
