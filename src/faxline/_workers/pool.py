"""Workers for documents, as our process sees them.

Nothing here opens a document: a worker gets files that are open, and what it answers is checked. The thread
that waits for a worker waits in poll(), where a signal reaches it.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from faxline._documents.source import DocumentError
from faxline._guarded import log
from faxline._workers import wire
from faxline.limits import Limits

# A package of this name without what `import faxline` gives: a worker needs the inside only.
_BOOT = """\
import json, socket, sys
control, paths, package = json.loads(sys.argv[1])
sys.path[:] = paths
faxline = sys.modules["faxline"] = type(sys)("faxline")
faxline.__path__ = [package]
from faxline._workers import forker
forker.run(socket.socket(fileno=control))
"""

_SLICE_MS = 100
_WORDS_MAX = 4096
_END_S = 2.0


class _Forker:
    """The process that forks workers, started once."""

    def __init__(self) -> None:
        """Does not wait for it. Raises OSError."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        paths = [os.path.abspath(path) for path in sys.path]
        package = str(Path(__file__).resolve().parent.parent)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, json.dumps([theirs.fileno(), paths, package])],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C on the terminal is ours to heed
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._control = ours
        self._jobs = 0

    def job(self, needs: list[str]) -> tuple[int, socket.socket, int]:
        """A worker: its number, our end of its socket, and of the pipe for its last words. Raises OSError."""
        self._jobs += 1
        ours, theirs = socket.socketpair()
        words, pipe = os.pipe()
        try:
            os.set_blocking(pipe, False)  # whatever a library has to say, nobody waits for it to be read
            order = " ".join(["job", str(self._jobs), *needs]).encode()
            socket.send_fds(self._control, [order], [theirs.fileno(), pipe])
        except BaseException:
            ours.close()
            os.close(words)
            raise
        finally:
            theirs.close()
            os.close(pipe)
        return self._jobs, ours, words

    def lives(self) -> bool:
        return self._process.poll() is None

    def kill(self, number: int) -> None:
        with suppress(OSError):  # it is gone, and its workers with it
            self._control.send(f"kill {number}".encode())

    def forget(self) -> None:
        """In a child of the process that it belongs to."""
        self._control.close()
        self._process.returncode = 0  # not ours to wait for

    def close(self) -> None:
        self._control.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_lock = threading.Lock()
_forker: _Forker | None = None


def warm() -> None:
    """Has the forker started, and does not wait for it. What goes wrong is told when it is needed."""
    with suppress(OSError), _lock:
        _started()


def _started() -> _Forker:
    """Under the lock. Raises OSError."""
    global _forker
    if _forker is None:
        _forker = _Forker()
    return _forker


def _hired(needs: list[str]) -> tuple[_Forker, int, socket.socket, int]:
    """Raises OSError."""
    global _forker
    with _lock:
        try:
            forker = _started()
            return forker, *forker.job(needs)
        except OSError:
            if _forker is None:
                raise
            # It was killed: the next one.
            _forker.close()
            _forker = None
            forker = _started()
            return forker, *forker.job(needs)


@atexit.register
def close() -> None:
    """Ends the forker, and every worker with it."""
    global _forker
    with _lock:
        forker, _forker = _forker, None
        idle, _idle[:] = list(_idle), []
    for process in idle:
        process.end()
    if forker is not None:
        forker.close()


def _after_fork() -> None:
    global _forker, _lock
    _lock = threading.Lock()
    forker, _forker = _forker, None
    for process in _idle:
        process.end()
    _idle.clear()
    if forker is not None:
        forker.forget()


os.register_at_fork(after_in_child=_after_fork)


_IDLE_MAX = 2
"""Workers that have read a document without a fault, and wait for the next one."""
_DOCUMENTS_MAX = 100
"""Then a worker makes room for one that is as good as new."""


class _Process:
    """A worker, as its forker knows it."""

    def __init__(self, limits: Limits, needs: list[str]) -> None:
        """Raises OSError, RuntimeError, ValueError."""
        self.limits = limits
        self.forker, self.number, self.sock, self.words = _hired(needs)
        self.pid = os.getpid()
        self.documents = 0
        self.said = b""

    def listen(self) -> bool:
        """Takes what it says on its stderr; False at the end."""
        words = os.read(self.words, _WORDS_MAX)
        self.said = (self.said + words)[-_WORDS_MAX:]
        return bool(words)

    def tell(self, place: str) -> None:
        """Logs what it has said."""
        if self.said:
            log.info("%s: %s", place, self.said.decode(errors="replace").strip("\0 \n"))
        self.said = b""

    def is_idle(self) -> bool:
        """It and its forker live, and it has nothing to say."""
        heard, _, _ = select.select([self.sock.fileno(), self.words], [], [], 0)
        return not heard and self.forker.lives()

    def end(self) -> None:
        """Whatever it does."""
        self.sock.close()
        if os.getpid() == self.pid:
            self.forker.kill(self.number)
        os.close(self.words)


_idle: list[_Process] = []


def _recalled(limits: Limits) -> _Process | None:
    """An idle worker with these limits."""
    with _lock:
        found = next((process for process in _idle if process.limits == limits), None)
        if found is not None:
            _idle.remove(found)
    if found is not None and not found.is_idle():
        found.end()
        return None
    return found


def _kept(process: _Process) -> bool:
    """For the next document; False when there are enough."""
    process.documents += 1
    if process.documents >= _DOCUMENTS_MAX or os.getpid() != process.pid or not process.is_idle():
        return False
    with _lock:
        if process.forker is not _forker:
            return False
        _idle.append(process)
        spare = _idle.pop(0) if len(_idle) > _IDLE_MAX else None
    if spare is not None:
        spare.end()
    return True


class Worker:
    """A process that reads the files of a document. Found or made when it is first asked; not thread safe.
    One that has read a document without a fault reads the next one, too: to start it takes ten milliseconds.

    check is called several times a second while it works, and ends the wait by what it raises."""

    def __init__(
        self, limits: Limits, *, names: tuple[str, ...] = (), check: Callable[[], None] | None = None
    ) -> None:
        self._limits = limits
        self._check = check
        self._needs = ["pdf"] if any(name.lower().endswith(".pdf") for name in names) else []
        self._process: _Process | None = None
        self._at_work = False
        """It was asked, and has not answered all of it, or was at fault."""
        self._place = ""
        """What it is at, for messages."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def ask(
        self, place: str, fields: wire.Fields, file: int | None = None
    ) -> Iterator[tuple[wire.Fields, bytes]]:
        """Its answers. place: what it is about. file: a descriptor that it gets a copy of. Raises
        DocumentError."""
        self._place = place
        self._at_work = True
        with suppress(OSError):  # it has ended already, and reading says how
            wire.send(self._hire(), fields, files=() if file is None else (file,))
        while True:
            try:
                answer, octets = wire.receive(self._read)
            except wire.WireError as error:
                raise self._over(f"its reader gave no sensible answer ({error})") from None
            if "error" in answer:
                raise DocumentError(str(answer["error"]))
            if "done" in answer:
                self._at_work = False
                return
            if "at" in answer:
                self._place = str(answer["at"])
            else:
                yield answer, octets

    def _hire(self) -> socket.socket:
        if self._process is None:
            try:
                self._process = _recalled(self._limits) or _Process(self._limits, self._needs)
            except (OSError, RuntimeError, ValueError) as error:
                raise DocumentError(
                    f"{self._place}: no process can be started to read it in ({error})"
                ) from None
            environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
            limits = {name: getattr(self._limits, name) for name in Limits.__slots__}
            wire.send(self._process.sock, {"limits": limits, "environment": environment})
        return self._process.sock

    def _read(self, count: int) -> bytes:
        """So many octets. Raises DocumentError when it has ended, or takes too long."""
        process = self._process
        assert process is not None
        sock = process.sock
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        poll.register(process.words, select.POLLIN)
        allowed = self._limits.page_seconds
        end = time.monotonic() + allowed
        got = bytearray()
        while len(got) < count:
            if self._check is not None:
                self._check()
            if allowed and time.monotonic() > end:
                raise self._over(f"reading it takes longer than {allowed} s (Limits.page_seconds)")
            for fd, _ in poll.poll(_SLICE_MS):
                if fd == process.words:
                    if not process.listen():
                        poll.unregister(fd)
                    continue
                try:
                    part = sock.recv(count - len(got))
                except ConnectionError:
                    part = b""
                if not part:
                    raise self._over(self._end(process))
                got += part
        return bytes(got)

    def _end(self, process: _Process) -> str:
        """How it ended, once it has."""
        while process.listen():
            pass
        said, _, status = process.said.rpartition(b"\0")
        process.said = said
        try:
            code = int(status)
        except ValueError:
            return f"the process that reads it is gone ({status.decode(errors='replace') or 'killed'})"
        limits = self._limits
        if code == -signal.SIGXCPU:
            return (
                f"reading it takes longer than {limits.cpu_seconds} s of the processor (Limits.cpu_seconds)"
            )
        reason = signal.Signals(-code).name if code < 0 else f"status {code}"
        return (
            f"its reader ends with {reason}: it is broken, or needs more than {limits.memory_mib} MiB "
            "of memory (Limits.memory_mib)"
        )

    def _over(self, reason: str) -> DocumentError:
        """It is of no more use."""
        self.close()
        return DocumentError(f"{self._place}: {reason}")

    def close(self) -> None:
        """Lets it go, for another document or, when it is at work or at fault, for good. A second call does
        nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.pid == os.getpid() and select.select([process.words], [], [], 0)[0]:
            process.listen()
        process.tell(self._place)
        if self._at_work or not _kept(process):
            process.end()


_ENVIRONMENT = ("HOME", "FAXLINE_FONT", "FAXLINE_MONO_FONT")
"""What a worker looks at; it may have changed since the forker was started."""
