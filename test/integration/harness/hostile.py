"""A cluster whose only ODBC driver is the hostile one, and requests that have it do harm."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from servers import hostile_odbc
from servers.postgres import Postgres
from servers.process import wait_until
from servers.staging import staged
from servers.workspace import Workspace

from .database import Database, Job

PASSWORD = "a-secret-password"
TABLE = "things"
PLACES = ("connect", "info", "prepare", "execute", "describe", "fetch", "getdata", "tables", "columns", "keys", "cancel", "free", "disconnect")

# What ends the process, and the words by which the error must tell of it.
CRASHES: Mapping[str, str] = {
    "segfault": r"signal 11 \(Segmentation fault\)",
    "stack_overflow": r"signal 11 \(Segmentation fault\)",
    "abort": r"signal 6 \(Aborted\)",
    "floating_point": r"signal 8 \(Floating point exception\)",
    "terminate": r"signal 15 \(Terminated\)",
    "kill": r"signal 9 \(Killed\)",
    "exit0": r"with status 0",
    "exit1": r"with status 1\b",
    "quick_exit": r"with status 75\b",
    "last_words": r"signal 6.*these are the last words of the driver",
}


def cluster(workspace: Workspace, **settings: str) -> Postgres:
    """Not started. Its readers find the driver through the server's own environment."""
    allowed = {
        "connector.odbc_drivers": f"{hostile_odbc.NAME}, {hostile_odbc.PREPARING_NAME}",
        "connector.reader_memory": "256MB",
    }
    environment = {"ODBCSYSINI": str(hostile_odbc.build(workspace)), "CONNECTOR_TEST_UNSEEN": "of-the-server-alone"}
    return Postgres(workspace, stage=staged(workspace), settings={**allowed, **settings}, environment=environment)


def connection(**attributes: object) -> dict[str, str]:
    told = {name: str(value) for name, value in attributes.items()}
    return {"driver": hostile_odbc.NAME, "username": "somebody", "password": PASSWORD, **told}


def request(*, at: str = "", what: str = "", lie: str = "", query: str = "", **attributes: object) -> dict[str, Any]:
    """A request for the table, or for what the query yields."""
    harm = {name: value for name, value in (("at", at), ("what", what), ("lie", lie)) if value}
    source: dict[str, Any] = {"sql_query": query} if query else {"table": TABLE}
    return {"provider": "odbc", "connection": connection(**harm, **attributes), **source, "import_as": "from_hostile"}


def request_for(place: str, what: str, **attributes: object) -> dict[str, Any]:
    """A request that leads to the place."""
    more: dict[str, Any] = dict(attributes)
    if place == "prepare":
        more |= {"query": f"SELECT * FROM {TABLE}", "driver": hostile_odbc.PREPARING_NAME}
    if place == "getdata":  # values are bound where the driver tells of a size
        more["lie"] = ",".join(filter(None, (more.get("lie", ""), "size_zero")))
    if place == "cancel":
        return request(at="execute,cancel", what=f"hang_until_cancel,{what}", **more)
    return request(at=place, what=what, **more)


def call_for(place: str, connector: Mapping[str, object]) -> tuple[str, str]:
    """A statement that leads to the place, and its argument."""
    call = "SELECT count(*) FROM cdb_connector_tables(%s)" if place == "tables" else "SELECT cdb_import_connector(%s)"
    return call, json.dumps(connector)


def assert_rows(db: Database, count: int = 100) -> None:
    """The imported table holds what the driver's table does; then it is dropped."""
    found = [(*row[:-1], bytes(row[-1])) for row in db.rows("SELECT id, word, amount, moment, bytes FROM from_hostile ORDER BY id")]
    assert found == hostile_odbc.rows(count)
    db.execute("DROP TABLE from_hostile")


class Marks:
    """Files by which the driver tells that it is in a call that does not return."""

    def __init__(self, server: Postgres) -> None:
        self._folder = server.workspace.subfolder("marks", server.account)
        self._count = 0

    def new(self) -> Path:
        self._count += 1
        return self._folder / str(self._count)


def reached(mark: Path) -> None:
    wait_until(mark.exists, limit=60, what="a call that does not return", pause=0.01)


@contextmanager
def halted(db: Database, marks: Marks, place: str, what: str = "hang", *settings: str, **attributes: object) -> Iterator[Job]:
    """A statement in a session of its own, whose driver hangs at the place. With `cancel` it is the statement that hangs, until
    the driver is asked to stop."""
    mark = marks.new()
    job = db.in_background(*call_for(place, request_for(place, what, mark=mark, **attributes)))
    # A statement that is stopped while it loads the library is logged as it is (docs/roles-and-limits.md).
    job.database.value("SELECT cdb_connectors()")
    for setting in settings:
        job.database.execute(f"SET {setting}")
    with job:
        reached(mark)
        yield job


def crashed_backends(log: str) -> list[str]:
    return re.findall(r"^.*(?:was terminated by signal|PANIC|TRAP:).*$", log, re.MULTILINE)
