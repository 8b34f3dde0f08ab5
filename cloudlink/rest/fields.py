"""Reading answers that may lack anything: what is missing or of another type is None. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from cloudlink.errors import BadResponse

type_names = {dict: "an object", list: "a list", str: "a text", int: "a number", float: "a number", bool: "a yes or no"}


class Record:
    """Something the site told: the parts that are known are attributes, everything stands in `raw`.

    The raw answer can also be read as a dict: `studio["title"]`, `studio.get("stats")`, `dict(studio)`.
    """

    raw: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.raw[key]

    def __contains__(self, key: object) -> bool:
        return key in self.raw

    def __iter__(self) -> Iterator[str]:
        return iter(self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def __bool__(self) -> bool:
        """True: it is there, even if the raw answer is empty."""
        return True

    def keys(self) -> Any:
        """The names in the raw answer."""
        return self.raw.keys()

    def get(self, key: str, default: Any = None) -> Any:
        """One part of the raw answer, or `default` if it is not there."""
        return self.raw.get(key, default)


def parse_json(body: bytes | str, *, of: str) -> Any:
    """What a JSON text says.

    Args:
        body: the text.
        of: what answered it, for the error's message.

    Raises:
        BadResponse: it is not JSON.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # no "from": the cause would quote the body, which may hold a token
        problem = BadResponse(f"{of} answered with {len(body):,} bytes that are not JSON; the site may have changed")
    raise problem


def as_object(value: Any, *, of: str) -> Mapping[str, Any]:
    """The value, once it is sure that it is a JSON object."""
    if not isinstance(value, dict):
        raise BadResponse(f"{of} answered with {_type(value)} where an object was expected")
    return value


def as_objects(value: Any, *, of: str) -> list[Mapping[str, Any]]:
    """The values, once it is sure that they are a JSON list of objects."""
    if not isinstance(value, list):
        raise BadResponse(f"{of} answered with {_type(value)} where a list was expected")
    return [as_object(item, of=of) for item in value]


def _type(value: Any) -> str:
    return type_names.get(type(value), "null")


def look(value: Any, *path: str) -> Any:
    """What stands at this path in nested objects, None if a step is missing."""
    for step in path:
        if not isinstance(value, dict) and not isinstance(value, Mapping):  # the first is the usual one, and fast
            return None
        value = value.get(step)
    return value


def text(value: Any, *path: str) -> str | None:
    """The text at this path."""
    found = look(value, *path)
    return found if isinstance(found, str) else None


def number(value: Any, *path: str) -> int | None:
    """The whole number at this path; the site writes some of them as texts."""
    found = look(value, *path)
    if isinstance(found, str) and re.fullmatch(r"-?[0-9]{1,30}", found):
        return int(found)
    if isinstance(found, float) and found.is_integer():
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def flag(value: Any, *path: str) -> bool | None:
    """The yes or no at this path; 0 and 1 count."""
    found = look(value, *path)
    return bool(found) if isinstance(found, bool) or (isinstance(found, int) and found in (0, 1)) else None


def moment(value: Any, *path: str) -> datetime | None:
    """The time at this path, aware; a time without a zone is UTC (reference, section 2.6).

    The year 1900 is what the site writes when it has no date.
    """
    found = look(value, *path)
    if not isinstance(found, str):
        return None
    try:
        time = datetime.fromisoformat(found.strip())
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None if time.year == 1900 else time


def unix_moment(value: Any, *path: str) -> datetime | None:
    """The time at this path, given there as Unix seconds."""
    found = look(value, *path)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        return datetime.fromtimestamp(found, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def link(value: Any, *path: str) -> str | None:
    """The address at this path; old parts of the site leave the scheme out."""
    found = text(value, *path)
    return f"https:{found}" if found is not None and found.startswith("//") else found


def needed(found: int | str | None, name: str, *, of: str) -> Any:
    """The value, which everything else hangs on.

    Raises:
        BadResponse: it is missing.
    """
    if found is None or found == "":
        raise BadResponse(f"{of} answered with something that has no {name}; the site may have changed")
    return found
