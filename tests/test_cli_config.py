"""The configuration file and the environment: what wins over what, and what is said of a wrong file."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxline import options
from faxline.cli import COMMANDS, config, main
from faxline.cli.config import Config, ConfigError, LineConfig, load

NAMES = st.sampled_from(list(options.OPTIONS))
VALUES = st.dictionaries(NAMES, st.text("YESNO0", max_size=3), max_size=4)


@given(VALUES, VALUES, VALUES, VALUES)
def test_the_nearer_wins(
    of_file: dict[str, str], of_line: dict[str, str], of_environment: dict[str, str], given: dict[str, str]
) -> None:
    """Flag over environment over line over file, for each option by itself."""
    settings = Config(line="a", lines={"a": LineConfig("sim:", of_line)}, options=of_file)
    environment = {f"FAXLINE_OPTION_{name}": value for name, value in of_environment.items()}
    merged = settings.fax_options("", {**environment, "PATH": "/bin", "FAXLINE_DEVICE": "sim:"}, given)
    for name in options.OPTIONS:
        layers = [layer[name] for layer in (given, of_environment, of_line, of_file) if name in layer]
        assert merged.get(name) == (layers[0] if layers else None)
    assert set(merged) <= set(options.OPTIONS)


@given(st.sampled_from(["", "a", "b", "sim:", "class1:/dev/x"]), st.sampled_from(["", "a", "b", "sim:9"]))
def test_the_device(named: str, default: str) -> None:
    settings = Config(line=default, lines={"a": LineConfig("sim:1"), "b": LineConfig("sim:2")})
    expected = named or default
    assert settings.device(named) == {"a": "sim:1", "b": "sim:2"}.get(expected, expected)


def write(folder: Path, text: str) -> str:
    path = folder / "config.toml"
    path.write_text(text)
    return str(path)


FULL = """
line = "office"

[lines.office]
device = "sim:"
subscriber_id = "+1 555 0100"
header_line = "{date} page {page}"
options = { ECM = "NO", MaxDataRate = 9600 }

[lines.home]
device = "sim:?far=v27"

[options]
MaxDataRate = 7200
HighRes = true

[numbers]
taxoffice = "5550100"
busy = "5550101"

[send]
retries = 2
timeout = 30
"""


def test_a_file(tmp_path: Path) -> None:
    read = load(write(tmp_path, FULL), COMMANDS)
    assert read.device("") == "sim:"
    assert read.device("home") == "sim:?far=v27"
    assert read.fax_options("", {}, {}) == {
        "MaxDataRate": "9600",
        "HighRes": "YES",
        "ECM": "NO",
        "SubscriberId": "+1 555 0100",
        "HeaderLine": "{date} page {page}",
    }
    assert read.fax_options("home", {}, {}) == {"MaxDataRate": "7200", "HighRes": "YES"}
    assert read.number("taxoffice") == "5550100"
    assert read.number("5550199") == "5550199"
    assert read.commands == {"send": {"retries": 2, "timeout": 30}}


def result(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return dict(events[-1]) | {"device": events[0]["device"]}


def test_all_of_it_in_a_call(
    tmp_path: Path, fax: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, FULL)
    arguments = ["send", "taxoffice", fax, "--json", "--config", file]
    assert main(arguments) == 0
    told = result(capsys)
    assert (told["number"], told["device"]) == ("5550100", "sim:")
    negotiated = told["negotiated"]
    assert isinstance(negotiated, dict)
    assert (negotiated["DataRate"], negotiated["ECM"]) == ("9600", "NO")
    assert negotiated["SubscriberId"] == "+1 555 0100"
    monkeypatch.setenv("FAXLINE_OPTION_MaxDataRate", "4800")
    monkeypatch.setenv("FAXLINE_CONFIG", file)
    assert main(arguments[:-2]) == 0
    assert result(capsys)["negotiated"]["DataRate"] == "4800"  # type: ignore[index]
    assert main([*arguments[:-2], "--option", "MaxDataRate=2400", "--device", "home"]) == 0
    told = result(capsys)
    assert (told["negotiated"]["DataRate"], told["device"]) == ("2400", "sim:?far=v27")  # type: ignore[index]
    monkeypatch.setenv("FAXLINE_DEVICE", "sim:?seed=7")
    assert main(arguments[:-2]) == 0
    assert result(capsys)["device"] == "sim:?seed=7"


def test_defaults_of_a_command(
    tmp_path: Path, fax: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Option over environment over file."""
    arguments = ["send", "busy", fax, "--json", "--config", write(tmp_path, FULL)]
    assert main(arguments) == 20
    assert result(capsys)["attempts"] == 3
    monkeypatch.setenv("FAXLINE_SEND_RETRIES", "1")
    assert main(arguments) == 20
    assert result(capsys)["attempts"] == 2
    assert main([*arguments, "--retries", "0"]) == 20
    assert result(capsys)["attempts"] == 1


def test_several_lines_and_none_chosen(tmp_path: Path, fax: str, capsys: pytest.CaptureFixture[str]) -> None:
    config = write(tmp_path, "[lines.office]\ndevice = 'sim:'\n[lines.home]\ndevice = 'sim:'\n")
    assert main(["send", "5550100", fax, "--config", config]) == 1
    assert "has the lines office, home: choose one with --device" in capsys.readouterr().err
    assert main(["send", "5550100", fax, "--config", config, "--device", "attic"]) == 1
    assert "nor a line of" in capsys.readouterr().err


def test_where_the_file_is(
    tmp_path: Path, fax: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert main(["send", "taxoffice", fax]) == 1
    assert "no device" in capsys.readouterr().err
    (tmp_path / "faxline").mkdir()
    write(tmp_path / "faxline", FULL)
    assert main(["send", "taxoffice", fax]) == 0
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config.default_path({"XDG_CONFIG_HOME": "relative"}) == tmp_path / ".config/faxline/config.toml"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("line = \nx", "line 1"),
        ("lime = 'x'", "lime: unknown; there is line, lines"),
        ("lines = 3", "lines: is a table"),
        ("[lines.a]\ndevise = 'sim:'", "lines.a.devise: unknown"),
        ("[lines.a]", "lines.a: a line needs a device"),
        ("[lines.a]\ndevice = 'sim'", "no address"),
        ("[lines.a]\ndevice = 3", "lines.a.device: has to be a text, in quotes"),
        ("[lines.a]\ndevice = 'sim:'\nsubscriber_id = 'me'", "SubscriberId='me': takes"),
        ("[lines.a]\ndevice='sim:'\nsubscriber_id='1'\noptions={SubscriberId='2'}", "says the same"),
        ("line = 'b'\n[lines.a]\ndevice = 'sim:'", "no line 'b': a"),
        ("[options]\nSpeed = 9600", "options: unknown option 'Speed'"),
        ("[options]\nECM = 'perhaps'", "ECM='perhaps': takes"),
        ("[numbers]\na = 5550100", "numbers.a: has to be a text, in quotes"),
        ("[send]\nretires = 3", "send.retires: unknown; there is"),
        ("[send]\ndevice = 'sim:'", "send.device: unknown"),
        ("[send]\nretries = [{}]", "send.retries: takes"),
    ],
)
def test_a_file_that_is_wrong(
    tmp_path: Path, fax: str, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    file = write(tmp_path, text)
    assert main(["send", "1", fax, "--config", file]) == 1
    told = capsys.readouterr()
    assert file in told.err
    assert words in told.err
    assert told.out == ""


@given(st.binary(max_size=60))
def test_any_octets(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.toml").write_bytes(content)
    try:
        load(tmp_path / "x.toml", COMMANDS)
    except ConfigError as error:
        assert "x.toml" in str(error)  # noqa: PT017 - most octets are no TOML, some are


@pytest.mark.parametrize("path", ["/nowhere/config.toml", "/", "/dev/zero"])
def test_a_file_that_cannot_be_read(path: str, fax: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "1", fax, "--config", path]) == 1
    assert path in capsys.readouterr().err


def test_a_line_that_is_not_there(fax: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "1", fax, "--device", "attic", "--config", write(tmp_path, FULL)]) == 1
    assert "nor a line" in capsys.readouterr().err


def test_the_longest_file(tmp_path: Path) -> None:
    """What stands behind the limit is not left out: the file is refused."""
    path = tmp_path / "config.toml"
    end = '\n[numbers]\nlast = "1"\n'
    path.write_text("#" * ((1 << 20) - len(end)) + end)
    assert load(path, COMMANDS).numbers == {"last": "1"}
    path.write_text("#" * ((1 << 20) - len(end) + 1) + end)
    with pytest.raises(ConfigError, match="longer than 1048576 octets"):
        load(path, COMMANDS)
