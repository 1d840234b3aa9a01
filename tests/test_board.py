"""The board suite on simulated lines."""

import pytest
from board_suite import *  # noqa: F403
from board_suite import Line, Lines


@pytest.fixture
def lines() -> Lines:
    return Lines(Line("one", "sim:5550001", "5550001"), Line("two", "sim:5550002", "5550002"))
