"""CallChannel: one line, one call at a time."""

import logging
import os
import re
import uuid
import warnings
from types import TracebackType
from typing import Self

from faxline import options
from faxline._guarded import GuardedLogger
from faxline._lines.incoming import call_line
from faxline._lines.line import Line
from faxline._lines.steps import Steps, Until, run, wait_seconds
from faxline._lines.stream import EventStream
from faxline._version import __version__
from faxline.causes import CallCause, CallState
from faxline.details import CallDetails, FaxDetails
from faxline.device import resolve
from faxline.document import FaxToSend
from faxline.errors import Error, Hangup
from faxline.receiver import CallFaxReceiver
from faxline.sender import CallFaxSender
from faxline.trace import TraceWriter

_HANG_UP_S = 60.0

_INCOMING = (CallState.CALL_INCOMING, CallState.RING_INCOMING)

# What may be dialled: digits, tone keys, pauses and waits of V.250; separators for the eye are dropped.
_NUMBER = re.compile(r"\+?(?=.*[0-9])[0-9*#,ABCDW]{1,64}", re.ASCII)
_SEPARATORS = str.maketrans("", "", " -./()")


class CallChannel:
    """A telephone line and the call on it.

    Every method may be called from any thread. Timeouts are in seconds of the line's clock (which is the
    clock on the wall, except on the simulated device). A channel is closed with close(), or as a context
    manager; one that is open at the exit of the interpreter hangs up and closes then. In a child process
    after a fork every method raises Error.
    """

    State = CallState
    Cause = CallCause

    def __init__(
        self,
        device: str,
        *,
        logger: logging.Logger | None = None,
        subscriber_id: str = "",
        subscriber_name: str = "",
        trace: str | os.PathLike[str] | None = None,
        trace_pages: bool = False,
    ) -> None:
        """Opens a device.

        device: an address, `scheme:rest?option=value&...`, such as `sim:`. logger: default "faxline".
        subscriber_id: the line's own number as the far end shows it, up to 20 of 0-9 + space; the default
        of the fax option SubscriberId. subscriber_name: whose line it is, for header lines and cover pages
        (the field {name}). trace: a file for the record of all calls as JSON lines, or a directory in which
        each call gets a file of its own; read it with `faxline trace FILE`. Where none is given, the
        environment variable FAXLINE_TRACE may name one for every channel of the process: a directory.
        trace_pages: the record has the pages' images, too, so that it shows what was on them.

        Raises Error for an unknown scheme, option or value and for a device or trace file that cannot be
        opened.
        """
        self._logger = GuardedLogger(logger or logging.getLogger("faxline"), {})
        identity = options.check({"SubscriberId": subscriber_id})
        if identity.failed:
            raise Error(f"subscriber_id={subscriber_id!r}: takes {options.OPTIONS['SubscriberId'].accepted}")
        resolved = resolve(device)
        trace = trace or os.environ.get("FAXLINE_TRACE") or None
        writer = (
            None if trace is None else TraceWriter(trace, resolved.address, __version__, pages=trace_pages)
        )
        try:
            self._line = Line(resolved, self._logger, writer)
        except BaseException:
            if writer is not None:
                writer.close()
            raise
        self.device: str = resolved.address
        """The address of the device, as it was given."""
        self.subscriber_name: str = subscriber_name
        """Whose line it is."""
        self._line.subscriber_name = subscriber_name
        defaults = {"SubscriberId": identity.effective["SubscriberId"]}
        self.FaxSender: CallFaxSender = CallFaxSender(
            self._line, FaxDetails(self, self._logger), self._logger, defaults
        )
        """Sends faxes on this channel's call."""
        self.FaxReceiver: CallFaxReceiver = CallFaxReceiver(
            self._line, FaxDetails(self, self._logger), self._logger, defaults
        )
        """Receives faxes on this channel's call."""
        if resolved.incoming is not None:
            try:
                call_line(self._line, FaxToSend(resolved.incoming))
            except BaseException:
                self._line.close()
                raise

    @property
    def Details(self) -> CallDetails:
        """The call's details: call_id, call_from, call_to, raw_cause."""
        return self._line.details

    def state(self) -> CallState:
        """The state of the call; IDLE before the first, after the last and when the channel is closed."""
        self._line.check_process()
        with self._line.changed:
            return self._line.state

    def cause(self) -> CallCause:
        """Why the last call ended; NORMAL while a call is not over and before the first."""
        self._line.check_process()
        with self._line.changed:
            return self._line.cause

    def call(self, call_to: str, call_from: str = "", seconds_timeout: float | None = 120) -> CallState:
        """Places a call and waits for the answer.

        Returns ANSWERED, or IDLE (ERROR when the device failed): then cause() says why. When seconds_timeout
        passes first, the attempt is abandoned, with the cause NOANSWER. Arguments and errors as start_call().
        """
        return run(self._line, self._call(call_to, call_from, seconds_timeout))

    def _call(self, call_to: str, call_from: str, seconds_timeout: float | None) -> Steps[CallState]:
        line = self._line
        seconds = wait_seconds(seconds_timeout)
        yield from self._start_call(call_to, call_from)
        if not (yield Until(self._attempt_is_over, seconds)):
            line.abandoned = line.state is not CallState.IDLE
            yield from self._hang_up()
        return line.state

    def start_call(self, call_to: str, call_from: str = "") -> None:
        """Begins a call and returns when the device has begun to dial (or failed to).

        call_to: up to 64 of 0-9 * # A-D , (pause) W (wait for dial tone), with a leading + where the
        network takes one; spaces and - . / ( ) are dropped. call_from: kept in Details; an analogue line
        cannot send it.

        While another call still rings (one that was rejected, say) the number is dialled once that is over,
        since going off hook would answer it; a call that comes in just as the number is dialled (glare) ends
        the attempt with the cause CONGESTION. A fax never goes to whoever rang.

        Raises Error when the call state is not IDLE, the number cannot be dialled, or the channel is closed.
        """
        run(self._line, self._start_call(call_to, call_from))

    def _start_call(self, call_to: str, call_from: str) -> Steps[None]:
        line = self._line
        if not isinstance(call_to, str) or not isinstance(call_from, str):
            raise TypeError("call_to and call_from are str")
        number = call_to.translate(_SEPARATORS)
        if not _NUMBER.fullmatch(number):
            raise Error(
                f"{call_to!r} cannot be dialled: a number is digits, and + * # , W where they are needed"
            )
        engine = line.open_engine()
        if line.state is not CallState.IDLE or line.ordered:
            raise Error(f"{self.device}: a call needs the state IDLE, and it is {line.state}")
        line.details.call_id = uuid.uuid4().hex
        line.details.call_from = call_from
        line.details.call_to = call_to
        line.details.raw_cause = None
        line.cause = CallCause.NORMAL
        line.abandoned = False
        line.note(order="dial", number=number, call_id=line.details.call_id)
        line.begin_call(engine.dial(number))
        line.dialling = True
        yield Until(lambda: not line.dialling)

    def wait_for_answer(self, seconds_timeout: float | None = None) -> CallState:
        """Waits until the call is ANSWERED or over; returns the State. When the time is up the attempt goes
        on: the State then says so, and hang_up() abandons it."""
        return run(self._line, self._wait_for_answer(seconds_timeout))

    def _wait_for_answer(self, seconds_timeout: float | None) -> Steps[CallState]:
        yield Until(self._attempt_is_over, wait_seconds(seconds_timeout))
        return self._line.state

    def wait_for_call(self, seconds_timeout: float | None = None) -> CallState:
        """Waits for an incoming call. Returns RING_INCOMING when it rings; WAITING when seconds_timeout
        passes first: the line still waits, and a call that comes is found by the next wait_for_call();
        stop_waiting() and hang_up() end it. IDLE when one of them or close() came, ERROR or IDLE when the
        device failed (cause() says so).

        Raises Error when the call state is neither IDLE nor WAITING (nor ringing already), or the channel is
        closed.
        """
        return run(self._line, self._wait_for_call(seconds_timeout))

    def _wait_for_call(self, seconds_timeout: float | None) -> Steps[CallState]:
        line = self._line
        seconds = wait_seconds(seconds_timeout)
        engine = line.open_engine()
        if line.state in _INCOMING:
            return line.state
        if line.state not in (CallState.IDLE, CallState.WAITING) or line.dialling or line.answering:
            raise Error(f"{self.device}: waiting for a call needs the state IDLE, and it is {line.state}")
        line.cause = CallCause.NORMAL
        line.begin_call(engine.await_call(True))
        line.awaiting = True
        yield Until(lambda: not line.awaiting)
        yield Until(lambda: line.state is not CallState.WAITING, seconds)
        return line.state

    def stop_waiting(self) -> CallState:
        """Waits for calls no longer; a wait_for_call() of another thread returns. Unlike hang_up() it does
        not reject a call that begins to ring just then.

        Returns IDLE when no call will come any more, RING_INCOMING when one has begun to ring: it can be
        answered or rejected. In any other state it changes nothing and returns that.
        """
        return run(self._line, self._stop_waiting())

    def _stop_waiting(self) -> Steps[CallState]:
        line = self._line
        if (line.state is CallState.WAITING or line.awaiting) and line.engine is not None and not line.dead:
            line.note(order="stop-waiting")
            line.engine.await_call(False)
            yield Until(lambda: line.state is not CallState.WAITING and not line.awaiting, _HANG_UP_S)
        return line.state

    def ring(self, seconds_ringtime: float = 0) -> CallState:
        """Lets the incoming call ring for so long before it is answered; returns the State, sooner when the
        caller gives up (IDLE, cause NOANSWER).

        Raises Hangup when the call state is IDLE, Error when no call is coming in.
        """
        return run(self._line, self._ring(seconds_ringtime))

    def _ring(self, seconds_ringtime: float) -> Steps[CallState]:
        line = self._line
        seconds = wait_seconds(seconds_ringtime)
        self._check_incoming()
        yield Until(lambda: line.state not in _INCOMING, seconds)
        return line.state

    def answer(self) -> CallState:
        """Answers the incoming call and waits until it is ANSWERED; IDLE when that failed or the caller has
        given up: then cause() says why.

        Raises Hangup when the call state is IDLE, Error when no call is coming in or the channel is closed.
        """
        return run(self._line, self._answer())

    def _answer(self) -> Steps[CallState]:
        line = self._line
        self._check_incoming()
        if not line.open_engine().answer():
            raise Error(f"{self.device}: the device does not answer now")
        line.note(order="answer")
        line.answering = True
        yield Until(self._attempt_is_over)
        return line.state

    def reject(self, cause: CallCause | str | None = None) -> CallState:
        """Rejects the incoming call: an analogue line has no way to refuse it, so it rings on unheard. The
        call's cause becomes REJECTED. cause: for networks that tell the caller why; an analogue line does
        not.

        Waits until the call is IDLE, and returns the State. Raises Hangup when the call state is IDLE, Error
        when no call is coming in or the channel is closed, ValueError when cause is none.
        """
        return run(self._line, self._reject(cause))

    def _reject(self, cause: CallCause | str | None) -> Steps[CallState]:
        line = self._line
        why = None if cause is None else CallCause(cause)
        self._check_incoming()
        line.note(order="reject", cause=why)
        line.open_engine().reject()
        yield Until(lambda: line.state not in _INCOMING, _HANG_UP_S)
        return line.state

    def hang_up(self) -> CallState:
        """Ends the call; a running fax ends with its cause HANGUP, a call that rings is rejected, waiting for
        calls ends. Always safe, also with no call.

        Waits until the call is IDLE, at most 60 s; returns the State.
        """
        return run(self._line, self._hang_up())

    def _hang_up(self) -> Steps[CallState]:
        line = self._line
        if not self._is_over() and not line.closing and line.engine is not None:
            line.note(order="hang-up")
            line.engine.hang_up()
        yield Until(self._is_over, _HANG_UP_S)
        return line.state

    def wait_for_idle(self, seconds_timeout: float | None = None) -> CallState:
        """Waits until the call is IDLE, or the time is up; returns the State."""
        return run(self._line, self._wait_for_idle(seconds_timeout))

    def _wait_for_idle(self, seconds_timeout: float | None) -> Steps[CallState]:
        yield Until(lambda: self._line.state is CallState.IDLE, wait_seconds(seconds_timeout))
        return self._line.state

    def events(self, limit: int = 1000) -> EventStream:
        """What happens on the line from now on, as typed events (see EventStream): for `for` and `async for`.

        Any number of consumers may watch, each with a stream of its own. limit: how many events a stream
        keeps for a consumer that is slow, 1 to 100000; then the oldest go.

        Raises Error when the channel is closed, ValueError for another limit.
        """
        line = self._line
        line.check_process()
        with line.changed:
            line.open_engine()
            stream = EventStream(line, limit)
            line.streams.add(stream)
            return stream

    def pause(self, seconds: float) -> None:
        """Waits so many seconds of the line's clock (on the simulated device they take no time), or until the
        channel is closed."""
        run(self._line, self._pause(seconds))

    def _pause(self, seconds: float) -> Steps[None]:
        yield Until(lambda: False, wait_seconds(seconds))

    def close(self) -> None:
        """Hangs up, closes the device and returns when that is done. Any thread, any number of times.
        Threads that wait on this channel return: wait_until_finished() with the cause HANGUP, others raise
        Hangup."""
        self._line.check_process()
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._line.pid == os.getpid():
            self.close()

    def __del__(self) -> None:
        line = getattr(self, "_line", None)  # absent when the device did not open
        if line is None or line.closing or line.pid != os.getpid():
            return
        warnings.warn(f"unclosed channel {line.device.address}", ResourceWarning, stacklevel=2, source=self)
        line.close(wait=False)

    def __repr__(self) -> str:
        return f"<CallChannel {self.device} {'closed' if self._line.closing else self._line.state}>"

    def _check_incoming(self) -> None:
        state = self._line.state
        if state is CallState.IDLE:
            raise Hangup(f"{self.device}: the call state is IDLE")
        if state not in _INCOMING or self._line.answering:
            raise Error(f"{self.device}: no call is coming in, the state is {state}")

    def _attempt_is_over(self) -> bool:
        return not self._line.ordered and self._line.state in (
            CallState.ANSWERED,
            CallState.IDLE,
            CallState.ERROR,
        )

    def _is_over(self) -> bool:
        line = self._line
        return (
            line.state is CallState.IDLE
            and not line.ordered
            and not (line.job is not None and line.job.running)
        )
