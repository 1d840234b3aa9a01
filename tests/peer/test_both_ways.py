"""Pages both ways in one call: what was sent and what was received are counted apart."""

from collections.abc import Awaitable, Callable

import pytest

from .far import Far, dis, has, stripes
from .scenario import FAILED, TWO, Held, Scenario
from .test_sender import ends

pytestmark = pytest.mark.wallclock
SCENARIOS: list[Scenario] = []
THEIRS = [stripes(7), stripes(8)]


def add(name: str, script: Callable[[Far], Awaitable[None]], **more: object) -> None:
    more = {"send": TWO, "receives": True, **more}
    SCENARIOS.append(Scenario("both-" + name, script, **more))  # type: ignore[arg-type]


async def gets(far: Far, last: str, count: int = 2) -> None:
    for i in range(count):
        page = await far.page()
        await far.expect("MPS" if i + 1 < count else last)
        await far.say("MCF")
        far.sent_to_us.append(page)


async def gives(far: Far, code: int, last: str = "EOP", count: int = 2) -> None:
    for i in range(count):
        await far.send_page(THEIRS[i], code)
        await far.say("MPS" if i + 1 < count else last)
        await far.expect("MCF")
        far.got_from_us.append(THEIRS[i])


OFFER = dis(document=True)


async def caller_sends_then_polls(far: Far) -> None:
    await far.set_up(OFFER)
    await gets(far, "EOM")
    await far.identify(OFFER, gap=6)
    await far.expect("DTC", within=8)
    await far.trained(96)
    await gives(far, 96)
    await far.goodbye()


add("caller", caller_sends_then_polls)


async def caller_nothing_offered(far: Far) -> None:
    """EOP as ever; the poll has failed, and both pages count."""
    await far.set_up(dis())
    await gets(far, "EOP")
    await ends(far)


add(
    "caller-nothing-offered",
    caller_nothing_offered,
    cause="COMMSFAULT",
    raw="far.B.nothing-to-poll",
    polled=True,
)


async def caller_gone_after_eom(far: Far) -> None:
    await far.set_up(OFFER)
    await gets(far, "EOM")
    await far.hooked(90)


add("caller-gone-after-eom", caller_gone_after_eom, cause=FAILED, bound_s=150)


async def caller_withdrawn(far: Far) -> None:
    """The second DIS offers nothing any more."""
    await far.set_up(OFFER)
    await gets(far, "EOM")
    await far.identify(dis(), gap=6)
    await far.hooked(60)


add("caller-offer-withdrawn", caller_withdrawn, cause=FAILED)


async def caller_poll_refused(far: Far) -> None:
    await far.set_up(OFFER)
    await gets(far, "EOM")
    await far.identify(OFFER, gap=6)
    await far.expect("DTC", within=8)
    await far.say("DCN")
    await far.hooked()


add("caller-poll-refused", caller_poll_refused, cause=FAILED)


async def called_takes(far: Far) -> None:
    """Our DIS says both; the far end sends only."""
    fif = await far.called()
    assert has(fif, 9)
    assert has(fif, 10)
    await far.trained(145)
    await gives(far, 145)
    await far.goodbye()


add("called-takes", called_takes, called=True, polled=True)


async def called_is_polled(far: Far) -> None:
    await far.called()
    await far.polls()
    await far.answers_dcs()
    await gets(far, "EOP")
    await ends(far)


add("called-is-polled", called_is_polled, called=True, cause=("NORMAL", *FAILED))


async def called_takes_then_is_polled(far: Far) -> None:
    await far.called()
    await far.trained(145)
    await gives(far, 145, "EOM")
    await far.expect("DIS", within=12)
    await far.polls()
    await far.answers_dcs()
    await gets(far, "EOP")
    await ends(far)


add("called-takes-then-is-polled", called_takes_then_is_polled, called=True)


async def called_takes_then_nobody(far: Far) -> None:
    await far.called()
    await far.trained(145)
    await gives(far, 145, "EOM")
    await far.hooked(90)


add("called-takes-then-nobody", called_takes_then_nobody, called=True, polled=True, cause=FAILED, bound_s=150)


async def called_polled_half(far: Far) -> None:
    """The far end leaves in the middle of what it polled."""
    await far.called()
    await far.polls()
    await far.answers_dcs()
    await gets(far, "MPS", 1)
    await far.hooked(90)


add("called-is-polled-and-left", called_polled_half, called=True, polled=True, cause=FAILED, bound_s=150)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_both_ways(scenario: Scenario, held: Callable[[Scenario], Held]) -> None:
    held(scenario)
