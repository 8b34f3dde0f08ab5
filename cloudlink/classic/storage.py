"""The requests of the incumbent's Cloud Storage sprite: texts by key, in databases by name.

    ping                            a text, for the server is there
    get  & database & key           the text, or nothing
    set  & database & key & text    nothing
    keys & database                 a list
    database_names                  a list

"Nothing" is an answer too (see `answers`): the project goes on at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from cloudlink.errors import RequestError

PONG = "Database backend is running"
"""What the incumbent answers to `ping`; projects may compare with it."""


def storage_handlers(
    databases: Mapping[str, MutableMapping[str, str]],
    *,
    most_keys: int = 100_000,
    most_characters: int = 100_000,
) -> dict[str, Callable[..., Any]]:
    """The handlers of the five requests, by name, for `CloudRequests.add_request`.

    They raise `RequestError`: 404 for an unknown database, 413 for a key or a text that is too long and for a new key
    in a database that is full. Whoever can set a cloud variable of the project may read and write every key.

    Args:
        databases: by name; each may be a dictionary, or a store with the same methods. They are looked up at each
            request, so more may come later.
        most_keys: of one database; a further one is refused.
        most_characters: of a key or a text.
    """

    def database(name: str) -> MutableMapping[str, str]:
        if name not in databases:
            raise RequestError(f"Database {name} doesn't exist", 404)
        return databases[name]

    def ping() -> str:
        return PONG

    def get(db_name: str, key: str) -> str | None:
        return database(db_name).get(key)

    def set_value(db_name: str, key: str, value: str) -> None:
        place = database(db_name)
        for text in (key, value):
            if len(text) > most_characters:
                raise RequestError(f"a text has {len(text):,} characters, {most_characters:,} are the most", 413)
        if key not in place and len(place) >= most_keys:
            raise RequestError(f"Database {db_name} is full: it has {most_keys:,} keys", 413)
        place[key] = value

    def keys(db_name: str) -> list[str]:
        return list(database(db_name))

    def database_names() -> list[str]:
        return list(databases)

    return {"ping": ping, "get": get, "set": set_value, "keys": keys, "database_names": database_names}
