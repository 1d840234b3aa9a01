"""The soft device: a Class 1 modem that spandsp makes out of 8 kHz audio, with real V.21, V.27ter, V.29 and
V.17 signals on a line that can be as bad as one likes.

    from faxline import CallChannel, soft

    with CallChannel(soft.address(noise=-50, delay=20, save="received.tif")) as channel: ...

It is a modem that we did not write; at the other end of its line is spandsp's own fax terminal, which we did
not write either, or another soft modem of this process (`soft:1` calls `soft:2`). Time is virtual, as on
`sim:`. It needs the optional extension faxline._soft, see available().
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from faxline._devices.address import address_text
from faxline._devices.soft import fax_file, soft_line
from faxline._engine.soft_modem import Audio, Outcome, SoftLine, Terminal, built, need
from faxline._engine.soft_modem import between as _between
from faxline._lines.ptys import FIRST_NUMBER, Socket, Sockets, numbers, of_line
from faxline.channel import CallChannel
from faxline.device import resolve

__all__ = [
    "Audio",
    "Outcome",
    "PtyModems",
    "Terminal",
    "address",
    "available",
    "between",
    "call_in",
    "held",
    "outcome",
]


def available() -> bool:
    """Whether the extension was built with this installation: it is where spandsp's headers were."""
    return built()


def address(number: str = "", **options: object) -> str:
    """A `soft:` address for CallChannel: number is the line's own; the options are those of the table in
    docs/soft.md, with _ for -, such as noise=-50, not_ready=2, modems="v29,v27".

    Raises Error for an option or a value that does not exist, naming those that do, and when the extension is
    missing.
    """
    text = _text(number, options)
    resolve(text)
    return text


def _text(number: str, options: Mapping[str, object]) -> str:
    return address_text("soft", number, {name.replace("_", "-"): value for name, value in options.items()})


# ---- for other programs ----


class PtyModems(Sockets):
    """Soft modems, each on a pseudo-terminal for any fax program, in line time; they call each other by their
    numbers, and spandsp's terminal by any other.

    with soft.PtyModems(["/tmp/fax0", "/tmp/fax1"], noise=-55) as modems: ...
    """

    def __init__(
        self,
        links: Sequence[str | os.PathLike[str]],
        *,
        number: str = FIRST_NUMBER,
        save: str | os.PathLike[str] | None = None,
        **wanted: object,
    ) -> None:
        """links: a symbolic link to each pseudo-terminal is made there. number: of the first line; the next
        one's is one higher. save: the TIFF in which a line's terminal keeps its latest call; with several
        lines, the number goes before its suffix. wanted: options of address(), such as speed, delay, noise.

        Raises Error for a value that does not exist, for a link that cannot be made, and when the extension
        is missing.
        """
        super().__init__()
        self._ends: list[SoftLine] = []
        paths = [Path(os.fsdecode(link)) for link in links]

        def sockets() -> Iterator[Socket]:
            for path, own in zip(paths, numbers(number, len(paths)), strict=True):
                kept = None if save is None else of_line(save, own, len(paths) > 1)
                device = resolve(_text(own, {**wanted, "pace": "real", "save": kept}))
                self._ends.append(soft_line(device))
                yield Socket(path, replace(device.config, pty=True), own)

        self._plug(sockets())

    def call_in(self, document: str | os.PathLike[str], index: int = 0) -> None:
        """spandsp's terminal calls the modem of that line (lines[index]) with a TIFF that is a fax."""
        end = self._ends[index]
        end.call(replace(end.terminal, send=fax_file(os.fspath(document))))
        self._sockets[index].wake()

    def outcome(self, index: int = 0) -> Outcome:
        """What spandsp's terminal makes of its last call with the modem of that line (lines[index])."""
        return self._ends[index].outcome()

    def held(self, index: int = 0) -> float:
        """Line seconds from answer to hang-up of the last call that the modem of that line dialled."""
        return self._ends[index].held_s()


# ---- the far end ----


def _line(channel: CallChannel) -> SoftLine:
    return soft_line(channel._line.device)


def call_in(channel: CallChannel, document: str | os.PathLike[str] | None = None) -> None:
    """spandsp's terminal calls this line as soon as it is free: with a document, a TIFF that is a fax; or
    with none, to poll ours."""
    line = _line(channel)
    with channel._line.changed:
        engine = channel._line.open_engine()
        line.call(replace(line.terminal, send="" if document is None else fax_file(os.fspath(document))))
        engine.wake()


def outcome(channel: CallChannel) -> Outcome:
    """What spandsp's terminal at the other end makes of its last call."""
    return _line(channel).outcome()


def held(channel: CallChannel) -> float:
    """Line seconds from answer to hang-up of the last call that was dialled here or by the terminal."""
    return _line(channel).held_s()


def between(audio: Audio, caller: Terminal, called: Terminal) -> tuple[float, Outcome, Outcome]:
    """A call between two of spandsp's terminals over such a line, without us: how long the line stood, and
    how it went at either end. Raises Error when the extension is missing."""
    need("a call between terminals")
    return _between(audio, caller, called)
