"""The procedures by which ODBC drivers read the catalog: sp_tables, sp_columns, sp_pkeys, sp_statistics.

Results as SQL Server's documentation has them. The older sp_columns shows the newer types of dates and times as nvarchar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..types import MAX, SqlType
from .functions import like_pattern
from .storage import Table
from .system_views import columns_of_text

if TYPE_CHECKING:
    from .executor import Executor, Sink

Arguments = dict[str, Any]
Rows = Iterator[tuple[Any, ...]]

_TYPES = {
    "bit": -7, "tinyint": -6, "smallint": 5, "int": 4, "bigint": -5, "decimal": 3, "numeric": 2, "money": 3, "smallmoney": 3,
    "float": 6, "real": 7, "date": 91, "time": -154, "datetime": 93, "smalldatetime": 93, "datetime2": 93, "datetimeoffset": -155,
    "char": 1, "varchar": 12, "nchar": -8, "nvarchar": -9, "text": -1, "ntext": -10, "binary": -2, "varbinary": -3, "image": -4,
    "timestamp": -2, "uniqueidentifier": -11, "xml": -152, "sql_variant": -150, "json": -9, "vector": -9,
}  # fmt: skip
_LATER_TYPES = ("date", "time", "datetime2", "datetimeoffset")
_LONG = {"varchar": -1, "nvarchar": -10, "varbinary": -4}

_TABLES = columns_of_text(
    "TABLE_QUALIFIER sysname?, TABLE_OWNER sysname?, TABLE_NAME sysname?, TABLE_TYPE varchar(32)?, REMARKS varchar(254)?"
)
_COLUMNS = columns_of_text(
    "TABLE_QUALIFIER sysname?, TABLE_OWNER sysname?, TABLE_NAME sysname, COLUMN_NAME sysname?, DATA_TYPE smallint, TYPE_NAME sysname, "
    "PRECISION int?, LENGTH int?, SCALE smallint?, RADIX smallint?, NULLABLE smallint, REMARKS varchar(254)?, "
    "COLUMN_DEF nvarchar(4000)?, SQL_DATA_TYPE smallint, SQL_DATETIME_SUB smallint?, CHAR_OCTET_LENGTH int?, "
    "ORDINAL_POSITION int, IS_NULLABLE varchar(254)?, SS_DATA_TYPE tinyint?"
)
_PKEYS = columns_of_text(
    "TABLE_QUALIFIER sysname?, TABLE_OWNER sysname?, TABLE_NAME sysname, COLUMN_NAME sysname, KEY_SEQ smallint, PK_NAME sysname?"
)
_STATISTICS = columns_of_text(
    "TABLE_QUALIFIER sysname?, TABLE_OWNER sysname?, TABLE_NAME sysname, NON_UNIQUE smallint?, INDEX_QUALIFIER sysname?, INDEX_NAME sysname?, "
    "TYPE smallint, SEQ_IN_INDEX smallint?, COLUMN_NAME sysname?, COLLATION char(1)?, CARDINALITY int?, PAGES int?, FILTER_CONDITION varchar(128)?"
)


def _matches(name: str, pattern: Any, *, wild: bool) -> bool:
    """Whether a name is meant; without a pattern each is."""
    if pattern is None:
        return True
    if not wild:
        return name.lower() == str(pattern).lower()
    return like_pattern(str(pattern), None, 1).fullmatch(name) is not None


def _found(executor: Executor, arguments: Arguments, *, wild: bool) -> Iterator[Table]:
    """Tables and views of a database by name and owner."""
    catalog = executor.catalog
    database = arguments.get("@table_qualifier") or catalog.database
    for table in sorted(catalog.records.tables(database), key=lambda table: (table.schema, table.name)):
        if _matches(table.schema, arguments.get("@table_owner"), wild=wild) and _matches(
            table.name, arguments.get("@table_name"), wild=wild
        ):
            yield table


def _names(table: Table) -> tuple[str, str, str]:
    return table.database, table.schema, table.name


def _tables(executor: Executor, arguments: Arguments) -> Rows:
    kinds = re.findall(r"'([^']*)'", str(arguments.get("@table_type") or ""))
    found = [
        (*_names(table), "VIEW" if table.view_text is not None else "TABLE", None)
        for table in _found(executor, arguments, wild=arguments.get("@fusepattern") != 0)
    ]
    for row in sorted(found, key=lambda row: (str(row[3]), row[:3])):
        if not kinds or row[3] in kinds:
            yield row


def _columns(*, later: bool) -> Callable[[Executor, Arguments], Rows]:
    def rows(executor: Executor, arguments: Arguments) -> Rows:
        wild = arguments.get("@fusepattern") != 0
        for table in _found(executor, arguments, wild=wild):
            for number, column in enumerate(executor.catalog.columns_of(table), 1):
                if not _matches(column.name, arguments.get("@column_name"), wild=wild):
                    continue
                kind = column.kind
                shown = _type_number(kind, later=later)
                precision, length, scale = _sizes(kind)
                is_time = shown in (91, 92, 93)
                yield (
                    *_names(table),
                    column.name,
                    shown,
                    kind.name + (" identity" if column.identity else ""),
                    precision,
                    length,
                    scale,
                    10 if kind.is_integer or kind.is_exact or kind.name in ("float", "real") else None,
                    int(column.nullable),
                    None,
                    None,
                    9 if is_time else shown,
                    shown - 90 if is_time else None,
                    length if kind.is_text or kind.is_binary else None,
                    number,
                    "YES" if column.nullable else "NO",
                    0,
                )

    return rows


def _type_number(kind: SqlType, *, later: bool) -> int:
    if not later and kind.name in _LATER_TYPES:
        return _TYPES["nvarchar"]
    if not later and kind.length == MAX:
        return _LONG[kind.name]
    return _TYPES.get(kind.name, -151)


def _sizes(kind: SqlType) -> tuple[int, int, int | None]:
    """PRECISION, LENGTH and SCALE of sp_columns."""
    if kind.name in ("text", "image", "ntext"):
        return 2147483647 // (2 if kind.is_unicode else 1), 2147483647, None
    if kind.is_large:
        return 0, 0, None
    if kind.is_text or kind.is_binary:
        return kind.length or 8, kind.max_length, None
    if kind.is_exact:
        return kind.catalog_precision, kind.catalog_precision + 2, kind.catalog_scale
    if kind.is_temporal:
        return kind.catalog_precision, 16, kind.catalog_scale
    return kind.catalog_precision or 36, kind.max_length, 0 if kind.is_integer else None


def _pkeys(executor: Executor, arguments: Arguments) -> Rows:
    for table in _found(executor, arguments, wild=False):
        for key in table.keys:
            if key.primary:
                for place, (number, _) in enumerate(key.columns, 1):
                    yield (*_names(table), table.columns[number - 1].name, place, key.name)


def _statistics(executor: Executor, arguments: Arguments) -> Rows:
    for table in _found(executor, arguments, wild=False):
        yield (*_names(table), None, None, None, 0, None, None, None, executor.catalog.count_rows(table), None, None)
        for key in table.keys:
            unique = key.unique or key.primary or key.constraint
            if arguments.get("@is_unique") == "Y" and not unique:
                continue
            for place, (number, descending) in enumerate(key.columns, 1):
                name = table.columns[number - 1].name
                order = "D" if descending else "A"
                yield (*_names(table), int(not unique), table.name, key.name, 3, place, name, order, None, None, key.filter)


# Names of parameters in their order, columns and rows.
_PROCEDURES = {
    "sp_tables": ("@table_name @table_owner @table_qualifier @table_type @fusepattern", _TABLES, _tables),
    "sp_columns": ("@table_name @table_owner @table_qualifier @column_name @odbcver @fusepattern", _COLUMNS, _columns(later=False)),
    "sp_columns_100": ("@table_name @table_owner @table_qualifier @column_name @odbcver @fusepattern", _COLUMNS, _columns(later=True)),
    "sp_pkeys": ("@table_name @table_owner @table_qualifier", _PKEYS, _pkeys),
    "sp_statistics": ("@table_name @table_owner @table_qualifier @index_name @is_unique @accuracy", _STATISTICS, _statistics),
    "sp_statistics_100": ("@table_name @table_owner @table_qualifier @index_name @is_unique @accuracy", _STATISTICS, _statistics),
}
NAMES = tuple(_PROCEDURES)


def call(executor: Executor, name: str, arguments: Sequence[tuple[str, Any]], sink: Sink) -> None:
    """Sends the result of one of NAMES; arguments are names, empty where the place counts, and values."""
    parameters, columns, rows = _PROCEDURES[name]
    order = parameters.split()
    given = {given.lower() or order[place]: value for place, (given, value) in enumerate(arguments)}
    executor.send_rows(columns, list(rows(executor, given)), sink)
