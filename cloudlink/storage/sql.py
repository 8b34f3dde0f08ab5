"""A store in any database that SQLAlchemy reaches: the only file that imports it. Tried with PostgreSQL and SQLite.

One row of `cloudlink_store` is the turn to write: a transaction begins by locking it and so waits for every other
writer, as in SQLite, where the lock of the whole file does the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Double,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    create_engine,
    delete,
    event,
    func,
    insert,
    make_url,
    select,
    update,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import StaticPool
from sqlalchemy.types import BigInteger

from cloudlink.errors import InvalidArgument, StorageError
from cloudlink.storage.backend import LAYOUT, Rows

_metadata = MetaData()
_store = Table(
    "cloudlink_store",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("layout", Integer, nullable=False),
)
_records = Table(
    "cloudlink_records",
    _metadata,
    Column("space", LargeBinary, primary_key=True),
    Column("name", LargeBinary, primary_key=True),
    Column("value", Text, nullable=False),
)
_scores = Table(
    "cloudlink_scores",
    _metadata,
    Column("board", LargeBinary, primary_key=True),
    Column("player", LargeBinary, primary_key=True),
    Column("score", Double, nullable=False),
    Column("turn", BigInteger, nullable=False),
)
Index("cloudlink_scores_best", _scores.c.board, _scores.c.score, _scores.c.turn)
Index("cloudlink_scores_turn", _scores.c.board, _scores.c.turn)


class SqlBackend:
    """A database behind an SQLAlchemy URL.

    Args:
        url: such as "postgresql+psycopg://user:password@host/database".
        timeout: seconds to wait for one of the connections; each handler that reads has one of its own.

    Raises:
        InvalidArgument: no such kind of database, or its driver is not installed.
        StorageError: the database cannot be used.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        try:
            self._engine = _make_engine(url, timeout)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            # Not the URL itself: it holds the password.
            raise InvalidArgument(f"this address of a database cannot be used: {error}") from error
        self.reads_beside_writes = self._engine.dialect.name != "sqlite"
        self._writer = self._reader = self._engine
        if self.reads_beside_writes:
            # Whoever has locked the row must then see what the one before has committed; a view must not change.
            self._writer = self._engine.execution_options(isolation_level="READ COMMITTED")
            self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ")
        with _translated():
            self._prepare()

    @contextmanager
    def read(self) -> Iterator[Rows]:
        """See `Backend`."""
        with _translated(), self._reader.connect() as connection:
            yield SqlRows(connection)

    @contextmanager
    def write(self) -> Iterator[Rows]:
        """See `Backend`."""
        with _translated(), self._writer.begin() as connection:
            connection.execute(select(_store.c.id).with_for_update())
            yield SqlRows(connection)

    def close(self) -> None:
        """See `Backend`."""
        self._engine.dispose()

    def _prepare(self) -> None:
        try:
            _metadata.create_all(self._engine)
        except (IntegrityError, ProgrammingError):  # another program was quicker, if it was that
            _metadata.create_all(self._engine)
        try:
            with self._writer.begin() as connection:
                if connection.execute(select(_store.c.id)).first() is None:
                    connection.execute(insert(_store).values(id=1, layout=LAYOUT))
        except IntegrityError:  # the same; the row is there, and waited for
            pass
        with self._reader.connect() as connection:
            layout = connection.execute(select(_store.c.layout)).scalar_one()
        if layout != LAYOUT:
            raise StorageError(f"the store has layout {layout}, and this cloudlink knows {LAYOUT}; update cloudlink")


class SqlRows:
    """The tables through one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._execute = connection.execute

    def get(self, space: bytes, key: bytes) -> str | None:
        """See `Rows`."""
        text: str | None = self._execute(select(_records.c.value).where(*_record(space, key))).scalar()
        return text

    def put(self, space: bytes, key: bytes, text: str) -> None:
        """See `Rows`."""
        if not self._execute(update(_records).where(*_record(space, key)).values(value=text)).rowcount:
            self._execute(insert(_records).values(space=space, name=key, value=text))

    def delete(self, space: bytes, key: bytes) -> bool:
        """See `Rows`."""
        return self._execute(delete(_records).where(*_record(space, key))).rowcount > 0

    def clear(self, space: bytes) -> None:
        """See `Rows`."""
        self._execute(delete(_records).where(_records.c.space == space))

    def count(self, space: bytes) -> int:
        """See `Rows`."""
        return self._execute(select(func.count()).select_from(_records).where(_records.c.space == space)).scalar_one()

    def keys(self, space: bytes) -> list[bytes]:
        """See `Rows`."""
        query = select(_records.c.name).where(_records.c.space == space).order_by(_records.c.name)
        return list(self._execute(query).scalars())

    def pairs(self, space: bytes) -> list[tuple[bytes, str]]:
        """See `Rows`."""
        query = select(_records.c.name, _records.c.value).where(_records.c.space == space).order_by(_records.c.name)
        return [(name, value) for name, value in self._execute(query)]

    def spaces(self) -> list[bytes]:
        """See `Rows`."""
        return list(self._execute(select(_records.c.space).distinct().order_by(_records.c.space)).scalars())

    def score(self, board: bytes, player: bytes) -> float | None:
        """See `Rows`."""
        score: float | None = self._execute(select(_scores.c.score).where(*_place(board, player))).scalar()
        return score

    def put_score(self, board: bytes, player: bytes, score: float) -> None:
        """See `Rows`."""
        last = self._execute(select(func.max(_scores.c.turn)).where(_scores.c.board == board)).scalar() or 0
        values = {"score": score, "turn": last + 1}
        if not self._execute(update(_scores).where(*_place(board, player)).values(values)).rowcount:
            self._execute(insert(_scores).values(board=board, player=player, **values))

    def delete_score(self, board: bytes, player: bytes) -> bool:
        """See `Rows`."""
        return self._execute(delete(_scores).where(*_place(board, player))).rowcount > 0

    def clear_scores(self, board: bytes) -> None:
        """See `Rows`."""
        self._execute(delete(_scores).where(_scores.c.board == board))

    def count_scores(self, board: bytes) -> int:
        """See `Rows`."""
        return self._execute(select(func.count()).select_from(_scores).where(_scores.c.board == board)).scalar_one()

    def count_better(self, board: bytes, score: float, *, lowest: bool) -> int:
        """See `Rows`."""
        better = _scores.c.score < score if lowest else _scores.c.score > score
        query = select(func.count()).select_from(_scores).where(_scores.c.board == board, better)
        return self._execute(query).scalar_one()

    def best(self, board: bytes, *, lowest: bool, most: int, skip: int) -> list[tuple[bytes, float]]:
        """See `Rows`."""
        order = _scores.c.score.asc() if lowest else _scores.c.score.desc()
        query = select(_scores.c.player, _scores.c.score).where(_scores.c.board == board)
        rows = self._execute(query.order_by(order, _scores.c.turn).limit(most).offset(skip))
        return [(player, score) for player, score in rows]

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """See `Rows`."""
        with self._connection.begin_nested():
            yield


def _record(space: bytes, key: bytes) -> tuple[ColumnElement[bool], ...]:
    return _records.c.space == space, _records.c.name == key


def _place(board: bytes, player: bytes) -> tuple[ColumnElement[bool], ...]:
    return _scores.c.board == board, _scores.c.player == player


def _make_engine(url: str, timeout: float) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_timeout=timeout, pool_size=8, max_overflow=32)
    # One connection for all, for each would have a memory of its own; and we begin transactions, not the driver.
    options = {"timeout": timeout, "check_same_thread": False, "isolation_level": None}
    engine = create_engine(url, poolclass=StaticPool, connect_args=options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StorageError(f"the database of the store cannot be used: {error}") from error
