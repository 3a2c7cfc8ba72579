"""Requests per second of connector-http against pgbench: the same function call as the same role over as many connections."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.workspace import Workspace

from .figures import append_figures

_CLIENTS = 8
_ROLE = "api_bench"
_PASSWORD = "password of api_bench"
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass
class Round:
    """What one way did in one round: calls per second, and milliseconds that half of them, and 99 of 100, took at most."""

    rate: float
    half: float
    most: float


def measure_http(workspace: Workspace, local: Postgres, stage: Path, rounds: int, seconds: int) -> None:
    print(f"\n=== connector-http: GET synchronizations/:id, {_CLIENTS} clients that keep their connections")
    local.create_database("bench_http", "connector")
    with local.connect("bench_http") as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {_ROLE} LOGIN PASSWORD '{_PASSWORD}'")
        cursor.execute(f"GRANT USAGE ON FOREIGN DATA WRAPPER connector TO {_ROLE}; GRANT CREATE ON SCHEMA public TO {_ROLE}")
    sync = _new_sync(local)
    with HttpServer(workspace, local, stage, "bench_http") as server:
        _sync_is_answered(server, sync)
        ways: dict[str, Callable[[], Round]] = {
            "connector-http": lambda: _requests(server, sync, seconds),
            "pgbench -M prepared": lambda: _transactions(local, server.folder, sync, seconds, "prepared"),
            "pgbench": lambda: _transactions(local, server.folder, sync, seconds, "simple"),
        }
        for way in ways.values():
            way()  # the first ones fill caches
        taken: dict[str, list[Round]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                taken[name].append(way())
    _report(taken, seconds)
    with local.connect("bench_http") as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT cdb_sync_delete(id) FROM connector.syncs; DROP OWNED BY {_ROLE}; DROP ROLE {_ROLE}")


def _new_sync(local: Postgres) -> str:
    """A sync that nobody runs: there is no scheduler."""
    login = {"server": "db.example.com", "database": "shop", "username": "reader", "password": "secret"}
    request = {"provider": "mysql", "connection": login, "table": "orders"}
    with local.connect("bench_http", _ROLE) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT cdb_sync_connector(%s, '1 hour') ->> 'id'", (json.dumps(request),))
        return str(cursor.fetchone()[0])


def _target(server: HttpServer, sync: str) -> str:
    return f"{server.url}/user/{_ROLE}/api/v1/synchronizations/{sync}"


def _sync_is_answered(server: HttpServer, sync: str) -> None:
    """What is measured must be the answer, not a refusal."""
    told = subprocess.run(
        ["curl", "-sf", "-H", f"Authorization: Bearer {_PASSWORD}", _target(server, sync)], capture_output=True, check=True
    )
    assert json.loads(told.stdout)["id"] == sync


def _requests(server: HttpServer, sync: str, seconds: int) -> Round:
    """A second before it is not measured: log-ins are not in pgbench's figures either, and sessions are kept for seconds only.

    Where an answer takes long, wrk also counts requests that would have been sent meanwhile; pgbench does not.
    """
    _wrk(server, sync, 1)
    told = _wrk(server, sync, seconds)
    rate = re.search(r"Requests/sec: +([\d.]+)", told)
    assert rate is not None, told
    return Round(float(rate[1]), _milliseconds(told, 50), _milliseconds(told, 99))


def _wrk(server: HttpServer, sync: str, seconds: int) -> str:
    command = ["wrk", "-t1", f"-c{_CLIENTS}", f"-d{seconds}s", "--latency", "-H", f"Authorization: Bearer {_PASSWORD}"]
    told = subprocess.run([*command, _target(server, sync)], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(f"not all requests were answered:\n{told}")
    return told


def _milliseconds(told: str, percent: int) -> float:
    found = re.search(rf"^ +{percent}% +([\d.]+)([a-z]+) *$", told, re.M)
    assert found is not None, told
    return float(found[1]) * _UNITS[found[2]]


def _transactions(local: Postgres, folder: Path, sync: str, seconds: int, mode: str) -> Round:
    script = folder / "sync_status.sql"
    script.write_text(f"SELECT cdb_sync_status('{sync}'::uuid);\n")
    log = folder / "pgbench"
    command = [local.program("pgbench"), "-n", f"-c{_CLIENTS}", "-j1", f"-T{seconds}", "-M", mode, "-f", str(script)]
    environment = {**local.client_environment("bench_http", _ROLE), "PGHOST": "127.0.0.1", "PGPASSWORD": _PASSWORD}
    told = subprocess.run(
        [*command, "-l", f"--log-prefix={log}"], env=environment, capture_output=True, text=True, check=True
    ).stdout
    rate = re.search(r"^tps = ([\d.]+)", told, re.M)
    assert rate is not None, told
    times: list[float] = []
    for path in folder.glob("pgbench.*"):
        times += [int(line.split()[2]) / 1000 for line in path.read_text().splitlines()]
        path.unlink()
    hundredths = statistics.quantiles(times, n=100)
    return Round(float(rate[1]), hundredths[49], hundredths[98])


def _report(taken: dict[str, list[Round]], seconds: int) -> None:
    print(f"medians of {len(taken['pgbench'])} rounds in turn, {seconds} s each; the load comes from this machine, {os.cpu_count()} CPUs")
    for name, rounds in taken.items():
        rate, half, most = (statistics.median(getattr(one, what) for one in rounds) for what in ("rate", "half", "most"))
        line = f"  {name:<20} {rate:9,.0f} /s ({min(r.rate for r in rounds):,.0f} - {max(r.rate for r in rounds):,.0f})"
        line += f"   50 %: {half:6.2f} ms   99 %: {most:6.2f} ms"
        if name != "connector-http":
            # Round by round: whatever else the machine does, it does to both.
            ratio = statistics.median(http.rate / one.rate for http, one in zip(taken["connector-http"], rounds, strict=True))
            line += f"   connector-http has {ratio:.2f} x as many"
        print(line, flush=True)
        append_figures([{"way": name, "requests_per_second": rate, "half_ms": half, "most_ms": most}])
