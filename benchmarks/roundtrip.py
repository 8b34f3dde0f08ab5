"""How long does a request take, and how many characters a second arrive, by the length of the answer?

Wall time, over real sockets to the embedded cloud on loopback, one client at a time: the Python twin, and the real
Scratch machine at 30 frames a second where Node is installed. The link is idle before each request.

    python benchmarks/roundtrip.py [--quick] [--json FILE]
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from report import Report, Row, main

from cloudlink import CloudClient, CloudConnection, CloudRequests, PlayerError, TwCloudConnection
from cloudlink.localcloud import LocalCloud
from cloudlink.player import Player, install
from cloudlink.sprite.companion import starter_sb3

PROJECT = "1"
ENGLISH = "The quick brown fox jumps over the lazy dog, and then it asks the server for its score. "

LENGTHS = (10, 100, 1000, 5000)
PAUSE = 0.25
"""Seconds between two requests: longer than the interval of the sets, so that each request finds the link idle."""

Ask = Callable[[int], str]
"""Asks for a text of so many characters."""


def text_of(length: int) -> str:
    """English text of so many characters."""
    return (ENGLISH * (length // len(ENGLISH) + 1))[:length]


@contextmanager
def serving(profile: str) -> Iterator[str]:
    """A cloud and a server on it; the cloud's address."""
    connect = TwCloudConnection if profile == "turbowarp" else CloudConnection
    with LocalCloud(profile) as cloud, connect(PROJECT, username="server", cloud_host=cloud.url) as connection:
        client = CloudRequests(connection)
        client.add_request(text_of, name="text")
        with client:
            yield cloud.url


@contextmanager
def twin(url: str) -> Iterator[Ask]:
    """The Python twin of the sprite."""
    with (
        CloudConnection(PROJECT, username="player1", cloud_host=url) as connection,
        CloudClient(connection, timeout=60) as client,
    ):
        client.wait_connected()
        yield lambda length: str(client.request("text", length))


@contextmanager
def scratch_machine(url: str) -> Iterator[Ask]:
    """The starter project in the real Scratch machine."""
    with tempfile.TemporaryDirectory() as folder, Player(parts=install()) as player:
        starter = Path(folder) / "starter.sb3"
        starter.write_bytes(starter_sb3())
        player.load(starter)
        player.connect(url, user="player1", project_id=PROJECT)
        player.green_flag()
        player.wait_until("server status", equals="online")
        player.set_variable("server timeout", 60)

        def ask(length: int) -> str:
            player.set_values({"server request": "text"}, {"server arguments": [length]})
            player.broadcast("ask server", timeout=70)
            return str(player.variable("server reply"))

        yield ask


def measure(report: Report) -> None:
    """Both profiles, both clients, all lengths."""
    for profile in ("scratch", "turbowarp"):
        for name, client in (("twin", twin), ("scratch-vm", scratch_machine)):
            report.heading(f"{profile} profile, {name}")
            try:
                with serving(profile) as url, client(url) as ask:
                    for length in LENGTHS:
                        _measure_length(report, f"{profile}, {name}, {length:,} characters", ask, length)
            except PlayerError as error:
                report.heading(f"left out: {error}")


def _measure_length(report: Report, case: str, ask: Ask, length: int) -> None:
    repeats = (5 if length < 1000 else 1) if report.quick else (30 if length < 1000 else 5)
    times = [_time(ask, length) for _ in range(repeats)]
    report.add(Row("round trip, median", case, statistics.median(times), "s"))
    report.add(Row("payload", case, length / statistics.median(times), "characters/s"))


def _time(ask: Ask, length: int) -> float:
    time.sleep(PAUSE)
    started = time.perf_counter()
    answer = ask(length)
    seconds = time.perf_counter() - started
    if answer != text_of(length):
        raise SystemExit(f"a wrong answer came back: {answer[:60]!r}")
    return seconds


if __name__ == "__main__":
    main(str(__doc__).splitlines()[0], measure)
