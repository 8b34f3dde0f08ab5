"""How close does the link come to the channel's limit, under delay and loss?

Virtual time: exact on every machine, the same numbers in every run. The delay model: each client's one-way delay is
drawn from 50 to 300 ms, as likely from 50 to 100 as from 100 to 200; the relay adds 40 ms each way, each value up to
20 ms of jitter, and one value in a hundred is stalled by 0.1 to 0.5 s, with everything behind it; each set is lost for
each receiver by itself. A player acts 30 times a second and sees the last value of each variable; its sets are at least
117 ms apart. Beside it stands a model of stop and wait under the same delays: one part at a time, the next one when the
last was acknowledged, again after a second.

    python benchmarks/link_virtual.py [--quick] [--json FILE]
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random

from report import Report, Row, main

from cloudlink.limits import SCRATCH
from cloudlink.link.client import ClientLink
from cloudlink.link.events import AnswerReceived, RequestReceived
from cloudlink.link.server import ServerLink
from cloudlink.link.settings import Channel

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from virtual_time import VirtualTime

CAP = SCRATCH.value_length / SCRATCH.set_interval
"""Digits a second that the channel carries, headers and all: 2,560."""

FRAME = 1 / 30
RELAY = 0.04
JITTER = 0.02
STALLED = 0.01
STALL = (0.1, 0.5)
ONE_WAY = (0.05, 0.3)
CLIENT_INTERVAL = 0.117

RELAY_UPLINK = 7
"""With three downlink variables these are the ten of a Scratch project; TurboWarp's rooms hold 128."""

WARM_UP = 10.0
LOSSES = (0.0, 0.05, 0.2)
SERVER = 0


class Simulation(VirtualTime):
    """One server and some players, each with its own delay.

    Args:
        seed: of everything random.
        players: how many.
        loss: share of the values lost on the way to each receiver.
        answer: what the server's handler makes of a request.
        relay_interval: seconds; above 0 the relay forwards only the last value of a variable in each interval.
        uplink: how many variables the players share.
    """

    def __init__(
        self,
        seed: int,
        *,
        players: int,
        loss: float,
        answer: Callable[[str], str],
        relay_interval: float = 0.0,
        uplink: int = 3,
    ) -> None:
        super().__init__()
        self.random = Random(seed)
        self.loss = loss
        self.relay_interval = relay_interval
        self.answer = answer
        self.uplink = tuple(f"TO_{number}" for number in range(1, uplink + 1))
        self.server = ServerLink(Channel(SCRATCH, uplink=self.uplink), random=self.random, now=0.0)
        self._arrival: dict[tuple[int, bool], float] = {}
        self._relay: dict[str, tuple[int, str]] = {}
        self._server_wakes_at = float("inf")
        self.players = [Player(self, number + 1) for number in range(players)]

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
        self.link = ClientLink(Channel(limits, uplink=simulation.uplink), random=random)
        self._heard: dict[str, str] = {}
        self._acts_at = float("inf")
        self._asked: dict[int, float] = {}
        self.answered: list[Answered] = []
        self.think: Callable[[], float] | None = None
        self._wants_to_ask = False
        self.question = "1"
        self.stalled_until = 0.0

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

    def sleep(self, until: float) -> None:
        """Do nothing before this time, as a hidden tab."""
        self.stalled_until = until

    def act_by(self, time: float) -> None:
        """Act in the first frame that is not before this time, nor before the end of a stall."""
        time = max(time, self.stalled_until)
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
            self._asked[self.link.send(self.question)] = now
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
    uplink: int = 3,
) -> Pool:
    """Let players ask again and again; all answers that came after the warm-up."""
    pool = Pool()
    for seed in seeds:
        simulation = Simulation(
            seed,
            players=players,
            loss=loss,
            answer=lambda question: "7" * digits,
            relay_interval=relay_interval,
            uplink=uplink,
        )
        for player in simulation.players:
            player.think = lambda random=simulation.random: think(random)
            simulation.at(simulation.random.uniform(0, 3), player.ask)
            player.act_by(0.0)
        simulation.pump_server()
        simulation.run_until(seconds)
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
    _measure_fairness(report, crowds)
    _measure_stall(report, crowds)
    _measure_restart(report, crowds)
    _model_stop_and_wait(report, seeds)


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
    case = f"40 digits, 100 clients, last-value relay, {RELAY_UPLINK} uplink variables"
    pool = played(
        seeds,
        players=100,
        loss=0.0,
        digits=40,
        think=lambda random: random.expovariate(1 / 9.5),
        seconds=60,
        relay_interval=0.1,
        uplink=RELAY_UPLINK,
    )
    report.add(Row("requests", case, pool.count / pool.seconds, "/s"))
    report.add(Row("answer time, p99", case, pool.quantile(0.99), "s", at_most=1.6, aim=1.2))


def _others(seeds: range, disturb: Callable[[Simulation, Player], None], *, players: int, seconds: float) -> Pool:
    """What players who ask for 40 digits now and again get while the first of them does something else."""
    pool = Pool()
    for seed in seeds:
        simulation = Simulation(seed, players=players, loss=0.0, answer=lambda question: "7" * int(question))
        for player in simulation.players:
            player.question = "40"
            player.think = lambda random=simulation.random: random.uniform(0, 4)
            simulation.at(simulation.random.uniform(0, 3), player.ask)
        simulation.pump_server()
        disturb(simulation, simulation.players[0])
        simulation.run_until(seconds)
        pool.answered += [
            answer for player in simulation.players[1:] for answer in player.answered if answer.asked_at > WARM_UP
        ]
    return pool


def _measure_fairness(report: Report, seeds: range) -> None:
    """One player downloads without end, twenty others ask for little."""

    def download(simulation: Simulation, greedy: Player) -> None:
        greedy.question, greedy.think = "100000", lambda: 0.0

    pool = _others(seeds, download, players=21, seconds=90)
    case = "40 digits, 20 clients beside a download of 100,000"
    report.add(Row("answer time, p99", case, pool.quantile(0.99), "s", at_most=2.0))


def _measure_stall(report: Report, seeds: range) -> None:
    """Twenty players, and what it costs the others that one of them sleeps for a minute in the middle of a download."""
    for stall in (0.0, 60.0):

        def sleep(simulation: Simulation, sleeper: Player, until: float = WARM_UP + stall) -> None:
            sleeper.question = "5000"
            simulation.at(WARM_UP, partial(sleeper.sleep, until))

        pool = _others(seeds, sleep, players=20, seconds=WARM_UP + 60)
        case = f"40 digits, 19 clients, another one sleeps {stall:.0f} s"
        report.add(Row("answer time, p99", case, pool.quantile(0.99), "s"))


def _measure_restart(report: Report, seeds: range) -> None:
    """A hundred players say hello at the same moment, as after a restart of the server."""
    for relay_interval, case in ((0.0, "Scratch"), (0.1, "last-value relay")):
        times = []
        for seed in seeds:
            simulation = Simulation(seed, players=100, loss=0.0, answer=str, relay_interval=relay_interval)
            for player in simulation.players:
                player.act_by(0.0)
            simulation.pump_server()
            while not all(player.link.connected for player in simulation.players):
                simulation.run_until(simulation.now + FRAME)
            times.append(simulation.now)
        report.add(Row("all are let in", f"100 clients at once, {case}", statistics.median(times), "s"))


def _model_stop_and_wait(report: Report, seeds: range) -> None:
    for _, loss, case in with_losses("20,000 digits, 1 client, stop-and-wait model"):
        goodputs = []
        for seed in seeds:
            random = Random(seed)
            one_way = ONE_WAY[0] * (ONE_WAY[1] / ONE_WAY[0]) ** random.random()
            seconds = sum(_one_exchange(random, one_way, loss) for _ in range(-(-20_000 // STOP_AND_WAIT_PART)))
            goodputs.append(100 * 20_000 / seconds / CAP)
        report.add(Row("goodput", case, statistics.mean(goodputs), "% of the cap"))


STOP_AND_WAIT_PART = SCRATCH.value_length - 17
"""Digits: the research's headers of 17."""


def _one_exchange(random: Random, one_way: float, loss: float) -> float:
    """Seconds until a question and its part have arrived, asked again each second."""
    seconds = 0.0
    while random.random() < loss or random.random() < loss:
        seconds += 1.0
    for _ in range(2):
        seconds += one_way + RELAY + random.random() * JITTER
        seconds += random.uniform(*STALL) if random.random() < STALLED else 0.0
    return seconds + random.random() * FRAME


if __name__ == "__main__":
    main(str(__doc__).splitlines()[0], measure)
