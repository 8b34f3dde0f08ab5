"""Who set a variable, by the cloud log: never a wrong name, and doubt is said. Pure: time comes in as `now`.

The socket tells what was set and the log tells by whom, seconds later; only the variable and the value connect them.
No clock but ours is used: an entry counts from when the look that first showed it was over, so the site's clock may
be wrong.

      asked at t                                        a look that began at t + `delay`
          |-----------------------------------------------------|---> verdict
    entries of this variable and value that showed up
    from t - `late` on:      none: MISSING     one user: LOGGED     several: AMBIGUOUS

The name is right if the log shows every set within `delay` seconds, and the socket brings a set at most `late` seconds
after the log could show it. Then the true entry is among those that are looked at, and if all of them are of one user,
it is that one. A look that may have missed entries makes everything that was open a GAP.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cloudlink.level import Level
from cloudlink.transport.lines import strip_prefix
from cloudlink.transport.logs import LogNews

DELAY: Final = 5.0
"""Seconds within which the log shows a set; reported as "some seconds", Scratch publishes no number."""

LATE: Final = 30.0
"""Seconds that the socket may be behind the log."""

PATIENCE: Final = 60.0
"""Seconds after which a question is given up because the log could not be had."""

MOST_QUESTIONS: Final = 1000
"""Most questions that are open; beyond that the oldest is given up."""

MOST_ENTRIES: Final = 20_000
"""Most entries that are kept: a hundred clients at full speed for 20 s."""


class Doubt(Enum):
    """Why the log gives no name, or what is strange about it."""

    AMBIGUOUS = "several users have set the variable to this value"
    MISSING = "the log does not show that anybody has set this"
    GAP = "the log could not be had, or not in full"
    CONTRADICTED = "the log names another user than the project claims"


@dataclass(frozen=True, slots=True)
class Author:
    """Who set a variable.

    Attributes:
        user: the name; None if there is none.
        level: how sure it is.
        doubt: why it is not surer; None if there is nothing to say.
        candidates: when it is ambiguous, all it can have been.
    """

    user: str | None
    level: Level
    doubt: Doubt | None = None
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Question:
    name: str
    value: str
    at: float
    claim: str | None


@dataclass(frozen=True, slots=True)
class _Shown:
    name: str
    value: str
    user: str
    at: float


class Authors:
    """Questions who set a variable, and what the log has shown.

    Args:
        delay: seconds within which the log shows a set.
        late: seconds that the socket may be behind the log.
        patience: seconds after which a question is given up; more than `delay`.
    """

    def __init__(self, *, delay: float = DELAY, late: float = LATE, patience: float = PATIENCE) -> None:
        self._delay = delay
        self._late = late
        self._patience = patience
        self._questions: dict[int, _Question] = {}
        self._next_number = 0
        self._shown: deque[_Shown] = deque()
        self._known_from = math.inf
        """The log has been watched without a gap since then; entries of before may be unknown."""

    def __len__(self) -> int:
        return len(self._questions)

    def ask(
        self, name: str, value: str, *, now: float, claim: str | None = None
    ) -> tuple[int, list[tuple[int, Author]]]:
        """Ask who has set a variable to a value, as soon as it has arrived.

        Args:
            name: of the variable, with or without the cloud sign.
            value: its text.
            now: seconds.
            claim: the name that the project itself gives, if it does.

        Returns:
            The number of the question, and the verdicts on others that had to make room.
        """
        number = self._next_number
        self._next_number += 1
        verdicts = []
        if len(self._questions) >= MOST_QUESTIONS:
            oldest = next(iter(self._questions))
            verdicts.append((oldest, _doubtful(self._questions.pop(oldest), Doubt.GAP)))
        self._questions[number] = _Question(strip_prefix(name), value, now, claim)
        return number, verdicts

    def look(self, news: LogNews) -> list[tuple[int, Author]]:
        """Take in what a look at the log has shown; the verdicts that follow, one for each question that is settled.

        A verdict needs a log that was watched for `late` seconds before the set, so the first ones are a GAP.
        """
        if news.first or not news.complete:
            # What showed up unseen since the last look is unknown, and so is who set what is asked about now.
            self._known_from = news.answered_at
        for entry in news.entries:
            if entry.verb == "set_var" and entry.value is not None and entry.user is not None:
                self._shown.append(_Shown(entry.name, entry.value, entry.user, news.answered_at))
        while len(self._shown) > MOST_ENTRIES:
            self._drop_oldest()
        settled = [n for n, question in self._questions.items() if question.at + self._delay <= news.asked_at]
        verdicts = [(number, self._judge(self._questions.pop(number))) for number in settled]
        self._forget(news.asked_at)
        return verdicts

    def expire(self, *, now: float) -> list[tuple[int, Author]]:
        """Give up what has been open for too long, because the log cannot be had."""
        late = [number for number, question in self._questions.items() if now - question.at >= self._patience]
        return [(number, _doubtful(self._questions.pop(number), Doubt.GAP)) for number in late]

    def _judge(self, question: _Question) -> Author:
        since = question.at - self._late
        if self._known_from > since:
            return _doubtful(question, Doubt.GAP)
        users = {
            shown.user
            for shown in self._shown
            if shown.at >= since and (shown.name, shown.value) == (question.name, question.value)
        }
        if not users:
            return _doubtful(question, Doubt.MISSING)
        if len(users) > 1:
            return _doubtful(question, Doubt.AMBIGUOUS, tuple(sorted(users)))
        (user,) = users
        contradicted = question.claim is not None and question.claim.casefold() != user.casefold()
        return Author(user, Level.LOGGED, Doubt.CONTRADICTED if contradicted else None)

    def _forget(self, now: float) -> None:
        """Drop the entries that no question can need: those from before the oldest one that is or will be asked."""
        oldest = min((question.at for question in self._questions.values()), default=now)
        while self._shown and self._shown[0].at < min(oldest, now - self._delay) - self._late:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._known_from = max(self._known_from, math.nextafter(self._shown.popleft().at, math.inf))


def _doubtful(question: _Question, doubt: Doubt, candidates: tuple[str, ...] = ()) -> Author:
    """A verdict without the log's word: all there is is the claim, and not even that if the log speaks against it."""
    claim = question.claim
    if candidates and claim is not None and claim.casefold() not in {user.casefold() for user in candidates}:
        claim = None
    return Author(claim, Level.NONE if claim is None else Level.CLAIMED, doubt, candidates)
