"""The packages, each built once when first needed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from releases.archive import packed, unpacked
from releases.debian import OLD_VERSION, build, has_old_version, lay_old_version
from servers.staging import ROOT
from servers.workspace import Workspace


@pytest.fixture(scope="session", autouse=True)
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can install packages into a Debian of their own")


@pytest.fixture(scope="session")
def workspace() -> Iterator[Workspace]:
    with Workspace() as workspace:
        yield workspace


@pytest.fixture(scope="session")
def packages(workspace: Workspace) -> Path:
    """Built from this tree as it stands."""
    return build(ROOT, _log("deb"), symbols=True)


@pytest.fixture(scope="session")
def archive(workspace: Workspace) -> Path:
    """The archive for PGXN, unpacked: nothing in it knows git."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git repository: this is the archive")
    return unpacked(packed(workspace.subfolder("archive", mode=0o755)))


@pytest.fixture(scope="session")
def old_packages(workspace: Workspace) -> Path:
    """Those of the version that an installation may have."""
    if not has_old_version():
        pytest.skip(f"the history with {OLD_VERSION} is not here")
    tree = workspace.subfolder("old", mode=0o755)
    lay_old_version(tree)
    return build(tree, _log("deb-old"))


def _log(name: str) -> Path:
    folder = Path(os.environ.get("CONNECTOR_TEST_LOGS") or ROOT / "build")
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    log.unlink(missing_ok=True)
    return log
