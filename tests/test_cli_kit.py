"""The command line around sending and receiving: retries, JSON, progress, completion, signals, selftest."""

import io
import json
import os
import pty
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pages
import pytest
from PIL import Image

from faxline import CallChannel, FaxToSend, selftest
from faxline.cli import COMMANDS, main, schema, status
from faxline.cli.program import program
from faxline.preview import seconds_left
from faxline.selftest import Check, Outcome, checks


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines(capsys)]


# ---- retries ----


def test_retries_wait_on_the_lines_clock(fax: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "5550101", fax, "--device", "sim:", "--retries", "2"]) == 20
    told = lines(capsys)
    assert told[1] == "BUSY, busy: again in 60 s with pages 1 to 3"
    assert told[3] == "BUSY, busy: again in 120 s with pages 1 to 3"
    assert told[5:] == ["5550101: not answered, BUSY", "what to do: try again in some minutes"]


def test_a_retry_sends_what_was_not_confirmed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The machine hangs up in the middle of the second page of each call: each gets one through."""
    pages.save_fax(tmp_path / "fax.tif", 5, height=2200)
    arguments = [
        "send",
        "5550107",
        str(tmp_path / "fax.tif"),
        "--device",
        "sim:",
        "--retries",
        "10",
        "--json",
    ]
    assert main(arguments) == 0
    told = events(capsys)
    retries = [event for event in told if event["event"] == "retry"]
    assert [event["first_page"] for event in retries] == [2, 3, 4, 5]
    assert (told[-1]["pages"], told[-1]["attempts"], told[-1]["cause"]) == (5, 5, "NORMAL")


def test_the_failed_feature_is_hidden(fax: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "5550106", fax, "--device", "sim:", "--retries", "1", "--json"]) == 12
    retry = next(event for event in events(capsys) if event["event"] == "retry")
    assert (retry["cause"], retry["raw_cause"], retry["delay_s"]) == ("PAGEQUALITY", "far.D.rejected", 600)
    assert retry["options"] == {"MaxDataRate": "4800"} or int(retry["options"]["MaxDataRate"]) < 14400  # type: ignore[index]


@pytest.mark.parametrize("extra", [[], ["--resend-unconfirmed"]])
def test_an_unconfirmed_last_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: list[str]
) -> None:
    """Its confirmation is lost for ever: it may have arrived."""
    pages.save_fax(tmp_path / "fax.tif", 1)
    device = "sim:?faults=far_silence@4"
    done = main(["send", "1", str(tmp_path / "fax.tif"), "--device", device, "--retries", "1", *extra])
    told = lines(capsys)
    assert done == 11
    assert told.count("calling 1") == (2 if extra else 1)
    assert ("it may have arrived" in told[-1]) == (not extra)


def test_what_is_not_tried_again_says_why(fax: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "5550103", fax, "--device", "sim:", "--retries", "5"]) == 6
    assert lines(capsys)[-1].startswith("not tried again: a person or another device answered")


# ---- JSON ----


@pytest.mark.parametrize(
    "arguments",
    [
        ["send", "5550100", "FAX", "--device", "sim:", "--json"],
        ["send", "5550101", "FAX", "--device", "sim:", "--json", "--retries", "1"],
        ["send", "5550107", "FAX", "--device", "sim:", "--json", "--retries", "1"],
        ["send", "5550100", "FAX", "--device", "sim:", "--json", "--option", "ECM=perhaps"],
        ["receive", "--device", "sim:5550001?incoming=FAX", "--output", "DIR", "--once", "--json"],
        ["selftest", "--device", "sim:", "--number", "5550112", "--json"],
    ],
)
def test_json_is_as_documented(
    arguments: list[str], fax: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([word.replace("FAX", fax).replace("DIR", str(tmp_path)) for word in arguments])
    documented = schema.SCHEMA[arguments[0]]
    told = events(capsys)
    assert told[-1]["event"] == "result"
    for event in told:
        fields = set(event) - {"event"}
        expected = set(documented[str(event["event"])])
        assert expected - schema.OPTIONAL <= fields <= expected


# ---- how it looks ----


def on_a_terminal(*arguments: str, columns: int = 120) -> tuple[int, str, str]:
    """Runs faxline with a terminal as stderr; returns exit status, stdout, and what was on the terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "faxline", *arguments],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": str(columns)},
    ) as process:
        os.close(theirs)
        seen = io.BytesIO()
        try:
            while octets := os.read(ours, 4096):
                seen.write(octets)
        except OSError:  # the other end is closed
            pass
        assert process.stdout is not None
        out = process.stdout.read()
    os.close(ours)
    return process.returncode, out, seen.getvalue().decode()


def test_live_progress(fax: str) -> None:
    done, out, seen = on_a_terminal("send", "5550100", fax, "--device", "sim:?pace=real&speed=50")
    assert (done, out) == (0, "5550100: NORMAL, 3 pages confirmed\n")
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen)
    for words in ("calling 5550100", "V17 14400 bit/s, MMR, ECM", "0 of 3 pages", "2 of 3 pages", "left"):
        assert words in plain


@pytest.mark.parametrize("columns", [30, 60, 80, 100])
def test_live_progress_is_one_line(fax: str, columns: int) -> None:
    """Also on a narrow screen; the time stays on it."""
    device = "sim:?pace=real&speed=50"
    done, _, seen = on_a_terminal("send", "5550100", fax, "--device", device, columns=columns)
    assert done == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen)
    if columns >= 60:
        assert "2 of 3 pages" in plain
        assert re.search(r"0:0\d, 0:0\d left", plain)
    assert max(map(len, plain.replace("\n", "\r").split("\r"))) <= columns
    # The only line that ends before the result is the one with which the live line is put away.
    assert plain.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_disk_full_of_output_ends_no_fax(fax: str, tmp_path: Path, arguments: list[str]) -> None:
    received = tmp_path / "received.tif"
    command = [sys.executable, "-m", "faxline", "send", "5550100", fax, "--device", f"sim:?save={received}"]
    with open("/dev/full", "w") as full:
        done = subprocess.run([*command, *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0
    assert done.stderr == "faxline: the output cannot be written: No space left on device\n"
    with Image.open(received) as image:
        assert getattr(image, "n_frames", 1) == 3


def test_no_stdout_at_all(fax: str) -> None:
    command = f"exec {sys.executable} -m faxline send 5550100 {fax} --device sim: >&-"
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_quiet(fax: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "5550100", fax, "--device", "sim:", "-q"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")
    assert on_a_terminal("send", "5550101", fax, "--device", "sim:", "-q") == (20, "", "")


@pytest.mark.parametrize("name", list(COMMANDS))
def test_help_teaches(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"\bExamples?:", text)
    assert f"  faxline {name}" in text
    assert f"  {name} " in click.Context(program).get_help()


def test_help_imports_no_command() -> None:
    code = (
        "import sys; from faxline.cli import main; main(['--help']);"
        "print(sorted(m for m in sys.modules if m in ('faxline.cli.send', 'PIL', 'asyncio', 'rich')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra(missing: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None; from faxline.cli import main;"
        "sys.exit(main(['send', '1', 'x', '--device', 'sim:']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if missing == "click":
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "pip install 'faxline[cli]'" in done.stderr
    else:  # needed on a terminal only
        assert "Traceback" not in done.stderr


# ---- signals ----


@pytest.mark.wallclock
@pytest.mark.parametrize(("number", "exit_status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_receiving_ends_politely(tmp_path: Path, number: int, exit_status: int) -> None:
    """In the middle of a fax: DCN, on hook, and the page that was confirmed is in the file."""
    pages.save_fax(tmp_path / "in.tif", 3, height=1100)
    device = f"sim:5550001?pace=real&speed=20&incoming={tmp_path / 'in.tif'}"
    trace = tmp_path / "call.trace"
    arguments = f"--json --output {tmp_path} --trace {trace}".split()
    process = subprocess.Popen(
        [sys.executable, "-m", "faxline", "receive", "--device", device, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if '"page"' in line:
            process.send_signal(number)
            break
    rest, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (exit_status, "")
    told = [json.loads(line) for line in rest.splitlines()]
    assert told[-2]["event"] == "interrupted"
    assert (told[-1]["cause"], told[-1]["pages"] >= 1) == ("ABORTED", True)
    assert len(pages.all_rows(Path(told[-1]["file"]))) == told[-1]["pages"]
    assert '"text": "ATH0"' in trace.read_text().split('"order": "stop"')[1]


@pytest.mark.wallclock
def test_a_second_ctrl_c_quits(fax: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "faxline", "send", "5550100", fax, "--device", "sim:?pace=real", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if '"answered"' in line:
            process.send_signal(signal.SIGINT)
        if '"interrupted"' in line:  # the DCN takes a second of line time
            process.send_signal(signal.SIGINT)
            break
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "faxline: quit; the call may not have ended yet\n")


# ---- completion ----


def completed(line: str, shell: str = "fish") -> list[str]:
    words = line.split(" ")
    done = subprocess.run(
        [sys.executable, "-m", "faxline"],
        env={
            **os.environ,
            "_FAXLINE_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return [re.sub(r"\t.*|^plain,", "", row.removeprefix("plain,")) for row in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("faxline se", ["send", "selftest"]),
        ("faxline send --res", ["--resend-unconfirmed"]),
        ("faxline send --option Compr", ["Compression="]),
        ("faxline send --option Compression=M", ["Compression=MH", "Compression=MR", "Compression=MMR"]),
        ("faxline send --option ECM=", ["ECM=YES", "ECM=NO"]),
        ("faxline send --device sim:?far=v", ["sim:?far=v29", "sim:?far=v27"]),
        ("faxline send --device sim:?seed=1&pace=r", ["sim:?seed=1&pace=real"]),
        ("faxline send --device sim: 555011", ["5550110", "5550111", "5550112", "5550113"]),
        ("faxline completion f", ["fish"]),
    ],
)
def test_completion(line: str, expected: list[str]) -> None:
    assert sorted(completed(line)) == sorted(expected)


def test_completion_knows_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "c.toml").write_text("[lines.office]\ndevice='sim:'\n[numbers]\ntaxoffice='1'")
    monkeypatch.setenv("FAXLINE_CONFIG", str(tmp_path / "c.toml"))
    assert completed("faxline send --device of") == ["office"]
    assert completed("faxline send taxo") == ["taxoffice"]
    monkeypatch.setenv("FAXLINE_CONFIG", "/nowhere")
    assert completed("faxline send --device of") == [""]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("faxline sen", ["send"]),
        ("faxline send --option ECM=", ["YES", "NO"]),  # readline has split at the =
        ("faxline send --device sim:?far=v2", ["v29", "v27"]),
    ],
)
def test_the_script_for_bash(
    line: str, expected: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", "bash"]) == 0
    (tmp_path / "faxline").write_text(f'#!/bin/sh\nexec {sys.executable} -m faxline "$@"\n')
    (tmp_path / "faxline").chmod(0o755)
    script = capsys.readouterr().out + (
        f"COMP_LINE='{line}'; COMP_POINT={len(line)}; _faxline_completion faxline\n"
        "printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert sorted(done.stdout.split()) == sorted(expected)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "_FAXLINE_COMPLETE" in capsys.readouterr().out


# ---- selftest ----


def outcomes(device: str = "", number: str = "") -> dict[str, Outcome]:
    return {check.name: check.outcome for check in checks(device, number)}


def test_selftest_of_the_simulator() -> None:
    assert outcomes() == {"simulator sends": "PASS", "simulator receives": "PASS", "modem": "SKIP"}


@pytest.mark.parametrize(
    ("device", "number", "expected"),
    [
        ("sim:", "", {"modem": "PASS", "line": "PASS", "far end": "SKIP"}),
        ("sim:", "5550100", {"modem": "PASS", "line": "PASS", "far end 5550100": "PASS"}),
        ("sim:", "5550101", {"modem": "PASS", "line": "PASS", "far end 5550101": "FAIL"}),
        ("sim:", "5550103", {"modem": "PASS", "line": "PASS", "far end 5550103": "FAIL"}),
        ("sim:?far=no-dialtone", "1", {"modem": "PASS", "line": "FAIL", "far end": "SKIP"}),
        ("sim:?far=nothing", "1", {"modem": "FAIL", "line": "SKIP"}),
    ],
)
def test_selftest_of_a_device(device: str, number: str, expected: dict[str, str]) -> None:
    found = outcomes(device, number)
    assert {name: outcome for name, outcome in found.items() if not name.startswith("simulator")} == expected


def test_selftest_compares_every_bit(tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "a.tif", 2)
    pages.save_fax(tmp_path / "b.tif", 2, height=241)
    same = selftest._compared("x", "NORMAL", None, tmp_path / "a.tif", tmp_path / "a.tif")
    other = selftest._compared("x", "NORMAL", None, tmp_path / "a.tif", tmp_path / "b.tif")
    failed = selftest._compared("x", "COMMSFAULT", "far.B.training", tmp_path / "a.tif", tmp_path / "a.tif")
    assert [check.outcome for check in (same, other, failed)] == ["PASS", "FAIL", "FAIL"]
    assert isinstance(same, Check)


def test_selftest_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest"]) == status.OK
    assert lines(capsys)[-1] == "2 passed, 0 failed, 1 skipped"
    assert main(["selftest", "--device", "sim:?far=no-dialtone"]) == 1
    assert "FAIL  line: no dial tone" in capsys.readouterr().out
    assert main(["selftest", "--number", "5550100"]) == 1
    assert "needs a device" in capsys.readouterr().err


# ---- the time that is left ----


@pytest.mark.parametrize("fax_options", [{}, {"ECM": "NO"}, {"MaxDataRate": "2400"}, {"Compression": "MH"}])
def test_the_time_left_is_about_right(tmp_path: Path, fax_options: dict[str, str]) -> None:
    """Against the line's own clock, for pages of some size."""
    noise = random.Random(1).randbytes(1728 // 8 * 300)
    page = Image.frombytes("1", (1728, 300), noise)
    page.save(
        tmp_path / "a.tif", save_all=True, append_images=[page] * 2, compression="group4", dpi=(204, 98)
    )
    with CallChannel("sim:") as channel:
        channel.call("5550100")
        sender = channel.FaxSender
        assert sender.start(FaxToSend(tmp_path / "a.tif"), fax_options)
        settings = sender.wait_for_negotiated_settings()
        told = [(channel._line.now_us(), seconds_left(sender.Details.page_octets, settings, 0))]
        while not sender.Details.last_page:
            pages = sender.wait_for_next_page()
            left = seconds_left(sender.Details.page_octets, sender.Details.negotiated, pages)
            told.append((channel._line.now_us(), left))
        end = told[-1][0]
        for at, left in told:
            assert left == pytest.approx((end - at) / 1e6, rel=0.15, abs=3)
    assert seconds_left({}, settings, 0) is None
    assert seconds_left({"MH": [1]}, {}, 0) is None
