"""A trace as lines of text: a sentence per call, and under it everything that happened, with the time in
seconds.
"""

import os
from collections.abc import Iterator

from faxline._engine.frames import frame_name, frame_text
from faxline._engine.tables import RAW_CAUSES
from faxline.trace.lines import Line, octets_of, printable
from faxline.trace.reader import Trace, TracedCall, load


def render(path: str | os.PathLike[str]) -> Iterator[str]:
    """A trace file as text.

    Raises Error when it is not a trace, OSError when it cannot be read.
    """
    trace = load(path)
    yield from lines_of(trace)


def lines_of(trace: Trace) -> Iterator[str]:
    """All calls of a trace."""
    if not trace.calls:
        yield f"{trace.device}: no call, nothing happened, 0.000 s of line time"
    for number, call in enumerate(trace.calls):
        if number:
            yield ""
        yield from call_lines(trace, call)
    if trace.damaged:
        yield ""
        lines = "1 line of the file is" if trace.damaged == 1 else f"{trace.damaged} lines of the file are"
        yield f"{lines} damaged or cut short, and left out"


def call_lines(trace: Trace, call: TracedCall) -> Iterator[str]:
    """One call of it."""
    yield call.summary()
    yield f"  {trace.device}, opened {trace.opened}, faxline {trace.version}"
    yield "     seconds  who"
    # The application's orders are written down at once, the engine's records as they are collected.
    for line in sorted(call.lines, key=lambda line: int(line["t"])):
        yield f"{line['t'] / 1e6:12.3f}  {_line_text(line)}"
    if call.story.broken_off:
        yield f"{call.story.end_us / 1e6:12.3f}  end of the trace; the call is not over"


def _because(raw_cause: str | None) -> str:
    if not raw_cause:
        return ""
    row = RAW_CAUSES.get(raw_cause)
    return f" ({printable(raw_cause, 60)}: {row.text})" if row else f" ({printable(raw_cause, 60)})"


def _value_text(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={item}" for name, item in value.items() if item != "")
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


_ARROWS = {"sent": "->", "received": "<-", "bad": "<x"}


def _line_text(line: Line) -> str:
    return printable(_raw_text(line), 2000)


def _raw_text(line: Line) -> str:
    if "order" in line:
        rest = [f"{name} {_value_text(value)}" for name, value in line.items() if name not in ("t", "order")]
        return f"app      {line['order']}: {'; '.join(rest)}".rstrip(": ")
    if "event" in line:
        return f"event    {_event_text(line)}"
    if "page" in line:
        size = len(line["code"]) * 3 // 4
        return (
            f"page     image of page {line['page']}: {line['width_px']} x {line['rows']}, "
            f"{line['x_dpi']}x{line['y_dpi']} dpi, {size} octets"
        )
    who = "us " if line["at"] == "ours" else "far"
    subject, _, direction = line["kind"].partition("-")
    arrow = _ARROWS.get(direction, "  ")
    if "frame" in line:
        return f"{who} {arrow} {' '.join(_frame(line))}{'   (FCS wrong)' * (direction == 'bad')}"
    if subject in ("at", "data"):
        return f"{who} {arrow} {line['text']}"
    return f"{who}    [{subject}] {line['text']}"


def _frame(line: Line) -> Iterator[str]:
    frame = octets_of(line)
    yield f"{frame_name(frame):<4}"
    if meaning := frame_text(frame):
        yield f"{meaning} "
    yield f"[{line['frame']}]"


def _event_text(line: Line) -> str:
    match line["event"]:
        case "call":
            ended = line["state"] in ("IDLE", "ERROR")
            return f"call {line['state']}" + (
                f", {line['cause']}{_because(line['raw_cause'])}" if ended else ""
            )
        case "fax-started":
            return "fax started"
        case "negotiated":
            return (
                f"negotiated V.{line['modem']} {line['rate_bps']} bit/s, {line['coding']}, "
                f"{'ECM' if line['ecm'] else 'no ECM'}, {line['width_px']} pixels, "
                f"{line['x_dpi']}x{line['y_dpi']} dpi, {line['min_scan_ms']} ms a row, "
                f"far end {line['remote_id']!r}"
            )
        case "received":
            return "a page was received, and goes to the store"
        case "page":
            return f"{line['pages']} confirmed" + ", no more will follow" * bool(line["last"])
        case "fax-ended":
            return f"fax ended, {line['cause']}{_because(line['raw_cause'])}, {line['pages']} pages confirmed"
        case other:
            return str(other)
