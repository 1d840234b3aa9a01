"""Replay: a recorded far end once more, against the engine as it is."""

import json
import random
from pathlib import Path

import pytest

from faxline import CallChannel, Error, FaxToReceive, FaxToSend, sim
from faxline.cli import main
from faxline.replay import replay
from faxline.trace import TracedCall, load


def recorded(path: Path, fax: str, number: str, *, pages: bool = True, **options: str) -> TracedCall:
    with CallChannel("sim:", trace=path, trace_pages=pages) as channel:
        if channel.call(number) == "ANSWERED":
            channel.FaxSender.send(FaxToSend(fax), options)
        channel.hang_up()
    (call,) = load(path).calls
    return call


def as_at_a_modem(call: TracedCall) -> TracedCall:
    """Without what only a simulated line can tell."""
    told = [line for line in call.lines if line.get("at") != "far" and line.get("kind") != "signal"]
    return TracedCall(told)


NUMBERS = ["5550100", "5550104", "5550105", "5550106", "5550107", "5550108", "5550109", "5550110", "5550111"]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_same_far_end_gives_the_same_exchange(tmp_path: Path, fax: str, number: str) -> None:
    call = recorded(tmp_path / "a", fax, number)
    again = replay(call)
    assert again.exact
    assert list(again.lines())[2].startswith("the exchange is the same: ")
    before, after = call.verdict, again.replayed.verdict
    assert (before.cause, before.raw_cause, before.pages) == (after.cause, after.raw_cause, after.pages)
    assert abs(before.after_us - after.after_us) < 600_000


@pytest.mark.parametrize("number", ["5550100", "5550106", "5550109"])
def test_a_trace_of_a_modem_is_enough(tmp_path: Path, fax: str, number: str) -> None:
    call = as_at_a_modem(recorded(tmp_path / "a", fax, number))
    again = replay(call)
    assert list(again.lines())[2].startswith("the exchange is the same: ")
    assert abs(call.verdict.after_us - again.replayed.verdict.after_us) < 600_000


def test_without_images_frames_are_compared_by_name(tmp_path: Path, fax: str) -> None:
    call = recorded(tmp_path / "a", fax, "5550100", pages=False)
    again = replay(call)
    assert not again.exact
    assert again.replayed.verdict.pages == 3
    assert list(again.lines())[2].startswith("the exchange is the same: ")
    assert replay(call, fax).exact


def test_another_engine_shows_where_it_differs(tmp_path: Path, fax: str) -> None:
    """As when the engine, or an option, has changed since."""
    call = recorded(tmp_path / "a", fax, "5550106", MaxDataRate="14400")
    for line in call.lines:
        if line.get("order") == "fax":
            line["options"]["MaxDataRate"] = "7200"
    text = list(replay(call).lines())
    assert text[2] == "the exchanges differ: - recorded only, + replayed only"
    assert any(line.startswith("- ") and "DCS V.17 14400" in line for line in text)
    assert any(line.startswith("+ ") and "DCS V.17 7200" in line for line in text)


def test_an_incoming_call_rings_again(tmp_path: Path, fax: str) -> None:
    path = tmp_path / "a"
    with CallChannel(f"sim:5550001?incoming={fax}", trace=path) as channel:
        channel.wait_for_call()
        channel.answer()
        channel.FaxReceiver.receive(FaxToReceive(tmp_path / "in.tif"))
    (call,) = load(path).calls
    again = replay(call).replayed
    names = [frame.name for _, frame in again.story.frames()]
    assert names[:3] == ["DIS", "TSI", "DCS"]
    assert "CFR" in names
    assert not again.verdict.good  # the page is noise


def test_a_program_can_call_the_recorded_far_end(tmp_path: Path, fax: str) -> None:
    recorded(tmp_path / "a", fax, "5550107")
    with CallChannel(sim.address(replay=tmp_path / "a", seed=1)) as channel:
        assert channel.call("123") == "ANSWERED"
        assert channel.FaxSender.send(FaxToSend(fax)) == "HANGUP"
        assert channel.FaxSender.Details.pages == 1


@pytest.mark.parametrize("number", ["5550101", "5550102", "5550103", "5550112"])
def test_who_said_nothing_cannot_be_played(tmp_path: Path, fax: str, number: str) -> None:
    call = recorded(tmp_path / "a", fax, number)
    with pytest.raises(Error, match=r"not answered|said nothing"):
        replay(call)
    with pytest.raises(Error, match=r"replay=.*(not answered|said nothing)"):
        CallChannel(sim.address(replay=tmp_path / "a"))


def test_what_is_no_trace_cannot_be_played(tmp_path: Path, fax: str) -> None:
    with pytest.raises(Error, match="is not a trace"):
        sim.address(replay=fax)
    with pytest.raises(Error, match="No such file"):
        sim.address(replay=tmp_path / "missing")


def test_a_hostile_trace_is_played_or_refused(tmp_path: Path, fax: str) -> None:
    """Numbers and times changed at random: the call ends, whatever the far machine does."""
    path = tmp_path / "a"
    recorded(path, fax, "5550109", pages=False)
    texts = [json.loads(line) for line in path.read_text().splitlines()]
    rng, played = random.Random(3), 0
    for _ in range(25):
        changed = [dict(line) for line in texts]
        for line in rng.sample(changed[1:], 60):
            if rng.random() < 0.5:
                line["t"] = rng.choice([0, 10**6, 10**8, 10**12, line["t"] + rng.randrange(10**7)])
            elif "frame" in line:
                line["frame"] = rng.randbytes(rng.randrange(600)).hex()
            elif line.get("kind") == "signal":
                line["text"] = rng.choice(["V.21 on", "off", "V.29 9600 on", "CED on", "V.17 14400 short on"])
        (tmp_path / "b").write_text("\n".join(map(json.dumps, changed)))
        for call in load(tmp_path / "b").calls[:1]:
            try:
                lines = list(replay(call).lines())
            except Error:
                continue
            played += 1
            assert lines[1].startswith("replayed: ")
    assert played > 10


def test_the_command(tmp_path: Path, fax: str, capsys: pytest.CaptureFixture[str]) -> None:
    recorded(tmp_path / "a", fax, "5550108")
    assert main(["trace", str(tmp_path / "a"), "--replay"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("recorded: call to 5550108: fax COMMSFAULT")
    assert lines[1].startswith("replayed: call to 5550108: fax COMMSFAULT")
    recorded(tmp_path / "a", fax, "5550101")
    assert main(["trace", str(tmp_path / "a"), "--replay"]) == 1
    assert "was not answered: there is nothing to play" in capsys.readouterr().err
