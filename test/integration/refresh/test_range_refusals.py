"""Where ranges can't be compared for sure a merge compares rows and says why; what a request for ranges must have."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.ranges import TABLE, Ranged, assert_equal, create_items
from harness.refreshing import Refreshed, counts
from harness.syncs import Syncs

from servers.remote import Remote
from servers.remote_hive import HiveRemote
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote
from servers.remote_sqlserver import SqlServerRemote

pytestmark = pytest.mark.usefixtures("snapshots_of_sqlserver")


@pytest.fixture(autouse=True)
def tidy_up(db: Database) -> Iterator[None]:
    db.execute("SET connector.range_rows = 5")
    yield
    Syncs(db).clean()
    db.execute("RESET connector.range_rows")


def rows_are_compared(sync: Ranged, source: Remote, *words: str, update: str = f"UPDATE {TABLE} SET n = -1 WHERE id = 70") -> None:
    """Each run says why, and finds what has changed."""
    assert counts(sync.by_rows(*words)) == (0, 0, 0)
    source.execute(update)
    assert counts(sync.by_rows(*words)) == (0, 1, 0)
    assert counts(sync.by_rows(*words)) == (0, 0, 0)
    assert sync.database.value("SELECT count(*) FROM connector.sync_range") == 0


def test_hive(db: Database, hive: HiveRemote) -> None:
    """There is no state of several tables, files or statements that could be kept."""
    hive.server.start()
    hive.create_rows(TABLE, 20)
    sync = Ranged(db, hive.connector(table=TABLE))
    assert counts(sync.by_rows("the provider has no checksums")) == (0, 0, 0)
    hive.create_rows(TABLE, 25)
    assert counts(sync.by_rows("the provider has no checksums")) == (5, 0, 0)
    hive.drop(TABLE)


@pytest.mark.parametrize("kind", ["MyISAM", "view", "query"])
def test_mysql_keeps_no_state_for_it(db: Database, mariadb: MySqlRemote, kind: str) -> None:
    mariadb.server.start()
    create_items(mariadb, 20)
    connector = mariadb.connector(table=TABLE)
    if kind == "MyISAM":
        mariadb.execute(f"ALTER TABLE {TABLE} ENGINE = MyISAM")
    elif kind == "view":
        mariadb.execute(f"CREATE OR REPLACE VIEW item_view AS SELECT * FROM {TABLE}")
        connector = mariadb.connector(table="item_view", import_as=TABLE)
    else:
        connector = mariadb.connector(sql_query=f"SELECT * FROM {TABLE}", import_as=TABLE)
    rows_are_compared(Ranged(db, connector), mariadb, "InnoDB")
    assert_equal(db, mariadb)
    mariadb.execute("DROP VIEW IF EXISTS item_view")
    mariadb.drop(TABLE)


def test_a_key_of_case_blind_text(db: Database, mariadb: MySqlRemote) -> None:
    """Both sides compare its bytes."""
    mariadb.server.start()
    mariadb.drop(TABLE)
    mariadb.execute(
        f"CREATE TABLE {TABLE} (id varchar(20) COLLATE utf8mb4_general_ci PRIMARY KEY, n int)", f"INSERT INTO {TABLE} VALUES ('A', 1), ('b', 2), ('C', 3)"
    )
    sync = Ranged(db, mariadb.connector(table=TABLE))
    sync.settle()
    mariadb.execute(f"UPDATE {TABLE} SET n = 9 WHERE id = 'b'", f"INSERT INTO {TABLE} VALUES ('a2', 4), ('B1', 5)")
    assert counts(sync.by_ranges()) == (2, 1, 0)
    assert db.rows(f'SELECT id, n FROM {TABLE} ORDER BY id COLLATE "C"') == [("A", 1), ("B1", 5), ("C", 3), ("a2", 4), ("b", 9)]
    mariadb.drop(TABLE)


def test_types_of_postgres_without_a_binary_form(db: Database, postgres15: PostgresRemote) -> None:
    """Their text is summed, which is all that a merge reads of them."""
    postgres15.server.start()
    postgres15.drop(TABLE)
    postgres15.execute(
        f"CREATE TABLE {TABLE} (id int PRIMARY KEY, n aclitem)", f"INSERT INTO {TABLE} SELECT i, 'postgres=r/postgres' FROM generate_series(10, 100, 10) i"
    )
    sync = Ranged(db, postgres15.connector(table=TABLE))
    sync.settle()
    postgres15.execute(f"UPDATE {TABLE} SET n = 'postgres=w/postgres' WHERE id = 70")
    assert counts(sync.by_ranges()) == (0, 1, 0)
    assert db.value(f"SELECT n FROM {TABLE} WHERE id = 70") == "postgres=w/postgres"
    postgres15.drop(TABLE)


def test_sqlserver_without_snapshots(db: Database, tds: SqlServerRemote) -> None:
    tds.server.start()
    create_items(tds, 20)
    tds.execute(f"ALTER DATABASE {tds.database} SET ALLOW_SNAPSHOT_ISOLATION OFF")
    try:
        rows_are_compared(Ranged(db, tds.connector(table=TABLE)), tds, "ALLOW_SNAPSHOT_ISOLATION")
        assert_equal(db, tds)
    finally:
        tds.execute(f"ALTER DATABASE {tds.database} SET ALLOW_SNAPSHOT_ISOLATION ON")
    tds.drop(TABLE)


@pytest.mark.parametrize("kind", ["mariadb", "postgres15", "tds"])
def test_a_key_with_nulls(db: Database, kind: str, request: pytest.FixtureRequest) -> None:
    """The merge's usual error, as long as there are any."""
    source: Remote = request.getfixturevalue(kind)
    source.server.start()
    source.drop(TABLE)
    source.execute(f"CREATE TABLE {TABLE} (id int, n int)", f"INSERT INTO {TABLE} VALUES (1, 1), (2, 2), (70, 3)")
    sync = Ranged(db, source.connector(table=TABLE))
    sync.run("merge")
    source.execute(f"INSERT INTO {TABLE} VALUES (NULL, 5)")
    for _ in range(2):
        sync.fail(2001, "NULL")
    source.execute(f"UPDATE {TABLE} SET n = 7", f"DELETE FROM {TABLE} WHERE id IS NULL")
    assert counts(sync.run("merge")) == (0, 3, 0)
    assert sync.run("merge")["ranges_read"] == 0
    source.execute(f"INSERT INTO {TABLE} VALUES (NULL, 5)")
    sync.fail(2001, "NULL")
    source.drop(TABLE)


@pytest.mark.parametrize("kind", ["mariadb", "postgres15", "tds"])
def test_a_key_that_comes_twice(db: Database, kind: str, request: pytest.FixtureRequest) -> None:
    """Likewise, also if a range has rows of a key that others have here."""
    source: Remote = request.getfixturevalue(kind)
    source.server.start()
    source.drop(TABLE)
    source.execute(f"CREATE TABLE {TABLE} (id int, n int)", f"INSERT INTO {TABLE} VALUES " + ", ".join(f"({i}, {i})" for i in range(40)))
    sync = Ranged(db, source.connector(table=TABLE))
    sync.settle()
    source.execute(f"INSERT INTO {TABLE} VALUES (21, 5)")
    for _ in range(2):
        sync.fail(2001, "the same values twice", "(id)=(21)")
    source.execute(f"DELETE FROM {TABLE} WHERE n = 5")
    assert counts(sync.run("merge")) == (0, 0, 1)
    source.drop(TABLE)


@pytest.mark.parametrize(
    ("sync", "words"),
    [
        ({"compare": "ranges"}, ["compare", "ranges", "merge"]),
        ({"mode": "replace", "compare": "ranges"}, ["compare", "ranges", "merge"]),
        ({"mode": "append", "cursor": "id", "compare": "ranges"}, ["compare", "ranges", "merge"]),
        ({"mode": "merge", "compare": "range"}, ["sync.compare", '"rows" or "ranges"']),
        ({"mode": "merge", "compare": "columns"}, ["sync.compare", '"rows" or "ranges"']),
        ({"mode": "merge", "compare": True}, ["compare"]),
        ({"mode": "merge", "compare": ["ranges"]}, ["compare"]),
    ],
)
def test_requests_that_are_refused(db: Database, postgres15: PostgresRemote, sync: dict[str, object], words: list[str]) -> None:
    with pytest.raises(psycopg2.Error) as refusal:
        Syncs(db).create({**postgres15.connector(table=TABLE), "sync": sync})
    told = str(refusal.value)
    assert all(word in told for word in words), told
    if sync.get("compare") == "ranges":
        assert 'is for mode "merge" only' in (refusal.value.diag.message_detail or ""), told


def test_rows_are_the_default(db: Database, postgres15: PostgresRemote) -> None:
    """And nobody is told why they are compared who did not ask for anything else."""
    postgres15.server.start()
    create_items(postgres15, 20)
    for more in ({}, {"compare": "rows"}):
        sync = Refreshed(db, postgres15.connector(table=TABLE, import_as=f"{TABLE}_{len(more)}"), mode="merge", key="id", **more)
        run = sync.run("merge")
        assert run["ranges_compared"] is None and run["ranges_read"] is None and run["reason"] is None, run
    postgres15.drop(TABLE)


def test_what_the_extension_says_of_itself(db: Database) -> None:
    """The members of `sync`, and the JSON Schema, have the key with its values."""
    info = db.value("SELECT cdb_connector_info('mysql')")
    schema = db.value("SELECT cdb_connector_schema('postgres')")
    assert '"compare"' in str(info).replace("'", '"') and "ranges" in str(info)
    sync = schema["$defs"]["connector"]["properties"]["sync"]["anyOf"][0]
    assert '"rows"' in str(sync["properties"]["compare"]).replace("'", '"'), sync
