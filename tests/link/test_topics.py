from __future__ import annotations

import math

from cloudlink.link.records import Newest
from cloudlink.link.topics import MOST_HELD, Topic


def followed(*, held: int = MOST_HELD, most_digits: int = 1000) -> Topic:
    topic = Topic(998, held=held, most_digits=most_digits)
    topic.followers.add(1)
    return topic


def test_messages_are_numbered_and_the_newest_ones_held() -> None:
    topic = followed(held=2)
    first, second, third = (topic.publish(digits, now=0.0) for digits in ("1", "2", "3"))
    assert (first.message, second.message, third.message) == (0, 1, 2)
    assert not topic.holds(first)
    assert topic.holds(second)
    assert topic.message(2) is third
    assert topic.newest == Newest(2, 2)
    assert topic.next == 3


def test_numbers_wrap_around_and_the_rounds_are_counted() -> None:
    topic = followed(held=1)
    for _ in range(100):
        topic.publish("1", now=0.0)
    assert (topic.next, topic.newest) == (100, Newest(99, 1))
    assert topic.publish("1", now=0.0).message == 0


def test_long_messages_make_room_for_newer_ones() -> None:
    topic = followed(most_digits=10)
    topic.publish("1" * 4, now=0.0)
    topic.publish("2" * 6, now=0.0)
    assert topic.newest == Newest(1, 1)
    topic.publish("3" * 60, now=0.0)
    assert topic.newest == Newest(2, 1)


def test_the_newest_number_is_told_five_times_at_growing_distances() -> None:
    topic = followed()
    topic.publish("1", now=9.0)
    topic.sent(10.0)
    told = []
    while topic.due < math.inf:
        told.append(topic.due)
        topic.tell()
    assert told == [10.5, 11.0, 12.0, 14.0, 18.0]


def test_without_followers_nothing_is_held_to_be_sent() -> None:
    topic = Topic(998, held=5, most_digits=100)
    outgoing = topic.publish("1", now=0.0)
    assert not topic.holds(outgoing)
    assert topic.due == math.inf
