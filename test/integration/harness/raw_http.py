"""Requests to connector-http as bytes, for what no client library sends."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from servers.http import HttpServer


@dataclass
class RawAnswer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    version: str = "HTTP/1.1"
    names: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = {name.lower(): value for name, value in self.headers}


class RawConnection:
    """A connection that sends what it is told, and reads answers by the rules of HTTP."""

    def __init__(
        self, server: HttpServer, *, tls: ssl.SSLContext | None = None, source: str | None = None, buffer: int | None = None
    ) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(120)
        if buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        if source is not None:
            self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", server.port))
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._stream: io.BufferedReader | None = None

    def send(self, data: bytes | str) -> Self:
        self.socket.sendall(data.encode() if isinstance(data, str) else data)
        return self

    @property
    def stream(self) -> io.BufferedReader:
        if self._stream is None:
            self._stream = self.socket.makefile("rb")
        return self._stream

    def answer(self, *, head: bool = False) -> RawAnswer:
        """The next answer. Raises http.client.BadStatusLine if the connection ends before."""
        line = self.stream.readline()
        version, _, rest = line.decode().partition(" ")
        if not version.startswith("HTTP/"):
            raise http.client.BadStatusLine(line.decode(errors="replace"))
        status = int(rest[:3])
        headers: list[tuple[str, str]] = []
        while (line := self.stream.readline()) != b"\r\n":
            assert line.endswith(b"\r\n") and b":" in line, line
            name, _, value = line.decode().partition(":")
            headers.append((name, value.strip()))
        names = {name.lower(): value for name, value in headers}
        body = b""
        if not head and status not in (100, 204):
            if names.get("transfer-encoding") == "chunked":
                while piece := self.chunk():
                    body += piece
            elif "content-length" in names:
                body = self.stream.read(int(names["content-length"]))
            else:
                body = self.stream.read()
        return RawAnswer(status, headers, body, version)

    def head(self) -> RawAnswer:
        """Status and headers alone; what follows is read by chunk()."""
        return self.answer(head=True)

    def chunk(self) -> bytes:
        """One chunk; empty: the last."""
        size = int(self.stream.readline(), 16)
        piece = self.stream.read(size)
        assert self.stream.readline() == b"\r\n"
        return piece

    def ended(self) -> bool:
        """Waits until the server ends the connection; false if it sends something before."""
        try:
            return self.stream.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def asked(server: HttpServer, request: bytes | str) -> tuple[RawAnswer, bool]:
    """The answer to one request on a connection of its own, and whether the server ended the connection behind it."""
    with RawConnection(server) as connection:
        answer = connection.send(request).answer()
        return answer, answer.names.get("connection") == "close" and connection.ended()
