"""Topics, answers in pieces, and rivals: both ends of the link over a bad cloud, in virtual time."""

from __future__ import annotations

import gc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import weathers
from worlds import FINE, Player, World

from cloudlink.errors import Busy, InvalidArgument, ValueTooLong
from cloudlink.link.events import AnswerForgotten, AnswerProgress, RequestReceived, RivalSeen, TopicGap, TopicMessage
from cloudlink.link.parts import LEAST_CUT, Outgoing
from cloudlink.link.settings import ServerBounds
from cloudlink.link.statistics import RIVAL
from cloudlink.link.topics import MOST_HELD
from cloudlink.transport.memory import Weather


def client_of(world: World, player: Player) -> int:
    """The server's number of a player that has asked its name."""
    return next(
        event.client
        for event in world.events
        if isinstance(event, RequestReceived) and event.digits == f"{player.name:03d}"
    )


def followers_of(world: World, topic: int, *, held: int = MOST_HELD) -> None:
    """Connect all players, and let them follow a topic."""
    for player in world.players:
        player.ask(f"{player.name:03d}")
    world.run_until_answered()
    for player in world.players:
        number = world.server.subscribe(client_of(world, player), topic)
        player.link.follow(topic, number, held=held, now=world.now)


def heard(player: Player) -> list[str]:
    return [event.digits for event in player.events if isinstance(event, TopicMessage)]


def lost(player: Player) -> int:
    return sum(event.lost for event in player.events if isinstance(event, TopicGap))


@settings(max_examples=100)
@example(  # an old word of how many are held, after the next message
    weather=Weather(delay=(0.0, 1.0), loss=0.2, doubling=0.2, disorder=True), messages=[(0, 1.125), (0, 0.0)], seed=1
)
@given(
    weather=weathers,
    messages=st.lists(st.tuples(st.integers(0, 600), st.floats(0, 3)), min_size=1, max_size=30),
    seed=st.integers(0, 10**6),
)
def test_every_follower_gets_every_message_once_and_in_order(
    weather: Weather, messages: list[tuple[int, float]], seed: int
) -> None:
    world = World(players=3, weather=weather, seed=seed)
    topic = world.server.open_topic()
    followers_of(world, topic)
    sent = [f"{number:03d}" + "7" * size for number, (size, _) in enumerate(messages)]
    for digits, (_, pause) in zip(sent, messages, strict=True):
        world.server.publish(topic, digits, now=world.now)
        world.run(seconds=pause)
    world.run(seconds=900, until=lambda: all(heard(player) == sent for player in world.players))
    assert [heard(player) for player in world.players] == [sent] * 3
    assert not any(lost(player) for player in world.players)


@settings(max_examples=60)
@given(weather=weathers, seed=st.integers(0, 10**6), held=st.sampled_from([1, 3, MOST_HELD]))
def test_what_a_follower_misses_for_good_it_counts(weather: Weather, seed: int, held: int) -> None:
    world = World(players=1, weather=weather, seed=seed)
    topic = world.server.open_topic(held=held)
    followers_of(world, topic, held=held)
    (player,) = world.players
    for number in range(70):
        world.server.publish(topic, f"{number:03d}", now=world.now)
        world.run(seconds=0.05)
    world.run(seconds=900, until=lambda: heard(player)[-1:] == ["069"])
    assert heard(player) == sorted(set(heard(player)))
    assert heard(player)[-1] == "069"
    assert len(heard(player)) + lost(player) == 70


def test_one_message_to_a_hundred_followers_is_sent_once() -> None:
    world = World(players=100, weather=FINE)
    topic = world.server.open_topic()
    followers_of(world, topic)
    frames = world.server.statistics.frames_sent
    world.server.publish(topic, "1234", now=world.now)
    world.run(seconds=2, until=lambda: all(heard(player) for player in world.players))
    assert world.server.statistics.frames_sent == frames + 1


def test_a_follower_that_is_silent_otherwise_keeps_its_session() -> None:
    world = World(players=1, weather=FINE)
    topic = world.server.open_topic()
    followers_of(world, topic)
    world.run(seconds=3600)
    assert len(world.server.clients) == 1
    assert world.players[0].link.statistics.frames_sent < 100
    world.server.publish(topic, "1234", now=world.now)
    world.run(seconds=5)
    assert heard(world.players[0]) == ["1234"]


def test_after_a_restart_nothing_is_followed_until_it_is_said_again() -> None:
    world = World(players=1, weather=FINE)
    followers_of(world, world.server.open_topic())
    world.restart_server()
    topic = world.server.open_topic()
    world.players[0].ask("000")
    world.run_until_answered()
    world.server.publish(topic, "1", now=world.now)
    world.run(seconds=3)
    assert heard(world.players[0]) == []
    followers_of(world, topic)
    world.server.publish(topic, "2", now=world.now)
    world.run(seconds=3)
    assert heard(world.players[0]) == ["2"]


def test_topics_and_clients_share_the_addresses() -> None:
    world = World(players=2, bounds=ServerBounds(clients=2))
    topic = world.server.open_topic()
    world.server.open_topic()
    with pytest.raises(Busy, match="all 2 addresses"):
        world.server.open_topic()
    world.server.close_topic(topic)
    world.server.close_topic(topic)
    world.server.open_topic()


@pytest.mark.parametrize("held", [0, MOST_HELD + 1])
def test_a_topic_holds_no_more_than_numbers_can_tell_apart(held: int) -> None:
    with pytest.raises(InvalidArgument, match=f"not {held}"):
        World().server.open_topic(held=held)


def test_what_a_topic_cannot_carry_is_refused() -> None:
    server = World().server
    with pytest.raises(ValueTooLong, match="the message has"):
        server.publish(server.open_topic(), "1" * (server.most_digits + 1), now=0.0)


# Answers in pieces


@settings(max_examples=100)
@given(
    weather=weathers,
    pieces=st.lists(st.tuples(st.integers(1, 600), st.floats(0, 3)), min_size=1, max_size=15),
    seed=st.integers(0, 10**6),
)
def test_an_answer_in_pieces_arrives_piece_by_piece_and_whole(
    weather: Weather, pieces: list[tuple[int, float]], seed: int
) -> None:
    world = World(players=1, weather=weather, seed=seed, handler_time=lambda random: 10_000.0)
    (player,) = world.players
    player.ask("7")
    world.run(seconds=600, until=lambda: any(isinstance(event, RequestReceived) for event in world.events))
    request = next(event for event in world.events if isinstance(event, RequestReceived))
    made = ""
    for number, (size, pause) in enumerate(pieces):
        piece = str(number % 10) * size
        made += piece
        whole = number == len(pieces) - 1
        world.server.send(request.client, request.message, piece, whole=whole)
        world.run(seconds=pause)
        fresh = "".join(event.fresh for event in player.events if isinstance(event, AnswerProgress))
        assert made.startswith(fresh)
    world.run(seconds=900, until=lambda: player.done)
    assert player.answers == {1: [made]}


def test_a_piece_is_seen_before_the_next_one_is_made() -> None:
    world = World(players=1, weather=FINE, handler_time=lambda random: 10_000.0)
    (player,) = world.players
    player.ask("7")
    world.run(seconds=10, until=lambda: any(isinstance(event, RequestReceived) for event in world.events))
    request = next(event for event in world.events if isinstance(event, RequestReceived))
    for piece in ("1", "22", "333"):
        world.server.send(request.client, request.message, piece, whole=False)
        assert world.server.unsent(request.client, request.message) == len(piece)
        world.run(seconds=1)
        assert world.server.unsent(request.client, request.message) == 0
        progress = [event for event in player.events if isinstance(event, AnswerProgress)][-1]
        assert (progress.fresh, progress.total) == (piece, 0)
    world.server.send(request.client, request.message, "4")
    world.run_until_answered()
    assert player.answers == {1: ["1223334"]}


@pytest.mark.parametrize(
    ("size", "pause", "words"), [(1, 0.2, "at most 1000 parts"), (13, 0.0, "carries"), (30, 0.2, "")]
)
def test_an_answer_in_too_many_pieces_is_refused_but_can_be_ended(size: int, pause: float, words: str) -> None:
    world = World(players=1, weather=Weather(delay=(0.0, 0.01)), handler_time=lambda random: 10_000.0)
    (player,) = world.players
    player.ask("7")
    world.run(seconds=10, until=lambda: any(isinstance(event, RequestReceived) for event in world.events))
    request = next(event for event in world.events if isinstance(event, RequestReceived))
    pieces = 0
    refused: ValueTooLong | None = None
    while refused is None and pieces < 20_000:
        try:
            while world.server.unsent(request.client, request.message) > 1000:
                world.run(seconds=0.1)
            world.server.send(request.client, request.message, "1" * size, whole=False)
            pieces += 1
        except ValueTooLong as error:
            refused = error
        world.run(seconds=pause)
    assert words in str(refused)
    world.server.send(request.client, request.message, "2" * LEAST_CUT)
    world.run_until_answered()
    assert player.answers == {1: ["1" * pieces * size + "2" * LEAST_CUT]}
    assert pieces > 900


def test_an_answer_that_is_still_being_made_is_not_dropped_for_want_of_memory() -> None:
    world = World(
        players=3,
        weather=Weather(delay=(0.0, 0.01)),
        bounds=ServerBounds(answers_digits=3000),
        handler_time=lambda random: 10_000.0,
    )
    slow, *others = world.players
    slow.ask("7")
    world.run(seconds=10, until=lambda: bool(world.runs["7"]))
    request = next(event for event in world.events if isinstance(event, RequestReceived))
    world.server.send(request.client, request.message, "123", whole=False)
    world.run(seconds=1)
    world.handler_time = lambda random: 0.0
    world.answer = lambda digits: digits * 2000
    for _ in range(4):
        for player in others:
            player.ask("8")
        world.run(seconds=10, until=lambda: all(player.done for player in others))
    world.server.send(request.client, request.message, "456", whole=False)
    world.run(seconds=1)
    world.server.send(request.client, request.message, "789")
    world.run_until_answered()
    assert slow.answers == {1: ["123456789"]}


def test_answers_that_have_no_room_beside_those_under_way_are_reported_and_spoil_none_of_them() -> None:
    world = World(
        players=4, weather=FINE, bounds=ServerBounds(answers_digits=3000), answer=lambda digits: digits * 2000
    )
    world.run(seconds=2)
    for player in world.players:
        player.ask(str(player.name))
    world.run(seconds=20)
    forgotten = [event for event in world.events if isinstance(event, AnswerForgotten)]
    answered = [player for player in world.players if player.done]
    assert len(forgotten) + len(answered) == 4
    assert answered
    for player in answered:
        assert player.answers == {1: [str(player.name) * 2000]}


@pytest.mark.parametrize("size", [10, 1000])
def test_messages_that_cannot_go_out_fill_no_memory(size: int) -> None:
    world = World(players=1, weather=FINE)
    quiet, busy = world.server.open_topic(), world.server.open_topic(held=3)
    followers_of(world, quiet)
    followers_of(world, busy, held=3)
    world.server.publish(quiet, "1" * size, now=world.now)
    for number in range(5000):  # as during an outage: nobody calls `writes`
        world.server.publish(busy, f"{number:0{size}d}", now=world.now)
    gc.collect()
    assert sum(isinstance(thing, Outgoing) for thing in gc.get_objects()) < 2000
    world.run(seconds=20)
    (player,) = world.players
    assert heard(player) == ["1" * size, *(f"{number:0{size}d}" for number in (4997, 4998, 4999))]


# Rivals


def test_a_second_server_is_noticed_but_not_our_own_values() -> None:
    world = World(players=1, weather=FINE)
    world.run(seconds=2)
    name = world.channel.downlink[0]
    own = next(write.value for _, _, write in world.writes if write.name == name)
    world.server.receive(name, own, now=world.now)
    assert RIVAL not in world.server.statistics.rejected
    for _ in range(3):
        world.server.receive(name, "1234567890", now=world.now)
    world.run(seconds=0)
    assert [event for event in world.events if isinstance(event, RivalSeen)] == [RivalSeen(name, "1234567890")]
    assert world.server.statistics.rejected[RIVAL] == 3


def test_what_stands_in_the_cloud_before_our_first_frame_is_no_rival() -> None:
    world = World()
    world.server.receive(world.channel.downlink[0], "1234567890", now=world.now)
    assert RIVAL not in world.server.statistics.rejected
