"""Storage: what a server's handlers remember."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from cloudlink.errors import InvalidArgument
from cloudlink.storage.backend import Backend
from cloudlink.storage.leaderboard import Leaderboard
from cloudlink.storage.namespace import Namespace
from cloudlink.storage.sqlite import SqliteBackend
from cloudlink.storage.transactions import Transactions
from cloudlink.storage.values import decode_key

_LONGEST_TIMEOUT: Final = 1e6
"""Seconds, 12 days. SQLite counts milliseconds in 32 bits, and locks know no infinity."""


class Storage(Namespace):
    """A dictionary that outlives the program, with a dictionary for each player, and leaderboards.

    Example:
        >>> store = Storage(":memory:")                     # Storage("game.db") keeps it in a file
        >>> store["door"] = "open"
        >>> ann = store.namespace("ann")
        >>> ann.add("coins", 5)
        5
        >>> with store.transaction():                       # both or neither
        ...     ann["coins"] -= 3
        ...     ann["hat"] = {"colour": "red", "size": 2.5}
        >>> board = store.leaderboard("level 1")
        >>> board.submit("ann", 120)
        True
        >>> board.top(10)
        [Entry(rank=1, player='ann', score=120)]

    All handlers may use it at once, and so may several programs: one writes at a time, the others wait; who reads
    waits for nobody, except in memory. What an operation or a transaction has stored is on the disk when it returns;
    a crash in the middle of one leaves nothing of it. What keys and values may be stands at `Namespace`.

    Args:
        place: a file, which is made if there is none; ":memory:" for nothing but memory; or the SQLAlchemy URL of a
            database, such as "postgresql+psycopg://user:password@host/database", which takes
            `pip install 'cloudlink-scratch[sql]'`.
        timeout: seconds that an operation waits for others that write, before it raises `StorageError`.

    Raises:
        InvalidArgument: no such kind of database, or what it takes is not installed.
        StorageError: the file or the database cannot be opened, or holds something else.
    """

    def __init__(self, place: str | Path, *, timeout: float = 30.0) -> None:
        if not timeout > 0:
            raise InvalidArgument(f"a timeout is a number of seconds above 0, not {timeout}")
        timeout = min(timeout, _LONGEST_TIMEOUT)
        super().__init__("", Transactions(_backend(os.fspath(place), timeout), timeout=timeout))

    def __repr__(self) -> str:
        return f"<Storage with {len(self.namespaces)} namespaces>"

    def namespace(self, name: str) -> Namespace:
        """A dictionary with keys of its own; the one of the empty name is the storage itself."""
        return Namespace(name, self._transactions)

    @property
    def namespaces(self) -> Mapping[str, Namespace]:
        """The namespaces that have keys, by name; `namespaces[name]` is there for them only."""
        return _Namespaces(self)

    def leaderboard(self, name: str, *, lowest_first: bool = False) -> Leaderboard:
        """A leaderboard.

        Args:
            name: a text of up to 500 bytes; namespaces of the same name have nothing to do with it.
            lowest_first: the lowest score is the best, as with seconds. Say the same each time.
        """
        return Leaderboard(name, self._transactions, lowest_first=lowest_first)

    def transaction(self) -> AbstractContextManager[None]:
        """Do several things as one: `with store.transaction(): ...`.

        When the block ends, all that this thread has stored in it is there; when an exception leaves it, nothing is.
        Nobody else can change anything meanwhile, so what the block has read stays true, and nobody sees half of it.
        Keep it short, for other writers wait. A transaction within one is a part of it that can fail by itself. An
        `async def` handler must not await within it.

        Raises:
            StorageError: others that write took longer than the timeout, or the store is closed.
        """
        return self._transaction()

    def close(self) -> None:
        """Wait for what is under way and close the database; nothing works afterwards. Again: does nothing.

        Raises:
            StorageError: this thread is within a transaction.
        """
        self._transactions.close()

    def __enter__(self) -> Storage:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._transactions.write(part=True):
            yield


class _Namespaces(Mapping[str, Namespace]):
    """The namespaces that have keys."""

    def __init__(self, store: Storage) -> None:
        self._store = store

    def __getitem__(self, name: str) -> Namespace:
        if name not in self:
            raise KeyError(name)
        return self._store.namespace(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self._store.namespace(name))

    def __iter__(self) -> Iterator[str]:
        with self._store._transactions.read() as rows:
            spaces = rows.spaces()
        return map(decode_key, spaces)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _backend(place: str, timeout: float) -> Backend:
    if "://" not in place:
        return SqliteBackend(place, timeout=timeout)
    try:
        from cloudlink.storage.sql import SqlBackend
    except ModuleNotFoundError as error:
        raise InvalidArgument(
            "a database by its address needs SQLAlchemy: pip install 'cloudlink-scratch[sql]'"
        ) from error
    return SqlBackend(place, timeout=timeout)
