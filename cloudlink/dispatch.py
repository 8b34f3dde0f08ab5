"""Handing events to functions and loops: a bounded queue, and one thread that empties it.

any thread   push -----> [ queue ] -----> handlers, in order, one at a time
| paused?      loops over the events: for, async for
'- full: the oldest goes, and is counted
"""

from __future__ import annotations

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final, Generic, TypeVar

from cloudlink.clock import LONGEST_WAIT

_log = logging.getLogger("cloudlink.events")

MOST_WAITING: Final = 10_000
"""Most events that wait for a handler or a loop: a hundred seconds of ten users at full speed."""

Item = TypeVar("Item")
Event = TypeVar("Event")


class Dispatcher(Generic[Item, Event]):
    """A queue of events and the thread that hands them out.

    Args:
        deliver: called with each item, which is never None; returns the event that loops get, None for none.
        name: of the thread.

    Attributes:
        over: set once the thread has handed out what it ever will.
    """

    def __init__(self, deliver: Callable[[Item], Event | None], *, name: str) -> None:
        self._deliver = deliver
        self._name = name
        self._waiting: deque[Item] = deque()
        self._changed = threading.Condition()  # guards all that follows
        self._loops: tuple[_Loop[Event], ...] = ()
        self._paused = False
        self._last = False
        self._stopped = False
        self._thread: threading.Thread | None = None
        self.over = threading.Event()
        self._lost_events = 0

    @property
    def lost_events(self) -> int:
        """How many events were dropped because nobody took them in time."""
        with self._changed:
            return self._lost_events + sum(loop.lost for loop in self._loops)

    def push(self, item: Item, *, last: bool = False) -> None:
        """Put something into the queue; `last`: nothing will follow."""
        with self._changed:
            if self._stopped or self._last:
                return
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self._lost_events += 1
            self._waiting.append(item)
            self._last = last
            self._changed.notify_all()

    def start(self, *, daemon: bool) -> None:
        """Hand out events from a thread of its own; a daemon does not keep the program running."""
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=daemon)
        self._thread.start()

    def pause(self) -> None:
        """Hand out nothing until `resume`; events wait."""
        with self._changed:
            self._paused = True

    def resume(self, *, skip: bool = False) -> None:
        """Go on; `skip`: forget what has been waiting."""
        with self._changed:
            if skip:
                self._waiting.clear()
            self._paused = False
            self._changed.notify_all()

    def stop(self) -> None:
        """End the thread, and the loops; what waits is dropped. Again: does nothing."""
        self._end()
        if self._thread is not None and self._thread is not threading.current_thread() and self._thread.is_alive():
            self._thread.join()

    def loop(self) -> Iterator[Event]:
        """The events from now on, until the end."""
        loop = _SyncLoop[Event]()
        self._join(loop)
        return self._iterate(loop)

    def async_loop(self) -> AsyncIterator[Event]:
        """The events from now on, until the end, for `async for` in the running event loop."""
        loop = _AsyncLoop[Event](asyncio.get_running_loop())
        self._join(loop)
        return self._iterate_async(loop)

    def _run(self) -> None:
        try:
            while (item := self._next()) is not None:
                event = self._deliver(item)
                if event is not None:
                    for loop in self._loops:
                        loop.put(event)
        finally:
            self._end()
            self.over.set()

    def _next(self) -> Item | None:
        with self._changed:
            while not self._changed.wait_for(self._has_something, LONGEST_WAIT):
                pass
            return None if self._stopped or self._is_over() else self._waiting.popleft()

    def _has_something(self) -> bool:
        return self._stopped or (bool(self._waiting) and not self._paused) or self._is_over()

    def _is_over(self) -> bool:
        return self._last and not self._waiting

    def _end(self) -> None:
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            loops = self._loops
            self._changed.notify_all()
        for loop in loops:
            loop.end()

    def _join(self, loop: _Loop[Event]) -> None:
        with self._changed:
            self._loops = (*self._loops, loop)
            if self._stopped:
                loop.end()

    def _leave(self, loop: _Loop[Event]) -> None:
        with self._changed:
            self._loops = tuple(known for known in self._loops if known is not loop)
            self._lost_events += loop.lost

    def _iterate(self, loop: _SyncLoop[Event]) -> Iterator[Event]:
        try:
            while (event := loop.take()) is not None:
                yield event
        finally:
            self._leave(loop)

    async def _iterate_async(self, loop: _AsyncLoop[Event]) -> AsyncIterator[Event]:
        try:
            while (event := await loop.take()) is not None:
                yield event
        finally:
            self._leave(loop)


class _Loop(ABC, Generic[Event]):
    """One loop over the events: what waits for its next turn."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._over = False
        self._changed = threading.Condition()
        self.lost = 0

    def put(self, event: Event) -> None:
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self.lost += 1
            self._waiting.append(event)
        self._wake()

    def end(self) -> None:
        with self._changed:
            self._over = True
        self._wake()

    @abstractmethod
    def _wake(self) -> None: ...

    def _pop(self) -> Event | None:
        with self._changed:
            return self._waiting.popleft() if self._waiting else None


class _SyncLoop(_Loop[Event]):
    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def take(self) -> Event | None:
        with self._changed:
            while not self._changed.wait_for(lambda: self._waiting or self._over, LONGEST_WAIT):
                pass
        return self._pop()


class _AsyncLoop(_Loop[Event]):
    def __init__(self, event_loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._event_loop = event_loop
        self._news = asyncio.Event()

    def _wake(self) -> None:
        try:
            self._event_loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:  # the event loop was closed while this one was waiting in it
            _log.debug("the event loop of a loop over events is closed")

    async def take(self) -> Event | None:
        while True:
            self._news.clear()
            event = self._pop()
            if event is not None or self._over:
                return event
            await self._news.wait()
