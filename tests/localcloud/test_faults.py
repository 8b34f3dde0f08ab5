from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import InvalidArgument
from cloudlink.localcloud.faults import Dice, Faults


@given(st.integers())
def test_the_same_seed_throws_the_same(seed: int) -> None:
    faults = Faults(loss=0.5, delay=(0.1, 0.2), disconnect=0.5, seed=seed)
    one, other = Dice(faults), Dice(faults)
    for _ in range(10):
        assert (one.copies(), one.disconnects(), one.delay()) == (other.copies(), other.disconnects(), other.delay())


def test_chances_are_what_they_say() -> None:
    assert all(Dice(Faults(seed=1)).copies() == 1 for _ in range(1000))
    assert all(Dice(Faults(loss=1.0, seed=1)).copies() == 0 for _ in range(1000))
    assert all(Dice(Faults(doubling=1.0, seed=1)).copies() == 2 for _ in range(1000))
    dice = Dice(Faults(loss=0.1, delay=(0.2, 0.3), seed=1))
    assert 50 < sum(dice.copies() == 0 for _ in range(1000)) < 150
    assert all(0.2 <= dice.delay() <= 0.3 for _ in range(1000))


@pytest.mark.parametrize(
    "arguments",
    [{"loss": -0.1}, {"loss": 1.1}, {"disconnect": 2}, {"delay": (-1.0, 1.0)}, {"delay": (2.0, 1.0)}],
)
def test_faults_that_make_no_sense_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(InvalidArgument):
        Faults(**arguments)  # type: ignore[arg-type]
