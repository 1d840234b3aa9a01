"""Pages of a TIFF in a coding of T.4 or T.6, read by our own decoder: the code decides, not the tag.

Fax servers and scanners write tags that do not fit the code below them. What the tags say is tried first,
then the other readings that occur; one is taken that gives a whole page: every line exactly as wide as the
page, none bad. Where there is none the page is refused, or read as far as it goes when the user wants that.
TIFF 6.0 sections 10 and 11, RFC 2301, and TIFF class F.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from PIL import Image

from faxline._documents.pages import Code, Coding, PageError, ReadCoded
from faxline._documents.source import PIXELS_MAX

# TIFF 6.0 tags.
_COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 259, 262, 266
_STRIP_OFFSETS, _ROWS_PER_STRIP, _STRIP_COUNTS = 273, 278, 279
_T4_OPTIONS, _T6_OPTIONS = 292, 293
_ORIENTATION = 274

_MODIFIED_HUFFMAN, _T4, _T6, _RLE_WORDS = 2, 3, 4, 32771
"""Values of Compression: MH without EOLs, each line from a new octet; T.4; T.6; MH, each line from a new
word."""

_CODE_MAX = 16 << 20
_ROWS_MAX = 65_535
_FAX_WIDTHS = (1728, 2048, 2432, 2592, 3072, 3648, 3456, 4096, 4864)


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as its code has it."""

    image: Image.Image
    """In one bit, its resolution in info["dpi"]; as high as the code is long."""
    note: str
    """What in the file was mended, or cannot be read; '' when the tags told the truth."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to understand the code."""

    coding: Coding
    msb_first: bool
    aligned: int
    """MH without EOLs: each line begins at a multiple of so many octets; 0 anywhere."""
    width: int
    to_the_end: bool = False
    """A strip goes on to the next one, or to the file's end, whatever StripByteCounts says."""

    def text(self) -> str:
        """For the log."""
        words = [self.coding.name]
        if self.aligned:
            words.append("without EOL, from octet to octet" if self.aligned == 1 else "from word to word")
        words.append(f"fill order {1 if self.msb_first else 2}, {self.width} pixels wide")
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class _Read:
    reading: _Reading
    rows: bytes
    row_count: int
    bad_rows: int
    first_bad_row: int
    ended: bool

    @property
    def good_rows(self) -> int:
        return self.row_count - self.bad_rows


def is_coded(image: Image.Image) -> bool:
    """Whether it is a TIFF page in one of these codings."""
    tags = getattr(image, "tag_v2", None)
    return (
        tags is not None
        and image.format == "TIFF"
        and image.mode == "1"
        and tags.get(_COMPRESSION) in (_MODIFIED_HUFFMAN, _T4, _T6, _RLE_WORDS)
    )


def surplus(image: Image.Image) -> str:
    """What is odd about a TIFF page in one bit without compression whose strips have octets for more rows
    than it has: they may be code, and what is read then is no page. '' of any other."""
    tags: Any = getattr(image, "tag_v2", None)
    if tags is None or image.format != "TIFF" or image.mode != "1" or tags.get(_COMPRESSION, 1) != 1:
        return ""
    counts, per_strip = tags.get(_STRIP_COUNTS, ()), tags.get(_ROWS_PER_STRIP, image.height)
    if not isinstance(per_strip, int):
        per_strip = image.height
    # Some writers fill the last strip up.
    rows = max(image.height, min(per_strip, image.height) * len(counts))
    row = (image.width + 7) // 8
    if sum(counts) < row * (rows + 1):
        return ""
    return (
        f"its strips have {sum(counts)} octets, and its {image.height} rows without compression take "
        f"{row * image.height}: is it coded, and Compression wrong?"
    )


def code_of(image: Image.Image) -> Code | None:
    """The code of such a page as its tags tell of it; None where they tell too little, or of what a fax page
    cannot have."""
    tags: Any = getattr(image, "tag_v2", None)
    if not is_coded(image) or tags.get(_PHOTOMETRIC) not in (0, 1):
        return None
    offsets, counts = tags.get(_STRIP_OFFSETS, ()), tags.get(_STRIP_COUNTS, ())
    if not isinstance(tags.get(_ROWS_PER_STRIP, 1), int):
        return None
    if not 0 < len(offsets) == len(counts) <= image.height or not 0 < sum(counts) <= _CODE_MAX:
        return None
    if tags.get(_T6_OPTIONS, 0) != 0 or tags.get(_T4_OPTIONS, 0) & ~0b101 != 0:
        return None
    told = _told(tags, image.width)
    return Code(
        coding=told.coding,
        msb_first=told.msb_first,
        inverted=tags[_PHOTOMETRIC] == 1,
        rows_per_strip=min(image.height, tags.get(_ROWS_PER_STRIP, image.height)),
        strips=_strips(image, to_the_end=False),
        aligned=told.aligned,
    )


def picture(image: Image.Image, read_coded: ReadCoded, *, damaged: bool = False) -> Picture:
    """Such a page, read. damaged: as far as it can be read, bad rows as the row above, where no reading gives
    it whole. Raises PageError."""
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    told = _told(tags, image.width)
    best: _Read | None = None
    for reading in _readings(told):
        read = _read(image, read_coded, reading, bad_max=_ROWS_MAX if damaged else 0)
        if _whole(read) and not _is_cut(image, read):
            return _picture(image, read, _mended(image, told, read))
        if best is None or read.good_rows > best.good_rows:
            best = read
    assert best is not None
    cut = f"its code is cut short: it ends with row {best.row_count}, and ImageLength says {image.height}"
    if not damaged and _whole(best):
        raise PageError(cut)
    if not damaged:
        row = _read(image, read_coded, told, bad_max=0).first_bad_row
        where = f"row {row} cannot be read" if row else "it has no rows that can be read"
        raise PageError(
            f"its code is damaged: as its tags have it ({told.text()}) {where}, and otherwise no better"
        )
    if not best.good_rows:
        raise PageError("its code is damaged, and no row of it can be read")
    if not best.bad_rows:
        return _picture(image, best, cut)
    lost = f"{best.bad_rows} of {best.row_count} rows cannot be read, the first is row {best.first_bad_row}"
    return _picture(image, best, f"damaged: {lost} ({best.reading.text()})")


def _told(tags: Any, width: int) -> _Reading:
    """As the tags have it."""
    compression, options = tags.get(_COMPRESSION), tags.get(_T4_OPTIONS, 0)
    msb_first = tags.get(_FILL_ORDER, 1) != 2
    match compression:
        case 4:
            return _Reading(Coding.MMR, msb_first, 0, width)
        case 3:
            return _Reading(Coding.MR if options & 1 else Coding.MH, msb_first, 0, width)
        case _:
            return _Reading(Coding.MH, msb_first, 1 if compression == _MODIFIED_HUFFMAN else 2, width)


def _readings(told: _Reading) -> Iterator[_Reading]:
    """What is told, then what else occurs, each once."""
    codings = ((Coding.MH, 0), (Coding.MR, 0), (Coding.MMR, 0), (Coding.MH, 1), (Coding.MH, 2))
    widths = (told.width, *(width for width in _FAX_WIDTHS if width != told.width))
    yield told
    for to_the_end in (False, True):
        for width in widths:
            for msb_first in (told.msb_first, not told.msb_first):
                for coding, aligned in codings:
                    reading = _Reading(coding, msb_first, aligned, width, to_the_end)
                    if reading != told:
                        yield reading


def _read(image: Image.Image, read_coded: ReadCoded, reading: _Reading, bad_max: int) -> _Read:
    code = Code(
        coding=reading.coding,
        msb_first=reading.msb_first,
        inverted=False,
        rows_per_strip=1,
        strips=_strips(image, to_the_end=reading.to_the_end),
        aligned=reading.aligned,
    )
    rows, found = read_coded(code, reading.width, min(_ROWS_MAX, PIXELS_MAX // reading.width), bad_max)
    return _Read(reading, rows, found.rows, found.bad_rows, found.first_bad_row, found.ended)


def _whole(read: _Read) -> bool:
    """Every row is good; and where a strip was taken for longer than its tag says, its end was there."""
    return read.row_count > 0 and not read.bad_rows and (read.ended or not read.reading.to_the_end)


def _is_cut(image: Image.Image, read: _Read) -> bool:
    """Rows are missing, and not because ImageLength is wrong: the file ends within a strip, or code of T.6
    without its EOFB."""
    if read.ended or read.row_count >= image.height:
        return False
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    size = _size(image.fp)  # type: ignore[attr-defined]
    strips = zip(tags.get(_STRIP_OFFSETS, ()), tags.get(_STRIP_COUNTS, ()), strict=False)
    return read.reading.coding is Coding.MMR or any(at + count > size for at, count in strips)


def _strips(image: Image.Image, *, to_the_end: bool) -> list[bytes]:
    """The octets of each strip. Raises PageError."""
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    file: BinaryIO = image.fp  # type: ignore[attr-defined]
    offsets = tuple(tags.get(_STRIP_OFFSETS, ()))
    counts = tuple(tags.get(_STRIP_COUNTS, ()))
    place, size = file.tell(), _size(file)
    if not offsets or len(offsets) > _ROWS_MAX:
        raise PageError("no tag says where its code is (StripOffsets)")
    if to_the_end or len(counts) != len(offsets):
        ends = sorted({*offsets, size})
        counts = tuple(next((end for end in ends if end > offset), offset) - offset for offset in offsets)
    if sum(counts) > _CODE_MAX:
        raise PageError(f"its code is longer than {_CODE_MAX >> 20} MiB")
    strips = []
    for offset, count in zip(offsets, counts, strict=True):
        file.seek(min(offset, size))
        strips.append(file.read(count))
    file.seek(place)
    return strips


def _size(file: BinaryIO) -> int:
    """In octets; the file stays where it is."""
    place = file.tell()
    size = file.seek(0, 2)
    file.seek(place)
    return size


def _mended(image: Image.Image, told: _Reading, read: _Read) -> str:
    """What the tags had wrong, for the log."""
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    wrong = []
    if replace(read.reading, to_the_end=False) != told:
        wrong.append(f"its tags say {told.text()}, its code is {read.reading.text()}")
    if read.reading.to_the_end:
        wrong.append("StripByteCounts is wrong")
    if read.row_count != image.height:
        wrong.append(f"ImageLength says {image.height} rows, there are {read.row_count}")
    if _PHOTOMETRIC not in tags:
        wrong.append("PhotometricInterpretation is missing")
    if len(tags.get(_STRIP_OFFSETS, ())) > 1 and _ROWS_PER_STRIP not in tags:
        wrong.append("RowsPerStrip is missing")
    return "; ".join(wrong)


def _picture(image: Image.Image, read: _Read, note: str) -> Picture:
    """The rows as an image, black where the tag, or the paper, says so."""
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    made = Image.frombytes("1", (read.reading.width, read.row_count), read.rows, "raw", "1;I")
    photometric = tags.get(_PHOTOMETRIC)
    if photometric not in (0, 1):
        # Class F has 0, white; but a page that is then more black than white was meant otherwise.
        black = made.histogram()[0]
        photometric = int(2 * black > made.width * made.height)
    if photometric == 1:
        made = Image.frombytes("1", made.size, read.rows, "raw", "1")
    if "dpi" in image.info:
        made.info["dpi"] = image.info["dpi"]
    made.getexif()[_ORIENTATION] = image.getexif().get(_ORIENTATION, 1)
    return Picture(made, note)
