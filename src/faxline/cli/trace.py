"""faxline trace: a recorded call as text, as a picture, for Wireshark, for programs."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from faxline.cli import status
from faxline.cli.common import complain
from faxline.errors import Error
from faxline.trace.reader import Trace, load


@click.command()
@click.argument("file", type=click.Path())
@click.option("--call", "wanted", metavar="N", type=click.IntRange(min=1), help="Only the Nth call of FILE.")
@click.option("--ladder", is_flag=True, help="The two stations and what was on the line between them.")
@click.option("--svg", metavar="FILE", type=click.Path(), help="The ladder as a picture (of one call).")
@click.option(
    "--html",
    metavar="FILE",
    type=click.Path(),
    help="Everything as one page for a browser, which needs no network.",
)
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
@click.option(
    "--pcap", metavar="FILE", type=click.Path(), help="A capture that Wireshark decodes as T.38 and T.30."
)
@click.option(
    "--replay", is_flag=True, help="Play the far end of a call against today's engine, and compare."
)
@click.option(
    "--document", metavar="FILE", type=click.Path(), help="What --replay sends, if not the trace's images."
)
def command(
    file: str,
    wanted: int | None,
    ladder: bool,
    svg: str | None,
    html: str | None,
    as_json: bool,
    pcap: str | None,
    replay: bool,
    document: str | None,
) -> int:
    """Show recorded calls; FILE is a trace, as faxline send --trace FILE writes it.

    The first line says what became of the call, why, and what to do. With no option, all that was recorded
    follows it as text.

    \b
    Examples:
      faxline trace call.trace | head -1
      faxline trace call.trace --ladder
      faxline trace call.trace --html call.html --pcap call.pcap
      faxline trace call.trace --replay
    """
    try:
        trace = load(file)
        if wanted is not None:
            if wanted > len(trace.calls):
                return complain(f"{file} has no call {wanted}, it has {len(trace.calls)}")
            trace = Trace(trace.header, [trace.calls[wanted - 1]], trace.damaged)
        for path, content in _files(file, trace, svg, html, pcap):
            Path(path).write_bytes(content)
    except OSError as error:
        return complain(f"{error.filename or file}: {error.strerror or error}")
    except Error as error:
        return complain(str(error))
    if replay:
        return _replay(file, trace, document)
    if as_json:
        from faxline.trace.export import as_json as exported

        print(json.dumps(exported(trace), indent=1))
    elif ladder:
        from faxline.trace.ladder import ladder_lines

        _print_all(ladder_lines(trace))
    elif svg or html or pcap:
        _print_all(call.summary() for call in trace.calls)
    else:
        from faxline.trace.text import lines_of

        _print_all(lines_of(trace))
    return status.OK


def _files(
    name: str, trace: Trace, svg: str | None, html: str | None, pcap: str | None
) -> list[tuple[str, bytes]]:
    """The files that are wanted, with what goes into them."""
    files = []
    if svg:
        from faxline.trace.picture import ladder_svg

        if len(trace.calls) != 1:
            raise Error(f"{name} has {len(trace.calls)} calls: a picture is of one, say which with --call N")
        call = trace.calls[0]
        files.append((svg, ladder_svg(call.story, call.summary()).encode()))
    if html:
        from faxline.trace.webpage import webpage

        files.append((html, webpage(trace).encode()))
    if pcap:
        from faxline.trace.pcap import pcap as captured

        files.append((pcap, captured(trace)))
    return files


def _replay(name: str, trace: Trace, document: str | None) -> int:
    from faxline.replay import replay

    if len(trace.calls) != 1:
        return complain(f"{name} has {len(trace.calls)} calls: one is replayed, say which with --call N")
    try:
        _print_all(replay(trace.calls[0], document).lines())
    except (Error, OSError) as error:
        return complain(f"{name}: {error}")
    return status.OK


def _speaks_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def _print_all(lines: Iterable[str]) -> None:
    for line in lines:
        print(line if _speaks_unicode() else line.encode("ascii", "backslashreplace").decode())
