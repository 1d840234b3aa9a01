#!/usr/bin/env python3
"""Mutations: one transition, timer or check of the T.30 engine is removed or changed at a time, the engine is
built with it, and the scripted calls (tests/calls) run. A mutant that no script notices shows what is not
proved.

    tests/mutations.py named [--docs]         those with a name; --docs writes the table in docs/testing.md
    tests/mutations.py sample [N] [--seed S]  N drawn from all that the patterns find in csrc/t30
    tests/mutations.py list                   all of those
    tests/mutations.py one FILE:LINE:KIND     one of them, with the scripts that notice it

Options: -j JOBS. Exit status 1 when a mutant survived that is not known to be equivalent, or one with a name
is none any more.
"""

import argparse
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mutants import CSRC, EQUIVALENT, NAMED, Mutation, all_mutations, code_of

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests" / "c"
OUT = TESTS / "out" / "mutants"
COPY = OUT / "copy"
"""The tree as it is when we begin: it may change while we are at it."""
DOCS = ROOT / "docs" / "testing.md"
BEGIN, END = "<!-- begin mutations: written by tests/mutations.py -->", "<!-- end mutations -->"
FLAGS = ["-std=c11", "-O1", "-w", "-pthread"]
LIMIT_S = 60
"""Of processor time: a run of all scripts takes 5 s. What takes so long has no end: that is noticed, too."""


# ---- building and running ----


def run(command: list[str | Path], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, **options)  # type: ignore[call-overload, no-any-return]


def compile_to(source: Path, target: Path, include: list[Path]) -> bool:
    target.parent.mkdir(parents=True, exist_ok=True)
    includes = [f"-I{folder}" for folder in [*include, CSRC]]
    return run(["gcc", *FLAGS, *includes, "-c", "-o", target, source]).returncode == 0


def build_base() -> None:
    """All objects as they are."""
    shutil.rmtree(OUT, ignore_errors=True)
    shutil.copytree(CSRC / "t30", COPY / "t30")
    shutil.copytree(TESTS.parent / "calls", COPY / "calls")
    for source in [*CSRC.glob("*/*.c"), TESTS / "test_calls.c", *sorted(TESTS.glob("calls_*.c"))]:
        folder = source.parent.name if source.is_relative_to(CSRC) else "runner"
        if not compile_to(source, OUT / folder / f"{source.stem}.o", []):
            sys.exit(f"{source} does not compile")


def mutated_text(mutation: Mutation) -> str | None:
    """None: it does not fit the source any more."""
    text = (COPY / mutation.file).read_text()
    if mutation.line:
        lines = text.splitlines()
        lines[mutation.line - 1] = mutation.new
        return "\n".join(lines) + "\n"
    return text.replace(mutation.old, mutation.new) if text.count(mutation.old) == 1 else None


def build_mutant(mutation: Mutation, text: str, folder: Path) -> Path | None:
    """The runner with the mutant in it; None when it does not compile."""
    changed = folder / mutation.file
    changed.parent.mkdir(parents=True)
    changed.write_text(text)
    header = changed.suffix == ".h"
    sources = sorted((COPY / "t30").glob("*.c")) if header else [changed]
    for source in sources:
        if not compile_to(source, folder / f"{source.stem}.o", [folder, COPY]):
            return None
    fresh = {source.stem for source in sources}
    objects = [path for path in OUT.glob("*/*.o") if path.parent.name != "t30" or path.stem not in fresh]
    program = folder / "test_calls"
    linked = run(["gcc", "-pthread", "-o", program, *objects, *folder.glob("*.o")])
    return program if linked.returncode == 0 else None


@dataclass
class Verdict:
    mutation: Mutation
    word: str
    """killed, survived, equivalent, stale, no mutant (it does not compile)"""
    scripts: list[str]
    """What noticed it."""


def notice(program: Path, stop: bool) -> list[str] | None:
    """The scripts that fail; None when none does."""
    command = ["prlimit", f"--cpu={LIMIT_S}", program, *(["-x"] if stop else []), COPY / "calls"]
    ran = run(command, errors="replace")
    if ran.returncode == 0:
        return None
    if ran.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return ["no end"]
    failed = re.findall(r"^FAILED .*?([\w-]+)\.call$", ran.stdout, re.M)
    return failed or [f"the runner died ({ran.returncode})"]


def judge(mutation: Mutation, stop: bool = True) -> Verdict:
    text = mutated_text(mutation)
    if text is None:
        return Verdict(mutation, "stale", [])
    with tempfile.TemporaryDirectory() as name:
        program = build_mutant(mutation, text, Path(name))
        if not program:
            return Verdict(mutation, "no mutant", [])
        scripts = notice(program, stop)
    if scripts:
        return Verdict(mutation, "killed", scripts)
    kind = mutation.name.rsplit(":", 1)[-1]
    known = (Path(mutation.file).name, code_of(mutation.old).strip(), kind) in EQUIVALENT
    return Verdict(mutation, "equivalent" if known else "survived", [])


def judge_all(mutations: list[Mutation], jobs: int, stop: bool = True) -> list[Verdict]:
    verdicts: list[Verdict] = []
    began = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        for verdict in pool.map(lambda mutation: judge(mutation, stop), mutations):
            verdicts.append(verdict)
            by = f" by {', '.join(verdict.scripts[:3])}" if verdict.scripts else ""
            print(f"{verdict.word:<10} {verdict.mutation.name}{by}", flush=True)
            if verdict.word == "survived" and verdict.mutation.line:
                print(f"           - {verdict.mutation.old.strip()}")
                print(f"           + {verdict.mutation.new.strip()}")
    words = [verdict.word for verdict in verdicts]
    counts = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(sorted(words)))
    print(f"{len(verdicts)} mutants in {time.monotonic() - began:.0f} s: {counts}")
    return verdicts


# ---- docs ----


def table(verdicts: list[Verdict]) -> str:
    lines = ["| mutation | where | first noticed by |", "| --- | --- | --- |"]
    for verdict in verdicts:
        shown = f"`{verdict.scripts[0]}`" if verdict.scripts else verdict.word
        lines.append(f"| {verdict.mutation.name} | `{verdict.mutation.file}` | {shown} |")
    return "\n".join(lines)


def write_docs(verdicts: list[Verdict]) -> None:
    text = DOCS.read_text()
    before, rest = text.split(BEGIN)
    DOCS.write_text(f"{before}{BEGIN}\n{table(verdicts)}\n{END}{rest.split(END)[1]}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["named", "sample", "list", "one"])
    parser.add_argument("which", nargs="?", default="200", help="how many of a sample, or which one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-j", "--jobs", type=int, default=1)
    parser.add_argument("--docs", action="store_true")
    arguments = parser.parse_args()
    mutations = NAMED if arguments.what == "named" else all_mutations()
    if arguments.what == "list":
        print("\n".join(mutation.name for mutation in mutations))
        return 0
    if arguments.what == "sample":
        wanted = min(int(arguments.which), len(mutations))
        mutations = random.Random(arguments.seed).sample(mutations, wanted)
    elif arguments.what == "one":
        mutations = [
            mutation for mutation in mutations if arguments.which in (mutation.name, f"t30/{mutation.name}")
        ]
    build_base()
    verdicts = judge_all(mutations, arguments.jobs, stop=arguments.what != "one")
    if arguments.docs:
        write_docs(verdicts)
    wrong = ["survived", "stale"]
    if arguments.what == "named":
        wrong.append("no mutant")  # of those that patterns make, some do not compile
    return not verdicts or any(verdict.word in wrong for verdict in verdicts)


if __name__ == "__main__":
    sys.exit(main())
