"""What holds for every request: turns, retries, the pause, redirects, secrets."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import pytest
from offline_site import CSRF, ME, OfflineSite, answering, client_of, logged_in, query_of

from cloudlink.clock import FakeClock
from cloudlink.errors import (
    BadResponse,
    Forbidden,
    InvalidArgument,
    LoginRequired,
    NotFound,
    RateLimited,
    SiteError,
    SiteUnavailable,
    SiteUnreachable,
)
from cloudlink.rest import endpoints
from cloudlink.rest.client import ANY_CSRF, Client, form_body, json_body
from cloudlink.rest.endpoints import Hosts
from cloudlink.rest.http import Reply, Request
from cloudlink.rest.identity import Identity
from cloudlink.rest.pacing import Intervals
from cloudlink.rest.retry import Retry

USER = endpoints.USER.at(username="x")
FOLLOW = endpoints.USER_FOLLOW.at(username="x")
OK = Reply(200, body=b"{}")
SECRETS = (ME["x_token"], ME["session_cookie"].strip('"'), "s3cret-token")


def patient(site: Any, **options: Any) -> tuple[Client, FakeClock]:
    clock = FakeClock()
    return client_of(
        site, retry=Retry(attempts=3, first=1, longest=4), clock=clock, sleep=clock.advance, **options
    ), clock


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_question_is_asked_again(status: int) -> None:
    site = answering(Reply(status), OK)
    client, clock = patient(site)
    assert client.request(USER, reply="json", what="x") == {}
    assert len(site.requests) == 2
    assert clock() >= 0.5


def test_a_question_is_not_asked_for_ever() -> None:
    site = answering(*[Reply(503)] * 3)
    client, _ = patient(site)
    with pytest.raises(SiteUnavailable):
        client.request(USER, reply="json", what="x")
    assert len(site.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_what_would_not_change_is_not_asked_again(status: int) -> None:
    site = answering(Reply(status))
    client, _ = patient(site)
    with pytest.raises(SiteError):
        client.request(USER, reply="json", what="x")
    assert len(site.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_change_is_never_repeated(status: int) -> None:
    site = answering(Reply(status))
    client, _ = patient(site)
    with pytest.raises(SiteError):
        logged_in(client).request(FOLLOW, reply="none", what="x")
    assert len(site.requests) == 1


def test_a_lost_answer_to_a_change_is_told_and_not_repeated() -> None:
    calls: list[Request] = []

    def lost(request: Request) -> Reply:
        if request.method == "GET":
            return OK
        calls.append(request)
        raise SiteUnreachable("no answer", sent=True)

    client, _ = patient(lost)
    with pytest.raises(SiteUnreachable) as caught:
        logged_in(client).request(FOLLOW, reply="none", what="x")
    assert caught.value.sent
    assert len(calls) == 1


def test_a_lost_answer_to_a_question_is_asked_again() -> None:
    replies: list[Reply | None] = [None, None, OK]

    def flaky(request: Request) -> Reply:
        reply = replies.pop(0)
        if reply is None:
            raise SiteUnreachable("no answer")
        return reply

    client, _ = patient(flaky)
    assert client.request(USER, reply="json", what="x") == {}


def test_the_site_is_given_the_time_it_asks_for() -> None:
    site = answering(Reply(429, headers={"retry-after": "30"}), OK)
    client, clock = patient(site)
    client.request(USER, reply="json", what="x")
    assert 30 <= clock() <= 31


def test_more_time_than_our_patience_is_the_callers_affair() -> None:
    site = answering(Reply(429, headers={"retry-after": "3600"}))
    client, _ = patient(site)
    with pytest.raises(RateLimited, match="3600 s") as caught:
        client.request(USER, reply="json", what="x")
    assert caught.value.retry_after == 3600


def test_after_a_429_everybody_is_quiet() -> None:
    site = answering(Reply(429, headers={"retry-after": "20"}), OK)
    client, clock = patient(site)
    with pytest.raises(RateLimited):
        logged_in(client).request(FOLLOW, reply="none", what="x")
    client.request(USER, reply="json", what="x")  # another client, the same pause
    assert clock() >= 20


def test_changes_are_spaced_over_all_logins() -> None:
    site = answering(OK, OK, OK)
    clock = FakeClock()
    client = client_of(site, intervals=Intervals(read=0, write=5), clock=clock, sleep=clock.advance)
    for _ in range(3):
        logged_in(client).request(FOLLOW, reply="none", what="x")
    assert clock() == 10


def test_many_threads_take_turns() -> None:
    lock = threading.Lock()
    clock = FakeClock()
    times: list[float] = []

    def transport(request: Request) -> Reply:
        with lock:
            times.append(clock())
        return OK

    def sleep(seconds: float) -> None:
        with lock:
            clock.advance(seconds)

    client = client_of(transport, intervals=Intervals(read=1, write=1), clock=clock, sleep=sleep)
    threads = [
        threading.Thread(target=client.request, args=(USER,), kwargs={"reply": "json", "what": "x"}) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(times) == 8
    assert clock() >= 7


def test_the_forum_is_asked_for_one_thing_at_a_time() -> None:
    under_way = 0
    most = {"forum": 0, "other": 0}
    changed = threading.Condition()

    def transport(request: Request) -> Reply:
        nonlocal under_way
        kind = "forum" if "/discuss/" in request.url else "other"
        with changed:
            under_way += 1
            most[kind] = max(most[kind], under_way)
            changed.notify_all()
            changed.wait_for(lambda: most[kind] > 1, timeout=0.2)
        with changed:
            under_way -= 1
        return Reply(200, body=b"<p>")

    client = client_of(transport)
    for target in (endpoints.USER_PAGE.at(username="x"), endpoints.FORUM_TOPIC.at(topic_id=1)):
        threads = [
            threading.Thread(target=one.request, args=(target,), kwargs={"reply": "html", "what": "x"})
            for one in (client, logged_in(client), logged_in(client))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert most["other"] > 1
    assert most["forum"] == 1


def test_a_login_is_wanted_before_anything_is_sent() -> None:
    site = answering()
    with pytest.raises(LoginRequired, match=r"login\(\) or Session\(\)"):
        client_of(site).request(FOLLOW, reply="none", what="x")


def test_the_proof_of_origin_is_fetched_once_and_any_text_does() -> None:
    site = answering(OK, OK)
    client = logged_in(client_of(site))
    client.request(FOLLOW, reply="none", what="x")
    client.request(FOLLOW, reply="none", what="x")
    assert [request.headers["X-CSRFToken"] for request in site.requests] == [CSRF, CSRF]
    poor = logged_in(client_of(lambda request: OK))
    assert poor.csrf_token() == ANY_CSRF
    broken = logged_in(client_of(lambda request: Reply(500)))
    assert broken.csrf_token() == ANY_CSRF


def test_a_token_goes_along_to_the_api_and_nothing_goes_to_pages() -> None:
    site = answering(OK, Reply(200, body=b"<p>"))
    client = logged_in(client_of(site))
    client.request(USER, reply="json", what="x")
    client.request(endpoints.USER_PAGE.at(username="x"), reply="html", what="x")
    assert site.requests[0].headers["X-Token"] == ME["x_token"]
    assert not {"X-Token", "Cookie"} & set(site.requests[1].headers)


def test_a_redirected_question_is_followed_but_the_login_stays_at_home() -> None:
    site = answering(
        Reply(302, headers={"location": "/users/y"}),
        Reply(302, headers={"location": "https://example.org/users/y"}),
        OK,
    )
    logged_in(client_of(site)).request(USER, reply="json", what="x")
    assert site.requests[1].url == "https://api.scratch.mit.edu/users/y"
    assert "X-Token" in site.requests[1].headers
    assert not {"X-Token", "Cookie", "Referer"} & set(site.requests[2].headers)


def test_redirects_in_a_circle_end() -> None:
    site = OfflineSite(lambda request: Reply(302, headers={"location": "/again"}))
    with pytest.raises(BadResponse, match="redirected"):
        client_of(site).request(USER, reply="json", what="x")


def test_a_redirected_change_is_not_followed() -> None:
    site = answering(Reply(301, headers={"location": "/other/"}))
    with pytest.raises(BadResponse, match="sent elsewhere"):
        logged_in(client_of(site)).request(FOLLOW, reply="none", what="x")


@pytest.mark.parametrize(
    ("location", "kind"),
    [("/accounts/login/?next=/x", LoginRequired), ("/classes/complete_registration", Forbidden)],
)
def test_redirects_that_tell_something_are_understood(location: str, kind: type[SiteError]) -> None:
    site = answering(Reply(302, headers={"location": location}))
    with pytest.raises(kind):
        logged_in(client_of(site)).request(endpoints.SESSION.at(), reply="json", what="x")


def test_the_kinds_of_reply() -> None:
    def ask(body: bytes, reply: Any) -> Any:
        return client_of(answering(Reply(200, body=body))).request(USER, reply=reply, what="x")

    assert ask(b"[1]", "json") == [1]
    assert ask(b"<p>hi", "html").first("p").text() == "hi"
    assert ask(b"\xff", "bytes") == b"\xff"
    assert ask(b"<li>anything", "none") is None
    with pytest.raises(BadResponse, match="not JSON"):
        ask(b"<html>", "json")


@pytest.mark.parametrize(
    "body",
    [b'{"errors": ["x"]}', b'{"success": false}', b'[{"success": 0}]', b'{"status": "error"}', b'{"code": "NotFound"}'],
)
@pytest.mark.parametrize("reply", ["json", "none"])
def test_an_error_behind_a_success_is_found(body: bytes, reply: Any) -> None:
    with pytest.raises(SiteError):
        client_of(answering(Reply(200, body=body))).request(USER, reply=reply, what="x")


@pytest.mark.parametrize("body", [b'{"id": 156, "status": "error"}', b'{"_id": "otter", "status": "error"}'])
def test_a_status_that_somebody_wrote_is_no_error(body: bytes) -> None:
    site = answering(Reply(200, body=body))
    assert client_of(site).request(endpoints.CLASS.at(class_id=156), reply="json", what="x")["status"] == "error"


def test_a_page_that_says_404_behind_a_success_is_not_found() -> None:
    site = answering(Reply(200, body=b'<div id="page-404">'))
    with pytest.raises(NotFound):
        client_of(site).request(USER, reply="html", what="x")


def test_hosts_are_configured() -> None:
    site = answering(OK)
    client_of(site, hosts=Hosts(api="http://127.0.0.1:81/api/")).request(USER, reply="json", what="x", query={"a": 1})
    assert site.only.url == "http://127.0.0.1:81/api/users/x?a=1"


@pytest.mark.parametrize(
    "wrong",
    ["example.org", "ftp://example.org", "http://a b", "https://user@host", "http://a?b", "http://[::1", "http:///x"],
)
def test_a_host_that_cannot_be_one_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidArgument, match="to look like"):
        Hosts(api=wrong)


@pytest.mark.parametrize("name", ["../secret", "a/b", "a?b=c", "a#b", "ä b", "%2e%2e"])
def test_a_name_stays_one_step_of_the_path(name: str) -> None:
    path = endpoints.USER.at(username=name).path
    assert path.count("/") == 2
    assert not set("?# ") & set(path)


@pytest.mark.parametrize("name", ["", " ", ".", "..", None])
def test_a_name_that_leads_elsewhere_is_refused(name: Any) -> None:
    with pytest.raises(InvalidArgument, match="cannot be part of an address"):
        endpoints.USER.at(username=name)


def test_somebody_may_be_called_none() -> None:
    assert endpoints.USER.at(username="None").path == "/users/None"


def test_a_fresh_question_passes_the_caches() -> None:
    site = answering(OK, OK)
    client = client_of(site)
    for _ in range(2):
        client.request(USER, reply="json", what="x", fresh=True)
    first, second = (query_of(request)["cachebust"] for request in site.requests)
    assert first != second


def test_nothing_shows_or_pickles_a_secret() -> None:
    client = logged_in(client_of(answering()))
    request = Request("GET", "https://x.org/1?token=s3cret-token", {"X-Token": ME["x_token"]}, b"s3cret-token")
    shown = (
        f"{client!r} {client.identity!r} {request!r} {request} {form_body({'p': 's3cret-token'})!r} {json_body(1)!r}"
    )
    assert not any(secret in shown for secret in SECRETS)
    for thing in (client, client.identity):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(thing)
        with pytest.raises(TypeError, match="not pickled"):
            copy.copy(thing)


def all_kinds(kind: type[SiteError]) -> list[type[SiteError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in all_kinds(child))]


@pytest.mark.parametrize("kind", all_kinds(SiteError))
def test_our_errors_survive_a_pickle(kind: type[SiteError]) -> None:
    error = kind("what to do", status=418)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == "what to do"
    assert again.__dict__ == error.__dict__
    limited = RateLimited("wait", retry_after=3.0)
    assert pickle.loads(pickle.dumps(limited)).retry_after == 3.0


def test_a_login_that_is_over_is_renewed_by_the_callback_alone() -> None:
    new = ME["session_cookie"].strip('"')[:-1] + "x"

    def answers(request: Request) -> Reply:
        known = new in request.headers.get("Cookie", "")
        if request.url.endswith("/session/"):
            return Reply(200, body=b'{"user": {"username": "cloudberry_dev", "token": "T2"}}' if known else b"{}")
        return OK if known else Reply(403)

    site = OfflineSite(answers)
    asked: list[int] = []

    def renew() -> str:
        asked.append(1)
        return new

    def identity() -> Identity:
        return Identity(ME["session_cookie"], username=ME["username"], token="T1")

    client_of(site).logged_in(identity(), renew=renew).request(FOLLOW, reply="none", what="x")
    assert asked == [1]
    with pytest.raises(Forbidden):
        client_of(site).logged_in(identity()).request(FOLLOW, reply="none", what="x")


def test_a_refusal_is_not_taken_for_the_end_of_a_login() -> None:
    def answers(request: Request) -> Reply:
        if request.url.endswith("/session/"):
            return Reply(200, body=b'{"user": {"username": "cloudberry_dev", "token": "T1"}}')
        return Reply(403)

    def renew() -> str:
        raise AssertionError("the login is not over")

    identity = Identity(ME["session_cookie"], username=ME["username"], token="T1")
    with pytest.raises(Forbidden):
        client_of(OfflineSite(answers)).logged_in(identity, renew=renew).request(FOLLOW, reply="none", what="x")
