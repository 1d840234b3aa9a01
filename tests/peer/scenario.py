"""Scenarios: what the far machine does, and what must hold after the call. The fixture `held` runs them."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faxline import FaxToReceive, FaxToSend

from .call import Call, Program, hold
from .far import ANY_PAGE, Far, read_tiff, stripes, write_tiff
from .line import MODULATIONS, Line
from .modem import Modem
from .t4 import Page

Script = Callable[[Far], Awaitable[None]]
SPEED = float(os.environ.get("PEER_SPEED", "10"))
SLOWER = 2.5
"""A scenario that fails is held once more, so many times slower: only that counts. At the first try's speed a
scheduler that is late by 50 ms is late by a second.
"""
AT_ONCE = int(os.environ.get("PEER_AT_ONCE", "32"))
TWO = [stripes(1), stripes(2)]
SETTINGS = [
    *((code, coding, False, False) for code in (145, 121, 97, 73, 96, 72, 48, 24) for coding in ("MH", "MR")),
    *((code, coding, True, False) for code in (145, 96, 48) for coding in ("MH", "MR", "MMR")),
    *((145, coding, True, True) for coding in ("MH", "MR", "MMR")),
]
"""Modulation and rate, coding, error correction, its small frames: what a polite call is held with."""
FAILED = ("COMMSFAULT", "PAGEQUALITY", "TIMEOUT", "HANGUP", "NOTFAX", "ERROR")


def setting_name(code: int, coding: str, ecm: bool, small: bool) -> str:
    modulation = MODULATIONS[code]
    name = f"{modulation.name.lower().replace('.', '')}-{modulation.rate}-{coding.lower()}"
    return f"{name}{'-ecm' if ecm else ''}{'-64' if small else ''}"


@dataclass(frozen=True)
class Scenario:
    """One call. send: pages of the document that our end sends. receives: it receives. Both: by polling."""

    name: str
    script: Script
    called: bool = False
    send: Sequence[Page] = ()
    receives: bool = False
    polled: bool = False
    """Our end sends what it was called for, or asks for a document where it calls."""
    cause: str | tuple[str, ...] = "NORMAL"
    raw: str | tuple[str, ...] | None = None
    pages: int | None = None
    """How many must count; as many as the script had confirmed anyway."""
    at_most: bool = False
    """The script does not know whether its last answer arrived: so many, or one less."""
    bound_s: float = 120
    options: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[Modem], None] | None = None
    call: str | None = None
    """The cause of a call that was not answered."""
    separate: bool = False
    address_options: str = ""
    documents: tuple[int, ...] | None = None
    lines: int = 98
    speed: float = SPEED
    dead: bool = False
    """Its modem is, and cannot go on hook."""

    def __str__(self) -> str:
        return self.name


@dataclass
class Held:
    scenario: Scenario
    call: Call
    far: Far
    complaints: list[str]

    def text(self) -> str:
        lines = [f"{time:9.3f} {who:6} {what}" for time, who, what in self.call.line.record]
        return "\n".join([*self.complaints, repr(self.call.outcome), *lines[-200:]])


async def hold_one(scenario: Scenario, folder: Path, speed: float) -> Held:
    into = folder / f"{scenario.name}.tif"
    for old in folder.glob(f"{scenario.name}*.tif"):
        old.unlink()
    fax = None
    if scenario.send:
        fax = FaxToSend(
            os.fspath(write_tiff(folder / f"{scenario.name}.send.tif", scenario.send, lines=scenario.lines))
        )
    program = Program(
        scenario.called,
        fax=fax,
        file=into if scenario.receives else None,
        options=scenario.options,
        separate=scenario.separate,
        address_options=scenario.address_options,
    )
    if scenario.send and scenario.receives:
        if scenario.called:
            program.poll, program.fax = fax, None
        else:
            program.poll, program.file = FaxToReceive(os.fspath(into)), None
    machines: list[Far] = []

    async def script(line: Line, modem: Modem) -> None:
        machines.append(Far(line, modem))
        await scenario.script(machines[0])

    call = await hold(program, script, speed=speed, bound_s=scenario.bound_s, prepare=scenario.prepare)
    return Held(scenario, call, machines[0], list(complain(scenario, call, machines[0], into)))


def complain(scenario: Scenario, call: Call, far: Far, into: Path) -> list[str]:
    """What does not hold."""
    found: list[str] = []
    outcome = call.outcome
    if call.problem:
        found.append(call.problem)
    if outcome.error:
        found.append(f"the program: {outcome.error}")
    if call.line.off_hook and not scenario.dead:
        found.append("still off hook")
    if not outcome.ended <= scenario.bound_s:
        found.append(f"ended after {outcome.ended:.0f} s, {scenario.bound_s:.0f} are enough")
    if scenario.call is not None:
        if outcome.call != scenario.call:
            found.append(f"call cause {outcome.call}, {scenario.call} is right")
        return found
    causes = (scenario.cause,) if isinstance(scenario.cause, str) else scenario.cause
    if outcome.cause not in causes:
        found.append(f"cause {outcome.cause} ({outcome.raw_cause}), {' or '.join(causes)} is right")
    raws = (scenario.raw,) if isinstance(scenario.raw, str) else scenario.raw
    if raws and outcome.raw_cause not in raws:
        found.append(f"raw cause {outcome.raw_cause}, {' or '.join(raws)} is right")
    sent = far.confirmed if scenario.send and not scenario.receives else far.sent_to_us
    came = far.confirmed if scenario.receives and not scenario.send else far.got_from_us
    if scenario.send and not scenario.receives:
        came = []
    if scenario.receives and not scenario.send:
        sent = []
    for what, counted, confirmed in (("sent", outcome.sent, sent), ("received", outcome.received, came)):
        least = len(confirmed) - scenario.at_most
        if not least <= counted <= len(confirmed):
            found.append(f"{counted} pages count as {what}, {len(confirmed)} were confirmed")
    if scenario.pages is not None and outcome.pages != scenario.pages:
        found.append(f"{outcome.pages} pages, {scenario.pages} is right")
    if (
        outcome.cause == "NORMAL"
        and scenario.send
        and not scenario.polled
        and outcome.sent != len(scenario.send)
    ):
        found.append(f"NORMAL with {outcome.sent} of {len(scenario.send)} pages")
    if list(sent) != list(scenario.send[: len(sent)]):
        found.append("other pages arrived than were sent")
    if came and not scenario.separate:
        stored = read_tiff(into) if into.exists() else []
        if len(stored) < len(came) or any(
            page not in (ANY_PAGE, is_there) for page, is_there in zip(came, stored, strict=False)
        ):
            found.append(f"{len(stored)} pages are in the file, and not those that were confirmed")
    if scenario.documents is not None and tuple(outcome.documents) != scenario.documents:
        found.append(f"documents {outcome.documents}, {scenario.documents} is right")
    return found


async def hold_all(scenarios: Sequence[Scenario]) -> dict[str, Held]:
    held: dict[str, Held] = {}
    with tempfile.TemporaryDirectory(prefix="peer-") as name:
        folder = Path(name)
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(scenario: Scenario) -> None:
            async with gate:
                held[scenario.name] = await hold_one(scenario, folder, scenario.speed)

        await asyncio.gather(*(one(scenario) for scenario in scenarios))
        doubtful = [s for s in scenarios if held[s.name].complaints]
        gate = asyncio.Semaphore(4)

        async def again(scenario: Scenario) -> None:
            async with gate:
                slow = max(1.0, scenario.speed // SLOWER)
                if scenario.bound_s / slow < 300:
                    held[scenario.name] = await hold_one(scenario, folder, slow)

        if os.environ.get("PEER_AGAIN", "yes") == "yes" and len(doubtful) <= 30:
            await asyncio.gather(*(again(scenario) for scenario in doubtful))
    return held
