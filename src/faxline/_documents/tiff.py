"""Writer of TIFF class F: a fax page per image, each one strip of MMR (T.6). TIFF 6.0; RFC 2301 profile F.

The file is complete and readable at every moment: the first page is written under a temporary name, synced,
and takes the file's name at once; a later page is appended and synced before four octets link it in. These
lie in one sector of the disk, which is written whole or not at all.
"""

import errno
import os
import struct
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from faxline._documents.pages import Page

# Field types of TIFF 6.0, section 2.
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5

_LINK_IN_HEADER = 4  # where the header keeps the offset of the first directory


class TiffWriter:
    """Writes one TIFF, page by page. Not thread safe."""

    def __init__(self, path: str | os.PathLike[str], *, replace: bool = True) -> None:
        """Nothing is created before the first page; an older file of this name stays until then, and for
        ever with replace=False: then the first page raises FileExistsError."""
        self._path = Path(path).absolute()
        self._replace = replace
        self._fd: int | None = None
        self._link = _LINK_IN_HEADER
        self.pages = 0
        """Pages in the file so far."""

    def add_page(self, page: Page) -> None:
        """Appends a page; it is on the disk when this returns. Raises OSError, and then the file has the
        pages that it had before."""
        end = 8 if self._fd is None else os.lseek(self._fd, 0, os.SEEK_END)
        start = end + end % 2
        # A directory starts at an even offset, this one so that 4 divides that of the link at its end.
        gap = (2 - start - len(page.code)) % 4
        directory_at = start + len(page.code) + gap
        directory, link = self._directory(page, start, directory_at)
        content = bytes(start - end) + page.code + bytes(gap) + directory
        if self._fd is None:
            self._create(struct.pack("<2sHI", b"II", 42, directory_at) + content)
        else:
            try:
                _write(self._fd, content, end)
                os.fsync(self._fd)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(self._fd, end)
                raise
            _write(self._fd, struct.pack("<I", directory_at), self._link)
            os.fsync(self._fd)
            self._settle_name()
        self._link = link
        self.pages += 1

    def _settle_name(self) -> None:
        """The name leads to this very file, or the file is made anew under it: whoever moved it away, or
        removed its directory and made another, must not make a page vanish that is about to be confirmed.
        Raises OSError when another file has the name, or nothing can have it."""
        assert self._fd is not None
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            moved, self._fd = self._fd, None
            try:
                self._create(os.pread(moved, os.fstat(moved).st_size, 0))
            finally:
                if self._fd is None:
                    self._fd = moved
                else:  # it has the name, though that may not be synced
                    os.close(moved)
            return
        ours = os.fstat(self._fd)
        if (found.st_dev, found.st_ino) != (ours.st_dev, ours.st_ino):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self._path))

    def close(self) -> None:
        """The file is complete as it is. A second call does nothing."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def probe(self) -> None:
        """Tries whether a file can be created there. Raises OSError."""
        temporary = self._temporary()
        os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
        temporary.unlink()

    def _temporary(self) -> Path:
        return self._path.with_name(f".{self._path.name}.{os.getpid()}.{id(self):x}.part")

    def _create(self, content: bytes) -> None:
        temporary = self._temporary()
        fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            _write(fd, content, 0)
            os.fsync(fd)
            if self._replace:
                os.replace(temporary, self._path)
            else:
                rename(temporary, self._path)
        except BaseException:
            os.close(fd)
            temporary.unlink(missing_ok=True)
            raise
        self._fd = fd
        sync_directory(self._path)

    def _directory(self, page: Page, strip_at: int, at: int) -> tuple[bytes, int]:
        """The image file directory that will stand at this offset, and the offset of its link to the next."""
        description = page.remote_id.encode("ascii", "replace")
        fields: list[tuple[int, int, bytes]] = [
            (254, _LONG, struct.pack("<I", 2)),  # NewSubfileType: a page of a multi-page document
            (256, _LONG, struct.pack("<I", page.width_px)),
            (257, _LONG, struct.pack("<I", page.rows)),
            (258, _SHORT, struct.pack("<H", 1)),  # BitsPerSample
            (259, _SHORT, struct.pack("<H", 4)),  # Compression: T.6
            (262, _SHORT, struct.pack("<H", 0)),  # PhotometricInterpretation: 0 is white
            (266, _SHORT, struct.pack("<H", 1)),  # FillOrder: most significant bit first
            (270, _ASCII, description + b"\0"),
            (273, _LONG, struct.pack("<I", strip_at)),
            (274, _SHORT, struct.pack("<H", 1)),  # Orientation: upright
            (277, _SHORT, struct.pack("<H", 1)),  # SamplesPerPixel
            (278, _LONG, struct.pack("<I", page.rows)),  # RowsPerStrip
            (279, _LONG, struct.pack("<I", len(page.code))),
            (282, _RATIONAL, struct.pack("<II", page.x_dpi, 1)),
            (283, _RATIONAL, struct.pack("<II", page.y_dpi, 1)),
            (293, _LONG, struct.pack("<I", 0)),  # T6Options
            (296, _SHORT, struct.pack("<H", 2)),  # ResolutionUnit: inch
            (297, _SHORT, struct.pack("<HH", self.pages, 0)),  # PageNumber, of an unknown total
            (305, _ASCII, b"faxline\0"),
        ]
        if not description:
            fields = [field for field in fields if field[0] != 270]
        link = at + 2 + 12 * len(fields)
        values = b""
        entries = b""
        sizes = {_ASCII: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8}
        for tag, kind, value in fields:
            count = len(value) // sizes[kind]
            if len(value) <= 4:
                entries += struct.pack("<HHI4s", tag, kind, count, value)
            else:
                entries += struct.pack("<HHII", tag, kind, count, link + 4 + len(values))
                values += value + bytes(len(value) % 2)
        return struct.pack("<H", len(fields)) + entries + struct.pack("<I", 0) + values, link


def sync_directory(path: Path) -> None:
    """Has the name of a new file survive a crash, too. Raises OSError."""
    directory = os.open(path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def rename(temporary: Path, path: Path) -> None:
    """Gives the file its name, unless there is one of that name. Raises FileExistsError."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links: nearly as good.
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        os.replace(temporary, path)
    else:
        temporary.unlink()


def _write(fd: int, content: bytes, offset: int) -> None:
    while content:
        written = os.pwrite(fd, content, offset)
        content, offset = content[written:], offset + written
