"""Imports point down, the pure layers stay pure, and each foreign library has one home."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import cloudlink

ROOT = Path(cloudlink.__file__).parent

# What each part may import of cloudlink, besides itself. Nothing may import a part that is not in its row.
BASE = {"errors", "limits", "clock", "javascript", "level"}
MAY_IMPORT: dict[str, set[str]] = {
    "blank": set(),
    "errors": set(),
    "limits": set(),
    "clock": {"errors"},
    "javascript": set(),
    "level": {"errors"},
    "local_service": {"errors"},
    "foreground": {"clock"},
    "codec": {"errors"},
    "codec_tables": {"codec"},
    "link": {"errors", "limits"},
    "rpc": {"errors", "codec", "javascript", "level"},
    "serve": BASE | {"classic", "codec", "codec_tables", "link", "link_thread", "rpc", "set_authors", "transport"},
    "classic": {"codec", "errors", "javascript", "limits", "link"},
    "transport": BASE,
    "connection": BASE | {"transport"},
    "log_watch": BASE | {"transport"},
    "set_authors": BASE | {"log_watch", "transport"},
    "dispatch": {"clock"},
    "events": BASE | {"connection", "dispatch", "foreground", "log_watch", "rest", "transport"},
    "link_thread": BASE | {"link", "transport"},
    "rest": BASE | {"blank", "connection"},
    "server": BASE
    | {"classic", "codec_tables", "connection", "foreground", "link", "rest", "rpc", "serve", "transport"},
    "client": BASE | {"codec", "codec_tables", "link", "link_thread", "rpc", "transport"},
    "localcloud": BASE | {"local_service", "transport"},
    "sprite": {"blank", "codec", "errors", "limits", "rpc"},
    "storage": {"errors"},
    "player": {"errors", "limits"},
    "testing": BASE | {"client", "local_service", "server", "transport"},
    "demo": BASE | {"client", "connection", "foreground", "localcloud", "player", "server", "sprite"},
    "pictures": {"errors", "player", "sprite"},
    "sprite_online": {"errors", "rest", "sprite"},
    "cli": BASE
    | {
        *("connection", "demo", "foreground", "localcloud", "pictures", "player", "rest", "server", "sprite"),
        *("sprite_online", "transport"),
    },
    "__init__": BASE
    | {
        *("classic", "client", "codec", "connection", "events", "link", "rest", "rpc", "serve", "server"),
        *("set_authors", "storage", "transport"),
    },
    "__main__": {"cli"},
}

PURE = [
    *("codec", "link", "rpc", "classic", "transport.lines", "transport.memory", "transport.weather"),
    *(f"transport.{name}" for name in ("authors", "backlog", "cloud_text", "inbox", "life", "logs", "merge", "turns")),
    *(f"localcloud.{name}" for name in ("faults", "history", "pages", "profiles", "room", "statistics")),
    *(f"rest.{name}" for name in ("endpoints", "failures", "fields", "html", "mutes", "pacing", "paging")),
    *("rest.project_files", "rest.retry"),
]
IMPURE_MODULES = {"socket", "threading", "time", "asyncio", "select", "queue", "subprocess"}

HOMES = {
    "websocket": {"transport/websocket.py"},
    "uvloop": {"localcloud/server.py"},
    "websockets": {"localcloud/connection.py"},
    "msgpack": {"codec/msgpack.py"},
    "requests": {"rest/http.py"},
    "sqlalchemy": {"storage/sql.py"},
    "selectolax": {"rest/html.py"},
}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, by their whole names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute here"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    part = part_of(path)
    assert part in MAY_IMPORT, f"{part} is new: give it a row in the table"
    for name in imports(path):
        if name.startswith("cloudlink."):
            imported = name.split(".")[1]
            assert imported == part or imported in MAY_IMPORT[part], f"{part} must not import {name}"


@pytest.mark.parametrize("part", PURE)
def test_pure_parts_know_no_sockets_threads_or_clocks(part: str) -> None:
    place = ROOT / part.replace(".", "/")
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    assert files
    for path in files:
        assert not IMPURE_MODULES & set(imports(path)), path
        assert not any(name.startswith("cloudlink.clock") for name in imports(path)), path


@pytest.mark.parametrize("library", HOMES)
def test_each_foreign_library_has_one_home(library: str) -> None:
    homes = {
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if any(name.split(".")[0] == library for name in imports(path))
    }
    assert homes == HOMES[library]
