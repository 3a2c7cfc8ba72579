"""What a server can do wrong, phase by phase.

A `Mode` is chosen for each connection: the server's `mode` when it is accepted, or the part of the user's name behind
a `!` (`tester!STALL_ON_LOGIN`) for what happens from the login on. Misdeeds of the query phase are done only to
statements that contain the server's `trigger`, and not to their description (`sp_describe_first_result_set`), unless
`trigger_describes` says so; all other statements are answered well.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING

from . import packets as wire
from . import tokens as token
from .prelogin import Encryption
from .sql import describe
from .tokens import Column, Notice
from .types import BIGINT, MAX, SqlType

if TYPE_CHECKING:
    from .login import Login
    from .session import Session
    from .sink import ResponseSink


class Over(Exception):
    """The session ends here."""


class Mode(Enum):
    """What the server does wrong."""

    WELL_BEHAVED = auto()
    # before the login
    SILENT = auto()  # accepts, never speaks
    CLOSES_AT_ONCE = auto()
    STALL_ON_PRELOGIN = auto()
    CLOSE_ON_PRELOGIN = auto()
    GARBAGE_PRELOGIN = auto()  # random bytes for a packet
    HUGE_PRELOGIN = auto()  # a header that promises 65535 bytes, a few of them, silence
    TRUNCATED_PRELOGIN = auto()  # a whole packet whose options end early
    LYING_PRELOGIN = auto()  # an option that lies outside the message
    TLS_LIE = auto()  # agrees to TLS, then talks garbage instead of a handshake
    TLS_STALL = auto()
    TLS_CLOSE = auto()
    # the login
    STALL_ON_LOGIN = auto()
    CLOSE_ON_LOGIN = auto()
    GARBAGE_LOGIN = auto()
    TRUNCATED_LOGIN = auto()  # LOGINACK ends in the middle, and the message with it
    ODD_LOGIN_VERSION = auto()  # LOGINACK with a version that nobody asked for
    ERROR_ON_LOGIN = auto()  # too many connections
    STALL_AFTER_LOGIN = auto()
    # statements
    STALL_ON_QUERY = auto()
    CLOSE_ON_QUERY = auto()
    GARBAGE_RESPONSE = auto()
    UNKNOWN_TOKEN = auto()
    WRONG_PACKET_TYPE = auto()
    SHORT_PACKET_LENGTH = auto()  # a header that says 4 bytes
    HUGE_COLUMN_COUNT = auto()
    WRONG_COLUMN_COUNT = auto()  # promises three columns, defines two
    GARBAGE_COLUMNS = auto()
    UNKNOWN_TYPE = auto()
    ROW_WITHOUT_COLUMNS = auto()
    STALL_AFTER_COLUMNS = auto()
    STALL_MID_ROWS = auto()
    CLOSE_MID_ROWS = auto()
    TRUNCATED_ROW = auto()  # closes in the middle of a packet
    SHORT_ROW = auto()  # the message ends within a row
    LYING_LENGTH = auto()  # a value that is longer than its column
    HUGE_PLP_LENGTH = auto()  # a (max) value of 2^62 bytes
    HUGE_PLP_CHUNK = auto()  # a chunk of 4 GB
    BAD_DECIMAL = auto()  # a decimal of 200 bytes
    BAD_DATE = auto()  # days and times beyond the calendar
    ODD_TEXT = auto()  # UTF-16 with lone surrogates
    ODD_CODE_PAGE = auto()  # a byte that is no character of a varchar's code page
    ENDLESS_ROWS = auto()
    ENDLESS_VALUE = auto()  # one (max) value that never ends
    ENDLESS_MESSAGES = auto()  # informational messages for ever
    ERROR_MID_ROWS = auto()
    ODD_ERROR = auto()  # an error text with odd characters and format directives
    SHORT_ERROR = auto()  # an ERROR token of three bytes
    MANY_ERRORS = auto()
    FATAL_ERROR = auto()  # class 20, and the connection is closed
    NO_DONE = auto()  # the message ends without DONE
    IGNORES_ATTENTION = auto()  # stalls on the statement, and on the attention as well
    CLOSES_ON_ATTENTION = auto()


ODD_MESSAGE = 'odd %s%n \x01\x02\x1b[31m \udc00 quote\' "dq" back\\slash\nline'
MANY = 50


def _stall(session: Session) -> None:
    session.linger()
    raise Over


def at_accept(session: Session) -> bool:
    """True if the session is over before anything was said."""
    if session.mode is Mode.SILENT:
        session.linger()
    return session.mode in (Mode.SILENT, Mode.CLOSES_AT_ONCE)


def at_prelogin(session: Session) -> None:
    """The client has sent PRELOGIN."""
    mode = session.mode
    if mode is Mode.STALL_ON_PRELOGIN:
        _stall(session)
    if mode is Mode.CLOSE_ON_PRELOGIN:
        raise Over
    raw = {
        Mode.GARBAGE_PRELOGIN: b"\x04\x01\x00\xc8" + os.urandom(196),
        Mode.HUGE_PRELOGIN: b"\x04\x01\xff\xff\0\0\1\0" + bytes(20),
    }
    if mode in raw:
        session.plain.send(raw[mode])
        _stall(session)


def prelogin_answer(session: Session, answer: bytes) -> bytes:
    """The server's PRELOGIN, spoilt if so wanted."""
    if session.mode is Mode.TRUNCATED_PRELOGIN:
        return answer[:7]
    if session.mode is Mode.LYING_PRELOGIN:
        return b"\0\xff\xf0\0\x06" + answer[5:]
    return answer


def encryption(session: Session) -> Encryption:
    """What the server says of encryption."""
    lies = session.mode in (Mode.TLS_LIE, Mode.TLS_STALL, Mode.TLS_CLOSE)
    return Encryption.ON if lies else session.server.encryption


def at_tls(session: Session) -> None:
    """TLS was agreed on."""
    if session.mode is Mode.TLS_LIE:
        session.plain.send(wire.packets(wire.PRELOGIN, b"\x16\x03\x03" + os.urandom(500)))
        _stall(session)
    if session.mode is Mode.TLS_STALL:
        _stall(session)
    if session.mode is Mode.TLS_CLOSE:
        raise Over


def at_login(session: Session, asked: Login) -> None:
    """The client has sent LOGIN7. A mode in the user's name counts from here on."""
    name, _, wanted = asked.user.partition("!")
    if wanted:
        asked.user = name
        session.mode = Mode[wanted]
    mode = session.mode
    if mode is Mode.STALL_ON_LOGIN:
        _stall(session)
    if mode is Mode.CLOSE_ON_LOGIN:
        raise Over
    if mode is Mode.GARBAGE_LOGIN:
        session.stream.send(wire.packets(wire.RESPONSE, os.urandom(200)))
        _stall(session)
    if mode is Mode.TRUNCATED_LOGIN:
        ack = session.tokens.login_ack("Microsoft SQL Server", (16, 0, 1000))
        session.stream.send(wire.packets(wire.RESPONSE, ack[:9]))
        raise Over
    if mode is Mode.ERROR_ON_LOGIN:
        text = "Could not connect because the maximum number of '1' user connections has already been reached."
        tokens = session.tokens
        data = tokens.message(Notice(17809, text, severity=20)) + tokens.done(token.DONE_ERROR)
        session.stream.send(wire.packets(wire.RESPONSE, data))
        raise Over


def login_ack(session: Session, ack: bytes) -> bytes:
    """LOGINACK, spoilt if so wanted."""
    return ack[:4] + b"\x7f\x01\x02\x03" + ack[8:] if session.mode is Mode.ODD_LOGIN_VERSION else ack


def after_login(session: Session) -> None:
    if session.mode is Mode.STALL_AFTER_LOGIN:
        _stall(session)


def at_attention(session: Session) -> None:
    """An attention has arrived."""
    if session.mode is Mode.CLOSES_ON_ATTENTION:
        raise Over


# Statements

_ID = Column("id", BIGINT, nullable=False)
_WORD = Column("word", SqlType("nvarchar", 20))
_COLUMNS = (_ID, _WORD)
_ROWS = ((1, "één"), (2, "two"))
_LARGE = (_ID, Column("word", SqlType("nvarchar", MAX)))


def at_statement(session: Session, text: str, sink: ResponseSink) -> bool:
    """A statement is to be run. What is done wrong instead ends the session, but for a value that is only odd. True if it
    was answered here."""
    server = session.server
    if not server.is_trigger(text.encode()) or not _is_query(text):
        return False
    describes = "sp_describe_first_result_set" in text
    if session.mode is not Mode.WELL_BEHAVED and (server.trigger_describes or not describes):
        if session.mode in _ODD_VALUES:
            sink.write(_RESULTS[session.mode](session)[0])
            return True
        _misanswer(session)
    if not (server.serves_trigger and server.trigger):
        return False
    if describes:
        assert session.executor is not None
        sink.columns(describe.COLUMNS, ())
        for number, column in enumerate(_COLUMNS, 1):
            sink.row(describe.row_of(session.executor, number, column))
        sink.done(len(_COLUMNS))
    else:
        sink.columns(_COLUMNS, ())
        for row in _ROWS:
            sink.row(row)
        sink.done(len(_ROWS))
    return True


def _misanswer(session: Session) -> None:
    mode = session.mode
    if mode is Mode.STALL_ON_QUERY or mode is Mode.IGNORES_ATTENTION:
        _stall(session)
    if mode is Mode.CLOSE_ON_QUERY:
        raise Over
    if mode in _RAW:
        session.stream.send(_RAW[mode]())
        _stall(session)
    if mode in _ENDLESS:
        _ENDLESS[mode](session)
    spoil = _RESULTS.get(mode)
    if spoil is not None:
        data, ends = spoil(session)
        _send(session, data, ends=ends)
        if ends and mode is not Mode.FATAL_ERROR:
            session.linger()  # whatever the client makes of it
        elif mode in (Mode.STALL_AFTER_COLUMNS, Mode.STALL_MID_ROWS):
            _stall(session)
        raise Over


def _is_query(text: str) -> bool:
    return not text.lstrip().upper().startswith(("SET ", "USE ", "CREATE ", "INSERT ", "DROP "))


def _send(session: Session, data: bytes, *, ends: bool) -> None:
    """A response with these bytes; without an end its last packet lacks the EOM bit."""
    whole = bytearray(wire.packets(wire.RESPONSE, data, size=session.packet_size, spid=session.spid))
    if not ends:
        last = len(whole) - ((len(data) - 1) % (session.packet_size - wire.HEADER.size) + 1) - wire.HEADER.size
        whole[last + 1] = 0
    session.stream.send(bytes(whole))


def _packet(data: bytes, *, kind: int = wire.RESPONSE, length: int | None = None) -> bytes:
    size = wire.HEADER.size + len(data) if length is None else length
    return wire.HEADER.pack(kind, wire.END_OF_MESSAGE, size, 0, 1, 0) + data


_RAW: dict[Mode, Callable[[], bytes]] = {
    Mode.GARBAGE_RESPONSE: lambda: _packet(os.urandom(300)),
    Mode.UNKNOWN_TOKEN: lambda: _packet(b"\x42\x10\x00" + bytes(16)),
    Mode.WRONG_PACKET_TYPE: lambda: _packet(bytes(20), kind=0x55),
    Mode.SHORT_PACKET_LENGTH: lambda: _packet(bytes(20), length=4),
}


def _first(session: Session, columns: tuple[Column, ...] = _COLUMNS) -> bytes:
    """Columns and a good first row."""
    return session.tokens.columns(columns) + session.tokens.row_writer(columns)([1, "één"])


def _row(number: int) -> bytes:
    """The beginning of a row: its id."""
    return b"\xd1" + struct.pack("<q", number)


def _done(session: Session) -> bytes:
    return session.tokens.done(count=2)


def _error(session: Session, notice: Notice) -> bytes:
    return session.tokens.message(notice)


def _third_column(session: Session) -> bytes:
    whole = session.tokens.columns(_COLUMNS)
    return whole[:1] + b"\3\0" + whole[3:] + session.tokens.row_writer(_COLUMNS)([1, "één"]) + _done(session)


def _many(session: Session) -> bytes:
    notices = (Notice(50000 + number, f"error number {number}", severity=16, line=number + 1) for number in range(MANY))
    return b"".join(_error(session, notice) for notice in notices) + session.tokens.done(token.DONE_ERROR)


def _one_column(session: Session, kind: SqlType, value: bytes) -> bytes:
    return session.tokens.columns((Column("value", kind),)) + b"\xd1" + value + _done(session)


def _odd_word(session: Session, kind: SqlType, data: bytes) -> bytes:
    columns = (_COLUMNS[0], Column("word", kind))
    word = struct.pack("<H", len(data)) + data
    return session.tokens.columns(columns) + _row(1) + word + session.tokens.row_writer(columns)([2, "two"]) + _done(session)


_LONE_SURROGATES = struct.pack("<4H", 0xD800, 0x41, 0xDC00, 0xDBFF)
_GREEK = SqlType("varchar", 20, collation="Greek_CI_AS")


_BAD_DATE = b"\x08" + b"\xff" * 8

# The bytes, and whether the message ends behind them
_RESULTS: dict[Mode, Callable[[Session], tuple[bytes, bool]]] = {
    Mode.HUGE_COLUMN_COUNT: lambda session: (b"\x81\xfe\xff" + session.tokens.columns(_COLUMNS)[3:], True),
    Mode.WRONG_COLUMN_COUNT: lambda session: (_third_column(session), True),
    Mode.GARBAGE_COLUMNS: lambda session: (b"\x81\2\0" + os.urandom(80), True),
    Mode.UNKNOWN_TYPE: lambda session: (b"\x81\1\0" + struct.pack("<IH", 0, 1) + b"\x99" + token.b_varchar("x"), True),
    Mode.ROW_WITHOUT_COLUMNS: lambda session: (_row(1) + _done(session), True),
    Mode.STALL_AFTER_COLUMNS: lambda session: (session.tokens.columns(_COLUMNS), False),
    Mode.STALL_MID_ROWS: lambda session: (_first(session), False),
    Mode.CLOSE_MID_ROWS: lambda session: (_first(session), False),
    Mode.TRUNCATED_ROW: lambda session: (_first(session) + _row(2) + b"\x28\0" + bytes(3), False),
    Mode.SHORT_ROW: lambda session: (_first(session) + _row(2)[:5], True),
    Mode.LYING_LENGTH: lambda session: (_first(session) + _row(2) + b"\xf0\xff" + b"short", True),
    Mode.HUGE_PLP_LENGTH: lambda session: (
        _first(session, _LARGE) + _row(2) + struct.pack("<QI", 1 << 62, 8) + bytes(8) + bytes(4) + _done(session),
        True,
    ),
    Mode.HUGE_PLP_CHUNK: lambda session: (
        _first(session, _LARGE) + _row(2) + struct.pack("<QI", 0xFFFFFFFFFFFFFFFE, 0xFFFFFFF0),
        True,
    ),
    Mode.BAD_DECIMAL: lambda session: (
        _one_column(session, SqlType("decimal", precision=38, scale=2), b"\xc8" + b"\1" + b"\xff" * 199),
        True,
    ),
    Mode.BAD_DATE: lambda session: (_one_column(session, SqlType("datetime2", scale=7), _BAD_DATE), True),
    Mode.ODD_TEXT: lambda session: (_odd_word(session, SqlType("nvarchar", 20), _LONE_SURROGATES), True),
    Mode.ODD_CODE_PAGE: lambda session: (_odd_word(session, _GREEK, b"a\xaa"), True),
    Mode.ERROR_MID_ROWS: lambda session: (
        _first(session)
        + _error(session, Notice(1205, "Transaction was deadlocked on lock resources.", severity=13, state=51))
        + session.tokens.done(token.DONE_ERROR),
        True,
    ),
    Mode.ODD_ERROR: lambda session: (
        _error(session, Notice(50000, ODD_MESSAGE, severity=16)) + session.tokens.done(token.DONE_ERROR),
        True,
    ),
    Mode.SHORT_ERROR: lambda session: (b"\xaa\x03\0abc" + session.tokens.done(token.DONE_ERROR), True),
    Mode.MANY_ERRORS: lambda session: (_many(session), True),
    Mode.FATAL_ERROR: lambda session: (
        _error(session, Notice(21, "Warning: Fatal error 823 occurred.", severity=24))
        + session.tokens.done(token.DONE_ERROR),
        True,
    ),
    Mode.NO_DONE: lambda session: (_first(session), True),
}

_ODD_VALUES = (Mode.ODD_TEXT, Mode.ODD_CODE_PAGE)


def _for_ever(session: Session, start: bytes, more: Callable[[int], bytes]) -> None:
    """Packets without an end; the client's closing ends it."""
    response = wire.Response(session.stream, session.packet_size, session.spid)
    response.write(start)
    number = 1
    while True:
        number += 1
        if response.write(more(number)):
            session.check()


def _endless_value(session: Session) -> None:
    start = _first(session, _LARGE) + _row(2) + struct.pack("<Q", 0xFFFFFFFFFFFFFFFE)
    chunk = struct.pack("<I", 8000) + "é".encode("utf-16-le") * 4000
    response = wire.Response(session.stream, session.packet_size, session.spid)
    response.write(start)
    while True:  # attentions are not heard: a value can't be broken off
        response.write(chunk)


_ENDLESS: dict[Mode, Callable[[Session], None]] = {
    Mode.ENDLESS_ROWS: lambda session: _for_ever(
        session, _first(session), lambda number: session.tokens.row_writer(_COLUMNS)([number, "more"])
    ),
    Mode.ENDLESS_MESSAGES: lambda session: _for_ever(
        session, b"", lambda number: session.tokens.message(Notice(0, f"message {number}"))
    ),
    Mode.ENDLESS_VALUE: _endless_value,
}
