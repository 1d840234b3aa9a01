"""Documents that are read beside the call, on lines whose clock does not stand still meanwhile."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pages
import pytest

from faxline import CallChannel, FaxCause, FaxToSend, sim
from faxline.document import DocumentError

pytestmark = pytest.mark.wallclock

STEPS = 20


class Paced(FaxToSend):
    """A document of which something happens before a page is given out."""

    def __init__(self, filename: Path, before: dict[int, Callable[[], None]]) -> None:
        super().__init__(filename)
        self.before = before
        self.closed = threading.Event()

    def pages(self, **wishes: Any) -> Iterator[Any]:
        try:
            for number, page in enumerate(super().pages(**wishes), 1):
                self.before.get(number, lambda: None)()
                yield page
        finally:
            self.closed.set()


def text_file(path: Path, count: int, lines: int = 50) -> Path:
    """So many pages of text."""
    sheets = ("\n".join(f"page {page}, line {line}" for line in range(lines)) for page in range(count))
    path.write_text("\f".join(sheets))
    return path


def refuse() -> None:
    raise DocumentError("page 4 of a.tif: it is broken")


def reader_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "faxline-pages"]


def test_the_pages_are_those_of_a_document_read_before(tmp_path: Path) -> None:
    """Header lines, several documents and the images in the trace count on where a piece ends."""
    files = [tmp_path / f"{number}.tif" for number in range(3)]
    for number, file in enumerate(files):
        pages.save_fax(file, 2 + number)
    arrived, details = [], []
    for pace in ("virtual", "real"):
        saved, trace = tmp_path / f"{pace}.tif", tmp_path / f"{pace}.trace"
        document = FaxToSend()
        for number, file in enumerate(files):
            document.add_content(file, separate=number > 0)
        speed = 100 if pace == "real" else None
        address = sim.address(save=saved, pace=pace, speed=speed)
        with CallChannel(address, trace=trace, trace_pages=True) as channel:
            channel.call("5550100")
            options = {"HeaderLine": "page %p of %P", "SubscriberId": "5550001"}
            assert channel.FaxSender.send(document, options) == "NORMAL"
            made = channel.FaxSender.Details
            details.append((made.pages, made.documents, made.page_octets))
        arrived.append(pages.all_rows(saved))
    assert arrived[0] == arrived[1]
    assert details[0] == details[1]
    assert details[0][:2] == (9, [2, 3, 4])


def test_five_hundred_pages_begin_at_once(tmp_path: Path) -> None:
    """To read them all takes longer than the far end would wait."""
    document = FaxToSend(text_file(tmp_path / "a.txt", 500, lines=12))
    assert document.count_pages() == 500
    with CallChannel(sim.address(pace="real", speed=100)) as channel:
        channel.call("5550100")
        assert channel.FaxSender.send(document) == "NORMAL"
        assert channel.FaxSender.Details.pages == 500
        assert all(len(octets) == 500 for octets in channel.FaxSender.Details.page_octets.values())


def test_thirty_lines_at_once(tmp_path: Path) -> None:
    document = FaxToSend(text_file(tmp_path / "a.txt", 6))
    channels = [CallChannel(sim.address(pace="real", speed=10)) for _ in range(30)]
    causes: list[FaxCause] = []

    def fax(channel: CallChannel) -> None:
        with channel:
            channel.call("5550100")
            causes.append(channel.FaxSender.send(document))

    threads = [threading.Thread(target=fax, args=(channel,)) for channel in channels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert causes == [FaxCause.NORMAL] * 30


def test_a_page_that_is_too_late(tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "a.tif", 5)
    go_on = threading.Event()

    def wait() -> None:
        go_on.wait(60)

    document = Paced(tmp_path / "a.tif", {4: wait})
    with CallChannel(sim.address(pace="real", speed=100)) as channel:
        channel.call("5550100")
        try:
            assert channel.FaxSender.send(document) == "ERROR"
        finally:
            go_on.set()
        details = channel.FaxSender.Details
        assert (details.raw_cause, details.pages) == ("local.document-late", 2)
        assert "prepare()" in str(details.raw_cause_text)
        assert document.closed.wait(60)


def test_a_page_that_cannot_be_read(tmp_path: Path) -> None:
    """What came before it may have gone out; it is the reason, in its own words."""
    pages.save_fax(tmp_path / "a.tif", 5)
    with CallChannel(sim.address(pace="real", speed=100)) as channel:
        channel.call("5550100")
        assert channel.FaxSender.send(Paced(tmp_path / "a.tif", {4: refuse})) == "ERROR"
        details = channel.FaxSender.Details
        assert details.raw_cause == "local.document"
        assert details.raw_cause_text == "page 4 of a.tif: it is broken"
        assert details.pages <= 2
        channel.hang_up()
        channel.call("5550100")
        assert channel.FaxSender.send(FaxToSend(tmp_path / "a.tif")) == "NORMAL"


def test_a_fault_of_ours_while_it_is_read(tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "a.tif", 5)

    def burst() -> None:
        raise ZeroDivisionError

    with CallChannel(sim.address(pace="real", speed=100)) as channel:
        channel.call("5550100")
        assert channel.FaxSender.send(Paced(tmp_path / "a.tif", {4: burst})) == "ERROR"
        assert "ZeroDivisionError" in str(channel.FaxSender.Details.raw_cause_text)


@pytest.mark.parametrize("order", ["stop", "hang_up", "close"])
def test_nobody_reads_on_when_the_fax_is_over(tmp_path: Path, order: str) -> None:
    pages.save_fax(tmp_path / "a.tif", STEPS)
    reached, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        reached.set()
        go_on.wait(60)

    document = Paced(tmp_path / "a.tif", {3: wait, 4: lambda: pytest.fail("it reads on")})
    with CallChannel(sim.address(pace="real", speed=20)) as channel:
        channel.call("5550100")
        assert channel.FaxSender.start(document)
        assert reached.wait(60)
        channel.FaxSender.stop() if order == "stop" else getattr(channel, order)()
        go_on.set()
        assert document.closed.wait(60)
    for thread in reader_threads():
        thread.join(60)
    assert not reader_threads()
    expected = {"stop": "ABORTED", "hang_up": "HANGUP", "close": "HANGUP"}
    assert channel.FaxSender.cause() == expected[order]


def test_in_virtual_time_it_is_read_first(tmp_path: Path) -> None:
    """No run there is to depend on how fast this machine reads."""
    pages.save_fax(tmp_path / "a.tif", 4)
    here: list[int] = []
    document = Paced(tmp_path / "a.tif", {4: lambda: here.append(len(reader_threads()))})
    with CallChannel("sim:") as channel:
        channel.call("5550100")
        assert channel.FaxSender.send(document) == "NORMAL"
    assert here == [0]
