"""A store in an SQLite file, or in memory: the standard library only.

The file is in WAL mode: who reads sees what is committed and waits for nobody, and there is one writer. A commit is on
the disk before it returns; a process that dies in the middle leaves what was committed, and nothing half.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from cloudlink.errors import StorageError
from cloudlink.storage.backend import LAYOUT, Rows

MEMORY: Final = ":memory:"

_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS cloudlink_store (id INTEGER PRIMARY KEY, layout INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO cloudlink_store VALUES (1, 1)",
    "CREATE TABLE IF NOT EXISTS cloudlink_records (space BLOB NOT NULL, name BLOB NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (space, name)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS cloudlink_scores (board BLOB NOT NULL, player BLOB NOT NULL, score REAL NOT NULL,"
    " turn INTEGER NOT NULL, PRIMARY KEY (board, player)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS cloudlink_scores_best ON cloudlink_scores (board, score, turn)",
    "CREATE INDEX IF NOT EXISTS cloudlink_scores_turn ON cloudlink_scores (board, turn)",
)


class SqliteBackend:
    """A database in a file, or in memory.

    Args:
        path: the file, made if there is none; ":memory:" is none at all.
        timeout: seconds to wait for another program that writes.

    Raises:
        StorageError: the file cannot be opened, or is something else.
    """

    def __init__(self, path: str, *, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._guard = threading.Lock()  # of the readers that nobody uses now
        self._readers: list[sqlite3.Connection] = []
        self.reads_beside_writes = path != MEMORY
        with self._translated():
            self._writer = self._connect()
            try:
                self._prepare()
            except BaseException:
                self._writer.close()
                raise

    @contextmanager
    def read(self) -> Iterator[Rows]:
        """See `Backend`."""
        if not self.reads_beside_writes:  # memory is seen by the connection that made it only
            yield SqliteRows(self._writer)
            return
        with self._translated():
            with self._guard:
                reader = self._readers.pop() if self._readers else None
            reader = reader or self._connect()
            try:
                reader.execute("BEGIN")
                yield SqliteRows(reader)
            finally:
                reader.rollback()
                with self._guard:
                    self._readers.append(reader)

    @contextmanager
    def write(self) -> Iterator[Rows]:
        """See `Backend`."""
        with self._translated():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteRows(self._writer)
                self._writer.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has rolled back already
                    self._writer.rollback()
                raise

    def close(self) -> None:
        """See `Backend`."""
        with self._guard:
            for reader in self._readers:
                reader.close()
            self._readers.clear()
        with suppress(sqlite3.Error):  # the last one out moves the log into the file; the next to open can do it too
            self._writer.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False)
        # FULL: a commit survives the power's failing as well as the program's.
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _prepare(self) -> None:
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("BEGIN IMMEDIATE")
        for statement in _TABLES:
            self._writer.execute(statement)
        (layout,) = self._writer.execute("SELECT layout FROM cloudlink_store").fetchone()
        if layout != LAYOUT:
            raise StorageError(f"{self._path} has layout {layout}, and this cloudlink knows {LAYOUT}; update cloudlink")
        self._writer.execute("COMMIT")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise StorageError(
                    f"another program has been writing to {self._path} for {self._timeout:g} s; try again"
                ) from error
            raise StorageError(f"the store {self._path} cannot be used: {error}") from error


class SqliteRows:
    """The tables through one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def get(self, space: bytes, key: bytes) -> str | None:
        """See `Rows`."""
        text: str | None = self._one("SELECT value FROM cloudlink_records WHERE (space, name) = (?, ?)", space, key)
        return text

    def put(self, space: bytes, key: bytes, text: str) -> None:
        """See `Rows`."""
        self._execute("INSERT OR REPLACE INTO cloudlink_records VALUES (?, ?, ?)", (space, key, text))

    def delete(self, space: bytes, key: bytes) -> bool:
        """See `Rows`."""
        return self._execute("DELETE FROM cloudlink_records WHERE (space, name) = (?, ?)", (space, key)).rowcount > 0

    def clear(self, space: bytes) -> None:
        """See `Rows`."""
        self._execute("DELETE FROM cloudlink_records WHERE space = ?", (space,))

    def count(self, space: bytes) -> int:
        """See `Rows`."""
        return int(self._one("SELECT count(*) FROM cloudlink_records WHERE space = ?", space))

    def keys(self, space: bytes) -> list[bytes]:
        """See `Rows`."""
        rows = self._execute("SELECT name FROM cloudlink_records WHERE space = ? ORDER BY name", (space,))
        return [name for (name,) in rows]

    def pairs(self, space: bytes) -> list[tuple[bytes, str]]:
        """See `Rows`."""
        return self._execute(
            "SELECT name, value FROM cloudlink_records WHERE space = ? ORDER BY name", (space,)
        ).fetchall()

    def spaces(self) -> list[bytes]:
        """See `Rows`."""
        return [name for (name,) in self._execute("SELECT DISTINCT space FROM cloudlink_records ORDER BY space")]

    def score(self, board: bytes, player: bytes) -> float | None:
        """See `Rows`."""
        score: float | None = self._one(
            "SELECT score FROM cloudlink_scores WHERE (board, player) = (?, ?)", board, player
        )
        return score

    def put_score(self, board: bytes, player: bytes, score: float) -> None:
        """See `Rows`."""
        self._execute(
            "INSERT OR REPLACE INTO cloudlink_scores SELECT ?1, ?2, ?3, coalesce(max(turn), 0) + 1"
            " FROM cloudlink_scores WHERE board = ?1",
            (board, player, score),
        )

    def delete_score(self, board: bytes, player: bytes) -> bool:
        """See `Rows`."""
        return (
            self._execute("DELETE FROM cloudlink_scores WHERE (board, player) = (?, ?)", (board, player)).rowcount > 0
        )

    def clear_scores(self, board: bytes) -> None:
        """See `Rows`."""
        self._execute("DELETE FROM cloudlink_scores WHERE board = ?", (board,))

    def count_scores(self, board: bytes) -> int:
        """See `Rows`."""
        return int(self._one("SELECT count(*) FROM cloudlink_scores WHERE board = ?", board))

    def count_better(self, board: bytes, score: float, *, lowest: bool) -> int:
        """See `Rows`."""
        sign = "<" if lowest else ">"
        return int(self._one(f"SELECT count(*) FROM cloudlink_scores WHERE board = ? AND score {sign} ?", board, score))

    def best(self, board: bytes, *, lowest: bool, most: int, skip: int) -> list[tuple[bytes, float]]:
        """See `Rows`."""
        order = "score" if lowest else "score DESC"
        return self._execute(
            f"SELECT player, score FROM cloudlink_scores WHERE board = ? ORDER BY {order}, turn LIMIT ? OFFSET ?",
            (board, most, skip),
        ).fetchall()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """See `Rows`."""
        self._execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._execute("ROLLBACK TO part")
            self._execute("RELEASE part")
            raise
        self._execute("RELEASE part")

    def _one(self, statement: str, *parameters: Any) -> Any:
        row = self._execute(statement, parameters).fetchone()
        return None if row is None else row[0]
