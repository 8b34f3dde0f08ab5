"""CloudClient: what the companion sprite does, in Python. For tests, for bots, and to try a server by hand."""

from __future__ import annotations

import math
import random as random_module
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from random import Random
from typing import Any

from cloudlink.clock import Clock, system_clock
from cloudlink.errors import CloudlinkError, InvalidArgument, NotConnected, RequestError, RequestTimeout
from cloudlink.link.client import ClientLink
from cloudlink.link.events import AnswerProgress, AnswerReceived, RequestLost
from cloudlink.link.settings import Channel, ClientTimes
from cloudlink.link.statistics import Statistics
from cloudlink.link_thread import LinkThread
from cloudlink.rpc import messages
from cloudlink.rpc.messages import MOST_TIMEOUT, Request
from cloudlink.transport.connection import Connection

Progress = Callable[[int, int], None]
"""Called with the digits of an answer that have arrived, and those of all of it (0 while that is not known)."""


@dataclass(frozen=True, slots=True)
class _Asked:
    future: Future[Any]
    deadline: float
    progress: Progress | None


class CloudClient:
    """Asks a `CloudRequests` server through the cloud, as the sprite in a Scratch project does.

    Example:
        >>> with CloudClient(connection) as player:         # doctest: +SKIP
        ...     player.request("add", 1, 2)
        3

    Args:
        cloud: the connection to the project's cloud variables.
        timeout: seconds that a request waits for its answer if it does not say otherwise.
        channel: the cloud variables that carry the requests, if they are not the usual ones.
        times: of the repeats.
        random: where names and delays are drawn from.
        clock: seconds.
    """

    def __init__(
        self,
        cloud: Connection,
        *,
        timeout: float = 10.0,
        channel: Channel | None = None,
        times: ClientTimes | None = None,
        random: Random | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._timeout = timeout
        self._clock = clock
        self._link = ClientLink(
            channel or Channel(cloud.limits), random=random or random_module.SystemRandom(), times=times
        )
        self._asked: dict[int, _Asked] = {}
        self._closed = False
        self._thread = LinkThread(
            cloud, self._link, on_event=self._handle, name="cloudlink-client", tick=self._expire, clock=clock
        )
        self._thread.start()

    @property
    def connected(self) -> bool:
        """Whether a server has answered our hello."""
        return self._link.connected

    @property
    def statistics(self) -> Statistics:
        """The counters of the link."""
        return self._link.statistics

    def wait_connected(self, timeout: float = 10.0) -> bool:
        """Wait until a server has answered our hello, for at most `timeout` seconds; whether it has."""
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
            InvalidArgument: an argument cannot be sent, or the request is too long.
            NotConnected: this client was closed.
        """
        return self.submit(name, *arguments, timeout=timeout).result()

    def submit(
        self, name: str, *arguments: Any, timeout: float | None = None, progress: Progress | None = None
    ) -> Future[Any]:
        """Ask, and go on; the future will hold the answer, or raise what `request` raises.

        Args:
            name: as for `request`.
            arguments: as for `request`.
            timeout: seconds until the future fails with `RequestTimeout`.
            progress: called, in the client's thread, as parts of a long answer arrive.
        """
        seconds = self._timeout if timeout is None else timeout
        if not seconds > 0:
            raise InvalidArgument(f"a timeout is a number of seconds above 0, not {seconds}")
        whole = math.ceil(seconds) if seconds <= MOST_TIMEOUT else None
        digits = messages.encode_request(Request(name, arguments, whole))
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        with self._thread.use() as link:
            if self._closed:
                raise NotConnected("this client was closed; make a new one")
            self._asked[link.send(digits)] = _Asked(future, self._clock() + seconds, progress)
        return future

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
            case AnswerProgress(ticket, received, total):
                asked = self._asked.get(ticket)
                if asked is not None and asked.progress is not None:
                    asked.progress(received, total)

    def _settle(self, ticket: int, digits: str) -> None:
        try:
            answer = messages.decode_answer(digits)
        except CloudlinkError as error:
            self._fail(ticket, error)
            return
        asked = self._asked.pop(ticket, None)
        if asked is not None:
            asked.future.set_result(answer)

    def _fail(self, ticket: int, error: CloudlinkError) -> None:
        asked = self._asked.pop(ticket, None)
        if asked is not None:
            asked.future.set_exception(error)

    def _expire(self, now: float) -> float | None:
        """Give up what has waited too long; when to look again."""
        for ticket, asked in list(self._asked.items()):
            if now >= asked.deadline:
                self._link.cancel(ticket, now=now)
                self._fail(ticket, RequestTimeout())
        return min((asked.deadline for asked in self._asked.values()), default=None)
