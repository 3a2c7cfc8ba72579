"""Syncs by the Import API."""

from __future__ import annotations

import json
import uuid

from harness.database import Database
from harness.http_client import HttpClient

from servers.http import HttpServer
from servers.remote_mysql import MySqlRemote


def test_one_sync(api: HttpServer, api_database: Database, alice: HttpClient, mariadb: MySqlRemote) -> None:
    mariadb.execute("CREATE TABLE hotels (id int PRIMARY KEY)", "INSERT INTO hotels VALUES (1)")
    with Database(api_database.server, api_database.name, "alice") as role:
        sync = role.value("SELECT cdb_sync_connector(%s, '1 hour')", json.dumps(mariadb.connector(table="hotels")))
        answer = alice.get(f"/api/v1/synchronizations/{sync['id']}")
        assert answer.status == 200
        assert list(answer.json)[:4] == ["data_import", "id", "name", "interval"]
        assert alice.get(f"/api/v1/synchronizations/{sync['id']}/").json["id"] == sync["id"]
        assert HttpClient(api, "alice", "wrong").get(f"/api/v1/synchronizations/{sync['id']}").status == 401
        assert alice.get("/api/v1/synchronizations/nonsense").status == 404
        print(alice.get(f"/api/v1/synchronizations/{uuid.uuid4()}"))
        role.execute("SELECT cdb_sync_delete(%s::uuid)", sync["id"])
    assert alice.get("/healthz").body == b"ok\n"
