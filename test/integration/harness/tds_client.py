"""A client that knows just enough TDS to show the bytes of a response, token by token."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from servers.tds import login, packets, prelogin


@dataclass
class PlainStream:
    """Bytes over a socket."""

    peer: socket.socket

    def receive(self, count: int) -> bytes:
        return self.peer.recv(count)

    def send(self, data: bytes) -> None:
        self.peer.sendall(data)


def login7(user: str, password: str, database: str, *, version: int = login.TDS_74, packet_size: int = 4096) -> bytes:
    """A LOGIN7 message [MS-TDS 2.2.6.4]."""
    texts = {0: "here", 1: user, 2: password, 3: "raw client", 4: "server", 6: "raw", 7: "", 8: database}
    fixed = struct.pack("<6I4BiI", 0, version, packet_size, 7, 1, 0, 0xE0, 0x03, 0, 0, 0, 0x409)
    start = len(fixed) + 4 * 9 + 6 + 4 * 3 + 4
    pairs, data = b"", b""
    for index in range(9):
        text = texts.get(index, "")
        raw = login.scramble(text) if index == 2 else text.encode("utf-16-le")
        pairs += struct.pack("<HH", start + len(data), len(text))
        data += raw
    pairs += b"\1\2\3\4\5\6" + struct.pack("<HH", start + len(data), 0) * 3 + bytes(4)
    whole = fixed + pairs + data
    return struct.pack("<I", len(whole)) + whole[4:]


class TdsClient:
    """A session without encryption; a context manager."""

    def __init__(
        self,
        host: str,
        port: int,
        user: str,
        password: str,
        database: str,
        *,
        version: int = login.TDS_74,
        limit: float = 60,
    ) -> None:
        self._stream = PlainStream(socket.create_connection((host, port), timeout=limit))
        self.version = version
        self._stream.send(
            packets.packets(packets.PRELOGIN, prelogin.build({prelogin.VERSION: bytes(6), prelogin.ENCRYPTION: b"\2"}))
        )
        self.prelogin = prelogin.parse(packets.receive_message(self._stream).data)
        request = login7(user, password, database, version=version)
        self._stream.send(packets.packets(packets.LOGIN7, request))
        self.login_response = packets.receive_message(self._stream).data

    def start(self, text: str) -> None:
        """Sends a batch."""
        headers = struct.pack("<IIHQI", 22, 18, 2, 0, 1) if self.version >= login.TDS_72 else b""
        self._stream.send(packets.packets(packets.SQL_BATCH, headers + text.encode("utf-16-le")))

    def batch(self, text: str) -> bytes:
        """The whole response to a batch."""
        self.start(text)
        return packets.receive_message(self._stream).data

    def packet(self) -> bytes:
        """The payload of the next packet."""
        return packets.receive_packet(self._stream)[2]

    def send(self, kind: int, data: bytes) -> bytes:
        """The response to any message."""
        self._stream.send(packets.packets(kind, data))
        return packets.receive_message(self._stream).data

    def close(self) -> None:
        self._stream.peer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
