"""The board suite on a rig: `pytest hil --rig FILE`. Without a rig every test is skipped, for one reason."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]
pytest.register_assert_rewrite("board_suite")

from board_suite import Line, Lines  # noqa: E402
from rig import Rig, RigError, load, made_ready  # noqa: E402

NO_RIG = "no rig: pytest hil --rig FILE, as hil/rig.example.toml has it"
NOTHING = Lines(Line("", "", ""), Line("", "", ""))

_rig = pytest.StashKey[Rig | None]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("rig")
    group.addoption("--rig", metavar="FILE", help="the rig that the board suite is tried on (TOML)")
    group.addoption(
        "--rig-out",
        metavar="FOLDER",
        default="hil-out",
        help="where trace and pages of a failed test are kept (default: hil-out)",
    )


def pytest_configure(config: pytest.Config) -> None:
    given = config.getoption("--rig")
    try:
        config.stash[_rig] = load(Path(given)) if given else None
    except RigError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    rig = metafunc.config.stash[_rig]
    if "pair" in metafunc.fixturenames:
        count = len(rig.pairs) if rig else 1
        names = [f"{pair.caller.name}>{pair.called.name}" for pair in rig.pairs] if rig else ["no-rig"]
        metafunc.parametrize("pair", range(count), ids=names, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.stash[_rig] is None:
        for item in items:
            if item.path.is_relative_to(HERE):
                item.add_marker(pytest.mark.skip(reason=NO_RIG))


@pytest.fixture(scope="session")
def pairs(request: pytest.FixtureRequest) -> Iterator[tuple[Lines, ...]]:
    """The rig's pairs; its ports are ours until the end of the run."""
    rig = request.config.stash[_rig]
    assert rig is not None
    try:
        with made_ready(rig) as pairs:
            yield pairs
    except RigError as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.fixture
def lines(pairs: tuple[Lines, ...], pair: int) -> Lines:
    return pairs[pair]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Keeps what a failed test left behind: traces, the document, the pages."""
    report: pytest.TestReport = yield  # type: ignore[misc, assignment]
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if report.failed and folder is not None:
        kept = Path(item.config.getoption("--rig-out")) / re.sub(r"[^\w.+-]+", "_", item.name)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
        report.sections.append(("kept", f"traces and pages: {kept}"))
    return report  # type: ignore[return-value]
