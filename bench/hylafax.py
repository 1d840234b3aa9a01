"""HylaFAX's own two ends of a call, faxsend and faxgetty, in a spool of their own: for tests and the
benchmark.

Nothing of the system's HylaFAX is used but its programs: not its spool, its queue or its configuration. They
come from Debian's package, installed, or unpacked below the virtual environment as `./dev` does it. Both want
the real user root, and go on as uucp.
"""

import os
import pwd
import select
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from one_page import pages_of, write

USER = "uucp"
FOLDERS = "archive bin client config dev docq doneq etc info log pollq recvq sendq status tmp"
ECM = {False: 0, True: 2}
"""Its numbers for error correction (frames of 256 octets), codings and rates."""
CODINGS = {"MH": 0, "MR": 1, "MMR": 3}
RATES = {2400: 0, 4800: 1, 7200: 2, 9600: 3, 12000: 4, 14400: 5}
DELIVERED = 2
"""faxsend's status when every page was confirmed."""

# The delays are by the clock, before the call: what it grants a modem after DTR went down and after ATZ.
CONFIG = """\
ModemType: Class1
ModemFlowControl: none
ModemResetDelay: 0
ModemSoftResetCmdDelay: 0
RingsBeforeAnswer: 1
FAXNumber: {number}
LocalIdentifier: {identifier}
UUCPLockDir: {spool}/dev
RecvFileMode: 0644
LogFileMode: 0644
ServerTracing: 0xFFF
SessionTracing: 0xFFF
PriorityScheduling: no
"""

JOB = """\
external:{number}
number:{number}
modem:any
mailaddr:root
sender:faxline
jobid:1
client:localhost
owner:root
jobtype:facsimile
state:6
npages:0
totpages:{pages}
maxdials:1
maxtries:1
pagehandling:{handling}
"""


class Missing(Exception):
    """Why HylaFAX can't be run here, in a sentence."""


@dataclass(frozen=True, slots=True)
class Programs:
    getty: Path
    send: Path
    library: Path

    @classmethod
    def find(cls) -> Self:
        """Raises Missing."""
        for root in (Path("/"), Path(sys.prefix, "hylafax")):
            library = root / "usr/lib/hylafax"
            programs = cls(root / "usr/sbin/faxgetty", library / "bin/faxsend", library)
            if programs.getty.exists() and programs.send.exists():
                break
        else:
            raise Missing("needs HylaFAX: apt-get install hylafax-server, or ./dev test, which unpacks it")
        if os.getuid() != 0:
            raise Missing("HylaFAX's faxgetty and faxsend run for root only")
        return programs


class Spool:
    """A folder as the server has it. In /tmp: uucp must get there, and pytest's folders are closed to it."""

    def __init__(self, programs: Programs) -> None:
        self.programs = programs
        self.owner = pwd.getpwnam(USER)
        self.path = Path(tempfile.mkdtemp(prefix="hylafax-"))
        self.path.chmod(0o755)
        for name in FOLDERS.split():
            (self.path / name).mkdir()
        # The queue's end of all news: a program says here what it does.
        os.mkfifo(self.path / "FIFO")
        # What is done with a fax that came in: nothing.
        (self.path / "bin/faxrcvd").write_text("#!/bin/sh\n")
        (self.path / "bin/faxrcvd").chmod(0o755)
        self.give()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path)

    def give(self) -> None:
        """What was put there is uucp's."""
        for path in (self.path, *self.path.rglob("*")):
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid, follow_symlinks=False)

    def set_up(self, tty: str, number: str, identifier: str, more: str = "") -> str:
        """Writes a modem's configuration. Returns its name: the device without /dev/, slashes underscored."""
        name = tty.removeprefix("/dev/").replace("/", "_")
        text = CONFIG.format(number=number, identifier=identifier, spool=self.path) + more
        (self.path / f"etc/config.{name}").write_text(text)
        self.give()
        return name

    def run(self, *command: str | Path) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [*map(str, command)],
            cwd=self.path,
            env=os.environ | {"LD_LIBRARY_PATH": str(self.programs.library)},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def log(self) -> str:
        """Every session's, in order."""
        return "".join(path.read_text(errors="replace") for path in sorted((self.path / "log").glob("c*")))


class Getty:
    """faxgetty on a modem: answers every call and receives."""

    def __init__(self, spool: Spool, tty: str, number: str, identifier: str = "HylaFAX") -> None:
        self.spool = spool
        self.name = spool.set_up(tty, number, identifier)
        self._news = os.open(spool.path / "FIFO", os.O_RDWR | os.O_NONBLOCK)
        self._heard = b""
        self._process = spool.run(spool.programs.getty, "-q", spool.path, "-p", tty)

    def ready(self, patience_s: float = 60) -> None:
        """Returns when the modem waits for calls. Raises TimeoutError."""
        self._hear(f"+{self.name}:R", patience_s)

    def received(self, patience_s: float = 60) -> list[Path]:
        """The fax that came in, when all of it is there: a file for each format. Raises TimeoutError."""
        self._hear(f"@{self.name}:D", patience_s)
        self._hear(f"@{self.name}:E", patience_s)
        return sorted((self.spool.path / "recvq").glob("fax*.tif"))

    def _hear(self, news: str, patience_s: float) -> None:
        wanted, until = news.encode(), time.monotonic() + patience_s
        while wanted not in self._heard:
            if not select.select([self._news], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError(f"faxgetty did not say {news}:\n{self.spool.log()}")
            self._heard += os.read(self._news, 4096)
        self._heard = self._heard[self._heard.index(wanted) :]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)
        os.close(self._news)


def send(
    spool: Spool,
    tty: str,
    number: str,
    fax: Path,
    *,
    ecm: bool = True,
    coding: str = "MMR",
    rate: int = 14400,
    fine: bool = True,
    identifier: str = "HylaFAX",
    patience_s: float = 600,
) -> bool:
    """Sends a TIFF with faxsend. Whether it says that all of it was delivered."""
    # As the queue prepares a job: every page coded as it goes out.
    documents: list[str] = []
    for page, dpi in pages_of(fax):
        documents.append(f"docq/{len(documents)}.tif")
        write(spool.path / documents[-1], page, dpi, coding)
    # A page in one octet, then what comes behind it: MPS or EOP. 1728 pixels, of any length.
    form = f"{fine | 2 << 4 | CODINGS[coding] << 6:02x}"
    handling = f"{form}S" * (len(documents) - 1) + f"{form}P"
    job = JOB.format(number=number, pages=len(documents), handling=handling)
    (spool.path / "sendq/q1").write_text(job + "".join(f"fax:0::{name}\n" for name in documents))
    wanted = f"DesiredEC: {ECM[ecm]}\nDesiredDF: {CODINGS[coding]}\nDesiredBR: {RATES[rate]}\n"
    name = spool.set_up(tty, number, identifier, wanted)
    process = spool.run(spool.programs.send, "-p", "-m", name, "sendq/q1")
    try:
        return process.wait(patience_s) == DELIVERED
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Lets a program of theirs hang up and go."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
