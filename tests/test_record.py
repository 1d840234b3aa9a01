"""hil/record.py: what happened in a recorded call happens again in the script of it."""

import subprocess
import sys
from pathlib import Path

import pages
import pytest

from faxline import CallChannel, Error, FaxToReceive, FaxToSend

ROOT = Path(__file__).resolve().parent.parent
C = ROOT / "tests" / "c"
sys.path.insert(0, str(ROOT / "hil"))

import record  # noqa: E402

PLAYER = "out/plain/test_calls"


@pytest.fixture(scope="module", autouse=True)
def _player() -> None:
    subprocess.run(["make", "-s", "-C", C, PLAYER], check=True)


def sent(folder: Path, number: str) -> Path:
    trace = folder / "call.trace"
    pages.save_fax(folder / "fax.tif", 2)
    with CallChannel("sim:?seed=1", trace=trace) as channel:
        channel.call(number)
        channel.FaxSender.send(FaxToSend(folder / "fax.tif"))
    return trace


def received(folder: Path, **fax_options: str) -> Path:
    trace = folder / "call.trace"
    pages.save_fax(folder / "fax.tif", 2)
    with CallChannel(f"sim:5550001?incoming={folder / 'fax.tif'}", trace=trace) as channel:
        assert channel.wait_for_call() == "RING_INCOMING"
        assert channel.answer() == "ANSWERED"
        channel.FaxReceiver.receive(FaxToReceive(folder / "received.tif"), fax_options)
    return trace


def plays(script: str, folder: Path) -> None:
    path = folder / "recorded.call"
    path.write_text(script)
    done = subprocess.run([C / PLAYER, path], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, script + done.stdout + done.stderr


@pytest.mark.parametrize(
    ("number", "steps"),
    [
        ("5550100", ["allow ecm", "expect burst 0..4", "end NORMAL pages=2"]),
        ("5550104", ["expect page 2", "end NORMAL pages=2"]),
        ("5550106", ["end PAGEQUALITY far.D.rejected pages=0"]),
        ("5550108", ["send FTT", "end COMMSFAULT far.B.training pages=0"]),
        ("5550109", ["send FTT", "end NORMAL pages=2"]),
    ],
)
def test_we_send(tmp_path: Path, number: str, steps: list[str]) -> None:
    script = record.script(sent(tmp_path, number))
    assert "role caller" in script
    assert [step for step in steps if step not in script.splitlines()] == []
    plays(script, tmp_path)


@pytest.mark.parametrize(("ecm", "step"), [("YES", "prepare 2 frames=5"), ("NO", "page 2")])
def test_we_receive(tmp_path: Path, ecm: str, step: str) -> None:
    script = record.script(received(tmp_path, ECM=ecm))
    assert "role called" in script
    assert step in script.splitlines()
    plays(script, tmp_path)


def test_nothing_to_script(tmp_path: Path) -> None:
    trace = sent_nothing(tmp_path)
    with pytest.raises(Error, match="nobody said anything"):
        record.script(trace)
    with pytest.raises(Error, match="there is no call 7; it has 1"):
        record.script(trace, 7)


def sent_nothing(folder: Path) -> Path:
    with CallChannel("sim:", trace=folder / "call.trace") as channel:
        channel.call("5550101")
    return folder / "call.trace"
