"""The click program: finds the commands that COMMANDS names, and turns usage errors into one line."""

import importlib
import sys
from collections.abc import Sequence

import click

from faxline import __version__
from faxline.cli import COMMANDS, status, streams

_DO = ("send", "receive", "modem", "selftest")
"""Their exit status says what became of what they do. The others print: without that they have failed."""


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


@click.command(
    "faxline", cls=_Commands, no_args_is_help=False, context_settings={"auto_envvar_prefix": "FAXLINE"}
)
@click.version_option(__version__, message="faxline %(version)s")
def program() -> None:
    """Fax on your own telephone hardware."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    with streams.patient() as output:
        exit_status = _run(words)
    prints = not words or words[0] not in _DO
    if prints and output is not None and output.full and exit_status == status.OK:
        return status.USAGE
    return exit_status


def _run(words: Sequence[str]) -> int:
    try:
        return int(program.main(words, prog_name="faxline", standalone_mode=False) or status.OK)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        if context is not None:
            click.echo(context.get_usage(), err=True)
        path = context.command_path if context is not None else "faxline"
        click.echo(f"{path}: {error.format_message()}", err=True)
        return status.USAGE
    except click.Abort:
        return status.INTERRUPTED
