"""The store, in each kind of database."""

from __future__ import annotations

import asyncio
import math
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from places import COINS, PLAYERS

from cloudlink.classic.storage import storage_handlers
from cloudlink.errors import InvalidArgument, RequestError, StorageError, ValueTooLong
from cloudlink.storage import Entry, Namespace, Storage

THREADS = 32


def in_threads(work: Callable[[int], None], threads: int = THREADS) -> None:
    """Do some work in so many threads at once; an error in any of them is raised here."""
    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(work, number) for number in range(threads)]:
            future.result(timeout=100)


def test_a_store_is_a_dictionary(store: Storage) -> None:
    store["coins"] = 5
    store["hat"] = {"colour": "red"}
    assert store["coins"] == 5
    assert store.get("shoes") is None
    assert "hat" in store
    assert "shoes" not in store
    assert list(store) == ["coins", "hat"]
    assert dict(store) == {"coins": 5, "hat": {"colour": "red"}} == store
    assert store.pop("coins") == 5
    del store["hat"]
    assert len(store) == 0
    with pytest.raises(KeyError, match="hat"):
        del store["hat"]
    with pytest.raises(KeyError, match="coins"):
        store["coins"]


def test_a_stored_list_is_a_copy(store: Storage) -> None:
    store["friends"] = ["bob"]
    store["friends"].append("eve")
    assert store["friends"] == ["bob"]


def test_namespaces_do_not_touch_one_another(store: Storage) -> None:
    for name in ("ann", "bob", "", "a\x00b", "\ud800", "Ann"):
        store.namespace(name)["name"] = name
    assert {name: space["name"] for name, space in store.namespaces.items()} == {
        name: name for name in ("", "Ann", "a\x00b", "ann", "bob", "\ud800")
    }
    store.namespace("ann").clear()
    assert "ann" not in store.namespaces
    assert store.namespace("bob")["name"] == "bob"
    with pytest.raises(KeyError):
        store.namespaces["ann"]


def test_counters_are_exact(store: Storage) -> None:
    store["stars"] = 10**30
    assert store.add("stars", 1) == 10**30 + 1
    assert store.add("lives") == 1
    assert store.add("lives", -0.5) == 0.5
    store["name"] = "ann"
    with pytest.raises(InvalidArgument, match="the value of 'name' is not a number: 'ann'"):
        store.add("name")
    with pytest.raises(InvalidArgument, match="the amount is not a number: '1'"):
        store.add("lives", "1")  # type: ignore[arg-type]
    store["huge"] = 10**400
    with pytest.raises(InvalidArgument, match="too large for fractions"):
        store.add("huge", 0.5)


def test_bad_keys_and_values_change_nothing(store: Storage) -> None:
    with pytest.raises(ValueTooLong):
        store["k" * 501] = 1
    with pytest.raises(InvalidArgument, match="a object cannot be stored"):
        store["key"] = object()
    with pytest.raises(InvalidArgument):
        store.update({"one": 1, "two": object()})
    with pytest.raises(ValueTooLong, match="namespace's name"):
        store.namespace("n" * 501)
    assert "k" * 501 not in store
    assert len(store) == 0


def test_a_transaction_happens_as_a_whole_or_not_at_all(store: Storage) -> None:
    store["ann"], store["bob"] = 10, 0
    with store.transaction():
        store["ann"] -= 3
        store["bob"] += 3
    with suppress(ZeroDivisionError), store.transaction():
        store["ann"] -= 3
        store.leaderboard("level 1").submit("ann", 5)
        assert store["ann"] == 4
        store["bob"] += 1 // 0
    assert dict(store) == {"ann": 7, "bob": 3}
    assert len(store.leaderboard("level 1")) == 0


def test_a_transaction_within_one_can_fail_by_itself(store: Storage) -> None:
    with store.transaction():
        store["outer"] = 1
        with suppress(ZeroDivisionError), store.transaction():
            store["inner"] = 1
            with store.transaction():
                store["innermost"] = 1
            store["inner"] = 1 // 0
        with pytest.raises(InvalidArgument):
            store.update({"one": 1, "two": object()})
        with store.transaction():
            store["second"] = 2
    assert dict(store) == {"outer": 1, "second": 2}


def test_nobody_sees_half_of_a_transaction(lasting_place: str) -> None:
    if lasting_place.startswith("sqlite://"):
        pytest.skip("there, readers wait")
    with Storage(lasting_place) as store:
        store["old"] = 1
        with store.transaction():
            store["new"] = 2
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(store.copy).result(timeout=60) == {"old": 1}
        assert store.copy() == {"old": 1, "new": 2}


def test_a_leaderboard_keeps_the_best(store: Storage) -> None:
    board = store.leaderboard("level 1")
    assert board.submit("ann", 120)
    assert board.submit("bob", 120.0)
    assert not board.submit("ann", 100)
    assert board.submit("eve", 7.5)
    assert board.submit("zoe", 300)
    assert board.top(3) == [Entry(1, "zoe", 300), Entry(2, "ann", 120), Entry(2, "bob", 120)]
    assert board.top(skip=2) == [Entry(2, "bob", 120), Entry(4, "eve", 7.5)]
    assert [board.rank(player) for player in ("zoe", "ann", "bob", "eve", "nobody")] == [1, 2, 2, 4, None]
    assert board.score("bob") == 120
    assert type(board.score("bob")) is int
    assert board.add("ann", -20) == 100
    assert board.rank("ann") == 3
    assert "ann" in board
    assert board.remove("ann")
    assert not board.remove("ann")
    assert board.score("ann") is None
    assert len(board) == 3
    assert len(store.leaderboard("level 2")) == 0
    board.clear()
    assert board.top() == []


def test_a_leaderboard_of_seconds_has_the_lowest_first(store: Storage) -> None:
    board = store.leaderboard("race", lowest_first=True)
    assert board.submit("ann", 12.5)
    assert not board.submit("ann", 13)
    assert board.submit("bob", 11)
    assert board.submit("ann", 11)
    assert board.top() == [Entry(1, "bob", 11), Entry(1, "ann", 11)]


def test_a_leaderboard_refuses_what_is_no_score(store: Storage) -> None:
    board = store.leaderboard("level 1")
    for score in (float("nan"), "12", True, 2**53 + 1):
        with pytest.raises(InvalidArgument, match="a score is a number"):
            board.submit("ann", score)  # type: ignore[arg-type]
    board.submit("ann", 2**53)
    with pytest.raises(InvalidArgument, match="from -2"):
        board.add("ann", 1000)
    with pytest.raises(InvalidArgument, match="not -1 after 0"):
        board.top(-1)
    assert board.score("ann") == 2**53


def test_threads_lose_no_update(store: Storage) -> None:
    for player in PLAYERS:
        store.namespace(player)["coins"] = COINS
    board = store.leaderboard("transfers")

    def work(number: int) -> None:
        random = Random(number)
        for _ in range(4):
            giver, taker = random.sample(PLAYERS, 2)
            with store.transaction():
                amount = random.randint(0, store.namespace(giver)["coins"])
                store.namespace(giver)["coins"] -= amount
                store.namespace(taker)["coins"] += amount
            board.add(taker)
            store.add("transfers")
            assert sum(entry.score for entry in board.top(20)) <= THREADS * 4

    in_threads(work)
    assert store["transfers"] == THREADS * 4
    assert sum(store.namespace(player)["coins"] for player in PLAYERS) == COINS * len(PLAYERS)
    assert sum(entry.score for entry in board.top(20)) == THREADS * 4


def test_two_stores_on_one_place_take_turns(lasting_place: str) -> None:
    if lasting_place.startswith("sqlite://"):
        lasting_place = lasting_place.removeprefix("sqlite:///")  # two of ours: the driver's waits are SQLite's own
    with Storage(lasting_place) as one, Storage(lasting_place) as other:

        def work(number: int) -> None:
            for _ in range(10):
                (one, other)[number % 2].add("count")

        in_threads(work, 8)
        assert one["count"] == other["count"] == 80


def test_many_programs_make_one_store_at_once(lasting_place: str) -> None:
    code = "import sys; from cloudlink.storage import Storage; Storage(sys.argv[1]).add('count')"
    programs = [subprocess.Popen([sys.executable, "-c", code, lasting_place]) for _ in range(4)]
    assert [program.wait(timeout=100) for program in programs] == [0] * 4
    with Storage(lasting_place) as store:
        assert store["count"] == 4


def test_a_killed_program_loses_nothing_committed_and_leaves_nothing_half(lasting_place: str) -> None:
    with Storage(lasting_place) as store:
        for player in PLAYERS:
            store.namespace(player)["coins"] = COINS
    made = 0
    for attempt in range(2):
        program = subprocess.Popen(
            [sys.executable, Path(__file__).parent / "places.py", lasting_place], stdout=subprocess.PIPE, text=True
        )
        assert program.stdout is not None
        for line in program.stdout:
            made = int(line)
            if made % 20 == 3 + 8 * attempt:
                program.send_signal(signal.SIGKILL)
                break
        made = max([made, *(int(line) for line in program.stdout.read().split())])
        program.stdout.close()
        assert program.wait(timeout=60) == -signal.SIGKILL
        with Storage(lasting_place) as store:
            assert store["transfers"] in (made, made + 1)  # committed, and perhaps not yet said
            board = store.leaderboard("transfers")
            assert sum(entry.score for entry in board.top(20)) == store["transfers"]
            assert sum(store.namespace(player)["coins"] for player in PLAYERS) == COINS * len(PLAYERS)
            made = store["transfers"]
    assert made > 4


def test_a_store_lasts(lasting_place: str) -> None:
    with Storage(lasting_place) as store:
        store["door"] = "open"
        store.leaderboard("level 1").submit("ann", 5)
    with Storage(lasting_place) as store:
        assert store["door"] == "open"
        assert store.leaderboard("level 1").rank("ann") == 1


def test_a_closed_store_says_so(store: Storage) -> None:
    with store.transaction(), pytest.raises(StorageError, match="cannot be closed within a transaction"):
        store.close()
    store.close()
    store.close()
    operations: list[Callable[[], Any]] = [
        lambda: store["a"],
        lambda: store.add("a"),
        lambda: store.leaderboard("b").top(),
        lambda: store.transaction().__enter__(),
    ]
    for operation in operations:
        with pytest.raises(StorageError, match="the store is closed"):
            operation()


def test_closing_waits_for_what_is_under_way(store: Storage) -> None:
    begun, end = threading.Event(), threading.Event()

    def write() -> None:
        with store.transaction():
            begun.set()
            assert end.wait(60)
            store["late"] = 1

    with ThreadPoolExecutor(2) as pool:
        written = pool.submit(write)
        assert begun.wait(60)
        closed = pool.submit(store.close)
        end.set()
        written.result(timeout=60)
        closed.result(timeout=60)


def test_a_writer_who_waits_too_long_is_told(place: str) -> None:
    with Storage(place, timeout=0.05) as store, store.transaction(), ThreadPoolExecutor(1) as pool:
        told = pool.submit(store.add, "a").exception(timeout=60)
        assert isinstance(told, StorageError)
        assert "another thread has had a transaction open for 0.05 s" in str(told)


def test_another_program_that_writes_for_too_long_is_told_of(tmp_path: Path) -> None:
    place = tmp_path / "game.db"
    with (
        Storage(place, timeout=0.05) as store,
        Storage(place) as other,
        other.transaction(),
        pytest.raises(StorageError, match=r"another program has been writing to .* for 0\.05 s"),
    ):
        store["a"] = 1


def test_awaiting_within_a_transaction_is_an_error_and_no_deadlock(store: Storage) -> None:
    async def first(entered: asyncio.Event, leave: asyncio.Event) -> None:
        with store.transaction():
            store["first"] = 1
            entered.set()
            await leave.wait()

    async def both() -> None:
        entered, leave = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(first(entered, leave))
        await entered.wait()
        with pytest.raises(StorageError, match="do not await within a transaction"):
            store["second"] = 2
        leave.set()
        await task

    asyncio.run(both())
    assert dict(store) == {"first": 1}


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("this is not a database, but long enough to look at" * 100)
    for place in (tmp_path / "notes.txt", tmp_path, tmp_path / "no folder" / "game.db"):
        with pytest.raises(StorageError, match="cannot be used"):
            Storage(place)


@pytest.mark.parametrize("scheme", ["", "sqlite:///"])
def test_a_store_of_a_later_layout_is_left_alone(scheme: str, tmp_path: Path) -> None:
    place = tmp_path / "game.db"
    Storage(place).close()
    connection = sqlite3.connect(place)
    with connection:
        connection.execute("UPDATE cloudlink_store SET layout = 2")
    connection.close()
    with pytest.raises(StorageError, match="has layout 2, and this cloudlink knows 1; update"):
        Storage(f"{scheme}{place}")


@pytest.mark.parametrize("url", ["nonsense://host/db", "postgresql+nodriver://host/db", "://"])
def test_an_address_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument, match="address of a database cannot be used"):
        Storage(url)


def test_a_database_that_does_not_answer_is_an_error_without_its_password() -> None:
    with pytest.raises(StorageError, match="cannot be used") as caught:
        Storage("postgresql+psycopg://user:geheim@127.0.0.1:1/db")
    assert "geheim" not in str(caught.value)


def test_a_store_may_wait_without_end(place: str) -> None:
    with Storage(place, timeout=math.inf) as store:
        store["a"] = 1
        assert dict(store) == {"a": 1}


def test_a_leaderboard_may_be_asked_for_more_than_any_database_counts_to(place: str) -> None:
    with Storage(place) as store:
        board = store.leaderboard("level 1")
        board.submit("ann", 120)
        assert board.top(10**30) == [Entry(1, "ann", 120)]
        assert board.top(skip=10**30) == []


def test_a_timeout_is_above_zero() -> None:
    with pytest.raises(InvalidArgument, match="above 0, not 0"):
        Storage(":memory:", timeout=0)


def test_a_namespace_is_named_in_its_repr(store: Storage) -> None:
    assert repr(store.namespace("ann")) == "<Namespace 'ann'>"
    assert repr(store.leaderboard("level 1")) == "<Leaderboard 'level 1'>"
    assert isinstance(store, Namespace)


def test_namespaces_are_databases_of_the_classic_cloud_storage(store: Storage) -> None:
    store.namespace("scores")["ann"] = "12"
    handlers = storage_handlers(store.namespaces)
    handlers["set"]("scores", "bob", "7")
    assert handlers["get"]("scores", "bob") == store.namespace("scores")["bob"] == "7"
    assert handlers["get"]("scores", "eve") is None
    assert handlers["keys"]("scores") == ["ann", "bob"]
    assert handlers["database_names"]() == ["scores"]
    with pytest.raises(RequestError, match="doesn't exist"):
        handlers["get"]("secrets", "bob")
