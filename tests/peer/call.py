"""One call: a program with faxline on one side of a pseudo-terminal, modem and far machine on the other."""

import asyncio
import contextlib
import math
import os
import pty
import sys
import tty
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faxline import CallChannel, FaxToReceive, FaxToSend, Hangup

from .line import Line
from .modem import Modem

sys.setswitchinterval(0.0005)  # the far machine computes while the program under test has to answer

THREADS = ThreadPoolExecutor(64)


@dataclass
class Outcome:
    """What the program under test said, and when."""

    call: str = ""
    cause: str = "NONE"
    raw_cause: str | None = None
    pages: int = 0
    sent: int = 0
    received: int = 0
    negotiated: dict[str, str] = field(default_factory=dict)
    documents: list[int] = field(default_factory=list)
    unconfirmed: bool = False
    error: str = ""
    ended: float = math.nan


@dataclass
class Program:
    """What the program under test does. fax, poll: documents; in, out: files to be written."""

    called: bool
    """It is called and answers; otherwise it calls."""
    fax: FaxToSend | None = None
    file: Path | None = None
    options: dict[str, Any] = field(default_factory=dict)
    poll: FaxToSend | FaxToReceive | None = None
    number: str = "5550100"
    subscriber_id: str = ""
    separate: bool = False
    address_options: str = ""

    def run(self, device: str) -> Outcome:
        outcome = Outcome()
        try:
            with CallChannel(device + self.address_options, subscriber_id=self.subscriber_id) as channel:
                if self.called:
                    channel.wait_for_call(60)
                    state = channel.answer()
                else:
                    state = channel.call(self.number)
                outcome.call = channel.cause().name
                with contextlib.suppress(Hangup):
                    if state == channel.State.ANSWERED:
                        self.fax_job(channel, outcome)
                channel.hang_up()
        except Exception as problem:
            outcome.error = repr(problem)
        return outcome

    def fax_job(self, channel: CallChannel, outcome: Outcome) -> None:
        if self.file is None:
            jobs: Any = channel.FaxSender
            cause = jobs.send(self.fax, self.options, poll=self.poll)
        else:
            jobs = channel.FaxReceiver
            into = FaxToReceive(os.fspath(self.file), separate=self.separate)
            cause = jobs.receive(into, self.options, poll=self.poll)
        details = jobs.Details
        outcome.cause, outcome.raw_cause = cause.name, details.raw_cause
        outcome.pages, outcome.sent, outcome.received = (
            details.pages,
            details.pages_sent,
            details.pages_received,
        )
        outcome.negotiated = dict(details.negotiated)
        outcome.documents = list(details.documents)
        outcome.unconfirmed = details.unconfirmed


@dataclass
class Call:
    line: Line
    modem: Modem
    outcome: Outcome = field(default_factory=Outcome)
    problem: str = ""


async def hold(
    program: Program,
    script: Callable[[Line, Modem], Awaitable[None]],
    *,
    speed: float,
    bound_s: float,
    prepare: Callable[[Modem], None] | None = None,
) -> Call:
    """Holds the call. bound_s: of line time, after which script and program must both be through."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    line = Line(speed)
    modem = Modem(line, master)
    if prepare:
        prepare(modem)
    call = Call(line, modem)
    address = f"class1:{os.ttyname(slave)}?speed={speed:g}&flow=none"
    running = asyncio.ensure_future(line.loop.run_in_executor(THREADS, program.run, address))
    scripted = asyncio.ensure_future(script(line, modem))
    running.add_done_callback(lambda _: line.poke())
    scripted.add_done_callback(lambda _: line.poke())
    try:
        await line.wait(scripted.done, bound_s)
        if scripted.done() and (failed := scripted.exception()):
            call.problem = f"{type(failed).__name__}: {failed}"
            if not isinstance(failed, AssertionError):
                raise failed
        elif not scripted.done():
            call.problem = f"the script was not through after {bound_s:.0f} s"
        await line.wait(running.done, max(bound_s, line.now() + 150))
        if running.done():
            call.outcome = running.result()
            call.outcome.ended = line.now()
        else:
            call.problem += f"; the program was not through after {line.now():.0f} s"
            modem.dead = True
    finally:
        scripted.cancel()
        modem.close()
        os.close(slave)
    if not running.done():
        call.outcome = await running  # its modem is gone now
        call.outcome.error += " held until its modem was gone"
    return call
