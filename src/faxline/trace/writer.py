"""Writing traces, as the calls go: one file for all calls of a channel, or in a directory one for each."""

import base64
import itertools
import json
import os
import re
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from faxline._documents.pages import Page
from faxline._engine.engine import TraceRecord
from faxline._guarded import log
from faxline.errors import Error
from faxline.events import CallChanged, Event, FaxEnded, FaxStarted, Negotiated, PageConfirmed, PageReceived
from faxline.trace.lines import begins_a_call

_file_numbers = itertools.count(1)

# What the modem said when it was opened goes into the file of every call; so many lines of it at most.
_OPENING_LINES = 256
CALL_OCTETS_MAX = 64 << 20
"""Of what is recorded of one call: a hundred pages with their images take a tenth of it. Orders and events,
the result among them, are written behind that, too."""

_EVENT_NAMES: dict[type[Event], str] = {
    CallChanged: "call",
    FaxStarted: "fax-started",
    Negotiated: "negotiated",
    PageReceived: "received",
    PageConfirmed: "page",
    FaxEnded: "fax-ended",
}


class TraceWriter:
    """Writes the trace of one channel. Any thread."""

    def __init__(
        self, path: str | os.PathLike[str], device: str, version: str, *, pages: bool = False
    ) -> None:
        """Creates the file, readable by its owner only (it has numbers in it), or empties it. In a directory
        it makes a new file for every call; the first one is there at once, and takes the first call.

        pages: the pages' images are wanted, too. Raises Error when it cannot be written.
        """
        target = Path(path)
        self.pages = pages
        self._directory = target if target.is_dir() else None
        self._header: dict[str, object] = {"trace": "faxline", "version": version, "device": device}
        self._lock = threading.Lock()
        self._opening: list[dict[str, object]] = []
        self._opened = False
        """The modem was told to dial or to answer, or it rang: what it says is of a call now."""
        self._calls = 0
        self._began_us = 0
        self._octets = 0
        """Recorded of the latest call."""
        self._before: TextIO | None = None
        """The file of the call before: what is told late of it still goes there."""
        self.path: Path
        """The file of the latest call."""
        try:
            self.path, self._file = self._open(target)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise Error(f"the trace cannot be written to {target}: {reason}") from error

    def records(self, records: Iterable[TraceRecord]) -> None:
        """What the engine recorded."""
        for record in records:
            self.record(record)

    def record(self, record: TraceRecord) -> None:
        """The same for one."""
        content: dict[str, object] = {"t": record.time_us, "at": "far" if record.station else "ours"}
        content["kind"] = record.kind
        if record.kind.startswith("frame-"):
            content["frame"] = record.data.hex()
        else:
            content["text"] = record.data.decode("latin-1")
        self._put(content)

    def event(self, event: Event) -> None:
        """An event; those that no application sees are left out, and so is a password."""
        if name := _EVENT_NAMES.get(type(event)):
            fields = asdict(event)
            if fields.get("password"):
                fields["password"] = "(set)"
            self._put({"t": fields.pop("time_us"), "event": name, **fields})

    def note(self, time_us: int, **fields: object) -> None:
        """A line of the application's: an order."""
        self._put({"t": time_us, **fields})

    def page(self, time_us: int, page: Page) -> None:
        """The image of a page, in MMR: one that is about to be sent, or was received."""
        self._put(
            {
                "t": time_us,
                "page": page.number,
                "width_px": page.width_px,
                "x_dpi": page.x_dpi,
                "y_dpi": page.y_dpi,
                "rows": page.rows,
                "code": base64.b64encode(page.code).decode("ascii"),
            }
        )

    def close(self) -> None:
        """Nothing more is written."""
        with self._lock:
            self._file.close()
            if self._before is not None:
                self._before.close()

    # ---- under the lock ----

    def _put(self, content: dict[str, object]) -> None:
        with self._lock:
            if self._file.closed:
                return
            try:
                self._write(content)
            except OSError as error:
                log.error("the trace %s ends early: %s", self.path, error)
                with suppress(OSError):  # the disk is as full as before
                    self._file.close()

    def _write(self, content: dict[str, object]) -> None:
        if self._directory is not None:
            time_us = content["t"]
            assert isinstance(time_us, int)
            if begins_a_call(content):
                self._next_call(content, time_us)
            elif self._before is not None and time_us < self._began_us:
                _append(self._before, content)
                return
            elif self._is_opening(content):
                self._opening.append(content)
                del self._opening[_OPENING_LINES:]
        elif begins_a_call(content):
            self._octets = 0
        if "event" in content or "order" in content:
            _append(self._file, content)
        elif self._octets < CALL_OCTETS_MAX:
            self._octets += _append(self._file, content)
            if self._octets >= CALL_OCTETS_MAX:
                text = f"the trace of this call is cut here: it has {CALL_OCTETS_MAX >> 20} MiB"
                _append(self._file, {"t": content["t"], "at": "ours", "kind": "note", "text": text})

    def _is_opening(self, content: dict[str, object]) -> bool:
        """Whether the modem says it because it was opened. The first call may be ordered before it is."""
        text = str(content.get("text", ""))
        if content.get("kind") in ("at-sent", "at-received") and text.startswith(("ATD", "ATA", "RING")):
            self._opened = True
        return not self._opened and "kind" in content

    def _next_call(self, content: dict[str, object], time_us: int) -> None:
        self._calls += 1
        self._began_us = time_us
        self._octets = 0
        if self._calls > 1:
            assert self._directory is not None
            path, file = self._open(self._directory)
            if self._before is not None:
                self._before.close()
            self._before, self.path, self._file = self._file, path, file
            for line in self._opening:
                _append(file, line)
        number = re.sub(r"[^0-9]", "", str(content.get("number", "")))
        named = self.path.with_name(f"{self.path.stem}-{f'to-{number}' if number else 'incoming'}.jsonl")
        with suppress(OSError):  # the name is for the eye
            self.path = self.path.rename(named)

    def _open(self, target: Path) -> tuple[Path, TextIO]:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        now = datetime.now(UTC)
        if self._directory is not None:
            target = target / f"faxline-{now:%Y%m%dT%H%M%S}-{os.getpid()}-{next(_file_numbers)}.jsonl"
            flags |= os.O_EXCL
        file = os.fdopen(os.open(target, flags, 0o600), "w", encoding="utf-8", errors="backslashreplace")
        # Every file of a channel has the moment at which its clock read 0.
        self._header.setdefault("opened", now.isoformat(timespec="milliseconds"))
        with suppress(OSError):  # a full disk is told of at the next line
            _append(file, self._header)
        return target, file


def _append(file: TextIO, content: dict[str, object]) -> int:
    # A file name may be no UTF-8: what cannot be written becomes an escape, which JSON has, too.
    written = file.write(json.dumps(content, ensure_ascii=False) + "\n")
    file.flush()
    return written
