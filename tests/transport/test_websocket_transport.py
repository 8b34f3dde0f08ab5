from __future__ import annotations

import base64
import contextlib
import hashlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from cloudlink.errors import ConnectFailed, ConnectionLost, ConnectionRefused, InvalidArgument
from cloudlink.transport import websocket as module
from cloudlink.transport.address import SCRATCH_CLOUD, TURBOWARP_CLOUD, Address
from cloudlink.transport.websocket import (
    WebSocketTransport,
    request_options,
    user_agent,
    websocket_connector,
)

SECRET = ".eJxVj0FugzAQRe:1abcd:SeCrEt-_"


@contextlib.contextmanager
def websocket_server(
    handler: Callable[[ServerConnection], None], context: ssl.SSLContext | None = None, **options: Any
) -> Iterator[Address]:
    def quiet(connection: ServerConnection) -> None:
        with contextlib.suppress(Exception):
            handler(connection)

    server: Server = serve(quiet, "127.0.0.1", 0, compression=None, close_timeout=1, ssl=context, **options)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        port = server.socket.getsockname()[1]
        yield Address.parse(f"{'wss' if context else 'ws'}://127.0.0.1:{port}")
    finally:
        server.shutdown()
        thread.join()
        server.socket.close()


@contextlib.contextmanager
def raw_server(
    answer: bytes | None, *, requests: list[bytes], more: bytes = b"", every: float = 0, times: int = 0
) -> Iterator[Address]:
    """A server that gives every request the same answer, or none (None) while the test runs.

    It goes on with `more` after each `every` seconds, as many times as it says.
    """
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(1)
                    requests.append(connection.recv(65536))
                    if answer is None:
                        stop.wait(5)
                    else:
                        connection.sendall(answer)
                    for _ in range(times):
                        stop.wait(every)
                        connection.sendall(more)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield Address.parse(f"ws://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            stop.set()
            thread.join()


def echo(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(message)


def test_messages_go_both_ways_and_need_not_be_json() -> None:
    with websocket_server(echo) as address:
        transport = WebSocketTransport(address)
        for text in ("hello", "☁ \U0001f600", "x" * 300_000):
            transport.send(text)
            assert transport.receive(5) == text
        transport.close()


def test_receive_gives_none_after_its_timeout() -> None:
    with websocket_server(echo) as address:
        transport = WebSocketTransport(address)
        begun = time.monotonic()
        assert transport.receive(0) is None
        assert transport.receive(0.1) is None
        assert time.monotonic() - begun >= 0.1
        transport.close()


def test_binary_frames_and_pings_are_no_messages() -> None:
    def handler(connection: ServerConnection) -> None:
        connection.send(b"bytes")
        assert connection.ping().wait(5)
        connection.send("text")
        connection.recv()

    with websocket_server(handler) as address:
        transport = WebSocketTransport(address)
        assert transport.receive(5) == "text"
        transport.close()


def test_a_message_in_pieces_is_put_together() -> None:
    def handler(connection: ServerConnection) -> None:
        connection.send(iter(["one ", "two ", "three"]))
        connection.recv()

    with websocket_server(handler) as address:
        transport = WebSocketTransport(address)
        assert transport.receive(5) == "one two three"
        transport.close()


def test_a_frame_that_comes_slowly_is_put_together() -> None:
    def handler(connection: ServerConnection) -> None:
        frame = b"\x81\x05hello"
        for byte in frame:
            connection.socket.sendall(bytes([byte]))
            time.sleep(0.02 if byte != frame[3] else module.READ_SLICE * 3)
        connection.recv()

    with websocket_server(handler) as address:
        transport = WebSocketTransport(address)
        assert transport.receive(5) == "hello"
        transport.close()


@pytest.mark.parametrize("code", [1000, 1001, 4000, 4002, 4006])
def test_a_lost_connection_carries_the_servers_code(code: int) -> None:
    def handler(connection: ServerConnection) -> None:
        connection.send("last words")
        connection.close(code, "because")

    with websocket_server(handler) as address:
        transport = WebSocketTransport(address)
        assert transport.receive(5) == "last words"
        for _ in range(2):  # and it stays lost
            with pytest.raises(ConnectionLost) as lost:
                transport.receive(5)
            assert (lost.value.code, lost.value.reason) == (code, "because")
        with pytest.raises(ConnectionLost, match=str(code)):
            transport.send("too late")
        transport.close()


def test_a_connection_that_breaks_has_no_code() -> None:
    def handler(connection: ServerConnection) -> None:
        connection.socket.shutdown(socket.SHUT_RDWR)

    with websocket_server(handler) as address:
        transport = WebSocketTransport(address)
        with pytest.raises(ConnectionLost) as lost:
            transport.receive(5)
        assert lost.value.code is None
        transport.close()


@pytest.mark.parametrize("frame", [b"\x8f\x00", b"\x81\x01\xff", b"\x80\x00", b"\xf1\x00"])
def test_rubbish_from_the_server_is_a_lost_connection(frame: bytes) -> None:
    def handler(connection: ServerConnection) -> None:
        connection.socket.sendall(frame)
        connection.recv()

    with websocket_server(handler) as address:
        transport = WebSocketTransport(address)
        with pytest.raises(ConnectionLost):
            transport.receive(5)
        transport.close()


def test_a_message_without_end_is_a_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MESSAGE_BYTES", 10_000)

    def handler(connection: ServerConnection) -> None:
        connection.send("x" * 9_000)
        connection.send("y" * 9_000)
        connection.send("z" * 20_000)
        connection.recv()

    with websocket_server(handler) as address:
        transport = WebSocketTransport(address)
        assert transport.receive(5) == "x" * 9_000
        assert transport.receive(5) == "y" * 9_000
        with pytest.raises(ConnectionLost, match="10,000 bytes"):
            transport.receive(5)
        transport.close()


def test_close_wakes_a_receive_that_waits_and_may_be_called_again() -> None:
    codes: list[int | None] = []

    def handler(connection: ServerConnection) -> None:
        with contextlib.suppress(Exception):
            connection.recv()
        codes.append(connection.protocol.close_code)

    with websocket_server(handler) as address:
        transport = WebSocketTransport(address)
        outcome: list[object] = []

        def wait() -> None:
            try:
                outcome.append(transport.receive(None))
            except ConnectionLost as error:
                outcome.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.05)
        transport.close()
        transport.close()
        thread.join(10)
        assert not thread.is_alive()
        assert isinstance(outcome[0], ConnectionLost)
        with pytest.raises(ConnectionLost):
            transport.send("x")
        with pytest.raises(ConnectionLost):
            transport.receive(0)
    assert codes == [1000]


def never_read(connection: ServerConnection) -> None:
    connection.socket.settimeout(None)
    connection.recv_events_thread.join(10)  # it reads until the buffer of unread messages is full, then no more


def test_a_server_that_does_not_read_is_a_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEND_TIMEOUT", 0.2)
    with websocket_server(never_read) as address:
        transport = WebSocketTransport(address)
        with pytest.raises(ConnectionLost, match="has read nothing"):
            send_without_end(transport)
        with pytest.raises(ConnectionLost):
            transport.receive(5)
        transport.close()


def test_close_does_not_wait_for_a_stuck_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSE_TIMEOUT", 0.1)
    with websocket_server(never_read) as address:
        transport = WebSocketTransport(address)
        outcome: list[Exception] = []

        def stick() -> None:
            try:
                send_without_end(transport)
            except ConnectionLost as error:
                outcome.append(error)

        thread = threading.Thread(target=stick)
        thread.start()
        time.sleep(0.5)
        begun = time.monotonic()
        transport.close()
        thread.join(5)
        assert time.monotonic() - begun < 2
        assert len(outcome) == 1
        with pytest.raises(ConnectionLost):
            transport.receive(0)


def send_without_end(transport: WebSocketTransport) -> None:
    for _ in range(10_000):
        transport.send("x" * 100_000)


def test_two_threads_may_send_and_receive_at_once() -> None:
    _exchange_in_two_threads(None)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program for a certificate")
def test_two_threads_may_send_and_receive_at_once_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    extension = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command + extension, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with websocket_server(echo, context) as address, pytest.raises(ConnectFailed, match="certificate"):
        WebSocketTransport(address)
    monkeypatch.setenv("WEBSOCKET_CLIENT_CA_BUNDLE", str(certificate))
    _exchange_in_two_threads(context)


def _exchange_in_two_threads(context: ssl.SSLContext | None) -> None:
    count = 500
    with websocket_server(echo, context) as address:
        transport = WebSocketTransport(address)
        received: list[str | None] = []
        thread = threading.Thread(target=lambda: received.extend(transport.receive(10) for _ in range(count)))
        thread.start()
        for number in range(count):
            transport.send(f"{number} " + "x" * (number * 37 % 3000))
        thread.join(20)
        transport.close()
    assert [text and int(text.split()[0]) for text in received] == list(range(count))


def test_a_silent_server_is_asked_and_then_given_up() -> None:
    pings = threading.Event()

    def handler(connection: ServerConnection) -> None:
        raw = connection.socket.dup()  # no longer read by the library: nothing will answer
        connection.socket.shutdown(socket.SHUT_RD)
        pings.wait(5)
        raw.close()

    with websocket_server(handler) as address:
        transport = WebSocketTransport(address, ping_interval=0.1)
        begun = time.monotonic()
        with pytest.raises(ConnectionLost) as lost:
            transport.receive(5)
        assert time.monotonic() - begun < 2
        assert lost.value.code is None
        pings.set()
        transport.close()


class Asleep:
    """A clock that a test puts forward, as a sleep of the computer does."""

    slept = 0.0

    def __call__(self) -> float:
        return time.monotonic() + Asleep.slept


@contextlib.contextmanager
def mute_server() -> Iterator[tuple[Address, list[bytes]]]:
    """A server that opens a websocket and says nothing more, as one whose network is gone; what it is sent."""
    heard: list[bytes] = []

    def run() -> None:
        connection, _ = listener.accept()
        with connection:
            key = connection.recv(65536).split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            connection.sendall(upgrade + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            with contextlib.suppress(OSError):
                while data := connection.recv(65536):
                    heard.append(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=run)
        thread.start()
        yield Address.parse(f"ws://127.0.0.1:{listener.getsockname()[1]}"), heard
        thread.join()


def test_after_a_sleep_of_the_computer_the_server_is_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RealTime", Asleep)
    monkeypatch.setattr(module, "LOOK_INTERVAL", 0.05)
    monkeypatch.setattr(Asleep, "slept", 0.0)
    with mute_server() as (address, heard):
        transport = WebSocketTransport(address)
        assert transport.receive(0.2) is None
        assert heard == []
        monkeypatch.setattr(Asleep, "slept", 3600.0)
        assert transport.receive(0.3) is None  # the ping goes out, and its answer has ten seconds
        assert heard[0][0] == 0x89
        monkeypatch.setattr(Asleep, "slept", 3611.0)
        with pytest.raises(ConnectionLost, match="does not answer pings"):
            transport.receive(5)
        transport.close()


def test_a_sleep_that_the_connection_survived_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RealTime", Asleep)
    monkeypatch.setattr(module, "LOOK_INTERVAL", 0.05)
    monkeypatch.setattr(Asleep, "slept", 0.0)
    with websocket_server(echo) as address:
        transport = WebSocketTransport(address)
        for hours in range(1, 4):
            monkeypatch.setattr(Asleep, "slept", 3600.0 * hours)
            assert transport.receive(0.2) is None
        transport.send("still here")
        assert transport.receive(5) == "still here"
        transport.close()


def test_a_server_that_answers_pings_is_kept() -> None:
    with websocket_server(echo) as address:
        transport = WebSocketTransport(address, ping_interval=0.05)
        assert transport.receive(0.4) is None
        transport.send("still here")
        assert transport.receive(5) == "still here"
        transport.close()


def test_nobody_listening_is_a_failed_attempt() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = Address.parse(f"ws://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(ConnectFailed, match="cannot be reached"):
            WebSocketTransport(address)


def test_a_server_that_says_nothing_is_a_failed_attempt() -> None:
    with raw_server(None, requests=[]) as address, pytest.raises(ConnectFailed, match="in time"):
        WebSocketTransport(address, connect_timeout=0.1)


@pytest.mark.parametrize(
    ("answer", "more"),
    [
        (b"HTTP/1.1 101 Switching Protocols\r\n", b"X-A: " + b"a" * 1000 + b"\r\n"),
        (b"HTTP/1.1 101 Switching Protocols\r\n", b"a" * 1000),
        (b"HTTP/1.1 101 ", b"a" * 1000),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 1000000000000000\r\n\r\n", b"a" * 1000),
    ],
)
def test_an_answer_without_end_is_a_failed_attempt(answer: bytes, more: bytes) -> None:
    with (
        raw_server(answer, requests=[], more=more, times=1000) as address,
        pytest.raises(ConnectFailed, match="its answer has more than 262,144 bytes"),
    ):
        WebSocketTransport(address)


def test_an_answer_that_comes_too_slowly_is_a_failed_attempt() -> None:
    switching = b"HTTP/1.1 101 Switching Protocols\r\n"
    with (
        raw_server(switching, requests=[], more=b"X: y\r\n", every=0.05, times=200) as address,
        pytest.raises(ConnectFailed, match="did not answer in time"),
    ):
        WebSocketTransport(address, connect_timeout=0.5)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", ConnectionRefused),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", ConnectionRefused),
        (b"HTTP/1.1 429 Too Many Requests\r\n\r\n", ConnectFailed),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", ConnectFailed),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", ConnectFailed),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", ConnectFailed),
        (b"SSH-2.0-OpenSSH_9.6\r\n", ConnectFailed),
        (b"\xff\xfe\r\n\r\n", ConnectFailed),
        (b"\r\n\r\n", ConnectFailed),
        (b"", ConnectFailed),
    ],
)
def test_any_other_answer_is_told_as_our_own_error(answer: bytes, expected: type[Exception]) -> None:
    with raw_server(answer, requests=[]) as address, pytest.raises(expected) as error:
        WebSocketTransport(address)
    if isinstance(error.value, ConnectionRefused):
        assert str(error.value.code) in answer.decode()


def test_a_cookie_that_is_none_is_told_as_our_own_error() -> None:
    def add_cookie(connection: ServerConnection, request: Request, response: Response) -> None:
        response.headers["Set-Cookie"] = "a,b=c"

    with (
        websocket_server(echo, process_response=add_cookie) as address,
        pytest.raises(ConnectFailed, match="cannot be reached: Illegal key"),
    ):
        WebSocketTransport(address)


def test_a_redirect_is_not_followed() -> None:
    requests: list[bytes] = []
    with raw_server(b"", requests=requests) as other:
        answer = f"HTTP/1.1 302 Found\r\nLocation: {other.url}/\r\n\r\n".encode()
        with raw_server(answer, requests=[]) as address, pytest.raises(ConnectFailed):
            WebSocketTransport(address, session_id=SECRET)
    assert requests == []


def test_scratch_gets_the_session_and_its_own_origin() -> None:
    for session_id in (SECRET, f'"{SECRET}"'):
        options = request_options(Address.parse(SCRATCH_CLOUD), session_id=session_id, contact=None)
        assert options["cookie"] == f'scratchsessionsid="{SECRET}"'
        assert options["origin"] == "https://scratch.mit.edu"
        assert options["redirect_limit"] == 0


hosts = st.sampled_from(["scratch.mit.edu", "clouddata.scratch.mit.edu", "turbowarp.org", "127.0.0.1", "evil.example"])
urls = st.builds(
    lambda scheme, host, suffix, port, path: f"{scheme}://{host}{suffix}{port}{path}",
    st.sampled_from(["ws", "wss"]),
    hosts,
    st.sampled_from(["", ".", ".evil.example"]),
    st.sampled_from(["", ":80", ":443", ":8080"]),
    st.sampled_from(["", "/", "/clouddata.scratch.mit.edu"]),
)


@given(urls)
def test_no_other_host_gets_the_session(url: str) -> None:
    options = request_options(Address.parse(url), session_id=SECRET, contact="me")
    told = SECRET in repr(options)
    assert told == (url in {SCRATCH_CLOUD, SCRATCH_CLOUD + "/", SCRATCH_CLOUD + ":443", SCRATCH_CLOUD + ":443/"})
    assert told == ("scratch.mit.edu" in str(options.get("origin")))


def test_what_another_host_is_really_sent_has_no_cookie_and_no_origin() -> None:
    requests: list[bytes] = []
    with raw_server(b"", requests=requests) as address, pytest.raises(ConnectFailed) as error:
        websocket_connector(address, session_id=SECRET, contact="https://example.com/me")()
    head = requests[0].decode()
    assert SECRET not in head
    assert "cookie" not in head.lower()
    assert "origin" not in head.lower()
    assert f"User-Agent: {user_agent('https://example.com/me')}\r\n" in head
    assert SECRET not in repr(error.value)


def test_the_user_agent_names_library_version_and_contact() -> None:
    assert user_agent("me@example.com").startswith("cloudlink-scratch/")
    assert user_agent("me@example.com").endswith(" (contact: me@example.com)")
    assert "(" not in user_agent(None)


@pytest.mark.parametrize("contact", ["", "two\r\nlines", "é", "x" * 201, "a)b"])
def test_a_contact_that_is_no_header_text_is_refused(contact: str) -> None:
    with pytest.raises(InvalidArgument, match="contact"):
        websocket_connector(Address.parse(TURBOWARP_CLOUD), contact=contact)


@pytest.mark.parametrize("session_id", ["", "a;b", "a b", "a\r\nb", "ä", 'a"b', "a,b", "a\\b"])
def test_a_session_id_that_is_no_cookie_is_refused_without_showing_it(session_id: str) -> None:
    with pytest.raises(InvalidArgument, match=f"{len(session_id)} characters") as error:
        websocket_connector(Address.parse(SCRATCH_CLOUD), session_id=session_id)
    assert not session_id or session_id not in str(error.value)
