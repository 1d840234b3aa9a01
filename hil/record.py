"""A recorded call as a scripted one:

    python hil/record.py TRACE [--call N] [-o FILE.call]

What the far machine did once is then done again in every test run (the format: tests/calls/README.md). The
script is a draft to be read: pages are the script's own, pauses of less than half a second are left to the
script, and of a call with error correction in which we send, the number of rows is a guess at as many frames.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from faxline._engine.frames import frame_name
from faxline.errors import Error
from faxline.trace import TracedCall, load
from faxline.trace.story import OURS, Burst, Frame

PAUSE_US = 500_000
"""A shorter one tells more of the modem that measured it than of the far machine."""
_OCTETS_PER_ROW = {"mmr": 11.2, "mr": 14.0, "mh": 24.0}
"""Of the scripts' own pages, about."""
_FRAME_OCTETS = {False: 256, True: 64}


class Recorder:
    """One call's script."""

    def __init__(self, call: TracedCall) -> None:
        self.call, self.story = call, call.story
        self.bursts = [
            burst for burst in self.story.bursts if burst.kind != "tone" and (burst.frames or burst.octets)
        ]
        self.dcs = self._frame("DCS")
        self.sends = self._sends()
        self.page = 1
        self.asked: list[int] | None = None
        """Frames that a PPR has asked for."""
        self.prepared = 0
        self.count = 256
        """Frames of the block that the last PPS ended."""

    def _frame(self, name: str) -> bytes | None:
        """The last one of this name that anybody sent."""
        found = [frame.octets for _, frame in self.story.frames() if frame.name == name]
        return found[-1] if found else None

    def _sends(self) -> bool:
        """Whether the document was ours: who sends the DCS has it."""
        for burst, frame in self.story.frames():
            if frame.name == "DCS":
                return burst.station == OURS
        return self.story.we_call

    @property
    def ecm(self) -> bool:
        return self.dcs is not None and _bit(self.dcs, 27)

    # ---- the script ----

    def lines(self, source: str) -> Iterator[str]:
        yield f"# {self.call.summary()}"
        yield f"# Recorded from {source}: say here what it shows, and why."
        roles = {
            (True, True): "caller",
            (True, False): "polls",
            (False, False): "called",
            (False, True): "polled",
        }
        yield f"role {roles[self.story.we_call, self.sends]}"
        yield from self._head()
        before = None
        for number, burst in enumerate(self.bursts):
            yield from self._step(number, burst, before)
            before = burst
        yield self._end()

    def _head(self) -> Iterator[str]:
        options = next(
            (line["options"] for line in self.call.lines if line.get("order") == "fax" and "options" in line),
            {},
        )
        if options.get("SubscriberId"):
            yield f'id "{options["SubscriberId"]}"'
        if not self.sends:
            yield f"offer v17{' ecm' * self.ecm} mr{' mmr' * self.ecm} fine"
            return
        if options.get("ECM", "YES") == "YES":
            yield "allow ecm"
        modems = [name for name in ("v17", "v29", "v27") if options.get(name, "YES") == "YES"]
        if len(modems) < 3:
            yield f"modems {' '.join(modems)}"
        rates = options.get("MinDataRate", "2400"), options.get("MaxDataRate", "14400")
        if rates != ("2400", "14400"):
            yield f"rates {rates[0]}..{rates[1]}"
        fine = " fine" if self.dcs is not None and _bit(self.dcs, 15) else ""
        pages = self._frames_of_pages()
        if self._more_was_to_come():
            pages.append(pages[-1])
        for frames in pages:
            yield f"sheet{fine}{self._rows(frames)}"

    def _more_was_to_come(self) -> bool:
        """The call broke off before our last page."""
        posts = [
            _command(frame.octets).split()[1] if frame.name.startswith("PPS") else frame.name
            for burst, frame in self.story.frames()
            if burst.station == OURS and frame.name.startswith(("PPS", "MPS", "EOM", "EOP"))
        ]
        return bool(posts) and not posts[-1].endswith("EOP")

    def _frames_of_pages(self) -> list[int]:
        """How many frames each page has; 0 without error correction."""
        if not self.ecm:
            return [0] * max(1, len({burst.page for burst in self.bursts if burst.page}))
        blocks = {key: count for _, frame in self._commands() for key, count in [_block(frame.octets)]}
        pages = sorted({page for page, _ in blocks}) or [0]
        return [sum(count for (page, _), count in blocks.items() if page == wanted) for wanted in pages]

    def _commands(self) -> Iterator[tuple[Burst, Frame]]:
        return ((burst, frame) for burst, frame in self.story.frames() if frame.name.startswith("PPS"))

    def _rows(self, frames: int) -> str:
        if not frames or self.dcs is None:
            return ""
        coding = "mmr" if _bit(self.dcs, 31) else "mr" if _bit(self.dcs, 16) else "mh"
        octets = (frames - 0.5) * _FRAME_OCTETS[_bit(self.dcs, 28)]
        return f" rows={max(8, int(octets / _OCTETS_PER_ROW[coding]))}"

    def _step(self, number: int, burst: Burst, before: Burst | None) -> Iterator[str]:
        ours = burst.station == OURS
        if burst.kind == "control":
            yield from self._control(burst, ours, _after(burst, before))
        elif burst.training:
            yield "expect TCF" if ours else "tcf"
        elif self.ecm:
            yield from self._fast(number, ours)
        else:
            yield f"{'expect ' * ours}page {burst.page or self.page}"

    def _control(self, burst: Burst, ours: bool, after: str) -> Iterator[str]:
        frames = [frame for frame in burst.frames if frame.heard is not False]
        if not frames:
            return
        for frame in frames:
            if frame.name.startswith("PPS") and len(frame.octets) > 6:
                _, self.count = _block(frame.octets)
        if ours:
            yield f"expect {' '.join(self._expected(frame) for frame in frames)}"
        else:
            for frame in frames:
                if len(frame.octets) > 3 and frame.text:
                    yield f"# {frame.name}: {frame.text}"
            yield f"send {' '.join(map(_sent, frames))}{after}"
        for frame in frames:
            if frame.name == "PPR":
                self.asked = self._asked(frame.octets)
            elif frame.name in ("MCF", "RTN", "RTP", "CFR"):
                self.asked = None
                self.page += frame.name == "MCF"

    def _asked(self, ppr: bytes) -> list[int]:
        """What is behind the block's last frame is asked for in vain, or not: machines differ."""
        return [frame for frame in _missing(ppr) if frame < self.count]

    def _expected(self, frame: Frame) -> str:
        """Ours: what matters of it."""
        if frame.name.startswith(("PPS", "EOR")) and len(frame.octets) > 3:
            return _command(frame.octets)
        if frame.name == "PPR":
            return f"PPR {_list(self._asked(frame.octets))} of={self.count}"
        return frame.name

    def _fast(self, number: int, ours: bool) -> Iterator[str]:
        """Frames of a block: which ones says the command behind it, and the answer to that which were bad."""
        command = self._next(number, "PPS")
        if command is None:
            return
        (page, block), count = _block(command)
        frames = range(count) if self.asked is None else self.asked
        answer = self._next(number, "PPR", "MCF", "RNR", "CTC", "DCN")
        spoilt = [] if answer is None or frame_name(answer) != "PPR" else _missing(answer)
        bad = [frame for frame in frames if frame in spoilt]
        if ours:
            yield f"expect burst {_list(frames)}{' lose=' * bool(bad)}{_list(bad)}"
            return
        if self.prepared != page + 1:
            self.prepared = page + 1
            yield f"prepare {page + 1} frames={self._frames_of_pages()[page]}"
        yield f"burst {_list(frames)}{f' block={block}' * bool(block)}{' bad=' * bool(bad)}{_list(bad)}"

    def _next(self, number: int, *names: str) -> bytes | None:
        """The next frame of one of these names, up to the fast carrier after the next."""
        for burst in self.bursts[number + 1 :]:
            if burst.kind == "page":
                return None
            for frame in burst.frames:
                if frame.heard is not False and frame.name.startswith(names):
                    return frame.octets
        return None

    def _end(self) -> str:
        ended = next((line for line in reversed(self.call.lines) if line.get("event") == "fax-ended"), None)
        if ended is None:
            return "end"
        raw = f" {ended['raw_cause']}" if ended.get("raw_cause") else ""
        return f"end {ended['cause']}{raw} pages={ended['pages']}"


# ---- frames ----


def _bit(frame: bytes, number: int) -> bool:
    """A bit of a DIS or DCS, from 1, as T.30's table counts."""
    at = 3 + (number - 1) // 8
    return at < len(frame) and bool(frame[at] >> (number - 1) % 8 & 1)


def _block(command: bytes) -> tuple[tuple[int, int], int]:
    """Of a PPS: page and block from 0, and how many frames."""
    page, block, last = (*command[4:7], 0, 0, 0)[:3]
    return (page, block), last + 1


def _missing(ppr: bytes) -> list[int]:
    return [8 * at + bit for at, octet in enumerate(ppr[3:35]) for bit in range(8) if octet >> bit & 1]


def _list(numbers: Iterable[int]) -> str:
    """0,3..5"""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}..{last}" for first, last in runs)


def _command(octets: bytes) -> str:
    """PPS and EOR, in the words of the scripts."""
    post = frame_name(bytes((0xFF, 0x13, octets[3]))) if octets[3:4] != b"\0" else "NULL"
    if octets[2] & 0x7F == 0x3F:
        (page, block), count = _block(octets)
        return f"PPS {post} page={page} block={block} frames={count}"
    return f"EOR {post}"


def _sent(frame: Frame) -> str:
    """The far end's: to the octet."""
    if frame.name.startswith("PPS") and len(frame.octets) > 6:
        return _command(frame.octets)
    if len(frame.octets) == 3 and frame.name.isalpha():
        return frame.name
    return f"raw {frame.octets.hex(' ').upper()}"


def _after(burst: Burst, before: Burst | None) -> str:
    pause_us = 0 if before is None else burst.begin_us - before.end_us
    return f" after {pause_us / 1e6:.1f}s" if pause_us > PAUSE_US else ""


def script(path: str | Path, number: int = 1) -> str:
    """The script of a trace's call, from 1. Raises Error, OSError."""
    calls = load(path).calls
    if not 1 <= number <= len(calls):
        raise Error(f"{path}: there is no call {number}; it has {len(calls)}")
    recorder = Recorder(calls[number - 1])
    if not recorder.bursts:
        raise Error(f"{path}: in call {number} nobody said anything on the line")
    return "\n".join(recorder.lines(Path(path).name)) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Turns a recorded call into a script for tests/calls.")
    parser.add_argument("trace")
    parser.add_argument("--call", type=int, default=1, help="which call of the trace, from 1")
    parser.add_argument("-o", "--output", help="the script's file (default: standard output)")
    arguments = parser.parse_args()
    try:
        text = script(arguments.trace, arguments.call)
    except (Error, OSError) as error:
        print(f"record.py: {error}", file=sys.stderr)
        return 1
    if arguments.output:
        Path(arguments.output).write_text(text)
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
