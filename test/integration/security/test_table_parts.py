"""A hostile remote that puts SQL into defaults, and into names of indexes, constraints, columns and tables."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.syncs import Syncs, person, wait_for_batch

from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote

SCHEMA = "hostile_parts"
# Each would make the canary's table if it were SQL anywhere.
SQL = [
    "x'); SELECT public.canary(); --",
    'x"); SELECT public.canary(); --',
    "x`); SELECT public.canary(); --",
    "\\'; SELECT public.canary(); --",
    "$$; SELECT public.canary(); $$",
    "E'\\\\'||public.canary()||'",
    "public.canary()",
    "x\n; SELECT public.canary();\n",
    "'||public.canary()||'",
    "é" * 30,
]


@pytest.fixture
def victim(db: Database) -> Iterator[Database]:
    """A plain role that imports; the canary's function tells if it was ever called."""
    db.execute(
        "CREATE TABLE public.canary_calls (at timestamptz); GRANT ALL ON public.canary_calls TO PUBLIC;"
        "CREATE FUNCTION public.canary() RETURNS text LANGUAGE sql AS $$INSERT INTO public.canary_calls VALUES (now()) RETURNING 'sung'$$;"
        "CREATE SCHEMA taken"
    )
    for role in person(db, "victim"):
        db.execute("GRANT USAGE, CREATE ON SCHEMA taken TO victim")
        yield role
    db.execute("DROP SCHEMA taken CASCADE; DROP FUNCTION public.canary(); DROP TABLE public.canary_calls")
    Syncs(db).clean()


def import_all(db: Database, victim: Database, request: dict[str, object]) -> dict[str, str | None]:
    """Problems by source, when all has ended."""
    text = json.dumps({"target_schema": "taken", "keep": ["indexes", "defaults", "foreign_keys"], **request})
    rows = victim.rows("SELECT batch_id, problem FROM cdb_import_tables(%s)", text)
    assert rows and not any(problem for _, problem in rows)
    wait_for_batch(db, rows[0][0])
    assert victim.rows("SELECT source, error_message FROM connector.imports WHERE state <> 'complete'") == []
    return dict(victim.rows("SELECT source, problem FROM connector.imports"))


def nothing_was_run(db: Database) -> None:
    assert db.value("SELECT count(*) FROM public.canary_calls") == 0


def default_values(db: Database, victim: Database, table: str) -> list[object]:
    """What an INSERT that names no column but the key gets."""
    victim.execute(f"INSERT INTO taken.{table} (id) VALUES (-1)")
    (row,) = victim.rows(f"SELECT * FROM taken.{table} WHERE id = -1")
    return [value for value in row if value != -1]


def test_mysql(db: Database, victim: Database, mariadb: MySqlRemote) -> None:
    user = mariadb.connection()["username"]

    def quoted(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n") + "'"

    # A name there has 64 characters at most, and no space at its end.
    names = [mariadb.quote(text[:60].strip()) for text in SQL]
    columns = ", ".join(f"{name} varchar(80) DEFAULT {quoted(text)}" for name, text in zip(names, SQL, strict=True))
    indexes = ", ".join(f"KEY {name} ({name})" for name in names)
    mariadb.execute(
        f"DROP DATABASE IF EXISTS {SCHEMA}",
        f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4",
        f"GRANT SELECT ON {SCHEMA}.* TO '{user}'@'%'",
        f"CREATE TABLE {SCHEMA}.up (id int PRIMARY KEY, {columns}, {indexes}) ROW_FORMAT=DYNAMIC",
        f"INSERT INTO {SCHEMA}.up (id) VALUES (1)",
        f"CREATE TABLE {SCHEMA}.{names[0]} (id int PRIMARY KEY, up int, "
        f"CONSTRAINT {names[1]} FOREIGN KEY (up) REFERENCES {SCHEMA}.up (id), CHECK (id > -5))",
        f"INSERT INTO {SCHEMA}.{names[0]} VALUES (1, 1)",
    )
    try:
        problems = import_all(db, victim, {"provider": "mysql", "connection": mariadb.connection(), "schema": SCHEMA})
        assert set(problems.values()) == {None}
        assert default_values(db, victim, "up") == SQL
        assert db.value("SELECT count(*) FROM pg_index WHERE indrelid = 'taken.up'::regclass") == len(SQL) + 1
        assert db.value("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = 'taken.up'::regclass") == 1
        nothing_was_run(db)
    finally:
        mariadb.execute(f"DROP DATABASE {SCHEMA}")


def test_postgres(db: Database, victim: Database, postgres15: PostgresRemote) -> None:
    user = postgres15.connection()["username"]

    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    def name(text: str) -> str:
        return '"' + text.encode()[:60].decode(errors="ignore").replace('"', '""') + '"'

    columns = ", ".join(f"{name(text)} text DEFAULT {quoted(text)}" for text in SQL)
    indexes = [f"CREATE INDEX {name('i' + text)} ON {SCHEMA}.up ({name(text)})" for text in SQL]
    # What a server can print as a default and is none that is known here.
    expressions = {
        "a": f"text DEFAULT {SCHEMA}.canary()",
        "b": f"{SCHEMA}.kind DEFAULT '(1)'::text::{SCHEMA}.kind",
        "c": f"int DEFAULT nextval('{SCHEMA}.numbers')",
        "d": "text DEFAULT 'a' || 'b'",
        "e": "text DEFAULT current_user",
        "f": "text DEFAULT repeat('x', 60000)",
        "g": "text DEFAULT pg_sleep(0)::text",
        "h": "date DEFAULT 'now'::text::date",
        "i": "bigint DEFAULT lo_creat(-1)",
        "j": "text DEFAULT CASE WHEN true THEN 'x' ELSE 'y' END",
        "k": f"text DEFAULT {quoted('y' * 60000)}",
    }
    postgres15.execute(
        f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE",
        f"CREATE SCHEMA {SCHEMA}",
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {user}",
        f"CREATE FUNCTION {SCHEMA}.canary() RETURNS text LANGUAGE sql AS $$SELECT 'x'$$",
        f"CREATE TYPE {SCHEMA}.kind AS (x int)",
        f"CREATE SEQUENCE {SCHEMA}.numbers",
        f"CREATE TABLE {SCHEMA}.up (id int PRIMARY KEY, {columns})",
        *indexes,
        f"INSERT INTO {SCHEMA}.up (id) VALUES (1)",
        f"CREATE TABLE {SCHEMA}.{name(SQL[0])} (id int PRIMARY KEY, up int, CONSTRAINT {name(SQL[1])} FOREIGN KEY (up) REFERENCES {SCHEMA}.up)",
        f"CREATE TABLE {SCHEMA}.expressions (id int PRIMARY KEY, " + ", ".join(f"{column} {kind}" for column, kind in expressions.items()) + ")",
    )
    try:
        problems = import_all(db, victim, {"provider": "postgres", "connection": postgres15.connection(), "schema": SCHEMA})
        assert set(problems.values()) == {None}
        assert default_values(db, victim, "up") == SQL
        assert db.value("SELECT count(*) FROM pg_index WHERE indrelid = 'taken.up'::regclass") == len(SQL) + 1
        assert db.value("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = 'taken.up'::regclass") == 1
        # The constant and the current date are brought along, and nothing else of these.
        kept = dict(
            db.rows(
                "SELECT a.attname, pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid "
                "AND a.attnum = d.adnum WHERE d.adrelid = 'taken.expressions'::regclass"
            )
        )
        assert kept.keys() <= {"h", "k"} and kept["k"] == quoted("y" * 60000) + "::text"
        nothing_was_run(db)
    finally:
        postgres15.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def test_messages_stay_readable(db: Database, victim: Database, postgres15: PostgresRemote) -> None:
    """One line for each part, none longer than it must be, whatever the remote's words are."""
    user = postgres15.connection()["username"]
    postgres15.execute(
        f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE",
        f"CREATE SCHEMA {SCHEMA}",
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {user}",
        f"CREATE TABLE {SCHEMA}.t (id int PRIMARY KEY, a text DEFAULT 'x' || {'chr(10) || ' * 500} 'y', b int DEFAULT 1 + 1)",
        f'CREATE INDEX "new\nline\x1b[31m" ON {SCHEMA}.t (lower(a))',
    )
    try:
        victim.import_table(
            {"provider": "postgres", "connection": postgres15.connection(), "schema": SCHEMA, "table": "t"},
            target_schema="taken", keep=["indexes", "defaults"],
        )  # fmt: skip
        told = "".join(victim.notices)
        lines = [line for line in told.splitlines() if "left out" in line]
        assert len(lines) == 4 and all(len(line) < 300 for line in lines) and "\x1b" not in told
    finally:
        postgres15.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
