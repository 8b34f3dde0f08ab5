"""Requests and answers survive their digits; other digits are refused in one way only."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import digit_strings, texts, values

from cloudlink import codec
from cloudlink.errors import DecodeError, InvalidArgument, RequestError
from cloudlink.rpc.messages import (
    ITEMS,
    MOST_TIMEOUT,
    ItemReader,
    Request,
    decode_answer,
    decode_request,
    encode_answer,
    encode_end,
    encode_error,
    encode_item,
    encode_request,
)

timeouts = st.none() | st.integers(1, MOST_TIMEOUT)
error_codes = st.integers(0, 999)


@given(name=texts, arguments=st.lists(values, max_size=4), timeout=timeouts)
def test_a_request_survives_its_digits(name: str, arguments: list[object], timeout: int | None) -> None:
    request = Request(name, tuple(arguments), timeout)
    digits = encode_request(request)
    assert digits.isascii()
    assert digits.isdigit()
    assert decode_request(digits) == request


languages = st.lists(st.sampled_from(list(codec.LANGUAGES)), unique=True, max_size=2).map(tuple)


@given(text=texts, timeout=timeouts, some=languages)
def test_a_request_tells_which_language_packs_the_asker_has(
    text: str, timeout: int | None, some: tuple[str, ...]
) -> None:
    request = Request("say", (text,), timeout, some)
    assert decode_request(encode_request(request)) == request


def test_a_pack_of_a_later_version_is_passed_over() -> None:
    digits = encode_request(Request("say", ("hola",), 10))
    assert decode_request(f"{digits[:2]}0989{digits[2:]}") == Request("say", ("hola",), 10)


@given(text=texts, some=languages)
def test_an_answer_in_a_pack_of_the_asker_is_never_longer(text: str, some: tuple[str, ...]) -> None:
    digits = encode_answer([text], languages=some)
    assert decode_answer(digits) == [text]
    assert len(digits) <= len(encode_answer([text]))


@given(value=values)
def test_an_answer_survives_its_digits(value: object) -> None:
    answer = decode_answer(encode_answer(value))
    assert (answer, type(answer)) == (value, type(value))


@given(text=texts, code=error_codes)
def test_an_error_survives_its_digits(text: str, code: int) -> None:
    with pytest.raises(RequestError) as caught:
        decode_answer(encode_error(RequestError(text, code)))
    assert (caught.value.text, caught.value.code) == (text, code)


@pytest.mark.parametrize(
    ("given_text", "sent"), [(5, "5"), (None, "None"), (ValueError("no such player"), "no such player")]
)
def test_an_error_that_was_given_no_text_is_sent_as_one(given_text: object, sent: str) -> None:
    with pytest.raises(RequestError) as caught:
        decode_answer(encode_error(RequestError(given_text)))  # type: ignore[arg-type]
    assert caught.value.text == sent


# Digits that get past the first checks: a timeout or an answer's sort, and then some value.
plausible_digits = st.builds(
    lambda head, value: head + codec.encode(value), st.text("0123456789", min_size=1, max_size=2), values
)


@given(digits=digit_strings | plausible_digits)
@example("")
@example("0")
@example("10")
@example("1" + codec.encode([1000, "a code beyond the last"]))
@example("1" + codec.encode(["400", "a code that is a text"]))
@example("1" + codec.encode([400, 400]))
@example("1" + codec.encode([]))
@example("7" + codec.encode(None))
def test_digits_that_are_no_answer_are_refused_as_such(digits: str) -> None:
    try:
        decode_answer(digits)
    except (DecodeError, RequestError):
        return
    assert digits[0] in "02"


@given(digits=digit_strings | plausible_digits)
@example("")
@example("9")
@example("05")
@example("05" + codec.encode([]))
@example("05" + codec.encode([1, "name"]))
@example("05" + codec.encode({"name": 1}))
def test_digits_that_are_no_request_are_refused_as_such(digits: str) -> None:
    try:
        request = decode_request(digits)
    except DecodeError:
        return
    assert isinstance(request.name, str)
    assert request.timeout is None or 1 <= request.timeout <= MOST_TIMEOUT


@pytest.mark.parametrize("timeout", [-1, MOST_TIMEOUT + 1])
def test_a_timeout_beyond_its_two_digits_is_refused(timeout: int) -> None:
    with pytest.raises(InvalidArgument, match=f"not {timeout}"):
        encode_request(Request("name", (), timeout))


def test_an_argument_without_a_form_in_digits_is_refused_before_it_is_sent() -> None:
    with pytest.raises(InvalidArgument, match="a set cannot be sent"):
        encode_request(Request("name", ({1, 2},)))


def pieces(digits: str, size: int) -> list[str]:
    return [digits[at : at + size] for at in range(0, len(digits), size)]


@given(items=st.lists(values, max_size=5), size=st.integers(1, 50))
def test_items_are_read_as_their_digits_come_and_once_each(items: list[object], size: int) -> None:
    digits = ITEMS + "".join(map(encode_item, items)) + encode_end()
    reader = ItemReader()
    assert [item for fresh in pieces(digits, size) for item in reader.read(fresh)] == items
    assert reader.end() == items == decode_answer(digits)
    assert reader.taken == len(digits)


@given(value=values, size=st.integers(1, 50))
@example(value="2" * 40, size=1)
def test_an_answer_that_does_not_come_item_by_item_has_no_items_wherever_it_is_cut(value: object, size: int) -> None:
    reader = ItemReader()
    for fresh in pieces(encode_answer(value), size):
        assert reader.read(fresh) == []
    assert reader.of_items is False


def test_an_error_behind_the_items_ends_them() -> None:
    reader = ItemReader()
    assert reader.read(ITEMS + encode_item(7) + encode_end(RequestError("no more", 429))) == [7]
    with pytest.raises(RequestError, match="no more"):
        reader.end()


def test_items_that_are_cut_short_are_refused() -> None:
    with pytest.raises(DecodeError, match="ends within an item"):
        decode_answer(ITEMS + encode_item(7))
