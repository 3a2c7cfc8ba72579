"""A small client of HiveServer2 for the tests themselves: SASL PLAIN or no SASL, over TCP."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from . import thrift
from .thrift import Bytes, Reader, Value, boolean, i16, i32, i64, string, structure, texts

PROTOCOL_V10 = 9  # TProtocolVersion counts from 0

FINISHED, CANCELED, CLOSED, ERROR, TIMED_OUT = 2, 3, 4, 5, 8  # TOperationState
_ENDED = (FINISHED, CANCELED, CLOSED, ERROR, TIMED_OUT)


class HiveError(RuntimeError):
    """What the server said went wrong."""


class HiveClient:
    """One session; a context manager."""

    def __init__(
        self,
        port: int,
        user: str = "tester",
        password: str = "x",
        *,
        sasl: bool = True,
        limit: float = 300,
        database: str = "default",
    ) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=limit)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sasl = sasl
        self._number = 0
        try:
            if sasl:
                self._negotiate(user, password)
            fields = {1: i32(PROTOCOL_V10), 2: string(user), 3: string(password), 4: texts({"use:database": database})}
            answer = self.call("OpenSession", fields)
        except BaseException:
            self._socket.close()
            raise
        self._session = _handle(answer[3])

    def _negotiate(self, user: str, password: str) -> None:
        for status, data in ((1, b"PLAIN"), (2, f"\0{user}\0{password}".encode())):
            self._socket.sendall(struct.pack(">bI", status, len(data)) + data)
        status, size = struct.unpack(">bI", self._exactly(5))
        said = self._exactly(size)
        if status != 5:
            raise HiveError(f"the login ended with status {status}: {said.decode(errors='replace')}")

    def _exactly(self, count: int) -> bytes:
        parts = []
        while count:
            part = self._socket.recv(min(count, 1 << 20))
            if not part:
                raise EOFError("the server closed the connection")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def call(self, name: str, fields: Mapping[int, Value]) -> dict[int, Any]:
        """One call; gives the fields of its answer, whose status was a good one."""
        self._number += 1
        data = thrift.message(name, thrift.CALL, self._number, structure({1: structure(fields)}))
        self._socket.sendall(struct.pack(">I", len(data)) + data if self._sasl else data)
        source = Bytes(self._exactly(struct.unpack(">I", self._exactly(4))[0])) if self._sasl else self._exactly
        _, kind, _, body = Reader(source).message()
        if kind == thrift.EXCEPTION:
            raise HiveError(body.get(1, b"").decode(errors="replace"))
        answer: dict[int, Any] = body[0]
        status = answer[1]
        if status[1] > 2:
            raise HiveError(status.get(5, b"").decode(errors="replace") or f"{name}: status {status[1]}")
        return answer

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Runs a statement to its end; gives its rows, texts decoded."""
        answer = self.call("ExecuteStatement", {1: self._session, 2: string(statement), 4: boolean(True)})
        operation = _handle(answer[2])
        try:
            while True:
                state = self.call("GetOperationStatus", {1: operation})
                if state[2] in _ENDED:
                    break
            if state[2] != FINISHED:
                raise HiveError(state.get(5, b"").decode(errors="replace") or f"state {state[2]}")
            return self._fetch(operation) if state.get(9, answer[2].get(3)) else []
        finally:
            self.call("CloseOperation", {1: operation})

    def _fetch(self, operation: Value) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        while True:
            answer = self.call("FetchResults", {1: operation, 2: i32(0), 3: i64(10_000), 4: i16(0)})
            more = list(zip(*(_values(column) for column in answer[3].get(3, [])), strict=True))
            if not more:
                return rows
            rows += more

    def close(self) -> None:
        try:
            self.call("CloseSession", {1: self._session})
        finally:
            self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self.close()
        else:
            self._socket.close()


def _handle(fields: Mapping[int, Any]) -> Value:
    """A session's or an operation's handle, as the server gave it."""
    identifier = structure({number: string(value) for number, value in fields[1].items()})
    if 2 not in fields:
        return structure({1: identifier})
    return structure({1: identifier, 2: i32(fields[2]), 3: boolean(fields[3])})


def _values(column: Mapping[int, Any]) -> list[Any]:
    """The values of a TColumn, NULLs as None."""
    ((member, parts),) = column.items()
    nulls = parts.get(2, b"")
    values = []
    for number, value in enumerate(parts[1]):
        if number // 8 < len(nulls) and nulls[number // 8] >> number % 8 & 1:
            values.append(None)
        else:
            values.append(value.decode() if member == 7 else value)
    return values
