"""Rights that the end of an import or refresh needs are asked for before the remote is read."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import remote_rows
from harness.syncs import person

from servers.remote import Remote

TABLE = "rights"
SCHEMA = "raw"


@pytest.fixture
def loader(db: Database) -> Iterator[Database]:
    db.execute(f"CREATE SCHEMA {SCHEMA}")
    yield from person(db, "loader")
    db.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


@pytest.fixture
def table(mariadb: Remote) -> Iterator[Remote]:
    with remote_rows(mariadb, TABLE, 10):
        yield mariadb


@pytest.mark.parametrize("granted", ["CREATE", "USAGE"])
def test_both_privileges_on_the_schema(db: Database, loader: Database, table: Remote, granted: str) -> None:
    """CREATE alone makes a table, and USAGE is needed for its key."""
    db.execute(f"GRANT {granted} ON SCHEMA {SCHEMA} TO loader")
    request = table.connector(table=TABLE, target_schema=SCHEMA)
    for query in (
        "SELECT cdb_import_connector(%s)",
        "SELECT cdb_import_connector(%s, wait => false)",
        "SELECT cdb_sync_connector(%s)",
        "SELECT * FROM cdb_import_tables(%s::json)",
    ):
        keys = {key: value for key, value in request.items() if key != "table" or "tables" not in query}
        # A remote that is not there would be told of instead.
        keys["connection"] = {**table.connection(), "port": 1}
        with fails(f"permission denied for schema {SCHEMA}", sqlstate="42501", hint="GRANT USAGE, CREATE ON SCHEMA raw TO loader"):
            loader.execute(query, json.dumps(keys))
    db.execute(f"GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO loader")
    assert loader.import_table(request)["rows"] == 10


@pytest.mark.parametrize("mode", ["replace", "merge"])
def test_a_refresh_needs_its_schema(db: Database, loader: Database, table: Remote, mode: str) -> None:
    db.execute(f"GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO loader")
    id = loader.value("SELECT cdb_sync_connector(%s) ->> 'id'", json.dumps(table.connector(table=TABLE, target_schema=SCHEMA, sync={"mode": mode})))
    assert loader.value("SELECT cdb_sync_now(%s, true) ->> 'state'", id) == "success"
    db.execute(f"REVOKE USAGE ON SCHEMA {SCHEMA} FROM loader")
    answer = loader.value("SELECT cdb_sync_now(%s, true)", id)
    assert answer["state"] == "failure" and answer["error_message"] == f"permission denied for schema {SCHEMA}"
    (rows,) = loader.rows("SELECT rows, permanent FROM connector.runs WHERE state = 'failure'")
    assert rows == (0, True)
    loader.execute("SELECT cdb_sync_delete(%s)", id)


def test_a_merge_needs_temporary_tables(db: Database, loader: Database, table: Remote) -> None:
    """The rows that arrive are put into one first."""
    db.execute(f"GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO loader")
    id = loader.value("SELECT cdb_sync_connector(%s) ->> 'id'", json.dumps(table.connector(table=TABLE, target_schema=SCHEMA, sync={"mode": "merge"})))
    assert loader.value("SELECT cdb_sync_now(%s, true) ->> 'state'", id) == "success"
    name = db.value("SELECT current_database()")
    db.execute(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
    try:
        answer = loader.value("SELECT cdb_sync_now(%s, true)", id)
        assert answer["state"] == "failure" and "may not create temporary tables" in answer["error_message"]
        phases = loader.value("SELECT phase_ms FROM connector.runs WHERE state = 'failure'")
        assert "loading" not in phases, phases
    finally:
        db.execute(f"GRANT TEMPORARY ON DATABASE {name} TO PUBLIC")
    loader.execute("SELECT cdb_sync_delete(%s)", id)


def test_types_that_the_request_names(db: Database, loader: Database, table: Remote) -> None:
    db.execute(f"GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO loader; CREATE DOMAIN {SCHEMA}.word AS text; REVOKE USAGE ON TYPE {SCHEMA}.word FROM PUBLIC")
    with fails("permission denied for type", sqlstate="42501") as failure:
        loader.import_table(table.connector(table=TABLE, target_schema=SCHEMA, columns={"id": None, "word": f"{SCHEMA}.word"}))
    # The table is created before the remote is asked for rows.
    assert "CREATE TABLE" in failure.context
