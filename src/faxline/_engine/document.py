"""Pages in and out of the engine: a document on its way to a sender, and coded pages as rows."""

from collections.abc import Iterator, Sequence
from typing import Any

from faxline._documents.pages import REVERSED, Code, CodedRows, FaxPage, Page, Strip
from faxline._engine.binding import ffi, lib
from faxline._engine.tables import CODINGS


class PageRefused(Exception):
    """The engine takes no page of this width and resolution."""


class Document:
    """Pages on their way to a sender. Free with close() unless an Engine took it over."""

    def __init__(self, before: Sequence[int] = ()) -> None:
        """before: the document_of of all pages that go before these, where these are a piece."""
        self.document_of: list[int] = []
        """For each page: which document of the call it belongs to, as begin_page() was told."""
        self._before = len(before)
        self._document = before[-1] if before else 0
        self._handle: Any = lib.fl_document_new()
        if not self._handle:
            raise MemoryError

    def begin_page(self, document: int) -> None:
        """A page is about to be added that belongs to this document; where it begins another than the page
        before, EOM goes between."""
        if self._document not in (0, document):
            lib.fl_document_separate(self._handle)
        self._document = document
        self.document_of.append(document)

    def add_page(self, width_px: int, x_dpi: int, y_dpi: int, rows: bytes, row_count: int) -> None:
        """Appends a page; rows: packed, most significant bit leftmost, 1 = black. Raises PageRefused."""
        outcome = lib.fl_document_add_page(self._handle, width_px, x_dpi, y_dpi, rows, row_count)
        if outcome == lib.FL_E_MEMORY:
            raise MemoryError
        if outcome < 0:
            raise PageRefused(
                f"no fax page is {width_px} pixels wide at {x_dpi} x {y_dpi} dpi with {row_count} rows"
            )

    def add_coded(self, page: FaxPage, code: Code) -> bool:
        """Appends a page that is coded already; False when its code is not that of such a page, whole."""
        lengths = ffi.new("int64_t[]", [len(strip) for strip in code.strips])
        octets = b"".join(code.strips)
        coded = ffi.new(
            "struct fl_coded_page *",
            {
                "width_px": page.width_px,
                "x_dpi": page.x_dpi,
                "y_dpi": page.y_dpi,
                "coding": code.coding,
                "msb_first": code.msb_first,
                "inverted": code.inverted,
                "aligned": code.aligned,
                "row_count": page.row_count,
                "rows_per_strip": code.rows_per_strip,
                "strip_count": len(code.strips),
                "strip_lengths": lengths,
                "length": len(octets),
            },
        )
        buffer = ffi.from_buffer("uint8_t[]", octets)
        coded.code = buffer
        outcome = lib.fl_document_add_coded(self._handle, coded)
        if outcome == lib.FL_E_MEMORY:
            raise MemoryError
        return bool(outcome == 0)

    def add_header(self, strip: Strip) -> None:
        """A header line for the page added last, at one resolution. Raises PageRefused."""
        outcome = lib.fl_document_add_header(
            self._handle, strip.x_dpi, strip.y_dpi, strip.width_px, strip.rows, strip.row_count
        )
        if outcome == lib.FL_E_MEMORY:
            raise MemoryError
        if outcome < 0:
            raise PageRefused(f"no header line is {strip.width_px} x {strip.row_count} at {strip.x_dpi} dpi")

    def __len__(self) -> int:
        return int(lib.fl_document_pages(self._handle))

    def black_share(self, page: int) -> float:
        """Of a page (from 0), without its header line: 0 is blank, 1 all black."""
        info = ffi.new("struct fl_page_info *")
        lib.fl_document_page_code(self._handle, page, info, ffi.NULL, 0)
        return float(lib.fl_document_black(self._handle, page) / (info.width_px * info.rows))

    def coded_page(self, page: int, width_px: int, x_dpi: int, y_dpi: int, coding: str = "MMR") -> Page:
        """A page (from 0) as it goes out in a format that is not finer than its own, its header included;
        most significant bit first. Raises PageRefused."""
        row_count = ffi.new("int32_t *")
        arguments = (self._handle, page, x_dpi, y_dpi, width_px, CODINGS.index(coding), row_count)
        size = lib.fl_document_code_page(*arguments, ffi.NULL, 0)
        if size == lib.FL_E_MEMORY:
            raise MemoryError
        if size < 0:
            raise PageRefused(f"page {page + 1} cannot become {width_px} pixels at {x_dpi} x {y_dpi} dpi")
        code = ffi.new("uint8_t[]", size)
        lib.fl_document_code_page(*arguments, code, size)
        octets = bytes(ffi.buffer(code, size)).translate(REVERSED)
        number = self._before + page + 1
        return Page(octets, width_px, x_dpi, y_dpi, row_count[0], 0, number, "")

    def measured(self, coding: str | None) -> dict[str, list[int]]:
        """The octets of each page in a coding; None: in every one, measured once, for the engine, too."""
        if coding is None:
            lib.fl_document_measure(self._handle)
        codings = CODINGS if coding is None else (coding,)
        count = lib.fl_document_pages(self._handle)
        return {name: [self.coded_size(page, name) for page in range(count)] for name in codings}

    def coded_size(self, page: int, coding: str) -> int:
        """Octets of a page (from 0) in a coding, at its own resolution, its header included."""
        return int(lib.fl_document_coded_size(self._handle, page, CODINGS.index(coding)))

    def pages(self) -> Iterator[Page]:
        """What it has, coded, header lines included; before it is given away."""
        for index in range(len(self)):
            yield self.page(index)

    def page(self, page: int) -> Page:
        """A page (from 0) in MMR as it is, its header line included."""
        info = ffi.new("struct fl_page_info *")
        lib.fl_document_page_code(self._handle, page, info, ffi.NULL, 0)
        return self.coded_page(page, info.width_px, info.x_dpi, info.y_dpi)

    def open(self) -> None:
        """More pages will come while it is sent (Engine.fax_more)."""
        lib.fl_document_open(self._handle)

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle:
            lib.fl_document_free(handle)

    def give(self) -> Any:
        """The handle, for an Engine that takes the document over."""
        handle, self._handle = self._handle, None
        return handle


def read_coded(code: Code, width_px: int, rows_max: int, bad_max: int) -> tuple[bytes, CodedRows]:
    """The rows that the strips give, whatever rows_per_strip says: packed, most significant bit leftmost,
    ones where the code has black runs. It stops at more bad rows than bad_max, and at rows_max rows, of which
    that is then one. Raises ValueError for a width that no page has."""
    lengths = ffi.new("int64_t[]", [len(strip) for strip in code.strips])
    octets = b"".join(code.strips)
    fields = {
        "width_px": width_px,
        "coding": code.coding,
        "msb_first": code.msb_first,
        "aligned": code.aligned,
        "strip_count": len(code.strips),
        "strip_lengths": lengths,
        "length": len(octets),
    }
    coded = ffi.new("struct fl_coded_page *", fields)
    buffer = ffi.from_buffer("uint8_t[]", octets)
    coded.code = buffer
    row_octets = (width_px + 7) // 8
    reading = ffi.new("struct fl_reading *")
    # A line of no code bits is not a line: no more than one for each bit.
    room = min(rows_max, 8 * len(octets))
    rows = ffi.new("uint8_t[]", max(1, room * row_octets))
    found = int(lib.fl_read_coded(coded, bad_max, rows, room, reading))
    if found == lib.FL_E_MEMORY:
        raise MemoryError
    if found < 0:
        raise ValueError(f"no page is {width_px} pixels wide")
    bad = int(reading.bad_rows + reading.overflow)
    first_bad = int(reading.first_bad_row) or (found if reading.overflow else 0)
    outcome = CodedRows(found, bad, first_bad, bool(reading.ended))
    return bytes(ffi.buffer(rows, found * row_octets)), outcome


def decode_page(page: Page) -> bytes:
    """The rows of a page in MMR: packed, most significant bit leftmost, 1 = black. Raises ValueError when it
    is damaged."""
    rows, whole = _decoded(page)
    if not whole:
        raise ValueError("the page's code is damaged")
    return rows


def readable_rows(page: Page) -> bytes:
    """As decode_page(), and of damaged code as many rows as can be read."""
    return _decoded(page)[0]


def _decoded(page: Page) -> tuple[bytes, bool]:
    """The rows, and whether they are all there and good."""
    row_octets = (page.width_px + 7) // 8
    rows = ffi.new("uint8_t[]", max(1, row_octets * page.rows))
    bad, ended = ffi.new("int64_t *"), ffi.new("int32_t *")
    code = ffi.from_buffer("uint8_t[]", page.code)
    mmr = CODINGS.index("MMR")
    found = lib.fl_t4_decode_page(mmr, 1, page.width_px, code, len(page.code), rows, page.rows, bad, ended)
    count = min(max(int(found), 0), page.rows)
    return bytes(ffi.buffer(rows, row_octets * count)), found == page.rows and not bad[0]
