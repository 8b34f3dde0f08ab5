"""What a connection needs of a websocket, and nothing more, so that a test can hand in a plain object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias


class Transport(Protocol):
    """One open websocket. One thread may send while another receives; any thread may close."""

    def send(self, text: str) -> None:
        """Send one text message.

        Raises:
            ConnectionLost: the connection is closed; this message may or may not have arrived.
        """

    def receive(self, timeout: float | None) -> str | None:
        """The next text message, or None when `timeout` seconds (None: forever) have passed without one.

        Raises:
            ConnectionLost: the connection is closed, with the server's code if it gave one.
        """

    def close(self) -> None:
        """Close the connection and free what it holds; a `receive` that waits ends. Again: does nothing."""


Connector: TypeAlias = Callable[[], Transport]
"""Opens a new connection to the same place each time. Raises ConnectFailed or ConnectionRefused."""
