"""faxline modem: simulated modems on pseudo-terminals, for any fax program, until interrupted."""

import threading

import click

from faxline import sim
from faxline import soft as soft_modems
from faxline.causes import CallState
from faxline.cli.common import complain, politely
from faxline.errors import Error

_NEWS = {
    CallState.CALL_OUTGOING: "dials",
    CallState.RING_INCOMING: "rings",
    CallState.ANSWERING: "answers",
    CallState.ANSWERED: "is connected",
    CallState.IDLE: "is on hook",
    CallState.ERROR: "is unplugged: start the command again",
}


@click.command()
@click.option(
    "--pty",
    "links",
    metavar="LINK",
    multiple=True,
    required=True,
    help="Make a modem, and LINK to its pseudo-terminal; any number of times. They can call each other.",
)
@click.option("--speed", metavar="N", default=1, help="Run the lines N times as fast as the clock.")
@click.option(
    "--delay",
    metavar="MS",
    default=sim.DELAY_MS,
    show_default=True,
    help="Of the lines, one way: 20 is a call across a country.",
)
@click.option(
    "--faults",
    metavar="LIST",
    default="",
    help="What goes wrong in each call, such as bad_fcs@2,lost_carrier@1.",
)
@click.option("--far", metavar="NAME", help="This far machine answers, whatever number is called.")
@click.option(
    "--personality",
    metavar="NAME",
    default="hardware",
    show_default=True,
    help=f"What the modems are like: {', '.join(kind.name for kind in sim.modems())}.",
)
@click.option(
    "--number",
    metavar="N",
    default=sim.FIRST_NUMBER,
    show_default=True,
    help="Of the first line; then N+1, N+2 ...",
)
@click.option(
    "--soft",
    is_flag=True,
    help="Soft modems: real modem signals, by spandsp. They have no --far, --faults, --personality, --trace.",
)
@click.option(
    "--line",
    "line_options",
    metavar="NAME=VALUE",
    multiple=True,
    help="With --soft: what the lines are like, such as noise=-50 (the options of soft: addresses).",
)
@click.option("--save", metavar="FILE", help="Keep what the far machines receive in this TIFF.")
@click.option("--trace", metavar="FILE", help="Record the calls; faxline trace FILE shows them.")
@politely
def command(
    links: tuple[str, ...],
    speed: int,
    delay: int,
    faults: str,
    far: str | None,
    personality: str,
    number: str,
    soft: bool,
    line_options: tuple[str, ...],
    save: str | None,
    trace: str | None,
) -> int:
    """Simulate Class 1 modems on pseudo-terminals, with a telephone exchange between them.

    Any fax program can open LINK as its modem. It calls the other lines by their numbers, and the far
    machines of the simulated exchange by theirs (5550100 ...). With several lines, the line's number goes
    before the suffix of the files that --save and --trace name.

    \b
    Example:
      faxline modem --pty /tmp/fax0 --pty /tmp/fax1 &
      efax -d /tmp/fax0 -o1 -t T5550100 letter.001
    """
    modems: sim.PtyModems | soft_modems.PtyModems
    if soft:
        _only_simulated(far=far, faults=faults, trace=trace, personality=personality)
        wanted = dict(map(_option, line_options))
        modems = soft_modems.PtyModems(
            links, number=number, save=save, **{"speed": speed, "delay": delay} | wanted
        )
    elif line_options:
        return complain("--line goes with --soft")
    else:
        modems = sim.PtyModems(
            links,
            speed=speed,
            delay=delay,
            far=far,
            personality=personality,
            faults=[fault for fault in faults.split(",") if fault],
            number=number,
            save=save,
            trace=trace,
            changed=_tell,
        )
    with modems:
        for line in modems.lines:
            print(f"{line.link}  number {line.number}", flush=True)
        never = threading.Event()
        while True:  # until a signal's exception; one that came just before a wait is seen after it
            never.wait(1)


def _only_simulated(**given: str | None) -> None:
    """Raises Error for options that soft modems have not."""
    wrong = [f"--{name}" for name, value in given.items() if value and value != "hardware"]
    if wrong:
        raise Error(f"{', '.join(wrong)}: of the simulated modems only, not of --soft")


def _option(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Error(f"--line {text!r}: it is written NAME=VALUE")
    return name, value


def _tell(line: sim.PtyLine, state: CallState) -> None:
    print(f"{line.link}  {_NEWS.get(state, state.value)}", flush=True)
