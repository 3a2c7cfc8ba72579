"""PRELOGIN [MS-TDS 2.2.6.5]: options of both sides before the login, and what they mean for encryption."""

from __future__ import annotations

import struct
from enum import IntEnum

from .packets import ProtocolError

VERSION, ENCRYPTION, INSTANCE, THREAD_ID, MARS, TRACE_ID, FEDERATED, NONCE, TERMINATOR = 0, 1, 2, 3, 4, 5, 6, 7, 0xFF


class Encryption(IntEnum):
    """Values of the option ENCRYPTION."""

    OFF = 0  # only the login packet is encrypted
    ON = 1
    NOT_SUPPORTED = 2
    REQUIRED = 3


def parse(data: bytes) -> dict[int, bytes]:
    """The options by token."""
    options: dict[int, bytes] = {}
    position = 0
    while True:
        if position >= len(data):
            raise ProtocolError("PRELOGIN without a terminator")
        token = data[position]
        if token == TERMINATOR:
            return options
        if position + 5 > len(data):
            raise ProtocolError("PRELOGIN ends in an option")
        offset, length = struct.unpack_from(">HH", data, position + 1)
        if offset + length > len(data):
            raise ProtocolError("a PRELOGIN option lies outside the message")
        options[token] = data[offset : offset + length]
        position += 5


def build(options: dict[int, bytes]) -> bytes:
    """The message with these options."""
    offset = 5 * len(options) + 1
    head, body = b"", b""
    for token, value in options.items():
        head += struct.pack(">BHH", token, offset + len(body), len(value))
        body += value
    return head + bytes([TERMINATOR]) + body


def negotiate(server: Encryption, client: Encryption) -> Encryption:
    """What the server answers [MS-TDS 2.2.6.5, table of ENCRYPTION]."""
    if client is Encryption.NOT_SUPPORTED:
        wanted = server in (Encryption.ON, Encryption.REQUIRED)
        return Encryption.REQUIRED if wanted else Encryption.NOT_SUPPORTED
    if server is Encryption.NOT_SUPPORTED:
        return Encryption.NOT_SUPPORTED
    if client in (Encryption.ON, Encryption.REQUIRED):
        return Encryption.ON
    return Encryption.OFF if server is Encryption.OFF else Encryption.REQUIRED


def answer(server: Encryption, client: dict[int, bytes], version: tuple[int, int, int]) -> tuple[bytes, Encryption]:
    """The server's PRELOGIN message, and the encryption it says."""
    asked = client.get(ENCRYPTION, b"\x02")
    if len(asked) != 1 or asked[0] not in tuple(Encryption):
        raise ProtocolError(f"PRELOGIN with encryption {asked!r}")
    said = negotiate(server, Encryption(asked[0]))
    major, minor, build_number = version
    options = {
        VERSION: struct.pack(">BBHH", major, minor, build_number, 0),
        ENCRYPTION: bytes([said]),
        INSTANCE: b"\0",
        THREAD_ID: b"",
        MARS: b"\0",
    }
    return build(options), said
