"""The pictures of the docs, as SVG text: state diagrams drawn from the engine's own table, and the house."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"
PHASES = {"A": "#eef2f7", "B": "#e3eefb", "C": "#e4f4e4", "D": "#fdf1dc", "E": "#f1e6f5"}
INK, FAINT = "#1d2733", "#5b6875"


@dataclass(frozen=True)
class State:
    name: str
    clause: str
    role: str
    phase: str
    timer: str
    next: frozenset[str]


def _svg(width: float, height: float, body: Iterable[str], title: str) -> str:
    arrow = (
        "<marker id='arrow' viewBox='0 0 10 10' refX='9' refY='5' markerWidth='7' markerHeight='7' "
        "orient='auto-start-reverse'><path d='M0 0 L10 5 L0 10 z' fill='context-stroke'/></marker>"
    )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' width='{width:g}' "
        f"height='{height:g}' role='img'>\n<title>{escape(title)}</title>\n<defs>{arrow}</defs>\n"
        f"<rect width='{width:g}' height='{height:g}' fill='white'/>\n" + "\n".join(body) + "\n</svg>\n"
    )


def _text(
    x: float,
    y: float,
    text: str,
    size: float = 13,
    *,
    ink: str = INK,
    bold: bool = False,
    middle: bool = False,
) -> str:
    weight = " font-weight='bold'" * bold
    anchor = " text-anchor='middle'" * middle
    look = f"{FONT} font-size='{size:g}' fill='{ink}'{weight}{anchor}"
    return f"<text x='{x:g}' y='{y:g}' {look}>{escape(text)}</text>"


def _box(x: float, y: float, width: float, height: float, fill: str, stroke: str = INK) -> str:
    place = f"x='{x:g}' y='{y:g}' width='{width:g}' height='{height:g}'"
    return f"<rect {place} rx='6' fill='{fill}' stroke='{stroke}'/>"


# ---- state diagrams ----

_WIDTH, _HEIGHT, _GAP, _LANE = 250, 46, 34, 26
_COLOURS = ("#2563a8", "#a8442a", "#2f7d4f", "#7a3f96", "#8a6d1a", "#1f7f86")


def _lanes(spans: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """A lane for each arc, so that no two that overlap share one; the shortest lie inside."""
    taken: list[list[tuple[int, int]]] = []
    lanes = {}
    for span in sorted(spans, key=lambda span: (span[1] - span[0], span)):
        lane = 0
        while lane < len(taken) and any(span[0] <= b and a <= span[1] for a, b in taken[lane]):
            lane += 1
        if lane == len(taken):
            taken.append([])
        taken[lane].append(span)
        lanes[span] = lane
    return lanes


def state_diagram(states: Sequence[State], title: str) -> str:
    """One column of states in the table's order. Straight down: the next one; right: ahead; left: back."""
    row = {state.name: index for index, state in enumerate(states)}
    everywhere = {"E_SEND_DCN", "E_ENDED"}
    edges = [
        (row[state.name], row[name])
        for state in states
        for name in state.next
        if name in row and name not in everywhere
    ]
    ahead = _lanes([(a, b) for a, b in edges if b > a + 1])
    back = _lanes([(b, a) for a, b in edges if b < a])
    left = 40 + _LANE * (1 + max(back.values(), default=0))
    right = 40 + _LANE * (1 + max(ahead.values(), default=0))
    top = 52

    def y_of(index: int) -> float:
        return top + index * (_HEIGHT + _GAP)

    body = [_text(20, 30, title, 16, bold=True)]
    for a, b in sorted(edges):
        colour = _COLOURS[a % len(_COLOURS)]
        style = f"fill='none' stroke='{colour}' stroke-width='1.6' marker-end='url(#arrow)'"
        middle, edge = left + _WIDTH / 2, left + _WIDTH
        if b == a + 1:
            body.append(f"<path d='M{middle:g} {y_of(a) + _HEIGHT:g} L{middle:g} {y_of(b):g}' {style}/>")
        elif b == a:
            y = y_of(a) + _HEIGHT / 2
            x = left - 34
            curve = f"M{left:g} {y + 10:g} C{x:g} {y + 16:g} {x:g} {y - 16:g} {left:g} {y - 10:g}"
            body.append(f"<path d='{curve}' {style}/>")
        else:
            # Arcs leave low and arrive high in a box, so that ends of different arcs stay apart.
            side, x = (ahead[a, b], edge) if b > a else (back[b, a], left)
            out = (1 if b > a else -1) * (22 + _LANE * side)
            start = y_of(a) + _HEIGHT * (0.62 if b > a else 0.38)
            stop = y_of(b) + _HEIGHT * (0.3 if b > a else 0.7)
            bend = 9 if b > a else -9
            turn = 9 if out > 0 else -9
            body.append(
                f"<path d='M{x:g} {start:g} H{x + out - turn:g} q{turn} 0 {turn} {bend} "
                f"V{stop - bend:g} q0 {bend} {-turn} {bend} H{x:g}' {style}/>"
            )
    for index, state in enumerate(states):
        y = y_of(index)
        body.append(_box(left, y, _WIDTH, _HEIGHT, PHASES.get(state.phase, "white")))
        body.append(_text(left + 12, y + 19, state.name, 13, bold=True))
        timer = f" · {state.timer}" if state.timer else ""
        body.append(_text(left + 12, y + 36, f"{state.clause}{timer}", 11, ink=FAINT))
    height = y_of(len(states)) + 8
    body.append(
        _text(
            20,
            height,
            "E_SEND_DCN and E_ENDED may follow any state: every session can be given up.",
            11,
            ink=FAINT,
        )
    )
    width = max(left + _WIDTH + right, 540)
    return _svg(width, height + 18, body, title)


# ---- the house ----

_FLOORS = (
    (
        "Python",
        "#e3eefb",
        (
            ("CallChannel", "calls, waits, states"),
            ("CallFaxSender", "fax jobs"),
            ("FaxToSend", "TIFF, images → fax pages"),
            ("the pump", "one daemon thread: events up"),
        ),
    ),
    (
        "boundary",
        "#fdf1dc",
        (
            (
                "csrc/faxline.h",
                "orders go down, return at once · events come up in one bounded queue · C never calls Python",
            ),
        ),
    ),
    (
        "channel/",
        "#e4f4e4",
        (("one C thread a line", "orders, events, timers, trace; virtual or real time"),),
    ),
    ("board/", "#e4f4e4", (("station", "call control"), ("job", "options and document → session"))),
    (
        "t30/",
        "#e4f4e4",
        (
            ("the engine", "states as a table; both roles; ECM"),
            ("page/ t4/ hdlc/", "documents, scaling, MH MR MMR, frames"),
        ),
    ),
    (
        "modem/",
        "#e4f4e4",
        (("Class 1 driver", "AT dialogue, DLE shielding"), ("profiles", "modem families as data")),
    ),
    (
        "octets",
        "#f5f5f5",
        (("a serial port", "next"), ("sim/", "modem · line with faults · judge · exchange · far machine")),
    ),
)


def house() -> str:
    """The architecture in one picture: floors from the application down to the line."""
    width, left, floor, y = 860, 110, 58, 54
    body = [_text(20, 30, "faxline: the house", 16, bold=True)]
    for name, fill, rooms in _FLOORS:
        body.append(_text(20, y + 30, name, 13, bold=True))
        weights = [max(len(title), len(text) * 0.86) + 6 for title, text in rooms]
        space = width - left - 20 - 10 * (len(rooms) - 1)
        x = float(left)
        for (title, text), weight in zip(rooms, weights, strict=True):
            room = space * weight / sum(weights)
            body.append(_box(round(x), y, round(room), floor - 10, fill))
            body.append(_text(round(x + room / 2), y + 20, title, 13, bold=True, middle=True))
            body.append(_text(round(x + room / 2), y + 37, text, 10.5, ink=FAINT, middle=True))
            x += room + 10
        y += floor + 6
    style = "fill='none' stroke-width='2' marker-end='url(#arrow)'"
    body.append(f"<path d='M{left - 16} {62} V{y - 20}' stroke='#2563a8' {style}/>")
    body.append(f"<path d='M{left - 6} {y - 20} V{62}' stroke='#2f7d4f' {style}/>")
    body.append(
        _text(
            20,
            y + 8,
            "blue: orders and octets go down. green: octets, indications and events come up.",
            11,
            ink=FAINT,
        )
    )
    body.append(
        _text(
            20,
            y + 26,
            "Below channel/ all takes octets and the time, and gives octets, events and its next deadline: "
            "no clock, no thread, no descriptor.",
            11,
            ink=FAINT,
        )
    )
    return _svg(width, y + 42, body, "The architecture of faxline")
