"""Device addresses: `scheme:rest?option=value&...`, and the table of drivers that understand them.

A driver is a function from an Address to a Device. Another distribution adds one with an entry point in the
group "faxline.drivers" whose name is the scheme; it cannot replace a driver of this package.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import unquote

from faxline._engine.lib import (
    BAUDS,
    FAR_MACHINES,
    FAULT_KINDS,
    FAULTS_MAX,
    MODEM_KINDS,
    NUMBER_MAX,
    PROFILES,
    EngineConfig,
    FaultPlan,
    Modem,
)
from faxline.errors import Error

ENTRY_POINT_GROUP = "faxline.drivers"


@dataclass(frozen=True, slots=True)
class Address:
    """An address string in its parts, percent escapes resolved."""

    text: str
    """The address as it was given."""
    scheme: str
    rest: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Device:
    """What a driver makes of an address: how to open the engine."""

    address: str
    config: EngineConfig
    save: Path | None = None
    """Where the pages that a simulated far machine stores are written, as one TIFF per call."""
    incoming: Path | None = None
    """A document with which a simulated far machine calls, once the line waits for a call."""


Driver = Callable[[Address], Device]


def parse(text: str) -> Address:
    """Takes an address apart. Raises Error when it is not one."""
    if not isinstance(text, str):
        raise TypeError(f"a device address is a str, not {type(text).__name__}")
    scheme, colon, rest = text.partition(":")
    if not colon or not scheme:
        raise Error(
            f"{text!r} is no device address: it starts with a scheme ({_one_of(drivers())}), as in 'sim:'"
        )
    rest, _, query = rest.partition("?")
    options: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, equals, value = part.partition("=")
        name = unquote(name)
        if not equals or not name:
            raise Error(f"{text!r}: {part!r} is no option; options are written name=value")
        if name in options:
            raise Error(f"{text!r}: option {name!r} is given twice")
        options[name] = unquote(value)
    return Address(text, scheme, unquote(rest), options)


def resolve(text: str) -> Device:
    """The device that an address names. Raises Error for an unknown scheme, option or value, naming what
    exists."""
    address = parse(text)
    driver = _OURS.get(address.scheme) or drivers().get(address.scheme)
    if driver is None:
        raise Error(f"{text!r}: no driver for {address.scheme!r}; there is {_one_of(drivers())}")
    return driver(address)


def drivers() -> dict[str, Driver]:
    """Every driver by its scheme: ours, and those of installed entry points (loaded when they are used)."""
    found: dict[str, Driver] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        found[point.name] = lambda address, point=point: point.load()(address)  # type: ignore[misc]
    return found | _OURS


def _one_of(names: Mapping[str, object] | list[str]) -> str:
    return ", ".join(sorted(names))


# ---- the simulated device ----


def _sim(address: Address) -> Device:
    device = Device(address.text, EngineConfig())
    if address.rest:
        device = _sim_number(address, device, address.rest)
    for name, value in address.options.items():
        reader = _SIM_OPTIONS.get(name)
        if reader is None:
            raise Error(f"{address.text!r}: sim: has no option {name!r}; there is {_one_of(_SIM_OPTIONS)}")
        if name == "number" and address.rest:
            raise Error(f"{address.text!r}: the number is given twice")
        device = reader(address, device, value)
    return device


def _sim_number(address: Address, device: Device, value: str) -> Device:
    if value and (not (value.isascii() and value.isdigit()) or len(value) > NUMBER_MAX):
        raise Error(f"{address.text!r}: {value!r} is no number of a line: up to {NUMBER_MAX} digits")
    return _with(device, number=value)


def _sim_save(address: Address, device: Device, value: str) -> Device:
    path = Path(value)
    if not value or "\0" in value or path.is_dir():
        raise Error(f"{address.text!r}: save={value!r} names no file")
    if not path.absolute().parent.is_dir():
        raise Error(f"{address.text!r}: the directory of save={value!r} does not exist")
    if not os.access(path.absolute().parent, os.W_OK):
        raise Error(f"{address.text!r}: the directory of save={value!r} cannot be written")
    return replace(_with(device, save=True), save=path.absolute())


def _sim_incoming(address: Address, device: Device, value: str) -> Device:
    path = Path(value)
    if not value or "\0" in value or path.is_dir():
        raise Error(f"{address.text!r}: incoming={value!r} names no file")
    if not os.access(path, os.R_OK):
        raise Error(f"{address.text!r}: incoming={value!r} does not exist or cannot be read")
    return replace(device, incoming=path.absolute())


def _sim_replay(address: Address, device: Device, value: str) -> Device:
    from faxline.trace.replay import play_of_file

    try:
        return _with(device, play=play_of_file(value))
    except (Error, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Error(f"{address.text!r}: replay={value!r}: {reason}") from None


def _sim_seed(address: Address, device: Device, value: str) -> Device:
    return _with(device, seed=_number(address, "seed", value, 0, 2**64 - 1))


def _sim_far(address: Address, device: Device, value: str) -> Device:
    known = [machine.name for machine in FAR_MACHINES]
    return _with(device, far=_choice(address, "far machine", value, known))


def _sim_modem(address: Address, device: Device, value: str) -> Device:
    known = [kind.name for kind in MODEM_KINDS]
    return _with(device, personality=_choice(address, "simulated modem", value, known))


def _sim_faults(address: Address, device: Device, value: str) -> Device:
    try:
        plan = tuple(parse_fault(text) for text in value.split(",") if text)
    except Error as error:
        raise Error(f"{address.text!r}: {error}") from None
    if len(plan) > FAULTS_MAX:
        raise Error(f"{address.text!r}: {len(plan)} faults; a line takes {FAULTS_MAX}")
    return _with(device, faults=plan)


def _sim_pace(address: Address, device: Device, value: str) -> Device:
    return _with(device, real_pace=_choice(address, "pace", value, ("virtual", "real")) == "real")


def _sim_speed(address: Address, device: Device, value: str) -> Device:
    return _with(device, speed=_number(address, "speed", value, 1, 1000))


def _sim_delay(address: Address, device: Device, value: str) -> Device:
    return _with(device, delay_ms=_number(address, "delay", value, 0, 5000))


_SIM_OPTIONS: dict[str, Callable[[Address, Device, str], Device]] = {
    "number": _sim_number,
    "save": _sim_save,
    "incoming": _sim_incoming,
    "replay": _sim_replay,
    "seed": _sim_seed,
    "far": _sim_far,
    "modem": _sim_modem,
    "faults": _sim_faults,
    "pace": _sim_pace,
    "speed": _sim_speed,
    "delay": _sim_delay,
}


# ---- a serial modem ----


def _class1(address: Address) -> Device:
    if not address.rest or "\0" in address.rest or len(os.fsencode(address.rest)) > _PATH_MAX:
        raise Error(f"{address.text!r}: it names a serial port, as in 'class1:/dev/ttyACM0'")
    # A real line has real time.
    device = Device(address.text, EngineConfig(modem=Modem(address.rest), real_pace=True))
    for name, value in address.options.items():
        reader = _CLASS1_OPTIONS.get(name)
        if reader is None:
            raise Error(
                f"{address.text!r}: class1: has no option {name!r}; there is {_one_of(_CLASS1_OPTIONS)}"
            )
        device = reader(address, device, value)
    return device


_PATH_MAX = 255


def _class1_profile(address: Address, device: Device, value: str) -> Device:
    return _modem(device, profile=_choice(address, "profile", value, PROFILES))


def _class1_baud(address: Address, device: Device, value: str) -> Device:
    return _modem(device, baud=int(_choice(address, "baud", value, [str(baud) for baud in BAUDS])))


def _class1_flow(address: Address, device: Device, value: str) -> Device:
    return _modem(device, hardware_flow=_choice(address, "flow", value, ("rtscts", "none")) == "rtscts")


def _class1_dial(address: Address, device: Device, value: str) -> Device:
    return _modem(device, pulse=_choice(address, "dial", value, ("tone", "pulse")) == "pulse")


def _class1_answer_timeout(address: Address, device: Device, value: str) -> Device:
    return _modem(device, answer_timeout_s=_number(address, "answer-timeout", value, 1, 255))


_CLASS1_OPTIONS: dict[str, Callable[[Address, Device, str], Device]] = {
    "profile": _class1_profile,
    "baud": _class1_baud,
    "flow": _class1_flow,
    "dial": _class1_dial,
    "answer-timeout": _class1_answer_timeout,
    "speed": _sim_speed,
}


# ---- the soft modem ----


def _soft(address: Address) -> Device:
    from faxline import soft  # it needs this module

    return soft.driver(address)


_OURS: dict[str, Driver] = {"sim": _sim, "class1": _class1, "soft": _soft}


def _with(device: Device, **changes: object) -> Device:
    return replace(device, config=replace(device.config, **changes))  # type: ignore[arg-type]


def _modem(device: Device, **changes: object) -> Device:
    assert device.config.modem is not None
    return _with(device, modem=replace(device.config.modem, **changes))  # type: ignore[arg-type]


def _choice(address: Address, name: str, value: str, choices: Sequence[str]) -> str:
    if value not in choices:
        raise Error(f"{address.text!r}: no {name} {value!r}; there is {', '.join(choices)}")
    return value


def _number(address: Address, name: str, value: str, low: int, high: int) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 20) or not low <= int(value) <= high:
        raise Error(f"{address.text!r}: {name}={value!r}; it takes a whole number from {low} to {high}")
    return int(value)


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
