"""What MariaDB and the MySQL servers have in common."""

from __future__ import annotations

import os
import secrets
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import pymysql
import pymysql.cursors

from .accounts import server_account
from .server import Server
from .tls import Certificate
from .workspace import Workspace

DATABASE = "testdb"


class MySqlFamily(Server):
    """A server of the MySQL protocol.

    `root` comes in through the socket (whose folder is private), `user` with `password` through TCP; that is an
    ordinary account with all rights on the database `testdb`. `options` are added to the server's command line.
    """

    kind: ClassVar[str] = "mysql"

    def __init__(self, workspace: Workspace, *, options: Sequence[str] = (), tls: Certificate | None = None) -> None:
        super().__init__(workspace, server_account(["mysql"]))
        self.data = self.folder / "data"
        self.socket = self.folder / "socket"
        self.options = list(options)
        self.tls = tls
        self.user = "tester"
        self.password = "pw-" + secrets.token_hex(12)

    @abstractmethod
    def program(self) -> list[str]:
        """The server's program, with the arguments that tell it where its own files are."""

    def command(self) -> list[str]:
        tls: list[str] = []
        if self.tls is not None:
            tls = [f"--ssl-ca={self.tls.authority}", f"--ssl-cert={self.tls.certificate}", f"--ssl-key={self.tls.key}"]
        return [
            *self.program(),
            f"--datadir={self.data}",
            f"--socket={self.socket}",
            f"--pid-file={self.folder}/pid",
            f"--tmpdir={self.folder}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--default-time-zone=+00:00",
            "--character-set-server=utf8mb4",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
            "--innodb-buffer-pool-size=64M",
            "--max-allowed-packet=1G",
            *tls,
            *self.options,
        ]

    def login(self) -> None:
        self.connect().close()

    def connect(self, database: str | None = None) -> pymysql.connections.Connection[Any]:
        """A connection as root through the socket, in autocommit mode."""
        return pymysql.connect(
            unix_socket=str(self.socket),
            user="root",
            password=self.password if self._root_has_password() else "",
            database=database,
            autocommit=True,
            charset="utf8mb4",
            connect_timeout=60,
        )

    def _root_has_password(self) -> bool:
        return os.path.exists(self.folder / "ready")

    def sql(self, *statements: str, database: str | None = DATABASE, args: Any = None) -> list[tuple[Any, ...]]:
        """Runs statements as root and gives the rows of the last one."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement, args)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def first_start(self) -> None:
        self.sql(
            f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4",
            f"CREATE USER '{self.user}'@'%' IDENTIFIED BY '{self.password}'",
            f"GRANT ALL ON {DATABASE}.* TO '{self.user}'@'%'",
            self.set_root_password(),
            database=None,
        )
        (self.folder / "ready").touch()

    def set_root_password(self) -> str:
        return f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{self.password}'"

    def create_user(self, name: str, password: str, *, plugin: str | None = None, require: str = "", grant: str = "ALL") -> None:
        """Another account with rights on the test database."""
        how = f"IDENTIFIED BY '{password}'" if plugin is None else self.identified(plugin, password)
        self.sql(
            f"DROP USER IF EXISTS '{name}'@'%'",
            f"CREATE USER '{name}'@'%' {how} {require}",
            f"GRANT {grant} ON {DATABASE}.* TO '{name}'@'%'",
        )

    def identified(self, plugin: str, password: str) -> str:
        return f"IDENTIFIED WITH {plugin} BY '{password}'"

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

    def sessions(self) -> list[tuple[int, str, str, str]]:
        """Sessions of accounts other than root: id, user, command, statement."""
        rows = self.sql(
            "SELECT id, user, command, coalesce(info, '') FROM information_schema.processlist "
            "WHERE user NOT IN ('root', 'system user', 'event_scheduler', 'unauthenticated user')",
            database=None,
        )
        return [(int(row[0]), str(row[1]), str(row[2]), str(row[3])) for row in rows]
