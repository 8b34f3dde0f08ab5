"""Every snippet of the seed README's cloud, encoding and events parts, as it stands there, with this library."""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import pytest
from log_site import LogSite
from patience import until

import cloudlink as scratch3
from cloudlink import connection as connection_module
from cloudlink.localcloud import LocalCloud

SECRET = "SeCrEt-SeSsIoN"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[LogSite]:
    """The log that calls without a client ask."""
    with LogSite() as site:
        monkeypatch.setattr("cloudlink.rest.cloud_logs.default_client", lambda: site.client)
        yield site


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch, site: LogSite) -> Iterator[LocalCloud]:
    """A cloud that stands where Scratch's is for connections that name no host, with its log at the site."""
    with LocalCloud("scratch", on_set=site.record) as cloud:
        monkeypatch.setattr(connection_module, "SCRATCH_CLOUD", cloud.url)
        yield cloud


@pytest.fixture
def turbowarp(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    """A cloud that stands where TurboWarp's is."""
    with LocalCloud("turbowarp") as cloud:
        for kind in (scratch3.TwCloudConnection, scratch3.TwCloudEvents):
            defaults = {**(kind.__init__.__kwdefaults__ or {}), "cloud_host": cloud.url}
            monkeypatch.setattr(kind.__init__, "__kwdefaults__", defaults)
        yield cloud


def test_connect_to_the_scratch_cloud(scratch: LocalCloud) -> None:
    conn = scratch3.CloudConnection(project_id="77", username="username", session_id=SECRET)
    conn.set_var("variable", "12")  # the variable name is specified without the cloud emoji
    value = conn.get_var("variable")
    assert value == "12"
    until(lambda: scratch.variables("77") == {"☁ variable": "12"})
    conn.set_var("☁ variable", 13)
    assert conn.get_var("☁ variable") == "13"
    conn.disconnect()
    until(lambda: scratch.members("77") == [])


def test_connect_to_the_turbowarp_cloud(turbowarp: LocalCloud) -> None:
    conn = scratch3.TwCloudConnection(project_id="project_id", username="username")
    conn.set_var("variable", "12")
    until(lambda: turbowarp.variables("project_id") == {"☁ variable": "12"})
    assert turbowarp.members("project_id") == ["username"]
    with scratch3.TwCloudConnection(project_id="project_id", username="other", cloud_host=turbowarp.url) as other:
        assert other.get_var("variable") == "12"
    conn.disconnect()


@pytest.mark.parametrize("cloud_host", ["wss://clouddata.turbowarp.org", "wss://stratus.turbowarp.org"])
def test_the_public_hosts_of_the_seed_are_known_addresses_that_want_contact_data(
    cloud_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOUDLINK_CONTACT", raising=False)
    with pytest.raises(scratch3.InvalidArgument, match="contact"):
        scratch3.TwCloudConnection(project_id="project_id", username="username", cloud_host=cloud_host)


def test_values_from_the_log_without_a_connection(site: LogSite) -> None:
    for user, name, value in [("ada", "variable", "1"), ("bob", "other", 5), ("ada", "variable", "2")]:
        site.add(user, name, value)
    assert scratch3.get_var("77", "variable") == "2"
    assert scratch3.get_var("77", "☁ variable") == "2"
    assert scratch3.get_var("77", "nothing") is None
    assert scratch3.get_cloud("77") == {"variable": "2", "other": "5"}
    logs = scratch3.get_cloud_logs("77")
    assert (logs[0]["user"], logs[0].name, logs[0].value) == ("ada", "variable", "2")
    for number in range(200):
        site.add("ada", "variable", number)
    assert len(scratch3.get_cloud_logs("77")) == 100


def test_encoding_and_decoding() -> None:
    Encoding = scratch3.Encoding  # noqa: N806  `from scratchattach import Encoding`
    assert Encoding.decode(Encoding.encode("input")) == "input"
    assert Encoding.encode("input").isdigit()


EVENTS = """
@events.event
def on_set(event): # Called when a cloud var is set
    print(f"{event.user} set the variable {event.var} to the value {event.value} at {event.timestamp}")

@events.event
def on_del(event):
    print(f"{event.user} deleted variable {event.var}")

@events.event
def on_create(event):
    print(f"{event.user} created variable {event.var}")

@events.event # Called when the event listener is ready
def on_ready():
   print("Event listener ready!")
"""


def test_cloud_events(site: LogSite) -> None:
    events = scratch3.CloudEvents("77", interval=0.1)
    exec(EVENTS, {"events": events})
    shown = io.StringIO()
    with redirect_stdout(shown):
        events.start()
        until(lambda: "ready" in shown.getvalue())
        site.add("ada", "score", None, verb="create_var")
        site.add("ada", "score", "7")
        site.add("bob", "score", None, verb="del_var")
        until(lambda: "deleted" in shown.getvalue())
        events.stop()
    lines = shown.getvalue().splitlines()
    assert lines[0] == "Event listener ready!"
    assert lines[1] == "ada created variable score"
    assert re.fullmatch(r"ada set the variable score to the value 7 at \d{13}", lines[2])
    assert lines[3] == "bob deleted variable score"


def test_cloud_events_in_turbowarp(turbowarp: LocalCloud) -> None:
    events = scratch3.TwCloudEvents("project_id")
    heard: list[str] = []

    @events.event
    def on_set(event: Any) -> None:
        heard.append(f"{event.user} {event.name} {event.var} {event.value}")

    events.start(thread=True)
    with scratch3.TwCloudConnection(project_id="project_id") as conn:
        conn.set_var("x", 1)
        until(lambda: heard == ["None ☁ x x 1"])
        events.pause()
        conn.set_var("x", 2)
        time.sleep(0.2)
        assert len(heard) == 1
        events.resume()
        until(lambda: heard == ["None ☁ x x 1", "None ☁ x x 2"])
    events.stop()
    with pytest.raises(scratch3.InvalidArgument, match="start once"):
        events.start()


PROGRAM = """
import sys
import cloudlink as scratch3

events = scratch3.TwCloudEvents("project_id", cloud_host=sys.argv[1])

@events.event
def on_set(event):
    print(event.var, event.value, flush=True)

@events.event
def on_ready():
    print("Event listener ready!", flush=True)

events.start()
"""


def test_a_program_that_ends_with_start_goes_on_until_ctrl_c(turbowarp: LocalCloud) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, turbowarp.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    timer = threading.Timer(60, program.kill)
    timer.start()
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == "Event listener ready!\n"
        with scratch3.TwCloudConnection("project_id") as conn:
            conn.set_var("x", 1)
            assert program.stdout.readline() == "x 1\n"
            assert program.poll() is None
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=30)
        assert program.poll() is not None
    finally:
        timer.cancel()
        program.kill()
        program.communicate()
