"""The SQL of a drafted query of several tables, or of groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .compositions import Composition
from .conditions import Comparison, Condition, WriteConstant, written
from .copies import KEYS
from .groups import Item
from .query import Query
from .relations import Link, Relation, compared
from .statements import Counted, literal, typed
from .values import ROUNDS

# Rows of a local table that is larger than one list of keys for a remote.
_MANY = 2500


def composed(draft: Composition) -> Query:
    """Its statements."""
    found = _WRITERS[draft.surrounding](draft)
    tables = [made for one in draft.relations if one.place == "constants" for made in _table_of_constants(draft, one)]
    settings = [f"SET {setting}" for setting in draft.settings]
    disconnects = ["SELECT public.cdb_foreign_disconnect()"] if draft.is_first else []
    before = (*disconnects, *tables, *settings, *found.before)
    after = (*found.after, *("RESET " + setting.partition(" ")[0] for setting in draft.settings), *(f"DROP TABLE IF EXISTS many_{one.alias}" for one in draft.relations if one.place == "constants"))
    return replace(found, before=before, after=after)


def _table_of_constants(draft: Composition, one: Relation) -> tuple[str, ...]:
    """A local table of constants, NULLs, and one row twice; some have more rows than are asked for at once."""
    rows = [", ".join([str(turn + 1), *(typed(constant.texts[turn], constant.type) for constant in one.constants)]) for turn in range(ROUNDS)]
    rows += [", ".join(["4", *(typed(None, constant.type) for constant in one.constants)]), rows[0].replace("1", "5", 1)]
    names = ", ".join(column.name for column in one.columns)
    create = f"CREATE TEMPORARY TABLE many_{one.alias} AS SELECT * FROM (VALUES {', '.join(f'({row})' for row in rows)}) AS v({names})"
    if draft.variant % 5 == 0:
        more = ", ".join(_generated(column.family, constant.type) for column, constant in zip(one.others, one.constants, strict=True))
        create += f" UNION ALL SELECT g, {more} FROM generate_series(6, {_MANY}) AS g"
    return create, f"ANALYZE many_{one.alias}"


def _generated(family: str, kind: str) -> str:
    """A value for each number g."""
    forms = {
        "integer": "g",
        "decimal": "g / 10.0",
        "float": "g / 10.0",
        "text": "'k' || g",
        "date": "date '2000-01-01' + g",
        "moment": "timestamp '2000-01-01' + g * interval '1 hour'",
    }
    form = forms.get(family)
    return f"({form})::{kind}" if form and kind != '"char"' else f"NULL::{kind}"


# parts of a SELECT
def _relation(link: Link, constant: WriteConstant) -> str:
    """A table to be joined: itself, or a subquery."""
    if link.inner is None and not link.computed:
        return str(link.relation)
    alias = link.relation.alias
    computed = "".join(f", {_sql(expression, constant)} AS {name}" for name, expression in link.computed)
    where = f" WHERE {written(link.inner, constant)}" if link.inner is not None else ""
    return f"(SELECT {alias}.*{computed} FROM {link.relation}{where}) {alias}"


def _sql(comparison: Comparison, constant: WriteConstant) -> str:
    return written(comparison, constant)


def _both(conditions: tuple[Condition, ...], constant: WriteConstant) -> str:
    return " AND ".join(written(condition, constant) for condition in conditions) or "true"


def _from(draft: Composition, constant: WriteConstant) -> tuple[str, list[str]]:
    """What stands behind FROM, and conditions of joins that are left for WHERE."""
    joins = _joins(draft)
    if draft.commas and joins and all(link.kind == "INNER" for link in joins):
        tables = [str(draft.first), *(_relation(link, constant) for link in joins)]
        return ", ".join(tables), [_both(link.on, constant) for link in joins]
    if draft.is_bushy and len(joins) == 2:
        inner, deeper = joins
        below = f"({_relation(inner, constant)} {deeper.kind} JOIN {_relation(deeper, constant)} ON {_both(deeper.on, constant)})"
        return f"{draft.first} {inner.kind} JOIN {below} ON {_both(inner.on, constant)}", []
    text = str(draft.first)
    for link in joins:
        text += f" {link.kind} JOIN {_relation(link, constant)} ON {_both(link.on, constant)}"
    return text, []


def _joins(draft: Composition) -> list[Link]:
    return [link for link in draft.links if "EXISTS" not in link.kind and "IN" not in link.kind.split()]


def _semi_join(link: Link, constant: WriteConstant) -> str:
    conditions = (*link.on, *((link.inner,) if link.inner is not None else ()))
    where = f" WHERE {_both(conditions, constant)}" if conditions else ""
    if link.tested is None:
        return f"{link.kind} (SELECT 1 FROM {link.relation}{where})"
    one, other = link.tested
    return f"{one} {link.kind} (SELECT {other} FROM {link.relation}{where})"


def _where(draft: Composition, constant: WriteConstant, *more: str) -> str:
    found = [*more, *(written(condition, constant) for condition in draft.where)]
    found += [_semi_join(link, constant) for link in draft.links if link not in _joins(draft)]
    return f" WHERE {' AND '.join(found)}" if found else ""


def _items(draft: Composition) -> list[Item]:
    """The select list, with what subqueries compute."""
    computed = [f"{link.relation.alias}.{name}" for link in _joins(draft) for name, _ in link.computed]
    if draft.top.distinct:
        return list(draft.top.items)
    form = "max({})" if draft.top.is_grouped else "{}"
    return [*draft.top.items, *(Item(Comparison((form.format(column),))) for column in computed)]


def _select(draft: Composition, constant: WriteConstant = literal, *, unlimited: bool = False) -> str:
    """The SELECT; the constants in the order in which they stand there."""
    items = ", ".join(_sql(item.sql, constant) for item in _items(draft))
    tables, conditions = _from(draft, constant)
    text = f"SELECT {'DISTINCT ' if draft.top.distinct else ''}{items} FROM {tables}{_where(draft, constant, *conditions)}"
    if draft.top.keys:
        keys = ", ".join(draft.top.keys)
        if draft.top.sets == "GROUPING SETS":
            keys = f"({keys}), ({draft.top.keys[0]}), ()"
        text += f" GROUP BY {draft.top.sets} ({keys})" if draft.top.sets else f" GROUP BY {keys}"
    if draft.top.having is not None:
        text += f" HAVING {written(draft.top.having, constant)}"
    if unlimited:
        return text
    if draft.order:
        text += " ORDER BY " + ", ".join(f"{item.number + 1}{item.behind}" for item in draft.order)
    if draft.limit is not None:
        text += f" LIMIT {draft.limit}" + (f" OFFSET {draft.offset}" if draft.offset else "")
    return text


def _answered(draft: Composition, query: Query) -> Query:
    """With what is known of the rows that the SELECT itself yields."""
    items = _items(draft)
    return replace(
        query,
        is_ordered=draft.is_total,
        ordered_by=tuple(item.number for item in draft.order),
        rough={number: item.rough for number, item in enumerate(items) if item.rough},
        may_overflow=any(item.may_overflow for item in items),
    )


# surroundings
def _write_plain(draft: Composition) -> Query:
    all_rows = _select(draft, unlimited=True) if draft.limit is not None and not draft.is_total else ""
    return _answered(draft, Query((_select(draft),), all_rows=all_rows))


def _write_prepared(draft: Composition) -> Query:
    draft = draft.in_total_order() if draft.limit is not None else draft
    constants = Counted("$")
    select = _select(draft, constants)
    types = ", ".join(constant.type for constant in constants.constants)
    executes = [f"EXECUTE ask{f'({arguments})' if (arguments := ', '.join(constants.values(turn))) else ''}" for turn in (0, 1, 2, 0)]
    mode = "force_generic_plan" if draft.variant % 4 else "auto"
    before = (f"SET plan_cache_mode = {mode}", f"PREPARE ask{f'({types})' if types else ''} AS {select}")
    query = Query(tuple(executes), before, ("DEALLOCATE ask", "RESET plan_cache_mode"), explained=executes[0])
    return _answered(draft, query)


def _with_rounds(draft: Composition, write: Callable[[str, str], str]) -> Query:
    """For each round of the constants: `write` gets the SELECT, in which they are columns of k, and k."""
    draft = draft.in_total_order() if draft.limit is not None else draft
    constants = Counted("k.v")
    select = _select(draft, constants)
    if draft.variant // 2 % 2:
        return Query((write(select, constants.keys()),))
    create = f"CREATE TEMPORARY TABLE rounds AS SELECT * FROM {constants.keys()}"
    return Query((write(select, "rounds k"),), (create, "ANALYZE rounds"), ("DROP TABLE IF EXISTS rounds",))


def _write_lateral(draft: Composition) -> Query:
    join = ("CROSS JOIN LATERAL ({}) q", "LEFT JOIN LATERAL ({}) q ON true")[draft.variant % 2]
    return _with_rounds(draft, lambda select, keys: f"SELECT k.n, q.* FROM {keys} {join.replace('{}', select, 1)}")


def _write_subplan(draft: Composition) -> Query:
    forms = ["(SELECT count(*) FROM ({}) q)", "EXISTS ({})"]
    if _items(draft)[0].is_order:
        forms += ["(SELECT array_agg(q.c0 ORDER BY q.c0) FROM ({}) AS q(c0))"]
    form = forms[draft.variant // 4 % len(forms)]
    return _with_rounds(draft, lambda select, keys: f"SELECT k.n, {form.replace('{}', select, 1)} FROM {keys}")


def _write_cursor(draft: Composition) -> Query:
    draft = draft.in_total_order()
    if not draft.is_total:
        return _write_plain(draft)
    scroll = draft.variant % 2 == 0
    asks = [f"FETCH {draft.variant // 2 % 4 + 1} FROM ask"]
    if scroll:
        asks += ["FETCH BACKWARD 1 FROM ask", "FETCH 2 FROM ask", "FETCH BACKWARD ALL FROM ask"]
    asks += ["FETCH ALL FROM ask"] if draft.variant // 8 % 2 else ["FETCH 1 FROM ask"]
    select = _select(draft)
    declare = f"DECLARE ask {'SCROLL' if scroll else 'NO SCROLL'} CURSOR FOR {select}"
    return Query(tuple(asks), ("BEGIN", declare), ("COMMIT",), is_ordered=True, explained=select)


def _write_cte(draft: Composition) -> Query:
    draft = draft.in_total_order() if draft.limit is not None else draft
    materialized = ("", "MATERIALIZED ", "NOT MATERIALIZED ")[draft.variant % 3]
    shown = "SELECT * FROM q"
    if draft.variant // 3 % 2 and _items(draft)[0].is_order:
        shown = "SELECT a.c0, count(*) FROM q a JOIN q b ON a.c0 = b.c0 GROUP BY a.c0"
    return Query((f"WITH q(c0) AS {materialized}({_select(draft)}) {shown}",))


def _write_above(draft: Composition) -> Query:
    draft = draft.in_total_order() if draft.limit is not None else draft
    above = ("count(*), count(q.c0)", "count(*), count(DISTINCT q.c0)")[draft.variant % 2 if _items(draft)[0].is_order else 0]
    behind = ""
    if draft.variant // 2 % 2 and _items(draft)[0].is_order:
        above, behind = "q.c0, count(*)", " GROUP BY q.c0"
    return Query((f"SELECT {above} FROM ({_select(draft)}) AS q(c0){behind}",))


def _write_union(draft: Composition) -> Query:
    draft = draft.in_total_order() if draft.limit is not None else draft
    word = "UNION" if draft.variant % 3 == 0 and all(item.is_order for item in _items(draft)) else "UNION ALL"
    second = replace(draft, where=draft.where[:1] if draft.variant // 3 % 2 else ())
    return Query((f"SELECT * FROM ({_select(draft)}) a {word} SELECT * FROM ({_select(second)}) b",))


def _write_for_update(draft: Composition) -> Query:
    found = _write_plain(draft)
    lock = (" FOR UPDATE", " FOR SHARE", f" FOR UPDATE OF {draft.first.alias}")[draft.variant % 3]
    return replace(found, asks=(found.asks[0] + lock,))


def _write_insert(draft: Composition) -> Query:
    draft = draft.in_total_order() if draft.limit is not None else draft
    names = ", ".join(f"c{number}" for number in range(len(_items(draft))))
    select = _select(draft)
    insert = f"INSERT INTO got SELECT * FROM ({select}) AS q({names}) RETURNING c0"
    create = f"CREATE TEMPORARY TABLE got AS SELECT * FROM ({select}) AS q({names}) WITH NO DATA"
    return Query((insert, "SELECT * FROM got"), (create,), ("DROP TABLE IF EXISTS got",), explained=insert)


def _target(draft: Composition) -> tuple[str, ...]:
    return (f"CREATE TEMPORARY TABLE target AS SELECT *, 0 AS hits FROM {draft.schema}.{KEYS}", "ANALYZE target")


def _changed(draft: Composition, change: str) -> Query:
    """A statement that changes local rows: which, and what is there then. How often a row is found does not show."""
    asks = (f"WITH changed AS ({change} RETURNING k.id) SELECT id FROM changed", "SELECT id, hits FROM target")
    return Query(asks, _target(draft), ("DROP TABLE IF EXISTS target",), explained=asks[0])


def _matching(draft: Composition) -> str:
    assert draft.target is not None
    (condition,) = compared(*draft.target, " = ")
    return str(condition)


def _write_update(draft: Composition) -> Query:
    tables, conditions = _from(draft, literal)
    return _changed(draft, f"UPDATE target k SET hits = k.hits + 1 FROM {tables}{_where(draft, literal, _matching(draft), *conditions)}")


def _write_delete(draft: Composition) -> Query:
    tables, conditions = _from(draft, literal)
    return _changed(draft, f"DELETE FROM target k USING {tables}{_where(draft, literal, _matching(draft), *conditions)}")


def _write_merge(draft: Composition) -> Query:
    assert draft.target is not None
    key, column = draft.target
    tables, conditions = _from(draft, literal)
    (matching,) = compared(key, replace(column, name="b", alias="q"), " = ")
    merge = (
        f"MERGE INTO target k USING (SELECT DISTINCT {column} AS b FROM {tables}{_where(draft, literal, *conditions)}) q ON {matching} "
        "WHEN MATCHED AND k.id % 2 = 0 THEN UPDATE SET hits = 1 WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, hits) VALUES (-1, 2)"
    )
    return Query((merge, "SELECT id, hits FROM target"), _target(draft), ("DROP TABLE IF EXISTS target",), explained=merge)


_WRITERS: dict[str, Callable[[Composition], Query]] = {
    "plain": _write_plain,
    "prepared": _write_prepared,
    "lateral": _write_lateral,
    "subplan": _write_subplan,
    "cursor": _write_cursor,
    "cte": _write_cte,
    "above": _write_above,
    "union": _write_union,
    "for update": _write_for_update,
    "insert": _write_insert,
    "update": _write_update,
    "delete": _write_delete,
    "merge": _write_merge,
}
