"""CREATE, ALTER and DROP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import collations
from ..errors import SqlError, error, refused
from ..types import INT, full_name
from . import nodes
from .bound import Bound, Scope, Source, identifier, path
from .statements import parse_expression
from .storage import ColumnRecord, ForeignKeyRecord, KeyRecord, Table, file_alias, storage_type

if TYPE_CHECKING:
    from .executor import Executor


class Definitions:
    """What changes the catalog."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def run(self, node: nodes.Statement) -> None:
        """Runs a statement that defines something; of temporary tables everybody may have his own."""
        parts = getattr(node, "table", None) or (node.names[0] if isinstance(node, nodes.Drop) else ("",))
        if not parts[-1].startswith("#"):
            self.executor.permissions.require_owner(" ".join(node.text.split()[:2]).upper())
        getattr(self, f"_{type(node).__name__.lower()}")(node)

    # tables
    def _createtable(self, node: nodes.CreateTable) -> None:
        database = self.executor.catalog.resolve(node.table)[0]
        columns = [self._column(definition, database) for definition in node.columns]
        names = [column.name.lower() for column in columns]
        for name in names:
            if names.count(name) > 1:
                raise SqlError(
                    2705,
                    f"Column names in each table must be unique. Column name '{name}' in table '{node.table[-1]}' is specified more than once.",
                )
        if sum(column.identity is not None for column in columns) > 1:
            raise SqlError(
                2744,
                f"Multiple identity columns specified for table '{node.table[-1]}'. Only one identity column per table is allowed.",
            )
        keys = list(node.keys)
        for definition in node.columns:
            if definition.primary_key or definition.unique:
                keys.append(nodes.KeyDefinition(None, ((definition.name, False),), definition.primary_key))
        self.create(node.table, columns, keys, node.foreign_keys)

    def _column(self, definition: nodes.ColumnDefinition, database: str) -> ColumnRecord:
        if definition.kind is None:
            return ColumnRecord(definition.name, "int", computed=definition.computed)  # its type follows later
        kind = definition.kind
        if kind.collation:
            try:
                collations.collation(kind.collation)
            except collations.UnknownCollation:
                raise error(448, kind.collation) from None
        elif kind.is_text:
            kind = kind.with_collation(self.executor.catalog.collation_of(database))
        if definition.identity is not None and not (kind.is_integer and kind.name != "bit"):
            raise refused("identity columns that are no integers")
        default = None if definition.default is None else _source_text(definition.default)
        return ColumnRecord(definition.name, full_name(kind), definition.nullable, definition.identity, default)

    def create(
        self,
        parts: Sequence[str],
        columns: list[ColumnRecord],
        keys: Sequence[nodes.KeyDefinition] = (),
        foreign_keys: Sequence[nodes.ForeignKeyDefinition] = (),
    ) -> Table:
        """A new table with its keys."""
        catalog = self.executor.catalog
        database, schema, name, temporary = catalog.resolve(parts)
        self._free(database, schema, name, temporary)
        if not temporary:
            schema = self._schema(database, schema)
        table = Table(database, schema, name, columns, temporary=temporary)
        for column in columns:
            if column.computed is not None:
                self._compute(table, column)
        for key in keys:
            table.keys.append(self._key(table, key, constraint=True))
        catalog.records.save(table)
        for foreign_key in foreign_keys:
            table.foreign_keys.append(self._foreign_key(table, foreign_key))
        if foreign_keys:
            catalog.records.save(table)
        self._build(table)
        return table

    def _build(self, table: Table) -> None:
        heads = ", ".join(
            f"{identifier(column.name)} {storage_type(column.kind)}{'' if column.nullable else ' NOT NULL'}"
            for column in table.columns
            if column.computed is None
        )
        self.executor.run_sql(f"CREATE TABLE {table.sqlite_name} ({heads})")
        for key in table.keys:
            self._build_key(table, key)

    def _build_key(self, table: Table, key: KeyRecord) -> None:
        place = "temp" if table.temporary else file_alias(table.database)
        index = path(place, f"{table.schema}.{table.name}.{key.name}")
        columns = ", ".join(
            f"{identifier(table.columns[number - 1].name)}{' DESC' if descending else ''}"
            for number, descending in key.columns
        )
        unique = "UNIQUE " if key.unique else ""
        self.executor.run_sql(
            f"CREATE {unique}INDEX {index} ON {identifier(f'{table.schema}.{table.name}')} ({columns})"
        )

    def _key(self, table: Table, key: nodes.KeyDefinition, *, constraint: bool) -> KeyRecord:
        numbers = []
        for name, descending in key.columns:
            index = table.column(name)
            if index is None:
                raise SqlError(1911, f"Column name '{name}' does not exist in the target table or view.")
            if key.primary:
                table.columns[index] = replace(table.columns[index], nullable=False)
            numbers.append((index + 1, descending))
        if key.primary and any(known.primary for known in table.keys):
            raise SqlError(8110, f"Cannot add multiple PRIMARY KEY constraints to table '{table.name}'.")
        count = len(table.keys) + 1
        name = key.name or f"{'PK' if key.primary else 'UQ'}__{table.name[:8]}__{count:016X}"
        included = self._numbers(table, key.included)
        return KeyRecord(name, numbers, key.primary, key.primary or key.unique, constraint, included, key.filter)

    def _foreign_key(self, table: Table, key: nodes.ForeignKeyDefinition) -> ForeignKeyRecord:
        referenced = self.executor.catalog.table(key.table)
        if referenced is None:
            raise SqlError(1767, f"Foreign key references invalid table '{'.'.join(key.table)}'.")
        name = key.name or f"FK__{table.name[:8]}__{len(table.foreign_keys) + 1:016X}"
        numbers, there = self._numbers(table, key.columns), self._numbers(referenced, key.referenced)
        return ForeignKeyRecord(name, numbers, referenced.object_id, there, key.on_delete, key.on_update)

    @staticmethod
    def _numbers(table: Table, names: Sequence[str]) -> list[int]:
        found = []
        for name in names:
            index = table.column(name)
            if index is None:
                raise SqlError(1911, f"Column name '{name}' does not exist in the target table or view.")
            found.append(index + 1)
        return found

    def _compute(self, table: Table, column: ColumnRecord) -> None:
        """Binds a computed column, once and for all."""
        plain = [one for one in table.columns if one.computed is None]
        shown = Table(table.database, table.schema, table.name, plain).columns_shown()
        texts = ["\0." + identifier(one.name) for one in plain]
        binder = self.executor.binder()
        assert column.computed is not None
        bound: Bound = binder.bind(parse_expression(column.computed), Scope([Source(table.name, shown, texts)]))
        if binder.parameters.values:
            raise refused("computed columns with long constants")
        column.computed, column.type_name = bound.sql, full_name(bound.kind or INT)
        column.nullable = bound.nullable

    def _free(self, database: str, schema: str, name: str, temporary: bool) -> None:
        if self.executor.catalog.records.table(database, schema, name, temporary=temporary) is not None:
            raise error(2714, name, state=6)

    def _schema(self, database: str, schema: str) -> str:
        for _, known in self.executor.catalog.records.schemas(database):
            if known.lower() == schema.lower():
                return known
        raise error(2760, schema)

    def _createindex(self, node: nodes.CreateIndex) -> None:
        table = self._existing(node.table)
        key = self._key(table, node.key, constraint=False)
        self._build_key(table, key)
        table.keys.append(key)
        self.executor.catalog.records.save(table)

    def _existing(self, parts: Sequence[str]) -> Table:
        table = self.executor.catalog.table(parts)
        if table is None or table.view_text is not None:
            raise SqlError(
                4902,
                f'Cannot find the object "{".".join(parts)}" because it does not exist or you do not have permissions.',
            )
        self.executor.lock(table)
        return table

    # views, schemas, databases
    def _createview(self, node: nodes.CreateView) -> None:
        database, schema, name, _ = self.executor.catalog.resolve(node.view)
        self._free(database, schema, name, False)
        schema = self._schema(database, schema)
        view = Table(database, schema, name, view_text=node.query_text, view_columns=list(node.columns))
        columns = self.executor.view_columns(view)
        for number, column in enumerate(columns, 1):
            if not column.name:
                raise SqlError(
                    4511, f"Create View or Function failed because no column name was specified for column {number}."
                )
        self.executor.catalog.records.save(view)

    def _createschema(self, node: nodes.CreateSchema) -> None:
        catalog = self.executor.catalog
        if any(name.lower() == node.name.lower() for _, name in catalog.records.schemas(catalog.database)):
            raise error(2714, node.name, state=6)
        catalog.records.add_schema(catalog.database, node.name)

    def _createdatabase(self, node: nodes.CreateDatabase) -> None:
        catalog = self.executor.catalog
        if catalog.storage.find(node.name) is not None:
            raise error(1801, node.name, state=3)
        if "/" in node.name or node.name.startswith("."):
            raise refused("databases with such names")
        collation = node.collation or collations.DEFAULT
        try:
            collations.collation(collation)
        except collations.UnknownCollation:
            raise error(448, collation) from None
        catalog.storage.create(node.name, collation)

    def _allowsnapshots(self, node: nodes.AllowSnapshots) -> None:
        catalog = self.executor.catalog
        if self.executor.environment.transactions:
            raise error(226, "ALTER DATABASE")
        name = catalog.database if node.name is None else catalog.storage.find(node.name)
        if name is None:
            raise error(911, node.name)
        catalog.records.allow_snapshots(name, node.allowed)

    def _drop(self, node: nodes.Drop) -> None:
        for parts in node.names:
            if node.what in ("TABLE", "VIEW"):
                self._drop_table(parts, node)
            elif node.what == "SCHEMA":
                self._drop_schema(parts[-1], node)
            else:
                self._drop_database(parts[-1], node)

    def _drop_table(self, parts: Sequence[str], node: nodes.Drop) -> None:
        table = self.executor.catalog.table(parts)
        if table is None or (table.view_text is not None) != (node.what == "VIEW"):
            if node.if_exists and table is None:
                return
            raise error(3701, node.what.lower(), ".".join(parts), state=5)
        if table.view_text is None:
            self.executor.lock(table)
            self.executor.run_sql(f"DROP TABLE {table.sqlite_name}")
        self.executor.catalog.records.forget(table)

    def _drop_schema(self, name: str, node: nodes.Drop) -> None:
        catalog = self.executor.catalog
        if not any(known.lower() == name.lower() for _, known in catalog.records.schemas(catalog.database)):
            if node.if_exists:
                return
            raise error(3701, "schema", name)
        if any(table.schema.lower() == name.lower() for table in catalog.records.tables(catalog.database)):
            raise SqlError(3729, f"Cannot drop schema '{name}' because it is being referenced by an object.")
        catalog.records.drop_schema(catalog.database, name)

    def _drop_database(self, name: str, node: nodes.Drop) -> None:
        catalog = self.executor.catalog
        found = catalog.storage.find(name)
        if found is None:
            if node.if_exists:
                return
            raise error(3701, "database", name)
        if found == catalog.database:
            raise SqlError(3702, f'Cannot drop database "{name}" because it is currently in use.')
        catalog.records.detach(found)
        catalog.storage.drop(found)

    # ALTER TABLE: the table is built anew
    def _altertable(self, node: nodes.AlterTable) -> None:
        table = self._existing(node.table)
        if node.add_key is not None:
            key = self._key(table, node.add_key, constraint=True)
            table.keys.append(key)
            self._rebuild(
                table, table, {column.name: column.name for column in table.columns if column.computed is None}
            )
            return
        after = replace(table, columns=list(table.columns), keys=list(table.keys))
        copied = {column.name: column.name for column in table.columns if column.computed is None}
        if node.drop and (after.foreign_keys or any(key.included for key in after.keys)):
            raise refused("dropping columns of a table with foreign keys or included columns")
        for name in node.drop:
            index = after.column(name)
            if index is None:
                raise SqlError(
                    4924,
                    f"ALTER TABLE DROP COLUMN failed because column '{name}' does not exist in table '{table.name}'.",
                )
            if any(index + 1 == number for key in after.keys for number, _ in key.columns):
                raise SqlError(5074, f"The object is dependent on column '{name}'.")
            copied.pop(after.columns[index].name, None)
            del after.columns[index]
            after.keys = [
                replace(key, columns=[(number - (number > index + 1), down) for number, down in key.columns])
                for key in after.keys
            ]
        for definition in node.add:
            if after.column(definition.name) is not None:
                raise SqlError(
                    2705,
                    f"Column names in each table must be unique. Column name '{definition.name}' in table '{table.name}' is specified more than once.",
                )
            column = self._column(definition, after.database)
            after.columns.append(column)
            if column.computed is not None:
                self._compute(after, column)
        if node.alter is not None:
            self._alter_column(after, node.alter)
        self._rebuild(table, after, copied)

    def _alter_column(self, table: Table, definition: nodes.ColumnDefinition) -> None:
        index = table.column(definition.name)
        if index is None:
            raise SqlError(
                4924,
                f"ALTER TABLE ALTER COLUMN failed because column '{definition.name}' does not exist in table '{table.name}'.",
            )
        column = self._column(definition, table.database)
        table.columns[index] = replace(column, name=table.columns[index].name, default=table.columns[index].default)

    def _rebuild(self, before: Table, after: Table, copied: dict[str, str]) -> None:
        executor = self.executor
        binder = executor.binder()
        own_transaction = not executor.environment.transactions
        if own_transaction:
            executor.run_sql("BEGIN IMMEDIATE")
        try:
            old_columns = {column.name: column for column in before.columns}
            aside = replace(before, name=before.name + "$old", keys=[])
            executor.run_sql(f"ALTER TABLE {before.sqlite_name} RENAME TO {identifier(f'{aside.schema}.{aside.name}')}")
            place = "temp" if before.temporary else file_alias(before.database)
            for key in before.keys:
                executor.run_sql(f"DROP INDEX IF EXISTS {path(place, f'{before.schema}.{before.name}.{key.name}')}")
            self._build(after)
            heads, texts = [], []
            for column in after.columns:
                if column.name in copied:
                    have = Bound(identifier(column.name), old_columns[column.name].kind)
                    texts.append(binder.assigned(have, column.kind, after.full_name, column.name).sql)
                elif column.default is not None and not column.nullable:
                    bound = binder.bind(parse_expression(column.default), Scope())
                    texts.append(binder.assigned(bound, column.kind, after.full_name, column.name).sql)
                else:
                    continue
                heads.append(identifier(column.name))
            executor.run_sql(
                f"INSERT INTO {after.sqlite_name} ({', '.join(heads)}) SELECT {', '.join(texts)} FROM {aside.sqlite_name}",
                binder.parameters.values,
            )
            executor.run_sql(f"DROP TABLE {aside.sqlite_name}")
            executor.catalog.records.save(after)
            if own_transaction:
                executor.run_sql("COMMIT")
        except BaseException:
            if own_transaction and executor.connection.in_transaction:
                executor.connection.execute("ROLLBACK")
            raise


def _source_text(node: nodes.Node) -> str:
    """A default's expression as text again; the parser kept no text of it."""
    if isinstance(node, nodes.Literal):
        if node.value is None:
            return "NULL"
        if isinstance(node.value, bytes):
            return "0x" + node.value.hex()
        if node.kind is not None and node.kind.is_text:
            return ("N'" if node.kind.is_unicode else "'") + node.value.replace("'", "''") + "'"
        return str(node.value)
    if isinstance(node, nodes.Unary) and node.operator == "-":
        return "-" + _source_text(node.operand)
    if isinstance(node, nodes.Call) and not node.arguments:
        return f"{node.name}()"
    raise refused("defaults that are neither constants nor functions without arguments")
