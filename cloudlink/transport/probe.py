"""A look at a cloud server from outside, to tell whose fault an outage is."""

from __future__ import annotations

import contextlib
import errno
import http.client
import socket
from typing import Final
from urllib.parse import urlsplit

from cloudlink.transport.address import Address
from cloudlink.transport.life import Cause

TIMEOUT: Final = 5.0
"""Seconds for each step."""

_NO_NETWORK: Final = frozenset([errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTUNREACH])


def probe(address: Address, *, user_agent: str, timeout: float = TIMEOUT) -> Cause:
    """Ask the server for its page /health; whatever it answers, even "not found", shows that it is up.

    GET {host}/health: clouddata.scratch.mit.edu has it (`scratch_api.md`, 16.2), and so has our local cloud. No
    login is shown.
    """
    parts = urlsplit(address.url)
    secure = parts.scheme == "wss"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    with contextlib.closing(kind(address.host, parts.port, timeout=timeout)) as connection:
        try:
            connection.request("GET", "/health", headers={"User-Agent": user_agent})
            return Cause.CLOUD if connection.getresponse().status < 500 else Cause.SERVER
        except socket.gaierror:
            return Cause.NETWORK
        except OSError as error:
            return Cause.NETWORK if error.errno in _NO_NETWORK else Cause.SERVER
        except http.client.HTTPException:  # it speaks, but not HTTP
            return Cause.SERVER
