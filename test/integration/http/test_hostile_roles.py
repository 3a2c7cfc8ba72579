"""What a role may have made in the database: its code runs in its own sessions of the program, and nowhere else."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.http_client import HttpClient
from harness.http_roles import ALICE, BOB

from servers.http import HttpServer
from servers.remote_mysql import MySqlRemote

# Takes the place of a statement that the program has prepared in this session.
REPLACING = """
CREATE FUNCTION bob.replaces(value text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE prepared text;
BEGIN
    FOR prepared IN SELECT name FROM pg_prepared_statements LOOP
        EXECUTE 'DEALLOCATE ' || prepared;
        EXECUTE 'PREPARE ' || prepared || ' AS SELECT 1 WHERE false';
    END LOOP;
    RETURN true;
END $$;
CREATE DOMAIN bob.text AS pg_catalog.text CHECK (bob.replaces(VALUE))
"""

# In the schema of the extension, where the fewer arguments of a call would choose them.
BESIDE_OURS = (
    ("cdb_syncs()", "SETOF json"),
    ("cdb_sync_now(uuid)", "json"),
    ("cdb_sync_connector(json, interval)", "json"),
    ("cdb_sync_update(uuid, interval, json)", "json"),
    ("cdb_connector_tables(json)", "SETOF json"),
    ("cdb_connector_dry_run(json)", "json"),
    ("cdb_connector_info(varchar)", "json"),
    ("cdb_import_connector(json, text)", "json"),
    ('cdb_imports("limit" text, unfinished boolean)', "SETOF json"),
    ("cdb_import_tables(json, text[])", "SETOF record"),
)


@pytest.fixture
def as_bob(api_database: Database) -> Iterator[Database]:
    api_database.execute("CREATE SCHEMA bob AUTHORIZATION bob")
    with Database(api_database.server, api_database.name, "bob") as role:
        yield role
    api_database.execute("DROP SCHEMA bob CASCADE")


@pytest.fixture
def rooms(mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    mariadb.execute("CREATE TABLE hostile_rooms (id int PRIMARY KEY, name varchar(20))", "INSERT INTO hostile_rooms VALUES (1, 'a')")
    yield mariadb
    mariadb.execute("DROP TABLE hostile_rooms")


def test_code_that_replaces_statements(api: HttpServer, as_bob: Database, rooms: MySqlRemote) -> None:
    """Neither the program nor the next call of the role suffers."""
    as_bob.execute(REPLACING)
    bob = HttpClient(api, "bob", BOB)
    assert bob.get("/api/v1/connectors").status == 200
    request = rooms.connector(table="hostile_rooms", columns={"name": "bob.text"})
    for _ in range(3):
        answer = bob.post("/api/v1/connectors/mysql/dryrun", request)
        assert answer.status == 200, answer
        assert "mysql" in bob.get("/api/v1/connectors").json
    assert HttpClient(api, "alice", ALICE).get("/api/v1/connectors").status == 200


def test_functions_beside_ours(api: HttpServer, as_bob: Database, rooms: MySqlRemote) -> None:
    """They are never chosen for the calls of others."""
    alice = HttpClient(api, "alice", ALICE)
    for signature, result in BESIDE_OURS:
        as_bob.execute(
            f"CREATE FUNCTION public.{signature} RETURNS {result} LANGUAGE plpgsql AS $$ BEGIN RAISE 'captured'; END $$"
        )
    try:
        connector = rooms.connector(table="hostile_rooms")
        made = alice.post("/api/v1/synchronizations", {"connector": connector, "interval": 3600})
        assert made.status == 200, made
        path = f"/api/v1/synchronizations/{made.json['id']}"
        answers = [
            alice.get("/api/v1/synchronizations"),
            alice.put(path, {"interval": 7200}),
            alice.put(f"{path}/sync_now"),
            alice.get(path),
            alice.get("/api/v1/imports"),
            alice.post("/api/v1/imports", {"connector": {**connector, "import_as": f"room_{uuid.uuid4().hex}"}}),
            alice.get("/api/v1/connectors/mysql"),
            alice.get("/api/v1/activity"),
            alice.post("/api/v1/batches", {"connector": rooms.connector(), "tables": ["hostile_room*"], "interval": 3600}),
            alice.post("/api/v1/connectors/mysql/tables", connector),
            alice.post("/api/v1/connectors/mysql/dryrun", connector),
        ]
        assert [answer.status for answer in answers] == [200] * len(answers), answers
        assert alice.delete(path).status == 204
    finally:
        for signature, _ in BESIDE_OURS:
            as_bob.execute(f"DROP FUNCTION public.{signature}")


def test_settings_of_a_role(api: HttpServer, api_database: Database, rooms: MySqlRemote) -> None:
    """Numbers and times are those of everybody."""
    alice = HttpClient(api, "alice", ALICE)
    made = alice.post("/api/v1/synchronizations", {"connector": rooms.connector(table="hostile_rooms"), "interval": 3600}).json
    key = alice.post("/api/v1/keys", {"label": "times"}).json
    api_database.execute("ALTER ROLE alice SET extra_float_digits = -15; ALTER ROLE alice SET TimeZone = 'Asia/Kathmandu'")
    try:
        fresh = HttpClient(api, None, key["api_key"])  # a session of its own
        metrics = fresh.get("/metrics").body.decode()
        lines = [line for line in metrics.splitlines() if line.startswith("connector_sync_interval_seconds{") and made["id"] in line]
        assert len(lines) == 1 and float(lines[0].split()[-1]) == 3600, lines
        [told] = [one for one in fresh.get("/api/v1/keys").json["keys"] if one["id"] == key["id"]]
        assert told["created_at"].endswith("+00:00") and told["expires_at"] == key["expires_at"]
    finally:
        api_database.execute("ALTER ROLE alice RESET extra_float_digits; ALTER ROLE alice RESET TimeZone")
        alice.delete(f"/api/v1/keys/{key['id']}")
        alice.delete(f"/api/v1/synchronizations/{made['id']}")
