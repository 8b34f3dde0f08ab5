"""The guard that keeps these tests on this machine does guard."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import Any

import pytest

from cloudlink.rest.client import Client
from cloudlink.rest.endpoints import Hosts
from cloudlink.rest.retry import Retry
from cloudlink.rest.users import get_user

SOMEWHERE = "192.0.2.1"  # an address for documentation, which is nowhere


def test_the_client_cannot_reach_the_real_site_from_here(loopback_only: Any) -> None:
    with pytest.raises(AssertionError, match=r"api\.scratch\.mit\.edu: only this machine"):
        get_user("griffpatch", client=Client(retry=Retry(attempts=1)))
    with pytest.raises(AssertionError, match=SOMEWHERE):
        get_user("griffpatch", client=Client(hosts=Hosts(api=f"http://{SOMEWHERE}"), retry=Retry(attempts=1)))
    assert loopback_only.refused == ["api.scratch.mit.edu", SOMEWHERE]
    loopback_only.refused.clear()


def test_no_socket_reaches_beyond_this_machine(loopback_only: Any) -> None:
    with closing(socket.socket()) as stream, pytest.raises(AssertionError):
        stream.connect((SOMEWHERE, 80))
    with closing(socket.socket(type=socket.SOCK_DGRAM)) as datagrams, pytest.raises(AssertionError):
        datagrams.sendto(b"", (SOMEWHERE, 53))
    assert loopback_only.refused == [SOMEWHERE, SOMEWHERE]
    loopback_only.refused.clear()


def test_this_machine_is_allowed() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        socket.create_connection(server.getsockname()).close()
