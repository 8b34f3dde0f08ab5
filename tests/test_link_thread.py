"""The thread of a link: whatever comes in, and whoever fails around it, it goes on."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import digit_strings

from cloudlink.clock import system_clock
from cloudlink.errors import NotConnected, ValueTooLong
from cloudlink.limits import SCRATCH, Limits
from cloudlink.link import frame
from cloudlink.link.events import ClientLeft, Write
from cloudlink.link.server import ServerLink
from cloudlink.link.settings import Channel, ServerTimes
from cloudlink.link.statistics import RIVAL
from cloudlink.link_thread import MOST_UNREAD, LinkThread
from cloudlink.transport.connection import Connected, ConnectionEvent, Disconnected, Listener, VariableSet
from cloudlink.transport.turns import Priority

SECONDS = 5.0
"""How long a test waits for what should happen at once."""


class FakeConnection:
    """A connection whose other side is the test."""

    limits: Limits = SCRATCH

    def __init__(self) -> None:
        self.connected = True
        self.sets: list[tuple[str, str | int | float]] = []
        self.errors: list[Exception] = []
        self.listeners: list[Listener] = []

    def set_var(
        self, name: str, value: str | int | float, *, priority: Priority = Priority.NORMAL, keep: bool = True
    ) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.sets.append((name, value))

    def get_var(self, name: str) -> str | None:
        return None

    def add_listener(self, listener: Listener) -> None:
        self.listeners.append(listener)

    def remove_listener(self, listener: Listener) -> None:
        if listener in self.listeners:
            self.listeners.remove(listener)

    def disconnect(self) -> None:
        self.connected = False

    def tell(self, event: ConnectionEvent) -> None:
        for listener in self.listeners:
            listener(event)

    def say(self, value: str) -> None:
        self.tell(VariableSet("IN", value, 0.0))


class FakeLink:
    """A link that keeps what it is given, tells of each value, and sends what the test puts into `due`."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.due: list[Write] = []
        self._events: list[object] = []

    def receive(self, name: str, value: str, *, now: float) -> None:
        self.received.append(value)
        if value == "bad":
            raise ZeroDivisionError("a bug in the link")
        self._events.append(value)

    def writes(self, *, now: float) -> list[Write]:
        due, self.due = self.due, []
        return due

    def wakeup(self, *, now: float) -> float | None:
        return None

    def next_event(self) -> object | None:
        return self._events.pop(0) if self._events else None


def nothing(event: object) -> None: ...


@contextmanager
def running(
    connection: FakeConnection,
    link: FakeLink,
    *,
    on_event: Callable[[object], None] = nothing,
    tick: Callable[[float], float | None] = lambda now: None,
) -> Iterator[LinkThread[FakeLink]]:
    thread = LinkThread(connection, link, on_event=on_event, name="under-test", tick=tick)
    thread.start()
    try:
        yield thread
    finally:
        thread.stop()


def thread_runs() -> bool:
    return any(thread.name == "under-test" for thread in threading.enumerate())


def test_what_arrives_reaches_the_link_and_its_events_come_out_in_order() -> None:
    connection, link, heard = FakeConnection(), FakeLink(), []
    with running(connection, link, on_event=heard.append) as thread:
        for number in range(100):
            connection.say(str(number))
        assert thread.wait_for(lambda: len(heard) == 100, timeout=SECONDS)
    assert heard == link.received == [str(number) for number in range(100)]


def test_a_value_that_the_link_fails_on_does_not_end_the_thread(caplog: pytest.LogCaptureFixture) -> None:
    connection, link, heard = FakeConnection(), FakeLink(), []
    with running(connection, link, on_event=heard.append) as thread:
        connection.say("bad")
        connection.say("12")
        assert thread.wait_for(lambda: heard == ["12"], timeout=SECONDS)
    assert "could not be taken in: 'bad'" in caplog.text


def test_a_listener_that_fails_does_not_end_the_thread(caplog: pytest.LogCaptureFixture) -> None:
    connection, link, heard = FakeConnection(), FakeLink(), []

    def listen(event: object) -> None:
        heard.append(event)
        if event == "1":
            raise ZeroDivisionError("a bug in the listener")

    with running(connection, link, on_event=listen) as thread:
        connection.say("1")
        connection.say("2")
        assert thread.wait_for(lambda: heard == ["1", "2"], timeout=SECONDS)
    assert "a bug in the listener" in caplog.text


@pytest.mark.parametrize("error", [NotConnected("lost"), ValueTooLong("too long", size=2, limit=1)])
def test_a_write_that_fails_does_not_end_the_thread(error: Exception) -> None:
    connection, link = FakeConnection(), FakeLink()
    connection.errors = [error]
    with running(connection, link) as thread:
        with thread.use() as used:
            used.due = [Write("OUT", "1"), Write("OUT", "2")]
        assert thread.wait_for(lambda: connection.sets == [("OUT", "2")], timeout=SECONDS)


@pytest.mark.parametrize("due", [math.inf, 1e12])
def test_a_time_that_never_comes_does_not_end_the_thread(due: float) -> None:
    connection, link = FakeConnection(), FakeLink()
    with running(connection, link, tick=lambda now: due) as thread:
        connection.say("12")
        assert thread.wait_for(lambda: link.received == ["12"], timeout=SECONDS)


def test_nothing_is_sent_while_the_connection_is_down_and_all_of_it_when_it_is_back() -> None:
    connection, link = FakeConnection(), FakeLink()
    connection.connected = False
    with running(connection, link) as thread:
        with thread.use() as used:
            used.due = [Write("OUT", "1")]
        connection.say("12")
        assert thread.wait_for(lambda: link.received == ["12"], timeout=SECONDS)
        assert connection.sets == []
        connection.connected = True
        connection.tell(Connected())
        assert thread.wait_for(lambda: connection.sets == [("OUT", "1")], timeout=SECONDS)


def test_of_more_values_than_may_wait_the_oldest_are_dropped() -> None:
    connection, link = FakeConnection(), FakeLink()
    with running(connection, link) as thread:
        with thread.use():  # the thread has to wait, and the values with it
            for number in range(MOST_UNREAD + 5):
                connection.say(str(number))
        assert thread.wait_for(lambda: len(link.received) == MOST_UNREAD, timeout=SECONDS)
    assert link.received[0] == "5"


def test_stopping_ends_the_thread_and_stops_listening_also_twice_and_from_within() -> None:
    connection, link = FakeConnection(), FakeLink()
    with running(connection, link) as thread:
        thread.stop()
        assert not thread_runs()
        assert connection.listeners == []
        thread.stop()

    stopper: list[LinkThread[FakeLink]] = []
    with running(connection, link, on_event=lambda event: stopper[0].stop()) as thread:
        stopper.append(thread)
        connection.say("12")
    assert not thread_runs()


def test_a_thread_that_was_never_started_can_be_stopped() -> None:
    LinkThread(FakeConnection(), FakeLink(), on_event=nothing, name="under-test").stop()


def test_what_has_arrived_counts_as_under_way_until_its_event_was_dealt_with() -> None:
    connection, begun, go_on = FakeConnection(), threading.Event(), threading.Event()

    def deal_with(event: object) -> None:
        begun.set()
        go_on.wait(SECONDS)

    with running(connection, FakeLink(), on_event=deal_with) as thread:
        connection.say("1")
        assert begun.wait(SECONDS)
        assert not thread.wait_for(lambda: not thread.busy, timeout=0.01)
        go_on.set()
        assert thread.wait_for(lambda: not thread.busy, timeout=math.inf)


def test_a_condition_that_never_holds_is_waited_for_no_longer_than_asked() -> None:
    with running(FakeConnection(), FakeLink()) as thread:
        assert not thread.wait_for(lambda: False, timeout=0.01)


def test_the_end_of_a_lease_is_told_though_nothing_else_happens() -> None:
    connection, told = FakeConnection(), threading.Event()
    link = ServerLink(Channel(), random=Random(1), now=system_clock(), times=ServerTimes(lease=1, first_lease=1))

    def listen(event: object) -> None:
        if isinstance(event, ClientLeft):
            told.set()

    thread = LinkThread(connection, link, on_event=listen, name="under-test")
    thread.start()
    try:
        connection.tell(VariableSet("TO_1", frame.pack_hello(frame.Hello(frame.VERSION, 12345678)), 0.0))
        assert told.wait(2 * SECONDS)
    finally:
        thread.stop()


strange_values = (
    st.text(max_size=300)
    | digit_strings
    | st.floats().map(str)
    | st.sampled_from(["", "\ud83d", "١٢٣" * 9, "5" * 5000])
)


@settings(max_examples=30)
@given(values=st.lists(st.tuples(st.sampled_from(["TO_1", "TO_2", "", "FROM_1"]), strange_values), max_size=30))
def test_a_strange_value_never_ends_the_thread_of_a_real_link(values: list[tuple[str, str]]) -> None:
    connection = FakeConnection()
    link = ServerLink(Channel(), random=Random(1), now=0.0)
    thread = LinkThread(connection, link, on_event=nothing, name="under-test")
    thread.start()
    try:
        for name, value in values:
            connection.tell(VariableSet(name, value, 0.0))
        connection.tell(Disconnected("a test", None, will_retry=True))
        strange = sum(name.startswith("TO") for name, _ in values)
        rejected = link.statistics.rejected
        assert thread.wait_for(lambda: sum(rejected.values()) - rejected.get(RIVAL, 0) == strange, timeout=SECONDS)
        assert thread_runs()
    finally:
        thread.stop()
    assert not thread_runs()
