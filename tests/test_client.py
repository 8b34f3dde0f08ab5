"""CloudClient over a real cloud on this machine: asking, waiting, giving up."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from random import Random
from typing import Any

import patience
import pytest
from joining import QUICK, Join, joining

from cloudlink import codec
from cloudlink.client import CloudClient
from cloudlink.errors import DecodeError, InvalidArgument, NotConnected, RequestError, RequestTimeout, ValueTooLong
from cloudlink.link.events import AnswerForgotten, RequestReceived
from cloudlink.link.server import ServerLink
from cloudlink.link.settings import Channel, ServerBounds
from cloudlink.link.topics import MOST_HELD
from cloudlink.link_thread import LinkThread
from cloudlink.localcloud import Faults, LocalCloud
from cloudlink.rpc.messages import ITEMS, decode_request, encode_answer, encode_end, encode_error, encode_item
from cloudlink.server import CloudRequests

SECONDS = 10.0
"""How long a test waits for what should happen soon."""


pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.fixture
def join() -> Iterator[Join]:
    with LocalCloud("turbowarp") as cloud, joining(cloud) as join:
        yield join


@pytest.fixture
def server(join: Join) -> Iterator[CloudRequests]:
    server = CloudRequests(join("server"), workers=1)
    server.add_request(lambda value=None: value, name="echo")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def player(join: Join) -> Iterator[CloudClient]:
    with CloudClient(join("player")) as player:
        yield player


class Slow:
    """A handler that waits until it is told to go on, and counts its runs."""

    def __init__(self, server: CloudRequests) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.runs = 0
        server.add_request(self.work, name="slow")

    def work(self) -> str:
        self.runs += 1
        self.begun.set()
        self.go_on.wait(SECONDS)
        return "done at last"


@pytest.fixture
def slow(server: CloudRequests) -> Iterator[Slow]:
    slow = Slow(server)
    yield slow
    slow.go_on.set()


def wait_until_the_server_knows(player: CloudClient) -> None:
    """Whatever the player sent before has arrived: a request that no worker is needed for has been answered."""
    with pytest.raises(RequestError, match="no request called 'nobody'"):
        player.request("nobody")


def test_a_request_returns_the_answer(server: CloudRequests, player: CloudClient) -> None:
    assert player.request("echo", [1, "two", None]) == [1, "two", None]
    assert player.connected


def test_requests_under_way_at_the_same_time_keep_their_answers_apart(
    server: CloudRequests, player: CloudClient
) -> None:
    answers = [player.submit("echo", number) for number in range(120)]  # more than a hundred message numbers
    assert [answer.result(SECONDS) for answer in answers] == list(range(120))


def test_a_client_may_be_used_from_many_threads(server: CloudRequests, player: CloudClient) -> None:
    answers: dict[int, Any] = {}

    def ask(number: int) -> None:
        answers[number] = player.request("echo", number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert answers == {number: number for number in range(10)}


def test_several_clients_are_served_at_once(server: CloudRequests, join: Join) -> None:
    with ExitStack() as stack:
        players = [stack.enter_context(CloudClient(join(f"player{number}"))) for number in range(6)]
        answers = {
            (number, turn): player.submit("echo", f"{number}/{turn}")
            for number, player in enumerate(players)
            for turn in range(5)
        }
        for (number, turn), answer in answers.items():
            assert answer.result(SECONDS) == f"{number}/{turn}"
        assert server.clients == 6


def test_answers_come_in_the_language_packs_of_the_one_who_asks(server: CloudRequests, join: Join) -> None:
    chat = [f"¡Hola, jugador {number}! ¿Quieres jugar conmigo otra vez?" for number in range(30)]
    sizes: dict[str, set[int | None]] = {"with": set(), "without": set()}
    for name, languages in (("with", ["ru", "es"]), ("without", [])):
        with CloudClient(join(name), languages=languages) as player:
            answer = player.submit("echo", chat, progress=lambda received, total, name=name: sizes[name].add(total))
            assert answer.result(SECONDS) == chat
    ((with_packs,), (without,)) = (some - {None} for some in sizes.values())
    assert with_packs < 0.8 * without


def test_a_client_has_no_language_pack_that_there_is_not(join: Join) -> None:
    with pytest.raises(InvalidArgument, match="no language pack 'xx'"):
        CloudClient(join("player"), languages=["xx"])


def test_an_error_of_the_handler_arrives_with_its_code_and_text(server: CloudRequests, player: CloudClient) -> None:
    @server.request
    def fail() -> None:
        raise RequestError("half \ud83d of an emoji", 418)

    with pytest.raises(RequestError) as caught:
        player.request("fail")
    assert (caught.value.code, caught.value.text) == (418, "half \\ud83d of an emoji")


# Progress


def test_the_progress_of_a_long_answer_is_told(server: CloudRequests, player: CloudClient) -> None:
    told: list[tuple[int, int]] = []
    text = "".join(Random(1).choices("abcdefgh ", k=2000))
    answer = player.submit("echo", text, progress=lambda received, total: told.append((received, total)))
    assert answer.result(SECONDS) == text
    assert len(told) > 5
    assert [received for received, _ in told] == sorted(received for received, _ in told)
    assert all(received < total for received, total in told if total)
    assert len({total for _, total in told if total}) == 1


def test_a_progress_function_that_fails_costs_nothing_but_a_line_in_the_log(
    server: CloudRequests, player: CloudClient, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(received: int, total: int) -> None:
        raise ZeroDivisionError("a bug in the progress bar")

    assert player.submit("echo", "x" * 2000, progress=fail).result(SECONDS) == "x" * 2000
    assert "a bug in the progress bar" in caplog.text
    assert player.request("echo", 1) == 1


def test_an_item_function_that_fails_costs_neither_the_further_items_nor_the_answer(
    server: CloudRequests, player: CloudClient, caplog: pytest.LogCaptureFixture
) -> None:
    server.add_request(lambda: (number for number in range(3)), name="count")
    seen: list[int] = []

    def fail(item: int) -> None:
        seen.append(item)
        raise ZeroDivisionError("a bug in the item function")

    assert player.submit("count", on_item=fail, timeout=SECONDS).result(2 * SECONDS) == [0, 1, 2]
    assert seen == [0, 1, 2]
    assert "a bug in the item function" in caplog.text


def test_an_item_function_may_itself_raise_an_error_of_this_library(server: CloudRequests, player: CloudClient) -> None:
    server.add_request(lambda: (number for number in range(3)), name="count")

    def fail(item: int) -> None:
        raise InvalidArgument("this is about something else than the request")

    assert player.submit("count", on_item=fail).result(SECONDS) == [0, 1, 2]


# Timeouts


def test_without_a_server_a_request_times_out_and_says_so(player: CloudClient) -> None:
    started = time.monotonic()
    with pytest.raises(RequestTimeout, match="no answer in time") as caught:
        player.request("echo", timeout=0.2)
    assert caught.value.code == 408
    assert 0.2 <= time.monotonic() - started < SECONDS
    assert not player.connected
    assert not player.wait_connected(timeout=0.01)


def test_a_request_waits_for_a_server_that_comes_late(player: CloudClient, join: Join) -> None:
    answer = player.submit("echo", "hello")
    with CloudRequests(join("server")) as server:
        server.add_request(lambda text: text, name="echo")
        assert answer.result(SECONDS) == "hello"
        assert player.wait_connected(timeout=SECONDS)


def test_the_clients_own_timeout_counts_where_a_request_has_none(join: Join) -> None:
    with CloudClient(join("player"), timeout=0.1) as player, pytest.raises(RequestTimeout):
        player.request("echo")


@pytest.mark.parametrize("timeout", [math.inf, 1e12, 200.0])
def test_a_request_may_wait_as_long_as_it_likes(server: CloudRequests, player: CloudClient, timeout: float) -> None:
    assert player.submit("echo", 1, timeout=timeout).result(SECONDS) == 1
    assert player.submit("echo", 2).result(SECONDS) == 2


def test_whoever_is_told_of_a_timeout_may_wait_for_other_threads_that_ask(player: CloudClient) -> None:
    others: list[bool] = []

    def tell(answer: Future[Any]) -> None:
        other = threading.Thread(target=player.submit, args=("echo",))
        other.start()
        other.join(SECONDS)
        others.append(other.is_alive())

    answer = player.submit("echo", timeout=0.05)
    answer.add_done_callback(tell)
    assert isinstance(answer.exception(SECONDS), RequestTimeout)
    patience.until(lambda: others, seconds=2 * SECONDS)
    assert others == [False]


@pytest.mark.parametrize(
    "wait",
    [
        lambda player: player.request("echo", timeout=0.1),
        lambda player: next(player.stream("echo", timeout=0.1)),
        lambda player: player.wait_connected(0.1),
        lambda player: player.wait_follows(timeout=0.1),
    ],
)
def test_a_function_in_the_clients_own_thread_cannot_wait_for_what_only_this_thread_can_bring(
    slow: Slow, player: CloudClient, wait: Callable[[CloudClient], Any]
) -> None:
    raised: list[BaseException] = []

    def wait_here(answer: Future[Any]) -> None:
        try:
            wait(player)
        except BaseException as error:
            raised.append(error)

    player.submit("slow").add_done_callback(wait_here)
    slow.go_on.set()
    patience.until(lambda: raised, seconds=SECONDS)
    assert isinstance(raised[0], InvalidArgument)
    assert "use submit" in str(raised[0])
    assert player.request("echo", 1) == 1


@pytest.mark.parametrize("timeout", [0, -1, math.nan])
def test_a_timeout_that_makes_no_sense_is_refused(player: CloudClient, timeout: float) -> None:
    with pytest.raises(InvalidArgument, match="above 0"):
        player.submit("echo", timeout=timeout)


def test_what_waits_beyond_its_timeout_is_not_run_any_more(
    server: CloudRequests, player: CloudClient, slow: Slow
) -> None:
    first = player.submit("slow")
    assert slow.begun.wait(SECONDS)
    second = player.submit("slow", timeout=0.3)  # the only worker is busy
    assert isinstance(second.exception(SECONDS), RequestTimeout)
    wait_until_the_server_knows(player)
    slow.go_on.set()
    assert first.result(SECONDS) == "done at last"
    assert player.request("echo", 1) == 1  # the worker took what was waiting before
    assert slow.runs == 1


def test_a_request_that_was_given_up_is_not_answered_and_the_next_ones_are(
    server: CloudRequests, player: CloudClient, slow: Slow
) -> None:
    assert player.request("echo", "here", timeout=SECONDS) == "here"
    given_up = player.submit("slow", timeout=1.0)
    assert slow.begun.wait(SECONDS)
    assert isinstance(given_up.exception(SECONDS), RequestTimeout)
    wait_until_the_server_knows(player)
    sent = server.statistics.messages_sent
    slow.go_on.set()
    assert player.request("echo", 1) == 1
    assert server.statistics.messages_sent == sent + 1


def test_the_future_of_a_request_under_way_cannot_be_cancelled(player: CloudClient) -> None:
    answer = player.submit("echo", timeout=0.1)
    assert not answer.cancel()
    assert isinstance(answer.exception(SECONDS), RequestTimeout)


# What cannot be sent, and what cannot be read


@pytest.mark.parametrize("argument", [{1, 2}, object(), "\ud83d"])
def test_an_argument_that_cannot_be_sent_is_refused_before_anything_is_sent(
    player: CloudClient, argument: object
) -> None:
    with pytest.raises(InvalidArgument):
        player.submit("echo", argument)
    assert player.statistics.messages_sent == 0


def test_a_request_that_is_too_long_is_refused_with_the_numbers(server: CloudRequests, player: CloudClient) -> None:
    with pytest.raises(ValueTooLong, match="the link carries"):
        player.submit("echo", "x" * 300_000)
    assert player.request("echo", 1) == 1


@pytest.mark.parametrize(
    ("digits", "words"), [("7", "at least one"), ("0", "at least one"), ("7" + codec.encode(None), "begin with 7")]
)
def test_an_answer_that_cannot_be_read_is_an_error_of_its_request_alone(join: Join, digits: str, words: str) -> None:
    connection = join("other_version")
    link = ServerLink(Channel(QUICK), random=Random(1), now=time.monotonic())

    def answer(event: object) -> None:
        if isinstance(event, RequestReceived):
            with thread.use():
                link.send(event.client, event.message, digits)

    thread = LinkThread(connection, link, on_event=answer, name="other-version")
    thread.start()
    try:
        with CloudClient(join("player")) as player:
            for _ in range(2):
                with pytest.raises(DecodeError, match=words):
                    player.request("echo")
    finally:
        thread.stop()


def test_who_has_some_items_of_an_answer_that_is_no_longer_kept_gets_the_error() -> None:
    link = ServerLink(Channel(QUICK), random=Random(1), now=time.monotonic(), bounds=ServerBounds(answers_digits=3000))
    asked: dict[str, RequestReceived] = {}

    def listen(event: object) -> None:
        with thread.use():
            if isinstance(event, RequestReceived):
                asked[decode_request(event.digits).name] = event
            elif isinstance(event, AnswerForgotten):
                link.send(event.client, event.message, encode_error(RequestError("no longer kept", 410)))

    def answer(name: str, digits: str, *, whole: bool) -> None:
        with thread.use():
            link.send(asked[name].client, asked[name].message, digits, whole=whole)

    with LocalCloud("turbowarp") as cloud, joining(cloud) as join:
        thread = LinkThread(join("server"), link, on_event=listen, name="server")
        thread.start()
        try:
            with CloudClient(join("player"), timeout=60.0) as player:
                seen: list[Any] = []
                items = player.submit("items", on_item=seen.append)
                other = player.submit("other")
                assert thread.wait_for(lambda: len(asked) == 2, timeout=SECONDS)
                answer("items", ITEMS + encode_item("first"), whole=False)
                patience.until(lambda: seen == ["first"], seconds=SECONDS)
                cloud.faults = Faults(loss=1.0)
                answer("items", encode_item(list(range(1000, 1400))) + encode_end(), whole=True)
                assert thread.wait_for(lambda: not link.pending, timeout=SECONDS)
                answer("other", encode_answer("7" * 2000), whole=True)
                cloud.faults = Faults()
                error = items.exception(2 * SECONDS)
                assert isinstance(error, RequestError)
                assert (error.code, seen) == (410, ["first"])
                assert other.result(SECONDS) == "7" * 2000
        finally:
            thread.stop()


# Topics


def test_who_unfollows_and_follows_again_before_the_answer_is_not_taken_at_an_earlier_word(join: Join) -> None:
    link = ServerLink(Channel(QUICK), random=Random(1), now=time.monotonic())
    asked: list[RequestReceived] = []
    heard: list[tuple[str, Any]] = []
    topics = [link.open_topic(), link.open_topic()]  # as where nobody else follows it

    def listen(event: object) -> None:
        if isinstance(event, RequestReceived):
            with thread.use():
                asked.append(event)

    def answer(place: int) -> None:
        client, message = asked[place].client, asked[place].message
        with thread.use():
            link.send(client, message, encode_answer([topics[place], link.subscribe(client, topics[place]), MOST_HELD]))

    thread = LinkThread(join("server"), link, on_event=listen, name="server")
    thread.start()
    try:
        with CloudClient(join("player")) as player:
            player.follow(lambda value: heard.append(("first", value)), topic="chat")
            assert thread.wait_for(lambda: len(asked) == 1, timeout=SECONDS)
            player.unfollow("chat")
            player.follow(lambda value: heard.append(("second", value)), topic="chat")
            answer(0)
            assert thread.wait_for(lambda: len(asked) == 2, timeout=SECONDS)
            assert not player.follows("chat")
            answer(1)
            assert player.wait_follows("chat", SECONDS)
            with thread.use():
                for topic in topics:
                    link.publish(topic, codec.encode(topic), now=time.monotonic())
            patience.until(lambda: heard == [("second", topics[1])], seconds=SECONDS)
        assert [decode_request(event.digits).name for event in asked] == [":follow", ":follow"]
    finally:
        thread.stop()


@pytest.mark.parametrize("follows", [True, False])
def test_the_last_word_about_a_topic_counts_though_it_arrives_first(follows: bool) -> None:
    heard: list[Any] = []
    with LocalCloud("turbowarp") as cloud, joining(cloud) as join, CloudRequests(join("server")) as server:

        def say(follow: bool) -> None:
            if follow:
                player.follow(heard.append, topic="chat")
            else:
                player.unfollow("chat")

        with CloudClient(join("player")) as player:
            assert player.wait_connected(SECONDS)
            if follows:
                say(True)
                assert player.wait_follows("chat", SECONDS)
            cloud.faults = Faults(loss=1.0)
            lost = cloud.statistics.lost
            say(not follows)
            patience.until(lambda: cloud.statistics.lost >= lost + 2, seconds=SECONDS)  # at first all is sent twice
            cloud.faults = Faults()
            say(follows)
            wait_until_the_server_knows(player)
            time.sleep(1.0)  # what was lost is repeated
            patience.until(lambda: server.send("hello", topic="chat") == follows, seconds=SECONDS)
            if follows:
                patience.until(lambda: heard == ["hello"], seconds=SECONDS)


def test_a_topic_that_the_server_refuses_is_told_in_the_log(
    server: CloudRequests, player: CloudClient, caplog: pytest.LogCaptureFixture
) -> None:
    player.follow(print, topic="x" * 100)
    patience.until(lambda: "no further topic can be followed" in caplog.text, seconds=SECONDS)
    assert not player.follows("x" * 100)


# Closing


def test_closing_fails_what_is_under_way_and_refuses_what_comes_after(join: Join) -> None:
    connection = join("player")
    player = CloudClient(connection)
    answers: list[Future[Any]] = [player.submit("echo", number) for number in range(3)]
    player.close()
    player.close()
    for answer in answers:
        assert isinstance(answer.exception(0), NotConnected)
    with pytest.raises(NotConnected, match="make a new one"):
        player.submit("echo")
    assert connection.connected


def test_after_closing_a_new_client_may_use_the_connection(server: CloudRequests, join: Join) -> None:
    connection = join("player")
    for turn in range(2):
        with CloudClient(connection) as player:
            assert player.request("echo", turn) == turn


def test_a_client_may_be_closed_from_its_own_thread(server: CloudRequests, player: CloudClient) -> None:
    closed = threading.Event()

    def close(answer: Future[Any]) -> None:
        player.close()
        closed.set()

    player.submit("echo").add_done_callback(close)
    assert closed.wait(SECONDS)
