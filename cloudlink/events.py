"""CloudEvents: functions that are called when somebody sets, creates or deletes a cloud variable.

who      sees                            how late
CloudEvents(project_id)           log      set, create, delete, rename     seconds
TwCloudEvents(project_id)         socket   set                             at once, without a name
CloudEvents(connection)           both     all, each set once              at once, if the socket delivers it

log watch's thread ----.
connection's reader ----+--> [ merge ] --> [ queue ] --> dispatcher's thread --> handlers, loops
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeAlias, TypeVar, overload

from cloudlink.connection import CloudConnection, TwCloudConnection
from cloudlink.dispatch import Dispatcher
from cloudlink.errors import CloudError, CloudlinkError, InvalidArgument
from cloudlink.foreground import stay, until_ctrl_c
from cloudlink.level import Level, checked_level
from cloudlink.log_watch import LogWatch
from cloudlink.rest.client import Client
from cloudlink.rest.cloud_logs import get_cloud_logs
from cloudlink.rest.endpoints import checked_number
from cloudlink.transport.address import TURBOWARP_CLOUD
from cloudlink.transport.connection import Connected, ConnectionEvent, Disconnected, Origin, Outage, VariableSet
from cloudlink.transport.lines import add_prefix
from cloudlink.transport.logs import LogEntry, LogNews, LogSource
from cloudlink.transport.merge import Merge

LOG_INTERVAL: Final = 1.0
"""Seconds between two looks at the log: it lags some seconds behind anyway."""

_LOGGER = logging.getLogger("cloudlink.events")

Kind: TypeAlias = Literal["set", "create", "del", "rename", "ready", "connect", "disconnect", "reconnect", "error"]

_VERBS: Final[dict[str | None, Kind]] = {
    "set_var": "set",
    "create_var": "create",
    "del_var": "del",
    "rename_var": "rename",
}
_KINDS: Final[tuple[Kind, ...]] = (*_VERBS.values(), "ready", "connect", "disconnect", "reconnect", "error")


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """Something has happened to a cloud variable, or to what tells of it.

    Attributes:
        type: what: "set", "create", "del" or "rename"; or "ready", "connect", "disconnect", "reconnect" or "error",
            which have no variable.
        timestamp: when, milliseconds since 1970: by the site's clock if the log tells it, else when it arrived.
        var: the variable, without the cloud sign; "" if there is none.
        value: what it was set to, as text; None for other types.
        user: who did it; None if that is not known.
        level: how sure the user's name is.
        reason: for "disconnect" and "error": what happened, in words.
        error: for "error": the exception.
    """

    type: Kind
    timestamp: int
    var: str = ""
    value: str | None = None
    user: str | None = None
    level: Level = Level.NONE
    reason: str = ""
    error: Exception | None = None

    @property
    def name(self) -> str:
        """The variable, with the cloud sign."""
        return add_prefix(self.var) if self.var else ""


@dataclass(frozen=True, slots=True)
class EventStatistics:
    """What some events have seen so far.

    Attributes:
        from_socket: sets that the socket told.
        from_log: sets that only the log told; above 0 beside a connection, the socket does not deliver all.
        lost: events that were dropped because the handlers are too slow, or paused for too long.
    """

    from_socket: int
    from_log: int
    lost: int


Claim: TypeAlias = Callable[[str, str], str | None]
"""Finds in a variable's name and value the user that the project itself names; None if it names nobody."""

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

_EVERYBODY: Final = frozenset(Level)
_LOGGED: Final = frozenset([Level.LOGGED])


@dataclass(frozen=True, slots=True)
class _Handler:
    function: Callable[..., Any]
    takes_event: bool
    level: Level


@dataclass(frozen=True, slots=True)
class _Item:
    """An event in the queue, and the demands that it meets."""

    event: CloudEvent
    meets: frozenset[Level]


class EventSource:
    """What `CloudEvents` and `TwCloudEvents` have in common: everything but where events come from.

    Args:
        project_id: the project whose variables are watched.
        connection: a connection that is open, and stays open afterwards.
        connect: opens a connection, which is closed afterwards.
        logs: fetches a page of the log; None if there is none.
        interval: seconds between two looks at the log.
        level: what functions and loops demand that say nothing else.
        claim: see `CloudEvents`.
    """

    def __init__(
        self,
        project_id: str,
        *,
        connection: CloudConnection | None,
        connect: Callable[[], CloudConnection] | None,
        logs: LogSource | None,
        interval: float,
        level: Level | str,
        claim: Claim | None,
    ) -> None:
        self.project_id = project_id
        self._connection = connection
        self._connect = connect
        self._claim = claim
        self._handlers: dict[Kind, tuple[_Handler, ...]] = {}
        self._lock = threading.Lock()  # guards _merge, _handlers, the flags and the counters
        self._from_socket = 0
        self._from_log = 0
        self._log_fails = False
        self._socket_fails = False
        self._started = False
        self._stopped = False
        self._watch = None if logs is None else self._new_watch(logs, interval)
        self._merge: Merge | None = None
        if self._watch is not None and connection is not None:
            self._merge = Merge(own=connection.username)
        self._level = self._checked_level(level, "level=")
        self._dispatcher: Dispatcher[_Item, CloudEvent] = Dispatcher(
            self._deliver, name=f"cloudlink-events-{project_id}"
        )

    def __repr__(self) -> str:
        state = "stopped" if self._stopped else "started" if self._started else "not started"
        return f"<{type(self).__name__} of project {self.project_id!r}, {state}>"

    @property
    def statistics(self) -> EventStatistics:
        """Where the events so far came from."""
        with self._lock:
            return EventStatistics(self._from_socket, self._from_log, self._dispatcher.lost_events)

    @overload
    def event(self, function: AnyFunction) -> AnyFunction: ...

    @overload
    def event(self, *, level: Level | str | None = None) -> Callable[[AnyFunction], AnyFunction]: ...

    def event(
        self, function: AnyFunction | None = None, *, level: Level | str | None = None
    ) -> AnyFunction | Callable[[AnyFunction], AnyFunction]:
        """Decorate a function: it is called with the events of its name, such as on_set. The function stays as it is.

        Args:
            function: what is decorated.
            level: how sure a user's name has to be: "none", "claimed" or "logged".

        Raises:
            InvalidArgument: see `add_handler`.
        """
        if function is None:
            return partial(self._decorate, level=level)
        return self._decorate(function, level=level)

    def add_handler(
        self, function: Callable[..., Any], *, name: str | None = None, level: Level | str | None = None
    ) -> None:
        """Call a function with the events of its name, or of `name`; several of one name are called in turn.

        Raises:
            InvalidArgument: no events are called so, the function is `async def`, needs more than the event, or
                demands "logged" where there is no log.
        """
        name = getattr(function, "__name__", "") if name is None else name
        kind = next((kind for kind in _KINDS if name == f"on_{kind}"), None)
        if kind is None:
            names = ", ".join(f"on_{kind}" for kind in _KINDS)
            raise InvalidArgument(f"there are no events called {name!r}; there are {names}")
        if inspect.iscoroutinefunction(function):
            raise InvalidArgument(f"{name} is async, and handlers are called from a thread; use `async for` instead")
        demanded = self._level if level is None else self._checked_level(level, name)
        handler = _Handler(function, _takes_event(function, name), demanded)
        with self._lock:
            self._handlers[kind] = (*self._handlers.get(kind, ()), handler)

    def start(self, thread: bool = True, *, daemon: bool = False) -> None:
        """Begin. When this returns, or rather when on_ready is called, nothing more is missed.

        Args:
            thread: return at once; else stay here until `stop` is called from elsewhere, nothing more can come, or
                the user presses Ctrl-C, and then `stop`. Functions are called in the background either way.
            daemon: let the program end although the background thread runs.

        Raises:
            InvalidArgument: this was started or stopped before; make a new one.
            CloudError: the cloud server cannot be used.
            SiteError: the log cannot be had.
        """
        with self._lock:
            if self._started or self._stopped:
                raise InvalidArgument("events start once, and not after stop(); make a new object to start again")
            self._started = True
        try:
            self._open()
        except BaseException:
            self.stop()
            raise
        if self._stopped:  # by another thread, which could not close what was not open yet
            self.stop()
        self._dispatcher.start(daemon=daemon or not thread)
        if not thread:
            with until_ctrl_c(then=self.stop):
                stay(self._dispatcher.over)

    def pause(self) -> None:
        """Call nothing until `resume`; what happens meanwhile waits (the newest 10,000 events)."""
        self._dispatcher.pause()

    def resume(self, *, skip: bool = False) -> None:
        """Go on with what has been waiting; `skip`: without it."""
        self._dispatcher.resume(skip=skip)

    def stop(self) -> None:
        """End all threads; what waits is dropped, and loops end. It cannot be started again. Again: does nothing.

        A look at the log that is under way is waited for.
        """
        with self._lock:
            self._stopped = True
        if self._connection is not None:
            self._connection.remove_listener(self._listen)
        if self._watch is not None:
            self._watch.stop()
        if self._connect is not None and self._connection is not None:
            self._connection.disconnect()
        self._dispatcher.stop()

    def __enter__(self) -> Self:
        self.start(daemon=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        try:
            await asyncio.to_thread(self.start, daemon=True)
        except asyncio.CancelledError:  # the thread goes on, and sees that it is not wanted
            await asyncio.to_thread(self.stop)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    def __iter__(self) -> Iterator[CloudEvent]:
        """The changes of variables from now on, until `stop`; to be used after `start` or within `with`."""
        self._must_run()
        return self._dispatcher.loop()

    def __aiter__(self) -> AsyncIterator[CloudEvent]:
        """The changes of variables from now on, until `stop`; to be used after `start` or within `async with`."""
        self._must_run()
        return self._dispatcher.async_loop()

    def _open(self) -> None:
        if self._connect is not None:
            self._connection = self._connect()
        self._push_news("connect")
        if self._connection is not None:
            self._connection.add_listener(self._listen)
            self._connection.wait_values()  # so that they are told from sets that follow
        if self._watch is not None:
            self._watch.start()
        self._push_news("ready")

    # The connection's reader thread

    def _listen(self, event: ConnectionEvent) -> None:
        match event:
            case VariableSet(name, value, received_at, origin):
                if self._is_news(name, value, origin, now=received_at):
                    user = self._claimed(name, value)
                    level = Level.NONE if user is None else Level.CLAIMED
                    self._push(CloudEvent("set", _now(), name, value, user, level), _met_by(level))
            case Connected():
                self._push_news("reconnect")
            case Disconnected(reason, _, will_retry):
                # With a log, sets go on coming from there.
                self._push_news("disconnect", reason, last=not will_retry and self._watch is None)
            case Outage(reason, cause):
                self._push_error(CloudError(f"{reason} ({cause.value})" if cause else reason))

    def _is_news(self, name: str, value: str, origin: Origin, *, now: float) -> bool:
        """Whether to report what the socket tells; it is counted if so."""
        if origin is Origin.STORED:
            return False
        with self._lock:
            news = True
            if self._merge is not None:
                tell = self._merge.caught_up if origin is Origin.CATCH_UP else self._merge.heard
                news = tell(name, value, now=now)
                self._socket_fails = False
            self._from_socket += news
            return news

    def _claimed(self, name: str, value: str) -> str | None:
        if self._claim is None:
            return None
        try:
            return self._claim(name, value)
        except Exception:
            _LOGGER.exception("claim= failed on %s", name)
            return None

    # The log watch's thread

    def _new_watch(self, logs: LogSource, interval: float) -> LogWatch:
        return LogWatch(
            logs,
            on_news=self._take_log,
            on_failure=self._miss_log,
            on_turn=self._take_due,
            interval=interval,
            name=f"cloudlink-log-{self.project_id}",
        )

    def _take_log(self, news: LogNews) -> None:
        if self._log_fails:
            self._log_fails = False
            if self._connection is None:
                self._push_news("reconnect")
        if not news.complete:
            self._push_error(CloudError("more was set than the log shows at a time; some events are missing"))
        for entry in news.entries:
            self._take_entry(entry, old=news.first, now=news.answered_at)
        if self._merge is not None:
            with self._lock:
                self._merge.looked(asked_at=news.asked_at)

    def _take_entry(self, entry: LogEntry, *, old: bool, now: float) -> None:
        is_set = entry.verb == "set_var"
        if self._merge is not None and is_set:
            with self._lock:
                self._merge.logged(entry, old=old, now=now)
            if not old:
                self._push_entry(entry, _LOGGED)
        elif not old:
            with self._lock:
                self._from_log += is_set
            self._push_entry(entry, _EVERYBODY)

    def _push_entry(self, entry: LogEntry, meets: frozenset[Level]) -> None:
        kind = _VERBS.get(entry.verb)
        if kind is not None:
            at = _now() if entry.time is None else round(entry.time.timestamp() * 1000)
            level = Level.NONE if entry.user is None else Level.LOGGED
            self._push(CloudEvent(kind, at, entry.name, entry.value, entry.user, level), meets & _met_by(level))

    def _miss_log(self, error: CloudlinkError) -> None:
        if not self._log_fails and self._connection is None:
            self._push_news("disconnect", str(error))
        self._log_fails = True
        self._push_error(error)

    def _take_due(self, now: float) -> None:
        """Report what the socket should have delivered by now and has not."""
        if self._merge is None:
            return
        with self._lock:
            due = self._merge.due(now=now)
            self._from_log += len(due)
            news = bool(due) and not self._socket_fails
            self._socket_fails |= bool(due)
        if news:
            self._push_error(CloudError("the socket does not deliver all that is set; events come from the log too"))
        for entry in due:
            self._push_entry(entry, _EVERYBODY - _LOGGED)

    # The queue

    def _push(self, event: CloudEvent, meets: frozenset[Level], *, last: bool = False) -> None:
        self._dispatcher.push(_Item(event, meets), last=last)

    def _push_news(self, kind: Kind, reason: str = "", *, last: bool = False) -> None:
        self._push(CloudEvent(kind, _now(), reason=reason), _EVERYBODY, last=last)

    def _push_error(self, error: Exception) -> None:
        self._push(CloudEvent("error", _now(), reason=str(error), error=error), _EVERYBODY)

    # The dispatcher's thread

    def _deliver(self, item: _Item) -> CloudEvent | None:
        """Call the handlers; the event for the loops, None if it is none for them."""
        event = item.event
        for handler in self._handlers.get(event.type, ()):
            if handler.level in item.meets:
                self._call(handler, event)
        return event if event.type in _VERBS.values() and self._level in item.meets else None

    def _call(self, handler: _Handler, event: CloudEvent) -> None:
        try:
            if handler.takes_event:
                handler.function(event)
            else:
                handler.function()
        except Exception as error:
            _LOGGER.exception("on_%s failed", event.type)
            if event.type != "error":  # else it would go round for ever
                failed = CloudEvent("error", _now(), reason=f"on_{event.type} failed: {error}", error=error)
                for other in self._handlers.get("error", ()):
                    self._call(other, failed)

    def _checked_level(self, level: Level | str, who: str) -> Level:
        demanded = checked_level(level)
        if demanded is Level.LOGGED and self._watch is None:
            raise InvalidArgument(f"{who} demands logged names, and this server keeps no log; pass logs=")
        return demanded

    def _decorate(self, function: AnyFunction, *, level: Level | str | None) -> AnyFunction:
        self.add_handler(function, level=level)
        return function

    def _must_run(self) -> None:
        if not self._started:
            raise InvalidArgument("these events have not been started; use `with events:`, or call start() first")


class CloudEvents(EventSource):
    """Calls functions when the cloud variables of a project change.

    Example:
        >>> events = CloudEvents("project_id")               # doctest: +SKIP
        >>> @events.event                                    # doctest: +SKIP
        ... def on_set(event):
        ...     print(f"{event.user} set {event.var} to {event.value}")
        >>> events.start()                                   # doctest: +SKIP

    Functions are called one at a time, in the order of the events, from a thread of their own. They are named
    on_set, on_create, on_del, on_rename; on_ready, on_connect, on_disconnect, on_reconnect, on_error. Each may take
    the event (`CloudEvent`) or nothing. An exception in one goes to on_error, and is logged.

    With a project's number, events come from Scratch's cloud log: seconds late, but of all users, and with their
    names; nobody needs to be logged in. With an open `CloudConnection`, sets come from its socket at once and
    without a name, and from the log too where there is one: what the socket does not deliver comes from there,
    and nothing comes twice. Our own sets come from the log only.

    A function that wants to be sure of the name demands a level:

        >>> @events.event(level="logged")                    # doctest: +SKIP
        ... def on_set(event): ...

    It gets each set once, from the log, with the user's name.

    Args:
        project: the number in the project's address, or a connection, which stays open afterwards.
        level: what functions and loops demand that say nothing else: "none", "claimed" or "logged".
        logs: where to fetch the log from; Scratch's if left out, and none for connections to other servers.
        interval: seconds between two looks at the log.
        claim: called with the name and value of a set that came without a user; returns the user that the project
            itself names in the value, if it does so. Such a name has the level "claimed".
        client: how to reach the site for the log.

    Raises:
        InvalidArgument: something cannot work; the message says what to do.
    """

    def __init__(
        self,
        project: str | int | CloudConnection,
        *,
        level: Level | str = Level.NONE,
        logs: LogSource | None = None,
        interval: float = LOG_INTERVAL,
        claim: Claim | None = None,
        client: Client | None = None,
    ) -> None:
        connection = project if isinstance(project, CloudConnection) else None
        project_id = str(project) if connection is None else connection.project_id
        if logs is None and (connection is None or connection.has_log):
            # What it cannot be used for is to be said here, not when it is used.
            checked_number(project_id, "project")
            logs = partial(get_cloud_logs, project_id, client=client)
        super().__init__(
            project_id,
            connection=connection,
            connect=None,
            logs=logs,
            interval=interval,
            level=level,
            claim=claim,
        )


class TwCloudEvents(EventSource):
    """Calls functions when cloud variables on TurboWarp change, or on a server of that kind; see `CloudEvents`.

    Such servers keep no log: events are sets only, come at once and have no user. A connection is opened by `start`
    and closed by `stop`; to use one that is open already, pass it to `CloudEvents`.

    Args:
        project_id: the number of a Scratch project, or the text that tells yours from others.
        username: see `TwCloudConnection`, as for the next two.
        cloud_host: the server, such as "ws://127.0.0.1:9080".
        contact: how the server's operator reaches you; the environment variable CLOUDLINK_CONTACT serves as well.
        level: what functions and loops demand that say nothing else: "none" or "claimed".
        claim: see `CloudEvents`.

    Raises:
        InvalidArgument: something cannot work; the message says what to do.
    """

    def __init__(
        self,
        project_id: str | int,
        *,
        username: str | None = None,
        cloud_host: str = TURBOWARP_CLOUD,
        contact: str | None = None,
        level: Level | str = Level.NONE,
        claim: Claim | None = None,
    ) -> None:
        super().__init__(
            str(project_id),
            connection=None,
            connect=partial(TwCloudConnection, project_id, username=username, cloud_host=cloud_host, contact=contact),
            logs=None,
            interval=LOG_INTERVAL,
            level=level,
            claim=claim,
        )


def _met_by(level: Level) -> frozenset[Level]:
    """The demands that a name of this level meets."""
    return frozenset(demand for demand in Level if level.meets(demand))


def _takes_event(function: Callable[..., Any], name: str) -> bool:
    try:
        signature = inspect.signature(function)
    except ValueError:  # some functions written in C have none, such as print
        return True
    for arguments in ((None,), ()):
        try:
            signature.bind(*arguments)
        except TypeError:
            continue
        return bool(arguments)
    raise InvalidArgument(f"{name} is called with the event alone, and this function needs something else")


def _now() -> int:
    return round(time.time() * 1000)
