"""The values of all projects in an SQLite file, so that they outlive the server.

Sets are gathered in memory, the newest value of each variable, and written together by a thread of their own, so
that no set waits for the disk. The file is in WAL mode: a process that dies between two writings loses what came since
the last one, INTERVAL seconds at most, and never leaves a broken file. While the file cannot be written to, because
another program has locked it or the disk is full, values stay in memory until it can.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from pathlib import Path
from typing import Final, TypeAlias

from cloudlink.errors import CloudError
from cloudlink.transport.lines import SetVariable

INTERVAL: Final = 0.5
"""Seconds from one writing to the next."""

MAX_FILE_BYTES: Final = 1 << 30
"""How large the file may grow; beyond that the values that have been the same for longest go."""

BUSY_TIMEOUT: Final = 5.0
"""Seconds that a writing waits for another program that has locked the file, before it is put off to the next one."""

MAX_UNWRITTEN: Final = 1 << 26
"""Most characters, of names and values, that wait in memory while the file cannot be written to."""

LAST_TRIES: Final = 3
"""Times that the last writing is tried before what is left is given up: BUSY_TIMEOUT seconds each, if it is locked."""

_LEAST_PAGES: Final = 64
_TRIES: Final = 8
"""Times that room is made for a writing; each time the file loses a quarter of its values."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS variables (
    project_id BLOB NOT NULL,
    name BLOB NOT NULL,
    value BLOB NOT NULL,
    number INTEGER NOT NULL,
    changed REAL NOT NULL,
    PRIMARY KEY (project_id, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS variables_by_age ON variables (changed);
"""

_LOGGER = logging.getLogger(__name__)

Values: TypeAlias = dict[str, dict[str, SetVariable | None]]
"""The newest values of variables, by project and name; None: deleted."""


class Store:
    """A file of values.

    Args:
        path: the file; it is made if there is none.
        max_bytes: how large it may grow.

    Raises:
        CloudError: the file cannot be opened, or is something else.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_FILE_BYTES) -> None:
        self._path = path
        self._lock = threading.Lock()  # guards the two dictionaries
        self._unwritten: Values = {}
        self._being_written: Values = {}
        self._failing = False
        self._closing = threading.Event()
        # Two connections, so that nobody who reads waits for a writing.
        self._writer = _opened(path)
        self._reader = _opened(path)
        page_size = self._writer.execute("PRAGMA page_size").fetchone()[0]
        self._writer.execute(f"PRAGMA max_page_count = {max(_LEAST_PAGES, max_bytes // page_size)}")
        self._thread = threading.Thread(target=self._write_now_and_then, name="cloudlink-store", daemon=True)
        self._thread.start()

    def put(self, project_id: str, name: str, update: SetVariable | None) -> None:
        """Take in a value, to be written soon; None deletes it. Never waits for the disk."""
        with self._lock:
            self._unwritten.setdefault(project_id, {})[name] = update

    def load(self, project_id: str) -> list[SetVariable]:
        """The values of a project, with what is not written yet; none, with a line in the log, if the file fails."""
        with self._lock:
            news = self._being_written.get(project_id, {}) | self._unwritten.get(project_id, {})
        found: dict[str, SetVariable | None] = {}
        try:
            rows = self._reader.execute(
                "SELECT name, value, number FROM variables WHERE project_id = ?", (_bytes(project_id),)
            )
            for name, value, number in rows:
                found[_text(name)] = SetVariable(_text(name), _text(value), bool(number))
        except sqlite3.Error:
            _LOGGER.exception("the values of a project could not be read from %s", self._path)
        return [update for update in (found | news).values() if update is not None]

    def close(self) -> None:
        """Write what is left and close the file; what cannot be written is lost, with a line in the log."""
        self._closing.set()
        self._thread.join()
        self._reader.close()
        self._writer.close()

    def _write_now_and_then(self) -> None:
        while not self._closing.wait(INTERVAL):
            self._write_news()
        if not any(self._write_news() for _ in range(LAST_TRIES)):
            self._tell_lost(self._unwritten)

    def _write_news(self) -> bool:
        """Write what has come since the last time, and tell whether it worked; if not, it is kept for the next time."""
        with self._lock:
            self._being_written, self._unwritten = self._unwritten, {}
        problem: sqlite3.Error | None = None
        try:
            self._write(self._being_written)
        except sqlite3.Error as error:
            problem = error
        with self._lock:
            if problem is not None:
                self._unwritten = self._kept(self._being_written, self._unwritten)
            self._being_written = {}
        if problem is not None and not self._failing:
            _LOGGER.warning("%s cannot be written to, so values wait in memory: %s", self._path, problem)
        elif problem is None and self._failing:
            _LOGGER.warning("%s can be written to again, and no value waits", self._path)
        self._failing = problem is not None
        return problem is None

    def _kept(self, older: Values, newer: Values) -> Values:
        """What is to be written next time: the newest value of each variable, if that is not too much."""
        both = {project: older.get(project, {}) | newer.get(project, {}) for project in {**older, **newer}}
        if _characters(both) <= MAX_UNWRITTEN:
            return both
        self._tell_lost(older)
        return newer

    def _tell_lost(self, values: Values) -> None:
        count = sum(map(len, values.values()))
        if count:
            _LOGGER.error("values that could not be written to %s are lost: %s", self._path, f"{count:,}")

    def _write(self, values: Values) -> None:
        for _ in range(_TRIES):
            try:
                with self._writer:
                    self._write_rows(values)
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                    raise
                self._forget_oldest()
        self._tell_lost(values)  # they need more room than there is, however often it is tried

    def _write_rows(self, values: Values) -> None:
        now = time.time()
        for project_id, variables in values.items():
            for name, update in variables.items():
                key = (_bytes(project_id), _bytes(name))
                if update is None:
                    self._writer.execute("DELETE FROM variables WHERE (project_id, name) = (?, ?)", key)
                else:
                    row = (*key, _bytes(update.value), update.number, now)
                    self._writer.execute("INSERT OR REPLACE INTO variables VALUES (?, ?, ?, ?, ?)", row)

    def _forget_oldest(self) -> None:
        """Let a quarter of the values go, those that have been the same for longest."""
        with self._writer:
            (count,) = self._writer.execute("SELECT count(*) FROM variables").fetchone()
            self._writer.execute(
                "DELETE FROM variables WHERE (project_id, name) IN"
                " (SELECT project_id, name FROM variables ORDER BY changed LIMIT ?)",
                (count // 4 + 1,),
            )


def _opened(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_SCHEMA)
    except sqlite3.Error as error:
        raise CloudError(f"cannot keep values in {path}: {error}") from error
    return connection


def _characters(values: Values) -> int:
    return sum(
        len(name) + (0 if update is None else len(update.value))
        for variables in values.values()
        for name, update in variables.items()
    )


def _bytes(text: str) -> bytes:
    # A name or value can hold half a surrogate pair, which SQLite's texts cannot.
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
