"""A site that answers with the samples, and keeps what it was asked."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cloudlink.clock import FakeClock
from cloudlink.rest.client import Client
from cloudlink.rest.http import Reply, Request
from cloudlink.rest.identity import Identity
from cloudlink.rest.pacing import Intervals
from cloudlink.rest.retry import Retry

SAMPLES = Path(__file__).parent / "samples"
INDEX = json.loads((SAMPLES / "index.json").read_text(encoding="utf-8"))
ENTRIES: dict[str, dict[str, Any]] = {entry["id"]: entry for entry in INDEX["entries"]}
ME = INDEX["cast"]["logged_in_user"]
CSRF = "Zk3vXh1dPqLr8tWbYc5nMs0aQe7uJf2g"


def sample(name: str) -> bytes:
    """The body of a sample, by its id."""
    file = ENTRIES[name]["file"]
    return b"" if file is None else (SAMPLES / file).read_bytes()


def sample_reply(name: str, body: bytes | None = None) -> Reply:
    """The answer that a sample tells, or one like it with another body."""
    entry = ENTRIES[name]
    headers = {key.lower(): value for key, value in entry.get("response_headers", {}).items()}
    cookie = headers.pop("set-cookie", None)
    return Reply(
        status=entry["status"],
        headers=headers,
        cookies=() if cookie is None else (cookie,),
        body=sample(name) if body is None else body,
    )


def fits(request: Request, entry: Mapping[str, Any]) -> bool:
    """Whether a request is the one that a sample answers."""
    parts = urlsplit(request.url)
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(entry["url"]))
    return request.method == entry["method"] and bool(
        re.fullmatch(pattern, f"{parts.scheme}://{parts.netloc}{parts.path}")
    )


def query_of(request: Request) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))


def json_of(request: Request) -> Any:
    assert request.body is not None
    return json.loads(request.body)


@dataclass
class OfflineSite:
    """A transport: hand it to a client.

    Attributes:
        answers: from a request to its reply, or None if it is not meant.
        requests: what was asked, without the question for the proof of origin.
    """

    answers: Callable[[Request], Reply | None]
    requests: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        if urlsplit(request.url).path == "/csrf_token/":
            return sample_reply("csrf_token")
        self.requests.append(request)
        reply = self.answers(request)
        assert reply is not None, f"nobody expected {request}"
        return reply

    @property
    def only(self) -> Request:
        assert len(self.requests) == 1, self.requests
        return self.requests[0]


def serving(*names: str) -> OfflineSite:
    """A site that answers with these samples, each request with the first one that fits."""

    def answers(request: Request) -> Reply | None:
        return next((sample_reply(name) for name in names if fits(request, ENTRIES[name])), None)

    return OfflineSite(answers)


def answering(*replies: Reply) -> OfflineSite:
    """A site that gives these answers, one after the other."""
    waiting = list(replies)
    return OfflineSite(lambda request: waiting.pop(0) if waiting else None)


def client_of(site: Callable[[Request], Reply], **options: Any) -> Client:
    """A client in a world where waiting takes no time."""
    clock = FakeClock()
    defaults: dict[str, Any] = {
        "transport": site,
        "retry": Retry(attempts=1),
        "intervals": Intervals(0, 0),
        "clock": clock,
        "sleep": clock.advance,
        "random_source": random.Random(1),
        "forum_search_key": "a-key-of-ours",
    }
    return Client(**(defaults | options))


def logged_in(client: Client) -> Client:
    """The client with the login of the samples."""
    identity = Identity(ME["session_cookie"], username=ME["username"], token=ME["x_token"])
    return client.logged_in(identity)
