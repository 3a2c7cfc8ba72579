"""The newest MySQL, from the packages of Debian's unstable suite, unpacked into the cache."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from . import process
from .foreign_suite import unpack
from .cache import cached
from .mysql56 import usable
from .mysql_family import MySqlFamily

_PACKAGES = ("mysql-server-core", "mysql-client-core")


class MySql9(MySqlFamily):
    """caching_sha2_password, real JSON. It makes itself certificates for TLS unless given some."""

    kind: ClassVar[str] = "mysql9"

    def prepare(self) -> None:
        process.run_to_end(
            [*self.program(), "--initialize-insecure", f"--datadir={self.data}", f"--tmpdir={self.folder}"],
            log=self.log,
            account=self.account,
            env=self.environment(),
        )

    def program(self) -> list[str]:
        """Runs with the loader and libraries of its own suite, so neither root nor a chroot is needed."""
        usr = self._tree() / "usr"
        libraries = usr / "lib" / "x86_64-linux-gnu"
        return [
            str(libraries / "ld-linux-x86-64.so.2"),
            "--library-path",
            str(libraries),
            str(usr / "sbin" / "mysqld"),
            "--no-defaults",
            f"--basedir={usr}",
            f"--lc-messages-dir={usr}/share/mysql",
            f"--character-sets-dir={usr}/share/mysql/charsets",
            f"--plugin-dir={usr}/lib/mysql/plugin",
            "--secure-file-priv=",
            "--mysqlx=OFF",
            "--innodb-redo-log-capacity=64M",
            "--skip-log-bin",
            "--performance-schema=OFF",
        ]

    def _tree(self) -> Path:
        return usable(cached("sid-mysql", lambda folder: unpack("sid", _PACKAGES, folder)), self.workspace, self.account)
