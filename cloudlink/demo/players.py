"""Who asks in the demo: the starter project in the real Scratch machine, or the Python twin of its sprite."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_futures
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from cloudlink.client import CloudClient
from cloudlink.connection import CloudConnection
from cloudlink.errors import RequestError
from cloudlink.player import Player, Value, install
from cloudlink.sprite.companion import starter_sb3

PROJECT = "demo"
"""The project id of the demo."""

Progress = Callable[[int], None]
"""Called with the percentage of an answer that has arrived."""


class Asker(Protocol):
    """Something that asks the demo's server.

    Attributes:
        title: what it is, for the reader of the demo.
    """

    title: str

    def ask(self, name: str, *arguments: Any, timeout: int, progress: Progress) -> Any:
        """The answer; RequestError if it is an error."""

    def __enter__(self) -> Self:
        """Itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let it go."""


class ScratchProject:
    """The starter project, in npm `scratch-vm` on Node, throttled as Scratch's own player is.

    Args:
        url: of the cloud.
        announce: told what is being done, as that may take some seconds.

    Raises:
        PlayerError: there is no Node, or its parts cannot be installed.
    """

    title = "the starter project in the real Scratch VM"

    def __init__(self, url: str, *, announce: Callable[[str], None]) -> None:
        self._player = Player(parts=install(progress=announce))
        self._waiter = ThreadPoolExecutor(1)
        with tempfile.TemporaryDirectory() as folder:
            project = Path(folder) / "starter.sb3"
            project.write_bytes(starter_sb3())
            self._player.load(project)
        self._player.connect(url, user="player1234", project_id=PROJECT)
        self._player.green_flag()
        self._player.wait_until("server status", equals="online")

    def ask(self, name: str, *arguments: Any, timeout: int, progress: Progress) -> Any:
        """The answer as the project sees it: numbers, texts, and lists of these.

        Raises:
            RequestError: the answer is an error.
        """
        player = self._player
        player.set_values(
            {"server request": name, "server timeout": timeout}, {"server arguments": list(map(_shown, arguments))}
        )
        asked = self._waiter.submit(player.broadcast, "ask server", timeout=timeout + 5)
        self._watch(asked, progress)
        answer = player.values(
            ["server reply", "server error", "server error code"], ["server reply paths", "server reply values"]
        )
        if answer.variables["server error"]:
            raise RequestError(str(answer.variables["server error"]), int(answer.variables["server error code"]))
        values = dict(zip(answer.lists["server reply paths"], answer.lists["server reply values"], strict=True))
        return _at("", values)

    def _watch(self, asked: Future[Any], progress: Progress) -> None:
        while wait_for_futures([asked], timeout=0.1).not_done:
            progress(int(self._player.variable("server progress")))
        asked.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._player.close()
        self._waiter.shutdown()


class PythonTwin:
    """The Python twin of the companion sprite.

    Args:
        url: of the cloud.
    """

    title = "the Python twin of the sprite"

    def __init__(self, url: str) -> None:
        self._connection = CloudConnection(PROJECT, username="player1234", cloud_host=url)
        self._client = CloudClient(self._connection)
        self._client.wait_connected()

    def ask(self, name: str, *arguments: Any, timeout: int, progress: Progress) -> Any:
        """The answer.

        Raises:
            RequestError: the answer is an error.
        """

        def report(received: int, total: int) -> None:
            progress(100 * received // total if total else 0)

        return self._client.submit(name, *arguments, timeout=timeout, progress=report).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()
        self._connection.disconnect()


def _shown(argument: Any) -> Value:
    """An argument as a list of Scratch holds it."""
    return argument if isinstance(argument, int | float | str) else str(argument)


def _at(path: str, values: Mapping[Value, Value]) -> Any:
    """The value at a path of the sprite's two lists; a list again where it has items."""
    prefix = f"{path}." if path else ""
    items: list[Any] = []
    while f"{prefix}{len(items) + 1}" in values:
        items.append(_at(f"{prefix}{len(items) + 1}", values))
    return items or values[path]
