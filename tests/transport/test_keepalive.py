from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloudlink.transport.keepalive import Keepalive, Pulse


def test_silence_brings_a_ping_and_more_of_it_death() -> None:
    keepalive = Keepalive(20.0, answer=10.0, now=100.0)
    assert keepalive.check(now=119.9) is Pulse.WAIT
    assert keepalive.check(now=120.0) is Pulse.PING
    assert keepalive.check(now=129.9) is Pulse.WAIT
    assert keepalive.check(now=130.0) is Pulse.DEAD


def test_any_frame_is_a_sign_of_life() -> None:
    keepalive = Keepalive(20.0, answer=20.0, now=0.0)
    keepalive.check(now=20.0)
    keepalive.heard(now=39.0)
    assert keepalive.check(now=58.0) is Pulse.WAIT
    assert keepalive.check(now=59.0) is Pulse.PING


def test_a_long_pause_of_our_own_is_not_taken_for_death() -> None:
    keepalive = Keepalive(20.0, answer=20.0, now=0.0)
    assert keepalive.check(now=1000.0) is Pulse.PING
    assert keepalive.check(now=1019.0) is Pulse.WAIT


@given(st.lists(st.floats(0.0, 15.0), max_size=50))
def test_a_peer_that_answers_is_never_dead(pauses: list[float]) -> None:
    now = 0.0
    keepalive = Keepalive(10.0, answer=10.0, now=now)
    for pause in pauses:
        now += pause
        pulse = keepalive.check(now=now)
        assert pulse is not Pulse.DEAD
        if pulse is Pulse.PING:
            keepalive.heard(now=now)
        assert keepalive.wakeup() > now
