"""What the layers above need of a connection to a project's cloud variables: types only.

`CloudConnection` is one over a real websocket; a connection within memory can be another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeAlias

from cloudlink.limits import Limits
from cloudlink.transport.life import Cause
from cloudlink.transport.turns import Priority


class Origin(Enum):
    """Where a value comes from."""

    LIVE = "live"
    """Somebody has set it just now."""
    CATCH_UP = "catch up"
    """The server tells it after a reconnect, and it is not what was known: it was set meanwhile."""
    STORED = "stored"
    """The server tells it on connecting, and nobody has set it as far as is known: no news."""


@dataclass(frozen=True, slots=True)
class VariableSet:
    """Another member of the project has set a variable, or we got its stored value after connecting.

    Attributes:
        name: without the cloud prefix.
        value: any text: the server checks little, and anyone may set anything.
        received_at: when it came, in seconds of the system clock (monotonic).
        origin: where it comes from.
    """

    name: str
    value: str
    received_at: float
    origin: Origin = Origin.LIVE


@dataclass(frozen=True, slots=True)
class Connected:
    """The connection is open again after a loss; the stored values follow as VariableSet."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection is down.

    Attributes:
        reason: why, in words for a log.
        code: the websocket close code, if there was one.
        will_retry: another attempt follows by itself; if not, this is the last event.
    """

    reason: str
    code: int | None
    will_retry: bool


@dataclass(frozen=True, slots=True)
class Outage:
    """The connection has been down for long; attempts go on, and Connected will tell of the end.

    Attributes:
        reason: why, in words for a log.
        cause: what a look at the server found; None if nobody looked.
    """

    reason: str
    cause: Cause | None


ConnectionEvent: TypeAlias = VariableSet | Connected | Disconnected | Outage
Listener: TypeAlias = Callable[[ConnectionEvent], None]


class Connection(Protocol):
    """A connection to the cloud variables of one project."""

    @property
    def limits(self) -> Limits:
        """What the platform allows."""

    @property
    def connected(self) -> bool:
        """Whether a set would go out now."""

    def set_var(
        self, name: str, value: str | int | float, *, priority: Priority = Priority.NORMAL, keep: bool = True
    ) -> None:
        """Set a variable; waits as long as the platform's interval between two sets asks for.

        With `keep` it may also wait for a connection that is down, if the connection is made so.

        Raises:
            InvalidArgument: the value has characters that the cloud does not take.
            ValueTooLong: it has more characters than a variable holds.
            NotConnected: the connection is down, and the value was not set; after a `ConnectionLost` it may be.
        """

    def get_var(self, name: str) -> str | None:
        """The last known value of a variable, or None."""

    def add_listener(self, listener: Listener) -> None:
        """Call this with every event from now on, in order, from the connection's own thread."""

    def remove_listener(self, listener: Listener) -> None:
        """Stop calling this; one that was never added is fine."""

    def disconnect(self) -> None:
        """Close the connection for good. Again: does nothing."""
