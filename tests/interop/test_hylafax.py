"""HylaFAX, a fax server by others: its faxsend to our receiver, our sender to its faxgetty, over simulated
modems and over the real signals of soft modems, both on pseudo-terminals. Pages are compared bit for bit.

HylaFAX goes by the wall's clock, and most of a call is waiting, so the calls of a test are made at once.
faxgetty reads what the modem says after a page without ECM up to 100 ms late by the clock: at a speed it
misses the next page's training, and confirms that page all the same. So it gets only one page there.
faxsend adds a row to some pages in MR, where it puts its own RTC for the file's (so spandsp sees it, too).
"""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pages
import pytest
from PIL import Image

from faxline import CallChannel, FaxToReceive, FaxToSend, sim, soft

sys.path.append(str(Path(__file__).parents[2] / "bench"))
import hylafax

try:
    PROGRAMS = hylafax.Programs.find()
except hylafax.Missing as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = pytest.mark.wallclock

SIMULATED_SPEED, AUDIO_SPEED = 4, 2
"""HylaFAX, when late, is so many times as late; real signals bear less of it."""
PATIENCE_S = 120
ROW = 1728 // 8

Modems = Callable[[list[Path]], sim.PtyModems | soft.PtyModems]


@dataclass(frozen=True)
class Case:
    """A fax that HylaFAX sends, or receives."""

    sends: bool
    ecm: bool
    coding: str
    rate: int = 14400
    lpi: int = 196

    def __str__(self) -> str:
        who = "faxsend to us" if self.sends else "we to faxgetty"
        return f"{who}, {self.rate}, {'ECM' if self.ecm else 'no ECM'}, {self.coding}, {self.lpi} lpi"

    @property
    def pages(self) -> int:
        return 2 if self.sends or self.ecm else 1


CODINGS = [(True, "MMR"), (True, "MR"), (True, "MH"), (False, "MR"), (False, "MH")]
SIMULATED = [
    *(Case(sends, ecm, coding) for sends in (True, False) for ecm, coding in CODINGS),
    *(Case(sends, True, "MMR", rate=9600) for sends in (True, False)),
    *(Case(sends, False, "MH", rate=4800, lpi=98) for sends in (True, False)),
]
REAL_SIGNALS = [
    Case(sends, ecm, coding) for sends in (True, False) for ecm, coding in ((True, "MMR"), (False, "MH"))
]


def make_call(case: Case, speed: int, ours: sim.PtyLine, theirs: sim.PtyLine, folder: Path) -> str:
    """What became of it, in words."""
    made = pages.save_fax(folder / "fax.tif", case.pages, dpi=(204, case.lpi))
    try:
        with hylafax.Spool(PROGRAMS) as spool:
            make = we_receive if case.sends else we_send
            cause, got = make(case, spool, f"class1:{ours.link}?speed={speed}", ours, theirs, folder)
            print(f"--- {case}: {cause}\n{spool.log()}")
    except TimeoutError as error:
        return str(error)
    return f"{cause}, {'bit for bit' if same(got, made, case) else 'other pages'}"


def same(got: list[bytes], made: list[Image.Image], case: Case) -> bool:
    sent = list(map(pages.rows, made))
    if case.sends and case.coding == "MR":
        got = [
            page[: len(rows)] if len(page) - len(rows) == ROW else page
            for page, rows in zip(got, sent, strict=False)
        ]
    return got == sent


def we_receive(
    case: Case, spool: hylafax.Spool, device: str, ours: sim.PtyLine, theirs: sim.PtyLine, folder: Path
) -> tuple[str, list[bytes]]:
    causes = []

    def receive() -> None:
        with CallChannel(device) as channel:
            ready.set()
            if channel.wait_for_call(PATIENCE_S) == "RING_INCOMING" and channel.answer() == "ANSWERED":
                causes.append(str(channel.FaxReceiver.receive(FaxToReceive(folder / "got.tif"))))
                causes.append(agreed(channel.FaxReceiver.Details.negotiated))
                channel.hang_up()

    ready = threading.Event()
    receiver = threading.Thread(target=receive)
    receiver.start()
    ready.wait(PATIENCE_S)
    done = hylafax.send(
        spool,
        theirs.tty,
        ours.number,
        folder / "fax.tif",
        ecm=case.ecm,
        coding=case.coding,
        rate=case.rate,
        fine=case.lpi > 98,
    )
    receiver.join(PATIENCE_S)
    got = folder / "got.tif"
    words = [*causes, "delivered" if done else "not delivered"]
    return ", ".join(words), pages.all_rows(got) if got.exists() else []


def we_send(
    case: Case, spool: hylafax.Spool, device: str, ours: sim.PtyLine, theirs: sim.PtyLine, folder: Path
) -> tuple[str, list[bytes]]:
    options = {
        "ECM": "YES" if case.ecm else "NO",
        "Compression": case.coding,
        "MaxDataRate": str(case.rate),
        "HighRes": "YES" if case.lpi > 98 else "NO",
    }
    with hylafax.Getty(spool, theirs.tty, theirs.number) as getty:
        getty.ready(PATIENCE_S)
        with CallChannel(device) as channel:
            assert channel.call(theirs.number) == "ANSWERED"
            cause = str(channel.FaxSender.send(FaxToSend(folder / "fax.tif"), options))
            found = agreed(channel.FaxSender.Details.negotiated)
            channel.hang_up()
        received = [page for path in getty.received(PATIENCE_S) for page in pages.all_rows(path)]
        return f"{cause}, {found}, delivered", received


def agreed(negotiated: dict[str, str]) -> str:
    return " ".join(negotiated[name] for name in ("DataRate", "ECM", "Compression", "Resolution"))


def expected(case: Case) -> str:
    ecm = "YES" if case.ecm else "NO"
    return f"NORMAL, {case.rate} {ecm} {case.coding} 204x{case.lpi}, delivered, bit for bit"


def make_calls(cases: list[Case], speed: int, modems: Modems, tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(len(cases))]
    for folder in folders:
        folder.mkdir()
    links = [folder / end for folder in folders for end in ("us", "them")]
    with modems(links) as made, ThreadPoolExecutor(len(cases)) as threads:
        ends = list(
            threads.map(make_call, cases, [speed] * len(cases), made.lines[::2], made.lines[1::2], folders)
        )
    assert dict(zip(map(str, cases), ends, strict=True)) == {str(case): expected(case) for case in cases}


def test_over_simulated_modems(tmp_path: Path) -> None:
    make_calls(
        SIMULATED, SIMULATED_SPEED, lambda links: sim.PtyModems(links, speed=SIMULATED_SPEED), tmp_path
    )


@pytest.mark.skipif(not soft.available(), reason="the soft modem is not built: there was no libspandsp-dev")
def test_over_real_signals(tmp_path: Path) -> None:
    make_calls(
        REAL_SIGNALS,
        AUDIO_SPEED,
        lambda links: soft.PtyModems(links, speed=AUDIO_SPEED, delay=20, noise=-58, level=-3),
        tmp_path,
    )
