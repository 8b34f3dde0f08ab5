from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import InvalidArgument
from cloudlink.transport.backoff import Backoff


@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_waits_double_up_to_the_longest_and_keep_half_of_it(attempt: int, dice: random.Random) -> None:
    ceiling = min(0.25 * 2 ** min(attempt, 20), 30.0)
    assert ceiling / 2 <= Backoff(first=0.25, longest=30.0).delay(attempt, dice) <= ceiling


@pytest.mark.parametrize(("first", "longest"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0)])
def test_waits_that_make_no_sense_are_refused(first: float, longest: float) -> None:
    with pytest.raises(InvalidArgument):
        Backoff(first=first, longest=longest)
