"""Loading a library into a backend leaves its signals alone, and starts no thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.boundary import build, start_cluster
from harness.database import Database

from servers.workspace import Workspace


def seen_by_the_kernel(database: Database) -> dict[str, str]:
    """Masks of signals, and the number of threads."""
    status = Path(f"/proc/{database.pid}/status").read_text()
    lines = dict(line.split(":\t", 1) for line in status.splitlines())
    return {name: lines[name] for name in ("SigBlk", "SigIgn", "SigCgt", "Threads")}


@pytest.fixture(scope="module")
def library(workspace: Workspace) -> Path:
    return build(workspace)


def test_the_boundary(workspace: Workspace, library: Path) -> None:
    for cluster in start_cluster(workspace):
        database = Database(cluster.server, "postgres")
        database.value("SELECT 1")
        before = seen_by_the_kernel(database)
        assert before["Threads"] == "1"
        database.execute(f"LOAD '{library}'")
        assert seen_by_the_kernel(database) == before
        database.close()


@pytest.fixture
def session(db: Database, library: Path) -> Iterator[Database]:
    """A session of its own, with the means to look at handlers."""
    database = db.another()
    database.execute(f"CREATE FUNCTION pg_temp.boundary_signals() RETURNS text LANGUAGE c AS '{library}'")
    yield database
    database.close()


def test_the_extension(session: Database) -> None:
    kernel, handlers = seen_by_the_kernel(session), session.value("SELECT pg_temp.boundary_signals()")
    session.execute("LOAD 'connector'")
    assert seen_by_the_kernel(session) == kernel
    assert session.value("SELECT pg_temp.boundary_signals()") == handlers
    assert session.value("SELECT count(*) FROM cdb_connectors()") > 0
    assert seen_by_the_kernel(session) == kernel
    assert session.value("SELECT pg_temp.boundary_signals()") == handlers
