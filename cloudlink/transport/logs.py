"""The cloud log of a project: which of its entries are new. Pure.

A log is asked for as pages, the newest entry first; entries have no numbers, pages may be old ones out of a cache, and
a page moves on while the next one is fetched. What was seen before is told by counting equal entries, so that nothing
is new twice and an entry that is filed late is not missed.

Source of the form: `scratch_api.md`, section 17.1.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeAlias

PAGE: Final = 100
"""Most entries that one request to Scratch's log may ask for."""

MOST_PAGES: Final = 10
"""Most pages that are fetched to find back to what is known; a hundred clients set that much in one second."""

MOST_SEEN: Final = 5000
"""Most entries that are remembered: several times what can be fetched at once."""


class LogEntry(Protocol):
    """Something that a user did to a cloud variable; `cloudlink.rest` has a class of this form."""

    @property
    def user(self) -> str | None:
        """Who."""

    @property
    def verb(self) -> str | None:
        """What: "set_var", "create_var", "del_var" or "rename_var"."""

    @property
    def name(self) -> str:
        """The variable, without the cloud sign."""

    @property
    def value(self) -> str | None:
        """What it was set to; None for the other verbs."""

    @property
    def time(self) -> datetime | None:
        """When, by the site's clock."""


class LogSource(Protocol):
    """Fetches a page of a project's log, the newest entry first; raises a CloudlinkError if it cannot."""

    def __call__(self, *, limit: int, offset: int) -> Sequence[LogEntry]:
        """At most `limit` entries, without the `offset` newest."""


@dataclass(frozen=True, slots=True)
class LogNews:
    """What a look at the log has shown.

    Attributes:
        entries: what is new, the oldest first; at the first look everything that is there.
        asked_at: when the look began, seconds.
        answered_at: when it ended.
        first: it was the first look, so the entries are old.
        complete: nothing can be missing between this look and the one before.
    """

    entries: tuple[LogEntry, ...]
    asked_at: float
    answered_at: float
    first: bool
    complete: bool


_Key: TypeAlias = tuple[str | None, str | None, str, str | None, datetime | None]


def _key(entry: LogEntry) -> _Key:
    return (entry.user, entry.verb, entry.name, entry.value, entry.time)


class LogReader:
    """Remembers what it has seen of one log."""

    def __init__(self) -> None:
        self._seen: Counter[_Key] = Counter()
        self._order: deque[_Key] = deque()
        self._looked = False
        self._older_exist = False

    def reaches_back(self, page: Sequence[LogEntry], *, limit: int) -> bool:
        """Whether no further page is needed: this one has something known, or is the last one there is."""
        return not self._looked or len(page) < limit or any(_key(entry) in self._seen for entry in page)

    def take(self, pages: Sequence[Sequence[LogEntry]], *, limit: int, asked_at: float, answered_at: float) -> LogNews:
        """What is new in the pages that were fetched, one after the other, until `reaches_back`.

        Args:
            pages: the newest entry of each first, the newest page first.
            limit: how many entries a page was to have at most.
            asked_at: when the first one was asked for, seconds.
            answered_at: when the last one was there.
        """
        entries = list(reversed(_joined(pages)))
        first, self._looked = not self._looked, True
        complete = first or self._connects(pages, limit)
        if first:
            self._older_exist = bool(pages) and len(pages[-1]) >= limit
            new = entries
        else:
            new = self._unseen(entries)
        for entry in new:
            self._remember(_key(entry))
        return LogNews(tuple(new), asked_at, answered_at, first, complete)

    def _connects(self, pages: Sequence[Sequence[LogEntry]], limit: int) -> bool:
        return bool(pages) and self.reaches_back(pages[-1], limit=limit)

    def _unseen(self, entries: list[LogEntry]) -> list[LogEntry]:
        keys = [_key(entry) for entry in entries]
        start = 0
        if self._older_exist:
            # What lies below all that is known was there before the first look, out of its reach.
            start = next((place for place, key in enumerate(keys) if key in self._seen), 0)
        counts: Counter[_Key] = Counter()
        unseen = []
        for entry, key in zip(entries[start:], keys[start:], strict=True):
            counts[key] += 1
            if counts[key] > self._seen[key]:
                unseen.append(entry)
        return unseen

    def _remember(self, key: _Key) -> None:
        self._seen[key] += 1
        self._order.append(key)
        if len(self._order) > MOST_SEEN:
            oldest = self._order.popleft()
            self._seen[oldest] -= 1
            if not self._seen[oldest]:
                del self._seen[oldest]


def _joined(pages: Sequence[Sequence[LogEntry]]) -> list[LogEntry]:
    """The pages as one list. What was added meanwhile has moved the end of one page to the start of the next."""
    joined: list[LogEntry] = []
    for page in pages:
        keys = [_key(entry) for entry in page]
        tail = [_key(entry) for entry in joined[-len(page) :]] if page else []
        overlap = next((n for n in range(len(tail), 0, -1) if tail[-n:] == keys[:n]), 0)
        joined += page[overlap:]
    return joined
