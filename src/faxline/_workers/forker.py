"""The forker: a process with everything imported, that forks the workers.

It has one thread, opens no document, and holds nothing that a worker should not see: so a fork of it is safe,
takes a few milliseconds, and each worker is as good as new. Its control socket says what to
do: `job NUMBER NEEDS` with the worker's end of a socket and a pipe for its last words; `kill NUMBER`. At its
end, our process is gone, however that came: it kills the workers and ends.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import traceback
from contextlib import suppress

from faxline._workers import worker

# Also looked for so often: whether our process is still the parent. A child that it forked may hold the other
# end of the control socket.
_LOOK_MS = 1000

_NEEDS = {"pdf": "pypdfium2"}
"""What is imported once a document wants it: it takes its time."""


def run(control: socket.socket) -> None:
    """The life of the forker."""
    gc.freeze()  # what is there already is shared with the workers, and stays so
    _Forker(control).run()


class _Forker:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._parent = os.getppid()
        self._workers: dict[int, tuple[int, int]] = {}  # by process id: number of the job, pipe
        self._woken, wakes = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(wakes, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)

    def run(self) -> None:
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        while os.getppid() == self._parent:
            for fd, _ in poll.poll(_LOOK_MS):
                if fd == self._woken:
                    with suppress(BlockingIOError):
                        os.read(self._woken, 4096)
                elif not self._obey():
                    return self._end()
            self._bury()
        return self._end()

    def _obey(self) -> bool:
        """One order; False at the end of our process."""
        text, fds, _, _ = socket.recv_fds(self._control, 256, 2)
        if not text:
            return False
        order, number, *needs = text.decode().split()
        if order == "job" and len(fds) == 2:
            self._fork(int(number), needs, *fds)
        else:
            for pid, (job, _pipe) in self._workers.items():
                if job == int(number):  # not buried yet, so that the process is still this one
                    os.kill(pid, signal.SIGKILL)
        return True

    def _fork(self, number: int, needs: list[str], sock: int, pipe: int) -> None:
        for need in needs:
            with suppress(Exception):  # the worker says what is missing
                importlib.import_module(_NEEDS[need])
        try:
            pid = os.fork()
        except OSError as error:
            with suppress(OSError):
                os.write(pipe, f"\0{error}".encode())
            pid = -1
        if pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for other in (self._control.fileno(), self._woken, *(p for _, p in self._workers.values())):
                    os.close(other)
                worker.run(socket.socket(fileno=sock), pipe)
                os._exit(0)
            finally:  # whatever happened
                traceback.print_exc()
                os._exit(1)
        os.close(sock)
        if pid > 0:
            self._workers[pid] = (number, pipe)
        else:
            os.close(pipe)

    def _bury(self) -> None:
        """Says of each worker that has ended how it did."""
        while self._workers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            _, pipe = self._workers.pop(pid)
            with suppress(OSError):  # nobody listens any more
                os.write(pipe, f"\0{os.waitstatus_to_exitcode(status)}".encode())
            os.close(pipe)

    def _end(self) -> None:
        for pid in self._workers:
            os.kill(pid, signal.SIGKILL)
