"""Other threads, other processes, the end of the interpreter: nobody hangs, nothing is left on the line."""

import _thread
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator

import pytest

from faxline import CallChannel, Error, FaxToSend, Hangup

pytestmark = pytest.mark.wallclock  # what lasts longer than a test does so at the pace of a line

# A backstop for a test that would hang; nothing waits for it.
_TOO_LONG = 30


def meanwhile(channel: CallChannel, wait: Callable[[], object], act: Callable[[], object]) -> object:
    """Runs wait() in a thread, act() here once it waits; returns what came of wait()."""
    outcome: list[object] = []
    waiting = threading.Event()
    line_wait = channel._line.wait_for

    def announce(predicate: Callable[[], bool], seconds: float | None = None) -> bool:
        def watched() -> bool:
            waiting.set()
            return predicate()

        return line_wait(watched, seconds)

    def run() -> None:
        try:
            outcome.append(wait())
        except (Error, Hangup) as error:
            outcome.append(type(error))

    channel._line.wait_for = announce  # type: ignore[method-assign]
    thread = threading.Thread(target=run)
    thread.start()
    assert waiting.wait(_TOO_LONG)
    channel._line.wait_for = line_wait  # type: ignore[method-assign]
    act()
    thread.join(_TOO_LONG)
    assert not thread.is_alive()
    return outcome[0]


@pytest.fixture
def slow() -> CallChannel:
    """A call at the pace of a line, so that a fax lasts longer than a test."""
    channel = CallChannel("sim:?pace=real&speed=20")
    try:
        channel.call("5550100")
    except BaseException:
        channel.close()
        raise
    return channel


@pytest.mark.parametrize(
    ("act", "causes"),
    [("stop", {"ABORTED"}), ("hang_up", {"HANGUP"}), ("close", {"HANGUP"})],
)
def test_another_thread_ends_the_fax(slow: CallChannel, fax: str, act: str, causes: set[str]) -> None:
    with slow:
        sender = slow.FaxSender
        assert sender.start(FaxToSend(fax))
        action = sender.stop if act == "stop" else getattr(slow, act)
        assert meanwhile(slow, sender.wait_until_finished, action) in causes
        assert sender.Details.last_page is True


@pytest.mark.parametrize("wait", ["wait_for_next_page", "wait_for_negotiated_settings"])
@pytest.mark.parametrize("act", ["hang_up", "close"])
def test_other_waits_end_with_hangup(slow: CallChannel, fax: str, wait: str, act: str) -> None:
    with slow:
        assert slow.FaxSender.start(FaxToSend(fax))
        assert meanwhile(slow, getattr(slow.FaxSender, wait), getattr(slow, act)) is Hangup


@pytest.mark.parametrize("act", ["hang_up", "close"])
def test_a_call_that_another_thread_ends(act: str) -> None:
    with CallChannel("sim:?pace=real&speed=5") as channel:
        assert meanwhile(channel, lambda: channel.call("5550102"), getattr(channel, act)) == "IDLE"


def test_close_while_another_thread_waits_for_idle(slow: CallChannel) -> None:
    with slow:
        assert meanwhile(slow, slow.wait_for_idle, slow.close) == "IDLE"


def test_stop_while_the_document_is_being_read(connected: CallChannel, fax: str) -> None:
    """stop() from another thread, while start() prepares pages."""
    sender = connected.FaxSender
    stopped: list[bool] = []
    stopper = threading.Thread(target=lambda: stopped.append(sender.stop()))

    class Slow(FaxToSend):
        def pages(self, **keywords: object):  # type: ignore[no-untyped-def,override]
            first, *others = super().pages(**keywords)  # type: ignore[arg-type]
            yield first
            stopper.start()
            job = sender._job
            assert job is not None
            with connected._line.changed:
                while not job.stop_wanted:
                    connected._line.changed.wait(0.01)
            yield from others

    before = connected._line.now_us()
    assert sender.start(Slow(fax)) is False
    stopper.join(_TOO_LONG)
    assert stopped == [True]
    assert sender.cause() == "ABORTED"
    assert connected._line.now_us() - before < 1_000_000


def test_hang_up_while_the_document_is_being_read(connected: CallChannel, fax: str) -> None:
    class HangsUp(FaxToSend):
        def pages(self, **keywords: object):  # type: ignore[no-untyped-def,override]
            for page in super().pages(**keywords):  # type: ignore[arg-type]
                connected._line.open_engine().hang_up()
                connected._line.hold(False)
                connected.wait_for_idle()
                yield page

    assert connected.FaxSender.start(HangsUp(fax)) is False
    assert connected.FaxSender.cause() == "HANGUP"


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """SIGINT as a program in the foreground has it. A shell starts its jobs in the background with SIGINT
    ignored, and Python leaves that as it finds it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_gets_through(slow: CallChannel, fax: str) -> None:
    with slow:
        sender = slow.FaxSender
        sender.start(FaxToSend(fax))
        threading.Timer(0.1, _thread.interrupt_main).start()
        with pytest.raises(KeyboardInterrupt):
            sender.wait_until_finished()
        assert sender.stop() is True


def test_many_channels_come_and_go() -> None:
    for _ in range(30):
        with CallChannel("sim:") as channel:
            channel.start_call("5550100")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("faxline")]


def test_close_from_many_threads(connected: CallChannel, fax: str) -> None:
    connected.FaxSender.start(FaxToSend(fax))
    threads = [threading.Thread(target=connected.close) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_TOO_LONG)
    assert not any(thread.is_alive() for thread in threads)
    assert connected.FaxSender.cause() == "HANGUP"
    assert connected.FaxSender.Details.raw_cause == "local.closed"


# ---- fork ----


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_may_not_use_the_channel(connected: CallChannel, fax: str) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        failures = []
        uses: list[Callable[[], object]] = [
            connected.state,
            connected.cause,
            connected.hang_up,
            connected.close,
            lambda: connected.call("1"),
            lambda: connected.start_call("1"),
            connected.wait_for_answer,
            connected.wait_for_idle,
            connected.FaxSender.state,
            connected.FaxSender.cause,
            connected.FaxSender.stop,
            connected.FaxSender.wait_until_finished,
            connected.FaxSender.wait_for_next_page,
            connected.FaxSender.wait_for_negotiated_settings,
            lambda: connected.FaxSender.send(FaxToSend(fax)),
        ]
        for number, use in enumerate(uses):
            try:
                use()
            except Error as error:
                if "open a channel in this process" not in str(error):
                    failures.append(number)
            except BaseException:
                failures.append(number)
            else:
                failures.append(number)
        connected.__exit__(None, None, None)
        connected.__del__()
        with CallChannel("sim:") as own:
            if own.call("5550100") != "ANSWERED":
                failures.append(-1)
        os.write(writer, repr(failures).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answers:
        assert answers.read() == "[]"
    os.waitpid(child, 0)
    # The child has not touched the parent's call.
    assert connected.FaxSender.send(FaxToSend(fax)) == "NORMAL"


# ---- the end of the interpreter ----


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        timeout=_TOO_LONG,
        check=False,
    )


def test_the_interpreter_ends_in_mid_call(fax: str) -> None:
    done = run(
        """
        import sys
        from faxline import CallChannel, FaxToSend
        channel = CallChannel("sim:?pace=real")
        channel.start_call("5550100")
        forgotten = CallChannel("sim:")
        forgotten.call("5550100")
        forgotten.FaxSender.start(FaxToSend(sys.argv[1]))
        print("end")
        """,
        fax,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


def test_the_interpreter_ends_while_a_daemon_thread_waits(fax: str) -> None:
    done = run(
        """
        import sys, threading
        from faxline import CallChannel, FaxToSend
        channel = CallChannel("sim:?pace=real&speed=20")
        channel.call("5550100")
        channel.FaxSender.start(FaxToSend(sys.argv[1]))
        threading.Thread(target=channel.FaxSender.wait_until_finished, daemon=True).start()
        print("end")
        """,
        fax,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


def test_the_interpreter_ends_by_an_exception(fax: str) -> None:
    done = run(
        """
        from faxline import CallChannel
        with CallChannel("sim:") as channel:
            channel.call("5550100")
            raise SystemExit(7)
        """
    )
    assert (done.returncode, done.stderr) == (7, "")


def test_no_thread_survives_a_failed_constructor() -> None:
    with pytest.raises(Error):
        CallChannel("sim:", trace="/nowhere/at/all/trace")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("faxline")]
