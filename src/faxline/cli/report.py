"""How a command tells people or programs what happens: lines on stdout, JSON on stdout, or, for people who
look on, one live line on stderr."""

import json
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.progress import ProgressColumn, Task, TaskID
    from rich.text import Text


_WIDE, _NARROW = 100, 80  # columns of a screen from which the bar, and the rate, are shown


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


class Report:
    """Tells what happens. A context manager: the live line ends with it."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self._json = as_json
        self._quiet = quiet and not as_json
        self._live = not as_json and not quiet and sys.stderr.isatty()
        self._display: _Live | None = None

    def event(self, event: str, text: str, /, *, left_s: float | None = None, **fields: Any) -> None:
        """Something happened: `text` for people, `fields` for programs (schema.py has them). left_s: so long,
        perhaps, until the end."""
        if self._json:
            print(json.dumps({"event": event, **fields}), flush=True)
        elif self._live:
            if self._display is None:
                self._display = _Live()
            self._display.event(event, text, fields, left_s)
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
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        console = Console(stderr=True)

        def text(field: str) -> TextColumn:
            return TextColumn(f"{{task.{field}}}", markup=False, table_column=Column(no_wrap=True))

        # On a narrow screen the times stay, and of the rest what there is room for.
        columns: list[ProgressColumn] = [text("description")]
        if console.width >= _WIDE:
            columns.append(BarColumn(bar_width=20))
        columns.append(text("fields[pages]"))
        if console.width >= _NARROW:
            columns.append(text("fields[how]"))
        columns.append(_time_column())
        self._progress: Progress = Progress(*columns, console=console, transient=True)
        self._task: TaskID = self._progress.add_task("", total=None, pages="", how="", ends=None)
        self._progress.start()

    def event(self, event: str, text: str, fields: dict[str, Any], left_s: float | None) -> None:
        update: dict[str, Any] = {"description": text}
        update["ends"] = None if left_s is None else time.monotonic() + left_s
        if event == "calling":
            update |= {"pages": "", "how": "", "total": None, "completed": 0}
        if event == "negotiated":
            who, _, how = text.partition(": ")
            update |= {"description": who, "how": how}
        if event in ("negotiated", "page") and fields.get("total"):
            done, total = fields.get("pages", 0), fields["total"]
            update |= {"completed": done, "total": total, "pages": f"{done} of {plural(total, 'page')}"}
        if event == "page":
            del update["description"]
        self._progress.update(self._task, refresh=True, **update)

    def close(self) -> None:
        self._progress.stop()


def _time_column() -> "ProgressColumn":
    """How long it has taken; and how long it will, counted down between the events."""
    from rich.progress import ProgressColumn
    from rich.table import Column
    from rich.text import Text

    class Time(ProgressColumn):
        def render(self, task: "Task") -> "Text":
            taken = _clock(task.elapsed or 0)
            if task.fields["ends"] is None:
                return Text(taken)
            return Text(f"{taken}, {_clock(task.fields['ends'] - time.monotonic())} left")

    return Time(table_column=Column(no_wrap=True, min_width=len("0:00, 0:00 left  ")))


def _clock(seconds: float) -> str:
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02}"
