"""What fake servers share: they listen, serve each client in a thread of its own, and record all that clients send."""

from __future__ import annotations

import socket
import struct
import threading
from abc import ABC, abstractmethod
from enum import Enum
from types import TracebackType
from typing import ClassVar, Self

from .process import wait_until


class FakeSession(threading.Thread, ABC):
    """One client."""

    def __init__(self, server: FakeServer, peer: socket.socket) -> None:
        super().__init__(name=f"{type(server).__name__}-session", daemon=True)
        self.server = server
        self.peer = peer
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @abstractmethod
    def serve(self) -> None:
        """From the first byte to the end of the connection."""

    def run(self) -> None:
        try:
            self.serve()
        except (OSError, EOFError, struct.error):
            pass  # the client left, or the test closed us
        finally:
            self.peer.close()

    def exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.peer.recv(count - len(data))
            if not part:
                raise EOFError
            self.server.record(part)
            data += part
        return data

    def linger(self) -> None:
        """Says nothing more, and records what still comes, until the client leaves."""
        self.server.lingering += 1
        while part := self.peer.recv(65536):
            self.server.record(part)


class FakeServer(ABC):
    """The listening server; a context manager. `received` holds every byte that clients sent.

    Only statements that contain `trigger` get the misdeeds of the query phase; others are answered well.
    """

    provider: ClassVar[str]

    def __init__(self, mode: Enum, *, trigger: str = "", port: int = 0) -> None:
        self.mode = mode
        self.trigger = trigger.encode()
        self.statements: list[str] = []
        self.lingering = 0
        self.accepted = 0
        self._received = bytearray()
        self._lock = threading.Lock()
        self._sessions: list[FakeSession] = []
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name=type(self).__name__, daemon=True)

    @abstractmethod
    def session(self, peer: socket.socket) -> FakeSession:
        """A client has come."""

    @property
    def received(self) -> bytes:
        with self._lock:
            return bytes(self._received)

    def record(self, data: bytes) -> None:
        with self._lock:
            self._received += data

    def is_trigger(self, statement: bytes) -> bool:
        return self.trigger in statement

    def connection(self, **more: object) -> dict[str, object]:
        """The `connection` object of a connector that reads from here."""
        return {
            "server": "127.0.0.1",
            "port": self.port,
            "database": "testdb",
            "username": "somebody",
            "password": "a-secret-password",
            **more,
        }

    def open_sessions(self) -> int:
        return sum(session.is_alive() for session in self._sessions)

    def wait_until_left(self) -> None:
        """Waits until every client has closed its connection."""
        wait_until(lambda: self.open_sessions() == 0, what="the client to leave")

    def wait_until_lingering(self) -> None:
        """Waits until the server has come to its stall."""
        wait_until(lambda: self.lingering > 0, what="the fake server's stall")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for session in self._sessions:
            try:
                session.peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            session.join(30)

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            session = self.session(peer)
            self._sessions.append(session)
            session.start()
