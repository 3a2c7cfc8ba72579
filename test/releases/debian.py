"""Builds Debian packages: of this tree, of an archive of it, and of an older version."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from runner.shell import clean_environment
from servers.process import run_to_end
from servers.staging import ROOT

# The commit whose script is sql/connector--0.9.0.sql. Nothing was released before 1.0.0: this stands for those who have
# installed the development version.
OLD_VERSION, _OLD_COMMIT = "0.9.0", "5826472"


def build(tree: Path, log: Path, *, symbols: bool = False) -> Path:
    """What `make deb` does in a tree; gives the folder of the packages. Those of debug information take minutes to pack."""
    options = [os.environ.get("DEB_BUILD_OPTIONS", ""), *([] if symbols else ["noautodbgsym"])]
    shutil.rmtree(tree / "dist", ignore_errors=True)
    environment = clean_environment({"DEB_BUILD_OPTIONS": " ".join(options).strip()})
    run_to_end([str(tree / "debian" / "build-packages")], log=log, env=environment, limit=7200)
    return tree / "dist"


def package(folder: Path, name: str) -> Path:
    """The file of a package."""
    [path] = folder.glob(f"{name}_*.deb")
    return path


def told(path: Path, field: str) -> str:
    """What a package says of itself."""
    return subprocess.run(["dpkg-deb", "-f", path, field], capture_output=True, text=True, check=True).stdout.strip()


def contents(path: Path) -> list[str]:
    """The files in a package, by their paths in the system."""
    listing = subprocess.run(["dpkg-deb", "--fsys-tarfile", path], capture_output=True, check=True).stdout
    names = subprocess.run(["tar", "-t"], input=listing, capture_output=True, check=True).stdout.decode().splitlines()
    return sorted(name.removeprefix(".") for name in names if not name.endswith("/"))


def has_old_version() -> bool:
    """Whether the history is here, as it is not in an archive."""
    argv = ["git", "-C", ROOT, "cat-file", "-e", f"{_OLD_COMMIT}^{{commit}}"]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def lay_old_version(tree: Path) -> None:
    """The sources of the older version, with today's packaging and the examples that it packs, which it did not have."""
    archive = subprocess.run(["git", "-C", ROOT, "archive", _OLD_COMMIT], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", tree], input=archive, check=True)
    for folder in ("debian", "examples"):
        shutil.copytree(ROOT / folder, tree / folder)
    changelog = tree / "debian" / "changelog"
    text = changelog.read_text()
    changelog.write_text(text[text.index(f"postgresql-connector ({OLD_VERSION}-1)") :])
