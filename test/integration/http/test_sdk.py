"""CARTO's Python client against the Import API, as its documentation says to use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.http_client import HttpClient
from harness.import_api import get_sync, sync_in
from harness.syncs import Syncs

from servers.carto_client import carto_client
from servers.http import HttpServer
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote
from servers.server import Unavailable

KEY = "alice password"

# Each is a program of the client's user. It has `client`, an auth client, and `given`, what the test gives it; it prints
# what `told` is in the end.
IMPORT = """
from carto.file_import import FileImportJob
job = FileImportJob(None, client)
job.run(connection={"connector": given["connector"]})
job.refresh()
while job.state not in ("complete", "failure"):
    time.sleep(0.1)
    job.refresh()
told = {name: getattr(job, name) for name in ("id", "item_queue_id", "state", "success", "table_name", "error_code")}
"""

SYNC = """
from carto.sync_tables import SyncTableJob
job = SyncTableJob(None, 900, client)
job.run(connection={"connector": given["connector"]})
while job.state not in ("success", "failure"):
    time.sleep(0.1)
    job.refresh()
told = {name: getattr(job, name) for name in ("id", "name", "interval", "state", "error_code", "service_name", "log_id")}
told["created_at"] = job.created_at.isoformat()
"""

FORCE_SYNC = """
from carto.sync_tables import SyncTableJob
job = SyncTableJob(None, None, client)
job.id = given["id"]
job.refresh()
job.force_sync()
told = {"id": job.id, "interval": job.interval}
"""

DELETE = """
from carto.sync_tables import SyncTableJob
job = SyncTableJob(None, None, client)
job.id = given["id"]
job.delete()
told = {}
"""

DATASET = """
import carto.datasets
carto.datasets.INTERVAL_BETWEEN_RETRIES_S = 0.1
dataset = carto.datasets.DatasetManager(client).create(None, None, connection={"connector": given["connector"]})
told = {"id": dataset.id, "name": dataset.name, "type": dataset.type, "table": dataset.table.name}
"""

DATASET_THAT_IS_A_SYNC = """
import carto.datasets
try:
    carto.datasets.DatasetManager(client).create(None, 900, connection={"connector": given["connector"]})
    told = {"error": None}
except Exception as error:
    told = {"error": str(error)}
"""

IMPORT_THAT_IS_REFUSED = """
from carto.file_import import FileImportJob
from carto.exceptions import CartoException, CartoRateLimitException
try:
    FileImportJob(None, client).run(connection={"connector": given["connector"]})
    told = {"kind": None}
except CartoRateLimitException as error:
    told = {"kind": "rate limit", "limit": error.limit, "remaining": error.remaining, "retry_after": error.retry_after}
except Exception as error:
    told = {"kind": type(error).__name__, "error": str(error)}
"""

_FRAME = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
from carto.auth import APIKeyAuthClient, AuthAPIClient
given = json.load(sys.stdin)
client = {"key": APIKeyAuthClient, "basic": AuthAPIClient}[given["auth"]](given["url"], given["key"])
told = None
%s
json.dump(told, sys.stdout)
"""


class Sdk:
    """Runs a program of a client's user, by one of the two ways to say who asks."""

    def __init__(self, api: HttpServer, folder: str, auth: str) -> None:
        self.auth = auth
        self.folder = folder
        self.url = f"{api.url}/user/alice/"

    def run(self, program: str, *, key: str = KEY, **given: object) -> Any:
        run = subprocess.run(
            [sys.executable, "-c", _FRAME % program],
            input=json.dumps(given | {"auth": self.auth, "url": self.url, "key": key}),
            env={"PATH": os.environ["PATH"], "PYTHONPATH": self.folder},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)


@pytest.fixture(params=["key", "basic"])
def sdk(request: pytest.FixtureRequest, api: HttpServer) -> Sdk:
    try:
        return Sdk(api, str(carto_client()), request.param)
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(autouse=True)
def tables(api_database: Database, mariadb: MySqlRemote) -> Iterator[None]:
    mariadb.execute(
        "CREATE OR REPLACE TABLE hotels (id int PRIMARY KEY, name varchar(20))",
        "INSERT INTO hotels VALUES (1, 'Ritz'), (2, 'Savoy')",
    )
    yield
    Syncs(api_database).clean()


def test_file_import_job(sdk: Sdk, api_database: Database, mariadb: MySqlRemote) -> None:
    told = sdk.run(IMPORT, connector=mariadb.connector(table="hotels"))
    assert (told["state"], told["success"], told["table_name"], told["error_code"]) == ("complete", True, "hotels", None)
    assert told["id"] == told["item_queue_id"]
    assert api_database.rows("SELECT id, name FROM public.hotels ORDER BY id") == [(1, "Ritz"), (2, "Savoy")]


def test_file_import_job_that_fails(sdk: Sdk, mariadb: MySqlRemote) -> None:
    told = sdk.run(IMPORT, connector=mariadb.connector(table="missing"))
    assert (told["state"], told["success"], told["error_code"]) == ("failure", False, 1011)


def test_sync_table_job(sdk: Sdk, api_database: Database, alice: HttpClient, mariadb: MySqlRemote) -> None:
    told = sdk.run(SYNC, connector=mariadb.connector(table="hotels"))
    assert (told["name"], told["interval"], told["state"], told["error_code"]) == ("hotels", 900, "success", None)
    assert told["service_name"] == "connector" and told["created_at"].startswith("20")
    assert api_database.value("SELECT count(*) FROM public.hotels") == 2
    forced = sdk.run(FORCE_SYNC, id=told["id"])
    assert forced == {"id": told["id"], "interval": 900}
    wait_until(lambda: get_sync(alice, told["id"])["log_id"] != told["log_id"], what="another run")
    sync_in(alice, told["id"], "success")
    sdk.run(DELETE, id=told["id"])
    assert alice.get(f"/api/v1/synchronizations/{told['id']}").status == 404


def test_dataset(sdk: Sdk, api_database: Database, mariadb: MySqlRemote) -> None:
    """The documented way: it asks for an import without a source first, and for the visualization in the end."""
    told = sdk.run(DATASET, connector=mariadb.connector(table="hotels"))
    imported = api_database.value(
        "SELECT item_queue_id::text FROM connector.imports WHERE state = 'complete' AND table_name = 'hotels'"
    )
    assert told == {"id": imported, "name": "hotels", "type": "table", "table": "hotels"}
    assert api_database.value("SELECT count(*) FROM connector.imports WHERE state = 'failure' AND error_code = 1502") == 1
    assert api_database.value("SELECT count(*) FROM public.hotels") == 2


def test_dataset_that_is_a_sync(sdk: Sdk, mariadb: MySqlRemote) -> None:
    """The client never sends the connector: it is told what is missing."""
    told = sdk.run(DATASET_THAT_IS_A_SYNC, connector=mariadb.connector(table="hotels"))
    assert "connector" in told["error"]


def test_requests_that_are_refused(sdk: Sdk, api_database: Database, mariadb: MySqlRemote) -> None:
    connector = mariadb.connector(tabel="hotels")
    told = sdk.run(IMPORT_THAT_IS_REFUSED, connector=connector)
    assert told["kind"] is not None and "invalid connector parameters" in told["error"]
    assert sdk.run(IMPORT_THAT_IS_REFUSED, connector=connector, key="wrong")["kind"] is not None
    # Imports that are queued wait instead, so that it is a function of the test's that says there are too many.
    api_database.execute(
        "ALTER FUNCTION cdb_import_connector(json, boolean) RENAME TO kept; "
        "CREATE FUNCTION cdb_import_connector(connector json, wait boolean) RETURNS json LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE 'too many' USING ERRCODE = '53400', DETAIL = 'Connector error 6669.'; END $$"
    )
    try:
        told = sdk.run(IMPORT_THAT_IS_REFUSED, connector=connector)
    finally:
        api_database.execute(
            "DROP FUNCTION cdb_import_connector(json, boolean); ALTER FUNCTION kept RENAME TO cdb_import_connector"
        )
    if sdk.auth == "key":  # the other one does not look for it
        assert (told["kind"], told["remaining"]) == ("rate limit", 0) and told["limit"] > 0 and told["retry_after"] >= 0
    else:
        assert "import slots" in told["error"]
