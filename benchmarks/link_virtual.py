"""How close does the link come to the channel's limit, under delay and loss?

Virtual time: exact on every machine, the same numbers in every run. The delay model: each client's one-way delay is
drawn from 50 to 300 ms, as likely from 50 to 100 as from 100 to 200; the relay adds 40 ms each way, each value up to
20 ms of jitter, and one value in a hundred is stalled by 0.1 to 0.5 s, with everything behind it; each set is lost for
each receiver by itself. A player acts 30 times a second and sees the last value of each variable; its sets are at least
117 ms apart.

    python benchmarks/link_virtual.py [--quick] [--json FILE]
"""

from __future__ import annotations

import heapq
import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from report import Report, Row, main

from cloudlink.limits import SCRATCH
from cloudlink.link.client import ClientLink
from cloudlink.link.events import AnswerReceived, RequestReceived
from cloudlink.link.server import ServerLink
from cloudlink.link.settings import Channel

CAP = SCRATCH.value_length / SCRATCH.set_interval
"""Digits a second that the channel carries, headers and all: 2,560."""

FRAME = 1 / 30
RELAY = 0.04
JITTER = 0.02
STALLED = 0.01
STALL = (0.1, 0.5)
ONE_WAY = (0.05, 0.3)
CLIENT_INTERVAL = 0.117

WARM_UP = 10.0
LOSSES = (0.0, 0.05, 0.2)
SERVER = 0


class Simulation:
    """One server and some players, each with its own delay.

    Args:
        seed: of everything random.
        players: how many.
        loss: share of the values lost on the way to each receiver.
        answer: what the server's handler makes of a request.
        relay_interval: seconds; above 0 the relay forwards only the last value of a variable in each interval.
    """

    def __init__(
        self, seed: int, *, players: int, loss: float, answer: Callable[[str], str], relay_interval: float = 0.0
    ) -> None:
        self.now = 0.0
        self.random = Random(seed)
        self.loss = loss
        self.relay_interval = relay_interval
        self.answer = answer
        self.server = ServerLink(Channel(SCRATCH), random=self.random, now=0.0)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._arrival: dict[tuple[int, bool], float] = {}
        self._relay: dict[str, tuple[int, str]] = {}
        self._server_wakes_at = float("inf")
        self.players = [Player(self, number + 1) for number in range(players)]

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Do something at a time."""
        heapq.heappush(self._due, (time, next(self._order), action))

    def run(self, until: float) -> None:
        """Let time pass."""
        while self._due and self._due[0][0] <= until:
            self.now, _, action = heapq.heappop(self._due)
            action()
        self.now = until

    def set_variable(self, sender: int, name: str, value: str) -> None:
        """A value leaves its sender; the relay passes it on to the others."""
        if not self.relay_interval:
            self._spread(sender, name, value, RELAY)
            return
        if not self._relay:
            self.at((self.now // self.relay_interval + 1) * self.relay_interval, self._flush_relay)
        self._relay[name] = (sender, value)

    def _flush_relay(self) -> None:
        relayed, self._relay = self._relay, {}
        for name, (sender, value) in relayed.items():
            self._spread(sender, name, value, RELAY)

    def _spread(self, sender: int, name: str, value: str, relay: float) -> None:
        if sender != SERVER:  # players do not read what players say
            self._send(sender, True, relay, lambda: self._to_server(name, value))
            return
        for player in self.players:
            self._send(player.number, False, relay, player.hear(name, value))

    def _send(self, player: int, up: bool, relay: float, deliver: Callable[[], None]) -> None:
        """Values between the relay and one player arrive in order."""
        if self.random.random() < self.loss:
            return
        delay = self.players[player - 1].one_way + relay + self.random.random() * JITTER
        if self.random.random() < STALLED:
            delay += self.random.uniform(*STALL)
        arrival = max(self.now + delay, self._arrival.get((player, up), 0.0))
        self._arrival[player, up] = arrival
        self.at(arrival, deliver)

    def _to_server(self, name: str, value: str) -> None:
        self.server.receive(name, value, now=self.now)
        self.pump_server()

    def pump_server(self) -> None:
        """Let the server do what is due, and come back when it wants."""
        while (event := self.server.next_event()) is not None:
            if isinstance(event, RequestReceived):
                self.server.send(event.client, event.message, self.answer(event.digits))
        for write in self.server.writes(now=self.now):
            self.set_variable(SERVER, write.name, write.value)
        wakeup = self.server.wakeup(now=self.now)
        if wakeup is not None and wakeup < self._server_wakes_at:
            self._server_wakes_at = wakeup
            self.at(wakeup, self._wake_server)

    def _wake_server(self) -> None:
        self._server_wakes_at = float("inf")
        self.pump_server()


@dataclass(slots=True)
class Answered:
    """One request's story: when it was asked, and how long its answer took, in seconds."""

    asked_at: float
    seconds: float
    digits: int


class Player:
    """A client that acts thirty times a second."""

    def __init__(self, simulation: Simulation, number: int) -> None:
        self.number = number
        self._simulation = simulation
        random = simulation.random
        self.one_way = ONE_WAY[0] * (ONE_WAY[1] / ONE_WAY[0]) ** random.random()
        self._phase = random.random() * FRAME
        limits = replace(SCRATCH, set_interval=CLIENT_INTERVAL)
        self.link = ClientLink(Channel(limits), random=random)
        self._heard: dict[str, str] = {}
        self._acts_at = float("inf")
        self._asked: dict[int, float] = {}
        self.answered: list[Answered] = []
        self.think: Callable[[], float] | None = None
        self._wants_to_ask = False

    def hear(self, name: str, value: str) -> Callable[[], None]:
        """What to do when this value arrives: see it in the next frame, if no other comes before."""

        def arrive() -> None:
            self._heard.pop(name, None)  # so that the order is that of arrival
            self._heard[name] = value
            self.act_by(self._simulation.now)

        return arrive

    def ask(self) -> None:
        """Ask the question in the next frame."""
        self._wants_to_ask = True
        self.act_by(self._simulation.now)

    def act_by(self, time: float) -> None:
        """Act in the first frame that is not before this time."""
        frame = self._phase + FRAME * max(0, -(-(time - self._phase) // FRAME))
        if frame < self._acts_at:
            self._acts_at = frame
            self._simulation.at(frame, self._act)

    def _act(self) -> None:
        now = self._simulation.now
        if now < self._acts_at:
            return
        self._acts_at = float("inf")
        heard, self._heard = self._heard, {}
        for name, value in heard.items():
            self.link.receive(name, value, now=now)
        while (event := self.link.next_event()) is not None:
            if isinstance(event, AnswerReceived):
                asked_at = self._asked.pop(event.ticket)
                self.answered.append(Answered(asked_at, now - asked_at, len(event.digits)))
                if self.think is not None:
                    self._simulation.at(now + self.think(), self.ask)
        if self._wants_to_ask:
            self._wants_to_ask = False
            self._asked[self.link.send("1")] = now
        for write in self.link.writes(now=now):
            self._simulation.set_variable(self.number, write.name, write.value)
        wakeup = self.link.wakeup(now=now)
        if wakeup is not None:
            self.act_by(max(wakeup, now + FRAME / 2))


@dataclass(frozen=True, slots=True)
class Goals:
    """At least (or at most) and the aim, for 0, 5 and 20 % of loss."""

    floor: Sequence[float]
    aim: Sequence[float]


@dataclass(slots=True)
class Pool:
    """Answers of all seeds: those to questions after the warm-up, and how many came after it."""

    answered: list[Answered] = field(default_factory=list)
    count: int = 0
    seconds: float = 0.0

    def quantile(self, share: float) -> float:
        """The time that this share of the answers took at most."""
        times = sorted(answer.seconds for answer in self.answered)
        return times[min(len(times) - 1, int(share * len(times)))]


def played(
    seeds: range,
    *,
    players: int,
    loss: float,
    digits: int,
    think: Callable[[Random], float],
    seconds: float,
    relay_interval: float = 0.0,
) -> Pool:
    """Let players ask again and again; all answers that came after the warm-up."""
    pool = Pool()
    for seed in seeds:
        simulation = Simulation(
            seed, players=players, loss=loss, answer=lambda question: "7" * digits, relay_interval=relay_interval
        )
        for player in simulation.players:
            player.think = lambda random=simulation.random: think(random)
            simulation.at(simulation.random.uniform(0, 3), player.ask)
            player.act_by(0.0)
        simulation.pump_server()
        simulation.run(seconds)
        pool.seconds += seconds - WARM_UP
        answered = [answer for player in simulation.players for answer in player.answered]
        pool.answered += [answer for answer in answered if answer.asked_at > WARM_UP]
        pool.count += sum(answer.asked_at + answer.seconds > WARM_UP for answer in answered)
    return pool


def with_losses(case: str) -> Iterator[tuple[int, float, str]]:
    """The number, the loss, and the name of each case."""
    for index, loss in enumerate(LOSSES):
        yield index, loss, f"{case}, {loss:.0%} loss"


def measure(report: Report) -> None:
    """All questions of the issue."""
    seeds = range(3) if report.quick else range(16)
    crowds = range(1) if report.quick else range(4)
    report.add(Row("channel's cap", "Scratch", CAP, "digits/s"))
    _measure_bulk(report, seeds)
    _measure_times(report, seeds, 820, Goals((1.1, 2.3, 4.1), (1.0, 1.5, 2.5)), think=5)
    _measure_times(report, seeds, 40, Goals((0.8, 1.3, 3.3), (0.75, 1.0, 2.0)), think=1)
    _measure_crowd(report, crowds)
    _measure_relay(report, crowds)


def _measure_bulk(report: Report, seeds: range) -> None:
    goals = Goals((88, 80, 55), (91, 86, 70))
    for index, loss, case in with_losses("20,000 digits, 1 client"):
        pool = played(
            seeds, players=1, loss=loss, digits=20_000, think=lambda random: random.uniform(1, 2), seconds=200
        )
        goodput = statistics.mean(100 * answer.digits / answer.seconds / CAP for answer in pool.answered)
        report.add(Row("goodput", case, goodput, "% of the cap", at_least=goals.floor[index], aim=goals.aim[index]))


def _measure_times(report: Report, seeds: range, digits: int, goals: Goals, *, think: float) -> None:
    median = {820: (0.75, 0.8, 1.0), 40: (0.43, 0.45, 0.5)}[digits]
    for index, loss, case in with_losses(f"{digits} digits, 1 client"):
        pool = played(
            seeds, players=1, loss=loss, digits=digits, think=lambda random: random.uniform(0, 2 * think), seconds=400
        )
        report.add(Row("answer time, median", case, pool.quantile(0.5), "s", at_most=median[index]))
        report.add(
            Row("answer time, p99", case, pool.quantile(0.99), "s", at_most=goals.floor[index], aim=goals.aim[index])
        )


def _measure_crowd(report: Report, seeds: range) -> None:
    goals = Goals((85, 80, 65), (92, 88, 75))
    for index, loss, case in with_losses("20 digits, 100 clients, saturated"):
        pool = played(seeds, players=100, loss=loss, digits=20, think=lambda random: 0.0, seconds=40)
        rate = pool.count / pool.seconds
        report.add(Row("requests", case, rate, "/s", at_least=goals.floor[index], aim=goals.aim[index]))
        report.add(Row("answer time, p99", case, pool.quantile(0.99), "s"))


def _measure_relay(report: Report, seeds: range) -> None:
    case = "40 digits, 100 clients, last-value relay"
    pool = played(
        seeds,
        players=100,
        loss=0.0,
        digits=40,
        think=lambda random: random.expovariate(1 / 9.5),
        seconds=60,
        relay_interval=0.1,
    )
    report.add(Row("requests", case, pool.count / pool.seconds, "/s"))
    report.add(Row("answer time, p99", case, pool.quantile(0.99), "s", at_most=1.6, aim=1.2))


if __name__ == "__main__":
    main(str(__doc__).splitlines()[0], measure)
