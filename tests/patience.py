"""Waiting for what other threads do."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], object], *, seconds: float = 10) -> None:
    """Wait until a condition holds; an error if it does not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this should have come true long ago"
        time.sleep(0.005)
