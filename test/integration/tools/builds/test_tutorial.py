"""The tutorial, typed as it stands there: what comes out is what the page shows."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest
from harness.database import Database

from servers.postgres import Postgres
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote
from servers.staging import ROOT

PAGE = ROOT / "docs" / "tutorial.md"
DATABASE = "warehouse"
_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.S | re.M)


@pytest.fixture
def shop(mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    yield mariadb
    mariadb.server.sql("DROP DATABASE IF EXISTS shop", "DROP USER IF EXISTS reader@'127.0.0.1'", database=None)


@pytest.fixture
def warehouse(preloaded: Postgres) -> Iterator[Postgres]:
    preloaded.create_database(DATABASE)
    yield preloaded
    with Database(preloaded, "postgres") as server:
        server.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        server.execute("DROP ROLE IF EXISTS alice")


def typed(server: Postgres, block: str) -> str:
    """What psql answers."""
    return subprocess.run(
        [server.program("psql"), "-X", "-q", "-P", "pager=off"],
        input=block,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=server.client_environment(DATABASE) | {"LC_ALL": "C.UTF-8"},
        check=True,
    ).stdout


def settled(server: Postgres) -> None:
    """Whoever types is slower than the run that the step before has begun."""
    with Database(server, DATABASE) as database:
        if database.value("SELECT to_regclass('connector.syncs') IS NOT NULL"):
            busy = "SELECT count(*) FROM connector.syncs WHERE state IN ('created', 'queued', 'syncing')"
            wait_until(lambda: database.value(busy) == 0, limit=60, what="the sync's run")


def comparable(answer: str, port: int) -> str:
    """Without the port, which the page has as 3306, and blanks at the ends of lines, which an editor removes."""
    lines = answer.replace(str(port), "3306").splitlines()
    return "\n".join(line.rstrip() for line in lines).strip()


def test_the_tutorial(warehouse: Postgres, shop: MySqlRemote) -> None:
    port = shop.server.port
    answer = ""
    shown = 0
    for block in _BLOCK.finditer(PAGE.read_text()):
        language, text = block["language"], block["text"]
        if language == "mysql":
            shop.server.sql(*filter(str.strip, text.split(";")), database=None)
        elif language == "sql":
            settled(warehouse)
            answer = typed(warehouse, text.replace("'3306'", f"'{port}'"))
            assert "ERROR" not in answer, answer
        elif not language:
            assert comparable(answer, port) == comparable(text, port)
            shown += 1
    assert shown > 5
