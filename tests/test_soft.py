"""The soft modem as a device. What passes over it, and that it arrives, is in interop/test_spandsp.py."""

import json
import threading
from pathlib import Path

import pages
import pytest

from faxline import CallChannel, Error, FaxToReceive, FaxToSend, soft
from faxline._engine import soft_modem
from faxline.device import resolve

needs_spandsp = pytest.mark.skipif(
    not soft.available(), reason="the soft modem is not built: there was no libspandsp-dev"
)


def test_without_the_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soft_modem, "_lib", None)
    assert not soft.available()
    with pytest.raises(Error, match="libspandsp-dev"):
        CallChannel("soft:")
    with pytest.raises(Error, match="libspandsp-dev"):
        soft.between(soft.Audio(), soft.Terminal(), soft.Terminal())


@needs_spandsp
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("soft:x", "no number"),
        ("soft:?colour=red", "no option 'colour'; there is codings, delay"),
        ("soft:?level=1", "decibels from -60 to 0"),
        ("soft:?noise=nan", "decibels from -100 to 0"),
        ("soft:?delay=1001", "whole number from 0 to 1000"),
        ("soft:?holes=30", "LENGTH/EVERY"),
        ("soft:?holes=30/30", "LENGTH/EVERY"),
        ("soft:?modems=v34", "some of v17, v29, v27"),
        ("soft:?codings=MH,", "some of MH, MR, MMR"),
        ("soft:?far=alaska", "spandsp, none"),
        ("soft:?id=a", "up to 20 of"),
        ("soft:?save=/nowhere/x.tif", "does not exist"),
        ("soft:?save=", "names no file"),
        ("soft:?incoming=/nowhere.tif", "does not exist"),
        ("soft:?incoming=" + __file__, "no TIFF"),
    ],
)
def test_addresses(text: str, named: str) -> None:
    with pytest.raises(Error, match=named):
        resolve(text)


@needs_spandsp
def test_address(tmp_path: Path) -> None:
    assert soft.address() == "soft:"
    assert soft.address("12", noise=-50, not_ready=2, modems="v29,v27", save=tmp_path / "a b.tif") == (
        f"soft:12?noise=-50&not-ready=2&modems=v29,v27&save={tmp_path}/a%20b.tif"
    )
    with pytest.raises(Error, match="no option"):
        soft.address(speeed=2)


@needs_spandsp
def test_the_far_end(tmp_path: Path) -> None:
    """What spandsp's terminal says of a call, also after the channel is closed; and a second call."""
    made = pages.save_fax(tmp_path / "sent.tif", 1)
    address = soft.address(delay=20, id="555 0199", save=tmp_path / "received.tif")
    with CallChannel(address, subscriber_id="555 0100") as channel:
        for calls in (1, 2):
            (tmp_path / "received.tif").unlink(missing_ok=True)
            assert channel.call("5550199") == "ANSWERED"
            assert channel.FaxSender.send(FaxToSend(tmp_path / "sent.tif")) == "NORMAL"
            assert channel.FaxSender.Details.negotiated["RemoteSubscriberId"] == "555 0199"
            assert channel.hang_up() == "IDLE"
            assert pages.all_rows(tmp_path / "received.tif") == list(map(pages.rows, made))
            assert soft.outcome(channel).calls == calls
    outcome = soft.outcome(channel)
    assert (outcome.result, outcome.pages_received, outcome.remote_id) == ("OK", 1, "555 0100")
    assert (outcome.ecm, outcome.coding, outcome.rate_bps) == (True, "MMR", 14400)
    assert 10 < soft.held(channel) < 40


@needs_spandsp
def test_nobody_there() -> None:
    with CallChannel(soft.address(far="none")) as channel:
        assert channel.call("5550100") == "IDLE"
        assert channel.cause() == "BUSY"


@needs_spandsp
def test_our_hang_up(tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "sent.tif", 3)
    with CallChannel(soft.address(delay=20)) as channel:
        assert channel.call("5550199") == "ANSWERED"
        assert channel.FaxSender.start(FaxToSend(tmp_path / "sent.tif"))
        assert channel.FaxSender.wait_for_next_page(60)
        assert channel.hang_up() == "IDLE"
        assert channel.FaxSender.cause() == "HANGUP"
    assert soft.outcome(channel).result != "OK"


@needs_spandsp
def test_their_hang_up(tmp_path: Path) -> None:
    """A line so quiet that spandsp's terminal gives up, and hangs up."""
    pages.save_fax(tmp_path / "sent.tif", 1)
    with CallChannel(soft.address(level=-45)) as channel:
        assert channel.call("5550199") == "ANSWERED"
        assert channel.FaxSender.send(FaxToSend(tmp_path / "sent.tif")) in ("NOTFAX", "COMMSFAULT", "HANGUP")


@needs_spandsp
def test_same_number_twice() -> None:
    with CallChannel("soft:1"):
        with pytest.raises(Error, match="number 1 already"):
            CallChannel("soft:1")
        CallChannel("soft:2").close()
    CallChannel("soft:1").close()


@needs_spandsp
def test_two_lines_again_and_again(tmp_path: Path) -> None:
    """Lines that call each other; a third is refused meanwhile; the clock begins anew with the first line."""
    made = pages.save_fax(tmp_path / "sent.tif", 1)

    def called(channel: CallChannel, path: Path) -> None:
        assert channel.wait_for_call() == "RING_INCOMING"
        assert channel.answer() == "ANSWERED"
        causes.append(channel.FaxReceiver.receive(FaxToReceive(path)))
        channel.hang_up()

    for number in range(3):
        causes: list[str] = []
        received = tmp_path / f"{number}.tif"
        with (
            CallChannel("soft:1?delay=10") as one,
            CallChannel("soft:2") as two,
            CallChannel("soft:3") as three,
        ):
            thread = threading.Thread(target=called, args=(two, received))
            thread.start()
            assert one.call("2") == "ANSWERED"
            third = threading.Thread(target=three.call, args=("2",))
            third.start()
            # Time would go as slowly as the clock's while nobody waits on a line that is in a call.
            one.pause(10)
            third.join()
            assert (three.state(), three.cause()) == ("IDLE", "BUSY")
            causes.append(one.FaxSender.send(FaxToSend(tmp_path / "sent.tif"), {"Compression": "MH"}))
            one.hang_up()
            thread.join()
        assert causes == ["NORMAL", "NORMAL"]
        assert pages.all_rows(received) == list(map(pages.rows, made))


@needs_spandsp
def test_closed_in_the_middle_of_a_call(tmp_path: Path) -> None:
    """The other line's call ends."""
    pages.save_fax(tmp_path / "sent.tif", 3)
    causes: list[str] = []

    def called(channel: CallChannel) -> None:
        assert channel.wait_for_call() == "RING_INCOMING"
        assert channel.answer() == "ANSWERED"
        causes.append(channel.FaxReceiver.receive(FaxToReceive(tmp_path / "received.tif")))

    with CallChannel("soft:2") as two:
        thread = threading.Thread(target=called, args=(two,))
        thread.start()
        with CallChannel("soft:1") as one:
            assert one.call("2") == "ANSWERED"
            assert one.FaxSender.start(FaxToSend(tmp_path / "sent.tif"))
            assert one.FaxSender.wait_for_next_page(60)
        thread.join()
    assert causes == ["HANGUP"]


@needs_spandsp
@pytest.mark.wallclock
def test_real_pace(tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "sent.tif", 1)
    with CallChannel(soft.address(pace="real", speed=20)) as channel:
        assert channel.call("5550199") == "ANSWERED"
        assert channel.FaxSender.send(FaxToSend(tmp_path / "sent.tif")) == "NORMAL"


@needs_spandsp
def test_the_same_call_every_time(tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "sent.tif", 1)

    def call() -> tuple[float, dict[str, str]]:
        with CallChannel(soft.address(noise=-50, seed=3)) as channel:
            channel.call("5550199")
            channel.FaxSender.send(FaxToSend(tmp_path / "sent.tif"))
            channel.hang_up()
            return soft.held(channel), channel.FaxSender.Details.negotiated

    assert call() == call()


@needs_spandsp
def test_noise_that_is_no_silence(tmp_path: Path) -> None:
    """At -38 dBm0 +FRS never ends. We speak all the same, in time: the terminal takes our DCS. Its receivers
    understand nothing else there, also between two of its terminals."""
    pages.save_fax(tmp_path / "sent.tif", 1)
    with CallChannel(soft.address(noise=-38, delay=20), trace=tmp_path / "call.trace") as channel:
        assert channel.call("5550199") == "ANSWERED"
        cause = channel.FaxSender.send(FaxToSend(tmp_path / "sent.tif"), {"MaxDataRate": "2400"})
        channel.hang_up()
        assert (cause, soft.outcome(channel).rate_bps) == ("COMMSFAULT", 2400)
    records = [json.loads(line) for line in (tmp_path / "call.trace").read_text().splitlines()]
    dis = next(i for i, record in enumerate(records) if record.get("kind") == "frame-received")
    sent = [record for record in records[dis:] if record.get("kind") == "at-sent"][:3]
    assert [record["text"] for record in sent] == ["AT+FRS=6", "AT+FRH=3", "AT+FTH=3"]
    assert 1_300_000 < sent[2]["t"] - records[dis]["t"] < 2_000_000  # T4 of the far end is 2.55 s at least

    terminal = soft.Terminal(send=str(tmp_path / "sent.tif"), modems=("v27",))
    _, one, other = soft.between(soft.Audio(delay_ms=20, noise_dbm0=-38), terminal, soft.Terminal())
    assert "OK" not in (one.result, other.result)


@needs_spandsp
def test_between(tmp_path: Path) -> None:
    """Two of spandsp's terminals, without us."""
    made = pages.save_fax(tmp_path / "sent.tif", 2)
    caller = soft.Terminal(id="1", send=str(tmp_path / "sent.tif"))
    called = soft.Terminal(id="2", save=str(tmp_path / "received.tif"))
    held, one, other = soft.between(soft.Audio(delay_ms=20), caller, called)
    assert (one.result, one.pages_sent, one.remote_id) == ("OK", 2, "2")
    assert (other.result, other.pages_received, other.remote_id) == ("OK", 2, "1")
    assert 15 < held < 60
    assert pages.all_rows(tmp_path / "received.tif") == list(map(pages.rows, made))
