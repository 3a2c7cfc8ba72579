"""What the driver tells of a table's defaults, indexes and foreign keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from harness.sources import Read, parts_of, with_words
from harness.thorough import VERSIONS_OF_MYSQL, by_turns

from servers.remote_mysql import MySqlRemote

pytestmark = by_turns("mysql", VERSIONS_OF_MYSQL)


@pytest.fixture
def tables(mysql: MySqlRemote) -> Iterator[list[str]]:
    """Names of tables of the test; they are dropped from behind before and after it."""
    names = ["up", "upper", "t", "T", "v"]
    mysql.execute("DROP VIEW IF EXISTS v", *(f"DROP TABLE IF EXISTS {mysql.quote(name)}" for name in reversed(names)))
    yield names
    mysql.execute("DROP VIEW IF EXISTS v", *(f"DROP TABLE IF EXISTS {mysql.quote(name)}" for name in reversed(names)))


@pytest.mark.usefixtures("tables")
def test_constants(mysql: MySqlRemote, read: Read) -> None:
    columns = {
        "a": ("int DEFAULT 5", "5"),
        "b": ("decimal(8,2) DEFAULT -1.50", "-1.50"),
        "c": (r"""varchar(30) DEFAULT 'it''s \\ "q" \n é'""", "it's \\ \"q\" \n é"),
        "d": ("varchar(30) DEFAULT 'CURRENT_TIMESTAMP'", "CURRENT_TIMESTAMP"),
        "e": ("varchar(30) DEFAULT 'NULL'", "NULL"),
        "f": ("varchar(30) DEFAULT ''", ""),
        "g": ("bit(1) DEFAULT b'1'", "true"),
        "h": ("bit(10) DEFAULT b'101'", "0000000101"),
        "i": ("bit(64) DEFAULT 18446744073709551615", "1" * 64),
        "j": ("enum('x','y') DEFAULT 'y'", "y"),
        "k": ("set('p','q') DEFAULT 'p,q'", "p,q"),
        "l": ("year DEFAULT 2020", "2020"),
        "m": ("date DEFAULT '2020-01-02'", "2020-01-02"),
        "n": ("datetime(3) DEFAULT '2020-01-02 03:04:05.678'", "2020-01-02 03:04:05.678"),
        "o": ("timestamp NULL DEFAULT '2020-01-02 03:04:05'", "2020-01-02 03:04:05+00"),
        "p": ("time DEFAULT '10:11:12'", "10:11:12"),
        "q": ("double DEFAULT -1e-20", "-1e-20"),
        "r": ("char(3) CHARACTER SET latin1 DEFAULT 'é'", "é"),
        "s": ("binary(2) DEFAULT 'ab'", "\\x6162"),
        "t": ("varchar(40) DEFAULT '); DROP TABLE x; -- '", "); DROP TABLE x; -- "),
    }
    definition = ", ".join(f"{name} {kind}" for name, (kind, _) in columns.items())
    mysql.execute("SET time_zone = '+00:00'", f"CREATE TABLE t ({definition}) CHARACTER SET utf8mb4")
    found = parts_of(read, mysql, "t")["defaults"]
    expected = {name: ["constant", value] for name, (_, value) in columns.items()}
    if mysql.kind == "mysql9":  # it shows what the session that made the table wrote, in a time zone that it does not tell
        expected["o"] = ["other", "2020-01-02 03:04:05"]
    assert found == expected


@pytest.mark.usefixtures("tables")
def test_expressions(mysql: MySqlRemote, read: Read) -> None:
    now, utc, other = ["current_time", ""], ["current_utc_time", ""], "other"
    columns: dict[str, tuple[str, object]] = {
        "id": ("int AUTO_INCREMENT PRIMARY KEY", [other, "AUTO_INCREMENT"]),
        "a": ("datetime DEFAULT CURRENT_TIMESTAMP", now),
        "b": ("timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)", now),
        "c": ("int", None),
        "d": ("int NOT NULL", None),
        "e": ("varchar(9) DEFAULT NULL", None),
    }
    if mysql.kind != "mysql56":
        columns |= {
            "f": ("varchar(40) DEFAULT (uuid())", ["random_uuid", ""]),
            "g": ("varchar(40) DEFAULT ('x''y')", ["constant", "x'y"]),
            # MySQL does not tell whether a backslash was an escape where the table was made.
            "h": (r"text DEFAULT ('a\\b')", other if mysql.kind == "mysql9" else ["constant", "a\\b"]),
            "i": ("date DEFAULT (curdate())", now),
            "j": ("time DEFAULT (curtime())", now),
            "k": ("datetime(6) DEFAULT (utc_timestamp(6))", utc),
            "l": ("int DEFAULT (1 + 1)", [other, "(1 + 1)"]),
            "m": ("blob DEFAULT (0x0102)", ["constant", "\\x0102"]),
            "n": ("json DEFAULT ('{}')", ["constant", "{}"]),
            "o": ("json DEFAULT (json_object())", [other, "json_object()"]),
            "p": ("varchar(9) DEFAULT (concat('a', 'b'))", other),
            "q": ("int GENERATED ALWAYS AS (c + 1) STORED", None),
            "r": ("int GENERATED ALWAYS AS (c + 1) VIRTUAL", None),
        }
    if mysql.kind == "mariadb":
        columns["s"] = ("uuid DEFAULT uuid()", ["random_uuid", ""])
    mysql.execute("CREATE TABLE t (" + ", ".join(f"{name} {kind}" for name, (kind, _) in columns.items()) + ")")
    found = parts_of(read, mysql, "t")["defaults"]
    for name, (kind, expected) in columns.items():
        if expected == other:
            assert found[name][0] == other, kind
        else:
            assert found.get(name) == expected, kind


@pytest.mark.usefixtures("tables")
def test_bytes_that_the_catalog_does_not_tell(mysql: MySqlRemote, read: Read) -> None:
    """A server that cuts such a default, or puts question marks into it, must not be believed."""
    mysql.execute("CREATE TABLE t (a varbinary(8) DEFAULT 0x00ff41, b varbinary(8) DEFAULT 0x610062)")
    found = parts_of(read, mysql, "t")["defaults"]
    assert found["a"][0] == "other"
    assert found["b"] == ["constant", "\\x610062"] if mysql.kind == "mariadb" else found["b"][0] == "other"


@pytest.mark.usefixtures("tables")
def test_indexes(mysql: MySqlRemote, read: Read) -> None:
    more = {
        "mariadb": ", UNIQUE long_text (d), INDEX unused (b) IGNORED",
        "mysql9": ", INDEX sum ((a + b)), INDEX unused (b) INVISIBLE",
    }.get(mysql.kind, "")
    engine = "MyISAM" if mysql.kind == "mysql56" else "InnoDB"  # it has spatial and full-text indexes in all versions
    mysql.execute(
        "CREATE TABLE t (id int PRIMARY KEY, a int, b int, c varchar(20), d text, e point NOT NULL, INDEX `i;' DROP -- é` (a), "
        f"UNIQUE two (b, a), INDEX begin (c(5), a), FULLTEXT words (d), SPATIAL INDEX places (e), INDEX down (a DESC){more}) "
        f"ENGINE = {engine}"
    )
    expected: dict[str, dict[str, Any]] = {
        "i;' DROP -- é": {"columns": ["a"]},
        "two": {"unique": True, "columns": ["b", "a"]},
        "begin": {"columns": ["c", "a"], "left_out": 'it covers only the beginning of column "c"'},
        "words": {"columns": ["d"], "left_out": "it is a full-text index"},
        "places": {"method": "gist", "columns": ["e"]},
        "down": {"columns": ["a" if mysql.kind == "mysql56" else "a desc"]},
    }
    if mysql.kind == "mariadb":
        expected["long_text"] = {"unique": True, "columns": ["d"]}
    if mysql.kind == "mysql9":
        expected["sum"] = {"columns": [""], "left_out": "it is on an expression"}
    if mysql.kind != "mysql56":
        expected["unused"] = {"columns": ["b"]}
    assert with_words(parts_of(read, mysql, "t")["indexes"]) == expected


@pytest.mark.usefixtures("tables")
def test_hash_indexes(mysql: MySqlRemote, read: Read) -> None:
    """One column that is not unique can have one here, too."""
    mysql.execute("CREATE TABLE t (a int, b int, INDEX one (a), INDEX two (a, b), UNIQUE three (b)) ENGINE = MEMORY")
    assert with_words(parts_of(read, mysql, "t")["indexes"]) == {
        "one": {"method": "hash", "columns": ["a"]},
        "two": {"columns": ["a", "b"]},
        "three": {"unique": True, "columns": ["b"]},
    }


@pytest.mark.usefixtures("tables")
def test_foreign_keys(mysql: MySqlRemote, read: Read) -> None:
    """Of this table, and not of one whose name differs in case; each action; another database."""
    mysql.execute(
        "DROP DATABASE IF EXISTS elsewhere",
        "CREATE DATABASE elsewhere",
        "CREATE TABLE elsewhere.far (id int PRIMARY KEY)",
        "CREATE TABLE up (a int, b int, PRIMARY KEY (a, b), INDEX (b))",
        "CREATE TABLE t (id int PRIMARY KEY, x int, y int, up int, CONSTRAINT two FOREIGN KEY (x, y) REFERENCES up (a, b) "
        "ON DELETE CASCADE ON UPDATE RESTRICT, CONSTRAINT itself FOREIGN KEY (up) REFERENCES t (id) ON DELETE SET NULL, "
        "CONSTRAINT away FOREIGN KEY (x) REFERENCES elsewhere.far (id))",
        "CREATE TABLE T (id int PRIMARY KEY, x int, CONSTRAINT of_the_other FOREIGN KEY (x) REFERENCES T (id))",
    )
    try:
        found = with_words(parts_of(read, mysql, "t")["foreign_keys"])
        actions = {"on_delete": "no_action", "on_update": "no_action"}
        assert found == {
            "two": {**actions, "columns": ["x", "y"], "table": "up", "referenced": ["a", "b"], "on_delete": "cascade"},
            "itself": {**actions, "columns": ["up"], "table": "t", "referenced": ["id"], "on_delete": "set_null"},
            "away": {**actions, "columns": ["x"], "schema": "elsewhere", "table": "far", "referenced": ["id"]},
        }
        assert list(with_words(parts_of(read, mysql, "T")["foreign_keys"])) == ["of_the_other"]
    finally:
        mysql.execute("DROP TABLE t, T", "DROP DATABASE elsewhere")


@pytest.mark.usefixtures("tables")
def test_only_what_was_asked_for(mysql: MySqlRemote, read: Read) -> None:
    mysql.execute("CREATE TABLE t (id int PRIMARY KEY DEFAULT 1, a int, UNIQUE u (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES t (id))")
    nothing: dict[str, Any] = {"defaults": {}, "indexes": [], "foreign_keys": []}
    assert parts_of(read, mysql, "t", keep=[]) == nothing
    assert parts_of(read, mysql, "t", keep=["defaults"]) == {**nothing, "defaults": {"id": ["constant", "1"]}}
    assert list(with_words(parts_of(read, mysql, "t", keep=["indexes"])["indexes"])) == ["u"]
    assert list(with_words(parts_of(read, mysql, "t", keep=["foreign_keys"])["foreign_keys"])) == ["f"]


@pytest.mark.usefixtures("tables")
def test_a_view_has_none(mysql: MySqlRemote, read: Read) -> None:
    mysql.execute("CREATE TABLE t (id int PRIMARY KEY DEFAULT 1)", "CREATE VIEW v AS SELECT id FROM t")
    assert parts_of(read, mysql, "v") == {"defaults": {}, "indexes": [], "foreign_keys": []}


@pytest.mark.usefixtures("tables")
def test_names_as_they_were_asked_for(mysql: MySqlRemote, read: Read) -> None:
    """Columns know no case there: an index names them as the request does."""
    mysql.execute("CREATE TABLE t (Id int PRIMARY KEY, Other int DEFAULT 3, INDEX i (Other, Id))")
    found = parts_of(read, mysql, "t", columns=["id", "OTHER"])
    assert found["defaults"] == {"OTHER": ["constant", "3"]}
    assert with_words(found["indexes"]) == {"i": {"columns": ["OTHER", "id"]}}


@pytest.mark.usefixtures("tables")
def test_an_account_that_may_only_read(mysql: MySqlRemote, read: Read) -> None:
    """It does not see all in information_schema. Of one that may read some columns only, less."""
    mysql.execute(
        "CREATE TABLE up (id int PRIMARY KEY)",
        "CREATE TABLE t (id int PRIMARY KEY, `x)` int DEFAULT 4, INDEX i (`x)`), "
        "CONSTRAINT `on ``update` FOREIGN KEY (`x)`) REFERENCES up (id) ON DELETE CASCADE ON UPDATE SET NULL)",
    )
    if mysql.kind == "mysql56":
        mysql.server.sql("GRANT SELECT ON *.* TO 'onlooker'@'%' IDENTIFIED BY 'see'")
    else:
        mysql.server.create_user("onlooker", "see", grant="SELECT")
    as_onlooker = mysql.connection(username="onlooker", password="see")
    found = parts_of(read, mysql, "t", connection=as_onlooker)
    key = {"columns": ["x)"], "table": "up", "referenced": ["id"], "on_delete": "cascade", "on_update": "set_null"}
    assert with_words(found["foreign_keys"]) == {"on `update": key}
    assert found["defaults"] == {"x)": ["constant", "4"]} and list(with_words(found["indexes"])) == ["i"]
    mysql.server.sql("REVOKE ALL, GRANT OPTION FROM onlooker@'%'", "GRANT SELECT (id, `x)`) ON t TO onlooker@'%'")
    for seen in parts_of(read, mysql, "t", connection=as_onlooker)["foreign_keys"]:
        assert "can't see" in seen["left_out"] or (seen["on_delete"], seen["on_update"]) == ("cascade", "set_null"), seen
