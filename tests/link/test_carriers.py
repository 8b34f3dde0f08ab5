"""Which sets have carried a request: what is told of them, of strangers too, and that it is bounded."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import World

from cloudlink.link import frame
from cloudlink.link.events import Carrier, RequestReceived
from cloudlink.link.frame import Hello, Uplink
from cloudlink.link.parts import Incoming
from cloudlink.link.records import Cancel, Part, Record, TopicNeed
from cloudlink.link.server import ServerLink
from cloudlink.link.settings import Channel, ServerBounds
from cloudlink.link.statistics import NO_ROOM
from cloudlink.transport.memory import Weather

NONCE = 12345678

weathers = st.builds(
    Weather,
    delay=st.sampled_from([(0.05, 0.3), (0.0, 1.0)]),
    loss=st.sampled_from([0.0, 0.2, 0.4]),
    doubling=st.sampled_from([0.0, 0.2]),
    disorder=st.booleans(),
)


class Wire:
    """A server alone, and whoever wants to set its variables: they all know the session of one client."""

    def __init__(self, *, bounds: ServerBounds | None = None) -> None:
        self.now = 0.0
        self.link = ServerLink(Channel(), random=Random(1), now=0.0, bounds=bounds)
        self.set(frame.pack_hello(Hello(frame.VERSION, NONCE)))
        control = frame.unpack_control(self.link.writes(now=self.now)[0].value)
        (welcome,) = control.notices
        assert isinstance(welcome, frame.Welcome)
        self.address, self.seed = welcome.address, frame.uplink_seed(nonce=NONCE, epoch=control.epoch)

    def set(self, value: str, *, told: bool = True) -> Carrier:
        """Set a variable; what a request that it brings has for a carrier."""
        self.now += 0.1
        self.link.receive("TO_1", value, now=self.now, received_at=500.0 + self.now if told else None)
        return Carrier("TO_1", value, 500.0 + self.now)

    def send(self, *records: Record, sequence: int = 0, told: bool = True) -> Carrier:
        return self.set(frame.pack_uplink(Uplink(self.address, sequence, records), seed=self.seed), told=told)

    def requests(self) -> list[RequestReceived]:
        found = []
        while (event := self.link.next_event()) is not None:
            if isinstance(event, RequestReceived):
                found.append(event)
        return found


def parts_in(carriers: tuple[Carrier, ...], message: int) -> dict[int, str]:
    """The parts of a message in the values of its carriers, the first of each number."""
    found: dict[int, str] = {}
    for carrier in carriers:
        for record in frame.unpack_uplink(carrier.value).records:
            if isinstance(record, Part) and record.message == message:
                found.setdefault(record.part, record.digits)
    return found


@settings(max_examples=60)
@given(weather=weathers, sizes=st.lists(st.integers(0, 900), min_size=1, max_size=5), seed=st.integers(0, 10**6))
def test_the_carriers_of_a_request_are_its_clients_and_carry_all_of_it_whatever_the_weather(
    weather: Weather, sizes: list[int], seed: int
) -> None:
    world = World(players=2, weather=weather, seed=seed, tells_arrivals=True)
    for number, size in enumerate(sizes):
        for player in world.players:
            player.ask(f"{player.name}{number:03d}" + "7" * size)
    world.run_until_answered(seconds=600)
    made = {(member, write.name, write.value) for _, member, write in world.writes}
    received = [event for event in world.events if isinstance(event, RequestReceived)]
    assert len(received) == 2 * len(sizes)
    for event in received:
        member = world.players[int(event.digits[0])].member
        assert {(member, carrier.name, carrier.value) for carrier in event.carriers} <= made
        assert len(set(event.carriers)) == len(event.carriers)
        parts = parts_in(event.carriers, event.message)
        assert "".join(parts[number] for number in sorted(parts)) == event.digits
        assert sorted(parts) == list(range(len(parts)))


def test_of_a_part_that_comes_twice_the_one_that_was_taken_is_told() -> None:
    wire = Wire()
    ours = wire.send(Part(1, 0, False, "1" * 50, 55))
    wire.send(Part(1, 0, False, "2" * 50, 55), sequence=1)  # a stranger's, too late
    forged = wire.send(Part(1, 1, True, "3" * 5), sequence=2)  # a stranger's, in time
    wire.send(Part(1, 1, True, "1" * 5), sequence=3)
    (request,) = wire.requests()
    assert request.digits == "1" * 50 + "3" * 5
    assert request.carriers == (ours, forged)


def test_a_request_that_comes_again_from_somebody_else_is_not_told_again() -> None:
    wire = Wire()
    first = wire.send(Part(1, 0, True, "12"))
    wire.send(Part(1, 0, True, "12"), sequence=1)
    wire.set(first.value)
    assert [request.carriers for request in wire.requests()] == [(first,)]


def test_parts_in_one_frame_have_one_carrier_and_requests_in_one_frame_share_it() -> None:
    wire = Wire()
    carrier = wire.send(Part(1, 0, False, "1" * 20, 22), Part(1, 1, True, "23"), Part(2, 0, True, "45"))
    assert [request.carriers for request in wire.requests()] == [(carrier,), (carrier,)]


def test_a_request_of_which_one_set_came_at_an_unknown_time_has_no_carriers() -> None:
    wire = Wire()
    wire.send(Part(1, 0, False, "1" * 50, 55), told=False)
    wire.send(Part(1, 1, True, "1" * 5), sequence=1)
    wire.send(Part(2, 0, False, "1" * 50, 55))
    wire.send(Part(2, 1, True, "1" * 5), sequence=1, told=False)
    assert [request.carriers for request in wire.requests()] == [(), ()]


@pytest.mark.parametrize(("told", "fit"), [(True, 9), (False, 30)])
def test_what_carries_unfinished_requests_counts_as_held_and_is_let_go_with_them(told: bool, fit: int) -> None:
    wire = Wire(bounds=ServerBounds(requests_digits=2000))
    padding = [TopicNeed(999, 1, 1, tuple(range(9)))] * 5
    for message in range(1, 4):
        before = wire.link.statistics.rejected.get(NO_ROOM, 0)
        for part in range(30):  # parts of one digit in values of some two hundred
            wire.send(*padding, Part(message, part, False, "1", 60 * (part == 0)), sequence=part, told=told)
        assert 30 - (wire.link.statistics.rejected.get(NO_ROOM, 0) - before) == fit
        wire.send(Cancel(message))
    wire.send(Part(9, 0, True, "12"), told=told)
    assert [request.digits for request in wire.requests()] == ["12"]


@given(
    st.lists(
        st.tuples(
            st.builds(Part, st.just(7), st.integers(0, 6), st.booleans(), st.sampled_from(["1", "22"])),
            st.sampled_from([None, "a", "b", "c"]),
        ),
        max_size=20,
    )
)
def test_what_is_held_is_what_is_here_and_an_unknown_carrier_makes_all_unknown(
    arriving: list[tuple[Part, str | None]],
) -> None:
    incoming = Incoming()
    kept: list[Carrier | None] = []
    for at, (part, value) in enumerate(arriving):
        carrier = None if value is None else Carrier("x", value * 30, float(at))
        if incoming.add(part, carrier=carrier):
            kept.append(carrier)
        known = [one for one in kept if one is not None]
        expected = tuple(known) if len(known) == len(kept) else ()
        assert incoming.carriers == expected
        assert incoming.held == incoming.size + sum(len(one.value) for one in expected)
