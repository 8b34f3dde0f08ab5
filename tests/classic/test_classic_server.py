"""The classic server and the incumbent's sprite over a cloud, in virtual time."""

from __future__ import annotations

import math
from collections import Counter, deque
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from classic_sprite import DONE, FRAME, TIMEOUT
from classic_worlds import ClassicWorld
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloudlink.classic.answers import encode_answer
from cloudlink.classic.events import ClassicRequest
from cloudlink.classic.packet import PIECE, pack
from cloudlink.classic.server import NO_ANSWER, REPEATED, UNFINISHED, ClassicServer
from cloudlink.classic.settings import ClassicBounds, ClassicChannel, ClassicTimes
from cloudlink.codec.classic import Encoding
from cloudlink.errors import InvalidArgument, RequestError, ValueTooLong
from cloudlink.limits import TURBOWARP
from cloudlink.link.events import Carrier
from cloudlink.link.pacer import Pacer
from cloudlink.link.server import ServerLink
from cloudlink.link.settings import Channel
from cloudlink.link.statistics import MALFORMED, NO_ROOM
from cloudlink.transport.memory import Weather

FINE = Weather(delay=(0.05, 0.3))

NOT_THERE = ["Error in request repeat", "the server was not there when this was asked; ask again"]

THOUSAND = "abcdefghij" * 100


def alone(**options: Any) -> ClassicServer:
    """A server to which a test talks without a world."""
    options = {"pacer": Pacer(0.1), "random": Random(0), "now": 0.0, **options}
    return ClassicServer(ClassicChannel(), **options)


def request_value(text: str, request_id: str = "123450") -> str:
    return f"{Encoding.encode(text)}.{request_id}"


def pack_of(answer: str | list[str], request_id: str) -> str:
    """The value that carries a short answer."""
    (value,) = pack(encode_answer(answer, numbers=True), request_id, capacity=256)
    return value


def written(server: ClassicServer, *, since: float, seconds: float) -> list[tuple[float, str, str]]:
    """All that a server writes within some time: when, where, what."""
    writes = []
    now = since
    while now <= since + seconds:
        writes += [(now, write.name, write.value) for write in server.writes(now=now)]
        due = server.wakeup(now=now)
        if due is None:
            break
        assert due > now
        now = due
    return writes


# Answers


def test_a_project_gets_its_answer_in_two_frames() -> None:
    world = ClassicWorld()
    assert world.answer_of("repeat", "ab", "3") == ["ababab"]
    assert world.players[0].waited[0] <= 3 * FRAME


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 1300), min_size=1, max_size=5),
    seed=st.integers(0, 10**6),
    version=st.sampled_from([1, 2]),
    relay=st.sampled_from([0.0, FRAME, 0.1]),
)
def test_answers_of_any_length_arrive_whole(lengths: list[int], seed: int, version: int, relay: float) -> None:
    weather = Weather(delay=(0.05, 0.3), relay_interval=relay)
    world = ClassicWorld(weather=weather, seed=seed, version=version)
    for length in lengths:
        assert world.answer_of("repeat", "x", str(length)) == ["x" * length]
    assert len(world.requests) == len(lengths)


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text("abc ?&.", max_size=400), min_size=1, max_size=4), seed=st.integers(0, 10**6))
@example(texts=["a" * 117], seed=0)  # 244 digits with the name: one piece
@example(texts=["a" * 118], seed=0)  # 246 digits: two
@example(texts=["a" * 240], seed=0)  # 490 digits: the third piece is empty
def test_requests_of_any_length_arrive_as_texts(texts: list[str], seed: int) -> None:
    world = ClassicWorld(weather=FINE, seed=seed, handler=lambda request: len(request.arguments))
    for text in texts:
        world.answer_of("echo", text)
    assert [(request.name, "&".join(request.arguments)) for request in world.requests] == [
        ("echo", text) for text in texts
    ]


@pytest.mark.parametrize("value", [None, [], 3.5, "", True, {}, RequestError("no such thing", 404)])
def test_what_the_incumbent_never_answers_is_answered_at_once(value: Any) -> None:
    world = ClassicWorld(handler=lambda request: value)
    assert world.answer_of("thing")
    assert world.players[0].waited[0] < 0.2


def test_an_answer_that_cannot_be_made_is_an_error_and_not_a_silence(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def __str__(self) -> str:
            raise OSError("no")

    world = ClassicWorld(handler=lambda request: Broken())
    assert world.answer_of("thing") == ["Error in request thing", "internal error"]
    assert "thing" in caplog.text


def test_an_answer_that_is_too_long_is_an_error_that_says_so(caplog: pytest.LogCaptureFixture) -> None:
    world = ClassicWorld(handler=lambda request: "x" * 122_001)
    assert world.answer_of("thing") == ["Error in request thing", "the answer is too long"]
    assert "244,002 digits" in caplog.text


def test_an_error_whose_text_is_too_long_is_cut() -> None:
    world = ClassicWorld(handler=lambda request: RequestError("x" * 500_000))
    assert world.answer_of("thing") == ["Error in request thing", "x" * 1000]


def test_a_request_is_answered_once_whatever_is_sent_later() -> None:
    server = alone()
    server.receive("TO_HOST", request_value("hi"), now=1.0)
    event = server.next_event()
    assert event is not None
    server.send(event.request, "one")
    server.send(event.request, "two")
    server.send(99, "three")
    assert {value for _, _, value in written(server, since=1.0, seconds=20)} == {request_value("one") + "2222"}


def test_an_event_tells_what_was_set_and_who_did_it() -> None:
    server = alone()
    server.receive("TO_HOST", request_value("add&1&2"), now=1.0, user="Ann")
    assert server.next_event() == ClassicRequest(1, "123450", "add", ("1", "2"), request_value("add&1&2"), "Ann")
    assert server.next_event() is None


def test_an_event_tells_the_sets_that_have_carried_its_pieces_if_all_are_known() -> None:
    digits = Encoding.encode("x" * 300)
    pieces = [f"-{digits[:PIECE]}.123450", f"-{digits[PIECE : 2 * PIECE]}.123450", f"{digits[2 * PIECE :]}.123450"]
    for known in ([True, True, True], [True, False, True], [True, True, False]):
        server = alone()
        for at, (piece, is_known) in enumerate(zip(pieces, known, strict=True)):
            server.receive("TO_HOST", piece, now=float(at), received_at=50.0 + at if is_known else None)
        event = server.next_event()
        assert event is not None
        assert event.name == "x" * 300
        carriers = tuple(Carrier("TO_HOST", piece, 50.0 + at) for at, piece in enumerate(pieces))
        assert event.carriers == (carriers if all(known) else ())


def test_what_carries_unfinished_requests_counts_as_held() -> None:
    server = alone(bounds=ClassicBounds(requests_digits=1000))
    for at in range(200):
        server.receive("TO_HOST", "-.123450", now=at / 10, received_at=at / 10)
    assert server.statistics.rejected == {UNFINISHED: 1}  # empty pieces take room too: 8 digits each with their carrier


def test_many_players_share_the_variables() -> None:
    world = ClassicWorld(players=20, weather=FINE)
    for number, player in enumerate(world.players):
        world.at(
            world.now + number * 0.15,
            lambda player=player, number=number: player.ask("repeat", f"p{number}.", "9", now=world.now),
        )
    world.run(seconds=3.0)
    world.run_until_idle()
    assert [player.results for player in world.players] == [[(DONE, [f"p{number}." * 9])] for number in range(20)]


def test_a_short_answer_does_not_wait_behind_a_long_one() -> None:
    world = ClassicWorld(players=2, weather=FINE)
    world.players[0].ask("repeat", THOUSAND, "8", now=world.now)
    world.run(seconds=6.0)
    world.players[1].ask("repeat", "ab", "3", now=world.now)
    world.run_until_idle()
    assert world.players[1].last == (DONE, ["ababab"])
    assert world.players[1].waited[0] < 1.0
    assert world.players[0].last == (DONE, [THOUSAND * 8])


def test_more_work_than_fits_serves_as_many_as_fit() -> None:
    """The incumbent serves 11 of 45 here, for it goes on with answers that nobody waits for."""
    world = ClassicWorld(players=20, weather=FINE)

    def ask_again(player: Any) -> None:
        if not player.sprite.busy:
            player.ask("repeat", THOUSAND, "1", now=world.now)
        world.at(world.now + 0.5 + 0.1 * world.random.random(), lambda: ask_again(player))

    for number, player in enumerate(world.players):
        world.at(world.now + number * 0.11, lambda player=player: ask_again(player))
    world.run(seconds=30.0)
    results = Counter(status for player in world.players for status, _ in player.results)
    assert results[DONE] >= 25  # 30 s have room for 300 sets, an answer takes 10
    assert all(
        response == [THOUSAND] for player in world.players for status, response in player.results if status == DONE
    )


def test_a_late_answer_gives_way_to_all_others() -> None:
    server = alone()
    server.receive("TO_HOST", request_value("old", "111110"), now=0.0)
    old = server.next_event()
    server.receive("TO_HOST", request_value("new", "222220"), now=20.0)
    new = server.next_event()
    assert old is not None
    assert new is not None
    server.send(old.request, "x" * 500)
    server.send(new.request, "y" * 500)
    ids = [value.split(".")[1][:6] for _, _, value in written(server, since=20.0, seconds=1.5)]
    assert ids[:6] == ["222220"] * 6
    assert ids.count("111110") == 6


def test_an_answer_that_nobody_waits_for_is_sent_but_does_not_count_as_pending() -> None:
    server = alone()
    server.receive("TO_HOST", request_value("x"), now=0.0)
    event = server.next_event()
    assert event is not None
    server.writes(now=30.0)  # so late is it when the handler is done
    server.send(event.request, "y" * 500)
    assert not server.pending
    assert len(written(server, since=30.0, seconds=20.0)) == 6


# Pace


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), variables=st.integers(1, 9), interval=st.sampled_from([0.005, 0.1]))
def test_the_pace_and_the_rest_of_each_variable_are_kept(seed: int, variables: int, interval: float) -> None:
    channel = ClassicChannel(downlink=tuple(f"FROM_HOST_{number}" for number in range(1, variables + 1)))
    pacer = Pacer(interval)
    random = Random(seed)
    server = ClassicServer(channel, pacer=pacer, random=random, now=0.0)
    for number in range(8):
        server.receive("TO_HOST", request_value("x", f"{10_000 + number}0"), now=1.0)
        event = server.next_event()
        assert event is not None
        server.send(event.request, "y" * random.randrange(1, 700))
    writes = written(server, since=1.0, seconds=60.0)
    times = [time for time, _, _ in writes]
    assert all(later - earlier >= interval - 1e-9 for earlier, later in pairwise(times))
    if interval == 0.1 or variables == 1:
        for name in channel.downlink:
            times = [time for time, its_name, _ in writes if its_name == name]
            assert all(later - earlier >= 0.1 - 1e-9 for earlier, later in pairwise(times))


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 9), st.lists(st.integers(1, 800), min_size=1, max_size=25))
@example(9, [1, 1, 1, 1, 1, 1, 130])
@example(9, [130, *[1] * 20])
def test_the_closing_part_is_in_a_variable_behind_the_last_numbered_one(variables: int, lengths: list[int]) -> None:
    channel = ClassicChannel(downlink=tuple(f"FROM_HOST_{number}" for number in range(1, variables + 1)))
    server = ClassicServer(channel, pacer=Pacer(0.1), random=Random(0), now=0.0)
    for number, length in enumerate(lengths):
        server.receive("TO_HOST", request_value("x", f"{10_000 + number}0"), now=1.0)
        event = server.next_event()
        assert event is not None
        server.send(event.request, "y" * length)
    writes = written(server, since=1.0, seconds=60.0)
    for number in range(len(lengths)):
        mine = [(name, value) for _, name, value in writes if f".{10_000 + number}0" in value]
        closing = next(at for at, (_, value) in enumerate(mine) if value.endswith("2222"))
        if closing:
            assert mine[closing - 1][1] == mine[closing - 2][1]  # the last numbered part, twice
            assert mine[closing - 1][0] < mine[closing][0]


def test_a_link_and_a_classic_server_share_one_pace() -> None:
    pacer = Pacer(0.1)
    server = alone(pacer=pacer)
    link = ServerLink(Channel(), random=Random(0), now=0.0, pacer=pacer)
    server.receive("TO_HOST", request_value("x"), now=1.0)
    event = server.next_event()
    assert event is not None
    server.send(event.request, THOUSAND)
    now, turns = 1.0, deque([link, server])
    writes: list[tuple[float, str]] = []
    while server.pending or link.pending:
        new = [(now, write.name) for each in turns for write in each.writes(now=now)]
        assert len(new) <= 1
        if new:
            writes += new
            turns.rotate()  # who has written comes last
        now += 0.01
    assert all(later - earlier >= 0.1 - 1e-9 for (earlier, _), (later, _) in pairwise(writes))
    of_the_link = [at for at, (_, name) in enumerate(writes) if name in Channel().downlink]
    assert of_the_link == [0, 2, 4]  # what the link says at its start, by turns with the ten parts of the answer
    assert len(writes) == 13


def test_copies_go_out_only_when_nothing_else_waits_and_do_not_count_as_pending() -> None:
    server = alone()
    server.receive("TO_HOST", request_value("x"), now=1.0)
    event = server.next_event()
    assert event is not None
    server.send(event.request, "hello")
    assert server.pending
    assert len(server.writes(now=1.0)) == 1
    assert not server.pending
    assert [round(time, 3) for time, _, _ in written(server, since=1.0, seconds=60)] == [1.5, 3.0, 6.0]
    assert server.wakeup(now=6.1) is None


def test_copies_do_not_hold_up_a_player_that_asks_on_as_soon_as_it_is_answered() -> None:
    world = ClassicWorld()
    for _ in range(30):
        world.answer_of("repeat", "x", "3")
    assert len(world.writes) == 30
    assert max(world.players[0].waited) <= 0.1 + 2 * FRAME


# Loss


def lossy_results(loss: float, *, length: int, version: int = 2, requests: int = 300) -> Counter[tuple[str, bool]]:
    """What becomes of requests that arrive, where answers get lost."""
    results: Counter[tuple[str, bool]] = Counter()
    for seed in range(requests // 15):
        world = ClassicWorld(weather=FINE, seed=seed, version=version)
        player = world.players[0]
        for _ in range(15):
            world.cloud.weather = FINE
            player.ask("repeat", "x", str(length), now=world.now)
            world.run_until_received(player)
            world.cloud.weather = Weather(delay=(0.05, 0.3), loss=loss)
            world.run_until_idle()
            status, response = player.last
            results[status, response == ["x" * length]] += 1
    return results


@pytest.mark.parametrize("length", [10, 1000])
def test_at_a_loss_of_one_in_twenty_every_answer_is_whole(length: int) -> None:
    """Of 15 answers of 1,000 characters the incumbent gets 14 through, and one is short and looks right."""
    assert lossy_results(0.05, length=length) == {(DONE, True): 300}


@pytest.mark.parametrize("length", [123, 300, 1000])
@pytest.mark.parametrize("overwrites", [True, False])
def test_any_single_value_of_an_answer_may_be_lost(length: int, overwrites: bool) -> None:
    for lost in range(12):
        world = ClassicWorld(weather=FINE, overwrites=overwrites)
        world.players[0].ask("repeat", "x", str(length), now=world.now)
        world.run_until_received(world.players[0])
        world.run_until_written(lost)
        world.lost_writes = 1
        world.run_until_idle()
        assert world.players[0].last == (DONE, ["x" * length])
        assert world.players[0].waited[0] < 5.0


@settings(max_examples=100, deadline=None)
@given(
    first=st.integers(0, 14),
    seconds=st.floats(0.05, 4.0),
    seed=st.integers(0, 1000),
    length=st.integers(1, 1200),
    overwrites=st.booleans(),
)
def test_an_outage_in_the_middle_of_an_answer_costs_time_only(
    first: int, seconds: float, seed: int, length: int, overwrites: bool
) -> None:
    """Where all copies of the last numbered part are lost and the closing part is not, no server can help."""
    world = ClassicWorld(weather=FINE, seed=seed, overwrites=overwrites)
    player = world.players[0]
    player.ask("repeat", "x", str(length), now=world.now)
    player.sprite.expected_parts = -(-2 * length // 244)
    world.run_until_received(player)
    world.run_until_written(first)
    world.lossy_until = world.now + seconds
    world.run_until_idle()
    if player.sprite.grown:
        assert player.last == (DONE, ["x" * length])


def test_parts_lost_in_a_row_follow_without_being_asked_for_each() -> None:
    world = ClassicWorld(weather=FINE)
    player = world.players[0]
    player.ask("repeat", "x", "3000", now=world.now)
    world.run(seconds=30, until=lambda: len(world.writes) >= 3)
    world.lost_writes = 10
    world.run_until_idle()
    assert player.last == (DONE, ["x" * 3000])
    assert player.waited[0] < 3.5 + 10 * 0.35  # 26 sets, and less than a round trip for each lost one


def test_a_version_1_sprite_is_done_with_its_closing_part_whatever_the_server_does() -> None:
    """What no server can prevent: that sprite does not look whether parts are missing."""
    results = lossy_results(0.05, length=1000, version=1)
    assert results[DONE, False] > 0
    assert results[TIMEOUT, True] == results[TIMEOUT, False] == 0


def test_a_lost_piece_of_a_request_is_told_at_once() -> None:
    world = ClassicWorld(weather=FINE)
    player = world.players[0]
    player.ask("repeat", "x" * 300, "1", now=world.now)
    world.run(seconds=5, until=lambda: player.sprite.status == "SENDING" and len(player.sprite._pieces) < 3)
    world.cloud.weather = Weather(delay=(0.05, 0.3), loss=1.0)
    world.run(seconds=5, until=lambda: len(player.sprite._pieces) < 2)
    world.cloud.weather = FINE
    world.run_until_idle()
    assert player.last == (DONE, ["Error in request", "a part of the request was lost; ask again"])
    assert not world.requests


def test_a_part_that_is_not_kept_is_not_made_up() -> None:
    server = alone()
    server.receive("TO_HOST", "3.1019109", now=1.0)
    assert written(server, since=1.0, seconds=20) == []
    assert server.statistics.rejected == {NO_ANSWER: 1}


def test_a_part_that_is_asked_for_every_tenth_of_a_second_goes_out_once_in_a_round_trip() -> None:
    server = alone(times=ClassicTimes(copies=(), following=0.0))
    server.receive("TO_HOST", request_value("x"), now=1.0)
    event = server.next_event()
    assert event is not None
    server.send(event.request, "y" * 200)
    first = written(server, since=1.0, seconds=5)
    again = []
    for tenth in range(9):
        now = 10.0 + tenth * 0.1
        server.receive("TO_HOST", "0.1234509", now=now)
        again += written(server, since=now, seconds=0.05)
    assert [value for _, _, value in again] == [first[0][2]] * 3


def test_the_closing_part_can_be_asked_for_and_one_behind_it_cannot() -> None:
    server = alone(times=ClassicTimes(copies=()))
    server.receive("TO_HOST", request_value("x"), now=1.0)
    event = server.next_event()
    assert event is not None
    server.send(event.request, "y" * 200)
    first = written(server, since=1.0, seconds=5)
    for asked in ("1.1234509", "2.1234509", "999.1234509"):
        server.receive("TO_HOST", asked, now=10.0)
    assert [value for _, _, value in written(server, since=10.0, seconds=5)] == [first[-1][2]]


# Doubles, ids that come again, and what was stored


def test_a_value_that_comes_twice_is_run_once() -> None:
    server = alone()
    for now in (1.0, 1.1, 12.9):
        server.receive("TO_HOST", request_value("x"), now=now)
    assert server.next_event() is not None
    assert server.next_event() is None
    assert server.statistics.rejected == {REPEATED: 2}


def test_a_value_that_is_told_again_after_a_reconnect_is_not_run_again() -> None:
    server = alone()
    server.receive("TO_HOST", request_value("x"), now=1.0)
    server.receive("TO_HOST", request_value("x"), now=30.0, age=2.0)
    assert server.next_event() is not None
    assert server.next_event() is None


def test_of_an_id_that_comes_again_the_old_answer_has_no_copies_any_more() -> None:
    server = alone()
    for now, name in ((1.0, "x"), (1.4, "y")):
        server.receive("TO_HOST", request_value(name), now=now)
        event = server.next_event()
        assert event is not None
        server.send(event.request, name)
        writes = written(server, since=now, seconds=0.1 if name == "x" else 20.0)
    assert {value for _, _, value in writes} == {pack_of("y", "123450")}


def test_two_long_requests_may_have_one_id_and_the_same_last_piece() -> None:
    server = alone()
    for letter in "ab":
        digits = Encoding.encode(f"x&{letter}{'.' * 130}")
        server.receive("TO_HOST", f"-{digits[:245]}.123450", now=1.0)
        server.receive("TO_HOST", f"{digits[245:]}.123450", now=1.1)
    events = [server.next_event(), server.next_event()]
    assert [event and event.arguments[0][0] for event in events] == ["a", "b"]


def test_the_last_piece_of_a_long_request_that_comes_twice_is_no_request_of_its_own() -> None:
    server = alone()
    pieces = [f"-{Encoding.encode('y&' + 'x' * 121)[:-1]}.123450", "7.123450"]
    for piece in [*pieces, pieces[-1]]:
        server.receive("TO_HOST", piece, now=1.0)
    assert server.next_event() is not None
    assert server.next_event() is None
    assert written(server, since=1.0, seconds=20) == []


def test_an_id_may_come_again_at_once_with_another_request_and_after_a_while_with_the_same() -> None:
    server = alone()
    server.receive("TO_HOST", request_value("x"), now=1.0)
    server.receive("TO_HOST", request_value("y"), now=1.2)
    server.receive("TO_HOST", request_value("y"), now=14.0)
    events = [server.next_event() for _ in range(3)]
    assert [event and event.name for event in events] == ["x", "y", "y"]
    assert len({event.request for event in events if event}) == 3


def test_few_ids_serve_many_requests() -> None:
    server = alone()
    for number in range(60):
        server.receive("TO_HOST", request_value(f"n{number}", f"{10_000 + number % 3}0"), now=number * 5.0)
        event = server.next_event()
        assert event is not None
        server.send(event.request, f"answer {number}")
        writes = written(server, since=number * 5.0, seconds=4.9)
        assert {value for _, _, value in writes if f".{event.id}" in value} == {pack_of(f"answer {number}", event.id)}


def test_the_request_that_was_stored_when_the_server_started_is_not_run_but_answered() -> None:
    world = ClassicWorld()
    assert world.ask("repeat", "x", "1")[0] == DONE
    world.requests.clear()
    world.restart_server()
    world.run(seconds=60)
    assert world.requests == []
    assert {write.value for _, write in world.writes[-4:]} == {pack_of(NOT_THERE, world.players[0].ids[0])}
    assert world.answer_of("repeat", "y", "2") == ["yy"]


def test_a_player_whose_request_may_be_an_old_one_is_told_to_ask_again() -> None:
    server = alone()
    server.receive("TO_HOST", request_value("repeat"), now=0.1, age=math.inf)
    assert server.next_event() is None
    assert [value for _, _, value in written(server, since=0.1, seconds=0.1)] == [pack_of(NOT_THERE, "123450")]


def test_after_a_short_loss_of_the_connection_a_missed_request_runs_and_a_known_one_does_not() -> None:
    world = ClassicWorld(weather=FINE)
    world.answer_of("repeat", "x", "1")
    world.go_down()
    world.run(seconds=1)
    world.go_up()
    world.run(seconds=5)
    assert len(world.requests) == 1
    world.go_down()
    world.players[0].ask("repeat", "y", "2", now=world.now)
    world.run(seconds=3)
    world.go_up()
    world.run_until_idle()
    assert world.players[0].last == (DONE, ["yy"])
    assert len(world.requests) == 2


def test_after_a_long_loss_of_the_connection_what_was_stored_is_not_run() -> None:
    world = ClassicWorld(weather=FINE)
    world.go_down()
    world.players[0].ask("repeat", "y", "2", now=world.now)
    world.run(seconds=60)
    assert world.players[0].last[0] == TIMEOUT
    world.go_up()
    world.run(seconds=30)
    assert world.requests == []
    assert world.answer_of("repeat", "y", "2") == ["yy"]


def test_a_piece_that_may_be_old_is_not_kept() -> None:
    server = alone()
    server.receive("TO_HOST", "-123.123450", now=0.5, age=20.0)
    assert server.held["unfinished"] == 0


# Rubbish and bounds


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.text(max_size=30)
        | st.from_regex(r"-?[0-9]{0,12}\.?[0-9]{0,24}", fullmatch=True)
        | st.sampled_from(["0.1234509", "998.1234509", "-1.123450", "1.123450", ".123450", "999999.1234509"])
        | st.text("0123456789", max_size=20).map(lambda digits: f"{digits}.123450"),
        max_size=60,
    )
)
def test_anything_at_all_may_stand_in_the_variable(values: list[str]) -> None:
    server = alone()
    now = 0.0
    for value in values:
        now += 0.05
        server.receive("TO_HOST", value, now=now)
        server.receive(value, value, now=now)
        while (event := server.next_event()) is not None:
            server.send(event.request, "x" * 300)
        for write in server.writes(now=now):
            assert len(write.value) < 256
            assert write.value.count(".") == 1
            assert write.value.replace(".", "").isdigit()


def test_a_flood_of_everything_stays_within_the_bounds() -> None:
    bounds = ClassicBounds(
        request_digits=1000, requests_digits=5000, unfinished=20, requests=30, remembered=40, answers=50, asked=10
    )
    server = alone(bounds=bounds)
    random = Random(1)
    for number in range(5000):
        request_id = str(random.randrange(100_000, 1_000_000))
        kind = random.randrange(4)
        now = number * 0.001
        if kind == 0:
            server.receive("TO_HOST", f"-{'21' * 120}.{request_id}", now=now)
        elif kind == 1:
            server.receive("TO_HOST", request_value("x", request_id), now=now)
            if random.random() < 0.5 and (event := server.next_event()) is not None:
                server.send(event.request, "y" * 300)
        elif kind == 2:
            server.receive("TO_HOST", f"21.{request_id}", now=now)
        else:
            known = random.choice(list(server._outbox._newest) or [request_id])
            server.receive("TO_HOST", f"{random.randrange(5)}.{known}9", now=now)
        server.writes(now=now)
    held = server.held
    assert held["unfinished"] <= 20
    assert held["requests"] <= 30
    assert held["remembered"] <= 40
    assert held["answers"] <= 100
    assert server.statistics.rejected[NO_ROOM] > 0


def test_what_was_sent_is_forgotten_after_a_while() -> None:
    world = ClassicWorld()
    for _ in range(30):
        world.answer_of("repeat", "x", "200")
    world.run(seconds=61)
    world.answer_of("repeat", "x", "200")
    world.run(seconds=5)
    assert world.server.held == {"unfinished": 0, "requests": 0, "answers": 1, "remembered": 1}


def test_a_request_that_is_too_long_is_an_error_that_says_so() -> None:
    world = ClassicWorld(bounds=ClassicBounds(request_digits=700))
    assert world.answer_of("repeat", "x" * 400, "1")[1] == "the request has 818 digits, the server takes 700"
    assert world.answer_of("repeat", "x" * 300, "1") == ["x" * 300]
    assert world.server.held["unfinished"] == 0


def test_a_request_without_an_end_takes_no_room_from_others() -> None:
    server = alone(bounds=ClassicBounds(request_digits=1000, requests_digits=2000))
    server.receive("TO_HOST", "-21.111110", now=1.0)
    for number in range(100):
        server.receive("TO_HOST", f"-{'21' * 100}.222220", now=1.0 + number * 0.1)
    server.receive("TO_HOST", "21.111110", now=12.0)
    event = server.next_event()
    assert event is not None
    assert event.name == "aa"
    for number in range(20):
        server.receive("TO_HOST", f"-{'21' * 100}.{30_000 + number}0", now=12.0)
    assert server.held["unfinished"] == 10  # of 200 digits each


def test_an_id_is_not_longer_than_any_could_be() -> None:
    server = alone()
    server.receive("TO_HOST", f"21.{'1' * 21}", now=1.0)
    server.receive("TO_HOST", f"21.{'1' * 20}", now=1.0)
    event = server.next_event()
    assert event is not None
    assert event.id == "1" * 20
    assert server.next_event() is None


def test_a_request_that_never_ends_is_dropped() -> None:
    server = alone()
    server.receive("TO_HOST", "-123.123450", now=1.0)
    server.receive("TO_HOST", "-123.222220", now=32.0)
    assert server.held["unfinished"] == 1
    assert server.statistics.rejected == {UNFINISHED: 1}


def test_other_variables_are_not_looked_at() -> None:
    server = alone()
    server.receive("TO_1", request_value("x"), now=1.0)
    assert server.next_event() is None
    assert server.statistics.rejected == {}


def test_digits_that_are_no_text_are_answered() -> None:
    server = alone()
    server.receive("TO_HOST", "0102.123450", now=1.0)
    assert [value for _, _, value in written(server, since=1.0, seconds=0.3)] == [
        pack_of(["Error in request", "a part of the request was lost; ask again"], "123450")
    ]
    assert server.statistics.rejected == {MALFORMED: 1}


# Messages that nobody asked for


def test_a_pushed_message_has_an_id_of_its_own_and_no_copies() -> None:
    server = alone()
    server.push("hi")
    server.push("x" * 300)
    values = [value for _, _, value in written(server, since=1.0, seconds=30)]
    assert len(values) == 5
    trailers = [value.split(".")[1] for value in values]
    assert all(trailer.startswith("100000000") for trailer in trailers)
    assert sorted(len(trailer) for trailer in trailers) == [17] * 5
    with pytest.raises(ValueTooLong):
        server.push("x" * 122_000)


# Other platforms


def test_where_variables_hold_more_a_long_answer_takes_one() -> None:
    world = ClassicWorld(channel=ClassicChannel(limits=TURBOWARP), weather=Weather(relay_interval=0.1))
    assert world.answer_of("repeat", THOUSAND, "10") == [THOUSAND * 10]
    assert len({write.value for _, write in world.writes}) == 1


@pytest.mark.parametrize("options", [{"downlink": ()}, {"downlink": ("A", "A")}, {"uplink": "FROM_HOST_3"}])
def test_a_channel_that_cannot_work_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        ClassicChannel(**options)


def test_times_can_be_changed() -> None:
    world = ClassicWorld(times=ClassicTimes(copies=()))
    world.answer_of("repeat", "x", "3")
    world.run(seconds=20)
    assert len(world.writes) == 1
