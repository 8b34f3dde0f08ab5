"""No test of the REST client reaches beyond this machine; a client of the site that a test has, and who is on it."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from local_site import client_at

from cloudlink.rest.client import Client
from cloudlink.rest.session import Session
from cloudlink.testing import LocalSite


@dataclass
class LoopbackOnly:
    """Refuses every address that is not on this machine, while it is on.

    It hears of connections, datagrams and looked-up names from the interpreter itself, so no library can go past it.

    Attributes:
        refused: the hosts that somebody tried to reach.
    """

    on: bool = False
    refused: list[str] = field(default_factory=list)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on or event not in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"):
            return
        address = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
        host = address[0] if isinstance(address, tuple) else address
        if isinstance(host, str) and isinstance(address, tuple | str) and not on_this_machine(host):
            self.refused.append(host)
            raise AssertionError(f"a test wants to reach {host}: only this machine is allowed")


def on_this_machine(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


GUARD = LoopbackOnly()
sys.addaudithook(GUARD)


@pytest.fixture(autouse=True)
def loopback_only() -> Iterator[LoopbackOnly]:
    """Forbids every socket to anywhere but this machine, also where somebody would swallow the error."""
    GUARD.refused.clear()
    GUARD.on = True
    yield GUARD
    GUARD.on = False
    assert GUARD.refused == []


@pytest.fixture
def client(site: LocalSite) -> Iterator[Client]:
    with client_at(site) as client:
        yield client


@pytest.fixture
def otter(site: LocalSite, client: Client) -> Session:
    return Session(site.log_in("otter"), client=client)


@pytest.fixture
def fox(site: LocalSite, client: Client) -> Session:
    return Session(site.log_in("fox"), client=client)
