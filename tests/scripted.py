"""A Class 1 modem on a pseudo-terminal that answers by a script: for what no good modem does.

It answers commands at once, from a table, in a thread; what it was told is kept.
"""

import contextlib
import os
import re
import select
import threading
import tty
from collections.abc import Callable
from typing import Self

Answer = str | None | Callable[["ScriptedModem"], None]

ANSWERS: dict[str, Answer] = {
    r"AT\+FMI\?": "Bench\r\n\r\nOK",
    r"AT\+FMM\?": "Scripted\r\n\r\nOK",
    r"ATI3": "V1\r\n\r\nOK",
    r"AT\+FCLASS=\?": "0,1\r\n\r\nOK",
    r"AT\+F[TR]M=\?": "24,48,72,96,97,121,145\r\n\r\nOK",
    r"ATD.*": "BUSY",
    r"AT.*": "OK",
}


class ScriptedModem:
    """answers: by the command (a regular expression), before those of ANSWERS. None: no answer; a function
    does what it likes. deaf: reads nothing."""

    def __init__(self, answers: dict[str, Answer] | None = None, *, deaf: bool = False) -> None:
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self.commands: list[str] = []
        own = answers or {}
        self._answers = own | {ask: said for ask, said in ANSWERS.items() if ask not in own}
        self._stopped, self._stop = os.pipe()
        self._gone = False
        self.rings = False
        """Says RING again and again."""
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        if not deaf:
            self._thread.start()

    def device(self, speed: int = 20, path: object = None) -> str:
        """Its address. path: another name of the port."""
        return f"class1:{path or self.path}?speed={speed}"

    def say(self, text: str) -> None:
        self.say_octets(f"\r\n{text}\r\n".encode("latin-1"))

    def say_octets(self, octets: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(self.master, octets)

    def wait_for(self, command: str) -> None:
        """Until it was told this: a regular expression."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: any(re.fullmatch(command, told) for told in self.commands), 20
            ), self.commands

    def unplug(self) -> None:
        """Both ends are closed: whoever has the port open has a dead one. Any number of times."""
        if self._gone:
            return
        self._gone = True
        os.write(self._stop, b"x")
        if self._thread.ident is not None and threading.current_thread() is not self._thread:
            self._thread.join()
        os.close(self._slave)
        os.close(self.master)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.unplug()
        os.close(self._stop)
        os.close(self._stopped)

    def _run(self) -> None:
        line = b""
        while not self._gone:
            readable, _, _ = select.select([self.master, self._stopped], [], [], 0.02)
            if self._stopped in readable:
                return
            if self.master not in readable:
                if self.rings:
                    self.say("RING")
                continue
            line += os.read(self.master, 4096)
            while b"\r" in line:
                command, line = line.split(b"\r", 1)
                self._answer(command.lstrip(b"\x10\x03\x18").decode("latin-1"))

    def _answer(self, command: str) -> None:
        with self._changed:
            self.commands.append(command)
            self._changed.notify_all()
        for pattern, answer in self._answers.items():
            if not re.fullmatch(pattern, command):
                continue
            if callable(answer):
                answer(self)
            elif answer is not None:
                self.say(answer)
            return


def frame(octets: bytes) -> bytes:
    """A frame as a modem delivers it: with its check sequence, shielded, ended."""
    fcs = 0xFFFF
    for octet in octets:
        fcs ^= octet
        for _ in range(8):
            fcs = fcs >> 1 ^ (0x8408 if fcs & 1 else 0)
    whole = octets + (fcs ^ 0xFFFF).to_bytes(2, "little")
    return whole.replace(b"\x10", b"\x10\x10") + b"\x10\x03"
