"""The pictures and sounds of projects: the site keeps each under the MD5 of its bytes, for all projects together."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from cloudlink.errors import BadResponse, InvalidArgument, RateLimited, SiteUnavailable
from cloudlink.rest import endpoints
from cloudlink.rest.client import Body, Client, default_client
from cloudlink.rest.failures import failure
from cloudlink.rest.fields import text
from cloudlink.rest.project_files import is_asset

NOT_IMPLEMENTED: Final = 501
"""What a server answers to a method that it does not know."""


def get_asset(name: str, *, client: Client | None = None) -> bytes:
    """A picture or a sound of a project.

    GET assets.scratch.mit.edu/{md5}.{extension}; no login. VERIFIED.

    Args:
        name: its MD5 and extension, as in `md5ext` of a project.json.
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: this is no such name.
        NotFound: the site does not have it.
        BadResponse: the bytes that came have another MD5.
    """
    client = default_client() if client is None else client
    _check_name(name)
    data = client.request(endpoints.ASSET.at(md5ext=name), reply="bytes", what=f"asset {name}")
    if not is_asset(name, data):
        raise BadResponse(f"the asset {name} came with other bytes, {len(data):,} of them; try again")
    return data


def has_asset(name: str, *, client: Client | None = None) -> bool:
    """Whether the site is known to have a picture or a sound; False as well if it does not tell.

    HEAD assets.scratch.mit.edu/{md5}.{extension}; no login. REPORTED: what HTTP promises for each address that
    answers GET, but no client was seen to use it. Anything but a yes is taken for a no.

    Args:
        name: as for `get_asset`.
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: this is no such name.
        RateLimited, SiteUnavailable, SiteUnreachable: the site cannot tell now.
    """
    client = default_client() if client is None else client
    _check_name(name)
    request, reply = client.exchange(endpoints.ASSET_CHECK.at(md5ext=name))
    problem = failure(request, reply, what=f"asset {name}", retry_after=client.retry_after(reply))
    if isinstance(problem, RateLimited | SiteUnavailable) and reply.status != NOT_IMPLEMENTED:
        raise problem
    return reply.status == 200


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[0-9a-f]{32}\.[A-Za-z0-9]{1,5}", name):
        raise InvalidArgument(f"an asset's name is 32 hex digits, a dot and an extension, not {name!r}")


def upload_asset(data: bytes, extension: str, *, client: Client) -> str:
    """Upload a picture or a sound, so that a project may name it.

    POST assets.scratch.mit.edu/{md5}.{extension}; login. VERIFIED.

    Args:
        data: the bytes, at most about 10 MB.
        extension: "svg", "png", "jpg", "gif", "bmp", "wav" or "mp3".
        client: with a login.

    Returns:
        Its name, for `md5ext` in the project.json.

    Raises:
        InvalidArgument: that is no extension; nothing was sent.
        Rejected: it is too big (status 413).
    """
    if not re.fullmatch(r"[a-z0-9]{1,5}", extension):
        raise InvalidArgument(f"an extension is like 'svg', without the dot, not {extension!r}")
    name = f"{hashlib.md5(data, usedforsecurity=False).hexdigest()}.{extension}"
    body = Body(data, "application/octet-stream")
    answer = client.request(endpoints.ASSET_UPLOAD.at(md5ext=name), reply="json", what=f"asset {name}", body=body)
    check_saved(answer, of=f"asset {name}")
    return name


def check_saved(answer: Any, *, of: str) -> None:
    """Raise BadResponse unless the answer says that an asset or a project was saved."""
    if text(answer, "status") != "ok":
        raise BadResponse(f"{of}: the site did not say that it was saved; look before you try again")
