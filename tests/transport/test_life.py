from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cloudlink.errors import InvalidArgument
from cloudlink.transport.backoff import Backoff
from cloudlink.transport.life import Cause, Life, State

BACKOFF = Backoff(first=1.0, longest=30.0, stable=5.0)


def new_life(now: float = 0.0) -> Life:
    return Life(BACKOFF, outage_after=60.0, random_source=random.Random(1), now=now)


def test_a_loss_brings_attempts_then_an_outage_then_the_end_of_it() -> None:
    life = new_life()
    life.lost("the line broke", code=1006, fatal=False, now=100.0)
    assert (life.status.state, life.status.reason, life.status.code) == (State.RECONNECTING, "the line broke", 1006)
    assert not life.check(now=159.9)
    assert life.check(now=160.0)
    assert not life.check(now=161.0)  # told once
    life.diagnosed(Cause.SERVER)
    life.failed("nobody there", now=170.0)
    assert (life.status.state, life.status.attempts, life.status.since) == (State.OUTAGE, 1, 100.0)
    assert life.status.cause is Cause.SERVER
    life.opened(now=180.0)
    assert (life.status.state, life.status.reason, life.status.since) == (State.CONNECTED, "", 180.0)
    assert life.next_attempt() is None


def test_waits_grow_until_a_connection_has_held() -> None:
    life = new_life()
    waits = []
    now = 0.0
    for held in (0.0, 0.0, 0.0, 5.0):
        now += held
        life.lost("lost", code=None, fatal=False, now=now)
        due = life.next_attempt()
        assert due is not None
        waits.append(due - now)
        now = due
        life.opened(now=now)
    for wait, longest in zip(waits, (1.0, 2.0, 4.0, 1.0), strict=True):
        assert longest / 2 <= wait <= longest


def test_a_fatal_code_is_the_end() -> None:
    life = new_life()
    life.lost("go away", code=4004, fatal=True, now=1.0)
    life.failed("no", now=2.0)
    life.opened(now=3.0)
    life.close("disconnect", now=4.0)
    assert (life.status.state, life.status.reason) == (State.REFUSED, "go away")
    assert life.next_attempt() is None
    assert life.wakeup() is None


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_an_outage_takes_time(seconds: float) -> None:
    with pytest.raises(InvalidArgument, match="outage_after"):
        Life(BACKOFF, outage_after=seconds, random_source=random.Random(), now=0.0)


@given(st.lists(st.floats(0.0, 100.0), max_size=200))
def test_however_long_it_is_down_attempts_go_on_at_most_thirty_seconds_apart(delays: list[float]) -> None:
    life = new_life()
    life.lost("lost", code=None, fatal=False, now=0.0)
    now = 0.0
    for delay in delays:
        due = life.next_attempt()
        assert due is not None
        assert now < due <= now + 30.0
        now = due + delay
        life.failed("no", now=now)


class LifeMachine(RuleBasedStateMachine):
    """Whatever is reported in whatever order, what the states promise holds."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.life = new_life()
        self.over = False

    @rule(seconds=st.floats(0.0, 200.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def opened(self) -> None:
        self.life.opened(now=self.now)

    @rule(fatal=st.booleans())
    def lost(self, fatal: bool) -> None:
        self.life.lost("lost", code=None, fatal=fatal, now=self.now)

    @rule()
    def failed(self) -> None:
        self.life.failed("failed", now=self.now)

    @rule()
    def check(self) -> None:
        before = self.life.status.state
        begun = self.life.check(now=self.now)
        assert begun == (before is State.RECONNECTING and self.life.status.state is State.OUTAGE)

    @rule()
    def close(self) -> None:
        self.life.close("closed", now=self.now)

    @invariant()
    def down_means_that_an_attempt_is_due_and_nothing_else_does(self) -> None:
        down = self.life.status.state in (State.RECONNECTING, State.OUTAGE)
        assert (self.life.next_attempt() is not None) == down
        assert (self.life.wakeup() is not None) == down

    @invariant()
    def the_end_is_the_end(self) -> None:
        assert not (self.over and not self.life.status.state.final)
        self.over = self.life.status.state.final


TestLife = LifeMachine.TestCase
