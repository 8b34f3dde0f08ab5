"""A server for a quiz: it asks every player the same questions in turn, and knows the answers.

    python examples/quiz.py my-game-1234 https://scratch.mit.edu/users/me

The project is built from scratch_sprites/recipes/quiz.
"""

from __future__ import annotations

import sys

from cloudlink import CloudRequests, TwCloudConnection
from cloudlink.transport.connection import Connection

QUESTIONS = {"How many legs has a spider?": "8", "What is the capital of France?": "Paris", "How much is 7 x 8?": "56"}


def make_server(connection: Connection) -> CloudRequests:
    """A server for one quiz on a connection."""
    client = CloudRequests(connection)
    questions = list(QUESTIONS)
    right: dict[str, int] = {}

    def current(name: str) -> str:
        return questions[right.get(name, 0) % len(questions)]

    @client.request
    async def question(name: str) -> str:
        return current(name)

    @client.request
    async def check(name: str, answer: str) -> str:
        if answer.strip().lower() != QUESTIONS[current(name)].lower():
            return "no, try again"
        right[name] = right.get(name, 0) + 1
        return f"right! {right[name]} so far"

    return client


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    make_server(TwCloudConnection(sys.argv[1], contact=sys.argv[2])).run()
