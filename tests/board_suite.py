"""What every board must pass: two lines that can call each other, whatever they are made of.

Not collected by itself: tests/test_board.py runs it on simulated lines, and hil/ on a rig of modems. A test
takes `lines`, calls from one to the other, and has both ends' outcome at the end. It names no device.
"""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pages
import pytest

from faxline import CallChannel, FaxToReceive, FaxToSend, Hangup

PATIENCE_S = 150.0
"""For a call to be answered, or for a page: line time."""

Property = Callable[[str, object], None]


@dataclass(frozen=True)
class Line:
    """A line that can be tried."""

    name: str
    device: str
    number: str
    """What the other one dials to reach it."""


@dataclass(frozen=True)
class Lines:
    """Who calls, who is called, and what about the pair cannot be tried."""

    caller: Line
    called: Line
    without: frozenset[str] = frozenset()
    """Of: ecm, v17, polling, fast-stop. And `clean`: without ECM the line spoils rows."""

    def need(self, feature: str) -> None:
        if feature in self.without:
            pytest.skip(f"{self.caller.name} and {self.called.name}: no {feature}")

    def turned(self) -> "Lines":
        return Lines(self.called, self.caller, self.without)


Part = Callable[[CallChannel], object]


@dataclass
class Called:
    """The called end, in a thread: waits for the call, answers, plays its part, hangs up."""

    channel: CallChannel
    part: Part
    outcome: object = None

    def __post_init__(self) -> None:
        self._waits = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._waits.wait(60)

    def _run(self) -> None:
        try:
            self.channel.wait_for_call(0)
        finally:
            self._waits.set()
        # Without a limit: in virtual time a limit is over at once. A caller who fails hangs us up.
        if self.channel.wait_for_call() == "RING_INCOMING" and self.channel.answer() == "ANSWERED":
            self.outcome = self.part(self.channel)
        self.channel.hang_up()

    def join(self) -> object:
        self._thread.join()
        return self.outcome


class Call:
    """Both channels, open; `with` closes them. After the call: what came of it at both ends."""

    def __init__(self, lines: Lines, folder: Path, record: Property) -> None:
        self.lines, self.folder, self._record = lines, folder, record
        self.caller_outcome: object = None
        self.called_outcome: object = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.caller = stack.enter_context(
                CallChannel(self.lines.caller.device, trace=self.folder / "caller.trace")
            )
            self.called = stack.enter_context(
                CallChannel(self.lines.called.device, trace=self.folder / "called.trace")
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        with self._stack:
            self._tell()

    def run(self, caller_part: Part, called_part: Part) -> tuple[object, object]:
        """One call; the outcomes of both parts."""
        other = Called(self.called, called_part)
        if self.caller.call(self.lines.called.number, seconds_timeout=PATIENCE_S) == "ANSWERED":
            self.caller_outcome = caller_part(self.caller)
        else:
            self.caller_outcome = f"call {self.caller.cause()}"
            self.called.hang_up()
        self.caller.hang_up()
        self.called_outcome = other.join()
        return self.caller_outcome, self.called_outcome

    def _tell(self) -> None:
        """What a report should say of each test."""
        for end, channel in (("caller", self.caller), ("called", self.called)):
            modem = channel._line.modem()
            self._record(f"{end} modem", modem.identity if modem else channel.device)
            if modem:
                self._record(f"{end} profile", modem.profile)
        for job in (self.caller.FaxSender, self.called.FaxSender):
            settings = job.Details.negotiated
            if settings:
                self._record("rate", f"{settings['Modem']} {settings['DataRate']}")
                self._record("ecm", settings["ECM"])
                self._record("pages", job.Details.pages)
        self._record("cause", f"{self.caller_outcome}, {self.called_outcome}")
        self._record("retrains", retrains(self.folder / "caller.trace", self.folder / "called.trace"))


def retrains(*traces: Path) -> int:
    """How often the sender trained again: its visits to the state that sends TCF, but for the first."""
    visits = Counter(trace for trace in traces for line in trace.open() if '"text": "B_SEND_TCF"' in line)
    return max(0, max(visits.values(), default=0) - 1)


@pytest.fixture
def call(lines: Lines, tmp_path: Path, record_property: Property) -> Call:
    return Call(lines, tmp_path, record_property)


def sends(path: Path, **fax_options: object) -> Part:
    return lambda channel: channel.FaxSender.send(FaxToSend(path), fax_options)


def receives(path: Path, **fax_options: object) -> Part:
    return lambda channel: channel.FaxReceiver.receive(FaxToReceive(path), fax_options)


def check_pages(call: Call, made: list[object], received: Path, *, ecm: bool) -> None:
    """Bit for bit with error correction; without it, where the line is clean."""
    got = pages.all_rows(received)
    assert len(got) == len(made)
    if ecm or "clean" not in call.lines.without:
        assert got == [pages.rows(page) for page in made]  # type: ignore[arg-type]


# ---- sending and receiving ----


@pytest.mark.parametrize("ecm", ["YES", "NO"])
@pytest.mark.parametrize("count", [1, 3])
def test_pages(call: Call, tmp_path: Path, ecm: str, count: int) -> None:
    if ecm == "YES":
        call.lines.need("ecm")
    made = pages.save_fax(tmp_path / "sent.tif", count)
    with call:
        causes = call.run(sends(tmp_path / "sent.tif", ECM=ecm), receives(tmp_path / "received.tif"))
        assert causes == ("NORMAL", "NORMAL")
        assert call.caller.FaxSender.Details.pages == count
        assert call.called.FaxReceiver.Details.pages == count
        assert call.caller.FaxSender.Details.negotiated["ECM"] == ecm
    check_pages(call, made, tmp_path / "received.tif", ecm=ecm == "YES")


def test_the_other_way_round(lines: Lines, tmp_path: Path, record_property: Property) -> None:
    """Both lines can call, and both be called."""
    made = pages.save_fax(tmp_path / "sent.tif", 1)
    with Call(lines.turned(), tmp_path, record_property) as call:
        causes = call.run(sends(tmp_path / "sent.tif"), receives(tmp_path / "received.tif"))
        assert causes == ("NORMAL", "NORMAL")
    check_pages(call, made, tmp_path / "received.tif", ecm="ecm" not in lines.without)


@pytest.mark.parametrize("coding", ["MH", "MR", "MMR"])
def test_codings(call: Call, tmp_path: Path, coding: str) -> None:
    ecm = "ecm" not in call.lines.without
    if coding == "MMR":
        call.lines.need("ecm")
    made = pages.save_fax(tmp_path / "sent.tif", 1)
    send = sends(tmp_path / "sent.tif", Compression=coding, ECM="YES" if ecm else "NO")
    with call:
        assert call.run(send, receives(tmp_path / "received.tif")) == ("NORMAL", "NORMAL")
        assert call.caller.FaxSender.Details.negotiated["Compression"] == coding
    check_pages(call, made, tmp_path / "received.tif", ecm=ecm)


@pytest.mark.parametrize(
    ("modem", "rate"),
    [("V17", 14400), ("V17", 9600), ("V29", 9600), ("V29", 7200), ("V27", 4800), ("V27", 2400)],
)
def test_modulations(call: Call, tmp_path: Path, modem: str, rate: int) -> None:
    if modem == "V17":
        call.lines.need("v17")
    made = pages.save_fax(tmp_path / "sent.tif", 1, height=120)
    only = {"v17": modem == "V17", "v29": modem == "V29", "v27": modem == "V27", "MaxDataRate": rate}
    with call:
        causes = call.run(sends(tmp_path / "sent.tif", **only), receives(tmp_path / "received.tif"))
        assert causes == ("NORMAL", "NORMAL")
        settings = call.caller.FaxSender.Details.negotiated
        assert settings["Modem"] == modem
        assert int(settings["DataRate"]) <= rate
    check_pages(call, made, tmp_path / "received.tif", ecm="ecm" not in call.lines.without)


@pytest.mark.parametrize("dpi", [(204, 98), (204, 196), (204, 391)])
def test_resolutions(call: Call, tmp_path: Path, dpi: tuple[int, int]) -> None:
    made = pages.save_fax(tmp_path / "sent.tif", 1, dpi=dpi)
    with call:
        causes = call.run(sends(tmp_path / "sent.tif"), receives(tmp_path / "received.tif"))
        assert causes == ("NORMAL", "NORMAL")
        assert call.caller.FaxSender.Details.negotiated["Resolution"] == f"{dpi[0]}x{dpi[1]}"
    check_pages(call, made, tmp_path / "received.tif", ecm="ecm" not in call.lines.without)


def test_identities(call: Call, tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "sent.tif", 1, height=60)
    with call:
        causes = call.run(
            sends(tmp_path / "sent.tif", SubscriberId="+1 555 0101"),
            receives(tmp_path / "received.tif", SubscriberId="+1 555 0102"),
        )
        assert causes == ("NORMAL", "NORMAL")
        assert call.caller.FaxSender.Details.negotiated["RemoteSubscriberId"] == "+1 555 0102"
        assert call.called.FaxReceiver.Details.negotiated["RemoteSubscriberId"] == "+1 555 0101"


def test_polling(call: Call, tmp_path: Path) -> None:
    """The called end has the document, and the caller fetches it."""
    call.lines.need("polling")
    made = pages.save_fax(tmp_path / "sent.tif", 2)
    with call:
        causes = call.run(receives(tmp_path / "received.tif"), sends(tmp_path / "sent.tif"))
        assert causes == ("NORMAL", "NORMAL")
    check_pages(call, made, tmp_path / "received.tif", ecm="ecm" not in call.lines.without)


def test_calls_one_after_the_other(call: Call, tmp_path: Path) -> None:
    """On the same channels: nothing of a call is left when the next begins."""
    pages.save_fax(tmp_path / "sent.tif", 1, height=60)
    with call:
        for number in range(3):
            received = tmp_path / f"{number}.tif"
            causes = call.run(sends(tmp_path / "sent.tif"), receives(received))
            assert causes == ("NORMAL", "NORMAL")
            assert call.caller.state() == call.called.state() == "IDLE"
            assert len(pages.all_rows(received)) == 1


def test_opened_again(lines: Lines, tmp_path: Path, record_property: Property) -> None:
    pages.save_fax(tmp_path / "sent.tif", 1, height=60)
    for number in range(2):
        with Call(lines, tmp_path, record_property) as call:
            causes = call.run(sends(tmp_path / "sent.tif"), receives(tmp_path / f"{number}.tif"))
            assert causes == ("NORMAL", "NORMAL")


# ---- ends that are no good ends ----


def after_first_page(act: Callable[[CallChannel], object], *, send: Path | None, receive: Path) -> Part:
    """Does something once the first page has been confirmed; the fax's cause."""

    def part(channel: CallChannel) -> object:
        job = channel.FaxSender if send else channel.FaxReceiver
        started = (
            channel.FaxSender.start(FaxToSend(send))
            if send
            else channel.FaxReceiver.start(FaxToReceive(receive))
        )
        assert started
        assert job.wait_for_next_page(PATIENCE_S) == 1
        act(channel)
        return job.wait_until_finished()

    return part


def stop(channel: CallChannel) -> None:
    assert (channel.FaxSender if channel.FaxSender.state() == "SENDING" else channel.FaxReceiver).stop()


def hang_up(channel: CallChannel) -> None:
    assert channel.hang_up() == "IDLE"


BROKEN_OFF = ("HANGUP", "COMMSFAULT", "NOTFAX")
"""What the end that did not want it may call it."""


@pytest.mark.parametrize(("act", "cause"), [(stop, "ABORTED"), (hang_up, "HANGUP")])
@pytest.mark.parametrize("who", ["sender", "receiver"])
def test_broken_off(
    call: Call, tmp_path: Path, act: Callable[[CallChannel], object], cause: str, who: str
) -> None:
    """stop() and hang_up() between the pages: cause at this end, at the other, and the next call works."""
    sent, received = tmp_path / "sent.tif", tmp_path / "received.tif"
    pages.save_fax(sent, 6, height=1000)
    with call:
        if who == "sender":
            causes = call.run(after_first_page(act, send=sent, receive=received), receives(received))
        else:
            causes = call.run(sends(sent), after_first_page(act, send=None, receive=received))
        ours, theirs = causes if who == "sender" else reversed(causes)
        assert ours == cause
        assert theirs in BROKEN_OFF
        assert call.caller.state() == call.called.state() == "IDLE"
        assert 1 <= len(pages.all_rows(received)) < 6
        causes = call.run(sends(sent), receives(tmp_path / "next.tif"))
        assert causes == ("NORMAL", "NORMAL")


def test_the_call_ends_before_the_fax(call: Call, tmp_path: Path) -> None:
    """The caller hangs up at once: the called end's job ends, and says that it never was a fax."""
    with call:
        _, cause = call.run(lambda channel: channel.hang_up(), receives(tmp_path / "received.tif"))
        assert cause in BROKEN_OFF
        assert not (tmp_path / "received.tif").exists()


def test_no_call_no_fax(call: Call, tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "sent.tif", 1)
    with call:
        with pytest.raises(Hangup):
            call.caller.FaxSender.send(FaxToSend(tmp_path / "sent.tif"))
        assert call.caller.hang_up() == "IDLE"


def test_nobody_waits_any_more(call: Call) -> None:
    """hang_up() ends waiting for calls."""
    with call:
        assert call.called.wait_for_call(0) == "WAITING"
        assert call.called.hang_up() == "IDLE"
        assert call.called.state() == "IDLE"
