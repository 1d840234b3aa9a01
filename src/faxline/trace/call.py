"""Puts a call of a trace together as a Story: its carriers, with the frames, octets and pages that were on
them, and the marks and phases beside them.
"""

import re
from collections.abc import Iterable, Iterator

from faxline.trace.carriers import carriers_of
from faxline.trace.lines import Line, octets_of, rings
from faxline.trace.story import FAR, OURS, Burst, Frame, Mark, Phase, Story, rate_of

_ASKING_AGAIN = frozenset({"PPR", "RTN", "PIN"})
_CONFIRMING = frozenset({"MCF", "RTP", "PIP"})

_DATA = re.compile(r"(.+), (\d{1,12}) octets")
# A frame is told of up to so long before its carrier's first sign, or behind its end.
_NEAR_US = 1_000_000
# 300 bit/s; address, control and FCS are 5 octets with the flag.
_US_PER_OCTET = 8 * 1_000_000 // 300


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
    bursts = carriers_of(lines, end_us)
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
            rate_bps = rate_of(found[1])
            length = int(found[2]) * 8_000_000 // rate_bps if rate_bps else 0
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
            asked_again = (asked_again or bool(names & _ASKING_AGAIN)) and not names & _CONFIRMING
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
