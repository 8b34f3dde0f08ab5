"""Requests on their way: pieces without a number, which are joined in the order they come."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from cloudlink.classic.packet import Piece
from cloudlink.classic.settings import ClassicBounds
from cloudlink.codec.classic import Encoding
from cloudlink.errors import DecodeError
from cloudlink.link.events import Carrier

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


_MOST_CARRIERS = 2000
"""Sets that are remembered of one request; the longest one has about 1,000 pieces, unless they are empty."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole request.

    Attributes:
        digits: of all its pieces.
        carriers: the sets that have carried these; empty unless all are known.
    """

    digits: str
    carriers: tuple[Carrier, ...]


class TooLong(DecodeError):
    """A request has more digits than the server takes."""


@dataclass(slots=True)
class _Unfinished:
    heard: float
    pieces: list[str] = field(default_factory=list)
    carriers: list[Carrier] | None = field(default_factory=list)  # None: they are not all known
    size: int = 0
    held: int = 0  # digits in memory

    def add(self, piece: Piece, carrier: Carrier | None) -> None:
        self.pieces.append(piece.digits)
        self.size += len(piece.digits)
        self.held += len(piece.digits)
        if self.carriers is None:
            return
        if carrier is None or len(self.carriers) == _MOST_CARRIERS:
            self.held -= sum(len(known.value) for known in self.carriers)
            self.carriers = None
        else:
            self.carriers.append(carrier)
            self.held += len(carrier.value)

    def clear(self) -> None:
        """Keep nothing of it but how long it is."""
        self.pieces.clear()
        self.carriers = None
        self.held = 0


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

    def add(self, piece: Piece, *, now: float, carrier: Carrier | None = None) -> None:
        """Keep a piece that is not the last; `carrier` is the set that it came with, if `join` is to tell."""
        request = self._requests.setdefault(piece.id, _Unfinished(now))
        self._requests.move_to_end(piece.id)
        request.heard = now
        self._digits -= request.held
        request.add(piece, carrier)
        if request.size > self._bounds.request_digits:  # what follows is counted, not kept
            request.clear()
        self._digits += request.held

    def join(self, piece: Piece, *, carrier: Carrier | None = None) -> Whole:
        """The request that this piece ends.

        Raises:
            TooLong: there are more than the bound.
        """
        request = self._requests.pop(piece.id, None) or _Unfinished(0.0)
        self._digits -= request.held
        request.add(piece, carrier)
        if request.size > self._bounds.request_digits:
            raise TooLong(f"the request has {request.size:,} digits, the server takes {self._bounds.request_digits:,}")
        return Whole("".join(request.pieces), tuple(request.carriers or ()))

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
            self._digits -= oldest.held
            dropped += 1
        return dropped
