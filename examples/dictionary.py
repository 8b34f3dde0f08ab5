"""A server with a dictionary, English to Japanese.

    python examples/dictionary.py my-game-1234 https://scratch.mit.edu/users/me

The project is built from scratch_sprites/recipes/dictionary.
"""

from __future__ import annotations

import sys

from cloudlink import CloudRequests, RequestError, TwCloudConnection
from cloudlink.transport.connection import Connection

JAPANESE = {"cat": "ねこ", "dog": "いぬ", "game": "ゲーム", "hello": "こんにちは", "star": "ほし"}


def make_server(connection: Connection) -> CloudRequests:
    """A server for the dictionary on a connection."""
    client = CloudRequests(connection)

    @client.request
    def translate(word: str) -> str:
        if word.lower() not in JAPANESE:
            raise RequestError(f"I do not know the word {word}")
        return JAPANESE[word.lower()]

    return client


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    make_server(TwCloudConnection(sys.argv[1], contact=sys.argv[2])).run()
