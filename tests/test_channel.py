"""CallChannel: opening, calling, hanging up, closing."""

import logging
import warnings
import weakref

import pytest

from faxline import CallChannel, Error, FaxToSend
from faxline._lines.line import Line


def test_members_are_strings_equal_to_their_names() -> None:
    states = (
        "WAITING CALL_INCOMING RING_INCOMING ANSWERING ANSWERED CALL_OUTGOING RING_OUTGOING HOLDING ON_HOLD"
    )
    states += " TRANSFERRING TRANSFERRED RECONNECTING ERROR IDLE"
    assert list(CallChannel.State) == states.split()
    causes = "TIMEOUT ERROR NORMAL BUSY NOANSWER UNOBTAINABLE CHANGED OUTOFORDER BARRED REJECTED NOCHANNELS"
    assert list(CallChannel.Cause) == (causes + " CONGESTION FAILED OTHER").split()
    assert f"{CallChannel.Cause.BUSY}" == "BUSY"


def test_before_the_first_call(channel: CallChannel) -> None:
    assert (channel.state(), channel.cause()) == ("IDLE", "NORMAL")
    assert channel.Details.call_id == channel.Details.call_to == ""
    assert channel.hang_up() == "IDLE"
    assert channel.wait_for_idle() == "IDLE"
    assert channel.device == "sim:"


def test_a_call(channel: CallChannel) -> None:
    assert channel.call("555 01-00", "5550001") is CallChannel.State.ANSWERED
    assert (channel.state(), channel.cause()) == ("ANSWERED", "NORMAL")
    first = channel.Details.call_id
    assert first
    assert (channel.Details.call_to, channel.Details.call_from) == ("555 01-00", "5550001")
    with pytest.raises(Error, match="IDLE"):
        channel.call("5550100")
    assert channel.hang_up() is CallChannel.State.IDLE
    assert (channel.state(), channel.cause()) == ("IDLE", "NORMAL")
    assert channel.Details.call_to == "555 01-00"
    assert channel.call("5550100") == "ANSWERED"
    assert channel.Details.call_id != first


@pytest.mark.parametrize(
    ("number", "cause"), [("5550101", "BUSY"), ("5550102", "NOANSWER"), ("5550112", "OUTOFORDER")]
)
def test_a_call_that_is_not_answered(channel: CallChannel, number: str, cause: str) -> None:
    assert channel.call(number) == "IDLE"
    assert channel.cause() == cause
    assert channel.call("5550100") == "ANSWERED"
    assert channel.cause() == "NORMAL"


def test_the_attempt_is_abandoned_when_its_time_is_up(channel: CallChannel) -> None:
    assert channel.call("5550102", seconds_timeout=10) == "IDLE"
    assert channel.cause() == "NOANSWER"
    assert channel.call("5550100") == "ANSWERED"


def test_in_two_steps(channel: CallChannel) -> None:
    channel.start_call("5550100")
    assert channel.state() == "CALL_OUTGOING"
    with pytest.raises(Error):
        channel.start_call("5550100")
    assert channel.wait_for_answer(0) == "CALL_OUTGOING"
    assert channel.wait_for_answer(0.5) == "CALL_OUTGOING"
    assert channel.wait_for_answer() == "ANSWERED"


def test_hang_up_while_it_rings(channel: CallChannel) -> None:
    channel.start_call("5550102")
    assert channel.wait_for_answer(5) == "CALL_OUTGOING"
    assert channel.hang_up() == "IDLE"
    assert channel.cause() == "NOANSWER"


@pytest.mark.parametrize("number", ["", "abc;", "555\r", "555;H", "+", ",", "W", "*#", "1" * 65, "55\u0660"])
def test_numbers_that_cannot_be_dialled(channel: CallChannel, number: str) -> None:
    with pytest.raises(Error, match="cannot be dialled"):
        channel.call(number)
    assert channel.state() == "IDLE"


def test_a_number_that_the_device_refuses(channel: CallChannel) -> None:
    """The modem's driver passes no letters on: the attempt ends at once, and the next one goes through."""
    assert (channel.call("12A"), channel.cause()) == ("IDLE", "FAILED")
    assert channel.call("5550100") == "ANSWERED"


def test_arguments_of_the_wrong_type(channel: CallChannel) -> None:
    with pytest.raises(TypeError):
        channel.call(5550100)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        channel.call("5550100", seconds_timeout="5")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        channel.call("5550100", seconds_timeout=True)
    with pytest.raises(ValueError):
        channel.call("5550100", seconds_timeout=float("nan"))
    assert channel.state() == "IDLE"


def test_wait_for_idle(connected: CallChannel) -> None:
    assert connected.wait_for_idle(1) == "ANSWERED"
    connected.hang_up()
    assert connected.wait_for_idle() == "IDLE"


def test_closed(connected: CallChannel) -> None:
    connected.close()
    connected.close()
    assert connected.state() == "IDLE"
    assert connected.hang_up() == "IDLE"
    assert connected.wait_for_idle() == "IDLE"
    with pytest.raises(Error, match="closed"):
        connected.call("5550100")
    with pytest.raises(Error, match="closed"):
        connected.start_call("5550100")


def test_the_subscriber_id_is_the_lines_default(fax: str) -> None:
    with CallChannel("sim:", subscriber_id="+1 555 0001") as channel:
        channel.call("5550100")
        assert channel.FaxSender.send(FaxToSend(fax)) == "NORMAL"
        assert channel.FaxSender.Details.options["SubscriberId"] == "+1 555 0001"
        assert channel.FaxSender.Details.negotiated["SubscriberId"] == "+1 555 0001"
        channel.hang_up()
        channel.call("5550100")
        assert channel.FaxSender.send(FaxToSend(fax), {"SubscriberId": "99"}) == "NORMAL"
        assert channel.FaxSender.Details.negotiated["SubscriberId"] == "99"
    with pytest.raises(Error, match="subscriber_id"):
        CallChannel("sim:", subscriber_id="me")


def test_a_forgotten_channel_closes_itself() -> None:
    def forget() -> tuple[Line, weakref.ref[CallChannel]]:
        channel = CallChannel("sim:")
        channel.call("5550100")
        return channel._line, weakref.ref(channel)

    with pytest.warns(ResourceWarning, match="unclosed channel sim:"):
        line, channel = forget()
    assert channel() is None
    line.close()
    assert line.dead


def test_a_closed_channel_is_collected_in_silence() -> None:
    # Recorded: what is raised while an object is collected is seen by nobody.
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with CallChannel("sim:") as channel:
            pass
        forgotten = weakref.ref(channel)
        del channel
    assert forgotten() is None
    assert [str(warning.message) for warning in said] == []


def test_the_logger(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), CallChannel("sim:", logger=logging.getLogger("mine")) as channel:
        channel.call("5550101")
    assert "call IDLE (BUSY)" in caplog.text
    assert {record.name for record in caplog.records} == {"mine"}


def test_repr(channel: CallChannel) -> None:
    assert repr(channel) == "<CallChannel sim: IDLE>"
