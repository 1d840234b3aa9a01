"""A call of a trace, put together: what each station had on the line and when, which frames were in it, the
phases, pages and timers. The pictures, the JSON and the pcap are all drawn from this.

A simulated line records its signals, so carriers are exact there. At a modem the AT dialogue tells of them: a
carrier of ours from CONNECT to OK, one of the far end from the CONNECT with which the modem tells of it (a
quarter of a second after its begin) to the result code that ends it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from faxline._engine.frames import frame_name, frame_text
from faxline.trace.lines import Line, octets_of, rings

OURS, FAR = "ours", "far"

# T.31's numbers of the fast modulations.
MODULATIONS = {
    24: "V.27ter 2400",
    48: "V.27ter 4800",
    72: "V.29 7200",
    96: "V.29 9600",
    73: "V.17 7200",
    74: "V.17 7200 short",
    97: "V.17 9600",
    98: "V.17 9600 short",
    121: "V.17 12000",
    122: "V.17 12000 short",
    145: "V.17 14400",
    146: "V.17 14400 short",
}
ASKING_AGAIN = frozenset({"PPR", "RTN", "PIN"})
CONFIRMING = frozenset({"MCF", "RTP", "PIP"})
# What nobody likes to hear.
UNWELCOME = frozenset({"FTT", "PPR", "RTN", "PIN", "RNR", "CRP", "ERR", "FNV"})

_COMMAND = re.compile(r"\+F(TH|RH|TM|RM)=(\d{1,3})")
_DATA = re.compile(r"(.+), (\d{1,12}) octets")
_RATE = re.compile(r"V\.\w+ (\d{4,5})")
_FINAL = ("OK", "ERROR", "NO CARRIER", "+FCERROR")
# Between two frames of one carrier the modem says OK and is asked for the next.
_SAME_CARRIER_US = 500_000
# A frame is told of up to so long before its carrier's first sign, or behind its end.
_NEAR_US = 1_000_000
# 300 bit/s; address, control and FCS are 5 octets with the flag.
_US_PER_OCTET = 8 * 1_000_000 // 300


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
        found = _RATE.match(self.signal)
        return int(found[1]) if found else None


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


def _near(bursts: Iterable[Burst], station: str, time_us: int) -> Burst | None:
    """The control burst of this station to which a frame of that time belongs."""
    best, distance = None, _NEAR_US
    for burst in bursts:
        if burst.station != station or burst.signal != "V.21":
            continue
        away = max(burst.begin_us - time_us, time_us - burst.end_us, 0)
        if away < distance or (away == 0 and distance == 0):
            best, distance = burst, away
    return best


class _Carriers:
    """Collects bursts as they begin and end."""

    def __init__(self) -> None:
        self.bursts: list[Burst] = []
        self._open: dict[str, Burst] = {}

    def begin(self, station: str, signal: str, time_us: int) -> None:
        self.end(station, time_us)
        self._open[station] = Burst(station, signal, time_us, time_us)
        self.bursts.append(self._open[station])

    def go_on(self, station: str, signal: str, time_us: int) -> None:
        """The same carrier as before when there was hardly a pause, else a new one."""
        last = next((burst for burst in reversed(self.bursts) if burst.station == station), None)
        if last is not None and last.signal == signal and time_us - last.end_us <= _SAME_CARRIER_US:
            self._open[station] = last
        else:
            self.begin(station, signal, time_us)

    def end(self, station: str, time_us: int) -> None:
        burst = self._open.pop(station, None)
        if burst is not None:
            burst.end_us = max(burst.begin_us, time_us)

    def close(self, time_us: int) -> None:
        """The trace ends here."""
        for burst in self._open.values():
            burst.end_us = max(burst.end_us, time_us)
            burst.open = True


def _from_signals(lines: Iterable[Line]) -> _Carriers:
    carriers = _Carriers()
    for line in lines:
        if line.get("kind") == "signal":
            signal = line["text"].removesuffix(" on")
            if line["text"].endswith(" on"):
                carriers.begin(line["at"], signal, line["t"])
            else:
                carriers.end(line["at"], line["t"])
    return carriers


def _from_dialogue(lines: Iterable[Line]) -> _Carriers:
    """From the AT commands and result codes of our modem."""
    carriers = _Carriers()
    command, signal = "", ""
    for line in lines:
        kind = line.get("kind")
        if line.get("at") != OURS or kind not in ("at-sent", "at-received"):
            continue
        text, time_us = line["text"].strip().upper(), line["t"]
        if kind == "at-sent":
            if found := _COMMAND.search(text):
                command, number = found[1], int(found[2])
                signal = "V.21" if number == 3 else MODULATIONS.get(number, f"+F{command}={number}")
            elif text.startswith("ATD"):
                command, signal = "RH", "V.21"
            elif text.startswith("ATA"):
                command, signal = "TH", "V.21"
            else:
                command = ""
        elif text.startswith("CONNECT") and command:
            station = OURS if command.startswith("T") else FAR
            if command == "RH":
                carriers.go_on(station, signal, time_us)
            elif command != "TH" or OURS not in carriers._open:
                carriers.begin(station, signal, time_us)
        elif text.startswith(_FINAL):
            carriers.end(OURS, time_us)
            carriers.end(FAR, time_us)
    return carriers


def _bursts(lines: Iterable[Line], end_us: int) -> list[Burst]:
    """Measured where a simulated line measured, else from the dialogue."""
    measured, spoken = _from_signals(lines), _from_dialogue(lines)
    measured.close(end_us)
    spoken.close(end_us)
    stations = {burst.station for burst in measured.bursts}
    return measured.bursts + [burst for burst in spoken.bursts if burst.station not in stations]


def _estimated(station: str, line: Line, octets: bytes) -> Burst:
    """A burst for a frame of whose carrier nothing is known."""
    length = (len(octets) + 3) * _US_PER_OCTET
    begin = line["t"] if station == OURS else line["t"] - length
    return Burst(station, "V.21", max(0, begin), max(0, begin) + length)


def _add_frames(lines: list[Line], bursts: list[Burst]) -> None:
    """Puts what our station sent and received into the bursts; then, where the far station is recorded too,
    what became of it on the way."""
    told: dict[int, list[tuple[bytes, bool]]] = {}
    sent_by_far: dict[int, list[tuple[int, bytes]]] = {}
    for line in lines:
        if "frame" not in line:
            continue
        octets = octets_of(line)
        direction = line["kind"].partition("-")[2]
        station = line["at"] if direction == "sent" else FAR if line["at"] == OURS else OURS
        burst = _near(bursts, station, line["t"])
        if line["at"] == OURS:
            if burst is None:
                burst = _estimated(station, line, octets)
                bursts.append(burst)
            heard = None if direction == "sent" else direction == "received"
            burst.frames.append(Frame(line["t"], octets, heard))
        elif burst is not None and direction == "sent":
            sent_by_far.setdefault(id(burst), []).append((line["t"], octets))
        elif burst is not None:
            told.setdefault(id(burst), []).append((octets, direction == "received"))
    for burst in bursts:
        if burst.station == FAR and id(burst) in sent_by_far:
            burst.frames = _merged(sent_by_far[id(burst)], burst.frames)
        if burst.station == OURS and burst.frames and (told or sent_by_far):
            heard = told.get(id(burst), [])
            for frame in burst.frames:
                _judge(frame, heard)


def _merged(sent: list[tuple[int, bytes]], heard: list[Frame]) -> list[Frame]:
    """The far end's frames as it sent them, with what we heard of each."""
    merged, rest = [], list(heard)
    for time_us, octets in sent:
        if rest and (not rest[0].heard or rest[0].octets == octets):
            merged.append(rest.pop(0))
        else:
            merged.append(Frame(time_us, octets, False, lost=True))
    return merged + rest


def _judge(frame: Frame, heard: list[tuple[bytes, bool]]) -> None:
    if heard and (not heard[0][1] or heard[0][0] == frame.octets):
        frame.heard = heard.pop(0)[1]
    else:
        frame.heard, frame.lost = False, True


def _add_data(lines: Iterable[Line], bursts: list[Burst]) -> None:
    """Octets of the fast carriers; a carrier that nothing else tells of."""
    for line in lines:
        kind = line.get("kind")
        if line.get("at") != OURS or kind not in ("data-sent", "data-received"):
            continue
        found = _DATA.fullmatch(line["text"])
        if not found:
            continue
        station = OURS if kind == "data-sent" else FAR
        fast = [
            burst
            for burst in bursts
            if burst.station == station
            and burst.signal.startswith(("V.", "+F"))
            and burst.signal != "V.21"
            and burst.octets is None
            and burst.begin_us <= line["t"] <= burst.end_us + _NEAR_US
        ]
        if fast:
            burst = fast[-1]
            burst.signal = found[1] if burst.signal.startswith("+F") else burst.signal
        else:
            rate = _RATE.match(found[1])
            length = int(found[2]) * 8_000_000 // int(rate[1]) if rate else 0
            burst = Burst(station, found[1], max(0, line["t"] - length), line["t"])
            bursts.append(burst)
        burst.octets = int(found[2])


def _name_data(bursts: list[Burst], confirmed: list[tuple[int, int]]) -> None:
    """Says of each fast carrier whether it is a TCF, or of which page."""
    last_by: dict[str, str] = {OURS: "", FAR: ""}
    asked_again = False
    for burst in bursts:
        if burst.frames:
            last_by[burst.station] = burst.frames[-1].name
            names = {frame.name for frame in burst.frames if frame.heard is not False}
            asked_again = (asked_again or bool(names & ASKING_AGAIN)) and not names & CONFIRMING
        elif burst.kind == "page":
            if last_by[burst.station] in ("DCS", "CTC"):
                burst.training = last_by[burst.station] == "DCS"
            if not burst.training:
                burst.page = 1 + max((n for time_us, n in confirmed if time_us <= burst.begin_us), default=0)
                burst.again = asked_again
            last_by[burst.station] = ""


def _marks(lines: Iterable[Line], bursts: list[Burst]) -> Iterator[Mark]:
    for line in lines:
        kind, time_us, station = line.get("kind"), line["t"], line.get("at", OURS)
        if kind == "timer" and line["text"].endswith("expired"):
            yield Mark(time_us, station, "timer", line["text"])
        elif kind in ("fault", "violation"):
            yield Mark(time_us, station, kind, line["text"])
        elif kind == "note" and station == OURS:
            yield Mark(time_us, station, "note", line["text"])
        elif line.get("event") == "page":
            pages = line["pages"]
            yield Mark(time_us, OURS, "page", f"{'page' if pages == 1 else 'pages'} confirmed: {pages}")
        elif line.get("event") == "fax-ended":
            raw = f" ({line['raw_cause']})" if line["raw_cause"] else ""
            yield Mark(time_us, OURS, "fax", f"fax {line['cause']}{raw}")
        elif line.get("event") == "call":
            ended = f": {line['cause']}" if line["state"] in ("IDLE", "ERROR") else ""
            yield Mark(time_us, OURS, "call", f"call {line['state']}{ended}")
        elif line.get("order") in ("hang-up", "stop", "reject", "answer"):
            yield Mark(time_us, OURS, "order", f"application: {line['order']}")
    trainings = 0
    for burst in bursts:
        if burst.training:
            trainings += 1
            if trainings > 1:
                yield Mark(burst.begin_us, burst.station, "retrain", f"training again: {burst.signal}")


def _phases(lines: Iterable[Line], begin_us: int, end_us: int) -> Iterator[Phase]:
    phase, since = "A", begin_us
    for line in lines:
        if line.get("kind") != "state" or line.get("at") != OURS:
            continue
        name = line["text"][:1] if line["text"][1:2] == "_" else ""
        if name in ("B", "C", "D", "E") and name != phase:
            if line["t"] > since:
                yield Phase(phase, since, line["t"])
            phase, since = name, line["t"]
    if end_us > since or phase != "A":
        yield Phase(phase, since, end_us)


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
        if (
            last
            and burst.kind == "tone" == last.kind
            and (burst.station, burst.signal)
            == (
                last.station,
                last.signal,
            )
        ):
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


def story_of(lines: list[Line]) -> Story:
    """Puts a call's lines together. Takes whatever `lines.parse` lets through."""
    lines = sorted(lines, key=lambda line: int(line["t"]))
    number = next((line["number"] for line in lines if line.get("order") == "dial"), "")
    incoming = not number and any(map(rings, lines))
    begins = next((line for line in lines if line.get("order") == "dial" or rings(line)), None)
    begin_us = begins["t"] if begins else lines[0]["t"] if lines else 0
    over = next(
        (
            line["t"]
            for line in lines
            if line.get("event") == "call" and line["state"] in ("IDLE", "ERROR") and line["t"] >= begin_us
        ),
        None,
    )
    end_us = over if over is not None else max([line["t"] for line in lines] or [begin_us])
    lines = [line for line in lines if begin_us <= line["t"] <= end_us]
    bursts = _bursts(lines, end_us)
    _add_frames(lines, bursts)
    _add_data(lines, bursts)
    bursts.sort(key=lambda burst: burst.begin_us)
    confirmed = [(line["t"], line["pages"]) for line in lines if line.get("event") == "page"]
    _name_data(bursts, confirmed)
    marks = sorted(_marks(lines, bursts), key=lambda mark: mark.time_us)
    phases = list(_phases(lines, begin_us, end_us))
    return Story(
        number, incoming, begin_us, end_us, begins is not None and over is None, bursts, marks, phases
    )
