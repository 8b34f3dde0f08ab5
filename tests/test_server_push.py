"""CloudRequests: what was not asked for, answers item by item, who is there, budgets, several clouds."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial, wraps
from typing import Any

import patience
import pytest
from joining import QUICK, Join, joining

from cloudlink.classic.settings import ClassicChannel
from cloudlink.client import ME, CloudClient
from cloudlink.codec.classic import Encoding
from cloudlink.connection import CloudConnection
from cloudlink.errors import InvalidArgument, RequestError
from cloudlink.localcloud import Faults, LocalCloud
from cloudlink.rpc.budget import Budget
from cloudlink.rpc.messages import encode_item
from cloudlink.serve.player import Player, ReceivedRequest
from cloudlink.server import CloudRequests

SECONDS = 15.0


@pytest.fixture
def join() -> Iterator[Join]:
    with LocalCloud("turbowarp") as cloud, joining(cloud) as join:
        yield join


@pytest.fixture
def server(join: Join) -> Iterator[CloudRequests]:
    server = CloudRequests(join("server"))
    yield server
    server.stop()


until = partial(patience.until, seconds=SECONDS)


# What was not asked for


def test_a_message_reaches_all_who_listen_once_and_in_order(join: Join, server: CloudRequests) -> None:
    server.start()
    heard: list[list[Any]] = [[], [], []]
    with ExitStack() as stack:
        for number in range(3):
            player = stack.enter_context(CloudClient(join(f"player_{number}")))
            player.follow(heard[number].append)
            assert player.wait_follows(timeout=SECONDS)
        said: list[Any] = [f"hello {number}" for number in range(30)] + [{"score": 7}, b"\x00", None]
        assert [server.send(value) for value in said] == [3] * len(said)
        until(lambda: all(one == said for one in heard))


def test_a_message_too_long_for_classic_projects_reaches_all_others(
    join: Join, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []
    heard: list[Any] = []
    server = CloudRequests(join("server"), classic=ClassicChannel(replace(QUICK, value_length=40)))
    server.event(_named("on_unknown_request", lambda request: asked.append(request.name)))
    with server, CloudClient(join("player")) as player:
        player.follow(heard.append)
        assert player.wait_follows(timeout=SECONDS)
        classic = join("classic")
        for request in range(10_000, 10_100):  # the first ones may be taken for what was stored before the server came
            classic.set_var("TO_HOST", f"{Encoding.encode('ping')}.{request}0")
            time.sleep(0.1)
            if asked:
                break
        assert server.send("Hello " * 2000) == 1
        until(lambda: heard == ["Hello " * 2000])
        assert "not sent to classic projects" in caplog.text
        assert server.send("short") == 1
        until(lambda: heard[1:] == ["short"])


def test_topics_reach_those_who_follow_them_and_a_player_alone_can_be_sent_to(
    join: Join, server: CloudRequests
) -> None:
    players: list[Player] = []
    server.event(_named("on_connect", players.append))
    server.start()
    with CloudClient(join("a"), user="ann") as ann, CloudClient(join("b"), user="bob") as bob:
        chat: list[Any] = []
        own: list[Any] = []
        ann.follow(chat.append, topic="chat")
        bob.follow(own.append, topic=ME)
        assert not ann.wait_follows("news", timeout=0)
        assert ann.wait_follows("chat", SECONDS)
        assert bob.wait_follows(ME, SECONDS)
        assert ann.follows("chat")
        assert not ann.follows(ME)
        until(lambda: len(players) == 2)
        assert server.send("hi", topic="chat") == 1
        assert server.send("nobody listens", topic="news") == 0
        assert server.send("nor here") == 0
        to = {player.user: player for player in players}
        assert to["bob"].send("only you") is True
        assert to["ann"].send("not heard") is False
        until(lambda: chat == ["hi"] and own == ["only you"])
        ann.unfollow("chat")
        until(lambda: server.send("bye", topic="chat") == 0)
        with pytest.raises(InvalidArgument, match="followed already"):
            bob.follow(own.append, topic=ME)


def test_who_follows_still_does_after_the_server_was_started_anew(join: Join) -> None:
    heard: list[Any] = []
    with CloudClient(join("player"), user="ann") as player:
        with CloudRequests(join("server")):
            player.follow(heard.append)
            assert player.wait_follows(timeout=SECONDS)
        connected: list[Player] = []
        server = CloudRequests(join("server"))
        server.event(_named("on_connect", connected.append))
        with server:
            player.submit("wake up", timeout=SECONDS).exception()
            until(lambda: server.send("again") == 1)
            until(lambda: "again" in heard)
            assert [one.user for one in connected][-1] == "ann"


def test_a_name_that_is_a_huge_number_is_answered_as_any_other_nonsense(join: Join, server: CloudRequests) -> None:
    here: list[Player] = []

    @server.event
    def on_connect(player: Player) -> None:
        here.append(player)

    server.start()
    with CloudClient(join("player")) as player:
        assert player.request(":hello", 10**5000) is None
        with pytest.raises(RequestError, match="no further topic can be followed"):
            player.request(":follow", 10**5000)
        until(lambda: here)
        assert here[0].user is None


def test_a_flood_of_topics_ends_in_an_error_and_not_in_memory(join: Join, server: CloudRequests) -> None:
    server.start()
    with CloudClient(join("player")) as player:
        for number in range(205):
            answer = player.submit(":follow", str(number))
            if number < 200:
                assert len(answer.result(SECONDS)) == 3
            else:
                assert isinstance(answer.exception(SECONDS), RequestError)
        assert isinstance(player.submit(":follow", "x" * 60).exception(SECONDS), RequestError)
        assert isinstance(player.submit(":strange").exception(SECONDS), RequestError)


# Answers item by item


def test_items_arrive_as_they_are_made(join: Join, server: CloudRequests) -> None:
    go_on = threading.Semaphore(0)

    @server.request
    def count(to: int) -> Iterator[Any]:
        for number in range(to):
            yield {"number": number}
            assert go_on.acquire(timeout=SECONDS)

    server.start()
    with CloudClient(join("player")) as player:
        seen = []
        for item in player.stream("count", 4, timeout=SECONDS):
            seen.append(item["number"])
            go_on.release()
        assert seen == [0, 1, 2, 3]
        go_on.release(4)
        assert player.request("count", 3) == [{"number": 0}, {"number": 1}, {"number": 2}]
        assert player.request("count", 0) == []


def test_an_async_generator_answers_item_by_item_too(join: Join, server: CloudRequests) -> None:
    @server.request
    async def letters(text: str) -> AsyncIterator[str]:
        for letter in text:
            await asyncio.sleep(0)
            yield letter

    server.start()
    with CloudClient(join("player")) as player:
        assert list(player.stream("letters", "Grüße")) == list("Grüße")


def test_a_plain_function_around_an_async_generator_answers_item_by_item_too(join: Join, server: CloudRequests) -> None:
    async def count() -> AsyncIterator[int]:
        for number in range(3):
            yield number

    @wraps(count)
    def logged() -> AsyncIterator[int]:
        return count()

    server.add_request(logged)
    server.start()
    with CloudClient(join("player")) as player:
        assert list(player.stream("count")) == [0, 1, 2]


def test_the_server_sees_how_much_of_an_answer_is_sent(join: Join, server: CloudRequests) -> None:
    received: list[ReceivedRequest] = []
    server.event(_named("on_request", received.append))

    @server.request
    def long() -> str:
        assert server.get_request().unsent == 0
        return "0123456789" * 300

    server.start()
    with CloudClient(join("player")) as player:
        assert player.request("long") == "0123456789" * 300
        until(lambda: [(request.name, request.unsent) for request in received] == [("long", 0)])
        seen: set[int] = set()
        answer = player.submit("long", progress=lambda *parts: seen.add(received[-1].unsent))
        answer.result(SECONDS)
        assert len(seen) > 2  # a busy machine sees fewer of the sixteen frames


def test_an_error_ends_the_items_that_came_before_it(join: Join, server: CloudRequests) -> None:
    @server.request
    def fails(how: str) -> Iterator[int]:
        yield 1
        if how == "kindly":
            raise RequestError("no more for today", 429)
        raise ValueError("hunter2")

    @server.request
    def unsendable() -> Iterator[Any]:
        yield 1
        yield object()

    server.start()
    with CloudClient(join("player")) as player:
        for how, code, text in (("kindly", 429, "no more for today"), ("badly", 500, "internal error")):
            items = player.stream("fails", how)
            assert next(items) == 1
            with pytest.raises(RequestError, match=text) as caught:
                next(items)
            assert caught.value.code == code
            with pytest.raises(RequestError, match=text):
                player.request("fails", how)
        with pytest.raises(RequestError, match="internal error"):
            list(player.stream("unsendable"))


@pytest.mark.parametrize("item", ["x" * 100, "x" * 7])
def test_a_generator_without_end_waits_for_the_channel_and_is_ended(
    join: Join, server: CloudRequests, item: str
) -> None:
    made: list[int] = []
    ended = threading.Event()

    @server.request
    def endless() -> Iterator[str]:
        try:
            while True:
                made.append(1)
                yield item
        finally:
            ended.set()

    server.start()
    with CloudClient(join("player")) as player:
        answer = player.submit("endless", timeout=60)
        error = answer.exception(60)
        assert isinstance(error, RequestError)
        assert error.code == 413
        assert ended.wait(SECONDS)
    assert len(made) * len(encode_item(item)) < 250_000  # the link carries 225,000 digits


def test_a_generator_is_ended_when_nobody_waits_for_its_answer(join: Join, server: CloudRequests) -> None:
    ended = threading.Event()

    @server.request
    def slow() -> Iterator[int]:
        try:
            for number in range(1000):
                yield number
                time.sleep(1.5)
        finally:
            ended.set()

    server.start()
    with CloudClient(join("player")) as player:
        answer = player.submit("slow", timeout=1.0)
        assert isinstance(answer.exception(SECONDS), RequestError)
        assert ended.wait(SECONDS)


# Who is there


def _named(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*arguments: Any) -> None:
        function(*arguments)

    called.__name__ = name
    return called


def test_events_tell_who_comes_and_what_is_asked(join: Join, server: CloudRequests) -> None:
    told: list[tuple[Any, ...]] = []

    @server.event
    def on_ready() -> None:
        told.append(("ready",))

    @server.event
    def on_connect(player: Player) -> None:
        told.append(("connect", player.user, player.connected))

    @server.event
    def on_request(request: ReceivedRequest) -> None:
        told.append(("request", request.name, request.arguments, request.requester))

    @server.event
    def on_unknown_request(request: ReceivedRequest) -> None:
        told.append(("unknown", request.name))

    @server.event
    def on_error(request: ReceivedRequest, error: BaseException) -> None:
        told.append(("error", request.name, type(error)))
        raise ValueError("an event function of the user's own that fails")

    @server.request
    def broken() -> None:
        raise KeyError

    server.start()
    with CloudClient(join("player"), user="griffpatch") as player:
        for name in ("broken", "nobody"):
            assert isinstance(player.submit(name, 1).exception(SECONDS), RequestError)
        assert isinstance(player.submit("broken").exception(SECONDS), RequestError)
    until(lambda: len(told) == 7)
    assert told == [
        ("ready",),
        ("connect", "griffpatch", True),
        ("request", "broken", (1,), "griffpatch"),
        ("request", "nobody", (1,), "griffpatch"),
        ("unknown", "nobody"),
        ("request", "broken", (), "griffpatch"),
        ("error", "broken", KeyError),
    ]
    assert [one.user for one in server.players] == ["griffpatch"]


def test_players_are_gone_after_a_lease_also_while_the_cloud_is_down() -> None:
    passed = 0.0
    gone: list[Player] = []
    with LocalCloud("turbowarp") as cloud, joining(cloud) as join:
        connection = join("server")
        server = CloudRequests(connection, clock=lambda: time.monotonic() + passed)
        server.event(_named("on_disconnect", gone.append))
        with server, CloudClient(join("player"), user="ann") as player:
            player.follow(print)
            assert player.wait_follows(timeout=SECONDS)
            cloud.faults = Faults(outage=True)
            until(lambda: not connection.connected)
            passed = 200.0
            assert server.clients == 1
            passed = 400.0
            until(lambda: server.clients == 0)
            until(lambda: [one.user for one in gone] == ["ann"])
            assert server.send("is anybody there") == 0
            cloud.faults = Faults()
            until(lambda: connection.connected)
            player.submit("nobody", timeout=SECONDS).exception()
            until(lambda: server.send("welcome back") == 1)


def test_an_event_function_that_ends_itself_ends_no_events(join: Join, server: CloudRequests) -> None:
    told: list[str] = []

    @server.event
    def on_request(request: ReceivedRequest) -> None:
        told.append(request.name)
        sys.exit("enough")

    server.start()
    with CloudClient(join("player")) as player:
        for name in ("one", "two"):
            assert isinstance(player.submit(name).exception(SECONDS), RequestError)
    until(lambda: told == ["one", "two"])


def test_an_event_that_does_not_exist_is_refused_with_those_that_do(server: CloudRequests) -> None:
    with pytest.raises(InvalidArgument, match="on_connect"):
        server.event(lambda: None)


def test_a_handler_knows_who_asks_and_since_when(join: Join, server: CloudRequests) -> None:
    @server.request
    def who() -> Any:
        player = server.get_player()
        assert player is not None
        assert player.user == server.get_requester()
        return [server.get_requester(), server.get_timestamp()]

    @server.request
    async def who_later() -> Any:
        await asyncio.sleep(0)
        return server.get_requester()

    server.start()
    with CloudClient(join("a"), user="ann") as ann, CloudClient(join("b")) as stranger:
        name, asked_at = ann.request("who")
        assert name == "ann"
        assert abs(asked_at - time.time()) < SECONDS
        assert ann.request("who_later") == "ann"
        assert stranger.request("who")[0] is None
    with pytest.raises(InvalidArgument, match="within a handler"):
        server.get_requester()


def test_names_with_a_colon_in_front_are_not_for_handlers(server: CloudRequests) -> None:
    with pytest.raises(InvalidArgument, match="cloudlink's own"):
        server.add_request(lambda: None, name=":hello")


# Budgets


def test_who_asks_too_much_is_told_to_wait_and_others_are_not(join: Join) -> None:
    server = CloudRequests(join("server"), client_budget=Budget(3, seconds=3600))
    server.add_request(lambda: "here", name="ping")
    with server, CloudClient(join("a")) as greedy, CloudClient(join("b")) as modest:
        answers = [greedy.submit("ping") for _ in range(5)]
        assert [answer.exception(SECONDS) is None for answer in answers] == [True] * 3 + [False] * 2
        error = answers[-1].exception(SECONDS)
        assert isinstance(error, RequestError)
        assert error.code == 429
        assert modest.request("ping") == "here"


def test_a_user_with_many_tabs_has_one_budget(join: Join) -> None:
    server = CloudRequests(join("server"), user_budget=Budget(2, seconds=3600))
    server.add_request(lambda: "here", name="ping")
    with server, CloudClient(join("a"), user="ann") as one, CloudClient(join("b"), user="ann") as two:
        assert one.request("ping") == two.request("ping") == "here"
        with pytest.raises(RequestError, match="wait a moment"):
            one.request("ping")


# Several clouds


def test_one_server_answers_on_several_clouds(join: Join) -> None:
    with LocalCloud("scratch") as scratch, ExitStack() as stack:
        ours = stack.enter_context(CloudConnection("5", username="server", cloud_host=scratch.url))
        theirs = stack.enter_context(CloudConnection("5", username="player", cloud_host=scratch.url))
        server = CloudRequests(join("server"), ours)
        server.add_request(lambda: server.clouds.index(server.get_player().cloud), name="where")  # type: ignore[union-attr]
        heard: list[Any] = []
        with server, CloudClient(join("a")) as first, CloudClient(theirs) as second:
            assert (first.request("where"), second.request("where")) == (0, 1)
            for player in (first, second):
                player.follow(heard.append)
                assert player.wait_follows(timeout=SECONDS)
            assert server.clients == len(server.players) == 2
            assert server.send("to all") == 2
            until(lambda: heard == ["to all"] * 2)
            assert server.statistics.messages_received >= 4


def test_a_server_without_a_cloud_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="at least one connection"):
        CloudRequests()
