"""Cloud variables through the site: their history, and the connection of a session."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from local_site import client_at
from offline_site import ME, answering, client_of, query_of, serving

from cloudlink.errors import ConnectionRefused, InvalidArgument
from cloudlink.localcloud import LocalCloud
from cloudlink.rest.client import Client
from cloudlink.rest.cloud_logs import get_cloud, get_cloud_logs, get_var
from cloudlink.rest.endpoints import Hosts
from cloudlink.rest.http import Reply
from cloudlink.rest.session import Session
from cloudlink.testing import LocalSite


def test_the_history_of_the_samples() -> None:
    site = serving("cloud_logs")
    logs = get_cloud_logs("1182391014", client=client_of(site))
    assert query_of(site.only) == {"projectid": "1182391014", "limit": "100", "offset": "0"}
    newest, older, created, *_ = logs
    assert (newest.user, newest.verb, newest.name, newest.value) == ("pixel_otter", "set_var", "score", "1042")
    assert newest.time == datetime.fromtimestamp(1779999998.123, UTC)
    assert newest["name"] == "☁ score"
    assert (older.value, created.verb, created.value) == ("7", "create_var", None)
    assert get_cloud(1, client=client_of(serving("cloud_logs"))) == {"score": "1042"}
    assert get_cloud(1, client=client_of(serving("cloud_logs_empty"))) == {}


def test_a_deleted_variable_has_no_value() -> None:
    body = b'[{"verb": "del_var", "name": "\\u2601 a"}, {"verb": "set_var", "name": "\\u2601 a", "value": "1"}]'
    assert get_var(1, "a", client=client_of(answering(Reply(200, body=body)))) is None


def test_the_variable_is_named_with_the_cloud_sign_or_without() -> None:
    for name in ("score", "☁ score"):
        assert get_var("1", name, client=client_of(serving("cloud_logs"))) == "1042"


@pytest.mark.parametrize(("project_id", "limit"), [("x", 100), (1, 0), (1, 101), (1, -1), (1, None)])
def test_what_cannot_be_asked_is_not_sent(project_id: int | str, limit: Any) -> None:
    with pytest.raises(InvalidArgument):
        get_cloud_logs(project_id, limit=limit, client=client_of(answering()))


def test_a_session_reads_the_history() -> None:
    with LocalSite() as site, client_at(site) as client:
        site.add_user("otter")
        number = site.add_project("otter").id
        session = Session(site.log_in("otter"), client=client)
        assert session.get_cloud_logs(number) == []
        for value in range(3):
            site.add_cloud_change(number, "fox", "score", str(value))
        assert session.get_var(number, "score") == "2"
        assert session.get_cloud(number) == {"score": "2"}
        assert [entry.value for entry in session.get_cloud_logs(number, limit=1, offset=1)] == ["1"]


def test_a_session_connects_to_the_cloud_of_its_hosts() -> None:
    with LocalSite() as site, LocalCloud("scratch") as cloud:
        site.add_user("otter")
        with client_at(site, hosts=Hosts.at(site.hosts, cloud=cloud.url)) as client:
            session = Session(site.log_in("otter"), client=client)
            with session.connect_cloud("12") as ours, session.connect_cloud(12, cloud_host=cloud.url) as theirs:
                assert (ours.username, ours.project_id) == ("otter", "12")
                ours.set_var("score", 5)
                with session.connect_cloud("12") as later:
                    assert later.wait_connected(5)
                theirs.set_var("score", 6)
                assert theirs.get_var("score") == "6"


def test_a_session_of_a_local_site_never_goes_to_the_real_cloud() -> None:
    with LocalSite() as site, client_at(site) as client:
        site.add_user("otter")
        assert client.hosts.cloud.startswith(f"ws://127.0.0.1:{site.port}/")
        with pytest.raises(ConnectionRefused):
            Session(site.log_in("otter"), client=client).connect_cloud(1)


def test_all_hosts_are_at_the_stand_in_or_none() -> None:
    with LocalSite() as site:
        addresses = site.hosts
        hosts = Hosts.at(addresses, ocular="https://example.org")
        assert hosts.api == addresses["api.scratch.mit.edu"]
        assert hosts.ocular == "https://example.org"
        assert all("scratch.mit.edu" not in getattr(hosts, name).split("/")[2] for name in ("site", "cloud", "logs"))
        del addresses["uploads.scratch.mit.edu"]
        with pytest.raises(InvalidArgument, match=r"uploads\.scratch\.mit\.edu"):
            Hosts.at(addresses)
    with pytest.raises(InvalidArgument, match="wss://"):
        Hosts(cloud="https://clouddata.scratch.mit.edu")
    with pytest.raises(InvalidArgument, match="https://"):
        Hosts(api="wss://api.scratch.mit.edu")
    assert Client().hosts == Hosts()
    assert ME["username"] not in repr(Hosts())
