"""Which hosts may be dialled: names, addresses, ranges, and who may reach this machine itself."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import fails_cleanly
from harness.thorough import PROVIDERS, by_turns

from servers.remote import Remote

pytestmark = by_turns("one_remote", *PROVIDERS)

NOT_ALLOWED = "is not allowed"


@pytest.fixture
def insider(etl: Database) -> Iterator[Database]:
    yield etl
    etl.close()


def check(session: Database, remote: Remote, server: str, **connection: object) -> None:
    connector = remote.connector(connection=remote.connection(server=server, connect_timeout=2, **connection))
    assert session.value("SELECT cdb_connector_check(%s)", json.dumps(connector)) == {"connected": True}


def allow(db: Database, role: str, hosts: str) -> None:
    db.execute(f'ALTER ROLE "{role}" SET connector.allowed_hosts = \'{hosts}\'')


@pytest.mark.parametrize("hosts", ["127.0.0.1", "127.0.0.0/8", "0.0.0.0/0", "10.0.0.0/8, 127.0.0.1/32", "::ffff:127.0.0.1"])
def test_listed_address(db: Database, insider: Database, one_remote: Remote, hosts: str) -> None:
    allow(db, "etl", hosts)
    insider.close()
    check(insider, one_remote, "127.0.0.1")


def test_local_addresses_have_a_switch(db: Database, insider: Database, one_remote: Remote) -> None:
    """Of their own, so that other hosts stay allowed; a list that is not empty is exhaustive all the same."""
    with fails(NOT_ALLOWED, number=1012, hint="connector.allow_local_addresses"):
        check(insider, one_remote, "127.0.0.1")
    with fails("permission denied"):
        insider.execute("SET connector.allow_local_addresses = on")
    db.execute("ALTER ROLE etl SET connector.allow_local_addresses = on")
    insider.close()
    check(insider, one_remote, "127.0.0.1")
    allow(db, "etl", "10.0.0.0/8")
    insider.close()
    with fails(NOT_ALLOWED, number=1012, hint="connector.allowed_hosts is not empty"):
        check(insider, one_remote, "127.0.0.1")
    with fails(NOT_ALLOWED, hint="connector.allowed_hosts is not empty"):
        check(insider, one_remote, "192.0.2.1")


@pytest.mark.parametrize("at", ["DATABASE {database}", "ROLE etl"])
def test_a_stored_list_that_cannot_be_used_allows_nothing(db: Database, mariadb: Remote, at: str) -> None:
    """It was stored before anybody could check it; PostgreSQL would put the default, any host, in its place."""
    role = db.create_role("etl")
    at = at.format(database=db.name)
    with Database(db.server, "postgres") as elsewhere:  # which does not know the setting
        elsewhere.execute(f"ALTER {at} SET connector.allowed_hosts = 'what?'")
        elsewhere.execute(f"ALTER {at} SET connector.enabled_providers = 'mysql,postgress'")
    try:
        for _ in range(2):
            for server in ("127.0.0.1", "192.0.2.1"):
                with fails("connector.allowed_hosts", number=1502, detail="The list can't be used", hint="The list holds"):
                    check(role, mariadb, server)
            role.close()
        role.execute("SELECT cdb_connectors()")
        assert role.value("SHOW connector.enabled_providers") == "mysql,postgress"
        enabled = role.value("SELECT json_object_agg(key, value -> 'enabled') FROM json_each(cdb_connectors())")
        assert [name for name, on in enabled.items() if on] == ["mysql"]
    finally:
        role.close()
        db.execute(f"ALTER {at} RESET connector.allowed_hosts")
        db.execute(f"ALTER {at} RESET connector.enabled_providers")
        db.close()
        db.drop_role("etl")


@pytest.mark.parametrize("providers", ["mysql,postgress", "oracle", ",", "MySQL", "mysql postgres"])
def test_providers_that_are_none(db: Database, providers: str) -> None:
    db.execute("SELECT cdb_connectors()")
    for statement in ("SET connector.enabled_providers = '{}'", f"ALTER DATABASE {db.name} SET connector.enabled_providers = '{{}}'"):
        with fails("invalid value for parameter", detail="There is no provider"):
            db.execute(statement.format(providers))
    for fine in ("", "mysql", " mysql , odbc,hive"):
        db.execute(f"SET connector.enabled_providers = '{fine}'")
    db.execute("RESET connector.enabled_providers")


@pytest.mark.parametrize("hosts", ["", "10.0.0.0/8", "127.0.0.2", "128.0.0.0/1", "example.com", "localhost", "::1"])
def test_unlisted_address(db: Database, insider: Database, one_remote: Remote, hosts: str) -> None:
    """An empty list means any host, but not this machine."""
    allow(db, "etl", hosts)
    insider.close()
    with fails_cleanly(insider, one_remote, NOT_ALLOWED, number=1012, hint="allowed_hosts|allow_local_addresses"):
        check(insider, one_remote, "127.0.0.1")


@pytest.mark.parametrize("hosts", ["localhost", "LocalHost", "localhost.", "127.0.0.0/8, ::1"])
def test_listed_name(db: Database, insider: Database, one_remote: Remote, hosts: str) -> None:
    allow(db, "etl", hosts)
    insider.close()
    check(insider, one_remote, "localhost")


@pytest.mark.parametrize("server", ["localhost", "LOCALHOST"])
def test_name_of_a_refused_address(db: Database, insider: Database, one_remote: Remote, server: str) -> None:
    """What counts is the address that the name leads to, and the message tells it."""
    for hosts in ("", "10.0.0.0/8", "elsewhere.example"):
        allow(db, "etl", hosts)
        insider.close()
        with fails_cleanly(insider, one_remote, rf"{server}.*\((127\.|::1).*{NOT_ALLOWED}", number=1012):
            check(insider, one_remote, server)


@pytest.mark.parametrize(
    "server", ["0.0.0.0", "::", "::1", "[::1]", "::ffff:127.0.0.1", "127.1.2.3", "::127.0.0.1"]
)
def test_other_spellings_of_this_machine(insider: Database, one_remote: Remote, server: str) -> None:
    with fails_cleanly(insider, one_remote, NOT_ALLOWED, number=1012):
        check(insider, one_remote, server)


@pytest.mark.parametrize("server", ["2130706433", "0x7f000001", "127.1", "127.0.0.1 ", "127.0.0.1:80"])
def test_odd_numbers_are_no_way_around(insider: Database, one_remote: Remote, server: str) -> None:
    """Spellings that inet_aton() would take: refused as addresses of this machine, or no names that resolve."""
    with fails_cleanly(insider, one_remote, f"{NOT_ALLOWED}|could not resolve|timed out|is no host name|different ports|connection.server"):
        check(insider, one_remote, server)


@pytest.mark.parametrize("server", ["169.254.169.254", "fe80::1", "fe80::1%lo", "::ffff:169.254.169.254"])
def test_link_local(db: Database, insider: Database, one_remote: Remote, server: str) -> None:
    """Never for plain roles, whatever is listed."""
    for hosts in ("", "169.254.0.0/16, fe80::/10", "0.0.0.0/0, ::/0"):
        allow(db, "etl", hosts)
        insider.close()
        with fails_cleanly(insider, one_remote, f"{NOT_ALLOWED}|could not resolve", detail="superusers only|phase connect"):
            check(insider, one_remote, server)


def test_list_binds_superusers_too(db: Database, one_remote: Remote) -> None:
    with db.another() as session:
        check(session, one_remote, "127.0.0.1")
        session.execute("SET connector.allowed_hosts = '10.0.0.0/8'")
        with fails(NOT_ALLOWED, number=1012):
            check(session, one_remote, "127.0.0.1")
        session.execute("SET connector.allowed_hosts = '127.0.0.1'")
        check(session, one_remote, "127.0.0.1")


def test_plain_role_cannot_change_it(insider: Database) -> None:
    insider.value("SELECT cdb_connectors()")  # from here on PostgreSQL knows the settings
    for statement in (
        "SET connector.allowed_hosts = ''",
        "SELECT set_config('connector.allowed_hosts', '127.0.0.1', false)",
        "ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.1'",
        "SET connector.max_rows = 0",
        "SET connector.enabled_providers = ''",
        "SET connector.max_imports_per_role = 0",
    ):
        with fails("permission denied", sqlstate="42501"):
            insider.execute(statement)


def test_plain_role_cannot_change_it_before_the_library_is_loaded(insider: Database, one_remote: Remote) -> None:
    """PostgreSQL takes any value for a setting that it does not know yet, and drops it when it learns better."""
    insider.execute("SET connector.allowed_hosts = '127.0.0.1'")
    with fails(NOT_ALLOWED, number=1012):
        check(insider, one_remote, "127.0.0.1")
    assert insider.value("SHOW connector.allowed_hosts") == ""


@pytest.mark.parametrize("hosts", ["10.0.0.0/33", "300.1.2.3", "a b", "x/8", ",", "::1/129", "10.0.0.0/-1", "http://x"])
def test_malformed_list_is_refused(db: Database, hosts: str) -> None:
    with db.another() as session:
        session.value("SELECT cdb_connectors()")
        with fails("invalid value for parameter", sqlstate="22023"):
            session.execute("SELECT set_config('connector.allowed_hosts', %s, false)", hosts)


def test_refused_address_is_not_contacted(insider: Database, one_remote: Remote) -> None:
    """Not a single packet: the listener sees no connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with fails(NOT_ALLOWED):
            check(insider, one_remote, "127.0.0.1", port=listener.getsockname()[1])
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_role_without_usage_learns_nothing(db: Database, one_remote: Remote) -> None:
    """No name is resolved and nothing dialled for a role without USAGE on the wrapper."""
    outsider = db.create_role("outsider", may_connect=False)
    try:
        with fails_cleanly(outsider, one_remote, "permission denied for foreign-data wrapper", sqlstate="42501"):
            check(outsider, one_remote, "no-such-host.invalid")
        with pytest.raises(psycopg2.Error, match="permission denied"):
            outsider.import_table(one_remote.connector(table="t"))
    finally:
        outsider.close()
        db.drop_role("outsider")


def test_disabled_provider(db: Database, insider: Database, one_remote: Remote) -> None:
    """By the setting for all, by the table of limits for a role."""
    db.execute("ALTER ROLE etl SET connector.enabled_providers = 'odbc'")
    insider.close()
    with fails_cleanly(insider, one_remote, "disabled", number=1501):
        check(insider, one_remote, "127.0.0.1")
    db.execute("ALTER ROLE etl RESET connector.enabled_providers")
    allow(db, "etl", "127.0.0.1")
    insider.close()
    db.execute("INSERT INTO connector.role_limits (role_name, enabled) VALUES ('etl', false)")
    with fails_cleanly(insider, one_remote, "disabled for this role", number=1501):
        check(insider, one_remote, "127.0.0.1")
    db.execute("DELETE FROM connector.role_limits")
    check(insider, one_remote, "127.0.0.1")
