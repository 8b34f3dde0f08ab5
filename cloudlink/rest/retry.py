"""Whether and when to ask again. Pure: randomness and the date are handed in.

Only questions (GET, HEAD) are asked again. A change whose answer got lost may have happened, so doing it twice is the
caller's decision.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from cloudlink.errors import InvalidArgument

TRY_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
"""Statuses that another attempt may change."""

DEFAULT_PAUSE: Final = 5.0
"""Seconds to be quiet after a 429 that names no time; the site never publishes its limit."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How patient to be.

    Attributes:
        attempts: how often to ask at most, 1 for never again.
        first: longest wait before the second attempt, seconds; it doubles from there.
        longest: longest wait that doubling leads to, seconds.
        patience: longest wait that the site may ask for, seconds; beyond it the caller is told instead.
    """

    attempts: int = 4
    first: float = 0.5
    longest: float = 8.0
    patience: float = 60.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or not 0 <= self.first <= self.longest or self.patience < 0:
            raise InvalidArgument(f"these waits cannot work: {self}; attempts are 1 or more, seconds 0 or more")

    def delay(self, attempt: int, *, retry_after: float | None, random_source: random.Random) -> float | None:
        """Seconds to wait after a failed attempt (1 is the first one), None to give up."""
        if attempt >= self.attempts:
            return None
        grown: float = min(self.first * 2.0 ** (attempt - 1), self.longest)
        jitter = grown * random_source.uniform(0.5, 1.0)
        if retry_after is None:
            return jitter
        # On top of what was asked for, or all who were refused at once would come back at once.
        return None if retry_after > self.patience else retry_after + jitter


def read_retry_after(value: str | None, *, date: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, None if it says nothing usable.

    Args:
        value: the header: a number of seconds or a date.
        date: the time now, aware.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit() and len(value) <= 9:
        return float(value)
    try:
        until = parsedate_to_datetime(value)
        until = until.replace(tzinfo=UTC) if until.tzinfo is None else until
        return max(0.0, (until - date).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
