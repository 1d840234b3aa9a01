"""What can be seen in a trace: ladders, pictures, JSON, captures. Of good calls, of every way to fail, of a
trace that was cut off, and of one that was made to hurt.
"""

import json
import random
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pages import save_fax

from faxline import CallChannel, FaxToReceive, FaxToSend, sim
from faxline._engine.engine import TraceRecord
from faxline.cli import main
from faxline.trace import TraceWriter, load, render
from faxline.trace.call import story_of
from faxline.trace.export import SCHEMA, as_json
from faxline.trace.ladder import ladder_lines
from faxline.trace.pcap import frames_in_order, pcap
from faxline.trace.picture import ladder_svg
from faxline.trace.webpage import webpage

NUMBERS = [machine.number for machine in sim.far_machines() if machine.number]


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A trace of a call to every far machine, with the pages' images; and one of a received fax."""
    folder = tmp_path_factory.mktemp("traces")
    made = {}
    fax = folder / "fax.tif"
    save_fax(fax, 3)
    for number in NUMBERS:
        made[number] = folder / f"{number}.jsonl"
        with CallChannel("sim:", trace=made[number], trace_pages=True) as channel:
            if channel.call(number) == "ANSWERED":
                channel.FaxSender.send(FaxToSend(fax))
            channel.hang_up()
    made["incoming"] = folder / "incoming.jsonl"
    with CallChannel(f"sim:5550001?incoming={fax}", trace=made["incoming"], trace_pages=True) as channel:
        channel.wait_for_call()
        channel.answer()
        channel.FaxReceiver.receive(FaxToReceive(folder / "received.tif"))
    return made


def everything(path: Path) -> Iterator[str]:
    """All that is shown of a trace."""
    trace = load(path)
    yield "\n".join(render(path))
    yield "\n".join(ladder_lines(trace))
    yield json.dumps(as_json(trace))
    yield webpage(trace)
    for call in trace.calls:
        yield ladder_svg(call.story, call.summary())
    yield pcap(trace).hex()


# ---- the first line ----


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("5550101", ["not answered, BUSY", "try again in some minutes"]),
        ("5550103", ["NOTFAX (far.A.no-fax-tone", "in phase A", "nothing was heard", "dial the number"]),
        ("5550106", ["PAGEQUALITY (far.D.rejected", "in phase D, page 1, after ", "heard last: RTN"]),
        ("5550107", ["HANGUP (far.line-down", "page 2", "heard last: MCF", "1 page confirmed"]),
        ("5550108", ["COMMSFAULT (far.B.training", "in phase B, after ", "heard last: FTT", "MaxDataRate"]),
        ("5550110", ["TIMEOUT (far.D.not-ready", "page 1", "heard last: RNR"]),
        ("5550113", ["ERROR (local.device", "page 1", "look at the modem"]),
    ],
)
def test_the_first_line_has_reason_and_fix(traces: dict[str, Path], number: str, words: list[str]) -> None:
    first = next(iter(render(traces[number])))
    assert [word for word in words if word not in first] == []


def test_a_good_call_needs_no_fix(traces: dict[str, Path]) -> None:
    assert next(iter(render(traces["5550100"]))).endswith(" s of line time")


def test_a_trace_that_breaks_off_says_where(traces: dict[str, Path], tmp_path: Path) -> None:
    lines = traces["5550100"].read_text().splitlines(keepends=True)
    page_1 = next(place for place, line in enumerate(lines) if '"V.17 14400 short on"' in line)
    cut = tmp_path / "cut.jsonl"
    cut.write_text("".join(lines[: page_1 + 4]) + lines[page_1 + 4][:10])
    first, *rest = render(cut)
    assert "the trace breaks off in phase C, page 1, state C_SEND_PAGE, after " in first
    assert "heard last: CFR, 0 pages confirmed" in first
    assert rest[-1] == "1 line of the file is damaged or cut short, and left out"
    assert load(cut).calls[0].story.bursts[-1].open
    assert all(everything(cut))


# ---- the story ----


def test_carriers_are_the_same_from_signals_and_from_the_dialogue(traces: dict[str, Path]) -> None:
    """At a real modem there are no signals in the trace, and nothing of the far end."""
    (call,) = load(traces["5550109"]).calls
    seen_by_us = [line for line in call.lines if line.get("at") != "far" and line.get("kind") != "signal"]
    measured = [burst for burst in call.story.bursts if burst.kind != "tone"]
    spoken = story_of(seen_by_us).bursts
    assert len(measured) == len(spoken)
    for a, b in zip(measured, spoken, strict=True):
        assert (a.station, a.signal, a.kind, a.page, a.octets) == (
            b.station,
            b.signal,
            b.kind,
            b.page,
            b.octets,
        )
        assert abs(a.begin_us - b.begin_us) <= 300_000
        assert abs(a.end_us - b.end_us) <= 50_000
        assert [frame.octets for frame in a.frames] == [frame.octets for frame in b.frames]


def test_every_frame_is_in_the_story(traces: dict[str, Path]) -> None:
    for name, path in traces.items():
        for call in load(path).calls:
            told = [line["frame"] for line in call.lines if line.get("at") == "ours" and "frame" in line]
            found = [frame.octets.hex() for _, frame in call.story.frames() if not frame.lost]
            lost = [
                frame.octets.hex() for b, frame in call.story.frames() if frame.lost and b.station == "ours"
            ]
            assert sorted(found + lost) == sorted(told), name


def test_the_time_that_was_spent_is_all_of_the_call(traces: dict[str, Path]) -> None:
    for path in traces.values():
        for call in load(path).calls:
            story = call.story
            assert sum(story.spent_us.values()) == story.end_us - story.begin_us


def test_a_noisy_call_shows_repeats_and_retraining(traces: dict[str, Path]) -> None:
    (call,) = as_json(load(traces["5550109"]))["calls"]
    assert call["pages"][0]["repeats"] >= 1
    assert call["pages"][0]["carriers"] == 1 + call["pages"][0]["repeats"]
    assert "retrain" in [mark["kind"] for mark in call["marks"]]
    assert "bad" in [frame["heard"] for burst in call["bursts"] for frame in burst.get("frames", [])]


def test_a_received_fax(traces: dict[str, Path]) -> None:
    (call,) = as_json(load(traces["incoming"]))["calls"]
    assert call["direction"] == "in"
    assert call["result"]["good"]
    assert [page["confirmed"] for page in call["pages"]] == [True] * 3
    assert call["images"] == [1, 2, 3]
    assert {burst["station"] for burst in call["bursts"] if burst["kind"] == "page"} == {"far"}


# ---- what is shown ----


def test_the_ladder_as_text(traces: dict[str, Path]) -> None:
    text = "\n".join(ladder_lines(load(traces["5550109"])))
    for part in ("|-- DCS V.17 14400", "|== TCF ", "FTT --|", "[FCS wrong]", "T4 expired", "page 1, again"):
        assert part in text
    assert next(line for line in text.splitlines() if "-- phase " in line).startswith("-- phase A -")
    widths = {line.rindex("|") for line in text.splitlines() if line.count("|") == 2}
    assert len(widths) == 1


def test_the_picture_is_sound_and_stands_alone(traces: dict[str, Path]) -> None:
    for path in traces.values():
        for call in load(path).calls:
            text = ladder_svg(call.story, call.summary())
            root = ElementTree.fromstring(text)
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            assert not re.search(r"href|url\(|@import|<script|http(?!://www\.w3\.org/2000/svg)", text)
            height = float(root.attrib["height"])
            places = [float(element.attrib["y"]) for element in root.iter() if "y" in element.attrib]
            assert all(0 <= place <= height for place in places)


class _Tags(HTMLParser):
    """The tags of a page; those that are not closed stay open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "rect", "path", "polygon", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_web_page_needs_nothing_else(traces: dict[str, Path]) -> None:
    for number, path in traces.items():
        text = webpage(load(path))
        tags = _Tags()
        tags.feed(text)
        assert tags.open == []
        names = [tag for tag, _ in tags.seen]
        assert not {"script", "link", "iframe", "object"} & set(names)
        sources = [
            value or "" for _, given in tags.seen for name, value in given.items() if name in ("src", "href")
        ]
        assert all(source.startswith("data:image/png;base64,") for source in sources)
        pages = load(path).calls[0].verdict.outcome in ("fax", "refused")
        assert names.count("img") == (3 if pages else 0), number


def test_no_image_without_being_asked(tmp_path: Path, fax: str) -> None:
    with CallChannel("sim:", trace=tmp_path / "a") as channel:
        channel.call("5550100")
        channel.FaxSender.send(FaxToSend(fax))
    assert '"code"' not in (tmp_path / "a").read_text()
    assert "no image in the trace" in webpage(load(tmp_path / "a"))


def test_the_json_says_which_schema_it_has(traces: dict[str, Path]) -> None:
    for path in traces.values():
        content = json.loads(json.dumps(as_json(load(path))))
        assert content["schema"] == SCHEMA
        for call in content["calls"]:
            assert call["begin_us"] <= call["end_us"]
            for burst in call["bursts"]:
                assert call["begin_us"] <= burst["begin_us"] <= burst["end_us"] <= call["end_us"]


# ---- Wireshark ----


def decoded_frames(capture: Path) -> list[str]:
    """The T.30 frames that tshark names, in order."""
    run = subprocess.run(["tshark", "-r", capture], capture_output=True, text=True, check=True, timeout=120)
    assert "Malformed" not in run.stdout
    assert "BoundError" not in run.stdout
    return re.findall(r"HDLC Reassembled: ([A-Z]+) - ", run.stdout)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed (Debian package tshark)")
def test_tshark_names_every_frame(traces: dict[str, Path], tmp_path: Path) -> None:
    frames = 0
    for number, path in traces.items():
        capture = tmp_path / f"{number}.pcap"
        trace = load(path)
        capture.write_bytes(pcap(trace))
        sent = [
            frame.name
            for call in trace.calls
            for _, burst, frame in frames_in_order(call.story)
            if burst.station == "ours" or frame.heard or frame.lost
        ]
        frames += len(sent)
        assert decoded_frames(capture) == sent, number
    assert frames > 150


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed (Debian package tshark)")
def test_the_times_of_a_capture_are_true(traces: dict[str, Path], tmp_path: Path) -> None:
    trace = load(traces["5550100"])
    capture = tmp_path / "a.pcap"
    capture.write_bytes(pcap(trace))
    command = ["tshark", "-r", capture, "-T", "fields", "-e", "frame.time_epoch", "-e", "_ws.col.Info"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    from datetime import datetime

    opened = datetime.fromisoformat(trace.opened).timestamp()
    (call,) = trace.calls
    ends = [burst.end_us / 1e6 for burst in call.story.bursts if burst.frames and burst.station == "ours"]
    told = [
        float(line.split("\t")[0]) - opened
        for line in run.stdout.splitlines()
        if re.search(r"Reassembled: (DCS|PPS|DCN)", line)
    ]
    assert told == pytest.approx(ends, abs=0.001)


# ---- hostile input ----


def test_damage_hurts_nobody(traces: dict[str, Path], tmp_path: Path) -> None:
    """Traces with random octets, lines and fields changed: something is shown, nothing is raised."""
    rng = random.Random(7)
    lines = traces["5550109"].read_text().splitlines()
    lines = [line for line in lines if '"code"' not in line]
    images = [line for line in traces["5550109"].read_text().splitlines() if '"code"' in line][:1]
    values = [None, -1, 10**30, 1e300, "", "\x1b[2J\n<script>", "\ud800", [], {}, True, "0" * 5000, "V.17 9"]
    for round_number in range(60):
        changed = [*lines[:1], *images, *lines[1:]]
        for _ in range(rng.randrange(1, 40)):
            place = rng.randrange(1, len(changed))
            try:
                content = json.loads(changed[place])
            except (ValueError, RecursionError):
                content = {}
            match rng.randrange(5):
                case 0:
                    changed[place] = changed[place][: rng.randrange(len(changed[place]) + 1)]
                case 1 if isinstance(content, dict) and content:
                    content[rng.choice(list(content))] = rng.choice(values)
                    changed[place] = json.dumps(content)
                case 2:
                    changed[place] = changed[rng.randrange(1, len(changed))]
                case 3 if isinstance(content, dict) and content:
                    del content[rng.choice(list(content))]
                    changed[place] = json.dumps(content)
                case _:
                    changed[place] = rng.choice(["[" * 5000, "null", "{}", '{"t": 1}', "\x00\xff"])
        path = tmp_path / f"{round_number}.jsonl"
        path.write_text("\n".join(changed) + "\n", errors="surrogateescape")
        for shown in everything(path):
            assert "\x1b" not in shown
            if shown.startswith(("<!DOCTYPE", "<svg")):
                assert "<script" not in shown
            shown.encode()
        for call in load(path).calls:
            ElementTree.fromstring(ladder_svg(call.story, call.summary()))


def test_an_image_that_claims_to_be_huge_is_not_decoded(tmp_path: Path) -> None:
    page = {
        "t": 1,
        "page": 1,
        "width_px": 1 << 30,
        "x_dpi": 204,
        "y_dpi": 196,
        "rows": 1 << 30,
        "code": "AAAA",
    }
    path = tmp_path / "a"
    path.write_text(
        f'{{"trace": "faxline"}}\n{{"t": 0, "order": "dial", "number": "1"}}\n{json.dumps(page)}\n'
    )
    assert "damaged" in webpage(load(path))


# ---- one file for each call ----


def test_a_directory_gets_a_file_for_each_call(tmp_path: Path, fax: str) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    with CallChannel("sim:", trace=folder) as channel:
        for number in ("5550101", "555-0100"):
            if channel.call(number) == "ANSWERED":
                channel.FaxSender.send(FaxToSend(fax))
            channel.hang_up()
    files = sorted(folder.iterdir(), key=lambda path: int(path.name.split("-")[3]))
    assert [path.name.split("-")[4:] for path in files] == [["to", "5550101.jsonl"], ["to", "5550100.jsonl"]]
    firsts = []
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600
        (call,) = load(path).calls
        firsts.append(call.summary())
        kinds = [line.get("text") for line in call.lines]
        assert "AT+FCLASS=?" in kinds  # what the modem said when it was opened
        states = [line.get("state") for line in call.lines if line.get("event") == "call"]
        assert states[0] == "CALL_OUTGOING"
        assert states[-1] == "IDLE"
    assert firsts[0].startswith("call to 5550101: not answered, BUSY")
    assert firsts[1].startswith("call to 5550100: fax NORMAL, 3 pages confirmed")


def test_a_call_that_is_ordered_before_the_modem_is_there(tmp_path: Path) -> None:
    """What the modem said when it was opened stands in every file; what it said in a call does not."""
    writer = TraceWriter(tmp_path, "sim:", "0")
    writer.note(0, order="dial", number="1")
    for time_us, text in ((10, b"AT+FCLASS=?"), (20, b"ATDT1"), (30, b"ATH0")):
        writer.record(TraceRecord(time_us, "at-sent", 0, text))
    writer.note(40, order="dial", number="2")
    writer.close()
    (call,) = load(writer.path).calls
    assert [line.get("text", line.get("number")) for line in call.lines] == ["AT+FCLASS=?", "2"]


# ---- the command ----


def test_the_command_writes_what_is_asked_for(
    traces: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = str(traces["5550106"])
    svg, html, capture = (str(tmp_path / name) for name in ("a.svg", "a.html", "a.pcap"))
    assert main(["trace", trace, "--svg", svg, "--html", html, "--pcap", capture]) == 0
    assert capsys.readouterr().out.startswith("call to 5550106: fax PAGEQUALITY (far.D.rejected")
    assert Path(svg).read_text().startswith("<svg")
    assert Path(html).read_text().startswith("<!DOCTYPE html>")
    assert Path(capture).read_bytes()[20:24] == b"\xfc\0\0\0"
    assert main(["trace", trace, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == SCHEMA
    assert main(["trace", trace, "--ladder"]) == 0
    assert "we, the caller" in capsys.readouterr().out


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str], fax: str) -> None:
    two = tmp_path / "two"
    with CallChannel("sim:", trace=two) as channel:
        channel.call("5550101")
        channel.call("5550102")
    assert main(["trace", str(two), "--svg", str(tmp_path / "a.svg")]) == 1
    assert "has 2 calls: a picture is of one, say which with --call N" in capsys.readouterr().err
    assert main(["trace", str(two), "--call", "2", "--svg", str(tmp_path / "a.svg")]) == 0
    assert capsys.readouterr().out.startswith("call to 5550102: not answered, NOANSWER")
    assert main(["trace", str(two), "--call", "3"]) == 1
    assert "has no call 3" in capsys.readouterr().err
    assert main(["trace", fax]) == 1
    assert "is not a trace of faxline" in capsys.readouterr().err


def test_a_terminal_that_speaks_ascii_gets_ascii(traces: dict[str, Path]) -> None:
    command = [sys.executable, "-m", "faxline", "trace", str(traces["5550100"]), "--ladder"]
    run = subprocess.run(command, capture_output=True, env={"PYTHONIOENCODING": "ascii"}, check=True)
    assert run.stdout.isascii()


def test_octets_of_the_pages(traces: dict[str, Path]) -> None:
    """The same in the JSON and on the web page; what is no data has none."""
    trace = load(traces["5550100"])
    (call,) = trace.calls
    bursts = as_json(trace)["calls"][0]["bursts"]
    assert {burst["kind"] for burst in bursts if "octets" in burst} <= {"training", "page"}
    sizes = [burst["octets"] for burst in bursts if burst["kind"] == "page"]
    assert len(sizes) > 1
    assert all(sizes)
    assert sizes == [burst.octets for burst in call.story.bursts if burst.kind == "page"]
    assert f"{sum(sizes) / 1000:.1f} kB" in webpage(trace)
