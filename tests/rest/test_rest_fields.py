from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import BadResponse
from cloudlink.rest.fields import (
    Record,
    as_objects,
    flag,
    link,
    look,
    moment,
    needed,
    number,
    parse_json,
    text,
    unix_moment,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.sampled_from("ab"), values, max_size=2),
)


@given(value=json_values)
def test_any_value_is_read_or_none(value: Any) -> None:
    for path in ((), ("a",), ("a", "b")):
        assert isinstance(text(value, *path), str | None)
        assert isinstance(number(value, *path), int | None)
        assert isinstance(flag(value, *path), bool | None)
        assert isinstance(link(value, *path), str | None)
        for time in (moment(value, *path), unix_moment(value, *path)):
            assert time is None or time.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2007-03-05T00:00:00.000Z", datetime(2007, 3, 5, tzinfo=UTC)),
        ("2025-06-07T10:11:12", datetime(2025, 6, 7, 10, 11, 12, tzinfo=UTC)),
        ("2025-06-12 09:25:12", datetime(2025, 6, 12, 9, 25, 12, tzinfo=UTC)),
        ("2025-06-12T09:25:12+02:00", datetime(2025, 6, 12, 7, 25, 12, tzinfo=UTC)),
        ("1900-01-01T00:00:00.000Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        (5, None),
    ],
)
def test_times_are_aware_and_the_dummy_is_none(value: Any, wanted: datetime | None) -> None:
    assert moment(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(5, 5), ("5", 5), (5.0, 5), (5.5, None), (True, None), ("5x", None), ("", None), ("9" * 5000, None), ("٣", None)],
)
def test_numbers_may_be_texts(value: Any, wanted: int | None) -> None:
    assert number(value) == wanted


def test_flags_may_be_numbers() -> None:
    assert [flag(value) for value in (True, 0, 1, 2, "true", None)] == [True, False, True, None, None, None]


def test_old_links_get_their_scheme() -> None:
    assert link({"a": "//cdn2.scratch.mit.edu/x"}, "a") == "https://cdn2.scratch.mit.edu/x"
    assert link("https://x") == "https://x"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json_is_ours_and_not_quoted(body: bytes) -> None:
    with pytest.raises(BadResponse, match="not JSON") as caught:
        parse_json(body, of="GET /x")
    assert caught.value.__cause__ is None


def test_what_everything_hangs_on_is_needed() -> None:
    assert needed(0, "id", of="x") == 0
    for missing in (None, ""):
        with pytest.raises(BadResponse, match="has no id"):
            needed(missing, "id", of="x")
    for wrong in ({}, None, [1], "x"):
        with pytest.raises(BadResponse, match="where a"):
            as_objects(wrong, of="x")
    assert look({"a": {"b": 1}}, "a", "b", "c") is None


def test_a_record_is_read_as_a_dict() -> None:
    @dataclass(frozen=True, eq=False)
    class Thing(Record):
        raw: dict[str, Any]

    thing = Thing({"title": "x", "n": 1})
    assert (thing["title"], thing.get("n"), thing.get("no", 5), "n" in thing, len(thing)) == ("x", 1, 5, True, 2)
    assert dict(thing) == {**thing} == {"title": "x", "n": 1}  # type: ignore[call-overload,list-item]
    assert list(thing) == ["title", "n"]
    assert Thing({}), "a thing is there, whatever is known of it"
    with pytest.raises(KeyError):
        thing["no"]
