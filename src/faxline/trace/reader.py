"""Reading traces: a file's header and its calls."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO

from faxline.errors import Error
from faxline.trace.call import story_of
from faxline.trace.lines import LINE_MAX, Line, begins_a_call, parse, printable
from faxline.trace.story import Story
from faxline.trace.verdict import Verdict, verdict_of

# A call of an hour has some ten thousand lines.
_LINES_MAX = 2_000_000


@dataclass
class TracedCall:
    """One call of a trace."""

    lines: list[Line] = field(default_factory=list)
    """As they stand in the file."""

    @cached_property
    def story(self) -> Story:
        """What each station had on the line, and when."""
        return story_of(self.lines)

    @cached_property
    def verdict(self) -> Verdict:
        """What became of it."""
        return verdict_of(self.lines, self.story)

    @property
    def negotiated(self) -> Line | None:
        """The event that told of the settings last."""
        return next((line for line in reversed(self.lines) if line.get("event") == "negotiated"), None)

    def summary(self) -> str:
        """One sentence: number, result, cause, raw cause, pages, line time, and what to do."""
        return self.verdict.sentence


@dataclass
class Trace:
    """A trace file."""

    header: Line
    calls: list[TracedCall]
    damaged: int
    """Lines that could not be used. One may be the last, which a kill cut short."""

    @property
    def device(self) -> str:
        return printable(str(self.header.get("device", "?")))

    @property
    def opened(self) -> str:
        """When the channel's clock read 0, in ISO 8601."""
        return printable(str(self.header.get("opened", "?")), 40)

    @property
    def version(self) -> str:
        return printable(str(self.header.get("version", "?")), 40)


def _texts(file: IO[str]) -> Iterator[str]:
    for _ in range(_LINES_MAX):
        text = file.readline(LINE_MAX)
        if not text:
            return
        yield text


def load(path: str | os.PathLike[str]) -> Trace:
    """A trace file. What is damaged in it is left out, and counted; of a crash the header may be.

    Raises Error when it is not a trace, OSError when it cannot be read.
    """
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = list(parse(_texts(file)))
    if not lines:
        raise Error(f"{os.fspath(path)!r} is empty: not a trace, or one of which nothing reached the disk")
    header = lines[0]
    damaged = int(header is None)
    if header is None and any(line is not None and "trace" not in line for line in lines):
        header = {}
    elif header is None or header.get("trace") != "faxline":
        raise Error(f"{os.fspath(path)!r} is not a trace of faxline")
    calls: list[TracedCall] = []
    for line in lines[1:]:
        if line is None or "trace" in line:
            damaged += 1
            continue
        if not calls or begins_a_call(line):
            calls.append(TracedCall())
        calls[-1].lines.append(line)
    if len(calls) > 1 and not any(map(begins_a_call, calls[0].lines)):
        before = calls.pop(0)  # what the modem said before the first call
        calls[0].lines[:0] = before.lines
    return Trace(header, calls, damaged)
