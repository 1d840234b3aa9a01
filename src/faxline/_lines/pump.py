"""The pump: one daemon thread per channel that carries the engine's events up.

It delivers, it never drives: the engine has a thread of its own in C, so a busy interpreter delays news of
the line, not the line. A daemon, because a waiting pump must not keep the interpreter alive; channel.py
closes open channels at exit.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from faxline._documents.tiff import TiffWriter
from faxline._engine.engine import Engine, EngineClosed
from faxline.events import FarPageStored, FaxEnded, PageReceived

if TYPE_CHECKING:
    from faxline._lines.line import Line

# With a trace, look for records at least this often, so that a kill loses little of it.
_TRACE_INTERVAL_MS = 50


class FarPages:
    """The TIFF in which a simulated far machine keeps the pages of its latest call. By one thread."""

    def __init__(self, path: Path | None, line: str, logger: logging.Logger) -> None:
        """path: None keeps nothing. line: what the log calls it."""
        self._path, self._line, self._logger = path, line, logger
        self._writer: TiffWriter | None = None

    def take(self, engine: Engine) -> None:
        """Writes the page that a FarPageStored told of."""
        page = engine.take_far_page()
        if page is None or self._path is None:
            return
        try:
            if self._writer is None or page.number == 1:
                self.close()
                self._writer = TiffWriter(self._path)
            self._writer.add_page(
                page.code, page.width_px, page.rows, page.x_dpi, page.y_dpi, description=page.remote_id
            )
        except (OSError, ValueError) as error:
            self._logger.error("%s: page %d is not saved: %s", self._line, page.number, error)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class Pump(threading.Thread):
    """Takes events from the engine and applies them to the line, in order."""

    def __init__(self, line: Line) -> None:
        super().__init__(name=f"faxline {line.device.address}", daemon=True)
        self._line = line
        device = line.device
        self._far_pages = FarPages(device.save, device.address, line.logger)

    def run(self) -> None:
        line, engine = self._line, self._line.engine
        assert engine is not None
        try:
            while True:
                event = engine.wait(-1 if line.trace is None else _TRACE_INTERVAL_MS)
                self._drain_trace(engine)
                if event is None:
                    continue
                if isinstance(event, FarPageStored):
                    # Before the event counts as seen: in virtual time the file is complete when a wait ends.
                    self._far_pages.take(engine)
                elif line.trace is not None:
                    line.trace.event(event)
                if isinstance(event, PageReceived):
                    self._store_page(engine)
                if isinstance(event, FaxEnded):
                    self._finish_job()
                with line.changed:
                    line.apply(event)
                    line.wake()
        except EngineClosed:
            self._drain_trace(engine)
        except Exception:
            # Whatever it was, nobody must wait for ever for a pump that is gone.
            line.logger.exception("%s: internal fault in the pump", line.device.address)
        finally:
            line.engine_closed()
            self._far_pages.close()
            line.free_engine()

    def _drain_trace(self, engine: Engine) -> None:
        if self._line.trace is not None:
            for record in engine.take_trace():
                self._line.trace.record(record)

    def _store_page(self, engine: Engine) -> None:
        """Has the page stored before the event counts as seen, and only then confirmed to the sender."""
        line = self._line
        good = False
        try:
            page = engine.take_page()
            if line.trace is not None and line.trace.pages and page is not None:
                line.trace.page(engine.now_us(), page)
            with line.changed:
                job = line.job
            good = page is not None and job is not None and job.store(page)
        except Exception:
            line.logger.exception("%s: internal fault while a page was stored", line.device.address)
        finally:
            engine.page_stored(good)

    def _finish_job(self) -> None:
        """Has the job put its files in order before anybody hears that it is over."""
        line = self._line
        with line.changed:
            job = line.job
        try:
            if job is not None:
                job.finish()
        except Exception:
            line.logger.exception("%s: internal fault while a fax was finished", line.device.address)
