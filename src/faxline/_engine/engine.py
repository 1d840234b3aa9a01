"""An engine: a channel of csrc/faxline.h, the office that it may share, and what it says of itself.

Orders return at once; their outcome comes as events."""

import enum
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from faxline._documents.pages import Page
from faxline._engine.binding import ffi, lib, text_of
from faxline._engine.config import EngineConfig, EngineOptions, c_config, c_options
from faxline._engine.document import Document
from faxline._engine.tables import CALL_CAUSES, CALL_STATES, CODINGS, FAX_CAUSES, TRACE_KINDS, raw_code
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


class More(enum.IntEnum):
    """Of a document that is sent while it is read: what comes behind these pages."""

    FAILED = lib.FL_MORE_FAILED
    FOLLOW = lib.FL_MORE_FOLLOW
    LAST = lib.FL_MORE_LAST


class ModemState(enum.IntEnum):
    """enum fl_modem_state."""

    COMING = lib.FL_MODEM_COMING
    READY = lib.FL_MODEM_READY
    DEAD = lib.FL_MODEM_DEAD


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
class TraceRecord:
    """A record of the engine's trace. data: a text, or the octets of a frame."""

    time_us: int
    kind: str
    station: int
    """0 = ours, 1 = the simulated far machine."""
    data: bytes


class Office:
    """A struct fl_office: simulated lines with one clock. Free with close(), after its last Engine."""

    def __init__(self) -> None:
        self._handle: Any = lib.fl_office_new()
        if not self._handle:
            raise MemoryError

    @property
    def handle(self) -> Any:
        return self._handle

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle:
            lib.fl_office_free(handle)


class EngineClosed(Exception):
    """The engine was closed; no more events will come."""


class Engine:
    """A struct fl_channel. Not thread safe beyond what csrc/faxline.h promises: _lines keeps its rules."""

    def __init__(self, config: EngineConfig, office: Office | None = None) -> None:
        """Opens it, in an office or alone. Raises Error with the engine's own sentence."""
        settings, self._kept = c_config(config)
        settings.office = ffi.NULL if office is None else office.handle
        error = ffi.new("char[]", 512)
        self._handle: Any = lib.fl_channel_open(settings, error, len(error))
        if not self._handle:
            raise Error(text_of(error) or "the engine could not open the device")
        self._event = ffi.new("struct fl_event *")
        self._record = ffi.new("struct fl_trace_record *")

    # Orders: at once. What the engine has taken it obeys; the outcome comes as events. False when it is
    # closed, or a fax is ordered while one runs; MemoryError, ValueError where it could not be taken for
    # another reason.

    def dial(self, number: str) -> int:
        """Begins a call: its number, which its events bear; 0 when the engine is closed. Raises ValueError
        for a number that is too long."""
        return _number(lib.fl_channel_dial(self._handle, number.encode("ascii")))

    def hang_up(self) -> bool:
        return _taken(lib.fl_channel_hang_up(self._handle))

    def fax_send(self, options: EngineOptions, document: Document, *, receive: bool = False) -> bool:
        """Takes the document over, also when it fails. receive: and one may come the other way. Raises
        ValueError for a document without pages."""
        return _taken(lib.fl_channel_fax_send(self._handle, c_options(options), document.give(), receive))

    def fax_receive(self, options: EngineOptions, document: Document | None = None) -> bool:
        """document: may go the other way; taken over, also when it fails. Raises ValueError for one without
        pages."""
        given = ffi.NULL if document is None else document.give()
        return _taken(lib.fl_channel_fax_receive(self._handle, c_options(options), given))

    def fax_more(self, more: More, document: Document | None) -> bool:
        """Pages behind those of a document for which open() was said; taken over, also when it fails. What
        comes when the fax has ended is dropped."""
        given = ffi.NULL if document is None else document.give()
        return _taken(lib.fl_channel_fax_more(self._handle, given, more))

    def page_stored(self, good: bool) -> bool:
        """Answers a PageReceived: the page is stored, or cannot be."""
        return _taken(lib.fl_channel_page_stored(self._handle, good))

    def await_call(self, on: bool) -> int:
        """on: the number of the call that may come, 0 when the engine is closed."""
        return _number(lib.fl_channel_await_call(self._handle, on))

    def answer(self) -> bool:
        return _taken(lib.fl_channel_answer(self._handle))

    def reject(self) -> bool:
        return _taken(lib.fl_channel_reject(self._handle))

    def incoming(self, options: EngineOptions, document: Document) -> bool:
        """Takes the document over, also when it fails. Raises ValueError for one without pages."""
        return _taken(lib.fl_channel_incoming(self._handle, c_options(options), document.give()))

    def fax_stop(self) -> bool:
        return _taken(lib.fl_channel_fax_stop(self._handle))

    def timer(self, timer: int, delay_us: int) -> bool:
        """A TimerExpired with this number comes after so many microseconds of the line's clock."""
        return _taken(lib.fl_channel_timer(self._handle, timer, delay_us))

    def wake(self) -> None:
        """Its thread looks at its board, which has something to do that no descriptor tells of."""
        self.timer_cancel(0)

    def timer_cancel(self, timer: int) -> bool:
        """It does not come."""
        return _taken(lib.fl_channel_timer_cancel(self._handle, timer))

    def hold(self, on: bool) -> None:
        """No virtual time passes until hold(False): an order is being prepared."""
        lib.fl_channel_hold(self._handle, on)

    def allow(self, seq: int) -> None:
        """Virtual time may pass: somebody waits who has seen the events up to this one."""
        lib.fl_channel_allow(self._handle, seq)

    def now_us(self) -> int:
        """Microseconds on the line's clock since it was opened."""
        return int(lib.fl_channel_now(self._handle))

    # What comes up; only the pump asks.

    def wait(self, timeout_ms: int) -> Event | None:
        """The next event; None when timeout_ms (-1: none) has passed. Raises EngineClosed."""
        outcome = lib.fl_channel_wait(self._handle, timeout_ms, self._event)
        if outcome < 0:
            raise EngineClosed
        return _event(self._event) if outcome else None

    def take_trace(self) -> Iterator[TraceRecord]:
        """The records written since the last time, oldest first."""
        record = self._record
        while lib.fl_channel_take_trace(self._handle, record) == 1:
            yield TraceRecord(
                record.time_us,
                TRACE_KINDS[record.kind],
                record.station,
                bytes(ffi.buffer(record.data, record.length)),
            )

    def take_page(self) -> Page | None:
        """The page that the last PageReceived told of; a second call gives None."""
        return self._take(lib.fl_channel_take_page)

    def take_far_page(self) -> Page | None:
        """The page that the last FarPageStored told of; a second call gives None."""
        return self._take(lib.fl_channel_take_far_page)

    def _take(self, take: Callable[[Any, Any, Any, int], int]) -> Page | None:
        info = ffi.new("struct fl_page_info *")
        size = take(self._handle, info, ffi.NULL, 0)
        if size == lib.FL_E_MEMORY:
            raise MemoryError
        if size <= 0:
            return None
        code = ffi.new("uint8_t[]", size)
        take(self._handle, info, code, size)
        return Page(
            bytes(ffi.buffer(code, size)),
            info.width_px,
            info.x_dpi,
            info.y_dpi,
            info.rows,
            info.bad_rows,
            info.number,
            text_of(info.remote_id),
            max(1, info.document),
        )

    def tty(self) -> str:
        """Of a modem on a pseudo-terminal: the device that a program opens."""
        return text_of(lib.fl_channel_tty(self._handle))

    def violations(self) -> tuple[int, str]:
        """How often the simulated line saw us breach T.30's timing, and the last time in words."""
        text = ffi.new("char[]", 512)
        count = int(lib.fl_channel_violations(self._handle, text, len(text)))
        return count, text_of(text)

    def modem(self) -> ModemInfo | None:
        """What the modem is; None when the device has none."""
        info = ffi.new("struct fl_modem_info *")
        if lib.fl_channel_modem(self._handle, info) < 0:
            return None
        return ModemInfo(
            ModemState(info.state),
            bool(info.answers),
            text_of(info.profile),
            text_of(info.identity),
            text_of(info.classes),
            tuple(itertools.takewhile(bool, info.send)),
            tuple(itertools.takewhile(bool, info.receive)),
        )

    def close(self) -> None:
        """Hangs up and ends the engine's thread: wait() raises EngineClosed from now on. Any thread."""
        lib.fl_channel_close(self._handle)

    def free(self) -> None:
        """After close(), once nobody is inside another method."""
        handle, self._handle = self._handle, None
        if handle:
            lib.fl_channel_free(handle)


def _number(outcome: int) -> int:
    """What an order came to: its number where it has one; 0 when the engine is closed."""
    if outcome == lib.FL_E_MEMORY:
        raise MemoryError
    if outcome == lib.FL_E_VALUE:
        raise ValueError("the engine does not take it")
    return max(0, int(outcome))


def _taken(outcome: int) -> bool:
    """Whether an order was taken; False when the engine is closed."""
    _number(outcome)
    return outcome >= 0


def _event(raw: Any) -> Event:
    return replace(_event_of(raw), call=raw.call)


def _event_of(raw: Any) -> Event:
    seq, time_us, kind = raw.seq, raw.time_us, raw.kind
    if kind == lib.FL_EVENT_CALL:
        return CallChanged(seq, time_us, CALL_STATES[raw.state], CALL_CAUSES[raw.cause], raw_code(raw.raw))
    if kind == lib.FL_EVENT_FAX_STARTED:
        return FaxStarted(seq, time_us)
    if kind == lib.FL_EVENT_NEGOTIATED:
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
            remote_id=text_of(agreed.remote_id),
            our_id=text_of(agreed.our_id),
            sub_address=text_of(agreed.sub_address),
            password=text_of(agreed.password),
            selective_polling=text_of(agreed.selective_polling),
            nonstandard=bytes(agreed.nonstandard[0 : agreed.nonstandard_length]).hex(" "),
        )
    if kind == lib.FL_EVENT_PAGE:
        return PageConfirmed(seq, time_us, raw.pages, bool(raw.last), raw.sent, raw.received)
    if kind == lib.FL_EVENT_FAX_ENDED:
        cause, raw_cause = FAX_CAUSES[raw.cause], raw_code(raw.raw)
        in_doubt = bool(raw.in_doubt)
        return FaxEnded(seq, time_us, cause, raw_cause, raw.pages, in_doubt, raw.sent, raw.received)
    if kind == lib.FL_EVENT_RECEIVED:
        return PageReceived(seq, time_us)
    if kind == lib.FL_EVENT_FAR_PAGE:
        return FarPageStored(seq, time_us)
    if kind == lib.FL_EVENT_TIMER:
        return TimerExpired(seq, time_us, raw.timer)
    return Event(seq, time_us)


def port_user(path: str) -> tuple[int, str] | None:
    """The process that uses a serial port, and its name; None when none is known of."""
    name = ffi.new("char[]", 64)
    pid = lib.fl_port_user(os.fsencode(path), name, len(name))
    return (pid, text_of(name)) if pid else None
