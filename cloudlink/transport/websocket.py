"""A websocket to a cloud server: the only file that imports `websocket` (websocket-client).

    reader thread   receive -> select -> [ read one frame ] -> text, or keepalive, or ConnectionLost
    any thread      send    ----------> [ write one frame ]
    any thread      close   ----------> [ write a close frame ] -> shut the socket down, which wakes the reader

What stands in brackets happens under one lock, because OpenSSL does not allow a read and a write of one
connection at the same moment. A read therefore gives up after a short slice (half a frame is kept for the
next one), and the long waiting is done outside of the lock.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import re
import selectors
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn

import websocket

from cloudlink.clock import RealTime
from cloudlink.errors import CloudError, ConnectFailed, ConnectionLost, ConnectionRefused, InvalidArgument
from cloudlink.transport.address import Address
from cloudlink.transport.base import Connector
from cloudlink.transport.keepalive import Keepalive, Pulse
from cloudlink.transport.lines import close_code

SCRATCH_ORIGIN: Final = "https://scratch.mit.edu"
"""Scratch's server wants the page its own client runs on."""

CONNECT_TIMEOUT: Final = 10.0
"""Seconds for each step of connecting: TCP, TLS, HTTP."""

PING_INTERVAL: Final = 20.0
"""Seconds of silence before a ping. TurboWarp's server pings every 30 s itself, and many routers forget a silent
connection after 60 s."""

ANSWER_TIMEOUT: Final = 10.0
"""Seconds a server may take to answer a ping."""

LOOK_INTERVAL: Final = 5.0
"""Seconds after which a silent connection is looked at in any case: the computer may have slept."""

SEND_TIMEOUT: Final = 10.0
"""Seconds a message may wait for room in the socket's buffer: by then the peer reads no more."""

READ_SLICE: Final = 0.05
"""Seconds a read may hold the lock while the rest of a frame is under way."""

CLOSE_TIMEOUT: Final = 1.0
"""Seconds a closing thread waits for its turn to say goodbye."""

MAX_ANSWER_BYTES: Final = 1 << 18
"""Longest answer to the opening request that we take: a websocket server's has some hundred bytes, a web server's
page about an error some ten thousand."""

MAX_MESSAGE_BYTES: Final = 16 << 20
"""Longest message we take. All 128 variables of a TurboWarp room, 100,000 characters each, come in one."""

# A socket's own option rather than a default of the library's: a value must not wait for the acknowledgement
# of the one before (Nagle's algorithm, up to 40 ms).
_SOCKET_OPTIONS: Final = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]


class WebSocketTransport:
    """One open websocket; see `Transport` for what send, receive and close do.

    Args:
        address: the server.
        session_id: the Scratch login. It is sent to Scratch's own server over TLS and to nobody else, whatever
            the address.
        contact: how the server's operator reaches the author of this program: a page, an account, an address.
        connect_timeout: seconds for each step of connecting: TCP, TLS, HTTP.
        ping_interval: seconds of silence before a ping; its answer may take as long, but at most 10.

    Raises:
        ConnectFailed: the server did not answer, or not as a websocket server does.
        ConnectionRefused: it answered that it does not want us; `code` is the HTTP status.
        InvalidArgument: the session id or the contact has characters that cannot stand in an HTTP header.
    """

    def __init__(
        self,
        address: Address,
        *,
        session_id: str | None = None,
        contact: str | None = None,
        connect_timeout: float = CONNECT_TIMEOUT,
        ping_interval: float = PING_INTERVAL,
    ) -> None:
        self._url = address.url
        self._websocket = _BoundedWebSocket(sockopt=_SOCKET_OPTIONS, skip_utf8_validation=True)
        options = request_options(address, session_id=session_id, contact=contact)
        with _translated(_WHILE_CONNECTING, address.url):
            self._websocket.settimeout(connect_timeout)
            self._websocket.connect(address.url, **options)  # type: ignore[no-untyped-call]
            if self._websocket.getstatus() != 101:  # older versions take a redirect they do not follow for success
                self._websocket.shutdown()  # type: ignore[no-untyped-call]
                raise websocket.WebSocketException("it redirects to another place")
        self._socket = self._websocket.opened()
        self._websocket.settimeout(READ_SLICE)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._clock = RealTime()
        self._keepalive = Keepalive(ping_interval, answer=min(ping_interval, ANSWER_TIMEOUT), now=self._clock())
        self._lost: ConnectionLost | None = None
        self._frames = threading.Lock()  # held while a frame is read or written
        self._receiving = threading.Lock()  # held by `receive`; close waits for it before it frees the socket

    def __repr__(self) -> str:
        return f"<WebSocketTransport to {self._url}>"

    def send(self, text: str) -> None:
        """Send one text message.

        Raises:
            ConnectionLost: the connection is closed; this message may or may not have arrived.
        """
        self._write(websocket.ABNF.OPCODE_TEXT, text)

    def receive(self, timeout: float | None) -> str | None:
        """The next text message, or None when `timeout` seconds (None: forever) have passed without one.

        Raises:
            ConnectionLost: the connection is closed, with the server's code if it gave one.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._receiving:
            while True:
                # What has come is read before the pulse is judged: after a long pause of ours the answer
                # to our ping may lie in the buffer.
                if self._wait_readable(deadline):
                    text = self._read()
                    if text is not None:
                        return text
                else:
                    self._check_pulse()
                if deadline is not None and time.monotonic() >= deadline:
                    return None

    def close(self) -> None:
        """Close the connection and free what it holds; a `receive` that waits ends. Again: does nothing."""
        # A sender that is stuck holds the lock for SEND_TIMEOUT; the goodbye is not worth waiting for it.
        if self._frames.acquire(timeout=CLOSE_TIMEOUT):
            try:
                if self._lost is None:
                    self._websocket.send_close()
            finally:
                self._frames.release()
        if self._lost is None:
            self._lost = ConnectionLost("this side has closed the connection", reason="closed by us")
        self._shut_down()
        with self._receiving:
            self._selector.close()
            self._websocket.shutdown()  # type: ignore[no-untyped-call]
            self._socket.close()

    def _write(self, opcode: int, data: str | bytes) -> None:
        with self._frames:
            self._raise_if_lost()
            try:
                with _translated(_WHILE_OPEN, self._url):
                    self._websocket.settimeout(SEND_TIMEOUT)
                    self._websocket.send(data, opcode)
                    self._websocket.settimeout(READ_SLICE)
            except (ConnectionLost, _Incomplete) as error:
                # Half a message may be out, so nothing more can follow. The reader still gets what has
                # arrived, which may be the close frame that tells why, and then the end.
                self._shut_down()
                if isinstance(error, ConnectionLost):
                    raise
                raise ConnectionLost(
                    f"{self._url} has read nothing for {SEND_TIMEOUT:g} s", reason="the server does not read"
                ) from error

    def _wait_readable(self, deadline: float | None) -> bool:
        with self._frames:
            self._raise_if_lost()
            # TLS hands out whole records: the next frame may be in its buffer, out of the selector's sight.
            if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
                return True
        wait = min(self._keepalive.wakeup() - self._clock(), LOOK_INTERVAL)
        if deadline is not None:
            wait = min(wait, deadline - time.monotonic())
        return bool(self._selector.select(max(0.0, wait)))

    def _read(self) -> str | None:
        """The text of one frame; None for a frame that has none, or that is not complete yet."""
        with self._frames:
            self._raise_if_lost()
            try:
                with _translated(_WHILE_OPEN, self._url):
                    opcode, frame = self._websocket.recv_data_frame(control_frame=True)
                    self._keepalive.heard(now=self._clock())
                    if opcode == websocket.ABNF.OPCODE_CLOSE:
                        _raise_closed(frame.data)
                    # A binary frame means nothing in this protocol; TurboWarp's server ignores them too.
                    return str(frame.data, "utf-8") if opcode == websocket.ABNF.OPCODE_TEXT else None
            except _Incomplete:
                return None
            except ConnectionLost as loss:
                self._lost = loss
                raise

    def _check_pulse(self) -> None:
        pulse = self._keepalive.check(now=self._clock())
        if pulse is Pulse.PING:
            self._write(websocket.ABNF.OPCODE_PING, b"")
        elif pulse is Pulse.DEAD:
            with self._frames:
                self._lost = ConnectionLost("the server does not answer pings", reason="no answer to a ping")
                raise self._lost

    def _raise_if_lost(self) -> None:
        if self._lost is not None:
            # A new one each time: an exception collects the traceback of every raise.
            raise ConnectionLost(str(self._lost), code=self._lost.code, reason=self._lost.reason)

    def _shut_down(self) -> None:
        # Not SSLSocket.shutdown: it throws the TLS state away under the reader's feet.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def websocket_connector(
    address: Address,
    *,
    session_id: str | None = None,
    contact: str | None = None,
    connect_timeout: float = CONNECT_TIMEOUT,
    ping_interval: float = PING_INTERVAL,
) -> Connector:
    """A connector that opens a `WebSocketTransport` with these arguments each time it is called.

    Raises:
        InvalidArgument: the session id or the contact has characters that cannot stand in an HTTP header.
    """
    request_options(address, session_id=session_id, contact=contact)  # complain now, not when reconnecting

    def connect() -> WebSocketTransport:
        return WebSocketTransport(
            address,
            session_id=session_id,
            contact=contact,
            connect_timeout=connect_timeout,
            ping_interval=ping_interval,
        )

    return connect


def request_options(address: Address, *, session_id: str | None, contact: str | None) -> dict[str, Any]:
    """What the opening request says besides the address, as arguments for websocket-client. Pure.

    The session cookie and Scratch's origin are in it for Scratch's own server alone. Redirects are off, for
    they would carry both to another host.

    Raises:
        InvalidArgument: the session id or the contact has characters that cannot stand in an HTTP header.
    """
    options: dict[str, Any] = {"header": [f"User-Agent: {user_agent(contact)}"], "redirect_limit": 0}
    quoted = None if session_id is None else _cookie_value(session_id)
    if not address.is_scratch:
        return {**options, "suppress_origin": True}  # the library would make one up, as if we were a page
    return {**options, "origin": SCRATCH_ORIGIN, "cookie": f"scratchsessionsid={quoted}" if quoted else None}


def user_agent(contact: str | None) -> str:
    """Who we are, and whom to ask: TurboWarp's rules for programs want both.

    Raises:
        InvalidArgument: the contact has characters that cannot stand in an HTTP header.
    """
    name = f"cloudlink-scratch/{importlib.metadata.version('cloudlink-scratch')}"
    if contact is None:
        return name
    if not re.fullmatch(r"[ -'*-~]{1,200}", contact):
        raise InvalidArgument(
            f"contact {contact!r} cannot stand in an HTTP header: give 1 to 200 ASCII characters without ( or )"
        )
    return f"{name} (contact: {contact})"


def _cookie_value(session_id: str) -> str:
    bare = session_id.strip('"')  # the browser shows the cookie's value with its quotes
    if not re.fullmatch(r"[!#-+\--:<-\[\]-~]{1,4096}", bare):  # RFC 6265, cookie-octet
        # Without the value: an error's text ends up in logs and in questions on forums.
        raise InvalidArgument(
            f"this session id of {len(bare)} characters cannot be one: copy the value of the cookie "
            "scratchsessionsid from your browser"
        )
    return f'"{bare}"'


class _BoundedWebSocket(websocket.WebSocket):
    """The library's websocket, with three gaps closed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._message_bytes = 0

    def __setattr__(self, name: str, value: Any) -> None:
        # The library connects and reads the answer in one go; here the socket can be taken hold of between the two.
        if name == "sock" and isinstance(value, socket.socket) and not self.connected:
            value = _AnswerSocket(value)
        super().__setattr__(name, value)

    def opened(self) -> socket.socket:
        """The socket, once the server has answered, without the bounds of that answer."""
        assert isinstance(self.sock, _AnswerSocket)
        bare = self.sock.bare
        self.sock = bare
        return bare

    def _recv(self, bufsize: int) -> bytes:
        # The library knows no longest message; without one, a rogue server fills the memory.
        data: bytes = super()._recv(bufsize)  # type: ignore[no-untyped-call]
        self._message_bytes += len(data)
        if self._message_bytes > MAX_MESSAGE_BYTES:
            raise websocket.WebSocketPayloadException(f"a message has more than {MAX_MESSAGE_BYTES:,} bytes")
        return data

    def recv_data_frame(self, control_frame: bool = False) -> tuple[int, Any]:
        opcode, frame = super().recv_data_frame(control_frame)
        self._message_bytes = 0
        return opcode, frame

    def send_close(self, *arguments: Any, **options: Any) -> None:
        # It answers the server's close frame with this. The server may be gone by then, and the reason
        # it gave must not be lost with it.
        with contextlib.suppress(OSError, websocket.WebSocketException):
            super().send_close(*arguments, **options)


class _AnswerSocket:
    """A socket while the server answers the opening request, which is to have an end, and to come in time.

    The library bounds only the wait for each byte, and reads headers and the page of an error as long as they come.
    """

    def __init__(self, bare: socket.socket) -> None:
        self.bare = bare
        self._room = MAX_ANSWER_BYTES
        timeout = bare.gettimeout()
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bare, name)

    def recv(self, size: int) -> bytes:
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.bare.settimeout(left)
        data = self.bare.recv(size)
        self._room -= len(data)
        if self._room < 0:
            raise websocket.WebSocketException(f"its answer has more than {MAX_ANSWER_BYTES:,} bytes")
        return data


class _Incomplete(Exception):
    """The rest of a frame is under way; nothing is wrong."""


def _raise_closed(payload: bytes) -> NoReturn:
    code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
    reason = payload[2:].decode("utf-8", "replace")
    said = f', saying "{reason}"' if reason else ""
    raise ConnectionLost(
        f"the server closed the connection: {code}, {close_code(code).meaning}{said}", code=code, reason=reason
    )


def _refused(error: Any, place: str) -> CloudError:
    """An HTTP status instead of a websocket: a 4xx is meant for us, but for those that say "later"."""
    status = error.status_code
    text = f"{place} answered with HTTP status {status} instead of a websocket"
    if status is not None and 400 <= status < 500 and status not in (408, 425, 429):
        return ConnectionRefused(f"{text}; check the address, the login and the contact data", code=status)
    return ConnectFailed(f"{text}; try again later")


_Table = tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Any, str], Exception]], ...]

# The one place where foreign exceptions become ours; the first row that fits counts.
_WHILE_CONNECTING: Final[_Table] = (
    (websocket.WebSocketBadStatusException, _refused),
    (
        (websocket.WebSocketTimeoutException, TimeoutError),
        lambda error, place: ConnectFailed(f"{place} did not answer in time"),
    ),
    (
        (websocket.WebSocketAddressException, socket.gaierror),
        lambda error, place: ConnectFailed(f"the name in {place} is not found; check it, and the network"),
    ),
    (
        ssl.SSLCertVerificationError,
        lambda error, place: ConnectFailed(f"{place} has no valid certificate: {error.verify_message}"),
    ),
    (
        # What the library makes of a rogue's answer has no bounds: http.cookies.CookieError, ValueError, IndexError ...
        Exception,
        lambda error, place: ConnectFailed(f"{place} cannot be reached: {error}"),
    ),
)
_WHILE_OPEN: Final[_Table] = (
    (
        websocket.WebSocketTimeoutException,
        lambda error, place: _Incomplete(),
    ),
    (
        (websocket.WebSocketProtocolException, websocket.WebSocketPayloadException, UnicodeDecodeError),
        lambda error, place: ConnectionLost(
            f"{place} sent what no websocket server sends: {error}", reason="a broken websocket frame"
        ),
    ),
    (
        (websocket.WebSocketException, OSError),
        lambda error, place: ConnectionLost(f"the connection to {place} broke: {error}", reason=str(error)),
    ),
)


@contextlib.contextmanager
def _translated(table: _Table, place: str) -> Iterator[None]:
    cause: Exception
    try:
        yield
        return
    except Exception as error:
        for kinds, translate in table:
            if isinstance(error, kinds):
                failure, cause = translate(error, place), error
                break
        else:
            raise
    # Raised out here, so that nothing hangs on it but what we say. What the server answered stays out: its headers
    # hold cookies, and its page may repeat ours.
    raise failure from None if isinstance(cause, websocket.WebSocketBadStatusException) else cause
