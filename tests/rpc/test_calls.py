"""Calls: what may run, what is answered, and what is never told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from strategies import digit_strings, values

from cloudlink.errors import CloudlinkError, InvalidArgument, RequestError, RequestTimeout, ValueTooLong
from cloudlink.rpc.calls import Call, Calls, encode_error, encode_outcome, readable
from cloudlink.rpc.messages import Request, decode_answer, decode_request, encode_answer, encode_request
from cloudlink.rpc.router import Router

SECRET = "hunter2"


def echo(value: Any = None) -> Any:
    return value


def make_calls(*, most: int = 10) -> Calls:
    router = Router()
    router.add(echo)
    return Calls(router, most=most)


def start(calls: Calls, client: int, message: int, digits: str, *, now: float) -> Call | str:
    """What a server makes of a request: a call, or the digits of an error."""
    try:
        return calls.begin(client, message, decode_request(digits), now=now)
    except CloudlinkError as error:
        return encode_error(readable(error), most_digits=20_000)


def finish(calls: Calls, call: Call, outcome: Any, *, most_digits: int = 20_000) -> str | None:
    """The digits that a server sends at the end of a call, if any."""
    digits = encode_outcome(call, outcome, most_digits=most_digits)
    return digits if calls.finish(call) else None


def request(*arguments: Any, name: str = "echo", timeout: int | None = None) -> str:
    return encode_request(Request(name, arguments, timeout))


def begin(calls: Calls, *, client: int = 1, message: int = 1, timeout: int | None = None, now: float = 0.0) -> Call:
    call = start(calls, client, message, request(timeout=timeout), now=now)
    assert isinstance(call, Call)
    return call


def error_in(digits: str | Call | None) -> RequestError:
    assert isinstance(digits, str)
    with pytest.raises(RequestError) as caught:
        decode_answer(digits)
    return caught.value


def test_a_call_carries_the_handler_and_its_arguments() -> None:
    call = start(make_calls(), 3, 7, request("x"), now=0.0)
    assert isinstance(call, Call)
    assert (call.client, call.message, call.handler.name, call.arguments) == (3, 7, "echo", ("x",))
    assert call.deadline is None


@given(value=values)
def test_what_a_handler_returns_is_the_answer(value: Any) -> None:
    calls = make_calls()
    digits = finish(calls, begin(calls), value)
    assert digits == encode_answer(value)
    assert len(calls) == 0


@given(digits=digit_strings)
def test_any_digits_become_a_call_or_an_error(digits: str) -> None:
    outcome = start(make_calls(), 1, 1, digits, now=0.0)
    assert isinstance(outcome, Call) or error_in(outcome).code in (400, 404)


def test_requests_that_do_not_fit_are_answered_at_once() -> None:
    calls = make_calls()
    assert error_in(start(calls, 1, 1, request(name="nobody"), now=0.0)).code == 404
    assert error_in(start(calls, 1, 2, request(1, 2), now=0.0)).text == "echo takes 0 to 1 arguments (value), not 2"
    assert "cannot be read" in error_in(start(calls, 1, 3, "12", now=0.0)).text
    assert len(calls) == 0


def test_beyond_the_bound_the_answer_is_busy_until_a_call_ends() -> None:
    calls = make_calls(most=2)
    first = begin(calls, message=1)
    begin(calls, message=2)
    busy = error_in(start(calls, 1, 3, request(), now=0.0))
    assert (busy.code, busy.text) == (503, "busy, try again in a moment")
    finish(calls, first, None)
    assert isinstance(start(calls, 1, 3, request(), now=0.0), Call)


def test_a_call_is_not_started_once_its_deadline_has_passed() -> None:
    calls = make_calls()
    call = begin(calls, timeout=5, now=100.0)
    assert call.deadline == 105.0
    assert calls.may_start(call, now=104.9)
    assert not calls.may_start(call, now=105.0)
    assert len(calls) == 0
    assert finish(calls, call, "too late") is None


def test_a_call_that_began_in_time_is_answered_however_long_it_takes() -> None:
    calls = make_calls()
    call = begin(calls, timeout=1)
    assert calls.may_start(call, now=0.5)
    assert decode_answer(finish(calls, call, "late") or "") == "late"


def test_a_cancelled_call_is_neither_started_nor_answered() -> None:
    calls = make_calls()
    call = begin(calls)
    calls.cancel(1, 1)
    calls.cancel(1, 1)
    assert len(calls) == 0
    assert not calls.may_start(call, now=0.0)
    assert finish(calls, call, "unwanted") is None


def test_all_calls_of_a_client_that_has_left_are_dropped() -> None:
    calls = make_calls()
    gone = [begin(calls, client=1, message=message) for message in range(3)]
    stays = begin(calls, client=2)
    calls.leave(1)
    assert [finish(calls, call, "unwanted") for call in gone] == [None] * 3
    assert finish(calls, stays, "wanted") is not None


def test_a_call_whose_number_was_used_again_is_not_answered_in_the_others_place() -> None:
    calls = make_calls()
    old = begin(calls)
    new = begin(calls)
    assert finish(calls, old, "old") is None
    assert decode_answer(finish(calls, new, "new") or "") == "new"


class Unreadable(dict[str, int]):
    def items(self) -> Any:
        raise OSError(SECRET)


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)


@pytest.mark.parametrize(
    "raised",
    [
        ValueError(SECRET),
        KeyError(SECRET),
        InvalidArgument(SECRET),
        ValueTooLong(SECRET, size=2, limit=1),
        SystemExit(SECRET),
        KeyboardInterrupt(SECRET),
        asyncio.CancelledError(SECRET),
        BaseException(SECRET),
        BaseExceptionGroup(SECRET, [ValueError(SECRET)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_any_exception_is_an_internal_error_on_the_wire_and_a_traceback_in_the_log(
    raised: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    calls = make_calls()
    error = error_in(finish(calls, begin(calls), raised))
    assert (error.code, error.text) == (500, "internal error")
    assert [record.exc_info and record.exc_info[1] for record in caplog.records] == [raised]
    assert caplog.records[0].levelno == logging.ERROR


@pytest.mark.parametrize(
    "answer",
    [
        {1, 2},
        object(),
        echo,
        1j,
        datetime(2026, 1, 1),
        ["fine", object()],
        {(1, 2): 3},
        "\ud83d",
        nested(100),
        ENDLESS,
        Unreadable(a=1),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_an_answer_that_cannot_be_sent_is_an_internal_error_and_the_log_says_why(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    calls = make_calls()
    error = error_in(finish(calls, begin(calls), answer))
    assert (error.code, error.text) == (500, "internal error")
    assert "the answer of echo was not sent" in caplog.text


def test_an_answer_that_is_too_long_says_so_and_the_log_has_the_numbers(caplog: pytest.LogCaptureFixture) -> None:
    calls = make_calls()
    error = error_in(finish(calls, begin(calls), "x" * 4000, most_digits=1000))
    assert (error.code, error.text) == (413, "the answer is too long")
    assert "the link carries 1,000" in caplog.text


def test_the_longest_answer_that_fits_is_sent() -> None:
    digits = encode_answer("x" * 400)
    calls = make_calls()
    assert finish(calls, begin(calls), "x" * 400, most_digits=len(digits)) == digits


@pytest.mark.parametrize(
    ("raised", "code", "text"),
    [
        (RequestError("no such player", 404), 404, "no such player"),
        (RequestError(), 400, ""),
        (RequestError("Grüße 👋"), 400, "Grüße 👋"),
        (RequestTimeout(), 408, "no answer in time"),
        (RequestError("half \ud83d of it"), 400, "half \\ud83d of it"),
        (RequestError(ValueError("a reason")), 400, "a reason"),  # type: ignore[arg-type]
        (RequestError(404), 400, "404"),  # type: ignore[arg-type]
    ],
)
def test_a_request_error_reaches_the_asker_with_code_and_text(raised: RequestError, code: int, text: str) -> None:
    calls = make_calls()
    error = error_in(finish(calls, begin(calls), raised))
    assert (error.code, error.text) == (code, text)


@pytest.mark.parametrize(
    "text", ["x" * 300_000, "👋" * 300_000, "\ud83d" * 300_000], ids=["letters", "emoji", "halves"]
)
def test_a_request_error_with_a_huge_text_is_cut(text: str) -> None:
    calls = make_calls()
    error = error_in(finish(calls, begin(calls), RequestError(text, 418)))
    assert error.code == 418
    assert len(error.text) == 1000


@pytest.mark.parametrize("leave", [lambda calls: calls.cancel(9, 9), lambda calls: calls.leave(9)])
def test_cancelling_what_is_not_there_changes_nothing(leave: Callable[[Calls], None]) -> None:
    calls = make_calls()
    call = begin(calls)
    leave(calls)
    assert finish(calls, call, 1) is not None
