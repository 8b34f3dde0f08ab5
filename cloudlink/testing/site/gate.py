"""Who is let in: each kind of auth, checked as the real site does."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from cloudlink.testing.site.cookies import CSRF_COOKIE, SESSION_COOKIE
from cloudlink.testing.site.exchange import Refusal, Request
from cloudlink.testing.site.records import User
from cloudlink.testing.site.routing import WEB, Auth
from cloudlink.testing.site.world import World

LOGIN_PAGE: Final = "/accounts/login/"
BANNED_PAGE: Final = "/accounts/banned-response/"
STUDENT_PASSWORD_PAGE: Final = "/classes/student_password_reset/"
REAL_ORIGIN: Final = f"https://{WEB}"
_FOR_THE_BANNED: Final = (BANNED_PAGE, "/session/", "/accounts/logout/")
_FOR_STUDENTS: Final = (
    STUDENT_PASSWORD_PAGE,
    "/session/",
    "/accounts/logout/",
    "/classes/student_update_registration/",
)


class SentElsewhere(Exception):
    """The caller gets no answer here but is sent to another page, as a browser is.

    Attributes:
        location: the path of that page.
    """

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def admit(world: World, request: Request, auth: Auth, *, origins: Collection[str]) -> User | None:
    """The user who asks, once everything that `auth` demands is there.

    Args:
        world: the state, which knows tokens and sessions.
        request: what came.
        auth: what the route demands.
        origins: the addresses that a Referer may begin with besides the real site's.

    Raises:
        Refusal: 403, something is missing or wrong.
        SentElsewhere: a page that needs a login, or a banned account.
    """
    _check_origin(request, origins)
    match auth:
        case Auth.NONE:
            return _session_user(world, request) if request.host == WEB else _token_user(world, request)
        case Auth.TOKEN:
            return _demand(_token_user(world, request))
        case Auth.PAGE:
            user = _session_user(world, request)
            if user is None:
                raise SentElsewhere(f"{LOGIN_PAGE}?next={request.path}")
            return user
        case Auth.COOKIE:
            _check_requested_with(request)
            return _demand(_session_user(world, request))
        case Auth.LOGIN:
            _check_web(request, origins)
            return None
        case Auth.FORM:
            _check_csrf(request, form=True)
            _check_referer(request, origins)
            return _demand(_session_user(world, request))
        case Auth.WEB:
            _check_web(request, origins)
            return _demand(_session_user(world, request))
        case Auth.FILES:
            if not request.cookies.get(CSRF_COOKIE):
                raise Refusal(403)
            return _demand(_session_user(world, request))
        case Auth.PROXY:
            user = _demand(_token_user(world, request))
            _check_web(request, origins)
            if user is not _session_user(world, request):
                raise Refusal(403)
            return user


def _demand(user: User | None) -> User:
    if user is None or user.banned:
        raise Refusal(403)
    return user


def _token_user(world: World, request: Request) -> User | None:
    token = request.headers.get("x-token") or request.query.get("x-token")
    return world.by_token(token) if token else None


def _session_user(world: World, request: Request) -> User | None:
    session = world.by_session(request.cookies.get(SESSION_COOKIE, ""))
    if session is not None and session[0].banned and request.host == WEB and request.path not in _FOR_THE_BANNED:
        raise SentElsewhere(BANNED_PAGE)
    if session is not None and session[0].must_reset_password and request.path not in _FOR_STUDENTS:
        raise SentElsewhere(STUDENT_PASSWORD_PAGE)
    return session[0] if session else None


def _check_web(request: Request, origins: Collection[str]) -> None:
    _check_csrf(request)
    _check_requested_with(request)
    _check_referer(request, origins)


def _check_csrf(request: Request, *, form: bool = False) -> None:
    cookie = request.cookies.get(CSRF_COOKIE)
    sent = request.headers.get("x-csrftoken")
    if form and not sent:
        sent = request.form.get("csrfmiddlewaretoken")
    if not cookie or cookie != sent:
        raise Refusal(403)


def _check_requested_with(request: Request) -> None:
    if request.headers.get("x-requested-with") != "XMLHttpRequest":
        raise Refusal(403)


def _check_referer(request: Request, origins: Collection[str]) -> None:
    referer = request.headers.get("referer", "")
    if not any(referer.startswith(f"{origin}/") for origin in (REAL_ORIGIN, *origins)):
        raise Refusal(403)


def _check_origin(request: Request, origins: Collection[str]) -> None:
    """A page of another site may not write: a browser names it in `Origin`, other programs leave that out."""
    origin = request.headers.get("origin")
    if origin and request.method != "GET" and not any(o.startswith(origin) for o in (REAL_ORIGIN, *origins)):
        raise Refusal(403)
