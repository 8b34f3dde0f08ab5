"""Calls: from a request to its answer, with the bounds on what runs and waits.

Nothing runs here. `begin` gives a call for the shell to run, or raises what to answer if there is nothing to run. While
the call is `wanted`, somebody waits for it. `encode` makes digits of what came of it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from cloudlink.errors import Busy, CloudlinkError, RequestError
from cloudlink.rpc import messages
from cloudlink.rpc.messages import Request
from cloudlink.rpc.router import Handler, Router

_log = logging.getLogger("cloudlink.rpc")

_MOST_ERROR = 1000
"""Characters of an error's text, where the whole does not fit."""


@dataclass(frozen=True, slots=True)
class Call:
    """A handler and what to give it.

    Attributes:
        client: who asks.
        message: the number of the request.
        handler: what to run.
        arguments: converted.
        deadline: seconds of the clock that `begin` was told; nobody waits for an answer after it.
        languages: the language packs that the answer may be in.
    """

    client: int
    message: int
    handler: Handler
    arguments: tuple[Any, ...]
    deadline: float | None
    languages: tuple[str, ...]


class Calls:
    """The calls of a server.

    Args:
        router: where the handlers are.
        most: calls that may run or wait at once; a further one is answered with "busy".
    """

    def __init__(self, router: Router, *, most: int) -> None:
        self._router = router
        self._most = most
        self._open: dict[tuple[int, int], Call] = {}

    def __len__(self) -> int:
        """The calls that run or wait."""
        return len(self._open)

    def begin(self, client: int, message: int, request: Request, *, now: float) -> Call:
        """The call to run for a request.

        Raises:
            RequestError: what to answer: no such handler, arguments that do not fit, or busy.
        """
        handler = self._router.find(request.name)
        arguments = handler.convert(request.arguments)
        if len(self._open) >= self._most:
            raise Busy
        deadline = None if request.timeout is None else now + request.timeout
        call = self._open[client, message] = Call(client, message, handler, arguments, deadline, request.languages)
        return call

    def wanted(self, call: Call) -> bool:
        """Whether somebody waits for the answer."""
        return self._open.get((call.client, call.message)) is call

    def may_start(self, call: Call, *, now: float) -> bool:
        """Whether somebody still waits for the answer; if not, the call is over."""
        if self.wanted(call) and call.deadline is not None and now >= call.deadline:
            self.finish(call)
        return self.wanted(call)

    def cancel(self, client: int, message: int) -> None:
        """The asker does not wait any more; a call that already runs is left to run, its answer is dropped."""
        self._open.pop((client, message), None)

    def leave(self, client: int) -> None:
        """The asker is gone, and with it all its calls."""
        for key in [key for key in self._open if key[0] == client]:
            del self._open[key]

    def clear(self) -> list[Call]:
        """Nobody waits for anything any more; the calls that were waited for until now."""
        ended = list(self._open.values())
        self._open.clear()
        return ended

    def finish(self, call: Call) -> bool:
        """End a call; whether somebody still waited for its answer."""
        wanted = self.wanted(call)
        if wanted:
            del self._open[call.client, call.message]
        return wanted


def as_error(call: Call, error: BaseException) -> RequestError:
    """What the asker is told of an exception that a handler raised; its own mistakes are logged, and no more."""
    if isinstance(error, RequestError):
        return error
    _log.error("the handler %s failed", call.handler.name, exc_info=error)
    return RequestError("internal error", 500)


def encode_outcome(call: Call, outcome: Any, *, most_digits: int) -> str:
    """The digits of an answer: what a handler returned, or the error for what it raised."""
    if isinstance(outcome, BaseException):
        return encode_error(as_error(call, outcome), most_digits=most_digits)
    try:
        digits = messages.encode_answer(outcome, languages=call.languages)
    except Exception as error:  # no form in digits, or a class of the handler's own that fails when it is read
        _log.error("the answer of %s was not sent: %s", call.handler.name, error)
        return encode_error(RequestError("internal error", 500), most_digits=most_digits)
    if len(digits) > most_digits:
        _log.error(
            "the answer of %s was not sent: it has %s digits, the link carries %s",
            call.handler.name,
            f"{len(digits):,}",
            f"{most_digits:,}",
        )
        return encode_error(RequestError("the answer is too long", 413), most_digits=most_digits)
    return digits


def encode_item(call: Call, item: Any) -> str:
    """The digits of one more item of an answer that comes item by item.

    Raises:
        RequestError: the item cannot be sent; the reason is logged.
    """
    try:
        return messages.encode_item(item, languages=call.languages)
    except Exception as error:  # see `encode_outcome`
        _log.error("an item of the answer of %s was not sent: %s", call.handler.name, error)
        raise RequestError("internal error", 500) from error


def encode_error(error: CloudlinkError, *, most_digits: int) -> str:
    """The digits of an answer that is an error, its text cut if it does not fit."""
    sendable = readable(error)
    digits = messages.encode_error(sendable)
    if len(digits) <= most_digits:
        return digits
    return messages.encode_error(RequestError(sendable.text[:_MOST_ERROR], sendable.code))


def readable(error: CloudlinkError) -> RequestError:
    """An error that can be sent: half an emoji in its text is spelled out, and other errors become requests' own."""
    if not isinstance(error, RequestError):
        error = RequestError(f"the request cannot be read: {error}")
    return RequestError(str(error.text).encode("utf-8", "backslashreplace").decode(), error.code)
