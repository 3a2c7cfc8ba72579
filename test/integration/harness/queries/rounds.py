"""Asks random queries of tables, as many as are wanted, and counts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from .answers import Answer, Session, is_same
from .copies import Copies
from .coverage import Coverage
from .drafts import Draft, draft
from .statements import Query, query

EXPLAINED = 5  # every fifth query is explained


@dataclass
class Tally:
    """What came of the queries."""

    queries: Counter[str] = field(default_factory=Counter)  # by table
    forms: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)  # rows, none, errors
    coverage: Coverage = field(default_factory=Coverage)
    differences: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.queries.total()} queries of {len(self.queries)} tables, {len(self.differences)} with other answers"
        for what, counted in (("forms", self.forms), ("answers", self.answers)):
            yield f"  {what}: " + ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))
        yield from self.coverage.lines()


def drafted(copies: Copies, collations: Sequence[str], seed: str) -> Draft:
    """The query of a table that the seed stands for."""
    return draft(random.Random(f"{seed} {copies}"), copies.columns, collations, copies.ordered)


def ask_all(session: Session, all_copies: Sequence[Copies], collations: Sequence[str], seeds: Iterable[str], tally: Tally) -> None:
    """Asks a query of each table for each of the seeds."""
    for seed in seeds:
        for copies in all_copies:
            compare(session, copies, drafted(copies, collations, seed), seed, tally)


def compare(session: Session, copies: Copies, drawn: Draft, seed: str, tally: Tally) -> None:
    """Asks one query of all copies of a table."""
    asked = query(drawn)
    tally.queries[str(copies)] += 1
    tally.forms[drawn.form] += 1
    theirs = session.ask(asked, copies.imported, copies.imported)
    tally.answers["error" if theirs.error else "rows" if theirs.rows else "none"] += 1
    if tally.queries.total() % EXPLAINED == 0:
        tally.coverage.add(session, copies, asked)
    for way, table in copies.live.items():
        ours = _other_answer(session, asked, copies, table, theirs)
        if ours is not None:
            tally.differences.append(_told(session, copies, way, drawn, seed))
            return


def _other_answer(session: Session, asked: Query, copies: Copies, table: str, theirs: Answer) -> Answer | None:
    """The answer of this table if it is not as good as that of the imported one."""
    ours = session.ask(asked, table, copies.imported)
    all_rows = session.all_rows(asked, copies.imported) if asked.all_rows and not theirs.error else Counter[tuple[str | None, ...]]()
    return None if is_same(asked, theirs, ours, all_rows) else ours


def _differs(session: Session, copies: Copies, table: str, drawn: Draft) -> bool:
    asked = query(drawn)
    return _other_answer(session, asked, copies, table, session.ask(asked, copies.imported, copies.imported)) is not None


def _told(session: Session, copies: Copies, way: str, drawn: Draft, seed: str) -> str:
    """The difference, by the smallest query that still shows it."""
    table = copies.live[way]
    shrinks = True
    while shrinks:
        shrinks = False
        for less in drawn.smaller():
            if _differs(session, copies, table, less):
                drawn, shrinks = less, True
                break
    asked = query(drawn)
    theirs = session.ask(asked, copies.imported, copies.imported)
    lines = [f"{copies}, pushdown {way}, seed {seed}: {asked}", f"  imported: {theirs}"]
    for name, live in copies.live.items():
        ours = session.ask(asked, live, copies.imported)
        lines.append(f"  {name}: {_difference(theirs, ours) or 'the same'}")
    return "\n".join(lines)


def _difference(theirs: Answer, ours: Answer) -> str:
    """Which rows one of them has and the other has not."""
    if theirs.error or ours.error:
        return str(ours)
    lost, added = Counter(theirs.rows) - Counter(ours.rows), Counter(ours.rows) - Counter(theirs.rows)
    told = [f"{word} {str(list(rows.elements())[:5])[:200]}" for word, rows in (("lacks", lost), ("also has", added)) if rows]
    return ", ".join(told) or ("in another order" if theirs.rows != ours.rows else "")
