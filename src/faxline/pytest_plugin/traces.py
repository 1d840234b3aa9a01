"""The traces of a test's calls: kept, and told of, when it fails."""

import re
import shutil
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from faxline.errors import Error
from faxline.trace.reader import load

_TRACES = pytest.StashKey[Path]()


@pytest.fixture
def _fax_traces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every channel of the test, also in its child processes, is recorded; kept when the test fails."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", request.node.nodeid).strip("-")[-120:]
    folder = request.config.rootpath / request.config.getoption("--fax-traces") / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    request.node.stash[_TRACES] = folder
    monkeypatch.setenv("FAXLINE_TRACE", str(folder))
    failures = request.session.testsfailed
    yield
    if request.session.testsfailed == failures:
        shutil.rmtree(folder, ignore_errors=True)
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    folder = item.stash.get(_TRACES, None)
    if report.failed and folder is not None and (traces := sorted(folder.glob("*"))):
        report.sections.append(("traces of its calls", "\n".join(map(_told, traces))))


def _told(path: Path) -> str:
    """Where the trace is, and what it says in its first line."""
    with suppress(Error, OSError):
        return "\n".join([f"faxline trace {path}", *(f"    {call.summary()}" for call in load(path).calls)])
    return f"faxline trace {path}"
