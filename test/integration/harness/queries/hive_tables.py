"""The table of Hive: one of all types, as each statement that makes one takes seconds."""

from __future__ import annotations

from servers.remote_hive import HiveRemote

from .tables import WORDS, RemoteColumn, RemoteTable


def _column(name: str, declaration: str, *texts: str) -> RemoteColumn:
    """Texts in HiveQL's words; a value has its type by a cast, as there are no others."""
    return RemoteColumn(name, declaration, tuple(f"CAST({text} AS {declaration})" for text in texts))


def _quoted(texts: list[str] | tuple[str, ...]) -> list[str]:
    """By their bytes: HiveQL's literals have their own ideas of backslashes and of what is beyond 16 bits."""
    return [f"decode(unhex('{text.encode().hex()}'), 'UTF-8')" for text in texts]


_LINES = [word for word in WORDS if word and "\n" not in word]
_WORDS = _quoted(_LINES)
_FLOATS = ("'0'", "'-0.0'", "'NaN'", "'Infinity'", "'-Infinity'", "'0.1'", "'3.14'", "'1'", "'1.5'")

EVERYTHING = RemoteTable(
    "nasty_values",
    (
        _column("ti", "tinyint", "-128", "0", "1", "127"),
        _column("i", "int", "-2147483648", "-1", "0", "1", "2", "2147483647"),
        _column("b", "bigint", "'-9223372036854775808'", "-1", "0", "1", "9007199254740992", "9007199254740993", "9223372036854775807"),
        _column("d0", "decimal(38,0)", "-1", "0", "1", f"'{'9' * 38}'", "9007199254740993"),
        _column("d2", "decimal(12,2)", "'-0.01'", "0", "'0.01'", "'0.10'", "'1.50'", "'9999999999.99'"),
        _column("d38", "decimal(38,38)", "0", "'0.1'", f"'0.{'0' * 37}1'", f"'0.{'9' * 38}'"),
        _column("f", "float", *_FLOATS, "'16777216'", "'3.4028235E38'"),
        _column("r", "double", *_FLOATS, "'0.30000000000000004'", "'0.3'", "'1E308'", "'4.9E-324'", "'1E22'"),
        _column("yes", "boolean", "true", "false"),
        _column("s", "string", *_WORDS, "''"),
        _column("v", "varchar(20)", *_WORDS, "''"),
        _column("c", "char(10)", *_quoted([word for word in _LINES if len(word) <= 10 and word.strip()])),
        _column("raw", "binary", "unhex('')", "unhex('61')", "unhex('41')", "unhex('6120')", "unhex('6100')", "unhex('00')", "unhex('ff')"),
        _column("d", "date", "'0001-01-01'", "'1582-10-15'", "'1999-12-31'", "'2000-02-29'", "'2024-03-31'", "'9999-12-31'"),
        _column("ts", "timestamp", "'0001-01-01 00:00:00'", "'2024-03-31 02:30:00'", "'2024-02-29 12:34:56.123456'", "'2024-02-29 12:34:56.1234564'", "'2024-02-29 12:34:56.1234565'", "'2019-12-31 23:59:59.9999999'", "'9999-12-31 23:59:59.999999'"),
    ),
)  # fmt: skip

TABLES = (EVERYTHING,)

# Orders and groups of tables in Hive's binary formats fail in the test server, and lines of a text file end at line ends.
_FORMAT = "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001' STORED AS TEXTFILE"


def create_table(remote: HiveRemote, table: RemoteTable) -> None:
    columns = "".join(f", {column.name} {column.declaration}" for column in table.columns)
    rows = []
    for number, row in enumerate(table.rows(), start=1):
        typed = (f"CAST({value} AS {column.declaration})" if value == "NULL" else value for value, column in zip(row, table.columns, strict=True))
        rows.append(f"SELECT {number}, {', '.join(typed)}")
    remote.drop(table.name)
    remote.execute(f"CREATE TABLE {table.name} (id int{columns}) {_FORMAT}", f"INSERT INTO {table.name} {' UNION ALL '.join(rows)}")
