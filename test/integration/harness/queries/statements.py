"""The SQL of a drafted query."""

from __future__ import annotations

from collections.abc import Callable

from .conditions import Condition, written
from .drafts import Draft
from .query import IMPORTED, TABLE, Query
from .values import ROUNDS, Constant


def query(draft: Draft) -> Query:
    """Its statements."""
    found = _WRITERS[draft.form](draft)
    settings = tuple(f"SET {setting}" for setting in draft.settings)
    resets = tuple("RESET " + setting.partition(" ")[0] for setting in draft.settings)
    return Query(found.asks, settings + found.before, found.after + resets, found.is_ordered, found.all_rows)


# constants
def literal(constant: Constant) -> str:
    return typed(constant.texts[0], constant.type, constant.form)


def typed(text: str | None, kind: str, form: str = "typed") -> str:
    plain = "NULL" if text is None else "'" + text.replace("'", "''") + "'"
    if form == "untyped":
        return plain
    return f"(SELECT {plain}::{kind})" if form == "subselect" else f"{plain}::{kind}"


class Counted:
    """Constants by their number, in the order in which they are written: $1, or k.v1."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.constants: list[Constant] = []

    def __call__(self, constant: Constant) -> str:
        self.constants.append(constant)
        return f"{self.prefix}{len(self.constants)}"

    def values(self, turn: int) -> list[str]:
        return [typed(constant.texts[turn], constant.type) for constant in self.constants]

    def keys(self) -> str:
        """A table k of the constants, a row for each round."""
        rows = ", ".join(f"({', '.join([str(turn + 1), *self.values(turn)])})" for turn in range(ROUNDS))
        names = ", ".join(["n", *(f"v{number + 1}" for number in range(len(self.constants)))])
        return f"(VALUES {rows}) AS k({names})"


# parts of a SELECT
def _where(condition: Condition | None, constant: Callable[[Constant], str] = literal) -> str:
    return f" WHERE {written(condition, constant)}" if condition is not None else ""


def _ordered(draft: Draft, *, by_id: bool = False) -> str:
    items = [f"{o.column}{f' COLLATE {o.collation}' if o.collation else ''}{o.behind}" for o in draft.order]
    items += ["t.id"] * (draft.by_id or by_id)
    return f" ORDER BY {', '.join(items)}" if items else ""


def _limited(draft: Draft) -> str:
    if draft.limit is None:
        return ""
    return f" LIMIT {draft.limit}" + (f" OFFSET {draft.offset}" if draft.offset else "")


def _select(draft: Draft, constant: Callable[[Constant], str] = literal, *, by_id: bool = False) -> str:
    return (
        f"SELECT {', '.join(draft.output)} FROM {TABLE} t{_where(draft.where, constant)}{_ordered(draft, by_id=by_id)}{_limited(draft)}"
    )


# forms
def _write_select(draft: Draft) -> Query:
    all_rows = ""
    if draft.limit is not None and not draft.by_id:
        all_rows = f"SELECT {', '.join(draft.output)} FROM {TABLE} t{_where(draft.where)}"
    return Query((_select(draft),), is_ordered=draft.by_id, all_rows=all_rows)


def _write_count(draft: Draft) -> Query:
    return Query((f"SELECT count(*) FROM {TABLE} t{_where(draft.where)}",))


def _write_prepared(draft: Draft) -> Query:
    constants = Counted("$")
    select = _select(draft, constants, by_id=draft.limit is not None)
    types = ", ".join(constant.type for constant in constants.constants)
    is_generic = draft.variant % 4 > 0
    return Query(
        tuple(f"EXECUTE ask{f'({arguments})' if (arguments := ', '.join(constants.values(turn))) else ''}" for turn in (0, 1, 2, 0)),
        before=(
            f"SET plan_cache_mode = {'force_generic_plan' if is_generic else 'auto'}",
            f"PREPARE ask{f'({types})' if types else ''} AS {select}",
        ),
        after=("DEALLOCATE ask", "RESET plan_cache_mode"),
        is_ordered=draft.by_id or draft.limit is not None,
    )


def _write_plpgsql(draft: Draft) -> Query:
    """A loop over the constants, whose query is read to its end or left early."""
    constants = Counted("k.v")
    leaves_early = draft.variant % 2 == 0
    select = _select(draft, constants, by_id=leaves_early or draft.limit is not None)
    body = f"RETURN QUERY SELECT q::text FROM ({select}) q;"
    if leaves_early:
        body = (
            f"count := 0; FOR r IN SELECT q::text AS shown FROM ({select}) q LOOP "
            f"RETURN NEXT r.shown; count := count + 1; EXIT WHEN count >= {draft.variant // 2 % 3 + 1}; END LOOP;"
        )
    function = (
        "CREATE OR REPLACE FUNCTION pg_temp.ask() RETURNS SETOF text LANGUAGE plpgsql AS $ask$ DECLARE k record; r record; count int; "
        f"BEGIN FOR k IN SELECT * FROM {constants.keys()} ORDER BY n LOOP {body} END LOOP; END $ask$"
    )
    return Query(("SELECT pg_temp.ask()",), before=(function,), is_ordered=leaves_early or draft.by_id or draft.limit is not None)


def _write_lateral(draft: Draft) -> Query:
    constants = Counted("k.v")
    select = _select(draft, constants, by_id=draft.limit is not None)
    join = ("CROSS JOIN LATERAL ({}) q", "LEFT JOIN LATERAL ({}) q ON true")[draft.variant % 2].format(select)
    return _with_keys(draft, constants, lambda keys: f"SELECT k.n, q.* FROM {keys} {join}")


def _write_join_with_keys(draft: Draft) -> Query:
    constants = Counted("k.v")
    condition = written(draft.where, constants) if draft.where is not None else "true"
    forms = (
        f"SELECT k.n, t.id FROM {{}} JOIN {TABLE} t ON {condition}",
        f"SELECT k.n, t.id FROM {{}} LEFT JOIN {TABLE} t ON {condition}",
        f"SELECT k.n FROM {{}} WHERE EXISTS (SELECT 1 FROM {TABLE} t WHERE {condition})",
        f"SELECT k.n FROM {{}} WHERE NOT EXISTS (SELECT 1 FROM {TABLE} t WHERE {condition})",
    )
    return _with_keys(draft, constants, lambda keys: forms[draft.variant % 4].replace("{}", keys, 1))


def _write_correlated(draft: Draft) -> Query:
    constants = Counted("k.v")
    condition = written(draft.where, constants) if draft.where is not None else "true"
    answers = (
        f"SELECT count(*) FROM {TABLE} t WHERE {condition}",
        f"SELECT array_agg(t.id ORDER BY t.id) FROM {TABLE} t WHERE {condition}",
        f"SELECT t.id FROM {TABLE} t WHERE {condition}{_ordered(draft, by_id=True)} LIMIT 1",
    )
    return _with_keys(draft, constants, lambda keys: f"SELECT k.n, ({answers[draft.variant % 3]}) FROM {keys}")


def _with_keys(draft: Draft, constants: Counted, write: Callable[[str], str]) -> Query:
    """The constants as a list of values, or as a table."""
    if draft.variant // 4 % 2:
        return Query((write(constants.keys()),))
    create = f"CREATE TEMPORARY TABLE keys AS SELECT * FROM {constants.keys()}"
    return Query((write("keys k"),), before=(create, "ANALYZE keys"), after=("DROP TABLE IF EXISTS keys",))


def _write_cursor(draft: Draft) -> Query:
    """Read in parts, forwards and backwards, with another scan in between."""
    scroll = draft.variant % 2 == 0
    few = draft.variant // 2 % 4 + 1
    asks = [f"FETCH {few} FROM ask", f"SELECT count(*) FROM {TABLE} t{_where(draft.other)}"]
    if scroll:
        asks += ["FETCH BACKWARD 1 FROM ask", "FETCH 2 FROM ask", "FETCH BACKWARD ALL FROM ask"]
    asks += ["FETCH ALL FROM ask"] if draft.variant // 8 % 2 else ["FETCH 1 FROM ask"]
    declare = f"DECLARE ask {'SCROLL' if scroll else 'NO SCROLL'} CURSOR FOR {_select(draft, by_id=True)}"
    return Query(tuple(asks), before=("BEGIN", declare), after=("COMMIT",), is_ordered=True)


def _write_aggregate(draft: Draft) -> Query:
    column = draft.column
    chosen = ["count(*)", f"count({column})", "array_agg(t.id ORDER BY t.id)"]
    if column.prints_alike and column.family not in ("boolean", "bytes", "bits", "uuid", "other"):
        chosen += [f"min({column})", f"max({column})"]
    if column.family in ("integer", "decimal") and column.base not in ("oid", "money"):
        chosen += [f"sum({column})"]
    if column.family == "boolean":
        chosen += [f"bool_and({column})", f"bool_or({column})"]
    having = " HAVING count(*) > 3" if draft.variant % 5 == 0 else ""
    behind = f" FILTER (WHERE {written(draft.other, literal)})" if draft.other is not None and draft.variant % 3 == 0 else ""
    return Query((f"SELECT {', '.join(item + behind for item in chosen)} FROM {TABLE} t{_where(draft.where)}{having}",))


def _write_group(draft: Draft) -> Query:
    column = draft.column
    shown = f"{column}, " if column.prints_alike else ""
    having = " HAVING count(*) > 1" if draft.variant % 3 == 0 else ""
    return Query((f"SELECT {shown}count(*), min(t.id) FROM {TABLE} t{_where(draft.where)} GROUP BY {column}{having}",))


def _write_distinct(draft: Draft) -> Query:
    column = draft.column
    if column.prints_alike and draft.variant % 2:
        limit = f" LIMIT {draft.limit}" if draft.limit is not None else ""
        return Query((f"SELECT DISTINCT {column} FROM {TABLE} t{_where(draft.where)} ORDER BY {column}{limit}",), is_ordered=True)
    return Query((f"SELECT DISTINCT ON ({column}) t.id FROM {TABLE} t{_where(draft.where)} ORDER BY {column}, t.id",), is_ordered=True)


def _write_set_operation(draft: Draft) -> Query:
    word = ("UNION ALL", "UNION", "EXCEPT", "INTERSECT")[draft.variant % 4]
    shown = f"{draft.column}" if draft.column.prints_alike else "t.id"
    second = (TABLE, IMPORTED)[draft.variant // 4 % 2]
    return Query(
        (f"SELECT {shown} FROM {TABLE} t{_where(draft.where)} {word} SELECT {shown} FROM {second} t{_where(draft.other)}",)
    )


def _write_self_join(draft: Draft) -> Query:
    column = draft.column
    equal = f"t.{column.name} = u.{column.name}"
    second = (TABLE, TABLE, IMPORTED)[draft.variant // 4 % 3]
    forms = (
        f"SELECT t.id, u.id FROM {TABLE} t JOIN {second} u ON {equal}{_where(draft.where)}",
        f"SELECT t.id, u.id FROM {TABLE} t LEFT JOIN {second} u ON {equal}{_where(draft.where)}",
        f"SELECT t.id FROM {TABLE} t WHERE EXISTS (SELECT 1 FROM {second} u WHERE {equal} AND u.id <> t.id)",
        f"SELECT t.id FROM {TABLE} t{_where(draft.where)}{' AND' if draft.where is not None else ' WHERE'} "
        f"t.{column.name} IN (SELECT u.{column.name} FROM {second} u WHERE u.id < 9)",
    )
    return Query((forms[draft.variant % 4],))


def _write_nested(draft: Draft) -> Query:
    """A condition above a limit, an OFFSET 0, or a materialized query."""
    inner = f"SELECT * FROM {TABLE} t{_where(draft.where)}{_ordered(draft, by_id=True)}"
    inner += (_limited(draft), " OFFSET 0", " LIMIT 5", "")[draft.variant % 4]
    if draft.variant // 4 % 2:
        return Query((f"WITH t AS MATERIALIZED ({inner}) SELECT t.id FROM t{_where(draft.other)}",))
    return Query((f"SELECT t.id FROM ({inner}) t{_where(draft.other)}",))


_WRITERS: dict[str, Callable[[Draft], Query]] = {
    "select": _write_select,
    "count": _write_count,
    "prepared": _write_prepared,
    "plpgsql": _write_plpgsql,
    "lateral": _write_lateral,
    "join with keys": _write_join_with_keys,
    "correlated": _write_correlated,
    "cursor": _write_cursor,
    "aggregate": _write_aggregate,
    "group": _write_group,
    "distinct": _write_distinct,
    "set operation": _write_set_operation,
    "self join": _write_self_join,
    "nested": _write_nested,
}
