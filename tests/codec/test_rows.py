from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from strategies import declared_rows

from cloudlink import codec
from cloudlink.codec.rows import Rows
from cloudlink.errors import DecodeError, InvalidArgument

PLAYERS = Rows(id=range(100), x=range(-240, 241), y=range(-180, 181), direction=range(-179, 181))


@given(declared_rows)
def test_rows_come_back(drawn: tuple[Rows, list[tuple[int, ...]]]) -> None:
    declared, rows = drawn
    back = declared.unpack(codec.decode(codec.encode(declared.pack(rows))))
    assert back == [dict(zip(declared.columns, row, strict=True)) for row in rows]


@given(declared_rows)
def test_the_digits_are_known_beforehand(drawn: tuple[Rows, list[tuple[int, ...]]]) -> None:
    declared, rows = drawn
    assert declared.digits(len(rows)) == len(codec.encode(declared.pack(rows)))


def test_24_players_fit_into_one_variable() -> None:
    assert PLAYERS.digits(24) <= 256
    assert len(codec.encode(PLAYERS.pack([(99, 240, 180, 180)] * 24))) <= 256


def test_a_row_is_a_sequence_a_mapping_or_an_object() -> None:
    record = {"direction": 90, "y": 3, "x": -2, "id": 1}
    rows = [(1, -2, 3, 90), [1, -2, 3.0, 90], record, SimpleNamespace(**record)]
    assert set(PLAYERS.pack(rows).rows) == {(1, -2, 3, 90)}


def test_rows_stand_inside_of_other_values() -> None:
    value = {"tick": 5, "players": PLAYERS.pack([(1, 2, 3, 4), (5, 6, 7, 8)]), "over": False}
    back = codec.decode(codec.encode(value))
    assert back == {"tick": 5, "players": [[1, 2, 3, 4], [5, 6, 7, 8]], "over": False}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((1, 2, 3), "row 1 has 3 columns, and 4 are declared"),
        ((1, 241, 3, 4), r"x of row 1 is 241, which is not in range\(-240, 241\)"),
        ((1, 2.5, 3, 4), "x of row 1 is 2.5"),
        ((1, "2", 3, 4), "x of row 1 is '2'"),
        ((True, 2, 3, 4), "id of row 1 is True"),
        ({"id": 1, "x": 2, "y": 3}, "row 1 has no direction"),
        (SimpleNamespace(id=1), "row 1 has no x"),
    ],
)
def test_a_row_that_does_not_fit_is_named(row: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        PLAYERS.pack([row])


@pytest.mark.parametrize(
    "column", [range(5, 5), range(5, 6), range(9, 0, -1), range(2**53, 2**53 + 9), [1, 2], range(10**16)]
)
def test_a_column_needs_a_range_that_scratch_can_take_apart(column: Any) -> None:
    with pytest.raises(InvalidArgument, match="the column x needs a range"):
        Rows(x=column)


def test_there_are_as_many_columns_as_lists_in_the_sprite() -> None:
    with pytest.raises(InvalidArgument, match="1 to 8 columns, not 9"):
        Rows(**{f"column_{place}": range(2) for place in range(9)})
    with pytest.raises(InvalidArgument, match="not 0"):
        Rows()


@pytest.mark.parametrize("value", [7, [[1, 2, 3]], [[1, 2, 3, 999]], [[1, 2, 3, "4"]], [7]])
def test_what_was_not_packed_by_it_is_refused(value: Any) -> None:
    with pytest.raises(DecodeError):
        PLAYERS.unpack(value)
