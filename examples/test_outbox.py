"""Its tests: every cause, in virtual time. `pytest examples`"""

from pathlib import Path

import pytest
from outbox import deliver
from PIL import Image

from faxline.causes import CallCause, FaxCause
from faxline.pytest_plugin import FaxLine, FaxPair, MakeFarMachine


@pytest.fixture
def letter(tmp_path: Path) -> str:
    path = tmp_path / "letter.tif"
    Image.new("1", (1728, 1100), 1).save(path, dpi=(204, 98), compression="group4")
    return str(path)


@pytest.mark.parametrize(
    ("cause", "verdict"),
    [
        (FaxCause.NORMAL, "delivered"),
        (FaxCause.NOTFAX, "wrong number"),
        (FaxCause.COMMSFAULT, "later"),
        (FaxCause.PAGEQUALITY, "later"),
        (FaxCause.HANGUP, "later"),
        (FaxCause.TIMEOUT, "later"),
        (FaxCause.ABORTED, "stopped"),
        (FaxCause.STANDARDMISMATCH, "post it"),
        (FaxCause.ERROR, "call for help"),
        (FaxCause.UNKNOWN_OPTION, "call for help"),
        (FaxCause.UNKNOWN_VALUE, "call for help"),
        (FaxCause.INCONSISTENT_OPTIONS, "call for help"),
        (CallCause.BUSY, "later"),
        (CallCause.NOANSWER, "later"),
        (CallCause.CONGESTION, "later"),
        (CallCause.NOCHANNELS, "later"),
        (CallCause.TIMEOUT, "later"),
        (CallCause.UNOBTAINABLE, "wrong number"),
        (CallCause.CHANGED, "wrong number"),
        (CallCause.BARRED, "wrong number"),
        (CallCause.REJECTED, "wrong number"),
        (CallCause.OUTOFORDER, "call for help"),
        (CallCause.ERROR, "call for help"),
        (CallCause.NORMAL, "call for help"),
        (CallCause.FAILED, "call for help"),
        (CallCause.OTHER, "call for help"),
    ],
)
def test_every_cause(
    far_machine: MakeFarMachine, letter: str, cause: CallCause | FaxCause, verdict: str
) -> None:
    far = far_machine(cause)
    assert deliver(far.device, far.number, letter, far.fax_options) == verdict


def test_a_noisy_line(far_machine: MakeFarMachine, letter: str) -> None:
    far = far_machine(far="noisy")
    assert deliver(far.device, far.number, letter) == "delivered"
    assert far.received.exists()


def test_it_arrives(fax_line: FaxLine, letter: str) -> None:
    """On hardware, too: pytest examples --fax-device class1:/dev/ttyACM0 --fax-number 5550123"""
    assert deliver(fax_line.device, fax_line.number, letter) == "delivered"


def test_what_arrives(fax_pair: FaxPair, letter: str) -> None:
    """On hardware with two modems: --fax-device A --fax-device B --fax-pair-number N, of B's line"""
    with fax_pair.receiving() as arriving:
        assert fax_pair.caller.call(fax_pair.number) == "ANSWERED"
        assert fax_pair.caller.FaxSender.send(filename=letter) == "NORMAL"
    assert (arriving.cause, arriving.pages) == ("NORMAL", 1)
    with Image.open(letter) as sent, Image.open(arriving.path) as received:
        assert received.tobytes() == sent.tobytes()
