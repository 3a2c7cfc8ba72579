"""sp_describe_first_result_set and sys.dm_exec_describe_first_result_set: columns without running anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..downlevel import for_client
from ..errors import SqlError, error
from ..login import TDS_74
from ..tokens import Column
from ..types import SqlType
from ..wire_types import encoding
from . import babelfish, nodes
from .lexer import Kind, tokenize
from .statements import Parser, parse_batch
from .system_views import columns_of_text

if TYPE_CHECKING:
    from .executor import Executor

COLUMNS = columns_of_text(
    "is_hidden bit, column_ordinal int, name sysname?, is_nullable bit, system_type_id int, system_type_name nvarchar(256)?,"
    " max_length smallint, precision tinyint, scale tinyint, collation_name sysname?, user_type_id int?,"
    " user_type_database sysname?, user_type_schema sysname?, user_type_name sysname?,"
    " assembly_qualified_type_name nvarchar(4000)?, xml_collection_id int?, xml_collection_database sysname?,"
    " xml_collection_schema sysname?, xml_collection_name sysname?, is_xml_document bit, is_case_sensitive bit,"
    " is_fixed_length_clr_type bit, source_server nvarchar(128)?, source_database nvarchar(128)?, source_schema nvarchar(128)?,"
    " source_table nvarchar(128)?, source_column nvarchar(128)?, is_identity_column bit?, is_part_of_unique_key bit?,"
    " is_updateable bit?, is_computed_column bit?, is_sparse_column_set bit?, ordinal_in_order_by_list smallint?,"
    " order_by_list_length smallint?, order_by_is_descending smallint?, tds_type_id int, tds_length int, tds_collation_id int?,"
    " tds_collation_sort_id tinyint?"
)


def parse_parameters(text: str | None) -> list[tuple[str, SqlType]]:
    """`@a int, @b nvarchar(10) OUTPUT`."""
    if not text:
        return []
    parser = Parser(tokenize(text), text)
    found = []
    while True:
        if parser.token.kind is not Kind.VARIABLE:
            raise parser.unexpected()
        name = parser.next().text
        parser.take("AS")
        found.append((name, parser.type_name()))
        if not parser.take("OUTPUT"):
            parser.take("OUT")
        if not parser.take(","):
            break
    if not parser.at_end():
        raise parser.unexpected()
    return found


def describe(executor: Executor, text: str, parameters: str | None) -> Sequence[Column]:
    """The columns of the first result set of a batch; none if it has no result set."""
    environment = executor.environment
    kept = environment.variables
    environment.variables = {name.lower(): (None, kind) for name, kind in parse_parameters(parameters)}
    try:
        for statement in parse_batch(text, quoted_identifier=environment.quoted_identifier):
            found = _of(executor, statement)
            if found is not None:
                return found
        return ()
    finally:
        environment.variables = kept


def _of(executor: Executor, statement: nodes.Statement) -> Sequence[Column] | None:
    shown = statement.text[:200]
    if isinstance(statement, nodes.SelectStatement):
        if isinstance(statement.query.body, nodes.Select) and statement.query.body.into is not None:
            return None
        binder = executor.binder()
        try:
            found = binder.query(statement.query)
        except SqlError as failure:
            if failure.number == 208 and "'#" in failure.text:
                raise error(11526, shown) from None
            raise
        if binder.uses_temporary_table:
            raise error(11526, shown)
        return None if any(found.variables) else found.columns
    if isinstance(statement, nodes.Insert | nodes.Update | nodes.Delete):
        if not statement.output:
            return None
        table = executor.catalog.table(statement.table)
        if statement.table[-1].startswith("#"):
            raise error(11526, shown)
        if table is None:
            raise error(208, ".".join(statement.table))
        names = ("deleted",) if isinstance(statement, nodes.Delete) else ("inserted",)
        output = executor.changes.output(table, statement.output, names, executor.binder())
        return None if output is None else output.columns
    if isinstance(statement, nodes.ExecuteText):
        raise error(11514, shown)
    if isinstance(statement, nodes.Execute):
        if statement.procedure[-1].lower() == "sp_executesql":
            raise error(11514, shown)
        raise error(11502, shown)
    if isinstance(statement, nodes.Declare):
        for name, kind, _ in statement.variables:
            executor.environment.variables[name.lower()] = (
                None,
                kind.with_collation(executor.catalog.database_collation()),
            )
        return None
    if isinstance(statement, nodes.Block):
        return next((found for one in statement.statements if (found := _of(executor, one)) is not None), None)
    if isinstance(statement, nodes.If):
        branches = [_of(executor, one) for one in (statement.then, statement.otherwise) if one is not None]
        found = [one for one in branches if one is not None]
        if len({tuple(str(column.kind) for column in one) for one in found}) > 1:
            raise SqlError(
                11512, "The metadata could not be determined because the statements in the branches are not compatible."
            )
        return found[0] if found else None
    return None


def rows_for(
    executor: Executor, text: str | None = None, parameters: str | None = None, mode: int | None = 0
) -> tuple[Sequence[Sequence[object]], Sequence[Column]]:
    """The rows of sp_describe_first_result_set."""
    product = executor.environment.facts.product
    if product is babelfish.Product.SQL_SERVER:
        columns = describe(executor, text or "", parameters)
    else:
        columns = babelfish.described(describe(executor, babelfish.checked(executor, product, text or ""), parameters))
    return [row_of(executor, number, column) for number, column in enumerate(columns, 1)], COLUMNS


def row_of(executor: Executor, number: int, column: Column) -> tuple[object, ...]:
    """One row of the description."""
    kind = column.kind
    if kind.is_text and not kind.collation:
        kind = kind.with_collation(executor.catalog.database_collation())
    clr = kind.is_udt
    collation = kind.collated() if kind.is_text else None
    info = encoding(for_client(kind, TDS_74).kind, nullable=column.nullable).type_info
    return (
        0,
        number,
        column.name or None,
        int(column.nullable),
        kind.system_type_id,
        None if clr else str(kind),
        kind.max_length,
        kind.catalog_precision,
        kind.catalog_scale,
        collation.name if collation else None,
        kind.user_type_id if clr else None,
        executor.catalog.database if clr else None,
        "sys" if clr else None,
        kind.name if clr else None,
        f"Microsoft.SqlServer.Types.{kind.name}" if clr else None,
        None,
        None,
        None,
        None,
        0,
        int(collation is not None and collation.sqlite not in ("tsql_ci", "tsql_ci_ai")),
        0,
        None,
        None,
        None,
        None,
        None,
        int(column.identity),
        None,
        int(column.updatable and not column.identity and not column.computed),
        int(column.computed and kind.name != "timestamp"),
        0,
        None,
        None,
        None,
        info[0],
        65535 if kind.is_large else kind.max_length,
        int.from_bytes(collation.wire[:4], "little", signed=True) if collation else None,
        collation.wire[4] if collation else None,
    )
