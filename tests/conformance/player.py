"""Plays the far machine's part of a case, step by step, and compares what our end does with the case."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from peer import bits
from peer.far import Far, has, name_of
from peer.line import MODULATIONS, V21_BIT_S, Heard, Signal
from peer.t4 import Page

from .cases import Repeat, Step
from .charts import chart
from .coded import burst_of, coded, number_of

DUE_S = 7.0
"""Within which our end's next signal is due, where a step says no other time."""
LATE_S = 0.5
"""What a scheduler may be late, and a modem, in telling of it."""
UNSEEN_S = 60.0
"""Within which our end must be on hook where the far machine left without a word: no modem tells of that."""
SHORT_S = 5.0
"""A least time below this is the other engine's habit (0.8 s behind its DCN), and is not judged."""
CED_S = 3.0
OPTIONAL = (0x20, 0x21)
"""NSF and NSC: a machine may leave them out, and ours does."""
CONFIRMING = (0x8C, 0xCC)
PPS, EOR = 0xBE, 0xCE
LAST = (0x2E, 0x8E, 0x4E)


class Differs(AssertionError):
    """Our end does something else than the step expects."""

    def __init__(self, step: Step, expected: str, got: str) -> None:
        super().__init__(f"{expected}; {got}")
        self.step, self.expected, self.got = step, expected, got


def octets_of(value: str) -> tuple[bytes, bool]:
    """As the modem has them, from the digits in the order on the line; and whether anything may follow."""
    words = value.split()
    return bytes(int(f"{int(word, 16):08b}"[::-1], 2) for word in words if word != "..."), "..." in words


def shown(octets: bytes) -> str:
    return " ".join(f"{int(f'{octet:08b}'[::-1], 2):02X}" for octet in octets)


def is_null(command: bytes) -> bool:
    """PPS-NULL: the page goes on."""
    return command[2:4] in (b"\xbe\x00", b"\xbf\x00")


@dataclass
class Sent:
    """A page that our end sent, and the far machine confirmed. coding: 'MH' ..."""

    coding: str
    octets: bytes


@dataclass
class Notes:
    """What the pages of a call were."""

    sent: list[Sent] = field(default_factory=list)
    """By our end."""
    received: list[Page | None] = field(default_factory=list)
    """By our end, and confirmed by it. None: a page that is not looked at."""
    status: str = ""
    ended: bool = False
    """The case goes on until the call is over."""
    given_up: bool = False
    """The far machine has given up a block (EOR)."""


class Player:
    def __init__(self, far: Far) -> None:
        self.far, self.line = far, far.line
        self.notes = Notes()
        self.heard: Heard | None = None
        """A frame that has been heard, and was not for the step before."""
        self.since = 0
        """Where in the line's events the step began."""
        self.left = False
        """The far machine has left."""
        self.fif = b""
        """Of our end's DCS."""
        self.frames: dict[int, bytes] = {}
        self.blocks: list[bytes] = []
        self.page: Page | None = None
        self.command = self.posted = b""
        """Our end's last command behind a page or block, and the far machine's."""
        self.burst = b""
        """What the far machine sent before its command."""
        self.confirmed = (b"", b"")
        """Burst and command that our end confirmed last."""
        self.unconfirmed = False

    async def play(self, steps: Sequence[Step | Repeat]) -> None:
        burst: list[Step] = []
        for step in steps:
            if burst and not (isinstance(step, Step) and self.goes_on(burst[0], step)):
                await self.obey(burst)
                burst = []
            if isinstance(step, Repeat):
                await self.repeat(step)
            else:
                burst.append(step)
        if burst:
            await self.obey(burst)

    @staticmethod
    def goes_on(first: Step, step: Step) -> bool:
        """Whether this step is of the same carrier as the first."""
        parts = ("PREAMBLE", "HDLC", "POSTAMBLE", "PP")
        if any(s.direction != "T" or s.kind not in parts for s in (first, step)):
            return False
        return step.kind != "PREAMBLE" or (step.modem or "V.21") == (first.modem or "V.21") == "V.21"

    async def repeat(self, repeat: Repeat) -> None:
        for done in range(repeat.most):
            if done >= repeat.least and not await self.begins(repeat.steps[0]):
                return
            await self.play(repeat.steps)

    async def begins(self, step: Step) -> bool:
        """Whether the next frame is this step's."""
        until = self.line.now() + DUE_S
        self.since = len(self.line.events)
        event = await self.next(step, until, "frame")
        self.heard = event
        return self.matches(event.octets, step)

    async def obey(self, burst: list[Step]) -> None:
        step = burst[0]
        self.since = len(self.line.events)
        name = f"{step.direction or 'x'}_{step.kind}".lower()
        if step.direction == "T" and step.kind in ("PREAMBLE", "HDLC", "POSTAMBLE"):
            await self.carrier(burst)
        elif action := getattr(self, name, None):
            await action(step)
        else:
            raise ValueError(f"a step of an unknown kind: {step}")

    # what is of neither direction

    async def x_call(self, step: Step) -> None:
        await self.line.wait(lambda: self.far.modem.ready, self.line.now() + 600)
        await self.far.wait(1)
        self.far.modem.begin_ringing()
        if not await self.line.wait(lambda: self.line.off_hook, self.line.now() + 60):
            raise Differs(step, "our end answers", "it did not")

    async def x_answer(self, step: Step) -> None:
        if not await self.line.wait(lambda: self.line.off_hook, self.line.now() + 200):
            raise Differs(step, "our end dials", "it did not")

    async def x_wait(self, step: Step) -> None:
        await self.far.wait(int(step.value or 1) / 1000)

    async def x_status(self, step: Step) -> None:
        self.notes.status = step.value

    # the far machine's signals

    async def t_set(self, step: Step) -> None:
        pass  # the program under test has been told

    async def t_ced(self, step: Step) -> None:
        self.line.answered = True
        await self.far.over(self.line.send_noise(CED_S))

    async def t_clear(self, step: Step) -> None:
        self.left = True

    async def t_tcf(self, step: Step) -> None:
        length, bad = int(step.value or 450), step.whole("pattern", 0)
        octets = (b"\x55" * bad + bytes(length))[:length]
        await self.far.over(self.line.send_fast(number_of(step.modem), octets))

    async def t_msg(self, step: Step) -> None:
        whole = not step.more.get("bad_rows")
        self.page, self.unconfirmed = chart(step.value)[0] if whole else None, True
        await self.far.over(self.line.send_fast(number_of(step.modem, short=True), coded(step)))

    async def carrier(self, burst: list[Step]) -> None:
        modem = burst[0].modem
        if modem in ("", "V.21"):
            await self.far.over(self.v21(burst))
            return
        octets = next(burst_of(step, modem) for step in burst if step.kind == "PP")
        self.page, self.burst, self.unconfirmed = None, octets, True
        await self.far.over(self.line.send_fast(number_of(modem, short=True), octets))

    def v21(self, burst: list[Step]) -> Signal:
        start = at = self.line.now()
        placed = []
        for step in burst:
            if step.kind == "HDLC":
                octets, _ = octets_of(step.value)
                right = step.more.get("crc_error") != "0"
                if right:
                    self.say(octets)
                raw = bits.with_check(octets, damaged=not right)
                end = at + (len(bits.stuffed(raw)) + 8) * V21_BIT_S
                placed.append((at, end, raw, right))
                at = end
            else:
                at += int(step.value or (37 if step.kind == "PREAMBLE" else 5)) * 8 * V21_BIT_S
        text = " | ".join(shown(raw[:-2]) + ("" if right else " (bad)") for _, _, raw, right in placed)
        signal = Signal(3, start, start + 0.2, at, frames=placed)
        self.line.far.append(signal)
        self.line.note("far", f"V.21 {name_of(placed[-1][2]) if placed else 'flags'}: {text} until {at:.2f}")
        self.line.poke()
        return signal

    def say(self, octets: bytes) -> None:
        """The far machine says this; what it confirms has been sent."""
        code = octets[2] & 0xFE if len(octets) > 2 else 0
        if code in LAST or code == PPS:
            self.posted = octets
        self.notes.given_up |= code == EOR
        if octets[1:2] == b"\x13" and code in CONFIRMING and self.command:
            if self.frames:
                size = max(map(len, self.frames.values()))
                count = max(self.frames) + 1
                self.blocks.append(b"".join(self.frames.get(n, bytes(size)) for n in range(count)))
            if not is_null(self.command):
                coding = "MMR" if has(self.fif, 31) else "MR" if has(self.fif, 16) else "MH"
                self.notes.sent.append(Sent(coding, b"".join(self.blocks)))
                self.blocks = []
            self.frames, self.command = {}, b""

    # our end's

    async def next(self, step: Step, until: float, *kinds: str) -> Heard:
        """The next event of these kinds that the far machine could hear."""
        if self.heard and "frame" in kinds:
            event, self.heard = self.heard, None
            return event
        while True:
            if not await self.line.wait(lambda: self.line.heard, until + LATE_S):
                raise Differs(step, self.wanted(step), self.summary(f"nothing of the kind until {until:.1f}"))
            event = self.line.heard.popleft()
            if event.what in ("frame", "on", "off") and event.time < self.far.listening_since:
                continue
            if event.what in kinds:
                return event
            if event.what == "hook":
                self.line.heard.appendleft(event)
                raise Differs(step, self.wanted(step), self.summary("on hook"))

    def summary(self, text: str) -> str:
        others = [
            name_of(event.octets) if event.what == "frame" else f"a carrier of {event.code}"
            for event in self.line.events[self.since :]
            if event.what in ("frame", "off")
        ]
        return f"{text} ({', '.join(others[:6]) or 'silence'})"

    @staticmethod
    def wanted(step: Step) -> str:
        return " ".join(word for word in (step.kind, step.tag, step.modem, step.value) if word)

    @staticmethod
    def matches(octets: bytes, step: Step) -> bool:
        wanted, more = octets_of(step.value)
        return octets.startswith(wanted) and (more or len(octets) == len(wanted))

    def due(self, step: Step) -> float:
        return self.line.now() + step.seconds("timeout", DUE_S)

    async def r_ced(self, step: Step) -> None:
        await self.next(step, self.due(step), "CED")

    async def r_cng(self, step: Step) -> None:
        await self.next(step, self.due(step), "CNG")

    async def r_set(self, step: Step) -> None:
        pass  # the program under test has been told

    async def r_hdlc(self, step: Step) -> None:
        until = self.due(step)
        wanted, _ = octets_of(step.value)
        while True:
            event = await self.next(step, until, "frame")
            if self.matches(event.octets, step):
                return self.listen(event.octets)
            if len(wanted) > 2 and wanted[2] in OPTIONAL:
                self.heard = event
                return None
            if event.octets[1:2] == wanted[1:2]:
                got = f"{name_of(event.octets)} ({shown(event.octets[:40])}) at {event.time:.1f}"
                raise Differs(step, self.wanted(step), got)

    def listen(self, octets: bytes) -> None:
        """Our end has said this; what it confirms it has received."""
        code = octets[2] & 0xFE
        if code == 0x82:
            self.fif = octets[3:]
        elif code in LAST or code == PPS:
            self.command = octets
        elif code in CONFIRMING and self.unconfirmed:
            self.unconfirmed = False
            again = self.posted[2:3] == bytes([PPS]) and self.confirmed == (self.burst, self.posted)
            self.confirmed = (self.burst, self.posted)
            if not again and not is_null(self.posted):
                self.notes.received.append(self.page)

    async def r_silence(self, step: Step) -> None:
        await self.line.wait(lambda: not self.line.speaks, self.due(step))

    async def fast(self, step: Step, short: bool) -> bytes:
        event = await self.next(step, self.due(step), "off", "frame")
        if event.what == "frame":
            raise Differs(step, self.wanted(step), f"{name_of(event.octets)} at {event.time:.1f}")
        if event.code != (number := number_of(step.modem, short)):
            got = f"a carrier of {event.code} at {event.time:.1f}"
            raise Differs(step, f"{self.wanted(step)}, a carrier of {number}", got)
        return event.octets

    async def r_tcf(self, step: Step) -> None:
        octets = await self.fast(step, short=False)
        seconds = len(octets) * 8 / MODULATIONS[number_of(step.modem)].rate
        if octets.lstrip(b"\xff").strip(b"\0") or not 1.35 <= seconds <= 1.7:
            raise Differs(step, "1.5 s of zeros", f"{seconds:.2f} s, {octets[:16].hex(' ')} ...")

    async def r_msg(self, step: Step) -> None:
        self.blocks = [await self.fast(step, short=True)]
        self.frames = {}

    async def r_pp(self, step: Step) -> None:
        returns = 0
        for octets, right in bits.frames_in(await self.fast(step, short=True)):
            if not right:
                raise Differs(step, "frames without a fault", f"a damaged one: {octets[:6].hex(' ')}")
            if octets[:3] == b"\xff\x03\x06":
                self.frames[octets[3]] = octets[4:]
            returns += octets == b"\xff\x03\x86"
        if returns < 3:
            raise Differs(step, "RCP three times", f"{returns} times")

    async def r_clear(self, step: Step) -> None:
        start = self.line.now()
        least = step.seconds("timein", 0.0)
        most = UNSEEN_S if self.left else step.seconds("timeout", UNSEEN_S)
        await self.line.wait(lambda: not self.line.off_hook, start + most + 60)
        hooks = [event.time for event in self.line.events if event.what == "hook"]
        took = hooks[-1] - start if hooks else math.inf
        self.notes.ended = True
        if took > most + LATE_S or (least > SHORT_S and took < least - LATE_S):
            raise Differs(step, f"on hook within {least:.1f} s to {most:.1f} s", f"after {took:.1f} s")
