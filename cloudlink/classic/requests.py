"""Requests on their way: pieces without a number, which are joined in the order they come."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from cloudlink.classic.packet import Piece
from cloudlink.classic.settings import ClassicBounds
from cloudlink.codec.classic import Encoding
from cloudlink.errors import DecodeError

SEPARATOR = "&"
"""Between a name and its arguments; an argument that has one in it is two to everybody."""


def decode_request(digits: str) -> tuple[str, tuple[str, ...]]:
    """The name and the arguments of a request.

    The pieces of a long request are 245 digits long and a character is two, so a lost piece shows by an odd
    number of digits, unless another is lost too.

    Raises:
        DecodeError: the digits are not text.
    """
    name, *arguments = Encoding.decode(digits).split(SEPARATOR)
    return name, tuple(arguments)


class TooLong(DecodeError):
    """A request has more digits than the server takes."""


@dataclass(slots=True)
class _Unfinished:
    heard: float
    pieces: list[str] = field(default_factory=list)
    size: int = 0


class Unfinished:
    """The requests of which the last piece has not come.

    Args:
        bounds: of memory.
        patience: seconds after which a request whose next piece did not come is dropped.
    """

    def __init__(self, bounds: ClassicBounds, *, patience: float) -> None:
        self._bounds = bounds
        self._patience = patience
        self._requests: OrderedDict[str, _Unfinished] = OrderedDict()  # by id, the longest silent one first
        self._digits = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._requests)

    def __contains__(self, request_id: str) -> bool:
        """Whether a piece of this request is here."""
        return request_id in self._requests

    def add(self, piece: Piece, *, now: float) -> None:
        """Keep a piece that is not the last."""
        request = self._requests.setdefault(piece.id, _Unfinished(now))
        self._requests.move_to_end(piece.id)
        request.heard = now
        request.size += len(piece.digits)
        self._digits += len(piece.digits)
        request.pieces.append(piece.digits)
        if request.size > self._bounds.request_digits:  # what follows is counted, not kept
            self._digits -= sum(map(len, request.pieces))
            request.pieces.clear()

    def join(self, piece: Piece) -> str:
        """The digits of the request that this piece ends.

        Raises:
            TooLong: there are more than the bound.
        """
        request = self._requests.pop(piece.id, None)
        if request is None:
            return piece.digits
        self._digits -= sum(map(len, request.pieces))
        size = request.size + len(piece.digits)
        if size > self._bounds.request_digits:
            raise TooLong(f"the request has {size:,} digits, the server takes {self._bounds.request_digits:,}")
        return "".join([*request.pieces, piece.digits])

    def trim(self, *, now: float) -> int:
        """Drop requests that are old or too many, those that were silent longest first; how many."""
        dropped = 0
        while self._requests:
            oldest = next(iter(self._requests.values()))
            if (
                now - oldest.heard < self._patience
                and len(self._requests) <= self._bounds.unfinished
                and self._digits <= self._bounds.requests_digits
            ):
                break
            self._requests.popitem(last=False)
            self._digits -= sum(map(len, oldest.pieces))
            dropped += 1
        return dropped
