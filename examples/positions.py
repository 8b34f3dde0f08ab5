"""A server that tells every player where the others are; who has not told for five seconds is gone.

    python examples/positions.py my-game-1234 https://scratch.mit.edu/users/me

The project is built from scratch_sprites/recipes/positions.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from cloudlink import CloudRequests, TwCloudConnection
from cloudlink.transport.connection import Connection

GONE_AFTER = 5.0
"""Seconds."""


def make_server(connection: Connection, *, clock: Callable[[], float] = time.monotonic) -> CloudRequests:
    """A server for one stage on a connection; `clock` tells the seconds."""
    client = CloudRequests(connection)
    client.set_topic("places", held=1)  # only the newest matters
    players: dict[str, tuple[str, float]] = {}

    @client.request
    async def move(name: str, x: int, y: int) -> None:
        now = clock()
        players[name] = (f"{name} {x} {y}", now)
        for other, (_, seen) in list(players.items()):
            if now - seen > GONE_AFTER:
                del players[other]
        client.send([place for place, _ in players.values()], topic="places")

    return client


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    make_server(TwCloudConnection(sys.argv[1], contact=sys.argv[2])).run()
