"""Does the server's memory stay bounded with a thousand clients over an hour?

Virtual time. A thousand real `ClientLink`s say hello within a minute and then each ask, in the mean once in 40 s, for
20 digits, over a cloud that loses 5 % of all values and delays each by 0.1 to 0.4 s. Every tenth goes away after a
while and comes back as a new client. What is shown is Python's own count of the memory that all ends together hold.

    python benchmarks/link_hour.py [--quick] [--json FILE]
"""

from __future__ import annotations

import sys
import tracemalloc
from functools import partial
from pathlib import Path
from random import Random

from report import Report, Row, main

from cloudlink.limits import SCRATCH
from cloudlink.link import frame
from cloudlink.link.client import ClientLink
from cloudlink.link.events import AnswerReceived, RequestReceived
from cloudlink.link.server import ServerLink
from cloudlink.link.settings import Channel

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from virtual_time import VirtualTime

CLIENTS = 1000
PAUSE = 40.0
LOSS = 0.05
DELAY = (0.1, 0.4)
RETURN = 900.0
"""Seconds after which each tenth client goes away and another one comes."""


class Hour(VirtualTime):
    """The server, the clients, and what is under way between them."""

    def __init__(self, seed: int, clients: int) -> None:
        super().__init__()
        self.random = Random(seed)
        self.channel = Channel(SCRATCH)
        self.server = ServerLink(self.channel, random=self.random, now=0.0)
        self.clients = [ClientLink(self.channel, random=self.random) for _ in range(clients)]
        self.asked = self.answered = 0
        self._planned = [float("inf")] * clients
        self._server_planned = float("inf")
        for number in range(clients):
            self.at(self.random.uniform(0, 60), partial(self.ask, number))
            if number % 10 == 0:
                self.at(self.random.uniform(60, RETURN), partial(self.come_anew, number))

    def ask(self, number: int) -> None:
        """Let a client ask, now and again."""
        self.clients[number].send("1")
        self.asked += 1
        self.turn(number)
        self.at(self.now + self.random.expovariate(1 / PAUSE), partial(self.ask, number))

    def come_anew(self, number: int) -> None:
        """Put a new client in the place of one."""
        self.clients[number] = ClientLink(self.channel, random=self.random)
        self._planned[number] = float("inf")
        self.at(self.now + self.random.uniform(0.5, 1.5) * RETURN, partial(self.come_anew, number))

    def turn(self, number: int) -> None:
        """Let a client do what is due."""
        client = self.clients[number]
        while (event := client.next_event()) is not None:
            self.answered += isinstance(event, AnswerReceived)
        for write in client.writes(now=self.now):
            if self.random.random() >= LOSS:
                self.at(self.now + self.random.uniform(*DELAY), partial(self.to_server, write.name, write.value))
        wakeup = client.wakeup(now=self.now)
        if wakeup is not None and wakeup < self._planned[number]:
            self._planned[number] = wakeup
            self.at(wakeup, partial(self.wake, number, wakeup))

    def wake(self, number: int, planned: float) -> None:
        """Turn, unless another turn was planned since."""
        if self._planned[number] == planned:
            self._planned[number] = float("inf")
            self.turn(number)

    def to_server(self, name: str, value: str) -> None:
        """A value arrives."""
        self.server.receive(name, value, now=self.now)
        self.turn_server()

    def turn_server(self) -> None:
        """Let the server do what is due."""
        self._server_planned = float("inf")
        while (event := self.server.next_event()) is not None:
            if isinstance(event, RequestReceived):
                self.server.send(event.client, event.message, "7" * 20)
        for write in self.server.writes(now=self.now):
            self.at(self.now + self.random.uniform(*DELAY), partial(self.to_clients, write.name, write.value))
        wakeup = self.server.wakeup(now=self.now)
        if wakeup is not None:
            self._server_planned = wakeup
            self.at(wakeup, partial(self.wake_server, wakeup))

    def wake_server(self, planned: float) -> None:
        """Turn, unless another turn was planned since."""
        if self._server_planned == planned:
            self.turn_server()

    def to_clients(self, name: str, value: str) -> None:
        """Tell those who wait for something; the others would only pass over it."""
        control = frame.kind(value) == frame.CONTROL
        for number, client in enumerate(self.clients):
            if self._planned[number] < float("inf") and (control or client.connected) and self.random.random() >= LOSS:
                client.receive(name, value, now=self.now)
                self.turn(number)


def measure(report: Report) -> None:
    """An hour, or five minutes of it."""
    clients, end = (100, 600.0) if report.quick else (CLIENTS, 3600.0)
    case = f"{clients:,} clients"
    hour = Hour(1, clients)
    tracemalloc.start()
    for share in (1 / 6, 1 / 3, 2 / 3, 1):
        hour.run_until(end * share)
        memory = tracemalloc.get_traced_memory()[0]
        report.add(Row("memory of all ends", f"{case}, after {end * share / 60:.0f} minutes", memory / 1e6, "MB"))
    tracemalloc.stop()
    report.add(Row("requests", case, hour.asked, ""))
    report.add(Row("answered", case, 100 * hour.answered / hour.asked, "%"))
    report.add(Row("sessions at the end", case, len(hour.server.clients), ""))


if __name__ == "__main__":
    main(str(__doc__).splitlines()[0], measure)
