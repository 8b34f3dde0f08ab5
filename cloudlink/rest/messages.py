"""Messages, and what the people whom one follows do (reference, section 10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from cloudlink.errors import InvalidArgument
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, json_body
from cloudlink.rest.endpoints import Endpoint
from cloudlink.rest.fields import Record, as_object, as_objects, flag, moment, needed, number, text
from cloudlink.rest.html import plain_text
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


@dataclass(frozen=True, eq=False)
class Alert(Record):
    """Something that the moderators wrote to you. It can be read as a dict too.

    Attributes:
        id: its number, for `Session.dismiss_alert`.
        time: when.
        actor_id: the number of who wrote it.
        html: the words, as HTML.
        message: the words, without HTML.
        raw: the whole answer.
    """

    id: int
    time: datetime | None
    actor_id: int | None
    html: str | None
    message: str | None
    raw: Mapping[str, Any]


def fetch_alerts(client: Client) -> list[Alert]:
    """What the moderators wrote to you."""
    answer = client.request(endpoints.ALERTS.at(username=client.username), reply="json", what="alerts")
    return [read_alert(item) for item in as_objects(answer, of="alerts")]


def read_alert(value: Any) -> Alert:
    """Something that the moderators wrote to you, from an answer."""
    raw = as_object(value, of="alerts")
    html = text(raw, "message")
    return Alert(
        id=needed(number(raw, "id"), "id", of="alerts"),
        time=moment(raw, "datetime_created"),
        actor_id=number(raw, "actor_id"),
        html=html,
        message=None if html is None else plain_text(html).strip(),
        raw=raw,
    )


@dataclass(frozen=True, eq=False)
class Invitation(Record):
    """The invitation to a New Scratcher to become a Scratcher. It can be read as a dict too.

    Attributes:
        id: its number, for `Session.dismiss_invitation`.
        time: when it came.
        unread: whether nobody looked at it yet.
        raw: the whole answer.
    """

    id: int
    time: datetime | None
    unread: bool | None
    raw: Mapping[str, Any]


def fetch_invitation(client: Client) -> Invitation | None:
    """The invitation to become a Scratcher, None if there is none."""
    answer = client.request(endpoints.INVITATION.at(username=client.username), reply="json", what="invitation")
    raw = as_object(answer, of="invitation")
    if not raw:
        return None
    return Invitation(
        id=needed(number(raw, "id"), "id", of="invitation"),
        time=moment(raw, "datetime_created"),
        unread=flag(raw, "unread"),
        raw=raw,
    )


def dismiss(client: Client, kind: Literal["notification", "invite"], number: int) -> None:
    """Take an alert, or the invitation, off the page of messages."""
    body = json_body({"alertType": kind, "alertId": number})
    what = f"{'alert' if kind == 'notification' else 'invitation'} {number}"
    client.request(endpoints.ALERT_DISMISS.at(), reply="none", what=what, body=body, referer="/messages/")
