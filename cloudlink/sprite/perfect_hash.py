"""Numbers in an order in which each is found by calculation, as Scratch has no block that looks one up quickly.

Of a row of n numbers, those that leave the same remainder when they are divided by how many groups there are have a
factor in common, and a number's place is ``number * factor % PRIME % n``, from 0. There is one number for each place:
a minimal perfect hash function, by hash and displace (Belazzougui, Botelho and Dietzfelbinger, 2009).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

PRIME = 10_007
"""The numbers are 1 or more and smaller than this; so their products with factors are exact in Scratch."""

_IN_A_GROUP = 3
"""About how many numbers share a factor: with more, there are fewer factors, which take longer to find."""


def groups(count: int) -> int:
    """How many groups so many numbers make."""
    return -(-count // _IN_A_GROUP)


def arranged(numbers: Sequence[int]) -> list[int]:
    """The numbers, each at its place.

    Raises:
        ValueError: some group has no factor that leads it to places which are free; another `PRIME` may help.
    """
    row: dict[int, int] = {}
    for group in sorted(_groups(numbers).values(), key=len, reverse=True):
        for places in _places_by_factor(group, len(numbers)):
            if len(set(places)) == len(places) and row.keys().isdisjoint(places):
                row.update(zip(places, group, strict=True))
                break
        else:
            raise ValueError(f"no factor leads {group} to free places")
    return [row[place] for place in range(len(numbers))]


def factors(row: Sequence[int]) -> list[int]:
    """The factors of an arranged row, group by group; 0 for a group without numbers.

    Raises:
        ValueError: the row is not arranged.
    """
    found = _groups(row)
    place = {number: at for at, number in enumerate(row)}
    return [_factor([place[number] for number in group], group, len(row)) for _, group in sorted(found.items())]


def _factor(wanted: Sequence[int], group: Sequence[int], count: int) -> int:
    if not group:
        return 0
    for factor, places in enumerate(_places_by_factor(group, count), 1):
        if places == wanted:
            return factor
    raise ValueError(f"no factor leads {group} to where they are: arrange the row first")


def _groups(numbers: Sequence[int]) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = {group: [] for group in range(groups(len(numbers)))}
    for number in numbers:
        found[number % len(found)].append(number)
    return found


def _places_by_factor(group: Sequence[int], count: int) -> Iterator[list[int]]:
    return ([number * factor % PRIME % count for number in group] for factor in range(1, PRIME))
