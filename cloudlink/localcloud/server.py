"""The cloud server as a program sees it: a thread with an event loop, and what may be done from other threads.

caller's thread                     server thread, one event loop
start, stop, disconnect_all ----->  Hub: connections, rules, faults
faults, statistics, on_set
"""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Final

from cloudlink.errors import CloudError, InvalidArgument, NotConnected
from cloudlink.local_service import LocalService
from cloudlink.localcloud.faults import Faults
from cloudlink.localcloud.history import History
from cloudlink.localcloud.hub import Hub, check_close_code
from cloudlink.localcloud.pages import LEAST_TOKEN
from cloudlink.localcloud.profiles import Profile, profile_named
from cloudlink.localcloud.room import Rooms
from cloudlink.localcloud.statistics import SetRecord, Statistics
from cloudlink.localcloud.store import Store

TLS_TIMEOUT: Final = 10.0
"""Seconds a client may take to agree on a key."""

_ORIGIN: Final = re.compile(r"null|[a-z][a-z0-9+.-]*://[^/?#\sA-Z]+")


class LocalCloud(LocalService):
    """A cloud server on this machine, running in a thread of its own.

    Args:
        profile: "scratch", "turbowarp", "open" or a Profile: whose rules it follows.
        host: the interface to listen on.
        port: 0 takes a free one at the first start and keeps it from then on.
        faults: how bad the network is; None: perfect.
        on_set: called in the server's thread with every set it accepts, for tests that look at times.
        database: a file where the values are kept (SQLite), so that they outlive the program; None: in memory only.
        history: how many changes of each project the page `/logs` knows.
        projects: the ids of the projects that are served; None: all.
        origins: the web pages that may connect, such as "https://turbowarp.org", or "null" for pages that are files;
            None: all. Programs, which need not tell an origin, are not kept out by this.
        tls: makes it a `wss://` server; a context for the server's side, with its certificate.
        max_connections: most connections at once; more are hung up on.
        max_unsent: most bytes that may wait for one slow reader before it is cut off; None: as the profile says.
        control_token: opens the page `/faults`, which changes the faults, and `/disconnect`; at least 16 characters.
            None: there are no such pages.

    Raises:
        InvalidArgument: one of these makes no sense.

    Example:
        >>> with LocalCloud("turbowarp") as cloud:
        ...     with TwCloudConnection("demo", cloud_host=cloud.url) as connection:
        ...         connection.set_var("score", 1)
    """

    def __init__(
        self,
        profile: str | Profile = "scratch",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Faults | None = None,
        on_set: Callable[[SetRecord], None] | None = None,
        database: str | Path | None = None,
        history: int = 1000,
        projects: Collection[str | int] | None = None,
        origins: Collection[str] | None = None,
        tls: ssl.SSLContext | None = None,
        max_connections: int = 10_000,
        max_unsent: int | None = None,
        control_token: str | None = None,
    ) -> None:
        for name, number in (("history", history), ("max_connections", max_connections), ("max_unsent", max_unsent)):
            if number is not None and number < 0:
                raise InvalidArgument(f"{name} is 0 or more, not {number}")
        if control_token is not None and len(control_token) < LEAST_TOKEN:
            raise InvalidArgument(
                f"a control token has at least {LEAST_TOKEN} characters; this has {len(control_token)}"
            )
        for origin in origins or ():
            if not _ORIGIN.fullmatch(origin):
                raise InvalidArgument(
                    f"an origin is a scheme and a host in small letters, as browsers tell it: 'https://turbowarp.org', "
                    f"without a slash at the end, not {origin!r}"
                )
        self.profile = profile_named(profile)
        self._on_set = on_set
        super().__init__(host=host, port=port, scheme="ws" if tls is None else "wss")
        self._faults = faults or Faults()
        self._database = None if database is None else Path(database)
        self._projects = None if projects is None else [str(project) for project in projects]
        self._origins = origins
        self._tls = tls
        self._max_connections = max_connections
        self._max_unsent = self.profile.outgoing_bytes if max_unsent is None else max_unsent
        self._control_token = control_token
        self._statistics = Statistics()
        self._history = History(history)
        self._rooms = self._new_rooms(None)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hub: Hub | None = None
        self._stopping: asyncio.Event | None = None

    def __repr__(self) -> str:
        return f"<LocalCloud {self.profile.name!r} at {self._host}:{self._port}>"

    @property
    def on_set(self) -> Callable[[SetRecord], None] | None:
        """What is called in the server's thread with every set it accepts; it may be set at any time."""
        return self._on_set

    @on_set.setter
    def on_set(self, on_set: Callable[[SetRecord], None] | None) -> None:
        self._on_set = on_set
        if self._hub is not None:
            self._hub.on_set = on_set

    @property
    def faults(self) -> Faults:
        """How bad the network is. Setting it works from any thread, at any time, and throws the dice anew."""
        return self._faults if self._hub is None else self._hub.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        loop, hub = self._loop, self._hub
        if self._thread is None or loop is None or hub is None:
            return

        async def change() -> None:
            hub.set_faults(faults)

        if threading.current_thread() is self._thread:
            hub.set_faults(faults)
        else:
            asyncio.run_coroutine_threadsafe(change(), loop).result()

    @property
    def statistics(self) -> Statistics:
        """What it has done so far; a copy."""
        return replace(self._statistics)

    def variables(self, project_id: str | int) -> dict[str, str]:
        """The values of a project in memory, by their names on the wire; empty for a project nobody has joined."""
        room = self._rooms.rooms.get(str(project_id))
        return {} if room is None else {name: v.update.value for name, v in list(room.variables.items())}

    def members(self, project_id: str | int) -> list[str]:
        """The names of those who are in a project now, in the order they came; for tests that wait for them."""
        room = self._rooms.rooms.get(str(project_id))
        return [] if room is None else [member.user for member in list(room.members)]

    def start(self) -> None:
        """Listen. When this returns, clients can connect; on a running server it does nothing.

        Raises:
            CloudError: the port cannot be had, or the database cannot be opened.
        """
        if self._thread is not None:
            return
        store = None if self._database is None else Store(self._database)
        if store is not None or not self.profile.values_survive:
            self._rooms = self._new_rooms(store)
        ready = threading.Event()
        failures: list[Exception] = []

        def run() -> None:
            with asyncio.Runner(loop_factory=_new_event_loop) as runner:
                runner.run(self._serve(store, ready, failures))

        thread = threading.Thread(target=run, name="cloudlink-localcloud", daemon=True)
        thread.start()
        ready.wait()
        if failures:
            thread.join()
            raise CloudError(self._why_not(failures[0])) from failures[0]
        self._thread = thread

    def stop(self) -> None:
        """Close all connections (1001), write what is to be kept and end the thread; else it does nothing.

        Within `on_set` it only begins, and returns at once.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        assert self._loop is not None
        assert self._stopping is not None
        self._loop.call_soon_threadsafe(self._stopping.set)
        if threading.current_thread() is not thread:
            thread.join()

    def disconnect_all(self, code: int | None = 1001, reason: str = "") -> None:
        """End all connections; when this returns, they are gone, and clients may come back.

        Within `on_set` it only begins, and returns at once.

        Args:
            code: the close code they are told; None cuts the lines without a word.
            reason: the text that goes with the code.

        Raises:
            InvalidArgument: the code cannot be sent in a close frame.
            NotConnected: the server is not running.
        """
        check_close_code(code)
        if self._thread is None or self._loop is None or self._hub is None:
            raise NotConnected("this server is not running; call start()")
        if threading.current_thread() is self._thread:
            self._hub.end_all(code, reason)
        else:
            asyncio.run_coroutine_threadsafe(self._hub.disconnect_all(code, reason), self._loop).result()

    def _new_rooms(self, store: Store | None) -> Rooms:
        return Rooms(self.profile, projects=self._projects, load=None if store is None else store.load)

    async def _serve(self, store: Store | None, ready: threading.Event, failures: list[Exception]) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._hub = hub = Hub(
            self.profile,
            self._rooms,
            self._statistics,
            faults=self._faults,
            history=self._history,
            store=store,
            on_set=self._on_set,
            origins=self._origins,
            max_connections=self._max_connections,
            max_unsent=self._max_unsent,
            control_token=self._control_token,
        )
        try:
            server = await loop.create_server(
                hub.new_connection,
                self._host,
                self._port,
                backlog=1024,  # a game's hundred clients come back at once
                ssl=self._tls,
                ssl_handshake_timeout=None if self._tls is None else TLS_TIMEOUT,
            )
        except Exception as error:  # whatever it is, it belongs to the thread that called `start`
            failures.append(error)
            if store is not None:
                store.close()
            ready.set()
            return
        rounds = loop.create_task(hub.make_rounds())
        try:
            self._port = server.sockets[0].getsockname()[1]
            ready.set()
            await self._stopping.wait()
        finally:
            server.close()
            rounds.cancel()
            await asyncio.gather(hub.disconnect_all(1001), rounds, return_exceptions=True)
            await server.wait_closed()
            self._faults = hub.faults
            self._hub = None
            if store is not None:
                store.close()


def _new_event_loop() -> asyncio.AbstractEventLoop:
    """One of uvloop, if that is installed (the extra `fast`), else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()  # Any, where uvloop is not installed
    return loop
