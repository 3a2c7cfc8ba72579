"""Whose login a foreign table is read with, and that nobody gets at more than his own rights allow."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import assert_unseen, fails_cleanly
from harness.foreign import create_server, options_of, plan_of
from harness.host_rules import HostRules

from servers.proxy import Proxy
from servers.remote import Remote
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote

ACCOUNTS = ("everybody", "owner_of", "reader_of")


@pytest.fixture
def shop(db: Database, plain: Database, mariadb: MySqlRemote) -> Iterator[Database]:
    """A server with a mapping for PUBLIC and a foreign table that tells who reads it, seen by a role that may use both."""
    for name in ACCOUNTS:
        mariadb.server.create_user(name, f"secret-of-{name}")
    options = {"provider": "mysql", "server": "127.0.0.1", "port": mariadb.server.port, "database": "testdb"}
    db.execute(f"CREATE SERVER shop FOREIGN DATA WRAPPER connector {options_of(options)}")
    db.execute("REVOKE USAGE ON FOREIGN DATA WRAPPER connector FROM etl; GRANT USAGE ON FOREIGN SERVER shop TO etl")
    map_role(db, "PUBLIC", "everybody")
    query = "SELECT 1 AS id, CAST(CURRENT_USER() AS CHAR(50)) AS who, CAST(CONNECTION_ID() AS SIGNED) AS number"
    db.execute(f"CREATE FOREIGN TABLE who (id bigint, who text, number bigint) SERVER shop {options_of({'query': query})}")
    db.execute("GRANT SELECT ON who TO etl")
    yield plain
    plain.close()
    db.execute("DROP SERVER shop CASCADE; SELECT cdb_foreign_disconnect()")


def map_role(db: Database, role: str, account: str) -> None:
    login = {"username": account, "password": f"secret-of-{account}"}
    db.execute(f"CREATE USER MAPPING FOR {role} SERVER shop {options_of(login)}")


def who(session: Database, relation: str = "who") -> str:
    return str(session.value(f"SELECT who FROM {relation}")).partition("@")[0]


# whose login
def test_the_own_mapping_wins_over_that_of_public(db: Database, shop: Database) -> None:
    assert who(shop) == "everybody"
    map_role(db, "etl", "reader_of")
    assert who(shop) == "reader_of"
    assert who(db) == "everybody"
    db.execute("DROP USER MAPPING FOR etl SERVER shop")
    assert who(shop) == "everybody"


def test_without_usage_on_the_server(db: Database, shop: Database) -> None:
    """SELECT on the table alone gives nothing, also in a session that has a connection."""
    assert who(shop) == "everybody"
    db.execute("REVOKE USAGE ON FOREIGN SERVER shop FROM etl")
    for query in ("SELECT who FROM who", "EXPLAIN SELECT who FROM who"):
        with fails("permission denied for foreign server shop", sqlstate="42501", hint="GRANT USAGE"):
            shop.execute(query)
    assert shop.value("SELECT 1") == 1
    db.execute("GRANT USAGE ON FOREIGN SERVER shop TO etl")
    assert who(shop) == "everybody"


def test_without_select_on_the_table(db: Database, shop: Database) -> None:
    db.execute("REVOKE SELECT ON who FROM etl")
    with fails("permission denied for foreign table who", sqlstate="42501"):
        shop.rows("SELECT who FROM who")
    db.execute("GRANT SELECT (id) ON who TO etl")
    assert shop.value("SELECT id FROM who") == 1
    with fails("permission denied for foreign table who", sqlstate="42501"):
        shop.rows("SELECT id FROM who WHERE who = 'x'")


def test_without_a_mapping(db: Database, shop: Database) -> None:
    db.execute("DROP USER MAPPING FOR PUBLIC SERVER shop")
    for role in (shop, db):
        with fails(f'no user mapping for "{role.role}" on server "shop"', number=1502, hint="CREATE USER MAPPING"):
            who(role)


def test_a_view_reads_as_its_owner(db: Database, shop: Database) -> None:
    """Who may read the view needs neither the table nor the server nor a mapping; its owner needs all of them."""
    map_role(db, "postgres", "owner_of")
    db.execute("CREATE VIEW seen AS SELECT * FROM who; GRANT SELECT ON seen TO etl")
    db.execute("REVOKE SELECT ON who FROM etl; REVOKE USAGE ON FOREIGN SERVER shop FROM etl; DROP USER MAPPING FOR PUBLIC SERVER shop")
    assert who(shop, "seen") == "owner_of"
    with fails("permission denied for foreign table who"):
        who(shop)
    db.execute("ALTER VIEW seen OWNER TO etl")
    with fails("permission denied for foreign (server|table)"):
        who(db, "seen")
    db.execute("GRANT USAGE ON FOREIGN SERVER shop TO etl; GRANT SELECT ON who TO etl")
    with fails('no user mapping for "etl"'):
        who(db, "seen")
    db.execute("DROP VIEW seen")


def test_a_view_with_security_invoker(db: Database, shop: Database) -> None:
    map_role(db, "postgres", "owner_of")
    map_role(db, "etl", "reader_of")
    db.execute("CREATE VIEW seen WITH (security_invoker) AS SELECT * FROM who; GRANT SELECT ON seen TO etl")
    assert who(shop, "seen") == "reader_of"
    assert who(db, "seen") == "owner_of"
    # One scan of each: a query has the logins of all whose views it reads.
    db.execute("CREATE VIEW theirs AS SELECT * FROM who; GRANT SELECT ON theirs TO etl")
    both = shop.rows("SELECT split_part(a.who, '@', 1), split_part(b.who, '@', 1) FROM seen a JOIN theirs b USING (id)")
    assert both == [("reader_of", "owner_of")]
    db.execute("DROP VIEW seen, theirs")


def test_a_function_with_security_definer(db: Database, shop: Database) -> None:
    map_role(db, "postgres", "owner_of")
    map_role(db, "etl", "reader_of")
    db.execute(
        "CREATE FUNCTION as_owner() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN (SELECT who FROM who); END'; "
        "CREATE FUNCTION as_caller() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT who FROM who); END'"
    )
    for _ in range(7):  # beyond the five plans that are made for one execution each
        assert shop.value("SELECT split_part(as_owner(), '@', 1)") == "owner_of"
        assert shop.value("SELECT split_part(as_caller(), '@', 1)") == "reader_of"
    db.execute("DROP FUNCTION as_owner(); DROP FUNCTION as_caller()")


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan", "auto"])
def test_set_role_between_two_executions(db: Database, shop: Database, mode: str) -> None:
    """Of one prepared statement, also in one transaction."""
    map_role(db, "postgres", "owner_of")
    map_role(db, "etl", "reader_of")
    with db.another() as session:
        session.execute("SET connector.allow_local_addresses = on")
        session.execute(f"SET plan_cache_mode = {mode}; PREPARE me (bigint) AS SELECT split_part(who, '@', 1) FROM who WHERE id = $1")
        for _ in range(7):
            assert session.value("EXECUTE me (1)") == "owner_of"
            session.execute("BEGIN; SET LOCAL ROLE etl")
            assert session.value("EXECUTE me (1)") == "reader_of"
            session.execute("RESET ROLE")
            assert session.value("EXECUTE me (1)") == "owner_of"
            session.execute("COMMIT")


def test_a_cursor_stays_that_of_the_role_that_opened_it(db: Database, shop: Database) -> None:
    map_role(db, "postgres", "owner_of")
    map_role(db, "etl", "reader_of")
    with db.another() as session:
        session.execute("BEGIN; DECLARE me CURSOR FOR SELECT split_part(a.who, '@', 1) FROM who a, generate_series(1, 3)")
        session.execute("SET LOCAL ROLE etl")
        first = session.value("FETCH me")
        session.execute("RESET ROLE")
        assert {first, session.value("FETCH me")} == {"owner_of"}
        session.execute("ROLLBACK")


def test_analyze_reads_as_the_owner_of_the_table(db: Database, shop: Database) -> None:
    """A superuser who analyzes the whole database makes no connections of his own where tables of others lead to."""
    map_role(db, "etl", "reader_of")
    db.execute("DROP USER MAPPING FOR PUBLIC SERVER shop; ALTER FOREIGN TABLE who OWNER TO etl")
    with db.another() as session:
        session.execute("SET connector.allow_local_addresses = on; ANALYZE who")
        assert session.rows("SELECT role FROM cdb_foreign_connections()") == [("etl",)]
        assert session.value("SELECT split_part(most_common_vals::text, '@', 1) FROM pg_stats WHERE tablename = 'who' AND attname = 'who'") in (
            None,
            "{reader_of",
        )
    db.execute("REVOKE USAGE ON FOREIGN SERVER shop FROM etl")
    with fails("permission denied for foreign server shop"):
        db.execute("ANALYZE who")


# what changes in the middle of a session
def test_a_mapping_that_changes(db: Database, shop: Database) -> None:
    """The connection of before is neither used nor kept."""
    map_role(db, "etl", "owner_of")
    assert who(shop) == "owner_of"
    db.execute("ALTER USER MAPPING FOR etl SERVER shop OPTIONS (SET username 'reader_of', SET password 'secret-of-reader_of')")
    assert who(shop) == "reader_of"
    assert len(shop.rows("SELECT * FROM cdb_foreign_connections()")) == 1
    db.execute("ALTER USER MAPPING FOR etl SERVER shop OPTIONS (SET password 'wrong')")
    with fails("could not connect|Access denied", number=1012, secrets=("wrong", "secret-of-reader_of")):
        who(shop)
    assert shop.rows("SELECT * FROM cdb_foreign_connections()") == []
    db.execute("DROP USER MAPPING FOR etl SERVER shop")
    assert who(shop) == "everybody"


def test_a_mapping_that_changes_within_the_transaction(db: Database, shop: Database) -> None:
    map_role(db, "postgres", "owner_of")
    with db.another() as session:
        session.execute("BEGIN")
        assert who(session) == "owner_of"
        session.execute("ALTER USER MAPPING FOR postgres SERVER shop OPTIONS (SET username 'reader_of', SET password 'secret-of-reader_of')")
        assert who(session) == "reader_of"
        session.execute("ROLLBACK")
        assert who(session) == "owner_of"


def test_a_server_that_moves(db: Database, shop: Database, mariadb: MySqlRemote) -> None:
    assert who(shop) == "everybody"
    with Proxy(mariadb.server.port) as proxy:
        db.execute(f"ALTER SERVER shop OPTIONS (SET port '{proxy.port}')")
        assert who(shop) == "everybody"
        assert proxy.accepted == 1
        assert len(shop.rows("SELECT * FROM cdb_foreign_connections()")) == 1
    with pytest.raises(psycopg2.Error):
        who(shop)


def test_a_server_that_becomes_another_providers(db: Database, shop: Database) -> None:
    """The connections of before are none of it, and the right to the other provider is looked at, in the same transaction too."""
    db.execute("INSERT INTO connector.role_limits (role_name, provider, enabled) VALUES ('etl', 'postgres', false)")
    db.execute("ALTER SERVER shop OWNER TO etl")
    try:
        shop.execute("BEGIN")
        assert who(shop) == "everybody"
        shop.execute("ALTER SERVER shop OPTIONS (SET provider 'postgres')")
        with fails('provider "postgres" is disabled for this role', number=1501):
            who(shop)
        shop.execute("ROLLBACK")
        assert who(shop) == "everybody"
    finally:
        db.execute("DELETE FROM connector.role_limits; ALTER SERVER shop OWNER TO postgres")


def test_a_provider_that_is_disabled(db: Database, shop: Database) -> None:
    assert who(shop) == "everybody"
    db.execute("INSERT INTO connector.role_limits (role_name, provider, enabled) VALUES ('etl', 'mysql', false)")
    try:
        with fails('provider "mysql" is disabled for this role', number=1501, hint="role_limits"):
            who(shop)
        assert who(db) == "everybody"
    finally:
        db.execute("DELETE FROM connector.role_limits")
    assert who(shop) == "everybody"
    with db.another() as session:
        assert who(session) == "everybody"
        session.execute("SET connector.enabled_providers = 'postgres'")
        with fails('provider "mysql" is disabled', number=1501, hint="enabled_providers"):
            who(session)


def test_max_rows_is_for_imports(db: Database, shop: Database, mariadb: MySqlRemote) -> None:
    """It bounds what is stored here. A scan stores nothing."""
    mariadb.create_rows("many", 1500)
    db.execute("INSERT INTO connector.role_limits (role_name, max_rows) VALUES ('etl', 1)")
    db.execute("CREATE FOREIGN TABLE many (id bigint) SERVER shop OPTIONS (table_name 'many'); GRANT SELECT ON many TO etl")
    shop.execute("SELECT 1")
    try:
        assert shop.value("SELECT count(*) FROM many") == 1500
    finally:
        db.execute("DELETE FROM connector.role_limits")
        mariadb.drop("many")


# hosts and passwords
@pytest.mark.parametrize("hosts", ["", "10.0.0.0/8", "localhost"])
def test_hosts_that_are_not_allowed(db: Database, shop: Database, mariadb: MySqlRemote, hosts: str) -> None:
    db.execute(f"ALTER ROLE etl SET connector.allowed_hosts = '{hosts}'")
    shop.close()
    for statement in ("SELECT who FROM who", "EXPLAIN SELECT who FROM who", "IMPORT FOREIGN SCHEMA testdb FROM SERVER shop INTO public"):
        with fails_cleanly(shop, mariadb, "is not allowed", number=1012, hint="allowed_hosts|allow_local_addresses"):
            shop.execute(statement)


def test_a_list_of_hosts_that_changes_binds_kept_connections(db: Database, shop: Database) -> None:
    with db.another() as session:
        assert who(session) == "everybody"
        session.execute("SET connector.allowed_hosts = '10.0.0.0/8'")
        with fails("is not allowed", number=1012, hint="allowed_hosts"):
            who(session)
        session.execute("RESET connector.allowed_hosts")
        assert who(session) == "everybody"


def test_a_server_that_lets_in_without_a_password(db: Database, plain: Database, postgres15: PostgresRemote) -> None:
    """What this machine is lent must not be handed on, through a view of the role's neither."""
    rules = HostRules(postgres15.server)
    rules.put_first("host all all 127.0.0.1/32 trust")
    options = {"provider": "postgres", "server": "127.0.0.1", "port": postgres15.server.port, "database": "testdb", "sslmode": "disable"}
    superuser = db.another()
    superuser.execute("SET connector.allow_local_addresses = on")
    try:
        plain.execute(f"CREATE SERVER lent FOREIGN DATA WRAPPER connector {options_of(options)}")
        plain.execute("CREATE FOREIGN TABLE borrowed (a integer) SERVER lent OPTIONS (query 'SELECT 1 AS a')")
        plain.execute("CREATE VIEW shown AS SELECT * FROM borrowed; GRANT SELECT ON shown TO PUBLIC; GRANT USAGE ON FOREIGN SERVER lent TO PUBLIC")
        for mapping in ("username 'postgres'", "username 'postgres', password 'not-the-password'"):
            plain.execute(f"CREATE USER MAPPING FOR etl SERVER lent OPTIONS ({mapping})")
            for session, statement in (
                (plain, "SELECT * FROM borrowed"),
                (plain, "ANALYZE borrowed"),
                (plain, "IMPORT FOREIGN SCHEMA public FROM SERVER lent INTO public"),
                (superuser, "SELECT * FROM shown"),
                (superuser, "ANALYZE borrowed"),
            ):
                with fails("password is required|did not ask for the password", sqlstate="42501", number=1501):
                    session.execute(statement)
            plain.execute("DROP USER MAPPING FOR etl SERVER lent")
    finally:
        superuser.close()
        rules.restore()
        db.execute("DROP SERVER IF EXISTS lent CASCADE")


def test_files_of_this_machine_are_a_superusers(db: Database, shop: Database) -> None:
    db.execute("ALTER SERVER shop OWNER TO etl")
    try:
        for statement in (
            "ALTER SERVER shop OPTIONS (ADD sslrootcert '/etc/passwd')",
            "CREATE USER MAPPING FOR etl SERVER shop OPTIONS (username 'a', sslcert '/etc/passwd', sslkey '/etc/passwd')",
        ):
            with fails("only superusers may set option", number=1501):
                shop.execute(statement)
    finally:
        db.execute("ALTER SERVER shop OWNER TO postgres")


# what is shown
def test_no_secrets_are_shown(db: Database, one_remote: Remote) -> None:
    """Neither by plans, errors, lists of connections nor the server's log."""
    one_remote.create_rows("plainly", 3)
    secret = str(one_remote.connection()["password"])
    create_server(db, one_remote)
    db.execute("CREATE FOREIGN TABLE plainly (id bigint, word text) SERVER remote OPTIONS (table_name 'plainly')")
    db.execute("CREATE FOREIGN TABLE missing (id bigint) SERVER remote OPTIONS (table_name 'not_there')")
    position = db.server.log_size()
    try:
        with db.another() as session:
            session.execute("SET log_statement = 'all'; SET auto_explain.log_min_duration = 0; SET debug_print_plan = on; SET log_min_messages = debug1")
            shown = plan_of(session, "SELECT * FROM plainly WHERE id = 2", "ANALYZE, VERBOSE")
            shown += json.dumps(session.rows("SELECT c::text FROM cdb_foreign_connections() c"))
            assert secret not in shown
            with fails(secrets=(secret,)):
                session.execute("SELECT * FROM missing")
            with fails(secrets=(secret,)):
                session.execute("SELECT 1 / (id - id) FROM plainly")
        assert_unseen(db.server.log_since(position), (secret,))
    finally:
        db.execute("DROP SERVER remote CASCADE")
        one_remote.drop("plainly")


def test_who_reads_without_rights_makes_no_login_happen(db: Database, shop: Database, mariadb: MySqlRemote) -> None:
    """A plan is made before PostgreSQL looks at rights. The login of a view's owner must not be tried, nor its name be told, for somebody
    who may not read the view."""
    map_role(db, "postgres", "owner_of")
    db.execute("ALTER USER MAPPING FOR postgres SERVER shop OPTIONS (SET password 'wrong')")
    db.execute("CREATE VIEW closed AS SELECT * FROM who; CREATE VIEW outer_one AS SELECT DISTINCT who FROM closed OFFSET 0")
    try:
        for query in ("SELECT * FROM {}", "EXPLAIN SELECT * FROM {}", "SELECT (SELECT max(who) FROM {})"):
            for view in ("closed", "outer_one"):
                with fails("permission denied for view", sqlstate="42501", secrets=("owner_of",)):
                    shop.execute(query.format(view))
    finally:
        db.execute("DROP VIEW closed CASCADE")
