"""A login: the session id and what is in it. Nothing here shows a secret in a repr, and nothing can be pickled."""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from cloudlink.errors import InvalidArgument
from cloudlink.rest.fields import number, text
from cloudlink.rest.http import Reply

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MAX_PAYLOAD: Final = 100_000
"""Most bytes a session id may unpack to; real ones have a few hundred. A made-up one must not fill the memory."""


@dataclass(frozen=True)
class SessionCookie:
    """What a session id says about itself. The signature cannot be checked: only the site has the key.

    Attributes:
        username: the account.
        user_id: its number.
        token: what goes into X-Token. Secret.
        language: the language of the site at the login.
        login_time: when the login was; the cookie lives about two weeks.
        raw: everything in it. Secret, as it has the token and the address of the login.
    """

    username: str | None
    user_id: int | None
    token: str | None = field(repr=False)
    language: str | None
    login_time: datetime | None
    raw: dict[str, Any] = field(repr=False)


def bare_session_id(session_id: str) -> str:
    """A session id without the quotes that belong around it in the cookie; browsers show it with or without.

    Raises:
        InvalidArgument: it cannot be a session id. The message does not show it.
    """
    bare = session_id.strip().replace('\\"', '"').strip('"').strip()
    if not re.fullmatch(r"[A-Za-z0-9._:=-]{8,}", bare):
        raise InvalidArgument(
            f"this cannot be a session id ({len(session_id)} characters): it is the cookie scratchsessionsid of your "
            'browser, and looks like ".eJx...:1abc:xyz..."'
        )
    return bare


def decode_session_id(session_id: str) -> SessionCookie:
    """What a session id says about itself, without asking the site (reference, section 3.2).

    VERIFIED: the site's own pages decode it in the browser.

    Args:
        session_id: the cookie scratchsessionsid, with or without its quotes.

    Raises:
        InvalidArgument: it is not a session id. The message does not show it.
    """
    pieces = bare_session_id(session_id).split(":")
    content = _payload(pieces[0]) if len(pieces) == 3 else None
    if content is None:
        raise InvalidArgument(
            "this session id cannot be decoded; copy the whole cookie scratchsessionsid from your browser"
        )
    return SessionCookie(
        username=text(content, "username"),
        user_id=number(content, "_auth_user_id"),
        token=text(content, "token"),
        language=text(content, "_language"),
        login_time=_login_time(pieces[1]),
        raw=content,
    )


def _payload(piece: str) -> dict[str, Any] | None:
    packed = piece.startswith(".")
    piece = piece.removeprefix(".")
    try:
        data = base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4))
        content = json.loads(zlib.decompressobj().decompress(data, _MAX_PAYLOAD) if packed else data)
    except (ValueError, binascii.Error, zlib.error, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _login_time(digits: str) -> datetime | None:
    if not digits or len(digits) > 10 or any(digit not in _BASE62 for digit in digits):
        return None
    seconds = 0
    for digit in digits:
        seconds = seconds * 62 + _BASE62.index(digit)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def cookie_value(reply: Reply, name: str) -> str | None:
    """The value of a cookie that an answer sets, as it stands there; None if it sets no such cookie, or clears it.

    Each Set-Cookie header is read on its own: other cookies may be set in the same answer.
    """
    for header in reply.cookies:
        found = re.match(r'\s*([^=;\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', header)
        if found and found[1] == name:
            return found[2].strip() or None
    return None


class Identity:
    """A login that requests show. It may be renewed while many threads use it.

    Args:
        session_id: with or without quotes.
        username: the account, if it is known.
        token: the X-Token, if it is known.

    Raises:
        InvalidArgument: session_id cannot be one.
    """

    def __init__(self, session_id: str, *, username: str | None = None, token: str | None = None) -> None:
        self._lock = threading.Lock()
        self._session_id = bare_session_id(session_id)
        self._username = username
        self._token = token

    def __repr__(self) -> str:
        return f"<Identity of {self._username!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a login is not pickled: with it anybody is the user; keep it with session.save(path)")

    @property
    def session_id(self) -> str:
        """The session id in its quotes, as the cookie holds it. Secret."""
        with self._lock:
            return f'"{self._session_id}"'

    @property
    def username(self) -> str | None:
        """The account, None while it is not known."""
        with self._lock:
            return self._username

    @property
    def token(self) -> str | None:
        """What goes into X-Token. Secret."""
        with self._lock:
            return self._token

    def learn(self, *, username: str | None, token: str | None) -> None:
        """Take what the site said about the login; None leaves what is known."""
        with self._lock:
            self._username = username or self._username
            self._token = token or self._token

    def replace(self, session_id: str) -> None:
        """Take the session id of a new login of the same account; the old token is forgotten."""
        bare = bare_session_id(session_id)
        with self._lock:
            self._session_id = bare
            self._token = None
