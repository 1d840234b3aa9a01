"""faxline send: send a fax."""

import argparse
import json
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from faxline import options
from faxline.causes import CallState, FaxCause
from faxline.channel import CallChannel
from faxline.cli import status
from faxline.cli.common import DEVICE_VARIABLE, NO_DEVICE, Terminated, complain, device_of, option, terminate
from faxline.document import DocumentError, FaxToSend
from faxline.errors import Error, Hangup

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add(commands: "Commands") -> None:
    parser = commands.add_parser(
        "send",
        help="send a fax",
        description="Sends a fax. Several FILEs form one fax.",
        epilog=status.table(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("number", metavar="NUMBER", help="the number to call")
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="TIFF or image files, in the order of their pages"
    )
    parser.add_argument(
        "--device", metavar="D", help=f"the device's address, such as sim: (default: {DEVICE_VARIABLE})"
    )
    parser.add_argument(
        "--option",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=option,
        help=f"a fax option, any number of times: {', '.join(options.OPTIONS)}",
    )
    parser.add_argument(
        "--from", dest="call_from", metavar="NUMBER", default="", help="the number that calls"
    )
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=float, default=120, help="for the answer (default: 120)"
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object per event, and the result as the last"
    )
    parser.add_argument("--trace", metavar="FILE", help="record the call; faxline trace FILE shows it")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    device = device_of(arguments)
    if not device:
        return complain(NO_DEVICE)
    for name in arguments.files:
        try:
            open(name, "rb").close()
        except OSError as error:
            return complain(f"{name}: {error.strerror}")
    # What can be seen to be wrong without a call costs none.
    report = _Report(arguments)
    checked = options.check(dict(arguments.option))
    if checked.cause is not FaxCause.NONE:
        complain(checked.text)
        return report.result(status.FAX_STATUS[checked.cause], cause=checked.cause, text=checked.text)
    try:
        FaxToSend(arguments.files).count_pages()
    except DocumentError as error:
        complain(str(error))
        cause = FaxCause.ERROR
        return report.result(
            status.FAX_STATUS[cause], cause=cause, raw_cause="local.document", text=str(error)
        )
    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        with CallChannel(device, trace=arguments.trace) as channel:
            return _send(channel, arguments)
    except (Error, Hangup) as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return status.INTERRUPTED
    except Terminated:
        return status.TERMINATED
    finally:
        signal.signal(signal.SIGTERM, previous)


def _send(channel: CallChannel, arguments: argparse.Namespace) -> int:
    report = _Report(arguments)
    sender = channel.FaxSender
    try:
        report.event("calling", f"calling {arguments.number}", number=arguments.number, device=channel.device)
        if channel.call(arguments.number, arguments.call_from, arguments.timeout) is not CallState.ANSWERED:
            call_cause = channel.cause()
            return report.result(
                status.CALL_STATUS[call_cause], call_cause=call_cause, raw_cause=channel.Details.raw_cause
            )
        report.event("answered", "answered")
        if sender.start(FaxToSend(arguments.files), dict(arguments.option)):
            _follow(channel, report)
        cause = sender.wait_until_finished()
        channel.hang_up()
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

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._number: str = arguments.number
        self._json: bool = arguments.json
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
