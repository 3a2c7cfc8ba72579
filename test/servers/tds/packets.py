"""TDS packets [MS-TDS 2.2.3] over a byte stream: messages in and out.

Every message is a row of packets with an 8-byte header: type, status, length (big-endian, with the header), SPID
(big-endian), number, window. The last packet of a message has the EOM bit.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol

# Types [MS-TDS 2.2.3.1.1]
SQL_BATCH = 0x01
RPC = 0x03
RESPONSE = 0x04
ATTENTION = 0x06
BULK_LOAD = 0x07
TRANSACTION_MANAGER = 0x0E
LOGIN7 = 0x10
PRELOGIN = 0x12

# Status bits [MS-TDS 2.2.3.1.2]
END_OF_MESSAGE = 0x01
IGNORE = 0x02
RESET_CONNECTION = 0x08
RESET_CONNECTION_SKIP_TRANSACTION = 0x10

HEADER = struct.Struct(">BBHHBB")
DEFAULT_SIZE = 4096  # of packets, header included, until the login says otherwise
SMALLEST, LARGEST = 512, 32767
LARGEST_REQUEST = 512 << 20  # bytes; what a client may send as one message


class Stream(Protocol):
    """A connected byte stream: a socket, or TLS in one of its two wrappings."""

    def receive(self, count: int) -> bytes:
        """Up to `count` bytes; empty when the peer has closed."""

    def send(self, data: bytes) -> None: ...


@dataclass(frozen=True)
class Message:
    """One request of the client."""

    kind: int
    status: int  # of the first packet
    data: bytes


class ProtocolError(Exception):
    """The client does not speak TDS."""


def packets(kind: int, data: bytes, *, size: int = DEFAULT_SIZE, spid: int = 0, first: int = 1) -> bytes:
    """A whole message as packets of at most `size` bytes."""
    room = size - HEADER.size
    pieces = [data[start : start + room] for start in range(0, len(data), room)] or [b""]
    return b"".join(
        HEADER.pack(
            kind,
            END_OF_MESSAGE if index == len(pieces) - 1 else 0,
            HEADER.size + len(piece),
            spid,
            (first + index) & 0xFF,
            0,
        )
        + piece
        for index, piece in enumerate(pieces)
    )


def receive_exactly(stream: Stream, count: int) -> bytes:
    """`count` bytes, or EOFError."""
    parts = []
    while count:
        part = stream.receive(min(count, 1 << 16))
        if not part:
            raise EOFError("the client closed the connection")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def receive_packet(stream: Stream) -> tuple[int, int, bytes]:
    """Type, status and payload of the next packet."""
    kind, status, length, _, _, _ = HEADER.unpack(receive_exactly(stream, HEADER.size))
    if length < HEADER.size:
        raise ProtocolError(f"a packet of {length} bytes")
    return kind, status, receive_exactly(stream, length - HEADER.size)


def receive_message(stream: Stream) -> Message:
    """The next message, put together from its packets. An attention may cut in, and wins [MS-TDS 2.2.1.7]."""
    kind, first_status, data = receive_packet(stream)
    parts, status, total = [data], first_status, len(data)
    while not status & END_OF_MESSAGE:
        next_kind, status, data = receive_packet(stream)
        if next_kind == ATTENTION:
            return Message(ATTENTION, status, b"")
        if next_kind != kind:
            raise ProtocolError(f"a packet of type {next_kind} within a message of type {kind}")
        total += len(data)
        if total > LARGEST_REQUEST:
            raise ProtocolError("a message that does not end")
        parts.append(data)
    if status & IGNORE:
        return Message(kind, first_status | IGNORE, b"")
    return Message(kind, first_status, b"".join(parts))


class Response:
    """A response under construction: tokens are appended, full packets are sent on the way."""

    def __init__(self, stream: Stream, size: int, spid: int) -> None:
        self._stream = stream
        self._room = size - HEADER.size
        self._spid = spid
        self._number = 1
        self._buffer = bytearray()

    def write(self, data: bytes) -> bool:
        """Appends; tells whether packets were sent."""
        self._buffer += data
        if len(self._buffer) <= self._room:
            return False
        view = memoryview(bytes(self._buffer))
        self._buffer.clear()
        while len(view) > self._room:  # something stays back for the packet with the EOM bit
            self._packet(bytes(view[: self._room]), 0)
            view = view[self._room :]
        self._buffer += view
        return True

    def _packet(self, payload: bytes, status: int) -> None:
        self._stream.send(
            HEADER.pack(RESPONSE, status, HEADER.size + len(payload), self._spid, self._number, 0) + payload
        )
        self._number = (self._number + 1) & 0xFF

    def flush(self) -> None:
        """Sends what there is, without an end."""
        if self._buffer:
            self._packet(bytes(self._buffer), 0)
            self._buffer.clear()

    def end(self) -> None:
        """Sends the last packet."""
        self._packet(bytes(self._buffer), END_OF_MESSAGE)
        self._buffer.clear()
