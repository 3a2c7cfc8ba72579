"""The listening server, in this process: a thread for each client."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ..process import wait_until
from . import collations
from .faults import Mode
from .login import TDS_74, Login
from .prelogin import Encryption
from .session import Session
from .sql.storage import SYSTEM_DATABASES, Storage
from .tls import server_context

ADMIN, USER, PASSWORD = "sa", "tester", "tds-test-password"  # noqa: S105: of a test double on loopback
DATABASE = "testdb"
_FIRST_SPID, _LAST_SPID = 51, 32766


class TdsServer:
    """A context manager. Everything a test may look at or change while it runs is a public attribute.

    `folder` keeps the databases (a temporary one by default). `certificate` and `key` give it TLS, and `encryption`
    says how much of it is wanted (default: off with them, which encrypts logins; not supported without).
    """

    name = "TDSTEST"

    def __init__(
        self,
        mode: Mode = Mode.WELL_BEHAVED,
        *,
        trigger: str = "",
        port: int = 0,
        folder: Path | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
        encryption: Encryption | None = None,
        passwords: dict[str, str] | None = None,
        databases: Sequence[str] = (DATABASE,),
        default_database: str = "master",
        newest_version: int = TDS_74,
    ) -> None:
        self.mode = mode
        self.trigger = trigger
        self.trigger_describes = False
        self.passwords = passwords or {ADMIN: PASSWORD, USER: PASSWORD}
        self.default_database = default_database
        self.newest_version = newest_version
        self.routes_to: tuple[str, int] | None = None
        self.tls: ssl.SSLContext | None = server_context(certificate, key) if certificate and key else None
        if encryption is None:
            encryption = Encryption.OFF if self.tls else Encryption.NOT_SUPPORTED
        self.encryption = encryption
        if self.tls is None and self.encryption is not Encryption.NOT_SUPPORTED:
            raise ValueError("encryption needs a certificate")
        # what was seen
        self.statements: list[str] = []
        self.logins: list[Login] = []
        self.problems: list[str] = []
        self.lingering = 0
        self.accepted = 0
        self.attentions = 0
        self._received = bytearray()
        self._records = False
        self._lock = threading.Lock()
        self._sessions: list[Session] = []
        self._own_folder = folder is None
        self.storage = Storage(folder or Path(tempfile.mkdtemp(prefix="tds-server-")))
        for database in (*SYSTEM_DATABASES, *databases):
            if not (self.storage.folder / f"{database}.sqlite").exists():
                self.storage.create(database, collations.DEFAULT)
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="tds-server", daemon=True)

    # what was received
    def record_received(self) -> None:
        """From now on every byte that clients send is kept."""
        self._records = True

    @property
    def received(self) -> bytes:
        with self._lock:
            return bytes(self._received)

    def record(self, data: bytes) -> None:
        if self._records:
            with self._lock:
                self._received += data

    # sessions
    def logged_in(self) -> list[Session]:
        return [session for session in list(self._sessions) if session.logged_in]

    def kill(self, spid: int) -> bool:
        """Ends a session; False if there is none of that number."""
        found = next((session for session in self.logged_in() if session.spid == spid), None)
        if found is not None:
            found.kill()
        return found is not None

    def open_sessions(self) -> int:
        return sum(session.is_alive() for session in list(self._sessions))

    def wait_until_left(self) -> None:
        """Waits until every client has closed its connection."""
        wait_until(lambda: self.open_sessions() == 0, what="the client to leave")

    def wait_until_lingering(self) -> None:
        """Waits until the server has come to its stall."""
        wait_until(lambda: self.lingering > 0, what="the test server's stall")

    def connection(self, **more: object) -> dict[str, object]:
        """The `connection` object of a connector that reads from here."""
        return {
            "server": "127.0.0.1",
            "port": self.port,
            "database": DATABASE,
            "username": USER,
            "password": self.passwords[USER],
            **more,
        }

    # life
    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for session in self._sessions:
            with contextlib.suppress(OSError):
                session.peer.shutdown(socket.SHUT_RDWR)
            session.join(30)
        if self._own_folder:
            shutil.rmtree(self.storage.folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.accepted += 1
            self._sessions = [session for session in self._sessions if session.is_alive()]
            session = Session(self, peer, self._next_spid())
            self._sessions.append(session)
            session.start()

    def _next_spid(self) -> int:
        """Not the number of a session that has just ended, which somebody may still ask for."""
        return _FIRST_SPID + (self.accepted - 1) % (_LAST_SPID - _FIRST_SPID)
