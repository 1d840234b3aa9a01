"""The engine's tables: what its numbers mean, and what there is to choose from."""

import itertools
from dataclasses import dataclass

from faxline._engine.binding import lib, names, text_of
from faxline.causes import CallCause, CallState, FaxCause

CODINGS = ("MH", "MR", "MMR")
"""By the engine's numbers."""
FAULTS_MAX: int = lib.FL_FAULTS_MAX
NUMBER_MAX = 23
"""Digits of a line's number."""

# Enum members by the engine's numbers. An import error here means that causes.py and csrc/faxline.h disagree.
CALL_STATES = [CallState(text_of(lib.fl_call_state_name(i))) for i in range(lib.FL_CALL_STATES)]
CALL_CAUSES = [CallCause(text_of(lib.fl_call_cause_name(i))) for i in range(lib.FL_CALL_CAUSES)]
FAX_CAUSES = [FaxCause(text_of(lib.fl_fax_cause_name(i))) for i in range(lib.FL_FAX_CAUSES)]


@dataclass(frozen=True, slots=True)
class RawCause:
    """A row of the table of raw causes."""

    code: str
    cause: FaxCause
    text: str


def raw_causes() -> dict[str, RawCause]:
    """Every raw cause by its code; the row "none" is left out."""
    return {
        (code := text_of(lib.fl_raw_code(raw))): RawCause(
            code, FAX_CAUSES[lib.fl_raw_cause(raw)], text_of(lib.fl_raw_text(raw))
        )
        for raw in range(1, lib.fl_raw_count())
    }


RAW_CAUSES = raw_causes()


def raw_code(raw: int) -> str | None:
    """The code of a raw cause by its number; None of 0."""
    return text_of(lib.fl_raw_code(raw)) if raw else None


@dataclass(frozen=True, slots=True)
class FarMachine:
    """A far end of the simulated exchange."""

    name: str
    number: str
    """The number that reaches it; '' when only its name does."""
    text: str


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A fault that the simulated line can inject."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ModemKind:
    """A modem that can be simulated: one family's ways and faults."""

    name: str
    text: str


FAR_MACHINES = tuple(
    FarMachine(
        name, text_of(lib.fl_far_number(i)) if lib.fl_far_number(i) else "", text_of(lib.fl_far_text(i))
    )
    for i, name in enumerate(names(lib.fl_far_name))
)
FAULT_KINDS = tuple(
    FaultKind(name, text_of(lib.fl_fault_text(i))) for i, name in enumerate(names(lib.fl_fault_name))
)
MODEM_KINDS = tuple(
    ModemKind(name, text_of(lib.fl_modem_text(i))) for i, name in enumerate(names(lib.fl_modem_name))
)
PROFILES = tuple(names(lib.fl_profile_name))
"""The modem families that the engine knows."""
BAUDS = tuple(iter(map(lib.fl_tty_baud, itertools.count()).__next__, 0))
TRACE_KINDS = tuple(names(lib.fl_trace_kind_name))
