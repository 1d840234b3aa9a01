"""A call as a capture that Wireshark decodes: what was on the line as T.38 packets, as a gateway would have
sent them, at the true times.

The link type is WIRESHARK_UPPER_PDU (252): each packet says that the dissector `t38_udp` is to read it. The
packets hold indicators (CNG, CED, V.21 preamble, training), the control frames as HDLC, and begin and
end of fast carriers. A page's octets are not in a trace, so they are not here: its carrier is a
training indicator and, at its end, no-signal. A TCF, which is zeros by definition, is there.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from faxline._documents.pages import REVERSED
from faxline.trace.reader import Trace
from faxline.trace.story import FAR, OURS, Burst, Frame, Story

_UPPER_PDU = 252
# Tags of an exported PDU, and what the packets say of themselves: documentation addresses, T.38's port.
_TAG_DISSECTOR, _TAG_IPV4_SOURCE, _TAG_IPV4_DESTINATION, _TAG_PORT_TYPE = 12, 20, 21, 24
_TAG_SOURCE_PORT, _TAG_DESTINATION_PORT = 25, 26
_PORT_TYPE_UDP, _PORT = 3, 6004
_ADDRESSES = {OURS: bytes((192, 0, 2, 1)), FAR: bytes((192, 0, 2, 2))}

# T.38 table 2: t30-indicator.
_NO_SIGNAL, _CNG, _CED, _PREAMBLE = 0, 1, 2, 3
_TRAININGS = {
    "V.27ter 2400": 4,
    "V.27ter 4800": 5,
    "V.29 7200": 6,
    "V.29 9600": 7,
    "V.17 7200 short": 8,
    "V.17 7200": 9,
    "V.17 9600 short": 10,
    "V.17 9600": 11,
    "V.17 12000 short": 12,
    "V.17 12000": 13,
    "V.17 14400 short": 14,
    "V.17 14400": 15,
}
# T.38 table 3: data, by modulation.
_DATA = {
    "V.21": 0,
    "V.27ter 2400": 1,
    "V.27ter 4800": 2,
    "V.29 7200": 3,
    "V.29 9600": 4,
    "V.17 7200": 5,
    "V.17 9600": 6,
    "V.17 12000": 7,
    "V.17 14400": 8,
}
# T.38 table 4: the kinds of a data field.
_HDLC_DATA, _SIG_END, _FCS_GOOD, _FCS_BAD, _FCS_GOOD_END, _FCS_BAD_END = 0, 1, 2, 3, 4, 5
_NON_ECM_DATA, _NON_ECM_END = 6, 7
_CHUNK = 150


@dataclass(frozen=True, slots=True)
class _Packet:
    time_us: int
    station: str
    ifp: bytes


def _indicator(kind: int) -> bytes:
    return bytes((kind << 1,))


def _data(modulation: int, *fields: tuple[int, bytes]) -> bytes:
    """A data packet of T.38 (1998): the fields, each with octets or without."""
    out = bytearray((0xC0 | modulation << 1, len(fields)))
    for kind, octets in fields:
        out.append((0x80 if octets else 0) | kind << 4)
        if octets:
            out += struct.pack(">H", len(octets) - 1) + octets
    return bytes(out)


def frames_in_order(story: Story) -> list[tuple[int, Burst, Frame]]:
    """Every frame of a call with the time at which it was out, as they stand in the capture."""
    times = [(end, burst, frame) for burst in story.bursts for frame, end in _ends(burst)]
    return sorted(times, key=lambda entry: entry[0])


def _packets(story: Story) -> Iterator[_Packet]:
    for burst in story.bursts:
        station = burst.station
        if burst.kind == "tone":
            if burst.signal in ("CED", "CNG"):
                yield _Packet(burst.begin_us, station, _indicator(_CED if burst.signal == "CED" else _CNG))
                yield _Packet(burst.end_us, station, _indicator(_NO_SIGNAL))
        elif burst.signal == "V.21":
            yield _Packet(burst.begin_us, station, _indicator(_PREAMBLE))
            yield from _frames(burst)
        elif burst.signal in _TRAININGS:
            yield _Packet(burst.begin_us, station, _indicator(_TRAININGS[burst.signal]))
            yield from _fast(burst)


def _ends(burst: Burst) -> Iterator[tuple[Frame, int]]:
    """Each frame and when its closing flag was out: those that were received say so; of those that we sent,
    the last ended with the carrier."""
    for number, frame in enumerate(burst.frames):
        last = number == len(burst.frames) - 1
        end = frame.time_us if burst.station == FAR and not frame.lost else burst.end_us
        if burst.station == OURS and not last:
            end = burst.frames[number + 1].time_us
        yield frame, min(max(end, burst.begin_us), max(burst.end_us, burst.begin_us))


def _frames(burst: Burst) -> Iterator[_Packet]:
    if not burst.frames:
        yield _Packet(burst.end_us, burst.station, _data(_DATA["V.21"], (_SIG_END, b"")))
    for number, (frame, end) in enumerate(_ends(burst)):
        octets = frame.octets.translate(REVERSED)
        last = number == len(burst.frames) - 1
        # A far frame that we have not heard went out good; one of ours does, whatever became of it.
        good = frame.heard is not False or frame.lost or burst.station == OURS
        kind = (_FCS_GOOD_END if last else _FCS_GOOD) if good else _FCS_BAD_END if last else _FCS_BAD
        fields = [(_HDLC_DATA, octets[:65535])] if octets else []
        yield _Packet(end, burst.station, _data(_DATA["V.21"], *fields, (kind, b"")))


def _fast(burst: Burst) -> Iterator[_Packet]:
    modulation = _DATA[burst.signal.removesuffix(" short")]
    rate = burst.rate_bps
    if burst.training and burst.octets and rate and burst.octets < 1 << 16:
        first = max(burst.begin_us, burst.end_us - burst.octets * 8_000_000 // rate)
        for at in range(0, burst.octets, _CHUNK):
            size = min(_CHUNK, burst.octets - at)
            time_us = min(burst.end_us, first + (at + size) * 8_000_000 // rate)
            yield _Packet(time_us, burst.station, _data(modulation, (_NON_ECM_DATA, bytes(size))))
        yield _Packet(burst.end_us, burst.station, _data(modulation, (_NON_ECM_END, b"")))
    else:
        yield _Packet(burst.end_us, burst.station, _indicator(_NO_SIGNAL))


def _udptl(number: int, ifp: bytes) -> bytes:
    length = bytes((len(ifp),)) if len(ifp) < 128 else struct.pack(">H", 0x8000 | len(ifp))
    return struct.pack(">H", number & 0xFFFF) + length + ifp + b"\x00\x00"


def _tag(tag: int, value: bytes) -> bytes:
    value += bytes(-len(value) % 4)
    return struct.pack(">HH", tag, len(value)) + value


def _upper_pdu(station: str, udptl: bytes) -> bytes:
    other = FAR if station == OURS else OURS
    return (
        _tag(_TAG_DISSECTOR, b"t38_udp")
        + _tag(_TAG_IPV4_SOURCE, _ADDRESSES[station])
        + _tag(_TAG_IPV4_DESTINATION, _ADDRESSES[other])
        + _tag(_TAG_PORT_TYPE, struct.pack(">I", _PORT_TYPE_UDP))
        + _tag(_TAG_SOURCE_PORT, struct.pack(">I", _PORT))
        + _tag(_TAG_DESTINATION_PORT, struct.pack(">I", _PORT))
        + struct.pack(">HH", 0, 0)
        + udptl
    )


def _opened_us(trace: Trace) -> int:
    """When the channel's clock read 0, since 1970; 0 when the trace does not say so."""
    try:
        return max(0, int(datetime.fromisoformat(trace.opened).timestamp() * 1e6))
    except (ValueError, OverflowError):
        return 0


def pcap(trace: Trace) -> bytes:
    """All calls of a trace, in classic pcap with microseconds."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, _UPPER_PDU)]
    opened = _opened_us(trace)
    for call in trace.calls:
        numbers = {OURS: 0, FAR: 0}
        for packet in sorted(_packets(call.story), key=lambda packet: packet.time_us):
            octets = _upper_pdu(packet.station, _udptl(numbers[packet.station], packet.ifp))
            numbers[packet.station] += 1
            seconds, microseconds = divmod(opened + packet.time_us, 1_000_000)
            header = struct.pack("<IIII", seconds & 0xFFFFFFFF, microseconds, len(octets), len(octets))
            out.append(header + octets)
    return b"".join(out)
