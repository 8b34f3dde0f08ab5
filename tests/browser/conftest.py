"""A real browser, for all tests of this folder."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from cloudlink.pictures.draw import find_browser
from cloudlink.player.install import find_node

PACKAGE_PROJECT = Path(__file__).with_name("package_project.mjs")

# As root and in containers there is no sandbox; a machine without a graphics card draws the stage by itself.
OPTIONS = ["--no-sandbox", "--enable-unsafe-swiftshader"]

Package = Callable[[Path, str], Path]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        pytest.skip("Chromium is not on PATH: no page can be opened (Debian's package is called chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def package(turbowarp_bundle: Path, parts_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Packages a project (its path, the cloud's address) into a page; the page's path."""

    def package(project: Path, cloud_host: str) -> Path:
        page = tmp_path_factory.mktemp("page") / "page.html"
        command = [find_node(), PACKAGE_PROJECT, parts_folder / "tests", project, cloud_host, page]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        return page

    return package
