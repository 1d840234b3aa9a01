"""Simulated modems on pseudo-terminals: what a program sees that opens, uses, closes and dies on one."""

import os
import queue
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self

import pages
import pytest

from faxline import CallChannel, Error, FaxToReceive, FaxToSend, sim
from faxline.causes import CallState

pytestmark = pytest.mark.wallclock
SPEED = 20
"""A scheduler is late by a millisecond now and then, which is 20 on these lines; T.30 gives answers 20."""
CAREFUL = 10
"""Where a modem's fault leaves less room than that."""
PATIENCE_S = 20


class Program:
    """A program with the modem open; it waits for what the modem says, and never sleeps."""

    def __init__(self, link: str) -> None:
        self.fd = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.said = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def write(self, text: str) -> None:
        for octet in text.encode("latin-1"):
            select.select([], [self.fd], [], PATIENCE_S)
            os.write(self.fd, bytes([octet]))

    def takes(self, text: str) -> bool:
        """Writes without waiting; False when there is no room."""
        try:
            return os.write(self.fd, text.encode("latin-1")) > 0
        except BlockingIOError:
            return False

    def hears(self, pattern: str, patience_s: float) -> str | None:
        """Reads until the pattern has come; returns what came up to there, None when it did not come."""
        until = time.monotonic() + patience_s
        while not (found := re.search(pattern.encode("latin-1"), self.said)):
            if not select.select([self.fd], [], [], max(0, until - time.monotonic()))[0]:
                return None
            self.said += os.read(self.fd, 4096)
        text, self.said = self.said[: found.end()], self.said[found.end() :]
        return text.decode("latin-1")

    def expect(self, pattern: str) -> str:
        text = self.hears(pattern, PATIENCE_S)
        assert text is not None, f"{pattern!r} did not come; there was {self.said!r}"
        return text

    def ask(self, command: str, answer: str = "OK\r\n") -> str:
        self.write(command + "\r")
        return self.expect(answer)


class Called(threading.Thread):
    """Our called end on a modem: receives one fax into a file."""

    def __init__(self, link: str, path: Path) -> None:
        super().__init__()
        self.channel, self.path, self.cause = CallChannel(f"class1:{link}?speed={SPEED}"), path, ""
        self.ready = threading.Event()
        self.start()

    def run(self) -> None:
        with self.channel as channel:
            self.ready.set()
            assert channel.wait_for_call(PATIENCE_S * SPEED) == "RING_INCOMING"
            assert channel.answer() == "ANSWERED"
            self.cause = channel.FaxReceiver.receive(FaxToReceive(self.path))
            channel.hang_up()


@pytest.fixture
def news() -> "queue.Queue[tuple[str, CallState]]":
    return queue.Queue()


@pytest.fixture
def modems(tmp_path: Path, news: "queue.Queue[tuple[str, CallState]]") -> Iterator[sim.PtyModems]:
    with sim.PtyModems(
        [tmp_path / "a", tmp_path / "b"],
        speed=SPEED,
        save=tmp_path / "far.tif",
        changed=lambda line, state: news.put((line.number, state)),
    ) as made:
        yield made


def wait_for(news: "queue.Queue[tuple[str, CallState]]", number: str, state: CallState) -> None:
    while news.get(timeout=PATIENCE_S) != (number, state):
        pass


def test_opened_again_and_again(modems: sim.PtyModems, news: "queue.Queue[tuple[str, CallState]]") -> None:
    """What a program did not read, and what it had begun to write, is not the next one's; settings stay."""
    with Program(modems.lines[0].link) as program:
        program.ask("ATS7=42")
    for _ in range(20):
        with Program(modems.lines[0].link) as program:
            assert program.ask("ATE0S7?").endswith("\r\n042\r\n\r\nOK\r\n")
            program.write("ATI3\rATD5550102\r")
            wait_for(news, "5550001", CallState.CALL_OUTGOING)
        wait_for(news, "5550001", CallState.IDLE)


def test_what_programs_say_at_start(modems: sim.PtyModems) -> None:
    """Echo, partial lines, A/, and the commands with which efax, mgetty, HylaFAX and minicom begin."""
    with Program(modems.lines[0].link) as program:
        program.write("A")
        program.write("T")
        program.expect("^AT$")
        assert program.ask("E0") == "E0\r\r\nOK\r\n"
        program.write("A/")
        assert program.expect("OK\r\n") == "\r\nOK\r\n"
        for command in (
            "ATZ",
            "ATQ0V1",
            "ATE0",
            "AT&F&C1&D2",
            "ATS0=0",
            "ATS8=2S7=60",
            "ATM0L0",
            "ATX4",
            "AT&H3",
            "AT+FCLASS=0",
            "AT+FAE=0",
            "AT&K3",
            "at+fclass=1",
            "AT\\Q3",
        ):
            program.ask(command)
        assert "0,1" in program.ask("AT+FCLASS=?")
        assert program.ask("AT+FCLASS?").endswith("\r\n1\r\n\r\nOK\r\n")
        assert "faxline" in program.ask("AT+FMI?")
        assert "145,146" in program.ask("AT+FTM=?")
        program.ask("AT+NOSUCH", "ERROR\r\n")
        program.ask("AT" + "S0=0" * 100, "ERROR\r\n")
        program.ask("ATH0")


def test_lines_call_each_other(
    modems: sim.PtyModems, news: "queue.Queue[tuple[str, CallState]]", tmp_path: Path
) -> None:
    """Two of our channels as the programs, and the pages bit for bit."""
    sent = pages.save_fax(tmp_path / "fax.tif", 3)
    called = Called(modems.lines[1].link, tmp_path / "got.tif")
    called.ready.wait(PATIENCE_S)
    with CallChannel(f"class1:{modems.lines[0].link}?speed={SPEED}") as channel:
        assert channel.call(modems.lines[1].number) == "ANSWERED"
        assert channel.FaxSender.send(FaxToSend(tmp_path / "fax.tif")) == "NORMAL"
        channel.hang_up()
    called.join()
    assert called.cause == "NORMAL"
    assert pages.all_rows(tmp_path / "got.tif") == [pages.rows(page) for page in sent]
    told = [news.get(timeout=PATIENCE_S) for _ in range(6)]
    assert [state for number, state in told if number == "5550002"] == ["RING_INCOMING", "ANSWERED", "IDLE"]
    assert [state for number, state in told if number == "5550001"] == ["CALL_OUTGOING", "ANSWERED", "IDLE"]


@pytest.mark.parametrize("kind", [kind.name for kind in sim.modems()])
def test_far_machine(tmp_path: Path, kind: str) -> None:
    """A far machine of the exchange, through every kind of modem: the driver finds the profile by itself."""
    sent = pages.save_fax(tmp_path / "fax.tif", 1)
    with (
        sim.PtyModems([tmp_path / "m"], speed=CAREFUL, save=tmp_path / "far.tif", personality=kind) as modems,
        CallChannel(f"class1:{modems.lines[0].link}?speed={CAREFUL}") as channel,
    ):
        assert channel.call("5550100") == "ANSWERED"
        assert channel.FaxSender.send(FaxToSend(tmp_path / "fax.tif")) == "NORMAL"
    assert pages.all_rows(tmp_path / "far.tif") == [pages.rows(page) for page in sent]


def test_closing_hangs_up(modems: sim.PtyModems, news: "queue.Queue[tuple[str, CallState]]") -> None:
    """A pseudo-terminal has no DTR: the last close is its fall. The other end's call is over, too."""
    with Program(modems.lines[1].link) as called:
        called.ask("AT+FCLASS=1;S0=1")
        with Program(modems.lines[0].link) as caller:
            caller.ask("AT+FCLASS=1")
            caller.write("ATD5550002\r")
            called.expect("RING\r\n")
            wait_for(news, "5550001", CallState.ANSWERED)
        called.expect("NO CARRIER\r\n")
    wait_for(news, "5550002", CallState.IDLE)
    with Program(modems.lines[0].link) as caller:
        caller.ask("ATD5550101", "BUSY\r\n")


def test_caller_gives_up(modems: sim.PtyModems) -> None:
    """Rings stop when the caller hangs up by a key."""
    with Program(modems.lines[1].link) as called, Program(modems.lines[0].link) as caller:
        caller.write("ATD5550002\r")
        called.expect("RING\r\n")
        caller.ask("", "NO CARRIER\r\n")
        assert "RING" not in called.ask("AT")


def test_a_program_that_does_not_read(modems: sim.PtyModems) -> None:
    """It loses octets, as on a serial line, and the modem lives on."""
    with Program(modems.lines[0].link) as program:
        program.ask("ATE0V1")
        while program.takes("ATI3\r" * 8):
            pass
        for _ in range(100):
            program.write("ATS7?\r")
            if program.hears("\r\n060\r\n", 0.1):
                return
        raise AssertionError("the modem does not answer any more")


def test_fault(tmp_path: Path) -> None:
    """Unplugged in mid-call: our end of the pseudo-terminal ends with a cause within a second."""
    pages.save_fax(tmp_path / "fax.tif", 1)
    with (
        sim.PtyModems([tmp_path / "m"], speed=SPEED, far="unplug") as modems,
        CallChannel(f"class1:{modems.lines[0].link}?speed={SPEED}") as channel,
    ):
        assert channel.call("1") == "ANSWERED"
        began = time.monotonic()
        assert channel.FaxSender.send(FaxToSend(tmp_path / "fax.tif")) == "ERROR"
        assert channel.FaxSender.Details.raw_cause == "local.device"
        assert time.monotonic() - began < PATIENCE_S


def test_links(tmp_path: Path) -> None:
    stale, file, other = tmp_path / "stale", tmp_path / "file", tmp_path / "other"
    stale.symlink_to("/dev/pts/99999")
    file.write_text("precious")
    other.symlink_to(file)
    with sim.PtyModems([stale]) as modems:
        assert os.readlink(stale) == modems.lines[0].tty
    assert not os.path.lexists(stale)
    for wrong, why in ((file, "a file of that name"), (other, "not to a pseudo-terminal")):
        with pytest.raises(Error, match=why):
            sim.PtyModems([stale, wrong])
        assert not os.path.lexists(stale)
    with pytest.raises(Error, match="directory for the link does not exist"):
        sim.PtyModems([tmp_path / "no" / "where"])
    assert file.read_text() == "precious"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"speed": 0}, "speed=0"),
        ({"delay": 9999}, "delay=9999"),
        ({"far": "nobody-there"}, "far='nobody-there': there is everything"),
        ({"personality": "abacus"}, "modem='abacus': there is generic"),
        ({"faults": ["no_such"]}, "no fault 'no_such'"),
        ({"number": "x"}, "number='x'"),
        ({"save": "/no/where.tif"}, "cannot be written"),
    ],
)
def test_arguments(tmp_path: Path, wrong: dict[str, object], why: str) -> None:
    with pytest.raises(Error, match=re.escape(why)):
        sim.PtyModems([tmp_path / "m"], **wrong)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


# ---- the command ----


class Command:
    """faxline modem as a process of its own."""

    def __init__(
        self, *arguments: str | Path, stdout: int | IO[str] = subprocess.PIPE, stderr: int = 2
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "faxline", "modem", *map(str, arguments)],
            stdout=stdout,
            stderr=stderr,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_command(tmp_path: Path, number: int, status: int) -> None:
    links = [tmp_path / "a", tmp_path / "b"]
    command = Command("--pty", links[0], "--pty", links[1], "--speed", "50", "--number", "4710")
    assert [command.line(), command.line()] == [f"{links[0]}  number 4710", f"{links[1]}  number 4711"]
    with Program(str(links[0])) as caller:
        caller.write("ATD4711\r")
        # Each line has a thread of its own: which is told first is left to chance.
        assert {command.line(), command.line()} == {f"{links[0]}  dials", f"{links[1]}  rings"}
    assert command.end(number) == status
    assert list(tmp_path.iterdir()) == []


def test_command_whose_output_is_full(tmp_path: Path) -> None:
    """The modem stays, also when it has more to say."""
    link = tmp_path / "m"
    with open("/dev/full", "w") as full:
        command = Command("--pty", link, "--speed", "50", stdout=full, stderr=subprocess.PIPE)
    assert command.process.stderr is not None
    assert "cannot be written" in command.process.stderr.readline()
    for _ in range(2):
        with Program(str(link)) as program:
            program.write("ATDT5550101\r")
            program.expect("BUSY")
    assert command.end(signal.SIGTERM) == 143


@pytest.mark.parametrize("error", [ValueError("of the user"), SystemExit(1)], ids=["error", "exit"])
def test_what_is_called_raises(tmp_path: Path, error: BaseException) -> None:
    """That is told, and harms no modem."""
    moments: list[CallState] = []

    def raises(line: sim.PtyLine, state: CallState) -> None:
        moments.append(state)
        raise error

    with sim.PtyModems([tmp_path / "m"], speed=50, changed=raises):
        for _ in range(2):
            with Program(str(tmp_path / "m")) as program:
                program.write("ATDT5550101\r")
                program.expect("BUSY")
    assert moments.count(CallState.CALL_OUTGOING) == 2


def test_command_killed(tmp_path: Path) -> None:
    """A link that kill -9 left is replaced by the next start."""
    link = tmp_path / "m"
    command = Command("--pty", link)
    command.line()
    assert command.end(signal.SIGKILL) == -signal.SIGKILL
    assert link.is_symlink()
    command = Command("--pty", link)
    command.line()
    with Program(str(link)) as program:
        program.ask("AT")
    assert command.end(signal.SIGTERM) == 143
    assert not link.is_symlink()


# ---- one side dies, or stands still ----


@contextmanager
def sending_to_a_command(tmp_path: Path) -> Iterator[tuple[CallChannel, Command]]:
    """In a page, through the modem of a process of its own."""
    pages.save_fax(tmp_path / "fax.tif", 3, height=2200)
    command = Command("--pty", tmp_path / "m", "--speed", str(SPEED))
    command.line()
    with CallChannel(f"class1:{tmp_path / 'm'}?speed={SPEED}") as channel:
        assert channel.call("5550100") == "ANSWERED"
        assert channel.FaxSender.start(FaxToSend(tmp_path / "fax.tif"))
        assert channel.FaxSender.wait_for_negotiated_settings()
        yield channel, command


def test_modems_killed(tmp_path: Path) -> None:
    """The modem's process is killed in a page: the channel's fax ends with a cause, at once."""
    with sending_to_a_command(tmp_path) as (channel, command):
        command.end(signal.SIGKILL)
        assert channel.FaxSender.wait_until_finished() == "ERROR"
        assert channel.FaxSender.Details.raw_cause == "local.device"


def test_modems_stopped(tmp_path: Path) -> None:
    """The modem's process stands still: a modem that says nothing any more is given up."""
    with sending_to_a_command(tmp_path) as (channel, command):
        command.process.send_signal(signal.SIGSTOP)
        cause = channel.FaxSender.wait_until_finished()
        command.process.send_signal(signal.SIGCONT)
        assert cause in ("ERROR", "TIMEOUT")
        assert channel.FaxSender.Details.raw_cause
    assert command.end(signal.SIGTERM) == 143


def sender_at_work(link: str, number: str, document: Path) -> "subprocess.Popen[str]":
    device = f"class1:{link}?speed={SPEED}"
    return subprocess.Popen(
        [sys.executable, "-m", "faxline", "send", number, str(document), "--device", device],
        stdout=subprocess.DEVNULL,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_program_killed_or_stopped(modems: sim.PtyModems, tmp_path: Path, number: int) -> None:
    """The other program dies or stands still in a page: our receiver ends with a cause; a program that goes
    on later ends with one, too."""
    pages.save_fax(tmp_path / "fax.tif", 3, height=2200)
    with CallChannel(f"class1:{modems.lines[1].link}?speed={SPEED}") as channel:
        program = sender_at_work(modems.lines[0].link, modems.lines[1].number, tmp_path / "fax.tif")
        try:
            assert channel.wait_for_call(PATIENCE_S * SPEED) == "RING_INCOMING"
            assert channel.answer() == "ANSWERED"
            assert channel.FaxReceiver.start(FaxToReceive(tmp_path / "got.tif"))
            assert channel.FaxReceiver.wait_for_negotiated_settings()
            program.send_signal(number)
            cause = channel.FaxReceiver.wait_until_finished()
            channel.hang_up()
        finally:
            program.send_signal(signal.SIGCONT)
            status = program.wait(PATIENCE_S)
    assert cause != "NORMAL"
    assert channel.FaxReceiver.Details.raw_cause
    assert status == -signal.SIGKILL if number == signal.SIGKILL else status > 1


@pytest.mark.parametrize("fault", [fault.name for fault in sim.faults() if fault.name.startswith("far_")])
def test_faults(tmp_path: Path, fault: str) -> None:
    """Under every fault of the far end, for ever from its second time on, our fax ends, with a cause."""
    pages.save_fax(tmp_path / "fax.tif", 1)
    with (
        sim.PtyModems([tmp_path / "m"], speed=100, faults=[sim.fault(fault, at=2, count=0)]) as modems,
        CallChannel(f"class1:{modems.lines[0].link}?speed=100") as channel,
    ):
        if channel.call("5550100") != "ANSWERED":
            return
        sender = channel.FaxSender
        assert sender.send(FaxToSend(tmp_path / "fax.tif")) == "NORMAL" or sender.Details.raw_cause
