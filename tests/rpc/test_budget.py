from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import InvalidArgument
from cloudlink.rpc.budget import Budget, Spending


@given(
    requests=st.integers(1, 10),
    seconds=st.floats(0.1, 100),
    pauses=st.lists(st.floats(0, 20), max_size=60),
)
def test_in_any_stretch_of_time_no_more_passes_than_the_budget(
    requests: int, seconds: float, pauses: list[float]
) -> None:
    spending = Spending(Budget(requests, seconds))
    passed: list[float] = []
    now = 0.0
    for pause in pauses:
        now += pause
        if spending.allows("ann", now=now):
            passed.append(now)
    for first, start in enumerate(passed):
        for count, end in enumerate(passed[first:], start=1):
            assert count <= requests + (end - start) * requests / seconds + 1e-6


def test_a_pause_fills_the_budget_again_and_each_has_his_own() -> None:
    spending = Spending(Budget(2, 10.0))
    assert [spending.allows("ann", now=0.0) for _ in range(3)] == [True, True, False]
    assert spending.allows("bob", now=0.0)
    assert [spending.allows("ann", now=5.0) for _ in range(2)] == [True, False]
    assert [spending.allows("ann", now=1000.0) for _ in range(3)] == [True, True, False]


def test_strangers_without_end_take_no_memory_without_end() -> None:
    spending = Spending(Budget(1, 1e9))
    for number in range(30_000):
        assert spending.allows(number, now=float(number))
    assert len(spending) <= 10_000


@pytest.mark.parametrize(("requests", "seconds"), [(0, 1.0), (1, 0.0), (1, -1.0), (1, float("nan"))])
def test_budgets_that_allow_nothing_are_refused(requests: int, seconds: float) -> None:
    with pytest.raises(InvalidArgument, match="at least one request"):
        Budget(requests, seconds)
