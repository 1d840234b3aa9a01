"""What the commands share: options that several of them have, complaints, SIGTERM."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn, TypeVar

import click

from faxline import options
from faxline.cli import status

DEVICE_VARIABLE = "FAXLINE_DEVICE"
NO_DEVICE = f"no device: name one with --device (as in --device sim:) or {DEVICE_VARIABLE}"

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


def device_option(command: Decorated) -> Decorated:
    """--device, as the parameter `device`: '' when none is named."""
    return click.option(
        "--device",
        metavar="D",
        default="",
        envvar=DEVICE_VARIABLE,
        help=f"The device's address, such as sim: (default: {DEVICE_VARIABLE}).",
    )(command)


def fax_options(command: Decorated) -> Decorated:
    """--option NAME=VALUE, as the parameter `fax_options`: pairs."""
    return click.option(
        "--option",
        "fax_options",
        metavar="NAME=VALUE",
        multiple=True,
        callback=pairs,
        help=f"A fax option, any number of times: {', '.join(options.OPTIONS)}.",
    )(command)


def complain(text: str) -> int:
    """Says on stderr what is wrong, and returns the exit status for it."""
    print(f"faxline: {text}", file=sys.stderr)
    return status.USAGE


class Terminated(BaseException):
    """SIGTERM: hang up, like Ctrl-C, and say so in the exit status."""


def terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    """A signal handler."""
    raise Terminated
