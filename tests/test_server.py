"""CloudRequests over a real cloud on this machine: handlers, starting and stopping."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from functools import partial
from typing import Any

import patience
import pytest
from joining import Join, joining

from cloudlink.client import CloudClient
from cloudlink.codec.classic import Encoding
from cloudlink.connection import CloudConnection, TwCloudConnection
from cloudlink.errors import InvalidArgument, RequestError
from cloudlink.localcloud import LocalCloud
from cloudlink.server import CloudRequests
from cloudlink.transport.connection import ConnectionEvent, VariableSet

SECONDS = 10.0
"""How long a test waits for what should happen soon."""

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud("turbowarp") as cloud:
        yield cloud


@pytest.fixture
def join(cloud: LocalCloud) -> Iterator[Join]:
    with joining(cloud) as join:
        yield join


@pytest.fixture
def server(join: Join) -> Iterator[CloudRequests]:
    server = CloudRequests(join("server"))
    yield server
    server.stop()


@pytest.fixture
def player(join: Join) -> Iterator[CloudClient]:
    with CloudClient(join("player")) as player:
        yield player


until = partial(patience.until, seconds=SECONDS)


def in_background(function: Callable[..., Any], *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    return thread


def error_of(answer: Future[Any]) -> RequestError:
    error = answer.exception(SECONDS)
    assert isinstance(error, RequestError)
    return error


def ask_again(player: CloudClient, name: str) -> Any:
    """The answer of a server that may just have been started anew: until the player knows, it says so (503)."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return player.request(name)
        except RequestError as error:
            if error.code != 503 or time.monotonic() > deadline:
                raise


# Handlers


@pytest.mark.parametrize("profile", ["scratch", "turbowarp"])
def test_handlers_of_both_kinds_answer_typed_data_on_both_platforms(profile: str) -> None:
    def connect(user: str) -> CloudConnection:
        kind = CloudConnection if profile == "scratch" else TwCloudConnection
        return kind("77", username=user, cloud_host=cloud.url)

    values = [None, True, 7, 2.5, "Grüße 👋", b"\x00\xff", [], [1, ["x"]], {"name": "Ann", "points": [1, 2]}]
    with LocalCloud(profile) as cloud, connect("server") as ours, connect("player") as theirs:
        server = CloudRequests(ours)

        @server.request
        def echo(value: Any) -> Any:
            return value

        @server.request
        async def echo_later(value: Any) -> Any:
            await asyncio.sleep(0)
            return value

        with server, CloudClient(theirs) as player:
            answers = [(player.submit("echo", value), player.submit("echo_later", value)) for value in values]
            assert [one.result(SECONDS) for one, _ in answers] == values
            assert [other.result(SECONDS) for _, other in answers] == values


def test_all_forms_of_the_decorator_give_the_function_back(server: CloudRequests, player: CloudClient) -> None:
    @server.request
    def plain() -> str:
        return "plain"

    @server.request()
    def called() -> str:
        return "called"

    @server.request(name="what it is called in Scratch")
    def named() -> str:
        return "named"

    server.start()
    assert (plain(), called(), named()) == ("plain", "called", "named")
    for name in ("plain", "called", "what it is called in Scratch"):
        assert player.request(name) in (plain(), called(), named())
    assert error_of(player.submit("named")).code == 404


def test_a_text_where_the_function_should_be_is_refused_with_the_way_out(server: CloudRequests) -> None:
    with pytest.raises(InvalidArgument, match="give name="):
        server.request("ping")  # type: ignore[call-overload]


def test_handlers_come_and_go_while_the_server_runs(server: CloudRequests, player: CloudClient) -> None:
    server.start()
    assert error_of(player.submit("double", 4)).code == 404
    server.add_request(lambda number: number * 2, name="double")
    assert player.request("double", 4) == 8
    server.remove_request("double")
    assert error_of(player.submit("double", 4)).text == "there is no request called 'double'"
    with pytest.raises(InvalidArgument, match="no handler for 'double'"):
        server.remove_request("double")


def test_a_handlers_annotations_are_checked_for_the_project_to_read(server: CloudRequests, player: CloudClient) -> None:
    @server.request
    def add(a: float, b: float) -> float:
        return a + b

    server.start()
    assert player.request("add", "1", 2) == 3
    assert error_of(player.submit("add", "one", 2)).text == "add: a should be a number, not 'one'"
    assert error_of(player.submit("add", 1)).text == "add takes 2 arguments (a, b), not 1"


@pytest.mark.parametrize("ending", [SystemExit, KeyboardInterrupt, asyncio.CancelledError, ValueError])
def test_a_handler_that_ends_itself_ends_nothing_else(
    server: CloudRequests, player: CloudClient, ending: type[BaseException]
) -> None:
    @server.request
    def leave() -> None:
        raise ending("hunter2")

    @server.request
    async def leave_later() -> None:
        raise ending("hunter2")

    @server.request
    async def stay() -> str:
        return "here"

    server.start()
    for name in ("leave", "leave_later"):
        error = error_of(player.submit(name))
        assert (error.code, error.text) == (500, "internal error")
    assert player.request("stay") == "here"


def test_async_handlers_wait_side_by_side(server: CloudRequests, player: CloudClient) -> None:
    bell: list[asyncio.Event] = []

    @server.request
    async def wait() -> str:
        if not bell:
            bell.append(asyncio.Event())
            await bell[0].wait()
        bell[0].set()
        return "rung"

    server.start()
    answers = [player.submit("wait"), player.submit("wait")]
    assert [answer.result(SECONDS) for answer in answers] == ["rung", "rung"]


def test_the_counters_and_clients_can_be_read(server: CloudRequests, join: Join) -> None:
    server.add_request(lambda: None, name="ping")
    server.start()
    assert (server.clients, server.statistics.messages_received) == (0, 0)
    with CloudClient(join("one")) as one, CloudClient(join("two")) as two:
        one.request("ping")
        two.request("ping")
    assert (server.clients, server.statistics.messages_received) == (2, 2)


# Starting and stopping


@pytest.mark.parametrize("start", [lambda server: server.run(), lambda server: server.start(thread=False)])
def test_a_server_that_runs_in_the_foreground_returns_when_another_thread_stops_it(
    server: CloudRequests, player: CloudClient, start: Callable[[CloudRequests], None]
) -> None:
    server.add_request(lambda: "pong", name="ping")
    foreground = in_background(start, server)
    assert player.request("ping") == "pong"
    assert foreground.is_alive()
    server.stop()
    foreground.join(SECONDS)
    assert not foreground.is_alive()


def test_a_server_that_runs_in_the_foreground_returns_when_the_cloud_refuses_it_for_good(
    server: CloudRequests, cloud: LocalCloud
) -> None:
    foreground = in_background(server.run)
    until(lambda: cloud.statistics.sets_received)
    cloud.disconnect_all(4004)
    foreground.join(SECONDS)
    assert not foreground.is_alive()


def test_a_server_that_the_cloud_has_refused_before_its_start_does_not_wait_for_ever() -> None:
    with LocalCloud("turbowarp", projects=["1"]) as cloud:  # as TurboWarp does, it says so only after the handshake
        connection = TwCloudConnection("77", cloud_host=cloud.url)
        until(lambda: connection.status.state.final)
        foreground = in_background(CloudRequests(connection).run)
        foreground.join(SECONDS)
        assert not foreground.is_alive()


def test_stopping_lets_handlers_of_both_kinds_finish_and_sends_their_answers(
    server: CloudRequests, player: CloudClient
) -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()

    @server.request
    def work() -> str:
        begun.release()
        go_on.wait(SECONDS)
        return "x" * 500  # several frames

    @server.request
    async def work_later() -> str:
        begun.release()
        while not go_on.is_set():
            await asyncio.sleep(0.005)
        return "done"

    server.start()
    answers = [player.submit("work"), player.submit("work_later")]
    assert begun.acquire(timeout=SECONDS)
    assert begun.acquire(timeout=SECONDS)
    stopping = in_background(server.stop)
    late = error_of(player.submit("work"))
    assert (late.code, late.text) == (503, "the server is stopping")
    go_on.set()
    assert [answer.result(SECONDS) for answer in answers] == ["x" * 500, "done"]
    stopping.join(SECONDS)
    assert not stopping.is_alive()


def test_what_outlasts_the_stopping_is_answered_as_the_server_goes(server: CloudRequests, player: CloudClient) -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()

    @server.request
    def block() -> None:
        begun.release()
        go_on.wait(SECONDS)

    @server.request
    async def sleep() -> None:
        begun.release()
        await asyncio.sleep(SECONDS)

    @server.request
    def drip() -> Iterator[int]:
        yield 1
        block()

    server.start()
    seen: list[int] = []
    answers = [player.submit(name, timeout=60.0) for name in ("block", "sleep")]
    answers.append(player.submit("drip", timeout=60.0, on_item=seen.append))
    for _ in answers:
        assert begun.acquire(timeout=SECONDS)
    until(lambda: seen)
    started = time.monotonic()
    server.stop(timeout=0.1)
    assert time.monotonic() - started < SECONDS / 2
    errors = [error_of(answer) for answer in answers]
    assert [(error.code, error.text) for error in errors] == [(503, "the server is stopping")] * 3
    assert seen == [1]
    go_on.set()


def test_a_classic_project_is_told_too_that_the_server_goes(server: CloudRequests, join: Join) -> None:
    begun, go_on = threading.Event(), threading.Event()
    said: list[str] = []

    @server.request
    def block() -> None:
        begun.set()
        go_on.wait(SECONDS)

    def listen(event: ConnectionEvent) -> None:
        if isinstance(event, VariableSet) and event.name.startswith("FROM_HOST"):
            said.append(event.value)

    server.start()
    project = join("classic")
    project.add_listener(listen)
    digits = Encoding.encode("block")
    for request in range(10_000, 10_100):  # the first ones may be taken for what was stored before the server came
        project.set_var("TO_HOST", f"{digits}.{request}0")
        if begun.wait(0.1):
            break
    server.stop(timeout=0.1)
    until(lambda: any(Encoding.encode("the server is stopping") in value for value in said))
    go_on.set()


def test_what_waits_for_a_worker_when_the_server_goes_is_answered_and_not_run(join: Join) -> None:
    begun, go_on = threading.Event(), threading.Event()
    runs: list[int] = []

    def work(number: int) -> None:
        runs.append(number)
        begun.set()
        go_on.wait(SECONDS)

    server = CloudRequests(join("server"), workers=1)
    server.add_request(work)
    server.start()
    with CloudClient(join("player"), timeout=60.0) as player:
        answers = [player.submit("work", number) for number in range(3)]
        assert begun.wait(SECONDS)
        until(lambda: server.statistics.messages_received == 3)
        server.stop(timeout=0.1)
        go_on.set()
        assert [error_of(answer).code for answer in answers] == [503] * 3
    assert runs == [0]


def test_an_async_handler_that_the_stopping_ends_is_no_failure_of_its_own(
    server: CloudRequests, player: CloudClient, caplog: pytest.LogCaptureFixture
) -> None:
    begun, told, ended = threading.Semaphore(0), [], threading.Semaphore(0)

    @server.event
    def on_error(request: object, error: BaseException) -> None:
        told.append(error)

    @server.request
    async def sleep() -> None:
        begun.release()
        try:
            await asyncio.sleep(SECONDS)
        finally:
            ended.release()

    @server.request
    async def drip() -> AsyncIterator[int]:
        yield 1
        await sleep()

    @server.request
    async def impatient() -> None:
        begun.release()
        raise asyncio.CancelledError

    server.start()
    assert error_of(player.submit("impatient")).code == 500
    until(lambda: len(told) == 1)
    caplog.clear()
    player.submit("sleep")
    player.submit("drip")
    for _ in range(3):
        assert begun.acquire(timeout=SECONDS)
    server.stop(timeout=0.05)
    for _ in range(2):
        assert ended.acquire(timeout=SECONDS)
    assert "failed" not in caplog.text
    assert len(told) == 1


def test_stopping_may_wait_without_end(server: CloudRequests, player: CloudClient) -> None:
    begun, go_on = threading.Event(), threading.Event()
    server.add_request(lambda: begun.set() or go_on.wait(SECONDS), name="wait")
    server.start()
    answer = player.submit("wait")
    assert begun.wait(SECONDS)
    stopping = in_background(server.stop, math.inf)
    go_on.set()
    assert answer.result(SECONDS) is True
    stopping.join(SECONDS)
    assert not stopping.is_alive()


def test_stopping_does_not_wait_for_what_a_closed_connection_cannot_send(join: Join) -> None:
    connection = join("server")
    server = CloudRequests(connection)
    connection.disconnect()
    server.start()
    stopping = in_background(server.stop, math.inf)
    stopping.join(SECONDS)
    assert not stopping.is_alive()


def test_an_async_handler_that_blocks_does_not_hold_the_stopping_up(
    server: CloudRequests, player: CloudClient, caplog: pytest.LogCaptureFixture
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    @server.request
    async def block() -> None:
        begun.set()
        go_on.wait(SECONDS)  # what an async handler must not do

    server.start()
    player.submit("block")
    assert begun.wait(SECONDS)
    server.stop(timeout=0.1)
    assert "an async handler does not end" in caplog.text
    go_on.set()


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_handler_may_stop_the_server(server: CloudRequests, player: CloudClient, kind: str) -> None:
    def shut_down() -> None:
        server.stop(timeout=0.1)

    async def shut_down_later() -> None:
        server.stop(timeout=0.1)

    server.add_request(shut_down if kind == "sync" else shut_down_later, name="shut down")
    foreground = in_background(server.run)
    player.submit("shut down")
    foreground.join(SECONDS)
    assert not foreground.is_alive()


def test_stopping_twice_or_before_the_start_does_nothing(join: Join) -> None:
    server = CloudRequests(join("server"))
    server.stop()
    server.start()
    server.stop()
    server.stop()


def test_a_server_starts_once(server: CloudRequests) -> None:
    server.start()
    with pytest.raises(InvalidArgument, match="starts once"):
        server.start()


def test_the_connection_outlives_the_server_and_serves_the_next_one(join: Join, player: CloudClient) -> None:
    connection = join("server")
    for life in ("first", "second"):
        with CloudRequests(connection) as server:
            server.add_request(lambda life=life: life, name="which")
            assert ask_again(player, "which") == life
    assert connection.connected


@pytest.mark.parametrize("bounds", [{"workers": 0}, {"waiting": 0}])
def test_a_server_without_room_for_work_is_refused(join: Join, bounds: dict[str, int]) -> None:
    with pytest.raises(InvalidArgument, match="at least one"):
        CloudRequests(join("server"), **bounds)


def test_a_connection_that_would_answer_everything_twice_is_refused(join: Join) -> None:
    connection = join("server")
    with pytest.raises(InvalidArgument, match="pass it once"):
        CloudRequests(connection, connection)


def test_two_servers_in_one_process_keep_to_their_projects(join: Join) -> None:
    with ExitStack() as stack:
        players = []
        for project in ("77", "78"):
            server = stack.enter_context(CloudRequests(join("server", project=project)))
            server.add_request(lambda project=project: project, name="where")
            players.append(stack.enter_context(CloudClient(join("player", project=project))))
        answers = [player.submit("where") for player in players for _ in range(5)]
        assert [answer.result(SECONDS) for answer in answers] == ["77"] * 5 + ["78"] * 5
