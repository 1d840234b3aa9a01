"""faxline send: send a fax, and try again where that helps."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from faxline import pdf
from faxline._advice import fix_of_call, fix_of_fax
from faxline._lines.jobs import without_secrets
from faxline.causes import CallCause, CallState, FaxCause
from faxline.channel import CallChannel
from faxline.cli import complete, status
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
from faxline.cli.documents import document_options, fax_of, parted
from faxline.cli.report import Report, plural
from faxline.confirmation import Confirmation
from faxline.details import settings_text
from faxline.document import DocumentError, FaxToSend
from faxline.errors import Error, Hangup
from faxline.preview import Preview, clock, seconds_left
from faxline.retry import RETRIES_MAX, Advice, advise, remaining
from faxline.storage import FaxToReceive


@dataclass(frozen=True)
class _Wanted:
    """What the command line asks for."""

    number: str
    fax: FaxToSend
    documents: tuple[int, ...]
    """Pages of each of its documents."""
    poll: Path | None
    """What is polled then goes into this file."""
    options: dict[str, str]
    call_from: str
    timeout: float
    retries: int
    resend_unconfirmed: bool
    confirmation: str | None

    @property
    def total(self) -> int:
        """Pages of the fax."""
        return sum(self.documents)


@click.command(epilog=status.table())
@click.argument("number", shell_complete=complete.numbers)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@device_option
@document_options
@fax_options
@click.option(
    "--confirmation",
    metavar="FILE",
    type=click.Path(),
    help="Write a page that says what became of the fax: .pdf, .png or .tif; an older file is replaced.",
)
@click.option(
    "--poll",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Then poll the far end in the same call, into this TIFF or PDF.",
)
@click.option("--from", "call_from", metavar="NUMBER", default="", help="The number that calls.")
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=120,
    help="For the answer (default: 120).",
)
@click.option(
    "--max-seconds",
    metavar="SECONDS",
    type=click.FloatRange(min=1),
    help="Do not dial where the fax would take longer on the line, by the estimate of `faxline preview`.",
)
@click.option(
    "--retries",
    metavar="N",
    type=click.IntRange(0, RETRIES_MAX),
    default=0,
    help="Call so many times more where that helps, with the pages that were not confirmed (default: 0).",
)
@click.option(
    "--resend-unconfirmed",
    is_flag=True,
    help="Also when the last page was sent and not confirmed: it may be printed twice then.",
)
@json_option
@quiet_option
@click.option(
    "--trace", metavar="FILE", type=click.Path(), help="Record the call; faxline trace FILE shows it."
)
@click.option("--trace-pages", is_flag=True, help="Record the pages' images in the trace, too.")
@politely
def command(
    number: str,
    files: tuple[str, ...],
    device: str,
    pages: str,
    photos: tuple[str, ...],
    texts: tuple[str, ...],
    superfine: bool,
    invert: bool,
    damaged: bool,
    separate: bool,
    paper: str,
    cover: str | None,
    fields: tuple[tuple[str, str], ...],
    limits: tuple[tuple[str, str], ...],
    sender_name: str,
    confirmation: str | None,
    poll: Path | None,
    fax_options: tuple[tuple[str, str], ...],
    call_from: str,
    timeout: float,
    max_seconds: float | None,
    retries: int,
    resend_unconfirmed: bool,
    as_json: bool,
    quiet: bool,
    trace: str | None,
    trace_pages: bool,
) -> int:
    """Send a fax to NUMBER: PDF, TIFF, image or text FILEs, in the order of their pages. Several form one
    fax.

    NUMBER may be a name from the configuration file. `faxline preview` shows the fax before it is sent.

    \b
    Examples:
      faxline send 5550100 letter.tif --device sim:
      faxline send 5550100 letter.tif plan.png --option HighRes=YES --trace call.trace
      faxline send 5550100 report.pdf --pages 1-3,7- --cover standard --field to_name="Ms Smith"
      faxline send taxoffice letter.tif --retries 5 --json
      faxline send 5550100 invoice.pdf order.pdf --separate
      faxline send 5550100 order.pdf --poll pricelist.tif
    """
    if not device:
        return complain(configuration().why_no_device())
    if timeout != timeout:
        raise click.BadParameter("nan is no number of seconds", param_hint="--timeout")
    number = configuration().number(number)
    for name in files:
        try:
            open(name, "rb").close()
        except OSError as error:
            return complain(f"{name}: {error.strerror}")
    fax = fax_of(
        files, pages, photos, texts, superfine, invert, damaged, separate, paper, cover, fields, limits
    )
    if confirmation is not None and (fault := _confirmation_fault(confirmation)):
        return complain(fault)
    with Report(as_json=as_json, quiet=quiet) as report:
        # What can be seen to be wrong without a call costs none.
        if checked := refused(dict(fax_options)):
            result = _Result(status.FAX_STATUS[checked.cause], checked.cause, text=checked.text)
            return result.tell(report, number, 0)
        try:
            for warning in fax.prepare(dict(fax_options), to=number, subscriber_name=sender_name):
                report.line("warning", f"warning: {warning}", text=warning)
            documents = fax.count_documents()
            if max_seconds is not None:
                _check_estimate(fax, dict(fax_options), sender_name, max_seconds)
        except DocumentError as error:
            complain(str(error))
            result = _Result(
                status.FAX_STATUS[FaxCause.ERROR], FaxCause.ERROR, raw_cause="local.document", text=str(error)
            )
            return result.tell(report, number, 0)
        wanted = _Wanted(
            number,
            fax,
            documents,
            poll,
            dict(fax_options),
            call_from,
            timeout,
            retries,
            resend_unconfirmed,
            confirmation,
        )
        with CallChannel(
            device, subscriber_name=sender_name, trace=trace, trace_pages=trace_pages
        ) as channel:
            return _send(channel, wanted, report)


def _check_estimate(fax: FaxToSend, fax_options: dict[str, str], sender_name: str, most: float) -> None:
    """Raises DocumentError when it would take longer."""
    made = Preview(fax, fax_options, subscriber_name=sender_name).estimate
    if made.minutes * 60 > most:
        remedy = (
            "--text FILE leaves pictures black and white" if made.pictures else "--pages sends some of it"
        )
        raise DocumentError(
            f"about {clock(made.minutes * 60)} on the line, and --max-seconds allows {clock(most)}: {remedy}"
        )


@dataclass
class _Result:
    """What came of one call, or of all of them."""

    exit_status: int
    cause: CallCause | FaxCause
    pages: int = 0
    """Confirmed."""
    raw_cause: str | None = None
    text: str = ""
    negotiated: dict[str, str] | None = None
    unconfirmed: bool = False
    documents: Sequence[int] = ()
    """The confirmed pages of each document."""
    received: int = 0
    """Pages polled."""
    file: str | None = None
    """Where they are."""

    def tell(self, report: Report, number: str, attempts: int, hint: str = "") -> int:
        """Tells it, and returns the exit status."""
        fields: dict[str, Any] = {"number": number, "exit_status": self.exit_status}
        if isinstance(self.cause, CallCause):
            text = f"{number}: not answered, {self.cause}"
            fields |= {"call_cause": self.cause}
        else:
            text = f"{number}: {self.cause}, {plural(self.pages, 'page')} confirmed"
            if len(self.documents) > 1:
                text += f" of {len(self.documents)} documents"
            if self.received:
                text += f", {plural(self.received, 'page')} polled into {self.file}"
            fields |= {"cause": self.cause}
        if self.raw_cause:
            text += f" ({self.raw_cause}{': ' if self.text else ''}{self.text})"
        fix = self._fix()
        if hint:
            text += f"\n{hint}"
        elif fix and self.raw_cause != "local.document":  # which says it itself
            text += f"\nwhat to do: {fix}"
        fields |= {
            "pages": self.pages,
            "documents": list(self.documents),
            "received": self.received,
            "file": self.file,
            "raw_cause": self.raw_cause,
            "text": self.text,
            "fix": fix,
            "negotiated": self.negotiated or {},
            "unconfirmed": self.unconfirmed,
            "attempts": attempts,
        }
        report.line("result", text, **fields)
        return self.exit_status

    def _fix(self) -> str:
        """What to do, '' when there is nothing to say."""
        if isinstance(self.cause, CallCause):
            return fix_of_call(self.cause)
        return fix_of_fax(self.cause, self.raw_cause, self.pages + 1 if self.unconfirmed else None)


def _send(channel: CallChannel, wanted: _Wanted, report: Report) -> int:
    """Call after call, until every page is confirmed or another call would not help."""
    confirmed, attempt = 0, 1
    fax_options: dict[str, Any] = dict(wanted.options)
    try:
        while True:
            result = _call(channel, wanted, report, fax_options, confirmed)
            _confirm(channel, wanted, confirmed)
            confirmed = result.pages
            if result.exit_status == status.OK or confirmed >= wanted.total:
                return result.tell(report, wanted.number, attempt)
            advice = _advice(wanted, result, attempt)
            if advice.ask:
                hint = f"{advice.text}; --resend-unconfirmed sends it again all the same"
                return result.tell(report, wanted.number, attempt, hint)
            if attempt > wanted.retries or not advice.again or channel.state() is CallState.ERROR:
                hint = f"not tried again: {advice.text}" if wanted.retries and not advice.again else ""
                return result.tell(report, wanted.number, attempt, hint)
            _tell_retry(report, result, advice, attempt, wanted.total)
            channel.pause(advice.delay_s)
            fax_options = advice.options
            attempt += 1
    except (KeyboardInterrupt, Terminated):
        report.line("interrupted", "interrupted, hanging up")
        with suppress(Error, Hangup):  # when there is no call any more, or none yet
            channel.FaxSender.stop()
        channel.hang_up()
        raise


def _confirmation_fault(name: str) -> str:
    """What can be seen to be wrong with --confirmation before the call, or ''."""
    path = Path(name)
    try:
        kind = pdf.format_of(path)
        if kind == ".pdf":
            pdf.check()
    except (ValueError, pdf.PdfError) as error:
        return f"--confirmation {error}"
    if not path.absolute().parent.is_dir():
        return f"--confirmation {name}: no such directory"
    return ""


def _confirm(channel: CallChannel, wanted: _Wanted, confirmed: int) -> None:
    """Writes the confirmation after each call; what goes wrong with it changes nothing about the fax."""
    if wanted.confirmation is None:
        return
    try:
        Confirmation.of(channel, wanted.fax, confirmed=confirmed).save(wanted.confirmation, replace=True)
    except (OSError, ValueError, pdf.PdfError) as error:
        complain(f"{wanted.confirmation}: not written: {getattr(error, 'strerror', None) or error}")


def _advice(wanted: _Wanted, result: _Result, attempt: int) -> Advice:
    return advise(
        result.cause,
        result.raw_cause,
        attempt=attempt,
        fax_options=wanted.options,
        negotiated=result.negotiated,
        unconfirmed_last_page=result.unconfirmed and result.pages + 1 == wanted.total,
        resend_unconfirmed=wanted.resend_unconfirmed,
    )


def _tell_retry(report: Report, result: _Result, advice: Advice, attempt: int, total: int) -> None:
    left = f"page {total}" if result.pages + 1 == total else f"pages {result.pages + 1} to {total}"
    text = f"{result.cause}, {advice.text}: again in {advice.delay_s:g} s with {left}"
    fields: dict[str, Any] = {
        "attempt": attempt + 1,
        "delay_s": advice.delay_s,
        "first_page": result.pages + 1,
        "options": advice.options,
        "reason": advice.text,
        "cause": result.cause,
        "raw_cause": result.raw_cause,
    }
    report.event("retry", text, **fields)


def _call(
    channel: CallChannel, wanted: _Wanted, report: Report, fax_options: dict[str, Any], confirmed: int
) -> _Result:
    """One call with the pages that are not confirmed yet."""
    sender = channel.FaxSender
    report.event("calling", f"calling {wanted.number}", number=wanted.number, device=channel.device)
    if channel.call(wanted.number, wanted.call_from, wanted.timeout) is not CallState.ANSWERED:
        cause = channel.cause()
        raw_cause = channel.Details.raw_cause
        documents = parted(confirmed, wanted.documents)
        call_status = status.CALL_STATUS[cause]
        return _Result(call_status, cause, pages=confirmed, raw_cause=raw_cause, documents=documents)
    report.event("answered", "answered")
    poll = None if wanted.poll is None else FaxToReceive(wanted.poll)
    if sender.start(remaining(wanted.fax, confirmed), fax_options, poll=poll):
        _follow(channel, report, confirmed, wanted.documents)
    fax_cause = sender.wait_until_finished()
    channel.hang_up()
    details = sender.Details
    return _Result(
        status.FAX_STATUS[fax_cause],
        fax_cause,
        pages=confirmed + details.pages,
        raw_cause=details.raw_cause,
        text=details.raw_cause_text,
        negotiated=without_secrets(details.negotiated),
        unconfirmed=details.unconfirmed,
        documents=parted(confirmed + details.pages, wanted.documents),
        received=details.pages_received,
        file=str(wanted.poll) if details.pages_received else None,
    )


def _follow(channel: CallChannel, report: Report, confirmed: int, documents: Sequence[int]) -> None:
    """Tells of the settings and of each page; how it ends is for wait_until_finished() to say."""
    sender, total = channel.FaxSender, sum(documents)
    try:
        if settings := sender.wait_for_negotiated_settings():
            who = settings["RemoteSubscriberId"] or "the far end"
            text = f"{who}: {settings_text(settings)}"
            left = seconds_left(sender.Details.page_octets, settings, 0)
            fields: dict[str, Any] = {**without_secrets(settings), "pages": confirmed, "total": total}
            report.event("negotiated", text, left_s=left, **fields)
        told = 0
        while not sender.Details.last_page or told < sender.Details.pages:
            pages = sender.wait_for_next_page()
            if pages > told:
                told = pages
                done = confirmed + told
                left = seconds_left(sender.Details.page_octets, sender.Details.negotiated, told)
                text = f"sent {plural(done, 'page')}"
                fields = {"pages": done, "total": total, "document": len(parted(done, documents))}
                report.event("page", text, left_s=left, **fields)
    except (Error, Hangup):
        pass
