"""The six digits at the end of a frame, which tell rubbish, strangers and other sessions apart from ours."""

from __future__ import annotations

PRIME = 999_983
"""The largest prime below 10**6: a remainder takes six digits, and all but one in a million errors show."""

MULTIPLIER = 607_451
GROUP = 15
"""Digits taken at once: MULTIPLIER * PRIME + 10**15 stays below 2**53, so Scratch's numbers are exact."""

DIGITS = 6


def checksum(digits: str, *, seed: int) -> str:
    """The checksum of a frame's digits, the frame's own checksum left out.

    Args:
        digits: 0-9 only.
        seed: a whole number that both ends of a session know; a frame of another session fails the check
            although no digit of the frame tells which session it belongs to.

    It is a polynomial over groups of 15 digits, the last one maybe shorter, modulo `PRIME`. The length is part
    of the start value, as a short last group would else be worth the same with and without leading zeros.
    """
    total = (seed + len(digits)) % PRIME
    for at in range(0, len(digits), GROUP):
        total = (total * MULTIPLIER + int(digits[at : at + GROUP])) % PRIME
    return f"{total:06d}"


def seed_of(digits: str, check: str) -> int:
    """The seed, from 0 to `PRIME` - 1, under which these digits have this checksum: there is always exactly one."""
    groups = -(-len(digits) // GROUP)
    rest = int(check) - int(checksum(digits, seed=0))
    return rest * pow(MULTIPLIER, -groups, PRIME) % PRIME
