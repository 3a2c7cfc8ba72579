"""Asks a query of one table and tells whether answers are the same."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import psycopg2
import psycopg2.extensions

from .query import Query

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

    def ask(self, query: Query, written: Callable[[str], str]) -> Answer:
        """The answer of the tables that stand in the statements when they are written so."""
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

    def all_rows(self, query: Query, written: Callable[[str], str]) -> Counter[Row] | None:
        """Those of which a limit may leave any; None where one of them is an error that the limit kept away."""
        answer = self.ask(replace(query, asks=(query.all_rows,)), written)
        return None if answer.error else Counter(answer.rows)


_WRONG_PATTERN = "22025"
_OUT_OF_RANGE = "22003"
_ARRAYS = (psycopg2.extensions.UNICODEARRAY, psycopg2.extensions.INTEGERARRAY)


def is_same(query: Query, theirs: Answer, ours: Answer, all_rows: Counter[Row] | None) -> bool:
    """Whether the answer of a foreign table, `ours`, is as good as that of the imported one.

    Conditions may be evaluated in any order, so one that fails on a row need not fail where others drop the row first,
    and a pattern that is none may be looked at first. Whether a sum of floating-point numbers passes their limit may
    depend on the order of the rows.
    """
    if theirs.error:
        return not ours.error or theirs.error[:2] == ours.error[:2]
    if ours.error:
        return ours.error == _WRONG_PATTERN or (query.may_overflow and ours.error == _OUT_OF_RANGE)
    if len(theirs.rows) != len(ours.rows) or _placed(query, theirs) != _placed(query, ours):
        return False
    if query.all_rows:
        return all_rows is None or not Counter(ours.rows) - all_rows
    if query.rough:
        return _is_nearly(query, theirs.rows, ours.rows)
    if query.is_ordered:
        return theirs.rows == ours.rows
    return Counter(theirs.rows) == Counter(ours.rows)


def _placed(query: Query, answer: Answer) -> list[Row]:
    """What rows are ordered by: the same in each row, even if which of the rows with it comes first is open."""
    return [tuple(row[number] for number in query.ordered_by) for row in answer.rows] if query.ordered_by else []


def _is_nearly(query: Query, theirs: Sequence[Row], ours: Sequence[Row]) -> bool:
    """Whether rows are the same but for the rounding of sums."""

    def exact(row: Row) -> list[str]:
        return [str((value is None, value)) for number, value in enumerate(row) if number not in query.rough]

    def order(row: Row) -> tuple[list[str], list[float]]:
        return exact(row), [_number(row[number]) for number in sorted(query.rough)]

    pairs = zip(*((rows if query.is_ordered else sorted(rows, key=order)) for rows in (theirs, ours)), strict=True)
    return all(
        exact(one) == exact(other) and all(_is_near(one[number], other[number], far) for number, far in query.rough.items())
        for one, other in pairs
    )


def _number(value: str | None) -> float:
    """NULL and NaN at the end, so that there is an order."""
    number = math.inf if value is None else float(value)
    return math.inf if math.isnan(number) else number


def _is_near(one: str | None, other: str | None, far: float) -> bool:
    return one == other or (one is not None and other is not None and abs(float(one) - float(other)) <= far)
