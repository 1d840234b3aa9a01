"""A worker: reads the files of documents, one after the other, which it is handed open, and answers with
coded pages.

It has no more than its limits, no new privileges, starts no program and writes no file. Where the system's
memory runs out it is the first to go.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from faxline._documents import cmap, fonts, images, opened, raster, text
from faxline._documents.fields import Facts
from faxline._documents.header_line import HeaderLine
from faxline._documents.pages import REVERSED, Coding, FaxPage
from faxline._documents.paper import Paper
from faxline._documents.raster import Wish
from faxline._documents.selection import Selection
from faxline._documents.source import DocumentError, Leaf, reading
from faxline._engine.document import Document, PageRefused, read_coded
from faxline._workers import wire
from faxline.cover import Cover
from faxline.limits import Limits

Answers = Iterator[tuple[wire.Fields, bytes]]

_IMPORTED = (ImageDraw, ImageFont, cmap, fonts, images, raster, text)
"""What a worker comes to import, imported once, by the forker."""
Image.preinit()

_MIB = 1 << 20
_LIBC = ctypes.CDLL(None)
_FILES_MAX = 64
_NICENESS = 5  # the threads that drive lines come first

# prctl(2)
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38


def run(sock: socket.socket, words: int) -> None:
    """The life of a worker. words: a pipe for what libraries write to stderr."""
    _confine()
    os.dup2(words, 2)
    os.close(words)
    work = _Work(sock)
    with suppress(EOFError, OSError):
        while True:
            work.answer()


def _confine() -> None:
    """Takes what it never needs."""
    parent = os.getppid()
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, _FILES_MAX),
    ):
        _limit(limit, value)
    with suppress(OSError):
        os.nice(_NICENESS)
    with suppress(OSError):
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(fd, b"1000")
        os.close(fd)


def _limit(limit: int, value: int) -> None:
    """Sets it, no higher than it is."""
    _, most = resource.getrlimit(limit)
    if most != resource.RLIM_INFINITY:
        value = min(value, most)
    resource.setrlimit(limit, (value, value))


def _limit_memory(mib: int) -> None:
    """Unless it has more already: under a sanitizer, whose shadow memory counts, none would mean anything."""
    with open("/proc/self/statm") as statm:
        has = int(statm.read().split()[5]) * resource.getpagesize()
    if has < mib * _MIB:
        _limit(resource.RLIMIT_DATA, mib * _MIB)
    else:
        print(f"no limit of memory: {has // _MIB} MiB are in use at the start", file=sys.stderr)


def _limit_processor(seconds: int) -> None:
    """From now on: it may have read other documents. SIGXCPU at the end; 0: none."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    used = resource.getrusage(resource.RUSAGE_SELF)
    end = math.ceil(used.ru_utime + used.ru_stime) + seconds if seconds else resource.RLIM_INFINITY
    if most != resource.RLIM_INFINITY and (end == resource.RLIM_INFINITY or end > most):
        end = most
    resource.setrlimit(resource.RLIMIT_CPU, (end, most))


class _Work:
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._limits = Limits()

    def answer(self) -> None:
        """One question. Raises EOFError when there is none any more."""
        head, files, _, _ = socket.recv_fds(self._sock, wire.HEAD.size, 1)
        if not head:
            raise EOFError
        fields, _ = wire.body(self._read, head + self._read(wire.HEAD.size - len(head)))
        if "limits" in fields:
            self._begin(fields)
            return
        try:
            ask = {
                "pages": self._pages,
                "count": self._count,
                "class_f": self._class_f,
                "cover": self._cover,
                "strips": self._strips,
                "header": self._header,
            }
            for answer, octets in ask[fields["do"]](fields, files[0] if files else -1):
                wire.send(self._sock, answer, octets)
        except DocumentError as error:
            wire.send(self._sock, {"error": str(error)})
        else:
            wire.send(self._sock, {"done": True})

    def _read(self, count: int) -> bytes:
        got = bytearray()
        while len(got) < count:
            part = self._sock.recv(count - len(got))
            if not part:
                raise EOFError
            got += part
        return bytes(got)

    def _begin(self, fields: wire.Fields) -> None:
        self._limits = limits = Limits(**fields["limits"])
        os.environ.update(fields["environment"])
        if limits.memory_mib:
            _limit_memory(limits.memory_mib)
        _limit_processor(limits.cpu_seconds)
        Image.MAX_IMAGE_PIXELS = limits.pixels or None
        warnings.simplefilter("error", Image.DecompressionBombWarning)

    # ---- questions ----

    def _leaves(self, fields: wire.Fields, file: int) -> Iterator[tuple[int, Leaf]]:
        selection = Selection(tuple((first, last) for first, last in fields["ranges"]))
        with os.fdopen(file, "rb") as stream:
            yield from opened.leaves(
                fields["name"],
                stream,
                selection,
                Paper(*fields["paper"]),
                read_coded,
                self._limits,
                lambda place: wire.send(self._sock, {"at": place}),
            )

    def _count(self, fields: wire.Fields, file: int) -> Answers:
        yield {"count": sum(1 for _ in self._leaves(fields, file))}, b""

    def _class_f(self, fields: wire.Fields, file: int) -> Answers:
        """Whether a PDF can take it as it is."""
        name = fields["name"]
        with os.fdopen(file, "rb") as stream, reading(name, None, self._limits):
            whether = images.is_class_f(name, stream, self._limits)
        yield {"class_f": whether}, b""

    def _pages(self, fields: wire.Fields, file: int) -> Answers:
        wish, name, document = Wish(**fields["wish"]), fields["name"], fields["document"]
        header = _header(fields)
        for count, (number, leaf) in enumerate(self._leaves(fields, file), fields["number"]):
            page = opened.page(name, number, leaf, wish, self._limits)
            page.number, page.document = count, document
            yield self._answer(page, header)

    def _cover(self, fields: wire.Fields, file: int) -> Answers:
        facts = fields["facts"] and _facts(fields["facts"])
        with reading("the cover page", None, self._limits):
            page = Cover.restored(fields["cover"]).convert(facts, Wish(**fields["wish"]))
        yield self._answer(page, _header(fields))

    def _strips(self, fields: wire.Fields, file: int) -> Answers:
        """The header line of a page that is coded already."""
        page = FaxPage(0, fields["x_dpi"], fields["y_dpi"], 0, b"")
        page.place, page.number, page.document = fields["name"], fields["number"], fields["document"]
        yield _strips_of(page, _header(fields))

    def _header(self, fields: wire.Fields, file: int) -> Answers:
        """What the sender should know of a header line."""
        header = _header(fields)
        assert header is not None
        with reading("the header line", None, self._limits):
            yield {"warnings": header.warnings()}, b""

    def _answer(self, page: FaxPage, header: HeaderLine | None) -> tuple[wire.Fields, bytes]:
        """A page, coded, with its header line."""
        line, rows = _strips_of(page, header)
        made = Document()
        try:
            if page.code is None or not made.add_coded(page, page.code):
                if page.decode is not None:
                    page = page.decode()
                made.add_page(page.width_px, page.x_dpi, page.y_dpi, page.rows, page.row_count)
            page = _coded(page, made)
        except PageRefused as error:
            raise DocumentError(f"{page.place}: {error}") from None
        finally:
            made.close()
        fields: dict[str, Any] = {
            "width_px": page.width_px,
            "x_dpi": page.x_dpi,
            "y_dpi": page.y_dpi,
            "rows": page.row_count,
            "place": page.place,
            "note": page.note,
            "dots": page.dots,
            "code": len(page.rows),
            **line,
        }
        return fields, page.rows + rows


def _coded(page: FaxPage, made: Document) -> FaxPage:
    """The page with its code in MMR, most significant bit first, in place of rows: that of its file, which
    made has taken, or of its rows."""
    code = page.code
    if code is not None and code.coding is Coding.MMR and len(code.strips) == 1 and not code.inverted:
        octets = code.strips[0] if code.msb_first else code.strips[0].translate(REVERSED)
        return replace(page, rows=octets)
    coded = made.page(0)
    return replace(page, width_px=coded.width_px, row_count=coded.rows, rows=coded.code)


def _strips_of(page: FaxPage, header: HeaderLine | None) -> tuple[wire.Fields, bytes]:
    """The header line of a page."""
    if header is None:
        return {"strips": [], "warnings": []}, b""
    with reading(page.place, None):
        strips = header.strips(page.number, page.x_dpi, page.y_dpi, page.document)
        warnings = header.warnings() if page.number == page.document == 1 else []
    shapes = [[strip.x_dpi, strip.y_dpi, strip.width_px, strip.row_count] for strip in strips]
    return {"strips": shapes, "warnings": warnings}, b"".join(strip.rows for strip in strips)


def _header(fields: wire.Fields) -> HeaderLine | None:
    header = fields.get("header")
    if header is None:
        return None
    return HeaderLine(header["template"], _facts(header["facts"]), tuple(header["documents"]))


def _facts(fields: wire.Fields) -> Facts:
    return Facts(**{**fields, "now": datetime.fromisoformat(fields["now"])})
