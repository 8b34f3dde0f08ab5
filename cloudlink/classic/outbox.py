"""Answers on their way: which value of which answer goes out next.

Each answer has a plan, the indices of its values in the order they go out. The last numbered part stands in it two or
three times: if all of them are lost the closing part takes its slot, and the player sees a shorter answer and no
error. Every other numbered part can be asked for again, for the closing part shows that it is missing. The closing
part cannot, so it goes out again later, with the part before it, if the server has nothing else to do.

        asked for      parts that a player misses now                     } by turns
        in time        answers; by turns the oldest and the shortest one  }
        spare          the parts behind one that was asked for, copies, and
                       answers whose player has given up, or will have
"""

from __future__ import annotations

import heapq
import math
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from cloudlink.classic.settings import ClassicBounds, ClassicTimes

_MANY_PARTS = 20
"""With so many parts, sending the last numbered one three times costs less than a twentieth."""


@dataclass(slots=True, eq=False)
class Answer:
    """An answer.

    Attributes:
        request: the number of the request, or of the message that nobody asked for.
        id: as on the wire.
        values: that carry it, in order; the last one is the closing part.
        deadline: seconds; after it nobody waits for the answer.
        is_push: nobody asked for it, and so nobody waits for it: copies would be taken for new ones.
        plan: the indices of values that have not gone out yet, in order.
        sent_at: when each value went out last, by its index; seconds.
        finished_at: when the plan was done; seconds.
        settled: copies are of no use: a player has the closing part, or the id has come again.
        last_numbered_in: the place of the variable that had the last numbered part, among the downlink ones.
    """

    request: int
    id: str
    values: list[str]
    deadline: float
    is_push: bool = False
    plan: deque[int] = field(default_factory=deque)
    sent_at: dict[int, float] = field(default_factory=dict)
    finished_at: float = math.inf
    settled: bool = False
    last_numbered_in: int = -1

    @property
    def size(self) -> int:
        """Characters of its values."""
        return sum(map(len, self.values))

    @property
    def closing(self) -> int:
        """The index of the closing part."""
        return len(self.values) - 1

    def make_plan(self, guards: int) -> None:
        """Lay out what goes out; `guards` is how often more than once the last numbered part does."""
        self.plan.extend(range(self.closing))
        if self.closing:
            self.plan.extend([self.closing - 1] * guards)
        self.plan.append(self.closing)


class Outbox:
    """The answers of a server that wait, and those that were sent and may be asked for again.

    Args:
        times: what the server keeps to.
        bounds: of memory.
        interval: seconds between two sets, for judging what arrives in time.
    """

    def __init__(self, times: ClassicTimes, bounds: ClassicBounds, *, interval: float) -> None:
        self._times = times
        self._bounds = bounds
        self._interval = interval
        self._order = 0
        self._waiting: OrderedDict[int, Answer] = OrderedDict()
        self._sent: OrderedDict[int, Answer] = OrderedDict()
        self._newest: dict[str, Answer] = {}  # by id
        self._digits = 0
        self._asked: OrderedDict[tuple[int, int], Answer] = OrderedDict()  # by request and index
        self._asked_last = False
        self._oldest_last = True
        self._copies: list[tuple[float, int, int, Answer]] = []  # a heap: due, order, index
        self._followed: Answer | None = None
        self._follow_index = 0
        self._follow_until = -math.inf
        self._lossy_until = -math.inf
        self._quiet_from = -math.inf

    def __len__(self) -> int:
        """The answers that are held."""
        return len(self._waiting) + len(self._sent)

    def pending(self, *, now: float) -> bool:
        """Whether a player waits for something that will arrive in time; what is spare does not count."""
        return bool(self._asked) or any(self._is_in_time(answer, now) for answer in self._waiting.values())

    def add(self, answer: Answer, *, now: float) -> int:
        """Queue an answer; how many that waited were dropped for want of room."""
        answer.make_plan(2 if now < self._lossy_until or len(answer.values) >= _MANY_PARTS else 1)
        self._quiet_from = now + self._times.quiet
        self._waiting[answer.request] = answer
        self._newest[answer.id] = answer
        self._digits += answer.size
        return self._make_room()

    def known(self, request_id: str) -> Answer | None:
        """The newest answer to a request of this id that is held."""
        return self._newest.get(request_id)

    def retire(self, request_id: str) -> None:
        """The id has come again: the answer that it had is no longer for whoever waits for this id."""
        answer = self._newest.pop(request_id, None)
        if answer is not None:
            answer.settled = True
            if self._followed is answer:
                self._followed = None

    def ask(self, answer: Answer, part: int, *, now: float) -> None:
        """A player misses the part with this number, 1 for the first."""
        self._lossy_until = now + self._times.lossy
        index = part - 1
        if index > answer.closing or answer.finished_at == math.inf:
            return
        answer.settled = True  # players ask for nothing before they have the closing part
        if now - answer.sent_at[index] >= self._times.under_way:
            self._asked[answer.request, index] = answer
            if len(self._asked) > self._bounds.asked:
                self._asked.popitem(last=False)
        if self._followed is not answer or self._follow_index <= index:
            self._followed, self._follow_index = answer, index + 1
        self._follow_until = now + self._times.following

    def take(self, *, now: float) -> tuple[Answer, int] | None:
        """The answer of which a value goes out now, and the index of that value; None if there is none."""
        self._forget(now)
        chosen = self._choose(now)
        if chosen is not None:
            answer, index = chosen
            answer.sent_at[index] = now
        return chosen

    def due(self, *, now: float) -> float | None:
        """When there is something to take: a time, in seconds, or None for never."""
        if self._asked or self._waiting or self._follower(now) is not None:
            return now
        self._drop_needless_copies(now)
        return max(now, self._copies[0][0], self._quiet_from) if self._copies else None

    def _choose(self, now: float) -> tuple[Answer, int] | None:
        in_time = [answer for answer in self._waiting.values() if self._is_in_time(answer, now)]
        if self._asked and not (self._asked_last and in_time):
            self._asked_last = True
            (_, index), answer = self._asked.popitem(last=False)
            return answer, index
        self._asked_last = False
        if in_time:
            return self._next_of(self._by_turns(in_time), now)
        follower = self._follower(now)
        if follower is not None:
            self._follow_index += 1
            return follower
        self._drop_needless_copies(now)
        if self._copies and now >= max(self._copies[0][0], self._quiet_from):
            _, _, index, answer = heapq.heappop(self._copies)
            return answer, index
        return self._next_of(self._by_turns(list(self._waiting.values())), now) if self._waiting else None

    def _is_in_time(self, answer: Answer, now: float) -> bool:
        """Whether all of an answer can go out before its player gives up, if nothing else does."""
        return now + len(answer.plan) * self._interval <= answer.deadline

    def _by_turns(self, answers: list[Answer]) -> Answer:
        """The oldest, then the shortest: neither a flood of short ones nor a long one is to stop the rest."""
        self._oldest_last = not self._oldest_last
        return answers[0] if self._oldest_last else min(answers, key=lambda answer: len(answer.plan))

    def _next_of(self, answer: Answer, now: float) -> tuple[Answer, int]:
        index = answer.plan.popleft()
        if not answer.plan:
            del self._waiting[answer.request]
            answer.finished_at = now
            self._sent[answer.request] = answer
            self._plan_copies(answer, now)
        return answer, index

    def _plan_copies(self, answer: Answer, now: float) -> None:
        if answer.is_push:
            return
        for delay in self._times.copies:
            for index in range(max(0, answer.closing - 1), answer.closing + 1):
                self._order += 1
                heapq.heappush(self._copies, (now + delay, self._order, index, answer))

    def _drop_needless_copies(self, now: float) -> None:
        while self._copies:
            answer = self._copies[0][-1]
            if not answer.settled and now < answer.deadline and self._sent.get(answer.request) is answer:
                return
            heapq.heappop(self._copies)

    def _follower(self, now: float) -> tuple[Answer, int] | None:
        """A part behind one that was asked for, but for those that may still be under way."""
        answer = self._followed
        if answer is None or now >= self._follow_until:
            return None
        while self._follow_index < answer.closing:
            if now - answer.sent_at[self._follow_index] >= self._times.under_way:
                return answer, self._follow_index
            self._follow_index += 1
        return None

    def _forget(self, now: float) -> None:
        while self._sent:
            oldest = next(iter(self._sent.values()))
            if now - oldest.finished_at < self._times.kept:
                return
            self._drop(self._sent, oldest)

    def _make_room(self) -> int:
        """Let go of what was sent, then of what waits longest: its player gives up first."""
        while self._sent and (len(self._sent) > self._bounds.answers or self._digits > self._bounds.answers_digits):
            self._drop(self._sent, next(iter(self._sent.values())))
        dropped = 0
        while len(self._waiting) > 1 and (
            len(self._waiting) > self._bounds.answers or self._digits > self._bounds.answers_digits
        ):
            self._drop(self._waiting, next(iter(self._waiting.values())))
            dropped += 1
        return dropped

    def _drop(self, place: OrderedDict[int, Answer], answer: Answer) -> None:
        del place[answer.request]
        self._digits -= answer.size
        if self._newest.get(answer.id) is answer:
            del self._newest[answer.id]
        for key in [key for key in self._asked if key[0] == answer.request]:
            del self._asked[key]
        if self._followed is answer:
            self._followed = None
