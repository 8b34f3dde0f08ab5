"""Pictures that the site keeps: fetching them, and changing one's own (reference, sections 4.7, 9.6 and 16.4)."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from cloudlink.errors import InvalidArgument
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, default_client, multipart_body
from cloudlink.rest.endpoints import Target, checked_number
from cloudlink.rest.fields import link

Kind = Literal["user", "project", "studio", "class"]

KINDS: Final[dict[Kind, str]] = {"user": "user", "project": "project", "studio": "gallery", "class": "classroom"}
"""Our words, and the site's."""

STARTS: Final = (b"\x89PNG\r\n\x1a\n", b"GIF8", b"\xff\xd8\xff", b"BM")
"""What PNG, GIF, JPEG and BMP files begin with."""

LONGEST_SIDE: Final = 5000


def picture_url(kind: Kind, number: int | str, *, width: int, height: int, client: Client | None = None) -> str:
    """The address of a picture, scaled to a size; for unknown numbers the site has a default one.

    uploads.scratch.mit.edu/get_image/{kind}/{number}_{width}x{height}.png; no login. REPORTED.

    Args:
        kind: "user", "project", "studio" or "class".
        number: its id.
        width: in pixels.
        height: in pixels.
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: there is no such kind, number is none, or the size is not 1 to 5,000.
    """
    client = default_client() if client is None else client
    return client.hosts.url("uploads", _picture(kind, number, width, height).path)


def get_picture(kind: Kind, number: int | str, *, width: int, height: int, client: Client | None = None) -> bytes:
    """A picture, as PNG; for the arguments and errors see `picture_url`. REPORTED."""
    client = default_client() if client is None else client
    target = _picture(kind, number, width, height)
    return client.request(target, reply="bytes", what=f"picture of {kind} {number}")


def _picture(kind: Kind, number: int | str, width: int, height: int) -> Target:
    if kind not in KINDS:
        raise InvalidArgument(f"kind is one of {', '.join(KINDS)}, not {kind!r}")
    if not (1 <= width <= LONGEST_SIDE and 1 <= height <= LONGEST_SIDE):
        raise InvalidArgument(f"width and height are 1 to {LONGEST_SIDE} pixels, not {width} and {height}")
    name = f"{checked_number(number, 'number')}_{width}x{height}.png"
    return endpoints.PICTURE.at(kind=KINDS[kind], name=name)


def upload_picture(client: Client, target: Target, file: str | Path | bytes, *, what: str, referer: str) -> str | None:
    """Upload a picture of one's own, and give its new address; None if the site does not tell it.

    Args:
        client: with a login.
        target: where to.
        file: the name of a PNG, GIF, JPEG or BMP file, or its bytes.
        what: whose picture it is, for errors.
        referer: the path of the page that a browser would be on.

    Raises:
        InvalidArgument: it is no picture of these kinds; nothing was sent.
        Rejected: the site does not take it: "thumbnail-too-large" (above 524,288 bytes), "image-invalid".
    """
    data = file if isinstance(file, bytes) else Path(file).read_bytes()
    if not data.startswith(STARTS):
        raise InvalidArgument("a picture is a PNG, GIF, JPEG or BMP file; save yours as one of these first")
    answer = client.request(target, reply="json", what=what, body=multipart_body({"file": data}), referer=referer)
    return link(answer, "thumbnail_url")
