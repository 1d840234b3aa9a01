"""Our end calls and sends; the far machine receives."""

from collections.abc import Callable

import pytest

from . import bits, t4
from .far import Far, dis, missing
from .line import MODULATIONS
from .scenario import FAILED, SETTINGS, TWO, Held, Scenario, setting_name
from .t4 import EOL

pytestmark = pytest.mark.wallclock
SCENARIOS: list[Scenario] = []


def sends(name: str, script: Callable[[Far], object], **more: object) -> None:
    SCENARIOS.append(Scenario("send-" + name, script, **{"send": TWO, **more}))  # type: ignore[arg-type]


async def takes(far: Far, count: int = 2, *, command: str = "EOP", answer: str = "MCF") -> None:
    """The rest of a polite call without error correction."""
    for i in range(count):
        page = await far.page()
        await far.expect("MPS" if i + 1 < count else command)
        await far.confirm(page, answer)


async def ends(far: Far) -> None:
    await far.expect("DCN")
    await far.hooked()


async def takes_blocks(far: Far, count: int = 2) -> None:
    """The rest of a polite call with error correction."""
    for i in range(count):
        frames, second, numbers = await far.block()
        assert second == ("MPS" if i + 1 < count else "EOP")
        assert numbers == bytes([i, 0, len(frames) - 1])
        await far.confirm(far.join(frames))


# Everything polite: modulations and rates, codings, error correction.

PLAIN: dict[int, dict[str, object]] = {
    145: {},
    121: {"MaxDataRate": 12000},
    97: {"MaxDataRate": 9600},
    73: {"MaxDataRate": 7200},
    96: {"v17": "NO", "MaxDataRate": 9600},
    72: {"v17": "NO", "MaxDataRate": 7200},
    48: {"v17": "NO", "v29": "NO"},
    24: {"v17": "NO", "v29": "NO", "MaxDataRate": 2400},
}


def polite(code: int, coding: str, ecm: bool, small: bool) -> None:
    async def script(far: Far) -> None:
        offer = dis(ecm=ecm, mr=coding != "MH", mmr=coding == "MMR", more=[7] if small else [])
        assert await far.set_up(offer) == code
        assert far.coding() == coding
        if ecm:
            frames, second, numbers = await far.block()
            assert {len(data) for data in frames.values()} == {64 if small else 256}
            assert (second, numbers) == ("MPS", bytes([0, 0, len(frames) - 1]))
            await far.confirm(far.join(frames))
            frames, second, numbers = await far.block()
            assert (second, numbers) == ("EOP", bytes([1, 0, len(frames) - 1]))
            await far.confirm(far.join(frames))
        else:
            await takes(far)
        await ends(far)

    name = setting_name(code, coding, ecm, small)
    sends(name, script, options={**PLAIN[code], "Compression": coding})


for setting in SETTINGS:
    polite(*setting)


def least_row(scan: tuple[int, ...], milliseconds: int) -> None:
    async def script(far: Far) -> None:
        code = await far.set_up(dis(scan=scan))
        for command in ("MPS", "EOP"):
            text = bits.from_octets(await far.burst())
            page = t4.read(text, "MH")
            rows = text.split(EOL)[1 : len(page) + 1]
            least = MODULATIONS[code].rate * milliseconds // 1000
            # zeros that belong to the fill stand before the EOL
            assert all(len(row) + 12 >= least for row in rows), min(map(len, rows))
            await far.expect(command)
            await far.confirm(page)
        await ends(far)

    name = "".join(str(int(n in scan)) for n in (21, 22, 23))
    sends(f"scan-time-{name}", script, options={"Compression": "MH"})


for scan, milliseconds in (
    ((), 20),
    ((23,), 40),
    ((22,), 10),
    ((21,), 5),
    ((22, 23), 10),
    ((21, 22), 20),
    ((21, 23), 40),
    ((21, 22, 23), 0),
):
    least_row(scan, milliseconds)


# Phase B


def damaged_dis(times: int) -> None:
    async def script(far: Far) -> None:
        await far.answered()
        for _ in range(times):
            await far.say("DIS", dis(), right=False)
            await far.wait(3)
        await far.identify()
        await far.answers_dcs()
        await takes(far)
        await ends(far)

    sends(f"dis-damaged-{times}", script)


for times in (1, 2, 3):
    damaged_dis(times)


def dis_of(name: str, fif: bytes, usable: bool) -> None:
    async def script(far: Far) -> None:
        await far.answered()
        if usable:
            await far.identify(fif)
            await far.answers_dcs()
            await takes(far)
            await ends(far)
        else:
            for _ in range(6):
                await far.identify(fif, gap=4)
                if not far.line.off_hook:
                    break
            await far.hooked(60)

    sends(f"dis-{name}", script, cause="NORMAL" if usable else FAILED, bound_s=150)


dis_of("without-fif", b"", usable=False)
dis_of("1-octet", b"\x00", usable=False)
dis_of("2-octets", b"\x00\x2e", usable=True)
dis_of("extended-into-nothing", b"\x00\x2e\xf0", usable=True)
dis_of("8-octets", dis(ecm=False) + b"\x80" * 4 + b"\x00", usable=True)
dis_of("20-octets", dis()[:2] + b"\xf0" + b"\x80" * 16 + b"\x00", usable=True)
dis_of("60-octets", dis()[:2] + b"\xf0" + b"\x80" * 56 + b"\x00", usable=True)


def cfr_missing(times: int) -> None:
    async def script(far: Far) -> None:
        await far.answered()
        await far.identify()
        codes = []
        for _ in range(times + 1):
            codes.append(await far.training())
        assert len(set(codes)) == 1, codes
        await far.say("CFR")
        await takes(far)
        await ends(far)

    sends(f"cfr-missing-{times}", script)


cfr_missing(1)
cfr_missing(2)


def dcs_never_answered(answer: str | None, raw: str) -> None:
    async def script(far: Far) -> None:
        await far.answered()
        await far.identify()
        for _ in range(3):
            await far.training()
            if answer == "DIS":
                await far.identify()
            elif answer:
                await far.say(answer)
        await far.expect("DCN", within=ANSWER_AND_TCF_S)
        await far.hooked()

    sends(
        f"dcs-answered-by-{(answer or 'nothing').lower()}-for-ever",
        script,
        cause="COMMSFAULT",
        raw=raw,
        pages=0,
    )


ANSWER_AND_TCF_S = 8
dcs_never_answered(None, "far.B.no-response")
dcs_never_answered("DIS", "far.B.dis-repeated")
dcs_never_answered("CRP", "far.B.crp")


def dcs_answered_first_by(answer: str, times: int, right: bool = True) -> None:
    async def script(far: Far) -> None:
        await far.answered()
        await far.identify()
        codes = []
        for _ in range(times):
            codes.append(await far.training())
            if answer == "DIS":
                await far.identify()
            else:
                await far.say(answer, right=right)
        codes.append(await far.training())
        assert len(set(codes)) == 1, codes
        await far.say("CFR")
        await takes(far)
        await ends(far)

    sends(f"dcs-answered-by-{answer.lower()}{'' if right else '-damaged'}-{times}", script)


for times in (1, 2):
    dcs_answered_first_by("DIS", times)
    dcs_answered_first_by("CRP", times)
    dcs_answered_first_by("CFR", times, right=False)
    dcs_answered_first_by("MCF", times)  # confirms nothing
    dcs_answered_first_by("RTP", times)
    dcs_answered_first_by("CTR", times)

ORDER = [145, 121, 97, 96, 73, 72, 48, 24]


def ftt(times: int) -> None:
    async def script(far: Far) -> None:
        await far.answered()
        await far.identify()
        for code in ORDER[:times]:
            assert await far.training() == code
            await far.say("FTT")
        if times == len(ORDER):
            await ends(far)
            return
        assert await far.training() == ORDER[times]
        await far.say("CFR")
        await takes(far)
        await ends(far)

    more: dict[str, object] = {}
    if times == len(ORDER):
        more = {"cause": "COMMSFAULT", "raw": "far.B.training", "pages": 0}
    sends(f"ftt-{times}", script, bound_s=200, **more)


for times in range(1, len(ORDER) + 1):
    ftt(times)


def cfr_late(seconds: float) -> None:
    async def script(far: Far) -> None:
        await far.answered()
        await far.identify()
        await far.answers_dcs(seconds)
        await takes(far)
        await ends(far)

    sends(f"cfr-after-{seconds}-s", script)


for seconds in (0.5, 1.5, 2.5):
    cfr_late(seconds)


def dcn_for(place: str, raw: str) -> None:
    async def script(far: Far) -> None:
        await far.answered()
        if place != "dis":
            await far.identify()
            await far.training()
        await far.say("DCN")
        await far.hooked()

    sends(f"dcn-for-{place}", script, cause="COMMSFAULT", raw=raw, pages=0)


dcn_for("dis", "far.B.dcn")
dcn_for("cfr", "far.B.dcn")


async def cannot_receive(far: Far) -> None:
    await far.answered()
    await far.identify(dis(receives=False))
    await far.hooked(60)


sends("cannot-receive", cannot_receive, cause="COMMSFAULT", raw="far.B.cannot-receive", pages=0)


async def only_2400(far: Far) -> None:
    assert await far.set_up(dis("2400")) == 24
    await takes(far)
    await ends(far)


sends("offer-2400", only_2400)


def offer(name: str, code: int) -> None:
    async def script(far: Far) -> None:
        assert await far.set_up(dis(name)) == code
        await takes(far)
        await ends(far)

    sends(f"offer-{name.lower().replace(' ', '-').replace('.', '')}", script)


offer("V.27", 48)
offer("V.29", 96)
offer("V.29 only", 96)


async def nsf_and_csi(far: Far) -> None:
    await far.answered()
    await far.say("DIS", dis(), before=[("NSF", bytes(40)), ("CSI", b"9" * 20)])
    await far.answers_dcs()
    await takes(far)
    await ends(far)


sends("nsf-csi-dis", nsf_and_csi)


async def words(far: Far) -> None:
    await far.answered()
    await far.identify(dis(more=[49, 50]))
    await far.training()
    assert far.prologue["SUB"].decode()[::-1].strip() == "12#34"
    assert far.prologue["SID"].decode()[::-1].strip() == "+99"
    await far.say("CFR")
    await takes(far)
    await ends(far)


sends("sub-and-sid", words, options={"SubAddress": "12#34", "Password": "+99"})


async def words_not_understood(far: Far) -> None:
    await far.set_up()
    assert "SUB" not in far.prologue
    await takes(far)
    await ends(far)


sends("sub-not-offered", words_not_understood, options={"SubAddress": "1234"})


async def flags_only(far: Far) -> None:
    await far.answered()
    for _ in range(20):
        if not far.line.off_hook:
            return
        await far.say_raw([], flags=60, gap=2)
    await far.hooked(20)


sends("flags-for-ever", flags_only, cause=FAILED, pages=0, bound_s=150)


async def not_final_for_ever(far: Far) -> None:
    await far.answered()
    for _ in range(80):
        if not far.line.off_hook:
            return
        await far.say_raw([(far.octets("CSI", bytes(20)), True)] * 4, gap=0.1)
    await far.hooked(20)


sends("csi-for-ever", not_final_for_ever, cause=FAILED, pages=0, bound_s=300)


# Phase D without error correction


def command_missed(times: int, late: float | None = None, right: bool = True) -> None:
    async def script(far: Far) -> None:
        await far.set_up()
        for last in ("MPS", "EOP"):
            page = await far.page()
            await far.expect(last)
            for _ in range(times):
                if not right:
                    await far.say("MCF", right=False)
                await far.expect(last, within=6)
            await far.confirm(page, gap=0.075 if late is None else late)
        await ends(far)

    kind = f"late-{late}-s" if late is not None else f"missing-{times}" if right else f"damaged-{times}"
    sends(f"mcf-{kind}", script)


command_missed(1)
command_missed(2)
command_missed(1, right=False)
command_missed(2, right=False)
for seconds in (0.5, 1.5, 2.5):
    command_missed(0, late=seconds)


def never_answered(page_number: int, answer: str | None, raw: str, cause: str = "COMMSFAULT") -> None:
    """Behind page 1 or 2, three times, whatever the answer is; then DCN."""

    async def script(far: Far) -> None:
        await far.set_up()
        if page_number == 2:
            await takes(far, 1, command="MPS")
        await far.page()
        for _ in range(3):
            await far.expect("MPS" if page_number == 1 else "EOP", within=6)
            if answer:
                await far.say(answer)
        await far.expect("DCN", within=6)
        await far.hooked()

    name = f"page-{page_number}-answered-by-{(answer or 'nothing').lower()}-for-ever"
    sends(name, script, cause=cause, raw=raw, pages=page_number - 1)


for number in (1, 2):
    never_answered(number, None, "far.D.no-response")
    never_answered(number, "CRP", "far.D.crp")
    never_answered(number, "CFR", "far.D.no-response")
    never_answered(number, "CTR", "far.D.no-response")
    never_answered(number, "ERR", "far.D.no-response")


def crp_first(times: int) -> None:
    async def script(far: Far) -> None:
        await far.set_up()
        for last in ("MPS", "EOP"):
            page = await far.page()
            for _ in range(times):
                await far.expect(last)
                await far.say("CRP")
            await far.expect(last)
            await far.confirm(page)
        await ends(far)

    sends(f"crp-{times}", script)


crp_first(1)
crp_first(2)


def rejected(answer: str, times: int) -> None:
    """Page 1 is rejected so often."""

    async def script(far: Far) -> None:
        code = await far.set_up()
        for _ in range(times):
            await far.page()
            await far.expect("MPS")
            await far.say(answer)
            lower = await far.training()
            assert MODULATIONS[lower].rate < MODULATIONS[code].rate
            code = lower
            await far.say("CFR")
        await takes(far)
        await ends(far)

    sends(f"{answer.lower()}-{times}", script)


for answer in ("RTN", "PIN"):
    rejected(answer, 1)
    rejected(answer, 2)


def rejected_for_ever(answer: str) -> None:
    async def script(far: Far) -> None:
        await far.set_up()
        for _ in range(20):
            await far.page()
            await far.expect("MPS")
            await far.say(answer)
            fif = await far.expect("DCS", "DCN", within=8)
            if far.heard == "DCN":
                await far.hooked()
                return
            await far.tcf_of(fif)
            await far.say("CFR")
        raise AssertionError("sent 20 times")

    sends(
        f"{answer.lower()}-for-ever", script, cause="PAGEQUALITY", raw="far.D.rejected", pages=0, bound_s=300
    )


rejected_for_ever("RTN")
rejected_for_ever("PIN")


async def rtp(far: Far) -> None:
    await far.set_up()
    page = await far.page()
    await far.expect("MPS")
    await far.confirm(page, "RTP")
    await far.answers_dcs()
    await takes(far, 1)
    await ends(far)


sends("rtp", rtp)


async def pip(far: Far) -> None:
    await far.set_up()
    await takes(far, answer="PIP")
    await ends(far)


sends("pip", pip)


async def rtp_to_eop(far: Far) -> None:
    await far.set_up()
    await takes(far, 1, command="MPS")
    await takes(far, 1, answer="RTP")
    await ends(far)


sends("rtp-to-eop", rtp_to_eop)


def dcn_behind(number: int) -> None:
    async def script(far: Far) -> None:
        await far.set_up()
        if number == 2:
            await takes(far, 1, command="MPS")
        await far.page()
        await far.expect("MPS" if number == 1 else "EOP")
        await far.say("DCN")
        await far.hooked()

    sends(f"dcn-behind-page-{number}", script, cause="HANGUP", raw="far.D.dcn", pages=number - 1)


dcn_behind(1)
dcn_behind(2)


async def echo(far: Far) -> None:
    """Our command comes back, and then its answer."""
    await far.set_up()
    for last in ("MPS", "EOP"):
        page = await far.page()
        await far.expect(last)
        far.x = 1
        await far.say(last, gap=0.3)
        far.x = 0
        await far.confirm(page)
    await ends(far)


sends("echo-of-commands", echo)


async def gone_in_page(far: Far) -> None:
    await far.set_up()
    await far.hear("on", within=5)
    await far.hooked(90)


sends("gone-in-page", gone_in_page, cause="COMMSFAULT", raw="far.D.no-response", pages=0)


async def gone_after_cfr_of_page_2(far: Far) -> None:
    await far.set_up()
    await takes(far, 1, command="MPS")
    await far.hooked(90)


sends("gone-in-page-2", gone_after_cfr_of_page_2, cause="COMMSFAULT", raw="far.D.no-response", pages=1)


async def mcf_before_command(far: Far) -> None:
    """A MCF that nobody asked for, while the page goes out: ours does not hear it, and counts nothing."""
    await far.set_up()
    await far.hear("on", within=5)
    await far.over(far.line.send_v21([(far.octets("MCF"), True)]))
    await far.hooked(90)


sends("mcf-into-page", mcf_before_command, cause="COMMSFAULT", raw="far.D.no-response", pages=0)


# Phase D with error correction

ECM = dis(ecm=True, mr=True, mmr=True)
SMALL = dis(ecm=True, mr=True, mmr=True, more=[7])


def repeated_frames(name: str, pick: Callable[[int], list[int]], times: int = 1) -> None:
    async def script(far: Far) -> None:
        await far.set_up(SMALL)
        for last in ("MPS", "EOP"):
            frames, second, _ = await far.block()
            assert second == last
            for _ in range(times):
                wanted = pick(len(frames))
                await far.say("PPR", missing(*wanted))
                again, second, _ = await far.block()
                assert sorted(again) == sorted(wanted), (sorted(again), wanted)
                assert second == last
                assert all(frames[n] == data for n, data in again.items())
            await far.confirm(far.join(frames))
        await ends(far)

    sends(f"ppr-{name}-{times}", script)


for times in (1, 2, 3):
    repeated_frames("first", lambda n: [0], times)
    repeated_frames("last", lambda n: [n - 1], times)
    repeated_frames("all", lambda n: list(range(n)), times)
repeated_frames("every-other", lambda n: list(range(0, n, 2)))


async def ctc(far: Far) -> None:
    code = await far.set_up(SMALL)
    frames, _, _ = await far.block()
    for i in range(4):
        await far.say("PPR", missing(*frames))
        if i < 3:
            await far.block()
    far.fif = (await far.expect("CTC"))[:2] + far.fif[2:]
    assert MODULATIONS[far.code()].rate < MODULATIONS[code].rate
    await far.say("CTR")
    again, second, _ = await far.block(short=False)
    assert (again, second) == (frames, "MPS")
    await far.confirm(far.join(frames))
    frames, second, _ = await far.block()
    await far.confirm(far.join(frames))
    await ends(far)


sends("ctc", ctc)


def ctc_unanswered(answer: str | None) -> None:
    async def script(far: Far) -> None:
        await far.set_up(SMALL)
        frames, _, _ = await far.block()
        for i in range(4):
            await far.say("PPR", missing(*frames))
            if i < 3:
                await far.block()
        for _ in range(3):
            await far.expect("CTC", within=6)
            if answer:
                await far.say(answer)
        await far.expect("DCN", within=6)
        await far.hooked()

    sends(f"ctc-answered-by-{(answer or 'nothing').lower()}-for-ever", script, cause=FAILED, pages=0)


ctc_unanswered(None)
ctc_unanswered("CRP")


def ppr_for_ever(name: str, pick: Callable[[int], list[int]]) -> None:
    """It never confirms: the fax must not be NORMAL, and it must end."""

    async def script(far: Far) -> None:
        await far.set_up(SMALL)
        for _ in range(200):
            if not far.line.off_hook:
                return
            event = await far.hear("frame", "hook", within=30)
            if event.what == "hook":
                return
            said = far.named(event)
            if said.startswith("PPS"):
                await far.say("PPR", missing(*pick(event.octets[6] + 1)))
            elif said == "CTC":
                await far.say("CTR")
            elif said.startswith("EOR"):
                await far.say("ERR")
            elif said == "DCN":
                await far.hooked()
                return
        raise AssertionError("200 exchanges")

    sends(
        f"ppr-{name}-for-ever", script, cause=("PAGEQUALITY", "COMMSFAULT", "TIMEOUT"), pages=0, bound_s=900
    )


ppr_for_ever("all", lambda n: list(range(n)))
ppr_for_ever("first", lambda n: [0])
ppr_for_ever("nothing", lambda n: [])
ppr_for_ever("beyond", lambda n: [200, 201])


async def ppr_of_nothing_once(far: Far) -> None:
    """It confirms nothing; the same PPS is to be answered again."""
    await far.set_up(SMALL)
    frames, _, _ = await far.block()
    await far.say("PPR", missing())
    while True:
        event = await far.hear("frame", within=20)
        if far.named(event).startswith("PPS"):
            break
    await far.confirm(far.join(frames))
    frames, _, _ = await far.block()
    await far.confirm(far.join(frames))
    await ends(far)


sends("ppr-of-nothing-once", ppr_of_nothing_once)


def rnr(times: int, silent: int = 0) -> None:
    async def script(far: Far) -> None:
        await far.set_up(ECM)
        for _ in range(2):
            frames, _, _ = await far.block()
            for _ in range(times):
                await far.say("RNR")
                await far.expect("RR")
                for _ in range(silent):
                    await far.expect("RR", within=6)
            await far.confirm(far.join(frames))
        await ends(far)

    sends(f"rnr-{times}{f'-rr-missed-{silent}' if silent else ''}", script, bound_s=150)


for times in (1, 3, 8):
    rnr(times)
rnr(1, 1)
rnr(1, 2)


async def rnr_for_ever(far: Far) -> None:
    await far.set_up(ECM)
    await far.block()
    start = far.line.now()
    while True:
        await far.say("RNR")
        await far.expect("RR", "DCN", within=8)
        if far.heard == "DCN":
            break
    assert 55 <= far.line.now() - start <= 80
    await far.hooked()


sends("rnr-for-ever", rnr_for_ever, cause="TIMEOUT", raw="far.D.not-ready", pages=0, bound_s=200)


async def rr_never_answered(far: Far) -> None:
    await far.set_up(ECM)
    await far.block()
    await far.say("RNR")
    for _ in range(3):
        await far.expect("RR", within=6)
    await far.expect("DCN", within=6)
    await far.hooked()


sends("rr-never-answered", rr_never_answered, cause=FAILED, pages=0)


def pps_missed(times: int, answer: str | None = None, right: bool = True) -> None:
    async def script(far: Far) -> None:
        await far.set_up(ECM)
        for last in ("PPS-MPS", "PPS-EOP"):
            frames, _, numbers = await far.block()
            for _ in range(times):
                if answer:
                    await far.say(answer, right=right)
                assert (await far.expect(last, within=6))[1:] == numbers
            await far.confirm(far.join(frames))
        await ends(far)

    kind = "missed" if not answer else f"answered-by-{answer.lower()}{'' if right else '-damaged'}"
    sends(f"pps-{kind}-{times}", script)


for times in (1, 2):
    pps_missed(times)
    pps_missed(times, "CRP")
    pps_missed(times, "MCF", right=False)
    pps_missed(times, "CFR")


def pps_for_ever(answer: str | None, raw: str) -> None:
    async def script(far: Far) -> None:
        await far.set_up(ECM)
        await far.block()
        for i in range(3):
            if i:
                await far.expect("PPS-MPS", within=6)
            if answer:
                await far.say(answer)
        await far.expect("DCN", within=6)
        await far.hooked()

    sends(
        f"pps-answered-by-{(answer or 'nothing').lower()}-for-ever",
        script,
        cause="COMMSFAULT",
        raw=raw,
        pages=0,
    )


pps_for_ever(None, "far.D.no-response")
pps_for_ever("CRP", "far.D.crp")
pps_for_ever("CFR", "far.D.no-response")


async def dcn_to_pps(far: Far) -> None:
    await far.set_up(ECM)
    await far.block()
    await far.say("DCN")
    await far.hooked()


sends("dcn-to-pps", dcn_to_pps, cause="HANGUP", raw="far.D.dcn", pages=0)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_sender(scenario: Scenario, held: Callable[[Scenario], Held]) -> None:
    held(scenario)
