"""What the log and pg_stat_activity show of a statement that holds a password, however it is spelt."""

from __future__ import annotations

import io
import json
import re
import socket
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.faults import assert_unseen

from servers.process import wait_until

PASSWORD = "Kaffee~Geheim"
HIDDEN = "hidden by connector"


def request(password: str = PASSWORD, **more: object) -> dict[str, object]:
    """One that is fine, but for nobody listening there."""
    connection = {"password": password, "server": "127.0.0.1", "port": 1, "database": "d", "username": "u"}
    return {"provider": "postgres", "connection": connection, **more}


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def check(literal: str) -> str:
    return f"SELECT cdb_connector_check({literal})"


TEXT = json.dumps(request())
ESCAPED = TEXT.replace("~", "\\u007e")
# What PostgreSQL's json takes and the connector refuses, and so can't tell what is secret in it.
REFUSED = {
    "lone surrogate": TEXT.replace("}}", '}, "x": "\\ud800"}'),
    "large number": TEXT.replace("}}", '}, "x": 1e999}'),
    "deep": TEXT.replace("}}", '}, "x": ' + "[" * 40 + "]" * 40 + "}"),
    "array": f"[{TEXT}]",
    "text": json.dumps(TEXT),
    "unknown key": TEXT.replace('"password"', '"pasword"'),
    "wrong place": TEXT.replace("}}", f'}}, "table": {{"a": "{PASSWORD}"}}}}'),
    "duplicate": TEXT.replace('{"password"', f'{{"password": "{PASSWORD}", "password"'),
    "beside": f'{{"connector": {TEXT}, "password": "{PASSWORD}"}}',
    "url": json.dumps({"provider": "postgres", "connection": f"postgres://u:{PASSWORD}@127.0.0.1:1/d"}),
    "long": TEXT.replace("}}", '}, "x": "' + "y" * 1_100_000 + '"}'),
    "many values": TEXT.replace("}}", '}, "x": [' + "0," * 20_000 + "0]}"),
    "long secret": TEXT.replace(PASSWORD, PASSWORD * 400),
}
STATEMENTS = {
    **{f"refused: {kind}": check(quoted(text)) for kind, text in REFUSED.items()},
    "unicode escapes": check("U&" + quoted(TEXT.replace("~", "\\007E"))),
    "other escape character": check("U&" + quoted(TEXT.replace("~", "!007E")) + " UESCAPE '!'"),
    "octal escapes": check("E" + quoted(TEXT.replace("~", "\\176"))),
    "quotes with backslash": check("E" + quoted(TEXT).replace("Geheim", "Geheim\\'")),
    "concatenated": check(f"({quoted(TEXT[:40])} || {quoted(TEXT[40:])})::json"),
    "two literals": check(quoted(TEXT).replace("~", "~' \n '")),
    "built": check(
        "json_build_object('provider', 'postgres', 'connection', json_build_object('server', '127.0.0.1', 'port', 1, "
        f"'database', 'd', 'username', 'u', 'password', 'Kaffee' || '~Geheim'))"
    ),
    "formatted": check(f"format({quoted(TEXT.replace(PASSWORD, '%s'))}, {quoted(PASSWORD)})::json"),
    "by jsonb": check(quoted(TEXT) + "::jsonb::json"),
    "another request": f"{check(quoted(TEXT))}, cdb_connector_check({quoted(TEXT.replace('database', 'Database'))})",
    "in a comment": check(quoted(TEXT)) + f" -- {PASSWORD}",
    "escapes in a block": f"DO $do$ BEGIN EXECUTE E'SELECT cdb_connector_check(\\'{TEXT.replace('~', chr(92) + '176')}\\')'; END $do$",
    "a variable in a block": f"DO $do$ DECLARE j text := '{TEXT[:45]}'; BEGIN j := j || '{TEXT[45:]}'; PERFORM cdb_connector_check(j::json); END $do$",
}


@pytest.mark.parametrize("kind", STATEMENTS)
def test_where_in_doubt_all_is_hidden(db: Database, kind: str) -> None:
    log = shown_in_log(db, STATEMENTS[kind])
    assert HIDDEN in log
    assert "STATEMENT:  SELECT" not in log and "STATEMENT:  DO" not in log


def shown_in_log(db: Database, statement: str) -> str:
    """What a failure of the statement leaves in the log, which must not be the password."""
    position = db.server.log_size()
    with pytest.raises(psycopg2.Error) as caught:
        db.rows(statement)
    assert caught.value.diag.sqlstate in ("HV000", "HV00N", "HV008", "HV024", "22023"), caught.value
    log = db.server.log_since(position)
    assert_unseen(log, ("Kaffee", "Geheim"))
    assert "Geheim" not in str(caught.value)
    return log


@pytest.mark.parametrize(
    "statement",
    [
        check(quoted(TEXT)),
        check(quoted(TEXT) + "::json"),
        check(f"$j${TEXT}$j$"),
        check("E" + quoted(TEXT)),
        check(quoted(ESCAPED)),
        check("E" + quoted(ESCAPED.replace("\\", "\\\\"))),
        check(quoted(json.dumps(request(), indent=2))),
        check(quoted(json.dumps({"connector": request()}))),
        f"SELECT 1; {check(quoted(TEXT))}; SELECT 2",
        f"DO $do$ BEGIN PERFORM cdb_connector_check({quoted(TEXT)}); END $do$",
    ],
)
def test_a_request_as_it_was_given_is_masked_in_place(db: Database, statement: str) -> None:
    log = shown_in_log(db, statement)
    assert "cdb_connector_check" in log and '"password":"********"' in log and "127.0.0.1" in log


def test_a_statement_without_a_text_is_shown(db: Database) -> None:
    """The request comes from a parameter or a table."""
    db.execute("CREATE TEMPORARY TABLE request AS SELECT %s::json AS request", TEXT)
    log = shown_in_log(db, "SELECT cdb_connector_check(request) FROM request")
    assert "STATEMENT:  SELECT cdb_connector_check(request) FROM request" in log
    db.execute("PREPARE checking (json) AS SELECT cdb_connector_check($1)")
    db.execute("CREATE FUNCTION pg_temp.check_it() RETURNS json LANGUAGE plpgsql AS 'BEGIN RETURN cdb_connector_check(request) FROM request; END'")
    log = shown_in_log(db, "SELECT pg_temp.check_it()")
    assert "PL/pgSQL function" in log and "STATEMENT:  SELECT pg_temp.check_it()" in log
    db.execute("DEALLOCATE checking; DROP TABLE request CASCADE")


@pytest.mark.parametrize("password", ["c", "p"])
def test_a_short_password_is_not_told_by_what_is_masked(db: Database, password: str) -> None:
    """Words are shown or hidden as a whole, those of an error's context as well."""
    call = check(quoted(json.dumps(request(password))))
    for statement in (call, f"DO $$ BEGIN PERFORM {call.removeprefix('SELECT ')}; END $$"):
        position = db.server.log_size()
        with pytest.raises(psycopg2.Error) as caught:
            db.rows(statement)
        log = db.server.log_since(position)
        assert HIDDEN in log or password == "p"  # which is in no word of the statement itself
        assert "cdb_connector_check" not in log or '"password":"********"' in log
        for text in (log, str(caught.value), caught.value.diag.context or ""):
            assert not re.search(r"\w\*{8}|\*{8}\w", text), text


def test_rows_of_copy_are_not_shown(db: Database) -> None:
    """A trigger connects with what COPY brings, and the CONTEXT would quote the row."""
    db.execute("CREATE TABLE inbox (request json)")
    db.execute(
        "CREATE FUNCTION check_inbox() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM cdb_connector_check(NEW.request); RETURN NULL; END'"
    )
    db.execute("CREATE TRIGGER checked BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION check_inbox()")
    position = db.server.log_size()
    with pytest.raises(psycopg2.Error) as caught, db.connection.cursor() as cursor:
        cursor.copy_expert("COPY inbox FROM STDIN", io.StringIO(TEXT + "\n"))
    assert HIDDEN in str(caught.value.diag.context)
    log = db.server.log_since(position)
    assert "COPY inbox FROM STDIN" in log
    assert_unseen(log, ("Kaffee", "Geheim"))
    db.execute("DROP TABLE inbox; DROP FUNCTION check_inbox")


def test_the_next_statement_is_shown_as_it_is(db: Database) -> None:
    """Of the same transaction; and a block that goes on after its own COMMIT is still masked."""
    with db.another() as session:
        session.execute("BEGIN; SAVEPOINT s")
        shown_in_log(session, check(quoted(TEXT)))
        session.execute("ROLLBACK TO s")
        position = db.server.log_size()
        with pytest.raises(psycopg2.Error) as caught:
            session.execute("DO $do$ BEGIN PERFORM 1 / (SELECT 0 WHERE 'a' = 'a'); END $do$")
        assert "'a' = 'a'" in str(caught.value.diag.context)
        assert "'a' = 'a'" in db.server.log_since(position)
        session.execute("ROLLBACK")
        caught_first = f"BEGIN PERFORM cdb_connector_check({quoted(TEXT)}); EXCEPTION WHEN OTHERS THEN NULL; END"
        block = f"DO $do$ BEGIN {caught_first}; COMMIT; PERFORM cdb_connector_check({quoted(TEXT)}); END $do$"
        assert '"password":"********"' in shown_in_log(session, block)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Somebody who takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_activity_shows_nothing_in_doubt(db: Database, silent_port: int) -> None:
    text = TEXT.replace('"port": 1', f'"port": {silent_port}').replace("~", "\\176")
    with db.in_background(check("E" + quoted(text))) as job:
        shown = "SELECT query FROM pg_stat_activity WHERE pid = %s"
        wait_until(lambda: HIDDEN in db.value(shown, job.pid), limit=60, what="a hidden statement")
        assert "Geheim" not in db.value(shown, job.pid)
        job.cancel()
        with pytest.raises(psycopg2.Error):
            job.result()
