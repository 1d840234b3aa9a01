"""The command line: faxline COMMAND. Everything it does is a call in the package.

One module per command: faxline.cli.NAME holds a click command named `command`. It is imported when the
command runs, and COMMANDS says here what it does, so that `faxline --help` need not import them all.
"""

import importlib
import sys
from collections.abc import Sequence

from faxline.cli import status

COMMANDS = {
    "send": "send a fax",
    "receive": "receive faxes",
    "preview": "show a fax before it is sent, and what it takes",
    "convert": "write a fax as PDF, TIFF or PNG",
    "modem": "simulated modems on pseudo-terminals, for any fax program",
    "devices": "list the modems",
    "trace": "show a recorded call as text",
    "selftest": "test installation, modem, line and far end",
    "completion": "print the script for the shell's completion",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status."""
    try:
        program = importlib.import_module("faxline.cli.program")
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        print("faxline: the command line needs click and rich: pip install 'faxline[cli]'", file=sys.stderr)
        return status.USAGE
    return int(program.run(arguments))
