"""Budgets: how many requests one client or one user may make."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from cloudlink.errors import InvalidArgument

_MOST_KNOWN = 10_000
"""Spenders that are remembered; the one that was silent for longest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Budget:
    """So many requests in so many seconds, and as many at once after a pause.

    Attributes:
        requests: at least 1.
        seconds: above 0.

    Raises:
        InvalidArgument: one of them is out of range.
    """

    requests: int
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.requests < 1 or not self.seconds > 0:
            raise InvalidArgument(
                f"a budget is at least one request in more than 0 seconds, not {self.requests} in {self.seconds}"
            )


class Spending:
    """What has been spent of a budget, by everybody.

    Args:
        budget: what each may spend.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # requests left, and when that was

    def __len__(self) -> int:
        """How many spenders are remembered."""
        return len(self._left)

    def allows(self, who: Hashable, *, now: float) -> bool:
        """Whether one more request is within the budget; if so it is spent."""
        most = float(self._budget.requests)
        left, then = self._left.pop(who, (most, now))
        left = min(most, left + (now - then) * most / self._budget.seconds)
        allowed = left >= 1
        self._left[who] = (left - 1 if allowed else left, now)
        if len(self._left) > _MOST_KNOWN:
            self._left.popitem(last=False)
        return allowed
