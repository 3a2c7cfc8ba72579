"""Objects tied to memory contexts are destroyed exactly once, whatever ends first (src/pg/tie.hpp)."""

from __future__ import annotations

import psycopg2
import pytest
from harness.boundary import is_clean
from harness.database import Database


@pytest.mark.parametrize(
    "kind", ["scope", "context", "deleted context", "set after context", "replaced", "two", "commit"]
)
def test_without_error(session: Database, kind: str) -> None:
    session.execute("SELECT boundary_tie(%s)", kind)
    assert session.value("SELECT boundary_marks()") == 1
    is_clean(session)


def test_not_before_the_commit(session: Database) -> None:
    session.execute("BEGIN")
    session.execute("SELECT boundary_tie('commit')")
    assert session.value("SELECT boundary_marks()") == 0
    session.execute("COMMIT")
    assert session.value("SELECT boundary_marks()") == 1


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_end_of_transaction(session: Database, end: str) -> None:
    session.execute("BEGIN")
    session.execute("SELECT boundary_tie('commit')")
    session.execute(end)
    assert session.value("SELECT boundary_marks()") == 1


@pytest.mark.parametrize("kind", ["abort", "exception", "error", "skipped"])
@pytest.mark.parametrize("savepoint", [False, True])
def test_with_error(session: Database, kind: str, savepoint: bool) -> None:
    session.execute("BEGIN")
    if savepoint:
        session.execute("SAVEPOINT here")
    with pytest.raises(psycopg2.Error, match="aborted|unguarded"):
        session.execute("SELECT boundary_tie(%s)", kind)
    if savepoint:
        session.execute("ROLLBACK TO here")
        assert session.value("SELECT boundary_marks()") == 1
    session.execute("ROLLBACK")
    assert session.value("SELECT boundary_marks()") == (0 if savepoint else 1)
    is_clean(session)


def test_caught_error(session: Database) -> None:
    for kind in ("abort", "exception", "error", "skipped"):
        session.execute(
            f"DO $$ BEGIN PERFORM boundary_tie('{kind}'); EXCEPTION WHEN others THEN "
            "IF boundary_marks() <> 1 THEN RAISE 'not once'; END IF; END $$"
        )
        assert session.value("SELECT boundary_marks()") == 0
