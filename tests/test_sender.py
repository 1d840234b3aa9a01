"""CallFaxSender: guards, starts, waits, causes."""

import threading
from collections.abc import Callable
from pathlib import Path

import pages
import pytest
from pytest_mock import MockerFixture

from faxline import CallChannel, CallFaxSender, Error, FaxToSend, Hangup
from faxline._engine.engine import Engine
from faxline._engine.tables import RAW_CAUSES


def calling(channel: CallChannel, number: str = "5550100") -> CallFaxSender:
    assert channel.call(number) == "ANSWERED"
    return channel.FaxSender


def test_members_are_strings_equal_to_their_names() -> None:
    causes = (
        "NONE NORMAL ERROR ABORTED HANGUP TIMEOUT NOTFAX UNKNOWN_OPTION UNKNOWN_VALUE INCONSISTENT_OPTIONS"
    )
    assert list(CallFaxSender.Cause) == (causes + " STANDARDMISMATCH COMMSFAULT PAGEQUALITY").split()
    assert list(CallFaxSender.State) == ["SENDING", "IDLE", "ERROR"]
    assert f"{CallFaxSender.Cause.NORMAL}" == "NORMAL"


# ---- the guards ----

ACTIONS: dict[str, Callable[[CallFaxSender, str], object]] = {
    "send": lambda sender, fax: sender.send(FaxToSend(fax)),
    "start": lambda sender, fax: sender.start(FaxToSend(fax)),
    "start by name": lambda sender, fax: sender.start(filename=fax),
    "start with nonsense": lambda sender, fax: sender.start(1, 2),  # type: ignore[arg-type]
    "start with nothing": lambda sender, fax: sender.start(),
    "stop": lambda sender, fax: sender.stop(),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_idle_is_a_hangup(channel: CallChannel, fax: str, action: str) -> None:
    with pytest.raises(Hangup):
        ACTIONS[action](channel.FaxSender, fax)
    assert channel.FaxSender.Details.ID == ""


@pytest.mark.parametrize("action", ACTIONS)
def test_not_answered_is_an_error(channel: CallChannel, fax: str, action: str) -> None:
    channel.start_call("5550100")
    with pytest.raises(Error, match="CALL_OUTGOING"):
        ACTIONS[action](channel.FaxSender, fax)
    assert channel.FaxSender.Details.ID == ""


@pytest.mark.parametrize("action", [action for action in ACTIONS if action != "stop"])
def test_sending_is_an_error(connected: CallChannel, fax: str, action: str) -> None:
    sender = connected.FaxSender
    assert sender.start(FaxToSend(fax))
    job = sender.Details.ID
    with pytest.raises(Error, match="being sent"):
        ACTIONS[action](sender, fax)
    assert job == sender.Details.ID
    assert sender.wait_until_finished() == "NORMAL"


def test_audio_in_use_is_an_error(connected: CallChannel, fax: str, mocker: MockerFixture) -> None:
    connected._line.job = mocker.Mock(running=True)
    with pytest.raises(Error, match="in use"):
        connected.FaxSender.start(filename=fax)
    connected._line.job = None


def test_type_errors(connected: CallChannel, fax: str) -> None:
    sender = connected.FaxSender
    with pytest.raises(TypeError):
        sender.start()
    with pytest.raises(TypeError):
        sender.start(FaxToSend(fax), filename=fax)
    with pytest.raises(TypeError):
        sender.start(fax)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        sender.send(FaxToSend(fax), "HighRes=YES")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        sender.start(FaxToSend(fax), [("HighRes", "YES")])  # type: ignore[arg-type]
    assert (sender.state(), sender.cause()) == ("IDLE", "NONE")


# ---- states and causes ----


def test_before_the_first_job(channel: CallChannel) -> None:
    sender = channel.FaxSender
    assert (sender.state(), sender.cause()) == ("IDLE", "NONE")
    assert sender.wait_until_finished() == "NONE"
    with pytest.raises(Hangup):
        sender.wait_for_next_page()
    with pytest.raises(Hangup):
        sender.wait_for_negotiated_settings()
    channel.call("5550100")
    with pytest.raises(Error, match="no fax"):
        sender.wait_for_next_page()
    with pytest.raises(Error, match="no fax"):
        sender.wait_for_negotiated_settings()
    assert sender.stop() is True


def test_while_one_runs(connected: CallChannel, fax: str) -> None:
    sender = connected.FaxSender
    assert sender.start(FaxToSend(fax)) is True
    assert (sender.state(), sender.cause()) == ("SENDING", "NONE")
    assert (sender.Details.pages, sender.Details.last_page, sender.Details.raw_cause) == (0, False, None)
    assert sender.wait_until_finished() == "NORMAL"
    assert (sender.state(), sender.cause()) == ("IDLE", "NORMAL")


@pytest.mark.parametrize(
    ("number", "cause", "state"),
    [
        ("5550100", "NORMAL", "IDLE"),
        ("5550103", "NOTFAX", "ERROR"),
        ("5550106", "PAGEQUALITY", "ERROR"),
        ("5550107", "HANGUP", "IDLE"),
        ("5550108", "COMMSFAULT", "ERROR"),
        ("5550110", "TIMEOUT", "ERROR"),
        ("5550113", "ERROR", "ERROR"),
    ],
)
def test_state_after_a_cause(channel: CallChannel, fax: str, number: str, cause: str, state: str) -> None:
    sender = calling(channel, number)
    assert sender.send(FaxToSend(fax)) == cause
    assert (sender.cause(), sender.state()) == (cause, state)
    details = sender.Details
    if cause == "NORMAL":
        assert (details.raw_cause, details.raw_cause_text) == (None, "")
    else:
        assert details.raw_cause is not None
        assert RAW_CAUSES[details.raw_cause].cause == cause
        assert details.raw_cause_text == RAW_CAUSES[details.raw_cause].text


def test_several_faxes(channel: CallChannel, fax: str) -> None:
    sender = channel.FaxSender
    details = sender.Details
    jobs = set()
    for _ in range(3):
        channel.hang_up()
        calling(channel)
        assert sender.send(filename=fax) == "NORMAL"
        assert details.pages == 3
        jobs.add(details.ID)
    assert sender.Details is details
    assert len(jobs) == 3


def test_details(connected: CallChannel, fax: str) -> None:
    details = connected.FaxSender.Details
    assert details.line == "sim:"
    assert connected.FaxSender.send(FaxToSend(fax), {"ECM": False, "MaxDataRate": 9600}) == "NORMAL"
    assert details.fax_standard == "T.30"
    assert details.options["ECM"] == "NO"
    assert details.options["MaxDataRate"] == "9600"
    assert "HighRes" not in details.options
    assert details.failed_option == {}
    assert details.negotiated.items() >= {"DataRate": "9600", "ECM": "NO", "PageWidth": "1728"}.items()
    assert details.last_page is True
    connected.hang_up()
    assert (details.pages, details.last_page) == (3, True)


def test_details_are_cleared_at_start_before_the_options_are_checked(
    connected: CallChannel, fax: str
) -> None:
    sender = connected.FaxSender
    assert sender.send(FaxToSend(fax)) == "NORMAL"
    assert sender.start(FaxToSend(fax), {"x": 1}) is False
    assert (sender.Details.pages, sender.Details.negotiated, sender.Details.last_page) == (0, {}, True)
    assert sender.Details.failed_option == {"x": 1}


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        ({"v17": "NO"}, {"Modem": "V29", "DataRate": "9600"}),
        ({"v17": "NO", "v29": "NO"}, {"Modem": "V27", "DataRate": "4800"}),
        ({"MaxDataRate": "12000"}, {"Modem": "V17", "DataRate": "12000"}),
        ({"HighRes": "NO"}, {"HighRes": "NO", "Resolution": "204x98"}),
        ({"HighRes": "YES"}, {"HighRes": "YES", "Resolution": "204x196"}),
        ({"Compression": "MH"}, {"Compression": "MH"}),
        ({"Compression": "MR", "ECM": "NO"}, {"Compression": "MR"}),
        ({"SubscriberId": "+1 234"}, {"SubscriberId": "+1 234"}),
    ],
)
def test_options_take_effect(
    connected: CallChannel, fax: str, given: dict[str, object], settings: dict[str, str]
) -> None:
    assert connected.FaxSender.send(FaxToSend(fax), given) == "NORMAL"
    assert connected.FaxSender.Details.negotiated.items() >= settings.items()


# ---- start ----


def test_start_without_acknowledgement(connected: CallChannel, fax: str, mocker: MockerFixture) -> None:
    def swallow(self: Engine, options: object, document: object, *, receive: bool) -> bool:
        document.close()  # type: ignore[attr-defined]
        return True

    mocker.patch.object(Engine, "fax_send", swallow)
    sender = connected.FaxSender
    before = connected._line.now_us()
    assert sender.start(FaxToSend(fax)) is False
    assert (sender.cause(), sender.Details.raw_cause, sender.state()) == ("TIMEOUT", "local.start", "ERROR")
    assert connected._line.now_us() - before >= 30_000_000
    mocker.stopall()
    connected.hang_up()
    assert calling(connected).send(FaxToSend(fax)) == "NORMAL"


def test_start_that_the_engine_refuses(connected: CallChannel, fax: str, mocker: MockerFixture) -> None:
    mocker.patch.object(Engine, "fax_send", return_value=False)
    assert connected.FaxSender.start(FaxToSend(fax)) is False
    assert (connected.FaxSender.cause(), connected.FaxSender.Details.raw_cause) == ("ERROR", "local.state")


def test_a_fault_while_the_fax_is_prepared(connected: CallChannel, fax: str, mocker: MockerFixture) -> None:
    mocker.patch.object(FaxToSend, "pages", side_effect=KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        connected.FaxSender.start(FaxToSend(fax))
    assert connected.FaxSender.state() == "ERROR"
    mocker.stopall()
    assert connected.FaxSender.send(FaxToSend(fax)) == "NORMAL"


def test_an_interrupt_as_the_engine_takes_the_order(
    connected: CallChannel, fax: str, mocker: MockerFixture
) -> None:
    send = Engine.fax_send

    def interrupted(self: Engine, *arguments: object, receive: bool) -> bool:
        send(self, *arguments, receive=receive)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    mocker.patch.object(Engine, "fax_send", interrupted)
    with pytest.raises(KeyboardInterrupt):
        connected.FaxSender.start(FaxToSend(fax))
    mocker.stopall()
    assert connected.FaxSender.cause() == "ERROR"
    connected.hang_up()
    assert calling(connected).send(FaxToSend(fax)) == "NORMAL"


# ---- stop ----


def test_stop(connected: CallChannel, fax: str) -> None:
    sender = connected.FaxSender
    sender.start(FaxToSend(fax))
    assert sender.wait_for_next_page() == 1
    assert sender.stop() is True
    assert (sender.cause(), sender.state(), sender.Details.raw_cause) == ("ABORTED", "IDLE", "local.stop")
    assert sender.Details.last_page is True
    assert sender.stop() is True
    assert sender.wait_for_next_page() == sender.Details.pages


def test_stop_at_once(connected: CallChannel, fax: str) -> None:
    sender = connected.FaxSender
    sender.start(FaxToSend(fax))
    assert sender.stop() is True
    assert (sender.cause(), sender.Details.pages) == ("ABORTED", 0)


def test_stop_after_the_end_keeps_the_cause(connected: CallChannel, fax: str) -> None:
    assert connected.FaxSender.send(FaxToSend(fax)) == "NORMAL"
    assert connected.FaxSender.stop() is True
    assert connected.FaxSender.cause() == "NORMAL"


def test_hang_up_ends_the_fax(connected: CallChannel, fax: str) -> None:
    sender = connected.FaxSender
    sender.start(FaxToSend(fax))
    assert sender.wait_for_next_page() == 1
    assert connected.hang_up() == "IDLE"
    assert (sender.cause(), sender.state(), sender.Details.raw_cause) == ("HANGUP", "IDLE", "local.hangup")
    assert sender.wait_until_finished() == "HANGUP"


# ---- waits ----


def test_wait_for_negotiated_settings(connected: CallChannel, fax: str) -> None:
    sender = connected.FaxSender
    sender.start(FaxToSend(fax))
    assert sender.wait_for_negotiated_settings(0) == {}
    assert sender.cause() == "NONE"
    settings = sender.wait_for_negotiated_settings()
    assert settings == sender.Details.negotiated
    assert set(settings) == {
        "Modem",
        "DataRate",
        "HighRes",
        "ECM",
        "Compression",
        "PageWidth",
        "Resolution",
        "MinScanTime",
        "SubscriberId",
        "RemoteSubscriberId",
    }
    assert sender.wait_until_finished() == "NORMAL"
    connected.hang_up()
    assert sender.wait_for_negotiated_settings() == settings


def test_negotiation_failed(channel: CallChannel, fax: str) -> None:
    sender = calling(channel, "5550103")
    sender.start(FaxToSend(fax))
    assert sender.wait_for_negotiated_settings() == {}
    assert sender.cause() == "NOTFAX"
    channel.hang_up()
    with pytest.raises(Hangup):
        sender.wait_for_negotiated_settings()


def test_nothing_was_negotiated_because_of_a_local_fault(connected: CallChannel) -> None:
    assert connected.FaxSender.start(filename="missing.tif") is False
    with pytest.raises(Error, match=r"local\.document"):
        connected.FaxSender.wait_for_negotiated_settings()
    with pytest.raises(Error, match=r"local\.document"):
        connected.FaxSender.wait_for_next_page()


def test_pages_are_told_once_each(connected: CallChannel, fax: str) -> None:
    sender = connected.FaxSender
    sender.start(FaxToSend(fax))
    assert sender.wait_for_next_page(0) == 0
    assert [sender.wait_for_next_page() for _ in range(3)] == [1, 2, 3]
    assert sender.Details.last_page is True
    assert sender.wait_for_next_page() == 3
    assert sender.wait_until_finished() == "NORMAL"
    connected.hang_up()
    with pytest.raises(Hangup):
        sender.wait_for_next_page()


def test_a_page_that_nobody_waited_for_is_told_at_once(connected: CallChannel, fax: str) -> None:
    sender = connected.FaxSender
    assert sender.send(FaxToSend(fax)) == "NORMAL"
    connected.hang_up()
    assert sender.wait_for_next_page() == 3
    with pytest.raises(Hangup):
        sender.wait_for_next_page()


def test_the_receiver_hangs_up(channel: CallChannel, fax: str) -> None:
    sender = calling(channel, "5550107")
    sender.start(FaxToSend(fax))
    assert sender.wait_for_next_page() == 1
    with pytest.raises(Hangup):
        sender.wait_for_next_page()
    assert sender.wait_until_finished() == "HANGUP"
    assert channel.wait_for_idle() == "IDLE"
    with pytest.raises(Hangup):
        sender.start(FaxToSend(fax))


def test_the_session_fails(channel: CallChannel, fax: str) -> None:
    sender = calling(channel, "5550106")
    sender.start(FaxToSend(fax))
    with pytest.raises(Error, match=r"PAGEQUALITY.*far\.D\.rejected"):
        sender.wait_for_next_page()
    assert sender.Details.last_page is True


def test_timeouts_run_on_the_lines_clock(connected: CallChannel, fax: str) -> None:
    sender = connected.FaxSender
    sender.start(FaxToSend(fax))
    before = connected._line.now_us()
    assert sender.wait_for_next_page(2.5) == 0
    assert sender.wait_until_finished(0.5) == "TIMEOUT"
    assert connected._line.now_us() - before == pytest.approx(3_000_000, abs=20_000)
    assert (sender.state(), sender.cause()) == ("SENDING", "NONE")
    assert sender.wait_until_finished(0) == "TIMEOUT"
    assert sender.wait_until_finished(float("inf")) == "NORMAL"


def test_a_wait_takes_numbers_only(connected: CallChannel, fax: str) -> None:
    sender = connected.FaxSender
    sender.start(FaxToSend(fax))
    with pytest.raises(TypeError):
        sender.wait_until_finished("1")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        sender.wait_for_next_page(True)
    with pytest.raises(ValueError):
        sender.wait_for_negotiated_settings(float("nan"))
    assert sender.wait_until_finished() == "NORMAL"


def test_a_retrain_changes_the_settings_in_place(fax: str, tmp_path: Path) -> None:
    with CallChannel("sim:?faults=bad_training@1") as channel:
        sender = calling(channel)
        sender.start(FaxToSend(fax))
        negotiated = sender.Details.negotiated
        assert sender.wait_until_finished() == "NORMAL"
        assert sender.Details.negotiated is negotiated
        assert int(negotiated["DataRate"]) <= 14400


def test_a_long_fax(connected: CallChannel, tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "long.tif", 40, height=60)
    sender = connected.FaxSender
    sender.start(filename=tmp_path / "long.tif")
    told = []
    while sender.Details.last_page is not True:
        told.append(sender.wait_for_next_page())
    assert told == list(range(1, 41))
    assert sender.wait_until_finished() == "NORMAL"


def test_two_threads_wait_for_the_same_fax(connected: CallChannel, fax: str) -> None:
    sender = connected.FaxSender
    sender.start(FaxToSend(fax))
    causes: list[str] = []
    threads = [threading.Thread(target=lambda: causes.append(sender.wait_until_finished())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert causes == ["NORMAL"] * 4
