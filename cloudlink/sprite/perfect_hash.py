"""Numbers in an order in which each is found by calculation, as Scratch has no block that looks one up quickly.

Of a row of n numbers, those that leave the same remainder when they are divided by how many factors there are have a
factor in common, and a number's place is ``number * factor % PRIME % n``, from 0. There is one number for each place:
a minimal perfect hash function, by hash and displace (Belazzougui, Botelho and Dietzfelbinger, 2009).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

PRIME = 10_007
"""The numbers are 1 or more and smaller than this; so their products with factors are exact in Scratch."""

_IN_A_GROUP = 3
"""About how many numbers share a factor: with more, there are fewer factors, which take longer to find."""

_TRIES = 10
"""Where few numbers leave the same remainder by chance, more factors may do."""


def arranged(numbers: Sequence[int]) -> list[int]:
    """The numbers, each at its place.

    Raises:
        ValueError: there are no factors for them; another `PRIME` may help.
    """
    for groups in _ways_to_group(numbers):
        row = _arranged(groups, len(numbers))
        if row is not None:
            return row
    raise ValueError(f"no factors lead {numbers} to a place each")


def factors(row: Sequence[int]) -> list[int]:
    """The factors of an arranged row, that of the remainder 0 first; 0 for a remainder that no number leaves.

    Raises:
        ValueError: the row is not arranged.
    """
    place = {number: at for at, number in enumerate(row)}
    for groups in _ways_to_group(row):
        found = []
        for group in groups:
            factor = _factor(group, [place[number] for number in group], len(row))
            if factor is None:
                break
            found.append(factor)
        else:
            return found
    raise ValueError("no factors lead to the places of this row: arrange it first")


def _ways_to_group(numbers: Sequence[int]) -> Iterator[list[list[int]]]:
    """The numbers by their remainder: with as few factors as usual, then with more."""
    fewest = -(-len(numbers) // _IN_A_GROUP)
    for count in range(fewest, fewest + _TRIES):
        groups: list[list[int]] = [[] for _ in range(count)]
        for number in numbers:
            groups[number % count].append(number)
        yield groups


def _arranged(groups: Sequence[Sequence[int]], count: int) -> list[int] | None:
    row: dict[int, int] = {}
    for group in sorted(groups, key=len, reverse=True):
        for places in _places_by_factor(group, count):
            if len(set(places)) == len(places) and row.keys().isdisjoint(places):
                row.update(zip(places, group, strict=True))
                break
        else:
            return None
    return [row[place] for place in range(count)]


def _factor(group: Sequence[int], wanted: Sequence[int], count: int) -> int | None:
    if not group:
        return 0
    return next((factor for factor, places in enumerate(_places_by_factor(group, count), 1) if places == wanted), None)


def _places_by_factor(group: Sequence[int], count: int) -> Iterator[list[int]]:
    return ([number * factor % PRIME % count for number in group] for factor in range(1, PRIME))
