"""Line time beside others: how long a fax holds the same line to the same receiver, sent by us, by spandsp's
own fax terminal, by efax and by HylaFAX.

    python bench/linetime_soft.py [--efax] [--hylafax] PAGES.tif

The receiver is spandsp's terminal; the line has real V.21 and V.17 signals at 14400 bit/s, and 20 ms of delay
(the soft modem, docs/soft.md). We, efax and HylaFAX send through spandsp's T.31 modem, its terminal straight
through its modems. Every sender says who it is (TSI); where not every page arrives, the table says so. Line
seconds are those from the answer to the hang-up. efax and HylaFAX go by the clock on the wall and take as
long as the line does: only when asked for. The others run in virtual time. HylaFAX wants root.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import hylafax
from one_page import pages_of, write

from faxline import CallChannel, FaxToSend, soft

DELAY_MS = 20
OURS, THEIRS = "555 0100", "555 0199"


# ---- senders: from a fax in a TIFF to the seconds of line, and how many pages arrived ----


def ours(**options: str) -> Callable[[Path], tuple[float, int]]:
    def send(fax: Path) -> tuple[float, int]:
        with CallChannel(soft.address(delay=DELAY_MS, id=THEIRS), subscriber_id=OURS) as channel:
            channel.call("5550199")
            cause = channel.FaxSender.send(FaxToSend(fax), options)
            channel.hang_up()
            if cause != "NORMAL":
                raise SystemExit(f"our fax ended {cause}")
            return soft.held(channel), soft.outcome(channel).pages_received

    return send


def terminal(*, ecm: bool, codings: tuple[str, ...]) -> Callable[[Path], tuple[float, int]]:
    def send(fax: Path) -> tuple[float, int]:
        caller = soft.Terminal(ecm=ecm, codings=codings, id=OURS, send=str(fax))
        called = soft.Terminal(id=THEIRS)
        held, _, other = soft.between(soft.Audio(delay_ms=DELAY_MS), caller, called)
        return held, other.pages_received

    return send


def efax(fax: Path) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = []
        for number, (page, dpi) in enumerate(pages_of(fax)):
            files.append(folder / f"{number}.tif")
            write(files[-1], page, dpi, "MH")
        with soft.PtyModems([folder / "modem"], delay=DELAY_MS, id=THEIRS) as modems:
            command = ["efax", "-d", str(folder / "modem"), "-o1", "-h", "", "-l", OURS, "-t", "T5550199"]
            subprocess.run([*command, *map(str, files)], capture_output=True, check=True)
            return modems.held(), modems.outcome().pages_received


def from_hylafax(fax: Path) -> tuple[float, int]:
    with (
        hylafax.Spool(hylafax.Programs.find()) as spool,
        soft.PtyModems([spool.path / "modem"], delay=DELAY_MS, id=THEIRS) as modems,
    ):
        if not hylafax.send(spool, modems.lines[0].tty, "5550199", fax, identifier=OURS):
            raise SystemExit(f"HylaFAX did not deliver:\n{spool.log()}")
        return modems.held(), modems.outcome().pages_received


SENDERS: dict[str, Callable[[Path], tuple[float, int]]] = {
    "faxline, ECM, MMR": ours(Compression="MMR"),
    "spandsp's terminal, ECM, MMR": terminal(ecm=True, codings=()),
    "faxline, no ECM, MR": ours(ECM="NO", Compression="MR"),
    "spandsp's terminal, no ECM, MR": terminal(ecm=False, codings=("MH", "MR")),
    "faxline, no ECM, MH": ours(ECM="NO", Compression="MH"),
    "spandsp's terminal, no ECM, MH": terminal(ecm=False, codings=("MH",)),
}


def main(arguments: list[str]) -> None:
    if not soft.available():
        raise SystemExit("this benchmark needs the soft modem: docs/soft.md says how it is built")
    files = [argument for argument in arguments if argument not in ("--efax", "--hylafax")]
    if len(files) != 1:
        raise SystemExit(__doc__)
    senders = dict(SENDERS)
    if "--efax" in arguments:
        senders["efax, no ECM, MH"] = efax
    if "--hylafax" in arguments:
        senders["HylaFAX, ECM, MMR"] = from_hylafax
    with tempfile.TemporaryDirectory() as folder:
        fax, first = Path(files[0]).absolute(), Path(folder, "first.tif")
        made = list(pages_of(fax))
        made[0][0].save(first, compression="group4", dpi=made[0][1])
        print(f"| sender | page 1 alone | all {len(made)} pages | a page |")
        print("| --- | --- | --- | --- |")
        for name, send in senders.items():
            one, arrived = send(first)
            every, all_arrived = send(fax)
            wrong = "" if (arrived, all_arrived) == (1, len(made)) else f" ({arrived}, {all_arrived} arrived)"
            print(f"| {name}{wrong} | {one:.2f} s | {every:.2f} s | {every / len(made):.2f} s |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
