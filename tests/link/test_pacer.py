from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloudlink.link.pacer import Pacer

steps = st.lists(st.floats(0, 0.5), max_size=40)


@given(steps, st.sampled_from([0.05, 0.1]))
def test_writes_are_at_least_an_interval_apart_and_no_time_is_lost(steps: list[float], interval: float) -> None:
    pacer, now, last = Pacer(interval), 0.0, None
    for step in steps:
        now += step
        due = last is None or now >= last + interval
        assert pacer.ready(now=now) == due
        if due:
            pacer.take(now=now)
            last = now
            assert pacer.next == now + interval


def test_the_first_write_may_go_at_once_and_a_pause_saves_nothing_up() -> None:
    pacer = Pacer(0.1)
    assert pacer.ready(now=-1000.0)
    pacer.take(now=0.0)
    pacer.take(now=60.0)
    assert not pacer.ready(now=60.05)
    assert pacer.ready(now=60.1)
