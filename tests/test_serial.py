"""Modems on serial ports: pseudo-terminals with a scripted modem at their other end.

Real ports have real time, so these tests run against the wall's clock, as many times as fast as the address
says; none waits for longer than the modem takes.
"""

import fcntl
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture
from scripted import ScriptedModem, frame

import faxline
from faxline import CallChannel, Error, FaxToSend
from faxline._devices import ports
from faxline.cli import main


@pytest.fixture
def modem() -> Iterator[ScriptedModem]:
    with ScriptedModem() as modem:
        yield modem


def trace_texts(path: Path, kind: str) -> list[str]:
    records = [json.loads(line) for line in path.read_text().splitlines()]
    return [record["text"] for record in records if record.get("kind") == kind]


# ---- calls ----


def test_a_call(modem: ScriptedModem) -> None:
    with CallChannel(modem.device()) as channel:
        assert channel.call("555-0101") == "IDLE"
        assert channel.cause() == "BUSY"
    assert modem.commands[-1] == "ATDT5550101"


def test_tones_can_be_asked_for(modem: ScriptedModem) -> None:
    with CallChannel(f"{modem.device()}&dial=tone") as channel:
        channel.call("42")
    assert modem.commands[-1] == "ATDT42"


def test_dial_options(modem: ScriptedModem) -> None:
    with CallChannel(f"{modem.device()}&dial=pulse&answer-timeout=30&flow=none&baud=19200") as channel:
        channel.call("42")
    assert modem.commands[-2:] == ["ATS7=30", "ATDP42"]


@pytest.mark.parametrize(
    ("answer", "cause"), [("NO ANSWER", "NOANSWER"), ("NO DIALTONE", "OUTOFORDER"), ("ERROR", "FAILED")]
)
def test_failed_calls(answer: str, cause: str) -> None:
    with ScriptedModem({r"ATD.*": answer}) as modem, CallChannel(modem.device()) as channel:
        assert channel.call("1") == "IDLE"
        assert channel.cause() == cause


def test_a_person_answers(fax: str) -> None:
    with ScriptedModem({r"ATD.*": "NO CARRIER"}) as modem, CallChannel(modem.device()) as channel:
        assert channel.call("1") == "ANSWERED"
        assert channel.FaxSender.send(FaxToSend(fax)) == "NOTFAX"


def test_an_incoming_call() -> None:
    with ScriptedModem({"ATA": "CONNECT"}) as modem, CallChannel(modem.device()) as channel:
        assert channel.wait_for_call(0) == "WAITING"
        modem.rings = True
        assert channel.wait_for_call() == "RING_INCOMING"
        modem.rings = False
        assert channel.answer() == "ANSWERED"
        assert channel.hang_up() == "IDLE"
    assert "ATA" in modem.commands
    assert modem.commands[-1] == "ATH0"


def test_the_caller_gives_up(modem: ScriptedModem) -> None:
    with CallChannel(modem.device(200)) as channel:
        assert channel.wait_for_call(0) == "WAITING"
        modem.rings = True
        assert channel.wait_for_call() == "RING_INCOMING"
        modem.rings = False
        assert channel.wait_for_idle(60) == "IDLE"
        assert channel.cause() == "NOANSWER"


# ---- which modem it is ----


def test_the_profile_is_found() -> None:
    answers = {r"AT\+FMI\?": "U.S. Robotics\r\n\r\nOK", r"AT\+FCLASS=\?": "0,1,2.0\r\n\r\nOK"}
    with ScriptedModem(answers) as modem, CallChannel(modem.device()) as channel:
        channel.call("1")
        assert modem.commands.index("AT&F1") > modem.commands.index("ATI3")
        assert "AT&H1&I0&R2" in modem.commands


def test_the_profile_is_named(modem: ScriptedModem) -> None:
    with CallChannel(f"{modem.device()}&profile=silabs") as channel:
        channel.call("1")
    assert "AT\\Q3" in modem.commands
    assert "AT+FMI?" in modem.commands


# ---- in use ----

LOCKER = """
import fcntl, os, sys
port = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_port_is_open_once(modem: ScriptedModem) -> None:
    with CallChannel(modem.device()) as channel:
        with pytest.raises(Error, match=f"{modem.path}: open already in this process"):
            CallChannel(modem.device())
        assert channel.call("1") == "IDLE"
    with CallChannel(modem.device()):
        pass


def test_another_process_has_it(modem: ScriptedModem) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, modem.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(Error, match=f"in use by process {other.pid} \\(python"):
            CallChannel(modem.device())
        other.communicate("")
    with CallChannel(modem.device()):
        pass


def test_a_lock_on_the_descriptor(modem: ScriptedModem) -> None:
    with CallChannel(modem.device()):
        port = os.open(modem.path, os.O_RDWR | os.O_NOCTTY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(port)


# ---- it is pulled out ----


def test_unplugged_on_hook(modem: ScriptedModem) -> None:
    with CallChannel(modem.device()) as channel:
        assert channel.call("1") == "IDLE"
        modem.unplug()
        assert channel.call("1") == "IDLE"
        assert (channel.cause(), channel.Details.raw_cause) == ("ERROR", "local.device")
        assert channel.wait_for_call() == "IDLE"
        assert channel.cause() == "ERROR"


def test_unplugged_while_it_waits(modem: ScriptedModem) -> None:
    with CallChannel(modem.device()) as channel:
        assert channel.wait_for_call(0) == "WAITING"
        modem.wait_for(r"AT\+FRM=\?")
        modem.unplug()
        assert channel.wait_for_call() == "IDLE"
        assert (channel.cause(), channel.Details.raw_cause) == ("ERROR", "local.device")


def test_unplugged_while_it_rings(modem: ScriptedModem) -> None:
    with CallChannel(modem.device()) as channel:
        assert channel.wait_for_call(0) == "WAITING"
        modem.rings = True
        assert channel.wait_for_call() == "RING_INCOMING"
        modem.rings = False
        modem.unplug()
        assert channel.wait_for_idle() == "IDLE"
        assert channel.cause() == "ERROR"


@pytest.mark.wallclock
def test_unplugged_in_mid_call(fax: str) -> None:
    with ScriptedModem({r"ATD.*": "CONNECT"}) as modem, CallChannel(modem.device(1)) as channel:
        assert channel.call("1") == "ANSWERED"
        assert channel.FaxSender.start(FaxToSend(fax))
        began = time.monotonic()
        modem.unplug()
        assert channel.FaxSender.wait_until_finished() == "ERROR"
        assert channel.FaxSender.Details.raw_cause == "local.device"
        assert channel.wait_for_idle() == "IDLE"
        assert time.monotonic() - began < 1
        assert channel.cause() == "ERROR"


def test_plugged_in_again(tmp_path: Path) -> None:
    """The same channel, and the same name: as in /dev/serial/by-id."""
    port = tmp_path / "usb-modem"
    with ScriptedModem() as modem:
        port.symlink_to(modem.path)
        channel = CallChannel(modem.device(path=port))
        modem.unplug()
    with channel:
        assert channel.call("1") == "IDLE"
        assert channel.cause() == "ERROR"
        with ScriptedModem() as modem:
            port.unlink()
            port.symlink_to(modem.path)
            assert channel.call("1") == "IDLE"
            assert channel.cause() == "BUSY"


# ---- it does not answer ----


@pytest.mark.parametrize("deaf", [True, False])
def test_it_never_answers(tmp_path: Path, deaf: bool) -> None:
    with ScriptedModem({"AT.*": None, r".*": None}, deaf=deaf) as modem:
        with CallChannel(modem.device(200), trace=tmp_path / "trace") as channel:
            assert channel.call("1") == "IDLE"
            assert (channel.cause(), channel.Details.raw_cause) == ("ERROR", "local.device")
            assert channel.wait_for_call() == "IDLE"
            assert channel.cause() == "ERROR"
        notes = trace_texts(tmp_path / "trace", "note")
        assert notes.index("the modem is reset") < notes.index("the modem does not answer")


def test_it_answers_garbage() -> None:
    noise = random.Random(7)
    answers = {r".*": lambda modem: modem.say_octets(noise.randbytes(200))}
    with ScriptedModem(answers) as modem, CallChannel(modem.device(200)) as channel:
        assert channel.call("1") == "IDLE"
        assert channel.cause() == "ERROR"


def test_it_answers_for_ever() -> None:
    """Octets without end and without sense keep nobody from hanging up."""
    with ScriptedModem(deaf=True) as modem, CallChannel(modem.device(200)) as channel:
        stop = threading.Event()

        def babble() -> None:
            os.set_blocking(modem.master, False)
            while not stop.is_set():
                modem.say_octets(b"AT\r\nbla\r\n\x10\x10\x03" * 50)

        thread = threading.Thread(target=babble)
        thread.start()
        try:
            assert channel.call("1", seconds_timeout=None) == "IDLE"
            assert channel.cause() == "ERROR"
        finally:
            stop.set()
            thread.join()


def test_it_comes_to_itself() -> None:
    """Silent when it was opened, it is spoken to again at the next call, on the same channel."""
    mute = [True]

    def sync(modem: ScriptedModem) -> None:
        if not mute[0]:
            modem.say("OK")

    with (
        ScriptedModem({"AT": sync, r"ATDT2": "NO ANSWER"}) as modem,
        CallChannel(modem.device(200)) as channel,
    ):
        channel.call("1")
        assert channel.cause() == "ERROR"
        mute[0] = False
        channel.call("2")
        assert channel.cause() == "NOANSWER"


def test_stuck_in_a_fax(fax: str) -> None:
    """It has heard a DIS, and says nothing more: the fax ends, and so does the call; the next call works."""
    mute = [False]

    def dial(modem: ScriptedModem) -> None:
        modem.say("CONNECT")
        modem.say_octets(frame(bytes.fromhex("FF 13 80 00 46 78")))
        modem.say("OK")
        mute[0] = True

    def other(modem: ScriptedModem) -> None:
        if not mute[0]:
            modem.say("OK")

    with (
        ScriptedModem({r"ATDT1": dial, r"ATDT2": "BUSY", r"AT.*": other}) as modem,
        CallChannel(modem.device(500)) as channel,
    ):
        assert channel.call("1") == "ANSWERED"
        assert channel.FaxSender.send(FaxToSend(fax)) == "ERROR"
        assert channel.FaxSender.Details.raw_cause == "local.device"
        assert channel.hang_up() == "IDLE"
        mute[0] = False
        channel.call("2")
        assert channel.cause() == "BUSY"


# ---- faxline devices ----


def found(path: str, **keywords: bool) -> faxline.FoundDevice:
    (device,) = faxline.devices(path, **keywords)
    return device


def test_a_found_modem() -> None:
    with ScriptedModem({r"AT\+FMI\?": "CONEXANT\r\n\r\nOK"}) as modem:
        device = found(modem.path)
        assert (device.usable, device.probed, device.advice) == (True, True, "")
        assert (device.profile, device.identity) == ("conexant", "CONEXANT Scripted V1")
        assert device.classes == "0,1"
        assert device.send == ("V.17 14400 12000 9600", "V.29 9600 7200", "V.27ter 4800 2400")
        assert device.receive == device.send
        assert device.device == f"class1:{modem.path}"
        with CallChannel(device.device) as channel:
            assert channel.call("1") == "IDLE"


def test_not_probed(modem: ScriptedModem) -> None:
    device = found(modem.path, probe=False)
    assert (device.usable, device.probed, device.advice) == (False, False, "")
    assert modem.commands == []


def test_class_2_only() -> None:
    answers = {r"AT\+FCLASS=\?": "0,2,2.0\r\n\r\nOK", r"AT\+FCLASS=1": "ERROR"}
    with ScriptedModem(answers) as modem:
        device = found(modem.path)
        assert not device.usable
        assert "(it says that it has 0,2,2.0): faxline needs Class 1" in device.advice


def test_no_modem(capsys: pytest.CaptureFixture[str], mocker: MockerFixture) -> None:
    mocker.patch("faxline._devices.ports._FIRST_ANSWER_S", 0.05)
    with ScriptedModem(deaf=True) as modem:
        assert main(["devices", modem.path]) == 1
    assert "nothing answers to AT" in capsys.readouterr().out


def test_nothing_there() -> None:
    assert "there is no such device" in found("/dev/ttyNONE").advice


def test_in_use(modem: ScriptedModem) -> None:
    with CallChannel(modem.device()):
        assert found(modem.path).advice == "open already in this process"


def test_the_listed_ports(modem: ScriptedModem, mocker: MockerFixture) -> None:
    """What is no modem, or in use, is not opened; the usable ones come first."""
    from serial.tools.list_ports_common import ListPortInfo

    def port(path: str, usb_id: tuple[int, int] | None) -> ListPortInfo:
        info = ListPortInfo(path)
        info.vid, info.pid = usb_id or (None, None)
        return info

    ports = [port("/dev/null", (0x2341, 0x43)), port("/dev/zero", None), port(modem.path, (0x0572, 0x1329))]
    mocker.patch("serial.tools.list_ports.comports", return_value=ports)
    mocker.patch("faxline._devices.ports.port_user", side_effect={"/dev/zero": (7, "ModemManager")}.get)
    mocker.patch("faxline._devices.ports._runs", return_value=True)
    modem_found, arduino, used = faxline.devices()
    assert (modem_found.usb_id, modem_found.chip, modem_found.usable) == (
        "0572:1329",
        "Conexant CX93010",
        True,
    )
    assert "udev rule" in modem_found.advice
    assert (arduino.probed, arduino.advice) == (False, "it is an Arduino, and no modem")
    assert used.in_use_by == "process 7 (ModemManager)"
    assert "docs/serial.md" in used.advice


def test_the_command(modem: ScriptedModem, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", modem.path]) == 0
    text = capsys.readouterr().out
    assert f"{modem.path}: usable" in text
    assert "V.29 9600 7200" in text
    assert main(["devices", modem.path, "--json", "--no-probe"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["path"] == modem.path
    assert entry["probed"] is False


@pytest.mark.parametrize("rule", ["E:ID_MM_DEVICE_IGNORE=1", "E:ID_MM_PORT_IGNORE=1"])
def test_either_rule_keeps_modemmanager_away(mocker: MockerFixture, rule: str) -> None:
    mocker.patch("faxline._devices.ports.Path.read_text", return_value=f"E:ID_BUS=usb\n{rule}\n")
    assert ports._is_ignored("/dev/null")
    mocker.patch("faxline._devices.ports.Path.read_text", return_value="E:ID_BUS=usb\n")
    assert not ports._is_ignored("/dev/null")
