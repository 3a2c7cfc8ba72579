"""Parses statements about logins, users and grants."""

from __future__ import annotations

from . import nodes
from .lexer import Kind
from .queries import Queries


class Principals(Queries):
    """The part of the parser for those who log in."""

    def create_principal(self) -> nodes.Statement | None:
        """What stands behind CREATE, if it is a login or a user."""
        if self.take("LOGIN"):
            name = self.name()
            self.expect("WITH", "PASSWORD", "=")
            if self.token.kind not in (Kind.TEXT, Kind.NATIONAL):
                raise self.unexpected()
            password = self.next().text
            while self.take(","):  # CHECK_POLICY = OFF and the like
                self.name()
                self.expect("=")
                self.next()
            return nodes.CreateLogin(name, password)
        if self.take("USER"):
            name = self.name()
            login = name
            if self.take("FOR") or self.take("FROM"):
                self.expect("LOGIN")
                login = self.name()
            return nodes.CreateUser(name, login)
        return None

    def grant(self) -> nodes.Statement:
        return self._granted("TO", revokes=False)

    def revoke(self) -> nodes.Statement:
        return self._granted("FROM", revokes=True)

    def _granted(self, word: str, *, revokes: bool) -> nodes.Statement:
        """SELECT (a, b), INSERT ON [OBJECT::]t TO u; ON SCHEMA:: and DATABASE:: mean the whole database."""
        permissions: list[tuple[str, tuple[str, ...]]] = []
        while True:
            name = self.next().word
            permissions.append((name, self.name_list() if self.at("(") else ()))
            if not self.take(","):
                break
        table: tuple[str, ...] | None = None
        if self.take("ON"):
            if self.take("SCHEMA", "::") or self.take("DATABASE", "::"):
                self.name()
            else:
                self.take("OBJECT", "::")
                table = self.names()
                if self.at("("):
                    columns = self.name_list()
                    permissions = [(permission, columns) for permission, _ in permissions]
        self.expect(word)
        users = [self.name()]
        while self.take(","):
            users.append(self.name())
        return nodes.Grant(tuple(permissions), table, tuple(users), revokes)
