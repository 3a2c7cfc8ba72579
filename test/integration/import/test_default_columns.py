"""`default_columns`: cartodb_id, the_geom and the_geom_webmercator, filled from what the source has."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.mysql_servers import EVERY_MYSQL
from harness.scratch import drop_tables
from harness.traces import nothing_left_behind

from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote

DEFAULTS = [
    ("cartodb_id", "bigint", True),
    ("the_geom", "gis.geometry(Geometry,4326)", False),
    ("the_geom_webmercator", "gis.geometry(Geometry,3857)", False),
]


@pytest.fixture(autouse=True)
def tidy_both(tidy: None, gis: Database) -> Iterator[None]:
    yield
    drop_tables(gis)


def make(remote: MySqlRemote, columns: str, *rows: str) -> dict[str, object]:
    """A table `places` with id and the columns; gives the request for it."""
    remote.drop("places")
    remote.execute(f"CREATE TABLE places (id int PRIMARY KEY, {columns}) CHARACTER SET utf8mb4")
    if rows:
        remote.execute("INSERT INTO places VALUES " + ", ".join(f"({number}, {row})" for number, row in enumerate(rows, 1)))
    return remote.connector(table="places", default_columns=True)


def places(gis: Database) -> list[tuple[object, ...]]:
    """the_geom as EWKT, whether the_geom_webmercator is the same in web mercator, by the source's id."""
    return gis.rows(
        "SELECT id, gis.ST_AsEWKT(the_geom, 9), gis.ST_Equals(the_geom_webmercator, gis.ST_Transform(the_geom, 3857)) "
        "FROM places ORDER BY id"
    )


def indexes(database: Database) -> list[str]:
    """What is indexed and how."""
    return sorted(
        definition.partition(" USING ")[2]
        for (definition,) in database.rows("SELECT indexdef FROM pg_indexes WHERE tablename = 'places'")
    )


def test_default_is_off(gis: Database, one_mysql: MySqlRemote) -> None:
    request = make(one_mysql, "wkt varchar(99)", "'POINT(1 2)'")
    for value in ({}, {"default_columns": False}):
        gis.import_table({key: kept for key, kept in request.items() if key != "default_columns"}, **value)
    assert [name for name, _, _ in gis.columns("places")] == ["id", "wkt"]
    assert [name for name, _, _ in gis.columns("places_1")] == ["id", "wkt"]


@EVERY_MYSQL
def test_structure(gis: Database, one_mysql: MySqlRemote) -> None:
    """Columns, key, indexes; the source's own key stays unique, its comments stay."""
    request = make(one_mysql, "word varchar(9) NOT NULL COMMENT 'a word', wkt text", "'a', 'POINT(1 2)'", "'b', NULL")
    result = gis.import_table(request)
    assert (result["rows"], result["skipped_columns"], result["warnings"]) == (2, [], None)
    assert gis.columns("places") == [
        *DEFAULTS,
        ("id", "integer", True),
        ("word", "character varying(9)", True),
        ("wkt", "text", False),
    ]
    assert indexes(gis) == ["btree (cartodb_id)", "btree (id)", "gist (the_geom)", "gist (the_geom_webmercator)"]
    keys = gis.rows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'places'::regclass ORDER BY contype")
    assert keys == [("PRIMARY KEY (cartodb_id)",), ("UNIQUE (id)",)]
    assert gis.rows("SELECT cartodb_id FROM places ORDER BY id") == [(1,), (2,)]
    assert gis.value("INSERT INTO places (id, word) VALUES (3, 'c') RETURNING cartodb_id") == 3
    assert gis.value("SELECT col_description('places'::regclass, 5)") == "a word"
    assert places(gis)[:2] == [(1, "SRID=4326;POINT(1 2)", True), (2, None, None)]


HEX_POINT = "0101000000000000000000F03F0000000000000040"  # POINT(1 2), little-endian
HEX_POINT_SRID = "0101000020110F0000000000000000F03F0000000000000040"  # SRID 3857
TEXTS = {
    "'POINT(1 2)'": "POINT(1 2)",
    "' POINT (1 2) '": "POINT(1 2)",
    "'SRID=4326;POINT(1 2)'": "POINT(1 2)",
    "'SRID=3857;POINT(111319.490793274 0)'": "POINT(1 0)",
    "'point z (1 2 3)'": "POINT(1 2)",
    "'MULTIPOLYGON(((0 0,1 0,1 1,0 0)))'": "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))",
    "'GEOMETRYCOLLECTION EMPTY'": "GEOMETRYCOLLECTION EMPTY",
    """'{"type": "Point", "coordinates": [1, 2]}'""": "POINT(1 2)",
    """'\\n {"type": "LineString", "coordinates": [[1, 2, 9], [3, 4, 9]]}'""": "LINESTRING(1 2,3 4)",
    f"'{HEX_POINT}'": "POINT(1 2)",
    f"' {HEX_POINT.lower()}\\n'": "POINT(1 2)",
    "''": None,
    "' \\n\\t'": None,
    "NULL": None,
}


@pytest.mark.parametrize("name", ["the_geom", "geom", "geometry", "wkb_geometry", "geojson", "wkt", "The_Geom", "WKT"])
def test_text_of_any_kind(gis: Database, one_mysql: MySqlRemote, name: str) -> None:
    """WKT, GeoJSON and hexadecimal WKB side by side, in a column of each name."""
    request = make(one_mysql, f"`{name}` varchar(200)", *TEXTS)
    gis.import_table(request)
    local = "source_the_geom" if name.lower() == "the_geom" else name.lower()
    assert gis.columns("places") == [*DEFAULTS, ("id", "integer", True), (local, "character varying(200)", False)]
    expected = [(number, wkt and f"SRID=4326;{wkt}") for number, wkt in enumerate(TEXTS.values(), 1)]
    assert [row[:2] for row in places(gis)] == expected
    assert all(same for _, geometry, same in places(gis) if geometry and "EMPTY" not in geometry)
    assert gis.value(f"SELECT count(*) FROM places WHERE {local} IS NULL") == 1, "the source's text stays"


def test_verbatim_names(gis: Database, one_mysql: MySqlRemote) -> None:
    request = make(one_mysql, "`WKT` text", "'POINT(1 2)'")
    gis.import_table(request, column_names="verbatim")
    assert [name for name, _, _ in gis.columns("places")][4] == "WKT"
    assert places(gis) == [(1, "SRID=4326;POINT(1 2)", True)]


@EVERY_MYSQL
@pytest.mark.parametrize(
    "definition, literal",
    [
        ("geom longblob", f"x'{HEX_POINT}'"),
        ("wkb_geometry varbinary(99)", f"x'{HEX_POINT}'"),
        ("geojson text", """'{"type": "Point", "coordinates": [1, 2]}'"""),
        ("wkt char(99)", "'POINT(1 2)'"),
        ("p point", "ST_GeomFromText('POINT(1 2)')"),
        ("p geometry NOT NULL", "ST_GeomFromText('POINT(1 2)')"),
    ],
    ids=lambda value: value.split()[0] if "'" not in value else "",
)
def test_other_types(gis: Database, one_mysql: MySqlRemote, definition: str, literal: str) -> None:
    gis.import_table(make(one_mysql, definition, literal, *([] if "NOT NULL" in definition else ["NULL"])))
    assert places(gis)[0] == (1, "SRID=4326;POINT(1 2)", True)


@pytest.mark.parametrize("one_mysql", ["mariadb", "mysql9"], indirect=True)
def test_json(gis: Database, one_mysql: MySqlRemote) -> None:
    gis.import_table(make(one_mysql, "geojson json", """'{"type": "Point", "coordinates": [1, 2]}'""", "NULL"))
    assert places(gis) == [(1, "SRID=4326;POINT(1 2)", True), (2, None, None)]


@EVERY_MYSQL
def test_reference_systems(gis: Database, one_mysql: MySqlRemote) -> None:
    """A geometry in another reference system is transformed; without one it counts as degrees."""
    order = ", 'axis-order=long-lat'" if one_mysql.kind == "mysql9" else ""
    request = make(
        one_mysql,
        "shape geometry",
        f"ST_GeomFromText('POINT(1 2)', 4326{order})",
        "ST_GeomFromText('POINT(111319.490793274 0)', 3857)",
        "ST_GeomFromText('POINT(1 2)')",
    )
    gis.import_table(request)
    assert places(gis) == [
        (1, "SRID=4326;POINT(1 2)", True),
        (2, "SRID=4326;POINT(1 0)", True),
        (3, "SRID=4326;POINT(1 2)", True),
    ]
    assert gis.rows("SELECT gis.ST_SRID(shape) FROM places ORDER BY id") == [(4326,), (3857,), (0,)]


def test_a_real_geometry_goes_first(gis: Database, one_mysql: MySqlRemote) -> None:
    gis.import_table(make(one_mysql, "wkt text, `where` point", "'POINT(9 9)', ST_GeomFromText('POINT(1 2)')"))
    assert places(gis) == [(1, "SRID=4326;POINT(1 2)", True)]


def test_names_in_their_order(gis: Database, one_mysql: MySqlRemote) -> None:
    """Columns whose type can't hold a geometry are passed over."""
    request = make(one_mysql, "wkt text, geojson text, the_geom int", """'POINT(9 9)', '{"type":"Point","coordinates":[1,2]}', 5""")
    gis.import_table(request)
    assert places(gis) == [(1, "SRID=4326;POINT(1 2)", True)]
    assert gis.rows("SELECT source_the_geom FROM places") == [(5,)]


def test_beyond_web_mercator(gis: Database, one_mysql: MySqlRemote) -> None:
    """What lies at the poles is in the_geom whole, and in the_geom_webmercator as far as that goes."""
    request = make(one_mysql, "wkt text", "'POINT(0 90)'", "'LINESTRING(0 0,0 90)'", "'POINT(0 -85)'", "'POINT(500 100)'")
    gis.import_table(request)
    here = gis.rows(
        "SELECT gis.ST_AsText(the_geom), gis.ST_IsEmpty(the_geom_webmercator), "
        "gis.ST_YMax(the_geom_webmercator) < 20100000 FROM places ORDER BY id"
    )
    assert here == [
        ("POINT(0 90)", True, None),
        ("LINESTRING(0 0,0 90)", False, True),
        ("POINT(0 -85)", False, True),
        ("POINT(500 100)", True, None),
    ]


def test_invalid_polygon_beyond_web_mercator(gis: Database, one_mysql: MySqlRemote) -> None:
    """What can't be cut off, since it crosses itself, is in the_geom all the same."""
    bow_tie = "POLYGON((0 0,10 89,10 0,0 89,0 0))"
    gis.import_table(make(one_mysql, "wkt text", "'POINT(1 2)'", f"'{bow_tie}'", "'POINT(3 4)'"))
    [warning] = [text for text in gis.notices if text.startswith("WARNING")]
    assert "1 geometry has no equivalent in web mercator" in warning and "Self-intersection" in warning
    assert places(gis) == [
        (1, "SRID=4326;POINT(1 2)", True),
        (2, f"SRID=4326;{bow_tie}", None),
        (3, "SRID=4326;POINT(3 4)", True),
    ]


# A value that can't be read, and words of the error.
UNREADABLE = {
    "'nonsense'": "parse error",
    "'POINT(1)'": "parse error|geometry",
    "'{\"type\": \"Nothing\"}'": "GeoJson",
    "'{'": "unexpected end",
    "'abc'": "hex|odd",
    "'0101'": "WKB|EWKB|geometry",
    "'SRID=999999;POINT(1 2)'": "SRID|spatial_ref_sys|projection",
}


@pytest.mark.parametrize("literal, reason", UNREADABLE.items())
def test_unreadable_text(gis: Database, one_mysql: MySqlRemote, literal: str, reason: str) -> None:
    """A WARNING with the number and the reason, NULL in that row, and all the others filled."""
    rows = ["'POINT(1 2)'"] * 5
    gis.import_table(make(one_mysql, "wkt text", *rows, literal, *rows))
    [warning] = [text for text in gis.notices if text.startswith("WARNING")]
    assert '1 value of column "wkt" can\'t be read as geometry' in warning
    assert re.search(reason, warning)
    assert places(gis) == [
        (number, None, None) if number == 6 else (number, "SRID=4326;POINT(1 2)", True) for number in range(1, 12)
    ]
    assert gis.columns("places")[:3] == DEFAULTS


def test_unreadable_text_in_many_rows(gis: Database, one_mysql: MySqlRemote) -> None:
    """Each is found among thousands; the dead rows of the search are not left in the table."""
    one_mysql.create_rows("places", 5000)
    bad = (1, 2, 2500, 4999, 5000)
    one_mysql.execute(
        "ALTER TABLE places ADD wkt varchar(50)",
        "UPDATE places SET wkt = CONCAT('POINT(', id / 100, ' 0)')",
        f"UPDATE places SET wkt = 'bad' WHERE id IN {bad}",
    )
    gis.import_table(one_mysql.connector(table="places", default_columns=True))
    assert any('5 values of column "wkt"' in text for text in gis.notices)
    assert [number for (number,) in gis.rows("SELECT id FROM places WHERE the_geom IS NULL ORDER BY id")] == list(bad)
    wrong = "SELECT count(*) FROM places WHERE gis.ST_X(the_geom) <> id / 100.0 OR the_geom_webmercator IS NULL"
    assert gis.value(wrong + " AND the_geom IS NOT NULL") == 0
    live = gis.value("SELECT pg_relation_size('places')")
    gis.execute("VACUUM FULL places")
    assert live <= gis.value("SELECT pg_relation_size('places')")


def test_nothing_but_unreadable_text(gis: Database, one_mysql: MySqlRemote) -> None:
    """The search ends."""
    one_mysql.create_rows("places", 5000)
    one_mysql.execute("ALTER TABLE places CHANGE word wkt varchar(20)")
    result = gis.import_table(one_mysql.connector(table="places", default_columns=True))
    assert result["rows"] == 5000
    assert any('many values of column "wkt"' in text for text in gis.notices)
    assert gis.value("SELECT count(*) FROM places WHERE the_geom IS NULL AND wkt IS NOT NULL") == 5000


def test_cancel_while_filling(gis: Database, one_mysql: MySqlRemote) -> None:
    """A cancel that comes in the middle of the filling is no unreadable value."""
    request = make(one_mysql, "wkt text", "'POINT(1 2)'")
    gis.execute(
        "CREATE FUNCTION public.stop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE query_canceled; END'; "
        "CREATE FUNCTION public.meddle() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
        "EXECUTE 'CREATE TRIGGER stop BEFORE UPDATE ON places FOR EACH ROW EXECUTE FUNCTION public.stop()'; END $$; "
        "CREATE EVENT TRIGGER meddle ON ddl_command_end WHEN tag IN ('CREATE TABLE') EXECUTE FUNCTION public.meddle()"
    )
    try:
        with nothing_left_behind(gis, one_mysql), fails(sqlstate="57014"):
            gis.import_table(request)
    finally:
        gis.execute("DROP EVENT TRIGGER meddle; DROP FUNCTION public.meddle(), public.stop()")


def test_source_has_the_names(gis: Database, one_mysql: MySqlRemote) -> None:
    """Columns of the source that have a default column's name give way, with a NOTICE each."""
    request = make(
        one_mysql,
        "cartodb_id int NOT NULL UNIQUE, the_geom text, the_geom_webmercator text, source_the_geom text",
        "77, 'POINT(1 2)', 'mine', 'POINT(9 9)'",
    )
    gis.import_table(request)
    notices = [text for text in gis.notices if "belongs to a default column" in text]
    assert len(notices) == 3
    assert [name for name, _, _ in gis.columns("places")] == [
        "cartodb_id",
        "the_geom",
        "the_geom_webmercator",
        "id",
        "source_cartodb_id",
        "source_the_geom_1",
        "source_the_geom_webmercator",
        "source_the_geom",
    ]
    assert gis.rows("SELECT source_cartodb_id, source_the_geom_webmercator, cartodb_id FROM places") == [(77, "mine", 1)]
    assert places(gis) == [(1, "SRID=4326;POINT(1 2)", True)]


@pytest.fixture
def spatial_remote(postgres15: PostgresRemote) -> Iterator[PostgresRemote]:
    """A PostgreSQL that has PostGIS, which it has not for other tests."""
    postgres15.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    yield postgres15
    postgres15.execute("DROP TABLE IF EXISTS places", "DROP EXTENSION postgis")


def spatial(remote: PostgresRemote, columns: str, *rows: str) -> dict[str, object]:
    """A table `places` there."""
    remote.execute(
        f"DROP TABLE IF EXISTS places; CREATE TABLE places (id int PRIMARY KEY, {columns})",
        *(f"INSERT INTO places VALUES ({number}, {row})" for number, row in enumerate(rows, 1)),
    )
    return remote.connector(table="places", default_columns=True)


POINT_3857 = "ST_Transform(ST_SetSRID(ST_MakePoint(1, 2), 4326), 3857)"


def test_the_geom_of_the_source_is_used(gis: Database, spatial_remote: PostgresRemote) -> None:
    """As it is, with its own type: no second one is made."""
    gis.import_table(spatial(spatial_remote, "word text, the_geom geometry(Geometry, 4326) NOT NULL", "'a', 'SRID=4326;POINT(1 2)'"))
    assert gis.columns("places") == [
        ("cartodb_id", "bigint", True),
        ("the_geom", "gis.geometry(Geometry,4326)", True),
        ("the_geom_webmercator", "gis.geometry(Geometry,3857)", False),
        ("id", "integer", True),
        ("word", "text", False),
    ]
    assert places(gis) == [(1, "SRID=4326;POINT(1 2)", True)]
    assert not [text for text in gis.notices if "belongs to a default column" in text]
    assert indexes(gis) == ["btree (cartodb_id)", "btree (id)", "gist (the_geom)", "gist (the_geom_webmercator)"]


def test_both_geometries_of_the_source_are_used(gis: Database, spatial_remote: PostgresRemote) -> None:
    """the_geom_webmercator, too; what it holds is not computed again."""
    request = spatial(
        spatial_remote,
        "the_geom_webmercator geometry(Geometry, 3857), the_geom geometry(Geometry, 4326)",
        "'SRID=3857;POINT(7 7)', 'SRID=4326;POINT(1 2)'",
    )
    gis.import_table(request)
    assert [name for name, _, _ in gis.columns("places")] == ["cartodb_id", "the_geom", "the_geom_webmercator", "id"]
    assert gis.value("SELECT gis.ST_AsEWKT(the_geom_webmercator) FROM places") == "SRID=3857;POINT(7 7)"


@pytest.mark.parametrize("kind", ["geometry(Geometry, 3857)", "geometry"])
def test_the_geom_in_another_srid_gives_way(gis: Database, spatial_remote: PostgresRemote, kind: str) -> None:
    gis.import_table(spatial(spatial_remote, f"the_geom {kind}", POINT_3857))
    names = ["cartodb_id", "the_geom", "the_geom_webmercator", "id", "source_the_geom"]
    assert [name for name, _, _ in gis.columns("places")] == names
    assert gis.value("SELECT gis.ST_AsEWKT(the_geom, 6) FROM places") == "SRID=4326;POINT(1 2)"


def test_key_of_the_source_is_cartodb_id(gis: Database, one_mysql: MySqlRemote) -> None:
    one_mysql.drop("places")
    one_mysql.execute("CREATE TABLE places (cartodb_id int PRIMARY KEY, wkt text)", "INSERT INTO places VALUES (5, NULL)")
    gis.import_table(one_mysql.connector(table="places", default_columns=True))
    assert "btree (source_cartodb_id)" in indexes(gis)
    assert gis.rows("SELECT cartodb_id, source_cartodb_id FROM places") == [(1, 5)]


def test_overwrite(gis: Database, one_mysql: MySqlRemote) -> None:
    """The default columns of the old table are no columns that the source lacks: they are filled anew."""
    request = make(one_mysql, "wkt text", "'POINT(1 2)'", "'POINT(3 4)'")
    gis.import_table(request)
    one_mysql.execute("DELETE FROM places WHERE id = 2", "UPDATE places SET wkt = 'POINT(5 6)'")
    before = (gis.columns("places"), indexes(gis))
    with fails("can't be overwritten", detail='"cartodb_id" is not in the new data', number=2012):
        gis.import_table({**request, "default_columns": False}, collision_strategy="overwrite")
    result = gis.import_table(request, collision_strategy="overwrite")
    assert (result["table_name"], result["rows"]) == ("places", 1)
    assert (gis.columns("places"), indexes(gis)) == before
    assert places(gis) == [(1, "SRID=4326;POINT(5 6)", True)]
    assert gis.value("SELECT cartodb_id IS NOT NULL FROM places") is True


def test_without_postgis(db: Database, one_mysql: MySqlRemote) -> None:
    """cartodb_id alone; other columns keep their names."""
    db.import_table(make(one_mysql, "the_geom text, cartodb_id int", "'POINT(1 2)', 9"))
    assert db.columns("places") == [
        ("cartodb_id", "bigint", True),
        ("id", "integer", True),
        ("the_geom", "text", False),
        ("source_cartodb_id", "integer", False),
    ]
    assert indexes(db) == ["btree (cartodb_id)", "btree (id)"]
    assert db.rows("SELECT the_geom, cartodb_id FROM places") == [("POINT(1 2)", 1)]


def test_missing_postgis_is_told(db: Database, one_mysql: MySqlRemote) -> None:
    """Once, with what is not there because of it; not where nothing is missing."""

    def told(**keys: object) -> list[str]:
        db.import_table(make(one_mysql, "shape geometry, spot point", "NULL, NULL"), **keys)
        found = [text for text in db.notices if "PostGIS is not installed" in text]
        db.execute("DROP TABLE places")
        return found

    [both] = told()
    assert 'bytea (WKB): "shape", "spot".' in both and "only cartodb_id is added" in both
    assert "CREATE EXTENSION postgis" in both
    [geometry] = told(default_columns=False)
    assert '"shape", "spot"' in geometry and "cartodb_id" not in geometry
    assert told(default_columns=False, columns=["id"]) == []


def test_query_and_empty_table(gis: Database, one_mysql: MySqlRemote) -> None:
    request = make(one_mysql, "wkt text")
    assert gis.import_table(request)["rows"] == 0
    assert gis.columns("places")[:3] == DEFAULTS
    query = one_mysql.connector(sql_query="SELECT 1 AS id, 'POINT(1 2)' AS wkt", import_as="places", default_columns=True)
    gis.execute("DROP TABLE places")
    gis.import_table(query)
    assert places(gis) == [(1, "SRID=4326;POINT(1 2)", True)]


def test_plain_role_and_hostile_path(gis: Database, one_mysql: MySqlRemote) -> None:
    """Run by a role that owns nothing else, with its own idea of names in the search path."""
    role = gis.create_role("mapper")
    try:
        gis.execute(
            "GRANT USAGE ON SCHEMA gis TO mapper; ALTER ROLE mapper SET connector.allowed_hosts = '127.0.0.0/8'; "
            "ALTER ROLE mapper SET standard_conforming_strings = off; ALTER ROLE mapper SET search_path = public, gis"
        )
        role.import_table(make(one_mysql, "wkt text", "'POINT(1 2)'", "' {\"type\":\"Point\",\"coordinates\":[3,4]}'", "' '"))
        assert [row[:2] for row in places(gis)] == [(1, "SRID=4326;POINT(1 2)"), (2, "SRID=4326;POINT(3 4)"), (3, None)]
        assert gis.value("SELECT tableowner FROM pg_tables WHERE tablename = 'places'") == "mapper"
    finally:
        role.close()
        drop_tables(gis)
        gis.drop_role("mapper")


def test_extension_cartodb(gis: Database, one_mysql: MySqlRemote) -> None:
    """Where the extension cartodb is installed, its own function does it all."""
    gis.execute(
        "CREATE SCHEMA cartodb; CREATE FUNCTION cartodb.CDB_CartodbfyTable(owner text, what regclass) RETURNS regclass "
        "LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('ALTER TABLE %s ADD done_for text DEFAULT %L', what, owner); RETURN what; END $$; "
        "SET allow_system_table_mods = on; INSERT INTO pg_extension SELECT 999999, 'cartodb', extowner, 'cartodb'::regnamespace, "
        "false, '1' FROM pg_extension WHERE extname = 'plpgsql'"
    )
    try:
        gis.import_table(make(one_mysql, "wkt text COMMENT 'kept'", "'POINT(1 2)'"))
        assert [name for name, _, _ in gis.columns("places")] == ["id", "wkt", "done_for"]
        assert gis.rows("SELECT done_for FROM places") == [("public",)]
        assert gis.value("SELECT col_description('places'::regclass, 2)") == "kept"
    finally:
        gis.execute("DELETE FROM pg_extension WHERE extname = 'cartodb'; RESET allow_system_table_mods; DROP SCHEMA cartodb CASCADE")


@pytest.mark.parametrize("srid", [4326, 3857])
def test_dry_run(gis: Database, spatial_remote: PostgresRemote, srid: int) -> None:
    """Shows the columns that the import creates, in their order, and the key; those that are added have no remote name."""
    request = spatial(spatial_remote, f"cartodb_id int, word text NOT NULL, the_geom geometry(Point, {srid})", "7, 'a', NULL")
    told = gis.dry_run(request)
    assert 'column "cartodb_id" of the source is named "source_cartodb_id"' in "".join(gis.notices)
    assert told["primary_key"] == ["cartodb_id"] and told["rows"][0]["source_cartodb_id"] == "7"
    added = [column["name"] for column in told["columns"] if column["remote_name"] is None]
    assert added == ["cartodb_id", *(["the_geom"] if srid != 4326 else []), "the_geom_webmercator"]
    gis.import_table(request)
    created = [(name, kind) for name, kind, _ in gis.columns("places")]
    assert [(column["name"], column["type"]) for column in told["columns"]] == created
    assert told["columns"][0]["not_null"] is True
