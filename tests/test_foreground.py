"""What stays in the main thread ends quietly at Ctrl-C, also on Windows, where no signal reaches a wait."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from cloudlink import CloudClient, CloudRequests, TwCloudConnection, TwCloudEvents
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


# A real Ctrl-C

posix = pytest.mark.skipif(os.name != "posix", reason="Windows sends Ctrl-C to all programs of a console")

PROGRAM = """
import logging, os, sys
import cloudlink

logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
connection = cloudlink.TwCloudConnection("1", cloud_host=sys.argv[1])
client = cloudlink.CloudRequests(connection)
events = cloudlink.CloudEvents(connection)

def on_ready():
    print("ready", flush=True)

def work():
    print("begun", flush=True)
    os.read(0, 1)  # until the test lets it
    print("finished", flush=True)
    return "done"

client.add_request(work)
client.event(on_ready)
events.add_handler(on_ready)
events.add_handler(work, name="on_set")
{stay}
print("after", flush=True)
"""

SERVER_STAYS = ["client.run()", "client.start(thread=False)", "with client: client.wait()"]


class Program:
    """A program in a process of its own, which is told what to do over its input."""

    def __init__(self, *arguments: str, folder: Path | None = None) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-u", *arguments], stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=folder
        )

    def wait_line(self, text: str) -> None:
        """Read on until a line has this text in it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if text in line:
                return
        pytest.fail(f"{text!r} was never printed; {self.process.communicate(timeout=20)}")

    def press_ctrl_c(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self, text: str = "") -> tuple[int, str, str]:
        """Give it the rest of its input; its exit code, the rest of what it prints, and its errors."""
        out, errors = self.process.communicate(text, timeout=60)
        return self.process.returncode, out, errors


@contextmanager
def running(*arguments: str, folder: Path | None = None) -> Iterator[Program]:
    program = Program(*arguments, folder=folder)
    try:
        yield program
    finally:
        program.process.kill()
        program.process.communicate()


@contextmanager
def under_way(cloud: LocalCloud, stay: str) -> Iterator[tuple[Program, Callable[[], object]]]:
    """A program that stays, whose function has begun; and what its asker gets, for a server."""
    with (
        running("-c", PROGRAM.format(stay=stay), cloud.url) as program,
        ThreadPoolExecutor(1) as pool,
        TwCloudConnection("1", cloud_host=cloud.url) as connection,
        CloudClient(connection) as player,
    ):
        program.wait_line("ready")
        if stay in SERVER_STAYS:
            asked = pool.submit(player.request, "work", timeout=30)
        else:
            connection.set_var("x", 1)
            asked = pool.submit(str)
        program.wait_line("begun")
        yield program, asked.result


@posix
@pytest.mark.parametrize("stay", [*SERVER_STAYS, "events.start(thread=False)"])
def test_ctrl_c_ends_a_program_quietly_after_what_is_under_way(cloud: LocalCloud, stay: str) -> None:
    with under_way(cloud, stay) as (program, answer):
        program.press_ctrl_c()
        program.wait_line("Ctrl-C")
        assert program.end("\n") == (0, "finished\nafter\n", "")
        assert answer() == ("done" if stay in SERVER_STAYS else "")


@posix
@pytest.mark.parametrize("stay", ["client.run()", "events.start(thread=False)"])
def test_a_second_ctrl_c_ends_a_program_at_once(cloud: LocalCloud, stay: str) -> None:
    with under_way(cloud, stay) as (program, _):
        program.press_ctrl_c()
        program.wait_line("Ctrl-C")
        program.press_ctrl_c()
        program.process.wait(60)  # before its function may end
        code, out, _ = program.end()
        assert code != 0
        assert out == ""


@posix
@pytest.mark.parametrize(
    ("options", "last", "ending"),
    [
        (["--serve", "--port", "{port}"], "Press Ctrl-C to stop", (0, "\nStopping.\n", "")),
        (["--twin"], "Asking is", (1, None, "\nAborted!\n")),
    ],
)
def test_ctrl_c_ends_the_demo_quietly(
    tmp_path: Path, options: list[str], last: str, ending: tuple[int, str | None, str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [option.format(port=port) for option in options]
    with running("-m", "cloudlink", "demo", *options, folder=tmp_path) as program:
        program.wait_line(last)
        program.press_ctrl_c()
        code, out, errors = program.end()
        assert (code, ending[1] and out, errors) == ending
