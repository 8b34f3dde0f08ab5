"""The two protocols of a server over one connection: our own link, and the classic sprite's."""

from __future__ import annotations

from cloudlink.classic.server import ClassicServer
from cloudlink.link.events import Write
from cloudlink.link.server import ServerLink


class Ends:
    """A link and a classic server that share a connection and its pace; both were made with the same pacer.

    Whoever did not write last writes first. What the classic server sends while nobody waits for it gives way.

    Args:
        link: for the companion sprite.
        classic: for the incumbent's sprite, if it is served.
    """

    def __init__(self, link: ServerLink, classic: ClassicServer | None) -> None:
        self.link = link
        self.classic = classic
        self._classic_last = False

    @property
    def pending(self) -> bool:
        """Whether something waits to be sent that somebody waits for."""
        return self.link.pending or (self.classic is not None and self.classic.pending)

    def receive(self, name: str, value: str, *, now: float, age: float = 0.0, received_at: float | None = None) -> None:
        """Take in a value that was set up to `age` seconds ago; `received_at` as in `ServerLink.receive`."""
        self.link.receive(name, value, now=now, received_at=received_at)
        if self.classic is not None:
            self.classic.receive(name, value, now=now, age=age, received_at=received_at)

    def writes(self, *, now: float) -> list[Write]:
        """What may go out now: one write or none."""
        if self.classic is None:
            return self.link.writes(now=now)
        found: list[Write] = []
        if not self._classic_last and self.classic.pending:
            found = self.classic.writes(now=now)
        if found:
            self._classic_last = True
            return found
        found = self.link.writes(now=now)
        if found or self.link.pending:
            self._classic_last = self._classic_last and not found
            return found
        self._classic_last = True
        return self.classic.writes(now=now)

    def wakeup(self, *, now: float) -> float | None:
        """When `writes` has something to do again if nothing arrives before."""
        times = [self.link.wakeup(now=now), self.classic.wakeup(now=now) if self.classic is not None else None]
        return min((time for time in times if time is not None), default=None)

    def next_event(self) -> object | None:
        """The oldest event of one of them."""
        event: object | None = self.link.next_event()
        if event is None and self.classic is not None:
            event = self.classic.next_event()
        return event
