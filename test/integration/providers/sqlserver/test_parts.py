"""What the driver tells of a table's defaults, indexes and foreign keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from harness.sources import Read, parts_of, with_words

from servers.remote_sqlserver import SqlServerRemote


@pytest.fixture(autouse=True)
def tables(sqlserver: SqlServerRemote) -> Iterator[None]:
    """Tables of the test are dropped before and after it."""
    if sqlserver.is_babelfish:
        pytest.skip("Babelfish has words of its own for defaults and names of indexes; test_keep.py runs there")
    drop = "DROP TABLE IF EXISTS parts, parts_up"
    sqlserver.execute(drop)
    yield
    sqlserver.execute(drop)


def test_defaults(sqlserver: SqlServerRemote, read: Read) -> None:
    now, utc = ["current_time", ""], ["current_utc_time", ""]
    columns: dict[str, tuple[str, list[str] | None]] = {
        "id": ("int IDENTITY", ["other", "IDENTITY"]),
        "a": ("int DEFAULT 0", ["constant", "0"]),
        "b": ("decimal(8,2) DEFAULT -1.5", ["constant", "-1.5"]),
        "c": ("varchar(30) DEFAULT 'it''s'", ["constant", "it's"]),
        "d": ("nvarchar(30) DEFAULT N'é); DROP TABLE x; --'", ["constant", "é); DROP TABLE x; --"]),
        "e": ("bit DEFAULT 1", ["constant", "true"]),
        "f": ("varbinary(8) DEFAULT 0x00ff", ["constant", "\\x00ff"]),
        "g": ("datetime DEFAULT getdate()", now),
        "h": ("datetime2 DEFAULT sysutcdatetime()", utc),
        "i": ("uniqueidentifier DEFAULT newid()", ["random_uuid", ""]),
        "j": ("int", None),
        "k": ("int DEFAULT NULL", None),
        "l": ("date DEFAULT '2020-01-02'", ["constant", "2020-01-02"]),
    }
    sqlserver.execute("CREATE TABLE parts (" + ", ".join(f"{name} {kind}" for name, (kind, _) in columns.items()) + ")")
    found = parts_of(read, sqlserver, "parts")["defaults"]
    assert found == {name: expected for name, (_, expected) in columns.items() if expected is not None}


def test_indexes(sqlserver: SqlServerRemote, read: Read) -> None:
    sqlserver.execute(
        "CREATE TABLE parts (id int PRIMARY KEY, a int, b int, c varchar(20), CONSTRAINT one UNIQUE (b))",
        "CREATE INDEX [i] ON parts (a DESC, b) INCLUDE (c)",
        "CREATE UNIQUE INDEX two ON parts (a, c)",
        "CREATE INDEX partial ON parts (c) WHERE c IS NOT NULL",
        "CREATE INDEX [x]]; DROP TABLE y -- é] ON parts (c)",
    )
    assert with_words(parts_of(read, sqlserver, "parts")["indexes"]) == {
        "one": {"unique": True, "nulls_equal": True, "columns": ["b"]},
        "i": {"columns": ["a desc", "b"], "included": ["c"]},
        "two": {"unique": True, "nulls_equal": True, "columns": ["a", "c"]},
        "partial": {"columns": ["c"], "left_out": "it is on some of the rows only"},
        "x]; DROP TABLE y -- é": {"columns": ["c"]},
    }


def test_foreign_keys(sqlserver: SqlServerRemote, read: Read) -> None:
    sqlserver.execute(
        "CREATE TABLE parts_up (a int, b int, CONSTRAINT up_key PRIMARY KEY (a, b))",
        "CREATE TABLE parts (id int PRIMARY KEY, x int, y int, CONSTRAINT two FOREIGN KEY (x, y) "
        "REFERENCES parts_up (a, b) ON DELETE CASCADE ON UPDATE SET NULL)",
    )
    found = parts_of(read, sqlserver, "parts")
    assert with_words(found["foreign_keys"]) == {
        "two": {
            **{"columns": ["x", "y"], "table": "parts_up", "referenced": ["a", "b"]},
            **{"on_delete": "cascade", "on_update": "set_null"},
        }
    }


def test_only_what_was_asked_for(sqlserver: SqlServerRemote, read: Read) -> None:
    sqlserver.execute("CREATE TABLE parts (id int PRIMARY KEY, a int DEFAULT 3)", "CREATE INDEX i ON parts (a)")
    nothing: dict[str, Any] = {"defaults": {}, "indexes": [], "foreign_keys": []}
    assert parts_of(read, sqlserver, "parts", keep=[]) == nothing
    assert parts_of(read, sqlserver, "parts", keep=["defaults"]) == {**nothing, "defaults": {"a": ["constant", "3"]}}
    assert list(with_words(parts_of(read, sqlserver, "parts", keep=["indexes"])["indexes"])) == ["i"]
    assert parts_of(read, sqlserver, "parts", keep=["foreign_keys"]) == nothing
