"""Event triggers that change the table of an import as soon as it is made: the table is loaded as it is, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.refreshing import Refreshed, assert_nothing_left, check_integrity
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.remote_mysql import MySqlRemote

TABLE = "arriving"
ROWS = 2500


@pytest.fixture(autouse=True)
def source(db: Database, mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    with remote_rows(mariadb, TABLE, ROWS):
        yield mariadb
        db.execute("DROP EVENT TRIGGER IF EXISTS on_create")
        Syncs(db).clean()
        db.execute("DROP SCHEMA IF EXISTS elsewhere CASCADE")


@pytest.fixture
def on_create(db: Database) -> Callable[[str, str], None]:
    """Runs statements for each new table that is no temporary one; `{t}` stands for its name."""

    def install(statements: str, tag: str = "CREATE TABLE") -> None:
        db.execute(
            "CREATE OR REPLACE FUNCTION on_create() RETURNS event_trigger LANGUAGE plpgsql AS $body$ DECLARE c record; BEGIN "
            "IF pg_trigger_depth() > 0 OR current_setting('test.inside', true) = 'on' THEN RETURN; END IF; "
            "PERFORM set_config('test.inside', 'on', true); "
            f"FOR c IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE command_tag = '{tag}' AND schema_name = 'public' LOOP "
            f"EXECUTE replace($sql${statements}$sql$, '{{t}}', c.object_identity); END LOOP; "
            "PERFORM set_config('test.inside', 'off', true); END $body$"
        )
        db.execute(f"CREATE EVENT TRIGGER on_create ON ddl_command_end WHEN TAG IN ('{tag}') EXECUTE FUNCTION on_create()")

    return install


def by_index(db: Database, query: str) -> object:
    db.execute("SET enable_seqscan = off")
    try:
        return db.value(query)
    finally:
        db.execute("RESET enable_seqscan")


def test_indexes_are_filled(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    on_create(
        "CREATE INDEX by_word ON {t} (word); CREATE INDEX by_hash ON {t} USING hash (amount); "
        "CREATE INDEX part ON {t} ((id * 2)) WHERE id > 3; CREATE UNIQUE INDEX one ON {t} (id) INCLUDE (word)"
    )
    db.import_table(source.connector(table=TABLE))
    assert by_index(db, f"SELECT count(*) FROM {TABLE} WHERE word LIKE 'word 77 %%' AND word >= 'word 77' AND word < 'word 78'") == 1
    assert by_index(db, f"SELECT count(*) FROM {TABLE} WHERE id * 2 = 100 AND id > 3") == 1
    check_integrity(db, TABLE)
    assert db.value("SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass", TABLE) == 5


def test_unique_index_against_the_rows(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    source.execute(f"UPDATE {TABLE} SET word = 'twice' WHERE id IN (3, 4)")
    on_create("CREATE UNIQUE INDEX one_word ON {t} (word)")
    with pytest.raises(psycopg2.Error, match="one_word"):
        db.import_table(source.connector(table=TABLE))
    assert db.value("SELECT to_regclass(%s)", TABLE) is None


@pytest.mark.parametrize(
    "kind, shown, wanted",
    [
        ("text", "text", "7"),
        ("numeric", "numeric", 7),
        ("numeric(12,2)", "numeric(12,2)", 7),
        ("integer", "integer", 7),
        ("double precision", "double precision", 7.0),
        ("oid", "oid", 7),
    ],
)
def test_retyped_column(db: Database, source: MySqlRemote, on_create: Callable[..., None], kind: str, shown: str, wanted: object) -> None:
    """The converters follow; what the source has still is what a later refresh compares with."""
    on_create(f"ALTER TABLE {{t}} ALTER id TYPE {kind} USING NULL::{kind}, ALTER word TYPE varchar(99)")
    sync = Refreshed(db, source.connector(table=TABLE))
    for mode in (None, "swap"):
        assert db.columns(TABLE)[0][:2] == ("id", shown) and db.columns(TABLE)[1][1] == "character varying(99)"
        assert db.rows(f"SELECT id FROM {TABLE} WHERE word LIKE 'word 7 %%' OR word = 'word 7'")[0][0] in (wanted, str(wanted))
        check_integrity(db, TABLE)
        if mode is None:
            sync.run("swap")


def test_type_that_does_not_hold_the_values(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    on_create("ALTER TABLE {t} ALTER word TYPE varchar(3)")
    with pytest.raises(psycopg2.Error, match='column "word", row 1: value too long'):
        db.import_table(source.connector(table=TABLE))


def test_domain(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    db.execute("CREATE SCHEMA elsewhere; CREATE DOMAIN elsewhere.small AS bigint NOT NULL CHECK (VALUE < 2000)")
    on_create("ALTER TABLE {t} ALTER id TYPE elsewhere.small")
    with pytest.raises(psycopg2.Error, match="small"):
        db.import_table(source.connector(table=TABLE))


def test_added_columns(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    """Defaults, generated columns, identities and sequences get what INSERT would give them."""
    on_create(
        "ALTER TABLE {t} ADD loaded_at timestamptz NOT NULL DEFAULT now(), ADD twice numeric GENERATED ALWAYS AS (amount * 2) STORED, "
        "ADD number bigint GENERATED ALWAYS AS IDENTITY, ADD serial serial, ADD note text"
    )
    sync = Refreshed(db, source.connector(table=TABLE))
    for _ in range(2):
        assert db.rows(
            f"SELECT count(*), count(loaded_at), count(DISTINCT number), count(DISTINCT serial), bool_and(twice = amount * 2), count(note) FROM {TABLE}"
        ) == [(ROWS, ROWS, ROWS, ROWS, True, 0)]
        sync.run("swap")


def test_dropped_column_in_between(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    """Positions of columns are not those of the source any more."""
    on_create("ALTER TABLE {t} ADD extra int; ALTER TABLE {t} ADD kept int DEFAULT 4; ALTER TABLE {t} DROP extra")
    db.import_table(source.connector(table=TABLE))
    assert db.value(f"SELECT count(*) FROM {TABLE} WHERE kept = 4 AND word IS NOT NULL") == ROWS


@pytest.mark.parametrize(
    "statement, told",
    [
        ("ALTER TABLE {t} DROP word", 'no column "word"'),
        ("ALTER TABLE {t} RENAME word TO phrase", 'no column "word"'),
        ("ALTER TABLE {t} DROP word; ALTER TABLE {t} ADD word text GENERATED ALWAYS AS ('x') STORED", '"word" is generated'),
        ("DROP TABLE {t}", "was dropped as soon as it was created"),
    ],
)
def test_columns_that_are_gone(
    db: Database, source: MySqlRemote, on_create: Callable[..., None], statement: str, told: str
) -> None:
    on_create(statement)
    with pytest.raises(psycopg2.Error) as failure:
        db.import_table(source.connector(table=TABLE))
    assert "Connector error 2012" in str(failure.value) and told in str(failure.value)
    assert db.value("SELECT to_regclass(%s)", TABLE) is None


def test_checks_hold(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    on_create("ALTER TABLE {t} ADD CONSTRAINT few CHECK (id <> 2400)")
    with pytest.raises(psycopg2.Error, match='check constraint "few"'):
        db.import_table(source.connector(table=TABLE))
    source.execute(f"DELETE FROM {TABLE} WHERE id = 2400")
    assert db.import_table(source.connector(table=TABLE))["rows"] == ROWS - 1


def test_not_null_holds(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    """What an event trigger asks for is not the remote's to be dropped; what the remote promised is."""
    source.execute(f"UPDATE {TABLE} SET word = NULL WHERE id = 9")
    on_create("ALTER TABLE {t} ALTER word SET NOT NULL")
    with pytest.raises(psycopg2.Error, match='"word" of table "arriving" is NOT NULL'):
        db.import_table(source.connector(table=TABLE))


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE {t} ADD loaded_at timestamptz NOT NULL DEFAULT now()",
        "ALTER TABLE {t} ADD CHECK (id > 0)",
        "CREATE TRIGGER t BEFORE INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION elsewhere.pass()",
        "CREATE INDEX ON {t} (at)",
    ],
    ids=["default", "check", "trigger", "index"],
)
def test_zero_dates_still_lose_their_not_null(
    db: Database, source: MySqlRemote, on_create: Callable[..., None], statement: str
) -> None:
    db.execute("CREATE SCHEMA elsewhere; CREATE FUNCTION elsewhere.pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
    source.execute(f"ALTER TABLE {TABLE} ADD at datetime NOT NULL DEFAULT '2024-01-01'")
    source.execute("SET sql_mode = ''", f"UPDATE {TABLE} SET at = '0000-00-00' WHERE id = 5")
    on_create(statement)
    db.import_table(source.connector(table=TABLE))
    assert db.value(f"SELECT id FROM {TABLE} WHERE at IS NULL") == 5
    assert [not_null for name, _, not_null in db.columns(TABLE) if name in ("id", "at")] == [True, False]
    check_integrity(db, TABLE)


def test_own_primary_key(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    on_create("ALTER TABLE {t} ADD own bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
    db.import_table(source.connector(table=TABLE))
    assert any("the primary key of the source is not added" in notice for notice in db.notices)
    assert db.value(f"SELECT count(DISTINCT own) FROM {TABLE}") == ROWS
    check_integrity(db, TABLE)


def test_own_primary_key_beside_default_columns(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    on_create("ALTER TABLE {t} ADD own bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
    db.import_table(source.connector(table=TABLE, default_columns=True))
    assert db.rows(f"SELECT count(DISTINCT own), count(DISTINCT cartodb_id) FROM {TABLE}") == [(ROWS, ROWS)]


@pytest.mark.parametrize(
    "statement, wanted",
    [
        ("CREATE TRIGGER t BEFORE INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION elsewhere.mark()", ROWS),
        ("CREATE TRIGGER t AFTER INSERT ON {t} REFERENCING NEW TABLE AS new FOR EACH STATEMENT EXECUTE FUNCTION elsewhere.note()", 0),
        ("CREATE RULE r AS ON INSERT TO {t} DO ALSO INSERT INTO elsewhere.log VALUES (NEW.id)", 0),
        ("ALTER TABLE {t} ADD FOREIGN KEY (word) REFERENCES elsewhere.words", 0),
        ("ALTER TABLE {t} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY p ON {t} USING (id > 0)", 0),
    ],
    ids=["row trigger", "statement trigger", "rule", "foreign key", "row security"],
)
def test_rows_go_through_the_executor(
    db: Database, source: MySqlRemote, on_create: Callable[..., None], statement: str, wanted: int
) -> None:
    source.execute(f"UPDATE {TABLE} SET word = 'w'")
    db.execute(
        "CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.log (id bigint); CREATE TABLE elsewhere.words (w text PRIMARY KEY); "
        "INSERT INTO elsewhere.words VALUES ('w'); "
        "CREATE FUNCTION elsewhere.mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.word := 'marked'; RETURN NEW; END $$; "
        "CREATE FUNCTION elsewhere.note() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO elsewhere.log SELECT id FROM new; RETURN NULL; END $$"
    )
    on_create(statement)
    db.import_table(source.connector(table=TABLE))
    assert db.value(f"SELECT count(*) FROM {TABLE}") == ROWS
    assert db.value(f"SELECT count(*) FROM {TABLE} WHERE word = 'marked'") == wanted
    if "TRIGGER t AFTER" in statement or "RULE" in statement:
        assert db.value("SELECT count(*) FROM elsewhere.log") == ROWS
    assert_nothing_left(db)
    if "FOREIGN KEY" in statement:
        db.execute(f"DROP TABLE {TABLE}")
        source.execute(f"UPDATE {TABLE} SET word = 'unknown' WHERE id = 12")
        with pytest.raises(psycopg2.Error, match="foreign key"):
            db.import_table(source.connector(table=TABLE))


def test_partition(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    """The parent's bounds are checked."""
    db.execute("CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.all_rows (id bigint NOT NULL, word varchar(20), amount numeric(12,2)) PARTITION BY RANGE (id)")
    on_create("ALTER TABLE elsewhere.all_rows ATTACH PARTITION {t} FOR VALUES FROM (0) TO (2000)")
    with pytest.raises(psycopg2.Error, match="partition constraint"):
        db.import_table(source.connector(table=TABLE))
    source.execute(f"DELETE FROM {TABLE} WHERE id >= 2000")
    db.import_table(source.connector(table=TABLE))
    assert db.value("SELECT count(*) FROM elsewhere.all_rows") == 1999


@pytest.mark.parametrize("statement", ["ALTER TABLE {t} RENAME TO arrived", "ALTER TABLE {t} SET SCHEMA elsewhere"])
def test_renamed_or_moved(db: Database, source: MySqlRemote, on_create: Callable[..., None], statement: str) -> None:
    """It is found by its OID; another table that took the name is left alone."""
    db.execute("CREATE SCHEMA elsewhere")
    on_create(statement + f"; CREATE TABLE public.{TABLE} (id int)")
    result = db.import_table(source.connector(table=TABLE))
    name = f"{result['schema']}.{result['table_name']}"
    assert name in ("public.arrived", f"elsewhere.{TABLE}")
    assert db.value(f"SELECT count(*) FROM {name}") == ROWS
    assert db.value(f"SELECT count(*) FROM public.{TABLE}") == 0
    assert db.value("SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass AND indisprimary", name) == 1
    db.execute("DROP EVENT TRIGGER on_create")
    db.execute(f"DROP TABLE {name}, public.{TABLE}")


def test_moved_table_of_a_sync(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    db.execute("CREATE SCHEMA elsewhere")
    on_create("ALTER TABLE {t} SET SCHEMA elsewhere")
    syncs = Syncs(db)
    id = syncs.create(source.connector(table=TABLE))["id"]
    for _ in range(2):
        assert syncs.now(id, wait=True)["enqueued"] is not None and syncs.state(id) == "success", syncs.status(id)
    assert db.value(f"SELECT count(*) FROM elsewhere.{TABLE}") == ROWS


def test_unlogged_and_other_storage(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    on_create("ALTER TABLE {t} SET UNLOGGED; ALTER TABLE {t} SET (fillfactor = 50), ALTER word SET STORAGE EXTERNAL; CREATE INDEX ON {t} (word)")
    db.import_table(source.connector(table=TABLE))
    assert db.value("SELECT relpersistence::text FROM pg_class WHERE oid = %s::regclass", TABLE) == "u"
    assert db.value(f"SELECT count(*) FROM {TABLE}") == ROWS
    check_integrity(db, TABLE)


def test_owner(db: Database, source: MySqlRemote, etl: Database, on_create: Callable[..., None]) -> None:
    """A table that was taken from its creator is not his to fill."""
    db.execute("CREATE ROLE keeper; GRANT keeper TO etl; GRANT CREATE ON SCHEMA public TO keeper")
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.1'")
    etl.close()
    on_create("ALTER TABLE {t} OWNER TO keeper")
    etl.import_table(source.connector(table=TABLE))
    assert db.value("SELECT relowner::regrole::text FROM pg_class WHERE oid = %s::regclass", TABLE) == "keeper"
    assert db.value(f"SELECT count(*) FROM {TABLE}") == ROWS
    db.execute(f"DROP TABLE {TABLE}; DROP EVENT TRIGGER on_create")
    db.execute("CREATE FUNCTION take() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ DECLARE c record; BEGIN "
               "FOR c IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE command_tag = 'CREATE TABLE' LOOP "
               "EXECUTE format('ALTER TABLE %s OWNER TO postgres', c.object_identity); END LOOP; END $$")
    db.execute("CREATE EVENT TRIGGER on_create ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION take()")
    with pytest.raises(psycopg2.Error, match="belongs to another role") as failure:
        etl.import_table(source.connector(table=TABLE))
    assert "Connector error 2012" in str(failure.value)
    db.execute("DROP EVENT TRIGGER on_create; DROP FUNCTION take; DROP OWNED BY keeper CASCADE; DROP ROLE keeper")


def test_commands_after_the_load(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    """An event trigger that follows the key, which is added to the filled table."""
    source.execute(f"ALTER TABLE {TABLE} COMMENT = 'told'")
    on_create(
        "ALTER TABLE {t} ADD late int NOT NULL DEFAULT 3; CREATE INDEX late ON {t} (word); ALTER TABLE {t} RENAME TO arrived", "ALTER TABLE"
    )
    result = db.import_table(source.connector(table=TABLE))
    assert result["table_name"] == "arrived"
    assert db.value("SELECT obj_description('arrived'::regclass)") == "told"
    assert db.value("SELECT count(*) FROM arrived WHERE late = 3") == ROWS
    check_integrity(db, "arrived")


def test_commands_before_the_load(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    """Where rows are checked, NOT NULL is taken off before the load; what follows that command is seen, too."""
    db.execute(
        "CREATE SCHEMA elsewhere; CREATE FUNCTION elsewhere.change() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF tg_tag = 'CREATE TABLE' THEN ALTER TABLE public.arriving ADD CHECK (amount > 0); "
        "ELSIF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.arriving'::regclass AND attname = 'extra') "
        "AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.arriving'::regclass AND attname = 'id' AND NOT attnotnull) "
        "THEN ALTER TABLE public.arriving ADD extra int DEFAULT 6, ALTER id TYPE text, ALTER word TYPE char(30); "
        "CREATE INDEX ON public.arriving (word); END IF; END $$"
    )
    db.execute(
        "CREATE EVENT TRIGGER on_create ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION elsewhere.change()"
    )
    db.import_table(source.connector(table=TABLE))
    assert [kind for _, kind, _ in db.columns(TABLE)] == ["text", "character(30)", "numeric(12,2)", "integer"]
    assert db.columns(TABLE)[0][2] is True
    assert db.value(f"SELECT count(*) FROM {TABLE} WHERE extra = 6 AND id::int = amount * 4") == ROWS
    check_integrity(db, TABLE)


def test_import_inside_an_event_trigger(db: Database, source: MySqlRemote, on_create: Callable[..., None]) -> None:
    """Each of two imports finds its own table."""
    inner = str(source.connector(table=TABLE, import_as="inner_one")).replace("'", '"').replace("True", "true")
    on_create(f"SELECT cdb_import_connector('{inner}')")
    db.import_table(source.connector(table=TABLE, import_as="outer_one"))
    assert db.rows("SELECT (SELECT count(*) FROM outer_one), (SELECT count(*) FROM inner_one)") == [(ROWS, ROWS)]
