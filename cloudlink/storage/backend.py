"""What a store needs of a database: types only. What the words mean is said here, once, for all databases.

Two tables. `records`: a text for each namespace and key. `scores`: a number for each board and player, and a turn that
grows with each new score of a board, so that of two equal scores the earlier is known. Keys and names are bytes.

Whoever writes has the database alone: `write` waits until every other writer, also of another program, has ended. So
nothing is ever tried twice, and nothing read within a transaction changes before it ends.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final, Protocol

LAYOUT: Final = 1
"""The number of the tables' layout, kept in the database."""


class Rows(Protocol):
    """The tables, as one transaction sees them."""

    def get(self, space: bytes, key: bytes) -> str | None:
        """The text of a key."""

    def put(self, space: bytes, key: bytes, text: str) -> None:
        """Set the text of a key."""

    def delete(self, space: bytes, key: bytes) -> bool:
        """Remove a key; whether it was there."""

    def clear(self, space: bytes) -> None:
        """Remove all keys of a namespace."""

    def count(self, space: bytes) -> int:
        """How many keys a namespace has."""

    def keys(self, space: bytes) -> list[bytes]:
        """The keys of a namespace, sorted."""

    def pairs(self, space: bytes) -> list[tuple[bytes, str]]:
        """The keys and texts of a namespace, sorted by key."""

    def spaces(self) -> list[bytes]:
        """The namespaces that have keys, sorted."""

    def score(self, board: bytes, player: bytes) -> float | None:
        """A player's score."""

    def put_score(self, board: bytes, player: bytes, score: float) -> None:
        """Set a player's score, with the next turn."""

    def delete_score(self, board: bytes, player: bytes) -> bool:
        """Remove a player; whether it was there."""

    def clear_scores(self, board: bytes) -> None:
        """Remove all players of a board."""

    def count_scores(self, board: bytes) -> int:
        """How many players a board has."""

    def count_better(self, board: bytes, score: float, *, lowest: bool) -> int:
        """How many scores of a board are above this one, or below it where the lowest is best."""

    def best(self, board: bytes, *, lowest: bool, most: int, skip: int) -> list[tuple[bytes, float]]:
        """Players and scores, the best first, of equal ones the earlier first."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A part of the transaction that is undone by itself if an exception leaves the block."""


class Backend(Protocol):
    """A database. `StorageError` is the only error that leaves it."""

    @property
    def reads_beside_writes(self) -> bool:
        """Whether `read` may be called while a transaction of `write` is open."""

    def read(self) -> AbstractContextManager[Rows]:
        """One view of what is committed, for as long as the block lasts; nothing may be changed."""

    def write(self) -> AbstractContextManager[Rows]:
        """A transaction: committed when the block ends, undone when an exception leaves it. One at a time."""

    def close(self) -> None:
        """Free what is held. No block is open any more."""
