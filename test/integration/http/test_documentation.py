"""The other calls of the guides of CARTO's Import API, by curl, with what stands in braces filled in."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from harness.database import Database
from harness.http_client import HttpClient
from harness.import_api import finished_import, get_sync, sync_in
from harness.syncs import Syncs

from servers.http import HttpServer
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote

CONNECTOR = """curl -v -H "Content-Type: application/json" -d '{
  "connector": {
    "provider": "mysql",
    "connection": {
      "server":"mydatabaserver.com",
      "database":"mydb",
      "username":"myuser",
      "password":"mypass"
    },
    "table": "mytable"
  }
}' "https://{account}.carto.com/api/v1/imports/?api_key={account API Key}\""""
FILE = 'curl -v -F file=@/path/to/local/file "https://{account}.carto.com/api/v1/imports/?api_key={account API Key}"'
URL = """curl -v -H "Content-Type: application/json" -d '{"url":"https://remotehost.url/path/to/remotefile"}' \
"https://{account}.carto.com/api/v1/imports/?api_key={account API Key}\""""
IMPORT = 'curl -v "https://{account}.carto.com/api/v1/imports/{import_id}?api_key={account API Key}"'
IMPORTS = 'curl -v "https://{account}.carto.com/api/v1/imports/?api_key={account API Key}"'
SYNC_OF_URL = """curl -v -H "Content-Type: application/json" \
-d '{"url":"https://public.url.to.file/sample_file", "interval":"3600"}' \
"https://{username}.carto.com/api/v1/synchronizations/?api_key={account API Key}\""""
SYNCS = 'curl -v "https://{username}.carto.com/api/v1/synchronizations/?api_key={account API Key}"'
STATE = 'curl -v -X "GET" "https://{username}.carto.com/api/v1/synchronizations/{import_id}/sync_now?api_key={account API Key}"'
FORCE = (
    'curl -v -X "PUT" "https://{username}.carto.com/api/v1/synchronizations/{import_id}/sync_now?api_key={account API Key}" '
    '-H "Content-Length:0"'
)
DELETE = 'curl -v -X "DELETE" "https://{username}.carto.com/api/v1/synchronizations/{import_id}?api_key={account API Key}"'

# Its answers, as far as they have members.
IMPORT_KEYS = (
    "id user_id table_id data_type table_name state error_code queue_id tables_created_count synchronization_id type_guessing "
    "quoted_fields_guessing content_guessing create_visualization visualization_id user_defined_limits get_error_text display_name "
    "success warnings is_raster"
).split()
SYNC_KEYS = (
    "id name interval url state created_at updated_at run_at retried_times log_id error_code error_message ran_at modified_at etag "
    "checksum user_id service_name service_item_id type_guessing quoted_fields_guessing content_guessing visualization_id "
    "from_external_source"
).split()


@dataclass
class Told:
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@pytest.fixture
def curl(api: HttpServer, mariadb: MySqlRemote) -> Any:
    """Runs a line of the guides."""
    connection = mariadb.connection()
    names = {
        "{account API Key}": urllib.parse.quote("alice password"),
        '"mydatabaserver.com"': f'"127.0.0.1","port":{connection["port"]}',
        '"mydb"': json.dumps(connection["database"]),
        '"myuser"': json.dumps(connection["username"]),
        '"mypass"': json.dumps(connection["password"]),
    }

    def run(line: str, id: str = "") -> Told:
        line = re.sub(r"https://\{(account|username)\}\.carto\.com", f"http://alice.localhost:{api.port}", line)
        for name, value in (names | {"{import_id}": id}).items():
            line = line.replace(name, value)
        done = subprocess.run(["/bin/bash", "-c", line], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        statuses = re.findall(r"^< HTTP/1.1 (\d+)", done.stderr, re.M)
        return Told(int(statuses[-1]), done.stdout)

    return run


@pytest.fixture(autouse=True)
def tables(api_database: Database, mariadb: MySqlRemote) -> Iterator[None]:
    mariadb.execute("CREATE OR REPLACE TABLE mytable (id int PRIMARY KEY)", "INSERT INTO mytable VALUES (1), (2)")
    yield
    Syncs(api_database).clean()


def test_imports(curl: Any, alice: HttpClient, api_database: Database) -> None:
    made = curl(CONNECTOR)
    assert made.status == 200 and list(made.json)[:2] == ["item_queue_id", "success"]
    id = made.json["item_queue_id"]
    finished_import(alice, id)
    told = curl(IMPORT, id)
    assert told.status == 200 and set(IMPORT_KEYS) <= set(told.json)
    assert (told.json["state"], told.json["table_name"]) == ("complete", "mytable")
    assert curl(IMPORTS).json == {"imports": [], "success": True}
    assert api_database.value("SELECT count(*) FROM public.mytable") == 2


def test_what_is_no_database(curl: Any, tmp_path: Any) -> None:
    """Files are not imported here, neither sent nor fetched."""
    file = tmp_path / "file.csv"
    file.write_text("id\n1\n")
    assert curl(FILE.replace("/path/to/local/file", str(file))).status == 415
    told = curl(URL)
    assert told.status == 400 and "only connectors are imported" in told.json["errors"]["imports"]
    told = curl(SYNC_OF_URL)
    assert told.status == 400 and "connector" in told.json["errors"]


def test_syncs(curl: Any, alice: HttpClient, api_database: Database) -> None:
    line = CONNECTOR.replace("/imports/", "/synchronizations/").replace('"mytable"\n  }\n}', '"mytable"\n  },\n  "interval": "3600"\n}')
    made = curl(line)
    assert made.status == 200 and made.json["interval"] == 3600 and set(SYNC_KEYS) < set(made.json)
    id = made.json["id"]
    before = sync_in(alice, id, "success")
    told = curl(SYNCS)
    assert told.status == 200 and told.json == {"synchronizations": [before], "total_entries": 1}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", before["created_at"])
    assert curl(STATE, id).json == {"state": "success"}
    assert curl(FORCE, id).json == {"enqueued": True, "synchronization_id": id}
    wait_until(lambda: get_sync(alice, id)["log_id"] != before["log_id"], what="another run")
    sync_in(alice, id, "success")
    told = curl(DELETE, id)
    assert (told.status, told.text) == (204, "")
    told = curl(DELETE, id)
    assert (told.status, told.text) == (404, "")
    assert api_database.value("SELECT count(*) FROM public.mytable") == 2
