"""What the tests of the page look at: a remote with a table or two, and syncs of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from servers.process import wait_until
from servers.remote_mysql import MySqlRemote

from .database import Database
from .syncs import Syncs


@contextmanager
def orders(remote: MySqlRemote) -> Iterator[MySqlRemote]:
    """The remote with a table `orders` of three rows, one column of which is left out; afterwards without any table."""
    remote.server.start()
    remote.execute(
        "CREATE TABLE orders (id int PRIMARY KEY, customer varchar(40), paid tinyint(1), placed datetime, spot geometry)",
        "INSERT INTO orders VALUES (1, 'Ada', 1, '2026-01-02 03:04:05', NULL), (2, 'Brás', 0, NULL, NULL), (3, NULL, NULL, NULL, NULL)",
    )
    yield remote
    for (name,) in remote.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = database()"):
        remote.drop(name)


@contextmanager
def session_of(database: Database, role: str) -> Iterator[Database]:
    """A session of that role; at the end all imports, syncs and tables are gone. What runs then is ended before."""
    with Database(database.server, database.name, role) as session:
        yield session
    database.rows("SELECT cdb_sync_cancel(id) FROM connector.syncs")
    database.rows("SELECT cdb_import_cancel(item_queue_id) FROM connector.imports WHERE state IN ('enqueued', 'uploading')")
    wait_until(lambda: not database.rows("SELECT 1 FROM connector.progress"), what="the end of all runs")
    Syncs(database).clean()


def new_sync(role: Database, remote: MySqlRemote, *, interval: str = "1 hour", **keys: object) -> str:
    """A sync of the role's that has run once, of `orders` unless another table or query is named: its id."""
    if "sql_query" not in keys:
        keys = {"table": "orders"} | keys
    id = str(role.value("SELECT cdb_sync_connector(%s, %s) ->> 'id'", json.dumps(remote.connector(**keys)), interval))
    role.value("SELECT cdb_sync_now(%s, wait => true)", id)
    return id
