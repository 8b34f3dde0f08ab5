"""A cloud within the process, in real time: connections that need no network, for real servers and real clients.

members' threads                room's thread
set_var ----> MemoryCloud ----> what arrives, when it arrives: each member's listeners, in order
"""

from __future__ import annotations

import logging
import threading
from random import Random

from cloudlink.clock import system_clock
from cloudlink.errors import NotConnected
from cloudlink.limits import Limits
from cloudlink.transport.cloud_text import cloud_text
from cloudlink.transport.connection import Listener, Origin, VariableSet
from cloudlink.transport.memory import MemoryCloud
from cloudlink.transport.turns import Priority
from cloudlink.transport.weather import Weather

_log = logging.getLogger("cloudlink.testing")


class MemoryRoom:
    """The cloud variables of one project, within the process.

    Args:
        limits: what the cloud allows.
        weather: what happens to values on their way.
        random: decides on each delay and loss.
    """

    def __init__(self, limits: Limits, *, weather: Weather, random: Random) -> None:
        self.limits = limits
        self._cloud = MemoryCloud(random=random, weather=weather)
        self._members: dict[int, MemoryConnection] = {}
        self._values: dict[str, str] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="cloudlink-memory-room", daemon=True)
        self._thread.start()

    @property
    def weather(self) -> Weather:
        """What happens to values; may be set anew at any time."""
        return self._cloud.weather

    @weather.setter
    def weather(self, weather: Weather) -> None:
        with self._changed:
            self._cloud.weather = weather

    def connect(self) -> MemoryConnection:
        """A new member."""
        with self._changed:
            member = self._cloud.join(now=system_clock())
            connection = self._members[member] = MemoryConnection(self, member, stored=dict(self._values))
            self._changed.notify()
        return connection

    def close(self) -> None:
        """End the thread; what is under way is lost. Not to be called by a listener."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def write(self, member: int, name: str, value: str) -> None:
        """Set a variable for all other members."""
        with self._changed:
            if self._closed or member not in self._members:
                raise NotConnected("this connection was closed; make a new one")
            self._values[name] = value
            self._cloud.write(member, name, value, now=system_clock())
            self._changed.notify()

    def leave(self, member: int) -> None:
        """Forget a member."""
        with self._changed:
            if self._members.pop(member, None) is not None:
                self._cloud.leave(member)

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                now = system_clock()
                arrived = [(self._members[delivery.member], delivery) for delivery in self._cloud.deliveries(now=now)]
                if not arrived:
                    wakeup = self._cloud.wakeup()
                    self._changed.wait(None if wakeup is None else max(0.0, wakeup - now))
            for connection, delivery in arrived:
                connection.take(delivery.name, delivery.value, now=now)


class MemoryConnection:
    """A connection to a `MemoryRoom`: what `CloudRequests` and `CloudClient` take for a cloud.

    Made by `TestBench.connect`.
    """

    def __init__(self, room: MemoryRoom, member: int, *, stored: dict[str, str]) -> None:
        self._room = room
        self._member = member
        self._stored = stored  # what is told on joining, until it has come
        self._lock = threading.Lock()  # guards what follows
        self._listeners: tuple[Listener, ...] = ()
        self._known: dict[str, str] = {}
        self._connected = True

    @property
    def limits(self) -> Limits:
        """What the cloud allows."""
        return self._room.limits

    @property
    def connected(self) -> bool:
        """Whether a set would go out now."""
        return self._connected

    def set_var(
        self, name: str, value: str | int | float, *, priority: Priority = Priority.NORMAL, keep: bool = True
    ) -> None:
        """Set a variable; at once, for this cloud takes any number a second, so nothing queues, and nothing is kept.

        Raises:
            InvalidArgument: the value is not digits, with at most one sign in front and one dot.
            ValueTooLong: it has more characters than a variable holds.
            NotConnected: the connection is closed.
        """
        text = cloud_text(value, limits=self.limits)
        self._room.write(self._member, name, text)
        with self._lock:
            self._known[name] = text

    def get_var(self, name: str) -> str | None:
        """The last known value of a variable, or None."""
        with self._lock:
            return self._known.get(name)

    def add_listener(self, listener: Listener) -> None:
        """Call this with every event from now on, in order, from the room's thread."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

    def remove_listener(self, listener: Listener) -> None:
        """Stop calling this; one that was never added is fine."""
        with self._lock:
            self._listeners = tuple(known for known in self._listeners if known != listener)

    def disconnect(self) -> None:
        """Leave the room for good. Again: does nothing."""
        self._connected = False
        self._room.leave(self._member)

    def take(self, name: str, value: str, *, now: float) -> None:
        """Tell the listeners of a value that has come."""
        stored = self._stored.get(name) == value
        if stored:
            del self._stored[name]
        event = VariableSet(name, value, now, Origin.STORED if stored else Origin.LIVE)
        with self._lock:
            self._known[name] = value
            listeners = self._listeners
        for listener in listeners:
            try:
                listener(event)
            except Exception:  # as with a real connection, the next event comes all the same
                _log.exception("a listener failed on %.80r", event)
