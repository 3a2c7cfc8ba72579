"""The harness itself: servers of every kind start, restart and survive rough treatment."""

from __future__ import annotations

import pymysql
import pytest

from servers.process import wait_until
from servers.remote_mysql import MySqlRemote
from servers.server import Unavailable
from servers.tls import Authority
from servers.workspace import Workspace


def test_rows(mysql: MySqlRemote) -> None:
    mysql.create_rows("harness_rows", 1000, width=30)
    assert mysql.rows("SELECT count(*), min(id), max(id), min(char_length(word)) FROM harness_rows") == [(1000, 1, 1000, 30)]
    mysql.drop("harness_rows")


def test_sessions_and_kill(mysql: MySqlRemote) -> None:
    server = mysql.server
    # TLS where the server has it, since pymysql can't do caching_sha2_password without
    tls = {} if mysql.kind != "mysql9" else {"ssl": {"check_hostname": False, "verify_mode": "none"}}
    client = pymysql.connect(host="127.0.0.1", port=server.port, user=server.user, password=server.password, **tls)
    assert [session.statement for session in mysql.sessions()] == [""]
    number = mysql.sessions()[0].number
    mysql.kill_session(number)
    with pytest.raises(pymysql.err.OperationalError):
        client.cursor().execute("SELECT 1")
    client.close()
    # MySQL 5.6 now and then keeps the entry of a session that it has killed.
    wait_until(
        lambda: number not in [found for found, _, command, _ in server.sessions() if command != "Killed"],
        what=f"the end of session {number}",
    )


def test_kill_and_restart_keep_data_and_port(mysql: MySqlRemote) -> None:
    mysql.create_rows("harness_kept", 10)
    port = mysql.server.port
    mysql.server.restart()
    mysql.server.kill()
    assert not mysql.server.running()
    mysql.server.start()
    assert mysql.server.port == port
    assert mysql.rows("SELECT count(*) FROM harness_kept") == [(10,)]
    mysql.drop("harness_kept")


@pytest.mark.parametrize("kind", ["mariadb", "mysql9"])
def test_tls(workspace: Workspace, kind: str) -> None:
    from servers.catalog import MYSQL_KINDS

    authority = Authority(workspace)
    server = MYSQL_KINDS[kind](workspace)
    server.tls = authority.server(server.account)
    trust = {"ssl": {"ca": str(authority.certificate)}}
    try:
        server.start()
    except Unavailable as reason:
        pytest.skip(str(reason))
    with server:
        login = {"host": "127.0.0.1", "port": server.port, "user": server.user, "password": server.password}
        client = pymysql.connect(**login, **trust)
        with client.cursor() as cursor:
            cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
            assert cursor.fetchone()[1] != ""
        client.close()
        server.tls = authority.wrong_host(server.account)
        server.restart()
        with pytest.raises(pymysql.err.OperationalError, match="CERTIFICATE_VERIFY_FAILED"):
            pymysql.connect(**login, **trust)
