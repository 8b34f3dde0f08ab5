"""When a request may go out. Pure: time is handed in.

Requests are spaced apart, each kind by its own interval, and after a 429 everybody is quiet: the site counts by
address and account, so one thread's refusal concerns all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cloudlink.errors import InvalidArgument

Kind = Literal["read", "write", "asset", "upload"]
"""What a request is to the site: a question, a change, a question for an asset, or the upload of one."""

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds between two requests of a kind.

    Attributes:
        read: the site bears about ten reads a second (reported, reference section 2.8).
        write: comments and studios are limited far below that by the site itself, which then says so.
        asset: assets never change and come from caches that serve whoever opens a project, whose browser asks for
            all of them at once (section 7.2). So they are not spaced; instead only few are under way at a time,
            see `parallel.WORKERS`.
        upload: a project's assets are saved together, which the site expects; as often as reads.
    """

    read: float = 0.1
    write: float = 1.0
    asset: float = 0.0
    upload: float = 0.1

    def __post_init__(self) -> None:
        if not all(0 <= getattr(self, kind) < 3600 for kind in KINDS):
            raise InvalidArgument(f"intervals are seconds, 0 or more, not {self}")


class Pace:
    """The turns of all requests that go out together. Not locked: the caller is."""

    def __init__(self, intervals: Intervals | None = None) -> None:
        self._intervals = Intervals() if intervals is None else intervals
        self._next: dict[Kind, float] = dict.fromkeys(KINDS, float("-inf"))
        self._quiet_until = float("-inf")

    def take(self, kind: Kind, *, now: float) -> float:
        """0 if a request may go out now, and then its turn is taken; else the seconds to wait and ask again."""
        turn = max(self._next[kind], self._quiet_until)
        if turn > now:
            return turn - now
        interval: float = getattr(self._intervals, kind)
        self._next[kind] = now + interval
        return 0.0

    def pause(self, seconds: float, *, now: float) -> None:
        """Let nothing out for some seconds; a longer pause that is under way stays."""
        self._quiet_until = max(self._quiet_until, now + seconds)
