"""A rig: the lines that the board suite is tried on, from a TOML file (see hil/rig.example.toml)."""

import fcntl
import itertools
import os
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from board_suite import Line, Lines

from faxline import sim

FEATURES = ("ecm", "v17", "polling", "clean")


class RigError(Exception):
    """The file is no rig, or the rig is in use."""


@dataclass(frozen=True)
class Simulated:
    """Modems on pseudo-terminals in place of hardware."""

    speed: int
    modems: tuple[str, ...]


@dataclass(frozen=True)
class Rig:
    path: Path
    pairs: tuple[Lines, ...]
    simulated: Simulated | None


def load(path: Path) -> Rig:
    """Raises RigError with a sentence that names the file and what is wrong in it."""
    try:
        content = tomllib.loads(path.read_text())
        _check(content, {"line", "pair", "simulated"}, "the file")
        simulated = _simulated(content["simulated"]) if "simulated" in content else None
        lines = (
            _simulated_lines(simulated) if simulated else [_line(entry) for entry in content.get("line", [])]
        )
        pairs = tuple(_pairs(content.get("pair", []), {line.name: line for line in lines}))
    except OSError as error:
        raise RigError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        what = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else error
        raise RigError(f"{path}: {what}") from None
    if not pairs:
        raise RigError(f"{path}: it has no two lines that could call each other")
    return Rig(path, pairs, simulated)


def _check(table: dict[str, Any], known: set[str], where: str) -> None:
    for name in table:
        if name not in known:
            raise ValueError(f"{where} has no {name!r}; there is {', '.join(sorted(known))}")


def _line(entry: dict[str, Any]) -> Line:
    _check(entry, {"name", "device", "number"}, "a line")
    return Line(str(entry["name"]), str(entry["device"]), str(entry["number"]))


def _pairs(entries: list[dict[str, Any]], lines: dict[str, Line]) -> Iterator[Lines]:
    """Without any, each line calls the next."""
    names = list(lines)
    default = [{"caller": one, "called": two} for one, two in itertools.pairwise(names)]
    for entry in entries or default:
        _check(entry, {"caller", "called", "without"}, "a pair")
        without = entry.get("without", [])
        for name in (entry["caller"], entry["called"]):
            if name not in lines:
                raise ValueError(f"a pair names the line {name!r}; there is {', '.join(names)}")
        if unknown := set(without) - set(FEATURES):
            raise ValueError(f"without has no {unknown.pop()!r}; there is {', '.join(FEATURES)}")
        yield Lines(lines[entry["caller"]], lines[entry["called"]], frozenset(without))


def _simulated(entry: dict[str, Any]) -> Simulated:
    _check(entry, {"speed", "modems"}, "simulated")
    return Simulated(int(entry.get("speed", 1)), tuple(entry.get("modems", ("hardware", "hardware"))))


def _simulated_lines(simulated: Simulated) -> list[Line]:
    first = int(sim.FIRST_NUMBER)
    return [
        Line(f"{number}-{kind}", f"line{number}", str(first + number))
        for number, kind in enumerate(simulated.modems)
    ]


@contextmanager
def made_ready(rig: Rig) -> Iterator[tuple[Lines, ...]]:
    """The pairs, once every port of the rig is ours: another run that wants one of them is told so."""
    with ExitStack() as stack:
        pairs = rig.pairs
        if rig.simulated:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="faxline-rig-"))
            pairs = _start(stack, rig.simulated, Path(folder), pairs)
        for port in sorted({line.device for pair in pairs for line in (pair.caller, pair.called)}):
            stack.enter_context(_locked(port))
        yield pairs


def _start(
    stack: ExitStack, simulated: Simulated, folder: Path, pairs: tuple[Lines, ...]
) -> tuple[Lines, ...]:
    first = int(sim.FIRST_NUMBER)
    for number, kind in enumerate(simulated.modems):
        modems = sim.PtyModems(
            [folder / f"line{number}"], speed=simulated.speed, personality=kind, number=str(first + number)
        )
        stack.enter_context(modems)

    def placed(line: Line) -> Line:
        return replace(line, device=f"class1:{folder / line.device}?speed={simulated.speed}")

    return tuple(replace(pair, caller=placed(pair.caller), called=placed(pair.called)) for pair in pairs)


@contextmanager
def _locked(device: str) -> Iterator[None]:
    port = os.path.realpath(device.partition(":")[2].partition("?")[0])
    name = f"faxline-rig-{sha256(port.encode()).hexdigest()[:16]}.lock"
    lock = os.open(Path(tempfile.gettempdir()) / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RigError(f"{device}: another run of this suite has the line in use") from None
        yield
    finally:
        os.close(lock)
