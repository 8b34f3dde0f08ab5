from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cloudlink.localcloud import LocalCloud
from cloudlink.transport.address import Address
from cloudlink.transport.life import Cause
from cloudlink.transport.probe import probe


@contextmanager
def server_that_says(answer: bytes) -> Iterator[tuple[Address, list[bytes]]]:
    asked: list[bytes] = []

    def run() -> None:
        connection, _ = listener.accept()
        with connection:
            asked.append(connection.recv(4096))
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=run)
        thread.start()
        yield Address.parse(f"ws://127.0.0.1:{listener.getsockname()[1]}"), asked
        thread.join()


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", Cause.CLOUD),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Cause.CLOUD),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", Cause.SERVER),
        (b"220 mail.example ESMTP\r\n", Cause.SERVER),
        (b"", Cause.SERVER),
    ],
)
def test_what_the_server_answers_tells_whose_fault_it_is(answer: bytes, cause: Cause) -> None:
    with server_that_says(answer) as (address, asked):
        assert probe(address, user_agent="me") is cause
    assert asked[0].startswith(b"GET /health HTTP/1.1\r\n")
    assert b"User-Agent: me\r\n" in asked[0]
    assert b"ookie" not in asked[0]


def test_a_server_that_is_gone_or_silent_is_at_fault_itself() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address.parse(f"ws://127.0.0.1:{listener.getsockname()[1]}")
        assert probe(address, user_agent="me", timeout=0.05) is Cause.SERVER
    assert probe(address, user_agent="me") is Cause.SERVER


def test_a_name_that_is_not_found_is_the_networks_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_name(*arguments: object, **options: object) -> object:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    assert probe(Address.parse("ws://cloud.example"), user_agent="me") is Cause.NETWORK


def test_the_local_cloud_is_up() -> None:
    with LocalCloud() as cloud:
        assert probe(Address.parse(cloud.url), user_agent="me") is Cause.CLOUD
