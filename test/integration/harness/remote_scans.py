"""Scans with joins, groups and aggregates, as the drivers read them, beside the answers of PostgreSQL on imported tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from harness.database import Database
from harness.foreign import literal
from harness.sources import Read

from servers.remote import Remote

Request = dict[str, Any]

_JOINS = {"inner": "INNER JOIN", "left": "LEFT JOIN"}
_EXISTS = {"semi": "EXISTS", "anti": "NOT EXISTS"}
_AGGREGATES = {"count": "count({})", "count_distinct": "count(DISTINCT {})", "sum": "sum({})", "minimum": "min({})", "maximum": "max({})"}
_OPERATORS = {"distinct": "IS DISTINCT FROM", "not_distinct": "IS NOT DISTINCT FROM"}


def _name(name: str) -> str:
    part, point, column = name.rpartition(".")
    return f'{part}{point}"{column}"'


def _operand(operand: Any) -> str:
    if isinstance(operand, dict):
        return _name(operand["column"])
    return "NULL" if operand is None else literal(operand)


def condition_sql(condition: Sequence[Any]) -> str:
    """A CONDITION of test/probe/scan_step.hpp as PostgreSQL has it. Text is compared by its bytes."""
    operator = condition[0]
    if operator in ("and", "or"):
        return "(" + f" {operator.upper()} ".join(map(condition_sql, condition[1:])) + ")"
    column = _name(condition[1])
    if operator in ("is_null", "is_not_null"):
        return f"{column} {operator.replace('_', ' ').upper()}"
    operands = [_operand(operand) for operand in condition[2:]]
    if operator in ("in", "not_in"):
        return f"{column} {operator.replace('_', ' ').upper()} ({', '.join(operands)})"
    return f"{column} {_OPERATORS.get(operator, operator)} {operands[0]}"


def local_sql(request: Request, tables: Sequence[str]) -> str:
    """The scan as a query on local tables, in the order of the parts: its rows as texts."""
    is_joined = len(tables) > 1
    sql = f"FROM {tables[0]}" + (" r0" if is_joined else "")
    where = []
    for number, (kind, condition) in enumerate(request.get("joins", []), start=1):
        part = f"{tables[number]} r{number}"
        if kind in _JOINS:
            sql += f" {_JOINS[kind]} {part} ON {condition_sql(condition)}"
        else:
            where.append(f"{_EXISTS[kind]} (SELECT 1 FROM {part} WHERE {condition_sql(condition)})")
    if "where" in request:
        where.append(condition_sql(request["where"]))
    if where:
        sql += " WHERE " + " AND ".join(where)
    columns = [_name(name) for name in request.get("columns", [])]
    values = [*columns, *(_AGGREGATES[one[0]].format(_name(one[1])) if len(one) > 1 else "count(*)" for one in request.get("aggregates", []))]
    if request.get("grouped") and columns:
        sql += " GROUP BY " + ", ".join(columns)
    return f"SELECT {', '.join(f'({value})::text' for value in values)} {sql}"


class RemoteScans:
    """Tables of a remote, each imported under the name it has there."""

    def __init__(self, read: Read, db: Database, remote: Remote, *first: str) -> None:
        """`first`: what the program is told before the step."""
        self.read = read
        self.first = first
        self.db = db
        self.remote = remote

    def ask(self, table: str | Request, request: Request) -> Request:
        """What the driver makes of the request, whose first part is the table (or keys of a connector)."""
        keys = {"table": table} if isinstance(table, str) else table
        (line,) = self.read(self.remote.connector(**keys), *self.first, "scan:" + json.dumps(request))
        answer: Request = json.loads(line)
        return answer

    def refused(self, table: str, request: Request) -> str | None:
        """What the remote can't do of it."""
        refused: str | None = self.ask(table, request).get("refused")
        return refused

    def check(self, table: str, request: Request, keys: Request | None = None) -> Request:
        """The remote does it, and its rows are PostgreSQL's. `keys`: of the connector, if not only the table."""
        answer = self.ask(keys or table, request)
        assert "refused" not in answer, f"{answer['refused']}: {request}"
        tables = [table, *(part["table"] for part in request.get("parts", []))]
        query = local_sql(request, tables)
        expected = sorted(map(list, self.db.rows(query)), key=repr)
        assert sorted(answer["rows"], key=repr) == expected, f"{answer['statement']}\n{query}"
        return answer
