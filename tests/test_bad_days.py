"""What has to hold on bad days, over real sockets: loss, outages, strangers, slow and broken handlers.

Every connection here keeps the platforms' real pace, and after each test the cloud server's own record is looked
at: nobody but the strangers may have set variables faster than the limit.
"""

from __future__ import annotations

import gc
import json
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import patience
import pytest
from spacing import JITTER

from cloudlink.client import CloudClient
from cloudlink.connection import CloudConnection, TwCloudConnection
from cloudlink.errors import RequestError
from cloudlink.limits import SCRATCH
from cloudlink.link import frame
from cloudlink.link.frame import Hello, Uplink, Welcome
from cloudlink.link.records import ADDRESSES, Cancel, Need, Part, Record
from cloudlink.link.settings import Channel, ServerBounds
from cloudlink.localcloud import TURBOWARP, Faults, LocalCloud, Profile, SetRecord
from cloudlink.server import CloudRequests
from cloudlink.transport.address import Address
from cloudlink.transport.backoff import Backoff
from cloudlink.transport.base import Transport
from cloudlink.transport.connection import Connected
from cloudlink.transport.lines import Handshake, SetVariable, decode, encode, strip_prefix
from cloudlink.transport.websocket import websocket_connector

SECONDS = 30.0
"""How long a test waits for what should happen soon."""

STRANGER = "stranger"


class Place:
    """A cloud server, and all that has joined a project there; ends in the order that leaves nobody waiting."""

    def __init__(self, profile: str | Profile) -> None:
        self.sets: list[SetRecord] = []
        self.cloud = LocalCloud(profile, on_set=self.sets.append)
        self.connections: list[CloudConnection] = []
        self._stack = ExitStack()

    def __enter__(self) -> Place:
        self._stack.enter_context(self.cloud)
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def connect(self, user: str) -> CloudConnection:
        kind = CloudConnection if self.cloud.profile.limits == SCRATCH else TwCloudConnection
        backoff = Backoff(first=0.05, longest=0.4, stable=1.0)
        connection = kind("77", username=user, cloud_host=self.cloud.url, backoff=backoff)
        self.connections.append(connection)
        return self._stack.enter_context(connection)

    def serve(self, *handlers: Callable[..., Any], **options: Any) -> CloudRequests:
        server = CloudRequests(self.connect("server"), **options)
        for handler in handlers:
            server.add_request(handler)
        self._stack.callback(server.stop, timeout=1.0)
        server.start()
        return server

    def player(self, name: str) -> CloudClient:
        return self._stack.enter_context(CloudClient(self.connect(name), timeout=SECONDS))

    def stranger(self) -> Stranger:
        stranger = Stranger(self.cloud.url)
        self._stack.callback(stranger.transport.close)
        return stranger

    def check_the_pace(self) -> None:
        """Any number of sets of one connection took at least as many intervals, give or take the jitter."""
        interval = self.cloud.profile.limits.set_interval
        head_start: dict[int, float] = {}
        counts: Counter[int] = Counter()
        for record in self.sets:
            if record.user == STRANGER:
                continue
            lead = counts[record.connection] * interval - record.received_at
            first = head_start.setdefault(record.connection, lead)
            assert lead - first <= JITTER, f"{record.user} was {lead - first:.3f} s too fast"
            head_start[record.connection] = min(first, lead)
            counts[record.connection] += 1
        assert counts, "nobody has set anything"


class Stranger:
    """A member that keeps no rules: what it sends goes out as it is, at once."""

    def __init__(self, url: str) -> None:
        self.transport: Transport = websocket_connector(Address.parse(url))()
        self._sender = Handshake(STRANGER, "77")
        self.transport.send(encode(self._sender, sender=self._sender))

    def set(self, name: str, value: str) -> None:
        self.transport.send(encode(SetVariable(name, value), sender=self._sender))

    def set_number(self, name: str, number: str) -> None:
        """The value as a JSON number, which the cloud lets through with an exponent."""
        line = json.loads(encode(SetVariable(name, "1"), sender=self._sender))
        self.transport.send(json.dumps(line).replace('"value": "1"', f'"value": {number}'))

    def open_session(self, channel: Channel, nonce: int) -> tuple[int, int]:
        """Say hello as a client does; the address, and the seed for frames of the session."""
        self.set(channel.uplink[0], frame.pack_hello(Hello(frame.VERSION, nonce)))
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            for command in decode(self.transport.receive(1.0) or "").commands:
                if not isinstance(command, SetVariable) or strip_prefix(command.name) not in channel.downlink:
                    continue
                if command.value.startswith(frame.CONTROL):
                    control = frame.unpack_control(command.value)
                    for notice in control.notices:
                        if isinstance(notice, Welcome) and notice.nonce == nonce:
                            return notice.address, frame.uplink_seed(nonce=nonce, epoch=control.epoch)
        raise AssertionError("no welcome came")


@contextmanager
def place(profile: str | Profile) -> Iterator[Place]:
    with Place(profile) as made:
        yield made
    made.check_the_pace()


until = partial(patience.until, seconds=SECONDS)


def error_of(answer: Future[Any]) -> RequestError:
    error = answer.exception(SECONDS)
    assert isinstance(error, RequestError)
    return error


class Echo:
    """A handler that counts its runs by a number that no other request has."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.runs: Counter[int] = Counter()
        self.__name__ = "echo"

    def __call__(self, number: int, value: Any) -> Any:
        self.runs[number] += 1
        time.sleep(self.seconds)
        return value


VALUES: list[Any] = [
    "",
    "hello",
    "Grüße, 世界 👋 مرحبا",
    "a longer text, which takes several frames to send. " * 5,
    0,
    -17,
    3.25,
    2**53 + 1,
    True,
    None,
    [],
    [1, "two", [3.5, None], []],
    list(range(60)),
    {"name": "Ann", "points": [1, 2, 3], "team": {}},
    b"\x00\x01\xff",
    [[], [[]], ""],
    "0",
    "007",
    ["x"] * 40,
    {"7": 7, "": []},
]


# (a) Loss


@pytest.mark.parametrize("profile", ["scratch", "turbowarp"])
def test_with_a_tenth_of_all_sets_lost_every_answer_is_right_and_every_handler_runs_once(profile: str) -> None:
    echo = Echo()
    with place(profile) as here:
        here.cloud.faults = Faults(loss=0.1, seed=3)
        here.serve(echo)
        players = [here.player(f"player{number}") for number in range(5)]
        answers = {
            len(VALUES) * number + turn: player.submit("echo", len(VALUES) * number + turn, value)
            for number, player in enumerate(players)
            for turn, value in enumerate(VALUES)
        }
        for number, answer in answers.items():
            assert answer.result(SECONDS) == VALUES[number % len(VALUES)]
        assert here.cloud.statistics.lost > 0
    assert echo.runs == dict.fromkeys(answers, 1)


# (b) Outages


def restart(cloud: LocalCloud) -> None:
    cloud.stop()
    time.sleep(0.3)  # several attempts to connect are in vain
    cloud.start()


OUTAGES: dict[str, Callable[[LocalCloud], None]] = {
    "the server is started anew": restart,
    "all are sent away": lambda cloud: cloud.disconnect_all(1001),
    "all lines are cut": lambda cloud: cloud.disconnect_all(None),
}


@pytest.mark.parametrize("profile", ["scratch", "turbowarp"])
@pytest.mark.parametrize("outage", OUTAGES)
def test_requests_under_way_in_two_outages_are_all_answered_and_none_is_run_twice(profile: str, outage: str) -> None:
    echo = Echo(seconds=0.05)
    with place(profile) as here:
        server = here.serve(echo, workers=2)
        players = [here.player(f"player{number}") for number in range(3)]
        returns: Counter[int] = Counter()

        def count(which: int) -> Callable[[object], None]:
            return lambda event: returns.update([which] if isinstance(event, Connected) else [])

        for which, connection in enumerate(here.connections):
            connection.add_listener(count(which))
        answers: dict[int, Future[Any]] = {}
        for round_ in range(1, 3):
            for player in players:
                for _ in range(6):
                    number = len(answers)
                    answers[number] = player.submit("echo", number, [number, "x" * 100])
            begun = len(echo.runs)
            until(lambda begun=begun: len(echo.runs) > begun)
            assert not all(answer.done() for answer in answers.values())
            OUTAGES[outage](here.cloud)
            until(lambda round_=round_: returns == dict.fromkeys(range(4), round_))
        for number, answer in answers.items():
            assert answer.result(SECONDS) == [number, "x" * 100]
        assert server.clients == 3
    assert echo.runs == dict.fromkeys(answers, 1)


def test_requests_under_way_when_the_server_program_is_started_anew_are_answered_or_visibly_lost() -> None:
    echo = Echo(seconds=0.05)
    with place("scratch") as here:
        first = here.serve(echo, workers=2)
        players = [here.player(f"player{number}") for number in range(3)]
        answers = {number: players[number % 3].submit("echo", number, str(number)) for number in range(24)}
        until(lambda: len(echo.runs) > 2)
        first.stop(timeout=0.0)
        here.serve(echo, workers=2)
        for number, answer in answers.items():
            error = answer.exception(SECONDS)
            if error is None:
                assert answer.result() == str(number)
            else:
                assert isinstance(error, RequestError)
                assert error.code == 503
    assert max(echo.runs.values()) == 1


# (c) Strangers

LENIENT = replace(TURBOWARP, accepts_value=lambda update: True)
"""A cloud that lets every text through, as no known one does."""


def rubbish(random: Random) -> Iterator[str]:
    """Values that no frame can be, of every kind that a cloud may let through."""
    yield from (
        "",
        "0",
        "-1",
        "1.5",
        "-0.0",
        "5.",
        ".5",
        "00000000000000",
        "1" * 7,
        "9" * 7,
        "abc",
        "☁ 1",
        "\ud83d",
        "NaN",
    )
    yield from ("٣" * 20, "²" * 20, " 123456789", "123456789\n", "1e+21", "6" + "0" * 11, "7" * 50, "8" * 50, "9" * 50)
    yield "8" * 100_000
    for _ in range(100):
        digits = "".join(random.choices("0123456789", k=random.randrange(1, 400)))
        yield from (digits, "-" + digits, f"{digits}.{digits}", "000" + digits, digits + "x")


def nonsense(random: Random) -> Iterator[Record]:
    """Well-formed records that mean nothing: about requests that nobody made, or never to be completed."""
    for _ in range(400):
        message, part = random.randrange(100), random.randrange(1000)
        yield Need(message, part, tuple(random.choices(range(1000), k=random.randrange(9))))
        yield Cancel(message)
        yield Part(message, part, False, "7" * random.randrange(150))
        yield Part(message, random.randrange(1000), True, "7" * random.randrange(90))


def test_strangers_who_flood_every_variable_cost_neither_the_others_nor_much_memory() -> None:
    random = Random(7)
    echo = Echo()
    with place(LENIENT) as here:
        server = here.serve(echo)
        player = here.player("player")
        channel = Channel(here.cloud.profile.limits)
        asked = iter(range(1000))

        def ask() -> None:
            number = next(asked)
            assert player.request("echo", number, "still here") == "still here"

        ask()
        stranger = here.stranger()
        recorded = [(strip_prefix(record.name), record.value) for record in here.sets]
        gc.collect()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            counted = sum(server.statistics.rejected.values())
            sent = 0
            for value in rubbish(random):
                for name in channel.uplink + channel.downlink:
                    stranger.set(name, value)
                    sent += name in channel.uplink
            for name in channel.uplink + channel.downlink:
                for number in ("1e300", "-1e-300", "12345678901234567890", "0.1"):
                    stranger.set_number(name, number)
                    sent += name in channel.uplink
            ask()
            until(lambda: sum(server.statistics.rejected.values()) >= counted + sent)
            assert sum(player.statistics.rejected.values()) > 0

            for name, value in recorded * 20:
                stranger.set(name, value)
            ask()
            assert max(echo.runs.values()) == 1

            address, seed = stranger.open_session(channel, 10_000_000)
            for sequence, record in enumerate(nonsense(random)):
                uplink = Uplink(address, sequence % frame.SEQUENCES, (record,))
                stranger.set(channel.uplink[sequence % 3], frame.pack_uplink(uplink, seed=seed))
            ask()

            for nonce in range(20_000_000, 20_000_000 + 900):
                stranger.set(channel.uplink[nonce % 3], frame.pack_hello(Hello(frame.VERSION, nonce)))
            until(lambda: server.clients > 900)
            ask()
            assert here.player("newcomer").request("echo", next(asked), "me too") == "me too"

            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        assert grown < 16_000_000, f"{grown:,} bytes"
        link, bounds = server._lines[0]._link, ServerBounds()
        assert len(link._sessions) == len(link._by_address) == len(link._by_nonce) <= ADDRESSES
        assert len(link._notices) <= bounds.notices
        assert all(len(session.requests) <= 100 for session in link._sessions.values())
        assert link._partial_digits <= bounds.requests_digits
        assert len(link._replies) <= 100
        assert len(link._kept) <= 100
        assert len(link._short) + len(link._long) <= 100
        assert len(server._lines[0]._calls) == 0
    assert max(echo.runs.values()) == 1


# (d) Slow handlers


@contextmanager
def held() -> Iterator[tuple[Callable[[Any], Any], threading.Semaphore, threading.Event]]:
    """A handler that waits until the event is set; the semaphore counts those that began."""
    begun, go_on = threading.Semaphore(0), threading.Event()

    def block(number: int) -> int:
        begun.release()
        go_on.wait(SECONDS)
        return number

    try:
        yield block, begun, go_on
    finally:
        go_on.set()


def test_a_handler_that_blocks_delays_no_other_request() -> None:
    echo = Echo()
    with held() as (block, begun, go_on), place("scratch") as here:
        here.serve(block, echo)
        player, other = here.player("player"), here.player("other")
        blocked = player.submit("block", 1)
        assert begun.acquire(timeout=SECONDS)
        started = time.monotonic()
        for turn in range(3):
            answers = [player.submit("echo", turn, "mine"), other.submit("echo", 10 + turn, "yours")]
            assert [answer.result(SECONDS) for answer in answers] == ["mine", "yours"]
        assert time.monotonic() - started < 3
        assert not blocked.done()
        go_on.set()
        assert blocked.result(SECONDS) == 1


def test_more_blocking_handlers_than_workers_wait_and_none_is_lost() -> None:
    with held() as (block, begun, go_on), place("scratch") as here:
        server = here.serve(block)
        players = [here.player(f"player{number}") for number in range(2)]
        answers = {number: players[number % 2].submit("block", number) for number in range(40)}
        until(lambda: server.statistics.messages_received == 40)
        for _ in range(32):
            assert begun.acquire(timeout=SECONDS)
        assert not begun.acquire(timeout=0.2)
        assert not any(answer.done() for answer in answers.values())
        go_on.set()
        assert {number: answer.result(SECONDS) for number, answer in answers.items()} == {n: n for n in range(40)}
        assert sum(begun.acquire(blocking=False) for _ in range(40)) == 8


def test_beyond_the_places_to_wait_the_answer_is_busy_at_once() -> None:
    with held() as (block, _, go_on), place("scratch") as here:
        here.serve(block, workers=2, waiting=10)
        player = here.player("player")
        answers = [player.submit("block", number) for number in range(15)]
        until(lambda: sum(answer.done() for answer in answers) == 5)
        refused = [answer for answer in answers if answer.done()]
        assert {(error_of(answer).code, error_of(answer).text) for answer in refused} == {
            (503, "busy, try again in a moment")
        }
        go_on.set()
        assert sorted(answer.result(SECONDS) for answer in answers if answer not in refused) == list(range(10))
        assert player.request("block", 99) == 99


# (e) Broken handlers


def test_whatever_a_handler_does_the_asker_is_told_and_the_server_goes_on() -> None:
    def leave() -> None:
        raise SystemExit("hunter2")

    def interrupt() -> None:
        raise KeyboardInterrupt("hunter2")

    async def leave_later() -> None:
        raise SystemExit("hunter2")

    def thing() -> object:
        return object()

    def flood() -> str:
        return "x" * 300_000

    def complain() -> None:
        raise RequestError("\ud83d" * 300_000, 418)

    echo = Echo()
    with place("scratch") as here:
        here.serve(leave, interrupt, leave_later, thing, flood, complain, echo)
        player = here.player("player")
        names = ["leave", "interrupt", "leave_later", "thing", "flood", "complain"]
        answers = {name: player.submit(name) for name in names}
        told = {name: (error_of(answer).code, error_of(answer).text) for name, answer in answers.items()}
        assert player.request("echo", 1, "fine") == "fine"
    internal_error = (500, "internal error")
    assert told == {
        **dict.fromkeys(names, internal_error),
        "flood": (413, "the answer is too long"),
        "complain": (418, ("\\ud83d" * 300_000)[:1000]),
    }
