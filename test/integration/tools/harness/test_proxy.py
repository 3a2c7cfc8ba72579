"""The harness itself: the proxy does to connections what it is told."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from servers.process import wait_until
from servers.proxy import Fault, Proxy


@pytest.fixture
def source() -> Iterator[int]:
    """A server that sends 1,000,000 bytes to everyone, then echoes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(peer: socket.socket) -> None:
        try:
            peer.sendall(bytes(1_000_000))
            while data := peer.recv(1000):
                peer.sendall(data)
        except OSError:
            pass
        peer.close()

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(peer,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def read(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (part := client.recv(count - len(data))):
        data += part
    return data


def test_forwards(source: int) -> None:
    with Proxy(source) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as client:
        assert len(read(client, 1_000_000)) == 1_000_000
        client.sendall(b"hello")
        assert read(client, 5) == b"hello"
        assert (proxy.accepted, proxy.open, proxy.from_server, proxy.from_client) == (1, 1, 1_000_005, 5)


def test_stalls_and_resumes(source: int) -> None:
    with Proxy(source) as proxy:
        proxy.next(Fault(stall_after=12345))
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            proxy.wait_until_stalled()
            assert len(read(client, 12345)) == 12345
            client.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.recv(1)
            client.setblocking(True)
            proxy.resume()
            assert len(read(client, 987_655)) == 987_655
            proxy.stall()
            client.sendall(b"lost")
            proxy.wait_until_stalled()
            proxy.resume()
            assert read(client, 4) == b"lost"


@pytest.mark.parametrize("reset", [False, True])
def test_cuts(source: int, reset: bool) -> None:
    with Proxy(source) as proxy:
        proxy.next(Fault(cut_after=5000, reset=reset))
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            wait_until(lambda: proxy.accepted == 1 and proxy.open == 0)
            if reset:  # what was on its way is lost with the connection
                with pytest.raises(ConnectionResetError):
                    read(client, 6000)
            else:
                assert len(read(client, 6000)) == 5000
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            assert len(read(client, 1_000_000)) == 1_000_000
            proxy.cut()
            assert read(client, 1) == b""


def test_refuses(source: int) -> None:
    with Proxy(source) as proxy:
        proxy.every(Fault(refuse=True, reset=True))
        with socket.create_connection(("127.0.0.1", proxy.port)) as client, pytest.raises(ConnectionResetError):
            client.recv(1)


def test_target_gone() -> None:
    with Proxy(1) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as client, pytest.raises(ConnectionResetError):
        client.recv(1)


def test_throttles(source: int) -> None:
    """Bytes take at least as long as they must; how much longer is the machine's business."""
    with Proxy(source) as proxy:
        proxy.next(Fault(bytes_per_second=2_000_000))
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            started = time.monotonic()
            assert len(read(client, 1_000_000)) == 1_000_000
            assert time.monotonic() - started >= 0.4


def test_delays(source: int) -> None:
    """Each byte is under way for some time, there and back, and all arrive in their order."""
    with Proxy(source) as proxy:
        proxy.every(Fault(delay=0.05))
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            assert read(client, 1_000_000) == bytes(1_000_000)
            started = time.monotonic()
            client.sendall(b"hello")
            assert read(client, 5) == b"hello"
            assert time.monotonic() - started >= 0.099
            client.sendall(bytes(range(256)) * 40)
            assert read(client, 10_240) == bytes(range(256)) * 40
