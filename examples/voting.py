"""A server for a vote, cats or dogs: one vote for every player, counted until the server ends.

    python examples/voting.py my-game-1234 https://scratch.mit.edu/users/me

The project is built from scratch_sprites/recipes/voting.
"""

from __future__ import annotations

import sys

from cloudlink import CloudRequests, RequestError, TwCloudConnection
from cloudlink.transport.connection import Connection

CHOICES = ("cats", "dogs")


def make_server(connection: Connection) -> CloudRequests:
    """A server for one vote on a connection."""
    client = CloudRequests(connection)
    votes: dict[str, str] = {}

    @client.request
    async def vote(name: str, choice: str) -> list[int]:
        if choice not in CHOICES:
            raise RequestError("vote for cats or dogs")
        votes[name] = choice
        chosen = list(votes.values())
        return [chosen.count(choice) for choice in CHOICES]

    return client


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    make_server(TwCloudConnection(sys.argv[1], contact=sys.argv[2])).run()
