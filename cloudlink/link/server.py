"""The server's end of a link: many clients, one connection, nothing run twice.

Theory of operation. A client says hello with a random nonce and is given a session: an address, and from nonce and
epoch a seed for its checksums, so that frames of another session with the same address never pass. Each of its requests
has a number. The parts of a request are joined, the whole is told upward once as `RequestReceived`, and the answer
that is then given to `send` is kept, so that every part of it can be sent again. The client drives the repeats;
a repeated request is never an event, it only brings what the client lacks:

        request (new number)           -> RequestReceived, once it is whole
        request again, parts missing   -> Need
        request again, handler runs    -> Working
        request again, answered        -> the parts of the answer, but for those just sent
        list of missing parts          -> these parts

A checksum keeps accidents out and no strangers: anybody can read a nonce and set a part of anybody's request. So a
request comes with its carriers, the sets of which the parts were taken. Who has made all of them has asked.

An answer may be sent in pieces while it is still being made. What is not an answer to anybody goes to a topic, which
clients follow: see `link/topics.py`.

`receive` takes in what arrived, `writes` builds at most one frame each interval from what waits: notices, then
small records, then messages by turns. The link has no clock and no randomness but what it is handed.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from random import Random

from cloudlink.errors import Busy, DecodeError, InvalidArgument, ValueTooLong
from cloudlink.link import frame
from cloudlink.link.events import (
    AnswerForgotten,
    Carrier,
    ClientJoined,
    ClientLeft,
    RequestCancelled,
    RequestReceived,
    RequestTooLong,
    RivalSeen,
    ServerEvent,
    Write,
)
from cloudlink.link.loss import LossEstimate
from cloudlink.link.pacer import Pacer
from cloudlink.link.parts import LEAST_CUT, Incoming, Outgoing, most_digits
from cloudlink.link.records import (
    ADDRESSES,
    MESSAGES,
    NONE_FURTHER,
    Cancel,
    Need,
    Part,
    Record,
    TopicNeed,
    Working,
    size,
)
from cloudlink.link.settings import Channel, ServerBounds, ServerTimes
from cloudlink.link.statistics import MALFORMED, NO_ROOM, NO_SESSION, RIVAL, WRONG_CHECKSUM, Statistics
from cloudlink.link.topics import MOST_HELD, Topic
from cloudlink.link.window import WINDOW, ahead

_COPIED_FRAMES = 6
"""Messages of fewer frames are copied whole, of longer ones the last part: the others' loss shows by itself."""

_MOST_COPIES = 50
"""Parts that wait to be sent a second time, the newest ones: older ones are asked for by now if they were lost."""

_MOST_OWN = 20
"""Values of each variable that we know as our own when the cloud shows them to us again, as after a reconnect."""

_SWEPT_EVERY = 1000
"""Messages that wait: so often those among them that nobody wants any more are taken out."""

_ALWAYS_KEPT = 100
"""Digits. Answers no longer than this, such as errors, find room whatever waits."""

_LEAST_RECORD = 8
"""Digits. With less room than this left in a frame, looking for a record that fits is not worth it."""


@dataclass(slots=True)
class _Request:
    """What the server knows of one request number of a client."""

    index: int  # its number, counted on without wrapping around
    incoming: Incoming | None  # until it is whole
    answer: Outgoing | None = None
    forgotten: bool = False  # it was answered, but the answer is no longer kept
    replaced: bool = False  # its client holds parts of such an answer, and asks for more of them

    @property
    def runs(self) -> bool:
        """Whether it was told upward and not, or not wholly, answered yet."""
        unanswered = self.answer is None or not self.answer.whole
        return self.incoming is None and unanswered and not self.forgotten

    @property
    def is_over(self) -> bool:
        """Whether its answer has been sent, all of it."""
        return self.answer is not None and self.answer.whole and not self.answer.pending


@dataclass(slots=True)
class _Session:
    client: int
    address: int
    nonce: int
    heard: float
    loss: LossEstimate = field(default_factory=lambda: LossEstimate(frame.SEQUENCES))
    newest: int | None = None  # the index of the newest request
    answered_at: float = -math.inf  # when the last part of an answer went out last
    round_trip: float = math.inf  # the shortest time from an answer to the client's next request
    requests: dict[int, _Request] = field(default_factory=dict)

    @property
    def doubtful(self) -> bool:
        """Whether what is small should be sent twice, to be on the safe side."""
        return self.loss.notable

    def holds(self, answer: Outgoing) -> bool:
        """Whether an answer is still wanted: the client neither cancelled it nor got another."""
        request = self.requests.get(answer.message)
        return request is not None and request.answer is answer

    def sent(self, now: float) -> None:
        """Note that a part went out."""
        self.answered_at = now

    def ends(self, times: ServerTimes) -> float:
        """When the session is over if its client stays silent."""
        return self.heard + (times.first_lease if self.newest is None else times.lease)

    def under_way(self, times: ServerTimes) -> float:
        """What went out less than this ago may still arrive.

        A client that asks on as soon as it is answered shows its round trip; of one that pauses nothing is known.
        """
        return self.round_trip if self.round_trip < times.most_under_way else times.under_way


_Target = _Session | Topic
"""Who gets a message; its address stands in the records."""


class ServerLink:
    """The server's end of a link.

    Args:
        channel: the variables and the platform's limits.
        random: draws the epoch.
        now: seconds; the time of the server's start.
        times: leases and delays.
        bounds: of memory.
        pacer: tells when a write may go out; hand one in to share it with another server on the same connection.

    Attributes:
        statistics: counters.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        random: Random,
        now: float,
        times: ServerTimes | None = None,
        bounds: ServerBounds | None = None,
        pacer: Pacer | None = None,
    ) -> None:
        self.statistics = Statistics()
        self._channel = channel
        self._times = times or ServerTimes()
        self._bounds = bounds or ServerBounds()
        if not 1 <= self._bounds.clients <= ADDRESSES:
            raise InvalidArgument(f"{self._bounds.clients} clients; addresses are enough for 1 to {ADDRESSES}")
        self._epoch = random.randrange(frame.EPOCHS)
        self._started = now
        self._copied = _COPIED_FRAMES * channel.capacity
        self._pacer = pacer or Pacer(channel.downlink_interval)
        self._sequence = 0
        self._events: deque[ServerEvent] = deque()
        self._sessions: dict[int, _Session] = {}  # by client
        self._by_address: dict[int, _Session] = {}
        self._by_nonce: dict[int, _Session] = {}
        self._free: deque[int] = deque(range(self._bounds.clients))
        self._next_client = 1
        self._next_expiry = math.inf
        self._notices: OrderedDict[frame.Notice, None] = OrderedDict()
        # Clients of a former life of the server learn that it is gone, and nothing of it stays in a variable: a
        # client that connects to the cloud anew would take a stored control frame for a new one.
        self._beacons_due = len(channel.downlink)
        self._control_last = False
        self._replies: OrderedDict[tuple[int, int], Need | Working] = OrderedDict()  # by client and message
        self._topics: dict[int, Topic] = {}  # by address
        self._told: OrderedDict[int, None] = OrderedDict()  # topics whose newest number is to be told
        self._next_beat = math.inf  # no topic is due before
        self._short: deque[tuple[_Target, Outgoing]] = deque()  # messages that fit into one frame
        self._long: deque[tuple[_Target, Outgoing]] = deque()
        self._long_waited = False
        self._copies: deque[tuple[_Target, Outgoing, int]] = deque(maxlen=_MOST_COPIES)
        self._own: dict[str, deque[str]] = {}  # the newest values that we set, by variable
        self._rival_told = -math.inf
        self._kept: OrderedDict[tuple[int, int], int] = OrderedDict()  # digits of each answer, oldest first
        self._kept_digits = 0
        self._partial_digits = 0  # `held` of all requests that are not whole

    @property
    def most_digits(self) -> int:
        """The longest answer that `send` takes, in digits."""
        return most_digits(frame.downlink_room(self._channel.capacity), addressed=True)

    @property
    def clients(self) -> list[int]:
        """The clients that have a session, oldest first."""
        return list(self._sessions)

    @property
    def pending(self) -> bool:
        """Whether something waits to be sent."""
        waiting = self._notices, self._beacons_due, self._replies, self._told, self._short, self._long, self._copies
        return any(waiting)

    def send(self, client: int, message: int, digits: str, *, whole: bool = True) -> None:
        """Queue the answer to a request, or the next piece of it; for a client that has left it is dropped.

        Args:
            client: as in the `RequestReceived`.
            message: as there.
            digits: 0-9 only, at least one if there were pieces before.
            whole: whether the answer ends with this.

        Where the answers under way leave it no room in memory it is not sent, and `AnswerForgotten` tells so.

        Raises:
            ValueTooLong: there are more than `most_digits`, the answer came in too many pieces, or there is no room in
                memory for one more. Answer with an error instead, or end what was begun: for an end of up to
                `LEAST_CUT` digits there is room.
        """
        self._check_length("answer", len(digits))
        session = self._sessions.get(client)
        request = session.requests.get(message) if session else None
        if session is None or request is None or request.incoming is not None:
            return
        answer = request.answer
        was_pending = False
        has_room = self._make_room(client, message, len(digits)) or len(digits) <= _ALWAYS_KEPT
        if answer is None or answer.whole:
            if not has_room:
                self._events.append(AnswerForgotten(client, message))
                return
            answer = request.answer = Outgoing(message, digits, whole=whole)
        else:
            self._check_length("answer", len(answer) + len(digits) + (0 if whole else LEAST_CUT))
            if not has_room:
                raise ValueTooLong(
                    f"the answers under way have {self._kept_digits:,} digits, and {self._bounds.answers_digits:,} are "
                    "kept; end this one",
                    size=self._kept_digits + len(digits),
                    limit=self._bounds.answers_digits,
                )
            was_pending = answer.pending
            answer.extend(digits, whole=whole)
        request.forgotten = False
        self._replies.pop((client, message), None)
        self._keep(client, message, len(answer))
        if answer.pending and not was_pending:
            self._queue(session, answer)
        if whole:
            self.statistics.messages_sent += 1

    def unsent(self, client: int, message: int) -> int:
        """Digits of an answer that wait to be sent for the first time; 0 as well when nobody wants it any more."""
        session = self._sessions.get(client)
        request = session.requests.get(message) if session else None
        return request.answer.unsent if request is not None and request.answer is not None else 0

    def is_begun(self, client: int, message: int) -> bool:
        """Whether pieces of an answer were sent, and not its end."""
        session = self._sessions.get(client)
        request = session.requests.get(message) if session else None
        return request is not None and request.answer is not None and not request.answer.whole

    def _check_length(self, what: str, size: int) -> None:
        if size > self.most_digits:
            raise ValueTooLong(
                f"the {what} has {size:,} digits, the link carries {self.most_digits:,}; send it in pieces",
                size=size,
                limit=self.most_digits,
            )

    # Topics

    def open_topic(self, *, held: int = MOST_HELD) -> int:
        """A new topic; its number, which clients must be told: `subscribe` gives them the rest.

        Args:
            held: messages that a client can ask for again, 1 to `MOST_HELD`; 1 where only the newest matters.

        Raises:
            InvalidArgument: `held` is out of range.
            Busy: all addresses are in use, by clients and topics.
        """
        if not 1 <= held <= MOST_HELD:
            raise InvalidArgument(f"a topic holds 1 to {MOST_HELD} messages, not {held}")
        if not self._free:
            raise Busy(f"all {self._bounds.clients} addresses are in use")
        topic = Topic(self._free.popleft(), held=held, most_digits=self._bounds.topic_digits)
        self._topics[topic.address] = topic
        return topic.address

    def close_topic(self, topic: int) -> None:
        """Forget a topic; its followers hear nothing more of it."""
        if self._topics.pop(topic, None) is not None:
            self._told.pop(topic, None)
            self._free.append(topic)

    def subscribe(self, client: int, topic: int) -> int:
        """Let a client follow a topic; the number of the message that it gets first, for `ClientLink.follow`."""
        found = self._topics[topic]
        if client in self._sessions:
            found.followers.add(client)
        return found.next

    def unsubscribe(self, client: int, topic: int) -> None:
        """Let a client no longer follow a topic."""
        if topic in self._topics:
            self._topics[topic].followers.discard(client)

    def followers(self, topic: int) -> int:
        """How many clients follow a topic."""
        return len(self._topics[topic].followers)

    def publish(self, topic: int, digits: str, *, now: float) -> None:
        """Queue a message to all that follow a topic; where nobody does, nothing happens.

        Raises:
            ValueTooLong: there are more than `most_digits`.
        """
        self._check_length("message", len(digits))
        found = self._topics[topic]
        if not found.followers:
            return
        found.doubtful = any(self._sessions[client].doubtful for client in found.followers)
        self._queue(found, found.publish(digits, now=now))
        self._next_beat = min(self._next_beat, found.due)
        if found.telling:
            self._told[topic] = None
        self.statistics.messages_sent += 1

    def _receive_topic_need(self, session: _Session, need: TopicNeed, now: float) -> None:
        topic = self._topics.get(need.topic)
        if topic is None or session.client not in topic.followers:
            return
        outgoing = topic.message(need.message)
        if outgoing is None:
            self._told[topic.address] = None
            return
        self._send_again(topic, outgoing, need.missing, after=need.next, before=now - self._times.under_way)

    def _tell_topics(self, now: float) -> None:
        """Queue the newest numbers that are due to be told again."""
        if now < self._next_beat:
            return
        for topic in self._topics.values():
            if topic.due <= now:
                topic.tell()
                self._told[topic.address] = None
        self._next_beat = min((topic.due for topic in self._topics.values()), default=math.inf)

    def receive(self, name: str, value: str, *, now: float, received_at: float | None = None) -> None:
        """Take in the value of a variable that somebody else has set; anything at all may come here.

        Args:
            name: without the cloud prefix.
            value: any text.
            now: seconds.
            received_at: when it came, in seconds of any clock, to be told in `RequestReceived.carriers`; None where
                nobody wants to know, or it is not certain that it was set then.
        """
        if name in self._channel.downlink:
            self._receive_downlink(name, value, now)
        if name not in self._channel.uplink:
            return
        try:
            match frame.kind(value):
                case frame.HELLO:
                    self._receive_hello(value, now)
                case frame.CLIENT:
                    carrier = None if received_at is None else Carrier(name, value, received_at)
                    self._receive_client(value, carrier, now)
                case _:
                    self.statistics.reject(MALFORMED)
        except DecodeError:
            self.statistics.reject(MALFORMED)

    def writes(self, *, now: float) -> list[Write]:
        """What may go out now: one write or none. Call again at `wakeup`, and after each `send` and `receive`."""
        self.expire(now=now)
        self._tell_topics(now)
        if not self._pacer.ready(now=now):
            return []
        value = self._next_value(now)
        if value is None:
            return []
        self._pacer.take(now=now)
        name = self._channel.downlink[self._sequence % len(self._channel.downlink)]
        self._sequence = (self._sequence + 1) % frame.SEQUENCES
        self.statistics.frames_sent += 1
        self._own.setdefault(name, deque(maxlen=_MOST_OWN)).append(value)
        return [Write(name, value)]

    def wakeup(self, *, now: float) -> float | None:
        """When, in seconds, `writes` has something to do again if nothing arrives before; None for never."""
        if self.pending:
            return max(now, self._pacer.next)
        due = min(self._next_expiry, self._next_beat)
        return None if due == math.inf else max(now, due)

    def expire(self, *, now: float) -> float:
        """Forget clients that were not heard for a lease; when, in seconds, to look again.

        `writes` does so as well: this is for times when nothing can be written.
        """
        if now >= self._next_expiry:
            for session in list(self._sessions.values()):
                if now >= session.ends(self._times):
                    self._close(session)
            ends = (session.ends(self._times) for session in self._sessions.values())
            self._next_expiry = min(ends, default=math.inf)
        return self._next_expiry

    def next_event(self) -> ServerEvent | None:
        """The oldest event that was not fetched yet."""
        return self._events.popleft() if self._events else None

    def _receive_downlink(self, name: str, value: str, now: float) -> None:
        """Notice who else sets our variables. What stood there before our beacon is of a former life."""
        own = self._own.get(name)
        if own is None or value in own:
            return
        self.statistics.reject(RIVAL)
        if now - self._rival_told >= self._times.rival_quiet:
            self._rival_told = now
            self._events.append(RivalSeen(name, value))

    # Sessions

    def _receive_hello(self, value: str, now: float) -> None:
        if not frame.verify(value, seed=0):
            self.statistics.reject(WRONG_CHECKSUM)
            return
        hello = frame.unpack_hello(value)
        self.statistics.frames_received += 1
        if hello.version != frame.VERSION:
            self._notify(frame.Refusal(hello.nonce, frame.OTHER_VERSION))
            return
        session = self._by_nonce.get(hello.nonce) or self._open(hello.nonce, now)
        if session is None:
            self._notify(frame.Refusal(hello.nonce, frame.FULL))
            return
        session.heard = now
        self._notify(frame.Welcome(hello.nonce, session.address))

    def _open(self, nonce: int, now: float) -> _Session | None:
        if not self._free:
            return None
        session = _Session(self._next_client, self._free.popleft(), nonce, now)
        self._next_client += 1
        self._sessions[session.client] = session
        self._by_address[session.address] = session
        self._by_nonce[nonce] = session
        self._next_expiry = min(self._next_expiry, session.ends(self._times))
        self._events.append(ClientJoined(session.client))
        return session

    def _close(self, session: _Session) -> None:
        del self._sessions[session.client], self._by_address[session.address], self._by_nonce[session.nonce]
        self._free.append(session.address)  # to the end: an address rests as long as possible
        for message in list(session.requests):
            self._drop(session, message)
        for key in [key for key in self._replies if key[0] == session.client]:
            del self._replies[key]
        for topic in self._topics.values():
            topic.followers.discard(session.client)
        self._events.append(ClientLeft(session.client))

    def _notify(self, notice: frame.Notice) -> None:
        if len(self._notices) >= self._bounds.notices:
            self.statistics.reject(NO_ROOM)
            return
        self._notices[notice] = None

    # Requests

    def _receive_client(self, value: str, carrier: Carrier | None, now: float) -> None:
        session = self._by_address.get(frame.client_address(value))
        if session is None or not frame.verify(value, seed=self._seed(session)):
            self.statistics.reject(NO_SESSION)
            self._notify(frame.Reset(frame.client_address(value), frame.checksum_of(value)))
            return
        uplink = frame.unpack_uplink(value)
        self.statistics.frames_received += 1
        session.heard = now
        session.loss.seen(uplink.sequence)
        for record in uplink.records:
            self._receive_record(session, record, carrier, now)
        for message in {record.message for record in uplink.records if isinstance(record, Part)}:
            self._report_gap(session, message)

    def _seed(self, session: _Session) -> int:
        return frame.uplink_seed(nonce=session.nonce, epoch=self._epoch)

    def _receive_record(self, session: _Session, record: Record, carrier: Carrier | None, now: float) -> None:
        match record:
            case Part():
                self._receive_part(session, record, carrier, now)
            case Need(message, next_part, missing):
                self._receive_need(session, message, next_part, missing, now)
            case Cancel(message):
                if message in session.requests:
                    self._drop(session, message, forget=False)
                    self._events.append(RequestCancelled(session.client, message))
            case TopicNeed():
                self._receive_topic_need(session, record, now)

    def _receive_part(self, session: _Session, part: Part, carrier: Carrier | None, now: float) -> None:
        request = self._request(session, part.message, now)
        if request is None:
            return
        incoming = request.incoming
        if incoming is None:
            self._report(session, part.message, request, after=0, missing=(), now=now)
            return
        room = self._bounds.requests_digits - self._partial_digits
        if len(part.digits) + (len(carrier.value) if carrier else 0) > room:
            self.statistics.reject(NO_ROOM)
            return
        held = incoming.held
        incoming.add(part, carrier=carrier)
        self._partial_digits += incoming.held - held
        if incoming.size > self._bounds.request_digits:
            self._partial_digits -= incoming.held
            request.incoming = None
            self._events.append(RequestTooLong(session.client, part.message))
        elif incoming.complete:
            self._partial_digits -= incoming.held
            request.incoming = None
            self.statistics.messages_received += 1
            self._replies.pop((session.client, part.message), None)
            self._events.append(RequestReceived(session.client, part.message, incoming.join(), incoming.carriers))

    def _report_gap(self, session: _Session, message: int) -> None:
        """Ask for parts of a request that should have come before those that are here."""
        request = session.requests.get(message)
        if request is not None and request.incoming is not None and request.incoming.missing:
            self._replies[session.client, message] = Need(message, NONE_FURTHER, request.incoming.missing)

    def _receive_need(
        self, session: _Session, message: int, next_part: int, missing: tuple[int, ...], now: float
    ) -> None:
        request = session.requests.get(message)
        if request is None:  # none of its parts has arrived yet
            self._replies[session.client, message] = Need(message, 0)
            return
        self._report(session, message, request, after=next_part, missing=missing, now=now)

    def _report(
        self,
        session: _Session,
        message: int,
        request: _Request,
        *,
        after: int,
        missing: tuple[int, ...],
        now: float,
    ) -> None:
        """Give a client that repeats itself what it lacks."""
        key = (session.client, message)
        if request.incoming is not None:
            self._replies[key] = Need(message, request.incoming.next, request.incoming.missing)
        elif request.answer is not None:
            after = 0 if request.replaced else after
            self._send_again(session, request.answer, missing, after=after, before=now - session.under_way(self._times))
            if not request.answer.whole and not request.answer.pending:
                self._replies[key] = Working(message)
        elif request.forgotten:
            request.forgotten, request.replaced = False, True
            self._events.append(AnswerForgotten(session.client, message))
        else:
            self._replies[key] = Working(message)

    def _request(self, session: _Session, message: int, now: float) -> _Request | None:
        """The request with this number, a new one if the number is new; None for a number of the past."""
        request = session.requests.get(message)
        if request is not None:
            return request
        newest = message if session.newest is None else session.newest
        index = newest + ahead(message, newest % MESSAGES)
        if index <= newest - WINDOW:
            return None
        session.newest = max(newest, index)
        session.round_trip = min(session.round_trip, now - session.answered_at)
        past = [number for number, old in session.requests.items() if old.index <= session.newest - WINDOW]
        for number in past:
            if session.requests[number].runs:
                self._events.append(RequestCancelled(session.client, number))
            self._drop(session, number)
        request = session.requests[message] = _Request(index, Incoming())
        return request

    def _drop(self, session: _Session, message: int, *, forget: bool = True) -> None:
        """Let go of what is held for a request; with `forget` also of the fact that it was made."""
        request = session.requests[message]
        if request.incoming is not None:
            self._partial_digits -= request.incoming.held
            request.incoming = None
        request.answer = None
        self._replies.pop((session.client, message), None)
        self._kept_digits -= self._kept.pop((session.client, message), 0)
        if forget:
            del session.requests[message]

    # Answers

    def _keep(self, client: int, message: int, digits: int) -> None:
        self._kept_digits += digits - self._kept.pop((client, message), 0)
        self._kept[client, message] = digits

    def _make_room(self, client: int, message: int, digits: int) -> bool:
        """Let go of old answers until there is room for so many digits of this one; whether there is.

        Not of those under way: of one that is still being made, what follows would be taken for its beginning.
        """
        while self._kept_digits + digits > self._bounds.answers_digits:
            over = next((key for key in self._kept if self._kept_request(key).is_over), None)
            if over is None:
                return not self._kept.keys() - {(client, message)}  # one alone may be as long as the link carries
            request = self._kept_request(over)
            request.answer = None
            request.forgotten = True
            self._kept_digits -= self._kept.pop(over)
        return True

    def _kept_request(self, key: tuple[int, int]) -> _Request:
        client, message = key
        return self._sessions[client].requests[message]

    def _send_again(
        self, target: _Target, outgoing: Outgoing, missing: tuple[int, ...], *, after: int, before: float
    ) -> None:
        was_pending = outgoing.pending
        outgoing.send_again(missing, after=after, before=before)
        if not was_pending and outgoing.pending:
            self._queue(target, outgoing)

    def _queue(self, target: _Target, outgoing: Outgoing) -> None:
        one_frame = len(outgoing) <= frame.downlink_room(self._channel.capacity) // 2
        queue = self._short if one_frame else self._long
        queue.append((target, outgoing))
        if len(queue) % _SWEPT_EVERY == 0:  # during an outage topics go on, and nothing goes out
            wanted = [(target, outgoing) for target, outgoing in queue if target.holds(outgoing)]
            queue.clear()
            queue.extend(wanted)

    # Frames

    def _next_value(self, now: float) -> str | None:
        """The next frame; notices and records take turns where both wait."""
        data_waits = bool(self._replies or self._told or self._short or self._long)
        if (self._notices or self._beacons_due) and not (self._control_last and data_waits):
            self._control_last = True
            return self._control_value(now)
        self._control_last = False
        found = self._gather(now)
        if not found:
            return None
        return frame.pack_downlink(frame.Downlink(self._sequence, tuple(found)), epoch=self._epoch)

    def _control_value(self, now: float) -> str:
        most = frame.notices_room(self._channel.capacity)
        notices = [self._notices.popitem(last=False)[0] for _ in range(min(most, len(self._notices)))]
        memory = int(min(now - self._started, self._times.lease) * frame.MEMORY_UNITS)
        self._beacons_due = max(0, self._beacons_due - 1)
        return frame.pack_control(frame.Control(self._sequence, self._epoch, memory, tuple(notices)))

    def _gather(self, now: float) -> list[tuple[int, Record]]:
        """Fill a frame: small replies, then short messages, then long ones by turns.

        Where a long message got no place in the last frame it goes first in this one, so that a flood of small
        things cannot starve it. A part that once had a frame to itself even needs one without replies.
        """
        gathered = _Gathered(frame.downlink_room(self._channel.capacity))
        copies = [self._copies.popleft() for _ in range(len(self._copies))]
        waited, self._long_waited = self._long_waited, False
        if waited:
            self._take(self._long, gathered, now)
        self._take_replies(gathered)
        self._take(self._short, gathered, now)
        if not waited:
            self._long_waited = not self._take(self._long, gathered, now) and bool(self._long)
        self._add_copies(copies, gathered, now)
        return gathered.records

    def _take_replies(self, gathered: _Gathered) -> None:
        while self._told:
            topic = self._topics[next(iter(self._told))]
            if topic.followers and not gathered.add(topic.address, topic.newest):
                break
            self._told.popitem(last=False)
        while self._replies:
            (client, _), reply = next(iter(self._replies.items()))
            if not gathered.add(self._sessions[client].address, reply):
                break
            self._replies.popitem(last=False)

    def _add_copies(self, copies: list[tuple[_Target, Outgoing, int]], gathered: _Gathered, now: float) -> None:
        """Fill what room is left with parts of the frames before, for clients that lose many."""
        for target, outgoing, part in copies:
            if not target.holds(outgoing):
                continue
            record = outgoing.copy(part, gathered.room, addressed=True, now=now)
            if record is None:
                self._copies.appendleft((target, outgoing, part))
            else:
                gathered.add(target.address, record)

    def _take(self, queue: deque[tuple[_Target, Outgoing]], gathered: _Gathered, now: float) -> bool:
        """Fill the frame from a queue, each message at most once; whether it took anything."""
        waiting: list[tuple[_Target, Outgoing]] = []
        unfinished: list[tuple[_Target, Outgoing]] = []
        taken = False
        for _ in range(len(queue)):
            if gathered.room < _LEAST_RECORD:
                break
            target, outgoing = queue.popleft()
            if not target.holds(outgoing) or not outgoing.pending:
                continue
            again = outgoing.repeats
            part = outgoing.offer(gathered.room, addressed=True, now=now)
            if part is None:
                waiting.append((target, outgoing))
                continue
            taken = True
            if target.doubtful and (len(outgoing) < self._copied or not outgoing.pending):
                self._copies.append((target, outgoing, part.part))
            target.sent(now)
            self.statistics.parts_again += again
            gathered.add(target.address, part)
            if outgoing.pending:
                unfinished.append((target, outgoing))
        queue.extendleft(reversed(waiting))
        queue.extend(unfinished)
        return taken


class _Gathered:
    """Records on their way into one frame."""

    def __init__(self, room: int) -> None:
        self.records: list[tuple[int, Record]] = []
        self._room = room
        self._used = 0  # digits of the records, all taken as not the last

    @property
    def room(self) -> int:
        """Digits left for one more record in the last place; a part that has the frame to itself takes fewer."""
        return self._room - self._used if self.records else self._room + frame.SPARED

    def add(self, address: int, record: Record) -> bool:
        """Append a record if it fits."""
        if size(record, addressed=True, final=True) > self.room:
            return False
        self.records.append((address, record))
        self._used += size(record, addressed=True, final=False)
        return True
