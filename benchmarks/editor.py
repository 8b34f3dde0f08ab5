"""How long do Scratch's editor and player take over the companion sprite, and how many files do they send and fetch?

The real ones, npm's @scratch/scratch-gui, in Chromium without a window; the site's stores are played by this program.
A save sends the files that the editor does not know, as its `storeProject` does, and a visitor opens what was saved,
as the site's player does. Beside ours, in the same run: the editor's own new project, and the starter as it would be if
each costume brought its picture, as costumes do. Then the player plays the starter on the local cloud with Scratch's
rules: somebody clicks on the green flag, and on the button. Needs npm, Chromium, and 150 MB that are fetched once.

    python benchmarks/editor.py [--quick] [--json FILE]
"""

from __future__ import annotations

import base64
import functools
import http.server
import json
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, sync_playwright
from report import Report, Row, main

from cloudlink import CloudConnection, CloudRequests
from cloudlink.blank import BLANK
from cloudlink.localcloud import LocalCloud
from cloudlink.pictures.draw import find_browser
from cloudlink.player.install import default_directory
from cloudlink.sprite.archive import Archive
from cloudlink.sprite.companion import companion_sprite3, starter_sb3

VERSION = "15.2.0"
MIDDLE = (240, 225)
"""Where the middle of the player's stage is, in pixels."""

MILLISECONDS = 300_000
"""How long the editor may take for anything."""

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2" viewBox="-1 -1 2 2"></svg>'

PAGE = """<!doctype html><meta charset="utf-8"><body style="margin: 0">
<div id="editor" style="width: 1200px; height: 800px"></div>
<script src="scratch-gui-standalone.js"></script><script>
const cloudHost = new URLSearchParams(location.search).get("cloud");
const playing = cloudHost !== null;
const state = new GUI.EditorState({isPlayerOnly: playing});
GUI.setAppElement(document.getElementById("editor"));
GUI.createStandaloneRoot(state, document.getElementById("editor")).render({
  assetHost: `${location.origin}/store`, projectHost: `${location.origin}/projects`, projectId: playing ? "1" : "0",
  canSave: false, isPlayerOnly: playing, cloudHost, hasCloudPermission: playing, username: "ada",
});
const vm = state.store.getState().scratchGui.vm;
const bytes = text => Uint8Array.from(atob(text), sign => sign.charCodeAt(0)).buffer;
const seconds = async work => {
  const begin = performance.now();
  await work();
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return (performance.now() - begin) / 1000;
};
const open = project => seconds(() => vm.loadProject(project));
const download = async () => Array.from(new Uint8Array(await (await vm.saveProjectSb3()).arrayBuffer()));
const look = () => seconds(() => vm.setEditingTarget(vm.runtime.getSpriteTargetByName("cloudlink").id));
const save = () => seconds(() => Promise.all(vm.assets.filter(asset => !asset.clean).map(asset =>
  vm.runtime.storage.store(asset.assetType, asset.dataFormat, asset.data, asset.assetId))));
const variable = name => vm.runtime.getTargetForStage().lookupVariableByNameAndType(name, "");
const clicked = test => new Promise(done => addEventListener("mousedown", () => {
  const begin = performance.now();
  const look = () => test() ? done((performance.now() - begin) / 1000) : requestAnimationFrame(look);
  look();
}, {capture: true, once: true}));
</script>"""


class AssetServer:
    """The site's store of pictures and sounds, as the editor sees it; it has the empty picture from the start."""

    def __init__(self) -> None:
        self.files = {f"{BLANK}.svg": SVG}
        self.sent = 0
        self.fetched = 0

    def answer(self, route: Route) -> None:
        """Answer a request of the editor."""
        request = route.request
        if request.method == "POST":
            self.sent += 1
            name = request.url.rpartition("/")[2]
            self.files[name] = request.post_data_buffer or b""
            reply = json.dumps({"status": "ok", "content-name": name})
            route.fulfill(status=200, content_type="application/json", body=reply)
        else:
            self.fetched += 1
            name = request.url.split("/")[-3]
            route.fulfill(status=200, content_type="image/svg+xml", body=self.files[name])


def fetch_editor() -> Path:
    """Make sure that the editor is on this computer; the folder of its page."""
    folder = default_directory().with_name(f"editor-{VERSION}")
    page = folder / "package" / "dist"
    if not page.is_dir():
        print(f"fetching the editor, {VERSION} ...", file=sys.stderr)
        npm = shutil.which("npm") or "npm"
        with tempfile.TemporaryDirectory() as fresh:
            command = [npm, "pack", f"@scratch/scratch-gui@{VERSION}", "--silent", "--pack-destination", fresh]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=900)
            (archive,) = Path(fresh).iterdir()
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
    (page / "index.html").write_text(PAGE, encoding="utf-8")
    return page


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        pass


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The editor's page on the loopback; its address."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


@contextmanager
def new_page(browser: Browser, assets: AssetServer) -> Iterator[Page]:
    """A page with nothing in it yet."""
    page = browser.new_page(viewport={"width": 1250, "height": 850})
    page.set_default_timeout(MILLISECONDS)
    page.route("**/store/**", assets.answer)
    try:
        yield page
    finally:
        page.close()


@contextmanager
def editor(browser: Browser, address: str, assets: AssetServer) -> Iterator[Page]:
    """A new editor with its own new project in it."""
    with new_page(browser, assets) as page:
        page.goto(address)
        page.wait_for_function("vm.runtime.targets.length === 2 && vm.editingTarget")
        yield page


def player_rows(browser: Browser, address: str, project: bytes, *, clicks: int) -> Iterator[Row]:
    """Somebody plays: the green flag in the middle of the stage, then the button that is there."""
    archive = Archive(project)
    assets = AssetServer()
    assets.files |= archive.assets
    with (
        LocalCloud("scratch") as cloud,
        CloudConnection("1", username="server", cloud_host=cloud.url) as connection,
        CloudRequests(connection) as server,
        new_page(browser, assets) as page,
    ):
        server.add_request(lambda name: f"Hello {name}, Python speaking!", name="greet")
        page.route("**/projects/**", lambda route: route.fulfill(body=archive.content))
        page.goto(f"{address}?cloud={cloud.url.removeprefix('ws://')}")
        page.wait_for_function("vm.runtime.targets.length === 3 && variable('server status')")
        page.locator("img[title=Go]").wait_for()
        online = click(page, "variable('server status').value === 'online'")
        yield Row("green flag to online", "Scratch's player", online, "s")
        times = []
        for _ in range(clicks):
            page.wait_for_timeout(250)
            page.evaluate("variable('server reply').value = ''")
            times.append(click(page, "variable('server reply').value === 'Hello ada, Python speaking!'"))
        yield Row("click on the button to answer", "Scratch's player", 1000 * statistics.median(times), "ms")


def click(page: Page, test: str) -> float:
    """Click on the middle of the stage; the seconds until something is so."""
    page.evaluate(f"() => {{ window.waiting = clicked(() => {test}); }}")
    page.mouse.click(*MIDDLE)
    return float(page.evaluate("window.waiting"))


def text_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def with_pictures(project: bytes) -> bytes:
    """The same project, each costume with its picture in the file."""
    archive = Archive(project)
    return archive.with_changes(archive.content, {f"{BLANK}.svg": SVG})


def project_rows(browser: Browser, address: str, name: str, project: bytes, *, most: int | None) -> Iterator[Row]:
    assets = AssetServer()
    with editor(browser, address, assets) as page:
        yield Row("open from the computer", name, page.evaluate("text => open(bytes(text))", text_of(project)), "s")
        seconds = page.evaluate("save()")
        yield Row("files sent at the first save", name, assets.sent, "files", at_most=most)
        yield Row("first save", name, seconds, "s")
        saved = page.evaluate("vm.toJSON()")
    assets.fetched = 0
    with editor(browser, address, assets) as page:
        seconds = page.evaluate("project => open(project)", saved)
        yield Row("files a visitor fetches", name, assets.fetched, "files", at_most=most)
        yield Row("a visitor opens it", name, seconds, "s")


def measure(report: Report) -> None:
    starter = starter_sb3()
    with serving(fetch_editor()) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--enable-unsafe-swiftshader"]
        )
        with editor(browser, address, AssetServer()) as page:
            empty = bytes(page.evaluate("download()"))
        for row in project_rows(browser, address, "the editor's new project", empty, most=None):
            report.add(row)
        for row in project_rows(browser, address, "the starter", starter, most=2):
            report.add(row)
        if not report.quick:
            for row in project_rows(browser, address, "with pictures", with_pictures(starter), most=None):
                report.add(row)
        with editor(browser, address, AssetServer()) as page:
            page.evaluate("text => open(bytes(text))", text_of(starter))
            report.add(Row("look at the sprite's blocks", "the starter", page.evaluate("look()"), "s"))
        with editor(browser, address, AssetServer()) as page:
            seconds = page.evaluate("text => seconds(() => vm.addSprite(bytes(text)))", text_of(companion_sprite3()))
            report.add(Row("import the sprite", "the editor's new project", seconds, "s"))
        for row in player_rows(browser, address, starter, clicks=5 if report.quick else 20):
            report.add(row)
        browser.close()


if __name__ == "__main__":
    main(str(__doc__).splitlines()[0], measure)
