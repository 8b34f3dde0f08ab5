"""Numbers that wrap around: which of two is newer, and whether one was seen before."""

from __future__ import annotations

from cloudlink.link.records import MESSAGES

WINDOW = MESSAGES // 2
"""Of 100 message numbers, the 50 up to the newest are the past, and the 50 after it the future."""

MOST_AHEAD = WINDOW - 10
"""A client's newest request is at most this far ahead of its oldest unfinished one: less than `WINDOW`, so that
numbers which are still in use never look like future ones."""

REST = 2.0
"""Seconds for which a finished request's number still counts as in use: a copy of the request may be under way, and
when the newest number is `WINDOW` ahead, the server has forgotten that it ran it."""


def ahead(number: int, reference: int, *, modulo: int = MESSAGES) -> int:
    """How far `number` is ahead of `reference`, negative if it is behind: from -modulo/2 to modulo/2 - 1."""
    return (number - reference + modulo // 2) % modulo - modulo // 2
