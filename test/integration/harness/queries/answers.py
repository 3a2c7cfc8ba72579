"""Asks a query of one table and tells whether answers are the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import psycopg2
import psycopg2.extensions

from .statements import IMPORTED, TABLE, Query

Row = tuple[str | None, ...]


@dataclass(frozen=True)
class Answer:
    """Rows as PostgreSQL prints them, or the SQLSTATE of an error and its message."""

    rows: tuple[Row, ...] = ()
    error: str = ""
    message: str = ""

    def __str__(self) -> str:
        if self.error:
            return f"{self.error} {self.message}"
        shown = "; ".join(", ".join("NULL" if value is None else value for value in row) for row in self.rows)
        return f"{len(self.rows)} rows: {shown[:400]}"


class Session:
    """A session that gives all values as text."""

    def __init__(self, connection: psycopg2.extensions.connection) -> None:
        self._connection = connection
        everything = tuple(psycopg2.extensions.string_types)
        as_printed = psycopg2.extensions.new_type(everything, "AS_PRINTED", lambda value, cursor: value)
        psycopg2.extensions.register_type(as_printed, connection)
        arrays = tuple(oid for one in _ARRAYS for oid in one.values)
        psycopg2.extensions.register_type(psycopg2.extensions.new_type(arrays, "AS_PRINTED_TOO", lambda value, cursor: value), connection)
        for statement in ("SET timezone = 'UTC'", "SET statement_timeout = '60s'", "SET jit = off", "SET client_min_messages = error"):
            self.rows(statement)

    def rows(self, statement: str) -> list[Row]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def ask(self, query: Query, table: str, imported: str) -> Answer:
        """The answer of one table."""

        def written(statement: str) -> str:
            return statement.replace(TABLE, table).replace(IMPORTED, imported)

        rows: list[Row] = []
        try:
            for statement in query.before:
                self.rows(written(statement))
            for statement in query.asks:
                rows += self.rows(written(statement))
            answer = Answer(tuple(rows))
        except psycopg2.Error as error:
            if self._connection.closed:
                raise
            answer = Answer((), error.pgcode or "?", str(error).strip())
            self.rows("ROLLBACK")
        for statement in query.after:
            try:
                self.rows(statement)
            except psycopg2.Error:
                if not answer.error:
                    raise
        return answer

    def all_rows(self, query: Query, imported: str) -> Counter[Row]:
        """Those of which a limit may leave any."""
        return Counter(self.rows(query.all_rows.replace(TABLE, imported)))


_WRONG_PATTERN = "22025"
_ARRAYS = (psycopg2.extensions.UNICODEARRAY, psycopg2.extensions.INTEGERARRAY)


def is_same(query: Query, theirs: Answer, ours: Answer, all_rows: Counter[Row]) -> bool:
    """Whether the answer of a foreign table, `ours`, is as good as that of the imported one.

    Conditions may be evaluated in any order, so one that fails on a row need not fail where others drop the row first,
    and a pattern that is none may be looked at first.
    """
    if theirs.error:
        return not ours.error or theirs.error[:2] == ours.error[:2]
    if ours.error:
        return ours.error == _WRONG_PATTERN
    if query.all_rows:
        return len(theirs.rows) == len(ours.rows) and not Counter(ours.rows) - all_rows
    if query.is_ordered:
        return theirs.rows == ours.rows
    return Counter(theirs.rows) == Counter(ours.rows)
