"""A search with fresh seeds, for as long as one likes: `./dev soak [MINUTES]`.

    soak.py [MINUTES]         the fault regime (drawn and steered calls), every fuzzer, and calls over real
                              signals where the soft modem is built, for 10 minutes
    soak.py --calls COUNT     so many calls of the regime alone, drawn from fresh seeds, on every core

Every seed is printed, with the command that shows a finding again; what broke is kept in tests/c/out/soak,
and the exit status is 1. A seed that broke belongs into tests/c/regime.seeds once the fault is mended, a
fuzzer's input into tests/fuzz/corpus. Ctrl-C ends it with what has been found so far.
"""

import argparse
import itertools
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "tests/c/out/soak"
REGIME = ROOT / "tests/c/out/plain/regime"
CALLS_AT_ONCE = 50_000
"""Of one run of the regime: so often its process is begun anew and its sum is told."""
FUZZ_ROUND_S = 60
SIGNALS = ROOT / "tests/signals.py"
SIGNALS_AT_ONCE = 1000


@dataclass
class Job:
    """A process at work."""

    what: str
    process: "subprocess.Popen[bytes]"
    log: Path


@dataclass
class Found:
    """What has come of all jobs."""

    calls: int = 0
    inputs: int = 0
    tolerated: int = 0
    broken: int = 0


def build() -> None:
    subprocess.run(["make", "-s", "-C", "tests/c", "out/plain/regime"], cwd=ROOT, check=True)


def fuzzers() -> list[str]:
    return sorted(path.stem for path in (ROOT / "tests/fuzz").glob("fuzz_*.c"))


def start(number: int, what: str, *argv: str | Path) -> Job:
    log = OUT / f"{number}.log"
    words = [str(word) for word in argv]
    print(f"{time.strftime('%H:%M:%S')} {what}: {' '.join(words)}", flush=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            words, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    return Job(what, process, log)


def regime(number: int, *, calls: int, steered: bool) -> Job:
    """Calls from a fresh seed. The first digits of a seed say nothing: neighbours have nothing in common."""
    seed = secrets.randbelow(10**15) * 1000
    how = ["-g"] if steered else []
    what = "steered calls" if steered else "calls"
    return start(number, what, REGIME, *how, "-n", str(calls), "-s", str(seed))


def fuzz(number: int, target: str) -> Job:
    words = (f"TARGET={target}", f"SECONDS={FUZZ_ROUND_S}", "VERBOSITY=0")
    return start(number, target, "make", "-s", "-C", "tests/fuzz", "run", *words)


def signals(number: int) -> Job:
    seed = secrets.randbelow(10**9) * 10_000
    words = (sys.executable, SIGNALS, "-n", str(SIGNALS_AT_ONCE), "-s", str(seed))
    return start(number, "calls over signals", *words)


def settle(job: Job, found: Found) -> None:
    """Adds up what a job that is over has to say."""
    text = job.log.read_text(errors="replace")
    found.calls += sum(map(int, re.findall(r"^(\d+) calls,", text, re.MULTILINE)))
    found.inputs += sum(map(int, re.findall(r"number_of_executed_units: (\d+)", text)))
    found.tolerated += sum(map(int, re.findall(r"^(\d+) short pages", text, re.MULTILINE)))
    if job.process.returncode == 0:
        job.log.unlink()
        return
    found.broken += 1
    findings = [line for line in text.splitlines() if line.startswith(("BROKEN", "broken"))]
    findings += re.findall(r"Test unit written to (\S+)", text)
    print(f"FOUND by {job.what} (all of it: {job.log}):", flush=True)
    for line in findings[:20] or text.splitlines()[-5:]:
        print(f"    {line}", flush=True)


def signals_possible() -> bool:
    """Whether the soft modem is built; says so where it is not."""
    if subprocess.run(
        [sys.executable, SIGNALS, "-n", "0"], cwd=ROOT, check=False, capture_output=True
    ).returncode:
        print("no calls over signals: the soft modem is not built here (docs/soft.md)", flush=True)
        return False
    return True


Plan = Iterator[Callable[[int], Job]]
"""What to run next: each makes a job of the number that its log has."""


def jobs_for(minutes: float) -> Plan:
    """A fuzzer after each two runs of the regime, and signals after three fuzzers, until the time is over."""
    ends = time.monotonic() + 60 * minutes
    over_signals = signals_possible()
    for turn, target in enumerate(itertools.cycle(fuzzers()), 1):
        of_a_turn: list[Callable[[int], Job]] = [
            partial(regime, calls=CALLS_AT_ONCE, steered=False),
            partial(regime, calls=CALLS_AT_ONCE, steered=True),
            partial(fuzz, target=target),
            *([signals] if over_signals and turn % 3 == 0 else []),
        ]
        for job in of_a_turn:
            if time.monotonic() >= ends:
                return
            yield job


def calls_plan(count: int) -> Plan:
    for begun in range(0, count, CALLS_AT_ONCE):
        yield partial(regime, calls=min(CALLS_AT_ONCE, count - begun), steered=False)


def run(plan: Plan, cores: int) -> Found:
    """Keeps every core at work."""
    found, number, more = Found(), 0, True
    running: list[Job] = []
    try:
        while more or running:
            while more and len(running) < cores:
                step = next(plan, None)
                more = step is not None
                if step is None:
                    break
                number += 1
                running.append(step(number))
            time.sleep(0.2)
            for job in [job for job in running if job.process.poll() is not None]:
                running.remove(job)
                settle(job, found)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        for job in running:
            os.killpg(job.process.pid, signal.SIGKILL)
            job.process.wait()
            print(f"    not finished: {job.what}", flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="dev soak", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("minutes", nargs="?", type=float, default=10)
    parser.add_argument("--calls", type=int, help="so many calls of the regime instead")
    given = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    build()
    began = time.monotonic()
    plan = calls_plan(given.calls) if given.calls else jobs_for(given.minutes)
    found = run(plan, os.cpu_count() or 1)
    seconds = time.monotonic() - began
    print(
        f"{found.calls} calls, {found.inputs} inputs of fuzzers in {seconds:.0f} s; {found.broken} findings"
    )
    print(f"{found.tolerated} short pages that T.30 cannot tell from a repetition")
    return 1 if found.broken else 0


if __name__ == "__main__":
    sys.exit(main())
