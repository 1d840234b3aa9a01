"""Every example of the API reference, as it stands there, on the simulated device. One thing differs:
Python 3 has items() where the reference has iteritems()."""

import textwrap
from pathlib import Path

import pages
import pytest

from faxline import CallChannel, CallFaxSender, Error, FaxToSend, Hangup

CLASS_CAUSE_OPTIONS = """
fax_options = {
    'v17':'NO',
    'MinDataRate':'14400'
}

if channel.FaxSender.start(fax_to_send=fax_to_send, fax_options=fax_options) is False:
    cause = channel.FaxSender.cause()
    if cause == channel.FaxSender.Cause.INCONSISTENT_OPTIONS:
        raise Error("This combination of options is not allowed: {0}".format(repr(channel.FaxSender.Details.failed_option)))
"""  # noqa: E501

CLASS_CAUSE_NOTFAX = """
cause = channel.FaxSender.wait_until_finished()
if cause == channel.FaxSender.Cause.NOTFAX:
    raise Hangup("Hang up because other end is not a fax machine")
"""

SEND_HIGH_RES = """
cause = channel.FaxSender.send(my_fax, fax_options={'HighRes':'YES'})
"""

SEND = """
my_fax = FaxToSend()
my_fax.set_content('my_outbound_fax.tif')
cause = channel.FaxSender.send(my_fax)
if cause == channel.FaxSender.Cause.NORMAL:
    print("the fax job ended normally")
elif cause == channel.FaxSender.Cause.NOTFAX:
    print("the receiver was not a fax machine")
else:
    print("the fax job failed")
"""

START_HIGH_RES = """
cause = channel.FaxSender.start(my_fax, fax_options={'HighRes':'YES'})
"""

START = """
my_fax = FaxToSend()
my_fax.set_content('my_outbound_fax.tif')
# Start sending a fax.
if channel.FaxSender.start(my_fax) == True:
    # while the fax is being sent, we can do something else;
    # and then wait for it to finish.
    cause = channel.FaxSender.wait_until_finished()
    if cause == channel.FaxSender.Cause.NORMAL:
        print("the fax job ended normally")
    elif cause == channel.FaxSender.Cause.NOTFAX:
        print("the receiver was not a fax machine")
    else:
        print("the fax job failed")
else:
    # The function returned False, this probably means that
    # the acknowledgement to indicate that fax sending has begun
    # did not arrive in time, and the function has timed out.
    pass
"""

STOP = """
# Start sending a fax and then stop it.
if channel.FaxSender.start(filename="my_fax.tif") == True:
    # while the file is transmitting we can do something else,
    # ...
    # then, for whatever reason, stop it.
    channel.FaxSender.stop()
"""

NEGOTIATED = """
negotiated_settings = channel.FaxSender.wait_for_negotiated_settings()
if negotiated_settings == {}:
    # negotiation has failed, we should quit and hang up.
    cause = channel.FaxSender.cause()
    raise Hangup("fax receiver returned {0}".format(cause))

for setting, value in negotiated_settings.items():
    print("{0:>15.15} : {1}".format(setting, value))
"""

NEXT_PAGE = """
# We can wait for each page to be sent, we do this until we've been told
# that no more pages will be sent. It is important to note that the last_page
# flag does not indicate success, it simply means that no more pages will be processed.
while channel.FaxSender.Details.last_page is not True:
    pages = channel.FaxSender.wait_for_next_page()
    print("Sent {0} pages so far".format(pages))

# Now we need to wait until the fax session has finished. We need to do this even though
# the last page flag has been set. Remember to check the cause, the last_page indicator
# may have been set, but this does not mean that every page was sent.
cause = channel.FaxSender.wait_until_finished()
if cause != channel.FaxSender.Cause.NORMAL:
    raise Error("The fax sender failed with cause {0}".format(cause))
"""

WAIT_UNTIL_FINISHED = """
# Start sending a fax and then wait for it to finish.
if channel.FaxSender.start(filename="my_fax.tif") == True:
    # do something else for a bit
    cause = channel.FaxSender.wait_until_finished()
    if cause == channel.FaxSender.Cause.NORMAL:
        print("the fax job ended normally")
    elif cause == channel.FaxSender.Cause.NOTFAX:
        print("the receiver was not a fax machine")
    else:
        print("the fax job failed")
"""

DETAILS = """
# create the fax document object
my_fax = FaxToSend('my_fax.tiff')
# send the fax and check the termination cause
if channel.FaxSender.send(fax_to_send=my_fax) != channel.FaxSender.Cause.NORMAL:
    # the fax did not terminate normally, look at the raw_cause
    print("Fax failed with raw cause {0}".format(channel.FaxSender.Details.raw_cause))
"""


@pytest.fixture(autouse=True)
def _documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("my_outbound_fax.tif", "my_fax.tif", "my_fax.tiff"):
        pages.save_fax(tmp_path / name, 3)


def run(example: str, channel: CallChannel) -> dict[str, object]:
    my_fax = FaxToSend("my_fax.tif")
    names: dict[str, object] = {
        "channel": channel,
        "Error": Error,
        "FaxToSend": FaxToSend,
        "Hangup": Hangup,
        "my_fax": my_fax,
        "fax_to_send": my_fax,
    }
    exec(textwrap.dedent(example), names)
    return names


def answered(channel: CallChannel, number: str) -> CallChannel:
    assert channel.call(number) == channel.State.ANSWERED
    return channel


def test_class_cause_options(connected: CallChannel) -> None:
    with pytest.raises(Error, match=r"This combination of options is not allowed: .*'v17': 'NO'.*'14400'"):
        run(CLASS_CAUSE_OPTIONS, connected)


def test_class_cause_not_fax(channel: CallChannel) -> None:
    answered(channel, "5550103").FaxSender.start(filename="my_fax.tif")
    with pytest.raises(Hangup, match="not a fax machine"):
        run(CLASS_CAUSE_NOTFAX, channel)


def test_class_cause_not_fax_with_a_fax(connected: CallChannel) -> None:
    connected.FaxSender.start(filename="my_fax.tif")
    assert run(CLASS_CAUSE_NOTFAX, connected)["cause"] == "NORMAL"


def test_send_high_res(connected: CallChannel) -> None:
    assert run(SEND_HIGH_RES, connected)["cause"] is CallFaxSender.Cause.NORMAL
    assert connected.FaxSender.Details.negotiated["HighRes"] == "YES"


@pytest.mark.parametrize("example", [SEND, START, WAIT_UNTIL_FINISHED])
@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("5550100", "the fax job ended normally"),
        ("5550103", "the receiver was not a fax machine"),
        ("5550108", "the fax job failed"),
    ],
)
def test_send_and_start(
    channel: CallChannel, capsys: pytest.CaptureFixture[str], example: str, number: str, words: str
) -> None:
    run(example, answered(channel, number))
    assert capsys.readouterr().out == words + "\n"


def test_start_high_res(connected: CallChannel) -> None:
    assert run(START_HIGH_RES, connected)["cause"] is True
    assert connected.FaxSender.wait_until_finished() == "NORMAL"


def test_stop(connected: CallChannel) -> None:
    run(STOP, connected)
    assert connected.FaxSender.cause() == connected.FaxSender.Cause.ABORTED
    assert connected.FaxSender.state() == connected.FaxSender.State.IDLE


def test_negotiated(connected: CallChannel, capsys: pytest.CaptureFixture[str]) -> None:
    connected.FaxSender.start(filename="my_fax.tif")
    run(NEGOTIATED, connected)
    lines = capsys.readouterr().out.splitlines()
    assert f"{'Modem':>15} : V17" in lines
    assert f"{'DataRate':>15} : 14400" in lines
    assert connected.FaxSender.wait_until_finished() == "NORMAL"


def test_negotiation_failed(channel: CallChannel) -> None:
    answered(channel, "5550103").FaxSender.start(filename="my_fax.tif")
    with pytest.raises(Hangup):
        run(NEGOTIATED, channel)


def test_next_page(connected: CallChannel, capsys: pytest.CaptureFixture[str]) -> None:
    connected.FaxSender.start(filename="my_fax.tif")
    assert run(NEXT_PAGE, connected)["cause"] == "NORMAL"
    assert capsys.readouterr().out == "".join(f"Sent {number} pages so far\n" for number in (1, 2, 3))


@pytest.mark.parametrize("number", ["5550103", "5550106", "5550107", "5550108", "5550110", "5550113"])
def test_next_page_never_hangs(channel: CallChannel, number: str) -> None:
    answered(channel, number).FaxSender.start(filename="my_fax.tif")
    with pytest.raises((Error, Hangup)):
        run(NEXT_PAGE, channel)
    assert channel.FaxSender.Details.last_page is True


def test_next_page_after_a_refused_start(connected: CallChannel) -> None:
    assert connected.FaxSender.start(filename="missing.tif") is False
    with pytest.raises(Error, match="failed with cause ERROR"):
        run(NEXT_PAGE, connected)


@pytest.mark.parametrize(
    ("number", "words"), [("5550100", ""), ("5550106", "Fax failed with raw cause far.D.rejected\n")]
)
def test_details(channel: CallChannel, capsys: pytest.CaptureFixture[str], number: str, words: str) -> None:
    run(DETAILS, answered(channel, number))
    assert capsys.readouterr().out == words
