"""Tables whose rows are kept elsewhere: partitions, other clusters, other access methods. Each way that rows get in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.foreign_parts import COLUMNS, create_foreign_parts, on_shard, start_shards
from harness.refreshing import Refreshed, assert_nothing_left, contents, counts
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.postgres import Postgres
from servers.process import wait_until
from servers.proxy import Fault, Proxy
from servers.remote import Remote
from servers.remote_postgres import PostgresRemote
from servers.workspace import Workspace

TABLE = "routed"
ROWS = 3000

LAYOUTS = {
    "range": ("RANGE (id)", "FOR VALUES FROM (MINVALUE) TO (1000)", "FOR VALUES FROM (1000) TO (2500)", "DEFAULT"),
    "list": ("LIST ((id % 3))", "FOR VALUES IN (0)", "FOR VALUES IN (1)", "DEFAULT"),
    "hash": ("HASH (id)", "FOR VALUES WITH (MODULUS 2, REMAINDER 0)", "FOR VALUES WITH (MODULUS 2, REMAINDER 1)"),
}


@pytest.fixture(autouse=True)
def source(mysql_or_postgres: Remote, db: Database) -> Iterator[Remote]:
    with remote_rows(mysql_or_postgres, TABLE, ROWS):
        yield mysql_or_postgres
        Syncs(db).clean()


@pytest.fixture(scope="module")
def shards(workspace: Workspace) -> Iterator[list[Postgres]]:
    started = start_shards(workspace)
    yield started
    for shard in started:
        shard.stop()


def same(db: Database, remote: Remote, table: str = TABLE) -> bool:
    return db.rows(f"SELECT id, word, amount FROM {table} ORDER BY id") == [
        (id, word, amount) for id, word, amount in remote.rows(f"SELECT id, word, amount FROM {TABLE} ORDER BY id")
    ]


def change(remote: Remote) -> None:
    remote.execute(
        f"DELETE FROM {TABLE} WHERE id <= 10",
        f"UPDATE {TABLE} SET word = 'new' WHERE id BETWEEN 11 AND 30",
        f"INSERT INTO {TABLE} (id, word, amount) VALUES (5001, 'more', 1), (5002, NULL, NULL)",
    )


def every_way(db: Database, source: Remote) -> None:
    """Overwrite, replace, merge and append, into the table that is there."""
    connector = source.connector(table=TABLE, collision_strategy="overwrite")
    db.execute(f"INSERT INTO {TABLE} VALUES (77, 'old', 0)")
    assert db.import_table(connector)["rows"] == ROWS
    assert same(db, source)
    kept = db.rows("SELECT relname, relkind, relam FROM pg_class WHERE relname LIKE %s ORDER BY 1", f"{TABLE}%")

    replaced = Refreshed(db, connector)
    assert counts(replaced.first) == (ROWS, 0, ROWS)
    change(source)
    assert counts(replaced.run("delete and insert")) == (ROWS - 8, 0, ROWS)
    assert same(db, source)

    db.value("SELECT cdb_sync_delete(%s)", replaced.id)
    merged = Refreshed(db, connector, mode="merge", key=["id"])
    source.execute(f"DELETE FROM {TABLE} WHERE id = 11", f"UPDATE {TABLE} SET amount = 7 WHERE id BETWEEN 100 AND 119",
                   f"INSERT INTO {TABLE} (id, word, amount) VALUES (5003, 'third', 3)")  # fmt: skip
    assert counts(merged.run("merge")) == (1, 20, 1)
    assert same(db, source)
    assert counts(merged.run("merge")) == (0, 0, 0)

    db.value("SELECT cdb_sync_delete(%s)", merged.id)
    appended = Refreshed(db, connector, mode="append", cursor="id")
    source.execute(f"INSERT INTO {TABLE} (id, word, amount) VALUES (5004, 'fourth', 4), (5005, 'fifth', 5)")
    db.execute(f"INSERT INTO {TABLE} VALUES (5005, 'fifth', 5)")  # by hand
    run = appended.run("append")
    assert (run["inserted"], run["rows"]) == (1, 3), run
    assert same(db, source)
    assert counts(appended.run("append")) == (0, 0, 0)
    assert db.rows("SELECT relname, relkind, relam FROM pg_class WHERE relname LIKE %s ORDER BY 1", f"{TABLE}%") == kept
    assert_nothing_left(db)


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_partitions(db: Database, source: Remote, layout: str) -> None:
    how, *parts = LAYOUTS[layout]
    db.execute(f"CREATE TABLE {TABLE} ({COLUMNS}) PARTITION BY {how}")
    for number, bound in enumerate(parts):
        db.execute(f"CREATE TABLE {TABLE}_{number} PARTITION OF {TABLE} {bound}")
    every_way(db, source)
    for number in range(len(parts)):
        assert db.value(f"SELECT count(*) FROM {TABLE}_{number}") > 0


def test_partitions_with_a_key(db: Database, source: Remote) -> None:
    """A replace compares by it."""
    db.execute(f"CREATE TABLE {TABLE} ({COLUMNS}, PRIMARY KEY (id)) PARTITION BY RANGE (id)")
    db.execute(f"CREATE TABLE {TABLE}_0 PARTITION OF {TABLE} DEFAULT")
    sync = Refreshed(db, source.connector(table=TABLE, collision_strategy="overwrite"))
    change(source)
    assert counts(sync.run("merge")) == (2, 20, 10)
    assert same(db, source)


def test_rows_without_a_partition(db: Database, source: Remote) -> None:
    db.execute(f"CREATE TABLE {TABLE} ({COLUMNS}) PARTITION BY RANGE (id)")
    db.execute(f"CREATE TABLE {TABLE}_0 PARTITION OF {TABLE} FOR VALUES FROM (0) TO (2000); INSERT INTO {TABLE} VALUES (1, 'old')")
    with fails("no partition of relation", sqlstate="23514"):
        db.import_table(source.connector(table=TABLE, collision_strategy="overwrite"))
    assert db.rows(f"SELECT id, word FROM {TABLE}") == [(1, "old")]
    assert_nothing_left(db)


def test_partitions_elsewhere(db: Database, source: Remote, shards: list[Postgres]) -> None:
    create_foreign_parts(db, shards, TABLE)
    every_way(db, source)
    assert not [notice for notice in db.notices if "one by one" in notice]
    for shard in shards:
        assert on_shard(shard, f"SELECT count(*) > 500 FROM {TABLE}_part") == [(True,)]
    db.execute(f"DROP TABLE {TABLE}; DROP SERVER shard0 CASCADE; DROP SERVER shard1 CASCADE")


def test_foreign_table(db: Database, source: Remote, shards: list[Postgres]) -> None:
    """The target itself is elsewhere."""
    create_foreign_parts(db, shards, "other")
    db.execute("ALTER TABLE other DETACH PARTITION other_0")
    db.execute(f"ALTER FOREIGN TABLE other_0 RENAME TO {TABLE}")
    every_way(db, source)
    db.execute(f"DROP FOREIGN TABLE {TABLE}; DROP TABLE other; DROP SERVER shard0 CASCADE; DROP SERVER shard1 CASCADE")


@pytest.mark.parametrize("mode", ["replace", "merge"])
def test_a_server_that_dies_half_way(db: Database, source: Remote, shards: list[Postgres], mode: str) -> None:
    """While rows arrive: what is here, and what the other server has, is what it was before."""
    create_foreign_parts(db, shards, TABLE)
    source.create_rows(TABLE, 30_000)
    connector = source.connector(table=TABLE, collision_strategy="overwrite")
    options = {"mode": mode, "key": ["id"]} if mode == "merge" else {"mode": mode}
    sync = Refreshed(db, connector, **options)
    before = contents(db, TABLE)
    source.execute(f"UPDATE {TABLE} SET word = 'new'")
    sync.syncs.make_due(sync.id)
    with Proxy(source.server.port) as proxy:
        proxy.every(Fault(stall_after=600_000))
        request = source.connector(table=TABLE, connection=source.connection(port=proxy.port), collision_strategy="overwrite")
        sync.syncs.call("cdb_sync_update", sync.id, None, {**request, "sync": options})
        with db.in_background("CALL cdb_run_due_syncs()") as job:
            proxy.wait_until_stalled()
            read = "SELECT coalesce(max(rows), 0) FROM connector.progress WHERE pid = %s"
            wait_until(lambda: db.value(read, job.pid) >= 9000, what="rows")
            if mode == "replace":
                # Of 9,000 rows 3,000 are for this server, and it gets a thousand at once.
                sent = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'postgres_fdw' AND query LIKE 'INSERT%'"
                wait_until(lambda: on_shard(shards[1], sent) == [(1,)], what="rows that are stored while others are read")
            shards[1].kill()
            proxy.resume()
            job.result()
    row = db.rows("SELECT to_jsonb(r) FROM connector.runs r WHERE sync_id = %s ORDER BY started_at DESC LIMIT 1", sync.id)[0][0]
    assert row["state"] == "failure" and row["error_code"] == 2001, row
    assert "server closed the connection" in row["error_message"] or "could not connect" in row["error_message"], row
    shards[1].start()
    for shard in shards:
        assert on_shard(shard, f"SELECT count(*) FILTER (WHERE word = 'new'), count(*) > 9000 FROM {TABLE}_part") == [(0, True)]
        assert on_shard(shard, "SELECT count(*) FROM pg_prepared_xacts") == [(0,)]
    assert contents(db, TABLE) == before
    assert_nothing_left(db)
    sync.syncs.call("cdb_sync_update", sync.id, None, {**connector, "sync": options})
    sync.run()
    assert same(db, source)
    db.execute(f"DROP TABLE {TABLE}; DROP SERVER shard0 CASCADE; DROP SERVER shard1 CASCADE")


def test_batches_of_one_row(db: Database, source: Remote, shards: list[Postgres]) -> None:
    """postgres_fdw's own default is told, with the command that mends it; once."""
    create_foreign_parts(db, shards, TABLE, batch_size=None)
    source.execute(f"DELETE FROM {TABLE} WHERE id > 100")
    connector = source.connector(table=TABLE, collision_strategy="overwrite")

    def told() -> tuple[list[str], object]:
        result = db.import_table(connector)
        return [notice for notice in db.notices if "one by one" in notice], (result["warnings"] or {}).get("sent_row_by_row")

    [notice], servers = told()
    assert notice.startswith("WARNING:") and 'foreign servers "shard0", "shard1"' in notice and servers == ["shard0", "shard1"]
    for number in (0, 1):
        command = f"ALTER SERVER shard{number} OPTIONS (ADD batch_size '1000');"
        assert command in notice
        db.execute(command)
    assert told() == ([], None)
    db.execute("ALTER SERVER shard0 OPTIONS (SET batch_size '1'); ALTER FOREIGN TABLE routed_1 OPTIONS (ADD batch_size '1')")
    [notice], _ = told()
    for command in ("ALTER SERVER shard0 OPTIONS (SET batch_size '1000');", "ALTER FOREIGN TABLE public.routed_1 OPTIONS (SET batch_size '1000');"):
        assert command in notice
        db.execute(command)
    assert told() == ([], None)
    sync = Refreshed(db, connector)
    db.execute("ALTER SERVER shard0 OPTIONS (SET batch_size '1')")
    assert sync.run("delete and insert")["warnings"] == {"sent_row_by_row": ["shard0"]}
    db.execute(f"DROP TABLE {TABLE}; DROP SERVER shard0 CASCADE; DROP SERVER shard1 CASCADE")


def test_another_access_method(db: Database, source: Remote) -> None:
    """Nothing is written past it into its storage."""
    db.execute("CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler")
    db.execute(f"CREATE TABLE {TABLE} ({COLUMNS}) USING other")
    every_way(db, source)
    assert db.dry_run(source.connector(table=TABLE))["refresh"] == {"mode": "delete and insert", "reason": "the table's access method is not heap"}
    db.execute(f"DROP TABLE {TABLE}; DROP ACCESS METHOD other")


def test_no_temporary_table_is_needed(db: Database, source: Remote, plain: Database) -> None:
    """Nothing is stored in between: who may not have temporary tables overwrites, replaces and appends all the same."""
    db.execute(f'REVOKE TEMPORARY ON DATABASE "{db.name}" FROM PUBLIC')
    plain.execute(f"CREATE TABLE {TABLE} ({COLUMNS}) PARTITION BY HASH (id)")
    plain.execute(f"CREATE TABLE {TABLE}_0 PARTITION OF {TABLE} FOR VALUES WITH (MODULUS 1, REMAINDER 0)")
    connector = source.connector(table=TABLE, collision_strategy="overwrite")
    replaced = Refreshed(plain, connector)
    replaced.run("delete and insert")
    plain.value("SELECT cdb_sync_delete(%s)", replaced.id)
    Refreshed(plain, connector, mode="append", cursor="id").run("append")
    assert same(plain, source)
    db.execute(f'GRANT TEMPORARY ON DATABASE "{db.name}" TO PUBLIC')
    Syncs(db).clean()


def test_null_in_not_null(db: Database, source: Remote) -> None:
    """The column is told, as for any table, before a row is."""
    db.execute(f"CREATE TABLE {TABLE} (id bigint, word varchar(20) NOT NULL, amount numeric(12,2)) PARTITION BY HASH (id)")
    db.execute(f"CREATE TABLE {TABLE}_0 PARTITION OF {TABLE} FOR VALUES WITH (MODULUS 1, REMAINDER 0)")
    source.execute(f"UPDATE {TABLE} SET word = NULL WHERE id = {ROWS}")
    with fails(f'column "word" of table "{TABLE}" is NOT NULL, but the source has NULL values for it', number=2001):
        db.import_table(source.connector(table=TABLE, collision_strategy="overwrite"))
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 0


def test_limit_of_an_append(db: Database, source: Remote) -> None:
    """What a limit cuts off comes with the next runs."""
    db.execute(f"CREATE TABLE {TABLE} ({COLUMNS}) PARTITION BY HASH (id)")
    db.execute(f"CREATE TABLE {TABLE}_0 PARTITION OF {TABLE} FOR VALUES WITH (MODULUS 1, REMAINDER 0)")
    connector = source.connector(table=TABLE, collision_strategy="overwrite", max_rows=1200)
    sync = Refreshed(db, connector, mode="append", cursor="id")
    assert db.value(f"SELECT max(id) FROM {TABLE}") == 1200
    assert [sync.run("append")["inserted"] for _ in range(3)] == [1199, 601, 0]
    assert same(db, source)


@pytest.mark.parametrize("kind", ["numeric", "double precision", "real", "text", "char(9)", "timestamptz", "uuid", "date"])
def test_cursors(db: Database, postgres15: PostgresRemote, kind: str) -> None:
    """The position of rows that were not stored in between, whatever the session's formats are."""
    values = {
        "numeric": ("0.5", "0.50000000001", "1e30"), "double precision": ("0.1", "0.30000000000000004", "1e300"),
        "real": ("0.1", "0.3", "1e30"), "text": ("A", "a", "é"), "char(9)": ("A", "a", "é"),
        "timestamptz": ("2024-01-31 23:59:59.999999+00", "2024-02-01+00", "3000-01-01+00"),
        "uuid": (f"{0:032}", f"{1:032}", "f" * 32), "date": ("2024-01-31", "2024-02-01", "3000-01-01"),
    }[kind]  # fmt: skip
    postgres15.execute("DROP TABLE IF EXISTS cursors", f"CREATE TABLE cursors (c {kind}, word text)", f"INSERT INTO cursors VALUES ('{values[0]}', 'a'), (NULL, 'null')")
    db.execute(f"DROP TABLE IF EXISTS cursors; CREATE TABLE cursors (c {kind}, word text) PARTITION BY LIST (word); CREATE TABLE words PARTITION OF cursors DEFAULT")
    db.execute("SET datestyle = 'German, DMY'; SET extra_float_digits = 0; SET timezone = 'Asia/Tokyo'")
    sync = Refreshed(db, postgres15.connector(table="cursors", collision_strategy="overwrite"), mode="append", cursor="c")
    for number, value in enumerate(values[1:]):
        postgres15.execute(f"INSERT INTO cursors VALUES ('{value}', 'word {number}')")
        run = sync.run("append")
        assert (run["inserted"], run["rows"]) == (1, 2), run
        assert sync.run("append")["inserted"] == 0
    assert db.value("SELECT count(*) FROM cursors") == 4
    db.execute("RESET ALL")
    postgres15.drop("cursors")
