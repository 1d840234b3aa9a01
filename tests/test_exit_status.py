"""Exit statuses: never 0 for a fax that is not NORMAL, whatever becomes of the output."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pages
import pytest

from faxline import CallChannel, FaxToSend

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
    with CallChannel("sim:", trace=tmp_path / "call.trace") as channel:
        channel.call("5550100")
        channel.FaxSender.send(FaxToSend(str(tmp_path / "fax.tif")))
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


def rows_of_the_docs() -> list[tuple[str, int]]:
    """The commands of the table in docs/cli.md, with their exit statuses."""
    text = (Path(__file__).parent.parent / "docs" / "cli.md").read_text()
    table = text.split("## Exit statuses")[1].split("\n## ")[0]
    found = re.findall(r"^\| `(.+?)` \| (\d+) \| .*\|$", table, re.M)
    assert len(found) == table.count("\n| `")
    return [(command.replace("\\|", "|"), int(status)) for command, status in found]


@pytest.mark.parametrize(("script", "status"), rows_of_the_docs())
def test_table(folder: Path, script: str, status: int) -> None:
    done = shell(f"{script}; exit ${{PIPESTATUS[0]}}", folder)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    if status and "2>" not in script and "|" not in script:
        said = done.stderr + done.stdout
        assert said.strip(), "it does not say why"


@pytest.mark.parametrize("moment", ["at once", "later"])
def test_a_terminal_that_goes_away(folder: Path, moment: str) -> None:
    """The live line has nowhere to go; the fax went with it."""
    ours, theirs = pty.openpty()
    command = ["-m", "faxline", "send", "5550100", "fax.tif", "--device", "sim:?save=far.tif"]
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=os.environ | {"TERM": "xterm"},  # no live line on a dumb one
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    if moment == "later":
        said = b""
        while b"calling" not in said:
            said += os.read(ours, 1000)
    os.close(ours)
    told, _ = process.communicate(timeout=TOO_LONG)
    assert (process.returncode, b"NORMAL, 3 pages" in told) == (0, True)
    assert len(pages.all_rows(folder / "far.tif")) == 3


def test_no_file_takes_the_place_of_a_closed_stream(folder: Path) -> None:
    """Descriptors 0 to 2 are the first that are free; what is said of a second Ctrl-C goes to 2."""
    script = (
        f'"{sys.executable}" -c "import os; from faxline.cli import streams\n'
        "with streams.patient(): print(os.open('fax.tif', os.O_RDONLY), file=open('status', 'w'))"
        '" <&- >&- 2>&-'
    )
    shell(script, folder)
    assert int((folder / "status").read_text()) > 2
