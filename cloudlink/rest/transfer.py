"""All assets of a project, several at a time, from the site and to it.

An interrupted transfer is continued by asking for it again: what has arrived is not fetched, or sent, once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Final

from cloudlink.errors import BadResponse, InvalidArgument, RateLimited, SiteUnavailable, SiteUnreachable
from cloudlink.rest.asset_folder import AssetFolder
from cloudlink.rest.assets import get_asset, has_asset, upload_asset
from cloudlink.rest.client import Client
from cloudlink.rest.parallel import in_parallel
from cloudlink.rest.project_files import is_asset

Progress = Callable[[int, int], None]
"""Told how many of the project's files are done, and how many there are: its project.json and its assets. It is
called in the caller's thread."""

MAX_BYTES: Final = 2_000_000_000
"""Most bytes of all assets of a project; no Scratch opens that much, but a forged project could fill the disk."""

SECOND_LOOKS: Final = (1.0, 4.0)
"""Seconds before an upload without a clear answer is looked after again."""


def no_progress(done: int, total: int) -> None:
    """Tell nobody."""


def fetch_assets(
    names: Sequence[str], folder: AssetFolder, *, client: Client, progress: Progress, workers: int
) -> None:
    """Bring assets into a folder, those that are not there yet.

    Args:
        names: the assets, each once.
        folder: where they go.
        client: how to reach the site.
        progress: told after each asset; the project.json is taken for done.
        workers: how many are fetched at a time.

    Raises:
        NotFound: the site does not have one.
        BadResponse: one came with other bytes, or they are more than 2 GB together.
    """
    lacking = [name for name in names if name not in folder]
    done, total = 1 + len(names) - len(lacking), 1 + len(names)
    progress(done, total)

    def fetch(name: str) -> int:
        data = get_asset(name, client=client)
        folder.put(name, data)
        return len(data)

    size = 0
    with closing(in_parallel(fetch, lacking, workers=workers)) as lengths:
        for length in lengths:
            done, size = done + 1, size + length
            if size > MAX_BYTES:
                raise BadResponse(f"the assets of the project have more than {MAX_BYTES:,} bytes")
            progress(done, total)


def send_assets(assets: Mapping[str, bytes], *, client: Client, progress: Progress, workers: int) -> None:
    """Upload assets, those that the site lacks.

    Args:
        assets: from "md5.extension" to the bytes, which are looked up when they are sent.
        client: with a login.
        progress: told after each asset; the project.json is taken for what remains.
        workers: how many are looked for, or sent, at a time.

    Raises:
        InvalidArgument: a name is none, or the bytes have another MD5.
        Rejected: the site does not take one.
    """
    total = 1 + len(assets)
    progress(0, total)

    def send(name: str) -> None:
        _ensure(name, assets, client)

    with closing(in_parallel(send, assets, workers=workers)) as sent:
        for done, _ in enumerate(sent, start=1):
            progress(done, total)


def _ensure(name: str, assets: Mapping[str, bytes], client: Client) -> None:
    """See to it that the site has an asset.

    An upload whose answer got lost may have arrived, and one that was put off can be sent again; so before each
    further attempt the site is asked what it has.
    """
    for seconds in (*SECOND_LOOKS, None):
        if has_asset(name, client=client):
            return
        data = assets[name]
        if not is_asset(name, data):
            raise InvalidArgument(f"the bytes of the asset {name} have another MD5 than its name says")
        try:
            upload_asset(data, name.partition(".")[2], client=client)
            return
        except (RateLimited, SiteUnavailable, SiteUnreachable):
            if seconds is None:
                raise
            client.wait(seconds)
