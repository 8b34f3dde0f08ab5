"""Players: who asks, and what a handler can know of the request that it answers."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloudlink.errors import InvalidArgument
from cloudlink.level import Level

if TYPE_CHECKING:
    from cloudlink.serve.line import Line
    from cloudlink.transport.connection import Connection


class Player:
    """One open project that talks with the server: a tab of somebody's browser, or a `CloudClient`.

    Attributes:
        user: who the project says it is, or None. Anybody can say anything: it is a name to greet with, and no proof.
        cloud: the connection that it is reached over.
    """

    def __init__(self, line: Line, client: int) -> None:
        self.user: str | None = None
        self.cloud: Connection = line.cloud
        self._line = line
        self._client = client

    def __repr__(self) -> str:
        return f"<Player {self._client} {self.user!r}>"

    @property
    def connected(self) -> bool:
        """Whether it has a session: it was heard within the lease, 300 s."""
        return self._line.has(self._client)

    def send(self, value: Any) -> bool:
        """Send this player something it did not ask for; it must listen to messages for itself.

        It arrives once and in order, unless the player is away for more than 49 messages.

        Args:
            value: whatever a handler may return.

        Returns:
            Whether the player listens.

        Raises:
            InvalidArgument: the value has no form in digits.
            ValueTooLong: it has too many digits.
        """
        return self._line.send(self._client, value)


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request as event functions and handlers see it.

    Attributes:
        name: of the handler that is asked for.
        arguments: as they came, before the handler's annotations are applied.
        player: who asks; None for a project with the classic sprite, which does not say so.
        requester: the name of the user who asks, or None. Within a handler that demands the level "logged" the name in
            the cloud's log, else the one that the project gives.
        timestamp: when it came, in seconds since 1970.
        level: how sure the requester's name is.
    """

    name: str
    arguments: tuple[Any, ...]
    player: Player | None
    requester: str | None
    timestamp: float
    level: Level
    _count_unsent: Callable[[], int] = field(repr=False, compare=False)

    @property
    def unsent(self) -> int:
        """Digits of the answer that wait to be sent for the first time.

        It tells how far a long answer, or one that comes item by item, has got. 0 before it is made and when nobody
        waits for it any more; always 0 for the classic sprite.
        """
        return self._count_unsent()


current_request: ContextVar[ReceivedRequest] = ContextVar("cloudlink_request")
"""The request that the running handler answers."""


def the_request() -> ReceivedRequest:
    """The request that the running handler answers.

    Raises:
        InvalidArgument: no handler runs here.
    """
    try:
        return current_request.get()
    except LookupError:
        raise InvalidArgument(
            "no request is being answered here; call this within a handler, and in the thread that it began in"
        ) from None
