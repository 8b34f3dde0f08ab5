"""Keys of records as digits: 00 to 89 are names that games and servers often use; 9 and a text are any others."""

from __future__ import annotations

_IN_ORDER = (
    "name x y id score user username text time level "
    "hp health lives coins money points xp rank count total "
    "dir direction speed size costume color team type kind state "
    "status value key index title author message description date created "
    "modified country bio image sound url word answer question from "
    "to room host world map tile seed players player items "
    "quantity amount price damage wins losses best highscore age z "
    "vx vy angle width height alive visible online admin owner "
    "followers following projects studios loves favorites views comments data version"
)

NAMES = tuple(_IN_ORDER.split())
"""Added to, never changed: their places are the digits, and the sprite has the same list."""

ANOTHER = "9"
"""What a key begins with that is not among these; its text follows."""

_DIGITS = {name: f"{place:02d}" for place, name in enumerate(NAMES)}


def name_digits(name: str) -> str | None:
    """The two digits of a name; None if it is not among these."""
    return _DIGITS.get(name)
