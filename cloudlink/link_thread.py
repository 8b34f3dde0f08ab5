"""The thread that runs one link over one connection: the only place where a link meets time and the network."""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from cloudlink.clock import Clock, system_clock
from cloudlink.errors import CloudlinkError, NotConnected
from cloudlink.link.events import Write
from cloudlink.transport.connection import Connected, Connection, ConnectionEvent, Disconnected, Origin, VariableSet

_log = logging.getLogger("cloudlink.link")

MOST_UNREAD = 20_000
"""Values that may wait for the thread; beyond that the oldest is dropped, and the link repeats what it held."""

Event = TypeVar("Event", covariant=True)


class Link(Protocol[Event]):
    """What both ends of a link have in common."""

    def receive(self, name: str, value: str, *, now: float) -> None:
        """Take in a value."""

    def writes(self, *, now: float) -> list[Write]:
        """What may go out now."""

    def wakeup(self, *, now: float) -> float | None:
        """When to ask for writes again."""

    def next_event(self) -> Event | None:
        """The oldest event not fetched yet."""


AnyLink = TypeVar("AnyLink", bound=Link[object])


def _never(now: float) -> float | None:
    return None


class LinkThread(Generic[AnyLink]):
    """Runs a link: feeds it what arrives, sends what is due, hands out its events, sleeps until the next thing.

    Args:
        connection: where values come from and go to.
        link: the end of a link to run; nobody else may touch it but within `use`.
        on_event: called in the thread with each event of the link, outside of `use`.
        name: of the thread.
        tick: called in the thread, within `use`, with the time; returns when it wants to be called next. For what has
            to happen outside of `use` it calls `tell`.
        receive: called in the thread, within `use`, in place of the link's own `receive`, with what has arrived, the
            time, and how many seconds ago the value may have been set: inf for what was stored in the cloud when we
            connected.
        clock: seconds.
    """

    def __init__(
        self,
        connection: Connection,
        link: AnyLink,
        *,
        on_event: Callable[[object], None],
        name: str,
        tick: Callable[[float], float | None] = _never,
        receive: Callable[[VariableSet, float, float], None] | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._connection = connection
        self._link = link
        self._receive = receive or (lambda arrived, now, age: link.receive(arrived.name, arrived.value, now=now))
        self._on_event = on_event
        self._tick = tick
        self._clock = clock
        self._changed = threading.Condition()
        self._unread: deque[tuple[VariableSet, float]] = deque(maxlen=MOST_UNREAD)
        self._told: deque[object] = deque()
        self._tells = False
        self._down_since = -math.inf
        self._outage = 0.0
        self._over = False
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to listen and to run."""
        self._connection.add_listener(self._listen)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what waits to be sent is dropped."""
        self._connection.remove_listener(self._listen)
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive() and not self.is_current:
            self._thread.join()

    @property
    def is_current(self) -> bool:
        """Whether it is the one that runs here, so that nothing comes in or goes out before this returns."""
        return threading.current_thread() is self._thread

    @property
    def busy(self) -> bool:
        """Whether something has arrived, and whoever listens to events has not dealt with it yet; within `use`."""
        return self._tells or bool(self._unread)

    @property
    def over(self) -> bool:
        """Whether the connection is closed for good, so that nothing can be sent any more."""
        return self._over

    @contextmanager
    def use(self) -> Iterator[AnyLink]:
        """The link, for as long as the block lasts; the thread looks at it again afterwards."""
        with self._changed:
            yield self._link
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], bool], *, timeout: float) -> bool:
        """Wait until a condition holds, for at most `timeout` seconds; whether it does.

        It is looked at within `use`, after each thing that happens to the link.
        """
        with self._changed:
            return self._changed.wait_for(condition, min(timeout, threading.TIMEOUT_MAX))

    def tell(self, event: object) -> None:
        """Have `on_event` called in the thread with an event that is not the link's."""
        with self._changed:
            self._told.append(event)
            self._changed.notify_all()

    def _listen(self, event: ConnectionEvent) -> None:
        with self._changed:
            match event:
                case VariableSet():
                    self._unread.append((event, self._age(event)))
                case Disconnected():
                    self._down_since = self._clock()
                    self._over = not event.will_retry
                case Connected():
                    self._outage = self._clock() - self._down_since
            self._changed.notify_all()

    def _age(self, event: VariableSet) -> float:
        """How many seconds ago a value may have been set."""
        match event.origin:
            case Origin.LIVE:
                return 0.0
            case Origin.CATCH_UP:
                return self._outage
            case Origin.STORED:
                return math.inf

    def _run(self) -> None:
        while True:
            with self._changed:
                events, writes = self._turn()
                self._tells = bool(events)
                self._changed.notify_all()
                if not events and not writes:
                    if self._stopping:
                        return
                    self._changed.wait(self._pause())
                    continue
            for event in events:
                self._tell(event)
            for write in writes:
                self._send(write)

    def _turn(self) -> tuple[list[object], list[Write]]:
        """Take in what has arrived; the events and writes that follow."""
        now = self._clock()
        while self._unread:
            arrived, age = self._unread.popleft()
            try:
                self._receive(arrived, now, age)
            except Exception:  # a stranger's value must never end the thread
                _log.exception("a value of %s could not be taken in: %.80r", arrived.name, arrived.value)
        writes = [] if self._stopping or not self._connection.connected else self._link.writes(now=now)
        events = list(self._told)
        self._told.clear()
        while (event := self._link.next_event()) is not None:
            events.append(event)
        return events, writes

    def _pause(self) -> float | None:
        """Seconds until there is something to do if nothing happens before; None for no end."""
        now = self._clock()
        times = [self._tick(now)]
        if self._told:
            return 0.0
        if self._connection.connected:
            times.append(self._link.wakeup(now=now))
        due = min((time for time in times if time is not None), default=None)
        return None if due is None else min(max(0.0, due - now), threading.TIMEOUT_MAX)

    def _tell(self, event: object) -> None:
        try:
            self._on_event(event)
        except Exception:  # whoever listens must not end the thread either
            _log.exception("an event could not be handled: %.80r", event)

    def _send(self, write: Write) -> None:
        try:
            self._connection.set_var(write.name, write.value, keep=False)  # the link repeats what is lost, if need be
        except NotConnected as error:
            _log.info("a frame was lost with the connection: %s", error)
        except CloudlinkError:  # a channel that is made for another platform than the connection
            _log.exception("a frame could not be sent")
