"""Each number of an arranged row is where the calculation says."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.sprite.perfect_hash import PRIME, arranged, factors


@given(st.integers(0, 300), st.integers())
def test_every_number_is_found_by_its_factor(count: int, seed: int) -> None:
    numbers = Random(seed).sample(range(1, PRIME), count)
    row = arranged(numbers)
    assert sorted(row) == sorted(numbers)
    found = factors(row)
    assert len(found) < count / 2 + 5
    for place, number in enumerate(row):
        assert number * found[number % len(found)] % PRIME % count == place


def test_a_number_that_is_there_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="no factors lead"):
        arranged([5, 5])


def test_a_row_in_another_order_has_no_factors() -> None:
    with pytest.raises(ValueError, match="arrange it first"):
        factors(range(900, 100, -1))
