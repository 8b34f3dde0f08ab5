"""A server for a chat line of ready sentences: players choose one, and nobody can write anything else.

Chat in which players write freely is not allowed on Scratch and TurboWarp unless somebody moderates it.

    python examples/chat_line.py my-game-1234 https://scratch.mit.edu/users/me

The project is built from scratch_sprites/recipes/chat-line.
"""

from __future__ import annotations

import re
import sys
from collections import deque

from cloudlink import CloudRequests, RequestError, TwCloudConnection
from cloudlink.transport.connection import Connection

SENTENCES = ["Hello!", "Good game!", "Wait for me.", "Goodbye!"]
LINES_SHOWN = 8


def make_server(connection: Connection) -> CloudRequests:
    """A server for one chat on a connection."""
    client = CloudRequests(connection)
    lines: deque[str] = deque(maxlen=LINES_SHOWN)

    @client.request
    async def say(name: str, sentence: int) -> list[str]:
        if not 1 <= sentence <= len(SENTENCES):
            raise RequestError(f"choose a sentence from 1 to {len(SENTENCES)}")
        if re.fullmatch(r"[\w-]{1,20}", name, re.ASCII) is None:  # what a Scratch user name can be, so no sentences
            raise RequestError("you need a user name to chat")
        lines.append(f"{name}: {SENTENCES[sentence - 1]}")
        return list(lines)

    return client


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    make_server(TwCloudConnection(sys.argv[1], contact=sys.argv[2])).run()
