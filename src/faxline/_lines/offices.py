"""The offices of lines: which of them share a clock.

Simulated lines with a number of their own share one office per pace in this process, and can call each other;
a line without one is alone with its far machines. Other lines share one when their config names the same. An
office lives as long as its last line, so that its time begins anew.
"""

import os
import threading

from faxline._engine.config import EngineConfig
from faxline._engine.engine import Office
from faxline.errors import Error

_Pace = tuple[bool, int, str]

_lock = threading.Lock()
_numbers: set[str] = set()
_offices: dict[_Pace, Office] = {}
_lines: dict[_Pace, int] = {}


def _forget() -> None:
    """A child has its parent's lines neither to call nor to collide with."""
    global _lock
    _lock = threading.Lock()
    _numbers.clear()
    _offices.clear()
    _lines.clear()


os.register_at_fork(after_in_child=_forget)


class Seat:
    """A line's place in an office. Any thread."""

    def __init__(self, config: EngineConfig) -> None:
        """Raises Error when another line of this process has the number."""
        self._number = config.number
        self._pace = (config.real_pace, config.speed if config.real_pace else 1, config.office)
        self._left = self._freed = False
        self.office: Office | None = None
        if not self._number and not config.office:
            return
        with _lock:
            if self._number and self._number in _numbers:
                raise Error(f"sim:{self._number} is open already in this process")
            self.office = _offices.get(self._pace) or Office()
            _offices[self._pace] = self.office
            _lines[self._pace] = _lines.get(self._pace, 0) + 1
            _numbers.add(self._number)

    def leave(self) -> None:
        """The engine is closed: the number is free."""
        with _lock:
            if self.office is not None and not self._left:
                _numbers.discard(self._number)
            self._left = True

    def free(self) -> None:
        """The engine is freed: the last one takes the office along."""
        self.leave()
        with _lock:
            if self.office is None or self._freed:
                return
            self._freed = True
            _lines[self._pace] -= 1
            if _lines[self._pace] == 0:
                del _lines[self._pace]
                _offices.pop(self._pace).close()
