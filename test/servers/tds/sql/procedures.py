"""The system procedures that clients call, by EXECUTE or by RPC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import conversions
from ..errors import SqlError, error, refused
from ..types import INT, MAX, SqlType
from . import catalog_procedures, describe, nodes

if TYPE_CHECKING:
    from .executor import Executor, Sink

_TEXT = SqlType("nvarchar", MAX)


@dataclass(frozen=True)
class Parameter:
    """An argument as it arrived."""

    name: str  # with its @, or empty
    value: Any
    kind: SqlType
    output: bool = False


@dataclass(frozen=True)
class Output:
    """What an output parameter got."""

    name: str
    value: Any
    kind: SqlType


class Procedures:
    """Calls of procedures in one session."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self._prepared: dict[int, tuple[str, str | None]] = {}

    def execute(self, node: nodes.Execute, sink: Sink) -> None:
        """EXECUTE."""
        arguments = []
        for argument in node.arguments:
            if argument.value is None:
                raise refused("DEFAULT as an argument")
            value, kind = self.executor.evaluate(argument.value)
            arguments.append(Parameter(argument.name or "", value, kind, argument.output))
        sink.entered()
        status, outputs = self.call(node.procedure, arguments, sink)
        for output in outputs:
            for index, argument in enumerate(node.arguments):
                same = argument.name == output.name if argument.name else arguments[index].name == output.name
                if argument.output and isinstance(argument.value, nodes.Variable) and (same or len(outputs) == 1):
                    self.executor.set_variable(argument.value.name, output.value, output.kind)
        if node.result is not None:
            self.executor.set_variable(node.result, status, INT)
        sink.returned(status)

    def call(self, name: Sequence[str], arguments: Sequence[Parameter], sink: Sink) -> tuple[int, list[Output]]:
        """Runs a procedure; gives its status and its output parameters."""
        if name[-1].lower() in catalog_procedures.NAMES:
            catalog_procedures.call(self.executor, name[-1].lower(), [(one.name, one.value) for one in arguments], sink)
            return 0, []
        method = _PROCEDURES.get(name[-1].lower())
        if method is None:
            raise error(2812, ".".join(name), state=62)
        return 0, method(self, arguments, sink)

    @staticmethod
    def _text(arguments: Sequence[Parameter], index: int, name: str) -> str | None:
        """An argument that is text, by name or position."""
        found = next((one for one in arguments if one.name.lower() == name), None)
        if found is None and index < len(arguments) and not arguments[index].name:
            found = arguments[index]
        return (
            None if found is None or found.value is None else str(conversions.convert(found.value, found.kind, _TEXT))
        )

    # running texts
    def _run(self, text: str, declared: str | None, arguments: Sequence[Parameter], sink: Sink) -> list[Output]:
        """A batch with parameters."""
        names = describe.parse_parameters(declared)
        variables: dict[str, tuple[Any, SqlType]] = {}
        sources: dict[str, Parameter] = {}
        for index, argument in enumerate(arguments):
            if argument.name:
                kind = next((kind for name, kind in names if name.lower() == argument.name.lower()), None)
                name = argument.name
            else:
                if index >= len(names):
                    raise SqlError(8144, "Procedure or function has too many arguments specified.")
                name, kind = names[index]
            if kind is None:
                raise SqlError(8145, f"{name} is not a parameter for procedure sp_executesql.")
            kind = kind.with_collation(self.executor.catalog.database_collation())
            variables[name.lower()] = (conversions.convert(argument.value, argument.kind, kind), kind)
            sources[name.lower()] = argument
        missing = next((name for name, _ in names if name.lower() not in variables), None)
        if missing is not None:
            raise SqlError(8178, f"The parameterized query expects the parameter '{missing}', which was not supplied.")
        environment = self.executor.environment
        outer, environment.variables = environment.variables, variables
        try:
            self.executor.run_text(text, sink)
            return [
                Output(argument.name, *environment.variables[name])
                for name, argument in sources.items()
                if argument.output
            ]
        finally:
            environment.variables = outer

    def _execute_sql(self, arguments: Sequence[Parameter], sink: Sink) -> list[Output]:
        text = self._text(arguments, 0, "@stmt") or self._text(arguments, 0, "@statement")
        declared = self._text(arguments, 1, "@params")
        return self._run(text or "", declared, arguments[2:], sink)

    def _prepare(self, arguments: Sequence[Parameter], sink: Sink) -> list[Output]:
        """sp_prepare @handle OUTPUT, @params, @stmt."""
        return [self._prepared_handle(arguments, sink, describes=True)]

    def _prepared_handle(self, arguments: Sequence[Parameter], sink: Sink, *, describes: bool) -> Output:
        declared, text = self._text(arguments, 1, "@params"), self._text(arguments, 2, "@stmt") or ""
        handle = max(self._prepared, default=0) + 1
        self._prepared[handle] = (text, declared)
        if describes and (columns := describe.describe(self.executor, text, declared)):
            sink.columns(columns, ())
            sink.done(None)
        return Output(arguments[0].name, handle, INT)

    def _execute(self, arguments: Sequence[Parameter], sink: Sink) -> list[Output]:
        if not arguments or arguments[0].value not in self._prepared:
            shown = arguments[0].value if arguments else None
            raise SqlError(8179, f"Could not find prepared statement with handle {shown}.")
        text, declared = self._prepared[arguments[0].value]
        return self._run(text, declared, arguments[1:], sink)

    def _prepare_and_execute(self, arguments: Sequence[Parameter], sink: Sink) -> list[Output]:
        handle = self._prepared_handle(arguments, sink, describes=False)
        text, declared = self._prepared[handle.value]
        return [handle, *self._run(text, declared, arguments[3:], sink)]

    def _unprepare(self, arguments: Sequence[Parameter], sink: Sink) -> list[Output]:
        if not arguments or self._prepared.pop(arguments[0].value, None) is None:
            raise SqlError(8179, "Could not find prepared statement with that handle.")
        return []

    # the rest
    def _describe(self, arguments: Sequence[Parameter], sink: Sink) -> list[Output]:
        text, declared = self._text(arguments, 0, "@tsql"), self._text(arguments, 1, "@params")
        rows, columns = describe.rows_for(self.executor, text, declared)
        if rows:
            self.executor.send_rows(columns, rows, sink)
        return []

    def _add_extended_property(self, arguments: Sequence[Parameter], sink: Sink) -> list[Output]:
        """@name, @value, then 'SCHEMA', schema, 'TABLE' or 'VIEW', table, and perhaps 'COLUMN', column."""
        order = (
            "@name",
            "@value",
            "@level0type",
            "@level0name",
            "@level1type",
            "@level1name",
            "@level2type",
            "@level2name",
        )
        name, value, kind0, schema, kind1, table_name, kind2, column = (
            self._text(arguments, index, word) for index, word in enumerate(order)
        )
        right_kinds = (kind0 or "").upper() == "SCHEMA" and (kind1 or "").upper() in ("TABLE", "VIEW")
        if not right_kinds or (kind2 or "COLUMN").upper() != "COLUMN" or not (name and schema and table_name):
            raise refused("extended properties of other things than tables, views and their columns")
        table = self.executor.catalog.table((schema, table_name))
        index = None if table is None or column is None else table.column(column)
        if table is None or (column is not None and index is None):
            raise SqlError(
                15135,
                f"Object is invalid. Extended properties are not permitted on '{table_name}', or the object does not exist.",
            )
        self.executor.catalog.records.set_property(table, 0 if index is None else index + 1, name, value)
        return []

    def _nothing(self, arguments: Sequence[Parameter], sink: Sink) -> list[Output]:
        return []


_PROCEDURES: dict[str, Callable[[Procedures, Sequence[Parameter], Sink], list[Output]]] = {
    "sp_executesql": Procedures._execute_sql,
    "sp_prepare": Procedures._prepare,
    "sp_execute": Procedures._execute,
    "sp_prepexec": Procedures._prepare_and_execute,
    "sp_unprepare": Procedures._unprepare,
    "sp_describe_first_result_set": Procedures._describe,
    "sp_addextendedproperty": Procedures._add_extended_property,
    "sp_reset_connection": Procedures._nothing,
}
