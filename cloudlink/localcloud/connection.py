"""One client's socket: the websocket protocol of the `websockets` library, without its tasks.

The library's protocol object does the framing and knows the states; it neither reads nor waits. Here bytes go into it
as they arrive and the messages that come out are handled at once, in the same turn of the event loop. With the
library's own coroutine server each message would wake a task: for a server that does next to nothing with a message,
that is most of the work.

    accepted ---request---> open ---close frame from either side---> closing ---> lost
        '------ page, refusal or too late ------------------------------------------^
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, Protocol, cast

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import CONNECTING, OPEN
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from cloudlink.localcloud.pages import Page, PageRequest

MAX_NUISANCES: Final = 300
"""Most frames and lines a second of the kinds that cost work and bring nothing: fragments, pings, binary messages, and
lines against the rules. Beyond it the client is hung up on (1008). A set that is accepted never counts."""

_SLICE: Final = 1 << 14
"""Bytes that are taken in before the count of nuisances is looked at: 2,300 empty fragments, 20 ms of work."""

CLOSE_TIMEOUT: Final = 1.0
"""Seconds a client may take to answer a closing, or to hang up after its page was sent."""

# The library reports each lost client at levels of its own; what matters here is in the statistics.
_LIBRARY_LOGGER = logging.getLogger(f"{__name__}.websockets")
_LIBRARY_LOGGER.setLevel(logging.CRITICAL)

_LOGGER = logging.getLogger(__name__)


class Handler(Protocol):
    """What a connection tells its server."""

    def accepted(self, connection: Connection) -> bool:
        """A client has come; False: there is no place for it."""

    def requested(self, connection: Connection, request: PageRequest) -> Page | None:
        """It asks for something: the page it gets; None: it may open a websocket, if it asks for one."""

    def opened(self, connection: Connection, request: PageRequest) -> None:
        """The websocket is open."""

    def received(self, connection: Connection, message: str) -> None:
        """A text message came."""

    def overflowed(self, connection: Connection) -> None:
        """More waits to be sent than a client may leave unread."""

    def lost(self, connection: Connection) -> None:
        """It is over; the last that is heard of this connection."""


class Connection(asyncio.Protocol):
    """One client.

    Args:
        handler: is told what happens; all its methods are called from the event loop.
        max_message: longest message that is taken, in bytes; a longer one ends the connection (1009).
        max_unsent: most bytes that may wait to be sent.
        ping_interval: seconds between pings; a client that has not answered one when the next is due is gone.
        opening_timeout: seconds within which it has to ask for a websocket.
    """

    def __init__(
        self, handler: Handler, *, max_message: int, max_unsent: int, ping_interval: float, opening_timeout: float
    ) -> None:
        self._handler = handler
        self._loop = asyncio.get_running_loop()
        self._max_unsent = max_unsent
        self._ping_interval = ping_interval
        self._opening_timeout = opening_timeout
        self._protocol = ServerProtocol(
            max_size=max_message, select_subprotocol=_select_subprotocol, logger=_LIBRARY_LOGGER
        )
        self._transport: asyncio.Transport | None = None
        self._fragments = bytearray()
        self._fragments_are_text = False
        self._is_cut = False
        self._nuisances = 0
        self._awaits_pong = False
        self._ping_at = 0.0
        self._deadline: asyncio.TimerHandle | None = None
        self.accepted_at = self._loop.time()
        """When it came, seconds of the event loop's time."""
        self.gone = asyncio.Event()
        """Set when it is over."""

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's have its methods, but are no subclass
        self._transport.set_write_buffer_limits(high=self._max_unsent)
        if not self._handler.accepted(self):
            self.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes have come; the messages in them are handled at once."""
        for start in range(0, len(data), _SLICE):
            self._protocol.receive_data(data[start : start + _SLICE])
            for event in self._protocol.events_received():
                if self._is_cut:
                    return
                try:
                    if isinstance(event, Frame):
                        self._take(event)
                    else:
                        assert isinstance(event, Request)
                        self._answer(event)
                except Exception:
                    _LOGGER.exception("a message could not be handled")
                    self.close(1011)
            self._write_out()
            if self._nuisances > MAX_NUISANCES:
                self.close(1008, "too much that is of no use")
                return  # with what is left of the data

    def eof_received(self) -> bool:
        """The client sends no more; asyncio closes the transport."""
        self._protocol.receive_eof()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """It is over."""
        if self._deadline is not None:
            self._deadline.cancel()
        self.gone.set()
        self._handler.lost(self)

    def pause_writing(self) -> None:
        """More waits than `max_unsent`."""
        self._handler.overflowed(self)

    # What the server calls

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._protocol.state is OPEN and not self._is_cut

    @property
    def unsent(self) -> int:
        """How many bytes wait to be sent."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, frame: bytes) -> None:
        """Send a frame that `text_frame` made; never waits. On a connection that is not open it does nothing."""
        if self._protocol.state is OPEN and not self._is_cut:
            assert self._transport is not None
            self._transport.write(frame)

    def close(self, code: int, reason: str = "") -> None:
        """Start the closing, if the connection is open; it is cut if the client does not answer soon.

        Args:
            code: as it stands in the close frame.
            reason: at most 123 bytes of UTF-8 are sent.
        """
        if self.is_open:
            self._protocol.send_close(code, reason.encode()[:123].decode(errors="ignore"))
            self._write_out()

    def count_nuisance(self, times: int) -> None:
        """Something came that cost work and brought nothing, so many times."""
        self._nuisances += times

    def abort(self) -> None:
        """Cut the line without a goodbye."""
        self._is_cut = True
        if self._transport is not None:
            self._transport.abort()

    def keep_alive(self, *, now: float) -> None:
        """Send a ping when one is due; end what is half open: silent openings, and clients that answer no pings.

        To be called once a second: the nuisances are counted from one call to the next.
        """
        self._nuisances = 0
        if self._protocol.state is CONNECTING:
            if now - self.accepted_at >= self._opening_timeout:
                self.abort()
        elif self.is_open and now >= self._ping_at:
            if self._awaits_pong:
                self.abort()
                return
            self._ping_at = now + self._ping_interval
            self._awaits_pong = True
            self._protocol.send_ping(b"")
            self._write_out()

    def _answer(self, request: Request) -> None:
        if self._protocol.data_to_send():
            # Behind the request came, before any answer to it, what the library has an answer to: rubbish or a ping.
            self.abort()
            return
        asked = _page_request(request)
        page = self._handler.requested(self, asked)
        self._protocol.send_response(self._protocol.accept(request) if page is None else _response(page))
        self._write_out()
        if self.is_open:
            self._ping_at = self._loop.time() + self._ping_interval
            self._handler.opened(self, asked)

    def _take(self, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode is Opcode.TEXT and frame.fin:
            self._hand_on(frame.data)
            return
        self._nuisances += 1
        if opcode is Opcode.PONG:
            self._awaits_pong = False
        elif opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._take_fragment(frame)

    def _take_fragment(self, frame: Frame) -> None:
        """The library bounds the length of the whole and sees that the parts come in order."""
        if frame.opcode is not Opcode.CONT:
            self._fragments_are_text = frame.opcode is Opcode.TEXT
        if self._fragments_are_text:  # binary messages are ignored, as TurboWarp's server does
            self._fragments += frame.data
        if frame.fin:
            whole, self._fragments = self._fragments, bytearray()
            if self._fragments_are_text:
                self._hand_on(whole)

    def _hand_on(self, data: bytes | bytearray | memoryview) -> None:
        # Also behind a closing: what one packet brings after the message that broke a rule counts no more.
        if not self.is_open:
            return
        try:
            message = str(data, "utf-8")
        except UnicodeDecodeError:
            self.close(1007, "not UTF-8")
            return
        self._handler.received(self, message)

    def _write_out(self) -> None:
        """Send what the library wants to send, and see that a closing comes to its end."""
        assert self._transport is not None
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                self._transport.close()
        if self._deadline is None and self._protocol.close_expected():
            self._deadline = self._loop.call_later(CLOSE_TIMEOUT, self.abort)


def text_frame(message: bytes) -> bytes:
    """A message in UTF-8 as it goes on the wire: made once, sent to many."""
    return Frame(Opcode.TEXT, message).serialize(mask=False)


def _page_request(request: Request) -> PageRequest:
    headers: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in request.headers.raw_items():
        headers[name.lower()].append(value)
    path, _, query = request.path.partition("?")
    return PageRequest(request.method, path, query, dict(headers))


def _response(page: Page) -> Response:
    headers = Headers()
    headers["Content-Type"] = page.content_type
    headers["Content-Length"] = str(len(page.body))
    headers["Connection"] = "close"
    for name, value in page.headers:
        headers[name] = value
    return Response(page.status, HTTPStatus(page.status).phrase, headers, page.body)


def _select_subprotocol(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Take the login token that a newer Scratch client offers; a browser hangs up if nobody does."""
    return next((name for name in offered if name.startswith("bearer!")), None)
