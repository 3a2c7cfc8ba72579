"""Asks random queries of tables, as many as are wanted, and counts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from .answers import Answer, Row, Session, is_same
from .composed import composed
from .compositions import Composing, Composition
from .copies import IMPORTED_PLACE, Copies
from .coverage import Coverage, plan
from .drafts import Draft, draft
from .query import Query
from .statements import query

EXPLAINED = 5  # every fifth query is explained


@dataclass
class Tally:
    """What came of the queries."""

    queries: Counter[str] = field(default_factory=Counter)  # by table
    forms: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)  # rows, none, errors
    errors: Counter[str] = field(default_factory=Counter)  # their messages
    coverage: Coverage = field(default_factory=Coverage)
    differences: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.queries.total()} queries of {len(self.queries)} tables, {len(self.differences)} with other answers"
        for what, counted in (("forms", self.forms), ("answers", self.answers)):
            yield f"  {what}: " + ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))
        yield from (f"    {count} times: {message}" for message, count in self.errors.most_common(8))
        yield from self.coverage.lines()


Drawn = Draft | Composition
Draw = Callable[[Copies, Sequence[str], str], Drawn]


def drafted(copies: Copies, collations: Sequence[str], seed: str) -> Drawn:
    """The query of one table that the seed stands for."""
    return draft(random.Random(f"{seed} {copies}"), copies.columns, collations, copies.ordered)


def composition(copies: Copies, collations: Sequence[str], seed: str) -> Drawn:
    """Likewise one of several tables, or of groups."""
    return Composing(random.Random(f"composed {seed} {copies}"), copies, collations, plain=False).composition()


def plain_composition(copies: Copies, collations: Sequence[str], seed: str) -> Drawn:
    """One of those that remotes can be asked for."""
    return Composing(random.Random(f"plain {seed} {copies}"), copies, collations, plain=True).composition()


def _query(drawn: Drawn) -> Query:
    return composed(drawn) if isinstance(drawn, Composition) else query(drawn)


def ask_all(
    session: Session,
    all_copies: Sequence[Copies],
    collations: Sequence[str],
    seeds: Iterable[str],
    tally: Tally,
    draw: Draw = drafted,
) -> None:
    """Asks a query of each table for each of the seeds."""
    for seed in seeds:
        for copies in all_copies:
            compare(session, copies, draw(copies, collations, seed), seed, tally)


def compare(session: Session, copies: Copies, drawn: Drawn, seed: str, tally: Tally) -> None:
    """Asks one query of all copies of a table."""
    asked = _query(drawn)
    tally.queries[str(copies)] += 1
    tally.forms[drawn.form] += 1
    theirs = _answer(session, asked, copies, IMPORTED_PLACE)
    tally.answers["error" if theirs.error else "rows" if theirs.rows else "none"] += 1
    if theirs.error:
        tally.errors[theirs.message.partition("\n")[0][:80]] += 1
    for way in copies.live:
        ours = _other_answer(session, asked, copies, way, theirs)
        if ours is not None:
            tally.differences.append(_told(session, copies, way, drawn, seed, _difference(theirs, ours)))
            return
    # After the query, which finds out by itself whether it can be planned.
    if isinstance(drawn, Composition) or tally.queries.total() % EXPLAINED == 0:
        tally.coverage.add(session, copies, asked)


def _answer(session: Session, asked: Query, copies: Copies, way: str) -> Answer:
    return session.ask(asked, partial(copies.written, way=way))


def _other_answer(session: Session, asked: Query, copies: Copies, way: str, theirs: Answer) -> Answer | None:
    """The answer of the foreign tables if it is not as good as that of the imported ones."""
    ours = _answer(session, asked, copies, way)
    all_rows: Counter[Row] | None = None
    if asked.all_rows and not theirs.error:
        all_rows = session.all_rows(asked, partial(copies.written, way=IMPORTED_PLACE))
    return None if is_same(asked, theirs, ours, all_rows) else ours


def _differs(session: Session, copies: Copies, way: str, drawn: Drawn) -> bool:
    asked = _query(drawn)
    return _other_answer(session, asked, copies, way, _answer(session, asked, copies, IMPORTED_PLACE)) is not None


def _told(session: Session, copies: Copies, way: str, drawn: Drawn, seed: str, first: str) -> str:
    """The difference, by the smallest query that still shows it; and what was `first` seen, as it may not come again."""
    shrinks = True
    while shrinks:
        shrinks = False
        for less in drawn.smaller():
            if _differs(session, copies, way, less):
                drawn, shrinks = less, True
                break
    asked = _query(drawn)
    theirs = _answer(session, asked, copies, IMPORTED_PLACE)
    lines = [f"{copies}, pushdown {way}, seed {seed}: {asked}", f"  imported: {theirs}", f"  at first: {first}"]
    for other in copies.live:
        ours = _answer(session, asked, copies, other)
        lines.append(f"  {other}: {_difference(theirs, ours) or 'the same'}")
    lines += plan(session, asked, partial(copies.written, way=way))
    return "\n".join(lines)


def _difference(theirs: Answer, ours: Answer) -> str:
    """Which rows one of them has and the other has not."""
    if theirs.error or ours.error:
        return str(ours)
    lost, added = Counter(theirs.rows) - Counter(ours.rows), Counter(ours.rows) - Counter(theirs.rows)
    told = [f"{word} {str(list(rows.elements())[:5])[:200]}" for word, rows in (("lacks", lost), ("also has", added)) if rows]
    return ", ".join(told) or ("in another order" if theirs.rows != ours.rows else "")
