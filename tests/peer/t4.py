"""A coder and a decoder of T.4 and T.6. A page is a list of rows, a row the list of its colour changes:
where black begins, where white begins again, and so on, below the width.
"""

from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise


def _codes(text: str) -> list[str]:
    return text.split()


_WHITE = _codes("""
00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010
101011 0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010
00000011 00011010 00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001
00101010 00101011 00101100 00101101 00000100 00000101 00001010 00001011 01010010 01010011 01010100
01010101 00100100 00100101 01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011
00110100
""")
_WHITE_64 = _codes("""
11011 10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101
011010010 011010011 011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011
010011000 010011001 010011010 011000 010011011
""")
_BLACK = _codes("""
0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111
000011000 0000010111 0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000
00000010111 00000011000 000011001010 000011001011 000011001100 000011001101 000001101000 000001101001
000001101010 000001101011 000011010010 000011010011 000011010100 000011010101 000011010110 000011010111
000001101100 000001101101 000011011010 000011011011 000001010100 000001010101 000001010110 000001010111
000001100100 000001100101 000001010010 000001010011 000000100100 000000110111 000000111000 000000100111
000000101000 000001011000 000001011001 000000101011 000000101100 000001011010 000001100110 000001100111
""")
_BLACK_64 = _codes("""
0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100
0000001101101 0000001001010 0000001001011 0000001001100 0000001001101 0000001110010 0000001110011
0000001110100 0000001110101 0000001110110 0000001110111 0000001010010 0000001010011 0000001010100
0000001010101 0000001011010 0000001011011 0000001100100 0000001100101
""")
_LONG_64 = _codes("""
00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 000000010110
000000010111 000000011100 000000011101 000000011110 000000011111
""")
EOL = "000000000001"
_VERTICAL = {0: "1", 1: "011", 2: "000011", 3: "0000011", -1: "010", -2: "000010", -3: "0000010"}
Row = list[int]
Page = list[Row]


def _run(length: int, black: bool) -> str:
    code = ""
    while length >= 2560:
        code += _LONG_64[-1]
        length -= 2560
    if length >= 64:
        tables = (_BLACK_64 if black else _WHITE_64) + _LONG_64
        code += tables[length // 64 - 1]
    return code + (_BLACK if black else _WHITE)[length % 64]


def one_dimensional(row: Row, width: int = 1728) -> str:
    edges = [0, *row, width]
    return "".join(_run(b - a, bool(i % 2)) for i, (a, b) in enumerate(pairwise(edges)))


def _reference(above: Row, a0: int, black: bool, width: int) -> tuple[int, int]:
    """b1 and b2: the next change above of the opposite colour, and the one behind it."""
    i = bisect_right(above, a0)
    if (i % 2 == 0) == black:
        i += 1
    b1, b2 = [*above[i : i + 2], width, width][:2]
    return b1, b2


def two_dimensional(row: Row, above: Row, width: int = 1728) -> str:
    code, a0, black, i = "", -1, False, 0
    while a0 < width:
        a1 = row[i] if i < len(row) else width
        b1, b2 = _reference(above, a0, black, width)
        if b2 < a1:
            code += "0001"
            a0 = b2
        elif abs(a1 - b1) <= 3:
            code += _VERTICAL[a1 - b1]
            a0, black, i = a1, not black, i + 1
        else:
            a2 = row[i + 1] if i + 1 < len(row) else width
            code += "001" + _run(a1 - max(a0, 0), black) + _run(a2 - a1, not black)
            a0, i = a2, i + 2
    return code


def _filled(code: str, least: int) -> str:
    return code + "0" * max(0, least - len(code) - len(EOL))


def mh(page: Page, width: int = 1728, least: int = 0, end: bool = True) -> list[str]:
    """Row by row, each with its EOL before it; least bits with it, then RTC."""
    rows = [EOL + _filled(one_dimensional(row, width), least) for row in page]
    return [*rows, EOL * 6] if end else rows


def mr(page: Page, width: int = 1728, least: int = 0, k: int = 2, end: bool = True) -> list[str]:
    rows: list[str] = []
    above: list[int] = []
    for i, row in enumerate(page):
        code = "1" + one_dimensional(row, width) if i % k == 0 else "0" + two_dimensional(row, above, width)
        rows.append(EOL + _filled(code, least))
        above = row
    return [*rows, (EOL + "1") * 6] if end else rows


def mmr(page: Page, width: int = 1728) -> list[str]:
    above: list[Row] = [[], *page[:-1]]
    return [*(two_dimensional(row, a, width) for row, a in zip(page, above, strict=False)), EOL * 2]


CODERS: dict[str, Callable[[Page], list[str]]] = {"MH": mh, "MR": mr, "MMR": mmr}

_WHITE_CODES = {code: n for n, code in enumerate(_WHITE)}
_WHITE_CODES |= {code: 64 * (n + 1) for n, code in enumerate(_WHITE_64 + _LONG_64)}
_BLACK_CODES = {code: n for n, code in enumerate(_BLACK)}
_BLACK_CODES |= {code: 64 * (n + 1) for n, code in enumerate(_BLACK_64 + _LONG_64)}
_MODES: dict[str, int | str] = {code: shift for shift, code in _VERTICAL.items()}
_MODES |= {"0001": "pass", "001": "horizontal"}


class Unreadable(Exception):
    """No page of this coding."""


class _Reader:
    def __init__(self, bits: str) -> None:
        self.bits, self.at = bits, 0

    def code(self, codes: dict[str, int]) -> int:
        for length in range(1, 14):
            if (found := codes.get(self.bits[self.at : self.at + length])) is not None:
                self.at += length
                return found
        raise Unreadable(f"no code at bit {self.at}: {self.bits[self.at : self.at + 16]}")

    def mode(self) -> int | str:
        for length in range(1, 8):
            if (found := _MODES.get(self.bits[self.at : self.at + length])) is not None:
                self.at += length
                return found
        raise Unreadable(f"no mode at bit {self.at}: {self.bits[self.at : self.at + 16]}")

    def run(self, black: bool) -> int:
        total, codes = 0, _BLACK_CODES if black else _WHITE_CODES
        while (length := self.code(codes)) >= 64:
            total += length
        return total + length

    def eol(self) -> bool:
        """Fill and EOL, if that is what comes."""
        one = self.bits.find("1", self.at)
        if one - self.at >= 11:
            self.at = one + 1
            return True
        return False


def _read_one(reader: _Reader, width: int) -> Row:
    row: Row = []
    at, black = 0, False
    while at < width:
        at += reader.run(black)
        row.append(at)
        black = not black
    if at > width:
        raise Unreadable("a row is too long")
    return _clean(row, width)


def _read_two(reader: _Reader, above: Row, width: int) -> Row:
    row: Row = []
    a0, black = -1, False
    while a0 < width:
        mode = reader.mode()
        b1, b2 = _reference(above, a0, black, width)
        if mode == "pass":
            a0 = b2
        elif mode == "horizontal":
            a1 = max(a0, 0) + reader.run(black)
            a0 = a1 + reader.run(not black)
            row += [a1, a0]
        else:
            a0 = b1 + int(mode)
            row.append(a0)
            black = not black
    if a0 > width:
        raise Unreadable("a row is too long")
    return _clean(row, width)


def _clean(row: Row, width: int) -> Row:
    """Without empty runs: 0 at the start stays, it says that the row begins black."""
    row = [edge for edge in row if edge < width]
    i = 0
    while i + 1 < len(row):
        if row[i] == row[i + 1]:
            del row[i : i + 2]
            i = max(0, i - 1)
        else:
            i += 1
    return row


def read(bits: str, coding: str, width: int = 1728) -> Page:
    """The rows of a whole page up to its RTC or EOFB. Raises Unreadable, also where there is none."""
    reader = _Reader(bits)
    page: Page = []
    if coding == "MMR":
        while not bits.startswith(EOL, reader.at):
            page.append(_read_two(reader, page[-1] if page else [], width))
        if not bits.startswith(EOL * 2, reader.at):
            raise Unreadable("EOL without EOFB")
        return page
    while True:
        if not reader.eol():
            raise Unreadable(f"no EOL behind row {len(page)}")
        one = True
        if coding == "MR":
            one = bits[reader.at : reader.at + 1] == "1"
            reader.at += 1
        if bits.startswith(EOL, reader.at):
            return page  # RTC
        page.append(_read_one(reader, width) if one else _read_two(reader, page[-1], width))
