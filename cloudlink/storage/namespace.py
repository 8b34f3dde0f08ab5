"""A dictionary in the database: values by key, each operation whole."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from typing import Any, Final

from cloudlink.errors import InvalidArgument
from cloudlink.storage.transactions import Transactions
from cloudlink.storage.values import decode, decode_key, encode, encode_key, short

_NOTHING: Final = object()


class Namespace(MutableMapping[str, Any]):
    """A dictionary with keys of its own, such as what the game knows of one player.

    Made by `Storage.namespace`. It has all a dictionary has. What it returns is a copy: to change a stored list, change
    the copy and store it again. Every operation happens as a whole or not at all, `update` and `pop` too, also while
    other handlers use the same keys; what takes several is put into `Storage.transaction`.

    A key is a text of up to 500 bytes in UTF-8. A value is None, a boolean, a whole number of any size, a float, a
    text, bytes, a list, or a dictionary with keys of text or numbers, and takes up to 1,000,000 bytes; tuples come back
    as lists.

    Every operation raises:
        InvalidArgument: a key or value that cannot be stored.
        ValueTooLong: a key or value that is too long.
        StorageError: the database cannot be used, or the store is closed.
    """

    def __init__(self, name: str, transactions: Transactions) -> None:
        self.name = name
        self._space = encode_key(name, "namespace's name")
        self._transactions = transactions

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def __getitem__(self, key: str) -> Any:
        """The value of a key.

        Raises:
            KeyError: there is no such key.
        """
        value = self.get(key, _NOTHING)
        if value is _NOTHING:
            raise KeyError(key)
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        """Set a key."""
        name, text = encode_key(key), encode(value)
        with self._transactions.write() as rows:
            rows.put(self._space, name, text)

    def __delitem__(self, key: str) -> None:
        """Remove a key.

        Raises:
            KeyError: there is no such key.
        """
        self.pop(key)

    def __contains__(self, key: object) -> bool:
        """Whether there is such a key; what cannot be a key is not there."""
        try:
            return self.get(key, _NOTHING) is not _NOTHING  # type: ignore[arg-type]
        except InvalidArgument:
            return False

    def __iter__(self) -> Iterator[str]:
        """The keys as they are now, sorted; what comes and goes meanwhile changes nothing."""
        with self._transactions.read() as rows:
            keys = rows.keys(self._space)
        return map(decode_key, keys)

    def __len__(self) -> int:
        """How many keys there are."""
        with self._transactions.read() as rows:
            return rows.count(self._space)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or `default` if there is no such key."""
        name = encode_key(key)
        with self._transactions.read() as rows:
            text = rows.get(self._space, name)
        return default if text is None else decode(text)

    def add(self, key: str, amount: float = 1) -> Any:
        """Add to a number, and return what it is then; a key that is not there counts as 0. Whole numbers are exact.

        Raises:
            InvalidArgument: `amount`, or the value that is there, is not a number; or the sum of a fraction and a
                whole number is beyond all floats.
        """
        _check_number(amount, "the amount")
        with self._transactions.write():
            number = _check_number(self.get(key, 0), f"the value of {short(key)}")
            try:
                total = number + amount
            except OverflowError:
                raise InvalidArgument(f"the value of {short(key)} is too large for fractions") from None
            self[key] = total
        return total

    def pop(self, key: str, default: Any = _NOTHING) -> Any:
        """Remove a key and return its value, or `default` if there is no such key.

        Raises:
            KeyError: there is no such key, and no default.
        """
        name = encode_key(key)
        with self._transactions.write() as rows:
            text = rows.get(self._space, name)
            if text is not None:
                rows.delete(self._space, name)
        if text is None and default is _NOTHING:
            raise KeyError(key)
        return default if text is None else decode(text)

    def popitem(self) -> tuple[str, Any]:
        """Remove some key and return it with its value.

        Raises:
            KeyError: there are none.
        """
        with self._transactions.write():
            return super().popitem()

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a key; if there is none, `default`, which is stored."""
        with self._transactions.write():
            return super().setdefault(key, default)

    def update(self, other: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /, **more: Any) -> None:  # type: ignore[override]
        """Set many keys at once, all or none."""
        with self._transactions.write(part=True):
            super().update(other, **more)

    def clear(self) -> None:
        """Remove all keys."""
        with self._transactions.write() as rows:
            rows.clear(self._space)

    def copy(self) -> dict[str, Any]:
        """All keys and values as they are at one moment, sorted by key."""
        with self._transactions.read() as rows:
            pairs = rows.pairs(self._space)
        return {decode_key(name): decode(text) for name, text in pairs}

    def keys(self) -> KeysView[str]:
        """The keys as they are now, sorted."""
        return dict.fromkeys(self).keys()

    def values(self) -> ValuesView[Any]:
        """The values as they are now, sorted by key."""
        return self.copy().values()

    def items(self) -> ItemsView[str, Any]:
        """The keys and values as they are now, sorted by key."""
        return self.copy().items()


def _check_number(value: Any, what: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidArgument(f"{what} is not a number: {short(value)}")
    return value
