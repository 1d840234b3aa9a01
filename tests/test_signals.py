"""Calls over real signals, drawn from numbers: a sample of tests/signals.py, and that it can fail."""

from dataclasses import replace
from pathlib import Path

import pytest
import signals

from faxline import soft

SENT = [b"one", b"two"]
GOOD = signals.Came(["NORMAL", "NORMAL"], 2, 2, True, SENT, 30.0)

if not soft.available():
    pytest.skip("the soft modem is not built: there was no libspandsp-dev", allow_module_level=True)


@pytest.mark.parametrize("tens", range(6))
def test_ten_calls(tens: int, tmp_path: Path) -> None:
    for seed in range(10 * tens, 10 * tens + 10):
        assert signals.run(seed, tmp_path)[2] == []


def test_what_is_tolerated() -> None:
    """Without error correction, and of a tall page nothing."""
    drawn = replace(signals.draw(0), role="between ours", height=signals.SHORT_ROWS)
    lacks = replace(GOOD, ecm=False, receiver_pages=1, file=SENT[:1])
    assert "short pages" in str(signals.tolerated(lacks, drawn))
    assert "the terminal" in str(signals.tolerated(lacks, replace(drawn, role=signals.TO_A_TERMINAL)))
    assert signals.tolerated(replace(lacks, ecm=True), drawn) is None
    assert signals.tolerated(lacks, replace(drawn, height=signals.TALL_ROWS)) is None
    assert signals.tolerated(replace(lacks, file=SENT), drawn) is None


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"held_s": 2000.0}, "the line stood for 2000 s"),
        ({"sender_pages": 1}, "NORMAL with 1 of 2 pages"),
        ({"receiver_pages": 1, "file": SENT[:1]}, "2 pages count as sent, the receiver has 1"),
        ({"file": SENT[:1]}, "2 pages count as received, the file has 1"),
        ({"file": [b"one", b"TWO"]}, "not those which were sent"),
        (
            {"causes": ["HANGUP", "NORMAL"], "sender_pages": 1, "receiver_pages": 1},
            "received NORMAL with 1 of 2",
        ),
    ],
)
def test_what_is_broken(changed: dict[str, object], told: str) -> None:
    assert signals.broken(GOOD, SENT, "between ours") == []
    found = signals.broken(replace(GOOD, **changed), SENT, "between ours")  # type: ignore[arg-type]
    assert any(told in line for line in found)
