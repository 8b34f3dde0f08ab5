"""A request that came and the reply that goes back, as plain values without a socket."""

from __future__ import annotations

import email.policy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl

from cloudlink.testing.site.records import User

Json = dict[str, Any]

HTML: Final = "text/html; charset=utf-8"
JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"

_MOST_DIGITS: Final = 15


@dataclass
class Request:
    """What a client asked.

    Attributes:
        method: in capitals.
        host: the real name of the host that is meant.
        path: without query, as it came.
        query: the last value of each parameter.
        headers: by names in small letters.
        params: what stood in the places of the route's pattern.
        user: who asks, when the gate knows.
        address: where the client is, for rules that count by network.
    """

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    params: Mapping[str, str] = field(default_factory=dict)
    user: User | None = None
    address: str = "127.0.0.1"

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies as they were sent, quotes included."""
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: value for name, equals, value in pairs if equals}

    @cached_property
    def json(self) -> Json:
        """The JSON object in the body; an empty body is an empty one.

        Raises:
            Refusal: 400, it is something else.
        """
        if not self.body:
            return {}
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Refusal(400) from None
        if not isinstance(value, dict):
            raise Refusal(400)
        return value

    @cached_property
    def form(self) -> dict[str, str]:
        """The fields of a form, urlencoded or multipart; a JSON object is taken for a form as well."""
        kind = self.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            return {name: data.decode("utf-8", "replace") for name, data in self._parts.items()}
        if kind.startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        if kind.startswith(JSON):
            return {name: str(value) for name, value in self.json.items()}
        return {}

    @property
    def file(self) -> bytes | None:
        """The part named `file` of a multipart body."""
        return self._parts.get("file")

    @cached_property
    def _parts(self) -> dict[str, bytes]:
        head = f"Content-Type: {self.headers.get('content-type', '')}\r\n\r\n".encode("latin-1", "replace")
        message = BytesParser(policy=email.policy.HTTP).parsebytes(head + self.body)
        if not message.is_multipart():
            return {}
        found: dict[str, bytes] = {}
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            payload = part.get_payload(decode=True)
            if isinstance(name, str) and isinstance(payload, bytes):
                found[name] = payload
        return found

    @property
    def me(self) -> User:
        """Who asks, on routes whose gate lets nobody else in."""
        assert self.user is not None
        return self.user

    def number(self, name: str) -> int:
        """A number out of the path; the pattern of the route saw to it that it is one."""
        return int(self.params[name])

    def asked_number(self, name: str, default: int) -> int:
        """A number of the query that is not negative.

        Raises:
            Refusal: 400, it is something else.
        """
        text = self.query.get(name, "")
        if not text:
            return default
        number = whole_number(text)
        if number is None:
            raise Refusal(400)
        return number


@dataclass
class Reply:
    """What the client is told."""

    status: int = 200
    body: bytes = b""
    content_type: str = HTML
    headers: list[tuple[str, str]] = field(default_factory=list)


class Refusal(Exception):
    """Ends a request with an error reply; its form depends on the host.

    Args:
        status: the status of the reply.
        message: the text in a JSON body.
        facts: further keys of a JSON body.
    """

    def __init__(self, status: int, message: str = "", **facts: Any) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.facts = facts


def whole_number(value: object) -> int | None:
    """An id or a count, given as a number or as its digits; None for anything else, and for absurd lengths."""
    text = "" if isinstance(value, bool) else str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def json_reply(value: Any, status: int = 200, *, content_type: str = JSON) -> Reply:
    """A reply with a JSON body."""
    return Reply(status, json.dumps(value, ensure_ascii=False).encode(), content_type)


def html_reply(text: str = "", status: int = 200) -> Reply:
    """A reply with a page or a fragment of one."""
    return Reply(status, text.encode(), HTML)


def text_reply(text: str = "", status: int = 200) -> Reply:
    """A reply with plain text."""
    return Reply(status, text.encode(), TEXT)


def redirect(location: str, status: int = 302) -> Reply:
    """A reply that sends the client elsewhere: a path on the same host, or a whole address of the real site."""
    return Reply(status, headers=[("Location", location)])
