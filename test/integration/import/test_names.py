"""Names: whatever MySQL allows in tables and columns arrives, normalised or verbatim."""

from __future__ import annotations


import pytest
from harness.database import Database
from harness.errors import fails
from harness.thorough import VERSIONS_OF_MYSQL, by_turns
from harness.traces import nothing_left_behind

from servers.remote_mysql import MySqlRemote

pytestmark = [pytest.mark.usefixtures("tidy"), by_turns("mysql", VERSIONS_OF_MYSQL)]

# Remote name, local name when normalised.
COLUMN_NAMES = (
    ("plain", "plain"),
    ("With Space", "with_space"),
    (" front", "front"),
    ('double"quote', "double_quote"),
    ("single'quote", "single_quote"),
    ("back`tick", "back_tick"),
    ("semi;colon--", "semi_colon"),
    ("back\\slash", "back_slash"),
    ("percent%s", "percent_s"),
    ("a.b", "a_b"),
    ("question?", "question"),
    ("1st", "_1st"),
    ("123", "_123"),
    ("select", "_select"),
    ("user", "_user"),
    ("xmin", "_xmin"),
    ("ctid", "_ctid"),
    ("téléfono", "telefono"),
    ("Größe", "grosse"),
    ("Имя", "imya"),
    ("€", None),
    ("名稱", None),
    ("l" * 64, "l" * 63),
    ("é" * 64, "e" * 63),
    ("tab\there", "tab_here"),
    ("new\nline", "new_line"),
    ("__5", "_5"),
    ("$dollar", "dollar"),
    ("<b>bold</b>", "bold"),
)
TABLE_NAMES = (
    ("plain", "plain"),
    ("With Space", "with_space"),
    ('double"quote', "double_quote"),
    ("back`tick``s", "back_tick_s"),
    ("single'quote", "single_quote"),
    ("semi; DROP TABLE x", "semi_drop_table_x"),
    ("a.b", "a_b"),
    ("back\\slash", "back_slash"),
    ("percent%s", "percent_s"),
    ("100", "table_100"),
    ("select", "select_t"),
    ("mañolo", "manolo"),
    ("Таблица", "tablitsa"),
    ("名稱", None),
    ("t" * 64, "t" * 63),
    ("é" * 64, "e" * 63),
    ("#x", "table_x"),
    ("x|y", "x_y"),
)


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@pytest.mark.parametrize("remote_name, local_name", TABLE_NAMES, ids=lambda name: repr(name)[:20])
def test_table_name(db: Database, mysql: MySqlRemote, remote_name: str, local_name: str | None) -> None:
    mysql.drop(remote_name)
    mysql.execute(f"CREATE TABLE {mysql.quote(remote_name)} AS SELECT 42 AS answer")
    result = db.import_table(mysql.connector(table=remote_name))
    notices, local = db.notices, result["table_name"]
    if local_name is None:  # no letter is left: some name, and a legal one
        assert local.isascii() and local.isidentifier()
    else:
        assert local == local_name
    assert db.rows(f'SELECT answer FROM "{local}"') == [(42,)]
    told = f'the local table for "{remote_name}" is named "{local}"'
    assert any(told in text for text in notices) == (local != remote_name)
    mysql.drop(remote_name)


def make_columns(remote: MySqlRemote) -> None:
    """A table with a column of each name, holding its own name, which also is its comment."""
    remote.drop("names")
    columns = ", ".join(
        f"{remote.quote(name)} varchar(64) NOT NULL COMMENT {literal(name)}" for name, _ in COLUMN_NAMES
    )
    remote.execute(
        f"CREATE TABLE names ({columns}, PRIMARY KEY ({remote.quote(COLUMN_NAMES[-1][0])}, {remote.quote('back`tick')}))",
        f"INSERT INTO names VALUES ({', '.join(literal(name) for name, _ in COLUMN_NAMES)})",
    )


def test_column_names_normalised(db: Database, mysql: MySqlRemote) -> None:
    make_columns(mysql)
    db.import_table(mysql.connector(table="names"))
    notices = "".join(db.notices)
    columns = [name for name, _, _ in db.columns("names")]
    for (remote_name, local_name), column in zip(COLUMN_NAMES, columns):
        assert column == (local_name or column)
        assert column.isascii() and column.isidentifier()
        told = f'Column "{remote_name}" is named "{column}" locally.'
        assert (told in notices) == (column != remote_name)
    assert notices.count("columns have other names locally") == 1
    assert len(set(columns)) == len(COLUMN_NAMES)
    assert db.rows("SELECT * FROM names") == [tuple(name for name, _ in COLUMN_NAMES)]
    assert_comments(db)
    [(key,)] = db.rows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'names'::regclass AND contype = 'p'")
    assert key == "PRIMARY KEY (bold, back_tick)"


def test_column_names_verbatim(db: Database, mysql: MySqlRemote) -> None:
    make_columns(mysql)
    with nothing_left_behind(db, mysql), fails('"xmin", "ctid"', sqlstate="42701", number=2005, hint="normalize"):
        db.import_table(mysql.connector(table="names"), column_names="verbatim")
    mysql.execute("ALTER TABLE names CHANGE xmin xmin_ varchar(64) NOT NULL, CHANGE ctid ctid_ varchar(64) NOT NULL")
    db.import_table(mysql.connector(table="names"), column_names="verbatim")
    for (remote_name, _), (column, _, _) in zip(COLUMN_NAMES, db.columns("names")):
        if remote_name not in ("xmin", "ctid"):
            assert column == remote_name.encode()[:63].decode(errors="ignore")
    assert db.rows("SELECT * FROM names") == [tuple(name for name, _ in COLUMN_NAMES)]


def assert_comments(db: Database) -> None:
    comments = db.rows("SELECT description FROM pg_description WHERE objoid = 'names'::regclass AND objsubid > 0 ORDER BY objsubid")
    assert [text for (text,) in comments] == [name for name, _ in COLUMN_NAMES]


@pytest.mark.parametrize("name", [name for name, _ in COLUMN_NAMES], ids=lambda name: repr(name)[:20])
def test_column_chosen_by_name(db: Database, mysql: MySqlRemote, name: str) -> None:
    """`columns` names them as they are on the remote; list, object, and quoted in the string form."""
    make_columns(mysql)
    quoted = '"' + name.replace('"', '""') + '"'
    for number, form in enumerate(([name], {name: "text"}, f"{quoted} text")):
        db.import_table(mysql.connector(table="names", import_as=f"chosen_{number}"), columns=form)
        assert db.rows(f"SELECT * FROM chosen_{number}") == [(name,)]


def test_emoji(db: Database, mysql: MySqlRemote) -> None:
    """Identifiers have three bytes a character at most in the MySQL family; a local name loses what is no letter."""
    request = mysql.connector(sql_query="SELECT '😀' AS `a😀b`", import_as="my 😀 table")
    if mysql.kind == "mariadb":
        with nothing_left_behind(db, mysql), fails("Invalid utf8mb4 character string"):
            db.import_table(request)
        request["sql_query"] = "SELECT '😀' AS a_b"
    result = db.import_table(request)
    assert result["table_name"] == "my_table"
    assert db.columns("my_table") == [("a_b", "text", False)]
    assert db.rows("SELECT a_b FROM my_table") == [("😀",)]


def test_tables_that_differ_in_case(db: Database, mysql: MySqlRemote) -> None:
    """Servers on Linux tell them apart; each request gets its own."""
    for name in ("Case", "case", "CASE"):
        mysql.drop(name)
        mysql.execute(f"CREATE TABLE `{name}` (`in_{name}` int PRIMARY KEY COMMENT '{name}')")
    for name, local in (("Case", "case_t"), ("case", "case_t_1"), ("CASE", "case_t_2")):
        assert db.import_table(mysql.connector(table=name), column_names="verbatim")["table_name"] == local
        assert db.columns(local) == [(f"in_{name}", "integer", True)]
        assert db.value(f"SELECT description FROM pg_description WHERE objoid = '{local}'::regclass AND objsubid = 1") == name
    with nothing_left_behind(db, mysql), fails("cAsE"):
        db.import_table(mysql.connector(table="cAsE"))
    for name in ("Case", "case", "CASE"):
        mysql.drop(name)


def test_columns_that_differ_in_case_in_a_query(db: Database, mysql: MySqlRemote) -> None:
    request = mysql.connector(sql_query="SELECT 1 AS a, 2 AS A, 3 AS `á`, 4 AS a_1", import_as="cases")
    db.import_table(request)
    assert [name for name, _, _ in db.columns("cases")] == ["a", "a_2", "a_3", "a_1"]
    assert db.rows("SELECT * FROM cases") == [(1, 2, 3, 4)]
    db.import_table(request, column_names="verbatim", import_as="exact")
    assert [name for name, _, _ in db.columns("exact")] == ["a", "A", "á", "a_1"]


def test_duplicate_and_unnamed_columns(db: Database, mysql: MySqlRemote) -> None:
    query = "SELECT 1 AS x, 2 AS x, 3 AS X, 4, count(*), '' AS ``"
    if mysql.kind == "mariadb":
        query = "SELECT 1 AS x, 2 AS x, 3 AS X, 4, count(*), ''"
    elif mysql.kind == "mysql9":
        query = "SELECT 1 AS x, 2 AS x, 3 AS X, 4, count(*), ''"
    request = mysql.connector(sql_query=query, import_as="doubles")
    db.import_table(request)
    assert [name for name, _, _ in db.columns("doubles")] == ["x", "x_1", "x_2", "_4", "count", "column_6"]
    assert db.rows("SELECT * FROM doubles") == [(1, 2, 3, 4, 1, "")]
    with nothing_left_behind(db, mysql), fails("column names are not unique", number=2005, sqlstate="42701"):
        db.import_table(request, column_names="verbatim", import_as="exact")


def test_prefixes_that_are_equal_verbatim(db: Database, mysql: MySqlRemote) -> None:
    """64 characters that differ in the last: cut to 63 they collide."""
    first, second = "c" * 63 + "1", "c" * 63 + "2"
    request = mysql.connector(sql_query=f"SELECT 1 AS {first}, 2 AS {second}", import_as="prefixes")
    db.import_table(request)
    assert [name for name, _, _ in db.columns("prefixes")] == ["c" * 63, "c" * 61 + "_1"]
    with fails(number=2005):
        db.import_table(request, column_names="verbatim", import_as="exact")


def test_schema_names(db: Database, mysql: MySqlRemote) -> None:
    """A remote database with a name that needs quotes, given as `schema`; a local one likewise."""
    name = "o`dd \"dä.tabase'"
    mysql.execute(
        f"DROP DATABASE IF EXISTS {mysql.quote(name)}",
        f"CREATE DATABASE {mysql.quote(name)}",
        f"CREATE TABLE {mysql.quote(name)}.t (a int PRIMARY KEY COMMENT 'kept')",
        f"INSERT INTO {mysql.quote(name)}.t VALUES (1)",
        f"GRANT SELECT ON {mysql.quote(name)}.* TO tester",
    )
    db.execute('CREATE SCHEMA "Tärget ""schema"""')
    result = db.import_table(mysql.connector(table="t", schema=name, target_schema='Tärget "schema"'))
    assert (result["schema"], result["table_name"]) == ('Tärget "schema"', "t")
    local = '"Tärget ""schema""".t'
    assert db.columns(local) == [("a", "integer", True)]
    assert db.value("SELECT description FROM pg_description WHERE objoid = %s::regclass AND objsubid = 1", local) == "kept"
    db.execute('DROP SCHEMA "Tärget ""schema""" CASCADE')
    mysql.execute(f"DROP DATABASE {mysql.quote(name)}")
