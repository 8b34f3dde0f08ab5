"""Rows: whole numbers whose ranges are declared, the densest form for what moves: players, bullets, tiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from cloudlink.codec import kinds
from cloudlink.codec.bounds import short
from cloudlink.codec.numbers import write_count
from cloudlink.codec.ranges import EXACT, GROUP, digits_for, fits, write_range
from cloudlink.errors import DecodeError, InvalidArgument

MOST_COLUMNS = 8
"""As many lists as the sprite has for them."""


@dataclass(frozen=True, slots=True)
class PackedRows:
    """Rows that were checked against their declaration; `Rows` makes them.

    Attributes:
        columns: the range of each column.
        rows: the numbers, row by row.
    """

    columns: tuple[range, ...]
    rows: tuple[tuple[int, ...], ...]


class Rows:
    """Declares rows of whole numbers: the name and the range of each column.

    Example: with `PLAYERS = Rows(id=range(100), x=range(-240, 241), y=range(-180, 181), direction=range(-179, 181))`
    a handler returns `PLAYERS.pack(players)`, where each player is a tuple, a dictionary, or an object with these
    attributes. 24 of these rows fit into one variable of 256 digits. A step makes rows shorter still:
    `direction=range(0, 360, 15)`.

    In the sprite each column becomes a list of its own, "server column 1" and so on, in the declared order. In Python a
    decoded value has lists of numbers, which `unpack` makes dictionaries again.

    Args:
        columns: 1 to `MOST_COLUMNS` ranges that rise, with 2 to 10**15 numbers each, none beyond 2**53.

    Raises:
        InvalidArgument: a column is no such range.
    """

    def __init__(self, **columns: range) -> None:
        if not 1 <= len(columns) <= MOST_COLUMNS:
            raise InvalidArgument(f"rows have 1 to {MOST_COLUMNS} columns, not {len(columns)}")
        for name, numbers in columns.items():
            if not isinstance(numbers, range) or numbers.step < 1 or not fits(numbers):
                raise InvalidArgument(
                    f"the column {name} needs a range that rises, with 2 to {GROUP:,} numbers of at most {EXACT:,}, "
                    f"such as range(-240, 241), not {short(numbers)}"
                )
        self.columns = columns

    def pack(self, rows: Iterable[Any]) -> PackedRows:
        """The rows as a value that can be sent, alone or inside of another.

        Args:
            rows: each a sequence in the order of the columns, a mapping with their names, or an object with
                attributes of these names. Numbers may be floats that are whole, and nothing else.

        Raises:
            InvalidArgument: a row lacks a column or has too many, or a number is not in its range.
        """
        ranges = tuple(self.columns.values())
        return PackedRows(ranges, tuple(self._row(place, row) for place, row in enumerate(rows, 1)))

    def unpack(self, value: Any) -> list[dict[str, int]]:
        """The rows of a decoded value as dictionaries.

        Raises:
            DecodeError: the value is not what `pack` made, of the same declaration.
        """
        if not isinstance(value, list):
            raise DecodeError(f"rows are a list, not {short(value)}")
        return [self._read_row(row) for row in value]

    def digits(self, count: int) -> int:
        """How many digits so many rows take, for instance to see whether they fit into one frame."""
        head = kinds.ROWS + write_count(count) + write_count(len(self.columns))
        return len(head) + sum(
            len(write_range(numbers)) + digits_for(count, numbers) for numbers in self.columns.values()
        )

    def _row(self, place: int, row: Any) -> tuple[int, ...]:
        values = self._values(place, row)
        return tuple(
            _checked(f"{name} of row {place}", value, numbers)
            for (name, numbers), value in zip(self.columns.items(), values, strict=True)
        )

    def _values(self, place: int, row: Any) -> Sequence[Any]:
        if isinstance(row, list | tuple):
            if len(row) != len(self.columns):
                raise InvalidArgument(f"row {place} has {len(row)} columns, and {len(self.columns)} are declared")
            return row
        if isinstance(row, Mapping):
            row = SimpleNamespace(**row)
        values = [getattr(row, name, None) for name in self.columns]
        for name, value in zip(self.columns, values, strict=True):
            if value is None:
                raise InvalidArgument(f"row {place} has no {name}: {short(row)}")
        return values

    def _read_row(self, row: Any) -> dict[str, int]:
        if not isinstance(row, list) or len(row) != len(self.columns):
            raise DecodeError(f"a row has {len(self.columns)} numbers, and is not {short(row)}")
        for value, (name, numbers) in zip(row, self.columns.items(), strict=True):
            if type(value) is not int or value not in numbers:
                raise DecodeError(f"{short(value)} is not in the range of {name}, {numbers}")
        return dict(zip(self.columns, row, strict=True))


def _checked(what: str, value: Any, numbers: range) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value not in numbers:
        raise InvalidArgument(f"{what} is {short(value)}, which is not in {numbers}")
    return int(value)
