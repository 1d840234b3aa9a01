"""Calls over real signals, everything of each drawn from one number:

    python tests/signals.py [-n COUNT] [-s SEED]

The soft modem (docs/soft.md) in virtual time: our sender to spandsp's fax terminal, the terminal to our
receiver, or our sender to our receiver. Documents, options, the line's level, noise, echo, delay and holes
are drawn, and the terminal's abilities. After each call: it ended within the line time that any may take; no
page counts that the receiver does not have; NORMAL only with every page; with error correction, the pages
that were received are, bit for bit, those that were sent, in order. What breaks is printed with the command
that shows it again, and the exit status is 1. `./dev soak` gives it a share of its time.

Two things are tolerated, both without error correction, and counted: a short page that our receiver takes for
a repetition of its command (docs/t30.md), and a page that spandsp's terminal confirms and does not have.
"""

import argparse
import random
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pages

from faxline import CallChannel, FaxToReceive, FaxToSend, soft

LONGEST_CALL_S = 1500.0
"""Line time. Three pages of some 40 s each at 2400 bit/s, and what X6 allows for one of them."""
SHORT_ROWS = 240
"""Pages of so many rows go out within 4 s at some rate, those of TALL_ROWS at none."""
TALL_ROWS = 1400


@dataclass
class Drawn:
    """A call, as drawn."""

    role: str
    page_count: int
    height: int
    options: dict[str, str]
    line: dict[str, object]
    terminal: dict[str, object] = field(default_factory=dict)


@dataclass
class Came:
    """What has come of it: causes of our ends, pages that each end counts, and pages of the received file."""

    causes: list[str]
    sender_pages: int | None
    receiver_pages: int | None
    ecm: bool
    file: list[bytes]
    held_s: float


def draw(seed: int) -> Drawn:
    of = random.Random(seed)
    line: dict[str, object] = {"seed": of.randrange(1 << 16), "delay": of.choice((0, 5, 20, 80, 300, 550))}
    level = of.choice((0, 0, 0, -5, -12, -20, -28))
    line["level"] = level
    if of.random() < 0.7:  # against a signal of -14 dBm0 there: 10 to 45 dB
        line["noise"] = max(-14 + level - of.randrange(10, 46), -90)
    if of.random() < 0.25:
        line["echo"] = of.choice((-10, -20, -30))
    if of.random() < 0.35:
        line["holes"] = f"{of.choice((5, 20, 60, 200, 1000))}/{of.choice((1500, 4000, 15000))}"
    if of.random() < 0.25:
        line["law"] = "alaw"
    options: dict[str, str] = {}
    if of.random() < 0.4:
        options["ECM"] = "NO"
    if of.random() < 0.5:
        options["Compression"] = of.choice(("MH", "MR"))
    if of.random() < 0.3:
        options["MaxDataRate"] = of.choice(("2400", "4800", "9600", "12000"))
    if of.random() < 0.3:
        options["v17"] = "NO"
    terminal: dict[str, object] = {}
    if of.random() < 0.2:
        terminal["ecm"] = "no"
    if of.random() < 0.2:
        terminal["modems"] = of.choice(("v29,v27", "v27", "v17,v29"))
    if of.random() < 0.2:
        terminal["codings"] = of.choice(("MH", "MH,MR"))
    if of.random() < 0.1:
        terminal["not_ready"] = of.randrange(1, 5)
    return Drawn(
        of.choice(list(CALLS)),
        of.randrange(1, 4),
        of.choice((60, SHORT_ROWS, TALL_ROWS)),
        options,
        line,
        terminal,
    )


# ---- the three kinds of call ----


def to_a_terminal(drawn: Drawn, sent: Path, received: Path) -> Came:
    with CallChannel(soft.address(save=received, **drawn.line, **drawn.terminal)) as channel:
        channel.call("5550199")
        cause = channel.FaxSender.send(FaxToSend(sent), drawn.options)
        channel.hang_up()
        details = channel.FaxSender.Details
        terminal, held = soft.outcome(channel), soft.held(channel)
    return Came([cause], details.pages, terminal.pages_received, terminal.ecm, file_pages(received), held)


def receive(channel: CallChannel, received: Path, causes: list[str]) -> None:
    """Answers a call, if one comes."""
    if channel.wait_for_call(300) != "RING_INCOMING" or channel.answer() != "ANSWERED":
        return
    causes.append(channel.FaxReceiver.receive(FaxToReceive(received)))
    channel.hang_up()


def ecm_of(channel: CallChannel) -> bool:
    return channel.FaxReceiver.Details.negotiated.get("ECM") == "YES"


def from_a_terminal(drawn: Drawn, sent: Path, received: Path) -> Came:
    causes: list[str] = []
    with CallChannel(soft.address(incoming=sent, **drawn.line, **drawn.terminal)) as channel:
        receive(channel, received, causes)
        details = channel.FaxReceiver.Details
        held, ecm = soft.held(channel), ecm_of(channel)
    return Came(causes, None, details.pages, ecm, file_pages(received), held)


def between_ours(drawn: Drawn, sent: Path, received: Path) -> Came:
    causes: list[str] = []
    with (
        CallChannel(soft.address("1", **drawn.line)) as one,
        CallChannel(soft.address("2", **drawn.line)) as two,
    ):
        thread = threading.Thread(target=receive, args=(two, received, causes))
        thread.start()
        one.call("2")
        cause = one.FaxSender.send(FaxToSend(sent), drawn.options)
        one.hang_up()
        thread.join()
        counted, kept = one.FaxSender.Details.pages, two.FaxReceiver.Details.pages
        held, ecm = soft.held(one), ecm_of(two)
    return Came([cause, *causes], counted, kept, ecm, file_pages(received), held)


TO_A_TERMINAL = "to a terminal"
CALLS = {TO_A_TERMINAL: to_a_terminal, "from a terminal": from_a_terminal, "between ours": between_ours}


def file_pages(path: Path) -> list[bytes]:
    return pages.all_rows(path) if path.exists() else []


# ---- what must hold ----


def broken(came: Came, sent: list[bytes], role: str) -> list[str]:
    """What does not hold. What the terminal keeps may be more than it confirmed, or a page that it rejected:
    only our own receiver's file is held against its count."""
    found = []
    kept = came.receiver_pages or 0
    if came.held_s > LONGEST_CALL_S:
        found.append(f"the line stood for {came.held_s:.0f} s")
    if came.sender_pages is not None:
        if came.causes[0] == "NORMAL" and came.sender_pages != len(sent):
            found.append(f"NORMAL with {came.sender_pages} of {len(sent)} pages")
        if came.sender_pages > kept:
            found.append(f"{came.sender_pages} pages count as sent, the receiver has {kept}")
    if role != TO_A_TERMINAL:
        if kept != len(came.file):
            found.append(f"{kept} pages count as received, the file has {len(came.file)}")
        if came.causes[-1:] == ["NORMAL"] and kept < len(sent):
            found.append(f"received NORMAL with {kept} of {len(sent)} pages")
    if came.ecm and came.file != sent[: len(came.file)]:
        found.append("with error correction, pages that are not those which were sent")
    return found


def tolerated(came: Came, drawn: Drawn) -> str | None:
    """Why a receiver that lacks pages is not our fault, if that is so."""
    if came.ecm or came.held_s > LONGEST_CALL_S:
        return None
    if drawn.role == TO_A_TERMINAL:
        return "pages that the terminal confirmed and lacks"
    if drawn.height <= SHORT_ROWS and came.receiver_pages == len(came.file):
        return "short pages lost behind a command that looked like a repetition"
    return None


def run(seed: int, folder: Path) -> tuple[str, str | None, list[str]]:
    """How a call ended, what is tolerated of it, and what does not hold of it."""
    drawn = draw(seed)
    sent, received = folder / f"{seed}-sent.tif", folder / f"{seed}-received.tif"
    pages.save_fax(sent, drawn.page_count, height=drawn.height)
    came = CALLS[drawn.role](drawn, sent, received)
    found = broken(came, pages.all_rows(sent), drawn.role)
    why = tolerated(came, drawn) if found else None
    if found and not why:
        print(f"BROKEN signals.py -s {seed}: {'; '.join(found)}\n    {drawn}\n    {came.causes}", flush=True)
    for path in (sent, received):
        path.unlink(missing_ok=True)
    return f"{drawn.role}: {', '.join(came.causes)}", why, [] if why else found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-n", type=int, default=1, metavar="COUNT")
    parser.add_argument("-s", type=int, default=0, metavar="SEED", help="of the first call")
    given = parser.parse_args()
    if not soft.available():
        print("the soft modem is not built: there was no libspandsp-dev", file=sys.stderr)
        return 2
    ends: Counter[str] = Counter()
    borne: Counter[str] = Counter()
    count = 0
    with tempfile.TemporaryDirectory() as name:
        for seed in range(given.s, given.s + given.n):
            end, why, found = run(seed, Path(name))
            ends[end] += 1
            borne.update([why] if why else [])
            count += bool(found)
    for end, number in sorted(ends.items()):
        print(f"{number:6} {end}")
    for why, number in borne.items():
        print(f"{number} {why}")
    print(f"{given.n} calls, over signals; {count} broken")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
