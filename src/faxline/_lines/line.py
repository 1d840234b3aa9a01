"""A line: the state of one channel as its threads share it.

The engine's events come through the pump (pump.py), which is the only writer of what mirrors the engine;
everything is read and written under one Condition. A thread that waits lets the line's clock run: see
allow() of csrc/faxline.h. It is not the public API: channel.py and sender.py are.
"""

import atexit
import itertools
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from faxline._devices.address import Device
from faxline._documents.pages import Page
from faxline._engine.document import Document
from faxline._engine.engine import Engine, ModemInfo
from faxline._guarded import GuardedLogger
from faxline._lines.offices import Seat
from faxline._lines.pump import Pump
from faxline._lines.stream import EventStream
from faxline._lines.waiters import Timer, Waiter, Waiters
from faxline.causes import CallCause, CallState
from faxline.details import CallDetails
from faxline.errors import Error
from faxline.events import (
    CallChanged,
    Event,
    FaxEnded,
    FaxEvent,
    FaxStarted,
    Negotiated,
    PageConfirmed,
    TimerExpired,
)
from faxline.trace import TraceWriter

# A wait is cut into slices so that signals (Ctrl-C) get through on every platform; nothing is polled.
_SLICE_S = 1.0

_timer_numbers = itertools.count(1)

_UNDER_WAY = (CallState.WAITING, CallState.ANSWERING, CallState.CALL_OUTGOING, CallState.RING_OUTGOING)


_open_lines: "weakref.WeakSet[Line]" = weakref.WeakSet()


@atexit.register
def _close_open_lines() -> None:
    """An interpreter that ends in the middle of a call hangs up first."""
    for line in list(_open_lines):
        line.close()


# A child has no threads to close its parent's lines with, and no business to.
os.register_at_fork(after_in_child=_open_lines.clear)


class Job(Protocol):
    """A media job on the line, as the pump calls it: under the Condition, but for store() and finish()."""

    @property
    def running(self) -> bool:
        """It has not ended."""

    def apply(self, event: FaxEvent) -> None:
        """What the engine says of it."""

    def line_closed(self) -> None:
        """No more events will come."""

    def store(self, page: Page) -> bool:
        """Stores a received page; False when that is not possible. It may take its time."""

    def finish(self) -> None:
        """The engine has ended it; the event comes next."""


class Line:
    """The engine of a channel, its mirrored state, and how to wait on it."""

    def __init__(self, device: Device, logger: GuardedLogger, trace: TraceWriter | None) -> None:
        """Opens the device. Raises Error."""
        self.device = device
        self.logger = logger
        self.subscriber_name = ""
        self.trace = trace
        self.pid = os.getpid()
        self.changed = threading.Condition()
        self.state = CallState.IDLE
        self.cause = CallCause.NORMAL
        self.details = CallDetails()
        self.job: Job | None = None
        self.seq = 0
        """Of the last event that the pump has processed."""
        self.idle_seq = 0
        """Of the event that made the call IDLE last."""
        self.dialling = False
        """A call was ordered and the engine has not said a word about it yet."""
        self.awaiting = False
        """Waiting for calls was ordered and the engine has not said a word about it yet."""
        self.answering = False
        """The same for an answer."""
        self.call = 0
        """The number of the call at work: events of earlier ones are old news."""
        self.abandoned = False
        """The call attempt is being given up because its time is over: it ends with NOANSWER."""
        self.holding = False
        """Somebody prepares a job: the line's clock stands, whoever waits."""
        self.closing = False
        """close() was called: nothing new begins."""
        self.dead = False
        """The engine is gone: nothing more happens."""
        self.waiters = Waiters()
        self.streams: weakref.WeakSet[EventStream] = weakref.WeakSet()
        self._timers: dict[int, Timer] = {}
        self._violations = (0, "")
        self._engine_closed = threading.Event()
        self._seat = Seat(device.config)
        try:
            self.engine: Engine | None = Engine(
                replace(device.config, trace=trace is not None), self._seat.office
            )
        except BaseException:
            self._seat.free()
            raise
        self._pump = Pump(self)
        self._pump.start()
        _open_lines.add(self)

    @property
    def ordered(self) -> bool:
        """The call is about to change, by an order of ours that the engine has not heeded yet."""
        return self.dialling or self.awaiting or self.answering

    # ---- orders ----

    def begin_call(self, number: int) -> None:
        """The engine has taken an order that begins a call. Raises Error for 0: the engine is closed."""
        if not number:
            raise Error(f"{self.device.address}: the channel is closed")
        self.call = number

    def check_process(self) -> None:
        """Raises Error in a child of the process that opened the line: the engine's thread is not there."""
        if os.getpid() != self.pid:
            raise Error(
                f"{self.device.address} was opened by process {self.pid}; open a channel in this process"
            )

    def open_engine(self) -> Engine:
        """The engine, for an order, under the Condition. Raises Error when the channel is closed."""
        if self.closing or self.dead or self.engine is None:
            raise Error(f"{self.device.address}: the channel is closed")
        return self.engine

    def now_us(self) -> int:
        """Microseconds on the line's clock since it was opened; 0 once it is closed."""
        with self.changed:
            return 0 if self.engine is None or self.dead else self.engine.now_us()

    def note(self, **fields: object) -> None:
        """A line of ours in the trace."""
        if self.trace is not None:
            self.trace.note(self.now_us(), **fields)

    def note_pages(self, document: Document) -> None:
        """The images of the pages that are about to be sent, when the trace wants them."""
        if self.trace is not None and self.trace.pages:
            for page in document.pages():
                self.trace.page(self.now_us(), page)

    def violations(self) -> tuple[int, str]:
        """As Engine.violations(); after the engine's end what it said last."""
        with self.changed:
            return self._violations if self.engine is None or self.dead else self.engine.violations()

    def modem(self) -> ModemInfo | None:
        """What the device's modem is; None when it has none, or the channel is closed."""
        with self.changed:
            return None if self.engine is None or self.dead else self.engine.modem()

    def close(self, *, wait: bool = True) -> None:
        """Ends what is under way and returns when the device is closed. Any thread, any number of times.

        wait=False is for finalizers, which may run on the pump, or on a thread that holds the Condition:
        the pump then frees the engine by itself.
        """
        with self.changed:
            engine = None if self.closing else self.engine
            self.closing = True
            self.wake()
        if engine is not None:
            try:
                engine.close()
            finally:
                self._seat.leave()
                self._engine_closed.set()
        if wait and threading.current_thread() is not self._pump:  # it is, from a hook or a logging handler
            self._pump.join()
        _open_lines.discard(self)

    # ---- waiting (what waits, and how, is in steps.py) ----

    def wait_for(self, predicate: Callable[[], bool], seconds: float | None = None) -> bool:
        """Waits until predicate() holds; False when so many seconds have passed on the line's clock, or the
        line is dead. predicate runs under the Condition. None waits for ever; 0 only looks."""
        return self._wait(predicate, seconds, watching=False)

    def watch(self, predicate: Callable[[], bool], seconds: float | None = None) -> bool:
        """wait_for() for somebody who only watches: see under_way()."""
        return self._wait(predicate, seconds, watching=True)

    def _wait(self, predicate: Callable[[], bool], seconds: float | None, *, watching: bool) -> bool:
        with self.changed, self.timer(seconds) as timer:
            while not predicate():
                if self.dead or timer.expired:
                    return False
                if not self.waiters.woken and (not watching or self.under_way()):
                    self._allow()
                self.changed.wait(_SLICE_S)
            return True

    @contextmanager
    def timer(self, seconds: float | None) -> Iterator[Timer]:
        """A timer on the line's clock. None never expires; 0 and less has."""
        timer = Timer()
        if seconds is None or seconds <= 0:
            timer.expired = seconds is not None
            yield timer
            return
        number = next(_timer_numbers) & 0x7FFFFFFF
        with self.changed:
            if self.engine is not None and not self.dead:
                self._timers[number] = timer
                self.engine.timer(number, int(seconds * 1_000_000))
        try:
            yield timer
        finally:
            with self.changed:
                if self._timers.pop(number, None) and self.engine is not None and not self.dead:
                    self.engine.timer_cancel(number)

    def under_way(self) -> bool:
        """Whether something goes on that wants no decision of the application: virtual time may pass although
        everybody only watches. It may not while a call rings in, or stands without a fax: else T.30's timers
        would expire before the application has said what it wants."""
        return self.ordered or (self.job is not None and self.job.running) or self.state in _UNDER_WAY

    def hold(self, on: bool) -> None:
        """A job is being prepared, which takes as long as it takes: no virtual time passes meanwhile."""
        self.holding = on
        if self.engine is not None and not self.dead:
            self.engine.hold(on)

    def _allow(self) -> None:
        if self.engine is not None and not self.holding and not self.dead:
            self.engine.allow(self.seq)

    # ---- awaits ----

    def arm(self, waiter: Waiter) -> None:
        """An await has begun. By its loop, once what was ready to run has run."""
        with self.changed:
            self.waiters.sleep(waiter)
            self._allow_for_waiters()

    def disarm(self, waiter: Waiter) -> None:
        """An await is over. By its loop, once its task waits for something else."""
        with self.changed:
            self.waiters.remove(waiter)
            self.changed.notify_all()
            self._allow_for_waiters()

    def _allow_for_waiters(self) -> None:
        waiters = self.waiters
        if waiters.begun or waiters.woken or not waiters.asleep:
            return
        if self.under_way() or any(not waiter.watching for waiter in waiters.asleep):
            self._allow()

    def wake(self) -> None:
        """Something has changed: those who wait look again. Under the Condition."""
        self.changed.notify_all()
        self.waiters.look(self.dead)
        self._allow_for_waiters()

    # ---- what the pump says, under the Condition ----

    def apply(self, event: Event) -> None:
        """Mirrors the event, hands it on to the job and to who watches, and wakes who waits for it."""
        self.seq = event.seq
        if isinstance(event, TimerExpired):
            self._timer_expired(event.timer)
            return
        match event:
            case _ if event.call != self.call:
                pass  # of an earlier call: nobody waits for that any more
            case CallChanged():
                self._call_changed(event)
            case FaxStarted() | Negotiated() | PageConfirmed() | FaxEnded():
                if self.job is not None:
                    self.job.apply(event)
        for stream in self.streams:
            stream.put(event)
        self.wake()

    def _timer_expired(self, number: int) -> None:
        """It concerns nobody but the wait that it limits."""
        timer = self._timers.pop(number, None)
        if timer is not None:
            timer.expired = True
            if timer.waiter is not None:
                self.waiters.look_at(timer.waiter, self.dead)
        self.changed.notify_all()
        self._allow_for_waiters()

    def _call_changed(self, event: CallChanged) -> None:
        if event.state is CallState.IDLE and self.state is CallState.IDLE and not self.ordered:
            return  # the answer to a hang-up on hook: the last call's cause stays
        self.dialling = self.awaiting = False
        if not (event.state is CallState.IDLE and event.cause is CallCause.NOANSWER):
            self.answering = False  # else the caller gave up just before: the answer's own outcome follows
        if event.state is CallState.RING_INCOMING and self.state is not CallState.RING_INCOMING:
            self.details.begin_incoming(self.device.config.number)
        cause = event.cause if event.state in (CallState.IDLE, CallState.ERROR) else CallCause.NORMAL
        if event.state is CallState.IDLE:
            self.idle_seq = event.seq
            if self.abandoned and cause is CallCause.NORMAL:
                cause = CallCause.NOANSWER
            self.abandoned = False
        self.state, self.cause = event.state, cause
        if event.raw_cause is not None:
            self.details.raw_cause = event.raw_cause
        self.logger.info(
            "%s: call %s%s", self.device.address, event.state, f" ({cause})" * (cause != "NORMAL")
        )

    def engine_closed(self) -> None:
        """The engine gives no more events."""
        with self.changed:
            if self.engine is not None:
                self._violations = self.engine.violations()
            self.state = CallState.IDLE
            self.dialling = self.awaiting = self.answering = False
            if self.job is not None and self.job.running:
                self.job.line_closed()
            self.dead = True
            self.wake()

    def free_engine(self) -> None:
        """The pump's last act: close() has returned from the engine, and under the Condition nobody is
        inside it."""
        self._engine_closed.wait()
        with self.changed:
            engine, self.engine = self.engine, None
        if engine is not None:
            engine.free()
        self._seat.free()
        if self.trace is not None:
            self.trace.close()
