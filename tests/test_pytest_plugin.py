"""The test kit: its fixtures, its options, the traces of failed tests. The inner tests run in this
process."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from faxline.causes import CallCause, FaxCause
from faxline.pytest_plugin import causes

ROOT = Path(__file__).resolve().parent.parent

FAX = """
import pytest
from PIL import Image
from faxline import CallChannel
from faxline.causes import CallCause, FaxCause

@pytest.fixture
def letter(tmp_path):
    Image.new("1", (1728, 600), 1).save(tmp_path / "letter.tif", dpi=(204, 98), compression="group4")
    return str(tmp_path / "letter.tif")

def send(device, number, document, options=None):
    with CallChannel(device) as channel:
        if channel.call(number) != "ANSWERED":
            return channel.cause()
        return channel.FaxSender.send(filename=document, fax_options=options)
"""


def names(found: object) -> list[str]:
    """Causes are texts: by their names two of them are the same."""
    return sorted(f"{type(cause).__name__}.{cause.name}" for cause in found)  # type: ignore[attr-defined]


def test_every_cause_is_there() -> None:
    assert names(causes()) == sorted(set(names([*FaxCause, *CallCause])) - {"FaxCause.NONE"})


@pytest.mark.parametrize("options", ["", "'ECM': 'NO', ", "'HighRes': 'YES', 'MaxDataRate': '4800', "])
@pytest.mark.parametrize("height", [60, 2200])
def test_every_cause_comes_about(pytester: pytest.Pytester, options: str, height: int) -> None:
    """Whatever the application sends and asks for; RNR is a thing of error correction."""
    pytester.makepyfile(
        FAX
        + f"""
from faxline.pytest_plugin import causes
@pytest.mark.parametrize("cause", causes())
def test(far_machine, letter, cause):
    if cause is FaxCause.TIMEOUT and "ECM" in "{options}":
        pytest.skip()
    Image.new("1", (1728, {height}), 1).save(letter, dpi=(204, 98), compression="group4")
    far = far_machine(cause)
    options = {{{options}}} if not far.fax_options else far.fax_options
    result = send(far.device, far.number, letter, options)
    assert result == cause
    assert far.cause is cause
    assert type(result) is type(cause)
"""
    )
    outcomes = pytester.runpytest("-q").parseoutcomes()
    assert outcomes.pop("skipped", 0) <= 1
    assert list(outcomes) == ["passed"]


def test_far_machine_by_hand(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        FAX
        + """
def test_far(far_machine, letter):
    first, second = far_machine(far="v27"), far_machine(faults=["far_lost_frame@4"], seed=3)
    assert first.received != second.received
    for far in (first, second):
        assert send(far.device, far.number, letter) == "NORMAL"
        assert far.received.exists()

def test_mistakes(far_machine):
    with pytest.raises(ValueError, match="either a cause"):
        far_machine(FaxCause.NORMAL, far="v27")
    with pytest.raises(ValueError, match="no call and no fax ends with"):
        far_machine(FaxCause.NONE)
    with pytest.raises(Exception, match="far='nobody-knows': there is"):
        far_machine(far="nobody-knows")
"""
    )
    pytester.runpytest("-q").assert_outcomes(passed=2)


LINES = (
    FAX
    + """
def test_line(fax_line, letter):
    assert send(fax_line.device, fax_line.number, letter) == "NORMAL"
    assert fax_line.received is None or fax_line.received.exists()

def test_open_line(fax_line, letter):
    channel = fax_line.channel
    assert channel is fax_line.channel
    assert channel.call(fax_line.number) == "ANSWERED"
    assert channel.FaxSender.send(filename=letter) == "NORMAL"

def test_pair(fax_pair, letter):
    with fax_pair.receiving() as arriving:
        assert fax_pair.caller.call(fax_pair.number) == "ANSWERED"
        assert fax_pair.caller.FaxSender.send(filename=letter) == "NORMAL"
    assert (arriving.cause, arriving.pages) == ("NORMAL", 1)
    assert Image.open(arriving.path).tobytes() == Image.open(letter).tobytes()

def test_every_cause(far_machine, letter):
    assert send(far_machine(CallCause.BUSY).device, "1", letter) == "BUSY"
"""
)


def test_lines(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LINES)
    pytester.runpytest("-q").assert_outcomes(passed=4)
    assert not (pytester.path / "fax-traces").exists()


@pytest.mark.parametrize(
    ("options", "passed", "skipped"),
    [
        (["--fax-device", "sim:"], 0, 4),
        (["--fax-device", "sim:", "--fax-number", "5550104"], 2, 2),
        (["--fax-device", "sim:5550031", "--fax-device", "sim:5550032", "--fax-number", "5550104"], 2, 1),
        (
            ["--fax-device", "sim:5550031", "--fax-device", "sim:5550032", "--fax-pair-number", "5550032"],
            1,
            3,
        ),
    ],
)
def test_other_devices(pytester: pytest.Pytester, options: list[str], passed: int, skipped: int) -> None:
    """The same tests on the devices of the options; here they are simulated ones, too. The third row calls a
    number that is not the second line's: the test of the pair fails, and does not hang."""
    pytester.makepyfile(LINES)
    result = pytester.runpytest("-q", *options)
    result.assert_outcomes(passed=passed, skipped=skipped, failed=4 - passed - skipped)


def test_a_failed_test_keeps_its_traces(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        FAX
        + """
def test_bad(fax_line, far_machine, letter):
    assert send(fax_line.device, fax_line.number, letter) == "NORMAL"
    far = far_machine(FaxCause.PAGEQUALITY)
    assert send(far.device, far.number, letter) == "NORMAL"

def test_good(fax_line, letter):
    assert send(fax_line.device, fax_line.number, letter) == "NORMAL"

def test_no_fax():
    assert False
"""
    )
    result = pytester.runpytest("-q", "--fax-traces", "kept")
    result.assert_outcomes(passed=1, failed=2)
    told = re.findall(r"^faxline trace (.*)$", result.stdout.str(), re.M)
    assert len(told) == 2
    assert sorted((pytester.path / "kept").glob("*/*")) == sorted(map(Path, told))
    done = subprocess.run(
        [sys.executable, "-m", "faxline", "trace", told[1]], capture_output=True, text=True, check=True
    )
    assert "PAGEQUALITY" in done.stdout.splitlines()[0]


def test_a_failed_receiver_is_told(pytester: pytest.Pytester) -> None:
    """What goes wrong in the fixture's thread appears in the test; a test that fails first does not hang."""
    pytester.makepyfile(
        FAX
        + """
def test_bad_path(fax_pair, letter):
    with fax_pair.receiving(path=3) as arriving:
        fax_pair.caller.call(fax_pair.number)

def test_never_calls(fax_pair):
    with fax_pair.receiving():
        raise ZeroDivisionError
"""
    )
    result = pytester.runpytest("-q")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*TypeError*", "*ZeroDivisionError*"])


def test_the_example(pytester: pytest.Pytester) -> None:
    for name in ("outbox.py", "test_outbox.py"):
        (pytester.path / name).write_text((ROOT / "examples" / name).read_text())
    result = pytester.runpytest("-q")
    assert list(result.parseoutcomes()) == ["passed"]
    text = (ROOT / "examples" / "test_outbox.py").read_text()
    tested = sorted(re.findall(r"\((\w+Cause\.\w+), ", text))
    assert tested == names(causes())
