"""Calls: from a request's digits to the digits of its answer, with the bounds on what runs and waits.

Nothing runs here. `begin` gives a call for the shell to run, or the answer at once if there is nothing to run;
`finish` turns what came of it into an answer.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from cloudlink.errors import Busy, DecodeError, RequestError
from cloudlink.rpc import messages
from cloudlink.rpc.router import Handler, Router

_log = logging.getLogger("cloudlink.rpc")


@dataclass(frozen=True, slots=True)
class Call:
    """A handler and what to give it.

    Attributes:
        client: who asks.
        message: the number of the request.
        handler: what to run.
        arguments: converted.
        deadline: seconds of the clock that `begin` was told; nobody waits for an answer after it.
    """

    client: int
    message: int
    handler: Handler
    arguments: tuple[Any, ...]
    deadline: float | None


class Calls:
    """The calls of a server.

    Args:
        router: where the handlers are.
        most: calls that may run or wait at once; a further one is answered with "busy".
        most_digits: the longest answer the link takes.
    """

    def __init__(self, router: Router, *, most: int, most_digits: int) -> None:
        self._router = router
        self._most = most
        self._most_digits = most_digits
        self._open: dict[tuple[int, int], Call] = {}

    def __len__(self) -> int:
        """The calls that run or wait."""
        return len(self._open)

    def begin(self, client: int, message: int, digits: str, *, now: float) -> Call | str:
        """The call to run for a request, or the digits of an answer if there is nothing to run."""
        try:
            request = messages.decode_request(digits)
            handler = self._router.find(request.name)
            arguments = handler.convert(request.arguments)
            if len(self._open) >= self._most:
                raise Busy
        except DecodeError as error:
            return self._error(RequestError(f"the request cannot be read: {error}"))
        except RequestError as error:
            return self._error(error)
        deadline = None if request.timeout is None else now + request.timeout
        call = self._open[client, message] = Call(client, message, handler, arguments, deadline)
        return call

    def may_start(self, call: Call, *, now: float) -> bool:
        """Whether somebody still waits for the answer; if not, the call is over."""
        wanted = self._open.get((call.client, call.message)) is call
        if wanted and call.deadline is not None and now >= call.deadline:
            del self._open[call.client, call.message]
            return False
        return wanted

    def cancel(self, client: int, message: int) -> None:
        """The asker does not wait any more; a call that already runs is left to run, its answer is dropped."""
        self._open.pop((client, message), None)

    def leave(self, client: int) -> None:
        """The asker is gone, and with it all its calls."""
        for key in [key for key in self._open if key[0] == client]:
            del self._open[key]

    def finish(self, call: Call, outcome: Any) -> str | None:
        """The digits of the answer, or None if nobody wants it any more.

        Args:
            call: what was run.
            outcome: what it returned, or the exception that it raised.
        """
        if self._open.get((call.client, call.message)) is not call:
            return None
        del self._open[call.client, call.message]
        return self._answer(call, outcome)

    def _answer(self, call: Call, outcome: Any) -> str:
        if isinstance(outcome, RequestError):
            return self._error(outcome)
        if isinstance(outcome, BaseException):
            _log.error("the handler %s failed", call.handler.name, exc_info=outcome)
            return self._error(RequestError("internal error", 500))
        try:
            digits = messages.encode_answer(outcome)
        except Exception as error:  # no form in digits, or a class of the handler's own that fails when it is read
            _log.error("the answer of %s was not sent: %s", call.handler.name, error)
            return self._error(RequestError("internal error", 500))
        if len(digits) > self._most_digits:
            _log.error(
                "the answer of %s was not sent: it has %s digits, the link carries %s",
                call.handler.name,
                f"{len(digits):,}",
                f"{self._most_digits:,}",
            )
            return self._error(RequestError("the answer is too long", 413))
        return digits

    def _error(self, error: RequestError) -> str:
        """The digits of an error, its text cut if it does not fit; half an emoji is spelled out."""
        text = str(error.text).encode("utf-8", "backslashreplace").decode()
        digits = messages.encode_error(RequestError(text, error.code))
        if len(digits) <= self._most_digits:
            return digits
        return messages.encode_error(RequestError(text[:1000], error.code))
