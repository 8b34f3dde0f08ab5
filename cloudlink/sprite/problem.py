"""What the linter says: one finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a project file that is wrong, or that its author should know.

    Attributes:
        severity: "error" if the project would not do what it says, else "warning".
        place: the sprite, and the block or variable in it.
        text: what is wrong.
        remedy: what to do about it.
    """

    severity: Literal["error", "warning"]
    place: str
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.place}: {self.text}; {self.remedy}"


def wrong(place: str, text: str, remedy: str) -> Problem:
    """Return an error."""
    return Problem("error", place, text, remedy)


def doubtful(place: str, text: str, remedy: str) -> Problem:
    """Return a warning."""
    return Problem("warning", place, text, remedy)
