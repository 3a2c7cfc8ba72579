"""Who may open connections by ODBC, by which drivers; what the process gets of the server's environment."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import assert_unseen
from harness.hostile import PASSWORD, assert_rows, request
from harness.readers import no_reader_left

from servers.hostile_odbc import NAME, OTHER_NAME
from servers.postgres import Postgres
from servers.process import wait_until

CALLS = ("SELECT cdb_import_connector(%s)", "SELECT cdb_connector_dry_run(%s)", "SELECT cdb_connector_check(%s)", "SELECT * FROM cdb_connector_tables(%s)")
FOREIGN = {"provider": "odbc", "connection": "shop", "table": "things", "import_as": "from_hostile"}


@pytest.fixture(scope="module")
def db(hostile: Postgres) -> Iterator[Database]:
    """The log shows no password of any test."""
    position = hostile.log_size()
    hostile.create_database("odbc_rights", "connector")
    with Database(hostile, "odbc_rights") as db:
        db.value("SELECT cdb_connectors()")
        yield db
    assert_unseen(hostile.log_since(position), (PASSWORD, "another-secret"))


@pytest.fixture
def etl(db: Database) -> Iterator[Database]:
    """A plain role that may open connections with other providers."""
    role = db.create_role("etl")
    role.value("SELECT cdb_connectors()")
    yield role
    role.close()
    db.drop_role("etl")


def create_server(db: Database, name: str = "shop", **options: str) -> None:
    told = ", ".join(f"{key} '{value}'" for key, value in {"driver": NAME, "expects": PASSWORD, **options}.items())
    db.execute(f"CREATE SERVER {name} FOREIGN DATA WRAPPER connector OPTIONS (provider 'odbc', {told})")


@pytest.fixture
def shop(db: Database, etl: Database) -> Iterator[Database]:
    """A superuser's server, seen by the role, which has a mapping of its own."""
    create_server(db)
    db.execute("GRANT USAGE ON FOREIGN SERVER shop TO etl")
    db.execute("REVOKE USAGE ON FOREIGN DATA WRAPPER connector FROM etl")
    etl.execute(f"CREATE USER MAPPING FOR etl SERVER shop OPTIONS (username 'somebody', password '{PASSWORD}')")
    yield etl
    db.execute("DROP SERVER shop CASCADE")


@pytest.mark.parametrize("call", CALLS)
def test_connection_in_a_request_of_a_plain_role(etl: Database, call: str) -> None:
    with no_reader_left(etl), fails("only superusers may give a connection of provider \"odbc\"", number=1501, secrets=(PASSWORD,)):
        etl.execute(call, json.dumps(request()))


def test_server_of_a_superuser(shop: Database) -> None:
    with no_reader_left(shop):
        assert shop.import_table(FOREIGN)["rows"] == 100
        assert_rows(shop)
        assert shop.value("SELECT cdb_connector_check(%s)", json.dumps(FOREIGN)) == {"connected": True}
        assert shop.rows("SELECT name FROM cdb_connector_tables(%s)", json.dumps(FOREIGN)) == [("things",)]


def test_wrong_password(shop: Database) -> None:
    shop.execute("ALTER USER MAPPING FOR etl SERVER shop OPTIONS (SET password 'another-secret')")
    with no_reader_left(shop), fails("Invalid authorization", number=1012, detail="28000", secrets=(PASSWORD, "another-secret")):
        shop.import_table(FOREIGN)


@pytest.mark.parametrize("option", ["driver", "dsn", "server", "port", "database", "at", "what", "connect_timeout"])
def test_option_that_no_mapping_has(db: Database, shop: Database, option: str) -> None:
    """What leads elsewhere, or is an attribute of the driver, is the superuser's affair, on the server."""
    for session in (shop, db):
        with fails(f'invalid option "{option}"', hint="."):
            session.execute(f"ALTER USER MAPPING FOR etl SERVER shop OPTIONS (ADD {option} '1')")


def test_secret_of_another_name_in_a_mapping(db: Database, shop: Database) -> None:
    """Those that are described may be set by the role; of others only their names say that they are secrets."""
    shop.execute("ALTER USER MAPPING FOR etl SERVER shop OPTIONS (ADD token 'another-secret')")
    with fails('only superusers may set option "my_secret"'):
        shop.execute("ALTER USER MAPPING FOR etl SERVER shop OPTIONS (ADD my_secret 'x')")  # PostgreSQL logs it
    db.execute("ALTER USER MAPPING FOR etl SERVER shop OPTIONS (ADD my_secret 'another-secret')")
    assert shop.import_table(FOREIGN)["rows"] == 100
    assert_rows(shop)


def test_attribute_cannot_be_given_through_a_value(shop: Database) -> None:
    """How the driver would read the end of a value and another attribute in it nobody knows: it is not told of that."""
    for value in ("x};at=connect;what=segfault;{", "x;at=connect;what=segfault", "{x}"):
        shop.execute(f"ALTER USER MAPPING FOR etl SERVER shop OPTIONS (SET username '{value}')")
        with no_reader_left(shop), fails('the value of "username" can\'t be told to this driver', number=1502):
            shop.import_table(FOREIGN)


def test_server_of_somebody_else(db: Database, etl: Database) -> None:
    """A plain role makes none. By one that was given to it neither it nor a superuser connects."""
    with fails("only superusers may make or change a foreign server", number=1501):
        etl.execute(f"CREATE SERVER shop FOREIGN DATA WRAPPER connector OPTIONS (provider 'odbc', driver '{NAME}')")
    create_server(db)
    db.execute("GRANT USAGE ON FOREIGN SERVER shop TO etl; GRANT CREATE ON DATABASE odbc_rights TO etl; ALTER SERVER shop OWNER TO etl")
    with fails("only superusers may make or change a foreign server", number=1501):
        etl.execute("ALTER SERVER shop OPTIONS (SET expects 'anything')")
    etl.execute(f"CREATE USER MAPPING FOR etl SERVER shop OPTIONS (username 'somebody', password '{PASSWORD}')")
    db.execute(f"CREATE USER MAPPING FOR postgres SERVER shop OPTIONS (username 'somebody', password '{PASSWORD}')")
    try:
        for session in (etl, db):
            with no_reader_left(session), fails('foreign server "shop" must be a superuser\'s', number=1501, secrets=(PASSWORD,)):
                session.import_table(FOREIGN)
        etl.execute("CREATE FOREIGN TABLE away (id integer) SERVER shop OPTIONS (table_name 'things')")
        for session in (etl, db):
            with no_reader_left(session), fails("must be a superuser's"):
                session.rows("SELECT * FROM away")
        db.execute("ALTER SERVER shop OWNER TO postgres")
        assert db.import_table(FOREIGN)["rows"] == 100
        assert_rows(db)
    finally:
        db.execute("DROP SERVER shop CASCADE; REVOKE CREATE ON DATABASE odbc_rights FROM etl")


@pytest.mark.parametrize("driver", [OTHER_NAME, "no such driver", "/usr/lib/libhostile.so", f"{NAME};at=connect"])
def test_driver_that_is_not_allowed(db: Database, driver: str) -> None:
    with no_reader_left(db), fails("is not allowed|no name", secrets=(PASSWORD,)):
        db.import_table(request(driver=driver))


def test_driver_that_is_not_allowed_on_a_server(db: Database, shop: Database) -> None:
    db.execute(f"ALTER SERVER shop OPTIONS (SET driver '{OTHER_NAME}')")
    with no_reader_left(shop), fails(f'ODBC driver "{OTHER_NAME}" is not allowed', number=1501, detail="connector.odbc_drivers"):
        shop.import_table(FOREIGN)


def test_plain_role_cannot_allow_drivers(etl: Database) -> None:
    for name, value in (("connector.odbc_drivers", OTHER_NAME), ("connector.reader_environment", "X=1"), ("connector.reader_memory", "0"), ("connector.max_readers_per_role", "0"), ("connector.max_reader_processes", "0")):
        with fails("permission denied to set parameter|cannot be changed now"):
            etl.execute(f"SET {name} = '{value}'")


@pytest.mark.parametrize("attribute", ["filedsn", "savefile", "pwd", "uid"])
def test_attribute_of_the_driver_manager(db: Database, attribute: str) -> None:
    with no_reader_left(db), fails(f'"{attribute}"', secrets=(PASSWORD,)):
        db.import_table(request(**{attribute: "/tmp/x"}))


def environment(db: Database) -> set[str]:
    """NAME=value of the process, as the driver tells it in an error."""
    with no_reader_left(db), fails("environment: ") as failure:
        db.import_table(request(at="execute", what="env"))
    return set(failure.message.partition("environment: ")[2].split("|"))


def test_environment(hostile: Postgres, db: Database) -> None:
    """A few variables of the server's, and what the setting names, which has the last word."""
    before = environment(db)
    assert {entry.partition("=")[0] for entry in before} <= {"PATH", "LANG", "TZ", "ODBCSYSINI"}, before
    assert any(entry.startswith("ODBCSYSINI=") for entry in before)
    try:
        hostile.configure({"connector.reader_environment": 'ORACLE_HOME=/opt/x QUOTED="a b ""c""" TZ=Asia/Tokyo'})
        hostile.reload()
        wait_until(lambda: "ORACLE_HOME" in db.value("SHOW connector.reader_environment"), what="the setting")
        assert environment(db) - before == {"ORACLE_HOME=/opt/x", 'QUOTED=a b "c"', "TZ=Asia/Tokyo"}
    finally:
        hostile.configure({"connector.reader_environment": ""})
        hostile.reload()
        wait_until(lambda: db.value("SHOW connector.reader_environment") == "", what="the setting")
