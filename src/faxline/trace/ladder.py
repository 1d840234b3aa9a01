"""The ladder of a call as text: two stations, time downwards, what was on the line between them."""

from collections.abc import Iterator

from faxline.trace.lines import printable
from faxline.trace.reader import Trace
from faxline.trace.story import FAR, OURS, Burst, Frame, Mark, Story, grouped

_WIDTH = 62  # between the two stations
# A pause worth telling of.
PAUSE_US = 1_000_000


def seconds_text(time_us: int) -> str:
    return f"{time_us / 1e6:.2f} s"


def burst_title(burst: Burst) -> str:
    """What a carrier was for: 'TCF', 'page 2', 'CED'."""
    if burst.training:
        return "TCF"
    if burst.page is not None:
        return f"page {burst.page}{', again' if burst.again else ''}"
    if burst.times > 1:
        every = (burst.duration_us) / 1e6 / (burst.times - 1)
        return f"{burst.signal}, {burst.times} times, one in {every:.1f} s"
    return burst.signal


def burst_text(burst: Burst) -> str:
    """More about it: modulation, octets."""
    parts = [] if burst.kind == "tone" else [burst.signal]
    if burst.octets is not None:
        parts.append(f"{burst.octets:,}".replace(",", " ") + " octets")
    if burst.open:
        parts.append("the trace ends here")
    return ", ".join(parts)


def frame_note(frame: Frame) -> str:
    """What became of it, when that is not as it should be."""
    if frame.lost:
        return "not heard"
    return "FCS wrong" if frame.heard is False else ""


def mark_text(mark: Mark) -> str:
    if mark.kind in ("fault", "violation"):
        return f"{mark.kind}: {mark.text}"
    return f"far end: {mark.text}" if mark.station == FAR and mark.kind == "timer" else mark.text


def is_shown(mark: Mark) -> bool:
    """The driver's notes are for the text of a trace; timers that expire without harm are not."""
    return mark.kind != "note"


def phase_at(story: Story, time_us: int) -> str:
    return next(
        (phase.name for phase in reversed(story.phases) if phase.begin_us <= time_us),
        story.phases[0].name if story.phases else "",
    )


def stations(story: Story) -> tuple[str, str]:
    """The names over the left and the right line: the caller stands left."""
    far = printable(story.number, 24)
    return ("we, the caller", f"called: {far}") if story.we_call else ("the caller", "we, called")


def _arrow(rightwards: bool, fast: bool, text: str, note: str) -> str:
    line = "=" if fast else "-"
    room = _WIDTH - 8 - (len(note) + 3 if note else 0)
    inner = f" {text if len(text) <= room else f'{text[: room - 3]}...'} "
    if note:
        inner += f"[{note}] "
    body = 2 * line + inner
    body += line * (_WIDTH - 1 - len(body))
    if note == "not heard":
        return f"{body}x" if rightwards else f"x{_turned(body, line)}"
    return f"{body}>" if rightwards else f"<{_turned(body, line)}"


def _turned(body: str, line: str) -> str:
    """An arrow from the right: what trails behind its text comes before it."""
    bare = body.rstrip(line)
    return line * (len(body) - len(bare) - 2) + bare + 2 * line if len(body) > len(bare) + 2 else body


def ladder(story: Story) -> Iterator[str]:
    """The call as a ladder. Two arrows are one carrier when the second has no time of its own."""
    left, right = stations(story)
    yield f"     seconds    {left:<{_WIDTH - 18}}{right:>18}"
    things: list[tuple[int, int, Burst | Mark]] = [(b.begin_us, 0, b) for b in grouped(story.bursts)]
    things += [(mark.time_us, 1, mark) for mark in story.marks if is_shown(mark)]
    things.sort(key=lambda thing: thing[:2])
    phase, quiet_since = "", story.begin_us
    for time_us, _, thing in things:
        now = phase_at(story, time_us)
        if now != phase:
            phase = now
            yield f"{f'-- phase {phase} ':-<{_WIDTH + 18}}"
        stamp = f"{time_us / 1e6:12.3f}"
        if isinstance(thing, Mark):
            sign = {"page": "==", "fax": "==", "timer": "!", "fault": "!", "violation": "!!"}.get(
                thing.kind, "*"
            )
            yield f"{stamp}   {sign:>2} {printable(mark_text(thing), 90)}"
            continue
        if time_us - quiet_since >= PAUSE_US:
            yield f"{'':12}  |{f'{seconds_text(time_us - quiet_since)} of silence':^{_WIDTH}}|"
        quiet_since = max(quiet_since, thing.end_us)
        rightwards = (thing.station == OURS) == story.we_call
        rows = [(f"{frame.name} {frame.text}".strip(), frame_note(frame)) for frame in thing.frames] or [
            (f"{burst_title(thing)}  {burst_text(thing)}".strip(), "")
        ]
        if thing.kind == "control" and not thing.frames:
            rows = [("V.21 without a frame", "")]
        for number, (text, note) in enumerate(rows):
            arrow = _arrow(rightwards, thing.kind in ("page", "training"), printable(text), note)
            ends = f"  {seconds_text(thing.duration_us)}" if number == len(rows) - 1 else ""
            yield f"{stamp if not number else '':12}  |{arrow}|{ends}"
    yield f"{story.end_us / 1e6:12.3f}    end" + (" of the trace; the call is not over" * story.broken_off)


SPENT_NAMES = {
    "call": "dialling, ringing, tones",
    "training": "training (TCF)",
    "control": "control frames (V.21)",
    "silence": "silence between signals",
}


def spent_lines(story: Story) -> Iterator[str]:
    """How the line time was spent, as bars of text."""
    whole = max(1, sum(story.spent_us.values()))
    for name, time_us in story.spent_us.items():
        label = SPENT_NAMES.get(name, f"pages at {name}")
        share = time_us / whole
        yield f"  {label:<26}{time_us / 1e6:9.2f} s {share:6.1%}  {'#' * round(share * 32)}".rstrip()


def ladder_lines(trace: Trace) -> Iterator[str]:
    """Every call of a trace: its sentence, its ladder, and how its time was spent."""
    if not trace.calls:
        yield f"{trace.device}: no call"
    for number, call in enumerate(trace.calls):
        if number:
            yield ""
        yield call.summary()
        yield ""
        yield from ladder(call.story)
        yield ""
        yield from spent_lines(call.story)
