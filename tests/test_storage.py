"""A page is on the disk before it is confirmed, whatever happens to the file and the disk: real calls."""

import errno
import os
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import kills
import pages
import pytest

from faxline import CallChannel, FaxToReceive
from faxline.causes import CallState, FaxCause

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


# ---- what is synced, and when ----


class Disk:
    """Records what a receiver does to the disk, and lets a call fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.calls: list[tuple[str, object, object]] = []
        self._folder = folder
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
            where = self._inode(arguments[0]) if fd else str(arguments[0])  # type: ignore[arg-type]
            result = real(*arguments, **keywords)
            if name == "pwrite":
                what: object = arguments[1:3]
            elif name == "open":
                what = self._inode(result)  # type: ignore[arg-type]
            else:
                what = str(arguments[1]) if len(arguments) > 1 else None
            self.calls.append((name, where, what))
            return result

        return call

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


def crashed(
    calls: list[tuple[str, object, object]], folder: Path, keep: Callable[[int], int]
) -> dict[str, bytes]:
    """The files that a crash behind these calls leaves: what was synced, and of other writes as many octets
    as keep() says. Names that were not synced with their directory are lost."""
    data: dict[str, bytearray] = {}  # by inode
    durable: dict[str, bytes] = {}
    pending: dict[str, list[tuple[int, bytes]]] = {}
    names: dict[str, str] = {}
    durable_names: dict[str, str] = {}
    directory = str(folder.stat().st_ino)
    for name, place, what in calls:
        where = str(place)
        if name == "open":
            inode = names[where] = str(what)
            data[inode], durable[inode], pending[inode] = bytearray(), b"", []
        elif name == "pwrite":
            octets, offset = bytes(what[0]), int(what[1])  # type: ignore[index]
            data[where][len(data[where]) :] = bytes(max(0, offset - len(data[where])))
            data[where][offset : offset + len(octets)] = octets
            pending[where].append((offset, octets))
        elif name == "fsync" and where == directory:
            durable_names = dict(names)
        elif name == "fsync":
            durable[where], pending[where] = bytes(data[where]), []
        elif name == "link":
            names[str(what)] = names[where]
        elif name == "unlink":
            names.pop(where, None)
    left = {}
    for path, inode in durable_names.items():
        content = bytearray(durable[inode])
        for offset, octets in pending[inode]:
            some = octets[: keep(len(octets))]
            content[len(content) :] = bytes(max(0, offset - len(content)))
            content[offset : offset + len(some)] = some
        left[path] = bytes(content)
    return left


KEEPS: dict[str, Callable[[int], int]] = {
    "nothing": lambda size: 0,
    "half": lambda size: size // 2,
    "all": lambda size: size,
}


@pytest.mark.parametrize("keep", KEEPS)
def test_every_crash_leaves_what_was_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ringing: CallChannel, sent: list[bytes], keep: str
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
        left = crashed(calls, folder, KEEPS[keep])
        content = left.get(str(folder / "fax.tif"))
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


def test_a_disk_that_is_full_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = [pages.rows(page) for page in pages.save_fax(tmp_path / "sent.tif", 3)]
    failed = []
    for number in range(1, 40):
        folder = tmp_path / f"in-{number}"
        folder.mkdir()
        target = folder / "fax.tif"
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
            kept = pages.all_rows(target) if target.exists() else []
            # A page may be there that was not confirmed, never the other way round.
            assert len(kept) >= details.pages
            assert kept == sent[: len(kept)]
    assert {"open", "pwrite", "fsync", "link"} <= set(failed)


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


@pytest.mark.wallclock
def test_killed_at_any_moment(tmp_path: Path) -> None:
    """25 times here; `python tests/kills.py` does it a thousand times."""
    seed = random.randrange(10**9)
    print(f"seed {seed}")  # shown when it fails
    found = kills.kill(tmp_path, 25, seed)
    assert sum(found) == 25
    assert sum(found[1:]) > 0
