"""A place in a value's digits that moves on as they are read, and never beyond their end."""

from __future__ import annotations

from cloudlink.codec.bounds import ITEMS_PER_DIGIT
from cloudlink.errors import DecodeError


class Cursor:
    """Reads digits from left to right.

    Args:
        digits: the characters 0-9.

    Attributes:
        digits: all of them.
        place: where the next one stands, from 0.

    Raises:
        DecodeError: `digits` has other characters.
    """

    def __init__(self, digits: str) -> None:
        if not (digits.isascii() and digits.isdigit()):
            raise DecodeError("a value consists of the digits 0-9 only, and at least one of them")
        self.digits = digits
        self.place = 0
        self._items_left = ITEMS_PER_DIGIT * len(digits)

    def take(self, count: int) -> str:
        """The next so many digits."""
        end = self.place + count
        if end > len(self.digits):
            raise DecodeError(f"the value ends at digit {len(self.digits)}, and {end} are announced")
        taken = self.digits[self.place : end]
        self.place = end
        return taken

    def digit(self) -> int:
        """The next digit."""
        return int(self.take(1))

    def claim(self, items: int) -> None:
        """Account for items that are announced, before anything is made for them.

        Raises:
            DecodeError: more than the digits can carry.
        """
        self._items_left -= items
        if self._items_left < 0:
            raise DecodeError("the value announces more items than its digits can carry")

    def finish(self) -> None:
        """Check that nothing follows.

        Raises:
            DecodeError: digits are left.
        """
        if self.place != len(self.digits):
            raise DecodeError(f"{len(self.digits) - self.place} digits follow behind the value")
