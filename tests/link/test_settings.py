from __future__ import annotations

from dataclasses import replace

import pytest

from cloudlink.errors import InvalidArgument
from cloudlink.limits import SCRATCH, TURBOWARP
from cloudlink.link import frame
from cloudlink.link.frame import Control, Downlink, Welcome
from cloudlink.link.parts import LEAST_CUT
from cloudlink.link.records import Part
from cloudlink.link.settings import LEAST_CAPACITY, Channel, ServerTimes


def test_the_usual_channel_has_three_variables_each_way() -> None:
    channel = Channel()
    assert len(channel.downlink) == len(channel.uplink) == 3
    assert channel.capacity == SCRATCH.value_length
    assert Channel(TURBOWARP).capacity == 100_000


@pytest.mark.parametrize(
    ("downlink", "uplink", "words"),
    [
        ((), ("a",), "at least one downlink"),
        (("a",), (), "at least one downlink"),
        (("a", "b"), ("b",), "one use"),
        (("a", "a"), ("b",), "one use"),
        (tuple("abcdef"), tuple("ghijk"), "11 variables"),
    ],
)
def test_a_channel_that_cannot_work_is_refused(downlink: tuple[str, ...], uplink: tuple[str, ...], words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        Channel(downlink=downlink, uplink=uplink)


def test_frames_too_small_for_what_they_must_hold_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="at least 110"):
        Channel(replace(SCRATCH, value_length=LEAST_CAPACITY - 1))
    assert Channel(replace(SCRATCH, value_length=LEAST_CAPACITY)).capacity == LEAST_CAPACITY


def test_the_least_capacity_holds_a_notice_and_a_part_worth_cutting() -> None:
    assert len(frame.pack_control(Control(999, 9999, 999, (Welcome(99_999_999, 999),)))) <= LEAST_CAPACITY
    part = Part(99, 0, False, "1" * LEAST_CUT, 999_999_999)
    assert len(frame.pack_downlink(Downlink(999, ((999, part),)), epoch=0)) <= LEAST_CAPACITY


@pytest.mark.parametrize(("lease", "first_lease"), [(300, 301), (300, 0.5), (1000, 60), (0, 0)])
def test_leases_that_cannot_work_are_refused(lease: float, first_lease: float) -> None:
    with pytest.raises(InvalidArgument, match="leases"):
        ServerTimes(lease=lease, first_lease=first_lease)
