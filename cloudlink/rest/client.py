"""The one function that asks the site something, with everything that holds for all requests.

    request
       |  login needed and there?            no: LoginRequired, nothing is sent
       |  wait for a turn  <-----------------------------.
       |  transport                                      | a question (GET, HEAD), and another attempt may help
       |  pause for all after a 429                      |
       |  answer ----------------------------------------'
       |  what kind of failure?              errors by cause
       '  what kind of reply?                json, html, bytes, none

A status is judged first; a body is read only if its kind was declared, for half of the site's successes have an
empty body, or a piece of HTML, or JSON under another name.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Literal, NoReturn, Self, overload
from urllib.parse import urlencode, urljoin, urlsplit

from cloudlink.clock import Clock, system_clock
from cloudlink.errors import (
    BadResponse,
    ClientClosed,
    Forbidden,
    InvalidArgument,
    LoginRequired,
    NotFound,
    SiteError,
    SiteUnreachable,
)
from cloudlink.rest.endpoints import CSRF_TOKEN, SESSION, Auth, Hosts, Target
from cloudlink.rest.failures import failure, hidden_failure, redirect_failure, redirect_path
from cloudlink.rest.fields import look, parse_json, text
from cloudlink.rest.html import Element, parse_html
from cloudlink.rest.http import TIMEOUT, Reply, Request, RequestsTransport, Transport, multipart
from cloudlink.rest.identity import Identity, cookie_value
from cloudlink.rest.pacing import Intervals, Kind, Pace
from cloudlink.rest.retry import DEFAULT_PAUSE, TRY_AGAIN, Retry, read_retry_after

USER_AGENT: Final = "Mozilla/5.0 (compatible; cloudlink-scratch)"
"""The agents of scripting libraries are at times refused (reference, section 1)."""

ANY_CSRF: Final = "a"
"""The site only compares the header with the cookie, so any text will do if it gives us none."""

MAX_REDIRECTS: Final = 5

Query = Mapping[str, str | int | None]


class Client:
    """How to reach the site: addresses, patience, and maybe a login. It may be used by many threads at once.

    It keeps connections open for the next request; `with Client() as client` or `close()` ends them.

    Args:
        hosts: the addresses of the site's parts.
        transport: what carries the requests, and yours to close; `requests` if left out.
        retry: how patient to be with questions.
        intervals: seconds between requests.
        timeout: seconds for each step of a request.
        user_agent: who asks; say so if you run something large.
        language: the language of the site's messages, such as "en".
        forum_search_key: the key of the forum's search index (`search_posts`), which somebody else runs; there is
            none in this library.
        clock: seconds, for the pacing.
        sleep: waits, for tests.
        date: the time now, aware, for Retry-After dates.
        random_source: for the jitter.
    """

    def __init__(
        self,
        *,
        hosts: Hosts | None = None,
        transport: Transport | None = None,
        retry: Retry | None = None,
        intervals: Intervals | None = None,
        timeout: float = TIMEOUT,
        user_agent: str = USER_AGENT,
        language: str = "en",
        forum_search_key: str | None = None,
        clock: Clock = system_clock,
        sleep: Callable[[float], None] = time.sleep,
        date: Callable[[], datetime] = lambda: datetime.now(UTC),
        random_source: random.Random | None = None,
    ) -> None:
        if not timeout > 0:
            raise InvalidArgument(f"timeout is seconds, above 0, not {timeout!r}")
        for name, value in (("user_agent", user_agent), ("language", language)):
            if not value or not value.isascii() or not value.isprintable() or (name == "language" and ";" in value):
                raise InvalidArgument(f"{name} is to be printable ASCII text, not {value!r}")
        if forum_search_key is not None and not re.fullmatch(r"[!-~]+", forum_search_key):
            raise InvalidArgument("forum_search_key is to be printable ASCII text without spaces")
        self.hosts = Hosts() if hosts is None else hosts
        self._own_transport: RequestsTransport | None = None
        if transport is None:
            transport = self._own_transport = RequestsTransport()
        self._transport: Transport = transport
        self._retry = Retry() if retry is None else retry
        self._timeout = timeout
        self._user_agent = user_agent
        self._language = language
        self._forum_search_key = forum_search_key
        self._clock = clock
        self._sleep = sleep
        self._date = date
        self._random = random.Random() if random_source is None else random_source
        self._pace = Pace(intervals)
        self._turns = threading.Lock()  # guards _pace and _random
        self._in_forum = threading.Lock()  # held by the one who asks the forum
        self._csrf = _Csrf()
        self._identity: Identity | None = None
        self._renew: Callable[[], str] | None = None
        self._renewing = threading.Lock()
        self._parent: Client | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<Client of {self.hosts.site}, {self._identity or 'not logged in'}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client, and what was fetched with it, is not pickled; keep `raw`, and fetch it again")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open; nothing can be asked with this client any more.

        That holds for all that was fetched with it (users, projects, lists that are still being read) and for the
        sessions that were made with it: what they know stays, and what they would have to ask raises
        `ClientClosed`. Other clients that share the connections open new ones when they need them. What other
        threads ask just now is still answered. Again: does nothing more.
        """
        self._closed = True
        if self._own_transport is not None:
            self._own_transport.close()

    @property
    def closed(self) -> bool:
        """Whether `close` was called, here or on the client that this login was made with."""
        return self._closed or (self._parent is not None and self._parent.closed)

    def logged_in(self, identity: Identity, *, renew: Callable[[], str] | None = None) -> Client:
        """A client that shows this login and shares everything else, above all the turns and the connections.

        Args:
            identity: the login.
            renew: gives a new session id when the site says that the login is over.
        """
        other = Client.__new__(Client)
        other.__dict__.update(self.__dict__)
        other._identity = identity
        other._renew = renew
        other._renewing = threading.Lock()
        other._parent = self
        return other

    @property
    def identity(self) -> Identity | None:
        """The login that requests show."""
        return self._identity

    @property
    def username(self) -> str:
        """The account that is logged in.

        Raises:
            LoginRequired: nobody is.
        """
        name = None if self._identity is None else self._identity.username
        if not name:
            raise LoginRequired("this wants a login: use login() or Session(), and what they connect to")
        return name

    @property
    def has_forum_search_key(self) -> bool:
        """Whether there is a key for the forum's search index."""
        return bool(self._forum_search_key)

    @overload
    def request(
        self,
        target: Target,
        *,
        reply: Literal["json"],
        what: str,
        query: Query | None = ...,
        body: Body | None = ...,
        referer: str | None = ...,
        fresh: bool = ...,
        redirect: bool = ...,
    ) -> Any: ...

    @overload
    def request(
        self,
        target: Target,
        *,
        reply: Literal["html"],
        what: str,
        query: Query | None = ...,
        body: Body | None = ...,
        referer: str | None = ...,
        fresh: bool = ...,
        redirect: bool = ...,
    ) -> Element: ...

    @overload
    def request(
        self,
        target: Target,
        *,
        reply: Literal["bytes"],
        what: str,
        query: Query | None = ...,
        body: Body | None = ...,
        referer: str | None = ...,
        fresh: bool = ...,
        redirect: bool = ...,
    ) -> bytes: ...

    @overload
    def request(
        self,
        target: Target,
        *,
        reply: Literal["none"],
        what: str,
        query: Query | None = ...,
        body: Body | None = ...,
        referer: str | None = ...,
        fresh: bool = ...,
        redirect: bool = ...,
    ) -> None: ...

    def request(
        self,
        target: Target,
        *,
        reply: Literal["json", "html", "bytes", "none"],
        what: str,
        query: Query | None = None,
        body: Body | None = None,
        referer: str | None = None,
        fresh: bool = False,
        redirect: bool = False,
    ) -> Any:
        """Ask the site and read the answer.

        Args:
            target: what to ask, from `endpoints`.
            reply: what to make of the answer: "json" (a value), "html" (an `Element`), "bytes", or "none" if the
                status says it all; then the answer is only searched for a refusal.
            what: what it is about, for errors: "user 'pixel_otter'".
            query: parameters; those that are None are left out.
            body: what to send.
            referer: the path of the page that a browser would be on, "/" if left out.
            fresh: ask for an answer that no cache had, by a parameter that means nothing.
            redirect: the success of this request is a redirect.

        Raises:
            LoginRequired: it wants a login and there is none (nothing was sent), or the login is over.
            ClientClosed: this client was closed; nothing was sent.
            SiteError: as the answer says; see the tree in `errors`.
        """
        _, answer = self._renewing_login(target, what=what, query=query, body=body, referer=referer, fresh=fresh)
        if 300 <= answer.status < 400:
            if redirect:
                return None
            raise _sent_elsewhere(target, answer)
        return _read(answer, reply, of=f"{target.method} {target.path}", what=what)

    def page(self, target: Target, *, what: str, query: Query | None = None) -> tuple[str, Element]:
        """A page of the old site, and the path where it was found at the end of the redirects.

        Raises:
            SiteError: as the answer says.
        """
        request, answer = self._renewing_login(target, what=what, query=query)
        if 300 <= answer.status < 400:
            raise _sent_elsewhere(target, answer)
        page: Element = _read(answer, "html", of=f"{target.method} {target.path}", what=what)
        return urlsplit(request.url).path, page

    def submit(
        self,
        target: Target,
        values: Mapping[str, str],
        *,
        what: str,
        referer: str,
        query: Query | None = None,
        files: bool = False,
    ) -> str | Element:
        """Send a form of an old page, with the proof that it comes from us.

        Args:
            target: where to.
            values: what is in the form.
            what: what it is about, for errors.
            referer: the path of the page that the form is on.
            query: parameters.
            files: it is a form that could hold files, which is sent in another way.

        Returns:
            Where the site leads to, which is how it says that it took the form; or the page that it shows instead.

        Raises:
            LoginRequired: it wants a login and there is none; nothing was sent.
            SiteError: as the answer says.
        """
        self._check_login(target)
        make = multipart_body if files else form_body
        body = make({"csrfmiddlewaretoken": self.csrf_token(), **values})
        _, answer = self._renewing_login(target, what=what, body=body, referer=referer, query=query)
        if 300 <= answer.status < 400:
            return redirect_path(answer)
        page: Element = _read(answer, "html", of=f"{target.method} {target.path}", what=what)
        return page

    def _renewing_login(self, target: Target, *, what: str, **options: Any) -> tuple[Request, Reply]:
        shown = None if self._identity is None else self._identity.token
        try:
            return self._checked(target, what=what, **options)
        except Forbidden:
            # The site refused, so nothing was done, and doing it again is safe once there is a new login.
            if not self._renewed(target, shown):
                raise
            return self._checked(target, what=what, **options)

    def exchange(
        self,
        target: Target,
        *,
        query: Query | None = None,
        body: Body | None = None,
        referer: str | None = None,
        fresh: bool = False,
    ) -> tuple[Request, Reply]:
        """Ask the site with turns and retries, and give back the answer, whatever its status.

        Raises:
            LoginRequired: it wants a login and there is none; nothing was sent.
            ClientClosed: this client was closed; nothing was sent.
            SiteUnreachable: there was no answer.
        """
        self._check_login(target)
        parameters = {name: str(value) for name, value in (query or {}).items() if value is not None}
        if fresh:
            with self._turns:
                parameters["cachebust"] = str(self._random.randrange(10**9))
        address = self.hosts.url(target.host, target.path) + (f"?{urlencode(parameters)}" if parameters else "")
        headers = self._headers(target, body, referer)
        request = Request(target.method, address, headers, None if body is None else body.data, self._timeout)
        with self._one_at_a_time(target):
            return self._follow(request, _kind_of(target))

    def _one_at_a_time(self, target: Target) -> AbstractContextManager[Any]:
        """For the forum, whose pages take long: never more than one request under way (reference, section 14)."""
        return self._in_forum if target.path.startswith("/discuss/") else nullcontext()

    def retry_after(self, reply: Reply) -> float | None:
        """Seconds that an answer asks to wait."""
        return read_retry_after(reply.headers.get("retry-after"), date=self._date())

    def wait(self, seconds: float) -> None:
        """Wait, as this client does it."""
        self._sleep(seconds)

    def _check_login(self, target: Target) -> None:
        if target.auth.wants_login and self._identity is None:
            raise LoginRequired(
                f"{target.method} {target.path} wants a login: use login() or Session(), and what they connect to"
            )

    def _checked(self, target: Target, *, what: str, **options: Any) -> tuple[Request, Reply]:
        request, answer = self.exchange(target, **options)
        problem = failure(request, answer, what=what, retry_after=self.retry_after(answer))
        if problem is not None:
            raise problem
        return request, answer

    def _follow(self, request: Request, kind: Kind) -> tuple[Request, Reply]:
        """The answer at the end of the redirects; changes are never sent on, for they would lose their body."""
        for _ in range(MAX_REDIRECTS):
            reply = self._ask(request, kind)
            location = reply.headers.get("location")
            if reply.status not in (301, 302, 303, 307, 308) or request.method != "GET" or not location:
                return request, reply
            if redirect_failure(reply) is not None:
                return request, reply
            request = _next_request(request, location)
        raise BadResponse(f"{request}: redirected more than {MAX_REDIRECTS} times")

    def _ask(self, request: Request, kind: Kind) -> Reply:
        """The answer to a request; questions are repeated while that may help."""
        question = kind in ("read", "asset")
        attempt = 1
        while True:
            self._wait_for_turn(kind)
            self._check_open(request)
            reply: Reply | None = None
            problem: SiteUnreachable | None = None
            try:
                reply = self._transport(request)
            except SiteUnreachable as error:
                problem = error
            retry_after = None if reply is None else self.retry_after(reply)
            if reply is not None and reply.status == 429:
                self._pause(DEFAULT_PAUSE if retry_after is None else min(retry_after, self._retry.patience))
            delay: float | None = None
            if question and (reply is None or reply.status in TRY_AGAIN):
                with self._turns:
                    delay = self._retry.delay(attempt, retry_after=retry_after, random_source=self._random)
            if delay is None:
                if reply is None:
                    assert problem is not None
                    raise problem
                return reply
            self._sleep(delay)
            attempt += 1

    def _check_open(self, request: Request) -> None:
        if self.closed:
            raise ClientClosed(
                f"{request}: the client that was to ask this is closed, and so is what was fetched with it; "
                "close it when you are done, or fetch it again with another client"
            )

    def _wait_for_turn(self, kind: Kind) -> None:
        while True:
            with self._turns:
                wait = self._pace.take(kind, now=self._clock())
            if wait <= 0:
                return
            self._sleep(wait)

    def _pause(self, seconds: float) -> None:
        with self._turns:
            self._pace.pause(seconds, now=self._clock())

    def _headers(self, target: Target, body: Body | None, referer: str | None) -> dict[str, str]:
        auth = target.auth
        headers = {
            "User-Agent": self._user_agent,
            "Accept": "*/*",
            "Accept-Language": f"{self._language}, en;q=0.8",
            "Referer": self.hosts.site.rstrip("/") + (referer or "/"),
        }
        if body is not None:
            headers["Content-Type"] = body.content_type
        if auth is Auth.KEY:
            headers["Authorization"] = f"Bearer {self._forum_search_key}"
        token = self._token(auth, target)
        if token:
            headers["X-Token"] = token
        if auth in (Auth.CSRF, Auth.WEB, Auth.PROXY):
            headers["X-Requested-With"] = "XMLHttpRequest"
        cookies: list[str] = []
        if self._identity is not None and auth in (Auth.WEB, Auth.PROXY, Auth.COOKIES):
            cookies.append(f"scratchsessionsid={self._identity.session_id}")
        # A question changes nothing, so the site wants no pair for it.
        if auth in (Auth.CSRF, Auth.WEB, Auth.PROXY, Auth.COOKIES) and target.method != "GET":
            csrf = self.csrf_token()
            cookies.append(f"scratchcsrftoken={csrf}")
            if auth is not Auth.COOKIES:
                headers["X-CSRFToken"] = csrf
        if cookies:
            headers["Cookie"] = "; ".join([*cookies, f"scratchlanguage={self._language}"])
        return headers

    def _token(self, auth: Auth, target: Target) -> str | None:
        if self._identity is None or auth not in (Auth.TOKEN, Auth.PROXY, Auth.OPEN):
            return None
        if self._identity.token is None and auth is not Auth.OPEN:
            self._ask_who()
            if self._identity.token is None:
                raise LoginRequired(f"{target.method} {target.path} wants a login, and this one is over; log in again")
        return self._identity.token if target.host in ("api", "backpack") else None

    def csrf_token(self) -> str:
        """The text that proves that a change comes from us; asked for once, and any text if the site gives none.

        GET /csrf_token/, no login. VERIFIED.
        """
        with self._csrf.lock:
            if self._csrf.token is None:
                self._csrf.token = self._fetch_csrf_token()
            return self._csrf.token

    def _fetch_csrf_token(self) -> str:
        try:
            _, reply = self.exchange(CSRF_TOKEN.at())
        except ClientClosed:
            raise
        except SiteError:
            return ANY_CSRF
        value = (cookie_value(reply, "scratchcsrftoken") or "").strip('"')
        return value if value.isalnum() and value.isascii() else ANY_CSRF

    def _ask_who(self) -> Any:
        """What the site says about the login (reference, section 3.3); its name and token are learnt."""
        assert self._identity is not None
        _, reply = self.exchange(SESSION.at())
        answer = parse_json(reply.body, of="GET /session/") if reply.status == 200 else None
        self._identity.learn(username=text(answer, "user", "username"), token=text(answer, "user", "token"))
        return answer

    def _renewed(self, refused: Target, shown: str | None) -> bool:
        """Whether there is a new login since this was refused; asks for one if the site says the old one is over."""
        if self._renew is None or self._identity is None or not refused.auth.wants_login:
            return False
        with self._renewing:
            if self._identity.token != shown:  # another thread was here first
                return True
            if look(self._ask_who(), "user") is not None:
                return self._identity.token != shown
            self._identity.replace(self._renew())
            return look(self._ask_who(), "user") is not None


class Body:
    """What a request carries.

    Args:
        data: the bytes.
        content_type: what they are.
    """

    __slots__ = ("content_type", "data")

    def __init__(self, data: bytes, content_type: str) -> None:
        self.data = data
        self.content_type = content_type

    def __repr__(self) -> str:
        return f"<Body of {len(self.data)} bytes, {self.content_type}>"


def json_body(value: object) -> Body:
    """A value as JSON."""
    return Body(json.dumps(value).encode(), "application/json")


def form_body(values: Mapping[str, str]) -> Body:
    """Values as a web page's form sends them."""
    return Body(urlencode(values).encode(), "application/x-www-form-urlencoded")


def multipart_body(values: Mapping[str, str | bytes]) -> Body:
    """Values as a form with files sends them; bytes are sent as a file."""
    return Body(*multipart(values))


class _Default:
    """The client of calls that name none."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.client: Client | None = None


_DEFAULT: Final = _Default()


def default_client() -> Client:
    """The client of calls that name none. One for all of them, so that they take turns."""
    with _DEFAULT.lock:
        if _DEFAULT.client is None:
            _DEFAULT.client = Client()
        return _DEFAULT.client


def set_default_client(client: Client | None) -> Client | None:
    """Let calls that name no client use this one, in the whole program.

    It points a whole bot elsewhere, without changing a line of it: at a `cloudlink.testing.LocalSite` for a test, or
    at more patient `Intervals`.

    Args:
        client: the client; None for a fresh one, as at the start.

    Returns:
        The one that it was until now, to be put back; None if there was none yet.

    Example:
        >>> from cloudlink.testing import LocalSite
        >>> with LocalSite() as site:
        ...     before = set_default_client(Client(hosts=Hosts.at(site.hosts)))
        ...     before = set_default_client(before)
    """
    with _DEFAULT.lock:
        before, _DEFAULT.client = _DEFAULT.client, client
        return before


class _Csrf:
    """The proof of origin that the clients of one site share."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token: str | None = None


def _sent_elsewhere(target: Target, answer: Reply) -> BadResponse:
    return BadResponse(
        f"{target.method} {target.path} was sent elsewhere, which loses what it carried; look at the hosts "
        "you configured",
        status=answer.status,
    )


def _kind_of(target: Target) -> Kind:
    question = target.method in ("GET", "HEAD")
    if target.host == "assets":
        return "asset" if question else "upload"
    return "read" if question else "write"


def _next_request(request: Request, location: str) -> Request:
    try:
        address = urljoin(request.url, location)
        old, new = urlsplit(request.url), urlsplit(address)
        same = (old.scheme, old.hostname, old.port) == (new.scheme, new.hostname, new.port)
        usable = new.scheme in ("http", "https") and new.hostname is not None
    except ValueError:
        usable, same, address = False, False, ""
    if not usable:
        raise BadResponse(f"{request} leads to an address that cannot be read")
    # Nobody but the host that the login was meant for gets to see it.
    secret = () if same else ("X-Token", "X-CSRFToken", "Cookie", "Referer", "Authorization")
    headers = {name: value for name, value in request.headers.items() if name not in secret}
    return Request(request.method, address, headers, None, request.timeout)


def _read(answer: Reply, reply: str, *, of: str, what: str) -> Any:
    if reply == "bytes":
        return answer.body
    if reply == "html":
        page = parse_html(answer.body)
        if page.first("#page-404") is not None:
            raise NotFound(f"there is no {what}, or you may not see it ({of})", what=what)
        return page
    if reply == "json":
        value = parse_json(answer.body, of=of)
        problem = hidden_failure(value, what=what)
    else:
        value = None
        problem = _hidden_refusal(answer.body, what=what)
    if problem is not None:
        raise problem
    return value


def _hidden_refusal(body: bytes, *, what: str) -> SiteError | None:
    """The refusal in an answer of which only the status was said to matter; it may be anything, or nothing."""
    try:
        return hidden_failure(json.loads(body), what=what)
    except (ValueError, RecursionError):
        return None
