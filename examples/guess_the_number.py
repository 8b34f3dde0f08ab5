"""A server for a guessing game: every player has a number to guess, and the server remembers the best result.

    python examples/guess_the_number.py my-game-1234 https://scratch.mit.edu/users/me

In the project, ask "new game" with the player's name, then "guess" with the name and a number.
"""

from __future__ import annotations

import random
import sys

from cloudlink import CloudRequests, RequestError, TwCloudConnection
from cloudlink.transport.connection import Connection


class Game:
    """The numbers to guess, by player, and the fewest guesses so far."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.guesses: dict[str, int] = {}
        self.best: tuple[int, str] | None = None

    def begin(self, player: str) -> str:
        """Draw a number for a player."""
        self.numbers[player] = random.randint(1, 100)
        self.guesses[player] = 0
        return "Guess my number, from 1 to 100!"

    def guess(self, player: str, number: int) -> str:
        """Say whether a guess is right."""
        if player not in self.numbers:
            raise RequestError("start a new game first")
        self.guesses[player] += 1
        if number != self.numbers[player]:
            return "higher" if number < self.numbers[player] else "lower"
        result = (self.guesses[player], player)
        self.best = min(self.best or result, result)
        del self.numbers[player]
        return "right"

    def record(self) -> list[str | int]:
        """Who was the best, and with how many guesses."""
        return [] if self.best is None else [self.best[1], self.best[0]]


def make_server(connection: Connection) -> CloudRequests:
    """A server for one game on a connection."""
    game = Game()
    client = CloudRequests(connection)
    client.add_request(game.begin, name="new game")
    client.add_request(game.guess, name="guess")
    client.add_request(game.record, name="record")
    return client


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    make_server(TwCloudConnection(sys.argv[1], contact=sys.argv[2])).run()
