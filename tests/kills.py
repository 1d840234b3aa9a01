#!/usr/bin/env python3
"""Kills `faxline receive` with SIGKILL at random moments of a call, again and again: what it had confirmed
is in the file.

python tests/kills.py [sim|pty] [COUNT] [SEED]     sim, 1000 times; the seed is printed

sim: the receiver is a line of the simulated exchange, and a far machine calls it. pty: it has a modem on a
pseudo-terminal, and a channel of this process calls it from a second one; there, what the sender was told
counts, too.
"""

import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

import pages
from PIL import Image

from faxline import CallChannel, Error, FaxToSend, Hangup, sim

SPEED = 20
"""Line seconds a second: a busy machine is late at a higher one, and then faxes fail by themselves."""
PAGES = 3
WORKERS = 8
_TOO_LONG_S = 60

PHASES = (
    "before the negotiation",
    *(f"at page {number}" for number in range(1, PAGES + 1)),
    "behind the last page",
    "when the fax was over",
)


class Way(Protocol):
    """How the receiver is reached."""

    device: str

    def call(self) -> None:
        """Somebody calls it, with the fax."""

    def confirmed(self) -> int:
        """What the sender was told is confirmed, once its call is over; 0 where nobody knows."""

    def close(self) -> None:
        """No more calls."""


class Simulated:
    """A far machine of the simulated exchange calls, by itself."""

    def __init__(self, folder: Path, number: int, speed: int) -> None:
        self.device = f"sim:5550001?pace=real&speed={speed}&incoming={folder / 'sent.tif'}"

    def call(self) -> None: ...

    def confirmed(self) -> int:
        return 0

    def close(self) -> None: ...


class Pty:
    """A channel of ours calls from one modem on a pseudo-terminal to another."""

    def __init__(self, folder: Path, number: int, speed: int) -> None:
        self._sent = folder / "sent.tif"
        far, near = folder / f"far{number}", folder / f"near{number}"
        self._modems = sim.PtyModems([far, near], speed=speed, number=str(5550001 + 2 * number))
        self._far = f"class1:{far}?speed={speed}"
        self.device = f"class1:{near}?speed={speed}"
        self._pages = 0
        self._enough = threading.Event()
        self._caller = threading.Thread()

    def call(self) -> None:
        self._pages = 0
        self._enough.clear()
        self._caller = threading.Thread(target=self._send)
        self._caller.start()

    def _send(self) -> None:
        with CallChannel(self._far) as channel, suppress(Error, Hangup):
            while channel.call(self._modems.lines[1].number) != channel.State.ANSWERED:
                if self._enough.is_set():
                    return
            channel.FaxSender.send(FaxToSend(self._sent))
            self._pages = channel.FaxSender.Details.pages

    def confirmed(self) -> int:
        self._enough.set()
        self._caller.join(_TOO_LONG_S)
        assert not self._caller.is_alive()
        return self._pages

    def close(self) -> None:
        self._modems.close()


WAYS: dict[str, Callable[[Path, int, int], Way]] = {"sim": Simulated, "pty": Pty}


@contextmanager
def ringing(way: Way, target: Path) -> Iterator["subprocess.Popen[str]"]:
    """The receiver, from the moment when it rings on."""
    target.mkdir()
    command = [sys.executable, "-m", "faxline", "receive", "--device", way.device, "--output", str(target)]
    receiver = subprocess.Popen([*command, "--once", "--json"], stdout=subprocess.PIPE, text=True)
    assert receiver.stdout is not None
    backstop = threading.Timer(_TOO_LONG_S, receiver.kill)
    backstop.start()
    with receiver:
        try:
            for line in receiver.stdout:
                event = json.loads(line)["event"]
                if event == "waiting":
                    way.call()
                if event == "ringing":
                    break
            else:
                raise AssertionError(f"it never rang, or not within {_TOO_LONG_S} s")
            yield receiver
        finally:
            backstop.cancel()
            receiver.kill()


def save_fax(path: Path) -> list[bytes]:
    """Pages with so much on them that most of the call is theirs; returns their rows."""
    chance = random.Random(1)
    made = [pages.fax_page(number) for number in range(1, PAGES + 1)]
    for page in made:
        dots = bytes(chance.getrandbits(8) | chance.getrandbits(8) for _ in range(100 * 800 // 8))
        page.paste(Image.frombytes("1", (800, 100), dots), (500, 100))
    made[0].save(path, save_all=True, append_images=made[1:], compression="group4", dpi=(204, 196))
    return [pages.rows(page) for page in made]


def phase(told: list[dict[str, object]]) -> int:
    """Where in PHASES the receiver was that has told so much."""
    events = [one["event"] for one in told]
    if "result" in events:
        return len(PHASES) - 1
    return 1 + events.count("page") if "negotiated" in events else 0


def length_s(way: Way, target: Path) -> float:
    """Of a whole call, from the first ring on."""
    with ringing(way, target) as receiver:
        began = time.monotonic()
        assert receiver.stdout is not None
        receiver.stdout.read()
        length = time.monotonic() - began
    way.confirmed()
    return length


def kill_once(way: Way, target: Path, after_s: float, sent: list[bytes]) -> tuple[int, int]:
    """Receives, and is killed so long after it rang. Returns the phase that it was in and how many pages it
    had confirmed; raises AssertionError when the file does not have them."""
    with ringing(way, target) as receiver:
        assert receiver.stdout is not None
        time.sleep(after_s)
        receiver.kill()
        told = [json.loads(line) for line in receiver.stdout if line.endswith("\n")]
    confirmed = max([way.confirmed(), *(int(str(one["pages"])) for one in told if "pages" in one)])
    files = [path for path in target.iterdir() if path.suffix == ".tif"]
    kept = pages.all_rows(files[0]) if files else []
    assert len(files) <= 1
    assert len(kept) >= confirmed, f"{confirmed} confirmed, {len(kept)} kept, killed after {after_s:.4f} s"
    assert kept == sent[: len(kept)], f"other pages than were sent, killed after {after_s:.4f} s"
    return phase(told), confirmed


def kill(folder: Path, count: int, seed: int, kind: str, speed: int = SPEED) -> Counter[tuple[int, int]]:
    """So often, at moments that are spread evenly over the length of a call; how many of the kills met which
    phase (of PHASES) with how many pages confirmed."""
    chance = random.Random(seed)
    sent = save_fax(folder / "sent.tif")
    ways: SimpleQueue[Way] = SimpleQueue()
    every = [WAYS[kind](folder, number, speed) for number in range(min(count, WORKERS))]
    for way in every:
        ways.put(way)

    def one(number: int, share: float) -> tuple[int, int]:
        way = ways.get()
        try:
            return kill_once(way, folder / f"in-{number}", share * length, sent)
        finally:
            ways.put(way)

    try:
        length = length_s(every[0], folder / "whole")
        with ThreadPoolExecutor(len(every)) as pool:
            return Counter(pool.map(one, range(count), [chance.random() for _ in range(count)]))
    finally:
        for way in every:
            way.close()


def main() -> None:
    words = sys.argv[1:]
    kind = words.pop(0) if words and words[0] in WAYS else "sim"
    count = int(words[0]) if words else 1000
    seed = int(words[1]) if len(words) > 1 else random.randrange(10**9)
    print(f"{count} kills on {kind}, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        found = kill(Path(folder), count, seed, kind)
    for number, name in enumerate(PHASES):
        print(f"{sum(times for (at, _), times in found.items() if at == number):6} {name}")
    for number in range(PAGES + 1):
        times = sum(times for (_, confirmed), times in found.items() if confirmed == number)
        print(f"{times:6} with {number} of {PAGES} pages confirmed, and all of those in the file")


if __name__ == "__main__":
    main()
