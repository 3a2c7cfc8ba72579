"""Local databases that are not in UTF8: text that fits arrives, text that doesn't is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.mysql_servers import EVERY_MYSQL
from harness.scratch import drop_tables
from harness.traces import nothing_left_behind

from servers.postgres import Postgres
from servers.remote_mysql import MySqlRemote

# Encoding of the local database, a text that fits, one that doesn't.
ENCODINGS = {
    "LATIN1": ("Ærø, été", "€ 你"),
    "WIN1251": ("Привет €", "你好"),
    "EUC_JP": ("表示テスト", "😀"),
    "SQL_ASCII": ("anything: é€你😀", None),
}


@pytest.fixture(scope="module", params=list(ENCODINGS))
def local(pg: Postgres, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database in each encoding in turn; the test's own session speaks UTF8, but for SQL_ASCII, which knows none."""
    name = f"local_{request.param.lower()}"
    server = Database(pg, "postgres")
    server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    server.execute(f"CREATE DATABASE \"{name}\" ENCODING '{request.param}' LOCALE 'C' TEMPLATE template0")
    if request.param != "SQL_ASCII":
        server.execute(f"ALTER DATABASE \"{name}\" SET client_encoding = 'UTF8'")
    database = Database(pg, name)
    database.execute("CREATE EXTENSION connector")
    yield database
    database.close()
    server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    server.close()


@pytest.fixture(autouse=True)
def tidy(local: Database) -> Iterator[None]:
    if local.name == "local_sql_ascii":
        local.connection.set_client_encoding("SQL_ASCII")
    yield
    drop_tables(local)


def texts(local: Database) -> tuple[str, str | None]:
    return ENCODINGS[local.name.removeprefix("local_").upper()]


def make(remote: MySqlRemote, *values: str) -> None:
    remote.drop("words")
    rows = ", ".join(f"({number}, '{value}', '{value}', NULL)" for number, value in enumerate(values, 1))
    remote.execute(
        "CREATE TABLE words (id int PRIMARY KEY, v varchar(40), t longtext, e enum('x')) CHARACTER SET utf8mb4",
        f"INSERT INTO words VALUES {rows}",
    )


def stored(local: Database, expression: str, where: str = "true") -> list[str]:
    """Text as the bytes that are stored, decoded here."""
    codec = {"latin1": "latin-1", "win1251": "cp1251", "euc_jp": "euc_jp", "sql_ascii": "utf-8"}[local.name.removeprefix("local_")]
    rows = local.rows(f"SELECT encode(convert_to({expression}, getdatabaseencoding()), 'hex') FROM words WHERE {where}")
    return [bytes.fromhex(value).decode(codec) for (value,) in rows]


@EVERY_MYSQL
@pytest.mark.parametrize("keys", [{}, {"encoding": "UTF8"}], ids=["plain", "encoding"])
def test_text_that_fits(local: Database, one_mysql: MySqlRemote, keys: dict[str, object]) -> None:
    fits, _ = texts(local)
    make(one_mysql, fits, "")
    result = local.import_table(one_mysql.connector(table="words", **keys))
    assert (result["rows"], result["warnings"]) == (2, None)
    assert stored(local, "v", "id = 1") == stored(local, "t", "id = 1") == [fits]
    assert stored(local, "v", "id = 2") == [""]
    one_mysql.drop("words")


@EVERY_MYSQL
def test_text_that_does_not_fit(local: Database, one_mysql: MySqlRemote) -> None:
    fits, unfit = texts(local)
    if unfit is None:
        pytest.skip("any bytes fit")
    make(one_mysql, fits, f"{fits} {unfit}", "plain")
    request = one_mysql.connector(table="words")
    encoding = local.value("SELECT getdatabaseencoding()")
    message = f'column "v", row 2: .*no equivalent in "{encoding}"'
    with nothing_left_behind(local, one_mysql), fails(message, sqlstate="22021", number=2006):
        local.import_table(request)
    result = local.import_table(request, invalid_values="null")
    assert result["warnings"] == {"invalid_values": {"v": 1, "t": 1}}
    assert stored(local, "coalesce(v, 'NULL')") == [fits, "NULL", "plain"]
    one_mysql.drop("words")


def test_long_text(local: Database, one_mysql: MySqlRemote) -> None:
    """Conversion works piece by piece; characters that lie across the pieces' borders stay whole."""
    fits, _ = texts(local)
    one_mysql.drop("words")
    one_mysql.execute("CREATE TABLE words (t longtext) CHARACTER SET utf8mb4", f"INSERT INTO words VALUES (REPEAT('{fits}', 100000))")
    for shift in range(4):
        one_mysql.execute("UPDATE words SET t = CONCAT('.', t)")
        local.import_table(one_mysql.connector(table="words"), collision_strategy="overwrite")
        assert stored(local, "t") == ["." * (shift + 1) + fits * 100000]
    one_mysql.drop("words")


@EVERY_MYSQL
def test_names_and_comments(local: Database, one_mysql: MySqlRemote) -> None:
    """Verbatim names and comments that fit; names that don't are an error, with words of ours."""
    fits, unfit = texts(local)
    if unfit is None:
        fits = unfit = "é"
    one_mysql.drop("words")
    one_mysql.execute(f"CREATE TABLE words (`{fits}` int COMMENT '{fits}') COMMENT '{fits}'", "INSERT INTO words VALUES (7)")
    request = one_mysql.connector(table="words", column_names="verbatim")
    local.import_table(request)
    described = "(SELECT string_agg(description, '|') FROM pg_description WHERE objoid = 'words'::regclass)"
    assert stored(local, described) == [f"{fits}|{fits}"]
    assert stored(local, "(SELECT attname::text FROM pg_attribute WHERE attrelid = 'words'::regclass AND attnum = 1)") == [fits]
    # The existing column is found again.
    assert local.import_table(request, collision_strategy="overwrite")["rows"] == 1
    one_mysql.execute(f"ALTER TABLE words CHANGE `{fits}` `other` int")
    with fails("can't be overwritten", detail='is not in the new data', number=2012):
        local.import_table(request, collision_strategy="overwrite")
    if unfit != fits and max(unfit) < "\U00010000":
        one_mysql.execute(f"ALTER TABLE words CHANGE other `{unfit}` int COMMENT ''")
        with nothing_left_behind(local, one_mysql), fails("can't be represented", sqlstate="22021", number=2006):
            local.import_table(request, import_as="unfit")
        # Normalised it is no matter.
        assert local.import_table(request, import_as="unfit", column_names="normalize")["rows"] == 1
    one_mysql.drop("words")


def test_comment_that_does_not_fit(local: Database, one_mysql: MySqlRemote) -> None:
    """A comment is no reason to fail."""
    _, unfit = texts(local)
    unfit = (unfit or "é").replace("😀", "한" if local.name == "local_euc_jp" else "")
    one_mysql.drop("words")
    one_mysql.execute(f"CREATE TABLE words (id int COMMENT 'a {unfit}') COMMENT 'b {unfit}'", "INSERT INTO words VALUES (7)")
    result = local.import_table(one_mysql.connector(table="words"))
    warnings = [text for text in local.notices if text.startswith("WARNING") and "is not kept" in text]
    assert len(warnings) == (0 if local.name == "local_sql_ascii" else 2)
    assert result["rows"] == 1
    assert local.rows("SELECT id FROM words") == [(7,)]
    one_mysql.drop("words")


def test_errors_and_notices_in_another_encoding(local: Database, one_mysql: MySqlRemote) -> None:
    """What can't be said in the database's encoding is said as well as it can be."""
    with nothing_left_behind(local, one_mysql), fails("nocode|n.+code", number=1011):
        local.import_table(one_mysql.connector(table="Ünïcode"))
    one_mysql.drop("words")
    one_mysql.execute("CREATE TABLE words (`Straße 你` int)", "INSERT INTO words VALUES (7)")
    result = local.import_table(one_mysql.connector(table="words"))
    assert result["rows"] == 1
    assert local.rows("SELECT * FROM words") == [(7,)]
    one_mysql.drop("words")


def test_json_and_other_parsed_types(local: Database, one_mysql: MySqlRemote) -> None:
    """jsonb, whose escapes must fit as well."""
    fits, unfit = texts(local)
    one_mysql.drop("words")
    one_mysql.execute(
        "CREATE TABLE words (id int, j longtext) CHARACTER SET utf8mb4",
        f"INSERT INTO words VALUES (1, '{{\"a\": \"{fits}\"}}')",
    )
    request = one_mysql.connector(table="words", columns={"id": None, "j": "jsonb"})
    local.import_table(request)
    assert stored(local, "j->>'a'") == [fits]
    if unfit is not None:
        one_mysql.execute(f"INSERT INTO words VALUES (2, '\"{unfit}\"')")
        with nothing_left_behind(local, one_mysql), fails('column "j", row 2: '):
            local.import_table(request)
    one_mysql.drop("words")
