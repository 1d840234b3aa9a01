"""faxline trace: a recorded call as text."""

import click

from faxline.cli import status
from faxline.cli.common import complain
from faxline.errors import Error
from faxline.trace import render


@click.command()
@click.argument("file")
def command(file: str) -> int:
    """Show a recorded call as text; FILE is a trace, as faxline send --trace FILE writes it.

    \b
    Examples:
      faxline trace call.trace
      faxline trace call.trace | head -1
    """
    try:
        for line in render(file):
            print(line)
    except BrokenPipeError:
        raise
    except (Error, OSError) as error:
        return complain(str(error))
    return status.OK
