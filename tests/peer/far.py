"""A far fax machine: it says and hears one thing at a time, as a script tells it, right or wrong."""

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from . import bits, t4
from .line import MODULATIONS, Heard, Line, Signal
from .modem import Modem
from .t4 import Page

_LIST = """
DIS:80 CSI:40 NSF:20 DTC:81 CIG:41 NSC:21 PWD:C1 SEP:A1 PSA:61 DCS:82 TSI:42 NSS:22 SUB:C2 SID:A2 CTC:12
CFR:84 FTT:44 CTR:C4 EOM:8E MPS:4E EOP:2E PRI-EOM:9E PRI-MPS:5E PRI-EOP:3E EOS:1E PPS:BE EOR:CE RR:6E
MCF:8C RTP:CC RTN:4C PIP:AC PIN:2C PPR:BC RNR:EC ERR:1C FDM:FC DCN:FA CRP:1A FNV:CA TNR:EA TR:6A
"""
CODES = {name: int(code, 16) for name, code in (word.split(":") for word in _LIST.split())}
"""With the low bit clear; set, it says that a DIS was received."""
_NAMES = {code: name for name, code in CODES.items()}
_WITHOUT_X = {0x81, 0x41, 0x21, 0xC1, 0xA1, 0x61}
NOT_FINAL = {"CSI", "NSF", "CIG", "NSC", "PWD", "SEP", "PSA", "TSI", "NSS", "SUB", "SID"}
SECONDS = {"NULL": 0, "MPS": 0x4E, "EOM": 0x8E, "EOP": 0x2E, "EOS": 0x1E}
RATES = {24: "0000", 48: "0100", 96: "1000", 72: "1100", 145: "0001", 121: "0101", 97: "1001", 73: "1101"}
_RATE_CODES = {rate: code for code, rate in RATES.items()}
OFFERS = {"2400": "0000", "V.27": "0100", "V.29 only": "1000", "V.29": "1100", "V.17": "1101"}
T4_S = 3.0
ANSWER_S = 4.5
"""A preamble, one short frame and what turning round takes, with plenty of room."""
RCP = bits.with_check(b"\xff\x03\x86")


class Surprise(AssertionError):
    """Our end did something else than the script says."""


def name_of(octets: bytes) -> str:
    if len(octets) < 3:
        return octets.hex()
    code = octets[2]
    name = _NAMES.get(code) or _NAMES.get(code & 0xFE) or f"{code:02x}"
    if name in ("PPS", "EOR") and len(octets) > 3:
        second = {code & 0xFE: name for name, code in SECONDS.items()}
        return f"{name}-{second.get(octets[3] & 0xFE, '?')}"
    return name


def facility(*set_bits: int, rate: str = "0000", length: int = 3) -> bytes:
    """The FIF of DIS, DTC or DCS with these bits, numbered as T.30 does; rate: bits 11 to 14."""
    numbers = set(set_bits) | {11 + i for i, bit in enumerate(rate) if bit == "1"}
    octets = bytearray(max([length, *((n + 7) // 8 for n in numbers)]))
    for number in numbers:
        octets[(number - 1) // 8] |= 1 << (number - 1) % 8
    for i in range(2, len(octets) - 1):
        octets[i] |= 0x80
    return bytes(octets)


def has(fif: bytes, number: int) -> bool:
    return (number - 1) // 8 < len(fif) and bool(fif[(number - 1) // 8] >> (number - 1) % 8 & 1)


NO_FILL = (21, 22, 23)
"""The bits for a minimum scan time of 0 ms in DIS and DCS."""


def dis(
    offer: str = "V.17",
    *,
    ecm: bool = False,
    mr: bool = False,
    mmr: bool = False,
    fine: bool = False,
    document: bool = False,
    receives: bool = True,
    more: Iterable[int] = (),
    scan: Iterable[int] = NO_FILL,
) -> bytes:
    numbers = [*scan, *more]
    for wanted, number in ((receives, 10), (document, 9), (fine, 15), (mr, 16), (ecm, 27), (mmr, 31)):
        if wanted:
            numbers.append(number)
    return facility(*numbers, rate=OFFERS[offer])


def dcs(
    code: int, coding: str = "MH", *, ecm: bool = False, small: bool = False, more: Iterable[int] = ()
) -> bytes:
    numbers = [10, *NO_FILL, *more]
    for wanted, number in ((coding == "MR", 16), (ecm, 27), (small, 28), (coding == "MMR", 31)):
        if wanted:
            numbers.append(number)
    return facility(*numbers, rate=RATES[code])


def identity(text: str) -> bytes:
    return text[::-1].ljust(20).encode("ascii")


def stripes(seed: int, rows: int = 60, width: int = 1728) -> Page:
    """A page that no other seed has."""
    page = []
    for y in range(rows):
        shift = (seed * 131 + y * 17) % 900
        page.append([] if y % 7 == 3 else [shift, shift + 40 + seed % 50, width - 300 + y % 40])
    return page


ANY_PAGE: Page = [[-1]]
"""A page that was confirmed, and is not looked at: some of its rows are damaged."""


def write_tiff(path: Path, pages: Sequence[Page], width: int = 1728, lines: int = 98) -> Path:
    out = bytearray(b"II*\0\0\0\0\0")
    link = 4
    for rows in pages:
        data = bits.to_octets("".join(t4.mmr(rows, width)))
        strip = len(out)
        out += data + b"\0" * (len(data) % 2)
        resolution = len(out)
        out += struct.pack("<4I", 204, 1, lines, 1)
        struct.pack_into("<I", out, link, len(out))
        tags = [
            *((256, 4, width), (257, 4, len(rows)), (258, 3, 1), (259, 3, 4), (262, 3, 0), (266, 3, 2)),
            *((273, 4, strip), (277, 3, 1), (278, 4, len(rows)), (279, 4, len(data)), (282, 5, resolution)),
            *((283, 5, resolution + 8), (296, 3, 2)),
        ]
        out += struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in tags)
        link = len(out)
        out += b"\0" * 4
    path.write_bytes(out)
    return path


def read_tiff(path: Path) -> list[Page]:
    """As libtiff sees it."""
    pages = []
    with Image.open(path) as image:
        for i in range(getattr(image, "n_frames", 1)):
            image.seek(i)
            width, height = image.size
            octets = image.convert("1").tobytes()
            stride = (width + 7) // 8
            page = []
            for y in range(height):
                text = f"{int.from_bytes(octets[y * stride : (y + 1) * stride], 'big'):0{stride * 8}b}"[
                    :width
                ]
                row, now = [], "1"
                at = text.find("0")
                while at >= 0:
                    row.append(at)
                    now = "0" if now == "1" else "1"
                    at = text.find("1" if now == "0" else "0", at)
                page.append(row)
            pages.append(page)
    return pages


def missing(*numbers: int) -> bytes:
    """The 256 bits of PPR."""
    octets = bytearray(32)
    for number in numbers:
        octets[number // 8] |= 1 << number % 8
    return bytes(octets)


class Far:
    def __init__(self, line: Line, modem: Modem) -> None:
        self.line, self.modem = line, modem
        self.x = 0
        self.fif = b""
        """The FIF of the DCS (or CTC) that holds."""
        self.confirmed: list[Page] = []
        """Pages that the receiver's end, whoever it is, confirmed with MCF, RTP or PIP."""
        self.sent_to_us: list[Page] = []
        """Where pages go both ways: those that we have from the program, and confirmed."""
        self.got_from_us: list[Page] = []
        """And those that it has from us, and confirmed."""
        self.listening_since = 0.0

    # time

    async def wait(self, seconds: float) -> None:
        await self.line.until(self.line.now() + seconds)

    # speaking

    def octets(self, name: str, fif: bytes = b"") -> bytes:
        first, _, second = name.partition("-")
        code, tail = (CODES[name], b"") if name in CODES else (CODES[first], bytes([SECONDS[second]]))
        if code not in _WITHOUT_X and name not in ("DIS", "CSI", "NSF"):
            code |= self.x
        if tail and tail[0]:
            tail = bytes([tail[0] | self.x])
        return bytes([0xFF, 0x03 if name in NOT_FINAL else 0x13, code]) + tail + fif

    async def over(self, signal: Signal) -> None:
        await self.line.until(signal.end)
        self.listening_since = self.line.now()

    async def say(
        self,
        name: str,
        fif: bytes = b"",
        *,
        gap: float = 0.075,
        before: Sequence[tuple[str, bytes]] = (),
        right: bool = True,
        flags: int = 37,
        tail: int = 5,
    ) -> None:
        """A frame, with others before it in the same burst, behind so many seconds of silence."""
        frames = [(self.octets(n, f), True) for n, f in before] + [(self.octets(name, fif), right)]
        await self.say_raw(frames, gap=gap, flags=flags, tail=tail)

    async def say_raw(
        self, frames: list[tuple[bytes, bool]], *, gap: float = 0.075, flags: int = 37, tail: int = 5
    ) -> None:
        await self.line.wait(lambda: not self.line.speaks, self.line.now() + 30)
        await self.wait(gap)
        await self.over(self.line.send_v21(frames, flags, tail))

    async def fast(self, code: int, octets: bytes, gap: float = 0.075) -> None:
        await self.wait(gap)
        await self.over(self.line.send_fast(code, octets))

    # hearing

    async def hear(self, *kinds: str, within: float) -> Heard:
        """The next event of these kinds, among those since we listen. Hanging up is heard by whoever asks."""
        until = self.line.now() + within
        while True:
            if not await self.line.wait(lambda: self.line.heard, until):
                raise Surprise(f"nothing ({', '.join(kinds)}) within {within} s")
            event = self.line.heard.popleft()
            if event.what in ("frame", "on", "off", "V.21 on") and event.time < self.listening_since:
                continue  # we were speaking
            if event.what in kinds:
                return event
            if event.what == "hook":
                self.line.heard.appendleft(event)
                raise Surprise(f"on hook where {', '.join(kinds)} was due")

    async def frame(self, within: float = ANSWER_S) -> bytes:
        """The next final frame; those before it are in `prologue`."""
        self.prologue: dict[str, bytes] = {}
        while True:
            octets = (await self.hear("frame", within=within)).octets
            if octets[1] & 0x10:
                return octets
            self.prologue[name_of(octets)] = octets[3:]

    async def expect(self, *names: str, within: float = ANSWER_S) -> bytes:
        """One of these final frames must be next; its FIF. `heard` says which. Waits for its end."""
        octets = await self.frame(within)
        self.heard = name_of(octets)
        if self.heard not in names:
            raise Surprise(f"{self.heard} ({octets.hex(' ')}) where {', '.join(names)} was due")
        await self.line.wait(lambda: not self.line.speaks, self.line.now() + 5)
        return octets[3:]

    async def silent(self, seconds: float) -> None:
        """Our end must say nothing for so long."""
        start = self.line.now()
        await self.wait(seconds)
        for event in self.line.heard:
            if event.time >= start and event.what in ("frame", "on"):
                raise Surprise(f"{event.what} {event.octets[:8].hex(' ')} where silence was due")

    async def hooked(self, within: float = 15) -> None:
        """Our end must go on hook."""
        if not await self.line.wait(lambda: not self.line.off_hook, self.line.now() + within):
            raise Surprise(f"still off hook {within} s later")

    # phase A and B, as the called station

    async def answered(self, ced_s: float = 2.6) -> None:
        if not await self.line.wait(lambda: self.line.off_hook, self.line.now() + 200):
            raise Surprise("nobody dialled")
        await self.wait(1)
        self.line.answered = True
        if ced_s:
            await self.over(self.line.send_noise(ced_s))

    async def identify(self, fif: bytes | None = None, *, csi: str = "", gap: float = 0.075) -> None:
        before = [("CSI", identity(csi))] if csi else []
        await self.say("DIS", dis() if fif is None else fif, before=before, gap=gap)

    async def training(self, within: float = ANSWER_S + 2) -> int:
        """DCS and TCF: the number of its modulation. TCF must be good."""
        self.fif = await self.expect("DCS", within=within)
        return await self.tcf()

    def code(self) -> int:
        """Of the modulation that the DCS says."""
        rate = "".join(str(int(has(self.fif, n))) for n in range(11, 15))
        if rate not in _RATE_CODES:
            raise Surprise(f"a DCS with the rate bits {rate}")
        return _RATE_CODES[rate]

    async def tcf_of(self, fif: bytes) -> int:
        self.fif = fif
        return await self.tcf()

    @staticmethod
    def named(event: Heard) -> str:
        return name_of(event.octets)

    async def tcf(self) -> int:
        heard = await self.hear("off", within=5)
        rate = MODULATIONS[heard.code].rate
        if heard.code != self.code():
            raise Surprise(f"TCF with +FTM={heard.code} where DCS said {self.code()}")
        zeros = len(heard.octets) - len(heard.octets.lstrip(b"\xff"))
        if heard.octets[zeros:].strip(b"\0") or not 1.35 <= len(heard.octets) * 8 / rate <= 1.7:
            raise Surprise(f"a TCF of {len(heard.octets)} octets: {heard.octets[:20].hex()}")
        return heard.code

    async def answers_dcs(self, gap: float = 0.075) -> int:
        """Hears DCS and TCF, and says CFR; the number of the modulation."""
        code = await self.training()
        await self.say("CFR", gap=gap)
        return code

    async def set_up(self, fif: bytes | None = None) -> int:
        """From the call to CFR."""
        await self.answered()
        await self.identify(fif)
        return await self.answers_dcs()

    # phase C and D, as the receiver

    def coding(self) -> str:
        return "MMR" if has(self.fif, 31) else "MR" if has(self.fif, 16) else "MH"

    async def burst(self, within: float = 60, short: bool = True) -> bytes:
        """What comes over the fast carrier."""
        heard = await self.hear("off", "frame", within=within)
        if heard.what == "frame":
            raise Surprise(f"{name_of(heard.octets)} where a fast carrier was due")
        code = self.code()
        due = code + 1 if code in (73, 97, 121, 145) and short else code
        if heard.code != due:
            raise Surprise(f"+FTM={heard.code} where {due} was due")
        return heard.octets

    async def page(self, within: float = 60, short: bool = True) -> Page:
        octets = await self.burst(within, short)
        return t4.read(bits.from_octets(octets), self.coding())

    async def confirm(self, page: Page, answer: str = "MCF", **how: float) -> None:
        await self.say(answer, **how)  # type: ignore[arg-type]
        self.confirmed.append(page)

    async def frames(self, within: float = 60, short: bool = True) -> dict[int, bytes]:
        """The frames of an ECM burst by their numbers; RCP must be there three times."""
        found: dict[int, bytes] = {}
        returns = 0
        for octets, right in bits.frames_in(await self.burst(within, short)):
            if not right:
                raise Surprise(f"a damaged frame: {octets[:6].hex()}")
            if octets[:3] == b"\xff\x03\x06":
                found[octets[3]] = octets[4:]
            elif octets == b"\xff\x03\x86":
                returns += 1
        if returns < 3:
            raise Surprise(f"{returns} RCP")
        return found

    async def block(self, within: float = 60, short: bool = True) -> tuple[dict[int, bytes], str, bytes]:
        """A burst and its PPS: frames, the second command, page, block and frames less one."""
        frames = await self.frames(within, short)
        fif = await self.expect("PPS-NULL", "PPS-MPS", "PPS-EOP", "PPS-EOM")
        return frames, self.heard.partition("-")[2], fif[1:]

    def join(self, frames: dict[int, bytes]) -> Page:
        return t4.read(bits.from_octets(b"".join(frames[n] for n in sorted(frames))), self.coding())

    # as the caller who sends

    async def ring(self) -> None:
        """Calls, and hears CED."""
        await self.line.wait(lambda: self.modem.ready, self.line.now() + 600)
        await self.wait(1)
        self.modem.begin_ringing()
        if not await self.line.wait(lambda: self.line.off_hook, self.line.now() + 60):
            raise Surprise("nobody answered")
        await self.hear("CED", within=8)

    async def called(self, within: float = 8) -> bytes:
        """Rings, and hears DIS, whose FIF it returns."""
        await self.ring()
        fif = await self.expect("DIS", within=within)
        self.x = 1
        return fif

    async def polls(
        self, fif: bytes | None = None, *, word: str = "DTC", before: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """Asks for the document that our end's DIS offers."""
        self.x = 0
        await self.say(word, dis() if fif is None else fif, before=before)

    async def train(
        self,
        code: int,
        fif: bytes | None = None,
        *,
        tsi: str = "",
        octets: bytes | None = None,
        gap: float = 0.075,
    ) -> None:
        """DCS and TCF."""
        self.fif = dcs(code) if fif is None else fif
        before = [("TSI", identity(tsi))] if tsi else []
        await self.say("DCS", self.fif, before=before, gap=gap)
        good = bytes(int(MODULATIONS[code].rate * 1.5 / 8))
        await self.fast(code, good if octets is None else octets)

    async def trained(self, code: int, fif: bytes | None = None, **how: str) -> None:
        await self.train(code, fif, **how)  # type: ignore[arg-type]
        await self.expect("CFR")

    def short(self, code: int) -> int:
        return code + 1 if code in (73, 97, 121, 145) else code

    async def send_page(self, page: Page, code: int, *, coded: str | None = None, gap: float = 0.075) -> None:
        text = "".join(t4.CODERS[self.coding()](page)) if coded is None else coded
        await self.fast(self.short(code), bits.to_octets(text), gap=gap)

    async def post(self, command: str, page: Page, *answers: str, fif: bytes = b"", **how: float) -> None:
        """A command behind a page; MCF (or RTP) to it confirms the page."""
        await self.say(command, fif)
        await self.expect(*(answers or ("MCF",)), **how)
        while self.heard == "RNR":
            await self.say("RR")
            await self.expect("RNR", *(answers or ("MCF",)))
        if self.heard in ("MCF", "RTP"):
            self.confirmed.append(page)

    async def post_after(self, seconds: float, command: str, page: Page) -> None:
        await self.wait(seconds)
        await self.post(command, page)

    def frames_of(self, page: Page, size: int = 256) -> list[bytes]:
        data = bits.to_octets("".join(t4.CODERS[self.coding()](page)))
        return [data[i : i + size].ljust(size, b"\0") for i in range(0, len(data), size)]

    async def send_frames(
        self,
        frames: dict[int, bytes],
        code: int,
        *,
        damaged: Iterable[int] = (),
        short: bool = True,
        returns: int = 3,
        flags_s: float = 0.2,
    ) -> None:
        bad = set(damaged)
        whole = [
            bits.with_check(bytes([0xFF, 0x03, 0x06, n]) + data, damaged=n in bad)
            for n, data in frames.items()
        ]
        octets = bits.fast_frames([*whole, *[RCP] * returns], MODULATIONS[code].rate, flags_s)
        await self.fast(self.short(code) if short else code, octets)

    def pps(self, page: int, block: int, count: int) -> bytes:
        return bytes([page & 255, block & 255, (count - 1) & 255])

    async def goodbye(self) -> None:
        await self.say("DCN")
        await self.hooked()
