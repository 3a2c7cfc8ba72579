"""Tables read by several connections: the rows, counts, limits and words are those of one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import CANCELED
from harness.parted import ROWS, TABLE, analyze, create_parted, differing_rows, no_sessions, reading
from harness.scratch import drop_tables
from harness.syncs import Syncs
from harness.thorough import MYSQL_OR_POSTGRES, VERSIONS_OF_MYSQL, VERSIONS_OF_POSTGRES, by_turns

from servers.postgres_maven import Postgres13
from servers.process import wait_until
from servers.proxy import Proxy
from servers.remote import Remote
from servers.remote_postgres import PostgresRemote
from servers.server import Unavailable
from servers.workspace import Workspace

pytestmark = [by_turns("parted", VERSIONS_OF_MYSQL, VERSIONS_OF_POSTGRES), by_turns("one_parted", MYSQL_OR_POSTGRES)]

KINDS = ("mariadb", "mysql56", "mysql9", "postgres13", "postgres15", "postgres18")  # 13 divides by keys


@pytest.fixture(scope="module")
def postgres13(workspace: Workspace) -> Iterator[PostgresRemote]:
    try:
        server = Postgres13(workspace).start()
    except Unavailable as reason:
        pytest.skip(str(reason))
    yield PostgresRemote(server, Postgres13.kind)
    server.stop()


@pytest.fixture(params=KINDS)
def parted(request: pytest.FixtureRequest) -> Iterator[Remote]:
    """Each server from which several connections can read."""
    found: Remote = request.getfixturevalue(request.param)
    found.server.start()
    yield found
    found.drop(TABLE)
    for session in found.sessions():
        found.kill_session(session.number)


@pytest.fixture(params=["mariadb", "postgres15"])
def one_parted(request: pytest.FixtureRequest) -> Iterator[Remote]:
    """One server of each provider that can."""
    found: Remote = request.getfixturevalue(request.param)
    found.server.start()
    yield found
    found.drop(TABLE)


@pytest.fixture
def session(db: Database) -> Iterator[Database]:
    with db.another() as session:
        session.execute("SET connector.max_rows = 0")
        yield session
        drop_tables(session)


def notices(session: Database) -> list[str]:
    """What was said of the number of connections."""
    return [notice for notice in session.notices if "is read by" in notice]


def create_every_kind(remote: Remote) -> None:
    """Columns of many types, NULLs everywhere but in the key, and values that become others or can't be held."""
    remote.drop(TABLE)
    if remote.provider == "mysql":
        columns = (
            "id int NOT NULL PRIMARY KEY, i bigint unsigned, d decimal(20,5), f double, t text, v varchar(20), b blob, "
            "day date, moment datetime(3), stamp timestamp(6) NULL, clock time, e enum('x','y'), flag bit(1)"
        )
        remote.execute(f"CREATE TABLE {TABLE} ({columns}) CHARACTER SET utf8mb4")
        value = (
            "id, id * 100000000000, id / 7, id / 3, repeat('é', id % 50), concat('v', id), unhex(sha2(id, 256)), "
            "if(id % 5 = 0, '0000-00-00', '2024-01-31'), '2024-02-29 12:34:56.789', '2024-05-01 00:00:00.123456', "
            "if(id % 7 = 0, '100:00:00', '12:00:00'), if(id % 2 = 0, 'x', 'y'), id % 2"
        )
        modes = "SET sql_mode = ''"
        remote.execute(f"INSERT INTO {TABLE} (id) VALUES (1)")
        done = 1
        while done < ROWS:
            more = min(done, ROWS - done)
            remote.execute(f"INSERT INTO {TABLE} (id) SELECT id + {done} FROM {TABLE} WHERE id <= {more}")
            done += more
        names = "id, i, d, f, t, v, b, day, moment, stamp, clock, e, flag".split(", ")
        given = _split(value)
        settings = ", ".join(f"{name} = {text}" for name, text in zip(names[1:], given[1:], strict=True))
        remote.execute(modes, f"UPDATE {TABLE} SET {settings} WHERE id % 11 <> 0")
    else:
        remote.execute(
            f"CREATE TABLE {TABLE} AS SELECT i AS id, CASE WHEN i % 11 <> 0 THEN i * 100000000000 END AS big, "
            "CASE WHEN i % 11 <> 0 THEN i / 7.0 END AS d, i / 3.0::float8 AS f, repeat('é', i % 50) AS t, "
            "decode(md5(i::text), 'hex') AS b, date '2024-01-31' + i % 1000 AS day, "
            "timestamptz '2024-02-29 12:34:56.789+00' + i * interval '1 s' AS stamp, jsonb_build_object('i', i) AS j, "
            f"ARRAY[i, NULL, i + 1] AS a, (i % 2 = 0) AS flag FROM generate_series(1, {ROWS}) i",
            f"ALTER TABLE {TABLE} ADD PRIMARY KEY (id)",
            f"DELETE FROM {TABLE} WHERE id % 13 = 0",
        )
    analyze(remote)


def _split(list_of_values: str) -> list[str]:
    """Parts of a list between commas outside of parentheses."""
    parts, depth = [""], 0
    for letter in list_of_values:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


@pytest.mark.thorough("mysql9", "postgres13")
def test_the_rows_are_those_of_one_connection(session: Database, parted: Remote) -> None:
    create_every_kind(parted)
    connector = parted.connector(table=TABLE, invalid_values="null")
    one = session.import_table(connector, import_as="one")
    assert "readers" not in one
    several = session.import_table(connector, import_as="several", readers=4)
    assert several["readers"] == 4, several
    assert not notices(session)
    assert several["rows"] == one["rows"] and several["bytes"] == one["bytes"] and several["warnings"] == one["warnings"]
    if parted.provider == "mysql":
        assert one["warnings"]["zero_dates"]["day"] > 0 and one["warnings"]["invalid_values"]["clock"] > 0
    assert session.columns("one") == session.columns("several")
    assert differing_rows(session, "one", "several") == 0
    no_sessions(parted)


@pytest.mark.parametrize("limit", [ROWS - 1, ROWS, ROWS + 1, 50_001])
def test_a_limit_brings_as_many_rows(session: Database, one_parted: Remote, limit: int) -> None:
    create_parted(one_parted)
    result = session.import_table(one_parted.connector(table=TABLE, readers=4, max_rows=limit))
    assert result["readers"] == 4
    assert result["rows"] == min(limit, ROWS)
    assert session.rows(f"SELECT count(*), count(DISTINCT id) FROM {result['table_name']}") == [(min(limit, ROWS),) * 2]
    assert result["warnings"] == ({"max_rows_per_connection": limit} if limit < ROWS else None)
    no_sessions(one_parted)


def test_chosen_columns_default_columns_and_parts(session: Database, one_parted: Remote) -> None:
    create_parted(one_parted)
    one_parted.execute(f"CREATE INDEX parted_word ON {TABLE} (amount)")
    connector = one_parted.connector(
        table=TABLE, columns={"amount": "text", "id": None}, default_columns=True, keep=["indexes"]
    )
    session.import_table(connector, import_as="one")
    result = session.import_table(connector, import_as="several", readers="3")
    assert result["readers"] == 3
    assert session.columns("one") == session.columns("several")
    read = "SELECT count(*), count(DISTINCT cartodb_id), sum(amount::numeric) FROM "
    assert session.rows(read + "several") == session.rows(read + "one")
    index = "SELECT replace(pg_get_indexdef(indexrelid), 'several', 'one') FROM pg_index WHERE indrelid = %s::regclass ORDER BY 1"
    assert session.rows(index, "several") == session.rows(index, "one")


def test_null_keys_are_read(session: Database, one_parted: Remote) -> None:
    """Without a primary key, by a key that may be NULL, or by whatever the provider divides tables by."""
    one_parted.drop(TABLE)
    numbers = f"SELECT id FROM {TABLE}_ids"
    one_parted.create_rows(f"{TABLE}_ids", ROWS)
    one_parted.execute(
        f"CREATE TABLE {TABLE} (k bigint, n bigint)",
        f"INSERT INTO {TABLE} SELECT CASE WHEN id % 10 = 0 THEN NULL ELSE id END, id FROM ({numbers}) i",
        f"CREATE INDEX parted_k ON {TABLE} (k)",
    )
    analyze(one_parted)
    result = session.import_table(one_parted.connector(table=TABLE, readers=4))
    assert result["readers"] == 4, result
    assert session.rows("SELECT count(*), count(k), count(DISTINCT n) FROM parted") == [(ROWS, ROWS - ROWS // 10, ROWS)]
    one_parted.drop(f"{TABLE}_ids")


@pytest.mark.parametrize("target", ["table", "partitioned"])
@pytest.mark.parametrize("mode", ["replace", "merge"])
def test_syncs(session: Database, one_parted: Remote, mode: str, target: str) -> None:
    create_parted(one_parted)
    syncs = Syncs(session)
    name = f"{mode}_{target}"
    session.execute("SET connector.min_sync_interval = 1")
    if target == "partitioned":
        session.execute(
            f"CREATE TABLE {name} (id bigint PRIMARY KEY, word varchar(20), amount numeric(12,2)) PARTITION BY HASH (id)"
        )
        for part in range(2):
            session.execute(
                f"CREATE TABLE {name}_{part} PARTITION OF {name} FOR VALUES WITH (MODULUS 2, REMAINDER {part})"
            )
    with Proxy(one_parted.server.port) as proxy:
        connector = one_parted.connector(
            connection=one_parted.connection(port=proxy.port),
            table=TABLE,
            import_as=name,
            collision_strategy="overwrite",
            readers=4,
            sync={"mode": mode},
        )
        id = syncs.create(connector)["id"]
        for change in ("", f"UPDATE {TABLE} SET amount = amount + 1 WHERE id % 3 = 0", f"DELETE FROM {TABLE} WHERE id % 10 = 0"):
            if change:
                one_parted.execute(change)
                analyze(one_parted)
            before = proxy.accepted
            syncs.now(id, wait=True)
            assert syncs.state(id) == "success", syncs.status(id)
            assert proxy.accepted == before + 5
            assert session.rows(f"SELECT count(*), sum(amount) FROM {name}") == one_parted.rows(
                f"SELECT count(*), sum(amount) FROM {TABLE}"
            )
            assert not notices(session)
            assert session.value("SELECT warnings FROM connector.runs ORDER BY started_at DESC LIMIT 1") is None
    no_sessions(one_parted)
    session.execute("SELECT cdb_sync_delete(%s)", id)


def test_how_many_connections_there_are(db: Database, parted: Remote) -> None:
    create_parted(parted, width=200)
    with reading(db, parted) as reads, reads.job as job:
        reads.wait()
        job.cancel()
        with fails(sqlstate=CANCELED):
            job.result(limit=20)
    no_sessions(parted)


def test_a_remote_that_tells_any_size(session: Database, one_parted: Remote) -> None:
    create_parted(one_parted)
    if one_parted.provider == "mysql":
        told = f"UPDATE mysql.innodb_table_stats SET n_rows = 9223372036854775807 WHERE table_name = '{TABLE}'"
        one_parted.execute(told, f"FLUSH TABLE {TABLE}")
    else:
        one_parted.execute(f"UPDATE pg_class SET reltuples = 1e18 WHERE relname = '{TABLE}'")
    result = session.import_table(one_parted.connector(table=TABLE, readers=4))
    assert (result["readers"], result["rows"]) == (4, ROWS)
    no_sessions(one_parted)


def test_a_small_table_is_read_by_one_without_a_word(session: Database, one_parted: Remote) -> None:
    create_parted(one_parted, rows=1000)
    result = session.import_table(one_parted.connector(table=TABLE, readers=4))
    assert result["readers"] == 1 and result["warnings"] is None and not notices(session)
    few = session.import_table(one_parted.connector(table=TABLE, readers=4, max_rows=10))
    assert few["readers"] == 1 and not notices(session)


@pytest.mark.parametrize("source", ["query", "view"])
def test_what_can_not_be_divided(session: Database, one_parted: Remote, source: str) -> None:
    create_parted(one_parted)
    one_parted.execute(f"CREATE VIEW parted_view AS SELECT * FROM {TABLE}")
    try:
        keys = {"table": "parted_view"} if source == "view" else {"sql_query": f"SELECT * FROM {TABLE}", "import_as": "q"}
        result = session.import_table(one_parted.connector(readers=4, **keys))
        assert result["readers"] == 1 and result["rows"] == ROWS
        assert len(notices(session)) == 1 and "read by one connection instead of 4" in notices(session)[0]
        assert "can't be divided" in result["warnings"]["fewer_readers"] or "can't divide it" in result["warnings"]["fewer_readers"]
    finally:
        one_parted.execute("DROP VIEW parted_view")


def test_no_more_than_the_setting_allows(session: Database, one_parted: Remote) -> None:
    create_parted(one_parted)
    session.execute("SET connector.max_readers = 2")
    result = session.import_table(one_parted.connector(table=TABLE, readers=4))
    assert result["readers"] == 2
    assert "read by 2 connections instead of 4: connector.max_readers allows no more" == result["warnings"]["fewer_readers"]
    assert len(notices(session)) == 1
    session.execute("SET connector.max_readers = 1")
    assert session.import_table(one_parted.connector(table=TABLE, readers=4))["readers"] == 1


def test_the_key_is_checked(session: Database, one_parted: Remote) -> None:
    for wrong in (0, -1, "many", 1.5, True, [4]):
        with pytest.raises(Exception, match="readers"):
            session.import_table(one_parted.connector(table=TABLE, readers=wrong))
    info = session.value("SELECT cdb_connector_info(%s)", one_parted.provider)
    assert info["parameters"]["readers"]["default"] in ("1", 1)


@contextmanager
def moving_amounts(remote: Remote) -> Iterator[list[int]]:
    """Somebody moves amounts from row to row, whose sum stays; counts the moves."""
    moves, stop = [0], threading.Event()

    def move() -> None:
        number = 0
        while not stop.is_set():
            one, other = number * 7919 % ROWS + 1, number * 104729 % ROWS + 1
            number += 1
            if one == other:
                continue
            remote.execute(
                f"UPDATE {TABLE} SET amount = amount + CASE WHEN id = {one} THEN 1 ELSE -1 END WHERE id IN ({one}, {other})"
            )
            moves[0] += 1

    writer = threading.Thread(target=move, daemon=True)
    writer.start()
    try:
        yield moves
    finally:
        stop.set()
        writer.join(30)


@pytest.mark.thorough("mysql9")
def test_all_rows_are_of_one_state(session: Database, parted: Remote) -> None:
    """However often it is tried while others write."""
    create_parted(parted)
    total = parted.rows(f"SELECT sum(amount) FROM {TABLE}")
    by_several = 0
    with moving_amounts(parted) as moves:
        for number in range(6):
            before = moves[0]
            result = session.import_table(parted.connector(table=TABLE, import_as=f"state_{number}", readers=4))
            by_several += result["readers"] == 4
            assert moves[0] > before, "nobody wrote"
            assert session.rows(f"SELECT sum(amount) FROM state_{number}") == total
    assert by_several > 0, "never read by several"


def test_in_the_background(session: Database, one_parted: Remote) -> None:
    create_parted(one_parted)
    session.execute("SET connector.max_readers = 8")
    request = json.dumps(one_parted.connector(table=TABLE, import_as="queued", readers=100))
    id = session.value("SELECT cdb_import_connector(%s, wait => false)", request)["item_queue_id"]
    ends = ("complete", "failure")
    wait_until(
        lambda: session.value("SELECT cdb_import_status(%s)", id)["state"] in ends, limit=60, what="the import in the background"
    )
    status = session.value("SELECT cdb_import_status(%s)", id)
    assert status["state"] == "complete", status
    assert session.value("SELECT count(*) FROM queued") == ROWS
    # It has three parts, fewer than the setting allows.
    assert "fewer_readers" not in json.dumps(status)
