"""A classic server, some players' sprites and a cloud in virtual time: the loop jumps to whatever happens next."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from classic_sprite import DONE, FRAME, ClassicSprite
from virtual_time import VirtualWorld

from cloudlink.classic.events import ClassicRequest
from cloudlink.classic.server import ClassicServer
from cloudlink.classic.settings import ClassicBounds, ClassicChannel, ClassicTimes
from cloudlink.link.events import Write
from cloudlink.link.pacer import Pacer
from cloudlink.transport.memory import Delivery, MemoryCloud, Weather

Handler = Callable[[ClassicRequest], Any]


def repeat(request: ClassicRequest) -> Any:
    """The first argument, as often as the second says."""
    text, times = request.arguments
    return text * int(times)


class Player:
    """A sprite, and what became of its requests."""

    def __init__(self, world: ClassicWorld, version: int, overwrites: bool) -> None:
        self.sprite = ClassicSprite(Random(world.random.random()), version=version, overwrites=overwrites)
        self.member = world.cloud.join(now=world.now)
        self.phase = world.random.random() * FRAME
        self.next_frame = world.now + self.phase
        self.results: list[tuple[str, list[str]]] = []
        self.ids: list[str] = []
        self.waited: list[float] = []
        self._asked_at = 0.0

    def ask(self, name: str, *arguments: str, now: float) -> None:
        self.ids.append(self.sprite.ask(name, *arguments))
        self._asked_at = now

    def frame(self, now: float) -> list[Write]:
        self.next_frame += FRAME
        was_busy = self.sprite.busy
        writes = self.sprite.frame(now=now)
        if was_busy and not self.sprite.busy:
            self.results.append((self.sprite.status, self.sprite.response))
            self.waited.append(now - self._asked_at)
        return writes

    @property
    def last(self) -> tuple[str, list[str]]:
        return self.results[-1]


class ClassicWorld(VirtualWorld):
    def __init__(
        self,
        *,
        players: int = 1,
        handler: Handler = repeat,
        handler_time: Callable[[Random], float] = lambda random: 0.0,
        weather: Weather | None = None,
        channel: ClassicChannel | None = None,
        times: ClassicTimes | None = None,
        bounds: ClassicBounds | None = None,
        version: int = 2,
        overwrites: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__(now=1000.0)
        self.random = Random(seed)
        self.channel, self.times, self.bounds = channel or ClassicChannel(), times, bounds
        self.cloud = MemoryCloud(random=Random(self.random.random()), weather=weather)
        self.handler, self.handler_time = handler, handler_time
        self.requests: list[ClassicRequest] = []
        self.writes: list[tuple[float, Write]] = []
        self.online = True
        self.lost_writes = 0
        self.lossy_until = 0.0
        self._asked_before = False  # somebody has set TO_HOST, so that the cloud has a value stored
        self.start_server()
        self.players = [Player(self, version, overwrites) for _ in range(players)]

    def start_server(self) -> None:
        self.pacer = Pacer(self.channel.limits.set_interval)
        self.server = ClassicServer(
            self.channel,
            pacer=self.pacer,
            random=Random(self.random.random()),
            now=self.now,
            times=self.times,
            bounds=self.bounds,
        )
        self._join(age=math.inf)

    def _join(self, *, age: float) -> None:
        self.member = self.cloud.join(now=self.now)
        self._stored_age = age if self._asked_before else None

    def restart_server(self) -> None:
        self.cloud.leave(self.member)
        self.start_server()

    def go_down(self) -> None:
        """The server's connection breaks: nothing comes, nothing goes."""
        self.cloud.leave(self.member)
        self.online = False
        self._down_since = self.now

    def go_up(self) -> None:
        self.online = True
        self._join(age=self.now - self._down_since)

    def set_as_stranger(self, value: str, name: str = "TO_HOST") -> None:
        self._asked_before = self._asked_before or name == self.channel.uplink
        stranger = self.cloud.join(now=self.now)
        self.cloud.write(stranger, name, value, now=self.now)
        self.cloud.leave(stranger)

    def run_until_received(self, player: Player) -> None:
        """Until the server has the whole of a player's request."""
        self.run(seconds=30, until=lambda: bool(self.requests) and self.requests[-1].id == player.sprite.id)

    def run_until_written(self, count: int) -> None:
        """Until the server has set so many variables more, or has nothing to do."""
        most = len(self.writes) + count
        self.run(seconds=30, until=lambda: len(self.writes) >= most)

    def run_until_idle(self, *, seconds: float = 120.0) -> None:
        self.run(seconds=seconds, until=lambda: not any(player.sprite.busy for player in self.players))
        assert not any(player.sprite.busy for player in self.players)

    def ask(self, name: str, *arguments: str) -> tuple[str, list[str]]:
        """What the first player's project gets for a request."""
        self.players[0].ask(name, *arguments, now=self.now)
        self.run_until_idle()
        return self.players[0].last

    def answer_of(self, name: str, *arguments: str) -> list[str]:
        status, response = self.ask(name, *arguments)
        assert status == DONE
        return response

    def runs(self) -> Counter[str]:
        return Counter(request.value for request in self.requests)

    def _wakeups(self) -> list[float | None]:
        times = [self.cloud.wakeup()]
        if self.online:
            times.append(self.server.wakeup(now=self.now))
        return [*times, *(player.next_frame for player in self.players if player.sprite.busy)]

    def _turn(self) -> None:
        for delivery in self.cloud.deliveries(now=self.now):
            if delivery.member == self.member:
                self._receive(delivery)
            for player in self.players:
                if player.member == delivery.member:
                    player.sprite.receive(delivery.name, delivery.value)
        self._handle_requests()
        if self.online:
            for write in self.server.writes(now=self.now):
                self.writes.append((self.now, write))
                if self.lost_writes or self.now < self.lossy_until:
                    self.lost_writes -= bool(self.lost_writes)
                    continue
                self.cloud.write(self.member, write.name, write.value, now=self.now)
        for player in self.players:
            if player.next_frame <= self.now:
                self._run_frame(player)

    def _receive(self, delivery: Delivery) -> None:
        age = 0.0
        if delivery.name == self.channel.uplink and self._stored_age is not None:
            age, self._stored_age = self._stored_age, None  # what was stored comes first
        self.server.receive(delivery.name, delivery.value, now=self.now, age=age)

    def _run_frame(self, player: Player) -> None:
        if not player.sprite.busy:
            player.next_frame = self.now
        while player.next_frame <= self.now:
            for write in player.frame(self.now):
                self._asked_before = True
                self.cloud.write(player.member, write.name, write.value, now=self.now)

    def _handle_requests(self) -> None:
        while (request := self.server.next_event()) is not None:
            self.requests.append(request)
            try:
                answer = self.handler(request)
            except Exception as error:
                answer = error
            time = self.handler_time(self.random)
            if time:
                self.at(self.now + time, self._answerer(request, answer))
            else:
                self.server.send(request.request, answer)

    def _answerer(self, request: ClassicRequest, answer: Any) -> Callable[[], None]:
        return lambda: self.server.send(request.request, answer)
