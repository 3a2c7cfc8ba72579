"""The way to a remote: loopback, or a proxy that makes it slow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from servers.proxy import Fault, Proxy

from .contenders import Arena


@contextmanager
def network(arena: Arena, fault: Fault | None) -> Iterator[tuple[Mapping[str, object], Proxy | None]]:
    """What a connection is made with, and the proxy, if `fault` asks for one: it befalls each connection."""
    connection = arena.source.connection()
    if fault is None:
        yield connection, None
        return
    with Proxy(int(str(connection["port"])), str(connection["server"])) as proxy:
        proxy.every(fault)
        yield {**connection, "server": "127.0.0.1", "port": proxy.port}, proxy
