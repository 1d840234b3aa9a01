"""A search with fresh seeds, for as long as one likes: `./dev soak [MINUTES]`.

    soak.py [MINUTES]         the fault regime (drawn and steered calls) and every fuzzer, for 10 minutes
    soak.py --calls COUNT     so many calls of the regime alone, drawn from fresh seeds, on every core

Every seed is printed, with the command that shows a finding again; what broke is kept in tests/c/out/soak,
and the exit status is 1. A seed that broke belongs into tests/c/regime.seeds once the fault is mended, a
fuzzer's input into tests/fuzz/corpus. Ctrl-C ends it with what has been found so far.
"""

import argparse
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "tests/c/out/soak"
REGIME = ROOT / "tests/c/out/plain/regime"
CALLS_AT_ONCE = 50_000
"""Of one run of the regime: so often its process is begun anew and its sum is told."""
FUZZ_ROUND_S = 60


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


def jobs_for(minutes: float) -> Iterator[tuple[str, str]]:
    """What to run next until the time is over: a fuzzer after each two runs of the regime."""
    ends = time.monotonic() + 60 * minutes
    targets = fuzzers()
    number = 0
    while time.monotonic() < ends:
        kind = ("calls", "steered", "fuzz")[number % 3]
        yield kind, targets[number // 3 % len(targets)]
        number += 1


def run(plan: Iterator[tuple[str, str]], cores: int) -> Found:
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
                kind, target = step
                number += 1
                if kind == "fuzz":
                    running.append(fuzz(number, target))
                else:
                    calls = int(target) if target.isdigit() else CALLS_AT_ONCE
                    running.append(regime(number, calls=calls, steered=kind == "steered"))
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


def calls_plan(count: int) -> Iterator[tuple[str, str]]:
    for begun in range(0, count, CALLS_AT_ONCE):
        yield "calls", str(min(CALLS_AT_ONCE, count - begun))


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
