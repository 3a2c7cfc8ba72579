"""What remotes are sent of the conditions, orders and limits of random queries: whether the generator tests that at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg2

from .answers import Session
from .copies import Copies
from .statements import IMPORTED, TABLE, Query


class Coverage:
    """Counts scans of the foreign tables that send everything they can, as EXPLAIN shows them."""

    def __init__(self) -> None:
        self.conditions: Counter[str] = Counter()  # of a scan: exact, narrowing, some of them, none of them
        self.sent: Counter[str] = Counter()  # orders, limits and parameters

    def add(self, session: Session, copies: Copies, query: Query) -> None:
        """Counts the scans of a query's one statement; nothing of a query of several."""
        if query.before or len(query.asks) != 1 or "on" not in copies.live:
            return
        statement = query.asks[0].replace(TABLE, copies.live["on"]).replace(IMPORTED, copies.imported)
        try:
            ((plan,),) = session.rows(f"EXPLAIN (VERBOSE, FORMAT JSON) {statement}")
        except psycopg2.Error:
            return
        for scan in _foreign_scans(json.loads(plan or "")[0]["Plan"]):
            self._count(scan)

    def _count(self, scan: dict[str, Any]) -> None:
        sql, is_filtered, is_narrowed = scan.get("Remote SQL", ""), "Filter" in scan, "Narrowed By" in scan
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
        for what, counted in (("conditions", self.conditions), ("sent", self.sent)):
            yield f"  {what}: " + ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))


def _foreign_scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if plan["Node Type"] == "Foreign Scan":
        yield plan
    for below in plan.get("Plans", []):
        yield from _foreign_scans(below)
