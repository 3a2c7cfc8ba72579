"""Fixtures: one cluster with the extension, and remote servers, each started once when first needed."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from types import FrameType

import pytest
from harness import hostile as hostile_driver
from harness import thorough
from harness.browser import Chromium, started
from harness.database import Database
from harness.failures import Failures
from harness.scratch import drop_tables
from harness.remote_limits import not_on_babelfish, of_no_use
from harness.skipping import left_out, unwanted
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


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Failures(config))


@pytest.hookimpl(trylast=True)  # of the tests that -k chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves what takes long to THOROUGH=1."""
    dropped = thorough.left_out(items, lambda item, server: unwanted(server) or of_no_use(item) is not None)
    config.hook.pytest_deselected(items=list(dropped))
    items[:] = [item for item in items if item not in dropped]


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


@pytest.fixture(params=REPRESENTATIVES)
def one_remote(request: pytest.FixtureRequest) -> Iterator[Remote]:
    """One remote server of each provider in turn: for tests where its version makes no difference."""
    if reason := of_no_use(request.node):
        pytest.skip(reason)
    found = _running(request)
    if isinstance(found, SqlServerRemote) and found.is_babelfish and (reason := not_on_babelfish(request.node)):
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
    if unwanted(request.param):
        pytest.skip(f"SKIP or CONNECTOR_TEST_REMOTES leaves out {request.param}")
    found: Remote = request.getfixturevalue(request.param)
    found.server.start()
    return found


def _mysql(kind: str, workspace: Workspace) -> MySqlRemote:
    try:
        return MySqlRemote(MYSQL_KINDS[kind](workspace).start())
    except Unavailable as reason:
        pytest.skip(str(reason))
