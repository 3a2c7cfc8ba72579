"""/openapi.json is what the program does: a valid document, and a tool that knows no more than it finds nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from harness.database import Database
from harness.http_client import Answer, HttpClient

from servers.http import HttpServer
from servers.openapi_tools import openapi_environment
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote
from servers.server import Unavailable
from servers.workspace import Workspace

Document = Mapping[str, Any]
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "unsupported_method,allow_header_conformance"
)
# They answer without an end, or end what others of these requests are about.
LEFT_OUT = ("/api/v1/events",)


@pytest.fixture(scope="module")
def document(api: HttpServer) -> Document:
    answer = HttpClient(api).get("/openapi.json")
    assert answer.status == 200
    found = answer.json
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def tools() -> Mapping[str, str]:
    try:
        return openapi_environment()
    except Unavailable as reason:
        pytest.skip(str(reason))


def test_everybody_may_read_it_and_keep_it(api: HttpServer) -> None:
    client = HttpClient(api)
    answer = client.get("/openapi.json")
    assert answer.headers["Content-Type"].startswith("application/json")
    tag = answer.headers["ETag"]
    assert client.request("GET", "/openapi.json", headers={"If-None-Match": tag}).status == 304
    assert client.request("GET", "/openapi.json", headers={"If-None-Match": '"another"'}).body == answer.body


def test_it_is_valid(document: Document, tools: Mapping[str, str], workspace: Workspace) -> None:
    path = workspace.subfolder("openapi") / "openapi.json"
    path.write_text(json.dumps(document))
    told = subprocess.run(
        [sys.executable, "-m", "openapi_spec_validator", str(path)], env=tools, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stdout + told.stderr
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def references(part: object) -> Iterator[str]:
    """Whatever this part of the document refers to."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for element in part:
            yield from references(element)


def test_each_schema_is_there_and_used(document: Document) -> None:
    named = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) == named


def test_paths_are_well_formed(document: Document) -> None:
    """Segments of plain letters, or names in braces that come once."""
    for path in document["paths"]:
        assert re.fullmatch(r"(/([a-z0-9_.]+|\{[a-z0-9_.]+\}))+", path), path
        names = re.findall(r"\{(.+?)\}", path)
        assert len(names) == len(set(names)), path


def test_each_operation_has_a_name_and_can_succeed(document: Document) -> None:
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        assert operation["operationId"] and operation["summary"], operation
        assert any(status.startswith("2") for status in operation["responses"]), operation


def template_of(document: Document, path: str) -> str:
    """The template that this path is of."""
    found = [t for t in document["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", t), path)]
    return min(found, key=lambda template: template.count("{"))


def check_answer(document: Document, method: str, path: str, answer: Answer) -> None:
    """The answer is one that the document has for this call, with a body of its schema."""
    told = document["paths"][template_of(document, path)][method.lower()]["responses"]
    assert str(answer.status) in told, (method, path, answer)
    content = told[str(answer.status)].get("content")
    if content is None:
        assert answer.body == b"", (method, path, answer)
        return
    media_type = answer.headers["Content-Type"].partition(";")[0]
    schema = content[media_type]["schema"]
    if media_type == "application/json":
        whole = {**schema, "components": document["components"]}
        jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(answer.json)


def test_answers_are_of_their_schemas(
    document: Document, api: HttpServer, api_database: Database, alice: HttpClient, mariadb: MySqlRemote
) -> None:
    """Each schema of an answer is met by a real one: whoever adds a route adds it here."""
    mariadb.execute("DROP TABLE IF EXISTS openapi_rows", "CREATE TABLE openapi_rows (id int PRIMARY KEY, day date)")
    mariadb.execute("INSERT INTO openapi_rows VALUES (1, '0000-00-00')")
    seen: set[tuple[str, str]] = set()

    def call(method: str, path: str, body: object = None, status: int = 200, **query: str) -> Any:
        answer = alice.request(method, path, body, **query)
        assert answer.status == status, (method, path, answer)
        check_answer(document, method, path, answer)
        seen.add((method.lower(), template_of(document, path)))
        return answer.json if answer.body and "json" in answer.headers["Content-Type"] else None

    connector = mariadb.connector(table="openapi_rows")
    flat = {key: str(value) for key, value in connector["connection"].items()}
    provider = str(connector["provider"])
    nowhere = str(uuid.uuid4())

    created = call("POST", "/api/v1/imports", {"connector": connector})
    item = f"/api/v1/imports/{created['item_queue_id']}"
    call("GET", item)
    call("GET", "/api/v1/imports")
    wait_until(lambda: call("GET", item)["state"] == "complete", limit=60, what="the import's end")
    table = call("GET", item)["visualization_id"]
    failing = call("POST", "/api/v1/imports", {"connector": {**connector, "table": "not_there"}})
    wait_until(
        lambda: call("GET", f"/api/v1/imports/{failing['item_queue_id']}")["state"] == "failure", limit=60, what="a failure"
    )
    call("POST", "/api/v1/imports", {"connector": {"provider": "mysql", "nonsense": 1}}, 400)
    call("GET", f"/api/v1/imports/{nowhere}", status=404)

    sync = call("POST", "/api/v1/synchronizations", {"connector": connector, "interval": 3600})
    one = f"/api/v1/synchronizations/{sync['id']}"
    call("PUT", f"{one}/sync_now")
    wait_until(lambda: call("GET", one)["state"] == "success", limit=60, what="the sync's first run")
    call("GET", f"{one}/sync_now")
    call("GET", "/api/v1/synchronizations")
    call("PUT", one, {"interval": 7200})
    call("PUT", one, {"interval": "never"}, 400)

    call("GET", "/api/v1/activity")
    call("GET", "/api/v1/activity", id=sync["id"])
    call("GET", "/api/v1/activity", status=404, id=nowhere)
    call("GET", "/api/v1/progress")
    call("GET", f"{one}/runs")
    batch = call("POST", "/api/v1/batches", {"connector": mariadb.connector(collision_strategy="rename"), "tables": ["openapi_*"]})
    assert batch["batch_id"] is not None
    call("POST", "/api/v1/batches", {"connector": connector}, 400)

    call("GET", "/api/v1/connectors")
    call("GET", f"/api/v1/connectors/{provider}")
    call("GET", f"/api/v1/connectors/{provider}/tables", **flat)
    call("GET", f"/api/v1/connectors/{provider}/connect", **flat)
    for what in ("tables", "connect", "dryrun"):
        call("POST", f"/api/v1/connectors/{provider}/{what}", connector)
    call("GET", "/metrics")
    call("GET", "/healthz")
    call("GET", "/openapi.json")
    call("GET", f"/api/v1/viz/{table}")
    call("POST", f"{item}/cancel")
    call("POST", f"{one}/sync_now")
    call("POST", f"{one}/cancel")
    call("DELETE", one, status=204)

    call("GET", "/api/v1/session")
    begun = call("POST", "/api/v1/session", {"user": "alice", "password": alice.key})
    assert begun["user"] == "alice"
    call("DELETE", "/api/v1/session", status=401)

    saved = {"name": "openapi", "provider": provider, "connection": connector["connection"]}
    call("POST", "/api/v1/servers", saved, 201)
    call("POST", "/api/v1/servers", saved, 400)
    call("GET", "/api/v1/servers")
    call("PUT", "/api/v1/servers/openapi", {"connection": connector["connection"]})
    call("DELETE", "/api/v1/servers/openapi", status=204)

    key = call("POST", "/api/v1/keys", {"label": "a test"}, 201)
    call("GET", "/api/v1/keys")
    call("DELETE", f"/api/v1/keys/{key['id']}", status=204)

    all_calls = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert {one for one in all_calls - seen if one[1] not in LEFT_OUT} == set()


# The key stands in the environment, by each of the ways that the document has.
AUTHENTICATION = """
[auth.openapi.api_key]
api_key = "${CONNECTOR_TEST_KEY}"
[auth.openapi.bearer]
bearer = "${CONNECTOR_TEST_KEY}"
[auth.openapi.basic]
username = "alice"
password = "${CONNECTOR_TEST_KEY}"
"""


def test_schemathesis_finds_nothing(
    document: Document, tools: Mapping[str, str], api: HttpServer, workspace: Workspace, alice: HttpClient, mariadb: MySqlRemote
) -> None:
    """Requests that the document allows, and those that it forbids: no answer but those that it tells."""
    connector = mariadb.connector(table="not_there")
    imports = [alice.post("/api/v1/imports", {"connector": connector}).json["item_queue_id"] for _ in range(3)]
    syncs = [
        alice.post("/api/v1/synchronizations", {"connector": {**connector, "import_as": f"t{i}"}}).json["id"] for i in range(9)
    ]
    known = {"imports": imports, "viz": imports, "synchronizations": syncs, "connectors": ["mysql", "postgres", "hive"]}
    alice.post("/api/v1/servers", {"name": "shop", "provider": "mysql", "connection": connector["connection"]})
    known["servers"] = ["shop"]
    folder = workspace.subfolder("schemathesis")
    (folder / "schemathesis.toml").write_text(AUTHENTICATION)
    excluded = [word for path in LEFT_OUT if path in document["paths"] for word in ("--exclude-path", path)]
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{api.url}/openapi.json", f"--url={api.url}/user/alice"]
    command += [f"--checks={CHECKS}", "--phases=examples,coverage,fuzzing", "--max-examples=12", "--seed=20", "--no-shrink"]
    command += ["--generation-database=none", "--request-timeout=60", "--report=junit", f"--report-dir={folder}"]
    hooks = Path(__file__).parents[1] / "harness" / "openapi_hooks.py"
    settings = {
        "CONNECTOR_TEST_KEY": str(alice.key),
        "CONNECTOR_TEST_KNOWN": json.dumps(known),
        "SCHEMATHESIS_HOOKS": str(hooks),
        "NO_COLOR": "1",
    }
    told = subprocess.run([*command, *excluded], env={**tools, **settings}, cwd=folder, capture_output=True, text=True, timeout=600)
    assert told.returncode == 0, told.stdout[-8000:] + told.stderr[-2000:]
    tested = re.search(r"Tested: +(\d+)", told.stdout)
    assert tested is not None and int(tested[1]) == sum(map(len, document["paths"].values())) - len(excluded) // 2, told.stdout[-3000:]
    assert api.running()
