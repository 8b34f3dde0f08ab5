"""The values on the wire, against those the incumbent and its sprite were seen to set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import digit_strings

from cloudlink.classic.answers import encode_answer
from cloudlink.classic.packet import MOST_PARTS, Content, asked_part, most_digits, pack, takes_numbers, unpack
from cloudlink.classic.requests import Unfinished, decode_request
from cloudlink.classic.settings import ClassicBounds
from cloudlink.codec.classic import Encoding
from cloudlink.errors import DecodeError, ValueTooLong

CAPTURED = json.loads((Path(__file__).parent / "captured_values.json").read_text(encoding="utf-8"))

ON_PURPOSE_OTHERWISE = {
    "empty list": ["89.1234502222"],  # the incumbent sends nothing: the player waits 12 s
    "None": ["89.1234502222"],  # the same
    "float": [f"{Encoding.encode('3.5')}.1234502222"],  # 3.5.1234503222: servers refuse it
    "unknown characters": [f"{Encoding.encode('a?b??')}.1234502222"],  # spaces
    "dict": [f"{Encoding.encode('a: 1')}89.1234502222"],  # Python's own form, with spaces for the brackets
}

ids = st.integers(10_000, 99_999).map(lambda number: f"{number}0")


@pytest.mark.parametrize("vector", CAPTURED["server_to_project"], ids=lambda vector: vector["what"])
def test_answers_have_the_values_of_the_incumbent(vector: dict[str, Any]) -> None:
    content = encode_answer(vector["output"], numbers=takes_numbers(vector["request_id"]))
    values = pack(content, vector["request_id"], capacity=vector["length_limit"])
    captured = [value for _, value in vector["sets"]]
    assert values == ON_PURPOSE_OTHERWISE.get(vector["what"], captured)
    assert all(len(value) <= vector["length_limit"] - 1 for value in values)


@pytest.mark.parametrize("vector", CAPTURED["project_to_server"], ids=lambda vector: vector["to_host"][0][:20])
def test_requests_of_the_incumbents_sprite_are_read(vector: dict[str, Any]) -> None:
    unfinished = Unfinished(ClassicBounds(), patience=30)
    pieces = [unpack(value) for value in vector["to_host"]]
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    for piece in pieces[:-1]:
        unfinished.add(piece, now=0.0)
    sent = "".join(character for character in "&".join(vector["args"]) if character in CAPTURED["alphabet"])
    name, arguments = decode_request(unfinished.join(pieces[-1]).digits)
    assert (name, "&".join(arguments)) == (vector["request"], sent)


@given(digits=digit_strings.filter(bool), request_id=ids, capacity=st.integers(40, 300), plain=st.booleans())
def test_the_parts_of_an_answer_are_numbered_and_join_to_it(
    digits: str, request_id: str, capacity: int, plain: bool
) -> None:
    values = pack(Content(digits, plain), request_id, capacity=capacity)
    parts = [value.split(f".{request_id}") for value in values]
    assert "".join(part for part, _ in parts) == digits
    assert [trailer for _, trailer in parts[:-1]] == [f"{number:03d}1" for number in range(1, len(parts))]
    assert parts[-1][1] == ("3222" if plain else "2222")
    assert all(part for part, _ in parts)
    assert all(value.count(".") == 1 and len(value) < capacity for value in values)


def test_an_answer_of_more_parts_than_can_be_numbered_is_refused() -> None:
    most = most_digits("123450", capacity=40)
    values = pack(Content("1" * most), "123450", capacity=40)
    assert len(values) == MOST_PARTS
    assert values[-2].endswith(".1234509991")
    with pytest.raises(ValueTooLong) as refused:
        pack(Content("1" * (most + 1)), "123450", capacity=40)
    assert (refused.value.size, refused.value.limit) == (most + 1, most)


def test_a_part_is_asked_for_by_the_number_before_it() -> None:
    assert asked_part(unpack("3.1019109")) == ("101910", 4)
    assert asked_part(unpack("998.1019109")) == ("101910", 999)
    assert asked_part(unpack("51374733.454480")) is None
    assert asked_part(unpack("-3.1019109")) is None
    assert asked_part(unpack(".1019109")) is None


def test_an_empty_last_piece_is_a_piece() -> None:
    assert unpack(".454480").digits == ""


@given(st.text(max_size=40) | st.from_regex(r"-?[0-9.]{0,30}", fullmatch=True))
def test_anything_else_is_no_request(value: str) -> None:
    before, dot, after = value.removeprefix("-").partition(".")
    is_piece = dot and after and len(after) <= 21 and all(c in "0123456789" for c in before + after)
    if is_piece:
        assert unpack(value).digits == before
    else:
        with pytest.raises(DecodeError):
            unpack(value)
