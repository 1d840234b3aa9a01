"""The soft device: a Class 1 modem that spandsp makes out of 8 kHz audio, with real V.21, V.27ter, V.29 and
V.17 signals on a line that can be as bad as one likes.

    from faxline import CallChannel, soft

    with CallChannel(soft.address(noise=-50, delay=20, save="received.tif")) as channel: ...

It is a modem that we did not write; at the other end of its line is spandsp's own fax terminal, which we did
not write either, or another soft modem of this process (`soft:1` calls `soft:2`). Time is virtual, as on
`sim:`. It needs the optional extension faxline._soft, see available().
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from faxline._engine.lib import NUMBER_MAX, EngineConfig, Modem
from faxline._engine.soft_modem import (
    CODINGS,
    NONE_DB,
    PATH_MAX,
    Audio,
    Outcome,
    SoftLine,
    Terminal,
    built,
    need,
)
from faxline._engine.soft_modem import between as _between
from faxline._lines.ptys import FIRST_NUMBER, Socket, Sockets, numbers, of_line
from faxline.device import Address, Device, resolve
from faxline.errors import Error

if TYPE_CHECKING:
    from faxline.channel import CallChannel

__all__ = [
    "Audio",
    "Outcome",
    "PtyModems",
    "Terminal",
    "address",
    "available",
    "between",
    "call_in",
    "held",
    "outcome",
]

MODEMS = ("v17", "v29", "v27")


def available() -> bool:
    """Whether the extension was built with this installation: it is where spandsp's headers were."""
    return built()


# ---- addresses ----


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an address asks for."""

    audio: Audio = field(default_factory=Audio)
    terminal: Terminal = field(default_factory=Terminal)
    far: bool = True
    calls: bool = False
    real_pace: bool = False
    speed: int = 1


def driver(address: Address) -> Device:
    """The device of a `soft:` address; in the table of faxline.device."""
    need(f"{address.text!r}")
    number = address.rest
    if number and (not (number.isascii() and number.isdigit()) or len(number) > NUMBER_MAX):
        raise Error(f"{address.text!r}: {number!r} is no number of a line: up to {NUMBER_MAX} digits")
    wanted = _Wanted()
    for name, value in address.options.items():
        reader = _OPTIONS.get(name)
        if reader is None:
            known = ", ".join(sorted(_OPTIONS))
            raise Error(f"{address.text!r}: soft: has no option {name!r}; there is {known}")
        try:
            wanted = reader(wanted, value)
        except ValueError as error:
            raise Error(f"{address.text!r}: {name}={value!r}; {error}") from None
    office = "soft" if number else ""
    line = SoftLine(
        number=number,
        far=wanted.far,
        audio=wanted.audio,
        terminal=wanted.terminal,
        clock=(wanted.real_pace, wanted.speed) if number else None,
        calls=wanted.calls,
    )
    config = EngineConfig(
        modem=Modem(pipe=line.open),
        office=office,
        real_pace=wanted.real_pace,
        speed=wanted.speed,
    )
    return Device(address.text, config)


def _decibel(low: float, high: float) -> Callable[[str], float]:
    def read(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            raise ValueError(f"it takes decibels from {low:g} to {high:g}")
        return number

    return read


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not (value.isascii() and value.isdigit() and len(value) <= 20) or not low <= int(value) <= high:
            raise ValueError(f"it takes a whole number from {low} to {high}")
        return int(value)

    return read


def _one_of(**choices: Any) -> Callable[[str], Any]:
    def read(value: str) -> Any:
        if value not in choices:
            raise ValueError(f"there is {', '.join(choices)}")
        return choices[value]

    return read


def _some_of(names: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def read(value: str) -> tuple[str, ...]:
        found = tuple(value.split(","))
        if not set(found) <= set(names):
            raise ValueError(f"it takes some of {', '.join(names)}, with commas between them")
        return found

    return read


def _new_file(value: str) -> str:
    path = Path(value).absolute()
    if not value or "\0" in value or path.is_dir() or len(os.fsencode(path)) > PATH_MAX:
        raise ValueError("it names no file")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ValueError("its directory does not exist, or cannot be written")
    return str(path)


def _fax_file(value: str) -> str:
    path = Path(value).absolute()
    if not value or "\0" in value or path.is_dir() or len(os.fsencode(path)) > PATH_MAX:
        raise ValueError("it names no file")
    if not os.access(path, os.R_OK):
        raise ValueError("it does not exist, or cannot be read")
    with open(path, "rb") as file:
        if file.read(4) not in (b"II*\0", b"MM\0*"):
            raise ValueError("it is no TIFF, and spandsp's terminal sends nothing else")
    return str(path)


def _holes(value: str) -> tuple[int, int]:
    length, slash, every = value.partition("/")
    whole = _whole(1, 3_600_000)
    try:
        found = whole(length), whole(every)
    except ValueError:
        found = (0, 0)
    if not slash or not 0 < found[0] < found[1]:
        raise ValueError("it is written LENGTH/EVERY in milliseconds, as in 30/6000")
    return found


def _identity(value: str) -> str:
    if len(value) > 20 or not all(c.isdigit() or c in "+ " for c in value) or not value.isascii():
        raise ValueError("it takes up to 20 of 0-9 + space")
    return value


def _audio(name: str, read: Callable[[str], Any]) -> Callable[[_Wanted, str], _Wanted]:
    return lambda wanted, value: replace(wanted, audio=replace(wanted.audio, **{name: read(value)}))


def _terminal(name: str, read: Callable[[str], Any]) -> Callable[[_Wanted, str], _Wanted]:
    return lambda wanted, value: replace(wanted, terminal=replace(wanted.terminal, **{name: read(value)}))


def _wanted(name: str, read: Callable[[str], Any]) -> Callable[[_Wanted, str], _Wanted]:
    return lambda wanted, value: replace(wanted, **{name: read(value)})


def _set_holes(wanted: _Wanted, value: str) -> _Wanted:
    length, every = _holes(value)
    return replace(wanted, audio=replace(wanted.audio, hole_ms=length, hole_every_ms=every))


def _set_incoming(wanted: _Wanted, value: str) -> _Wanted:
    return replace(wanted, terminal=replace(wanted.terminal, send=_fax_file(value)), calls=True)


_OPTIONS: dict[str, Callable[[_Wanted, str], _Wanted]] = {
    "far": _wanted("far", _one_of(spandsp=True, none=False)),
    "level": _audio("level_db", _decibel(-60, 0)),
    "noise": _audio("noise_dbm0", _decibel(NONE_DB, 0)),
    "echo": _audio("echo_db", _decibel(NONE_DB, 0)),
    "delay": _audio("delay_ms", _whole(0, 1000)),
    "holes": _set_holes,
    "law": _audio("companding", _one_of(alaw=True, linear=False)),
    "seed": _audio("seed", _whole(0, 2**64 - 1)),
    "ecm": _terminal("ecm", _one_of(yes=True, no=False)),
    "modems": _terminal("modems", _some_of(MODEMS)),
    "codings": _terminal("codings", _some_of(CODINGS)),
    "not-ready": _terminal("not_ready", _whole(0, 100)),
    "id": _terminal("id", _identity),
    "save": _terminal("save", _new_file),
    "send": _terminal("send", _fax_file),
    "incoming": _set_incoming,
    "pace": _wanted("real_pace", _one_of(virtual=False, real=True)),
    "speed": _wanted("speed", _whole(1, 1000)),
}


def address(number: str = "", **options: object) -> str:
    """A `soft:` address for CallChannel: number is the line's own; the options are those of the table in
    docs/soft.md, with _ for -, such as noise=-50, not_ready=2, modems="v29,v27".

    Raises Error for an option or a value that does not exist, naming those that do, and when the extension is
    missing.
    """
    text = _text(number, options)
    resolve(text)
    return text


def _text(number: str, wanted: Mapping[str, object]) -> str:
    parts = []
    for name, value in wanted.items():
        if value is None:
            continue
        text = os.fspath(value) if isinstance(value, os.PathLike) else str(value)
        parts.append(f"{name.replace('_', '-')}={quote(text, safe='/,')}")
    return f"soft:{quote(number)}" + (f"?{'&'.join(parts)}" if parts else "")


# ---- for other programs ----


class PtyModems(Sockets):
    """Soft modems, each on a pseudo-terminal for any fax program, in line time; they call each other by their
    numbers, and spandsp's terminal by any other.

    with soft.PtyModems(["/tmp/fax0", "/tmp/fax1"], noise=-55) as modems: ...
    """

    def __init__(
        self,
        links: Sequence[str | os.PathLike[str]],
        *,
        number: str = FIRST_NUMBER,
        save: str | os.PathLike[str] | None = None,
        **wanted: object,
    ) -> None:
        """links: a symbolic link to each pseudo-terminal is made there. number: of the first line; the next
        one's is one higher. save: the TIFF in which a line's terminal keeps its latest call; with several
        lines, the number goes before its suffix. wanted: options of address(), such as speed, delay, noise.

        Raises Error for a value that does not exist, for a link that cannot be made, and when the extension
        is missing.
        """
        super().__init__()
        self._ends: list[SoftLine] = []
        paths = [Path(os.fsdecode(link)) for link in links]

        def sockets() -> Iterator[Socket]:
            for path, own in zip(paths, numbers(number, len(paths)), strict=True):
                kept = None if save is None else of_line(save, own, len(paths) > 1)
                device = resolve(_text(own, {**wanted, "pace": "real", "save": kept}))
                self._ends.append(_end(device))
                yield Socket(path, replace(device.config, pty=True), own)

        self._plug(sockets())

    def call_in(self, document: str | os.PathLike[str], index: int = 0) -> None:
        """spandsp's terminal calls the modem of that line (lines[index]) with a TIFF that is a fax."""
        end = self._ends[index]
        end.call(replace(end.terminal, send=_fax_file(os.fspath(document))))
        self._sockets[index].wake()

    def outcome(self, index: int = 0) -> Outcome:
        """What spandsp's terminal makes of its last call with the modem of that line (lines[index])."""
        return self._ends[index].outcome()

    def held(self, index: int = 0) -> float:
        """Line seconds from answer to hang-up of the last call that the modem of that line dialled."""
        return self._ends[index].held_s()


# ---- the far end ----


def _end(device: Device) -> SoftLine:
    modem = device.config.modem
    owner = getattr(modem.pipe, "__self__", None) if modem is not None else None
    if not isinstance(owner, SoftLine):
        raise Error(f"{device.address}: no soft modem")
    return owner


def _line(channel: "CallChannel") -> SoftLine:
    return _end(channel._line.device)


def call_in(channel: "CallChannel", document: str | os.PathLike[str] | None = None) -> None:
    """spandsp's terminal calls this line as soon as it is free: with a document, a TIFF that is a fax; or
    with none, to poll ours."""
    line = _line(channel)
    with channel._line.changed:
        engine = channel._line.open_engine()
        line.call(replace(line.terminal, send="" if document is None else _fax_file(os.fspath(document))))
        engine.wake()


def outcome(channel: "CallChannel") -> Outcome:
    """What spandsp's terminal at the other end makes of its last call."""
    return _line(channel).outcome()


def held(channel: "CallChannel") -> float:
    """Line seconds from answer to hang-up of the last call that was dialled here or by the terminal."""
    return _line(channel).held_s()


def between(audio: Audio, caller: Terminal, called: Terminal) -> tuple[float, Outcome, Outcome]:
    """A call between two of spandsp's terminals over such a line, without us: how long the line stood, and
    how it went at either end. Raises Error when the extension is missing."""
    need("a call between terminals")
    return _between(audio, caller, called)
