"""Rows that are inserted while they are read: code of the table's owner runs in between, and nobody else gets at them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from harness.database import Database
from harness.errors import fails
from harness.foreign_parts import COLUMNS
from harness.memory import assert_grown_less, private_memory
from harness.refreshing import Refreshed, assert_nothing_left, contents, counts
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.process import wait_until
from servers.proxy import Fault, Proxy
from servers.remote import Remote

TABLE = "streamed"
ROWS = 2500


@pytest.fixture(autouse=True)
def source(mysql_or_postgres: Remote, db: Database) -> Iterator[Remote]:
    with remote_rows(mysql_or_postgres, TABLE, ROWS):
        yield mysql_or_postgres
        db.execute("ROLLBACK")
        Syncs(db).clean()
        db.execute("DROP EVENT TRIGGER IF EXISTS added; DROP SCHEMA IF EXISTS code CASCADE")


@pytest.fixture
def connector(source: Remote) -> dict[str, object]:
    return source.connector(table=TABLE, collision_strategy="overwrite")


def partitioned(db: Database, columns: str = COLUMNS) -> None:
    db.execute(f"CREATE TABLE {TABLE} ({columns}) PARTITION BY HASH (id)")
    db.execute(f"CREATE TABLE {TABLE}_0 PARTITION OF {TABLE} FOR VALUES WITH (MODULUS 1, REMAINDER 0)")


def refreshes(db: Database, connector: dict[str, object]) -> Refreshed:
    """A sync whose table is the one that is there, which may have columns that the source has not."""
    sync = Refreshed(db, {**connector, "import_as": "made"})
    db.execute("UPDATE connector.sync SET relation = %s::regclass WHERE id = %s; DROP TABLE made", TABLE, sync.id)
    sync.table = TABLE
    return sync


def trigger(db: Database, when: str, body: str, table: str = TABLE) -> None:
    db.execute("CREATE SCHEMA IF NOT EXISTS code")
    db.execute(f"CREATE FUNCTION code.act() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN {body} END $body$")
    db.execute(f"CREATE TRIGGER act {when.format(t=table)} EXECUTE FUNCTION code.act()")


# Code of the owner's.


@pytest.mark.parametrize("layout", ["plain", "partitioned"])
def test_row_triggers(db: Database, connector: dict[str, object], layout: str) -> None:
    """Before a row: it is changed, left out or refused."""
    partitioned(db) if layout == "partitioned" else db.execute(f"CREATE TABLE {TABLE} ({COLUMNS})")
    trigger(db, "BEFORE INSERT ON {t} FOR EACH ROW", "IF NEW.id % 2 = 0 THEN RETURN NULL; END IF; NEW.amount := -NEW.id; RETURN NEW;")
    db.execute(f"INSERT INTO {TABLE} VALUES (3, 'old', 0)")
    sync = Refreshed(db, connector)
    for _ in range(2):
        assert db.rows(f"SELECT count(*), count(*) FILTER (WHERE amount = -id AND id % 2 = 1) FROM {TABLE}") == [(ROWS / 2, ROWS / 2)]
        run = sync.run("delete and insert")
        assert counts(run) == (ROWS // 2, 0, ROWS // 2) and run["rows"] == ROWS
    db.execute(
        "CREATE OR REPLACE FUNCTION code.act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NEW.id = {ROWS} THEN RAISE EXCEPTION 'not this one' USING ERRCODE = 'P0099', HINT = 'Leave it out.'; END IF; RETURN NEW; END $$"
    )
    row = sync.fail(2001, "not this one", "Leave it out.")
    assert row["sqlstate"] == "P0099"
    with fails("not this one", sqlstate="P0099", hint="Leave it out.") as failure:
        db.import_table(connector)
    assert "code.act()" in failure.context
    assert_nothing_left(db)


def test_statement_and_after_triggers(db: Database, connector: dict[str, object]) -> None:
    """A replace is one statement where any look at it: each fires when all rows have changed."""
    partitioned(db)
    db.execute("CREATE SCHEMA code; CREATE TABLE code.log (n serial, what text, rows bigint)")
    db.execute(
        "CREATE FUNCTION code.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO code.log (what, rows) "
        f"SELECT TG_OP || ' ' || TG_WHEN, count(*) FROM public.{TABLE}; RETURN NULL; END $$"
    )
    for when in ("BEFORE", "AFTER"):
        for verb in ("INSERT", "DELETE"):
            db.execute(f"CREATE TRIGGER {when}_{verb} {when} {verb} ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION code.note()")
    db.execute(f"INSERT INTO {TABLE} VALUES (1, 'old', 0); DELETE FROM code.log")
    sync = Refreshed(db, connector)
    for before in (1, ROWS):
        log = db.rows("SELECT what, rows FROM code.log ORDER BY n")
        assert sorted(log[:2]) == [("DELETE BEFORE", before), ("INSERT BEFORE", before)]
        assert sorted(log[2:]) == [("DELETE AFTER", ROWS), ("INSERT AFTER", ROWS)]
        db.execute("DELETE FROM code.log")
        if before == 1:
            sync.run("delete and insert")
    db.execute("DELETE FROM code.log")
    row_count = "CREATE FUNCTION code.each() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO code.log (what) VALUES (NEW.word); RETURN NULL; END $$"
    db.execute(f"{row_count}; CREATE TRIGGER each AFTER INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION code.each()")
    sync.run("delete and insert")
    assert db.value(f"SELECT count(*) FROM code.log l JOIN {TABLE} t ON t.word = l.what") == ROWS


def test_what_columns_are(db: Database, source: Remote) -> None:
    """Identities keep the source's values, generated columns are computed, domains and checks looked at."""
    db.execute("CREATE SCHEMA code; CREATE DOMAIN code.short AS varchar(20) CHECK (VALUE <> 'bad')")
    partitioned(
        db,
        "id bigint GENERATED ALWAYS AS IDENTITY, word code.short, amount numeric(12,2) CHECK (amount < 99999), "
        "twice numeric GENERATED ALWAYS AS (amount * 2) STORED, own int DEFAULT 5",
    )
    sync = refreshes(db, source.connector(table=TABLE, columns={"id": None, "word": "code.short", "amount": None}))
    for _ in range(2):
        sync.run("delete and insert")
        assert db.rows(f"SELECT count(*), min(id), max(id), bool_and(twice = amount * 2), sum(own) FROM {TABLE}") == [(ROWS, 1, ROWS, True, 5 * ROWS)]
    source.execute(f"UPDATE {TABLE} SET word = 'bad' WHERE id = {ROWS}")
    sync.fail(2001, "short")
    source.execute(f"UPDATE {TABLE} SET word = 'good', amount = 99999 WHERE id = {ROWS}")
    sync.fail(2001, "violates check constraint")


def test_row_security(db: Database, source: Remote, plain: Database) -> None:
    """Of the owner himself, under FORCE."""
    sync = Refreshed(plain, source.connector(table=TABLE, columns={"word": None, "amount": None}))
    plain.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY; ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    plain.execute(f"CREATE POLICY p ON {TABLE} USING (amount > 10) WITH CHECK (amount < 100000)")
    run = sync.run("delete and insert")
    assert run["inserted"] == ROWS and run["deleted"] == ROWS - 40
    source.execute(f"UPDATE {TABLE} SET amount = 100000 WHERE id = {ROWS}")
    row = sync.attempt()
    assert row["state"] == "failure" and "row-level security" in row["error_message"] and row["sqlstate"] == "42501"
    assert_nothing_left(db)


def test_rules_read_rows_more_than_once(db: Database, connector: dict[str, object]) -> None:
    """So these are stored first."""
    db.execute(f"CREATE TABLE {TABLE} ({COLUMNS}); CREATE SCHEMA code; CREATE TABLE code.log (id bigint)")
    db.execute(f"CREATE RULE also AS ON INSERT TO {TABLE} DO ALSO INSERT INTO code.log VALUES (NEW.id)")
    db.import_table(connector)
    assert db.value("SELECT count(DISTINCT id) FROM code.log") == ROWS
    assert db.value(f"SELECT count(*) FROM {TABLE}") == ROWS
    assert_nothing_left(db)


def test_event_trigger_that_adds_triggers(db: Database, source: Remote) -> None:
    """A new table gets its rows by INSERT; NOT NULL of the source holds in the end, or goes with a warning."""
    db.execute("CREATE SCHEMA code; CREATE TABLE code.log (id bigint)")
    db.execute("CREATE FUNCTION code.each() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO code.log VALUES (NEW.id); RETURN NEW; END $$")
    db.execute(
        "CREATE FUNCTION code.added() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE c record; BEGIN "
        "FOR c IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE command_tag = 'CREATE TABLE' AND schema_name = 'public' LOOP "
        "EXECUTE format('CREATE TRIGGER each BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION code.each()', c.object_identity); END LOOP; END $$; "
        "CREATE EVENT TRIGGER added ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION code.added()"
    )
    result = db.import_table(source.connector(table=TABLE))
    assert result["rows"] == ROWS and db.value("SELECT count(DISTINCT id) FROM code.log") == ROWS
    assert db.columns(TABLE)[0] == ("id", "bigint", True)
    assert db.rows("SELECT 1 FROM pg_index WHERE indrelid = %s::regclass AND indisprimary", TABLE) == [(1,)]
    if source.provider == "mysql":
        source.execute("DROP TABLE IF EXISTS dated", "CREATE TABLE dated (id int NOT NULL, day date NOT NULL)")
        source.execute("INSERT IGNORE INTO dated VALUES (1, '2024-01-01'), (2, '0000-00-00')")
        result = db.import_table(source.connector(table="dated", zero_dates="null"))
        assert any('NOT NULL is not kept for "day"' in notice for notice in db.notices), result
        assert db.columns("dated") == [("id", "integer", True), ("day", "date", False)]
        source.drop("dated")


# The function in FROM.

CALLS = (
    "SELECT * FROM connector.incoming_rows(1, NULL) AS r (a int)",
    "SELECT * FROM connector.incoming_rows(NULL, NULL) AS r (a int)",
    "SELECT connector.incoming_rows(1, 2)",
    "SELECT * FROM ROWS FROM (connector.incoming_rows(1, 2) AS (a int)) WITH ORDINALITY",
    "SELECT * FROM generate_series(1, 2) AS g, connector.incoming_rows(g, 2) AS r (a int)",
    "PREPARE p AS SELECT * FROM connector.incoming_rows(1, NULL) AS r (a int); EXECUTE p",
    "DECLARE c SCROLL CURSOR FOR SELECT * FROM connector.incoming_rows(1, NULL) AS r (a int); FETCH c",
    "CREATE TEMPORARY VIEW v AS SELECT * FROM connector.incoming_rows(1, NULL) AS r (a int); SELECT * FROM v",
    "INSERT INTO target SELECT * FROM connector.incoming_rows(1, NULL) AS r (a int)",
    "MERGE INTO target USING connector.incoming_rows(1, NULL) AS r (a int) ON false WHEN NOT MATCHED THEN INSERT VALUES (a)",
    "CREATE TEMPORARY TABLE made AS SELECT * FROM connector.incoming_rows(1, NULL) AS r (a int)",
    "EXPLAIN ANALYZE SELECT * FROM connector.incoming_rows(1, NULL) AS r (a int)",
    "DO $$ BEGIN PERFORM * FROM connector.incoming_rows(1, NULL) AS r (a int); END $$",
)


@pytest.mark.parametrize("role", ["superuser", "guest"])
def test_nobody_calls_it(db: Database, guest: Database, role: str) -> None:
    caller = db if role == "superuser" else guest
    caller.execute("CREATE TEMPORARY TABLE target (a int)")
    pid = caller.pid
    for statement in CALLS:
        caller.execute("BEGIN")
        with fails(r"connector.incoming_rows\(\) can't be called", number=1502, hint="cdb_import_connector"):
            caller.execute(statement)
        caller.execute("ROLLBACK")
    caller.execute("DEALLOCATE ALL")
    assert caller.pid == pid
    caller.execute("DROP TABLE target")


@pytest.mark.parametrize("layout", ["plain", "partitioned"])
def test_no_code_within_the_statement_gets_the_rows(db: Database, source: Remote, layout: str) -> None:
    """Triggers of all kinds, defaults, checks, generated columns, policies, also while it is planned: nowhere does
    anything show the number that is asked for, and without it the function is as it is for everybody."""
    db.execute("CREATE SCHEMA code; CREATE TABLE code.tried (place text, answer text, shown text)")
    db.execute(
        "CREATE FUNCTION code.try(place text) RETURNS void LANGUAGE plpgsql AS $$ DECLARE shown text; number text; answer text; BEGIN "
        "GET DIAGNOSTICS shown = PG_CONTEXT; shown := shown || coalesce(current_query(), ''); "
        r"FOR number IN SELECT '1' UNION SELECT 'NULL' UNION SELECT m[1] FROM regexp_matches(shown, '-?\d{5,}', 'g') AS m LOOP "
        "BEGIN EXECUTE format('SELECT * FROM connector.incoming_rows(%s::numeric::bigint, NULL) AS r (id bigint, word varchar(20), amount numeric(12,2))', number); "
        "answer := 'rows'; EXCEPTION WHEN OTHERS THEN answer := SQLERRM; END; "
        "INSERT INTO code.tried VALUES (place, answer, shown); END LOOP; END $$"
    )
    immutable = "CREATE FUNCTION code.{0}(v {1}) RETURNS {2} LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM code.try('{0}'); RETURN {3}; END $$"
    for name, kind, result, value in (("checked", "numeric", "boolean", "true"), ("computed", "bigint", "bigint", "v"),
                                      ("defaulted", "bigint", "bigint", "v"), ("allowed", "bigint", "boolean", "true")):  # fmt: skip
        db.execute(immutable.format(name, kind, result, value))
    db.execute("CREATE FUNCTION code.fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_LEVEL = 'STATEMENT' OR NEW.id = 7 THEN "
               "PERFORM code.try(TG_ARGV[0]); END IF; RETURN NEW; END $$")  # fmt: skip
    columns = "id bigint, word varchar(20), amount numeric(12,2)"
    partitioned(db, columns) if layout == "partitioned" else db.execute(f"CREATE TABLE {TABLE} ({columns})")
    db.execute(f"ALTER TABLE {TABLE} ADD d bigint DEFAULT code.defaulted(3), ADD g bigint GENERATED ALWAYS AS (code.computed(id)) STORED, ADD CHECK (code.checked(amount))")
    db.execute(f"CREATE POLICY p ON {TABLE} USING (code.allowed(1)) WITH CHECK (code.allowed(2)); ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    for when, verb, each in (("BEFORE", "INSERT", "ROW"), ("AFTER", "INSERT", "ROW"), ("BEFORE", "INSERT", "STATEMENT"),
                             ("AFTER", "INSERT", "STATEMENT"), ("BEFORE", "DELETE", "STATEMENT"), ("AFTER", "DELETE", "STATEMENT")):  # fmt: skip
        name = f"{when}_{verb}_{each}"
        db.execute(f"CREATE TRIGGER {name} {when} {verb} ON {TABLE} FOR EACH {each} EXECUTE FUNCTION code.fired('{name}')")
    db.execute("DELETE FROM code.tried")
    assert refreshes(db, source.connector(table=TABLE)).run("delete and insert")["inserted"] == ROWS
    assert db.value(f"SELECT count(*) FROM {TABLE}") == ROWS
    places = {place for (place,) in db.rows("SELECT DISTINCT place FROM code.tried")}
    assert {"checked", "computed", "defaulted", "AFTER_DELETE_STATEMENT", "BEFORE_INSERT_ROW", "AFTER_INSERT_ROW"} <= places, places
    assert db.rows("SELECT place, answer FROM code.tried WHERE answer NOT LIKE '%can''t be called'") == []
    shown = " ".join(text for (text,) in db.rows("SELECT DISTINCT shown FROM code.tried"))
    assert "connector.incoming_rows($1" in shown and not re.search(r"incoming_rows\(-?\d", shown)


def test_casts_run_while_rows_arrive(db: Database, source: Remote) -> None:
    """Those that the table's own type needs."""
    db.execute("CREATE SCHEMA code; CREATE TYPE code.wrapped AS (v varchar)")
    db.execute("CREATE FUNCTION code.wrap(v varchar) RETURNS code.wrapped LANGUAGE plpgsql AS $$ BEGIN "
               "IF v LIKE 'word 7 %' THEN PERFORM * FROM connector.incoming_rows(1, NULL) AS r (id bigint); END IF; RETURN ROW(v); END $$; "
               "CREATE CAST (varchar AS code.wrapped) WITH FUNCTION code.wrap(varchar) AS ASSIGNMENT")  # fmt: skip
    partitioned(db, "id bigint, word code.wrapped, amount numeric(12,2)")
    with fails("can't be called"):
        db.import_table(source.connector(table=TABLE, collision_strategy="overwrite", columns={"id": None, "word": "code.wrapped", "amount": None}))
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 0
    db.execute("DROP CAST (varchar AS code.wrapped)")


def test_imports_within(db: Database, source: Remote, connector: dict[str, object]) -> None:
    """Code of the owner's imports from the same remote while the rows arrive: into a new table, and, in the same way,
    into another one that is there. What is being filled is not to be filled."""
    partitioned(db)
    db.execute(f"CREATE TABLE other ({COLUMNS}) PARTITION BY HASH (id); CREATE TABLE other_0 PARTITION OF other FOR VALUES WITH (MODULUS 1, REMAINDER 0)")
    db.execute("CREATE SCHEMA code; CREATE TABLE code.requests (id bigint, request json)")
    request = source.connector(table=TABLE, target_schema="public")
    requests = {100: {**request, "import_as": "fresh"}, 1500: {**request, "import_as": "other", "collision_strategy": "overwrite"}}
    for id, wanted in requests.items():
        db.execute("INSERT INTO code.requests VALUES (%s, %s)", id, json.dumps(wanted))
    trigger(db, "AFTER INSERT ON {t} FOR EACH ROW", "PERFORM public.cdb_import_connector(request) FROM code.requests r WHERE r.id = NEW.id; RETURN NULL;")
    trigger_before = f"CREATE TRIGGER before BEFORE INSERT ON {TABLE}_0 FOR EACH ROW EXECUTE FUNCTION code.early()"
    db.execute("CREATE FUNCTION code.early() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.cdb_import_connector(request) FROM code.requests r WHERE r.id = NEW.id + 1; RETURN NEW; END $$")
    for statement in ("SELECT 1", trigger_before):
        db.execute(f"DROP TABLE IF EXISTS fresh, fresh_1; TRUNCATE other; {statement}")
        assert db.import_table(connector)["rows"] == ROWS
        for table in (TABLE, "fresh", "other"):
            assert db.value(f"SELECT count(*) FROM {table}") == ROWS, table
    db.execute("UPDATE code.requests SET request = %s", json.dumps({**connector, "target_schema": "public"}))
    before = contents(db, TABLE)
    with fails("being used by active queries", sqlstate="55006"):
        db.import_table(connector)
    assert contents(db, TABLE) == before
    db.execute("DROP TABLE fresh, other")


def test_code_that_closes_connections_and_alters(db: Database, source: Remote, connector: dict[str, object]) -> None:
    """Sessions of foreign tables are others; the table itself can't be changed while it is filled."""
    partitioned(db)
    trigger(db, "AFTER INSERT ON {t} FOR EACH ROW", "IF NEW.id % 500 = 0 THEN PERFORM public.cdb_foreign_disconnect(); END IF; RETURN NULL;")
    assert db.import_table(connector)["rows"] == ROWS
    db.execute(f"CREATE OR REPLACE FUNCTION code.act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE public.{TABLE} ADD more int; RETURN NULL; END $$")
    with fails("being used by active queries", sqlstate="55006"):
        db.import_table(connector)
    for verb in ("DROP TABLE", "TRUNCATE"):
        db.execute(f"CREATE OR REPLACE FUNCTION code.act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {verb} public.{TABLE}; RETURN NULL; END $$")
        with fails("being used by active queries", sqlstate="55006"):
            db.import_table(connector)
    assert db.value(f"SELECT count(*) FROM {TABLE}") == ROWS


def test_plans_can_be_shown(db: Database, connector: dict[str, object]) -> None:
    """By auto_explain, which tells of all that was executed."""
    partitioned(db)
    log = db.server.log.stat().st_size
    with db.another() as session:
        session.execute("LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on")
        session.execute("SET auto_explain.log_analyze = on; SET auto_explain.log_verbose = on; SET auto_explain.log_buffers = on")
        session.import_table(connector)
    with db.server.log.open("rb") as lines:
        lines.seek(log)
        shown = lines.read().decode()
    assert "Custom Scan (Connector Incoming Rows)" in shown and "Function Scan on connector.incoming_rows" not in shown


@pytest.mark.parametrize(
    "statement, told",
    [
        (f"CREATE RULE loot AS ON INSERT TO public.{TABLE} DO INSTEAD INSERT INTO code.loot VALUES (NEW.id)", "It has got rules"),
        (f"ALTER TABLE public.{TABLE} RENAME TO elsewhere", "Its name, schema or owner"),
        (f"ALTER TABLE public.{TABLE} ADD more int", "Its columns"),
        (f"DROP TABLE public.{TABLE}", "does not exist any more"),
    ],
)
def test_code_that_has_seen_the_first_rows(db: Database, source: Remote, statement: str, told: str) -> None:
    """It runs while they are converted, before any statement has the table open."""
    db.execute("CREATE SCHEMA code; CREATE TABLE code.loot (id bigint); CREATE TABLE code.done (n int)")
    db.execute(
        "CREATE FUNCTION code.checked(v text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NOT EXISTS (SELECT FROM code.done) THEN INSERT INTO code.done VALUES (1); {statement}; END IF; RETURN true; END $$; "
        "CREATE DOMAIN code.text AS varchar(20) CHECK (code.checked(VALUE))"
    )
    partitioned(db, "id bigint, word code.text, amount numeric(12,2)")
    db.execute(f"ALTER TABLE {TABLE} ALTER word TYPE code.text USING NULL")
    request = source.connector(table=TABLE, collision_strategy="overwrite", columns={"id": None, "word": "code.text", "amount": None})
    with fails() as failure:
        db.import_table(request)
    assert told in failure.everything, failure.everything
    assert db.rows(f"SELECT count(*) FROM {TABLE}") == [(0,)] and db.rows("SELECT * FROM code.loot") == []


# Ends before the end.


def test_a_failing_remote_has_the_same_words(db: Database, source: Remote) -> None:
    """As for a new table: message, detail, hint, SQLSTATE, context; in a session and in connector.runs."""
    source.create_rows(TABLE, 30_000)
    partitioned(db)
    db.execute(f"INSERT INTO {TABLE} VALUES (1, 'old', 0)")
    with Proxy(source.server.port) as proxy:
        proxy.every(Fault(cut_after=600_000))
        request = source.connector(table=TABLE, connection=source.connection(port=proxy.port))
        with fails() as plain:
            db.import_table(request, import_as="fresh")
        with fails() as streamed:
            db.import_table(request, collision_strategy="overwrite")
        assert (streamed.sqlstate, streamed.message, streamed.hint, streamed.context) == (plain.sqlstate, plain.message, plain.hint, plain.context)
        assert re.sub(r"\d+", "", streamed.detail) == re.sub(r"\d+", "", plain.detail)
        sync = Refreshed(db, source.connector(table=TABLE, collision_strategy="overwrite"))
        sync.syncs.call("cdb_sync_update", sync.id, None, {**request, "collision_strategy": "overwrite"})
        row = sync.fail(int(re.findall(r"Connector error (\d+)", plain.detail)[0]), plain.message)
        assert row["sqlstate"] == plain.sqlstate
    assert_nothing_left(db)


def test_a_value_that_does_not_fit_has_the_same_words(db: Database, source: Remote) -> None:
    """An error of PostgreSQL's own in the middle of the rows."""
    source.execute(f"UPDATE {TABLE} SET word = 'not a number' WHERE id = {ROWS}", f"UPDATE {TABLE} SET word = id WHERE id < {ROWS}")
    db.execute("CREATE SCHEMA code; CREATE DOMAIN code.small AS numeric CHECK (VALUE < 2000)")
    for kind in ("integer", "code.small"):
        partitioned(db, f"id bigint, word {kind}, amount numeric(12,2)")
        request = source.connector(table=TABLE, columns={"id": None, "word": kind, "amount": None})
        with fails() as plain:
            db.import_table(request, import_as="fresh")
        with fails() as streamed:
            db.import_table(request, collision_strategy="overwrite")
        assert streamed == plain
        db.execute(f"DROP TABLE {TABLE}")


def test_a_remote_that_fails_at_once_costs_nothing(db: Database, source: Remote) -> None:
    """The rows that are there are not deleted before the first ones have come: nobody waits for them meanwhile."""
    connector = source.connector(sql_query=source.slow_query(30), import_as="slow", collision_strategy="overwrite", columns={"slept": "text"})
    db.execute("CREATE TABLE slow (slept text) PARTITION BY LIST (slept); CREATE TABLE slow_0 PARTITION OF slow DEFAULT; INSERT INTO slow VALUES ('old')")
    with db.import_in_background(connector) as job:
        Syncs.wait_for_remote(source, job)
        with db.another() as other:
            other.execute("SET lock_timeout = '5s'; UPDATE slow SET slept = 'mine'")
        job.cancel()
        with pytest.raises(psycopg2.Error, match="cancel"):
            job.result()
    assert db.rows("SELECT slept FROM slow") == [("mine",)]


@pytest.mark.parametrize("how", ["cancel", "terminate"])
def test_stopped_in_the_middle(db: Database, source: Remote, how: str) -> None:
    source.create_rows(TABLE, 30_000)
    partitioned(db)
    db.execute(f"INSERT INTO {TABLE} VALUES (1, 'old', 0)")
    with Proxy(source.server.port) as proxy:
        proxy.every(Fault(stall_after=600_000))
        connector = source.connector(table=TABLE, connection=source.connection(port=proxy.port), collision_strategy="overwrite")
        with db.import_in_background(connector) as job:
            proxy.wait_until_stalled()
            wait_until(lambda: db.value("SELECT coalesce(max(rows), 0) FROM connector.progress WHERE pid = %s", job.pid) >= 5000, what="rows")
            waits = "SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s"
            wait_until(lambda: db.value(waits, job.pid) == "Extension", what="a backend that waits for the remote")
            getattr(job, how)()
            with pytest.raises(psycopg2.Error) as caught:
                job.result()
    if how == "cancel":
        assert caught.value.pgcode == "57014" and "INSERT INTO" not in (caught.value.diag.context or "")
    assert db.rows(f"SELECT id, word FROM {TABLE}") == [(1, "old")]
    wait_until(lambda: not source.sessions(), what="the end of the sessions there")
    assert_nothing_left(db)


def test_statement_timeout_in_the_owners_code(db: Database, connector: dict[str, object]) -> None:
    partitioned(db)
    trigger(db, "BEFORE INSERT ON {t} FOR EACH ROW", "IF NEW.id = 2000 THEN PERFORM pg_sleep(60); END IF; RETURN NEW;")
    db.execute("SET statement_timeout = '2s'")
    with fails("canceling statement due to statement timeout", sqlstate="57014"):
        db.import_table(connector)
    db.execute("RESET statement_timeout")
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 0


# What it takes.


def peak_memory(pid: int) -> int:
    [kilobytes] = re.findall(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(kilobytes) * 1024


@pytest.mark.parametrize("layout", ["partitioned", "triggers"])
def test_many_rows_take_no_space_in_between(db: Database, source: Remote, connector: dict[str, object], layout: str) -> None:
    """No temporary files, no temporary table, and no memory that grows with the rows; for an append neither."""
    rows = 300_000
    source.create_rows(TABLE, rows)
    if layout == "partitioned":
        partitioned(db)
    else:
        db.execute(f"CREATE TABLE {TABLE} ({COLUMNS})")
        trigger(db, "BEFORE INSERT ON {t} FOR EACH ROW", "RETURN NEW;")
    with db.another() as session:
        session.execute("SET work_mem = '1MB'; SET maintenance_work_mem = '1MB'; SET log_temp_files = 0; SET temp_buffers = '800kB'")
        session.import_table(connector, max_rows=2000)
        log = db.server.log.stat().st_size
        memory, peak = private_memory(session.pid), peak_memory(session.pid)
        wal = db.value("SELECT pg_current_wal_insert_lsn()")
        assert session.import_table(connector)["rows"] == rows
        written = db.value("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)", wal)
        grown = private_memory(session.pid) - memory
        print(f"{source.kind}, {layout}: {rows} rows, memory +{grown >> 10} kB, peak +{(peak_memory(session.pid) - peak) >> 10} kB, WAL {int(written) >> 20} MB")
        assert_grown_less(grown, 16 << 20)
        db.execute(f"DELETE FROM {TABLE}; INSERT INTO {TABLE} VALUES (-1, 'mine', 0)")
        source.execute(f"UPDATE {TABLE} SET id = -id WHERE id <= 100")
        sync = Refreshed(session, {**connector, "max_rows": 100}, mode="append", cursor="id")
        sync.syncs.call("cdb_sync_update", sync.id, None, {**connector, "sync": {"mode": "append", "cursor": "id"}})
        db.execute(f"ANALYZE {TABLE}")
        memory = private_memory(session.pid)
        assert sync.run("append")["inserted"] == rows - 100
        assert_grown_less(private_memory(session.pid) - memory, 16 << 20)
        assert session.rows("SELECT 1 FROM pg_namespace WHERE oid = pg_my_temp_schema()") == []
    with db.server.log.open("rb") as lines:
        lines.seek(log)
        assert b"temporary file" not in lines.read()
    assert db.value(f"SELECT count(*) FROM {TABLE}") == rows
