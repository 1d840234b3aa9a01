"""Documents both ways in one call, and several documents in one: two simulated lines of one process."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pages
import pytest
from PIL import Image

from faxline import CallChannel, FaxDetails, FaxToReceive, FaxToSend, aio
from faxline._documents.fields import Facts
from faxline._documents.header_line import HeaderLine
from faxline.events import PageConfirmed

Application = Callable[[CallChannel], str]


@dataclass
class Pair:
    """A line that calls another one; what the applications of both are given."""

    caller: CallChannel
    called: CallChannel

    def call(self, calls: Application, answers: Application) -> tuple[str, str]:
        """The causes of both ends."""
        causes: list[str] = []

        def other() -> None:
            assert self.called.wait_for_call() == "RING_INCOMING"
            assert self.called.answer() == "ANSWERED"
            causes.append(answers(self.called))
            self.called.hang_up()

        thread = threading.Thread(target=other)
        thread.start()
        assert self.caller.call("5550002") == "ANSWERED"
        causes.insert(0, calls(self.caller))
        self.caller.hang_up()
        thread.join()
        return causes[0], causes[1]


@pytest.fixture
def pair() -> Iterator[Pair]:
    with CallChannel("sim:5550001") as caller, CallChannel("sim:5550002") as called:
        yield Pair(caller, called)
        for channel in (caller, called):
            assert channel._line.violations()[0] == 0


def counts(details: FaxDetails) -> tuple[int, int, int]:
    return details.pages, details.pages_sent, details.pages_received


def same_pages(received: Path, *made: list[Image.Image]) -> bool:
    return pages.all_rows(received) == [pages.rows(page) for document in made for page in document]


@pytest.mark.parametrize("ecm", ["YES", "NO"])
def test_send_and_then_poll(tmp_path: Path, pair: Pair, ecm: str) -> None:
    """The caller sends two pages and polls three: EOM turns the call round."""
    there = pages.save_fax(tmp_path / "there.tif", 2)
    back = pages.save_fax(tmp_path / "back.tif", 3, height=300)
    options = {"ECM": ecm}

    def calls(channel: CallChannel) -> str:
        poll = FaxToReceive(tmp_path / "got-back.tif")
        return channel.FaxSender.send(FaxToSend(tmp_path / "there.tif"), options, poll=poll)

    def answers(channel: CallChannel) -> str:
        poll = FaxToSend(tmp_path / "back.tif")
        return channel.FaxReceiver.receive(FaxToReceive(tmp_path / "got-there.tif"), options, poll=poll)

    assert pair.call(calls, answers) == ("NORMAL", "NORMAL")
    assert counts(pair.caller.FaxSender.Details) == (2, 2, 3)
    assert counts(pair.called.FaxReceiver.Details) == (2, 3, 2)
    assert same_pages(tmp_path / "got-there.tif", there)
    assert same_pages(tmp_path / "got-back.tif", back)


def test_the_same_by_the_other_methods(tmp_path: Path, pair: Pair) -> None:
    """What a job is about says which pages Details.pages counts, not what goes over the line."""
    there = pages.save_fax(tmp_path / "there.tif", 1)
    back = pages.save_fax(tmp_path / "back.tif", 2)

    def calls(channel: CallChannel) -> str:
        poll = FaxToSend(tmp_path / "there.tif")
        return channel.FaxReceiver.receive(FaxToReceive(tmp_path / "got-back.tif"), poll=poll)

    def answers(channel: CallChannel) -> str:
        poll = FaxToReceive(tmp_path / "got-there.tif")
        return channel.FaxSender.send(FaxToSend(tmp_path / "back.tif"), poll=poll)

    assert pair.call(calls, answers) == ("NORMAL", "NORMAL")
    assert counts(pair.caller.FaxReceiver.Details) == (2, 1, 2)
    assert counts(pair.called.FaxSender.Details) == (2, 2, 1)
    assert same_pages(tmp_path / "got-there.tif", there)
    assert same_pages(tmp_path / "got-back.tif", back)


@pytest.mark.parametrize("polls", [True, False])
def test_the_caller_decides(tmp_path: Path, pair: Pair, polls: bool) -> None:
    """The called line offers a document and takes one; the caller does one thing only. Either is NORMAL."""
    made = pages.save_fax(tmp_path / "document.tif", 2)

    def calls(channel: CallChannel) -> str:
        if polls:
            return channel.FaxReceiver.receive(FaxToReceive(tmp_path / "polled.tif"))
        return channel.FaxSender.send(FaxToSend(tmp_path / "document.tif"))

    def answers(channel: CallChannel) -> str:
        poll = FaxToSend(tmp_path / "document.tif")
        return channel.FaxReceiver.receive(FaxToReceive(tmp_path / "received.tif"), poll=poll)

    assert pair.call(calls, answers) == ("NORMAL", "NORMAL")
    details = pair.called.FaxReceiver.Details
    assert counts(details) == ((0, 2, 0) if polls else (2, 0, 2))
    assert details.last_page is True
    assert (tmp_path / "received.tif").exists() is not polls
    assert same_pages(tmp_path / ("polled.tif" if polls else "received.tif"), made)


def test_a_poll_in_vain(tmp_path: Path, pair: Pair) -> None:
    """The far end has nothing to be polled: every page has arrived, and the fax says that the poll failed."""
    pages.save_fax(tmp_path / "there.tif", 2)

    def calls(channel: CallChannel) -> str:
        poll = FaxToReceive(tmp_path / "none.tif")
        return channel.FaxSender.send(FaxToSend(tmp_path / "there.tif"), poll=poll)

    def answers(channel: CallChannel) -> str:
        return channel.FaxReceiver.receive(FaxToReceive(tmp_path / "got.tif"))

    assert pair.call(calls, answers) == ("COMMSFAULT", "NORMAL")
    details = pair.caller.FaxSender.Details
    assert (details.raw_cause, counts(details)) == ("far.B.nothing-to-poll", (2, 2, 0))
    assert not (tmp_path / "none.tif").exists()


def test_nobody_answers_a_poll_with_dis_for_ever(tmp_path: Path, pair: Pair) -> None:
    """DTC to who has nothing: not the silence until T1, but DCN."""

    def calls(channel: CallChannel) -> str:
        return channel.FaxReceiver.receive(FaxToReceive(tmp_path / "none.tif"))

    def answers(channel: CallChannel) -> str:
        return channel.FaxReceiver.receive(FaxToReceive(tmp_path / "none-either.tif"))

    assert pair.call(calls, answers) == ("COMMSFAULT", "COMMSFAULT")
    assert pair.caller.FaxReceiver.Details.raw_cause == "far.B.nothing-to-poll"


def test_words_with_a_plus(tmp_path: Path, pair: Pair) -> None:
    """Passwords and addresses may be telephone numbers, with their +."""
    made = pages.save_fax(tmp_path / "document.tif", 1)
    words = {"Password": "+9876543210", "SelectivePolling": "+1", "SubAddress": "+49 1"}

    def calls(channel: CallChannel) -> str:
        return channel.FaxReceiver.receive(FaxToReceive(tmp_path / "polled.tif"), words)

    def answers(channel: CallChannel) -> str:
        return channel.FaxSender.send(FaxToSend(tmp_path / "document.tif"), words)

    assert pair.call(calls, answers) == ("NORMAL", "NORMAL")
    assert words.items() <= pair.called.FaxSender.Details.negotiated.items()
    assert same_pages(tmp_path / "polled.tif", made)


def test_who_is_polled_and_receives_hears_the_words(tmp_path: Path, pair: Pair) -> None:
    """They are those of who polls, where it is the document that goes out which is at work."""
    pages.save_fax(tmp_path / "document.tif", 1)
    words = {"Password": "99", "SelectivePolling": "12"}

    def calls(channel: CallChannel) -> str:
        return channel.FaxReceiver.receive(FaxToReceive(tmp_path / "polled.tif"), words)

    def answers(channel: CallChannel) -> str:
        poll = FaxToSend(tmp_path / "document.tif")
        return channel.FaxReceiver.receive(FaxToReceive(tmp_path / "none.tif"), poll=poll)

    assert pair.call(calls, answers) == ("NORMAL", "NORMAL")
    assert words.items() <= pair.called.FaxReceiver.Details.negotiated.items()


def test_events_say_both(tmp_path: Path, pair: Pair) -> None:
    pages.save_fax(tmp_path / "document.tif", 1)
    seen: list[tuple[int, int, int, bool]] = []
    with pair.called.events() as stream:

        def calls(channel: CallChannel) -> str:
            poll = FaxToReceive(tmp_path / "back.tif")
            return channel.FaxSender.send(FaxToSend(tmp_path / "document.tif"), poll=poll)

        def answers(channel: CallChannel) -> str:
            poll = FaxToSend(tmp_path / "document.tif")
            return channel.FaxReceiver.receive(FaxToReceive(tmp_path / "there.tif"), poll=poll)

        assert pair.call(calls, answers) == ("NORMAL", "NORMAL")
        while event := stream.next(0):
            if isinstance(event, PageConfirmed):
                seen.append((event.pages, event.sent, event.received, event.last))
    assert seen == [(1, 0, 1, False), (1, 1, 1, True)]


def test_poll_is_the_other_kind(tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "document.tif", 1)
    fax = FaxToSend(tmp_path / "document.tif")
    with CallChannel("sim:") as channel:
        channel.call("5550100")
        with pytest.raises(TypeError, match="poll is a FaxToReceive, not FaxToSend"):
            channel.FaxSender.send(fax, poll=fax)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="poll is a FaxToSend, not str"):
            channel.FaxReceiver.receive(FaxToReceive(tmp_path / "x.tif"), poll="x")  # type: ignore[arg-type]
        assert channel.FaxSender.send(fax) == "NORMAL"


def test_what_goes_back_is_checked_first(tmp_path: Path) -> None:
    """A document that cannot be read, a file that exists already: nothing goes out on the line."""
    pages.save_fax(tmp_path / "document.tif", 1)
    with CallChannel("sim:") as channel:
        channel.call("5550100")
        poll = FaxToReceive(tmp_path / "document.tif")
        assert channel.FaxSender.send(FaxToSend(tmp_path / "document.tif"), poll=poll) == "ERROR"
        assert channel.FaxSender.Details.raw_cause == "local.storage"
        receive = FaxToReceive(tmp_path / "new.tif")
        assert channel.FaxReceiver.receive(receive, poll=FaxToSend(tmp_path / "none.tif")) == "ERROR"
        assert channel.FaxReceiver.Details.raw_cause == "local.document"
        assert channel.FaxReceiver.Details.pages == 0


# ---- several documents ----


def three_documents(folder: Path) -> tuple[FaxToSend, list[list[Image.Image]]]:
    made = [pages.save_fax(folder / f"{number}.tif", number, height=100 + number) for number in (2, 1, 3)]
    fax = FaxToSend()
    for number in (2, 1, 3):
        fax.add_content(folder / f"{number}.tif", separate=True)
    return fax, made


@pytest.mark.parametrize("extension", [".tif", ".pdf"])
def test_documents_are_filed_apart(tmp_path: Path, pair: Pair, extension: str) -> None:
    fax, made = three_documents(tmp_path)
    assert fax.count_documents() == (2, 1, 3)
    received = FaxToReceive(tmp_path / f"received{extension}", separate=True)

    def calls(channel: CallChannel) -> str:
        return channel.FaxSender.send(fax)

    def answers(channel: CallChannel) -> str:
        return channel.FaxReceiver.receive(received)

    assert pair.call(calls, answers) == ("NORMAL", "NORMAL")
    for details in (pair.caller.FaxSender.Details, pair.called.FaxReceiver.Details):
        assert (details.pages, details.documents) == (6, [2, 1, 3])
    names = [f"received{extension}", f"received-2{extension}", f"received-3{extension}"]
    assert [Path(name).name for name in received.filenames] == names
    assert sorted(path.name for path in tmp_path.glob("received*")) == sorted(names)
    for name, document in zip(names, made, strict=True):
        if extension == ".tif":
            assert same_pages(tmp_path / name, document)
        else:
            assert FaxToSend(tmp_path / name).count_pages() == len(document)


def test_documents_in_one_file(tmp_path: Path, pair: Pair) -> None:
    """Whoever does not ask for it gets one file, and is told where the documents are parted."""
    fax, made = three_documents(tmp_path)

    def answers(channel: CallChannel) -> str:
        return channel.FaxReceiver.receive(FaxToReceive(tmp_path / "received.tif"))

    assert pair.call(lambda channel: channel.FaxSender.send(fax), answers) == ("NORMAL", "NORMAL")
    assert pair.called.FaxReceiver.Details.documents == [2, 1, 3]
    assert same_pages(tmp_path / "received.tif", *made)


def test_no_later_document_replaces_a_file(tmp_path: Path, pair: Pair) -> None:
    """The second document has no place: its page is not confirmed; the first one is kept."""
    fax, made = three_documents(tmp_path)
    (tmp_path / "received-2.tif").write_text("mine")
    received = FaxToReceive(tmp_path / "received.tif", separate=True)

    def answers(channel: CallChannel) -> str:
        return channel.FaxReceiver.receive(received)

    cause, other = pair.call(lambda channel: channel.FaxSender.send(fax), answers)
    assert (cause != "NORMAL", other) == (True, "ERROR")
    details = pair.called.FaxReceiver.Details
    assert (details.raw_cause, details.pages, details.documents) == ("local.storage", 2, [2])
    assert pair.caller.FaxSender.Details.pages == 2
    assert (tmp_path / "received-2.tif").read_text() == "mine"
    assert same_pages(tmp_path / "received.tif", made[0])


def test_polled_documents_are_filed_apart(tmp_path: Path, pair: Pair) -> None:
    fax, made = three_documents(tmp_path)
    received = FaxToReceive(tmp_path / "received.tif", separate=True)

    def answers(channel: CallChannel) -> str:
        return channel.FaxSender.send(fax)

    assert pair.call(lambda channel: channel.FaxReceiver.receive(received), answers) == ("NORMAL", "NORMAL")
    for name, document in zip(received.filenames, made, strict=True):
        assert same_pages(Path(name), document)


def test_a_subclass_names_later_documents(tmp_path: Path, pair: Pair) -> None:
    class Named(FaxToReceive):
        def document_path(self, remote_id: str, document: int) -> Path:
            return tmp_path / f"{remote_id or 'nobody'}-no-{document}.tif"

    fax, made = three_documents(tmp_path)
    received = Named(tmp_path / "received.tif", separate=True)

    def answers(channel: CallChannel) -> str:
        return channel.FaxReceiver.receive(received)

    def calls(channel: CallChannel) -> str:
        return channel.FaxSender.send(fax, {"SubscriberId": "42"})

    assert pair.call(calls, answers) == ("NORMAL", "NORMAL")
    assert same_pages(tmp_path / "42-no-3.tif", made[2])


def test_a_far_machine_gets_documents(tmp_path: Path) -> None:
    """EOM between them costs no page, with any far machine."""
    fax, made = three_documents(tmp_path)
    with CallChannel(f"sim:?save={tmp_path / 'far.tif'}") as channel:
        channel.call("5550104")
        assert channel.FaxSender.send(fax) == "NORMAL"
        assert channel.FaxSender.Details.documents == [2, 1, 3]
    assert same_pages(tmp_path / "far.tif", *made)


def test_a_header_line_counts_each_document(tmp_path: Path) -> None:
    fax, _ = three_documents(tmp_path)
    facts = Facts("", "", "", 6, datetime(2026, 1, 1))
    line = HeaderLine("{page}/{pages}", facts, fax.count_documents())
    texts = [line.text(page.number, page.document) for page in fax.pages()]
    assert texts == ["1/2", "2/2", "1/1", "1/3", "2/3", "3/3"]
    assert [page.document for page in fax.pages()] == [1, 1, 2, 3, 3, 3]


def test_the_first_content_parts_nothing(tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "1.tif", 1)
    fax = FaxToSend()
    fax.add_content(tmp_path / "1.tif", separate=True)
    assert fax.count_documents() == (1,)
    fax.prepare()
    fax.add_content(tmp_path / "1.tif", separate=True)
    fax.add_content(tmp_path / "1.tif")
    assert fax.count_documents() == (1, 2)
    fax.prepare()
    assert [(page.number, page.document) for page in fax.pages()] == [(1, 1), (1, 2), (2, 2)]


def test_the_loop_over_pages_ends(tmp_path: Path, pair: Pair) -> None:
    """The reference's loop counts what was sent; last_page is true only when nothing comes back any more."""
    pages.save_fax(tmp_path / "document.tif", 2)
    told: list[tuple[int, int]] = []

    def calls(channel: CallChannel) -> str:
        sender = channel.FaxSender
        assert sender.start(FaxToSend(tmp_path / "document.tif"), poll=FaxToReceive(tmp_path / "polled.tif"))
        while sender.Details.last_page is not True:
            told.append((sender.wait_for_next_page(), sender.Details.pages_received))
        return sender.wait_until_finished()

    def answers(channel: CallChannel) -> str:
        receiver = channel.FaxReceiver
        poll = FaxToSend(tmp_path / "document.tif")
        assert receiver.start(FaxToReceive(tmp_path / "received.tif"), poll=poll)
        while receiver.Details.last_page is not True:
            receiver.wait_for_next_page()
        return receiver.wait_until_finished()

    assert pair.call(calls, answers) == ("NORMAL", "NORMAL")
    assert [sent for sent, _ in told][:2] == [1, 2]
    assert told[-1] == (2, 2)


def test_with_await(tmp_path: Path) -> None:
    made = pages.save_fax(tmp_path / "document.tif", 1)

    async def called(channel: aio.AsyncCallChannel) -> str:
        assert await channel.wait_for_call() == "RING_INCOMING"
        assert await channel.answer() == "ANSWERED"
        poll = FaxToReceive(tmp_path / "received.tif")
        cause = await channel.FaxSender.send(FaxToSend(tmp_path / "document.tif"), poll=poll)
        await channel.hang_up()
        return cause

    async def both() -> tuple[str, str]:
        async with aio.AsyncCallChannel("sim:5550001") as one, aio.AsyncCallChannel("sim:5550002") as two:
            other = asyncio.create_task(called(two))
            assert await one.call("5550002") == "ANSWERED"
            poll = FaxToSend(tmp_path / "document.tif")
            cause = await one.FaxReceiver.receive(FaxToReceive(tmp_path / "polled.tif"), poll=poll)
            await one.hang_up()
            return cause, await other

    assert asyncio.run(both()) == ("NORMAL", "NORMAL")
    assert same_pages(tmp_path / "received.tif", made)
    assert same_pages(tmp_path / "polled.tif", made)
