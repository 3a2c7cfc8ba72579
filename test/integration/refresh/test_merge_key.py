"""The key of a merge: where it comes from, and that the first run tells if it is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.refreshing import Refreshed, counts
from harness.syncs import Syncs

from servers.remote_postgres import PostgresRemote


@pytest.fixture
def source(postgres15: PostgresRemote) -> Iterator[PostgresRemote]:
    postgres15.server.start()
    yield postgres15
    postgres15.execute("DROP TABLE IF EXISTS item")


@pytest.fixture
def syncs(db: Database) -> Iterator[Syncs]:
    found = Syncs(db)
    yield found
    found.clean()


@pytest.mark.parametrize("columns", ["id int PRIMARY KEY, word text", "id int, word text, PRIMARY KEY (word, id)"])
def test_the_primary_key_is_the_default(db: Database, syncs: Syncs, source: PostgresRemote, columns: str) -> None:
    source.execute(f"CREATE TABLE item ({columns})", "INSERT INTO item VALUES (1, 'a'), (2, 'b')")
    sync = Refreshed(db, source.connector(table="item"), mode="merge")
    source.execute("DELETE FROM item WHERE id = 1", "INSERT INTO item VALUES (3, 'c')")
    assert counts(sync.run("merge")) == (1, 0, 1)


def first_failure(syncs: Syncs, source: PostgresRemote, **keys: object) -> str:
    """What the first run says, for good; nothing is left of it."""
    id = syncs.create(source.connector(**{"table": "item", **keys}))["id"]
    syncs.database.execute("CALL cdb_run_due_syncs()")
    status = syncs.status(id)
    assert status["state"] == "failure" and status["run_at"] is None and status["gave_up"] is True, status
    assert syncs.database.value("SELECT count(*) FROM pg_class WHERE relname LIKE 'item%%'") == 0
    syncs.database.value("SELECT cdb_sync_delete(%s)", id)
    return " ".join(str(status[part]) for part in ("error_code", "error_message", "error_detail"))


@pytest.mark.parametrize("rows", ["(1, 'a'), (2, 'a')", "(1, 'a'), (2, 'b'), (3, 'a')"])
def test_a_key_that_is_not_unique(syncs: Syncs, source: PostgresRemote, rows: str) -> None:
    source.execute("CREATE TABLE item (id int PRIMARY KEY, word text)", f"INSERT INTO item VALUES {rows}")
    told = first_failure(syncs, source, sync={"mode": "merge", "key": "word"})
    assert "2001 the source has the same values twice in the key (word)" in told and "Key (word)=(a)" in told
    # Two columns do.
    Refreshed(syncs.database, source.connector(table="item"), mode="merge", key=["word", "id"]).run("merge")


def test_a_key_with_nulls(syncs: Syncs, source: PostgresRemote) -> None:
    source.execute("CREATE TABLE item (id int, word text)", "INSERT INTO item VALUES (1, 'a'), (NULL, 'b')")
    assert "2001 the source has NULL values in the key (id)" in first_failure(syncs, source, sync={"mode": "merge", "key": "id"})


def test_a_source_without_a_key(syncs: Syncs, source: PostgresRemote) -> None:
    source.execute("CREATE TABLE item (id int NOT NULL UNIQUE, word json)", "INSERT INTO item VALUES (1, '{}')")
    assert "1502 a merge needs a key, and the source has none" in first_failure(syncs, source, sync={"mode": "merge"})
    query = {"table": None, "sql_query": "SELECT 1 AS id", "import_as": "item"}
    assert "1502 a merge needs a key" in first_failure(syncs, source, **query, sync={"mode": "merge"})
    assert "1502" in first_failure(syncs, source, sync={"mode": "merge", "key": "word"}), "json knows no equality"


def test_default_columns_have_the_key(syncs: Syncs, source: PostgresRemote) -> None:
    """`cartodb_id` is nothing that the source has: its own key tells rows apart, which is unique here."""
    source.execute("CREATE TABLE item (id int PRIMARY KEY, cartodb_id int)", "INSERT INTO item VALUES (1, 5), (2, 5)")
    assert "twice in the key" in first_failure(syncs, source, default_columns=True, sync={"mode": "merge", "key": "cartodb_id"})
    sync = Refreshed(syncs.database, source.connector(table="item", default_columns=True), mode="merge")
    source.execute("DELETE FROM item WHERE id = 1")
    assert counts(sync.run("merge")) == (0, 0, 1)


def test_other_modes_do_not_look(syncs: Syncs, source: PostgresRemote) -> None:
    """What an append is told of a key concerns rows that come later."""
    source.execute("CREATE TABLE item (id int, word text)", "INSERT INTO item VALUES (1, 'a'), (2, 'a')")
    Refreshed(syncs.database, source.connector(table="item"), mode="append", cursor="id").run("append")
