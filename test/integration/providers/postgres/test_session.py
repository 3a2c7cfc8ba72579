"""The PostgreSQL provider's way in: TLS, passwords, and what must never come from the server's own surroundings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import fails_cleanly
from harness.host_rules import HostRules
from harness.traces import nothing_left_behind

from servers.postgres import Postgres
from servers.remote_postgres import PostgresRemote
from servers.staging import staged
from servers.tls import Authority
from servers.workspace import Workspace


@pytest.fixture
def hba(postgres15: PostgresRemote) -> Iterator[HostRules]:
    rules = HostRules(postgres15.server)
    yield rules
    rules.restore()


@pytest.fixture
def local_rules(db: Database) -> Iterator[None]:
    """Loopback is allowed to everyone here."""
    db.execute("LOAD 'connector'")  # or ALTER SYSTEM would not know the setting
    db.execute("ALTER SYSTEM SET connector.allowed_hosts = '127.0.0.1'")
    db.execute("SELECT pg_reload_conf()")
    yield
    db.execute("ALTER SYSTEM RESET connector.allowed_hosts")
    db.execute("SELECT pg_reload_conf()")


def check(db: Database, remote: PostgresRemote, /, **more: object) -> None:
    connector = {"provider": "postgres", "connection": remote.connection(**more)}
    assert db.value("SELECT cdb_connector_check(%s)", json.dumps(connector)) == {"connected": True}


def encrypted(database: Database, remote: PostgresRemote, **more: object) -> bool:
    """Whether the remote server says that the connection was encrypted."""
    query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    connector = remote.connector(connection=remote.connection(**more), import_as="is_encrypted", sql_query=query)
    rows = database.dry_run(connector)["rows"]
    return bool(rows[0]["ssl"] == "t")


# sslmode


def test_sslmode_without_tls(db: Database, postgres15: PostgresRemote) -> None:
    for mode in ("require", "verify-ca", "verify-full"):
        with fails_cleanly(db, postgres15, "does not support SSL", number=1012, hint="sslmode"):
            check(db, postgres15, sslmode=mode)
    with fails("does not support SSL", hint='sslmode "require", which is the default'):
        connection = postgres15.connection()
        del connection["sslmode"]
        db.import_table(postgres15.connector(connection=connection, table="x"))
    for mode in ("prefer", "disable"):
        assert not encrypted(db, postgres15, sslmode=mode)


def test_sslmode_with_tls(db: Database, postgres15_tls: PostgresRemote, authority: Authority) -> None:
    assert encrypted(db, postgres15_tls)
    assert encrypted(db, postgres15_tls, sslmode="prefer")
    assert not encrypted(db, postgres15_tls, sslmode="disable")
    for mode in ("verify-ca", "verify-full"):
        assert encrypted(db, postgres15_tls, sslmode=mode, sslrootcert=str(authority.certificate))
        with fails_cleanly(db, postgres15_tls, "certificate verify failed", number=1012, hint="system's store"):
            check(db, postgres15_tls, sslmode=mode)


def test_certificate_of_another_host(db: Database, workspace: Workspace) -> None:
    authority = Authority(workspace, "another")
    server = Postgres(workspace, pg_config="pg_config")
    server.use_tls(authority.wrong_host(server.account))
    with server:
        remote = PostgresRemote(server)
        trust = {"sslrootcert": str(authority.certificate)}
        assert encrypted(db, remote, sslmode="verify-ca", **trust)
        with fails_cleanly(db, remote, "does not match host name", number=1012, hint="made out to"):
            check(db, remote, sslmode="verify-full", **trust)


def test_client_certificate(db: Database, postgres15_tls: PostgresRemote, authority: Authority) -> None:
    """A superuser may log in by one; there is none by default."""
    rules = HostRules(postgres15_tls.server)
    rules.put_first("hostssl testdb reader 127.0.0.1/32 cert")
    try:
        certificate = authority.client("reader", postgres15_tls.server.account)
        files = {"sslcert": str(certificate.certificate), "sslkey": str(certificate.key)}
        check(db, postgres15_tls, password="", **files)
        with fails("connection requires a valid client certificate", number=1012):
            check(db, postgres15_tls)
        with fails("must be given together", number=1502):
            check(db, postgres15_tls, sslcert=files["sslcert"])
    finally:
        rules.restore()


# roles that are no superuser


def test_password_must_be_given(etl: Database, postgres15: PostgresRemote, local_rules: None) -> None:
    check(etl, postgres15)
    for password in ({"password": ""}, {"password": None}):
        with fails("password is required", sqlstate="42501", number=1501, hint='Give "password"'):
            check(etl, postgres15, **password)


def test_password_must_be_used(
    db: Database, etl: Database, postgres15: PostgresRemote, hba: HostRules, local_rules: None
) -> None:
    hba.put_first("host testdb reader 127.0.0.1/32 trust")
    with nothing_left_behind(etl, postgres15), fails("did not ask for the password", sqlstate="42501", number=1501, hint="pg_hba.conf"):
        check(etl, postgres15)
    check(db, postgres15, password="")  # a superuser may


@pytest.mark.parametrize("server", ["/var/run/postgresql", "@postgresql", "127.0.0.1,127.0.0.1", "127.0.0.1,"])
def test_sockets_and_lists_are_refused(db: Database, postgres15: PostgresRemote, server: str) -> None:
    with fails("server", number=1502):
        check(db, postgres15, server=server)


@pytest.mark.parametrize(
    "key",
    ["service", "servicefile", "passfile", "options", "hostaddr", "host", "user", "dbname", "krbsrvname", "gsslib"]
    + ["gssdelegation", "requirepeer", "target_session_attrs", "sslcrl", "sslpassword", "replication", "client_encoding"]
    + ["application_name", "require_auth", "channel_binding", "sslkeylogfile", "password_required", "use_scram_passthrough"],
)
def test_other_options_of_libpq_are_unknown_keys(db: Database, postgres15: PostgresRemote, key: str) -> None:
    with fails(key, number=1502):
        check(db, postgres15, **{key: "x"})


@pytest.mark.parametrize("key", ["sslcert", "sslkey", "sslrootcert"])
def test_files_are_for_superusers(etl: Database, postgres15: PostgresRemote, local_rules: None, key: str) -> None:
    with fails("only superusers may name files", number=1501):
        check(etl, postgres15, **{key: "/etc/ssl/certs/ca-certificates.crt"})


def test_texts_that_look_like_connection_strings(db: Database, postgres15: PostgresRemote) -> None:
    """Quoting: nothing in a value becomes an option."""
    trick = "testdb' host='/tmp' password='x"
    with fails(re.escape(f'database "{trick}" does not exist')):
        check(db, postgres15, database=trick)
    with fails("does not exist", detail="3D000"):
        check(db, postgres15, database="postgresql://reader@localhost/testdb")
    with fails("password authentication failed", detail="28P01"):
        check(db, postgres15, password="x' options='-c role=postgres")


# the surroundings of the local server


@pytest.fixture(scope="module")
def tempting(workspace: Workspace, postgres15: PostgresRemote) -> Iterator[Database]:
    """A local server whose environment and home folder hold everything libpq looks for."""
    home = workspace.subfolder("tempting-home", postgres15.server.account)
    port = postgres15.server.port
    files = {
        ".pgpass": f"*:*:*:*:{postgres15.server.password}\n",
        ".pg_service.conf": f"[tempting]\nhost=127.0.0.1\nport={port}\nuser=postgres\n",
        "ca.pem": "not a certificate\n",
    }
    for name, text in files.items():
        (home / name).write_text(text)
        (home / name).chmod(0o600)
        postgres15.server.account.give(home / name)
    secrets = home / ".postgresql"
    secrets.mkdir()
    for name in ("postgresql.crt", "postgresql.key", "root.crt", "root.crl"):
        (secrets / name).write_text("not a certificate\n")
        postgres15.server.account.give(secrets / name)
    postgres15.server.account.give(secrets)
    environment = {
        "HOME": str(home),
        "PGSERVICE": "tempting",
        "PGSERVICEFILE": str(home / ".pg_service.conf"),
        "PGPASSFILE": str(home / ".pgpass"),
        "PGPASSWORD": postgres15.server.password,
        "PGUSER": "postgres",
        "PGDATABASE": "postgres",
        "PGOPTIONS": "-c search_path=pg_catalog",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(home / "ca.pem"),
        "PGSSLCERT": str(secrets / "postgresql.crt"),
        "PGSSLKEY": str(secrets / "postgresql.key"),
        "PGCLIENTENCODING": "LATIN1",
        "PGAPPNAME": "tempted",
        "PGTARGETSESSIONATTRS": "read-only",
        "PGCONNECT_TIMEOUT": "1",
        "PGGSSENCMODE": "require",
        "PGCHANNELBINDING": "require",
        "PGREQUIREPEER": "nobody",
        "PGHOSTADDR": "192.0.2.1",
    }
    server = Postgres(workspace, stage=staged(workspace), environment=environment)
    with server:
        server.create_database("tempting", "connector")
        database = Database(server, "tempting")
        yield database
        database.close()


def test_nothing_comes_from_the_surroundings(tempting: Database, postgres15: PostgresRemote) -> None:
    query = (
        "SELECT current_user::text AS who, current_database()::text AS database, current_setting('search_path') AS path, "
        "current_setting('application_name') AS name, current_setting('client_encoding') AS encoding"
    )
    rows = tempting.dry_run(postgres15.connector(import_as="q", sql_query=query))["rows"]
    assert rows == [
        {"who": "reader", "database": "testdb", "path": '"$user", public', "name": "connector", "encoding": "UTF8"}
    ]
    for password in ({"password": ""}, {"password": None}):  # neither .pgpass nor PGPASSWORD
        with fails("no password supplied"):
            check(tempting, postgres15, **password)


def test_nothing_with_tls_either(tempting: Database, postgres15_tls: PostgresRemote) -> None:
    """Files that can't be read as certificates would show."""
    assert encrypted(tempting, postgres15_tls)


# sessions


def test_settings_of_the_remote_role_do_not_disturb(db: Database, postgres15: PostgresRemote) -> None:
    hostile = {
        "search_path": "nowhere",
        "DateStyle": "'SQL, DMY'",
        "IntervalStyle": "sql_standard",
        "TimeZone": "'Asia/Kathmandu'",
        "extra_float_digits": "-15",
        "bytea_output": "escape",
        "client_encoding": "LATIN1",
        "statement_timeout": "'1h'",
        "idle_in_transaction_session_timeout": "1",
        "standard_conforming_strings": "off",
        "quote_all_identifiers": "on",
        "default_transaction_isolation": "serializable",
    }
    postgres15.execute(
        "CREATE TABLE disturbed (a float8, b bytea, c interval[], d timestamptz, e text)",
        r"INSERT INTO disturbed VALUES (0.1, '\x5c00ff', '{1 day 2 hours}', '2020-05-04 03:02:01+00', 'é')",
        *(f"ALTER ROLE reader SET {name} = {value}" for name, value in hostile.items()),
    )
    try:
        db.import_table(postgres15.connector(table="disturbed"))
        assert db.rows("SELECT a, encode(b, 'hex'), c::text, d AT TIME ZONE 'UTC' = '2020-05-04 03:02:01', e FROM disturbed") == [
            (0.1, "5c00ff", '{"1 day 02:00:00"}', True, "é")
        ]
        # the role's own search_path holds for what the user writes
        query = "SELECT current_setting('search_path') AS path"
        assert db.dry_run(postgres15.connector(import_as="q", sql_query=query))["rows"] == [{"path": "nowhere"}]
    finally:
        postgres15.execute("ALTER ROLE reader RESET ALL", "DROP TABLE disturbed")


def test_one_state_of_the_database(db: Database, postgres15: PostgresRemote) -> None:
    query = (
        "SELECT current_setting('transaction_isolation') AS isolation, current_setting('transaction_read_only') AS read_only"
    )
    rows = db.dry_run(postgres15.connector(import_as="q", sql_query=query))["rows"]
    assert rows == [{"isolation": "repeatable read", "read_only": "on"}]


def test_password_is_nowhere(db: Database, postgres15: PostgresRemote) -> None:
    position = db.server.log_size()
    secret = "Wrong-and-secret-4711"
    with fails("password authentication failed", secrets=(secret,)):
        check(db, postgres15, password=secret)
    assert secret not in db.server.log_since(position)
