"""From digits to text."""

from __future__ import annotations

from cloudlink.codec.text_escapes import EscapeReader
from cloudlink.codec.text_table import COMMON, ESCAPED, RARE, START, TextTable
from cloudlink.errors import DecodeError

_GLANCE = 4
"""Digits that are looked up at once; most codes are no longer."""


class TextReader:
    """Reads texts with a table.

    Args:
        table: tokens and codes.
    """

    def __init__(self, table: TextTable) -> None:
        self._table = table
        self._symbols = [{digits: symbol for symbol, digits in table.codes(code)} for code in range(len(table.lengths))]
        self._widths = [[width for width, count in enumerate(lengths, 1) if count] for lengths in table.lengths]
        self._special = {table.end, table.characters, table.window, table.pack}
        # For each class: what the next digits say, as far as seen: a text, how many digits it takes, the class after.
        self._glances: list[dict[str, tuple[str, int, int]]] = [{} for _ in table.lengths]

    def decode(self, digits: str, start: int = 0) -> tuple[str, int]:
        """A text, and the place behind its digits.

        Raises:
            DecodeError: the digits end before the text does, or hold what is no character.
        """
        glances = self._glances
        parts: list[str] = []
        code, place = START, start
        while True:
            glance = glances[code].get(digits[place : place + _GLANCE])
            if glance is not None:
                text, width, code = glance
                parts.append(text)
                place += width
                continue
            token, stop = self._token(code, digits, place)
            if token == self._table.end:
                return "".join(parts), stop
            if token in self._special:
                text, place = self._escaped(token, digits, stop)
                parts.append(text)
                code = ESCAPED
                continue
            text = self._table.tokens[token - 1]
            after = self._table.classes[token - 1]
            if stop <= place + _GLANCE <= len(digits):
                glances[code][digits[place : place + _GLANCE]] = text, stop - place, after
            parts.append(text)
            code, place = after, stop

    def _token(self, code: int, digits: str, place: int) -> tuple[int, int]:
        symbol, stop = self._symbol(code, digits, place)
        return self._symbol(COMMON, digits, stop) if symbol == RARE else (symbol, stop)

    def _symbol(self, code: int, digits: str, place: int) -> tuple[int, int]:
        symbols = self._symbols[code]
        for width in self._widths[code]:
            symbol = symbols.get(digits[place : place + width])
            if symbol is not None:
                return symbol, place + width
        raise DecodeError(f"a text is cut short, or has no digit, at place {place}")

    def _escaped(self, token: int, digits: str, place: int) -> tuple[str, int]:
        if token == self._table.pack:
            raise DecodeError(f"a text needs language pack {digits[place : place + 1]!r}, which this version lacks")
        reader = EscapeReader(digits, place)
        text = reader.windows() if token == self._table.window else reader.numbers()
        return text, reader.place
