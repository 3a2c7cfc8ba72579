"""Refreshes of random tables under random constraints; `make soak` does the same for longer."""

from __future__ import annotations

from harness.database import Database
from soak.refresh_properties import Connection, prepare, run_rounds

from servers.remote_postgres import PostgresRemote


def test_equal_to_the_source_or_unchanged(db: Database, etl: Database, postgres15: PostgresRemote) -> None:
    postgres15.server.start()
    admin = Connection(db.connection)
    prepare(admin, "etl")
    source = Connection(postgres15.server.connect(postgres15.database))
    tally = run_rounds(admin, Connection(etl.connection), source, postgres15.connector(), seed=12, rounds=100)
    assert tally.refusals.total() <= 5, tally
    assert sum(count for outcome, count in tally.outcomes.items() if "impossible" not in outcome) >= 50, tally
    source.rows("DROP TABLE t")
    source.connection.close()
    db.execute("RESET connector.allowed_hosts")
