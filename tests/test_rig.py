"""Rig files: what hil/ reads."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

HIL = Path(__file__).resolve().parent.parent / "hil"
sys.path.insert(0, str(HIL))

import rig  # noqa: E402


def write(folder: Path, text: str) -> Path:
    path = folder / "rig.toml"
    path.write_text(text)
    return path


LINES = """
[[line]]
name = "a"
device = "class1:/dev/ttyA"
number = "21"
[[line]]
name = "b"
device = "class1:/dev/ttyB"
number = "22"
"""


def test_the_example() -> None:
    (pair,) = rig.load(HIL / "rig.example.toml").pairs
    assert (pair.caller.name, pair.called.number, pair.without) == ("startech", "22", {"clean"})


def test_each_line_calls_the_next(tmp_path: Path) -> None:
    (pair,) = rig.load(write(tmp_path, LINES)).pairs
    assert (pair.caller.name, pair.called.name) == ("a", "b")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no two lines"),
        ("x = 1", "the file has no 'x'"),
        ("x =", "rig.toml"),
        ('[[line]]\nname = "a"', "'device' is missing"),
        (LINES + '[[pair]]\ncaller = "a"\ncalled = "c"', "the line 'c'; there is a, b"),
        (LINES + '[[pair]]\ncaller = "a"\ncalled = "b"\nwithout = ["fun"]', "no 'fun'; there is ecm"),
        (LINES + '[[pair]]\ncaller = "a"', "'called' is missing"),
        ("[simulated]\nspeed = 3\nmodem = 1", "simulated has no 'modem'"),
    ],
)
def test_bad_rigs(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(rig.RigError, match=words):
        rig.load(write(tmp_path, text))


def test_the_ports_are_locked(tmp_path: Path) -> None:
    hardware = rig.load(write(tmp_path, LINES))
    with rig.made_ready(hardware):
        again = rig.made_ready(hardware)
        with pytest.raises(rig.RigError, match=r"class1:/dev/tty[AB]: another run"):
            again.__enter__()
    with rig.made_ready(hardware) as pairs:
        assert pairs == hardware.pairs


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(HIL), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=HIL.parent)


def test_without_a_rig() -> None:
    done = run("-rs")
    assert done.returncode == 0
    assert "no rig: pytest hil --rig FILE" in done.stdout
    assert "passed" not in done.stdout


def test_a_bad_rig() -> None:
    done = run("--rig", "/nowhere/rig.toml")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "/nowhere/rig.toml: No such file" in done.stderr


@pytest.mark.wallclock
def test_what_is_reported_and_kept(tmp_path: Path) -> None:
    """Of a test that passes, and of one that fails for want of ports."""
    path = write(tmp_path, '[simulated]\nspeed = 10\nmodems = ["hardware", "hardware"]\n')
    report, kept = tmp_path / "report.xml", tmp_path / "kept"
    done = run("--rig", str(path), "--rig-out", str(kept), f"--junitxml={report}", "-k", "identities")
    assert done.returncode == 0, done.stdout
    (case,) = [
        case for case in ElementTree.parse(report).iter("testcase") if "identities" in case.attrib["name"]
    ]
    properties = {entry.attrib["name"]: entry.attrib["value"] for entry in case.iter("property")}
    assert properties["rate"] == "V17 14400"
    assert properties["ecm"] == "YES"
    assert properties["pages"] == "1"
    assert properties["retrains"] == "0"
    assert properties["cause"] == "NORMAL, NORMAL"
    assert properties["caller profile"] == "generic"
    assert "faxline" in properties["caller modem"]
    assert not kept.exists()
    done = run("--rig", str(write(tmp_path, LINES)), "--rig-out", str(kept), "-k", "identities")
    assert done.returncode == 1
    assert f"traces and pages: {kept}" in done.stdout
    assert [path.name for path in kept.glob("*/*.tif")] == ["sent.tif"]
