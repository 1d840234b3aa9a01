"""Holds the calls of cases, and judges them."""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from peer import bits, t4
from peer.call import Call, Outcome, Program, hold
from peer.far import Far, read_tiff
from peer.line import Line
from peer.modem import Modem
from peer.t4 import Page
from PIL import Image

from faxline import FaxToSend

from .cases import Case
from .charts import WIDTH, chart
from .coded import prepare
from .player import Differs, Notes, Player

BOUND_S = 1500.0
"""Of line time, for any case."""
OPTIONS = {"SUB": "SubAddress", "SEP": "SelectivePolling", "PSA": "SelectivePolling", "PWD": "Password"}
ODD = ("UNEXPECTED", "RX_INVALCMD", "RX_DCNDATA")
"""Statuses behind calls that failed and such that did not: they are not judged. Of the others OK is our
NORMAL, once a page was confirmed; the rest, which tell failures from each other, are not.
"""


@dataclass
class Held:
    """The call of a case."""

    case: Case
    program: Program
    call: Call
    notes: Notes
    differs: Differs | None


@dataclass
class Verdict:
    case: Case
    where: str = ""
    """The step, or what it was; '' when all is well."""
    expected: str = ""
    got: str = ""
    record: str = ""

    @property
    def passed(self) -> bool:
        return not self.where


def tiff_of(file: str, folder: Path) -> str:
    """A document of the pages of this chart."""
    path = folder / file
    if not path.exists():
        pages = [_image(page) for page in chart(file)]
        pages[0].save(path, save_all=True, append_images=pages[1:], compression="group4", dpi=(204, 98))
    return os.fspath(path)


def _image(page: Page) -> Image.Image:
    rows = bytearray()
    for row in page:
        text, edges = "", [0, *row, WIDTH]
        for i in range(len(edges) - 1):
            text += "10"[i % 2] * (edges[i + 1] - edges[i])
        rows += int(text, 2).to_bytes(WIDTH // 8, "big")
    return Image.frombytes("1", (WIDTH, len(page)), bytes(rows))


def documents(case: Case) -> list[str]:
    """The charts that our end has to send, each of them a document."""
    begin = [step.value for step in case.all("CALL") + case.all("ANSWER")]
    later = [step.value for step in case.all("SET", "T") if step.tag == "TXFILE"]
    return [name for name in begin + later if name]


def program_of(case: Case, folder: Path) -> Program:
    """What our end does in this case: it sends or receives, polls or is polled, as the steps want it."""
    called = bool(case.all("CALL"))
    options = {}
    number = ""
    fax = None
    for name in documents(case):
        fax = fax or FaxToSend()
        fax.add_content(tiff_of(name, folder), separate=True)
    for step in case.all("SET", "T") + case.all("SET", "R"):
        if step.tag == "IDENT":
            number = step.value
        elif step.tag in OPTIONS:
            options[OPTIONS[step.tag]] = step.value
    into = folder / f"{case.name}.tif"
    program = Program(called, options=options, subscriber_id=number)
    receives = bool(case.all("MSG", "T") or case.all("PP", "T")) or not fax
    if receives:
        program.file = into
        program.poll = fax
    else:
        program.fax = fax
    return program


async def hold_one(case: Case, program: Program, speed: float) -> Held:
    players: list[Player] = []
    differs: list[Differs] = []

    async def script(line: Line, modem: Modem) -> None:
        players.append(Player(Far(line, modem)))
        try:
            await players[0].play(case.steps)
        except Differs as difference:
            line.note("judge", f"step {difference.step}: {difference}")
            differs.append(difference)
        # The line is silent from now on; our end has to find its way out.

    call = await hold(program, script, speed=speed, bound_s=BOUND_S)
    return Held(case, program, call, players[0].notes, differs[0] if differs else None)


async def hold_all(cases: Sequence[Case], folder: Path, at_once: int, speed: float) -> list[Held]:
    gate = asyncio.Semaphore(at_once)
    programs = [program_of(case, folder) for case in cases]

    async def one(case: Case, program: Program) -> Held:
        async with gate:
            return await hold_one(case, program, speed)

    return await asyncio.gather(*map(one, cases, programs))


def play(cases: Sequence[Case], at_once: int, speed: float) -> dict[str, Verdict]:
    """All of them, and looks at them when the last call is over: looking takes time that no call has."""
    prepare(cases)
    with tempfile.TemporaryDirectory(prefix="conformance-") as name:
        held = asyncio.run(hold_all(cases, Path(name), at_once, speed))
        return {one.case.name: judged(one) for one in held}


def judged(held: Held) -> Verdict:
    verdict = Verdict(held.case)
    if held.differs:
        verdict.where = str(held.differs.step.number)
        verdict.expected, verdict.got = held.differs.expected, held.differs.got
    else:
        file = held.program.file
        stored = read_tiff(file) if file and file.exists() else []
        verdict.where, verdict.expected, verdict.got = look(held, stored)
    record = "\n".join(f"{time:9.3f} {who:6} {what}" for time, who, what in held.call.line.record)
    verdict.record = f"{held.call.outcome!r}\n{record}\n"
    return verdict


def look(held: Held, stored: list[Page]) -> tuple[str, str, str]:
    """Where something does not hold after the call, what should, and what is; all empty when all is well."""
    call, notes, outcome = held.call, held.notes, held.call.outcome
    document = [page for name in documents(held.case) for page in chart(name)]
    if call.problem or outcome.error:
        return "call", "an end", call.problem or outcome.error
    if call.line.off_hook:
        return "call", "our end on hook", "off hook"
    if notes.ended and (problem := account(outcome, notes)):
        return "status", notes.status, problem
    for i, sent in enumerate(notes.sent):
        try:
            came = t4.read(bits.from_octets(sent.octets), sent.coding)
        except t4.Unreadable as why:
            return f"page {i + 1}", "a page that can be read", str(why)
        if document[i : i + 1] != [came]:
            return f"page {i + 1}", "as it is in the document", "another one was sent"
    if len(notes.sent) > outcome.sent:
        return "pages", f"{len(notes.sent)} confirmed", f"{outcome.sent} count as sent"
    if (least := min(outcome.received, len(stored))) < len(notes.received):
        return "pages", f"{len(notes.received)} confirmed", f"{least} received and stored"
    for i, (page, is_there) in enumerate(zip(notes.received, stored, strict=False)):
        if page is not None and page != is_there:
            return f"page {i + 1}", "as it was sent", "another one is in the file"
    return "", "", ""


def account(outcome: Outcome, notes: Notes) -> str:
    """What our end says of the call, where that is not so."""
    if notes.status in ODD or (notes.status == "OK" and not (notes.sent or notes.received)):
        return ""
    good = outcome.cause == "NORMAL" or (notes.given_up and outcome.cause == "PAGEQUALITY")
    said = f"{outcome.call} {outcome.cause} {outcome.raw_cause or ''}".rstrip()
    return "" if good == (notes.status == "OK") else said
