"""Simulated modems on pseudo-terminals, for any fax program: `faxline.sim.PtyModems`.

Each is a line of the simulated exchange whose modem has a pseudo-terminal where a `sim:` line has a station
of ours. The octets move in the engine's threads; the threads here only carry news and the far machines'
pages.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from faxline._devices.address import address_text
from faxline._engine.config import EngineConfig
from faxline._engine.engine import Engine, EngineClosed
from faxline._engine.tables import NUMBER_MAX
from faxline._guarded import log, tell
from faxline._lines.far_pages import FarPages
from faxline._lines.offices import Seat
from faxline._lines.pump import TRACE_INTERVAL_MS
from faxline._version import __version__
from faxline.causes import CallState
from faxline.device import resolve
from faxline.errors import Error
from faxline.events import CallChanged, FarPageStored
from faxline.trace import TraceWriter

_PSEUDO_TERMINALS = "/dev/pts/"
FIRST_NUMBER = "5550001"
DELAY_MS = 20
"""Of a line, one way. With none at all an answer would begin before a sender such as efax has looked for
silence."""


@dataclass(frozen=True, slots=True)
class PtyLine:
    """A modem on its pseudo-terminal."""

    link: str
    """The path that programs open."""
    tty: str
    """What the link leads to."""
    number: str
    """The line's telephone number."""


class Sockets:
    """Modems on pseudo-terminals, until close()."""

    def __init__(self) -> None:
        self.lines: tuple[PtyLine, ...] = ()
        self._sockets: list[Socket] = []
        self._closed = threading.Event()

    def _plug(self, sockets: "Iterable[Socket]") -> None:
        """Takes them as they are made; all or none."""
        try:
            self._sockets.extend(sockets)
            self.lines = tuple(socket.line for socket in self._sockets)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hangs up, removes the links and the pseudo-terminals. A second call does nothing."""
        if self._closed.is_set():
            return
        self._closed.set()
        for socket in self._sockets:
            socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PtyModems(Sockets):
    """Simulated modems, each on a pseudo-terminal, with a telephone exchange between them.

    with PtyModems(["/tmp/fax0", "/tmp/fax1"], speed=4) as modems:
        ...  # a program on /tmp/fax0 calls modems.lines[1].number, or a far machine (far_machines())

    They live until close(); a program may open and close its modem as often as it likes.
    """

    def __init__(
        self,
        links: Sequence[str | os.PathLike[str]],
        *,
        speed: int = 1,
        delay: int = DELAY_MS,
        far: str | None = None,
        personality: str = "hardware",
        faults: Sequence[str] = (),
        seed: int = 0,
        number: str = FIRST_NUMBER,
        save: str | os.PathLike[str] | None = None,
        trace: str | os.PathLike[str] | None = None,
        changed: Callable[[PtyLine, CallState], None] | None = None,
    ) -> None:
        """links: a symbolic link to each pseudo-terminal is made there; one that a killed process left is
        replaced. speed: line seconds per second of the clock, 1 to 1000; the program's own clock does not go
        faster. delay: of the lines, one way, 0 to 5000 ms. far: the far machine that answers, whatever number
        is called. personality: of the modems, a name of sim.modems(). faults: as sim.fault() makes them, for
        each call that is dialled. number: of the first line; the next one's is one higher. save: the TIFF in
        which a line's far machine keeps the pages of its latest call. trace: a record of each line. With
        several lines, the line's number goes before the suffix of both: received-5550002.tif. changed: called
        when a line's call changes, by a thread of its own.

        Raises Error for a value that does not exist, naming those that do, and for a link that cannot be
        made.
        """
        super().__init__()
        paths = [Path(os.fsdecode(link)) for link in links]
        several = len(paths) > 1
        options = {
            "pace": "real",
            "speed": speed,
            "delay": delay,
            "far": far,
            "modem": personality,
            "faults": ",".join(faults) or None,
            "seed": seed,
        }
        config = resolve(address_text("sim", "", options)).config
        config = replace(config, pty=True, save=save is not None)

        def sockets() -> Iterator[Socket]:
            for path, own in zip(paths, numbers(number, len(paths)), strict=True):
                pages = None if save is None else of_line(save, own, several)
                record = None if trace is None else of_line(trace, own, several)
                yield Socket(path, replace(config, number=own), own, pages, record, changed)

        self._plug(sockets())

    def violations(self) -> dict[str, tuple[int, str]]:
        """By the number of the line: how often its judge saw the program breach T.30's times, and the latest
        in words. At a speed the machine's scheduler is measured too, as many times as hard."""
        return {socket.line.number: socket.violations() for socket in self._sockets}


class Socket:
    """One modem: its engine, its link, and the thread that carries its news."""

    def __init__(
        self,
        path: Path,
        config: EngineConfig,
        number: str,
        save: Path | None = None,
        trace: Path | None = None,
        changed: Callable[[PtyLine, CallState], None] | None = None,
    ) -> None:
        _check(path)
        self._changed = changed
        self._violations: tuple[int, str] | None = None
        self._trace = None if trace is None else TraceWriter(trace, f"modem on {path}", __version__)
        self._far_pages = FarPages(save, str(path), log)
        self._seat = Seat(config)
        try:
            self._engine = Engine(replace(config, trace=trace is not None), self._seat.office)
        except BaseException:
            self._seat.free()
            raise
        self.line = PtyLine(str(path), self._engine.tty(), number)
        self._thread = threading.Thread(target=self._run, name=f"faxline modem {path}", daemon=True)
        self._thread.start()
        try:
            _link(path, self.line.tty)
        except OSError as error:
            self.close()
            raise Error(f"{path}: the link cannot be made: {error.strerror}") from None

    def close(self) -> None:
        with suppress(OSError):
            if os.readlink(self.line.link) == self.line.tty:
                os.unlink(self.line.link)
        self._engine.close()
        self._thread.join()
        self._violations = self._engine.violations()
        self._engine.free()
        self._seat.free()

    def wake(self) -> None:
        """Something has happened to the modem from outside: its thread looks."""
        self._engine.wake()

    def violations(self) -> tuple[int, str]:
        return self._engine.violations() if self._violations is None else self._violations

    def _run(self) -> None:
        try:
            while True:
                event = self._engine.wait(-1 if self._trace is None else TRACE_INTERVAL_MS)
                self._drain_trace()
                if isinstance(event, FarPageStored):
                    self._far_pages.take(self._engine)
                if isinstance(event, CallChanged):
                    if self._trace is not None:
                        self._trace.event(event)
                    self._tell(event.state)
        except EngineClosed:
            self._drain_trace()
        except Exception:
            log.exception("%s: internal fault in the thread of a simulated modem", self.line.link)
        finally:
            self._far_pages.close()
            if self._trace is not None:
                self._trace.close()

    def _tell(self, state: CallState) -> None:
        if self._changed is None:
            return
        try:
            self._changed(self.line, state)
        except BaseException:  # SystemExit, too: this is no thread of the application's
            tell("changed= of simulated modems raised")

    def _drain_trace(self) -> None:
        if self._trace is not None:
            self._trace.records(self._engine.take_trace())


# ---- arguments ----


def numbers(first: str, count: int) -> list[str]:
    """So many telephone numbers, each one higher than the one before. Raises Error."""
    if not (first.isascii() and first.isdigit() and len(str(int(first) + count)) <= NUMBER_MAX):
        raise Error(f"number={first!r} is no number of a line: up to {NUMBER_MAX} digits")
    return [str(int(first) + i).zfill(len(first)) for i in range(count)]


def of_line(path: str | os.PathLike[str], number: str, several: bool) -> Path:
    """The file of a line: with several lines, its number goes before the suffix. Raises Error when it cannot
    be written."""
    whole = Path(os.fsdecode(path)).absolute()
    if whole.is_dir() or not whole.parent.is_dir() or not os.access(whole.parent, os.W_OK):
        raise Error(f"{whole} cannot be written: it is a directory, or its directory is missing or not ours")
    return whole.with_name(f"{whole.stem}-{number}{whole.suffix}") if several else whole


# ---- links ----


def _check(path: Path) -> None:
    """Whether a link may be made there. Raises Error."""
    if not path.absolute().parent.is_dir():
        raise Error(f"{path}: the directory for the link does not exist")
    if path.is_symlink():
        target = os.readlink(path)
        if not target.startswith(_PSEUDO_TERMINALS):
            raise Error(f"{path}: there is a link to {target} already, and not to a pseudo-terminal")
    elif path.exists():
        raise Error(f"{path}: there is a file of that name already")


def _link(path: Path, target: str) -> None:
    """Replaces a stale link in one step."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    os.symlink(target, temporary)
    try:
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
