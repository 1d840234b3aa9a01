"""A page is on the disk before it is confirmed, whatever happens to the file and the disk: real calls."""

import errno
import os
import random
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import kills
import pages
import pypdfium2
import pytest

from faxline import CallChannel, Confirmation, Error, FaxToReceive, FaxToSend
from faxline.causes import CallState, FaxCause
from faxline.cli.receive import _DatedFax as DatedFax
from faxline.trace.lines import begins_a_call
from faxline.trace.reader import load
from faxline.trace.text import lines_of

TOO_LONG = 60


@pytest.fixture
def sent(tmp_path: Path) -> list[bytes]:
    """The rows of the three pages that come in."""
    return [pages.rows(page) for page in pages.save_fax(tmp_path / "sent.tif", 3)]


@pytest.fixture
def ringing(tmp_path: Path, sent: list[bytes]) -> Iterator[CallChannel]:
    with CallChannel(f"sim:5550001?incoming={tmp_path / 'sent.tif'}") as channel:
        assert channel.wait_for_call(60) == CallState.RING_INCOMING
        assert channel.answer() == CallState.ANSWERED
        yield channel


def receive(channel: CallChannel, target: Path, between: Callable[[], object]) -> FaxCause:
    """Receives the fax; between() is called when the first page is confirmed, before the second comes."""
    receiver = channel.FaxReceiver
    assert receiver.start(FaxToReceive(target))
    assert receiver.wait_for_next_page() == 1
    between()
    return receiver.wait_until_finished()


def test_the_file_is_moved_to_another_file_system(
    tmp_path: Path, ringing: CallChannel, sent: list[bytes]
) -> None:
    """Pages 2 and 3 went into an inode without a name, and were confirmed."""
    target = tmp_path / "in.tif"
    moved = tmp_path / "moved.tif"

    def move() -> None:  # as mv does it there
        shutil.copy(target, moved)
        target.unlink()

    assert receive(ringing, target, move) == FaxCause.NORMAL
    assert pages.all_rows(moved) == sent[:1]
    assert pages.all_rows(target) == sent


def test_the_file_is_renamed(tmp_path: Path, ringing: CallChannel, sent: list[bytes]) -> None:
    target = tmp_path / "in.tif"
    assert receive(ringing, target, lambda: target.rename(tmp_path / "other.tif")) == FaxCause.NORMAL
    assert pages.all_rows(target) == sent


def test_the_directory_is_gone(tmp_path: Path, ringing: CallChannel) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    assert receive(ringing, folder / "in.tif", lambda: shutil.rmtree(folder)) == FaxCause.ERROR
    details = ringing.FaxReceiver.Details
    assert (details.raw_cause, details.pages) == ("local.storage", 1)
    assert os.strerror(errno.ENOENT) in details.raw_cause_text


def test_another_file_has_the_name(tmp_path: Path, ringing: CallChannel) -> None:
    target = tmp_path / "in.tif"

    def replace() -> None:
        target.unlink()
        target.write_bytes(b"somebody else's")

    assert receive(ringing, target, replace) == FaxCause.ERROR
    details = ringing.FaxReceiver.Details
    assert (details.raw_cause, details.pages) == ("local.storage", 1)
    assert target.read_bytes() == b"somebody else's"


@pytest.mark.parametrize("extension", [".tif", ".pdf"])
def test_a_name_that_is_taken_when_the_first_page_is_there(
    tmp_path: Path, ringing: CallChannel, extension: str
) -> None:
    taken = tmp_path / f"taken{extension}"

    class Named(FaxToReceive):
        def path(self, remote_id: str) -> Path:
            taken.write_bytes(b"somebody else's")
            return taken

    receiver = ringing.FaxReceiver
    assert receiver.receive(Named(tmp_path / f"in{extension}")) == FaxCause.ERROR
    assert (receiver.Details.raw_cause, receiver.Details.pages) == ("local.storage", 0)
    assert receiver.Details.raw_cause_text == f"{taken}: the file exists already"
    assert taken.read_bytes() == b"somebody else's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sent.tif", taken.name]


@pytest.mark.parametrize("extension", [".tif", ".pdf", ".pdf.tif"])
def test_a_name_that_is_taken_before(tmp_path: Path, ringing: CallChannel, extension: str) -> None:
    """A fax does not begin whose file, or whose PDF's TIFF, is there already."""
    taken = tmp_path / f"in{extension}"
    taken.write_bytes(b"somebody else's")
    wanted = tmp_path / f"in{extension.removesuffix('.tif') or '.tif'}"
    receiver = ringing.FaxReceiver
    assert not receiver.start(FaxToReceive(wanted))
    assert receiver.Details.raw_cause_text.startswith(f"{taken}: the file exists already")
    assert taken.read_bytes() == b"somebody else's"


def open_in(folder: Path) -> list[str]:
    """The descriptors that lead to the folder or into it."""
    links = [Path("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    return [
        name for link in links if link.is_symlink() and (name := os.readlink(link)).startswith(str(folder))
    ]


def no_names(fd: int) -> None:
    """fsync() on a disk that keeps no names."""
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_no_descriptor_is_left_open_of_a_first_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ringing: CallChannel
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    monkeypatch.setattr(os, "fsync", no_names)
    assert ringing.FaxReceiver.receive(FaxToReceive(folder / "fax.tif")) == FaxCause.ERROR
    assert ringing.FaxReceiver.Details.pages == 0
    ringing.close()
    assert open_in(folder) == []


@pytest.mark.parametrize("extension", [".tif", ".pdf"])
@pytest.mark.parametrize("happens", ["nothing", "moved", "moved, disk broken", "replaced", "directory gone"])
def test_no_descriptor_is_left_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ringing: CallChannel, extension: str, happens: str
) -> None:
    """A receiver that runs for years has a thousand of them, in the end."""
    folder = tmp_path / "in"
    folder.mkdir()
    target = folder / f"fax{extension}"
    written = folder / "fax.pdf.tif" if extension == ".pdf" else target

    def between() -> None:
        if happens.startswith("moved"):
            written.rename(folder / "other")
            if happens.endswith("broken"):
                monkeypatch.setattr(os, "fsync", no_names)
        elif happens == "replaced":
            written.rename(folder / "other")
            written.write_bytes(b"somebody else's")
        elif happens == "directory gone":
            shutil.rmtree(folder)

    cause = receive(ringing, target, between)
    assert cause == (FaxCause.NORMAL if happens in ("nothing", "moved") else FaxCause.ERROR)
    ringing.hang_up()
    ringing.close()
    assert open_in(folder) == []


@pytest.mark.parametrize("taken", [False, True])
def test_a_file_system_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ringing: CallChannel, sent: list[bytes], taken: bool
) -> None:
    """The file is renamed, and still replaces no other."""
    target = tmp_path / "in.tif"

    def link(source: object, name: object) -> None:
        if taken:
            target.write_bytes(b"somebody else's")
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", link)
    assert ringing.FaxReceiver.receive(FaxToReceive(target)) == (FaxCause.ERROR if taken else FaxCause.NORMAL)
    if taken:
        assert target.read_bytes() == b"somebody else's"
        assert ringing.FaxReceiver.Details.pages == 0
    else:
        assert pages.all_rows(target) == sent
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.tif", "sent.tif"]
    ringing.close()
    assert [name for name in open_in(tmp_path) if "in.tif" in name] == []


# ---- what is synced, and when ----


class Disk:
    """Records what a receiver does to the disk, and lets a call fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.calls: list[tuple[str, object, object]] = []
        self._folder = folder
        self._known: set[str] = set()
        for name in ("open", "pwrite", "fsync", "link", "unlink", "replace", "ftruncate"):
            monkeypatch.setattr(os, name, self._recorded(name, getattr(os, name)))
        self.number = 0
        self.fail_at = 0
        """The number of the call that ends with ENOSPC, from 1; 0: none."""
        self.failed = ""

    def _recorded(self, name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **keywords: object) -> object:
            ours = any(str(self._folder) in str(argument) for argument in arguments[:2]) or (
                isinstance(arguments[0], int) and str(self._folder) in self._path(arguments[0])
            )
            if not ours:
                return real(*arguments, **keywords)
            if name == "open" and not int(arguments[1]) & os.O_CREAT:  # type: ignore[call-overload]
                return real(*arguments, **keywords)  # changes nothing
            if name != "unlink":
                self.number += 1
                if self.number == self.fail_at:
                    self.failed = name
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            fd = isinstance(arguments[0], int)
            if name in ("fsync", "link", "replace"):
                self._learn(Path(f"/proc/self/fd/{arguments[0]}" if fd else str(arguments[0])))
            if name == "unlink" and (found := os.stat(arguments[0])).st_nlink == 1:  # type: ignore[arg-type]
                self._known.discard(str(found.st_ino))  # another file may get the number
            where = self._inode(arguments[0]) if fd else str(arguments[0])  # type: ignore[arg-type]
            result = real(*arguments, **keywords)
            if name == "pwrite":
                what: object = arguments[1:3]
            elif name == "open":
                what = self._inode(result)  # type: ignore[arg-type]
                self._known.add(what)  # type: ignore[arg-type]
            else:
                what = str(arguments[1]) if len(arguments) > 1 else None
            self.calls.append((name, where, what))
            return result

        return call

    def _learn(self, path: Path) -> None:
        """What came into a file by open() and write() of Python's own, which nothing here records."""
        inode = str(path.stat().st_ino)
        if path.is_file() and inode not in self._known:
            self._known.add(inode)
            self.calls.append(("open", str(path.resolve()), inode))
            self.calls.append(("pwrite", inode, (path.read_bytes(), 0)))

    @staticmethod
    def _inode(fd: int) -> str:
        return str(os.fstat(fd).st_ino)

    @staticmethod
    def _path(fd: int) -> str:
        return os.readlink(f"/proc/self/fd/{fd}")

    def mark(self, page: int) -> None:
        self.calls.append(("confirmed", page, None))


def confirmed_with(disk: Disk, channel: CallChannel, target: Path, count: int) -> FaxCause:
    """Receives, with a mark behind each page that is confirmed."""
    receiver = channel.FaxReceiver
    stored = channel._line.engine.page_stored  # type: ignore[union-attr]
    number = iter(range(1, count + 1))

    def page_stored(good: bool) -> bool:
        if good:
            disk.mark(next(number))
        return stored(good)

    channel._line.engine.page_stored = page_stored  # type: ignore[union-attr, method-assign]
    return receiver.receive(FaxToReceive(target))


Name = tuple[str, str, str]
"""What happened to a name: link, replace or unlink, from, to."""


def renamed(names: dict[str, str], changes: list[Name]) -> dict[str, str]:
    """The names, with their inodes, after these changes."""
    names = dict(names)
    for what, where, other in changes:
        if what == "open":
            names[where] = other
        elif where in names:  # else its own name is one of those that are lost
            inode = names[where] if what == "link" else names.pop(where)
            if what != "unlink":
                names[other] = inode
    return names


@dataclass(frozen=True)
class Crash:
    """What a crash keeps of what was not synced."""

    octets: Callable[[int, bool], int]
    """Of a write: its size, whether it is the last one of its file."""
    names: Callable[[list[Name]], list[Name]]
    """Of the changes of names, in their order."""


def crashed(
    calls: list[tuple[str, object, object]],
    folder: Path,
    crash: Crash,
    before: dict[str, bytes] | None = None,
) -> dict[str, bytes]:
    """The files that a crash behind these calls leaves. before: those that were there, by their path."""
    data: dict[str, bytearray] = {}  # by inode
    durable: dict[str, bytes] = {}
    pending: dict[str, list[tuple[int, bytes]]] = {}
    names: dict[str, str] = {}  # all of them
    synced: dict[str, str] = {}
    changes: list[Name] = []  # since then
    for path, content in (before or {}).items():
        synced[path] = names[path] = inode = f"inode of {path}"
        durable[inode], pending[inode] = content, []
    directory = str(folder.stat().st_ino)
    for name, place, what in calls:
        where = str(place)
        if name in ("open", "link", "replace", "unlink"):
            changes.append((name, where, str(what)))
            names = renamed(names, changes[-1:])
        if name == "open":
            inode = str(what)
            data[inode], durable[inode], pending[inode] = bytearray(), b"", []
        elif name == "pwrite":
            octets, offset = bytes(what[0]), int(what[1])  # type: ignore[index]
            put(data[where], offset, octets)
            pending[where].append((offset, octets))
        elif name == "fsync" and where == directory:
            synced, changes = names, []
        elif name == "fsync":
            durable[where], pending[where] = bytes(data[where]), []
    left = {}
    for path, inode in renamed(synced, crash.names(changes)).items():
        content = bytearray(durable[inode])
        for number, (offset, octets) in enumerate(pending[inode], 1):
            some = octets[: crash.octets(len(octets), number == len(pending[inode]))]
            if some:
                put(content, offset, some)
        left[path] = bytes(content)
    return left


def put(content: bytearray, offset: int, octets: bytes) -> None:
    content[len(content) :] = bytes(max(0, offset - len(content)))
    content[offset : offset + len(octets)] = octets


OCTETS: dict[str, Callable[[int, bool], int]] = {
    "no octets": lambda size, last: 0,
    "half": lambda size, last: size // 2,
    "all octets": lambda size, last: size,
    "the last write": lambda size, last: size if last else 0,
    "all but the last write": lambda size, last: 0 if last else size,
}
NAMES: dict[str, Callable[[list[Name]], list[Name]]] = {
    "no names": lambda changes: [],
    "all names": lambda changes: changes,
    "the last name": lambda changes: changes[-1:],
}


@pytest.fixture(params=[f"{octets}, {names}" for octets in OCTETS for names in NAMES])
def crash(request: pytest.FixtureRequest) -> Crash:
    octets, names = request.param.split(", ")
    return Crash(OCTETS[octets], NAMES[names])


def test_every_crash_leaves_what_was_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ringing: CallChannel, sent: list[bytes], crash: Crash
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    disk = Disk(monkeypatch, folder)
    assert confirmed_with(disk, ringing, folder / "fax.tif", 3) == FaxCause.NORMAL
    monkeypatch.undo()
    looked = 0
    for end in range(len(disk.calls) + 1):
        calls = disk.calls[:end]
        confirmed = sum(name == "confirmed" for name, _, _ in calls)
        content = crashed(calls, folder, crash).get(str(folder / "fax.tif"))
        assert content is not None or confirmed == 0, (end, calls[-3:])
        if content is None:
            continue
        found = tmp_path / f"after-{end}.tif"
        found.write_bytes(content)
        whole = pages.all_rows(found)
        assert whole == sent[: len(whole)]
        assert len(whole) >= confirmed
        looked += 1
    assert looked > 5


def test_every_crash_leaves_the_pages_of_a_pdf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ringing: CallChannel, sent: list[bytes], crash: Crash
) -> None:
    """In the TIFF beside it until the PDF is on the disk; the PDF is there whole or not at all."""
    folder = tmp_path / "in"
    folder.mkdir()
    target = folder / "fax.pdf"
    disk = Disk(monkeypatch, folder)
    assert confirmed_with(disk, ringing, target, 3) == FaxCause.NORMAL
    ringing.hang_up()
    monkeypatch.undo()
    made = target.read_bytes()
    ways = set()
    for end in range(len(disk.calls) + 1):
        calls = disk.calls[:end]
        confirmed = sum(name == "confirmed" for name, _, _ in calls)
        left = crashed(calls, folder, crash)
        if str(target) in left:
            assert left[str(target)] == made, (end, calls[-3:])
            ways.add("pdf")
        elif journal := left.get(f"{target}.tif"):
            found = tmp_path / f"after-{end}.tif"
            found.write_bytes(journal)
            whole = pages.all_rows(found)
            assert whole == sent[: len(whole)]
            assert len(whole) >= confirmed
            ways.add("journal")
        else:
            assert confirmed == 0, (end, [call[:2] for call in calls[-5:]])
    assert ways == {"pdf", "journal"}


@pytest.mark.parametrize("extension", [".tif", ".pdf", ".png"])
@pytest.mark.parametrize("older", [b"", b"an older one"])
def test_a_confirmation_is_there_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extension: str, older: bytes, crash: Crash
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / f"told{extension}"
    before = {str(target): older} if older else {}
    if older:
        target.write_bytes(older)
    with monkeypatch.context() as patch:
        disk = Disk(patch, folder)
        Confirmation("NORMAL", True, "5550100").save(target, replace=bool(older))
    made = target.read_bytes()
    for end in range(len(disk.calls) + 1):
        left = crashed(disk.calls[:end], folder, crash, before).get(str(target))
        assert left in (older or None, made), (end, [call[:2] for call in disk.calls[:end]])
    assert left == made


def test_every_crash_leaves_a_trace_up_to_there(tmp_path: Path, fax: str, crash: Crash) -> None:
    """Each of its lines is one write, and none is synced; what is lost between others is zeros."""
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "call.trace"
    with CallChannel("sim:", trace=path) as channel:
        channel.call("5550100")
        channel.FaxSender.send(FaxToSend(fax))
        channel.hang_up()
    written = path.read_bytes().splitlines(keepends=True)
    whole = load(path).calls[0].lines
    calls: list[tuple[str, object, object]] = [("open", str(path), "1")]
    size = 0
    for line in written:
        calls.append(("pwrite", "1", (line, size)))
        size += len(line)
    shown = tmp_path / "after.trace"
    for end in range(1, len(calls) + 1, 13):
        content = crashed(calls[:end], folder, crash).get(str(path))
        if content is None:
            continue  # its name is not there
        shown.write_bytes(content)
        found = content.splitlines(keepends=True)
        kept = [line for line in found if line in written]
        if not kept:
            with pytest.raises(Error, match="not a trace"):
                load(shown)
            continue
        trace = load(shown)
        lines = [line for call in trace.calls for line in call.lines]
        assert len(lines) == len(kept) - content.startswith(written[0])
        rest = iter(whole)
        assert all(line in rest for line in lines)  # none that is not of the call, and in their order
        text = list(lines_of(trace))
        if any(map(begins_a_call, lines)) and not any(line.get("state") == "IDLE" for line in lines):
            assert any(line.endswith("end of the trace; the call is not over") for line in text)
        if len(kept) < len(found):
            assert text[-1].endswith("damaged or cut short, and left out")


@pytest.mark.parametrize("extension", [".tif", ".pdf"])
def test_a_disk_that_is_full_at_any_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extension: str
) -> None:
    """Of a PDF the pages are in the TIFF beside it until it is there whole."""
    sent = [pages.rows(page) for page in pages.save_fax(tmp_path / "sent.tif", 3)]
    failed = []
    for number in range(1, 40):
        folder = tmp_path / f"in-{number}"
        folder.mkdir()
        target = folder / f"fax{extension}"
        written = folder / "fax.pdf.tif" if extension == ".pdf" else target
        with CallChannel(f"sim:5550001?incoming={tmp_path / 'sent.tif'}") as channel:
            channel.wait_for_call(60)
            channel.answer()
            with monkeypatch.context() as patch:
                disk = Disk(patch, folder)
                disk.fail_at = number
                cause = channel.FaxReceiver.receive(FaxToReceive(target))
            details = channel.FaxReceiver.Details
            if not disk.failed:
                assert cause == FaxCause.NORMAL
                break
            failed.append(disk.failed)
            if disk.failed != "link":  # without hard links a file is renamed
                assert cause == FaxCause.ERROR, disk.failed
                assert details.raw_cause == "local.storage"
                assert os.strerror(errno.ENOSPC) in details.raw_cause_text
            if target != written and not written.exists() and target.exists():
                assert len(pypdfium2.PdfDocument(target)) >= details.pages
                continue
            kept = pages.all_rows(written) if written.exists() else []
            # A page may be there that was not confirmed, never the other way round.
            assert len(kept) >= details.pages
            assert kept == sent[: len(kept)]
    else:
        raise AssertionError("it was always full")
    assert {"open", "pwrite", "fsync", "link"} <= set(failed)


def test_a_disk_that_is_full_while_the_pdf_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ringing: CallChannel, sent: list[bytes]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()

    def full(path: Path, mode: str) -> IO[bytes]:
        path.touch()
        return open("/dev/full", "wb")

    monkeypatch.setattr("faxline._documents.write.open", full, raising=False)
    assert ringing.FaxReceiver.receive(FaxToReceive(folder / "fax.pdf")) == FaxCause.ERROR
    details = ringing.FaxReceiver.Details
    assert (details.raw_cause, details.pages) == ("local.storage", 3)
    assert os.strerror(errno.ENOSPC) in details.raw_cause_text
    assert [path.name for path in folder.iterdir()] == ["fax.pdf.tif"]
    assert pages.all_rows(folder / "fax.pdf.tif") == sent


def test_two_receivers_and_one_name(tmp_path: Path) -> None:
    """In the same moment: one has the name, the other one is told, and no page is lost that was confirmed."""
    pages.save_fax(tmp_path / "sent.tif", 2)
    target = tmp_path / "fax.tif"
    outcomes: list[tuple[FaxCause, int]] = []
    start = threading.Barrier(2)

    def one() -> None:
        with CallChannel(f"sim:?incoming={tmp_path / 'sent.tif'}") as channel:
            channel.wait_for_call(60)
            channel.answer()
            start.wait(TOO_LONG)
            cause = channel.FaxReceiver.receive(FaxToReceive(target))
            outcomes.append((cause, channel.FaxReceiver.Details.pages))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TOO_LONG)
    assert sorted(outcomes) == [(FaxCause.ERROR, 0), (FaxCause.NORMAL, 2)]
    assert len(pages.all_rows(target)) == 2
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("extension", [".tif", ".pdf"])
def test_two_receivers_in_the_same_millisecond(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extension: str
) -> None:
    """`faxline receive` on two lines, one directory, one sender: each fax has a file of its own."""
    sent = [pages.rows(page) for page in pages.save_fax(tmp_path / "sent.tif", 2)]
    folder = tmp_path / "in"
    folder.mkdir()
    moment = datetime(2026, 11, 27, 23, 59, 59, 999_000)
    monkeypatch.setattr("faxline.cli.receive.datetime", SimpleNamespace(now=lambda: moment))
    outcomes: list[tuple[FaxCause, int]] = []
    both_named = threading.Barrier(2)

    class Raced(DatedFax):
        asked = 0

        def path(self, remote_id: str) -> Path:
            path = super().path(remote_id)
            self.asked += 1
            if self.asked == 2:  # first when it is made, then with the first page: neither file is there
                both_named.wait(TOO_LONG)
            return path

    def one() -> None:
        with CallChannel(f"sim:?incoming={tmp_path / 'sent.tif'}") as channel:
            channel.wait_for_call(60)
            channel.answer()
            cause = channel.FaxReceiver.receive(Raced(folder, extension, separate=False))
            outcomes.append((cause, channel.FaxReceiver.Details.pages))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TOO_LONG)
    assert outcomes == [(FaxCause.NORMAL, 2)] * 2
    first, second = sorted(folder.iterdir())
    assert {first.suffix, second.suffix} == {extension}
    assert first.name.startswith("20261127-235959-999")
    assert second.name.startswith("20261128-000000-000")
    if extension == ".tif":
        assert pages.all_rows(first) == pages.all_rows(second) == sent
    assert open_in(folder) == []


@pytest.mark.wallclock
@pytest.mark.parametrize("kind", kills.WAYS)
def test_killed_at_any_moment(tmp_path: Path, kind: str) -> None:
    """A few times here; `python tests/kills.py` does it a thousand times."""
    seed = random.randrange(10**9)
    print(f"seed {seed}")  # shown when it fails
    found = kills.kill(tmp_path, 8, seed, kind, speed=50)
    assert found.total() == 8
    assert any(phase < len(kills.PHASES) - 1 for phase, _ in found)  # before it was over
