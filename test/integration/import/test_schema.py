"""cdb_connector_schema() says of a request what the extension itself says, and cdb_connector_info() lists the same keys."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import psycopg2
import pytest
from harness.database import Database

PROVIDERS = ["mysql", "postgres", "sqlserver", "hive"]
CONNECTION = {"server": "db.example.com", "database": "d", "username": "u", "password": "p"}


def schema(db: Database, provider: str) -> dict[str, Any]:
    found = db.value("SELECT cdb_connector_schema(%s)", provider)
    assert isinstance(found, dict)
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def is_valid(schema: dict[str, Any], request: object) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(request))


def is_accepted(db: Database, request: object) -> bool:
    """A sync is made without contacting the remote."""
    db.execute("BEGIN")
    try:
        db.execute("SELECT cdb_sync_connector(%s)", json.dumps(request))
    except psycopg2.Error as error:
        assert "Connector error 1502" in (error.diag.message_detail or ""), error
        return False
    finally:
        db.execute("ROLLBACK")
    return True


def request(provider: str, **keys: object) -> dict[str, object]:
    return {"provider": provider, "connection": dict(CONNECTION), "table": "t", **keys}


# What is added to a request that is accepted, with the verdict.
KEYS: list[tuple[dict[str, object], bool]] = [
    ({}, True),
    ({"table": None, "sql_query": "SELECT 1", "import_as": "x"}, True),
    ({"columns": ["a", "b"]}, True),
    ({"columns": {"a": "text", "b": None}}, True),
    ({"columns": "a text, b"}, True),
    ({"columns": 5}, False),
    ({"columns": [5]}, False),
    ({"max_rows": 10}, True),
    ({"max_rows": "10"}, True),
    ({"max_rows": -1}, False),
    ({"max_rows": "many"}, False),
    ({"readers": 4}, True),
    ({"readers": "4"}, True),
    ({"readers": "many"}, False),
    ({"collision_strategy": "overwrite"}, True),
    ({"collision_strategy": "replace"}, False),
    ({"default_columns": True}, True),
    ({"default_columns": "true"}, False),
    ({"encoding": None}, True),
    ({"keep": ["indexes", "defaults"]}, True),
    ({"keep": []}, True),
    ({"keep": "indexes"}, False),
    ({"keep": ["triggers"]}, False),
    ({"sync": {"mode": "merge", "key": "id"}}, True),
    ({"sync": {"mode": "merge", "key": ["id", "other"]}}, True),
    ({"sync": {"mode": "append", "cursor": "id"}}, True),
    ({"sync": {"mode": "often"}}, False),
    ({"sync": {"skip_unchanged": True, "on_schema_change": "error"}}, True),
    ({"sync": {"skip_unchanged": "yes"}}, False),
    ({"sync": {"modus": "merge"}}, False),
    ({"sync": "merge"}, False),
    ({"tabel": "t"}, False),
    ({"schema": 5}, False),
]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_same_verdict(db: Database, provider: str) -> None:
    found = schema(db, provider)
    for keys, good in KEYS:
        candidate = request(provider, **keys)
        assert is_accepted(db, candidate) is good, candidate
        assert is_valid(found, candidate) is good, candidate
    for key in ("server", "no_such_key", "port"):
        candidate = request(provider)
        changed: dict[str, object] = copy.deepcopy(CONNECTION) | {key: {}}
        candidate["connection"] = changed
        assert not is_accepted(db, candidate) and not is_valid(found, candidate), candidate


@pytest.mark.parametrize("provider", PROVIDERS)
def test_wrapped_and_missing(db: Database, provider: str) -> None:
    found = schema(db, provider)
    for candidate, good in (
        ({"connector": request(provider), "interval": 900}, True),
        ({"connector": request(provider), "interval": "15 minutes"}, True),
        ({"connector": request(provider), "interval": True}, False),
        ({"connector": request(provider), "table": "t"}, False),
        ({"provider": provider, "table": "t"}, False),
        ([], False),
    ):
        assert is_accepted(db, candidate) is good, candidate
        assert is_valid(found, candidate) is good, candidate
    # The name of a server, which may know the provider.
    assert is_valid(found, {"connection": "shop", "table": "t"})
    assert not is_valid(found, request("other"))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_keys_of_the_description(db: Database, provider: str) -> None:
    """Both are made of the same data."""
    info = db.value("SELECT cdb_connector_info(%s)", provider)["parameters"]
    connector = schema(db, provider)["$defs"]["connector"]["properties"]
    assert connector.keys() == info.keys()
    (objects, _) = connector["connection"]["anyOf"]
    assert objects["properties"].keys() == info["connection"].keys()
    assert objects["properties"]["password"]["format"] == "password"
    assert connector["sync"]["anyOf"][0]["properties"].keys() == info["sync"].keys()
    (distribution, _) = connector["distribute"]["anyOf"][0]["anyOf"]
    assert distribution["properties"].keys() == info["distribute"].keys()
    nested = ("connection", "sync", "distribute")
    for described in [*(value for key in nested for value in info[key].values()), *(value for key, value in info.items() if key not in nested)]:
        assert described["description"] and described["type"]
    assert info["sync"]["mode"]["allowed_values"] == ["replace", "merge", "append"]
    assert info["max_rows"]["type"] == "integer" and info["default_columns"]["type"] == "boolean"
    assert info["columns"]["type"] == ["array", "object", "string"]


def test_it_can_be_read(db: Database) -> None:
    """In lines, none of which is longer than it must be."""
    for query in ("cdb_connector_info('mysql')", "cdb_connector_schema('mysql')"):
        lines = db.value(f"SELECT {query}::text").splitlines()
        assert len(lines) > 50 and sum(len(line) > 110 for line in lines) < len(lines) / 4
    text = db.value("SELECT cdb_connector_info('mysql')::text")
    assert text.splitlines()[0] == "{" and '  "features": {' in text.splitlines()[1]
