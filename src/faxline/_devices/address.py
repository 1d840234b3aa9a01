"""A device address in its parts, what a driver makes of it, and how the values of its options are read."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from faxline._engine.config import EngineConfig
from faxline._engine.tables import NUMBER_MAX
from faxline.errors import Error


@dataclass(frozen=True, slots=True)
class Address:
    """An address string in its parts, percent escapes resolved."""

    text: str
    """The address as it was given."""
    scheme: str
    rest: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Device:
    """What a driver makes of an address: how to open the engine."""

    address: str
    config: EngineConfig
    save: Path | None = None
    """Where the pages that a simulated far machine stores are written, as one TIFF per call."""
    incoming: Path | None = None
    """A document with which a simulated far machine calls, once the line waits for a call."""


Driver = Callable[[Address], Device]

Reader = Callable[[str], Any]
"""Makes a value of the text of an option. Raises ValueError with what the option takes."""

Options = Mapping[str, tuple[str, Reader]]
"""A driver's options by their names in an address: the field that each is for, and how it is read."""


def address_text(scheme: str, rest: str, options: Mapping[str, object]) -> str:
    """The address with these options; without those that are None."""
    query = "&".join(
        f"{name}={quote(os.fspath(value) if isinstance(value, os.PathLike) else str(value), safe='/@,=')}"
        for name, value in options.items()
        if value is not None
    )
    return f"{scheme}:{quote(rest)}" + (f"?{query}" if query else "")


def read_options(address: Address, options: Options) -> dict[str, Any]:
    """The values of an address by the fields that they are for. Raises Error for an option or a value that
    does not exist, naming those that do."""
    values = {}
    for name, text in address.options.items():
        if name not in options:
            raise Error(
                f"{address.text!r}: {address.scheme}: has no option {name!r}; there is "
                f"{', '.join(sorted(options))}"
            )
        into, read = options[name]
        try:
            values[into] = read(text)
        except ValueError as error:
            raise Error(f"{address.text!r}: {name}={text!r}: {error}") from None
    return values


# ---- readers ----


def one_of(choices: Iterable[str] | Mapping[str, Any]) -> Reader:
    """One of some names, or what it stands for."""
    known = choices if isinstance(choices, Mapping) else {name: name for name in choices}

    def read(text: str) -> Any:
        if text not in known:
            raise ValueError(f"there is {', '.join(known)}")
        return known[text]

    return read


def whole(low: int, high: int) -> Reader:
    """A whole number from low to high."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 20) or not low <= int(text) <= high:
            raise ValueError(f"it takes a whole number from {low} to {high}")
        return int(text)

    return read


def line_number(text: str) -> str:
    """A telephone number of a line; '' for none of its own."""
    if text and (not (text.isascii() and text.isdigit()) or len(text) > NUMBER_MAX):
        raise ValueError(f"{text!r} is no number of a line: up to {NUMBER_MAX} digits")
    return text


def number_of(address: Address) -> str:
    """The line number that an address begins with. Raises Error."""
    try:
        return line_number(address.rest)
    except ValueError as error:
        raise Error(f"{address.text!r}: {error}") from None


def new_file(text: str) -> Path:
    """A file that can be written there."""
    path = _file(text)
    if not path.parent.is_dir():
        raise ValueError("its directory does not exist")
    if not os.access(path.parent, os.W_OK):
        raise ValueError("its directory cannot be written")
    return path


def old_file(text: str) -> Path:
    """A file that can be read."""
    path = _file(text)
    if not os.access(path, os.R_OK):
        raise ValueError("it does not exist, or cannot be read")
    return path


def _file(text: str) -> Path:
    if not text or "\0" in text or Path(text).is_dir():
        raise ValueError("it names no file")
    return Path(text).absolute()
