"""The embedded cloud server: sockets and a thread around the pure rules of `room`.

caller's thread                     server thread, one event loop
start, stop, disconnect_all ----->  connection task (one a client): message -> Rooms.receive -> reply or close
faults, statistics, on_set          flush (one a room, when something is pending): Room.flush -> deliver
                                    round (one a second): late handshakes, expired rooms
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Final, Self

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from cloudlink.errors import CloudError, InvalidArgument, NotConnected
from cloudlink.localcloud.faults import Dice, Faults
from cloudlink.localcloud.profiles import Profile, profile_named
from cloudlink.localcloud.room import Close, Member, Outcome, Reply, Room, Rooms

MAX_OUTGOING_BYTES: Final = 32 << 20
"""Most bytes that wait for one slow reader before it is cut off: twice the longest message there can be, all 128
values of a TurboWarp room on joining."""

MAX_PENDING_CHARACTERS: Final = 4 << 20
"""A room with more than this pending is flushed before its time."""

CLOSE_TIMEOUT: Final = 1.0
"""Seconds a client may take to answer a closing; the network is our own machine."""

ROUND_INTERVAL: Final = 1.0
"""Seconds between two looks for what is overdue."""

_CLOSE_CODES: Final = frozenset([*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)])
"""What may stand in a close frame: RFC 6455, section 7.4, and the registry it founded."""

_LOGGER = logging.getLogger(__name__)
# The library reports each lost client at levels of its own; what matters here is in the statistics.
_LIBRARY_LOGGER = logging.getLogger(f"{__name__}.websockets")
_LIBRARY_LOGGER.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class SetRecord:
    """A set that the server accepted.

    Attributes:
        connection: a number that no other connection of this server has.
        user: the name in its handshake.
        project_id: whose variable it is.
        name: as on the wire.
        value: its text.
        received_at: seconds, monotonic, comparable within this server only.
    """

    connection: int
    user: str
    project_id: str
    name: str
    value: str
    received_at: float


@dataclass(slots=True)
class Statistics:
    """What a server has done since it was made.

    Attributes:
        sets_received: sets that were accepted.
        delivered: updates handed to a receiver's connection; one set counts once for each receiver.
        lost: updates that the faults kept from a receiver.
        rejected: lines that were ignored or closed the connection.
        closed_connections: connections that the server ended for a breach of the rules or as a fault.
        clients: connections that are open now.
    """

    sets_received: int = 0
    delivered: int = 0
    lost: int = 0
    rejected: int = 0
    closed_connections: int = 0
    clients: int = 0


@dataclass(slots=True, eq=False)
class _Client:
    """A member and the socket it is reached by.

    Attributes:
        late: messages that the faults hold back, with the time each is due; nothing overtakes them.
    """

    number: int
    websocket: ServerConnection
    member: Member
    late: deque[tuple[float, str]] = field(default_factory=deque)
    late_characters: int = 0
    timer: asyncio.TimerHandle | None = None


class LocalCloud:
    """A cloud server on this machine, running in a thread of its own.

    Args:
        profile: "scratch", "turbowarp" or a Profile: whose rules it follows.
        host: the interface to listen on.
        port: 0 takes a free one at the first start and keeps it from then on.
        faults: how bad the network is; None: perfect.
        on_set: called in the server's thread with every set it accepts, for tests that look at times.

    Example:
        >>> with LocalCloud("turbowarp") as cloud:
        ...     with TwCloudConnection("demo", cloud_host=cloud.url) as connection:
        ...         connection.set_var("score", 1)
    """

    def __init__(
        self,
        profile: str | Profile = "scratch",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Faults | None = None,
        on_set: Callable[[SetRecord], None] | None = None,
    ) -> None:
        self.profile = profile_named(profile)
        self.on_set = on_set
        self._host = host
        self._port = port
        self._dice = Dice(Faults() if faults is None else faults)
        self._statistics = Statistics()
        self._rooms = Rooms(self.profile)
        self._clients: dict[Member, _Client] = {}
        self._connections = 0
        self._flushes: set[Room] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    def __repr__(self) -> str:
        return f"<LocalCloud {self.profile.name!r} at {self._host}:{self._port}>"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port it listens on; the same after a restart.

        Raises:
            NotConnected: the server was never started, so that there is no port yet.
        """
        if not self._port:
            raise NotConnected("this server has no port before its first start; call start()")
        return self._port

    @property
    def url(self) -> str:
        """Its address, for `cloud_host=`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"ws://{host}:{self.port}"

    @property
    def faults(self) -> Faults:
        """How bad the network is. Setting it works from any thread, at any time, and throws the dice anew."""
        return self._dice.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._dice = Dice(faults)

    @property
    def statistics(self) -> Statistics:
        """What it has done so far; a copy."""
        return replace(self._statistics, clients=len(self._clients))

    def variables(self, project_id: str | int) -> dict[str, str]:
        """The stored values of a project, by their names on the wire; empty for a project nobody has joined."""
        room = self._rooms.rooms.get(str(project_id))
        return {} if room is None else {name: v.update.value for name, v in list(room.variables.items())}

    def members(self, project_id: str | int) -> list[str]:
        """The names of those who are in a project now, in the order they came; for tests that wait for them."""
        room = self._rooms.rooms.get(str(project_id))
        return [] if room is None else [member.user for member in list(room.members)]

    def start(self) -> None:
        """Listen. When this returns, clients can connect; on a running server it does nothing.

        Raises:
            CloudError: the port cannot be had.
        """
        if self._thread is not None:
            return
        if not self.profile.values_survive:
            self._rooms = Rooms(self.profile)
        ready = threading.Event()
        failures: list[Exception] = []
        thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(ready, failures)), name="cloudlink-localcloud", daemon=True
        )
        thread.start()
        ready.wait()
        if failures:
            thread.join()
            raise CloudError(f"cannot listen on {self._host}:{self._port}: {failures[0]}") from failures[0]
        self._thread = thread

    def stop(self) -> None:
        """Close all connections (1001) and end the thread. On a server that is not running it does nothing."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        thread.join()

    def disconnect_all(self, code: int | None = 1001, reason: str = "") -> None:
        """End all connections; when this returns, they are gone, and clients may come back.

        Args:
            code: the close code they are told; None cuts the lines without a word.
            reason: the text that goes with the code.

        Raises:
            InvalidArgument: the code cannot be sent in a close frame.
            NotConnected: the server is not running.
        """
        if code is not None and code not in _CLOSE_CODES:
            raise InvalidArgument(f"{code} cannot be sent as a close code; take 1000, 1001 or 3000 to 4999")
        if self._thread is None or self._loop is None:
            raise NotConnected("this server is not running; call start()")
        asyncio.run_coroutine_threadsafe(self._disconnect_all(code, reason), self._loop).result()

    async def _disconnect_all(self, code: int | None, reason: str) -> None:
        clients = list(self._clients.values())
        if code is None:
            for client in clients:
                client.websocket.transport.abort()
        else:
            await asyncio.gather(*(client.websocket.close(code, reason) for client in clients))
        await asyncio.gather(*(client.websocket.wait_closed() for client in clients))

    async def _serve(self, ready: threading.Event, failures: list[Exception]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        try:
            server = await serve(
                self._talk,
                self._host,
                self._port,
                # A deflated frame takes longer to make than to send on one machine; and asyncio sets TCP_NODELAY
                # on every socket by itself.
                compression=None,
                max_size=self.profile.limits.message_bytes,
                ping_interval=self.profile.ping_interval,
                ping_timeout=self.profile.ping_interval,
                close_timeout=CLOSE_TIMEOUT,
                select_subprotocol=_select_subprotocol,
                server_header=None,
                logger=_LIBRARY_LOGGER,
                backlog=1024,  # a test's hundred clients come at once
            )
        except Exception as error:  # whatever it is, it belongs to the thread that called `start`
            failures.append(error)
            ready.set()
            return
        try:
            self._port = server.sockets[0].getsockname()[1]
            self._spawn(self._make_rounds())
            ready.set()
            await self._stop.wait()
        finally:
            server.close()
            await server.wait_closed()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._flushes.clear()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)

    async def _make_rounds(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(ROUND_INTERVAL)
            now = loop.time()
            for member in self._rooms.overdue(now=now):
                self._cut(self._clients[member])
            self._rooms.expire(now=now)

    async def _talk(self, websocket: ServerConnection) -> None:
        """One client, from its opening to its end."""
        loop = asyncio.get_running_loop()
        assert websocket.request is not None
        cookies = websocket.request.headers.get_all("Cookie")
        member, outcome = self._rooms.open(cookies=cookies, now=loop.time())
        self._connections += 1
        client = self._clients[member] = _Client(self._connections, websocket, member)
        try:
            if not await self._follow(client, outcome):
                return
            async for message in websocket:
                if isinstance(message, bytes):
                    continue  # binary frames are ignored, as TurboWarp's server does
                now = loop.time()
                outcome = self._rooms.receive(member, message, now=now)
                self._record(client, outcome, now=now)
                if not await self._follow(client, outcome):
                    return
        except ConnectionClosed:
            pass
        finally:
            self._rooms.leave(member, now=loop.time())
            del self._clients[member]
            if client.timer is not None:
                client.timer.cancel()

    async def _follow(self, client: _Client, outcome: Outcome) -> bool:
        """Do what the rules say; False when that closed the connection."""
        for instruction in outcome.instructions:
            match instruction:
                case Reply(message):
                    self._deliver([client], message)
                case Close(code, reason):
                    self._statistics.closed_connections += 1
                    await client.websocket.close(code, reason)
                    return False
        return True

    def _record(self, client: _Client, outcome: Outcome, *, now: float) -> None:
        """Count what came, tell the hook, and see that it is sent on."""
        room = client.member.room
        self._statistics.rejected += outcome.rejected
        self._statistics.sets_received += len(outcome.accepted)
        if not outcome.accepted or room is None:
            return
        self._schedule_flush(room)
        for update in outcome.accepted:
            if self.on_set is not None:
                self._call_hook(
                    self.on_set,
                    SetRecord(client.number, client.member.user, room.project_id, update.name, update.value, now),
                )
            if self._dice.faults.disconnect and self._dice.disconnects():
                self._cut(client)

    def _call_hook(self, hook: Callable[[SetRecord], None], record: SetRecord) -> None:
        try:
            hook(record)
        except Exception:
            _LOGGER.exception("on_set failed")

    def _cut(self, client: _Client) -> None:
        """End a connection without a goodbye."""
        if not client.websocket.transport.is_closing():
            self._statistics.closed_connections += 1
            client.websocket.transport.abort()

    def _schedule_flush(self, room: Room) -> None:
        if room.pending_characters > MAX_PENDING_CHARACTERS:
            self._flush(room)
            return
        if room in self._flushes:
            return
        self._flushes.add(room)
        loop = asyncio.get_running_loop()
        interval = self.profile.flush_interval
        if interval:
            # A timer that runs all the time, as TurboWarp's, and not one that starts with the first update.
            loop.call_at((loop.time() // interval + 1) * interval, self._flush, room)
        else:
            loop.call_soon(self._flush, room)

    def _flush(self, room: Room) -> None:
        self._flushes.discard(room)
        if not room.pending:
            return
        loses = self._dice.loses if self._dice.faults.loss else None
        batches, lost = room.flush(self.profile, loses=loses)
        self._statistics.lost += lost
        for batch in batches:
            self._statistics.delivered += batch.lines * len(batch.members)
            self._deliver([self._clients[member] for member in batch.members], batch.message)

    def _deliver(self, clients: Sequence[_Client], message: str) -> None:
        """Send one message to some clients, as late as the faults say."""
        if not any(self._dice.faults.delay) and not any(client.late for client in clients):
            self._send(clients, message)
            return
        loop = asyncio.get_running_loop()
        for client in clients:
            due = loop.time() + self._dice.delay()
            if client.late:
                due = max(due, client.late[-1][0])
            client.late.append((due, message))
            client.late_characters += len(message)
            if client.late_characters > MAX_OUTGOING_BYTES:
                client.late.clear()
                self._cut(client)
            elif client.timer is None:
                client.timer = loop.call_at(due, self._send_late, client)

    def _send_late(self, client: _Client) -> None:
        client.timer = None
        loop = asyncio.get_running_loop()
        while client.late and client.late[0][0] <= loop.time():
            _, message = client.late.popleft()
            client.late_characters -= len(message)
            self._send([client], message)
        if client.late:
            client.timer = loop.call_at(client.late[0][0], self._send_late, client)

    def _send(self, clients: Sequence[_Client], message: str) -> None:
        # `broadcast` encodes the text once and never waits, so a slow reader holds nobody up; what piles up for
        # it is bounded here.
        broadcast([client.websocket for client in clients], message)
        for client in clients:
            if client.websocket.transport.get_write_buffer_size() > MAX_OUTGOING_BYTES:
                self._cut(client)


def _select_subprotocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Take the login token that a newer Scratch client offers; a browser hangs up if nobody does."""
    return next((protocol for protocol in offered if protocol.startswith("bearer!")), None)
