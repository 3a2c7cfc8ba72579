"""Many scans of one remote by few sessions, beside the answers of PostgreSQL on imported tables of the same names."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from harness.database import Database
from harness.remote_scans import Request, local_sql
from harness.sources import Read

from servers.remote import Remote

OPERATORS = ["=", "<>", "distinct", "not_distinct", "<", ">="]


def on(operator: str, left: str, right: str = "") -> list[Any]:
    """A condition between a column of the first part and one of the second."""
    return [operator, f"r0.{left}", {"column": f"r1.{right or left}"}]


def join(kind: str, condition: list[Any], *columns: str, **more: Any) -> Request:
    """A join with the table `b`."""
    return {"parts": [{"table": "b"}], "joins": [[kind, condition]], "columns": list(columns), **more}


class ManyScans:
    """`first` is the table that is the first part, or keys of a connector."""

    def __init__(self, read: Read, db: Database, remote: Remote) -> None:
        self.read = read
        self.db = db
        self.remote = remote

    def ask(self, first: str | Request, *requests: Request) -> list[Request]:
        """What the driver makes of the requests, by one session."""
        keys = {"table": first} if isinstance(first, str) else first
        lines = self.read(self.remote.connector(**keys), *("scan:" + json.dumps(request) for request in requests))
        return [json.loads(line) for line in lines]

    def ask_changed(self, table: str, change: str, request: Request, folder: Path) -> None:
        """Sends a request whose first part has been changed by a statement since it was described."""
        pipe = folder / "pipe"
        os.mkfifo(pipe)

        def run() -> None:
            with pipe.open("w"):  # the program has read all rows, and waits
                self.remote.execute(change)

        with ThreadPoolExecutor() as pool:
            changing = pool.submit(run)
            try:
                self.read(self.remote.connector(table=table), "all", f"pause:{pipe}", "scan:" + json.dumps(request))
            finally:
                other_end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # should the program not have come so far
                changing.result()
                os.close(other_end)

    def check(self, first: str | Request, *requests: Request, tables: tuple[str, ...] = ()) -> None:
        """The server computes them, and its rows are those of the imported tables (of `tables`, if they are others)."""
        for request, answer in zip(requests, self.ask(first, *requests), strict=True):
            assert "refused" not in answer, f"{answer['refused']}: {request}"
            names = list(tables) or [str(first), *(part["table"] for part in request.get("parts", []))]
            expected = sorted(map(list, self.db.rows(local_sql(request, names))), key=repr)
            assert sorted(answer["rows"], key=repr) == expected, answer["statement"]
