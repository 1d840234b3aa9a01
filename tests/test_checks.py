"""What `./dev test` runs must be able to fail: tools/checks.py, and `dev` around it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tools"))

import checks  # noqa: E402
import mutations  # noqa: E402
from checks import CheckFailed, Stage  # noqa: E402

TRUE = (sys.executable, "-c", "")


@pytest.fixture(autouse=True)
def _logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LOGS", tmp_path)


def performed(run: Callable[[Stage], None]) -> Stage:
    stage = Stage("a stage", run, "things")
    stage.perform()
    return stage


def test_a_stage_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    def run(stage: Stage) -> None:
        stage.count(r"^(\d+) things$", stage.command(sys.executable, "-c", "print('3 things\\n4 things')"))

    stage = performed(run)
    assert (stage.fault, stage.ran) == ("", 7)
    assert capsys.readouterr().out.split() == ["a", "stage", "ok", "0", "s"]


def test_the_first_command_that_fails_is_the_end() -> None:
    behind: list[str] = []

    def run(stage: Stage) -> None:
        stage.ran = 1
        stage.command(sys.executable, "-c", "import sys; print('what is wrong'); sys.exit(3)")
        behind.append("ran")

    stage = performed(run)
    assert "ended with 3" in stage.fault
    assert "| what is wrong" in stage.told()
    assert behind == []


@pytest.mark.parametrize(
    ("what", "run"),
    [
        ("was killed by SIGKILL", lambda stage: stage.command("sh", "-c", "kill -9 $$")),
        ("No such file or directory", lambda stage: stage.command("/nowhere/program")),
        ("it ran no things", lambda stage: stage.command(*TRUE)),
        ("KeyError", lambda stage: {}["a fault of the stage's own"]),
    ],
)
def test_what_makes_a_stage_red(what: str, run: Callable[[Stage], None]) -> None:
    assert what in performed(run).fault


def test_a_command_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LIMIT_S", 0.1)
    assert "was not over after 0.1 s" in performed(lambda stage: stage.command("sleep", "9")).fault


def pytest_in(tmp_path: Path, content: str) -> Stage:
    test = tmp_path / "test_it.py"
    test.write_text(content)
    return performed(lambda stage: checks.pytest(stage, test, "--rootdir", tmp_path, "-c", "/dev/null"))


def test_skips_need_leave(tmp_path: Path) -> None:
    skip = "import pytest\ndef test_a(): pass\n@pytest.mark.skip(reason='{}')\ndef test_b(): pass\n"
    allowed = pytest_in(tmp_path, skip.format(checks.SKIPS[0]))
    assert (allowed.fault, allowed.ran, allowed.skipped) == ("", 1, [checks.SKIPS[0]])
    assert "1: " + checks.SKIPS[0] in checks.table([allowed])
    assert "skipped without leave: no mood" in pytest_in(tmp_path, skip.format("no mood")).fault


def test_every_reason_for_a_skip_is_of_some_test() -> None:
    sources = [path for folder in ("tests", "hil", "bench") for path in (ROOT / folder).rglob("*.py")]
    text = "".join(path.read_text() for path in sources if path.name != Path(__file__).name)
    assert [reason for reason in checks.SKIPS if reason not in text] == []


def test_a_c_program_that_checks_nothing_is_red() -> None:
    said = "./out/plain/test_a_b\na b: 7 checks\n./out/plain/test_c\nc: 0 checks\n./out/plain/test_d\n"
    assert checks.checks_of([Path("test_a_b.c")], said) == 7
    with pytest.raises(CheckFailed, match="checked nothing: c, d"):
        checks.checks_of([Path("test_a_b.c"), Path("test_c.c"), Path("test_d.c")], said)


def test_failing_and_missing_tests(tmp_path: Path) -> None:
    assert "ended with 1" in pytest_in(tmp_path, "def test_a(): assert 0").fault
    assert "ended with 5" in pytest_in(tmp_path, "").fault
    missing = performed(lambda stage: checks.pytest(stage, "tests/test_that_is_not_there.py"))
    assert "ended with 4" in missing.fault


def test_the_list_of_what_is_not_instrumented(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "tests/test_two_lines.py" in checks.instrumented_tests("asan")
    monkeypatch.setitem(checks.NOT_INSTRUMENTED, "test_gone.py", "it was removed")
    with pytest.raises(CheckFailed, match=r"test_gone\.py"):
        checks.instrumented_tests("asan")


def test_an_instrumented_run_on_the_plain_extension_is_red() -> None:
    run = performed(lambda stage: checks.pytest(stage, "tests/test_events.py", FAXLINE_INSTRUMENTED="asan"))
    assert "ended with 4" in run.fault
    assert "is not built with asan" in run.told()


def test_what_a_sanitizer_reports_of_any_process_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    def child(stage: Stage, *_: object, TSAN_OPTIONS: str, **__: object) -> None:
        stage.ran = 1
        if reports:
            Path(f"{TSAN_OPTIONS.rpartition('=')[2]}.1234").write_text("WARNING: data race")

    monkeypatch.setattr(Stage, "command", lambda *_, **__: "")
    monkeypatch.setattr(checks, "VENV", checks.LOGS)
    monkeypatch.setattr(checks, "ROOT", checks.LOGS)
    monkeypatch.setattr(checks, "instrumented_tests", list)
    monkeypatch.setattr(checks, "library", str)
    monkeypatch.setattr(checks, "pytest", child)
    for reports in (True, False):
        run = performed(checks.TSAN)
        assert ("tsan reported something" in run.fault) is reports
        assert ("| WARNING: data race" in run.told()) is reports


def test_the_whole_is_red_when_a_stage_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def good(stage: Stage) -> None:
        stage.ran = 5

    def bad(stage: Stage) -> None:
        stage.command("false")

    stages = [Stage("good", good, "tests"), Stage("bad", bad, "tests"), Stage("behind", good, "tests")]
    monkeypatch.setattr(checks, "LANES", [[stages[:1], stages[1:]]])
    assert checks.main([]) == 1
    said = capsys.readouterr()
    assert "10 passed, 1 failed, 0 skipped" in said.out
    assert "failed after 0 s: bad" in said.err
    assert checks.main(["good"]) == 0
    assert checks.main(["no such"]) == 2


def test_no_test_by_the_clock_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each folder has a stage, and one stage has the rest."""
    runs: list[list[str]] = []
    monkeypatch.setattr(checks, "pytest", lambda _, *words: runs.append(list(words)))
    for stage in (stage for group in checks.LANES for lane in group for stage in lane):
        if stage.name.startswith("By the clock"):
            stage.run(stage)
    folders = [["-m", "wallclock", folder] for folder in checks.BY_THE_CLOCK]
    rest = ["-m", "wallclock", *(f"--ignore={folder}" for folder in checks.BY_THE_CLOCK)]
    assert sorted(runs) == sorted([*folders, rest])


def test_no_list_of_tests_may_be_empty(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n@pytest.mark.parametrize('a', [])\ndef test_a(a): pass\ndef test_b(): pass\n"
    )
    run = performed(lambda stage: checks.pytest(stage, "-c", ROOT / "pyproject.toml", tmp_path))
    assert "Empty parameter set" in run.told()


def test_what_is_raised_in_a_thread_is_red(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import threading\ndef test_a():\n"
        "    thread = threading.Thread(target=lambda: 1 / 0)\n    thread.start()\n    thread.join()\n"
    )
    run = performed(lambda stage: checks.pytest(stage, "-c", ROOT / "pyproject.toml", tmp_path))
    assert "PytestUnhandledThreadExceptionWarning" in run.told()
    assert "ended with 1" in run.fault


MUTATION_VERDICTS = [("killed", 0), ("survived", 1), ("stale", 1), ("no mutant", 1)]


@pytest.mark.parametrize(("word", "status"), MUTATION_VERDICTS)
def test_which_mutants_are_red(monkeypatch: pytest.MonkeyPatch, word: str, status: int) -> None:
    verdict = mutations.Verdict(mutations.NAMED[0], word, [])
    monkeypatch.setattr(mutations, "build_base", lambda: None)
    monkeypatch.setattr(mutations, "judge_all", lambda *_, **__: [verdict])
    monkeypatch.setattr(sys, "argv", ["mutations.py", "named"])
    assert mutations.main() == status


# ---- dev ----


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """`dev` in a folder of its own, with a Python that does nothing."""
    folder = tmp_path / "checkout"
    (folder / "tools").mkdir(parents=True)
    for name in ("dev", "tools/apt.sh"):
        path = folder / name
        path.write_text((ROOT / name).read_text())
        path.chmod(0o755)
    for name in ("src", "csrc"):
        (folder / name).mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md"):
        (folder / name).touch()
    program(folder / ".venv/bin", "python", "exit 0")
    for name in ("hylafax", "iaxmodem"):
        (folder / ".venv" / name).mkdir()
    return folder


def dev(checkout: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    path = f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [checkout / "dev", *words],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_dev_ends_as_the_checks_do(checkout: Path) -> None:
    assert dev(checkout, "test").returncode == 0
    program(checkout / ".venv/bin", "python", 'case "$*" in *checks.py*) exit 3 ;; esac')
    assert dev(checkout, "test").returncode == 3


def test_dev_ends_when_the_package_is_not_installed(checkout: Path) -> None:
    program(checkout / ".venv/bin", "python", 'case "$*" in *install*) echo broken; exit 1 ;; esac')
    done = dev(checkout, "test")
    assert done.returncode == 1
    assert "broken" in done.stderr
    assert "pip could not install faxline" in done.stderr


LOCKED = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1234 (apt-get)"


def in_shell(checkout: Path, script: str) -> "subprocess.CompletedProcess[str]":
    """Runs a line of shell with apt_get and the programs in bin/."""
    program(checkout / "bin", "sudo", '"$@"')
    shell = f'set -eu; say() {{ printf "%s\\n" "$*"; }}; . {checkout}/tools/apt.sh; {script}'
    path = f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", shell],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def apt(checkout: Path, script: str, *, fails: int, says: str) -> "subprocess.CompletedProcess[str]":
    """Runs a line of shell with apt_get, and an apt-get that fails so many times first."""
    program(
        checkout / "bin",
        "apt-get",
        f"""echo x >>{checkout}/tries
[ "$(wc -l <{checkout}/tries)" -gt {fails} ] || {{ echo '{says}' >&2; exit 100; }}
echo "apt-get $*" """,
    )
    program(checkout / "bin", "sleep", f"echo slept >>{checkout}/slept")
    return in_shell(checkout, script)


def test_another_apt_is_waited_for(checkout: Path) -> None:
    done = apt(checkout, "apt_get update", fails=3, says=LOCKED)
    assert (done.returncode, done.stdout) == (0, "apt-get -qq update\n")
    assert done.stderr == "waiting for another apt to end: it holds /var/lib/apt/lists/lock\n"
    assert len((checkout / "slept").read_text().splitlines()) == 3


HOLD = """import fcntl, sys, time
lock = open(sys.argv[1], "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


def test_the_lock_of_a_real_apt_is_waited_for(checkout: Path) -> None:
    """What apt-get says of it is as `dev` expects; the other apt ends while we sleep."""
    lists = checkout / "lists"
    (lists / "partial").mkdir(parents=True)
    (checkout / "sources").touch()
    places = (
        f"-o Dir::State::Lists={lists} -o Dir::Etc::SourceList={checkout}/sources -o Dir::Etc::SourceParts=-"
    )
    caches = f"-o Dir::Cache={checkout} -o APT::Sandbox::User=root"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, lists / "lock"], stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        real = f'exec /usr/bin/apt-get {places} {caches} "$@"'
        ends = f"kill -9 {holder.pid}; echo slept >>{checkout}/slept"
        program(checkout / "bin", "apt-get", real)
        program(checkout / "bin", "sleep", ends)
        done = in_shell(checkout, "apt_get update")
        holder.kill()
    assert (done.returncode, done.stderr) == (0, f"waiting for another apt to end: it holds {lists}/lock\n")
    assert (checkout / "slept").exists()


def test_but_not_for_ever_and_for_nothing_else(checkout: Path) -> None:
    done = apt(checkout, "APT_WAIT_S=10; apt_get update || echo given up", fails=99, says=LOCKED)
    assert done.stdout.splitlines() == [LOCKED, "given up"]
    assert len((checkout / "slept").read_text().splitlines()) == 2
    (checkout / "slept").unlink()
    done = apt(checkout, "apt_get update", fails=99, says="E: Unable to locate package")
    assert done.returncode == 1
    assert not (checkout / "slept").exists()
