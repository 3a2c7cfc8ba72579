"""A PostgreSQL server that misbehaves as told, and records all that the client sends.

It logs everybody in and serves the columns `id` (bigint) and `word` (text) and two rows, to whatever query and as
whatever table. A `PgMode` says where it leaves the path of virtue.
"""

from __future__ import annotations

import os
import socket
import ssl
import struct
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import ClassVar

from . import postgres_wire as wire
from .fake_server import FakeServer, FakeSession
from .tls import Certificate

ODD_MESSAGE = b"odd %s%n \xff\xfe \x01\x02\x1b[31m \xc3\x28 quote' \"dq\" back\\slash\nline"
ROWS = ((1, "één"), (2, "two"))


class PgMode(Enum):
    """What the server does wrong."""

    WELL_BEHAVED = auto()
    # in answer to the request for TLS
    TLS_ERROR = auto()  # an error message in place of one byte
    TLS_JUNK = auto()  # neither yes nor no
    TLS_STUFFED = auto()  # yes, and the rest of a login in clear behind it (CVE-2021-23222)
    TLS_LIE = auto()  # yes, then garbage instead of a handshake
    # before the login
    SILENT = auto()
    CLOSES_AT_ONCE = auto()
    GARBAGE_GREETING = auto()
    HUGE_GREETING = auto()  # a header that promises 2 GB, a few bytes, silence
    NEGATIVE_GREETING = auto()  # a header with a negative length
    TRUNCATED_GREETING = auto()
    STALL_AFTER_GREETING = auto()  # asks for the password, then says nothing
    ERROR_GREETING = auto()  # "too many connections"
    ODD_ERROR_GREETING = auto()  # an error text with odd bytes
    OLD_ERROR_GREETING = auto()  # an error in the form of servers before 7.4, without end
    NEGOTIATES = auto()  # offers another version of the protocol
    AUTH_KERBEROS = auto()
    AUTH_GSS = auto()
    AUTH_SSPI = auto()
    AUTH_CRYPT = auto()
    AUTH_UNKNOWN = auto()
    SASL_UNKNOWN = auto()  # a mechanism of its own
    SASL_NONE = auto()  # a list of mechanisms without end
    SCRAM_GARBAGE = auto()  # answers SCRAM with bytes
    SCRAM_OTHER_NONCE = auto()
    SCRAM_UNPROVEN = auto()  # lets the client in before it has proven that it knows the password itself
    # after the password
    STALL_AFTER_AUTH = auto()
    PARAMETER_FLOOD = auto()  # ParameterStatus without end
    NOTICE_FLOOD_AT_LOGIN = auto()
    NO_KEY = auto()  # no BackendKeyData
    ANCIENT = auto()  # a version that is not supported
    NO_VERSION = auto()
    ODD_VERSION = auto()
    SESSION_ERROR = auto()  # refuses the settings of the session
    # in answer to statements
    ODD_ERROR = auto()
    SHORT_ERROR = auto()  # an error message without a field
    STALL_ON_QUERY = auto()
    GARBAGE_ANSWER = auto()
    UNKNOWN_MESSAGE = auto()
    HUGE_MESSAGE = auto()  # promises 2 GB
    NO_ANSWER = auto()  # ReadyForQuery to whatever is asked
    ENDLESS_RESULTS = auto()
    ENDLESS_ERRORS = auto()
    # descriptions
    HUGE_COLUMN_COUNT = auto()
    WRONG_COLUMN_COUNT = auto()  # promises three columns, defines two
    GARBAGE_COLUMNS = auto()
    INVALID_NAME = auto()  # no UTF-8
    UNTERMINATED_NAME = auto()
    LONG_NAME = auto()  # a megabyte
    OTHER_COLUMNS = auto()  # describes three columns, sends two
    OTHER_TYPES = auto()  # describes numbers, sends texts
    UNKNOWN_TYPE = auto()  # of which the catalog knows nothing
    # rows
    STALL_AFTER_COLUMNS = auto()
    STALL_MID_ROWS = auto()
    CLOSE_MID_ROWS = auto()
    TRUNCATED_ROW = auto()  # closes in the middle of a message
    ERROR_MID_ROWS = auto()
    FATAL_MID_ROWS = auto()
    COPY_IN = auto()  # wants rows instead of giving them
    COPY_BOTH = auto()
    COPY_FAILS = auto()  # CommandComplete in the middle of rows, without CopyDone
    ROWS_INSTEAD = auto()  # an ordinary result
    WRONG_SIGNATURE = auto()
    CRITICAL_FLAGS = auto()
    HUGE_EXTENSION = auto()
    SHORT_HEADER = auto()
    FIELD_COUNT = auto()
    NEGATIVE_FIELD_COUNT = auto()
    NEGATIVE_LENGTH = auto()
    LYING_LENGTH = auto()  # a value claims more bytes than follow
    HUGE_LENGTH = auto()  # a value claims 2 GB
    SHORT_ROW = auto()
    WRONG_SIZE = auto()  # a bigint of three bytes
    GARBAGE_ROW = auto()
    INVALID_TEXT = auto()  # no UTF-8
    NUL_TEXT = auto()
    NO_TRAILER = auto()
    DATA_BEHIND_TRAILER = auto()
    DATA_BEHIND_DONE = auto()  # CopyData behind CopyDone
    ENDLESS_ROW = auto()  # one row that never ends, in pieces
    ENDLESS_ROWS = auto()
    HUGE_PIECE = auto()  # one CopyData of 2 GB
    NOTICE_FLOOD = auto()
    NOTIFICATION_FLOOD = auto()
    PARAMETER_FLOOD_MID_ROWS = auto()
    # not wrong enough to refuse
    HUGE_NOTICE = auto()
    PARAMETER_CHANGE = auto()  # another encoding and other strings in the middle of the rows
    PIECES = auto()  # rows cut at every byte
    ONE_PIECE = auto()  # all rows in one message
    HEADER_EXTENSION = auto()


class _Session(FakeSession):
    """One client."""

    server: FakePostgres

    def __init__(self, server: FakePostgres, peer: socket.socket) -> None:
        super().__init__(server, peer)
        self.mode = server.mode
        self.status = b"I"

    def serve(self) -> None:
        if self._start() and self._log_in():
            self._obey()

    def send(self, *messages: bytes) -> None:
        self.peer.sendall(b"".join(messages))

    def receive(self) -> tuple[bytes, bytes]:
        kind = self.exactly(1)
        return kind, self.exactly(struct.unpack(">I", self.exactly(4))[0] - 4)

    def send_and_linger(self, *messages: bytes) -> None:
        self.send(*messages)
        self.linger()
        raise EOFError

    def flood(self, data: bytes) -> None:
        many = data * max(1, 200_000 // len(data))
        while True:
            self.send(many)
            self.server.sent += len(many)

    # the way in
    def _start(self) -> bool:
        while True:
            body = self.exactly(struct.unpack(">I", self.exactly(4))[0] - 4)
            code = struct.unpack(">I", body[:4])[0]
            if code == wire.CANCEL_REQUEST:
                return False
            if code not in (wire.SSL_REQUEST, wire.GSS_REQUEST):
                return True
            if code == wire.SSL_REQUEST and self.server.tls is not None:
                self._start_tls(self.server.tls)
                continue
            answers = {
                PgMode.TLS_ERROR: wire.error(b"28P01", b"words of somebody in between"),
                PgMode.TLS_JUNK: b"?",
                PgMode.TLS_STUFFED: b"S" + _STUFFING,
                PgMode.TLS_LIE: b"S\x16\x03\x01" + os.urandom(500),
            }
            if code == wire.SSL_REQUEST and self.mode in answers:
                self.send_and_linger(answers[self.mode])
            self.send(b"N")

    def _start_tls(self, certificate: Certificate) -> None:
        self.send(b"S" + (_STUFFING if self.mode is PgMode.TLS_STUFFED else b""))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        self.peer = context.wrap_socket(self.peer, server_side=True)

    def _log_in(self) -> bool:
        mode = self.mode
        if mode is PgMode.CLOSES_AT_ONCE:
            return False
        if mode in _GREETINGS:
            self.send_and_linger(_GREETINGS[mode]())
        if mode is PgMode.OLD_ERROR_GREETING:
            self.send(b"E")
            self.flood(b"no end ")
        if mode is PgMode.SASL_NONE:
            self.send(b"R" + struct.pack(">II", 0x7FFFFFFF, 10))
            self.flood(b"SCRAM-SHA-1\0")
        if mode.name.startswith("SCRAM_"):
            self._scram()
        elif self.server.asks == "nothing":
            pass
        elif self.server.asks == "cleartext":
            self.send(wire.authentication(3))
            self.receive()
        else:
            self.send(wire.authentication(5, b"salt"))
            self.receive()
        self.send(wire.authentication(0))
        if mode is PgMode.STALL_AFTER_AUTH:
            self.send_and_linger()
        if mode is PgMode.PARAMETER_FLOOD:
            self._flood_parameters()
        if mode is PgMode.NOTICE_FLOOD_AT_LOGIN:
            self.flood(_notice(b"again"))
        versions = {PgMode.ANCIENT: "9.2.24", PgMode.ODD_VERSION: "99999999999999999999.x"}
        if mode is not PgMode.NO_VERSION:
            self.send(wire.parameter("server_version", versions.get(mode, "15.4")))
        for name, value in (("server_encoding", "UTF8"), ("client_encoding", "UTF8"), ("DateStyle", "ISO, MDY")):
            self.send(wire.parameter(name, value))
        if mode is not PgMode.NO_KEY:
            self.send(wire.backend_key())
        self.send(wire.ready())
        return True

    def _scram(self) -> None:
        """Goes wrong at the server's first message, or skips its last."""
        self.send(wire.authentication(10, b"SCRAM-SHA-256\0\0"))
        _, body = self.receive()
        nonce = body[body.index(b",r=") + 3 :]
        if self.mode is PgMode.SCRAM_GARBAGE:
            self.send_and_linger(wire.authentication(11, b"r=\xff,\0,i=-1" + os.urandom(50)))
        if self.mode is PgMode.SCRAM_OTHER_NONCE:
            self.send_and_linger(wire.authentication(11, b"r=another,s=c2FsdA==,i=4096"))
        self.send(wire.authentication(11, b"r=" + nonce + b"more,s=c2FsdA==,i=4096"))
        self.receive()

    def _flood_parameters(self) -> None:
        number = 0
        while True:
            self.send(b"".join(wire.parameter(f"p{number + i}", "x" * 1000) for i in range(200)))
            number += 200
            self.server.sent += 200_000

    # statements
    def _obey(self) -> None:
        armed = False
        while True:
            kind, body = self.receive()
            if kind == b"X":
                return
            if kind in (b"Q", b"P"):
                statement = body[1:] if kind == b"P" else body
                self.server.statements.append(statement.rstrip(b"\0").decode(errors="replace"))
                armed = self.server.is_trigger(statement)
                if armed:
                    self._misanswer()
            if kind == b"Q":
                self._query(body, armed=armed)
            elif kind == b"P":
                self.send(wire.message(b"1"))
            elif kind == b"D":
                self._describe(self.mode if armed else PgMode.WELL_BEHAVED)
            elif kind == b"S":
                self.send(wire.ready(self.status))

    def _misanswer(self) -> None:
        """Answers that are none, to any statement."""
        mode = self.mode
        answers = {
            PgMode.ODD_ERROR: wire.error(b"4\x01%\xffZ", ODD_MESSAGE),
            PgMode.SHORT_ERROR: wire.message(b"E", b"\0"),
            PgMode.STALL_ON_QUERY: b"",
            PgMode.GARBAGE_ANSWER: os.urandom(500),
            PgMode.UNKNOWN_MESSAGE: wire.message(b"y", b"what?"),
            PgMode.HUGE_MESSAGE: b"T" + struct.pack(">IH", 0x7FFFFFFF, 2),
        }
        if mode in (PgMode.ODD_ERROR, PgMode.SHORT_ERROR):
            self.send(answers[mode], wire.ready(b"E"))
        elif mode in answers:
            self.send_and_linger(answers[mode])
        elif mode is PgMode.NO_ANSWER:
            while True:
                if self.receive()[0] in (b"Q", b"S"):
                    self.send(wire.ready(self.status))
        elif mode is PgMode.ENDLESS_RESULTS:
            self.flood(wire.complete("SELECT 1"))
        elif mode is PgMode.ENDLESS_ERRORS:
            self.flood(wire.error(b"42601", b"no"))

    def _query(self, sql: bytes, *, armed: bool) -> None:
        """Answers what the statements are known by, in their order."""
        if b"pg_stat_get_activity" in sql:  # the session's own
            if self.mode is PgMode.SESSION_ERROR:
                self.send(wire.error(b"42501", b"no settings here"), wire.ready())
                return
            self.status = b"T"
            self.send(wire.complete("BEGIN"), _result(["2020-01-01 00:00:00+00", "1.00", "UTF8"]))
        if b"WHERE false;" in sql:
            self.send(_result())
        if b"col_description" in sql:
            columns = [(b"id", wire.INT8, "bigint"), (self.server.column_name, wire.TEXT, "text")]
            rows = [["1", str(n + 1), name, str(oid), "-1", kind, "f", None, None] for n, (name, oid, kind) in enumerate(columns)]
            self.send(_result(*rows), _result(["1", None, "2", "1", "r"]))
        if b"pg_catalog.pg_cancel_backend" in sql or sql == b"SELECT 1\0":
            self.send(_result(["t"]))
        if b"FROM pg_type" in sql:
            self.send(_result())
        if b"COPY (" in sql:
            self._copy(self.mode if armed else PgMode.WELL_BEHAVED)
        if b"COMMIT" in sql:
            self.status = b"I"
        self.send(wire.ready(self.status))

    def _describe(self, mode: PgMode) -> None:
        columns = [(b"id", wire.INT8), (b"word", wire.TEXT)]
        descriptions = {
            PgMode.HUGE_COLUMN_COUNT: wire.row_description(columns, count=0xFFFF),
            PgMode.WRONG_COLUMN_COUNT: wire.row_description(columns, count=3),
            PgMode.GARBAGE_COLUMNS: wire.message(b"T", os.urandom(60)),
            PgMode.INVALID_NAME: wire.row_description([columns[0], (b"w\xff\xfe", wire.TEXT)]),
            PgMode.UNTERMINATED_NAME: wire.message(b"T", struct.pack(">H", 1) + b"name without end"),
            PgMode.LONG_NAME: wire.row_description([columns[0], (b"w" * 1_000_000, wire.TEXT)]),
            PgMode.OTHER_COLUMNS: wire.row_description([*columns, (b"more", wire.TEXT)]),
            PgMode.OTHER_TYPES: wire.row_description([(b"id", 2950), (b"word", 1184)]),
            PgMode.UNKNOWN_TYPE: wire.row_description([columns[0], (b"word", 99999)]),
        }
        self.send(wire.message(b"t", struct.pack(">H", 0)), descriptions.get(mode, wire.row_description(columns)))

    # rows
    def _copy(self, mode: PgMode) -> None:
        if mode is PgMode.ROWS_INSTEAD:
            self.send(_result(["1", "x"]), wire.complete("COMMIT"))
            return
        starts = {PgMode.COPY_IN: b"G", PgMode.COPY_BOTH: b"W"}
        if mode in starts:
            self.send_and_linger(wire.copy_response(starts[mode], 2))
        self.send(wire.copy_response(b"H", 2))
        if mode is PgMode.STALL_AFTER_COLUMNS:
            self.send_and_linger()
        rows = [wire.fields([struct.pack(">q", number), word.encode()]) for number, word in ROWS]
        if mode in (PgMode.PIECES, PgMode.ONE_PIECE, PgMode.HEADER_EXTENSION):
            header = wire.COPY_HEADER
            if mode is PgMode.HEADER_EXTENSION:
                header = wire.COPY_SIGNATURE + struct.pack(">II", 1, 100) + bytes(100)
            data = header + b"".join(rows) + wire.COPY_TRAILER
            step = 1 if mode is PgMode.PIECES else len(data)
            self.send(*[wire.copy_data(data[at : at + step]) for at in range(0, len(data), step)])
            self._end_copy()
            return
        self.send(wire.copy_data(_HEADERS.get(mode, wire.COPY_HEADER)))
        self.send(wire.copy_data(rows[0]))
        self._mid_rows(mode, rows[1])
        self.send(wire.copy_data(rows[1]))
        if mode is not PgMode.NO_TRAILER:
            self.send(wire.copy_data(wire.COPY_TRAILER))
        if mode is PgMode.DATA_BEHIND_TRAILER:
            self.send(wire.copy_data(rows[1]))
        self._end_copy()

    def _end_copy(self) -> None:
        self.send(wire.COPY_DONE)
        if self.mode is PgMode.DATA_BEHIND_DONE:
            self.send(wire.copy_data(b"more"))
        self.send(wire.complete("COPY 2"), wire.complete("COMMIT"))

    def _mid_rows(self, mode: PgMode, row: bytes) -> None:
        """Between the first row and the last."""
        one = struct.pack(">q", 2)
        odd_rows = {
            PgMode.FIELD_COUNT: wire.fields([one, b"two", b"three"]),
            PgMode.NEGATIVE_FIELD_COUNT: struct.pack(">h", -2),
            PgMode.NEGATIVE_LENGTH: struct.pack(">hi", 2, -5) + row[6:],
            PgMode.LYING_LENGTH: struct.pack(">hi", 2, 8) + one + struct.pack(">i", 1000) + b"short",
            PgMode.HUGE_LENGTH: struct.pack(">hi", 2, 0x7FFFFFFF) + b"short",
            PgMode.SHORT_ROW: row[:9],
            PgMode.WRONG_SIZE: wire.fields([one[:3], b"two"]),
            PgMode.GARBAGE_ROW: os.urandom(100),
            PgMode.INVALID_TEXT: wire.fields([one, b"\xff\xfe"]),
            PgMode.NUL_TEXT: wire.fields([one, b"a\0b"]),
        }
        others: Mapping[PgMode, Callable[[], None]] = {
            PgMode.STALL_MID_ROWS: self.send_and_linger,
            PgMode.HUGE_PIECE: lambda: self.send_and_linger(b"d" + struct.pack(">I", 0x7FFFFFFF) + b"short"),
            PgMode.NOTICE_FLOOD: lambda: self.flood(_notice(b"again")),
            PgMode.ENDLESS_ROWS: lambda: self.flood(wire.copy_data(row)),
            PgMode.NOTIFICATION_FLOOD: lambda: self.flood(_NOTIFICATION),
            PgMode.PARAMETER_FLOOD_MID_ROWS: self._flood_parameters,
            PgMode.HUGE_NOTICE: lambda: self.send(_notice(b"x" * 50_000_000)),
            PgMode.PARAMETER_CHANGE: lambda: self.send(
                wire.parameter("client_encoding", "SJIS"), wire.parameter("standard_conforming_strings", "off")
            ),
        }
        if mode in odd_rows:
            self.send(wire.copy_data(odd_rows[mode]))
        elif mode in others:
            others[mode]()
        elif mode is PgMode.ERROR_MID_ROWS:
            self.send(wire.error(b"57014", b"canceling statement due to user request"), wire.ready(b"E"))
            self.linger()
            raise EOFError
        elif mode is PgMode.FATAL_MID_ROWS:
            self.send(wire.error(b"57P01", b"terminating connection", b"FATAL"))
            raise EOFError
        elif mode is PgMode.CLOSE_MID_ROWS:
            raise EOFError
        elif mode is PgMode.TRUNCATED_ROW:
            self.send(wire.copy_data(row)[:9])
            raise EOFError
        elif mode is PgMode.COPY_FAILS:
            self.send(wire.complete("COPY 1"), wire.ready())
            self.linger()
            raise EOFError
        elif mode is PgMode.ENDLESS_ROW:
            self.send(wire.copy_data(struct.pack(">hi", 2, 8) + one + struct.pack(">i", 0x3FFFFFF0)))
            self.flood(wire.copy_data(bytes(60_000)))


def _notice(words: bytes) -> bytes:
    return wire.report(b"N", {"S": b"NOTICE", "C": b"00000", "M": words})


_NOTIFICATION = wire.message(b"A", struct.pack(">I", 7) + b"channel\0payload\0")

_STUFFING = wire.authentication(0) + wire.parameter("server_version", "15.4") + wire.backend_key() + wire.ready()

# What it says first, and then nothing more.
_GREETINGS: Mapping[PgMode, Callable[[], bytes]] = {
    PgMode.SILENT: lambda: b"",
    PgMode.GARBAGE_GREETING: lambda: b"R" + os.urandom(200),
    PgMode.HUGE_GREETING: lambda: b"R" + struct.pack(">II", 0x7FFFFFFF, 5) + b"salt",
    PgMode.NEGATIVE_GREETING: lambda: b"R" + struct.pack(">iI", -1, 5) + b"salt",
    PgMode.TRUNCATED_GREETING: lambda: wire.authentication(5, b"sa"),
    PgMode.STALL_AFTER_GREETING: lambda: wire.authentication(5, b"salt"),
    PgMode.ERROR_GREETING: lambda: wire.error(b"53300", b"sorry, too many clients already", b"FATAL"),
    PgMode.ODD_ERROR_GREETING: lambda: wire.error(b"53300", ODD_MESSAGE, b"FATAL"),
    PgMode.NEGOTIATES: lambda: wire.message(b"v", struct.pack(">II", 3 << 16 | 9999, 0)),
    PgMode.AUTH_KERBEROS: lambda: wire.authentication(2),
    PgMode.AUTH_CRYPT: lambda: wire.authentication(4, b"sa"),
    PgMode.AUTH_GSS: lambda: wire.authentication(7),
    PgMode.AUTH_SSPI: lambda: wire.authentication(9),
    PgMode.AUTH_UNKNOWN: lambda: wire.authentication(42),
    PgMode.SASL_UNKNOWN: lambda: wire.authentication(10, b"../../tmp/evil\0\0"),
}

_HEADERS: Mapping[PgMode, bytes] = {
    PgMode.WRONG_SIGNATURE: b"PGCOPY\n\xff\n\n\0" + bytes(8),
    PgMode.CRITICAL_FLAGS: wire.COPY_SIGNATURE + struct.pack(">II", 1 << 16, 0),
    PgMode.HUGE_EXTENSION: wire.COPY_SIGNATURE + struct.pack(">II", 0, 0x7FFFFFFF),
    PgMode.SHORT_HEADER: wire.COPY_HEADER[:15],
}


def _result(*rows: list[str | bytes | None]) -> bytes:
    """The rows of a statement, as texts."""
    columns = [(f"c{number}".encode(), wire.TEXT) for number in range(len(rows[0]) if rows else 1)]
    values = [[value.encode() if isinstance(value, str) else value for value in row] for row in rows]
    return wire.row_description(columns) + b"".join(map(wire.data_row, values)) + wire.complete(f"SELECT {len(rows)}")


class FakePostgres(FakeServer):
    """The listening server. `asks`: for the password by "md5" or in "cleartext", or for "nothing". `column_name` is
    what its table calls the second column. With `tls` it can do TLS.
    """

    provider: ClassVar[str] = "postgres"
    mode: PgMode

    def __init__(
        self,
        mode: PgMode,
        *,
        trigger: str = "",
        asks: str = "md5",
        column_name: bytes = b"word",
        tls: Certificate | None = None,
    ) -> None:
        super().__init__(mode, trigger=trigger)
        self.tls = tls
        self.asks = asks
        self.sent = 0  # bytes of a flood
        self.column_name = column_name

    def session(self, peer: socket.socket) -> FakeSession:
        return _Session(self, peer)

    def connection(self, **more: object) -> dict[str, object]:
        return super().connection(**{"sslmode": "disable", **more})
