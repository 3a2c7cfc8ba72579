"""The system views: their columns, and their rows made from the records. The columns are the ones that clients ask for;
a column that is not listed is error 207, as any unknown column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..tokens import Column
from ..types import LONGEST_VECTOR, NAMES, SqlType, make, parse
from . import babelfish

if TYPE_CHECKING:
    from .catalog import Catalog
    from .storage import Table

Rows = Iterable[tuple[Any, ...]]


def columns_of_text(text: str) -> tuple[Column, ...]:
    """`name type, name type`; a `?` behind the type makes it nullable."""
    found = []
    for part in text.split(","):
        name, kind = part.split(maxsplit=1)
        nullable = kind.endswith("?")
        shown = kind.rstrip("?").strip()
        parsed = SqlType("nvarchar", 128) if shown == "sysname" else parse(shown.replace(";", ","))
        found.append(Column(name, parsed.with_collation("SQL_Latin1_General_CP1_CI_AS"), nullable=nullable))
    return tuple(found)


def _objects(catalog: Catalog, database: str) -> Rows:
    for table in catalog.records.tables(database):
        view = table.view_text is not None
        yield (
            table.name,
            table.object_id,
            None,
            catalog.schema_id(database, table.schema),
            0,
            "V " if view else "U ",
            "VIEW" if view else "USER_TABLE",
            table.created,
            table.created,
            0,
        )
        for number, key in enumerate(table.keys, 1):
            if key.constraint:
                kind, words = ("PK", "PRIMARY_KEY_CONSTRAINT") if key.primary else ("UQ", "UNIQUE_CONSTRAINT")
                schema = catalog.schema_id(database, table.schema)
                yield (
                    key.name,
                    table.object_id + number,
                    None,
                    schema,
                    table.object_id,
                    kind,
                    words,
                    table.created,
                    table.created,
                    0,
                )


def _objects_of(kind: str) -> Callable[[Catalog, str], Rows]:
    return lambda catalog, database: [row for row in _objects(catalog, database) if row[5] == kind]


def _key_constraints(catalog: Catalog, database: str) -> Rows:
    for table in catalog.records.tables(database):
        for index_id, key in _indexes_of(table):
            if key is not None and key.constraint:
                yield (
                    key.name,
                    table.object_id + table.keys.index(key) + 1,
                    catalog.schema_id(database, table.schema),
                    table.object_id,
                    "PK" if key.primary else "UQ",
                    index_id,
                )


def _column_rows(catalog: Catalog, database: str) -> Rows:
    is_babelfish = catalog.environment.facts.product is babelfish.Product.BABELFISH
    for table in catalog.records.tables(database):
        for number, column in enumerate(catalog.columns_of(table), 1):
            kind = column.kind
            yield (
                table.object_id,
                babelfish.catalog_name(column.name) if is_babelfish else column.name,
                number,
                kind.system_type_id,
                kind.user_type_id,
                kind.max_length,
                kind.catalog_precision,
                kind.catalog_scale,
                (kind.collation or catalog.collation_of(database)) if kind.is_text else None,
                int(column.nullable),
                int(column.identity),
                int(column.computed and kind.name != "timestamp"),
                0,
                0,
                0,
                0,
            )


def _identity_columns(catalog: Catalog, database: str) -> Rows:
    for table in catalog.records.tables(database):
        for number, column in enumerate(table.columns, 1):
            if column.identity is not None:
                yield (table.object_id, column.name, number)


def _types(catalog: Catalog, database: str) -> Rows:
    for name in NAMES:
        kind = make(name, (LONGEST_VECTOR,) if name == "vector" else ())
        longest = {"nvarchar": 8000, "nchar": 8000, "varchar": 8000, "char": 8000, "varbinary": 8000, "binary": 8000}
        precision = 38 if name in ("decimal", "numeric") else kind.catalog_precision
        scale = 38 if name in ("decimal", "numeric") else kind.catalog_scale
        size = 17 if name in ("decimal", "numeric") else longest.get(name, kind.max_length)
        yield (
            name,
            kind.system_type_id,
            kind.user_type_id,
            4,
            size,
            precision,
            scale,
            catalog.collation_of(database) if kind.is_text else None,
            int(name != "timestamp"),
            0,
            int(kind.is_udt),
        )
    yield ("sysname", 231, 256, 4, 256, 0, 0, catalog.collation_of(database), 0, 0, 0)


def _indexes_of(table: Table) -> Iterable[tuple[int, Any]]:
    """index_id and key: the primary key is the clustered index 1, a heap has 0, the others count from 2."""
    primary = next((key for key in table.keys if key.primary), None)
    if table.view_text is None:
        yield (1 if primary else 0), primary
    for number, key in enumerate((key for key in table.keys if not key.primary), 2):
        yield number, key


def _indexes(catalog: Catalog, database: str) -> Rows:
    for table in catalog.records.tables(database):
        for index_id, key in _indexes_of(table):
            yield (
                table.object_id,
                key.name if key else None,
                index_id,
                min(index_id, 2),
                ("HEAP", "CLUSTERED", "NONCLUSTERED")[min(index_id, 2)],
                int(bool(key and key.unique)),
                int(bool(key and key.primary)),
                int(bool(key and key.constraint and not key.primary)),
                0,
                int(bool(key and key.filter)),
                key.filter if key else None,
                0,
            )


def _index_columns(catalog: Catalog, database: str) -> Rows:
    for table in catalog.records.tables(database):
        for index_id, key in _indexes_of(table):
            for ordinal, (column, descending) in enumerate(key.columns if key else (), 1):
                yield (table.object_id, index_id, ordinal, column, ordinal, int(descending), 0)
            for place, column in enumerate(key.included if key else (), len(key.columns) + 1 if key else 1):
                yield (table.object_id, index_id, place, column, 0, 0, 1)


_ACTIONS = ("NO ACTION", "CASCADE", "SET NULL", "SET DEFAULT")


def _foreign_key_number(table: Table, number: int) -> int:
    return table.object_id + 8 + number


def _foreign_keys(catalog: Catalog, database: str) -> Rows:
    for table in catalog.records.tables(database):
        for number, key in enumerate(table.foreign_keys):
            yield (
                key.name,
                _foreign_key_number(table, number),
                catalog.schema_id(database, table.schema),
                table.object_id,
                key.referenced_object,
                0,
                0,
                _ACTIONS.index(key.on_delete),
                _ACTIONS.index(key.on_update),
            )


def _foreign_key_columns(catalog: Catalog, database: str) -> Rows:
    for table in catalog.records.tables(database):
        for number, key in enumerate(table.foreign_keys):
            for place, (column, there) in enumerate(zip(key.columns, key.referenced_columns, strict=True), 1):
                constraint = _foreign_key_number(table, number)
                yield (constraint, place, table.object_id, column, key.referenced_object, there)


def _default_constraints(catalog: Catalog, database: str) -> Rows:
    for table in catalog.records.tables(database):
        for number, column in enumerate(table.columns, 1):
            if column.default is not None:
                # The server puts a number into parentheses of its own.
                is_number = column.default.lstrip("-(").replace(".", "").rstrip(")").isdigit()
                shown = f"(({column.default}))" if is_number else f"({column.default})"
                name = f"DF__{table.name[:9]}__{column.name[:5]}__{table.object_id:08X}"
                yield (name, table.object_id + number, table.object_id, number, shown)


def _properties(catalog: Catalog, database: str) -> Rows:
    for object_id, column, name, value in catalog.records.properties(database):
        yield (1, "OBJECT_OR_COLUMN", object_id, column, name, value)


def _partitions(catalog: Catalog, database: str) -> Rows:
    for table in catalog.records.tables(database):
        if table.view_text is None:
            for index_id, _ in _indexes_of(table):
                yield (table.object_id + index_id, table.object_id, index_id, 1, catalog.count_rows(table))


def _partition_stats(catalog: Catalog, database: str) -> Rows:
    return [row[:4] + (row[4],) for row in _partitions(catalog, database)]


def _schemas(catalog: Catalog, database: str) -> Rows:
    return [(name, number, 1) for number, name in catalog.records.schemas(database)]


def _databases(catalog: Catalog, database: str) -> Rows:
    for number, name in enumerate(catalog.storage.databases(), 1):
        snapshots = catalog.records.allows_snapshots(name)
        yield (name, number, catalog.collation_of(name), 0, "ONLINE", int(snapshots), 160, 0, "ON" if snapshots else "OFF")


def _information_tables(catalog: Catalog, database: str) -> Rows:
    for table in catalog.records.tables(database):
        yield (database, table.schema, table.name, "VIEW" if table.view_text is not None else "BASE TABLE")


def _information_columns(catalog: Catalog, database: str) -> Rows:
    for table in catalog.records.tables(database):
        for number, column in enumerate(catalog.columns_of(table), 1):
            kind = column.kind
            sized = kind.is_text or kind.is_binary
            length = {"text": 2147483647, "ntext": 1073741823, "image": 2147483647, "timestamp": None}.get(
                kind.name, kind.length
            )
            number_like = kind.is_exact or (kind.is_integer and kind.name != "bit") or kind.name in ("real", "float")
            yield (
                database,
                table.schema,
                table.name,
                column.name,
                number,
                None,
                "YES" if column.nullable else "NO",
                kind.name,
                length if sized else None,
                (kind.max_length if kind.length else length) if sized else None,
                kind.catalog_precision if number_like else None,
                kind.catalog_scale if number_like and kind.name not in ("real", "float") else None,
                kind.catalog_scale if kind.is_temporal else None,
                (kind.collation or catalog.collation_of(database)) if kind.is_text else None,
            )


def _information_constraints(catalog: Catalog, database: str) -> Rows:
    for table in catalog.records.tables(database):
        for key in table.keys:
            if key.constraint:
                words = "PRIMARY KEY" if key.primary else "UNIQUE"
                yield (database, table.schema, key.name, database, table.schema, table.name, words)


def _information_key_columns(catalog: Catalog, database: str) -> Rows:
    for table in catalog.records.tables(database):
        for key in table.keys:
            for ordinal, (column, _) in enumerate(key.columns if key.constraint else (), 1):
                name = table.columns[column - 1].name
                yield (database, table.schema, key.name, database, table.schema, table.name, name, ordinal)


def _sessions(catalog: Catalog, database: str) -> Rows:
    for one in catalog.environment.sessions():
        state = "running" if one.statement else "sleeping"
        names = (one.host, one.application, one.user, one.user)
        yield (one.spid, one.since, *names, state, 1, *one.settings())


def _requests(catalog: Catalog, database: str) -> Rows:
    for one in catalog.environment.sessions():
        if one.statement:
            yield (one.spid, 0, "suspended" if one.waiting else "running", "SELECT", one.handle, one.started)


def _connections(catalog: Catalog, database: str) -> Rows:
    for one in catalog.environment.sessions():
        yield (one.spid, "TRUE" if one.encrypted else "FALSE", "SQL", one.version, "TCP", "127.0.0.1", one.packet_size)


def _statement_texts(catalog: Catalog, database: str) -> Rows:
    return [(one.handle, one.statement) for one in catalog.environment.sessions() if one.statement]


def _logins(catalog: Catalog, database: str) -> Rows:
    return [
        ("sa", 1, "S", "SQL_LOGIN"),
        *((name, 256 + number, "S", "SQL_LOGIN") for number, name in enumerate(catalog.records.logins())),
    ]


def _users(catalog: Catalog, database: str) -> Rows:
    users = enumerate(catalog.records.users(database))
    return [("dbo", 1, "S", "SQL_USER"), *((name, 5 + number, "S", "SQL_USER") for number, (name, _) in users)]


_PRINCIPAL = "name sysname, principal_id int, type char(1), type_desc nvarchar(60)?"
_OBJECT = (
    "name sysname, object_id int, principal_id int?, schema_id int, parent_object_id int, type char(2),"
    " type_desc nvarchar(60), create_date datetime, modify_date datetime, is_ms_shipped bit"
)
_COLUMN = (
    "object_id int, name sysname?, column_id int, system_type_id tinyint, user_type_id int, max_length smallint,"
    " precision tinyint, scale tinyint, collation_name sysname?, is_nullable bit?, is_identity bit, is_computed bit,"
    " is_sparse bit?, is_column_set bit?, is_hidden bit?, generated_always_type tinyint?"
)

VIEWS: dict[str, tuple[tuple[Column, ...], Callable[[Catalog, str], Rows]]] = {
    "sys.objects": (columns_of_text(_OBJECT), _objects),
    "sys.all_objects": (columns_of_text(_OBJECT), _objects),
    "sys.tables": (columns_of_text(_OBJECT), _objects_of("U ")),
    "sys.views": (columns_of_text(_OBJECT), _objects_of("V ")),
    "sys.all_views": (columns_of_text(_OBJECT), _objects_of("V ")),
    "sys.columns": (columns_of_text(_COLUMN), _column_rows),
    "sys.all_columns": (columns_of_text(_COLUMN), _column_rows),
    "sys.identity_columns": (columns_of_text("object_id int, name sysname?, column_id int"), _identity_columns),
    "sys.types": (
        columns_of_text(
            "name sysname, system_type_id tinyint, user_type_id int, schema_id int, max_length smallint, precision tinyint,"
            " scale tinyint, collation_name sysname?, is_nullable bit?, is_user_defined bit, is_assembly_type bit"
        ),
        _types,
    ),
    "sys.indexes": (
        columns_of_text(
            "object_id int, name sysname?, index_id int, type tinyint, type_desc nvarchar(60)?, is_unique bit?,"
            " is_primary_key bit?, is_unique_constraint bit?, is_disabled bit?, has_filter bit?, filter_definition nvarchar(max)?, is_hypothetical bit?"
        ),
        _indexes,
    ),
    "sys.index_columns": (
        columns_of_text(
            "object_id int, index_id int, index_column_id int, column_id int, key_ordinal tinyint, is_descending_key bit?,"
            " is_included_column bit?"
        ),
        _index_columns,
    ),
    "sys.foreign_keys": (
        columns_of_text(
            "name sysname, object_id int, schema_id int, parent_object_id int, referenced_object_id int?, is_disabled bit,"
            " is_not_trusted bit, delete_referential_action tinyint?, update_referential_action tinyint?"
        ),
        _foreign_keys,
    ),
    "sys.foreign_key_columns": (
        columns_of_text(
            "constraint_object_id int, constraint_column_id int, parent_object_id int, parent_column_id int,"
            " referenced_object_id int, referenced_column_id int"
        ),
        _foreign_key_columns,
    ),
    "sys.default_constraints": (
        columns_of_text(
            "name sysname, object_id int, parent_object_id int, parent_column_id int, definition nvarchar(max)?"
        ),
        _default_constraints,
    ),
    "sys.key_constraints": (
        columns_of_text(
            "name sysname, object_id int, schema_id int, parent_object_id int, type char(2), unique_index_id int?"
        ),
        _key_constraints,
    ),
    "sys.extended_properties": (
        columns_of_text(
            "class tinyint, class_desc nvarchar(60)?, major_id int, minor_id int, name sysname, value sql_variant?"
        ),
        _properties,
    ),
    "sys.partitions": (
        columns_of_text("partition_id bigint, object_id int, index_id int, partition_number int, rows bigint?"),
        _partitions,
    ),
    "sys.dm_db_partition_stats": (
        columns_of_text("partition_id bigint?, object_id int, index_id int, partition_number int, row_count bigint?"),
        _partition_stats,
    ),
    "sys.schemas": (columns_of_text("name sysname, schema_id int, principal_id int?"), _schemas),
    "sys.databases": (
        columns_of_text(
            "name sysname, database_id int, collation_name sysname?, state tinyint?, state_desc nvarchar(60)?,"
            " snapshot_isolation_state tinyint?, compatibility_level tinyint, is_read_only bit?,"
            " snapshot_isolation_state_desc nvarchar(60)?"
        ),
        _databases,
    ),
    "sys.dm_exec_sessions": (
        columns_of_text(
            "session_id smallint, login_time datetime, host_name nvarchar(128)?, program_name nvarchar(128)?,"
            " login_name nvarchar(128), original_login_name nvarchar(128), status nvarchar(30), is_user_process bit,"
            " text_size int, language nvarchar(128)?, date_format nvarchar(3)?, lock_timeout int, transaction_isolation_level smallint"
        ),
        _sessions,
    ),
    "sys.dm_exec_requests": (
        columns_of_text(
            "session_id smallint, request_id int, status nvarchar(30), command nvarchar(32), sql_handle varbinary(64)?,"
            " start_time datetime"
        ),
        _requests,
    ),
    "sys.dm_exec_connections": (
        columns_of_text(
            "session_id int?, encrypt_option nvarchar(40), auth_scheme nvarchar(40), protocol_version int?,"
            " net_transport nvarchar(40), client_net_address varchar(48)?, net_packet_size int?"
        ),
        _connections,
    ),
    "sys.server_principals": (columns_of_text(_PRINCIPAL), _logins),
    "sys.sql_logins": (columns_of_text(_PRINCIPAL), _logins),
    "sys.database_principals": (columns_of_text(_PRINCIPAL), _users),
    "dm_exec_sql_text": (columns_of_text("sql_handle varbinary(64), text nvarchar(max)?"), _statement_texts),
    "information_schema.tables": (
        columns_of_text(
            "TABLE_CATALOG nvarchar(128)?, TABLE_SCHEMA nvarchar(128)?, TABLE_NAME sysname, TABLE_TYPE varchar(10)?"
        ),
        _information_tables,
    ),
    "information_schema.columns": (
        columns_of_text(
            "TABLE_CATALOG nvarchar(128)?, TABLE_SCHEMA nvarchar(128)?, TABLE_NAME sysname, COLUMN_NAME sysname?,"
            " ORDINAL_POSITION int?, COLUMN_DEFAULT nvarchar(4000)?, IS_NULLABLE varchar(3)?, DATA_TYPE nvarchar(128)?,"
            " CHARACTER_MAXIMUM_LENGTH int?, CHARACTER_OCTET_LENGTH int?, NUMERIC_PRECISION tinyint?, NUMERIC_SCALE int?,"
            " DATETIME_PRECISION smallint?, COLLATION_NAME sysname?"
        ),
        _information_columns,
    ),
    "information_schema.table_constraints": (
        columns_of_text(
            "CONSTRAINT_CATALOG nvarchar(128)?, CONSTRAINT_SCHEMA nvarchar(128)?, CONSTRAINT_NAME sysname,"
            " TABLE_CATALOG nvarchar(128)?, TABLE_SCHEMA nvarchar(128)?, TABLE_NAME sysname, CONSTRAINT_TYPE varchar(11)?"
        ),
        _information_constraints,
    ),
    "information_schema.key_column_usage": (
        columns_of_text(
            "CONSTRAINT_CATALOG nvarchar(128)?, CONSTRAINT_SCHEMA nvarchar(128)?, CONSTRAINT_NAME sysname,"
            " TABLE_CATALOG nvarchar(128)?, TABLE_SCHEMA nvarchar(128)?, TABLE_NAME sysname, COLUMN_NAME sysname?,"
            " ORDINAL_POSITION int"
        ),
        _information_key_columns,
    ),
}
