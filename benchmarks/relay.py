"""A relay between websocket clients and a server that knows exactly what the server has delivered.

A server's own count cannot: what it hands to a connection that is just closing never leaves it. Here every byte that
leaves the server is sent on, and the text messages among them are counted.
"""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Final, Self

_TEXT: Final = 0x81
"""The first byte of a text message in one frame: RFC 6455, section 5.2. Our servers send no other messages."""


class Relay:
    """A relay to one port of this machine, in a thread of its own.

    Args:
        port: where the server listens.
    """

    def __init__(self, port: int) -> None:
        self.live_lines = 0
        """Lines in all text messages but the first of each connection, which tells the stored values."""
        self.port = 0
        self._server_port = port
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None] | None] = set()  # the loop itself holds them weakly
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay")

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self._hold, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _close(self) -> None:
        self._server.close()
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hold(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await self._relay(client, to_client)
        finally:
            self._tasks.discard(task)

    async def _relay(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            to_client.transport.abort()
            return
        up = asyncio.create_task(_copy(client, to_server))
        try:
            await self._count(server, to_client)
        except (OSError, asyncio.IncompleteReadError):
            pass  # one of the two has gone
        finally:
            to_client.close()
            up.cancel()
            to_server.close()

    async def _count(self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        to_client.write(await server.readuntil(b"\r\n\r\n"))
        first = True
        while True:
            head = await server.readexactly(2)
            extended = {126: 2, 127: 8}.get(head[1], 0)
            length = await server.readexactly(extended)
            body = await server.readexactly(int.from_bytes(length, "big") if extended else head[1])
            to_client.write(head + length + body)
            if head[0] == _TEXT:
                self.live_lines += 0 if first else len(body.strip().split(b"\n"))
                first = False
            await to_client.drain()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    except OSError:
        pass  # the other direction sees it as well
    finally:
        target.close()
