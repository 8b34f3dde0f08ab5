"""What stays in the main thread lets Ctrl-C through, also on Windows, where no signal reaches a wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from cloudlink import CloudRequests, TwCloudConnection, TwCloudEvents
from cloudlink.localcloud import LocalCloud


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud("turbowarp") as cloud:
        yield cloud


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """How long each wait of the main thread may last, from now on."""
    found: list[float | None] = []
    usual = threading.Condition.wait

    def wait(condition: threading.Condition, timeout: float | None = None) -> bool:
        if threading.current_thread() is threading.main_thread():
            found.append(timeout)
        return usual(condition, timeout)

    monkeypatch.setattr(threading.Condition, "wait", wait)
    return found


def check(foreground: Callable[[], object], waits: list[float | None], *, stop: Callable[[], None]) -> None:
    """Let something stay in the main thread until another one stops it, and look how it has waited."""
    timer = threading.Timer(1.5, stop)
    timer.start()
    waits.clear()
    foreground()
    timer.join()
    assert waits
    assert all(timeout is not None and timeout <= 1 for timeout in waits)


def test_a_server_lets_ctrl_c_through(cloud: LocalCloud, waits: list[float | None]) -> None:
    with TwCloudConnection("1", cloud_host=cloud.url) as connection:
        server = CloudRequests(connection)
        server.start()
        check(server.wait, waits, stop=server.stop)


def test_events_that_stay_let_ctrl_c_through(cloud: LocalCloud, waits: list[float | None]) -> None:
    events = TwCloudEvents("1", cloud_host=cloud.url)
    events.add_handler(waits.clear, name="on_ready")
    check(lambda: events.start(thread=False), waits, stop=events.stop)


def test_a_loop_over_events_lets_ctrl_c_through(cloud: LocalCloud, waits: list[float | None]) -> None:
    with TwCloudEvents("1", cloud_host=cloud.url) as events:
        loop = iter(events)
        check(lambda: list(loop), waits, stop=events.stop)
