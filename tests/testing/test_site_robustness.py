"""No request, however odd, makes the site fail: every route, with good and bad things in its path and body."""

from __future__ import annotations

import json
import random
import re
from itertools import product

import pytest

from cloudlink.testing.site.dispatcher import handle
from cloudlink.testing.site.endpoints import ALL
from cloudlink.testing.site.exchange import Request
from cloudlink.testing.site.routing import HOSTS, Route
from cloudlink.testing.site.rules import Rules
from cloudlink.testing.site.world import World

KNOWN = {"username": "me", "which": "all", "token": "tok", "name": "x.svg", "kind": "user", "size": "1_60x60.png"}
NUMBERS = {
    "project_id": 1,
    "studio_id": 2,
    "comment_id": 3,
    "topic_id": 4,
    "post_id": 5,
    "category_id": 7,
    "class_id": 8,
}
ODD = {"username": "%00é", "which": "%2e", "token": "%", "name": "..svg", "kind": "%F0%9F", "size": "x"}

BODIES = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"0" * 5000,
    b'{"content":{},"parent_id":[],"commentee_id":{},"id":[],"title":{},"visibility":[],"featured_project":{}}',
    json.dumps({"body": 5, "thumbnail": 5, "type": [], "mime": {}, "report_category": 1.5, "password": None}).encode(),
    json.dumps({"type": "costume", "mime": [], "parent_id": "²", "id": "²", "featured_project": "²"}).encode(),
    b"a=1&body=%ff&name=&AddPostForm=",
]
TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
]
QUERIES = [
    {},
    {"limit": "²", "offset": "-", "page": "0"},
    {"page": "99999999999999999999", "dateLimit": "2020", "filter": "x"},
    {"q": "*", "mode": "?", "usernames": "\0", "token": "_", "ascsort": "title", "descsort": "x"},
    {"dateLimit": "9999-12-31T23:59:59+00:00", "limit": "1", "title": "\ud800", "is_copy": "1", "original_id": "²"},
]


def made() -> tuple[World, dict[str, str]]:
    world = World(now=lambda: 1_780_000_000.0, rules=Rules(), random=random.Random(1))
    me = world.add_user("me", educator=True)
    project = world.add_project(me, "p", id=1)
    world.add_studio(me, "s", id=2)
    comment = world.add_comment(me, project, "c")
    comment.id = 3
    world.comments = {3: comment}
    topic = world.add_topic(me, 7, "t", "b", id=4)
    world.add_post(me, topic, "b", number=5)
    world.add_classroom(me, "c", id=8, token="tok", student_ids=[me.id], studio_ids=[2])
    headers = {
        "x-token": me.token,
        "cookie": f"scratchcsrftoken=a; scratchsessionsid={world.log_in(me)}",
        "x-csrftoken": "a",
        "x-requested-with": "XMLHttpRequest",
        "referer": "https://scratch.mit.edu/",
        "authorization": "Bearer x",
    }
    return world, headers


def path_of(route: Route, *, odd: bool) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name in NUMBERS:
            return "999999999999999" if odd else str(NUMBERS[name])
        return (ODD if odd else KNOWN).get(name, "x")

    return re.sub(r"\{(\w+)\}", value, route.path)


@pytest.mark.parametrize("host", HOSTS)
def test_no_request_makes_the_site_fail(host: str) -> None:
    routes = [route for route in ALL.routes if route.host == host]
    assert routes
    for route, odd in product(routes, (False, True)):
        world, headers = made()
        bodies = BODIES if route.method != "GET" else BODIES[:1]
        for query, body, kind in product(QUERIES, bodies, TYPES if len(bodies) > 1 else TYPES[:1]):
            if len(world.sessions) == 0 or 1 not in world.projects:
                world, headers = made()
            request = Request(
                route.method, host, path_of(route, odd=odd), query, {**headers, "content-type": kind}, body
            )
            reply = handle(world, request)
            assert 200 <= reply.status < 600
            assert all("\n" not in value and "\r" not in value for _, value in reply.headers)
