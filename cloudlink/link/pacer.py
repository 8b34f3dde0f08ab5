"""Pacing: when the next write of a connection may go out."""

from __future__ import annotations

import math


class Pacer:
    """Keeps writes at least `interval` seconds apart.

    There is no burst: players read a variable thirty times a second and see its last value only, so a burst
    would overwrite itself, and Scratch's server drops connections that send too fast.
    """

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self.next = -math.inf
        """The time, in seconds, from which on a write may go out."""

    def ready(self, *, now: float) -> bool:
        """Whether a write may go out now."""
        return now >= self.next

    def take(self, *, now: float) -> None:
        """Note that a write goes out now."""
        self.next = now + self.interval
