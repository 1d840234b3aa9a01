"""faxline send: send a fax."""

import json
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from faxline import options, pdf
from faxline.causes import CallState, FaxCause
from faxline.channel import CallChannel
from faxline.cli import status
from faxline.cli.common import NO_DEVICE, Terminated, complain, device_option, fax_options, terminate
from faxline.cli.documents import document_options, fax_of
from faxline.confirmation import Confirmation
from faxline.document import DocumentError, FaxToSend
from faxline.errors import Error, Hangup


@dataclass(frozen=True)
class _Wanted:
    """What the command line asks for."""

    number: str
    fax: FaxToSend
    options: dict[str, str]
    call_from: str
    timeout: float
    json: bool
    confirmation: str | None


@click.command(epilog=status.table())
@click.argument("number")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@device_option
@document_options
@fax_options
@click.option(
    "--confirmation",
    metavar="FILE",
    help="Write a page that says what became of the fax: .pdf, .png or .tif; an older file is replaced.",
)
@click.option("--from", "call_from", metavar="NUMBER", default="", help="The number that calls.")
@click.option("--timeout", metavar="SECONDS", type=float, default=120, help="For the answer (default: 120).")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object per event, and the result as the last."
)
@click.option("--trace", metavar="FILE", help="Record the call; faxline trace FILE shows it.")
def command(
    number: str,
    files: tuple[str, ...],
    device: str,
    pages: str,
    photo: bool,
    paper: str,
    cover: str | None,
    fields: tuple[tuple[str, str], ...],
    sender_name: str,
    confirmation: str | None,
    fax_options: tuple[tuple[str, str], ...],
    call_from: str,
    timeout: float,
    as_json: bool,
    trace: str | None,
) -> int:
    """Send a fax to NUMBER: PDF, TIFF, image or text FILEs, in the order of their pages. Several form one
    fax. `faxline preview` shows it before."""
    if not device:
        return complain(NO_DEVICE)
    for name in files:
        try:
            open(name, "rb").close()
        except OSError as error:
            return complain(f"{name}: {error.strerror}")
    fax = fax_of(files, pages, photo, paper, cover, fields)
    if confirmation is not None and (fault := _confirmation_fault(confirmation)):
        return complain(fault)
    wanted = _Wanted(number, fax, dict(fax_options), call_from, timeout, as_json, confirmation)
    # What can be seen to be wrong without a call costs none.
    report = _Report(wanted)
    checked = options.check(dict(wanted.options))
    if checked.cause is not FaxCause.NONE:
        complain(checked.text)
        return report.result(status.FAX_STATUS[checked.cause], cause=checked.cause, text=checked.text)
    try:
        wanted.fax.count_pages()
    except DocumentError as error:
        complain(str(error))
        cause = FaxCause.ERROR
        return report.result(
            status.FAX_STATUS[cause], cause=cause, raw_cause="local.document", text=str(error)
        )
    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        with CallChannel(device, subscriber_name=sender_name, trace=trace) as channel:
            return _send(channel, wanted)
    except (Error, Hangup) as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return status.INTERRUPTED
    except Terminated:
        return status.TERMINATED
    finally:
        signal.signal(signal.SIGTERM, previous)


def _send(channel: CallChannel, wanted: _Wanted) -> int:
    report = _Report(wanted)
    sender = channel.FaxSender
    try:
        report.event("calling", f"calling {wanted.number}", number=wanted.number, device=channel.device)
        if channel.call(wanted.number, wanted.call_from, wanted.timeout) is not CallState.ANSWERED:
            call_cause = channel.cause()
            _confirm(channel, wanted)
            return report.result(
                status.CALL_STATUS[call_cause], call_cause=call_cause, raw_cause=channel.Details.raw_cause
            )
        report.event("answered", "answered")
        if sender.start(wanted.fax, dict(wanted.options)):
            _follow(channel, report)
        cause = sender.wait_until_finished()
        channel.hang_up()
        _confirm(channel, wanted)
        details = sender.Details
        return report.result(
            status.FAX_STATUS[cause],
            cause=cause,
            pages=details.pages,
            raw_cause=details.raw_cause,
            text=details.raw_cause_text,
            negotiated=details.negotiated,
        )
    except (KeyboardInterrupt, Terminated):
        report.event("interrupted", "interrupted, hanging up")
        with suppress(Error, Hangup):  # when there is no call any more, or none yet
            sender.stop()
        channel.hang_up()
        raise


def _confirmation_fault(name: str) -> str:
    """What can be seen to be wrong with --confirmation before the call, or ''."""
    path = Path(name)
    kind = path.suffix.lower()
    if kind not in pdf.FORMATS:
        return f"--confirmation {name}: the extension says the format, and is one of {' '.join(pdf.FORMATS)}"
    if not path.absolute().parent.is_dir():
        return f"--confirmation {name}: no such directory"
    if kind == ".pdf":
        try:
            pdf.check()
        except pdf.PdfError as error:
            return f"--confirmation {name}: {error}"
    return ""


def _confirm(channel: CallChannel, wanted: _Wanted) -> None:
    """Writes the confirmation; what goes wrong with it changes nothing about the fax."""
    if wanted.confirmation is None:
        return
    try:
        Confirmation.of(channel, wanted.fax).save(wanted.confirmation, replace=True)
    except (OSError, ValueError, pdf.PdfError) as error:
        complain(f"{wanted.confirmation}: not written: {error}")


def _follow(channel: CallChannel, report: "_Report") -> None:
    """Tells of the settings and of each page; how it ends is for wait_until_finished() to say."""
    sender = channel.FaxSender
    try:
        if settings := sender.wait_for_negotiated_settings():
            who = settings["RemoteSubscriberId"] or "the far end"
            how = f"{settings['Modem']} {settings['DataRate']} bit/s, {settings['Compression']}"
            text = f"{who}: {how}{', ECM' * (settings['ECM'] == 'YES')}, {settings['Resolution']} dpi"
            report.event("negotiated", text, **settings)
        told = 0
        while not sender.Details.last_page or told < sender.Details.pages:
            pages = sender.wait_for_next_page()
            if pages > told:
                told = pages
                report.event("page", f"sent {told} {'page' if told == 1 else 'pages'}", pages=told)
    except (Error, Hangup):
        pass


class _Report:
    """Tells people or programs how the fax gets on."""

    def __init__(self, wanted: _Wanted) -> None:
        self._number: str = wanted.number
        self._json: bool = wanted.json
        self._live = not self._json and sys.stdout.isatty()
        self._width = 0

    def event(self, name: str, text: str, **fields: Any) -> None:
        if self._json:
            print(json.dumps({"event": name, **fields}), flush=True)
        elif self._live:
            # One line that is written over until the result stands.
            print(f"\r{text:<{self._width}}", end="", flush=True)
            self._width = len(text)
        else:
            print(text, flush=True)

    def result(self, exit_status: int, **fields: Any) -> int:
        """Tells the result, and returns the exit status."""
        if self._json:
            content = {"event": "result", "number": self._number, "exit_status": exit_status}
            print(json.dumps(content | fields), flush=True)
            return exit_status
        if "call_cause" in fields:
            text = f"{self._number}: not answered, {fields['call_cause']}"
        else:
            pages = fields.get("pages", 0)
            text = f"{self._number}: {fields['cause']}, {pages} {'page' if pages == 1 else 'pages'} confirmed"
        if fields.get("raw_cause"):
            text += f" ({fields['raw_cause']}{': ' if fields.get('text') else ''}{fields.get('text', '')})"
        if self._live:
            print("\r" + " " * self._width + "\r", end="")
        print(text, flush=True)
        return exit_status
