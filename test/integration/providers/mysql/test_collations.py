"""Collations that the client library knows wrongly or not at all, and columns whose declared character set is a lie."""

from __future__ import annotations


import pytest
from harness.database import Database

from servers.remote_mysql import MySqlRemote

pytestmark = pytest.mark.usefixtures("tidy")

# Collation, a text. In libmariadb 3.3 those of MySQL from 308 on are missing, and the utf16 ones here are utf8mb3.
MYSQL9 = (
    ("utf8mb4_0900_ai_ci", "é€你😀"),
    ("utf8mb4_0900_bin", "é€你😀"),
    ("utf8mb4_nb_0900_ai_ci", "Ærø €"),
    ("utf8mb4_mn_cyrl_0900_as_cs", "Өглөө"),
    ("utf8mb4_ja_0900_as_cs_ks", "表示"),
    ("gb18030_unicode_520_ci", "你好😀"),
    ("utf16_hungarian_ci", "é€你😀"),
)
MARIADB = (
    ("utf8mb4_uca1400_ai_ci", "é€你😀"),
    ("utf8mb4_uca1400_swedish_as_cs", "Ærø €"),
    ("utf8mb3_uca1400_ai_ci", "é€你"),
    ("ucs2_uca1400_ai_ci", "é€你"),
    ("utf16_uca1400_ai_ci", "é€你😀"),
    ("utf16_uca1400_nopad_as_cs", "é€你😀"),
    ("utf16_hungarian_ci", "é€你😀"),
    ("utf32_uca1400_ai_ci", "é€你😀"),
    ("latin1_nopad_bin", "été €"),
)


def _arrives(db: Database, remote: MySqlRemote, collation: str, text: str, encoding: str | None) -> None:
    charset = collation.split("_")[0]
    remote.drop("collated")
    remote.execute(
        "CREATE TABLE collated (id int PRIMARY KEY, v varchar(12), t text, e enum('x')) "
        f"CHARACTER SET {charset} COLLATE {collation}",
        f"INSERT INTO collated VALUES (1, '{text}', REPEAT('{text}', 3000), 'x')",
    )
    request = remote.connector(table="collated", **({"encoding": encoding} if encoding else {}))
    for what in (request, {**request, "sql_query": "SELECT id, v, t, e FROM collated"}):
        db.import_table(what, collision_strategy="overwrite")
        assert db.rows("SELECT v, t = repeat(v, 3000), e FROM collated") == [(text, True, "x")]
    assert [kind for name, kind, _ in db.columns("collated") if name == "v"] == ["character varying(12)"]
    remote.drop("collated")


@pytest.mark.parametrize("encoding", [None, "LATIN1", "WIN1251"])
@pytest.mark.parametrize("collation, text", MYSQL9)
def test_of_mysql9(db: Database, mysql9: MySqlRemote, collation: str, text: str, encoding: str | None) -> None:
    if collation.startswith("gb18030") and encoding:
        encoding = "GB18030"
    _arrives(db, mysql9, collation, text, encoding)


@pytest.mark.parametrize("encoding", [None, "LATIN1"])
@pytest.mark.parametrize("collation, text", MARIADB)
def test_of_mariadb(db: Database, mariadb: MySqlRemote, collation: str, text: str, encoding: str | None) -> None:
    _arrives(db, mariadb, collation, text, encoding)


def test_every_collation(db: Database, mysql: MySqlRemote) -> None:
    """One column for each collation of the server: none is taken for another character set."""
    collations = [
        (str(name), str(charset))
        for name, charset in mysql.rows(
            "SELECT collation_name, character_set_name FROM information_schema.collations "
            "WHERE character_set_name IN ('utf8', 'utf8mb3', 'utf8mb4', 'ucs2', 'utf16', 'utf16le', 'utf32') ORDER BY id"
        )
    ]
    if mysql.kind == "mariadb":
        collations += [
            (str(name), str(charset))
            for name, charset in mysql.rows(
                "SELECT full_collation_name, character_set_name "
                "FROM information_schema.collation_character_set_applicability WHERE collation_name LIKE 'uca1400%'"
            )
        ]
    assert len(collations) > 100
    for at in range(0, len(collations), 200):
        part = collations[at : at + 200]
        mysql.drop("collated")
        columns = ", ".join(f"c{i} varchar(3) CHARACTER SET {charset} COLLATE {name}" for i, (name, charset) in enumerate(part))
        values = ", ".join(["'é你'"] * len(part))
        mysql.execute(f"CREATE TABLE collated ({columns})", f"INSERT INTO collated VALUES ({values})")
        db.import_table(mysql.connector(table="collated"), encoding="LATIN1")
        [row] = db.rows("SELECT * FROM collated")
        wrong = [name for (name, _), value in zip(part, row, strict=True) if value != "é你"]
        assert not wrong
        assert {kind for _, kind, _ in db.columns("collated")} == {"character varying(3)"}
        db.execute("DROP TABLE collated")
        mysql.drop("collated")


# Declared character set, what the bytes really are, Python's codec for them, a text.
MISLABELLED = (
    ("latin2", "WIN1251", "cp1251", "Привет"),
    ("cp1250", "KOI8R", "koi8-r", "Привет"),
    ("cp1251", "UTF8", "utf8", "Привет"),
    ("koi8r", "WIN1251", "cp1251", "Привет"),
    ("latin7", "SJIS", "cp932", "表示テスト"),
    ("greek", "LATIN1", "latin1", "été"),
    ("cp850", "WIN1252", "cp1252", "été €"),
    ("hebrew", "UTF8", "utf8", "שלום"),
    ("sjis", "LATIN1", "latin1", "étét"),
    ("gbk", "BIG5", "big5", "你好"),
    ("ujis", "LATIN1", "latin1", "¥©±é"),
)


@pytest.mark.parametrize("declared, encoding, codec, text", MISLABELLED, ids=lambda value: str(value))
def test_mislabelled(db: Database, mysql: MySqlRemote, declared: str, encoding: str, codec: str, text: str) -> None:
    """Bytes of one encoding in columns declared as another, other than latin1: `encoding` says what they are."""
    stored = f"x'{text.encode(codec).hex()}'"
    mysql.drop("mislabelled")
    mysql.execute(
        "SET sql_mode = ''",
        f"CREATE TABLE mislabelled (id int, v varchar(40), t text) CHARACTER SET {declared}",
        f"INSERT INTO mislabelled VALUES (1, {stored}, {stored})",
    )
    assert mysql.rows("SELECT HEX(v), HEX(t) FROM mislabelled") == [(text.encode(codec).hex().upper(),) * 2]
    db.import_table(mysql.connector(table="mislabelled"), encoding=encoding)
    assert db.rows("SELECT v, t FROM mislabelled") == [(text, text)]
    mysql.drop("mislabelled")


@pytest.mark.parametrize("declared, text", [("sjis", "表示テスト日本語文字列"), ("gbk", "你好世界你好世界你好"), ("ujis", "表示テスト日本語文字")])
def test_length_of_text_read_as_something_else(db: Database, mysql: MySqlRemote, declared: str, text: str) -> None:
    """varchar(10) of two or three bytes for a character, read as LATIN1: more characters than 10, and a local type that
    says so."""
    text = text[:10]
    mysql.drop("longer")
    mysql.execute(
        f"CREATE TABLE longer (v varchar(10), c char(10)) CHARACTER SET {declared}",
        f"INSERT INTO longer VALUES ('{text}', '{text}')",
    )
    [(stored,)] = mysql.rows("SELECT HEX(v) FROM longer")
    db.import_table(mysql.connector(table="longer"), encoding="LATIN1")
    expected = bytes.fromhex(stored).decode("latin1")
    assert len(expected) > 10
    assert db.rows("SELECT v, c FROM longer") == [(expected, expected)]
    length = db.value("SELECT atttypmod - 4 FROM pg_attribute WHERE attrelid = 'longer'::regclass AND attname = 'v'")
    assert len(expected) <= length <= 30
    db.execute("UPDATE longer SET v = v, c = c")  # no value is beyond the type's length
    # As what they are, they keep the length.
    db.execute("DROP TABLE longer")
    db.import_table(mysql.connector(table="longer"), encoding={"ujis": "EUC_JP"}.get(declared, declared))
    assert [kind for _, kind, _ in db.columns("longer")] == ["character varying(10)"] * 2
    assert db.rows("SELECT v, c FROM longer") == [(text, text)]
    mysql.drop("longer")
