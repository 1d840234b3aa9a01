"""When each station had a carrier or a tone on the line.

A simulated line records its signals, so carriers are exact there. At a modem the AT dialogue tells of them: a
carrier of ours from CONNECT to OK, one of the far end from the CONNECT with which the modem tells of it (a
quarter of a second after its begin) to the result code that ends it.
"""

import re
from collections.abc import Iterable

from faxline.trace.lines import Line
from faxline.trace.story import FAR, OURS, Burst

# T.31's numbers of the fast modulations.
MODULATIONS = {
    24: "V.27ter 2400",
    48: "V.27ter 4800",
    72: "V.29 7200",
    96: "V.29 9600",
    73: "V.17 7200",
    74: "V.17 7200 short",
    97: "V.17 9600",
    98: "V.17 9600 short",
    121: "V.17 12000",
    122: "V.17 12000 short",
    145: "V.17 14400",
    146: "V.17 14400 short",
}

_COMMAND = re.compile(r"\+F(TH|RH|TM|RM)=(\d{1,3})")
_FINAL = ("OK", "ERROR", "NO CARRIER", "+FCERROR")
# Between two frames of one carrier the modem says OK and is asked for the next.
_SAME_CARRIER_US = 500_000


class _Carriers:
    """Collects bursts as they begin and end."""

    def __init__(self) -> None:
        self.bursts: list[Burst] = []
        self._open: dict[str, Burst] = {}

    def begin(self, station: str, signal: str, time_us: int) -> None:
        self.end(station, time_us)
        self._open[station] = Burst(station, signal, time_us, time_us)
        self.bursts.append(self._open[station])

    def go_on(self, station: str, signal: str, time_us: int) -> None:
        """The same carrier as before when there was hardly a pause, else a new one."""
        last = next((burst for burst in reversed(self.bursts) if burst.station == station), None)
        if last is not None and last.signal == signal and time_us - last.end_us <= _SAME_CARRIER_US:
            self._open[station] = last
        else:
            self.begin(station, signal, time_us)

    def is_open(self, station: str) -> bool:
        return station in self._open

    def end(self, station: str, time_us: int) -> None:
        burst = self._open.pop(station, None)
        if burst is not None:
            burst.end_us = max(burst.begin_us, time_us)

    def close(self, time_us: int) -> None:
        """The trace ends here."""
        for burst in self._open.values():
            burst.end_us = max(burst.end_us, time_us)
            burst.open = True


def _from_signals(lines: Iterable[Line]) -> _Carriers:
    carriers = _Carriers()
    for line in lines:
        if line.get("kind") == "signal":
            signal = line["text"].removesuffix(" on")
            if line["text"].endswith(" on"):
                carriers.begin(line["at"], signal, line["t"])
            else:
                carriers.end(line["at"], line["t"])
    return carriers


def _from_dialogue(lines: Iterable[Line]) -> _Carriers:
    """From the AT commands and result codes of our modem."""
    carriers = _Carriers()
    command, signal = "", ""
    for line in lines:
        kind = line.get("kind")
        if line.get("at") != OURS or kind not in ("at-sent", "at-received"):
            continue
        text, time_us = line["text"].strip().upper(), line["t"]
        if kind == "at-sent":
            if found := _COMMAND.search(text):
                command, number = found[1], int(found[2])
                signal = "V.21" if number == 3 else MODULATIONS.get(number, f"+F{command}={number}")
            elif text.startswith("ATD"):
                command, signal = "RH", "V.21"
            elif text.startswith("ATA"):
                command, signal = "TH", "V.21"
            else:
                command = ""
        elif text.startswith("CONNECT") and command:
            station = OURS if command.startswith("T") else FAR
            if command == "RH":
                carriers.go_on(station, signal, time_us)
            elif command != "TH" or not carriers.is_open(OURS):
                carriers.begin(station, signal, time_us)
        elif text.startswith(_FINAL):
            carriers.end(OURS, time_us)
            carriers.end(FAR, time_us)
    return carriers


def carriers_of(lines: Iterable[Line], end_us: int) -> list[Burst]:
    """Measured where a simulated line measured, else from the dialogue."""
    measured, spoken = _from_signals(lines), _from_dialogue(lines)
    measured.close(end_us)
    spoken.close(end_us)
    stations = {burst.station for burst in measured.bursts}
    return measured.bursts + [burst for burst in spoken.bursts if burst.station not in stations]
