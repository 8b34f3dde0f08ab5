"""Connections to the cloud variables of a project: the threads around the pure line protocol.

           open, send the handshake                      stored values, sets of others
    caller -------------------------> [ transport ] ------------------------------------> reader thread
    set_var: one set per interval ---------^                                                |     |
                                           |          known values, listeners <-------------'     |
                                           '------- open again, after a growing wait <------------'
                                                               (lost, and not for good)

The constructor opens the first connection and raises if it cannot; from then on the reader thread holds it
open until `disconnect`, or until the server says something that another attempt would not change.
"""

from __future__ import annotations

import logging
import os
import random
import re
import threading
from types import TracebackType
from typing import Final, Self

from cloudlink.clock import system_clock
from cloudlink.errors import (
    CloudError,
    ConnectFailed,
    ConnectionLost,
    ConnectionRefused,
    InvalidArgument,
    NotConnected,
    ValueTooLong,
)
from cloudlink.javascript import plain_number
from cloudlink.limits import SCRATCH, TURBOWARP, Limits
from cloudlink.transport.address import SCRATCH_CLOUD, TURBOWARP_CLOUD, Address
from cloudlink.transport.backoff import Backoff
from cloudlink.transport.base import Connector, Transport
from cloudlink.transport.connection import (
    Connected,
    ConnectionEvent,
    Disconnected,
    Listener,
    VariableSet,
)
from cloudlink.transport.lines import (
    Handshake,
    SetVariable,
    close_code,
    decode,
    encode,
    strip_prefix,
)
from cloudlink.transport.websocket import websocket_connector

CONTACT_VARIABLE: Final = "CLOUDLINK_CONTACT"
"""The environment variable that stands in for `contact=`."""

MAX_KNOWN_VARIABLES: Final = 1024
"""Most values that are remembered; far above any platform's limit, it only bounds what a rogue server costs."""

_LOGGER = logging.getLogger(__name__)


class CloudConnection:
    """A connection to the cloud variables of a project on Scratch, or on a server that speaks as Scratch's.

    Args:
        project_id: the number in the project's address.
        username: the Scratch account.
        session_id: its login, the cookie `scratchsessionsid`. Needed for Scratch; no other server gets it.
        cloud_host: another server's address, such as "ws://127.0.0.1:9080".
        contact: how the server's operator reaches you, such as your profile page. Needed for any server but
            Scratch's and those on this machine; the environment variable CLOUDLINK_CONTACT serves as well.
        limits: what the platform allows.
        backoff: how long to wait between the attempts to connect again.
        connector: opens the websocket, for tests; the address, the login and the contact are its own affair.

    Raises:
        InvalidArgument: something needed is missing or cannot work; the message says what to do.
        ConnectFailed: the server did not answer (10 seconds for each step).
        ConnectionRefused: it answered that it does not want us.

    Listeners get every event that follows, but not the ones before they were added: values that came at once
    are in `get_all_vars`. `Connected` therefore always means: again.
    """

    def __init__(
        self,
        project_id: str | int,
        *,
        username: str,
        session_id: str | None = None,
        cloud_host: str | None = None,
        contact: str | None = None,
        limits: Limits | None = None,
        backoff: Backoff | None = None,
        connector: Connector | None = None,
    ) -> None:
        address = Address.parse(SCRATCH_CLOUD if cloud_host is None else cloud_host)
        self._handshake = Handshake(_required_text(username, "username"), _required_text(project_id, "project_id"))
        self._limits = SCRATCH if limits is None else limits
        self._backoff = Backoff() if backoff is None else backoff
        self._connector = (
            _connector(address, session_id=session_id, contact=contact) if connector is None else connector
        )
        # Scratch's close codes are unpublished, so none of them counts as final there.
        self._codes_are_known = not address.is_scratch
        self._url = address.url
        self._random = random.Random()  # jitter wants no seed
        self._known: dict[str, str] = {}
        self._listeners: tuple[Listener, ...] = ()
        self._rejected_lines = 0
        self._sending = threading.Lock()  # held while a set waits for its turn and goes out
        self._sent_at = -self._limits.set_interval
        self._state = threading.Condition()  # guards the fields below and _known, _listeners
        self._transport: Transport | None = None
        self._down_because = "not opened yet"
        self._stopping = threading.Event()
        self._stopped = False
        self._transport = self._open_first()
        self._reader = threading.Thread(
            target=self._run, args=(self._transport,), name=f"cloudlink-{self.project_id}", daemon=True
        )
        self._reader.start()

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} of {self.username!r} to project {self.project_id!r} at {self._url}, "
            f"{'connected' if self.connected else 'down'}>"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.disconnect()

    @property
    def username(self) -> str:
        """The name under which this connection sets variables."""
        return self._handshake.user

    @property
    def project_id(self) -> str:
        """The project whose variables these are."""
        return self._handshake.project_id

    @property
    def limits(self) -> Limits:
        """What the platform allows."""
        return self._limits

    @property
    def connected(self) -> bool:
        """Whether a set would go out now."""
        return self._transport is not None

    @property
    def rejected_lines(self) -> int:
        """How many lines from the server made no sense so far; they are skipped and logged."""
        return self._rejected_lines

    def wait_connected(self, timeout: float | None = None) -> bool:
        """Wait until the connection is open.

        Args:
            timeout: seconds; None waits without an end.

        Returns:
            Whether it is open. False comes at once when it is closed for good.
        """
        with self._state:
            self._state.wait_for(lambda: self.connected or self._stopped, timeout)
            return self.connected

    def set_var(self, name: str, value: str | int | float) -> None:
        """Set a cloud variable.

        Two sets are kept `limits.set_interval` apart, over all variables, because servers close the
        connections of faster senders: this call waits for its turn.

        Args:
            name: with or without the cloud sign.
            value: digits, with at most one sign in front and one dot. A number becomes its text.

        Raises:
            InvalidArgument: the value has characters that the cloud does not take, or is none at all.
            ValueTooLong: the value has more characters than a variable holds.
            NotConnected: the connection is down; the value was not set.
        """
        text = _cloud_text(value, limits=self._limits)
        message = encode(SetVariable(_required_text(name, "name"), text), sender=self._handshake)
        with self._sending:
            self._wait_for_turn()
            transport = self._transport
            if transport is None:
                raise NotConnected(f"{self._url}: the connection is down ({self._down_because})")
            transport.send(message)
            self._sent_at = system_clock()
        self._remember(strip_prefix(name), text)  # the server sends our own sets to the others only

    def get_var(self, name: str) -> str | None:
        """The last known value of a variable, as text; None if none is known. The cloud sign may be left out."""
        with self._state:
            return self._known.get(strip_prefix(name))

    def get_all_vars(self) -> dict[str, str]:
        """The last known values of all variables, by their names without the cloud sign."""
        with self._state:
            return dict(self._known)

    def add_listener(self, listener: Listener) -> None:
        """Call this with every event from now on, in order, from the reader thread.

        While it runs nothing else is received, so it should be quick. It may call `set_var` and `disconnect`.
        An exception in it is logged, and the next event comes all the same.
        """
        with self._state:
            self._listeners = (*self._listeners, listener)

    def remove_listener(self, listener: Listener) -> None:
        """Stop calling this; one that was never added is fine."""
        with self._state:
            self._listeners = tuple(known for known in self._listeners if known != listener)

    def disconnect(self) -> None:
        """Close the connection for good and wait for its thread to end. Again: does nothing."""
        self._stopping.set()
        transport = self._transport
        if transport is not None:
            transport.close()
        if threading.current_thread() is not self._reader:  # a listener may disconnect
            self._reader.join()

    def _open_first(self) -> Transport:
        try:
            return self._open()
        except ConnectionLost as error:
            if self._is_fatal(error.code):
                raise ConnectionRefused(str(error), code=error.code) from error
            raise ConnectFailed(f"{self._url} hung up at once: {error}") from error

    def _open(self) -> Transport:
        transport = self._connector()
        try:
            with self._sending:
                transport.send(encode(self._handshake, sender=self._handshake))
                self._sent_at = system_clock()  # servers count messages, so the first set keeps its distance too
        except BaseException:
            transport.close()
            raise
        return transport

    def _wait_for_turn(self) -> None:
        """Wait until the interval since the last set is over; a connection that is down is noticed at once."""
        while self._transport is not None and not self._stopping.is_set():
            wait = self._sent_at + self._limits.set_interval - system_clock()
            if wait <= 0:
                return
            self._stopping.wait(wait)

    def _run(self, transport: Transport) -> None:
        attempt = 0
        try:
            while True:
                opened_at = system_clock()
                loss = self._receive_until_lost(transport)
                transport.close()
                self._go_down(loss)
                if self._stopped:
                    return
                if system_clock() - opened_at >= self._backoff.stable:
                    attempt = 0
                reopened = self._reopen(attempt)
                if reopened is None:
                    return
                transport, attempt = reopened
                self._go_up(transport)
        finally:
            transport.close()
            self._end()

    def _receive_until_lost(self, transport: Transport) -> ConnectionLost:
        while True:
            try:
                message = transport.receive(None)
            except ConnectionLost as loss:
                return loss
            if message is not None:
                self._take(message, now=system_clock())

    def _reopen(self, attempt: int) -> tuple[Transport, int] | None:
        """Try until it works; the number of attempts so far comes along. None when we are to stop.

        A refusal with an HTTP status ends the first connection's attempt, but not this: what worked once with
        the same data will, once the server's front door is back in order, work again.
        """
        while not self._stopping.wait(self._backoff.delay(attempt, self._random)):
            attempt += 1
            try:
                transport = self._open()
            except CloudError as error:
                _LOGGER.info("%s: attempt %d to connect again: %s", self._url, attempt, error)
                continue
            return transport, attempt
        return None

    def _take(self, message: str, *, now: float) -> None:
        decoded = decode(message)
        if decoded.rejected:
            # Before it hangs up on a program, TurboWarp's server says why in plain words.
            self._rejected_lines += len(decoded.rejected)
            first = decoded.rejected[0]
            _LOGGER.warning(
                "%s sent %d lines that make no sense; the first is %s: %r",
                self._url,
                len(decoded.rejected),
                first.problem.value,
                first.excerpt,
            )
        for command in decoded.commands:
            if isinstance(command, SetVariable):
                name = strip_prefix(command.name)
                self._remember(name, command.value)
                self._tell(VariableSet(name, command.value, now))

    def _remember(self, name: str, value: str) -> None:
        with self._state:
            if name not in self._known and len(self._known) >= MAX_KNOWN_VARIABLES:
                del self._known[next(iter(self._known))]  # the one known longest
            self._known[name] = value

    def _tell(self, event: ConnectionEvent) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                _LOGGER.exception("a listener failed on %s", type(event).__name__)

    def _is_fatal(self, code: int | None) -> bool:
        return self._codes_are_known and close_code(code).fatal

    def _go_up(self, transport: Transport) -> None:
        with self._state:
            self._transport = transport
            self._state.notify_all()
        if self._stopping.is_set():  # disconnect came before it could see this transport
            transport.close()
        _LOGGER.info("%s: connected again", self._url)
        self._tell(Connected())

    def _go_down(self, loss: ConnectionLost) -> None:
        asked_for = self._stopping.is_set()
        final = asked_for or self._is_fatal(loss.code)
        reason = "disconnect was called" if asked_for else str(loss)
        with self._state:
            self._transport = None
            self._down_because = reason
            self._stopped = final
            self._state.notify_all()
        _LOGGER.log(logging.DEBUG if asked_for else logging.WARNING, "%s: %s", self._url, reason)
        self._tell(Disconnected(reason, None if asked_for else loss.code, will_retry=not final))

    def _end(self) -> None:
        """The thread ends; if the last event promised another attempt, take that back."""
        asked_for = self._stopping.is_set()
        reason = "disconnect was called" if asked_for else "the connection's thread failed; see its traceback"
        with self._state:
            if self._stopped:
                return
            self._stopped = True
            self._transport = None
            self._down_because = reason
            self._state.notify_all()
        self._tell(Disconnected(reason, None, will_retry=False))


class TwCloudConnection(CloudConnection):
    """A connection to the cloud variables of a project on TurboWarp, or on a server of that kind; no login.

    Args:
        project_id: the number of a Scratch project, or any text that tells yours from others.
        username: 1 to 20 of A-Z a-z 0-9 _ -; "player" and six random digits if left out.
        cloud_host: the server, such as "ws://127.0.0.1:9080".
        contact: how the server's operator reaches you, such as your profile page: TurboWarp asks for it. The
            environment variable CLOUDLINK_CONTACT serves as well, and servers on this machine need none.
        limits: what the platform allows.
        backoff: how long to wait between the attempts to connect again.
        connector: opens the websocket, for tests.

    Raises:
        InvalidArgument: something needed is missing or cannot work; the message says what to do.
        ConnectFailed: the server did not answer (10 seconds for each step).
        ConnectionRefused: it answered that it does not want us.
    """

    def __init__(
        self,
        project_id: str | int,
        *,
        username: str | None = None,
        cloud_host: str = TURBOWARP_CLOUD,
        contact: str | None = None,
        limits: Limits | None = None,
        backoff: Backoff | None = None,
        connector: Connector | None = None,
    ) -> None:
        if username is None:
            # The form TurboWarp's own clients use: it needs no look-up whether such an account exists.
            username = f"player{random.randrange(100_000, 1_000_000)}"
        elif not re.fullmatch(r"[A-Za-z0-9_-]{1,20}", username):
            raise InvalidArgument(f"username {username!r} is to be 1 to 20 characters of A-Z a-z 0-9 _ -")
        super().__init__(
            project_id,
            username=username,
            cloud_host=cloud_host,
            contact=contact,
            limits=TURBOWARP if limits is None else limits,
            backoff=backoff,
            connector=connector,
        )


def _required_text(value: str | int, argument: str) -> str:
    text = str(value)
    if not text or value is None:
        raise InvalidArgument(f"{argument} is missing")
    return text


def _connector(address: Address, *, session_id: str | None, contact: str | None) -> Connector:
    """The websocket to this address, once all that the server asks for is there."""
    contact = contact or os.environ.get(CONTACT_VARIABLE) or None
    if address.is_scratch and not session_id:
        raise InvalidArgument(
            "Scratch's cloud wants a login: pass session_id=, or use TwCloudConnection, which needs none"
        )
    if contact is None and not address.is_scratch and not address.is_loopback:
        raise InvalidArgument(
            f"{address.host} wants to know whom to ask about this program: pass contact=, such as your profile "
            f"page or mail address, or set the environment variable {CONTACT_VARIABLE}"
        )
    return websocket_connector(address, session_id=session_id, contact=contact)


# What every known server takes; TurboWarp's would take ".5", "5." and "" as well, Scratch's rule is unpublished.
_CLOUD_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def _cloud_text(value: str | int | float, *, limits: Limits) -> str:
    """The text of a value, once it is sure that the cloud takes it."""
    text = _number_text(value) if isinstance(value, int | float) else value
    if not isinstance(text, str):
        raise InvalidArgument(f"a cloud variable holds a number, not {type(value).__name__}")
    if len(text) > limits.value_length:
        raise ValueTooLong(
            f"the value has {len(text):,} characters, a variable holds {limits.value_length:,}: send less, "
            "or spread it over several variables",
            size=len(text),
            limit=limits.value_length,
        )
    if not _CLOUD_NUMBER.fullmatch(text):
        raise InvalidArgument(
            f"a cloud variable holds digits, with at most one - in front and one dot, not {text[:40]!r}; "
            "encode texts first"
        )
    return text


def _number_text(value: int | float) -> str:
    if isinstance(value, bool):
        raise InvalidArgument(f"a cloud variable holds a number, not {value}; use 1 and 0")
    try:
        return plain_number(value) if isinstance(value, float) else str(value)
    except ValueError as error:  # Python does not print numbers of more than 4,300 digits
        raise InvalidArgument(f"this number is too long to print; pass it as text ({error})") from error
