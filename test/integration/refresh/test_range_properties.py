"""Merges by ranges of random tables with random changes there and here; `make soak` does the same for longer."""

from __future__ import annotations

from harness.database import Database
from runner.context import thorough
from soak.range_properties import Connection, Place, prepare, run_rounds

from servers.proxy import Proxy
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote


def test_equal_to_the_source(db: Database, plain: Database, postgres15: PostgresRemote, mariadb: MySqlRemote) -> None:
    prepare(Connection(db.connection), "etl")
    remotes = [postgres15, mariadb]
    for remote in remotes:
        remote.server.start()
    with Proxy(postgres15.server.port) as first, Proxy(mariadb.server.port) as second:
        places = [
            Place(
                lambda: Connection(db.server.connect(db.name, "etl")), lambda: Connection(db.server.connect(db.name)), remote, proxy, may_crash=False
            )
            for remote, proxy in zip(remotes, (first, second), strict=True)
        ]
        rounds = 200 if thorough() else 60
        tally = run_rounds(places, seed=17, rounds=rounds)
    outcomes = tally.outcomes
    assert outcomes["some ranges read"] >= rounds / 7, tally
    assert min(outcomes["no range read"], outcomes["failed or killed"]) >= rounds / 40, tally
