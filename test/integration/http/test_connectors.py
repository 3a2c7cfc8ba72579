"""Providers, and looks at remote databases, by the Import API."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from harness.database import Database
from harness.http_client import Answer, HttpClient

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.remote import Remote
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote
from servers.staging import staged
from servers.workspace import Workspace

PATH = "/api/v1/connectors"


@pytest.fixture(scope="module", params=["mariadb", "postgres15", "tds", "hive"])
def remote(request: pytest.FixtureRequest) -> Remote:
    """One server of each provider in turn, with a table `hotels`."""
    found: Remote = request.getfixturevalue(request.param)
    found.create_rows("hotels", 3)
    return found


@pytest.fixture(scope="module")
def hotels(mariadb: MySqlRemote) -> MySqlRemote:
    mariadb.create_rows("hotels", 3)
    return mariadb


CALLS = [("GET", ""), ("GET", "/tables"), ("GET", "/connect"), ("POST", "/tables"), ("POST", "/connect"), ("POST", "/dryrun")]
LOOKS = CALLS[1:]


def _flat(connection: Mapping[str, object]) -> dict[str, str]:
    """A connection as parameters of an address."""
    return {name: str(value) for name, value in connection.items()}


def _names(answer: Answer) -> list[str]:
    assert answer.status == 200, (answer.status, answer.body)
    for table in answer.json:
        assert list(table)[:2] == ["schema", "name"]
    return [table["name"] for table in answer.json]


# providers


def test_providers(alice: HttpClient) -> None:
    answer = alice.get(PATH)
    assert answer.status == 200 and answer.body == alice.get(f"{PATH}/").body
    assert list(answer.json)[:4] == ["mysql", "postgres", "sqlserver", "hive"]
    for provider in answer.json.values():
        assert list(provider)[:3] == ["name", "enabled", "description"]
    assert (answer.json["mysql"]["name"], answer.json["mysql"]["enabled"]) == ("MySQL", True)


def test_what_is_switched_off(api_database: Database, api: HttpServer, hotels: MySqlRemote) -> None:
    api_database.execute(
        "CREATE ROLE poor LOGIN PASSWORD 'poor password'; GRANT USAGE ON FOREIGN DATA WRAPPER connector TO poor; "
        "INSERT INTO connector.role_limits (role_name, provider, enabled) VALUES ('poor', 'mysql', false)"
    )
    try:
        poor = HttpClient(api, "poor", "poor password")
        providers = poor.get(PATH).json
        assert (providers["mysql"]["enabled"], providers["postgres"]["enabled"]) == (False, True)
        answer = poor.post(f"{PATH}/mysql/tables", hotels.connector())
        assert answer.status == 422 and answer.json["error_code"] == 1501
        assert poor.get(f"{PATH}/mysql/connect", **_flat(hotels.connection())).json["connected"] is False
        imported = poor.post("/api/v1/imports", {"connector": hotels.connector(table="hotels")})
        assert imported.status == 403 and imported.json["error_code"] == 1501
    finally:
        api_database.execute("DELETE FROM connector.role_limits; DROP OWNED BY poor; DROP ROLE poor")


@pytest.mark.parametrize("provider", ["mysql", "postgres", "sqlserver", "hive", "odbc"])
def test_one_provider(alice: HttpClient, provider: str) -> None:
    answer = alice.get(f"{PATH}/{provider}")
    assert answer.status == 200 and answer.json == alice.get(f"{PATH}/{provider}/").json
    assert list(answer.json) == ["features", "parameters"]
    assert answer.json["features"] | {"sql_queries": True, "list_tables": True, "list_databases": False} == answer.json["features"]
    parameters = answer.json["parameters"]
    assert parameters["provider"]["required"] is True and parameters["table"]["required"] is False
    assert parameters["connection"]["password"]["secret"] is True and "secret" not in parameters["connection"]["server"]
    files = {key for key, parameter in parameters["connection"].items() if parameter.get("server_file")}
    assert files == {"sqlserver": {"sslrootcert"}, "odbc": set()}.get(provider, {"sslrootcert", "sslcert", "sslkey"})
    assert answer.json["features"]["other_connection_keys"] is (provider == "odbc")
    assert answer.json["features"].get("connection_one_of") == (["driver", "dsn"] if provider == "odbc" else None)
    if provider != "odbc":
        assert parameters["connection"]["server"]["required"] is True
        assert parameters["connection"]["database"]["required"] is (provider in ("postgres", "sqlserver"))


@pytest.mark.parametrize(("method", "more"), CALLS)
@pytest.mark.parametrize("provider", ["oracle", "MySQL", "a%20b'%22", "%C3%A9"])
def test_no_provider(alice: HttpClient, method: str, more: str, provider: str) -> None:
    answer = alice.request(method, f"{PATH}/{provider}{more}", {} if method == "POST" else None, server="x", username="y")
    shown = {"a%20b'%22": "a b'\"", "%C3%A9": "é"}.get(provider, provider)
    assert answer.status == 422 and answer.json["errors"] == f"Provider {shown} unknown"
    assert ("connected" in answer.json) is (more == "/connect") and answer.json.get("connected", False) is False
    assert answer.json["error_code"] == 1502


@pytest.mark.parametrize(("method", "more"), CALLS)
def test_who_is_not_let_in(api: HttpServer, method: str, more: str) -> None:
    wrong = HttpClient(api, "alice", "wrong", address="127.0.0.20")
    answer = wrong.request(method, f"{PATH}/mysql{more}", {} if method == "POST" else None)
    assert answer.status == 401 and answer.body == b""


# looks at remote databases


def test_tables(alice: HttpClient, remote: Remote) -> None:
    path = f"{PATH}/{remote.provider}/tables"
    by_query = alice.get(path, **_flat(remote.connection()))
    assert "hotels" in _names(by_query) and by_query.headers["Deprecation"] == "true"
    assert alice.get(f"{path}/", **_flat(remote.connection()), client="cps-1.11.3").json == by_query.json
    bare = alice.post(path, remote.connector())
    assert bare.json == by_query.json and "Deprecation" not in bare.headers
    assert alice.post(f"{path}/", {"connector": remote.connector()}).json == by_query.json
    no_provider = {"connection": remote.connection()}
    assert alice.post(path, no_provider).json == by_query.json
    assert alice.post(path, {"connector": no_provider}).json == by_query.json


def test_connecting(alice: HttpClient, remote: Remote) -> None:
    path = f"{PATH}/{remote.provider}/connect"
    by_query = alice.get(path, **_flat(remote.connection()))
    assert by_query.status == 200 and by_query.json == {"connected": True} and by_query.headers["Deprecation"] == "true"
    assert alice.post(path, remote.connector()).json == {"connected": True}
    assert alice.post(f"{path}/", {"connector": {"connection": remote.connection()}}).json == {"connected": True}


def test_dry_runs(api_database: Database, alice: HttpClient, remote: Remote) -> None:
    path = f"{PATH}/{remote.provider}/dryrun"
    connector = remote.connector(table="hotels")
    answer = alice.post(path, connector)
    assert answer.status == 200, answer.body
    with Database(api_database.server, api_database.name, "alice") as role:
        assert answer.json == role.value("SELECT cdb_connector_dry_run(%s)", json.dumps(connector))
    assert [column["name"] for column in answer.json["columns"]] == ["id", "word", "amount"] and len(answer.json["rows"]) == 3
    assert len(alice.post(path, {"connector": connector}, preview_rows="2").json["rows"]) == 2
    assert alice.post(path, connector, preview_rows="many").status == 400
    assert alice.post(path, connector, preview_rows="-1").json["error_code"] == 1502


def test_a_server_that_is_not_there(alice: HttpClient, remote: Remote) -> None:
    connection = remote.connection(port=1)
    for answer in (
        alice.get(f"{PATH}/{remote.provider}/tables", **_flat(connection)),
        alice.post(f"{PATH}/{remote.provider}/tables", {"connection": connection}),
        alice.post(f"{PATH}/{remote.provider}/dryrun", {"connection": connection, "table": "hotels"}),
    ):
        assert answer.status == 400 and list(answer.json)[0] == "errors"
        assert answer.json["errors"].startswith(f"Error connecting to provider {remote.provider}, ")
        assert answer.json["error_code"] == 1012 and answer.json["detail"]
    for answer in (
        alice.get(f"{PATH}/{remote.provider}/connect", **_flat(connection)),
        alice.post(f"{PATH}/{remote.provider}/connect", {"connection": connection}),
    ):
        assert answer.status == 400 and list(answer.json)[:2] == ["connected", "errors"] and answer.json["connected"] is False
        assert answer.json["error_code"] == 1012


@pytest.mark.parametrize(("method", "more"), LOOKS)
def test_a_foreign_server_that_is_not_there(alice: HttpClient, method: str, more: str) -> None:
    """It is a wrong connector, as a parameter that is wrong."""
    if method == "GET":
        answer = alice.get(f"{PATH}/mysql{more}", connection="nowhere")
    else:
        answer = alice.post(f"{PATH}/mysql{more}", {"connection": "nowhere"} | ({"table": "hotels"} if more == "/dryrun" else {}))
    assert answer.status == 422 and answer.json["sqlstate"] == "42704" and answer.json["errors"].startswith('foreign server "nowhere"')
    assert ("connected" in answer.json) is (more == "/connect") and answer.json.get("connected", False) is False


def test_a_wrong_password(alice: HttpClient, remote: Remote) -> None:
    connection = remote.connection(password="secret-and-wrong")
    answer = alice.post(f"{PATH}/{remote.provider}/connect", {"connection": connection})
    assert answer.status == 400 and answer.json["connected"] is False
    assert b"secret-and-wrong" not in answer.body


def test_an_invalid_connector(alice: HttpClient, remote: Remote) -> None:
    for more, beside in (("tables", {}), ("dryrun", {"table": "hotels"})):
        answer = alice.post(f"{PATH}/{remote.provider}/{more}", {"connection": {"sever": "x"}} | beside)
        assert answer.status == 422 and list(answer.json) == ["errors", "detail", "hint", "error_code", "sqlstate", "parameter"]
        assert "sever" in answer.json["detail"] and answer.json["error_code"] == 1502
    for answer in (
        alice.get(f"{PATH}/{remote.provider}/connect", sever="x"),
        alice.post(f"{PATH}/{remote.provider}/connect", {"connection": {"sever": "x"}}),
    ):
        assert answer.status == 422 and list(answer.json)[:2] == ["connected", "errors"] and answer.json["connected"] is False


def test_the_provider_must_be_that_of_the_path(alice: HttpClient, hotels: MySqlRemote) -> None:
    connector = hotels.connector(table="hotels")
    for more in ("tables", "connect", "dryrun"):
        for body in (connector, {"connector": connector}, connector | {"provider": 1}):
            answer = alice.post(f"{PATH}/postgres/{more}", body)
            assert answer.status == 422 and "postgres" in answer.json["errors"]
    other = alice.get(f"{PATH}/mysql/connect", provider="postgres", **_flat(hotels.connection()))
    assert other.status == 422 and other.json["connected"] is False
    assert alice.get(f"{PATH}/mysql/connect", provider="mysql", **_flat(hotels.connection())).status == 200
    assert alice.post(f"{PATH}/mysql/connect", connector | {"provider": None}).status == 200


def test_limits(alice: HttpClient, hotels: MySqlRemote) -> None:
    hotels.create_rows("inns", 1)
    path = f"{PATH}/mysql/tables"
    for answer in (alice.get(path, limit="1", **_flat(hotels.connection())), alice.post(path, hotels.connector(), limit="1")):
        assert len(_names(answer)) == 1
        assert answer.headers["Connector-Notice"] == "the list was cut after 1 tables"
    assert "Connector-Notice" not in alice.post(path, hotels.connector()).headers
    assert alice.post(path, hotels.connector(), limit="0").status == 422
    assert alice.post(path, hotels.connector(), limit="x").status == 400


def test_keys_of_the_request_in_an_address(alice: HttpClient, postgres15: PostgresRemote) -> None:
    """What is a key of the request is none of the connection's."""
    postgres15.execute("DROP SCHEMA IF EXISTS wing CASCADE", "CREATE SCHEMA wing", "CREATE TABLE wing.rooms (id int)")
    postgres15.execute("GRANT USAGE ON SCHEMA wing TO reader", "GRANT SELECT ON wing.rooms TO reader")
    answer = alice.get(f"{PATH}/postgres/tables", schema="wing", encoding="utf8", **_flat(postgres15.connection()))
    assert [(table["schema"], table["name"]) for table in answer.json] == [("wing", "rooms")]
    wrong = alice.get(f"{PATH}/postgres/tables", encoding="latin99", **_flat(postgres15.connection()))
    assert wrong.status == 422 and "encoding" in wrong.json["detail"]
    capitals = {name.upper(): value for name, value in _flat(postgres15.connection()).items()}
    assert alice.get(f"{PATH}/postgres/tables", Schema="wing", **capitals).json == answer.json


def test_keys_in_any_case(alice: HttpClient, hotels: MySqlRemote) -> None:
    """As in SQL."""
    connection = {name.title(): value for name, value in hotels.connection().items()}
    for body in ({"Provider": "mysql", "Connection": connection}, {"Connection": connection}):
        assert alice.post(f"{PATH}/mysql/connect", body).json == {"connected": True}
        assert alice.post(f"{PATH}/mysql/connect", {"Connector": body}).json == {"connected": True}
    answer = alice.post(f"{PATH}/mysql/connect", {"PROVIDER": "postgres", "Connection": connection})
    assert answer.status == 422 and "the provider of the connector is not" in answer.json["errors"]


def test_what_a_dry_run_tells(alice: HttpClient, hotels: MySqlRemote) -> None:
    """NOTICEs are the last member of an object."""
    hotels.execute("CREATE OR REPLACE TABLE long_words (word longtext)", "INSERT INTO long_words VALUES (repeat('x', 1000000))")
    answer = alice.post(f"{PATH}/mysql/dryrun", hotels.connector(table="long_words"))
    assert answer.status == 200 and list(answer.json)[-1] == "notices"
    [notice] = answer.json["notices"]
    assert notice.startswith("the preview shows long values up to ") and "Connector-Notice" not in answer.headers


def test_a_zero_byte(alice: HttpClient, hotels: MySqlRemote) -> None:
    """It cuts nothing off."""
    for body in ({"connection": hotels.connection() | {"username": "reader\0x"}}, {"connection": "inns\0x"}):
        answer = alice.post(f"{PATH}/mysql/connect", body)
        assert answer.status in (400, 422) and answer.json["connected"] is False, answer.body


def test_a_key_that_an_address_has_twice(alice: HttpClient, hotels: MySqlRemote) -> None:
    query = "&".join(f"{name}={value}" for name, value in _flat(hotels.connection()).items())
    assert alice.get(f"{PATH}/mysql/connect?{query}").status == 200
    answer = alice.get(f"{PATH}/mysql/connect?{query}&username=root")
    assert answer.status == 422 and "username" in answer.json["detail"]


def test_a_foreign_server(api_database: Database, alice: HttpClient, hotels: MySqlRemote) -> None:
    """It has the login; a connection is its name."""
    connection = hotels.connection()
    api_database.execute(
        "CREATE SERVER inns FOREIGN DATA WRAPPER connector OPTIONS "
        f"(provider 'mysql', server '127.0.0.1', port '{connection['port']}', database '{connection['database']}'); "
        f"GRANT USAGE ON FOREIGN SERVER inns TO alice; CREATE USER MAPPING FOR alice SERVER inns OPTIONS "
        f"(username '{connection['username']}', password '{connection['password']}')"
    )
    try:
        assert "hotels" in _names(alice.get(f"{PATH}/mysql/tables", connection="inns"))
        assert alice.post(f"{PATH}/mysql/connect", {"connection": "inns"}).json == {"connected": True}
        assert alice.get(f"{PATH}/mysql/tables", connection="inns", server="x").status == 422
    finally:
        api_database.execute("DROP SERVER inns CASCADE")


def test_what_a_role_may_not(api_database: Database, api: HttpServer, hotels: MySqlRemote) -> None:
    api_database.execute("CREATE ROLE stranger LOGIN PASSWORD 'stranger password'")
    try:
        stranger = HttpClient(api, "stranger", "stranger password")
        answer = stranger.post(f"{PATH}/mysql/connect", hotels.connector())
        assert answer.status == 403 and "permission" in answer.json["errors"] and answer.json["sqlstate"] == "42501"
        assert answer.json["connected"] is False
        tables = stranger.post(f"{PATH}/mysql/tables", hotels.connector())
        assert tables.status == 403 and tables.json["errors"].startswith("Error connecting to provider mysql, permission denied")
    finally:
        api_database.execute("DROP ROLE stranger")


# looks take what time the remote takes


@pytest.fixture(scope="module")
def hasty(workspace: Workspace, preloaded: Postgres, api_database: Database) -> Iterator[HttpClient]:
    """A program whose other calls may take a second."""
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=["--call-timeout", "1"]) as server:
        yield HttpClient(server, "alice", "alice password")


def test_a_silent_server(hasty: HttpClient) -> None:
    """The time for connecting is over first, and is what is told."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = {"server": "127.0.0.1", "port": silent.getsockname()[1], "username": "x", "password": "y", "connect_timeout": 3}

        def look(call: tuple[str, str]) -> Answer:
            method, more = call
            if method == "GET":
                return hasty.get(f"{PATH}/mysql{more}", **_flat(connection))
            return hasty.post(f"{PATH}/mysql{more}", {"connection": connection} | ({"table": "t"} if more == "/dryrun" else {}))

        with ThreadPoolExecutor(len(LOOKS)) as threads:
            answers = list(threads.map(look, LOOKS))
    for (_, more), answer in zip(LOOKS, answers, strict=True):
        assert (answer.status, answer.json["error_code"]) == (504, 6667), (more, answer.body)
        assert answer.json["errors"].startswith("Error connecting to provider mysql, ") is (more != "/connect")
        assert ("connected" in answer.json) is (more == "/connect") and answer.json.get("connected", False) is False


# without passwords in addresses


@pytest.fixture(scope="module")
def strict(workspace: Workspace, preloaded: Postgres, api_database: Database) -> Iterator[HttpClient]:
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=["--no-query-passwords"]) as server:
        yield HttpClient(server, "alice", "alice password")


@pytest.mark.parametrize("more", ["tables", "connect"])
def test_without_passwords_in_addresses(strict: HttpClient, hotels: MySqlRemote, more: str) -> None:
    answer = strict.get(f"{PATH}/mysql/{more}", **_flat(hotels.connection()))
    told: dict[str, Any] = answer.json
    assert answer.status == 403 and "switched off" in told["errors"] and "POST" in told["hint"]
    assert told.get("connected", False) is False and ("connected" in told) is (more == "connect")
    assert strict.post(f"{PATH}/mysql/{more}", hotels.connector()).status == 200
    assert strict.get(f"{PATH}/mysql").status == 200
