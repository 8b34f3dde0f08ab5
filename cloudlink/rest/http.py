"""Requests and replies over HTTP. The only import of `requests`.

A transport is a function from `Request` to `Reply`, so a test, a cache or another HTTP library can stand in:

    def offline(request: Request) -> Reply:
        return Reply(status=200, body=b"[]")
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from urllib3.exceptions import NewConnectionError

from cloudlink.errors import BadResponse, SiteUnreachable

TIMEOUT: Final = 20.0
"""Seconds for each step: to connect, and between two pieces of the answer. Forum pages take long."""

MAX_REPLY: Final = 100_000_000
"""Most bytes that an answer may have; the largest thing the site serves is an asset of about 10 MB."""


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out. Its repr shows no header, query or body, for these hold secrets."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeout: float = TIMEOUT

    def __repr__(self) -> str:
        return f"<Request {self}>"

    def __str__(self) -> str:
        """The method and the address without its query: what may be told to anybody."""
        try:
            parts = urlsplit(self.url)
        except ValueError:
            return f"{self.method} of an address that cannot be read"
        return f"{self.method} {parts.scheme}://{parts.netloc}{parts.path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        status: the HTTP status.
        headers: names in lower case.
        cookies: the whole Set-Cookie headers, one each.
        body: the bytes, unpacked.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: tuple[str, ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)


Transport = Callable[[Request], Reply]


class RequestsTransport:
    """The transport over the `requests` library.

    One object serves many threads: it keeps no cookies (logins are the client's affair, and two of them may share
    this object), and its pool of connections is made for threads.

    Args:
        connections: most connections that stay open to a host.
    """

    def __init__(self, *, connections: int = 10) -> None:
        self._session = requests.Session()
        self._session.cookies = _NoCookies()
        self._session.auth = _no_auth  # else requests would look for passwords in ~/.netrc
        adapter = HTTPAdapter(pool_maxsize=connections, max_retries=0)  # the client repeats, not the library
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._turns = threading.Lock()  # guards the two below, and the closing
        self._under_way = 0
        self._closes = False
        # Reading all of the environment for each request takes as long as the rest of it.
        self._environment = functools.lru_cache(maxsize=64)(self._read_environment)

    def __call__(self, request: Request) -> Reply:
        """Send a request and wait for the whole answer; redirects are not followed.

        Raises:
            SiteUnreachable: there was no answer, or not in time.
            BadResponse: the answer is no HTTP, or above 100 MB.
        """
        try:
            parts = urlsplit(request.url)
            prepared = self._session.prepare_request(
                requests.Request(request.method, request.url, headers=dict(request.headers), data=request.body)
            )
            settings = self._environment(f"{parts.scheme}://{parts.netloc}/")
            with (
                self._connected(),
                self._session.send(prepared, timeout=request.timeout, allow_redirects=False, **settings) as response,
            ):
                return _reply(request, response)
        except (requests.RequestException, ValueError, OSError) as error:
            failure = _translate(request, error)
        # Raised outside of the handler, so that no cause hangs on it: the library's errors hold the request, with
        # its cookies, and the whole address, with its token.
        raise failure

    def _read_environment(self, origin: str) -> dict[str, Any]:
        """The proxies and certificates that the environment names for a host."""
        return dict(self._session.merge_environment_settings(origin, {}, True, None, None))

    def close(self) -> None:
        """Close the connections that are kept open; a later request opens others.

        Requests that are under way in other threads come to their end first.
        """
        with self._turns:
            self._closes = True
            self._close_unless_busy()

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """While a request runs: what is closed under it would fail it, although another request could go on."""
        with self._turns:
            self._under_way += 1
        try:
            yield
        finally:
            with self._turns:
                self._under_way -= 1
                self._close_unless_busy()

    def _close_unless_busy(self) -> None:
        if self._closes and not self._under_way:
            self._closes = False
            self._session.close()


def multipart(values: Mapping[str, str | bytes]) -> tuple[bytes, str]:
    """Values as a form with files sends them, and the Content-Type that goes with it; bytes are sent as a file."""
    parts = {name: (name if isinstance(value, bytes) else None, value) for name, value in values.items()}
    prepared = requests.Request("POST", "http://localhost/", files=parts).prepare()
    assert isinstance(prepared.body, bytes)
    return prepared.body, prepared.headers["Content-Type"]


class _NoCookies(RequestsCookieJar):
    """A jar that stays empty."""

    def set_cookie(self, cookie: object, *args: object, **kwargs: object) -> None:
        """Forget the cookie."""


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _reply(request: Request, response: requests.Response) -> Reply:
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_content(65_536):
        size += len(piece)
        if size > MAX_REPLY:
            raise BadResponse(f"{request} answered with more than {MAX_REPLY:,} bytes")
        pieces.append(piece)
    raw_headers = response.raw.headers
    return Reply(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        cookies=tuple(raw_headers.getlist("Set-Cookie")),
        body=b"".join(pieces),
    )


def _reached_nobody(error: Exception) -> bool:
    """Whether there was no connection that anything could have been sent over."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    unconnected = requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError
    return isinstance(error, unconnected) or isinstance(reason, NewConnectionError)


def _translate(request: Request, error: Exception) -> SiteUnreachable | BadResponse:
    sent = not _reached_nobody(error)
    doubt = (
        ""
        if request.method in ("GET", "HEAD") or not sent
        else "; it may have happened, so look before you do it again"
    )
    if isinstance(error, requests.Timeout):
        return SiteUnreachable(f"{request}: no answer in {request.timeout:g} s{doubt}", sent=sent)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return SiteUnreachable(f"{request}: this address cannot be used; look at the hosts you configured")
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return BadResponse(f"{request}: the answer is packed in a way that cannot be unpacked")
    kind = type(error).__name__
    return SiteUnreachable(f"{request}: no answer ({kind}); is the network up?{doubt}", sent=sent)
