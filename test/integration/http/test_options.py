"""The command line, signals, and what the process is."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.database import Database
from harness.held_calls import PATH, REQUEST, HeldCalls
from harness.http_client import HttpClient
from harness.http_roles import OWN_ROLE
from harness.raw_http import RawConnection, asked

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.process import wait_until
from servers.staging import sanitized, staged
from servers.workspace import Workspace

HEALTH = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"


def _run(api: HttpServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program with arguments with which it ends by itself."""
    return subprocess.run([api.program, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_help_and_version(api: HttpServer) -> None:
    shown = _run(api, "--help")
    assert shown.returncode == 0 and not shown.stderr
    assert max(len(line) for line in shown.stdout.splitlines()) <= 110
    for option in ("listen", "tls-cert", "tls-key", "without-tls", "trusted-proxy", "user-from-host", "allow-superuser", "conninfo-file"):
        assert f"--{option}" in shown.stdout
    assert re.fullmatch(r"connector-http \d+\.\d+\S*\n", _run(api, "--version").stdout)


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("unknown option", ["--nonsense"]),
        ("needs a value", ["--listen"]),
        ("needs an address", ["--listen", "8080"]),
        ("needs an address", ["--listen", "localhost:8080"]),
        ("needs an address", ["--listen", "127.0.0.1:65536"]),
        ("needs an address", ["--listen", "127.0.0.1:"]),
        ("needs an address", ["--listen", "::1:8080"]),
        ("needs --tls-cert and --tls-key, or --without-tls", ["--listen", "0.0.0.0:0"]),
        ("needs --tls-cert and --tls-key, or --without-tls", ["--listen", "[::]:0"]),
        ("given together", ["--tls-cert", "/x"]),
        ("given together", ["--tls-key", "/x"]),
        ("given together", ["--tls-cert", "/x", "--tls-key", "/x", "--without-tls"]),
        ("on or off", ["--user-from-host=maybe"]),
        ("needs an address", ["--trusted-proxy", "proxy.example"]),
        ("number of seconds", ["--call-timeout", "0"]),
        ("number of seconds", ["--client-timeout", "1s"]),
        ("needs a number", ["--max-connections", "-1"]),
        ("takes no value", ["--quiet=yes"]),
        ("more than one CONNINFO", ["host=127.0.0.1", "dbname=d"]),
        ("needs a number", ["--max-sessions", "0"]),
        ("needs a number", ["--max-streams", "x"]),
        ("must name the database", ["host=127.0.0.1 user=connector_http"]),
        ("must name the database", ["postgresql://127.0.0.1"]),
        ("must name the database", []),
        ("no-such-service", ["service=no-such-service dbname=d"]),
        ("could not match", ["host=a,b port=1,2,3 dbname=d"]),
        ("wrong CONNINFO", ["nonsense=1"]),
        ("wrong CONNINFO", ["no conninfo"]),
        ("can't be given together", ["--conninfo-file", "/x", "host=127.0.0.1"]),
    ],
)
def test_wrong_use(api: HttpServer, words: str, arguments: list[str]) -> None:
    """One line, and status 2."""
    done = _run(api, *arguments)
    assert done.returncode == 2 and not done.stdout
    [line] = done.stderr.splitlines()
    assert line.startswith("connector-http: ") and words in line, line


@pytest.mark.parametrize(
    "arguments",
    [
        ["host=127.0.0.1 password=S3cr3t"],
        ["postgresql://alice:S3cr3t@127.0.0.1/d"],
        ["host=127.0.0.1", "password=S3cr3t"],
        ["password=S3cr3t S3cr3t"],
        ["postgresql://alice:S3cr3t@127.0.0.1:S3cr3t/d"],
        ["--password=S3cr3t"],
        ["--quiet=S3cr3t"],
    ],
)
def test_no_password_on_the_command_line(api: HttpServer, arguments: list[str]) -> None:
    """It is refused, and not repeated in what is said about it."""
    done = _run(api, *arguments)
    assert done.returncode == 2 and "S3cr3t" not in done.stderr
    if len(arguments) == 1 and arguments[0].endswith(("=S3cr3t", "@127.0.0.1/d")) and not arguments[0].startswith("--"):
        assert "--conninfo-file" in done.stderr and "passfile" in done.stderr


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("can't open", ["--conninfo-file", "/nowhere/at/all"]),
        ("can't use the certificate", ["--tls-cert", "/nowhere", "--tls-key", "/nowhere", "dbname=d"]),
        ("can't listen on 203.0.113.1:8080", ["--listen", "203.0.113.1:8080", "--without-tls", "dbname=d"]),
    ],
)
def test_failures_at_the_start(api: HttpServer, words: str, arguments: list[str]) -> None:
    """One line, and status 1."""
    done = _run(api, *arguments)
    assert done.returncode == 1 and words in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_port_that_is_taken(api: HttpServer) -> None:
    done = _run(api, "--listen", f"127.0.0.1:{api.port}", api.conninfo)
    assert done.returncode == 1 and "ddress already in use" in done.stderr


class _OtherWay(HttpServer):
    """The program with another last argument than a conninfo."""

    def __init__(self, *arguments: object, last: list[str], listen: str | None = None, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self.last = last
        self.listen = listen

    def command(self) -> list[str]:
        return [str(self.program), "--listen", self.listen or f"127.0.0.1:{self.port}", *self.options, *self.last]


def test_conninfo_of_a_file(workspace: Workspace, preloaded: Postgres, api_database: Database, tmp_path: Path) -> None:
    """It may span lines, and hold a password if not everybody can read it."""
    file = workspace.subfolder("conninfo", mode=0o755) / "conninfo"
    file.write_text(f"host=127.0.0.1\nport={preloaded.port}\ndbname={api_database.name}\nuser=connector_http password=S3cr3t\n")
    server = _OtherWay(workspace, preloaded, staged(workspace), api_database.name, last=["--conninfo-file", str(file)])
    file.chmod(0o644)
    done = _run(server, "--conninfo-file", str(file))
    assert done.returncode == 1 and "chmod 600" in done.stderr and "S3cr3t" not in done.stderr
    file.chmod(0o600)
    server.account.give(file)
    with server:
        assert HttpClient(server, "alice", "alice password").get(PATH).status == 404


class _WithServices(_OtherWay):
    """Has a file of services in its home."""

    services = ""

    def prepare(self) -> None:
        super().prepare()
        path = self.folder / ".pg_service.conf"
        path.write_text(self.services)
        path.chmod(0o600)
        self.account.give(path)


def test_a_service(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    """What it says counts as if the conninfo said it: the database, and the program's own role."""
    server = _WithServices(workspace, preloaded, staged(workspace), api_database.name, last=["service=here sslmode=disable"])
    place = f"host=localhost\nport={preloaded.port}\nuser={OWN_ROLE[0]}\npassword={OWN_ROLE[1]}\n"
    server.services = f"[here]\n{place}dbname={api_database.name}\n[nameless]\n{place}"
    with server:
        alice = HttpClient(server, "alice", "alice password")
        key = alice.post("/api/v1/keys", {}).json["api_key"]
        assert HttpClient(server, None, key).get(PATH).status == 404
        environment = {**os.environ, "HOME": str(server.folder)}
        done = subprocess.run([server.program, "service=nameless"], capture_output=True, text=True, env=environment, timeout=60)
        assert done.returncode == 2 and "must name the database" in done.stderr


def test_several_servers(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    """One that has no address, one that says nothing, one that refuses, and one that lets in."""
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))
        ports = f"1,{silent.getsockname()[1]},{refusing.getsockname()[1]},{preloaded.port}"
        places = f"host=no-such-host.invalid,127.0.0.1,localhost,localhost port={ports} dbname={api_database.name}"
        for more in ("", " target_session_attrs=read-write", " target_session_attrs=prefer-standby"):
            last = [f"{places} connect_timeout=2{more}"]
            with _OtherWay(workspace, preloaded, staged(workspace), api_database.name, last=last) as server:
                client = HttpClient(server, "alice", "alice password")
                assert client.get(PATH).status == 404, more
                assert HttpClient(server, "bob", "wrong").get(PATH).status == 401, more
        last = [f"{places} connect_timeout=2 target_session_attrs=standby"]
        with _OtherWay(workspace, preloaded, staged(workspace), api_database.name, last=last) as server:
            assert HttpClient(server, "alice", "alice password").get(PATH).status == 503


def test_end_while_events_are_asked_for(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    """What runs for no client ends with the program, in good order."""
    with (
        HttpServer(workspace, preloaded, staged(workspace), api_database.name, own_role=OWN_ROLE) as server,
        HeldCalls(api_database) as held,
        RawConnection(server) as stream,
    ):
        pair = base64.b64encode(b"alice:alice password").decode()
        stream.send(f"GET /api/v1/events HTTP/1.1\r\nHost: h\r\nAuthorization: Basic {pair}\r\n\r\n")
        notice = json.dumps({"kind": "sync", "id": "11111111-1111-1111-1111-111111111111", "state": "success"})

        def is_asked() -> bool:
            api_database.execute("SELECT pg_notify('connector', %s)", notice)
            return held.waiting() == 1

        wait_until(is_asked, what="a question that waits")
        os.kill(server.pid, signal.SIGTERM)
        wait_until(lambda: not server.running(), what="the program to end")
        assert server.exit_status == 0 and "ERROR" not in server.log_tail()


def test_port_0(api: HttpServer) -> None:
    """The line that tells where it listens has the port that it got."""
    process = subprocess.Popen([api.program, "--listen", "[::1]:0", "host=/nowhere dbname=d"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert re.fullmatch(r"listening on http://\[::1\]:[1-9]\d*\n", process.stdout.readline())
    finally:
        process.terminate()
        assert process.wait(60) == 0


def test_elsewhere_without_tls(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    """If it is asked for it listens everywhere; the Host is no user then unless that is asked for as well."""
    listen = ["--listen", "0.0.0.0:0", "--without-tls"]
    for options, status in ((listen, 401), ([*listen, "--user-from-host"], 404)):
        server = HttpServer(workspace, preloaded, staged(workspace), api_database.name)
        with subprocess.Popen([server.program, *options, server.conninfo], stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                server.port = int(process.stdout.readline().rpartition(":")[2])
                request = f"GET {PATH}?api_key=alice%20password HTTP/1.1\r\nHost: alice.example.com\r\n\r\n"
                assert asked(server, request)[0].status == status
            finally:
                process.terminate()


def test_trusted_proxy(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    """What it says of an address counts, and what others say does not."""
    request = "GET /healthz HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2, 192.0.2.3\r\n\r\n"
    options = ["--trusted-proxy", "127.0.0.2", "--trusted-proxy", "::1"]
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=options) as server:
        for source, shown in (("127.0.0.2", "192.0.2.3"), ("127.0.0.1", "127.0.0.1")):
            position = server.log_size()
            with RawConnection(server, source=source) as connection:
                assert connection.send(request).answer().status == 200
            wait_until(lambda at=position: " GET /healthz 200 " in server.log_since(at), what="the line of the request")
            assert f"Z {shown} - GET" in server.log_since(position)


def test_quiet(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=["--quiet"]) as server:
        for _ in range(3):
            assert asked(server, HEALTH)[0].status == 200
        server.stop()
        assert server.log.read_text() == f"listening on {server.url}\n"


def test_call_timeout(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    """A call that takes longer is answered with 504, and its statement ends."""
    options = ["--call-timeout", "1"]
    with (
        HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=options) as server,
        HeldCalls(api_database) as held,
    ):
        assert HttpClient(server, "alice", "alice password").get(PATH).status == 504
        held.wait_for(0)
        held.release()
        alice = HttpClient(server, "alice", "alice password")
        wait_until(lambda: alice.get(PATH).status == 404, what="a call that is answered in time")


@pytest.fixture
def own_server(workspace: Workspace, preloaded: Postgres, api_database: Database) -> Iterator[HttpServer]:
    """A program that a test may end."""
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name) as server:
        yield server


@pytest.mark.parametrize("what", [signal.SIGTERM, signal.SIGINT])
def test_end_in_good_order(own_server: HttpServer, api_database: Database, what: int) -> None:
    """Idle connections end at once, new ones are refused, a call that runs is answered."""
    with HeldCalls(api_database) as held, RawConnection(own_server) as idle, RawConnection(own_server) as busy:
        idle.send(HEALTH).answer()
        busy.send(REQUEST)
        held.wait_for(1)
        os.kill(own_server.pid, what)
        assert idle.ended()
        with pytest.raises(ConnectionRefusedError):
            RawConnection(own_server)
        held.release()
        answer = busy.answer()
        assert answer.status == 404 and answer.names["connection"] == "close" and busy.ended()
    wait_until(lambda: not own_server.running(), what="the program to end")
    assert own_server.exit_status == 0


def test_end_without_waiting_for_ever(own_server: HttpServer, api_database: Database) -> None:
    """A call that does not end in time is stopped, and so is its statement."""
    with HeldCalls(api_database) as held, RawConnection(own_server) as busy:
        busy.send(REQUEST)
        held.wait_for(1)
        os.kill(own_server.pid, signal.SIGTERM)
        wait_until(lambda: not own_server.running(), what="the program to end")
        assert own_server.exit_status == 0
        held.wait_for(0)


@pytest.mark.skipif(sanitized(), reason="a build with sanitizers looks for leaks as a debugger does")
def test_process(own_server: HttpServer) -> None:
    """No core dumps and no debugger; as many descriptors as there may be."""
    limits = Path(f"/proc/{own_server.pid}/limits").read_text()
    [core] = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core.split()[4:6] == ["0", "0"]
    [files] = [line for line in limits.splitlines() if line.startswith("Max open files")]
    assert files.split()[3] == files.split()[4]
    # The files in /proc of a process that can't be dumped are root's.
    assert Path(f"/proc/{own_server.pid}/environ").stat().st_uid == 0


def test_environment_does_not_count(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    """No variable of libpq's lets anybody in, or elsewhere."""

    class WithVariables(HttpServer):
        def environment(self) -> dict[str, str]:
            others = {"PGPASSWORD": "alice password", "PGDATABASE": "postgres", "PGHOST": "/nowhere", "PGOPTIONS": "-c nonsense=1"}
            return super().environment() | others

    with WithVariables(workspace, preloaded, staged(workspace), api_database.name) as server:
        assert HttpClient(server, "alice", "wrong").get(PATH).status == 401
        assert HttpClient(server, "alice").request("GET", PATH, headers={"Authorization": "Basic YWxpY2U6"}).status == 401
        assert HttpClient(server, "alice", "alice password").get(PATH).status == 404
