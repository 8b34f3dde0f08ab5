"""The starter project as a first-time author runs it: packaged by TurboWarp's packager, in a real browser."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from cloudlink import CloudRequests, TwCloudConnection
from cloudlink.localcloud import TURBOWARP, LocalCloud
from cloudlink.sprite.companion import starter_sb3

Package = Callable[[Path, str], Path]

PROJECT = "1"
MILLISECONDS = 30_000
"""How long a page may take for anything: under load, a second of the stage can take ten."""


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """`cloudlink demo --serve` in a folder; what it says."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "cloudlink", "demo", "--serve", "--port", str(port)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        yield said
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def expect_shown(page: Page, variable: str, value: str | re.Pattern[str]) -> None:
    """Wait until the stage shows this value of a variable."""
    row = page.locator(".sc-monitor-root", has_text=variable)
    expect(row.locator(".sc-monitor-value")).to_have_text(value, timeout=MILLISECONDS)


def start(browser: Browser, path: Path) -> Page:
    """Open a packaged page and click its green flag."""
    page = browser.new_page(viewport={"width": 960, "height": 720})
    page.goto(path.as_uri())
    page.locator("#launch .green-flag").click(timeout=MILLISECONDS)
    expect_shown(page, "server status", "online")
    return page


def click_button(page: Page) -> None:
    """Click the starter's button, in the middle of the stage."""
    page.mouse.click(480, 360)


def keep_picture(page: Page, folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Keep what the page shows, and say where."""
    path = folder / f"{name}.png"
    page.screenshot(path=path)
    with capsys.disabled():
        print(f"\nscreenshot: {path}", flush=True)


@pytest.mark.timeout(180)
def test_a_first_time_author_who_does_what_the_demo_says_sees_the_answer_on_the_stage(
    browser: Browser, package: Package, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with demo(tmp_path) as said:
        (host,) = re.findall(r'"Cloud host" (ws://localhost:\d+)', said)
        (starter,) = re.findall(r"The starter project is (.+)", said)
        page = start(browser, package(Path(starter), host))
        click_button(page)
        expect_shown(page, "server reply", re.compile(r"Hello player\d+, Python speaking!"))
        keep_picture(page, tmp_path, "answer", capsys)
        expect_shown(page, "server error", "")
        expect_shown(page, "server progress", "100")
        page.close()


@pytest.mark.timeout(180)
def test_a_long_answer_in_many_scripts_and_an_error_are_seen_in_turbowarps_rooms(
    browser: Browser, package: Package, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = " ".join(f"{number}: Grüße ☃ 😀 漢字 & <b>" for number in range(40))
    profile = replace(TURBOWARP, shared_room=PROJECT)
    with (
        LocalCloud(profile) as cloud,
        TwCloudConnection(PROJECT, username="server", cloud_host=cloud.url) as connection,
        CloudRequests(connection) as client,
    ):
        client.add_request(lambda name: answer, name="greet")
        starter = tmp_path / "starter.sb3"
        starter.write_bytes(starter_sb3())
        page = start(browser, package(starter, cloud.url))
        click_button(page)
        expect_shown(page, "server reply", answer)
        keep_picture(page, tmp_path, "long answer", capsys)
        client.remove_request("greet")
        page.wait_for_timeout(2_500)  # the button says its answer for two seconds
        click_button(page)
        expect_shown(page, "server error", "there is no request called 'greet'")
        page.close()
