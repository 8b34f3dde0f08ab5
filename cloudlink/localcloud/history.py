"""What was done to the variables of each project, for the page that Scratch calls its cloud log. Pure, and bounded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from cloudlink.localcloud.room import Change, Verb

PROJECT_CHARACTERS: Final = 1 << 20
"""Most characters that are kept of one project: its values, names and users. Beyond that the oldest entries go."""

TOTAL_CHARACTERS: Final = 64 << 20
"""Most characters that are kept of all; beyond that the project that has been quiet for longest goes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that a user did.

    Attributes:
        user: who.
        verb: what.
        name: to which variable, as on the wire.
        value: of a set or a creation.
        timestamp: when, milliseconds of Unix time.
    """

    user: str
    verb: Verb
    name: str
    value: str | None
    timestamp: int

    @property
    def characters(self) -> int:
        """How much of the bound it takes, with something for the rest of it."""
        return 100 + len(self.user) + len(self.name) + len(self.value or "")

    def as_json(self) -> dict[str, str | int | None]:
        """As Scratch's page shows it."""
        return {
            "user": self.user,
            "verb": self.verb,
            "name": self.name,
            "value": self.value,
            "timestamp": self.timestamp,
        }


@dataclass(slots=True)
class _Project:
    entries: deque[Entry] = field(default_factory=deque)
    characters: int = 0


class History:
    """The newest changes of each project.

    Args:
        entries: how many are kept of a project; 0: none.
    """

    def __init__(self, entries: int) -> None:
        self._most = entries
        self._projects: dict[str, _Project] = {}  # the one that has been quiet for longest comes first
        self._characters = 0

    def add(self, project_id: str, user: str, change: Change, *, timestamp: int) -> None:
        """Keep a change; `timestamp` is in milliseconds of Unix time."""
        if not self._most:
            return
        project = self._projects.pop(project_id, None) or _Project()
        self._projects[project_id] = project
        entry = Entry(user, change.verb, change.name, change.value, timestamp)
        project.entries.append(entry)
        self._grow(project, entry.characters)
        while len(project.entries) > self._most or project.characters > PROJECT_CHARACTERS:
            self._grow(project, -project.entries.popleft().characters)
        while self._characters > TOTAL_CHARACTERS:
            self._characters -= self._projects.pop(next(iter(self._projects))).characters

    def newest(self, project_id: str, limit: int, offset: int = 0) -> list[Entry]:
        """The changes of a project, the newest first.

        Args:
            project_id: whose.
            limit: how many at most.
            offset: how many to leave out at the newest end.
        """
        project = self._projects.get(project_id)
        return [] if project is None else list(reversed(project.entries))[offset : offset + limit]

    def _grow(self, project: _Project, characters: int) -> None:
        project.characters += characters
        self._characters += characters
