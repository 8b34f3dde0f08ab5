"""Writes a value as digits: of the forms that fit, the shortest."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from cloudlink.codec import columns, digits, kinds, ranges, rows
from cloudlink.codec.bounds import ITEMS_PER_DIGIT, MAX_DEPTH, short
from cloudlink.codec.decimals import write_decimal
from cloudlink.codec.names import ANOTHER, name_digits
from cloudlink.codec.numbers import write_count, write_float, write_whole
from cloudlink.codec.text import encode as encode_text
from cloudlink.codec.times import write_moment
from cloudlink.errors import InvalidArgument

_Way = Callable[[], str]
"""Makes the digits of a value; "" if this way cannot."""

_Mark = tuple[int, int]

_CONTAINERS = (list, tuple, dict, rows.PackedRows)


class Writer:
    """Writes one value; it remembers the texts, so that one that is there again becomes a reference.

    Args:
        language: the pack to write texts with; "" for none.
    """

    def __init__(self, language: str = "") -> None:
        self._texts = _Texts(language)

    @property
    def has_texts(self) -> bool:
        """Whether what was written so far had any."""
        return self._texts.are_there

    def value(self, value: Any, depth: int = 0) -> str:
        """The digits of a value.

        Raises:
            InvalidArgument: it holds something without a form in digits; the message names it.
        """
        if depth > MAX_DEPTH:
            raise InvalidArgument(f"the value is nested more than {MAX_DEPTH} levels deep; flatten it")
        if isinstance(value, list | tuple):
            return self._list(value, depth)
        if isinstance(value, dict):
            return self._record(value, depth)
        if isinstance(value, rows.PackedRows):
            return _rows(value)
        return self._leaf(value)

    def _leaf(self, value: Any) -> str:
        """A value with nothing inside."""
        match value:
            case str():
                return self._texts.shortest(value)
            case None:
                return kinds.NOTHING
            case bool():
                return kinds.TRUE if value else kinds.FALSE
            case int():
                return write_whole(value)
            case float():
                return _float(value)
            case bytes() | bytearray():
                return kinds.BYTES + write_count(len(value)) + digits.encode(bytes(value))
            case Decimal():
                return kinds.DECIMAL + self._texts.plain(write_decimal(value))
            case datetime():
                return kinds.MOMENT + write_moment(value)
        raise InvalidArgument(
            f"a {type(value).__name__} cannot be sent ({short(value)}); use None, a boolean, a number, text, bytes, "
            "a datetime with a time zone, a list or a dictionary"
        )

    def _list(self, values: Sequence[Any], depth: int) -> str:
        ways: list[_Way] = [lambda: self._plain_list(values, depth)]
        if len(values) > 1:
            if not any(isinstance(value, _CONTAINERS) for value in values):
                ways.append(lambda: self._column_list(values))
            elif _are_like_lists(values):
                ways.append(lambda: self._table_of_lists(values))
            elif _are_like_records(values):
                ways.append(lambda: self._table_of_records(values))
        return self._shortest(ways)

    def _plain_list(self, values: Sequence[Any], depth: int) -> str:
        return kinds.LIST + write_count(len(values)) + "".join([self.value(value, depth + 1) for value in values])

    def _column_list(self, values: Sequence[Any]) -> str:
        column = self._shortest(self._column_ways(values))
        written = kinds.COLUMN + write_count(len(values)) + column
        return written if column and _carries(written, len(values)) else ""

    def _table_of_lists(self, lists: Sequence[Sequence[Any]]) -> str:
        return self._table(kinds.TABLE_OF_LISTS, (), list(zip(*lists, strict=True)))

    def _table_of_records(self, records: Sequence[dict[str, Any]]) -> str:
        names = list(records[0])
        return self._table(kinds.TABLE, names, [[record[name] for record in records] for name in names])

    def _table(self, kind: str, names: Sequence[str], cells: Sequence[Sequence[Any]]) -> str:
        many = len(cells[0])
        head = kind + write_count(many) + write_count(len(cells)) + "".join(map(self._texts.name, names))
        written = head + "".join(
            [self._shortest([*self._column_ways(column), self._mixed(column)]) for column in cells]
        )
        return written if _carries(written, many * (len(cells) + 1) + len(cells)) else ""

    def _column_ways(self, values: Sequence[Any]) -> list[_Way]:
        ways: list[_Way] = [partial(str, column) for column in columns.write_numbers(values)]
        if all(isinstance(value, str) for value in values):
            ways.append(lambda: columns.TEXTS + "".join(map(self._texts.plain, values)))
        if _are_the_same(values):
            ways.append(lambda: columns.SAME + self._leaf(values[0]))
        return ways

    def _mixed(self, values: Sequence[Any]) -> _Way:
        return lambda: columns.MIXED + "".join(map(self._leaf, values))

    def _record(self, record: dict[Any, Any], depth: int) -> str:
        for key in record:
            if not isinstance(key, str | int | float):
                raise InvalidArgument(f"{short(key)} cannot be a key; use text or a number")
        # What is inside is written once only, so choose by the texts that are known before it.
        if all(isinstance(key, str) for key in record):
            names = sum(map(self._texts.name_length, record))
            if names <= sum(map(self._texts.length, record)) + len(kinds.KEYED_RECORD) - len(kinds.RECORD):
                return kinds.RECORD + self._items(record, self._texts.name, depth)
        return kinds.KEYED_RECORD + self._items(record, self._leaf, depth)

    def _items(self, record: dict[Any, Any], write_key: Callable[[Any], str], depth: int) -> str:
        items = [write_key(key) + self.value(value, depth + 1) for key, value in record.items()]
        return write_count(len(items)) + "".join(items)

    def _shortest(self, ways: Sequence[_Way]) -> str:
        """The shortest of some digits for the same value, the texts remembered as that one leaves them."""
        mark = self._texts.mark()
        best, learnt = "", self._texts.forget(mark)
        for way in ways:
            written, found = way(), self._texts.forget(mark)
            if written and (not best or len(written) < len(best)):
                best, learnt = written, found
        self._texts.learn(learnt)
        return best


class _Texts:
    """The texts that a value has had so far, without those that were references, and their digits."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._digits: dict[str, str] = {}
        self._places: dict[str, int] = {}
        self._count = 0

    @property
    def are_there(self) -> bool:
        """Whether there were any."""
        return bool(self._digits)

    def digits(self, text: str) -> str:
        """The digits of a text."""
        if text not in self._digits:
            self._digits[text] = encode_text(text, self._language)
        return self._digits[text]

    def plain(self, text: str) -> str:
        """The digits of a text that is written whole, from now on known."""
        self._places.setdefault(text, self._count)
        self._count += 1
        return self.digits(text)

    def shortest(self, text: str) -> str:
        """A text with its head, or a reference."""
        if not text:
            return kinds.EMPTY_TEXT
        place = self._places.get(text)
        if place is not None:
            reference = kinds.AGAIN + write_count(place)
            if len(reference) <= len(self.digits(text)):
                return reference
        return kinds.TEXT + self.plain(text)

    def length(self, text: str) -> int:
        """How many digits `shortest` would make."""
        if not text:
            return len(kinds.EMPTY_TEXT)
        place = self._places.get(text)
        whole = len(kinds.TEXT) + len(self.digits(text))
        return whole if place is None else min(whole, len(kinds.AGAIN + write_count(place)))

    def name(self, name: str) -> str:
        """A key of a record."""
        return name_digits(name) or ANOTHER + self.plain(name)

    def name_length(self, name: str) -> int:
        """How many digits `name` would make."""
        return len(name_digits(name) or ANOTHER + self.digits(name))

    def mark(self) -> _Mark:
        """Where `forget` goes back to."""
        return self._count, len(self._places)

    def forget(self, mark: _Mark) -> tuple[int, list[tuple[str, int]]]:
        """Forget all texts since then; return what `learn` needs to know them again."""
        count, self._count = self._count, mark[0]
        return count, [self._places.popitem() for _ in range(len(self._places) - mark[1])]

    def learn(self, forgotten: tuple[int, list[tuple[str, int]]]) -> None:
        """Undo the last `forget`."""
        self._count, places = forgotten
        self._places.update(reversed(places))


def _float(number: float) -> str:
    if math.isfinite(number):
        return write_float(number)
    if math.isnan(number):
        return kinds.NOT_A_NUMBER
    return kinds.INFINITY if number > 0 else kinds.MINUS_INFINITY


def _rows(value: rows.PackedRows) -> str:
    cells = zip(*value.rows, strict=True) if value.rows else [()] * len(value.columns)
    columns_of_rows = zip(value.columns, cells, strict=True)
    bodies = [ranges.write_range(within) + ranges.pack(numbers, within) for within, numbers in columns_of_rows]
    return kinds.ROWS + write_count(len(value.rows)) + write_count(len(value.columns)) + "".join(bodies)


def _carries(written: str, items: int) -> bool:
    """Whether a reader believes that so many items are in these digits."""
    return items < ITEMS_PER_DIGIT * len(written)


def _are_the_same(values: Sequence[Any]) -> bool:
    first = values[0]
    if not all(type(value) is type(first) and value == first for value in values):
        return False
    # Zeros differ by their sign, decimals by the zeros at their end. Python does not print huge whole numbers.
    return isinstance(first, int) or len(set(map(repr, values))) == 1


def _are_like_lists(values: Sequence[Any]) -> bool:
    if not all(isinstance(value, list | tuple) and value and len(value) == len(values[0]) for value in values):
        return False
    return not any(isinstance(cell, _CONTAINERS) for value in values for cell in value)


def _are_like_records(values: Sequence[Any]) -> bool:
    if not all(isinstance(value, dict) and value and list(value) == list(values[0]) for value in values):
        return False
    if not all(isinstance(name, str) for name in values[0]):
        return False
    return not any(isinstance(cell, _CONTAINERS) for value in values for cell in value.values())
