"""How sure a user's name is, and what a function that is called with one can demand."""

from __future__ import annotations

from enum import Enum

from cloudlink.errors import InvalidArgument


class Level(Enum):
    """How sure a user's name is."""

    NONE = 0
    """There is no name."""
    CLAIMED = 1
    """What came from the project itself says so; anybody can make it say so."""
    LOGGED = 2
    """Scratch's own log says so."""

    def meets(self, demanded: Level) -> bool:
        """Whether this is as sure as is demanded."""
        return self.value >= demanded.value


def checked_level(level: Level | str) -> Level:
    """The level that a user of the library means by "none", "claimed" or "logged".

    Raises:
        InvalidArgument: there is no such level.
    """
    if isinstance(level, Level):
        return level
    try:
        return Level[level.upper()]
    except (KeyError, AttributeError):
        raise InvalidArgument(f"a level is 'none', 'claimed' or 'logged', not {level!r}") from None
