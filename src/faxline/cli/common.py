"""What the commands share: the device and where its settings come from, signals, complaints."""

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn, TypeVar

import click

from faxline import options
from faxline.causes import FaxCause
from faxline.cli import COMMANDS, complete, status
from faxline.cli.config import CONFIG_VARIABLE, DEVICE_VARIABLE, Config, ConfigError, load
from faxline.errors import Error, Hangup

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def pairs(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """NAME=VALUE as pairs: a click callback."""
    found = []
    for value in values:
        name, equals, given = value.partition("=")
        if not equals:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE", context, parameter)
        found.append((name, given))
    return tuple(found)


# ---- the configuration ----


def configuration() -> Config:
    """What the configuration file of the running command says."""
    found = click.get_current_context().meta.get(complete.CONFIG)
    return found if isinstance(found, Config) else Config()


def _load(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Reads the file before any other option is looked at, for the defaults that it has for them."""
    try:
        config = load(value or None, COMMANDS)
        context.default_map = _defaults(context, config)
    except ConfigError as error:
        if context.resilient_parsing:  # in the middle of a completion
            return
        raise click.UsageError(str(error), context) from None
    context.meta[complete.CONFIG] = config


_NOT_IN_A_FILE = ("config", "device", "option", "help")


def _defaults(context: click.Context, config: Config) -> dict[str, Any]:
    """The command's table, by the names of its parameters."""
    command = context.info_name or ""
    known = {
        flag.removeprefix("--"): parameter.name
        for parameter in context.command.params
        for flag in parameter.opts
        if flag.startswith("--") and flag.removeprefix("--") not in _NOT_IN_A_FILE
    }
    defaults = {}
    for key, value in config.commands.get(command, {}).items():
        name = known.get(key.replace("_", "-"))
        if name is None:
            raise ConfigError(f"{config.path}: {command}.{key}: unknown; there is {', '.join(known)}")
        defaults[name] = value
    return defaults


def device_option(command: Decorated) -> Decorated:
    """--device and --config; the command gets `device`, an address, '' when none is named."""

    @functools.wraps(command)
    def with_device(*arguments: Any, **keywords: Any) -> Any:
        try:
            keywords["device"] = configuration().device(keywords["device"] or "")
        except ConfigError as error:
            raise click.UsageError(str(error)) from None
        return command(*arguments, **keywords)

    decorated = click.option(
        "--device",
        metavar="D",
        envvar=DEVICE_VARIABLE,
        shell_complete=complete.devices,
        help=f"The device's address, such as sim:, or a line of the configuration file. [{DEVICE_VARIABLE}]",
    )(with_device)
    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        envvar=CONFIG_VARIABLE,
        is_eager=True,
        expose_value=False,
        callback=_load,
        help=f"The configuration file (default: ~/.config/faxline/config.toml). [{CONFIG_VARIABLE}]",
    )(decorated)  # type: ignore[return-value]


def fax_options(command: Decorated) -> Decorated:
    """--option NAME=VALUE; the command gets `fax_options`, pairs: what file, line, environment and command
    line say, the nearer over the farther. With device_option."""

    @functools.wraps(command)
    def with_options(*arguments: Any, **keywords: Any) -> Any:
        named = click.get_current_context().params.get("device") or ""
        merged = configuration().fax_options(named, os.environ, dict(keywords["fax_options"]))
        keywords["fax_options"] = tuple(merged.items())
        return command(*arguments, **keywords)

    return click.option(
        "--option",
        "fax_options",
        metavar="NAME=VALUE",
        multiple=True,
        callback=pairs,
        shell_complete=complete.fax_options,
        help=f"A fax option, any number of times: {', '.join(options.OPTIONS)}.",
    )(with_options)  # type: ignore[return-value]


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object per event (docs/cli.md).")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Say nothing but what goes wrong.")


# ---- signals ----


class Terminated(BaseException):
    """SIGTERM: hang up, like Ctrl-C, and say so in the exit status."""


@contextmanager
def polite_signals() -> Iterator[None]:
    """The first Ctrl-C or SIGTERM raises KeyboardInterrupt or Terminated, so that the call is ended
    politely; a second one quits at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    count = 0

    def handle(number: int, _frame: FrameType | None) -> NoReturn:
        nonlocal count
        count += 1
        if count > 1:
            with suppress(OSError):
                os.write(2, b"faxline: quit; the call may not have ended yet\n")
            os._exit(status.INTERRUPTED if number == signal.SIGINT else status.TERMINATED)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise Terminated

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def politely(command: Decorated) -> Decorated:
    """Around a command that opens devices: signals end it politely, Error and Hangup are complained of, and
    each gives its exit status."""

    @functools.wraps(command)
    def guarded(*arguments: Any, **keywords: Any) -> Any:
        try:
            with polite_signals():
                return command(*arguments, **keywords)
        except (Error, Hangup) as error:
            return complain(str(error))
        except KeyboardInterrupt:
            return status.INTERRUPTED
        except Terminated:
            return status.TERMINATED

    return guarded  # type: ignore[return-value]


# ---- complaints ----


def complain(text: str) -> int:
    """Says on stderr what is wrong, and returns the exit status for it."""
    print(f"faxline: {text}", file=sys.stderr)
    return status.USAGE


def refused(given: Mapping[str, object], *, receiving: bool = False) -> options.Checked | None:
    """Complains of fax options that are refused, and returns the check; None when they are good."""
    checked = options.check(given, receiving=receiving)
    if checked.cause is FaxCause.NONE:
        return None
    complain(checked.text)
    return checked
