"""Packets of the MySQL protocol as a server sends them: just enough for `fake_mysql`."""

from __future__ import annotations

import struct
from collections.abc import Sequence

# capabilities
LONG_PASSWORD = 1 << 0
LONG_FLAG = 1 << 2
CONNECT_WITH_DB = 1 << 3
LOCAL_FILES = 1 << 7
PROTOCOL_41 = 1 << 9
SSL = 1 << 11
TRANSACTIONS = 1 << 13
SECURE_CONNECTION = 1 << 15
MULTI_RESULTS = 1 << 17
PS_MULTI_RESULTS = 1 << 18
PLUGIN_AUTH = 1 << 19
BASIC = (
    LONG_PASSWORD
    | LONG_FLAG
    | CONNECT_WITH_DB
    | LOCAL_FILES
    | PROTOCOL_41
    | TRANSACTIONS
    | SECURE_CONNECTION
    | MULTI_RESULTS
    | PS_MULTI_RESULTS
    | PLUGIN_AUTH
)

# commands
COM_QUIT, COM_INIT_DB, COM_QUERY, COM_PING = 0x01, 0x02, 0x03, 0x0E
COM_STMT_PREPARE, COM_STMT_EXECUTE, COM_STMT_SEND_LONG_DATA = 0x16, 0x17, 0x18
COM_STMT_CLOSE, COM_STMT_RESET, COM_STMT_FETCH = 0x19, 0x1A, 0x1C

# column types
LONGLONG, VAR_STRING, BLOB = 0x08, 0xFD, 0xFC

_IN_TRANSACTION = 1
_AUTOCOMMIT = 2


def packet(payload: bytes, sequence: int) -> bytes:
    """One packet with its header."""
    return struct.pack("<I", len(payload))[:3] + bytes([sequence & 0xFF]) + payload


def length_coded(value: int) -> bytes:
    """A length-coded integer."""
    if value < 251:
        return bytes([value])
    if value < 1 << 16:
        return b"\xfc" + struct.pack("<H", value)
    if value < 1 << 24:
        return b"\xfd" + struct.pack("<I", value)[:3]
    return b"\xfe" + struct.pack("<Q", value)


def text(value: bytes) -> bytes:
    """A length-coded string."""
    return length_coded(len(value)) + value


def greeting(
    *,
    version: bytes = b"5.7.99-fake",
    capabilities: int = BASIC,
    plugin: bytes = b"mysql_native_password",
    connection: int = 7,
) -> bytes:
    """The server's first packet (protocol version 10)."""
    scramble = b"abcdefgh" + b"ijklmnopqrst"
    return (
        b"\x0a"
        + version
        + b"\0"
        + struct.pack("<I", connection)
        + scramble[:8]
        + b"\0"
        + struct.pack("<H", capabilities & 0xFFFF)
        + b"\x2d"  # utf8mb4_general_ci
        + struct.pack("<H", _AUTOCOMMIT)
        + struct.pack("<H", capabilities >> 16)
        + bytes([len(scramble) + 1])
        + bytes(10)
        + scramble[8:]
        + b"\0"
        + plugin
        + b"\0"
    )


def ok(*, info: bytes = b"", in_transaction: bool = False) -> bytes:
    return b"\0\0\0" + struct.pack("<HH", _status(in_transaction), 0) + info


def eof(*, in_transaction: bool = False) -> bytes:
    return b"\xfe" + struct.pack("<HH", 0, _status(in_transaction))


def _status(in_transaction: bool) -> int:
    return _AUTOCOMMIT | (_IN_TRANSACTION if in_transaction else 0)


def error(number: int, message: bytes, state: bytes = b"HY000") -> bytes:
    return b"\xff" + struct.pack("<H", number) + b"#" + state + message


def column(name: bytes, kind: int, *, length: int = 1024, charset: int = 45, flags: int = 0, decimals: int = 0) -> bytes:
    """A column definition."""
    return (
        text(b"def")
        + text(b"testdb")
        + text(b"t")
        + text(b"t")
        + text(name)
        + text(name)
        + b"\x0c"
        + struct.pack("<HIBHBH", charset, length, kind, flags, decimals, 0)
    )


def prepared(columns: int, parameters: int = 0, statement: int = 1) -> bytes:
    """The answer to COM_STMT_PREPARE."""
    return b"\0" + struct.pack("<IHH", statement, columns, parameters) + b"\0" + struct.pack("<H", 0)


def text_row(values: Sequence[bytes | None]) -> bytes:
    """A row of a text result set."""
    return b"".join(b"\xfb" if value is None else text(value) for value in values)


def binary_row(number: int, *words: bytes) -> bytes:
    """A row of a binary result set with the columns (bigint, varchar, ...): no more than six."""
    return b"\0\0" + struct.pack("<q", number) + b"".join(map(text, words))
