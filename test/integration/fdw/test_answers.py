"""Random queries: foreign tables answer as the imported tables do, whatever is sent. `make soak` asks for hours."""

from __future__ import annotations

import pytest
from harness.database import Database
from harness.queries.answers import Session
from harness.queries.rounds import Tally, ask_all
from harness.queries.sources import collations_here, copies_of

from servers.remote import Remote

# How many queries of each table.
QUERIES = {
    "mariadb": 60,
    "mysql56": 40,
    "mysql9": 40,
    "postgres15": 100,
    "postgres17": 40,
    "postgres18": 40,
    "tds": 25,
    "hive": 50,
}

SEED = 16  # of which the query's number and the table's name make a query


@pytest.mark.parametrize("kind", QUERIES)
def test_answers_are_those_of_the_imported_table(db: Database, kind: str, request: pytest.FixtureRequest) -> None:
    remote: Remote = request.getfixturevalue(kind)
    remote.server.start()
    collations = collations_here(db)
    tally = Tally()
    with copies_of(db, remote, kind) as copies, db.another() as asking:
        ask_all(Session(asking.connection), copies, collations, (f"{SEED}.{number}" for number in range(QUERIES[kind])), tally)
    print("\n".join([kind, *tally.lines()]))
    if tally.differences:
        pytest.fail("\n".join([*tally.lines(), *tally.differences]), pytrace=False)
    assert tally.queries.total() == QUERIES[kind] * len(copies)
    assert tally.coverage.conditions["exact"] > 0 and tally.coverage.conditions["here"] > 0, tally.coverage.conditions
