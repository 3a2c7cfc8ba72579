"""The ways of Babelfish for PostgreSQL 4.3 that a client has to live with: descriptions above all.

Its sp_describe_first_result_set creates a view of the batch, and tells that view's columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from ..errors import SqlError
from ..tokens import Column
from ..types import SqlType
from .lexer import Kind, tokenize

if TYPE_CHECKING:
    from .executor import Executor


class Product(Enum):
    """What the server is like."""

    SQL_SERVER = auto()
    BABELFISH = auto()
    NAMELESS = auto()  # describes as Babelfish does, but ends for no batch, and does not tell what it is


class Crash(EOFError):
    """The server ended, with all its sessions."""


_OTHER = 33557097
_LONGEST = 8000
_LONGEST_NAME = 63
_WIDEST = SqlType("decimal", precision=38, scale=38)
_ENDS = re.compile(r"(DECLARE|RAISERROR|THROW|USE)\b|EXEC(UTE)?\s+sp_executesql\b|$", re.IGNORECASE)
_COMMENTS = re.compile(r"(\s+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)

# SQL Server's numbers that it does not have, and its words.
_WORDS = {
    102: (re.compile(r"near '(.*)'"), "syntax error near '{}' at line 1 and character position 1"),
    207: (re.compile(r"name '(.*)'"), 'column "{}" does not exist'),
    208: (re.compile(r"name '(?:.*\.)?(.*)'"), 'relation "{}" does not exist'),
    229: (re.compile(r"object '(.*?)'"), "permission denied for table {}"),
    230: (re.compile(r"of the object '(.*?)'"), "permission denied for table {}"),
}


def reworded(failure: SqlError) -> SqlError:
    """The error as Babelfish numbers and words it."""
    if failure.number == 4060:
        database = failure.text.split('"')[1]
        return SqlError(911, f'database "{database}" does not exist', severity=16)
    pattern, words = _WORDS.get(failure.number, (None, ""))
    found = None if pattern is None else pattern.search(failure.text)
    if found is None:
        return failure
    return SqlError(_OTHER, words.format(found[1].lower()), severity=16, ends_batch=failure.ends_batch)


def checked(executor: Executor, product: Product, text: str) -> str:
    """The text that is described; empty if none of it is. Raises what Babelfish fails with."""
    start = _COMMENTS.match(text)
    begin = text[start.end() if start else 0 :]
    if product is Product.BABELFISH and _ENDS.match(begin):
        raise Crash
    if not executor.permissions.is_admin:
        raise SqlError(_OTHER, f"permission denied for schema {executor.catalog.database}_dbo")
    cut = text[:_LONGEST]
    if cut != text:
        raise SqlError(_OTHER, f"syntax error near '{cut.split()[-1]}' at line 1 and character position {_LONGEST}")
    if not re.match(r"SELECT\b", begin, re.IGNORECASE):
        return ""
    if any(token.kind is Kind.WORD and token.text.upper() == "HASHBYTES" for token in tokenize(text)):
        return ""
    return text


def described(columns: Sequence[Column]) -> Sequence[Column]:
    """The columns as it tells them."""
    names = [column.name or "?column?" for column in columns]
    for name in names:
        if names.count(name) > 1:
            raise SqlError(_OTHER, f'column "{name}" specified more than once')
    return [
        replace(
            column,
            name=catalog_name(name),
            kind=_WIDEST if column.kind.name in ("decimal", "numeric") and not column.updatable else column.kind,
        )
        for name, column in zip(names, columns, strict=True)
    ]


def catalog_name(name: str) -> str:
    """What sys.columns calls a column."""
    return re.sub(r"[^\x00-\x7f]", "?", name.lower())


def sent(columns: Sequence[Column]) -> Sequence[Column]:
    """The columns of a result as it sends them: all may be NULL, and names are cut to 63 bytes."""
    return [
        replace(column, nullable=True, name=column.name.encode()[:_LONGEST_NAME].decode(errors="ignore"))
        for column in columns
    ]
