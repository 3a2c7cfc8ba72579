"""Documents of the Import API: curl lines run as they stand there, but for addresses, and answer what is said; tables are whole."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.database import Database
from harness.http_client import HttpClient
from harness.pages import Example, examples_of

from servers.http import HttpServer
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote
from servers.staging import ROOT

PAGE = ROOT / "docs" / "http.md"
CARTO_PAGE = ROOT / "docs" / "coming-from-carto.md"
STANDARD_PORT = "localhost:8080"
REMOTE = re.compile(r'"server": ?"db.example.com"')


@pytest.fixture(scope="module")
def shop(mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    """The remote that the page speaks of."""
    sql = mariadb.server.sql
    sql("DROP DATABASE IF EXISTS shop", "CREATE DATABASE shop CHARACTER SET utf8mb4", database=None)
    sql("CREATE TABLE shop.orders (id int PRIMARY KEY)", "INSERT INTO shop.orders VALUES (1)")
    sql("DROP USER IF EXISTS reader@'%'", "CREATE USER reader@'%' IDENTIFIED BY 'secret'", "GRANT SELECT ON shop.* TO reader@'%'")
    yield mariadb
    sql("DROP USER reader@'%'", "DROP DATABASE shop")


def shell(text: str, names: dict[str, str], folder: Path) -> str:
    """What the commands print, which may leave files in the folder. curl fails where the answer is no success."""
    told = subprocess.run(
        ["bash", "-ec", f"curl() {{ command curl -sS --fail-with-body \"$@\"; echo; }}\n{text}"],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **names},
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert told.returncode == 0, (text, told.stdout, told.stderr)
    return told.stdout


def values_of(text: str) -> list[Any]:
    """The JSON values that stand one behind the other in what was printed."""
    values = []
    while text := text.lstrip():
        value, end = json.JSONDecoder().raw_decode(text)
        values.append(value)
        text = text[end:]
    return values


def here(text: str, api: HttpServer, shop: MySqlRemote) -> str:
    text = REMOTE.sub(f'"server": "127.0.0.1", "port": {shop.server.port}', text)
    return text.replace(STANDARD_PORT, f"localhost:{api.port}")


def remember(answer: Any, names: dict[str, str]) -> None:
    """What the page calls $IMPORT, $SYNC, $API_KEY, $KEY_ID and $TOKEN."""
    if not isinstance(answer, dict):
        return
    if "data_import" in answer:
        names["SYNC"] = answer["id"]
    elif answer.get("success") is True and "item_queue_id" in answer:
        names["IMPORT"] = answer["item_queue_id"]
    elif "api_key" in answer:
        names |= {"API_KEY": answer["api_key"], "KEY_ID": answer["id"]}
    elif "token" in answer:
        names["TOKEN"] = answer["token"]


def expect_like(shown: Any, told: Any, where: str) -> None:
    """The answer has what the page shows: the same members in the same order, and words and numbers that can be known."""
    if isinstance(shown, dict):
        assert isinstance(told, dict), where
        assert [key for key in told if key in shown] == list(shown), (where, told)
        for key, value in shown.items():
            expect_like(value, told[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert isinstance(told, list), where
        assert bool(shown) == bool(told), (where, told)
        for value in shown:
            expect_like(value, told[0], f"{where}[]")
    elif isinstance(shown, str) and ("…" in shown or re.fullmatch(r"\d{4}-\d\d-\d\dT.*", shown)):
        assert isinstance(told, str), (where, told)
    else:
        assert told == shown, where


def blocks() -> list[tuple[Example, Example | None]]:
    """Each block of commands with the answer that stands behind it."""
    found = examples_of(PAGE, "bash", "json")
    pairs: list[tuple[Example, Example | None]] = []
    for example in found:
        if example.language == "bash":
            pairs.append((example, None))
        else:
            pairs[-1] = (pairs[-1][0], example)
    return pairs


def test_the_lines_run(api: HttpServer, api_database: Database, shop: MySqlRemote, tmp_path: Path) -> None:
    api_database.execute("ALTER ROLE alice PASSWORD 'secret'; GRANT pg_read_all_stats TO alice")
    names: dict[str, str] = {}
    alice = HttpClient(api, "alice", "secret")
    pairs = blocks()
    assert len(pairs) > 15
    for commands, answer in pairs:
        text = here(commands.text, api, shop)
        if "sync_now" in text and "-X PUT" in text:
            wait_until(lambda: alice.get(f"/api/v1/synchronizations/{names['SYNC']}").json["state"] == "success", limit=60, what="a run")
        if text.startswith("curl -u alice:secret") and text.endswith("/imports/$IMPORT"):
            wait_until(lambda: alice.get(f"/api/v1/imports/{names['IMPORT']}").json["state"] == "complete", limit=60, what="an import")
        told = shell(text, names, tmp_path)
        if answer is None:
            continue
        last = values_of(told)[-1]
        remember(last, names)
        shown = json.loads(answer.text)
        if shown == {"state": "queued"}:
            shown = {"state": "…"}  # or what came of it meanwhile
        expect_like(shown, last, commands.text)
    with Database(api_database.server, api_database.name) as database:
        assert database.value("SELECT count(*) FROM connector.syncs") == 0
        assert database.value("SELECT count(*) FROM public.orders") == 1


def test_cartos_lines_run(api: HttpServer, api_database: Database, shop: MySqlRemote, tmp_path: Path) -> None:
    api_database.execute("ALTER ROLE alice PASSWORD 'secret'")
    alice = HttpClient(api, "alice", "secret")
    an_import, a_sync = (json.loads(shell(here(example.text, api, shop), {}, tmp_path)) for example in examples_of(CARTO_PAGE, "bash"))
    assert an_import["success"] is True
    assert a_sync["data_import"]["item_queue_id"]
    one = f"/api/v1/synchronizations/{a_sync['id']}"
    wait_until(lambda: alice.get(one).json["state"] == "success", limit=60, what="a run")
    assert alice.delete(one).status == 204


@pytest.mark.parametrize(("path", "chapter"), [("/api/v1/imports/{}", "## An import"), ("/api/v1/synchronizations/{}", "## A sync")])
def test_all_attributes_are_told(api: HttpServer, api_database: Database, shop: MySqlRemote, path: str, chapter: str) -> None:
    api_database.execute("ALTER ROLE alice PASSWORD 'secret'")
    alice = HttpClient(api, "alice", "secret")
    login = {"server": "127.0.0.1", "port": shop.server.port, "database": "shop", "username": "reader", "password": "secret"}
    body = {"connector": {"provider": "mysql", "connection": login, "table": "orders", "import_as": "attributes"}, "interval": 3600}
    collection = path.removesuffix("/{}")
    made = alice.post(collection, body).json
    id_ = made["id"] if "id" in made else made["item_queue_id"]
    wait_until(lambda: alice.get(path.format(id_)).json["state"] in ("complete", "success"), limit=60, what="an end")
    told = CARTO_PAGE.read_text().partition(f"\n{chapter}\n")[2].partition("\n## ")[0]
    words = set(re.findall(r"`([a-z_]+)`", told))
    assert {name for name in alice.get(path.format(id_)).json if name not in words} == set()
    if "id" in made:
        alice.delete(path.format(id_))


def test_all_calls_are_told(api: HttpServer) -> None:
    document = HttpClient(api).get("/openapi.json").json
    calls = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    chapter = PAGE.read_text().partition("## All calls")[2].partition("\n## ")[0]
    assert set(re.findall(r"`((?:GET|POST|PUT|DELETE) [^`?]+)`", chapter)) == calls


def test_all_options_are_told(api: HttpServer) -> None:
    told = subprocess.run([str(api.program), "--help"], capture_output=True, text=True, check=True).stdout
    chapter = PAGE.read_text().partition("## Options")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(--[a-z-]+)", chapter)) == set(re.findall(r"(?<=[ ,])(--[a-z-]+)", told))
