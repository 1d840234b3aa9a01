"""efax, a fax program by others, over simulated modems on pseudo-terminals: with itself, with our sender,
with our receiver, with the exchange's far machine. The pages are compared bit for bit.

efax sends MH without error correction, puts blank rows above each page, and goes by the wall's clock:
SPEED is as fast as it bears. It divides by the seconds that a page took: no page may take less than one.
"""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pages
import pytest
from PIL import Image, ImageDraw

from faxline import CallChannel, FaxToReceive, FaxToSend, sim

pytestmark = [
    pytest.mark.wallclock,
    pytest.mark.skipif(shutil.which("efax") is None, reason="needs efax: apt-get install efax"),
]

SPEED = 4
HEADER = {196: 20, 98: 6}
"""Blank rows that efax puts above a page, by its resolution."""
PATIENCE_S = 120
ROW = 1728 // 8
OCTETS_A_ROW = 80
"""At least, of the pages below, in MH."""


class Efax:
    """A run of efax. Its log is the output of a failed test."""

    def __init__(self, link: str, *arguments: str | Path) -> None:
        self.process = subprocess.Popen(
            ["efax", "-d", link, "-o1", "-h", "", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=os.environ | {"LC_ALL": "C"},
        )
        self.heard: list[str] = []

    @classmethod
    def answering(cls, link: str, pattern: Path) -> Self:
        """Waits for a call; the modem answers at the first ring. Returns when it is ready."""
        efax = cls(link, "-w", "-iS0=1", "-vewinc", "-l", "5550002", "-r", pattern)
        assert efax.process.stdout is not None
        for line in efax.process.stdout:
            efax.heard.append(line)
            if "waiting" in line and "activity" in line:
                return efax
        raise AssertionError("".join(efax.heard))

    @classmethod
    def sending(cls, link: str, number: str, *files: Path, capabilities: str = "") -> Self:
        options = ["-c", capabilities] if capabilities else []
        return cls(link, *options, "-vewin", "-l", "5550001", "-t", f"T{number}", *files)

    def end(self) -> int:
        rest, _ = self.process.communicate(timeout=PATIENCE_S)
        print("".join(self.heard) + rest[-5000:])
        return self.process.returncode


class Receiver(threading.Thread):
    """Our receiver on a modem."""

    def __init__(self, link: str, path: Path) -> None:
        super().__init__()
        self.channel, self.path, self.cause = CallChannel(f"class1:{link}?speed={SPEED}"), path, ""
        self.start()

    def run(self) -> None:
        with self.channel as channel:
            if (
                channel.wait_for_call(PATIENCE_S * SPEED) == "RING_INCOMING"
                and channel.answer() == "ANSWERED"
            ):
                self.cause = channel.FaxReceiver.receive(FaxToReceive(self.path))
                channel.hang_up()


@pytest.fixture
def modems(tmp_path: Path) -> Iterator[sim.PtyModems]:
    with sim.PtyModems(
        [tmp_path / "a", tmp_path / "b"], speed=SPEED, save=tmp_path / "far.tif", trace=tmp_path / "trace"
    ) as made:
        yield made


def documents(
    tmp_path: Path, count: int, dpi: tuple[int, int], rate: int = 14400
) -> tuple[list[Path], list[bytes]]:
    """One file a page (what efax wants), and what is to arrive of each. A page takes a second at least."""
    files, rows = [], []
    for number in range(1, count + 1):
        page = pages.fax_page(number, height=rate * SPEED // 8 // OCTETS_A_ROW + 50 * number)
        draw = ImageDraw.Draw(page)
        for x in range(8, page.width, 24):
            draw.line((x, 0, x + 40 * number, page.height), fill=0, width=3)
        # At standard resolution efax blends its header into the first rows.
        draw.rectangle((0, 0, page.width, 16), fill=1)
        files.append(tmp_path / f"page{number}.tif")
        # Pillow writes no RTC, and without one efax makes up rows at the end.
        code = pages.encode(page, 0, msb_first=True)
        tags = pages.bilevel_tags(page.width, page.height, len(code), compression=3, dpi=dpi)
        files[-1].write_bytes(pages.tiff(tags, code))
        rows.append(pages.rows(page))
    return files, rows


def below_header(received: list[bytes], y_dpi: int = 196) -> list[bytes]:
    header = HEADER[y_dpi] * ROW
    for page in received:
        assert page[:header] == bytes(header)
    return [page[header:] for page in received]


def received_by_efax(pattern: Path) -> list[bytes]:
    return [row for path in sorted(pattern.parent.glob(f"{pattern.name}.*")) for row in pages.all_rows(path)]


@pytest.mark.parametrize(
    ("count", "dpi", "capabilities", "rate"),
    [
        (3, (204, 196), "1,5,0,2", 14400),
        (1, (204, 98), "0,3,0,2", 9600),
        (1, (204, 196), "1,0,0,2", 2400),
    ],
    ids=["14400-fine-3-pages", "9600-standard", "2400-fine"],
)
def test_efax_to_far_machine(
    modems: sim.PtyModems, tmp_path: Path, count: int, dpi: tuple[int, int], capabilities: str, rate: int
) -> None:
    files, sent = documents(tmp_path, count, dpi, rate)
    assert Efax.sending(modems.lines[0].link, "5550100", *files, capabilities=capabilities).end() == 0
    assert below_header(pages.all_rows(tmp_path / "far-5550001.tif"), dpi[1]) == sent
    with Image.open(tmp_path / "far-5550001.tif") as image:
        assert tuple(map(round, image.info["dpi"])) == dpi


def test_efax_to_our_receiver(modems: sim.PtyModems, tmp_path: Path) -> None:
    files, sent = documents(tmp_path, 2, (204, 196))
    receiver = Receiver(modems.lines[1].link, tmp_path / "got.tif")
    status = Efax.sending(modems.lines[0].link, modems.lines[1].number, *files).end()
    receiver.join()
    assert (status, receiver.cause) == (0, "NORMAL")
    assert below_header(pages.all_rows(tmp_path / "got.tif")) == sent


@pytest.mark.parametrize("dpi", [(204, 98), (204, 196)])
def test_our_sender_to_efax(modems: sim.PtyModems, tmp_path: Path, dpi: tuple[int, int]) -> None:
    sent = pages.save_fax(tmp_path / "fax.tif", 2, dpi=dpi)
    efax = Efax.answering(modems.lines[1].link, tmp_path / "got")
    with CallChannel(f"class1:{modems.lines[0].link}?speed={SPEED}") as channel:
        assert channel.call(modems.lines[1].number) == "ANSWERED"
        cause = channel.FaxSender.send(FaxToSend(tmp_path / "fax.tif"))
        agreed = channel.FaxSender.Details.negotiated
        channel.hang_up()
    assert (efax.end(), cause) == (0, "NORMAL")
    assert (agreed["Compression"], agreed["ECM"]) == ("MH", "NO")
    assert received_by_efax(tmp_path / "got") == [pages.rows(page) for page in sent]


def test_efax_to_efax(modems: sim.PtyModems, tmp_path: Path) -> None:
    files, sent = documents(tmp_path, 2, (204, 196))
    called = Efax.answering(modems.lines[1].link, tmp_path / "got")
    caller = Efax.sending(modems.lines[0].link, modems.lines[1].number, *files)
    assert (caller.end(), called.end()) == (0, 0)
    assert below_header(received_by_efax(tmp_path / "got")) == sent
