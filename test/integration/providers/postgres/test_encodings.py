"""Text of remote databases in every kind of encoding, and local sessions and databases that are not UTF8 either."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.skipping import host_lacks
from harness.sources import Read
from harness.sums import sums_of

from servers.remote_postgres import PostgresRemote

WITH_XML = not host_lacks("libxml")
COLUMNS = (
    "id int, t text, v varchar(20), c char(12), n name, a text[], j json, b jsonb, s tsvector, e mood, p pair, r textrange"
    + (", x xml" if WITH_XML else "")
)


def import_anew(db: Database, remote: PostgresRemote, table: str, **keys: object) -> None:
    """Imports into a local table of the same name."""
    db.execute(f"DROP TABLE IF EXISTS {table}")
    db.import_table(remote.connector(table=table, **keys))


def in_encoding(remote: PostgresRemote, encoding: str) -> PostgresRemote:
    create = f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    return PostgresRemote(remote.server, remote.kind, f"in_{encoding.lower()}", create=create)


def fill(remote: PostgresRemote, word: str) -> None:
    """The word in a column of each type with text inside."""
    remote.execute(
        f"CREATE TYPE mood AS ENUM ('{word}')",
        f'CREATE TYPE pair AS (a int, "{word}" text)',
        "CREATE TYPE textrange AS RANGE (subtype = text)",
        f"CREATE TABLE words ({COLUMNS})",
        f"INSERT INTO words VALUES (1, '{word}', '{word}', '{word}', '{word}', ARRAY['{word}', NULL], '{{\"k\": \"{word}\"}}', "
        f"'{{\"k\": \"{word}\"}}', '{word}'::tsvector, '{word}', ROW(1, '{word}'), "
        f"textrange('{word}', NULL)" + (f", '<a>{word}</a>')" if WITH_XML else ")"),
        f"COMMENT ON COLUMN words.v IS '{word}'",
        f'ALTER TABLE words RENAME v TO "v {word}"',
    )


def expected(word: str) -> tuple[str, ...]:
    return (
        "1", word, word, word.ljust(12), word, f"{{{word},NULL}}", f'{{"k": "{word}"}}', f'{{"k": "{word}"}}',
        f"'{word}'", word, f"(1,{word})", f"[{word},)", *([f"<a>{word}</a>"] if WITH_XML else []),
    )  # fmt: skip


def texts(db: Database, table: str) -> tuple[str, ...]:
    names = ", ".join(f'"{name}"::text' for name, _, _ in db.columns(table))
    db.connection.set_client_encoding("UTF8")
    row: tuple[str, ...] = db.rows(f"SELECT {names} FROM {table}")[0]
    return (*row[:3], row[3].ljust(12), *row[4:])  # a cast to text strips the padding


@pytest.fixture(params=[("UTF8", "Ünïcode€"), ("LATIN1", "Ünïcødé"), ("EUC_JP", "日本語"), ("WIN1251", "Слово")], ids=str)
def words(request: pytest.FixtureRequest, postgres15: PostgresRemote) -> Iterator[tuple[PostgresRemote, str]]:
    encoding, word = request.param
    remote = in_encoding(postgres15, encoding)
    fill(remote, word)
    yield remote, word


def test_the_server_converts(db: Database, words: tuple[PostgresRemote, str]) -> None:
    remote, word = words
    import_anew(db, remote, "words", column_names="verbatim")
    assert texts(db, "words") == expected(word)
    assert f"v {word}" in [name for name, _, _ in db.columns("words")]
    assert db.value("SELECT col_description('words'::regclass, 3)") == word


def test_checksums(words: tuple[PostgresRemote, str], read: Read) -> None:
    """Of text as the server converts it, or as it is stored where the request says in which encoding."""
    remote, word = words
    remote.execute("CREATE TABLE more (LIKE words)", "INSERT INTO more SELECT * FROM words", "UPDATE more SET t = t || 'x'")
    encoding = remote.rows("SELECT getdatabaseencoding()")[0][0]
    for keys in ({}, {"encoding": encoding}):
        ((first, _),) = sums_of(read, remote, {}, table="words", **keys)
        ((again, _),) = sums_of(read, remote, {}, table="words", **keys)
        ((other, _),) = sums_of(read, remote, {}, table="more", **keys)
        assert first == again and first[0] == other[0] == 1
        assert first[1] != other[1], word


@pytest.mark.parametrize("client", ["LATIN1", "SQL_ASCII", "WIN1252"])
def test_encoding_of_the_local_session(db: Database, words: tuple[PostgresRemote, str], client: str) -> None:
    """It has nothing to do with what arrives: text inside of binary values is not converted from it."""
    remote, word = words
    db.connection.set_client_encoding("UTF8")
    db.execute(f"SET client_encoding = {client}")
    columns = ["id", "t", "a", "j", "b", "s", "p", "r"]
    import_anew(db, remote, "words", columns=columns)
    db.execute("SET client_encoding = UTF8")
    wanted = expected(word)
    assert db.rows("SELECT t, a::text, j::text, b::text, s::text, p, r FROM words") == [
        (wanted[1], wanted[5], wanted[6], wanted[7], wanted[8], wanted[10], wanted[11])
    ]


@pytest.mark.parametrize(("encoding", "codec"), [("LATIN1", "latin-1"), ("EUC_JP", "euc_jp"), ("SQL_ASCII", "utf-8")])
def test_local_database(db: Database, words: tuple[PostgresRemote, str], encoding: str, codec: str) -> None:
    """A local database in another encoding: converted where there is an equivalent, else an error that says where."""
    remote, word = words
    name = f"local_{encoding.lower()}"
    db.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    db.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    local = Database(db.server, name)
    connector = remote.connector(table="words", columns=["id", "t", "a", "b", "s"])
    try:
        local.execute("CREATE EXTENSION connector")
        if word.encode(codec, "replace").decode(codec) == word:
            local.import_table(connector)
            query = "SELECT encode(convert_to(concat_ws('|', t, a, b, s), getdatabaseencoding()), 'hex') FROM words"
            wanted = expected(word)
            assert bytes.fromhex(local.value(query)).decode(codec) == "|".join(wanted[i] for i in (1, 5, 7, 8))
        else:
            with fails(r'column "\w+", row 1', detail="2001|2006"):
                local.import_table(connector)
            result = local.import_table({**connector, "invalid_values": "null"})
            assert result["warnings"]["invalid_values"] == {"t": 1, "a": 1, "b": 1, "s": 1}
    finally:
        local.close()
        db.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


# bytes that the remote server knows nothing of


@pytest.fixture
def ascii_remote(postgres15: PostgresRemote) -> PostgresRemote:
    return in_encoding(postgres15, "SQL_ASCII")


def put_bytes(remote: PostgresRemote, text: str, encoding: str) -> None:
    """Text in an encoding of which the remote server knows nothing: in a value, in a name, in a comment."""
    remote.execute(
        "CREATE TABLE raw (id int, t text, a text[], b jsonb)",
    )
    hexadecimal = text.encode(encoding).hex()
    remote.execute(
        f"DO $$ DECLARE w text := convert_from('\\x{hexadecimal}', 'SQL_ASCII'); BEGIN "
        "INSERT INTO raw VALUES (1, w, ARRAY[w], to_jsonb(w)); "
        "EXECUTE format('ALTER TABLE raw ADD %I int', 'c' || w); EXECUTE format('COMMENT ON TABLE raw IS %L', w); END $$"
    )


@pytest.mark.parametrize(("encoding", "codec", "word"), [("LATIN1", "latin-1", "café"), ("WIN1251", "cp1251", "Слово")])
@pytest.mark.parametrize("query", [None, "SELECT * FROM raw"], ids=["table", "query"])
def test_unknown_bytes_in_a_known_encoding(
    db: Database, ascii_remote: PostgresRemote, encoding: str, codec: str, word: str, query: str | None
) -> None:
    put_bytes(ascii_remote, word, codec)
    keys: dict[str, object] = {"column_names": "verbatim"}
    if query:
        keys |= {"sql_query": query}
    with fails("column name .* is not valid in UTF8", number=2006, hint='"encoding"'):
        db.import_table(ascii_remote.connector(table="raw", **keys))
    import_anew(db, ascii_remote, "raw", encoding=encoding, **keys)
    assert db.rows("SELECT t, a::text, b::text FROM raw") == [(word, f"{{{word}}}", f'"{word}"')]
    assert [name for name, _, _ in db.columns("raw")][-1] == f"c{word}"
    if query is None:
        assert db.value("SELECT obj_description('raw'::regclass)") == word


def test_unknown_bytes_that_are_utf8(db: Database, ascii_remote: PostgresRemote) -> None:
    put_bytes(ascii_remote, "Ünïcode€", "utf-8")
    db.import_table(ascii_remote.connector(table="raw", import_as="raw_utf8"))
    assert db.rows("SELECT t, a[1], b #>> '{}' FROM raw_utf8") == [("Ünïcode€", "Ünïcode€", "Ünïcode€")]


def test_unknown_bytes_that_are_wrong(db: Database, ascii_remote: PostgresRemote) -> None:
    put_bytes(ascii_remote, "café", "latin-1")
    connector = ascii_remote.connector(table="raw", columns=["id", "t", "a", "b"], import_as="wrong")
    ascii_remote.execute("DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE raw DROP COLUMN %I', attname) FROM pg_attribute "
                         "WHERE attrelid = 'raw'::regclass AND attnum > 4 AND NOT attisdropped); END $$")
    with fails('column "t", row 1: text is not valid', number=2006):
        db.import_table(connector)
    result = db.import_table(connector, invalid_values="null")
    assert result["warnings"]["invalid_values"] == {"t": 1, "a": 1, "b": 1}


def test_a_database_declared_wrongly(db: Database, postgres15: PostgresRemote) -> None:
    """LATIN1 takes any bytes: what an application put there in WIN1251 is read as that when the request says so."""
    remote = in_encoding(postgres15, "LATIN1")
    remote.execute("CREATE TABLE mislabelled (t text)")
    hexadecimal = "Слово".encode("cp1251").hex()
    remote.execute(f"DO $$ BEGIN INSERT INTO mislabelled VALUES (convert_from('\\x{hexadecimal}', 'LATIN1')); END $$")
    db.import_table(remote.connector(table="mislabelled", encoding="WIN1251"))
    assert db.rows("SELECT t FROM mislabelled") == [("Слово",)]


def test_a_utf8_database_is_what_it_is(db: Database, postgres15: PostgresRemote) -> None:
    """Its server has verified every text, so `encoding` can't be news."""
    postgres15.execute("CREATE TABLE verified AS SELECT 'é€'::text AS t")
    db.import_table(postgres15.connector(table="verified", encoding="LATIN1"))
    assert db.rows("SELECT t FROM verified") == [("é€",)]
    postgres15.drop("verified")
