"""The cases of the interoperability suite: who sends what with which settings over which line; and the pages
that they send, drawn, written, read and compared.
"""

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw

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
    """A name of suite.CALLS: 'we send', 'they poll' ..."""
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
    both = ("we send and poll", "they poll, we offer both", "they send, we offer both", "we send apart")
    for who, ecm in itertools.product(both, (True, False)):
        yield Case(
            "both ways, several documents",
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
