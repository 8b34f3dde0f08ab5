"""Install the player's Node parts: the Scratch virtual machine and two small packages.

The parts are not in the wheel: the virtual machine has its own licence (AGPL) and weighs 25 MB. package.json
names them with exact versions, package-lock.json holds the hash of each, and `npm ci` fetches them from the
registry the user's npm is set up for. An installation is made in a folder beside its final place and then
renamed, so that a finished folder is complete, and two processes that install at once do no harm.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from cloudlink.errors import PlayerError

SOURCES = Path(__file__).parent

_MANIFEST = "package.json"
_LOCK = "package-lock.json"

# The player uses node:util's parseArgs, which came with Node 18.
_LOWEST_NODE = 18

_NPM_COMMAND = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
_NPM_SECONDS = 600.0
_NPM_LINES_SHOWN = 15


def node_available() -> bool:
    """Whether `node` is on PATH and new enough, and `npm` is there too."""
    try:
        find_node()
        _find_npm()
    except PlayerError:
        return False
    return True


def find_node() -> str:
    """The path of the `node` program.

    Raises:
        PlayerError: there is none on PATH, it does not run, or it is older than Node 18.
    """
    node = shutil.which("node")
    if node is None:
        raise PlayerError(f"node is not on PATH: install Node.js {_LOWEST_NODE} or newer (https://nodejs.org)")
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        raise PlayerError(f"{node} does not run: {error}") from error
    version = re.match(r"v(\d+)\.", answer)
    if version is None:
        raise PlayerError(f"{node} is not Node.js: asked for its version it says {answer!r}")
    if int(version[1]) < _LOWEST_NODE:
        raise PlayerError(f"{node} is Node.js {answer}: the player needs {_LOWEST_NODE} or newer")
    return node


def default_directory(what: str = "player", sources: Path = SOURCES) -> Path:
    """Where parts are put unless told otherwise: the user's application folder, one for each lock file."""
    digest = hashlib.sha256((sources / _LOCK).read_bytes()).hexdigest()[:16]
    return Path(click.get_app_dir("cloudlink")) / f"{what}-{digest}"


def install(directory: Path | None = None, *, progress: Callable[[str], None] | None = None) -> Path:
    """Make sure that the player's Node parts are installed; returns their folder, for `Player(parts=...)`.

    Needs the network the first time (a download of 12 MB, about 3 seconds); later calls find the folder and return.

    Args:
        directory: the folder; `default_directory()` if not given. An earlier installation in it is
            replaced; any other files in it are an error, and left alone.
        progress: called with a line of text about each step.

    Raises:
        PlayerError: node or npm is missing or too old, npm failed, or the folder cannot be written.
    """
    return install_locked(SOURCES, default_directory() if directory is None else directory, progress=progress)


def install_locked(sources: Path, directory: Path, *, progress: Callable[[str], None] | None = None) -> Path:
    """Install what the package.json and package-lock.json in `sources` name; else as `install`."""
    if _is_complete(sources, directory):
        return directory
    find_node()
    npm = _find_npm()
    say = progress or (lambda line: None)
    say(f"installing the Node parts into {directory}")
    start = time.monotonic()
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{directory.name}-", dir=directory.parent) as temporary:
            fresh = Path(temporary) / "fresh"
            fresh.mkdir()
            for name in (_MANIFEST, _LOCK):
                shutil.copyfile(sources / name, fresh / name)
            _run_npm(npm, fresh)
            _put_in_place(sources, fresh, directory)
    except OSError as error:
        raise PlayerError(f"cannot write the Node parts into {directory}: {error}") from error
    say(f"installed in {time.monotonic() - start:.1f} s")
    return directory


def _is_complete(sources: Path, directory: Path) -> bool:
    """Whether the folder was made from this lock file; as folders are renamed when finished, that is enough."""
    installed = directory / _LOCK
    return installed.is_file() and installed.read_bytes() == (sources / _LOCK).read_bytes()


def _is_outdated(sources: Path, directory: Path) -> bool:
    """Whether the folder holds an earlier installation of these parts, and not somebody's own files."""
    manifest = directory / _MANIFEST
    if not manifest.is_file() or _is_complete(sources, directory):
        return False
    return _package_name(manifest) == _package_name(sources / _MANIFEST)


def _package_name(manifest: Path) -> object:
    try:
        return json.loads(manifest.read_bytes()).get("name")
    except (ValueError, AttributeError):
        return None  # not a manifest of npm's


def _find_npm() -> str:
    npm = shutil.which("npm")
    if npm is None:
        raise PlayerError("npm is not on PATH: it comes with Node.js (https://nodejs.org), or as a package npm")
    return npm


def _run_npm(npm: str, folder: Path) -> None:
    try:
        result = subprocess.run(
            [npm, *_NPM_COMMAND],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_NPM_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise PlayerError(f"npm did not finish within {_NPM_SECONDS:.0f} s: is its registry in reach?") from error
    if result.returncode != 0:
        lines = "\n".join(result.stdout.splitlines()[-_NPM_LINES_SHOWN:])
        raise PlayerError(
            f"npm could not install the player's parts (exit code {result.returncode}); check the network and "
            f"the registry that `npm config get registry` shows. npm said:\n{lines}"
        )


def _put_in_place(sources: Path, fresh: Path, directory: Path) -> None:
    """Rename the finished folder to its place; one that another process has put there meanwhile is as good."""
    if _is_outdated(sources, directory):
        directory.rename(fresh.with_name("outdated"))
    try:
        fresh.rename(directory)
    except OSError:
        if not _is_complete(sources, directory):
            raise
