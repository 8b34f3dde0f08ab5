"""The client's end of a link: what the companion sprite does, in Python.

Theory of operation. The client owns its requests: it repeats them until they are answered, and whoever uses it
sets the deadline by cancelling.

        no address --hello, repeated--> welcome: address, epoch --> requests go out
             ^                                                          |
             +---- reset -----------------------------------------------+

Waiting for an answer, it repeats after a delay that follows the measured round trip and grows: a request that fits
into one frame is sent again as it is, a longer one is asked after with an empty list of missing parts. Once parts
of the answer arrive, it names those it lacks, at once when a gap shows and by the timer afterwards.

A control frame with another epoch alone is no reason to leave: it may be an old one of a server that is gone. A reset
names a frame that was just sent, so it comes from a server that lives. After it the client sends again what the server
cannot have run: the control frame tells how far back the server's memory is complete. What may have been run by a
former life of the server is told upward as `RequestLost`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from random import Random

from cloudlink.errors import DecodeError, ValueTooLong
from cloudlink.link import frame
from cloudlink.link.events import (
    AnswerProgress,
    AnswerReceived,
    ClientEvent,
    Connected,
    Disconnected,
    Refused,
    RequestLost,
    TopicGap,
    TopicMessage,
    Write,
)
from cloudlink.link.feeds import Feed
from cloudlink.link.loss import NOTABLE, LossEstimate
from cloudlink.link.pacer import Pacer
from cloudlink.link.parts import Incoming, Outgoing, most_digits
from cloudlink.link.records import MESSAGES, NONE_FURTHER, Cancel, Need, Newest, Part, Record, Working, size
from cloudlink.link.settings import Channel, ClientTimes
from cloudlink.link.statistics import MALFORMED, WRONG_CHECKSUM, Statistics
from cloudlink.link.timer import RetryTimer, RoundTrip
from cloudlink.link.window import MOST_AHEAD, REST, WINDOW, ahead

_MOST_CHECKSUMS = 20
"""Frames that a reset may be about: as many as go out within the longest round trip."""


class _Request:
    """A request under way."""

    def __init__(self, ticket: int, message: int, digits: str, timer: RetryTimer) -> None:
        self.ticket = ticket
        self.message = message
        self.digits = digits
        self.outgoing = Outgoing(message, digits)
        self.incoming = Incoming()
        self.first_sent: float | None = None
        self.timer = timer
        self.arrived = False  # the server is known to have all of it
        self.copy_due = False  # it is to be sent twice, to be on the safe side
        self.told: dict[int, float] = {}  # when each missing part was asked for last
        self.gap_due = False  # parts are missing that were not asked for
        self.part_at: float | None = None  # when the newest part came
        self.part_interval = 0.0  # a running mean of the seconds between two

    def start_over(self) -> None:
        """Forget all that a former session knew."""
        self.outgoing = Outgoing(self.message, self.digits)
        self.incoming = Incoming()
        self.arrived = False
        self.copy_due = False
        self.told = {}
        self.gap_due = False


class ClientLink:
    """The client's end of a link.

    Args:
        channel: the variables and the platform's limits; the same as the server's.
        random: draws the nonce and the jitter.
        times: retry delays.

    Attributes:
        statistics: counters.
    """

    def __init__(self, channel: Channel, *, random: Random, times: ClientTimes | None = None) -> None:
        self.statistics = Statistics()
        self._channel = channel
        self._random = random
        self._times = times or ClientTimes()
        self._draw_nonce()
        self._pacer = Pacer(channel.uplink_interval)
        self._round_trip = RoundTrip(self._times)
        self._events: deque[ClientEvent] = deque()
        self._address: int | None = None
        self._epoch: int | None = None
        self._seed = 0
        self._loss = LossEstimate(frame.SEQUENCES)
        self._hello = RetryTimer(
            self._round_trip,
            random,
            growth=self._times.hello_growth,
            jitter=self._times.hello_jitter,
            first=self._times.hello_retry if channel.limits.variable_interval else None,
        )
        self._hello.start_now()
        self._sequence = 0
        self._set_at: dict[str, float] = {}  # by variable
        self._checksums: deque[str] = deque(maxlen=_MOST_CHECKSUMS)
        self._next_ticket = 1
        self._next_message = random.randrange(MESSAGES)
        self._waiting: deque[tuple[int, str]] = deque()  # tickets without a message number yet
        self._requests: dict[int, _Request] = {}  # by message, oldest first
        self._rests_until = [-math.inf] * MESSAGES  # by message
        self._cancels: deque[int] = deque()
        self._feeds: dict[int, Feed] = {}  # by the topic's address

    @property
    def connected(self) -> bool:
        """Whether the server has given us an address."""
        return self._address is not None

    @property
    def most_digits(self) -> int:
        """The longest request that `send` takes, in digits."""
        return most_digits(frame.uplink_room(self._channel.capacity), addressed=False)

    def send(self, digits: str) -> int:
        """Queue a request; its ticket, which the events about it carry.

        Raises:
            ValueTooLong: there are more than `most_digits`.
        """
        if len(digits) > self.most_digits:
            raise ValueTooLong(
                f"the request has {len(digits):,} digits, the link carries {self.most_digits:,}; send it in pieces",
                size=len(digits),
                limit=self.most_digits,
            )
        ticket = self._next_ticket
        self._next_ticket += 1
        self._waiting.append((ticket, digits))
        self.statistics.messages_sent += 1
        return ticket

    def cancel(self, ticket: int, *, now: float) -> None:
        """Stop waiting for an answer; no event about the ticket comes any more."""
        self._waiting = deque(waiting for waiting in self._waiting if waiting[0] != ticket)
        for request in list(self._requests.values()):
            if request.ticket == ticket:
                self._finish(request, now)
                if request.first_sent is not None:
                    self._cancels.append(request.message)

    def follow(self, topic: int, number: int, *, held: int, now: float) -> None:
        """Take in the messages of a topic from now on; all three are what the server's `subscribe` says.

        After a `Disconnected` nothing is followed any more.

        Args:
            topic: its number.
            number: of the message that comes first.
            held: how many messages can be asked for again.
            now: seconds.
        """
        self._feeds[topic] = Feed(topic, number, held=held, random=self._random, times=self._times, now=now)

    def unfollow(self, topic: int) -> None:
        """Ignore the messages of a topic from now on."""
        self._feeds.pop(topic, None)

    def receive(self, name: str, value: str, *, now: float) -> None:
        """Take in the value of a variable that somebody else has set; anything at all may come here."""
        if name not in self._channel.downlink:
            return
        try:
            kind = frame.kind(value)
            if kind == frame.CONTROL:
                self._receive_control(value, now)
            elif kind in (frame.SHARED, frame.ONE_PART, frame.ONE_LAST):
                self._receive_downlink(value, now)
            else:
                self.statistics.reject(MALFORMED)
        except DecodeError:
            self.statistics.reject(MALFORMED)

    def writes(self, *, now: float) -> list[Write]:
        """What may go out now: one write or none. Call again at `wakeup`, and after each `send` and `receive`."""
        self._admit(now)
        if not self._pacer.ready(now=now):
            return []
        value = self._hello_value(now) if self._address is None else self._client_value(self._address, now)
        if value is None:
            return []
        self._pacer.take(now=now)
        self.statistics.frames_sent += 1
        return [Write(self._next_variable(now), value)]

    def _next_variable(self, now: float) -> str:
        """A variable drawn from those that we have not just set.

        Where a cloud keeps only the last value of a variable for a while, two clients that overwrite each other should
        not do so again with their next frames, and no client should overwrite itself.
        """
        interval = self._channel.limits.variable_interval
        rested = [name for name in self._channel.uplink if now - self._set_at.get(name, -math.inf) >= interval]
        name = self._random.choice(rested or self._channel.uplink)
        self._set_at[name] = now
        return name

    def wakeup(self, *, now: float) -> float | None:
        """When, in seconds, `writes` has something to do again if nothing arrives before; None for never."""
        if self._address is None:
            due = self._hello.due
        elif self._has_news():
            due = now
        else:
            due = min((request.timer.due for request in self._requests.values()), default=math.inf)
            due = min([due, *(feed.due for feed in self._feeds.values())])
            if self._waiting:
                due = min(due, self._admits_at())
        return None if due == math.inf else max(now, due, self._pacer.next)

    def next_event(self) -> ClientEvent | None:
        """The oldest event that was not fetched yet."""
        return self._events.popleft() if self._events else None

    def _has_news(self) -> bool:
        """Whether something waits to be sent for the first time, or was asked for."""
        if self._cancels:
            return True
        return any(
            request.outgoing.pending or request.copy_due or request.gap_due for request in self._requests.values()
        )

    # Session

    def _draw_nonce(self) -> None:
        """A new name for ourselves, for one session only."""
        self._nonce = self._random.randrange(10 ** (frame.NONCE - 1), 10**frame.NONCE)

    def _receive_control(self, value: str, now: float) -> None:
        if not frame.verify(value, seed=0):
            self.statistics.reject(WRONG_CHECKSUM)
            return
        control = frame.unpack_control(value)
        self.statistics.frames_received += 1
        if control.epoch == self._epoch:
            self._loss.seen(control.sequence)
        for notice in control.notices:
            self._receive_notice(control, notice, now)

    def _receive_notice(self, control: frame.Control, notice: frame.Notice, now: float) -> None:
        match notice:
            case frame.Welcome(nonce, address) if nonce == self._nonce and self._address is None:
                self._address, self._epoch = address, control.epoch
                self._loss.start_over()
                self._loss.seen(control.sequence)
                self._seed = frame.uplink_seed(nonce=nonce, epoch=control.epoch)
                self._hello.answered(now)
                self._events.append(Connected())
            case frame.Reset(address, check) if address == self._address and check in self._checksums:
                self._lose_session(control, now)
            case frame.Refusal(nonce, reason) if nonce == self._nonce:
                self._events.append(Refused(reason))

    def _lose_session(self, control: frame.Control, now: float) -> None:
        """Say hello again, and send again what was certainly not run."""
        self._address = None
        self._draw_nonce()
        self._checksums.clear()
        self._hello.start_now()
        self._cancels.clear()
        self._feeds.clear()
        self._events.append(Disconnected())
        for request in list(self._requests.values()):
            memory = control.memory / frame.MEMORY_UNITS
            if request.first_sent is None or now - request.first_sent < memory:
                request.start_over()
                continue
            self._finish(request, now)
            self._events.append(RequestLost(request.ticket))

    def _hello_value(self, now: float) -> str | None:
        if not self._hello.ready(now):
            return None
        self._hello.sent(now)
        return frame.pack_hello(frame.Hello(frame.VERSION, self._nonce))

    # Requests

    def _admit(self, now: float) -> None:
        """Give waiting requests a number, as long as the numbers stay within the window."""
        while self._waiting and now >= self._admits_at():
            ticket, digits = self._waiting.popleft()
            timer = RetryTimer(self._round_trip, self._random, growth=self._times.growth, jitter=self._times.jitter)
            self._requests[self._next_message] = _Request(ticket, self._next_message, digits, timer)
            self._next_message = (self._next_message + 1) % MESSAGES

    def _admits_at(self) -> float:
        """From when on the next number may be used: not while a number is in use that it would make the past."""
        oldest = next(iter(self._requests), self._next_message)
        if ahead(self._next_message, oldest) >= MOST_AHEAD:
            return math.inf
        return self._rests_until[(self._next_message - WINDOW) % MESSAGES]

    def _finish(self, request: _Request, now: float) -> None:
        """The request is over, whichever way."""
        del self._requests[request.message]
        self._rests_until[request.message] = now + REST

    def _client_value(self, address: int, now: float) -> str | None:
        found = self._gather(now)
        if not found:
            return None
        self._sequence = (self._sequence + 1) % frame.SEQUENCES
        value = frame.pack_uplink(frame.Uplink(address, self._sequence, tuple(found)), seed=self._seed)
        self._checksums.append(frame.checksum_of(value))
        return value

    def _gather(self, now: float) -> list[Record]:
        """Fill a frame: cancellations, what is due again, then parts of new requests, oldest first."""
        room = frame.uplink_room(self._channel.capacity)
        found: list[Record] = []
        for record in self._due(now):
            if size(record, addressed=False, final=True) > room:
                break
            found.append(record)
            room -= size(record, addressed=False, final=False)
        for request in self._requests.values():
            part = request.outgoing.offer(room, addressed=False, now=now) if request.outgoing.pending else None
            if part is None:
                continue
            found.append(part)
            room -= size(part, addressed=False, final=False)
            if request.first_sent is None:
                request.first_sent = now
            if not request.outgoing.pending:
                request.timer.sent(now)
                doubtful = self._loss.notable or self._round_trip.repeats > NOTABLE
                request.copy_due = doubtful and not request.copy_due and part.part == 0
        return found or self._copies(room, now)

    def _copies(self, room: int, now: float) -> list[Record]:
        """Requests of one part once more, where many frames are lost and there is nothing else to send."""
        found: list[Record] = []
        for request in self._requests.values():
            if request.copy_due:
                request.copy_due = False
                part = None if request.arrived else request.outgoing.copy(0, room, addressed=False, now=now)
                if part is not None:
                    found.append(part)
                    room -= size(part, addressed=False, final=False)
        return found

    def _due(self, now: float) -> Iterator[Record]:
        """Small records that are due; each counts as sent when the next one is asked for."""
        while self._cancels:
            yield Cancel(self._cancels[0])
            self._cancels.popleft()
        for request in self._requests.values():
            if request.gap_due:
                yield self._gap(request, now)
                request.gap_due = False
            if request.outgoing.pending or not request.timer.ready(now):
                continue
            if not request.arrived and len(request.digits) <= self._one_frame:
                request.outgoing.send_again((), after=0, before=now)
                self.statistics.parts_again += 1
                continue
            yield Need(request.message, request.incoming.next, request.incoming.missing)
            request.told.update(dict.fromkeys(request.incoming.missing, now))
            request.timer.sent(now)
        for feed in self._feeds.values():
            if feed.due <= now:
                yield from feed.asks(now=now)

    def _gap(self, request: _Request, now: float) -> Need:
        """The missing parts that were never asked for, or so long ago that they were lost again."""
        overdue = now - self._round_trip.patience
        missing = [part for part in request.incoming.missing if request.told.get(part, -math.inf) <= overdue]
        request.told.update(dict.fromkeys(missing, now))
        return Need(request.message, NONE_FURTHER, tuple(missing))

    @property
    def _one_frame(self) -> int:
        """A request of so many digits was sent in one part, or is cheap enough to be sent again as it was cut."""
        return frame.uplink_room(self._channel.capacity) // 2

    # Answers

    def _receive_downlink(self, value: str, now: float) -> None:
        if self._address is None or self._epoch is None or not frame.verify_downlink(value, epoch=self._epoch):
            self.statistics.reject(WRONG_CHECKSUM)
            return
        downlink = frame.unpack_downlink(value, epoch=self._epoch)
        self.statistics.frames_received += 1
        self._loss.seen(downlink.sequence)
        for address, record in downlink.records:
            if address == self._address:
                self._receive_record(record, now)
            elif address in self._feeds and isinstance(record, Part | Newest):
                self._receive_topic(address, record, now)

    def _receive_topic(self, topic: int, record: Part | Newest, now: float) -> None:
        feed = self._feeds[topic]
        complete = feed.receive(record, now=now)
        lost = feed.lost()
        if lost:
            self._events.append(TopicGap(topic, lost))
        self._events.extend(TopicMessage(topic, digits) for digits in complete)
        self.statistics.messages_received += len(complete)

    def _receive_record(self, record: Record, now: float) -> None:
        request = self._requests.get(record.message)
        if request is None:
            return
        match record:
            case Part():
                self._receive_part(request, record, now)
            case Need(_, next_part, missing):
                request.outgoing.send_again(missing, after=next_part, before=now)
            case Working():
                request.arrived = True
                request.timer.wait(self._times.working, now)

    def _receive_part(self, request: _Request, part: Part, now: float) -> None:
        request.arrived = True
        request.timer.answered(now)
        if part.last and part.part == 0:  # an error in the place of an answer that the server no longer keeps
            request.incoming = Incoming()
        if not request.incoming.add(part):
            return
        request.timer.wait(self._patience_between_parts(request, now), now)
        if request.incoming.complete:
            self._finish(request, now)
            self.statistics.messages_received += 1
            self._events.append(AnswerReceived(request.ticket, request.incoming.join()))
            return
        incoming = request.incoming
        self._events.append(AnswerProgress(request.ticket, incoming.size, incoming.total, incoming.fresh()))
        request.gap_due = any(part not in request.told for part in request.incoming.missing)

    def _patience_between_parts(self, request: _Request, now: float) -> float:
        """Seconds after which the next part is overdue: three times what parts have been apart so far."""
        if request.part_at is not None:
            request.part_interval += (now - request.part_at - request.part_interval) / 4
        else:
            request.part_interval = self._channel.downlink_interval
        request.part_at = now
        return min(max(3 * request.part_interval, self._times.least_retry), self._times.most_retry)
