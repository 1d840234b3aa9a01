"""faxline receive: answer calls and write the faxes that come, one after the other."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from faxline import pdf
from faxline._lines.jobs import without_secrets
from faxline.causes import CallState, FaxCause
from faxline.channel import CallChannel
from faxline.cli import status
from faxline.cli.common import (
    Terminated,
    complain,
    configuration,
    device_option,
    fax_options,
    json_option,
    politely,
    quiet_option,
    refused,
)
from faxline.cli.documents import be_quiet
from faxline.cli.report import Report, plural
from faxline.details import settings_text
from faxline.document import DocumentError, FaxToSend
from faxline.errors import Error, Hangup
from faxline.storage import FaxToReceive


class _DatedFax(FaxToReceive):
    """Names the file by the time and by who sends: what a far end calls itself is hostile text. Where another
    receiver had the same moment and sender, it is the next millisecond that is free."""

    def __init__(self, directory: Path, extension: str, *, separate: bool) -> None:
        self._directory = directory
        self._extension = extension
        self._moment = datetime.now()
        super().__init__(self.path(""), separate=separate)

    def path(self, remote_id: str) -> Path:
        name = re.sub(r"[^0-9A-Za-z+]+", "_", remote_id).strip("_")
        while True:
            stem = f"{self._moment:%Y%m%d-%H%M%S-%f}"[:-3]
            self._path = self._directory / f"{stem}{'-' * bool(name)}{name}{self._extension}"
            if not os.path.lexists(self._path) and not os.path.lexists(f"{self._path}.tif"):
                return self._path
            self._moment += timedelta(milliseconds=1)


@dataclass(frozen=True)
class _Wanted:
    """What the command line asks for."""

    directory: Path
    extension: str
    options: dict[str, str]
    once: bool
    separate: bool
    poll: tuple[str, ...]
    """Files that are offered to who polls."""


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
@click.option(
    "--separate",
    is_flag=True,
    help="Each document of a call in a file of its own, where its sender parts them.",
)
@click.option(
    "--poll",
    metavar="FILE",
    multiple=True,
    type=click.Path(),
    help="Offer this document to callers who poll; several form one. Each caller can get it.",
)
@click.option("--once", is_flag=True, help="End after one call, with its exit status.")
@fax_options
@json_option
@quiet_option
@click.option(
    "--trace", metavar="FILE", type=click.Path(), help="Record the calls; faxline trace FILE shows them."
)
@click.option("--trace-pages", is_flag=True, help="Record the pages' images in the trace, too.")
@politely
def command(
    device: str,
    output: Path,
    kind: str,
    separate: bool,
    poll: tuple[str, ...],
    once: bool,
    fax_options: tuple[tuple[str, str], ...],
    as_json: bool,
    quiet: bool,
    trace: str | None,
    trace_pages: bool,
) -> int:
    """Wait for calls, answer them and write each fax as a TIFF or PDF in DIR, until interrupted.

    The first Ctrl-C or SIGTERM ends a call politely and keeps every page that was confirmed; a second one
    quits at once.

    \b
    Examples:
      faxline receive --device class1:/dev/ttyACM0 --output /var/spool/fax
      faxline receive --device 'sim:5550001?incoming=letter.tif' --output . --once
      faxline receive --output /var/spool/fax --json --trace /var/log/fax
      faxline receive --output /var/spool/fax --poll pricelist.pdf
    """
    if not device:
        return complain(configuration().why_no_device())
    if not output.is_dir() or not os.access(output, os.W_OK):
        what = (
            "not a directory that can be written"
            if os.path.exists(output)
            else "no such directory: make it first"
        )
        return complain(f"{output}: {what}")
    if kind == "pdf":
        try:
            pdf.check()
        except pdf.PdfError as error:
            return complain(str(error))
    extension = ".pdf" if kind == "pdf" else ".tif"
    wanted = _Wanted(output, extension, dict(fax_options), once, separate, poll)
    if poll and (fault := _offer_fault(poll, wanted.options)):
        return complain(fault)
    if checked := refused(wanted.options, receiving=True):
        return status.FAX_STATUS[checked.cause]
    with (
        Report(as_json=as_json, quiet=quiet) as report,
        CallChannel(device, trace=trace, trace_pages=trace_pages) as channel,
    ):
        return _serve(channel, wanted, report)


def _offer_fault(poll: tuple[str, ...], fax_options: dict[str, str]) -> str:
    """What can be seen to be wrong with the document that is offered, or ''."""
    be_quiet()
    try:
        FaxToSend(list(poll)).prepare(fax_options)
    except (DocumentError, Error) as error:
        return str(error)
    return ""


def _serve(channel: CallChannel, wanted: _Wanted, report: Report) -> int:
    """Call after call; closing the channel ends the last one politely, and what was confirmed is stored."""
    while True:
        report.event("waiting", f"waiting for a call on {channel.device}", device=channel.device)
        channel.wait_for_call()
        report.event("ringing", "it rings")
        if channel.answer() is not CallState.ANSWERED:
            report.line("missed", "the caller has hung up")
            if wanted.once:
                return status.CALL_STATUS[channel.cause()]
            continue
        fax = _DatedFax(wanted.directory, wanted.extension, separate=wanted.separate)
        cause = _receive(channel, fax, wanted, report)
        if wanted.once:
            return status.FAX_STATUS[cause]


def _receive(channel: CallChannel, fax: FaxToReceive, wanted: _Wanted, report: Report) -> FaxCause:
    receiver = channel.FaxReceiver
    poll = FaxToSend(list(wanted.poll)) if wanted.poll else None
    try:
        if receiver.start(fax, dict(wanted.options), poll=poll):
            _follow(channel, fax, report)
        receiver.wait_until_finished()
    except (KeyboardInterrupt, Terminated):
        report.line("interrupted", "interrupted, hanging up")
        with suppress(Error, Hangup):  # when there is no call any more
            receiver.stop()
        _tell_result(channel, fax, report)
        raise
    channel.hang_up()
    return _tell_result(channel, fax, report)


def _follow(channel: CallChannel, fax: FaxToReceive, report: Report) -> None:
    """Tells of the settings and of each page; how it ends is for wait_until_finished() to say."""
    receiver = channel.FaxReceiver
    with suppress(Error, Hangup):
        if settings := receiver.wait_for_negotiated_settings():
            who = settings["RemoteSubscriberId"] or "the far end"
            fields: dict[str, Any] = {**without_secrets(settings)}
            report.event("negotiated", f"{who}: {settings_text(settings)}", **fields)
        told = 0
        while not receiver.Details.last_page or told < receiver.Details.pages:
            pages = receiver.wait_for_next_page()
            if pages > told:
                told = pages
                document = max(1, len(receiver.Details.documents))
                files = fax.filenames or [fax.filename]
                file = files[min(document, len(files)) - 1]
                fields = {"pages": told, "document": document, "file": file}
                report.event("page", f"page {told} is stored", **fields)


def _tell_result(channel: CallChannel, fax: FaxToReceive, report: Report) -> FaxCause:
    cause, details = channel.FaxReceiver.cause(), channel.FaxReceiver.Details
    reason = f" ({details.raw_cause})" if details.raw_cause else ""
    if details.raw_cause == "local.storage":  # which file, and where the pages are
        reason = f" ({details.raw_cause}: {details.raw_cause_text})"
    files = fax.filenames if details.pages else []
    where = f" in {', '.join(files)}" if files else ""
    polled = f", {plural(details.pages_sent, 'page')} polled from us" if details.pages_sent else ""
    text = f"{cause}, {plural(details.pages, 'page')}{where}{polled}{reason}"
    fields: dict[str, Any] = {
        "cause": cause,
        "pages": details.pages,
        "documents": details.documents,
        "sent": details.pages_sent,
        "file": files[0] if files else None,
        "files": files,
        "raw_cause": details.raw_cause,
    }
    report.line("result", text, **fields)
    return cause
