"""iaxmodem, a software modem by others that carries a call as voice over IP: two of them, joined over UDP on
this machine.

Each reads /etc/iaxmodem and logs to /var/log: it gets an /etc and a /var/log of its own, in a mount
namespace, so nothing of the system's is touched. It goes by the clock, and wants root.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

START_S = 30
BUSY_AFTER_HANGUP_S = 6
"""It refuses calls for five seconds after each hang-up, also the one with which a program begins."""

CONFIG = """\
device {link}
owner root:root
mode 660
port {port}
refresh 0
server 127.0.0.1:{other}
peername faxline
secret none
cidname faxline
cidnumber 5550001
codec {codec}
"""
RUN = 'mount --bind "$1/etc" /etc && mount --bind "$1/log" /var/log && exec "$2" "$3"'


class Missing(Exception):
    """Why it can't be run here, in a sentence."""


def find() -> Path:
    """Raises Missing."""
    found = shutil.which("iaxmodem") or shutil.which(
        "iaxmodem", path=os.fspath(Path(sys.prefix, "iaxmodem/usr/bin"))
    )
    if found is None:
        raise Missing("needs iaxmodem: apt-get install iaxmodem, or ./dev test, which unpacks it")
    if os.getuid() != 0:
        raise Missing("iaxmodem runs for root only")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        raise Missing("iaxmodem reads /etc: needs a mount namespace to give it another")
    return Path(found)


@dataclass(frozen=True, slots=True)
class Modem:
    link: str
    process: "subprocess.Popen[bytes]"


class Pair:
    """Two modems; whatever the one dials reaches the other."""

    def __init__(self, program: Path, folder: Path, codec: str = "slinear") -> None:
        for name in ("etc/iaxmodem", "log/iaxmodem"):
            (folder / name).mkdir(parents=True)
        for name in ("passwd", "group"):
            shutil.copy(Path("/etc", name), folder / "etc")
        ports = free_ports(2)
        self.modems = []
        for name, port, other in (("a", *ports), ("b", *reversed(ports))):
            link = str(folder / name)
            config = CONFIG.format(link=link, port=port, other=other, codec=codec)
            (folder / "etc/iaxmodem" / name).write_text(config)
            command = ["unshare", "--mount", "sh", "-c", RUN, "sh", str(folder), str(program), name]
            with open(folder / f"{name}.out", "wb") as out:
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            self.modems.append(Modem(link, process))
        until = time.monotonic() + START_S
        while not all(Path(modem.link).exists() for modem in self.modems):
            if time.monotonic() > until:
                self.close()
                said = "".join((folder / f"{name}.out").read_text() for name in "ab")
                raise TimeoutError(f"iaxmodem made no device:\n{said}")
            time.sleep(0.01)  # it does not say when

    def close(self) -> None:
        for modem in self.modems:
            modem.process.terminate()
            modem.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
