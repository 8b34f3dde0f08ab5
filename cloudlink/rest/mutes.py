"""What the site says about a mute. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloudlink.rest.fields import Record, flag, look, text, unix_moment


@dataclass(frozen=True, eq=False)
class Mute(Record):
    """A mute that is under way, or was.

    Attributes:
        until: when it ends.
        kind: why: "pii", "unconstructive", "vulgarity", "spam", "general", or a newer word.
        show_warning: whether the site shows a warning before the next comment.
        raw: the whole answer; empty if there was never a mute.
    """

    until: datetime | None
    kind: str | None
    show_warning: bool | None
    raw: dict[str, Any]

    def __bool__(self) -> bool:
        """False if the site told of no mute at all."""
        return bool(self.raw)


def read_mute(value: Any) -> Mute:
    """The mute in a `mute_status`; one that says nothing if there is none (reference, section 2.7)."""
    raw = value if isinstance(value, dict) else {}
    return Mute(
        until=unix_moment(raw, "muteExpiresAt"),
        kind=text(raw, "currentMessageType"),
        show_warning=flag(raw, "showWarning"),
        raw=raw,
    )


def find_mute(answer: Any) -> Mute | None:
    """The mute in an answer, wherever the site put it: at the top or under `status`."""
    for place in (look(answer, "mute_status"), look(answer, "status", "mute_status")):
        if isinstance(place, dict) and place:
            return read_mute(place)
    return None
