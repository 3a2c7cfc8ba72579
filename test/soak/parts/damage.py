"""A proxy that damages what a server says: bytes changed, dropped, doubled."""

from __future__ import annotations

import random
import socket
import threading
from types import TracebackType
from typing import Self


class DamagingProxy:
    """Listens on loopback and forwards to `target`; a context manager. Each connection is left alone for a few pieces, so
    that damage comes in every phase, and then each piece is damaged with probability `chance`."""

    def __init__(self, target: int, rng: random.Random, chance: float = 0.15) -> None:
        self._target = target
        self._rng = rng
        self._chance = chance
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, name="damage", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for side in self._open:
            _close(side)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target), timeout=30)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            self._open = [side for side in self._open if side.fileno() >= 0] + [client, server]
            seed = self._rng.random()
            for source, sink, damages in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pump, args=(source, sink, damages, seed), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, damages: bool, seed: float) -> None:
        rng = random.Random(seed)
        quiet = rng.choice((0, 1, 2, 3, 5, 8, 13, 40))
        try:
            while data := source.recv(rng.choice((1, 9, 200, 4096, 65536)) if damages else 65536):
                if damages and quiet <= 0 and rng.random() < self._chance:
                    data = damaged(data, rng)
                quiet -= 1
                sink.sendall(data)
        except OSError:
            pass
        _close(source)
        _close(sink)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The data with one to eight small faults."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        if not changed:
            break
        at = rng.randrange(len(changed))
        what = rng.randrange(4)
        if what == 0:
            changed[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFB, 0xFE, 0xFF, rng.randrange(256)))
        elif what == 1:
            changed[at] ^= 1 << rng.randrange(8)
        elif what == 2:
            del changed[at]
        else:
            changed[at:at] = changed[at : at + rng.randrange(1, 9)]
    return bytes(changed)


def _close(side: socket.socket) -> None:
    try:
        side.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    side.close()
