"""/metrics: what Prometheus reads, of what the role may see."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.http_client import HttpClient
from harness.http_roles import ALICE, BOB, OWN_ROLE
from prometheus_client.parser import text_string_to_metric_families

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote
from servers.staging import staged
from servers.workspace import Workspace

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def api(workspace: Workspace, preloaded: Postgres, api_database: Database) -> Iterator[HttpServer]:
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, own_role=OWN_ROLE) as server:
        yield server


@pytest.fixture
def monitor(api: HttpServer, api_database: Database) -> Iterator[HttpClient]:
    """Requests of a role that may see everything."""
    api_database.execute("DROP ROLE IF EXISTS http_monitor")
    api_database.execute("CREATE ROLE http_monitor LOGIN PASSWORD 'monitor password' IN ROLE pg_read_all_stats")
    yield HttpClient(api, "http_monitor", "monitor password")
    api_database.execute("DROP ROLE http_monitor")


def read(client: HttpClient) -> Series:
    answer = client.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    series: Series = {}
    for family in text_string_to_metric_families(answer.body.decode()):
        assert family.documentation and family.type in ("gauge", "counter")
        for sample in family.samples:
            place = (sample.name, tuple(sorted(sample.labels.items())))
            assert place not in series, place
            series[place] = sample.value
    return series


def of(series: Series, name: str, **labels: str) -> float:
    return series[(name, tuple(sorted(labels.items())))]


def names(series: Series) -> set[str]:
    return {name for name, _ in series}


def forget_syncs(api_database: Database, mariadb: MySqlRemote) -> None:
    """Whatever an earlier test has left."""
    api_database.execute("SELECT cdb_sync_delete(id) FROM connector.syncs")
    api_database.execute("DROP TABLE IF EXISTS fine, failing, paused, of_bob, once")
    mariadb.execute("DROP TABLE IF EXISTS measured_rooms")


@pytest.fixture
def syncs(api_database: Database, mariadb: MySqlRemote) -> Iterator[dict[str, str]]:
    """One of alice's that works, one that fails, one that is paused, one of bob's; an import of alice's."""
    forget_syncs(api_database, mariadb)
    mariadb.execute("CREATE TABLE measured_rooms (id int PRIMARY KEY)", "INSERT INTO measured_rooms VALUES (1), (2), (3)")
    ids: dict[str, str] = {}
    roles = {name: Database(api_database.server, api_database.name, name) for name in ("alice", "bob")}
    try:
        for name, role in (("fine", "alice"), ("failing", "alice"), ("paused", "alice"), ("of_bob", "bob")):
            more = {"connection": mariadb.connection(port=1)} if name == "failing" else {}
            connector = {**mariadb.connector(table="measured_rooms", import_as=name), **more}
            create = "SELECT cdb_sync_connector(%s, '1 hour', name => %s) ->> 'id'"
            ids[name] = roles[role].value(create, json.dumps(connector), f'"{name}"\\')
        ended = "SELECT count(*) FROM connector.syncs WHERE state IN ('success', 'failure')"
        wait_until(lambda: bool(api_database.value(ended) == len(ids)), what="the first runs to end")
        roles["alice"].rows("SELECT cdb_sync_pause(%s::uuid)", ids["paused"])
        roles["alice"].import_table(mariadb.connector(table="measured_rooms", import_as="once"))
        yield ids
    finally:
        for role in roles.values():
            role.close()
        forget_syncs(api_database, mariadb)


def test_what_a_role_sees(api: HttpServer, alice: HttpClient, syncs: dict[str, str], api_database: Database) -> None:
    series = read(alice)
    assert {dict(labels)["sync_id"] for name, labels in series if name == "connector_sync_staleness_seconds"} == {
        syncs["fine"], syncs["failing"], syncs["paused"]
    }  # fmt: skip

    def sync(name: str, which: str) -> float:
        return of(series, f"connector_sync_{name}", sync_id=syncs[which], provider="mysql")

    assert sync("rows_read_total", "fine") >= 3 and sync("successes_total", "fine") >= 1
    assert sync("failing", "fine") == 0 and sync("last_success_timestamp_seconds", "fine") > 1_000_000_000
    assert sync("failing", "failing") == 1 and sync("failures_total", "failing") >= 1
    assert sync("last_success_timestamp_seconds", "failing") == 0
    assert sync("paused", "paused") == 1 and sync("interval_seconds", "paused") == 3600
    assert of(series, "connector_syncs_count", provider="mysql", state="success") == 2
    assert of(series, "connector_syncs_failing", provider="mysql", state="failure") == 1
    assert of(series, "connector_syncs_left_out") == 0
    assert of(series, "connector_imports_count", state="complete") == 1
    # The program's own numbers are not for everybody, and texts that somebody wrote are in no label.
    assert not any(name.startswith("connector_http_") for name in names(series))
    assert "measured_rooms" not in str(series) and "once" not in str(series) and "of_bob" not in str(series)
    of_bob = read(HttpClient(api, "bob", BOB))
    assert {dict(labels)["sync_id"] for name, labels in of_bob if name == "connector_sync_paused"} == {syncs["of_bob"]}


def test_what_a_monitor_sees(api: HttpServer, alice: HttpClient, monitor: HttpClient, syncs: dict[str, str]) -> None:
    assert alice.get("/api/v1/keys").status == 200
    assert HttpClient(api, "alice", "wrong").get("/api/v1/keys").status == 401
    assert alice.get("/no/such/path").status == 404
    assert alice.get("/api/v1/keys", callback="f").status == 400  # refused before a route is looked for
    assert alice.request("PATCH", "/api/v1/keys").status == 405
    series = read(monitor)
    assert {dict(labels)["sync_id"] for name, labels in series if name == "connector_sync_paused"} == set(syncs.values())

    def requests(route: str, status: str) -> float:
        return of(series, "connector_http_requests_total", route=route, method="GET", status=status)

    assert requests("/api/v1/keys", "2xx") == 1 and requests("/api/v1/keys", "4xx") == 1 and requests("", "4xx") == 2
    assert of(series, "connector_http_requests_total", route="", method="other", status="4xx") == 1
    assert of(series, "connector_http_failed_logins_total", reason="refused") == 1
    assert of(series, "connector_http_sessions") >= 1
    assert of(series, "connector_http_event_streams") == 0
    assert of(series, "connector_http_connections") >= 1
    assert "no/such/path" not in str(series)


def test_never_for_anybody(api: HttpServer) -> None:
    for client in (HttpClient(api), HttpClient(api, "alice"), HttpClient(api, "alice", "wrong")):
        answer = client.get("/metrics")
        assert (answer.status, answer.body) == (401, b"")


def test_names_are_those_of_the_exporter(alice: HttpClient, syncs: dict[str, str]) -> None:
    """Who has panels of the metrics of monitoring/queries.yaml finds them here by the same names."""
    import yaml
    from servers.staging import ROOT

    described = yaml.safe_load((ROOT / "monitoring" / "queries.yaml").read_text())
    known = {
        f"{prefix}_{column}"
        for prefix, entry in described.items()
        for metric in entry["metrics"]
        for column, told in metric.items()
        if told["usage"] != "LABEL"
    }
    here = {name for name in names(read(alice)) if name.startswith(("connector_sync_", "connector_imports_"))}
    assert here and here <= known, here - known


def test_only_the_newest_thousand_have_series(api_database: Database, api: HttpServer, alice: HttpClient, syncs: dict[str, str]) -> None:
    columns = api_database.value(
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = 'connector.sync'::regclass "
        "AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('id', 'created_at', 'name', 'relation') AND attgenerated = '' "
        "AND attidentity = ''"
    )
    api_database.execute(
        f"INSERT INTO connector.sync (id, created_at, name, {columns}) SELECT gen_random_uuid(), now(), 'copy ' || i, {columns} "
        "FROM connector.sync, generate_series(1, 1100) i WHERE id = %s",
        syncs["paused"],
    )
    try:
        series = read(alice)
        assert sum(name == "connector_sync_paused" for name, _ in series) == 1000
        assert of(series, "connector_syncs_left_out") == 103
        assert of(series, "connector_syncs_paused", provider="mysql", state="success") == 1101
    finally:
        api_database.execute("DELETE FROM connector.sync WHERE name LIKE 'copy %%'")
