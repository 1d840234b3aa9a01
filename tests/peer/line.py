"""The line between our end's modem and the far machine: its clock, and the signals of both.

Times are seconds of the line. Its clock runs `speed` times as fast as the wall's.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from . import bits

V21_BIT_S = 1 / 300


@dataclass(frozen=True)
class Modulation:
    """A number of +FTM and +FRM."""

    name: str
    rate: int
    training_s: float


MODULATIONS = {
    24: Modulation("V.27", 2400, 0.943),
    48: Modulation("V.27", 4800, 0.708),
    72: Modulation("V.29", 7200, 0.253),
    96: Modulation("V.29", 9600, 0.253),
    73: Modulation("V.17", 7200, 1.393),
    74: Modulation("V.17 short", 7200, 0.142),
    97: Modulation("V.17", 9600, 1.393),
    98: Modulation("V.17 short", 9600, 0.142),
    121: Modulation("V.17", 12000, 1.393),
    122: Modulation("V.17 short", 12000, 0.142),
    145: Modulation("V.17", 14400, 1.393),
    146: Modulation("V.17 short", 14400, 0.142),
}


@dataclass
class Signal:
    """What the far machine sends, all of it. code: of MODULATIONS, 3 for V.21, 0 for a tone."""

    code: int
    start: float
    ready: float
    """Training or the first flags are over."""
    end: float
    octets: bytes = b""
    frames: list[tuple[float, float, bytes, bool]] = field(default_factory=list)
    """Begin and end of each frame, with its check sequence, and whether that is right."""


@dataclass(frozen=True)
class Heard:
    """What the far machine hears of our end: 'CNG', 'CED' (over), 'V.21 on', 'frame', 'V.21 off', 'on', 'off'
    (a fast carrier), 'hook' (it hung up), 'dial'."""

    time: float
    what: str
    code: int = 0
    octets: bytes = b""
    start: float = 0


class Line:
    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.began = time.monotonic()
        self.loop = asyncio.get_running_loop()
        self.record: list[tuple[float, str, str]] = []
        self.waiting: list[asyncio.Future[None]] = []
        self.far: list[Signal] = []
        self.heard: deque[Heard] = deque()
        """What the far machine has not taken note of yet."""
        self.events: list[Heard] = []
        """Everything that it could hear."""
        self.speaks = False
        """Our end's modem has a carrier on the line."""
        self.off_hook = False
        self.answered = False

    def now(self) -> float:
        return (time.monotonic() - self.began) * self.speed

    def note(self, who: str, text: str) -> None:
        self.record.append((self.now(), who, text))

    def poke(self) -> None:
        """Something has changed."""
        waiting, self.waiting = self.waiting, []
        for future in waiting:
            _wake(future)

    async def wait(self, condition: Callable[[], object], until: float = math.inf) -> bool:
        """Waits for the condition, at most until then; whether it holds."""
        while not condition():
            left_s = (until - self.now()) / self.speed
            if left_s <= 0:
                return False
            future: asyncio.Future[None] = self.loop.create_future()
            self.waiting.append(future)
            timer = None
            if left_s < math.inf:
                timer = self.loop.call_later(left_s, _wake, future)
            try:
                await future
            finally:
                if timer:
                    timer.cancel()
                if future in self.waiting:
                    self.waiting.remove(future)
        return True

    async def until(self, moment: float) -> None:
        await self.wait(lambda: False, moment)

    def far_speaks(self) -> Signal | None:
        """The far machine's signal that is on the line now."""
        now = self.now()
        for signal in reversed(self.far):
            if signal.start <= now < signal.end:
                return signal
        return None

    def far_silent_since(self) -> float:
        """The end of its last signal; infinite while there is one."""
        if self.far_speaks():
            return math.inf
        return self.far[-1].end if self.far else 0.0

    def tell(self, what: str, code: int = 0, octets: bytes = b"", start: float = 0.0) -> None:
        """To the far machine."""
        self.events.append(Heard(self.now(), what, code, octets, start))
        self.heard.append(self.events[-1])
        self.note(
            "dut",
            f"{what} {code or ''} {octets[:40].hex(' ')}{f' ({len(octets)})' if octets else ''}".rstrip(),
        )
        self.poke()

    # the far machine's signals

    def send_v21(self, frames: list[tuple[bytes, bool]], flags: int = 37, tail: int = 5) -> Signal:
        """frames: without their check sequences; False: that will be wrong."""
        at = self.now()
        start = at
        at += flags * 8 * V21_BIT_S
        placed = []
        for octets, right in frames:
            raw = bits.with_check(octets, damaged=not right)
            end = at + (len(bits.stuffed(raw)) + 8) * V21_BIT_S
            placed.append((at, end, raw, right))
            at = end
        signal = Signal(3, start, start + 0.2, at + (tail - 1) * 8 * V21_BIT_S, frames=placed)
        return self._send(signal, " | ".join(f"{o.hex(' ')}{'' if r else ' (damaged)'}" for o, r in frames))

    def send_fast(self, code: int, octets: bytes) -> Signal:
        modulation = MODULATIONS[code]
        start = self.now()
        ready = start + modulation.training_s
        signal = Signal(code, start, ready, ready + len(octets) * 8 / modulation.rate + 0.01, octets)
        return self._send(signal, f"{modulation.name} {modulation.rate}, {len(octets)} octets")

    def send_noise(self, seconds: float) -> Signal:
        """A tone, or speech: a signal that no modem understands."""
        start = self.now()
        return self._send(Signal(0, start, start, start + seconds), f"noise, {seconds} s")

    def _send(self, signal: Signal, text: str) -> Signal:
        self.far.append(signal)
        self.note("far", f"{'V.21' if signal.code == 3 else 'sends'} {text} until {signal.end:.2f}")
        self.poke()
        return signal


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
