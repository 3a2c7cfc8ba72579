"""Text between encodings: against convert(), with characters on every border, and broken everywhere (src/pg)."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from harness.boundary import Cluster, is_clean
from harness.database import Database
from harness.errors import fails

PIECE = 64 * 1024  # of TextConverter::convert
DATABASES = ["UTF8", "LATIN1", "SQL_ASCII", "EUC_JP", "EUC_JIS_2004", "MULE_INTERNAL"]

# Characters of the encodings that have a conversion from and to UTF8, of every length they have there.
SAMPLES = {
    "LATIN1": "é£ÿa",
    "LATIN2": "łščž",
    "LATIN9": "€žœ",
    "WIN1252": "€’…é",
    "WIN1251": "Привет",
    "KOI8R": "Привет",
    "EUC_JP": "日本aｱ丂語",
    "EUC_JIS_2004": "か゚日本a𠀋æ̀",
    "EUC_KR": "한국어a",
    "EUC_CN": "中国话a",
    "EUC_TW": "中國話a",
    "SJIS": "日本aｱ語",
    "SHIFT_JIS_2004": "か゚日本a𠀋æ̀",
    "BIG5": "中國話a",
    "GBK": "中国话a",
    "GB18030": "中é国a𠀋",
    "JOHAB": "어a",  # not 한국: PostgreSQL takes half of JOHAB's characters for invalid when they come back
    "UHC": "한국어a똠",
}


@pytest.fixture(scope="module")
def databases(cluster: Cluster) -> Iterator[dict[str, Database]]:
    found = {encoding: cluster.create(f"text_{encoding.lower()}", encoding) for encoding in DATABASES}
    for database in found.values():
        database.execute("SET client_encoding = 'SQL_ASCII'")  # bytes come and go as they are
    yield found
    for database in found.values():
        database.close()


@pytest.fixture
def utf8(databases: dict[str, Database]) -> Iterator[Database]:
    yield databases["UTF8"]
    is_clean(databases["UTF8"])


def convert(database: Database, text: bytes, source: str, target: str) -> bytes | None:
    """TextConverter's answer; None if the text is refused."""
    found = database.value("SELECT boundary_convert(%s, %s, %s)", psycopg2.Binary(text), source, target)
    return None if found is None else bytes(found)


def reference(database: Database, text: bytes, source: str, target: str) -> bytes | None:
    """PostgreSQL's own answer; None if it calls the text invalid or not to be represented."""
    try:
        return bytes(database.value("SELECT convert(%s, %s, %s)", psycopg2.Binary(text), source, target))
    except (psycopg2.errors.CharacterNotInRepertoire, psycopg2.errors.UntranslatableCharacter):
        return None


def long_texts(sample: bytes) -> Iterator[bytes]:
    """Several pieces, with every byte of the sample at the border of pieces once."""
    for shift in range(len(sample)):
        yield b"x" * shift + sample * (3 * PIECE // len(sample) + 1)


@pytest.mark.parametrize("encoding", SAMPLES)
def test_long_text(utf8: Database, encoding: str) -> None:
    sample = SAMPLES[encoding].encode()
    encoded = reference(utf8, sample, "UTF8", encoding)
    assert encoded is not None and encoded != sample
    for text in long_texts(sample):
        expected = reference(utf8, text, "UTF8", encoding)
        assert expected is not None and convert(utf8, text, "UTF8", encoding) == expected
    for text in long_texts(encoded):
        expected = reference(utf8, text, encoding, "UTF8")
        assert expected is not None and convert(utf8, text, encoding, "UTF8") == expected


@pytest.mark.parametrize("encoding", ["UTF8", "LATIN1", "EUC_JP", "EUC_JIS_2004"])
def test_from_and_to_the_database(databases: dict[str, Database], encoding: str) -> None:
    """What the loader (any encoding to the database's) and the wrapper (the database's to UTF8) ask for."""
    database = databases[encoding]
    answers = set()
    for remote, sample in (*SAMPLES.items(), ("UTF8", "한é日𠀋"), ("UTF8", SAMPLES.get(encoding, "é"))):
        text = sample.encode() if remote == "UTF8" else reference(databases["UTF8"], sample.encode(), "UTF8", remote)
        assert text is not None
        try:
            expected = reference(database, text * 30000, remote, encoding)
        except psycopg2.errors.UndefinedFunction:
            answers.add("no conversion")
            with fails("^PostgreSQL has no conversion", sqlstate="22021", number=2006):
                convert(database, text, remote, encoding)
            continue
        assert convert(database, text * 30000, remote, encoding) == expected
        answers.add("refused" if expected is None else "converted")
        if expected is not None and remote == "UTF8":
            answers.add("and back")
            assert convert(database, expected, encoding, "UTF8") == text * 30000
    few = set() if encoding == "UTF8" else {"refused", "no conversion"}
    assert answers == {"converted", "and back"} | few
    is_clean(database)


def test_sql_ascii_takes_what_comes(databases: dict[str, Database]) -> None:
    database = databases["SQL_ASCII"]
    for source, text in (("UTF8", "é日𠀋".encode()), ("LATIN1", b"\xe9\xff"), ("EUC_JP", b"\xc6\xfc"), ("SQL_ASCII", b"\x80\xff")):
        assert convert(database, text, source, "SQL_ASCII") == text
    assert convert(database, b"\xff", "UTF8", "SQL_ASCII") is None
    # as a source, its bytes have to be the target's
    assert convert(database, "é日".encode(), "SQL_ASCII", "UTF8") == "é日".encode()
    assert convert(database, b"\xe9", "SQL_ASCII", "UTF8") is None
    is_clean(database)


BROKEN = {
    "UTF8": [b"\x80", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x00"],
    "EUC_JP": [b"\xff", b"\xc6\x20", b"\x8f\xb0\x20", b"\x00"],
    "LATIN1": [b"\x00"],
}
INCOMPLETE = {"UTF8": [b"\xc3", b"\xe6\x97", b"\xf0\xa0\x80"], "EUC_JP": [b"\xc6", b"\x8f\xb0"]}


@pytest.mark.parametrize(
    ("source", "target"), [("UTF8", "LATIN1"), ("UTF8", "EUC_JP"), ("UTF8", "UTF8"), ("EUC_JP", "UTF8"), ("LATIN1", "UTF8")]
)
def test_invalid_text_is_refused(utf8: Database, source: str, target: str) -> None:
    for before in (0, 1, 100, PIECE - 4, PIECE - 3, PIECE - 2, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE):
        for broken in BROKEN[source]:
            for after in (0, 1, PIECE):
                text = b"x" * before + broken + b"y" * after
                assert convert(utf8, text, source, target) is None, f"{broken!r} at {before}, then {after}"
                if source == target:
                    assert not utf8.value("SELECT boundary_valid(%s, %s, %s)", psycopg2.Binary(text), source, target)
        for broken in INCOMPLETE.get(source, []):
            assert convert(utf8, b"x" * before + broken, source, target) is None, f"{broken!r} at {before}"
    assert convert(utf8, b"", source, target) == b""
    assert convert(utf8, b"x" * 3 * PIECE, source, target) == b"x" * 3 * PIECE


def test_missing_characters_are_refused(utf8: Database) -> None:
    for before in (0, PIECE - 2, PIECE - 1, PIECE, 2 * PIECE):
        for after in (0, PIECE):
            assert convert(utf8, b"x" * before + "日".encode() + b"y" * after, "UTF8", "LATIN1") is None


def test_encodings_that_do_not_exist(utf8: Database) -> None:
    for source, target in (("nonsense", "UTF8"), ("UTF8", "nonsense"), ("nonsense", "SQL_ASCII"), ("EUC_JP", "LATIN1")):
        with fails("^PostgreSQL ", sqlstate="22021", number=2006):
            convert(utf8, b"x", source, target)


# text.hpp
def server_text(database: Database, text: bytes) -> bytes:
    return bytes(database.value("SELECT boundary_server_text(%s)", psycopg2.Binary(text)))


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("UTF8", "aé日𠀋".encode() + b"?b?"),
        ("LATIN1", b"a\xe9????b?"[:3] + b"??b?"),
        ("SQL_ASCII", b"a????b?"),
        ("EUC_JP", b"a\x8f\xab\xb1\xc6\xfc??b?"),
        ("MULE_INTERNAL", b"a????b?"),
    ],
)
def test_server_text_replaces(databases: dict[str, Database], encoding: str, expected: bytes) -> None:
    database = databases[encoding]
    assert server_text(database, "aé日𠀋".encode() + b"\xffb\x00") == expected
    assert server_text(database, b"") == b""
    is_clean(database)


@pytest.mark.parametrize("encoding", DATABASES)
def test_messages_can_always_be_told(databases: dict[str, Database], encoding: str) -> None:
    """Errors and notices with any text, in any database, in a failed transaction's wake."""
    database = databases[encoding]
    text = "aé日𠀋".encode() + b"\xffb" * 1000
    shown = server_text(database, text)
    for raising in ("boundary_raise_text", "boundary_server_text_after_error"):
        if raising == "boundary_server_text_after_error" and encoding == "UTF8":
            text = text.replace(b"\xff", b"")
            shown = server_text(database, text)
        with pytest.raises(psycopg2.Error) as caught:
            database.execute(f"SELECT {raising}(%s)", psycopg2.Binary(text))
        assert caught.value.pgcode == "HV00L"
        told = bytes(database.value("SELECT convert_to(%s, getdatabaseencoding())", "x"))
        assert told == b"x"
        assert caught.value.pgerror is not None and str(shown[-20:], "ascii") in caught.value.pgerror
    database.execute("SELECT boundary_notice(%s, %s)", psycopg2.Binary(text), psycopg2.Binary(text))
    assert len(database.notices) == 1 and str(shown[-20:], "ascii") in database.notices[0]
    is_clean(database)


@pytest.mark.parametrize(
    ("encoding", "good", "bad"),
    [
        ("UTF8", "é日𠀋".encode(), [b"\xff", b"a\x00b", b"\xc3"]),
        ("LATIN1", "é".encode(), ["日".encode(), b"\xff", b"a\x00b"]),
        ("SQL_ASCII", "é日".encode(), [b"\xff", b"a\x00b"]),
        ("EUC_JP", "日本".encode(), ["𠀋".encode(), b"\xff", b"a\x00b"]),
    ],
)
def test_names_and_values_are_exact(databases: dict[str, Database], encoding: str, good: bytes, bad: list[bytes]) -> None:
    database = databases[encoding]
    expected = good if encoding in ("UTF8", "SQL_ASCII") else reference(database, good, "UTF8", encoding)
    assert bytes(database.value("SELECT boundary_exact_server_text(%s)", psycopg2.Binary(good))) == expected
    assert database.value("SELECT boundary_text_datum(%s) = convert_from(%s, getdatabaseencoding())", good, expected)
    assert bytes(database.value("SELECT boundary_utf8_text(boundary_text_datum(%s))", psycopg2.Binary(good))) == good
    for text in bad:
        for function in ("boundary_exact_server_text", "boundary_text_datum"):
            with fails("can't be represented", sqlstate="22021", number=2006):
                database.execute(f"SELECT {function}(%s)", psycopg2.Binary(text))
    is_clean(database)


def test_utf8_text_of_sql_ascii(databases: dict[str, Database]) -> None:
    database = databases["SQL_ASCII"]
    with fails("can't be represented in encoding UTF8", sqlstate="22021"):
        database.execute(r"SELECT boundary_utf8_text(E'\xe9')")


def test_quoted_text(utf8: Database) -> None:
    for text in ("", "'", "\\", "a'b\\c", "\\'", "E'"):
        literal = utf8.value("SELECT boundary_quote(%s)", text)
        for setting in ("on", "off"):
            utf8.execute(f"SET standard_conforming_strings = {setting}")
            with utf8.connection.cursor() as cursor:
                cursor.execute("SELECT " + literal)
                assert cursor.fetchone() == (text,)
        utf8.execute("RESET standard_conforming_strings")
