"""What the classic server tells the layer above it."""

from __future__ import annotations

from dataclasses import dataclass

from cloudlink.link.events import Carrier


@dataclass(frozen=True, slots=True)
class ClassicRequest:
    """A whole request; answer it with `ClassicServer.send`.

    Attributes:
        request: a number that is never used again within the life of a server, for `send`.
        id: what the player's sprite drew for it; another request may have the same.
        name: what is asked for.
        arguments: texts; the wire has no other type.
        value: what the player set last, as it stands in the cloud's log if the platform has one.
        user: who has set it, None if that is not known.
        carriers: the sets that have carried its pieces, in order. Empty if the server was not told when each of them
            came.
    """

    request: int
    id: str
    name: str
    arguments: tuple[str, ...]
    value: str
    user: str | None
    carriers: tuple[Carrier, ...] = ()
