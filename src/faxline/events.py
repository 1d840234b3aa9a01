"""What happens on a line, as typed events: struct fl_event of csrc/faxline.h, one class per kind. And the
stream of them that CallChannel.events() gives."""

from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self

from faxline._lines.steps import Steps, Until, drive, run, wait_seconds
from faxline.causes import CallCause, CallState, FaxCause

if TYPE_CHECKING:
    from faxline._lines.line import Line


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    seq: int
    """1, 2, 3 ... in the order in which they happened on this line."""
    time_us: int
    """Microseconds on the line's clock since the channel was opened."""


@dataclass(frozen=True, slots=True)
class CallChanged(Event):
    """The call has another state."""

    state: CallState
    cause: CallCause
    raw_cause: str | None


@dataclass(frozen=True, slots=True)
class FaxStarted(Event):
    """The T.30 engine has taken the line."""


@dataclass(frozen=True, slots=True)
class Negotiated(Event):
    """The settings agreed with the far end, or changed by a retrain."""

    modem: int
    """17, 29 or 27 for V.17, V.29, V.27ter."""
    rate_bps: int
    ecm: bool
    coding: str
    """'MH', 'MR' or 'MMR'."""
    width_px: int
    x_dpi: int
    y_dpi: int
    min_scan_ms: int
    """Minimum scan-line time, milliseconds."""
    remote_id: str
    our_id: str
    sub_address: str = ""
    """SUB (PSA where the document is polled), sent or received."""
    password: str = field(default="", repr=False)
    """SID (PWD where the document is polled), sent or received."""
    selective_polling: str = ""
    """SEP, sent or received."""
    nonstandard: str = ""
    """The first 32 octets of the far end's NSF, NSC or NSS, as hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class PageConfirmed(Event):
    """A page was confirmed: by the far end, or by us. Two in quick succession may come as one."""

    pages: int
    """Pages confirmed so far."""
    last: bool
    """No more will follow."""


@dataclass(frozen=True, slots=True)
class FaxEnded(Event):
    """The fax session is over."""

    cause: FaxCause
    raw_cause: str | None
    pages: int
    unconfirmed: bool = False
    """The page behind the confirmed ones was sent whole, and neither confirmed nor rejected: it may have
    arrived."""


@dataclass(frozen=True, slots=True)
class PageReceived(Event):
    """We received a page; it is confirmed to the far end once it is stored."""


@dataclass(frozen=True, slots=True)
class FarPageStored(Event):
    """A simulated far machine stored a page."""


@dataclass(frozen=True, slots=True)
class TimerExpired(Event):
    timer: int


FaxEvent = FaxStarted | Negotiated | PageConfirmed | FaxEnded

_FOR_APPLICATIONS = (CallChanged, FaxStarted, Negotiated, PageReceived, PageConfirmed, FaxEnded)


class EventStream:
    """What happens on a line, for one consumer: CallChannel.events(). Iterates over Event objects, with
    `for` on a thread or `async for` in asyncio; ends when the channel is closed.

    A slow consumer never holds up the line: the stream keeps the newest events, and `missed` counts those
    that it had to drop. In virtual time a stream only watches: its wait lets time pass while something is
    under way (a call is set up, a fax runs), and not while the application has the next word (it rings, or
    the call stands without a fax).
    """

    def __init__(self, line: "Line", limit: int) -> None:
        """For CallChannel."""
        if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= 100_000:
            raise ValueError(f"limit={limit!r}: a stream keeps 1 to 100000 events")
        self._line = line
        self._events: deque[Event] = deque(maxlen=limit)
        self._closed = False
        self.missed: int = 0
        """Events dropped because the consumer was too slow."""

    def put(self, event: Event) -> None:
        """For the sender. Under the line's Condition."""
        if self._closed or not isinstance(event, _FOR_APPLICATIONS):
            return
        self.missed += len(self._events) == self._events.maxlen
        self._events.append(event)

    def next(self, seconds_timeout: float | None = None) -> Event | None:
        """The next event; None when so many seconds have passed on the line's clock, or none will come any
        more."""
        return run(self._line, self._next(seconds_timeout))

    def close(self) -> None:
        """No more events are kept; who waits for one gets none."""
        with self._line.changed:
            self._closed = True
            self._events.clear()
            self._line.streams.discard(self)
            self._line.wake()

    def _next(self, seconds_timeout: float | None = None) -> Steps[Event | None]:
        yield Until(lambda: bool(self._events) or self._closed, wait_seconds(seconds_timeout), watching=True)
        return self._events.popleft() if self._events else None

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        event = run(self._line, self._next())
        if event is None:
            raise StopIteration
        return event

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        event = await drive(self._line, self._next())
        if event is None:
            raise StopAsyncIteration
        return event

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
