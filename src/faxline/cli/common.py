"""What the commands share: device and option arguments, complaints, SIGTERM."""

import argparse
import os
import sys
from types import FrameType
from typing import NoReturn

from faxline.cli import status

DEVICE_VARIABLE = "FAXLINE_DEVICE"
NO_DEVICE = f"no device: name one with --device (as in --device sim:) or {DEVICE_VARIABLE}"


def device_of(arguments: argparse.Namespace) -> str:
    """The device's address, '' when none is named."""
    return str(arguments.device or os.environ.get(DEVICE_VARIABLE, ""))


def option(text: str) -> tuple[str, str]:
    """NAME=VALUE, for argparse."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def complain(text: str) -> int:
    """Says on stderr what is wrong, and returns the exit status for it."""
    print(f"faxline: {text}", file=sys.stderr)
    return status.USAGE


class Terminated(BaseException):
    """SIGTERM: hang up, like Ctrl-C, and say so in the exit status."""


def terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    """A signal handler."""
    raise Terminated
