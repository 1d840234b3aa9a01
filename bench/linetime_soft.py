"""Line time beside others: how long a fax holds the same line to the same receiver, sent by us, by spandsp's
own fax terminal, and by efax.

    python bench/linetime_soft.py [--efax] PAGES.tif

The receiver is spandsp's terminal; the line has real V.21 and V.17 signals at 14400 bit/s, and 20 ms of delay
(the soft modem, docs/soft.md). We and efax send through spandsp's T.31 modem, its terminal straight through
its modems. Every sender says who it is (TSI); where not every page arrives, the table says so. Line seconds
are those from the answer to the hang-up. Everything but efax runs in virtual time; efax goes by the clock on
the wall, takes as long as the line does, and is left out without --efax.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageSequence

from faxline import CallChannel, FaxToSend, soft
from faxline._faxline import ffi, lib

DELAY_MS = 20
OURS, THEIRS = "555 0100", "555 0199"


def pages_of(fax: Path) -> Iterator[tuple[Image.Image, tuple[float, float]]]:
    with Image.open(fax) as image:
        for page in ImageSequence.Iterator(image):
            yield page.convert("1"), page.info.get("dpi", (204, 196))


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
            write_mh(files[-1], page, dpi)
        with soft.PtyModems([folder / "modem"], delay=DELAY_MS, id=THEIRS) as modems:
            command = ["efax", "-d", str(folder / "modem"), "-o1", "-h", "", "-l", OURS, "-t", "T5550199"]
            subprocess.run([*command, *map(str, files)], capture_output=True, check=True)
            return modems.held(), modems.outcome().pages_received


def write_mh(path: Path, page: Image.Image, dpi: tuple[float, float]) -> None:
    """A page as efax wants it: MH with RTC. Pillow writes none, and without it efax makes up rows."""
    rows = page.tobytes("raw", "1;I")
    room = len(rows) * 8 + 65536
    code = ffi.new("uint8_t[]", room)
    length = lib.fl_t4_encode_page(0, 4, 1, page.width, 0, rows, page.height, code, room)
    assert length > 0
    path.write_bytes(_tiff(page, dpi, bytes(ffi.buffer(code, length))))


def _tiff(page: Image.Image, dpi: tuple[float, float], code: bytes) -> bytes:
    """A TIFF of one strip, by hand: Pillow codes a page itself or not at all."""
    entries = [
        (256, 4, page.width),
        (257, 4, page.height),
        (258, 3, 1),
        (259, 3, 3),  # Compression: T.4
        (262, 3, 0),
        (266, 3, 1),  # FillOrder: most significant bit first
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, page.height),
        (279, 4, len(code)),
        (282, 5, round(dpi[0])),
        (283, 5, round(dpi[1])),
        (296, 3, 2),
    ]
    at = 8 + len(code) + len(code) % 2
    values_at = at + 2 + 12 * len(entries) + 4
    directory, values = len(entries).to_bytes(2, "little"), b""
    for tag, kind, value in entries:
        directory += tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little")
        if kind == 5:
            directory += (values_at + len(values)).to_bytes(4, "little")
            values += value.to_bytes(4, "little") + (1).to_bytes(4, "little")
        else:
            directory += value.to_bytes(4, "little")
    header = b"II*\0" + at.to_bytes(4, "little")
    return header + code + bytes(len(code) % 2) + directory + bytes(4) + values


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
    files = [argument for argument in arguments if argument != "--efax"]
    if len(files) != 1:
        raise SystemExit(__doc__)
    senders = dict(SENDERS)
    if "--efax" in arguments:
        senders["efax, no ECM, MH"] = efax
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
