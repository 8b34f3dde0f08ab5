"""The server within its event loop: what comes from the connections goes through the rules, and out to the others.

message -> Rooms.receive -> reply or close; history, store, hook
                |
                '-> flush (one a room, when something is pending): Room.flush -> faults -> Connection.send
round (one a second): late handshakes, pings, expired rooms, too much unsent
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from cloudlink.errors import InvalidArgument
from cloudlink.localcloud.connection import Connection, text_frame
from cloudlink.localcloud.faults import Dice, Faults
from cloudlink.localcloud.history import History
from cloudlink.localcloud.pages import (
    Metric,
    Page,
    PageRequest,
    faults_page,
    health_page,
    log_page,
    metrics_page,
    outage_page,
    read_close_code,
    read_faults,
    refusal,
)
from cloudlink.localcloud.profiles import Profile
from cloudlink.localcloud.room import Close, Member, Outcome, Reply, Room, Rooms
from cloudlink.localcloud.statistics import SetRecord, Statistics
from cloudlink.localcloud.store import Store

MAX_UNSENT_BYTES: Final = 256 << 20
"""Most bytes that wait for all slow readers together; beyond that the slowest are cut off."""

MAX_PENDING_BYTES: Final = 4 << 20
"""A room with more than this pending is flushed before its time."""

ROUND_INTERVAL: Final = 1.0
"""Seconds between two looks for what is overdue."""

CLOSE_CODES: Final = frozenset([*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)])
"""What may stand in a close frame: RFC 6455, section 7.4, and the registry it founded."""

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Client:
    """A member and the connection it is reached by.

    Attributes:
        number: one that no other client of this server has.
        connection: its socket.
        member: what the rules know of it.
        late: frames that the faults hold back: when each is due, its number, and how it goes out.
    """

    number: int
    connection: Connection
    member: Member
    late: list[tuple[float, int, bytes]] = field(default_factory=list)
    late_bytes: int = 0
    last_due: float = 0.0
    timer: asyncio.TimerHandle | None = None


class Hub:
    """All connections of a running server; everything happens in its event loop.

    Args:
        profile: whose rules it follows.
        rooms: the rules, with the values.
        statistics: what to count in.
        faults: how bad the network is.
        history: where changes are put down.
        store: where values are kept; None: nowhere.
        on_set: called with every set that was accepted; None: nobody asks.
        origins: web pages of other origins are turned away; None: all may come.
        max_connections: most connections at once.
        max_unsent: most bytes that may wait for one slow reader.
        control_token: opens the controls; None: there are none.
    """

    def __init__(
        self,
        profile: Profile,
        rooms: Rooms,
        statistics: Statistics,
        *,
        faults: Faults,
        history: History,
        store: Store | None,
        on_set: Callable[[SetRecord], None] | None,
        origins: Collection[str] | None,
        max_connections: int,
        max_unsent: int,
        control_token: str | None,
    ) -> None:
        self.on_set = on_set
        self._profile = profile
        self._rooms = rooms
        self._statistics = statistics
        self._dice = Dice(faults)
        self._history = history
        self._store = store
        self._origins = None if origins is None else frozenset(origins)
        self._max_connections = max_connections
        self._max_unsent = max_unsent
        self._control_token = control_token
        self._loop = asyncio.get_running_loop()
        self._connections: dict[Connection, Client | None] = {}
        self._clients: dict[Member, Client] = {}
        self._numbers = itertools.count(1)
        self._flushes: dict[Room, asyncio.Handle] = {}

    @property
    def faults(self) -> Faults:
        """How bad the network is."""
        return self._dice.faults

    def set_faults(self, faults: Faults) -> None:
        """Change how bad the network is, and throw the dice anew."""
        self._dice = Dice(faults)
        if faults.outage:
            for client in list(self._clients.values()):
                self._cut(client)

    def new_connection(self) -> Connection:
        """For asyncio: what takes the next client."""
        return Connection(
            self,
            max_message=self._profile.limits.message_bytes,
            max_unsent=self._max_unsent,
            ping_interval=self._profile.ping_interval,
            opening_timeout=self._profile.handshake_timeout,
        )

    def end_all(self, code: int | None, reason: str = "") -> list[Connection]:
        """Begin to end all connections, and tell which; None cuts them without a word."""
        connections = list(self._connections)
        for connection in connections:
            if code is not None and connection.is_open:
                connection.close(code, reason)
            else:
                connection.abort()
        return connections

    async def disconnect_all(self, code: int | None, reason: str = "") -> None:
        """End all connections and wait until they are gone; None cuts them without a word."""
        await asyncio.gather(*(connection.gone.wait() for connection in self.end_all(code, reason)))

    async def make_rounds(self) -> None:
        """Look after what is overdue, again and again, until cancelled."""
        while True:
            await asyncio.sleep(ROUND_INTERVAL)
            now = self._loop.time()
            for member in self._rooms.overdue(now=now):
                self._cut(self._clients[member])
            for connection in list(self._connections):
                connection.keep_alive(now=now)
            self._rooms.expire(now=now)
            self._cut_slowest()

    # What connections tell

    def accepted(self, connection: Connection) -> bool:
        """A client has come."""
        if len(self._connections) >= self._max_connections:
            self._statistics.closed_connections += 1
            connection.gone.set()
            return False
        self._connections[connection] = None
        return True

    def requested(self, connection: Connection, request: PageRequest) -> Page | None:
        """A client asks for a page, or for a websocket."""
        if request.path in ("/faults", "/disconnect"):
            return self._control(request)
        if request.path == "/health" and not request.wants_websocket:
            clients = len(self._clients)
            return health_page(outage=self.faults.outage, rooms=len(self._rooms.rooms), clients=clients)
        if self.faults.outage:
            return outage_page()
        if not request.wants_websocket and request.method == "GET":
            if request.path == "/metrics":
                return metrics_page(self._metrics())
            if request.path == "/logs":
                return log_page(request, self._history.newest)
        origins = request.headers.get("origin", [])
        if self._origins is not None and not self._origins.issuperset(origins):
            # A program that sends no origin could send any; the list keeps other people's web pages out.
            return refusal(403, "This server does not serve pages of that origin.")
        return None

    def opened(self, connection: Connection, request: PageRequest) -> None:
        """A client has its websocket."""
        cookies = request.headers.get("cookie", [])
        member, outcome = self._rooms.open(cookies=cookies, now=connection.accepted_at)
        client = Client(next(self._numbers), connection, member)
        self._connections[connection] = self._clients[member] = client
        self._statistics.clients = len(self._clients)
        self._follow(client, outcome)

    def received(self, connection: Connection, message: str) -> None:
        """A client says something."""
        client = self._connections[connection]
        assert client is not None
        now = time.monotonic()  # uvloop's own time has whole milliseconds, and stands still within a turn
        outcome = self._rooms.receive(client.member, message, now=now)
        if outcome.rejected:
            self._statistics.rejected += outcome.rejected
            connection.count_nuisance(outcome.rejected)
        if outcome.changes:
            self._record(client, outcome, now=now)
        if outcome.instructions:
            self._follow(client, outcome)

    def overflowed(self, connection: Connection) -> None:
        """A client does not read what it is sent."""
        client = self._connections.get(connection)
        if client is not None:
            self._cut(client)
        else:
            connection.abort()

    def lost(self, connection: Connection) -> None:
        """A connection is over."""
        client = self._connections.pop(connection, None)
        if client is None:
            return
        self._rooms.leave(client.member, now=self._loop.time())
        del self._clients[client.member]
        self._statistics.clients = len(self._clients)
        if client.timer is not None:
            client.timer.cancel()

    # What comes of it

    def _follow(self, client: Client, outcome: Outcome) -> None:
        """Do what the rules say."""
        for instruction in outcome.instructions:
            match instruction:
                case Reply(message):
                    self._deliver([client], message)
                case Close(code, reason):
                    self._statistics.closed_connections += 1
                    client.connection.close(code, reason)

    def _record(self, client: Client, outcome: Outcome, *, now: float) -> None:
        """Put down what changed, tell the hook, and see that it is sent on."""
        member = client.member
        room = member.room
        assert room is not None
        timestamp = int(time.time() * 1000)
        for change in outcome.changes:
            self._history.add(room.project_id, member.user, change, timestamp=timestamp)
            if self._store is not None:
                for name in {change.name, change.new_name or change.name}:
                    stored = room.variables.get(name)
                    self._store.put(room.project_id, name, None if stored is None else stored.update)
            if change.value is None:
                continue
            self._statistics.sets_received += 1
            if self.on_set is not None:
                self._call_hook(
                    self.on_set,
                    SetRecord(client.number, member.user, room.project_id, change.name, change.value, now),
                )
            if self._dice.faults.disconnect and self._dice.disconnects():
                self._cut(client)
        self._schedule_flush(room)

    def _call_hook(self, hook: Callable[[SetRecord], None], record: SetRecord) -> None:
        try:
            hook(record)
        except Exception:
            _LOGGER.exception("on_set failed")

    def _cut(self, client: Client) -> None:
        """End a connection without a goodbye."""
        if client.connection.is_open:
            self._statistics.closed_connections += 1
        client.connection.abort()

    def _cut_slowest(self) -> None:
        unsent = sum(client.connection.unsent + client.late_bytes for client in self._clients.values())
        if unsent <= MAX_UNSENT_BYTES:
            return
        slowest = sorted(self._clients.values(), key=lambda client: -client.connection.unsent - client.late_bytes)
        for client in slowest:
            if unsent <= MAX_UNSENT_BYTES:
                return
            unsent -= client.connection.unsent + client.late_bytes
            self._cut(client)

    def _schedule_flush(self, room: Room) -> None:
        if not room.pending:
            return
        if room.pending_bytes > MAX_PENDING_BYTES:
            self._flush(room)
        elif room not in self._flushes:
            interval = self._dice.faults.relay_interval or self._profile.flush_interval
            if interval:
                # A timer that runs all the time, as TurboWarp's, and not one that starts with the first update.
                due = (self._loop.time() // interval + 1) * interval
                self._flushes[room] = self._loop.call_at(due, self._flush, room)
            else:
                self._flushes[room] = self._loop.call_soon(self._flush, room)

    def _flush(self, room: Room) -> None:
        handle = self._flushes.pop(room, None)
        if handle is not None:
            handle.cancel()
        faults = self._dice.faults
        copies = self._dice.copies if faults.loss or faults.doubling else None
        batches, lost = room.flush(self._profile, newest_only=faults.relay_interval > 0, copies=copies)
        self._statistics.lost += lost
        for batch in batches:
            self._statistics.delivered += batch.lines * len(batch.members)
            self._deliver([self._clients[member] for member in batch.members], batch.message)

    def _deliver(self, clients: Sequence[Client], message: bytes) -> None:
        """Send one message to some clients, as late as the faults say."""
        frame = text_frame(message)
        delayed = self._dice.faults.delay[1] > 0
        for client in clients:
            if delayed or client.late:
                self._send_later(client, frame)
            else:
                client.connection.send(frame)

    def _send_later(self, client: Client, frame: bytes) -> None:
        due = self._loop.time() + self._dice.delay()
        if not self._dice.faults.disorder:
            due = max(due, client.last_due)
        client.last_due = due
        heapq.heappush(client.late, (due, next(self._numbers), frame))
        client.late_bytes += len(frame)
        if client.late_bytes > self._max_unsent:
            self._cut(client)
            return
        if client.timer is not None:
            client.timer.cancel()
        client.timer = self._loop.call_at(client.late[0][0], self._send_late, client)

    def _send_late(self, client: Client) -> None:
        client.timer = None
        while client.late and client.late[0][0] <= self._loop.time():
            _, _, frame = heapq.heappop(client.late)
            client.late_bytes -= len(frame)
            client.connection.send(frame)
        if client.late:
            client.timer = self._loop.call_at(client.late[0][0], self._send_late, client)

    # Pages

    def _metrics(self) -> list[Metric]:
        counted = self._statistics
        return [
            Metric("clients", "Open websockets.", len(self._clients)),
            Metric("rooms", "Projects in memory.", len(self._rooms.rooms)),
            Metric("stored_characters", "Length of all values in memory.", self._rooms.characters),
            Metric("sets_total", "Sets that were accepted.", counted.sets_received),
            Metric("delivered_total", "Updates handed to receivers.", counted.delivered),
            Metric("lost_total", "Updates that the faults kept from a receiver.", counted.lost),
            Metric("rejected_lines_total", "Lines that were ignored or closed a connection.", counted.rejected),
            Metric("closed_connections_total", "Connections that the server ended.", counted.closed_connections),
        ]

    def _control(self, request: PageRequest) -> Page:
        if self._control_token is None:
            return refusal(404, "This server has no controls.")
        if not request.shows(self._control_token):
            return refusal(401, "Send the control token: Authorization: Bearer TOKEN")
        if request.method == "GET" and request.path == "/faults":
            return faults_page(self.faults)
        if request.method != "PUT":
            return refusal(405, "Use PUT.")
        try:
            if request.path == "/faults":
                self.set_faults(read_faults(request))
                return faults_page(self.faults)
            code = read_close_code(request)
            check_close_code(code)
        except InvalidArgument as error:
            return refusal(400, str(error))
        for client in list(self._clients.values()):
            self._end(client, code)
        return Page(200, b"done\n")

    def _end(self, client: Client, code: int | None) -> None:
        if code is None:
            self._cut(client)
        else:
            client.connection.close(code)


def check_close_code(code: int | None) -> None:
    """See that a code can be sent, None meaning that nothing is sent.

    Raises:
        InvalidArgument: it cannot.
    """
    if code is not None and code not in CLOSE_CODES:
        raise InvalidArgument(f"{code} cannot be sent as a close code; take 1000, 1001 or 3000 to 4999")
