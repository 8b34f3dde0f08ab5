"""The transport over `requests`, against a real server on this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cloudlink.errors import BadResponse, SiteUnreachable
from cloudlink.rest import http
from cloudlink.rest.http import Request, RequestsTransport


class Handler(BaseHTTPRequestHandler):
    """Answers with what it was sent."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.path.startswith("/cut"):
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")
            return
        if self.path.startswith("/nonsense"):
            self.close_connection = True
            self.wfile.write(b"\x00\x01\x02\r\n\r\n")
            return
        sent = f"{self.command} {self.path}\n{self.headers}\n".encode() + body
        self.send_response(302 if self.path.startswith("/redirect") else 200)
        self.send_header("Set-Cookie", "a=1; expires=Thu, 18 Nov 2027 00:00:00 GMT; Path=/")
        self.send_header("Set-Cookie", 'scratchsessionsid="x"; Path=/')
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def transport() -> Iterator[RequestsTransport]:
    transport = RequestsTransport()
    yield transport
    transport.close()


def test_a_request_arrives_as_it_was_given(transport: RequestsTransport, address: str) -> None:
    request = Request("PUT", f"{address}/a%2Fb?c=%20d", {"X-Token": "t", "Cookie": 's="x"'}, b"\xffbody", 5)
    reply = transport(request)
    text = reply.body.decode("latin-1")
    assert reply.status == 200
    assert text.startswith("PUT /a%2Fb?c=%20d\n")
    assert "X-Token: t" in text
    assert 'Cookie: s="x"' in text
    assert text.endswith("\xffbody")


def test_each_cookie_comes_apart_and_none_is_kept(transport: RequestsTransport, address: str) -> None:
    first = transport(Request("GET", f"{address}/", timeout=5))
    assert first.cookies == ("a=1; expires=Thu, 18 Nov 2027 00:00:00 GMT; Path=/", 'scratchsessionsid="x"; Path=/')
    assert b"Cookie" not in transport(Request("GET", f"{address}/", timeout=5)).body


def test_redirects_are_not_followed(transport: RequestsTransport, address: str) -> None:
    reply = transport(Request("GET", f"{address}/redirect", timeout=5))
    assert (reply.status, reply.headers["location"]) == (302, "/elsewhere")


def test_no_password_is_looked_for(
    transport: RequestsTransport, address: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert b"Authorization" not in transport(Request("GET", f"{address}/", timeout=5)).body


@pytest.mark.parametrize("path", ["/cut", "/nonsense"])
def test_a_broken_answer_is_ours_and_shows_no_secret(transport: RequestsTransport, address: str, path: str) -> None:
    with pytest.raises(SiteUnreachable) as caught:
        transport(Request("POST", f"{address}{path}?token=s3cret", {"X-Token": "s3cret"}, b"s3cret", 5))
    assert caught.value.sent
    assert "look before you do it again" in str(caught.value)
    check_no_secret(caught.value)


def test_nobody_there_is_ours(transport: RequestsTransport) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SiteUnreachable, match="is the network up") as caught:
        transport(Request("GET", f"http://127.0.0.1:{port}/?token=s3cret", {"Cookie": "s3cret"}, timeout=5))
    check_no_secret(caught.value)


def test_a_change_that_reached_nobody_did_not_happen(transport: RequestsTransport) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SiteUnreachable, match="is the network up") as caught:
        transport(Request("POST", f"http://127.0.0.1:{port}/", body=b"x", timeout=5))
    assert not caught.value.sent
    assert "look before you do it again" not in str(caught.value)


def test_a_silent_server_does_not_hold_us(transport: RequestsTransport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(SiteUnreachable, match=r"no answer in 0\.2 s"):
            transport(Request("GET", f"http://127.0.0.1:{port}/", timeout=0.2))


@pytest.mark.parametrize("url", ["http://", "nonsense", "ftp://127.0.0.1/", "http://[::1"])
def test_an_address_that_is_none_is_ours(transport: RequestsTransport, url: str) -> None:
    with pytest.raises(SiteUnreachable):
        transport(Request("GET", url, timeout=1))


def test_an_answer_without_end_is_cut(
    transport: RequestsTransport, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_REPLY", 10)
    with pytest.raises(BadResponse, match="more than 10 bytes"):
        transport(Request("GET", f"{address}/", timeout=5))


def check_no_secret(error: BaseException) -> None:
    assert "s3cret" not in f"{error!r}{error.__dict__}"
    assert error.__cause__ is None
    assert error.__context__ is None, "the library's error holds the request with its secrets"
