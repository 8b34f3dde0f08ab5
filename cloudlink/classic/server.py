"""The server's end for projects with the incumbent's Cloud Requests sprite.

Theory of operation. All players set one variable, TO_HOST; the server answers in FROM_HOST_1 to FROM_HOST_9 by
turns, and everybody sees everything: an answer is for whoever waits for its id. A player has one request at a
time and sends it once; it waits 12 s in all, then its project goes on with nothing. So here, unlike in
`cloudlink.link`, the server has to do what it can unasked:

        piece "-digits.ID"        kept until the last one comes
        last piece "digits.ID"    -> ClassicRequest; or an error, at once, if it cannot be read
        the same value again      nothing: it runs already, or ran
        "(k-1).ID9"               part k again, and in spare time what follows it
        send(request, value)      its parts, the last numbered one twice, the closing part;
                                  in spare time the last two again

What the sprite does with a value, and what follows for the order of parts, stands in `packet` and `outbox`.

After connecting the cloud tells the stored value of TO_HOST, somebody's last request, perhaps of last week. So
`receive` is told how old a value may be. One whose player may have given up is not run; but as it may also have been
set a moment ago, it is answered: "ask again".

The server has no clock and no randomness but what it is handed. The pace is not its own either: the pacer is handed
in, so that a `ServerLink` of the same connection can share it. Of the two, let the one write first that did not write
last; what this one has to send while it is not `pending` is spare and gives way.
"""

from __future__ import annotations

import logging
import math
from collections import OrderedDict, deque
from dataclasses import dataclass
from random import Random
from typing import Any

from cloudlink.classic import packet
from cloudlink.classic.answers import encode_answer, encode_error
from cloudlink.classic.events import ClassicRequest
from cloudlink.classic.outbox import Answer, Outbox
from cloudlink.classic.packet import Content, Piece
from cloudlink.classic.requests import TooLong, Unfinished, decode_request
from cloudlink.classic.settings import ClassicBounds, ClassicChannel, ClassicTimes
from cloudlink.errors import DecodeError, RequestError
from cloudlink.link.events import Carrier, Write
from cloudlink.link.pacer import Pacer
from cloudlink.link.statistics import MALFORMED, NO_ROOM, Statistics

REPEATED = "repeated"
"""A value that had come before."""

NO_ANSWER = "no answer"
"""Somebody asks for a part of an answer that is not kept, or never was."""

UNFINISHED = "unfinished"
"""A request whose last piece did not come in time, or for which there was no room."""

_MOST_ERROR = 1000
"""Characters of a request's name and of an error's text, where the whole does not fit."""

_log = logging.getLogger("cloudlink.classic")


@dataclass(slots=True)
class _Request:
    """One that was told upward and is not answered yet."""

    id: str
    name: str
    asked_at: float


class ClassicServer:
    """The server's end.

    Args:
        channel: the variables and the platform's limits.
        pacer: tells when a write of this connection may go out; a link over the same connection shares it.
        random: draws the ids of messages that nobody asked for.
        now: seconds; the time of the server's start.
        times: delays.
        bounds: of memory.

    Attributes:
        statistics: counters; the frames are variable writes.
    """

    def __init__(
        self,
        channel: ClassicChannel,
        *,
        pacer: Pacer,
        random: Random,
        now: float,
        times: ClassicTimes | None = None,
        bounds: ClassicBounds | None = None,
    ) -> None:
        self.statistics = Statistics()
        self._channel = channel
        self._pacer = pacer
        self._random = random
        self._now = now
        self._times = times or ClassicTimes()
        self._bounds = bounds or ClassicBounds()
        self._turn = 0
        self._set_at: dict[str, float] = {}  # by variable
        self._next_request = 1
        self._events: deque[ClassicRequest] = deque()
        self._unfinished = Unfinished(self._bounds, patience=self._times.pieces)
        self._requests: OrderedDict[int, _Request] = OrderedDict()
        self._remembered: OrderedDict[str, tuple[int, float]] = OrderedDict()  # by id: what its last value was, when
        self._outbox = Outbox(self._times, self._bounds, interval=pacer.interval)
        self._last_value = ""

    @property
    def pending(self) -> bool:
        """Whether a player waits for something that will arrive in time; all else that is to be sent is spare."""
        return self._outbox.pending(now=self._now)

    @property
    def held(self) -> dict[str, int]:
        """How much is in memory: unfinished requests, requests without an answer, answers, remembered requests."""
        return {
            "unfinished": len(self._unfinished),
            "requests": len(self._requests),
            "answers": len(self._outbox),
            "remembered": len(self._remembered),
        }

    def send(self, request: int, value: Any) -> None:
        """Queue the answer to a request; a second one is dropped.

        Args:
            request: as in the `ClassicRequest`.
            value: what the handler returned, in the form `cloudlink.classic.answers` gives it, or a
                `RequestError`. What has no such form, or is too long, is answered as an error, and logged.
        """
        asked = self._requests.pop(request, None)
        if asked is None:
            return
        values = packet.pack(self._content(asked, value), asked.id, capacity=self._channel.limits.value_length)
        self._queue(Answer(request, asked.id, values, asked.asked_at + self._times.patience))

    def push(self, value: Any) -> None:
        """Queue a message to all players that nobody asked for; the sprite broadcasts `on_server_message`.

        Raises:
            ValueTooLong: it has too many digits.
        """
        request_id = packet.push_id(self._random.randrange(1000, 10_000))
        content = encode_answer(value, numbers=packet.takes_numbers(request_id))
        values = packet.pack(content, request_id, capacity=self._channel.limits.value_length)
        self._queue(Answer(self._take_number(), request_id, values, self._now + self._times.patience, is_push=True))

    def receive(
        self,
        name: str,
        value: str,
        *,
        now: float,
        age: float = 0.0,
        user: str | None = None,
        received_at: float | None = None,
    ) -> None:
        """Take in the value of a variable that somebody else has set; anything at all may come here.

        Args:
            name: without the cloud prefix.
            value: any text.
            now: seconds.
            age: how long ago it may have been set, in seconds: 0 for a value that came when it was set, the
                length of the outage for one that the cloud told after connecting again, `math.inf` for one that
                was stored when the server started.
            user: who has set it, if that is known.
            received_at: when it came, in seconds of any clock, to be told in `ClassicRequest.carriers`; None where
                nobody wants to know, or it is not certain that it was set then.
        """
        self._now = now
        if name != self._channel.uplink:
            return
        told_again = age > 0 and value == self._last_value
        self._last_value = value
        if told_again:
            return
        try:
            piece = packet.unpack(value)
        except DecodeError:
            self.statistics.reject(MALFORMED)
            return
        self.statistics.frames_received += 1
        asked = packet.asked_part(piece)
        if asked is not None and self._give_part(*asked, now=now):
            return
        carrier = None if received_at is None else Carrier(name, value, received_at)
        self._receive_piece(piece, value, carrier, user=user, fresh=age < self._times.patience)

    def writes(self, *, now: float) -> list[Write]:
        """What may go out now: one write or none. Call again at `wakeup`, and after each `send` and `receive`."""
        self._now = now
        if now < self._earliest():
            return []
        chosen = self._outbox.take(now=now)
        if chosen is None:
            return []
        answer, index = chosen
        name = self._channel.downlink[self._place(answer, index)]
        self._pacer.take(now=now)
        self._set_at[name] = now
        self.statistics.frames_sent += 1
        return [Write(name, answer.values[index])]

    def wakeup(self, *, now: float) -> float | None:
        """When, in seconds, `writes` has something to do again if nothing arrives before; None for never."""
        due = self._outbox.due(now=now)
        return None if due is None else max(due, self._earliest())

    def next_event(self) -> ClassicRequest | None:
        """The oldest request that was not fetched yet."""
        return self._events.popleft() if self._events else None

    # Requests

    def _give_part(self, request_id: str, part: int, *, now: float) -> bool:
        """Send a part again; False if the value must be a request, for no sprite asks for parts in this way."""
        answer = self._outbox.known(request_id)
        if answer is not None and not answer.is_push:
            self.statistics.parts_again += 1
            self._outbox.ask(answer, part, now=now)
            return True
        if len(request_id) != packet.USUAL_ID:
            return False
        self.statistics.reject(NO_ANSWER)
        return True

    def _receive_piece(
        self, piece: Piece, value: str, carrier: Carrier | None, *, user: str | None, fresh: bool
    ) -> None:
        if len(piece.id) > packet.LONGEST_ID:
            self.statistics.reject(MALFORMED)
        elif piece.last:
            self._receive_last(piece, value, carrier, user=user, fresh=fresh)
        elif fresh:
            self._unfinished.add(piece, now=self._now, carrier=carrier)
        for _ in range(self._unfinished.trim(now=self._now)):
            self.statistics.reject(UNFINISHED)

    def _receive_last(
        self, piece: Piece, value: str, carrier: Carrier | None, *, user: str | None, fresh: bool
    ) -> None:
        if piece.id not in self._unfinished and self._is_repeated(piece.id, value):
            self.statistics.reject(REPEATED)
            return
        self._remember(piece.id, value)
        self._outbox.retire(piece.id)
        try:
            whole = self._unfinished.join(piece, carrier=carrier)
            name, arguments = decode_request(whole.digits)
        except TooLong as error:
            self._refuse(piece.id, RequestError(str(error), 413))
        except DecodeError:
            self.statistics.reject(MALFORMED)
            self._refuse(piece.id, RequestError("a part of the request was lost; ask again"))
        else:
            if not fresh:
                self._refuse(
                    piece.id, RequestError("the server was not there when this was asked; ask again", 503), name=name
                )
                return
            self.statistics.messages_received += 1
            request = self._open(piece.id, name)
            self._events.append(ClassicRequest(request, piece.id, name, arguments, value, user, whole.carriers))

    def _is_repeated(self, request_id: str, value: str) -> bool:
        last, at = self._remembered.get(request_id, (0, -math.inf))
        return last == hash(value) and self._now - at < self._times.patience

    def _remember(self, request_id: str, value: str) -> None:
        self._remembered[request_id] = (hash(value), self._now)
        self._remembered.move_to_end(request_id)
        while self._remembered:
            oldest = next(iter(self._remembered))
            is_old = self._now - self._remembered[oldest][1] >= self._times.patience
            if not is_old and len(self._remembered) <= self._bounds.remembered:
                return
            del self._remembered[oldest]

    def _open(self, request_id: str, name: str) -> int:
        request = self._take_number()
        self._requests[request] = _Request(request_id, name, self._now)
        if len(self._requests) > self._bounds.requests:
            self._requests.popitem(last=False)
            self.statistics.reject(NO_ROOM)
        return request

    def _take_number(self) -> int:
        number = self._next_request
        self._next_request += 1
        return number

    # Answers

    def _refuse(self, request_id: str, error: RequestError, *, name: str = "") -> None:
        """Answer a request that nobody above is told of."""
        self.send(self._open(request_id, name), error)

    def _content(self, asked: _Request, value: Any) -> Content:
        if isinstance(value, RequestError):
            return self._error_content(asked, value)
        try:
            content = encode_answer(value, numbers=packet.takes_numbers(asked.id))
        except Exception:  # a class of the handler's own that fails when it is read
            _log.exception("the answer of %s was not sent", asked.name)
            return self._error_content(asked, RequestError("internal error", 500))
        most = self._most_digits(asked.id)
        if len(content.digits) > most:
            _log.error(
                "the answer of %s was not sent: it has %s digits, classic projects take %s",
                asked.name,
                f"{len(content.digits):,}",
                f"{most:,}",
            )
            return self._error_content(asked, RequestError("the answer is too long", 413))
        return content

    def _error_content(self, asked: _Request, error: RequestError) -> Content:
        content = encode_error(asked.name, error)
        if len(content.digits) <= self._most_digits(asked.id):
            return content
        return encode_error(asked.name[:_MOST_ERROR], RequestError(str(error.text)[:_MOST_ERROR], error.code))

    def _most_digits(self, request_id: str) -> int:
        most = packet.most_digits(request_id, capacity=self._channel.limits.value_length)
        return min(most, self._bounds.answers_digits // 2)

    def _queue(self, answer: Answer) -> None:
        self.statistics.messages_sent += 1
        for _ in range(self._outbox.add(answer, now=self._now)):
            self.statistics.reject(NO_ROOM)

    # Writes

    def _place(self, answer: Answer, index: int) -> int:
        """The place of the variable for a value, among the downlink ones; mostly they go by turns.

        In each frame the sprite looks at the variables in order, and several values may have come since the frame
        before: the closing part has to be behind the last numbered one, or it takes its slot.
        """
        last = len(self._channel.downlink) - 1
        place = self._turn
        if index == answer.closing and place <= answer.last_numbered_in < last:
            place = answer.last_numbered_in + 1
        elif index == answer.closing - 1:
            place = 0 if place == last else place
            answer.last_numbered_in = place
        self._turn = 0 if place == last else place + 1
        return place

    def _earliest(self) -> float:
        """When the next write may go out, by the pace and by what its variable had last."""
        name = self._channel.downlink[self._turn]
        return max(self._pacer.next, self._set_at.get(name, -math.inf) + self._times.same_variable)
