"""A TCP proxy on loopback that stalls, cuts, resets, throttles, delays and counts, as a test tells it."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from .process import wait_until

_CHUNK = 65536


@dataclass(frozen=True)
class Fault:
    """What happens to one connection. Byte counts are of what came from the server.

    `stall_after`: after so many bytes nothing passes any more, in either direction, until `resume`.
    `cut_after`: after so many bytes both sides are closed; with `reset`, by RST.
    `bytes_per_second`: throttle. `refuse`: closed as soon as it was accepted.
    `delay`: seconds that bytes are under way, in each direction, as in a distant network; it lets the next ones follow.
    """

    stall_after: int | None = None
    cut_after: int | None = None
    reset: bool = False
    bytes_per_second: int | None = None
    refuse: bool = False
    delay: float = 0.0


NO_FAULT = Fault()


class _Line:
    """What has been read from one side and goes to the other, each part after the delay."""

    def __init__(self, side: socket.socket, delay: float) -> None:
        self._side = side
        self._delay = delay
        self._under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=1000)
        self._writer = asyncio.create_task(self._write()) if delay else None

    async def send(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        if self._writer is None:
            await loop.sock_sendall(self._side, data)
        elif self._writer.done():
            raise ConnectionAbortedError
        else:
            await self._under_way.put((loop.time() + self._delay, data))

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await self._under_way.get()
            await asyncio.sleep(due - loop.time())
            try:
                if data:
                    await loop.sock_sendall(self._side, data)
            except OSError:
                data = b""
            if not data:
                return

    async def end(self) -> None:
        """Until all has arrived."""
        if self._writer is not None:
            await self._under_way.put((asyncio.get_running_loop().time() + self._delay, b""))
            await self._writer

    def cancel(self) -> None:
        if self._writer is not None:
            self._writer.cancel()


class _Connection:
    """Two sockets and the task that moves bytes between them; lives in the proxy's event loop."""

    def __init__(self, client: socket.socket, server: socket.socket, fault: Fault) -> None:
        self.client = client
        self.server = server
        self.fault = fault
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.from_server = 0
        self.from_client = 0
        self.tasks: list[asyncio.Task[None]] = []
        self.closed = False

    async def run(self) -> None:
        self.tasks = [asyncio.create_task(self._down()), asyncio.create_task(self._up())]
        await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
        self.close(reset=False)

    async def _up(self) -> None:
        loop = asyncio.get_running_loop()
        line = _Line(self.server, self.fault.delay)
        try:
            while data := await loop.sock_recv(self.client, _CHUNK):
                await self.flowing.wait()
                self.from_client += len(data)
                await line.send(data)
            await line.end()
        except OSError:
            return
        finally:
            line.cancel()

    async def _down(self) -> None:
        loop = asyncio.get_running_loop()
        fault = self.fault
        size = min(_CHUNK, max(1, (fault.bytes_per_second or _CHUNK * 20) // 20))
        free = loop.time()  # when the throttle lets the next bytes pass
        line = _Line(self.client, fault.delay)
        try:
            await self._limits()
            while data := await loop.sock_recv(self.server, size):
                while data:
                    await self.flowing.wait()
                    passing, data = data[: self._room()], data[self._room() :]
                    self.from_server += len(passing)
                    await line.send(passing)
                    if fault.bytes_per_second:
                        free = max(free, loop.time()) + len(passing) / fault.bytes_per_second
                        await asyncio.sleep(free - loop.time())
                    await self._limits()
            await line.end()
        except OSError:
            return
        finally:
            line.cancel()

    def _room(self) -> int:
        """How many bytes may pass before the next fault."""
        ends = [end for end in (self.fault.stall_after, self.fault.cut_after) if end is not None and end > self.from_server]
        return min(ends, default=self.from_server + _CHUNK) - self.from_server

    async def _limits(self) -> None:
        if self.fault.cut_after is not None and self.from_server >= self.fault.cut_after:
            self.close(reset=self.fault.reset)
            raise ConnectionAbortedError
        if self.fault.stall_after is not None and self.from_server == self.fault.stall_after:
            self.flowing.clear()
            await self.flowing.wait()

    def close(self, *, reset: bool) -> None:
        if self.closed:
            return
        self.closed = True
        current = asyncio.current_task()
        for task in self.tasks:
            if task is not current:
                task.cancel()
        for side in (self.client, self.server):
            if reset:
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            side.close()


class Proxy:
    """A context manager. Faults come from `next` (one connection each, in order), else from `every`."""

    def __init__(self, target_port: int, target_host: str = "127.0.0.1") -> None:
        self._target = (target_host, target_port)
        self._every = NO_FAULT
        self._next: deque[Fault] = deque()
        self._connections: list[_Connection] = []
        self._loop = asyncio.new_event_loop()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._accept(), self._loop)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._do(self._shut_down())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # faults
    def every(self, fault: Fault) -> None:
        """For all connections from now on."""
        self._every = fault

    def next(self, *faults: Fault) -> None:
        """For the next connections, one each."""
        self._next.extend(faults)

    def stall(self) -> None:
        """Stalls all open connections."""
        self._each(lambda connection: connection.flowing.clear())

    def resume(self) -> None:
        """Ends all stalls."""
        self._each(lambda connection: connection.flowing.set())

    def cut(self, *, reset: bool = False) -> None:
        """Closes all open connections, on both sides."""
        self._each(lambda connection: connection.close(reset=reset))

    # observations
    @property
    def accepted(self) -> int:
        """Connections so far."""
        return len(self._connections)

    @property
    def open(self) -> int:
        """Connections open now."""
        return sum(not connection.closed for connection in self._connections)

    @property
    def from_server(self) -> int:
        """Bytes that passed from the server to clients."""
        return sum(connection.from_server for connection in self._connections)

    @property
    def from_client(self) -> int:
        """Bytes that passed from clients to the server."""
        return sum(connection.from_client for connection in self._connections)

    def stalled(self) -> bool:
        """Whether an open connection stands still by a fault."""
        return any(not connection.closed and not connection.flowing.is_set() for connection in self._connections)

    def wait_until_stalled(self) -> None:
        wait_until(self.stalled, what="a stalled connection")

    def wait_for_bytes(self, count: int) -> None:
        """Waits until so many bytes passed from the server."""
        wait_until(lambda: self.from_server >= count, what=f"{count} bytes from the server")

    # inside
    async def _accept(self) -> None:
        while True:
            try:
                client, _ = await self._loop.sock_accept(self._listener)
            except OSError:
                return
            fault = self._next.popleft() if self._next else self._every
            server = socket.socket()
            client.setblocking(False)
            server.setblocking(False)
            for side in (client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(client, server, fault)
            self._connections.append(connection)
            if fault.refuse:
                connection.close(reset=fault.reset)
            else:
                connection.tasks = [asyncio.create_task(self._serve(connection))]

    async def _serve(self, connection: _Connection) -> None:
        try:
            await self._loop.sock_connect(connection.server, self._target)
        except OSError:
            connection.close(reset=True)
            return
        await connection.run()

    def _each(self, action: Callable[[_Connection], None]) -> None:
        async def work() -> None:
            for connection in self._connections:
                if not connection.closed:
                    action(connection)

        self._do(work())

    async def _shut_down(self) -> None:
        for connection in self._connections:
            connection.close(reset=False)
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._listener.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
