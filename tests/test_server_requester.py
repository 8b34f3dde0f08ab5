"""Handlers that demand to know who asks, over a real cloud on this machine and a real page of its log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

import patience
import pytest
from log_site import LogSite

from cloudlink.client import CloudClient
from cloudlink.codec.classic import Encoding
from cloudlink.connection import CloudConnection, TwCloudConnection
from cloudlink.errors import InvalidArgument, NotConnected, RequestError, RequestTimeout
from cloudlink.level import Level
from cloudlink.link import frame
from cloudlink.link.frame import Hello, Uplink
from cloudlink.link.records import Part
from cloudlink.localcloud import LocalCloud
from cloudlink.rest.client import Client
from cloudlink.rest.cloud_logs import get_cloud_logs
from cloudlink.rest.endpoints import Hosts
from cloudlink.rpc.messages import Request, encode_request
from cloudlink.serve.player import ReceivedRequest
from cloudlink.serve.requesters import LogTimes
from cloudlink.server import CloudRequests
from cloudlink.transport.backoff import Backoff
from cloudlink.transport.connection import ConnectionEvent, VariableSet

SECONDS = 30.0
"""How long a test waits for what should happen soon."""

QUICK = LogTimes(interval=0.1, delay=0.5, late=2.0, patience=10.0)
SLOW = LogTimes(interval=0.1, delay=1000.0, late=1.0, patience=2000.0)
"""The log never says who it was."""

UNKNOWN = "the server could not find out who asks: "
NOT_READ = UNKNOWN + "the cloud's log could not be read, or not in full; ask again"
SEVERAL = UNKNOWN + "several users have sent it; ask again"


pytestmark = pytest.mark.usefixtures("no_thread_is_left")

until = partial(patience.until, seconds=SECONDS)


class Stage:
    """A cloud with a log, its members, and a server whose handlers note who asked."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.site = stack.enter_context(LogSite())
        self.cloud = stack.enter_context(LocalCloud("scratch", on_set=self.site.record))
        self.ran: list[tuple[Any, ...]] = []

    def join(self, user: str, *, backoff: Backoff | None = None) -> CloudConnection:
        connection = CloudConnection("77", username=user, cloud_host=self.cloud.url, backoff=backoff)
        return self._stack.enter_context(connection)

    def server(
        self, times: LogTimes = QUICK, *others: CloudConnection, backoff: Backoff | None = None, **options: Any
    ) -> CloudRequests:
        connection = self.join("server", backoff=backoff)
        logs = {connection: partial(get_cloud_logs, 77, client=self.site.client)}
        server = CloudRequests(connection, *others, logs=logs, log_times=times, **options)
        self._stack.callback(server.stop)

        @server.request(level="logged")
        def who(*words: str) -> str | None:
            request = server.get_request()
            self.ran.append((server.get_requester(), request.level, *words))
            return server.get_requester()

        return server

    def client(self, connection: CloudConnection, **options: Any) -> CloudClient:
        return self._stack.enter_context(CloudClient(connection, timeout=SECONDS, **options))


@pytest.fixture
def stage() -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(stack)


def outcome(answer: Future[Any]) -> Any:
    """What was answered; of an error its code and text."""
    try:
        return answer.result(SECONDS)
    except RequestError as error:
        return error.code, error.text


def ask_until(player: CloudClient, expected: Any, *arguments: Any) -> list[Any]:
    """Ask until the answer is the expected one; the other answers."""
    others = []
    deadline = time.monotonic() + SECONDS
    while (answer := outcome(player.submit("who", *arguments))) != expected:
        others.append(answer)
        assert time.monotonic() < deadline, others
    return others


def all_answered(server: CloudRequests, *, at_least: int) -> bool:
    """Whether so many requests have come since the start, and all are answered."""
    return server.statistics.messages_sent == server.statistics.messages_received >= at_least


class Forger:
    """Sets frames by hand: a session of its own, in which others can meddle."""

    def __init__(self, connection: CloudConnection, nonce: int) -> None:
        self.address = -1
        self._seed = 0
        self._nonce = nonce
        self._connection = connection
        connection.add_listener(self._listen)
        connection.set_var("TO_1", frame.pack_hello(Hello(frame.VERSION, nonce)))
        until(lambda: self.address >= 0)

    def part(self, part: Part, sequence: int) -> str:
        return frame.pack_uplink(Uplink(self.address, sequence, (part,)), seed=self._seed)

    def _listen(self, event: ConnectionEvent) -> None:
        if isinstance(event, VariableSet) and event.value.startswith(frame.CONTROL):
            control = frame.unpack_control(event.value)
            for notice in control.notices:
                if isinstance(notice, frame.Welcome) and notice.nonce == self._nonce:
                    self._seed = frame.uplink_seed(nonce=notice.nonce, epoch=control.epoch)
                    self.address = notice.address


# Names


def test_a_handler_that_demands_a_logged_name_gets_the_true_one_whatever_the_project_claims(stage: Stage) -> None:
    server = stage.server()
    server.start()
    ada, bob = stage.client(stage.join("ada")), stage.client(stage.join("bob"), user="ada")
    assert set(ask_until(ada, "ada")) <= {(403, NOT_READ)}  # the log is watched for less than a second yet
    ask_until(bob, "bob")
    assert stage.ran == [("ada", Level.LOGGED), ("bob", Level.LOGGED)]


def test_the_log_of_the_local_cloud_itself_will_do() -> None:
    with (
        LocalCloud("scratch") as cloud,
        CloudConnection("77", username="server", cloud_host=cloud.url) as ours,
        CloudConnection("77", username="ada", cloud_host=cloud.url) as theirs,
    ):
        client = Client(hosts=Hosts(logs=cloud.url.replace("ws://", "http://")))
        logs = {ours: partial(get_cloud_logs, 77, client=client)}
        with CloudRequests(ours, logs=logs, log_times=QUICK) as server, CloudClient(theirs, timeout=SECONDS) as ada:
            server.add_request(server.get_requester, name="who", level=Level.LOGGED)
            ask_until(ada, "ada")
        client._transport.close()  # type: ignore[attr-defined]


def test_a_request_of_several_frames_has_one_name(stage: Stage) -> None:
    server = stage.server()
    server.start()
    ada = stage.client(stage.join("ada"))
    ask_until(ada, "ada", "x" * 400)
    assert stage.ran == [("ada", Level.LOGGED, "x" * 400)]
    page = stage.site.page("/logs?projectid=77&limit=100&offset=0")
    assert sum(entry["user"] == "ada" for entry in page) > 3  # a hello, and a request of several frames


@pytest.mark.parametrize("kind", ["async", "generator", "async generator"])
def test_handlers_of_every_kind_can_demand_a_name(stage: Stage, kind: str) -> None:
    server = stage.server()

    async def later() -> str | None:
        await asyncio.sleep(0)
        return server.get_requester()

    def items() -> Iterator[str | None]:
        yield server.get_requester()

    async def later_items() -> Any:
        yield server.get_requester()

    handlers: dict[str, Callable[[], Any]] = {"async": later, "generator": items, "async generator": later_items}
    server.add_request(handlers[kind], name="kind", level="logged")
    server.start()
    ada = stage.client(stage.join("ada"))
    ask_until(ada, "ada")
    assert ada.request("kind") == ("ada" if kind == "async" else ["ada"])


def test_a_handler_that_wants_no_name_waits_for_no_log(stage: Stage) -> None:
    server = stage.server(SLOW)
    seen: list[ReceivedRequest] = []
    server.add_request(lambda: seen.append(server.get_request()), name="ping")
    server.start()
    stage.client(stage.join("bob")).request("ping")
    stage.client(stage.join("ada"), user="ada").request("ping")
    assert [(request.requester, request.level) for request in seen] == [(None, Level.NONE), ("ada", Level.CLAIMED)]


def test_a_handler_can_demand_that_some_name_is_given(stage: Stage) -> None:
    server = CloudRequests(stage.join("server"))
    server.add_request(lambda: (server.get_requester(), server.get_request().level.name), name="who", level="claimed")
    with server:
        nobody, ada = stage.client(stage.join("bob")), stage.client(stage.join("ada"), user="nick")
        assert outcome(nobody.submit("who")) == (403, "this is for players with a user name; log in, then ask again")
        assert outcome(ada.submit("who")) == ["nick", "CLAIMED"]
    assert not any("/logs" in path for path, _ in stage.site.requests)


def test_a_handler_that_demands_a_name_may_come_while_the_server_runs(stage: Stage) -> None:
    server = stage.server()
    server.remove_request("who")
    server.start()
    ada = stage.client(stage.join("ada"))
    assert outcome(ada.submit("who"))[0] == 404
    assert stage.site.requests == []  # nobody wants to know
    server.add_request(server.get_requester, name="who", level="logged")
    ask_until(ada, "ada")


# Strangers


def test_parts_of_two_users_make_no_request_of_either(stage: Stage) -> None:
    server = stage.server()
    server.start()
    ada_connection, bob_connection = stage.join("ada"), stage.join("bob")
    ask_until(stage.client(ada_connection), "ada")
    stage.ran.clear()
    before = server.statistics.messages_received
    session = Forger(ada_connection, 12345678)
    for attempt in range(3):
        digits = encode_request(Request("who", (f"give all to bob {attempt}",)))
        first = Part(attempt, 0, False, digits[:10], len(digits))
        ada_connection.set_var("TO_1", session.part(first, 2 * attempt))
        bob_connection.set_var("TO_2", session.part(Part(attempt, 1, True, digits[10:]), 2 * attempt + 1))
    until(lambda: all_answered(server, at_least=before + 3))
    assert stage.ran == []


def test_a_whole_request_in_anothers_session_is_the_forgers(stage: Stage) -> None:
    server = stage.server()
    server.start()
    ada_connection, bob_connection = stage.join("ada"), stage.join("bob")
    ask_until(stage.client(ada_connection, user="ada"), "ada")
    stage.ran.clear()
    session = Forger(ada_connection, 12345678)
    digits = encode_request(Request("who", ("forged",)))
    deadline = time.monotonic() + SECONDS
    attempt = 0
    while not stage.ran:
        assert time.monotonic() < deadline
        before = server.statistics.messages_received
        bob_connection.set_var("TO_1", session.part(Part(attempt, 0, True, digits), attempt))
        until(partial(all_answered, server, at_least=before + 1))
        attempt += 1
    assert stage.ran == [("bob", Level.LOGGED, "forged")]


def test_who_repeats_what_another_has_set_makes_it_doubtful_and_nobody_else(stage: Stage) -> None:
    server = stage.server()
    server.start()
    ada = stage.client(stage.join("ada"))
    ask_until(ada, "ada")
    echoing = stage.join("eve")

    def echo(event: ConnectionEvent) -> None:
        if isinstance(event, VariableSet) and event.name.startswith("TO_"):
            echoing.set_var(event.name, event.value)

    echoing.add_listener(echo)
    others = ask_until(ada, (403, SEVERAL))
    assert set(others) <= {"ada", (403, NOT_READ)}
    assert {name for name, _ in stage.ran} == {"ada"}


# The log is not to be had


def test_while_the_log_is_down_nobody_is_known_and_the_server_says_so_in_time(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudlink.log_watch._BACKOFF", Backoff(first=0.05, longest=0.1, stable=1.0))
    stage.site.broken = True
    server = stage.server(LogTimes(interval=0.1, delay=0.5, late=1.0, patience=2.0))
    server.start()
    ada = stage.client(stage.join("ada"))
    assert outcome(ada.submit("who")) == (403, NOT_READ)
    assert stage.ran == []
    stage.site.broken = False
    ask_until(ada, "ada")
    stage.ran.clear()
    stage.site.broken = True
    assert outcome(ada.submit("who")) == (403, NOT_READ)
    assert stage.ran == []


def test_what_the_log_does_not_show_is_nobodys(stage: Stage) -> None:
    server = stage.server()
    server.start()
    ada = stage.client(stage.join("ada"))
    ask_until(ada, "ada")
    stage.ran.clear()
    stage.site.hidden = True
    assert outcome(ada.submit("who")) == (
        403,
        UNKNOWN + "the cloud's log does not show who has sent it; ask again",
    )
    assert stage.ran == []


def test_a_request_that_came_while_the_server_was_away_is_nobodys(stage: Stage) -> None:
    # Long enough that the log would name somebody, were it asked.
    server = stage.server(
        LogTimes(interval=0.1, delay=0.5, late=8.0, patience=10.0), backoff=Backoff(first=4.0, longest=4.0)
    )
    server.start()
    ask_until(stage.client(stage.join("ada")), "ada")
    stage.ran.clear()
    before = server.statistics.messages_received
    bob = stage.join("bob", backoff=Backoff(first=0.02, longest=0.1))
    stage.cloud.disconnect_all()
    until(lambda: not server.clouds[0].connected)
    value = f"{Encoding.encode('who&missed')}.123450"

    def is_set() -> bool:
        with suppress(NotConnected):
            bob.set_var("TO_HOST", value)
        return value in stage.cloud.variables("77").values()

    until(is_set)
    assert not server.clouds[0].connected
    until(lambda: all_answered(server, at_least=before + 1))
    assert stage.ran == []


def test_a_cloud_without_a_log_cannot_serve_handlers_that_demand_one(stage: Stage) -> None:
    with LocalCloud("turbowarp") as cloud, TwCloudConnection("77", cloud_host=cloud.url) as lonely:
        with pytest.raises(InvalidArgument, match=r"none of the server's clouds keeps a log.*'claimed'"):
            CloudRequests(lonely).add_request(print, name="who", level="logged")
        with pytest.raises(InvalidArgument, match="logs= names a connection"):
            CloudRequests(lonely, logs={stage.join("ada"): partial(get_cloud_logs, 77)})
        with pytest.raises(InvalidArgument, match="'none', 'claimed' or 'logged', not 'sure'"):
            CloudRequests(lonely).request(level="sure")(print)
        server = stage.server(QUICK, lonely)
        server.start()
        with TwCloudConnection("77", cloud_host=cloud.url) as connection, CloudClient(connection) as player:
            assert outcome(player.submit("who")) == (403, "names cannot be checked on this cloud")
        ask_until(stage.client(stage.join("ada")), "ada")
        server.stop()


# Waiting


def test_a_request_that_waits_for_the_log_counts_as_waiting(stage: Stage) -> None:
    server = stage.server(SLOW, waiting=1)
    server.start()
    ada = stage.client(stage.join("ada"))
    waits = ada.submit("who")
    until(lambda: server.statistics.messages_received)
    assert outcome(stage.client(stage.join("bob")).submit("who"))[0] == 503
    assert not waits.done()
    server.stop()
    assert outcome(waits) == (503, "the server is stopping")
    assert stage.ran == []


def test_a_request_that_nobody_waits_for_any_more_is_not_run_once_the_name_is_known(stage: Stage) -> None:
    server = stage.server(LogTimes(interval=0.1, delay=2.5, late=1.0, patience=20.0))
    server.start()
    ada = stage.client(stage.join("ada"))
    ask_until(ada, "ada")
    stage.ran.clear()
    with pytest.raises(RequestTimeout):
        ada.request("who", "too late", timeout=1)
    assert ada.request("who", "in time") == "ada"
    assert stage.ran == [("ada", Level.LOGGED, "in time")]


# The classic sprite


def test_a_classic_request_has_the_name_that_the_log_tells(stage: Stage) -> None:
    server = stage.server()
    server.start()
    ask_until(stage.client(stage.join("ada")), "ada")
    stage.ran.clear()
    bob = stage.join("bob")
    digits = Encoding.encode("who&" + "y" * 200)
    deadline = time.monotonic() + SECONDS
    attempt = 0
    while not stage.ran:
        assert time.monotonic() < deadline
        attempt += 1
        bob.set_var("TO_HOST", f"-{digits[:245]}.{12345 + attempt}0")
        bob.set_var("TO_HOST", f"{digits[245:]}.{12345 + attempt}0")
        until(partial(all_answered, server, at_least=attempt + 1))
    assert set(stage.ran) == {("bob", Level.LOGGED, "y" * 200)}


def test_a_classic_request_of_two_users_is_nobodys(stage: Stage) -> None:
    server = stage.server()
    server.start()
    ada, bob = stage.join("ada"), stage.join("bob")
    ask_until(stage.client(ada), "ada")
    stage.ran.clear()
    answers: list[str] = []
    ada.add_listener(lambda event: answers.append(event.value) if isinstance(event, VariableSet) else None)
    digits = Encoding.encode("who&" + "y" * 200)
    ada.set_var("TO_HOST", f"-{digits[:245]}.123450")
    bob.set_var("TO_HOST", f"{digits[245:]}.123450")
    refusal = Encoding.encode("Error in request who")
    until(lambda: any(value.startswith(refusal) and ".123450" in value for value in answers))
    assert stage.ran == []
