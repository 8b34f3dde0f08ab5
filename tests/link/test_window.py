from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloudlink.link.records import MESSAGES
from cloudlink.link.window import MOST_AHEAD, WINDOW, ahead

message_numbers = st.integers(0, MESSAGES - 1)


@given(message_numbers, st.integers(-WINDOW, WINDOW - 1))
def test_the_distance_is_found_around_the_wrap(reference: int, distance: int) -> None:
    assert ahead((reference + distance) % MESSAGES, reference) == distance


@given(st.integers(0, 999), st.integers(-500, 499))
def test_the_same_holds_for_other_moduli(reference: int, distance: int) -> None:
    assert ahead((reference + distance) % 1000, reference, modulo=1000) == distance


@given(message_numbers, st.integers(0, MOST_AHEAD))
def test_what_a_client_may_have_under_way_never_looks_new_to_the_server(newest: int, behind: int) -> None:
    assert -WINDOW < ahead((newest - behind) % MESSAGES, newest) <= 0
