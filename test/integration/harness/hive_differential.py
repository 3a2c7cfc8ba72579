"""Every type of Hive behind every kind of expression: what arrives is what the server itself prints."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from decimal import Decimal

from servers.hive.client import HiveError
from servers.remote_hive import HiveRemote

from . import differential
from .database import Database
from .differential import Case

VIEW = "each_value_view"

# Name: an expression of column {0} of table t; {1} is the table.
EXPRESSIONS = {
    "plain": "t.{0}",
    "coalesce": "coalesce(t.{0}, t.{0})",
    "nvl": "nvl(t.{0}, t.{0})",
    "if": "if(t.id < 1000, t.{0}, NULL)",
    "case": "CASE WHEN t.id < 1000 THEN t.{0} END",
    "greatest": "greatest(t.{0}, t.{0})",
    "field of a struct": "named_struct('f', t.{0}).f",
    "element of an array": "array(t.{0})[0]",
    "lag": "lag(t.{0}, 0) OVER (PARTITION BY t.id ORDER BY t.id)",
    "max of a group": "max(t.{0})",
    "min of an expression": "min(coalesce(t.{0}, t.{0}))",
    "text": "CAST(t.{0} AS string)",
}
GROUPED = ("max of a group", "min of an expression")

WAYS = {
    "query": "SELECT {0} FROM {1}",
    "view": None,  # imported as a table
    "query of a view": f"SELECT * FROM {VIEW}",
    "derived table": "SELECT * FROM (SELECT {0} FROM {1}) q",
    "chosen columns": "SELECT 1 AS left_out, q.* FROM (SELECT {0} FROM {1}) q",
    "with": "WITH q AS (SELECT {0} FROM {1}) SELECT * FROM q",
    "union all": "SELECT * FROM (SELECT {0} FROM {1} UNION ALL SELECT {0} FROM {1}) q",
}


class HiveDifferential:
    """`declarations` are the types of the table's columns c0, c1, …, beside `id`."""

    def __init__(self, db: Database, remote: HiveRemote, table: str, declarations: Sequence[str]) -> None:
        self.db = db
        self.remote = remote
        self.table = table
        self.types = {f"c{number}": declaration for number, declaration in enumerate(declarations)}

    def close(self) -> None:
        self.remote.execute(f"DROP VIEW IF EXISTS {VIEW}")

    def check(self, case: Case) -> tuple[int, list[str]]:
        """Imports the columns that have such an expression. Gives the number of compared columns, and what is wrong."""
        names = self._columns_with(case)
        if not names:
            return 0, []
        statement = self._statement(case, names)
        what: dict[str, object] = {"sql_query": statement}
        if "view" in case.way:
            plain = self._statement(Case(case.expression, "query"), names)
            self.remote.execute(f"DROP VIEW IF EXISTS {VIEW}", f"CREATE VIEW {VIEW} AS {plain}")
            if case.way == "view":
                what = {"table": VIEW}
                statement = f"SELECT * FROM {VIEW}"
        if case.way == "chosen columns":
            what["columns"] = ["id", *names]
        self.db.execute("DROP TABLE IF EXISTS compared; SET TimeZone = UTC")
        result = self.db.import_table(self.remote.connector(import_as="compared", **what))
        types = {name: kind for name, kind, _ in self.db.columns("compared")}
        shown = ", ".join(f"{name}::varchar::text" if types[name].startswith("character") else f"{name}::text" for name in names)
        here = self.db.rows(f"SELECT id, {shown} FROM compared ORDER BY id")
        printed = ", ".join(_printed(name, self.types[name]) for name in names)
        there = sorted(self.remote.rows(f"SELECT id, {printed} FROM ({statement}) source"), key=lambda row: int(row[0]))
        wrong = [f"left out: {result['skipped_columns']}"] if result["skipped_columns"] else []
        kinds = [f"{self.types[name]} as {types[name]}" for name in names]
        wrong += differential.differences(case, there, here, kinds, lambda a, b, number: _same(a, types[names[number]], b))
        self.db.execute("DROP TABLE compared")
        return len(names), wrong

    def _statement(self, case: Case, names: Sequence[str]) -> str:
        chosen = differential.selected(EXPRESSIONS[case.expression], self.table, names, grouped=case.expression in GROUPED)
        return (WAYS[case.way] or "SELECT {0} FROM {1}").format(*chosen)

    def _columns_with(self, case: Case) -> list[str]:
        """The columns whose type the server takes in such an expression."""
        plain = Case(case.expression, "query")
        names = list(self.types)
        if case.expression == "text":  # bytes need not be one
            names = [name for name in names if self.types[name] != "binary"]
        return differential.taken(names, lambda some: self._compiles(plain, some))

    def _compiles(self, case: Case, names: Sequence[str]) -> bool:
        try:
            self.remote.rows(f"EXPLAIN {self._statement(case, names)}")
        except HiveError:
            return False
        return True


def _is_nested(declaration: str) -> bool:
    return "<" in declaration


def _printed(name: str, declaration: str) -> str:
    """The server's text of a value; of nested ones the client gets the server's JSON."""
    if declaration == "binary":
        return f"hex({name})"
    return name if _is_nested(declaration) else f"CAST({name} AS string)"


def _moment(text: str) -> str:
    whole, _, fraction = text.removesuffix("+00").removesuffix(" UTC").removesuffix(" Etc/UTC").partition(".")
    return f"{whole}.{fraction.ljust(6, '0')}"


def _single(text: str) -> bytes:
    return struct.pack("f", float(text))


def _same(there: object, kind: str, here: str | None) -> bool:
    """Whether a value here, of a local type, is the one that the server prints."""
    if there is None or here is None:
        return there is here
    text = str(there)
    if kind == "boolean":
        return text.lower() == here
    if kind in ("smallint", "integer", "bigint") or kind.startswith("numeric"):
        return Decimal(text) == Decimal(here)
    if kind == "real":
        return _single(text) == _single(here)
    if kind == "double precision":
        return struct.pack("d", float(text)) == struct.pack("d", float(here))
    if kind.startswith("timestamp"):
        return _moment(text) == _moment(here)
    if kind == "bytea":
        return text.lower() == here.removeprefix("\\x")
    if kind == "jsonb":
        read: Mapping[str, object] = json.loads(text)
        return read == json.loads(here)
    if kind.startswith("character("):
        return text.rstrip(" ") == here.rstrip(" ")
    return text == here


def all_cases() -> list[Case]:
    return differential.all_cases(EXPRESSIONS, WAYS)


def some_cases() -> list[Case]:
    return differential.some_cases(EXPRESSIONS, WAYS)
