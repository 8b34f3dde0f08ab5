from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import InvalidArgument
from cloudlink.rest.retry import Retry, read_retry_after

NOW = datetime(2026, 11, 22, 5, 0, 0, tzinfo=UTC)


@given(attempt=st.integers(1, 3), seed=st.integers())
def test_waits_grow_up_to_the_longest_with_jitter(attempt: int, seed: int) -> None:
    wait = Retry(first=1, longest=3).delay(attempt, retry_after=None, random_source=random.Random(seed))
    ceiling = min(2.0 ** (attempt - 1), 3)
    assert wait is not None
    assert ceiling / 2 <= wait <= ceiling


@given(asked=st.floats(0, 60), seed=st.integers())
def test_what_the_site_asks_for_is_waited_and_some_jitter(asked: float, seed: int) -> None:
    wait = Retry().delay(1, retry_after=asked, random_source=random.Random(seed))
    assert wait is not None
    assert asked < wait <= asked + 0.5


def test_patience_and_attempts_end() -> None:
    retry = Retry(attempts=2, patience=60)
    assert retry.delay(2, retry_after=None, random_source=random.Random(1)) is None
    assert retry.delay(1, retry_after=61, random_source=random.Random(1)) is None


def test_waits_that_cannot_work_are_refused() -> None:
    for wrong in ({"attempts": 0}, {"first": -1}, {"first": 9, "longest": 8}, {"patience": -1}):
        with pytest.raises(InvalidArgument):
            Retry(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("30", 30.0),
        (" 0 ", 0.0),
        ("Sun, 22 Nov 2026 05:00:10 GMT", 10.0),
        ("Sun, 22 Nov 2026 04:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("9" * 400, None),
    ],
)
def test_the_header_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert read_retry_after(header, date=NOW) == seconds


@given(header=st.text())
def test_any_header_is_read_or_left(header: str) -> None:
    found = read_retry_after(header, date=NOW)
    assert found is None or found >= 0
