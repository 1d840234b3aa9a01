"""Plain text on fax pages."""

from pathlib import Path

import pages
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from faxline import FaxToSend
from faxline._documents.paper import PAPERS
from faxline._documents.text import COLUMNS, decode, lines_on, paginate, wrap
from faxline.document import DocumentError

PANGRAM = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich"


def only(path: Path, **keywords: bool | None) -> Image.Image:
    (page,) = pages.converted(path, **keywords)
    return page


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "utf-16-be", "utf-16-le"]
)
def test_encodings_show_the_same_page(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes(PANGRAM.encode())
    content = PANGRAM.encode(encoding)
    if encoding.endswith("e"):
        content = "\ufeff".encode(encoding) + content
    (tmp_path / "b.txt").write_bytes(content)
    assert pages.rows(only(tmp_path / "a.txt")) == pages.rows(only(tmp_path / "b.txt"))


@pytest.mark.parametrize(("paper", "inches"), [("a4", 297 / 25.4), ("letter", 11), ("legal", 14)])
@pytest.mark.parametrize("high_res", [None, True, False])
def test_paper_and_margins(tmp_path: Path, paper: str, inches: float, high_res: bool | None) -> None:
    (tmp_path / "a.txt").write_text("\n".join(["M" * COLUMNS] * lines_on(PAPERS[paper])))
    (page,) = map(pages.whole, FaxToSend(tmp_path / "a.txt", paper=paper).pages(high_res=high_res))
    lines = 98 if high_res is False else 196
    assert (page.width_px, page.x_dpi, page.y_dpi) == (1728, 204, lines)
    assert page.row_count == pytest.approx(inches * lines, abs=1)
    image = Image.frombytes("1", (1728, page.row_count), page.rows, "raw", "1;I")
    left, top, right, bottom = image.convert("L").point(lambda value: 255 - value).getbbox() or (0,) * 4
    assert left / 204 > 0.7
    assert (1728 - right) / 204 > 0.7
    assert top / lines > 0.7
    assert inches - bottom / lines > 0.6


def test_columns_stand_under_each_other(tmp_path: Path) -> None:
    """Also behind letters that other fonts would draw, and marks that go onto letters."""
    (tmp_path / "a.txt").write_text(
        "\n".join(f"{text:<6}|" for text in ("iiiiii", "WWWWWW", "ЖЖЖЖЖЖ", "漢字漢"))
    )
    page = only(tmp_path / "a.txt").convert("L").point(lambda value: 255 - value)
    ends = []
    for line in range(3):
        top = round((0.75 + line / 6) * 196)
        box = page.crop((0, top, 1728, top + 32)).getbbox()
        assert box is not None
        ends.append(box[2])
    assert max(ends) - min(ends) <= 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [[""]]),
        ("a\n", [["a"]]),
        ("a\r\nb\rc\vd", [["a", "b", "c", "d"]]),
        ("a\fb\f", [["a"], ["b"]]),
        ("\fb", [[""], ["b"]]),
        ("a\tb\x1b[1mc\x07", [["a       b[1mc"]]),
        ("x" * 81, [["x" * 80, "x"]]),
        ("word " * 17, [["word " * 15 + "word", "word "]]),
        ("漢" * 41, [["漢" * 40, "漢"]]),
    ],
)
def test_pages_and_lines(text: str, expected: list[list[str]]) -> None:
    assert list(paginate(text, 60, 10)) == expected


def test_a_long_text_goes_on_and_has_an_end(tmp_path: Path) -> None:
    assert [len(page) for page in paginate("x\n" * 130, 60, 10)] == [60, 60, 10]
    assert len(list(paginate("\f" * 50, 60, 10))) == 10
    (tmp_path / "a.txt").write_text("\f" * 3000 + "x")
    with pytest.raises(DocumentError, match=r"a\.txt: more than 2000 pages"):
        FaxToSend(tmp_path / "a.txt").count_pages()


@given(st.text(alphabet=st.characters(exclude_characters="\n\f\r\v\t"), max_size=300))
def test_nothing_that_can_be_seen_is_lost_by_wrapping(text: str) -> None:
    rows = list(wrap(text))
    assert "".join("".join(rows).split()) == "".join(text.split())


@given(st.binary(max_size=400))
def test_any_bytes_are_a_page_or_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    if content == b"" or decode(content) is None:
        with pytest.raises(DocumentError, match=r"a\.txt"):
            FaxToSend(tmp_path / "a.txt").count_pages()
    else:
        assert FaxToSend(tmp_path / "a.txt").count_pages() >= 1


def test_a_space_at_the_edge_is_still_a_space() -> None:
    """The words before and behind it used to become one."""
    line = ("x" * 74 + " brown fox jumps").replace("x x", "xx")
    assert len("x" * 74 + " brown") == COLUMNS
    assert list(wrap(line)) == ["x" * 74 + " brown", "fox jumps"]
    assert list(wrap("x" * COLUMNS + "   ")) == ["x" * COLUMNS]
    assert list(wrap("x" * COLUMNS + "   y")) == ["x" * COLUMNS, "y"]


@given(st.text(alphabet="ab  \u6f22", max_size=400))
def test_wrapping_loses_and_joins_no_words(line: str) -> None:
    rows = list(wrap(line))
    if all(len(word.encode("utf-16-le")) < 2 * 40 for word in line.split()):
        assert [word for row in rows for word in row.split()] == line.split()


@pytest.mark.parametrize("name", ["a.md", "a.csv", "A.TXT"])
def test_names_of_text_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("plain,text")
    assert only(tmp_path / name).getextrema() == (0, 255)


@pytest.mark.parametrize("separator", ["\n", "\f"])
def test_as_many_pages_as_asked_for_and_no_more(separator: str) -> None:
    text = separator.join(str(number) for number in range(10))
    assert list(paginate(text, 1, 4)) == [["0"], ["1"], ["2"], ["3"]]


def test_a_letter_is_the_same_wherever_it_stands(tmp_path: Path) -> None:
    """Drawn once: in any line and column, to the pixel."""
    (tmp_path / "a.txt").write_text("\n".join([" R" * 40] * 30))
    page = only(tmp_path / "a.txt").convert("L")
    left, pitch, line = 0.75 * 204 + 20, (210 / 25.4 - 1.5) * 204 / COLUMNS, 196 / 6
    looks = set()
    for row in range(30):
        for column in range(1, COLUMNS, 2):
            x, y = round(left + column * pitch), round(0.75 * 196 + row * line)
            box = page.crop((x - 9, y, x + 25, y + 32)).point(lambda value: 255 - value).getbbox()
            assert box is not None
            look = page.crop((x - 9 + box[0], y + box[1], x - 9 + box[2], y + box[3]))
            looks.add((look.size, look.tobytes()))
    assert len(looks) == 1


def test_more_letters_than_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [chr(code) * 3 for code in range(0x21, 0x7F)]
    (tmp_path / "a.txt").write_text("\f".join(lines))
    kept = [pages.rows(page) for page in pages.converted(tmp_path / "a.txt")]
    monkeypatch.setattr("faxline._documents.text._KEPT", 1)
    assert [pages.rows(page) for page in pages.converted(tmp_path / "a.txt")] == kept


@pytest.mark.parametrize("text", ["a\u0301\u0302b", "\u0301a", "\u0301", "漢字" * 40, "é" * 80])
def test_marks_and_wide_letters_on_a_page(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    assert only(tmp_path / "a.txt").size == (1728, 2292)
