"""Trouble on demand: what goes wrong, with which requests, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from cloudlink.errors import InvalidArgument


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong with the next requests that fit.

    Attributes:
        path: a pattern with `*`: with a slash at the start it is for paths of all hosts, otherwise for host and path
            together, as in `api.scratch.mit.edu/users/*`.
        method: only requests of this method; "*": all.
        status: the answer, instead of doing what was asked; the body is what the site says with that status.
        retry_after: the header `Retry-After` of that answer: seconds, or a date as text; None: no such header.
        body: other bytes for that answer.
        content_type: the type of those bytes.
        delay: seconds to wait before anything else.
        hang_up: "before" doing what was asked, or "after" doing it: the client gets no answer.
        times: how many requests it befalls; None: all from now on.
    """

    path: str = "*"
    method: str = "*"
    status: int | None = None
    retry_after: float | str | None = None
    body: bytes | None = None
    content_type: str = "text/html; charset=utf-8"
    delay: float = 0.0
    hang_up: Literal["before", "after"] | None = None
    times: int | None = 1

    def __post_init__(self) -> None:
        if self.status is not None and not 200 <= self.status <= 599:
            raise InvalidArgument(f"a status is from 200 to 599, not {self.status}")
        if self.delay < 0:
            raise InvalidArgument(f"a delay is 0 seconds or more, not {self.delay}")
        if self.hang_up not in (None, "before", "after"):
            raise InvalidArgument(f'hang_up is "before", "after" or None, not {self.hang_up!r}')
        if self.times is not None and self.times < 1:
            raise InvalidArgument(f"times is 1 or more, or None for ever, not {self.times}")

    def fits(self, method: str, host: str, path: str) -> bool:
        """Whether a request is one of those."""
        subject = path if self.path.startswith("/") else f"{host}{path}"
        return self.method in ("*", method) and fnmatchcase(subject, self.path)


class Troubles:
    """The troubles that still wait for their requests; the oldest that fits takes a request."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Trouble, int | None]] = []

    def add(self, trouble: Trouble) -> None:
        """Let a trouble wait."""
        self._waiting.append((trouble, trouble.times))

    def clear(self) -> None:
        """Let all go well again."""
        self._waiting.clear()

    def take(self, method: str, host: str, path: str) -> Trouble | None:
        """The trouble that befalls this request, counted."""
        for place, (trouble, left) in enumerate(self._waiting):
            if trouble.fits(method, host, path):
                if left == 1:
                    del self._waiting[place]
                elif left is not None:
                    self._waiting[place] = (trouble, left - 1)
                return trouble
        return None
