"""Addresses of the soft modem: `soft:NUMBER?noise=...`."""

import math
import os
from pathlib import Path
from typing import Any

from faxline._devices.address import (
    Address,
    Device,
    Options,
    Reader,
    new_file,
    number_of,
    old_file,
    one_of,
    read_options,
    whole,
)
from faxline._engine.config import EngineConfig, Modem
from faxline._engine.soft_modem import CODINGS, NONE_DB, PATH_MAX, Audio, SoftLine, Terminal, need
from faxline.errors import Error


def driver(address: Address) -> Device:
    """The device of a `soft:` address."""
    need(f"{address.text!r}")
    number = number_of(address)
    values = read_options(address, _LINE | _AUDIO | _TERMINAL)

    def of(options: Options) -> dict[str, Any]:
        return {into: values[into] for into, _ in options.values() if into in values}

    audio, terminal, rest = of(_AUDIO), of(_TERMINAL), of(_LINE)
    if "holes" in audio:
        audio["hole_ms"], audio["hole_every_ms"] = audio.pop("holes")
    calls = "incoming" in rest
    if calls:
        terminal["send"] = rest["incoming"]
    real_pace, speed = rest.get("real_pace", False), rest.get("speed", 1)
    line = SoftLine(
        number=number,
        far=rest.get("far", True),
        audio=Audio(**audio),
        terminal=Terminal(**terminal),
        clock=(real_pace, speed) if number else None,
        calls=calls,
    )
    config = EngineConfig(
        modem=Modem(pipe=line.open), office="soft" if number else "", real_pace=real_pace, speed=speed
    )
    return Device(address.text, config)


def soft_line(device: Device) -> SoftLine:
    """The soft modem of a device of this driver. Raises Error for another's."""
    modem = device.config.modem
    owner = getattr(modem.pipe, "__self__", None) if modem is not None else None
    if not isinstance(owner, SoftLine):
        raise Error(f"{device.address}: no soft modem")
    return owner


def fax_file(text: str) -> str:
    """A TIFF that spandsp's terminal can send. Raises ValueError."""
    path = _for_spandsp(old_file(text))
    with open(path, "rb") as file:
        if file.read(4) not in (b"II*\0", b"MM\0*"):
            raise ValueError("it is no TIFF, and spandsp's terminal sends nothing else")
    return path


def _new_file(text: str) -> str:
    return _for_spandsp(new_file(text))


def _for_spandsp(path: Path) -> str:
    if len(os.fsencode(path)) > PATH_MAX:
        raise ValueError(f"its path is longer than {PATH_MAX} octets")
    return str(path)


def _decibel(low: float, high: float) -> Reader:
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            raise ValueError(f"it takes decibels from {low:g} to {high:g}")
        return number

    return read


def _some_of(*names: str) -> Reader:
    def read(text: str) -> tuple[str, ...]:
        found = tuple(text.split(","))
        if not set(found) <= set(names):
            raise ValueError(f"it takes some of {', '.join(names)}, with commas between them")
        return found

    return read


def _holes(text: str) -> tuple[int, int]:
    length, slash, every = text.partition("/")
    read = whole(1, 3_600_000)
    try:
        found = read(length), read(every)
    except ValueError:
        found = (0, 0)
    if not slash or not 0 < found[0] < found[1]:
        raise ValueError("it is written LENGTH/EVERY in milliseconds, as in 30/6000")
    return found


def _identity(text: str) -> str:
    if len(text) > 20 or not all(c.isdigit() or c in "+ " for c in text) or not text.isascii():
        raise ValueError("it takes up to 20 of 0-9 + space")
    return text


_LINE: dict[str, tuple[str, Reader]] = {
    "far": ("far", one_of({"spandsp": True, "none": False})),
    "incoming": ("incoming", fax_file),
    "pace": ("real_pace", one_of({"virtual": False, "real": True})),
    "speed": ("speed", whole(1, 1000)),
}
_AUDIO: dict[str, tuple[str, Reader]] = {
    "level": ("level_db", _decibel(-60, 0)),
    "noise": ("noise_dbm0", _decibel(NONE_DB, 0)),
    "echo": ("echo_db", _decibel(NONE_DB, 0)),
    "delay": ("delay_ms", whole(0, 1000)),
    "holes": ("holes", _holes),
    "law": ("companding", one_of({"alaw": True, "linear": False})),
    "seed": ("seed", whole(0, 2**64 - 1)),
}
"""By the fields of Audio; holes are two of them."""
_TERMINAL: dict[str, tuple[str, Reader]] = {
    "ecm": ("ecm", one_of({"yes": True, "no": False})),
    "modems": ("modems", _some_of("v17", "v29", "v27")),
    "codings": ("codings", _some_of(*CODINGS)),
    "not-ready": ("not_ready", whole(0, 100)),
    "id": ("id", _identity),
    "save": ("save", _new_file),
    "send": ("send", fax_file),
}
"""By the fields of Terminal."""
