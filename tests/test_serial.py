"""Modems on serial ports: pseudo-terminals with a scripted modem at their other end."""

from collections.abc import Iterator

import pytest
from scripted import ScriptedModem

from faxline import CallChannel, Error


@pytest.fixture
def modem() -> Iterator[ScriptedModem]:
    with ScriptedModem() as modem:
        yield modem


def test_a_call(modem: ScriptedModem) -> None:
    with CallChannel(modem.device) as channel:
        assert channel.call("555-0101") == "IDLE"
        assert channel.cause() == "BUSY"
    assert modem.commands[-1] == "ATDT5550101"


def test_pulse(modem: ScriptedModem) -> None:
    with CallChannel(f"{modem.device}&dial=pulse&answer-timeout=30") as channel:
        channel.call("42")
    assert modem.commands[-2:] == ["ATS7=30", "ATDP42"]


def test_a_port_is_open_once(modem: ScriptedModem) -> None:
    with CallChannel(modem.device) as channel:
        with pytest.raises(Error, match=f"{modem.path}: open already in this process"):
            CallChannel(modem.device)
        assert channel.call("1") == "IDLE"
    with CallChannel(modem.device):
        pass


def test_unplugged_on_hook(modem: ScriptedModem) -> None:
    with CallChannel(modem.device) as channel:
        assert channel.call("1") == "IDLE"
        modem.unplug()
        assert channel.call("1") == "IDLE"
        assert (channel.cause(), channel.Details.raw_cause) == ("ERROR", "local.device")
