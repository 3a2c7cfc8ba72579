"""A MySQL server that misbehaves as told, and records all that the client sends.

It logs everybody in and serves the columns `id` (bigint) and `word` (varchar) and two rows, as text and as prepared
statement. A `Mode` says where it leaves the path of virtue.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from . import mysql_wire as wire
from .fake_server import FakeServer, FakeSession


class Mode(Enum):
    """What the server does wrong."""

    WELL_BEHAVED = auto()
    # before the login
    SILENT = auto()  # accepts, never speaks
    CLOSES_AT_ONCE = auto()
    GARBAGE_GREETING = auto()  # random bytes
    HUGE_GREETING = auto()  # a header that promises 16 MB, a few bytes, silence
    TRUNCATED_GREETING = auto()  # well formed header, payload ends early
    STALL_AFTER_GREETING = auto()
    TLS_LIE = auto()  # offers TLS, then talks garbage instead of a handshake
    CLEAR_PASSWORD = auto()  # asks for the password in clear text
    UNKNOWN_PLUGIN = auto()  # asks for a plugin whose name is a path
    ERROR_GREETING = auto()  # "too many connections" instead of a greeting
    # after the login
    STALL_AFTER_AUTH = auto()
    LOCAL_INFILE = auto()  # asks for a file of the client in answer to any statement
    ODD_ERROR = auto()  # an error text with odd bytes and format directives
    SHORT_ERROR = auto()  # an error packet of one byte
    STALL_ON_QUERY = auto()
    HUGE_COLUMN_COUNT = auto()
    WRONG_COLUMN_COUNT = auto()  # promises three columns, defines two
    GARBAGE_COLUMNS = auto()
    STALL_AFTER_COLUMNS = auto()
    STALL_MID_ROWS = auto()
    CLOSE_MID_ROWS = auto()
    TRUNCATED_ROW = auto()  # closes in the middle of a packet
    LYING_LENGTH = auto()  # a value claims more bytes than its packet has
    HUGE_LENGTH = auto()  # a value claims 2^63 bytes
    SHORT_ROW = auto()  # a row with too few values
    GARBAGE_ROW = auto()
    BAD_SEQUENCE = auto()  # packets out of order
    ENDLESS_ROW = auto()  # one row that never ends, in 16 MB packets
    ERROR_MID_ROWS = auto()


ODD_MESSAGE = b"odd %s%n \xff\xfe \x01\x02\x1b[31m \xc3\x28 quote' \"dq\" back\\slash\nline"
ASKED_FILE = b"/etc/passwd"


@dataclass(frozen=True)
class Refusal:
    """An error in answer to a query."""

    code: int
    message: str


Answer = Sequence[Sequence[str | None]] | Refusal


class _Session(FakeSession):
    """One client."""

    server: FakeMySql

    def __init__(self, server: FakeMySql, peer: socket.socket) -> None:
        super().__init__(server, peer)
        self.mode = server.mode
        self.sequence = 0
        self.in_transaction = False
        self.prepared = 2  # columns of the statement that is prepared

    def serve(self) -> None:
        if self._greet():
            self._obey()

    # packets
    def send(self, payload: bytes) -> None:
        if self.mode is Mode.BAD_SEQUENCE and self.sequence > 4:
            self.sequence += 3
        self.peer.sendall(wire.packet(payload, self.sequence))
        self.sequence = (self.sequence + 1) & 0xFF

    def receive(self) -> bytes:
        header = self.exactly(4)
        self.sequence = (header[3] + 1) & 0xFF
        return self.exactly(int.from_bytes(header[:3], "little"))

    # phases
    def _greet(self) -> bool:
        """Greeting and login; False if that was all."""
        mode = self.mode
        if mode is Mode.CLOSES_AT_ONCE:
            return False
        capabilities = wire.BASIC | (wire.SSL if mode is Mode.TLS_LIE else 0)
        greeting = wire.greeting(capabilities=capabilities)
        openings = {
            Mode.SILENT: b"",
            Mode.GARBAGE_GREETING: os.urandom(200),
            Mode.HUGE_GREETING: b"\xff\xff\xff\x00\x0a5.7",
            Mode.TRUNCATED_GREETING: wire.packet(greeting[:20], 0),
            Mode.ERROR_GREETING: wire.packet(b"\xff" + struct.pack("<H", 1040) + b"Too many connections", 0),
        }
        if mode in openings:
            self.peer.sendall(openings[mode])
            self.linger()
            return False
        self.send(greeting)
        if mode is Mode.STALL_AFTER_GREETING:
            self.linger()
            return False
        self.receive()
        if mode is Mode.TLS_LIE:
            self.peer.sendall(b"\x16\x03\x01" + os.urandom(500))
            self.linger()
            return False
        if mode is Mode.CLEAR_PASSWORD:
            self.send(b"\xfemysql_clear_password\0")
            self.linger()
            return False
        if mode is Mode.UNKNOWN_PLUGIN:
            self.send(b"\xfe../../../../tmp/evil\0" + b"x" * 20 + b"\0")
            self.linger()
            return False
        self.send(wire.ok())
        if mode is Mode.STALL_AFTER_AUTH:
            self.linger()
            return False
        return True

    def _obey(self) -> None:
        armed = False
        while True:
            command = self.receive()
            code, body = command[0], command[1:]
            if code == wire.COM_QUIT:
                return
            if code == wire.COM_QUERY:
                self.server.statements.append(body.decode(errors="replace"))
                self._answer(body, binary=False, armed=self.server.is_trigger(body))
            elif code == wire.COM_STMT_PREPARE:
                self.server.statements.append(body.decode(errors="replace"))
                armed = self.server.is_trigger(body)
                # Who is to be told of a table asks for one column; else it describes two, whatever it is asked for.
                self.prepared = 1 if self.server.answers and body.startswith(b"SELECT `id` FROM") else 2
                self._prepare(armed)
            elif code == wire.COM_STMT_EXECUTE:
                self._answer(b"", binary=True, armed=armed)
            elif code in (wire.COM_STMT_CLOSE, wire.COM_STMT_SEND_LONG_DATA):
                continue
            elif code in (wire.COM_PING, wire.COM_INIT_DB, wire.COM_STMT_RESET):
                self.send(wire.ok())
            else:
                self.send(wire.error(1047, b"Unknown command", b"08S01"))

    def _prepare(self, armed: bool) -> None:
        if armed and self._misanswer():
            return
        self.send(wire.prepared(3 if armed and self.mode is Mode.WRONG_COLUMN_COUNT else self.prepared))
        self._columns(self.prepared)

    def _misanswer(self) -> bool:
        """Answers that are no result set at all, to queries and to prepares."""
        mode = self.mode
        if mode is Mode.LOCAL_INFILE:
            self.send(b"\xfb" + ASKED_FILE)
            while self.receive():  # the file, until an empty packet; recorded like everything
                pass
            self.send(wire.ok())
        elif mode is Mode.ODD_ERROR:
            self.send(wire.error(1234, ODD_MESSAGE, b"4\x00%\xffZ"))
        elif mode is Mode.SHORT_ERROR:
            self.send(b"\xff")
        elif mode is Mode.STALL_ON_QUERY:
            self.linger()
        else:
            return False
        return True

    def _columns(self, count: int) -> None:
        self.send(wire.column(b"id", wire.LONGLONG, length=20, charset=63))
        if count > 1:
            self.send(wire.column(b"word", wire.VAR_STRING))
        self.send(wire.eof(in_transaction=self.in_transaction))

    def _no_facts(self) -> None:
        """Of the catalog: as many columns as anybody wants, and no row."""
        count = 40
        self.send(wire.length_coded(count))
        for _ in range(count):
            self.send(wire.column(b"fact", wire.VAR_STRING))
        self.send(wire.eof(in_transaction=self.in_transaction))
        self.send(wire.eof(in_transaction=self.in_transaction))

    def _answer_as_told(self, rows: Answer) -> None:
        if isinstance(rows, Refusal):
            self.send(wire.error(rows.code, rows.message.encode()))
            return
        count = len(rows[0]) if rows else 1
        self.send(wire.length_coded(count))
        for _ in range(count):
            self.send(wire.column(b"fact", wire.VAR_STRING))
        self.send(wire.eof(in_transaction=self.in_transaction))
        for row in rows:
            self.send(wire.text_row([None if value is None else value.encode() for value in row]))
        self.send(wire.eof(in_transaction=self.in_transaction))

    def _answer(self, statement: bytes, *, binary: bool, armed: bool) -> None:
        if not binary and _needs_no_rows(statement):
            if statement.startswith((b"START", b"COMMIT", b"ROLLBACK")):
                self.in_transaction = statement.startswith(b"START")
            self.send(wire.ok(in_transaction=self.in_transaction))
            return
        mode = self.mode if armed else Mode.WELL_BEHAVED
        if armed and self._misanswer():
            return
        where = b"in transaction: " if self.in_transaction else b""
        for part, answer in self.server.answers.items():
            if not binary and part.encode() in where + statement:
                self._answer_as_told(answer)
                return
        if mode is Mode.WELL_BEHAVED and b"information_schema" in statement.lower():
            self._no_facts()
            return
        columns = self.prepared if binary else 2
        if mode is Mode.HUGE_COLUMN_COUNT:
            self.send(wire.length_coded(1 << 40))
        elif mode is Mode.WRONG_COLUMN_COUNT:
            self.send(wire.length_coded(3))
        else:
            self.send(wire.length_coded(columns))
        if mode is Mode.GARBAGE_COLUMNS:
            self.send(os.urandom(60))
            self.send(os.urandom(60))
            self.send(wire.eof(in_transaction=self.in_transaction))
        else:
            self._columns(columns)
        if mode is Mode.STALL_AFTER_COLUMNS:
            self.linger()
            raise EOFError
        if b"CONNECTION_ID()" in statement:  # a client that wants to be able to KILL
            self.send(wire.text_row([b"7", b"fake:3306"]))
        else:
            self._rows(mode, binary=binary)
        self.send(wire.eof(in_transaction=self.in_transaction))

    def _rows(self, mode: Mode, *, binary: bool) -> None:
        def row(number: int, word: bytes) -> bytes:
            words = [word][: self.prepared - 1]
            return wire.binary_row(number, *words) if binary else wire.text_row([str(number).encode(), word])

        start = b"\0\0" + struct.pack("<q", 2) if binary else wire.text(b"2")
        self.send(row(1, "één".encode()))
        odd_rows = {
            Mode.LYING_LENGTH: start + b"\xfd\xff\xff\x00" + b"short",
            Mode.HUGE_LENGTH: start + b"\xfe" + struct.pack("<Q", 1 << 63) + b"short",
            Mode.SHORT_ROW: start[:5],
            Mode.GARBAGE_ROW: (b"\0" if binary else b"") + os.urandom(100),
        }
        if mode in odd_rows:
            self.send(odd_rows[mode])
        elif mode is Mode.ERROR_MID_ROWS:
            self.send(wire.error(1317, b"Query execution was interrupted", b"70100"))
            raise EOFError
        elif mode is Mode.STALL_MID_ROWS:
            self.linger()
            raise EOFError
        elif mode is Mode.CLOSE_MID_ROWS:
            raise EOFError
        elif mode is Mode.TRUNCATED_ROW:
            self.peer.sendall(wire.packet(row(2, b"x" * 100), self.sequence)[:40])
            raise EOFError
        elif mode is Mode.ENDLESS_ROW:
            first = start + b"\xfe" + struct.pack("<Q", 1 << 40)
            self.peer.sendall(wire.packet(first + bytes((1 << 24) - 1 - len(first)), self.sequence))
            while True:
                self.sequence += 1
                self.peer.sendall(wire.packet(bytes((1 << 24) - 1), self.sequence))
        self.send(row(2, b"two"))


class FakeMySql(FakeServer):
    """The listening server. SET, USE and the like are answered well in any mode.

    `answers`: with what a query is answered that contains a text; the first of these texts counts. In a transaction the
    query begins with `in transaction: `.
    """

    provider: ClassVar[str] = "mysql"
    mode: Mode

    def __init__(
        self,
        mode: Mode = Mode.WELL_BEHAVED,
        *,
        trigger: str = "",
        port: int = 0,
        answers: Mapping[str, Answer] | None = None,
    ) -> None:
        super().__init__(mode, trigger=trigger, port=port)
        self.answers = answers or {}

    def session(self, peer: socket.socket) -> FakeSession:
        return _Session(self, peer)

    def is_trigger(self, statement: bytes) -> bool:
        return super().is_trigger(statement) and not _needs_no_rows(statement)


def _needs_no_rows(statement: bytes) -> bool:
    words = (b"SET", b"USE", b"START", b"BEGIN", b"COMMIT", b"ROLLBACK", b"KILL", b"LOCK", b"UNLOCK")
    return statement.lstrip().upper().startswith(words)
