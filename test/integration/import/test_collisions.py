"""collision_strategy: rename, skip, overwrite, error; and imports side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.errors import fails
from harness.mysql_servers import EVERY_MYSQL
from harness.traces import nothing_left_behind

from servers.process import wait_until
from servers.remote_mysql import MySqlRemote

pytestmark = pytest.mark.usefixtures("tidy")

Request = dict[str, object]


@pytest.fixture
def request_(one_mysql: MySqlRemote) -> Iterator[Request]:
    """A connector for table `goods` (id, word, amount) of 10 rows."""
    one_mysql.create_rows("goods", 10)
    yield one_mysql.connector(table="goods")
    one_mysql.drop("goods")


# What else may have the name.
RELATIONS = {
    "table": ("CREATE TABLE goods (x int)", "DROP TABLE goods"),
    "view": ("CREATE VIEW goods AS SELECT 1 AS x", "DROP VIEW goods"),
    "materialized view": ("CREATE MATERIALIZED VIEW goods AS SELECT 1 AS x", "DROP MATERIALIZED VIEW goods"),
    "sequence": ("CREATE SEQUENCE goods", "DROP SEQUENCE goods"),
    "index": ("CREATE TABLE t (x int); CREATE INDEX goods ON t (x)", "DROP TABLE t"),
    "partitioned table": ("CREATE TABLE goods (x int) PARTITION BY RANGE (x)", "DROP TABLE goods"),
    "composite type": ("CREATE TYPE goods AS (x int)", "DROP TYPE goods"),
}


@EVERY_MYSQL
@pytest.mark.parametrize("keys", [{}, {"collision_strategy": "rename"}], ids=["default", "rename"])
def test_rename(db: Database, request_: Request, keys: Request) -> None:
    names = [db.import_table(request_, **keys)["table_name"] for _ in range(3)]
    assert names == ["goods", "goods_1", "goods_2"]
    db.execute("DROP TABLE goods_1")
    result = db.import_table(request_, **keys)
    assert any('"goods_1"' in text for text in db.notices)
    assert result["table_name"] == "goods_1"
    assert [db.value(f"SELECT count(*) FROM {name}") for name in names] == [10, 10, 10]


@pytest.mark.parametrize("kind", RELATIONS)
def test_any_relation_takes_the_name(db: Database, request_: Request, kind: str) -> None:
    create, drop = RELATIONS[kind]
    db.execute(create)
    try:
        assert db.import_table(request_)["table_name"] == "goods_1"
        with nothing_left_behind(db), fails('relation "goods" already exists', number=1014):
            db.import_table(request_, collision_strategy="error")
        result = db.import_table(request_, collision_strategy="skip")
        assert (result["success"], result["error_code"], result["table_name"], result["rows"]) == (True, 1022, None, 0)
        with nothing_left_behind(db), fails("can't be overwritten", number=2012, sqlstate="HV021"):
            db.import_table(request_, collision_strategy="overwrite")
    finally:
        db.execute(drop)


def test_the_name_of_a_type(db: Database, request_: Request) -> None:
    """A type of that name that is no relation would also stop CREATE TABLE."""
    for create, drop in (("CREATE DOMAIN goods AS int", "DROP DOMAIN goods"), ("CREATE TYPE goods AS ENUM ('a')", "DROP TYPE goods")):
        db.execute(create)
        try:
            assert db.import_table(request_)["table_name"] == "goods_1"
        finally:
            db.execute(drop)
        db.execute("DROP TABLE goods_1")


@pytest.mark.parametrize("strategy", ["error", "skip", "overwrite"])
def test_the_name_of_a_type_otherwise(db: Database, request_: Request, strategy: str) -> None:
    db.execute("CREATE DOMAIN goods AS integer")
    with fails('type "goods" already exists', number=1014):
        db.import_table(request_, collision_strategy=strategy)
    db.execute("DROP DOMAIN goods")


def test_names_of_63_characters(db: Database, one_mysql: MySqlRemote) -> None:
    request = one_mysql.connector(sql_query="SELECT 1 AS a", import_as="n" * 70)
    names = [db.import_table(request)["table_name"] for _ in range(3)]
    assert names == ["n" * 63, "n" * 61 + "_1", "n" * 61 + "_2"]


@pytest.mark.parametrize("strategy", ["rename", "skip", "overwrite", "error"])
def test_free_name(db: Database, request_: Request, strategy: str) -> None:
    """Without a collision all are the same."""
    result = db.import_table(request_, collision_strategy=strategy)
    assert (result["table_name"], result["rows"]) == ("goods", 10)
    assert "error_code" not in result


def test_names_are_taken_per_schema(db: Database, request_: Request) -> None:
    db.execute("CREATE SCHEMA other; CREATE TABLE goods (x int)")
    assert db.import_table(request_, target_schema="other")["table_name"] == "goods"
    db.execute("DROP SCHEMA other CASCADE")


def test_skip(db: Database, one_mysql: MySqlRemote, request_: Request) -> None:
    """A success without a table; the remote isn't even asked."""
    db.execute("CREATE TABLE goods AS SELECT 1 AS mine")
    broken = one_mysql.connector(table="Goods", connection=one_mysql.connection(password="wrong"), collision_strategy="skip")
    result = db.import_table(broken)
    assert any(text.startswith("NOTICE") and '"goods" already exists' in text for text in db.notices)
    assert (result["success"], result["state"], result["error_code"]) == (True, "complete", 1022)
    assert (result["table_name"], result["rows"]) == (None, 0)
    assert db.rows("SELECT mine FROM goods") == [(1,)]
    status = db.value("SELECT cdb_import_status(%s)", result["item_queue_id"])
    assert (status["success"], status["error_code"], status["tables_created_count"]) == (True, 1022, 0)


def test_unknown_strategy(db: Database, request_: Request) -> None:
    with fails("collision_strategy", number=1502):
        db.import_table(request_, collision_strategy="replace")


# overwrite
def overwrite(db: Database, request: Request, **keys: object) -> dict[str, Any]:
    return db.import_table(request, collision_strategy="overwrite", **keys)


@EVERY_MYSQL
def test_overwrite_keeps_what_depends(db: Database, one_mysql: MySqlRemote, request_: Request) -> None:
    db.import_table(request_)
    db.execute(
        "CREATE VIEW seen AS SELECT id, word FROM goods; CREATE INDEX goods_word ON goods (lower(word)); "
        "CREATE ROLE reader; GRANT SELECT ON goods TO reader; COMMENT ON TABLE goods IS 'mine'; "
        "ALTER TABLE goods ALTER amount SET STATISTICS 7"
    )
    facts = (
        "SELECT c.oid::int, c.relacl::text, obj_description(c.oid), (SELECT string_agg(indexrelid::regclass::text, ',' "
        "ORDER BY 1) FROM pg_index WHERE indrelid = c.oid AND indisvalid), (SELECT attstattarget FROM pg_attribute "
        "WHERE attrelid = c.oid AND attname = 'amount') FROM pg_class c WHERE c.oid = 'goods'::regclass"
    )
    try:
        before = db.rows(facts)
        one_mysql.execute("DELETE FROM goods WHERE id > 4", "UPDATE goods SET word = 'new' WHERE id = 1")
        result = overwrite(db, request_)
        assert (result["table_name"], result["rows"]) == ("goods", 4)
        assert db.rows(facts) == before
        assert db.rows("SELECT id, word FROM seen WHERE id IN (1, 9)") == [(1, "new")]
        db.execute("SET enable_seqscan = off")
        assert db.rows("SELECT id FROM goods WHERE lower(word) = 'new'") == [(1,)]
        db.execute("RESET enable_seqscan")
        assert db.value("SELECT has_table_privilege('reader', 'goods', 'SELECT')")
    finally:
        db.execute("DROP OWNED BY reader; DROP ROLE reader")


@EVERY_MYSQL
def test_overwrite_is_undone(db: Database, one_mysql: MySqlRemote, request_: Request) -> None:
    """By a failure half way, and by ROLLBACK."""
    one_mysql.execute("DROP TABLE IF EXISTS odd", "CREATE TABLE odd (id bigint, word varchar(20))", "INSERT INTO odd VALUES (1, 'x')")
    request = one_mysql.connector(table="odd")
    db.import_table(request, columns={"id": None, "word": "varchar(20)"})
    one_mysql.execute("INSERT INTO odd VALUES (2, CONCAT('a', CHAR(0 USING utf8mb4)))")
    with nothing_left_behind(db, one_mysql), fails('column "word", row 2'):
        overwrite(db, request)
    assert db.rows("SELECT id, word FROM odd") == [(1, "x")]
    db.execute("BEGIN")
    assert overwrite(db, request, invalid_values="null")["rows"] == 2
    db.execute("ROLLBACK")
    assert db.rows("SELECT id, word FROM odd") == [(1, "x")]
    one_mysql.drop("odd")


def test_overwrite_with_a_missing_column(db: Database, request_: Request) -> None:
    db.import_table(request_)
    db.execute("ALTER TABLE goods ADD note text DEFAULT 'kept'")
    with nothing_left_behind(db), fails("can't be overwritten", detail='"note" is not in the new data', number=2012):
        overwrite(db, request_)
    assert db.value("SELECT count(*) FROM goods WHERE note = 'kept'") == 10


def test_overwrite_adds_new_columns(db: Database, one_mysql: MySqlRemote, request_: Request) -> None:
    """In whatever order the existing ones stand, and with a dropped one among them."""
    db.execute("CREATE TABLE goods (amount numeric(12,2), gone text, id bigint)")
    db.execute("INSERT INTO goods VALUES (1, 'x', 2); ALTER TABLE goods DROP gone")
    assert overwrite(db, request_)["rows"] == 10
    assert [name for name, _, _ in db.columns("goods")] == ["amount", "id", "word"]
    assert db.rows("SELECT id, word, amount FROM goods ORDER BY id") == one_mysql.rows("SELECT id, word, amount FROM goods ORDER BY id")


@pytest.mark.parametrize(
    "definition",
    [
        "id int, word varchar(20), amount numeric(12,2)",
        "id bigint, word text, amount numeric(12,2)",
        "id bigint, word varchar(19), amount numeric(12,2)",
        "id bigint, word varchar(20), amount numeric(12,2) GENERATED ALWAYS AS (1.5) STORED",
    ],
)
def test_overwrite_with_another_type(db: Database, request_: Request, definition: str) -> None:
    db.execute(f"CREATE TABLE goods ({definition})")
    with nothing_left_behind(db), fails("can't be overwritten", number=2012, sqlstate="HV021"):
        overwrite(db, request_)


@pytest.mark.parametrize(
    ("rule", "broken_by", "sqlstate"),
    [
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN IF NEW.word = ''wrong'' THEN RAISE EXCEPTION ''not wanted''; END IF; RETURN NEW; END'; "
            "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON goods FOR EACH ROW EXECUTE FUNCTION f()",
            "UPDATE goods SET word = 'wrong' WHERE id = 4",
            "P0001",
        ),
        ("CREATE TABLE child (g bigint REFERENCES goods (id)); INSERT INTO child VALUES (5)", "DELETE FROM goods WHERE id = 5", "23503"),
        (
            "CREATE TABLE parent (p bigint PRIMARY KEY); INSERT INTO parent SELECT generate_series(1, 99); "
            "ALTER TABLE goods ADD FOREIGN KEY (id) REFERENCES parent",
            "UPDATE goods SET id = 100 WHERE id = 6",
            "23503",
        ),
        ("ALTER TABLE goods ADD CHECK (id < 100)", "UPDATE goods SET id = 100 WHERE id = 6", "23514"),
    ],
    ids=["trigger", "referenced", "foreign key", "check"],
)
def test_overwrite_obeys(db: Database, one_mysql: MySqlRemote, request_: Request, rule: str, broken_by: str, sqlstate: str) -> None:
    """What binds other writers: new rows that keep to it come in, others leave the old ones."""
    db.import_table(request_)
    db.execute(rule)
    try:
        one_mysql.execute("UPDATE goods SET word = 'new' WHERE id = 1")
        assert overwrite(db, request_)["rows"] == 10
        assert db.value("SELECT word FROM goods WHERE id = 1") == "new"
        one_mysql.execute("UPDATE goods SET word = 'newer' WHERE id = 1", broken_by)
        with nothing_left_behind(db), fails(number=2001, sqlstate=sqlstate):
            overwrite(db, request_)
        assert db.value("SELECT word FROM goods WHERE id = 1") == "new"
    finally:
        db.execute("DROP FUNCTION IF EXISTS f() CASCADE")


@pytest.mark.parametrize(
    "property_",
    [
        "ALTER TABLE goods ENABLE ROW LEVEL SECURITY",  # which does not bind the owner
        "CREATE RULE r AS ON INSERT TO goods DO INSTEAD NOTHING",  # which COPY goes past as well
        "CREATE TABLE heir () INHERITS (goods); INSERT INTO heir VALUES (77, 'heir', 0)",
        "CREATE TABLE ancestor (id bigint NOT NULL); ALTER TABLE goods INHERIT ancestor",
        "ALTER TABLE goods SET UNLOGGED",
        "ALTER TABLE goods ALTER id ADD GENERATED ALWAYS AS IDENTITY",
    ],
    ids=["row security", "rule", "has heirs", "is heir", "unlogged", "identity"],
)
def test_overwrite_in_spite_of(db: Database, request_: Request, property_: str) -> None:
    db.import_table(request_)
    db.execute(property_)
    assert overwrite(db, request_)["rows"] == 10
    assert db.rows("SELECT min(id), max(id), count(*) FROM ONLY goods") == [(1, 10, 10)]
    if "heir ()" in property_:
        assert db.value("SELECT count(*) FROM goods") == 11


def test_overwrite_of_a_partition(db: Database, request_: Request) -> None:
    """Whose bounds hold."""
    db.execute(
        "CREATE TABLE whole (id bigint NOT NULL, word varchar(20), amount numeric(12,2)) PARTITION BY RANGE (id); "
        "CREATE TABLE goods PARTITION OF whole FOR VALUES FROM (1) TO (11)"
    )
    assert overwrite(db, request_)["rows"] == 10
    assert db.value("SELECT count(*) FROM whole") == 10
    db.execute("DROP TABLE whole; CREATE TABLE whole (id bigint NOT NULL, word varchar(20), amount numeric(12,2)) PARTITION BY RANGE (id); "
               "CREATE TABLE goods PARTITION OF whole FOR VALUES FROM (1) TO (3)")
    with nothing_left_behind(db), fails("partition constraint", number=2001, sqlstate="23514"):
        overwrite(db, request_)


def test_overwrite_under_forced_row_security(db: Database, etl: Database, request_: Request) -> None:
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.0/8'")
    etl.import_table(request_)
    db.execute("ALTER TABLE goods ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    with nothing_left_behind(db), fails("row-level security", number=2001, sqlstate="42501"):
        overwrite(etl, request_)
    db.execute("ALTER TABLE goods NO FORCE ROW LEVEL SECURITY")
    assert overwrite(etl, request_)["rows"] == 10


def test_overwrite_and_domains(db: Database, request_: Request) -> None:
    """A column of a domain has another type than the new data."""
    db.execute("CREATE DOMAIN few AS bigint CHECK (VALUE < 3); CREATE TABLE goods (id few, word varchar(20), amount numeric(12,2))")
    with nothing_left_behind(db), fails("can't be overwritten", number=2012):
        overwrite(db, request_)
    db.execute("DROP DOMAIN few CASCADE")


def test_overwrite_and_not_null(db: Database, one_mysql: MySqlRemote, request_: Request) -> None:
    db.import_table(request_)
    db.execute("ALTER TABLE goods ALTER word SET NOT NULL")
    assert overwrite(db, request_)["rows"] == 10
    one_mysql.execute("UPDATE goods SET word = NULL WHERE id = 3")
    with nothing_left_behind(db, one_mysql), fails('"word".*NOT NULL', number=2001):
        overwrite(db, request_)
    assert db.value("SELECT count(word) FROM goods") == 10


def test_overwrite_and_unique_indexes(db: Database, one_mysql: MySqlRemote, request_: Request) -> None:
    """Indexes are rebuilt over the new rows, and their uniqueness is checked."""
    db.import_table(request_)
    db.execute("CREATE UNIQUE INDEX one ON goods (word); CREATE STATISTICS s ON id, word FROM goods")
    assert overwrite(db, request_)["rows"] == 10
    one_mysql.execute("UPDATE goods SET word = 'same'")
    with nothing_left_behind(db, one_mysql), fails('unique index "one"', number=2001):
        overwrite(db, request_)
    db.execute("DROP INDEX one; ALTER TABLE goods ADD EXCLUDE USING btree (word WITH =)")
    with nothing_left_behind(db, one_mysql), fails(sqlstate="23P01"):
        overwrite(db, request_)


def test_overwrite_of_somebody_elses_table(db: Database, etl: Database, request_: Request) -> None:
    db.import_table(request_)
    db.execute("GRANT ALL ON goods TO etl; ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.0/8'")
    with nothing_left_behind(db), fails("must be owner of table goods", sqlstate="42501"):
        overwrite(etl, request_)
    assert db.value("SELECT count(*) FROM goods") == 10


def test_overwrite_of_a_table_that_gives_its_name_away(db: Database, request_: Request) -> None:
    """The table is chosen first, and locked when the remote has answered."""
    db.import_table(request_)
    with db.another() as other:
        other.execute("BEGIN; ALTER TABLE goods RENAME TO old_goods; CREATE TABLE goods (id bigint); INSERT INTO goods VALUES (1)")
        with db.import_in_background(request_, collision_strategy="overwrite") as job:
            wait_until(
                lambda: db.rows("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", job.pid) or not job.running(),
                what="the import's wait for the table",
            )
            other.execute("COMMIT")
            with fails('table "goods" was renamed or replaced by another session', number=2001):
                job.result()
    assert db.value("SELECT count(*) FROM goods") == 1
    assert db.value("SELECT count(*) FROM old_goods") == 10


def test_overwrite_while_read(db: Database, one_mysql: MySqlRemote, request_: Request) -> None:
    """Readers go on; it waits for a transaction that has read, and nobody waits behind it."""
    db.import_table(request_)
    one_mysql.execute("UPDATE goods SET word = 'new' WHERE id = 1")
    with db.another() as reader, db.another() as late:
        reader.execute("BEGIN; SELECT * FROM goods")
        db.execute("SET lock_timeout = '50ms'")
        with nothing_left_behind(db), fails("could not exchange the contents", number=2001):
            overwrite(db, request_)
        db.execute("RESET lock_timeout")
        with db.import_in_background(request_, collision_strategy="overwrite") as job:
            job.wait_for_exchange()
            late.execute("SET statement_timeout = '30s'")
            for _ in range(20):
                assert late.value("SELECT word FROM goods WHERE id = 1") == "word 1 é............"
            reader.execute("COMMIT")
            ((result,),) = job.result()
            assert result["rows"] == 10
        assert late.value("SELECT word FROM goods WHERE id = 1") == "new"


def test_overwrite_as_the_first_run_of_a_sync(db: Database, one_mysql: MySqlRemote, request_: Request) -> None:
    """What was there before is gone, whatever the mode of later runs."""
    db.import_table(request_)
    db.execute("UPDATE goods SET id = id + 1000")
    for mode in ({"mode": "append", "cursor": "id"}, {"mode": "merge", "key": ["id"]}, {"mode": "replace"}):
        db.execute("DELETE FROM goods WHERE id = 3; INSERT INTO goods VALUES (999, 'old', 0)")
        sync = db.value("SELECT cdb_sync_connector(%s, '1 day')", json.dumps({**request_, "collision_strategy": "overwrite", "sync": mode}))
        run = db.value("SELECT cdb_sync_now(%s, true)", sync["id"])
        assert run["state"] == "success", run
        assert db.value("SELECT array_agg(id ORDER BY id) FROM goods") == list(range(1, 11))
        one_mysql.execute("INSERT INTO goods VALUES (11, 'later', 0)")
        assert db.value("SELECT cdb_sync_now(%s, true)", sync["id"])["state"] == "success"
        assert db.value("SELECT count(*) FROM goods") == 11
        one_mysql.execute("DELETE FROM goods WHERE id = 11")
        db.execute("SELECT cdb_sync_delete(%s)", sync["id"])


# side by side
@EVERY_MYSQL
def test_two_imports_of_one_name(db: Database, request_: Request) -> None:
    """One that is not committed yet holds its name: the other takes the next, and does not wait."""
    first, second = db.another(), db.another()
    try:
        first.execute("BEGIN")
        assert first.import_table(request_)["table_name"] == "goods"
        second.execute("BEGIN; SET LOCAL lock_timeout = '10s'")
        assert second.import_table(request_)["table_name"] == "goods_1"
        second.execute("COMMIT")
        first.execute("ROLLBACK")
    finally:
        first.close()
        second.close()
    assert db.import_table(request_)["table_name"] == "goods"


def test_imports_do_not_wait_for_each_other(db: Database, one_mysql: MySqlRemote) -> None:
    """Both forget old records of the same role: the second neither waits nor fails, whatever its isolation."""
    request = one_mysql.connector(sql_query="SELECT 1 AS a", import_as="quick")
    db.execute("ALTER ROLE postgres SET connector.keep_runs = 2")
    first, second = db.another(), db.another()
    try:
        for _ in range(4):
            db.import_table(request)
        first.execute("BEGIN")
        second.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = '10s'; SELECT 1")
        assert second.value("SELECT count(*) > 0 FROM connector.imports")
        first.import_table(request)
        second.import_table(request, import_as="other")
        first.execute("COMMIT")
        second.import_table(request, import_as="third")
        second.execute("COMMIT")
    finally:
        db.execute("ALTER ROLE postgres RESET connector.keep_runs")
        first.close()
        second.close()
    assert db.rows("SELECT a FROM other UNION ALL SELECT a FROM third") == [(1,), (1,)]


def test_many_imports_at_once(db: Database, request_: Request) -> None:
    db.execute("SET connector.max_imports_per_role = 0")
    statement = "SELECT cdb_import_connector(%s)"
    with (
        db.in_background(statement, json.dumps(request_)) as a,
        db.in_background(statement, json.dumps(request_)) as b,
        db.in_background(statement, json.dumps(request_)) as c,
    ):
        names = {job.result()[0][0]["table_name"] for job in (a, b, c)}
    assert names == {"goods", "goods_1", "goods_2"}
    assert [db.value(f"SELECT count(*) FROM {name}") for name in sorted(names)] == [10, 10, 10]


def test_failed_import_gives_its_name_back(db: Database, one_mysql: MySqlRemote, request_: Request) -> None:
    with nothing_left_behind(db, one_mysql), fails("nothing"):
        db.import_table(request_, columns=["nothing"])
    assert db.import_table(request_)["table_name"] == "goods"
