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
it is that one. A look that may have missed entries makes everything that was open a GAP. A question about several sets
is who has made all of them: the earliest decides what is looked at, the latest when.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cloudlink.errors import InvalidArgument
from cloudlink.level import Level
from cloudlink.transport.connection import Origin, VariableSet
from cloudlink.transport.lines import strip_prefix
from cloudlink.transport.logs import LogNews

DELAY: Final = 5.0
"""Seconds within which the log shows a set; reported as "some seconds", Scratch publishes no number."""

LATE: Final = 30.0
"""Seconds that the socket may be behind the log."""

PATIENCE: Final = 60.0
"""Seconds after which a question is given up because the log could not be had."""

RECALL: Final = 120.0
"""Seconds after a set within which it can be asked about: a request of 1,000 frames takes 100 seconds to come."""

MOST_QUESTIONS: Final = 1000
"""Most questions that are open; beyond that the oldest is given up."""

MOST_SETS: Final = 20_000
"""Most sets that open questions are about; beyond that the oldest question is given up."""

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
    sets: frozenset[tuple[str, str]]  # variables and values
    since: float  # when the earliest may have been set
    at: float  # when the latest arrived
    claim: str | None


@dataclass(frozen=True, slots=True)
class _Shown:
    name: str
    value: str
    user: str | None
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
        self._sets = 0  # of all questions
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
        return self.ask_all([VariableSet(name, value, now)], claim=claim)

    def ask_all(self, sets: Sequence[VariableSet], *, claim: str | None = None) -> tuple[int, list[tuple[int, Author]]]:
        """Ask who has made all of these sets; if it was not one user alone, the answer is AMBIGUOUS.

        What was set before we heard of it, at an unknown time (see `Origin`), has no sure author: the answer is a GAP.

        Args:
            sets: as they arrived, at least one, the earliest not more than `RECALL` seconds ago.
            claim: the name that the project itself gives, if it does.

        Returns:
            As `ask`.

        Raises:
            InvalidArgument: there are no sets.
        """
        if not sets:
            raise InvalidArgument("a question about who has set something needs at least one set")
        number = self._next_number
        self._next_number += 1
        question = _Question(
            frozenset((strip_prefix(one.name), one.value) for one in sets),
            min(one.received_at if one.origin is Origin.LIVE else -math.inf for one in sets),
            max(one.received_at for one in sets),
            claim,
        )
        self._questions[number] = question
        self._sets += len(question.sets)
        verdicts = []
        while len(self._questions) > MOST_QUESTIONS or (self._sets > MOST_SETS and len(self._questions) > 1):
            oldest = next(iter(self._questions))
            verdicts.append((oldest, _doubtful(self._pop(oldest), Doubt.GAP)))
        return number, verdicts

    def look(self, news: LogNews) -> list[tuple[int, Author]]:
        """Take in what a look at the log has shown; the verdicts that follow, one for each question that is settled.

        A verdict needs a log that was watched for `late` seconds before the set, so the first ones are a GAP.
        """
        if news.first or not news.complete:
            # What showed up unseen since the last look is unknown, and so is who set what is asked about now.
            self._known_from = news.answered_at
        for entry in news.entries:
            if entry.verb == "set_var" and entry.value is not None:
                self._shown.append(_Shown(entry.name, entry.value, entry.user, news.answered_at))
        while len(self._shown) > MOST_ENTRIES:
            self._drop_oldest()
        settled = [n for n, question in self._questions.items() if question.at + self._delay <= news.asked_at]
        verdicts = self._judge_all([(number, self._pop(number)) for number in settled])
        self._forget(news.asked_at)
        return verdicts

    def expire(self, *, now: float) -> list[tuple[int, Author]]:
        """Give up what has been open for too long, because the log cannot be had."""
        late = [number for number, question in self._questions.items() if now - question.at >= self._patience]
        return [(number, _doubtful(self._pop(number), Doubt.GAP)) for number in late]

    def _pop(self, number: int) -> _Question:
        question = self._questions.pop(number)
        self._sets -= len(question.sets)
        return question

    def _judge_all(self, questions: Sequence[tuple[int, _Question]]) -> list[tuple[int, Author]]:
        asked = {one for _, question in questions for one in question.sets}
        found: defaultdict[tuple[str, str], list[_Shown]] = defaultdict(list)
        for shown in self._shown if asked else ():
            if (shown.name, shown.value) in asked:
                found[shown.name, shown.value].append(shown)
        return [(number, self._judge(question, found)) for number, question in questions]

    def _judge(self, question: _Question, found: Mapping[tuple[str, str], list[_Shown]]) -> Author:
        since = question.since - self._late
        if self._known_from > since:
            return _doubtful(question, Doubt.GAP)
        users: set[str | None] = set()
        for one in question.sets:
            setters = {shown.user for shown in found.get(one, ()) if shown.at >= since}
            if not setters:
                return _doubtful(question, Doubt.MISSING)
            users |= setters
        named = sorted(user for user in users if user is not None)
        if len(users) > 1:
            return _doubtful(question, Doubt.AMBIGUOUS, tuple(named))
        if not named:  # somebody whom the log does not name
            return _doubtful(question, Doubt.MISSING)
        (user,) = named
        contradicted = question.claim is not None and question.claim.casefold() != user.casefold()
        return Author(user, Level.LOGGED, Doubt.CONTRADICTED if contradicted else None)

    def _forget(self, now: float) -> None:
        """Drop the entries that no question can need: those from before the oldest one that is or will be asked."""
        oldest = min((question.since for question in self._questions.values()), default=now)
        while self._shown and self._shown[0].at < min(oldest, now - RECALL) - self._late:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._known_from = max(self._known_from, math.nextafter(self._shown.popleft().at, math.inf))


def _doubtful(question: _Question, doubt: Doubt, candidates: tuple[str, ...] = ()) -> Author:
    """A verdict without the log's word: all there is is the claim, and not even that if the log speaks against it."""
    claim = question.claim
    if candidates and claim is not None and claim.casefold() not in {user.casefold() for user in candidates}:
        claim = None
    return Author(claim, Level.NONE if claim is None else Level.CLAIMED, doubt, candidates)
