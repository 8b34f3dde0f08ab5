"""From what the site answered to the error that names the cause. Pure; the one table of it (reference, 2.4)."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlsplit

from cloudlink.errors import (
    BadResponse,
    CommentRejected,
    Forbidden,
    LoginFailed,
    LoginRequired,
    Muted,
    NotFound,
    RateLimited,
    Rejected,
    SiteError,
    SiteUnavailable,
)
from cloudlink.rest.fields import look, text
from cloudlink.rest.http import Reply, Request
from cloudlink.rest.mutes import Mute, find_mute

TELLING_REDIRECTS: Final[dict[str, tuple[type[SiteError], str]]] = {
    "/ip_ban_appeal/": (LoginFailed, "this network is banned from Scratch; the site's appeal page tells more"),
    "/accounts/banned-response/": (LoginFailed, "this account is banned; log in with a browser to read why"),
    "/accounts/login/": (LoginRequired, "the login is over; log in again"),
    "/classes/complete_registration": (Forbidden, "this student account is to finish its registration in a browser"),
    "/classes/student_password_reset": (Forbidden, "this student account is to set a new password in a browser"),
}
"""Where the site sends those whom it does not want to answer, and what that means."""

REJECTIONS: Final[dict[str, str]] = {
    "isEmpty": "there is nothing in it; write something",
    "isFlood": "it came too soon after the last one; wait 15 seconds or more",
    "isBad": "it has words that are refused; say it otherwise",
    "hasChatSite": "it links to a chat site without moderators; leave the link out",
    "isSpam": "the same text was posted too often; write another",
    "isMuted": "the account is muted; wait",
    "isUnconstructive": "the filter finds it unkind; say it otherwise",
    "isDisallowed": "comments are turned off here",
    "isIPMuted": "this network is muted; wait, or appeal with a browser",
    "isTooLong": "it has more than 500 characters; write less",
    "isNotPermitted": "the account's email address is not confirmed; confirm it with a browser",
    "isNotPermittedByParent": "the account's parental settings do not allow it",
}


def failure(request: Request, reply: Reply, *, what: str, retry_after: float | None) -> SiteError | None:
    """The error that an answer stands for, None if it is a success.

    Args:
        request: what was asked; only its method and path get into the message.
        reply: the answer.
        what: what the request was about, such as "user 'pixel_otter'".
        retry_after: seconds the answer asks to wait.
    """
    status = reply.status
    if 300 <= status < 400:
        return redirect_failure(reply)
    if 200 <= status < 300:
        return None
    answer = _quiet_json(reply.body)
    if status == 404:
        return NotFound(f"there is no {what}, or you may not see it ({request})", what=what)
    if status == 429:
        wait = "a while" if retry_after is None else f"{retry_after:g} s"
        return RateLimited(f"too many requests: wait {wait} before the next one ({request})", retry_after=retry_after)
    if status in (401, 403):
        return _refusal(request, answer, status=status, what=what)
    if status >= 500:
        return SiteUnavailable(
            f"the site has trouble with {what}: status {status}; try later ({request})", status=status
        )
    reason = (text(answer, "message") or text(answer, "code") or "")[:100]
    if status == 409:
        return Rejected(f"{what}: it is like that already, or cannot be ({request})", status=409, reason=reason)
    if status == 413:
        return Rejected(
            f"{what}: it is too big for the site, which takes about 10 MB ({request})", status=413, reason=reason
        )
    if 400 <= status < 500:
        told = f" ({reason})" if reason else ""
        return Rejected(
            f"{what}: the site does not take it{told}, status {status}; it may be the words of a text, or its length "
            f"({request})",
            status=status,
            reason=reason,
        )
    return BadResponse(f"{request} answered with status {status}, which it never did before", status=status)


def _refusal(request: Request, answer: Any, *, status: int, what: str) -> SiteError:
    mute = find_mute(answer)
    if mute is not None:
        return muted(what, mute)
    if status == 401 and text(answer, "message") == "password incorrect":
        return LoginFailed(f"{what}: the password is wrong ({request})", status=401)
    return Forbidden(
        f"{what}: you may not do that, or the login is over; see that it is yours, or log in again ({request})",
        status=status,
    )


def muted(what: str, mute: Mute) -> Muted:
    """The error for an account that is muted."""
    until = "for a while" if mute.until is None else f"until {mute.until:%Y-%m-%d %H:%M:%S} UTC"
    return Muted(
        f"{what}: the account is muted {until} ({mute.kind or 'no reason told'}); wait",
        until=mute.until,
        kind=mute.kind,
    )


def redirect_failure(reply: Reply) -> SiteError | None:
    """The error that the target of a redirect stands for, None if it tells nothing."""
    path = redirect_path(reply)
    for start, (kind, message) in TELLING_REDIRECTS.items():
        if start in path:  # not startswith: a test site may live below a path of its own
            if kind is LoginFailed:
                return LoginFailed(message, status=reply.status, banned=True)
            return kind(message, status=reply.status)
    return None


def redirect_path(reply: Reply) -> str:
    """The path that a redirect leads to, "" if it cannot be read."""
    try:
        return urlsplit(reply.headers.get("location", "")).path
    except ValueError:
        return ""


def comment_rejected(code: str, answer: Any, *, what: str) -> CommentRejected:
    """The error for a comment that was not posted (reference, section 8.3)."""
    mute = find_mute(answer)
    until = None if mute is None else mute.until
    why = REJECTIONS.get(code, f"the site says {code[:60]!r}")
    ends = "" if until is None else f"; muted until {until:%Y-%m-%d %H:%M:%S} UTC"
    return CommentRejected(f"the comment on {what} was not posted: {why}{ends}", reason=code, until=until)


def hidden_failure(answer: Any, *, what: str) -> SiteError | None:
    """The error in an answer whose status says that all is well, None if there is none (reference, section 2.4)."""
    if isinstance(answer, list):
        answer = answer[0] if len(answer) == 1 else None
    if not isinstance(answer, dict):
        return None
    if set(answer) <= {"code", "message"} and text(answer, "code"):
        code = text(answer, "code")
        if code == "NotFound":
            return NotFound(f"there is no {what}, or you may not see it", status=200, what=what)
        return Rejected(f"{what}: the site says {code[:60] if code else ''!r}", status=200, reason=code or "")
    errors = look(answer, "errors")
    if isinstance(errors, list) and errors:
        reason = str(errors[0])[:200]
        return Rejected(f"{what}: the site does not take it: {reason}", status=200, reason=reason)
    # What has an id is a thing, and its status is what somebody wrote there: a teacher for a class, or on Ocular.
    failed = answer.get("status") == "error" and not {"id", "_id"} & answer.keys()
    if failed or answer.get("success") in (False, 0):
        reason = (text(answer, "message") or text(answer, "msg") or text(answer, "error") or "")[:200]
        return Rejected(f"{what}: the site did not do it{': ' if reason else ''}{reason}", status=200, reason=reason)
    return None


def _quiet_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
