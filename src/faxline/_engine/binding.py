"""The compiled engine, and how its texts and tables are read. Only the modules of this room import it."""

from collections.abc import Callable, Iterator
from typing import Any

from faxline._faxline import ffi, lib

__all__ = ["ffi", "lib", "names", "text_of"]


def text_of(pointer: Any) -> str:
    """A text of C."""
    value = ffi.string(pointer)
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def names(name: Callable[[int], Any]) -> Iterator[str]:
    """The rows of one of the engine's tables; behind the last there is NULL or ''."""
    index = 0
    while (pointer := name(index)) and (row := text_of(pointer)):
        yield row
        index += 1
