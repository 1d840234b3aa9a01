"""Fixtures. Every test runs on the real engine, on the simulated device in virtual time; after every test
no line may be open and none may have seen a breach of T.30's timing at our end (in virtual time: at real
pace the simulated line measures this machine's scheduler too).
"""

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pages
import pytest
from hypothesis import HealthCheck, settings

from faxline import CallChannel, soft
from faxline._lines.line import Line

pytest.register_assert_rewrite("board_suite")
pytest_plugins = ["pytester"]

# The same examples every time, however slow the machine.
settings.register_profile(
    "faxline",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("faxline")


INSTRUMENTED = os.environ.get("FAXLINE_INSTRUMENTED")
"""The sanitizer with which the extension must have been built: 'asan' or 'tsan'."""


def pytest_configure(config: pytest.Config) -> None:
    """A run over a sanitizer that silently took the plain extension would prove nothing."""
    if INSTRUMENTED is None:
        return
    for name in ("faxline._faxline", *(["faxline._soft"] if soft.available() else [])):
        path = import_module(name).__file__
        if path is None or f"__{INSTRUMENTED}_init".encode() not in Path(path).read_bytes():
            raise pytest.UsageError(f"{path} is not built with {INSTRUMENTED}")


@pytest.fixture(autouse=True)
def _lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Line]]:
    lines: list[Line] = []
    opened = Line.__init__

    def record(self: Line, *arguments: object, **keywords: object) -> None:
        opened(self, *arguments, **keywords)  # type: ignore[arg-type]
        lines.append(self)

    monkeypatch.setattr(Line, "__init__", record)
    yield lines
    left_open = [line for line in lines if not line.closing]
    for line in lines:
        line.close()
    assert left_open == []
    breaches = [line.violations() for line in lines if not line.device.config.real_pace]
    assert [breach for breach in breaches if breach[0]] == []


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads the configuration of who runs it."""
    for name in [name for name in os.environ if name.startswith("FAXLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no-configuration"))


@pytest.fixture
def channel() -> Iterator[CallChannel]:
    """A line on hook."""
    with CallChannel("sim:") as channel:
        yield channel


@pytest.fixture
def connected(channel: CallChannel) -> CallChannel:
    """A line on which the machine that takes everything has answered."""
    assert channel.call("5550100") == channel.State.ANSWERED
    return channel


@pytest.fixture
def fax(tmp_path: Path) -> str:
    """A document of three short fax pages."""
    path = tmp_path / "fax.tif"
    pages.save_fax(path, 3)
    return str(path)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Where a simulated far machine may write."""
    return tmp_path / "received.tif"
