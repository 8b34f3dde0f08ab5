"""The topics of one line by the names that players and handlers know: the link knows numbers only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from cloudlink.errors import RequestError
from cloudlink.link.server import ServerLink
from cloudlink.link.topics import MOST_HELD
from cloudlink.rpc import messages

_Key = TypeVar("_Key", str, int)

_MOST_TOPICS = 200
"""Topics that players have asked for: anybody can ask for any."""

_MOST_NAME = 50
"""Characters."""


class TopicNames:
    """Opens a topic when the first player follows it and closes it when nobody does any more.

    Args:
        link: the server's end; whoever calls has it to himself.
        held: messages that can be asked for again, of topics that are not as usual.
    """

    def __init__(self, link: ServerLink, held: Mapping[str, int]) -> None:
        self._link = link
        self._held = held
        self._shared: dict[str, int] = {}
        self._own: dict[int, int] = {}  # by client

    def shared(self, name: str) -> int | None:
        """The number of a topic that several can follow; None if nobody does."""
        return self._shared.get(name)

    def own(self, client: int) -> int | None:
        """The number of a client's own topic; None if it does not follow it."""
        return self._own.get(client)

    def follow(self, client: int, name: str) -> list[int]:
        """Let a client follow a topic: its number, the message that comes first, and how many the server holds.

        Raises:
            RequestError: there are too many topics, or the name is too long.
            Busy: the link has no address left.
        """
        held = self._held.get(name, MOST_HELD)
        topic = self._find(client, name)
        if topic is None:
            topic = self._open(client, name, held)
        return [topic, self._link.subscribe(client, topic), held]

    def unfollow(self, client: int, name: str) -> None:
        """Let a client no longer follow a topic."""
        topic = self._find(client, name)
        if topic is not None:
            self._link.unsubscribe(client, topic)
            self.close_unfollowed()

    def close_unfollowed(self) -> None:
        """Close the topics that nobody follows any more."""
        self._shared = self._followed(self._shared)
        self._own = self._followed(self._own)

    def _find(self, client: int, name: str) -> int | None:
        return self.own(client) if name == messages.ME else self.shared(name)

    def _open(self, client: int, name: str, held: int) -> int:
        if name == messages.ME:
            topic = self._own[client] = self._link.open_topic(held=held)
            return topic
        if len(self._shared) >= _MOST_TOPICS or len(name) > _MOST_NAME:
            raise RequestError(f"no further topic can be followed: {name[:_MOST_NAME]!r}")
        topic = self._shared[name] = self._link.open_topic(held=held)
        return topic

    def _followed(self, topics: dict[_Key, int]) -> dict[_Key, int]:
        left = {key: topic for key, topic in topics.items() if self._link.followers(topic)}
        for key, topic in topics.items():
            if key not in left:
                self._link.close_topic(topic)
        return left
