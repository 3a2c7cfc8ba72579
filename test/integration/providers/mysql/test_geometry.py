"""Geometry: with PostGIS as geometry with its SRID, without as WKB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import drop_tables
from harness.traces import nothing_left_behind

from servers.remote_mysql import MySqlRemote

# Column type, WKT that all three servers read.
SHAPES = (
    ("point", "POINT(1 -2.5)"),
    ("point", "POINT(0 0)"),
    ("point", "POINT(1e300 -1e-300)"),
    ("point", "POINT(0.1 0.3333333333333333)"),
    ("linestring", "LINESTRING(0 0,1 1,2 4)"),
    ("polygon", "POLYGON((0 0,10 0,10 10,0 10,0 0))"),
    ("polygon", "POLYGON((0 0,10 0,10 10,0 10,0 0),(2 2,2 4,4 4,4 2,2 2),(6 6,6 7,7 7,7 6,6 6))"),
    ("multipoint", "MULTIPOINT(1 2,3 4)"),
    ("multilinestring", "MULTILINESTRING((0 0,1 1),(2 2,3 3,4 4))"),
    ("multipolygon", "MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0),(1 1,1 2,2 2,2 1,1 1)),((5 5,6 5,6 6,5 5)))"),
    ("geometrycollection", "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))"),
)
NESTED = (  # as constructors: only MySQL 9 reads nested ones as WKT
    "GeometryCollection(Point(1, 2), GeometryCollection(Point(3, 4), GeometryCollection(Point(7, 8)), "
    "Polygon(LineString(Point(0, 0), Point(1, 0), Point(1, 1), Point(0, 0)))), MultiPoint(Point(5, 6), Point(7, 8)))"
)
KINDS = sorted({kind for kind, _ in SHAPES})
SRIDS = (0, 4326, 3857)


@pytest.fixture(autouse=True)
def tidy_both(tidy: None, gis: Database) -> Iterator[None]:
    yield
    drop_tables(gis)


def long_lat(remote: MySqlRemote) -> str:
    """MySQL 8 and 9 print latitude first where the reference system says so, and store longitude first."""
    return ", 'axis-order=long-lat'" if remote.kind == "mysql9" else ""


def from_text(remote: MySqlRemote, wkt: str, srid: int) -> str:
    return f"ST_GeomFromText('{wkt}', {srid}{long_lat(remote)})"


def insert(remote: MySqlRemote, table: str, column: str, wkt: str, srid: int) -> str:
    return f"INSERT INTO {table} ({column}) VALUES ({from_text(remote, wkt, srid)})"


def printed(remote: MySqlRemote, table: str, column: str) -> list[tuple[Any, ...]]:
    """WKT, SRID and WKB as the server prints them."""
    order = long_lat(remote)
    return remote.rows(
        f"SELECT ST_AsText({column}{order}), ST_SRID({column}), HEX(ST_AsBinary({column}{order})) FROM {table} "
        f"WHERE {column} IS NOT NULL ORDER BY id"
    )


@pytest.fixture
def shapes(mysql: MySqlRemote) -> Iterator[str]:
    """A table on the remote with a column per kind of geometry, each shape in each SRID, and NULL in the rest."""
    table = "shapes"
    mysql.drop(table)
    columns = ", ".join(f"a_{kind} {kind}" for kind in KINDS)
    rows = [(f"a_{kind}", wkt) for kind, wkt in SHAPES] + [("any_kind", wkt) for _, wkt in SHAPES]
    mysql.execute(
        f"CREATE TABLE {table} (id int PRIMARY KEY AUTO_INCREMENT, any_kind geometry, {columns})",
        *(
            insert(mysql, table, column, wkt, srid)
            for srid in SRIDS
            for column, wkt in rows
            if not (srid == 4326 and "e300" in wkt)  # MySQL 9 checks degrees
        ),
        f"INSERT INTO {table} (any_kind) VALUES ({NESTED}), (NULL)",
    )
    yield table
    mysql.drop(table)


def test_with_postgis(gis: Database, mysql: MySqlRemote, shapes: str) -> None:
    table = f"shapes_{mysql.kind}"
    result = gis.import_table(mysql.connector(table=shapes, import_as=table))
    assert (result["skipped_columns"], result["warnings"]) == ([], None)
    for column in ("any_kind", *(f"a_{kind}" for kind in KINDS)):
        assert [kind for name, kind, _ in gis.columns(table) if name == column] == ["gis.geometry"]
        there = printed(mysql, shapes, column)
        here = gis.rows(
            f"SELECT gis.ST_AsEWKT({column}), gis.ST_SRID({column}), upper(encode(gis.ST_AsBinary({column}), 'hex')) "
            f"FROM {table} WHERE {column} IS NOT NULL ORDER BY id"
        )
        assert [row[1:] for row in here] == [row[1:] for row in there]
        for (wkt, srid, _), (ewkt, _, _) in zip(there, here):
            assert ewkt == gis.value("SELECT gis.ST_AsEWKT(gis.ST_GeomFromText(%s, %s))", wkt, srid)
    stored = gis.rows(f"SELECT gis.ST_SRID(any_kind), count(*) FROM {table} WHERE any_kind IS NOT NULL GROUP BY 1 ORDER BY 1")
    assert stored == [(0, len(SHAPES) + 1), (3857, len(SHAPES)), (4326, len(SHAPES) - 1)]


def test_without_postgis(db: Database, mysql: MySqlRemote, shapes: str) -> None:
    table = f"shapes_{mysql.kind}"
    db.import_table(mysql.connector(table=shapes, import_as=table))
    for column in ("any_kind", *(f"a_{kind}" for kind in KINDS)):
        assert [kind for name, kind, _ in db.columns(table) if name == column] == ["bytea"]
        there = [wkb for _, _, wkb in printed(mysql, shapes, column)]
        assert len(there) >= len(SRIDS)
        here = db.rows(f"SELECT upper(encode({column}, 'hex')) FROM {table} WHERE {column} IS NOT NULL ORDER BY id")
        assert [value for (value,) in here] == there


def test_query_with_postgis(gis: Database, mysql: MySqlRemote, shapes: str) -> None:
    """From a query, through a function's result, and as WKB that the server made."""
    table = f"shapes_query_{mysql.kind}"
    point = from_text(mysql, "POINT(3 4)", 3857)
    query = f"SELECT {point} AS made, a_point, ST_AsBinary(a_point) AS wkb FROM {shapes} WHERE a_point IS NOT NULL"
    gis.import_table(mysql.connector(sql_query=query, import_as=table))
    assert [kind for _, kind, _ in gis.columns(table)] == ["gis.geometry", "gis.geometry", "bytea"]
    assert gis.rows(f"SELECT DISTINCT gis.ST_AsEWKT(made) FROM {table}") == [("SRID=3857;POINT(3 4)",)]
    there = sorted(wkb for _, _, wkb in printed(mysql, shapes, "a_point"))
    here = gis.rows(f"SELECT upper(encode(gis.ST_AsBinary(a_point), 'hex')) FROM {table} ORDER BY 1")
    assert [value for (value,) in here] == there


def test_axis_order_of_mysql_9(gis: Database, mysql9: MySqlRemote) -> None:
    """WKT of 4326 has latitude first in MySQL 9; x of PostGIS is the longitude."""
    mysql9.drop("axis")
    mysql9.execute(
        "CREATE TABLE axis (id int PRIMARY KEY AUTO_INCREMENT, p point NOT NULL SRID 4326)",
        "INSERT INTO axis (p) VALUES (ST_GeomFromText('POINT(1 2)', 4326)), (ST_SRID(POINT(2, 1), 4326))",
    )
    assert mysql9.rows("SELECT ST_Latitude(p), ST_Longitude(p) FROM axis") == [(1.0, 2.0), (1.0, 2.0)]
    gis.import_table(mysql9.connector(table="axis", import_as="axis_mysql9"))
    # A column that promises one SRID promises it here, too.
    assert gis.columns("axis_mysql9")[1][1:] == ("gis.geometry(Geometry,4326)", True)
    assert gis.rows("SELECT gis.ST_AsEWKT(p), gis.ST_Y(p) AS latitude FROM axis_mysql9") == [("SRID=4326;POINT(2 1)", 1.0)] * 2
    mysql9.drop("axis")


@pytest.mark.parametrize("mysql", ["mariadb", "mysql56"], indirect=True)
def test_axis_order_elsewhere(gis: Database, mysql: MySqlRemote) -> None:
    """MariaDB and old MySQL have no axes: x stays x."""
    mysql.drop("axis")
    mysql.execute("CREATE TABLE axis (p point NOT NULL)", "INSERT INTO axis VALUES (ST_GeomFromText('POINT(1 2)', 4326))")
    gis.import_table(mysql.connector(table="axis", import_as=f"axis_{mysql.kind}"))
    assert gis.rows(f"SELECT gis.ST_AsEWKT(p), gis.ST_X(p) FROM axis_{mysql.kind}") == [("SRID=4326;POINT(1 2)", 1.0)]
    mysql.drop("axis")


@pytest.mark.parametrize("mysql", ["mariadb", "mysql9"], indirect=True)
def test_empty_collection(gis: Database, db: Database, mysql: MySqlRemote) -> None:
    mysql.drop("nothing")
    mysql.execute(
        "CREATE TABLE nothing (g geometry)",
        "INSERT INTO nothing VALUES (ST_GeomFromText('GEOMETRYCOLLECTION EMPTY', 3857))",
    )
    [(wkb,)] = mysql.rows("SELECT HEX(ST_AsBinary(g)) FROM nothing")
    table = f"nothing_{mysql.kind}"
    for database in (gis, db):
        database.import_table(mysql.connector(table="nothing", import_as=table))
    assert gis.value(f"SELECT gis.ST_AsEWKT(g) FROM {table}") == "SRID=3857;GEOMETRYCOLLECTION EMPTY"
    assert db.value(f"SELECT upper(encode(g, 'hex')) FROM {table}") == wkb
    mysql.drop("nothing")


def test_srid_beyond_postgis(gis: Database, db: Database, mariadb: MySqlRemote) -> None:
    """MariaDB takes any SRID, PostGIS up to 999999 and replaces others: an error, or NULL and counted; WKB has none."""
    mariadb.drop("far")
    mariadb.execute(
        "CREATE TABLE far (id int PRIMARY KEY, p point)",
        "INSERT INTO far VALUES (1, ST_GeomFromText('POINT(1 2)', 999999)), (2, ST_GeomFromText('POINT(3 4)', 1000000)), "
        "(3, ST_GeomFromText('POINT(5 6)', 4294967295))",
    )
    request = mariadb.connector(table="far")
    with nothing_left_behind(gis, mariadb), fails('column "p", row 2: SRID 1000000', sqlstate="22000", number=2001):
        gis.import_table(request)
    result = gis.import_table(request, invalid_values="null")
    assert result["warnings"] == {"invalid_values": {"p": 2}}
    assert gis.rows("SELECT gis.ST_AsEWKT(p) FROM far ORDER BY id") == [("SRID=999999;POINT(1 2)",), (None,), (None,)]
    db.import_table(request)
    [*there] = mariadb.rows("SELECT HEX(ST_AsBinary(p)) FROM far ORDER BY id")
    assert db.rows("SELECT upper(encode(p, 'hex')) FROM far ORDER BY id") == there
    mariadb.drop("far")


def test_geometry_as_another_type(gis: Database, mysql: MySqlRemote, shapes: str) -> None:
    """`columns` may ask for a stricter geometry, into which SRID 0 fits, or for text."""
    table = f"shapes_as_{mysql.kind}"
    request = mysql.connector(
        sql_query=f"SELECT a_point FROM {shapes} WHERE a_point IS NOT NULL ORDER BY id", import_as=table
    )
    strict = {"a_point": "gis.geometry(Point,4326)"}
    srids = [srid for _, srid, _ in printed(mysql, shapes, "a_point")]
    with fails(f'column "a_point", row {srids.index(3857) + 1}: .*SRID', sqlstate="22000", number=2001):
        gis.import_table(request, columns=strict)
    result = gis.import_table(request, columns=strict, invalid_values="null")
    assert result["warnings"] == {"invalid_values": {"a_point": srids.count(3857)}}
    assert gis.columns(table) == [("a_point", "gis.geometry(Point,4326)", False)]
    assert gis.value(f"SELECT count(a_point) FROM {table}") == len(srids) - srids.count(3857)
    gis.execute(f"DROP TABLE {table}")
    gis.import_table(request, columns={"a_point": "text"})
    assert gis.value(f"SELECT count(a_point::gis.geometry) FROM {table}") == len(srids)
