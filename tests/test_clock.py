from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.clock import FakeClock, RealTime


class Computer:
    """The clocks of a computer that works, sleeps and has its calendar set."""

    def __init__(self) -> None:
        self.monotonic = 50.0
        self.calendar = 1_700_000_000.0

    def work(self, seconds: float, drift: float = 0.0) -> None:
        self.monotonic += seconds
        self.calendar += seconds + drift

    def sleep(self, seconds: float) -> None:
        self.calendar += seconds

    def real_time(self) -> RealTime:
        return RealTime(monotonic=lambda: self.monotonic, calendar=lambda: self.calendar)


def test_a_sleep_counts_and_small_corrections_do_not() -> None:
    computer = Computer()
    clock = computer.real_time()
    computer.work(3.0, drift=1.0)
    assert clock() == pytest.approx(53.0)
    computer.sleep(3600.0)
    assert clock() == pytest.approx(3653.0)
    computer.work(2.0)
    assert clock() == pytest.approx(3655.0)


def test_a_calendar_put_back_changes_nothing() -> None:
    computer = Computer()
    clock = computer.real_time()
    computer.calendar -= 86_400.0
    computer.work(5.0)
    assert clock() == pytest.approx(55.0)


@given(
    st.lists(
        st.tuples(st.sampled_from(["work", "sleep", "put back"]), st.floats(0.0, 1e6)),
        max_size=30,
    )
)
def test_it_never_runs_backwards_and_never_misses_awake_time(steps: list[tuple[str, float]]) -> None:
    computer = Computer()
    clock = computer.real_time()
    before = clock()
    for what, seconds in steps:
        awake = computer.monotonic
        if what == "work":
            computer.work(seconds)
        elif what == "sleep":
            computer.sleep(seconds)
        else:
            computer.calendar -= seconds
        now = clock()
        assert now - before >= computer.monotonic - awake - 1e-3
        if what == "sleep" and seconds > 3:
            assert now - before == pytest.approx(seconds, abs=1e-3)
        before = now


def test_a_fake_clock_moves_only_when_told_to() -> None:
    clock = FakeClock(1.0)
    clock.advance(0.5)
    assert clock() == 1.5
