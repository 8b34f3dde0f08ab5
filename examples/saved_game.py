"""A server for saved games: every player's level and coins, in a file.

    python examples/saved_game.py my-game-1234 https://scratch.mit.edu/users/me

The project is built from scratch_sprites/recipes/saved-game.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing

from cloudlink import CloudRequests, TwCloudConnection
from cloudlink.transport.connection import Connection


def make_server(connection: Connection, *, file: str = "games.sqlite") -> CloudRequests:
    """A server for the games of all players on a connection; they are in an SQLite file."""
    client = CloudRequests(connection)

    def run(command: str, *values: str | int) -> list[tuple[int, int]]:
        with closing(sqlite3.connect(file)) as database, database:
            return database.execute(command, values).fetchall()

    run("CREATE TABLE IF NOT EXISTS games (name TEXT PRIMARY KEY, level INTEGER, coins INTEGER)")

    @client.request(name="save game")
    def save_game(name: str, level: int, coins: int) -> None:
        run("INSERT OR REPLACE INTO games VALUES (?, ?, ?)", name, level, coins)

    @client.request(name="load game")
    def load_game(name: str) -> list[int]:
        games = run("SELECT level, coins FROM games WHERE name = ?", name)
        return list(games[0]) if games else [1, 0]

    return client


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    make_server(TwCloudConnection(sys.argv[1], contact=sys.argv[2])).run()
