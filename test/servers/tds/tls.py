"""TLS under TDS: the handshake travels inside PRELOGIN packets, what follows is plain TLS [MS-TDS 3.2.5.1, 3.3.5.1].

TLS 1.2 at most: with 1.3 tickets arrive behind the handshake, and TDS 7.x servers don't speak it.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from .packets import PRELOGIN, ProtocolError, Stream, packets, receive_packet


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """The server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


class SocketStream:
    """Plain bytes; `record` gets all that arrives."""

    def __init__(self, peer: socket.socket, record: Callable[[bytes], None]) -> None:
        self.peer = peer
        self._record = record

    def receive(self, count: int) -> bytes:
        data = self.peer.recv(count)
        self._record(data)
        return data

    def send(self, data: bytes) -> None:
        self.peer.sendall(data)

    def buffered(self) -> bool:
        """Whether there are bytes that a look at the socket does not show."""
        return False


class TlsStream:
    """A stream inside TLS."""

    def __init__(self, below: Stream, context: ssl.SSLContext) -> None:
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def handshake(self) -> None:
        """Shakes hands in PRELOGIN packets."""
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._send_wrapped()
                kind, _, data = receive_packet(self._below)
                if kind != PRELOGIN:
                    raise ProtocolError(f"a packet of type {kind} within the TLS handshake") from None
                self._incoming.write(data)
            except ssl.SSLError:
                self._send_wrapped()  # the alert
                raise
        self._send_wrapped()

    def _send_wrapped(self) -> None:
        if data := self._outgoing.read():
            self._below.send(packets(PRELOGIN, data))

    def receive(self, count: int) -> bytes:
        while True:
            try:
                return self._tls.read(count)
            except ssl.SSLWantReadError:
                data = self._below.receive(1 << 16)
                if not data:
                    return b""
                self._incoming.write(data)
            except ssl.SSLZeroReturnError:
                return b""

    def send(self, data: bytes) -> None:
        self._tls.write(data)
        self._below.send(self._outgoing.read())

    def buffered(self) -> bool:
        return bool(self._tls.pending() or self._incoming.pending)

    def version(self) -> str:
        return self._tls.version() or ""
