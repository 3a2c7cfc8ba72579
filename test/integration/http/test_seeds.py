"""The calls of CARTO's documentation of its database connectors, as they stand there, run by curl.

Only scheme, host and port of an address change, and server, database and account of the connection.
"""

from __future__ import annotations

import json
import re
import subprocess
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness.database import Database
from harness.http_client import HttpClient
from harness.import_api import finished_import, sync_in
from harness.syncs import Syncs

from servers.http import HttpServer
from servers.remote import Remote

SAMPLES = Path(__file__).parent / "documentation" / "database_connectors.md"
# By the word for the table in the samples.
TABLES = {"mysql": "mytable", "postgres": "pgtable", "sqlserver": "mstable", "hive": "hs2table"}


@dataclass(frozen=True)
class Sample:
    """A call, and what is printed below it."""

    provider: str
    number: int
    command: str
    answer: str

    def __str__(self) -> str:
        return f"{self.provider}-{self.number}"


def _samples() -> Iterator[Sample]:
    blocks = re.findall(r"^```\w+\n(.*?)^```$", SAMPLES.read_text(), re.S | re.M)
    for number, (command, answer) in enumerate(zip(blocks[::2], blocks[1::2], strict=True)):
        found = re.search(r'"provider": "(\w+)"', command)
        assert found and command.startswith("curl ")
        yield Sample(found[1], number, command, answer)


ALL = list(_samples())
REMOTES = {"mysql": "mariadb", "postgres": "postgres15_tls", "sqlserver": "tds", "hive": "hive"}


@pytest.fixture(scope="module")
def filled() -> set[str]:
    """Providers whose remote has the tables of the samples."""
    return set()


@pytest.fixture
def remote(request: pytest.FixtureRequest, sample: Sample, filled: set[str]) -> Remote:
    """The sample's provider, with its tables."""
    found: Remote = request.getfixturevalue(REMOTES[sample.provider])
    if sample.provider not in filled:
        for table, column in ((TABLES[sample.provider], "id"), ("remote_table", "value")):
            found.drop(table)
            found.execute(f"CREATE TABLE {table} ({column} int, name varchar(20))")
            found.execute(f"INSERT INTO {table} VALUES (1, 'Ritz'), (2, 'Savoy')")
        filled.add(sample.provider)
    return found


@pytest.fixture
def tidy_syncs(api_database: Database) -> Iterator[None]:
    yield
    Syncs(api_database).clean()


def _adapted(command: str, api: HttpServer, remote: Remote) -> str:
    """The command with names of what is there. A server of the tests has no standard port, so its name has one."""
    connection = remote.connection()
    for key in ("database", "username", "password"):
        value = json.dumps(connection[key])
        command, count = re.subn(rf'"{key}":"[^"]*"', f'"{key}":{value}', command)
        assert count == 1
    command, count = re.subn(r'"server":"[^"]*"', f'"server":"{connection["server"]}","port":{connection["port"]}', command)
    assert count == 1
    address = "https://{username}.carto.com/"
    assert address in command and "{API_KEY}" in command
    return command.replace(address, f"http://alice.localhost:{api.port}/").replace("{API_KEY}", urllib.parse.quote("alice password"))


def _printed(answer: str) -> dict[str, Any]:
    """The answer that the documentation shows. One of a sync lacks a backslash, and all have one closing brace too many."""
    printed, _ = json.JSONDecoder().raw_decode(answer.replace(':"iso88591\\"', ':\\"iso88591\\"'))
    assert isinstance(printed, dict)
    return printed


def _has_shape(value: object, sample: object) -> bool:
    """Whether `value` is like the sample: members and their order, more of them may follow; types, or null on either side."""
    if isinstance(sample, dict):
        if not isinstance(value, dict) or list(value)[: len(sample)] != list(sample):
            return False
        return all(_has_shape(value[name], member) for name, member in sample.items())
    return value is None or sample is None or type(value) is type(sample)


def test_all_are_there() -> None:
    assert [sample.provider for sample in ALL] == [provider for provider in TABLES for _ in range(4)]


@pytest.mark.parametrize("sample", ALL, ids=str)
@pytest.mark.usefixtures("tidy_syncs")
def test_sample(sample: Sample, api: HttpServer, api_database: Database, alice: HttpClient, remote: Remote) -> None:
    command = _adapted(sample.command, api, remote)
    run = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert re.search(r"^< HTTP/1.1 200 ", run.stderr, re.M), run.stderr
    told = json.loads(run.stdout)
    printed = _printed(sample.answer)
    assert _has_shape(told, printed), (told, printed)
    if "/synchronizations/" in command:
        assert told["interval"] == 2592000 and told["name"] is not None
        assert sync_in(alice, told["id"], "success", "failure")["error_message"] is None
        id = told["data_import"]["item_queue_id"]
    else:
        assert told["success"] is True
        id = told["item_queue_id"]
    imported = finished_import(alice, id)
    assert (imported["state"], imported["error_message"]) == ("complete", None)
    assert re.fullmatch(TABLES[sample.provider] + r"(_\d+)?", imported["table_name"])
    rows = api_database.rows(f"SELECT * FROM public.{imported['table_name']} ORDER BY 1")
    assert [(int(number), name) for number, name in rows] == [(1, "Ritz"), (2, "Savoy")][: 1 if "sql_query" in command else 2]
