"""One stream of sets out of two sources: the socket, and the log for what the socket does not deliver. Pure.

                 heard ----------------------------------------------> report now
    socket ----> heard, and the log was first ----> nothing: it is reported already, or is paired off
    log -------> logged, and the socket was first -> nothing: it is paired off
                 logged, and after `grace` seconds the socket has still said nothing ---> report from the log

Equal sets (one variable, one value) are interchangeable: they are counted, not told apart. So as long as every set
shows up in the log sooner or later, each is reported once, whichever source is late or loses it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from cloudlink.transport.authors import DELAY
from cloudlink.transport.logs import LogEntry

GRACE: Final = 3.0
"""Seconds that the socket may be behind the log before the log is believed to be the only one to know."""

LATE: Final = 30.0
"""Seconds after which a set that was reported from the log will not come over the socket any more."""

MOST_OPEN: Final = 20_000
"""Most sets that wait for their double from the other source; beyond that the oldest is taken to have none."""


@dataclass(slots=True)
class _Open:
    """A set that one source has told, and the other has not yet.

    Attributes:
        at: when it was told, seconds.
        entry: the log's words; None if the socket told it.
        reported: whether it was reported.
    """

    name: str
    value: str
    at: float
    entry: LogEntry | None
    reported: bool


class Merge:
    """The sets that are waiting for their double.

    Args:
        grace: seconds that the socket may be behind the log before a set is reported from the log.
        delay: seconds within which the log shows a set.
        late: seconds after which the socket will not deliver any more what the log has reported.
        own: our own name: the socket does not tell our own sets, and neither does the merged stream.
    """

    def __init__(
        self, *, own: str | None = None, grace: float = GRACE, delay: float = DELAY, late: float = LATE
    ) -> None:
        self._own = None if own is None else own.casefold()
        self._grace = grace
        self._delay = delay
        self._late = late
        self._from_socket: deque[_Open] = deque()
        self._from_log: deque[_Open] = deque()
        self._last_logged: dict[str, str] = {}

    def heard(self, name: str, value: str, *, now: float) -> bool:
        """The socket tells of a set that somebody has just made; whether to report it."""
        double = _find(self._from_log, name, value)
        if double is not None:
            self._from_log.remove(double)
            if double.reported:
                return False
        else:
            _append(self._from_socket, _Open(name, value, now, None, True))
        return True

    def caught_up(self, name: str, value: str, *, now: float) -> bool:
        """The socket tells, after a reconnect, of a value that was set meanwhile; whether to report it.

        If it is what the log says was set last, the log tells of it, and of those before it too.
        """
        return self._last_logged.get(name) != value and self.heard(name, value, now=now)

    def logged(self, entry: LogEntry, *, old: bool, now: float) -> None:
        """The log shows a set; `old`: it was there at the first look, and is not to be reported."""
        if entry.value is None:
            return
        self._note_last(entry.name, entry.value)
        double = _find(self._from_socket, entry.name, entry.value)
        if double is not None:
            self._from_socket.remove(double)
        elif not old and not self._is_own(entry):
            _append(self._from_log, _Open(entry.name, entry.value, now, entry, False))

    def looked(self, *, asked_at: float) -> None:
        """A look at the log is over: what it should have shown by now it will not show any more."""
        while self._from_socket and self._from_socket[0].at + self._delay < asked_at:
            self._from_socket.popleft()

    def due(self, *, now: float) -> list[LogEntry]:
        """The sets that the socket has not delivered in time, the oldest first; each is handed out once."""
        due = []
        while self._from_log and self._from_log[0].reported and now - self._from_log[0].at > self._late:
            self._from_log.popleft()
        for waiting in self._from_log:
            if not waiting.reported and now - waiting.at >= self._grace:
                waiting.reported = True
                assert waiting.entry is not None
                due.append(waiting.entry)
        return due

    def wakeup(self) -> float | None:
        """When the next one is due; None if none waits."""
        return next((waiting.at + self._grace for waiting in self._from_log if not waiting.reported), None)

    def _is_own(self, entry: LogEntry) -> bool:
        return self._own is not None and entry.user is not None and entry.user.casefold() == self._own

    def _note_last(self, name: str, value: str) -> None:
        self._last_logged.pop(name, None)
        self._last_logged[name] = value
        if len(self._last_logged) > MOST_OPEN:
            del self._last_logged[next(iter(self._last_logged))]


def _find(waiting: deque[_Open], name: str, value: str) -> _Open | None:
    return next((one for one in waiting if one.value == value and one.name == name), None)


def _append(waiting: deque[_Open], one: _Open) -> None:
    waiting.append(one)
    if len(waiting) > MOST_OPEN:
        waiting.popleft()
