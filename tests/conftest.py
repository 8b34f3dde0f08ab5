"""What every test may use."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from patience import until

from cloudlink.player import Player, install, node_available
from cloudlink.player.install import install_locked

TESTS = Path(__file__).parent
TURBOWARP_BUNDLE = "node_modules/@turbowarp/packager/dist/scaffolding/scaffolding-min.js"

sys.path.insert(0, str(TESTS))  # strategies.py and the like

# A shell's background job ignores Ctrl-C, and so would the programs that tests start and end with it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Virtual time makes slow machines no excuse; a shared CI machine makes deadlines a lottery.
settings.register_profile("cloudlink", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cloudlink")


@pytest.fixture
def no_thread_is_left() -> Iterator[None]:
    """Lets a test fail that leaves a thread behind; one that is about to end may take its time."""
    before = set(threading.enumerate())
    yield
    until(lambda: set(threading.enumerate()) <= before, seconds=20)


@pytest.fixture(scope="session")
def parts_folder(pytestconfig: pytest.Config) -> Path:
    if not node_available():
        pytest.skip("Node.js 18 or newer with npm is not on PATH: no virtual machine can run")
    return pytestconfig.cache.mkdir("cloudlink-node")


@pytest.fixture(scope="session")
def parts(parts_folder: Path) -> Path:
    """The player's own parts, as a user gets them."""
    return install(parts_folder / "player")


@pytest.fixture(scope="session")
def turbowarp_bundle(parts_folder: Path) -> Path:
    """TurboWarp's machine, out of the parts that only tests need."""
    return install_locked(TESTS, parts_folder / "tests") / TURBOWARP_BUNDLE


@pytest.fixture(scope="module")
def vanilla_player(parts: Path) -> Iterator[Player]:
    """Scratch's machine, with the project that was loaded last."""
    with Player(parts=parts) as player:
        yield player


@pytest.fixture(scope="module")
def turbowarp_player(parts: Path, turbowarp_bundle: Path) -> Iterator[Player]:
    """TurboWarp's machine, with the project that was loaded last."""
    with Player(parts=parts, flavor="turbowarp", machine=turbowarp_bundle) as player:
        yield player


@pytest.fixture(params=["vanilla", "turbowarp"])
def flavor(request: pytest.FixtureRequest) -> str:
    flavor: str = request.param
    return flavor


@pytest.fixture
def machine(request: pytest.FixtureRequest, flavor: str) -> Player:
    """One machine and then the other, with the project that was loaded last."""
    player: Player = request.getfixturevalue(f"{flavor}_player")
    return player
