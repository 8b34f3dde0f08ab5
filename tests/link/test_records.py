from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import digit_strings

from cloudlink.errors import DecodeError
from cloudlink.link import records
from cloudlink.link.records import SHORT, Cancel, Need, Newest, Part, Record, TopicNeed, Working

message_numbers = st.integers(0, 99)
addresses = st.integers(0, 999)
whole_messages = st.builds(Part, message_numbers, st.just(0), st.just(True), digit_strings)
first_parts = st.builds(Part, message_numbers, st.just(0), st.just(False), digit_strings, st.integers(0, 10**9 - 1))
later_parts = st.builds(Part, message_numbers, st.integers(1, 999), st.booleans(), digit_strings)
needs = st.builds(
    Need,
    message_numbers,
    st.integers(0, 999),
    st.lists(st.integers(0, 999), max_size=9).map(lambda parts: tuple(parts)),
)
any_records: st.SearchStrategy[Record] = (
    whole_messages
    | first_parts
    | later_parts
    | needs
    | st.builds(Working, message_numbers)
    | st.builds(Cancel, message_numbers)
    | st.builds(Newest, st.integers(0, 9999), st.integers(0, 99))
    | st.builds(
        TopicNeed,
        addresses,
        message_numbers,
        st.integers(0, 999),
        st.lists(st.integers(0, 999), max_size=9).map(lambda parts: tuple(parts)),
    )
)
addressed_records = st.tuples(addresses, any_records)


@given(st.lists(addressed_records, max_size=6))
def test_records_come_back_with_their_addresses(found: list[tuple[int, Record]]) -> None:
    last = len(found) - 1
    body = "".join(
        records.pack(record, address=address, final=place == last) for place, (address, record) in enumerate(found)
    )
    assert records.unpack(body, addressed=True) == found


@given(st.lists(any_records, max_size=6))
def test_records_come_back_without_addresses(found: list[Record]) -> None:
    last = len(found) - 1
    body = "".join(records.pack(record, address=None, final=place == last) for place, record in enumerate(found))
    assert records.unpack(body, addressed=False) == [(0, record) for record in found]


@given(any_records, st.none() | addresses, st.booleans())
def test_the_size_is_what_packing_takes(record: Record, address: int | None, final: bool) -> None:
    packed = records.pack(record, address=address, final=final)
    assert records.size(record, addressed=address is not None, final=final) == len(packed)


@given(any_records, st.booleans())
def test_the_last_place_takes_no_more_than_any_other(record: Record, addressed: bool) -> None:
    last = records.size(record, addressed=addressed, final=True)
    assert last <= records.size(record, addressed=addressed, final=False)


@given(digit_strings, st.booleans())
@example("9200000099999999991", False)
@example("90000009", False)
@example("94000009", False)
def test_any_digits_are_records_or_a_decode_error(body: str, addressed: bool) -> None:
    with contextlib.suppress(DecodeError):
        found = records.unpack(body, addressed=addressed)
        assert len(found) <= len(body) // records.CODE
        assert sum(len(record.digits) for _, record in found if isinstance(record, Part)) <= len(body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("9", "ends 1 digits too early"),
        ("9905", "code 99 are unknown"),
        ("300531", "ends 28 digits too early"),
        ("94050049001", "too early"),
        ("92050019999999999", "too early"),
    ],
)
def test_what_is_no_record_is_named(body: str, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        records.unpack(body, addressed=False)


def test_a_short_message_has_its_length_in_the_code() -> None:
    assert records.pack(Part(7, 0, True, "12345"), address=42, final=False) == "05" + "042" + "07" + "12345"
    longest = Part(7, 0, True, "1" * (SHORT - 1))
    assert records.pack(longest, address=None, final=False) == "89" + "07" + longest.digits


def test_a_longer_message_takes_the_code_of_a_last_part() -> None:
    message = Part(7, 0, True, "1" * SHORT)
    assert records.pack(message, address=None, final=True) == "91" + "07" + "000" + message.digits
    assert records.pack(message, address=None, final=False) == "93" + "07" + "000" + "290" + message.digits


def test_the_first_of_many_parts_tells_the_total() -> None:
    assert (
        records.pack(Part(7, 0, False, "99", 1_234), address=None, final=True) == "90" + "07" + "000" + "41234" + "99"
    )
    assert records.pack(Part(7, 1, False, "99"), address=None, final=True) == "90" + "07" + "001" + "99"


def test_small_records_have_a_fixed_form() -> None:
    assert records.pack(Need(7, 12, (3, 8)), address=42, final=True) == "94" + "042" + "07" + "012" + "2" + "003008"
    assert records.pack(Working(7), address=42, final=True) == "95" + "042" + "07"
    assert records.pack(Cancel(7), address=None, final=True) == "96" + "07"
