"""What the far machine's fast carriers carry: pages in code, and blocks in frames."""

from collections.abc import Iterable
from functools import cache

from peer import bits, t4
from peer.far import RCP
from peer.line import MODULATIONS

from .cases import Case, Step
from .charts import DURATION_ROW, chart

LASTS_S = {"duration1": 4.9, "duration2": 5.1}
RETURNS = 3


def number_of(modem: str, short: bool = False) -> int:
    """The number of +FTM for 'V.17/14400'. short: of the short training, where there is one."""
    name, _, rate = modem.partition("/")
    named = name.removesuffix("ter")
    found = [n for n, m in MODULATIONS.items() if m.name == named and m.rate == int(rate)]
    return found[0] + 1 if short and named == "V.17" else found[0]


@cache
def coded(step: Step) -> bytes:
    """The page that this step sends."""
    page = chart(step.value)[0]
    if step.more.get("compression") == "T.6":
        return bits.to_octets("".join(t4.mmr(page)))
    rows = t4.mh(page, least=step.whole("min_bits", 0))
    for name, seconds in LASTS_S.items():
        if name in step.value:
            least = int(seconds * int(step.modem.partition("/")[2]))
            rows[DURATION_ROW] = t4.mh([page[DURATION_ROW]], least=least, end=False)[0]
    for word in step.more.get("bad_rows", "").replace(",", " ").split():
        row, at = rows[int(word) - 1], len(t4.EOL)
        rows[int(word) - 1] = row[:at] + ("1" if row[at] == "0" else "0") + row[at + 1 :]
    return bits.to_octets("".join(rows))


def block_of(step: Step) -> dict[int, tuple[bytes, bool]]:
    """The frames of this step's block by their numbers, and whether their check sequences are right."""
    size, block, bad = step.whole("frame_size", 64), step.whole("block", 0), step.whole("crc_error", -1)
    data = coded(step)[256 * size * block : 256 * size * (block + 1)]
    parts = [data[i : i + size].ljust(size, b"\0") for i in range(0, len(data), size)]
    return {n: (part, n + 256 * block != bad) for n, part in enumerate(parts)}


@cache
def burst_of(step: Step, modem: str) -> bytes:
    """The whole burst of this step's block."""
    frames = [
        bits.with_check(bytes([0xFF, 0x03, 0x06, n]) + data, damaged=not right)
        for n, (data, right) in block_of(step).items()
    ]
    return bits.fast_frames([*frames, *[RCP] * RETURNS], MODULATIONS[number_of(modem)].rate)


def prepare(cases: Iterable[Case]) -> None:
    """Makes what the calls of these cases need: in a call there is no time for it."""
    for case in cases:
        modem = ""
        for step in case.flat():
            if step.direction == "T" and step.kind == "MSG":
                coded(step)
            elif step.direction == "T" and step.kind == "PP":
                burst_of(step, modem)
            modem = step.modem or modem
