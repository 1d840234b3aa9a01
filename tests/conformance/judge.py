"""Holds the call of a case, and judges it."""

import os
import tempfile
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
from .player import Differs, Notes, Player

BOUND_S = 1500.0
"""Of line time, for any case."""
OPTIONS = {"SUB": "SubAddress", "SEP": "SelectivePolling", "PSA": "SelectivePolling", "PWD": "Password"}
ODD = ("UNEXPECTED", "RX_INVALCMD", "RX_DCNDATA")
"""Statuses behind calls that failed and such that did not: they are not judged. Of the others OK is our
NORMAL, once a page was confirmed; the rest, which tell failures from each other, are not.
"""


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


def program_of(case: Case, folder: Path) -> Program:
    """What our end does in this case: it sends or receives, polls or is polled, as the steps want it."""
    called = bool(case.all("CALL"))
    begin = case.all("CALL" if called else "ANSWER")[0]
    options = {}
    number = ""
    fax = FaxToSend(tiff_of(begin.value, folder)) if begin.value else None
    for step in case.all("SET", "T") + case.all("SET", "R"):
        if step.tag == "IDENT":
            number = step.value
        elif step.tag == "TXFILE" and fax:
            fax.add_content(tiff_of(step.value, folder), separate=True)
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


async def play(case: Case, speed: float) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="conformance-") as name:
        folder = Path(name)
        program = program_of(case, folder)
        differs: list[Differs] = []
        players: list[Player] = []

        async def script(line: Line, modem: Modem) -> None:
            players.append(Player(Far(line, modem)))
            try:
                await players[0].play(case.steps)
            except Differs as difference:
                line.note("judge", f"step {difference.step}: {difference}")
                differs.append(difference)
            # The line is silent from now on; our end has to find its way out.

        call = await hold(program, script, speed=speed, bound_s=BOUND_S)
        verdict = Verdict(case)
        if differs:
            verdict.where = str(differs[0].step.number)
            verdict.expected, verdict.got = differs[0].expected, differs[0].got
        else:
            stored = read_tiff(program.file) if program.file and program.file.exists() else []
            verdict.where, verdict.expected, verdict.got = look(call, players[0].notes, stored)
        record = "\n".join(f"{time:9.3f} {who:6} {what}" for time, who, what in call.line.record)
        verdict.record = f"{call.outcome!r}\n{record}\n"
        return verdict


def look(call: Call, notes: Notes, stored: list[Page]) -> tuple[str, str, str]:
    """Where something does not hold after the call, what should, and what is; all empty when all is well."""
    outcome = call.outcome
    if call.problem or outcome.error:
        return "call", "an end", call.problem or outcome.error
    if call.line.off_hook:
        return "call", "our end on hook", "off hook"
    if notes.ended and (problem := account(outcome, notes)):
        return "status", notes.status, problem
    for i, sent in enumerate(notes.sent):
        try:
            t4.read(bits.from_octets(sent.octets), sent.coding)
        except t4.Unreadable as problem:
            return f"page {i + 1}", "a page that can be read", str(problem)
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
