"""Random queries: foreign tables answer as the imported tables do, whatever is sent. `make soak` asks for hours."""

from __future__ import annotations

import pytest
from harness.database import Database
from harness.queries.answers import Session
from harness.queries.rounds import Tally, ask_all, composition, drafted, plain_composition
from harness.queries.sources import collations_here, copies_of
from harness.skipping import needs_xml
from runner.context import thorough

from servers.remote import Remote

# How many queries of each table with THOROUGH=1, twice as many as without: of it alone, and of groups and several tables.
QUERIES = {
    "mariadb": (60, 8),
    "mysql56": (40, 4),
    "mysql9": (40, 4),
    "postgres15": (100, 8),
    "postgres17": (40, 4),
    "postgres18": (40, 4),
    "tds": (25, 5),
    "hive": (30, 2),
}

_JOINS = {"inner join", "left join", "semi-join", "anti-join"}
_AGGREGATES = {"group by", "count(*)", "count", "count distinct", "sum", "min", "max"}
_EVERYTHING = _JOINS | _AGGREGATES | {"aggregates of a join", "key lookup", "asynchronous scan"}

_OFTEN = _JOINS | {"group by", "count(*)", "key lookup", "asynchronous scan"}

# What must have been seen in statements that were sent, or in plans; see harness/queries/coverage.py. Of one server of a
# kind it is everything, of the others what comes often; of SQL Server's protocol and Hive it is not asked for.
PUSHED: dict[str, set[str]] = {
    "mariadb": _EVERYTHING,
    "mysql56": _OFTEN,
    "mysql9": _OFTEN,
    "postgres15": _EVERYTHING,
    "postgres17": _OFTEN,
    "postgres18": _OFTEN,
    "tds": set(),
    "hive": set(),
}
MORE = 40  # so many more queries of each table are asked at most until all of that was seen

SEED = 16  # of which the query's number and the table's name make a query


@pytest.mark.thorough("mysql56", "mysql9", "postgres17", "postgres18")
@pytest.mark.parametrize("kind", [pytest.param(kind, marks=needs_xml if kind == "tds" else ()) for kind in QUERIES])
def test_answers_are_those_of_the_imported_table(db: Database, kind: str, request: pytest.FixtureRequest) -> None:
    remote: Remote = request.getfixturevalue(kind)
    remote.server.start()
    collations = collations_here(db)
    single, composed = Tally(), Tally()
    with copies_of(db, remote, kind) as copies, db.another() as asking:
        for draw, tally, wanted in ((drafted, single, QUERIES[kind][0]), (composition, composed, QUERIES[kind][1])):
            count = wanted if thorough() else (wanted + 1) // 2
            ask_all(Session(asking.connection), copies, collations, (f"{SEED}.{number}" for number in range(count)), tally, draw)
            assert tally.queries.total() == count * len(copies)
        pushed = single.coverage.pushed + composed.coverage.pushed
        for number in range(MORE):
            if PUSHED[kind] <= pushed.keys():
                break
            ask_all(Session(asking.connection), copies, collations, [f"{SEED}.{number}"], composed, plain_composition)
            pushed = single.coverage.pushed + composed.coverage.pushed
    told = [kind, *single.lines(), *composed.lines()]
    print("\n".join(told))
    if differences := single.differences + composed.differences:
        pytest.fail("\n".join([*told, *differences]), pytrace=False)
    assert single.coverage.conditions["exact"] > 0 and single.coverage.conditions["here"] > 0, single.coverage.conditions
    assert PUSHED[kind] <= pushed.keys(), f"{sorted(PUSHED[kind] - pushed.keys())} not seen: {pushed}"
