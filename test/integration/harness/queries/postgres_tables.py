"""The tables of PostgreSQL."""

from __future__ import annotations

from servers.remote_postgres import PostgresRemote

from .tables import WORDS, RemoteColumn, RemoteTable


def _literals(texts: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """By their characters, whatever the encoding of the server; a backslash stands for itself."""
    return tuple("'" + text.replace("'", "''") + "'" for text in texts)


def _column(name: str, declaration: str, *texts: str) -> RemoteColumn:
    return RemoteColumn(name, declaration, _literals(texts))


_FLOATS = ("0", "-0", "NaN", "Infinity", "-Infinity", "0.1", "3.14", "1", "-1.5")
_LATIN = tuple(word for word in WORDS if word.encode("latin-1", "ignore").decode("latin-1") == word)

NUMBERS = RemoteTable(
    "numbers",
    (
        _column("si", "smallint", "-32768", "-1", "0", "1", "32767"),
        _column("i", "integer", "-2147483648", "-1", "0", "1", "2", "2147483647"),
        _column("ni", "integer NOT NULL", "-1", "0", "1", "2", "3"),
        _column("b", "bigint", "-9223372036854775808", "-1", "0", "1", "9007199254740992", "9007199254740993", "9223372036854775807"),
        _column("n", "numeric", "0", "0.00", "1", "1.0", "1.00", "NaN", "Infinity", "-Infinity", "1e100", "1e-100", "-0.1", "0.1", "123456789.123456789"),
        _column("n2", "numeric(12,2)", "-0.01", "0", "0.01", "0.10", "1.50", "9999999999.99", "NaN"),
        _column("n30", "numeric(65,30)", "0", "1", "0." + "0" * 29 + "1", "-0." + "0" * 29 + "1", "1." + "3" * 30, "9" * 35 + "." + "9" * 30),
        _column("f", "real", *_FLOATS, "16777216", "16777218", "1e-40", "1.4e-45", "3.4028235e38"),
        _column("r", "double precision", *_FLOATS, "0.30000000000000004", "0.3", "1e308", "1.7976931348623157e308", "5e-324", "1e22", "9007199254740993"),
        _column("nr", "double precision NOT NULL", "0", "-0", "1", "NaN", "0.1"),
        _column("yes", "boolean", "t", "f"),
        _column("nyes", "boolean NOT NULL", "t", "f"),
        _column("o", "oid", "0", "1", "2147483648", "4294967295"),
        _column("m", "money", "-1", "0", "0.01", "92233720368547758.07"),
        _column("positive", "positive_of_remote", "1", "2", "2147483647"),
    ),
    indexes=("i", "n", "f", "r"),
)

TEXTS = RemoteTable(
    "texts",
    (
        _column("t", "text", *WORDS),
        _column("c", 'text COLLATE "C"', *WORDS),
        _column("en", 'text COLLATE "en-x-icu"', *WORDS),
        _column("blind", "text COLLATE blind_of_remote", *WORDS),
        _column("v", "varchar(20)", *WORDS),
        _column("ven", 'varchar(20) COLLATE "en-x-icu" NOT NULL', *WORDS),
        _column("padded", "char(10)", *WORDS),
        _column("paden", 'char(10) COLLATE "en-x-icu"', *WORDS),
        _column("one", '"char"', "", "a", "A", "%", "\\"),
        _column("n", "name", *WORDS),
        _column("short", "short_of_remote", *(word for word in WORDS if len(word) <= 7)),
        _column("mood", "mood_of_remote", "z", "a", "B", "é"),
        _column("ci", "citext", *WORDS),
    ),
    indexes=("t", "c", "en", "blind", "v", "padded", "ci"),
)

MOMENTS = RemoteTable(
    "moments",
    (
        _column("d", "date", "4713-01-01 BC", "0001-12-31 BC", "0001-01-01", "1999-12-31", "2000-02-29", "2024-03-31", "9999-12-31", "5874897-12-31", "infinity", "-infinity"),
        _column("nd", "date NOT NULL", "1999-12-31", "2000-02-29", "2024-03-31", "infinity"),
        _column("ts", "timestamp", "4713-01-01 BC", "0001-01-01", "2024-03-31 02:30:00", "2024-02-29 12:34:56.123456", "2024-02-29 12:34:56", "2024-02-29", "294276-12-31 23:59:59.999999", "infinity", "-infinity"),
        _column("ts0", "timestamp(0)", "0001-01-01", "2024-03-31 02:30:00", "2024-02-29 12:34:56", "infinity"),
        _column("tz", "timestamptz", "4713-01-01 00:00+00 BC", "2024-03-31 02:30:00+00", "2024-10-27 00:30:00.000001+00", "2024-02-29 12:34:56.123456+05:30", "294276-12-31 23:59:59.999999+00", "infinity", "-infinity"),
        _column("tm", "time", "00:00", "00:00:00.000001", "12:34:56", "12:34:56.5", "23:59:59.999999", "24:00"),
        _column("ttz", "timetz", "00:00+00", "12:34:56+00", "12:34:56+02", "14:34:56+02", "24:00+00", "23:59:59.999999-15:59"),
        _column("iv", "interval", "0", "1 mon", "30 days", "720 hours", "-1 day", "1 day", "24 hours", "178000000 years", "00:00:00.000001"),
    ),
    indexes=("d", "ts", "tz"),
)  # fmt: skip

OTHERS = RemoteTable(
    "others",
    (
        _column("by", "bytea", "", "a", "A", "a ", "\\x00", "\\x0000", "\\x6100", "\\xff", "\\x5c27"),
        _column("u", "uuid", "00000000-0000-0000-0000-000000000000", "123e4567-e89b-12d3-a456-426655440000", "00000000-0000-0000-0000-000000000001", "10000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        _column("b1", "bit(1)", "0", "1"),
        _column("b5", "bit(5)", "00000", "00001", "10000", "11111"),
        _column("vb", "varbit(8)", "", "0", "00", "1", "10", "11111111"),
        _column("ip", "inet", "0.0.0.0/0", "10.0.0.1", "10.0.0.1/8", "10.0.0.0/8", "::1", "::ffff:10.0.0.1"),
        _column("net", "cidr", "10.0.0.0/8", "10.0.0.0/16", "::/0"),
        _column("mac", "macaddr", "00:00:00:00:00:00", "08:00:2b:01:02:03", "ff:ff:ff:ff:ff:ff"),
        _column("js", "jsonb", '{"a": 1, "b": [1, 2.50]}', "[]", "null", '"x"', "1", "1.0", "{}"),
        _column("jt", "json", '{"a": 1,  "b": [1, 2.50]}', "[]", "null", "1"),
        _column("arr", "integer[]", "{}", "{1}", "{1,2}", "{1,NULL}", "[0:1]={1,2}", "{{1,2}}"),
        _column("words", "text[]", "{}", '{a,"a "}', '{A,"a "}', "{NULL}", '{"NULL",""}'),
        _column("span", "int4range", "empty", "[1,10)", "[1,9]", "(,)", "[1,)"),
        _column("lsn", "pg_lsn", "0/0", "0/FF", "FFFFFFFF/FFFFFFFF"),
        _column("spot", "point", "(0,-0)", "(1,2)"),
        _column("i", "integer", "-1", "0", "1", "2"),
    ),
    indexes=("by", "u", "js"),
)  # fmt: skip

TABLES = (NUMBERS, TEXTS, MOMENTS, OTHERS)

# Of a database in LATIN1, whose order of bytes is that of characters, and which lacks most of them.
LATIN_TEXTS = RemoteTable(
    "texts",
    (
        _column("t", "text", *_LATIN),
        _column("c", 'text COLLATE "C"', *_LATIN),
        _column("v", "varchar(20) NOT NULL", *_LATIN),
        _column("padded", "char(10)", *_LATIN),
        _column("i", "integer", "-1", "0", "1", "2"),
    ),
    indexes=("t", "v"),
)

# Of a database in SQL_ASCII, whose bytes are what the key says.
ASCII_TEXTS = RemoteTable(
    "texts",
    (
        RemoteColumn("t", "text", ("'a'", "'A'", "''", "'a '", r"E'\xe4'", r"E'\xc4'", r"E'\xdf'", "'ss'", r"E'\\'")),
        RemoteColumn("v", "varchar(20)", ("'a'", "'b'", r"E'\xe9'", "'e'")),
        RemoteColumn("i", "integer", ("'-1'", "'0'", "'1'", "'2'")),
    ),
    {"encoding": "LATIN1"},
    ("t",),
)

# The same database without an encoding that is told: its bytes are read as UTF-8.
PLAIN_TEXTS = RemoteTable(
    "plain_texts",
    (
        _column("t", "text", *WORDS),
        _column("v", "varchar(40) NOT NULL", *WORDS),
        _column("padded", "char(10)", *(word for word in WORDS if word.isascii() and len(word) <= 10)),
        _column("i", "integer", "-1", "0", "1", "2"),
    ),
    indexes=("t", "v"),
)

LATIN_TABLES = [LATIN_TEXTS]
ASCII_TABLES = [ASCII_TEXTS, PLAIN_TEXTS]

_TYPES = (
    "CREATE EXTENSION IF NOT EXISTS citext",
    "CREATE DOMAIN positive_of_remote AS int CHECK (value > 0)",
    "CREATE DOMAIN short_of_remote AS varchar(7)",
    "CREATE TYPE mood_of_remote AS ENUM ('z', 'a', 'B', 'é')",
    "CREATE COLLATION blind_of_remote (provider = icu, locale = 'und-u-ks-level1', deterministic = false)",
)


def _create_types(remote: PostgresRemote) -> None:
    """Those of the tables, unless they are there."""
    if not remote.rows("SELECT 1 FROM pg_type WHERE typname = 'positive_of_remote'"):
        remote.execute(*_TYPES)


def create_table(remote: PostgresRemote, table: RemoteTable) -> None:
    name = remote.quote(table.name)
    remote.drop(table.name)
    if table in TABLES:
        _create_types(remote)
    remote.execute(
        table.create(name),
        *(f"CREATE INDEX ON {name} ({index})" for index in table.indexes),
        table.insert(name),
        f"ANALYZE {name}",
    )
