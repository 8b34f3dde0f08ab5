"""A server, some clients and a cloud in virtual time: the loop jumps to whatever happens next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

from virtual_time import VirtualWorld

from cloudlink.link.client import ClientLink
from cloudlink.link.events import (
    AnswerForgotten,
    AnswerReceived,
    ClientEvent,
    RequestLost,
    RequestReceived,
    ServerEvent,
    Write,
)
from cloudlink.link.server import ServerLink
from cloudlink.link.settings import Channel, ClientTimes, ServerBounds, ServerTimes
from cloudlink.transport.memory import MemoryCloud, Weather

FINE = Weather(delay=(0.05, 0.3))
"""As networks are: nothing is lost."""


def mirror(digits: str) -> str:
    return digits[::-1]


class Player:
    """A client, and what it asked and was told."""

    def __init__(self, world: World, name: int) -> None:
        self.link = ClientLink(world.channel, random=Random(world.random.random()), times=world.client_times)
        self.name = name
        self.member = world.cloud.join(now=world.now)
        self.asked: dict[int, str] = {}
        self.answers: dict[int, list[str]] = {}
        self.lost: list[int] = []
        self.events: list[ClientEvent] = []
        self.sleeps_until = 0.0
        self.missed: dict[str, str] = {}  # while asleep: the last value of each variable

    def ask(self, digits: str) -> int:
        ticket = self.link.send(digits)
        self.asked[ticket] = digits
        return ticket

    def take(self, event: ClientEvent) -> None:
        self.events.append(event)
        match event:
            case AnswerReceived(ticket, digits):
                self.answers.setdefault(ticket, []).append(digits)
            case RequestLost(ticket):
                self.lost.append(ticket)

    @property
    def done(self) -> bool:
        return len(self.answers) + len(self.lost) >= len(self.asked)


class World(VirtualWorld):
    def __init__(
        self,
        *,
        players: int = 1,
        weather: Weather | None = None,
        channel: Channel | None = None,
        seed: int = 0,
        answer: Callable[[str], str] = mirror,
        handler_time: Callable[[Random], float] = lambda random: 0.0,
        server_times: ServerTimes | None = None,
        client_times: ClientTimes | None = None,
        bounds: ServerBounds | None = None,
        tells_arrivals: bool = False,
    ) -> None:
        super().__init__(now=1000.0)
        self.tells_arrivals = tells_arrivals
        self.random = Random(seed)
        self.channel = channel or Channel()
        self.client_times = client_times
        self.cloud = MemoryCloud(random=Random(self.random.random()), weather=weather)
        self.answer = answer
        self.handler_time = handler_time
        self.server_times, self.bounds = server_times, bounds
        self.gone: str | None = None  # the answer in place of one that is no longer kept
        self.runs: Counter[str] = Counter()
        self.events: list[ServerEvent] = []
        self.writes: list[tuple[float, int, Write]] = []
        self.start_server()
        self.players = [Player(self, name) for name in range(players)]

    def start_server(self) -> None:
        self.server = ServerLink(
            self.channel,
            random=Random(self.random.random()),
            now=self.now,
            times=self.server_times,
            bounds=self.bounds,
        )
        self.server_member = self.cloud.join(now=self.now)

    def restart_server(self) -> None:
        self.cloud.leave(self.server_member)
        self.start_server()

    def run_until_answered(self, *, seconds: float = 300) -> None:
        self.run(seconds=seconds, until=lambda: all(player.done for player in self.players))

    def _wakeups(self) -> list[float | None]:
        times = [self.server.wakeup(now=self.now), self.cloud.wakeup()]
        for player in self.players:
            due = player.link.wakeup(now=self.now)
            if self.now < player.sleeps_until:
                due = player.sleeps_until
            times.append(due)
        return times

    def _turn(self) -> None:
        for delivery in self.cloud.deliveries(now=self.now):
            if delivery.member == self.server_member:
                received_at = self.now if self.tells_arrivals else None
                self.server.receive(delivery.name, delivery.value, now=self.now, received_at=received_at)
            for player in self.players:
                if player.member == delivery.member:
                    player.missed.pop(delivery.name, None)
                    player.missed[delivery.name] = delivery.value
                    if self.now >= player.sleeps_until:
                        self._wake(player)
        for player in self._awake():
            self._wake(player)
        self._handle_events()
        self._write(self.server_member, self.server.writes(now=self.now))
        for player in self._awake():
            self._write(player.member, player.link.writes(now=self.now))

    def _awake(self) -> list[Player]:
        return [player for player in self.players if self.now >= player.sleeps_until]

    def _wake(self, player: Player) -> None:
        missed, player.missed = player.missed, {}
        for name, value in missed.items():
            player.link.receive(name, value, now=self.now)

    def restart_player(self, player: Player) -> None:
        """Put a new tab in the place of one; what that one still waited for nobody will ever know."""
        self.cloud.leave(player.member)
        fresh = Player(self, player.name)
        self.players[self.players.index(player)] = fresh

    def _handle_events(self) -> None:
        while (event := self.server.next_event()) is not None:
            self.events.append(event)
            if isinstance(event, RequestReceived):
                self.runs[event.digits] += 1
                self._run_handler(self.server, event)
            elif isinstance(event, AnswerForgotten) and self.gone is not None:
                self.server.send(event.client, event.message, self.gone)
        for player in self.players:
            while (told := player.link.next_event()) is not None:
                player.take(told)

    def _run_handler(self, server: ServerLink, event: RequestReceived) -> None:
        answer = self.answer(event.digits)
        time = self.handler_time(self.random)
        if time:
            self.at(self.now + time, lambda: server.send(event.client, event.message, answer))
        else:
            server.send(event.client, event.message, answer)

    def _write(self, member: int, writes: list[Write]) -> None:
        for write in writes:
            self.writes.append((self.now, member, write))
            self.cloud.write(member, write.name, write.value, now=self.now)
