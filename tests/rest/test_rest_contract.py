"""Each sample's request is made as the reference says, and its answer understood."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qsl

import pytest
from offline_site import CSRF, ENTRIES, ME, OfflineSite, client_of, fits, logged_in, query_of, sample_reply, serving
from rest_calls import ELSEWHERE, FAILURES, OTHER_WAYS, SUCCESSES, WITH_SESSION, WITHOUT_USE

from cloudlink.errors import LoginRequired, SiteError
from cloudlink.rest.http import Reply, Request

FOLLOW_UPS = {
    "login_ok": ("session",),
    "studio_create": ("studio",),
    "forum_post_redirect": ("forum_topic",),
    "classroom_404": ("html_class",),
    "profile_comments_past_end": ("profile_comments_past_end",) * 2,
}
"""Calls that ask something else afterwards."""


def test_every_sample_is_tested_or_named_as_open() -> None:
    names = [*SUCCESSES, *FAILURES, *ELSEWHERE, *OTHER_WAYS, *WITHOUT_USE]
    assert sorted(names) == sorted(ENTRIES)


@pytest.mark.parametrize("name", SUCCESSES)
def test_a_call_makes_the_request_of_its_sample(name: str) -> None:
    before = ["session"] if name in WITH_SESSION else []
    after = FOLLOW_UPS.get(name, ())
    site = serving(name, *before, *after)
    SUCCESSES[name](logged_in(client_of(site)))
    check_request(site.requests[len(before)], ENTRIES[name])
    assert len(site.requests) == len(before) + 1 + len(after), site.requests


@pytest.mark.parametrize("name", FAILURES)
def test_a_refusal_is_an_error_that_names_its_cause(name: str) -> None:
    call, kind, facts = FAILURES[name]
    site = OfflineSite(lambda request: sample_reply(name))
    with pytest.raises(kind) as caught:
        call(logged_in(client_of(site)))
    assert type(caught.value) is kind
    for attribute, value in facts.items():
        assert getattr(caught.value, attribute) == value
    for secret in (ME["x_token"], ME["password"], ME["session_cookie"].strip('"')):
        assert secret not in f"{caught.value!r} {caught.value} {caught.value.__dict__}"
    if "any" not in ENTRIES[name]["url"] and name != "session_logged_out":  # its sample is asked without a login
        check_request(site.only, ENTRIES[name])


WITHOUT_LOGIN = [
    name
    for name in SUCCESSES
    if {"x-token", "cookie"} & {*ENTRIES[name]["auth"]}
    # asked without a login too, or bringing their own
    and not name.startswith(("project_own", "session"))
    and name not in WITH_SESSION
]


@pytest.mark.parametrize("name", WITHOUT_LOGIN)
def test_what_wants_a_login_says_so_before_anything_is_sent(name: str) -> None:
    site = OfflineSite(lambda request: None)
    with pytest.raises(LoginRequired):
        SUCCESSES[name](client_of(site))
    assert site.requests == []


@pytest.mark.parametrize("name", [*SUCCESSES, *FAILURES])
def test_a_server_error_is_one_of_ours_for_every_call(name: str) -> None:
    call = SUCCESSES.get(name) or FAILURES[name][0]
    site = OfflineSite(lambda request: Reply(500, body=b"<html>"))
    with pytest.raises(SiteError):
        call(logged_in(client_of(site)))


def check_request(request: Request, entry: dict[str, Any]) -> None:
    assert fits(request, entry), f"{request} is not {entry['method']} {entry['url']}"
    query = query_of(request)
    query.pop("cachebust", None)
    assert set(query) <= set(entry.get("query", {})) | {
        "usernames",
        "limit",
        "offset",
        "page",
        "ascsort",
        "descsort",
    }, query
    assert {*entry.get("query", {})} & {"user", "max", "usernames"} <= set(query)
    if "limit" in query:
        assert 1 <= int(query["limit"]) <= (100 if "/logs" in request.url else 40)
    headers = request.headers
    check_auth(headers, entry["auth"])
    assert headers["User-Agent"].startswith("Mozilla/")
    if entry["status"] == 200 or "request_body" in entry:  # the failures do not tell what they were sent
        check_body(request, entry.get("request_body"))


def check_auth(headers: Any, auth: list[str]) -> None:
    cookies = dict(pair.split("=", 1) for pair in headers.get("Cookie", "").split("; ") if pair)
    if "x-token" in auth:
        assert headers["X-Token"] == ME["x_token"]
    if "cookie" in auth:
        assert cookies["scratchsessionsid"] == ME["session_cookie"]
    else:
        assert "scratchsessionsid" not in cookies
    if "csrf" in auth:
        assert headers["X-CSRFToken"] == cookies["scratchcsrftoken"] != ""
    if "csrf-cookie" in auth:
        assert cookies["scratchcsrftoken"]
    if "bearer" in auth:
        assert headers["Authorization"] == "Bearer a-key-of-ours"
    else:
        assert "Authorization" not in headers
    if "x-requested-with" in auth:
        assert headers["X-Requested-With"] == "XMLHttpRequest"
    if "referer" in auth:
        assert headers["Referer"].startswith("https://scratch.mit.edu/")


def stands_for(value: Any, sent: Any) -> bool:
    """Whether a value of a sample, which may be a placeholder, is what was sent."""
    if value == "<csrf>":
        return bool(sent == CSRF)
    if isinstance(value, str) and value.startswith("<base64"):
        return bool(base64.b64decode(sent, validate=True))
    return value in (sent, "…", "again", "hi", "bad")


def check_body(request: Request, wanted: Any) -> None:
    if isinstance(wanted, dict):
        assert request.headers["Content-Type"] == "application/json"
        sent = json.loads(request.body or b"null")
        assert set(sent) == set(wanted)
        # "…" in a sample is a text that was left out; the failures send a text of their own.
        if request.method != "POST" or "password" not in wanted:
            assert all(stands_for(value, sent[key]) for key, value in wanted.items())
    elif isinstance(wanted, str) and wanted.startswith("multipart"):
        assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
        names = re.findall(rb' name="(\w+)"', request.body or b"")
        assert ", ".join(name.decode() for name in names) == wanted.partition(": ")[2]
    elif isinstance(wanted, str) and "=" in wanted:
        assert {name for name, _ in parse_qsl(wanted)} == {
            name for name, _ in parse_qsl((request.body or b"").decode())
        }
    elif wanted is None and request.body is not None:
        assert request.headers["Content-Type"] == "application/json"
        assert json.loads(request.body) == {"reportId": None}  # some clients send it, and it means nothing
