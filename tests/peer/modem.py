"""A plain Class 1 modem (T.31) on the master side of a pseudo-terminal."""

import asyncio
import math
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from . import bits
from .line import MODULATIONS, V21_BIT_S, Line, Signal

DLE, ETX, CAN = 0x10, 0x03, 0x18
PREAMBLE_S = 1.0
BUFFER = 2048
FLAGS_HEARD_S = 0.2
ABILITIES = "24,48,72,73,74,96,97,98,121,122,145,146"
Tamper = Callable[[str, str], list[str]]
"""The command and a result that is due: the results that are given instead."""


class Gone(Exception):
    """The program closed the terminal."""


@dataclass
class Refused:
    """The number-th such command (0: each) is answered so, and not obeyed."""

    command: str
    number: int
    result: str
    seen: int = 0


class Modem:
    INFORMATION: ClassVar = {
        "I": "14400",
        "I0": "14400",
        "I3": "PLAIN V1.0",
        "+FMI?": "NOBODY",
        "+FMM?": "PLAIN",
        "+FMR?": "1.0",
        "+FCLASS=?": "0,1",
        "+FCLASS?": "1",
        "+FTM=?": ABILITIES,
        "+FRM=?": ABILITIES,
        "+FTH=?": "3",
        "+FRH=?": "3",
    }

    def __init__(self, line: Line, fd: int) -> None:
        self.line, self.fd = line, fd
        self.rx = bytearray()
        self.tx = bytearray()
        self.echo = True
        self.limit = 1 << 20
        self.reading = False
        self.dead = False
        self.s7 = 50
        self.locked: Signal | None = None
        self.frame_at = 0
        self.command = ""
        self.commands: list[tuple[float, str]] = []
        self.results: list[tuple[float, str]] = []
        self.tamper: Tamper | None = None
        self.refusal: str | None = None
        """What dialling ends with, in place of a call."""
        self.ringing = False
        self.information = dict(self.INFORMATION)
        self.keep_echo = False
        self.delay_s = 0.0
        """Between a command and its obedience."""
        self.dies_at: tuple[str, int] | None = None
        """It hears and says nothing any more from this command on, when it has come so often."""
        self.refused: list[Refused] = []
        self.ced_s = 3.0
        self.cng = True
        os.set_blocking(fd, False)
        self.task = asyncio.create_task(self.serve())
        self.ringer: asyncio.Task[None] | None = None
        self._watch()

    # the terminal

    def _watch(self) -> None:
        wanted = len(self.rx) < self.limit
        if wanted and not self.reading:
            self.line.loop.add_reader(self.fd, self._readable)
        elif not wanted and self.reading:
            self.line.loop.remove_reader(self.fd)
        self.reading = wanted

    def _readable(self) -> None:
        try:
            octets = os.read(self.fd, max(1, min(4096, self.limit - len(self.rx))))
        except BlockingIOError:
            return
        except OSError:  # nobody has the other side open (yet)
            self.line.loop.remove_reader(self.fd)
            self.reading = False
            return
        if not self.dead:
            self.rx += octets
            self.line.poke()
        self._watch()

    def put(self, octets: bytes) -> None:
        if self.dead:
            return
        self.tx += octets
        self._flush()

    def _flush(self) -> None:
        try:
            while self.tx:
                del self.tx[: os.write(self.fd, self.tx)]
        except BlockingIOError:
            self.line.loop.add_writer(self.fd, self._flush)
            return
        except OSError:
            self.tx.clear()
        self.line.loop.remove_writer(self.fd)

    def say(self, result: str) -> None:
        """A result code, or what stands for it."""
        for text in self.tamper(self.command, result) if self.tamper else [result]:
            self.results.append((self.line.now(), text))
            self.line.note("modem", text + (f" behind {len(self.tx)} octets" if self.tx else ""))
            self.put(f"\r\n{text}\r\n".encode())

    def close(self) -> None:
        self.task.cancel()
        if self.ringer:
            self.ringer.cancel()
        self.line.loop.remove_reader(self.fd)
        self.line.loop.remove_writer(self.fd)
        os.close(self.fd)

    async def octet(self, until: float = math.inf) -> int | None:
        if not await self.line.wait(lambda: self.rx, until):
            return None
        octet = self.rx.pop(0)
        self._watch()
        return octet

    # commands

    async def serve(self) -> None:
        text = ""
        while True:
            octet = await self.octet()
            assert octet is not None
            if self.echo:
                self.put(bytes([octet]))
            if octet == 13:
                start = text.upper().rfind("AT")
                if start >= 0:
                    await self.obey(text[start + 2 :].strip().upper())
                text = ""
            elif octet in (8, 127):
                text = text[:-1]
            elif octet >= 32:
                text += chr(octet)

    async def obey(self, text: str) -> None:
        self.command = text
        self.commands.append((self.line.now(), text))
        self.line.note("host", "AT" + text)
        if self.dies_at and text.startswith(self.dies_at[0]) and not text.endswith("?"):
            self.dies_at = (self.dies_at[0], self.dies_at[1] - 1)
            if self.dies_at[1] == 0:
                return self.die()
        self.line.poke()
        for refused in self.refused:
            if text.startswith(refused.command) and not text.endswith("?"):
                refused.seen += 1
                if refused.number in (0, refused.seen):
                    return self.say(refused.result)
        if self.delay_s:
            await self.line.until(self.line.now() + self.delay_s)
        if text.startswith("D"):
            return await self.dial(text[1:])
        if text in ("A", "A0"):
            return await self.answer()
        if text[:4] in ("+FTH", "+FTM", "+FTS", "+FRH", "+FRM", "+FRS") and not text.endswith("?"):
            if not self.line.off_hook:
                return self.say("ERROR")
            try:
                number = int(text[5:])
            except ValueError:
                return self.say("ERROR")
            if text[:4] in ("+FTH", "+FTM", "+FTS"):
                self.locked = None
            order: Callable[[int], Awaitable[None]] = getattr(self, text[1:4].lower())
            return await order(number)
        for part in text.split(";"):
            if part in self.information:
                self.put(f"\r\n{self.information[part]}\r\n".encode())
            elif part.startswith("S7="):
                self.s7 = int(part[3:])
            elif part in ("H", "H0", "Z", "Z0") or part.startswith("&F"):
                self.hang_up()
            if "E0" in part and not part.startswith("+"):
                self.echo = self.keep_echo
            elif "E1" in part and not part.startswith("+"):
                self.echo = True
        return self.say("OK")

    def die(self) -> None:
        self.line.note("modem", "is dead")
        self.dead = True
        self.rx.clear()
        self.line.speaks = False

    def hang_up(self) -> None:
        self.locked = None
        self.line.speaks = False
        if self.line.off_hook:
            self.line.off_hook = False
            self.line.tell("hook")

    async def dial(self, number: str) -> None:
        if self.line.off_hook:
            return self.say("ERROR")
        self.ringing = False
        self.line.off_hook = True
        self.line.tell("dial", octets=number.encode())
        await asyncio.sleep(0)
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            self.line.off_hook = False
            await self.line.until(self.line.now() + 2)
            return self.say(refusal)
        calling = asyncio.create_task(self.calling_tone())
        try:
            got = await self.receive(self.line.now() + self.s7)
        finally:
            calling.cancel()
        if got is None:
            self.line.off_hook = False
            self.line.tell("hook")
            self.say("NO CARRIER" if self.line.answered else "NO ANSWER")
        return None

    async def calling_tone(self) -> None:
        while self.cng:
            await self.line.until(self.line.now() + 0.5)
            self.line.tell("CNG")
            await self.line.until(self.line.now() + 3.0)

    @property
    def ready(self) -> bool:
        """The program has asked what the modem can do; what it waits for now is a call."""
        return any(text == "+FRM=?" for _, text in self.commands)

    def begin_ringing(self) -> None:
        self.ringing = True
        self.ringer = asyncio.create_task(self.ring())

    async def ring(self, every_s: float = 6) -> None:
        """RING until somebody answers, or ringing is over."""
        while self.ringing:
            self.say("RING")
            await self.line.wait(lambda: not self.ringing, self.line.now() + every_s)

    async def answer(self) -> None:
        if self.line.off_hook:
            return self.say("ERROR")
        self.ringing = False
        self.line.off_hook = True
        self.line.tell("answer")
        await self.line.until(self.line.now() + 0.2)
        start = self.line.now()
        await self.line.until(start + self.ced_s)
        self.line.tell("CED", start=start)
        await self.line.until(self.line.now() + 0.075)
        return await self.fth(3)

    # sending

    async def data(self, until: float = math.inf) -> int | None:
        """The next octet that the program wants to send; -1 is DLE ETX, None that none has come."""
        while True:
            octet = await self.octet(until)
            if octet != DLE:
                return octet
            octet = await self.octet(until)
            if octet == ETX:
                return -1
            if octet in (DLE, None):
                return octet
            if octet == 0x1A:  # SUB
                self.rx[:0] = bytes([DLE, DLE])
                return DLE

    def take(self, most: int) -> tuple[bytes, bool]:
        """Up to so many octets of data that are there, and whether DLE ETX came behind them."""
        got, i, over = bytearray(), 0, False
        while i < len(self.rx) and len(got) < most and not over:
            octet = self.rx[i]
            if octet != DLE:
                got.append(octet)
                i += 1
                continue
            if i + 1 == len(self.rx):
                break
            follows = self.rx[i + 1]
            over = follows == ETX
            got += {DLE: b"\x10", 0x1A: b"\x10\x10"}.get(follows, b"")
            i += 2
        del self.rx[:i]
        self._watch()
        return bytes(got), over

    async def fth(self, number: int) -> None:
        start = self.line.now()
        free = start + PREAMBLE_S
        self.line.speaks = True
        self.line.tell("V.21 on", 3)
        self.say("CONNECT")
        while True:
            frame = bytearray()
            while (octet := await self.data(self.line.now() + 5)) not in (-1, None):
                frame.append(octet or 0)
            if not frame:
                self.line.speaks = False
                self.line.tell("V.21 off", 3, start=start)
                return self.say("ERROR" if octet is None else "OK")
            begin = max(free, self.line.now())
            free = begin + (len(bits.stuffed(bits.with_check(bytes(frame)))) + 8) * V21_BIT_S
            await self.line.until(free)
            if not self.line.off_hook:
                return None
            self.line.tell("frame", 3, bytes(frame), start=start)
            if len(frame) > 1 and frame[1] & 0x10:
                await self.line.until(free + 0.03)
                self.line.speaks = False
                self.line.tell("V.21 off", 3, start=start)
                return self.say("OK")
            self.say("CONNECT")

    async def ftm(self, number: int) -> None:
        if number not in MODULATIONS:
            return self.say("ERROR")
        modulation = MODULATIONS[number]
        start = self.line.now()
        self.line.speaks = True
        self.line.tell("on", number)
        self.say("CONNECT")
        self.limit = BUFFER
        sent = bytearray()
        at = start + modulation.training_s
        over = late = False
        while not over:
            if not await self.line.wait(lambda: self.rx and self.rx != b"\x10", self.line.now() + 5):
                over = late = True
                break
            part, over = self.take(64)
            sent += part
            at += len(part) * 8 / modulation.rate
            if at > self.line.now():
                await self.line.until(at)
        self.limit = 1 << 20
        self._watch()
        await self.line.until(at)
        self.line.speaks = False
        self.line.tell("off", number, bytes(sent), start=start)
        self.say("ERROR" if late else "OK")
        return None

    async def fts(self, number: int) -> None:
        await self.line.until(self.line.now() + number / 100)
        self.say("OK")

    # receiving

    async def patient(self, condition: Callable[[], object], until: float = math.inf) -> bool | None:
        """Whether the condition came to hold; None: the program sent something, which aborts."""
        held = await self.line.wait(lambda: self.rx or condition(), until)
        if self.rx:
            self.line.note("host", f"aborts with {self.rx[:1].hex()}")
            del self.rx[0]
            self._watch()
            return None
        return held

    async def frs(self, number: int) -> None:
        start = self.line.now()
        while True:
            since = max(start, self.line.far_silent_since())
            if since < math.inf:
                quiet = await self.patient(self.line.far_speaks, since + number / 100)
                if quiet is None or not quiet:
                    return self.say("OK")
            else:
                signal = self.line.far_speaks()
                if signal and await self.patient(lambda: False, signal.end) is None:
                    return self.say("OK")

    async def frh(self, number: int) -> None:
        if number != 3:
            return self.say("ERROR")
        await self.receive()
        return None

    async def receive(self, until: float = math.inf) -> bool | None:
        """One V.21 frame, with all results; None when none began until then."""
        if (signal := self.locked) and self.frame_at >= len(signal.frames):
            final = bool(signal.frames) and bool(signal.frames[-1][2][1] & 0x10)
            if final or self.line.now() >= signal.end:
                self.locked = None
        while self.locked is None:
            began = await self.patient(self.flags, until)
            if began is None:
                self.say("OK")
                return True
            signal = self.flags()
            if not began:
                return None
            if signal is None:
                continue
            heard = max(signal.start + FLAGS_HEARD_S, self.line.now())
            waited = await self.patient(lambda: False, min(heard, signal.end))
            if waited is None:
                self.say("OK")
                return True
            if heard < signal.end:
                self.locked = signal
                self.frame_at = len(signal.frames) - len(self.frames_after(signal))
        signal = self.locked
        self.say("CONNECT")
        if self.frame_at >= len(signal.frames):
            if await self.patient(lambda: False, signal.end) is None:
                self.put(bytes([DLE, ETX]))
                self.say("OK")
            else:
                self.locked = None
                self.say("NO CARRIER")
            return True
        begin, end, octets, right = signal.frames[self.frame_at]
        self.frame_at += 1
        for i in range(0, len(octets), 8):
            part = octets[i : i + 8]
            arrived = begin + (end - begin) * min(1.0, (i + len(part)) / len(octets))
            if arrived > self.line.now() and await self.patient(lambda: False, arrived) is None:
                self.put(bytes([DLE, ETX]))
                self.say("OK")
                return True
            self.put(part.replace(b"\x10", b"\x10\x10"))
        self.put(bytes([DLE, ETX]))
        self.say("OK" if right else "ERROR")
        return True

    def flags(self) -> Signal | None:
        """A V.21 signal of which something is still to come."""
        signal = self.line.far_speaks()
        if signal and signal.code == 3 and (self.frames_after(signal) or not signal.frames):
            return signal
        return None

    def frames_after(self, signal: Signal) -> list[tuple[float, float, bytes, bool]]:
        """Those that have not begun; a twentieth of a second is borne, and what a scheduler is late."""
        now = self.line.now() - 0.05 - 0.001 * self.line.speed
        return [frame for frame in signal.frames if frame[0] >= now]

    async def frm(self, number: int) -> None:
        if number not in MODULATIONS:
            return self.say("ERROR")
        self.locked = None
        came = self.line.now()
        while True:
            if await self.patient(self.line.far_speaks) is None:
                return self.say("OK")
            signal = self.line.far_speaks()
            if signal is None:
                continue
            if signal.code == 3:
                heard = max(came, signal.start) + 0.3
                if await self.patient(lambda: False, min(heard, signal.end)) is None:
                    return self.say("OK")
                if heard < signal.end:
                    return self.say("+FCERROR")
                continue
            if signal.code == number and self.line.now() < signal.ready + 0.1 + 0.002 * self.line.speed:
                return await self.stream(signal)
            same = signal.code in MODULATIONS and (
                MODULATIONS[signal.code].name[:4] == MODULATIONS[number].name[:4]
            )
            if signal.code and not same:
                if await self.patient(lambda: False, max(came, signal.ready)) is None:
                    return self.say("OK")
                return self.say("+FCERROR")
            if await self.patient(lambda: False, signal.end) is None:
                return self.say("OK")

    async def stream(self, signal: Signal) -> None:
        modulation = MODULATIONS[signal.code]
        if await self.patient(lambda: False, signal.ready) is None:
            return self.say("OK")
        self.say("CONNECT")
        given = 0
        while given < len(signal.octets):
            due = int((self.line.now() - signal.ready) * modulation.rate / 8)
            if due <= given:
                # some 5 ms of the wall's clock
                step = max(32, int(0.005 * self.line.speed * modulation.rate / 8))
                moment = signal.ready + min(given + step, len(signal.octets)) * 8 / modulation.rate
                if await self.patient(lambda: False, moment + 1e-6) is None:
                    self.put(bytes([DLE, ETX]))
                    return self.say("OK")
                continue
            self.put(signal.octets[given:due].replace(b"\x10", b"\x10\x10"))
            given = min(due, len(signal.octets))
        if await self.patient(lambda: False, signal.end) is None:
            self.put(bytes([DLE, ETX]))
            return self.say("OK")
        self.put(bytes([DLE, ETX]))
        return self.say("NO CARRIER")
