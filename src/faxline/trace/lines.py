"""The lines of a trace file: which there are, and what each may hold. Whatever else stands in a file is left
out: a trace may come from anywhere, and what reads it must never stumble.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Line = dict[str, Any]

# A line of a page's image may be long; nothing else is.
LINE_MAX = 16 << 20
# Times and numbers beyond these are damage: a channel that is open for a hundred years.
TIME_MAX = 100 * 365 * 86400 * 10**6

_NUMBER, _TEXT, _FLAG = (int,), (str,), (bool,)
_OPTIONAL_TEXT = (str, type(None))

# Fields that must be there, by what the line is.
_RECORD: Mapping[str, tuple[type, ...]] = {"kind": _TEXT}
_PAGE: Mapping[str, tuple[type, ...]] = {
    "page": _NUMBER,
    "width_px": _NUMBER,
    "x_dpi": _NUMBER,
    "y_dpi": _NUMBER,
    "rows": _NUMBER,
    "code": _TEXT,
}
_EVENTS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "call": {"state": _TEXT, "cause": _TEXT, "raw_cause": _OPTIONAL_TEXT},
    "fax-started": {},
    "negotiated": {
        "modem": _NUMBER,
        "rate_bps": _NUMBER,
        "ecm": _FLAG,
        "coding": _TEXT,
        "width_px": _NUMBER,
        "x_dpi": _NUMBER,
        "y_dpi": _NUMBER,
        "min_scan_ms": _NUMBER,
        "remote_id": _TEXT,
    },
    "received": {},
    "page": {"pages": _NUMBER, "last": _FLAG},
    "fax-ended": {"cause": _TEXT, "raw_cause": _OPTIONAL_TEXT, "pages": _NUMBER},
}
_ORDERS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "dial": {"number": _TEXT},
    "fax-refused": {"cause": _TEXT, "raw_cause": _OPTIONAL_TEXT, "text": _TEXT},
}


def rings(line: Mapping[str, object]) -> bool:
    return line.get("event") == "call" and line.get("state") == "RING_INCOMING"


def begins_a_call(line: Mapping[str, object]) -> bool:
    return line.get("order") == "dial" or rings(line)


def _is_whole(line: Line) -> bool:
    time_us = line.get("t")
    if type(time_us) is not int or not 0 <= time_us <= TIME_MAX:
        return False
    if "order" in line:
        wanted = _ORDERS.get(line["order"], {}) if isinstance(line["order"], str) else None
    elif "event" in line:
        wanted = _EVENTS.get(line["event"]) if isinstance(line["event"], str) else None
    elif "page" in line:
        wanted = _PAGE
    else:
        wanted = _RECORD
        if line.get("at") not in ("ours", "far"):
            return False
        if not isinstance(line.get("frame" if "frame" in line else "text"), str):
            return False
    if wanted is None:
        return False
    return all(
        type(line.get(name)) in kinds and (kinds is not _NUMBER or abs(line[name]) < 1 << 40)
        for name, kinds in wanted.items()
    )


def _cleaned(value: Any) -> Any:
    """The same with nothing in its texts that a terminal or a file could stumble over."""
    if isinstance(value, str):
        return value if value.isprintable() else printable(value, len(value))
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(item) for name, item in value.items()}
    return [_cleaned(item) for item in value] if isinstance(value, list) else value


def parse(texts: Iterable[str]) -> Iterator[Line | None]:
    """The lines of a file as objects, its header first; None for each that is damaged."""
    for text in texts:
        try:
            content = json.loads(text) if len(text) <= LINE_MAX else None
            whole = isinstance(content, dict) and ("trace" in content or _is_whole(content))
            yield _cleaned(content) if whole else None
        except (ValueError, RecursionError):
            yield None


def octets_of(line: Line) -> bytes:
    """The frame of a line; b'' when it is damaged."""
    try:
        return bytes.fromhex(line["frame"])
    except ValueError:
        return b""


def printable(text: str, limit: int = 400) -> str:
    """A text as it may go to a terminal: no control characters, no end of it."""
    shown = "".join(
        character if character.isprintable() else f"\\x{ord(character):02x}" for character in text[:limit]
    )
    return shown + "..." * (len(text) > limit)
