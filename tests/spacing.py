"""Whether sets keep their distance, seen from a receiver on a machine that has other things to do as well."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

JITTER = 0.5
"""Seconds that one arrival may be late on a busy machine. It does not add up: over many sets the interval shows all the
same."""


def too_close(times: Sequence[float], interval: float) -> list[tuple[float, float]]:
    """The pairs of times that are closer together than so many intervals allow."""
    pairs = combinations(enumerate(times), 2)
    return [
        (earlier, later)
        for (first, earlier), (second, later) in pairs
        if later - earlier < (second - first) * interval - JITTER
    ]
