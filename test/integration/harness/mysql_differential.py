"""Every type of the MySQL family behind every kind of expression: what arrives is what the server itself prints.

One table of a server has a column for each type of mysql_columns. An expression stands for all of its columns at once,
a way says how a statement leads to the expression: directly, through a view, a derived table, a UNION. Both are
imported together as one table, and each value is compared with what another client reads of the same expression.
"""

from __future__ import annotations

import ipaddress
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import pymysql

from servers.remote_mysql import MySqlRemote

from . import differential
from .database import Database
from .differential import Case
from .mysql_columns import BINARIES, BITS, COLUMNS, DECIMALS, FLOATS, INTEGERS, OTHERS, TEMPORALS, TEXTS, Column

TABLE = "each_value"
VIEW = "each_value_view"

# Name: an expression of column {0} of table t; {1} is the table.
EXPRESSIONS = {
    "plain": "t.{0}",
    "coalesce": "COALESCE(t.{0})",
    "coalesce of two": "COALESCE(t.{0}, t.{0})",
    "ifnull": "IFNULL(t.{0}, t.{0})",
    "if": "IF(t.id < 1000, t.{0}, NULL)",
    "case": "CASE WHEN t.id < 1000 THEN t.{0} END",
    "nullif": "NULLIF(t.{0}, NULL)",
    "greatest": "GREATEST(t.{0}, t.{0})",
    "least": "LEAST(t.{0}, t.{0})",
    "subselect": "(SELECT s.{0} FROM {1} s WHERE s.id = t.id)",
    "subselect of an expression": "(SELECT COALESCE(s.{0}) FROM {1} s WHERE s.id = t.id)",
    "subselect of max": "(SELECT MAX(s.{0}) FROM {1} s WHERE s.id = t.id)",
    "max of a group": "MAX(t.{0})",
    "min of an expression": "MIN(COALESCE(t.{0}))",
    "cast": "CAST(t.{0} AS CHAR)",
}
CAST = "cast"
GROUPED = ("max of a group", "min of an expression")

# Name: a statement around {0}, the select list, and {1}, the table with its alias and what follows it.
WAYS = {
    "query": "SELECT {0} FROM {1}",
    "view": None,  # imported as a table
    "materialized view": None,
    "query of a view": f"SELECT * FROM {VIEW}",
    "expression of a view": None,
    "derived table": "SELECT * FROM (SELECT {0} FROM {1}) q",
    "distinct": "SELECT DISTINCT {0} FROM {1}",
    "derived distinct": "SELECT * FROM (SELECT DISTINCT {0} FROM {1}) q",
    "ordered": "SELECT {0} FROM {1} ORDER BY 1 LIMIT 1000",
    "union all": "SELECT {0} FROM {1} UNION ALL SELECT {0} FROM {1} LIMIT 1000 OFFSET 0",
    "union": "SELECT {0} FROM {1} UNION SELECT {0} FROM {1}",
}


def short_literals(column: Column) -> Column:
    """Without the values that are large for the sake of being large."""
    literals = tuple(literal for literal in column.literals if "0)" not in literal or "REPEAT" not in literal)
    return Column(column.definition, column.local, literals, column.remote, column.here, column.same, column.kinds)


class MySqlDifferential:
    """The table on one server."""

    def __init__(self, db: Database, remote: MySqlRemote) -> None:
        self.db = db
        self.remote = remote
        self.columns = {
            f"c{number}": short_literals(column)
            for number, column in enumerate(column for column in COLUMNS if remote.kind in column.kinds)
        }
        rows = max(len(column.literals) for column in self.columns.values()) + 1  # and one of NULLs
        remote.drop(TABLE)
        remote.execute(
            "SET sql_mode = 'STRICT_ALL_TABLES'",
            f"CREATE TABLE {TABLE} (id int PRIMARY KEY, "
            + ", ".join(f"{name} {column.definition}" for name, column in self.columns.items())
            + ") CHARACTER SET utf8mb4",
            *(
                f"INSERT INTO {TABLE} VALUES ({row}, "
                + ", ".join(
                    column.literals[row] if row < len(column.literals) else "NULL" for column in self.columns.values()
                )
                + ")"
                for row in range(rows)
            ),
        )

    def close(self) -> None:
        self.remote.execute(f"DROP VIEW IF EXISTS {VIEW}", f"DROP TABLE IF EXISTS {TABLE}")

    def check(self, case: Case) -> tuple[int, list[str]]:
        """Imports the columns that have such an expression. Gives the number of compared columns, and what is wrong."""
        names = self._columns_with(case)
        if not names:
            return 0, []
        select, tables = self._select(case, names)
        if "view" in case.way:
            algorithm = "TEMPTABLE" if case.way == "materialized view" else "UNDEFINED"
            self.remote.execute(f"CREATE OR REPLACE ALGORITHM = {algorithm} VIEW {VIEW} AS SELECT {select} FROM {tables}")
        what = {"table": VIEW} if case.way in ("view", "materialized view") else {"sql_query": self._statement(case, names)}
        self.db.execute("DROP TABLE IF EXISTS compared")
        result = self.db.import_table(self.remote.connector(import_as="compared", **what))
        wrong = [f"left out: {result['skipped_columns']}"] if result["skipped_columns"] else []
        types = {name: kind for name, kind, _ in self.db.columns("compared")}
        columns = {name: _as_arrived(self.columns[name], types[name]) for name in names}
        there = self._there(case, columns)
        # Servers make the columns of a derived table too narrow for some texts: then the value itself counts.
        direct = self._there(Case(case.expression, "query"), columns) if case.expression == CAST and case.way != "union all" else there
        shown = ", ".join(_shown(name, types[name]) for name in names)
        here = self.db.rows(f"SELECT {shown} FROM compared ORDER BY id")
        for number, (name, column) in enumerate(columns.items()):
            wrong += [
                f"{case}: {column.definition} as {types[name]}: {ours[number]!r} here, {theirs[number]!r} there"
                for theirs, itself, ours in zip(there, direct, here, strict=True)
                if not any(same(column, value[number], types[name], ours[number]) for value in (theirs, itself))
            ]
        self.db.execute("DROP TABLE compared")
        return len(names), wrong

    def _select(self, case: Case, names: Sequence[str]) -> tuple[str, str]:
        """Select list and FROM clause."""
        return differential.selected(EXPRESSIONS[case.expression], TABLE, names, grouped=case.expression in GROUPED)

    def _statement(self, case: Case, names: Sequence[str]) -> str:
        if case.way == "expression of a view":
            return "SELECT id, " + ", ".join(f"COALESCE(v.{name}) AS {name}" for name in names) + f" FROM {VIEW} v"
        way = WAYS[case.way]
        assert way is not None
        return way.format(*self._select(case, names))

    def _there(self, case: Case, columns: Mapping[str, Column]) -> list[list[str | None]]:
        """The values of the columns as another client reads them."""
        expression = EXPRESSIONS[case.expression]
        _, tables = self._select(case, list(columns))
        if case.way == "query":  # nothing between the expression and what is printed of it
            printed = [column.remote.format(expression.format(name, TABLE)) for name, column in columns.items()]
            query = f"SELECT {', '.join(printed)} FROM {tables} ORDER BY t.id"
        else:
            printed = [column.remote.format(name) for name, column in columns.items()]
            is_view = case.way in ("view", "materialized view", "query of a view")
            source = VIEW if is_view else f"({self._statement(case, list(columns))}) AS source"
            query = f"SELECT {', '.join(printed)} FROM {source} ORDER BY id"
        return [
            [None if value is None else value.decode() if isinstance(value, bytes) else str(value) for value in row]
            for row in self.remote.rows(query)
        ]

    def _columns_with(self, case: Case) -> list[str]:
        """The columns whose type the server takes in such an expression, for which a view must not exist yet."""
        plain = Case(case.expression, "derived table")
        names = list(self.columns)
        if case.expression == CAST:
            names = [name for name in names if _has_text(self.columns[name])]
        if case.way == "expression of a view" and case.expression in GROUPED:
            # MariaDB makes a text of a geometry, with ? for some of its bytes: its import fails, as it should.
            names = [name for name in names if "ST_AsBinary" not in self.columns[name].remote]
        return differential.taken(names, lambda some: self._runs(plain, some))

    def _runs(self, case: Case, names: Sequence[str]) -> bool:
        try:
            self.remote.rows(f"SELECT 1 FROM ({self._statement(case, names)}) AS source LIMIT 0")
        except pymysql.err.Error:
            return False
        return True


# What the server prints of a text, and the form of it here.
_TEXT = ("HEX(CONVERT({0} USING utf8mb4))", "{0}::text")


def _has_text(column: Column) -> bool:
    """Whether CAST makes a text of a value, and not bytes that are none."""
    return column.definition not in {other.definition for other in (*BITS, *BINARIES)} and not column.remote.startswith("HEX(ST_")


def _as_arrived(column: Column, kind: str) -> Column:
    """The column; or, where the server makes a text of its values, that text."""
    is_text = kind == "text" or kind.startswith("character")
    if not is_text or column.definition in {other.definition for other in OTHERS}:
        return column
    return Column(column.definition, "text", (), *_TEXT)


def _shown(name: str, kind: str) -> str:
    """A local value as text, in one form for each type."""
    if kind == "bytea":
        return f"upper(encode({name}, 'hex'))"
    if kind == "real":
        return f"{name}::double precision::text"
    if kind == "date":
        return f"to_char({name}, 'YYYY-MM-DD')"
    if kind.startswith("timestamp"):
        moment = f"{name} AT TIME ZONE 'UTC'" if kind.endswith("with time zone") else name
        return f"to_char({moment}, 'YYYY-MM-DD HH24:MI:SS.US')"
    if kind.startswith("time"):
        return f"to_char({name}, 'HH24:MI:SS.US')"
    return f"{name}::text"


def same(column: Column, there: str | None, kind: str, here: str | None) -> bool:
    """Whether a value here, of a local type that need not be the column's own, is the one that the server prints."""
    if there is None or here is None:
        return there is here
    if column.definition.startswith("float") and kind == "double precision":  # printed with as many digits as are declared
        return struct.pack("f", float(there)) == struct.pack("f", float(here))
    return _reading(column)(there, kind, here)


def _reading(column: Column) -> Callable[[str, str, str], bool]:
    if column.remote == _TEXT[0]:
        return _same_text
    groups: list[tuple[Sequence[Column], Callable[[str, str, str], bool]]] = [
        (BITS, _same_bits),
        (INTEGERS, _same_number),
        (DECIMALS, _same_number),
        (FLOATS, _same_float),
        (TEMPORALS, _same_moment),
        (TEXTS, _same_text),
        (BINARIES, _same_bytes),
    ]
    for columns, reading in groups:
        if any(column.definition == other.definition for other in columns):
            return reading
    if column.definition.startswith("json"):
        return _same_document
    if column.definition.startswith("inet"):
        return lambda there, kind, here: ipaddress.ip_address(there) == ipaddress.ip_interface(here).ip
    if "ST_AsBinary" in column.remote:
        return _same_geometry
    return _same_bytes if column.remote.startswith("HEX") else lambda there, kind, here: there == here


def _same_bits(there: str, kind: str, here: str) -> bool:
    number = {"t": 1, "true": 1, "f": 0, "false": 0}.get(here) if kind == "boolean" else None
    if number is None:
        number = int(here, 2) if kind.startswith("bit") else int(here)
    return number % 2**64 == int(there, 2)  # GREATEST of MySQL 5.6 is signed


def _same_number(there: str, kind: str, here: str) -> bool:
    return Decimal(there) == Decimal(here)


def _same_float(there: str, kind: str, here: str) -> bool:
    if kind in ("real", "double precision"):
        return float(there).hex() == float(here).hex()
    return abs(float(there) - float(here)) <= abs(float(there)) * 1e-5  # a text has as many digits as the server gave it


def _same_moment(there: str, kind: str, here: str) -> bool:
    def digits(text: str) -> str:
        whole, _, fraction = text.partition(".")
        return f"{whole}.{fraction.ljust(6, '0')}"

    return digits(there) == digits(here)


def _same_text(there: str, kind: str, here: str) -> bool:
    return bytes.fromhex(there) == (bytes.fromhex(here) if kind == "bytea" else here.encode())


def _same_bytes(there: str, kind: str, here: str) -> bool:
    return bytes.fromhex(there) == (bytes.fromhex(here) if kind == "bytea" else here.encode())


def _same_geometry(there: str, kind: str, here: str) -> bool:
    """Behind some expressions it is a blob to the server: then the number of the SRID stands before the geometry."""
    return here in (there, "00000000" + there)


def _same_document(there: str, kind: str, here: str) -> bool:
    def read(text: str) -> object:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal)

    return read(there) == read(here) if kind == "jsonb" else there == here


def all_cases() -> list[Case]:
    return differential.all_cases(EXPRESSIONS, WAYS)


def some_cases() -> list[Case]:
    """Some of all, and those that servers are known to describe wrongly."""
    known = [("plain", "view"), ("case", "view"), ("greatest", "view"), ("cast", "distinct"), ("max of a group", "derived distinct")]
    return [*differential.some_cases(EXPRESSIONS, WAYS), *(Case(expression, way) for expression, way in known)]
