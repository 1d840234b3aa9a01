"""Addresses of the simulated device: `sim:NUMBER?far=...`."""

import re
from typing import Any

from faxline._devices.address import (
    Address,
    Device,
    Options,
    line_number,
    new_file,
    number_of,
    old_file,
    one_of,
    read_options,
    whole,
)
from faxline._engine.config import EngineConfig, FaultPlan
from faxline._engine.play import Play
from faxline._engine.tables import FAR_MACHINES, FAULT_KINDS, FAULTS_MAX, MODEM_KINDS
from faxline.errors import Error


def driver(address: Address) -> Device:
    """The device of a `sim:` address."""
    values: dict[str, Any] = {"number": number_of(address)}
    if address.rest and "number" in address.options:
        raise Error(f"{address.text!r}: the number is given twice")
    values |= read_options(address, _OPTIONS)
    save, incoming = values.pop("save", None), values.pop("incoming", None)
    return Device(address.text, EngineConfig(**values, save=save is not None), save, incoming)


def parse_fault(text: str) -> FaultPlan:
    """One fault of a plan: `name`, `name@2` (the second time), `name@2x3` (three times from the second on;
    x0: from then on for ever), `name@1=50` (with a strength). Raises Error naming the faults that exist."""
    head, equals, strength = text.partition("=")
    name, at_sign, where = head.partition("@")
    known = [kind.name for kind in FAULT_KINDS]
    if name not in known:
        raise Error(f"no fault {name!r}; there is {', '.join(known)}")
    first, times, count = where.partition("x")
    numbers = [first] * bool(at_sign) + [count] * bool(times) + [strength] * bool(equals)
    if not all(re.fullmatch(r"[0-9]{1,9}", number) for number in numbers) or (
        at_sign and not int(first or 0)
    ):
        raise Error(f"fault {text!r} is not written name, name@2, name@2x3 or name@2=50")
    return FaultPlan(
        name,
        at=int(first) if at_sign else 1,
        count=int(count) if times else 1,
        arg=int(strength) if equals else 0,
    )


def _fault_plan(text: str) -> tuple[FaultPlan, ...]:
    try:
        plan = tuple(parse_fault(fault) for fault in text.split(",") if fault)
    except Error as error:
        raise ValueError(error) from None
    if len(plan) > FAULTS_MAX:
        raise ValueError(f"{len(plan)} faults; a line takes {FAULTS_MAX}")
    return plan


def _play(text: str) -> Play:
    from faxline.trace.play import play_of_file

    try:
        return play_of_file(text)
    except (Error, OSError) as error:
        raise ValueError(getattr(error, "strerror", None) or error) from None


_OPTIONS: Options = {
    "number": ("number", line_number),
    "save": ("save", new_file),
    "incoming": ("incoming", old_file),
    "replay": ("play", _play),
    "seed": ("seed", whole(0, 2**64 - 1)),
    "far": ("far", one_of(machine.name for machine in FAR_MACHINES)),
    "modem": ("personality", one_of(kind.name for kind in MODEM_KINDS)),
    "faults": ("faults", _fault_plan),
    "pace": ("real_pace", one_of({"virtual": False, "real": True})),
    "speed": ("speed", whole(1, 1000)),
    "delay": ("delay_ms", whole(0, 5000)),
}
"""By the fields of EngineConfig; save and incoming are those of Device."""
