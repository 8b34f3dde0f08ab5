from __future__ import annotations

import contextlib
import copy
import json
import logging
import math
import pickle
import queue
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import patience
import pytest
from spacing import too_close

from cloudlink.client import CloudClient
from cloudlink.clock import system_clock
from cloudlink.connection import CONTACT_VARIABLE, CloudConnection, TwCloudConnection
from cloudlink.errors import (
    ConnectFailed,
    ConnectionLost,
    ConnectionRefused,
    InvalidArgument,
    NotConnected,
    ValueTooLong,
)
from cloudlink.limits import SCRATCH, TURBOWARP
from cloudlink.link.settings import ClientTimes
from cloudlink.localcloud import LocalCloud, SetRecord
from cloudlink.transport.backlog import MOST_WAITING
from cloudlink.transport.backoff import Backoff
from cloudlink.transport.base import Transport
from cloudlink.transport.connection import (
    Connected,
    Connection,
    ConnectionEvent,
    Disconnected,
    Outage,
    VariableSet,
)
from cloudlink.transport.inbox import MAX_KNOWN_VARIABLES
from cloudlink.transport.life import Cause, State
from cloudlink.transport.turns import Priority

QUICK = Backoff(first=0.02, longest=0.1, stable=0.2)
SECRET = "SeCrEt-SeSsIoN"
HANDSHAKE = '{"method":"handshake","user":"bob","project_id":"77"}\n'


class FakeTransport:
    """One end of a websocket: the test is the server."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.closed = False
        self._incoming: queue.Queue[str | ConnectionLost] = queue.Queue()

    def send(self, text: str) -> None:
        if self.closed:
            raise ConnectionLost("closed")
        self.sent.append(text)

    def receive(self, timeout: float | None) -> str | None:
        message = self._incoming.get(timeout=timeout)
        if isinstance(message, ConnectionLost):
            raise message
        return message

    def close(self) -> None:
        self.closed = True
        self._incoming.put(ConnectionLost("closed by us"))

    def say(self, message: str) -> None:
        self._incoming.put(message)

    def lose(self, code: int | None) -> None:
        self._incoming.put(ConnectionLost(f"lost with {code}", code=code))


class FakeServer:
    """Hands out transports, or the errors that a test has put in line."""

    def __init__(self) -> None:
        self.transports: list[FakeTransport] = []
        self.errors: list[Exception] = []

    def connect(self) -> Transport:
        errors = self.errors  # a test may put another list in its place meanwhile
        if errors:
            raise errors.pop(0)
        self.transports.append(FakeTransport())
        return self.transports[-1]


class Events:
    """A listener that keeps what it hears, and can be waited for."""

    def __init__(self) -> None:
        self.heard: list[ConnectionEvent] = []
        self._news = threading.Condition()

    def __call__(self, event: ConnectionEvent) -> None:
        with self._news:
            self.heard.append(event)
            self._news.notify_all()

    def wait_for(self, kind: type[ConnectionEvent], count: int = 1) -> None:
        with self._news:
            assert self._news.wait_for(lambda: len(self.of(kind)) >= count, 30), self.heard

    def of(self, kind: type[ConnectionEvent]) -> list[ConnectionEvent]:
        return [event for event in self.heard if isinstance(event, kind)]

    def values(self) -> list[tuple[str, str]]:
        return [(event.name, event.value) for event in self.heard if isinstance(event, VariableSet)]


until = partial(patience.until, seconds=30)


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def connection(server: FakeServer) -> Iterator[CloudConnection]:
    # A local address, so that the close codes have a known meaning.
    with CloudConnection(
        77, username="bob", cloud_host="ws://127.0.0.1", backoff=QUICK, connector=server.connect
    ) as connection:
        yield connection


def as_connection(connection: CloudConnection) -> Connection:
    return connection  # what mypy checks here is the test


# Arguments


def test_the_seed_arguments_work(server: FakeServer) -> None:
    with CloudConnection(project_id="77", username="bob", session_id=SECRET, connector=server.connect) as connection:
        assert (connection.project_id, connection.username, connection.limits) == ("77", "bob", SCRATCH)
        assert connection.connected
    with TwCloudConnection(project_id="77", username="bob", connector=server.connect) as connection:
        assert connection.limits == TURBOWARP
    assert [transport.sent for transport in server.transports] == [[HANDSHAKE], [HANDSHAKE]]


def test_a_nameless_player_gets_a_name_that_needs_no_account(server: FakeServer) -> None:
    with TwCloudConnection("demo", connector=server.connect) as connection:
        assert re.fullmatch(r"player[0-9]{6}", connection.username)


@pytest.mark.parametrize("username", ["", "a b", "x" * 21, "ä", "bob\n"])
def test_a_username_that_turbowarp_would_refuse_is_refused_at_once(username: str) -> None:
    with pytest.raises(InvalidArgument, match="username"):
        TwCloudConnection("demo", username=username)


@pytest.mark.parametrize(
    "cloud_host", ["wss://clouddata.turbowarp.org", "wss://stratus.turbowarp.org", "ws://10.0.0.1:9080"]
)
def test_other_peoples_servers_want_contact_data(cloud_host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONTACT_VARIABLE, raising=False)
    for connect in (
        lambda: TwCloudConnection("demo", cloud_host=cloud_host),
        lambda: CloudConnection("1", username="bob", cloud_host=cloud_host),
    ):
        with pytest.raises(InvalidArgument, match=f"pass contact=.*{CONTACT_VARIABLE}"):
            connect()


def test_contact_data_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[str | None] = []

    def connector(address: object, *, session_id: str | None, contact: str | None) -> Callable[[], Transport]:
        used.append(contact)
        return FakeServer().connect

    monkeypatch.setattr("cloudlink.connection.websocket_connector", connector)
    monkeypatch.setenv(CONTACT_VARIABLE, "me@example.com")
    TwCloudConnection("demo").disconnect()
    TwCloudConnection("demo", contact="you@example.com").disconnect()
    assert used == ["me@example.com", "you@example.com"]


def test_scratch_wants_a_login() -> None:
    with pytest.raises(InvalidArgument, match="session_id"):
        CloudConnection("1", username="bob")


def test_no_secret_shows(server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with CloudConnection("1", username="bob", session_id=SECRET, backoff=QUICK, connector=server.connect) as connection:
        server.transports[0].lose(4000)
        until(lambda: len(server.transports) == 2)
        assert SECRET not in repr(connection)
    assert SECRET not in caplog.text
    assert SECRET not in "".join(server.transports[0].sent)


def test_the_first_attempt_raises_at_once(server: FakeServer) -> None:
    server.errors = [ConnectFailed("nobody there"), ConnectionRefused("go away", code=403)]
    with pytest.raises(ConnectFailed):
        TwCloudConnection("demo", connector=server.connect)
    with pytest.raises(ConnectionRefused) as error:
        TwCloudConnection("demo", connector=server.connect)
    assert error.value.code == 403


# Values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12", "12"),
        ("-1.50", "-1.50"),
        ("0012", "0012"),
        (12, "12"),
        (-3, "-3"),
        (1.5, "1.5"),
        (2.0, "2"),
        (1e21, "1" + "0" * 21),
        (1e-7, "0.0000001"),
        ("9" * 256, "9" * 256),
    ],
)
def test_a_value_goes_out_as_a_text_of_digits(
    connection: CloudConnection, server: FakeServer, value: str | int | float, text: str
) -> None:
    connection.set_var("score", value)
    assert server.transports[0].sent[-1] == (
        f'{{"method":"set","user":"bob","project_id":"77","name":"☁ score","value":"{text}"}}\n'
    )
    assert connection.get_var("score") == connection.get_var("☁ score") == text


bad_texts = ["", "-", ".", "1.", ".5", "1e5", "+1", " 1", "1 ", "1\n", "abc", "٣", "1.2.3", "--1", "0x1", "Infinity"]


@pytest.mark.parametrize("value", [*bad_texts, float("nan"), float("inf"), True, None, b"1", [1]])
def test_what_the_cloud_does_not_take_is_not_sent(connection: CloudConnection, server: FakeServer, value: str) -> None:
    with pytest.raises(InvalidArgument):
        connection.set_var("score", value)
    assert server.transports[0].sent == [HANDSHAKE]
    assert connection.get_all_vars() == {}


def test_a_value_that_is_too_long_says_how_long_it_may_be(connection: CloudConnection) -> None:
    with pytest.raises(ValueTooLong, match=r"257 characters.*256") as error:
        connection.set_var("score", "1" * 257)
    assert (error.value.size, error.value.limit) == (257, 256)
    with pytest.raises(InvalidArgument):
        connection.set_var("score", 10**5000)


def test_a_variable_has_a_name(connection: CloudConnection) -> None:
    with pytest.raises(InvalidArgument, match="name"):
        connection.set_var("", 1)


def test_values_of_others_are_known_and_told_in_order(connection: CloudConnection, server: FakeServer) -> None:
    events = Events()
    connection.add_listener(events)
    before = system_clock()
    server.transports[0].say(
        '{"method":"set","name":"☁ x","value":"1"}\n{"method":"set","name":"☁ y","value":20}\n'
        '{"method":"ack","name":"☁ y"}\n'
    )
    server.transports[0].say('{"method":"set","name":"☁ x","value":"3"}')
    events.wait_for(VariableSet, 3)
    assert events.values() == [("x", "1"), ("y", "20"), ("x", "3")]
    assert connection.get_all_vars() == {"x": "3", "y": "20"}
    assert connection.get_var("z") is None
    first = events.heard[0]
    assert isinstance(first, VariableSet)
    assert before <= first.received_at <= system_clock()


def test_rubbish_is_counted_and_logged_and_the_rest_counts(
    connection: CloudConnection, server: FakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.transports[0].say('Please stop that.\n{"method":"set","name":"☁ x","value":"1"}\n[]\n' + "[" * 10_000)
    until(lambda: connection.get_var("x") == "1")
    until(lambda: "Please stop that." in caplog.text)
    assert connection.rejected_lines == 3


def test_a_rogue_server_cannot_fill_the_memory(connection: CloudConnection, server: FakeServer) -> None:
    for number in range(MAX_KNOWN_VARIABLES + 10):
        server.transports[0].say(f'{{"method":"set","name":"☁ {number}","value":"1"}}')
    until(lambda: connection.get_var(str(MAX_KNOWN_VARIABLES + 9)) == "1")
    assert len(connection.get_all_vars()) == MAX_KNOWN_VARIABLES


# Listeners


def test_a_failing_listener_is_logged_and_harms_nobody(
    connection: CloudConnection, server: FakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: ConnectionEvent) -> None:
        raise ZeroDivisionError("oh no")

    events = Events()
    connection.add_listener(fail)
    connection.add_listener(events)
    for _ in range(2):
        server.transports[0].say('{"method":"set","name":"☁ x","value":"1"}')
    events.wait_for(VariableSet, 2)
    assert "oh no" in caplog.text


def test_a_removed_listener_hears_no_more(connection: CloudConnection, server: FakeServer) -> None:
    removed, kept = Events(), Events()
    connection.add_listener(removed)
    connection.add_listener(kept)
    connection.remove_listener(removed)
    connection.remove_listener(removed)
    server.transports[0].say('{"method":"set","name":"☁ x","value":"1"}')
    kept.wait_for(VariableSet)
    assert removed.heard == []


def test_a_listener_may_set_and_disconnect(connection: CloudConnection, server: FakeServer) -> None:
    events = Events()

    def answer(event: ConnectionEvent) -> None:
        if isinstance(event, VariableSet):
            connection.set_var("answer", event.value)
            connection.disconnect()

    connection.add_listener(answer)
    connection.add_listener(events)
    server.transports[0].say('{"method":"set","name":"☁ x","value":"42"}')
    events.wait_for(Disconnected)
    assert '"☁ answer","value":"42"' in server.transports[0].sent[-1]


# The life of a connection


def test_a_lost_connection_is_opened_again_with_a_new_handshake(
    connection: CloudConnection, server: FakeServer
) -> None:
    events = Events()
    connection.add_listener(events)
    server.errors = [ConnectFailed("still down"), ConnectionRefused("a proxy says no", code=403)]
    server.transports[0].lose(1001)
    events.wait_for(Connected)
    assert connection.wait_connected(5)
    assert server.transports[0].closed
    assert server.transports[1].sent == [HANDSHAKE]
    server.transports[1].say('{"method":"set","name":"☁ x","value":"7"}')
    events.wait_for(VariableSet)
    assert [type(event) for event in events.heard] == [Disconnected, Connected, VariableSet]
    assert events.heard[0] == Disconnected("lost with 1001", 1001, will_retry=True)


@pytest.mark.parametrize("code", [4002, 4004, 4005, 4006])
def test_a_fatal_code_ends_it(connection: CloudConnection, server: FakeServer, code: int) -> None:
    events = Events()
    connection.add_listener(events)
    server.transports[0].lose(code)
    events.wait_for(Disconnected)
    assert events.heard == [Disconnected(f"lost with {code}", code, will_retry=False)]
    begun = time.monotonic()
    assert not connection.wait_connected(60)
    assert time.monotonic() - begun < 30
    with pytest.raises(NotConnected, match=str(code)):
        connection.set_var("x", 1)
    connection.disconnect()
    assert len(server.transports) == 1
    assert len(events.heard) == 1


def test_who_listens_only_after_the_end_is_told_of_it_once(connection: CloudConnection, server: FakeServer) -> None:
    early, late = Events(), Events()
    connection.add_listener(early)
    server.transports[0].lose(4004)
    early.wait_for(Disconnected)
    connection.add_listener(late)
    connection.disconnect()
    assert late.heard == early.heard == [Disconnected("lost with 4004", 4004, will_retry=False)]


def test_no_code_of_scratch_is_fatal(server: FakeServer) -> None:
    with CloudConnection("1", username="bob", session_id=SECRET, backoff=QUICK, connector=server.connect) as connection:
        server.transports[0].lose(4002)
        until(lambda: len(server.transports) == 2)
        assert connection.wait_connected(5)


def test_a_server_that_hangs_up_at_once_is_called_ever_less_often(server: FakeServer) -> None:
    asked: list[int] = []

    class Noted(Backoff):
        def delay(self, attempt: int, random_source: object) -> float:
            asked.append(attempt)
            return 0.001

    with TwCloudConnection("demo", backoff=Noted(stable=60.0), connector=server.connect):
        for number in range(4):
            until(lambda number=number: len(server.transports) == number + 1)  # type: ignore[misc]
            server.transports[number].lose(4000)
        until(lambda: len(asked) == 4)
    assert asked == [0, 1, 2, 3]


def test_sets_fail_while_the_connection_is_down(server: FakeServer) -> None:
    slow = Backoff(first=30.0, longest=30.0)
    with CloudConnection("1", username="bob", session_id=SECRET, backoff=slow, connector=server.connect) as connection:
        connection.set_var("x", 1)
        server.transports[0].lose(None)
        until(lambda: not connection.connected)
        with pytest.raises(NotConnected, match="lost with None"):
            connection.set_var("x", 2)
        assert connection.get_var("x") == "1"
        assert not connection.wait_connected(0.05)


def test_disconnect_ends_a_long_wait_and_may_be_called_again(server: FakeServer) -> None:
    connection = CloudConnection(
        "1",
        username="bob",
        session_id=SECRET,
        backoff=Backoff(first=60.0, longest=60.0),
        connector=server.connect,
    )
    events = Events()
    connection.add_listener(events)
    server.transports[0].lose(None)
    events.wait_for(Disconnected)
    begun = time.monotonic()
    connection.disconnect()
    connection.disconnect()
    assert time.monotonic() - begun < 20
    assert [event.will_retry for event in events.heard if isinstance(event, Disconnected)] == [True, False]
    with pytest.raises(NotConnected, match="disconnect was called"):
        connection.set_var("x", 1)


def test_the_last_event_is_that_it_is_over(connection: CloudConnection) -> None:
    events = Events()
    connection.add_listener(events)
    connection.disconnect()
    assert events.heard == [Disconnected("disconnect was called", None, will_retry=False)]
    assert not connection.connected


def test_a_long_outage_is_told_once_with_its_cause_and_its_end(server: FakeServer) -> None:
    events = Events()
    with TwCloudConnection(
        "demo",
        backoff=QUICK,
        outage_after=1.0,
        connector=server.connect,
        health_probe=lambda: Cause.NETWORK,
    ) as connection:
        connection.add_listener(events)
        server.errors = [ConnectFailed("no such name")] * 100_000
        server.transports[0].lose(1001)
        events.wait_for(Outage)
        assert connection.status.state is State.OUTAGE
        assert (connection.status.cause, connection.status.code) == (Cause.NETWORK, 1001)
        server.errors = []
        events.wait_for(Connected)
        assert connection.status.state is State.CONNECTED
    assert [type(event) for event in events.heard] == [Disconnected, Outage, Connected, Disconnected]
    assert events.of(Outage) == [Outage("no such name", Cause.NETWORK)]
    assert connection.status.state is State.CLOSED


def test_a_health_probe_that_fails_changes_nothing(server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    events = Events()

    def fail() -> Cause:
        raise ZeroDivisionError("oh no")

    with TwCloudConnection(
        "demo", backoff=QUICK, outage_after=1.0, connector=server.connect, health_probe=fail
    ) as connection:
        connection.add_listener(events)
        server.errors = [ConnectFailed("down")] * 100_000
        server.transports[0].lose(None)
        events.wait_for(Outage)
        server.errors = []
        events.wait_for(Connected)
    assert events.of(Outage) == [Outage("down", None)]
    assert "oh no" in caplog.text


# Sets while the connection is down


def sets_of(transport: FakeTransport) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in transport.sent]
    return [(line["name"], line["value"]) for line in lines if line["method"] == "set"]


FAST = replace(SCRATCH, set_interval=0.001)


@pytest.mark.parametrize(
    ("when_down", "sent"),
    [
        ("latest", [("☁ y", "2"), ("☁ x", "3")]),
        ("every", [("☁ x", "1"), ("☁ y", "2"), ("☁ x", "3")]),
    ],
)
def test_sets_wait_for_the_connection_as_the_policy_says(
    server: FakeServer, when_down: str, sent: list[tuple[str, str]]
) -> None:
    slow = Backoff(first=0.2, longest=0.2)
    with TwCloudConnection(
        "demo", when_down=when_down, limits=FAST, backoff=slow, connector=server.connect
    ) as connection:
        server.transports[0].lose(1001)
        until(lambda: not connection.connected)
        for name, value in [("x", 1), ("y", 2), ("☁ x", 3)]:
            connection.set_var(name, value)
        assert connection.waiting == len(sent)
        assert connection.flush(5)
        assert sets_of(server.transports[1]) == sent
        assert connection.get_all_vars() == {"x": "3", "y": "2"}
        connection.set_var("x", 4)
        assert sets_of(server.transports[1])[-1] == ("☁ x", "4")


def test_too_many_waiting_sets_are_refused(server: FakeServer) -> None:
    slow = Backoff(first=30.0, longest=30.0)
    with TwCloudConnection("demo", when_down="every", backoff=slow, connector=server.connect) as connection:
        server.transports[0].lose(1001)
        until(lambda: not connection.connected)
        for number in range(MOST_WAITING):
            connection.set_var("x", number)
        with pytest.raises(NotConnected, match="1,000 sets wait already"):
            connection.set_var("x", 1)
        assert not connection.flush(0.01)
    with pytest.raises(NotConnected, match="disconnect was called"):
        connection.set_var("x", 1)


def test_a_set_that_breaks_on_its_way_is_sent_again(server: FakeServer) -> None:
    with TwCloudConnection(
        "demo", when_down="every", limits=FAST, backoff=QUICK, connector=server.connect
    ) as connection:
        server.transports[0].closed = True  # a write fails, and the reader has not noticed yet
        connection.set_var("x", 1)
        connection.set_var("y", 2)
        assert connection.waiting == 2
        time.sleep(0.05)
        server.transports[0].lose(None)
        assert connection.flush(5)
        assert sets_of(server.transports[1]) == [("☁ x", "1"), ("☁ y", "2")]


@pytest.mark.parametrize("when_down", ["latest", "every"])
def test_frames_of_a_link_do_not_wait_for_the_connection(server: FakeServer, when_down: str) -> None:
    with TwCloudConnection(
        "demo", when_down=when_down, limits=FAST, backoff=QUICK, connector=server.connect
    ) as connection:
        server.transports[0].closed = True  # a write fails, and the reader has not noticed yet
        with CloudClient(connection, times=ClientTimes(first_retry=0.05)) as client:
            until(lambda: client.statistics.frames_sent >= 3)  # it says hello again and again
            assert connection.waiting == 0


def test_a_policy_has_to_be_one_of_three() -> None:
    with pytest.raises(InvalidArgument, match="'fail', 'latest', 'every'"):
        TwCloudConnection("demo", when_down="queue")


def test_an_urgent_set_overtakes_the_bulk(server: FakeServer) -> None:
    slow = replace(SCRATCH, set_interval=0.05)
    with TwCloudConnection("demo", limits=slow, connector=server.connect) as connection:
        bulk = [
            threading.Thread(target=connection.set_var, args=("bulk", n), kwargs={"priority": Priority.BULK})
            for n in range(6)
        ]
        for thread in bulk:
            thread.start()
        until(lambda: len(server.transports[0].sent) >= 2)
        connection.set_var("urgent", 1, priority=Priority.URGENT)
        names = [name for name, _ in sets_of(server.transports[0])]
        for thread in bulk:
            thread.join()
        assert len(names) < 6
        assert names[-1] == "☁ urgent"


def test_a_connection_is_not_pickled(connection: CloudConnection) -> None:
    for kept in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            kept(connection)


# Stored values


def test_the_first_values_are_waited_for(server: FakeServer) -> None:
    with TwCloudConnection("demo", connector=server.connect) as connection:
        timer = threading.Timer(0.1, server.transports[0].say, ['{"method":"set","name":"☁ x","value":"7"}'])
        timer.start()
        assert connection.get_var("x") == "7"
        begun = time.monotonic()
        assert connection.get_var("y") is None
        assert time.monotonic() - begun < 0.9
        timer.join()


def test_a_listener_that_asks_for_values_does_not_wait_for_itself(
    connection: CloudConnection, server: FakeServer
) -> None:
    seen: list[str | None] = []
    connection.add_listener(lambda event: seen.append(connection.get_var("y")))
    server.transports[0].say('{"method":"set","name":"☁ x","value":"7"}')
    until(lambda: seen == [None])


# With a real server


def test_a_listener_that_waits_for_the_connection_does_not_keep_it_from_coming_back(server: FakeServer) -> None:
    events = Events()
    with CloudConnection(
        77, username="bob", cloud_host="ws://127.0.0.1", backoff=QUICK, connector=server.connect, when_down="latest"
    ) as connection:

        def wait(event: ConnectionEvent) -> None:
            if isinstance(event, Disconnected):
                connection.set_var("x", 1)
                assert not connection.wait_connected()
                assert not connection.flush()

        connection.add_listener(wait)
        connection.add_listener(events)
        server.transports[0].lose(1001)
        events.wait_for(Connected)
        assert connection.wait_connected(math.inf)
        assert connection.flush(math.inf)


def test_two_connections_see_each_others_sets() -> None:
    with (
        LocalCloud("turbowarp") as cloud,
        TwCloudConnection("demo", cloud_host=cloud.url) as one,
        TwCloudConnection("demo", cloud_host=cloud.url) as other,
    ):
        events = Events()
        other.add_listener(events)
        one.set_var("x", "5" * 100_000)
        events.wait_for(VariableSet)
        assert other.get_var("x") == "5" * 100_000


def test_the_server_sees_sets_no_closer_than_the_interval() -> None:
    records: list[SetRecord] = []
    with (
        LocalCloud("scratch", on_set=records.append) as cloud,
        CloudConnection("1", username="bob", cloud_host=cloud.url) as connection,
    ):

        def hurry(name: str) -> None:
            for number in range(4):
                connection.set_var(name, number)

        threads = [threading.Thread(target=hurry, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        until(lambda: len(records) == 12)
        assert cloud.statistics.rejected == 0
    assert not too_close([record.received_at for record in records], SCRATCH.set_interval)


@pytest.mark.parametrize("profile", ["scratch", "turbowarp"])
def test_a_restarted_server_is_found_again(profile: str) -> None:
    with (
        LocalCloud(profile) as cloud,
        TwCloudConnection("1", username="bob", cloud_host=cloud.url, backoff=QUICK) as connection,
        TwCloudConnection("1", username="eve", cloud_host=cloud.url, backoff=QUICK) as other,
    ):
        connection.set_var("x", 1)
        until(lambda: other.get_var("x") == "1")
        events = Events()
        other.add_listener(events)
        cloud.stop()
        events.wait_for(Disconnected)
        time.sleep(0.1)
        cloud.start()
        events.wait_for(Connected)
        assert connection.wait_connected(5)
        connection.set_var("y", 2)
        events.wait_for(VariableSet, 2 if profile == "scratch" else 1)
        stored = [("x", "1")] if profile == "scratch" else []
        assert events.values() == [*stored, ("y", "2")]


def test_a_refusal_by_a_real_server_ends_it() -> None:
    with (
        LocalCloud("turbowarp") as cloud,
        TwCloudConnection("1", cloud_host=cloud.url, backoff=QUICK) as connection,
    ):
        events = Events()
        connection.add_listener(events)
        cloud.disconnect_all(4004, "gone")
        events.wait_for(Disconnected)
        (event,) = events.heard
        assert isinstance(event, Disconnected)
        assert (event.code, event.will_retry) == (4004, False)
        assert "gone" in event.reason


def test_a_cut_line_is_mended() -> None:
    with (
        LocalCloud("turbowarp") as cloud,
        TwCloudConnection("1", cloud_host=cloud.url, backoff=QUICK) as connection,
    ):
        events = Events()
        connection.add_listener(events)
        for count in range(1, 4):
            cloud.disconnect_all(None)
            events.wait_for(Connected, count)
        with contextlib.suppress(NotConnected):
            connection.set_var("x", 1)


def test_a_name_that_is_not_found_for_a_while_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    known = threading.Event()
    known.set()
    look_up = socket.getaddrinfo

    def resolve(host: str, *arguments: object, **options: object) -> object:
        if host == "cloud.example" and not known.is_set():
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return look_up("127.0.0.1" if host == "cloud.example" else host, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setenv("no_proxy", "cloud.example")
    with (
        LocalCloud("turbowarp") as cloud,
        TwCloudConnection(
            "1", cloud_host=f"ws://cloud.example:{cloud.port}", contact="me", backoff=QUICK, outage_after=0.2
        ) as connection,
    ):
        events = Events()
        connection.add_listener(events)
        known.clear()
        cloud.disconnect_all(None)
        events.wait_for(Outage)
        assert connection.status.cause is Cause.NETWORK
        assert "is not found" in connection.status.reason
        known.set()
        events.wait_for(Connected)
        assert connection.status.state is State.CONNECTED


def test_the_login_reaches_no_other_server() -> None:
    with (
        LocalCloud("turbowarp") as cloud,  # it would close 4005
        CloudConnection("1", username="bob", session_id=SECRET, cloud_host=cloud.url) as connection,
    ):
        connection.set_var("x", 1)
        until(lambda: cloud.statistics.sets_received == 1)
        assert connection.connected
