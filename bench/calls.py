"""Whole calls through the public Python API on the simulated device: how many a second, and what a line costs
in memory.

    python bench/calls.py [PAGES.tif]     pages from a file: its first is the page that is sent

One call is: dial, be answered, open the document, agree, train, send one page, have it confirmed, hang up.
The far machine, both modems and the line between them are simulated in the same process and counted in.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from faxline import CallChannel, FaxToSend

SECONDS = 5.0
WORDS = "a fax of a page that has as many words as a page may have and some more".split()  # noqa: SIM905
HOW: dict[str, dict[str, str]] = {
    "ECM, MMR": {},
    "no ECM, MR": {"ECM": "NO"},
    "no ECM, MH": {"ECM": "NO", "Compression": "MH"},
}


def light_page() -> Image.Image:
    """A short letter."""
    page = Image.new("1", (1728, 2200), 1)
    draw = ImageDraw.Draw(page)
    for line in range(12):
        draw.text((150, 250 + 70 * line), " ".join(WORDS[line % 5 : line % 5 + 9]), font=font(44), fill=0)
    return page


def dense_page() -> Image.Image:
    """A page of small print and rules: some 40 kB as G4, a little above the mean of the ITU-T test charts."""
    page = Image.new("1", (1728, 2376), 1)
    draw = ImageDraw.Draw(page)
    chance = random.Random(1)
    for line in range(33):
        text = " ".join(chance.choice(WORDS) for _ in range(19))
        draw.text((90, 90 + 66 * line), text[:92], font=font(30), fill=0)
    for x in range(80, 1700, 180):
        draw.line((x, 60, x, 2320), fill=0, width=2)
    return page


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def save(page: Image.Image, path: Path) -> Path:
    page.save(path, compression="group4", dpi=(204, 196))
    return path


def first_page(source: str, path: Path) -> Path:
    with Image.open(source) as image:
        return save(image.convert("1"), path)


def resident() -> int:
    """Octets of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def one_call(channel: CallChannel, fax: Path, options: dict[str, str]) -> None:
    assert channel.call("5550100") == channel.State.ANSWERED
    assert channel.FaxSender.send(FaxToSend(str(fax)), options) == "NORMAL"
    channel.hang_up()


def opening(fax: Path) -> float:
    """Seconds that the document alone takes: TIFF to rows."""

    def read() -> None:
        for _ in FaxToSend(str(fax)).pages():
            pass

    return repeat(read)[1]


def repeat(what: Callable[[], None]) -> tuple[float, float]:
    """Seconds of the clock, and of the processor, for one."""
    what()
    done, began, used = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - began < SECONDS:
        what()
        done += 1
    return (time.perf_counter() - began) / done, (time.process_time() - used) / done


def speed(name: str, fax: Path) -> None:
    print(f"{name}: {fax.stat().st_size / 1000:.1f} kB as G4; opening it takes {opening(fax) * 1e3:.2f} ms")
    for how, options in HOW.items():
        with CallChannel("sim:") as channel:
            wall, processor = repeat(lambda: one_call(channel, fax, options))  # noqa: B023
        print(
            f"  {how:<12} {1 / wall:6.0f} calls a second, {1 / processor:6.0f} a second of one core "
            f"({wall * 1e3:.2f} ms a call, {processor * 1e3:.2f} ms of processor)"
        )


def memory(fax: Path) -> None:
    with CallChannel("sim:") as channel:  # whatever is loaded once
        one_call(channel, fax, {})
    for count, busy in ((100, False), (30, True)):
        before = resident()
        with ExitStack() as stack:
            for _ in range(count):
                channel = stack.enter_context(CallChannel("sim:"))
                if busy:
                    assert channel.call("5550100") == channel.State.ANSWERED
                    assert channel.FaxSender.start(FaxToSend(str(fax)))
                    assert channel.FaxSender.wait_for_negotiated_settings()
            each = (resident() - before) / count
        print(f"memory: {each / 1024:6.0f} KiB a channel, {count} {'in a fax' if busy else 'open and idle'}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        light = save(light_page(), Path(folder) / "light.tif")
        memory(light)
        speed("a short letter", light)
        speed("a full page", save(dense_page(), Path(folder) / "dense.tif"))
        for number, source in enumerate(sys.argv[1:]):
            speed(f"page 1 of {Path(source).name}", first_page(source, Path(folder) / f"{number}.tif"))


if __name__ == "__main__":
    main()
