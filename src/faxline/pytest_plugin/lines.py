"""A line for the application under test, and two that call each other."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from faxline import sim
from faxline.causes import CallState, FaxCause
from faxline.channel import CallChannel
from faxline.errors import Error
from faxline.storage import FaxToReceive

# Whoever waits for a thread of a fixture waits no longer; nothing takes so long in virtual time.
_THREAD_S = 600


# ---- a line ----


@dataclass(frozen=True, slots=True)
class FaxLine:
    """A line for the application under test."""

    device: str
    """Its address, for an application that opens the channel itself."""
    number: str
    """Of a fax machine that takes everything."""
    received: Path | None
    """The TIFF in which that machine keeps what it received; None on hardware."""
    _open: Callable[[], CallChannel]

    @property
    def channel(self) -> CallChannel:
        """The open channel; closed after the test."""
        return self._open()


def _opener(address: str) -> tuple[Callable[[], CallChannel], Callable[[], None]]:
    """Opens a channel at the first call; and closes it."""
    opened: list[CallChannel] = []

    def open_channel() -> CallChannel:
        if not opened:
            opened.append(CallChannel(address))
        return opened[0]

    def close() -> None:
        for channel in opened:
            channel.close()

    return open_channel, close


@pytest.fixture
def fax_line(request: pytest.FixtureRequest, tmp_path: Path, _fax_traces: None) -> Iterator[FaxLine]:
    """A line, and the number of a fax machine that takes everything: simulated, or --fax-device and
    --fax-number."""
    devices: list[str] = request.config.getoption("--fax-device")
    if devices:
        number = request.config.getoption("--fax-number")
        if not number:
            pytest.skip("--fax-number names no machine that may be called")
        device, received = devices[0], None
    else:
        number, received = "5550100", tmp_path / "received-by-far-machine.tif"
        device = sim.address(save=received)
    open_channel, close = _opener(device)
    yield FaxLine(device, number, received, open_channel)
    close()


# ---- two lines ----


class Receiving:
    """A fax on its way to the second line of a pair, answered and stored by a thread of the fixture."""

    def __init__(self, channel: CallChannel, path: Path, fax_options: Mapping[str, object] | None) -> None:
        self.path = path
        """The TIFF."""
        self.cause: FaxCause = FaxCause.NONE
        self.pages = 0
        self._channel = channel
        self._options = fax_options
        self._failed: BaseException | None = None
        channel.wait_for_call(0)  # from here on it is there to be called
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self) -> FaxCause:
        """Waits until the fax is over; returns its cause."""
        self._thread.join(_THREAD_S)
        if self._failed is not None:
            raise self._failed
        return self.cause

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._channel.close()  # the call that it waits for may never come
            self._thread.join(_THREAD_S)
            return
        if self._channel.state() is CallState.WAITING:
            self._channel.hang_up()  # the test is over, and has not called
        self.wait()

    def _run(self) -> None:
        channel, receiver = self._channel, self._channel.FaxReceiver
        try:
            if channel.wait_for_call() is not CallState.RING_INCOMING:
                raise Error(f"{channel.device}: no call came")
            if channel.answer() is CallState.ANSWERED:
                self.cause = receiver.receive(FaxToReceive(self.path), self._options)
                self.pages = receiver.Details.pages
            channel.hang_up()
        except BaseException as error:  # told by wait()
            self._failed = error


@dataclass(frozen=True, slots=True)
class FaxPair:
    """Two lines; the first calls the second."""

    caller: CallChannel
    called: CallChannel
    number: str
    """Of the second line."""
    _folder: Path

    def receiving(
        self, path: Path | None = None, fax_options: Mapping[str, object] | None = None
    ) -> Receiving:
        """Lets the second line answer the next call and receive a fax, while the test sends it: a context
        manager, which waits for the end of the fax. Then cause, path and pages say what arrived."""
        return Receiving(self.called, path or self._folder / "received-by-called.tif", fax_options)


@pytest.fixture
def fax_pair(request: pytest.FixtureRequest, tmp_path: Path, _fax_traces: None) -> Iterator[FaxPair]:
    """Two lines, one of which calls the other: simulated, or two times --fax-device."""
    devices: list[str] = request.config.getoption("--fax-device")
    if devices:
        number = request.config.getoption("--fax-pair-number") or request.config.getoption("--fax-number")
        if len(devices) < 2 or not number:
            pytest.skip("needs --fax-device twice, and the second one's number as --fax-pair-number")
        addresses = devices[:2]
    else:
        number, addresses = "5558802", ["sim:5558801", "sim:5558802"]
    openers = [_opener(address) for address in addresses]
    try:
        caller, called = (open_channel() for open_channel, _ in openers)
        yield FaxPair(caller, called, number, tmp_path)
    finally:
        for _, close in openers:
            close()
