"""The login of Scratch reaches Scratch's cloud over TLS and nothing else, and shows nowhere.

The whole way is real: a name that leads to this machine, TLS with a certificate that is checked, a websocket.
"""

from __future__ import annotations

import copy
import logging
import pickle
import shutil
import socket
import ssl
import subprocess
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from patience import until
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from cloudlink.connection import CloudConnection
from cloudlink.errors import ConnectFailed, ConnectionRefused
from cloudlink.events import CloudEvents
from cloudlink.transport.backoff import Backoff

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program for a certificate")

SECRET = ".eJxVj0FugzAQRe:1abcd:SeCrEt-_"
SCRATCH = "clouddata.scratch.mit.edu"
QUICK = Backoff(first=0.02, longest=0.1)

Answer = Callable[[ServerConnection, Request], Response | None]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for Scratch's name and for a stranger's, with its key, that only these tests trust."""
    folder = tmp_path_factory.mktemp("tls")
    both = folder / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    names = f"subjectAltName=DNS:{SCRATCH},DNS:{SCRATCH}.evil.example,DNS:clouddata.turbowarp.org"
    files = ["-addext", names, "-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(command + files, check=True, capture_output=True)
    both.write_text((folder / "certificate.pem").read_text() + (folder / "key.pem").read_text())
    return both


@contextmanager
def tls_server(certificate: Path, answer: Answer | None = None) -> Iterator[tuple[int, list[Request]]]:
    """A websocket server; its port, and the requests that it got."""
    requests: list[Request] = []

    def note(connection: ServerConnection, request: Request) -> Response | None:
        requests.append(request)
        return None if answer is None else answer(connection, request)

    def talk(connection: ServerConnection) -> None:
        for _ in connection:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    silent = logging.getLogger("the server's own log, which tells what it is sent")
    silent.setLevel(logging.CRITICAL)
    with serve(talk, "127.0.0.1", 0, ssl=context, process_request=note, close_timeout=1, logger=silent) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.socket.getsockname()[1], requests
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch, certificate: Path) -> dict[str, int]:
    """Where each host name leads to on this machine, by its port; every other name is not found."""
    ports: dict[str, int] = {}
    look_up = socket.getaddrinfo

    def lead_here(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        if host == "127.0.0.1":
            return look_up(host, port, *arguments, **options)
        if host not in ports:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", ports[host]))]

    monkeypatch.setattr(socket, "getaddrinfo", lead_here)
    monkeypatch.setenv("WEBSOCKET_CLIENT_CA_BUNDLE", str(certificate))
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(proxy, raising=False)
    return ports


def everything_said(request: Request) -> str:
    return request.path + "\n".join(f"{name}: {value}" for name, value in request.headers.raw_items())


def test_scratch_gets_the_login_on_every_connection(certificate: Path, names: dict[str, int]) -> None:
    with tls_server(certificate) as (port, requests):
        names[SCRATCH] = port
        with CloudConnection(77, username="bob", session_id=SECRET, backoff=QUICK) as connection:
            transport = connection._transport
            assert transport is not None
            transport._socket.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]
            until(lambda: len(requests) == 2)
            assert connection.wait_connected(5)
    for request in requests:
        assert request.headers["Cookie"] == f'scratchsessionsid="{SECRET}"'
        assert request.headers["Origin"] == "https://scratch.mit.edu"


@pytest.mark.parametrize("host", ["clouddata.turbowarp.org", f"{SCRATCH}.evil.example"])
def test_no_other_host_gets_it(certificate: Path, names: dict[str, int], host: str) -> None:
    with tls_server(certificate) as (port, requests):
        names[host] = port
        with CloudConnection(77, username="bob", session_id=SECRET, cloud_host=f"wss://{host}", contact="me"):
            pass
    assert len(requests) == 1
    assert SECRET not in everything_said(requests[0])
    assert "Cookie" not in requests[0].headers


def test_scratch_by_another_port_or_without_tls_does_not_get_it(certificate: Path, names: dict[str, int]) -> None:
    with tls_server(certificate) as (port, requests):
        names[SCRATCH] = port
        with CloudConnection(77, username="bob", session_id=SECRET, cloud_host=f"wss://{SCRATCH}:8443", contact="me"):
            pass
    assert "Cookie" not in requests[0].headers
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        names[SCRATCH] = listener.getsockname()[1]

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(65536))

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ConnectFailed):
            CloudConnection(77, username="bob", session_id=SECRET, cloud_host=f"ws://{SCRATCH}", contact="me")
        thread.join()
    assert heard[0].startswith(b"GET / HTTP/1.1")
    assert SECRET.encode() not in heard[0]


def test_somebody_in_scratchs_place_without_its_certificate_does_not_get_it(
    certificate: Path, names: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEBSOCKET_CLIENT_CA_BUNDLE")
    with tls_server(certificate) as (port, requests):
        names[SCRATCH] = port
        with pytest.raises(ConnectFailed, match="certificate"):
            CloudConnection(77, username="bob", session_id=SECRET)
    assert requests == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_by_scratch_itself_takes_it_nowhere(certificate: Path, names: dict[str, int], status: int) -> None:
    def redirect(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(status, "elsewhere")  # type: ignore[arg-type]
        response.headers["Location"] = f"wss://{SCRATCH}.evil.example/"
        return response

    with tls_server(certificate) as (evil_port, stolen), tls_server(certificate, redirect) as (port, _):
        names.update({SCRATCH: port, f"{SCRATCH}.evil.example": evil_port})
        with pytest.raises(ConnectFailed):
            CloudConnection(77, username="bob", session_id=SECRET)
    assert stolen == []


def test_it_shows_in_no_log_repr_error_or_pickle(
    certificate: Path, names: dict[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(403, "no: " + request.headers["Cookie"])  # type: ignore[arg-type]

    said: list[str] = []
    with tls_server(certificate, refuse) as (port, _):
        names[SCRATCH] = port
        with pytest.raises(ConnectionRefused) as refused:
            CloudConnection(77, username="bob", session_id=SECRET)
        said += [repr(refused.value), str(refused.value), "".join(traceback.format_exception(refused.value))]
    with tls_server(certificate) as (port, _):
        names[SCRATCH] = port
        with CloudConnection(77, username="bob", session_id=SECRET, backoff=QUICK) as connection:
            transport = connection._transport
            said += [repr(connection), str(connection.status), repr(transport), repr(vars(connection))]
            said += [repr(CloudEvents(connection))]
            for keep in (pickle.dumps, copy.copy, copy.deepcopy):
                with pytest.raises(TypeError) as kept:
                    keep(connection)
                said.append(str(kept.value))
    said.append(caplog.text)
    for text in said:
        assert SECRET not in text
