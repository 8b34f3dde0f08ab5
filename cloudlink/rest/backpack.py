"""The backpack (reference, section 13)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cloudlink.errors import InvalidArgument
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, json_body
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


MIMES: Final = {
    "costume": ("image/svg+xml", "image/png"),
    "sound": ("audio/x-wav", "audio/mp3"),
    "script": ("application/json",),
    "sprite": ("application/zip",),
}
"""What can be in a backpack, and in which forms."""

GRAY_PIXEL: Final = b"".join(
    bytes.fromhex(segment)
    for segment in (
        "ffd8 ffe0 0010 4a46494600 0101 00 0001 0001 0000",  # the beginning: JFIF 1.1
        "ffdb 0043 00" + "01" * 64,  # the table of quantisation
        "ffc0 000b 08 0001 0001 01 01 11 00",  # 8 bits, 1 by 1, one component
        "ffc4 0014 00 01" + "00" * 16 + "ffc4 0014 10 01" + "00" * 16,  # one code each, for "no change" and "end"
        "ffda 0008 01 01 00 00 3f 00 3f ffd9",  # both codes, and the end
    )
)
"""A JPEG of one pixel, for a thing that brings no picture."""


def add_to_backpack(
    client: Client, kind: str, mime: str, name: str, content: bytes, *, thumbnail: bytes | None
) -> BackpackItem:
    """Put something into your backpack; see `Session.add_to_backpack`.

    Raises:
        InvalidArgument: there is no such kind, or it has not this form; nothing was sent.
    """
    if mime not in MIMES.get(kind, ()):
        forms = "; ".join(f"{one}: {', '.join(forms)}" for one, forms in MIMES.items())
        raise InvalidArgument(f"a backpack takes no {kind!r} as {mime!r}; it takes {forms}")
    values = {
        "type": kind,
        "mime": mime,
        "name": name,
        "body": base64.b64encode(content).decode(),
        "thumbnail": base64.b64encode(GRAY_PIXEL if thumbnail is None else thumbnail).decode(),
    }
    target = endpoints.BACKPACK_ADD.at(username=client.username)
    answer = client.request(target, reply="json", what="backpack", body=json_body(values))
    return read_backpack_item(answer, client=client)


def delete_from_backpack(client: Client, item_id: str) -> None:
    """Take something out of your backpack.

    Raises:
        InvalidArgument: this is no id of an item.
    """
    if not re.fullmatch(r"[0-9A-Za-z-]{1,64}", item_id):
        raise InvalidArgument(f"an item's id is like '6f1c7d54-3d1c-...', not {item_id!r}")
    target = endpoints.BACKPACK_DELETE.at(username=client.username, item_id=item_id)
    client.request(target, reply="none", what=f"backpack item {item_id}")
