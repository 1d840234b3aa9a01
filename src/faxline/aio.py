"""asyncio: the same channel with `await` for every call that blocks.

    from faxline.aio import AsyncCallChannel
    async with AsyncCallChannel("sim:") as channel:
        if await channel.call("5550100") == channel.State.ANSWERED:
            cause = await channel.FaxSender.send(FaxToSend("fax.tif"))

Nothing here knows about faxes: each method takes the steps of its twin in CallChannel, CallFaxSender or
CallFaxReceiver (see _lines/steps.py), so arguments, results and errors are those. No await blocks a thread: a
hundred channels wait in one loop. Only documents are read, and devices opened and closed, on threads of the
loop's default executor.

Cancelling an await loses nothing: a page that it would have told of is told by the next wait, a call that is
being set up or a fax that runs goes on, and hang_up() or stop() ends it. Only a fax whose document is still
being read is given up, with the cause ABORTED.
"""

import asyncio
import os
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from faxline._lines.jobs import FaxJobs
from faxline._lines.steps import drive
from faxline._lines.stream import EventStream
from faxline.causes import CallCause, CallState, FaxCause, ReceiveState, SendState
from faxline.channel import CallChannel
from faxline.details import CallDetails, FaxDetails
from faxline.document import FaxToSend
from faxline.errors import Error
from faxline.receiver import CallFaxReceiver
from faxline.sender import CallFaxSender
from faxline.storage import FaxToReceive

Jobs = TypeVar("Jobs", bound="FaxJobs[Any]")


class _AsyncJobs(Generic[Jobs]):
    """What AsyncFaxSender and AsyncFaxReceiver have in common."""

    Cause = FaxCause

    def __init__(self, jobs: Jobs) -> None:
        """For AsyncCallChannel."""
        self._jobs = jobs

    @property
    def Details(self) -> FaxDetails:
        """Details of the fax job in progress, or of the last."""
        return self._jobs.Details

    def cause(self) -> FaxCause:
        """Why the last job ended; NONE while one is in progress and before the first."""
        return self._jobs.cause()

    async def stop(self) -> bool:
        """FaxJobs.stop()."""
        return await drive(self._jobs._line, self._jobs._stop())

    async def wait_for_negotiated_settings(self, seconds_timeout: float | None = None) -> dict[str, str]:
        """FaxJobs.wait_for_negotiated_settings()."""
        return await drive(self._jobs._line, self._jobs._settings(seconds_timeout))

    async def wait_for_next_page(self, seconds_timeout: float | None = None) -> int:
        """FaxJobs.wait_for_next_page()."""
        return await drive(self._jobs._line, self._jobs._next_page(seconds_timeout))

    async def wait_until_finished(self, seconds_timeout: float | None = None) -> FaxCause:
        """FaxJobs.wait_until_finished()."""
        return await drive(self._jobs._line, self._jobs._finished(seconds_timeout))


class AsyncFaxSender(_AsyncJobs[CallFaxSender]):
    """CallFaxSender with `await`: AsyncCallChannel.FaxSender."""

    State = SendState

    def state(self) -> SendState:
        """CallFaxSender.state()."""
        return self._jobs.state()

    async def start(
        self,
        fax_to_send: FaxToSend | None = None,
        fax_options: Mapping[str, object] | None = None,
        *,
        filename: str | os.PathLike[str] | None = None,
        poll: FaxToReceive | None = None,
    ) -> bool:
        """CallFaxSender.start()."""
        steps = self._jobs._start(fax_to_send, filename, fax_options, poll)
        return await drive(self._jobs._line, steps)

    async def send(
        self,
        fax_to_send: FaxToSend | None = None,
        fax_options: Mapping[str, object] | None = None,
        *,
        filename: str | os.PathLike[str] | None = None,
        poll: FaxToReceive | None = None,
    ) -> FaxCause:
        """CallFaxSender.send()."""
        steps = self._jobs._whole(fax_to_send, filename, fax_options, poll)
        return await drive(self._jobs._line, steps)


class AsyncFaxReceiver(_AsyncJobs[CallFaxReceiver]):
    """CallFaxReceiver with `await`: AsyncCallChannel.FaxReceiver."""

    State = ReceiveState

    def state(self) -> ReceiveState:
        """CallFaxReceiver.state()."""
        return self._jobs.state()

    async def start(
        self,
        fax_to_receive: FaxToReceive | None = None,
        fax_options: Mapping[str, object] | None = None,
        *,
        filename: str | os.PathLike[str] | None = None,
        poll: FaxToSend | None = None,
    ) -> bool:
        """CallFaxReceiver.start()."""
        steps = self._jobs._start(fax_to_receive, filename, fax_options, poll)
        return await drive(self._jobs._line, steps)

    async def receive(
        self,
        fax_to_receive: FaxToReceive | None = None,
        fax_options: Mapping[str, object] | None = None,
        *,
        filename: str | os.PathLike[str] | None = None,
        poll: FaxToSend | None = None,
    ) -> FaxCause:
        """CallFaxReceiver.receive()."""
        steps = self._jobs._whole(fax_to_receive, filename, fax_options, poll)
        return await drive(self._jobs._line, steps)


class AsyncCallChannel:
    """CallChannel with `await`. An asynchronous context manager, which closes the channel."""

    State = CallState
    Cause = CallCause

    def __init__(self, channel: CallChannel | str, **keywords: Any) -> None:
        """channel: an open CallChannel, or the address of a device, opened by `async with` or open() with
        the keywords of CallChannel."""
        self._device = channel if isinstance(channel, str) else channel.device
        self._keywords = keywords
        self._channel: CallChannel | None = None
        if not isinstance(channel, str):
            if keywords:
                raise TypeError(f"the channel is open already: {', '.join(keywords)} cannot be set")
            self._take(channel)

    def _take(self, channel: CallChannel) -> None:
        self._channel = channel
        self.FaxSender: AsyncFaxSender = AsyncFaxSender(channel.FaxSender)
        """Sends faxes on this channel's call."""
        self.FaxReceiver: AsyncFaxReceiver = AsyncFaxReceiver(channel.FaxReceiver)
        """Receives faxes on this channel's call."""

    async def open(self) -> Self:
        """Opens the device, as CallChannel() does."""
        if self._channel is None:
            unwanted = threading.Event()

            def opened() -> CallChannel:
                channel = CallChannel(self._device, **self._keywords)
                if unwanted.is_set():
                    channel.close()
                return channel

            # Not a task: a loop that ends cancels its tasks, and the channel would stay open.
            opening = asyncio.get_running_loop().run_in_executor(None, opened)
            try:
                channel = await asyncio.shield(opening)
            except asyncio.CancelledError:
                unwanted.set()
                opening.add_done_callback(_close_unwanted)
                raise
            self._take(channel)
        return self

    @property
    def channel(self) -> CallChannel:
        """The same channel without `await`. Raises Error before it is open."""
        if self._channel is None:
            raise Error(f"{self._device}: not open; use `async with`, or await open()")
        return self._channel

    @property
    def device(self) -> str:
        """The address of the device, as it was given."""
        return self._device

    @property
    def Details(self) -> CallDetails:
        """The call's details: call_id, call_from, call_to, raw_cause."""
        return self.channel.Details

    def state(self) -> CallState:
        """CallChannel.state()."""
        return self.channel.state()

    def cause(self) -> CallCause:
        """CallChannel.cause()."""
        return self.channel.cause()

    def events(self, limit: int = 1000) -> EventStream:
        """CallChannel.events(), for `async for`."""
        return self.channel.events(limit)

    async def call(self, call_to: str, call_from: str = "", seconds_timeout: float | None = 120) -> CallState:
        """CallChannel.call()."""
        channel = self.channel
        return await drive(channel._line, channel._call(call_to, call_from, seconds_timeout))

    async def start_call(self, call_to: str, call_from: str = "") -> None:
        """CallChannel.start_call()."""
        channel = self.channel
        await drive(channel._line, channel._start_call(call_to, call_from))

    async def wait_for_answer(self, seconds_timeout: float | None = None) -> CallState:
        """CallChannel.wait_for_answer()."""
        channel = self.channel
        return await drive(channel._line, channel._wait_for_answer(seconds_timeout))

    async def wait_for_call(self, seconds_timeout: float | None = None) -> CallState:
        """CallChannel.wait_for_call()."""
        channel = self.channel
        return await drive(channel._line, channel._wait_for_call(seconds_timeout))

    async def stop_waiting(self) -> CallState:
        """CallChannel.stop_waiting()."""
        channel = self.channel
        return await drive(channel._line, channel._stop_waiting())

    async def ring(self, seconds_ringtime: float = 0) -> CallState:
        """CallChannel.ring()."""
        channel = self.channel
        return await drive(channel._line, channel._ring(seconds_ringtime))

    async def answer(self) -> CallState:
        """CallChannel.answer()."""
        channel = self.channel
        return await drive(channel._line, channel._answer())

    async def reject(self, cause: CallCause | str | None = None) -> CallState:
        """CallChannel.reject()."""
        channel = self.channel
        return await drive(channel._line, channel._reject(cause))

    async def hang_up(self) -> CallState:
        """CallChannel.hang_up()."""
        channel = self.channel
        return await drive(channel._line, channel._hang_up())

    async def wait_for_idle(self, seconds_timeout: float | None = None) -> CallState:
        """CallChannel.wait_for_idle()."""
        channel = self.channel
        return await drive(channel._line, channel._wait_for_idle(seconds_timeout))

    async def pause(self, seconds: float) -> None:
        """CallChannel.pause()."""
        channel = self.channel
        await drive(channel._line, channel._pause(seconds))

    async def close(self) -> None:
        """CallChannel.close(). Once begun it goes on, also when this await is cancelled."""
        if self._channel is not None:
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self._channel.close))

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncCallChannel {self._device} {'not open' if self._channel is None else self.state()}>"


def _close_unwanted(opening: "asyncio.Future[CallChannel]") -> None:
    """The device opened after all, and nobody wants it. On a thread of its own: the loop and its executor may
    be about to end."""
    if not opening.cancelled() and opening.exception() is None:
        threading.Thread(target=opening.result().close).start()
