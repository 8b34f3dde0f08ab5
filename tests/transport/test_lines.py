from __future__ import annotations

import contextlib
import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloudlink.errors import DecodeError
from cloudlink.javascript import javascript_number, plain_number
from cloudlink.transport.lines import (
    CLOSE_CODES,
    MAX_LINES,
    Ack,
    CreateVariable,
    Decoded,
    DeleteVariable,
    Handshake,
    Problem,
    RenameVariable,
    SetVariable,
    Unknown,
    add_prefix,
    close_code,
    decode,
    decode_line,
    encode,
    encode_ack,
    encode_update,
    strip_prefix,
)

BOB = Handshake("bob", "77")

# Halves of surrogate pairs too: JSON can carry them, UTF-8 cannot.
texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
names = texts.map(add_prefix)
commands = st.one_of(
    st.builds(Handshake, texts, texts),
    st.builds(SetVariable, names, texts),
    st.builds(CreateVariable, names, texts),
    st.builds(RenameVariable, names, names),
    st.builds(DeleteVariable, names),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(texts, children, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(["method", "user", "project_id", "name", "new_name", "value", "other"])
methods = st.sampled_from(["handshake", "set", "create", "rename", "delete", "ack", "get"])
almost_lines = st.builds(
    lambda fields, method: json.dumps({**fields, "method": method}),
    st.dictionaries(keys, json_values, max_size=7),
    methods | json_values,
)


@given(commands, st.builds(Handshake, texts, texts))
def test_what_a_client_encodes_a_server_decodes(command: object, sender: Handshake) -> None:
    message = encode(command, sender=sender)  # type: ignore[arg-type]
    assert message.endswith("\n")
    assert "\n" not in message[:-1]
    message.encode("utf-8")
    assert decode(message) == Decoded((command,))  # type: ignore[arg-type]


@given(texts, texts)
def test_what_a_server_encodes_a_client_decodes(name: str, value: str) -> None:
    update = SetVariable(name, value)
    assert decode_line(encode_update(update)) == update
    assert decode_line(encode_update(update, project_id="77")) == update
    assert decode_line(encode_ack(name)) == Ack(name)


@given(st.lists(commands, max_size=5), st.booleans())
def test_many_lines_in_one_message_are_all_decoded_in_order(several: list[object], last_newline: bool) -> None:
    message = "\n".join(encode(command, sender=BOB) for command in several)  # type: ignore[arg-type]
    if not last_newline:
        message = message.removesuffix("\n")
    assert decode(message).commands == tuple(several)


@given(st.text() | almost_lines | st.lists(almost_lines | st.text()).map("\n".join))
@example("[" * 100_000)
@example('{"method":' * 100_000)
@example('{"method":"set","name":"☁ x","value":' + "9" * 100_000 + "}")
@example('{"method":"set","name":"☁ x","value":-1e999999999}')
@example("\ud800")
def test_decode_takes_anything(message: str) -> None:
    decoded = decode(message)
    for rejected in decoded.rejected:
        assert len(rejected.excerpt) <= 80


@given(st.text() | almost_lines)
def test_a_line_is_a_command_or_a_decode_error(line: str) -> None:
    with contextlib.suppress(DecodeError):
        decode_line(line)


def test_messages_are_what_the_scratch_editor_sends() -> None:
    assert encode(BOB, sender=BOB) == '{"method":"handshake","user":"bob","project_id":"77"}\n'
    start = '"user":"bob","project_id":"77","name":"☁ out"'
    assert encode(SetVariable("out", "999"), sender=BOB) == f'{{"method":"set",{start},"value":"999"}}\n'
    assert encode(CreateVariable("☁ out", "0"), sender=BOB) == f'{{"method":"create",{start},"value":"0"}}\n'
    assert encode(RenameVariable("out", "in"), sender=BOB) == f'{{"method":"rename",{start},"new_name":"☁ in"}}\n'
    assert encode(DeleteVariable("out"), sender=BOB) == f'{{"method":"delete",{start}}}\n'


def test_a_servers_lines_are_those_of_the_two_platforms() -> None:
    update = SetVariable("☁ x", "12")
    assert encode_update(update) == '{"method":"set","name":"☁ x","value":"12"}'
    assert encode_update(update, project_id="7") == '{"method":"set","project_id":"7","name":"☁ x","value":"12"}'
    assert encode_update(SetVariable("☁ x", "12", number=True)) == '{"method":"set","name":"☁ x","value":12}'


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("12", "12"),
        ("-12", "-12"),
        ("-0", "0"),
        ("9007199254740993", "9007199254740993"),  # JavaScript would round this one
        ("1" * 5000, "1" * 5000),  # more digits than Python turns into an int
        ("1.0", "1"),
        ("0.1", "0.1"),
        ("-2.50", "-2.5"),
        ("1e3", "1000"),
        ("1e21", "1e+21"),
        ("123456789012345678901.5", "123456789012345680000"),
        ("1.5e-7", "1.5e-7"),
        ("0.000001", "0.000001"),
    ],
)
def test_a_number_becomes_its_text(number: str, text: str) -> None:
    line = f'{{"method":"set","name":"☁ x","value":{number}}}'
    assert decode_line(line) == SetVariable("☁ x", text, number=True)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_both_texts_of_a_number_read_as_that_number(number: float) -> None:
    assert float(javascript_number(number)) == number
    assert float(plain_number(number)) == number
    assert "e" not in plain_number(number)


def test_numbers_that_are_none_have_javascripts_names() -> None:
    assert [javascript_number(x) for x in (math.nan, math.inf, -math.inf)] == ["NaN", "Infinity", "-Infinity"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("hello", Problem.NOT_JSON),
        (" ", Problem.NOT_JSON),
        ("{", Problem.NOT_JSON),
        ('{"method":"set","name":"x","value":NaN}', Problem.NOT_JSON),
        ("[]", Problem.NOT_A_COMMAND),
        ("5", Problem.NOT_A_COMMAND),
        ("{}", Problem.NOT_A_COMMAND),
        ('{"method":5}', Problem.NOT_A_COMMAND),
        ('{"method":"handshake","project_id":"7"}', Problem.BAD_USER),
        ('{"method":"handshake","user":5,"project_id":"7"}', Problem.BAD_USER),
        ('{"method":"handshake","user":"b","project_id":{}}', Problem.BAD_FIELD),
        ('{"method":"set","value":"1"}', Problem.BAD_FIELD),
        ('{"method":"set","name":5,"value":"1"}', Problem.BAD_FIELD),
        ('{"method":"set","name":"x"}', Problem.BAD_VALUE),
        ('{"method":"set","name":"x","value":true}', Problem.BAD_VALUE),
        ('{"method":"set","name":"x","value":null}', Problem.BAD_VALUE),
        ('{"method":"set","name":"x","value":1e999}', Problem.BAD_VALUE),
    ],
)
def test_a_bad_line_is_handed_back_and_the_good_ones_around_it_count(line: str, problem: Problem) -> None:
    good = encode_update(SetVariable("☁ x", "1"))
    decoded = decode(f"{good}\n{line}\n\n{good}")
    assert len(decoded.commands) == 2
    assert [rejected.problem for rejected in decoded.rejected] == [problem]


@pytest.mark.parametrize(
    ("project_id", "text"),
    [('"project_id":"x"', "x"), ('"project_id":12', "12"), ('"project_id":null', "null"), ('"a":1', "undefined")],
)
def test_a_project_id_becomes_the_text_that_javascript_makes_of_it(project_id: str, text: str) -> None:
    assert decode_line(f'{{"method":"handshake","user":"bob",{project_id}}}') == Handshake("bob", text)


def test_unknown_methods_and_keys_are_no_errors() -> None:
    assert decode_line('{"method":"ping","name":"x"}') == Unknown("ping")
    assert decode_line('{"method":"ack","name":"☁ x","reply":"OK"}') == Ack("☁ x")


def test_a_flood_of_lines_is_cut_off() -> None:
    decoded = decode("5\n" * MAX_LINES)
    assert len(decoded.rejected) == MAX_LINES
    decoded = decode("5\n" * (MAX_LINES + 1))
    assert len(decoded.rejected) == MAX_LINES + 1
    assert decoded.rejected[-1].problem is Problem.TOO_MANY
    assert decode("\n" * 1_000_000).commands == ()


def test_the_cloud_sign_is_put_on_once_and_taken_off_once() -> None:
    assert add_prefix("x") == add_prefix("☁ x") == "☁ x"
    assert strip_prefix("☁ x") == strip_prefix("x") == "x"
    assert strip_prefix("☁x") == "☁x"


def test_only_what_the_server_has_against_us_is_fatal() -> None:
    assert {code for code in CLOSE_CODES if close_code(code).fatal} == {4002, 4004, 4005, 4006}
    assert not close_code(None).fatal
    assert not close_code(4999).fatal
