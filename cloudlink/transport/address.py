"""Where a cloud server is, and what a host may be told: the home of the rule that guards the session cookie."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cloudlink.errors import InvalidArgument

SCRATCH_CLOUD: Final = "wss://clouddata.scratch.mit.edu"
"""Scratch's own server: scratch-www's build setting CLOUDDATA_HOST."""

TURBOWARP_CLOUD: Final = "wss://clouddata.turbowarp.org"
"""TurboWarp's public server, for its website and for packaged projects."""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a cloud server, in one canonical spelling.

    Attributes:
        url: scheme, host, port if it is not the scheme's own, and path if there is one.
        host: the bare name or number.
    """

    url: str
    host: str

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read a websocket URL.

        Raises:
            InvalidArgument: it is not one, or has a part that a cloud server's address has no use for.
        """
        # Checked before the parser sees it: it drops tabs and newlines, and readers differ on backslashes.
        if not isinstance(url, str) or re.search(r"[^!-~]|\\", url):
            raise InvalidArgument(f"{url!r} is no address of a cloud server: it is to be printable ASCII")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise InvalidArgument(f"{url!r} is no address of a cloud server: {error}") from error
        if parts.scheme not in ("ws", "wss") or not host:
            raise InvalidArgument(f'{url!r} is no address of a cloud server: write "wss://host" or "ws://host"')
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise InvalidArgument(f"{url!r} has a user, a query or a fragment; leave them out")
        place = f"[{host}]" if ":" in host else host
        if port is not None and port != {"ws": 80, "wss": 443}[parts.scheme]:
            place += f":{port}"
        return cls(f"{parts.scheme}://{place}{parts.path.rstrip('/')}", host)

    @property
    def is_scratch(self) -> bool:
        """Whether this is Scratch's server, over TLS: one exact text, so that nothing merely looks like it."""
        return self.url == SCRATCH_CLOUD

    @property
    def is_loopback(self) -> bool:
        """Whether this is our own machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
