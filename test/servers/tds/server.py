"""The listening server, in this process: a thread for each client."""

from __future__ import annotations

import shutil
import socket
import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from ..fake_server import FakeServer
from . import collations
from .faults import Mode
from .locks import Locks
from .login import TDS_74, Login
from .prelogin import Encryption
from .session import Session
from .sql.babelfish import Product
from .sql.storage import SYSTEM_DATABASES, Storage
from .tls import server_context

ADMIN, USER, PASSWORD = "sa", "tester", "tds-test-password"
DATABASE = "testdb"
_FIRST_SPID, _LAST_SPID = 51, 32766


class TdsServer(FakeServer):
    """A context manager. Everything a test may look at or change while it runs is a public attribute.

    `folder` keeps the databases (a temporary one by default). `certificate` and `key` give it TLS, and `encryption`
    says how much of it is wanted (default: off with them, which encrypts logins; not supported without). `product` says
    whose ways it has.
    """

    provider: ClassVar[str] = "sqlserver"
    name = "TDSTEST"
    serves_trigger = False  # whether statements with the trigger are answered with columns and rows of their own

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
        product: Product = Product.SQL_SERVER,
    ) -> None:
        super().__init__(mode, trigger=trigger, port=port)
        self.trigger_describes = False
        self.passwords = passwords or {ADMIN: PASSWORD, USER: PASSWORD}
        self.default_database = default_database
        self.newest_version = newest_version
        self.product = product
        self.routes_to: tuple[str, int] | None = None
        self.tls: ssl.SSLContext | None = server_context(certificate, key) if certificate and key else None
        if encryption is None:
            encryption = Encryption.OFF if self.tls else Encryption.NOT_SUPPORTED
        self.encryption = encryption
        if self.tls is None and self.encryption is not Encryption.NOT_SUPPORTED:
            raise ValueError("encryption needs a certificate")
        # what was seen
        self.logins: list[Login] = []
        self.problems: list[str] = []
        self.attentions = 0
        self.crashes = 0
        self.locks = Locks()
        self.records = False  # whether `received` keeps every byte that clients send
        self._own_folder = folder is None
        self.storage = Storage(folder or Path(tempfile.mkdtemp(prefix="tds-server-")))
        for database in (*SYSTEM_DATABASES, *databases):
            if not (self.storage.folder / f"{database}.sqlite").exists():
                self.storage.create(database, collations.DEFAULT)

    def record(self, data: bytes) -> None:
        if self.records:
            super().record(data)

    # sessions
    def accepts(self, asked: Login) -> bool:
        """Whether user and password are right."""
        known = self.passwords.get(asked.user, self.storage.password_of(asked.user))
        return known is not None and known == asked.password

    def logged_in(self) -> list[Session]:
        return [one for one in list(self._sessions) if isinstance(one, Session) and one.logged_in]

    def kill(self, spid: int) -> bool:
        """Ends a session; False if there is none of that number."""
        found = next((session for session in self.logged_in() if session.spid == spid), None)
        if found is not None:
            found.kill()
        return found is not None

    def crash(self) -> None:
        """Ends all sessions at once."""
        self.crashes += 1
        for session in self.logged_in():
            session.kill()

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
    def session(self, peer: socket.socket) -> Session:
        self._sessions = [session for session in self._sessions if session.is_alive()]
        # not the number of a session that has just ended, which somebody may still ask for
        return Session(self, peer, _FIRST_SPID + (self.accepted - 1) % (_LAST_SPID - _FIRST_SPID))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if self._own_folder:
            shutil.rmtree(self.storage.folder, ignore_errors=True)
