"""A far end for every cause with which a call or a fax can end."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from faxline import sim
from faxline._lines.line import Line
from faxline.causes import CallCause, FaxCause
from faxline.events import CallChanged, Event, FaxEnded, FaxStarted


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


Change = Callable[[Line, Event], Event]
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
    if isinstance(event, FaxStarted) and line.engine is not None:
        line.engine.fax_stop()
    return event


def _failed(line: Line, event: Event) -> Event:
    """The modem fails as soon as the fax has started. (The machine "unplug" needs a page of some length.)"""
    if isinstance(event, FaxEnded):
        return replace(event, cause=FaxCause.ERROR, raw_cause="local.device")
    return _stopped(line, event)


def _ended_with(cause: CallCause) -> Change:
    """The call that was busy ends with a cause that no driver produces today."""

    def change(line: Line, event: Event) -> Event:
        if isinstance(event, CallChanged) and event.cause is CallCause.BUSY:
            return replace(event, cause=cause)
        return event

    return change


_CALLS = {
    CallCause.BUSY: _Recipe("busy"),
    CallCause.NOANSWER: _Recipe("nobody"),
    CallCause.OUTOFORDER: _Recipe("no-dialtone"),
    CallCause.ERROR: _Recipe(faults=("unplug@1x0",)),
}
_FAXES = {
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
}


def causes() -> list[CallCause | FaxCause]:
    """Every cause that a call or a fax can end with: what far_machine() takes."""
    return [*CallCause, *_FAXES]


def _recipe(cause: CallCause | FaxCause) -> _Recipe:
    # By their classes: causes are texts, and CallCause.ERROR == FaxCause.ERROR.
    if isinstance(cause, CallCause):
        return _CALLS.get(cause) or _Recipe("busy", change=_ended_with(cause))
    if isinstance(cause, FaxCause) and cause in _FAXES:
        return _FAXES[cause]
    if cause is FaxCause.NONE:
        raise ValueError("no call and no fax ends with NONE: it means that none has ended yet")
    raise TypeError(f"far_machine({cause!r}): a CallCause or a FaxCause, as in FaxCause.HANGUP")


@pytest.fixture
def far_machine(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _fax_traces: None
) -> MakeFarMachine:
    """Makes far ends: far_machine(FaxCause.NOTFAX), far_machine(CallCause.BUSY), far_machine(far="noisy"),
    far_machine(faults=["far_lost_frame@4"]), each with the options of faxline.sim.address()."""
    if request.config.getoption("--fax-device"):
        pytest.skip("a far end for each cause is there on the simulated device only, not with --fax-device")
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
