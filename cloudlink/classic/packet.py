"""The values of classic variables: pieces of requests, asked-for parts and parts of answers.

    to the host     digits.ID            a request, or its last piece; the digits may be empty
                    -digits.ID           an earlier piece: 245 digits, no number
                    (k-1).ID9            part k of the answer to ID did not arrive
    to the player   digits.ID2222        an answer in the two-digit alphabet, or its closing part
                    number.ID3222        the same for a whole number as it is
                    digits.IDkkk1        an earlier part of an answer, k from 001 to 999

An id is R0 with a random R of five digits, and the 0 says "I take plain numbers"; messages that nobody asked for
have the id 100000000 and four random digits. The sprite puts a numbered part into slot k of a list, which it makes
k+1 slots long if it is shorter, and the closing part into the last slot; it is done when no slot is empty.

An answer stays in its variable until another one comes, and the sprite believes what it finds: of 90,000 requests
one draws the id of a given old answer, and takes that one. Nothing on the server's side prevents this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cloudlink.errors import DecodeError, ValueTooLong

USUAL_ID = 6
"""Digits of the ids that all published sprites draw."""

LONGEST_ID = 20
"""Digits of an id that is answered; messages that nobody asked for have 13."""

TRAILER = 6
"""Characters of a value beside its digits and the id, at most: the dot, and five digits of room as ever was."""

MOST_PARTS = 1000
"""Of one answer: 999 numbered ones, for the sprite reads three digits, and the closing one."""

PIECE = 245
"""Digits in each piece of a request but the last."""

_TEXT, _NUMBER, _EARLIER = "2222", "3222", "1"
_ASKED = "9"
_PUSH = "100000000"
_VALUE = re.compile(rf"(-?)([0-9]*)\.([0-9]{{1,{LONGEST_ID + 1}}})")


@dataclass(frozen=True, slots=True)
class Piece:
    """A value that a player has set.

    Attributes:
        id: of the request.
        digits: a piece of it.
        last: whether no further one follows.
    """

    id: str
    digits: str
    last: bool


@dataclass(frozen=True, slots=True)
class Content:
    """What an answer consists of.

    Attributes:
        digits: 0-9, at least one of them.
        plain: they are a number as it is, not text in the two-digit alphabet.
    """

    digits: str
    plain: bool = False


def unpack(value: str) -> Piece:
    """The piece in a value.

    Raises:
        DecodeError: it is none.
    """
    match = _VALUE.fullmatch(value)
    if match is None:
        raise DecodeError("a classic request consists of digits, a dot and an id")
    return Piece(match[3], match[2], last=not match[1])


def asked_part(piece: Piece) -> tuple[str, int] | None:
    """The id and the number of the part that a value asks for, if that is what it may mean.

    It looks like a request whose id ends in 9, so whether it is one depends on which answers were given.
    """
    if not piece.last or not piece.id.endswith(_ASKED) or not 1 <= len(piece.digits) <= 3:
        return None
    return piece.id.removesuffix(_ASKED), int(piece.digits) + 1


def takes_numbers(request_id: str) -> bool:
    """Whether the sprite that drew this id reads plain numbers."""
    return request_id.endswith("0")


def push_id(number: int) -> str:
    """The id of a message that nobody asked for; `number` is from 1000 to 9999."""
    return f"{_PUSH}{number}"


def most_digits(request_id: str, *, capacity: int) -> int:
    """The digits that an answer may have."""
    return MOST_PARTS * (capacity - len(request_id) - TRAILER)


def pack(content: Content, request_id: str, *, capacity: int) -> list[str]:
    """The values that carry an answer, in order; the closing part is the last.

    Args:
        content: the answer.
        request_id: what it answers.
        capacity: most characters in a value.

    Raises:
        ValueTooLong: it has more than `most_digits`.
    """
    limit = most_digits(request_id, capacity=capacity)
    if len(content.digits) > limit:
        raise ValueTooLong(
            f"the answer has {len(content.digits):,} digits, classic projects take {limit:,}; send it in pieces",
            size=len(content.digits),
            limit=limit,
        )
    size = capacity - len(request_id) - TRAILER
    chunks = [content.digits[at : at + size] for at in range(0, len(content.digits), size)]
    earlier = [f"{chunk}.{request_id}{number:03d}{_EARLIER}" for number, chunk in enumerate(chunks[:-1], 1)]
    return [*earlier, f"{chunks[-1]}.{request_id}{_NUMBER if content.plain else _TEXT}"]
