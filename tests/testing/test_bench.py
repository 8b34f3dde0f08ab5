"""The test bench: real servers and players without a network."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudlink import SCRATCH, TURBOWARP, CloudRequests, InvalidArgument, NotConnected, RequestError, ValueTooLong
from cloudlink.testing import TestBench, Weather
from cloudlink.transport.connection import Connection, Origin, VariableSet

EXAMPLE = Path(__file__).parents[2] / "examples" / "test_coin_game.py"
SECONDS = 60


def serving(**handlers: Callable[..., Any]) -> Callable[[Connection], CloudRequests]:
    def make_server(cloud: Connection) -> CloudRequests:
        client = CloudRequests(cloud)
        for name, handler in handlers.items():
            client.add_request(handler, name=name)
        return client

    return make_server


def add(a: float, b: float) -> float:
    return a + b


def test_a_handler_is_tested_in_three_lines() -> None:
    with TestBench(serving(add=add)) as bench:
        assert bench.player("ann").request("add", 1, 2) == 3
        with pytest.raises(RequestError, match="a should be a number, not 'x'"):
            bench.player("ann").request("add", "x", 2)


def test_players_are_known_by_their_names_and_made_once() -> None:
    with TestBench(serving(add=add)) as bench:
        assert bench.player("ann") is bench.player("ann")
        assert bench.player("ann") is not bench.player("bob")
        assert bench.server.clients == 2
        bench.player("ann").request("add", 1, 2)
        assert "ann" in {player.user for player in bench.server.players}


@pytest.mark.parametrize("limits", [SCRATCH, TURBOWARP], ids=["scratch", "turbowarp"])
def test_long_answers_arrive_on_both_platforms(limits: Any) -> None:
    with TestBench(serving(repeat=lambda text, times: text * times), limits=limits) as bench:
        assert bench.player("ann", timeout=SECONDS).request("repeat", "word ", 2000) == "word " * 2000


def test_in_bad_weather_each_request_runs_once() -> None:
    runs: list[int] = []
    weather = Weather(loss=0.2, doubling=0.2, disorder=True, delay=(0.0, 0.02))
    with TestBench(serving(note=runs.append), weather=weather, seed=3) as bench:
        player = bench.player("ann", timeout=SECONDS)
        for number in range(10):
            player.request("note", number)
    assert runs == list(range(10))


def test_nothing_gets_through_when_all_is_lost_and_much_when_the_weather_is_better() -> None:
    with TestBench(serving(add=add)) as bench:
        player = bench.player("ann", timeout=SECONDS)
        bench.weather = Weather(loss=1.0)
        answer = player.submit("add", 1, 2)
        with pytest.raises(TimeoutError):
            answer.result(timeout=0.2)
        bench.weather = Weather()
        assert answer.result(timeout=SECONDS) == 3


def test_rubbish_from_a_stranger_disturbs_nobody() -> None:
    with TestBench(serving(add=add)) as bench:
        stranger = bench.connect()
        for value in ("1", "-5", "9" * 256, "0.5"):
            for name in ("TO_1", "FROM_1", "anything"):
                stranger.set_var(name, value)
        assert bench.player("ann", timeout=SECONDS).request("add", 1, 2) == 3


def test_connections_are_as_strict_as_real_ones() -> None:
    with TestBench(serving(add=add)) as bench:
        one, other = bench.connect(), bench.connect()
        told: list[str] = []
        came = threading.Event()

        def listen(event: object) -> None:
            if isinstance(event, VariableSet) and event.name == "score":
                told.append(event.value)
                came.set()
            raise ZeroDivisionError  # a listener's mistake is its own

        other.add_listener(listen)
        one.set_var("score", 12.5)
        assert came.wait(SECONDS)
        assert told == ["12.5"]
        assert one.get_var("score") == other.get_var("score") == "12.5"
        with pytest.raises(InvalidArgument, match="digits"):
            one.set_var("score", "abc")
        with pytest.raises(ValueTooLong, match="257 characters"):
            one.set_var("score", "1" * 257)
        other.remove_listener(listen)
        one.disconnect()
        one.disconnect()
        assert not one.connected
        with pytest.raises(NotConnected, match="was closed"):
            one.set_var("score", 1)


def test_who_comes_later_is_told_the_stored_values_as_such() -> None:
    with TestBench(serving(add=add), weather=Weather(delay=(0.05, 0.05))) as bench:
        bench.connect().set_var("score", 7)
        late, told = bench.connect(), queue.SimpleQueue[VariableSet]()
        late.add_listener(lambda event: told.put(event) if isinstance(event, VariableSet) else None)
        while (event := told.get(timeout=SECONDS)).name != "score":
            pass
        assert (event.value, event.origin) == ("7", Origin.STORED)


def test_the_bench_leaves_no_threads() -> None:
    before = set(threading.enumerate())
    with TestBench(serving(add=add)) as bench:
        bench.player("ann").request("add", 1, 2)
    for thread in set(threading.enumerate()) - before:
        thread.join(SECONDS)
    assert set(threading.enumerate()) <= before
    with pytest.raises(InvalidArgument, match="not set up"):
        bench.player("ann")
    with pytest.raises(InvalidArgument, match="not set up"):
        _ = bench.server


def test_a_function_that_makes_no_server_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="should return its CloudRequests, not None"):
        TestBench(lambda cloud: None).__enter__()  # type: ignore[arg-type, return-value]


def test_the_example_passes() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert "3 passed" in done.stdout, done.stdout
