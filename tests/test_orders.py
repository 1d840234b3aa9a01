"""What was accepted is obeyed, once, and for the call that it was meant for; and what code of the user's
raises harms nothing but itself."""

import asyncio
import gc
import logging
import random
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pages
import pytest
from PIL import Image
from scripted import ScriptedModem

from faxline import CallChannel, Error, FaxToReceive, FaxToSend, Hangup
from faxline._engine.engine import Engine
from faxline._guarded import GuardedLogger
from faxline._lines.waiters import Waiter
from faxline.aio import AsyncCallChannel
from faxline.causes import CallCause, CallState, FaxCause
from faxline.events import CallChanged

TOO_LONG = 60
"""Seconds: a backstop for a test that would hang; nothing waits for it."""


# ---- nothing is dropped ----


@pytest.mark.parametrize("count", [100, 2000])
def test_as_many_waits_as_one_likes(count: int) -> None:
    async def main() -> None:
        async with AsyncCallChannel("sim:") as channel:
            await asyncio.gather(*(channel.pause(1 + number % 7) for number in range(count)))
            assert await channel.call("5550102", seconds_timeout=3) == CallState.IDLE
            assert channel.cause() == CallCause.NOANSWER
            assert channel.channel._line.now_us() < 20_000_000  # the timeout's 3 s, not the modem's 60

    asyncio.run(asyncio.wait_for(main(), TOO_LONG))


def test_what_a_wait_costs_has_nothing_to_do_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each timer that expired asked all of them: 10 000 took half a minute."""
    count = 1000
    looks, cancelled = [], []
    outcome = Waiter.outcome
    monkeypatch.setattr(Waiter, "outcome", lambda *waiter: looks.append(1) or outcome(*waiter))
    monkeypatch.setattr(Engine, "timer_cancel", lambda _, timer: cancelled.append(timer))

    async def main() -> None:
        async with AsyncCallChannel("sim:") as channel:
            await asyncio.gather(*(channel.pause(1 + number % 7) for number in range(count)))

    asyncio.run(asyncio.wait_for(main(), TOO_LONG))
    assert len(looks) <= 3 * count  # as it begins, when its timer has expired, as it goes on
    assert cancelled == []  # they have expired


def test_a_storm_of_orders() -> None:
    with CallChannel("sim:") as channel:
        threads = [threading.Thread(target=channel.hang_up) for _ in range(300)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TOO_LONG)
        assert not any(thread.is_alive() for thread in threads)
        assert channel.call("5550100") == CallState.ANSWERED
        for _ in range(500):  # nobody waits between them
            channel._line.engine.hang_up()  # type: ignore[union-attr]
        assert channel.wait_for_idle(60) == CallState.IDLE
        assert channel.call("5550100") == CallState.ANSWERED


def test_an_order_at_a_closed_engine_says_so() -> None:
    channel = CallChannel("sim:")
    channel.close()
    for order in (lambda: channel.call("1"), channel.wait_for_call):
        with pytest.raises(Error, match="closed"):
            order()


# ---- events of an earlier call ----


def test_an_event_of_an_earlier_call_is_old_news(channel: CallChannel) -> None:
    assert channel.call("5550100") == CallState.ANSWERED
    line = channel._line
    with line.changed:
        call = line.call
        stale = CallChanged(line.seq, 0, CallState.IDLE, CallCause.NORMAL, None, call=call - 1)
        line.apply(stale)
        assert line.state is CallState.ANSWERED
        line.apply(CallChanged(line.seq, 0, CallState.IDLE, CallCause.NORMAL, None, call=call))
        assert line.state is CallState.IDLE
        line.apply(CallChanged(line.seq, 0, CallState.ANSWERED, CallCause.NORMAL, None, call=call))


def test_events_bear_the_number_of_their_call(channel: CallChannel) -> None:
    with channel.events() as events:
        for number in ("5550101", "5550100"):
            channel.call(number)
            channel.hang_up()
        assert channel.wait_for_call(0) == CallState.WAITING
        assert channel.stop_waiting() == CallState.IDLE
        channel.close()
        calls = [event.call for event in events]
    assert sorted(set(calls)) == [1, 2, 3]
    assert calls == sorted(calls)


@pytest.mark.wallclock
def test_hanging_up_on_what_rings_does_not_end_the_next_call(tmp_path: Path) -> None:
    """It gave two orders, and the second one's IDLE came after the next call had begun."""
    pages.save_fax(tmp_path / "sent.tif", 1)
    for _ in range(25):
        device = f"sim:5550001?pace=real&speed=200&incoming={tmp_path / 'sent.tif'}"
        with CallChannel(device) as channel:
            assert channel.wait_for_call(60) == CallState.RING_INCOMING
            assert channel.hang_up() == CallState.IDLE
            assert channel.cause() == CallCause.REJECTED
            assert channel.call("5550100") == CallState.ANSWERED


# ---- no longer waiting, and glare ----


def test_stop_waiting(channel: CallChannel) -> None:
    assert channel.stop_waiting() == CallState.IDLE
    outcome: list[CallState] = []
    thread = threading.Thread(target=lambda: outcome.append(channel.wait_for_call()))
    with channel.events() as events:
        thread.start()
        waiting = events.next()
        assert isinstance(waiting, CallChanged)
        assert waiting.state is CallState.WAITING
    assert channel.stop_waiting() == CallState.IDLE
    thread.join(TOO_LONG)
    assert outcome == [CallState.IDLE]
    assert channel.call("5550100") == CallState.ANSWERED
    assert channel.stop_waiting() == CallState.ANSWERED


def test_stop_waiting_rejects_nobody(tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "sent.tif", 1)
    with CallChannel(f"sim:5550001?incoming={tmp_path / 'sent.tif'}") as channel:
        assert channel.wait_for_call(60) == CallState.RING_INCOMING
        assert channel.stop_waiting() == CallState.RING_INCOMING
        assert channel.answer() == CallState.ANSWERED
        assert channel.FaxReceiver.receive(filename=tmp_path / "received.tif") == FaxCause.NORMAL


def test_a_rejected_call_is_not_answered_by_dialling(tmp_path: Path, fax: str, saved: Path) -> None:
    """It rings on, and going off hook would connect us with it: the number is dialled once that is over."""
    pages.save_fax(tmp_path / "sent.tif", 1)
    with CallChannel(f"sim:5550001?incoming={tmp_path / 'sent.tif'}&save={saved}") as channel:
        assert channel.wait_for_call(60) == CallState.RING_INCOMING
        assert channel.reject() == CallState.IDLE
        assert channel.call("5550100", seconds_timeout=600) == CallState.ANSWERED
        assert channel.FaxSender.send(FaxToSend(fax)) == FaxCause.NORMAL
    assert len(pages.all_rows(saved)) == 3


@pytest.mark.wallclock
def test_glare() -> None:
    """A call that rings as the number is dialled is what the modem would be connected with."""
    with ScriptedModem({r"ATDT.*": "RING"}) as modem, CallChannel(modem.device()) as channel:
        assert channel.call("5550100") == CallState.IDLE
        assert channel.cause() == CallCause.CONGESTION
        modem.wait_for("ATH.*")


# ---- virtual time and the other threads of the program ----


def test_a_line_that_waits_leaves_time_to_who_calls(tmp_path: Path, fax: str) -> None:
    """The natural test with two threads: the called line waits with a timeout, and the other one opens its
    line only then."""
    for _ in range(5):
        outcome: list[object] = []
        waits = threading.Event()

        def called(outcome: list[object] = outcome, waits: threading.Event = waits) -> None:
            with CallChannel("sim:5550002") as channel:
                waits.set()
                outcome.append(channel.wait_for_call(20))
                if outcome == [CallState.RING_INCOMING]:
                    channel.answer()
                    target = tmp_path / f"{id(outcome)}.tif"
                    outcome.append(channel.FaxReceiver.receive(FaxToReceive(target)))

        thread = threading.Thread(target=called)
        thread.start()
        assert waits.wait(TOO_LONG)
        with CallChannel("sim:5550001") as channel:
            assert channel.call("5550002") == CallState.ANSWERED
            assert channel.FaxSender.send(FaxToSend(fax)) == FaxCause.NORMAL
        thread.join(TOO_LONG)
        assert outcome == [CallState.RING_INCOMING, FaxCause.NORMAL]


# ---- code of the user's ----


class Raises(logging.Handler):
    """On the threads that are not the test's."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(self.error, Exception) or threading.current_thread() is not threading.main_thread():
            raise self.error


@pytest.mark.parametrize("error", [RuntimeError("a handler of the user's"), SystemExit("a handler")])
def test_a_logging_handler_that_raises(
    fax: str, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    logger = logging.Logger("raises")
    logger.addHandler(Raises(error))
    with CallChannel("sim:", logger=logger) as channel:
        assert channel.call("5550100") == CallState.ANSWERED
        assert channel.FaxSender.send(FaxToSend(fax)) == FaxCause.NORMAL
    assert "faxline: a logging handler raised:" in capsys.readouterr().err


def test_what_a_signal_raises_in_a_handler_passes() -> None:
    class Interrupted(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise KeyboardInterrupt

    logger = logging.Logger("interrupted")
    logger.addHandler(Interrupted())
    with pytest.raises(KeyboardInterrupt):
        GuardedLogger(logger, {}).warning("on the main thread")


def test_close_on_the_thread_that_tells(fax: str) -> None:
    """A logging handler runs on the channel's own thread."""
    closed: list[object] = []

    class Closes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "ANSWERED" in record.getMessage():
                closed.append(channel.close())

    logger = logging.Logger("closes")
    logger.addHandler(Closes())
    channel = CallChannel("sim:", logger=logger)
    channel.call("5550100")
    channel.close()
    with pytest.raises((Hangup, Error)):
        channel.FaxSender.send(FaxToSend(fax))
    assert closed == [None]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (lambda folder: str(folder / "by-str.tif"), ""),
        (lambda folder: (folder / "by-bytes.tif").__fspath__().encode(), ""),
        (lambda folder: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda folder: sys.exit("no"), "SystemExit: no"),
        (lambda folder: None, "TypeError"),
    ],
)
def test_hooks_of_a_receiver(tmp_path: Path, path: Any, told: str, caplog: pytest.LogCaptureFixture) -> None:
    class Named(FaxToReceive):
        def path(self, remote_id: str) -> Any:
            return path(tmp_path)

    pages.save_fax(tmp_path / "sent.tif", 2)
    with CallChannel(f"sim:5550001?incoming={tmp_path / 'sent.tif'}") as channel:
        channel.wait_for_call(60)
        channel.answer()
        received = Named(tmp_path / "plain.tif")
        assert channel.FaxReceiver.receive(received) == FaxCause.NORMAL
    (name,) = received.filenames
    assert (Path(name).name == "plain.tif") == bool(told)
    with Image.open(name) as image:
        assert image.n_frames == 2  # type: ignore[attr-defined]
    assert told in caplog.text


# ---- asyncio: cancelled at every await ----


async def a_call(channel: AsyncCallChannel, fax: str) -> None:
    """Every method that waits."""
    await channel.wait_for_call(0.5)
    await channel.stop_waiting()
    if await channel.call("5550100") is CallState.ANSWERED:
        if await channel.FaxSender.start(filename=fax):
            await channel.FaxSender.wait_for_negotiated_settings()
            await channel.FaxSender.wait_for_next_page()
            await channel.FaxSender.stop()
        await channel.FaxSender.wait_until_finished()
    await channel.hang_up()
    await channel.start_call("5550101")
    await channel.wait_for_answer()
    await channel.wait_for_idle()
    await channel.pause(1)


def test_cancelled_at_any_moment(tmp_path: Path) -> None:
    """A thousand times: silence in the loop and in the log, nothing leaked, the channel usable."""
    pages.save_fax(tmp_path / "fax.tif", 2)
    complaints: list[object] = []
    chance = random.Random(20261126)
    before = threading.active_count()

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        async with AsyncCallChannel("sim:") as channel:
            for _ in range(1000):
                task = asyncio.ensure_future(a_call(channel, str(tmp_path / "fax.tif")))
                await asyncio.wait([task], timeout=chance.choice([0, 0.0005, 0.002, 0.005, 0.02]))
                task.cancel()
                await asyncio.wait([task])
                if not task.cancelled() and task.exception():
                    complaints.append(task.exception())
                await channel.hang_up()
            assert await channel.call("5550100") is CallState.ANSWERED
            assert await channel.FaxSender.send(filename=str(tmp_path / "fax.tif")) is FaxCause.NORMAL

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(main())
        gc.collect()
    assert complaints == []
    assert threading.active_count() <= before


def test_cancelled_while_the_device_is_opened() -> None:
    complaints: list[object] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        for _ in range(50):
            task = asyncio.ensure_future(AsyncCallChannel("sim:").open())
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])

    asyncio.run(main())
    gc.collect()
    assert complaints == []
