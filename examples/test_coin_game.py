"""A game that remembers coins, and how to test it without a network.

    pytest examples/test_coin_game.py

`make_server` is the game; in a program of your own it would stand in a file by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cloudlink import CloudRequests, RequestError, Storage
from cloudlink.testing import TestBench, Weather
from cloudlink.transport.connection import Connection


def make_server(cloud: Connection, store: Storage) -> CloudRequests:
    """The game: players find coins, and give them to each other."""
    client = CloudRequests(cloud)
    coins = store.namespace("coins")

    @client.request
    def find(player: str, amount: int) -> int:
        store.leaderboard("finders").add(player, amount)
        return int(coins.add(player, amount))

    @client.request
    def give(giver: str, taker: str, amount: int) -> int:
        with store.transaction():
            if not 0 < amount <= coins.get(giver, 0):
                raise RequestError("you do not have so many coins")
            coins.add(taker, amount)
            return int(coins.add(giver, -amount))

    @client.request
    def top() -> list[str]:
        return [f"{entry.rank}. {entry.player}: {entry.score}" for entry in store.leaderboard("finders").top(3)]

    return client


@pytest.fixture
def bench() -> Iterator[TestBench]:
    """The game with an empty store."""
    with Storage(":memory:") as store, TestBench(lambda cloud: make_server(cloud, store)) as bench:
        yield bench


def test_coins_are_found_and_given(bench: TestBench) -> None:
    """What the players see."""
    ann, bob = bench.player("ann"), bench.player("bob")
    assert ann.request("find", "ann", 10) == 10
    assert ann.request("give", "ann", "bob", 4) == 6
    assert bob.request("find", "bob", 1) == 5
    assert bob.request("top") == ["1. ann: 10", "2. bob: 1"]


def test_nobody_gives_what_they_do_not_have(bench: TestBench) -> None:
    """What they see when they try."""
    with pytest.raises(RequestError, match="you do not have so many coins"):
        bench.player("ann").request("give", "ann", "bob", 1)


def test_no_coin_is_found_twice_in_bad_weather(bench: TestBench) -> None:
    """A third of all values is lost, and some come twice; each request is run once all the same."""
    ann = bench.player("ann", timeout=60)
    bench.weather = Weather(loss=0.3, doubling=0.3, disorder=True, delay=(0.0, 0.02))
    assert [ann.request("find", "ann", 1) for _ in range(5)] == [1, 2, 3, 4, 5]
