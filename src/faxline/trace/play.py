"""The far end of a recorded call as a list of bursts, for a simulated far machine to play.

That machine understands nothing: it says what it said then, burst by burst, with its gaps and lengths,
however good our training is now. Pages that it sent were not recorded and are noise of the same length; its
TCF is zeros.
"""

import os
from collections.abc import Iterator

from faxline._engine.play import PLAY_CED, PLAY_CNG, PLAY_DROP, PLAY_V21, Play, PlayBurst
from faxline.errors import Error
from faxline.trace.carriers import MODULATIONS
from faxline.trace.reader import TracedCall, load
from faxline.trace.story import FAR, OURS, Burst, Story

_CODES = {name: code for code, name in MODULATIONS.items()} | {"V.21": PLAY_V21}
_TONES = {"CED": PLAY_CED, "CNG": PLAY_CNG}
# A modem says CONNECT when it has heard so much of a V.21 carrier.
_CONNECT_US = 250_000
_FRAME_MAX = 398
_OCTETS_MAX = 1 << 30


def play_of_file(path: str | os.PathLike[str]) -> Play:
    """The far end of the first call of a trace. Raises Error when there is nothing to play, OSError."""
    calls = load(path).calls
    if not calls:
        raise Error("there is no call in it")
    return play_of(calls[0])


def play_of(call: TracedCall) -> Play:
    """The far end of a call. Raises Error when it never said anything."""
    story = call.story
    if call.verdict.outcome in ("no-answer", "nothing"):
        raise Error("the call was not answered: there is nothing to play")
    measured = any(line.get("kind") == "signal" for line in call.lines)
    bursts = tuple(_bursts(story, measured, call.verdict.raw_cause == "far.line-down", _ended_us(call)))
    if not bursts:
        raise Error("the far end said nothing that could be played")
    return Play(story.incoming, bursts)


def _ended_us(call: TracedCall) -> int:
    ended = [line["t"] for line in call.lines if line.get("event") == "fax-ended"]
    return int(ended[-1]) if ended else call.story.end_us


def _bursts(story: Story, measured: bool, dropped: bool, ended_us: int) -> Iterator[PlayBurst]:
    ours = [burst for burst in story.bursts if burst.station == OURS and burst.kind != "tone"]
    since, counted = story.begin_us, 0
    far = [burst for burst in story.bursts if burst.station == FAR and _signal(burst) is not None]
    for burst in far:
        begin = burst.begin_us - (0 if measured or burst.signal != "V.21" else _CONNECT_US)
        ended = [other.end_us for other in ours if not other.open and other.end_us <= begin]
        heard = len(ended) - counted
        gap = begin - (ended[-1] if heard > 0 else since)
        signal = _signal(burst)
        assert signal is not None
        yield PlayBurst(
            signal,
            max(0, heard),
            max(0, gap),
            max(0, burst.end_us - begin),
            min(burst.octets or 0, _OCTETS_MAX),
            noise=burst.kind == "page",
            frames=tuple(
                (frame.octets[:_FRAME_MAX], frame.heard is not False)
                for frame in burst.frames
                if not frame.lost
            ),
        )
        since, counted = burst.end_us, len(ended)
    if dropped:
        ended = [other.end_us for other in ours if not other.open and other.end_us < ended_us]
        heard = max(0, len(ended) - counted)
        gap = ended_us - (ended[-1] if heard else since)
        yield PlayBurst(PLAY_DROP, heard, max(0, gap), 0)


def _signal(burst: Burst) -> int | None:
    return _TONES.get(burst.signal) if burst.kind == "tone" else _CODES.get(burst.signal)
