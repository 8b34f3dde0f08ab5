from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import InvalidArgument
from cloudlink.transport.turns import Priority, Ticket, Turns

INTERVAL = 0.1


def run(turns: Turns, tickets: dict[str, Ticket], *, now: float) -> list[tuple[str, float]]:
    """Let all that wait have their turn, each as soon as it may; who did when."""
    sent = []
    while tickets:
        waits = {name: turns.wait(ticket, now=now) for name, ticket in tickets.items()}
        (first,) = [name for name, wait in waits.items() if wait is not None]
        wait = waits[first]
        assert wait is not None
        now += wait
        turns.begin(tickets.pop(first))
        turns.end(now=now)
        sent.append((first, now))
    return sent


def test_equals_go_in_the_order_they_came() -> None:
    turns = Turns(INTERVAL, now=0.0)
    tickets = {name: turns.join(Priority.NORMAL, now=0.0) for name in "abc"}
    assert run(turns, tickets, now=0.0) == [("a", 0.0), ("b", 0.1), ("c", 0.2)]


def test_the_urgent_overtake_but_nobody_starves() -> None:
    turns = Turns(1.0, now=0.0)
    tickets = {"bulk": turns.join(Priority.BULK, now=0.0)}
    tickets |= {str(second): turns.join(Priority.URGENT, now=float(second)) for second in range(20)}
    order = [name for name, _ in run(turns, tickets, now=0.0)]
    assert order.index("bulk") == 10  # its patience is ten seconds


def test_nobody_begins_while_one_sends_and_the_distance_counts_from_its_end() -> None:
    turns = Turns(INTERVAL, now=0.0)
    slow = turns.join(Priority.NORMAL, now=0.0)
    turns.begin(slow)
    urgent = turns.join(Priority.URGENT, now=1.0)
    assert turns.wait(urgent, now=1.0) is None
    turns.end(now=10.0)
    assert turns.wait(urgent, now=10.0) == pytest.approx(INTERVAL)


def test_one_that_leaves_makes_room() -> None:
    turns = Turns(INTERVAL, now=0.0)
    first, second = turns.join(Priority.NORMAL, now=0.0), turns.join(Priority.NORMAL, now=0.0)
    assert turns.wait(second, now=0.0) is None
    turns.leave(first)
    turns.leave(first)
    assert turns.wait(second, now=0.0) == 0.0
    assert len(turns) == 1


def test_a_burst_goes_out_at_once_after_a_silence_and_then_the_pace_holds() -> None:
    turns = Turns(INTERVAL, burst=3, now=0.0)
    tickets = {name: turns.join(Priority.NORMAL, now=0.0) for name in "abcde"}
    times = [time for _, time in run(turns, tickets, now=0.0)]
    assert times == pytest.approx([0.0, 0.0, 0.0, 0.1, 0.2])


def test_a_burst_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="burst"):
        Turns(INTERVAL, burst=0, now=0.0)


@given(
    arrivals=st.lists(st.tuples(st.floats(0.0, 3.0), st.sampled_from(Priority)), min_size=1, max_size=40),
    burst=st.integers(1, 5),
)
def test_no_window_of_time_sees_more_than_the_bucket_holds(arrivals: list[tuple[float, Priority]], burst: int) -> None:
    turns = Turns(INTERVAL, burst=burst, now=0.0)
    sent: list[float] = []
    now = 0.0
    waiting = sorted(arrivals, key=lambda arrival: arrival[0])
    tickets: list[Ticket] = []
    while waiting or tickets:
        while waiting and waiting[0][0] <= now:
            tickets.append(turns.join(waiting.pop(0)[1], now=now))
        ready = [(wait, ticket) for ticket in tickets if (wait := turns.wait(ticket, now=now)) is not None]
        assert len(ready) == bool(tickets)
        if ready and ready[0][0] == 0:
            tickets.remove(ready[0][1])
            turns.begin(ready[0][1])
            turns.end(now=now)
            sent.append(now)
        else:
            now = min([now + ready[0][0]] if ready else [], default=waiting[0][0] if waiting else now)
    assert len(sent) == len(arrivals)
    for first, start in enumerate(sent):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + (sent[last] - start) / INTERVAL + 1e-6
