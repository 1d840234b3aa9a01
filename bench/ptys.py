"""Many calls at once in line time: CALLS channels of one process, each on a modem on a pseudo-terminal, each
sending a fax to a far machine, while other threads of the process do nothing but compute.

    python bench/ptys.py [CALLS [PAGES.tif]]

The modems live in a process of their own. Their lines' judges measure every answer, gap and repetition of
ours against T.30's times: one that came late is counted. Prints what became of the calls, and what a call
costs.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from calls import light_page

from faxline import CallChannel, FaxToSend, sim

BUSY_THREADS = 2
PAGE_COUNT = 3


def main() -> int:
    if sys.argv[1:2] == ["--modems"]:
        return serve(sys.argv[2], int(sys.argv[3]))
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with tempfile.TemporaryDirectory() as directory:
        document = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(directory) / "fax.tif"
        if len(sys.argv) < 3:
            page = light_page()
            others = [page] * (PAGE_COUNT - 1)
            page.save(document, compression="group4", dpi=(204, 196), save_all=True, append_images=others)
        return run(Path(directory), document, calls)


# ---- the modems' process ----


def serve(directory: str, count: int) -> int:
    """Until its input ends; then tells what the judges saw, and what it cost."""
    with sim.PtyModems([f"{directory}/line{number}" for number in range(count)]) as modems:
        before = used()
        print("ready", flush=True)
        sys.stdin.read()
        cost = used() - before
    late = {number: seen for number, seen in modems.violations().items() if seen[0]}
    print(sum(count for count, _ in late.values()), cost, resident_mib(), flush=True)
    for number, (times, text) in late.items():
        print(f"line {number}, {times} times, at last: {text}")
    return 0


# ---- the calls' process ----


def used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def resident_mib() -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024  # type: ignore[index]


def compute(enough: threading.Event, worked: list[float]) -> None:
    """Holds the interpreter's lock as much as the interpreter lets it."""
    number = 1
    while not enough.is_set():
        for _ in range(10000):
            number = number * 1103515245 + 12345 & 0x7FFFFFFF
    worked.append(time.thread_time())


def send(channel: CallChannel, document: Path, outcomes: list[str]) -> None:
    if channel.call("5550100") != "ANSWERED":
        outcomes.append(f"call {channel.cause()}")
        return
    cause = channel.FaxSender.send(FaxToSend(document))
    details = channel.FaxSender.Details
    outcomes.append(f"{cause}, {details.pages} pages" + f" ({details.raw_cause})" * bool(details.raw_cause))
    channel.hang_up()


def run(directory: Path, document: Path, calls: int) -> int:
    modems = subprocess.Popen(
        [sys.executable, __file__, "--modems", directory, str(calls)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert modems.stdout is not None
    assert modems.stdout.readline() == "ready\n"
    empty_mib = resident_mib()
    channels = [CallChannel(f"class1:{directory}/line{number}") for number in range(calls)]
    outcomes: list[str] = []
    worked: list[float] = []
    enough = threading.Event()
    threads = [threading.Thread(target=send, args=(channel, document, outcomes)) for channel in channels]
    busy = [threading.Thread(target=compute, args=(enough, worked)) for _ in range(BUSY_THREADS)]
    before, began = used(), time.monotonic()
    for thread in busy + threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, full_mib = time.monotonic() - began, resident_mib()
    enough.set()
    for thread in busy:
        thread.join()
    cost = used() - before - sum(worked)
    for channel in channels:
        channel.close()
    said, _ = modems.communicate()
    late, modems_cost, modems_mib = map(float, said.splitlines()[0].split())
    print(
        f"{calls} calls at once, {BUSY_THREADS} busy Python threads, {os.cpu_count()} cores: {seconds:.1f} s"
    )
    for outcome, count in Counter(outcomes).most_common():
        print(f"  {count} x {outcome}")
    print(f"  {late:.0f} times late or early by T.30's times")
    print("".join(f"    {line}\n" for line in said.splitlines()[1:]), end="")
    memory = (full_mib - empty_mib) / calls
    print(f"  a call: {1000 * cost / calls / seconds:.2f} ms of CPU a second, {memory:.2f} MiB")
    modem = 1000 * modems_cost / calls / seconds
    print(
        f"  its simulated modem and far machine: {modem:.2f} ms of CPU a second; {modems_mib:.0f} MiB in all"
    )
    return int(late > 0 or len(outcomes) < calls or any("NORMAL" not in outcome for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
