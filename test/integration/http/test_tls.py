"""TLS: certificates from files, read again at SIGHUP."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.database import Database
from harness.held_calls import REQUEST, HeldCalls
from harness.raw_http import RawConnection

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.process import wait_until
from servers.staging import staged
from servers.tls import Authority
from servers.workspace import Workspace

HEALTH = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"


class Files:
    """The files that the program reads, by which a test may put others in their place."""

    def __init__(self, workspace: Workspace) -> None:
        self.authority = Authority(workspace, "http-authority")
        self.folder = workspace.subfolder("http-tls", mode=0o755)
        self.certificate = self.folder / "cert.pem"
        self.key = self.folder / "key.pem"

    def put(self, server: HttpServer, name: str) -> None:
        made = self.authority.server(server.account, name=name)
        shutil.copy(made.certificate, self.certificate)
        shutil.copy(made.key, self.key)
        server.account.give(self.key)

    def client(self, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        if version is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = context.maximum_version = version
                context.set_ciphers("ALL:@SECLEVEL=0")
        return context


@pytest.fixture(scope="module")
def files(workspace: Workspace) -> Files:
    return Files(workspace)


@pytest.fixture(scope="module")
def secure(workspace: Workspace, preloaded: Postgres, api_database: Database, files: Files) -> Iterator[HttpServer]:
    options = ["--tls-cert", str(files.certificate), "--tls-key", str(files.key), "--client-timeout", "2"]
    server = HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=options)
    files.put(server, "first")
    with server:
        yield server


def _serial(connection: RawConnection) -> str:
    assert isinstance(connection.socket, ssl.SSLSocket)
    certificate = connection.socket.getpeercert()
    assert certificate is not None
    return str(certificate["serialNumber"])


def test_requests(secure: HttpServer, files: Files) -> None:
    assert "listening on https://127.0.0.1:" in secure.log.read_text()
    with RawConnection(secure, tls=files.client()) as connection:
        assert connection.send(HEALTH * 3).answer().body == b"ok\n"
        assert [connection.answer().status for _ in range(2)] == [200, 200]
        assert connection.send(REQUEST).answer().status == 404
        connection.send(f"POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: {2**20}\r\n\r\n{' ' * 2**20}")
        assert connection.answer().status == 405
        connection.send(HEALTH.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
        assert connection.answer().status == 200 and connection.ended(), "the end is TLS's own, and no cut"


@pytest.mark.parametrize(("version", "works"), [("TLSv1", False), ("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)])
def test_versions(secure: HttpServer, files: Files, version: str, works: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context = files.client(ssl.TLSVersion[version])
    if not works:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            RawConnection(secure, tls=context)
        return
    with RawConnection(secure, tls=context) as connection:
        assert connection.send(HEALTH).answer().status == 200
        assert isinstance(connection.socket, ssl.SSLSocket)
        cipher = connection.socket.cipher()
        assert cipher is not None and ("GCM" in cipher[0] or "CHACHA20" in cipher[0])


def test_plain_requests_and_silence(secure: HttpServer, files: Files) -> None:
    """Who speaks no TLS, or begins and goes no further, is sent away."""
    with RawConnection(secure) as connection:
        # Nothing of an answer in the clear.
        assert b"HTTP/" not in connection.send(HEALTH).stream.read()
    for begin in ("", "\x16\x03\x01"):
        with RawConnection(secure) as connection:
            assert connection.send(begin).ended()
    with RawConnection(secure, tls=files.client()) as connection:
        assert connection.ended(), "idle"
    with RawConnection(secure, tls=files.client()) as connection:
        assert connection.send("GET /").answer().status == 408


def test_statement_ends_when_the_client_leaves(secure: HttpServer, files: Files, api_database: Database) -> None:
    for politely in (True, False):
        with HeldCalls(api_database) as held, RawConnection(secure, tls=files.client()) as connection:
            connection.send(REQUEST)
            held.wait_for(1)
            connection.send(HEALTH)
            if politely:
                # Its half of TLS's end; that of the server may be here by then, or not.
                connection.socket.setblocking(False)
                with contextlib.suppress(OSError):
                    connection.socket.unwrap()  # type: ignore[attr-defined]
            else:
                socket.socket(fileno=os.dup(connection.socket.fileno())).shutdown(socket.SHUT_RDWR)
            held.wait_for(0)


def test_certificate_is_read_again(secure: HttpServer, files: Files) -> None:
    """A new one serves new connections; with a wrong one the old stays, and the log says why."""
    with RawConnection(secure, tls=files.client()) as before:
        first = _serial(before)
        files.put(secure, "second")
        _reload(secure, "the certificate was read again")
        with RawConnection(secure, tls=files.client()) as after:
            assert (second := _serial(after)) != first
            assert after.send(HEALTH).answer().status == 200
        assert before.send(HEALTH).answer().status == 200, "that one goes on with what it began with"
    good = files.certificate.read_text(), files.key.read_text()
    other = files.authority.server(secure.account, name="third")
    for certificate, key, words in (
        ("nonsense", good[1], "can't use the certificate"),
        (good[0], "nonsense", "can't use the key"),
        (good[0], other.key.read_text(), "key"),
    ):
        files.certificate.write_text(certificate)
        files.key.write_text(key)
        said = _reload(secure, "the old certificate stays: ")
        assert words in said
        with RawConnection(secure, tls=files.client()) as after:
            assert _serial(after) == second
            assert after.send(HEALTH).answer().status == 200


def _reload(server: HttpServer, words: str) -> str:
    """What the log says of it."""
    position = server.log_size()
    os.kill(server.pid, signal.SIGHUP)
    wait_until(lambda: words in server.log_since(position), what=f"the log to say: {words}")
    return server.log_since(position)


def test_a_key_with_a_passphrase(secure: HttpServer, files: Files, tmp_path: Path) -> None:
    """Nobody is asked for it at a terminal."""
    made = files.authority.server(secure.account, name="fourth")
    locked = tmp_path / "locked.pem"
    lock = ["openssl", "rsa", "-aes128", "-passout", "pass:S3cr3t", "-in", made.key, "-out", locked]
    subprocess.run(lock, check=True, capture_output=True)
    command = [secure.program, "--listen", "127.0.0.1:0", "--tls-cert", made.certificate, "--tls-key", locked, secure.conninfo]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "can't use the key" in done.stderr
