"""cdb_foreign_table() makes the foreign table that shows what an import of the same request would copy."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.foreign import create_server

from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote


@pytest.fixture
def shop(db: Database, tidy: None, mariadb: MySqlRemote) -> Iterator[Database]:
    """A server, and a table `Wild Goods` behind it."""
    create_server(db, mariadb, "shop")
    mariadb.execute(
        "DROP TABLE IF EXISTS `Wild Goods`",
        "CREATE TABLE `Wild Goods` (`Id` int NOT NULL PRIMARY KEY COMMENT 'number', `Größe` varchar(10) NOT NULL, born date NOT NULL, "
        "yes tinyint(1), late time) COMMENT 'what there is' CHARACTER SET utf8mb4",
        "INSERT INTO `Wild Goods` VALUES (1, 'groß', '2020-02-29', 1, '25:00:00'), (2, 'klein', '0000-00-00', 0, '01:00:00')",
    )
    yield db
    mariadb.execute("DROP TABLE `Wild Goods`")
    db.execute("DROP SERVER shop CASCADE")


def make(db: Database, **keys: object) -> str:
    return str(db.value("SELECT cdb_foreign_table(%s)", json.dumps({"connection": "shop", **keys})))


def options(db: Database, table: str) -> dict[str, str]:
    return dict(db.rows("SELECT option_name, option_value FROM pg_foreign_table, LATERAL pg_options_to_table(ftoptions) WHERE ftrelid = %s::regclass", table))


def test_a_table(shop: Database, mariadb: MySqlRemote) -> None:
    """Names, types, NOT NULL and comments are those of an import; values that may be NULL here are no reason for NOT NULL."""
    assert make(shop, table="Wild Goods") == "wild_goods"
    assert any("columns have other names locally" in notice for notice in shop.notices)
    shop.import_table(mariadb.connector(table="Wild Goods", import_as="copy", columns=["Id", "Größe", "born", "yes"]))
    live = shop.columns("wild_goods")
    assert [column[:2] for column in live[:4]] == [column[:2] for column in shop.columns("copy")]
    assert live[4][:2] == ("late", "time(0) without time zone")
    assert [not_null for *_, not_null in live] == [True, True, False, False, False]
    assert shop.value("SELECT obj_description('wild_goods'::regclass)") == "what there is"
    assert shop.value("SELECT col_description('wild_goods'::regclass, 1)") == "number"
    assert options(shop, "wild_goods") == {"table_name": "Wild Goods"}
    names = ", ".join(f'"{name}"' for name, *_ in live[:4])
    assert shop.rows(f"SELECT {names} FROM wild_goods ORDER BY 1") == shop.rows("TABLE copy ORDER BY 1")


def test_columns_with_types(shop: Database) -> None:
    """As an import with the same `columns`: an interval holds what a time does not."""
    make(shop, table="Wild Goods", columns={"late": "interval", "Id": None, "Größe": "text"}, import_as="picked")
    assert [column[:2] for column in shop.columns("picked")] == [("late", "interval"), ("id", "integer"), (shop.columns("picked")[2][0], "text")]
    assert [str(late) for (late,) in shop.rows("SELECT late FROM picked ORDER BY id")] == ["1 day, 1:00:00", "1:00:00"]


def test_options_are_kept(shop: Database, mariadb: MySqlRemote) -> None:
    schema = mariadb.connection()["database"]
    make(shop, table="Wild Goods", schema=schema, import_as="all options", column_names="verbatim", tinyint1="boolean", zero_dates="error", invalid_values="null", encoding="latin1")
    assert options(shop, "all_options") == {
        "table_name": "Wild Goods", "schema_name": schema, "tinyint1": "boolean", "zero_dates": "error", "invalid_values": "null", "encoding": "LATIN1"
    }  # fmt: skip
    assert ("yes", "boolean", False) in shop.columns("all_options")


def test_a_query(shop: Database) -> None:
    make(shop, sql_query="SELECT 1 + 1 AS `the sum`, 'x' AS x;", import_as="sums")
    assert shop.rows("SELECT the_sum, x FROM sums WHERE the_sum = 2") == [(2, "x")]
    assert options(shop, "sums") == {"query": "SELECT 1 + 1 AS `the sum`, 'x' AS x"}


def test_sources_of_local_tables(shop: Database) -> None:
    """What reads a foreign table: CREATE TABLE AS, INSERT … SELECT, a materialized view and its refresh."""
    make(shop, table="Wild Goods", columns=["Id"])
    shop.execute("CREATE TABLE one AS SELECT * FROM wild_goods; INSERT INTO one SELECT * FROM wild_goods")
    shop.execute("CREATE MATERIALIZED VIEW two AS SELECT * FROM wild_goods; REFRESH MATERIALIZED VIEW two")
    assert shop.value("SELECT (SELECT count(*) FROM one) + (SELECT count(*) FROM two)") == 6


def test_collisions(shop: Database) -> None:
    shop.execute("CREATE TABLE wild_goods (mine int)")
    assert make(shop, table="Wild Goods") == "wild_goods_1"
    assert make(shop, table="Wild Goods", collision_strategy="skip") == "wild_goods"
    assert any('relation "wild_goods" already exists, skipping' in notice for notice in shop.notices)
    with fails('relation "wild_goods" already exists', number=1014):
        make(shop, table="Wild Goods", collision_strategy="error")
    with fails('relation "wild_goods" can\'t be replaced', number=1014, detail="Only a foreign table of the wrapper connector"):
        make(shop, table="Wild Goods", collision_strategy="overwrite")
    before = shop.value("SELECT 'wild_goods_1'::regclass::oid")
    assert make(shop, table="Wild Goods", import_as="wild_goods_1", columns=["Id"], collision_strategy="overwrite") == "wild_goods_1"
    assert shop.value("SELECT 'wild_goods_1'::regclass::oid") != before
    assert shop.columns("wild_goods_1") == [("id", "integer", True)]
    shop.execute("CREATE VIEW leans AS SELECT * FROM wild_goods_1")
    with fails("cannot drop foreign table wild_goods_1 because other objects depend on it"):
        make(shop, table="Wild Goods", import_as="wild_goods_1", collision_strategy="overwrite")
    assert shop.columns("wild_goods_1") == [("id", "integer", True)]


def test_overwrite_is_the_owners(shop: Database, guest: Database, mariadb: MySqlRemote) -> None:
    """Neither a table of another wrapper nor one of another role is replaced."""
    shop.execute("CREATE FOREIGN DATA WRAPPER other; CREATE SERVER elsewhere FOREIGN DATA WRAPPER other; CREATE FOREIGN TABLE theirs (a int) SERVER elsewhere")
    with fails("can't be replaced"):
        make(shop, table="Wild Goods", import_as="theirs", collision_strategy="overwrite")
    shop.execute("DROP FOREIGN DATA WRAPPER other CASCADE")
    make(shop, table="Wild Goods")
    login = mariadb.connection()
    shop.execute(
        "GRANT USAGE, CREATE ON SCHEMA public TO guest; GRANT USAGE ON FOREIGN SERVER shop TO guest; ALTER ROLE guest SET connector.allowed_hosts = '127.0.0.1'; "
        f"CREATE USER MAPPING FOR guest SERVER shop OPTIONS (username '{login['username']}', password '{login['password']}')"
    )
    guest.close()
    with fails("can't be replaced"):
        make(guest, table="Wild Goods", collision_strategy="overwrite")
    assert make(guest, table="Wild Goods", columns=["Id"]) == "wild_goods_1"
    assert shop.value("SELECT relowner::regrole::text FROM pg_class WHERE oid = 'wild_goods_1'::regclass") == "guest"
    assert guest.rows("SELECT id FROM wild_goods_1 ORDER BY id") == [(1,), (2,)]


def test_refusals(shop: Database, mariadb: MySqlRemote) -> None:
    """A connection of one's own, keys about rows, a table that is not there, a transaction that may not write."""
    password = str(mariadb.connection()["password"])
    with fails(
        'invalid connector parameters: "connection"', number=1502, hint=r"CREATE SERVER \w+ FOREIGN DATA WRAPPER connector OPTIONS \(provider 'mysql', .*CREATE USER MAPPING", secrets=(password,)
    ):
        make(shop, provider="mysql", connection=mariadb.connection(), table="Wild Goods")
    with fails('"max_rows", "keep"', number=1502):
        make(shop, table="Wild Goods", max_rows=1, keep=["indexes"])
    with fails('foreign server "nowhere" does not exist'):
        make(shop, connection="nowhere", table="t")
    with fails("no_such", number=1011):
        make(shop, table="no_such")
    assert shop.value("SELECT to_regclass('no_such')") is None
    shop.execute("BEGIN READ ONLY")
    with fails("cannot execute cdb_foreign_table\\(\\) in a read-only transaction"):
        make(shop, table="Wild Goods")
    shop.execute("ROLLBACK")
    with fails("argument connector must not be NULL", number=1502):
        shop.value("SELECT cdb_foreign_table(NULL)")


def test_the_server_must_say_its_provider(shop: Database) -> None:
    shop.execute("ALTER SERVER shop OPTIONS (DROP provider)")
    with fails("provider", number=1502):
        make(shop, table="Wild Goods")
    with fails('foreign server "shop" names no provider', number=1502):
        make(shop, provider="mysql", table="Wild Goods")


def test_postgres(db: Database, postgres15: PostgresRemote) -> None:
    create_server(db, postgres15, "shop")
    postgres15.execute("DROP TABLE IF EXISTS wide", "CREATE TABLE wide (a int[] NOT NULL, b tsrange, c jsonb DEFAULT '{}')", "INSERT INTO wide VALUES ('{1,2}', '[,)', '{\"x\": 1}')")
    try:
        assert make(db, table="wide") == "wide"
        assert db.columns("wide") == [("a", "integer[]", True), ("b", "tsrange", False), ("c", "jsonb", False)]
        assert db.rows("SELECT a, b::text, c->>'x' FROM wide") == [([1, 2], "(,)", "1")]
    finally:
        postgres15.execute("DROP TABLE wide")
        db.execute("DROP SERVER shop CASCADE")
