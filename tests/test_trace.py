"""Traces: written as the call goes, readable after a kill, rendered for people."""

import json
import os
from pathlib import Path

import pytest

from faxline import CallChannel, Error, FaxToReceive, FaxToSend
from faxline.trace import load, render


def traced(path: Path, fax: str, *numbers: str) -> list[str]:
    with CallChannel("sim:", trace=path) as channel:
        for number in numbers:
            if channel.call(number) == "ANSWERED":
                channel.FaxSender.send(FaxToSend(fax), {"Password": "1234"})
            channel.hang_up()
    return list(render(path))


def test_a_good_call(tmp_path: Path, fax: str) -> None:
    path = tmp_path / "call.jsonl"
    lines = traced(path, fax, "5550100")
    assert lines[0].startswith("call to 5550100: fax NORMAL, 3 pages confirmed, V.17 14400 bit/s ")
    assert lines[0].endswith(" s of line time")
    text = "\n".join(lines)
    for frame in ("DIS", "DCS", "CFR", "PPS", "MCF", "DCN"):
        assert f" {frame} " in text
    assert "-> ATDT5550100" in text
    assert "event    3 confirmed, no more will follow" in text
    assert "event    fax ended, NORMAL, 3 pages confirmed" in text
    assert "[state]" in text
    assert "1234" not in next(line for line in path.read_text().splitlines() if '"order": "fax"' in line)
    times = [float(line[:12]) for line in lines[3:]]
    assert times[0] >= 0


def test_every_line_is_there_at_once(tmp_path: Path, fax: str) -> None:
    path = tmp_path / "call.jsonl"
    with CallChannel("sim:", trace=path) as channel:
        assert json.loads(path.read_text().splitlines()[0])["device"] == "sim:"
        channel.call("5550100")
        events = [json.loads(line) for line in path.read_text().splitlines()]
        assert [event["state"] for event in events if event.get("event") == "call"][-1] == "ANSWERED"


def test_the_owner_reads_it_and_nobody_else(tmp_path: Path, fax: str) -> None:
    traced(tmp_path / "call.jsonl", fax)
    assert (tmp_path / "call.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_directory_takes_a_file_per_channel(tmp_path: Path) -> None:
    directory = tmp_path / "traces"
    directory.mkdir()
    for _ in range(2):
        with CallChannel("sim:", trace=directory):
            pass
    assert len(list(directory.iterdir())) == 2


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("5550101", "call to 5550101: not answered, BUSY"),
        ("5550103", "call to 5550103: fax NOTFAX (far.A.no-fax-tone: "),
        ("5550107", "call to 5550107: fax HANGUP (far.line-down: "),
    ],
)
def test_a_failed_call(tmp_path: Path, fax: str, number: str, words: str) -> None:
    assert traced(tmp_path / "call.jsonl", fax, number)[0].startswith(words)


def test_a_refused_fax(tmp_path: Path) -> None:
    with CallChannel("sim:", trace=tmp_path / "a") as channel:
        channel.call("5550100")
        channel.FaxSender.start(filename="missing.tif")
    (line, *_) = render(tmp_path / "a")
    assert "fax ERROR (local.document: missing.tif: No such file or directory), nothing sent" in line


def test_several_calls(tmp_path: Path, fax: str) -> None:
    lines = traced(tmp_path / "calls.jsonl", fax, "5550101", "5550100", "5550104")
    summaries = [line for line in lines if line.startswith("call to")]
    assert [line.split()[2] for line in summaries] == ["5550101:", "5550100:", "5550104:"]


def test_no_call(tmp_path: Path, fax: str) -> None:
    assert traced(tmp_path / "a", fax)


def test_cut_short_by_a_kill(tmp_path: Path, fax: str) -> None:
    path = tmp_path / "call.jsonl"
    whole = traced(path, fax, "5550100")
    content = path.read_bytes()
    for size in range(len(content) // 2, len(content) // 2 + 300, 7):
        path.write_bytes(content[:size])
        assert len(list(render(path))) < len(whole)


def test_a_crash_took_the_beginning(tmp_path: Path, fax: str) -> None:
    """What was not synced may come back as zeros, or not at all."""
    path = tmp_path / "call.jsonl"
    traced(path, fax, "5550100")
    header, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(bytes(len(header)) + b"\n" + rest)
    left = list(render(path))
    assert left[0].startswith("call to 5550100: fax NORMAL, 3 pages confirmed, ")
    assert left[1] == "  ?, opened ?, faxline ?"
    assert left[-1] == "1 line of the file is damaged or cut short, and left out"
    path.write_bytes(header[:-1])
    with pytest.raises(Error, match="not a trace"):
        load(path)
    path.write_bytes(b"")
    with pytest.raises(Error, match="is empty"):
        load(path)


@pytest.mark.parametrize("content", ["", "hello\n", "{}\n", "[1, 2]\n", '{"trace": "other"}\n'])
def test_what_is_no_trace(tmp_path: Path, content: str) -> None:
    (tmp_path / "a").write_text(content)
    with pytest.raises(Error, match="not a trace"):
        load(tmp_path / "a")


def test_a_full_disk_ends_the_trace_and_not_the_call(fax: str, caplog: pytest.LogCaptureFixture) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with CallChannel("sim:", trace="/dev/full") as channel:
        assert channel.call("5550100") == "ANSWERED"
        assert channel.FaxSender.send(FaxToSend(fax)) == "NORMAL"
    assert "ends early" in caplog.text


def test_a_file_name_that_is_no_text(tmp_path: Path, fax: str) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.tif")
    os.link(fax, name)
    with CallChannel("sim:", trace=tmp_path / "call.trace") as channel:
        channel.call("5550100")
        assert channel.FaxSender.send(FaxToSend(name)) == "NORMAL"
    (call,) = load(tmp_path / "call.trace").calls
    assert "fax NORMAL" in call.summary()
    assert "\\udcff.tif" in (tmp_path / "call.trace").read_text()


def test_the_record_of_a_call_is_bounded(tmp_path: Path, fax: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A far end that goes on and on must not fill the disk; the next call has a record again."""
    monkeypatch.setattr("faxline.trace.writer.CALL_OCTETS_MAX", 10_000)
    trace = tmp_path / "call.trace"
    with CallChannel("sim:", trace=trace) as channel:
        for _ in range(2):
            channel.call("5550100")
            assert channel.FaxSender.send(filename=fax) == "NORMAL"
            channel.hang_up()
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    cuts = [number for number, line in enumerate(lines) if "is cut here" in line.get("text", "")]
    assert len(cuts) == 2
    behind = lines[cuts[0] + 1 : cuts[1]]
    ended = [number for number, line in enumerate(behind) if line.get("event") == "fax-ended"]
    assert len(ended) == 1
    assert not any("kind" in line for line in behind[: ended[0]])
    assert sum("kind" in line for line in behind) > 50
    assert lines[-1]["event"] == "call"


def test_every_order_is_in_it(tmp_path: Path, fax: str) -> None:
    path = tmp_path / "call.trace"
    with CallChannel(f"sim:5550001?incoming={fax}", trace=path) as channel:
        channel.call("5550100", "5550001")
        channel.FaxSender.start(FaxToSend(fax))
        channel.FaxSender.wait_for_negotiated_settings()
        channel.FaxSender.stop()
        channel.hang_up()
        channel.wait_for_call()
        channel.answer()
        channel.FaxReceiver.start(FaxToReceive(tmp_path / "got.tif"))
        channel.FaxReceiver.stop()
        channel.hang_up()
        assert channel.Details.call_from == ""  # not that of the call before
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    orders = [line["order"] for line in lines if "order" in line]
    assert orders == [
        *("dial", "fax", "stop", "hang-up"),
        *("answer", "receive", "stop", "hang-up"),
    ]
