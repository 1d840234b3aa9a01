"""faxline receive: answer calls and write the faxes that come, one after the other."""

import argparse
import json
import os
import re
import signal
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faxline import options
from faxline.causes import CallState, FaxCause
from faxline.channel import CallChannel
from faxline.cli import status
from faxline.cli.common import DEVICE_VARIABLE, NO_DEVICE, Terminated, complain, device_of, option, terminate
from faxline.errors import Error, Hangup
from faxline.storage import FaxToReceive

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add(commands: "Commands") -> None:
    parser = commands.add_parser(
        "receive",
        help="receive faxes",
        description="Waits for calls, answers them and writes each fax as a TIFF in DIR, until interrupted.",
        epilog=status.table(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--device", metavar="D", help=f"the device's address, such as sim: (default: {DEVICE_VARIABLE})"
    )
    parser.add_argument(
        "--output", metavar="DIR", required=True, help="directory for the faxes; it must exist"
    )
    parser.add_argument("--once", action="store_true", help="end after one call, with its exit status")
    parser.add_argument(
        "--option",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=option,
        help=f"a fax option, any number of times: {', '.join(options.OPTIONS)}",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per event")
    parser.add_argument("--trace", metavar="FILE", help="record the calls; faxline trace FILE shows them")
    parser.set_defaults(run=run)


class _DatedFax(FaxToReceive):
    """Names the file by the time and by who sends: what a far end calls itself is hostile text."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stem = datetime.now().strftime("%Y%m%d-%H%M%S-%f")[:-3]
        super().__init__(directory / f"{self._stem}.tif")

    def path(self, remote_id: str) -> Path:
        name = re.sub(r"[^0-9A-Za-z+]+", "_", remote_id).strip("_")
        self._path = self._directory / f"{self._stem}{'-' * bool(name)}{name}.tif"
        return self._path


def run(arguments: argparse.Namespace) -> int:
    device = device_of(arguments)
    if not device:
        return complain(NO_DEVICE)
    directory = Path(arguments.output)
    if not directory.is_dir() or not os.access(directory, os.W_OK):
        return complain(f"{directory}: not a directory that can be written")
    checked = options.check(dict(arguments.option), receiving=True)
    if checked.cause is not FaxCause.NONE:
        complain(checked.text)
        return status.FAX_STATUS[checked.cause]
    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        with CallChannel(device, trace=arguments.trace) as channel:
            return _serve(channel, directory, arguments)
    except (Error, Hangup) as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return status.INTERRUPTED
    except Terminated:
        return status.TERMINATED
    finally:
        signal.signal(signal.SIGTERM, previous)


def _serve(channel: CallChannel, directory: Path, arguments: argparse.Namespace) -> int:
    """Call after call; closing the channel ends the last one politely, and what was confirmed is stored."""
    while True:
        _tell(arguments, "waiting", f"waiting for a call on {channel.device}", device=channel.device)
        channel.wait_for_call()
        _tell(arguments, "ringing", "it rings")
        if channel.answer() is not CallState.ANSWERED:
            _tell(arguments, "missed", "the caller has hung up")
            if arguments.once:
                return status.CALL_STATUS[channel.cause()]
            continue
        cause = _receive(channel, _DatedFax(directory), arguments)
        if arguments.once:
            return status.FAX_STATUS[cause]


def _receive(channel: CallChannel, fax: FaxToReceive, arguments: argparse.Namespace) -> FaxCause:
    receiver = channel.FaxReceiver
    if receiver.start(fax, dict(arguments.option)):
        with suppress(Error, Hangup):  # how it ends is for wait_until_finished() to say
            if settings := receiver.wait_for_negotiated_settings():
                who = settings["RemoteSubscriberId"] or "the far end"
                how = f"{settings['Modem']} {settings['DataRate']} bit/s, {settings['Compression']}"
                _tell(arguments, "negotiated", f"{who}: {how}, {settings['Resolution']} dpi", **settings)
            told = 0
            while not receiver.Details.last_page or told < receiver.Details.pages:
                pages = receiver.wait_for_next_page()
                if pages > told:
                    told = pages
                    _tell(arguments, "page", f"page {told} is stored", pages=told, file=fax.filename)
    cause = receiver.wait_until_finished()
    channel.hang_up()
    details = receiver.Details
    reason = f" ({details.raw_cause})" if details.raw_cause else ""
    where = f" in {fax.filename}" if details.pages else ""
    text = f"{cause}, {details.pages} {'page' if details.pages == 1 else 'pages'}{where}{reason}"
    file = fax.filename if details.pages else None
    _tell(arguments, "result", text, cause=cause, pages=details.pages, file=file, raw_cause=details.raw_cause)
    return cause


def _tell(arguments: argparse.Namespace, event: str, text: str, **fields: Any) -> None:
    print(json.dumps({"event": event, **fields}) if arguments.json else text, flush=True)
