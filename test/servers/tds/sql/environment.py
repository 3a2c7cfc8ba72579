"""What a batch can ask about its session and server: variables, @@globals, functions such as DB_NAME()."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Protocol

from .. import temporal
from ..errors import SqlError, error
from ..tokens import Column
from ..types import INT, SYSNAME, SqlType
from .babelfish import Product
from .bound import Bound
from .lexer import Kind, tokenize

if TYPE_CHECKING:
    from .catalog import Catalog
    from .storage import Table

PRODUCT_VERSION = (16, 0, 1000)
_VERSION_TEXT = (
    "Microsoft SQL Server 2022 (RTM) - 16.0.1000.6 (X64)\n\tOct  8 2022 05:58:25\n\tThe TDS test server of connector:"
    " no product of Microsoft's, a test double over SQLite"
)
_BABELFISH_TEXT = "The TDS test server of connector with the ways of Babelfish for PostgreSQL 4.3"
_PROPERTIES: dict[str, tuple[Any, str]] = {
    "productversion": ("16.0.1000.6", "nvarchar(128)"),
    "productlevel": ("RTM", "nvarchar(128)"),
    "productmajorversion": ("16", "nvarchar(128)"),
    "edition": ("Developer Edition (64-bit)", "nvarchar(128)"),
    "engineedition": (3, "int"),
    "servername": ("TDSTEST", "nvarchar(128)"),
    "machinename": ("TDSTEST", "nvarchar(128)"),
    "instancename": (None, "nvarchar(128)"),
    "isclustered": (0, "int"),
    "ishadrenabled": (0, "int"),
    "isintegratedsecurityonly": (0, "int"),
}


class SessionFacts(Protocol):
    """One session, as the views of sessions show it."""

    spid: int
    user: str
    host: str
    application: str
    statement: str
    waiting: bool
    handle: bytes
    since: str
    started: str
    encrypted: bool
    version: int
    packet_size: int
    product: Product

    def settings(self) -> tuple[object, ...]:
        """text_size, language, date_format, lock_timeout, transaction_isolation_level."""


class Environment:
    """A session's own values. The executor keeps them true."""

    def __init__(self, facts: SessionFacts, sessions: Callable[[], Sequence[SessionFacts]]) -> None:
        self.facts = facts
        self.sessions = sessions
        self.variables: dict[str, tuple[Any, SqlType]] = {}
        self.text_size = 2147483647
        self.row_count = 0
        self.error_number = 0
        self.identity: int | None = None
        self.transactions = 0
        self.no_count = False
        self.row_limit = 0
        self.language = "us_english"
        self.date_format = "mdy"
        self.lock_timeout = -1
        self.isolation = 2  # READ COMMITTED
        self.quoted_identifier = True
        self.identity_insert: str | None = None
        self._collations: dict[str, str] = {}
        # set by the executor
        self.describe: Callable[..., tuple[Sequence[Sequence[object]], Sequence[Column]]]
        self.view_columns: Callable[[Table], Sequence[Column]]
        self.read_collation: Callable[[str], str]
        self.wait_for: Callable[[Table], None]
        self.readable: Callable[[Table], frozenset[str] | None]

    def collation_of(self, database: str) -> str:
        if database not in self._collations:
            self._collations[database] = self.read_collation(database)
        return self._collations[database]

    def variable(self, name: str) -> tuple[Any, SqlType]:
        try:
            return self.variables[name.lower()]
        except KeyError:
            raise error(137, name) from None

    def global_value(self, name: str) -> tuple[Any, SqlType]:
        """An @@name."""
        is_babelfish = self.facts.product is Product.BABELFISH
        values: dict[str, tuple[Any, SqlType]] = {
            "@@textsize": (self.text_size, INT),
            "@@version": (_BABELFISH_TEXT if is_babelfish else _VERSION_TEXT, SqlType("nvarchar", 300)),
            "@@spid": (self.facts.spid, SqlType("smallint")),
            "@@servername": ("TDSTEST", SYSNAME),
            "@@servicename": ("MSSQLSERVER", SYSNAME),
            "@@rowcount": (self.row_count, INT),
            "@@error": (self.error_number, INT),
            "@@trancount": (self.transactions, INT),
            "@@identity": (None if self.identity is None else str(self.identity), SqlType("numeric", precision=38)),
            "@@language": (self.language, SYSNAME),
            "@@lock_timeout": (self.lock_timeout, INT),
            "@@max_precision": (38, SqlType("tinyint")),
            "@@datefirst": (7, SqlType("tinyint")),
            "@@nestlevel": (0, INT),
            "@@options": (5496, INT),
            "@@microsoftversion": (PRODUCT_VERSION[0] << 24 | PRODUCT_VERSION[2], INT),
        }
        try:
            return values[name.lower()]
        except KeyError:
            raise error(137, name) from None

    def function(self, name: str, arguments: Sequence[Bound], catalog: Catalog) -> tuple[Any, SqlType] | None:
        """A function whose value is the same for every row of a statement, or None if there is none of that name."""
        values = []
        for argument in arguments:
            if not argument.constant:
                raise SqlError(50000, f"The TDS test server knows {name} with constants only.", state=77)
            values.append(argument.value)
        method = getattr(self, f"_{name.lower()}", None) if name in _FUNCTIONS else None
        if method is None:
            return None
        try:
            value, kind = method(catalog, *values)
        except TypeError:
            raise SqlError(
                174, f"The {name.lower()} function requires another number of arguments.", severity=15
            ) from None
        return value, kind

    # functions of the session
    def _user(self, catalog: Catalog) -> tuple[Any, SqlType]:
        return "dbo", SYSNAME

    _current_user = _session_user = _user

    def _user_name(self, catalog: Catalog, number: int = 1) -> tuple[Any, SqlType]:
        return "dbo", SYSNAME

    def _system_user(self, catalog: Catalog) -> tuple[Any, SqlType]:
        return self.facts.user, SYSNAME

    _suser_sname = _suser_name = _original_login = _system_user

    def _suser_id(self, catalog: Catalog, name: str | None = None) -> tuple[Any, SqlType]:
        logins = [login.lower() for login in catalog.records.logins()]
        sought = (name or self.facts.user).lower()
        return (256 + logins.index(sought) if sought in logins else 1 if name in (None, "sa") else None), INT

    def _user_id(self, catalog: Catalog, name: str | None = None) -> tuple[Any, SqlType]:
        users = [user.lower() for user, _ in catalog.records.users(catalog.database)]
        return (1 if name is None else 5 + users.index(name.lower()) if name.lower() in users else None), INT

    _database_principal_id = _user_id

    def _host_name(self, catalog: Catalog) -> tuple[Any, SqlType]:
        return self.facts.host, SYSNAME

    def _app_name(self, catalog: Catalog) -> tuple[Any, SqlType]:
        return self.facts.application, SYSNAME

    def _scope_identity(self, catalog: Catalog) -> tuple[Any, SqlType]:
        return self.global_value("@@identity")

    def _connectionproperty(self, catalog: Catalog, name: str) -> tuple[Any, SqlType]:
        values = {
            "net_transport": "TCP",
            "protocol_type": "TSQL",
            "auth_scheme": "SQL",
            "local_net_address": "127.0.0.1",
            "client_net_address": "127.0.0.1",
        }
        return _variant(values.get(name.lower()), "nvarchar(40)")

    def _serverproperty(self, catalog: Catalog, name: str) -> tuple[Any, SqlType]:
        if name.lower() == "babelfish" and self.facts.product is Product.BABELFISH:
            return _variant(1, "int")
        if name.lower() == "collation":
            return _variant(self.collation_of("master"), "nvarchar(128)")
        return _variant(*_PROPERTIES.get(name.lower(), (None, "int")))

    # functions of the catalog
    def _db_name(self, catalog: Catalog, number: int | None = None) -> tuple[Any, SqlType]:
        if number is None:
            return catalog.database, SYSNAME
        names = catalog.storage.databases()
        return (names[number - 1] if 1 <= number <= len(names) else None), SYSNAME

    def _db_id(self, catalog: Catalog, name: str | None = None) -> tuple[Any, SqlType]:
        found = catalog.storage.find(name or catalog.database)
        return (None if found is None else catalog.storage.databases().index(found) + 1), SqlType("smallint")

    def _schema_name(self, catalog: Catalog, number: int = 1) -> tuple[Any, SqlType]:
        return next(
            (name for known, name in catalog.records.schemas(catalog.database) if known == number), None
        ), SYSNAME

    def _schema_id(self, catalog: Catalog, name: str = "dbo") -> tuple[Any, SqlType]:
        known = catalog.records.schemas(catalog.database)
        return next((number for number, one in known if one.lower() == name.lower()), None), INT

    def _object_id(self, catalog: Catalog, name: str | None, kind: str | None = None) -> tuple[Any, SqlType]:
        if name is None:
            return None, INT
        try:
            parts = split_name(name)
            system = catalog.system_view_number(parts)
            if system is not None:
                return (system if kind in (None, "V") else None), INT
            table = catalog.table(parts)
        except SqlError:
            return None, INT
        fits = table is not None and kind in (None, "U" if table.view_text is None else "V")
        return (table.object_id if table is not None and fits else None), INT

    def _object_name(self, catalog: Catalog, number: int | None) -> tuple[Any, SqlType]:
        tables = catalog.records.tables(catalog.database)
        return next((table.name for table in tables if table.object_id == number), None), SYSNAME

    def _object_schema_name(self, catalog: Catalog, number: int | None) -> tuple[Any, SqlType]:
        tables = catalog.records.tables(catalog.database)
        return next((table.schema for table in tables if table.object_id == number), None), SYSNAME

    def _databasepropertyex(self, catalog: Catalog, database: str, name: str) -> tuple[Any, SqlType]:
        found = catalog.storage.find(database)
        values = {"status": "ONLINE", "updateability": "READ_WRITE", "recovery": "SIMPLE", "useraccess": "MULTI_USER"}
        if found is not None and name.lower() == "collation":
            return _variant(self.collation_of(found), "nvarchar(128)")
        return _variant(values.get(name.lower()) if found else None, "nvarchar(128)")

    def _has_perms_by_name(self, catalog: Catalog, *words: str | None) -> tuple[Any, SqlType]:
        return 1, INT  # every login may do everything

    def _has_dbaccess(self, catalog: Catalog, name: str) -> tuple[Any, SqlType]:
        return (1 if catalog.storage.find(name) else None), INT

    def _is_srvrolemember(self, catalog: Catalog, *words: str) -> tuple[Any, SqlType]:
        return 1, INT

    _is_member = _is_rolemember = _is_srvrolemember

    # the clock
    def _now(self, kind: SqlType) -> tuple[Any, SqlType]:
        now = datetime.now(timezone.utc)  # the server's zone is UTC
        ticks = ((now.hour * 3600 + now.minute * 60 + now.second) * 1_000_000 + now.microsecond) * 10
        return temporal.to_storage(temporal.Moment(now.toordinal(), ticks), kind), kind

    def _getdate(self, catalog: Catalog) -> tuple[Any, SqlType]:
        return self._now(SqlType("datetime"))

    _current_timestamp = _getutcdate = _getdate

    def _sysdatetime(self, catalog: Catalog) -> tuple[Any, SqlType]:
        return self._now(SqlType("datetime2", scale=7))

    _sysutcdatetime = _sysdatetime

    def _sysdatetimeoffset(self, catalog: Catalog) -> tuple[Any, SqlType]:
        return self._now(SqlType("datetimeoffset", scale=7))

    def _pi(self, catalog: Catalog) -> tuple[Any, SqlType]:
        return 3.141592653589793, SqlType("float")


_FUNCTIONS = frozenset(
    """USER CURRENT_USER SESSION_USER USER_NAME SYSTEM_USER SUSER_SNAME SUSER_NAME SUSER_ID USER_ID DATABASE_PRINCIPAL_ID ORIGINAL_LOGIN HOST_NAME APP_NAME
    SCOPE_IDENTITY CONNECTIONPROPERTY SERVERPROPERTY DB_NAME DB_ID SCHEMA_NAME SCHEMA_ID OBJECT_ID OBJECT_NAME
    OBJECT_SCHEMA_NAME DATABASEPROPERTYEX HAS_PERMS_BY_NAME HAS_DBACCESS IS_SRVROLEMEMBER IS_MEMBER IS_ROLEMEMBER GETDATE
    CURRENT_TIMESTAMP GETUTCDATE SYSDATETIME SYSUTCDATETIME SYSDATETIMEOFFSET PI""".split()
)


def _variant(value: Any, kind: str) -> tuple[Any, SqlType]:
    stored = None if value is None else json.dumps({"type": kind, "value": value})
    return stored, SqlType("sql_variant")


def split_name(text: str) -> tuple[str, ...]:
    """`[db].[schema].[table]` in a text."""
    parts: list[str] = []
    expect_name = True
    for token in tokenize(text):
        if token.kind in (Kind.NAME, Kind.WORD) and expect_name:
            parts.append(token.text)
            expect_name = False
        elif token.kind is Kind.SYMBOL and token.text == ".":
            if expect_name:
                parts.append("")
            expect_name = True
        elif token.kind is not Kind.END:
            raise error(208, text)
    if not parts or expect_name:
        raise error(208, text)
    return tuple(parts)
