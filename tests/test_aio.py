"""asyncio: every blocking call with `await`, in virtual time; cancelling loses nothing; no threads are
blocked."""

import asyncio
import gc
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pages
import pytest

from faxline import CallChannel, Error, FaxToReceive, FaxToSend, Hangup
from faxline.aio import AsyncCallChannel
from faxline.events import CallChanged, FaxEnded, Negotiated, PageConfirmed


def go(coroutine: Coroutine[Any, Any, None]) -> None:
    """Runs a test. Whatever would hang, hangs for half a minute only."""
    asyncio.run(asyncio.wait_for(coroutine, 30))


def test_send(fax: str, saved: Path) -> None:
    async def test() -> None:
        async with AsyncCallChannel(f"sim:?save={saved}") as channel:
            assert await channel.call("5550100") == channel.State.ANSWERED
            assert await channel.FaxSender.send(FaxToSend(fax)) == channel.FaxSender.Cause.NORMAL
            assert channel.FaxSender.Details.pages == 3
            assert await channel.hang_up() == channel.State.IDLE
            assert (channel.FaxSender.state(), channel.FaxSender.cause()) == ("IDLE", "NORMAL")

    go(test())
    assert len(pages.all_rows(saved)) == 3


@pytest.mark.parametrize(
    ("number", "call_cause", "fax_cause"),
    [
        ("5550101", "BUSY", None),
        ("5550102", "NOANSWER", None),
        ("5550112", "OUTOFORDER", None),
        ("5550103", None, "NOTFAX"),
        ("5550106", None, "PAGEQUALITY"),
        ("5550107", None, "HANGUP"),
        ("5550108", None, "COMMSFAULT"),
        ("5550110", None, "TIMEOUT"),
        ("5550113", None, "ERROR"),
    ],
)
def test_causes(fax: str, number: str, call_cause: str | None, fax_cause: str | None) -> None:
    async def test() -> None:
        async with AsyncCallChannel("sim:") as channel:
            state = await channel.call(number)
            if call_cause is not None:
                assert (state, channel.cause()) == ("IDLE", call_cause)
            else:
                assert await channel.FaxSender.send(filename=fax) == fax_cause

    go(test())


def test_waits(fax: str) -> None:
    async def test() -> None:
        async with AsyncCallChannel("sim:") as channel:
            with pytest.raises(Hangup):
                await channel.FaxSender.start(FaxToSend(fax))
            await channel.start_call("5550100")
            assert await channel.wait_for_answer() == "ANSWERED"
            assert await channel.FaxSender.wait_until_finished() == "NONE"
            assert await channel.FaxSender.start(FaxToSend(fax))
            settings = await channel.FaxSender.wait_for_negotiated_settings()
            assert settings["Modem"] == "V17"
            assert await channel.FaxSender.wait_until_finished(1) == "TIMEOUT"
            told = []
            while not channel.FaxSender.Details.last_page:
                told.append(await channel.FaxSender.wait_for_next_page())
            assert told == [1, 2, 3]
            assert await channel.FaxSender.wait_until_finished() == "NORMAL"
            await channel.hang_up()
            assert await channel.wait_for_idle() == "IDLE"

    go(test())


def test_stop(fax: str) -> None:
    async def test() -> None:
        async with AsyncCallChannel("sim:") as channel:
            await channel.call("5550100")
            assert await channel.FaxSender.start(FaxToSend(fax))
            assert await channel.FaxSender.stop() is True
            assert channel.FaxSender.cause() == "ABORTED"

    go(test())


def test_two_lines_in_one_loop_bit_for_bit(tmp_path: Path) -> None:
    """Both ends of a call as tasks of one loop, on one virtual clock."""
    made = pages.save_fax(tmp_path / "sent.tif", 3)

    async def answer() -> str:
        async with AsyncCallChannel("sim:5550002") as channel:
            ready.set()
            assert await channel.wait_for_call() == "RING_INCOMING"
            assert await channel.ring(3) == "RING_INCOMING"
            assert await channel.answer() == "ANSWERED"
            cause = await channel.FaxReceiver.receive(FaxToReceive(tmp_path / "received.tif"))
            await channel.hang_up()
            return cause

    async def test() -> None:
        ready.clear()
        other = asyncio.create_task(answer())
        await ready.wait()
        async with AsyncCallChannel("sim:5550001") as channel:
            assert await channel.call("5550002") == "ANSWERED"
            assert await channel.FaxSender.send(FaxToSend(tmp_path / "sent.tif")) == "NORMAL"
            await channel.hang_up()
            assert await other == "NORMAL"

    ready = asyncio.Event()
    go(test())
    assert pages.all_rows(tmp_path / "received.tif") == list(map(pages.rows, made))


def test_receive_and_reject(fax: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with AsyncCallChannel(f"sim:5550001?incoming={fax}") as channel:
            await channel.wait_for_call()
            assert await channel.answer() == "ANSWERED"
            assert await channel.FaxReceiver.start(FaxToReceive(tmp_path / "in.tif"))
            assert channel.FaxReceiver.state() == "RECEIVING"
            assert await channel.FaxReceiver.wait_until_finished() == "NORMAL"
            await channel.hang_up()
        async with AsyncCallChannel(f"sim:5550001?incoming={fax}") as channel:
            await channel.wait_for_call()
            assert await channel.reject() == "IDLE"
            assert channel.cause() == "REJECTED"

    go(test())
    assert len(pages.all_rows(tmp_path / "in.tif")) == 3


def test_a_hundred_channels_need_no_threads_of_their_own(fax: str) -> None:
    """All of them wait at once; what the executor has to do is read documents, open and close."""
    most = 0

    async def one(number: int) -> str:
        nonlocal most
        async with AsyncCallChannel("sim:") as channel:
            assert await channel.call("5550100" if number % 2 else "5550104") == "ANSWERED"
            assert await channel.FaxSender.start(FaxToSend(fax))
            waiting.append(number)
            if len(waiting) == 100:
                everybody.set()
            await everybody.wait()
            most = max(most, sum(t.name.startswith("asyncio") for t in threading.enumerate()))
            return await channel.FaxSender.wait_until_finished()

    async def test() -> None:
        loop = asyncio.get_running_loop()
        assert set(await asyncio.gather(*map(one, range(100)))) == {"NORMAL"}
        assert loop is asyncio.get_running_loop()

    waiting: list[int] = []
    everybody = asyncio.Event()
    go(test())
    assert 0 < most < 50


@pytest.mark.parametrize("turns", range(12))
def test_a_cancelled_wait_for_a_page_loses_none(fax: str, turns: int) -> None:
    """Cancelled after so many turns of the loop: every page is told once, in order, whenever it strikes."""

    async def test() -> None:
        async with AsyncCallChannel("sim:") as channel:
            await channel.call("5550100")
            sender = channel.FaxSender
            assert await sender.start(FaxToSend(fax))
            told: list[int] = []
            while not sender.Details.last_page or told[-1:] != [sender.Details.pages]:
                wait = asyncio.create_task(sender.wait_for_next_page())
                for _ in range(turns):
                    await asyncio.sleep(0)
                wait.cancel()
                try:
                    told.append(await wait)
                except asyncio.CancelledError:
                    told.append(await sender.wait_for_next_page())
            assert told == [1, 2, 3]
            assert await sender.wait_until_finished() == "NORMAL"

    go(test())


def test_a_cancelled_call_goes_on() -> None:
    async def test() -> None:
        async with AsyncCallChannel("sim:") as channel:
            calling = asyncio.create_task(channel.call("5550100"))
            await asyncio.sleep(0)
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
            with pytest.raises(Error, match="needs the state IDLE"):
                await channel.call("5550100")
            assert await channel.wait_for_answer() == "ANSWERED"

    go(test())


def test_a_cancelled_start_gives_the_document_up(fax: str) -> None:
    reading = threading.Event()
    cancelled = threading.Event()

    class Slow(FaxToSend):
        def pages(self, **keywords: object):  # type: ignore[no-untyped-def,override]
            first, *others = super().pages(**keywords)  # type: ignore[arg-type]
            yield first
            reading.set()
            assert cancelled.wait(30)
            yield from others

    async def test() -> None:
        async with AsyncCallChannel("sim:") as channel:
            await channel.call("5550100")
            starting = asyncio.create_task(channel.FaxSender.start(Slow(fax)))
            await asyncio.to_thread(reading.wait, 30)
            starting.cancel()
            await asyncio.sleep(0)
            cancelled.set()
            with pytest.raises(asyncio.CancelledError):
                await starting
            assert (channel.FaxSender.cause(), channel.FaxSender.Details.raw_cause) == (
                "ABORTED",
                "local.stop",
            )
            assert await channel.FaxSender.send(FaxToSend(fax)) == "NORMAL"  # the line is free again

    go(test())


def test_timeout_of_asyncio(connected: CallChannel, fax: str) -> None:
    """asyncio's own timeouts are cancellations: the fax goes on."""

    async def test() -> None:
        channel = AsyncCallChannel(connected)
        assert await channel.FaxSender.start(FaxToSend(fax))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(channel.FaxSender.wait_until_finished(), 0)
        assert await channel.FaxSender.wait_until_finished() == "NORMAL"

    go(test())


def test_several_consumers(fax: str) -> None:
    """Tasks that watch do not let time pass between a call and its fax."""
    kinds: dict[str, list[type]] = {}

    async def watch(channel: AsyncCallChannel, name: str) -> None:
        seen = kinds.setdefault(name, [])
        async for event in channel.events():
            seen.append(type(event))
            if isinstance(event, FaxEnded):
                return

    async def test() -> None:
        async with AsyncCallChannel("sim:") as channel:
            watchers = [asyncio.create_task(watch(channel, name)) for name in ("a", "b")]
            await asyncio.sleep(0)
            assert await channel.call("5550100") == "ANSWERED"
            before = channel.channel._line.now_us()
            await asyncio.sleep(0.01)  # the watchers wait; the application thinks
            assert channel.channel._line.now_us() == before
            assert await channel.FaxSender.send(FaxToSend(fax)) == "NORMAL"
            await asyncio.gather(*watchers)

    go(test())
    assert kinds["a"] == kinds["b"]
    assert kinds["a"][0] is CallChanged
    assert {Negotiated, PageConfirmed} < set(kinds["a"])


def test_an_open_channel_takes_no_keywords(channel: CallChannel) -> None:
    with pytest.raises(TypeError, match="open already"):
        AsyncCallChannel(channel, trace="x")


def test_not_open() -> None:
    with pytest.raises(Error, match="not open"):
        AsyncCallChannel("sim:").state()


def test_a_bad_address() -> None:
    async def test() -> None:
        with pytest.raises(Error, match="no driver"):
            await AsyncCallChannel("nothing:").open()

    go(test())


def test_closing_ends_the_waits(fax: str) -> None:
    async def test() -> None:
        async with AsyncCallChannel("sim:?pace=real&speed=5") as channel:
            await channel.call("5550100")
            assert await channel.FaxSender.start(FaxToSend(fax))
            wait = asyncio.create_task(channel.FaxSender.wait_until_finished())
            page = asyncio.create_task(channel.FaxSender.wait_for_next_page())
            stream = asyncio.create_task(anext(channel.events(), None))
            await asyncio.sleep(0)
            await channel.close()
            assert await wait == "HANGUP"
            with pytest.raises(Hangup):
                await page
            await stream

    go(test())


def test_a_loop_that_is_gone_leaves_the_line_alone(channel: CallChannel, fax: str) -> None:
    """A wait that died with its loop does not hold up the next one."""

    async def abandon() -> None:
        await AsyncCallChannel(channel).start_call("5550100")
        asyncio.get_running_loop().create_task(AsyncCallChannel(channel).wait_for_answer())
        await asyncio.sleep(0)

    asyncio.run(abandon())
    gc.collect()
    assert channel.wait_for_answer() == "ANSWERED"
    assert len(channel._line.waiters) == 0
    assert channel.FaxSender.send(FaxToSend(fax)) == "NORMAL"
