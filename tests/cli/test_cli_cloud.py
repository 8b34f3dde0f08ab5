from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from websockets.sync.client import ClientConnection, connect

from cloudlink.cli.main import main

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM to catch")


@contextmanager
def running(*options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and the address that it prints."""
    command = [sys.executable, "-u", "-m", "cloudlink", "cloud", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environment) as process:
        assert process.stdout is not None
        try:
            address = re.search(r"ws://\S+", process.stdout.readline())
            assert address is not None
            yield process, address[0]
        finally:
            process.kill()


def set_x(connection: ClientConnection, value: str) -> None:
    connection.send('{"method":"handshake","user":"bob","project_id":"my-game"}')
    connection.send(json.dumps({"method": "set", "name": "☁ x", "value": value}))
    connection.ping().wait(5)


@posix
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_server_says_goodbye_and_keeps_its_values(tmp_path: Path, ending: signal.Signals) -> None:
    options = ("--profile", "open", "--database", str(tmp_path / "values.sqlite"), "--project", "my-game")
    with running(*options) as (process, url), connect(url) as connection:
        set_x(connection, "5")
        process.send_signal(ending)
        rest, _ = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "1 sets came" in rest
        with pytest.raises(Exception, match="1001"):
            connection.recv(timeout=5)
    with running(*options) as (_, url), connect(url) as connection:
        connection.send('{"method":"handshake","user":"bob","project_id":"my-game"}')
        assert json.loads(connection.recv(timeout=5))["value"] == "5"


def test_controls_take_the_token_of_the_environment() -> None:
    token = "a token of sixteen letters and more"
    with running("--control", CLOUDLINK_CONTROL_TOKEN=token) as (_, url):
        request = urllib.request.Request(url.replace("ws", "http", 1) + "/faults?loss=0.5", method="PUT")
        request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=5) as response:
            assert json.load(response)["loss"] == 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--key", __file__], "--certificate"),
        (["--certificate", __file__], f"certificate cannot be used: {__file__}"),
        (["--profile", "snap"], "snap"),
        (["--database", str(Path(__file__).parent / "none" / "x.sqlite")], "cannot keep values"),
        (["--host", "not an address"], "cannot listen"),
        (["--origin", "example.org"], "an origin is a scheme and a host"),
        (["--origin", "https://example.org/"], "an origin is a scheme and a host"),
        (["--rate", "nan"], "a rate has more than 0 sets a second"),
    ],
)
def test_what_cannot_work_is_said_at_once(options: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["cloud", *options])
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit), result.exception
    assert message in result.output
