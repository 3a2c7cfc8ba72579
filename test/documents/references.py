"""Parts of pages that the extension tells of itself: functions, settings, error numbers, columns of views, keys of requests.

A page has them between two comments, `<!-- generated: functions -->` and `<!-- end -->`; a name may stand behind the kind:
`<!-- generated: view connector.syncs -->`. Where a table has a last column "more", people write it: it stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg2.extensions

_PART = re.compile(r"(<!-- generated: (\w+) ?(\S*) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_CELLS = re.compile(r"(?<!\\)\|")  # what is between two of these
_MORE = "more"
_INT_MAX = 2147483647
# Whoever may set a setting, where that is not superusers alone.
_CONTEXTS = {"superuser": "", "user": "; by any role", "sighup": "; in `postgresql.conf` only", "postmaster": "; in `postgresql.conf`, restart"}

Connection = psycopg2.extensions.connection
Table = tuple[Sequence[str], Iterable[Sequence[str]]]  # titles and rows
Key = Mapping[str, Any]  # of a request, as cdb_connector_info() describes it


def has_parts(page: str) -> bool:
    return _PART.search(page) is not None


def with_parts(page: str, connection: Connection) -> str:
    """The page with its generated parts as this database tells them."""

    def part(match: re.Match[str]) -> str:
        kind, name, before = match[2], match[3], match[4]
        titles, rows = _KINDS[kind](connection, name)
        lines = _table(titles, rows, _remarks(before))
        return match[1] + "\n" + "".join(f"{line}\n" for line in lines) + "\n" + match[5]

    return _PART.sub(part, page)


def _rows(connection: Connection, query: str, *args: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, args or None)
        return cursor.fetchall()


def _remarks(before: str) -> dict[str, str] | None:
    """What people wrote behind each row of the table that is there, by the row's name; None if it has no place for that."""
    rows = [[cell.strip() for cell in _CELLS.split(line)[1:-1]] for line in before.splitlines() if line.startswith("|")]
    if not rows or rows[0][-1] != _MORE:
        return None
    return {_name(row): row[-1] for row in rows[2:]}


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]], remarks: Mapping[str, str] | None) -> Iterator[str]:
    yield _line([*titles, _MORE] if remarks is not None else titles)
    yield "|" + "---|" * (len(titles) + (remarks is not None))
    for row in rows:
        cells = [_cell(text) for text in row]
        yield _line([*cells, remarks.get(_name(cells), "")] if remarks is not None else cells)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _name(row: Sequence[str]) -> str:
    """Of a function without its arguments, so that they may change."""
    return row[0].strip("`").partition("(")[0]


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")


def _functions(connection: Connection, name: str) -> Table:
    """Functions and procedures for users: those whose names begin with cdb_. Two that differ in the type of one argument are one."""
    found: dict[str, tuple[str, list[str], list[str], str, str]] = {}
    for function, arguments, kinds, result, comment in _rows(connection, _FUNCTIONS):
        known = found.get(function)
        if known is None:
            found[function] = (function, arguments, kinds, result, comment)
        else:
            both = [one if one == other else f"{one} or {other}" for one, other in zip(known[2], kinds, strict=True)]
            longer = comment if len(comment) > len(known[4]) else known[4]
            found[function] = (function, known[1], both, result, longer)
    rows = []
    for function, arguments, kinds, result, comment in found.values():
        texts = [argument.replace("?", kind, 1) for argument, kind in zip(arguments, kinds, strict=True)]
        call = f"{function}({', '.join(texts)})"
        rows.append((f"`{call}`" if result else f"`CALL {call}`", _short(result), comment))
    return ("function", "returns", "what it does"), rows


# For each its arguments, with a question mark for the type, their types, its result and its comment.
_FUNCTIONS = """
SELECT p.proname,
       ARRAY(SELECT quote_ident(p.proargnames[n]) || ' ?'
                    || CASE WHEN n > p.pronargs - p.pronargdefaults
                       THEN ' DEFAULT ' || regexp_replace(pg_get_function_arg_default(p.oid, n), '::[a-z]+(\\[\\])?$', '') ELSE '' END
             FROM generate_series(1, p.pronargs) n ORDER BY n),
       ARRAY(SELECT format_type(p.proargtypes[n], NULL) FROM generate_series(0, p.pronargs - 1) n ORDER BY n),
       coalesce(pg_get_function_result(p.oid), ''),
       coalesce(obj_description(p.oid, 'pg_proc'), '')
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
WHERE e.extname = 'connector' AND starts_with(p.proname, 'cdb_')
ORDER BY p.proname, p.proargtypes[0]::regtype::text DESC
"""


def _short(result: str) -> str:
    return result.replace("timestamp with time zone", "timestamptz").replace("TABLE(", "table (").replace("SETOF", "setof") or "–"


def _settings(connection: Connection, name: str) -> Table:
    rows = [
        (f"`{setting}`", _default(boot, unit, kind), _values(kind, low, high, values, unit) + _CONTEXTS[context], text)
        for setting, boot, unit, kind, low, high, values, context, text in _rows(
            connection,
            "SELECT name, boot_val, unit, vartype, min_val, max_val, enumvals, context, concat_ws(' ', short_desc, extra_desc) "
            "FROM pg_settings WHERE name LIKE 'connector.%' ORDER BY name",
        )
    ]
    return ("setting", "default", "values", "meaning"), rows


def _default(value: str, unit: str | None, kind: str) -> str:
    if kind == "string":
        return f"`{value}`" if value else "empty"
    return _amount(value, unit)


def _amount(value: str, unit: str | None) -> str:
    if not unit:
        return value
    number = int(value)
    for larger, name in ((1024**2, "MB"), (1024, "kB")):
        if unit == "B" and number >= larger and number % larger == 0:
            return f"{number // larger} {name}"
    return f"{value} {unit}"


def _values(kind: str, low: str, high: str, values: list[str] | None, unit: str | None) -> str:
    if kind == "enum":
        return ", ".join(values or ())
    if kind == "bool":
        return "on, off"
    if kind == "string":
        return "text"
    # PostgreSQL's own largest numbers are no limits of the setting's.
    unbounded = int(high) in (_INT_MAX, _INT_MAX // 1000, _INT_MAX // 1024)
    return f"from {_amount(low, unit)}" if unbounded else f"{_amount(low, unit)} to {_amount(high, unit)}"


def _errors(connection: Connection, name: str) -> Table:
    rows = _rows(connection, "SELECT error_code::text, title, sqlstate, who, what_to_do FROM cdb_error_codes() ORDER BY error_code")
    return ("number", "title", "SQLSTATE", "who", "what to do"), rows


def _columns(connection: Connection, name: str) -> Table:
    rows = _rows(
        connection,
        "SELECT format('`%%s`', attname), format_type(atttypid, atttypmod), coalesce(col_description(attrelid, attnum), '') "
        "FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        name,
    )
    return ("column", "type", "meaning"), [(column, _short(kind), text) for column, kind, text in rows]


def _parameters(connection: Connection, provider: str) -> dict[str, Any]:
    (row,) = _rows(connection, "SELECT cdb_connector_info(%s) -> 'parameters'", provider)
    parameters: dict[str, Any] = row[0]
    return parameters


def _is_key(described: Mapping[str, Any]) -> bool:
    """Whether this describes a key itself, and not the keys of an object."""
    return isinstance(described.get("description"), str)


def _keys(keys: Iterable[tuple[str, Key]]) -> Table:
    """A row for each key; neighbours that differ in nothing but their names share one."""
    rows: list[tuple[str, ...]] = []
    for name, key in keys:
        kinds = key["type"] if isinstance(key["type"], list) else [key["type"]]
        default = "required" if key["required"] else "" if key["default"] is None else f"`{key['default']}`"
        row = (f"`{name}`", " or ".join(kinds), default, _meaning(key))
        if rows and rows[-1][1:] == row[1:]:
            rows[-1] = (f"{rows[-1][0]}, {row[0]}", *row[1:])
        else:
            rows.append(row)
    return ("key", "type", "default", "meaning"), rows


def _meaning(key: Key) -> str:
    text: str = key["description"]
    if key.get("allowed_values") and key["type"] != "boolean":
        text += " " + ", ".join(f"`{value}`" for value in key["allowed_values"]) + "."
    if key.get("secret"):
        text += " Secret."
    if key.get("server_file"):
        text += " A file of the database server."
    return text


def _connection_keys(connection: Connection, provider: str) -> Table:
    return _keys(_parameters(connection, provider)["connection"].items())


def _request_keys(connection: Connection, member: str) -> Table:
    """Keys of a request of any provider, or of the object that one of them is."""
    providers = [name for (name,) in _rows(connection, "SELECT json_object_keys(cdb_connectors())")]
    described = {provider: _parameters(connection, provider) for provider in providers}
    keys: dict[str, Key] = {}
    for parameters in described.values():
        for name, key in (parameters[member] if member else parameters).items():
            if not _is_key(key):
                key = {"type": "object", "required": name == "connection", "default": None, "description": f"Object of {name} keys."}
            has_it = [other for other in providers if member or name in described[other]]
            if len(has_it) < len(providers):
                key = {**key, "description": f"{', '.join(has_it)}: {key['description']}"}
            keys.setdefault(name, key)
    return _keys(keys.items())


_KINDS: Mapping[str, Callable[[Connection, str], Table]] = {
    "functions": _functions,
    "settings": _settings,
    "errors": _errors,
    "view": _columns,
    "connection": _connection_keys,
    "request": _request_keys,
}
