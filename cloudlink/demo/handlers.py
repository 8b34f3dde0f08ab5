"""The handlers of the demo: arithmetic, a leaderboard in SQLite, an echo."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from cloudlink.errors import RequestError
from cloudlink.server import CloudRequests

MOST_SCORES = 100


class Leaderboard:
    """Names and their best scores, in an SQLite file.

    Args:
        path: of the file; it is made if there is none.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()  # handlers run in several threads
        self._database = sqlite3.connect(path, check_same_thread=False)
        with self._database:
            self._database.execute("CREATE TABLE IF NOT EXISTS scores (name TEXT PRIMARY KEY, score INTEGER NOT NULL)")

    def submit(self, name: str, score: int) -> int:
        """Note a score if it is the player's best; the player's place, from 1."""
        with self._lock, self._database:
            self._database.execute(
                "INSERT INTO scores VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET score = max(score, excluded.score)",
                (name, score),
            )
            better = "SELECT count(*) + 1 FROM scores WHERE score > (SELECT score FROM scores WHERE name = ?)"
            place: int = self._database.execute(better, (name,)).fetchone()[0]
        return place

    def top(self, count: int) -> list[list[str | int]]:
        """The best players: [name, score] each, the best one first."""
        with self._lock:
            rows = self._database.execute("SELECT name, score FROM scores ORDER BY score DESC, name LIMIT ?", (count,))
            return [list(row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def add_handlers(client: CloudRequests, leaderboard: Leaderboard) -> None:
    """Give a server the handlers of the demo."""

    @client.request
    def greet(name: str) -> str:
        return f"Hello {name}, Python speaking!"

    @client.request
    def add(a: float, b: float) -> float:
        return a + b

    @client.request
    def divide(a: float, b: float) -> float:
        if b == 0:
            raise RequestError("nobody can divide by zero")
        return a / b

    @client.request
    def submit_score(name: str, score: int) -> int:
        return leaderboard.submit(name, score)

    @client.request
    def top_scores(count: int = 10) -> list[list[str | int]]:
        return leaderboard.top(min(max(count, 1), MOST_SCORES))

    @client.request
    async def echo(text: str) -> str:
        return text
