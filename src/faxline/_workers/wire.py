"""Questions and answers between our process and a worker: a few fields as JSON, and octets. JSON, since what
comes from a worker may have been forged by a document that has taken it over."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any

Fields = dict[str, Any]

HEAD = struct.Struct("<II")  # octets of the fields, and of what follows them
_FIELDS_MAX, _OCTETS_MAX = 4 << 20, 256 << 20


class WireError(Exception):
    """The other side does not keep to this."""


def send(sock: socket.socket, fields: Fields, octets: bytes = b"", files: Sequence[int] = ()) -> None:
    """Raises OSError when the other side is gone."""
    text = json.dumps(fields).encode()
    head = HEAD.pack(len(text), len(octets))
    if files:
        socket.send_fds(sock, [head], list(files))
        head = b""
    sock.sendall(head + text + octets)


def receive(read: Callable[[int], bytes]) -> tuple[Fields, bytes]:
    """read: gives exactly so many octets. Raises WireError."""
    return body(read, read(HEAD.size))


def body(read: Callable[[int], bytes], head: bytes) -> tuple[Fields, bytes]:
    """What follows a head. Raises WireError."""
    field_count, octet_count = HEAD.unpack(head)
    if field_count > _FIELDS_MAX or octet_count > _OCTETS_MAX:
        raise WireError(f"{field_count} and {octet_count} octets")
    try:
        fields = json.loads(read(field_count))
    except ValueError as error:
        raise WireError(str(error)) from None
    if not isinstance(fields, dict):
        raise WireError("no fields")
    return fields, read(octet_count)
