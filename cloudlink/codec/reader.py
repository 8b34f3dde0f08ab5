"""Reads a value from digits, and trusts none of them: no length is believed that the digits here cannot carry."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

from cloudlink.codec import digits, kinds
from cloudlink.codec.bounds import MAX_DEPTH, short
from cloudlink.codec.columns import read_column
from cloudlink.codec.cursor import Cursor
from cloudlink.codec.decimals import read_decimal
from cloudlink.codec.names import ANOTHER, NAMES
from cloudlink.codec.numbers import KINDS, read_count, read_number_of
from cloudlink.codec.ranges import read_range, unpack
from cloudlink.codec.text import decode as decode_text
from cloudlink.codec.times import read_moment
from cloudlink.errors import DecodeError

_SIMPLE: dict[str, Any] = {
    kinds.NOTHING: None,
    kinds.FALSE: False,
    kinds.TRUE: True,
    kinds.EMPTY_TEXT: "",
    kinds.NOT_A_NUMBER: math.nan,
    kinds.INFINITY: math.inf,
    kinds.MINUS_INFINITY: -math.inf,
}


class Reader:
    """Reads one value.

    Args:
        text: its digits.
        language: the pack in which its texts are; "" for none.

    Raises:
        DecodeError: other characters than the digits 0-9.
    """

    def __init__(self, text: str, language: str = "") -> None:
        self.cursor = Cursor(text)
        self._language = language
        self._texts: list[str] = []

    def value(self, depth: int = 0) -> Any:
        """The value at the cursor.

        Raises:
            DecodeError: the digits are no value.
        """
        kind = self._kind()
        if kind in _LEAVES:
            return _LEAVES[kind](self)
        if depth > MAX_DEPTH:
            raise DecodeError(f"the value is nested more than {MAX_DEPTH} levels deep")
        match kind:
            case kinds.LIST:
                return [self.value(depth + 1) for _ in range(self._claimed())]
            case kinds.RECORD:
                return self._record(self._name, depth)
            case kinds.KEYED_RECORD:
                return self._record(self._key, depth)
            case kinds.COLUMN:
                return self._column(self._claimed())
            case kinds.TABLE:
                return self._table_of_records()
            case kinds.TABLE_OF_LISTS:
                return self._table_of_lists()
            case kinds.ROWS:
                return self._rows()
        raise DecodeError(f"values that begin with {kind} are unknown to this version")

    def _kind(self) -> str:
        kind = self.cursor.take(1)
        while kind in (kinds.SPECIAL, kinds.MORE):
            kind += self.cursor.take(1)
        return kind

    def _leaf(self) -> Any:
        kind = self._kind()
        if kind not in _LEAVES:
            raise DecodeError("a list or a record stands where it cannot")
        return _LEAVES[kind](self)

    def _text(self) -> str:
        text, self.cursor.place = decode_text(self.cursor.digits, self.cursor.place, self._language)
        self._texts.append(text)
        return text

    def _name(self) -> str:
        first = self.cursor.take(1)
        if first == ANOTHER:
            return self._text()
        return NAMES[int(first + self.cursor.take(1))]

    def _known_text(self) -> str:
        place = read_count(self.cursor)
        if place >= len(self._texts):
            raise DecodeError(f"text {place} is there again, and {len(self._texts)} were there")
        return self._texts[place]

    def _bytes(self) -> bytes:
        return digits.decode(self.cursor.take(digits.length(read_count(self.cursor))))

    def _claimed(self) -> int:
        count = read_count(self.cursor)
        self.cursor.claim(count)
        return count

    def _key(self) -> Hashable:
        key = self._leaf()
        if not isinstance(key, str | int | float):
            raise DecodeError(f"{short(key)} cannot be a key")
        return key

    def _record(self, read_key: Callable[[], Any], depth: int) -> dict[Any, Any]:
        count = self._claimed()
        record = {}
        for _ in range(count):
            key = read_key()
            record[key] = self.value(depth + 1)
        if len(record) < count:
            raise DecodeError("a record has a key twice")
        return record

    def _column(self, count: int) -> list[Any]:
        return read_column(self.cursor, count, read_leaf=self._leaf, read_text=self._text)

    def _table_of_records(self) -> list[dict[str, Any]]:
        many, width = self._table_size()
        names = [self._name() for _ in range(width)]
        if len(set(names)) < width:
            raise DecodeError("a table has a key twice")
        cells = [self._column(many) for _ in names]
        return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]

    def _table_of_lists(self) -> list[list[Any]]:
        many, width = self._table_size()
        cells = [self._column(many) for _ in range(width)]
        return [list(row) for row in zip(*cells, strict=True)]

    def _rows(self) -> list[list[int]]:
        many, width = self._table_size()
        cells = [unpack(self.cursor, many, read_range(self.cursor)) for _ in range(width)]
        return [list(row) for row in zip(*cells, strict=True)]

    def _table_size(self) -> tuple[int, int]:
        many, width = read_count(self.cursor), read_count(self.cursor)
        if not width:
            raise DecodeError("a table without columns")
        self.cursor.claim(many * (width + 1) + width)
        return many, width


def _number(kind: int, reader: Reader) -> int | float:
    return read_number_of(kind, reader.cursor).value()


def _simple(value: Any, _: Reader) -> Any:
    return value


_LEAVES: dict[str, Callable[[Reader], Any]] = {
    **{str(kind): partial(_number, kind) for kind in KINDS},
    **{kind: partial(_simple, value) for kind, value in _SIMPLE.items()},
    kinds.TEXT: Reader._text,
    kinds.AGAIN: Reader._known_text,
    kinds.BYTES: Reader._bytes,
    kinds.MOMENT: lambda reader: read_moment(reader.cursor),
    kinds.DECIMAL: lambda reader: read_decimal(reader._text()),
}
