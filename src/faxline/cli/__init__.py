"""The command line: faxline COMMAND. Everything it does is a call in the package."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from faxline import __version__
from faxline.cli import receive, send, trace
from faxline.cli.status import USAGE


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status; SystemExit for --help and usage errors."""
    parser = _Parser(prog="faxline", description="Fax on your own telephone hardware.")
    parser.add_argument("--version", action="version", version=f"faxline {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (send, receive, trace):
        command.add(commands)
    parsed = parser.parse_args(arguments)
    try:
        status = int(parsed.run(parsed))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (head, less) has seen enough.
        sys.stdout = None
        return 0
    return status
