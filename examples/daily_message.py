"""A server with a message for every day of the week.

    python examples/daily_message.py my-game-1234 https://scratch.mit.edu/users/me

The project is built from scratch_sprites/recipes/daily-message.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date

from cloudlink import CloudRequests, TwCloudConnection
from cloudlink.transport.connection import Connection

MESSAGES = [
    "A new week!",
    "Take a break.",
    "Halfway!",
    "Try level 3.",
    "Nearly there.",
    "Party!",
    "Sleep well.",
]
"""Monday first."""


def make_server(connection: Connection, *, today: Callable[[], date] = date.today) -> CloudRequests:
    """A server for the message on a connection; `today` tells the date."""
    client = CloudRequests(connection)

    @client.request(name="daily message")
    def daily_message() -> str:
        return MESSAGES[today().weekday()]

    return client


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    make_server(TwCloudConnection(sys.argv[1], contact=sys.argv[2])).run()
