"""The interoperability suite: calls between this package and spandsp's own fax terminal over real V.21,
V.27ter, V.29 and V.17 signals (the soft modem, docs/soft.md), in virtual time.

    python tests/interop/suite.py [--docs] [WORD ...]    runs the cases whose names have all the words

--docs writes the table of docs/interoperability.md. A case is data: who sends what with which settings over
which line; run() makes the call and compares the pages bit for bit. test_spandsp.py runs the same cases under
pytest.
"""

import itertools
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw

from faxline import CallChannel, FaxToReceive, FaxToSend, soft

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "interoperability.md"

RATES = ("14400", "12000", "9600", "7200", "4800", "2400")
SIZES = {"A4": 1728, "B4": 2048, "A3": 2432}
FORMATS = {"204x98": (204, 98), "204x196": (204, 196), "204x391": (204, 391)}
FINER = {"408x391": (408, 391), "300x300": (300, 300), "400x400": (400, 400)}


# ---- documents ----


@dataclass(frozen=True)
class Sheet:
    """A page to send."""

    dpi: tuple[int, int] = (204, 196)
    size: str = "A4"
    dense: bool = False
    """So much on it that it fills more than one block of error correction."""

    def draw(self, number: int) -> Image.Image:
        scale = {204: 1.0, 300: 1.5, 408: 2.0, 400: 2.0}[self.dpi[0]]
        width, height = int(SIZES[self.size] * scale), 600 * self.dpi[1] // 196
        page = Image.new("1", (width, height), 1)
        draw = ImageDraw.Draw(page)
        for line, y in enumerate(range(30, height - 30, 24)):
            draw.text((80, y), f"page {number} line {line} {'the quick brown fox ' * 8}", fill=0)
        draw.ellipse((width // 2 - 200, 60, width // 2 + 200, height - 60), outline=0, width=4)
        draw.line((0, 0, width - 1, height - 1), fill=0)
        if self.dense:
            random = Random(number)
            octets = (a & random.getrandbits(8) for a in random.randbytes(width // 8 * (height * 3 // 4)))
            specks = Image.frombytes("1", (width, height * 3 // 4), bytes(octets))
            page.paste(0, (0, height // 4), specks)
        return page


def write(path: Path, sheets: tuple[Sheet, ...]) -> list[bytes]:
    """A TIFF of the sheets; returns their rows."""
    made = [sheet.draw(number) for number, sheet in enumerate(sheets, 1)]
    # Pillow gives all pages of one save() the resolution of the first.
    parts = []
    for number, (image, sheet) in enumerate(zip(made, sheets, strict=True)):
        parts.append(path.with_name(f"{path.stem}-{number}.tif"))
        image.save(parts[-1], compression="group4", dpi=sheet.dpi)
    if len(parts) == 1:
        shutil.copy(parts[0], path)
    else:
        from PIL.TiffImagePlugin import AppendingTiffWriter

        with AppendingTiffWriter(str(path), new=True) as file:
            for part in parts:
                with Image.open(part) as image:
                    image.save(file, format="TIFF", compression="group4", dpi=image.info["dpi"])
                    file.newFrame()
    return [image.tobytes("raw", "1;I") for image in made]


def read(path: Path) -> list[bytes]:
    if not path.exists():
        return []
    rows = []
    with Image.open(path) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            rows.append(image.convert("1").tobytes("raw", "1;I"))
    return rows


def damage(sent: list[bytes], received: list[bytes], widths: list[int]) -> str:
    """'' when all pages are there bit for bit; else what is wrong with them."""
    if len(sent) != len(received):
        return f"{len(received)} of {len(sent)} pages"
    bad = total = 0
    for before, after, width in zip(sent, received, widths, strict=True):
        octets = width // 8
        lines = [before[at : at + octets] for at in range(0, len(before), octets)]
        others = [after[at : at + octets] for at in range(0, len(after), octets)]
        total += len(lines)
        bad += sum(one != other for one, other in itertools.zip_longest(lines, others))
    return f"{bad} of {total} rows differ" if bad else ""


# ---- cases ----


@dataclass(frozen=True)
class Case:
    group: str
    name: str
    who: str
    """'we send', 'they send', 'we poll', 'they poll', 'we send to us'."""
    sheets: tuple[Sheet, ...] = (Sheet(),)
    ours: dict[str, str] = field(default_factory=dict)
    """Our fax options."""
    theirs: dict[str, object] = field(default_factory=dict)
    """Of the address: what spandsp's terminal may do."""
    line: dict[str, object] = field(default_factory=lambda: {"delay": 20})
    negotiated: dict[str, str] = field(default_factory=dict)
    """What must have been agreed."""
    may_differ: bool = False
    """Without error correction on a bad line: rows may be damaged."""
    beyond: bool = False
    """More than spandsp's terminals bear: it may fail, if two of them fail on the same line, too."""

    @property
    def id(self) -> str:
        return f"{self.group}: {self.who}, {self.name}"


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


def _settings(ecm: bool, coding: str) -> dict[str, str]:
    return {"ECM": "YES" if ecm else "NO", "Compression": coding}


CODINGS = ((True, "MMR"), (True, "MR"), (True, "MH"), (False, "MR"), (False, "MH"))


def _modem_of(rate: str) -> str:
    return "V27" if rate in ("4800", "2400") else "V17"


def _rates() -> Iterator[Case]:
    for who, rate, (ecm, coding) in itertools.product(("we send", "they send"), RATES, CODINGS):
        ours = {**_settings(ecm, coding), "MaxDataRate": rate}
        agreed = {**_settings(ecm, coding), "DataRate": rate, "Modem": _modem_of(rate)}
        if who == "they send" and rate in ("4800", "2400"):
            agreed.pop("Modem")
        theirs = {"codings": coding if coding == "MH" else f"MH,{coding}", "ecm": "yes" if ecm else "no"}
        yield Case(
            "rates",
            f"{rate}, {'ECM' if ecm else 'no ECM'}, {coding}",
            who,
            ours=ours,
            theirs={} if who == "we send" else theirs,
            negotiated=agreed,
        )
    for who, rate, ecm in itertools.product(("we send", "they send"), ("9600", "7200"), (True, False)):
        yield Case(
            "rates",
            f"V.29 {rate}, {'ECM' if ecm else 'no ECM'}",
            who,
            ours={"v17": "NO", "MaxDataRate": rate, "ECM": "YES" if ecm else "NO"},
            negotiated={"Modem": "V29", "DataRate": rate},
        )


def _formats() -> Iterator[Case]:
    for who, (name, dpi), ecm in itertools.product(
        ("we send", "they send"), (FORMATS | FINER).items(), (True, False)
    ):
        yield Case(
            "formats",
            f"{name}, {'ECM' if ecm else 'no ECM'}",
            who,
            sheets=(Sheet(dpi),),
            ours={"ECM": "YES" if ecm else "NO"},
            # One bit of DIS and DCS stands for both; with metric resolutions it is this.
            negotiated={"Resolution": "408x391" if name == "400x400" else name},
        )
    for who, size, ecm in itertools.product(("we send", "they send"), SIZES, (True, False)):
        yield Case(
            "formats",
            f"{size}, {'ECM' if ecm else 'no ECM'}",
            who,
            sheets=(Sheet(size=size),),
            ours={"ECM": "YES" if ecm else "NO"},
            negotiated={"PageWidth": str(SIZES[size])},
        )


def _documents() -> Iterator[Case]:
    for who, count, ecm in itertools.product(("we send", "they send"), (1, 5, 20), (True, False)):
        yield Case(
            "documents",
            f"{count} pages, {'ECM' if ecm else 'no ECM'}",
            who,
            sheets=(Sheet(),) * count,
            ours={"ECM": "YES" if ecm else "NO"},
        )
    mixed = (Sheet(), Sheet((204, 98)), Sheet(size="B4"), Sheet((204, 391)))
    for who, ecm in itertools.product(("we send", "they send"), (True, False)):
        yield Case(
            "documents",
            f"four formats (EOM), {'ECM' if ecm else 'no ECM'}",
            who,
            sheets=mixed,
            ours={"ECM": "YES" if ecm else "NO"},
        )
        yield Case(
            "documents",
            f"dense pages, {'ECM' if ecm else 'no ECM'}",
            who,
            sheets=(Sheet(dense=True), Sheet(dense=True)),
            ours={"ECM": "YES" if ecm else "NO"},
        )
    yield Case(
        "documents", "RNR three times a page", "we send", sheets=(Sheet(),) * 2, theirs={"not_ready": 3}
    )
    for who, ecm in itertools.product(("we poll", "they poll"), (True, False)):
        yield Case(
            "polling",
            f"two pages, {'ECM' if ecm else 'no ECM'}",
            who,
            sheets=(Sheet(),) * 2,
            ours={"ECM": "YES" if ecm else "NO"},
        )
    for ecm in (True, False):
        yield Case(
            "two soft modems",
            f"two pages, {'ECM' if ecm else 'no ECM'}",
            "we send to us",
            sheets=(Sheet(),) * 2,
            ours={"ECM": "YES" if ecm else "NO"},
        )


LINES: dict[str, dict[str, object]] = {
    "noise -55 dBm0": {"delay": 20, "noise": -55},
    "noise -50 dBm0, V.29": {"delay": 20, "noise": -50, "modems": "v29,v27"},
    "10 dB quieter": {"delay": 20, "level": -10},
    "15 dB quieter, V.29": {"delay": 20, "level": -15, "modems": "v29,v27"},
    "echo -12 dB": {"delay": 50, "echo": -12},
    "delay 300 ms": {"delay": 300},
    "delay 600 ms": {"delay": 600},
    "A-law": {"delay": 20, "law": "alaw"},
    "A-law, 6 dB quieter, echo -20 dB, noise -60 dBm0, 60 ms": {
        "delay": 60,
        "law": "alaw",
        "level": -6,
        "echo": -20,
        "noise": -60,
    },
}
HOLES: dict[str, dict[str, object]] = {
    f"a hole of {ms} ms about every {every} s": {"delay": 20, "holes": f"{ms}/{every * 1000}", "seed": seed}
    for ms, every, seed in ((20, 20, 1), (60, 30, 2), (300, 30, 3))
}
"""Each kills the fast carrier that it meets: the rest of its block is lost."""


def _lines() -> Iterator[Case]:
    for who, (name, line), ecm in itertools.product(("we send", "they send"), LINES.items(), (True, False)):
        yield Case(
            "bad lines",
            f"{name}, {'ECM' if ecm else 'no ECM'}",
            who,
            sheets=(Sheet(),) * 2,
            ours={"ECM": "YES" if ecm else "NO"},
            line=line,
            may_differ=not ecm,
        )
    for who, (name, line) in itertools.product(("we send", "they send"), HOLES.items()):
        for sheet, sort in ((Sheet(), "short pages"), (Sheet(dense=True), "dense pages")):
            yield Case(
                "bad lines",
                f"{name}, {sort}, ECM",
                who,
                sheets=(sheet,) * 2,
                line=line,
                negotiated={"ECM": "YES"},
                beyond=who == "we send",
            )

    for seed in (9, 12):
        yield Case(
            "bad lines",
            f"a hole of 20 ms about every 20 s, three short pages, seed {seed}, ECM",
            "we send",
            sheets=(Sheet(),) * 3,
            line={"delay": 20, "holes": "20/20000", "seed": seed},
            beyond=True,
        )


def cases() -> list[Case]:
    return [*_rates(), *_formats(), *_documents(), *_lines()]


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
