"""Do fifty clients on a bad day lose or double events, threads or memory?

Real sockets and threads: a cloud on this machine is restarted again and again and loses 5 % of what it relays, while
every client sets variables and listens to all the others. Then everything is stopped and counted.
"""

from __future__ import annotations

import gc
import logging
import random
import threading
import time
import tracemalloc
from collections import Counter

from relay import Relay
from report import Report, Row, main

from cloudlink.connection import TwCloudConnection
from cloudlink.errors import CloudError
from cloudlink.events import CloudEvent, CloudEvents
from cloudlink.localcloud import Faults, LocalCloud
from cloudlink.transport.backlog import WhenDown
from cloudlink.transport.backoff import Backoff
from cloudlink.transport.connection import ConnectionEvent, Disconnected, Origin, VariableSet

CLIENTS = 50
VARIABLES = 9  # and the one that is set first: Scratch's ten
RESTARTS = 20
LOSS = 0.05
SECONDS = 300.0
QUICK_SECONDS = 40.0
BACKOFF = Backoff(first=0.25, longest=2.0, stable=1.0)
SETTLED = 10.0
"""Seconds at the end without restarts or new sets, for what is under way."""


class Client:
    """One program: it sets variables, and listens to the others by events and by a plain listener."""

    def __init__(self, number: int, url: str, *, every: float) -> None:
        self.number = number
        self.live: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.losses = 0
        self.sets = 0
        self._every = every
        self._random = random.Random(number)
        self._stopping = threading.Event()
        self.connection = TwCloudConnection(
            "soak", username=f"client{number}", cloud_host=url, backoff=BACKOFF, when_down=WhenDown.LATEST
        )
        self.connection.add_listener(self._listen)
        self.events = CloudEvents(self.connection)
        self.events.add_handler(self._take, name="on_set")
        self.events.start(daemon=True)
        self._thread = threading.Thread(target=self._play, name=f"player-{number}")
        self._thread.start()

    def _listen(self, event: ConnectionEvent) -> None:
        if isinstance(event, VariableSet) and event.origin is Origin.LIVE:
            self.live[event.value] += 1
        self.losses += isinstance(event, Disconnected) and event.will_retry

    def _take(self, event: CloudEvent) -> None:
        assert event.value is not None
        self.told[event.value] += 1

    def _play(self) -> None:
        while not self._stopping.wait(self._random.uniform(0.0, 2 * self._every)):
            self.sets += 1
            self.connection.set_var(f"v{self.number % VARIABLES}", f"{self.number + 1}{self.sets:06}")

    def stop_setting(self) -> None:
        """Set nothing more; returns when everything is out."""
        self._stopping.set()
        self._thread.join()
        self.connection.flush(SETTLED)

    def stop(self) -> None:
        """End the events and the connection."""
        self.events.stop()
        self.connection.disconnect()


def restart_again_and_again(cloud: LocalCloud, seconds: float) -> float:
    """Spread the restarts over so many seconds; the longest time that it took until the server was up again."""
    dice = random.Random(1)
    begun = time.monotonic()
    slowest = 0.0
    for number in range(1, RESTARTS + 1):
        time.sleep(max(0.0, begun + number * seconds / (RESTARTS + 1) - time.monotonic()))
        stopped_at = time.monotonic()
        cloud.stop()
        time.sleep(dice.uniform(0.0, min(2.0, seconds / RESTARTS / 4)))
        while True:
            try:
                cloud.start()
                break
            except CloudError:  # the port is still being given back
                time.sleep(0.05)
        slowest = max(slowest, time.monotonic() - stopped_at)
    time.sleep(max(0.0, begun + seconds - time.monotonic()))
    return slowest


def soak(report: Report, seconds: float) -> None:
    every = 8.0  # seconds between the sets of a client: 6 sets a second reach 49 others, 300 events a second
    cloud = LocalCloud("scratch", faults=Faults(loss=LOSS, seed=1))
    cloud.start()
    with TwCloudConnection("soak", username="first", cloud_host=cloud.url) as first:
        first.set_var("start", 1)  # so that the first message of each connection tells stored values
        while not cloud.variables("soak"):
            time.sleep(0.01)
    with Relay(cloud.port) as relay:
        clients = [Client(number, f"ws://127.0.0.1:{relay.port}", every=every) for number in range(CLIENTS)]
        slowest = restart_again_and_again(cloud, seconds - SETTLED)
        for client in clients:
            client.stop_setting()
        time.sleep(2.0)
        statistics, delivered = cloud.statistics, relay.live_lines
        for client in clients:
            client.stop()
    cloud.stop()

    told = [client.told for client in clients]
    live = [client.live for client in clients]
    case = f"{CLIENTS} clients, {RESTARTS} restarts, {LOSS:.0%} loss, {seconds:g} s"
    heard = sum(counts.total() for counts in live)
    report.add(Row("sets made by the clients", case, sum(client.sets for client in clients), "sets"))
    report.add(Row("sets the server took", case, statistics.sets_received - 1, "sets"))
    report.add(Row("updates lost on purpose", case, statistics.lost, "updates"))
    report.add(Row("connections lost", case, sum(client.losses for client in clients), "losses"))
    report.add(Row("longest restart", case, slowest, "s"))
    report.add(Row("updates the server delivered", case, delivered, "updates"))
    report.add(Row("delivered, and not received", case, delivered - heard, "updates", at_most=0))
    missing = sum((counts - told).total() for counts, told in zip(live, told, strict=True))
    report.add(Row("received, and no event", case, missing, "events", at_most=0))
    doubled = sum(count - 1 for counts in told for count in counts.values())
    report.add(Row("events doubled", case, doubled, "events", at_most=0))
    caught_up = sum((told - counts).total() for counts, told in zip(live, told, strict=True))
    report.add(Row("events caught up after a reconnect", case, caught_up, "events"))


def memory() -> float:
    """Megabytes that Python objects take."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / 1e6


def measure(report: Report) -> None:
    """One soak to warm up what Python keeps for good, and the one that counts."""
    seconds = QUICK_SECONDS if report.quick else SECONDS
    logging.getLogger("cloudlink").setLevel(logging.ERROR)  # a thousand lost connections are what is wanted here
    tracemalloc.start()
    report.heading("A short one first, so that what Python keeps for good is there already")
    soak(report, 20.0)
    before, threads = memory(), threading.active_count()
    report.heading("The one that counts")
    begun = time.process_time()
    soak(report, seconds)
    report.add(Row("processor time", f"{seconds:g} s", time.process_time() - begun, "s"))
    report.add(Row("threads left", "after stop", threading.active_count() - threads, "threads", at_most=0))
    report.add(Row("memory left", "after stop, Python objects", memory() - before, "MB", at_most=2.0))


if __name__ == "__main__":
    main(__doc__ or "", measure)
