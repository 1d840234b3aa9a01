"""The story of a call: what each station had on the line and when, which frames were in it, the phases, pages
and timers. The pictures, the JSON and the pcap are all drawn from this; call.py puts it together.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from faxline._engine.frames import frame_name, frame_text
from faxline.trace.lines import Line

OURS, FAR = "ours", "far"

# What nobody likes to hear.
UNWELCOME = frozenset({"FTT", "PPR", "RTN", "PIN", "RNR", "CRP", "ERR", "FNV"})

_RATE = re.compile(r"V\.\w+ (\d{4,5})")


@dataclass(slots=True)
class Frame:
    """An HDLC frame of a control burst."""

    time_us: int
    """When it was handed to the modem (ours), or was received."""
    octets: bytes
    heard: bool | None
    """True: received with a good FCS; False: with a wrong one, or not at all; None: nobody told."""
    lost: bool = False
    """Nothing of it was received."""

    @property
    def name(self) -> str:
        return frame_name(self.octets)

    @property
    def text(self) -> str:
        return frame_text(self.octets)


@dataclass(slots=True)
class Burst:
    """What a station had on the line without a pause: frames on V.21, a fast carrier, or a tone."""

    station: str
    """'ours' or 'far'."""
    signal: str
    """'V.21', 'V.17 14400', 'V.17 14400 short', 'CED', 'CNG' ..."""
    begin_us: int
    end_us: int
    frames: list[Frame] = field(default_factory=list)
    octets: int | None = None
    """Of a fast carrier, where that was told."""
    training: bool = False
    """It is a TCF."""
    page: int | None = None
    """Which page (from 1) a fast carrier had a part of."""
    again: bool = False
    """... after some of that page was asked for again."""
    open: bool = False
    """The trace ends before it does."""
    times: int = 1
    """So many of them, one after the other; only grouped() makes more than one of them."""

    @property
    def kind(self) -> str:
        """'control', 'training', 'page' or 'tone'."""
        if self.signal == "V.21":
            return "control"
        if not self.signal.startswith("V."):
            return "tone"
        return "training" if self.training else "page"

    @property
    def duration_us(self) -> int:
        return self.end_us - self.begin_us

    @property
    def rate_bps(self) -> int | None:
        """Bit/s, where the signal's name says it."""
        return rate_of(self.signal)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at one moment."""

    time_us: int
    station: str
    kind: str
    """'timer', 'page', 'retrain', 'fault', 'violation', 'note', 'fax', 'call' or 'order'."""
    text: str


@dataclass(frozen=True, slots=True)
class Phase:
    """A span of a phase of T.30, as our engine's states tell."""

    name: str
    begin_us: int
    end_us: int


@dataclass
class Story:
    """All of a call, in order of time."""

    number: str
    """Who was called; '' for an incoming call."""
    incoming: bool
    begin_us: int
    end_us: int
    broken_off: bool
    """The call is not over at the end of the trace."""
    bursts: list[Burst]
    marks: list[Mark]
    phases: list[Phase]

    @property
    def we_call(self) -> bool:
        return not self.incoming

    @property
    def spent_us(self) -> dict[str, int]:
        """How the line time was spent, in microseconds: 'call' (dialling, ringing, the tones), 'control',
        'training', the page data by its modulation, 'silence'. Together they are all of the call."""
        spent = {"call": 0, "control": 0, "training": 0}
        at = self.begin_us
        first = next((burst.begin_us for burst in self.bursts if burst.kind != "tone"), None)
        if first is None:
            return {"call": self.end_us - self.begin_us}
        spent["call"] = max(0, first - self.begin_us)
        at = max(at, first)
        silence = 0
        for burst in self.bursts:
            if burst.end_us <= at:
                continue
            silence += max(0, burst.begin_us - at)
            begin = max(burst.begin_us, at)
            name = burst.signal.removesuffix(" short") if burst.kind == "page" else burst.kind
            spent[name] = spent.get(name, 0) + burst.end_us - begin
            at = burst.end_us
        spent["silence"] = silence + max(0, self.end_us - at)
        return {name: time_us for name, time_us in spent.items() if time_us}

    def frames(self) -> Iterator[tuple[Burst, Frame]]:
        for burst in self.bursts:
            for frame in burst.frames:
                yield burst, frame


def rate_of(signal: str) -> int | None:
    """Bit/s of 'V.17 14400', None of a tone or an unknown carrier."""
    found = _RATE.match(signal)
    return int(found[1]) if found else None


@dataclass(slots=True)
class PageStory:
    """What one page took."""

    number: int
    begin_us: int
    end_us: int
    """Of its last carrier, or when it was confirmed."""
    carriers: int = 0
    repeats: int = 0
    """Carriers after some of the page was asked for again."""
    octets: int = 0
    signals: list[str] = field(default_factory=list)
    confirmed: bool = False


def pages_of(story: Story, lines: Iterable[Line]) -> list[PageStory]:
    """The pages of which something was on the line."""
    pages: dict[int, PageStory] = {}
    for burst in story.bursts:
        if burst.page is None:
            continue
        page = pages.setdefault(burst.page, PageStory(burst.page, burst.begin_us, burst.end_us))
        page.end_us = burst.end_us
        page.carriers += 1
        page.repeats += burst.again
        page.octets += burst.octets or 0
        signal = burst.signal.removesuffix(" short")
        if signal not in page.signals:
            page.signals.append(signal)
    for line in lines:
        if line.get("event") == "page":
            for page in pages.values():
                if page.number <= line["pages"] and not page.confirmed:
                    page.confirmed, page.end_us = True, max(page.end_us, line["t"])
    return sorted(pages.values(), key=lambda page: page.number)


def grouped(bursts: Iterable[Burst]) -> list[Burst]:
    """The same with a run of three and more equal tones made one."""
    runs: list[list[Burst]] = []
    for burst in bursts:
        last = runs[-1][-1] if runs else None
        if last and (burst.kind, burst.station, burst.signal) == ("tone", last.station, last.signal):
            runs[-1].append(burst)
        else:
            runs.append([burst])
    shown = []
    for run in runs:
        if len(run) < 3:
            shown += run
        else:
            shown.append(replace(run[0], end_us=run[-1].end_us, open=run[-1].open, times=len(run)))
    return shown
