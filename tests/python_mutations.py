#!/usr/bin/env python3
"""Mutations of the Python code: one condition, statement, constant or `except` of src/faxline is changed at a
time, and the tests that run that line run on the package with the mutant in it. One that no test notices
shows what is not proved.

    tests/python_mutations.py map                     which test runs which line: once, with all tests
    tests/python_mutations.py sample [N] [--seed S]   N drawn from all that the patterns find
    tests/python_mutations.py list [FILE]             all of those
    tests/python_mutations.py one FILE[:LINE[:KIND]]  those of a file or of a line

Options: -j JOBS; --kinds KIND...; --tests TEST... instead of those of the map, which knows no new ones. It
works on the installed package, and needs coverage.py. Exit status 1 when a mutant survived.
"""

import argparse
import ast
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path(sysconfig.get_path("platlib"), "faxline")
OUT = ROOT / ".venv" / "mutants"
MAP = OUT / "map.json"
TESTS_S = 60.0
"""Tests that took so long together, when they were mapped, run for each mutant: the quickest of each file
first."""
LIMIT_S = 300.0
"""What takes so long has no end: that is noticed, too."""


# ---- which test runs which line ----


class Mapping:
    """A plug-in for pytest: the lines of a test count as that test's, and how long it takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        import coverage

        running = coverage.Coverage.current()
        assert running is not None
        running.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: object) -> None:
        node, took, outcome = (getattr(report, name) for name in ("nodeid", "duration", "outcome"))
        self.seconds[node] = self.seconds.get(node, 0.0) + took
        if outcome == "failed":
            self.seconds[node] = float("inf")  # notices nothing

    def pytest_sessionfinish(self) -> None:
        (OUT / "seconds.json").write_text(json.dumps(self.seconds))


CONFIG = """[run]
source_pkgs = faxline
data_file = {data}
parallel = true
patch = subprocess
context = ${{PYTEST_CURRENT_TEST}}
disable_warnings = no-data-collected, module-not-imported, dynamic-conflict
"""


def make_map() -> int:
    """Runs the tests with coverage, and keeps which of them run which line."""
    import coverage

    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("coverage.data*"):
        old.unlink()
    data = OUT / "coverage.data"
    config = OUT / "coveragerc"
    config.write_text(CONFIG.format(data=data))
    program = (
        "import sys; sys.path.insert(0, 'tests'); import pytest, python_mutations;"
        "sys.exit(pytest.main(sys.argv[1:], plugins=[python_mutations.Mapping()]))"
    )
    script = OUT / "map_tests.py"
    script.write_text(program)
    command = [sys.executable, "-m", "coverage", "run", f"--rcfile={config}", script]
    subprocess.run([*command, "-m", "not wallclock", "-p", "no:cacheprovider"], cwd=ROOT, check=False)
    collected = coverage.Coverage(data_file=str(data), config_file=str(config))
    collected.combine([str(path) for path in OUT.glob("coverage.data.*")])
    found = collected.get_data()
    lines: dict[str, dict[str, list[str]]] = {}
    for name in found.measured_files():
        where = Path(name)
        if not where.is_relative_to(PACKAGE):
            continue
        lines[str(where.relative_to(PACKAGE))] = {
            str(line): sorted({test_of(context) for context in contexts} - {""})
            for line, contexts in found.contexts_by_lineno(name).items()
        }
    seconds = json.loads((OUT / "seconds.json").read_text())
    states = {file: state_of(file) for file in lines}
    MAP.write_text(json.dumps({"seconds": seconds, "lines": lines, "states": states}))
    print(f"{sum(map(len, lines.values()))} lines of {len(lines)} files")
    return 0


def state_of(file: str) -> str:
    """Changes when the file does."""
    return hashlib.sha256((PACKAGE / file).read_bytes()).hexdigest()


def test_of(context: str) -> str:
    """The test of a context: its id, of another process with the phase behind it."""
    for part in context.split("|"):
        if "::" in part:
            return part.removesuffix(" (call)").removesuffix(" (setup)").removesuffix(" (teardown)")
    return ""


# ---- mutants ----


@dataclass(frozen=True)
class Mutation:
    """A change of one place."""

    file: str
    """In the package."""
    line: int
    kind: str
    start: int
    """Octets of the file that go."""
    end: int
    new: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.kind}"


_COMPARED: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
_OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.FloorDiv: ("//", "*"),
    ast.Div: ("/", "*"),
    ast.Mod: ("%", "+"),
    ast.BitOr: ("|", "&"),
    ast.BitAnd: ("&", "|"),
}
_NOT_MUTATED = ("__repr__",)


class Source:
    """A file's text and the mutants that can be made of it."""

    def __init__(self, file: str, text: bytes | None = None) -> None:
        """text: what is in it; None: it is read from the package."""
        self.file = file
        self.text = (PACKAGE / file).read_bytes() if text is None else text
        self._line_starts = [0]
        for line in self.text.splitlines(keepends=True):
            self._line_starts.append(self._line_starts[-1] + len(line))

    def mutations(self) -> list[Mutation]:
        """All that compile."""
        found = []
        for mutation in self._of(ast.parse(self.text)):
            try:
                compile(self.mutated(mutation), self.file, "exec")
            except SyntaxError:
                continue
            found.append(mutation)
        return found

    def mutated(self, mutation: Mutation) -> bytes:
        """The text with it."""
        return self.text[: mutation.start] + mutation.new.encode() + self.text[mutation.end :]

    def shown(self, mutation: Mutation) -> str:
        """Its lines before and after."""
        first = self._line_starts[mutation.line - 1]
        old_end = self.text.find(b"\n", mutation.end)
        text = self.mutated(mutation)
        new_end = text.find(b"\n", mutation.start + len(mutation.new.encode()))
        old, new = self.text[first:old_end], text[first:new_end]
        return f"           - {old.decode().strip()}\n           + {new.decode().strip()}"

    def _at(self, line: int, column: int) -> int:
        return self._line_starts[line - 1] + column

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def _make(self, node: ast.expr | ast.stmt, kind: str, new: str) -> Mutation:
        return Mutation(self.file, node.lineno, kind, *self._span(node), new)

    def _text(self, node: ast.expr | ast.stmt) -> str:
        start, end = self._span(node)
        return self.text[start:end].decode()

    def _of(self, node: ast.AST) -> Iterator[Mutation]:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in _NOT_MUTATED:
            return
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        if isinstance(node, ast.Assert):
            return
        yield from self._here(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from self._of(child)

    def _here(self, node: ast.AST) -> Iterator[Mutation]:
        match node:
            case ast.If() | ast.While() | ast.IfExp():
                if not isinstance(node.test, ast.Constant):
                    yield self._make(node.test, "negated", f"not ({self._text(node.test)})")
            case ast.BoolOp():
                old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                yield from self._between(node.values[0], node.values[1], old, new, old)
            case ast.Compare() if len(node.ops) == 1 and type(node.ops[0]) in _COMPARED:
                old, new = _COMPARED[type(node.ops[0])]
                yield from self._between(node.left, node.comparators[0], old, new, "compared")
            case ast.BinOp() if type(node.op) in _OPERATORS:
                old, new = _OPERATORS[type(node.op)]
                yield from self._between(node.left, node.right, old, new, "operator")
            case ast.Constant(value=bool()):
                yield self._make(node, "constant", str(not node.value))
            case ast.Constant(value=int() | float()):
                yield self._make(node, "constant", f"({node.value} + 1)")
            case ast.Expr(value=ast.Call() | ast.Await() | ast.Yield()):
                yield self._make(node, "dropped", "pass")
            case ast.AugAssign() | ast.Delete() | ast.Raise():
                yield self._make(node, "dropped", "pass")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                yield self._make(node, "dropped", "pass")
            case ast.Return(value=ast.expr()):
                if not isinstance(node.value, ast.Constant):
                    yield self._make(node, "returned", "return None")
            case ast.Break():
                yield self._make(node, "dropped", "pass")
            case ast.Continue():
                yield self._make(node, "dropped", "pass")
            case ast.ExceptHandler(type=ast.expr() as caught):
                if self._text(caught) not in ("Exception", "BaseException"):
                    yield self._make(caught, "widened", "Exception")
                    yield self._make(caught, "narrowed", "ZeroDivisionError")
            case ast.With(items=[ast.withitem(context_expr=ast.Call(func=ast.Name(id="suppress")) as call)]):
                yield self._make(call, "narrowed", "suppress(ZeroDivisionError)")

    def _between(self, left: ast.expr, right: ast.expr, old: str, new: str, kind: str) -> Iterator[Mutation]:
        """The operator between two operands."""
        start, end = self._span(left)[1], self._span(right)[0]
        between = self.text[start:end].decode()
        if between.count(old) == 1:
            at = start + between.encode().index(old.encode())
            yield Mutation(self.file, left.lineno, kind, at, at + len(old.encode()), new)


def files() -> list[str]:
    return sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))


def all_mutations() -> list[Mutation]:
    return [mutation for file in files() for mutation in Source(file).mutations()]


# ---- running ----


@dataclass
class Verdict:
    """What became of a mutant."""

    mutation: Mutation
    word: str
    """killed, survived, no test (none runs the line)"""
    by: str = ""
    tests: int = 0


class Judge:
    """Runs mutants, each in a copy of the package."""

    def __init__(self, jobs: int, named: list[str]) -> None:
        """named: the tests that run, instead of those that run the line."""
        self._named = named
        known = json.loads(MAP.read_text())
        self._seconds: dict[str, float] = known["seconds"]
        self._lines: dict[str, dict[str, list[str]]] = known["lines"]
        self._states: dict[str, str] = known["states"]
        self._jobs = jobs
        self._copies: Queue[Path] = Queue()
        self._tree = Path()

    def all(self, mutations: list[Mutation]) -> list[Verdict]:
        """In their order, each told of when it is known."""
        began = time.monotonic()
        verdicts = []
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(self._jobs) as pool:
            self._copy(Path(folder))
            for verdict in pool.map(self._judge, mutations):
                verdicts.append(verdict)
                by = f" by {verdict.by}" if verdict.by else f" ({verdict.tests} tests)"
                print(f"{verdict.word:<10} {verdict.mutation}{by}", flush=True)
                if verdict.word != "killed":
                    print(Source(verdict.mutation.file).shown(verdict.mutation), flush=True)
        words = [verdict.word for verdict in verdicts]
        counts = ", ".join(f"{words.count(word)} {word}" for word in sorted(set(words)))
        print(f"{len(verdicts)} mutants in {time.monotonic() - began:.0f} s: {counts}")
        return verdicts

    def _copy(self, folder: Path) -> None:
        """The tests as they are now, which may change while we are at it, and a package for each job."""
        self._tree = folder / "tree"
        left_out = shutil.ignore_patterns(".*", "out", "build", "demo", "site", "__pycache__")
        shutil.copytree(ROOT, self._tree, ignore=left_out)
        (self._tree / ".venv").symlink_to(ROOT / ".venv")
        for number in range(self._jobs):
            copy = folder / str(number)
            shutil.copytree(PACKAGE, copy / "faxline", ignore=shutil.ignore_patterns("__pycache__"))
            self._copies.put(copy)

    def tests(self, mutation: Mutation) -> list[str]:
        """Those that run the line. Where only the import does, or the file has changed since, those that run
        anything of the file. Of each test file the quickest first, and as many as fit into TESTS_S."""
        if self._named:
            return self._named
        of_file = self._lines.get(mutation.file, {})
        running = set(of_file.get(str(mutation.line), []))
        if not running or self._states.get(mutation.file) != state_of(mutation.file):
            running = {test for tests in of_file.values() for test in tests}
        by_file: dict[str, list[str]] = {}
        for test in sorted(running, key=lambda test: self._seconds.get(test, 1.0)):
            if self._seconds.get(test, 1.0) < LIMIT_S:
                by_file.setdefault(test.split("::")[0], []).append(test)
        ranked = [
            (rank, self._seconds.get(test, 1.0), test)
            for tests in by_file.values()
            for rank, test in enumerate(tests)
        ]
        chosen: list[str] = []
        total = 0.0
        for _, seconds, test in sorted(ranked):
            if chosen and total + seconds > TESTS_S:
                continue
            chosen.append(test)
            total += seconds
        return chosen

    def _judge(self, mutation: Mutation) -> Verdict:
        tests = self.tests(mutation)
        if not tests:
            return Verdict(mutation, "no test")
        copy = self._copies.get()
        source = Source(mutation.file)
        place = copy / "faxline" / mutation.file
        try:
            place.write_bytes(source.mutated(mutation))
            by = self._noticed(copy, tests)
        finally:
            place.write_bytes(source.text)
            self._copies.put(copy)
        return Verdict(mutation, "killed" if by else "survived", by, len(tests))

    def _noticed(self, copy: Path, tests: list[str]) -> str:
        """The test that fails, or ''."""
        listed = copy / "tests"
        listed.write_text("\n".join(tests))
        environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "--tb=no",
            f"@{listed}",
        ]
        command += [f"--basetemp={copy / 'tmp'}"]
        process = subprocess.Popen(
            command,
            cwd=self._tree,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)  # the tests' own processes, too
            process.communicate()
            return "no end"
        if process.returncode == 0:
            return ""
        failed = [line.split()[1] for line in said.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        return failed[0] if failed else f"pytest ended with {process.returncode}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["map", "sample", "list", "one"])
    parser.add_argument("which", nargs="?", default="")
    parser.add_argument("--kinds", nargs="*", default=[])
    parser.add_argument("--tests", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-j", "--jobs", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.what == "map":
        return make_map()
    mutations = [
        mutation for mutation in all_mutations() if not arguments.kinds or mutation.kind in arguments.kinds
    ]
    if arguments.what == "sample":
        wanted = min(int(arguments.which or 200), len(mutations))
        mutations = random.Random(arguments.seed).sample(mutations, wanted)
    elif arguments.which:
        mutations = [
            mutation
            for mutation in mutations
            if arguments.which in (mutation.file, f"{mutation.file}:{mutation.line}", str(mutation))
        ]
    if arguments.what == "list":
        print("\n".join(map(str, mutations)))
        return 0
    verdicts = Judge(arguments.jobs, arguments.tests).all(mutations)
    return not verdicts or any(verdict.word != "killed" for verdict in verdicts)


if __name__ == "__main__":
    sys.exit(main())
