"""The life of a connection that is to be held open for years: a pure table of states; time comes in as `now`.

                     lost                        down for `outage_after` s
    CONNECTED ------------------> RECONNECTING ------------------------> OUTAGE
        ^  '<------- opened ----------'                                     |
        '<----------------------- opened -----------------------------------'
    any of them -- a fatal close code --> REFUSED        any of them -- disconnect --> CLOSED

The shell reports what happens and asks when the next attempt is due. Time should go on while the computer sleeps
(`cloudlink.clock.RealTime`), so that an attempt is due as soon as it wakes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from enum import Enum

from cloudlink.errors import InvalidArgument
from cloudlink.transport.backoff import Backoff


class State(Enum):
    """How a connection is."""

    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    OUTAGE = "outage"
    REFUSED = "refused"
    CLOSED = "closed"

    @property
    def final(self) -> bool:
        """Whether nothing follows: the connection was closed, or the server does not want us."""
        return self in (State.REFUSED, State.CLOSED)


class Cause(Enum):
    """What a look at the server found while the connection was down."""

    NETWORK = "this computer's network is down, or the server's name is not found"
    SERVER = "the server does not answer, or says that it is ill"
    CLOUD = "the server is up, but its cloud does not take us"


@dataclass(frozen=True, slots=True)
class Status:
    """How a connection is, and since when.

    Attributes:
        state: the state.
        reason: why it is not connected, in words; "" if it is.
        since: when the connection went up or down, seconds of the connection's clock.
        attempts: how many attempts to connect again have failed since it went down.
        code: the websocket close code with which it went down, if there was one.
        cause: during an outage, what a look at the server found; None if nobody looked.
    """

    state: State
    reason: str
    since: float
    attempts: int = 0
    code: int | None = None
    cause: Cause | None = None


class Life:
    """What has become of a connection, and when to try again.

    Args:
        backoff: how long to wait between the attempts.
        outage_after: seconds that a connection is down before this counts as an outage.
        random_source: for the jitter.
        now: when the connection was opened first.
    """

    def __init__(self, backoff: Backoff, *, outage_after: float, random_source: random.Random, now: float) -> None:
        if not outage_after > 0:
            raise InvalidArgument(f"outage_after is seconds, above 0, not {outage_after!r}")
        self._backoff = backoff
        self._outage_after = outage_after
        self._random = random_source
        self._tries = 0  # since a connection last held for `stable` seconds
        self._due = now
        self.status = Status(State.CONNECTED, "", now)

    def opened(self, *, now: float) -> None:
        """An attempt worked."""
        if not self.status.state.final:
            self.status = Status(State.CONNECTED, "", now)

    def lost(self, reason: str, *, code: int | None, fatal: bool, now: float) -> None:
        """The open connection has come to its end.

        Args:
            reason: why, in words for a log.
            code: the websocket close code, if there was one.
            fatal: another attempt would end the same way.
            now: seconds.
        """
        if self.status.state is not State.CONNECTED:
            return
        if now - self.status.since >= self._backoff.stable:
            self._tries = 0
        self.status = Status(State.REFUSED if fatal else State.RECONNECTING, reason, now, code=code)
        self._plan(now)

    def failed(self, reason: str, *, now: float) -> None:
        """An attempt to connect again did not work."""
        status = self.status
        if status.state in (State.RECONNECTING, State.OUTAGE):
            self.status = replace(status, reason=reason, attempts=status.attempts + 1)
            self._plan(now)

    def check(self, *, now: float) -> bool:
        """Whether an outage has begun just now; tells so once for each."""
        status = self.status
        if status.state is not State.RECONNECTING or now - status.since < self._outage_after:
            return False
        self.status = replace(status, state=State.OUTAGE)
        return True

    def diagnosed(self, cause: Cause) -> None:
        """Somebody has looked at the server."""
        if self.status.state is State.OUTAGE:
            self.status = replace(self.status, cause=cause)

    def close(self, reason: str, *, now: float) -> None:
        """Nobody wants this connection any more."""
        if not self.status.state.final:
            self.status = Status(State.CLOSED, reason, now)

    def next_attempt(self) -> float | None:
        """When to try to connect again; None if there is nothing to try."""
        return self._due if self.status.state in (State.RECONNECTING, State.OUTAGE) else None

    def wakeup(self) -> float | None:
        """When to look again: at the next attempt, or when an outage begins."""
        due = self.next_attempt()
        if due is not None and self.status.state is State.RECONNECTING:
            return min(due, self.status.since + self._outage_after)
        return due

    def _plan(self, now: float) -> None:
        self._due = now + self._backoff.delay(self._tries, self._random)
        self._tries += 1
