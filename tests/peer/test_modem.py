"""Modems that are odd, wrong or dead: our end sends, or receives, and the far machine is polite."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from .far import Far, Surprise, dis
from .modem import Modem, Refused
from .scenario import FAILED, TWO, Held, Scenario
from .test_receiver import begins, begins_ecm, sends, sends_block
from .test_sender import ends, takes, takes_blocks

pytestmark = pytest.mark.wallclock
SCENARIOS: list[Scenario] = []


async def receiver(far: Far) -> None:
    await far.set_up()
    await takes(far)
    await ends(far)


async def ecm_receiver(far: Far) -> None:
    await far.set_up(dis(ecm=True, mr=True, mmr=True))
    await takes_blocks(far)
    await ends(far)


async def sender(far: Far) -> None:
    await begins(far)
    await sends(far, 145)
    await far.goodbye()


async def ecm_sender(far: Far) -> None:
    await begins_ecm(far)
    for i, second in enumerate(("MPS", "EOP")):
        await sends_block(far, TWO[i], i, second, 145, 64)
    await far.goodbye()


CALLS = {
    "send": Scenario("", receiver, send=TWO),
    "send-ecm": Scenario("", ecm_receiver, send=TWO),
    "receive": Scenario("", sender, called=True, receives=True),
    "receive-ecm": Scenario("", ecm_sender, called=True, receives=True),
}


def both(
    name: str, prepare: Callable[[Modem], None], which: tuple[str, ...] = tuple(CALLS), **more: object
) -> None:
    for kind in which:
        SCENARIOS.append(replace(CALLS[kind], name=f"modem-{name}-{kind}", prepare=prepare, **more))  # type: ignore


def whatever(script: Callable[[Far], Awaitable[None]]) -> Callable[[Far], Awaitable[None]]:
    """As far as the call goes: the modem ends it anywhere."""

    async def as_far_as_it_goes(far: Far) -> None:
        try:
            await script(far)
        except Surprise:
            if not far.modem.dead:
                await far.hooked(200)

    return as_far_as_it_goes


# Odd, and borne


def nth(command: str, number: int, result: str, instead: list[str]) -> Callable[[Modem], None]:
    """The number-th time that this result of this command is due, others come instead of it."""

    def prepare(modem: Modem) -> None:
        seen = 0

        def tamper(said: str, due: str) -> list[str]:
            nonlocal seen
            if said.startswith(command) and due == result:
                seen += 1
                if seen == number:
                    return instead
            return [due]

        modem.tamper = tamper

    return prepare


def refuses(command: str, number: int, result: str) -> Callable[[Modem], None]:
    def prepare(modem: Modem) -> None:
        modem.refused.append(Refused(command, number, result))

    return prepare


def always(command: str, result: str, instead: list[str]) -> Callable[[Modem], None]:
    def prepare(modem: Modem) -> None:
        def tamper(said: str, due: str) -> list[str]:
            return instead if said.startswith(command) and due == result else [due]

        modem.tamper = tamper

    return prepare


def echoes(modem: Modem) -> None:
    modem.keep_echo = True


both("echoes-for-ever", echoes)


def slow(seconds: float) -> Callable[[Modem], None]:
    def prepare(modem: Modem) -> None:
        modem.delay_s = seconds

    return prepare


both("obeys-after-30-ms", slow(0.03))


def numbers_missing(modem: Modem) -> None:
    """No list of its modulations."""
    modem.information = {k: v for k, v in modem.information.items() if k not in ("+FTM=?", "+FRM=?")}


both("without-lists", numbers_missing, ("send", "send-ecm"))


def lists(text: str) -> Callable[[Modem], None]:
    def prepare(modem: Modem) -> None:
        modem.information = {**modem.information, "+FTM=?": text, "+FRM=?": text}

    return prepare


both("lists-in-brackets", lists("(3,24,48,72,73,74,96,97,98,121,122,145,146)"))
both("lists-of-ranges", lists("24,48,72-74,96-98,121-122,145-146"))


async def only_v29(far: Far) -> None:
    assert await far.set_up() == 96
    await takes(far)
    await ends(far)


SCENARIOS.append(Scenario("modem-without-v17-send", only_v29, send=TWO, prepare=lists("24,48,72,96")))

both("rings-within-the-call", nth("+FRM", 1, "CONNECT", ["RING", "CONNECT"]), ("receive",))
both(
    "connect-twice-to-frh",
    nth("+FRH", 2, "CONNECT", ["CONNECT", "CONNECT"]),
    at_most=True,
    cause=("NORMAL", *FAILED),
)
both("extra-ok-behind-fth", nth("+FTH", 1, "OK", ["OK", "OK"]), cause=("NORMAL", *FAILED), at_most=True)

for number in (1, 2, 3):
    both(f"stutters-at-frh-{number}", refuses("+FRH", number, "NO CARRIER"))
for number in (1, 2):
    both(
        f"fcerror-to-frm-{number}",
        refuses("+FRM", number, "+FCERROR"),
        ("receive", "receive-ecm"),
        cause=("NORMAL", *FAILED),
    )

for scenario in SCENARIOS[:]:
    if scenario.cause != "NORMAL":
        SCENARIOS[SCENARIOS.index(scenario)] = replace(
            scenario, script=whatever(scenario.script), bound_s=400
        )


# Wrong: what must hold is that the call ends, and that nothing counts that did not arrive


def wrong(name: str, prepare: Callable[[Modem], None], which: tuple[str, ...] = tuple(CALLS)) -> None:
    for kind in which:
        SCENARIOS.append(
            replace(
                CALLS[kind],
                name=f"modem-{name}-{kind}",
                prepare=prepare,
                cause=("NONE", "NORMAL", *FAILED),
                at_most=True,
                script=whatever(CALLS[kind].script),
                bound_s=500,
            )
        )


for command in ("+FTH", "+FRH", "+FTM", "+FRM", "+FRS", "+FTS"):
    for number in (1, 2):
        kinds = {"+FTM": ("send",), "+FTS": ("send",), "+FRM": ("receive",)}.get(command, ("send", "receive"))
        wrong(f"error-to-{command[1:].lower()}-{number}", refuses(command, number, "ERROR"), kinds)
wrong("error-to-fth-always", refuses("+FTH", 0, "ERROR"), ("send", "receive"))
wrong("error-to-frh-always", refuses("+FRH", 0, "ERROR"), ("send", "receive"))
wrong("no-carrier-to-frh-always", refuses("+FRH", 0, "NO CARRIER"), ("send", "receive"))
wrong("fcerror-to-frm-always", refuses("+FRM", 0, "+FCERROR"), ("receive", "receive-ecm"))
wrong("says-nothing-behind-fth", nth("+FTH", 1, "OK", []), ("send", "receive"))
wrong("says-nothing-behind-page", nth("+FTM", 2, "OK", []), ("send", "send-ecm"))
wrong("says-nothing-to-frm", nth("+FRM", 2, "CONNECT", []), ("receive", "receive-ecm"))
wrong("says-nonsense-behind-page", nth("+FTM", 2, "OK", ["\x00\xff\xfe", "BLAH"]), ("send",))
wrong("says-no-carrier-behind-page", nth("+FTM", 2, "OK", ["NO CARRIER"]), ("send", "send-ecm"))
wrong("never-says-ok-to-frs", always("+FRS", "OK", []), ("send", "receive"))


def dies_at(command: str, number: int) -> Callable[[Modem], None]:
    def prepare(modem: Modem) -> None:
        modem.dies_at = (command, number)

    return prepare


for command, number, which in (
    ("D", 1, ("send",)),
    ("A", 1, ("receive",)),
    ("+FTH", 1, ("send", "receive")),
    ("+FRH", 1, ("send", "receive")),
    ("+FTM", 1, ("send",)),
    ("+FTM", 2, ("send", "send-ecm")),
    ("+FTH", 2, ("send",)),
    ("+FRM", 1, ("receive",)),
    ("+FRM", 2, ("receive", "receive-ecm")),
    ("+FTH", 3, ("send",)),
    ("H", 2, ("send", "receive")),
):
    name = f"dies-at-{command.strip('+').lower()}-{number}"
    for kind in which:
        SCENARIOS.append(
            replace(
                CALLS[kind],
                name=f"modem-{name}-{kind}",
                prepare=dies_at(command, number),
                cause=("NONE", "NORMAL", *FAILED),
                at_most=True,
                script=whatever(CALLS[kind].script),
                bound_s=500,
                dead=True,
            )
        )


# Calls that are not answered


def refused(result: str, cause: str) -> None:
    def prepare(modem: Modem) -> None:
        modem.refusal = result

    async def script(far: Far) -> None:
        await far.line.wait(lambda: far.modem.refusal is None, far.line.now() + 100)

    SCENARIOS.append(
        Scenario(f"dial-{result.lower().replace(' ', '-')}", script, send=TWO, call=cause, prepare=prepare)
    )


refused("BUSY", "BUSY")
refused("NO ANSWER", "NOANSWER")
refused("NO DIALTONE", "OUTOFORDER")
refused("ERROR", "FAILED")


async def person(far: Far) -> None:
    """Somebody answers and is silent: no fax."""
    if not await far.line.wait(lambda: far.line.off_hook, far.line.now() + 100):
        raise Surprise("nobody dialled")
    far.line.answered = True
    await far.hooked(90)


SCENARIOS.append(Scenario("dial-person", person, send=TWO, cause=("NONE", "NOTFAX"), pages=0, bound_s=150))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_modem(scenario: Scenario, held: Callable[[Scenario], Held]) -> None:
    held(scenario)
