from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.link.settings import ClientTimes
from cloudlink.link.timer import RetryTimer, RoundTrip

TIMES = ClientTimes()
STEADY = ClientTimes(jitter=0.0)


def steady_timer(round_trip: RoundTrip | None = None) -> RetryTimer:
    return RetryTimer(round_trip or RoundTrip(STEADY), Random(0), growth=STEADY.growth, jitter=0.0)


round_trips = st.lists(st.floats(0, 10), min_size=1, max_size=30)


def test_a_first_wait_of_its_own_counts_until_something_was_measured() -> None:
    round_trip = RoundTrip(STEADY)
    timer = RetryTimer(round_trip, Random(0), growth=2.0, jitter=0.0, first=0.4)
    waits = []
    for _ in range(2):
        timer.sent(10.0)
        waits.append(timer.due - 10.0)
    assert waits == [pytest.approx(0.4), pytest.approx(0.8)]
    timer.answered(10.0)
    round_trip.measured(2.0)
    timer.sent(10.0)
    assert timer.due - 10.0 > 2.0


@given(round_trips)
def test_patience_stays_between_the_least_and_the_most(seconds: list[float]) -> None:
    round_trip = RoundTrip(TIMES)
    for measurement in seconds:
        round_trip.measured(measurement)
        assert TIMES.least_retry <= round_trip.patience <= TIMES.most_retry


@given(st.floats(0.3, 2.5))
def test_patience_comes_down_to_a_steady_round_trip(seconds: float) -> None:
    round_trip = RoundTrip(TIMES)
    for _ in range(60):
        round_trip.measured(seconds)
    assert seconds <= round_trip.patience < seconds * 1.01


def test_patience_is_the_first_retry_until_something_was_measured() -> None:
    assert RoundTrip(TIMES).patience == TIMES.first_retry


@given(st.integers(1, 12), st.integers(0, 10**6))
def test_each_wait_in_vain_is_longer_and_jittered_within_bounds(tries: int, seed: int) -> None:
    timer = RetryTimer(RoundTrip(TIMES), Random(seed), growth=TIMES.growth, jitter=TIMES.jitter)
    now = 0.0
    for tried in range(tries):
        timer.sent(now)
        wait = min(TIMES.first_retry * TIMES.growth**tried, TIMES.most_retry)
        assert wait <= timer.due - now + 1e-9
        assert timer.due - now <= wait * (1 + TIMES.jitter) + 1e-9
        assert not timer.ready(timer.due - 0.001)
        assert timer.ready(timer.due)
        now = timer.due


def test_nothing_is_due_before_something_was_sent_but_for_what_starts_at_once() -> None:
    timer = steady_timer()
    assert timer.due == math.inf
    timer.start_now()
    assert timer.ready(-1e9)


def test_an_answer_makes_the_next_wait_short_again() -> None:
    timer = steady_timer()
    for now in (0.0, 1.0, 3.0):
        timer.sent(now)
    timer.answered(5.0)
    assert timer.due == 5.0 + STEADY.first_retry


def test_only_what_was_sent_once_is_measured() -> None:
    round_trip = RoundTrip(STEADY)
    repeated = steady_timer(round_trip)
    repeated.sent(0.0)
    repeated.sent(1.0)
    repeated.answered(1.1)
    assert round_trip.patience == STEADY.first_retry
    once = steady_timer(round_trip)
    once.sent(0.0)
    once.answered(0.4)
    expected = RoundTrip(STEADY)
    expected.measured(0.4)
    assert round_trip.patience == expected.patience
    once.answered(2.0)  # a later part of the same answer
    assert round_trip.patience == expected.patience


def test_a_wait_of_given_length_can_be_set() -> None:
    timer = steady_timer()
    timer.wait(2.0, 10.0)
    assert timer.due == 12.0
