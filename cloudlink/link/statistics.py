"""Counters of a link."""

from __future__ import annotations

from dataclasses import dataclass, field

MALFORMED = "malformed"
"""Not a frame, or one whose records cannot be read."""

WRONG_CHECKSUM = "wrong checksum"
"""A frame of ours that was damaged, or somebody else's digits that look like one."""

NO_SESSION = "no session"
"""A client's frame for an address that nobody has, or that somebody else has."""

NO_ROOM = "no room"
"""Something well formed that would have gone over a bound of memory."""

RIVAL = "rival"
"""A value on one of the server's own variables that the server did not set."""


@dataclass(slots=True)
class Statistics:
    """Counters of one end of a link; they only grow.

    Attributes:
        frames_sent: writes that went out.
        frames_received: values of ours that were understood.
        messages_sent: messages that were queued.
        messages_received: whole messages that arrived.
        parts_again: parts that were sent more than once.
        rejected: values that were not understood, by the reason (one of the words above).
    """

    frames_sent: int = 0
    frames_received: int = 0
    messages_sent: int = 0
    messages_received: int = 0
    parts_again: int = 0
    rejected: dict[str, int] = field(default_factory=dict)

    def reject(self, reason: str) -> None:
        """Count one value that was not understood."""
        self.rejected[reason] = self.rejected.get(reason, 0) + 1

    @classmethod
    def sum(cls, counters: list[Statistics]) -> Statistics:
        """The counters of several ends together."""
        total = cls()
        for one in counters:
            for name in ("frames_sent", "frames_received", "messages_sent", "messages_received", "parts_again"):
                setattr(total, name, getattr(total, name) + getattr(one, name))
            for reason, count in one.rejected.items():
                total.rejected[reason] = total.rejected.get(reason, 0) + count
        return total
