"""A small site with a few people on it, anew for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from site_caller import Caller

from cloudlink.clock import FakeClock
from cloudlink.testing import LocalSite

START = 1_780_000_000.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def site(clock: FakeClock) -> Iterator[LocalSite]:
    with LocalSite(clock=clock) as site:
        site.add_user("ScratchCat", id=15883188, scratchteam=True)
        site.add_user("cloudberry_dev", id=190000001, email="cloudberry@example.com")
        site.add_user("pixel_otter", id=104512233, country="Canada")
        yield site


@pytest.fixture
def caller(site: LocalSite) -> Iterator[Callable[..., Caller]]:
    """Makes callers and closes their connections."""
    made: list[Caller] = []

    def make(username: str | None = None) -> Caller:
        made.append(Caller(site, username))
        return made[-1]

    yield make
    for one in made:
        one.http.close()


@pytest.fixture
def me(caller: Callable[..., Caller]) -> Caller:
    return caller("cloudberry_dev")


@pytest.fixture
def otter(caller: Callable[..., Caller]) -> Caller:
    return caller("pixel_otter")


@pytest.fixture
def nobody(caller: Callable[..., Caller]) -> Caller:
    return caller()
