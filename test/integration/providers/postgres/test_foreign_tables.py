"""Foreign tables of PostgreSQL servers: their answers are those on the imported table, and all of a transaction's rows
are of one moment."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.errors import fails
from harness.foreign import create_foreign_table, create_server, options_of, plan_of, remote_sql
from harness.postgres_types import TYPES, USER_TYPES
from harness.skipping import host_lacks
from harness.thorough import VERSIONS_OF_POSTGRES, by_turns

from servers.remote_postgres import PostgresRemote

pytestmark = by_turns("server", VERSIONS_OF_POSTGRES)

# Compares a foreign table with the imported one: for each column, operator and value that is there.
DIFFERENCES = """
CREATE FUNCTION differences(near text, far text, longest int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  attribute record; value text; operator text; condition text; expected int[]; found int[];
BEGIN
  FOR attribute IN SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
      WHERE attrelid = near::regclass AND attnum > 1 ORDER BY attnum LOOP
    FOR value IN EXECUTE format('SELECT DISTINCT %1$I::text FROM %2$s WHERE length(%1$I::text) <= %3$s',
        attribute.name, near, longest) LOOP
      FOREACH operator IN ARRAY '{=,<>,<,<=,>,>=,IS DISTINCT FROM,IS NOT DISTINCT FROM,IN,LIKE,NOT LIKE}'::text[] LOOP
        CONTINUE WHEN operator LIKE '%LIKE' AND attribute.type <> 'text' AND attribute.type NOT LIKE '%varying%';
        condition := format(CASE operator WHEN 'IN' THEN '%1$I IN (%3$L::%4$s, %3$L::%4$s)'
            WHEN 'LIKE' THEN '%1$I LIKE %5$L' WHEN 'NOT LIKE' THEN '%1$I NOT LIKE %5$L'
            ELSE '%1$I %2$s %3$L::%4$s' END, attribute.name, operator, value, attribute.type, left(value, 2) || '%');
        BEGIN
          EXECUTE format('SELECT array_agg(id ORDER BY id) FROM %s WHERE %s', near, condition) INTO expected;
        EXCEPTION WHEN undefined_function OR invalid_escape_sequence THEN
          CONTINUE;
        END;
        EXECUTE format('SELECT array_agg(id ORDER BY id) FROM %s WHERE %s', far, condition) INTO found;
        IF found IS DISTINCT FROM expected THEN
          RETURN NEXT format('%s: %s here, %s there', condition, expected, found);
        END IF;
      END LOOP;
    END LOOP;
  END LOOP;
END $$
"""


class Foreign:
    """Foreign tables of one remote database."""

    def __init__(self, db: Database, remote: PostgresRemote) -> None:
        self.db = db
        self.remote = remote
        create_server(db, remote)

    def table(self, name: str, columns: str, **options: str) -> None:
        options = options or {"table_name": name}
        self.db.execute(f"CREATE FOREIGN TABLE {name} ({columns}) SERVER remote {options_of(options)}")

    def both(self, table: str, **keys: str) -> None:
        """The table imported as `near`, and seen as `far_away` with the same columns."""
        self.db.import_table(self.remote.connector(table=table, import_as="near", **keys))
        create_foreign_table(self.db, "near", "far_away", table_name=table, **keys)

    def sent(self, query: str) -> str:
        """The statement that the remote gets for it."""
        (statement,) = remote_sql(self.db, query)
        return statement

    def plan_there(self, query: str) -> str:
        return "\n".join(str(row[0]) for row in self.remote.rows(f"EXPLAIN (COSTS OFF) {self.sent(query)}"))

    def last_message(self) -> str:
        """What the remote says that it was sent last."""
        rows = self.remote.rows("SELECT query FROM pg_stat_activity WHERE usename = 'reader' ORDER BY query_start DESC LIMIT 1")
        return str(rows[0][0])


def foreign_on(db: Database, remote: PostgresRemote) -> Iterator[Foreign]:
    try:
        yield Foreign(db, remote)
    finally:
        db.execute("ROLLBACK")
        db.execute("DROP SERVER remote CASCADE; DROP TABLE IF EXISTS near")
        remote.execute("DROP TABLE IF EXISTS words, item, two, types")
        db.close()


@pytest.fixture(scope="module", autouse=True)
def comparing(db: Database) -> None:
    db.execute(DIFFERENCES)


@pytest.fixture
def foreign(db: Database, postgres15: PostgresRemote) -> Iterator[Foreign]:
    yield from foreign_on(db, postgres15)


@pytest.fixture
def item(foreign: Foreign) -> Foreign:
    """A table of 100,000 numbered rows."""
    foreign.remote.execute(
        "DROP TABLE IF EXISTS item",
        "CREATE TABLE item (id int PRIMARY KEY, code text COLLATE \"C\" UNIQUE, word varchar(20) UNIQUE, n numeric)",
        "INSERT INTO item SELECT i, 'c' || i, 'w' || i, i / 8.0 FROM generate_series(1, 100000) i",
        "ANALYZE item",
    )
    foreign.table("item", "id int, code text, word varchar(20), n numeric")
    return foreign


# Answers


@pytest.mark.parametrize("server", ["postgres15", "postgres17", "postgres18"])
def test_every_type(db: Database, request: pytest.FixtureRequest, server: str) -> None:
    remote = PostgresRemote(request.getfixturevalue(server).server, server, "foreign_types", create="TEMPLATE template0")
    kinds = [kind for kind in TYPES if kind not in ("hstore", "citext")]
    columns = ", ".join(f"c{i} {kind}" for i, kind in enumerate(kinds))
    remote.execute("DROP TABLE IF EXISTS types", *USER_TYPES, f"CREATE TABLE types (id int PRIMARY KEY, {columns})")
    for number in range(max(len(values) for _, values in TYPES.values()) + 1):
        texts = [TYPES[kind][1] for kind in kinds]
        values = [
            "NULL" if number >= len(text) else "'" + text[number].replace("'", "''") + f"'::{kind}"
            for kind, text in zip(kinds, texts, strict=True)
        ]
        remote.execute(f"INSERT INTO types VALUES ({number}, {', '.join(values)})")
    for foreign in foreign_on(db, remote):
        foreign.both("types")
        assert db.rows("SELECT * FROM differences('near', 'far_away', 4000)") == []
        # All that are said to be exact are.
        for i, kind in enumerate(kinds):
            is_exact = kind.split("(")[0].removesuffix(" without time zone").removesuffix(" with time zone") in EXACT
            if not is_exact or kind.endswith("]"):
                continue
            value = db.value(f"SELECT max(c{i}::text) FROM near WHERE c{i}::text !~* 'infinity' AND length(c{i}::text) < 1000").replace("'", "''")
            plan = plan_of(db, f"SELECT id FROM far_away WHERE c{i} = '{value}'")
            assert " WHERE " in plan and "Filter:" not in plan, kind


EXACT = [
    "boolean", "smallint", "integer", "bigint", "real", "double precision", "numeric", "text", "character varying",
    "character", "bytea", "date", "time", "timestamp", "interval", "interval day to second", "uuid", "oid", "inet",
    "cidr", "macaddr", "macaddr8", "bit", "bit varying", "pg_lsn", "xid8",
]  # fmt: skip

WORDS = ["", " ", "a", "a ", "a  ", "A", "á", "á", "ß", "ss", "\U0001f600", "￿", "%", "_", "\\", "a\\b", "'", "?", "$1"]


@pytest.fixture(params=["default", "C", "nondeterministic"])
def collation(request: pytest.FixtureRequest, postgres15: PostgresRemote) -> str:
    if request.param != "nondeterministic":
        return f'"{request.param}"'
    if host_lacks("ICU"):
        pytest.skip("PostgreSQL was built without ICU")
    postgres15.execute(
        "DROP COLLATION IF EXISTS loose CASCADE",
        "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false)",
    )
    return "loose"


def create_words(remote: PostgresRemote, collation: str, words: list[str]) -> None:
    values = ", ".join(f"({i}, '{word}', '{word}', '{word}')" for i, word in enumerate(w.replace("'", "''") for w in words))
    kinds = [f"{kind} COLLATE {collation}" for kind in ("text", "varchar(9)", "char(5)")]
    remote.execute(
        "DROP TABLE IF EXISTS words",
        f"CREATE TABLE words (id int PRIMARY KEY, t {kinds[0]}, v {kinds[1]}, c {kinds[2]})",
        f"INSERT INTO words VALUES {values}",
    )


def orders_agree(db: Database) -> None:
    for column in "tvc":
        query = f'SELECT id FROM {{}} ORDER BY {column} COLLATE "C" DESC, id LIMIT 7'
        assert db.rows(query.format("far_away")) == db.rows(query.format("near"))
        query = f"SELECT id FROM {{}} WHERE {column} < 'a' COLLATE \"C\" ORDER BY id"
        assert db.rows(query.format("far_away")) == db.rows(query.format("near"))


def test_text_of_any_collation(foreign: Foreign, collation: str) -> None:
    create_words(foreign.remote, collation, WORDS)
    foreign.both("words")
    assert foreign.db.rows("SELECT * FROM differences('near', 'far_away', 100)") == []
    orders_agree(foreign.db)


def test_text_of_a_query_without_collation(foreign: Foreign) -> None:
    """Where two collations meet there is none, and only an explicit one can be compared by."""
    foreign.remote.execute(
        "DROP TABLE IF EXISTS two", 'CREATE TABLE two (a text COLLATE "C", b text COLLATE "POSIX")', "INSERT INTO two VALUES ('x', 'y')"
    )
    foreign.table("two", "word text", query="SELECT a || b AS word FROM two")
    assert foreign.db.rows("SELECT word FROM two WHERE word = 'xy'") == [("xy",)]
    assert foreign.db.rows("SELECT word FROM two WHERE word IN ('x', 'xy') AND word LIKE 'x%'") == [("xy",)]
    assert "WHERE" in foreign.sent("SELECT word FROM two WHERE word = 'xy'")


@pytest.mark.parametrize("encoding", ["LATIN1", "EUC_JP", "SQL_ASCII"])
def test_text_of_another_encoding(db: Database, postgres15: PostgresRemote, encoding: str) -> None:
    create = f"ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
    remote = PostgresRemote(postgres15.server, database=f"text_{encoding.lower()}", create=create)
    words = [word for word in WORDS if word.isascii()]
    create_words(remote, '"default"', [*words, "x", "xx"])
    stored = {"LATIN1": "\\xe96162", "EUC_JP": "\\xa4a26162", "SQL_ASCII": "\\xc3a96162"}[encoding]
    remote.execute(
        f"INSERT INTO words SELECT 99, t, t, t FROM convert_from('{stored}', '{encoding}') t",
    )
    for foreign in foreign_on(db, remote):
        foreign.both("words")
        assert db.value("SELECT t FROM near WHERE id = 99") in ("éab", "あab")
        assert db.rows("SELECT * FROM differences('near', 'far_away', 100)") == []
        orders_agree(db)
        # What the remote's encoding does not have.
        assert db.rows("SELECT id FROM far_away WHERE t = '\U0001f600' OR v < '\U0001f600' COLLATE \"C\" AND id = 99") == [(99,)]


def test_declared_encoding(db: Database, postgres15: PostgresRemote) -> None:
    """Text that is something else than its database says is compared here, beside a table that is not so."""
    remote = PostgresRemote(postgres15.server, database="text_declared", create="ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    create_words(remote, '"default"', ["a", "b"])
    remote.execute("INSERT INTO words SELECT 99, t, t, t FROM convert_from('\\xe96162', 'SQL_ASCII') t")
    for foreign in foreign_on(db, remote):
        foreign.both("words", encoding="LATIN1")
        foreign.table("plain_words", "id int, t text", query="SELECT id, t FROM words WHERE id < 99")
        assert db.rows("SELECT id FROM far_away WHERE t = 'éab'") == [(99,)]
        query = "SELECT t, p.id FROM far_away w LEFT JOIN plain_words p USING (t) ORDER BY w.id"
        assert db.rows(query) == [("a", 0), ("b", 1), ("éab", None)]
        assert "WHERE" not in foreign.sent("SELECT id FROM far_away WHERE t = 'éab'")


def test_values_that_become_null(db: Database, postgres15: PostgresRemote) -> None:
    remote = PostgresRemote(postgres15.server, database="text_invalid", create="ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    create_words(remote, '"default"', ["a", "b"])
    remote.execute("INSERT INTO words SELECT 99, t, t, t FROM convert_from('\\xe96162', 'SQL_ASCII') t")
    for foreign in foreign_on(db, remote):
        foreign.both("words", invalid_values="null")
        for condition in ("t IS NULL", "t IS NOT NULL", "t <> 'a'", "t IS DISTINCT FROM 'a'", "t = 'a'", "NOT t LIKE 'a%'"):
            query = f"SELECT id FROM {{}} WHERE {condition} ORDER BY id"
            assert db.rows(query.format("far_away")) == db.rows(query.format("near")), condition


# What is sent


def test_an_index_serves(item: Foreign) -> None:
    for condition in (
        "id = 77", "id = 77::bigint", "id IN (1, 2)", "id > 99990", "code = 'c7'", "word = 'w7'", "word IN ('w7', 'w8')",
        "code > 'c99999' COLLATE \"C\"", "code LIKE 'c9999%'",
    ):  # fmt: skip
        query = f"SELECT n FROM item WHERE {condition}"
        assert "Index" in item.plan_there(query), condition
        assert "Filter" not in plan_of(item.db, query), condition


def test_limit_and_order_are_sent(item: Foreign) -> None:
    db = item.db
    db.execute("BEGIN")  # or COMMIT would be the last message
    assert db.rows("SELECT id FROM item ORDER BY id DESC LIMIT 2 OFFSET 1") == [(99999,), (99998,)]
    message = item.last_message()
    assert 'ORDER BY "id" DESC' in message and "LIMIT 3" in message
    assert "Index" in item.plan_there("SELECT id FROM item ORDER BY id DESC LIMIT 2")
    item.table("asked", "id int", query="SELECT id FROM item")
    assert len(db.rows("SELECT id FROM asked WHERE id > 5 LIMIT 3")) == 3
    assert "LIMIT 3" in item.last_message()
    db.execute("COMMIT")


def test_analyze_samples_there(item: Foreign) -> None:
    item.db.execute("BEGIN; ANALYZE item")
    assert "TABLESAMPLE pg_catalog.bernoulli" in item.last_message()
    assert item.db.value("SELECT reltuples FROM pg_class WHERE relname = 'item'") == 100000
    item.db.execute("COMMIT")


# One moment


def test_one_moment_for_two_scans_at_once(item: Foreign) -> None:
    """Each of the two has a session of its own, and between their begins another one commits."""
    db, remote = item.db, item.remote
    db.execute("BEGIN; DECLARE first CURSOR FOR SELECT id FROM item")
    assert len(db.rows("FETCH 5 FROM first")) == 5
    remote.execute("DELETE FROM item WHERE id > 10", "INSERT INTO item VALUES (0, 'new', 'new', 0)")
    assert db.value("SELECT count(*) FROM item a JOIN item b USING (id)") == 100000
    assert len(remote.sessions()) >= 2
    assert db.value("SELECT count(*) FROM (SELECT 1 FROM item) i") == 100000
    db.execute("FETCH ALL FROM first; COMMIT")
    assert db.value("SELECT count(*) FROM item") == 11


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_one_moment_after_a_scan_that_was_left(item: Foreign, isolation: str) -> None:
    db = item.db
    db.execute(f"BEGIN ISOLATION LEVEL {isolation}")
    db.execute("DECLARE early CURSOR FOR SELECT * FROM item")
    assert len(db.rows("FETCH 1 FROM early")) == 1
    before = {session.number for session in item.remote.sessions()}
    item.remote.execute("DELETE FROM item WHERE id > 10")
    db.execute("CLOSE early")
    assert db.value("SELECT count(*) FROM item") == 100000
    assert {session.number for session in item.remote.sessions()} == before
    db.execute("COMMIT")
    assert db.value("SELECT count(*) FROM item") == 10


def test_one_moment_after_an_error(item: Foreign) -> None:
    """An error of the remote in a block that catches it."""
    db = item.db
    item.table("nowhere", "id int")
    item.table("wrong", "q int", query="SELECT 1 / (id - 7) AS q FROM item")
    db.execute("BEGIN")
    assert db.value("SELECT count(*) FROM item") == 100000
    before = {session.number for session in item.remote.sessions()}
    item.remote.execute("DELETE FROM item WHERE id > 10")
    caught = "DO $$ BEGIN PERFORM * FROM {}; RAISE 'not reached'; EXCEPTION WHEN OTHERS THEN " \
             "IF sqlerrm NOT LIKE '%{}%' THEN RAISE; END IF; END $$"
    db.execute(caught.format("wrong", "division by zero"))
    db.execute(caught.format("nowhere", "does not exist"))
    assert db.value("SELECT count(*) FROM item") == 100000
    assert {session.number for session in item.remote.sessions()} == before
    db.execute("COMMIT")


def test_a_snapshot_that_cannot_be_shared(item: Foreign) -> None:
    """Never two moments in silence."""
    db, function = item.db, "FUNCTION pg_catalog.pg_export_snapshot()"
    item.remote.execute(f"REVOKE EXECUTE ON {function} FROM PUBLIC")
    try:
        assert db.value("SELECT count(*) FROM item") == 100000
        db.execute("BEGIN; DECLARE first CURSOR FOR SELECT id FROM item")
        assert len(db.rows("FETCH 5 FROM first")) == 5
        with fails("can't share a snapshot", hint="into a local one"):
            db.rows("SELECT count(*) FROM item")
        db.execute("ROLLBACK")
    finally:
        item.remote.execute(f"GRANT EXECUTE ON {function} TO PUBLIC")


def test_nothing_is_left_open(item: Foreign) -> None:
    """Behind a transaction no session of ours keeps the remote's old rows."""
    for end in ("COMMIT", "ROLLBACK"):
        item.db.execute("BEGIN; DECLARE early CURSOR FOR SELECT * FROM item; FETCH 1 FROM early")
        item.db.execute(end)
        states = item.remote.rows("SELECT state FROM pg_stat_activity WHERE usename = 'reader'")
        assert {state for (state,) in states} <= {"idle"}


# What changes there


@pytest.mark.parametrize("change", ["ALTER id TYPE date USING date '2020-01-01' + id", "ALTER word TYPE varchar(30)", "DROP word"])
def test_changed_columns(item: Foreign, change: str) -> None:
    db = item.db
    assert db.value("SELECT count(id) FROM item WHERE word <> ''") == 100000
    item.remote.execute(f"ALTER TABLE item {change}")
    with fails("columns have changed|does not exist|has changed"):
        db.rows("SELECT id, word FROM item LIMIT 1")
    # It is described anew, and says what is the matter.
    if "DROP" not in change:
        assert len(db.rows("SELECT word FROM item LIMIT 1")) == 1


def test_lookups_take_a_message_each(item: Foreign) -> None:
    db, remote = item.db, item.remote
    db.execute("BEGIN; SELECT n FROM item WHERE id = 1")
    with pytest.raises(psycopg2.Error):
        remote.execute("SET lock_timeout = 100; ALTER TABLE item ADD more int")
    assert "WHERE false" in item.last_message()
    db.execute("SELECT n FROM item WHERE id = 2")
    assert "WHERE false" not in item.last_message()
    db.execute("COMMIT")


def test_an_inet_beside_a_cidr(db: Database, postgres15: PostgresRemote) -> None:
    """They have the same operators, but not each inet is a cidr."""
    postgres15.execute("DROP TABLE IF EXISTS nets", "CREATE TABLE nets (id int, net cidr)", "INSERT INTO nets VALUES (1, '10.0.0.0/24')")
    for foreign in foreign_on(db, postgres15):
        foreign.both("nets")
        for condition in ("= '10.0.0.1/24'::inet", "< '10.0.0.1/24'::inet", "= ANY (ARRAY['10.0.0.1/24', '10.0.0.0/24']::inet[])"):
            query = f"SELECT id FROM {{}} WHERE net {condition}"
            assert "Filter:" not in plan_of(db, query.format("far_away"))
            assert db.rows(query.format("far_away")) == db.rows(query.format("near"))
