from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from strategies import digit_strings

from cloudlink.link.checksum import DIGITS, GROUP, MULTIPLIER, PRIME, checksum

seeds = st.integers(0, 10**8 + 10**4)


@given(digit_strings, seeds)
def test_a_checksum_is_six_digits(digits: str, seed: int) -> None:
    found = checksum(digits, seed=seed)
    assert len(found) == DIGITS
    assert int(found) < PRIME


@given(st.text("0123456789", min_size=1, max_size=300), st.integers(0, 299), st.integers(1, 9), seeds)
def test_one_wrong_digit_always_shows(digits: str, place: int, change: int, seed: int) -> None:
    place %= len(digits)
    wrong = digits[:place] + str((int(digits[place]) + change) % 10) + digits[place + 1 :]
    assert checksum(wrong, seed=seed) != checksum(digits, seed=seed)


@given(digit_strings, seeds, st.integers(1, PRIME - 1))
def test_another_session_always_shows(digits: str, seed: int, distance: int) -> None:
    assert checksum(digits, seed=seed + distance) != checksum(digits, seed=seed)


@given(digit_strings, seeds)
def test_it_is_the_polynomial_of_the_reference(digits: str, seed: int) -> None:
    groups = [int(digits[at : at + 15]) for at in range(0, len(digits), 15)]
    total = (seed + len(digits)) * pow(607_451, len(groups))
    total += sum(group * pow(607_451, len(groups) - 1 - place) for place, group in enumerate(groups))
    assert int(checksum(digits, seed=seed)) == total % 999_983


def test_zeros_in_front_of_the_last_group_show() -> None:
    assert checksum("1", seed=0) != checksum("01", seed=0) != checksum("001", seed=0)


def test_every_step_stays_within_the_numbers_that_scratch_counts_exactly() -> None:
    assert (PRIME - 1) * MULTIPLIER + 10**GROUP - 1 < 2**53
    assert all(PRIME % divisor for divisor in range(2, 1000))
