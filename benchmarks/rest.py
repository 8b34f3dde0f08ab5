"""How long does it take to read a long list and to fetch a large project, and what does each take without care?

Wall time, against a `cloudlink.testing.LocalSite` in a process of its own, 20 ms away: a request takes one round trip,
a new connection takes two more, as TCP and TLS do. Nobody waits for turns here, for the pacing is the same whatever
carries the requests; with its default, ten reads a second, the list takes 25 s at least.

    python benchmarks/rest.py [--quick] [--json FILE]
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from report import Report, Row, main

from cloudlink import Client, Hosts, get_project, get_user
from cloudlink.rest.http import Reply, Request, RequestsTransport, Transport
from cloudlink.rest.pacing import Intervals
from cloudlink.testing import LocalSite, Rules

ROUND_TRIP = 0.02
ASSETS = 300
PARTS = ("api", "projects", "assets")


def serve(pipe: Connection, followers: int) -> None:
    """The site, until the other end says something: tells its addresses and the project's number."""
    with LocalSite(rules=Rules(round_trip=ROUND_TRIP)) as site:
        star = site.add_user("star")
        for number in range(followers):
            site.follow(site.add_user(f"fan{number}"), star)
        names = [site.add_asset(f"<svg>{number}</svg>".encode() * 500, "svg") for number in range(ASSETS)]
        costumes = [{"assetId": name[:32], "dataFormat": "svg", "md5ext": name} for name in names]
        stage = {"isStage": True, "name": "Stage", "costumes": costumes, "sounds": []}
        project = site.add_project(star, json={"targets": [stage]})
        pipe.send(({part: site.hosts[f"{part}.scratch.mit.edu"] for part in PARTS}, project.id))
        pipe.recv()


@contextmanager
def local_site(followers: int) -> Iterator[tuple[Mapping[str, str], int]]:
    """The addresses of the site's parts, and the number of the project on it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, followers), daemon=True)
    process.start()
    theirs.close()  # so that `recv` hears of it if the process ends
    try:
        yield ours.recv()
        ours.send("enough")
        process.join(10)
    finally:
        process.kill()


def connection_each(request: Request) -> Reply:
    """A transport that connects anew for every request."""
    transport = RequestsTransport()
    try:
        return transport(request)
    finally:
        transport.close()


class Watched:
    """A transport that remembers what was asked for."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Reply:
        """Send the request on."""
        self.requests.append(request)
        return self._transport(request)


def client_over(transport: Transport, hosts: Mapping[str, str]) -> Client:
    """A client that waits for no turns."""
    return Client(hosts=Hosts(**hosts), transport=transport, intervals=Intervals(0, 0))


def seconds(work: Callable[[], Any]) -> float:
    """How long that takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def walk(client: Client, followers: int) -> None:
    """Read all followers, and see that each came, and once."""
    names = [user.username for user in get_user("star", client=client).iter_followers()]
    if sorted(names) != sorted(f"fan{number}" for number in range(followers)):
        raise SystemExit(f"{len(names):,} names came, {len(set(names)):,} different ones, of {followers:,} followers")


def pages_one_by_one(client: Client, followers: int) -> None:
    """Read all followers in the plainest way: a page when the one before it is there."""
    star = get_user("star", client=client)
    for offset in range(0, followers + 1, 40):
        list(star.iter_followers(40, offset))


def measure_list(report: Report, hosts: Mapping[str, str], followers: int) -> None:
    """The followers: over a connection each, over one that stays open, and as the library reads them."""
    report.heading(f"{followers:,} followers, {ROUND_TRIP * 1000:g} ms away")
    alone = seconds(lambda: pages_one_by_one(client_over(connection_each, hosts), followers))
    report.add(Row("reading the list", "a new connection for each request", alone, "s"))
    pool = RequestsTransport()
    kept = seconds(lambda: pages_one_by_one(client_over(pool, hosts), followers))
    report.add(Row("reading the list", "an open connection, page by page", kept, "s"))
    watched = Watched(pool)
    ours = seconds(lambda: walk(client_over(watched, hosts), followers))
    report.add(Row("reading the list", "user.iter_followers()", ours, "s"))
    report.add(Row("times faster", "than a new connection for each request", alone / ours, "times", at_least=5))
    limits = [int(query["limit"][0]) for query in map(query_of, watched.requests) if "limit" in query]
    report.add(Row("largest limit", "of all requests", max(limits), "items", at_most=40))
    report.add(Row("requests", "of user.iter_followers()", len(limits), "requests"))
    grown = growth(pool, hosts, followers)
    report.add(Row("more memory in use", "in the last quarter than in the second", grown, "kB", at_most=200))
    pool.close()


def query_of(request: Request) -> dict[str, list[str]]:
    """The parameters of a request."""
    return parse_qs(urlsplit(request.url).query)


def growth(transport: Transport, hosts: Mapping[str, str], followers: int) -> float:
    """By how many kB the most memory in use grows from the second quarter of the list to the last one.

    The reader keeps none of the followers; the pages that are under way are in both.
    """
    most: dict[int, int] = {}
    tracemalloc.start()
    for count, _ in enumerate(get_user("star", client=client_over(transport, hosts)).iter_followers(), start=1):
        if count % (followers // 4) == 0:
            most[count] = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
    tracemalloc.stop()
    return (most[followers] - most[followers // 2]) / 1000


def measure_project(report: Report, hosts: Mapping[str, str], number: int) -> None:
    """The project: one asset after the other, and several at a time."""
    report.heading(f"a project with {ASSETS} assets, {ROUND_TRIP * 1000:g} ms away")
    pool = RequestsTransport()
    project = get_project(number, client=client_over(pool, hosts))
    with tempfile.TemporaryDirectory() as folder:
        one = seconds(lambda: project.download("one.sb3", dir=folder, workers=1))
        report.add(Row("downloading the project", "one after another", one, "s"))
        many = seconds(lambda: project.download("many.sb3", dir=folder))
        report.add(Row("downloading the project", "project.download()", many, "s"))
        if (Path(folder) / "one.sb3").read_bytes() != (Path(folder) / "many.sb3").read_bytes():
            raise SystemExit("the two files differ")
    pool.close()
    report.add(Row("times faster", "than one after another", one / many, "times", at_least=4))


def measure(report: Report) -> None:
    """Both questions; a quick run reads a shorter list."""
    followers = 4_000 if report.quick else 10_000
    with local_site(followers) as (hosts, number):
        measure_list(report, hosts, followers)
        measure_project(report, hosts, number)


if __name__ == "__main__":
    main(str(__doc__).splitlines()[0], measure)
