"""The test kit: a plug-in for pytest that is there once faxline is installed.

Fixtures:

    far_machine   a far end for every cause: far_machine(FaxCause.PAGEQUALITY) has a device and a number for
    the
                  application under test
    fax_line      a line, and the number of a machine that takes every fax
    fax_pair      two lines, one of which calls the other

All of them run on the simulated device in virtual time; with --fax-device the last two run on hardware, and
the tests with them. What happens on a line is recorded; a test that fails keeps its traces and says where
they are.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import pytest

# Imported by pytest in every project where faxline is installed: the rest comes when a fixture is used.
if TYPE_CHECKING:
    from faxline._lines.line import Line
    from faxline.causes import CallCause, FaxCause
    from faxline.channel import CallChannel
    from faxline.events import Event

_TRACES = pytest.StashKey[Path]()

# Whoever waits for a thread of a fixture waits no longer; nothing takes so long in virtual time.
_THREAD_S = 600


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faxline")
    group.addoption(
        "--fax-device",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="run fax tests on this device, such as class1:/dev/ttyACM0; a second one for fax_pair",
    )
    group.addoption(
        "--fax-number", default="", metavar="N", help="with --fax-device: a fax machine that may be called"
    )
    group.addoption(
        "--fax-pair-number",
        default="",
        metavar="N",
        help="with two --fax-device: the number of the second one's line (default: --fax-number)",
    )
    group.addoption(
        "--fax-traces",
        default="fax-traces",
        metavar="DIR",
        help="where failed tests leave the traces of their calls (default: fax-traces)",
    )


# ---- traces ----


@pytest.fixture
def _fax_traces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every channel of the test, also in its child processes, is recorded; kept when the test fails."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", request.node.nodeid).strip("-")[-120:]
    folder = request.config.rootpath / request.config.getoption("--fax-traces") / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    request.node.stash[_TRACES] = folder
    monkeypatch.setenv("FAXLINE_TRACE", str(folder))
    failures = request.session.testsfailed
    yield
    if request.session.testsfailed == failures:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in (folder.parent,):
            if not any(parent.iterdir()):
                parent.rmdir()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    folder = item.stash.get(_TRACES, None)
    if report.failed and folder is not None and (traces := sorted(folder.glob("*"))):
        report.sections.append(("traces of its calls", "\n".join(map(_told, traces))))


def _told(path: Path) -> str:
    """Where the trace is, and what it says in its first line."""
    from faxline.errors import Error
    from faxline.trace.reader import load

    with suppress(Error, OSError):
        return "\n".join([f"faxline trace {path}", *(f"    {call.summary()}" for call in load(path).calls)])
    return f"faxline trace {path}"


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
        from faxline.channel import CallChannel

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
        from faxline import sim

        number, received = "5550100", tmp_path / "received-by-far-machine.tif"
        device = sim.address(save=received)
    open_channel, close = _opener(device)
    yield FaxLine(device, number, received, open_channel)
    close()


# ---- two lines ----


class Receiving:
    """A fax on its way to the second line of a pair, answered and stored by a thread of the fixture."""

    def __init__(self, channel: CallChannel, path: Path, fax_options: Mapping[str, object] | None) -> None:
        from faxline.causes import FaxCause

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
        from faxline.causes import CallState

        if self._channel.state() is CallState.WAITING:
            self._channel.hang_up()  # the test is over, and has not called
        self.wait()

    def _run(self) -> None:
        from faxline.causes import CallState
        from faxline.errors import Error
        from faxline.storage import FaxToReceive

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


# ---- far ends ----


@dataclass(frozen=True, slots=True)
class FarMachine:
    """A far end that lets a call or a fax end as a test wants it."""

    device: str
    """The address to open: on it this far end answers, whatever number is called."""
    number: str
    """One to call."""
    cause: CallCause | FaxCause | None
    """How the call or the fax will end; None when the test has chosen far and faults itself."""
    received: Path
    """What the far machine stored, if it did."""
    fax_options: dict[str, str] = field(default_factory=dict)
    """What the application has to ask for to get this cause; empty but for the causes of wrong options."""


class MakeFarMachine(Protocol):
    """The fixture far_machine."""

    def __call__(
        self,
        cause: CallCause | FaxCause | None = None,
        *,
        far: str | None = None,
        faults: Iterable[str] = (),
        **address: Any,
    ) -> FarMachine: ...


Change = Callable[["Line", "Event"], "Event"]
"""What is done to the events of a line, on their way to the application."""


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How a cause comes about on the simulated device."""

    far: str = "everything"
    faults: tuple[str, ...] = ()
    fax_options: Mapping[str, str] = field(default_factory=dict)
    change: Change | None = None


def _stopped(line: Line, event: Event) -> Event:
    """stop(), as soon as the fax has started."""
    from faxline.events import FaxStarted

    if isinstance(event, FaxStarted) and line.engine is not None:
        line.engine.fax_stop()
    return event


def _failed(line: Line, event: Event) -> Event:
    """The modem fails as soon as the fax has started. (The machine "unplug" needs a page of some length.)"""
    from faxline.causes import FaxCause
    from faxline.events import FaxEnded

    if isinstance(event, FaxEnded):
        return replace(event, cause=FaxCause.ERROR, raw_cause="local.device")
    return _stopped(line, event)


def _ended_with(cause: CallCause) -> Change:
    """The call that was busy ends with a cause that no driver produces today."""

    def change(line: Line, event: Event) -> Event:
        from faxline.causes import CallCause as Causes
        from faxline.events import CallChanged

        if isinstance(event, CallChanged) and event.cause is Causes.BUSY:
            return replace(event, cause=cause)
        return event

    return change


def causes() -> list[CallCause | FaxCause]:
    """Every cause that a call or a fax can end with: what far_machine() takes."""
    from faxline.causes import CallCause, FaxCause

    return [*CallCause, *(cause for cause in FaxCause if cause is not FaxCause.NONE)]


def _call_recipe(cause: CallCause) -> _Recipe:
    from faxline.causes import CallCause

    produced = {
        CallCause.BUSY: _Recipe("busy"),
        CallCause.NOANSWER: _Recipe("nobody"),
        CallCause.OUTOFORDER: _Recipe("no-dialtone"),
        CallCause.ERROR: _Recipe(faults=("unplug@1x0",)),
    }
    return produced.get(cause) or _Recipe("busy", change=_ended_with(cause))


def _fax_recipe(cause: FaxCause) -> _Recipe:
    """Raises KeyError for NONE."""
    from faxline.causes import FaxCause

    return {
        FaxCause.NORMAL: _Recipe(),
        FaxCause.ERROR: _Recipe(change=_failed),
        FaxCause.ABORTED: _Recipe(change=_stopped),
        FaxCause.HANGUP: _Recipe(faults=("far_hangup@8",)),
        FaxCause.TIMEOUT: _Recipe("not-ready"),
        FaxCause.NOTFAX: _Recipe("person"),
        FaxCause.UNKNOWN_OPTION: _Recipe(fax_options={"NoSuchOption": "YES"}),
        FaxCause.UNKNOWN_VALUE: _Recipe(fax_options={"ECM": "PERHAPS"}),
        FaxCause.INCONSISTENT_OPTIONS: _Recipe(fax_options={"v17": "NO", "MinDataRate": "14400"}),
        FaxCause.STANDARDMISMATCH: _Recipe("t38-only"),
        FaxCause.COMMSFAULT: _Recipe("untrainable"),
        FaxCause.PAGEQUALITY: _Recipe("rejects"),
    }[cause]


def _recipe(cause: CallCause | FaxCause) -> _Recipe:
    # By their classes: causes are texts, and CallCause.ERROR == FaxCause.ERROR.
    from faxline.causes import CallCause, FaxCause

    if isinstance(cause, CallCause):
        return _call_recipe(cause)
    if isinstance(cause, FaxCause) and cause is not FaxCause.NONE:
        return _fax_recipe(cause)
    raise ValueError(f"no call and no fax ends with {cause!r}")


@pytest.fixture
def far_machine(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _fax_traces: None
) -> MakeFarMachine:
    """Makes far ends: far_machine(FaxCause.NOTFAX), far_machine(CallCause.BUSY), far_machine(far="noisy"),
    far_machine(faults=["far_lost_frame@4"]), each with the options of faxline.sim.address()."""
    if request.config.getoption("--fax-device"):
        pytest.skip("a far end for each cause is there on the simulated device only, not with --fax-device")
    from faxline import sim
    from faxline._lines.line import Line

    changes: dict[str, Change] = {}
    apply = Line.apply

    def changed(line: Line, event: Event) -> None:
        change = changes.get(line.device.address)
        apply(line, change(line, event) if change else event)

    monkeypatch.setattr(Line, "apply", changed)
    count = 0

    def make(
        cause: CallCause | FaxCause | None = None,
        *,
        far: str | None = None,
        faults: Iterable[str] = (),
        **address: Any,
    ) -> FarMachine:
        nonlocal count
        count += 1
        if cause is not None and (far is not None or tuple(faults)):
            raise ValueError("either a cause, or far and faults")
        recipe = _Recipe(far or "everything", tuple(faults))
        if cause is not None:
            recipe = _recipe(cause)
        received = Path(address.pop("save", tmp_path / f"received-by-far-machine-{count}.tif"))
        device = sim.address(far=recipe.far, faults=recipe.faults, save=received, **address)
        if recipe.change is not None:
            changes[device] = recipe.change
        return FarMachine(device, "5550100", cause, received, dict(recipe.fax_options))

    return make
