"""Connections to the cloud variables of a project: the threads around the pure line protocol.

           open, send the handshake                      stored values, sets of others
    caller -------------------------> [ transport ] ------------------------------------> reader thread
    set_var: one set per interval ---------^                                                |     |
       |                                   |          known values, listeners <-------------'     |
       |  (down, and `when_down` says so)  '------- open again, after a growing wait <------------'
       '----> [ backlog ] ---> backlog thread                  (lost, and not for good)

The constructor opens the first connection and raises if it cannot; from then on the reader thread holds it
open until `disconnect`, or until the server says something that another attempt would not change. What is decided,
and when, is in pure parts: `life` (states, attempts), `turns` (who sends next), `backlog` and `inbox`.
"""

from __future__ import annotations

import logging
import os
import random
import re
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Final, NoReturn, Self, TypeAlias

from cloudlink.clock import RealTime, system_clock
from cloudlink.errors import (
    CloudError,
    ConnectFailed,
    ConnectionLost,
    ConnectionRefused,
    InvalidArgument,
    NotConnected,
)
from cloudlink.limits import SCRATCH, TURBOWARP, Limits
from cloudlink.transport.address import SCRATCH_CLOUD, TURBOWARP_CLOUD, Address
from cloudlink.transport.backlog import Backlog, WhenDown
from cloudlink.transport.backoff import Backoff
from cloudlink.transport.base import Connector, Transport
from cloudlink.transport.cloud_text import cloud_text
from cloudlink.transport.connection import Connected, ConnectionEvent, Disconnected, Listener, Outage
from cloudlink.transport.inbox import Inbox
from cloudlink.transport.life import Cause, Life, State, Status
from cloudlink.transport.lines import Handshake, SetVariable, close_code, encode, strip_prefix
from cloudlink.transport.probe import probe
from cloudlink.transport.turns import Priority, Turns
from cloudlink.transport.websocket import user_agent, websocket_connector

CONTACT_VARIABLE: Final = "CLOUDLINK_CONTACT"
"""The environment variable that stands in for `contact=`."""

OUTAGE_AFTER: Final = 60.0
"""Seconds. A server's restart takes less, and a program that reacts to an outage should not react to those."""

LOOK_INTERVAL: Final = 5.0
"""Seconds after which a wait for the next attempt looks at the clock: the computer may have slept."""

HealthProbe: TypeAlias = Callable[[], Cause]
"""Looks at the server during an outage; `cloudlink.transport.probe.probe` is one."""

_ASKED_FOR: Final = "disconnect was called"

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
        when_down: what becomes of a set while the connection is down: FAIL, LATEST or EVERY, or their words.
        burst: how many sets may go out at once after a silence; the average stays that of the limits. Players see
            only the last value of a variable that changes twice within a frame.
        outage_after: seconds that the connection is down before `status` speaks of an outage.
        backoff: how long to wait between the attempts to connect again.
        connector: opens the websocket, for tests; the address, the login and the contact are its own affair.
        health_probe: looks at the server during an outage; by default it is asked for its page /health.

    Raises:
        InvalidArgument: something needed is missing or cannot work; the message says what to do.
        ConnectFailed: the server did not answer (10 seconds for each step).
        ConnectionRefused: it answered that it does not want us.

    Listeners get every event that follows, but not the ones before they were added, save that it is over: values that
    came at once are in `get_all_vars`. `Connected` therefore always means: again.
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
        when_down: WhenDown | str = WhenDown.FAIL,
        burst: int = 1,
        outage_after: float = OUTAGE_AFTER,
        backoff: Backoff | None = None,
        connector: Connector | None = None,
        health_probe: HealthProbe | None = None,
    ) -> None:
        address = Address.parse(SCRATCH_CLOUD if cloud_host is None else cloud_host)
        self._handshake = Handshake(_required_text(username, "username"), _required_text(project_id, "project_id"))
        self._limits = SCRATCH if limits is None else limits
        self._when_down = _policy(when_down)
        contact = contact or os.environ.get(CONTACT_VARIABLE) or None
        self._connector = (
            _connector(address, session_id=session_id, contact=contact) if connector is None else connector
        )
        self._probe = partial(probe, address, user_agent=user_agent(contact)) if health_probe is None else health_probe
        self._is_scratch = address.is_scratch
        self._url = address.url
        self._clock = RealTime()  # for the life: a sleep of the computer counts
        self._life = Life(
            Backoff() if backoff is None else backoff,
            outage_after=outage_after,
            random_source=random.Random(),  # jitter wants no seed
            now=self._clock(),
        )
        self._turns = Turns(self._limits.set_interval, burst=burst, now=system_clock())
        self._backlog = Backlog(self._when_down)
        self._inbox = Inbox()
        self._listeners: tuple[Listener, ...] = ()
        self._ended: Disconnected | None = None  # the last event, once it was told
        self._rejected_lines = 0
        # Guards all that is above and _transport; told of every change that somebody may wait for. It is not held
        # while anything is sent or a listener runs.
        self._changed = threading.Condition()
        self._transport: Transport | None = None
        self._stopping = threading.Event()
        self._transport = self._open_first()
        self._reader = threading.Thread(
            target=self._run, args=(self._transport,), name=f"cloudlink-{self.project_id}", daemon=True
        )
        self._threads = [self._reader]
        if self._when_down is not WhenDown.FAIL:
            name = f"cloudlink-{self.project_id}-backlog"
            self._threads.append(threading.Thread(target=self._send_backlog, name=name, daemon=True))
        for thread in self._threads:
            thread.start()

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} of {self.username!r} to project {self.project_id!r} at {self._url}, "
            f"{self.status.state.value}>"
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError("a connection is not pickled: it is open, and may show a login; open a new one instead")

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
    def has_log(self) -> bool:
        """Whether anybody can read on the Scratch site who has set what."""
        return self._is_scratch

    @property
    def limits(self) -> Limits:
        """What the platform allows."""
        return self._limits

    @property
    def connected(self) -> bool:
        """Whether a set would go out now."""
        return self._transport is not None

    @property
    def status(self) -> Status:
        """How the connection is, since when, and why; during an outage also whose fault it seems to be."""
        return self._life.status

    @property
    def waiting(self) -> int:
        """How many sets wait for the connection to come back."""
        return len(self._backlog)

    @property
    def rejected_lines(self) -> int:
        """How many lines from the server made no sense so far; they are skipped and logged."""
        return self._rejected_lines

    def wait_connected(self, timeout: float | None = None) -> bool:
        """Wait until the connection is open.

        Args:
            timeout: seconds; None waits without an end.

        Returns:
            Whether it is open. False comes at once when it is closed for good, and in a listener: while one
            runs, nothing changes.
        """
        with self._changed:
            self._wait_for(lambda: self.connected or self.status.state.final, timeout)
            return self.connected

    def set_var(
        self, name: str, value: str | int | float, *, priority: Priority = Priority.NORMAL, keep: bool = True
    ) -> None:
        """Set a cloud variable.

        Two sets are kept `limits.set_interval` apart, over all variables, because servers close the
        connections of faster senders: this call waits for its turn.

        Args:
            name: with or without the cloud sign.
            value: digits, with at most one sign in front and one dot. A number becomes its text.
            priority: how it queues up with sets from other threads.
            keep: whether the set may wait for the connection, where `when_down` says so. False for what is of no use
                later: then this raises, as with FAIL.

        Raises:
            InvalidArgument: the value has characters that the cloud does not take, or is none at all.
            ValueTooLong: the value has more characters than a variable holds.
            NotConnected: the connection is down and the value was not set; a `ConnectionLost`: it broke on the way, and
                the value may have been set. With `when_down` LATEST or EVERY the set waits instead, and this is raised
                only when the connection is down for good or 1,000 sets wait.
        """
        text = cloud_text(value, limits=self._limits)
        name = strip_prefix(_required_text(name, "name"))
        # A set must not overtake an older one of the same variable.
        if keep and self._backlog_takes(name, text, only_behind_others=True):
            return
        try:
            self._send(name, text, priority)
        except NotConnected:
            # One that broke on its way may have arrived: then it is set twice, which changes nothing.
            if not (keep and self._backlog_takes(name, text)):
                raise

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until no set waits for the connection to come back.

        Args:
            timeout: seconds; None waits without an end.

        Returns:
            Whether all are out. False comes at once when the connection is closed for good, and in a listener: while
            one runs, no lost connection comes back.
        """
        with self._changed:
            self._wait_for(lambda: not self._backlog or self.status.state.final, timeout)
            return not self._backlog

    def get_var(self, name: str) -> str | None:
        """The last known value of a variable, as text; None if none is known. The cloud sign may be left out.

        Right after the connection was opened this waits for the stored values, a second at most.
        """
        name = strip_prefix(name)
        if name not in self._inbox.known:
            self.wait_values()
        with self._changed:
            return self._inbox.known.get(name)

    def get_all_vars(self) -> dict[str, str]:
        """The last known values of all variables, by their names without the cloud sign; waits as `get_var`."""
        self.wait_values()
        with self._changed:
            return dict(self._inbox.known)

    def wait_values(self) -> None:
        """Wait until the stored values have come after connecting: a second at most, for there may be none."""
        with self._changed:
            due = self._inbox.stored_values_due(now=system_clock())
            self._wait_for(lambda: not self._inbox.stored_values_due(now=system_clock()), due)

    def _wait_for(self, condition: Callable[[], bool], timeout: float | None) -> None:
        """Wait for something that the reader thread brings, for so many seconds; with the lock."""
        if threading.current_thread() is not self._reader:  # else a listener asks, and it cannot come while it waits
            self._changed.wait_for(condition, None if timeout is None else min(timeout, threading.TIMEOUT_MAX))

    def add_listener(self, listener: Listener) -> None:
        """Call this with every event from now on, in order, from the reader thread.

        While it runs nothing else is received, so it should be quick. It may call `set_var` and `disconnect`.
        An exception in it is logged, and the next event comes all the same. A connection that is closed for good tells
        that at once, in the caller's thread.
        """
        with self._changed:
            self._listeners = (*self._listeners, listener)
            ended = self._ended
        if ended is not None:
            _call(listener, ended)

    def remove_listener(self, listener: Listener) -> None:
        """Stop calling this; one that was never added is fine."""
        with self._changed:
            self._listeners = tuple(known for known in self._listeners if known != listener)

    def disconnect(self) -> None:
        """Close the connection for good and wait for its threads to end. Again: does nothing.

        Sets that wait for the connection to come back are dropped; `flush` first to have them out.
        """
        self._stopping.set()
        with self._changed:
            transport = self._transport
            self._changed.notify_all()
        if transport is not None:
            transport.close()
        for thread in self._threads:
            if threading.current_thread() is not thread:  # a listener may disconnect
                thread.join()

    # Sending

    def _send(self, name: str, text: str, priority: Priority) -> None:
        """Send one set when its turn has come."""
        message = encode(SetVariable(name, text), sender=self._handshake)
        transport = self._take_turn(priority)
        try:
            transport.send(message)
        finally:
            with self._changed:
                self._turns.end(now=system_clock())
                self._changed.notify_all()
        with self._changed:
            self._inbox.sent(name, text)  # the server sends our own sets to the others only

    def _take_turn(self, priority: Priority) -> Transport:
        """Wait until it is our turn; a connection that is down is noticed at once."""
        with self._changed:
            ticket = self._turns.join(priority, now=system_clock())
            try:
                while True:
                    transport = self._transport
                    if transport is None or self._stopping.is_set():
                        raise NotConnected(f"{self._url}: the connection is down ({self.status.reason})")
                    wait = self._turns.wait(ticket, now=system_clock())
                    if wait == 0:
                        self._turns.begin(ticket)
                        return transport
                    self._changed.wait(wait)
            finally:
                self._turns.leave(ticket)
                self._changed.notify_all()

    def _backlog_takes(self, name: str, text: str, *, only_behind_others: bool = False) -> bool:
        """Whether the set waits from now on for the connection to come back."""
        with self._changed:
            if self._when_down is WhenDown.FAIL or self._stopping.is_set() or self.status.state.final:
                return False
            if only_behind_others and not self._backlog.holds(name):
                return False
            if not self._backlog.put(name, text):
                raise NotConnected(f"{self._url}: the connection is down, and {len(self._backlog):,} sets wait already")
            self._changed.notify_all()
            return True

    def _send_backlog(self) -> None:
        """The backlog's thread: sends what waits, whenever the connection is there."""
        failed: Transport | None = None  # the reader has yet to notice that this one is gone
        while True:
            with self._changed:
                self._changed.wait_for(partial(self._backlog_wakes, failed))
                waiting, transport = self._backlog.first(), self._transport
                if waiting is None or self._stopping.is_set() or self.status.state.final:
                    return
            try:
                self._send(waiting.name, waiting.value, Priority.NORMAL)
            except NotConnected:
                failed = transport
                continue
            with self._changed:
                self._backlog.done(waiting)
                self._changed.notify_all()

    def _backlog_wakes(self, failed: Transport | None) -> bool:
        """Whether the backlog's thread has something to do, or is to end."""
        if self._stopping.is_set() or self.status.state.final:
            return True
        return bool(self._backlog) and self._transport not in (None, failed)

    # Opening

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
            transport.send(encode(self._handshake, sender=self._handshake))
        except BaseException:
            transport.close()
            raise
        with self._changed:
            now = system_clock()
            self._turns.spend(now=now)  # servers count messages, so the first set keeps its distance too
            self._inbox.opened(now=now)
        return transport

    # The reader thread

    def _run(self, transport: Transport) -> None:
        try:
            while True:
                loss = self._receive_until_lost(transport)
                transport.close()
                self._go_down(loss)
                reopened = self._reopen()
                if reopened is None:
                    return
                transport = reopened
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
                self._take(message)

    def _reopen(self) -> Transport | None:
        """Try until it works. None when we are to stop.

        A refusal with an HTTP status ends the first connection's attempt, but not this: what worked once with
        the same data will, once the server's front door is back in order, work again.
        """
        while (due := self._life.next_attempt()) is not None and not self._stopping.is_set():
            now = self._clock()
            if self._life.check(now=now):
                self._report_outage()
            if now < due:
                wakeup = self._life.wakeup()
                assert wakeup is not None
                self._stopping.wait(min(max(0.0, wakeup - now), LOOK_INTERVAL))
                continue
            try:
                return self._open()
            except CloudError as error:
                self._life.failed(str(error), now=self._clock())
                _LOGGER.info("%s: attempt %d to connect again: %s", self._url, self.status.attempts, error)
                if self.status.state is State.OUTAGE:
                    self._diagnose()
        return None

    def _report_outage(self) -> None:
        self._diagnose()
        status = self.status
        seen = f": {status.cause.value}" if status.cause else ""
        _LOGGER.warning("%s: an outage%s; the last attempt: %s", self._url, seen, status.reason)
        self._tell(Outage(status.reason, status.cause))

    def _diagnose(self) -> None:
        try:
            self._life.diagnosed(self._probe())
        except Exception:  # it may be the user's own
            _LOGGER.exception("the health probe failed")

    def _take(self, message: str) -> None:
        with self._changed:
            now = system_clock()
            awaited = self._inbox.stored_values_due(now=now) > 0
            received = self._inbox.take(message, now=now)
            if awaited:
                self._changed.notify_all()
        if received.rejected:
            # Before it hangs up on a program, TurboWarp's server says why in plain words.
            self._rejected_lines += len(received.rejected)
            first = received.rejected[0]
            _LOGGER.warning(
                "%s sent %d lines that make no sense; the first is %s: %r",
                self._url,
                len(received.rejected),
                first.problem.value,
                first.excerpt,
            )
        for event in received.sets:
            self._tell(event)

    def _tell(self, event: ConnectionEvent) -> None:
        with self._changed:
            listeners = self._listeners
            if isinstance(event, Disconnected) and not event.will_retry:
                self._ended = event  # who begins to listen from now on hears of it nowhere else
        for listener in listeners:
            _call(listener, event)

    def _is_fatal(self, code: int | None) -> bool:
        # Scratch's close codes are unpublished, so none of them counts as final there.
        return not self._is_scratch and close_code(code).fatal

    def _go_up(self, transport: Transport) -> None:
        with self._changed:
            self._life.opened(now=self._clock())
            self._transport = transport
            self._changed.notify_all()
        if self._stopping.is_set():  # disconnect came before it could see this transport
            transport.close()
        _LOGGER.info("%s: connected again", self._url)
        self._tell(Connected())

    def _go_down(self, loss: ConnectionLost) -> None:
        asked_for = self._stopping.is_set()
        with self._changed:
            now = self._clock()
            if asked_for:
                self._life.close(_ASKED_FOR, now=now)
            else:
                self._life.lost(str(loss), code=loss.code, fatal=self._is_fatal(loss.code), now=now)
            self._transport = None
            self._changed.notify_all()
        status = self.status
        _LOGGER.log(logging.DEBUG if asked_for else logging.WARNING, "%s: %s", self._url, status.reason)
        self._tell(Disconnected(status.reason, status.code, will_retry=not status.state.final))

    def _end(self) -> None:
        """The thread ends; if the last event promised another attempt, take that back."""
        reason = _ASKED_FOR if self._stopping.is_set() else "the connection's thread failed; see its traceback"
        with self._changed:
            if self.status.state.final:
                return
            self._life.close(reason, now=self._clock())
            self._transport = None
            self._changed.notify_all()
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
        when_down: as for `CloudConnection`, and so are all that follow.
        burst: how many sets may go out at once after a silence.
        outage_after: seconds.
        backoff: how long to wait between the attempts to connect again.
        connector: opens the websocket, for tests.
        health_probe: looks at the server during an outage.

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
        when_down: WhenDown | str = WhenDown.FAIL,
        burst: int = 1,
        outage_after: float = OUTAGE_AFTER,
        backoff: Backoff | None = None,
        connector: Connector | None = None,
        health_probe: HealthProbe | None = None,
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
            when_down=when_down,
            burst=burst,
            outage_after=outage_after,
            backoff=backoff,
            connector=connector,
            health_probe=health_probe,
        )


def _call(listener: Listener, event: ConnectionEvent) -> None:
    try:
        listener(event)
    except Exception:
        _LOGGER.exception("a listener failed on %s", type(event).__name__)


def _required_text(value: str | int, argument: str) -> str:
    text = str(value)
    if not text or value is None:
        raise InvalidArgument(f"{argument} is missing")
    return text


def _policy(when_down: WhenDown | str) -> WhenDown:
    try:
        return WhenDown(when_down)
    except ValueError:
        words = ", ".join(repr(policy.value) for policy in WhenDown)
        raise InvalidArgument(f"when_down is one of {words}, not {when_down!r}") from None


def _connector(address: Address, *, session_id: str | None, contact: str | None) -> Connector:
    """The websocket to this address, once all that the server asks for is there."""
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
