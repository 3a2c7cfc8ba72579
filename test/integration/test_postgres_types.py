"""Every type of PostgreSQL, at its extremes, arrives as it is: compared in text form, both ways."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg2.extras
import pytest
from harness.database import Database
from harness.errors import fails
from harness.skipping import host_lacks

from servers.remote_postgres import PostgresRemote

# Type: (local type, None for the same; values as SQL literals). NULL is added to each.
TYPES: dict[str, tuple[str | None, list[str]]] = {
    "boolean": (None, ["t", "f"]),
    "smallint": (None, ["-32768", "0", "32767"]),
    "integer": (None, ["-2147483648", "0", "2147483647"]),
    "bigint": (None, ["-9223372036854775808", "0", "9223372036854775807"]),
    "real": (None, ["0", "-0", "1e-45", "3.4028235e38", "-3.4028235e38", "NaN", "Infinity", "-Infinity", "0.1"]),
    "double precision": (None, ["0", "-0", "5e-324", "1.7976931348623157e308", "NaN", "Infinity", "-Infinity", "0.1"]),
    "numeric": (
        None,
        ["0", "0.00", "NaN", "Infinity", "-Infinity", "1", "-1", "10000", "0.0001", "9999", "99999999", "100000000.00000001"]
        + ["1e1000", "1e-1000", "-12345678901234567890123456789.000000001234500", "9" * 3000, "0." + "1" * 16383, "1e131071"],
    ),
    "numeric(10,2)": (None, ["-99999999.99", "0.01", "NaN"]),
    "numeric(5,0)": (None, ["99999"]),
    "numeric(3,5)": (None, ["0.00999"]),
    "numeric(3,-2)": (None, ["99900"]),
    "text": (None, ["", "é", "\U0001f600", "a\tb\n'\"\\", "x" * 100_000]),
    "character varying": (None, ["", "word"]),
    "character varying(10)": (None, ["", "é123456789"]),
    "character(5)": (None, ["", "é", "12345"]),
    "bpchar": (None, ["", "a  "]),
    '"char"': (None, ["", "x", "\\377"]),
    "name": (None, ["", "näme", "n" * 63]),
    "bytea": (None, ["", "\\x00ff80", "\\x" + "ab" * 100_000]),
    "date": (None, ["4713-01-01 BC", "0001-01-01 BC", "1999-12-31", "2000-01-01", "5874897-12-31", "infinity", "-infinity"]),
    "time without time zone": (None, ["00:00", "23:59:59.999999", "24:00"]),
    "time(3) without time zone": (None, ["12:34:56.789"]),
    "time with time zone": (None, ["00:00+15:59", "23:59:59.999999-15:59", "24:00+00"]),
    "time(2) with time zone": (None, ["12:34:56.78+14"]),
    "timestamp without time zone": (
        None,
        ["4713-01-01 00:00 BC", "1999-12-31 23:59:59.999999", "294276-12-31 23:59:59.999999", "infinity", "-infinity"],
    ),
    "timestamp(0) without time zone": (None, ["2020-02-29 12:34:56"]),
    "timestamp with time zone": (
        None,
        ["4713-01-01 00:00+00 BC", "2000-01-01 00:00+00", "294276-12-31 23:59:59.999999+00", "infinity", "-infinity"],
    ),
    "interval": (None, ["0", "178000000 years 11 mons -5 days 04:05:06.789", "-178000000 years", "1 mon -1 day 00:00:01"]),
    "interval(3)": (None, ["1.234 s"]),
    "interval day to second(3)": (None, ["5 04:05:06.789"]),
    "interval year to month": (None, ["7 years 3 mons", "-5 years"]),
    "interval minute": (None, ["5"]),
    "uuid": (None, ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"]),
    "oid": (None, ["0", "4294967295"]),
    "xid": (None, ["0", "4294967295"]),
    "cid": (None, ["0", "4294967295"]),
    "tid": (None, ["(0,0)", "(4294967295,65535)"]),
    "xid8": (None, ["0", "18446744073709551615"]),
    "pg_lsn": (None, ["0/0", "FFFFFFFF/FFFFFFFF"]),
    "pg_snapshot": (None, ["1:1:", "10:20:10,14,15"]),
    "txid_snapshot": (None, ["1:1:", "10:20:10,14,15"]),
    "int2vector": (None, ["", "1 -2 3"]),
    "oidvector": (None, ["", "1 4294967295"]),
    "money": (None, ["-92233720368547758.08", "0", "92233720368547758.07"]),
    "bit(10)": (None, ["1010101010", "0000000000"]),
    "bit(1)": (None, ["0", "1"]),
    "bit varying": (None, ["", "1", "10101010101"]),
    "bit varying(5)": (None, ["", "10101"]),
    "json": (None, ["null", ' {"a": [1, 2.50, "é"], "a": 1} ', '"\\u00e9"', "[]"]),
    "jsonb": (None, ["null", '{"a": [1, 2.50, "é"], "b": null}', '"\\u00e9"', "[]", "1e1000"]),
    "jsonpath": (None, ["$", "$.a[*] ? (@ > 2)"]),
    "xml": (None, ["", "just text", '<?xml version="1.0" encoding="LATIN1"?><a>é</a>', "<a/><b/>"]),
    "inet": (None, ["0.0.0.0/0", "192.168.1.7/24", "::1/64", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]),
    "cidr": (None, ["10.0.0.0/8", "::/0"]),
    "macaddr": (None, ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"]),
    "macaddr8": (None, ["00:00:00:00:00:00:00:00", "08:00:2b:01:02:03:04:05"]),
    "point": (None, ["(0,-0)", "(NaN,Infinity)", "(1e-300,1e300)"]),
    "line": (None, ["{1,-1,0}", "{0,1,5}"]),
    "lseg": (None, ["[(0,0),(1,1)]"]),
    "box": (None, ["(2,2),(0,0)"]),
    "path": (None, ["[(0,0),(1,1),(2,0)]", "((0,0),(1,1))"]),
    "polygon": (None, ["((0,0))", "((0,0),(1,1),(2,0))"]),
    "circle": (None, ["<(0,0),5>", "<(1,2),0>"]),
    "tsvector": (None, ["", "'fat':2A 'cät':3 'it''s' 'x':1,2B"]),
    "tsquery": (None, ["fat & (rat | !cät:*A)", "a <-> b"]),
    "refcursor": (None, ["", "cursor"]),
    "int4range": (None, ["empty", "[1,10)", "(,)", "[-2147483648,)"]),
    "int8range": (None, ["empty", "[-9223372036854775808,9223372036854775807)"]),
    "numrange": (None, ["empty", "(,5.5]", "[-Infinity,NaN]"]),
    "tsrange": (None, ["[2020-01-01,infinity)", "(,)"]),
    "tstzrange": (None, ["[2020-01-01 00:00+02,)"]),
    "daterange": (None, ["empty", "[2020-01-01,infinity)"]),
    "int4multirange": (None, ["{}", "{[1,3),[5,7)}", "{(,)}"]),
    "int8multirange": (None, ["{}", "{[1,2]}"]),
    "nummultirange": (None, ["{}", "{[1.5,2.5]}"]),
    "tsmultirange": (None, ["{}", "{[2020-01-01,2021-01-01)}"]),
    "tstzmultirange": (None, ["{}", "{[2020-01-01 00:00+00,)}"]),
    "datemultirange": (None, ["{}", "{(,)}"]),
    "integer[]": (None, ["{}", "[-2:0][3:4]={{1,2},{3,4},{5,NULL}}", "{{{1}}}"]),
    "text[]": (None, ["{}", '{"a b",NULL,"é,\\"","","NULL"}']),
    "character varying(10)[]": (None, ["{abc}"]),
    "character(3)[]": (None, ["{ab,c}"]),
    "numeric(10,2)[]": (None, ["{1.10,NaN}"]),
    "boolean[]": (None, ["{t,f,NULL}"]),
    "bytea[]": (None, ['{"\\\\x00ff",""}']),
    "jsonb[]": (None, ['{"{\\"a\\": \\"é\\"}"}']),
    "xml[]": (None, ['{<a/>,"<?xml version=\\"1.0\\" encoding=\\"LATIN1\\"?><b/>"}']),
    "money[]": (None, ["{1.23,-4.56}"]),
    "int2vector[]": (None, ['{"1 2",""}']),
    "timestamp with time zone[]": (None, ['{infinity,"2020-01-01 00:00+00","0044-03-15 00:00+00 BC"}']),
    "interval day to second(3)[]": (None, ['{"1 02:03:04.5678"}']),
    "int4range[]": (None, ['{"[1,2)",empty}']),
    # Names of objects of the remote server, and types without a binary form.
    "regclass": ("text", ["pg_class", "-"]),
    "regproc": ("text", ["now"]),
    "regprocedure": ("text", ["sum(integer)"]),
    "regoper": ("text", ["pg_catalog.||/"]),
    "regoperator": ("text", ["+(integer,integer)"]),
    "regtype": ("text", ["integer", "character varying"]),
    "regconfig": ("text", ["english"]),
    "regdictionary": ("text", ["simple"]),
    "regrole": ("text", ["pg_monitor"]),
    "regnamespace": ("text", ["pg_catalog"]),
    "regcollation": ("text", ['"C"']),
    "regclass[]": ("text[]", ["{pg_class,pg_type}"]),
    "aclitem": ("text", ["postgres=r/postgres"]),
    # What users make.
    "mood": ("text", ["sad", "happy é"]),
    "mood[]": ("text[]", ['{sad,NULL,"happy é"}']),
    "pair": ("text", ['(1,"x,y")', "(,)"]),
    "pair[]": ("text[]", ['{"(1,a)"}']),
    "positive": ("integer", ["5"]),
    "more_positive": ("integer", ["6"]),
    "positive[]": ("integer[]", ["{1,2}"]),
    "moods": ("text", ["sad"]),
    "short": ("character varying(7)", ["seven77"]),
    "numbers": ("integer[]", ["{1,2}"]),
    "floats": ("text", ["[1.5,2.5]"]),
    "hstore": (None, ["", 'a=>1, "b c"=>NULL']),
    "citext": (None, ["CaSe"]),
    "citext[]": ("text[]", ["{CaSe}"]),
    "ltree": ("text", ["a.b.c"]),  # installed on the remote server only
    "information_schema.yes_or_no": ("character varying(3)", ["YES"]),
}

if host_lacks("libxml"):
    TYPES = {kind: values for kind, values in TYPES.items() if not kind.startswith("xml")}

USER_TYPES = [
    "CREATE TYPE mood AS ENUM ('sad', 'happy é')",
    "CREATE TYPE pair AS (a int, b text)",
    "CREATE DOMAIN positive AS int CHECK (value > 0)",
    "CREATE DOMAIN more_positive AS positive",
    "CREATE DOMAIN moods AS mood",
    "CREATE DOMAIN short AS varchar(7)",
    "CREATE DOMAIN numbers AS int[]",
    "CREATE TYPE floats AS RANGE (subtype = float8)",
    "CREATE EXTENSION hstore",
    "CREATE EXTENSION citext",
    "CREATE EXTENSION ltree",
]


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
    finally:
        source.execute("DROP TABLE places", "DROP EXTENSION postgis")


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
