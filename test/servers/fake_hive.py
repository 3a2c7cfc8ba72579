"""A HiveServer2 that misbehaves as told, and records all that the client sends.

It logs everybody in, over SASL PLAIN or over HTTP, and serves the columns `id` (bigint) and `word` (string) and two
rows to whatever query. A `HiveMode` says where it leaves the path of virtue.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, ClassVar

from .fake_server import FakeServer, FakeSession
from .hive import thrift
from .hive.thrift import I32, I64, LIST, STRING, STRUCT, Bytes, Reader, Value
from .hive.thrift import boolean, i32, i64, numbers, sequence, string, structure

ODD_MESSAGE = b"odd %s%n \xff\xfe \x01\x02\x1b[31m \xc3\x28 quote' \"dq\" back\\slash\nline"
ROWS = ((1, "één"), (2, "two"))
_HUGE = 0x7FFFFFFF
_START, _OK, _BAD, _ERROR, _COMPLETE = 1, 2, 3, 4, 5  # statuses of SASL messages
_STRING_TYPE, _BIGINT_TYPE = 7, 4  # TTypeId


class HiveMode(Enum):
    """What the server does wrong."""

    WELL_BEHAVED = auto()
    # before the login
    TLS_LIE = auto()  # garbage instead of a handshake
    SILENT = auto()
    CLOSES_AT_ONCE = auto()
    GARBAGE_GREETING = auto()
    WEB_GREETING = auto()  # a web server's words to a client that speaks none
    SASL_BAD = auto()
    SASL_ERROR = auto()
    SASL_ODD_ERROR = auto()
    SASL_UNKNOWN_STATUS = auto()
    SASL_HUGE = auto()  # a message of 2 GB
    SASL_NEGATIVE = auto()
    SASL_ENDLESS = auto()  # asks on and on
    SASL_TRUNCATED = auto()
    STALL_AFTER_GREETING = auto()
    STALL_AFTER_AUTH = auto()
    # in answer to OpenSession
    SESSION_ERROR = auto()
    NO_SESSION_HANDLE = auto()
    SESSION_WITHOUT_STATUS = auto()
    SESSION_EXCEPTION = auto()  # Thrift's own, "unknown method"
    SESSION_GARBAGE = auto()
    SESSION_HUGE_FRAME = auto()
    # in answer to the statement
    STALL_ON_QUERY = auto()
    CLOSES_ON_QUERY = auto()
    ODD_ERROR = auto()
    UNKNOWN_STATUS = auto()
    NO_STATUS = auto()
    NO_OPERATION_HANDLE = auto()
    EXCEPTION = auto()
    OTHER_NAME = auto()  # answers another call
    CALL_INSTEAD = auto()  # sends a call of its own
    GARBAGE_ANSWER = auto()
    NEGATIVE_FRAME = auto()
    HUGE_FRAME = auto()
    EMPTY_FRAMES = auto()  # without end
    ENDLESS_FRAME = auto()
    HUGE_STRING = auto()
    NEGATIVE_STRING = auto()
    HUGE_LIST = auto()
    HUGE_MAP = auto()
    DEEP_STRUCTS = auto()
    UNKNOWN_FIELD_TYPE = auto()
    # the statement's state
    UNKNOWN_STATE = auto()
    STATE_ERROR = auto()
    STATE_CANCELED = auto()
    STATE_CLOSED = auto()
    STATE_TIMED_OUT = auto()
    RUNS_FOR_EVER = auto()
    # descriptions
    HUGE_COLUMN_COUNT = auto()
    COLUMN_WITHOUT_NAME = auto()
    DEEP_TYPE = auto()
    # rows
    STALL_AFTER_COLUMNS = auto()
    STALL_MID_ROWS = auto()
    CLOSES_MID_ROWS = auto()
    TRUNCATED_ROWS = auto()  # closes in the middle of a frame
    ERROR_MID_ROWS = auto()
    UNKNOWN_STATUS_MID_ROWS = auto()
    WRONG_MEMBER = auto()  # a column of texts where numbers were described
    UNKNOWN_MEMBER = auto()
    NO_MEMBER = auto()
    UNEQUAL_COLUMNS = auto()
    MISSING_COLUMN = auto()
    FURTHER_COLUMN = auto()
    WRONG_ELEMENTS = auto()  # a list of other elements than its union's member has
    HUGE_COLUMN = auto()
    HUGE_VALUE = auto()
    LYING_VALUE = auto()  # a value that claims more than the message has
    HUGE_NULLS = auto()
    ENCODED_COLUMNS = auto()  # the form that nobody may expect
    INVALID_TEXT = auto()
    NUL_TEXT = auto()
    ENDLESS_ROWS = auto()
    STILL_EXECUTING = auto()  # without end
    # over HTTP
    HTTP_SILENT = auto()
    HTTP_GARBAGE = auto()
    HTTP_UNAUTHORIZED = auto()  # whatever the client says
    HTTP_REDIRECT = auto()
    HTTP_SERVER_ERROR = auto()
    HTTP_ENDLESS_HEADER = auto()
    HTTP_ENDLESS_HEADERS = auto()
    HTTP_HUGE_LENGTH = auto()
    HTTP_NEGATIVE_LENGTH = auto()
    HTTP_TWO_LENGTHS = auto()
    HTTP_SHORT_BODY = auto()
    HTTP_HUGE_CHUNK = auto()
    HTTP_GARBAGE_CHUNK = auto()
    HTTP_ENDLESS_CONTINUE = auto()
    HTTP_PAGE = auto()  # a page of somebody else
    # not wrong enough to refuse
    OLD_PROTOCOL = auto()  # version 1, which has rows
    PROTOCOL_5 = auto()
    UNKNOWN_PROTOCOL = auto()
    NEGATIVE_PROTOCOL = auto()
    SHORT_NULLS = auto()  # fewer bits than rows
    LONG_NULLS = auto()
    PENDING_FIRST = auto()
    LATE_ROWS = auto()  # Impala: an empty answer that says that there are more
    FURTHER_FIELDS = auto()  # of later versions
    CLOSE_FAILS = auto()
    PIECES = auto()  # a byte at a time
    UNKNOWN_TYPE = auto()
    INVALID_NAME = auto()  # no UTF-8
    LONG_NAME = auto()  # a megabyte


_SUCCESS = structure({1: i32(0)})
_HANDLE = structure({1: structure({1: string(b"g" * 16), 2: string(b"s" * 16)})})


def _status(code: int, message: bytes = b"", sqlstate: str = "") -> Value:
    return structure({1: i32(code), 3: string(sqlstate), 4: i32(0), 5: string(message)})


def _raw(data: bytes) -> Value:
    """A struct of just these bytes."""
    return Value(STRUCT, data)


def _field(kind: int, number: int, data: bytes) -> bytes:
    return struct.pack(">bh", kind, number) + data


class _Session(FakeSession):
    """One client."""

    server: FakeHive

    def __init__(self, server: FakeHive, peer: socket.socket) -> None:
        super().__init__(server, peer)
        self.mode = server.mode

    def serve(self) -> None:
        if self.mode is HiveMode.CLOSES_AT_ONCE:
            return
        if self.mode is HiveMode.TLS_LIE:
            self.exactly(1)
            self.send_and_linger(b"\x16\x03\x01" + os.urandom(500))
        first = self.exactly(1)
        if first == b"P":  # POST
            _Http(self).serve()
            return
        self._log_in(first)
        while True:
            frame = self.exactly(struct.unpack(">I", self.exactly(4))[0])
            self.send_frame(self.answer(frame))

    # sending
    def send(self, data: bytes) -> None:
        if self.mode is HiveMode.PIECES and len(data) < 4096:
            for at in range(len(data)):
                self.peer.sendall(data[at : at + 1])
        else:
            self.peer.sendall(data)

    def send_frame(self, data: bytes) -> None:
        self.send(struct.pack(">I", len(data)) + data)

    def send_and_linger(self, data: bytes = b"") -> None:
        self.peer.sendall(data)
        self.linger()
        raise EOFError

    def flood(self, data: bytes) -> None:
        many = data * max(1, 200_000 // len(data))
        while True:
            self.peer.sendall(many)

    # the way in
    def _log_in(self, first: bytes) -> None:
        mode = self.mode
        if mode is HiveMode.SILENT:
            self.send_and_linger()
        self._sasl_message(first)
        greetings: Mapping[HiveMode, Callable[[], bytes]] = {
            HiveMode.GARBAGE_GREETING: lambda: b"\xfe" + os.urandom(300),
            HiveMode.WEB_GREETING: lambda: b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            HiveMode.SASL_BAD: lambda: _sasl(_BAD, b"no such user"),
            HiveMode.SASL_ERROR: lambda: _sasl(_ERROR, b"Unsupported mechanism type PLAIN"),
            HiveMode.SASL_ODD_ERROR: lambda: _sasl(_BAD, ODD_MESSAGE),
            HiveMode.SASL_UNKNOWN_STATUS: lambda: _sasl(9, b""),
            HiveMode.SASL_HUGE: lambda: struct.pack(">bI", _COMPLETE, _HUGE),
            HiveMode.SASL_NEGATIVE: lambda: struct.pack(">bi", _BAD, -1),
            HiveMode.STALL_AFTER_GREETING: lambda: b"",
        }
        self._sasl_message(self.exactly(1))
        if mode in greetings:
            self.send_and_linger(greetings[mode]())
        if mode is HiveMode.SASL_TRUNCATED:
            self.send(_sasl(_COMPLETE, b"more")[:7])
            raise EOFError
        if mode is HiveMode.SASL_ENDLESS:
            while True:
                self.send(_sasl(_OK, b"and"))
                self._sasl_message(self.exactly(1))
        self.send(_sasl(_COMPLETE, b""))

    def _sasl_message(self, status: bytes) -> bytes:
        return status + self.exactly(struct.unpack(">I", self.exactly(4))[0])

    # calls
    def answer(self, data: bytes) -> bytes:
        """The message that answers the client's."""
        name, _, number, body = Reader(Bytes(data)).message()
        fields = body[1]
        if name == "ExecuteStatement":
            statement = fields[2]
            self.server.statements.append(statement.decode(errors="replace"))
            self.server.armed = self.server.is_trigger(statement)
            self.server.fetches = self.server.polls = 0
        mode = self.mode if self.server.armed or name in ("OpenSession", "CloseOperation") else HiveMode.WELL_BEHAVED
        result = getattr(self, f"_{name}", lambda mode, fields: structure({1: _SUCCESS}))(mode, fields)
        if isinstance(result, bytes):
            return result
        return _reply(name, number, result)

    def _OpenSession(self, mode: HiveMode, fields: dict[int, Any]) -> Value | bytes:
        if mode in (HiveMode.STALL_AFTER_AUTH, HiveMode.HTTP_SILENT):
            self.send_and_linger()
        if mode is HiveMode.SESSION_HUGE_FRAME:
            self.send_and_linger(struct.pack(">I", _HUGE))
        if mode is HiveMode.SESSION_GARBAGE:
            return os.urandom(300)
        if mode is HiveMode.SESSION_EXCEPTION:
            return _exception("OpenSession", b"unknown method")
        protocol = _PROTOCOLS.get(mode, 9)
        answers = {
            HiveMode.SESSION_ERROR: structure({1: _status(3, ODD_MESSAGE, "08S01"), 2: i32(protocol)}),
            HiveMode.NO_SESSION_HANDLE: structure({1: _SUCCESS, 2: i32(protocol)}),
            HiveMode.SESSION_WITHOUT_STATUS: structure({2: i32(protocol), 3: _HANDLE}),
        }
        settings = thrift.texts({"hive.server2.thrift.resultset.default.fetch.size": "1000"})
        return answers.get(mode) or structure({1: _SUCCESS, 2: i32(protocol), 3: _HANDLE, 4: settings})

    def _ExecuteStatement(self, mode: HiveMode, fields: dict[int, Any]) -> Value | bytes:
        if mode is HiveMode.CLOSES_ON_QUERY:
            raise EOFError
        raw: Mapping[HiveMode, bytes] = {
            HiveMode.STALL_ON_QUERY: b"",
            HiveMode.GARBAGE_ANSWER: struct.pack(">I", 500) + os.urandom(500),
            HiveMode.NEGATIVE_FRAME: struct.pack(">i", -5) + b"short",
            HiveMode.HUGE_FRAME: struct.pack(">I", _HUGE) + b"short",
        }
        if mode in raw:
            self.send_and_linger(raw[mode])
        if mode is HiveMode.EMPTY_FRAMES:
            self.flood(bytes(4))
        if mode is HiveMode.ENDLESS_FRAME:  # a text of 60 MB, and more of them
            self.send(struct.pack(">I", 0x3FFFFFFF) + _reply("ExecuteStatement", 1, _raw(b""))[:-1])
            self.flood(_field(STRING, 99, struct.pack(">I", 1000) + bytes(1000)))
        if mode is HiveMode.EXCEPTION:
            return _exception("ExecuteStatement", ODD_MESSAGE)
        if mode is HiveMode.OTHER_NAME:
            return _reply("GetCatalogs", 1, structure({1: _SUCCESS}))
        if mode is HiveMode.CALL_INSTEAD:
            return thrift.message("ExecuteStatement", thrift.CALL, 1, structure({1: structure({})}))
        answers = {
            HiveMode.ODD_ERROR: structure({1: _status(3, ODD_MESSAGE, "42000")}),
            HiveMode.UNKNOWN_STATUS: structure({1: _status(77)}),
            HiveMode.NO_STATUS: structure({2: _operation()}),
            HiveMode.NO_OPERATION_HANDLE: structure({1: _SUCCESS}),
            HiveMode.HUGE_STRING: _raw(_field(STRING, 1, struct.pack(">I", _HUGE))),
            HiveMode.NEGATIVE_STRING: _raw(_field(STRING, 1, struct.pack(">i", -1))),
            HiveMode.HUGE_LIST: _raw(_field(LIST, 9, struct.pack(">bI", STRING, _HUGE))),
            HiveMode.HUGE_MAP: _raw(_field(thrift.MAP, 9, struct.pack(">bbI", I32, I32, _HUGE))),
            HiveMode.DEEP_STRUCTS: _raw(_field(STRUCT, 9, b"") * 200_000),
            HiveMode.UNKNOWN_FIELD_TYPE: _raw(_field(77, 9, b"junk") + b"\0"),
            HiveMode.FURTHER_FIELDS: structure({1: _SUCCESS, 2: _operation(), 99: numbers(STRING, ["of", "later"])}),
        }
        return answers.get(mode) or structure({1: _SUCCESS, 2: _operation()})

    def _GetOperationStatus(self, mode: HiveMode, fields: dict[int, Any]) -> Value:
        self.server.polls += 1
        state = _STATES.get(mode, 2)
        if mode is HiveMode.PENDING_FIRST:
            state = (0, 7, 1, 2)[min(self.server.polls - 1, 3)]
        failed = {3: string("08S01"), 4: i32(7), 5: string("the query failed")} if mode is HiveMode.STATE_ERROR else {}
        return structure({1: _SUCCESS, 2: i32(state), **failed, 9: boolean(True)})

    def _GetResultSetMetadata(self, mode: HiveMode, fields: dict[int, Any]) -> Value:
        if mode is HiveMode.HUGE_COLUMN_COUNT:
            return structure({1: _SUCCESS, 2: _raw(_field(LIST, 1, struct.pack(">bI", STRUCT, _HUGE)))})
        second = _column("word", _STRING_TYPE, 2)
        others = {
            HiveMode.INVALID_NAME: _column(b"w\xff\xfe", _STRING_TYPE, 2),
            HiveMode.LONG_NAME: _column(b"w" * 1_000_000, _STRING_TYPE, 2),
            HiveMode.UNKNOWN_TYPE: _column("word", 99, 2),
            HiveMode.COLUMN_WITHOUT_NAME: structure({3: i32(2)}),
            HiveMode.DEEP_TYPE: structure({1: string("word"), 2: _raw(_field(STRUCT, 9, b"") * 200_000)}),
        }
        columns = [_column("id", _BIGINT_TYPE, 1), others.get(mode, second)]
        return structure({1: _SUCCESS, 2: structure({1: sequence(STRUCT, columns)})})

    def _FetchResults(self, mode: HiveMode, fields: dict[int, Any]) -> Value | bytes:
        self.server.fetches += 1
        asked = fields[3]
        if mode is HiveMode.STALL_AFTER_COLUMNS:
            self.send_and_linger()
        if mode is HiveMode.STILL_EXECUTING:
            return structure({1: structure({1: i32(2)}), 2: boolean(True), 3: _rows([])})
        if mode is HiveMode.LATE_ROWS:
            if self.server.fetches == 1:
                return structure({1: _SUCCESS, 2: boolean(True), 3: _rows([])})
            return structure({1: _SUCCESS, 2: boolean(False), 3: _rows(ROWS if self.server.fetches == 2 else [])})
        old = _PROTOCOLS.get(self.mode, 9) < 5
        if self.server.armed and old:
            rows = ROWS if self.server.fetches == 1 else ()
            rowset = structure({1: i64(0), 2: sequence(STRUCT, map(_old_row, rows))})
            return structure({1: _SUCCESS, 2: boolean(False), 3: rowset})
        if mode is HiveMode.ENDLESS_ROWS:
            return structure({1: _SUCCESS, 2: boolean(True), 3: _rows(ROWS * (asked // 2))})
        if self.server.fetches == 1:
            first = ROWS[:1] if mode in _MID_ROWS else ROWS
            return structure({1: _SUCCESS, 2: boolean(False), 3: _rows(first, mode)})
        if self.server.fetches == 2 and mode in _MID_ROWS:
            return self._mid_rows(mode)
        return structure({1: _SUCCESS, 2: boolean(False), 3: _rows([])})

    def _mid_rows(self, mode: HiveMode) -> Value | bytes:
        """In place of the second row."""
        if mode is HiveMode.CLOSES_MID_ROWS:
            raise EOFError
        if mode is HiveMode.STALL_MID_ROWS:
            self.send_and_linger(struct.pack(">I", 5000) + b"\x80\x01")
        if mode is HiveMode.TRUNCATED_ROWS:
            self.send(struct.pack(">I", 5000) + _reply("FetchResults", 1, structure({1: _SUCCESS, 3: _rows(ROWS)}))[:60])
            raise EOFError
        number, text = numbers(I64, [2]), numbers(STRING, ["two"])
        nulls = string(b"")
        one = structure({5: structure({1: number, 2: nulls})})
        two = structure({7: structure({1: text, 2: nulls})})

        def rows(*columns: Value) -> Value:
            rowset = structure({1: i64(0), 2: sequence(STRUCT, []), 3: sequence(STRUCT, columns)})
            return structure({1: _SUCCESS, 2: boolean(False), 3: rowset})

        def texts(data: bytes, bitmap: bytes = b"") -> Value:
            listed = Value(LIST, struct.pack(">bI", STRING, 1) + data)
            return structure({7: structure({1: listed, 2: string(bitmap)})})

        answers = {
            HiveMode.ERROR_MID_ROWS: structure({1: _status(3, b"the query was killed", "HY008")}),
            HiveMode.UNKNOWN_STATUS_MID_ROWS: structure({1: _status(77), 2: boolean(False), 3: _rows([])}),
            HiveMode.WRONG_MEMBER: rows(two, two),
            HiveMode.UNKNOWN_MEMBER: rows(one, structure({99: structure({1: text, 2: nulls})})),
            HiveMode.NO_MEMBER: rows(one, structure({})),
            HiveMode.UNEQUAL_COLUMNS: rows(one, structure({7: structure({1: numbers(STRING, ["a", "b"]), 2: nulls})})),
            HiveMode.MISSING_COLUMN: rows(one),
            HiveMode.FURTHER_COLUMN: rows(one, two, two),
            HiveMode.WRONG_ELEMENTS: rows(one, structure({7: structure({1: number, 2: nulls})})),
            HiveMode.HUGE_COLUMN: rows(
                structure({5: _raw(_field(LIST, 1, struct.pack(">bI", I64, _HUGE)))}), two
            ),
            HiveMode.HUGE_VALUE: rows(one, texts(struct.pack(">I", _HUGE))),
            HiveMode.LYING_VALUE: rows(one, texts(struct.pack(">I", 1000) + b"short")),
            HiveMode.HUGE_NULLS: rows(
                structure({5: _raw(_field(LIST, 1, number.data) + _field(STRING, 2, struct.pack(">I", _HUGE)))}), two
            ),
            HiveMode.ENCODED_COLUMNS: structure(
                {1: _SUCCESS, 3: structure({1: i64(0), 2: sequence(STRUCT, []), 4: string(os.urandom(50)), 5: i32(2)})}
            ),
            HiveMode.INVALID_TEXT: rows(one, texts(string(b"\xff\xfe").data)),
            HiveMode.NUL_TEXT: rows(one, texts(string(b"a\0b").data)),
        }
        return answers[mode]

    def _CloseOperation(self, mode: HiveMode, fields: dict[int, Any]) -> Value:
        return structure({1: _status(3, b"nothing to close") if mode is HiveMode.CLOSE_FAILS else _SUCCESS})


class _Http:
    """The same over HTTP/1.1."""

    def __init__(self, session: _Session) -> None:
        self._session = session

    def serve(self) -> None:
        session, mode = self._session, self._session.mode
        head = b"P"
        while True:
            while not head.endswith(b"\r\n\r\n"):
                head += session.exactly(1)
            lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            body = session.exactly(int(headers["content-length"]))
            head = b""
            if mode in _PAGES:
                session.send(_PAGES[mode])
                continue
            self._misanswer(mode)
            answer = session.answer(body)
            if mode is HiveMode.HTTP_SHORT_BODY:
                session.send(_http(answer)[:-10])
                raise EOFError
            session.send(_http(answer))

    def _misanswer(self, mode: HiveMode) -> None:
        session = self._session
        start = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-thrift\r\n"
        stuck = {
            HiveMode.HTTP_GARBAGE: os.urandom(300) + b"\r\n\r\n",
            HiveMode.HTTP_HUGE_LENGTH: start + b"Content-Length: 99999999999999999999\r\n\r\n",
            HiveMode.HTTP_NEGATIVE_LENGTH: start + b"Content-Length: -5\r\n\r\nabcdef",
            HiveMode.HTTP_TWO_LENGTHS: start + b"Content-Length: 3\r\nContent-Length: 6\r\n\r\nabcdef",
            HiveMode.HTTP_HUGE_CHUNK: start + b"Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nabc",
            HiveMode.HTTP_GARBAGE_CHUNK: start + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        }
        if mode in stuck:
            session.send_and_linger(stuck[mode])
        floods = {
            HiveMode.HTTP_ENDLESS_HEADER: (start + b"X: ", b"x" * 1000),
            HiveMode.HTTP_ENDLESS_HEADERS: (start, b"X-More: more\r\n"),
            HiveMode.HTTP_ENDLESS_CONTINUE: (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        }
        if mode in floods:
            session.send(floods[mode][0])
            session.flood(floods[mode][1])


# Whole answers that are none to a call.
_PAGES: Mapping[HiveMode, bytes] = {
    HiveMode.HTTP_UNAUTHORIZED: b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n',
    HiveMode.HTTP_REDIRECT: b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    HiveMode.HTTP_SERVER_ERROR: b"HTTP/1.1 500 Server Error\r\nContent-Length: 12\r\n\r\nodd \x1b[31m\xff\xfe\0",
    HiveMode.HTTP_PAGE: b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>",
}


def _sasl(status: int, data: bytes) -> bytes:
    return struct.pack(">bI", status, len(data)) + data


def _reply(name: str, number: int, answer: Value) -> bytes:
    return thrift.message(name, thrift.REPLY, number, structure({0: answer}))


def _exception(name: str, words: bytes) -> bytes:
    return thrift.message(name, thrift.EXCEPTION, 1, structure({1: string(words), 2: i32(1)}))


def _http(body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/x-thrift\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _operation() -> Value:
    identifier = structure({1: string(b"o" * 16), 2: string(b"s" * 16)})
    return structure({1: identifier, 2: i32(0), 3: boolean(True)})


def _column(name: str | bytes, kind: int, position: int) -> Value:
    entry = structure({1: structure({1: i32(kind)})})
    return structure({1: string(name), 2: structure({1: sequence(STRUCT, [entry])}), 3: i32(position)})


def _rows(rows: Any, mode: HiveMode = HiveMode.WELL_BEHAVED) -> Value:
    """A TRowSet of columns."""
    listed = list(rows)
    bitmaps = {HiveMode.SHORT_NULLS: b"", HiveMode.LONG_NULLS: bytes(100)}
    nulls = string(bitmaps.get(mode, bytes((len(listed) + 7) // 8)))
    ids = structure({5: structure({1: numbers(I64, [row[0] for row in listed]), 2: nulls})})
    words = structure({7: structure({1: numbers(STRING, [row[1] for row in listed]), 2: nulls})})
    return structure({1: i64(0), 2: sequence(STRUCT, []), 3: sequence(STRUCT, [ids, words])})


def _old_row(row: tuple[int, str]) -> Value:
    """A TRow, as up to version 5."""
    values = [structure({5: structure({1: i64(row[0])})}), structure({7: structure({1: string(row[1])})})]
    return structure({1: sequence(STRUCT, values)})


_PROTOCOLS = {
    HiveMode.OLD_PROTOCOL: 0,
    HiveMode.PROTOCOL_5: 4,
    HiveMode.UNKNOWN_PROTOCOL: 999,
    HiveMode.NEGATIVE_PROTOCOL: -7,
}
_STATES = {
    HiveMode.UNKNOWN_STATE: 42,
    HiveMode.STATE_ERROR: 5,
    HiveMode.STATE_CANCELED: 3,
    HiveMode.STATE_CLOSED: 4,
    HiveMode.STATE_TIMED_OUT: 8,
    HiveMode.RUNS_FOR_EVER: 1,
}
_MID_ROWS = frozenset(
    mode for mode in HiveMode if HiveMode.STALL_MID_ROWS.value <= mode.value <= HiveMode.NUL_TEXT.value
)


class FakeHive(FakeServer):
    """The listening server."""

    provider: ClassVar[str] = "hive"
    mode: HiveMode

    def __init__(self, mode: HiveMode, *, trigger: str = "") -> None:
        super().__init__(mode, trigger=trigger)
        # of the statement that was sent last, over whichever connection
        self.armed = False
        self.fetches = 0
        self.polls = 0

    def session(self, peer: socket.socket) -> FakeSession:
        return _Session(self, peer)
