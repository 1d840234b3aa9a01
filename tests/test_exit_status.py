"""Exit statuses: never 0 for a fax that is not NORMAL, whatever becomes of the output."""

import os
import subprocess
import sys
from pathlib import Path

import pages
import pytest

TOO_LONG = 60


def shell(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Runs a line of bash, in which `faxline` is the command."""
    head = f'faxline() {{ "{sys.executable}" -m faxline "$@"; }}\n'
    return subprocess.run(
        ["bash", "-c", f"{head}{script}"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("FAXLINE_")},
        capture_output=True,
        text=True,
        timeout=TOO_LONG,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pages.save_fax(tmp_path / "fax.tif", 3)
    (tmp_path / "in").mkdir()
    return tmp_path


SEND = "faxline send {number} fax.tif --device sim:?save=far.tif"
RECEIVE = "faxline receive --once --output in --device 'sim:5550001?incoming=fax.tif'"


@pytest.mark.parametrize(("number", "status"), [("5550100", "0"), ("5550107", "4"), ("5550106", "12")])
@pytest.mark.parametrize(
    "output",
    ["| head -n 1", "| true", ">&-", "2>&-", ">&- 2>&-", ">/dev/full", "2>/dev/full", "--json | head -n 1"],
)
def test_sending(folder: Path, number: str, status: str, output: str) -> None:
    words, bar, pipe = output.partition("|")
    script = f"{SEND.format(number=number)} {words}{bar}{pipe}; echo ${{PIPESTATUS[0]}} >status"
    done = shell(script, folder)
    assert (folder / "status").read_text().strip() == status, done.stderr
    if status == "0":
        assert len(pages.all_rows(folder / "far.tif")) == 3


@pytest.mark.parametrize(
    "output", ["| head -n 1", "| true", ">&-", "2>&-", ">/dev/full", "--json | head -n 2"]
)
def test_receiving(folder: Path, output: str) -> None:
    words, bar, pipe = output.partition("|")
    done = shell(f"{RECEIVE} {words}{bar}{pipe}; echo ${{PIPESTATUS[0]}} >status", folder)
    assert (folder / "status").read_text().strip() == "0", done.stderr
    (received,) = (folder / "in").iterdir()
    assert len(pages.all_rows(received)) == 3


@pytest.mark.parametrize(
    ("script", "status", "said"),
    [
        ("faxline send 5550100 none.tif --device sim:", 1, "none.tif: No such file or directory"),
        ("faxline send 5550100 fax.tif", 1, "no device"),
        ("faxline send 5550100 fax.tif --device sim: --option ECM=MAYBE", 8, "ECM"),
        ("faxline send 5550100 fax.tif --device sim: --trace none/x", 1, "none"),
        ("faxline send 5550100 fax.tif --device sim: --confirmation none/x.tif", 1, "no such directory"),
        ("faxline send 5550101 fax.tif --device sim:", 20, ""),
        ("faxline receive --once --output none --device sim:", 1, "no such directory"),
        ("faxline trace none", 1, "none"),
        ("faxline preview none.tif", 1, "none.tif"),
        ("faxline devices >/dev/full", 1, "cannot be written"),
        ("faxline --version >/dev/full", 1, ""),
        ("faxline nonsense", 1, "nonsense"),
    ],
)
def test_what_cannot_be_done(folder: Path, script: str, status: int, said: str) -> None:
    done = shell(script, folder)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
