"""Writes codes.c from the code tables of ITU-T T.4, given here as the bits on the line.

    python3 csrc/t4/make_tables.py > csrc/t4/codes.c

The C side handles code bits with the first one in the least significant place, so every code is mirrored
here.
"""


def words(text: str) -> list[str]:
    return text.split()


WHITE = words("""
00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010
101011 0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010
00000011 00011010 00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001 00101010
00101011 00101100 00101101 00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100
00100101 01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011 00110100
""")  # terminating: runs of 0..63

BLACK = words("""
0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 000011000
0000010111 0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000 00000010111
00000011000 000011001010 000011001011 000011001100 000011001101 000001101000 000001101001 000001101010
000001101011 000011010010 000011010011 000011010100 000011010101 000011010110 000011010111 000001101100
000001101101 000011011010 000011011011 000001010100 000001010101 000001010110 000001010111 000001100100
000001100101 000001010010 000001010011 000000100100 000000110111 000000111000 000000100111 000000101000
000001011000 000001011001 000000101011 000000101100 000001011010 000001100110 000001100111
""")

WHITE_MAKE_UP = words("""
11011 10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101
011010010 011010011 011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011
010011000 010011001 010011010 011000 010011011
""")  # 64, 128 .. 1728

BLACK_MAKE_UP = words("""
0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100
0000001101101 0000001001010 0000001001011 0000001001100 0000001001101 0000001110010 0000001110011
0000001110100 0000001110101 0000001110110 0000001110111 0000001010010 0000001010011 0000001010100
0000001010101 0000001011010 0000001011011 0000001100100 0000001100101
""")

EXTENDED = words("""
00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 000000010110
000000010111 000000011100 000000011101 000000011110 000000011111
""")  # 1792, 1856 .. 2560, for both colours

PAIR_BITS = 12
PASS, HORIZONTAL = "0001", "001"
VERTICAL = {-3: "0000010", -2: "000010", -1: "010", 0: "1", 1: "011", 2: "000011", 3: "0000011"}  # a1 - b1


def mirrored(code: str) -> int:
    return int(code[::-1], 2)


def lookup(codes: dict, width: int) -> list:
    """What the next `width` bits of the stream start with: (value, length), or None."""
    table: list = [None] * (1 << width)
    for value, code in codes.items():
        for rest in range(1 << (width - len(code))):
            index = mirrored(code) | rest << len(code)
            assert table[index] is None, "the code is not prefix-free"
            table[index] = (value, len(code))
    return table


def pair_of_runs(index: int) -> int:
    """White's and black's terminating code in the first bits of a stream, unless one is of no pixels."""
    bits = f"{index:0{PAIR_BITS}b}"[::-1]
    for white, first in enumerate(WHITE):
        for black, second in enumerate(BLACK):
            if white and black and bits.startswith(first + second):
                return white << 10 | black << 4 | len(first + second)
    return 0


def group(index: int, width: int) -> str:
    """What two-dimensional coding starts with: V0, as often as it comes, then another mode if it is whole."""
    bits = f"{index:0{width}b}"[::-1]
    ones = min(len(bits) - len(bits.lstrip("1")), 8)
    modes = [("VERTICAL", delta, code) for delta, code in VERTICAL.items()]
    modes += [("PASS", 0, PASS), ("HORIZONTAL", 0, HORIZONTAL)]
    for kind, delta, code in modes:
        if code != VERTICAL[0] and bits[ones:].startswith(code):
            return f"{{FL_T4_{kind}, {ones}, {ones + len(code)}, {delta}}}"
    return f"{{FL_T4_VERTICAL, {ones - 1}, {ones}, 0}}" if ones else "{FL_T4_NONE, 0, 0, 0}"


def show(declaration: str, entries: list[str]) -> None:
    print(f"\n{declaration} = {{")
    line = ""
    for entry in entries:
        if len(line) + len(entry) > 103:
            print("    " + line.rstrip())
            line = ""
        line += entry + ", "
    print("    " + line.rstrip() + "\n};")


def main() -> None:
    print("/* T.4's code tables. Written by make_tables.py, which holds them readably: do not edit. */")
    print('/* clang-format off */\n#include "t4/codes.h"')
    colours = []
    for terminating, make_up in ((WHITE, WHITE_MAKE_UP), (BLACK, BLACK_MAKE_UP)):
        assert len(terminating) == 64
        assert len(make_up) == 27
        colours.append((terminating, ["", *make_up, *EXTENDED]))

    def pair(code: str) -> str:
        return f"{{{mirrored(code)}, {len(code)}}}"

    runs = [
        make_up + code
        for terminating, all_make_up in colours
        for make_up in all_make_up
        for code in terminating
    ]
    show(
        f"const uint32_t fl_t4_runs[2 * {len(runs) // 2}]",
        [str(mirrored(run) << 5 | len(run)) for run in runs],
    )
    show("const struct fl_t4_code fl_t4_vertical[7]", [pair(VERTICAL[d]) for d in range(-3, 4)])

    for name, width, colour in (("white", 12, 0), ("black", 13, 1)):
        terminating, make_up = colours[colour]
        codes = dict(enumerate(terminating)) | {64 * i: code for i, code in enumerate(make_up) if i}
        table = lookup(codes, width)
        show(
            f"const uint16_t fl_t4_{name}_runs[1 << {width}]",
            [str(entry[0] << 4 | entry[1]) if entry else "0" for entry in table],
        )

    pairs = [str(pair_of_runs(index)) for index in range(1 << PAIR_BITS)]
    show(f"const uint16_t fl_t4_run_pairs[1 << {PAIR_BITS}]", pairs)
    show("const struct fl_t4_group fl_t4_groups[1 << 10]", [group(index, 10) for index in range(1 << 10)])


main()
