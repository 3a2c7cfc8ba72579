"""Every type of PostgreSQL, at its extremes, arrives as it is: compared in text form, both ways."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg2.extras
import pytest
from harness.database import Database
from harness.errors import fails
from harness.foreign import create_server
from harness.postgres_types import TYPES, USER_TYPES
from harness.skipping import host_lacks

from servers.remote_postgres import PostgresRemote


@pytest.fixture(scope="module", params=["postgres15", "postgres17", "postgres18"])
def source(request: pytest.FixtureRequest) -> PostgresRemote:
    """The table `types`: a column for each type, and as many rows as the longest list of values."""
    remote: PostgresRemote = request.getfixturevalue(request.param)
    columns = ", ".join(f"c{i} {kind}" for i, kind in enumerate(TYPES))
    remote.execute("DROP TABLE IF EXISTS types", *USER_TYPES, f"CREATE TABLE types (id int PRIMARY KEY, {columns})")
    for number in range(max(len(values) for _, values in TYPES.values()) + 1):
        values = [
            "NULL" if number >= len(texts) else "'" + texts[number].replace("'", "''") + f"'::{kind}"
            for kind, (_, texts) in TYPES.items()
        ]
        remote.execute(f"INSERT INTO types VALUES ({number}, {', '.join(values)})")
    return remote


@pytest.fixture(scope="module", autouse=True)
def extensions(db: Database) -> None:
    db.execute("CREATE SCHEMA elsewhere")
    db.execute("CREATE EXTENSION hstore SCHEMA elsewhere")
    db.execute("CREATE EXTENSION citext SCHEMA elsewhere")


def test_only_what_the_host_lacks_is_left_out(db: Database) -> None:
    """What the tests go by, the options that PostgreSQL was configured with, is what it can do."""
    for library, statement in (
        ("libxml", "SELECT '<a/>'::xml"),
        ("ICU", "CREATE COLLATION probe (provider = icu, locale = 'und'); DROP COLLATION probe"),
    ):
        if host_lacks(library):
            with fails(sqlstate="0A000"):
                db.execute(statement)
        else:
            db.execute(statement)


@pytest.fixture(params=["table", "query", "wrapped query", "client in LATIN1"])
def imported(request: pytest.FixtureRequest, db: Database, source: PostgresRemote) -> Iterator[str]:
    """The table imported in each of the ways it can be asked for."""
    keys: dict[str, object] = {"table": "types", "collision_strategy": "overwrite"}
    if "query" in request.param:
        keys["sql_query"] = "SELECT * FROM types -- all of it"
    if request.param == "wrapped query":
        keys["columns"] = ["id", *(f"c{i}" for i in range(len(TYPES)))]
        keys["sql_query"] = "SELECT 1 AS left_out, * FROM types;"
    db.execute(f"SET client_encoding = {'LATIN1' if 'LATIN1' in request.param else 'UTF8'}")
    result = db.import_table(source.connector(**keys))
    db.execute("SET client_encoding = UTF8")
    assert result["skipped_columns"] == [] and result["warnings"] is None
    yield str(result["table_name"])
    db.execute("DROP TABLE types")


def test_types_and_values(db: Database, source: PostgresRemote, imported: str) -> None:
    db.execute("SET search_path = public, elsewhere")
    wanted = [local or kind for kind, (local, _) in TYPES.items()]
    assert [kind for _, kind, _ in db.columns(imported)[1:]] == wanted
    texts = ", ".join(f"c{i}::text" for i in range(len(TYPES)))
    settings = "SET TimeZone = UTC; SET extra_float_digits = 3; "
    rows = source.rows(f"{settings}SELECT id::text, {texts} FROM types")
    db.execute(f"{settings}CREATE TEMP TABLE expected AS SELECT id::text, {texts} FROM {imported} WHERE false")
    with db.connection.cursor() as cursor:
        psycopg2.extras.execute_values(cursor, "INSERT INTO expected VALUES %s", rows)
    query = f"SELECT id::text, {texts} FROM {imported}"
    try:
        assert db.rows(f"{query} EXCEPT SELECT * FROM expected") == []
        assert db.rows(f"SELECT * FROM expected EXCEPT {query}") == []
        assert db.value("SELECT count(*) FROM expected") == len(rows) > 5
    finally:
        db.execute("DROP TABLE expected")


def test_stored_form_is_the_canonical_one(db: Database, source: PostgresRemote) -> None:
    """Values decoded by us are, byte by byte, those that PostgreSQL itself would have stored."""
    numeric = list(TYPES).index("numeric")
    source.execute("CREATE TABLE numerics AS SELECT id, (random() * 1e10)::numeric * 10.0 ^ (id % 40 - 20) AS n "
                   f"FROM generate_series(1, 2000) id UNION ALL SELECT -id - 1, c{numeric} FROM types")
    db.import_table(source.connector(table="numerics"))
    assert db.value("SELECT count(*) FROM numerics WHERE numeric_send(n) <> numeric_send(n::text::numeric)") == 0
    db.execute("CREATE TABLE native AS SELECT id, n::text::numeric AS n FROM numerics")
    other = "SELECT count(*) FROM numerics a JOIN native b USING (id) WHERE pg_column_size(a.n) <> pg_column_size(b.n)"
    assert db.value(other) == 0
    db.execute("DROP TABLE native")
    assert db.value("SELECT sum(n)::text FROM numerics WHERE n BETWEEN -1e50 AND 1e50") == (
        source.rows("SELECT sum(n)::text FROM numerics WHERE n BETWEEN -1e50 AND 1e50")[0][0]
    )
    source.drop("numerics")
    db.execute("DROP TABLE numerics")


def test_dry_run_shows_both_sides(db: Database, source: PostgresRemote) -> None:
    shown = {column["remote_name"]: column for column in db.dry_run(source.connector(table="types"))["columns"]}
    for i, (kind, (local, _)) in enumerate(TYPES.items()):
        assert shown[f"c{i}"]["remote_type"].removeprefix("public.") == kind
        if kind not in ("hstore", "citext"):  # qualified here
            assert shown[f"c{i}"]["type"] == (local or kind)


def test_types_of_a_query_have_names(db: Database, source: PostgresRemote) -> None:
    columns = db.dry_run(source.connector(import_as="q", sql_query="SELECT * FROM types"))["columns"]
    shown = {column["remote_name"]: column["remote_type"] for column in columns}
    kinds = list(TYPES)
    assert shown[f"c{kinds.index('numeric(10,2)')}"] == "numeric(10,2)"
    assert shown[f"c{kinds.index('mood')}"] == "public.mood"


def test_another_local_type(db: Database, source: PostgresRemote) -> None:
    """A column cast to a type the request asks for."""
    kinds = list(TYPES)
    columns = {"id": "bigint", f"c{kinds.index('regtype')}": "regtype", f"c{kinds.index('integer')}": "text"}
    db.import_table(source.connector(table="types", import_as="recast", columns=columns))
    assert [kind for _, kind, _ in db.columns("recast")] == ["bigint", "regtype", "text"]
    db.execute("DROP TABLE recast")


def test_money_of_another_locale(db: Database, source: PostgresRemote) -> None:
    """Amounts with another number of fractional digits than two arrive as numbers."""
    locales = [row[0] for row in source.rows("SELECT collname FROM pg_collation WHERE collname LIKE 'ja\\_JP%utf8'")]
    if not locales:
        pytest.skip("the system has no Japanese locale")
    source.execute("CREATE TABLE amounts AS SELECT '12'::money AS m", f"ALTER ROLE reader SET lc_monetary = '{locales[0]}'")
    try:
        db.import_table(source.connector(table="amounts"))
        assert db.columns("amounts")[0][1] == "numeric"
    finally:
        source.execute("ALTER ROLE reader RESET lc_monetary", "DROP TABLE amounts")


def test_geometry(db: Database, source: PostgresRemote) -> None:
    """As itself where PostGIS is, else as WKB."""
    if not source.rows("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'"):
        pytest.skip("PostGIS is not installed")
    source.execute(
        "CREATE EXTENSION IF NOT EXISTS postgis",
        "CREATE TABLE places AS SELECT 'SRID=4326;POINT(1 2)'::geometry(Point, 4326) AS g, 'POINT Z (1 2 3)'::geometry AS z, "
        "'SRID=4326;POINT(1 2)'::geography AS e",
        "CREATE TABLE heights (id int PRIMARY KEY, z geometry(PointZ, 4326), m geometry(LineStringM, 3857), "
        "zm geometry(GeometryZM, 25832), nothing geometry(PointZ), e geography(PointZ, 4326))",
        "INSERT INTO heights VALUES (1, 'SRID=4326;POINT Z (1 2 3)', 'SRID=3857;LINESTRING M (1 2 3, 4 5 6)', "
        "'SRID=25832;POINT ZM (1 2 3 4)', 'POINT Z (1 2 3)', 'SRID=4326;POINT Z (1 2 3)')",
    )
    try:
        db.import_table(source.connector(table="places", import_as="wkb"))
        assert db.rows("SELECT encode(g, 'hex'), pg_typeof(e)::text FROM wkb") == [
            ("0101000000000000000000f03f0000000000000040", "bytea")
        ]
        db.execute("DROP TABLE wkb")
        db.execute("CREATE EXTENSION postgis SCHEMA elsewhere")
        db.execute("SET search_path = public, elsewhere")
        db.import_table(source.connector(table="places"))
        assert db.rows("SELECT ST_AsEWKT(g), ST_AsEWKT(z), ST_AsEWKT(e::geometry), pg_typeof(e)::text FROM places") == [
            ("SRID=4326;POINT(1 2)", "POINT(1 2 3)", "SRID=4326;POINT(1 2)", "geography")
        ]
        # Columns of three and four dimensions, as they are and as types that are asked for.
        seen = "SELECT ST_AsEWKT(z), ST_AsEWKT(m), ST_AsEWKT(zm), ST_AsEWKT(nothing), ST_AsEWKT(e::geometry) FROM {}"
        rows = [
            ("SRID=4326;POINT(1 2 3)", "SRID=3857;LINESTRINGM(1 2 3,4 5 6)", "SRID=25832;POINT(1 2 3 4)", "POINT(1 2 3)", "SRID=4326;POINT(1 2 3)"),
        ]
        db.import_table(source.connector(table="heights"))
        assert db.rows(seen.format("heights")) == rows
        types = [column[1] for column in db.columns("heights") if column[0] != "id"]
        assert types == [
            "geometry(GeometryZ,4326)", "geometry(GeometryM,3857)", "geometry(GeometryZM,25832)", "geometry", "geography(GeometryZ,4326)"
        ]  # fmt: skip
        asked = {"z": "geometry(PointZ,4326)", "m": "geometry(LineStringM,3857)", "zm": "geometry", "nothing": None, "e": "geography(PointZ,4326)"}
        db.import_table(source.connector(table="heights", import_as="asked", columns=asked))
        assert db.rows(seen.format("asked")) == rows
        create_server(db, source)
        db.value("SELECT cdb_foreign_table(%s)", json.dumps({"connection": "remote", "table": "heights", "import_as": "live"}))
        assert db.rows(seen.format("live")) == rows
        db.execute("DROP SERVER remote CASCADE")
    finally:
        source.execute("DROP TABLE places, heights", "DROP EXTENSION postgis")


def test_invalid_values_are_counted(db: Database, source: PostgresRemote) -> None:
    """What the asked-for type can't hold."""
    source.execute("CREATE TABLE words AS SELECT * FROM (VALUES ('1'), ('two'), ('3')) AS t (w)")
    result = db.import_table(source.connector(table="words", columns={"w": "integer"}, invalid_values="null"))
    assert json.dumps(result["warnings"]["invalid_values"]) == '{"w": 1}'
    source.drop("words")
    db.execute("DROP TABLE words")


def test_infinite_intervals(db: Database, source: PostgresRemote) -> None:
    """There are none before 17, and they must not become 178 million years."""
    if source.kind == "postgres15":
        pytest.skip("the remote server has none")
    source.execute("CREATE TABLE long AS SELECT 'infinity'::interval AS i, 'infinity'::interval year AS y")
    connector = source.connector(table="long")
    try:
        if db.server.major >= 17:
            db.import_table(connector)
            assert db.rows("SELECT i = 'infinity' AND y = 'infinity' FROM long") == [(True,)]
        else:
            with fails("infinite intervals need PostgreSQL 17", number=2001):
                db.import_table(connector)
            assert db.import_table(connector, invalid_values="null")["warnings"]["invalid_values"] == {"i": 1, "y": 1}
        db.execute("DROP TABLE long")
    finally:
        source.drop("long")
