"""Clients that mean a cloud server no good, in a process of their own: for `localcloud.py`, and for the tests.

A quarter of them each send what is malformed, send what is too large, join the room and read nothing, and stop half way
through their opening. Whoever is hung up on comes back after a pause. Loopback only, and over after so many seconds.

    python benchmarks/hostile_clients.py '{"port": 9080, "clients": 200, "seconds": 5}'
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cloud_load import OPENING, frame, message

PAUSE = 0.1
"""Seconds until a client comes back."""

ROOM = 0
"""Where the good clients are."""

MALFORMED = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS to a server without
    b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    OPENING + b"\xff" * 200,
    OPENING + frame("hello"),
    OPENING + frame("[" * 50_000),
    OPENING + frame('{"method":"handshake","user":5,"project_id":{}}'),
    OPENING + frame(message("handshake", 1, ROOM)) + frame("\x00" * 100),
    OPENING + frame(message("handshake", 1, ROOM)) + frame('{"method":"set","name":"☁ x","value":null}') * 1000,
    OPENING + b"\x81\x84\x00\x00\x00\x00\xc3\x28\xff\xff",  # not UTF-8
    OPENING + b"\x01\x81\x00\x00\x00\x00{" + b"\x80\x80\x00\x00\x00\x00" * 20_000,  # fragments without an end
)
OVERSIZED = (
    OPENING + b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00" + b"1" * 100_000,
    OPENING + b"\x81\xff\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00" + b"1" * (4 << 20),
    b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000,
)
HALF = (
    b"",
    b"GET / HT",
    OPENING[:-2],
    OPENING,
    OPENING + frame(message("handshake", 1, ROOM))[:-5],
    OPENING + frame(message("handshake", 1, ROOM)) + b"\x81\xfe\x10\x00\x00",
)


@dataclass(frozen=True, slots=True)
class Siege:
    """What to do.

    Attributes:
        port: of the server, on this machine.
        clients: how many.
        seconds: for how long.
    """

    port: int
    clients: int
    seconds: float


class Besieger:
    """All the hostile clients of one run."""

    def __init__(self, siege: Siege) -> None:
        self.siege = siege
        self.over_at = time.monotonic() + siege.seconds
        self.visits: Counter[str] = Counter()

    async def run(self) -> None:
        """Do it."""
        kinds: list[Callable[[int], Awaitable[None]]] = [self._malformed, self._oversized, self._slow, self._half_open]
        tasks = [asyncio.create_task(self._again_and_again(kinds[n % 4], n // 4)) for n in range(self.siege.clients)]
        await asyncio.sleep(self.over_at - time.monotonic())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _again_and_again(self, kind: Callable[[int], Awaitable[None]], number: int) -> None:
        for turn in itertools.count(number):
            self.visits[kind.__name__.strip("_")] += 1
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await kind(turn)
            await asyncio.sleep(PAUSE)

    async def _malformed(self, turn: int) -> None:
        await self._send_and_listen(MALFORMED[turn % len(MALFORMED)])

    async def _oversized(self, turn: int) -> None:
        await self._send_and_listen(OVERSIZED[turn % len(OVERSIZED)])

    async def _half_open(self, turn: int) -> None:
        await self._send_and_listen(HALF[turn % len(HALF)])

    async def _slow(self, turn: int) -> None:
        """A member of the room that takes nothing of what it is sent, and has a small buffer for it."""
        loop = asyncio.get_running_loop()
        with socket.socket() as connection:
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await loop.sock_connect(connection, ("127.0.0.1", self.siege.port))
            await loop.sock_sendall(connection, OPENING + frame(message("handshake", turn, ROOM)))
            await asyncio.sleep(self.siege.seconds)

    async def _send_and_listen(self, data: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.siege.port)
        try:
            writer.write(data)
            while await reader.read(1 << 16):
                pass
        finally:
            writer.close()


def main() -> None:
    """Run the siege that the command line tells of, and print how often each kind came."""
    besieger = Besieger(Siege(**json.loads(sys.argv[1])))
    asyncio.run(besieger.run())
    print(json.dumps(besieger.visits))


if __name__ == "__main__":
    main()
