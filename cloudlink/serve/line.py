"""A line: one cloud of a server, with its link, its players and the calls that came over it."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import logging
import math
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import aclosing, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any

from cloudlink import codec
from cloudlink.classic.events import ClassicRequest
from cloudlink.classic.server import ClassicServer
from cloudlink.classic.settings import ClassicChannel
from cloudlink.clock import Clock
from cloudlink.codec_tables import read_tables
from cloudlink.errors import DecodeError, RequestError, ValueTooLong
from cloudlink.level import Level
from cloudlink.link.events import (
    AnswerForgotten,
    Carrier,
    ClientLeft,
    RequestCancelled,
    RequestReceived,
    RequestTooLong,
    RivalSeen,
)
from cloudlink.link.pacer import Pacer
from cloudlink.link.server import ServerLink
from cloudlink.link.settings import Channel
from cloudlink.link.statistics import Statistics
from cloudlink.link_thread import LinkThread
from cloudlink.rpc import calls, messages
from cloudlink.rpc.budget import Spending
from cloudlink.rpc.calls import Call, Calls
from cloudlink.rpc.convert import as_scratch_text
from cloudlink.rpc.messages import Request
from cloudlink.rpc.router import Router
from cloudlink.serve.ends import Ends
from cloudlink.serve.player import Player, ReceivedRequest, current_request
from cloudlink.serve.requesters import LogTimes, Requesters, nameless, no_log, stopping
from cloudlink.serve.topic_names import TopicNames
from cloudlink.serve.workers import AsyncWorker, Workers
from cloudlink.transport.connection import Connection, Origin, VariableSet
from cloudlink.transport.logs import LogSource

_log = logging.getLogger("cloudlink.server")

_MOST_UNSENT = 1000
"""Digits of an answer that comes item by item: while more wait to be sent, its generator waits too."""

_CLASSIC = -1
"""In place of a client's number: whoever has sent a classic request, which does not say."""

_MOST_CLASSIC_ITEMS = 10_000
"""Items of a generator's answer to a classic project: one answer holds them all."""

_MOST_USER_NAME = 50
"""Characters; Scratch's own names have at most 20."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all lines of a server have in common.

    Attributes:
        router: where the handlers are.
        workers: where plain functions run.
        async_worker: where coroutines run.
        waiting: calls that may run or wait at once on one line.
        spending: what each client may ask, or None.
        user_spending: what each user may ask, or None.
        held: messages that can be asked for again, of topics that are not as usual.
        tell: calls the user's event function of a name with these arguments, if there is one.
        clock: seconds.
    """

    router: Router
    workers: Workers
    async_worker: AsyncWorker
    waiting: int
    spending: Spending | None
    user_spending: Spending | None
    held: dict[str, int]
    tell: Callable[..., None]
    clock: Clock


class Line:
    """One cloud of a server.

    Args:
        cloud: the connection.
        shared: what all lines have in common.
        channel: the cloud variables that carry the requests.
        classic: the variables that carry the classic sprite's requests, or None where it is not served.
        random: where the server's epoch is drawn from.
    """

    def __init__(
        self, cloud: Connection, shared: Shared, *, channel: Channel, classic: ClassicChannel | None, random: Random
    ) -> None:
        self.cloud = cloud
        self._shared = shared
        now, pacer = shared.clock(), Pacer(channel.downlink_interval)
        self._link = ServerLink(channel, random=random, now=now, pacer=pacer)
        self._classic = ClassicServer(classic, pacer=pacer, random=random, now=now) if classic is not None else None
        ends = Ends(self._link, self._classic)
        self._calls = Calls(shared.router, most=shared.waiting)
        self._players: dict[int, Player] = {}
        self._topics = TopicNames(self._link, shared.held)
        self._thread = LinkThread(
            cloud,
            ends,
            receive=self._take,
            on_event=self._handle,
            name="cloudlink-server",
            tick=self._pass_time,
            clock=shared.clock,
        )
        self._ends = ends
        self._requesters: Requesters | None = None  # where no handler wants to know, nobody looks at the log
        self._stopping = False

    @property
    def statistics(self) -> Statistics:
        """The counters of both protocols."""
        if self._classic is None:
            return self._link.statistics
        return Statistics.sum([self._link.statistics, self._classic.statistics])

    @property
    def clients(self) -> int:
        """How many clients have a session."""
        with self._use() as link:
            return len(link.clients)

    @property
    def players(self) -> list[Player]:
        """Who has asked for something and is still here, in the order they came."""
        with self._thread.use():
            return list(self._players.values())

    def has(self, client: int) -> bool:
        """Whether a client has a session."""
        with self._thread.use():
            return client in self._players

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def watch_log(self, source: LogSource, times: LogTimes) -> None:
        """Find out from now on who asks. Again, or when it is closed: does nothing."""
        with self._thread.use():
            if self._requesters is None and not self._stopping:
                self._requesters = Requesters(source, times, clock=self._shared.clock)

    def close(self) -> None:
        """Answer further requests with "the server is stopping", and those whose asker is still looked up."""
        with self._thread.use():
            self._stopping = True
        if self._requesters is not None:
            self._requesters.close()

    def drain(self, timeout: float) -> None:
        """Wait until all is answered, and the answers are sent, for at most so many seconds."""
        self._thread.wait_for(self._is_drained, timeout=timeout)

    def _is_drained(self) -> bool:
        unsent = self._ends.pending and not self._thread.over
        return not (self._thread.busy or self._calls or unsent)

    def refuse(self) -> None:
        """Answer what still runs or waits with "the server is stopping"; what comes of it is dropped."""
        with self._use() as link:
            for call in self._calls.clear():
                if call.client == _CLASSIC:
                    self._send_classic(call.message, stopping())
                elif link.is_begun(call.client, call.message):
                    self._send_end(link, call, "", stopping())
                else:
                    self._send_error(call.client, call.message, stopping())

    def stop(self) -> None:
        """End the thread; nobody waits for the calls that still run."""
        self._thread.stop()
        with self._thread.use():
            self._calls.clear()

    @contextmanager
    def _use(self) -> Iterator[ServerLink]:
        with self._thread.use():
            yield self._link

    # Messages that nobody asked for

    def publish(self, topic: str, value: Any) -> int:
        """Send a value to all who follow a topic; how many do. Classic projects get what is for everybody."""
        digits = codec.encode(value)
        with self._use() as link:
            followers = self._publish(link, self._topics.shared(topic), digits)
            if topic == messages.EVERYBODY and self._classic is not None and self._classic.statistics.messages_received:
                self._push_classic(self._classic, value)
            return followers

    @staticmethod
    def _push_classic(classic: ClassicServer, value: Any) -> None:
        """Anybody can ask in the classic way, so what is too long for such projects alone is no fault of the sender."""
        try:
            classic.push(value)
        except ValueTooLong as error:
            _log.error("a message was not sent to classic projects: %s", error)

    def send(self, client: int, value: Any) -> bool:
        """Send a value to one client; whether it listens."""
        digits = codec.encode(value)
        with self._use() as link:
            return bool(self._publish(link, self._topics.own(client), digits))

    def _publish(self, link: ServerLink, topic: int | None, digits: str) -> int:
        if topic is None:
            return 0
        link.publish(topic, digits, now=self._shared.clock())
        return link.followers(topic)

    # What follows runs in the link's thread.

    def _take(self, arrived: VariableSet, now: float, age: float) -> None:
        # Who has set what was there before us, or came while we were away, is not to be had: it is not known when.
        known = self._requesters is not None and arrived.origin is Origin.LIVE
        received_at = arrived.received_at if known else None
        self._ends.receive(arrived.name, arrived.value, now=now, age=age, received_at=received_at)

    def _pass_time(self, now: float) -> float:
        """Do what time alone brings, also while the connection is down; when to do so again."""
        due = self._link.expire(now=now)
        while (event := self._link.next_event()) is not None:
            self._thread.tell(event)
        look = None if self._requesters is None else self._requesters.give_up(now=now)
        return due if look is None else min(due, look)

    def _handle(self, event: object) -> None:
        match event:
            case RequestReceived():
                self._receive(event)
            case RequestTooLong(client, message):
                self._send_error(client, message, RequestError("the request is too long", 413))
            case AnswerForgotten(client, message):
                self._send_error(client, message, RequestError("the answer is no longer kept; ask again", 410))
            case RequestCancelled(client, message):
                with self._thread.use():
                    self._calls.cancel(client, message)
            case ClientLeft(client):
                self._leave(client)
            case ClassicRequest():
                self._begin_classic(event)
            case RivalSeen(name, value):
                _log.warning(
                    "somebody else sets %s, which only this server should: a second server of the same project, or "
                    "somebody who plays tricks; players may get wrong answers (%.40s)",
                    name,
                    value,
                )
                self._shared.tell("on_rival", self.cloud, name, value)

    def _receive(self, event: RequestReceived) -> None:
        client, message = event.client, event.message
        try:
            request = messages.decode_request(event.digits)
        except DecodeError as error:
            self._send_error(client, message, RequestError(f"the request cannot be read: {error}"))
            return
        with self._thread.use():
            new = client not in self._players
            player = self._players.setdefault(client, Player(self, client))
        if request.name == messages.HELLO:
            player.user = _user_name(request.arguments)
        if new:
            self._shared.tell("on_connect", player)
        if request.name.startswith(messages.OWN_PREFIX):
            self._answer_own(client, message, request)
        else:
            self._begin(player, event, request)

    def _answer_own(self, client: int, message: int, request: Request) -> None:
        """Answer a request of the other end itself."""
        try:
            with self._use() as link:
                answer: Any = None
                match request.name, request.arguments:
                    case messages.HELLO, _:
                        pass
                    case messages.FOLLOW, (str() | int() as name,):
                        answer = self._topics.follow(client, _as_text(name))
                    case messages.UNFOLLOW, (str() | int() as name,):
                        self._topics.unfollow(client, _as_text(name))
                    case _:
                        raise RequestError(f"there is no request called {request.name[:60]!r}", 404)
                link.send(client, message, messages.encode_answer(answer))
        except RequestError as error:
            self._send_error(client, message, error)

    def _begin(self, player: Player, event: RequestReceived, request: Request) -> None:
        client, message = event.client, event.message
        unsent = partial(self._unsent, client, message)
        level = Level.NONE if player.user is None else Level.CLAIMED
        received = ReceivedRequest(request.name, request.arguments, player, player.user, time.time(), level, unsent)
        try:
            self._spend((id(self), client), player.user)
            self._start(client, message, request, received, event.carriers)
        except RequestError as error:
            self._send_error(client, message, error)

    def _unsent(self, client: int, message: int) -> int:
        with self._thread.use():
            return self._link.unsent(client, message)

    def _begin_classic(self, event: ClassicRequest) -> None:
        request = Request(event.name, event.arguments)
        level = Level.NONE if event.user is None else Level.CLAIMED
        received = ReceivedRequest(event.name, event.arguments, None, event.user, time.time(), level, lambda: 0)
        try:
            self._spend(None, event.user)
            self._start(_CLASSIC, event.request, request, received, event.carriers)
        except RequestError as error:
            self._send_classic(event.request, error)

    def _start(
        self,
        client: int,
        message: int,
        request: Request,
        received: ReceivedRequest,
        carriers: tuple[Carrier, ...],
    ) -> None:
        """Let a handler run, once it is known who asks if it wants to know.

        Raises:
            RequestError: what to answer instead.
        """
        self._shared.tell("on_request", received)
        if self._stopping:
            raise stopping()
        try:
            with self._thread.use():
                call = self._calls.begin(client, message, request, now=self._shared.clock())
        except RequestError as error:
            if error.code == 404:
                self._shared.tell("on_unknown_request", received)
            raise
        if received.level.meets(call.handler.level):
            self._launch(call, received)
        elif call.handler.level is Level.CLAIMED:
            self._finish(call, received, nameless())
        elif self._requesters is None:
            self._finish(call, received, no_log())
        else:
            self._requesters.ask(carriers, partial(self._identify, call, received))

    def _identify(self, call: Call, received: ReceivedRequest, found: str | RequestError) -> None:
        """Let a handler run whose asker has been looked up, in any thread."""
        if isinstance(found, RequestError):
            self._finish(call, received, found)
        elif self._may_start(call):
            self._launch(call, replace(received, requester=found, level=Level.LOGGED))

    def _launch(self, call: Call, received: ReceivedRequest) -> None:
        read_tables(call.languages)  # not in the handlers' threads, which would each do it
        if call.handler.is_async:
            self._shared.async_worker.run(lambda: self._run_async(call, received, None))
        else:
            self._shared.workers.run(partial(self._run, call, received))

    def _spend(self, client: tuple[int, int] | None, user: str | None) -> None:
        now = self._shared.clock()
        for spending, who in ((self._shared.spending, client), (self._shared.user_spending, user)):
            if spending is not None and who is not None and not spending.allows(who, now=now):
                raise RequestError("too many requests; wait a moment", 429)

    def _leave(self, client: int) -> None:
        with self._thread.use():
            self._calls.leave(client)
            self._topics.close_unfollowed()
            player = self._players.pop(client, None)
        if player is not None:
            self._shared.tell("on_disconnect", player)

    def _send_error(self, client: int, message: int, error: RequestError) -> None:
        digits = calls.encode_error(error, most_digits=self._link.most_digits)
        with self._use() as link:
            link.send(client, message, digits)

    def _send_classic(self, request: int, outcome: Any) -> None:
        with self._thread.use():
            if self._classic is not None:
                self._classic.send(request, outcome)

    # What follows runs in a handler's thread.

    def _may_start(self, call: Call) -> bool:
        with self._thread.use():
            return self._calls.may_start(call, now=self._shared.clock())

    def _run(self, call: Call, received: ReceivedRequest) -> None:
        if not self._may_start(call):
            return
        token = current_request.set(received)
        outcome: Any
        try:
            outcome = call.handler.function(*call.arguments)
            if inspect.isgenerator(outcome):
                if call.client != _CLASSIC:
                    self._stream(call, received, outcome)
                    return
                with closing(outcome):
                    outcome = list(itertools.islice(outcome, _MOST_CLASSIC_ITEMS))
        except BaseException as error:  # also SystemExit: a handler ends itself, not the server
            outcome = error
        finally:
            current_request.reset(token)
        if inspect.isawaitable(outcome) or inspect.isasyncgen(outcome):  # a plain function around an async one
            self._shared.async_worker.run(lambda: self._run_async(call, received, outcome))
        else:
            self._finish(call, received, outcome)

    async def _run_async(self, call: Call, received: ReceivedRequest, awaitable: Any) -> None:
        current_request.set(received)
        try:
            result = call.handler.function(*call.arguments) if awaitable is None else awaitable
            outcome: Any
            if inspect.isasyncgen(result):
                if call.client != _CLASSIC:
                    await self._stream_async(call, received, result)
                    return
                outcome = [item async for item in _first(result, _MOST_CLASSIC_ITEMS)]
            else:
                outcome = await result
        except BaseException as error:  # also SystemExit, which would end the loop, and being cancelled
            outcome = error
        self._finish(call, received, outcome)

    def _finish(self, call: Call, received: ReceivedRequest, outcome: Any) -> None:
        if self._was_ended(call, outcome):
            return
        if isinstance(outcome, BaseException) and not isinstance(outcome, RequestError):
            self._shared.tell("on_error", received, outcome)
        if call.client == _CLASSIC:
            self._finish_classic(call, outcome)
            return
        digits = calls.encode_outcome(call, outcome, most_digits=self._link.most_digits)
        with self._use() as link:
            if self._calls.finish(call):
                link.send(call.client, call.message, digits)

    def _finish_classic(self, call: Call, outcome: Any) -> None:
        if isinstance(outcome, BaseException):
            outcome = calls.as_error(call, outcome)
        with self._thread.use():
            wanted = self._calls.finish(call)
        if wanted:
            self._send_classic(call.message, outcome)

    # Answers item by item; classic projects get them all at once

    def _stream(self, call: Call, received: ReceivedRequest, items: Generator[Any, Any, Any]) -> None:
        """Send what a generator yields, no faster than it can be sent."""
        error: BaseException | None = None
        prefix = messages.ITEMS
        try:
            with closing(items):
                for item in items:
                    self._send_piece(call, prefix + calls.encode_item(call, item))
                    prefix = ""
                    self._thread.wait_for(partial(self._has_room, call), timeout=math.inf)
                    if not self._is_wanted(call):
                        break
        except BaseException as raised:  # see `_run`
            error = raised
        self._end_stream(call, received, prefix, error)

    async def _stream_async(self, call: Call, received: ReceivedRequest, items: AsyncGenerator[Any, Any]) -> None:
        error: BaseException | None = None
        prefix = messages.ITEMS
        try:
            async with aclosing(items):
                async for item in items:
                    self._send_piece(call, prefix + calls.encode_item(call, item))
                    prefix = ""
                    while not self._has_room(call):
                        await asyncio.sleep(self.cloud.limits.set_interval)
                    if not self._is_wanted(call):
                        break
        except BaseException as raised:  # see `_run_async`
            error = raised
        self._end_stream(call, received, prefix, error)

    def _send_piece(self, call: Call, digits: str) -> None:
        with self._use() as link:
            if self._calls.wanted(call):
                link.send(call.client, call.message, digits, whole=False)

    def _has_room(self, call: Call) -> bool:
        unsent = self._link.unsent(call.client, call.message)
        return unsent < _MOST_UNSENT or not self._calls.wanted(call)

    def _is_wanted(self, call: Call) -> bool:
        with self._thread.use():
            return self._calls.wanted(call)

    def _was_ended(self, call: Call, outcome: Any) -> bool:
        """Whether a handler has not failed, but was ended by the server's stopping."""
        return isinstance(outcome, asyncio.CancelledError) and not self._is_wanted(call)

    def _end_stream(self, call: Call, received: ReceivedRequest, prefix: str, error: BaseException | None) -> None:
        if self._was_ended(call, error):
            return
        sendable: RequestError | None = None
        if isinstance(error, ValueTooLong):
            _log.error("the answer of %s was cut: it has more items than the link carries", call.handler.name)
            sendable = RequestError("the answer is too long", 413)
        elif error is not None:
            sendable = calls.readable(calls.as_error(call, error))
            if not isinstance(error, RequestError):
                self._shared.tell("on_error", received, error)
        with self._use() as link:
            if self._calls.finish(call):
                self._send_end(link, call, prefix, sendable)

    def _send_end(self, link: ServerLink, call: Call, prefix: str, error: RequestError | None) -> None:
        try:
            link.send(call.client, call.message, prefix + messages.encode_end(error))
        except ValueTooLong:  # where so little room is left, a short error still fits
            too_long = RequestError("the answer is too long", 413)
            link.send(call.client, call.message, prefix + messages.encode_end(too_long))


async def _first(items: AsyncGenerator[Any, Any], most: int) -> AsyncGenerator[Any, None]:
    """The first of some items."""
    async with aclosing(items):
        count = 0
        async for item in items:
            yield item
            count += 1
            if count == most:
                return


def _user_name(arguments: tuple[Any, ...]) -> str | None:
    match arguments:
        case (str() | int() as name, *_) if 0 < len(_as_text(name)) <= _MOST_USER_NAME:
            return _as_text(name)
    return None


def _as_text(name: str | int) -> str:
    """A name, which a project sends as a number if it consists of digits."""
    return name if isinstance(name, str) else as_scratch_text(name)
