"""Runs batches: statement by statement, results into a `Sink`."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from .. import conversions
from ..errors import SqlError, error, refused
from ..locks import Locks
from ..tokens import Column, Notice
from ..types import INT, MAX, SqlType
from . import describe, nodes
from .bound import BoundQuery, Scope
from .catalog import Catalog
from .changes import Changes, Output
from .definitions import Definitions
from .environment import Environment, SessionFacts
from .functions import Failures, install
from .options import set_option
from .permissions import Permissions
from .procedures import Procedures
from .query_binder import QueryBinder
from .statements import parse_batch
from .storage import Storage, Table

_LOCK_PAUSE = 0.02  # seconds between two looks at a lock
_SNAPSHOT = 5
_LOCKLESS = (1, _SNAPSHOT)  # the former is READ UNCOMMITTED

Parameters = Mapping[str, Any]
_NO_PARAMETERS: Parameters = {}


class Sink(Protocol):
    """Where the results of statements go."""

    def columns(self, columns: Sequence[Column], order: Sequence[int]) -> None: ...

    def row(self, row: Sequence[object]) -> None: ...

    def done(self, count: int | None, *, command: int = 0) -> None:
        """A statement ended; `count` rows were sent or changed."""

    def message(self, notice: Notice) -> None: ...

    def flush(self) -> None:
        """What was said so far is wanted by the client now."""

    def database_changed(self, new: str, old: str) -> None: ...

    def language_changed(self, new: str, old: str) -> None: ...

    def transaction(self, what: str, number: int) -> None: ...

    def entered(self) -> None:
        """A procedure of a batch begins."""

    def returned(self, status: int) -> None:
        """It ended."""


class Executor:
    """One session's engine. `check` is called now and then while a statement runs; it raises to stop it."""

    def __init__(
        self,
        storage: Storage,
        facts: SessionFacts,
        sessions: Callable[[], Sequence[SessionFacts]],
        locks: Locks,
        *,
        check: Callable[[], None],
        wait: Callable[[float], None],
        kill: Callable[[int], bool],
    ) -> None:
        self.check = check
        self.wait = wait
        self.kill = kill
        self._locks = locks
        self.connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, timeout=60)
        self.failures = Failures()
        install(self.connection, self.failures)
        self.environment = Environment(facts, sessions)
        self.catalog = Catalog(storage, self.connection, self.environment)
        self.environment.read_collation = self.catalog.collation_of
        self.environment.describe = lambda *words: describe.rows_for(self, *words)
        self.environment.view_columns = self.view_columns
        self.environment.wait_for = self.wait_for
        self.permissions = Permissions(self)
        self.environment.readable = lambda table: self.permissions.columns(table, "SELECT")
        self.definitions = Definitions(self)
        self.changes = Changes(self)
        self.procedures = Procedures(self)
        self._transaction_number = 0
        self._interruption: BaseException | None = None
        self.connection.set_progress_handler(self._progress, 20_000)

    def close(self) -> None:
        self.connection.set_progress_handler(None, 0)
        self.connection.close()

    def _progress(self) -> int:
        try:
            self.check()
        except BaseException as interruption:  # SQLite would swallow it
            self._interruption = interruption
            return 1
        return 0

    # SQLite
    def run_sql(self, text: str, parameters: Parameters = _NO_PARAMETERS) -> sqlite3.Cursor:
        """Runs SQLite's text; errors come as SQL Server's."""
        try:
            return self.connection.execute(text, parameters)
        except sqlite3.IntegrityError:
            raise  # what changes rows knows the table
        except sqlite3.Error as problem:
            raise self.translated(problem) from None

    def translated(self, problem: sqlite3.Error) -> BaseException:
        interruption, self._interruption = self._interruption, None
        if interruption is not None:
            return interruption
        return self.failures.translate(problem)

    def rows_of(self, text: str, parameters: Parameters = _NO_PARAMETERS) -> Iterator[tuple[Any, ...]]:
        """The rows of SQLite's query, one at a time."""
        cursor = self.run_sql(text, parameters)
        count = 0
        try:
            for row in cursor:
                yield row
                count += 1
        except sqlite3.Error as problem:
            failure = self.translated(problem)
            if isinstance(failure, SqlError):
                yield from self._lost_row(text, parameters, count)
            raise failure from None
        finally:
            cursor.close()

    def _lost_row(self, text: str, parameters: Parameters, count: int) -> list[tuple[Any, ...]]:
        """The row before an error: Python's module steps ahead, and forgets it when that step fails."""
        try:
            return self.connection.execute(f"SELECT * FROM ({text}) LIMIT 1 OFFSET {count}", parameters).fetchall()
        except sqlite3.Error:
            self.failures.pending = None
            return []

    # batches
    def batch(self, text: str, sink: Sink) -> None:
        """A batch; variables live as long as it does."""
        self.environment.variables = {}
        self.run_text(text, sink)

    def run_text(self, text: str, sink: Sink) -> None:
        statements = parse_batch(text, quoted_identifier=self.environment.quoted_identifier)
        for statement in statements:
            self.statement(statement, sink)

    def statement(self, node: nodes.Statement, sink: Sink) -> None:
        """One statement. Errors that don't end the batch are told and forgotten."""
        method: Callable[[Any, Sink], None] = getattr(self, f"_run_{type(node).__name__.lower()}")
        try:
            method(node, sink)
            if not isinstance(node, nodes.RaiseError | nodes.If | nodes.Block | nodes.While):
                self.environment.error_number = 0
        except SqlError as failure:
            if not isinstance(node, nodes.If | nodes.Block | nodes.While) and failure.line == 1:
                failure.line = node.line
            self.environment.error_number = failure.number
            if failure.ends_batch:
                raise
            self.tell(failure, sink)
        finally:
            if not isinstance(node, nodes.If | nodes.Block | nodes.While | nodes.Execute | nodes.ExecuteText):
                self.catalog.forget_views()

    def tell(self, failure: SqlError, sink: Sink) -> None:
        """Sends an error of a statement, and the statement's end."""
        sink.message(
            Notice(failure.number, failure.text, failure.severity, failure.state, failure.procedure, failure.line)
        )
        sink.done(None)

    # locks
    def wait_for(self, table: Table) -> None:
        """Waits until no other session has changed the table in an open transaction."""
        if self.environment.isolation == _SNAPSHOT and not table.temporary and not self.catalog.records.allows_snapshots(table.database):
            raise error(3952, table.database)
        spid, limit = self.environment.facts.spid, self.environment.lock_timeout
        if table.temporary or self.environment.isolation in _LOCKLESS:
            return
        waited = 0.0
        while not self._locks.is_free(table.full_name, spid):
            if 0 <= limit <= waited * 1000:
                raise SqlError(1222, "Lock request time out period exceeded.", state=45)
            self.wait(_LOCK_PAUSE)
            waited += _LOCK_PAUSE

    def lock(self, table: Table) -> None:
        """The table is about to be changed: until the end of the transaction if there is one."""
        self.wait_for(table)
        if self.environment.transactions and not table.temporary:
            self._locks.take(table.full_name, self.environment.facts.spid)

    # expressions
    def binder(self) -> QueryBinder:
        return QueryBinder(self.catalog, self.environment)

    def evaluate(self, node: nodes.Node, target: SqlType | None = None) -> tuple[Any, SqlType]:
        """The value of an expression outside of queries."""
        binder = self.binder()
        bound = binder.bind(node, Scope())
        if target is not None:
            bound = binder.implicit(bound, target)
        if bound.constant:
            return bound.value, bound.type
        row = self.run_sql(f"SELECT {bound.sql}", binder.parameters.values).fetchone()
        return row[0], bound.type

    def holds(self, node: nodes.Node) -> bool:
        binder = self.binder()
        text = binder.condition(node, Scope())
        return bool(self.run_sql(f"SELECT {text}", binder.parameters.values).fetchone()[0])

    def view_columns(self, table: Table) -> Sequence[Column]:
        columns = self.binder().query(self.catalog.view_query(table)).columns
        if table.view_columns:
            return [replace(column, name=name) for column, name in zip(columns, table.view_columns, strict=True)]
        return columns

    # SELECT
    def _run_selectstatement(self, node: nodes.SelectStatement, sink: Sink) -> None:
        body = node.query.body
        if isinstance(body, nodes.Select) and body.into is not None:
            count = self.changes.select_into(node, body.into)
            self.finished(sink, count, command=0xC1)
            return
        binder = self.binder()
        found = binder.query(node.query)
        if any(found.variables):
            self._assign_variables(found, binder)
            return
        limit = self.environment.row_limit
        text = f"SELECT * FROM ({found.sql}) LIMIT {limit}" if limit else found.sql
        self.send_rows(found.columns, self.rows_of(text, binder.parameters.values), sink, order=found.order)

    def send_rows(
        self, columns: Sequence[Column], rows: Iterable[Sequence[Any]], sink: Sink, *, order: Sequence[int] = ()
    ) -> None:
        """A whole result set."""
        sink.columns(columns, order)
        cuts = [(index, column.kind) for index, column in enumerate(columns) if _is_cut_by_text_size(column.kind)]
        limit = self.environment.text_size
        count = 0
        for row in rows:
            shown = self._cut(row, cuts, limit) if cuts and limit < 1 << 30 else row
            sink.row(shown)
            count += 1
        self.finished(sink, count, command=0xC1)

    def _cut(self, row: Sequence[Any], cuts: Sequence[tuple[int, SqlType]], limit: int) -> list[Any]:
        """SET TEXTSIZE: bytes of a (max), text, ntext or image value that are sent."""
        found = list(row)
        for index, kind in cuts:
            value = found[index]
            if isinstance(value, bytes):
                found[index] = value[:limit]
            elif value is not None and kind.is_unicode:
                found[index] = value.encode("utf-16-le", "surrogatepass")[: limit // 2 * 2].decode(
                    "utf-16-le", "ignore"
                )
            elif value is not None:
                found[index] = kind.collated().cut(value, limit)
        return found

    def finished(self, sink: Sink, count: int | None, *, command: int = 0) -> None:
        """The end of a statement that touched rows."""
        self.environment.row_count = count or 0
        sink.done(None if self.environment.no_count else count, command=command)

    def _assign_variables(self, found: BoundQuery, binder: QueryBinder) -> None:
        if not all(found.variables):
            raise SqlError(
                141,
                "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.",
                severity=15,
            )
        count = 0
        for row in self.rows_of(found.sql, binder.parameters.values):
            count += 1
            for name, column, value in zip(found.variables, found.columns, row, strict=True):
                assert name is not None
                self.set_variable(name, value, column.kind)
        self.environment.row_count = count

    def set_variable(self, name: str, value: Any, kind: SqlType) -> None:
        _, target = self.environment.variable(name)
        self.environment.variables[name.lower()] = (conversions.convert(value, kind, target), target)

    # variables and flow
    def _run_declare(self, node: nodes.Declare, sink: Sink) -> None:
        for name, kind, value in node.variables:
            if name.lower() in self.environment.variables:
                raise SqlError(134, f"The variable name '{name}' has already been declared.", severity=15)
            kind = kind.with_collation(self.catalog.database_collation())
            found = self.evaluate(value, kind)[0] if value is not None else None
            self.environment.variables[name.lower()] = (found, kind)

    def _run_setvariable(self, node: nodes.SetVariable, sink: Sink) -> None:
        _, kind = self.environment.variable(node.name)
        self.environment.variables[node.name.lower()] = (self.evaluate(node.value, kind)[0], kind)
        self.environment.row_count = 1

    def _run_if(self, node: nodes.If, sink: Sink) -> None:
        if self.holds(node.condition):
            self.statement(node.then, sink)
        elif node.otherwise is not None:
            self.statement(node.otherwise, sink)

    def _run_while(self, node: nodes.While, sink: Sink) -> None:
        while self.holds(node.condition):
            self.check()
            self.statement(node.body, sink)

    def _run_block(self, node: nodes.Block, sink: Sink) -> None:
        for statement in node.statements:
            self.statement(statement, sink)

    def _run_wait(self, node: nodes.Wait, sink: Sink) -> None:
        value, _ = self.evaluate(node.duration, SqlType("varchar", 30))
        match = re.fullmatch(r"\s*(\d+):(\d+)(?::(\d+(?:\.\d+)?))?\s*", value or "")
        if match is None:
            raise SqlError(148, f"Incorrect time syntax in time string '{value}' used with WAITFOR.", severity=15)
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        sink.flush()
        self.wait(hours * 3600 + minutes * 60 + seconds)
        sink.done(None)

    # messages
    def _run_print(self, node: nodes.Print, sink: Sink) -> None:
        value, _ = self.evaluate(node.value, SqlType("nvarchar", MAX))
        sink.message(Notice(0, value or " ", line=node.line))
        sink.done(None)

    def _run_raiseerror(self, node: nodes.RaiseError, sink: Sink) -> None:
        text, kind = self.evaluate(node.message)
        if kind.is_integer:
            raise refused("RAISERROR with a number of sys.messages")
        severity, state = (int(self.evaluate(one, INT)[0]) for one in (node.severity, node.state))
        filled = _printf(text or "", [self.evaluate(one)[0] for one in node.arguments])
        if not set(node.options) <= {"NOWAIT", "SETERROR", "LOG"}:
            raise refused(f"RAISERROR with {', '.join(node.options)}")
        failure = SqlError(
            50000,
            filled,
            severity=min(severity, 25),
            state=state if 0 <= state <= 255 else 1,
            ends_batch=severity >= 20,
        )
        failure.line = node.line
        if severity >= 20:
            raise failure
        sink.message(Notice(50000, filled, severity, failure.state, line=node.line))
        self.environment.error_number = 50000 if severity > 10 else 0
        sink.done(None)
        if "NOWAIT" in node.options:
            sink.flush()

    def _run_throw(self, node: nodes.Throw, sink: Sink) -> None:
        number = int(self.evaluate(node.number, INT)[0])
        text = self.evaluate(node.message, SqlType("nvarchar", 2048))[0]
        state = int(self.evaluate(node.state, INT)[0])
        raise SqlError(number, text or "", state=state)

    # sessions
    def _run_use(self, node: nodes.Use, sink: Sink) -> None:
        found = self.catalog.storage.find(node.database)
        if found is not None and not self.permissions.may_enter(found):
            user = self.environment.facts.user
            text = f'The server principal "{user}" is not able to access the database "{found}" under the current security context.'
            raise SqlError(916, text, severity=14)
        before = self.catalog.use(node.database)
        sink.database_changed(self.catalog.database, before)
        sink.done(None)

    def _run_setoption(self, node: nodes.SetOption, sink: Sink) -> None:
        before = self.environment.language
        set_option(self.environment, node)
        if node.option == "LANGUAGE":
            sink.language_changed(self.environment.language, before)
        sink.done(None)

    def _run_kill(self, node: nodes.Kill, sink: Sink) -> None:
        if node.session == self.environment.facts.spid:
            raise SqlError(6104, "Cannot use KILL to kill your own process.", ends_batch=False)
        if not self.kill(node.session):
            raise error(6106, node.session)
        sink.done(None)

    def _run_transaction(self, node: nodes.Transaction, sink: Sink) -> None:
        environment = self.environment
        if node.what == "BEGIN":
            if not environment.transactions:
                self.run_sql("BEGIN")
                self._transaction_number += 1
                sink.transaction("BEGIN", self._transaction_number)
            environment.transactions += 1
        elif not environment.transactions:
            raise error(3902 if node.what == "COMMIT" else 3903)
        else:
            environment.transactions = environment.transactions - 1 if node.what == "COMMIT" else 0
            if not environment.transactions:
                self.run_sql(node.what)
                self._locks.release(environment.facts.spid)
                sink.transaction(node.what, self._transaction_number)
        sink.done(None)

    # data, definitions, procedures
    def _run_insert(self, node: nodes.Insert, sink: Sink) -> None:
        self._changed(sink, *self.changes.insert(node), command=0xC3)

    def _run_update(self, node: nodes.Update, sink: Sink) -> None:
        self._changed(sink, *self.changes.update(node), command=0xC5)

    def _run_delete(self, node: nodes.Delete, sink: Sink) -> None:
        self._changed(sink, *self.changes.delete(node), command=0xC4)

    def _changed(self, sink: Sink, count: int, output: Output | None, *, command: int) -> None:
        if output is not None:
            sink.columns(output.columns, ())
            for row in output.rows:
                sink.row(row)
        self.finished(sink, count, command=command)

    def _run_truncate(self, node: nodes.Truncate, sink: Sink) -> None:
        self.changes.truncate(node)
        sink.done(None)

    def _define(self, node: nodes.Statement, sink: Sink) -> None:
        self.definitions.run(node)
        sink.done(None)

    _run_createtable = _run_createindex = _run_createview = _run_createschema = _run_createdatabase = _define
    _run_drop = _run_altertable = _run_allowsnapshots = _define

    def _run_createlogin(self, node: nodes.CreateLogin, sink: Sink) -> None:
        self.permissions.create_login(node)
        sink.done(None)

    def _run_createuser(self, node: nodes.CreateUser, sink: Sink) -> None:
        self.permissions.create_user(node)
        sink.done(None)

    def _run_dropprincipal(self, node: nodes.DropPrincipal, sink: Sink) -> None:
        self.permissions.drop(node)
        sink.done(None)

    def _run_grant(self, node: nodes.Grant, sink: Sink) -> None:
        self.permissions.grant(node)
        sink.done(None)

    def _run_addmember(self, node: nodes.AddMember, sink: Sink) -> None:
        self.permissions.add_member(node)
        sink.done(None)

    def _run_execute(self, node: nodes.Execute, sink: Sink) -> None:
        self.procedures.execute(node, sink)

    def _run_executetext(self, node: nodes.ExecuteText, sink: Sink) -> None:
        text, _ = self.evaluate(node.value, SqlType("nvarchar", MAX))
        outer = self.environment.variables
        self.environment.variables = {}
        try:
            self.run_text(text or "", sink)
        finally:
            self.environment.variables = outer


def _is_cut_by_text_size(kind: SqlType) -> bool:
    return kind.name in ("text", "ntext", "image") or kind.length == MAX


def _printf(text: str, values: Sequence[Any]) -> str:
    """RAISERROR's format: %d %i %u %s %x %o with flags, %%."""
    waiting = list(values)

    def fill(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        value = waiting.pop(0) if waiting else None
        if value is None:
            return "(null)"
        kind = {"i": "d", "u": "d"}.get(match[2], match[2])
        return f"%{match[1]}{kind}" % value

    return re.sub(r"%%|%([-+0 #]*\d*(?:\.\d+)?)l?([diusxXo])", fill, text)
