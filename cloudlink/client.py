"""CloudClient: what the companion sprite does, in Python. For tests, for bots, and to try a server by hand."""

from __future__ import annotations

import logging
import math
import queue
import random as random_module
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from cloudlink import codec
from cloudlink.clock import Clock, system_clock
from cloudlink.codec_tables import read_tables
from cloudlink.errors import CloudlinkError, DecodeError, InvalidArgument, NotConnected, RequestError, RequestTimeout
from cloudlink.link.client import ClientLink
from cloudlink.link.events import (
    AnswerProgress,
    AnswerReceived,
    Disconnected,
    RequestLost,
    TopicGap,
    TopicMessage,
)
from cloudlink.link.settings import Channel, ClientTimes
from cloudlink.link.statistics import Statistics
from cloudlink.link_thread import LinkThread
from cloudlink.rpc import messages
from cloudlink.rpc.messages import EVERYBODY, ME, MOST_TIMEOUT, ItemReader, Request
from cloudlink.transport.connection import Connection

_log = logging.getLogger("cloudlink.client")

Progress = Callable[[int, int], None]
"""Called with the digits of an answer that have arrived, and those of all of it (0 while that is not known)."""


__all__ = ["EVERYBODY", "ME", "CloudClient"]

OnItem = Callable[[Any], None]
OnMessage = Callable[[Any], None]


@dataclass(slots=True)
class _Asked:
    future: Future[Any]
    seconds: float
    deadline: float
    progress: Progress | None
    on_item: OnItem | None
    items: ItemReader = field(default_factory=ItemReader)


@dataclass(frozen=True, slots=True)
class _Own:
    """A request of our own, and what to do with its answer; None if the server refuses it."""

    request: Request
    done: Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class _Expired:
    """A request was given up."""

    asked: _Asked


@dataclass(slots=True)
class _Followed:
    """A topic, and what to do with its messages."""

    on_message: OnMessage
    topic: int | None = None  # its number, once the server has told it
    missed: int = 0


def _ignore(answer: Any) -> None:
    pass


def _call(function: Callable[..., Any], *arguments: Any) -> None:
    """Call a function of the user's: what it raises is logged, and the answer goes on."""
    try:
        function(*arguments)
    except Exception:
        _log.exception("%r failed", function)


class CloudClient:
    """Asks a `CloudRequests` server through the cloud, as the sprite in a Scratch project does.

    Example:
        >>> with CloudClient(connection) as player:         # doctest: +SKIP
        ...     player.request("add", 1, 2)
        3

    Args:
        cloud: the connection to the project's cloud variables.
        user: the name to give to the server.
        timeout: seconds that a request waits for its answer if it does not say otherwise.
        languages: the language packs in which answers may come, such as "es" (see `cloudlink.codec.LANGUAGES`): fewer
            digits for texts of these languages, for four digits more in each request.
        channel: the cloud variables that carry the requests, if they are not the usual ones.
        times: of the repeats.
        random: where names and delays are drawn from.
        clock: seconds.
    """

    def __init__(
        self,
        cloud: Connection,
        *,
        user: str | None = None,
        timeout: float = 10.0,
        languages: Iterable[str] = (),
        channel: Channel | None = None,
        times: ClientTimes | None = None,
        random: Random | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._timeout = timeout
        self._languages = codec.check_languages(languages)
        read_tables(self._languages)
        self._clock = clock
        self._link = ClientLink(
            channel or Channel(cloud.limits), random=random or random_module.SystemRandom(), times=times
        )
        self._user = user
        self._asked: dict[int, _Asked] = {}
        self._followed: dict[str, _Followed] = {}
        self._tickets: dict[int, _Own] = {}
        self._asked_about: set[str] = set()  # topics, while the server is asked to let us follow or unfollow them
        self._closed = False
        self._thread = LinkThread(
            cloud, self._link, on_event=self._handle, name="cloudlink-client", tick=self._expire, clock=clock
        )
        self._thread.start()
        if user is not None:
            with self._thread.use() as link:
                self._ask_own(link, messages.HELLO, user)

    @property
    def connected(self) -> bool:
        """Whether a server has answered our hello."""
        return self._link.connected

    @property
    def statistics(self) -> Statistics:
        """The counters of the link."""
        return self._link.statistics

    def wait_connected(self, timeout: float = 10.0) -> bool:
        """Wait until a server has answered our hello, for at most `timeout` seconds; whether it has.

        Raises:
            InvalidArgument: this is the client's own thread.
        """
        self._check_thread()
        return self._thread.wait_for(lambda: self._link.connected, timeout=timeout)

    def request(self, name: str, *arguments: Any, timeout: float | None = None) -> Any:
        """Ask, and wait for the answer.

        Args:
            name: of the server's handler.
            arguments: None, booleans, numbers, texts, bytes, lists and dictionaries.
            timeout: seconds to wait.

        Raises:
            RequestTimeout: no answer came in time.
            RequestError: the answer is an error.
            InvalidArgument: an argument cannot be sent, the request is too long, or this is the client's own thread, in
                which functions for items, messages, progress and futures are called.
            NotConnected: this client was closed.
        """
        self._check_thread()
        return self.submit(name, *arguments, timeout=timeout).result()

    def submit(
        self,
        name: str,
        *arguments: Any,
        timeout: float | None = None,
        progress: Progress | None = None,
        on_item: OnItem | None = None,
    ) -> Future[Any]:
        """Ask, and go on; the future will hold the answer, or raise what `request` raises.

        Args:
            name: as for `request`.
            arguments: as for `request`.
            timeout: seconds until the future fails with `RequestTimeout`.
            progress: called, in the client's thread, as parts of a long answer arrive.
            on_item: called, in the client's thread, with each item of an answer that comes item by item. The timeout
                begins anew with each.
        """
        seconds = self._timeout if timeout is None else timeout
        if not seconds > 0:
            raise InvalidArgument(f"a timeout is a number of seconds above 0, not {seconds}")
        whole = math.ceil(seconds) if seconds <= MOST_TIMEOUT else None
        digits = messages.encode_request(Request(name, arguments, whole, self._languages))
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        with self._thread.use() as link:
            if self._closed:
                raise NotConnected("this client was closed; make a new one")
            ticket = link.send(digits)
            self._asked[ticket] = _Asked(future, seconds, self._clock() + seconds, progress, on_item)
        return future

    def stream(self, name: str, *arguments: Any, timeout: float | None = None) -> Iterator[Any]:
        """Ask a handler that is a generator, and take the items of its answer as they come.

        Args:
            name: as for `request`.
            arguments: as for `request`.
            timeout: seconds to wait for each item.

        Raises:
            As `request`, also after some items.
        """
        self._check_thread()
        items: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
        future = self.submit(name, *arguments, timeout=timeout, on_item=lambda item: items.put((True, item)))
        future.add_done_callback(lambda done: items.put((False, None)))
        while (found := items.get())[0]:
            yield found[1]
        future.result()

    def follow(self, on_message: OnMessage, *, topic: str = EVERYBODY) -> None:
        """Listen to what the server sends unasked; also again after it was started anew.

        Args:
            on_message: called with each message, in the client's thread, once and in order.
            topic: its name; if none is given, what goes to everybody. What the server sends to this player
                alone is the topic `cloudlink.client.ME`.

        Raises:
            InvalidArgument: the topic is followed already.
            NotConnected: this client was closed.
        """
        with self._thread.use() as link:
            if self._closed:
                raise NotConnected("this client was closed; make a new one")
            if topic in self._followed:
                raise InvalidArgument(f"the topic {topic!r} is followed already; unfollow it first")
            self._followed[topic] = _Followed(on_message)
            self._ask_about(link, topic)

    def unfollow(self, topic: str = EVERYBODY) -> None:
        """Listen no longer; a topic that was not followed is fine."""
        with self._thread.use() as link:
            followed = self._followed.pop(topic, None)
            if followed is None:
                return
            if followed.topic is not None:
                link.unfollow(followed.topic)
            self._ask_about(link, topic)

    def follows(self, topic: str = EVERYBODY) -> bool:
        """Whether the server knows that we follow a topic; what it sent before did not reach us."""
        with self._thread.use():
            return self._knows_follower(topic)

    def wait_follows(self, topic: str = EVERYBODY, timeout: float = 10.0) -> bool:
        """Wait until the server knows that we follow a topic, for at most `timeout` seconds; whether it does.

        Raises:
            InvalidArgument: this is the client's own thread.
        """
        self._check_thread()
        return self._thread.wait_for(lambda: self._knows_follower(topic), timeout=timeout)

    def _check_thread(self) -> None:
        """Refuse to wait in the thread that brings what is waited for."""
        if self._thread.is_current:
            raise InvalidArgument(
                "this function is called in the client's own thread, and nothing arrives before it returns; "
                "use submit() and add_done_callback(), or ask from another thread"
            )

    def _knows_follower(self, topic: str) -> bool:
        followed = self._followed.get(topic)
        return followed is not None and followed.topic is not None

    def missed(self, topic: str = EVERYBODY) -> int:
        """How many messages of a topic came while we were away, and are no longer to be had."""
        with self._thread.use():
            followed = self._followed.get(topic)
            return followed.missed if followed is not None else 0

    def close(self) -> None:
        """End the thread; requests under way fail with `NotConnected`. The connection stays open."""
        self._thread.stop()
        with self._thread.use():
            self._closed = True
            asked, self._asked = self._asked, {}
        for request in asked.values():
            request.future.set_exception(NotConnected("the client was closed before the answer came"))

    def __enter__(self) -> CloudClient:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # What follows runs in the link's thread.

    def _handle(self, event: object) -> None:
        match event:
            case AnswerReceived(ticket, digits):
                self._settle(ticket, digits)
            case RequestLost(ticket):
                self._fail(ticket, RequestError("the server was started anew while it worked on this; ask again", 503))
            case AnswerProgress(ticket, received, total, fresh):
                self._progress(ticket, received, total, fresh)
            case TopicMessage(topic, digits):
                self._take_message(topic, digits)
            case TopicGap(topic, lost):
                for followed in self._followed.values():
                    followed.missed += lost if followed.topic == topic else 0
            case Disconnected():
                self._follow_again()
            case _Expired(asked):
                asked.future.set_exception(RequestTimeout())

    def _progress(self, ticket: int, received: int, total: int, fresh: str) -> None:
        asked = self._asked.get(ticket)
        if asked is None:
            return
        if asked.progress is not None:
            _call(asked.progress, received, total)
        try:
            self._give_items(asked, fresh)
        except CloudlinkError as error:
            self._fail(ticket, error)

    def _give_items(self, asked: _Asked, fresh: str) -> None:
        for item in asked.items.read(fresh):
            asked.deadline = self._clock() + asked.seconds
            if asked.on_item is not None:
                _call(asked.on_item, item)

    def _settle(self, ticket: int, digits: str) -> None:
        own = self._tickets.pop(ticket, None)
        asked = self._asked.get(ticket)
        try:
            answer = self._answer(asked, digits)
        except CloudlinkError as error:
            if own is not None:
                _log.warning("the server refuses %s %r: %s", own.request.name, own.request.arguments, error)
                own.done(None)
            self._fail(ticket, error)
            return
        if own is not None:
            own.done(answer)
        if self._asked.pop(ticket, None) is not None and asked is not None:
            asked.future.set_result(answer)

    def _answer(self, asked: _Asked | None, digits: str) -> Any:
        if asked is not None and digits.startswith(messages.ITEMS):  # else maybe an error in place of the items
            self._give_items(asked, digits[asked.items.taken :])
            return asked.items.end()
        return messages.decode_answer(digits)

    # Our own requests, which nobody waits for: the link repeats them until they are answered.

    def _ask_own(self, link: ClientLink, name: str, argument: str, done: Callable[[Any], None] = _ignore) -> None:
        request = Request(name, (argument,))
        self._tickets[link.send(messages.encode_request(request))] = _Own(request, done)

    def _ask_about(self, link: ClientLink, topic: str) -> None:
        """Have the server know whether we follow a topic: one question at a time, for they may overtake each other."""
        if topic in self._asked_about:
            return
        self._asked_about.add(topic)
        followed = self._followed.get(topic)
        name = messages.UNFOLLOW if followed is None else messages.FOLLOW
        self._ask_own(link, name, topic, partial(self._know_about, topic, followed))

    def _know_about(self, topic: str, followed: _Followed | None, answer: Any) -> None:
        with self._thread.use() as link:
            self._asked_about.discard(topic)
            if self._followed.get(topic) is not followed:  # the user has decided otherwise meanwhile
                self._ask_about(link, topic)
                return
            match answer:
                case [int(number), int(message), int(held)] if followed is not None:
                    followed.topic = number
                    link.follow(number, message, held=held, now=self._clock())

    def _follow_again(self) -> None:
        """The server has forgotten us: tell it who we are and what we follow."""
        with self._thread.use() as link:
            for ticket in self._tickets:  # the link would repeat them, and they may overtake those that follow
                link.cancel(ticket, now=self._clock())
            self._tickets.clear()
            self._asked_about.clear()
            if self._user is not None:
                self._ask_own(link, messages.HELLO, self._user)
            for topic, followed in self._followed.items():
                followed.topic = None
                self._ask_about(link, topic)

    def _take_message(self, topic: int, digits: str) -> None:
        for followed in list(self._followed.values()):
            if followed.topic == topic:
                try:
                    value = codec.decode(digits)
                except DecodeError:
                    _log.warning("a message cannot be read: %.80s", digits)
                    return
                followed.on_message(value)

    def _fail(self, ticket: int, error: CloudlinkError) -> None:
        asked = self._asked.pop(ticket, None)
        if asked is not None:
            asked.future.set_exception(error)

    def _expire(self, now: float) -> float | None:
        """Give up what has waited too long; when to look again."""
        for ticket, asked in list(self._asked.items()):
            if now >= asked.deadline:
                self._link.cancel(ticket, now=now)
                self._thread.tell(_Expired(self._asked.pop(ticket)))
        return min((asked.deadline for asked in self._asked.values()), default=None)
