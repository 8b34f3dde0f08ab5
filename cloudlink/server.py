"""CloudRequests: a server whose handlers are plain Python functions."""

from __future__ import annotations

import logging
import random as random_module
import threading
from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import Any, TypeVar, overload

from cloudlink.classic.settings import ClassicChannel
from cloudlink.clock import Clock, system_clock
from cloudlink.codec_tables import read_tables
from cloudlink.connection import CloudConnection
from cloudlink.errors import InvalidArgument
from cloudlink.foreground import stay, until_ctrl_c
from cloudlink.level import Level, checked_level
from cloudlink.link.settings import Channel
from cloudlink.link.statistics import Statistics
from cloudlink.link.topics import MOST_HELD
from cloudlink.rest.cloud_logs import get_cloud_logs
from cloudlink.rest.endpoints import checked_number
from cloudlink.rpc.budget import Budget, Spending
from cloudlink.rpc.messages import EVERYBODY
from cloudlink.rpc.router import Handler, Router
from cloudlink.serve.line import Line, Shared
from cloudlink.serve.player import Player, ReceivedRequest, the_request
from cloudlink.serve.requesters import LogTimes
from cloudlink.serve.workers import AsyncWorker, Workers
from cloudlink.transport.connection import Connection, ConnectionEvent, Disconnected
from cloudlink.transport.logs import LogSource

_log = logging.getLogger("cloudlink.server")

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

EVENTS = ("on_ready", "on_connect", "on_disconnect", "on_request", "on_unknown_request", "on_error", "on_rival")
"""The names that functions decorated with `CloudRequests.event` have."""

_FAREWELL = 2.0
"""Seconds for the last answers to go out: twenty frames on Scratch, with seven such errors each."""

MOST_EVENTS = 10_000
"""Events that wait for slow functions: as many requests as a hundred players can make in ten seconds."""


class CloudRequests:
    """Answers the requests of Scratch projects with Python functions.

    Example:
        >>> client = CloudRequests(connection)              # doctest: +SKIP
        >>> @client.request                                 # doctest: +SKIP
        ... def add(a: float, b: float):
        ...     return a + b
        >>> client.start()                                  # doctest: +SKIP

    A handler's annotations are checked and its arguments converted: see `cloudlink.rpc.convert`. What it returns
    is the answer: None, a boolean, a number, a text, bytes, a list or a dictionary. A generator answers item by item:
    the project sees each one as it comes, and the list of all at the end. To answer with an error that
    the project can read, raise `RequestError`; any other exception is logged here and reaches the project as
    "internal error". Handlers run in threads of their own, so one that waits delays no other; `async def`
    handlers run in one event loop.

    Args:
        clouds: the connections to the project's cloud variables; several are served alike, with the same handlers.
        channel: the cloud variables that carry the requests, if they are not the usual ones.
        classic: whether projects with the classic Cloud Requests sprite (☁ TO_HOST, ☁ FROM_HOST_1 to 9) are answered
            as well, by the same handlers; or the variables that these projects have.
        workers: handlers that run at the same time, `async def` ones aside.
        waiting: requests of one cloud that may run or wait at once; a further one is answered with "busy".
        client_budget: requests that one open project may make; beyond it the answer is an error, code 429.
        user_budget: the same for all open projects of one user together, by the name that they give.
        logs: for clouds with a log that is not Scratch's: what fetches its pages, by connection, such as
            `{cloud: partial(get_cloud_logs, 1, client=...)}`. It is read only if a handler demands logged names.
        log_times: how often the log is read, and how long it is waited for.
        random: where the server's epoch is drawn from.
        clock: seconds.
    """

    def __init__(
        self,
        *clouds: Connection,
        channel: Channel | None = None,
        classic: bool | ClassicChannel = True,
        workers: int = 32,
        waiting: int = 1000,
        client_budget: Budget | None = None,
        user_budget: Budget | None = None,
        logs: Mapping[Connection, LogSource] | None = None,
        log_times: LogTimes | None = None,
        random: Random | None = None,
        clock: Clock = system_clock,
    ) -> None:
        if workers < 1 or waiting < 1:
            raise InvalidArgument(f"a server needs at least one worker and one place, not {workers} and {waiting}")
        if not clouds:
            raise InvalidArgument("a server needs at least one connection, as CloudRequests(connection)")
        if len(set(clouds)) < len(clouds):
            raise InvalidArgument("a connection stands there twice, and would answer each request twice; pass it once")
        self.clouds = clouds
        self._functions: dict[str, Callable[..., Any]] = {}
        self._router = Router()
        self._held: dict[str, int] = {}
        # One thread, so that events keep their order.
        self._events_worker = Workers(1, name="cloudlink-event", waiting=MOST_EVENTS)
        self._loses_events = False
        self._shared = Shared(
            self._router,
            Workers(workers, name="cloudlink-handler"),
            AsyncWorker("cloudlink-async"),
            waiting,
            Spending(client_budget) if client_budget else None,
            Spending(user_budget) if user_budget else None,
            self._held,
            self._tell,
            clock,
        )
        random = random or random_module.SystemRandom()
        self._lines = [
            Line(
                cloud,
                self._shared,
                channel=channel or Channel(cloud.limits),
                classic=ClassicChannel(cloud.limits) if classic is True else classic or None,
                random=random,
            )
            for cloud in clouds
        ]
        self._logs = dict(logs or {})
        if not self._logs.keys() <= set(clouds):
            raise InvalidArgument("logs= names a connection that this server does not serve; pass it as a cloud too")
        self._log_times = log_times or LogTimes()
        self._watched = len(clouds)
        self._started = False
        self._stopping = False
        self._stopped = threading.Event()

    @overload
    def request(self, function: AnyFunction) -> AnyFunction: ...

    @overload
    def request(
        self, *, name: str | None = None, level: Level | str = Level.NONE
    ) -> Callable[[AnyFunction], AnyFunction]: ...

    def request(
        self, function: AnyFunction | None = None, *, name: str | None = None, level: Level | str = Level.NONE
    ) -> AnyFunction | Callable[[AnyFunction], AnyFunction]:
        """Decorate a function: it answers the requests of its name, or of `name`. The function stays as it is.

        One that wants to know who asks demands a level; see `add_request`:

            >>> @client.request(level="logged")                # doctest: +SKIP
            ... def buy(item: str):
            ...     return f"{client.get_requester()} has {item} now"

        Raises:
            InvalidArgument: see `add_request`.
        """
        if function is None:
            return partial(self._decorate, name=name, level=level)
        return self._decorate(function, name=name, level=level)

    def add_request(
        self, function: Callable[..., Any], *, name: str | None = None, level: Level | str = Level.NONE
    ) -> None:
        """Let a function answer the requests of its name, or of `name`; also while the server runs.

        With the level "logged" it runs only once the cloud's log has shown that one user made every set that carried
        the request, and `get_requester` is that user. That takes about 6 seconds, which the project has to wait for.
        If it cannot be shown, the function does not run and the project gets an error, code 403, that tells why: the
        log cannot be read, or is watched for less than 30 seconds yet, or several users have sent the same. A
        stranger can bring that about too, but no wrong name. Requests of classic projects are looked up as well.

        Args:
            function: a plain function, `async def`, or a generator of either kind.
            name: what the Scratch project asks for.
            level: how sure the asker's name has to be: "none"; "claimed", the project has to give a name, which the
                classic sprite never does; or "logged". Who does not meet it gets an error, code 403.

        Raises:
            InvalidArgument: the name is taken, the function has parameters that a request cannot fill, there is no such
                level, or it is "logged" and none of the clouds has a log.
        """
        demanded = checked_level(level)
        if demanded is Level.LOGGED and not any(self._log_of(cloud) for cloud in self.clouds):
            raise InvalidArgument(
                "this handler demands logged names, and none of the server's clouds keeps a log; connect to Scratch, "
                "pass logs={cloud: ...}, or demand 'claimed' names only"
            )
        self._router.add(function, name=name, level=demanded)
        if self._started:
            self._watch_logs()

    def remove_request(self, name: str) -> None:
        """Let nothing answer the requests of a name any more; they get the error 404.

        Raises:
            InvalidArgument: nothing does.
        """
        self._router.remove(name)

    def event(self, function: AnyFunction) -> AnyFunction:
        """Decorate a function: it is called when what its name says happens. The function stays as it is.

        ==========================  ==========================================================================
        `on_ready()`                the server answers from now on
        `on_connect(player)`        somebody asks for the first time; `player.user` is the name the project gives
        `on_disconnect(player)`     nothing was heard of a player for a lease, 300 s
        `on_request(request)`       a request came, whatever becomes of it; see `ReceivedRequest`
        `on_unknown_request(...)`   the same, where there is no handler of its name
        `on_error(request, error)`  a handler raised something other than `RequestError`
        `on_rival(cloud, name, value)`  somebody else sets a variable that only this server should set
        ==========================  ==========================================================================

        They run one after the other in a thread of their own; what they raise is logged. While 10,000 events wait,
        further ones are lost.

        Raises:
            InvalidArgument: there is no event of this name.
        """
        name = getattr(function, "__name__", "")
        if name not in EVENTS:
            raise InvalidArgument(f"there is no event called {name!r}; there are {', '.join(EVENTS)}")
        self._functions[name] = function
        return function

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """The functions that answer, with their names and parameters, in the order they were added."""
        return self._router.handlers

    @property
    def statistics(self) -> Statistics:
        """The counters of the links, all clouds together."""
        return Statistics.sum([line.statistics for line in self._lines])

    @property
    def clients(self) -> int:
        """How many clients have a session."""
        return sum(line.clients for line in self._lines)

    @property
    def players(self) -> list[Player]:
        """Who has asked for something and was heard within the lease, 300 s; of each cloud in the order they came."""
        return [player for line in self._lines for player in line.players]

    def send(self, value: Any, *, topic: str = EVERYBODY) -> int:
        """Send something that was not asked for, to all who follow a topic; each gets it once and in order.

        It is sent once for all of them. Who is away for more than 49 messages misses some, and is told how many.
        Classic projects get what is for everybody, once one has asked for something; what is too long for them (about
        118,000 characters on Scratch) they do not get, which is logged.

        Args:
            value: whatever a handler may return.
            topic: a name; if none is given, to all who listen to messages at all.

        Returns:
            How many players follow.

        Raises:
            InvalidArgument: the value has no form in digits.
            ValueTooLong: it has too many digits.
        """
        return sum(line.publish(topic, value) for line in self._lines)

    def set_topic(self, topic: str, *, held: int) -> None:
        """Say how many messages of a topic are kept for those who missed them; before anybody follows it.

        Args:
            topic: its name.
            held: 1 to 49; with 1 only the newest matters, as for positions of players in a game: nobody waits
                for an old one, and one that was not sent yet when the next comes is not sent at all.

        Raises:
            InvalidArgument: `held` is out of range.
        """
        if not 1 <= held <= MOST_HELD:
            raise InvalidArgument(f"a topic holds 1 to {MOST_HELD} messages, not {held}")
        self._held[topic] = held

    def get_request(self) -> ReceivedRequest:
        """Within a handler: the request that it answers, with how much of the answer is still to be sent.

        Raises:
            InvalidArgument: no handler runs here.
        """
        return the_request()

    def get_requester(self) -> str | None:
        """Within a handler: the name of the user who asks, or None.

        It is what the asking project says, and any project can say anything, unless the handler demands the level
        "logged": then the cloud's log says so. `get_request().level` tells which.

        Raises:
            InvalidArgument: no handler runs here.
        """
        return the_request().requester

    def get_player(self) -> Player | None:
        """Within a handler: who asks; None for a project with the classic sprite, which does not say so.

        Raises:
            InvalidArgument: no handler runs here.
        """
        return the_request().player

    def get_timestamp(self) -> float:
        """Within a handler: when the request came, in seconds since 1970.

        Raises:
            InvalidArgument: no handler runs here.
        """
        return the_request().timestamp

    def start(self, thread: bool = True) -> None:
        """Begin to answer.

        Args:
            thread: answer in the background and return at once; else stay here as `wait` does, and then `stop`.

        Raises:
            InvalidArgument: the server was started before; make a new one.
        """
        if self._started:
            raise InvalidArgument("a server starts once; make a new CloudRequests to start again")
        self._started = True
        read_tables()
        self._watch_logs()
        for line in self._lines:
            line.cloud.add_listener(self._watch)
            line.start()
        self._tell("on_ready")
        if not thread:
            with until_ctrl_c(then=self.stop):
                stay(self._stopped)

    def wait(self) -> None:
        """Stay here until `stop` is called from elsewhere, the clouds refuse us for good, or Ctrl-C.

        Ctrl-C raises nothing here, so that `stop` comes next; another one meanwhile ends the program as usual.
        """
        with until_ctrl_c():
            stay(self._stopped)

    def run(self) -> None:
        """Answer, and stay here: the same as `start(thread=False)`."""
        self.start(thread=False)

    def stop(self, timeout: float = 5.0) -> None:
        """Finish what is under way, for at most `timeout` seconds, and end all threads. Again: does nothing.

        Requests that come meanwhile are answered with "the server is stopping", an error, code 503, and so are those
        whose asker is still looked up; a look at the log that is under way is waited for. What is not finished in time
        gets the same answer, which has 2 seconds to go out. The connection stays open: it belongs to whoever made it. A
        handler that calls this is itself under way: it waits all of `timeout`.
        """
        if self._stopping or not self._started:
            return
        self._stopping = True
        for line in self._lines:
            line.close()
        self._drain(timeout)
        for line in self._lines:
            line.refuse()
        self._drain(_FAREWELL)
        for line in self._lines:
            line.cloud.remove_listener(self._watch)
            line.stop()
        self._shared.workers.stop()
        self._shared.async_worker.stop()
        self._events_worker.stop()
        self._stopped.set()

    def __enter__(self) -> CloudRequests:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _drain(self, timeout: float) -> None:
        """Wait until everything on all clouds is answered, for at most so many seconds."""
        until = self._shared.clock() + timeout
        for line in self._lines:
            line.drain(max(0.0, until - self._shared.clock()))

    def _decorate(self, function: AnyFunction, *, name: str | None, level: Level | str) -> AnyFunction:
        self.add_request(function, name=name, level=level)
        return function

    def _log_of(self, cloud: Connection) -> LogSource | None:
        """What fetches the log of a cloud; None if it keeps none."""
        if cloud in self._logs:
            return self._logs[cloud]
        if isinstance(cloud, CloudConnection) and cloud.has_log:
            return partial(get_cloud_logs, checked_number(cloud.project_id, "project_id"))
        return None

    def _watch_logs(self) -> None:
        """Look at the logs if a handler wants to know who asks."""
        if not any(handler.level is Level.LOGGED for handler in self.handlers):
            return
        for line in self._lines:
            source = self._log_of(line.cloud)
            if source is not None:
                line.watch_log(source, self._log_times)

    def _watch(self, event: ConnectionEvent) -> None:
        if isinstance(event, Disconnected) and not event.will_retry:
            _log.error("the cloud connection has ended: %s", event.reason)
            self._watched -= 1
            if not self._watched:
                self._stopped.set()

    def _tell(self, name: str, *arguments: Any) -> None:
        """Call the user's function for an event, in the events' thread."""
        function = self._functions.get(name)
        if function is None:
            return
        lost = not self._events_worker.run(partial(_call, name, function, arguments))
        if lost and not self._loses_events and not self._stopping:
            _log.warning("the event functions are too slow: %s events wait, and further ones are lost", MOST_EVENTS)
        self._loses_events = lost


def _call(name: str, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        function(*arguments)
    except BaseException:  # also SystemExit: a function ends itself, not all events
        _log.exception("the function %s failed", name)
