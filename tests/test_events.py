"""Streams of events: typed, in order, several consumers, bounded; they watch and do not drive the clock."""

import threading

import pytest

from faxline import CallChannel, Error, FaxToSend
from faxline.events import CallChanged, Event, FaxEnded, FaxStarted, Negotiated, PageConfirmed


def send(channel: CallChannel, fax: str) -> None:
    assert channel.call("5550100") == "ANSWERED"
    assert channel.FaxSender.send(FaxToSend(fax)) == "NORMAL"
    channel.hang_up()


def drained(stream: object) -> list[Event]:
    events = []
    while (event := stream.next(0)) is not None:  # type: ignore[attr-defined]
        events.append(event)
    return events


def test_what_happens_in_a_fax(channel: CallChannel, fax: str) -> None:
    with channel.events() as stream:
        send(channel, fax)
        events = drained(stream)
    assert [event.seq for event in events] == sorted(event.seq for event in events)
    states = [event.state for event in events if isinstance(event, CallChanged)]
    assert states[0] == "CALL_OUTGOING"
    assert states[-2:] == ["ANSWERED", "IDLE"]
    kinds = [type(event) for event in events if not isinstance(event, CallChanged)]
    assert kinds[:2] == [FaxStarted, Negotiated]
    assert kinds[-1] is FaxEnded
    pages = [event for event in events if isinstance(event, PageConfirmed)]
    assert (pages[-1].pages, pages[-1].last) == (3, True)
    assert stream.missed == 0


def test_the_stream_alone_runs_an_application(channel: CallChannel, fax: str) -> None:
    """A program that only reacts to events: nothing else waits, and time passes where it should."""
    channel.start_call("5550100")
    for event in channel.events():
        match event:
            case CallChanged(state=channel.State.ANSWERED):
                assert channel.FaxSender.start(FaxToSend(fax))
            case FaxEnded():
                assert event.cause == "NORMAL"
                assert event.pages == 3
                break
    assert channel.hang_up() == "IDLE"


def test_who_watches_lets_no_time_pass_between_call_and_fax(channel: CallChannel, fax: str) -> None:
    stream = channel.events()
    watching = threading.Thread(target=lambda: list(stream))
    watching.start()
    assert channel.call("5550100") == "ANSWERED"
    before = channel._line.now_us()
    watching.join(0.02)  # longer than T1 takes in virtual time
    assert channel._line.now_us() == before
    assert channel.FaxSender.send(FaxToSend(fax)) == "NORMAL"
    channel.close()
    watching.join(30)
    assert not watching.is_alive()


def test_several_consumers_see_the_same(channel: CallChannel, fax: str) -> None:
    streams = [channel.events() for _ in range(3)]
    send(channel, fax)
    seen = [drained(stream) for stream in streams]
    assert seen[0]
    assert seen[0] == seen[1] == seen[2]


def test_a_slow_consumer_misses_the_oldest(channel: CallChannel, fax: str) -> None:
    everything, few = channel.events(), channel.events(limit=2)
    send(channel, fax)
    events = drained(everything)
    assert drained(few) == events[-2:]
    assert few.missed == len(events) - 2


@pytest.mark.parametrize("limit", [0, -1, 100_001, True, 1.5, "2"])
def test_limits(channel: CallChannel, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 100000"):
        channel.events(limit)


def test_the_end(channel: CallChannel) -> None:
    stream = channel.events()
    assert channel.call("5550101") == "IDLE"
    channel.close()
    assert [event.cause for event in stream if isinstance(event, CallChanged)][-1] == "BUSY"
    assert list(stream) == []
    with pytest.raises(Error, match="closed"):
        channel.events()


def test_closing_a_stream_ends_its_wait_only(channel: CallChannel, fax: str) -> None:
    stream, other = channel.events(), channel.events()
    seen: list[Event] = []
    watching = threading.Thread(target=lambda: seen.extend(stream))
    watching.start()
    stream.close()
    watching.join(30)
    assert not watching.is_alive()
    send(channel, fax)
    assert seen == []
    assert drained(other)


def test_nothing_keeps_a_stream_that_nobody_has(channel: CallChannel, fax: str) -> None:
    channel.events()
    assert len(channel._line.streams) == 0
    send(channel, fax)
