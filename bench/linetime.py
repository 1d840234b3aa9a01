"""How long a fax holds the line, beside the least that T.30 allows for the same pages.

    python bench/linetime.py [PAGES.tif]     pages from a file, such as the ITU-T test charts

Sends all pages in one call at 14400 bit/s on the simulated line and measures, in line time, from the moment
the called machine answers until the caller has hung up. The least is what the same session needs if nobody
wastes anything, each part at the low end of T.30's tolerance where a station has it in its hands: a
preamble of 1 s before every V.21 burst, the frames' bits at 300 bit/s, 55 ms between any two signals, TCF
and trainings, and the pages' bits at 14400: with ECM also frames, inserted zeros, blocks and 200 ms of
flags, without it EOLs and RTC. What the called machine does before its first frame (how soon it answers,
CED) is taken as it was, and so is its CSI.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, ImageSequence

from faxline import CallChannel, FaxToSend
from faxline._faxline import ffi, lib

RATE = 14400
GAP = 0.055
LONG_TRAIN, SHORT_TRAIN = 1.393, 0.142  # V.17
CODINGS = ("MH", "MR", "MMR")
HOW: dict[str, dict[str, str]] = {
    "ECM, MMR": {"Compression": "MMR"},
    "no ECM, MR": {"ECM": "NO", "Compression": "MR"},
    "no ECM, MH": {"ECM": "NO", "Compression": "MH"},
}


@dataclass
class CodedPage:
    rows: bytes
    row_count: int
    width_px: int

    def code(self, coding: str) -> bytes:
        """As the line carries it, T.4's first bit in the least significant place; K is 4, as at fine."""
        room = 8 * len(self.rows) + 65536
        out: Any = ffi.new("uint8_t[]", room)
        length = lib.fl_t4_encode_page(
            CODINGS.index(coding), 4, 0, self.width_px, 0, self.rows, self.row_count, out, room
        )
        assert length > 0
        return bytes(ffi.buffer(out, length))


def read(fax: str) -> Iterator[CodedPage]:
    with Image.open(fax) as image:
        for page in ImageSequence.Iterator(image):
            rows = ImageOps.invert(page.convert("L")).convert("1").tobytes()  # black is 1
            yield CodedPage(rows, page.height, page.width)


def inserted_zeros(octets: bytes) -> int:
    """HDLC: a zero behind every five ones."""
    bits = "".join(f"{octet:08b}"[::-1] for octet in octets)
    return sum(len(run) // 5 for run in bits.split("0"))


def burst(*frames: int) -> float:
    """A V.21 burst: silence before it, 1 s of flags, frames of so many octets with FCS and closing flag."""
    return GAP + 1.0 + sum(8 * (octets + 3) for octets in frames) / 300


def page_seconds(code: bytes, ecm: bool) -> float:
    """One page, with everything between its first carrier and the answer to its last command."""
    if not ecm:
        return GAP + SHORT_TRAIN + 8 * len(code) / RATE + burst(3) + burst(3)
    frames = -(-len(code) // 256)
    blocks = -(-frames // 256)
    bits = frames * 8 * (256 + 7) + inserted_zeros(code)  # FF 03 06 n, FCS, a flag
    each = GAP + SHORT_TRAIN + 0.2 + 3 * 8 * 6 / RATE + burst(7) + burst(3)  # flags, RCPs, PPS, MCF
    return blocks * each + bits / RATE


def least(pages: list[bytes], ecm: bool, answer: float) -> float:
    csi, dis, dcs, cfr, dcn = 23, 11, 8, 3, 3  # octets of the frames
    seconds = answer - GAP + burst(csi, dis) + burst(dcs) + GAP + LONG_TRAIN + 1.5 + burst(cfr)
    return seconds + sum(page_seconds(code, ecm) for code in pages) + burst(dcn)


def line_seconds(trace: Path) -> tuple[float, float]:
    """From the far end's ATA to our ATH0; and to its first frame."""
    records = [json.loads(line) for line in trace.read_text().splitlines()]
    sent = [r for r in records if r.get("kind") == "at-sent"]
    answered = next(r["t"] for r in sent if r["at"] == "far" and r["text"] == "ATA")
    hung_up = [r["t"] for r in sent if r["at"] == "ours" and r["text"] == "ATH0"]
    first = next(r["t"] for r in records if r.get("kind") == "frame-sent")
    return float(hung_up[-1] - answered) / 1e6, float(first - answered) / 1e6


def measure(fax: str, options: dict[str, str], folder: Path) -> tuple[float, float]:
    trace = folder / "call.trace"
    with CallChannel("sim:", trace=trace) as channel:
        assert channel.call("5550100") == channel.State.ANSWERED
        cause = channel.FaxSender.send(FaxToSend(fax), options)
        assert cause == "NORMAL", cause
        channel.hang_up()
    seconds = line_seconds(trace)
    trace.unlink()
    return seconds


def compare(name: str, fax: str, folder: Path) -> None:
    pages = list(read(fax))
    print(f"{name}: {len(pages)} pages at {RATE} bit/s")
    for how, options in HOW.items():
        codes = [page.code(options["Compression"]) for page in pages]
        took, answer = measure(fax, options, folder)
        bound = least(codes, options.get("ECM") != "NO", answer)
        print(
            f"  {how:<12} {took:7.2f} s of line, {took / len(pages):6.2f} a page; "
            f"the least is {bound:7.2f} s: {took / bound:.3f} times"
        )


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if sys.argv[1:]:
            for source in sys.argv[1:]:
                compare(Path(source).name, source, folder)
            return
        import calls  # for its generated pages

        compare("a full page", str(calls.save(calls.dense_page(), folder / "dense.tif")), folder)
        compare("a short letter", str(calls.save(calls.light_page(), folder / "light.tif")), folder)


if __name__ == "__main__":
    main()
