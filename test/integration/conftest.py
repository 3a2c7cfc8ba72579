"""Fixtures: one cluster with the extension, and remote servers, each started once when first needed."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from types import FrameType

import pytest
from harness import hostile as hostile_driver
from harness.browser import Chromium, started
from harness.database import Database
from harness.scratch import drop_tables
from harness.skipping import left_out
from harness.sources import Read, reader
from harness.syncs import Syncs
from runner.unit import BUILD, build_targets

from servers import odbc_drivers
from servers.access_file import write_access_file
from servers.cache import alone
from servers.catalog import MYSQL_KINDS
from servers.hive.server import HiveServer
from servers.kerberos import Kdc
from servers.postgres import Postgres
from servers.postgres_suite import Postgres17, Postgres18, SuitePostgres
from servers.remote import Remote
from servers.remote_hive import HiveRemote
from servers.remote_mysql import MySqlRemote
from servers.remote_odbc import OdbcRemote, SqliteRemote
from servers.remote_postgres import PostgresRemote
from servers.remote_sqlserver import RealSqlServer, SqlServerRemote
from servers.server import Unavailable
from servers.sqlserver_double import SqlServerDouble
from servers.staging import staged
from servers.tls import Authority
from servers.workspace import Workspace

# Words in the server's log that mean a crash or a finding of a sanitizer. Tests kill with other signals.
_CRASH = re.compile(r"terminated by signal (?:4|6|7|8|11)\b|ERROR: AddressSanitizer|runtime error:|\bPANIC\b|\bTRAP:|stuck spinlock")


POSTGRES_KINDS = ("postgres15", "postgres17", "postgres18")
REPRESENTATIVES = (
    *("mariadb", "postgres15", "tds", "hive", "odbc_postgres15"),
    *(["real_sqlserver"] if os.environ.get("CONNECTOR_TEST_SQLSERVER") else []),
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves tests that are marked as thorough to THOROUGH=1."""
    if os.environ.get("CONNECTOR_TEST_THOROUGH"):
        return
    left_out = {item for item in items if _is_thorough(item)}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def _is_thorough(item: pytest.Item) -> bool:
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return any(not mark.args or any(value in mark.args for value in values) for mark in item.iter_markers("thorough"))


_LIMIT = 300  # seconds for one test; none should ever need it


@pytest.fixture(autouse=True)
def deadline() -> Iterator[None]:
    """Ends a test that hangs, with a traceback of where."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"the test took longer than {_LIMIT} s")

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(_LIMIT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


@pytest.fixture(scope="session")
def workspace() -> Iterator[Workspace]:
    with Workspace() as workspace:
        yield workspace


@pytest.fixture(scope="session")
def pg(workspace: Workspace) -> Iterator[Postgres]:
    """The cluster. At the end its log is searched for crashes."""
    yield from _started(Postgres(workspace, stage=staged(workspace), settings=odbc_drivers.SETTINGS))


@pytest.fixture(scope="session")
def preloaded(workspace: Workspace) -> Iterator[Postgres]:
    """A cluster with the extension in shared_preload_libraries: syncs run by themselves. Tests may kill it."""
    settings = {
        "shared_preload_libraries": "connector",
        "max_worker_processes": "20",
        "connector.max_workers": "4",
        "connector.min_sync_interval": "1s",
        "synchronous_commit": "on",
        **odbc_drivers.SETTINGS,
    }
    yield from _started(Postgres(workspace, stage=staged(workspace), settings=settings))


def _started(server: Postgres) -> Iterator[Postgres]:
    with server:
        yield server
    found = [line for line in server.log.read_text(errors="replace").splitlines() if _CRASH.search(line)]
    assert not found, "the server's log tells of crashes:\n" + "\n".join(found[:20])


@pytest.fixture(scope="session")
def hostile(workspace: Workspace) -> Iterator[Postgres]:
    """A cluster whose only ODBC driver is the hostile one."""
    yield from _started(hostile_driver.cluster(workspace))


@pytest.fixture
def clock(preloaded: Postgres) -> Iterator[Syncs]:
    """The syncs of a fresh database there."""
    preloaded.start()
    preloaded.create_database("clock", "connector")
    database = Database(preloaded, "clock")
    yield Syncs(database)
    database.close()
    preloaded.start()
    with Database(preloaded, "postgres") as server:
        server.execute("DROP DATABASE IF EXISTS clock WITH (FORCE)")


@pytest.fixture(scope="module")
def db(pg: Postgres, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh database for the module, with the extension, seen by a superuser."""
    yield from _database(pg, _name_of(request), "connector")


@pytest.fixture(scope="module")
def gis(pg: Postgres, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Another one, with PostGIS in a schema that is not in the search path."""
    for database in _database(pg, f"{_name_of(request)}_gis"):
        database.execute("CREATE SCHEMA gis; CREATE EXTENSION postgis SCHEMA gis; CREATE EXTENSION connector")
        yield database


@pytest.fixture(scope="session")
def read(workspace: Workspace) -> Read:
    """Reads sources through the drivers alone. The group `unit` has built the program already, if it ran before."""
    folder = workspace.subfolder("read-source")
    with alone(BUILD):
        assert build_targets(folder / "build.log", "read_source")
    # What drivers of ODBC leave behind is theirs; the program looks for leaks of ours.
    suppressions = folder / "leaks.txt"
    suppressions.write_text("".join(f"leak:{library}\n" for library in odbc_drivers.LIBRARIES.values()))
    environment = {"LSAN_OPTIONS": f"suppressions={suppressions}:print_suppressions=0"}
    return reader(str(BUILD / "read_source"), odbc_drivers.environment(workspace) | environment)


def _name_of(request: pytest.FixtureRequest) -> str:
    """What a module's database is called: providers_mysql_types for providers/mysql/test_types.py."""
    name: str = request.module.__name__
    return name.replace(".test_", "_").replace(".", "_")


def _database(pg: Postgres, name: str, *extensions: str) -> Iterator[Database]:
    pg.create_database(name, *extensions)
    database = Database(pg, name)
    yield database
    database.close()
    with Database(pg, "postgres") as server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def tidy(db: Database) -> Iterator[None]:
    """Drops the tables that a test leaves in the module's database."""
    yield
    drop_tables(db)


@pytest.fixture
def etl(db: Database) -> Iterator[Database]:
    """The same database seen by a plain role that may open connections."""
    role = db.create_role("etl")
    yield role
    role.close()
    db.drop_role("etl")


@pytest.fixture
def plain(db: Database, etl: Database) -> Database:
    """That role, allowed to connect to loopback."""
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.1'")
    etl.close()
    etl.value("SELECT cdb_connectors()")
    return etl


@pytest.fixture
def guest(db: Database) -> Iterator[Database]:
    """The same database seen by a role without any right of the extension's."""
    role = db.create_role("guest", may_connect=False)
    yield role
    role.close()
    db.drop_role("guest")


@pytest.fixture(scope="session")
def mariadb(workspace: Workspace) -> MySqlRemote:
    return _mysql("mariadb", workspace)


@pytest.fixture(scope="session")
def mysql56(workspace: Workspace) -> MySqlRemote:
    return _mysql("mysql56", workspace)


@pytest.fixture(scope="session")
def mysql9(workspace: Workspace) -> MySqlRemote:
    return _mysql("mysql9", workspace)


@pytest.fixture(params=list(MYSQL_KINDS))
def mysql(request: pytest.FixtureRequest) -> MySqlRemote:
    """Each server of the MySQL family in turn."""
    found = _running(request)
    assert isinstance(found, MySqlRemote)
    return found


@pytest.fixture(params=[*MYSQL_KINDS, *POSTGRES_KINDS, "hive"])
def remote(request: pytest.FixtureRequest) -> Remote:
    """Each remote server of every provider in turn."""
    return _running(request)


# Tests that are not run on HiveServer2, which takes its time for each of many statements or knows no such thing.
_NOT_ON_HIVE = {
    "test_many_imports_in_one_session": "hundreds of imports take HiveServer2 too long",
    "test_table_name_with_quotes": "Hive takes no such names",
    "test_a_session_killed_under_a_cursor": "HiveServer2 closes no session under a statement",
    "test_a_connection_that_is_cut_in_a_transaction": "a transaction of Hive's is none",
    "test_an_answer_that_nobody_reads_to_its_end": "HiveServer2 takes minutes to make so many rows",
    "test_more_values_than_a_batch_has": "HiveServer2 takes minutes to make so many rows",
    "test_disk_full": "not tried with HiveServer2",
    "test_disk_full_in_a_refresh": "not tried with HiveServer2",
    "test_disk_full_while_indexing": "tables of Hive have no keys",
}


_PLAIN_ROLE = "a plain role gives no connection of odbc in a request; providers/odbc/test_rights.py has what it may do"
# Tests that are not run by ODBC, and why.
_NOT_BY_ODBC = {
    "test_connection_is_cut": "psqlodbc crashes where the connection is cut under its cursor: providers/odbc/test_faults.py",
    "test_cut_before_the_end_is_no_short_table": "psqlodbc hangs or crashes where the connection is cut under its cursor",
    "test_a_connection_that_is_cut_while_it_is_idle": "psqlodbc does not tell that an idle connection is lost",
    "test_hostile_search_path": "psqlodbc tells no lengths of texts, and a plain role gives no connection",
    **dict.fromkeys(
        (
            "test_a_sync_is_changed_by_its_own_view",
            "test_it_goes_nowhere_else",
            "test_another_owner_keeps_nothing",
            "test_the_owner_of_an_overwritten_table_keeps_nothing",
            "test_roles",
            "test_rights_are_checked_at_each_run",
            "test_imports_at_once_are_counted_by_role",
            "test_keep_runs",
            "test_who_sees_imports",
            "test_no_right_on_schema",
            "test_overwriting_needs_ownership",
        ),
        _PLAIN_ROLE,
    ),
}


def _not_by_odbc(node: pytest.Item) -> str | None:
    """Why a test of `one_remote` is of no use with ODBC."""
    name, parameters = node.originalname, node.callspec.params  # type: ignore[attr-defined]
    if node.path.name == "test_hosts.py":
        return "its drivers dial by themselves"
    if node.path.name in ("test_stops.py", "test_cancel.py", "test_client_goes_away.py") and parameters.get("phase") in ("authenticate", "describe", "columns"):
        return "at which step psqlodbc is can't be told from here; providers/odbc/test_reader_stops.py has each"
    reason: str | None = _NOT_BY_ODBC.get(name)
    return reason


def _not_on_babelfish(node: pytest.Item) -> str | None:
    """Why Babelfish can't stand a test of `one_remote`."""
    name, parameters = node.originalname, node.callspec.params  # type: ignore[attr-defined]
    if parameters.get("phase") == "execute":
        return "Babelfish has no WAITFOR"
    if parameters.get("phase") == "lock":
        return "Babelfish heeds no attention while it waits for a lock"
    return {
        ("test_disk_full", "toast"): "Babelfish makes no text of bytes that are zero",
        ("test_connection_is_cut", "describe"): "with TLS the login takes more bytes than that",
        ("test_many_failures_in_one_session", None): "Babelfish takes too long for some hundred logins",
    }.get((name, parameters.get("kind", parameters.get("after"))))


# Of the tests of foreign tables, those that HiveServer2 is always asked: a statement takes it a second. The others only
# where CONNECTOR_TEST_REMOTES names it; what its driver sends and reads is in providers/hive.
_OF_HIVES_FOREIGN_TABLES = ("test_scans.py", "test_answers.py", "test_rights.py")


def _too_slow_by_hive(node: pytest.Item) -> bool:
    asked = "hive" in re.split(r"[\s,]+", os.environ.get("CONNECTOR_TEST_REMOTES", ""))
    return node.path.parent.name == "fdw" and node.path.name not in _OF_HIVES_FOREIGN_TABLES and not asked


@pytest.fixture(params=REPRESENTATIVES)
def one_remote(request: pytest.FixtureRequest) -> Iterator[Remote]:
    """One remote server of each provider in turn: for tests where its version makes no difference."""
    if request.param == "hive" and (reason := _NOT_ON_HIVE.get(request.node.originalname)):
        pytest.skip(reason)
    if request.param == "hive" and _too_slow_by_hive(request.node):
        pytest.skip("HiveServer2 is asked for where CONNECTOR_TEST_REMOTES names it: it takes a second for each statement")
    if request.param.startswith("odbc") and (reason := _not_by_odbc(request.node)):
        pytest.skip(reason)
    found = _running(request)
    if isinstance(found, SqlServerRemote) and found.is_babelfish and (reason := _not_on_babelfish(request.node)):
        pytest.skip(reason)
    yield found
    if found.server.running():  # what one test left behind must not fail the next
        for session in found.sessions():
            found.kill_session(session.number)


@pytest.fixture(scope="session")
def authority(workspace: Workspace) -> Authority:
    """Signs the certificates of remote servers with TLS."""
    return Authority(workspace)


@pytest.fixture(scope="session")
def postgres15(workspace: Workspace) -> PostgresRemote:
    return PostgresRemote(Postgres(workspace, pg_config="pg_config").start())


@pytest.fixture(scope="session")
def postgres17(workspace: Workspace) -> PostgresRemote:
    return _postgres(Postgres17, workspace)


@pytest.fixture(scope="session")
def postgres18(workspace: Workspace) -> PostgresRemote:
    return _postgres(Postgres18, workspace)


def _postgres(kind: type[SuitePostgres], workspace: Workspace) -> PostgresRemote:
    try:
        return PostgresRemote(kind(workspace).start(), kind.kind)
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def postgres15_tls(workspace: Workspace, authority: Authority) -> PostgresRemote:
    server = Postgres(workspace, pg_config="pg_config")
    server.use_tls(authority.server(server.account))
    return PostgresRemote(server.start(), "postgres15_tls")


@pytest.fixture(scope="session")
def real_sqlserver() -> SqlServerRemote:
    """The server that CONNECTOR_TEST_SQLSERVER names."""
    try:
        return SqlServerRemote(RealSqlServer.from_environment())
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def tds(workspace: Workspace) -> SqlServerRemote:
    """The TDS test server."""
    return SqlServerRemote(SqlServerDouble(workspace).start())


@pytest.fixture(params=["tds", "real_sqlserver"])
def sqlserver(request: pytest.FixtureRequest) -> SqlServerRemote:
    """Each server that speaks SQL Server's protocol in turn."""
    found: SqlServerRemote = request.getfixturevalue(request.param)
    found.server.start()
    return found


@pytest.fixture(scope="session")
def odbc_postgres15(postgres15: PostgresRemote) -> OdbcRemote:
    """PostgreSQL by its ODBC driver."""
    return OdbcRemote(postgres15, "PostgreSQL")


@pytest.fixture(scope="session")
def odbc_mariadb(mariadb: MySqlRemote) -> OdbcRemote:
    """MariaDB by its ODBC driver."""
    return OdbcRemote(mariadb, "MariaDB")


@pytest.fixture(scope="session")
def odbc_tds(tds: SqlServerRemote) -> OdbcRemote:
    """The TDS test server by the ODBC driver of FreeTDS, which calls itself as the tests look for it there."""
    return OdbcRemote(tds, "FreeTDS", {"app": "connector"})


@pytest.fixture(scope="session")
def odbc_microsoft(tds: SqlServerRemote) -> OdbcRemote:
    """The same by Microsoft's driver, for those who accept its licence."""
    if not odbc_drivers.microsoft_wanted():
        pytest.skip("CONNECTOR_TEST_MSODBC is not set")
    return OdbcRemote(tds, odbc_drivers.MICROSOFT, {"app": "connector", "encrypt": "no"})


@pytest.fixture(scope="session")
def odbc_sqlite(workspace: Workspace) -> SqliteRemote:
    """A file of SQLite's by ODBC."""
    return SqliteRemote(workspace)


@pytest.fixture(scope="session")
def odbc_access(workspace: Workspace) -> dict[str, object]:
    """The connection to a file of Access by the driver of mdbtools."""
    odbc_drivers.library_of("MDBTools")
    try:
        return {"driver": "MDBTools", "dbq": str(write_access_file(workspace))}
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def chromium(workspace: Workspace) -> Iterator[Chromium]:
    """Debian's browser, for the tests of pages."""
    yield from started(workspace)


@pytest.fixture(scope="session")
def kdc(workspace: Workspace) -> Kdc | None:
    """A Kerberos realm, if it can be had."""
    try:
        return Kdc(workspace).start()
    except Unavailable:
        return None


@pytest.fixture(scope="session")
def hive(workspace: Workspace, authority: Authority, kdc: Kdc | None) -> HiveRemote:
    """HiveServer2, with all its doors."""
    if left_out("hive"):
        pytest.skip("SKIP leaves out hive")
    server = HiveServer(workspace, kdc=kdc)
    server.tls = authority.server(server.account, name="hive")
    try:
        return HiveRemote(server.start())
    except Unavailable as reason:
        pytest.skip(str(reason))


def _running(request: pytest.FixtureRequest) -> Remote:
    """The session's server of the kind that is asked for; started again if a test stopped it."""
    chosen = os.environ.get("CONNECTOR_TEST_REMOTES", "")
    if chosen and request.param not in re.split(r"[\s,]+", chosen):
        pytest.skip(f"CONNECTOR_TEST_REMOTES leaves out {request.param}")
    found: Remote = request.getfixturevalue(request.param)
    found.server.start()
    return found


def _mysql(kind: str, workspace: Workspace) -> MySqlRemote:
    try:
        return MySqlRemote(MYSQL_KINDS[kind](workspace).start())
    except Unavailable as reason:
        pytest.skip(str(reason))
