from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.link import records
from cloudlink.link.parts import LEAST_CUT, Incoming, Outgoing, most_digits
from cloudlink.link.records import MOST_MISSING, PARTS, Part

messages = st.integers(0, 2000).map(lambda size: "".join(Random(size).choices("0123456789", k=size)))
rooms = st.integers(60, 400)


def cut(outgoing: Outgoing, rooms: list[int], *, addressed: bool = True) -> list[Part]:
    """All the parts of a message, offered to frames with so much room in turn."""
    found = []
    at = 0
    while outgoing.pending:
        part = outgoing.offer(rooms[at % len(rooms)], addressed=addressed, now=0.0)
        at += 1
        if part is not None:
            assert records.size(part, addressed=addressed, final=True) <= rooms[(at - 1) % len(rooms)]
            found.append(part)
    return found


def joined(parts: list[Part]) -> Incoming:
    incoming = Incoming()
    for part in parts:
        incoming.add(part)
    return incoming


@given(messages, st.lists(rooms, min_size=1, max_size=5), st.booleans(), st.randoms(use_true_random=False))
def test_however_a_message_is_cut_and_shuffled_it_is_joined_exactly(
    digits: str, rooms: list[int], addressed: bool, random: Random
) -> None:
    parts = cut(Outgoing(7, digits), rooms, addressed=addressed)
    assert [part.part for part in parts] == list(range(len(parts)))
    arriving = parts + random.choices(parts, k=3)
    random.shuffle(arriving)
    incoming = Incoming()
    new = [incoming.add(part) for part in arriving]
    assert sum(new) == len(parts)
    assert incoming.complete
    assert incoming.join() == digits
    assert incoming.size == len(digits)
    assert incoming.missing == ()


@given(messages, st.lists(rooms, min_size=1, max_size=5), st.data())
def test_what_has_not_arrived_is_named(digits: str, rooms: list[int], data: st.DataObject) -> None:
    parts = cut(Outgoing(7, digits), rooms)
    arrived = data.draw(st.sets(st.sampled_from(parts)))
    incoming = joined(list(arrived))
    there = {part.part for part in arrived}
    assert incoming.next == max(there, default=-1) + 1
    assert incoming.missing == tuple(part for part in range(incoming.next) if part not in there)[:MOST_MISSING]
    assert incoming.complete == (len(arrived) == len(parts))


@given(messages, st.lists(rooms, min_size=1, max_size=5), st.data())
def test_repeats_of_what_is_missing_make_it_whole(digits: str, rooms: list[int], data: st.DataObject) -> None:
    outgoing = Outgoing(7, digits)
    parts = cut(outgoing, rooms)
    incoming = joined(sorted(data.draw(st.sets(st.sampled_from(parts))), key=lambda part: part.part))
    for _ in range(len(parts)):
        if incoming.complete:
            break
        outgoing.send_again(incoming.missing, after=incoming.next, before=0.0)
        for part in cut(outgoing, [500]):
            assert incoming.add(part)
    assert incoming.join() == digits


@given(st.lists(st.builds(Part, st.just(7), st.integers(0, 12), st.booleans(), st.sampled_from(["", "1", "22"]))))
def test_parts_of_strangers_never_break_the_bookkeeping(parts: list[Part]) -> None:
    incoming = Incoming()
    for part in parts:
        incoming.add(part)
        assert incoming.size <= 2 * 13
        assert incoming.next <= 13
        assert len(incoming.missing) <= MOST_MISSING
        if incoming.complete:
            assert len(incoming.join()) == incoming.size


def test_parts_that_contradict_earlier_ones_are_not_kept() -> None:
    incoming = joined([Part(7, 2, True, "2")])
    assert not incoming.add(Part(7, 3, False, "behind the end"))
    assert not incoming.add(Part(7, 1, True, "another end"))
    assert not incoming.add(Part(7, 2, True, "again, and different"))
    assert not joined([Part(7, 5, False, "5")]).add(Part(7, 4, True, "an end before what is here"))
    assert incoming.add(Part(7, 0, False, "0", 3))
    assert incoming.add(Part(7, 1, False, "1"))
    assert incoming.join() == "012"


def test_the_total_is_known_from_the_first_part_on() -> None:
    parts = cut(Outgoing(7, "1" * 1000), [244])
    assert [part.total for part in parts] == [1000, 0, 0, 0, 0]
    incoming = joined(parts[1:])
    assert incoming.total == 0
    incoming.add(parts[0])
    assert incoming.total == 1000


def test_an_empty_message_is_one_empty_part() -> None:
    assert cut(Outgoing(7, ""), [100]) == [Part(7, 0, True, "")]


@pytest.mark.parametrize("addressed", [True, False])
@pytest.mark.parametrize("rooms", [[80], [60, 80, 75]])
def test_a_message_of_the_most_digits_has_just_enough_parts(rooms: list[int], addressed: bool) -> None:
    digits = "8" * most_digits(80, addressed=addressed)
    parts = cut(Outgoing(7, digits), rooms, addressed=addressed)
    assert len(parts) <= PARTS
    assert joined(parts).join() == digits


@given(st.integers(0, 60), st.integers(50, 200))
def test_a_longer_message_is_not_cut_into_crumbs(room: int, size: int) -> None:
    outgoing = Outgoing(7, "1" * size)
    part = outgoing.offer(room, addressed=True, now=0.0)
    assert part is None or part.last or len(part.digits) >= LEAST_CUT


def test_a_message_that_needs_every_part_waits_for_a_frame_of_its_own() -> None:
    outgoing = Outgoing(7, "8" * most_digits(240, addressed=True))
    assert outgoing.offer(100, addressed=True, now=0.0) is None
    assert outgoing.offer(240, addressed=True, now=0.0) is not None


def test_a_part_that_was_just_sent_is_not_sent_again() -> None:
    outgoing = Outgoing(7, "1" * 300)
    for now in (1.0, 2.0):
        outgoing.offer(150, addressed=True, now=now)
    outgoing.send_again((), after=0, before=1.5)
    part = outgoing.offer(400, addressed=True, now=3.0)
    assert part is not None
    assert part.part == 0
    outgoing.send_again((0, 1), after=2, before=1.5)
    assert not outgoing.repeats


def test_parts_that_were_never_sent_are_not_repeated() -> None:
    outgoing = Outgoing(7, "1" * 1000)
    outgoing.offer(200, addressed=True, now=1.0)
    outgoing.send_again((0, 1, 500, 999), after=700, before=9.0)
    part = outgoing.offer(400, addressed=True, now=9.0)
    assert part is not None
    assert part.part == 0
    assert not outgoing.repeats


def test_a_repeat_waits_until_its_part_fits_as_it_was_cut() -> None:
    outgoing = Outgoing(7, "1" * 300)
    whole = outgoing.offer(200, addressed=True, now=1.0)
    outgoing.send_again((0,), after=1, before=1.0)
    outgoing.send_again((0,), after=1, before=1.0)
    assert outgoing.offer(150, addressed=True, now=2.0) is None
    assert outgoing.offer(200, addressed=True, now=2.0) == whole
    assert not outgoing.repeats
    assert outgoing.pending
    assert len(outgoing) == 300
