"""The events of a line for those who want to watch them."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from faxline._lines.steps import Steps, Until, drive, run, wait_seconds
from faxline.events import CallChanged, Event, FaxEnded, FaxStarted, Negotiated, PageConfirmed, PageReceived

if TYPE_CHECKING:
    from faxline._lines.line import Line

_FOR_APPLICATIONS = (CallChanged, FaxStarted, Negotiated, PageReceived, PageConfirmed, FaxEnded)


class EventStream:
    """What happens on a line, for one consumer: CallChannel.events(). Iterates over Event objects, with
    `for` on a thread or `async for` in asyncio; ends when the channel is closed.

    A slow consumer never holds up the line: the stream keeps the newest events, and `missed` counts those
    that it had to drop. In virtual time a stream only watches: its wait lets time pass while something is
    under way (a call is set up, a fax runs), and not while the application has the next word (it rings, or
    the call stands without a fax).
    """

    def __init__(self, line: Line, limit: int) -> None:
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
