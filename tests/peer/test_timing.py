"""Gaps and timers, near the speed of the wall's clock. A scheduler that is late makes gaps longer, never
shorter: the least is strict, the most has room.
"""

from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from .far import Far, dis
from .scenario import FAILED, TWO, Held, Scenario
from .test_receiver import begins, begins_ecm, sends, sends_block
from .test_sender import ends, takes, takes_blocks

pytestmark = pytest.mark.wallclock
SCENARIOS: list[Scenario] = []
SPEED = 2.0
LEAST_S, MOST_S = 0.055, 0.095
LATE_S = 0.05
"""Of the wall's clock."""


def timed(name: str, script: Callable[[Far], Awaitable[None]], **more: object) -> None:
    SCENARIOS.append(Scenario("timing-" + name, script, speed=SPEED, **more))  # type: ignore[arg-type]


def gaps(far: Far) -> None:
    """Between two signals of our end, and between the far machine's and ours."""
    events = [e for e in far.line.events if e.what in ("V.21 on", "V.21 off", "on", "off", "CED")]
    late = LATE_S * far.line.speed
    looked = 0
    for before, after in pairwise(events):
        if after.what not in ("V.21 on", "on") or before.what not in ("V.21 off", "off", "CED"):
            continue
        theirs = [s.end for s in far.line.far if before.time < s.end <= after.time]
        if theirs:
            assert after.time - theirs[-1] >= LEAST_S - 0.005, (
                f"{after.what} {after.time - theirs[-1]:.3f} s behind theirs"
            )
            assert after.time - theirs[-1] <= 1.5 + late
        elif after.time - before.time < 1:
            gap = after.time - before.time
            assert LEAST_S - 0.005 <= gap <= MOST_S + late, (
                f"{gap:.3f} s between {before.what} and {after.what}"
            )
            looked += 1
    assert looked


async def sender(far: Far) -> None:
    await far.set_up()
    await takes(far)
    await ends(far)
    gaps(far)


async def ecm_sender(far: Far) -> None:
    await far.set_up(dis(ecm=True, mmr=True, mr=True))
    await takes_blocks(far)
    await ends(far)
    gaps(far)


async def receiver(far: Far) -> None:
    await begins(far)
    await sends(far, 145)
    await far.goodbye()
    gaps(far)


async def ecm_receiver(far: Far) -> None:
    await begins_ecm(far)
    for i, second in enumerate(("MPS", "EOP")):
        await sends_block(far, TWO[i], i, second, 145, 64)
    await far.goodbye()
    gaps(far)


timed("gaps-send", sender, send=TWO)
timed("gaps-send-ecm", ecm_sender, send=TWO)
timed("gaps-receive", receiver, called=True, receives=True)
timed("gaps-receive-ecm", ecm_receiver, called=True, receives=True)


def between(far: Far, what: str, least: float, most: float) -> None:
    """From the end of each of our V.21 signals to the beginning of the next."""
    events = [e for e in far.line.events if e.what in ("V.21 on", "V.21 off")]
    waits = [
        after.time - before.time
        for before, after in pairwise(events)
        if before.what == "V.21 off" and after.time - before.time > 1
    ]
    late = LATE_S * far.line.speed
    assert waits
    assert all(least <= wait <= most + late for wait in waits), f"{what}: {waits}"


async def t4(far: Far) -> None:
    await far.set_up()
    await far.page()
    for _ in range(3):
        await far.expect("MPS", within=6)
    start = len(far.line.events) - 1
    await far.expect("DCN", within=6)
    await far.hooked()
    del far.line.events[: start - 6]
    between(far, "T4", 2.55, 3.55)


timed("t4", t4, send=TWO, cause="COMMSFAULT", pages=0)


async def t4_last_moment(far: Far) -> None:
    """An answer whose preamble begins 2.9 s behind the command, as late as a nominal T4 allows."""
    await far.set_up()
    for command in ("MPS", "EOP"):
        page = await far.page()
        await far.expect(command)
        await far.confirm(page, gap=2.9)
    await ends(far)


timed("t4-last-moment", t4_last_moment, send=TWO)


async def t2(far: Far) -> None:
    await begins(far)
    await sends(far, 145, TWO[:1], "MPS")
    start = far.line.now()
    await far.hooked(15)
    assert 5 <= far.line.now() - start <= 10


timed("t2", t2, called=True, receives=True, cause=FAILED, pages=1)


async def t2_last_moment(far: Far) -> None:
    """A command that comes 6.5 s behind the damaged one, as a slow sender's may."""
    await begins(far)
    await far.send_page(TWO[0], 145)
    await far.say("MPS", right=False)
    await far.post_after(5.0, "MPS", TWO[0])
    await sends(far, 145, TWO[1:])
    await far.goodbye()


timed("t2-last-moment", t2_last_moment, called=True, receives=True, pages=2)


async def t1(far: Far) -> None:
    await far.called()
    start = far.line.now()
    await far.hooked(60)
    assert 25 <= far.line.now() - start <= 45


timed("t1", t1, called=True, receives=True, cause="NOTFAX", pages=0)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_timing(scenario: Scenario, held: Callable[[Scenario], Held]) -> None:
    held(scenario)
