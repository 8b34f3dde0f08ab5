"""Changes a few values of a JSON text and leaves every other character as it is.

A project file may hold what a round trip through Python's objects would write differently: halves of surrogate
pairs, numbers such as 1e21, escapes, keys in any order. So the parts that are not ours are never written anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from cloudlink.errors import SpriteError

Json = Any

_SPACE = re.compile(r"[ \t\n\r]*")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


class RawObject:
    """An object of JSON text: the text of each value by its key, in the order of the text.

    Args:
        text: the object.
        what: what it is, for messages.

    Raises:
        SpriteError: it is no JSON object, or has a key twice.
    """

    def __init__(self, text: str, *, what: str) -> None:
        self._keys: dict[str, str] = {}
        self._values: dict[str, str] = {}
        reader = _Reader(text, what)
        for _ in reader.elements("{", "}"):
            raw_key, key = reader.value()
            if not isinstance(key, str) or key in self._values:
                raise SpriteError(f"{what} has the key {key!r:.60} twice, or it is no text")
            reader.expect(":")
            self._keys[key] = raw_key
            self._values[key] = reader.value()[0]

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def get(self, key: str, default: str) -> str:
        """Return the text of the value under a key, or the default."""
        return self._values.get(key, default)

    def set(self, key: str, value: str) -> None:
        """Put the text of a value under a key, in the key's place if there is one, else at the end."""
        self._keys.setdefault(key, to_json(key))
        self._values[key] = value

    def __str__(self) -> str:
        return "{" + ",".join(f"{self._keys[key]}:{value}" for key, value in self._values.items()) + "}"


def raw_items(text: str, *, what: str) -> list[str]:
    """Return the text of each item of an array.

    Raises:
        SpriteError: it is no JSON array.
    """
    reader = _Reader(text, what)
    return [reader.value()[0] for _ in reader.elements("[", "]")]


def from_json(text: str, *, what: str) -> Json:
    """Return the value of a JSON text.

    Raises:
        SpriteError: it is no JSON, by the browsers' rules: they take no NaN.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise SpriteError(f"{what} is no JSON: {error}") from error


def to_json(value: Json) -> str:
    """Return the text of a value; halves of surrogate pairs are escaped, all else stands for itself.

    Raises:
        SpriteError: it holds a number that JSON has no way to write.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise SpriteError(f"the project holds a number that no project file can: {error}") from error
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)


class _Reader:
    """Walks over the elements of one object or array."""

    def __init__(self, text: str, what: str) -> None:
        self.text = text
        self.what = what
        self.at = 0

    def skip_space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        assert match is not None  # it matches nothing too
        self.at = match.end()

    def sees(self, sign: str) -> bool:
        self.skip_space()
        return self.text.startswith(sign, self.at)

    def expect(self, sign: str) -> None:
        if not self.sees(sign):
            raise SpriteError(f"{self.what} is broken: expected {sign!r} at character {self.at:,}")
        self.at += 1

    def elements(self, opening: str, closing: str) -> Iterator[None]:
        """Stop before each element; whoever iterates reads it."""
        self.expect(opening)
        if not self.sees(closing):
            yield
            while self.sees(","):
                self.at += 1
                yield
        self.expect(closing)
        self.skip_space()
        if self.at != len(self.text):
            raise SpriteError(f"{self.what} is broken: something follows its end at character {self.at:,}")

    def value(self) -> tuple[str, Json]:
        """Read a value; return its text and itself."""
        self.skip_space()
        start = self.at
        try:
            value, self.at = _DECODER.raw_decode(self.text, start)
        except (ValueError, RecursionError) as error:
            raise SpriteError(f"{self.what} is broken at character {start:,}: {error}") from error
        return self.text[start : self.at], value
