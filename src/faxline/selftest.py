"""Does it work here? A few checks, from the package itself to a far fax machine.

    for check in selftest.checks("class1:/dev/ttyACM0", "+1 555 0123"):
        print(check.outcome, check.name, check.text)

The simulator is tested always, a modem when a device is named, the far end when a number is. Each check says
what it found; a failed one says what to do. What cannot be tested any more after a failure is skipped.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from faxline._devices.ports import devices
from faxline.causes import CallCause, CallState, FaxCause
from faxline.channel import CallChannel
from faxline.details import settings_text
from faxline.device import parse
from faxline.document import FaxToSend
from faxline.errors import Error, Hangup
from faxline.storage import FaxToReceive

_PAGES = 2
# Long enough for any modem to say NO DIALTONE, too short for an exchange that waits for a number to complain.
_DIAL_TONE_S = 8
# Pauses of two seconds before a digit that is never reached. (The simulated modem dials first, then listens.)
_NOTHING_YET = ",,,,,,0"


class Outcome(StrEnum):
    """What came of a check."""

    PASS = "PASS"
    FAIL = "FAIL"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    outcome: Outcome
    text: str


def checks(device: str = "", number: str = "") -> Iterator[Check]:
    """The checks, one by one, as they are done. device: an address; number: a fax machine that may be called.

    Raises Error when number is given without device.
    """
    if number and not device:
        raise Error("a number needs a device to call it with")
    with tempfile.TemporaryDirectory(prefix="faxline-") as folder:
        page = Path(folder) / "page.tif"
        try:
            _draw(page)
        except Exception as error:
            text = f"a page cannot be drawn: {error}; is Pillow installed well?"
            yield Check("documents", Outcome.FAIL, text)
            return
        yield _simulator_sends(page, Path(folder))
        yield _simulator_receives(page, Path(folder))
        if not device:
            yield Check("modem", Outcome.SKIP, "no device is named: --device")
            return
        yield from _of_device(device, number, page)


# ---- the package itself ----


def _draw(path: Path) -> None:
    from PIL import Image, ImageDraw

    pages = []
    for number in range(1, _PAGES + 1):
        page = Image.new("1", (1728, 1146), 1)
        pen = ImageDraw.Draw(page)
        pen.text((200, 150), f"faxline selftest, page {number} of {_PAGES}", fill=0, font_size=60)
        pen.rectangle((200, 300, 1500, 900), outline=0, width=4)
        for step in range(0, 1300, 26):
            pen.line((200 + step, 900, 1500, 300 + step * 600 // 1300), fill=0)
        pages.append(page)
    pages[0].save(path, save_all=True, append_images=pages[1:], compression="group4", dpi=(204, 98))


def _bits(path: Path) -> list[bytes]:
    from PIL import Image

    with Image.open(path) as image:
        found = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            found.append(image.convert("1").tobytes())
        return found


def _compared(name: str, cause: FaxCause | str, raw_cause: str | None, sent: Path, got: Path) -> Check:
    if cause != FaxCause.NORMAL:
        reason = f" ({raw_cause})" if raw_cause else ""
        text = f"{cause}{reason}: the installation is damaged, install faxline anew"
        return Check(name, Outcome.FAIL, text)
    if _bits(sent) != _bits(got):
        return Check(name, Outcome.FAIL, "what arrived is not what was sent: install faxline anew")
    return Check(name, Outcome.PASS, f"{_PAGES} pages, bit for bit")


def _simulator_sends(page: Path, folder: Path) -> Check:
    name, got = "simulator sends", folder / "sent.tif"
    try:
        with CallChannel(f"sim:?save={got}") as channel:
            if channel.call("5550100") is not CallState.ANSWERED:
                return Check(name, Outcome.FAIL, f"not answered: {channel.cause()}")
            cause = channel.FaxSender.send(FaxToSend(page))
            raw_cause = channel.FaxSender.Details.raw_cause
        return _compared(name, cause, raw_cause, page, got)
    except (Error, Hangup, OSError) as error:
        return Check(name, Outcome.FAIL, str(error))


def _simulator_receives(page: Path, folder: Path) -> Check:
    name, got = "simulator receives", folder / "received.tif"
    try:
        with CallChannel(f"sim:5559999?incoming={page}") as channel:
            channel.wait_for_call()
            if channel.answer() is not CallState.ANSWERED:
                return Check(name, Outcome.FAIL, f"not answered: {channel.cause()}")
            cause = channel.FaxReceiver.receive(FaxToReceive(got))
            raw_cause = channel.FaxReceiver.Details.raw_cause
        return _compared(name, cause, raw_cause, page, got)
    except (Error, Hangup, OSError) as error:
        return Check(name, Outcome.FAIL, str(error))


# ---- a device ----


def _of_device(device: str, number: str, page: Path) -> Iterator[Check]:
    modem = _modem(device)
    yield modem
    if modem.outcome is Outcome.FAIL:
        yield Check("line", Outcome.SKIP, "the modem has to work first")
        return
    try:
        with CallChannel(device) as channel:
            line = _line(channel)
            yield line
            if not number:
                yield Check("far end", Outcome.SKIP, "no number is named: --number")
            elif line.outcome is Outcome.FAIL:
                yield Check("far end", Outcome.SKIP, "the line has to work first")
            else:
                yield _far_end(channel, number, page)
    except (Error, Hangup) as error:
        yield Check("line", Outcome.FAIL, str(error))


def _modem(device: str) -> Check:
    """Whether a modem answers, has Class 1, and which rates."""
    name = "modem"
    try:
        address = parse(device)
        if address.scheme == "class1":
            return _class1_modem(address.rest)
        CallChannel(device).close()
    except Error as error:
        return Check(name, Outcome.FAIL, str(error))
    text = "the simulated modem: Class 1, V.17, V.29, V.27ter" if address.scheme == "sim" else "it opens"
    return Check(name, Outcome.PASS, text)


def _class1_modem(path: str) -> Check:
    found = devices(path)
    if not found:
        return Check("modem", Outcome.FAIL, f"{path}: there is no such port")
    modem = found[0]
    if not modem.usable:
        return Check("modem", Outcome.FAIL, f"{path}: {modem.advice or 'no Class 1 modem answers'}")
    rates = ", ".join(modem.send) or "no rates told"
    advice = f"; {modem.advice}" if modem.advice else ""
    return Check("modem", Outcome.PASS, f"{modem.identity or 'it answers'}, Class 1, sends {rates}{advice}")


def _line(channel: CallChannel) -> Check:
    """Whether there is a dial tone: the modem is told to wait for one, and hung up before anything is
    dialled."""
    simulated = channel.device.startswith("sim:")
    channel.call("0" if simulated else _NOTHING_YET, seconds_timeout=_DIAL_TONE_S)
    cause = channel.cause()
    channel.hang_up()
    if cause is CallCause.OUTOFORDER:
        return Check("line", Outcome.FAIL, "no dial tone: look at the cable and at the telephone socket")
    if cause is CallCause.ERROR:
        return Check("line", Outcome.FAIL, f"the modem failed ({channel.Details.raw_cause})")
    return Check("line", Outcome.PASS, "there is a dial tone")


def _far_end(channel: CallChannel, number: str, page: Path) -> Check:
    """Whether a fax gets through."""
    name = f"far end {number}"
    if channel.call(number) is not CallState.ANSWERED:
        return Check(name, Outcome.FAIL, f"the call was not answered: {channel.cause()}")
    cause = channel.FaxSender.send(FaxToSend(page))
    channel.hang_up()
    details = channel.FaxSender.Details
    if cause is not FaxCause.NORMAL:
        return Check(name, Outcome.FAIL, f"{cause} ({details.raw_cause}: {details.raw_cause_text})")
    text = f"{details.pages} pages confirmed, {settings_text(details.negotiated)}"
    return Check(name, Outcome.PASS, text)
