"""PostgreSQL of another Debian suite, unpacked into the cache with its own C library."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from .cache import cached
from .foreign_suite import run_by_own_loader, unpack
from .mysql56 import usable
from .postgres import Postgres


class SuitePostgres(Postgres):
    """A plain server: the extension can't be loaded into it."""

    suite: ClassVar[str]
    version: ClassVar[int]

    def config(self, what: str) -> str:
        tree = cached(f"{self.suite}-postgres{self.version}", self._unpack)
        usr = usable(tree, self.workspace, self.account) / "usr"
        answers = {"bindir": str(usr / f"lib/postgresql/{self.version}/bin"), "version": f"PostgreSQL {self.version}"}
        return answers[what]

    @classmethod
    def _unpack(cls, folder: Path) -> None:
        unpack(cls.suite, [f"postgresql-{cls.version}"], folder)
        programs = folder / f"usr/lib/postgresql/{cls.version}/bin"
        run_by_own_loader(folder, [programs / name for name in ("initdb", "postgres")])


class Postgres17(SuitePostgres):
    kind: ClassVar[str] = "postgres17"
    suite: ClassVar[str] = "trixie"
    version: ClassVar[int] = 17


class Postgres18(SuitePostgres):
    kind: ClassVar[str] = "postgres18"
    suite: ClassVar[str] = "sid"
    version: ClassVar[int] = 18
