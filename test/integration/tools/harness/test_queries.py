"""The generator of queries finds tables whose answers are wrong, in each of the ways in which remotes compare otherwise."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.queries.answers import Answer, Session, is_same
from harness.queries.copies import Copies, add_keys
from harness.queries.query import Query
from harness.queries.rounds import Draw, Tally, ask_all, composition, drafted
from harness.queries.sources import collations_here
from harness.queries.tables import WORDS
from harness.skipping import needs_icu

QUERIES = 800

# A view with a fault of the kind that a wrong class makes: what it shows of the table.
FAULTS = {
    "text that is equal whatever its case": "id, v COLLATE blind AS v, f, d, ts FROM imported",
    "text in another order": 'id, v COLLATE "en-x-icu" AS v, f, d, ts FROM imported',
    "text without its trailing blanks": "id, rtrim(v) AS v, f, d, ts FROM imported",
    "a float as a double": "id, v, f::double precision AS f, d, ts FROM imported",
    "one row less": "id, v, f, d, ts FROM imported WHERE d IS DISTINCT FROM '1999-12-31'",
    "a limit": "id, v, f, d, ts FROM imported ORDER BY id LIMIT 60",
    "a row twice": "id, v, f, d, ts FROM imported UNION ALL SELECT id, v, f, d, ts FROM imported WHERE id = 7",
    "a NULL that is a date": "id, v, f, coalesce(d, '0001-01-01') AS d, ts FROM imported",
    "times in milliseconds": "id, v, f, d, ts::timestamp(3) AS ts FROM imported",
    "an error": "id, v, f, d + 1 / (id - 7) AS d, ts FROM imported",
}


@pytest.fixture(scope="module")
def collations(db: Database) -> list[str]:
    return collations_here(db)


@pytest.fixture(scope="module")
def copies(db: Database, collations: list[str]) -> Iterator[Copies]:
    db.execute("CREATE SCHEMA planted; CREATE TABLE planted.imported (id int PRIMARY KEY, v text COLLATE \"C\", f real, d date, ts timestamp)")
    for number, word in enumerate(WORDS, start=1):
        db.execute(
            "INSERT INTO planted.imported VALUES (%s, %s, %s, %s, %s)",
            number,
            word if number % 9 else None,
            (0.1, 1.5, "-0", "NaN", 3.14, None)[number % 6],
            ("1999-12-31", "2024-02-29", "9999-12-31", None)[number % 4],
            ("2024-02-29 12:34:56.123456", "2024-02-29 12:34:56.123", "0001-01-01", None, "9999-12-31")[number % 5],
        )
    found = Copies(db, "planted")
    add_keys(db, found)
    yield found
    db.execute("DROP SCHEMA planted CASCADE")


def ask(db: Database, copies: Copies, collations: list[str], select: str, draw: Draw = drafted) -> Tally:
    """Compares the table with a view, until they differ."""
    db.execute(f"SET search_path = planted, public; DROP VIEW IF EXISTS shown; CREATE VIEW shown AS SELECT {select}")
    db.execute("RESET search_path")
    copies.live["on"] = "planted.shown"
    tally = Tally()
    seeds = (str(number) for number in itertools.takewhile(lambda _: not tally.differences, range(QUERIES)))
    with db.another() as asking:
        ask_all(Session(asking.connection), [copies], collations, seeds, tally, draw)
    return tally


@pytest.mark.parametrize("draw", [drafted, composition])
@pytest.mark.parametrize("fault", [pytest.param(fault, marks=needs_icu if "COLLATE" in FAULTS[fault] else []) for fault in FAULTS])
def test_fault_is_found(db: Database, copies: Copies, collations: list[str], fault: str, draw: Draw) -> None:
    tally = ask(db, copies, collations, FAULTS[fault], draw)
    assert tally.differences, f"{QUERIES} queries have not found it"
    query, answers = re.split(r"^(?=  imported: )", tally.differences[0], maxsplit=1, flags=re.MULTILINE)
    assert "@table@" in query or "@live:planted@" in query
    (ours,) = re.findall(r"^  on: (.*)$", answers, flags=re.MULTILINE)
    assert ours != "the same"


def test_difference_is_made_small(db: Database, copies: Copies, collations: list[str]) -> None:
    """The query that is told has no part without which the answers are the same."""
    told = ask(db, copies, collations, FAULTS["a row twice"]).differences[0]
    assert told.splitlines()[0].endswith(": SELECT t.id FROM @table@ t"), told
    assert "  on: also has [('7',)]\n" in told, told


@pytest.mark.parametrize("draw", [drafted, composition])
def test_right_answers_are_right(db: Database, copies: Copies, collations: list[str], draw: Draw) -> None:
    tally = ask(db, copies, collations, "id, v, f, d, ts FROM imported ORDER BY md5(id::text)", draw)
    assert tally.differences == [] and tally.queries.total() == QUERIES
    assert tally.answers["error"] < QUERIES / 20 and tally.answers["rows"] > QUERIES / 2, tally.answers


def rows(*values: str) -> Answer:
    return Answer(tuple((value,) for value in values))


@pytest.mark.parametrize(
    ("query", "theirs", "ours", "same"),
    [
        (Query(("",)), rows("a", "b"), rows("b", "a"), True),
        (Query(("",)), rows("a", "b"), rows("a", "a", "b"), False),
        (Query(("",), is_ordered=True), rows("a", "b"), rows("b", "a"), False),
        (Query(("",), all_rows="SELECT"), rows("a"), rows("b"), True),
        (Query(("",), all_rows="SELECT"), rows("a"), rows("x"), False),
        (Query(("",), all_rows="SELECT"), rows("a", "b"), rows("b", "b"), False),
        (Query(("",), all_rows="SELECT"), rows("a"), rows("a", "b"), False),
        (Query(("",)), rows("a"), Answer(error="22012"), False),
        (Query(("",)), rows("a"), Answer(error="22025"), True),
        (Query(("",)), Answer(error="22012"), Answer(error="22025"), True),
        (Query(("",)), Answer(error="22012"), Answer(error="HV000"), False),
        (Query(("",)), Answer(error="22012"), rows("a"), True),
    ],
)
def test_what_is_the_same(query: Query, theirs: Answer, ours: Answer, same: bool) -> None:
    assert is_same(query, theirs, ours, Counter(rows("a", "b", "c").rows)) is same
