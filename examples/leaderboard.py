"""A server for a leaderboard: it keeps the best score of every player, in a file.

    python examples/leaderboard.py my-game-1234 https://scratch.mit.edu/users/me

The project is built from scratch_sprites/recipes/leaderboard.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing

from cloudlink import CloudRequests, TwCloudConnection
from cloudlink.transport.connection import Connection


def make_server(connection: Connection, *, file: str = "leaderboard.sqlite") -> CloudRequests:
    """A server for one leaderboard on a connection; the scores are in an SQLite file."""
    client = CloudRequests(connection)

    def run(command: str, *values: str | int) -> list[tuple[str, int]]:
        with closing(sqlite3.connect(file)) as database, database:
            return database.execute(command, values).fetchall()

    run("CREATE TABLE IF NOT EXISTS scores (name TEXT PRIMARY KEY, score INTEGER)")

    @client.request(name="submit score")
    def submit_score(name: str, score: int) -> int:
        keep_best = "ON CONFLICT DO UPDATE SET score = max(score, excluded.score)"
        run(f"INSERT INTO scores VALUES (?, ?) {keep_best}", name, score)
        names = [row[0] for row in run("SELECT name, score FROM scores ORDER BY score DESC, name")]
        return names.index(name) + 1

    @client.request(name="best players")
    def best_players(count: int) -> list[str]:
        rows = run("SELECT name, score FROM scores ORDER BY score DESC, name LIMIT ?", max(1, min(count, 20)))
        return [f"{name}: {score}" for name, score in rows]

    return client


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    make_server(TwCloudConnection(sys.argv[1], contact=sys.argv[2])).run()
