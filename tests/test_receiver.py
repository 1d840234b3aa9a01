"""CallFaxReceiver and incoming calls, on the simulated device."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pages
import pytest
from PIL import Image

from faxline import CallChannel, Error, FaxToReceive, Hangup, sim


@pytest.fixture
def incoming(tmp_path: Path) -> str:
    pages.save_fax(tmp_path / "sent.tif", 3)
    return f"sim:5550001?incoming={tmp_path / 'sent.tif'}"


def test_an_incoming_fax_at_a_line_without_a_number(tmp_path: Path, incoming: str) -> None:
    with CallChannel(incoming.replace("5550001", "")) as channel:
        assert channel.wait_for_call(60) == "RING_INCOMING"
        assert channel.answer() == "ANSWERED"
        assert channel.FaxReceiver.receive(FaxToReceive(tmp_path / "received.tif")) == "NORMAL"


def test_no_time_passes_between_an_order_and_its_obedience(tmp_path: Path, incoming: str) -> None:
    """The line's thread may not see that somebody waits before it sees what he has ordered."""
    for number in range(200):
        trace = tmp_path / f"{number}.trace"
        with CallChannel(incoming, trace=trace) as channel:
            assert channel.wait_for_call(60) == "RING_INCOMING"
            assert channel.answer() == "ANSWERED"
        lines = [json.loads(line) for line in trace.read_text().splitlines()]
        (given,) = [line["t"] for line in lines if line.get("order") == "answer"]
        (obeyed,) = [line["t"] for line in lines if line.get("text") == "ATA"]
        assert obeyed == given


def test_an_incoming_fax(tmp_path: Path, incoming: str) -> None:
    with CallChannel(incoming) as channel:
        assert channel.wait_for_call() == "RING_INCOMING"
        assert channel.answer() == "ANSWERED"
        receiver = channel.FaxReceiver
        assert receiver.start(FaxToReceive(tmp_path / "received.tif"))
        assert receiver.state() == "RECEIVING"
        with pytest.raises(Error):
            channel.FaxSender.start(filename=str(tmp_path / "sent.tif"))
        settings = receiver.wait_for_negotiated_settings()
        assert settings["RemoteSubscriberId"]
        counted = []
        while receiver.Details.last_page is not True:
            counted.append(receiver.wait_for_next_page())
            with Image.open(tmp_path / "received.tif") as image:
                assert image.n_frames >= counted[-1]
        assert counted == [1, 2, 3]
        assert receiver.wait_until_finished() == "NORMAL"
        assert receiver.state() == "IDLE"
        assert receiver.Details.raw_cause is None
    assert pages.all_rows(tmp_path / "received.tif") == pages.all_rows(tmp_path / "sent.tif")
    with Image.open(tmp_path / "received.tif") as image:
        assert (image.tag_v2[259], image.tag_v2[278]) == (4, image.height)  # G4, one strip
        assert image.tag_v2[297] == (0, 3) or image.tag_v2[297][0] == 0  # PageNumber


def test_guards(tmp_path: Path) -> None:
    with CallChannel("sim:") as channel:
        with pytest.raises(Hangup):
            channel.FaxReceiver.receive(FaxToReceive(tmp_path / "a.tif"))
        channel.start_call("5550102")
        with pytest.raises(Error):
            channel.FaxReceiver.receive(FaxToReceive(tmp_path / "a.tif"))


def test_no_call_comes() -> None:
    with CallChannel("sim:") as channel:
        assert channel.wait_for_call(5) == "WAITING"


def test_refused_options_and_files(tmp_path: Path, incoming: str) -> None:
    with CallChannel(incoming) as channel:
        channel.wait_for_call()
        channel.answer()
        receiver = channel.FaxReceiver
        for fax_options, cause in (
            ({"Nonsense": 1}, "UNKNOWN_OPTION"),
            ({"v17": "PERHAPS"}, "UNKNOWN_VALUE"),
            ({"v29": "NO"}, "INCONSISTENT_OPTIONS"),
        ):
            assert receiver.receive(FaxToReceive(tmp_path / "a.tif"), fax_options) == cause
        taken = tmp_path / "taken.tif"
        taken.write_bytes(b"mine")
        assert receiver.receive(FaxToReceive(taken)) == "ERROR"
        assert receiver.Details.raw_cause == "local.storage"
        assert taken.read_bytes() == b"mine"
        assert receiver.receive(FaxToReceive(tmp_path / "nowhere" / "a.tif")) == "ERROR"
        with pytest.raises(TypeError):
            receiver.receive("a.tif")  # type: ignore[arg-type]
        assert receiver.receive(FaxToReceive(tmp_path / "a.tif")) == "NORMAL"


def test_stop(tmp_path: Path, incoming: str) -> None:
    with CallChannel(incoming) as channel:
        channel.wait_for_call()
        channel.answer()
        receiver = channel.FaxReceiver
        receiver.start(FaxToReceive(tmp_path / "a.tif"))
        assert receiver.wait_for_next_page() == 1
        assert receiver.stop()
        assert receiver.cause() == "ABORTED"
    assert len(pages.all_rows(tmp_path / "a.tif")) >= 1


def test_reject(incoming: str) -> None:
    with CallChannel(incoming) as channel:
        channel.wait_for_call()
        assert channel.reject() == "IDLE"
        assert channel.cause() == "REJECTED"


@pytest.mark.parametrize(
    "name", ["far_bad_fcs", "far_lost_frame", "far_lost_carrier", "far_hangup", "bad_fcs"]
)
@pytest.mark.parametrize("at", [1, 2, 4])
def test_faults(tmp_path: Path, incoming: str, name: str, at: int) -> None:
    with CallChannel(f"{incoming}&faults={sim.fault(name, at)}") as channel:
        channel.wait_for_call()
        if channel.answer() != "ANSWERED":
            return
        cause = channel.FaxReceiver.receive(FaxToReceive(tmp_path / "a.tif"))
        count = channel.FaxReceiver.Details.pages
    stored = pages.all_rows(tmp_path / "a.tif") if count else []
    assert len(stored) == count
    assert stored == pages.all_rows(tmp_path / "sent.tif")[:count]
    assert (cause == "NORMAL") == (count == 3)


VICTIM = """
import sys
from faxline import CallChannel, FaxToReceive
with CallChannel(f"sim:5550001?incoming={sys.argv[1]}&pace=real&speed=50") as channel:
    channel.wait_for_call()
    channel.answer()
    receiver = channel.FaxReceiver
    receiver.start(FaxToReceive(sys.argv[2]))
    while receiver.Details.last_page is not True:
        print(receiver.wait_for_next_page(), flush=True)
"""


@pytest.mark.wallclock
@pytest.mark.parametrize("seed", range(4))
def test_confirmed_pages_survive_a_kill(tmp_path: Path, seed: int) -> None:
    """kill -9 at a random moment: every page that was confirmed is readable."""
    made = pages.save_fax(tmp_path / "sent.tif", 30)
    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(tmp_path / "sent.tif"), str(tmp_path / "received.tif")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert victim.stdout is not None
    until = random.Random(seed).randint(1, 20)
    counted = 0
    for line in victim.stdout:
        counted = int(line)
        if counted >= until:
            victim.send_signal(signal.SIGKILL)
            break
    rest = victim.stdout.read().split()
    victim.wait()
    counted = int(rest[-1]) if rest else counted
    stored = pages.all_rows(tmp_path / "received.tif")
    assert counted <= len(stored)
    assert stored == list(map(pages.rows, made))[: len(stored)]


def test_command_line(tmp_path: Path, incoming: str) -> None:
    out = tmp_path / "faxes"
    out.mkdir()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "faxline",
            "receive",
            "--device",
            incoming,
            "--output",
            str(out),
            "--once",
            "--json",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert '"event": "result"' in done.stdout.splitlines()[-1]
    (fax,) = out.glob("*.tif")
    assert pages.all_rows(fax) == pages.all_rows(tmp_path / "sent.tif")
    missing = subprocess.run(
        [sys.executable, "-m", "faxline", "receive", "--device", "sim:", "--output", str(tmp_path / "no")],
        capture_output=True,
        text=True,
    )
    assert missing.returncode == 1
    assert "no such directory: make it first" in missing.stderr
