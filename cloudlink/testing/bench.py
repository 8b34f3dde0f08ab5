"""TestBench: a server and its players without a network."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from random import Random
from typing import Final

from cloudlink.client import CloudClient
from cloudlink.errors import CloudError, InvalidArgument
from cloudlink.limits import SCRATCH, Limits
from cloudlink.server import CloudRequests
from cloudlink.testing.memory_room import MemoryConnection, MemoryRoom
from cloudlink.transport.connection import Connection
from cloudlink.transport.weather import Weather

QUICK: Final = 0.002
"""Seconds between two sets here, instead of the platform's 0.1: a test is over in a moment."""

_PATIENCE: Final = 10.0


class TestBench:
    """A server on a cloud within the process, and as many players as a test wants.

    The server is a real `CloudRequests`, the players are real `CloudClient`s, and between them is the real link: what
    is left out is the network, and the pause of 0.1 s that real clouds want between two sets. Time is real.

    Example:
        >>> from cloudlink import CloudRequests
        >>> def make_server(cloud):
        ...     client = CloudRequests(cloud)
        ...     client.add_request(lambda a, b: a + b, name="add")
        ...     return client
        >>> with TestBench(make_server) as bench:
        ...     bench.player("ann").request("add", 1, 2)
        3

    Args:
        make_server: your function that makes the server on a connection. It must not start it.
        limits: of the platform to stand in for; `cloudlink.TURBOWARP` for the other one.
        weather: what happens to values on their way, such as `Weather(loss=0.2)`; what is lost is sent again after
            some tenths of a second, as in reality.
        set_interval: seconds between two sets of one connection; `limits.set_interval` to see real speeds.
        seed: makes the weather repeatable.

    Raises:
        InvalidArgument: `make_server` returns no `CloudRequests`.
    """

    __test__ = False  # pytest takes classes of such names for tests

    def __init__(
        self,
        make_server: Callable[[Connection], CloudRequests],
        *,
        limits: Limits = SCRATCH,
        weather: Weather | None = None,
        set_interval: float = QUICK,
        seed: int = 0,
    ) -> None:
        self._make_server = make_server
        self._limits = replace(limits, set_interval=set_interval)
        self._random = Random(seed)
        self._weather = weather or Weather()
        self._stack = ExitStack()
        self._room: MemoryRoom | None = None
        self._server: CloudRequests | None = None
        self._players: dict[str, CloudClient] = {}

    def __enter__(self) -> TestBench:
        """Start the cloud and the server.

        Raises:
            InvalidArgument: `make_server` returns no `CloudRequests`, or it is started already.
        """
        with ExitStack() as stack:
            self._room = MemoryRoom(self._limits, weather=self._weather, random=Random(self._random.random()))
            stack.callback(self._room.close)
            self._server = self._make_server(self._room.connect())
            if not isinstance(self._server, CloudRequests):
                raise InvalidArgument(f"make_server should return its CloudRequests, not {self._server!r:.80}")
            stack.enter_context(self._server)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop the players, the server and the cloud, in this order."""
        self._players.clear()
        self._stack.close()
        self._room = self._server = None

    @property
    def server(self) -> CloudRequests:
        """The server under test."""
        if self._server is None:
            raise InvalidArgument("the bench is not set up; write `with TestBench(make_server) as bench:`")
        return self._server

    @property
    def weather(self) -> Weather:
        """What happens to values on their way; may be set anew at any time."""
        return self._weather

    @weather.setter
    def weather(self, weather: Weather) -> None:
        self._weather = weather
        if self._room is not None:
            self._room.weather = weather

    def player(self, name: str, *, timeout: float = _PATIENCE) -> CloudClient:
        """The player of a name; made, and let in by the server, when it is first asked for.

        Args:
            name: of the Scratch user.
            timeout: seconds that its requests wait for their answers.

        Raises:
            CloudError: the server did not let it in within 10 seconds.
        """
        if name not in self._players:
            client = CloudClient(self.connect(), user=name, timeout=timeout, random=Random(self._random.random()))
            self._stack.callback(client.close)
            if not client.wait_connected(_PATIENCE):
                raise CloudError(f"the server did not let {name!r} in within {_PATIENCE:g} s; is the weather too bad?")
            self._players[name] = client
        return self._players[name]

    def connect(self) -> MemoryConnection:
        """Another connection to the same cloud variables, to look at them or to send rubbish.

        Raises:
            InvalidArgument: outside of the `with` block.
        """
        if self._room is None:
            raise InvalidArgument("the bench is not set up; write `with TestBench(make_server) as bench:`")
        return self._room.connect()
