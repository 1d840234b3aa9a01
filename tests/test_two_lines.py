"""Two simulated lines of one process that call each other: both ends of an application, bit for bit."""

import itertools
import threading
from pathlib import Path

import pages
import pytest

from faxline import CallChannel, Error, FaxToReceive, FaxToSend
from faxline._lines import offices

CODINGS = ("MH", "MR", "MMR")
# Every resolution of DIS, with the width in pixels of A4.
RESOLUTIONS = {
    **{(204, lines): 1728 for lines in (98, 196, 391)},
    **{(200, lines): 1728 for lines in (100, 200, 400)},
    (300, 300): 2592,
    (400, 400): 3456,
    (408, 391): 3456,
}
RATES = ("2400", "4800", "7200", "9600", "12000", "14400")


class Called(threading.Thread):
    """The called end: waits for a call, answers, and does what it is told with it."""

    def __init__(self, channel: CallChannel, job: "Job") -> None:
        super().__init__()
        self.channel, self.job = channel, job
        self.cause = ""
        self.start()

    def run(self) -> None:
        assert self.channel.wait_for_call() == "RING_INCOMING"
        assert self.channel.answer() == "ANSWERED"
        self.cause = self.job(self.channel)
        self.channel.hang_up()


class Job:
    """Sends or receives a file."""

    def __init__(self, path: Path, *, send: bool, **fax_options: object) -> None:
        self.path, self.send, self.options = path, send, fax_options

    def __call__(self, channel: CallChannel) -> str:
        if self.send:
            return channel.FaxSender.send(FaxToSend(self.path), self.options)
        return channel.FaxReceiver.receive(FaxToReceive(self.path), self.options)


def call(caller_job: Job, called_job: Job) -> tuple[str, str, dict[str, str]]:
    """The causes of both ends, and what they agreed on."""
    with CallChannel("sim:5550001") as caller, CallChannel("sim:5550002") as called:
        other = Called(called, called_job)
        assert caller.call("5550002") == "ANSWERED"
        cause = caller_job(caller)
        settings = (caller.FaxSender if caller_job.send else caller.FaxReceiver).Details.negotiated
        caller.hang_up()
        other.join()
        return cause, other.cause, settings


@pytest.mark.parametrize("ecm", ["YES", "NO"])
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("dpi", RESOLUTIONS)
def test_bit_for_bit(tmp_path: Path, ecm: str, coding: str, dpi: tuple[int, int]) -> None:
    """Every coding, resolution and rate, with and without error correction."""
    if (coding, ecm) == ("MMR", "NO"):
        with CallChannel("sim:") as channel:
            channel.call("5550100")
            assert not channel.FaxSender.start(filename="x", fax_options={"Compression": "MMR", "ECM": "NO"})
            assert channel.FaxSender.cause() == "INCONSISTENT_OPTIONS"
        return
    made = pages.save_fax(tmp_path / "sent.tif", 2, width=RESOLUTIONS[dpi], height=120, dpi=dpi)
    for rate in RATES:
        received = tmp_path / f"{rate}.tif"
        send = Job(tmp_path / "sent.tif", send=True, ECM=ecm, Compression=coding, MaxDataRate=rate)
        causes = call(send, Job(received, send=False))
        assert causes[:2] == ("NORMAL", "NORMAL")
        assert causes[2]["DataRate"] == rate
        assert (causes[2]["ECM"], causes[2]["Compression"]) == (ecm, coding)
        assert pages.all_rows(received) == list(map(pages.rows, made))


@pytest.mark.parametrize("width", [1728, 2048, 2432])
def test_widths(tmp_path: Path, width: int) -> None:
    made = pages.save_fax(tmp_path / "sent.tif", 1, width=width)
    causes = call(Job(tmp_path / "sent.tif", send=True), Job(tmp_path / "received.tif", send=False))
    assert causes[:2] == ("NORMAL", "NORMAL")
    assert pages.all_rows(tmp_path / "received.tif") == list(map(pages.rows, made))


@pytest.mark.parametrize(("wants", "offers"), list(itertools.product(("", "42"), repeat=2)))
def test_polling(tmp_path: Path, wants: str, offers: str) -> None:
    """The called line has the document; the caller asks for it, and must know its name where it has one."""
    made = pages.save_fax(tmp_path / "sent.tif", 2)
    send = Job(tmp_path / "sent.tif", send=True, SelectivePolling=offers)
    causes = call(Job(tmp_path / "received.tif", send=False, SelectivePolling=wants), send)
    if offers in ("", wants):
        assert causes[:2] == ("NORMAL", "NORMAL")
        assert pages.all_rows(tmp_path / "received.tif") == list(map(pages.rows, made))
    else:
        assert causes[:2] == ("COMMSFAULT", "COMMSFAULT")
        assert not (tmp_path / "received.tif").exists()


def test_whom_it_is_for(tmp_path: Path) -> None:
    """SUB and SID reach the called application; a password of its own keeps others out."""
    pages.save_fax(tmp_path / "sent.tif", 1)
    words = {"SubAddress": "12 34", "Password": "4711"}
    with CallChannel("sim:5550001") as caller, CallChannel("sim:5550002") as called:
        for password, cause in (("", "NORMAL"), ("4711", "NORMAL"), ("42", "COMMSFAULT")):
            receive = Job(tmp_path / f"received-{password}.tif", send=False, Password=password)
            other = Called(called, receive)
            assert caller.call("5550002") == "ANSWERED"
            assert caller.FaxSender.send(FaxToSend(tmp_path / "sent.tif"), words) == cause
            caller.hang_up()
            other.join()
            assert other.cause == cause
            if cause == "NORMAL":
                assert words.items() <= caller.FaxSender.Details.negotiated.items()
                assert words.items() <= called.FaxReceiver.Details.negotiated.items()
            else:
                assert called.FaxReceiver.Details.raw_cause == "far.B.wrong-password"


def test_who_polls(tmp_path: Path) -> None:
    """PSA, PWD and SEP reach who has the document."""
    pages.save_fax(tmp_path / "sent.tif", 1)
    words = {"SubAddress": "7", "Password": "4711", "SelectivePolling": "42"}
    with CallChannel("sim:5550001") as caller, CallChannel("sim:5550002") as called:
        other = Called(called, Job(tmp_path / "sent.tif", send=True))
        assert caller.call("5550002") == "ANSWERED"
        assert caller.FaxReceiver.receive(FaxToReceive(tmp_path / "received.tif"), words) == "NORMAL"
        caller.hang_up()
        other.join()
        for details in (caller.FaxReceiver.Details, called.FaxSender.Details):
            assert words.items() <= details.negotiated.items()


def test_nothing_to_poll(tmp_path: Path) -> None:
    with CallChannel("sim:") as channel:
        channel.call("5550100")
        assert channel.FaxReceiver.receive(FaxToReceive(tmp_path / "none.tif")) == "COMMSFAULT"
        assert channel.FaxReceiver.Details.raw_cause == "far.B.nothing-to-poll"


def test_a_line_is_busy(tmp_path: Path) -> None:
    with CallChannel("sim:5550001") as one, CallChannel("sim:5550002") as two:
        assert two.call("5550100") == "ANSWERED"
        assert one.call("5550002") == "IDLE"
        assert one.cause() == "BUSY"


def test_a_number_is_taken_once() -> None:
    with CallChannel("sim:5550001"), pytest.raises(Error, match="5550001"):
        CallChannel("sim:5550001").start_call("5550100")


def test_the_office_closes_with_its_last_line() -> None:
    before = dict(offices._offices)
    for _ in range(3):
        with CallChannel("sim:5550001"), CallChannel("sim:5550002"):
            assert len(offices._offices) == len(before) + 1
    assert offices._offices == before
