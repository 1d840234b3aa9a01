"""The awaits on a line, as the pump sees them, and their timers. Everything under the line's Condition.

An event that concerns one of them costs the same however many others wait: there may be thousands.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

# asyncio is imported by those who use it: it would take half of the time that `import faxline` takes.


class Timer:
    """A wait's limit on the line's clock."""

    def __init__(self) -> None:
        self.expired = False
        self.waiter: Waiter | None = None
        """The await that it limits; None: a thread's wait."""


class Waiter:
    """An await."""

    def __init__(
        self, predicate: Callable[[], bool], watching: bool, timer: Timer, loop: "asyncio.AbstractEventLoop"
    ) -> None:
        """watching: see Until."""
        self.watching = watching
        self._predicate = predicate
        self._timer = timer
        self._loop = loop
        self.future: asyncio.Future[None] = loop.create_future()
        timer.waiter = self

    def outcome(self, dead: bool) -> bool | None:
        """What the wait came to, None while it lasts."""
        if self._predicate():
            return True
        return False if dead or self._timer.expired else None

    def again(self) -> None:
        """Another future to wait for."""
        self.future = self._loop.create_future()

    def wake(self) -> None:
        """Its loop goes on with it."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(_set, self.future)


def _set(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


class Waiters:
    """All awaits on a line; each is in one of three sets."""

    def __init__(self) -> None:
        self.begun: set[Waiter] = set()
        """Their loops have still to do what comes before they wait: time may not pass."""
        self.asleep: set[Waiter] = set()
        self.woken: set[Waiter] = set()
        """About to go on: time may not pass before they have."""

    def __len__(self) -> int:
        return len(self.begun) + len(self.asleep) + len(self.woken)

    def begin(self, waiter: Waiter) -> None:
        """Begins to wait, or has been woken for nothing and waits again."""
        self.woken.discard(waiter)
        self.begun.add(waiter)

    def sleep(self, waiter: Waiter) -> None:
        """Its loop has come to rest. It may have been woken already."""
        if waiter in self.begun:
            self.begun.remove(waiter)
            self.asleep.add(waiter)

    def go_on(self, waiter: Waiter) -> None:
        """Its wait is over."""
        self.begun.discard(waiter)
        self.asleep.discard(waiter)
        self.woken.add(waiter)

    def remove(self, waiter: Waiter) -> None:
        """It has gone on."""
        for some in (self.begun, self.asleep, self.woken):
            some.discard(waiter)

    def look(self, dead: bool) -> None:
        """Wakes all those whose wait is over."""
        for waiter in [*self.begun, *self.asleep]:
            self.look_at(waiter, dead)

    def look_at(self, waiter: Waiter, dead: bool) -> None:
        """Wakes it if its wait is over."""
        if waiter not in self.woken and waiter.outcome(dead) is not None:
            self.go_on(waiter)
            waiter.wake()
