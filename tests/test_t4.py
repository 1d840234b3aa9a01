"""The T.4/T.6 codec against libtiff (through Pillow), both ways, bit for bit; damage; line lengths; pages."""

import io
import os
import random
import re
import struct
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from faxline._faxline import ffi, lib

MH, MR, MMR = 0, 1, 2
CODINGS = [MH, MR, MMR]
FAX_WIDTHS = [1728, 2048, 2432, 2592, 3072, 3648, 3456, 4096, 4864]


def stride(width: int) -> int:
    return (width + 7) // 8


def encode(coding, width, rows, k=4, msb_first=True, min_row_bits=0) -> bytes:
    count = len(rows) // stride(width)
    out = ffi.new("uint8_t[]", count * (width * 9 // 8 + 64 + min_row_bits // 8) + 200)
    size = lib.fl_t4_encode_page(coding, k, msb_first, width, min_row_bits, rows, count, out, len(out))
    assert size >= 0
    return bytes(ffi.buffer(out, size))


def decode(coding, width, code, max_rows, msb_first=True):
    """The rows, how many of them are bad, whether the page's end was there."""
    rows = ffi.new("uint8_t[]", stride(width) * max_rows + 1)
    bad, ended = ffi.new("int64_t *"), ffi.new("int32_t *")
    count = lib.fl_t4_decode_page(coding, msb_first, width, code, len(code), rows, max_rows, bad, ended)
    assert 0 <= bad[0] <= count <= max_rows
    return bytes(ffi.buffer(rows, count * stride(width))), bad[0], bool(ended[0])


# ---- libtiff ----


def tiff_of(coding, width, code, count, msb_first=True, options=None) -> bytes:
    """A TIFF of one strip around our code octets; white is 0."""
    if options is None:
        options = 1 if coding == MR else 0
    entries = [
        (256, 4, width),
        (257, 4, count),
        (258, 3, 1),
        (259, 3, 4 if coding == MMR else 3),
        (262, 3, 0),
        (266, 3, 1 if msb_first else 2),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, count),
        (279, 4, len(code)),
    ]
    if coding != MMR:
        entries.append((292, 4, options))
    body = code + b"\0" * (len(code) % 2)
    directory = struct.pack("<H", len(entries))
    for tag, kind, value in entries:
        directory += struct.pack("<HHII", tag, kind, 1, value)
    return struct.pack("<2sHI", b"II", 42, 8 + len(body)) + body + directory + struct.pack("<I", 0)


def rows_of(image: Image.Image) -> bytes:
    width, height = image.size
    rows = bytes(octet ^ 0xFF for octet in image.convert("1").tobytes())
    if width % 8 == 0:
        return rows
    mask = 0xFF00 >> width % 8 & 0xFF
    out = bytearray(rows)
    for end in range(stride(width) - 1, stride(width) * height, stride(width)):
        out[end] &= mask
    return bytes(out)


def libtiff_decode(*args, **kwargs) -> bytes:
    image = Image.open(io.BytesIO(tiff_of(*args, **kwargs)))
    image.load()
    return rows_of(image)


def libtiff_encode(coding, width, rows, options=0) -> bytes:
    """The one strip of what libtiff makes of a page."""
    tags = {278: len(rows) // stride(width), 282: 204.0, 283: 196.0, 296: 2}
    if coding != MMR:
        tags[292] = options | (coding == MR)
    file = io.BytesIO()
    # As if black were Pillow's 1: it writes pixels as they are, and libtiff codes a 1 as black.
    image = Image.frombytes("1", (width, tags[278]), rows)
    image.save(file, "TIFF", compression="group4" if coding == MMR else "group3", tiffinfo=tags)
    saved = Image.open(file).tag_v2
    assert len(saved[273]) == 1
    assert saved.get(266, 1) == 1
    return file.getvalue()[saved[273][0] :][: saved[279][0]]


MIRRORED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


# ---- pages ----


def row_of(changes, width) -> bytes:
    pixels = 0
    for change in changes:
        pixels ^= (1 << (width - change)) - 1
    return (pixels << (stride(width) * 8 - width)).to_bytes(stride(width), "big")


def make_rows(width, count, seed) -> bytes:
    """Random runs, short or long; most rows resemble the one above, as on real pages."""
    rng = random.Random(seed)
    rows, changes = [], []
    for _ in range(count):
        kind = rng.random()
        if changes and kind < 0.65:
            kept = (change for change in changes if rng.random() < 0.96)
            moved = (change + rng.choice((-4, -3, -2, -1, 0, 0, 0, 0, 0, 1, 2, 3, 4)) for change in kept)
            changes = sorted({min(max(change, 0), width) for change in moved})
            if rng.random() < 0.2:
                changes = sorted(set(changes) ^ {rng.randrange(width), rng.randrange(width)})
        elif kind < 0.9:
            mean = rng.choice((1.5, 3, 10, 60, 800, 4000))
            changes, x = [], rng.choice((0, 1, int(rng.expovariate(1 / mean))))
            while x < width:
                changes.append(x)
                x += 1 + int(rng.expovariate(1 / mean))
        elif kind < 0.95:
            changes = []
        rows.append(row_of(changes, width))
    return b"".join(rows)


widths = st.one_of(st.sampled_from(FAX_WIDTHS), st.integers(1, 200), st.integers(1, 4864))


@st.composite
def pages(draw, max_rows=8):
    width = draw(widths)
    if draw(st.booleans()):  # small and explicit, so that a failure shrinks to something readable
        rows = draw(st.lists(st.lists(st.integers(0, width), max_size=8, unique=True), max_size=4))
        return width, b"".join(row_of(sorted(row), width) for row in rows)
    return width, make_rows(width, draw(st.integers(0, max_rows)), draw(st.integers(0, 2**32)))


def batches(examples):
    """Each example is some pages: hypothesis' own work would be most of the time otherwise."""

    def wrap(test):
        several = st.lists(pages(), min_size=3, max_size=12)
        return settings(max_examples=examples, deadline=None)(given(several)(test))

    return wrap


@pytest.mark.parametrize("coding", CODINGS)
@batches(250)
def test_libtiff_reads_what_we_code(coding, batch):
    for width, rows in batch:
        if rows:
            for msb_first in (True, False):
                code = encode(coding, width, rows, msb_first=msb_first)
                assert libtiff_decode(coding, width, code, len(rows) // stride(width), msb_first) == rows


@pytest.mark.parametrize(("coding", "options"), [(MH, 0), (MH, 4), (MR, 0), (MR, 4), (MMR, 0)])
@batches(200)
def test_we_read_what_libtiff_codes(coding, options, batch):
    for width, rows in batch:
        if rows:
            code = libtiff_encode(coding, width, rows, options)
            count = len(rows) // stride(width)
            expected = (rows, 0, coding == MMR)  # libtiff's T.4 strips have no RTC
            assert decode(coding, width, code, count) == expected
            assert decode(coding, width, code.translate(MIRRORED), count, msb_first=False) == expected


@pytest.mark.parametrize("coding", CODINGS)
@batches(150)
def test_the_octets_are_libtiffs(coding, batch):
    for width, rows in batch:
        if rows:
            ours, theirs = encode(coding, width, rows), libtiff_encode(coding, width, rows)
            if coding == MMR:
                assert ours == theirs
            else:  # libtiff's T.4 strips have no RTC
                rtc = 6 * ("000000000001" + "1" * coding)
                data, _, rest = bits_of(ours).rpartition(rtc)
                assert len(rest) < 8
                assert bits_of(theirs) == data + "0" * (-len(data) % 8)


def bits_of(code, msb_first=True) -> str:
    if not msb_first:
        code = code.translate(MIRRORED)
    return f"{int.from_bytes(code, 'big'):0{len(code) * 8}b}"


@pytest.mark.parametrize("coding", CODINGS)
@settings(max_examples=250, deadline=None)
@given(page=pages(), k=st.integers(0, 8), msb_first=st.booleans(), min_row_bits=st.integers(0, 1500))
def test_round_trip_and_line_lengths(coding, page, k, msb_first, min_row_bits):
    width, rows = page
    count = len(rows) // stride(width)
    code = encode(coding, width, rows, k, msb_first, min_row_bits)
    assert decode(coding, width, code, count + 5, msb_first) == (rows, 0, True)
    if coding == MMR:
        assert code == encode(coding, width, rows, msb_first=msb_first)
        return

    tag = "[01]" if coding == MR else ""
    eols = list(re.finditer("0{11,}1" + tag, bits_of(code, msb_first)))
    assert len(eols) == count + 6
    assert eols[0].start() == 0
    for above, below in pairwise(eols[: count + 1]):
        assert below.end() - above.end() >= min_row_bits
    for above, below in pairwise(eols[count:]):
        assert below.end() - above.end() == 12 + len(tag) // 4
    if coding == MR:
        one_dimensional = [eol.group()[-1] == "1" for eol in eols[:count]]
        assert one_dimensional == [y == 0 if k == 0 else y % k == 0 for y in range(count)]
        assert all(eol.group()[-1] == "1" for eol in eols[count:])


@pytest.mark.parametrize("coding", CODINGS)
@settings(max_examples=250, deadline=None)
@given(page=pages(20), seed=st.integers(0, 2**32))
def test_damage_is_contained(coding, page, seed):
    width, rows = page
    rng = random.Random(seed)
    sound = encode(coding, width, rows)
    for _ in range(4):
        code = bytearray(sound)
        for _ in range(rng.choice((1, 3, 30))):
            code[rng.randrange(len(code))] ^= 1 << rng.randrange(8)
        if rng.random() < 0.3:
            del code[rng.randrange(len(code)) :]
        got, bad, _ = decode(coding, width, bytes(code), 40)
        assert len(got) % stride(width) == 0
        assert bad <= 40


@pytest.mark.parametrize("coding", [MH, MR])
def test_one_flipped_bit_costs_few_lines(coding):
    """With EOLs the decoder is back at the next one, or at the next one-dimensional line."""
    width, count = 1728, 60
    rows = make_rows(width, count, 5)
    sound = encode(coding, width, rows, k=4)
    rng = random.Random(1)
    wrong, bad_lines, tries = 0, 0, 300
    for _ in range(tries):
        code = bytearray(sound)
        code[rng.randrange(len(code) - 12)] ^= 1 << rng.randrange(8)
        got, bad, ended = decode(coding, width, bytes(code), count + 10)
        assert ended
        assert abs(len(got) // stride(width) - count) <= 1
        assert bad <= (3 if coding == MH else 6)
        bad_lines += bad
        wrong += got != rows
    assert wrong > tries * 0.9
    assert bad_lines > tries * 0.5  # most damage is seen, not drawn


def test_the_tables_are_what_the_script_writes():
    t4 = Path(__file__).resolve().parent.parent / "csrc" / "t4"
    written = subprocess.run(
        [sys.executable, t4 / "make_tables.py"], check=True, capture_output=True, text=True
    )
    assert written.stdout == (t4 / "codes.c").read_text()


def test_parameters_out_of_range():
    out = ffi.new("uint8_t[]", 100)
    bad, ended = ffi.new("int64_t *"), ffi.new("int32_t *")
    row = bytes(1000)
    for coding, k, width, fill, count, cap in [
        (3, 0, 8, 0, 1, 100),
        (-1, 0, 8, 0, 1, 100),
        (MH, -1, 8, 0, 1, 100),
        (MH, 256, 8, 0, 1, 100),
        (MH, 0, 0, 0, 1, 100),
        (MH, 0, 4865, 0, 1, 100),
        (MH, 0, 8, -1, 1, 100),
        (MH, 0, 8, 2**32, 1, 100),
        (MH, 0, 8, 0, -1, 100),
        (MH, 0, 8, 0, 1, -1),
        (MH, 0, 8, 0, 1, 11),  # one octet too few
        (MH, 0, 8, 0, 1, 0),
    ]:
        assert lib.fl_t4_encode_page(coding, k, 1, width, fill, row, count, out, cap) == -1
    assert lib.fl_t4_encode_page(MH, 0, 1, 8, 0, row, 1, out, 12) == 12
    refused = [(3, 8, 1, 1), (MH, 0, 1, 1), (MH, 4865, 1, 1), (MH, 8, -1, 1), (MH, 8, 1, -1)]
    for coding, width, size, max_rows in refused:
        assert lib.fl_t4_decode_page(coding, 1, width, row, size, out, max_rows, bad, ended) == -1


# ---- real pages ----


def letter() -> bytes:
    image = Image.new("1", (1728, 2200), 1)
    draw = ImageDraw.Draw(image)
    draw.text((150, 120), "Müller & Sons, Shipping Agents", font=ImageFont.load_default(64))
    draw.line((150, 210, 1578, 210), width=4)
    body = ImageFont.load_default(32)
    rng = random.Random(4)
    text = "we thank you for your letter of the 4th and confirm the order as per our conditions of sale"
    words = text.split(" ")
    for y in range(300, 1900, 44):
        if rng.random() < 0.9:
            draw.text((150, y), " ".join(rng.choice(words) for _ in range(14)), font=body)
    draw.ellipse((1200, 1920, 1500, 2100), outline=0, width=5)
    for x in range(160, 700, 12):
        draw.line((x, 1950, x + 90, 2100), width=1)
    return rows_of(image)


def check_page(width, rows):
    count = len(rows) // stride(width)
    for coding in CODINGS:
        code = encode(coding, width, rows)
        assert decode(coding, width, code, count) == (rows, 0, True)
        assert libtiff_decode(coding, width, code, count) == rows
        theirs = libtiff_encode(coding, width, rows)
        assert decode(coding, width, theirs, count) == (rows, 0, coding == MMR)
        if coding == MMR:
            assert code == theirs


def test_a_letter():
    rows = letter()
    assert 0.01 < sum(octet.bit_count() for octet in rows) / (len(rows) * 8) < 0.2
    check_page(1728, rows)


@pytest.mark.skipif("FAXLINE_CHARTS" not in os.environ, reason="FAXLINE_CHARTS names no TIFF")
def test_the_itu_charts():
    with Image.open(os.environ["FAXLINE_CHARTS"]) as file:
        for number in range(file.n_frames):
            file.seek(number)
            check_page(file.width, rows_of(file))
