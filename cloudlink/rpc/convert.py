"""Arguments as a handler's annotations want them.

Scratch has no types: whatever a player types is text, and a number may arrive as a number or as text. So an
annotation is both a check and a wish: `int` takes 5, 5.0 and "5" and gives 5, `str` takes 5 and gives "5".
"""

from __future__ import annotations

import contextlib
import math
import re
import types
import typing
from collections.abc import Callable
from typing import Any

from cloudlink.codec.numbers import whole_text
from cloudlink.errors import InvalidArgument
from cloudlink.javascript import javascript_number

Converter = Callable[[Any], Any]
"""Gives the wanted value, or raises ValueError with words that say what was wanted: "a whole number"."""


_INFINITY = re.compile(r"\s*[+-]?Infinity\s*")


def converter_for(annotation: Any) -> Converter:
    """The converter for an annotation.

    Known are int, float, bool, str, bytes, None, Any, object, list and dict (also of something, as list[int]),
    Literal of texts and numbers, and unions of these, the first member that fits winning.

    Raises:
        InvalidArgument: the annotation is something that cannot come from a cloud variable.
    """
    with contextlib.suppress(TypeError):  # some, such as [int], cannot be looked up
        if annotation in _SIMPLE:
            return _SIMPLE[annotation]
    origin, parameters = typing.get_origin(annotation), typing.get_args(annotation)
    if (annotation is list or origin is list) and len(parameters) <= 1:
        return _list_of(converter_for(parameters[0] if parameters else Any))
    if (annotation is dict or origin is dict) and len(parameters) in (0, 2):
        return _dict_of(*map(converter_for, parameters or (Any, Any)))
    if origin in (typing.Union, types.UnionType):
        return _one_of(tuple(map(converter_for, parameters)))
    if origin is typing.Literal:
        return _literal(parameters)
    raise InvalidArgument(
        f"{annotation!r} cannot come from a cloud variable; annotate with int, float, bool, str, bytes, "
        "list, dict, Literal, Any or a union of these"
    )


def as_scratch_text(value: Any) -> str:
    """A number or boolean as Scratch would print it: 5.0 is "5", 1e21 is "1e+21", True is "true"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return whole_text(value)
    return javascript_number(value)


def _anything(value: Any) -> Any:
    return value


def _none(value: Any) -> None:
    if value is not None and value != "":
        raise ValueError("nothing")


def _whole_number(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and len(value) <= 4000 and "_" not in value:
        try:
            return int(value)
        except ValueError:
            return _whole_number(_number_in(value, "a whole number"))
    raise ValueError("a whole number")


def _number(value: Any) -> float:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        return _number_in(value, "a number")
    raise ValueError("a number")


def _number_in(value: int | float | str, wanted: str) -> float:
    """A number, or one in a text; Python's own words for numbers, such as 1_000, inf and nan, are texts to Scratch.

    What is not a number fits nowhere: it would pass every check that a handler makes of its size.
    """
    is_text = isinstance(value, str) and ("_" in value or ("n" in value.lower() and not _INFINITY.fullmatch(value)))
    if not is_text:
        with contextlib.suppress(ValueError, OverflowError):
            number = float(value)
            if not math.isnan(number):
                return number
    raise ValueError(wanted)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, int | float) and value in (0, 1):
        return value == 1
    raise ValueError("true or false")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return as_scratch_text(value)
    raise ValueError("a text")


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    raise ValueError("bytes")


_SIMPLE: dict[Any, Converter] = {
    int: _whole_number,
    float: _number,
    bool: _boolean,
    str: _text,
    bytes: _bytes,
    None: _none,
    type(None): _none,
    Any: _anything,
    object: _anything,
}


def _list_of(convert: Converter) -> Converter:
    def to_list(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError("a list")
        return [_within("a list", convert, item) for item in value]

    return to_list


def _dict_of(convert_key: Converter, convert_value: Converter) -> Converter:
    def to_dict(value: Any) -> dict[Any, Any]:
        if not isinstance(value, dict):
            raise ValueError("a record")
        return {
            _within("a record", convert_key, key): _within("a record", convert_value, item)
            for key, item in value.items()
        }

    return to_dict


def _within(what: str, convert: Converter, value: Any) -> Any:
    try:
        return convert(value)
    except ValueError as error:
        raise ValueError(f"{what} with {error} in each place") from None


def _one_of(converters: tuple[Converter, ...]) -> Converter:
    def to_one(value: Any) -> Any:
        wanted = []
        for convert in converters:
            try:
                return convert(value)
            except ValueError as error:
                wanted.append(str(error))
        raise ValueError(" or ".join(wanted))

    return to_one


def _literal(choices: tuple[Any, ...]) -> Converter:
    def to_literal(value: Any) -> Any:
        for choice in choices:
            if value == choice or (isinstance(value, int | float | str) and _text(value) == str(choice)):
                return choice
        raise ValueError("one of " + ", ".join(map(str, choices)))

    return to_literal
