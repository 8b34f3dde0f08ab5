"""A cloud log in virtual time: what users set, when the log shows it, and what a request for a page gets."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from cloudlink.transport.logs import MOST_PAGES, LogNews, LogReader

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """As the site tells it."""

    user: str | None
    verb: str | None
    name: str
    value: str | None
    time: datetime | None


def entry(user: str | None, name: str, value: str, at: float = 0.0, verb: str = "set_var") -> Entry:
    return Entry(user, verb, name, value, START + timedelta(seconds=at))


class VirtualLog:
    """A log whose entries show up some time after they were made."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, float, Entry]] = []  # in the order they were made
        self.reader = LogReader()

    def add(self, made: Entry, *, at: float, shown_at: float) -> None:
        insort(self._entries, (at, len(self._entries), shown_at, made), key=lambda one: one[:2])

    def page(self, *, limit: int, offset: int, now: float) -> list[Entry]:
        visible = (made for _, _, shown_at, made in reversed(self._entries) if shown_at <= now)
        return list(islice(visible, offset, offset + limit))

    def look(self, *, now: float, limit: int = 100, answer_time: float = 0.0) -> LogNews:
        pages: list[Sequence[Entry]] = []
        at = now
        while len(pages) < MOST_PAGES:
            pages.append(self.page(limit=limit, offset=len(pages) * limit, now=at))
            at += answer_time
            if self.reader.reaches_back(pages[-1], limit=limit):
                break
        return self.reader.take(pages, limit=limit, asked_at=now, answered_at=at)
