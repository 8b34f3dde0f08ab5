"""What the servers that a program starts on this machine have in common: an address, and a beginning and an end."""

from __future__ import annotations

import errno
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from cloudlink.errors import NotConnected


class LocalService(ABC):
    """A server that runs beside the program, in threads of its own; `with` starts and stops it.

    Args:
        host: the interface to listen on.
        port: 0 takes a free one at the first start and keeps it from then on.
        scheme: what its address starts with.
    """

    def __init__(self, *, host: str, port: int, scheme: str) -> None:
        self._host = host
        self._port = port
        self._scheme = scheme

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self._host}:{self._port}>"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @abstractmethod
    def start(self) -> None:
        """Listen. When this returns, clients can connect; on a running server it does nothing."""

    @abstractmethod
    def stop(self) -> None:
        """End all connections and threads; on a server that is not running it does nothing."""

    def _why_not(self, error: Exception) -> str:
        """Why it cannot listen, for an error's message."""
        place = f"cannot listen on {self._host}:{self._port}"
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            return f"{place}: another program does, or this one a second time; end it, or choose another port"
        return f"{place}: {error}"

    @property
    def port(self) -> int:
        """The port it listens on; the same after a restart.

        Raises:
            NotConnected: the server was never started, so that there is no port yet.
        """
        if not self._port:
            raise NotConnected(f"this {type(self).__name__} has no port before its first start; call start()")
        return self._port

    @property
    def url(self) -> str:
        """Its address."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{self._scheme}://{host}:{self.port}"
