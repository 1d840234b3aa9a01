"""A trace as one JSON object, for programs. docs/traces.md describes it; SCHEMA changes when a field that was
there means something else or goes. New fields may come at any time.
"""

from typing import Any

from faxline.trace.images import page_numbers
from faxline.trace.reader import Trace, TracedCall
from faxline.trace.story import Burst, Frame, pages_of

SCHEMA = "faxline.trace/1"


def as_json(trace: Trace) -> dict[str, Any]:
    """The object, for json.dumps()."""
    return {
        "schema": SCHEMA,
        "device": trace.device,
        "opened": trace.opened,
        "version": trace.version,
        "damaged_lines": trace.damaged,
        "calls": [_call(call) for call in trace.calls],
    }


def _call(call: TracedCall) -> dict[str, Any]:
    story, verdict = call.story, call.verdict
    agreed = call.negotiated
    return {
        "number": story.number,
        "direction": "in" if story.incoming else "out",
        "begin_us": story.begin_us,
        "end_us": story.end_us,
        "whole": not story.broken_off,
        "result": {
            "good": verdict.good,
            "outcome": verdict.outcome,
            "cause": verdict.cause,
            "raw_cause": verdict.raw_cause,
            "text": verdict.text,
            "phase": verdict.phase,
            "page": verdict.page,
            "after_us": verdict.after_us,
            "heard_last": verdict.heard,
            "pages_confirmed": verdict.pages,
            "fix": verdict.fix,
            "sentence": verdict.sentence,
        },
        "negotiated": (
            {name: value for name, value in agreed.items() if name not in ("t", "event", "seq")}
            if agreed
            else None
        ),
        "spent_us": story.spent_us,
        "phases": [
            {"phase": phase.name, "begin_us": phase.begin_us, "end_us": phase.end_us}
            for phase in story.phases
        ],
        "pages": [
            {
                "page": page.number,
                "begin_us": page.begin_us,
                "end_us": page.end_us,
                "confirmed": page.confirmed,
                "carriers": page.carriers,
                "repeats": page.repeats,
                "octets": page.octets,
                "modulations": page.signals,
            }
            for page in pages_of(story, call.lines)
        ],
        "images": page_numbers(call.lines),
        "bursts": [_burst(burst) for burst in story.bursts],
        "marks": [
            {"t_us": mark.time_us, "station": mark.station, "kind": mark.kind, "text": mark.text}
            for mark in story.marks
        ],
    }


def _burst(burst: Burst) -> dict[str, Any]:
    content: dict[str, Any] = {
        "station": burst.station,
        "kind": burst.kind,
        "signal": burst.signal,
        "begin_us": burst.begin_us,
        "end_us": burst.end_us,
    }
    if burst.frames or burst.kind == "control":
        content["frames"] = [_frame(frame) for frame in burst.frames]
    if burst.octets is not None:
        content["octets"] = burst.octets
    if burst.page is not None:
        content |= {"page": burst.page, "again": burst.again}
    if burst.open:
        content["open"] = True
    return content


def _frame(frame: Frame) -> dict[str, Any]:
    return {
        "t_us": frame.time_us,
        "name": frame.name,
        "text": frame.text,
        "octets": frame.octets.hex(),
        "heard": "lost" if frame.lost else {True: "good", False: "bad", None: "unknown"}[frame.heard],
    }
