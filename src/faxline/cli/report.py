"""How a command tells people or programs what happens: lines on stdout, JSON on stdout, or, for people who
look on, one live line on stderr."""

import json
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.progress import TaskID


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


class Report:
    """Tells what happens. A context manager: the live line ends with it."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self._json = as_json
        self._quiet = quiet and not as_json
        self._live = not as_json and not quiet and sys.stderr.isatty()
        self._display: _Live | None = None

    def event(self, event: str, text: str, /, **fields: Any) -> None:
        """Something happened: `text` for people, `fields` for programs (schema.py has them)."""
        if self._json:
            print(json.dumps({"event": event, **fields}), flush=True)
        elif self._live:
            if self._display is None:
                self._display = _Live()
            self._display.event(event, text, fields)
        elif not self._quiet:
            print(text, flush=True)

    def line(self, event: str, text: str, /, **fields: Any) -> None:
        """The same for what has to stay on the screen: a result, a warning."""
        if self._display is not None:
            self._display.close()
            self._display = None
        if self._json:
            print(json.dumps({"event": event, **fields}), flush=True)
        elif not self._quiet:
            print(text, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._display is not None:
            self._display.close()


class _Live:
    """One line on stderr: what goes on, pages, rate, how long it has taken, how long it will."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress: Progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[pages]}", markup=False),
            TextColumn("{task.fields[how]}", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: TaskID = self._progress.add_task("", total=None, pages="", how="", left="")
        self._began = 0.0
        self._progress.start()

    def event(self, event: str, text: str, fields: dict[str, Any]) -> None:
        update: dict[str, Any] = {"description": text}
        if event == "calling":
            update |= {"pages": "", "how": "", "left": "", "total": None, "completed": 0}
        if event == "negotiated":
            self._began = time.monotonic()
            who, _, how = text.partition(": ")
            update |= {"description": who, "how": how}
        if event in ("negotiated", "page") and fields.get("total"):
            done, total = fields.get("pages", 0), fields["total"]
            update |= {"completed": done, "total": total, "pages": f"{done} of {plural(total, 'page')}"}
            update["left"] = self._left(done, total)
        if event == "page":
            del update["description"]
        self._progress.update(self._task, refresh=True, **update)

    def _left(self, done: int, total: int) -> str:
        """By what the pages have taken so far; nothing is known before the first."""
        if not done or done >= total:
            return ""
        seconds = round((time.monotonic() - self._began) / done * (total - done))
        return f"{seconds // 60}:{seconds % 60:02} left"

    def close(self) -> None:
        self._progress.stop()
