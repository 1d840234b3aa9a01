"""A blocking call as steps, and the two ways to take them: on a thread (run) and in asyncio (drive).

Every method that blocks is written once, as a generator that runs under the line's Condition and yields what
it waits for. A thread waits on the Condition; an await registers a Waiter with the line, which the pump
wakes (waiters.py). No thread is blocked by an await.
"""

import contextvars
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from faxline._lines.waiters import Waiter

if TYPE_CHECKING:
    from faxline._lines.line import Line

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Until:
    """Wait until predicate() holds: the yield gives True. False when so many seconds have passed on the
    line's clock, or the line is dead. None waits for ever, 0 only looks."""

    predicate: Callable[[], bool]
    seconds: float | None = None
    watching: bool = False
    """It only watches: its wait lets virtual time pass while something is under way, and not while it is the
    application's turn (see Line.under_way)."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Work that takes its time, done outside the Condition; in asyncio on a thread of the default
    executor."""

    work: Callable[[], None]
    abandon: Callable[[], None]
    """Tells work() to end early, because nobody waits for it any more. Under the Condition."""


Step = Until | Apart
Steps = Generator[Step, bool, Result]


def wait_seconds(seconds: float | None) -> float | None:
    """A seconds_timeout as wait_for() takes it: None and infinity wait for ever. Raises TypeError,
    ValueError."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"seconds_timeout is a number of seconds or None, not {type(seconds).__name__}")
    if seconds != seconds:
        raise ValueError("seconds_timeout is not a number")
    return None if seconds > 1e9 else float(seconds)


class _Course(Generic[Result]):
    """How far a blocking call has got."""

    def __init__(self, steps: Steps[Result]) -> None:
        self._steps = steps
        self.step: Step | None = None
        """What it waits for; None when it is over."""
        self.result: Result

    def go(self, outcome: bool | BaseException | None) -> None:
        """Goes on with what came of the step (None: begins). Under the Condition."""
        try:
            if outcome is None:
                self.step = next(self._steps)
            elif isinstance(outcome, BaseException):
                self.step = self._steps.throw(outcome)
            else:
                self.step = self._steps.send(outcome)
        except StopIteration as end:
            self.step = None
            self.result = end.value


def run(line: "Line", steps: Steps[Result]) -> Result:
    """Takes the steps on this thread."""
    line.check_process()
    course = _Course(steps)
    outcome: bool | BaseException | None = None
    while True:
        with line.changed:
            course.go(outcome)
            while isinstance(course.step, Until):
                wait = line.watch if course.step.watching else line.wait_for
                try:
                    outcome = wait(course.step.predicate, course.step.seconds)
                except BaseException as error:
                    outcome = error
                course.go(outcome)
        if course.step is None:
            return course.result
        try:
            course.step.work()
            outcome = True
        except BaseException as error:
            outcome = error


async def drive(line: "Line", steps: Steps[Result]) -> Result:
    """Takes the steps in the running loop. A cancelled wait changes nothing: what it waited for is found by
    the next one."""
    line.check_process()
    course = _Course(steps)
    with line.changed:
        course.go(None)
    while course.step is not None:
        if isinstance(course.step, Until):
            await _until(line, course, course.step)
        else:
            await _apart(line, course, course.step)
    return course.result


async def _until(line: "Line", course: _Course[Result], step: Until) -> None:
    """Waits, and goes on under the same hold of the Condition in which the wait ended."""
    import asyncio

    loop = asyncio.get_running_loop()
    with line.timer(step.seconds) as timer:
        with line.changed:
            waiter = Waiter(step.predicate, step.watching, timer, loop)
        try:
            while True:
                with line.changed:
                    outcome = waiter.outcome(line.dead)
                    if outcome is not None:
                        line.waiters.go_on(waiter)
                        course.go(outcome)
                        return
                    line.waiters.begin(waiter)
                    waiter.again()
                loop.call_soon(line.arm, waiter)
                await waiter.future
        except asyncio.CancelledError as error:
            with line.changed:
                course.go(error)
        finally:
            # Only once this task has come to its next await: what it does until then comes before time goes
            # on.
            loop.call_soon(line.disarm, waiter)


async def _apart(line: "Line", course: _Course[Result], step: Apart) -> None:
    """Does the work on a thread. A cancelled one is told to end, and waited for: the thread must not touch
    the line when nobody expects it any more."""
    import asyncio

    # Not a task: a loop that ends cancels its tasks, and the thread would go on unwatched.
    loop = asyncio.get_running_loop()
    work = loop.run_in_executor(None, contextvars.copy_context().run, step.work)
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
            with line.changed:
                step.abandon()
    fault = work.exception()  # is looked at in any case, or the loop tells of it
    with line.changed:
        course.go(cancelled or fault or True)
