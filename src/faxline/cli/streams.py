"""stdout and stderr of a command. Closed, full, or read by somebody who leaves (head), they end no fax, and
change no exit status that says what became of one."""

import errno
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Output(io.FileIO):
    """Takes all that is written. What the file does not take is lost, and so is what comes after it."""

    fault: OSError | None = None
    """Why it did not."""

    def write(self, octets: "ReadableBuffer", /) -> int:
        """All of it, as far as anybody can tell."""
        rest = memoryview(octets).cast("B")
        size = len(rest)
        try:
            while rest and self.fault is None:
                written = super().write(rest)
                if written is None:  # whoever made it does not want to be waited for; we wait all the same
                    select.select((), (self,), ())
                rest = rest[written or 0 :]
        except OSError as error:
            self.fault = error
            if self.full and self.fileno() == 1:
                print(f"faxline: the output cannot be written: {error.strerror}", file=sys.stderr)
        return size

    @property
    def full(self) -> bool:
        """Something is wrong with it; a reader who has seen enough is nothing wrong."""
        return self.fault is not None and self.fault.errno != errno.EPIPE


@contextmanager
def patient() -> Iterator[Output | None]:
    """The process's stdout and stderr, as outputs; gives stdout's, or None where something else takes its
    place (a test). A descriptor that was closed leads nowhere: no file of ours may take its number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free: this one
    before = sys.stdout, sys.stderr
    output = None
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(Output(2, "w", closefd=False), before[1], line_buffering=True)
    if sys.stdout is sys.__stdout__:
        output = Output(1, "w", closefd=False)
        sys.stdout = _text(output, before[0])
    try:
        yield output
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


def _text(output: Output, before: TextIO | None, line_buffering: bool = False) -> io.TextIOWrapper:
    """Written as the stream before it was; one that was closed is None."""
    return io.TextIOWrapper(
        io.BufferedWriter(output),
        encoding=before.encoding if before is not None else "utf-8",
        errors=before.errors if before is not None else "backslashreplace",
        line_buffering=line_buffering or output.isatty(),
    )
