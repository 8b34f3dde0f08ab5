"""Scores of players, the best first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cloudlink.errors import InvalidArgument
from cloudlink.storage.transactions import Transactions
from cloudlink.storage.values import decode_key, decode_score, encode_key, encode_score

_MOST_ROWS: Final = 2**63 - 1
"""As far as databases count; a player can ask for more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A player's place on a leaderboard.

    Attributes:
        rank: from 1; equal scores have the same rank, and the next one is that much further down.
        player: the name.
        score: the best one so far; whole numbers are `int`.
    """

    rank: int
    player: str
    score: int | float


class Leaderboard:
    """The best score of each player.

    Made by `Storage.leaderboard`. Players are texts of up to 500 bytes in UTF-8, scores are numbers from -2**53 to
    2**53. Of equal scores the one that came first stands first.

    Every operation raises:
        InvalidArgument: a player or a score that cannot be one.
        StorageError: the database cannot be used, or the store is closed.
    """

    def __init__(self, name: str, transactions: Transactions, *, lowest_first: bool) -> None:
        self.name = name
        self.lowest_first = lowest_first
        self._board = encode_key(name, "leaderboard's name")
        self._transactions = transactions

    def __repr__(self) -> str:
        return f"<Leaderboard {self.name!r}>"

    def submit(self, player: str, score: float) -> bool:
        """Take in a score; it counts if it is better than the player's best. Whether it does."""
        name, new = encode_key(player, "player's name"), encode_score(score)
        with self._transactions.write() as rows:
            old = rows.score(self._board, name)
            if old is not None and (old <= new if self.lowest_first else old >= new):
                return False
            rows.put_score(self._board, name, new)
        return True

    def add(self, player: str, amount: float = 1) -> int | float:
        """Add to a player's score, from 0, and return what it is then, better or not."""
        name = encode_key(player, "player's name")
        change = decode_score(encode_score(amount))
        with self._transactions.write() as rows:
            score = encode_score(decode_score(rows.score(self._board, name) or 0.0) + change)
            rows.put_score(self._board, name, score)
        return decode_score(score)

    def score(self, player: str) -> int | float | None:
        """A player's score, or None."""
        name = encode_key(player, "player's name")
        with self._transactions.read() as rows:
            score = rows.score(self._board, name)
        return None if score is None else decode_score(score)

    def rank(self, player: str) -> int | None:
        """A player's rank, from 1, or None if there is no score."""
        name = encode_key(player, "player's name")
        with self._transactions.read() as rows:
            score = rows.score(self._board, name)
            if score is None:
                return None
            return 1 + rows.count_better(self._board, score, lowest=self.lowest_first)

    def top(self, most: int = 10, *, skip: int = 0) -> list[Entry]:
        """The best players.

        Args:
            most: how many, at most.
            skip: how many to leave out at the top, to turn pages.

        Raises:
            InvalidArgument: a number below 0.
        """
        if most < 0 or skip < 0:
            raise InvalidArgument(f"the top of a leaderboard has 0 players or more, not {most} after {skip}")
        most, skip = min(most, _MOST_ROWS), min(skip, _MOST_ROWS)
        with self._transactions.read() as rows:
            best = rows.best(self._board, lowest=self.lowest_first, most=most, skip=skip)
            rank = 1 + rows.count_better(self._board, best[0][1], lowest=self.lowest_first) if best else 1
        entries: list[Entry] = []
        for place, (name, score) in enumerate(best, skip + 1):
            if entries and score != entries[-1].score:
                rank = place
            entries.append(Entry(rank, decode_key(name), decode_score(score)))
        return entries

    def remove(self, player: str) -> bool:
        """Take a player off the board; whether there was a score."""
        name = encode_key(player, "player's name")
        with self._transactions.write() as rows:
            return rows.delete_score(self._board, name)

    def clear(self) -> None:
        """Take everybody off the board."""
        with self._transactions.write() as rows:
            rows.clear_scores(self._board)

    def __len__(self) -> int:
        """How many players have a score."""
        with self._transactions.read() as rows:
            return rows.count_scores(self._board)

    def __contains__(self, player: object) -> bool:
        """Whether a player has a score."""
        return isinstance(player, str) and self.score(player) is not None
