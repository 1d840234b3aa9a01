"""faxline trace: a recorded call as text."""

import argparse
import sys
from typing import TYPE_CHECKING

from faxline.cli.status import USAGE
from faxline.errors import Error
from faxline.trace import render

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add(commands: "Commands") -> None:
    parser = commands.add_parser("trace", help="show a recorded call as text")
    parser.add_argument("file", metavar="FILE", help="a trace file, as faxline send --trace FILE writes it")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    try:
        for line in render(arguments.file):
            print(line)
    except BrokenPipeError:
        raise
    except (Error, OSError) as error:
        print(f"faxline: {error}", file=sys.stderr)
        return USAGE
    return 0
