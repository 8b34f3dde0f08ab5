"""The backpack (reference, section 13)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cloudlink.errors import InvalidArgument
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client
from cloudlink.rest.fields import Record, as_object, as_objects, needed, text
from cloudlink.rest.read_ahead import iter_list


@dataclass(frozen=True, eq=False)
class BackpackItem(Record):
    """Something in the backpack. It can be read as a dict too.

    Attributes:
        id: what `delete_from_backpack` takes.
        type: "costume", "sound", "script" or "sprite".
        mime: what its content is, such as "image/svg+xml".
        name: its name.
        body: where its content is; `content` fetches it.
        thumbnail: where its picture is.
        raw: the whole answer.
    """

    id: str
    type: str | None
    mime: str | None
    name: str | None
    body: str | None
    thumbnail: str | None
    raw: Mapping[str, Any]
    client: Client

    def __repr__(self) -> str:
        return f"<BackpackItem {self.type} {self.name!r}>"

    def content(self) -> bytes:
        """The picture, the sound, the blocks or the sprite itself.

        GET backpack.scratch.mit.edu/{body}; no login. VERIFIED.
        """
        body = str(needed(self.body, "body", of="backpack"))
        return self.client.request(endpoints.BACKPACK_FILE.at(name=body), reply="bytes", what=f"backpack item {body}")


def read_backpack_item(value: Any, *, client: Client) -> BackpackItem:
    """Something in the backpack, from an answer."""
    raw = as_object(value, of="backpack")
    return BackpackItem(
        id=needed(text(raw, "id"), "id", of="backpack"),
        type=text(raw, "type"),
        mime=text(raw, "mime"),
        name=text(raw, "name"),
        body=text(raw, "body"),
        thumbnail=text(raw, "thumbnail"),
        raw=raw,
        client=client,
    )


def iter_backpack(client: Client, *, limit: int | None, offset: int) -> Iterator[BackpackItem]:
    """What is in your backpack, the newest first."""
    target = endpoints.BACKPACK.at(username=client.username)

    def fetch(limit: int, offset: int) -> list[BackpackItem]:
        query = {"limit": limit, "offset": offset}
        answer = client.request(target, reply="json", what="backpack", query=query)
        return [read_backpack_item(item, client=client) for item in as_objects(answer, of="backpack")]

    return iter_list(fetch, limit=limit, offset=offset, key=lambda item: item.id)


def delete_from_backpack(client: Client, item_id: str) -> None:
    """Take something out of your backpack.

    Raises:
        InvalidArgument: this is no id of an item.
    """
    if not re.fullmatch(r"[0-9A-Za-z-]{1,64}", item_id):
        raise InvalidArgument(f"an item's id is like '6f1c7d54-3d1c-...', not {item_id!r}")
    target = endpoints.BACKPACK_DELETE.at(username=client.username, item_id=item_id)
    client.request(target, reply="none", what=f"backpack item {item_id}")
