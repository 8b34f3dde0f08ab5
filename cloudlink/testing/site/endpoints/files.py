"""Project files, costumes and sounds: `projects.` and `assets.scratch.mit.edu`."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Final

from cloudlink.testing.site.exchange import JSON, Refusal, Reply, Request, json_reply, text_reply
from cloudlink.testing.site.lookup import any_project, own_project
from cloudlink.testing.site.records import User
from cloudlink.testing.site.routing import ASSETS, PROJECTS, Auth, Routes
from cloudlink.testing.site.world import World

ROUTES = Routes()

MEDIA_TYPES: Final = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "wav": "audio/x-wav",
    "mp3": "audio/mpeg",
    "json": JSON,
    "zip": "application/zip",
    "bin": "application/octet-stream",
}
_ASSET_NAME: Final = re.compile(r"([0-9a-f]{32})\.(svg|png|jpg|gif|bmp|wav|mp3)")


@ROUTES.add("GET", PROJECTS, "/{project_id}")
def _read(world: World, request: Request) -> Reply:
    project = any_project(world, request)
    token = request.query.get("token", "")
    if not world.token_is_good(project, token):
        return text_reply("missing", 403)
    return Reply(200, project.data, _type_of(project.data))


def _type_of(data: bytes) -> str:
    if data.lstrip()[:1] == b"{":
        return f"{JSON}; charset=utf-8"
    return "application/zip" if data.startswith(b"PK") else "application/octet-stream"


@ROUTES.add("POST", PROJECTS, "/", auth=Auth.FILES)
def _create(world: World, request: Request) -> Reply:
    data = _checked(world, request)
    original = _original(world, request)
    title = request.query.get("title") or _free_title(world, request.me)
    parent = original if request.query.get("is_remix") == "1" else None
    appears = world.now() + world.rules.fresh_project_delay
    project = world.add_project(request.me, title, shared=False, data=data, parent=parent, appears=appears)
    return json_reply(
        {
            "status": "ok",
            "content-name": str(project.id),
            "content-title": base64.b64encode(title.encode()).decode(),
            "autosave-interval": "120",
        }
    )


def _original(world: World, request: Request) -> int | None:
    """The project that a remix or a copy is made of; a remix needs a shared one, a copy one's own."""
    remix, copy = (request.query.get(key) == "1" for key in ("is_remix", "is_copy"))
    if not (remix or copy):
        return None
    original = world.projects.get(request.asked_number("original_id", 0))
    if original is None or not world.may_see(original, request.me):
        raise Refusal(404)
    if copy and original.author_id != request.me.id:
        raise Refusal(403)
    return original.id


def _free_title(world: World, user: User) -> str:
    taken = {project.title for project in world.projects.values() if project.author_id == user.id}
    number = 1
    while (title := "Untitled" if number == 1 else f"Untitled-{number}") in taken:
        number += 1
    return title


@ROUTES.add("PUT", PROJECTS, "/{project_id}", auth=Auth.FILES)
def _save(world: World, request: Request) -> Reply:
    project = own_project(world, request)
    project.data = _checked(world, request)
    project.modified = world.stamp()
    return json_reply({"status": "ok", "autosave-interval": "120"})


def _checked(world: World, request: Request) -> bytes:
    """The project file in the body: a project.json, not encoded twice, or an archive."""
    if len(request.body) > world.rules.project_size:
        raise Refusal(413)
    if request.headers.get("content-type", "").startswith("application/zip"):
        if not request.body.startswith(b"PK"):
            raise Refusal(400)
        return request.body
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refusal(400) from None
    if not isinstance(value, dict) or not ("targets" in value or "objName" in value):
        raise Refusal(400)
    return request.body


@ROUTES.add("GET", ASSETS, "/{name}", "/internalapi/asset/{name}/get")
def _asset(world: World, request: Request) -> Reply:
    name = request.params["name"]
    data = world.assets.get(name)
    if data is None:
        return text_reply("", 404)
    return Reply(200, data, MEDIA_TYPES[name.partition(".")[2]])


@ROUTES.add("POST", ASSETS, "/{name}", auth=Auth.FILES)
def _upload(world: World, request: Request) -> Reply:
    match = _ASSET_NAME.fullmatch(request.params["name"])
    if len(request.body) > world.rules.asset_size:
        raise Refusal(413)
    if match is None or hashlib.md5(request.body, usedforsecurity=False).hexdigest() != match[1]:
        raise Refusal(400)
    world.assets[match[0]] = request.body
    return json_reply({"status": "ok", "content-name": match[0]})
