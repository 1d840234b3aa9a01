"""The interoperability suite: calls between this package and spandsp's own fax terminal over real V.21,
V.27ter, V.29 and V.17 signals (the soft modem, docs/soft.md), in virtual time.

    python tests/interop/suite.py [--docs] [WORD ...]    runs the cases whose names have all the words

--docs writes the table of docs/interoperability.md. A case is data: who sends what with which settings over
which line; run() makes the call and compares the pages bit for bit. test_spandsp.py runs the same cases under
pytest.
"""

import itertools
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from cases import Case, cases, damage, read, write
from PIL import Image

from faxline import CallChannel, FaxToReceive, FaxToSend, soft

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "interoperability.md"


@dataclass(frozen=True)
class Result:
    case: Case
    cause: str
    theirs: str
    negotiated: dict[str, str]
    damage: str
    pages: int
    line_s: float
    beyond: bool = False
    """Two of spandsp's terminals fail at it, too."""

    @property
    def good(self) -> bool:
        return self.beyond or self.done

    @property
    def done(self) -> bool:
        wrong = {k: v for k, v in self.case.negotiated.items() if self.negotiated.get(k) != v}
        return (
            self.cause == "NORMAL"
            and self.theirs in ("OK", "")
            and not wrong
            and (not self.damage or (self.case.may_differ and "pages" not in self.damage))
        )

    def __str__(self) -> str:
        agreed = " ".join(
            self.negotiated.get(name, "-")
            for name in ("Modem", "DataRate", "Compression", "Resolution", "PageWidth")
        )
        ecm = "ECM" if self.negotiated.get("ECM") == "YES" else "no ECM"
        return (
            f"{self.case.id}: {self.cause}, they say {self.theirs!r}; {agreed} {ecm}; "
            f"{self.damage or 'bit for bit'}; {self.line_s:.1f} s"
        )


# ---- calls ----


def _address(case: Case, **files: object) -> str:
    return soft.address(id="555 0199", **{**case.line, **case.theirs, **files})


def _we_send(case: Case, sent: Path, received: Path) -> tuple[CallChannel, str, dict[str, str]]:
    with CallChannel(_address(case, save=received), subscriber_id="555 0100") as channel:
        state = channel.call("5550199")
        cause = (
            channel.FaxSender.send(FaxToSend(sent), case.ours)
            if state == "ANSWERED"
            else str(channel.cause())
        )
        channel.hang_up()
        return channel, cause, channel.FaxSender.Details.negotiated


def _they_send(case: Case, sent: Path, received: Path) -> tuple[CallChannel, str, dict[str, str]]:
    with CallChannel(_address(case, incoming=sent), subscriber_id="555 0100") as channel:
        assert channel.wait_for_call() == "RING_INCOMING"
        assert channel.answer() == "ANSWERED"
        cause = channel.FaxReceiver.receive(FaxToReceive(received), case.ours)
        channel.hang_up()
        return channel, cause, channel.FaxReceiver.Details.negotiated


def _we_poll(case: Case, sent: Path, received: Path) -> tuple[CallChannel, str, dict[str, str]]:
    with CallChannel(_address(case, send=sent), subscriber_id="555 0100") as channel:
        assert channel.call("5550199") == "ANSWERED"
        cause = channel.FaxReceiver.receive(FaxToReceive(received), case.ours)
        channel.hang_up()
        return channel, cause, channel.FaxReceiver.Details.negotiated


def _they_poll(case: Case, sent: Path, received: Path) -> tuple[CallChannel, str, dict[str, str]]:
    with CallChannel(_address(case, save=received), subscriber_id="555 0100") as channel:
        soft.call_in(channel)
        assert channel.wait_for_call() == "RING_INCOMING"
        assert channel.answer() == "ANSWERED"
        cause = channel.FaxSender.send(FaxToSend(sent), case.ours)
        channel.hang_up()
        return channel, cause, channel.FaxSender.Details.negotiated


def _we_send_and_poll(case: Case, sent: Path, received: Path) -> tuple[CallChannel, str, dict[str, str]]:
    """Both ways in one call: what went there is looked at here, what came back by the caller."""
    there = received.with_name("there.tif")
    with CallChannel(_address(case, save=there, send=sent), subscriber_id="555 0100") as channel:
        assert channel.call("5550199") == "ANSWERED"
        cause = channel.FaxSender.send(FaxToSend(sent), case.ours, poll=FaxToReceive(received))
        channel.hang_up()
    if cause == "NORMAL" and read(there) != read(sent):
        cause = "other pages than were sent"
    there.unlink(missing_ok=True)
    return channel, cause, channel.FaxSender.Details.negotiated


def _we_offer_both(
    address: str, case: Case, sent: Path, received: Path, *, polled: bool
) -> tuple[CallChannel, str, dict[str, str]]:
    with CallChannel(address, subscriber_id="555 0100") as channel:
        if polled:
            soft.call_in(channel)
        assert channel.wait_for_call() == "RING_INCOMING"
        assert channel.answer() == "ANSWERED"
        receive, offer = (received.with_name("none.tif"), sent) if polled else (received, sent)
        cause = channel.FaxReceiver.receive(FaxToReceive(receive), case.ours, poll=FaxToSend(offer))
        channel.hang_up()
        return channel, cause, channel.FaxReceiver.Details.negotiated


def _they_poll_of_both(case: Case, sent: Path, received: Path) -> tuple[CallChannel, str, dict[str, str]]:
    return _we_offer_both(_address(case, save=received), case, sent, received, polled=True)


def _they_send_to_both(case: Case, sent: Path, received: Path) -> tuple[CallChannel, str, dict[str, str]]:
    return _we_offer_both(_address(case, incoming=sent), case, sent, received, polled=False)


def _we_send_apart(case: Case, sent: Path, received: Path) -> tuple[CallChannel, str, dict[str, str]]:
    """Each page a document of its own."""
    fax = FaxToSend()
    for number in range(len(case.sheets)):
        fax.add_content(sent, pages=str(number + 1), separate=True)
    with CallChannel(_address(case, save=received), subscriber_id="555 0100") as channel:
        assert channel.call("5550199") == "ANSWERED"
        cause = channel.FaxSender.send(fax, case.ours)
        channel.hang_up()
        return channel, cause, channel.FaxSender.Details.negotiated


def _we_send_to_us(case: Case, sent: Path, received: Path) -> tuple[CallChannel, str, dict[str, str]]:
    causes = []

    def called(channel: CallChannel) -> None:
        if channel.wait_for_call() == "RING_INCOMING" and channel.answer() == "ANSWERED":
            causes.append(channel.FaxReceiver.receive(FaxToReceive(received)))
        channel.hang_up()

    with (
        CallChannel(soft.address("1", **case.line)) as channel,
        CallChannel(soft.address("2", **case.line)) as other,
    ):
        thread = threading.Thread(target=called, args=(other,))
        thread.start()
        assert channel.call("2") == "ANSWERED"
        causes.append(channel.FaxSender.send(FaxToSend(sent), case.ours))
        channel.hang_up()
        thread.join()
        cause = next((cause for cause in causes if cause != "NORMAL"), "NORMAL")
        return channel, cause, channel.FaxSender.Details.negotiated


CALLS: dict[str, Callable[[Case, Path, Path], tuple[CallChannel, str, dict[str, str]]]] = {
    "we send": _we_send,
    "they send": _they_send,
    "we poll": _we_poll,
    "they poll": _they_poll,
    "we send and poll": _we_send_and_poll,
    "they poll, we offer both": _they_poll_of_both,
    "they send, we offer both": _they_send_to_both,
    "we send apart": _we_send_apart,
    "we send to us": _we_send_to_us,
}


def run(case: Case, folder: Path) -> Result:
    sent, received = folder / "sent.tif", folder / "received.tif"
    rows = write(sent, case.sheets)
    received.unlink(missing_ok=True)
    channel, cause, negotiated = CALLS[case.who](case, sent, received)
    with Image.open(sent) as image:
        widths = []
        for number in range(len(rows)):
            image.seek(number)
            widths.append(image.width)
    pages = read(received)
    theirs = "" if case.who == "we send to us" else soft.outcome(channel).result
    result = Result(
        case, cause, theirs, negotiated, damage(rows, pages, widths), len(pages), soft.held(channel)
    )
    if case.beyond and not result.done:
        result = replace(result, beyond=_beyond_them(case, sent, received))
    return result


def _beyond_them(case: Case, sent: Path, received: Path) -> bool:
    """Whether two of spandsp's terminals fail on this line."""
    received.unlink(missing_ok=True)
    length, every = map(int, str(case.line["holes"]).split("/"))
    audio = soft.Audio(
        delay_ms=int(str(case.line["delay"])),
        hole_ms=length,
        hole_every_ms=every,
        seed=int(str(case.line["seed"])),
    )
    caller, called = soft.Terminal(send=str(sent)), soft.Terminal(save=str(received))
    _, one, other = soft.between(audio, caller, called)
    return (one.result, other.result) != ("OK", "OK")


# ---- the table ----

BEGIN = "<!-- begin results: written by tests/interop/suite.py -->"
END = "<!-- end results -->"


def _versions() -> str:
    found = []
    for package in ("libspandsp2", "efax"):
        query = ["dpkg-query", "-W", "-f", "${Version}", package]
        version = subprocess.run(query, capture_output=True, text=True, check=False).stdout
        if version:
            found.append(f"{package} {version}")
    return ", ".join(found)


def table(results: list[Result]) -> str:
    lines = [
        f"{sum(r.good for r in results)} of {len(results)} calls as they should be. With {_versions()}.",
        "",
    ]
    for group, members in itertools.groupby(results, key=lambda result: result.case.group):
        lines += [f"### {group[0].upper()}{group[1:]}", ""]
        lines += [
            "| | who sends | agreed | pages | received | line |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for result in members:
            n = result.negotiated
            modem = n.get("Modem", "").replace("V27", "V.27ter").replace("V17", "V.17").replace("V29", "V.29")
            ecm = "ECM, " if n.get("ECM") == "YES" else ""
            agreed = (
                f"{modem} {n.get('DataRate')}, {ecm}{n.get('Compression')}, {n.get('PageWidth')} px, "
                f"{n.get('Resolution')}"
            )
            what = result.damage or "bit for bit"
            if not result.done:
                what = f"**{result.cause}**, {what}"
            if result.beyond:
                what += "; two of spandsp's terminals fail on this line, too"
            lines.append(
                f"| {result.case.name} | {result.case.who} | {agreed if n else '-'} "
                f"| {len(result.case.sheets)} | {what} | {result.line_s:.1f} s |"
            )
        lines.append("")
    return "\n".join(lines)


def write_docs(results: list[Result]) -> None:
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table(results)}{END}{after}")


def main(words: list[str]) -> int:
    docs = "--docs" in words
    words = [word for word in words if word != "--docs"]
    results = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for case in cases():
            if not all(word in case.id for word in words):
                continue
            results.append(run(case, Path(folder)))
            print("ok     " if results[-1].good else "FAILED ", results[-1], flush=True)
    bad = sum(not result.good for result in results)
    print(f"{len(results)} calls, {bad} not as they should be, {time.monotonic() - began:.0f} s")
    if docs and not words:
        write_docs(results)
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
