"""What became of a call, in one sentence: the result, why, where in the call, what was heard last, and what
to do about it.
"""

from dataclasses import dataclass
from typing import Any

from faxline._advice import fix_of_call, fix_of_fax
from faxline._engine.tables import RAW_CAUSES
from faxline.trace.lines import Line, printable
from faxline.trace.story import FAR, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of a call."""

    good: bool = False
    """Every page was confirmed."""
    outcome: str
    """'fax', 'refused' (nothing was sent), 'no-answer', 'no-fax' (answered, nothing sent), 'broken-off' or
    'nothing'."""
    cause: str = ""
    """Of the fax, or of the call when there was none; '' when it is not known."""
    raw_cause: str = ""
    text: str = ""
    """The raw cause in words."""
    phase: str
    """Of T.30, 'A' to 'E'; '' when it does not matter."""
    page: int | None = None
    """At which page it failed, from 1."""
    after_us: int
    """How long after the begin of the call."""
    heard: str
    """What came last from the far end: 'RTN', or '' when it said nothing."""
    pages: int
    """Confirmed."""
    settings: str
    """'V.17 14400 bit/s MMR', or ''."""
    fix: str = ""
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


def _place(phase: str, page: int | None) -> str:
    return f"phase {phase}" + (f", page {page}" if page else "")


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of a call, whatever came of it."""

    story: Story
    pages: int
    phase: str
    state: str
    """Our engine's last, '' when it had none."""
    heard: str
    settings: str

    def verdict(self, outcome: str, result: str, fix: str = "", **more: Any) -> Verdict:
        """result: of the sentence what no other outcome says. more: fields that are not as the facts say."""
        number = printable(self.story.number, 80)
        subject = f"call to {number}" if number else "incoming call" if self.story.incoming else "no call"
        length_us = self.story.end_us - self.story.begin_us
        sentence = f"{subject}: {result}, {length_us / 1e6:.3f} s of line time" + (f" - {fix}" if fix else "")
        fields: dict[str, Any] = {"phase": self.phase, "heard": self.heard, "after_us": length_us} | more
        return Verdict(
            outcome=outcome, pages=self.pages, settings=self.settings, fix=fix, sentence=sentence, **fields
        )


def _facts(lines: list[Line], story: Story) -> _Facts:
    ours = [line for line in lines if line.get("at") == "ours" and line.get("text") != "E_ENDED"]
    state = _last(ours, "kind", "state")
    name = state["text"] if state else ""
    agreed = _last(lines, "event", "negotiated")
    settings = f"V.{agreed['modem']} {agreed['rate_bps']} bit/s {agreed['coding']}" if agreed else ""
    return _Facts(
        story,
        _pages_before(lines),
        name[0] if name[:1] and name[0] in "BCDE" else "A",
        printable(name, 40),
        printable(_heard(story), 40),
        printable(settings),
    )


def verdict_of(lines: list[Line], story: Story) -> Verdict:
    """The verdict on a call. Takes whatever `lines.parse` lets through."""
    lines = sorted(lines, key=lambda line: int(line["t"]))
    facts = _facts(lines, story)
    states = [line for line in lines if line.get("event") == "call"]
    over = next((line for line in states if line["state"] in ("IDLE", "ERROR")), None)
    if ended := _last(lines, "event", "fax-ended"):
        return _after_fax(facts, ended)
    if refused := _last(lines, "order", "fax-refused"):
        return _refused(facts, refused)
    if story.broken_off:
        return _broken_off(facts)
    if any(line["state"] == "ANSWERED" for line in states):
        cause = over["cause"] if over else ""
        return facts.verdict("no-fax", "answered, no fax ended", cause=cause, phase="A")
    if over:
        return _not_answered(facts, over)
    return facts.verdict("nothing", "nothing happened", phase="")


def _after_fax(facts: _Facts, ended: Line) -> Verdict:
    cause, raw_cause = ended["cause"], ended["raw_cause"] or ""
    row = RAW_CAUSES.get(raw_cause)
    text = row.text if row else ""
    after_us = ended["t"] - facts.story.begin_us
    done = f", {_pages_text(facts.pages)} confirmed" + (f", {facts.settings}" if facts.settings else "")
    result = f"fax {printable(cause)}{_because(printable(raw_cause), text)}"
    known = {"cause": cause, "raw_cause": raw_cause, "text": text, "after_us": after_us}
    if cause == "NORMAL":
        return facts.verdict("fax", result + done, good=True, phase="", heard="", **known)
    parts = raw_cause.split(".")
    phase = parts[1] if len(parts) > 2 and parts[1] in "ABCDE" else facts.phase
    page = facts.pages + 1 if phase in "CDE" else None
    where = f" in {_place(phase, page)}, after {after_us / 1e6:.1f} s"
    where += f", heard last: {facts.heard}" if facts.heard else ", nothing was heard"
    fix = fix_of_fax(cause, raw_cause, facts.pages + 1 if ended.get("unconfirmed") is True else None)
    return facts.verdict("fax", result + where + done, fix, phase=phase, page=page, **known)


def _refused(facts: _Facts, refused: Line) -> Verdict:
    cause, raw_cause = refused["cause"], refused["raw_cause"] or ""
    row = RAW_CAUSES.get(raw_cause)
    text = printable(refused["text"]) or (row.text if row else "")
    what = "received" if facts.story.incoming else "sent"
    return facts.verdict(
        "refused",
        f"fax {printable(cause)}{_because(printable(raw_cause), text)}, nothing {what}",
        fix_of_fax(cause, raw_cause),
        cause=cause,
        raw_cause=raw_cause,
        text=text,
        phase="B",
        after_us=refused["t"] - facts.story.begin_us,
    )


def _broken_off(facts: _Facts) -> Verdict:
    page = facts.pages + 1 if facts.phase in "CD" else None
    state = f", state {facts.state}" if facts.state else ""
    after_us = facts.story.end_us - facts.story.begin_us
    heard = f", heard last: {facts.heard}" if facts.heard else ""
    result = (
        f"the trace breaks off in {_place(facts.phase, page)}{state}, after {after_us / 1e6:.1f} s{heard}"
    )
    left = "only confirmed pages are stored" if facts.story.incoming else "send what was not confirmed again"
    return facts.verdict(
        "broken-off",
        f"{result}, {_pages_text(facts.pages)} confirmed",
        f"the call goes on, or its program was killed: {left}",
        page=page,
    )


def _not_answered(facts: _Facts, over: Line) -> Verdict:
    cause, raw_cause = over["cause"], over["raw_cause"] or ""
    row = RAW_CAUSES.get(raw_cause)
    text = row.text if row else ""
    return facts.verdict(
        "no-answer",
        f"not answered, {printable(cause)}{_because(printable(raw_cause), text)}, no fax",
        fix_of_call(cause),
        cause=cause,
        raw_cause=raw_cause,
        text=text,
        phase="A",
    )
