"""Documents that are bombs, or kill their reader: one job is harmed, at once and with a sentence."""

import os
import re
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import bombs
import pages
import pytest
from PIL import Image

from faxline import CallChannel, FaxToSend
from faxline._workers import pool
from faxline.cli import main
from faxline.document import DocumentError, Limits

TIGHT = Limits(memory_mib=256, page_seconds=20, cpu_seconds=4)


@pytest.fixture(autouse=True)
def _own_limits() -> Iterator[None]:
    before = FaxToSend.limits
    yield
    FaxToSend.limits = before


PEAK = """
import resource, sys
from contextlib import suppress
from faxline import FaxToSend
from faxline._workers import pool
from faxline.document import DocumentError, Limits
fax = FaxToSend(sys.argv[1])
fax.limits = Limits(memory_mib=256, page_seconds=20, cpu_seconds=4)
with suppress(DocumentError):
    fax.prepare()
pool.close()
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
"""
"""The largest resident set of a worker, in MiB: of a process that has no other children."""


@pytest.mark.parametrize("what", bombs.BOMBS)
def test_bombs(tmp_path: Path, connected: CallChannel, fax: str, what: str) -> None:
    """The job ends with a sentence that names the file and the limit; the channel goes on."""
    name, make, words = bombs.BOMBS[what]
    make(tmp_path / name)
    FaxToSend.limits = TIGHT
    cause = connected.FaxSender.send(FaxToSend(tmp_path / name))
    text = connected.FaxSender.Details.raw_cause_text
    if words or cause != "NORMAL":
        assert (cause, connected.FaxSender.Details.raw_cause) == ("ERROR", "local.document")
        assert name in text
        assert re.search(words, text), text
    connected.hang_up()
    assert connected.call("5550100") == "ANSWERED"
    assert connected.FaxSender.send(FaxToSend(fax)) == "NORMAL"


@pytest.mark.parametrize("what", bombs.BOMBS)
def test_bombs_take_no_more_memory_than_allowed(tmp_path: Path, what: str) -> None:
    name, make, _ = bombs.BOMBS[what]
    make(tmp_path / name)
    command = [sys.executable, "-c", PEAK, str(tmp_path / name)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert 10 < int(told) < 400


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (
            Limits(page_seconds=1, memory_mib=2048),
            r"page 1 of .*a\.pdf: .*longer than 1 s \(Limits\.page_seconds\)",
        ),
        (
            Limits(cpu_seconds=1, memory_mib=2048),
            r"page 1 of .*a\.pdf: .*1 s of the processor \(Limits\.cpu_seconds\)",
        ),
        (Limits(memory_mib=150), r"page 1 of .*a\.pdf: .*150 MiB of memory \(Limits\.memory_mib\)"),
    ],
)
def test_limits(tmp_path: Path, limits: Limits, words: str) -> None:
    bombs.forms(tmp_path / "a.pdf")
    fax = FaxToSend(tmp_path / "a.pdf")
    fax.limits = limits
    with pytest.raises(DocumentError, match=words):
        list(fax.pages())


def test_a_file_too_large(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    os.truncate(tmp_path / "a.tif", 257 << 20)
    with pytest.raises(DocumentError, match=r"a\.tif: a file of 257 MiB, 256 at most \(Limits\.file_mib\)"):
        FaxToSend(tmp_path / "a.tif").count_pages()


def test_more_pages_than_allowed(tmp_path: Path) -> None:
    pages.save_fax(tmp_path / "a.tif", 3)
    fax = FaxToSend(tmp_path / "a.tif")
    fax.limits = Limits(pages=2)
    with pytest.raises(DocumentError, match=r"a\.tif: more than 2 pages \(Limits\.pages\)"):
        fax.count_pages()


def test_a_forker_that_was_killed_is_replaced(fax: str) -> None:
    assert len(list(FaxToSend(fax).pages())) == 3
    forker = pool._forker
    assert forker is not None
    forker._process.kill()
    forker._process.wait()
    assert len(list(FaxToSend(fax).pages())) == 3
    assert pool._forker is not forker


def test_a_child_has_a_forker_of_its_own(fax: str) -> None:
    assert len(list(FaxToSend(fax).pages())) == 3
    forker = pool._forker
    child = os.fork()
    if child == 0:
        good = False
        try:
            good = len(list(FaxToSend(fax).pages())) == 3
            pool.close()
        finally:
            os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(list(FaxToSend(fax).pages())) == 3
    assert pool._forker is forker


def test_a_worker_that_was_at_fault_reads_nothing_more(tmp_path: Path, fax: str) -> None:
    """One that was not reads the next document, if its limits are the same, and it and its forker live."""
    pool.close()
    assert len(list(FaxToSend(fax).pages())) == 3
    (first,) = pool._idle
    assert len(list(FaxToSend(fax).pages())) == 3
    assert pool._idle == [first]
    other = FaxToSend(fax)
    other.limits = Limits(pages=50)
    assert len(list(other.pages())) == 3
    assert len(pool._idle) == 2
    broken = tmp_path / "a.pdf"
    broken.write_bytes(b"%PDF-1.4 and nothing else")
    with pytest.raises(DocumentError):
        FaxToSend(broken).prepare()
    assert first not in pool._idle
    abandoned = FaxToSend(fax).pages()
    next(abandoned)
    abandoned.close()  # type: ignore[attr-defined]
    assert len(pool._idle) == 1
    assert len(list(FaxToSend(fax).pages())) == 3


def test_an_idle_worker_that_was_killed_is_not_asked(fax: str) -> None:
    pool.close()
    assert len(list(FaxToSend(fax).pages())) == 3
    (idle,) = pool._idle
    idle.forker.kill(idle.number)
    assert select.select([idle.sock], [], [], 5)[0]
    assert len(list(FaxToSend(fax).pages())) == 3


def test_the_processor_time_of_one_document_is_not_that_of_the_next(fax: str) -> None:
    """A worker has so much for each: with the first one's it would be over after some."""
    pool.close()
    document = FaxToSend([fax] * 40)
    document.limits = Limits(cpu_seconds=1)
    for _ in range(30):
        assert len(list(document.pages())) == 120
    assert len(pool._idle) == 1


def test_many_at_once(fax: str) -> None:
    """Each thread has a worker of its own."""
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(len(list(FaxToSend(fax).pages())))) for _ in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [3] * 30


DRAWING = """
import signal, sys
from faxline import FaxToSend
from faxline._workers import pool
from faxline.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell without a terminal leaves it ignored
fax = FaxToSend(sys.argv[1])
fax.limits = type(fax.limits)(memory_mib=2048)
def check():
    forker = pool._forker._process.pid
    for worker in open(f"/proc/{forker}/task/{forker}/children").read().split():
        if int(open(f"/proc/{worker}/stat").read().rsplit(")")[1].split()[11]) > 20:  # ticks: it draws
            print(forker, worker, flush=True)
list(fax.pages(check=check))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_orphans_while_pdfium_draws(tmp_path: Path, number: signal.Signals) -> None:
    """The process ends at once, and what it had started with it."""
    bombs.forms(tmp_path / "a.pdf")
    with subprocess.Popen(
        [sys.executable, "-c", DRAWING, str(tmp_path / "a.pdf")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        started = [int(word) for word in process.stdout.readline().split()]
        assert len(started) == 2  # the forker and its worker
        ends = [os.pidfd_open(pid) for pid in started]
        process.send_signal(number)
        assert process.wait(5) == -number
    for fd in ends:
        assert select.select([fd], [], [], 5)[0]
        os.close(fd)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("pages=1", r"more than 1 page.*Limits\.pages"),
        ("pixels=1000", r"too many pixels, 1000 at most \(Limits\.pixels\)"),
        ("memory=5", "--limit: there is no 'memory', but file_mib, pages, pixels"),
        ("pages=-1", "'-1' is no whole number"),
        ("pages", "not NAME=VALUE"),
    ],
)
def test_limits_of_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: str, words: str
) -> None:
    pages.save_fax(tmp_path / "a.tif", 2)
    assert main(["preview", str(tmp_path / "a.tif"), "--limit", limit]) != 0
    told = capsys.readouterr()
    assert re.search(words, told.out + told.err), told
    assert main(["preview", str(tmp_path / "a.tif"), "--limit", "pages=2", "--limit", "pixels=0"]) == 0


def test_what_libraries_say_goes_to_the_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """libtiff writes on descriptor 2, whatever Python thinks of it."""
    path = tmp_path / "a.tif"
    Image.effect_noise((300, 300), 80).save(path, compression="tiff_lzw", dpi=(204, 196))
    octets = bytearray(path.read_bytes())
    octets[3000:3200] = bytes(range(56, 256))
    path.write_bytes(octets)
    with caplog.at_level("INFO"), pytest.raises(DocumentError):
        FaxToSend(path).prepare()
    assert "code not yet in table" in caplog.text
    assert capfd.readouterr().err == ""
