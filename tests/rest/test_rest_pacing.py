from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import InvalidArgument
from cloudlink.rest.pacing import KINDS, Intervals, Kind, Pace

requests = st.lists(st.tuples(st.sampled_from(KINDS), st.floats(0, 5)), max_size=30)
INTERVALS = Intervals(read=0.5, write=2, asset=0.1, upload=1)


@given(requests=requests)
def test_two_of_a_kind_are_never_closer_than_their_interval(requests: list[tuple[Kind, float]]) -> None:
    pace = Pace(INTERVALS)
    now = 0.0
    went: dict[Kind, list[float]] = {kind: [] for kind in KINDS}
    for kind, idle in requests:
        now += idle
        while (wait := pace.take(kind, now=now)) > 0:
            now += wait
        went[kind].append(now)
    for kind, times in went.items():
        interval = getattr(INTERVALS, kind)
        assert all(later - sooner >= interval - 1e-9 for sooner, later in itertools.pairwise(times))


def test_reads_do_not_wait_for_writes() -> None:
    pace = Pace(Intervals(read=0, write=10))
    assert pace.take("write", now=0) == 0
    assert pace.take("read", now=0) == 0
    assert pace.take("write", now=4) == 6


def test_a_pause_holds_for_all_and_the_longer_one_stays() -> None:
    pace = Pace(Intervals(0, 0))
    pace.pause(10, now=0)
    pace.pause(1, now=0)
    assert pace.take("read", now=4) == 6
    assert pace.take("write", now=4) == 6
    assert pace.take("asset", now=10) == 0


def test_intervals_below_zero_are_refused() -> None:
    for kind in KINDS:
        with pytest.raises(InvalidArgument):
            Intervals(**{kind: -1})
