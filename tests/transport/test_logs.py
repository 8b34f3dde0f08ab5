from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from logs import Entry, VirtualLog, entry

from cloudlink.transport.logs import MOST_SEEN, LogReader


def test_the_first_look_shows_what_is_old_and_later_ones_what_is_new() -> None:
    log = VirtualLog()
    old, new = entry("ada", "x", "1", 0), entry("bob", "x", "2", 1)
    log.add(old, at=0, shown_at=0)
    first = log.look(now=1.0)
    assert (first.entries, first.first, first.complete) == ((old,), True, True)
    assert log.look(now=2.0).entries == ()
    log.add(new, at=3, shown_at=3)
    news = log.look(now=3.0)
    assert (news.entries, news.first, news.complete, news.asked_at) == ((new,), False, True, 3.0)


def test_entries_that_are_equal_in_everything_are_counted() -> None:
    reader = LogReader()
    twin = entry("ada", "x", "1", 0)
    reader.take([[twin]], limit=100, asked_at=0, answered_at=0)
    assert reader.take([[twin, twin, twin]], limit=100, asked_at=1, answered_at=1).entries == (twin, twin)


def test_an_old_page_out_of_a_cache_brings_nothing() -> None:
    reader = LogReader()
    one, two = entry("ada", "x", "1", 0), entry("ada", "x", "2", 1)
    reader.take([[one]], limit=100, asked_at=0, answered_at=0)
    reader.take([[two, one]], limit=100, asked_at=1, answered_at=1)
    assert reader.take([[one]], limit=100, asked_at=2, answered_at=2).entries == ()
    assert reader.take([[two, one]], limit=100, asked_at=3, answered_at=3).entries == ()


def test_what_was_out_of_reach_at_the_first_look_stays_old() -> None:
    reader = LogReader()
    entries = [entry("ada", "x", str(number), number) for number in range(5)]
    reader.take([[entries[4], entries[3], entries[2]]], limit=3, asked_at=0, answered_at=0)
    # One was taken out of the log, so an older one moved into the page.
    assert reader.take([[entries[4], entries[2], entries[1]]], limit=3, asked_at=1, answered_at=1).entries == ()


def test_too_many_at_once_are_a_gap_and_said_to_be() -> None:
    log = VirtualLog()
    log.add(entry("ada", "x", "0"), at=0, shown_at=0)
    log.look(now=0.0, limit=2)
    for number in range(30):
        log.add(entry("ada", "x", str(number), number + 1), at=number + 1, shown_at=number + 1)
    news = log.look(now=31.0, limit=2)
    assert not news.complete
    assert len(news.entries) == 20
    log.add(entry("ada", "x", "new", 40), at=40, shown_at=40)
    assert log.look(now=41.0, limit=2).complete


def test_memory_is_bounded() -> None:
    reader = LogReader()
    for number in range(MOST_SEEN + 100):
        reader.take([[entry("ada", "x", str(number), number)]], limit=100, asked_at=number, answered_at=number)
    assert len(reader._seen) == len(reader._order) == MOST_SEEN


users = st.sampled_from(["ada", "bob"])
made = st.tuples(st.floats(0.0, 100.0), st.floats(0.0, 5.0), users, st.sampled_from("xy"), st.sampled_from("01"))


@given(
    made=st.lists(made, max_size=60),
    looks=st.lists(st.floats(0.0, 110.0), max_size=30),
    limit=st.integers(2, 20),
    answer_time=st.floats(0.0, 1.0),
)
def test_every_entry_is_new_exactly_once_unless_a_gap_is_told(
    made: list[tuple[float, float, str, str, str]], looks: list[float], limit: int, answer_time: float
) -> None:
    log = VirtualLog()
    expected: list[Entry] = []
    for at, delay, user, name, value in made:
        one = entry(user, name, value, at)
        log.add(one, at=at, shown_at=at + delay)
        expected.append(one)
    seen: list[Entry] = []
    complete = True
    for now in [0.0, *sorted(looks), 200.0]:
        news = log.look(now=now, limit=limit, answer_time=answer_time)
        seen += news.entries
        complete &= news.complete
    key = repr
    assert len(seen) <= len(expected)
    for one in seen:
        assert one in expected
    if complete and limit > len(made):
        assert sorted(seen, key=key) == sorted(expected, key=key)
