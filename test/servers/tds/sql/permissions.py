"""Logins, users and grants.

The accounts that the server was started with may do everything. Logins made by CREATE LOGIN may do what was granted to
their user in a database: SELECT, INSERT, UPDATE, DELETE on tables (SELECT also on single columns), or on the schema or
the database, or membership in db_datareader, db_datawriter or db_owner. Views need a grant of their own; what they read
is not asked for again. The catalog is open to everybody.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..errors import SqlError, refused
from . import nodes
from .storage import SYSTEM_DATABASES, Table

if TYPE_CHECKING:
    from .executor import Executor

_ROLES = {
    "db_datareader": ("SELECT",),
    "db_datawriter": ("INSERT", "UPDATE", "DELETE"),
    "db_owner": ("SELECT", "INSERT", "UPDATE", "DELETE", "CONTROL"),
}
PERMISSIONS = ("SELECT", "INSERT", "UPDATE", "DELETE", "CONTROL", "CONNECT")


class Permissions:
    """What one session may do."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._catalog = executor.catalog

    @property
    def _login(self) -> str:
        return self._executor.environment.facts.user

    @property
    def is_admin(self) -> bool:
        return not self._executor.catalog.storage.is_login(self._login)

    def user(self, database: str) -> str | None:
        """The session's user in a database."""
        return next(
            (user for user, login in self._catalog.records.users(database) if login.lower() == self._login.lower()),
            None,
        )

    def may_enter(self, database: str) -> bool:
        return self.is_admin or database in SYSTEM_DATABASES or self.user(database) is not None

    # rows
    def columns(self, table: Table, permission: str) -> frozenset[str] | None:
        """The columns (in lower case) that the session may read; None if it is all of them."""
        if self.is_admin or table.temporary:
            return None
        user = self.user(table.database)
        found: set[str] = set()
        for grantee, object_id, granted, columns in self._catalog.records.grants(table.database):
            if user is None or grantee.lower() != user.lower() or granted not in (permission, "CONTROL"):
                continue
            if object_id == 0 or (object_id == table.object_id and columns is None):
                return None
            if object_id == table.object_id:
                found |= set(json.loads(columns or "[]"))
        if not found:
            raise self.denied(table, permission)
        return frozenset(found)

    @staticmethod
    def denied(table: Table, permission: str, column: str = "") -> SqlError:
        where = f"object '{table.name}', database '{table.database}', schema '{table.schema}'."
        if column:
            return SqlError(
                230, f"The {permission} permission was denied on the column '{column}' of the {where}", severity=14
            )
        return SqlError(229, f"The {permission} permission was denied on the {where}", severity=14, state=5)

    def require_owner(self, what: str) -> None:
        """For what only administrators may do."""
        if not self.is_admin:
            text = f"{what} permission denied in database '{self._catalog.database}'."
            raise SqlError(262, text, severity=14)

    # statements
    def create_login(self, node: nodes.CreateLogin) -> None:
        self.require_owner("CREATE LOGIN")
        if self._catalog.storage.is_login(node.name):
            raise SqlError(15025, f"The server principal '{node.name}' already exists.")
        self._catalog.records.add_login(node.name, node.password)

    def create_user(self, node: nodes.CreateUser) -> None:
        self.require_owner("CREATE USER")
        if any(user.lower() == node.name.lower() for user, _ in self._catalog.records.users(self._catalog.database)):
            raise SqlError(15023, f"User, group, or role '{node.name}' already exists in the current database.")
        if not self._catalog.storage.is_login(node.login):
            raise SqlError(15007, f"'{node.login}' is not a valid login or you do not have permission.")
        self._catalog.records.add_user(self._catalog.database, node.name, node.login)

    def drop(self, node: nodes.DropPrincipal) -> None:
        self.require_owner(f"DROP {node.what}")
        records, database = self._catalog.records, self._catalog.database
        if node.what == "LOGIN":
            known = self._catalog.storage.is_login(node.name)
        else:
            known = any(user.lower() == node.name.lower() for user, _ in records.users(database))
        if not known:
            if node.if_exists:
                return
            text = f"Cannot drop the {node.what.lower()} '{node.name}', because it does not exist or you do not have permission."
            raise SqlError(15151, text, ends_batch=False)
        if node.what == "LOGIN":
            records.drop_login(node.name)
        else:
            records.drop_user(database, node.name)

    def grant(self, node: nodes.Grant) -> None:
        self.require_owner("GRANT")
        records, database = self._catalog.records, self._catalog.database
        object_id = 0
        if node.table is not None:
            table = self._catalog.table(node.table)
            if table is None:
                text = f"Cannot find the object '{node.table[-1]}', because it does not exist or you do not have permission."
                raise SqlError(15151, text)
            object_id, database = table.object_id, table.database
        for user in node.users:
            known = next((name for name, _ in records.users(database) if name.lower() == user.lower()), None)
            if known is None:
                text = f"Cannot find the user '{user}', because it does not exist or you do not have permission."
                raise SqlError(15151, text)
            for permission, columns in node.permissions:
                if permission not in PERMISSIONS:
                    raise refused(f"the permission {permission}")
                listed = json.dumps([name.lower() for name in columns]) if columns else None
                if node.revokes:
                    records.revoke(database, known, object_id, permission)
                else:
                    records.add_grant(database, known, object_id, permission, listed)

    def add_member(self, node: nodes.AddMember) -> None:
        if node.role.lower() not in _ROLES:
            raise refused(f"the role {node.role}")
        permissions = tuple((permission, ()) for permission in _ROLES[node.role.lower()])
        self.grant(nodes.Grant(permissions, None, (node.user,), revokes=False))
