"""Tokens of a response [MS-TDS 2.2.7], in the form that the agreed protocol version wants."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .collations import collation
from .downlevel import for_client
from .login import TDS_71, TDS_72, TDS_73B, acknowledged
from .types import SqlType
from .wire_types import encoding

# DONE status bits [MS-TDS 2.2.7.6]
DONE_MORE, DONE_ERROR, DONE_INXACT, DONE_COUNT, DONE_ATTN, DONE_SRVERROR = 0x01, 0x02, 0x04, 0x10, 0x20, 0x100
DONE, DONEPROC, DONEINPROC = 0xFD, 0xFE, 0xFF

# ENVCHANGE types [MS-TDS 2.2.7.9]
DATABASE, LANGUAGE, PACKET_SIZE, COLLATION = 1, 2, 4, 7
BEGIN_TRANSACTION, COMMIT_TRANSACTION, ROLLBACK_TRANSACTION, RESET_DONE, ROUTING = 8, 9, 10, 18, 20

# Column flags [MS-TDS 2.2.7.4]
_NULLABLE, _CASE_SENSITIVE, _UPDATABLE_UNKNOWN, _IDENTITY, _COMPUTED = 0x01, 0x02, 0x08, 0x10, 0x20
_TIMESTAMP_USER_TYPE = 0x50


@dataclass(frozen=True)
class Column:
    """A column of a result."""

    name: str
    kind: SqlType
    nullable: bool = True
    identity: bool = False
    computed: bool = False
    updatable: bool = False  # of a table, not an expression
    table: tuple[str, ...] = ()  # names of the table, for text, ntext and image
    key: bool = False


def b_varchar(text: str) -> bytes:
    """At most 255 characters, count in a byte."""
    data = text.encode("utf-16-le", "surrogatepass")[:510]
    return bytes([len(data) // 2]) + data


def us_varchar(text: str) -> bytes:
    """At most 65535 characters, count in two bytes."""
    data = text.encode("utf-16-le", "surrogatepass")[: 2 * 0xFFFF]
    return struct.pack("<H", len(data) // 2) + data


def _counted(token: int, body: bytes) -> bytes:
    return struct.pack("<BH", token, len(body)) + body


def env_change(kind: int, new: str, old: str = "") -> bytes:
    """ENVCHANGE with two texts."""
    return _counted(0xE3, bytes([kind]) + b_varchar(new) + b_varchar(old))


def env_change_bytes(kind: int, new: bytes, old: bytes = b"") -> bytes:
    """ENVCHANGE with two byte strings: collations, transactions."""
    return _counted(0xE3, bytes([kind, len(new)]) + new + bytes([len(old)]) + old)


def routing(server: str, port: int) -> bytes:
    """ENVCHANGE that sends the client elsewhere [MS-TDS 2.2.7.9, type 20]."""
    value = struct.pack("<BH", 0, port) + us_varchar(server)
    return _counted(0xE3, bytes([ROUTING]) + struct.pack("<H", len(value)) + value + b"\0\0")


@dataclass(frozen=True)
class Notice:
    """An error (class above 10) or an informational message."""

    number: int
    text: str
    severity: int = 0
    state: int = 1
    procedure: str = ""
    line: int = 1


class Tokens:
    """Writes tokens for one client."""

    def __init__(self, version: int, server_name: str) -> None:
        self.version = version
        self.server_name = server_name
        self._long_counts = version >= TDS_72
        self._null_bitmaps = version >= TDS_73B

    def login_ack(self, program: str, version: tuple[int, int, int]) -> bytes:
        major, minor, build = version
        body = b"\1" + struct.pack(">I", acknowledged(self.version)) + b_varchar(program)
        return _counted(0xAD, body + struct.pack(">BBH", major, minor, build))

    def feature_ack(self, features: dict[int, bytes]) -> bytes:
        """FEATUREEXTACK [MS-TDS 2.2.7.11]."""
        body = b"".join(struct.pack("<BI", number, len(data)) + data for number, data in features.items())
        return b"\xae" + body + b"\xff"

    def message(self, notice: Notice) -> bytes:
        """ERROR or INFO."""
        line = struct.pack("<I" if self._long_counts else "<H", notice.line & 0xFFFF)
        body = struct.pack("<iBB", notice.number, notice.state & 0xFF, notice.severity) + us_varchar(notice.text)
        body += b_varchar(self.server_name) + b_varchar(notice.procedure) + line
        return _counted(0xAA if notice.severity > 10 else 0xAB, body)

    def done(self, status: int = 0, count: int | None = None, *, command: int = 0, token: int = DONE) -> bytes:
        """DONE, DONEPROC or DONEINPROC."""
        if count is not None:
            status |= DONE_COUNT
        return struct.pack("<BHH" + ("Q" if self._long_counts else "I"), token, status, command, count or 0)

    def return_status(self, value: int) -> bytes:
        return struct.pack("<Bi", 0x79, value)

    def return_value(self, name: str, kind: SqlType, value: object, ordinal: int = 0) -> bytes:
        """RETURNVALUE: an output parameter."""
        shown = for_client(kind, self.version)
        code = encoding(shown.kind, collations=self.version >= TDS_71)
        user_type = struct.pack("<I" if self._long_counts else "<H", 0)
        data = code.null if value is None else code.value(shown.convert(value) if shown.convert else value)
        head = struct.pack("<BH", 0xAC, ordinal) + b_varchar(name) + b"\1" + user_type + struct.pack("<H", _NULLABLE)
        return head + code.type_info + data

    def order(self, numbers: Sequence[int]) -> bytes:
        """ORDER: the columns of ORDER BY, from 1."""
        return _counted(0xA9, struct.pack(f"<{len(numbers)}H", *numbers))

    def columns(self, columns: Sequence[Column]) -> bytes:
        """COLMETADATA."""
        return struct.pack("<BH", 0x81, len(columns)) + b"".join(self._column(column) for column in columns)

    def _column(self, column: Column) -> bytes:
        kind = for_client(column.kind, self.version).kind
        user_type = _TIMESTAMP_USER_TYPE if kind.name == "timestamp" else 0
        flags = _NULLABLE if column.nullable else 0
        flags |= _UPDATABLE_UNKNOWN if column.updatable and not (column.identity or column.computed) else 0
        # an expression counts as computed, as in the example [MS-TDS 4.7]
        computed = column.computed or not column.updatable
        flags |= (_IDENTITY if column.identity else 0) | (_COMPUTED if computed else 0)
        if kind.is_text and kind.collated().sqlite not in ("tsql_ci", "tsql_ci_ai"):
            flags |= _CASE_SENSITIVE
        code = encoding(kind, nullable=column.nullable, collations=self.version >= TDS_71)
        head = struct.pack("<IH" if self._long_counts else "<HH", user_type, flags) + code.type_info
        if kind.name in ("text", "ntext", "image"):
            head += self._table_name(column.table)
        return head + b_varchar(column.name)

    def _table_name(self, parts: tuple[str, ...]) -> bytes:
        """TableName [MS-TDS 2.2.7.4]: its parts since 7.2, one text before."""
        if self._long_counts:
            return bytes([len(parts)]) + b"".join(us_varchar(part) for part in parts)
        return us_varchar(".".join(parts))

    def row_writer(self, columns: Sequence[Column]) -> Callable[[Sequence[object]], bytes]:
        """Gives a function from a row to its ROW token, or NBCROW where that is shorter and allowed."""
        codes = []
        for column in columns:
            shown = for_client(column.kind, self.version)
            code = encoding(shown.kind, nullable=column.nullable, collations=self.version >= TDS_71)
            value = code.value if shown.convert is None else _after(shown.convert, code.value)
            codes.append((value, code.null))
        bitmap_bytes = (len(codes) + 7) // 8

        def write(row: Sequence[object]) -> bytes:
            if None not in row:
                return b"\xd1" + b"".join([code[0](value) for code, value in zip(codes, row, strict=True)])
            missing = [index for index, value in enumerate(row) if value is None]
            if any(not codes[index][1] for index in missing):
                raise ValueError("NULL in a column that is declared NOT NULL")
            if self._null_bitmaps and sum(len(codes[index][1]) for index in missing) > bitmap_bytes:
                bits = sum(1 << index for index in missing).to_bytes(bitmap_bytes, "little")
                present = [code[0](value) for code, value in zip(codes, row, strict=True) if value is not None]
                return b"\xd2" + bits + b"".join(present)
            parts = [code[1] if value is None else code[0](value) for code, value in zip(codes, row, strict=True)]
            return b"\xd1" + b"".join(parts)

        return write


def _after(first: Callable[..., object], second: Callable[..., bytes]) -> Callable[..., bytes]:
    return lambda value: second(first(value))


def collation_bytes(name: str) -> bytes:
    """A collation's five bytes."""
    return collation(name).wire
