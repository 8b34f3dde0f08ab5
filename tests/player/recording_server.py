"""A websocket server that only records: what a client sends, and when; it sends what a test tells it to."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve


@dataclass(frozen=True, slots=True)
class Received:
    """One websocket message: when it came (seconds, monotonic), its text as it was, and its one JSON object."""

    time: float
    text: str
    fields: dict[str, Any]


class RecordingServer:
    """A context manager; the server runs in a thread of its own, on a free port of the loopback."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._clients: set[ServerConnection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._run(self._start())
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def send(self, text: str) -> None:
        """Send one message to every client."""
        self._run(self._send(text))

    def close_clients(self) -> None:
        """Close every connection, as a server does that restarts."""
        self._run(self._close_clients())

    def sets(self) -> list[tuple[str, Any]]:
        """Name and value of every `set` that came, in order."""
        return [
            (message.fields["name"], message.fields["value"])
            for message in self.received
            if message.fields["method"] == "set"
        ]

    def wait_until(self, condition: Callable[[], bool], timeout: float = 5.0) -> None:
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, f"received only {[message.text for message in self.received]}"
            time.sleep(0.005)

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _start(self) -> Server:
        return await serve(self._serve_client, "127.0.0.1", 0)

    async def _stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _send(self, text: str) -> None:
        for client in self._clients:
            await client.send(text)

    async def _close_clients(self) -> None:
        for client in list(self._clients):
            await client.close(1012)

    async def _serve_client(self, client: ServerConnection) -> None:
        self._clients.add(client)
        try:
            async for text in client:
                assert isinstance(text, str)
                self.received.append(Received(time.monotonic(), text, json.loads(text)))
        finally:
            self._clients.discard(client)
