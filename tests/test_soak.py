"""Ten minutes of fifty clients on a bad day, in virtual time, out of the pure parts that a connection is made of.

The server is restarted twenty times, 5 % of what it relays is lost, and now and then a connection dies without a word.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from random import Random

from logs import VirtualLog, entry
from virtual_time import VirtualTime

from cloudlink.transport.backlog import Backlog, WhenDown
from cloudlink.transport.backoff import Backoff
from cloudlink.transport.connection import Origin
from cloudlink.transport.inbox import Inbox
from cloudlink.transport.keepalive import Keepalive, Pulse
from cloudlink.transport.life import Life, State
from cloudlink.transport.lines import Handshake, SetVariable, decode_line, encode, encode_update
from cloudlink.transport.merge import Merge
from cloudlink.transport.turns import Priority, Ticket, Turns

CLIENTS = 50
SECONDS = 600.0
QUIET = 60.0  # at the end, for what is still under way
RESTARTS = 20
LOSS = 0.05
SILENT_DEATHS = 30
SET_EVERY = 10.0
INTERVAL = 0.1


class Wire:
    """One connection: messages arrive late and in order, or, once it is silent, not at all."""

    def __init__(self, days: VirtualTime, random: Random) -> None:
        self.silent = self.closed = False
        self._days, self._random = days, random
        self._last = {True: 0.0, False: 0.0}

    def carry(self, up: bool, deliver: Callable[[], None]) -> None:
        arrival = max(self._last[up], self._days.now + self._random.uniform(0.005, 0.15))
        self._last[up] = arrival
        self._days.at(arrival, lambda: None if self.silent or self.closed else deliver())


class Server:
    """A cloud server of Scratch's kind, whose values survive a restart, and its log."""

    def __init__(self, days: VirtualTime, random: Random) -> None:
        self.days, self.random = days, random
        self.up = True
        self.stored: dict[str, str] = {}
        self.members: dict[Client, Wire] = {}
        self.made: list[tuple[str, str, str]] = []
        self.log = VirtualLog()
        self.lost = 0

    def restart(self, seconds: float) -> None:
        self.up = False
        members, self.members = self.members, {}
        for client, wire in members.items():
            wire.carry(False, lambda client=client, wire=wire: client.lost(wire))  # type: ignore[misc]
        self.days.at(self.days.now + seconds, self._come_up)

    def _come_up(self) -> None:
        self.up = True

    def receive(self, client: Client, wire: Wire, line: str) -> None:
        command = decode_line(line)
        if isinstance(command, Handshake):
            if not self.up:
                return
            self.members[client] = wire
            if self.stored:
                lines = [encode_update(SetVariable(name, value)) for name, value in self.stored.items()]
                wire.carry(False, lambda: client.receive(wire, "\n".join(lines), live=None))
        elif isinstance(command, SetVariable) and self.members.get(client) is wire:
            self._relay(client, command)

    def _relay(self, sender: Client, command: SetVariable) -> None:
        now = self.days.now
        self.stored[command.name] = command.value
        self.made.append((sender.user, command.name, command.value))
        made = entry(sender.user, command.name.removeprefix("☁ "), command.value, now)
        self.log.add(made, at=now, shown_at=now + self.random.uniform(0.5, 5.0))
        line = encode_update(command)
        for client, wire in self.members.items():
            if client is sender:
                continue
            if self.random.random() < LOSS:
                self.lost += 1
                continue
            wire.carry(False, lambda client=client, wire=wire: client.receive(wire, line, live=command.value))  # type: ignore[misc]


class Client:
    """What `CloudConnection` and `CloudEvents` do with the pure parts."""

    def __init__(self, user: str, server: Server, *, reads_log: bool) -> None:
        self.user, self.server, self.days = user, server, server.days
        self.random = Random(user)
        self.sender = Handshake(user, "77")
        self.life = Life(Backoff(), outage_after=60.0, random_source=self.random, now=0.0)
        self.turns = Turns(INTERVAL, now=0.0)
        self.backlog = Backlog(WhenDown.EVERY)
        self.inbox = Inbox()
        self.wire: Wire | None = None
        self.keepalive: Keepalive | None = None
        self.merge = Merge(own=user) if reads_log else None
        self.counter = 0
        self.sent_at: list[float] = []
        self.delivered: Counter[str] = Counter()
        self.heard_live: Counter[str] = Counter()
        self.reported: Counter[str] = Counter()
        self.reconnects = 0
        self._open()
        self._turn: Ticket | None = None
        self.days.at(2.0 + self.random.uniform(0, SET_EVERY), self._set_one)
        if reads_log:
            self.reader = type(server.log.reader)()
            self.days.at(self.random.uniform(0, 1.0), self._look)

    # The life of the connection

    def _open(self) -> None:
        self.wire = Wire(self.days, self.random)
        self.keepalive = Keepalive(20.0, answer=10.0, now=self.days.now)
        self.inbox.opened(now=self.days.now)
        self.turns.spend(now=self.days.now)
        self._say(encode(self.sender, sender=self.sender))
        self.days.at(self.keepalive.wakeup(), lambda wire=self.wire: self._check_pulse(wire))  # type: ignore[misc]

    def lost(self, wire: Wire) -> None:
        if wire is not self.wire:
            return
        wire.closed = True
        self.wire = None
        self.life.lost("lost", code=1001, fatal=False, now=self.days.now)
        self._plan_attempt()

    def _plan_attempt(self) -> None:
        due = self.life.next_attempt()
        assert due is not None
        self.days.at(due, self._attempt)

    def _attempt(self) -> None:
        self.life.check(now=self.days.now)
        if not self.server.up:
            self.life.failed("nobody there", now=self.days.now)
            self._plan_attempt()
            return
        self.life.opened(now=self.days.now)
        self.reconnects += 1
        self._open()
        self._send_next()

    def _check_pulse(self, wire: Wire) -> None:
        if wire is not self.wire or self.keepalive is None:
            return
        pulse = self.keepalive.check(now=self.days.now)
        if pulse is Pulse.DEAD:
            self.server.members.pop(self, None)
            self.lost(wire)
            return
        if pulse is Pulse.PING:
            wire.carry(True, lambda: wire.carry(False, lambda: self._heard(wire)))
        self.days.at(self.keepalive.wakeup(), lambda: self._check_pulse(wire))

    def _heard(self, wire: Wire) -> None:
        if wire is self.wire and self.keepalive is not None:
            self.keepalive.heard(now=self.days.now)

    # Sets

    def _say(self, message: str) -> None:
        wire = self.wire
        assert wire is not None
        wire.carry(True, lambda: self.server.receive(self, wire, message.rstrip("\n")))

    def _set_one(self) -> None:
        if self.days.now > SECONDS - QUIET:
            return
        self.counter += 1
        assert self.backlog.put(self.user, f"{self.user[1:]}{self.counter:06}")
        self._send_next()
        self.days.at(self.days.now + self.random.uniform(0.1, 2 * SET_EVERY), self._set_one)

    def _send_next(self) -> None:
        waiting = self.backlog.first()
        if waiting is None or self.wire is None or self._turn is not None:
            return
        self._turn = self.turns.join(Priority.NORMAL, now=self.days.now)
        wait = self.turns.wait(self._turn, now=self.days.now)
        assert wait is not None
        self.days.at(self.days.now + wait, self._send)

    def _send(self) -> None:
        assert self._turn is not None
        waiting = self.backlog.first()
        if waiting is None or self.wire is None:
            self.turns.leave(self._turn)
            self._turn = None
            return
        if self.turns.wait(self._turn, now=self.days.now + 1e-9) != 0:
            self.days.at(self.days.now + INTERVAL, self._send)  # a handshake came in between
            return
        self.turns.begin(self._turn)
        self._turn = None
        self._say(encode(SetVariable(waiting.name, waiting.value), sender=self.sender))
        self.turns.end(now=self.days.now)
        self.inbox.sent(waiting.name, waiting.value)
        self.sent_at.append(self.days.now)
        self.backlog.done(waiting)
        self._send_next()

    # Events

    def receive(self, wire: Wire, message: str, *, live: str | None) -> None:
        """Take in a message; `live` is the value if it tells of a set, None for the stored values."""
        if wire is not self.wire:
            return
        self._heard(wire)
        if live is not None:
            self.delivered[live] += 1
        for event in self.inbox.take(message, now=self.days.now).sets:
            if event.origin is Origin.LIVE:
                self.heard_live[event.value] += 1
            news = event.origin is not Origin.STORED
            if news and self.merge is not None:
                tell = self.merge.heard if event.origin is Origin.LIVE else self.merge.caught_up
                news = tell(event.name, event.value, now=self.days.now)
            self.reported[event.value] += news

    def _look(self) -> None:
        assert self.merge is not None
        now = self.days.now
        self.server.log.reader = self.reader
        news = self.server.log.look(now=now, answer_time=0.1)
        assert news.complete
        for one in news.entries:
            self.merge.logged(one, old=news.first, now=now)
        self.merge.looked(asked_at=news.asked_at)
        for due in self.merge.due(now=now):
            assert due.value is not None
            self.reported[due.value] += 1
        self.days.at(now + 4.0, self._look)


def test_ten_minutes_of_a_bad_day_lose_nothing_that_was_delivered_and_double_nothing() -> None:
    random = Random(1)
    days = VirtualTime()
    server = Server(days, random)
    clients = [Client(f"u{number}", server, reads_log=number % 5 == 0) for number in range(CLIENTS)]
    for restart in range(RESTARTS):
        downtime = random.choice([0.2, 2.0, 10.0])
        begin = 20.0 + restart * (SECONDS - QUIET - 60.0) / RESTARTS
        days.at(begin, lambda downtime=downtime: server.restart(downtime))  # type: ignore[misc]

    def go_silent() -> None:
        wire = random.choice(clients).wire
        if wire is not None:
            wire.silent = True

    for _ in range(SILENT_DEATHS):
        days.at(random.uniform(10.0, SECONDS - QUIET - 40.0), go_silent)
    days.run_until(SECONDS)

    everything = Counter(value for _, _, value in server.made)
    assert len(server.made) > 1500
    assert server.lost > 1000
    assert set(everything.values()) == {1}  # what waits goes out once
    for client in clients:
        assert client.life.status.state is State.CONNECTED
        assert client.reconnects >= RESTARTS // 2  # one that was cut off silently misses some
        assert not client.backlog
        assert client.heard_live == client.delivered  # nothing that was delivered is taken for stored, or lost
        assert set(client.reported.values()) <= {0, 1}
        assert min(b - a for a, b in itertools.pairwise(client.sent_at)) >= INTERVAL - 1e-6
        reported = +client.reported
        if client.merge is None:
            assert set(client.delivered) <= set(reported) <= set(everything)
        else:
            # With the log as a second source, all that others set is there, once.
            assert reported == Counter(value for user, _, value in server.made if user != client.user)
