"""The TDS test server as a process of its own, with the life of every other server."""

from __future__ import annotations

import json
import secrets
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytds

from .accounts import own_account
from .server import Server
from .tds.server import ADMIN, DATABASE, USER
from .tls import Certificate
from .workspace import Workspace

_TEST_FOLDER = Path(__file__).resolve().parents[1]


class SqlServerDouble(Server):
    """`python3 -m servers.tds` in a folder of the workspace."""

    kind: ClassVar[str] = "tds"
    start_limit: ClassVar[float] = 60
    stop_steps: ClassVar[Sequence[tuple[int, float]]] = ((signal.SIGTERM, 10.0),)

    def __init__(
        self, workspace: Workspace, *, tls: Certificate | None = None, settings: dict[str, Any] | None = None
    ) -> None:
        # An account that the repository's folder may be closed to could not run its files.
        super().__init__(workspace, own_account())
        self.tls = tls
        self.settings = settings or {}
        self.user = USER
        self.password = secrets.token_hex(8)

    def prepare(self) -> None:
        data = self.folder / "data"
        data.mkdir()
        self.account.give(data)

    def command(self) -> list[str]:
        settings: dict[str, Any] = {
            "port": self.port,
            "folder": str(self.folder / "data"),
            "passwords": {ADMIN: self.password, USER: self.password},
            "databases": [DATABASE],
        }
        if self.tls is not None:
            settings |= {"certificate": str(self.tls.certificate), "key": str(self.tls.key)}
        file = self.folder / "settings.json"
        file.write_text(json.dumps(settings | self.settings))
        file.chmod(0o600)
        self.account.give(file)
        return ["/usr/bin/python3", "-m", "servers.tds", str(file)]

    def environment(self) -> dict[str, str]:
        return super().environment() | {"PYTHONPATH": str(_TEST_FOLDER), "PYTHONDONTWRITEBYTECODE": "1"}

    def login(self) -> None:
        self.connect(limit=5).close()

    def connect(self, database: str = DATABASE, *, limit: float = 60) -> pytds.Connection:
        """The administrator, by a client that is neither FreeTDS nor ours."""
        return pytds.connect(
            "127.0.0.1",
            database,
            ADMIN,
            self.password,
            port=self.port,
            autocommit=True,
            login_timeout=limit,
            timeout=300,
        )

    def sql(self, *statements: str, database: str = DATABASE) -> list[tuple[Any, ...]]:
        """Runs statements; gives the rows of the last."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            rows: list[tuple[Any, ...]] = []
            for statement in statements:
                cursor.execute(statement)
                rows = [tuple(row) for row in cursor.fetchall()] if cursor.description else []
            return rows

    def connection(self, **more: object) -> dict[str, object]:
        """The `connection` object of a connector that reads from here."""
        return {
            "server": "127.0.0.1",
            "port": self.port,
            "database": DATABASE,
            "username": self.user,
            "password": self.password,
            **more,
        }
