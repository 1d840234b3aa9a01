"""The writer of TIFF class F: readable at every moment, gone wrong without a trace."""

import errno
import os
from pathlib import Path

import pages
import pytest
from PIL import Image

from faxline._documents.pages import Page
from faxline._documents.tiff import TiffWriter


def add(writer: TiffWriter, page: Image.Image) -> None:
    code = pages.encode(page, 2, msb_first=True)
    writer.add_page(Page(code, page.width, 204, 196, page.height, 0, 1, remote_id="+1 555"))


def test_complete_after_every_page(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_text("an older file")
    with TiffWriter(path) as writer:
        assert path.read_text() == "an older file"
        made = []
        for number in range(1, 6):
            made.append(pages.rows(pages.fax_page(number, height=100 + number)))
            add(writer, pages.fax_page(number, height=100 + number))
            assert pages.all_rows(path) == made
            assert os.listdir(tmp_path) == ["a.tif"]
    assert writer.pages == 5


def test_tags(tmp_path: Path) -> None:
    with TiffWriter(tmp_path / "a.tif") as writer:
        add(writer, pages.fax_page(1))
        add(writer, pages.fax_page(2))
    with Image.open(tmp_path / "a.tif") as image:
        image.seek(1)
        assert image.info["dpi"] == (204, 196)
        tags = image.tag_v2
        assert (tags[254], tags[259], tags[262], tags[270], tags[297]) == (2, 4, 0, "+1 555", (1, 0))
        assert (tags[273], tags[278]) == (tags[273], (240) if isinstance(tags[278], int) else (240,))


@pytest.mark.parametrize("remote_id", ["", "+1 555", "+1 5555"])
def test_a_page_is_linked_in_within_one_sector(tmp_path: Path, remote_id: str) -> None:
    """A link half on the disk would lead anywhere, where the file is longer than 65 535 octets."""
    path = tmp_path / "a.tif"
    code = pages.encode(pages.fax_page(1), 2, msb_first=True)
    with TiffWriter(path) as writer:
        for number in range(9):  # octets that belong to no code change no page
            writer.add_page(Page(code + bytes(number), 1728, 204, 196, 240, 0, 1, remote_id=remote_id))
    content = path.read_bytes()
    link = 4
    while directory := int.from_bytes(content[link : link + 4], "little"):
        assert directory % 2 == 0
        link = directory + 2 + 12 * int.from_bytes(content[directory : directory + 2], "little")
        assert link // 512 == (link + 3) // 512
        assert link % 4 == 0
    assert pages.all_rows(path) == [pages.rows(pages.fax_page(1))] * 9


def test_a_cut_append_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """Killed between the page and the link to it: what is in the file is what was."""
    path = tmp_path / "a.tif"
    with TiffWriter(path) as writer:
        add(writer, pages.fax_page(1))
    with path.open("ab") as file:
        file.write(b"\1\2\3" * 100)
    assert pages.all_rows(path) == [pages.rows(pages.fax_page(1))]


def test_a_page_that_cannot_be_appended_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full: none of it is taken, and the next page may find room."""
    path = tmp_path / "a.tif"

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with TiffWriter(path) as writer:
        add(writer, pages.fax_page(1))
        before = path.read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
                add(writer, pages.fax_page(2))
        assert path.read_bytes() == before
        add(writer, pages.fax_page(3))
    assert pages.all_rows(path) == [pages.rows(pages.fax_page(number)) for number in (1, 3)]


def test_no_directory(tmp_path: Path) -> None:
    with TiffWriter(tmp_path / "gone" / "a.tif") as writer, pytest.raises(OSError):
        add(writer, pages.fax_page(1))
    assert os.listdir(tmp_path) == []


def test_nothing_is_left_when_the_name_cannot_be_taken(tmp_path: Path) -> None:
    (tmp_path / "a.tif").mkdir()
    with TiffWriter(tmp_path / "a.tif") as writer, pytest.raises(OSError):
        add(writer, pages.fax_page(1))
    assert os.listdir(tmp_path) == ["a.tif"]
