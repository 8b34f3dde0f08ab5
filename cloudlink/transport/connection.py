"""What the layers above need of a connection to a project's cloud variables: types only.

`CloudConnection` is one over a real websocket; a connection within memory can be another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from cloudlink.limits import Limits


@dataclass(frozen=True, slots=True)
class VariableSet:
    """Another member of the project has set a variable, or we got its stored value after connecting.

    Attributes:
        name: without the cloud prefix.
        value: any text: the server checks little, and anyone may set anything.
        received_at: when it came, in seconds of the system clock (monotonic).
    """

    name: str
    value: str
    received_at: float


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


ConnectionEvent: TypeAlias = VariableSet | Connected | Disconnected
Listener: TypeAlias = Callable[[ConnectionEvent], None]


class Connection(Protocol):
    """A connection to the cloud variables of one project."""

    @property
    def limits(self) -> Limits:
        """What the platform allows."""

    @property
    def connected(self) -> bool:
        """Whether a set would go out now."""

    def set_var(self, name: str, value: str | int | float) -> None:
        """Set a variable; waits as long as the platform's interval between two sets asks for.

        Raises:
            InvalidArgument: the value has characters that the cloud does not take.
            ValueTooLong: it has more characters than a variable holds.
            NotConnected: the connection is down; the value was not set.
        """

    def get_var(self, name: str) -> str | None:
        """The last known value of a variable, or None."""

    def add_listener(self, listener: Listener) -> None:
        """Call this with every event from now on, in order, from the connection's own thread."""

    def remove_listener(self, listener: Listener) -> None:
        """Stop calling this; one that was never added is fine."""

    def disconnect(self) -> None:
        """Close the connection for good. Again: does nothing."""
