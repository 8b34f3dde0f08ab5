"""How many requests a second are answered over real sockets, beside scratchattach in the same run?

Wall time, over loopback. The cloud is the embedded one, the server (ours, then theirs) a process of its own, and so are
the players together: each asks for a text, and for the next one in the frame of the answer. Ours runs the real link
in 30 frames a second, or without frames at the pace of the Python twin; theirs is the model of its sprite that our
tests check against recordings. On the Scratch profile both servers keep 0.1 s between two sets. `load` tells how busy
the players' process was: near 100 % it, and not the server, is what was measured.

    pip install '.[benchmark]'
    python benchmarks/requests_wall.py [--quick] [--json FILE]
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from ports import free_port, wait_for
from report import Report, Row, main
from wall_players import PROJECT, Crowd, OurSprite, Outcome, Sprite, TheirSprite, play

from cloudlink.limits import SCRATCH, TURBOWARP

ENGLISH = "The quick brown fox jumps over the lazy dog, and then it asks the server for its score. "

TEXT = f"""
def text(length):
    length = int(length)
    return ({ENGLISH!r} * (length // {len(ENGLISH)} + 1))[:length]
"""

OURS = f"""
import sys
import cloudlink
{TEXT}
kind = cloudlink.CloudConnection if sys.argv[2] == "scratch" else cloudlink.TwCloudConnection
server = cloudlink.CloudRequests(kind("{PROJECT}", username="server", cloud_host=sys.argv[1]))
server.add_request(text)
server.run()
"""

# Its own clouds have fixed hosts or other pauses; these are their numbers, with 0.1 s kept strictly on Scratch.
THEIRS = f"""
import sys
import scratchattach
{TEXT}
scratch = dict(length_limit=256, ws_shortterm_ratelimit=0.1, ws_longterm_ratelimit=0.1)
turbowarp = dict(length_limit=100_000, ws_shortterm_ratelimit=0, ws_longterm_ratelimit=0)
options = scratch if sys.argv[2] == "scratch" else turbowarp
cloud = scratchattach.CustomCloud(project_id="{PROJECT}", cloud_host=sys.argv[1], username="server", **options)
server = cloud.requests()
server.add_request(text)
server.start(thread=False)
"""

SERVERS = {"cloudlink": OURS, "scratchattach": THEIRS}

STARTING = 3.0
"""Seconds that a server has to be ready; theirs does not say when it is, and ignores what comes in its first half."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What the issue asks of a case.

    Attributes:
        at_least: requests a second.
        at_most: seconds.
        aim: of the same.
        as_many: requests a second, in shares of scratchattach's in this run.
    """

    at_least: float | None = None
    at_most: float | None = None
    aim: float | None = None
    as_many: float | None = None


CASES: tuple[tuple[str, Crowd, Goal], ...] = (
    ("scratch", Crowd(20, 10, 25), Goal(at_least=60, aim=85)),
    ("scratch", Crowd(20, 1000, 25), Goal(at_least=2.2, aim=3)),
    ("turbowarp", Crowd(20, 10, 25), Goal(as_many=1)),
    ("turbowarp", Crowd(20, 10, 25, frames=False), Goal(as_many=1, aim=2)),
    ("scratch", Crowd(1, 1000, 60, questions=5), Goal(at_most=0.45, aim=0.36)),
    ("scratch", Crowd(1, 10_000, 60, questions=3), Goal(at_most=4.2, aim=3.2)),
)

QUICK = tuple((profile, replace(crowd, seconds=6), goal) for profile, crowd, goal in (CASES[0], CASES[2], CASES[4]))


@contextmanager
def running(*command: str, port: int | None = None) -> Iterator[None]:
    """A program in a process of its own."""
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
    try:
        if port is not None:
            wait_for(port)
        yield
        if process.poll() is not None:
            raise SystemExit("a server has ended before its time")
    finally:
        process.kill()
        process.wait()


@contextmanager
def serving(name: str, profile: str) -> Iterator[str]:
    """A cloud and a server; the address of the cloud."""
    port = free_port()
    url = f"ws://127.0.0.1:{port}"
    cloud = ("-m", "cloudlink", "cloud", "--profile", profile, "--port", str(port))
    with running(*cloud, port=port), running("-c", SERVERS[name], url, profile):
        time.sleep(STARTING)
        yield url


def measure(report: Report) -> None:
    """All cases, ours and theirs."""
    names = list(SERVERS)
    if importlib.util.find_spec("scratchattach") is None:
        names.remove("scratchattach")
        report.heading("left out: scratchattach; pip install '.[benchmark]' brings it")
    for profile, crowd, goal in QUICK if report.quick else CASES:
        where = f"{crowd.players} x {crowd.length:,}" + ("" if crowd.frames else ", no frames")
        report.heading(f"{profile} profile, {where} characters")
        rates: dict[str, float] = {}
        for name in reversed(names):  # ours last: its goal may be theirs
            rates[name] = _measure(report, name, profile, crowd, where, goal, rates.get("scratchattach"))


def _measure(
    report: Report, name: str, profile: str, crowd: Crowd, where: str, goal: Goal, theirs: float | None
) -> float:
    limits = SCRATCH if profile == "scratch" else TURBOWARP
    ours = partial(OurSprite, limits, frames=crowd.frames)
    make: Callable[[], Sprite] = ours if name == "cloudlink" else TheirSprite
    with serving(name, profile) as url:
        worked = time.process_time()
        outcome = play(crowd, url, make, (ENGLISH * (crowd.length // len(ENGLISH) + 1))[: crowd.length])
        worked = time.process_time() - worked
    case = f"{name}, {where}"
    goal = goal if name == "cloudlink" else Goal()
    rate = len(outcome.times) / outcome.seconds
    if crowd.players > 1:
        at_least, aim = goal.at_least, goal.aim
        if goal.as_many is not None and theirs is not None:
            at_least, aim = goal.as_many * theirs, goal.aim and goal.aim * theirs
        report.add(Row("requests", case, rate, "/s", at_least=at_least, aim=aim))
    _report_times(report, case, outcome, goal)
    report.add(Row("load of the players", case, 100 * worked / outcome.seconds, "%"))
    return rate


def _report_times(report: Report, case: str, outcome: Outcome, goal: Goal) -> None:
    if outcome.times:
        median = statistics.median(outcome.times)
        report.add(
            Row("answer time, median", case, median, "s", at_most=goal.at_most, aim=goal.aim if goal.at_most else None)
        )
        report.add(Row("answer time, 95 %", case, sorted(outcome.times)[int(0.95 * len(outcome.times))], "s"))
    ours = case.startswith("cloudlink")
    report.add(Row("no answer in time", case, outcome.timeouts, "requests", at_most=0 if ours else None))
    report.add(Row("wrong answers", case, outcome.wrong, "requests", at_most=0 if ours else None))


if __name__ == "__main__":
    main(str(__doc__).splitlines()[0], measure)
