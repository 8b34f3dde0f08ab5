from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest
from log_site import LogSite
from patience import until

from cloudlink.connection import CloudConnection, TwCloudConnection
from cloudlink.dispatch import MOST_WAITING
from cloudlink.errors import ConnectFailed, InvalidArgument, SiteUnavailable
from cloudlink.events import CloudEvent, CloudEvents, EventSource, TwCloudEvents
from cloudlink.level import Level
from cloudlink.localcloud import LocalCloud
from cloudlink.rest.cloud_logs import get_cloud_logs
from cloudlink.transport.backoff import Backoff
from cloudlink.transport.logs import LogEntry

QUICK = Backoff(first=0.02, longest=0.1, stable=0.2)
KINDS = ("set", "create", "del", "rename", "ready", "connect", "disconnect", "reconnect", "error")


class Heard:
    """Handlers for everything, which keep what they get."""

    def __init__(self, source: EventSource, *, level: str = "none") -> None:
        self.events: list[CloudEvent] = []
        self._news = threading.Condition()
        for kind in KINDS:
            source.add_handler(self._take, name=f"on_{kind}", level=level)

    def _take(self, event: CloudEvent) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def of(self, kind: str) -> list[CloudEvent]:
        return [event for event in self.events if event.type == kind]

    def sets(self) -> list[tuple[str, str | None, str | None]]:
        return [(event.var, event.value, event.user) for event in self.of("set")]

    def wait_for(self, kind: str, count: int = 1) -> None:
        with self._news:
            assert self._news.wait_for(lambda: len(self.of(kind)) >= count, 10), self.events


pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.fixture
def site() -> Iterator[LogSite]:
    with LogSite() as site:
        yield site


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud("turbowarp") as cloud:
        yield cloud


# From the log


def test_everything_in_the_log_is_told_once_with_its_user(site: LogSite) -> None:
    site.add("old", "x", "0")
    events = CloudEvents("77", client=site.client, interval=0.1)
    heard = Heard(events)
    events.start()
    try:
        heard.wait_for("ready")
        before = time.time_ns() // 10**6
        site.add("ada", "x", "1")
        site.add("ada", "x", 2)
        site.add("bob", "y", None, verb="create_var")
        site.add("bob", "z", None, verb="del_var")
        site.add("bob", "w", None, verb="rename_var")
        site.add("bob", "w", None, verb="something_new")
        site.add("ada", "x", "1", project="78")
        heard.wait_for("rename")
        time.sleep(0.3)  # time enough to tell something twice
    finally:
        events.stop()
    assert [event.type for event in heard.events] == ["connect", "ready", "set", "set", "create", "del", "rename"]
    assert heard.sets() == [("x", "1", "ada"), ("x", "2", "ada")]
    first = heard.of("set")[0]
    assert (first.name, first.level) == ("☁ x", Level.LOGGED)
    assert before <= first.timestamp <= time.time_ns() // 10**6
    assert "authorization" not in site.requests[0][1]
    assert "cookie" not in site.requests[0][1]
    assert events.statistics.from_log == 2


def test_an_entry_without_a_user_is_not_for_those_who_demand_one(site: LogSite) -> None:
    with CloudEvents("77", client=site.client, interval=0.1) as events:
        everything, logged = Heard(events), Heard(events, level="logged")
        site.add(None, "x", "1")
        site.add("ada", "x", "2")
        everything.wait_for("set", 2)
    assert everything.sets() == [("x", "1", None), ("x", "2", "ada")]
    assert logged.sets() == [("x", "2", "ada")]


def test_a_log_that_fails_for_a_while_is_told_and_loses_nothing(site: LogSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudlink.log_watch._BACKOFF", QUICK)
    with CloudEvents(77, client=site.client, interval=0.1) as events:
        heard = Heard(events)
        site.broken = True
        site.add("ada", "x", "1")
        heard.wait_for("error", 3)
        site.broken = False
        heard.wait_for("set")
    assert [event.type for event in heard.events if event.type in ("disconnect", "reconnect", "set")] == [
        "disconnect",
        "reconnect",
        "set",
    ]
    assert isinstance(heard.of("error")[0].error, SiteUnavailable)


def test_a_source_of_the_users_own_may_fail_in_its_own_way() -> None:
    failures = [KeyError("bug"), KeyError("bug")]

    def read(*, limit: int, offset: int) -> list[LogEntry]:
        if heard.of("ready") and failures:
            raise failures.pop()
        return []

    events = CloudEvents("77", logs=read, interval=0.1)
    heard = Heard(events)
    with events:
        heard.wait_for("error", 2)
        heard.wait_for("reconnect")
    assert [event.reason for event in heard.of("error")] == ["the log's source failed: KeyError('bug')"] * 2
    assert len(heard.of("disconnect")) == 1


def test_a_log_that_cannot_be_had_at_first_is_an_error_of_start(site: LogSite) -> None:
    site.broken = True
    events = CloudEvents("77", client=site.client)
    with pytest.raises(SiteUnavailable):
        events.start()
    with pytest.raises(InvalidArgument, match="start once"):
        events.start()


def test_more_than_the_log_shows_is_an_error_and_not_a_silence(site: LogSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudlink.log_watch.MOST_PAGES", 1)
    site.add("ada", "x", "0")
    with CloudEvents("77", client=site.client, interval=0.1) as events:
        heard = Heard(events)
        site.hidden = True
        for number in range(150):
            site.add("ada", "x", str(number))
        site.hidden = False
        heard.wait_for("error")
        heard.wait_for("set", 100)
    assert "some events are missing" in heard.of("error")[0].reason


@pytest.mark.parametrize("project", ["my-game", "", "7 7", "☁"])
def test_a_project_that_scratch_cannot_have_is_refused(project: str) -> None:
    with pytest.raises(InvalidArgument):
        CloudEvents(project)


# From a socket


def test_sets_on_turbowarp_come_at_once_and_stored_values_are_no_events(cloud: LocalCloud) -> None:
    with TwCloudConnection("demo", cloud_host=cloud.url) as player:
        player.set_var("old", 7)
        until(lambda: cloud.variables("demo"))
        events = TwCloudEvents("demo", cloud_host=cloud.url)
        heard = Heard(events)
        events.start(thread=True)
        heard.wait_for("ready")
        player.set_var("☁ score", 1)
        player.set_var("score", 1)
        heard.wait_for("set", 2)
        events.stop()
    assert [event.type for event in heard.events] == ["connect", "ready", "set", "set"]
    assert heard.sets() == [("score", "1", None)] * 2
    assert heard.of("set")[0].level is Level.NONE
    assert events.statistics.from_socket == 2


def test_an_empty_room_tells_its_very_first_set(cloud: LocalCloud) -> None:
    with TwCloudEvents("demo", cloud_host=cloud.url) as events, TwCloudConnection("demo", cloud_host=cloud.url) as one:
        heard = Heard(events)
        one.set_var("x", 1)
        heard.wait_for("set")
    assert heard.sets() == [("x", "1", None)]


def test_a_reconnect_repeats_nothing_and_brings_what_was_missed() -> None:
    slow = Backoff(first=1.0, longest=1.0)
    with (
        LocalCloud("scratch") as cloud,
        TwCloudConnection("1", username="ada", cloud_host=cloud.url, backoff=QUICK) as player,
        TwCloudConnection("1", username="me", cloud_host=cloud.url, backoff=slow) as connection,
    ):
        since = player.status.since
        with CloudEvents(connection) as events:
            heard = Heard(events)
            player.set_var("x", 1)
            player.set_var("y", 1)
            heard.wait_for("set", 2)
            cloud.disconnect_all(None)
            until(lambda: player.connected and player.status.since > since)
            player.set_var("x", 2)
            heard.wait_for("set", 3)
            player.set_var("x", 2)
            heard.wait_for("set", 4)
        assert connection.connected
    assert heard.sets() == [("x", "1", None), ("y", "1", None), ("x", "2", None), ("x", "2", None)]
    assert [event.type for event in heard.events if event.type != "set"] == ["disconnect", "reconnect"]


def test_a_claim_gives_a_name_of_its_level(cloud: LocalCloud) -> None:
    names = {"1": "ada", "2": "bob"}
    with (
        TwCloudConnection("demo", cloud_host=cloud.url) as player,
        TwCloudEvents("demo", cloud_host=cloud.url, claim=lambda name, value: names.get(value[:1])) as events,
    ):
        everything, claimed = Heard(events), Heard(events, level="claimed")
        for value in (15, 25, 35):
            player.set_var("x", value)
        everything.wait_for("set", 3)
    assert everything.sets() == [("x", "15", "ada"), ("x", "25", "bob"), ("x", "35", None)]
    assert claimed.sets() == [("x", "15", "ada"), ("x", "25", "bob")]
    assert {event.level for event in claimed.of("set")} == {Level.CLAIMED}


def test_a_claim_that_fails_names_nobody(cloud: LocalCloud) -> None:
    def fail(name: str, value: str) -> str:
        raise ZeroDivisionError

    with (
        TwCloudConnection("demo", cloud_host=cloud.url) as player,
        TwCloudEvents("demo", cloud_host=cloud.url, claim=fail) as events,
    ):
        heard = Heard(events)
        player.set_var("x", 1)
        heard.wait_for("set")
    assert heard.sets() == [("x", "1", None)]


def test_logged_names_are_not_to_be_had_without_a_log(cloud: LocalCloud) -> None:
    events = TwCloudEvents("demo", cloud_host=cloud.url)
    with pytest.raises(InvalidArgument, match="keeps no log"):
        events.add_handler(print, name="on_set", level="logged")
    with pytest.raises(InvalidArgument, match="keeps no log"):
        TwCloudEvents("demo", level="logged")


def test_a_server_that_is_not_there_is_an_error_of_start(cloud: LocalCloud) -> None:
    url = cloud.url
    cloud.stop()
    with pytest.raises(ConnectFailed):
        TwCloudEvents("demo", cloud_host=url).start()


def test_a_final_refusal_ends_a_start_that_stays(cloud: LocalCloud) -> None:
    events = TwCloudEvents("demo", cloud_host=cloud.url)
    heard = Heard(events)
    events.add_handler(lambda: cloud.disconnect_all(4004, "gone"), name="on_ready")
    events.start(thread=False)
    assert [event.type for event in heard.events] == ["connect", "ready", "disconnect"]
    assert "gone" in heard.of("disconnect")[0].reason


def test_who_stops_a_start_that_stays_does_not_wait_for_the_end_of_the_program(cloud: LocalCloud) -> None:
    events = TwCloudEvents("demo", cloud_host=cloud.url)
    stopper = threading.Thread(target=events.stop)
    events.add_handler(stopper.start, name="on_ready")
    events.start(thread=False)
    stopper.join(10)
    assert not stopper.is_alive()


# From both


def test_socket_and_log_together_tell_each_set_once_and_names_to_those_who_demand_them(site: LogSite) -> None:
    with (
        LocalCloud("scratch", on_set=site.record) as cloud,
        CloudConnection("77", username="me", cloud_host=cloud.url) as connection,
        CloudConnection("77", username="ada", cloud_host=cloud.url) as ada,
        CloudEvents(connection, logs=partial(get_cloud_logs, 77, client=site.client), interval=0.1) as events,
    ):
        at_once, logged = Heard(events), Heard(events, level="logged")
        for value in range(5):
            ada.set_var("x", value % 2)
        connection.set_var("mine", 1)
        site.add("bob", "y", None, verb="del_var")
        logged.wait_for("set", 6)
        at_once.wait_for("del")
        time.sleep(0.5)
    assert at_once.sets() == [("x", str(value % 2), None) for value in range(5)]
    assert logged.sets() == [("x", str(value % 2), "ada") for value in range(5)] + [("mine", "1", "me")]
    assert events.statistics.from_log == 0


def test_what_the_socket_does_not_deliver_comes_from_the_log(site: LogSite) -> None:
    with (
        LocalCloud("scratch") as cloud,
        CloudConnection("77", username="me", cloud_host=cloud.url) as connection,
        CloudEvents(connection, logs=partial(get_cloud_logs, 77, client=site.client), interval=0.1) as events,
    ):
        heard = Heard(events)
        site.add("ada", "x", "1")
        site.add("bob", "x", "2")
        heard.wait_for("set", 2)
        heard.wait_for("error")
    assert heard.sets() == [("x", "1", "ada"), ("x", "2", "bob")]
    assert "does not deliver" in heard.of("error")[0].reason
    assert (events.statistics.from_socket, events.statistics.from_log) == (0, 2)


# Handlers


def test_a_handler_may_take_the_event_or_nothing(cloud: LocalCloud) -> None:
    events = TwCloudEvents("demo", cloud_host=cloud.url)
    called = []

    @events.event
    def on_ready() -> None:
        called.append("ready")

    @events.event
    def on_connect(event: CloudEvent) -> None:
        called.append(event.type)

    @events.event(level="none")
    def on_disconnect(event: CloudEvent, extra: int = 1) -> None:
        called.append(event.type)

    assert on_ready.__name__ == "on_ready"
    with events:
        until(lambda: len(called) == 2)
        cloud.disconnect_all(4004)
        until(lambda: len(called) == 3)
    assert called == ["connect", "ready", "disconnect"]


def test_what_cannot_be_a_handler_is_refused() -> None:
    events = TwCloudEvents("demo", contact="me")

    async def on_set(event: CloudEvent) -> None: ...

    def on_del(event: CloudEvent, more: int) -> None: ...

    def on_message() -> None: ...

    for function, why in [(on_set, "async for"), (on_del, "something else"), (on_message, "on_set, on_create")]:
        with pytest.raises(InvalidArgument, match=why):
            events.event(function)
    with pytest.raises(InvalidArgument, match="'none', 'claimed' or 'logged'"):
        events.add_handler(print, name="on_set", level="certain")


def test_a_failing_handler_harms_nobody_and_is_an_error_event(
    cloud: LocalCloud, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        TwCloudConnection("demo", cloud_host=cloud.url) as player,
        TwCloudEvents("demo", cloud_host=cloud.url) as events,
    ):

        @events.event
        def on_set(event: CloudEvent) -> None:
            raise ZeroDivisionError("oh no")

        @events.event
        def on_error() -> None:
            raise ZeroDivisionError("not again")

        heard = Heard(events)
        player.set_var("x", 1)
        player.set_var("x", 2)
        heard.wait_for("set", 2)
        heard.wait_for("error", 2)
    assert isinstance(heard.of("error")[0].error, ZeroDivisionError)
    assert "oh no" in caplog.text
    assert "not again" in caplog.text


# Pause, stop, loops


def test_what_happens_in_a_pause_waits_or_is_skipped(cloud: LocalCloud) -> None:
    with (
        TwCloudConnection("demo", cloud_host=cloud.url) as player,
        TwCloudEvents("demo", cloud_host=cloud.url) as events,
    ):
        heard = Heard(events)
        events.pause()
        player.set_var("x", 1)
        player.set_var("x", 2)
        until(lambda: events.statistics.from_socket == 2)
        assert heard.sets() == []
        events.resume()
        heard.wait_for("set", 2)
        events.pause()
        player.set_var("x", 3)
        until(lambda: events.statistics.from_socket == 3)
        events.resume(skip=True)
        player.set_var("x", 4)
        heard.wait_for("set", 3)
    assert heard.sets() == [("x", "1", None), ("x", "2", None), ("x", "4", None)]


def test_a_pause_is_bounded(cloud: LocalCloud) -> None:
    with TwCloudEvents("demo", cloud_host=cloud.url) as events:
        events.pause()
        for number in range(MOST_WAITING + 5):
            events._push_news("error", str(number))
        assert events.statistics.lost >= 5


def test_a_handler_may_stop_the_events(cloud: LocalCloud) -> None:
    events = TwCloudEvents("demo", cloud_host=cloud.url)
    stopped = threading.Event()

    @events.event
    def on_ready() -> None:
        events.stop()
        stopped.set()

    events.start()
    assert stopped.wait(5)
    events.stop()


def test_events_that_were_stopped_before_their_start_open_nothing(cloud: LocalCloud) -> None:
    events = TwCloudEvents("demo", cloud_host=cloud.url)
    events.stop()
    with pytest.raises(InvalidArgument, match="make a new object"):
        events.start()
    assert cloud.members("demo") == []


def slow_events(cloud: LocalCloud, connecting: threading.Event, go_on: threading.Event) -> EventSource:
    """Events whose server takes its time."""

    def connect() -> CloudConnection:
        connecting.set()
        go_on.wait(10)
        return TwCloudConnection("demo", cloud_host=cloud.url)

    return EventSource("demo", connection=None, connect=connect, logs=None, interval=1, level="none", claim=None)


def test_events_that_are_stopped_while_they_start_leave_nothing_open(cloud: LocalCloud) -> None:
    connecting, go_on = threading.Event(), threading.Event()
    events = slow_events(cloud, connecting, go_on)
    starting = threading.Thread(target=events.start)
    starting.start()
    assert connecting.wait(10)
    events.stop()
    go_on.set()
    starting.join(10)
    until(lambda: not cloud.members("demo"))


def test_an_async_with_that_is_cancelled_while_it_starts_leaves_nothing_open(cloud: LocalCloud) -> None:
    connecting, go_on = threading.Event(), threading.Event()

    async def watch() -> None:
        async with slow_events(cloud, connecting, go_on):
            raise AssertionError("it was cancelled")

    async def cancel() -> None:
        task = asyncio.create_task(watch())
        await asyncio.to_thread(connecting.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()

    asyncio.run(cancel())
    until(lambda: not cloud.members("demo"))


def test_a_loop_gets_every_change_until_the_end(cloud: LocalCloud) -> None:
    with TwCloudConnection("demo", cloud_host=cloud.url) as player:
        events = TwCloudEvents("demo", cloud_host=cloud.url)
        with pytest.raises(InvalidArgument, match="start"):
            iter(events)
        with events:
            loop = iter(events)
            for value in range(3):
                player.set_var("x", value)
            seen = [next(loop).value for _ in range(3)]
            threading.Timer(0.05, events.stop).start()
            assert list(loop) == []
    assert seen == ["0", "1", "2"]


def test_an_async_loop_gets_every_change_until_the_end(cloud: LocalCloud) -> None:
    async def watch() -> list[str | None]:
        seen = []
        async with TwCloudEvents("demo", cloud_host=cloud.url) as events:
            with TwCloudConnection("demo", cloud_host=cloud.url) as player:
                loop = aiter(events)
                for value in range(3):
                    await asyncio.to_thread(player.set_var, "x", value)
                async for event in loop:
                    seen.append(event.value)
                    if len(seen) == 3:
                        threading.Timer(0.05, events.stop).start()
        return seen

    assert asyncio.run(watch()) == ["0", "1", "2"]


def test_an_async_loop_whose_event_loop_is_gone_harms_nobody(cloud: LocalCloud) -> None:
    with (
        TwCloudEvents("demo", cloud_host=cloud.url) as events,
        TwCloudConnection("demo", cloud_host=cloud.url) as player,
    ):
        heard = Heard(events)

        async def leave_early() -> object:
            return aiter(events)

        kept = asyncio.run(leave_early())
        player.set_var("x", 1)
        heard.wait_for("set")
        del kept
