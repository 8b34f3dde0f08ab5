"""Clients for the tests of the cloud server: real websockets, and short ways to say things."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from functools import partial

import patience
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from cloudlink.localcloud import LocalCloud

until = partial(patience.until, seconds=20)


@contextlib.contextmanager
def client(cloud: LocalCloud, user: str = "bob", **options: object) -> Iterator[ClientConnection]:
    """A websocket that has shaken hands and is known to be in the room."""
    with visitor(cloud, **options) as connection:
        before = len(cloud.members("7"))
        connection.send(json.dumps({"method": "handshake", "user": user, "project_id": "7"}) + "\n")
        until(lambda: len(cloud.members("7")) > before)
        yield connection


@contextlib.contextmanager
def visitor(cloud: LocalCloud, **options: object) -> Iterator[ClientConnection]:
    with connect(cloud.url, compression=None, close_timeout=1, **options) as connection:  # type: ignore[arg-type]
        yield connection


def set_x(connection: ClientConnection, value: object, name: str = "☁ x") -> None:
    connection.send(json.dumps({"method": "set", "name": name, "value": value}) + "\n")


def values(connection: ClientConnection, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        message = connection.recv(timeout=5)
        assert isinstance(message, str)
        found += [json.loads(line)["value"] for line in message.splitlines()]
    return found


def close_code(connection: ClientConnection) -> int | None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            connection.recv(timeout=5)
    return connection.protocol.close_code
