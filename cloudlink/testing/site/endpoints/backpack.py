"""The backpack."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cloudlink.testing.site.endpoints.files import MEDIA_TYPES
from cloudlink.testing.site.exchange import Json, Refusal, Reply, Request, json_reply, text_reply
from cloudlink.testing.site.lookup import named_me
from cloudlink.testing.site.records import BackpackItem
from cloudlink.testing.site.routing import BACKPACK, Auth, Routes
from cloudlink.testing.site.shapes import page
from cloudlink.testing.site.world import World

ROUTES = Routes()

_MIMES: Final = {
    "costume": ("image/svg+xml", "image/png"),
    "sound": ("audio/x-wav", "audio/mp3"),
    "script": ("application/json",),
    "sprite": ("application/zip",),
}


@ROUTES.add("GET", BACKPACK, "/")
def _root(world: World, request: Request) -> Reply:
    return json_reply({"ok": "👻"})


@ROUTES.add("GET", BACKPACK, "/{username}")
def _items(world: World, request: Request) -> Reply:
    # A content of somebody's and somebody's list share this form of path; names have no dot.
    name = request.params["username"]
    if "." in name:
        data = world.backpack_files.get(name)
        if data is None:
            return text_reply("", 404)
        return Reply(200, data, MEDIA_TYPES[name.partition(".")[2]])
    if request.user is None:
        raise Refusal(403)
    found = list(reversed(world.backpacks.get(named_me(world, request).id, [])))
    return json_reply([_object(item) for item in found[page(world, request)]])


@ROUTES.add("POST", BACKPACK, "/{username}", auth=Auth.TOKEN)
def _add(world: World, request: Request) -> Reply:
    me = named_me(world, request)
    item = request.json
    kind, mime = item.get("type"), item.get("mime")
    if not isinstance(kind, str) or mime not in _MIMES.get(kind, ()):
        raise Refusal(400)
    try:
        body, thumbnail = (base64.b64decode(item[key], validate=True) for key in ("body", "thumbnail"))
    except (KeyError, TypeError, binascii.Error):
        raise Refusal(400) from None
    added = world.add_backpack_item(
        me, kind=kind, mime=mime, name=str(item.get("name", "")), body=body, thumbnail=thumbnail
    )
    return json_reply(_object(added))


@ROUTES.add("DELETE", BACKPACK, "/{username}/{item}", auth=Auth.TOKEN)
def _delete(world: World, request: Request) -> Reply:
    me = named_me(world, request)
    items = world.backpacks.get(me.id, [])
    kept = [item for item in items if item.id != request.params["item"]]
    if len(kept) == len(items):
        raise Refusal(404)
    world.backpacks[me.id] = kept
    return json_reply({"deleted": 1})


def _object(item: BackpackItem) -> Json:
    return {
        "type": item.type,
        "mime": item.mime,
        "name": item.name,
        "body": item.body,
        "thumbnail": item.thumbnail,
        "id": item.id,
    }
