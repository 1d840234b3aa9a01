"""The engine as Python sees it: the only module that imports ffi and lib.

Everything above this file is plain typed Python. Semantics and units are those of csrc/faxline.h, which is
the place to read about them.
"""

import enum
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from faxline._faxline import ffi, lib
from faxline.causes import CallCause, CallState, FaxCause
from faxline.errors import Error
from faxline.events import (
    CallChanged,
    Event,
    FarPageStored,
    FaxEnded,
    FaxStarted,
    Negotiated,
    PageConfirmed,
    PageReceived,
    TimerExpired,
)

if TYPE_CHECKING:
    from faxline._documents.header_line import Strip
    from faxline._documents.raster import Code, FaxPage

_ffi: Any = ffi
_lib: Any = lib

CODINGS = ("MH", "MR", "MMR")
FAULTS_MAX: int = _lib.FL_FAULTS_MAX
NUMBER_MAX = 23
_REVERSED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))  # the other order of bits


def _text(pointer: Any) -> str:
    value = _ffi.string(pointer)
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def _names(name: Callable[[int], Any]) -> Iterator[str]:
    """The rows of one of the engine's tables; behind the last there is NULL or ''."""
    index = 0
    while (pointer := name(index)) and (row := _text(pointer)):
        yield row
        index += 1


# Enum members by the engine's numbers. An import error here means that causes.py and csrc/faxline.h disagree.
_CALL_STATES = [CallState(_text(_lib.fl_call_state_name(i))) for i in range(_lib.FL_CALL_STATES)]
_CALL_CAUSES = [CallCause(_text(_lib.fl_call_cause_name(i))) for i in range(_lib.FL_CALL_CAUSES)]
_FAX_CAUSES = [FaxCause(_text(_lib.fl_fax_cause_name(i))) for i in range(_lib.FL_FAX_CAUSES)]


@dataclass(frozen=True, slots=True)
class RawCause:
    """A row of the table of raw causes."""

    code: str
    cause: FaxCause
    text: str


def raw_causes() -> dict[str, RawCause]:
    """Every raw cause by its code; the row "none" is left out."""
    return {
        (code := _text(_lib.fl_raw_code(raw))): RawCause(
            code, _FAX_CAUSES[_lib.fl_raw_cause(raw)], _text(_lib.fl_raw_text(raw))
        )
        for raw in range(1, _lib.fl_raw_count())
    }


RAW_CAUSES = raw_causes()


def _raw_code(raw: int) -> str | None:
    return _text(_lib.fl_raw_code(raw)) if raw else None


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
        name, _text(_lib.fl_far_number(i)) if _lib.fl_far_number(i) else "", _text(_lib.fl_far_text(i))
    )
    for i, name in enumerate(_names(_lib.fl_far_name))
)
FAULT_KINDS = tuple(
    FaultKind(name, _text(_lib.fl_fault_text(i))) for i, name in enumerate(_names(_lib.fl_fault_name))
)
MODEM_KINDS = tuple(
    ModemKind(name, _text(_lib.fl_modem_text(i))) for i, name in enumerate(_names(_lib.fl_modem_name))
)
PROFILES = tuple(_names(_lib.fl_profile_name))
"""The modem families that the engine knows."""
BAUDS = tuple(iter(map(_lib.fl_tty_baud, itertools.count()).__next__, 0))
_TRACE_KINDS = tuple(_names(_lib.fl_trace_kind_name))


def decoded(code: bytes, width_px: int, rows: int) -> tuple[bytes, int]:
    """Rows of a page of MMR, most significant bit first: packed, 1 = black, and how many there are (at most
    `rows`). Of damaged code as much as can be read."""
    out = _ffi.new("uint8_t[]", (width_px + 7) // 8 * rows)
    bad, ended = _ffi.new("int64_t *"), _ffi.new("int32_t *")
    found = _lib.fl_t4_decode_page(CODINGS.index("MMR"), 1, width_px, code, len(code), out, rows, bad, ended)
    count = min(max(int(found), 0), rows)
    return bytes(_ffi.buffer(out, (width_px + 7) // 8 * count)), count


def port_user(path: str) -> tuple[int, str] | None:
    """The process that uses a serial port, and its name; None when none is known of."""
    name = _ffi.new("char[]", 64)
    pid = _lib.fl_port_user(os.fsencode(path), name, len(name))
    return (pid, _text(name)) if pid else None


def frame_name(frame: bytes) -> str:
    """Name of a T.30 control frame ("DCS"), "?" when it has none. frame: from the address octet on, without
    FCS."""
    return _text(_lib.fl_frame_name(frame, len(frame)))


def frame_text(frame: bytes) -> str:
    """Meaning of a T.30 control frame in words, '' when its name says it all."""
    out = _ffi.new("char[]", 1024)
    _lib.fl_frame_text(frame, len(frame), out, len(out))
    return _text(out)


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """One fault of a plan: its kind at the at-th operation (from 1), count times (0 = from then on)."""

    name: str
    at: int = 1
    count: int = 1
    arg: int = 0


@dataclass(frozen=True, slots=True)
class Modem:
    """A Class 1 modem for an EngineConfig: a serial port, or octets that an extension moves."""

    path: str = ""
    pipe: Callable[[], int] | None = None
    """Makes a struct fl_pipe (csrc/line/pipe.h) when the line is opened and returns its address; the engine
    takes it over, also when it does not open."""
    baud: int = 115200
    hardware_flow: bool = True
    profile: str = ""
    """'' = by what the modem says of itself."""
    pulse: bool = False
    answer_timeout_s: int = 0


class ModemState(enum.IntEnum):
    """enum fl_modem_state."""

    COMING = _lib.FL_MODEM_COMING
    READY = _lib.FL_MODEM_READY
    DEAD = _lib.FL_MODEM_DEAD


@dataclass(frozen=True, slots=True)
class ModemInfo:
    """struct fl_modem_info. send, receive: T.31 codes."""

    state: ModemState
    answers: bool
    profile: str
    identity: str
    classes: str
    send: tuple[int, ...]
    receive: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlayBurst:
    """struct fl_play_burst: what a recorded far end had on the line."""

    signal: int
    """PLAY_DROP, PLAY_CED, PLAY_CNG, PLAY_V21, or the T.31 code of a fast carrier."""
    heard: int
    after_us: int
    length_us: int
    octets: int = 0
    noise: bool = False
    frames: tuple[tuple[bytes, bool], ...] = ()
    """Octets without FCS, and whether the FCS is good."""


@dataclass(frozen=True, slots=True)
class Play:
    """struct fl_play: a recorded call for a simulated far machine to play."""

    incoming: bool
    bursts: tuple[PlayBurst, ...]


PLAY_DROP, PLAY_CED, PLAY_CNG, PLAY_V21 = range(4)


def _play(play: Play) -> tuple[Any, list[Any]]:
    """The structure, and what it points to, which has to live as long."""
    frames = [frame for burst in play.bursts for frame in burst.frames]
    bursts_c = _ffi.new("struct fl_play_burst[]", max(1, len(play.bursts)))
    frames_c = _ffi.new("struct fl_play_frame[]", max(1, len(frames)))
    octets = b"".join(frame for frame, _ in frames)
    octets_c = _ffi.new("uint8_t[]", octets or b"\0")
    first = 0
    for slot, burst in zip(bursts_c, play.bursts, strict=False):
        slot.signal, slot.heard, slot.octets, slot.noise = (
            burst.signal,
            burst.heard,
            burst.octets,
            burst.noise,
        )
        slot.after_us, slot.length_us = burst.after_us, burst.length_us
        slot.first_frame, slot.frame_count = first, len(burst.frames)
        first += len(burst.frames)
    offset = 0
    for slot, (frame, good) in zip(frames_c, frames, strict=False):
        slot.offset, slot.length, slot.bad = offset, len(frame), not good
        offset += len(frame)
    content = {
        "incoming": play.incoming,
        "burst_count": len(play.bursts),
        "frame_count": len(frames),
        "octet_count": len(octets),
        "bursts": bursts_c,
        "frames": frames_c,
        "octets": octets_c,
    }
    return _ffi.new("struct fl_play *", content), [bursts_c, frames_c, octets_c]


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """struct fl_channel_config: the simulated board, or a modem."""

    modem: Modem | None = None
    office: str = ""
    """Lines with the same office share one clock (see _lines/offices.py)."""
    number: str = ""
    real_pace: bool = False
    speed: int = 1
    delay_ms: int = 0
    seed: int = 0
    far: str | None = None
    faults: tuple[FaultPlan, ...] = ()
    personality: str = "generic"
    """Of the simulated modem: a name of MODEM_KINDS."""
    pty: bool = False
    """The modem is on a pseudo-terminal, in place of a station of ours."""
    trace: bool = False
    save: bool = False
    play: Play | None = None
    """A recorded call, which the far machine of the simulated board plays."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was received, by us or by a simulated far machine: in MMR, most significant bit first."""

    code: bytes
    width_px: int
    x_dpi: int
    y_dpi: int
    rows: int
    bad_rows: int
    number: int
    """From 1 in its call."""
    remote_id: str


@dataclass(frozen=True, slots=True)
class TraceRecord:
    """A record of the engine's trace. data: a text, or the octets of a frame."""

    time_us: int
    kind: str
    station: int
    """0 = ours, 1 = the simulated far machine."""
    data: bytes


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """struct fl_fax_options. high_res: None follows the document; coding: None takes the smallest."""

    v17: bool
    v29: bool
    v27: bool
    min_rate_bps: int
    max_rate_bps: int
    high_res: bool | None
    ecm: bool
    coding: str | None
    subscriber_id: str
    sub_address: str
    password: str
    selective_polling: str


class PageRefused(Exception):
    """The engine takes no page of this width and resolution."""


class Document:
    """Pages on their way to a sender. Free with close() unless an Engine took it over."""

    def __init__(self) -> None:
        self._handle: Any = _lib.fl_document_new()
        if not self._handle:
            raise MemoryError

    def add_page(self, width_px: int, x_dpi: int, y_dpi: int, rows: bytes, row_count: int) -> None:
        """Appends a page; rows: packed, most significant bit leftmost, 1 = black. Raises PageRefused."""
        outcome = _lib.fl_document_add_page(self._handle, width_px, x_dpi, y_dpi, rows, row_count)
        if outcome == _lib.FL_E_MEMORY:
            raise MemoryError
        if outcome < 0:
            raise PageRefused(
                f"no fax page is {width_px} pixels wide at {x_dpi} x {y_dpi} dpi with {row_count} rows"
            )

    def add_coded(self, page: "FaxPage", code: "Code") -> bool:
        """Appends a page that is coded already; False when its code is not that of such a page, whole."""
        lengths = _ffi.new("int64_t[]", [len(strip) for strip in code.strips])
        octets = b"".join(code.strips)
        coded = _ffi.new(
            "struct fl_coded_page *",
            {
                "width_px": page.width_px,
                "x_dpi": page.x_dpi,
                "y_dpi": page.y_dpi,
                "coding": code.coding,
                "msb_first": code.msb_first,
                "inverted": code.inverted,
                "row_count": page.row_count,
                "rows_per_strip": code.rows_per_strip,
                "strip_count": len(code.strips),
                "strip_lengths": lengths,
                "length": len(octets),
            },
        )
        buffer = _ffi.from_buffer("uint8_t[]", octets)
        coded.code = buffer
        outcome = _lib.fl_document_add_coded(self._handle, coded)
        if outcome == _lib.FL_E_MEMORY:
            raise MemoryError
        return bool(outcome == 0)

    def add_header(self, strip: "Strip") -> None:
        """A header line for the page added last, at one resolution. Raises PageRefused."""
        outcome = _lib.fl_document_add_header(
            self._handle, strip.x_dpi, strip.y_dpi, strip.width_px, strip.rows, strip.row_count
        )
        if outcome == _lib.FL_E_MEMORY:
            raise MemoryError
        if outcome < 0:
            raise PageRefused(f"no header line is {strip.width_px} x {strip.row_count} at {strip.x_dpi} dpi")

    def __len__(self) -> int:
        return int(_lib.fl_document_pages(self._handle))

    def coded_page(self, page: int, width_px: int, x_dpi: int, y_dpi: int, coding: str = "MMR") -> Page:
        """A page (from 0) as it goes out in a format that is not finer than its own, its header included;
        most significant bit first. Raises PageRefused."""
        row_count = _ffi.new("int32_t *")
        arguments = (self._handle, page, x_dpi, y_dpi, width_px, CODINGS.index(coding), row_count)
        size = _lib.fl_document_code_page(*arguments, _ffi.NULL, 0)
        if size == _lib.FL_E_MEMORY:
            raise MemoryError
        if size < 0:
            raise PageRefused(f"page {page + 1} cannot become {width_px} pixels at {x_dpi} x {y_dpi} dpi")
        code = _ffi.new("uint8_t[]", size)
        _lib.fl_document_code_page(*arguments, code, size)
        octets = bytes(_ffi.buffer(code, size)).translate(_REVERSED)
        return Page(octets, width_px, x_dpi, y_dpi, row_count[0], 0, page + 1, "")

    def measured(self, coding: str | None) -> dict[str, list[int]]:
        """The octets of each page in a coding; None: in every one, measured once, for the engine, too."""
        if coding is None:
            _lib.fl_document_measure(self._handle)
        codings = CODINGS if coding is None else (coding,)
        count = _lib.fl_document_pages(self._handle)
        return {name: [self.coded_size(page, name) for page in range(count)] for name in codings}

    def coded_size(self, page: int, coding: str) -> int:
        """Octets of a page (from 0) in a coding, at its own resolution, its header included."""
        return int(_lib.fl_document_coded_size(self._handle, page, CODINGS.index(coding)))

    def pages(self) -> Iterator["Page"]:
        """What it has, coded, header lines included; before it is given away."""
        info = _ffi.new("struct fl_page_info *")
        for index in range(_lib.fl_document_pages(self._handle)):
            _lib.fl_document_page_code(self._handle, index, info, _ffi.NULL, 0)
            yield self.coded_page(index, info.width_px, info.x_dpi, info.y_dpi)

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle:
            _lib.fl_document_free(handle)

    def give(self) -> Any:
        """The handle, for an Engine that takes the document over."""
        handle, self._handle = self._handle, None
        return handle


def decode_page(page: Page) -> bytes:
    """The rows of a page in MMR: packed, most significant bit leftmost, 1 = black. Raises ValueError when it
    is damaged."""
    rows = _ffi.new("uint8_t[]", max(1, (page.width_px + 7) // 8 * page.rows))
    bad, ended = _ffi.new("int64_t *"), _ffi.new("int32_t *")
    code = _ffi.from_buffer("uint8_t[]", page.code)
    arguments = (CODINGS.index("MMR"), 1, page.width_px, code, len(page.code), rows, page.rows, bad, ended)
    if _lib.fl_t4_decode_page(*arguments) != page.rows or bad[0]:
        raise ValueError("the page's code is damaged")
    return bytes(_ffi.buffer(rows))


class Office:
    """A struct fl_office: simulated lines with one clock. Free with close(), after its last Engine."""

    def __init__(self) -> None:
        self._handle: Any = _lib.fl_office_new()
        if not self._handle:
            raise MemoryError

    @property
    def handle(self) -> Any:
        return self._handle

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle:
            _lib.fl_office_free(handle)


class EngineClosed(Exception):
    """The engine was closed; no more events will come."""


class Engine:
    """A struct fl_channel. Not thread safe beyond what csrc/faxline.h promises: _lines keeps its rules."""

    def __init__(self, config: EngineConfig, office: Office | None = None) -> None:
        """Opens it, in an office or alone. Raises Error with the engine's own sentence."""
        settings = _ffi.new("struct fl_channel_config *")
        settings.board = _lib.FL_BOARD_SIM
        if config.modem is not None:
            _set_modem(settings, config.modem)
        settings.pace = _lib.FL_PACE_REAL if config.real_pace else _lib.FL_PACE_VIRTUAL
        settings.speed = config.speed
        settings.trace = config.trace
        settings.save = config.save
        settings.far = (
            -1 if config.far is None else [machine.name for machine in FAR_MACHINES].index(config.far)
        )
        settings.delay_ms = config.delay_ms
        settings.personality = [kind.name for kind in MODEM_KINDS].index(config.personality)
        settings.pty = config.pty
        settings.seed = config.seed
        settings.number = config.number.encode("ascii")
        settings.office = _ffi.NULL if office is None else office.handle
        if config.play is not None:
            self._play = _play(config.play)  # lives as long as the channel
            settings.play = self._play[0]
        settings.fault_count = len(config.faults)
        kinds = [kind.name for kind in FAULT_KINDS]
        for slot, fault in zip(settings.faults, config.faults, strict=False):
            slot.kind = kinds.index(fault.name)
            slot.at, slot.count, slot.arg = fault.at, fault.count, fault.arg
        error = _ffi.new("char[]", 512)
        self._handle: Any = _lib.fl_channel_open(settings, error, len(error))
        if not self._handle:
            raise Error(_text(error) or "the engine could not open the device")
        self._event = _ffi.new("struct fl_event *")
        self._record = _ffi.new("struct fl_trace_record *")

    # Orders: at once, True when the engine took them. Their outcome comes as events.

    def dial(self, number: str) -> bool:
        return bool(_lib.fl_channel_dial(self._handle, number.encode("ascii")) == 0)

    def hang_up(self) -> bool:
        return bool(_lib.fl_channel_hang_up(self._handle) == 0)

    def fax_send(self, options: EngineOptions, document: Document) -> bool:
        """Takes the document over, also when it returns False."""
        return bool(_lib.fl_channel_fax_send(self._handle, _options(options), document.give()) == 0)

    def fax_receive(self, options: EngineOptions) -> bool:
        return bool(_lib.fl_channel_fax_receive(self._handle, _options(options)) == 0)

    def page_stored(self, good: bool) -> bool:
        """Answers a PageReceived: the page is stored, or cannot be."""
        return bool(_lib.fl_channel_page_stored(self._handle, good) == 0)

    def await_call(self, on: bool) -> bool:
        return bool(_lib.fl_channel_await_call(self._handle, on) == 0)

    def answer(self) -> bool:
        return bool(_lib.fl_channel_answer(self._handle) == 0)

    def reject(self) -> bool:
        return bool(_lib.fl_channel_reject(self._handle) == 0)

    def incoming(self, options: EngineOptions, document: Document) -> bool:
        """Takes the document over, also when it returns False."""
        return bool(_lib.fl_channel_incoming(self._handle, _options(options), document.give()) == 0)

    def fax_stop(self) -> bool:
        return bool(_lib.fl_channel_fax_stop(self._handle) == 0)

    def timer(self, timer: int, delay_us: int) -> None:
        _lib.fl_channel_timer(self._handle, timer, delay_us)

    def wake(self) -> None:
        """Its thread looks at its board, which has something to do that no descriptor tells of."""
        self.timer_cancel(0)

    def timer_cancel(self, timer: int) -> None:
        _lib.fl_channel_timer_cancel(self._handle, timer)

    def allow(self, seq: int) -> None:
        _lib.fl_channel_allow(self._handle, seq)

    def now_us(self) -> int:
        return int(_lib.fl_channel_now(self._handle))

    # What comes up; only the pump asks.

    def wait(self, timeout_ms: int) -> Event | None:
        """The next event; None when timeout_ms (-1: none) has passed. Raises EngineClosed."""
        outcome = _lib.fl_channel_wait(self._handle, timeout_ms, self._event)
        if outcome < 0:
            raise EngineClosed
        return _event(self._event) if outcome else None

    def take_trace(self) -> Iterator[TraceRecord]:
        """The records written since the last time, oldest first."""
        record = self._record
        while _lib.fl_channel_take_trace(self._handle, record) == 1:
            yield TraceRecord(
                record.time_us,
                _TRACE_KINDS[record.kind],
                record.station,
                bytes(_ffi.buffer(record.data, record.length)),
            )

    def take_page(self) -> Page | None:
        """The page that the last PageReceived told of; a second call gives None."""
        return self._take(_lib.fl_channel_take_page)

    def take_far_page(self) -> Page | None:
        """The page that the last FarPageStored told of; a second call gives None."""
        return self._take(_lib.fl_channel_take_far_page)

    def _take(self, take: Callable[[Any, Any, Any, int], int]) -> Page | None:
        info = _ffi.new("struct fl_page_info *")
        size = take(self._handle, info, _ffi.NULL, 0)
        if size == _lib.FL_E_MEMORY:
            raise MemoryError
        if size <= 0:
            return None
        code = _ffi.new("uint8_t[]", size)
        take(self._handle, info, code, size)
        return Page(
            bytes(_ffi.buffer(code, size)),
            info.width_px,
            info.x_dpi,
            info.y_dpi,
            info.rows,
            info.bad_rows,
            info.number,
            _text(info.remote_id),
        )

    def tty(self) -> str:
        """Of a modem on a pseudo-terminal: the device that a program opens."""
        return _text(_lib.fl_channel_tty(self._handle))

    def violations(self) -> tuple[int, str]:
        """How often the simulated line saw us breach T.30's timing, and the last time in words."""
        text = _ffi.new("char[]", 512)
        count = int(_lib.fl_channel_violations(self._handle, text, len(text)))
        return count, _text(text)

    def modem(self) -> ModemInfo | None:
        """What the modem is; None when the device has none."""
        info = _ffi.new("struct fl_modem_info *")
        if _lib.fl_channel_modem(self._handle, info) < 0:
            return None
        return ModemInfo(
            ModemState(info.state),
            bool(info.answers),
            _text(info.profile),
            _text(info.identity),
            _text(info.classes),
            tuple(itertools.takewhile(bool, info.send)),
            tuple(itertools.takewhile(bool, info.receive)),
        )

    def close(self) -> None:
        _lib.fl_channel_close(self._handle)

    def free(self) -> None:
        """After close(), once nobody is inside another method."""
        handle, self._handle = self._handle, None
        if handle:
            _lib.fl_channel_free(handle)


def _set_modem(settings: Any, modem: Modem) -> None:
    settings.board = _lib.FL_BOARD_PIPE
    settings.path = os.fsencode(modem.path)
    settings.baud = modem.baud
    settings.flow = _lib.FL_FLOW_RTSCTS if modem.hardware_flow else _lib.FL_FLOW_NONE
    settings.profile = modem.profile.encode("ascii")
    settings.pulse = modem.pulse
    settings.answer_timeout_s = modem.answer_timeout_s
    settings.pipe = _ffi.NULL if modem.pipe is None else _ffi.cast("struct fl_pipe *", modem.pipe())


def _options(options: EngineOptions) -> Any:
    return _ffi.new(
        "struct fl_fax_options *",
        {
            "v17": options.v17,
            "v29": options.v29,
            "v27": options.v27,
            "min_rate_bps": options.min_rate_bps,
            "max_rate_bps": options.max_rate_bps,
            "high_res": -1 if options.high_res is None else int(options.high_res),
            "ecm": options.ecm,
            "compression": -1 if options.coding is None else CODINGS.index(options.coding),
            "subscriber_id": options.subscriber_id.encode("ascii"),
            "sub_address": options.sub_address.encode("ascii"),
            "password": options.password.encode("ascii"),
            "selective_polling": options.selective_polling.encode("ascii"),
        },
    )


def _event(raw: Any) -> Event:
    seq, time_us, kind = raw.seq, raw.time_us, raw.kind
    if kind == _lib.FL_EVENT_CALL:
        return CallChanged(seq, time_us, _CALL_STATES[raw.state], _CALL_CAUSES[raw.cause], _raw_code(raw.raw))
    if kind == _lib.FL_EVENT_FAX_STARTED:
        return FaxStarted(seq, time_us)
    if kind == _lib.FL_EVENT_NEGOTIATED:
        agreed = raw.negotiated
        return Negotiated(
            seq,
            time_us,
            modem=agreed.modem,
            rate_bps=agreed.rate_bps,
            ecm=bool(agreed.ecm),
            coding=CODINGS[agreed.coding],
            width_px=agreed.width_px,
            x_dpi=agreed.x_dpi,
            y_dpi=agreed.y_dpi,
            min_scan_ms=agreed.min_scan_ms,
            remote_id=_text(agreed.remote_id),
            our_id=_text(agreed.our_id),
            sub_address=_text(agreed.sub_address),
            password=_text(agreed.password),
            selective_polling=_text(agreed.selective_polling),
            nonstandard=bytes(agreed.nonstandard[0 : agreed.nonstandard_length]).hex(" "),
        )
    if kind == _lib.FL_EVENT_PAGE:
        return PageConfirmed(seq, time_us, raw.pages, bool(raw.last))
    if kind == _lib.FL_EVENT_FAX_ENDED:
        return FaxEnded(
            seq, time_us, _FAX_CAUSES[raw.cause], _raw_code(raw.raw), raw.pages, bool(raw.in_doubt)
        )
    if kind == _lib.FL_EVENT_RECEIVED:
        return PageReceived(seq, time_us)
    if kind == _lib.FL_EVENT_FAR_PAGE:
        return FarPageStored(seq, time_us)
    if kind == _lib.FL_EVENT_TIMER:
        return TimerExpired(seq, time_us, raw.timer)
    return Event(seq, time_us)
