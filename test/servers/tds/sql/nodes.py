"""The tree of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..types import SqlType


class Node:
    """Anything in the tree."""


# Expressions


@dataclass(frozen=True)
class Literal(Node):
    """A constant in storage form; `kind` is None for NULL."""

    value: Any
    kind: SqlType | None


@dataclass(frozen=True)
class Name(Node):
    """A column, with whatever stands before it."""

    parts: tuple[str, ...]


@dataclass(frozen=True)
class Star(Node):
    """`*` or `t.*`."""

    qualifier: tuple[str, ...] = ()


@dataclass(frozen=True)
class Variable(Node):
    name: str  # with its @


@dataclass(frozen=True)
class Unary(Node):
    operator: str
    operand: Node


@dataclass(frozen=True)
class Binary(Node):
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Compare(Node):
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Logical(Node):
    operator: str  # AND, OR
    left: Node
    right: Node


@dataclass(frozen=True)
class Not(Node):
    operand: Node


@dataclass(frozen=True)
class IsNull(Node):
    operand: Node
    negated: bool


@dataclass(frozen=True)
class Like(Node):
    operand: Node
    pattern: Node
    escape: str | None
    negated: bool


@dataclass(frozen=True)
class In(Node):
    operand: Node
    items: tuple[Node, ...]
    query: Query | None
    negated: bool


@dataclass(frozen=True)
class Exists(Node):
    query: Query


@dataclass(frozen=True)
class Case(Node):
    operand: Node | None
    branches: tuple[tuple[Node, Node], ...]
    default: Node | None


@dataclass(frozen=True)
class Cast(Node):
    operand: Node
    kind: SqlType
    style: Node | None = None
    attempt: bool = False  # TRY_CAST, TRY_CONVERT


@dataclass(frozen=True)
class Window(Node):
    partition: tuple[Node, ...]
    order: tuple[OrderItem, ...]


@dataclass(frozen=True)
class Call(Node):
    name: str  # upper case; with the schema where one is given
    arguments: tuple[Node, ...]
    distinct: bool = False
    window: Window | None = None


@dataclass(frozen=True)
class Method(Node):
    """`target.Name(…)`, or a property where `arguments` is None."""

    target: Node
    name: str
    arguments: tuple[Node, ...] | None


@dataclass(frozen=True)
class Static(Node):
    """`geometry::Name(…)`."""

    kind: str
    name: str
    arguments: tuple[Node, ...] | None


@dataclass(frozen=True)
class Collate(Node):
    operand: Node
    collation: str


@dataclass(frozen=True)
class Scalar(Node):
    """A query as a value."""

    query: Query


# Queries


@dataclass(frozen=True)
class Item(Node):
    """One entry of a SELECT list; `variable` for SELECT @x = …."""

    expression: Node
    alias: str | None = None
    variable: str | None = None


@dataclass(frozen=True)
class OrderItem(Node):
    expression: Node
    descending: bool = False


@dataclass(frozen=True)
class TableName(Node):
    parts: tuple[str, ...]
    alias: str | None = None
    sample: float | None = None  # percent of the rows


@dataclass(frozen=True)
class Derived(Node):
    query: Query
    alias: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableFunction(Node):
    parts: tuple[str, ...]
    arguments: tuple[Node, ...]
    alias: str | None = None


@dataclass(frozen=True)
class Join(Node):
    kind: str  # INNER, LEFT, RIGHT, FULL, CROSS, CROSS APPLY, OUTER APPLY
    left: Node
    right: Node
    condition: Node | None = None


@dataclass(frozen=True)
class Select(Node):
    items: tuple[Item, ...]
    source: Node | None = None
    where: Node | None = None
    group: tuple[Node, ...] = ()
    having: Node | None = None
    distinct: bool = False
    top: Node | None = None
    into: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Values(Node):
    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True)
class SetOperation(Node):
    operator: str  # UNION, UNION ALL, EXCEPT, INTERSECT
    left: Node
    right: Node


@dataclass(frozen=True)
class Cte(Node):
    name: str
    columns: tuple[str, ...]
    query: Query


@dataclass(frozen=True)
class Query(Node):
    """A whole query: WITH, body, ORDER BY, OFFSET and FETCH."""

    body: Node
    order: tuple[OrderItem, ...] = ()
    offset: Node | None = None
    fetch: Node | None = None
    ctes: tuple[Cte, ...] = ()


# Statements


@dataclass(frozen=True)
class Statement(Node):
    line: int = field(default=1, kw_only=True)
    text: str = field(default="", kw_only=True, compare=False)


@dataclass(frozen=True)
class SelectStatement(Statement):
    query: Query


@dataclass(frozen=True)
class Insert(Statement):
    table: tuple[str, ...]
    columns: tuple[str, ...] | None
    source: Node | None  # Query, Values; None for DEFAULT VALUES
    output: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Update(Statement):
    table: tuple[str, ...]
    changes: tuple[tuple[str, Node], ...]
    where: Node | None
    output: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Delete(Statement):
    table: tuple[str, ...]
    where: Node | None
    output: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Truncate(Statement):
    table: tuple[str, ...]


@dataclass(frozen=True)
class ColumnDefinition(Node):
    name: str
    kind: SqlType | None  # None for a computed column
    nullable: bool = True
    identity: tuple[int, int] | None = None
    default: Node | None = None
    primary_key: bool = False
    unique: bool = False
    computed: str | None = None  # text of the expression


@dataclass(frozen=True)
class KeyDefinition(Node):
    name: str | None
    columns: tuple[tuple[str, bool], ...]  # name, descending
    primary: bool
    unique: bool = True
    included: tuple[str, ...] = ()
    filter: str | None = None  # text of the condition


@dataclass(frozen=True)
class ForeignKeyDefinition(Node):
    name: str | None
    columns: tuple[str, ...]
    table: tuple[str, ...]
    referenced: tuple[str, ...]
    on_delete: str  # NO ACTION, CASCADE, SET NULL or SET DEFAULT
    on_update: str


@dataclass(frozen=True)
class CreateTable(Statement):
    table: tuple[str, ...]
    columns: tuple[ColumnDefinition, ...]
    keys: tuple[KeyDefinition, ...]
    foreign_keys: tuple[ForeignKeyDefinition, ...] = ()


@dataclass(frozen=True)
class CreateIndex(Statement):
    table: tuple[str, ...]
    key: KeyDefinition


@dataclass(frozen=True)
class CreateView(Statement):
    view: tuple[str, ...]
    columns: tuple[str, ...]
    query_text: str


@dataclass(frozen=True)
class CreateSchema(Statement):
    name: str


@dataclass(frozen=True)
class CreateDatabase(Statement):
    name: str
    collation: str | None


@dataclass(frozen=True)
class AllowSnapshots(Statement):
    """ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION."""

    name: str | None  # None = the current one
    allowed: bool


@dataclass(frozen=True)
class Drop(Statement):
    what: str  # TABLE, VIEW, SCHEMA, DATABASE
    names: tuple[tuple[str, ...], ...]
    if_exists: bool


@dataclass(frozen=True)
class AlterTable(Statement):
    """ADD columns, DROP COLUMN names, ALTER COLUMN column."""

    table: tuple[str, ...]
    add: tuple[ColumnDefinition, ...] = ()
    drop: tuple[str, ...] = ()
    alter: ColumnDefinition | None = None
    add_key: KeyDefinition | None = None


@dataclass(frozen=True)
class SetOption(Statement):
    option: str  # upper case
    words: tuple[str, ...]


@dataclass(frozen=True)
class SetVariable(Statement):
    name: str
    value: Node


@dataclass(frozen=True)
class Declare(Statement):
    variables: tuple[tuple[str, SqlType, Node | None], ...]


@dataclass(frozen=True)
class Use(Statement):
    database: str


@dataclass(frozen=True)
class Print(Statement):
    value: Node


@dataclass(frozen=True)
class RaiseError(Statement):
    message: Node
    severity: Node
    state: Node
    arguments: tuple[Node, ...]
    options: tuple[str, ...]


@dataclass(frozen=True)
class Throw(Statement):
    number: Node
    message: Node
    state: Node


@dataclass(frozen=True)
class If(Statement):
    condition: Node
    then: Statement
    otherwise: Statement | None


@dataclass(frozen=True)
class While(Statement):
    condition: Node
    body: Statement


@dataclass(frozen=True)
class Block(Statement):
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Argument(Node):
    name: str | None
    value: Node | None  # None for DEFAULT
    output: bool = False


@dataclass(frozen=True)
class Execute(Statement):
    procedure: tuple[str, ...]
    arguments: tuple[Argument, ...]
    result: str | None = None


@dataclass(frozen=True)
class ExecuteText(Statement):
    value: Node


@dataclass(frozen=True)
class Wait(Statement):
    duration: Node


@dataclass(frozen=True)
class Transaction(Statement):
    what: str  # BEGIN, COMMIT, ROLLBACK


@dataclass(frozen=True)
class Kill(Statement):
    session: int


# Principals


@dataclass(frozen=True)
class CreateLogin(Statement):
    name: str
    password: str


@dataclass(frozen=True)
class CreateUser(Statement):
    name: str
    login: str


@dataclass(frozen=True)
class DropPrincipal(Statement):
    what: str  # LOGIN, USER
    name: str
    if_exists: bool


@dataclass(frozen=True)
class Grant(Statement):
    """GRANT, or REVOKE; without a table on the whole database."""

    permissions: tuple[tuple[str, tuple[str, ...]], ...]  # name, columns
    table: tuple[str, ...] | None
    users: tuple[str, ...]
    revokes: bool


@dataclass(frozen=True)
class AddMember(Statement):
    role: str
    user: str
