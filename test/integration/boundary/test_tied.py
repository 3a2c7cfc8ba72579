"""Objects tied to memory contexts are destroyed exactly once, whatever ends first (src/pg/tie.hpp)."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from harness.boundary import Cluster, is_clean, start_cluster
from harness.database import Database

from servers.workspace import Workspace


@pytest.fixture(scope="module")
def cluster(workspace: Workspace) -> Iterator[Cluster]:
    yield from start_cluster(workspace)


@pytest.fixture(scope="module")
def db(cluster: Cluster) -> Iterator[Database]:
    database = cluster.create("tied")
    yield database
    database.close()


@pytest.mark.parametrize(
    "kind", ["scope", "context", "deleted context", "set after context", "replaced", "two", "commit"]
)
def test_without_error(db: Database, kind: str) -> None:
    db.execute("SELECT boundary_tie(%s)", kind)
    assert db.value("SELECT boundary_marks()") == 1
    is_clean(db)


def test_not_before_the_commit(db: Database) -> None:
    db.execute("BEGIN")
    db.execute("SELECT boundary_tie('commit')")
    assert db.value("SELECT boundary_marks()") == 0
    db.execute("COMMIT")
    assert db.value("SELECT boundary_marks()") == 1


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_end_of_transaction(db: Database, end: str) -> None:
    db.execute("BEGIN")
    db.execute("SELECT boundary_tie('commit')")
    db.execute(end)
    assert db.value("SELECT boundary_marks()") == 1


@pytest.mark.parametrize("kind", ["abort", "exception", "error", "skipped"])
@pytest.mark.parametrize("savepoint", [False, True])
def test_with_error(db: Database, kind: str, savepoint: bool) -> None:
    db.execute("BEGIN")
    if savepoint:
        db.execute("SAVEPOINT here")
    with pytest.raises(psycopg2.Error, match="aborted|unguarded"):
        db.execute("SELECT boundary_tie(%s)", kind)
    if savepoint:
        db.execute("ROLLBACK TO here")
        assert db.value("SELECT boundary_marks()") == 1
    db.execute("ROLLBACK")
    assert db.value("SELECT boundary_marks()") == (0 if savepoint else 1)
    is_clean(db)


def test_caught_error(db: Database) -> None:
    for kind in ("abort", "exception", "error", "skipped"):
        db.execute(
            f"DO $$ BEGIN PERFORM boundary_tie('{kind}'); EXCEPTION WHEN others THEN "
            "IF boundary_marks() <> 1 THEN RAISE 'not once'; END IF; END $$"
        )
        assert db.value("SELECT boundary_marks()") == 0
