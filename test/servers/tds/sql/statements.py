"""Parses batches: statements one after another, with or without semicolons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..types import SqlType
from . import nodes
from .lexer import Kind, tokenize
from .principals import Principals


def parse_batch(text: str, *, quoted_identifier: bool = True) -> tuple[nodes.Statement, ...]:
    """The statements of a batch."""
    return Parser(tokenize(text, quoted_identifier=quoted_identifier), text).batch()


def parse_query(text: str) -> nodes.Query:
    """The one query in a text: the body of a view."""
    parser = Parser(tokenize(text), text)
    query = parser.query(with_ctes=True)
    parser.take(";")
    if not parser.at_end():
        raise parser.unexpected()
    return query


def parse_expression(text: str) -> nodes.Node:
    """The one expression in a text: a default."""
    parser = Parser(tokenize(text), text)
    found = parser.expression()
    if not parser.at_end():
        raise parser.unexpected()
    return found


class Parser(Principals):
    """The whole grammar."""

    def batch(self) -> tuple[nodes.Statement, ...]:
        found = []
        while True:
            while self.take(";"):
                pass
            if self.at_end():
                return tuple(found)
            if not found and self._is_bare_call():
                found.append(self._located(self._execute))  # EXEC may be left out of a batch's first statement
            else:
                found.append(self.statement())

    def _is_bare_call(self) -> bool:
        return self.at_name() and self.token.word not in _STATEMENTS

    def _located(self, parse: Callable[[], nodes.Statement]) -> nodes.Statement:
        first = self.token
        found = parse()
        end = self.tokens[self.index - 1].end
        return replace(found, line=first.line, text=self.text[first.start : end])

    def statement(self) -> nodes.Statement:
        word = self.token.word
        if word in ("SELECT",) or self.at("(") or (word == "WITH"):
            return self._located(self._select_statement)
        parse = _STATEMENTS.get(word)
        if parse is None:
            raise self.unexpected()

        def whole() -> nodes.Statement:
            self.next()
            return parse(self)

        found = self._located(whole)
        self.take(";")
        return found

    def _select_statement(self) -> nodes.Statement:
        query = self.query(with_ctes=True)
        self.take(";")
        return nodes.SelectStatement(query)

    # data
    def _insert(self) -> nodes.Statement:
        self.take("INTO")
        table = self.names()
        columns = self.name_list() if self.at("(") and self.ahead().word != "SELECT" else None
        if self.take("WITH"):
            self._skip_parenthesis()
        output = self._output()
        if self.take("DEFAULT", "VALUES"):
            return nodes.Insert(table, columns, None, output)
        if self.at("VALUES"):
            return nodes.Insert(table, columns, self.values(), output)
        if self.at("SELECT") or self.at("("):
            return nodes.Insert(table, columns, self.query(), output)
        raise self.refuse("INSERT … EXECUTE") if self.at_any("EXEC", "EXECUTE") else self.unexpected()

    def _output(self) -> tuple[nodes.Item, ...]:
        """OUTPUT inserted.a, deleted.b."""
        if not self.take("OUTPUT"):
            return ()
        items = [self._item()]
        while self.take(","):
            items.append(self._item())
        if self.at("INTO"):
            raise self.refuse("OUTPUT … INTO")
        return tuple(items)

    def _update(self) -> nodes.Statement:
        table = self.names()
        self.expect("SET")
        changes = []
        while True:
            name = self.names()[-1]
            self.expect("=")
            changes.append((name, self.expression()))
            if not self.take(","):
                break
        output = self._output()
        if self.at("FROM"):
            raise self.refuse("UPDATE … FROM")
        return nodes.Update(table, tuple(changes), self.condition() if self.take("WHERE") else None, output)

    def _delete(self) -> nodes.Statement:
        self.take("FROM")
        table = self.names()
        output = self._output()
        if self.at("FROM"):
            raise self.refuse("DELETE … FROM … FROM")
        return nodes.Delete(table, self.condition() if self.take("WHERE") else None, output)

    def _truncate(self) -> nodes.Statement:
        self.expect("TABLE")
        return nodes.Truncate(self.names())

    # definitions
    def _create(self) -> nodes.Statement:
        if self.take("TABLE"):
            return self._create_table()
        if self.take("VIEW"):
            view = self.names()
            columns = self.name_list() if self.at("(") else ()
            self.expect("AS")
            start = self.token.start
            self.query(with_ctes=True)
            return nodes.CreateView(view, columns, self.text[start : self.tokens[self.index - 1].end])
        if self.take("SCHEMA"):
            name = self.name()
            if self.take("AUTHORIZATION"):
                self.name()
            return nodes.CreateSchema(name)
        if self.take("DATABASE"):
            name = self.name()
            return nodes.CreateDatabase(name, self.name() if self.take("COLLATE") else None)
        if (principal := self.create_principal()) is not None:
            return principal
        unique = self.take("UNIQUE")
        if not self.take("CLUSTERED"):
            self.take("NONCLUSTERED")
        if self.take("INDEX"):
            name = self.name()
            self.expect("ON")
            table = self.names()
            columns = self._key_columns()
            included = tuple(column for column, _ in self._key_columns()) if self.take("INCLUDE") else ()
            condition = None
            if self.take("WHERE"):
                if unique:
                    raise self.refuse("filtered unique indexes")
                start = self.token.start
                self.condition()
                condition = self.text[start : self.tokens[self.index - 1].end]
            key = nodes.KeyDefinition(name, columns, False, unique, included, condition)
            return nodes.CreateIndex(table, key)
        raise self.refuse(f"CREATE {self.token.text}")

    def _create_table(self) -> nodes.Statement:
        table = self.names()
        self.expect("(")
        columns: list[nodes.ColumnDefinition] = []
        keys: list[nodes.KeyDefinition] = []
        foreign_keys: list[nodes.ForeignKeyDefinition] = []
        while not self.at(")"):
            if foreign_key := self._foreign_key():
                foreign_keys.append(foreign_key)
            elif key := self._table_constraint():
                keys.append(key)
            else:
                columns.append(self._column_definition())
            if not self.take(","):
                break
        self.expect(")")
        if self.take("ON"):
            self.name()
        if self.take("WITH"):
            self._skip_parenthesis()
        return nodes.CreateTable(table, tuple(columns), tuple(keys), tuple(foreign_keys))

    def _foreign_key(self) -> nodes.ForeignKeyDefinition | None:
        """A constraint of a CREATE TABLE."""
        name = None
        if self.at("CONSTRAINT") and self.ahead(2).word == "FOREIGN":
            self.next()
            name = self.name()
        if not self.take("FOREIGN", "KEY"):
            return None
        columns = tuple(column for column, _ in self._key_columns())
        self.expect("REFERENCES")
        table = self.names()
        referenced = tuple(column for column, _ in self._key_columns())
        actions = {"DELETE": "NO ACTION", "UPDATE": "NO ACTION"}
        while self.take("ON"):
            event = self.next().word
            words = [self.next().word]
            if words[0] in ("NO", "SET"):
                words.append(self.next().word)
            actions[event] = " ".join(words)
        return nodes.ForeignKeyDefinition(name, columns, table, referenced, actions["DELETE"], actions["UPDATE"])

    def _table_constraint(self) -> nodes.KeyDefinition | None:
        name = self.name() if self.take("CONSTRAINT") else None
        if self.at_any("FOREIGN", "CHECK"):
            raise self.refuse("FOREIGN KEY and CHECK")
        primary = self.take("PRIMARY", "KEY")
        if not primary and not self.take("UNIQUE"):
            if name is not None:
                raise self.unexpected()
            return None
        if not self.take("CLUSTERED"):
            self.take("NONCLUSTERED")
        return nodes.KeyDefinition(name, self._key_columns(), primary)

    def _key_columns(self) -> tuple[tuple[str, bool], ...]:
        self.expect("(")
        found = []
        while True:
            name = self.name()
            descending = self.take("DESC")
            if not descending:
                self.take("ASC")
            found.append((name, descending))
            if not self.take(","):
                break
        self.expect(")")
        return tuple(found)

    def _column_definition(self) -> nodes.ColumnDefinition:
        name = self.name()
        if self.take("AS"):
            start = self.token.start
            self.expression()
            text = self.text[start : self.tokens[self.index - 1].end]
            self.take("PERSISTED")
            return nodes.ColumnDefinition(name, None, computed=text)
        kind = self.type_name()
        nullable: bool | None = None
        identity = default = None
        primary = unique = False
        while True:
            if self.take("NOT", "NULL"):
                nullable = False
            elif self.take("NULL"):
                nullable = True
            elif self.take("IDENTITY"):
                identity = (1, 1)
                if self.take("("):
                    seed = self.integer()
                    self.expect(",")
                    identity = (seed, self.integer())
                    self.expect(")")
                nullable = False
            elif self.take("COLLATE"):
                kind = kind.with_collation(self.name())
            elif self.take("CONSTRAINT"):
                self.name()
            elif self.take("DEFAULT"):
                default = self.expression()
            elif self.take("PRIMARY", "KEY"):
                primary, nullable = True, False
            elif self.take("UNIQUE"):
                unique = True
            elif self.at_any("CLUSTERED", "NONCLUSTERED") and (primary or unique):
                self.next()
            elif self.take("SPARSE"):
                nullable = True
            elif self.at_any("CHECK", "REFERENCES", "FOREIGN"):
                raise self.refuse("FOREIGN KEY and CHECK")
            else:
                break
        if nullable is None:
            nullable = kind.name != "timestamp"
        return nodes.ColumnDefinition(name, kind, nullable, identity, default, primary, unique)

    def _alter(self) -> nodes.Statement:
        if self.take("ROLE"):
            role = self.name()
            self.expect("ADD", "MEMBER")
            return nodes.AddMember(role, self.name())
        if self.take("DATABASE"):
            return self._alter_database()
        if not self.take("TABLE"):
            raise self.refuse(f"ALTER {self.token.text}")
        table = self.names()
        if self.take("ADD"):
            if key := self._table_constraint():
                return nodes.AlterTable(table, add_key=key)
            columns = [self._column_definition()]
            while self.take(","):
                columns.append(self._column_definition())
            return nodes.AlterTable(table, add=tuple(columns))
        if self.take("DROP", "COLUMN"):
            names = [self.name()]
            while self.take(","):
                names.append(self.name())
            return nodes.AlterTable(table, drop=tuple(names))
        if self.take("ALTER", "COLUMN"):
            return nodes.AlterTable(table, alter=self._column_definition())
        raise self.refuse("this form of ALTER TABLE")

    def _alter_database(self) -> nodes.Statement:
        name = None if self.take("CURRENT") else self.name()
        self.expect("SET")
        if not self.take("ALLOW_SNAPSHOT_ISOLATION"):
            raise self.refuse(f"ALTER DATABASE … SET {self.token.text}")
        allowed = self.next().word
        if allowed not in ("ON", "OFF"):
            raise self.refuse(f"ALLOW_SNAPSHOT_ISOLATION {allowed}")
        return nodes.AllowSnapshots(name, allowed == "ON")

    def _drop(self) -> nodes.Statement:
        what = self.next().word
        if what in ("LOGIN", "USER"):
            if_exists = self.take("IF", "EXISTS")
            return nodes.DropPrincipal(what, self.name(), if_exists)
        if what not in ("TABLE", "VIEW", "SCHEMA", "DATABASE"):
            raise self.refuse(f"DROP {what}")
        if_exists = self.take("IF", "EXISTS")
        names = [self.names()]
        while self.take(","):
            names.append(self.names())
        return nodes.Drop(what, tuple(names), if_exists)

    # sessions and variables
    def _set(self) -> nodes.Statement:
        if self.token.kind is Kind.VARIABLE:
            name = self.next().text
            self.expect("=")
            return nodes.SetVariable(name, self.expression())
        return self._set_option()

    def _set_option(self) -> nodes.Statement:
        if self.take("TRANSACTION", "ISOLATION", "LEVEL"):
            words = [self.next().word]
            if words[0] in ("READ", "REPEATABLE"):
                words.append(self.next().word)
            return nodes.SetOption("TRANSACTION ISOLATION LEVEL", tuple(words))
        options = [self.next().word]
        if options[0] == "IDENTITY_INSERT":
            table = self.names()
            return nodes.SetOption("IDENTITY_INSERT", (self.next().word, *table))
        if options[0] == "STATISTICS":
            options = ["STATISTICS " + self.next().word]
        while self.take(","):
            options.append(self.next().word)
        value = ("-" if self.take("-") else "") + self.next().text
        return nodes.SetOption(",".join(options), (value,))

    def _declare(self) -> nodes.Statement:
        found: list[tuple[str, SqlType, nodes.Node | None]] = []
        while True:
            if self.token.kind is not Kind.VARIABLE:
                raise self.unexpected()
            name = self.next().text
            self.take("AS")
            if self.at_any("TABLE", "CURSOR"):
                raise self.refuse("table variables and cursors")
            kind = self.type_name()
            found.append((name, kind, self.expression() if self.take("=") else None))
            if not self.take(","):
                return nodes.Declare(tuple(found))

    def _use(self) -> nodes.Statement:
        return nodes.Use(self.name())

    def _print(self) -> nodes.Statement:
        return nodes.Print(self.expression())

    def _raise_error(self) -> nodes.Statement:
        self.expect("(")
        arguments = self.expressions()
        self.expect(")")
        options = []
        if self.take("WITH"):
            options.append(self.next().word)
            while self.take(","):
                options.append(self.next().word)
        if len(arguments) < 3:
            raise self.unexpected()
        return nodes.RaiseError(*arguments[:3], arguments[3:], tuple(options))

    def _throw(self) -> nodes.Statement:
        arguments = self.expressions()
        if len(arguments) != 3:
            raise self.refuse("THROW without arguments")
        return nodes.Throw(*arguments)

    # flow
    def _if(self) -> nodes.Statement:
        condition = self.condition()
        then = self.statement()
        while self.at(";") and self.ahead().word == "ELSE":
            self.next()
        return nodes.If(condition, then, self.statement() if self.take("ELSE") else None)

    def _while(self) -> nodes.Statement:
        return nodes.While(self.condition(), self.statement())

    def _begin(self) -> nodes.Statement:
        if self.take("TRAN") or self.take("TRANSACTION"):
            if self.at_name():
                self.name()
            return nodes.Transaction("BEGIN")
        if self.at_any("TRY", "CATCH", "DISTRIBUTED"):
            raise self.refuse(f"BEGIN {self.token.text}")
        found = []
        while not self.at("END"):
            while self.take(";"):
                pass
            if self.at("END"):
                break
            found.append(self.statement())
        self.expect("END")
        return nodes.Block(tuple(found))

    def _commit(self) -> nodes.Statement:
        return self._end_transaction("COMMIT")

    def _rollback(self) -> nodes.Statement:
        return self._end_transaction("ROLLBACK")

    def _end_transaction(self, what: str) -> nodes.Statement:
        if self.take("TRAN") or self.take("TRANSACTION"):
            if self.at_name():
                self.name()
        else:
            self.take("WORK")
        return nodes.Transaction(what)

    def _wait(self) -> nodes.Statement:
        if not self.take("DELAY"):
            raise self.refuse("WAITFOR without DELAY")
        return nodes.Wait(self.expression())

    def _kill(self) -> nodes.Statement:
        return nodes.Kill(self.integer())

    # procedures
    def _execute(self) -> nodes.Statement:
        if self.take("("):
            value = self.expression()
            self.expect(")")
            return nodes.ExecuteText(value)
        result = None
        if self.token.kind is Kind.VARIABLE and self.ahead().text == "=":
            result = self.next().text
            self.next()
        procedure = self.names()
        arguments: list[nodes.Argument] = []
        if not self._at_statement_end():
            while True:
                arguments.append(self._argument())
                if not self.take(","):
                    break
        if self.at("WITH"):
            raise self.refuse("EXECUTE … WITH")
        return nodes.Execute(procedure, tuple(arguments), result)

    def _at_statement_end(self) -> bool:
        token = self.token
        return token.kind is Kind.END or self.at_any(";", "END", "ELSE", "SELECT") or token.word in _STATEMENTS

    def _argument(self) -> nodes.Argument:
        name = None
        if self.token.kind is Kind.VARIABLE and self.ahead().text == "=":
            name = self.next().text
            self.next()
        if self.take("DEFAULT"):
            return nodes.Argument(name, None)
        if self.token.kind is Kind.WORD and self.at_name():  # a bare word is text here
            value: nodes.Node = nodes.Literal(self.next().text, SqlType("nvarchar", 128))
        else:
            value = self.expression()
        output = self.take("OUTPUT") or self.take("OUT")
        return nodes.Argument(name, value, output)


_STATEMENTS: dict[str, Callable[[Parser], nodes.Statement]] = {
    "INSERT": Parser._insert,
    "UPDATE": Parser._update,
    "DELETE": Parser._delete,
    "TRUNCATE": Parser._truncate,
    "CREATE": Parser._create,
    "ALTER": Parser._alter,
    "DROP": Parser._drop,
    "GRANT": Parser.grant,
    "REVOKE": Parser.revoke,
    "SET": Parser._set,
    "DECLARE": Parser._declare,
    "USE": Parser._use,
    "PRINT": Parser._print,
    "RAISERROR": Parser._raise_error,
    "THROW": Parser._throw,
    "IF": Parser._if,
    "WHILE": Parser._while,
    "BEGIN": Parser._begin,
    "COMMIT": Parser._commit,
    "ROLLBACK": Parser._rollback,
    "WAITFOR": Parser._wait,
    "KILL": Parser._kill,
    "EXEC": Parser._execute,
    "EXECUTE": Parser._execute,
}
