"""The far machine calls and sends; our end receives."""

from collections.abc import Awaitable, Callable, Iterable

import pytest

from . import bits, t4
from .far import ANY_PAGE, Far, dcs, dis, facility, has
from .scenario import FAILED, SETTINGS, TWO, Held, Scenario, setting_name
from .t4 import EOL, Page

pytestmark = pytest.mark.wallclock
SCENARIOS: list[Scenario] = []


def receives(name: str, script: Callable[[Far], Awaitable[None]], **more: object) -> None:
    SCENARIOS.append(
        Scenario("receive-" + name, script, called=True, receives=True, **more)  # type: ignore[arg-type]
    )


async def sends(far: Far, code: int, pages: Iterable[Page] = TWO, last: str = "EOP") -> None:
    pages = list(pages)
    for i, page in enumerate(pages):
        await far.send_page(page, code)
        await far.post("MPS" if i + 1 < len(pages) else last, page)


async def begins(far: Far, code: int = 145, fif: bytes | None = None) -> int:
    """From the ring to CFR."""
    await far.called()
    await far.trained(code, fif)
    return code


async def sends_block(far: Far, page: Page, number: int, second: str, code: int, size: int = 256) -> None:
    frames = dict(enumerate(far.frames_of(page, size)))
    await far.send_frames(frames, code)
    await far.post(f"PPS-{second}", page, "MCF", "RNR", fif=far.pps(number, 0, len(frames)))


# Everything polite: modulations and rates, codings, error correction.


def polite(code: int, coding: str, ecm: bool, small: bool) -> None:
    async def script(far: Far) -> None:
        await begins(far, code, dcs(code, coding, ecm=ecm, small=small))
        if ecm:
            for i, second in enumerate(("MPS", "EOP")):
                await sends_block(far, TWO[i], i, second, code, 64 if small else 256)
        else:
            await sends(far, code)
        await far.goodbye()

    receives(setting_name(code, coding, ecm, small), script, pages=2)


for setting in SETTINGS:
    polite(*setting)


async def our_dis(far: Far) -> None:
    """What it offers must be true of this modem, and extended octet by octet."""
    fif = await far.called()
    assert [has(fif, n) for n in (10, 11, 12, 13, 14)] == [True, True, True, False, True]
    assert has(fif, 27)
    assert all(has(fif, 24 + 8 * i) for i in range(len(fif) - 3))
    assert not has(fif, len(fif) * 8)
    await far.trained(145)
    await sends(far, 145)
    await far.goodbye()


receives("our-dis", our_dis)


async def our_dis_as_optioned(far: Far) -> None:
    fif = await far.called()
    assert [has(fif, n) for n in (11, 12, 13, 14)] == [False, True, False, False]
    assert not has(fif, 27)
    assert not has(fif, 31)
    await far.trained(48)
    await sends(far, 48)
    await far.goodbye()


receives("our-dis-as-optioned", our_dis_as_optioned, options={"v17": "NO", "v29": "NO", "ECM": "NO"})


async def tsi(far: Far) -> None:
    await far.called()
    await far.trained(145, tsi="+49 30 12345")
    await sends(far, 145)
    await far.goodbye()


receives("tsi", tsi)


async def nss_and_words(far: Far) -> None:
    await far.called()
    before = [("NSS", bytes(30)), ("TSI", b"1" * 20), ("SUB", b"2" * 20), ("SID", b"3" * 20)]
    far.fif = dcs(96, more=[49, 50])
    await far.say("DCS", far.fif, before=before)
    await far.fast(96, bytes(1800))
    await far.expect("CFR")
    await sends(far, 96)
    await far.goodbye()


receives("nss-tsi-sub-sid", nss_and_words)


def fill(milliseconds: int) -> None:
    """Zeros before EOL, as many as a slow printer wants."""

    async def script(far: Far) -> None:
        await begins(far, 145)
        for command, page in zip(("MPS", "EOP"), TWO, strict=True):
            await far.send_page(page, 145, coded="".join(t4.mh(page, least=14400 * milliseconds // 1000)))
            await far.post(command, page)
        await far.goodbye()

    receives(f"fill-{milliseconds}-ms", script)


for milliseconds in (5, 20, 40, 300):
    fill(milliseconds)


def long_line(seconds: float) -> None:
    """A line of so many seconds, a third of it data (T.4 2.2); from 5 s on nobody answers."""
    page: Page = [[], [], list(range(1, 1728)), [], []]

    async def script(far: Far) -> None:
        await begins(far, 48)
        rows = t4.mh(page)
        rows[2] = t4.mh(page[2:3], least=int(seconds * 4800))[0]
        await far.send_page(page, 48, coded="".join(rows))
        if seconds < 5:
            await far.post("EOP", page)
            await far.goodbye()
        else:
            await far.say("EOP")
            await far.silent(4)
            await far.hooked()

    ends: dict[str, object] = {"pages": 1}
    if seconds > 5:
        ends = {"cause": "COMMSFAULT", "raw": "far.C.long-line", "pages": 0}
    receives(f"line-of-{seconds}-s", script, **ends)


for seconds in (4.9, 5.1, 6):
    long_line(seconds)


def gap(seconds: float) -> None:
    """How late our end may be spoken to."""

    async def script(far: Far) -> None:
        await far.called()
        await far.train(145, gap=seconds)
        await far.expect("CFR")
        for command, page in zip(("MPS", "EOP"), TWO, strict=True):
            await far.send_page(page, 145, gap=seconds)
            await far.say(command, gap=seconds)
            await far.expect("MCF")
            far.confirmed.append(page)
        await far.goodbye()

    receives(f"gaps-of-{seconds}-s", script)


for seconds in (0.06, 0.5, 1.5, 2.5):
    gap(seconds)


# Phase B


async def nobody(far: Far) -> None:
    await far.ring()
    for _ in range(3):
        await far.expect("DIS", within=8)
    await far.hooked(60)


receives("nobody", nobody, cause="NOTFAX", raw="far.B.silent", pages=0)


def dcs_damaged(times: int) -> None:
    """With its TCF behind it, which must not be taken for an answer to anything."""

    async def script(far: Far) -> None:
        await far.called()
        far.fif = dcs(145)
        for _ in range(times):
            await far.say("DCS", far.fif, right=False)
            await far.fast(145, bytes(2700))
            await far.wait(3)
        await far.trained(145)
        await sends(far, 145)
        await far.goodbye()

    receives(f"dcs-damaged-{times}", script)


dcs_damaged(1)


def tcf_bad(name: str, octets: bytes, times: int) -> None:
    async def script(far: Far) -> None:
        await far.called()
        for _ in range(times):
            await far.train(145, octets=octets)
            await far.expect("FTT")
        await far.train(96)
        await far.expect("CFR")
        await sends(far, 96)
        await far.goodbye()

    receives(f"tcf-{name}-{times}", script)


NOISE = bytes((i * 73 + 11) & 255 for i in range(2700))
for times in (1, 3):
    tcf_bad("of-ones", b"\xff" * 2700, times)
    tcf_bad("of-noise", NOISE, times)
    tcf_bad("half-noise", NOISE[:1350] + bytes(1350), times)
tcf_bad("short", bytes(450), 1)


async def tcf_with_ones_before(far: Far) -> None:
    await far.called()
    await far.train(145, octets=b"\xff\xff" + bytes(2700))
    await far.expect("CFR")
    await sends(far, 145)
    await far.goodbye()


receives("tcf-behind-ones", tcf_with_ones_before)


async def ftt_for_ever(far: Far) -> None:
    await far.called()
    for _ in range(30):
        if not far.line.off_hook:
            return
        await far.train(145, octets=NOISE)
        await far.expect("FTT", "DCN", within=8)
        if far.heard == "DCN":
            break
    await far.hooked(60)


receives("tcf-bad-for-ever", ftt_for_ever, cause=FAILED, pages=0, bound_s=500)


async def tcf_missing(far: Far) -> None:
    """A DCS alone; its repetition brings the TCF."""
    await far.called()
    far.fif = dcs(145)
    await far.say("DCS", far.fif)
    await far.wait(6)
    await far.trained(145)
    await sends(far, 145)
    await far.goodbye()


receives("tcf-missing-once", tcf_missing)


def cfr_missed(times: int) -> None:
    async def script(far: Far) -> None:
        await far.called()
        for _ in range(times + 1):
            await far.train(145)
            await far.expect("CFR")
            await far.wait(2)
        await sends(far, 145)
        await far.goodbye()

    receives(f"cfr-missed-{times}", script)


cfr_missed(1)
cfr_missed(2)


async def other_rate_after_cfr(far: Far) -> None:
    await begins(far, 145)
    await far.trained(96)
    await sends(far, 96)
    await far.goodbye()


receives("dcs-again-other-rate", other_rate_after_cfr)


def dcs_refused(name: str, fif: bytes) -> None:
    """It asks for what our DIS did not offer: nothing of it is guessed, and no page is taken by it."""

    async def script(far: Far) -> None:
        await far.called()
        for _ in range(3):
            await far.say("DCS", fif)
            await far.fast(96, bytes(1800))
            await far.expect("DCN", "FTT", "DIS", within=12)
            if far.heard == "DCN":
                break
        await far.hooked(60)

    receives(f"dcs-{name}", script, cause=FAILED, pages=0)


dcs_refused("mmr-without-ecm", facility(10, 21, 22, 23, 31, rate="1000"))
dcs_refused("jbig", facility(10, 21, 22, 23, 27, 78, rate="1000"))
dcs_refused("jpeg", facility(10, 21, 22, 23, 27, 68, 69, rate="1000"))
dcs_refused("uncompressed", facility(10, 21, 22, 23, 26, rate="1000"))
dcs_refused("rate-of-none", facility(10, 21, 22, 23, rate="1111"))
dcs_refused("1-octet", b"\x00")
dcs_refused("1200-dpi", facility(10, 21, 22, 23, 106, rate="1000"))


def said_for_dcs(name: str, frame: str, raw: str | tuple[str, ...], fif: bytes = b"") -> None:
    async def script(far: Far) -> None:
        await far.called()
        await far.say(frame, fif)
        await far.hooked(60)

    receives(f"{name}-for-dcs", script, cause=FAILED, raw=raw, pages=0)


said_for_dcs("dcn", "DCN", "far.B.dcn")
said_for_dcs("dtc", "DTC", "far.B.polled", dis())


async def echo_of_dis(far: Far) -> None:
    fif = await far.called()
    far.x = 0
    await far.say("DIS", fif, gap=0.3)
    far.x = 1
    await far.wait(0.5)
    if far.line.speaks:
        await far.expect("DIS", within=8)
    await far.trained(145)
    await sends(far, 145)
    await far.goodbye()


receives("echo-of-dis", echo_of_dis)


def unknown_for_dcs(name: str, frames: list[tuple[bytes, bool]]) -> None:
    async def script(far: Far) -> None:
        await far.called()
        await far.say_raw(frames)
        await far.wait(0.2)
        if far.line.speaks or any(event.what == "frame" for event in far.line.heard):
            await far.expect("DIS", within=8)
        await far.trained(145)
        await sends(far, 145)
        await far.goodbye()

    receives(f"{name}-for-dcs", script)


unknown_for_dcs("unknown-final", [(b"\xff\x13\x00", True)])
unknown_for_dcs("unknown-not-final", [(b"\xff\x03\x00", True)])
unknown_for_dcs("garbage", [(b"\x45\x40\xad\x93\x7e\xe6", True)])
unknown_for_dcs("two-octets", [(b"\xff\x13", True)])
unknown_for_dcs("flags", [])
unknown_for_dcs("long-frame", [(b"\xff\x03\x20" + bytes(80), True)])


def for_ever(name: str, frame: str, seconds: float = 0.3, fif: bytes = b"") -> None:
    """In phase B, whatever our end says."""

    async def script(far: Far) -> None:
        await far.called()
        for _ in range(100):
            if not far.line.off_hook:
                return
            await far.say(frame, fif, gap=seconds)
        await far.hooked(60)

    receives(f"{name}-for-ever-for-dcs", script, cause=FAILED, pages=0, bound_s=420)


for_ever("csi", "CSI", fif=bytes(20))
for_ever("mcf", "MCF")
for_ever("crp", "CRP")
for_ever("rr", "RR")
for_ever("eop", "EOP")
for_ever("mps", "MPS")


# Phase C


def damaged_rows(per_cent: int, answer: str) -> None:
    async def script(far: Far) -> None:
        await begins(far, 96)
        page = t4_page(200)
        rows = t4.mh(page)
        step = 100 // per_cent
        for i in range(5, 200, step):
            rows[i] = EOL + "11111111" + rows[i][20:]
        await far.send_page(page, 96, coded="".join(rows))
        await far.say("MPS")
        await far.expect("MCF", "RTP", "RTN")
        assert far.heard == answer, f"{far.heard}, {answer} is due"
        if answer != "RTN":
            far.confirmed.append(ANY_PAGE)  # a damaged row is the row above
        if answer != "MCF":
            await far.trained(72)
            await far.send_page(TWO[0], 72)
        else:
            await far.send_page(TWO[0], 96)
        await far.post("EOP", TWO[0])
        await far.goodbye()

    receives(f"{per_cent}-per-cent-of-rows-damaged", script, pages=1 + (answer != "RTN"))


def t4_page(rows: int) -> Page:
    return [[100 + y % 50, 140 + y % 50, 900 + y % 600, 1000 + y % 600] for y in range(rows)]


def complaining_pages(name: str, coded: Callable[[Page], str], answers: tuple[str, ...]) -> None:
    """A page that is none, then the same page whole."""

    async def script(far: Far) -> None:
        await begins(far, 96)
        await far.send_page(TWO[0], 96, coded=coded(TWO[0]))
        await far.say("MPS")
        await far.expect(*answers)
        if far.heard == "RTN":
            await far.trained(96)
            await far.send_page(TWO[0], 96)
            await far.post("MPS", TWO[0])
        else:
            far.confirmed.append(TWO[0] if answers == ("MCF",) else ANY_PAGE)
            if far.heard == "RTP":
                await far.trained(96)
        await far.send_page(TWO[1], 96)
        await far.post("EOP", TWO[1])
        await far.goodbye()

    receives(f"page-{name}", script, pages=2)


def noise_bits(count: int) -> str:
    return bits.from_octets(bytes((i * i * 31 + i * 7 + 3) & 255 for i in range(count // 8)))


complaining_pages("of-noise", lambda page: noise_bits(20000), ("RTN",))
complaining_pages("of-zeros", lambda page: "0" * 20000, ("RTN",))
complaining_pages("of-ones", lambda page: "1" * 20000, ("RTN",))
complaining_pages("of-rtc-alone", lambda page: EOL * 6, ("RTN",))
complaining_pages("cut-in-a-row", lambda page: "".join(t4.mh(page)[:20])[:-9], ("MCF", "RTP", "RTN"))
complaining_pages("without-rtc", lambda page: "".join(t4.mh(page, end=False)), ("MCF", "RTN"))
complaining_pages("behind-noise", lambda page: "1" * 40 + "".join(t4.mh(page)), ("MCF",))
complaining_pages("with-zeros-behind", lambda page: "".join(t4.mh(page)) + "0" * 8000, ("MCF",))
complaining_pages("with-long-rtc", lambda page: "".join(t4.mh(page)) + EOL * 20, ("MCF",))


async def no_page(far: Far) -> None:
    await begins(far, 145)
    await far.hooked(60)


receives("gone-after-cfr", no_page, cause="COMMSFAULT", raw="far.C.no-page", pages=0)


async def gone_in_page(far: Far) -> None:
    await begins(far, 145)
    await far.send_page(TWO[0], 145, coded="".join(t4.mh(TWO[0])[:30]))
    await far.hooked(90)


receives("gone-in-page", gone_in_page, cause=FAILED, pages=0, bound_s=150)


async def command_without_page(far: Far) -> None:
    await begins(far, 145)
    await far.say("EOP")
    await far.expect("RTN", "DCN", within=15)
    await far.hooked(60)


receives("eop-without-page", command_without_page, cause=FAILED, pages=0)


TOO_LONG = (EOL + t4.one_dimensional([])) * 70000 + EOL * 6


async def many_rows(far: Far) -> None:
    """70 000 rows, 102 seconds: more than any page may have; confirmed whole or not at all."""
    await begins(far, 145)
    await far.send_page([], 145, coded=TOO_LONG)
    if far.line.off_hook:
        await far.say("EOP")
        await far.expect("RTN", "DCN", within=15)
        if far.heard == "RTN":
            await far.say("DCN")
    await far.hooked(60)


receives("page-of-70000-rows", many_rows, cause=FAILED, pages=0, bound_s=300)


# Phase D without error correction


def mcf_missed(last: str, times: int) -> None:
    """Our MCF did not arrive, and its command comes again: answered again, and counted once."""

    async def script(far: Far) -> None:
        await begins(far, 145)
        await sends(far, 145, TWO[:1], "MPS" if last == "EOP" else last)
        await far.send_page(TWO[1], 145) if last == "EOP" else None
        if last == "EOP":
            await far.post("EOP", TWO[1])
        for _ in range(times):
            await far.say(last, gap=3)
            await far.expect("MCF")
        if last == "MPS":
            await far.send_page(TWO[1], 145)
            await far.post("EOP", TWO[1])
        await far.goodbye()

    receives(f"mcf-to-{last.lower()}-missed-{times}", script, pages=2)


for times in (1, 2):
    mcf_missed("MPS", times)
    mcf_missed("EOP", times)


def command_damaged(command: str, times: int) -> None:
    async def script(far: Far) -> None:
        await begins(far, 145)
        if command == "EOP":
            await sends(far, 145, TWO[:1], "MPS")
            page = TWO[1]
        else:
            page = TWO[0]
        await far.send_page(page, 145)
        for _ in range(times):
            await far.say(command, right=False)
            await far.wait(3)
        await far.post(command, page)
        if command == "MPS":
            await sends(far, 145, TWO[1:])
        await far.goodbye()

    receives(f"{command.lower()}-damaged-{times}", script, pages=2)


for times in (1, 2):
    command_damaged("MPS", times)
    command_damaged("EOP", times)


async def no_command(far: Far) -> None:
    await begins(far, 145)
    await far.send_page(TWO[0], 145)
    await far.hooked(60)


receives("no-command", no_command, cause="COMMSFAULT", raw="far.D.no-command", pages=0)


async def dcn_for_command(far: Far) -> None:
    await begins(far, 145)
    await far.send_page(TWO[0], 145)
    await far.say("DCN")
    await far.hooked()


receives("dcn-for-command", dcn_for_command, cause=FAILED, pages=0)


async def dcn_after_mps(far: Far) -> None:
    await begins(far, 145)
    await sends(far, 145, TWO[:1], "MPS")
    await far.say("DCN")
    await far.hooked()


receives("dcn-for-page-2", dcn_after_mps, cause=FAILED, pages=1)


async def gone_after_mps(far: Far) -> None:
    await begins(far, 145)
    await sends(far, 145, TWO[:1], "MPS")
    await far.hooked(90)


receives("gone-after-mps", gone_after_mps, cause=FAILED, pages=1)


async def gone_after_eop(far: Far) -> None:
    """DCN that is missing is no error."""
    await begins(far, 145)
    await sends(far, 145)
    await far.hooked(60)


receives("gone-after-eop", gone_after_eop, pages=2)


def pri(command: str) -> None:
    async def script(far: Far) -> None:
        await begins(far, 145)
        if command == "PRI-EOP":
            await sends(far, 145, TWO, "PRI-EOP")
        else:
            await sends(far, 145, TWO[:1], "PRI-MPS")
            await sends(far, 145, TWO[1:])
        await far.goodbye()

    receives(command.lower(), script, pages=2)


pri("PRI-EOP")
pri("PRI-MPS")


async def eom(far: Far) -> None:
    """Two documents; between them a new DIS, which comes by itself."""
    await begins(far, 145)
    await sends(far, 145, TWO[:1], "EOM")
    await far.expect("DIS", within=12)
    await far.trained(96)
    await sends(far, 96, TWO[1:])
    await far.goodbye()


receives("eom", eom, pages=2, documents=(1, 1))


async def eom_at_once(far: Far) -> None:
    """A sender that does not wait for DIS."""
    await begins(far, 145)
    await sends(far, 145, TWO[:1], "EOM")
    await far.trained(145)
    await sends(far, 145, TWO[1:])
    await far.goodbye()


receives("eom-and-dcs-at-once", eom_at_once, pages=2, documents=(1, 1))


async def eom_and_gone(far: Far) -> None:
    await begins(far, 145)
    await sends(far, 145, TWO[:1], "EOM")
    await far.expect("DIS", within=12)
    await far.hooked(90)


receives("gone-after-eom", eom_and_gone, cause=FAILED, pages=1, bound_s=150)


def unknown_for_command(name: str, frames: list[tuple[bytes, bool]]) -> None:
    async def script(far: Far) -> None:
        await begins(far, 145)
        await far.send_page(TWO[0], 145)
        await far.say_raw(frames)
        await far.wait(3)
        await far.post("MPS", TWO[0])
        await sends(far, 145, TWO[1:])
        await far.goodbye()

    receives(f"{name}-for-command", script, pages=2)


unknown_for_command("unknown", [(b"\xff\x13\x00", True)])
unknown_for_command("garbage", [(b"\x45\x40\xad\x93\x7e\xe6", True)])
unknown_for_command("flags", [])
unknown_for_command("rr", [(b"\xff\x13\x6f", True)])
unknown_for_command("mcf", [(b"\xff\x13\x8d", True)])


def command_for_ever(name: str, frame: str, seconds: float, cause: str | tuple[str, ...], pages: int) -> None:
    """Behind the last page, which was confirmed. It must end, and the pages count."""

    async def script(far: Far) -> None:
        await begins(far, 145)
        await sends(far, 145)
        for _ in range(400):
            if not far.line.off_hook:
                return
            await far.say(frame, gap=seconds)
        raise AssertionError("400 times")

    receives(f"{name}-for-ever-behind-eop", script, cause=cause, pages=pages, bound_s=900)


command_for_ever("eop", "EOP", 2.0, ("NORMAL", *FAILED), 2)
command_for_ever("rr", "RR", 2.0, ("NORMAL", *FAILED), 2)
command_for_ever("ctc", "CTC", 2.0, ("NORMAL", *FAILED), 2)


def in_page_2_for_ever(name: str, frames: list[tuple[bytes, bool]], seconds: float) -> None:
    """Where the second page is due."""

    async def script(far: Far) -> None:
        await begins(far, 145)
        await sends(far, 145, TWO[:1], "MPS")
        for _ in range(400):
            if not far.line.off_hook:
                return
            await far.say_raw(frames, gap=seconds)
        raise AssertionError("400 times")

    receives(f"{name}-for-ever-for-page-2", script, cause=FAILED, pages=1, bound_s=900)


in_page_2_for_ever("mps", [(b"\xff\x13\x4f", True)], 2.0)
in_page_2_for_ever("rr", [(b"\xff\x13\x6f", True)], 2.0)
in_page_2_for_ever("ctc", [(b"\xff\x13\x13\x00\x22", True)], 2.0)
in_page_2_for_ever("tsi", [(b"\xff\x03\x43" + b" " * 20, True)], 0.3)
in_page_2_for_ever("flags", [], 1.0)


# Error correction


async def begins_ecm(far: Far, coding: str = "MMR", code: int = 145, small: bool = True) -> dict[int, bytes]:
    """To CFR; the frames of the first page."""
    await begins(far, code, dcs(code, coding, ecm=True, small=small))
    return dict(enumerate(far.frames_of(TWO[0], 64 if small else 256)))


def named_in(fif: bytes, count: int) -> list[int]:
    return [n for n in range(count) if fif[n // 8] >> n % 8 & 1]


async def last_page(far: Far, number: int = 1, code: int = 145) -> None:
    await sends_block(far, TWO[1], number, "EOP", code, 64)
    await far.goodbye()


def holes(name: str, pick: Callable[[int], list[int]], *, damaged: bool, rounds: int = 1) -> None:
    """Frames that are missing or damaged are asked for, and no others."""

    async def script(far: Far) -> None:
        frames = await begins_ecm(far)
        count = len(frames)
        for second, number in (("MPS", 0), ("EOP", 1)):
            if number:
                frames = dict(enumerate(far.frames_of(TWO[1], 64)))
                count = len(frames)
            bad = pick(count)
            to_send = frames
            for _ in range(rounds):
                if damaged:
                    await far.send_frames(to_send, 145, damaged=bad)
                else:
                    await far.send_frames({n: d for n, d in to_send.items() if n not in bad}, 145)
                await far.say(f"PPS-{second}", far.pps(number, 0, count))
                assert named_in(await far.expect("PPR"), count) == bad
                to_send = {n: frames[n] for n in bad}
            await far.send_frames(to_send, 145)
            await far.post(f"PPS-{second}", TWO[number], "MCF", "RNR", fif=far.pps(number, 0, count))
        await far.goodbye()

    kind = "damaged" if damaged else "missing"
    receives(f"ecm-frames-{kind}-{name}-{rounds}", script, pages=2)


for damaged in (True, False):
    holes("first", lambda n: [0], damaged=damaged)
    holes("last", lambda n: [n - 1], damaged=damaged)
    holes("every-other", lambda n: list(range(0, n, 2)), damaged=damaged)
    holes("all-but-one", lambda n: [i for i in range(n) if i != 3], damaged=damaged)
    holes("first", lambda n: [0], damaged=damaged, rounds=3)


def ecm_odd(name: str, change: Callable[[dict[int, bytes]], dict[int, bytes]], **how: object) -> None:
    """An odd burst that has everything: MCF."""

    async def script(far: Far) -> None:
        frames = await begins_ecm(far)
        await far.send_frames(change(frames), 145, **how)  # type: ignore[arg-type]
        await far.post("PPS-MPS", TWO[0], "MCF", "RNR", fif=far.pps(0, 0, len(frames)))
        await last_page(far)

    receives(f"ecm-{name}", script, pages=2)


ecm_odd("frames-backwards", lambda frames: dict(reversed(frames.items())))
ecm_odd("without-rcp", lambda frames: frames, returns=0)
ecm_odd("one-rcp", lambda frames: frames, returns=1)
ecm_odd("ten-rcp", lambda frames: frames, returns=10)
ecm_odd("flags-for-10-s", lambda frames: frames, flags_s=10.0)
ecm_odd("a-frame-beyond-the-count", lambda frames: {**frames, 250: bytes(64)})


async def pps_again(far: Far) -> None:
    """Our MCF did not arrive: the same PPS gets the same answer, and the page counts once."""
    frames = await begins_ecm(far)
    await far.send_frames(frames, 145)
    await far.post("PPS-MPS", TWO[0], "MCF", "RNR", fif=far.pps(0, 0, len(frames)))
    for _ in range(2):
        await far.say("PPS-MPS", far.pps(0, 0, len(frames)), gap=3)
        await far.expect("MCF")
    await last_page(far)


receives("ecm-pps-again", pps_again, pages=2)


async def block_again(far: Far) -> None:
    frames = await begins_ecm(far)
    await far.send_frames(frames, 145)
    await far.post("PPS-MPS", TWO[0], "MCF", "RNR", fif=far.pps(0, 0, len(frames)))
    await far.wait(3)
    await far.send_frames(frames, 145)
    await far.say("PPS-MPS", far.pps(0, 0, len(frames)))
    await far.expect("MCF")
    await last_page(far)


receives("ecm-block-again", block_again, pages=2)


async def all_pages_number_0(far: Far) -> None:
    frames = await begins_ecm(far)
    await far.send_frames(frames, 145)
    await far.post("PPS-MPS", TWO[0], "MCF", "RNR", fif=far.pps(0, 0, len(frames)))
    await last_page(far, number=0)


receives("ecm-every-page-number-0", all_pages_number_0, pages=2)


async def pps_damaged(far: Far) -> None:
    frames = await begins_ecm(far)
    await far.send_frames(frames, 145)
    await far.say("PPS-MPS", far.pps(0, 0, len(frames)), right=False)
    await far.wait(3)
    await far.post("PPS-MPS", TWO[0], "MCF", "RNR", fif=far.pps(0, 0, len(frames)))
    await last_page(far)


receives("ecm-pps-damaged", pps_damaged, pages=2)


async def burst_lost(far: Far) -> None:
    """PPS, and no burst before it: everything is asked for."""
    frames = await begins_ecm(far)
    await far.say("PPS-MPS", far.pps(0, 0, len(frames)))
    assert named_in(await far.expect("PPR", within=12), len(frames)) == list(frames)
    await far.send_frames(frames, 145)
    await far.post("PPS-MPS", TWO[0], "MCF", "RNR", fif=far.pps(0, 0, len(frames)))
    await last_page(far)


receives("ecm-burst-lost", burst_lost, pages=2)


async def second_burst_lost(far: Far) -> None:
    """The block of page 2 was not heard: not MCF, which would be the one for page 1."""
    frames = await begins_ecm(far)
    await far.send_frames(frames, 145)
    await far.post("PPS-MPS", TWO[0], "MCF", "RNR", fif=far.pps(0, 0, len(frames)))
    frames = dict(enumerate(far.frames_of(TWO[1], 64)))
    await far.wait(3)
    await far.say("PPS-EOP", far.pps(1, 0, len(frames)))
    assert named_in(await far.expect("PPR", within=12), len(frames)) == list(frames)
    await far.send_frames(frames, 145)
    await far.post("PPS-EOP", TWO[1], "MCF", "RNR", fif=far.pps(1, 0, len(frames)))
    await far.goodbye()


receives("ecm-second-burst-lost", second_burst_lost, pages=2)


async def ctc(far: Far) -> None:
    frames = await begins_ecm(far)
    for _ in range(4):
        await far.send_frames(frames, 145, damaged=frames)
        await far.say("PPS-MPS", far.pps(0, 0, len(frames)))
        await far.expect("PPR")
    await far.say("CTC", dcs(96)[:2])
    await far.expect("CTR")
    await far.send_frames(frames, 96, short=False)
    await far.post("PPS-MPS", TWO[0], "MCF", "RNR", fif=far.pps(0, 0, len(frames)))
    await last_page(far, code=96)


receives("ecm-ctc", ctc, pages=2)


async def ctr_missed(far: Far) -> None:
    frames = await begins_ecm(far)
    for _ in range(4):
        await far.send_frames(frames, 145, damaged=frames)
        await far.say("PPS-MPS", far.pps(0, 0, len(frames)))
        await far.expect("PPR")
    for _ in range(3):
        await far.say("CTC", dcs(96)[:2], gap=2)
        await far.expect("CTR")
    await far.send_frames(frames, 96, short=False)
    await far.post("PPS-MPS", TWO[0], "MCF", "RNR", fif=far.pps(0, 0, len(frames)))
    await last_page(far, code=96)


receives("ecm-ctr-missed", ctr_missed, pages=2)


async def given_up(far: Far) -> None:
    """EOR: the page is lost, and does not count; the next one does."""
    frames = await begins_ecm(far)
    for _ in range(4):
        await far.send_frames(frames, 145, damaged=[2])
        await far.say("PPS-MPS", far.pps(0, 0, len(frames)))
        await far.expect("PPR")
    await far.say("EOR-MPS")
    await far.expect("ERR", "RNR")
    await last_page(far)


receives("ecm-eor", given_up, cause="PAGEQUALITY", raw="far.D.given-up", pages=1)


async def ppr_for_ever(far: Far) -> None:
    """Frame 2 never arrives, and no CTC comes."""
    frames = await begins_ecm(far)
    for _ in range(200):
        await far.send_frames({2: frames[2]}, 145, damaged=[2])
        if not far.line.off_hook:
            return
        await far.say("PPS-MPS", far.pps(0, 0, len(frames)))
        if not far.line.off_hook:
            return
        await far.expect("PPR", "RTN", "ERR", "DCN", within=8)
        if far.heard == "DCN":
            break
    await far.hooked()


receives("ecm-frame-never-arrives", ppr_for_ever, cause=FAILED, pages=0, bound_s=900)


async def ctc_for_ever(far: Far) -> None:
    await begins_ecm(far)
    for _ in range(400):
        if not far.line.off_hook:
            return
        await far.say("CTC", dcs(145)[:2], gap=2)
    raise AssertionError("400 times")


receives("ecm-ctc-for-ever", ctc_for_ever, cause=FAILED, pages=0, bound_s=900)


async def null_for_ever(far: Far) -> None:
    """Blocks of one frame without end, all of them new."""
    frames = await begins_ecm(far)
    for block in range(2000):
        if not far.line.off_hook:
            return
        await far.send_frames({0: frames[0]}, 145)
        await far.say("PPS-NULL", far.pps(0, block, 1))
        if not far.line.off_hook:
            return
        await far.expect("MCF", "PPR", "RNR", "DCN", "RTN", within=10)
        if far.heard in ("DCN", "RTN"):
            break
        if block > 150:
            return  # each of them was new: borne as long as any page may be
    await far.say("DCN")
    await far.hooked()


receives("ecm-null-many-then-gone", null_for_ever, cause=FAILED, pages=0, bound_s=1200)


async def pps_null_repeated_for_ever(far: Far) -> None:
    """The same block without end."""
    frames = await begins_ecm(far)
    for _ in range(400):
        if not far.line.off_hook:
            return
        await far.send_frames({0: frames[0]}, 145)
        if not far.line.off_hook:
            return
        await far.say("PPS-NULL", far.pps(0, 0, 1))
    raise AssertionError("400 times")


receives("ecm-same-null-for-ever", pps_null_repeated_for_ever, cause=FAILED, pages=0, bound_s=1200)


LONG = t4_page(2000)
_code = bits.to_octets("".join(t4.mh(LONG)))
LONG_FRAMES = [_code[i : i + 64].ljust(64, b"\0") for i in range(0, len(_code), 64)]
assert 256 < len(LONG_FRAMES) < 512


async def two_blocks(far: Far) -> None:
    """A page of more than 256 frames."""
    await begins(far, 145, dcs(145, "MH", ecm=True, small=True))
    frames = LONG_FRAMES
    first, rest = dict(enumerate(frames[:256])), dict(enumerate(frames[256:]))
    await far.send_frames(first, 145, damaged=[7])
    await far.say("PPS-NULL", far.pps(0, 0, 256))
    assert named_in(await far.expect("PPR"), 256) == [7]
    await far.send_frames({7: first[7]}, 145)
    await far.say("PPS-NULL", far.pps(0, 0, 256))
    await far.expect("MCF")
    await far.send_frames(rest, 145, damaged=[0])
    await far.say("PPS-EOP", far.pps(0, 1, len(rest)))
    assert named_in(await far.expect("PPR"), len(rest)) == [0]
    await far.send_frames({0: rest[0]}, 145)
    await far.post("PPS-EOP", LONG, "MCF", "RNR", fif=far.pps(0, 1, len(rest)))
    await far.goodbye()


receives("ecm-two-blocks", two_blocks, pages=1)


async def rr_behind_burst(far: Far) -> None:
    """RR where PPS was due must not be answered with the MCF of the page before."""
    frames = await begins_ecm(far)
    await far.send_frames(frames, 145)
    await far.post("PPS-MPS", TWO[0], "MCF", "RNR", fif=far.pps(0, 0, len(frames)))
    frames = dict(enumerate(far.frames_of(TWO[1], 64)))
    await far.send_frames(frames, 145)
    await far.say("RR")
    await far.silent(2)
    await far.say("PPS-EOP", far.pps(1, 0, len(frames)), gap=1)
    await far.expect("MCF", "RNR")
    while far.heard == "RNR":
        await far.say("RR")
        await far.expect("MCF", "RNR")
    far.confirmed.append(TWO[1])
    await far.goodbye()


receives("ecm-rr-where-pps-was-due", rr_behind_burst, pages=2)


async def pps_of_other_pages(far: Far) -> None:
    """Behind EOP, PPS for a page that was never sent must not be confirmed."""
    await begins(far, 145, dcs(145, "MMR", ecm=True, small=True))
    await sends_block(far, TWO[0], 0, "EOP", 145, 64)
    await far.say("PPS-EOP", far.pps(1, 0, 20), gap=2)
    try:
        await far.expect("PPR", "RTN", "DCN", "ERR", within=8)
    except AssertionError as surprise:
        if "nothing" not in str(surprise) and "on hook" not in str(surprise):
            raise
    await far.hooked(60)


receives("ecm-pps-of-a-page-never-sent", pps_of_other_pages, cause=("NORMAL", *FAILED), pages=1)


async def pps_null_to_eop(far: Far) -> None:
    """The block was confirmed with PPS-NULL; PPS-EOP for it is a command of its own, and counts the page."""
    frames = await begins_ecm(far)
    await far.send_frames(frames, 145)
    await far.say("PPS-NULL", far.pps(0, 0, len(frames)))
    await far.expect("MCF")
    await far.say("PPS-EOP", far.pps(0, 0, len(frames)), gap=2)
    await far.expect("MCF", "RNR", "PPR", "RTN", within=8)
    while far.heard == "RNR":
        await far.say("RR")
        await far.expect("MCF", "RNR")
    if far.heard == "MCF":
        far.confirmed.append(TWO[0])
        await far.goodbye()
    else:
        await far.hooked(90)


receives("ecm-pps-null-then-eop", pps_null_to_eop, cause=("NORMAL", *FAILED), bound_s=200)


async def gone_in_block(far: Far) -> None:
    frames = await begins_ecm(far)
    await far.send_frames(frames, 145)
    await far.hooked(150)


receives("ecm-gone-behind-burst", gone_in_block, cause=FAILED, pages=0, bound_s=200)


async def not_ecm_after_all(far: Far) -> None:
    """DCS said error correction; what comes is a page without."""
    await begins_ecm(far, "MH")
    await far.send_page(TWO[0], 145)
    await far.say("MPS")
    await far.expect("RTN", "DCN", "PPR", within=12)
    await far.hooked(90)


receives("ecm-page-without", not_ecm_after_all, cause=FAILED, pages=0, bound_s=200)

for per_cent, answer in ((4, "MCF"), (10, "RTP"), (20, "RTN"), (50, "RTN")):
    damaged_rows(per_cent, answer)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_receiver(scenario: Scenario, held: Callable[[Scenario], Held]) -> None:
    held(scenario)
