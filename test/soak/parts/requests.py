"""Random connector JSON: valid, nearly valid, hostile, large, and no JSON at all."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ODD_WORDS = (
    *(
        "",
        " ",
        "id",
        "word",
        "amount",
        "nope",
        "select",
        "xmin",
        "ctid",
        "cartodb_id",
        "the_geom",
        "NaN",
        "-1",
        "1e9",
        "$1",
        "%s",
        "\n",
    ),
    *(
        '"',
        "'",
        "\\",
        'a"b',
        "a'b",
        "a;b",
        "x" * 63,
        "x" * 64,
        "y" * 3000,
        "ä€𝄞",
        "../../etc/passwd",
        "pg_class",
        "a.b",
        "--",
        "/*",
    ),
)
ENUMERATED = (
    *(
        "mysql",
        "postgres",
        "sqlserver",
        "hive",
        "odbc",
        "overwrite",
        "rename",
        "skip",
        "error",
        "null",
        "merge",
        "append",
        "replace",
    ),
    *(
        "verbatim",
        "normalize",
        "follow",
        "true",
        "LATIN1",
        "WIN1251",
        "UTF8",
        "SQL_ASCII",
        "EUC_JP",
        "disable",
        "require",
        "verify-full",
    ),
)
TYPES = (
    *(
        "int",
        "bigint",
        "text",
        "numeric(5,2)",
        "varchar(3)",
        "date",
        "jsonb",
        "bytea",
        "uuid",
        "int[]",
        "xml",
        "inet",
        "bit(3)",
        "name",
    ),
    *(
        "timestamptz(2)",
        "interval",
        "oid",
        "regclass",
        "int4range",
        '"char"',
        "cstring",
        "anyelement",
        "record",
        "serial",
        "int not null",
    ),
    *(
        "shared.positive",
        "shared.mood",
        "shared.pair",
        "shared.picky",
        "alice.picky",
        "pg_catalog.text",
        "text; drop table x",
        "setof int",
        "nope",
    ),
)
QUERIES = (
    *(
        "select * from small",
        "select id, word from big",
        "select 1 as a",
        "select null as n",
        "select 1 as a, 2 as a",
        "select",
        ";",
        "show tables",
    ),
    *(
        "select id, word, amount * 2 as amount from small order by word",
        "select cast(id as char(20)) as id, amount from small;",
    ),
    *(
        "select sleep(2) as a",
        "select pg_sleep(2)::text as a",
        "insert into small values (1)",
        "select 'ä€' as u, id from small",
        "select 1/0 as a",
    ),
    *("select a.id, b.word from big a, big b", "select id, case when id = 50 then 'bad' else '1' end as amount from small"),
)
ENCODINGS = ("LATIN1", "WIN1251", "SJIS", "UTF8", "SQL_ASCII", "EUC_JP", "BIG5", "nope")
DEEP = "arrays in arrays"  # stands for them: deeper than json.dumps() can go
TABLE_NAMES = ("t1", "t2", "t3", "t4", "t5", "t6")
SCHEMAS = ("alice", "bob", "shared")


@dataclass(frozen=True)
class Place:
    """Somewhere to connect to; `weight` says how often."""

    provider: str
    connection: Mapping[str, object]
    weight: int


def word(rng: random.Random) -> str:
    return rng.choice(ODD_WORDS) if rng.random() < 0.7 else rng.choice(ENUMERATED)


def value(rng: random.Random, depth: int = 0) -> Any:
    """Any JSON value."""
    what = rng.random()
    if what < 0.4:
        return word(rng)
    if what < 0.6:
        return rng.choice((0, 1, -1, 2**31, 2**63, 10**30, 1.5, 1e308, True, False, None))
    if what < 0.75 and depth < 3:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if what < 0.9 and depth < 3:
        return {word(rng): value(rng, depth + 1) for _ in range(rng.randrange(4))}
    if what < 0.92:
        return DEEP
    return rng.choice(ENUMERATED)


def connector(rng: random.Random, places: Sequence[Place], *, sync: bool) -> dict[str, Any]:
    """A connector object, mostly valid."""
    place = rng.choices(places, [place.weight for place in places])[0]
    request: dict[str, Any] = {
        "provider": place.provider,
        "connection": {**place.connection, "connect_timeout": rng.choice((1, 2, 3))},
    }
    if rng.random() < 0.8:
        request["table"] = rng.choice(("small", "small", "small", "big", "versioned", "nope"))
    else:
        request["sql_query"] = rng.choice(QUERIES)
    request["import_as"] = rng.choice(TABLE_NAMES) if rng.random() < 0.95 else word(rng)
    request["target_schema"] = (
        rng.choice(SCHEMAS) if rng.random() < 0.9 else rng.choice(("public", "connector", "pg_catalog", "pg_temp", "nope"))
    )
    if rng.random() < 0.5:
        request["collision_strategy"] = rng.choice(("overwrite", "overwrite", "skip", "error", "rename"))
    if rng.random() < 0.25:
        a, b = rng.choice(TYPES), rng.choice(TYPES)
        request["columns"] = rng.choice(
            (["id", "word"], {"id": a, "word": b}, {"id": None, "amount": b}, f"id {a}, amount", "word, id")
        )
    for key, chance, values in (
        ("max_rows", 0.15, (0, 1, 10, 1000, "50")),
        ("readers", 0.1, (1, 3, "4")),
        ("invalid_values", 0.15, ("null", "error")),
        ("encoding", 0.08, ENCODINGS),
        ("column_names", 0.1, ("verbatim", "normalize")),
        ("default_columns", 0.08, (True, False)),
    ):
        if rng.random() < chance:
            request[key] = rng.choice(values)
    if rng.random() < (0.6 if sync else 0.02):
        request["sync"] = rng.choice(
            (
                {"mode": "merge", "key": "id"},
                {"mode": "merge", "key": ["id", "word"]},
                {"mode": "append", "cursor": "id"},
                {"mode": "append", "cursor": "amount", "key": ["id"]},
                {"mode": "replace", "skip_unchanged": True},
                {"mode": "replace", "on_schema_change": "error"},
                {"mode": rng.choice(("merge", "append")), "key": word(rng), "cursor": word(rng)},
            )
        )
    return request


def spoil(rng: random.Random, request: dict[str, Any]) -> None:
    """Takes keys away, adds some, changes values, here or in the connection."""
    inside = request["connection"]
    for _ in range(rng.choice((1, 1, 2, 3))):
        where = inside if isinstance(inside, dict) and rng.random() < 0.4 else request
        key = rng.choice([*where, word(rng), "encoding", "schema", "interval", "session", "sslcert"])
        if rng.random() < 0.3:
            where.pop(key, None)
        else:
            where[key] = value(rng)


def huge(rng: random.Random, request: dict[str, Any]) -> None:
    """Large within reason: what a client could send by mistake."""
    what = rng.randrange(4)
    if what == 0:
        request["sql_query"] = "select 1 as a -- " + "x" * rng.choice((3000, 3000, 70_000, 70_000, 2_000_000))
    elif what == 1:
        request["columns"] = [f"c{number}" for number in range(rng.choice((300, 20_000)))]
    elif what == 2:
        request["sync"] = {"mode": "merge", "key": [f"k{number}" for number in range(rng.choice((300, 20_000)))]}
    else:
        request["x"] = [0] * rng.choice((1000, 200_000))


def request_text(rng: random.Random, places: Sequence[Place], *, sync: bool = False) -> str:
    """The text of a request."""
    if rng.random() < 0.02:
        return _text_of(rng, value(rng))
    request = connector(rng, places, sync=sync)
    if rng.random() < 0.25:
        spoil(rng, request)
    if rng.random() < 0.02:
        huge(rng, request)
    wrapped: Any = {"connector": request, "interval": value(rng)} if rng.random() < 0.1 else request
    text = _text_of(rng, wrapped)
    if rng.random() < 0.03:
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice(("", "\\u0000", "\\ud800", "1e999", "{", "]", '"', ",")) + text[at + rng.randrange(3) :]
    return text


def _text_of(rng: random.Random, request: Any) -> str:
    text = json.dumps(request, ensure_ascii=rng.random() < 0.5)
    if DEEP in text:
        depth = rng.choice((10, 33, 1000, 20_000))
        text = text.replace(f'"{DEEP}"', "[" * depth + "]" * depth)
    return text
