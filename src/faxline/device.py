"""Device addresses: `scheme:rest?option=value&...`, and the table of drivers that understand them.

A driver is a function from an Address to a Device. Another distribution adds one with an entry point in the
group "faxline.drivers" whose name is the scheme; it cannot replace a driver of this package.
"""

from collections.abc import Iterable
from importlib.metadata import entry_points
from urllib.parse import unquote

from faxline._devices import class1, sim
from faxline._devices.address import Address, Device, Driver
from faxline._engine.config import EngineConfig, Modem
from faxline.errors import Error

__all__ = [
    "ENTRY_POINT_GROUP",
    "Address",
    "Device",
    "Driver",
    "EngineConfig",
    "Modem",
    "drivers",
    "parse",
    "resolve",
]

ENTRY_POINT_GROUP = "faxline.drivers"


def _soft(address: Address) -> Device:
    from faxline._devices import soft  # it loads spandsp

    return soft.driver(address)


_OURS: dict[str, Driver] = {"sim": sim.driver, "class1": class1.driver, "soft": _soft}


def parse(text: str) -> Address:
    """Takes an address apart. Raises Error when it is not one."""
    if not isinstance(text, str):
        raise TypeError(f"a device address is a str, not {type(text).__name__}")
    scheme, colon, rest = text.partition(":")
    if not colon or not scheme:
        raise Error(
            f"{text!r} is no device address: it starts with a scheme ({_names(drivers())}), as in 'sim:'"
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
        raise Error(f"{text!r}: no driver for {address.scheme!r}; there is {_names(drivers())}")
    return driver(address)


def drivers() -> dict[str, Driver]:
    """Every driver by its scheme: ours, and those of installed entry points (loaded when they are used)."""
    found: dict[str, Driver] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        found[point.name] = lambda address, point=point: point.load()(address)  # type: ignore[misc]
    return found | _OURS


def _names(drivers: Iterable[str]) -> str:
    return ", ".join(sorted(drivers))
