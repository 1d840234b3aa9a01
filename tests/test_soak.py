"""`./dev soak` must be able to fail, and say how a finding is shown again: tools/soak.py with stand-ins for
what it runs."""

import sys
from pathlib import Path
from unittest import mock

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tools"))

import soak  # noqa: E402


@pytest.fixture(autouse=True)
def _stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "OUT", tmp_path)
    monkeypatch.setattr(soak, "build", lambda: None)
    monkeypatch.setattr(soak, "CALLS_AT_ONCE", 10)


def regime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = tmp_path / "regime"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(soak, "REGIME", program)


def main(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["soak.py", *words])
    return soak.main()


def test_nothing_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    regime(tmp_path, monkeypatch, 'echo "$2 calls, 99 a second"; echo "3 short pages lost"')
    assert main(monkeypatch, "--calls", "25") == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-2].startswith("25 calls, 0 inputs of fuzzers")
    assert told[-2].endswith("0 findings")
    assert told[-1].startswith("9 short pages")
    seeds = {line.split("-s ")[1] for line in told[:-2]}
    assert len(seeds) == 3  # fresh ones


@pytest.mark.parametrize("end", ["exit 1", "kill -9 $$"])
def test_a_finding_is_red_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], end: str
) -> None:
    regime(tmp_path, monkeypatch, f'echo "BROKEN regime -s 4711: what broke"; {end}')
    assert main(monkeypatch, "--calls", "10") == 1
    told = capsys.readouterr().out
    assert "FOUND by calls" in told
    assert "BROKEN regime -s 4711: what broke" in told
    assert list(tmp_path.glob("*.log"))


@pytest.mark.parametrize("possible", [True, False])
def test_everything_has_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], possible: bool
) -> None:
    """Signals where there are any; without them it says so."""
    clock = iter(range(1000))
    monkeypatch.setattr(soak.time, "monotonic", lambda: next(clock))
    script = tmp_path / "signals.py"
    script.write_text(f"raise SystemExit({0 if possible else 2})")
    monkeypatch.setattr(soak, "SIGNALS", script)
    begun: list[str] = []

    def start(number: int, what: str, *argv: str | Path) -> soak.Job:
        begun.append(what)
        return soak.Job(what, mock.Mock(), tmp_path / "log")

    monkeypatch.setattr(soak, "start", start)
    for number, job in enumerate(soak.jobs_for(2)):
        job(number)
    kinds = {"calls", "steered calls", *soak.fuzzers()}
    assert set(begun) == (kinds | {"calls over signals"} if possible else kinds)
    assert ("no calls over signals" in capsys.readouterr().out) is not possible
