"""Limits at their edges: rows, columns, listed tables, imports at once, remembered runs, batches."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.dialects import dialect_of
from harness.errors import fails
from harness.faults import fails_cleanly, import_fails
from harness.scratch import drop_tables
from harness.stalls import STALLS, TABLE
from harness.thorough import PROVIDERS, VERSIONS_OF_MYSQL, VERSIONS_OF_POSTGRES, by_turns

from servers.process import wait_until
from servers.remote import Remote

pytestmark = [by_turns("one_remote", *PROVIDERS), by_turns("remote", VERSIONS_OF_MYSQL, VERSIONS_OF_POSTGRES)]

N = 1500  # more than one batch


@pytest.fixture
def wide(remote: Remote) -> Iterator[Remote]:
    yield remote
    remote.drop("wide")


@pytest.fixture
def session(db: Database) -> Iterator[Database]:
    """A session whose settings are its own; it drops what it imported."""
    with db.another() as session:
        yield session
        drop_tables(session)
        session.execute("DELETE FROM connector.role_limits")


def requests(remote: Remote) -> dict[str, dict[str, object]]:
    """The same rows read as a table and by a query."""
    return {
        "table": remote.connector(table="counted"),
        "query": remote.connector(sql_query=dialect_of(remote).ordered("counted"), import_as="counted"),
    }


@pytest.mark.parametrize("source", ["table", "query"])
@pytest.mark.parametrize("limit_from", ["setting", "role", "request"])
def test_max_rows(session: Database, remote: Remote, limit_from: str, source: str) -> None:
    """Exactly the limit is no truncation, one more is."""
    for count in (N - 1, N, N + 1):
        remote.create_rows("counted", count)
        connector = requests(remote)[source]
        if limit_from == "setting":
            session.execute(f"SET connector.max_rows = {N}")
        elif limit_from == "role":
            session.execute("DELETE FROM connector.role_limits")
            session.execute(
                "INSERT INTO connector.role_limits (role_name, provider, max_rows) VALUES ('postgres', %s, %s)",
                remote.provider,
                N,
            )
        else:
            connector["max_rows"] = N
        result = session.import_table(connector)
        warned = [notice for notice in session.notices if notice.startswith("WARNING:")]
        assert result["rows"] == min(count, N)
        assert session.value(f"SELECT count(*) FROM {result['table_name']}") == min(count, N)
        assert session.value(f"SELECT max(id) FROM {result['table_name']}") == min(count, N)
        if count > N:
            assert result["warnings"] == {"max_rows_per_connection": N}
            assert len(warned) == 1 and str(N) in warned[0], warned
        else:
            assert result["warnings"] is None
            assert warned == []
    remote.drop("counted")


def test_which_limit_counts(session: Database, one_remote: Remote) -> None:
    one_remote.create_rows("counted", 50)
    session.execute("SET connector.max_rows = 30")
    session.execute("INSERT INTO connector.role_limits (role_name, max_rows) VALUES ('postgres', 20)")
    assert session.import_table(one_remote.connector(table="counted"))["rows"] == 20
    assert session.import_table(one_remote.connector(table="counted", max_rows=10))["rows"] == 10
    assert session.import_table(one_remote.connector(table="counted", max_rows=40))["rows"] == 20
    session.execute("UPDATE connector.role_limits SET max_rows = 40")
    assert session.import_table(one_remote.connector(table="counted"))["rows"] == 40
    session.execute("DELETE FROM connector.role_limits")
    assert session.import_table(one_remote.connector(table="counted", max_rows=40))["rows"] == 30
    session.execute("SET connector.max_rows = 0")
    assert session.import_table(one_remote.connector(table="counted"))["rows"] == 50
    one_remote.drop("counted")


def test_highest_limit(session: Database, one_remote: Remote) -> None:
    one_remote.create_rows("counted", 5)
    session.execute("SET connector.max_rows = 0")
    assert session.import_table(one_remote.connector(table="counted", max_rows=2**63 - 1))["rows"] == 5
    one_remote.drop("counted")


def test_preview_is_bounded(session: Database, one_remote: Remote) -> None:
    for rows in (-1, 1001):
        with fails('"preview_rows" must be between 0 and 1000', number=1502):
            session.value("SELECT cdb_connector_dry_run(%s, %s)", json.dumps(one_remote.connector(table="any")), rows)


def test_limit_is_pushed_down(session: Database, one_remote: Remote) -> None:
    """A table's rows beyond the limit are not even sent."""
    from servers.proxy import Proxy

    one_remote.create_rows("counted", 100_000, width=100)
    with Proxy(one_remote.server.port) as proxy:
        connection = one_remote.connection(port=proxy.port)
        assert session.import_table(one_remote.connector(connection=connection, table="counted", max_rows=5))["rows"] == 5
        assert proxy.from_server < 100_000
    one_remote.drop("counted")


@pytest.mark.parametrize("rows", [0, 1])
def test_columns(session: Database, wide: Remote, rows: int) -> None:
    """256 columns are brought, 257 are too many, unless some are chosen."""
    dialect = dialect_of(wide)
    for count in (256, 257):
        wide.drop("wide")
        wide.execute(dialect.wide_table("wide", count))
        if rows:
            wide.execute(f"INSERT INTO wide (c1, c{count}) VALUES (1, {count})")
        for connector in (wide.connector(table="wide"), wide.connector(sql_query="SELECT * FROM wide", import_as="wide")):
            if count == 257:
                failure = import_fails(session, wide, connector, "257 columns.*256", number=2004, sqlstate="54011")
                assert "columns" in failure.hint
                continue
            result = session.import_table(connector)
            assert result["rows"] == rows
            assert len(session.columns(result["table_name"])) == 256
            if rows:
                assert session.rows(f"SELECT c1, c2, c256 FROM {result['table_name']}") == [(1, None, 256)]
    result = session.import_table(wide.connector(table="wide", columns=["c257", "c1"], import_as="chosen"))
    assert [name for name, _, _ in session.columns("chosen")] == ["c257", "c1"]
    session.execute("SET connector.max_columns = 257")
    assert session.import_table(wide.connector(table="wide"))["rows"] == rows


def test_empty_table(session: Database, remote: Remote) -> None:
    remote.create_rows("nothing_in_it", 1)
    dialect = dialect_of(remote)
    remote.execute(dialect.empty("nothing_in_it"))
    result = session.import_table(remote.connector(table="nothing_in_it"))
    assert (result["rows"], result["bytes"], result["warnings"]) == (0, 0, None)
    assert [name for name, _, _ in session.columns("nothing_in_it")] == ["id", "word", "amount"]
    keys = session.value("SELECT count(*) FROM pg_index WHERE indrelid = 'nothing_in_it'::regclass AND indisprimary")
    assert keys == (1 if dialect.has_keys else 0)
    limited = session.import_table(remote.connector(table="nothing_in_it", max_rows=1))
    assert (limited["rows"], limited["warnings"]) == (0, None)
    remote.drop("nothing_in_it")


def test_listed_tables(session: Database, one_remote: Remote) -> None:
    """500 tables are listed in full, 501 with a warning."""
    dialect = dialect_of(one_remote)
    if one_remote.provider == "hive":
        pytest.skip("Hive takes half a minute to make 500 tables; providers/hive/test_sources.py tests the limit with fewer")
    schema = dialect.create_schema(one_remote, "crowded", [f"t{number:03}" for number in range(500)])
    connector = json.dumps({**one_remote.connector(), "schema": schema})
    try:
        names = session.rows("SELECT name FROM cdb_connector_tables(%s)", connector)
        assert [name for (name,) in names] == [f"t{number:03}" for number in range(500)]
        assert session.notices == []
        dialect.create_table_in(one_remote, "crowded", "t500")
        assert len(session.rows("SELECT * FROM cdb_connector_tables(%s)", connector)) == 500
        assert len(session.notices) == 1 and "WARNING" in session.notices[0] and "500" in session.notices[0]
        assert session.value("SELECT count(*) FROM cdb_connector_tables(%s, 7)", connector) == 7
        assert "cut after 7 tables" in session.notices[0]
        session.execute("SET connector.max_listed_tables = 600")
        assert session.value("SELECT count(*) FROM cdb_connector_tables(%s, 501)", connector) == 501
        assert session.notices == []
        for wrong in (0, -1):
            with fails("limit", number=1502):
                session.rows("SELECT * FROM cdb_connector_tables(%s, %s)", connector, wrong)
    finally:
        dialect.drop_schema(one_remote, "crowded")


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK", "cancel", "terminate", "error"])
def test_imports_at_once(session: Database, one_remote: Remote, end: str) -> None:
    """The second import is refused while the first runs or its transaction is open, and only then."""
    one_remote.create_rows(TABLE, 20_000, width=60)
    small = one_remote.connector(table=TABLE, max_rows=5, import_as="small")
    session.execute("SET connector.max_imports_per_role = 1")
    words = "already runs 1 import"
    if end in ("COMMIT", "ROLLBACK", "error"):
        with session.another() as first:
            first.execute("SET connector.max_imports_per_role = 1")
            first.execute("BEGIN")
            first.import_table({**small, "import_as": "held"})
            with fails_cleanly(session, one_remote, words, number=6669, sqlstate="53400"):
                session.import_table(small)
            # the same transaction imports on
            first.import_table({**small, "import_as": "held_too"})
            if end == "error":
                with fails():
                    first.execute("SELECT 1 / 0")
            else:
                first.execute(end)
            assert session.import_table(small)["rows"] == 5
    else:
        with STALLS["fetch"](session, one_remote) as stall, session.import_in_background(stall.connector) as job:
            stall.wait(job)
            with fails(words, number=6669, sqlstate="53400"):
                session.import_table(small)
            job.cancel() if end == "cancel" else job.terminate()
            wait_until(lambda: not job.running(), what="the end of the import")
            wait_until(lambda: not session.rows("SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active'", job.pid))
            assert session.import_table(small)["rows"] == 5
    one_remote.drop(TABLE)


def test_imports_at_once_are_counted_by_role(db: Database, etl: Database, one_remote: Remote) -> None:
    """What other roles do is no matter, and the default is three."""
    one_remote.create_rows(TABLE, 10)
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.1'")
    small = one_remote.connector(table=TABLE)
    others = [etl.another() for _ in range(4)]
    try:
        for number, other in enumerate(others[:3]):
            other.execute("BEGIN")
            other.import_table({**small, "import_as": f"at_once_{number}"})
        with fails("already runs 3 imports", number=6669):
            others[3].import_table(small)
        assert db.import_table({**small, "import_as": "of_another_role"})["rows"] == 10
        db.server.create_database("elsewhere", "connector")
        with Database(db.server, "elsewhere") as owner, Database(db.server, "elsewhere", "etl") as elsewhere:
            owner.execute("GRANT USAGE ON FOREIGN DATA WRAPPER connector TO etl; GRANT CREATE ON SCHEMA public TO etl")
            with fails("already runs 3 imports", number=6669):
                elsewhere.import_table(small)
    finally:
        for other in others:
            other.close()
    db.execute("DROP TABLE of_another_role")
    db.execute("DROP DATABASE elsewhere WITH (FORCE)")
    one_remote.drop(TABLE)


def test_keep_runs(db: Database, etl: Database, one_remote: Remote) -> None:
    """Each role's newest imports are remembered, and no others' are forgotten for them."""
    one_remote.create_rows(TABLE, 1)
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.1'")
    db.execute("ALTER ROLE etl SET connector.keep_runs = 3")
    connector = one_remote.connector(table=TABLE)
    mine = db.import_table({**connector, "import_as": "mine"})
    ids = [etl.import_table({**connector, "import_as": f"kept_{number}"})["item_queue_id"] for number in range(5)]
    assert [row[0] for row in etl.rows("SELECT item_queue_id::text FROM connector.imports ORDER BY started_at")] == ids[2:]
    with fails("no import with id"):
        etl.value("SELECT cdb_import_status(%s)", ids[1])
    assert etl.value("SELECT cdb_import_status(%s)", ids[2])["success"] is True
    assert db.value("SELECT cdb_import_status(%s)", mine["item_queue_id"])["table_name"] == "mine"
    db.execute("DROP TABLE mine")
    one_remote.drop(TABLE)


def test_batch_bytes(session: Database, one_remote: Remote) -> None:
    """Small and large batches bring the same rows, values wider than a batch included."""
    one_remote.create_rows("narrow", 3000, width=30)
    one_remote.create_rows("fat", 40, width=100_000)
    for table in ("narrow", "fat"):
        found = []
        for size in ("16kB", "256kB", "64MB"):
            session.execute(f"SET connector.batch_bytes = '{size}'")
            result = session.import_table(one_remote.connector(table=table))
            found.append(
                session.rows(
                    "SELECT count(*), sum(id), sum(amount), md5(string_agg(word, ',' ORDER BY id)) "
                    f"FROM {result['table_name']}"
                )
            )
            assert result["rows"] == found[0][0][0] and result["bytes"] > 0
        assert found[0] == found[1] == found[2]
    one_remote.drop("narrow")
    one_remote.drop("fat")
