"""Every C function of the extension, called by an ordinary role in every wrong way: errors, never a crash."""

from __future__ import annotations

import itertools
import json

import psycopg2
from harness.database import Database
from harness.errors import fails

REQUEST = json.dumps(
    {"provider": "mysql", "table": "t", "connection": {"server": "127.0.0.1", "port": 1, "username": "u", "password": "p"}}
)
ID = "00000000-0000-4000-8000-000000000000"

# For each type of an argument what it is called with, beside NULL.
VALUES = {
    "json": (f"'{REQUEST}'", "'{}'", "'[1]'", "'null'", "'{\"provider\": \"mysql\"}'"),
    "boolean": ("true", "false"),
    "bigint": ("0", "-9223372036854775808"),
    "integer": ("0", "-2147483648", "2147483647"),
    "interval": ("'1 hour'", "'-178000000 years'"),
    "uuid": (f"'{ID}'",),
    "text": ("'mysql'", "''", "repeat('x', 100000)"),
    "text[]": ("'{}'", "'{NULL}'", "'{{a=b,c},{d,e}}'", "'{provider=mysql}'", "'[5:6]={a,b}'"),
    "bytea": ("''", "'\\\\xff'", "decode(repeat('ab', 32), 'hex')"),
    "timestamp with time zone": ("'infinity'", "'-infinity'", "now()"),
    "oid": ("0", "1", "4294967295"),
}

# What PostgreSQL calls itself, and what an administrator grants to one role.
PRIVATE = {"connector.fdw_handler()", "connector.fdw_validator(text[],oid)", "connector.sync_restored()",
           "connector.sealed_api_key(uuid)"}  # fmt: skip

FUNCTIONS = """
SELECT p.oid::regprocedure::text, p.prokind::text, n.nspname || '.' || p.proname, p.prorettype::regtype::text,
       ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n) ORDER BY n)::text[]
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang AND l.lanname IN ('c', 'sql')
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'connector'
ORDER BY 1
"""


def functions(db: Database) -> list[tuple[str, str, str, str, list[str]]]:
    found = db.rows(FUNCTIONS)
    assert len(found) > 15 and PRIVATE <= {name for name, *_ in found}
    return found


def calls(db: Database) -> list[str]:
    """Each function that can be called in a statement, with each value of each argument, and with NULLs."""
    made = []
    for _, kind, name, result, types in functions(db):
        if result == "trigger":
            continue
        for values in itertools.islice(itertools.product(*[("NULL", *VALUES[kind]) for kind in types]), 60):
            arguments = ", ".join(f"{value}::{kind}" for value, kind in zip(values, types, strict=True))
            made.append(f"CALL {name}({arguments})" if kind == "p" else f"SELECT * FROM {name}({arguments})")
    assert len(made) > 80
    return made


def attempt(role: Database, statement: str) -> str:
    """Runs it: an SQLSTATE, or nothing if it went well. A session that is lost fails the test."""
    try:
        role.execute(statement)
    except psycopg2.Error as error:
        assert error.pgcode, f"{statement}: {error}"
        assert error.pgcode != "XX000", f"{statement}: {error}"
        return error.pgcode
    return ""


def test_any_arguments(db: Database, guest: Database) -> None:
    """In a session's own statements, and in a transaction that may not write."""
    pid = db.pid
    backend = guest.pid
    for statement in calls(db):
        attempt(guest, statement)
        attempt(guest, f"BEGIN READ ONLY; {statement}; COMMIT")
        attempt(guest, "ROLLBACK")
    assert db.pid == pid and guest.pid == backend
    assert db.value("SELECT count(*) FROM connector.sync") == 0


def test_as_trigger(db: Database, guest: Database) -> None:
    """No function of the extension can be another table's trigger; not even a superuser's."""
    for role in (guest, db):
        role.execute("CREATE TEMPORARY TABLE victim (paused text, relation int)")
        role.execute("CREATE TEMPORARY TABLE marked (paused boolean)")
        for _, kind, name, result, types in functions(db):
            if kind == "p" or (types and result != "trigger"):
                continue
            for when, table in itertools.product(
                ("BEFORE INSERT ON {} FOR EACH ROW", "BEFORE INSERT ON {} FOR EACH STATEMENT", "AFTER INSERT ON {} FOR EACH ROW",
                 "BEFORE UPDATE OR DELETE OR TRUNCATE ON {} FOR EACH STATEMENT", "BEFORE DELETE ON {} FOR EACH ROW"),
                ("victim", "marked"),
            ):  # fmt: skip
                failed = attempt(role, f"CREATE TRIGGER x {when.format(table)} EXECUTE FUNCTION {name}()")
                if failed:
                    assert failed in ("42501", "42P17"), f"{name}: {failed}"
                    continue
                assert role is db and result == "trigger", f"{name} became a trigger of {role.role}'s"
                for change in ("INSERT INTO {} VALUES (NULL), ('t')", "UPDATE {} SET paused = NULL", "DELETE FROM {}", "TRUNCATE {}"):
                    assert attempt(role, change.format(table)) in ("", "39P01"), change
                role.execute(f"DROP TRIGGER x ON {table}")
        role.execute("DROP TABLE victim, marked")


def test_trigger_of_its_own_table_in_the_wrong_place(db: Database) -> None:
    """On connector.sync itself it is one before the insertion of a row, and nothing else."""
    for when in ("AFTER INSERT", "BEFORE UPDATE", "BEFORE DELETE"):
        db.execute(f"CREATE TRIGGER wrong {when} ON connector.sync FOR EACH STATEMENT EXECUTE FUNCTION connector.sync_restored()")
        verb = {"AFTER INSERT": "INSERT INTO connector.sync SELECT * FROM connector.sync",
                "BEFORE UPDATE": "UPDATE connector.sync SET paused = true", "BEFORE DELETE": "DELETE FROM connector.sync"}[when]
        with fails("can only be the trigger of table connector.sync", sqlstate="39P01"):
            db.execute(verb)
        db.execute("DROP TRIGGER wrong ON connector.sync")


def test_internal_functions_are_nobodys_to_call(db: Database, guest: Database) -> None:
    """What PostgreSQL alone calls has no EXECUTE for PUBLIC; servers and mappings can be made all the same."""
    public = {name for name, *_ in functions(db) if db.value("SELECT has_function_privilege('guest', %s, 'EXECUTE')", name)}
    assert {name for name, *_ in functions(db)} - public == PRIVATE
    db.execute("GRANT USAGE ON FOREIGN DATA WRAPPER connector TO guest")
    guest.execute("CREATE SERVER own FOREIGN DATA WRAPPER connector OPTIONS (provider 'mysql', server '127.0.0.1')")
    with fails("invalid option"):
        guest.execute("ALTER SERVER own OPTIONS (nonsense 'x')")
    guest.execute("DROP SERVER own")


def test_from_places_where_code_runs(db: Database, guest: Database) -> None:
    """Index, check, generated column, aggregate, materialized view, parallel worker, ANALYZE and REINDEX by a superuser."""
    pid = db.pid
    db.execute("GRANT USAGE ON FOREIGN DATA WRAPPER connector TO guest")
    db.execute("CREATE SCHEMA den AUTHORIZATION guest")
    guest.execute("CREATE TABLE den.statement (text text)")
    guest.execute(
        "CREATE FUNCTION den.run(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$ DECLARE s text; BEGIN "
        "SELECT text INTO s FROM den.statement; IF s IS NOT NULL THEN EXECUTE s; END IF; RETURN i; "
        "EXCEPTION WHEN OTHERS THEN RETURN i; END $$"
    )
    guest.execute("CREATE TABLE den.t (i int CHECK (den.run(i) = i), g int GENERATED ALWAYS AS (den.run(i)) STORED)")
    guest.execute("INSERT INTO den.t SELECT generate_series(1, 3)")
    guest.execute("CREATE INDEX ON den.t (den.run(i))")
    guest.execute("CREATE MATERIALIZED VIEW den.m AS SELECT den.run(i) AS r FROM den.t")
    guest.execute("CREATE AGGREGATE den.chain (boolean) (sfunc = cdb_import_connector, stype = json, initcond = '{}')")
    guest.execute("CREATE AGGREGATE den.dry (integer) (sfunc = cdb_connector_dry_run, stype = json, initcond = '{}')")
    one_each = {statement.split("(")[0]: statement for statement in calls(db) if "NULL" not in statement}
    assert len(one_each) > 15
    force = "debug_parallel_query" if db.server.major >= 16 else "force_parallel_mode"
    for statement in one_each.values():
        guest.execute("DELETE FROM den.statement")
        guest.execute("INSERT INTO den.statement VALUES (%s)", statement)
        attempt(guest, "INSERT INTO den.t VALUES (4)")
        attempt(guest, "REINDEX TABLE den.t")
        attempt(guest, "SELECT den.chain(true) FROM den.t")
        attempt(guest, "SELECT den.dry(1) FROM den.t")
        attempt(guest, f"SET {force} = on; SELECT sum(den.run(i)) FROM den.t")
        attempt(guest, f"SET {force} = on; {statement}")
        attempt(guest, f"RESET {force}")
        for command in ("ANALYZE den.t", "REINDEX TABLE den.t", "REFRESH MATERIALIZED VIEW den.m"):
            attempt(db, command)
    assert db.pid == pid
    db.execute("DROP SCHEMA den CASCADE")


def test_in_an_event_trigger(db: Database, guest: Database) -> None:
    """A superuser's event trigger that calls them in the middle of somebody's DDL."""
    pid = db.pid
    db.execute(
        "CREATE FUNCTION calls() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE current_setting('test.call'); "
        "EXCEPTION WHEN OTHERS THEN NULL; END $$; "
        "CREATE EVENT TRIGGER calls ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION calls()"
    )
    for statement in {statement.split("(")[0]: statement for statement in calls(db) if "NULL" not in statement}.values():
        guest.execute("SELECT set_config('test.call', %s, false)", statement)
        attempt(guest, "CREATE TEMPORARY TABLE made (i int) ON COMMIT DROP")
    db.execute("DROP EVENT TRIGGER calls; DROP FUNCTION calls()")
    assert db.pid == pid
