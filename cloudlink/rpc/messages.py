"""Requests and answers as the digits of a message.

    request    timeout(2) value      the value is the list [name, argument, argument, ...]
    answer     0 value               what the handler returned
               1 value               the list [code, text] of an error

`timeout` is how many whole seconds the asker waits, 00 for no end: nobody needs an answer that comes later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cloudlink import codec
from cloudlink.errors import Busy, DecodeError, InvalidArgument, RequestError

MOST_TIMEOUT = 99
"""Seconds: the field has two digits."""

_TIMEOUT = 2
_ANSWER, _ERROR = "0", "1"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked.

    Attributes:
        name: of the handler.
        arguments: typed values.
        timeout: seconds that the asker waits, or None for no end.
    """

    name: str
    arguments: tuple[Any, ...] = ()
    timeout: int | None = None


def encode_request(request: Request) -> str:
    """The digits of a request.

    Raises:
        InvalidArgument: an argument has no form in digits, or the timeout is not 1 to `MOST_TIMEOUT` seconds.
    """
    timeout = request.timeout or 0
    if not 0 <= timeout <= MOST_TIMEOUT:
        raise InvalidArgument(f"a request's timeout is 1 to {MOST_TIMEOUT} whole seconds, not {timeout}")
    return f"{timeout:02d}" + codec.encode([request.name, *request.arguments])


def decode_request(digits: str) -> Request:
    """The request in a message.

    Raises:
        DecodeError: the digits are not a request.
    """
    if len(digits) < _TIMEOUT:
        raise DecodeError("a request begins with its timeout")
    content = codec.decode(digits[_TIMEOUT:])
    if not isinstance(content, list) or not content or not isinstance(content[0], str):
        raise DecodeError("a request is a list that begins with a name")
    return Request(content[0], tuple(content[1:]), int(digits[:_TIMEOUT]) or None)


def encode_answer(value: Any) -> str:
    """The digits of an answer.

    Raises:
        InvalidArgument: the value has no form in digits.
    """
    return _ANSWER + codec.encode(value)


def encode_error(error: RequestError) -> str:
    """The digits of an answer that is an error; what it was given for its text is sent as `str` makes it.

    Raises:
        InvalidArgument: the text holds half an emoji, which has no form in digits.
    """
    return _ERROR + codec.encode([error.code, str(error.text)])


def decode_answer(digits: str) -> Any:
    """The value in an answer.

    Raises:
        RequestError: the answer is an error.
        DecodeError: the digits are not an answer.
    """
    content = codec.decode(digits[1:])
    if digits[0] == _ANSWER:
        return content
    if digits[0] == _ERROR:
        raise _error(content)
    raise DecodeError(f"answers that begin with {digits[0]} are unknown to this version")


def _error(content: Any) -> RequestError:
    match content:
        case [503, str(text)]:
            return Busy(text)
        case [int(code), str(text)] if 0 <= code <= 999:
            return RequestError(text, code)
    raise DecodeError("an error is a code from 0 to 999 and a text")
