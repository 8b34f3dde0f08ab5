from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import InvalidArgument
from cloudlink.rest.pacing import Intervals, Pace

requests = st.lists(st.tuples(st.booleans(), st.floats(0, 5)), max_size=30)


@given(requests=requests)
def test_two_of_a_kind_are_never_closer_than_their_interval(requests: list[tuple[bool, float]]) -> None:
    pace = Pace(Intervals(read=0.5, write=2))
    now = 0.0
    went: dict[bool, list[float]] = {True: [], False: []}
    for write, idle in requests:
        now += idle
        while (wait := pace.take(write=write, now=now)) > 0:
            now += wait
        went[write].append(now)
    for write, interval in ((False, 0.5), (True, 2)):
        times = went[write]
        assert all(later - sooner >= interval - 1e-9 for sooner, later in itertools.pairwise(times))


def test_reads_do_not_wait_for_writes() -> None:
    pace = Pace(Intervals(read=0, write=10))
    assert pace.take(write=True, now=0) == 0
    assert pace.take(write=False, now=0) == 0
    assert pace.take(write=True, now=4) == 6


def test_a_pause_holds_for_all_and_the_longer_one_stays() -> None:
    pace = Pace(Intervals(0, 0))
    pace.pause(10, now=0)
    pace.pause(1, now=0)
    assert pace.take(write=False, now=4) == 6
    assert pace.take(write=True, now=4) == 6
    assert pace.take(write=True, now=10) == 0


def test_intervals_below_zero_are_refused() -> None:
    with pytest.raises(InvalidArgument):
        Intervals(read=-1)
