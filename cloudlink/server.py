"""CloudRequests: a server whose handlers are plain Python functions."""

from __future__ import annotations

import asyncio
import inspect
import logging
import random as random_module
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from typing import Any, TypeVar, overload

from cloudlink.clock import Clock, system_clock
from cloudlink.errors import InvalidArgument, RequestError
from cloudlink.link.events import (
    AnswerForgotten,
    ClientLeft,
    RequestCancelled,
    RequestReceived,
    RequestTooLong,
)
from cloudlink.link.server import ServerLink
from cloudlink.link.settings import Channel
from cloudlink.link.statistics import Statistics
from cloudlink.link_thread import LinkThread
from cloudlink.rpc import messages
from cloudlink.rpc.calls import Call, Calls
from cloudlink.rpc.router import Handler, Router
from cloudlink.transport.connection import Connection, ConnectionEvent, Disconnected

_log = logging.getLogger("cloudlink.server")

_ASYNC_END = 1.0
"""Seconds that cancelled `async def` handlers have to tidy up."""

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


class CloudRequests:
    """Answers the requests of Scratch projects with Python functions.

    Example:
        >>> client = CloudRequests(connection)              # doctest: +SKIP
        >>> @client.request                                 # doctest: +SKIP
        ... def add(a: float, b: float):
        ...     return a + b
        >>> client.start()                                  # doctest: +SKIP

    A handler's annotations are checked and its arguments converted: see `cloudlink.rpc.convert`. What it returns
    is the answer: None, a boolean, a number, a text, bytes, a list or a dictionary. To answer with an error that
    the project can read, raise `RequestError`; any other exception is logged here and reaches the project as
    "internal error". Handlers run in threads of their own, so one that waits delays no other; `async def`
    handlers run in one event loop.

    Args:
        cloud: the connection to the project's cloud variables.
        channel: the cloud variables that carry the requests, if they are not the usual ones.
        workers: handlers that run at the same time, `async def` ones aside.
        waiting: requests that may run or wait at once; a further one is answered with "busy".
        random: where the server's epoch is drawn from.
        clock: seconds.
    """

    def __init__(
        self,
        cloud: Connection,
        *,
        channel: Channel | None = None,
        workers: int = 32,
        waiting: int = 1000,
        random: Random | None = None,
        clock: Clock = system_clock,
    ) -> None:
        if workers < 1 or waiting < 1:
            raise InvalidArgument(f"a server needs at least one worker and one place, not {workers} and {waiting}")
        self.cloud = cloud
        self._clock = clock
        self._router = Router()
        self._link = ServerLink(
            channel or Channel(cloud.limits), random=random or random_module.SystemRandom(), now=clock()
        )
        self._calls = Calls(self._router, most=waiting, most_digits=self._link.most_digits)
        self._workers = workers
        self._pool: ThreadPoolExecutor | None = None
        self._async_loop = _AsyncLoop()
        self._thread = LinkThread(cloud, self._link, on_event=self._handle, name="cloudlink-server", clock=clock)
        self._stopping = False
        self._stopped = threading.Event()

    @overload
    def request(self, function: AnyFunction) -> AnyFunction: ...

    @overload
    def request(self, *, name: str | None = None) -> Callable[[AnyFunction], AnyFunction]: ...

    def request(
        self, function: AnyFunction | None = None, *, name: str | None = None
    ) -> AnyFunction | Callable[[AnyFunction], AnyFunction]:
        """Decorate a function: it answers the requests of its name, or of `name`. The function stays as it is.

        Raises:
            InvalidArgument: see `add_request`.
        """
        if function is None:
            return partial(self._decorate, name=name)
        return self._decorate(function, name=name)

    def add_request(self, function: Callable[..., Any], *, name: str | None = None) -> None:
        """Let a function answer the requests of its name, or of `name`; also while the server runs.

        Raises:
            InvalidArgument: the name is taken, or the function has parameters that a request cannot fill.
        """
        self._router.add(function, name=name)

    def remove_request(self, name: str) -> None:
        """Let nothing answer the requests of a name any more; they get the error 404.

        Raises:
            InvalidArgument: nothing does.
        """
        self._router.remove(name)

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """The functions that answer, with their names and parameters, in the order they were added."""
        return self._router.handlers

    @property
    def statistics(self) -> Statistics:
        """The counters of the link."""
        return self._link.statistics

    @property
    def clients(self) -> int:
        """How many clients have a session."""
        with self._thread.use() as link:
            return len(link.clients)

    def start(self, thread: bool = True) -> None:
        """Begin to answer.

        Args:
            thread: answer in the background and return at once; else stay here until `stop` is called from
                elsewhere, the cloud refuses us for good, or the user presses Ctrl-C.

        Raises:
            InvalidArgument: the server was started before; make a new one.
        """
        if self._pool is not None:
            raise InvalidArgument("a server starts once; make a new CloudRequests to start again")
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="cloudlink-handler")
        self.cloud.add_listener(self._watch)
        self._thread.start()
        if not thread:
            try:
                self.wait()
            finally:
                self.stop()

    def wait(self) -> None:
        """Stay here until `stop` is called from elsewhere, the cloud refuses us for good, or Ctrl-C."""
        self._stopped.wait()

    def run(self) -> None:
        """Answer, and stay here: the same as `start(thread=False)`."""
        self.start(thread=False)

    def stop(self, timeout: float = 5.0) -> None:
        """Finish what is under way, for at most `timeout` seconds, and end all threads. Again: does nothing.

        Requests that come meanwhile are answered with "the server is stopping". The connection stays open: it
        belongs to whoever made it. A handler that calls this is itself under way: it waits all of `timeout`, and its
        answer is not sent.
        """
        if self._stopping or self._pool is None:
            return
        self._stopping = True
        self._thread.wait_for(lambda: not self._calls and not self._link.pending, timeout=timeout)
        self.cloud.remove_listener(self._watch)
        self._thread.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._async_loop.stop(_ASYNC_END)
        self._stopped.set()

    def __enter__(self) -> CloudRequests:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _decorate(self, function: AnyFunction, *, name: str | None) -> AnyFunction:
        self.add_request(function, name=name)
        return function

    def _watch(self, event: ConnectionEvent) -> None:
        if isinstance(event, Disconnected) and not event.will_retry:
            _log.error("the cloud connection has ended: %s", event.reason)
            self._stopped.set()

    # What follows runs in the link's thread.

    def _handle(self, event: object) -> None:
        match event:
            case RequestReceived(client, message, digits):
                self._begin(client, message, digits)
            case RequestTooLong(client, message):
                self._send_error(client, message, RequestError("the request is too long", 413))
            case AnswerForgotten(client, message):
                self._send_error(client, message, RequestError("the answer is no longer kept; ask again", 410))
            case RequestCancelled(client, message):
                with self._thread.use():
                    self._calls.cancel(client, message)
            case ClientLeft(client):
                with self._thread.use():
                    self._calls.leave(client)

    def _begin(self, client: int, message: int, digits: str) -> None:
        if self._stopping:
            self._send_error(client, message, RequestError("the server is stopping", 503))
            return
        with self._thread.use() as link:
            call = self._calls.begin(client, message, digits, now=self._clock())
            if isinstance(call, str):
                link.send(client, message, call)
                return
        if call.handler.is_async:
            self._async_loop.run(call.handler.function, call.arguments, partial(self._finish, call))
        elif self._pool is not None:
            self._pool.submit(self._run_in_pool, call)

    def _send_error(self, client: int, message: int, error: RequestError) -> None:
        with self._thread.use() as link:
            link.send(client, message, messages.encode_error(error))

    # What follows runs in a handler's thread.

    def _run_in_pool(self, call: Call) -> None:
        with self._thread.use():
            if not self._calls.may_start(call, now=self._clock()):
                return
        try:
            outcome = call.handler.function(*call.arguments)
        except BaseException as error:  # also SystemExit: a handler ends itself, not the server
            outcome = error
        if inspect.isawaitable(outcome):  # a plain function around a coroutine function
            self._async_loop.run(lambda: outcome, (), partial(self._finish, call))
        else:
            self._finish(call, outcome)

    def _finish(self, call: Call, outcome: Any) -> None:
        with self._thread.use() as link:
            digits = self._calls.finish(call, outcome)
            if digits is not None:
                link.send(call.client, call.message, digits)


class _AsyncLoop:
    """An event loop in a thread of its own, begun when the first coroutine comes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # handlers' threads come here too
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, function: Callable[..., Any], arguments: tuple[Any, ...], done: Callable[[Any], None]) -> None:
        """Run a function that returns something to await; `done` gets what comes of it, or its exception."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._run, args=(self._loop,), name="cloudlink-async", daemon=True
                )
                self._thread.start()
        asyncio.run_coroutine_threadsafe(self._follow(function, arguments, done), self._loop)

    def stop(self, timeout: float) -> None:
        """Cancel what runs and end the thread; after `timeout` seconds it is left to end when it can."""
        if self._loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._cancel_all(self._loop), self._loop)
        if threading.current_thread() is self._thread:  # a handler stops the server: the loop ends after it
            return
        self._thread.join(timeout)
        if self._thread.is_alive():
            _log.warning("an async handler does not end; it should not block or refuse to be cancelled")

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        loop.run_forever()
        loop.close()

    @staticmethod
    async def _follow(function: Callable[..., Any], arguments: tuple[Any, ...], done: Callable[[Any], None]) -> None:
        try:
            outcome = await function(*arguments)
        except BaseException as error:  # also SystemExit, which would end the loop, and being cancelled
            outcome = error
        done(outcome)

    @staticmethod
    async def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        loop.stop()
