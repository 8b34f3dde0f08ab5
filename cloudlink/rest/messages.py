"""Messages, and what the people whom one follows do (reference, section 10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cloudlink.errors import InvalidArgument
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client
from cloudlink.rest.endpoints import Endpoint
from cloudlink.rest.fields import Record, as_object, as_objects, moment, needed, number, text
from cloudlink.rest.read_ahead import iter_list

FILTERS: Final = ("comments", "projects", "studios", "forums")


@dataclass(frozen=True, eq=False)
class Message(Record):
    """A message, or an item of "What's happening". It can be read as a dict too.

    What else belongs to it depends on its type and stands in `raw`: the reference has the list.

    Attributes:
        id: its number.
        type: such as "followuser", "loveproject", "addcomment", or one that is newer than this library.
        time: when.
        actor: who did it.
        actor_id: the number of who did it.
        raw: the whole answer.
    """

    id: int
    type: str | None
    time: datetime | None
    actor: str | None
    actor_id: int | None
    raw: Mapping[str, Any]


def read_message(value: Any, *, of: str) -> Message:
    """A message from an answer."""
    raw = as_object(value, of=of)
    return Message(
        id=needed(number(raw, "id"), "id", of=of),
        type=text(raw, "type"),
        time=moment(raw, "datetime_created"),
        actor=text(raw, "actor_username"),
        actor_id=number(raw, "actor_id"),
        raw=raw,
    )


def iter_messages(client: Client, *, limit: int | None, offset: int, filter_by: str | None = None) -> Iterator[Message]:
    """Your messages, the newest first.

    Raises:
        InvalidArgument: there is no such filter; nothing was sent.
        LoginRequired: nobody is logged in.
    """
    if filter_by is not None and filter_by not in FILTERS:
        raise InvalidArgument(f"filter_by is one of {', '.join(FILTERS)}, or None for all, not {filter_by!r}")
    return _iter_messages(client, endpoints.MESSAGES, "messages", limit, offset, filter_by)


def iter_feed(client: Client, *, limit: int | None, offset: int) -> Iterator[Message]:
    """What the people whom you follow did, the newest first."""
    return _iter_messages(client, endpoints.FEED, "feed", limit, offset, None)


def _iter_messages(
    client: Client, endpoint: Endpoint, what: str, limit: int | None, offset: int, filter_by: str | None
) -> Iterator[Message]:
    target = endpoint.at(username=client.username)

    def fetch(limit: int, offset: int) -> list[Message]:
        query = {"limit": limit, "offset": offset, "filter": filter_by}
        answer = client.request(target, reply="json", what=what, query=query)
        return [read_message(item, of=what) for item in as_objects(answer, of=what)]

    return iter_list(fetch, limit=limit, offset=offset, key=lambda message: (message.type, message.id))


def clear_messages(client: Client) -> None:
    """Mark all messages as read."""
    client.request(endpoints.MESSAGES_CLEAR.at(), reply="none", what="messages", referer="/messages/")


def fetch_alerts(client: Client) -> list[Mapping[str, Any]]:
    """What the moderators wrote to you, as the site tells it."""
    answer = client.request(endpoints.ALERTS.at(username=client.username), reply="json", what="alerts")
    return as_objects(answer, of="alerts")
