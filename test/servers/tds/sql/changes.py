"""INSERT, UPDATE, DELETE, TRUNCATE, SELECT … INTO."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..errors import SqlError, error, refused
from ..tokens import Column
from ..types import full_name
from . import nodes
from .bound import Bound, Scope, Source, identifier, quoted
from .query_binder import QueryBinder
from .statements import parse_expression
from .storage import ColumnRecord, Table

if TYPE_CHECKING:
    from .executor import Executor

_VERSION = "row version"


@dataclass
class Output:
    """The result of an OUTPUT clause."""

    text: str
    columns: list[Column]
    rows: list[tuple[Any, ...]] = field(default_factory=list)


class Changes:
    """What changes rows. Each statement gives the number of rows, and what its OUTPUT clause is to send."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self._counters: dict[str, int] = {}
        self._steps: dict[str, int] = {}
        connection = executor.connection
        connection.create_function("tsql_next_identity", 1, self._next)
        connection.create_function("tsql_next_version", 0, lambda: self._next(_VERSION).to_bytes(8, "big"))

    def _next(self, name: str) -> int:
        value = self._counters[name]
        self._counters[name] += self._steps[name]
        return value

    # targets
    def _target(self, parts: Sequence[str], permission: str) -> Table:
        table = self.executor.catalog.table(parts)
        if table is None:
            raise error(208, ".".join(parts))
        if table.view_text is not None:
            raise refused("changing rows through a view")
        self.executor.permissions.columns(table, permission)
        self.executor.lock(table)
        return table

    @contextmanager
    def _statement(self, table: Table, what: str) -> Iterator[None]:
        """A statement that changes rows: all or nothing, with the table's counters at hand."""
        executor = self.executor
        records = executor.catalog.records
        own_transaction = not executor.environment.transactions
        if own_transaction:
            executor.run_sql("BEGIN IMMEDIATE")
        try:
            names = {}
            for column in table.columns:
                if column.identity is not None:
                    names[table.identity_counter] = column.identity
                if column.kind.name == "timestamp":
                    names[_VERSION] = (2001, 1)
            for name, (first, step) in names.items():
                self._counters[name] = records.counter(table, name, first)
                self._steps[name] = step
            yield
            for name in names:
                records.set_counter(table, name, self._counters[name])
            if own_transaction:
                executor.run_sql("COMMIT")
        except BaseException as problem:
            if own_transaction and executor.connection.in_transaction:
                executor.connection.execute("ROLLBACK")
            if isinstance(problem, sqlite3.IntegrityError):
                raise _constraint(problem, table, what) from None
            raise

    def _run(self, text: str, binder: QueryBinder, output: Output | None = None) -> int:
        """Runs SQLite's text; gives the number of rows. Rows of OUTPUT are kept until the statement has succeeded."""
        if output is None:
            return max(self.executor.run_sql(text, binder.parameters.values).rowcount, 0)
        try:
            output.rows = self.executor.run_sql(text + output.text, binder.parameters.values).fetchall()
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as problem:
            raise self.executor.translated(problem) from None
        return len(output.rows)

    def output(
        self, table: Table, items: Sequence[nodes.Item], names: Sequence[str], binder: QueryBinder
    ) -> Output | None:
        """OUTPUT as SQLite's RETURNING; `names` are the pseudo-tables that the statement has."""
        if not items:
            return None
        shown = table.columns_shown()
        texts = [
            identifier(column.name) if column.computed is None else column.computed.replace("\0.", "")
            for column in table.columns
        ]
        scope = Scope([Source(name, shown, texts) for name in names])
        found = binder.select_items(items, scope)
        text = " RETURNING " + ", ".join(bound.sql for bound, _ in found)
        return Output(text, [column for _, column in found])

    # INSERT
    def insert(self, node: nodes.Insert) -> tuple[int, Output | None]:
        table = self._target(node.table, "INSERT")
        binder = self.executor.binder()
        output = self.output(table, node.output, ("inserted",), binder)
        chosen = self._chosen(table, node.columns)
        if node.source is None:
            heads, texts = self._left_out(table, binder, [])
            text = f"({', '.join(heads)}) VALUES ({', '.join(texts)})" if heads else "DEFAULT VALUES"
            with self._statement(table, "INSERT"):
                return self._run(f"INSERT INTO {table.sqlite_name} {text}", binder, output), output
        more_heads, more_texts = self._left_out(table, binder, chosen)
        heads = [identifier(table.columns[index].name) for index in chosen] + more_heads
        if isinstance(node.source, nodes.Values):
            rows = self._value_rows(table, chosen, node.source, binder, more_texts)
        else:
            assert isinstance(node.source, nodes.Query)
            rows = self._query_rows(table, chosen, node.source, binder, more_texts)
        with self._statement(table, "INSERT"):
            count = self._run(f"INSERT INTO {table.sqlite_name} ({', '.join(heads)}) {rows}", binder, output)
            name = table.identity_counter
            if count and any(column.identity is not None for column in table.columns):
                self.executor.environment.identity = self._counters[name] - self._steps[name]
            return count, output

    def _chosen(self, table: Table, names: Sequence[str] | None) -> list[int]:
        """The columns that the statement fills, by number from 0."""
        inserts_identity = self.executor.environment.identity_insert == table.name.lower()
        if names is None:
            if inserts_identity:
                raise error(8101, table.name)
            return [
                index
                for index, column in enumerate(table.columns)
                if column.identity is None and column.computed is None and column.kind.name != "timestamp"
            ]
        found = []
        for name in names:
            index = table.column(name)
            if index is None:
                raise error(207, name)
            column = table.columns[index]
            if column.computed is not None:
                raise SqlError(271, f'The column "{name}" cannot be modified because it is a computed column.')
            if column.kind.name == "timestamp":
                raise SqlError(273, "Cannot insert an explicit value into a timestamp column.")
            if column.identity is not None and not inserts_identity:
                raise error(544, table.name)
            if index in found:
                raise SqlError(
                    264, f"The column name '{name}' is specified more than once in the SET clause or column list."
                )
            found.append(index)
        return found

    def _left_out(self, table: Table, binder: QueryBinder, chosen: Sequence[int]) -> tuple[list[str], list[str]]:
        """Columns that the statement does not name, and SQLite's text for what they get."""
        heads, texts = [], []
        for index, column in enumerate(table.columns):
            if index in chosen or column.computed is not None:
                continue
            if column.identity is not None:
                text = f"tsql_next_identity({quoted(table.identity_counter)})"
            elif column.kind.name == "timestamp":
                text = "tsql_next_version()"
            elif column.default is not None:
                text = self._default(table, column, binder).sql
            else:
                continue
            heads.append(identifier(column.name))
            texts.append(text)
        return heads, texts

    def _default(self, table: Table, column: ColumnRecord, binder: QueryBinder) -> Bound:
        assert column.default is not None
        bound = binder.bind(parse_expression(column.default), Scope())
        return binder.assigned(bound, column.kind, table.full_name, column.name)

    def _value_rows(
        self, table: Table, chosen: Sequence[int], values: nodes.Values, binder: QueryBinder, more: Sequence[str]
    ) -> str:
        rows = []
        for row in values.rows:
            if len(row) != len(chosen):
                raise error(109 if len(row) < len(chosen) else 110)
            texts = [
                self._cell(table, table.columns[index], cell, binder) for index, cell in zip(chosen, row, strict=True)
            ]
            rows.append(f"({', '.join([*texts, *more])})")
        return "VALUES " + ", ".join(rows)

    def _cell(self, table: Table, column: ColumnRecord, cell: nodes.Node, binder: QueryBinder) -> str:
        if cell == nodes.Name(("DEFAULT",)):
            return self._default(table, column, binder).sql if column.default is not None else "NULL"
        return binder.assigned(binder.bind(cell, Scope()), column.kind, table.full_name, column.name).sql

    def _query_rows(
        self, table: Table, chosen: Sequence[int], query: nodes.Query, binder: QueryBinder, more: Sequence[str]
    ) -> str:
        found = binder.query(query)
        if len(found.columns) != len(chosen):
            number = 120 if len(found.columns) < len(chosen) else 121
            raise SqlError(
                number,
                "The select list for the INSERT statement does not contain as many items as the insert list.",
                severity=15,
            )
        texts = []
        for position, (index, column) in enumerate(zip(chosen, found.columns, strict=True), 1):
            target = table.columns[index]
            bound = binder.assigned(Bound(f"c{position}", column.kind), target.kind, table.full_name, target.name)
            texts.append(bound.sql)
        return f"SELECT {', '.join([*texts, *more])} FROM ({found.sql})"

    # UPDATE, DELETE, TRUNCATE
    def _scope(self, table: Table) -> Scope:
        columns = table.columns_shown()
        texts = [
            f"s0.{identifier(column.name)}" if column.computed is None else column.computed.replace("\0", "s0")
            for column in table.columns
        ]
        return Scope([Source(table.name, columns, texts, (table.database, table.schema))])

    def update(self, node: nodes.Update) -> tuple[int, Output | None]:
        table = self._target(node.table, "UPDATE")
        binder = self.executor.binder()
        # SQLite tells the new values only
        output = self.output(table, node.output, ("inserted",), binder)
        scope = self._scope(table)
        changes = []
        for name, value in node.changes:
            index = table.column(name)
            if index is None:
                raise error(207, name)
            column = table.columns[index]
            if column.identity is not None:
                raise SqlError(8102, f"Cannot update identity column '{column.name}'.")
            if column.computed is not None:
                raise SqlError(271, f'The column "{name}" cannot be modified because it is a computed column.')
            if column.kind.name == "timestamp":
                raise SqlError(272, "Cannot update a timestamp column.")
            bound = binder.assigned(binder.bind(value, scope), column.kind, table.full_name, column.name)
            changes.append(f"{identifier(column.name)} = {bound.sql}")
        changes += [
            f"{identifier(column.name)} = tsql_next_version()"
            for column in table.columns
            if column.kind.name == "timestamp"
        ]
        text = f"UPDATE {table.sqlite_name} AS s0 SET {', '.join(changes)}"
        if node.where is not None:
            text += f" WHERE {binder.condition(node.where, scope)}"
        with self._statement(table, "UPDATE"):
            return self._run(text, binder, output), output

    def delete(self, node: nodes.Delete) -> tuple[int, Output | None]:
        table = self._target(node.table, "DELETE")
        binder = self.executor.binder()
        output = self.output(table, node.output, ("deleted",), binder)
        text = f"DELETE FROM {table.sqlite_name} AS s0"
        if node.where is not None:
            text += f" WHERE {binder.condition(node.where, self._scope(table))}"
        with self._statement(table, "DELETE"):
            return self._run(text, binder, output), output

    def truncate(self, node: nodes.Truncate) -> None:
        table = self._target(node.table, "CONTROL")
        with self._statement(table, "TRUNCATE"):
            self.executor.run_sql(f"DELETE FROM {table.sqlite_name}")
            for column in table.columns:
                if column.identity is not None:
                    self._counters[table.identity_counter] = column.identity[0]

    # SELECT … INTO
    def select_into(self, node: nodes.SelectStatement, parts: Sequence[str]) -> int:
        executor = self.executor
        body = node.query.body
        assert isinstance(body, nodes.Select)
        query = replace(node.query, body=replace(body, into=None))
        binder = executor.binder()
        found = binder.query(query)
        names: set[str] = set()
        for column in found.columns:
            if not column.name:
                raise SqlError(1038, "An object or column name is missing or empty.", severity=15)
            if column.name.lower() in names:
                raise SqlError(
                    2705,
                    f"Column names in each table must be unique. Column name '{column.name}' is specified more than once.",
                )
            names.add(column.name.lower())
        table = executor.definitions.create(parts, [_plain(column, binder) for column in found.columns])
        heads = ", ".join(identifier(column.name) for column in table.columns)
        with self._statement(table, "SELECT INTO"):
            return self._run(f"INSERT INTO {table.sqlite_name} ({heads}) {found.sql}", binder)


def _plain(column: Column, binder: QueryBinder) -> ColumnRecord:
    kind = column.kind if column.kind.name != "timestamp" else replace(column.kind, name="binary", length=8)
    if kind.is_text and not kind.collation:
        kind = kind.with_collation(binder.catalog.database_collation())
    return ColumnRecord(column.name, full_name(kind), column.nullable)


def _constraint(problem: sqlite3.IntegrityError, table: Table, what: str) -> SqlError:
    """SQLite's words for a broken constraint as SQL Server's."""
    text = str(problem)
    match = re.fullmatch(r"NOT NULL constraint failed: (.*)", text, re.DOTALL)
    if match is not None:
        column = match[1].removeprefix(f"{table.schema}.{table.name}.")
        return error(515, column, table.full_name, what, state=2)
    match = re.fullmatch(r"UNIQUE constraint failed: (.*)", text, re.DOTALL)
    if match is not None:
        prefix = f"{table.schema}.{table.name}."
        names = {name.removeprefix(prefix) for name in match[1].split(", ")}
        for key in table.keys:
            if key.unique and {table.columns[number - 1].name for number, _ in key.columns} == names:
                kind = "PRIMARY KEY" if key.primary else "UNIQUE KEY"
                return error(2627, kind, key.name, f"{table.schema}.{table.name}")
    return SqlError(50000, f"The TDS test server's engine says: {text}", state=78)
