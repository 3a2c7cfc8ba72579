"""Tables in parts, and several connections that read one state, over versions of the server: without PostgreSQL between."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest
from harness.divided import paused
from harness.sources import Read
from harness.thorough import VERSIONS_OF_POSTGRES, by_turns

from servers.postgres import Postgres
from servers.postgres_maven import MavenPostgres, Postgres13, Postgres93
from servers.process import wait_until
from servers.remote_postgres import READER, PostgresRemote
from servers.server import Unavailable
from servers.standby import Standby
from servers.workspace import Workspace

pytestmark = by_turns("source", VERSIONS_OF_POSTGRES)

TABLE = "divided"
ROWS = 20_000


@pytest.fixture(scope="module", params=["postgres93", "postgres13", "postgres15", "postgres18"])
def source(request: pytest.FixtureRequest, workspace: Workspace) -> Iterator[PostgresRemote]:
    old: dict[str, type[MavenPostgres]] = {"postgres93": Postgres93, "postgres13": Postgres13}
    if request.param not in old:
        yield PostgresRemote(request.getfixturevalue(request.param).server, request.param, "divided")
        return
    try:
        server = old[request.param](workspace).start()
    except Unavailable as reason:
        pytest.skip(str(reason))
    yield PostgresRemote(server, request.param)
    server.stop()


@pytest.fixture(scope="module")
def source15(postgres15: PostgresRemote) -> PostgresRemote:
    return PostgresRemote(postgres15.server, "postgres15", "divided15")


@pytest.fixture(autouse=True)
def no_tables(request: pytest.FixtureRequest) -> None:
    """Each test begins without what the one before it has left."""
    for name in ("source", "source15"):
        if name in request.fixturenames:
            remote: PostgresRemote = request.getfixturevalue(name)
            remote.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public", "GRANT ALL ON SCHEMA public TO public")
            break


def version(remote: PostgresRemote) -> int:
    return int(remote.rows("SHOW server_version_num")[0][0])


def parts_of(read: Read, remote: PostgresRemote, wanted: int = 8, **keys: object) -> list[str]:
    (line,) = read(remote.connector(**({"table": TABLE} | keys)), f"divide:{wanted}")
    parts: list[str] = json.loads(line)
    return parts


def divided(
    read: Read, remote: PostgresRemote, wanted: int = 8, readers: int = 3, *, by_processes: bool = False, **more: object
) -> dict[str, Any]:
    step = "divided:" + json.dumps({"wanted": wanted, "readers": readers, **more})
    (line,) = read(remote.connector(table=TABLE, columns=["id"]), *(["reader"] if by_processes else []), step)
    answer: dict[str, Any] = json.loads(line)
    return answer


def assert_once(answer: dict[str, Any], remote: PostgresRemote, least_parts: int) -> None:
    """Each row is in exactly one part; every reader, and the connection that offered the state, sees all of them."""
    assert answer["why_not"] == ""
    assert len(answer["parts"]) >= least_parts
    expected = sorted(number for (number,) in remote.rows(f"SELECT id FROM {TABLE}"))
    assert sorted(number for part in answer["rows"] for number in part) == expected
    assert answer["whole"] == [sum(expected)] * len(answer["whole"])
    assert answer["own"] == sum(expected)


def create(remote: PostgresRemote, rows: int = ROWS) -> None:
    remote.execute(
        f"CREATE TABLE {TABLE} (id int PRIMARY KEY, word text)",
        f"INSERT INTO {TABLE} SELECT i, repeat('x', 50) FROM generate_series(1, {rows}) i",
        f"ANALYZE {TABLE}",
    )


# Blocks, or a primary key where the server can't go by them.


def test_a_table(source: PostgresRemote, read: Read) -> None:
    create(source)
    answer = divided(read, source)
    assert_once(answer, source, 6)
    by_blocks = version(source) >= 140000
    assert all(("ctid" in part) == by_blocks for part in answer["parts"])
    # About equally many: none has three times its share.
    assert max(map(len, answer["rows"])) < 3 * ROWS / len(answer["parts"])


def test_holes_and_bloat(source: PostgresRemote, read: Read) -> None:
    create(source)
    source.execute(
        f"DELETE FROM {TABLE} WHERE id % 100 <> 0 AND id < {ROWS // 2}",
        f"UPDATE {TABLE} SET word = word || 'y'",
        f"VACUUM {TABLE}",
        f"INSERT INTO {TABLE} SELECT i, 'new' FROM generate_series(1, 99) i",
        f"UPDATE {TABLE} SET word = word || 'z' WHERE id % 7 = 0",
    )
    assert_once(divided(read, source), source, 4)


def test_small_tables(source: PostgresRemote, read: Read) -> None:
    """Empty, without a block, with one: there is one part."""
    create(source, 0)
    assert_once(divided(read, source), source, 1)
    source.execute(f"INSERT INTO {TABLE} VALUES (1, 'x'), (2, 'y')")
    answer = divided(read, source)
    assert_once(answer, source, 1)
    assert len(answer["parts"]) == 1
    source.execute(f"DELETE FROM {TABLE}")
    assert_once(divided(read, source), source, 1)


def test_without_statistics(source: PostgresRemote, read: Read) -> None:
    """Never counted, and filled since: sizes are those of now."""
    source.execute(
        f"CREATE TABLE {TABLE} (id bigint PRIMARY KEY) WITH (autovacuum_enabled = off)",
        f"INSERT INTO {TABLE} SELECT i FROM generate_series(1, {ROWS}) i",
    )
    assert_once(divided(read, source), source, 4)


def test_rows_that_come_and_go_meanwhile(source: PostgresRemote, read: Read, workspace: Workspace) -> None:
    """Behind the division rows are added beyond its last block and key, and others before the first key."""
    del read  # it has built the program
    create(source)
    with paused(source.connector(table=TABLE, columns=["id"]), workspace) as probe:
        source.execute(
            f"INSERT INTO {TABLE} SELECT i, repeat('x', 50) FROM generate_series({ROWS + 1}, {3 * ROWS}) i",
            f"INSERT INTO {TABLE} SELECT -i, 'x' FROM generate_series(1, 100) i",
            f"DELETE FROM {TABLE} WHERE id BETWEEN 5000 AND 6000",
        )
        text, error = probe.end()
    assert error == ""
    assert_once(json.loads(text), source, 6)


def test_a_table_that_is_emptied_meanwhile(source: PostgresRemote, read: Read, workspace: Workspace) -> None:
    """TRUNCATE waits for the lock of who has described the table, and comes before those who read."""
    del read
    create(source)
    answer = divided_while_one_waits(source, workspace, f"TRUNCATE {TABLE}; INSERT INTO {TABLE} VALUES (7, 'x')")
    assert answer["own"] == 7
    if not answer["why_not"]:
        assert (numbers_of(answer), answer["whole"]) == ([7], [7] * 3)


# Trees of tables.


def test_partitions(source: PostgresRemote, read: Read) -> None:
    if version(source) < 110000:
        pytest.skip("without partitioned tables that have keys")
    source.execute(
        f"CREATE TABLE {TABLE} (id int PRIMARY KEY, word text) PARTITION BY RANGE (id)",
        f"CREATE TABLE {TABLE}_1 PARTITION OF {TABLE} FOR VALUES FROM (0) TO (100)",
        f"CREATE TABLE {TABLE}_2 PARTITION OF {TABLE} FOR VALUES FROM (100) TO (15000)",
        f"CREATE TABLE {TABLE}_3 PARTITION OF {TABLE} FOR VALUES FROM (15000) TO (15001)",
        f"CREATE TABLE {TABLE}_4 PARTITION OF {TABLE} FOR VALUES FROM (15001) TO (90000) PARTITION BY HASH (id)",
        f"CREATE TABLE {TABLE}_5 PARTITION OF {TABLE}_4 FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
        f"CREATE TABLE {TABLE}_6 PARTITION OF {TABLE}_4 FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
        f"INSERT INTO {TABLE} SELECT i, repeat('x', 50) FROM generate_series(1, {ROWS}) i",
        f"ANALYZE {TABLE}",
    )
    answer = divided(read, source)
    assert_once(answer, source, 4)
    assert max(map(len, answer["rows"])) < 3 * ROWS / len(answer["parts"])


def test_inheritance(source: PostgresRemote, read: Read) -> None:
    """A child that has no primary key, has dropped NOT NULL where it may, and more rows than its parent."""
    create(source, 3000)
    source.execute(
        f"CREATE TABLE child (more text) INHERITS ({TABLE})",
        "CREATE TABLE grandchild () INHERITS (child)",
        f"INSERT INTO child SELECT i, 'x', repeat('y', 200) FROM generate_series(1000, {ROWS}) i",
        "INSERT INTO grandchild SELECT i, 'x', 'y' FROM generate_series(1, 2000) i",
    )
    by_blocks = version(source) >= 140000
    if not by_blocks:
        assert parts_of(read, source) == []  # not all have an index
        source.execute("CREATE INDEX ON child (id)", "CREATE INDEX ON grandchild (id)")
    source.execute(f"ANALYZE {TABLE}", "ANALYZE child", "ANALYZE grandchild")
    assert_once(divided(read, source), source, 4)
    if by_blocks:
        return
    source.execute("ALTER TABLE child ALTER id DROP NOT NULL", "INSERT INTO child VALUES (NULL, 'x', 'y')")
    parts = parts_of(read, source)
    assert count(source, parts) == source.rows(f"SELECT count(*) FROM {TABLE}")[0][0]


def somebody_waits(remote: PostgresRemote) -> bool:
    return remote.rows(f"SELECT 1 FROM pg_locks WHERE NOT granted AND relation = '{TABLE}'::regclass") != []


def divided_while_one_waits(remote: PostgresRemote, workspace: Workspace, statement: str) -> dict[str, Any]:
    """What the program tells of the table where a statement waits for the lock of who has described it. Where that takes
    longer than a second, it is the lock that no state is had for."""
    with ThreadPoolExecutor() as pool, paused(remote.connector(table=TABLE, columns=["id"]), workspace) as probe:
        waiting = pool.submit(remote.execute, statement)
        wait_until(lambda: somebody_waits(remote), what="the statement to wait")
        text, error = probe.end()
        waiting.result()
    assert error == ""
    answer: dict[str, Any] = json.loads(text)
    assert not answer["why_not"] or "lock timeout" in answer["why_not"]
    return answer


def reads_alone(remote: PostgresRemote) -> bool:
    query = f"SELECT 1 FROM pg_stat_activity WHERE usename = '{READER}' AND state = 'active' AND query LIKE '%COPY (SELECT%'"
    return remote.rows(query) != []


def count(remote: PostgresRemote, parts: list[str]) -> int:
    return sum(remote.rows(f"SELECT count(*) FROM {TABLE} WHERE {part}")[0][0] for part in parts)


def numbers_of(answer: dict[str, Any]) -> list[int]:
    return sorted(number for part in answer["rows"] for number in part)


@pytest.mark.parametrize("partitions", [1, 20])
def test_a_partition_that_comes_meanwhile(source: PostgresRemote, read: Read, workspace: Workspace, partitions: int) -> None:
    """The server reads a partition as soon as it is attached, whatever the snapshot: here behind half of the parts."""
    del read
    if version(source) < 120000:
        pytest.skip("ATTACH PARTITION locks the table against readers")
    source.execute(
        f"CREATE TABLE {TABLE} (id int PRIMARY KEY, word text) PARTITION BY RANGE (id)",
        *(
            f"CREATE TABLE p{i} PARTITION OF {TABLE} FOR VALUES FROM ({i * ROWS // partitions}) TO ({(i + 1) * ROWS // partitions})"
            for i in range(partitions)
        ),
        f"INSERT INTO {TABLE} SELECT i, repeat('x', 50) FROM generate_series(0, {ROWS - 1}) i",
        f"CREATE TABLE later AS SELECT i + {ROWS} AS id, repeat('x', 50) AS word FROM generate_series(0, {ROWS - 1}) i",
        "ALTER TABLE later ADD PRIMARY KEY (id)",
        f"ANALYZE {TABLE}",
    )
    with paused(source.connector(table=TABLE, columns=["id"]), workspace, "pause_reading") as probe:
        source.execute(f"ALTER TABLE {TABLE} ATTACH PARTITION later FOR VALUES FROM ({ROWS}) TO ({2 * ROWS})")
        text, error = probe.end()
    assert error == ""
    answer = json.loads(text)
    assert len(answer["parts"]) >= 2
    assert numbers_of(answer) == list(range(ROWS))


def test_a_child_that_comes_meanwhile(source: PostgresRemote, read: Read, workspace: Workspace) -> None:
    del read
    create(source)
    source.execute(
        f"CREATE TABLE later (id int NOT NULL, word text)", f"INSERT INTO later SELECT i, 'x' FROM generate_series(1, {ROWS}) i"
    )
    with paused(source.connector(table=TABLE, columns=["id"]), workspace, "pause_reading") as probe:
        source.execute(f"ALTER TABLE later INHERIT {TABLE}")
        text, error = probe.end()
    assert error == ""
    assert numbers_of(json.loads(text)) == list(range(1, ROWS + 1))


def test_who_is_locked(source: PostgresRemote, read: Read, workspace: Workspace) -> None:
    """Before its first row each reader has locked all that belongs to the table, so that none waits for it later."""
    del read
    create(source)
    source.execute(f"CREATE TABLE child () INHERITS ({TABLE})", "CREATE TABLE grandchild () INHERITS (child)")
    source.execute("INSERT INTO child SELECT 1000000", "INSERT INTO grandchild SELECT 2000000")
    if version(source) < 140000:
        source.execute("CREATE INDEX ON child (id)", "CREATE INDEX ON grandchild (id)")
    with paused(source.connector(table=TABLE, columns=["id"]), workspace, "pause_reading") as probe:
        held = source.rows(
            "SELECT relation::regclass::text, count(DISTINCT pid) FROM pg_locks WHERE mode = 'AccessShareLock' "
            f"AND relation IN ('{TABLE}'::regclass, 'child'::regclass, 'grandchild'::regclass) GROUP BY 1"
        )
        text, error = probe.end()
    assert error == ""
    assert dict(held) == {TABLE: 3, "child": 3, "grandchild": 3}
    assert numbers_of(json.loads(text)) == [*range(1, ROWS + 1), 1000000, 2000000]


def test_a_table_that_is_rewritten_meanwhile(source: PostgresRemote, read: Read, workspace: Workspace) -> None:
    """A snapshot from before an ALTER TABLE that rewrites would show no row: the locks come before it."""
    del read
    create(source)
    answer = divided_while_one_waits(source, workspace, f"ALTER TABLE {TABLE} ALTER word TYPE varchar(60) USING word || pg_sleep(0)::text")
    assert answer["own"] == sum(range(1, ROWS + 1))
    if not answer["why_not"]:
        assert numbers_of(answer) == list(range(1, ROWS + 1))


def test_a_materialized_view(source: PostgresRemote, read: Read) -> None:
    create(source)
    source.execute(
        f"ALTER TABLE {TABLE} RENAME TO below",
        f"CREATE MATERIALIZED VIEW {TABLE} AS SELECT * FROM below",
        f"CREATE UNIQUE INDEX ON {TABLE} (id)",
        f"GRANT SELECT ON {TABLE} TO {READER}",
        f"ANALYZE {TABLE}",
    )
    assert_once(divided(read, source), source, 4)


# Keys: also where a role must not read ctid.

KEYS: dict[str, tuple[str, list[str]]] = {
    # Of each type: ordinary values, by i; and its extremes.
    "smallint": ("(i - 10000)::smallint", ["-32768", "32767"]),
    "integer": ("i * 7", ["-2147483648", "2147483647"]),
    "bigint": ("i::bigint * 1000000", ["-9223372036854775808", "9223372036854775807"]),
    "date": ("date '1999-12-31' + i", ["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"]),
    "timestamp": ("timestamp '1999-12-31 23:59:59.999999' + i * interval '1 minute'", ["infinity", "-infinity", "4713-01-01 BC", "294276-12-31"]),
    "timestamptz": ("timestamptz '1999-12-31 23:59:59.999999+00' + i * interval '1 hour'", ["infinity", "-infinity", "0044-03-15 BC", "12000-01-01"]),
    "uuid": ("md5(i::text)::uuid", ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("has_extremes", [False, True], ids=["ordinary", "extremes"])
def test_keys(source: PostgresRemote, read: Read, kind: str, has_extremes: bool) -> None:
    """By an index that is not unique, of a column that may be NULL; the role may read these columns and no other."""
    values, extremes = KEYS[kind]
    more = [*extremes, None] if has_extremes else []
    rows = "".join(f", ({-number}, {'NULL' if value is None else repr(value)})" for number, value in enumerate(more, 1))
    source.execute(
        f"CREATE TABLE {TABLE} (id int, k {kind}, secret text)",
        f"INSERT INTO {TABLE} (id, k) SELECT i, {values} FROM generate_series(1, {ROWS}) i",
        f"INSERT INTO {TABLE} (id, k) VALUES (0, NULL){rows}",
        f"CREATE INDEX ON {TABLE} (k)",
        f"REVOKE SELECT ON {TABLE} FROM {READER}",
        f"GRANT SELECT (id, k, tableoid) ON {TABLE} TO {READER}",
        f"ANALYZE {TABLE}",
    )
    answer = divided(read, source)
    assert_once(answer, source, 4)
    assert not any("ctid" in part for part in answer["parts"])
    assert answer["parts"][-1].startswith('"k" IS NULL AND')
    assert sorted(answer["rows"][-1]) == ([-len(more), 0] if has_extremes else [0])
    assert max(map(len, answer["rows"])) < 3 * ROWS / 8


def test_which_key(source: PostgresRemote, read: Read) -> None:
    """The primary key before other columns; an index of a part of the rows, of an expression or of texts is none."""
    source.execute(
        f"CREATE TABLE {TABLE} (word text, other int NOT NULL, id bigint PRIMARY KEY, third int)",
        f"INSERT INTO {TABLE} SELECT 'w' || i, i % 10, i, i FROM generate_series(1, {ROWS}) i",
        f"CREATE INDEX ON {TABLE} (other)",
        f"CREATE INDEX ON {TABLE} (third) WHERE third > 5",
        f"CREATE INDEX ON {TABLE} ((third + 1))",
        f"REVOKE SELECT ON {TABLE} FROM {READER}",
        f"GRANT SELECT (word, other, id, third, tableoid) ON {TABLE} TO {READER}",
        f"ANALYZE {TABLE}",
    )
    parts = parts_of(read, source)
    assert len(parts) > 4 and all('"id"' in part for part in parts)
    assert not any("IS NULL" in part for part in parts)
    source.execute(f"REVOKE SELECT (id) ON {TABLE} FROM {READER}")
    parts = parts_of(read, source, columns=["word"])
    assert len(parts) > 4 and all('"other"' in part for part in parts)
    source.execute(f"ALTER TABLE {TABLE} DROP COLUMN other")
    assert parts_of(read, source, columns=["word"]) == []


def test_a_granted_ctid(source: PostgresRemote, read: Read) -> None:
    """System columns can be granted by themselves; without tableoid nobody knows whose the rows are that come meanwhile."""
    create(source)
    source.execute(f"REVOKE SELECT ON {TABLE} FROM {READER}", f"GRANT SELECT (id, ctid) ON {TABLE} TO {READER}")
    assert parts_of(read, source, columns=["id"]) == []
    source.execute(f"GRANT SELECT (tableoid) ON {TABLE} TO {READER}")
    answer = divided(read, source)
    assert_once(answer, source, 4)
    assert all(("ctid" in part) == (version(source) >= 140000) for part in answer["parts"])


def test_policies(source: PostgresRemote, read: Read) -> None:
    """Rows that a policy hides are in no part."""
    if version(source) < 90500:
        pytest.skip("without row security")
    create(source)
    source.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY", f"CREATE POLICY p ON {TABLE} USING (id % 2 = 0)")
    answer = divided(read, source)
    assert sorted(number for part in answer["rows"] for number in part) == list(range(2, ROWS + 1, 2))
    assert len(answer["parts"]) > 4


def test_what_is_not_divided(source: PostgresRemote, read: Read) -> None:
    create(source)
    source.execute(f"CREATE VIEW seen AS SELECT * FROM {TABLE}", "CREATE TABLE keyless (id int)")
    source.execute(f"INSERT INTO keyless SELECT i FROM generate_series(1, {ROWS}) i")
    source.execute(f"REVOKE SELECT ON keyless FROM {READER}", f"GRANT SELECT (id) ON keyless TO {READER}")
    for table in ("seen", "keyless"):
        assert parts_of(read, source, table=table) == []
    (line,) = read(source.connector(sql_query=f"SELECT * FROM {TABLE}", import_as="t"), "divide:8")
    assert line == "[]"


def test_foreign_tables(source15: PostgresRemote, read: Read) -> None:
    """Their rows are of no state of this server: neither they nor tables that have them below are divided."""
    create(source15)
    source15.execute(
        "CREATE EXTENSION file_fdw",
        "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
        "CREATE FOREIGN TABLE far (id int, word text) SERVER files OPTIONS (filename '/dev/null')",
        "CREATE TABLE split (id int, word text) PARTITION BY RANGE (id)",
        "CREATE TABLE near PARTITION OF split FOR VALUES FROM (0) TO (100000)",
        "CREATE FOREIGN TABLE beyond PARTITION OF split FOR VALUES FROM (100000) TO (200000) SERVER files OPTIONS (filename '/dev/null')",
        f"INSERT INTO split SELECT * FROM {TABLE}",
        "CREATE INDEX ON near (id)",
    )
    for table in ("far", "split"):
        assert parts_of(read, source15, table=table) == []
    source15.execute("DROP EXTENSION file_fdw CASCADE")


# One state.


def test_one_state_under_writers(source: PostgresRemote, read: Read) -> None:
    """Sessions move amounts between rows, so that the sum stays: whoever reads two states finds another one."""
    accounts, amount = 5000, 1000
    source.execute(
        f"CREATE TABLE {TABLE} (account int PRIMARY KEY, id bigint) WITH (fillfactor = 50)",
        f"INSERT INTO {TABLE} SELECT i, {amount} FROM generate_series(1, {accounts}) i",
        f"ANALYZE {TABLE}",
    )
    stop = threading.Event()

    def move(seed: int) -> int:
        moves = 0
        connection = source.server.connect(source.database)
        with connection.cursor() as cursor:
            while not stop.is_set():
                one, other = (seed * 7919 + moves * 104729) % accounts + 1, (seed * 15485863 + moves * 32452843) % accounts + 1
                one, other = sorted((one, other))
                try:
                    cursor.execute(
                        f"BEGIN; UPDATE {TABLE} SET id = id - 1 WHERE account = {one}; "
                        f"UPDATE {TABLE} SET id = id + 1 WHERE account = {other}; COMMIT"
                    )
                except psycopg2.errors.DeadlockDetected:
                    cursor.execute("ROLLBACK")
                moves += 1
        connection.close()
        return moves

    with ThreadPoolExecutor() as pool:
        writers = [pool.submit(move, seed) for seed in range(2)]
        try:
            for _ in range(6):
                answer = divided(read, source)
                assert answer["why_not"] == ""
                assert answer["whole"] == [accounts * amount] * 3
                assert sum(number for part in answer["rows"] for number in part) == accounts * amount
                assert sum(map(len, answer["rows"])) == accounts
                assert answer["own"] == accounts * amount
        finally:
            stop.set()
        assert all(writer.result() > 0 for writer in writers)


def test_an_offer_that_has_ended(source: PostgresRemote, read: Read) -> None:
    """Who can't join says so, and the connection that offered reads as before."""
    create(source)
    answer = divided(read, source, too_late=True)
    assert "snapshot" in answer["why_not"]
    assert answer["own"] == sum(range(1, ROWS + 1))


def test_a_lock_that_is_not_to_be_had(source: PostgresRemote, read: Read, workspace: Workspace) -> None:
    """Whoever has the table keeps the offer waiting for a second; the connection alone waits as long as it takes."""
    del read
    create(source)
    holder = source.server.connect(source.database)
    with ThreadPoolExecutor() as pool, holder.cursor() as cursor, paused(source.connector(table=TABLE, columns=["id"]), workspace) as probe:
        locked = pool.submit(cursor.execute, f"BEGIN; LOCK TABLE {TABLE}")
        wait_until(lambda: somebody_waits(source), what="LOCK to wait")
        probe.go_on()
        locked.result()
        try:
            wait_until(lambda: reads_alone(source), what="the connection to read by itself")
        finally:
            cursor.execute("ROLLBACK")
        text, error = probe.end()
    assert error == ""
    assert "lock timeout" in json.loads(text)["why_not"]
    assert json.loads(text)["own"] == sum(range(1, ROWS + 1))


def test_processes(source15: PostgresRemote, read: Read) -> None:
    """Each connection in a process connector-reader: parts, offers and marks go through it."""
    create(source15)
    assert_once(divided(read, source15, by_processes=True), source15, 6)
    answer = divided(read, source15, by_processes=True, too_late=True)
    assert "snapshot" in answer["why_not"]
    assert answer["own"] == sum(range(1, ROWS + 1))


def test_a_part_is_one_message(source15: PostgresRemote, read: Read) -> None:
    """A round trip for each part, whatever the snapshot needs beside."""
    create(source15)
    source15.execute(f"ALTER ROLE {READER} SET log_statement = 'all'")
    before = len(source15.server.log.read_text().splitlines())
    try:
        answer = divided(read, source15, wanted=8, readers=1)
    finally:
        source15.execute(f"ALTER ROLE {READER} RESET log_statement")
    assert_once(answer, source15, 8)
    lines = source15.server.log.read_text().splitlines()[before:]
    messages = [line.split(" statement: ", 1)[1] for line in lines if " statement: " in line and f"{READER}@" in line]
    first = next(i for i, message in enumerate(messages) if " COPY (" in message)
    parts = messages[first : first + 8]
    assert all(message.startswith("SAVEPOINT") and "ctid" in message for message in parts)


def test_a_standby(workspace: Workspace, read: Read) -> None:
    """Since 10 a standby has snapshots for others, too; its transactions by default may be of a level that it does not have."""
    with Postgres(workspace, pg_config="pg_config", settings={"wal_level": "replica"}) as server:
        remote = PostgresRemote(server)
        create(remote)
        remote.execute(f"ALTER ROLE {READER} SET default_transaction_isolation = 'serializable'")
        with Standby(workspace, server, pg_config="pg_config") as standby:
            standby.catch_up()
            standby.password = server.password
            there = StandbyRemote(standby)
            answer = divided(read, there)
            assert len(answer["parts"]) == 8
            assert_once(answer, there, 8)


class StandbyRemote(PostgresRemote):
    """The database that a primary has made."""

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self.database = "testdb"
        self._kind = "standby"
        self.tls = False
