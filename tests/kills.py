#!/usr/bin/env python3
"""Kills a receiver with SIGKILL at random moments of a call, again and again: what it had confirmed is in the
file.

python tests/kills.py [COUNT] [SEED]     1000 times; the seed is printed
"""

import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pages

RECEIVER = """
import sys
from faxline import CallChannel, Error, FaxToReceive, Hangup
device, target = sys.argv[1:]
with CallChannel(device) as channel:
    channel.wait_for_call()
    channel.answer()
    receiver = channel.FaxReceiver
    print("begun", flush=True)
    receiver.start(FaxToReceive(target))
    while not receiver.Details.last_page:
        print(receiver.wait_for_next_page(), flush=True)
"""
SPEED = 100
LONGEST_S = 1.2
"""Of a whole call at that speed, from `begun` on."""
PAGES = 3


def kill_once(folder: Path, number: int, after_s: float, sent: list[bytes]) -> int:
    """Receives, and is killed so long after the fax has begun. Returns how many pages it had confirmed;
    raises AssertionError when the file does not have them."""
    target = folder / f"{number}.tif"
    device = f"sim:5550001?pace=real&speed={SPEED}&incoming={folder / 'sent.tif'}"
    receiver = subprocess.Popen(
        [sys.executable, "-c", RECEIVER, device, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert receiver.stdout is not None
    assert receiver.stdout.readline() == "begun\n"
    time.sleep(after_s)
    receiver.kill()
    told = receiver.stdout.read().split()
    receiver.wait()
    confirmed = int(told[-1]) if told else 0
    kept = pages.all_rows(target) if target.exists() else []
    assert len(kept) >= confirmed, f"{confirmed} confirmed, {len(kept)} kept, killed after {after_s:.4f} s"
    assert kept == sent[: len(kept)], f"other pages than were sent, killed after {after_s:.4f} s"
    return confirmed


def kill(folder: Path, count: int, seed: int) -> list[int]:
    """So often; how many kills found so many pages confirmed, from 0 on."""
    chance = random.Random(seed)
    sent = [pages.rows(page) for page in pages.save_fax(folder / "sent.tif", PAGES)]
    moments = [chance.uniform(0, LONGEST_S) for _ in range(count)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda at: kill_once(folder, at[0], at[1], sent), enumerate(moments)))
    return [found.count(number) for number in range(PAGES + 1)]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**9)
    print(f"{count} kills, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for number, times in enumerate(kill(Path(folder), count, seed)):
            print(f"{times:6} with {number} of {PAGES} pages confirmed, and all of those in the file")


if __name__ == "__main__":
    main()
