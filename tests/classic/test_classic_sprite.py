"""The model of the incumbent's sprite does what the sprite was seen to do."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from classic_sprite import ASKING, DONE, FRAME, TIMEOUT, ClassicSprite

from cloudlink.link.events import Write

CAPTURED = json.loads((Path(__file__).parent / "captured_values.json").read_text(encoding="utf-8"))
THOUSAND = next(vector for vector in CAPTURED["server_to_project"] if vector["what"] == "1000 characters")
SETS = [Write(name, value) for name, value in THOUSAND["sets"]]
LAST_NUMBERED, CLOSING = len(SETS) - 2, len(SETS) - 1


class Watched:
    """A sprite that waits for the captured answer of 1,000 characters; a value comes every tenth of a second."""

    def __init__(self, *, version: int = 2) -> None:
        self.sprite = ClassicSprite(Random(0), version=version)
        self.sprite.ask("x")
        self.sprite.frame(now=0.0)
        self.sprite.id = THOUSAND["request_id"]
        self.now = 0.0
        self.asked: list[tuple[float, str]] = []

    def frames(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += FRAME
            self.asked += [(self.now, write.value) for write in self.sprite.frame(now=self.now)]

    def get(self, *lost: int) -> None:
        for number, write in enumerate(SETS):
            if number not in lost:
                self.sprite.receive(write.name, write.value)
            self.frames(0.1)


@pytest.mark.parametrize("version", [1, 2])
def test_it_is_done_when_all_parts_are_there(version: int) -> None:
    watched = Watched(version=version)
    watched.get()
    assert (watched.sprite.status, watched.sprite.response) == (DONE, [THOUSAND["output"]])


@pytest.mark.parametrize("lost", [0, 3, LAST_NUMBERED - 1])
def test_it_asks_for_a_numbered_part_every_tenth_of_a_second(lost: int) -> None:
    watched = Watched()
    watched.get(lost)
    watched.frames(0.5)
    assert watched.sprite.status == ASKING
    assert {value for _, value in watched.asked} == {f"{lost}.{THOUSAND['request_id']}9"}
    assert 4 <= len(watched.asked) <= 6
    watched.sprite.receive(SETS[lost].name, SETS[lost].value)
    watched.frames(FRAME)
    assert (watched.sprite.status, watched.sprite.response) == (DONE, [THOUSAND["output"]])


def test_it_does_not_notice_that_the_last_numbered_part_is_missing() -> None:
    watched = Watched()
    watched.get(LAST_NUMBERED)
    assert watched.sprite.status == DONE
    assert len(watched.sprite.response[0]) == 878


def test_it_waits_12_seconds_for_a_closing_part_and_shows_what_it_has() -> None:
    watched = Watched()
    watched.get(CLOSING)
    watched.frames(11.0)
    assert watched.sprite.status not in (DONE, TIMEOUT)
    watched.frames(0.2)
    assert watched.sprite.status == TIMEOUT
    assert watched.sprite.response == [THOUSAND["output"][: 8 * 122]]
    assert watched.asked == []


@pytest.mark.parametrize("lost", [0, 3, LAST_NUMBERED])
def test_version_1_is_done_with_the_closing_part(lost: int) -> None:
    watched = Watched(version=1)
    watched.get(lost)
    assert watched.sprite.status == DONE
    assert len(watched.sprite.response[0]) == 878


@pytest.mark.parametrize("vector", CAPTURED["project_to_server"], ids=lambda vector: vector["to_host"][0][:20])
def test_it_sends_what_the_sprite_was_seen_to_send(vector: dict[str, Any]) -> None:
    sprite = ClassicSprite(Random(0))
    request_id = sprite.ask(vector["request"], *vector["args"])
    values, times, now = [], [], 0.0
    while sprite.status == "SENDING":
        for write in sprite.frame(now=now):
            values.append(write.value)
            times.append(now)
        now += FRAME
    captured_id = vector["to_host"][0].partition(".")[2]
    assert values == [value.replace(captured_id, request_id) for value in vector["to_host"]]
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(times))
    assert len(request_id) == 6
    assert request_id.endswith("0")
