"""faxline selftest: does it work here?"""

import click

from faxline.cli import complete, status
from faxline.cli.common import (
    configuration,
    device_option,
    json_option,
    politely,
    quiet_option,
)
from faxline.cli.report import Report
from faxline.selftest import Outcome, checks


@click.command()
@device_option
@click.option(
    "--number",
    metavar="N",
    default="",
    shell_complete=complete.numbers,
    help="A fax machine that may be called.",
)
@json_option
@quiet_option
@politely
def command(device: str, number: str, as_json: bool, quiet: bool) -> int:
    """Test the installation on the simulator; with --device the modem and its line; with --number a far end,
    which gets a fax of two pages.

    Exit status: 0 when nothing failed, else 1.

    \b
    Examples:
      faxline selftest
      faxline selftest --device class1:/dev/ttyACM0
      faxline selftest --device sim: --number 5550100
    """
    counts = dict.fromkeys(Outcome, 0)
    with Report(as_json=as_json, quiet=quiet) as report:
        for check in checks(device, configuration().number(number)):
            counts[check.outcome] += 1
            text = f"{check.outcome}  {check.name}: {check.text}"
            report.line("check", text, name=check.name, outcome=check.outcome, text=check.text)
        failed = counts[Outcome.FAIL]
        exit_status = status.USAGE if failed else status.OK
        text = f"{counts[Outcome.PASS]} passed, {failed} failed, {counts[Outcome.SKIP]} skipped"
        fields = {"passed": counts[Outcome.PASS], "failed": failed, "skipped": counts[Outcome.SKIP]}
        report.line("result", text, **fields, exit_status=exit_status)
        return exit_status
