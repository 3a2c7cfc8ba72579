"""What a failure says of the key of the connector that it is about."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping

import psycopg2
import pytest
from harness.database import Database
from harness.http_client import Answer, HttpClient

from servers.remote import Remote

PATH = "/api/v1/connectors"


@pytest.fixture(scope="module", params=["mariadb", "postgres15"])
def remote(request: pytest.FixtureRequest) -> Remote:
    """One server of each provider in turn, with a table `hotels`."""
    found: Remote = request.getfixturevalue(request.param)
    found.create_rows("hotels", 3)
    return found


@pytest.fixture
def role(api_database: Database) -> Iterator[Database]:
    """The database as alice sees it."""
    with Database(api_database.server, api_database.name, "alice") as database:
        yield database


def _about(answer: Answer) -> str | None:
    assert answer.status in (400, 422, 403), (answer.status, answer.body)
    assert answer.json["errors"] and answer.json["error_code"]
    parameter: str | None = answer.json.get("parameter")
    return parameter


CONNECTIONS: list[tuple[dict[str, object], str]] = [
    ({"server": "nowhere.invalid"}, "connection.server"),
    ({"server": "127.0.0.2"}, "connection.server"),  # connector.allowed_hosts does not have it
    ({"port": 1}, "connection.port"),
    ({"password": "wrong"}, "connection.password"),
    ({"username": "nobody"}, "connection.password"),
    ({"database": "no_such_database"}, "connection.database"),
    ({"server": ""}, "connection.server"),
    ({"port": "many"}, "connection.port"),
    ({"sslmode": "sometimes"}, "connection.sslmode"),
    ({"sever": "x"}, "connection.sever"),
]


@pytest.mark.parametrize(("wrong", "parameter"), CONNECTIONS)
def test_connections(alice: HttpClient, remote: Remote, wrong: Mapping[str, object], parameter: str) -> None:
    """The key that is wrong, wherever the connection is needed."""
    connection = remote.connection(**wrong)
    tested = alice.post(f"{PATH}/{remote.provider}/connect", {"connection": connection})
    if parameter == "connection.database" and tested.status == 400:
        assert "no_such_database" in tested.json["errors"]
    assert _about(tested) == parameter and tested.json["connected"] is False
    assert _about(alice.post(f"{PATH}/{remote.provider}/dryrun", {"connection": connection, "table": "hotels"})) == parameter


def test_connections_without_a_key(alice: HttpClient, remote: Remote) -> None:
    connection = remote.connection()
    del connection["username"]
    answer = alice.post(f"{PATH}/{remote.provider}/connect", {"connection": connection})
    assert _about(answer) == "connection.username" and answer.json["errors"].endswith('"connection.username"')


def test_a_url_as_connection(alice: HttpClient, remote: Remote) -> None:
    answer = alice.post(f"{PATH}/{remote.provider}/connect", {"connection": f"{remote.provider}://u:secret-of-url@db/shop"})
    assert _about(answer) == "connection" and b"secret-of-url" not in answer.body


def test_tls_that_is_not_to_be_had(alice: HttpClient, remote: Remote) -> None:
    """Without TLS there, or with a certificate that nobody vouches for."""
    answer = alice.post(f"{PATH}/{remote.provider}/connect", {"connection": remote.connection(sslmode="verify-full")})
    assert _about(answer) == "connection.sslmode"


SOURCES: list[tuple[dict[str, object], str]] = [
    ({"table": "no_such_table"}, "table"),
    ({"table": "hotels", "schema": "no_such_schema"}, "table"),
    ({"sql_query": "SELECT nonsense FROM hotels", "import_as": "x"}, "sql_query"),
    ({"sql_query": "SELECT FROM WHERE", "import_as": "x"}, "sql_query"),
    ({"sql_query": "SELECT * FROM no_such_table", "import_as": "x"}, "sql_query"),
    ({"table": "hotels", "columns": ["nothing"]}, "columns"),
    ({}, "table"),
    ({"sql_query": "SELECT 1"}, "import_as"),
    ({"table": "hotels", "tabel": "x"}, "tabel"),
    ({"table": "hotels", "max_rows": "few"}, "max_rows"),
    ({"table": "hotels", "sync": {"mode": "append"}}, "sync.cursor"),
]


@pytest.mark.parametrize(("keys", "parameter"), SOURCES)
def test_sources(alice: HttpClient, remote: Remote, keys: Mapping[str, object], parameter: str) -> None:
    answer = alice.post(f"{PATH}/{remote.provider}/dryrun", {"connection": remote.connection(), **keys})
    told = _about(answer)
    if keys.get("schema") and told == "schema":
        return  # MariaDB tells that the schema is missing, PostgreSQL that the table is
    assert told == parameter


def test_imports(alice: HttpClient, remote: Remote) -> None:
    """An import, and a sync, are refused before they are queued."""
    connector = remote.connector(table="hotels", tabel="x")
    for path, body in (("imports", {"connector": connector}), ("synchronizations", {"connector": connector, "interval": 3600})):
        assert alice.post(f"/api/v1/{path}", body).json["parameter"] == "tabel"


def test_saved_servers(alice: HttpClient, remote: Remote) -> None:
    connection = remote.connection(port="many")
    answer = alice.post("/api/v1/servers", {"name": "shop", "provider": remote.provider, "connection": connection})
    assert _about(answer) == "connection.port"
    saved = {"name": "of_failures", "provider": remote.provider, "connection": remote.connection(password="wrong")}
    assert alice.post("/api/v1/servers", saved).status == 201
    try:
        tested = alice.post(f"{PATH}/{remote.provider}/connect", {"connection": "of_failures"})
        assert _about(tested) == "connection.password" and tested.json["connected"] is False
        elsewhere = remote.connection(server="elsewhere")
        del elsewhere["password"]
        assert _about(alice.put("/api/v1/servers/of_failures", {"connection": elsewhere})) == "connection.password"
    finally:
        assert alice.delete("/api/v1/servers/of_failures").status == 204
    unknown = alice.post("/api/v1/servers", {"name": "shop", "provider": "orcale", "connection": {"server": "x"}})
    assert _about(unknown) == "provider"


def test_what_is_about_no_key(alice: HttpClient) -> None:
    """A column of PostgreSQL's own errors is none of the connector's keys."""
    answer = alice.post(f"{PATH}/mysql/connect", {"connection": "nowhere"})
    assert answer.json["sqlstate"] == "42704" and "parameter" not in answer.json


# in the database


def _raised(role: Database, connector: Mapping[str, object]) -> psycopg2.Error:
    with pytest.raises(psycopg2.Error) as caught:
        role.value("SELECT cdb_connector_check(%s)", json.dumps(connector))
    return caught.value


def test_the_field_for_programs(role: Database, remote: Remote) -> None:
    """The key is in the field of a column's name, and in no text that people read."""
    connector = remote.connector(connection=remote.connection(password="wrong"))
    error = _raised(role, connector)
    assert error.diag.column_name == "connection.password"
    assert error.diag.schema_name is error.diag.table_name is error.diag.constraint_name is error.diag.datatype_name is None
    for text in (error.diag.message_primary, error.diag.message_detail, error.diag.message_hint, error.diag.context):
        assert "connection.password" not in (text or "")


def test_plpgsql_has_it(role: Database, remote: Remote) -> None:
    connector = json.dumps(remote.connector(connection=remote.connection(port=1)))
    role.execute(
        """CREATE FUNCTION pg_temp.key_of(connector json) RETURNS text LANGUAGE plpgsql AS $$
           DECLARE key text;
           BEGIN
             PERFORM cdb_connector_check(connector);
             RETURN 'connected';
           EXCEPTION WHEN OTHERS THEN
             GET STACKED DIAGNOSTICS key = COLUMN_NAME;
             RETURN key;
           END $$"""
    )
    assert role.value("SELECT pg_temp.key_of(%s)", connector) == "connection.port"


def test_columns_of_postgresql_stay(role: Database) -> None:
    role.execute("CREATE TEMP TABLE strict (id int NOT NULL)")
    with pytest.raises(psycopg2.IntegrityError) as caught:
        role.execute("INSERT INTO strict VALUES (NULL)")
    assert caught.value.diag.column_name == "id"


def test_psql_shows_it_when_asked(api_database: Database, remote: Remote) -> None:
    server = api_database.server
    connector = json.dumps(remote.connector(connection=remote.connection(port=1)))

    def shown(verbosity: str) -> str:
        command = [server.program("psql"), "-X", "-q", "-v", f"VERBOSITY={verbosity}"]
        command += ["-c", f"SELECT cdb_connector_check('{connector}')"]
        return subprocess.run(
            command, env=server.client_environment(api_database.name), capture_output=True, text=True, check=False
        ).stderr

    assert "connection.port" not in shown("default") and "Connector error 1012." in shown("default")
    assert "COLUMN NAME:  connection.port" in shown("verbose")
