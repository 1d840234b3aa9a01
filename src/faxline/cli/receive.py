"""faxline receive: answer calls and write the faxes that come, one after the other."""

import json
import os
import re
import signal
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from faxline import options, pdf
from faxline.causes import CallState, FaxCause
from faxline.channel import CallChannel
from faxline.cli import status
from faxline.cli.common import NO_DEVICE, Terminated, complain, device_option, fax_options, terminate
from faxline.errors import Error, Hangup
from faxline.storage import FaxToReceive


class _DatedFax(FaxToReceive):
    """Names the file by the time and by who sends: what a far end calls itself is hostile text."""

    def __init__(self, directory: Path, extension: str) -> None:
        self._directory = directory
        self._extension = extension
        self._stem = datetime.now().strftime("%Y%m%d-%H%M%S-%f")[:-3]
        super().__init__(directory / f"{self._stem}{extension}")

    def path(self, remote_id: str) -> Path:
        name = re.sub(r"[^0-9A-Za-z+]+", "_", remote_id).strip("_")
        self._path = self._directory / f"{self._stem}{'-' * bool(name)}{name}{self._extension}"
        return self._path


@dataclass(frozen=True)
class _Wanted:
    """What the command line asks for."""

    directory: Path
    extension: str
    options: dict[str, str]
    once: bool
    json: bool

    def tell(self, event: str, text: str, **fields: Any) -> None:
        print(json.dumps({"event": event, **fields}) if self.json else text, flush=True)


@click.command(epilog=status.table())
@device_option
@click.option(
    "--output",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path),
    help="Directory for the faxes; it must exist.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["tiff", "pdf"]),
    default="tiff",
    help="Of the faxes (default: tiff). A PDF is made at the end of each fax from a TIFF beside it, which "
    "keeps every confirmed page should something go wrong before.",
)
@click.option("--once", is_flag=True, help="End after one call, with its exit status.")
@fax_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event.")
@click.option("--trace", metavar="FILE", help="Record the calls; faxline trace FILE shows them.")
def command(
    device: str,
    output: Path,
    kind: str,
    once: bool,
    fax_options: tuple[tuple[str, str], ...],
    as_json: bool,
    trace: str | None,
) -> int:
    """Wait for calls, answer them and write each fax as a TIFF or PDF in DIR, until interrupted."""
    if not device:
        return complain(NO_DEVICE)
    if not output.is_dir() or not os.access(output, os.W_OK):
        return complain(f"{output}: not a directory that can be written")
    if kind == "pdf":
        try:
            pdf.check()
        except pdf.PdfError as error:
            return complain(str(error))
    wanted = _Wanted(output, ".pdf" if kind == "pdf" else ".tif", dict(fax_options), once, as_json)
    checked = options.check(dict(wanted.options), receiving=True)
    if checked.cause is not FaxCause.NONE:
        complain(checked.text)
        return status.FAX_STATUS[checked.cause]
    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        with CallChannel(device, trace=trace) as channel:
            return _serve(channel, wanted)
    except (Error, Hangup) as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return status.INTERRUPTED
    except Terminated:
        return status.TERMINATED
    finally:
        signal.signal(signal.SIGTERM, previous)


def _serve(channel: CallChannel, wanted: _Wanted) -> int:
    """Call after call; closing the channel ends the last one politely, and what was confirmed is stored."""
    while True:
        wanted.tell("waiting", f"waiting for a call on {channel.device}", device=channel.device)
        channel.wait_for_call()
        wanted.tell("ringing", "it rings")
        if channel.answer() is not CallState.ANSWERED:
            wanted.tell("missed", "the caller has hung up")
            if wanted.once:
                return status.CALL_STATUS[channel.cause()]
            continue
        cause = _receive(channel, _DatedFax(wanted.directory, wanted.extension), wanted)
        if wanted.once:
            return status.FAX_STATUS[cause]


def _receive(channel: CallChannel, fax: FaxToReceive, wanted: _Wanted) -> FaxCause:
    receiver = channel.FaxReceiver
    if receiver.start(fax, dict(wanted.options)):
        with suppress(Error, Hangup):  # how it ends is for wait_until_finished() to say
            if settings := receiver.wait_for_negotiated_settings():
                who = settings["RemoteSubscriberId"] or "the far end"
                how = f"{settings['Modem']} {settings['DataRate']} bit/s, {settings['Compression']}"
                wanted.tell("negotiated", f"{who}: {how}, {settings['Resolution']} dpi", **settings)
            told = 0
            while not receiver.Details.last_page or told < receiver.Details.pages:
                pages = receiver.wait_for_next_page()
                if pages > told:
                    told = pages
                    wanted.tell("page", f"page {told} is stored", pages=told, file=fax.filename)
    cause = receiver.wait_until_finished()
    channel.hang_up()
    details = receiver.Details
    reason = f" ({details.raw_cause})" if details.raw_cause else ""
    where = f" in {fax.filename}" if details.pages else ""
    text = f"{cause}, {details.pages} {'page' if details.pages == 1 else 'pages'}{where}{reason}"
    file = fax.filename if details.pages else None
    wanted.tell("result", text, cause=cause, pages=details.pages, file=file, raw_cause=details.raw_cause)
    return cause
