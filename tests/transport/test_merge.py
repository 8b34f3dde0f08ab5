from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from logs import VirtualLog, entry

from cloudlink.transport.merge import MOST_OPEN, Merge

GRACE, DELAY, LATE = 3.0, 5.0, 30.0


def new_merge() -> Merge:
    return Merge(own="Me", grace=GRACE, delay=DELAY, late=LATE)


def test_a_set_that_both_tell_is_reported_once_whoever_is_first() -> None:
    merge = new_merge()
    assert merge.heard("x", "1", now=0.0)
    merge.logged(entry("ada", "x", "1"), old=False, now=1.0)
    merge.logged(entry("ada", "x", "2"), old=False, now=1.0)
    assert merge.heard("x", "2", now=2.0)
    assert merge.due(now=100.0) == []


def test_what_the_socket_does_not_deliver_comes_from_the_log_after_a_while() -> None:
    merge = new_merge()
    missed = entry("ada", "x", "1")
    merge.logged(missed, old=False, now=10.0)
    assert merge.wakeup() == 13.0
    assert merge.due(now=12.9) == []
    assert merge.due(now=13.0) == [missed]
    assert merge.due(now=14.0) == []
    assert merge.wakeup() is None
    assert not merge.heard("x", "1", now=20.0)  # it was only late
    assert merge.heard("x", "1", now=21.0)  # this is another one


def test_our_own_sets_and_old_ones_are_not_reported_from_the_log() -> None:
    merge = new_merge()
    merge.logged(entry("ME", "x", "1"), old=False, now=0.0)
    merge.logged(entry("ada", "x", "2"), old=True, now=0.0)
    assert merge.due(now=100.0) == []


def test_a_log_that_was_away_for_an_hour_doubles_nothing() -> None:
    merge = new_merge()
    for number in range(50):
        assert merge.heard("x", str(number), now=float(number))
    for number in range(50):
        merge.logged(entry("ada", "x", str(number)), old=False, now=3600.0)
    merge.looked(asked_at=3600.0)
    assert merge.due(now=4000.0) == []


def test_a_value_caught_up_with_after_a_reconnect_is_left_to_the_log_if_the_log_has_it_last() -> None:
    merge = new_merge()
    missed = [entry("ada", "x", "1"), entry("bob", "x", "2")]
    for one in missed:
        merge.logged(one, old=False, now=0.0)
    assert not merge.caught_up("x", "2", now=1.0)
    assert merge.due(now=3.0) == missed
    assert merge.caught_up("x", "3", now=50.0)
    merge.logged(entry("bob", "x", "3"), old=False, now=51.0)
    assert merge.due(now=100.0) == []


def test_memory_is_bounded() -> None:
    merge = new_merge()
    for number in range(MOST_OPEN + 10):
        merge.heard(str(number), "1", now=0.0)
    assert len(merge._from_socket) == MOST_OPEN


sets = st.tuples(
    st.floats(0.0, 100.0),  # when it was made
    st.sampled_from(["x", "y"]),
    st.sampled_from(["0", "1"]),
    st.floats(0.0, DELAY),  # after this the log shows it
    st.floats(0.0, 6.0),  # after this the socket delivers it
    st.booleans(),  # whether the socket delivers it at all
)


@given(made=st.lists(sets, max_size=40), outage=st.floats(0.0, 80.0), pause=st.floats(0.3, 8.0))
def test_every_set_is_reported_exactly_once_whatever_the_socket_and_the_log_do(
    made: list[tuple[float, str, str, float, float, bool]], outage: float, pause: float
) -> None:
    """The log is looked at every `pause` seconds, but for the first `outage` seconds not at all."""
    log = VirtualLog()
    happenings: list[tuple[float, tuple[str, str] | None]] = []
    for number, (at, name, value, log_delay, socket_delay, delivered) in enumerate(made):
        log.add(entry(f"user{number}", name, value, at), at=at, shown_at=at + log_delay)
        if delivered:
            happenings.append((at + socket_delay, (name, value)))
    looks = [0.0]
    while looks[-1] < 200.0:
        looks.append(max(looks[-1] + pause, outage))
    happenings += [(at, None) for at in looks]
    merge = new_merge()
    reported: Counter[tuple[str, str]] = Counter()
    for now, heard in sorted(happenings, key=lambda one: (one[0], one[1] is not None)):
        if heard is not None:
            reported[heard] += merge.heard(*heard, now=now)
            continue
        news = log.look(now=now)
        for one in news.entries:
            merge.logged(one, old=False, now=now)
        merge.looked(asked_at=news.asked_at)
        for due in merge.due(now=now):
            assert due.value is not None
            reported[due.name, due.value] += 1
    assert +reported == Counter((name, value) for _, name, value, _, _, _ in made)
