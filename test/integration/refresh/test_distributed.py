"""Tables that Citus spreads over nodes: `distribute`, and every way of a sync. On the cluster that CONNECTOR_TEST_CITUS
names (harness/citus.py); the errors of databases without Citus everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from harness.citus import SCHEMA, Citus, by
from harness.database import Database
from harness.errors import fails
from harness.refreshing import Refreshed, counts
from harness.syncs import Syncs, wait_for_batch

from servers.process import wait_until
from servers.remote_postgres import PostgresRemote

TABLE = "orders"
COLUMNS = "customer int NOT NULL, id int NOT NULL, word varchar(40), amount numeric(12,2), PRIMARY KEY (customer, id)"
FILL = "SELECT i % 1000, i, 'word ' || i, i / 4.0 FROM generate_series(1, {0}) i"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Citus]:
    with Citus() as database:
        yield database
        database.clear()


@pytest.fixture
def citus(cluster: Citus) -> Iterator[Citus]:
    cluster.clear()
    yield cluster
    cluster.assert_nothing_left()


@pytest.fixture
def source(postgres15: PostgresRemote) -> Iterator[PostgresRemote]:
    postgres15.server.start()
    yield postgres15
    for table in ("others", "lonely", TABLE):
        postgres15.drop(table)


def fill(source: PostgresRemote, rows: int, columns: str = COLUMNS, query: str = FILL) -> None:
    source.execute(
        f"DROP TABLE IF EXISTS {TABLE}", f"CREATE TABLE {TABLE} ({columns})", f"INSERT INTO {TABLE} {query.format(rows)}"
    )


def same_rows(citus: Citus, source: PostgresRemote, table: str = TABLE) -> None:
    digest = f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t"
    assert citus.value(digest) == source.rows(digest)[0][0]


# --- without Citus ---------------------------------------------------------------------------------------------------


def test_a_database_without_citus_says_so(db: Database, source: PostgresRemote) -> None:
    """Before anything is contacted, whatever would be imported; and a sync is not accepted."""
    nowhere = source.connector(table=TABLE, connection=source.connection(port=1), distribute=by("customer"))
    words = 'needs the extension citus, which is not installed in this database'
    with fails(words, number=1502, hint="CREATE EXTENSION citus"):
        db.import_table(nowhere)
    with fails(words, number=1502):
        db.value("SELECT cdb_sync_connector(%s)", json.dumps(nowhere))
    with fails(words, number=1502):
        db.import_table(nowhere, distribute="reference")
    with fails(words, number=1502):
        db.dry_run(nowhere)
    del nowhere["table"]
    with fails(words, number=1502):
        db.rows("SELECT * FROM cdb_import_tables(%s)", json.dumps(nowhere))


# --- new tables ------------------------------------------------------------------------------------------------------


def test_by_a_column(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 3000)
    result = citus.import_table(source.connector(table=TABLE, distribute=by("Customer", shard_count=6, colocate_with="none")))
    assert (result["rows"], result["table_name"]) == (3000, TABLE)
    assert citus.distribution(TABLE) == ("hs", "customer", 6)
    assert citus.value(f"SELECT string_agg(attname, ',') FROM pg_index x JOIN pg_attribute a ON attrelid = indrelid "
                       f"AND attnum = ANY (indkey) WHERE indrelid = '{TABLE}'::regclass AND indisprimary") == "customer,id"
    assert set(citus.rows(f"SELECT count(*) FROM {TABLE}")) == {(3000,)}
    same_rows(citus, source)
    citus.import_table(source.connector(table=TABLE, import_as="beside", distribute=by("customer", colocate_with=TABLE)))
    assert citus.group("beside") == citus.group(TABLE)
    named = f"{SCHEMA}.{TABLE}"
    citus.import_table(source.connector(table=TABLE, import_as="named", distribute=by("customer", colocate_with=named)))
    assert citus.group("named") == citus.group(TABLE)
    citus.import_table(source.connector(table=TABLE, import_as="alone", distribute=by("id")))
    assert citus.distribution("alone")[1] == "id"


def test_a_copy_on_each_node(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 500)
    assert citus.import_table(source.connector(table=TABLE, distribute="reference"))["rows"] == 500
    assert citus.distribution(TABLE) == ("nt", None, 1)
    same_rows(citus, source)


def test_a_distributed_schema(citus: Citus, source: PostgresRemote) -> None:
    """Its tables are distributed without being asked."""
    fill(source, 500)
    citus.execute(f"SELECT citus_schema_distribute('{SCHEMA}')")
    with fails("has no place in schema", number=1502, hint="Leave"):
        citus.import_table(source.connector(table=TABLE, distribute=by("customer")))
    sync = Refreshed(citus, source.connector(table=TABLE), mode="merge")
    assert citus.distribution(TABLE) == ("ns", None, 1)
    source.execute(f"DELETE FROM {TABLE} WHERE id % 10 = 0", f"UPDATE {TABLE} SET word = 'new' WHERE id % 10 = 1",
                   f"INSERT INTO {TABLE} VALUES (5000, 5000, 'x', 1)")
    assert counts(sync.run("merge")) == (1, 50, 50)
    same_rows(citus, source)


def test_names_are_quoted(citus: Citus, source: PostgresRemote) -> None:
    columns = '"the ""Key" int PRIMARY KEY, word text'
    fill(source, 100, columns, "SELECT i, 'w' FROM generate_series(1, {0}) i")
    connector = source.connector(table=TABLE, column_names="verbatim", import_as='Odd "name', collision_strategy="error")
    sync = Refreshed(citus, {**connector, "distribute": by('the "Key')}, mode="merge")
    source.execute(f"DELETE FROM {TABLE} WHERE \"the \"\"Key\" = 7")
    assert counts(sync.run("merge")) == (0, 0, 1)


def test_many_tables(citus: Citus, source: PostgresRemote) -> None:
    """The object is meant for each of them; foreign keys between them lie within the nodes."""
    fill(source, 200)
    source.execute(
        "CREATE TABLE others (customer int, n int, id int, PRIMARY KEY (customer, n))",
        f"ALTER TABLE others ADD FOREIGN KEY (customer, id) REFERENCES {TABLE}",
        "INSERT INTO others SELECT i, 1, i FROM generate_series(1, 200) i",
        "CREATE TABLE lonely (id int PRIMARY KEY, customer int)",
    )
    request = source.connector(distribute=by("customer"), keep=["foreign_keys"], target_schema=SCHEMA)
    rows = citus.rows("SELECT name, problem, batch_id FROM cdb_import_tables(%s)", json.dumps(request))
    assert {(name, problem) for name, problem, _ in rows} == {(TABLE, None), ("others", None), ("lonely", None)}
    wait_for_batch(citus, rows[0][2])
    assert citus.distribution(TABLE)[1] == citus.distribution("others")[1] == "customer"
    assert citus.group(TABLE) == citus.group("others")
    assert citus.value("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'others'::regclass") == 1
    problem = "SELECT error_message FROM connector.imports WHERE table_name = 'lonely' OR source LIKE '%lonely%'"
    assert "the primary key of the source lacks column" in citus.value(problem)


def test_what_can_not_be(citus: Citus, source: PostgresRemote) -> None:
    """Told before rows are read: nothing is left of the tables."""
    fill(source, 10)
    citus.execute("CREATE TABLE plain (customer int); CREATE TABLE wide (customer bigint)")
    citus.execute("SELECT create_distributed_table('wide', 'customer')")
    connector = source.connector(table=TABLE)
    wrong = [
        (by("nosuch"), "column .nosuch. of the distribution does not exist in the source"),
        (by("amount"), "the primary key of the source lacks column .amount."),
        (by("customer", colocate_with="nosuch"), "which is no table of this database"),
        (by("customer", colocate_with="a b"), "which is no table of this database"),
        (by("customer", colocate_with="plain"), "which is not distributed by a column"),
        (by("customer", colocate_with="wide"), "distributed by a column of another type"),
    ]
    for distribute, words in wrong:
        with fails(words, number=1502):
            citus.import_table(connector, distribute=distribute)
        with fails(words, number=1502):
            citus.dry_run(connector, distribute=distribute)
    with fails("can't be distributed by column .word. of type json", number=1502):
        query = source.connector(sql_query=f"SELECT word, id FROM {TABLE}", import_as=TABLE)
        citus.import_table(query, columns={"word": "json", "id": None}, distribute=by("word"))
    with fails("the key of the sync lacks column .customer.", number=1502):
        citus.dry_run(source.connector(sql_query=f"SELECT * FROM {TABLE}", import_as=TABLE, distribute=by("customer"),
                                       sync={"mode": "merge", "key": "id"}))
    assert citus.rows("SELECT 1 FROM pg_class WHERE relname = %s", TABLE) == []
    assert citus.dry_run(connector, distribute=by("CUSTOMER"))["distribute"] == {"column": "customer"}
    assert citus.dry_run(connector, distribute="reference")["distribute"] == "reference"


def test_null_in_the_distribution_column(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 10, "customer int, id int", "SELECT nullif(i, 5), i FROM generate_series(1, {0}) i")
    with fails("column .customer. has NULL values in the source", number=2001):
        citus.import_table(source.connector(table=TABLE, distribute=by("customer")))


def test_a_table_that_is_there_stays_as_it_is(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 100)
    citus.execute(f"CREATE TABLE {TABLE} ({COLUMNS})")
    connector = source.connector(table=TABLE, distribute=by("customer"), collision_strategy="overwrite")
    citus.import_table(connector)
    assert any('"distribute" has no effect' in notice for notice in citus.notices)
    assert citus.rows("SELECT 1 FROM pg_dist_partition WHERE logicalrelid = %s::regclass", TABLE) == []
    same_rows(citus, source)


def test_parts_that_are_kept(citus: Citus, source: PostgresRemote) -> None:
    """An index that Citus can't have is left out, and told."""
    fill(source, 100)
    source.execute(f"CREATE INDEX ON {TABLE} (word)", f"CREATE UNIQUE INDEX other_id ON {TABLE} (id)",
                   f"ALTER TABLE {TABLE} ALTER word SET DEFAULT 'none'", f"COMMENT ON COLUMN {TABLE}.word IS 'a word'")
    citus.import_table(source.connector(table=TABLE, distribute=by("customer"), keep=["indexes", "defaults"]))
    assert any("other_id" in notice for notice in citus.notices), citus.notices
    assert citus.value("SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass", TABLE) == 2
    assert citus.value(f"SELECT col_description('{TABLE}'::regclass, 3)") == "a word"
    same_rows(citus, source)


# --- syncs -----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["by a column", "reference", "local"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def plain_role(citus: Citus, name: str) -> Iterator[Database]:
    """One that may import, on all nodes."""
    citus.drop_role(name)
    citus.execute(f"CREATE ROLE {name} LOGIN; GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO {name}")
    try:
        citus.execute(f"GRANT USAGE ON FOREIGN DATA WRAPPER connector TO {name}")
        citus.execute(f"ALTER ROLE {name} SET connector.allowed_hosts = '127.0.0.0/8'")
        with Database(citus.server, citus.name, name) as role:
            yield role
    finally:
        citus.execute(f"DELETE FROM connector.sync; DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


def first_run(citus: Database, source: PostgresRemote, kind: str = "by a column", **sync: object) -> Refreshed:
    """A sync whose table is of that kind."""
    if kind == "local":
        citus.import_table(source.connector(table=TABLE))
        citus.execute(f"SELECT citus_add_local_table_to_metadata('{TABLE}')")
        return Refreshed(citus, source.connector(table=TABLE, collision_strategy="overwrite"), **sync)
    wanted = by("customer") if kind == "by a column" else kind
    return Refreshed(citus, source.connector(table=TABLE, distribute=wanted), **sync)


def change(source: PostgresRemote) -> None:
    source.execute(
        f"DELETE FROM {TABLE} WHERE id % 100 = 0",
        f"UPDATE {TABLE} SET word = 'changed', amount = NULL WHERE id % 100 = 1",
        f"UPDATE {TABLE} SET customer = customer + 20000 WHERE id % 100 = 2",
        f"INSERT INTO {TABLE} SELECT i, i, NULL, 0 FROM generate_series(1000001, 1000010) i",
    )


def test_merge(citus: Citus, source: PostgresRemote, kind: str) -> None:
    fill(source, 2000)
    sync = first_run(citus, source, kind, mode="merge")
    citus.execute(f"ALTER TABLE {TABLE} ADD COLUMN note text; UPDATE {TABLE} SET note = 'kept'")
    change(source)
    assert counts(sync.run("merge")) == (30, 20, 40)
    assert citus.value(f"SELECT count(*) FROM {TABLE} WHERE note = 'kept'") == 1960
    citus.execute(f"ALTER TABLE {TABLE} DROP COLUMN note")
    same_rows(citus, source)
    assert counts(sync.run("merge")) == (0, 0, 0)


def test_replace(citus: Citus, source: PostgresRemote, kind: str) -> None:
    """By the primary key; without one, all rows go and come."""
    fill(source, 2000)
    sync = first_run(citus, source, kind)
    change(source)
    assert counts(sync.run("merge")) == (30, 20, 40)
    same_rows(citus, source)


def test_replace_without_a_key(citus: Citus, source: PostgresRemote, kind: str) -> None:
    fill(source, 2000, "customer int, id int, word text", "SELECT i % 7, i, 'w' FROM generate_series(1, {0}) i")
    sync = first_run(citus, source, kind)
    source.execute(f"DELETE FROM {TABLE} WHERE id % 100 = 0", f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE id < 50")
    run = sync.run("delete and insert")
    assert (run["deleted"], run["inserted"]) == (2000, 1980 + 49)
    same_rows(citus, source)


def test_append(citus: Citus, source: PostgresRemote, kind: str) -> None:
    fill(source, 2000)
    sync = first_run(citus, source, kind, mode="append", cursor="id")
    source.execute(f"INSERT INTO {TABLE} SELECT i, i, NULL, 0 FROM generate_series(3001, 3010) i")
    assert counts(sync.run("append")) == (10, 0, 0)
    assert counts(sync.run("append")) == (0, 0, 0)
    same_rows(citus, source)
    source.execute(f"INSERT INTO {TABLE} VALUES (1, 3010, 'same id', 1)")
    assert counts(sync.run("append")) == (1, 0, 0)
    same_rows(citus, source)


def test_append_with_a_key(citus: Citus, source: PostgresRemote, kind: str) -> None:
    fill(source, 2000)
    sync = first_run(citus, source, kind, mode="append", cursor="amount", key=["customer", "id"])
    source.execute(f"INSERT INTO {TABLE} SELECT i, i, NULL, 2000 + i FROM generate_series(3001, 3010) i",
                   f"UPDATE {TABLE} SET amount = 9000 WHERE id = 5")
    assert counts(sync.run("append")) == (10, 1, 0)
    same_rows(citus, source)


def test_limit_deletes_nothing(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 2000)
    sync = first_run(citus, source, mode="merge")
    source.execute(f"DELETE FROM {TABLE} WHERE id > 1990")
    citus.execute("SET connector.max_rows = 1000")
    assert sync.run("merge")["deleted"] == 0
    citus.execute("RESET connector.max_rows")
    assert sync.run("merge")["deleted"] == 10
    same_rows(citus, source)


def test_overwrite(citus: Citus, source: PostgresRemote, kind: str) -> None:
    fill(source, 2000)
    first_run(citus, source, kind)
    change(source)
    before = citus.value("SELECT %s::regclass::oid::int8", TABLE)
    citus.import_table(source.connector(table=TABLE, collision_strategy="overwrite"))
    assert citus.value("SELECT %s::regclass::oid::int8", TABLE) == before
    same_rows(citus, source)


def test_many_rows(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 300_000)
    sync = first_run(citus, source, mode="merge")
    change(source)
    assert counts(sync.run("merge")) == (3010, 3000, 6000)
    same_rows(citus, source)


def test_ranges_are_not_compared(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 200)
    sync = first_run(citus, source, mode="merge", compare="ranges")
    change(source)
    run = sync.run("merge")
    assert (counts(run), run["reason"], run["ranges_compared"]) == ((12, 2, 4), "the table is distributed", None)
    same_rows(citus, source)


VALUES = {
    "text": "'v' || i",
    "varchar(20)": "'v' || i",
    "bigint": "i",
    "uuid": "md5(i::text)::uuid",
    "date": "date '2000-01-01' + i",
    "numeric": "i + 0.5",
    "timestamp": "timestamp '2000-01-01' + i * interval '1 s'",
}


@pytest.mark.parametrize("column", list(VALUES))
def test_types_of_the_column(citus: Citus, source: PostgresRemote, column: str) -> None:
    query = f"SELECT {VALUES[column]}, i, 'w' FROM generate_series(1, {{0}}) i"
    fill(source, 300, f"customer {column} PRIMARY KEY, id int, word text", query)
    sync = first_run(citus, source, mode="merge")
    source.execute(f"DELETE FROM {TABLE} WHERE id = 7", f"UPDATE {TABLE} SET word = 'x' WHERE id > 290")
    assert counts(sync.run("merge")) == (0, 10, 1)
    same_rows(citus, source)


def test_values_that_are_written_otherwise(citus: Citus, source: PostgresRemote) -> None:
    """1 and 1.0 are equal, and stay in their shard: the row is made anew, as Citus updates no distribution column."""
    fill(source, 20, "customer numeric PRIMARY KEY, word text", "SELECT i, 'w' FROM generate_series(1, {0}) i")
    sync = first_run(citus, source, mode="merge")
    source.execute(f"UPDATE {TABLE} SET customer = 3.00 WHERE customer = 3", f"INSERT INTO {TABLE} VALUES (99, 'new')")
    assert counts(sync.run("merge")) == (1, 1, 0)
    same_rows(citus, source)
    citus.execute(f"ALTER TABLE {TABLE} ADD COLUMN note text")
    source.execute(f"UPDATE {TABLE} SET customer = 4.00 WHERE customer = 4")
    sync.fail(2001, "written otherwise")


def test_rows_that_others_refer_to_are_not_made_anew(citus: Citus, source: PostgresRemote) -> None:
    """Their children would go with them, although none left the source."""
    fill(source, 20, "customer numeric PRIMARY KEY, word text", "SELECT i, 'w' FROM generate_series(1, {0}) i")
    sync = first_run(citus, source, mode="merge")
    citus.execute("CREATE TABLE lines (customer numeric, n int); SELECT create_distributed_table('lines', 'customer')")
    citus.execute(f"ALTER TABLE lines ADD FOREIGN KEY (customer) REFERENCES {TABLE} (customer) ON DELETE CASCADE")
    citus.execute("INSERT INTO lines SELECT i, 1 FROM generate_series(1, 20) i")
    source.execute(f"UPDATE {TABLE} SET word = 'x' WHERE customer = 3", f"DELETE FROM {TABLE} WHERE customer = 5")
    assert counts(sync.run("merge")) == (0, 1, 1)
    assert citus.value("SELECT count(*) FROM lines") == 19
    source.execute(f"UPDATE {TABLE} SET customer = 4.00 WHERE customer = 4")
    sync.fail(2013, "written otherwise", "lines_customer_fkey")
    assert citus.value("SELECT count(*) FROM lines") == 19


def test_checks(citus: Citus, source: PostgresRemote) -> None:
    """A check that refuses a row is told as it is."""
    fill(source, 20)
    sync = first_run(citus, source, mode="merge")
    citus.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT few CHECK (amount < 100)")
    source.execute(f"UPDATE {TABLE} SET amount = 1000 WHERE id = 3")
    row = sync.fail(2001, "few")
    assert (row["sqlstate"], row["error_hint"]) == ("23514", None)


def test_rows_of_one_key(citus: Citus, source: PostgresRemote) -> None:
    """The table has no index on the key, and somebody doubled rows."""
    fill(source, 100, "customer int, id int, word text", "SELECT i % 7, i, 'w' FROM generate_series(1, {0}) i")
    sync = first_run(citus, source, mode="merge", key=["customer", "id"])
    citus.execute(f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE id <= 10; INSERT INTO {TABLE} VALUES (1, NULL, 'x')")
    assert counts(sync.run("merge")) == (10, 0, 21)
    same_rows(citus, source)


def test_keys_of_the_source(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 100, "customer int, id int, word text", "SELECT i % 7, i, 'w' FROM generate_series(1, {0}) i")
    sync = first_run(citus, source, mode="merge", key=["customer", "id"])
    source.execute(f"INSERT INTO {TABLE} VALUES (3, 3, 'twice')")
    sync.fail(2001, "the same values twice", "(3, 3)")
    source.execute(f"DELETE FROM {TABLE} WHERE word = 'twice'", f"INSERT INTO {TABLE} VALUES (3, NULL, 'x')")
    sync.fail(2001, "NULL values in the key")
    source.execute(f"DELETE FROM {TABLE} WHERE id IS NULL", f"INSERT INTO {TABLE} VALUES (NULL, 3, 'x')")
    sync.fail(2001, "customer", "NULL values")


def test_key_without_the_column(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 100, "customer int, id int, word text", "SELECT i % 7, i, 'w' FROM generate_series(1, {0}) i")
    citus.execute(f"CREATE TABLE {TABLE} (customer int, id int, word text)")
    citus.execute(f"SELECT create_distributed_table('{TABLE}', 'customer')")
    connector = source.connector(table=TABLE, sync={"mode": "merge", "key": "id"})
    with fails("lacks column .customer., by which the table is distributed", number=1502):
        citus.dry_run(connector)
    sync = Refreshed(citus, source.connector(table=TABLE, collision_strategy="overwrite"), mode="merge", key="id")
    sync.fail(1502, "lacks column")


def test_unique_values(citus: Citus, source: PostgresRemote) -> None:
    """Values that rows give up are free for others; rows that exchange them are an error with words of ours."""
    fill(source, 20)
    sync = first_run(citus, source, mode="merge")
    citus.execute(f"CREATE UNIQUE INDEX ON {TABLE} (customer, word)")
    source.execute(f"UPDATE {TABLE} SET customer = 1 WHERE id IN (2, 3)")
    sync.run("merge")
    source.execute(f"DELETE FROM {TABLE} WHERE id = 3", f"UPDATE {TABLE} SET word = 'word 3' WHERE id = 2")
    assert counts(sync.run("merge")) == (0, 1, 1)
    source.execute(f"UPDATE {TABLE} SET word = CASE word WHEN 'word 3' THEN 'word 1' ELSE 'word 3' END WHERE customer = 1")
    sync.fail(2001, "duplicate key value", "rows exchange them")


def test_references_within_the_table(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 20, "customer int, id int, parent int, PRIMARY KEY (customer, id)",
         "SELECT 1, i, nullif(i - 1, 0) FROM generate_series(1, {0}) i")
    sync = first_run(citus, source, mode="merge")
    citus.execute(f"ALTER TABLE {TABLE} ADD FOREIGN KEY (customer, parent) REFERENCES {TABLE} (customer, id)")
    source.execute(f"DELETE FROM {TABLE} WHERE id = 20")
    assert counts(sync.run("merge")) == (0, 0, 1)
    source.execute(f"INSERT INTO {TABLE} VALUES (1, 100, 1), (1, 101, 100)", f"UPDATE {TABLE} SET parent = 101 WHERE id = 5")
    assert counts(sync.run("merge")) == (2, 1, 0)
    source.execute(f"UPDATE {TABLE} SET parent = 2 WHERE parent = 100", f"DELETE FROM {TABLE} WHERE id = 100")
    assert counts(sync.run("merge")) == (0, 1, 1)
    same_rows(citus, source)


def test_foreign_keys_of_others(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 20)
    sync = first_run(citus, source, mode="merge")
    citus.execute("CREATE TABLE lines (customer int, id int, n int); SELECT create_distributed_table('lines', 'customer')")
    citus.execute(f"ALTER TABLE lines ADD FOREIGN KEY (customer, id) REFERENCES {TABLE} (customer, id)")
    citus.execute("INSERT INTO lines VALUES (3, 3, 1)")
    source.execute(f"DELETE FROM {TABLE} WHERE id IN (3, 4)")
    sync.fail(2001, "violates foreign key")
    citus.execute("DELETE FROM lines")
    assert counts(sync.run("merge")) == (0, 0, 2)


def test_reference_table_that_others_refer_to(citus: Citus, source: PostgresRemote) -> None:
    """And changes of its columns beside that, which Citus makes only where nothing ran in parallel before."""
    fill(source, 200, "id int PRIMARY KEY, word text", "SELECT i, 'w' FROM generate_series(1, {0}) i")
    sync = first_run(citus, source, "reference", mode="merge")
    citus.execute("CREATE TABLE lines (customer int, n int); SELECT create_distributed_table('lines', 'customer')")
    citus.execute(f"ALTER TABLE lines ADD FOREIGN KEY (n) REFERENCES {TABLE} (id)")
    citus.execute("INSERT INTO lines SELECT i, i % 50 + 1 FROM generate_series(1, 1000) i")
    source.execute(f"ALTER TABLE {TABLE} ADD COLUMN more text", f"UPDATE {TABLE} SET more = 'x' WHERE id < 10",
                   f"DELETE FROM {TABLE} WHERE id > 190")
    assert counts(sync.run("merge")) == (0, 9, 10)
    same_rows(citus, source)


def test_table_that_refers_to_a_reference_table(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 200)
    sync = first_run(citus, source, mode="merge")
    citus.execute("CREATE TABLE customers (id int PRIMARY KEY); SELECT create_reference_table('customers')")
    citus.execute("INSERT INTO customers SELECT generate_series(0, 40000)")
    citus.execute(f"ALTER TABLE {TABLE} ADD FOREIGN KEY (customer) REFERENCES customers")
    change(source)
    source.execute(f"DELETE FROM {TABLE} WHERE id > 1000000", f"ALTER TABLE {TABLE} ADD COLUMN more int")
    assert counts(sync.run("merge")) == (2, 2, 4)
    same_rows(citus, source)
    source.execute(f"INSERT INTO {TABLE} VALUES (99999, 1)")
    sync.fail(2001, "violates foreign key")


def test_changed_columns(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 200)
    sync = first_run(citus, source, mode="merge")
    source.execute(f"ALTER TABLE {TABLE} ADD COLUMN more int DEFAULT 5", f"ALTER TABLE {TABLE} DROP COLUMN amount",
                   f"ALTER TABLE {TABLE} ALTER word TYPE text")
    run = sync.run("merge")
    assert (counts(run), len(run["schema_changes"])) == ((0, 200, 0), 3)
    same_rows(citus, source)
    source.execute(f"ALTER TABLE {TABLE} ALTER customer TYPE bigint")
    sync.fail(2012, "by which Citus distributes it, has another type")
    source.execute(f"ALTER TABLE {TABLE} DROP COLUMN customer")
    sync.fail(2012, "customer")


def test_append_distributed(citus: Citus, source: PostgresRemote) -> None:
    fill(source, 10)
    citus.execute(f"CREATE TABLE {TABLE} ({COLUMNS}); SELECT create_distributed_table('{TABLE}', 'customer', 'append')")
    with fails("distributes it by append or range", number=2012):
        citus.import_table(source.connector(table=TABLE, collision_strategy="overwrite"))


def test_errors_without_an_sqlstate(citus: Citus, source: PostgresRemote) -> None:
    """What Citus' own COPY was refused comes as an internal error: the rows are asked what it was."""
    fill(source, 20, "customer int, id int, word text", "SELECT i % 7, i, 'w' FROM generate_series(1, {0}) i")
    sync = first_run(citus, source)
    citus.execute(f"ALTER TABLE {TABLE} ADD UNIQUE (customer, id)")
    source.execute(f"INSERT INTO {TABLE} VALUES (3, 3, 'twice')")
    sync.fail(2001, "unique", "(3, 3)")
    source.execute(f"DELETE FROM {TABLE} WHERE word = 'twice'")
    citus.execute("CREATE TABLE customers (id int PRIMARY KEY); SELECT create_reference_table('customers')")
    citus.execute("INSERT INTO customers SELECT generate_series(0, 10)")
    citus.execute(f"ALTER TABLE {TABLE} ADD FOREIGN KEY (customer) REFERENCES customers")
    source.execute(f"INSERT INTO {TABLE} VALUES (77, 3, 'orphan')")
    sync.fail(2001, "foreign key", "77")


def test_rights_of_the_owner(citus: Citus, source: PostgresRemote) -> None:
    """A superuser refreshes the table of a plain role, restricted, with that role's rights on all nodes."""
    fill(source, 200)
    with plain_role(citus, "keeper") as keeper:
        sync = first_run(keeper, source, mode="merge")
        sync.database, sync.syncs = citus, Syncs(citus)
        change(source)
        assert counts(sync.run("merge")) == (12, 2, 4)
        same_rows(citus, source)
        owners = citus.on_nodes(f"SELECT string_agg(DISTINCT tableowner, ',') FROM pg_tables WHERE tablename LIKE '{TABLE}%'")
        assert set(owners) <= {"keeper", ""}
        citus.execute(f"REVOKE CREATE ON SCHEMA {SCHEMA} FROM keeper")
        sync.fail(2001, "role keeper may not create tables in schema", "GRANT CREATE ON SCHEMA")


def test_sessions_of_a_worker_end(citus: Citus, source: PostgresRemote) -> None:
    """In the middle of a run: the old rows stay, and the next run does all."""
    fill(source, 50_000)
    sync = first_run(citus, source, mode="merge")
    source.execute(f"UPDATE {TABLE} SET word = 'new'")
    ended = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
        "AND backend_type = 'client backend' AND query LIKE '%connector\\_staging%'"
    )
    sync.syncs.make_due(sync.id)
    with citus.in_background("CALL cdb_run_due_syncs()") as job:
        wait_until(lambda: set(citus.on_workers(ended)) != {"0"} or not job.running(), limit=60, what="sessions of workers")
        job.result()
    assert citus.value("SELECT state FROM connector.runs ORDER BY started_at DESC LIMIT 1") == "failure"
    citus.assert_nothing_left()
    assert sync.run("merge")["updated"] == 50_000
    same_rows(citus, source)
