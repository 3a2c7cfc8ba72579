"""What remotes are sent of random queries: whether the generator tests that at all."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg2

from .answers import Session
from .copies import Copies
from .query import Query

# What a statement is sent of joins and groups, by words that nothing else in it has.
_KINDS = {
    "group by": re.compile(r" GROUP BY "),
    "inner join": re.compile(r" INNER JOIN "),
    "left join": re.compile(r" LEFT JOIN "),
    "semi-join": re.compile(r"(?<!NOT) EXISTS \(SELECT 1 "),
    "anti-join": re.compile(r" NOT EXISTS \(SELECT 1 "),
    "count(*)": re.compile(r"COUNT(_BIG)?\(\*\)"),
    "count": re.compile(r"COUNT(_BIG)?\((?!\*|DISTINCT)"),
    "count distinct": re.compile(r"COUNT(_BIG)?\(DISTINCT "),
    "sum": re.compile(r"SUM\("),
    "min": re.compile(r"MIN\("),
    "max": re.compile(r"MAX\("),
}
_KEY_LOOKUP = "Connector Key Lookup"


class Coverage:
    """Counts scans of the foreign tables that send everything they can, as EXPLAIN shows them."""

    def __init__(self) -> None:
        self.conditions: Counter[str] = Counter()  # of a scan: exact, narrowing, some of them, none of them
        self.sent: Counter[str] = Counter()  # orders, limits and parameters
        self.pushed: Counter[str] = Counter()  # joins, groups, aggregates, lists of keys

    def add(self, session: Session, copies: Copies, query: Query) -> None:
        """Counts the scans of a query's one statement; nothing of a query of several."""
        if "on" not in copies.live:
            return
        found = _explained(session, query, partial(copies.written, way="on"), "VERBOSE, FORMAT JSON")
        if found:
            for node in _nodes(json.loads(found[0] or "")[0]["Plan"]):
                self._count(node)

    def _count(self, node: dict[str, Any]) -> None:
        if node.get("Custom Plan Provider") == _KEY_LOOKUP:
            self.pushed["key lookup"] += 1
        if node.get("Async Capable") and node["Node Type"] == "Foreign Scan":
            self.pushed["asynchronous scan"] += 1
        if "Remote SQL" not in node:
            return
        sql, is_filtered, is_narrowed = node["Remote SQL"], "Filter" in node, "Narrowed By" in node
        kinds = [kind for kind, words in _KINDS.items() if words.search(sql)]
        self.pushed.update(kinds)
        if any("join" in kind for kind in kinds) and any(word in sql for word in (" GROUP BY ", "COUNT", "SUM(", "MIN(", "MAX(")):
            self.pushed["aggregates of a join"] += 1
        if " WHERE " in sql:
            self.conditions["narrowing" if is_narrowed else "exact, others here" if is_filtered else "exact"] += 1
        else:
            self.conditions["here" if is_filtered else "no condition"] += 1
        for what, is_sent in (
            ("orders", " ORDER BY " in sql),
            ("limits", any(word in sql for word in (" LIMIT ", "SELECT TOP", " FETCH "))),
            ("parameters", "$1" in sql),
        ):
            self.sent[what] += is_sent

    def lines(self) -> Iterator[str]:
        """For people."""
        for what, counted in (("conditions", self.conditions), ("sent", self.sent), ("pushed", self.pushed)):
            yield f"  {what}: " + ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))


def plan(session: Session, query: Query, written: Callable[[str], str]) -> list[str]:
    """The plan, for people; empty if EXPLAIN does not take the query."""
    return [f"    {line}" for line in _explained(session, query, written, "VERBOSE, COSTS OFF")]


def _explained(session: Session, query: Query, written: Callable[[str], str], options: str) -> list[str]:
    statement = query.explained or (query.asks[0] if len(query.asks) == 1 else "")
    if not statement:
        return []
    lines: list[str] = []
    try:
        for prepared in query.before:
            session.rows(written(prepared))
        lines = [str(row[0]) for row in session.rows(f"EXPLAIN ({options}) {written(statement)}")]
    except psycopg2.Error:
        session.rows("ROLLBACK")
    for resetting in query.after:
        try:
            session.rows(resetting)
        except psycopg2.Error:
            if lines:
                raise
    return lines


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)
