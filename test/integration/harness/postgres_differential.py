"""Every type of PostgreSQL behind every kind of expression: what arrives is what the remote server prints as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import psycopg2

from servers.remote_postgres import PostgresRemote

from . import differential
from .database import Database
from .differential import Case

TABLE = "each_value"
VIEW = "each_value_view"
SETTINGS = "SET TimeZone = UTC; SET extra_float_digits = 3; SET DateStyle = ISO; SET IntervalStyle = postgres; "

# Name: an expression of column {0} of table t; {1} is the table.
EXPRESSIONS = {
    "plain": "t.{0}",
    "coalesce": "coalesce(t.{0}, t.{0})",
    "case": "CASE WHEN t.id < 1000 THEN t.{0} END",
    "nullif": "nullif(t.{0}, t.{0})",
    "greatest": "greatest(t.{0}, t.{0})",
    "subselect": "(SELECT s.{0} FROM {1} s WHERE s.id = t.id)",
    "max of a group": "max(t.{0})",
    "min of an expression": "min(coalesce(t.{0}, t.{0}))",
    "first of an array": "(array_agg(t.{0}))[1]",
    "row": "(SELECT r.{0} FROM (SELECT t.*) r)",
    "lag": "lag(t.{0}, 0) OVER (PARTITION BY t.id)",
    "text": "t.{0}::text",
}
GROUPED = ("max of a group", "min of an expression", "first of an array")

WAYS = {
    "query": "SELECT {0} FROM {1}",
    "view": None,  # imported as a table
    "materialized view": None,
    "query of a view": f"SELECT * FROM {VIEW}",
    "derived table": "SELECT * FROM (SELECT {0} FROM {1}) q",
    "chosen columns": "SELECT 1 AS left_out, q.* FROM (SELECT {0} FROM {1}) q",
    "with": "WITH q AS MATERIALIZED (SELECT {0} FROM {1}) SELECT * FROM q",
    "ordered": "SELECT {0} FROM {1} ORDER BY 1 LIMIT 1000",
    "union all": "SELECT * FROM (SELECT {0} FROM {1}) q UNION ALL SELECT * FROM (SELECT {0} FROM {1}) q",
}


class PostgresDifferential:
    """The table on one server: `types` are those columns' types, with values in text form."""

    def __init__(self, db: Database, remote: PostgresRemote, types: Mapping[str, Sequence[str]]) -> None:
        self.db = db
        self.remote = remote
        self.types = {f"c{number}": kind for number, kind in enumerate(types)}
        remote.execute(
            f"DROP TABLE IF EXISTS {TABLE} CASCADE",
            f"CREATE TABLE {TABLE} (id int PRIMARY KEY, " + ", ".join(f"{name} {kind}" for name, kind in self.types.items()) + ")",
        )
        for row in range(max(len(values) for values in types.values()) + 1):
            values = [
                "NULL" if row >= len(texts) else "'" + texts[row].replace("'", "''") + f"'::{kind}" for kind, texts in types.items()
            ]
            remote.execute(f"INSERT INTO {TABLE} VALUES ({row}, {', '.join(values)})")

    def close(self) -> None:
        self.remote.execute(f"DROP TABLE IF EXISTS {TABLE} CASCADE")

    def check(self, case: Case) -> tuple[int, list[str]]:
        """Imports the columns that have such an expression. Gives the number of compared columns, and what is wrong."""
        names = self._columns_with(case)
        if not names:
            return 0, []
        statement = self._statement(case, names)
        what: dict[str, object] = {"sql_query": statement}
        if case.way in ("view", "materialized view", "query of a view"):
            kind = "MATERIALIZED VIEW" if case.way == "materialized view" else "VIEW"
            self.remote.execute(f"CREATE {kind} {VIEW} AS {self._statement(Case(case.expression, 'query'), names)}")
            if case.way != "query of a view":
                what = {"table": VIEW}
        if case.way == "chosen columns":
            what["columns"] = ["id", *names]
        self.db.execute("DROP TABLE IF EXISTS compared")
        result = self.db.import_table(self.remote.connector(import_as="compared", **what))
        listed = ", ".join(f"{name}::text" for name in names)
        source = f"({statement}) source" if "view" not in case.way else VIEW
        there = self.remote.rows(f"{SETTINGS}SELECT id, {listed} FROM {source} ORDER BY id")
        here = self.db.rows(f"{SETTINGS}SELECT id, {listed} FROM compared ORDER BY id")
        wrong = [f"left out: {result['skipped_columns']}"] if result["skipped_columns"] else []
        wrong += differential.differences(case, there, here, [self.types[name] for name in names], lambda a, b, number: a == b)
        self.db.execute("DROP TABLE compared")
        if case.way in ("view", "query of a view"):
            self.remote.execute(f"DROP VIEW {VIEW}")
        if case.way == "materialized view":
            self.remote.execute(f"DROP MATERIALIZED VIEW {VIEW}")
        return len(names), wrong

    def _statement(self, case: Case, names: Sequence[str]) -> str:
        chosen = differential.selected(EXPRESSIONS[case.expression], TABLE, names, grouped=case.expression in GROUPED)
        return (WAYS[case.way] or "SELECT {0} FROM {1}").format(*chosen)

    def _columns_with(self, case: Case) -> list[str]:
        """The columns whose type the server takes in such an expression."""
        plain = Case(case.expression, "query")
        names = list(self.types)
        if "view" in case.way and case.expression in GROUPED:  # the greatest of composite values is a record there
            names = [name for name in names if self._runs(plain, [name]) and self._type_of(case.expression, name) != "record"]
        return differential.taken(names, lambda some: self._runs(plain, some))

    def _type_of(self, expression: str, name: str) -> str:
        select = f"SELECT pg_typeof({EXPRESSIONS[expression].format(name, TABLE)})::text FROM {TABLE} t GROUP BY t.id LIMIT 1"
        return str(self.remote.rows(select)[0][0])

    def _runs(self, case: Case, names: Sequence[str]) -> bool:
        try:
            self.remote.rows(f"SELECT count(q::text) FROM ({self._statement(case, names)}) AS q")
        except psycopg2.Error:
            return False
        return True


def all_cases() -> list[Case]:
    return differential.all_cases(EXPRESSIONS, WAYS)


def some_cases() -> list[Case]:
    return differential.some_cases(EXPRESSIONS, WAYS)
