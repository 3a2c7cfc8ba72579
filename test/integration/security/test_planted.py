"""Operators and functions that others put where unqualified names are looked for are never run by the extension."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.syncs import Syncs

from servers.postgres import Postgres
from servers.remote import Remote

TABLE = "plots"

# Operands for which pg_catalog has no operator of exactly these types, but one that they can be converted for: whoever
# looks along the search_path prefers an exact one. Those on json and text stand for literals without a type.
OPERATORS = {
    "=": ("oid regclass", "regclass oid", "oid regrole", "regrole oid", "name text", "text name", "varchar varchar", "text varchar",
          "int8 numeric", "int4 oid", "oid int4", "\"char\" text", "int4 numeric", "uuid text"),
    "<>": ("oid regclass", "varchar varchar", "name varchar", "int8 numeric", "\"char\" text", "int2 int4"),
    "<": ("xid8 text", "float8 int4", "int4 float8", "numeric int4", "tid text", "int8 numeric", "float8 int8", "oid int4"),
    "<=": ("float8 int4", "int4 float8", "timestamptz text", "int8 numeric", "oid int4"),
    ">": ("float8 int4", "int4 float8", "float8 int8", "numeric int4", "int8 numeric", "oid int4"),
    ">=": ("float8 int4", "int4 float8", "float8 int8", "numeric int4", "int8 numeric", "tid text"),
    "*": ("int8 interval", "int4 interval", "interval int4", "interval int8", "float8 int4"),
    "/": ("int8 float8", "float8 int8", "int8 numeric", "float8 int4", "interval int4"),
    "+": ("float8 int4", "timestamptz text", "int8 float8"),
    "-": ("float8 int4", "int8 float8", "timestamptz text"),
    "->": ("json json", "json name", "json varchar", "json \"char\""),
    "->>": ("json json", "json name", "json varchar"),
    "||": ("regclass text", "text regclass", "name text", "name name", "varchar varchar", "varchar text", "text varchar"),
    "~": ("varchar text", "name varchar", "varchar varchar", "text varchar"),
    "~~": ("varchar text", "varchar varchar", "text varchar"),
}  # fmt: skip

# Calls that pg_catalog answers only by a conversion, a default or a variadic argument.
FUNCTIONS = (
    "pg_get_userbyid(regrole)", "pg_has_role(text, text)", "pg_has_role(oid, unknown_t)", "now(int)", "random(int)", "btrim(varchar, text)",
    "json_build_object(text, uuid)", "json_build_object(text, text)", "to_char(timestamptz, varchar)", "quote_ident(name)",
    "format(text, name)", "concat(text, text)", "date_part(text, timestamptz, int)", "count(int)", "row_number(int)",
    "starts_with(text, varchar)", "substr(text, int8)", "length(varchar)", "coalesce_t(oid, oid)", "json_to_recordset(json, int)",
    "st_makeenvelope(int, numeric, int, numeric, int)", "st_intersection(public.geometry, public.geometry)",
    "st_srid(public.geometry, int)", "st_transform(public.geometry, int8)", "st_geomfromewkt(varchar)",
)  # fmt: skip


def plant(role: Database, schema: str) -> int:
    """Puts them all there; each tells who ran it. The number of what could be planted."""
    count = 0
    for name, operands in OPERATORS.items():
        for i, pair in enumerate(operands):
            left, right = pair.split(" ")
            function = f'{schema}."evil {name} {i}"'
            role.execute(
                f"CREATE FUNCTION {function}({left}, {right}) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN "
                f"RAISE WARNING 'planted % runs as %', '{name}', current_user; RETURN true; END $$; "
                f"CREATE OPERATOR {schema}.{name} (leftarg = {left}, rightarg = {right}, function = {function})"
            )
            count += 1
    for call in FUNCTIONS:
        if "_t" in call.split("(")[1] or "_t(" in call or ("geometry" in call and not role.rows("SELECT 1 FROM pg_extension WHERE extname = 'postgis'")):
            continue
        role.execute(
            f"CREATE FUNCTION {schema}.{call} RETURNS text LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE WARNING 'planted % runs as %', '{call}', current_user; RETURN ''; END $$"
        )
        count += 1
    return count


@pytest.fixture
def planted(pg: Postgres) -> Iterator[Database]:
    """A database where an ordinary role was first: the extension is made in a schema where everybody may create."""
    pg.create_database("planted")
    db = Database(pg, "planted")
    if db.rows("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'"):
        db.execute("CREATE EXTENSION postgis")
    db.execute("DROP ROLE IF EXISTS planter; CREATE ROLE planter LOGIN; GRANT CREATE ON SCHEMA public TO planter")
    with Database(pg, "planted", "planter") as planter:
        assert plant(planter, "public") > 60
    db.execute("SET search_path = public; CREATE EXTENSION connector")
    yield db
    db.close()
    with Database(pg, "postgres") as server:
        server.execute("DROP DATABASE planted WITH (FORCE)")
        server.execute("DROP ROLE planter")


def change_everything(db: Database, run: Callable[..., None], mariadb: Remote, connector: dict[str, Any]) -> None:
    """Refreshes for which the extension looks at all that a table may have: rows that change places in a unique index,
    columns that change, settings of statistics, publications, partitions, deferred constraints."""
    mariadb.create_rows("changing", 20)
    syncs = Syncs(db)
    plain = {**connector, "table": "changing", "default_columns": False}
    ids = {}
    for mode in ("replace", "merge", "append"):
        options = {"mode": mode, **({} if mode == "replace" else {"cursor" if mode == "append" else "key": "id"})}
        ids[mode] = syncs.create({**plain, "import_as": f"changing_{mode}", "sync": options})["id"]
        run("SELECT cdb_sync_now(%s, true)", ids[mode])
    run("CREATE UNIQUE INDEX ON public.changing_merge (word)")
    run("CREATE PUBLICATION changing FOR TABLE public.changing_merge")
    run("ALTER TABLE public.changing_replace ALTER COLUMN id SET STATISTICS 10, ALTER COLUMN id SET (n_distinct = 20)")
    run("ALTER TABLE public.changing_merge ADD CONSTRAINT amounts UNIQUE (amount, id) DEFERRABLE INITIALLY DEFERRED")
    (words,) = zip(*mariadb.rows("SELECT word FROM changing ORDER BY id"))
    for id, word in enumerate(words[1:] + words[:1], 1):
        mariadb.execute(f"UPDATE changing SET word = '{word}' WHERE id = {id}")
    mariadb.execute("INSERT INTO changing VALUES (21, 'one more', 1)")
    for id in ids.values():
        run("SELECT cdb_sync_now(%s, true)", id)
    mariadb.execute("ALTER TABLE changing DROP COLUMN amount, MODIFY COLUMN word varchar(200)")
    for id in ids.values():
        run("SELECT cdb_sync_now(%s, true)", id)
    run("CREATE TABLE public.parted (id bigint PRIMARY KEY, word varchar(200)) PARTITION BY RANGE (id)")
    run("CREATE TABLE public.part PARTITION OF public.parted DEFAULT")
    run("INSERT INTO public.parted VALUES (99, 'goes')")
    run("SELECT cdb_import_connector(%s)", json.dumps({**plain, "import_as": "parted", "collision_strategy": "overwrite"}))
    ways = db.rows(
        "SELECT mode, state FROM connector.runs WHERE sync_id OPERATOR(pg_catalog.=) ANY (%s::uuid[]) ORDER BY started_at",
        list(ids.values()),
    )
    assert [way for way, _ in ways[:6]] == ["import", "import", "import", "swap", "merge", "append"]
    # The constraint depends on the column that is dropped.
    assert [state for _, state in ways] == ["success"] * 7 + ["failure", "success"]
    for id in ids.values():
        run("SELECT cdb_sync_delete(%s)", id)
    run("DROP TABLE public.changing_replace, public.changing_merge, public.changing_append, public.parted")
    run("DROP PUBLICATION changing")
    mariadb.drop("changing")


def test_script_views_and_functions(planted: Database, mariadb: Remote) -> None:
    """Before CREATE EXTENSION, and while each view and function is used by a superuser whose path has that schema first."""
    mariadb.server.start()
    mariadb.create_rows(TABLE, 20)
    mariadb.execute(f"ALTER TABLE {TABLE} ADD COLUMN wkt varchar(100), ADD COLUMN the_geom varchar(100)")
    mariadb.execute(f"UPDATE {TABLE} SET wkt = 'POINT(1 2)', the_geom = CASE WHEN id = 3 THEN 'no geometry' ELSE 'SRID=3857;POINT(1 2)' END")
    db = planted
    syncs = Syncs(db)
    assert db.value("SELECT 'a'::varchar = 'b'::varchar") is True, "planted operators do run where names are looked for"
    for path in ("public", "public, pg_catalog", "pg_temp, public, pg_catalog"):
        db.execute(f"SET search_path = {path}")
        if path.startswith("pg_temp"):
            plant(db, "pg_temp")
        shown: list[str] = []

        def run(statement: str, *args: object) -> None:
            db.execute(statement, *args)
            shown.extend(notice for notice in db.notices if "planted" in notice)

        connector = mariadb.connector(table=TABLE, default_columns=True, target_schema="public")
        id = syncs.create(connector)["id"]
        text = json.dumps({**connector, "collision_strategy": "overwrite"})
        run("SELECT cdb_sync_now(%s, true)", id)
        run("SELECT cdb_sync_now(%s, true)", id)
        run("SELECT cdb_import_connector(%s)", json.dumps(connector))
        run("SELECT cdb_import_connector(%s)", text)
        run("SELECT cdb_import_connector(%s, false)", json.dumps(connector))
        merge = json.dumps({**connector, "default_columns": False, "import_as": "merged", "sync": {"mode": "merge", "key": "id"}})
        run("SELECT cdb_sync_connector(%s)", merge)
        run("UPDATE connector.sync SET run_at = pg_catalog.clock_timestamp()")
        run("CALL cdb_run_due_syncs()")
        run("UPDATE connector.sync SET run_at = pg_catalog.clock_timestamp()")
        run("CALL cdb_run_due_syncs()")
        change_everything(db, run, mariadb, connector)
        for view in ("syncs", "runs", "imports", "progress"):
            run(f"SELECT * FROM connector.{view}")
        run("SELECT cdb_sync_status(%s)", id)
        run("SELECT cdb_import_status(item_queue_id) FROM connector.imports")
        run("SELECT cdb_sync_update(%s, '2 hours', %s)", id, json.dumps(connector))
        run("SELECT cdb_sync_pause(%s)", id)
        run("SELECT cdb_sync_resume(%s)", id)
        run("SELECT cdb_connectors(), cdb_connector_info('mysql'), cdb_error_codes()")
        run("SELECT cdb_connector_check(%s), cdb_connector_dry_run(%s)", json.dumps({k: v for k, v in connector.items() if k in ("provider", "connection")}), text)
        run("SELECT * FROM cdb_connector_tables(%s)", json.dumps({k: v for k, v in connector.items() if k in ("provider", "connection")}))
        run("SELECT cdb_sync_delete(%s)", id)
        assert not shown, path + ":\n" + "\n".join(sorted(set(shown)))
    assert db.value("SELECT pg_catalog.count(*) FROM connector.runs WHERE state OPERATOR(pg_catalog.=) 'failure'::text") == 0
    mariadb.drop(TABLE)
