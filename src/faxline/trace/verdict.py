"""What became of a call, in one sentence: the result, why, where in the call, what was heard last, and what
to do about it.
"""

from dataclasses import dataclass

from faxline._engine.tables import RAW_CAUSES
from faxline.trace import advice
from faxline.trace.lines import Line, printable
from faxline.trace.story import FAR, Story


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a call."""

    good: bool
    """Every page was confirmed."""
    outcome: str
    """'fax', 'refused' (nothing was sent), 'no-answer', 'no-fax' (answered, nothing sent), 'broken-off' or
    'nothing'."""
    cause: str
    """Of the fax, or of the call when there was none; '' when it is not known."""
    raw_cause: str
    text: str
    """The raw cause in words."""
    phase: str
    """Of T.30, 'A' to 'E'; '' when it does not matter."""
    page: int | None
    """At which page it failed, from 1."""
    after_us: int
    """How long after the begin of the call."""
    heard: str
    """What came last from the far end: 'RTN', or '' when it said nothing."""
    pages: int
    """Confirmed."""
    settings: str
    """'V.17 14400 bit/s MMR', or ''."""
    fix: str
    """What to do; '' when there is nothing to do."""
    sentence: str
    """All of that."""


def _pages_text(pages: int) -> str:
    return "1 page" if pages == 1 else f"{pages} pages"


def _because(raw_cause: str, text: str) -> str:
    if not raw_cause:
        return ""
    return f" ({raw_cause}: {text})" if text else f" ({raw_cause})"


def _last(lines: list[Line], name: str, value: str) -> Line | None:
    return next((line for line in reversed(lines) if line.get(name) == value), None)


def _heard(story: Story) -> str:
    """What the far end said last, and how."""
    frames = [(frame, burst) for burst, frame in story.frames() if burst.station == FAR and not frame.lost]
    if frames:
        frame, _ = max(frames, key=lambda pair: pair[0].time_us)
        return f"{frame.name}{'' if frame.heard else ' (FCS wrong)'}"
    tones = [burst.signal for burst in story.bursts if burst.station == FAR]
    return f"{tones[-1]}, no frame" if tones else ""


def _pages_before(lines: list[Line]) -> int:
    pages = 0
    for line in lines:
        if line.get("event") in ("page", "fax-ended"):
            pages = line["pages"]
    return pages


def verdict_of(lines: list[Line], story: Story) -> Verdict:
    lines = sorted(lines, key=lambda line: int(line["t"]))
    ended = _last(lines, "event", "fax-ended")
    refused = _last(lines, "order", "fax-refused")
    agreed = _last(lines, "event", "negotiated")
    over = next(
        (line for line in lines if line.get("event") == "call" and line["state"] in ("IDLE", "ERROR")), None
    )
    answered = any(line.get("event") == "call" and line["state"] == "ANSWERED" for line in lines)
    pages = _pages_before(lines)
    ours = [line for line in lines if line.get("at") == "ours" and line.get("text") != "E_ENDED"]
    state = _last(ours, "kind", "state")
    phase = state["text"][:1] if state and state["text"][:1] in "BCDE" else "A"
    heard = printable(_heard(story), 40)
    settings = ""
    if agreed:
        settings = printable(f"V.{agreed['modem']} {agreed['rate_bps']} bit/s {agreed['coding']}")
    number = printable(story.number, 80)
    subject = f"call to {number}" if number else "incoming call" if story.incoming else "no call"
    seconds = f"{(story.end_us - story.begin_us) / 1e6:.3f} s of line time"
    outcome, cause, raw_cause, text, fix = "nothing", "", "", "", ""
    good, page, after_us = False, None, story.end_us - story.begin_us
    where = ""
    if ended:
        outcome, cause, raw_cause = "fax", ended["cause"], ended["raw_cause"] or ""
        good = cause == "NORMAL"
        row = RAW_CAUSES.get(raw_cause)
        text = row.text if row else ""
        after_us = ended["t"] - story.begin_us
        parts = raw_cause.split(".")
        if len(parts) > 2 and parts[1] in "ABCDE":
            phase = parts[1]
        if good:
            phase, heard = "", ""
        else:
            page = pages + 1 if phase in "CDE" else None
            at = f"phase {phase}" + (f", page {page}" if page else "")
            where = f" in {at}, after {after_us / 1e6:.1f} s"
            where += f", heard last: {heard}" if heard else ", nothing was heard"
            fix = advice.for_fax(cause, raw_cause)
            if ended.get("unconfirmed") is True:
                fix = f"page {pages + 1} may have arrived: ask before you send it again; {fix}"
        done = f", {_pages_text(pages)} confirmed"
        agreed_text = f", {settings}" if settings else ""
        result = f"fax {printable(cause)}{_because(printable(raw_cause), text)}{where}{done}{agreed_text}"
    elif refused:
        outcome, cause, raw_cause = "refused", refused["cause"], refused["raw_cause"] or ""
        row = RAW_CAUSES.get(raw_cause)
        text = printable(refused["text"]) or (row.text if row else "")
        phase, after_us = "B", refused["t"] - story.begin_us
        fix = advice.for_fax(cause, raw_cause)
        what = "received" if story.incoming else "sent"
        result = f"fax {printable(cause)}{_because(printable(raw_cause), text)}, nothing {what}"
    elif story.broken_off:
        outcome = "broken-off"
        page = pages + 1 if phase in "CD" else None
        state_text = f", state {printable(state['text'], 40)}" if state else ""
        at = f"phase {phase}" + (f", page {page}" if page else "") + state_text
        heard_text = f", heard last: {heard}" if heard else ""
        result = f"the trace breaks off in {at}, after {after_us / 1e6:.1f} s{heard_text}"
        result += f", {_pages_text(pages)} confirmed"
        fix = "the call goes on, or its program was killed: "
        fix += "only confirmed pages are stored" if story.incoming else "send what was not confirmed again"
    elif answered:
        outcome, cause = "no-fax", over["cause"] if over else ""
        phase, heard = "A", heard
        result = "answered, no fax ended"
    elif over:
        outcome, cause, raw_cause = "no-answer", over["cause"], over["raw_cause"] or ""
        row = RAW_CAUSES.get(raw_cause)
        text = row.text if row else ""
        phase = "A"
        result = f"not answered, {printable(cause)}{_because(printable(raw_cause), text)}, no fax"
        fix = advice.for_call(cause)
    else:
        phase = ""
        result = "nothing happened"
    sentence = f"{subject}: {result}, {seconds}" + (f" - {fix}" if fix else "")
    return Verdict(
        good,
        outcome,
        cause,
        raw_cause,
        text,
        phase,
        page,
        after_us,
        heard,
        pages,
        settings,
        fix,
        sentence,
    )
