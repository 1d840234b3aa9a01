"""The pump: one daemon thread per channel that carries the engine's events up.

It delivers, it never drives: the engine has a thread of its own in C, so a busy interpreter delays news of
the line, not the line. A daemon, because a waiting pump must not keep the interpreter alive; line.py
closes open lines at exit.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from faxline._engine.engine import Engine, EngineClosed
from faxline._lines.far_pages import FarPages
from faxline.events import FarPageStored, FaxEnded, PageReceived

if TYPE_CHECKING:
    from faxline._lines.line import Line

# With a trace, look for records at least this often, so that a kill loses little of it.
TRACE_INTERVAL_MS = 50


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
                event = engine.wait(-1 if line.trace is None else TRACE_INTERVAL_MS)
                if line.trace is not None:
                    line.trace.records(engine.take_trace())
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
        except EngineClosed:
            if line.trace is not None:
                line.trace.records(engine.take_trace())
        except Exception:
            # Whatever it was, nobody must wait for ever for a pump that is gone.
            line.logger.exception("%s: internal fault in the pump", line.device.address)
        finally:
            line.engine_closed()
            self._far_pages.close()
            line.free_engine()

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
