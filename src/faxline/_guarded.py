"""Code of the user's that our threads enter: logging handlers, and hooks. What it raises harms nothing but
itself."""

import logging
import sys
import threading
import traceback
from contextlib import suppress


class GuardedLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger whose handlers and filters may raise: that is told on stderr, as logging itself tells of an
    OSError in a handler of its own, and the line goes on. Also SystemExit and the like (pytest.fail() is
    one), which on a thread of ours would end the channel; the main thread's pass, since a signal raises
    them there."""

    def log(self, level: int, msg: object, *args: object, **kwargs: object) -> None:
        """As logging.Logger.log()."""
        try:
            # One frame more: the record names who logged, not this file.
            stacklevel = kwargs.pop("stacklevel", 1)
            assert isinstance(stacklevel, int)
            super().log(level, msg, *args, stacklevel=stacklevel + 1, **kwargs)  # type: ignore[arg-type]
        except BaseException as error:
            if not isinstance(error, Exception) and threading.current_thread() is threading.main_thread():
                raise
            tell("a logging handler raised")


log = GuardedLogger(logging.getLogger("faxline"), {})
"""For what has no channel with a logger of its own."""


def tell(what: str) -> None:
    """The exception that is being handled, with a line before it, on stderr."""
    with suppress(Exception):  # stderr may be closed, or the user's, too
        print(f"faxline: {what}:\n{traceback.format_exc()}", end="", file=sys.stderr)
