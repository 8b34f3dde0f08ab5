"""Clients of a cloud server that cost next to nothing, in a process of their own: the load of `localcloud.py`.

They are bare sockets. What they send is made beforehand, and of what they receive they count the updates, without
parsing anything, so that it is the server that is measured. Loopback only, bounded in sets and seconds.

    python benchmarks/cloud_load.py '{"port": 9080, "rooms": 1, "clients": 20, "sets": 500}'
"""

from __future__ import annotations

import contextlib
import json
import re
import selectors
import socket
import sys
import time
from dataclasses import asdict, dataclass

MARK = b'"set"'
"""Stands once in each update, of every server; the digits of the values and the names cannot contain it."""

AHEAD = 64
"""Most sets that a client sends before it has heard as many from each of the others: what is under way is bounded."""

TIMEOUT = 60.0
"""Seconds until a run is given up."""

STAMP_BASE = 10**18
"""Added to a time in nanoseconds, so that all have the same number of digits."""

STAMP = b"1" * 19
"""Stands for a time in a set that is made beforehand."""

STAMPED = re.compile(rb'"value": ?"1(\d{18})')
STAMPED_LENGTH = len('"value":"') + len(STAMP)

EACH = 10
"""Of every so many clients one takes the times."""

OPENING = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nUser-Agent: cloud_load\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Load:
    """What to do.

    Attributes:
        port: of the server, on this machine.
        rooms: how many projects.
        clients: how many in each.
        sets: how many each of them makes.
        rate: sets a second of each client; 0: as many as the server takes.
        digits: how long each value is.
    """

    port: int
    rooms: int
    clients: int
    sets: int
    rate: float = 0.0
    digits: int = 256


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it.

    Attributes:
        delivered: updates that arrived.
        expected: updates that were to arrive.
        seconds: from the first set to the last arrival.
        busy: share of that time that this process worked, 0 to 1; near 1 it is the load that was measured.
        latency: seconds from a set to its arrival, some thousands of them, sorted; only with a `rate`.
    """

    delivered: int
    expected: int
    seconds: float
    busy: float
    latency: list[float]


@dataclass(slots=True, eq=False)
class Client:
    """One socket."""

    number: int
    room: int
    socket: socket.socket
    frame: bytes
    unsent: bytes = b""
    sent: int = 0
    heard: int = 0
    tail: bytes = b""
    wants_to_write: bool = False


def frame(text: str) -> bytes:
    """A text frame of a client; its mask is all zeros, which is allowed and costs the least."""
    payload = text.encode()
    if len(payload) < 126:
        return bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload
    return bytes([0x81, 0x80 | 126]) + len(payload).to_bytes(2, "big") + bytes(4) + payload


def message(method: str, client: int, room: int, **fields: str) -> str:
    """A line as a client of Scratch's or TurboWarp's sends it."""
    return json.dumps(
        {"method": method, "user": f"player{client:05}", "project_id": f"{room}", **fields},
        ensure_ascii=False,
        separators=(",", ":"),
    )


def joined(load: Load, number: int) -> Client:
    """A client that has opened its connection and said who it is."""
    room = number // load.clients
    connection = socket.create_connection(("127.0.0.1", load.port), timeout=TIMEOUT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(OPENING)
    answer = b""
    while b"\r\n\r\n" not in answer:
        received = connection.recv(4096)
        if not received:
            raise SystemExit("the server hung up during the opening")
        answer += received
    connection.sendall(frame(message("handshake", number, room)))
    connection.setblocking(False)
    value = STAMP.decode().ljust(load.digits, "7")
    return Client(number, room, connection, frame(message("set", number, room, name=f"☁ {number % 8}", value=value)))


class Run:
    """One run: all clients in one loop."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.selector = selectors.DefaultSelector()
        self.clients = [joined(load, number) for number in range(load.rooms * load.clients)]
        self.goal = load.sets * (load.clients - 1)
        self.latency: list[float] = []
        for client in self.clients:
            self.selector.register(client.socket, selectors.EVENT_READ, client)

    def measure(self) -> Result:
        """Do it."""
        time.sleep(0.5)  # all are in their rooms
        self._drain()
        begun, worked = time.perf_counter(), time.process_time()
        unfinished = len(self.clients)
        due = [begun + self._phase(client) for client in self.clients]
        if not self.load.rate:
            for client in self.clients:
                self._send_what_may_go(client)
        while unfinished and time.perf_counter() - begun < TIMEOUT:
            timeout = 1.0 if not self.load.rate else self._send_what_is_due(due)
            for key, events in self.selector.select(timeout):
                client = key.data
                if events & selectors.EVENT_READ and self._receive(client):
                    unfinished -= 1
                if not self.load.rate or client.unsent:
                    self._send_what_may_go(client)
        seconds, worked = time.perf_counter() - begun, time.process_time() - worked
        for client in self.clients:
            client.socket.close()
        delivered = sum(client.heard for client in self.clients)
        return Result(delivered, self.goal * len(self.clients), seconds, worked / seconds, sorted(self.latency))

    def _phase(self, client: Client) -> float:
        """Clients do not set in step."""
        return client.number / len(self.clients) / self.load.rate if self.load.rate else 0.0

    def _drain(self) -> None:
        """Forget what servers say on joining."""
        while ready := self.selector.select(0):
            for key, _ in ready:
                if not key.data.socket.recv(1 << 20):
                    raise SystemExit("the server hung up on joining")

    def _send_what_is_due(self, due: list[float]) -> float:
        now = time.perf_counter()
        for client in self.clients:
            if client.sent < self.load.sets and due[client.number] <= now:
                client.sent += 1
                due[client.number] += 1 / self.load.rate
                stamp = str(STAMP_BASE + time.perf_counter_ns()).encode()
                self._write(client, client.frame.replace(STAMP, stamp))
        return max(0.0, min(0.01, min(due) - now))

    def _send_what_may_go(self, client: Client) -> None:
        more = 0
        if not self.load.rate:
            ahead = client.sent - client.heard // (self.load.clients - 1)
            more = min(AHEAD - ahead, self.load.sets - client.sent)
            if more < AHEAD // 4 and client.sent + more < self.load.sets:
                more = 0
            client.sent += max(0, more)
        self._write(client, client.frame * max(0, more))

    def _write(self, client: Client, data: bytes) -> None:
        client.unsent += data
        if client.unsent:
            with contextlib.suppress(BlockingIOError):
                client.unsent = client.unsent[client.socket.send(client.unsent) :]
        if bool(client.unsent) != client.wants_to_write:
            client.wants_to_write = bool(client.unsent)
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.unsent else 0)
            self.selector.modify(client.socket, events, client)

    def _receive(self, client: Client) -> bool:
        """Count what has come; True when with it the client has heard all."""
        received = client.socket.recv(1 << 20)
        if not received:
            raise SystemExit(f"the server hung up on client {client.number} after {client.heard:,} updates")
        before = client.heard
        data = client.tail + received
        # The tail is shorter than anything that is looked for, so nothing is found twice, and nothing is cut in two.
        client.heard += data.count(MARK, max(0, len(client.tail) + 1 - len(MARK)))
        if self.load.rate and client.number % EACH == 0:
            self._take_times(data)
        client.tail = data[1 - STAMPED_LENGTH :]
        return before < self.goal <= client.heard

    def _take_times(self, data: bytes) -> None:
        """A paced set carries the time when it was made: its first digits."""
        now = time.perf_counter_ns()
        self.latency.extend((now - int(stamp)) / 1e9 for stamp in STAMPED.findall(data))


if __name__ == "__main__":
    print(json.dumps(asdict(Run(Load(**json.loads(sys.argv[1]))).measure())))
