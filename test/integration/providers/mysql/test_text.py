"""Text: character sets of the remote, with and without `encoding`, and text that PostgreSQL can't hold."""

from __future__ import annotations


import pytest
from harness.database import Database
from harness.errors import fails
from harness.thorough import VERSIONS_OF_MYSQL, by_turns
from harness.traces import nothing_left_behind

from servers.remote_mysql import MySqlRemote

pytestmark = [pytest.mark.usefixtures("tidy"), by_turns("mysql", VERSIONS_OF_MYSQL)]

# MySQL character set, a text in it, the `encoding` (if any) that describes its bytes to PostgreSQL.
CHARSETS = (
    ("ascii", "plain ~", "SQL_ASCII"),
    ("latin1", "Ærø été ÿ", "LATIN1"),
    ("latin1", "€ “quoted” – ž", "LATIN1"),  # MySQL's latin1 is Windows-1252
    ("latin1", "€ “quoted” – ž", "WIN1252"),
    ("latin2", "Łódź čeština", "LATIN2"),
    ("latin5", "İstanbul ğış", "LATIN5"),
    ("latin7", "Ąžuolas", "LATIN7"),
    ("cp1250", "Łódź €", "WIN1250"),
    ("cp1251", "Привет Ёж €", "WIN1251"),
    ("cp1256", "مرحبا", "WIN1256"),
    ("cp1257", "Šiauliai", "WIN1257"),
    ("cp866", "Привет", "WIN866"),
    ("koi8r", "Привет", "KOI8R"),
    ("koi8u", "Привіт їжак", "KOI8U"),
    ("greek", "Καλημέρα", "ISO_8859_7"),
    ("hebrew", "שלום", "ISO_8859_8"),
    ("tis620", "สวัสดี", "WIN874"),
    ("sjis", "表示テスト ｱｲｳ", "SJIS"),
    ("cp932", "表示テスト ①～", "SJIS"),
    ("ujis", "表示テスト", "EUC_JP"),
    ("gb2312", "你好世界", "EUC_CN"),
    ("gbk", "你好 蠅 \\ 镕", "GBK"),
    ("big5", "你好 功能 許", "BIG5"),
    ("euckr", "안녕하세요", "UHC"),
    ("utf8", "é€你", "UTF8"),
    ("utf8mb4", "é€你😀𝄞", "UTF8"),
    ("utf8mb4", "é€你😀𝄞", "WIN1251"),  # utf8mb4 is UTF-8 whatever the rest is
    ("ucs2", "é€你", "LATIN1"),  # the wide ones, too, can be nothing else
    ("utf16", "é€你😀𝄞", "LATIN1"),
    ("utf16le", "é€你😀𝄞", "LATIN1"),
    ("utf32", "é€你😀𝄞", "LATIN1"),
)
WIDE = ("ucs2", "utf16", "utf16le", "utf32")
CHARSET_NAMES = list(dict.fromkeys((charset, text) for charset, text, _ in CHARSETS))


def make(remote: MySqlRemote, table: str, charset: str, text: str) -> None:
    """A table with the text in a varchar, a char, a text, an enum and a set of the character set."""
    remote.drop(table)
    literal = text.replace("\\", "\\\\")
    # MySQL 5.6 garbles the words of an enum in a wide character set.
    of_choice = "CHARACTER SET utf8mb4" if remote.kind == "mysql56" and charset in WIDE else ""
    remote.execute(
        "SET sql_mode = 'STRICT_ALL_TABLES'",
        f"CREATE TABLE {table} (id int PRIMARY KEY, v varchar(40), c char(40), t text, m longtext, "
        f"e enum('{literal}', 'x') {of_choice}, s set('{literal}', 'x') {of_choice}, "
        f"b varchar(40) COLLATE {charset}_bin) CHARACTER SET {charset}",
        f"INSERT INTO {table} VALUES (1, '{literal}', '{literal}', '{literal}', "
        f"REPEAT('{literal}', 20000), '{literal}', '{literal},x', '{literal}'), (2, '', '', '', '', NULL, '', '')",
    )
    assert remote.rows(f"SELECT CONVERT(v USING utf8mb4) FROM {table} WHERE id = 1") == [(text,)]


def assert_arrived(db: Database, table: str, text: str) -> None:
    assert [kind for _, kind, _ in db.columns(table)] == [
        "integer",
        "character varying(40)",
        "character varying(40)",
        "text",
        "text",
        "text",
        "text",
        "character varying(40)",
    ]
    [first, second] = db.rows(f"SELECT v, c, t, e, s, b FROM {table} ORDER BY id")
    assert first == (text, text, text, text, text + ",x", text)
    assert second == ("", "", "", None, "", "")
    assert db.rows(f"SELECT m = repeat(%s, 20000) FROM {table} WHERE id = 1", text) == [(True,)]


@pytest.mark.parametrize("charset, text", CHARSET_NAMES, ids=lambda value: value)
def test_converted_by_the_server(db: Database, mysql: MySqlRemote, charset: str, text: str) -> None:
    """Without `encoding` the server converts."""
    make(mysql, "words", charset, text)
    db.import_table(mysql.connector(table="words"))
    assert_arrived(db, "words", text)
    mysql.drop("words")


@pytest.mark.parametrize("charset, text, encoding", CHARSETS, ids=lambda value: value)
def test_converted_here(db: Database, mysql: MySqlRemote, charset: str, text: str, encoding: str) -> None:
    """With `encoding` the bytes arrive as they are stored, and are converted by PostgreSQL."""
    make(mysql, "words", charset, text)
    db.import_table(mysql.connector(table="words"), encoding=encoding.lower())
    assert_arrived(db, "words", text)
    mysql.drop("words")


# The classic mistake: an application stored its own encoding's bytes in columns declared as latin1.
MISLABELLED = (("WIN1251", "cp1251", "Привет"), ("UTF8", "utf8", "é€你😀"), ("SJIS", "cp932", "表示"), ("GBK", "gbk", "你好"))


@pytest.mark.parametrize("encoding, codec, text", MISLABELLED, ids=lambda value: value)
@pytest.mark.parametrize("from_query", [False, True], ids=["table", "query"])
def test_mislabelled_latin1(
    db: Database, mysql: MySqlRemote, encoding: str, codec: str, text: str, from_query: bool
) -> None:
    mysql.drop("mislabelled")
    mysql.execute(
        "CREATE TABLE mislabelled (v varchar(40), t text) CHARACTER SET latin1",
        f"INSERT INTO mislabelled VALUES (x'{text.encode(codec).hex()}', x'{text.encode(codec).hex()}')",
    )
    what = {"sql_query": "SELECT v, t FROM mislabelled"} if from_query else {"table": "mislabelled"}
    request = mysql.connector(import_as="mislabelled", **what)
    db.import_table(request)
    assert db.rows("SELECT v, t FROM mislabelled") != [(text, text)]
    db.import_table(request, encoding=encoding, collision_strategy="overwrite")
    assert db.rows("SELECT v, t FROM mislabelled") == [(text, text)]
    mysql.drop("mislabelled")


def test_wrong_encoding(db: Database, mysql: MySqlRemote) -> None:
    """Bytes that are invalid in the encoding asked for: an error with column and row, or NULL and counted."""
    mysql.drop("wrong")
    mysql.execute(
        "CREATE TABLE wrong (id int, `Täxt` text) CHARACTER SET latin1",
        "INSERT INTO wrong VALUES (1, 'plain'), (2, NULL), (3, 'été'), (4, '')",
    )
    request = mysql.connector(table="wrong")
    message = 'column "Täxt", row 3: text is not valid in encoding "UTF8": '
    with nothing_left_behind(db, mysql), fails(message, sqlstate="22021", number=2006):
        db.import_table(request, encoding="UTF8")
    result = db.import_table(request, encoding="UTF8", invalid_values="null")
    assert result["warnings"] == {"invalid_values": {"taxt": 1}}
    assert db.rows("SELECT id, taxt FROM wrong ORDER BY id") == [(1, "plain"), (2, None), (3, None), (4, "")]
    mysql.drop("wrong")


def test_byte_without_equivalent(db: Database, mysql: MySqlRemote) -> None:
    """A byte that the encoding asked for has no character for; and what only MySQL's own idea of UCS-2 holds."""
    mysql.drop("wrong")
    mysql.execute(
        "CREATE TABLE wrong (l text CHARACTER SET latin1, u varchar(9) CHARACTER SET ucs2)",
        "INSERT INTO wrong VALUES (x'98', x'00e9')",
    )
    request = mysql.connector(table="wrong")
    with fails('column "l", row 1: .*"WIN1251"', sqlstate="22021", number=2006, hint='"encoding".*"invalid_values"'):
        db.import_table(request, encoding="WIN1251")
    with fails("no conversion", sqlstate="22021", number=2006, hint='"encoding"'):
        db.import_table(request, encoding="MULE_INTERNAL")
    mysql.execute("UPDATE wrong SET l = '', u = x'd800'")
    with fails('column "u", row 1: ', sqlstate="22021", number=2006):
        db.import_table(request, encoding="LATIN1")
    mysql.drop("wrong")


@pytest.mark.parametrize("charset", ["utf8mb4", "latin1", "utf16"])
@pytest.mark.parametrize("encoding", [None, "LATIN1"])
def test_nul_character(db: Database, mysql: MySqlRemote, charset: str, encoding: str | None) -> None:
    """U+0000, which PostgreSQL's text can't hold: never cut off silently (peers: mysql_fdw 299, pgloader 1573)."""
    nul = "CHAR(0 USING utf8mb4)"
    mysql.drop("nul")
    mysql.execute(
        f"CREATE TABLE nul (id int PRIMARY KEY, v varchar(20), t longtext) CHARACTER SET {charset}",
        f"INSERT INTO nul VALUES (1, 'a', 'b'), (2, CONCAT('a', {nul}, 'b'), 'c'), (3, {nul}, CONCAT('d', {nul}))",
    )
    request = mysql.connector(table="nul", **({"encoding": encoding} if encoding else {}))
    with nothing_left_behind(db, mysql), fails(r'column "v", row 2: .*U\+0000'):
        db.import_table(request)
    result = db.import_table(request, invalid_values="null")
    assert result["warnings"] == {"invalid_values": {"v": 2, "t": 1}}
    assert db.rows("SELECT v, t FROM nul ORDER BY id") == [("a", "b"), (None, "c"), (None, None)]
    # bytea holds it.
    db.execute("DROP TABLE nul")
    db.import_table(mysql.connector(sql_query="SELECT CAST(t AS binary) AS t FROM nul WHERE id = 3", import_as="nul"))
    assert bytes(db.value("SELECT t FROM nul")).strip(b"\0") == b"d"
    mysql.drop("nul")


@pytest.mark.parametrize("keys", [{}, {"encoding": "LATIN1"}, {"encoding": "UTF8"}], ids=str)
def test_names_and_comments(db: Database, mysql: MySqlRemote, keys: dict[str, object]) -> None:
    """Comments, and verbatim names, in many scripts: whatever the values' encoding."""
    mysql.drop("Größe таблица")
    mysql.execute(
        "CREATE TABLE `Größe таблица` (`naïve` int COMMENT 'Größe in µm – 測る', `имя` varchar(10) COMMENT '表', "
        "`x` text CHARACTER SET latin1) COMMENT 'таблица''s \\\\ comment €'",
        "INSERT INTO `Größe таблица` VALUES (1, 'Ж', 'é€')",
    )
    request = mysql.connector(table="Größe таблица", import_as="commented", column_names="verbatim", **keys)
    if keys.get("encoding") == "UTF8":
        with fails('column "x", row 1: '):
            db.import_table(request)
        request["columns"] = ["naïve", "имя"]
    db.import_table(request)
    assert [name for name, _, _ in db.columns("commented")][:2] == ["naïve", "имя"]
    comments = db.rows(
        "SELECT objsubid, description FROM pg_description WHERE objoid = 'commented'::regclass ORDER BY objsubid"
    )
    assert comments == [(0, "таблица's \\ comment €"), (1, "Größe in µm – 測る"), (2, "表")]
    assert db.rows("SELECT имя FROM commented") == [("Ж",)]
    mysql.drop("Größe таблица")


def test_text_of_expressions_is_no_bytea(db: Database, mysql: MySqlRemote) -> None:
    """_bin collations and results of functions: only character set 63 is binary."""
    query = (
        "SELECT 'é' COLLATE utf8mb4_bin AS a, CONCAT('é', 1) AS b, HEX('x') AS c, CAST('é' AS CHAR) AS d, "
        "CAST('é' AS BINARY) AS e, _latin1 x'e9' AS f, GROUP_CONCAT('é') AS g, UUID() AS h, x'ff' AS i, USER() AS j"
    )
    db.import_table(mysql.connector(sql_query=query, import_as="expressions"))
    assert "".join(name for name, kind, _ in db.columns("expressions") if kind == "bytea") == "ei"
    assert db.rows("SELECT a, b, c, d, encode(e, 'hex'), f, g FROM expressions") == [
        ("é", "é1", "78", "é", "c3a9", "é", "é")
    ]
