"""Arguments as annotations want them, and numbers as Scratch prints them."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from random import Random
from typing import Any, Literal, Optional, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import values

from cloudlink.errors import InvalidArgument
from cloudlink.rpc.convert import as_scratch_text, converter_for

NAN = float("nan")
INFINITY = float("inf")

INPUTS = {
    "'5'": "5",
    "5": 5,
    "5.0": 5.0,
    "5.5": 5.5,
    "'5.5'": "5.5",
    "'abc'": "abc",
    "''": "",
    "True": True,
    "'TRUE'": "TRUE",
    "'false'": "false",
    "0": 0,
    "1": 1,
    "None": None,
    "b'5'": b"5",
    "[]": [],
    "['1', 2]": ["1", 2],
    "['1', 'x']": ["1", "x"],
    "{}": {},
    "{'a': '1'}": {"a": "1"},
    "{'a': 'x'}": {"a": "x"},
    "{5: [1]}": {5: [1]},
}
"""What may come out of a Scratch project, by how it is written."""

EVERYTHING = dict(INPUTS)

FITS: list[tuple[Any, dict[str, Any]]] = [
    (int, {"'5'": 5, "5": 5, "5.0": 5, "0": 0, "1": 1}),
    (float, {"'5'": 5.0, "5": 5.0, "5.0": 5.0, "5.5": 5.5, "'5.5'": 5.5, "0": 0.0, "1": 1.0}),
    (bool, {"True": True, "'TRUE'": True, "'false'": False, "0": False, "1": True}),
    (
        str,
        {
            "'5'": "5",
            "5": "5",
            "5.0": "5",
            "5.5": "5.5",
            "'5.5'": "5.5",
            "'abc'": "abc",
            "''": "",
            "True": "true",
            "'TRUE'": "TRUE",
            "'false'": "false",
            "0": "0",
            "1": "1",
        },
    ),
    (bytes, {"b'5'": b"5"}),
    (None, {"None": None, "''": None}),
    (type(None), {"None": None, "''": None}),
    (Any, EVERYTHING),
    (object, EVERYTHING),
    (list, {"[]": [], "['1', 2]": ["1", 2], "['1', 'x']": ["1", "x"]}),
    (list[int], {"[]": [], "['1', 2]": [1, 2]}),
    (list[str], {"[]": [], "['1', 2]": ["1", "2"], "['1', 'x']": ["1", "x"]}),
    (list[list[int]], {"[]": []}),
    (dict, {"{}": {}, "{'a': '1'}": {"a": "1"}, "{'a': 'x'}": {"a": "x"}, "{5: [1]}": {5: [1]}}),
    (dict[str, int], {"{}": {}, "{'a': '1'}": {"a": 1}}),
    (dict[str, list[int]], {"{}": {}, "{5: [1]}": {"5": [1]}}),
    (dict[int, Any], {"{}": {}, "{5: [1]}": {5: [1]}}),
    (Optional[int], {"'5'": 5, "5": 5, "5.0": 5, "0": 0, "1": 1, "None": None, "''": None}),  # noqa: UP045
    (int | None, {"'5'": 5, "5": 5, "5.0": 5, "0": 0, "1": 1, "None": None, "''": None}),
    (Union[int, list[int]], {"'5'": 5, "5": 5, "5.0": 5, "0": 0, "1": 1, "[]": [], "['1', 2]": [1, 2]}),  # noqa: UP007
    (int | bool, {"'5'": 5, "5": 5, "5.0": 5, "0": 0, "1": 1, "True": True, "'TRUE'": True, "'false'": False}),
    (Literal["abc", 5], {"'5'": 5, "5": 5, "5.0": 5, "'abc'": "abc"}),
    (Literal["5"], {"'5'": "5", "5": "5", "5.0": "5"}),
    (Literal["abc"] | None, {"'abc'": "abc", "None": None, "''": None}),
]


@pytest.mark.parametrize("shown", INPUTS)
@pytest.mark.parametrize(("annotation", "fits"), FITS, ids=[str(annotation) for annotation, _ in FITS])
def test_what_fits_an_annotation_is_converted_and_the_rest_is_refused(
    annotation: Any, fits: dict[str, Any], shown: str
) -> None:
    convert = converter_for(annotation)
    if shown not in fits:
        with pytest.raises(ValueError, match=r"\w"):
            convert(INPUTS[shown])
        return
    converted = convert(INPUTS[shown])
    assert converted == fits[shown]
    assert type(converted) is type(fits[shown])


@pytest.mark.parametrize(
    ("annotation", "value", "wanted"),
    [
        (int, "abc", "a whole number"),
        (int, 5.5, "a whole number"),
        (int, True, "a whole number"),
        (int, NAN, "a whole number"),
        (int, INFINITY, "a whole number"),
        (int, "9" * 5000, "a whole number"),
        (float, "", "a number"),
        (float, "nan", "a number"),
        (float, "NaN", "a number"),
        (float, NAN, "a number"),
        (float, "inf", "a number"),
        (float, "-infinity", "a number"),
        (float | None, "Nan", "a number or nothing"),
        (float, True, "a number"),
        (bool, 2, "true or false"),
        (str, ["a"], "a text"),
        (bytes, "a", "bytes"),
        (None, 0, "nothing"),
        (list, "a b", "a list"),
        (list[int], [1, "x"], "a list with a whole number in each place"),
        (dict, [], "a record"),
        (dict[str, int], {"a": "x"}, "a record with a whole number in each place"),
        (dict[str, list[float]], {"a": [[]]}, "a record with a list with a number in each place in each place"),
        (int | list[int], "x", "a whole number or a list"),
        (int | None, "x", "a whole number or nothing"),
        (Literal["red", "blue", 3], "green", "one of red, blue, 3"),
    ],
)
def test_a_refusal_says_in_plain_words_what_was_wanted(annotation: Any, value: Any, wanted: str) -> None:
    with pytest.raises(ValueError) as caught:
        converter_for(annotation)(value)
    assert str(caught.value) == wanted


@pytest.mark.parametrize("text", ["Infinity", "-Infinity", " 1e400", "1e+21"])
def test_the_numbers_that_scratch_shows_are_numbers(text: str) -> None:
    assert as_scratch_text(converter_for(float)(text)) == text.replace(" 1e400", "Infinity")


@pytest.mark.parametrize("number", [10**5000, -(10**5000)], ids=["positive", "negative"])
def test_a_whole_number_of_any_size_is_a_text_with_all_its_digits(number: int) -> None:
    text = converter_for(str)(number)
    assert (len(text), text.strip("0")) == (5001 + (number < 0), "1" if number > 0 else "-1")


@pytest.mark.parametrize("value", ["5", 5])
def test_of_a_union_the_first_member_that_fits_wins(value: str | int) -> None:
    assert converter_for(int | str)(value) == 5
    assert converter_for(str | int)(value) == "5"
    assert type(converter_for(float | int)(value)) is float


@pytest.mark.parametrize(
    "annotation",
    [set, tuple, tuple[int, int], complex, list[set], dict[str, set], int | set, [int], (int, []), "int", dict[str], 5],
    ids=str,
)
def test_an_annotation_that_no_cloud_variable_can_have_is_refused_at_once(annotation: Any) -> None:
    with pytest.raises(InvalidArgument, match="cannot come from a cloud variable"):
        converter_for(annotation)


annotations = st.recursive(
    st.sampled_from([int, float, bool, str, bytes, None, Any, object, list, dict, Literal["a", 1]]),
    lambda inner: (
        st.builds(lambda item: list[item], inner)
        | st.builds(lambda key, item: dict[key, item], inner, inner)
        | st.builds(lambda one, other: Union[one, other], inner, inner)  # noqa: UP007
    ),
    max_leaves=4,
)


@given(annotation=annotations, value=values)
def test_a_converter_gives_a_value_or_words_whatever_comes(annotation: Any, value: Any) -> None:
    words = "converted"
    try:
        converter_for(annotation)(value)
    except ValueError as error:
        words = str(error)
    assert words


# Numbers as JavaScript prints them

PRINTED = {
    0.0: "0",
    5.0: "5",
    -5.5: "-5.5",
    0.1: "0.1",
    1e15: "1000000000000000",
    123456789012345680000.0: "123456789012345680000",
    999999999999999900000.0: "999999999999999900000",
    1e21: "1e+21",
    -1.5e21: "-1.5e+21",
    1.7976931348623157e308: "1.7976931348623157e+308",
    0.0001: "0.0001",
    0.00001: "0.00001",
    1.5e-05: "0.000015",
    -1.25e-06: "-0.00000125",
    1e-06: "0.000001",
    9.99e-07: "9.99e-7",
    5e-07: "5e-7",
    1e-07: "1e-7",
    -1e-07: "-1e-7",
    1.5e-10: "1.5e-10",
    2.2250738585072014e-308: "2.2250738585072014e-308",
    5e-324: "5e-324",
    INFINITY: "Infinity",
    -INFINITY: "-Infinity",
}


@pytest.mark.parametrize(("number", "printed"), PRINTED.items())
def test_numbers_are_printed_as_scratch_prints_them(number: float, printed: str) -> None:
    assert as_scratch_text(number) == printed


def test_minus_zero_and_what_is_no_number_are_printed_as_scratch_prints_them() -> None:
    assert (as_scratch_text(-0.0), as_scratch_text(NAN)) == ("0", "NaN")
    assert (as_scratch_text(True), as_scratch_text(False)) == ("true", "false")


def some_doubles() -> list[float]:
    """Doubles of all magnitudes, most of them near the places where the printed form changes."""
    random = Random(5)
    numbers = [struct.unpack("<d", random.randbytes(8))[0] for _ in range(20_000)]
    numbers += [random.uniform(-10, 10) * 10.0 ** random.randrange(-9, 24) for _ in range(20_000)]
    numbers += [round(random.random(), random.randrange(1, 12)) for _ in range(5_000)]
    numbers += [sign * 10.0**power for power in range(-324, 309) for sign in (1, -1)]
    return [number for number in numbers if number - number == 0]  # the others have no form in JSON


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not on PATH; the table above stands in for it")
def test_random_doubles_are_printed_as_node_prints_them() -> None:
    numbers = some_doubles()
    program = 'process.stdout.write(JSON.stringify(JSON.parse(require("fs").readFileSync(0)).map(String)))'
    answer = subprocess.run(
        ["node", "-e", program], input=json.dumps(numbers), capture_output=True, text=True, timeout=60, check=True
    )
    assert [as_scratch_text(number) for number in numbers] == json.loads(answer.stdout)
