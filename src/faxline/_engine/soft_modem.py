"""The soft modem as Python sees it: the only module that imports the optional extension faxline._soft.

Semantics and units are those of csrc/extra/soft/soft.h, which is the place to read about them.
"""

import os
import threading
import weakref
from dataclasses import dataclass
from typing import Any

from faxline.errors import Error

try:
    from faxline._soft import ffi, lib
except ImportError:
    ffi = lib = None

_ffi: Any = ffi
_lib: Any = lib

CODINGS = ("MH", "MR", "MMR")
NONE_DB = -100.0
PATH_MAX = 511


def built() -> bool:
    """Whether the extension was built with this installation."""
    return _lib is not None


def need(what: str) -> None:
    """Raises Error when the extension is missing; what: what needs it."""
    if not built():
        raise Error(
            f"{what} needs the optional extension faxline._soft, which is built where spandsp is: install "
            "Debian's libspandsp-dev (or spandsp with its headers), then faxline once more (pip install "
            "--force-reinstall)"
        )


@dataclass(frozen=True, slots=True)
class Audio:
    """struct fl_audio_config: the line between two modems."""

    level_db: float = 0.0
    noise_dbm0: float = NONE_DB
    echo_db: float = NONE_DB
    delay_ms: int = 0
    hole_ms: int = 0
    hole_every_ms: int = 0
    companding: bool = False
    seed: int = 0

    def fill(self, config: Any) -> None:
        config.level_db = self.level_db
        config.noise_dbm0 = self.noise_dbm0
        config.echo_db = self.echo_db
        config.delay_ms = self.delay_ms
        config.hole_ms = self.hole_ms
        config.hole_every_ms = self.hole_every_ms
        config.companding = self.companding
        config.seed = self.seed


@dataclass(frozen=True, slots=True)
class Terminal:
    """struct fl_terminal_config: spandsp's own fax terminal."""

    ecm: bool = True
    modems: tuple[str, ...] = ()
    """Of v17, v29, v27; none named: all of them."""
    codings: tuple[str, ...] = ()
    """Of MH, MR, MMR; none named: all of them."""
    not_ready: int = 0
    """How often it answers RNR (with ECM)."""
    id: str = ""
    send: str = ""
    """A TIFF file that is a fax: what it sends when it calls, or has to be polled."""
    save: str = ""
    """The TIFF file that it receives into."""

    def fill(self, config: Any) -> None:
        bits = {"v17": _lib.FL_TERMINAL_V17, "v29": _lib.FL_TERMINAL_V29, "v27": _lib.FL_TERMINAL_V27}
        config.ecm = self.ecm
        config.modems = sum(bits[name] for name in self.modems)
        config.compressions = sum(1 << CODINGS.index(name) for name in self.codings)
        config.not_ready = self.not_ready
        config.id = self.id.encode("ascii")
        config.send = os.fsencode(self.send)
        config.save = os.fsencode(self.save)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a terminal's last call went, as spandsp tells it."""

    calls: int
    """That have ended."""
    result: str
    """What spandsp says: 'OK' when all went well."""
    rate_bps: int
    ecm: bool
    coding: str
    pages_sent: int
    pages_received: int
    resent: int
    """Frames that were sent again, with error correction."""
    remote_id: str


def _outcome(raw: Any) -> Outcome:
    return Outcome(
        raw.calls,
        _ffi.string(_lib.fl_terminal_text(raw.result)).decode("ascii", "replace"),
        raw.rate_bps,
        bool(raw.ecm),
        CODINGS[raw.coding],
        raw.pages_sent,
        raw.pages_received,
        raw.resent,
        _ffi.string(raw.remote_id).decode("ascii", "replace"),
    )


class Office:
    """A struct fl_soft: soft modems with one clock."""

    def __init__(self) -> None:
        handle = _lib.fl_soft_new()
        if not handle:
            raise MemoryError
        self.handle: Any = _ffi.gc(handle, _lib.fl_soft_free)


_lock = threading.Lock()
_offices: "weakref.WeakValueDictionary[object, Office]" = weakref.WeakValueDictionary()


def _forget() -> None:
    """A child has none of its parent's lines."""
    global _lock
    _lock = threading.Lock()
    _offices.clear()


os.register_at_fork(after_in_child=_forget)


def office_of(clock: object) -> Office:
    """The office of all lines that run by this clock."""
    with _lock:
        office = _offices.get(clock)
        if office is None:
            office = _offices[clock] = Office()
        return office


class SoftLine:
    """A struct fl_soft_line: a soft modem and what is at the other end of its line. Any thread."""

    def __init__(
        self, *, number: str, far: bool, audio: Audio, terminal: Terminal, clock: object, calls: bool
    ) -> None:
        """clock: lines with the same one can call each other; None: it is alone. calls: the terminal calls
        the modem as soon as it is there."""
        self.terminal = terminal
        self._number, self._far, self._audio = number, far, audio
        self._clock, self._calls = clock, calls
        self._office: Office | None = None
        self._handle: Any = None

    def open(self) -> int:
        """Plugs the modem in: the address of its struct fl_pipe, for the engine, which frees it. Raises
        Error."""
        self._office = Office() if self._clock is None else office_of(self._clock)
        config = _ffi.new("struct fl_soft_config *")
        config.number = self._number.encode("ascii")
        config.far = self._far
        self._audio.fill(config.audio)
        self.terminal.fill(config.terminal)
        error = _ffi.new("char[]", 256)
        handle = _lib.fl_soft_open(self._office.handle, config, error, len(error))
        if not handle:
            raise Error(_ffi.string(error).decode("ascii", "replace"))
        self._handle = _ffi.gc(handle, _lib.fl_soft_close)
        if self._calls:
            self.call(self.terminal)
        return int(_ffi.cast("intptr_t", _lib.fl_soft_pipe(handle)))

    def call(self, terminal: Terminal) -> None:
        """The terminal, so from now on, calls the modem as soon as its line is free."""
        self.terminal = terminal
        config = _ffi.new("struct fl_terminal_config *")
        terminal.fill(config)
        _lib.fl_soft_call(self._handle, config)

    def outcome(self) -> Outcome:
        """How the terminal's last call went."""
        raw = _ffi.new("struct fl_terminal_outcome *")
        _lib.fl_soft_outcome(self._handle, raw)
        return _outcome(raw)

    def held_s(self) -> float:
        """Seconds of line time from answer to hang-up of the last call that was dialled."""
        return float(_lib.fl_soft_held_us(self._handle)) / 1e6


def between(audio: Audio, caller: Terminal, called: Terminal) -> tuple[float, Outcome, Outcome]:
    """A call between two terminals: how long the line stood, in seconds, and how it went at either end."""
    line = _ffi.new("struct fl_audio_config *")
    ends = _ffi.new("struct fl_terminal_config[2]")
    outcomes = _ffi.new("struct fl_terminal_outcome[2]")
    audio.fill(line)
    caller.fill(ends[0])
    called.fill(ends[1])
    held = _lib.fl_soft_between(line, ends, ends + 1, outcomes)
    if held < 0:
        raise MemoryError
    return held / 1e6, _outcome(outcomes[0]), _outcome(outcomes[1])
