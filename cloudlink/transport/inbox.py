"""What a server's messages say about the variables: what is known of them, and what is news. Pure.

Whoever connects gets the stored values first, in one message and as ordinary sets; nothing marks them. Taken for
news, each reconnect would repeat old sets; left out, what was set while the connection was down would be missed. So
the first message of a connection, if it comes soon, is compared with what is known: what equals it is no news.

                          first message comes           what it says is
    first connection      within STORED_WITHIN          stored: no news
    later ones            within CAUGHT_UP_WITHIN       no news if it is known, or our own; else caught up with
    any                   later, and all others         live
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from cloudlink.transport.connection import Origin, VariableSet
from cloudlink.transport.lines import Rejected, SetVariable, decode, strip_prefix

STORED_WITHIN: Final = 1.0
"""Seconds after the handshake within which the stored values come; a project without any sends nothing. A server
answers at once, so this is what the slowest network takes there and back. No longer, for a set in a new project that
comes so soon is taken for a stored value."""

CAUGHT_UP_WITHIN: Final = 30.0
"""The same after a reconnect, when a server that was just started has all its clients coming at once. It may be long,
for here a new set is mistaken only if it repeats the value that was known, and the server has forgotten all."""

MAX_KNOWN_VARIABLES: Final = 1024
"""Most values that are remembered; far above any platform's limit, it only bounds what a rogue server costs."""


MOST_OURS: Final = 1000
"""Most sets of our own that are remembered: more than can be under way on a connection that is dead already."""


@dataclass(frozen=True, slots=True)
class Received:
    """What a message said: the sets, and the lines that make no sense, both in order."""

    sets: tuple[VariableSet, ...]
    rejected: tuple[Rejected, ...]


class Inbox:
    """What is known of a project's variables."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        """The newest value of each variable, by its name without the cloud prefix."""
        self._told: dict[str, str] = {}  # the newest value of each that the server has told
        self._ours: deque[tuple[str, str]] = deque(maxlen=MOST_OURS)
        self._connections = 0
        self._opened_at: float | None = None
        """When the handshake went out, as long as no set has come since."""

    def opened(self, *, now: float) -> None:
        """A handshake has gone out: stored values may follow."""
        self._connections += 1
        self._opened_at = now

    def stored_values_due(self, *, now: float) -> float:
        """Seconds that the stored values may still take; 0 once they are there, or there are none."""
        return 0.0 if self._opened_at is None else max(0.0, self._opened_at + STORED_WITHIN - now)

    def take(self, message: str, *, now: float) -> Received:
        """Read a message from the server, whatever it is."""
        decoded = decode(message)
        sets = [command for command in decoded.commands if isinstance(command, SetVariable)]
        stored = self._may_be_stored(now)
        received = tuple(self._set(command, stored=stored, now=now) for command in sets)
        if sets:
            self._opened_at = None
        return Received(received, decoded.rejected)

    def _may_be_stored(self, now: float) -> bool:
        window = STORED_WITHIN if self._connections == 1 else CAUGHT_UP_WITHIN
        return self._opened_at is not None and now < self._opened_at + window

    def sent(self, name: str, value: str) -> None:
        """Note a set of our own: servers tell the others only."""
        name = strip_prefix(name)
        self._ours.append((name, value))
        _put(self.known, name, value)

    def _set(self, command: SetVariable, *, stored: bool, now: float) -> VariableSet:
        name = strip_prefix(command.name)
        origin = Origin.LIVE
        if stored:
            origin = Origin.CATCH_UP if self._changed(name, command.value) else Origin.STORED
        _put(self.known, name, command.value)
        _put(self._told, name, command.value)
        return VariableSet(name, command.value, now, origin)

    def _changed(self, name: str, value: str) -> bool:
        """Whether a stored value shows that somebody has set the variable since the server last told of it.

        Our own sets may have been lost with the connection, so neither one of them nor what was told before is news.
        """
        return self._connections > 1 and self._told.get(name) != value and (name, value) not in self._ours


def _put(values: dict[str, str], name: str, value: str) -> None:
    if name not in values and len(values) >= MAX_KNOWN_VARIABLES:
        del values[next(iter(values))]  # the one that is there longest
    values[name] = value
