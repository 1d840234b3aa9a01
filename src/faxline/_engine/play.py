"""A recorded call, for a simulated far machine to play."""

from dataclasses import dataclass
from typing import Any

from faxline._engine.binding import ffi


@dataclass(frozen=True, slots=True)
class PlayBurst:
    """struct fl_play_burst: what a recorded far end had on the line."""

    signal: int
    """PLAY_DROP, PLAY_CED, PLAY_CNG, PLAY_V21, or the T.31 code of a fast carrier."""
    heard: int
    after_us: int
    length_us: int
    octets: int = 0
    noise: bool = False
    frames: tuple[tuple[bytes, bool], ...] = ()
    """Octets without FCS, and whether the FCS is good."""


@dataclass(frozen=True, slots=True)
class Play:
    """struct fl_play: a recorded call for a simulated far machine to play."""

    incoming: bool
    bursts: tuple[PlayBurst, ...]


PLAY_DROP, PLAY_CED, PLAY_CNG, PLAY_V21 = range(4)


def c_play(play: Play) -> list[Any]:
    """As struct fl_play; behind it what it points to, which has to live as long."""
    frames = [frame for burst in play.bursts for frame in burst.frames]
    bursts_c = ffi.new("struct fl_play_burst[]", max(1, len(play.bursts)))
    frames_c = ffi.new("struct fl_play_frame[]", max(1, len(frames)))
    octets = b"".join(frame for frame, _ in frames)
    octets_c = ffi.new("uint8_t[]", octets or b"\0")
    first = 0
    for slot, burst in zip(bursts_c, play.bursts, strict=False):
        slot.signal, slot.heard = burst.signal, burst.heard
        slot.octets, slot.noise = burst.octets, burst.noise
        slot.after_us, slot.length_us = burst.after_us, burst.length_us
        slot.first_frame, slot.frame_count = first, len(burst.frames)
        first += len(burst.frames)
    offset = 0
    for slot, (frame, good) in zip(frames_c, frames, strict=False):
        slot.offset, slot.length, slot.bad = offset, len(frame), not good
        offset += len(frame)
    content = {
        "incoming": play.incoming,
        "burst_count": len(play.bursts),
        "frame_count": len(frames),
        "octet_count": len(octets),
        "bursts": bursts_c,
        "frames": frames_c,
        "octets": octets_c,
    }
    return [ffi.new("struct fl_play *", content), bursts_c, frames_c, octets_c]
