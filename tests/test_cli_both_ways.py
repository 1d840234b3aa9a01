"""faxline send and receive with --separate and --poll: the command at one simulated line, the application at
another one."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pages
import pytest
from pytest_mock import MockerFixture

from faxline import CallChannel, FaxToReceive, FaxToSend
from faxline.cli import main


def answering(answers: Callable[[CallChannel], object]) -> tuple[CallChannel, threading.Thread]:
    """A line that takes the next call."""
    channel = CallChannel("sim:5550002")

    def run() -> None:
        assert channel.wait_for_call() == "RING_INCOMING"
        assert channel.answer() == "ANSWERED"
        answers(channel)
        channel.hang_up()

    thread = threading.Thread(target=run)
    thread.start()
    return channel, thread


def calling(mocker: MockerFixture, calls: Callable[[CallChannel], object]) -> threading.Thread:
    """A line that calls the command, once that waits for calls."""
    wait_for_call = CallChannel.wait_for_call

    def run() -> None:
        with CallChannel("sim:5550002") as channel:
            assert channel.call("5550001") == "ANSWERED"
            calls(channel)
            channel.hang_up()

    thread = threading.Thread(target=run)

    def begin(self: CallChannel) -> str:
        thread.start()
        return wait_for_call(self)

    mocker.patch.object(CallChannel, "wait_for_call", begin)
    return thread


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def two_files(tmp_path: Path) -> list[str]:
    for number in (1, 2):
        pages.save_fax(tmp_path / f"{number}.tif", number)
    return [str(tmp_path / "2.tif"), str(tmp_path / "1.tif")]


def test_send_separate(tmp_path: Path, two_files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    channel, thread = answering(
        lambda line: line.FaxReceiver.receive(FaxToReceive(tmp_path / "got.tif", separate=True))
    )
    send = ["send", "5550002", *two_files, "--separate", "--device", "sim:5550001"]
    assert main([*send, "--json"]) == 0
    thread.join()
    channel.close()
    told = events(capsys)
    assert [(event["pages"], event["document"]) for event in told if event["event"] == "page"] == [
        (1, 1),
        (2, 1),
        (3, 2),
    ]
    assert (told[-1]["pages"], told[-1]["documents"]) == (3, [2, 1])
    assert len(pages.all_rows(tmp_path / "got.tif")) == 2
    assert len(pages.all_rows(tmp_path / "got-2.tif")) == 1


def test_send_separate_again(
    tmp_path: Path, two_files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A call that breaks off in the second document goes on there: the numbers are of all calls."""
    send = ["send", "5550107", *reversed(two_files), "--separate", "--device", "sim:", "--retries", "2"]
    assert main([*send, "--resend-unconfirmed", "--json"]) == 0
    told = events(capsys)
    assert [(event["pages"], event["document"]) for event in told if event["event"] == "page"] == [
        (1, 1),
        (2, 2),
        (3, 2),
    ]
    assert (told[-1]["attempts"], told[-1]["documents"]) == (3, [1, 2])


def test_send_and_poll(tmp_path: Path, two_files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    channel, thread = answering(
        lambda line: line.FaxReceiver.receive(
            FaxToReceive(tmp_path / "there.tif"), poll=FaxToSend(two_files[0])
        )
    )
    polled = tmp_path / "polled.tif"
    send = ["send", "5550002", two_files[1], "--poll", str(polled), "--device", "sim:5550001"]
    assert main([*send, "--json"]) == 0
    thread.join()
    channel.close()
    result = events(capsys)[-1]
    assert (result["pages"], result["received"], result["file"]) == (1, 2, str(polled))
    assert pages.all_rows(polled) == pages.all_rows(Path(two_files[0]))


def test_a_poll_in_vain(tmp_path: Path, fax: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Not tried again: the pages have arrived."""
    send = ["send", "5550100", fax, "--poll", str(tmp_path / "polled.tif"), "--device", "sim:"]
    assert main([*send, "--retries", "3", "--json"]) == 11
    result = events(capsys)[-1]
    assert (result["raw_cause"], result["pages"], result["attempts"]) == ("far.B.nothing-to-poll", 3, 1)
    assert (result["received"], result["file"]) == (0, None)


def test_receive_separate(
    tmp_path: Path, two_files: list[str], mocker: MockerFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    fax = FaxToSend(list(two_files), separate=True)
    thread = calling(mocker, lambda line: line.FaxSender.send(fax, {"SubscriberId": "42"}))
    receive = ["receive", "--device", "sim:5550001", "--output", str(tmp_path / "in"), "--separate", "--once"]
    assert main([*receive, "--json"]) == 0
    thread.join()
    told = events(capsys)
    files = told[-1]["files"]
    assert (told[-1]["pages"], told[-1]["documents"], told[-1]["file"]) == (3, [2, 1], files[0])
    assert sorted(files) == sorted(map(str, (tmp_path / "in").iterdir()))
    assert [Path(file).name.rpartition("-42")[2] for file in files] == [".tif", "-2.tif"]
    found = [(event["document"], event["file"]) for event in told if event["event"] == "page"]
    assert found[-1] == (2, files[1])
    assert [len(pages.all_rows(Path(file))) for file in files] == [2, 1]


def test_receive_and_offer(
    tmp_path: Path, two_files: list[str], mocker: MockerFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    polled = tmp_path / "polled.tif"
    thread = calling(mocker, lambda line: line.FaxReceiver.receive(FaxToReceive(polled)))
    receive = ["receive", "--device", "sim:5550001", "--output", str(tmp_path / "in"), "--once"]
    assert main([*receive, "--poll", two_files[0], "--json"]) == 0
    thread.join()
    result = events(capsys)[-1]
    assert (result["cause"], result["pages"], result["sent"]) == ("NORMAL", 0, 2)
    assert (result["file"], result["files"], result["documents"]) == (None, [], [])
    assert pages.all_rows(polled) == pages.all_rows(Path(two_files[0]))


def test_what_is_offered_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Seen before the first call, and not at each."""
    receive = ["receive", "--device", "sim:5550001", "--output", str(tmp_path), "--once"]
    assert main([*receive, "--poll", str(tmp_path / "none.tif")]) == 1
    assert "none.tif" in capsys.readouterr().err
