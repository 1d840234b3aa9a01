"""The configuration file: TOML at $XDG_CONFIG_HOME/faxline/config.toml (~/.config/faxline/config.toml), or
where --config or FAXLINE_CONFIG says.

    line = "office"                     # the line that is used when none is named

    [lines.office]
    device = "class1:/dev/serial/by-id/usb-..."
    subscriber_id = "+1 555 0100"
    header_line = "{date} {time}  {id}  page {page} of {pages}"
    options = { ECM = "YES" }           # fax options of this line

    [options]                           # fax options of every line
    MaxDataRate = 9600

    [numbers]                           # names for far ends: faxline send taxoffice letter.tif
    taxoffice = "+1 555 0123"

    [send]                              # defaults of a command's options
    retries = 3

What is said nearer to the call wins: option, environment variable, line, file.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faxline import options
from faxline.causes import FaxCause

CONFIG_VARIABLE = "FAXLINE_CONFIG"
DEVICE_VARIABLE = "FAXLINE_DEVICE"
OPTION_VARIABLE = "FAXLINE_OPTION_"
"""And the name of a fax option: FAXLINE_OPTION_ECM."""

_SIZE_MAX = 1 << 20

# Keys of a line that are fax options by another name.
_LINE_OPTIONS = {"subscriber_id": "SubscriberId", "header_line": "HeaderLine"}


class ConfigError(Exception):
    """The file is not one, or says something that is not understood; the message names file and key."""


@dataclass(frozen=True, slots=True)
class LineConfig:
    """A line of the file."""

    device: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """What the file says."""

    path: Path | None = None
    line: str = ""
    """The default one; '' when none is named."""
    lines: Mapping[str, LineConfig] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Defaults by command, by the long name of an option."""

    def device(self, named: str) -> str:
        """The address of a device that is named by its address or as a line; '' is the default line's. Raises
        ConfigError for a line that the file does not have."""
        name = named or self.line
        if not name or ":" in name:
            return name
        if name not in self.lines:
            raise ConfigError(f"{name!r} is neither an address{_address_like(name)}, nor {self._its_lines()}")
        return self.lines[name].device

    def why_no_device(self) -> str:
        """When none is named: what to name."""
        if self.lines:
            return (
                f"no device: {self.path} has the lines {', '.join(self.lines)}: choose one with --device or "
                f"{DEVICE_VARIABLE}, or with line = ... in it"
            )
        where = f"--device (as in --device sim:), {DEVICE_VARIABLE} or a configuration file"
        return f"no device: name one with {where}"

    def _its_lines(self) -> str:
        if self.path is None:
            return "a line of a configuration file: there is none"
        return f"a line of {self.path}: {', '.join(self.lines) or 'it has none'}"

    def fax_options(
        self, named: str, environment: Mapping[str, str], given: Mapping[str, str]
    ) -> dict[str, str]:
        """The fax options: those of the file, over them the line's, the environment's, the given ones."""
        name = named or self.line
        of_line = self.lines[name].options if name in self.lines else {}
        of_environment = {
            variable.removeprefix(OPTION_VARIABLE): value
            for variable, value in environment.items()
            if variable.startswith(OPTION_VARIABLE)
        }
        return {**self.options, **of_line, **of_environment, **given}

    def number(self, named: str) -> str:
        """The number of a far end that has a name."""
        return self.numbers.get(named, named)


def _address_like(name: str) -> str:
    """What was perhaps meant."""
    if name.startswith("/"):
        return f" (as in 'class1:{name}')"
    return f" (as in '{name}:')" if name in ("sim", "soft") else " (as in 'sim:')"


def default_path(environment: Mapping[str, str]) -> Path:
    home = environment.get("XDG_CONFIG_HOME", "")
    base = Path(home) if os.path.isabs(home) else Path.home() / ".config"
    return base / "faxline" / "config.toml"


def load(path: str | os.PathLike[str] | None, commands: Mapping[str, Any]) -> Config:
    """Reads a file; None: the default one, which need not exist. commands: the names that tables may have.

    Raises ConfigError.
    """
    file = default_path(os.environ) if path is None else Path(path)
    try:
        with open(file, "rb") as opened:
            content = opened.read(_SIZE_MAX + 1)
    except FileNotFoundError:
        if path is None:
            return Config()
        raise ConfigError(f"{file}: no such file") from None
    except (OSError, ValueError) as error:
        if path is None and (isinstance(error, NotADirectoryError) or not os.access(file.parent, os.X_OK)):
            return Config()  # HOME is none, or another user's, as under sudo
        raise ConfigError(f"{file}: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > _SIZE_MAX:
        raise ConfigError(f"{file}: longer than {_SIZE_MAX} octets")
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{file}: {error}") from None
    return _Reader(file).config(table, commands)


class _Reader:
    """Checks what is in a table; every complaint names the file and the key."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def config(self, table: Mapping[str, Any], commands: Mapping[str, Any]) -> Config:
        self._known(table, "", ("line", "lines", "options", "numbers", *commands))
        lines = {
            name: self._line(f"lines.{name}", self._table(line, f"lines.{name}"))
            for name, line in self._table(table.get("lines", {}), "lines").items()
        }
        line = self._text(table.get("line", next(iter(lines)) if len(lines) == 1 else ""), "line")
        if line and ":" not in line and line not in lines:
            raise self._wrong("line", f"there is no line {line!r}: {', '.join(lines) or 'none'}")
        numbers = self._table(table.get("numbers", {}), "numbers")
        return Config(
            self._path,
            line,
            lines,
            self._options(table.get("options", {}), "options"),
            {name: self._text(number, f"numbers.{name}") for name, number in numbers.items()},
            {name: self._command(table[name], name) for name in commands if name in table},
        )

    def _line(self, key: str, table: Mapping[str, Any]) -> LineConfig:
        self._known(table, f"{key}.", ("device", "options", *_LINE_OPTIONS))
        if "device" not in table:
            raise self._wrong(key, "a line needs a device, as in device = 'sim:'")
        device = self._text(table["device"], f"{key}.device")
        if ":" not in device:
            raise self._wrong(f"{key}.device", f"{device!r} is no address, as in 'sim:'")
        given = dict(self._table(table.get("options", {}), f"{key}.options"))
        for name, option in _LINE_OPTIONS.items():
            if name in table and option in given:
                raise self._wrong(f"{key}.{name}", f"options.{option} says the same")
            if name in table:
                given[option] = table[name]
        return LineConfig(device, self._options(given, f"{key}.options"))

    def _options(self, value: object, key: str) -> dict[str, str]:
        """Fax options; whether they go together is seen when all are known."""
        given = self._table(value, key)
        checked = options.check(given)
        if checked.cause in (FaxCause.UNKNOWN_OPTION, FaxCause.UNKNOWN_VALUE):
            raise self._wrong(key, checked.text)
        found = {name: options.OPTIONS[name].check(content) for name, content in given.items()}
        return {name: text for name, text in found.items() if text is not None}

    def _command(self, value: object, key: str) -> dict[str, Any]:
        table = self._table(value, key)
        for name, content in table.items():
            plain = content if isinstance(content, list) else [content]
            if not all(isinstance(item, (str, int, float)) for item in plain):
                raise self._wrong(f"{key}.{name}", "takes a text, a number, true, false, or a list of these")
        return dict(table)

    def _table(self, value: object, key: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self._wrong(key, "is a table")
        return value

    def _text(self, value: object, key: str) -> str:
        if not isinstance(value, str):
            raise self._wrong(key, "has to be a text, in quotes")
        return value

    def _known(self, table: Mapping[str, Any], prefix: str, names: tuple[str, ...]) -> None:
        for name in table:
            if name not in names:
                raise self._wrong(f"{prefix}{name}", f"unknown; there is {', '.join(names)}")

    def _wrong(self, key: str, text: str) -> ConfigError:
        return ConfigError(f"{self._path}: {key}: {text}")
