"""The click program: finds the commands that COMMANDS names, and turns usage errors into one line."""

import errno
import importlib
import os
import sys
from collections.abc import Sequence

import click

from faxline import __version__
from faxline.cli import COMMANDS, status

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What writing to stdout may end with."""


class _Commands(click.Group):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"faxline.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        try:
            result = super().invoke(ctx)
        except BrokenPipeError:
            # A command that only prints: its reader (head, less) has seen enough. A fax goes on (report.py).
            sys.stdout = None
            return status.OK
        try:
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            sys.stdout = None
        return result


@click.command(
    "faxline", cls=_Commands, no_args_is_help=False, context_settings={"auto_envvar_prefix": "FAXLINE"}
)
@click.version_option(__version__, message="faxline %(version)s")
def program() -> None:
    """Fax on your own telephone hardware."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status."""
    # Closed by whoever started us (>&-, 2>&-): what is said goes nowhere, and no file takes its place.
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:
            setattr(sys, stream, open(os.devnull, "w"))  # noqa: SIM115 - for the life of the process
    try:
        return int(program.main(arguments, prog_name="faxline", standalone_mode=False) or status.OK)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        if context is not None:
            click.echo(context.get_usage(), err=True)
        path = context.command_path if context is not None else "faxline"
        click.echo(f"{path}: {error.format_message()}", err=True)
        return status.USAGE
    except click.Abort:
        return status.INTERRUPTED
    except OSError as error:
        if error.errno not in _FULL:
            raise
        sys.stdout = None  # what it could not write it would try again at the exit
        click.echo(f"faxline: the output cannot be written: {error.strerror}", err=True)
        return status.USAGE
