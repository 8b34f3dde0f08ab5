"""Sets that wait for a connection to come back. Pure."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from enum import Enum
from typing import Final

MOST_WAITING: Final = 1000
"""Most sets that wait: at ten a second, 100 seconds' worth. A program that sets more has to know."""


class WhenDown(Enum):
    """What becomes of a set while the connection is down."""

    FAIL = "fail"
    """`set_var` raises NotConnected."""
    LATEST = "latest"
    """The latest value of each variable goes out when the connection is back."""
    EVERY = "every"
    """Every value goes out, in order, when the connection is back."""


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A set that waits; two are never the same."""

    name: str
    value: str


class Backlog:
    """The sets that wait, the oldest first.

    Args:
        policy: LATEST or EVERY; with FAIL nothing may be put here.
        most: how many may wait.
    """

    def __init__(self, policy: WhenDown, *, most: int = MOST_WAITING) -> None:
        self._policy = policy
        self._most = most
        self._waiting: deque[Waiting] = deque()
        self._names: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._waiting)

    def holds(self, name: str) -> bool:
        """Whether a set of this variable waits, so that a further one has to queue up behind it."""
        return name in self._names

    def put(self, name: str, value: str) -> bool:
        """Let a set wait; False if there are too many already."""
        if self._policy is WhenDown.LATEST and name in self._names:
            self._waiting = deque(waiting for waiting in self._waiting if waiting.name != name)
            del self._names[name]
        if len(self._waiting) >= self._most:
            return False
        self._waiting.append(Waiting(name, value))
        self._names[name] += 1
        return True

    def first(self) -> Waiting | None:
        """The set that is to go out next; it stays until `done`."""
        return self._waiting[0] if self._waiting else None

    def done(self, waiting: Waiting) -> None:
        """This one has gone out. Nothing happens if a newer value has taken its place meanwhile."""
        if waiting not in self._waiting:
            return
        self._waiting.remove(waiting)
        self._names[waiting.name] -= 1
        if not self._names[waiting.name]:
            del self._names[waiting.name]

    def clear(self) -> None:
        """Forget them all."""
        self._waiting.clear()
        self._names.clear()
