"""The ladder of a call as SVG: two stations, time downwards, carriers as bands from the one that sends to the
one that listens, phases beside them, what else happened at the right.

The picture stands alone: no script, no font, nothing from a network. It has a light and a dark dress.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from faxline.trace.ladder import (
    PAUSE_US,
    burst_text,
    burst_title,
    frame_note,
    is_shown,
    mark_text,
    seconds_text,
    stations,
)
from faxline.trace.lines import printable
from faxline.trace.story import FAR, OURS, UNWELCOME, Burst, Frame, Mark, Story, grouped

WIDTH = 1100
_TIME, _STRIPE, _LEFT, _RIGHT, _NOTES = 70, 82, 190, 730, 812
_TOP = 62
_ROW, _NOTE = 20, 16
_SLANT = 5
_LETTER = 6.3  # a letter of 12 px, about

STYLE = """
.ladder { font: 12px/1.3 system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; }
.ladder text { fill: #1d2733; }
.ladder .paper { fill: #ffffff; }
.ladder .faint { fill: #667382; font-size: 11px; }
.ladder .time { fill: #667382; font-size: 11px; font-variant-numeric: tabular-nums; }
.ladder .head { font-size: 14px; font-weight: 600; }
.ladder .name { font-weight: 600; }
.ladder .wrong { fill: #b3261e; font-weight: 600; }
.ladder .good { fill: #1c7a45; font-weight: 600; }
.ladder .warn { fill: #a35200; }
.ladder .letter { font-weight: 700; font-size: 13px; fill: #43505e; }
.ladder .life { stroke: #9aa6b2; stroke-width: 1.5; }
.ladder .rule { stroke: #1c7a45; stroke-width: 1; stroke-dasharray: 5 4; }
.ladder .lead { stroke: #c3ccd5; stroke-width: 1; fill: none; }
.ladder .A { fill: #eceff3; } .ladder .B { fill: #dbe9fb; } .ladder .C { fill: #d9f0dd; }
.ladder .D { fill: #fdebc8; } .ladder .E { fill: #ecdff4; }
.ladder .control .band { fill: #2563a8; fill-opacity: .10; } .ladder .control .line { stroke: #2563a8; }
.ladder .control .solid { fill: #2563a8; }
.ladder .training .band { fill: #c77700; fill-opacity: .14; } .ladder .training .line { stroke: #c77700; }
.ladder .training .solid { fill: #c77700; }
.ladder .page .band { fill: #1c7a45; fill-opacity: .14; } .ladder .page .line { stroke: #1c7a45; }
.ladder .page .solid { fill: #1c7a45; }
.ladder .tone .band { fill: #667382; fill-opacity: .12; } .ladder .tone .line { stroke: #667382; }
.ladder .tone .solid { fill: #667382; }
.ladder .broken .line { stroke: #b3261e; stroke-dasharray: 6 4; } .ladder .broken .head-of { fill: #b3261e; }
.ladder .line { stroke-width: 1.5; fill: none; }
.ladder .dot { fill: #43505e; } .ladder .dot.alarm { fill: #b3261e; } .ladder .dot.fine { fill: #1c7a45; }
@media (prefers-color-scheme: dark) {
.ladder text { fill: #dde4ec; }
.ladder .paper { fill: #14181d; }
.ladder .faint, .ladder .time { fill: #93a0ae; }
.ladder .wrong { fill: #ff8a80; } .ladder .good { fill: #6fd39a; }
.ladder .warn { fill: #f5b25a; }
.ladder .letter { fill: #c5ced8; }
.ladder .life { stroke: #5c6874; } .ladder .rule { stroke: #6fd39a; } .ladder .lead { stroke: #3b4651; }
.ladder .A { fill: #262c33; } .ladder .B { fill: #1b3350; } .ladder .C { fill: #173a25; }
.ladder .D { fill: #45350f; } .ladder .E { fill: #382646; }
.ladder .control .band, .ladder .control .solid { fill: #6aa9f0; } .ladder .control .line { stroke: #6aa9f0; }
.ladder .training .band, .ladder .training .solid { fill: #f0b04c; }
.ladder .training .line { stroke: #f0b04c; }
.ladder .page .band, .ladder .page .solid { fill: #5cc98b; } .ladder .page .line { stroke: #5cc98b; }
.ladder .tone .band, .ladder .tone .solid { fill: #93a0ae; } .ladder .tone .line { stroke: #93a0ae; }
.ladder .broken .line { stroke: #ff8a80; } .ladder .broken .head-of { fill: #ff8a80; }
.ladder .dot { fill: #93a0ae; } .ladder .dot.alarm { fill: #ff8a80; } .ladder .dot.fine { fill: #6fd39a; }
}
"""


def _text(x: float, y: float, text: str, look: str = "", anchor: str = "") -> str:
    at = f' text-anchor="{anchor}"' if anchor else ""
    dress = f' class="{look}"' if look else ""
    return f'<text x="{x:g}" y="{y:.1f}"{dress}{at}>{escape(text)}</text>'


def _fits(text: str, width: float, letter: float = _LETTER) -> str:
    room = max(4, int(width / letter))
    return text if len(text) <= room else text[: room - 1].rstrip(" ,") + "…"


def _whole(text: str, shown: str) -> str:
    """The rest of a text that does not fit, for the pointer that rests on it."""
    return "" if shown == text else f"<title>{escape(text)}</title>"


class _Scale:
    """Where a time is in the picture. A second is no fixed length: what is said needs its rows, and what is
    silent, or takes long, does not need as many."""

    def __init__(self, story: Story, bursts: list[Burst], marks: list[Mark]) -> None:
        times = {story.begin_us, story.end_us}
        times |= {time_us for burst in bursts for time_us in (burst.begin_us, burst.end_us)}
        times |= {mark.time_us for mark in marks}
        self.times = sorted(times)
        heights = [self._quiet((b - a) / 1e6) for a, b in zip(self.times, self.times[1:], strict=False)]
        index = {time_us: place for place, time_us in enumerate(self.times)}
        for burst in bursts:
            span = range(index[burst.begin_us], index[burst.end_us])
            for place in span:
                heights[place] = min(heights[place], 6.0)
        for burst in bursts:
            span = range(index[burst.begin_us], index[burst.end_us])
            have, want = sum(heights[place] for place in span), height_of(burst)
            for place in span:
                heights[place] += max(0.0, want - have) / len(span)
        for place in range(len(heights)):
            rows = sum(mark.time_us == self.times[place] for mark in marks)
            heights[place] = max(heights[place], _NOTE * rows)
        self.places = [float(_TOP)]
        for height in heights:
            self.places.append(self.places[-1] + height)

    @staticmethod
    def _quiet(seconds: float) -> float:
        if seconds * 1e6 >= PAUSE_US:
            return 24 + min(24.0, 2 * seconds)
        return 6 + 10 * seconds

    def __call__(self, time_us: int) -> float:
        place = max(0, bisect_right(self.times, time_us) - 1)
        if place + 1 >= len(self.times):
            return self.places[-1]
        begin, end = self.times[place], self.times[place + 1]
        share = (time_us - begin) / (end - begin)
        return self.places[place] + share * (self.places[place + 1] - self.places[place])

    @property
    def bottom(self) -> float:
        return self.places[-1]


def height_of(burst: Burst) -> float:
    if burst.kind == "control":
        return _ROW * max(1, len(burst.frames)) + 8.0
    if burst.kind == "tone":
        return 24.0
    return 30 + min(90.0, 3.5 * burst.duration_us / 1e6)


@dataclass(frozen=True)
class _Ends:
    """The sides of the picture, as one station sees them."""

    sender: float
    receiver: float

    @property
    def way(self) -> int:
        return 1 if self.receiver > self.sender else -1


def _burst(burst: Burst, ends: _Ends, top: float, bottom: float) -> Iterator[str]:
    near, far = ends.sender + 5 * ends.way, ends.receiver - 2 * ends.way
    broken = " broken" if burst.open else ""
    yield f'<g class="{burst.kind}{broken}">'
    corners = [(near, top), (far, top + _SLANT), (far, bottom + _SLANT), (near, bottom)]
    yield f'<polygon class="band" points="{" ".join(f"{x:g},{y:.1f}" for x, y in corners)}"/>'
    bar = f'x="{ends.sender - 5:g}" y="{top:.1f}" width="10" height="{max(3.0, bottom - top):.1f}"'
    yield f'<rect class="solid" {bar} rx="2"/>'
    left = min(near, far) + 16
    if burst.frames:
        step = (bottom - top) / len(burst.frames)
        for number, frame in enumerate(burst.frames):
            yield from _frame(frame, ends, left, top + step * number + max(14.0, step / 2 + 2))
    else:
        title = burst_title(burst) if burst.kind != "control" else "V.21"
        more = burst_text(burst) if burst.kind != "control" else "without a frame"
        middle = (top + bottom) / 2 + 5
        # At the end of the one that sends: two tones may cross.
        x, anchor = (left, "start") if ends.way > 0 else (max(near, far) - 16, "end")
        yield (
            f'<text x="{x:g}" y="{middle:.1f}" text-anchor="{anchor}">'
            f'<tspan class="name">{escape(title)}</tspan>'
            f'<tspan dx="8">{escape(more)}</tspan></text>'
        )
        yield from _arrow(ends, bottom - 4 if burst.kind == "tone" else bottom, False)
    yield "</g>"
    length = seconds_text(burst.duration_us)
    side, anchor = (ends.sender - 12, "end") if ends.way > 0 else (ends.sender + 12, "start")
    yield _text(side, (top + bottom) / 2 + 4, length, "faint", anchor)


def _arrow(ends: _Ends, y: float, stopped: bool) -> Iterator[str]:
    near, far = ends.sender + 5 * ends.way, ends.receiver - 2 * ends.way
    if stopped:
        far = ends.sender + (ends.receiver - ends.sender) * 0.86
    back = far - 9 * ends.way
    yield f'<path class="line" d="M{near:g} {y:.1f}L{far:g} {y + _SLANT:.1f}"/>'
    if stopped:
        cross = f"M{far - 5:g} {y:.1f}l10 10m0 -10l-10 10"
        yield f'<path class="line" d="{cross}"/>'
    else:
        points = f"{far:g},{y + _SLANT:.1f} {back:g},{y + 0.5:.1f} {back:g},{y + 9:.1f}"
        yield f'<polygon class="solid head-of" points="{points}"/>'


def _frame(frame: Frame, ends: _Ends, left: float, baseline: float) -> Iterator[str]:
    note = frame_note(frame)
    text = printable(frame.text)
    room = abs(ends.receiver - ends.sender) - 60 - _LETTER * 1.2 * (len(frame.name) + len(note) + 3)
    shown = _fits(text, room)
    dress = "name warn" if frame.name in UNWELCOME else "name"
    yield f'<g class="{"broken" if note else "whole"}">{_whole(text, shown)}'
    yield (
        f'<text x="{left:g}" y="{baseline:.1f}"><tspan class="{dress}">{escape(frame.name)}</tspan>'
        f'<tspan dx="8">{escape(shown)}</tspan>'
        + (f'<tspan dx="8" class="wrong">{note}</tspan>' if note else "")
        + "</text>"
    )
    yield from _arrow(ends, baseline + 4, frame.lost)
    yield "</g>"


_ALARMS = ("timer", "fault", "violation", "retrain")


def _is_fine(mark: Mark) -> bool:
    return mark.kind == "page" or (mark.kind == "fax" and mark.text.startswith("fax NORMAL"))


def _mark(mark: Mark, x: float, place: float, y: float) -> Iterator[str]:
    alarm = mark.kind in _ALARMS or (mark.kind == "fax" and not _is_fine(mark))
    look = "alarm" if alarm else "fine" if _is_fine(mark) else ""
    text = printable(mark_text(mark), 200)
    shown = _fits(text, WIDTH - _NOTES - 14, 7.0 if look else 6.0)
    if mark.kind == "page":
        yield f'<path class="rule" d="M{_LEFT} {place:.1f}H{_NOTES - 14}"/>'
    if mark.kind == "timer":  # a clock at the station whose timer it was
        yield f'<circle class="dot alarm" cx="{x:g}" cy="{place:.1f}" r="6"/>'
        yield f'<path d="M{x:g} {place - 3.5:.1f}v3.5h3" stroke="#ffffff" stroke-width="1.4" fill="none"/>'
    yield f'<path class="lead" d="M{_NOTES - 40} {place:.1f}H{_NOTES - 26}L{_NOTES - 8} {y:.1f}"/>'
    yield f'<circle class="dot {look}" cx="{_NOTES - 5}" cy="{y:.1f}" r="3.5"/>'
    dress = {"alarm": "wrong", "fine": "good"}.get(look, "faint")
    yield f"<g>{_whole(text, shown)}{_text(_NOTES + 6, y + 4, shown, dress)}</g>"


def _body(story: Story) -> tuple[list[str], float]:
    bursts = grouped(story.bursts)
    marks = [mark for mark in story.marks if is_shown(mark)]
    scale = _Scale(story, bursts, marks)
    bottom = scale.bottom + 14
    body = []
    for phase in story.phases:
        top, end = scale(phase.begin_us), scale(phase.end_us)
        height = max(1.0, end - top)
        body.append(
            f'<rect class="{phase.name}" x="{_STRIPE}" y="{top:.1f}" width="20" height="{height:.1f}"/>'
        )
        if height > 14:
            body.append(_text(_STRIPE + 10, top + 14, phase.name, "letter", "middle"))
    for x, name in zip((_LEFT, _RIGHT), stations(story), strict=True):
        body.append(f'<path class="life" d="M{x} {_TOP - 14}V{bottom:.1f}"/>')
        body.append(_text(x, _TOP - 24, name, "head", "middle"))
    quiet_since = story.begin_us
    last_stamp = 0.0
    for burst in bursts:
        if burst.begin_us - quiet_since >= PAUSE_US:
            middle = (scale(quiet_since) + scale(burst.begin_us)) / 2 + 4
            text = f"{seconds_text(burst.begin_us - quiet_since)} of silence"
            body.append(_text((_LEFT + _RIGHT) / 2, middle, text, "faint", "middle"))
        quiet_since = max(quiet_since, burst.end_us)
        ours_left = story.we_call
        ends = _Ends(_LEFT, _RIGHT) if (burst.station == OURS) == ours_left else _Ends(_RIGHT, _LEFT)
        top = scale(burst.begin_us)
        body += _burst(burst, ends, top, scale(burst.end_us))
        if top + 9 - last_stamp > 11:
            last_stamp = top + 9
            body.append(_text(_TIME, last_stamp, f"{burst.begin_us / 1e6:.2f}", "time", "end"))
    last = 0.0
    for mark in marks:
        place = scale(mark.time_us)
        y = max(place, last + _NOTE)
        last = y
        far = mark.station == FAR
        x = _RIGHT if far == story.we_call else _LEFT
        body += _mark(mark, x, place, y)
    if story.broken_off:
        body.append(
            _text(
                (_LEFT + _RIGHT) / 2,
                bottom + 14,
                "the trace ends here; the call is not over",
                "wrong",
                "middle",
            )
        )
        bottom += 18
    return body, max(bottom, last + _NOTE) + 12


def ladder_svg(story: Story, title: str) -> str:
    """The picture of a call."""
    body, height = _body(story)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ladder" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'width="{WIDTH}" height="{height:.0f}" role="img">\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style>\n"
        f'<rect class="paper" width="{WIDTH}" height="{height:.0f}"/>\n'
        + _text(_TIME, _TOP - 24, "seconds", "faint", "end")
        + "\n"
        + "\n".join(body)
        + "\n</svg>\n"
    )
