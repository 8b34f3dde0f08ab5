"""When a request may go out. Pure: time is handed in.

Reads and writes are spaced apart, each kind by its own interval, and after a 429 everybody is quiet: the site counts
by address and account, so one thread's refusal concerns all.
"""

from __future__ import annotations

from dataclasses import dataclass

from cloudlink.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds between two requests.

    Attributes:
        read: the site bears about ten reads a second (reported, reference section 2.8).
        write: comments and studios are limited far below that by the site itself, which then says so.
    """

    read: float = 0.1
    write: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.read < 3600 and 0 <= self.write < 3600):
            raise InvalidArgument(f"intervals are seconds, 0 or more, not {self.read} and {self.write}")


class Pace:
    """The turns of all requests that go out together. Not locked: the caller is."""

    def __init__(self, intervals: Intervals | None = None) -> None:
        self._intervals = Intervals() if intervals is None else intervals
        self._next_read = float("-inf")
        self._next_write = float("-inf")
        self._quiet_until = float("-inf")

    def take(self, *, write: bool, now: float) -> float:
        """0 if a request may go out now, and then its turn is taken; else the seconds to wait and ask again."""
        turn = max(self._next_write if write else self._next_read, self._quiet_until)
        if turn > now:
            return turn - now
        if write:
            self._next_write = now + self._intervals.write
        else:
            self._next_read = now + self._intervals.read
        return 0.0

    def pause(self, seconds: float, *, now: float) -> None:
        """Let nothing out for some seconds; a longer pause that is under way stays."""
        self._quiet_until = max(self._quiet_until, now + seconds)
