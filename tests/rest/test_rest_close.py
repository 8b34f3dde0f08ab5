"""A client that is closed leaves no connection open, and what was fetched with it says that it is closed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from local_site import client_at
from patience import until

from cloudlink import Client, ClientClosed, Hosts, Session, get_user, login, set_default_client
from cloudlink.rest.http import RequestsTransport
from cloudlink.testing import LocalSite


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        for name in ("otter", "fox"):
            site.add_user(name, password="correct horse")
        yield site


def connections() -> int:
    """How many connections the site has: it keeps a thread for each."""
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


def test_with_closes_the_connections(site: LocalSite) -> None:
    with client_at(site) as client:
        assert get_user("fox", client=client).username == "fox"
        assert connections() == 1
    until(lambda: connections() == 0)
    assert client.closed


def test_closing_again_does_nothing(site: LocalSite) -> None:
    with client_at(site) as client:
        client.close()
        client.close()


def test_a_session_closes_the_connections_and_stays_logged_in(site: LocalSite) -> None:
    with client_at(site) as client:
        with login("otter", "correct horse", client=client) as session:
            session_id = session.session_id
            assert connections() == 1
        until(lambda: connections() == 0)
        assert Session(session_id, client=client).username == "otter"


def test_what_was_fetched_keeps_what_it_knows_and_asks_nothing(site: LocalSite) -> None:
    with client_at(site) as client:
        fox = get_user("fox", client=client)
        followers = fox.iter_followers()
        session = login("otter", "correct horse", client=client)
    asked = len(site.requests)
    assert (fox.username, session.username) == ("fox", "otter")
    with pytest.raises(ClientClosed, match=r"GET http.*/users/fox: the client that was to ask this is closed"):
        fox.update()
    with pytest.raises(ClientClosed):
        next(followers)
    with pytest.raises(ClientClosed):
        get_user("otter", client=client)
    with pytest.raises(ClientClosed):
        session.connect_user("fox").follow()
    assert len(site.requests) == asked


def test_a_closed_session_leaves_its_client_and_other_sessions_open(site: LocalSite) -> None:
    with client_at(site) as client:
        with login("otter", "correct horse", client=client) as otter:
            fox = login("fox", "correct horse", client=client)
        with pytest.raises(ClientClosed):
            otter.connect_user("fox").follow()
        with pytest.raises(ClientClosed):
            otter.logout()
        fox.connect_user("otter").follow()
        assert get_user("otter", client=client).follower_count() == 1


def test_the_default_client_outlives_a_session(site: LocalSite) -> None:
    with client_at(site) as client:
        before = set_default_client(client)
        try:
            with login("otter", "correct horse"):
                pass
            until(lambda: connections() == 0)
            assert get_user("fox").username == "fox"
        finally:
            set_default_client(before)


def test_a_request_under_way_is_answered_and_its_connection_closed(site: LocalSite) -> None:
    with client_at(site) as client, ThreadPoolExecutor(1) as pool:
        with site.state():  # nothing is answered meanwhile
            found = pool.submit(get_user, "fox", client=client)
            until(lambda: connections() == 1)
            client.close()
        assert found.result(10).username == "fox"
        until(lambda: connections() == 0)


def test_a_client_does_not_ask_again_once_it_is_closed(site: LocalSite) -> None:
    site.trouble(status=503, times=None)
    with client_at(site, sleep=lambda seconds: client.close()) as client, pytest.raises(ClientClosed):
        get_user("fox", client=client)
    assert len(site.requests) == 1


def test_a_transport_that_was_handed_in_stays_open(site: LocalSite) -> None:
    transport = RequestsTransport()
    with Client(hosts=Hosts.at(site.hosts), transport=transport) as client:
        get_user("fox", client=client)
    assert connections() == 1
    transport.close()
    until(lambda: connections() == 0)
