"""Draws blocks with npm's `scratchblocks`, the forum's own renderer, in a browser without a window.

The renderer measures text as only a browser can. It runs in a page of its own, which is given the blocks and whose
document, when it is done, is the pictures; nothing is fetched, and nothing of what is drawn is run.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

from cloudlink.errors import PictureError
from cloudlink.player.install import install_locked

SOURCES = Path(__file__).parent

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_RENDERER = "node_modules/scratchblocks/build/scratchblocks.min.js"
_SECONDS = 120
_SVG = "http://www.w3.org/2000/svg"
# Without a sandbox, as root and in containers there is none: the page holds our own text and one known script.
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--virtual-time-budget=20000")

_PAGE = """<!DOCTYPE html><meta charset="utf-8"><body><script src="{renderer}"></script><script>
const drawn = {{}};
for (const [name, text] of Object.entries({scenes})) {{
  const view = scratchblocks.newView(scratchblocks.parse(text), {{style: "scratch3"}});
  view.render();
  drawn[name] = view.exportSVGString();
}}
const result = document.createElement("pre");
result.id = "drawn";
result.textContent = JSON.stringify(drawn);
document.body.append(result);
</script></body>"""


def find_browser() -> str | None:
    """Return the path of a Chromium on this machine; None if there is none."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


def install_renderer(directory: Path, *, progress: Callable[[str], None] | None = None) -> Path:
    """Make sure that the renderer is installed in a folder, which is made; returns the folder.

    Raises:
        PlayerError: npm is missing or failed.
    """
    return install_locked(SOURCES, directory, progress=progress)


def draw(scenes: Mapping[str, str], *, renderer: Path) -> dict[str, str]:
    """Return a picture, as SVG, of each text in the notation.

    Args:
        scenes: name -> text.
        renderer: what `install_renderer` returned.

    Raises:
        PictureError: there is no Chromium, or it drew nothing.
    """
    browser = find_browser()
    if browser is None:
        raise PictureError(f"drawing blocks needs Chromium on the PATH, as one of: {', '.join(_BROWSERS)}")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        scenes_text = json.dumps(dict(scenes)).replace("</", "<\\/")
        script = (renderer / _RENDERER).resolve().as_uri()
        page.write_text(_PAGE.format(renderer=script, scenes=scenes_text), encoding="utf-8")
        document = _run(browser, page, Path(folder))
    return _pictures(document, scenes)


def _run(browser: str, page: Path, folder: Path) -> str:
    command = [browser, *_OPTIONS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", page.as_uri()]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PictureError(f"{browser} does not draw: {error}") from error
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip()[-500:]
        raise PictureError(f"{browser} ended with code {done.returncode}: {last}")
    return done.stdout.decode(errors="replace")


def _pictures(document: str, scenes: Mapping[str, str]) -> dict[str, str]:
    parser = _Result()
    parser.feed(document)
    try:
        drawn = json.loads(parser.text)
        pictures = {name: _without_unused(str(drawn[name])) for name in scenes}
    except (ValueError, KeyError, TypeError, ElementTree.ParseError) as error:
        raise PictureError(f"the browser's page did not draw the blocks: {error}") from error
    return pictures


def _without_unused(svg: str) -> str:
    """Leave the icons out that a picture does not use: they are nine tenths of it."""
    ElementTree.register_namespace("", _SVG)
    picture = ElementTree.fromstring(svg)
    used = {element.get("href", "").removeprefix("#") for element in picture.iter(f"{{{_SVG}}}use")}
    for definitions in picture.iter(f"{{{_SVG}}}defs"):
        for element in list(definitions):
            if element.get("id") is not None and element.get("id") not in used:
                definitions.remove(element)
    return ElementTree.tostring(picture, encoding="unicode") + "\n"


class _Result(HTMLParser):
    """Takes the text of the element `drawn` out of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notice the element's beginning."""
        self._inside = ("id", "drawn") in attrs

    def handle_endtag(self, tag: str) -> None:
        """Notice its end."""
        self._inside = False

    def handle_data(self, data: str) -> None:
        """Take what is in it."""
        self.text += data if self._inside else ""
