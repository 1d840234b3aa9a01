"""Everything that CI checks, in stages: `./dev test` runs this once it has installed what it needs.

    checks.py [STAGE ...]     all stages, or those whose names begin so

A stage is a function that runs commands. One that fails raises, so that nothing behind it runs and the stage
is red, whatever came before; so is a stage that ran nothing, and one that skipped a test for a reason that
does not stand in SKIPS. Lanes of stages run side by side. At the end: a line for each stage, what ran, and
what was skipped and why.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOGS = VENV / "log"
FUZZ_SECONDS = int(os.environ.get("FUZZ_SECONDS", "10"))
LIMIT_S = 1500.0
"""For one command."""
REGIME_CALLS = int(os.environ.get("REGIME_CALLS", "100000"))

SKIPS = (
    "FAXLINE_CHARTS names no TIFF",  # the ITU's charts are not ours to ship
    "needs HylaFAX: ",  # its packages could not be had: `dev` said so
    "HylaFAX's faxgetty and faxsend run for root only",
    "needs iaxmodem: ",
    "iaxmodem runs for root only",
    "iaxmodem reads /etc: needs a mount namespace",
)
"""How the reasons begin for which a test may be skipped here."""


class CheckFailed(Exception):
    """What is wrong, in a sentence."""


@dataclass
class Stage:
    """A row of the table, and what came of it."""

    name: str
    run: Callable[["Stage"], None]
    unit: str
    """What is counted."""
    ran: int = 0
    skipped: list[str] = field(default_factory=list)
    """A reason for each test."""
    seconds: float = 0.0
    fault: str = ""

    @property
    def log(self) -> Path:
        return LOGS / re.sub(r"[ /]", "_", self.name)

    def command(self, *argv: str | Path, **environment: str) -> str:
        """Runs a command to its end and returns what it said; all of it is in the log. Raises CheckFailed."""
        words = [str(word) for word in argv]
        with self.log.open("a") as log:
            log.write(f"$ {' '.join(words)}\n")
            log.flush()
            began = log.tell()
            try:
                done = subprocess.run(
                    words,
                    cwd=ROOT,
                    env=os.environ | environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    timeout=LIMIT_S,
                    check=False,
                )
            except OSError as error:
                raise CheckFailed(f"{words[0]}: {error.strerror}") from None
            except subprocess.TimeoutExpired:
                raise CheckFailed(f"{words[0]} was not over after {LIMIT_S:g} s") from None
        if done.returncode:
            how = (
                f"was killed by {signal.Signals(-done.returncode).name}"
                if done.returncode < 0
                else f"ended with {done.returncode}"
            )
            raise CheckFailed(f"{' '.join(words[:6])} {how}")
        with self.log.open(errors="replace") as log:
            log.seek(began)
            return log.read()

    def count(self, pattern: str, text: str) -> None:
        """Adds up the numbers that the pattern finds."""
        self.ran += sum(int(number) for number in re.findall(pattern, text, re.MULTILINE))

    def perform(self) -> None:
        """Runs it, and says a line about it."""
        began = time.monotonic()
        self.log.unlink(missing_ok=True)
        self.log.touch()
        try:
            self.run(self)
            if not self.ran:
                raise CheckFailed(f"it ran no {self.unit}")
            unknown = [reason for reason in self.skipped if not reason.startswith(SKIPS)]
            if unknown:
                raise CheckFailed(f"skipped without leave: {'; '.join(sorted(set(unknown)))}")
        except CheckFailed as error:
            self.fault = str(error)
        except Exception as error:  # a fault of this file must not be green
            self.fault = f"{type(error).__name__}: {error}"
        self.seconds = time.monotonic() - began
        say(self.told())

    def told(self) -> str:
        """Its line, and what it had to say when it failed."""
        line = f"{self.name:<44} {'FAILED' if self.fault else 'ok':<7} {self.seconds:4.0f} s"
        if not self.fault:
            return line
        tail = self.log.read_text(errors="replace").splitlines()[-150:]
        said = "".join(f"\n    | {text}" for text in tail)
        return f"{line}{said}\n    {self.fault}\n    (all of it: {self.log})"


_saying = threading.Lock()


def say(text: str) -> None:
    """In one piece: lanes run side by side."""
    with _saying:
        print(text, flush=True)


# ---- what the stages do ----


def checks_of(sources: Iterable[Path], text: str) -> int:
    """How many checks programs of tests/c made, by the line that each closes with (check.h). Raises
    CheckFailed when one made none."""
    told = re.findall(r"^([\w ]+): (\d+) checks$", text, re.MULTILINE)
    checked = {name.replace(" ", "_").removeprefix("test_") for name, count in told if int(count)}
    idle = {path.stem.removeprefix("test_") for path in sources} - checked
    if idle:
        raise CheckFailed(f"checked nothing: {', '.join(sorted(idle))}")
    return sum(int(count) for _, count in told)


def c_tests(variant: str) -> Callable[[Stage], None]:
    def run(stage: Stage) -> None:
        text = stage.command("make", "-C", "tests/c", "check", f"VARIANT={variant}")
        stage.ran = checks_of((ROOT / "tests/c").glob("test_*.c"), text)

    return run


def c_threads(stage: Stage) -> None:
    """Programs without threads would only take their time under ThreadSanitizer."""
    text = stage.command("make", "-C", "tests/c", "threads", "VARIANT=tsan")
    stage.ran = checks_of([Path("test_channel.c"), Path("test_allocation.c")], text)


def regime(stage: Stage) -> None:
    text = stage.command("make", "-C", "tests/c", "regime", f"CALLS={REGIME_CALLS}")
    stage.count(r"^(\d+) calls,", text)


def fuzz(stage: Stage) -> None:
    """Every fuzzer, from its kept corpus on."""
    for source in sorted((ROOT / "tests/fuzz").glob("fuzz_*.c")):
        words = ("run", f"TARGET={source.stem}", f"SECONDS={FUZZ_SECONDS}", "VERBOSITY=0")
        text = stage.command("make", "-C", "tests/fuzz", *words)
        executed = re.findall(r"number_of_executed_units: (\d+)", text)
        if executed in ([], ["0"]):
            raise CheckFailed(f"{source.stem} executed nothing")
        stage.ran += int(executed[0])


def mutations(stage: Stage) -> None:
    """Each rule of the engine that has a name there, removed: a script must notice."""
    stage.count(r"(\d+) killed$", stage.command(PYTHON, "tests/mutations.py", "named", "-j", "2"))


def c_files() -> list[str]:
    files = [path for room in ("csrc", "tests", "bench") for path in (ROOT / room).rglob("*.[ch]")]
    return sorted(str(path.relative_to(ROOT)) for path in files if "out" not in path.parts)


def c_style(stage: Stage) -> None:
    files = c_files()
    stage.command(VENV / "bin/clang-format", "--dry-run", "-Werror", *files)
    stage.ran = len(files)


def lint(stage: Stage) -> None:
    stage.command(VENV / "bin/ruff", "check", ".")
    stage.ran = len(stage.command(VENV / "bin/ruff", "check", "--show-files", ".").splitlines())


def python_style(stage: Stage) -> None:
    text = stage.command(VENV / "bin/ruff", "format", "--check", ".")
    stage.count(r"^(\d+) files? already formatted", text)


def types(stage: Stage) -> None:
    text = stage.command(VENV / "bin/mypy")
    stage.count(r"in (\d+) source files", text)


def docs_site(stage: Stage) -> None:
    """Warnings are errors: a page that is not in the navigation, a link or an anchor that leads nowhere."""
    site = VENV / "site"
    shutil.rmtree(site, ignore_errors=True)
    stage.command(VENV / "bin/mkdocs", "build", "--strict", "--site-dir", site, NO_MKDOCS_2_WARNING="1")
    stage.ran = len(list(site.rglob("*.html")))


def pytest(
    stage: Stage, *words: str | Path, python: Sequence[str | Path] = (PYTHON,), **environment: str
) -> None:
    """A run of pytest, its tests and its skips counted."""
    text = stage.command(*python, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *words, **environment)
    stage.count(r"(\d+) passed", text)
    for number, reason in re.findall(r"^SKIPPED \[(\d+)\] \S+?(?::\d+)?: (.*)$", text, re.MULTILINE):
        stage.skipped += int(number) * [reason]
    told = sum(int(number) for number in re.findall(r"(\d+) skipped", text))
    if told != len(stage.skipped):
        raise CheckFailed(f"{told} tests were skipped, and only {len(stage.skipped)} say why")


def python_tests(stage: Stage) -> None:
    """Less test_c.py, which is for who runs pytest alone: the C tests are stages of their own."""
    pytest(stage, "-m", "not wallclock", "--ignore", "tests/test_c.py")


BY_THE_CLOCK = ("tests/peer", "tests/interop")
"""Folders of tests of which most go by the clock."""


def wallclock_tests(*folders: str) -> Callable[[Stage], None]:
    """Calls in line time: they mostly wait, and so several such stages run side by side. Those of the
    folders; of none: all others."""
    others = [f"--ignore={folder}" for folder in BY_THE_CLOCK if not folders]
    return lambda stage: pytest(stage, "-m", "wallclock", *folders, *others)


def board_suite(stage: Stage) -> None:
    pytest(stage, "hil", "--rig", "hil/rig.ptys.toml", "--rig-out", LOGS / "hil")


NOT_INSTRUMENTED = {
    "test_c.py": "the C tests have sanitized builds of their own",
    "test_checks.py": "about these checks",
    "test_soak.py": "about the soak's script",
    "test_exit_status.py": "starts shells, which do not start with a sanitizer's runtime",
    "test_docs.py": "about pages and examples",
    "test_hardening.py": "about the build that users get",
    "test_cli_config.py": "the command line alone",
    "test_pdf.py": "PDFium and img2pdf, slow under a sanitizer, and no C of ours that test_document has not",
    "test_text.py": "letters, which are Pillow's",
    "test_raster.py": "pixels: Pillow's, and those of tests/c/test_raster.c",
    "test_preview.py": "as test_raster",
    "test_record.py": "plays what was recorded in a plain program of tests/c",
    "test_workers.py": "measures memory, of which a sanitizer takes more than any limit",
    "test_t4.py": "the codec alone: tests/c/test_t4.c",
    "test_pytest_plugin.py": "starts pytest in pytest",
}
"""Test files that do not run over the sanitizers, and why; every other one does, a new one by itself."""


WITHOUT_THREADS = {
    "test_ccitt.py",
    "test_cli.py",
    "test_cli_both_ways.py",
    "test_cli_kit.py",
    "test_document.py",
    "test_header_line.py",
    "test_options.py",
    "test_retry.py",
    "test_rig.py",
    "test_tiff.py",
    "test_trace_views.py",
}
"""Of the others, those in which no threads meet but the channel's own, as they do in every test of the rest:
not under ThreadSanitizer, which takes ten times as long."""

NOT_UNDER_TSAN = {
    "tests/test_threads.py::test_a_child_may_not_use_the_channel": "it loses threads in a child",
}
"""Tests that ThreadSanitizer can't run, and why."""


def instrumented_tests(variant: str) -> list[str]:
    """Raises CheckFailed when the tables above are out of date."""
    files = sorted((ROOT / "tests").glob("test_*.py"))
    without = set(NOT_INSTRUMENTED) | (WITHOUT_THREADS if variant == "tsan" else set())
    gone = (set(NOT_INSTRUMENTED) | WITHOUT_THREADS) - {path.name for path in files}
    if gone:
        raise CheckFailed(f"no such test: {', '.join(sorted(gone))}")
    for test in NOT_UNDER_TSAN:
        name, function = test.split("::")
        if f"def {function}(" not in (ROOT / name).read_text():
            raise CheckFailed(f"no such test: {test}")
    return [f"tests/{path.name}" for path in files if path.name not in without]


def reported(folder: Path) -> str:
    """What a sanitizer wrote there, of any process."""
    return "\n".join(path.read_text(errors="replace") for path in sorted(folder.iterdir()))


def over(variant: str, flags: str, options: Mapping[str, str], **environment: str) -> Callable[[Stage], None]:
    """Python tests over the extension built with a sanitizer, beside the plain one (tests/conftest.py checks
    that it is the one that was loaded). What it reports goes to files: pytest keeps to itself what a test
    that passes has said, and a child's exit status may be nobody's business."""

    def run(stage: Stage) -> None:
        target = VENV / variant
        shutil.rmtree(target, ignore_errors=True)
        build = (PYTHON, "-m", "pip", "--quiet", "install", "--no-deps", "--target", target)
        with _building:
            shutil.rmtree(ROOT / "build", ignore_errors=True)
            whole = f"{flags} -fno-omit-frame-pointer"
            stage.command(*build, ".", FAXLINE_CFLAGS=whole, FAXLINE_LDFLAGS=flags)
            shutil.rmtree(ROOT / "build", ignore_errors=True)
        libraries = [library(name) for name in PRELOADED[variant]]
        words = ["-m", "not wallclock", *instrumented_tests(variant)]
        if variant == "tsan":
            words += [f"--deselect={test}" for test in NOT_UNDER_TSAN]
        reports = LOGS / f"{variant}-reports"
        shutil.rmtree(reports, ignore_errors=True)
        reports.mkdir(parents=True)
        try:
            pytest(
                stage,
                *words,
                python=[*fixed_addresses(variant), PYTHON],
                PYTHONPATH=str(target),
                FAXLINE_INSTRUMENTED=variant,
                LD_PRELOAD=" ".join(libraries),
                **{name: f"{value}:log_path={reports}/of" for name, value in options.items()},
                **environment,
            )
        finally:
            told = reported(reports)
            with stage.log.open("a") as log:
                log.write(told)
        if told:
            raise CheckFailed(f"{variant} reported something")

    return run


_building = threading.Lock()
"""pip builds in the tree: one at a time."""

PRELOADED = {"asan": ("libasan.so", "libubsan.so"), "tsan": ("libtsan.so",)}


def library(name: str) -> str:
    """A sanitizer's runtime, by the compiler. Raises CheckFailed."""
    found = subprocess.run(
        ["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(found).is_file():
        raise CheckFailed(f"gcc has no {name}")
    return found


def fixed_addresses(variant: str) -> list[str]:
    """ThreadSanitizer needs addresses that some kernels' randomization takes."""
    words = ["setarch", "-R"]
    if variant != "tsan" or not shutil.which("setarch"):
        return []
    return words if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0 else []


# ---- the stages ----

ASAN = over(
    "asan",
    "-fsanitize=address,undefined -fno-sanitize-recover=all",
    # Python itself keeps what it has at its end.
    {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"},
    PYTHONMALLOC="malloc",
)
TSAN = over(
    "tsan",
    "-fsanitize=thread",
    {"TSAN_OPTIONS": f"exitcode=66:suppressions={ROOT / 'tests' / 'tsan.supp'}"},
)

LANES: list[list[list[Stage]]] = [
    [
        [
            Stage("C tests", c_tests("plain"), "checks"),
            Stage(f"Fault regime, {REGIME_CALLS} calls", regime, "calls"),
            Stage("C tests, address and undefined sanitizers", c_tests("asan"), "checks"),
            Stage("C tests with threads, thread sanitizer", c_threads, "checks"),
            Stage(f"Fuzzing, {FUZZ_SECONDS} s each", fuzz, "inputs"),
            Stage("C style", c_style, "files"),
            Stage("Mutations of the engine", mutations, "mutants"),
            Stage("Board suite on pseudo-terminals", board_suite, "tests"),
        ],
        [
            Stage("Python lint", lint, "files"),
            Stage("Python style", python_style, "files"),
            Stage("Python types", types, "files"),
            Stage("Docs site", docs_site, "pages"),
            Stage("Python tests over address sanitizer", ASAN, "tests"),
            Stage("Python tests over thread sanitizer", TSAN, "tests"),
        ],
    ],
    [
        [Stage("Python tests", python_tests, "tests")],
        [Stage("By the clock: other fax programs", wallclock_tests("tests/interop"), "tests")],
        [
            Stage("By the clock: an independent modem", wallclock_tests("tests/peer"), "tests"),
            Stage("By the clock: all other tests", wallclock_tests(), "tests"),
        ],
    ],
]
"""One group after the other; the lanes of a group side by side."""


def run_lane(lane: Sequence[Stage]) -> None:
    for stage in lane:
        stage.perform()


def run(groups: Sequence[Sequence[Sequence[Stage]]]) -> None:
    """Every stage, in groups of lanes."""
    for group in groups:
        threads = [threading.Thread(target=run_lane, args=(lane,)) for lane in group]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def table(stages: Sequence[Stage]) -> str:
    """What ran, how many, what was skipped and why."""
    lines = [f"{'stage':<44} {'ran':>22}  skipped"]
    for stage in stages:
        reasons = sorted(set(stage.skipped))
        skipped = "; ".join(f"{stage.skipped.count(reason)}: {reason}" for reason in reasons)
        what = "FAILED" if stage.fault else f"{stage.ran} {stage.unit}"
        lines.append(f"{stage.name:<44} {what:>22}  {skipped}".rstrip())
    return "\n".join(lines)


def main(wanted: Sequence[str]) -> int:
    began = time.monotonic()
    LOGS.mkdir(parents=True, exist_ok=True)
    groups = [
        [[stage for stage in lane if not wanted or stage.name.startswith(tuple(wanted))] for lane in group]
        for group in LANES
    ]
    stages = [stage for group in groups for lane in group for stage in lane]
    if not stages:
        print(f"no stage begins with {' or '.join(wanted)}", file=sys.stderr)
        return 2
    run(groups)
    failed = [stage for stage in stages if stage.fault or not stage.ran]
    print(f"\n{table(stages)}\n")
    tests = [stage for stage in stages if stage.unit == "tests"]
    skipped = sum(len(stage.skipped) for stage in tests)
    # The line that counts, for who reads only the last ones.
    print(f"{sum(stage.ran for stage in tests)} passed, {len(failed)} failed, {skipped} skipped")
    seconds = time.monotonic() - began
    if failed:
        print(f"failed after {seconds:.0f} s: {', '.join(stage.name for stage in failed)}", file=sys.stderr)
        return 1
    print(f"all of it in {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
