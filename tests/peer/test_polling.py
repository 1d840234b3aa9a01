"""Documents that are polled, from us and by us, and both ways in one call."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from .far import Far, dcs, dis, has, identity
from .scenario import FAILED, TWO, Held, Scenario
from .test_receiver import sends
from .test_sender import ends, takes

pytestmark = pytest.mark.wallclock
SCENARIOS: list[Scenario] = []


def add(name: str, script: Callable[[Far], Awaitable[None]], **more: object) -> None:
    SCENARIOS.append(Scenario(name, script, **more))  # type: ignore[arg-type]


# We call and ask for a document


def asks(name: str, script: Callable[[Far], Awaitable[None]], **more: object) -> None:
    add("poll-" + name, script, **{"receives": True, **more})


DOCUMENT = dis(document=True, ecm=False)


async def is_polled(far: Far, within: float = 8) -> bytes:
    """Answers, offers, hears DTC."""
    await far.answered()
    await far.identify(DOCUMENT)
    return await far.expect("DTC", within=within)


def polite(code: int, ecm: bool) -> None:
    async def script(far: Far) -> None:
        await is_polled(far)
        far.x = 1
        await far.trained(code, dcs(code, "MR" if ecm else "MH"))
        await sends(far, code)
        await far.goodbye()

    asks(f"{code}-{'mr' if ecm else 'mh'}", script, pages=2)


for code in (145, 96, 48):
    for ecm in (False, True):
        polite(code, ecm)


async def nothing_there(far: Far) -> None:
    await far.answered()
    await far.identify(dis())
    await far.hooked(60)


asks("nothing-there", nothing_there, cause="COMMSFAULT", raw="far.B.nothing-to-poll", pages=0)


async def words(far: Far) -> None:
    await far.answered()
    await far.identify(dis(document=True, more=[47, 50]))
    await far.expect("DTC", within=9)
    assert far.prologue["PWD"] == identity("99#*+")
    assert far.prologue["SEP"] == identity("123")
    await far.trained(145)
    await sends(far, 145)
    await far.goodbye()


asks("sep-and-pwd", words, options={"SelectivePolling": "123", "Password": "99#*+"})


async def dtc_unanswered(far: Far) -> None:
    await is_polled(far)
    for _ in range(2):
        await far.expect("DTC", within=8)
    await far.expect("DCN", within=10)
    await far.hooked()


asks("never-answered", dtc_unanswered, cause="COMMSFAULT", pages=0)


def dtc_missed(times: int) -> None:
    async def script(far: Far) -> None:
        await is_polled(far)
        for _ in range(times):
            await far.expect("DTC", within=8)
        await far.trained(145)
        await sends(far, 145)
        await far.goodbye()

    asks(f"missed-{times}", script)


dtc_missed(1)
dtc_missed(2)


async def dtc_dis_again(far: Far) -> None:
    await is_polled(far)
    await far.identify(DOCUMENT)
    await far.expect("DTC", within=8)
    await far.trained(145)
    await sends(far, 145)
    await far.goodbye()


asks("dis-again", dtc_dis_again)


async def refused(far: Far) -> None:
    await is_polled(far)
    await far.say("DCN")
    await far.hooked()


asks("refused", refused, cause=FAILED, pages=0)


async def bad_tcf(far: Far) -> None:
    await is_polled(far)
    await far.train(145, octets=b"\x55" * 2700)
    await far.expect("FTT")
    await far.trained(96)
    await sends(far, 96)
    await far.goodbye()


asks("tcf-bad", bad_tcf)


async def polled_eom(far: Far) -> None:
    await is_polled(far)
    await far.trained(145)
    await sends(far, 145, TWO[:1], "EOM")
    await far.wait(6)
    await far.identify(DOCUMENT)
    await far.expect("DTC", "DIS", "DCN", within=12)
    if far.heard == "DCN":
        await far.hooked()
        return
    await far.trained(145)
    await sends(far, 145, TWO[1:])
    await far.goodbye()


asks("eom", polled_eom, cause=("NORMAL", *FAILED))


# We are called and offer a document


def offers(name: str, script: Callable[[Far], Awaitable[None]], **more: object) -> None:
    add("offer-" + name, script, **{"called": True, "send": TWO, "polled": True, **more})


async def polls(far: Far, fif: bytes | None = None, **how: Any) -> None:
    """Calls, sees the offer, asks for it."""
    offer = await far.called()
    assert has(offer, 9)
    await far.polls(fif, **how)


async def taken(far: Far) -> None:
    await far.answers_dcs()
    await takes(far)
    await ends(far)


async def offer_polite(far: Far) -> None:
    await polls(far)
    await taken(far)


offers("taken", offer_polite)


async def offer_by_dis(far: Far) -> None:
    """A DIS of the caller in place of DTC (5.2.1)."""
    await polls(far, word="DIS")
    await taken(far)


offers("taken-by-dis", offer_by_dis)


async def offer_damaged(far: Far) -> None:
    await far.called()
    far.x = 0
    await far.say("DTC", dis(), right=False)
    await far.expect("DIS", within=8)
    await far.say("DTC", dis())
    await taken(far)


offers("dtc-damaged", offer_damaged)


def offer_missed(times: int) -> None:
    async def script(far: Far) -> None:
        await polls(far)
        for _ in range(times):
            await far.training()
        await taken(far)

    offers(f"cfr-missing-{times}", script)


offer_missed(1)
offer_missed(2)


def offer_words(name: str, sep: str | None, pwd: str | None, right: bool) -> None:
    async def script(far: Far) -> None:
        words = [("PWD", pwd), ("SEP", sep)]
        before = [(frame, identity(word)) for frame, word in words if word is not None]
        await polls(far, dis(more=[47, 50]), before=before)
        if right:
            await taken(far)
        else:
            await ends(far)

    more: dict[str, object] = {} if right else {"cause": "COMMSFAULT", "raw": "far.B.wrong-poll", "pages": 0}
    offers(f"words-{name}", script, options={"SelectivePolling": "12", "Password": "34"}, **more)


offer_words("right", "12", "34", True)
offer_words("wrong-password", "12", "35", False)
offer_words("wrong-document", "13", "34", False)
offer_words("none", None, None, False)
offer_words("no-password", "12", None, False)


async def offer_dcs(far: Far) -> None:
    """The caller sends in place of asking; our end did not say that it receives."""
    await far.called()
    await far.train(145)
    await far.hooked(90)


offers("dcs-for-dtc", offer_dcs, cause=FAILED, pages=0)


async def offer_nobody(far: Far) -> None:
    await far.called()
    await far.hooked(90)


offers("nobody", offer_nobody, cause=FAILED, pages=0)


async def offer_dcn(far: Far) -> None:
    await far.called()
    await far.say("DCN")
    await far.hooked()


offers("dcn", offer_dcn, cause=FAILED, pages=0)


async def offer_dtc_for_ever(far: Far) -> None:
    """Whatever our end sends, DTC comes again."""
    await far.called()
    far.x = 0
    for _ in range(60):
        if not far.line.off_hook:
            return
        await far.say("DTC", dis(), gap=1)
        await far.wait(3)
    raise AssertionError("60 times")


offers("dtc-for-ever", offer_dtc_for_ever, cause=FAILED, pages=0, bound_s=400)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_polling(scenario: Scenario, held: Callable[[Scenario], Held]) -> None:
    held(scenario)
