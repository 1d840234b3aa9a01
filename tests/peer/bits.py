"""Bits on the line, as text of 0 and 1 in the order in which they go: octets, HDLC, check sequences."""

import binascii
import re
from collections.abc import Iterable

FLAG = "01111110"
IN_ORDER = [f"{octet:08b}"[::-1] for octet in range(256)]
"""The low bit goes first."""


def from_octets(octets: bytes) -> str:
    return "".join([IN_ORDER[octet] for octet in octets])


def to_octets(bits: str) -> bytes:
    """Filled up with zeros."""
    return int(bits[::-1] or "0", 2).to_bytes(-(-len(bits) // 8), "little")


_REVERSED = bytes(int(order, 2) for order in IN_ORDER)


def check_sequence(octets: bytes) -> bytes:
    """The FCS of 16 bits, as it follows the frame."""
    crc = binascii.crc_hqx(octets.translate(_REVERSED), 0xFFFF) ^ 0xFFFF
    return crc.to_bytes(2, "big").translate(_REVERSED)


def with_check(octets: bytes, damaged: bool = False) -> bytes:
    fcs = check_sequence(octets)
    return octets + (bytes(octet ^ 0x55 for octet in fcs) if damaged else fcs)


def stuffed(octets: bytes) -> str:
    """The bits between two flags."""
    return from_octets(octets).replace("11111", "111110")


def fast_frames(frames: Iterable[bytes], rate: int, flags_s: float = 0.2, tail: int = 3) -> bytes:
    """What goes over the fast carrier for frames that have their check sequences."""
    bits = [FLAG * max(2, int(flags_s * rate / 8))]
    bits += [stuffed(frame) + FLAG for frame in frames]
    return to_octets("".join(bits) + FLAG * tail)


def frames_in(octets: bytes) -> list[tuple[bytes, bool]]:
    """The frames of a fast carrier, without their check sequences, and whether those were right."""
    found = []
    for part in re.split("1{6,}", from_octets(octets))[1:-1]:
        frame = part[1:-1].replace("111110", "11111")
        if len(frame) >= 24:
            raw = to_octets(frame[: len(frame) // 8 * 8])
            right = len(frame) % 8 == 0 and check_sequence(raw[:-2]) == raw[-2:]
            found.append((raw[:-2], right))
    return found
