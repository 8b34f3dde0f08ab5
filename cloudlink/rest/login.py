"""Logging in with a password."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cloudlink.errors import BadResponse, InvalidArgument, LoginFailed
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, default_client, json_body
from cloudlink.rest.failures import failure, redirect_failure
from cloudlink.rest.fields import flag, parse_json, text
from cloudlink.rest.http import Reply, Request
from cloudlink.rest.identity import cookie_value
from cloudlink.rest.session import Session

SETTLING: Final = (0.5, 1.0, 2.0, 4.0)
"""Seconds between the questions after a login, which the site may need to know itself: 7.5 in all, as its own pages
wait (reference, section 2.5)."""


def login(
    username: str, password: str, *, client: Client | None = None, renew: Callable[[], str] | None = None
) -> Session:
    """Log in with a password.

    POST scratch.mit.edu/login/, then GET /session/. VERIFIED. The password is kept nowhere: to be logged in again
    when the login is over, pass `renew`.

    Args:
        username: the account.
        password: its password.
        client: how to reach the site; the default one if left out.
        renew: gives a new session id when the site says that the login is over, as in
            `renew=lambda: login(name, ask_for_password()).session_id`.

    Raises:
        InvalidArgument: the name or the password is empty; nothing was sent.
        LoginFailed: the password is wrong, a captcha is wanted (`captcha`), or there is a ban (`banned`).
        RateLimited: too many attempts.
    """
    if not username or not password:
        raise InvalidArgument("logging in wants a username and a password; one of them is empty")
    client = default_client() if client is None else client
    body = json_body({"username": username, "password": password})
    request, reply = client.exchange(endpoints.LOGIN.at(), body=body, referer="/login/")
    session_id = _session_id_of(request, reply, username=username, retry_after=client.retry_after(reply))
    return _settled(session_id, client=client, renew=renew)


def _settled(session_id: str, *, client: Client, renew: Callable[[], str] | None) -> Session:
    """The session of a login that was just made, which the site may not know for a moment."""
    for seconds in SETTLING:
        try:
            return Session(session_id, client=client, renew=renew)
        except LoginFailed as error:
            if error.banned:
                raise
        client.wait(seconds)
    return Session(session_id, client=client, renew=renew)


def _session_id_of(request: Request, reply: Reply, *, username: str, retry_after: float | None) -> str:
    """The session id that an answer to a login brings (reference, section 3.1).

    The wording of its message depends on the language, so it is told but never compared.
    """
    if reply.status not in (200, 403):
        problem = redirect_failure(reply) or failure(request, reply, what="login", retry_after=retry_after)
        raise problem or BadResponse(f"{request} answered with status {reply.status}", status=reply.status)
    answer = _login_answer(reply)
    if answer is None:
        raise LoginFailed(
            f"the site refused the login of {username!r} without a word: the network may be banned, or the request "
            "was taken for forged",
            status=reply.status,
            banned=reply.status == 403,
        )
    session_id = cookie_value(reply, "scratchsessionsid")
    if reply.status == 200 and flag(answer, "success") and session_id:
        return session_id
    if text(answer, "redirect"):
        raise LoginFailed(
            f"the site wants a captcha for {username!r}: log in with a browser, and pass its session id to Session()",
            status=reply.status,
            captcha=True,
        )
    told = text(answer, "msg")
    raise LoginFailed(
        f"the site did not let {username!r} in: {told[:200] if told else 'wrong name or password?'}",
        status=reply.status,
    )


def _login_answer(reply: Reply) -> Mapping[str, Any] | None:
    try:
        answer = parse_json(reply.body, of="POST /login/")
    except BadResponse:  # HTML, for a banned network
        return None
    return answer[0] if isinstance(answer, list) and answer and isinstance(answer[0], dict) else None
