"""The command line: what it prints, and its exit statuses."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pages
import pytest

import faxline
from faxline.causes import CallCause, FaxCause
from faxline.cli import main, status


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "FAXLINE_DEVICE"}
    return subprocess.run(
        [sys.executable, "-m", "faxline", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=kept | environment,
        check=False,
    )


def test_send(fax: str, saved: Path) -> None:
    done = run("send", "5550100", fax, "--device", f"sim:?save={saved}")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "calling 5550100"
    assert lines[1] == "answered"
    assert "V17 14400 bit/s" in lines[2]
    assert lines[3:] == ["sent 1 page", "sent 2 pages", "sent 3 pages", "5550100: NORMAL, 3 pages confirmed"]
    assert len(pages.all_rows(saved)) == 3


def test_several_files_and_the_environment(fax: str, tmp_path: Path) -> None:
    pages.fax_page().save(tmp_path / "b.png")
    done = run("send", "5550100", fax, str(tmp_path / "b.png"), FAXLINE_DEVICE="sim:")
    assert done.stdout.splitlines()[-1] == "5550100: NORMAL, 4 pages confirmed"


def test_json(fax: str) -> None:
    done = run(
        "send", "5550100", fax, "--device", "sim:", "--json", "--option", "HighRes=NO", "--from", "123"
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == [
        "calling",
        "answered",
        "negotiated",
        "page",
        "page",
        "page",
        "result",
    ]
    result = events[-1]
    assert (result["cause"], result["exit_status"], result["pages"]) == ("NORMAL", 0, 3)
    assert result["raw_cause"] is None
    assert result["negotiated"]["HighRes"] == "NO"


@pytest.mark.parametrize(
    ("number", "exit_status", "words"),
    [
        ("5550101", 20, "not answered, BUSY"),
        ("5550102", 21, "not answered, NOANSWER"),
        ("5550112", 22, "not answered, OUTOFORDER"),
        ("5550103", 6, "NOTFAX"),
        ("5550106", 12, "PAGEQUALITY"),
        ("5550107", 4, "HANGUP, 1 page confirmed"),
        ("5550108", 11, "COMMSFAULT"),
        ("5550110", 5, "TIMEOUT"),
        ("5550113", 2, "ERROR"),
    ],
)
def test_exit_status_by_cause(
    fax: str, capsys: pytest.CaptureFixture[str], number: str, exit_status: int, words: str
) -> None:
    assert main(["send", number, fax, "--device", "sim:"]) == exit_status
    said, fix = capsys.readouterr().out.splitlines()[-2:]
    assert words in said
    assert re.fullmatch("what to do: .+", fix)


@pytest.mark.parametrize(
    ("option", "exit_status"),
    [("Speed=9600", 7), ("ECM=perhaps", 8), ("MinDataRate=14400", 0), ("MaxDataRate=2400", 0)],
)
def test_options(fax: str, capsys: pytest.CaptureFixture[str], option: str, exit_status: int) -> None:
    assert main(["send", "5550100", fax, "--device", "sim:", "--option", option]) == exit_status
    out = capsys.readouterr().out
    assert ("calling" in out) == (exit_status == 0)


def test_inconsistent_options_never_call(fax: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "send",
        "5550100",
        fax,
        "--device",
        "sim:",
        "--option",
        "v17=NO",
        "--option",
        "MinDataRate=14400",
    ]
    assert main(arguments) == 9
    captured = capsys.readouterr()
    assert "calling" not in captured.out
    assert "no enabled modem" in captured.err


def test_a_document_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.doc").write_text("Dear Sir")
    assert main(["send", "5550100", str(tmp_path / "letter.doc"), "--device", "sim:"]) == 2
    captured = capsys.readouterr()
    assert "calling" not in captured.out
    assert "local.document" in captured.out
    assert "no TIFF, image, PDF or text file" in captured.err


def test_a_page_that_cannot_be_read_is_found_in_the_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages.fax_page().save(tmp_path / "a.png")
    os.truncate(tmp_path / "a.png", 300)
    assert main(["send", "5550100", str(tmp_path / "a.png"), "--device", "sim:"]) == 2
    assert "page 1 of" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing command"),
        (["dial"], "No such command 'dial'"),
        (["send"], "Missing argument 'NUMBER'"),
        (["send", "1"], "Missing argument 'FILE...'"),
        (["send", "1", "FAX", "--option", "ECM"], "NAME=VALUE"),
        (["send", "1", "FAX"], "--device sim:"),
        (["send", "1", "FAX", "--device", "isdn:1"], "no driver for 'isdn'"),
        (["send", "1", "missing.tif", "--device", "sim:"], "missing.tif: No such file"),
        (["send", "abc", "FAX", "--device", "sim:"], "cannot be dialled"),
        (["send", "5550100", "FAX", "--device", "sim"], "(as in 'sim:')"),
        (["send", "5550100", "FAX", "--device", "/dev/ttyS0"], "(as in 'class1:/dev/ttyS0')"),
        (["trace", "nowhere"], "faxline: nowhere: No such file or directory"),
        (["trace", "."], "faxline: .: Is a directory"),
        (["send", "1", "FAX", "--device", "sim:", "--trace", "/nowhere/at/all/x"], "trace"),
        (["trace", "missing.jsonl"], "missing.jsonl"),
        (["trace", "FAX"], "not a trace"),
    ],
)
def test_usage_and_local_errors(fax: str, arguments: list[str], words: str) -> None:
    done = run(*(fax if argument == "FAX" else argument for argument in arguments))
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_trace(fax: str, tmp_path: Path) -> None:
    recorded = str(tmp_path / "call.jsonl")
    assert run("send", "5550106", fax, "--device", "sim:", "--trace", recorded).returncode == 12
    done = run("trace", recorded)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("call to 5550106: fax PAGEQUALITY (far.D.rejected")


@pytest.mark.wallclock
@pytest.mark.parametrize(("number", "exit_status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(fax: str, number: int, exit_status: int) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "faxline",
            "send",
            "5550100",
            fax,
            "--device",
            "sim:?pace=real&speed=5",
            "--json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if '"negotiated"' in line:
            process.send_signal(number)
            break
    rest, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (exit_status, "")
    assert '"interrupted"' in rest


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"faxline {faxline.__version__}\n"
    assert main(["send", "--help"]) == 0
    text = capsys.readouterr().out
    for cause, number in [*status.FAX_STATUS.items(), *status.CALL_STATUS.items()]:
        assert re.search(rf"^ +{number} .*\b{cause}\b", text, re.MULTILINE)


def test_every_cause_has_an_exit_status_of_its_own() -> None:
    assert set(status.FAX_STATUS) == set(FaxCause)
    assert set(status.CALL_STATUS) == set(CallCause)
    numbers = [*status.FAX_STATUS.values(), *status.CALL_STATUS.values(), status.USAGE, status.INTERRUPTED]
    assert len(set(numbers)) == len(numbers)


def test_a_reader_that_has_seen_enough(fax: str, tmp_path: Path) -> None:
    recorded = str(tmp_path / "call.jsonl")
    run("send", "5550100", fax, "--device", "sim:", "--trace", recorded)
    done = subprocess.run(
        f"{sys.executable} -m faxline trace {recorded} | head -1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
