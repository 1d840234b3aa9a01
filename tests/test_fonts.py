"""Letters: every character in a font that has it, on any machine, and told of where none has."""

import logging
import struct
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from faxline import CallChannel, Cover, FaxToSend
from faxline._documents import fonts, header_line
from faxline._documents.cmap import characters_of
from faxline.cli import main
from faxline.confirmation import Confirmation
from faxline.preview import Preview

EUROPE = "Müller, Čapek, Σωκράτης, Иван, 5 €, „so“ … — ✓ →"
SANS, MONO = fonts._PLAIN, fonts._MONO


def forget() -> None:
    """What is known of the machine's fonts."""
    for known in (fonts._installed, fonts._ordered, fonts._chosen, fonts._lacked, header_line.draw):
        known.cache_clear()


@pytest.fixture(autouse=True)
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without fonts."""
    monkeypatch.setattr(fonts, "_FOLDERS", ())
    monkeypatch.delenv("FAXLINE_FONT", raising=False)
    monkeypatch.delenv("FAXLINE_MONO_FONT", raising=False)
    forget()
    yield
    forget()


def drawn(text: str, *, mono: bool = False) -> bytes:
    page = Image.new("L", (900, 60), 255)
    fonts.Type(30, mono=mono).draw(ImageDraw.Draw(page), (5, 5), text)
    return page.tobytes()


def names(text: str, *, mono: bool = False) -> list[tuple[str | None, str]]:
    return [(font.getname()[0], letters) for font, letters in fonts.Type(30, mono=mono).runs(text)]


@pytest.mark.parametrize("path", [SANS, MONO])
def test_the_characters_of_a_font_are_those_that_it_draws(path: Path) -> None:
    font = ImageFont.truetype(str(path), 24, layout_engine=ImageFont.Layout.BASIC)
    none = font.getmask("\U0010ffff")
    found = characters_of(path)
    assert found is not None
    for code in (*range(0x21, 0x7F), *range(0xA1, 0x530), *range(0x2010, 0x2030), *range(0x2190, 0x2C00)):
        letter = chr(code)
        if letter.isprintable():
            mask = font.getmask(letter)
            assert (letter in found) == ((mask.size, bytes(mask)) != (none.size, bytes(none))), hex(code)


def font_file(subtable: bytes, kind: tuple[int, int] = (3, 10), *, collection: bool = False) -> bytes:
    """A font file of nothing but its table cmap."""
    table = struct.pack(">HHHHI", 0, 1, *kind, 12) + subtable
    before = struct.pack(">4sIII", b"ttcf", 0x10000, 1, 16) if collection else b""
    at = len(before) + 12 + 16
    directory = struct.pack(">4sHHHH", b"OTTO", 1, 0, 0, 0) + struct.pack(
        ">4sIII", b"cmap", 0, at, len(table)
    )
    return before + directory + table


FORMAT_4 = struct.pack(
    # Segments: A to C by a shift, a to d by a list of glyphs in which c has none, U+FFFF as the end.
    ">HHHHHHH3HH3H3H3H4H",
    *(4, 48, 0, 6, 4, 1, 2),
    *(0x43, 0x64, 0xFFFF),
    0,
    *(0x41, 0x61, 0xFFFF),
    *(0x10000 - 0x40, 0, 1),
    *(0, 4, 0),
    *(7, 8, 0, 9),
)
FORMAT_12 = struct.pack(">HHIII6I", 12, 0, 40, 0, 2, 0x41, 0x43, 1, 0x1F4E0, 0x1F4E1, 4)


@pytest.mark.parametrize("collection", [False, True])
@pytest.mark.parametrize(
    ("content", "expected"),
    [(FORMAT_4, "ABCabd"), (FORMAT_12, "ABC\U0001f4e0\U0001f4e1")],
    ids=["format 4", "format 12"],
)
def test_formats_of_cmap(tmp_path: Path, content: bytes, expected: str, collection: bool) -> None:
    (tmp_path / "a.otf").write_bytes(font_file(content, collection=collection))
    found = characters_of(tmp_path / "a.otf")
    assert found is not None
    assert {letter for letter in map(chr, range(0x20000)) if letter in found} == set(expected)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), at=st.integers(0, 100), number=st.integers(0, 10**9))
@example(content=b"\xff" * 30, at=28 + 16, number=0)
def test_any_octets_are_a_font_or_none(tmp_path: Path, content: bytes, at: int, number: int) -> None:
    for whole in (font_file(FORMAT_4), font_file(FORMAT_12)):
        path = tmp_path / f"{number}-{len(whole)}.ttf"
        path.write_bytes(whole[:at] + content + whole[at + len(content) :])
        characters_of.cache_clear()
        found = characters_of(path)
        assert found is None or all(map(int.__le__, found.firsts, found.lasts))


@pytest.mark.parametrize("mono", [False, True])
def test_the_letters_of_europe_need_no_fonts_of_the_machine(mono: bool) -> None:
    assert [letters for _, letters in names(EUROPE, mono=mono)] == [EUROPE]
    assert fonts.warning(EUROPE, mono=mono) == ""
    assert len({drawn(letter, mono=mono) for letter in "MüЖЯΣČ€?"}) == 8


def test_a_line_stands_where_its_first_font_puts_it() -> None:
    page = Image.new("L", (900, 60), 255)
    ImageDraw.Draw(page).text((5, 5), "Hxg", fill=0, font=ImageFont.truetype(str(SANS), 30))
    assert drawn("Hxg") == page.tobytes()


def test_pictures_are_the_same_with_and_without_fonts_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the machine has others, with names that come before ours."""
    (tmp_path / "Aaa.ttf").write_bytes(MONO.read_bytes())
    before = drawn(EUROPE)
    monkeypatch.setattr(fonts, "_FOLDERS", (str(tmp_path),))
    forget()
    assert tmp_path / "Aaa.ttf" in fonts._order(False)
    assert drawn(EUROPE) == before


def test_what_one_font_lacks_another_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a monospace font; marks stay with their letter, and spaces between words of one script."""
    assert names("a שלום עולם b", mono=True) == [
        ("DejaVu Sans Mono", "a "),
        ("DejaVu Sans", "שלום עולם "),
        ("DejaVu Sans Mono", "b"),
    ]
    assert names("x⌽") == [("DejaVu Sans", "x"), ("DejaVu Sans Mono", "⌽")]
    monkeypatch.setenv("FAXLINE_FONT", str(MONO))
    forget()
    assert names("a\u0308 ש\u05c1 b") == [
        ("DejaVu Sans Mono", "ä "),
        ("DejaVu Sans", "ש\u05c1 "),
        ("DejaVu Sans Mono", "b"),
    ]
    ours = {path: ImageFont.truetype(str(path), 30) for path in (SANS, MONO)}
    length = ours[MONO].getlength("a ") + ours[SANS].getlength("ש") + ours[MONO].getlength("b")
    assert fonts.Type(30).getlength("a שb") == pytest.approx(length)


def test_a_font_of_the_machine_is_taken_for_what_ours_lack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine has DejaVu Sans here, and the package the monospace one only."""
    (tmp_path / "sub").mkdir()
    hebrew = struct.pack(">HHIII3I", 12, 0, 28, 0, 1, 0x5D0, 0x5EA, 1)
    (tmp_path / "sub" / "A broken one.otf").write_bytes(font_file(hebrew))
    assert "ש" in (characters_of(tmp_path / "sub" / "A broken one.otf") or "")
    (tmp_path / "sub" / "Some.ttf").write_bytes(SANS.read_bytes())
    monkeypatch.setattr(fonts, "_FOLDERS", (str(tmp_path),))
    monkeypatch.setattr(fonts, "_PLAIN", MONO)
    forget()
    assert names("a ש") == [("DejaVu Sans Mono", "a "), ("DejaVu Sans", "ש")]
    assert fonts.warning("ש") == ""


def test_a_font_that_the_user_names(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FAXLINE_FONT", str(MONO))
    assert names("fax") == [("DejaVu Sans Mono", "fax")]
    forget()
    monkeypatch.setenv("FAXLINE_FONT", "/nowhere.ttf")
    assert names("fax") == names("fax") == [("DejaVu Sans", "fax")]
    (record,) = caplog.records
    assert record.getMessage() == (
        "/nowhere.ttf: no TrueType or OpenType font that can be read; another one is taken"
    )
    monkeypatch.setenv("FAXLINE_MONO_FONT", str(SANS))
    assert names("fax", mono=True) == [("DejaVu Sans", "fax")]


def test_what_no_font_has() -> None:
    """Letters lose accents, others become question marks; spaces and signs of form are not missed."""
    assert names("a漢\u3000\u4e00\ufe0f\U000e0100b") == [("DejaVu Sans", "a? ?\ufe0fb")]
    assert fonts._plainer("ợ") == "o"
    assert fonts.warning("a漢\u3000\U000e0100b漢") == (
        "no font has 漢 (U+6F22): each goes out as '?', or without its accents; "
        "a font that has them can be installed, or named in FAXLINE_FONT"
    )
    assert "漢 (U+6F22), 字 (U+5B57), か (U+304B), な (U+306A), 한 (U+D55C) and 2 characters more:" in (
        fonts.warning("漢字かな한글🖷🖷")
    )


LACKED = next(
    letter
    for letter in map(chr, range(0x10300, 0x20000))
    if unicodedata.name(letter, "") and fonts._lacked(letter, False) and fonts._lacked(letter, True)
)
"""A letter that no font of this machine has: a worker sees its fonts, whatever this process is told."""
NOT_HERE = f"no font has {LACKED} (U+{ord(LACKED):04X})"


def document(tmp_path: Path) -> FaxToSend:
    path = tmp_path / "a.txt"
    path.write_text(f"plain\f{LACKED} in a line")
    fax = FaxToSend(path)
    fax.set_cover(Cover(message=f"{LACKED}\n\nHere it comes."))
    return fax


def test_missing_characters_are_told_before_dialling(
    tmp_path: Path, connected: CallChannel, caplog: pytest.LogCaptureFixture
) -> None:
    """On a page, the cover and the header line; this once, though it is on every page."""
    options = {"HeaderLine": f"{{name}} {LACKED} {{page}}"}
    with caplog.at_level(logging.WARNING):
        connected.FaxSender.send(document(tmp_path), options)
    logged = [record.getMessage().split(": ", 1)[1] for record in caplog.records]
    places = {"the cover page", "the header line", f"page 2 of {tmp_path / 'a.txt'}"}
    fax = document(tmp_path)
    for told in (Preview(fax, options).warnings, fax.prepare(options), logged):
        assert {warning.split(": ")[0] for warning in told} == places
        assert len(told) == 3
        assert all(NOT_HERE in warning for warning in told)
    assert fax.prepare({"HeaderLine": "{name}"}, subscriber_name=LACKED)[0].startswith(
        f"the header line: {NOT_HERE}"
    )


@pytest.mark.parametrize("command", ["send", "preview"])
def test_the_command_line_prints_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    document(tmp_path)
    path = str(tmp_path / "a.txt")
    number = ["5550100"] if command == "send" else []
    assert main([command, *number, path, "--device", "sim:", "--name", LACKED, "--cover", "standard"]) == 0
    told = capsys.readouterr()
    for place in ("the cover page", f"page 2 of {path}"):
        assert f"warning: {place}: {NOT_HERE}" in told.out + told.err


def test_a_confirmation_in_any_script() -> None:
    made = {
        text: Confirmation("NORMAL", True, "1", files=(text,)).image().tobytes()
        for text in ("Müller", "Muller", "Иван", "????")
    }
    assert len(set(made.values())) == 4
