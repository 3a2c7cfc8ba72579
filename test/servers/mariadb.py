"""MariaDB from Debian's packages; the system's own service is never touched."""

from __future__ import annotations

from typing import ClassVar

from . import process
from .mysql_family import MySqlFamily
from .server import executable


class MariaDb(MySqlFamily):
    """MariaDB with the ed25519 authentication plugin loaded."""

    kind: ClassVar[str] = "mariadb"

    def prepare(self) -> None:
        process.run_to_end(
            [
                str(executable("mariadb-install-db", "mysql_install_db")),
                "--no-defaults",
                f"--datadir={self.data}",
                f"--user={self.account.name}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--innodb-log-file-size=32M",
            ],
            log=self.log,
            account=self.account,
            env=self.environment() | {"TMPDIR": str(self.folder)},  # runs side by side must not meet in /tmp
        )

    def program(self) -> list[str]:
        server = executable("mariadbd", "mysqld")
        return [str(server), "--no-defaults", "--innodb-log-file-size=32M", "--plugin-load-add=auth_ed25519"]

    def identified(self, plugin: str, password: str) -> str:
        return f"IDENTIFIED VIA {plugin} USING PASSWORD('{password}')"
