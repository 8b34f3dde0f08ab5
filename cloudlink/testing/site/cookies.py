"""The session cookie: a payload that a client can read, with a signature that only the site can check."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from typing import Final

from cloudlink.testing.site.records import User

SESSION_COOKIE: Final = "scratchsessionsid"
CSRF_COOKIE: Final = "scratchcsrftoken"

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def session_id(user: User, *, now: float, secret: bytes) -> str:
    """The value of the session cookie for a login now, with the double quotes around it."""
    payload = json.dumps(
        {
            "username": user.username,
            "_auth_user_id": str(user.id),
            "testcookie": "worked",
            "_auth_user_backend": "scratchr2.auth.backends.ScratchModelBackend",
            "token": user.token,
            "login-ip": "127.0.0.1",
            "_language": "en",
            "django_timezone": "America/New_York",
            "_auth_user_hash": "",
        }
    )
    body = f".{_unpadded(zlib.compress(payload.encode()))}:{_base62(int(now))}"
    return f'"{body}:{_unpadded(hmac.digest(secret, body.encode(), hashlib.sha1))}"'


def session_key(cookie: str) -> str | None:
    """The form in which the site keeps a session cookie; None for one without its quotes.

    A cookie jar may quote the quotes once more; the site sees through that.
    """
    if not cookie.startswith('"') or not cookie.endswith('"'):
        return None
    return cookie.replace("\\", "").strip('"')


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _base62(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return digits or "0"
