"""What the documents and files for monitoring say is true: their queries run, and show what they are for."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any

import psycopg2.extras
import pytest
import yaml
from harness.database import Database
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.process import wait_until
from servers.proxy import Fault, Proxy
from servers.remote import Remote
from servers.staging import ROOT

TABLE = "goods"
EXPORTER = shutil.which("prometheus-postgres-exporter")


@pytest.fixture
def night(syncs: Syncs, mariadb: Remote) -> Iterator[dict[str, Any]]:
    """One sync fails, one gave up, one was cut, one is fine, one is paused, one's statement fails, one stalls, and one
    waits for a reader."""
    db = syncs.database
    with (
        remote_rows(mariadb, TABLE, 100),
        remote_rows(mariadb, "many", 100_000),
        Proxy(mariadb.server.port) as proxy,
        db.another() as reader,
    ):
        def make(name: str, **more: object) -> str:
            connector = {**mariadb.connector(table=TABLE, import_as=name), **more}
            id = db.value("SELECT cdb_sync_connector(%s, name => %s) ->> 'id'", json.dumps(connector), name)
            assert isinstance(id, str)
            return id

        ids = {
            "failing": make("failing", connection=mariadb.connection(port=1)),
            "hopeless": make("hopeless", table="gone"),
            "cut": make("cut", max_rows=10),
            "fine": make("fine"),
            "paused": make("paused"),
            "untidy": make("untidy", sync={"on_success": "REFRESH MATERIALIZED VIEW of_mine"}),
            "waiting": make("waiting"),
        }
        db.execute("CALL cdb_run_due_syncs()")
        db.execute("SELECT cdb_sync_pause('paused'); UPDATE connector.sync SET run_at = now() - interval '1 day' WHERE name = 'paused'")
        db.import_table(mariadb.connector(table=TABLE, import_as="once"))
        ids["stalled"] = make("stalled", table="many", connection=mariadb.connection(port=proxy.port))
        proxy.every(Fault(stall_after=1_000_000))
        reader.execute("BEGIN")
        reader.value("SELECT count(*) FROM waiting")
        run = "SELECT cdb_sync_now(%s, wait => true)"
        with db.in_background(run, ids["stalled"]) as stalled, db.in_background(run, ids["waiting"]) as waiting:
            proxy.wait_until_stalled()
            waiting.wait_for_exchange()
            rate = "SELECT rows_per_second FROM connector.progress WHERE pid = %s"
            wait_until(lambda: db.rows(rate, stalled.pid) == [(0.0,)], limit=60, what="a run to which nothing comes")
            yield {**ids, "stalled_pid": stalled.pid, "waiting_pid": waiting.pid, "reader_pid": reader.pid}


def by_name(db: Database, query: str) -> list[dict[str, Any]]:
    with db.connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute(query)
        return [dict(row) for row in cursor.fetchall()]


def test_two_queries(syncs: Syncs, night: dict[str, Any]) -> None:
    """What failed, since when, why, next try; what runs, how fast, is it stuck, who blocks: as an ordinary monitor sees it."""
    db = syncs.database
    watcher = db.create_role("watcher")
    db.execute("GRANT pg_monitor TO watcher")
    troubles, runs = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "monitoring.md").read_text(), re.DOTALL)
    found = {row["name"]: row for row in by_name(watcher, troubles)}
    assert set(found) == {"failing", "hopeless", "cut", "untidy"}
    failing, hopeless, cut = (found[name] for name in ("failing", "hopeless", "cut"))
    assert failing["table"] == "public.failing" and failing["failing_since"] is not None and failing["failures"] == 1
    assert failing["next_try"] is not None and not failing["gave_up"] and failing["last_success"] is None
    assert failing["error_code"] == 1012 and "could not connect" in failing["error_message"]
    assert hopeless["gave_up"] and hopeless["next_try"] is None and "gone" in hopeless["error_message"]
    assert hopeless["error_hint"].startswith("Check schema and table")
    assert cut["warnings"] == {"max_rows_per_connection": 10} and cut["failing_since"] is None
    assert "of_mine" in found["untidy"]["statement_error"] and found["untidy"]["failing_since"] is None
    live = {row["pid"]: row for row in by_name(watcher, runs)}
    assert set(live) == {night["stalled_pid"], night["waiting_pid"]}
    stalled, waiting = live[night["stalled_pid"]], live[night["waiting_pid"]]
    assert stalled["table"] == "public.stalled" and stalled["phase"] == "loading" and stalled["id"] == night["stalled"]
    assert stalled["rows"] > 0 and stalled["rows_per_second"] == 0 and stalled["silent_for"].total_seconds() >= 10
    assert stalled["blocked_by"] is None
    assert waiting["phase"] == "waiting for lock" and waiting["blocked_by"] == [night["reader_pid"]]
    watcher.close()
    db.drop_role("watcher")


def queries() -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / "monitoring" / "queries.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def metrics() -> dict[str, str]:
    """The kind of each metric by its name."""
    return {
        f"{prefix}_{column}": description["usage"]
        for prefix, entry in queries().items()
        for metric in entry["metrics"]
        for column, description in metric.items()
        if description["usage"] != "LABEL"
    }


def test_queries(syncs: Syncs, night: dict[str, Any]) -> None:
    """Each has the columns that are declared, a number in each that is none of the labels, and a row for each thing."""
    db = syncs.database
    for prefix, entry in queries().items():
        declared = [column for metric in entry["metrics"] for column in metric]
        labels = {column for metric in entry["metrics"] for column, told in metric.items() if told["usage"] == "LABEL"}
        rows = by_name(db, entry["query"])
        assert rows and list(rows[0]) == declared, prefix
        for row in rows:
            for column, value in row.items():
                assert isinstance(value, str) if column in labels else float(value) >= 0, (prefix, column, value)
    found = {row["name"]: row for row in by_name(db, queries()["connector_sync"]["query"])}
    assert {name: (row["failing"], row["gave_up"], row["cut"]) for name, row in found.items() if name != "stalled"} == {
        "failing": (1, 0, 0), "hopeless": (1, 1, 0), "cut": (0, 0, 1), "fine": (0, 0, 0), "waiting": (0, 0, 0),
        "paused": (0, 0, 0), "untidy": (0, 0, 0),
    }  # fmt: skip
    assert (found["fine"]["successes_total"], found["fine"]["failures_total"], found["fine"]["rows_read_total"]) == (1, 0, 100)
    assert found["hopeless"]["failures_total"] == 1


def test_dashboard() -> None:
    """It asks for metrics that there are, and panels do not overlap."""
    board = json.loads((ROOT / "monitoring" / "grafana.json").read_text())
    asked = set()
    places: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        for target in panel["targets"]:
            asked |= set(re.findall(r"\bconnector_\w+", target["expr"]))
        place = panel["gridPos"]
        squares = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not squares & places and max(x for x, _ in squares) < 24, panel["title"]
        places |= squares
        assert panel["title"] and panel["description"]
    assert asked and asked <= set(metrics())


@pytest.mark.skipif(EXPORTER is None, reason="the package prometheus-postgres-exporter is not installed")
def test_exporter(syncs: Syncs, night: dict[str, Any]) -> None:
    """The real exporter takes the file, and its metrics are those that the document and the dashboard name."""
    assert EXPORTER is not None
    db = syncs.database
    exporter = db.create_role("exporter")
    db.execute("GRANT pg_monitor TO exporter")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"DATA_SOURCE_NAME": exporter.connection.dsn + " sslmode=disable"}
    command = [EXPORTER, f"--web.listen-address=127.0.0.1:{port}", f"--extend.query-path={ROOT / 'monitoring' / 'queries.yaml'}"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        try:
            def scrape() -> str:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
                        return str(answer.read().decode())
                except OSError:  # it does not listen yet
                    return ""

            wait_until(lambda: "connector_sync_failing{" in scrape() or running.poll() is not None, limit=60, what="metrics")
            text = scrape()
            assert running.poll() is None or running.stderr is None, running.stderr.read()
        finally:
            running.terminate()
            assert running.stderr is not None
            errors = running.stderr.read()
    kinds = dict(re.findall(r"^# TYPE (connector_\w+) (\w+)$", text, re.MULTILINE))
    assert kinds == {name: kind.lower() for name, kind in metrics().items()}, errors
    failing = {name: value for name, value in re.findall(r'^connector_sync_failing\{.*[{,]name="(\w+)".*\} (\d)$', text, re.MULTILINE)}
    assert failing["failing"] == failing["hopeless"] == "1" and failing["fine"] == "0"
    assert re.search(rf'^connector_progress_blockers\{{.*pid="{night["waiting_pid"]}".*\}} 1$', text, re.MULTILINE)
    exporter.close()
    db.drop_role("exporter")
