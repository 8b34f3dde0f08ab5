"""Requests and answers as the digits of a message.

    request    timeout(2) packs value
                                     the value is the list [name, argument, argument, ...]
    packs      098 digit, 098 digit, ...
                                     the language packs that the answer may be in, see codec/languages.py; mostly none
    answer     0 value               what the handler returned
               1 value               the list [code, text] of an error
               2 item... 0           what a generator yielded, one item after the other
               2 item... 9 value     the same, and the list [code, text] of the error that ended it
    item       length value          a length is one digit that tells how many digits follow, and those

Handlers' names do not begin with a colon: the requests of the two ends themselves do.

    :hello     user                  who the client says it is; None
    :follow    topic                 [address, number, held] for `ClientLink.follow`; the topic "" is for everybody,
                                     and ":me" for this client alone
    :unfollow  topic                 None

`timeout` is how many whole seconds the asker waits, 00 for no end: nobody needs an answer that comes later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cloudlink import codec
from cloudlink.codec.languages import LANGUAGES, check_languages, language_of
from cloudlink.errors import Busy, DecodeError, InvalidArgument, RequestError

MOST_TIMEOUT = 99
"""Seconds: the field has two digits."""

_TIMEOUT = 2
_PACK = "098"  # no value begins so
_ANSWER, _ERROR = "0", "1"
_END, _END_ERROR = "0", "9"

HELLO, FOLLOW, UNFOLLOW = ":hello", ":follow", ":unfollow"
OWN_PREFIX = ":"
"""What the names of the two ends' own requests begin with."""

EVERYBODY, ME = "", ":me"
"""Topics that are always there."""

ITEMS = "2"
"""What the digits of an answer begin with that comes item by item."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked.

    Attributes:
        name: of the handler.
        arguments: typed values.
        timeout: seconds that the asker waits, or None for no end.
        languages: the language packs that the asker can read, such as "es".
    """

    name: str
    arguments: tuple[Any, ...] = ()
    timeout: int | None = None
    languages: tuple[str, ...] = ()


def encode_request(request: Request) -> str:
    """The digits of a request.

    Raises:
        InvalidArgument: an argument has no form in digits, the timeout is not 1 to `MOST_TIMEOUT` seconds, or there
            is no such language pack.
    """
    timeout = request.timeout or 0
    if not 0 <= timeout <= MOST_TIMEOUT:
        raise InvalidArgument(f"a request's timeout is 1 to {MOST_TIMEOUT} whole seconds, not {timeout}")
    packs = "".join(_PACK + LANGUAGES[language] for language in check_languages(request.languages))
    return f"{timeout:02d}{packs}" + codec.encode([request.name, *request.arguments], languages=request.languages)


def decode_request(digits: str) -> Request:
    """The request in a message.

    Raises:
        DecodeError: the digits are not a request.
    """
    if len(digits) < _TIMEOUT:
        raise DecodeError("a request begins with its timeout")
    languages, place = [], _TIMEOUT
    while digits.startswith(_PACK, place):
        language = language_of(digits[place + len(_PACK) : place + len(_PACK) + 1])
        if language is not None:  # else of a later version
            languages.append(language)
        place += len(_PACK) + 1
    content = codec.decode(digits[place:])
    if not isinstance(content, list) or not content or not isinstance(content[0], str):
        raise DecodeError("a request is a list that begins with a name")
    return Request(content[0], tuple(content[1:]), int(digits[:_TIMEOUT]) or None, tuple(dict.fromkeys(languages)))


def encode_answer(value: Any, *, languages: Iterable[str] = ()) -> str:
    """The digits of an answer.

    Args:
        value: of the answer.
        languages: those of the request.

    Raises:
        InvalidArgument: the value has no form in digits.
    """
    return _ANSWER + codec.encode(value, languages=languages)


def encode_error(error: RequestError) -> str:
    """The digits of an answer that is an error; what it was given for its text is sent as `str` makes it.

    Raises:
        InvalidArgument: the text holds half an emoji, which has no form in digits.
    """
    return _ERROR + codec.encode([error.code, str(error.text)])


def encode_item(value: Any, *, languages: Iterable[str] = ()) -> str:
    """The digits of one more item of an answer that comes item by item.

    Args:
        value: the item.
        languages: those of the request.

    Raises:
        InvalidArgument: the value has no form in digits.
    """
    digits = codec.encode(value, languages=languages)
    length = str(len(digits))
    return f"{len(length)}{length}{digits}"


def encode_end(error: RequestError | None = None) -> str:
    """The digits behind the last item: all is well, or what went wrong."""
    return _END if error is None else _END_ERROR + codec.encode([error.code, str(error.text)])


class ItemReader:
    """Takes the items out of an answer's digits as these arrive, if it is one that comes item by item.

    Attributes:
        taken: digits that were read so far.
        of_items: whether the answer comes item by item; None before its first digit.
    """

    def __init__(self) -> None:
        self.taken = 0
        self.of_items: bool | None = None
        self._items: list[Any] = []
        self._rest = ""

    def read(self, fresh: str) -> list[Any]:
        """The items that are complete by these further digits; none of another answer.

        Raises:
            DecodeError: an item cannot be read.
        """
        self.taken += len(fresh)
        if self.of_items is None and fresh:
            self.of_items = fresh[0] == ITEMS
            fresh = fresh[1:]
        if not self.of_items:
            return []
        self._rest += fresh
        before = len(self._items)
        while self._rest and self._rest[0] not in (_END, _END_ERROR):
            start = 1 + int(self._rest[0])
            if len(self._rest) < start:
                break
            end = start + int(self._rest[1:start])
            if len(self._rest) < end:
                break
            self._items.append(codec.decode(self._rest[start:end]))
            self._rest = self._rest[end:]
        return self._items[before:]

    def end(self) -> list[Any]:
        """All items, once all digits were read.

        Raises:
            RequestError: an error ended the answer.
            DecodeError: the answer has no end.
        """
        if self._rest == _END:
            return self._items
        if self._rest[:1] == _END_ERROR:
            raise _error(codec.decode(self._rest[1:]))
        raise DecodeError("an answer of items ends within an item")


def decode_answer(digits: str) -> Any:
    """The value in an answer; the list of its items if it came item by item.

    Raises:
        RequestError: the answer is an error, or one ended it.
        DecodeError: the digits are not an answer.
    """
    if digits[:1] == ITEMS:
        reader = ItemReader()
        reader.read(digits)
        return reader.end()
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
