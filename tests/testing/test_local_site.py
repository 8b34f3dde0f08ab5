"""The server: starting and stopping, addresses, the record of requests, trouble."""

from __future__ import annotations

import ast
import socket
import threading
import time
from pathlib import Path

import pytest
import requests
from site_caller import API, Caller

import cloudlink.testing
from cloudlink.errors import CloudlinkError, InvalidArgument
from cloudlink.testing import SPEED_LIMITS, LocalSite, Rules


def test_a_site_restarts_on_its_port_with_its_state() -> None:
    site = LocalSite()
    with pytest.raises(CloudlinkError, match="no port before its first start"):
        _ = site.port
    with site:
        site.add_user("pixel_otter")
        port = site.port
        site.start()  # a running site stays as it is
    site.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{site.hosts[API]}/users/pixel_otter", timeout=5)
    with site:
        assert site.port == port
        assert requests.get(f"{site.hosts[API]}/users/pixel_otter", timeout=5).status_code == 200


def test_a_site_restarts_although_the_system_remembers_connections_that_it_has_cut() -> None:
    site = LocalSite()
    for _ in range(3):
        with site, socket.create_connection(("127.0.0.1", site.port)) as connection:
            connection.sendall(b"GET /api.scratch.mit.edu/ HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK")
            site.stop()  # so that the site is the one that closes it


def test_a_taken_port_is_an_error(site: LocalSite) -> None:
    with pytest.raises(CloudlinkError, match="cannot listen on"):
        LocalSite(port=site.port).start()


def test_stopping_cuts_connections_that_are_still_open() -> None:
    with LocalSite() as site:
        connection = socket.create_connection(("127.0.0.1", site.port))
        connection.sendall(b"GET /api.scratch.mit.edu/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK")
    connection.settimeout(5)
    with connection:
        while connection.recv(1000):
            pass
    assert not [thread for thread in threading.enumerate() if thread.name == "cloudlink-local-site"]


def test_two_sites_know_nothing_of_each_other() -> None:
    with LocalSite() as one, LocalSite() as two:
        one.add_user("pixel_otter")
        assert requests.get(f"{one.hosts[API]}/users/pixel_otter", timeout=5).status_code == 200
        assert requests.get(f"{two.hosts[API]}/users/pixel_otter", timeout=5).status_code == 404


def test_links_of_the_real_site_have_a_place_here(site: LocalSite) -> None:
    link = "https://cdn2.scratch.mit.edu/get_image/user/15883188_90x90.png?v="
    assert site.local_url(link) == f"{site.url}/cdn2.scratch.mit.edu/get_image/user/15883188_90x90.png?v="
    assert requests.get(site.local_url("//uploads.scratch.mit.edu/users/avatars/1.png"), timeout=5).ok
    with pytest.raises(InvalidArgument, match="none of the hosts"):
        site.local_url("https://example.org/")


def test_an_unknown_host_is_told_so(site: LocalSite) -> None:
    reply = requests.get(f"{site.url}/example.org/", timeout=5)
    assert (reply.status_code, reply.text) == (404, "there is no host 'example.org' here\n")


def test_redirects_lead_to_this_machine(site: LocalSite) -> None:
    reply = requests.get(f"{site.hosts['scratch.mit.edu']}/users/pixel_otter?x=1", timeout=5)
    assert reply.url == f"{site.hosts['scratch.mit.edu']}/users/pixel_otter/?x=1"
    assert reply.history[0].status_code == 301


def test_every_request_is_recorded(site: LocalSite, me: Caller) -> None:
    project = site.add_project("cloudberry_dev")
    me.put(f"{API}/projects/{project.id}?a=1&b=", json={"title": "new"})
    (record,) = site.requests
    assert (record.method, record.host, record.path) == ("PUT", API, f"/projects/{project.id}")
    assert (record.query, record.json, record.status) == ({"a": "1", "b": ""}, {"title": "new"}, 200)
    assert record.headers["x-token"] == site.user("cloudberry_dev").token
    assert record.url == f"https://api.scratch.mit.edu/projects/{project.id}"
    site.forget_requests()
    assert site.requests == []


def test_the_record_is_bounded(site: LocalSite, me: Caller) -> None:
    for _ in range(3):
        me.post(f"{API}/accounts/checkpassword", data=b" " * 100_000 + b"{}")
    assert [len(record.body) for record in site.requests] == [65_536] * 3
    assert [record.size for record in site.requests] == [100_002] * 3


def test_a_429_has_the_exact_body_and_the_header_only_when_asked(site: LocalSite, nobody: Caller) -> None:
    site.trouble(status=429)
    site.trouble(status=429, retry_after=7)
    bare, timed = nobody.get(f"{API}/news"), nobody.get(f"{API}/news")
    assert bare.content == timed.content == b'{\n  "response": "Too many requests"\n}'
    assert "Retry-After" not in bare.headers
    assert timed.headers["Retry-After"] == "7"
    assert nobody.get(f"{API}/news").status_code == 200


@pytest.mark.parametrize(
    ("status", "host", "body"),
    [
        (500, API, '{"code": "InternalError", "message": ""}'),
        (503, API, '{"status": "unavailable; maintenance"}'),
        (502, API, '{"code": "InternalError", "message": ""}'),
        (500, "scratch.mit.edu", "having issues with our servers!"),
        (503, "scratch.mit.edu", '{"status": "unavailable; maintenance"}'),
    ],
)
def test_server_errors_look_as_the_real_ones(
    site: LocalSite, nobody: Caller, status: int, host: str, body: str
) -> None:
    site.trouble(status=status)
    reply = nobody.get(f"{host}/health")
    assert reply.status_code == status
    assert body in reply.text


def test_trouble_befalls_what_fits_as_often_as_told(site: LocalSite, nobody: Caller) -> None:
    site.trouble("/users/*", method="GET", status=500, times=2)
    site.trouble("api.scratch.mit.edu/news", status=503, times=None)
    asked = ["health", "users/pixel_otter", "users/pixel_otter", "users/pixel_otter", "news", "news"]
    assert [nobody.get(f"{API}/{path}").status_code for path in asked] == [200, 500, 500, 200, 503, 503]
    site.clear_trouble()
    assert nobody.get(f"{API}/news").status_code == 200


def test_another_body_can_be_given(site: LocalSite, nobody: Caller) -> None:
    site.trouble(status=200, body=b"<html>", content_type="application/json")
    reply = nobody.get(f"{API}/news")
    assert (reply.status_code, reply.text, reply.headers["Content-Type"]) == (200, "<html>", "application/json")


def test_a_line_dropped_before_leaves_all_as_it_was(site: LocalSite, me: Caller) -> None:
    project = site.add_project("cloudberry_dev", "old")
    site.trouble(hang_up="before")
    with pytest.raises(requests.ConnectionError):
        me.put(f"{API}/projects/{project.id}", json={"title": "new"})
    assert project.title == "old"
    assert site.requests[-1].status is None


def test_a_line_dropped_after_has_done_what_was_asked(site: LocalSite, me: Caller) -> None:
    project = site.add_project("cloudberry_dev", "old")
    site.trouble(hang_up="after")
    with pytest.raises(requests.ConnectionError):
        me.put(f"{API}/projects/{project.id}", json={"title": "new"})
    assert project.title == "new"


def test_a_site_that_is_far_away_takes_a_round_trip_and_for_a_new_connection_two_more() -> None:
    with LocalSite(rules=Rules(round_trip=0.1)) as site, requests.Session() as http:
        started = time.monotonic()
        http.get(f"{site.hosts[API]}/news", timeout=5)
        connected = time.monotonic()
        http.get(f"{site.hosts[API]}/news", timeout=5)
        assert connected - started >= 0.3
        assert time.monotonic() - connected >= 0.1


def test_a_slow_answer_holds_up_nobody_else(site: LocalSite, nobody: Caller) -> None:
    site.trouble("/news", delay=1.0)
    slow = threading.Thread(target=lambda: requests.get(f"{site.hosts[API]}/news", timeout=10))
    slow.start()
    while site._troubles._waiting:  # until the slow one is on its way
        time.sleep(0.005)
    assert nobody.get(f"{API}/health").ok
    assert slow.is_alive()
    slow.join()


def test_stopping_does_not_wait_for_a_slow_answer() -> None:
    site = LocalSite()
    site.start()
    site.trouble(delay=60)
    with pytest.raises(requests.Timeout):
        requests.get(f"{site.hosts[API]}/news", timeout=0.1)
    begun = time.monotonic()
    site.stop()
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"status": 99}, "a status is from 200 to 599"),
        ({"delay": -1}, "a delay is 0 seconds or more"),
        ({"hang_up": "now"}, "hang_up is"),
        ({"times": 0}, "times is 1 or more"),
    ],
)
def test_senseless_trouble_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        LocalSite().trouble(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (b"POST /api.scratch.mit.edu/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"HTTP/1.1 411"),
        (b"POST /api.scratch.mit.edu/x HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"HTTP/1.1 413"),
        (b"POST /api.scratch.mit.edu/x HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 404"),
        (b"nonsense\r\n\r\n", b""),
    ],
)
def test_what_is_no_request_is_answered_and_harms_nobody(
    site: LocalSite, nobody: Caller, raw: bytes, answer: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as connection:
        connection.sendall(raw)
        assert connection.recv(10_000).startswith(answer)
    assert nobody.get(f"{API}/health").ok


def test_head_gives_the_length_without_the_body(nobody: Caller) -> None:
    reply = nobody.ask("HEAD", f"{API}/")
    assert reply.status_code == 200
    assert int(reply.headers["Content-Length"]) > 0
    assert reply.content == b""


def test_many_callers_at_once_are_all_served(site: LocalSite) -> None:
    project = site.add_project("pixel_otter")
    statuses: list[int] = []

    def call() -> None:
        with requests.Session() as http:
            for _ in range(10):
                url = f"{site.hosts[API]}/users/pixel_otter/projects/{project.id}/views"
                statuses.append(http.post(url, timeout=10).status_code)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 80
    assert project.views == 80


def test_script_agents_are_refused_by_the_real_limits(site: LocalSite, nobody: Caller) -> None:
    site.rules = SPEED_LIMITS
    assert nobody.get(f"{API}/health").status_code == 403
    assert nobody.get(f"{API}/health", headers={"User-Agent": "Mozilla/5.0 (cloudlink)"}).status_code == 200


@pytest.mark.parametrize("kind", ["user", "project", "studio", "post"])
def test_asking_for_what_is_not_there_says_so(site: LocalSite, kind: str) -> None:
    with pytest.raises(InvalidArgument, match="there is no"):
        getattr(site, kind)("17")


def test_nothing_is_on_the_site_twice(site: LocalSite) -> None:
    site.add_project("pixel_otter", id=5)
    site.add_studio("pixel_otter", id=6)
    for add in (
        lambda: site.add_user("PIXEL_otter"),
        lambda: site.add_user("other", id=15883188),
        lambda: site.add_project("pixel_otter", id=5),
        lambda: site.add_studio("pixel_otter", id=6),
    ):
        with pytest.raises(InvalidArgument, match="already a"):
            add()


def test_only_the_sites_server_knows_sockets_threads_and_clocks() -> None:
    root = Path(cloudlink.testing.__file__).parent / "site"
    impure = {"socket", "threading", "time", "http.server", "socketserver"}
    for path in root.rglob("*.py"):
        names = {
            name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [str(node.module)]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert path.name == "server.py" or not names & impure, path
