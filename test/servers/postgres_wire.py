"""PostgreSQL's frontend/backend protocol, version 3.0, as far as a fake server speaks it.

Formats: PostgreSQL manual, "Message Formats"; COPY's binary format: manual page of COPY, "Binary Format".
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102

INT8 = 20
TEXT = 25

COPY_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
COPY_HEADER = COPY_SIGNATURE + struct.pack(">II", 0, 0)
COPY_TRAILER = struct.pack(">h", -1)


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack(">I", len(body) + 4) + body


def text(value: str | bytes) -> bytes:
    return (value.encode() if isinstance(value, str) else value) + b"\0"


def authentication(kind: int, body: bytes = b"") -> bytes:
    return message(b"R", struct.pack(">I", kind) + body)


def parameter(name: str, value: str) -> bytes:
    return message(b"S", text(name) + text(value))


def backend_key(pid: int = 7, key: int = 4711) -> bytes:
    return message(b"K", struct.pack(">II", pid, key))


def ready(status: bytes = b"I") -> bytes:
    return message(b"Z", status)


def complete(tag: str) -> bytes:
    return message(b"C", text(tag))


def report(kind: bytes, fields: Mapping[str, bytes]) -> bytes:
    """ErrorResponse (E) or NoticeResponse (N)."""
    return message(kind, b"".join(name.encode() + text(value) for name, value in fields.items()) + b"\0")


def error(sqlstate: bytes, words: bytes, severity: bytes = b"ERROR") -> bytes:
    return report(b"E", {"S": severity, "V": severity, "C": sqlstate, "M": words})


def row_description(columns: Sequence[tuple[bytes, int]], *, count: int | None = None) -> bytes:
    """Columns by name and type; `count` is what the message claims."""
    body = struct.pack(">H", len(columns) if count is None else count)
    for number, (name, kind) in enumerate(columns):
        body += text(name) + struct.pack(">IHIhiH", 0, number + 1, kind, -1, -1, 0)
    return message(b"T", body)


def fields(values: Sequence[bytes | None]) -> bytes:
    """A row's values behind their count: the body of DataRow, and a row of COPY."""
    body = struct.pack(">h", len(values))
    for value in values:
        body += struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value
    return body


def data_row(values: Sequence[bytes | None]) -> bytes:
    return message(b"D", fields(values))


def copy_response(kind: bytes, columns: int, *, binary: bool = True) -> bytes:
    """CopyOutResponse (H), CopyInResponse (G) or CopyBothResponse (W)."""
    form = int(binary)
    return message(kind, struct.pack(">bH", form, columns) + struct.pack(">H", form) * columns)


def copy_data(data: bytes) -> bytes:
    return message(b"d", data)


COPY_DONE = message(b"c")
