"""Traces: the record of a channel's calls as JSON lines, and as text for people.

A file starts with a header object. Then every line is one thing that happened, "t" microseconds after the
channel was opened on the line's clock: a record of the engine ("at": "ours" or "far", "kind", and "text" or
the octets of a "frame" in hexadecimal), an event ("event": ...) or an order of the application ("order":
...). Each line is written at once, so that a kill loses nothing that was seen.
"""

import itertools
import json
import logging
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from faxline._lib import RAW_CAUSES, TraceRecord, frame_name, frame_text
from faxline.errors import Error
from faxline.events import CallChanged, Event, FaxEnded, FaxStarted, Negotiated, PageConfirmed, PageReceived

_log = logging.getLogger("faxline")
_file_numbers = itertools.count(1)

_EVENT_NAMES: dict[type[Event], str] = {
    CallChanged: "call",
    FaxStarted: "fax-started",
    Negotiated: "negotiated",
    PageReceived: "received",
    PageConfirmed: "page",
    FaxEnded: "fax-ended",
}


class TraceWriter:
    """Writes one trace file. Any thread."""

    def __init__(self, path: str | os.PathLike[str], device: str, version: str) -> None:
        """Creates the file, readable by its owner only (it has numbers and passwords in it), or empties it.
        In a directory it makes a new file of its own. Raises Error when that is not possible."""
        target = Path(path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        if target.is_dir():
            now = datetime.now(UTC)
            target /= f"faxline-{now:%Y%m%dT%H%M%S}-{os.getpid()}-{next(_file_numbers)}.jsonl"
            flags |= os.O_EXCL
        try:
            self._file = os.fdopen(os.open(target, flags, 0o600), "w", encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise Error(f"the trace cannot be written to {target}: {reason}") from error
        self.path = target
        self._lock = threading.Lock()
        self._put({"trace": "faxline", "version": version, "device": device, "opened": _now()})

    def record(self, record: TraceRecord) -> None:
        content: dict[str, object] = {"t": record.time_us, "at": "far" if record.station else "ours"}
        content["kind"] = record.kind
        if record.kind.startswith("frame-"):
            content["frame"] = record.data.hex()
        else:
            content["text"] = record.data.decode("latin-1")
        self._put(content)

    def event(self, event: Event) -> None:
        if name := _EVENT_NAMES.get(type(event)):
            fields = asdict(event)
            if fields.get("password"):
                fields["password"] = "(set)"
            self._put({"t": fields.pop("time_us"), "event": name, **fields})

    def note(self, time_us: int, **fields: object) -> None:
        self._put({"t": time_us, **fields})

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def _put(self, content: dict[str, object]) -> None:
        with self._lock:
            if self._file.closed:
                return
            try:
                self._file.write(json.dumps(content, ensure_ascii=False) + "\n")
                self._file.flush()
            except OSError as error:
                _log.error("the trace %s ends early: %s", self.path, error)
                with suppress(OSError):  # the disk is as full as before
                    self._file.close()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


# ---- reading ----


@dataclass(slots=True)
class TracedCall:
    """One call of a trace: its lines in order, and what can be told of it in a sentence."""

    lines: list[dict[str, Any]] = field(default_factory=list)

    def summary(self) -> str:
        """One sentence: number, result, cause, raw cause, pages, line time."""
        number = next((line["number"] for line in self.lines if line.get("order") == "dial"), None)
        calls = [line for line in self.lines if line.get("event") == "call"]
        faxes = [line for line in self.lines if line.get("event") == "fax-ended"]
        refused = [line for line in self.lines if line.get("order") == "fax-refused"]
        agreed = [line for line in self.lines if line.get("event") == "negotiated"]
        seconds = (self.lines[-1]["t"] - self.lines[0]["t"]) / 1e6 if self.lines else 0.0
        incoming = any(map(_rings, self.lines))
        subject = f"call to {number}" if number else "incoming call" if incoming else "no call"
        if faxes:
            last = faxes[-1]
            pages = "1 page" if last["pages"] == 1 else f"{last['pages']} pages"
            result = f"fax {last['cause']}{_because(last['raw_cause'])}, {pages} confirmed"
            if agreed:
                result += f", V.{agreed[-1]['modem']} {agreed[-1]['rate_bps']} bit/s {agreed[-1]['coding']}"
        elif refused:
            last = refused[-1]
            result = f"fax {last['cause']}{_because(last['raw_cause'], last['text'])}, nothing "
            result += "received" if incoming else "sent"
        elif calls and any(line["state"] == "ANSWERED" for line in calls):
            result = "answered, no fax ended"
        elif ended := [line for line in calls if line["state"] in ("IDLE", "ERROR")]:
            result = f"not answered, {ended[0]['cause']}{_because(ended[0]['raw_cause'])}, no fax"
        else:
            result = "nothing happened"
        return f"{subject}: {result}, {seconds:.3f} s of line time"


def _rings(line: dict[str, Any]) -> bool:
    return line.get("event") == "call" and line.get("state") == "RING_INCOMING"


def _begins_a_call(line: dict[str, Any]) -> bool:
    return line.get("order") == "dial" or _rings(line)


def _because(raw_cause: str | None, text: str = "") -> str:
    if not raw_cause:
        return ""
    row = RAW_CAUSES.get(raw_cause)
    text = text or (row.text if row else "")
    return f" ({raw_cause}: {text})" if text else f" ({raw_cause})"


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], list[TracedCall]]:
    """The header and the calls of a trace file. A last line that a kill cut short is left out.

    Raises Error when it is not a trace, OSError when it cannot be read.
    """
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = list(_objects(file))
    if not lines or lines[0].get("trace") != "faxline":
        raise Error(f"{os.fspath(path)} is not a trace of faxline")
    calls: list[TracedCall] = []
    for line in lines[1:]:
        if not calls or _begins_a_call(line):
            calls.append(TracedCall())
        calls[-1].lines.append(line)
    if len(calls) > 1 and not any(map(_begins_a_call, calls[0].lines)):
        calls[1].lines[:0] = calls.pop(0).lines  # what the modem said before the first call
    return lines[0], calls


def _objects(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for text in lines:
        try:
            content = json.loads(text)
        except ValueError:
            continue
        if isinstance(content, dict) and ("trace" in content or isinstance(content.get("t"), int)):
            yield content


# ---- for people ----


def render(path: str | os.PathLike[str]) -> Iterator[str]:
    """A trace file as lines of text: a sentence per call, and under it what happened, with the time in
    seconds.

    Raises like read().
    """
    header, calls = read(path)
    if not calls:
        yield f"{header.get('device')}: no call, nothing happened, 0.000 s of line time"
    for number, call in enumerate(calls):
        if number:
            yield ""
        yield call.summary()
        yield f"  {header.get('device')}, opened {header.get('opened')}, faxline {header.get('version')}"
        yield "     seconds  who"
        for line in call.lines:
            yield f"{line['t'] / 1e6:12.3f}  {_line_text(line)}"


def _value_text(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={item}" for name, item in value.items() if item != "")
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


_ARROWS = {"sent": "->", "received": "<-", "bad": "<x"}


def _line_text(line: dict[str, Any]) -> str:
    if "order" in line:
        rest = [f"{name} {_value_text(value)}" for name, value in line.items() if name not in ("t", "order")]
        return f"app      {line['order']}: {'; '.join(rest)}".rstrip(": ")
    if "event" in line:
        return f"event    {_event_text(line)}"
    who = "us " if line.get("at") == "ours" else "far"
    subject, _, direction = str(line.get("kind", "?")).partition("-")
    arrow = _ARROWS.get(direction, "  ")
    if "frame" in line:
        return f"{who} {arrow} {' '.join(_frame(line['frame']))}{'   (FCS wrong)' * (direction == 'bad')}"
    if subject in ("at", "data"):
        return f"{who} {arrow} {line.get('text', '')}"
    return f"{who}    [{subject}] {line.get('text', '')}"


def _frame(octets: str) -> Iterator[str]:
    try:
        frame = bytes.fromhex(octets)
    except ValueError:
        frame = b""
    yield f"{frame_name(frame):<4}"
    if meaning := frame_text(frame):
        yield f"{meaning} "
    yield f"[{octets}]"


def _event_text(line: dict[str, Any]) -> str:
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
