"""Passwords are seen nowhere; a role sees its own; what comes from outside is data, never code."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import assert_unseen, fails_cleanly, import_fails
from harness.stalls import STALLS, TABLE
from harness.thorough import PROVIDERS, by_turns

from servers.remote import Remote

pytestmark = by_turns("one_remote", *PROVIDERS)

SECRET = "Geheim-ä'\"\\-4711"  # every quoting has something to do
LOOPBACK = "127.0.0.0/8"


@pytest.fixture
def table(one_remote: Remote) -> Iterator[Remote]:
    one_remote.create_rows(TABLE, 20_000, width=60)
    yield one_remote
    one_remote.drop(TABLE)


@pytest.fixture
def insider(etl: Database, db: Database) -> Database:
    """The plain role, allowed to connect to loopback."""
    db.execute(f"ALTER ROLE etl SET connector.allowed_hosts = '{LOOPBACK}'")
    etl.close()
    return etl


def spellings(secret: str) -> tuple[str, ...]:
    """Ways in which a secret might be shown."""
    literal = json.dumps(secret)[1:-1]
    plain = json.dumps(secret, ensure_ascii=False)[1:-1]
    quoted = plain.replace("'", "''")
    return tuple({secret, literal, plain, quoted, quoted.replace("\\", "\\\\"), "Geheim", "4711"})


def sql_literal(connector: dict[str, object], *, ascii_only: bool) -> str:
    """The request as a user would paste it into a statement."""
    return "'" + json.dumps(connector, ensure_ascii=ascii_only).replace("'", "''") + "'"


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT cdb_import_connector({})",
        "SELECT cdb_connector_check({})",
        "SELECT * FROM cdb_connector_tables({})",
        "DO $do$ BEGIN PERFORM cdb_import_connector({}); END $do$",
        "DO $do$ BEGIN EXECUTE $x$ SELECT cdb_connector_dry_run({}) $x$; END $do$",
        "CREATE TABLE never AS SELECT cdb_import_connector({})",
        "PREPARE p AS SELECT cdb_import_connector({}); EXECUTE p",
        "SELECT 1; SELECT cdb_connector_check({}); SELECT 2",
    ],
)
def test_errors_show_no_password(db: Database, one_remote: Remote, statement: str, ascii_only: bool) -> None:
    """Neither to the client nor in the server's log, which holds the failed statement and its context."""
    connector = one_remote.connector(connection=one_remote.connection(password=SECRET), table="t")
    if "check" in statement or "tables" in statement:
        del connector["table"]
    text = statement.format(sql_literal(connector, ascii_only=ascii_only))
    with fails_cleanly(db, one_remote, secrets=spellings(SECRET)) as failure:
        db.rows(text.replace("%", "%%"))
    assert "Connector error" in failure.detail
    if "DO" in statement:
        assert "********" in failure.context
    if "PREPARE" in statement:
        db.execute("DEALLOCATE ALL")


def test_request_errors_show_no_password(db: Database, one_remote: Remote) -> None:
    """Requests that are refused before anything is contacted."""
    good = one_remote.connection(password=SECRET)
    wrong: list[dict[str, object]] = [
        {"provider": one_remote.provider, "connection": good, "tabel": "t"},
        {"provider": one_remote.provider, "connection": {**good, "pasword": SECRET}, "table": "t"},
        {"provider": one_remote.provider, "connection": {**good, "port": SECRET}, "table": "t"},
        {"provider": one_remote.provider, "connection": good, "table": "t", "password": SECRET},
        {"provider": "nothing", "connection": good, "table": "t"},
        {"provider": one_remote.provider, "connection": [SECRET], "table": "t"},
        {"provider": one_remote.provider, "connection": good, "table": "t", "encoding": "klingon"},
        {"provider": one_remote.provider, "connection": good, "table": "t", "target_schema": "nowhere"},
    ]
    for connector in wrong:
        with fails_cleanly(db, one_remote, secrets=spellings(SECRET)):
            db.rows(f"SELECT cdb_import_connector({sql_literal(connector, ascii_only=True)})")


def test_stopped_imports_show_no_password(db: Database, table: Remote) -> None:
    """Cancelled and terminated: the log has the statement each time."""
    password = str(table.connection()["password"])
    position = db.server.log_size()
    for stop in ("cancel", "terminate"):
        with STALLS["fetch"](db, table) as stall:
            text = json.dumps(stall.connector).replace("'", "''")
            with db.in_background(f"DO $$ BEGIN PERFORM cdb_import_connector('{text}'); END $$") as job:
                stall.wait(job)
                job.terminate() if stop == "terminate" else job.cancel()
                with pytest.raises(psycopg2.Error) as caught:
                    job.result()
                assert password not in str(caught.value)
    log = db.server.log_since(position)
    assert "cdb_import_connector" in log
    assert_unseen(log, (password,))


def test_log_at_debug5(db: Database, table: Remote) -> None:
    """Neither good nor failed imports show it at the most talkative level, the statement itself not being logged."""
    password = str(table.connection()["password"])
    with db.another() as session:
        session.execute("SET log_min_messages = debug5")
        session.execute("SET log_statement = none")
        position = db.server.log_size()
        session.import_table(table.connector(table=TABLE, max_rows=10, import_as="talkative"))
        with fails(secrets=(password,)):
            session.import_table(table.connector(table="no_such_table"))
        log = db.server.log_since(position)
        assert "DEBUG" in log
        assert_unseen(log, (password,))
        session.execute("DROP TABLE talkative")


def test_notices_show_no_password(db: Database, table: Remote) -> None:
    """PL/pgSQL puts the statement into the CONTEXT of whatever is said while it runs."""
    connector = table.connector(table=TABLE, max_rows=5, import_as="Noticed Name")
    with db.another() as session:
        session.execute("SET log_min_messages = 'fatal'")
        session.execute("DO $do$ BEGIN PERFORM cdb_import_connector($j$" + json.dumps(connector) + "$j$); END $do$")
        assert any("noticed_name" in text for text in session.notices)
        assert_unseen("".join(session.notices), (str(table.connection()["password"]),))
        session.execute("DROP TABLE noticed_name")


def test_activity_shows_no_password(db: Database, table: Remote) -> None:
    """Another superuser looks while it runs, at every phase that lasts."""
    password = str(table.connection()["password"])
    for phase in ("connect", "lock", "execute", "fetch", "index"):
        with STALLS[phase](db, table) as stall, db.import_in_background(stall.connector) as job:
            stall.wait(job)
            shown = db.value("SELECT query FROM pg_stat_activity WHERE pid = %s", job.pid)
            assert "cdb_import_connector" in shown and "********" in shown
            assert password not in shown


def test_records_show_no_password(db: Database, table: Remote) -> None:
    password = str(table.connection()["password"])
    result = db.import_table(table.connector(table=TABLE, max_rows=10, import_as="recorded"))
    assert password not in json.dumps(result)
    for query in (
        "SELECT i::text FROM connector.imports i",
        "SELECT i::text FROM connector.import i",
        f"SELECT cdb_import_status('{result['item_queue_id']}')::text",
    ):
        shown = "\n".join(row[0] for row in db.rows(query))
        assert str(result["item_queue_id"]) in shown
        assert password not in shown
    request = db.value("SELECT request FROM connector.imports WHERE item_queue_id = %s", result["item_queue_id"])
    assert request["connection"]["password"] == "********"
    db.execute("DROP TABLE recorded")


def test_who_sees_imports(db: Database, insider: Database, table: Remote) -> None:
    """A role its own, members of pg_read_all_stats all; nobody the table below the view."""
    reader = db.create_role("reader", may_connect=False)
    mine = db.import_table(table.connector(table=TABLE, max_rows=1, import_as="seen_by_few"))["item_queue_id"]
    theirs = insider.import_table(table.connector(table=TABLE, max_rows=1, import_as="seen_by_owner"))["item_queue_id"]
    seen = "SELECT item_queue_id::text FROM connector.imports"
    assert insider.rows(seen) == [(theirs,)]
    assert reader.rows(seen) == []
    for role in (insider, reader):
        with fails("permission denied"):
            role.rows("SELECT * FROM connector.import")
        with fails("no import with id"):
            role.value("SELECT cdb_import_status(%s)", mine)
    db.execute("GRANT pg_read_all_stats TO reader")
    assert {(mine,), (theirs,)} <= set(reader.rows(seen))
    assert reader.value("SELECT cdb_import_status(%s)", mine)["id"] == mine
    with fails("permission denied"):
        reader.rows("DELETE FROM connector.imports")
    reader.close()
    db.drop_role("reader")
    db.execute("DROP TABLE seen_by_few")


def test_leaky_function_sees_no_other_imports(db: Database, insider: Database, table: Remote) -> None:
    """The view's barrier: a cheap function of the reader is not called with the rows of others."""
    db.import_table(table.connector(table=TABLE, max_rows=1, import_as="hidden"))
    insider.execute(
        "CREATE FUNCTION leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS "
        "$$ BEGIN RAISE NOTICE 'leaked %', $1; RETURN true; END $$"
    )
    assert insider.rows("SELECT * FROM connector.imports WHERE leak(table_name)") == []
    assert insider.notices == []
    db.execute("DROP TABLE hidden")


def test_foreign_server(db: Database, insider: Database, table: Remote) -> None:
    """A plain role without USAGE on the wrapper imports through a server that it may use, with its own mapping."""
    db.execute("REVOKE USAGE ON FOREIGN DATA WRAPPER connector FROM etl")
    options = {name: value for name, value in table.connection().items() if name not in ("username", "password")}
    listed = ", ".join(f"{name} '{value}'" for name, value in options.items())
    db.execute(f"CREATE SERVER shop FOREIGN DATA WRAPPER connector OPTIONS (provider '{table.provider}', {listed})")
    login = table.connection()
    db.execute(
        f"CREATE USER MAPPING FOR etl SERVER shop OPTIONS (username '{login['username']}', password '{login['password']}')"
    )
    connector = {"provider": table.provider, "connection": "shop", "table": TABLE, "max_rows": 7, "import_as": "by_server"}
    try:
        with fails_cleanly(insider, table, "permission denied for foreign-data wrapper", sqlstate="42501"):
            insider.import_table(table.connector(table=TABLE))
        with fails_cleanly(insider, table, "permission denied for foreign server", sqlstate="42501"):
            insider.import_table(connector)
        db.execute("GRANT USAGE ON FOREIGN SERVER shop TO etl")
        assert insider.import_table(connector)["rows"] == 7
        assert insider.value("SELECT request->>'connection' FROM connector.imports") == "shop"
        db.execute("ALTER USER MAPPING FOR etl SERVER shop OPTIONS (SET password 'Not-the-password')")
        with fails_cleanly(insider, table, "could not connect", number=1012, secrets=("Not-the-password",)):
            insider.import_table({**connector, "import_as": "never"})
        with pytest.raises(psycopg2.Error):  # no file of the server in an own mapping
            insider.execute("ALTER USER MAPPING FOR etl SERVER shop OPTIONS (ADD sslkey '/etc/hostname')")
    finally:
        db.execute("DROP SERVER shop CASCADE")


def test_blank_options_of_a_foreign_server(db: Database, one_remote: Remote) -> None:
    """As in a request, a blank text is no value."""
    login = one_remote.connection() | {"connect_timeout": ""}
    blank = "sslmode" if "sslmode" not in login else "sslrootcert"
    options = ", ".join(f"{name} '{value}'" for name, value in (login | {blank: " "}).items() if name not in ("username", "password"))
    db.execute(f"CREATE SERVER blank FOREIGN DATA WRAPPER connector OPTIONS (provider '{one_remote.provider}', {options})")
    db.execute(
        f"CREATE USER MAPPING FOR CURRENT_USER SERVER blank OPTIONS (username '{login['username']}', password '{login['password']}')"
    )
    try:
        request = {"provider": one_remote.provider, "connection": "blank"}
        assert db.value("SELECT cdb_connector_check(%s)", json.dumps(request)) == {"connected": True}
    finally:
        db.execute("DROP SERVER blank CASCADE")


@pytest.mark.parametrize("name", ["sslrootcert", "sslcert", "sslkey"])
def test_server_files_are_for_superusers(insider: Database, table: Remote, name: str) -> None:
    if name not in insider.value("SELECT cdb_connector_info(%s)", table.provider)["parameters"]["connection"]:
        pytest.skip(f"{table.provider} has no {name}")
    connection = table.connection(**{name: "/etc/hostname"})
    failure = import_fails(insider, table, table.connector(connection=connection, table=TABLE), "superuser", number=1501)
    assert name in failure.detail


def test_no_right_on_schema(db: Database, insider: Database, table: Remote) -> None:
    """Refused before anything is contacted."""
    db.execute("CREATE SCHEMA closed")
    connector = table.connector(connection=table.connection(port=1), table=TABLE, target_schema="closed")
    import_fails(insider, table, connector, "permission denied for schema closed", sqlstate="42501")
    db.execute("REVOKE CREATE ON SCHEMA public FROM etl")
    connector = table.connector(connection=table.connection(port=1), table=TABLE)
    import_fails(insider, table, connector, "permission denied for schema public", sqlstate="42501")
    db.execute("DROP SCHEMA closed")


def test_overwriting_needs_ownership(db: Database, insider: Database, table: Remote) -> None:
    db.execute("CREATE TABLE precious (id bigint, word varchar(60), amount numeric(12,2))")
    db.execute("INSERT INTO precious VALUES (0, 'mine', 0)")
    connector = table.connector(table=TABLE, import_as="precious", collision_strategy="overwrite")
    import_fails(insider, table, connector, "must be owner", sqlstate="42501")
    assert db.rows("SELECT * FROM precious") == [(0, "mine", 0)]
    db.execute("DROP TABLE precious")


