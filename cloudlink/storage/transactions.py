"""Who may use the database when: transactions of the threads and tasks of this program, one writer at a time.

    idle --write--> open --write, by the same one--> a part of it
                     |-----write, by another one---> waits until it is idle, for at most the timeout
                     |-----write, by another task of the same event loop: an error, for the loop would wait for itself
                     |-----the block ends----------> committed, idle
                     `-----an exception leaves it--> undone, idle

Reads go beside it where the database can; else they take turns with it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from cloudlink.errors import StorageError
from cloudlink.storage.backend import Backend, Rows


@dataclass(frozen=True, slots=True)
class _Open:
    """The transaction that is under way, and who began it."""

    rows: Rows
    thread: int
    task: asyncio.Task[Any] | None


class Transactions:
    """The transactions of one store.

    Args:
        backend: the database.
        timeout: seconds to wait for another writer.
    """

    def __init__(self, backend: Backend, *, timeout: float) -> None:
        self._backend = backend
        self._timeout = timeout
        self._turn = threading.Lock()  # held for as long as a transaction is open
        self._open: _Open | None = None
        self._closed = False
        self._readers = 0
        self._idle = threading.Condition()  # guards the number of readers

    @contextmanager
    def write(self, *, part: bool = False) -> Iterator[Rows]:
        """A transaction, or the one that the caller has open already.

        Args:
            part: within an open one, be a part of it that is undone by itself if an exception leaves the block.

        Raises:
            StorageError: the store is closed, it cannot be used, or another writer took too long.
        """
        mine = self._mine()
        if mine is not None:
            with mine.savepoint() if part else nullcontext():
                yield mine
            return
        with self._my_turn(), self._backend.write() as rows:
            self._open = _Open(rows, threading.get_ident(), _task())
            try:
                yield rows
            finally:
                self._open = None

    @contextmanager
    def read(self) -> Iterator[Rows]:
        """What is committed, or what the transaction that the caller has open sees.

        Raises:
            StorageError: as for `write`.
        """
        mine = self._mine()
        if mine is not None:
            yield mine
        elif self._backend.reads_beside_writes:
            with self._reading(), self._backend.read() as rows:
                yield rows
        else:
            with self._my_turn(), self._backend.read() as rows:
                yield rows

    def close(self) -> None:
        """Wait for what is under way, and close the database. Again: does nothing.

        Raises:
            StorageError: the caller has a transaction open, or another one took too long.
        """
        if self._mine() is not None:
            raise StorageError("the store cannot be closed within a transaction; close it after the block")
        if self._closed:
            return
        with self._my_turn():
            with self._idle:
                self._closed = True
                self._idle.wait_for(lambda: not self._readers, self._timeout)
            self._backend.close()

    def _mine(self) -> Rows | None:
        """The rows of the transaction that the caller has open."""
        now = self._open
        if now is None or now.thread != threading.get_ident() or now.task is not _task():
            return None
        return now.rows

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        now = self._open
        if now is not None and now.thread == threading.get_ident():
            raise StorageError("another task of this thread has a transaction open; do not await within a transaction")
        if not self._turn.acquire(timeout=self._timeout):
            raise StorageError(f"another thread has had a transaction open for {self._timeout:g} s; keep them short")
        try:
            self._check_open()
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._idle:
            self._check_open()
            self._readers += 1
        try:
            yield
        finally:
            with self._idle:
                self._readers -= 1
                self._idle.notify_all()

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("the store is closed")


def _task() -> asyncio.Task[Any] | None:
    """The task that runs in this thread, if an event loop does."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
