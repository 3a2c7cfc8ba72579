"""A role that is no superuser must give a password, and it must be what lets it in: ways around that rule, as they are
known from the history of dblink and postgres_fdw. (Sockets, files, services and the environment: test_session.py;
servers that ask for something else: faults/test_malicious_postgres.py.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import fails_cleanly
from harness.host_rules import HostRules

from servers.remote_postgres import PostgresRemote
from servers.tls import Authority

REQUIRED = {"message": "password is required|did not ask for the password", "sqlstate": "42501", "number": 1501}


@pytest.fixture
def trusting(postgres15: PostgresRemote) -> Iterator[PostgresRemote]:
    """A server that lets everybody in from this machine: what it lends must not be handed on."""
    rules = HostRules(postgres15.server)
    rules.put_first("host all all 127.0.0.1/32 trust")
    yield postgres15
    rules.restore()


def request(remote: PostgresRemote, connection: object = None, **more: object) -> str:
    return json.dumps({"provider": "postgres", "connection": connection or remote.connection(**more)})


CALLS = ["cdb_import_connector(%s)", "cdb_connector_check(%s)", "cdb_connector_tables(%s)", "cdb_connector_dry_run(%s)"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("password", ["", "not-the-password"])
def test_every_function_that_connects(plain: Database, trusting: PostgresRemote, call: str, password: str) -> None:
    text = json.loads(request(trusting, username="postgres", password=password))
    if "import" in call or "dry" in call:
        text |= {"sql_query": "SELECT 1 AS a", "import_as": "lent"}
    with fails_cleanly(plain, trusting, **REQUIRED):
        plain.rows(f"SELECT {call}", json.dumps(text))


def test_own_foreign_server(db: Database, plain: Database, trusting: PostgresRemote) -> None:
    """Neither a server and mapping of the role's own, nor leaving the password to either of them, changes the rule."""
    options = f"provider 'postgres', server '127.0.0.1', port '{trusting.server.port}', database 'testdb', sslmode 'disable'"
    plain.execute(f"CREATE SERVER own FOREIGN DATA WRAPPER connector OPTIONS ({options})")
    try:
        plain.execute("CREATE USER MAPPING FOR etl SERVER own OPTIONS (username 'postgres')")
        with fails_cleanly(plain, trusting, **REQUIRED):
            plain.rows("SELECT cdb_connector_check(%s)", request(trusting, "own"))
        plain.execute("ALTER USER MAPPING FOR etl SERVER own OPTIONS (ADD password 'any')")
        with fails_cleanly(plain, trusting, **REQUIRED):
            plain.rows("SELECT cdb_connector_check(%s)", request(trusting, "own"))
        for option in ("password_required 'false'", "service 'x'", "passfile '/x'", "options '-c x=y'", "use_scram_passthrough 'true'"):
            with fails("invalid option|option"):
                plain.execute(f"ALTER SERVER own OPTIONS (ADD {option})")
            with fails("invalid option|option"):
                plain.execute(f"ALTER USER MAPPING FOR etl SERVER own OPTIONS (ADD {option})")
        with fails("superuser", sqlstate="42501"):
            plain.execute("ALTER USER MAPPING FOR etl SERVER own OPTIONS (ADD sslcert '/etc/hostname')")
    finally:
        db.execute("DROP SERVER own CASCADE")


def test_mapping_of_others(db: Database, plain: Database, trusting: PostgresRemote) -> None:
    """A mapping for everybody made by a superuser binds its users to the rule, too; the superuser himself is free."""
    options = f"provider 'postgres', server '127.0.0.1', port '{trusting.server.port}', database 'testdb', sslmode 'disable'"
    db.execute(f"CREATE SERVER shared FOREIGN DATA WRAPPER connector OPTIONS ({options})")
    try:
        db.execute("GRANT USAGE ON FOREIGN SERVER shared TO etl")
        db.execute("CREATE USER MAPPING FOR PUBLIC SERVER shared OPTIONS (username 'reader')")
        with fails_cleanly(plain, trusting, **REQUIRED):
            plain.rows("SELECT cdb_connector_check(%s)", request(trusting, "shared"))
        assert db.value("SELECT cdb_connector_check(%s)", request(trusting, "shared")) == {"connected": True}
    finally:
        db.execute("DROP SERVER shared CASCADE")


def test_certificate_in_place_of_the_password(
    db: Database, plain: Database, postgres15_tls: PostgresRemote, authority: Authority
) -> None:
    """A certificate that a superuser put into the mapping is shown, but the password must be asked for as well."""
    remote = postgres15_tls
    certificate = authority.client("reader", db.server.account)
    options = f"provider 'postgres', server '127.0.0.1', port '{remote.server.port}', database 'testdb'"
    login = f"username 'reader', password '{remote.server.password}'"
    rules = HostRules(remote.server)
    db.execute(f"CREATE SERVER certified FOREIGN DATA WRAPPER connector OPTIONS ({options})")
    try:
        db.execute("GRANT USAGE ON FOREIGN SERVER certified TO etl")
        files = f"sslcert '{certificate.certificate}', sslkey '{certificate.key}'"
        db.execute(f"CREATE USER MAPPING FOR etl SERVER certified OPTIONS ({login}, {files})")
        rules.put_first("hostssl testdb reader 127.0.0.1/32 cert")
        with fails_cleanly(plain, remote, **REQUIRED):
            plain.rows("SELECT cdb_connector_check(%s)", request(remote, "certified"))
        rules.put_first("hostssl testdb reader 127.0.0.1/32 scram-sha-256 clientcert=verify-full")
        assert plain.value("SELECT cdb_connector_check(%s)", request(remote, "certified")) == {"connected": True}
    finally:
        rules.restore()
        db.execute("DROP SERVER certified CASCADE")


def test_whose_rights_count(db: Database, plain: Database, trusting: PostgresRemote) -> None:
    """Those of the role that runs the function: a superuser who calls a plain role's SECURITY DEFINER function, or has
    become a plain role, is bound; membership in a superuser's role alone frees nobody."""
    text = request(trusting, password="")
    plain.execute(
        "CREATE FUNCTION as_etl(c json) RETURNS json LANGUAGE sql SECURITY DEFINER SET search_path = public "
        "AS 'SELECT cdb_connector_check(c)'"
    )
    try:
        with db.another() as session:
            session.execute("SET connector.allowed_hosts = '127.0.0.1'")
            assert session.value("SELECT cdb_connector_check(%s)", text) == {"connected": True}
            with fails(**REQUIRED):
                session.rows("SELECT as_etl(%s)", text)
            session.execute("SET ROLE etl")
            with fails(**REQUIRED):
                session.rows("SELECT cdb_connector_check(%s)", text)
        db.execute("GRANT postgres TO etl")
        with fails(**REQUIRED):
            plain.rows("SELECT cdb_connector_check(%s)", text)
    finally:
        db.execute("REVOKE postgres FROM etl")
        db.execute("DROP FUNCTION as_etl(json)")


def test_password_of_the_connection_string(plain: Database, trusting: PostgresRemote) -> None:
    """A value that looks like more keywords is one value."""
    for password in ("x' user='postgres", "x user=postgres", "' host='/tmp", "\\"):
        with fails_cleanly(plain, trusting, **REQUIRED):
            plain.rows("SELECT cdb_connector_check(%s)", request(trusting, password=password))
    for name in ("reader password=x", "reader' password='x"):
        with fails("could not connect|password is required|did not ask"):
            plain.rows("SELECT cdb_connector_check(%s)", request(trusting, username=name, password=""))
