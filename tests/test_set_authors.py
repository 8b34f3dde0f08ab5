from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from functools import partial

import pytest
from log_site import LogSite

from cloudlink.connection import CloudConnection
from cloudlink.errors import InvalidArgument, NotConnected, SiteUnavailable
from cloudlink.level import Level
from cloudlink.localcloud import LocalCloud
from cloudlink.log_watch import LogWatch
from cloudlink.rest.cloud_logs import get_cloud_logs
from cloudlink.set_authors import SetAuthors
from cloudlink.transport.authors import Author, Doubt
from cloudlink.transport.connection import ConnectionEvent, VariableSet

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.fixture
def site() -> Iterator[LogSite]:
    with LogSite() as site:
        yield site


def authors_of(site: LogSite, *, patience: float = 60.0) -> SetAuthors:
    authors = SetAuthors(
        partial(get_cloud_logs, 77, client=site.client), interval=0.1, delay=0.5, late=0.3, patience=patience
    )
    time.sleep(0.4)  # `late` and a little: only then can an answer be sure
    return authors


def test_who_set_what_over_a_real_socket_and_a_real_log(site: LogSite) -> None:
    arrived: list[VariableSet] = []

    def listen(event: ConnectionEvent) -> None:
        if isinstance(event, VariableSet):
            arrived.append(event)

    with (
        LocalCloud("scratch", on_set=site.record) as cloud,
        CloudConnection("77", username="me", cloud_host=cloud.url) as connection,
        CloudConnection("77", username="ada", cloud_host=cloud.url) as ada,
        CloudConnection("77", username="bob", cloud_host=cloud.url) as bob,
        authors_of(site) as authors,
    ):
        connection.add_listener(listen)
        for player, value in [(ada, 1), (bob, 2), (ada, 3), (bob, 3)]:
            player.set_var("x", value)
        while len(arrived) < 4:
            time.sleep(0.01)
        asked = [authors.ask(event.name, event.value, received_at=event.received_at) for event in arrived]
        told = {event.value: future.result(10) for event, future in zip(arrived, asked, strict=True)}
    assert told == {
        "1": Author("ada", Level.LOGGED),
        "2": Author("bob", Level.LOGGED),
        "3": Author(None, Level.NONE, Doubt.AMBIGUOUS, ("ada", "bob")),
    }


def test_a_log_that_fails_names_nobody_in_the_end(site: LogSite) -> None:
    with authors_of(site, patience=0.6) as authors:
        site.broken = True
        assert authors.ask("x", "1", claim="ada").result(20) == Author("ada", Level.CLAIMED, Doubt.GAP)


def test_closing_cancels_what_is_asked(site: LogSite) -> None:
    authors = authors_of(site)
    future = authors.ask("x", "1")
    authors.close()
    authors.close()
    with pytest.raises(CancelledError):
        future.result(1)
    with pytest.raises(NotConnected, match="new SetAuthors"):
        authors.ask("x", "1")


def test_a_log_that_cannot_be_had_at_first_is_an_error(site: LogSite) -> None:
    site.broken = True
    with pytest.raises(SiteUnavailable):
        SetAuthors(partial(get_cloud_logs, 77, client=site.client))


def test_nobody_may_ask_the_site_too_often(site: LogSite) -> None:
    with pytest.raises(InvalidArgument, match=r"every 0\.1 s"):
        LogWatch(
            partial(get_cloud_logs, 77, client=site.client),
            on_news=lambda news: None,
            on_failure=lambda error: None,
            on_turn=lambda now: None,
            interval=0.01,
            name="watch",
        )
